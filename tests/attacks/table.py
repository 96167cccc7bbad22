"""The attacks, one row each: what a peer sends, whose idea it was, and how it has to end.

An end is a set of words, of which one has to come true:
  goaway:CODE  GOAWAY with this code of HTTP/2     closed   the connection, without a word
  status:N     grpc-status on the stream attacked  reset:C  RST_STREAM with this code
  served       the peer broke no rule: it gets its answer, and costs nothing
"""
import gzip
import random
import socket
import struct

import frames
from frames import (CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PADDED,
                    PING, PRIORITY, PUSH, RST, SETTINGS, WINDOW, frame, literal, message,
                    number, request)

CHECK = "/grpc.health.v1.Health/Check"
WATCH = "/grpc.health.v1.Health/Watch"
RECORDS = "/segel.v1.LogService/ListRecords"
REFLECT = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
STREAM = "/segel.v1.SigningService/SignStream"
CALM, PROTOCOL, FLOW, CLOSED, SIZE, COMPRESSION = 11, 1, 3, 5, 6, 9
REQUEST = message(b"")
chance = random.Random(20261125)
rows = []


def attack(name, source, *ends, mib=64):
    """mib: what segeld may grow by meanwhile."""
    def keep(function):
        rows.append((name, source, function, ends, mib))
        return function
    return keep


def open_call(stream, path=CHECK, *more, last=False):
    return frame(HEADERS, END_HEADERS | (END_STREAM if last else 0), stream,
                 request(path, *more))


def call(stream, path=CHECK, *more):
    return open_call(stream, path, *more) + frame(DATA, END_STREAM, stream, REQUEST)


def streams():
    return range(1, 1 << 30, 2)


def finish(peer, seconds=3):
    """What came of it: for a connection that is to be cut, the end."""
    return peer.read(seconds, lambda a: a.goaway is not None)


# --- Resets -------------------------------------------------------------------------------

@attack("rapid reset", "CVE-2023-44487", f"goaway:{CALM}")
def rapid_reset(peer):
    peer.flood((call(s) + frame(RST, 0, s, struct.pack(">I", 8)) for s in streams()), 6000)
    return finish(peer)


@attack("resets that the gateway is made to send: window overflow", "CVE-2025-8671",
        f"goaway:{CALM}")
def made_you_reset_window(peer):
    peer.flood((call(s) + frame(WINDOW, 0, s, struct.pack(">I", 0x7FFFFFFF))
                for s in streams()), 3000)
    return finish(peer)


@attack("resets that the gateway is made to send: content-length", "CVE-2025-8671",
        f"goaway:{CALM}")
def made_you_reset_length(peer):
    peer.flood((open_call(s, CHECK, ("content-length", "5")) + frame(DATA, 0, s, REQUEST)
                + frame(DATA, END_STREAM, s, b"x") for s in streams()), 3000)
    return finish(peer)


@attack("resets that the gateway is made to send: forbidden header", "CVE-2025-8671",
        f"goaway:{CALM}", f"goaway:{PROTOCOL}")
def made_you_reset_header(peer):
    peer.flood((call(s, CHECK, ("connection", "x")) for s in streams()), 3000)
    return finish(peer)


@attack("calls beyond what is allowed at once, without end", "RFC 9113 5.1.2",
        f"goaway:{CALM}", f"goaway:{PROTOCOL}")
def too_many_streams(peer):
    peer.flood((open_call(s, WATCH) for s in streams()), 3000)
    return finish(peer)


# --- Control frames -------------------------------------------------------------------------

@attack("PING flood, answers unread", "CVE-2019-9512", f"goaway:{CALM}")
def pings(peer):
    peer.send(frame(PING, 0, 0, bytes(8)) * 20000)
    return finish(peer)


@attack("SETTINGS flood, answers unread", "CVE-2019-9515", f"goaway:{CALM}")
def settings(peer):
    peer.send(frame(SETTINGS, 0, 0) * 20000)
    return finish(peer)


@attack("SETTINGS with 200 entries, again and again", "CVE-2020-11080", f"goaway:{CALM}",
        f"goaway:{PROTOCOL}", "closed")
def large_settings(peer):
    peer.flood((frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 65535) * 200)
                for _ in range(1000)), 1000)
    return finish(peer)


