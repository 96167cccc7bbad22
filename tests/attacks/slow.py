"""Peers that take their time. The gateway's times are short here (ground.SLOW)."""
import time

import frames
from frames import DATA, HEADERS, SETTINGS, WINDOW, frame, message, request
from table import (CALM, CHECK, RECORDS, REFLECT, STREAM, attack, call, finish, open_call,
                   setting, u32)

PATIENCE_S = 12
GREETING = frames.PREFACE + frame(SETTINGS, 0, 0)


def drip(peer, data, until):
    """Byte after byte, in a rhythm that looks alive. The last byte is never sent."""
    end = time.monotonic() + PATIENCE_S
    for byte in data[:-1]:
        if not peer.send(bytes([byte])) or until(peer.read(0.15, until)):
            break
        if peer.answer.closed or time.monotonic() > end:
            break
    return peer.read(max(end - time.monotonic(), 0), lambda a: until(a) or a.closed)


def gone(answer):
    return answer.goaway is not None or answer.closed


@attack("a handshake that is not begun", "slowloris", "closed", held=True, slow=True)
def no_handshake(gateway, held):
    peer = held.enter_context(frames.Peer(gateway, preface=False, raw=True))
    return peer.read(PATIENCE_S)


@attack("a handshake byte by byte", "slowloris", "closed", held=True, slow=True)
def slow_handshake(gateway, held):
    peer = held.enter_context(frames.Peer(gateway, preface=False, raw=True))
    return drip(peer, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(400), gone)


@attack("no preface after the handshake", "slowloris", "goaway:0", held=True, slow=True)
def no_preface(gateway, held):
    peer = held.enter_context(frames.Peer(gateway, preface=False))
    return peer.read(PATIENCE_S, gone)


@attack("a preface byte by byte", "slowloris", "goaway:0", held=True, slow=True)
def slow_preface(gateway, held):
    peer = held.enter_context(frames.Peer(gateway, preface=False))
    return drip(peer, frames.PREFACE * 9, gone)


@attack("headers byte by byte", "CVE-2016-1546 (class)", f"goaway:{CALM}", slow=True)
def slow_headers(peer):
    return drip(peer, frame(HEADERS, 4, 1, request(CHECK, ("x", "y" * 4000))), gone)


@attack("headers that never end", "CVE-2016-1546 (class)", f"goaway:{CALM}", slow=True)
def no_headers_end(peer):
    peer.send(frame(HEADERS, 0, 1, request(CHECK)))
    return peer.read(PATIENCE_S, gone)


@attack("a message byte by byte", "slowloris", "status:4", slow=True)
def slow_message(peer):
    peer.send(open_call(1))
    return drip(peer, frame(DATA, 1, 1, message(bytes(2000))),
                lambda a: 1 in a.statuses or gone(a))


@attack("a request that does not end", "slowloris", "status:4", slow=True)
def no_end(peer):
    peer.send(open_call(1))
    return peer.read(PATIENCE_S, lambda a: 1 in a.statuses or gone(a))


NAME = b"segel.v1.SigningService"


def ask_much(peer):
    """Much more than sockets hold, in a call that lasts."""
    ask = message(b"\x22" + bytes([len(NAME)]) + NAME)
    peer.send(open_call(1, REFLECT))
    for _ in range(2):
        peer.send(frame(DATA, 0, 1, ask * 500))


@attack("answers that HTTP/2 may send and TCP may not", "CVE-2019-9517",
        f"goaway:{CALM}", "closed", held=True, slow=True, mib=64)
def unread(gateway, held):
    peer = held.enter_context(frames.Peer(
        gateway, settings=setting(4, 0x7FFFFFFF), receive_bytes=4096))
    peer.send(frame(WINDOW, 0, 0, u32(0x7FFF0000 - 65535)))
    ask_much(peer)
    time.sleep(5)
    return peer.read(5, gone)


@attack("answers that wait for a window", "CVE-2023-43622", f"goaway:{CALM}", slow=True,
        settings=setting(4, 0), mib=48)
def no_window(peer):
    peer.send(b"".join(call(s, RECORDS) for s in range(1, 101, 2)))
    return peer.read(PATIENCE_S, gone)


@attack("a connection with nothing on it", "CWE-772", "goaway:0", slow=True)
def idle(peer):
    return peer.read(PATIENCE_S, gone)


@attack("a stream that lasts and says nothing", "gRPC streaming", "served", slow=True)
def long_stream(peer):
    peer.send(open_call(1, STREAM))
    return peer.read(4, gone)
