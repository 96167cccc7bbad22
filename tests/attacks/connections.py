"""Connections that do not become peers, and peers that are too many."""
import resource
import socket
import ssl
import struct

import frames
from frames import HEADERS, SETTINGS, frame, request
from table import (CALM, CHECK, PROTOCOL, answered, attack, call, finish, open_call)

GREETING = frames.PREFACE + frame(SETTINGS, 0, 0)
PER_CALLER = 256


def more_files(count=4096):
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(count, most), most))


def peer_of(gateway, held, **how):
    return held.enter_context(frames.Peer(gateway, preface=False, **how))


def crowd(gateway, held, count, first=b""):
    """Connections without a handshake, which stay."""
    more_files()
    for _ in range(count):
        peer_of(gateway, held, raw=True).send(first)
    return frames.Answer()


@attack("HTTP/1.1 inside TLS", "RFC 9113 3.4", f"goaway:{PROTOCOL}", held=True)
def http_1(gateway, held):
    peer = peer_of(gateway, held)
    peer.send(b"POST /segel.v1.SigningService/Sign HTTP/1.1\r\nHost: x\r\n"
              b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n")
    return finish(peer)


@attack("HTTP/2 without TLS", "RFC 9113 3.3", "closed", held=True)
def plain(gateway, held):
    peer = peer_of(gateway, held, raw=True)
    peer.send(GREETING + call(1))
    return peer.read(5)


@attack("no client certificate, HTTP/2 all the same", "RFC 8446 4.4.2.4", "closed",
        held=True)
def nobody(gateway, held):
    peer = peer_of(gateway, held, raw=True)
    peer.wrap(frames.Peer.context(gateway, None))
    peer.send(GREETING + call(1))
    return peer.read(5, lambda a: a.statuses)


@attack("no protocol by ALPN", "RFC 9113 3.2", "closed", held=True)
def no_alpn(gateway, held):
    peer = peer_of(gateway, held, raw=True)
    peer.wrap(frames.Peer.context(gateway, "reviewer", alpn=()))
    return peer.read(5)


@attack("TLS 1.2", "RFC 9113 9.2.1", "closed", held=True)
def old_tls(gateway, held):
    peer = peer_of(gateway, held, raw=True)
    context = frames.Peer.context(gateway, "reviewer")
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    peer.wrap(context)
    return peer.read(5)


@attack("300 connections that say nothing", "slowloris", "served", held=True, flood=True)
def silent(gateway, held):
    return crowd(gateway, held, 300)


@attack("1000 connections that begin a handshake", "slowloris", "served", held=True,
        flood=True, mib=64)
def half_handshake(gateway, held):
    return crowd(gateway, held, 1000,
                 b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(40))


@attack("as many connections as a caller may have, and one more", "CWE-770",
        f"goaway:{CALM}", held=True, mib=48)
def one_too_many(gateway, held):
    more_files()
    peers = [peer_of(gateway, held) for _ in range(PER_CALLER + 1)]
    peers[-1].send(GREETING)
    return finish(peers[-1])


CUT_AT = [b"", GREETING[:10], GREETING, GREETING + frame(HEADERS, 0, 1, request(CHECK)),
          GREETING + open_call(1), GREETING + open_call(1) + frame(0, 0, 1, b"\0\0\0\0\x09a"),
          GREETING + call(1), GREETING + call(1)[:-2]]


@attack("connections that are torn at every step", "CWE-772", "served", held=True,
        flood=True)
def torn(gateway, _held):
    for how in CUT_AT * 5:
        with frames.Peer(gateway, preface=False) as peer:
            peer.send(how)
            peer.tear()
    for size in (0, 1, 5, 60):
        with frames.Peer(gateway, preface=False, raw=True) as peer:
            peer.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(size))
            peer.tear()
    return frames.Answer()


@attack("a handshake record cut into single bytes", "slowloris", "closed", held=True)
def single_bytes(gateway, held):
    peer = peer_of(gateway, held, raw=True)
    for byte in b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00":
        peer.send(bytes([byte]))
    return peer.read(5)


@attack("a ClientHello of 16 MiB by its length", "RFC 8446 4", "closed", held=True)
def giant_hello(gateway, held):
    peer = peer_of(gateway, held, raw=True)
    record = b"\x16\x03\x01" + struct.pack(">H", 16000)
    for at in range(100):
        if not peer.send(record + (b"\x01\xff\xff\xff" if at == 0 else b"") + bytes(
                15996 if at == 0 else 16000)):
            break
    return peer.read(5)


@attack("noise instead of TLS", "RFC 8446 5.1", "closed", held=True)
def noise(gateway, held):
    peer = peer_of(gateway, held, raw=True)
    peer.send(bytes([0xA5]) * 4096)
    return peer.read(5)


@attack("urgent data of TCP", "RFC 6093", "status:0", held=True)
def urgent(gateway, held):
    """Out of band: no part of the stream."""
    peer = held.enter_context(frames.Peer(gateway))
    raw = socket.socket(fileno=socket.dup(peer.socket.fileno()))
    raw.send(b"!", socket.MSG_OOB)
    raw.close()
    peer.send(call(1))
    return answered(peer)