@attack("PRIORITY that depends on itself, flood", "CVE-2019-9513", f"goaway:{CALM}",
        f"goaway:{PROTOCOL}")
def priorities(peer):
    peer.flood((frame(PRIORITY, 0, 1, struct.pack(">IB", 1, 16)) for _ in range(60000)),
               60000)
    return finish(peer)


@attack("unknown frames, flood", "RFC 9113 5.5", f"goaway:{CALM}")
def unknown_frames(peer):
    peer.flood((frame(0xBE, 0, 0, b"x") for _ in range(60000)), 60000)
    return finish(peer)


@attack("WINDOW_UPDATE flood", "RFC 9113 10.5", f"goaway:{CALM}", f"goaway:{FLOW}")
def window_updates(peer):
    peer.flood((frame(WINDOW, 0, 0, struct.pack(">I", 1)) for _ in range(60000)), 60000)
    return finish(peer)


@attack("GOAWAY flood", "RFC 9113 10.5", f"goaway:{CALM}", "closed", f"goaway:{PROTOCOL}")
def goaways(peer):
    peer.flood((frame(GOAWAY, 0, 0, bytes(8)) for _ in range(60000)), 60000)
    return finish(peer)


# --- Headers --------------------------------------------------------------------------------

@attack("CONTINUATION flood", "CVE-2024-27316", f"goaway:{CALM}", f"goaway:{PROTOCOL}",
        "closed")
def continuations(peer):
    peer.send(frame(HEADERS, 0, 1, request(CHECK)))
    peer.flood((frame(CONTINUATION, 0, 1, literal("x-filler", "y" * 4000))
                for _ in range(1000)), 1000)
    return finish(peer)


@attack("HPACK bomb: 16 KiB that mean 47 MiB", "CVE-2016-1544 (class)", "status:8")
def hpack_bomb(peer):
    block = (request(CHECK) + bytes([0x40]) + number(1, 7) + b"a" + number(3900, 7)
             + b"z" * 3900 + b"\xbe" * 12000)
    peer.send(frame(HEADERS, END_HEADERS | END_STREAM, 1, block[:16384]))
    return peer.read(3, lambda a: 1 in a.statuses or a.goaway)


@attack("a thousand small headers", "CVE-2019-9516 (class)", "status:8")
def many_headers(peer):
    block = request(CHECK) + literal("a", "") * 1000
    peer.send(frame(HEADERS, END_HEADERS | END_STREAM, 1, block))
    return peer.read(3, lambda a: 1 in a.statuses or a.goaway)


@attack("header names in upper case", "RFC 9113 8.2.1", f"reset:{PROTOCOL}",
        f"goaway:{PROTOCOL}")
def upper_case(peer):
    peer.send(frame(HEADERS, END_HEADERS | END_STREAM, 1,
                    request(CHECK) + literal("X-Upper", "1")))
    return peer.read(3, lambda a: a.resets or a.goaway)


@attack("pseudo-headers in trailers", "RFC 9113 8.1", f"reset:{PROTOCOL}",
        f"goaway:{PROTOCOL}")
def pseudo_trailers(peer):
    peer.send(open_call(1, STREAM) + frame(HEADERS, END_HEADERS | END_STREAM, 1,
                                           literal(":path", "/")))
    return peer.read(3, lambda a: a.resets or a.goaway)


@attack("a table larger than allowed", "RFC 7541 4.2", f"goaway:{COMPRESSION}")
def large_table(peer):
    peer.send(frame(HEADERS, END_HEADERS | END_STREAM, 1,
                    number(1 << 30, 5, 0x20) + request(CHECK)))
    return finish(peer)


@attack("an index that no table has", "RFC 7541 2.3.3", f"goaway:{COMPRESSION}")
def bad_index(peer):
    peer.send(frame(HEADERS, END_HEADERS | END_STREAM, 1, number(9999, 7, 0x80)))
    return finish(peer)


# --- Messages -------------------------------------------------------------------------------

@attack("a message of 4 GiB by its prefix", "transport.md: length prefix", "status:8")
def giant(peer):
    peer.send(open_call(1) + frame(DATA, 0, 1, b"\0\xff\xff\xff\xff"))
    return peer.read(3, lambda a: 1 in a.statuses or a.goaway)


@attack("a message that ends too early", "gRPC PROTOCOL-HTTP2", "status:13")
def truncated(peer):
    peer.send(open_call(1) + frame(DATA, END_STREAM, 1, b"\0\0\0\0\x09ab"))
    return peer.read(3, lambda a: 1 in a.statuses or a.goaway)


@attack("empty DATA without end", "CVE-2019-9518", f"goaway:{CALM}")
def empty_data(peer):
    peer.send(open_call(1, STREAM) + frame(DATA, 0, 1) * 20000)
    return finish(peer)


@attack("DATA of padding only", "CVE-2019-9518 (class)", f"goaway:{CALM}")
def padding(peer):
    peer.send(open_call(1, STREAM) + frame(DATA, PADDED, 1, b"\xff" + bytes(255)) * 5000)
    return finish(peer)


@attack("messages without content, without end", "CVE-2019-9518 (class)", "status:8")
def empty_messages(peer):
    peer.send(open_call(1, REFLECT) + frame(DATA, 0, 1, REQUEST * 3000))
    return peer.read(3, lambda a: 1 in a.statuses or a.goaway)


BOMB = gzip.compress(bytes(16 << 20), 9)


@attack("a gzip bomb", "CWE-409", "status:8", "status:13")
def gzip_bomb(peer):
    whole = message(BOMB, 1)
    peer.send(open_call(1, STREAM, ("grpc-encoding", "gzip")))
    for at in range(0, len(whole), 16000):
        peer.send(frame(DATA, 0, 1, whole[at:at + 16000]))
    return peer.read(5, lambda a: 1 in a.statuses or a.goaway)


@attack("half messages on all streams", "CWE-770", "served", mib=96)
def half_messages(peer):
    part = message(bytes(1 << 20))[:60000]
    for stream in range(1, 255, 2):
        peer.send(open_call(stream, STREAM) + b"".join(
            frame(DATA, 0, stream, part[at:at + 16000]) for at in range(0, len(part), 16000)))
        peer.read(0)
    return peer.read(0.3)


@attack("answers that are asked for and not read: window 0", "CVE-2023-43622 (class)",
        "served")
def pinned(peer):
    for stream in range(1, 255, 2):
        peer.send(call(stream, RECORDS))
    return peer.read(1)


# --- What is no HTTP/2 ------------------------------------------------------------------------

@attack("WINDOW_UPDATE of 0 on the connection", "RFC 9113 6.9", f"goaway:{PROTOCOL}")
def zero_window(peer):
    peer.send(frame(WINDOW, 0, 0, bytes(4)))
    return finish(peer)


@attack("the connection's window overflows", "RFC 9113 6.9.1", f"goaway:{FLOW}")
def overflow(peer):
    peer.send(frame(WINDOW, 0, 0, struct.pack(">I", 0x7FFFFFFF)) * 2)
    return finish(peer)


@attack("DATA after the end of the request", "RFC 9113 5.1", f"goaway:{CLOSED}",
        f"goaway:{PROTOCOL}", f"reset:{CLOSED}")
def after_end(peer):
    peer.send(open_call(1, WATCH) + frame(DATA, END_STREAM, 1, REQUEST)
              + frame(DATA, 0, 1, b"x"))
    return peer.read(3, lambda a: a.resets or a.goaway)


@attack("DATA on stream 0", "RFC 9113 6.1", f"goaway:{PROTOCOL}")
def stream_zero(peer):
    peer.send(frame(DATA, 0, 0, b"x"))
    return finish(peer)


@attack("a stream of even number", "RFC 9113 5.1.1", f"goaway:{PROTOCOL}")
def even_stream(peer):
    peer.send(call(2))
    return finish(peer)


# nghttp2 takes it for a stream that it has forgotten, and passes it over.
@attack("stream numbers that go back", "RFC 9113 5.1.1", f"goaway:{PROTOCOL}", "served")
def back(peer):
    peer.send(call(9))
    peer.read(1, lambda a: 9 in a.statuses)
    peer.send(call(7))
    answer = peer.read(1, lambda a: a.goaway or 7 in a.statuses)
    if 7 in answer.statuses:
        answer.goaway = (0, "the call was served")
    return answer


@attack("PUSH_PROMISE of a client", "RFC 9113 8.4", f"goaway:{PROTOCOL}")
def push(peer):
    peer.send(frame(PUSH, END_HEADERS, 1, struct.pack(">I", 2) + request(CHECK)))
    return finish(peer)


@attack("an initial window of 2^31", "RFC 9113 6.5.2", f"goaway:{FLOW}")
def large_window(peer):
    peer.send(frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 1 << 31)))
    return finish(peer)


@attack("frames of at most 0 bytes", "RFC 9113 6.5.2", f"goaway:{PROTOCOL}")
def zero_frames(peer):
    peer.send(frame(SETTINGS, 0, 0, struct.pack(">HI", 5, 0)))
    return finish(peer)


@attack("a frame larger than agreed", "RFC 9113 4.2", f"goaway:{SIZE}")
def large_frame(peer):
    peer.send(frame(DATA, 0, 1, bytes(20000)))
    return finish(peer)


@attack("padding larger than its frame", "RFC 9113 6.1", f"goaway:{PROTOCOL}")
def large_padding(peer):
    peer.send(open_call(1, STREAM) + frame(DATA, PADDED, 1, b"\xff" + bytes(10)))
    return finish(peer)


@attack("random bytes", "RFC 9113 3.4", f"goaway:{PROTOCOL}", f"goaway:{SIZE}",
        f"goaway:{CALM}", "closed")
def noise(peer):
    peer.send(chance.randbytes(200000))
    return finish(peer)


# --- Connections that are no peers ------------------------------------------------------------

def bare(name, source, *ends, mib=64):
    """Not over a Peer: the function gets the gateway."""
    def keep(function):
        function.bare = True
        return attack(name, source, *ends, mib=mib)(function)
    return keep


@bare("HTTP/1.1 inside TLS", "CVE-2026-63382 (class)", f"goaway:{PROTOCOL}", "closed")
def http_1(gateway):
    with frames.Peer(gateway, preface=False) as peer:
        peer.send(b"POST /segel.v1.SigningService/Sign HTTP/1.1\r\nHost: x\r\n"
                  b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n")
        return finish(peer)


@bare("300 connections that say nothing", "slowloris", "served")
def silent(gateway):
    host, port = gateway.address.rsplit(":", 1)
    sockets = [socket.create_connection((host, int(port)), timeout=5) for _ in range(300)]
    for one in sockets:
        one.close()
    return frames.Answer()


@bare("100 connections that end within the handshake", "slowloris", "served")
def half_handshake(gateway):
    for _ in range(100):
        with frames.Peer(gateway, preface=False, raw=True) as peer:
            peer.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(40))
    return frames.Answer()


@bare("a handshake record cut into single bytes", "slowloris", "served", "closed")
def single_bytes(gateway):
    with frames.Peer(gateway, preface=False, raw=True) as peer:
        for byte in b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00":
            peer.send(bytes([byte]))
        return peer.read(0.2)


@bare("no client certificate, HTTP/2 all the same", "RFC 8446 4.4.2.4", "closed")
def nobody(gateway):
    import ssl
    context = ssl.create_default_context(
        cafile=gateway.rig.path("clients", "reviewer", "ca.pem"))
    context.set_alpn_protocols(["h2"])
    with frames.Peer(gateway, preface=False, raw=True) as peer:
        try:
            peer.socket = context.wrap_socket(peer.socket, server_hostname="127.0.0.1")
            peer.send(frames.PREFACE + frame(SETTINGS, 0, 0) + call(1))
        except (OSError, ssl.SSLError):
            peer.answer.closed = True
        answer = peer.read(3, lambda a: a.statuses)
        return answer


WINDOW_ZERO = {pinned: struct.pack(">HI", 4, 0)}


def ended(answer, ends):
    """Whether the attack ended as one of its words says."""
    for end in ends:
        word, _, value = end.partition(":")
        if ((word == "goaway" and answer.goaway and answer.goaway[0] == int(value))
                or (word == "closed" and answer.closed and not answer.statuses)
                or (word == "status" and value in answer.statuses.values())
                or (word == "reset" and int(value) in answer.resets.values())
                or (word == "served" and not answer.goaway)):
            return True
    return False


def strike(gateway, function):
    """Carries one attack out. Returns what came back."""
    if getattr(function, "bare", False):
        return function(gateway)
    with frames.Peer(gateway, settings=WINDOW_ZERO.get(function, b"")) as peer:
        return function(peer)
