"""Header blocks: what they decode to, and what must not stand in them."""
from frames import (CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, PING, frame,
                    literal, number, request)
from table import (CALM, CHECK, COMPRESSION, PROTOCOL, RECORDS, REQUEST, STREAM, SIZE,
                   answered, attack, call, finish, open_call, setting, still_served)

WHOLE = END_HEADERS | END_STREAM
# A field of 3900 bytes for the table, then the byte that stands for it.
FILLER = bytes([0x40]) + number(1, 7) + b"a" + number(3900, 7) + b"z" * 3900
INDEX = b"\xbe"


def send_block(peer, block, stream=1, flags=WHOLE):
    peer.send(frame(HEADERS, flags, stream, block))


@attack("CONTINUATION flood", "CVE-2024-27316", f"goaway:{PROTOCOL}", flood=True)
def continuations(peer):
    peer.send(frame(HEADERS, 0, 1, request(CHECK)))
    peer.flood((frame(CONTINUATION, 0, 1, literal("x", "y" * 100)) for _ in range(1000)), 1000)
    return finish(peer)


@attack("CONTINUATION of nothing, flood", "CVE-2024-28182", f"goaway:{PROTOCOL}",
        flood=True)
def empty_continuations(peer):
    peer.send(frame(HEADERS, 0, 1, request(CHECK)))
    peer.flood((frame(CONTINUATION, 0, 1) for _ in range(100000)), 100000)
    return finish(peer)


@attack("Huffman code that takes long to decode", "CVE-2023-45288", f"goaway:{CALM}",
        flood=True)
def huffman(peer):
    value = bytes([0x00]) + number(1, 7) + b"a" + number(12000, 7, 0x80) + bytes(12000)
    peer.send(frame(HEADERS, 0, 1, request(CHECK))
              + frame(CONTINUATION, 0, 1, value) * 5
              + frame(CONTINUATION, END_HEADERS, 1, value))
    return finish(peer)


@attack("HPACK bomb: 16 KiB that mean 47 MiB", "CVE-2016-6581", f"goaway:{CALM}",
        flood=True)
def bomb(peer):
    send_block(peer, (request(CHECK) + FILLER + INDEX * 12000)[:16384])
    return finish(peer)


@attack("HPACK bomb of 128 KiB, by CONTINUATION", "CVE-2016-6581", f"goaway:{CALM}",
        flood=True)
def long_bomb(peer):
    peer.send(frame(HEADERS, 0, 1, request(CHECK) + FILLER)
              + frame(CONTINUATION, 0, 1, INDEX * 16384) * 7
              + frame(CONTINUATION, END_HEADERS, 1, INDEX))
    return finish(peer)


@attack("HPACK bomb in trailers", "CVE-2016-6581 (class)", f"goaway:{CALM}", flood=True)
def trailer_bomb(peer):
    peer.send(open_call(1, STREAM))
    send_block(peer, (FILLER + INDEX * 12000)[:16384])
    return finish(peer)


@attack("headers just within the limit on 127 calls that may not be answered",
        "CVE-2026-49975", "served", settings=setting(4, 0), mib=48)
def window_stall(peer):
    for stream in range(1, 255, 2):
        send_block(peer, request(RECORDS) + (FILLER if stream == 1 else INDEX) + INDEX * 2,
                   stream, END_HEADERS)
        peer.send(frame(DATA, END_STREAM, stream, REQUEST))
        peer.read(0)
    return still_served(peer)


@attack("a hundred and one small headers", "CVE-2019-9516 (class)", "status:8")
def many_headers(peer):
    send_block(peer, request(CHECK) + literal("a", "") * 101)
    return answered(peer)


@attack("a thousand small headers", "CVE-2019-9516 (class)", f"goaway:{CALM}", flood=True)
def thousand_headers(peer):
    send_block(peer, request(CHECK) + literal("a", "") * 1000)
    return finish(peer)


@attack("headers without a name", "CVE-2019-9516", f"reset:{PROTOCOL}")
def no_name(peer):
    send_block(peer, request(CHECK) + bytes(3) * 50)
    return answered(peer)


@attack("16,000 changes of the table's size in one block", "RFC 7541 4.2",
        f"goaway:{COMPRESSION}")
def resizes(peer):
    send_block(peer, (b"\x20" + number(4096, 5, 0x20)) * 3000 + request(CHECK)
               + b"\x20" * 10)
    return finish(peer)


@attack("a table larger than allowed", "RFC 7541 4.2", f"goaway:{COMPRESSION}")
def larger_table(peer):
    send_block(peer, number(1 << 30, 5, 0x20) + request(CHECK))
    return finish(peer)


@attack("an index that no table has", "RFC 7541 2.3.3", f"goaway:{COMPRESSION}")
def bad_index(peer):
    send_block(peer, number(9999, 7, 0x80))
    return finish(peer)


@attack("a number without end", "RFC 7541 5.1", f"goaway:{COMPRESSION}")
def endless_number(peer):
    send_block(peer, b"\x7f" + b"\xff" * 100)
    return finish(peer)


@attack("a block that breaks off", "RFC 9113 4.3", f"goaway:{COMPRESSION}")
def broken_block(peer):
    send_block(peer, request(CHECK)[:-3])
    return finish(peer)


@attack("CONTINUATION of another stream", "RFC 9113 6.10", f"goaway:{PROTOCOL}")
def other_continuation(peer):
    peer.send(frame(HEADERS, 0, 1, request(CHECK)) + frame(CONTINUATION, END_HEADERS, 3))
    return finish(peer)


@attack("CONTINUATION without HEADERS", "RFC 9113 6.10", f"goaway:{PROTOCOL}")
def lone_continuation(peer):
    peer.send(frame(CONTINUATION, END_HEADERS, 1, request(CHECK)))
    return finish(peer)


@attack("another frame between HEADERS and CONTINUATION", "RFC 9113 4.3",
        f"goaway:{PROTOCOL}")
def between(peer):
    peer.send(frame(HEADERS, 0, 1, request(CHECK)) + frame(PING, 0, 0, bytes(8)))
    return finish(peer)


# What RFC 9113 section 8 calls malformed: the call ends, the connection stays.
MALFORMED = {
    "names in upper case": literal("X-Upper", "1"),
    "a name with a blank": literal("x y", "1"),
    "a line break in a value": literal("x", "a\r\nb: c"),
    "NUL in a value": literal("x", "a\0b"),
    "connection": literal("connection", "close"),
    "transfer-encoding": literal("transfer-encoding", "chunked"),
    "upgrade": literal("upgrade", "h2c"),
    "te other than trailers": literal("te", "gzip"),
    "a pseudo-header twice": literal(":path", CHECK),
    "an unknown pseudo-header": literal(":status", "200"),
    "two lengths of content": literal("content-length", "5") + literal("content-length", "6"),
    "a length of content that is no number": literal("content-length", "+5"),
}


def malformed(name, more):
    @attack(f"malformed: {name}", "RFC 9113 8.1.1", f"reset:{PROTOCOL}")
    def send(peer):
        send_block(peer, request(CHECK) + more)
        answered(peer)
        return still_served(peer)
    return send


for _name, _more in MALFORMED.items():
    malformed(_name, _more)


@attack("malformed: no path", "RFC 9113 8.3.1", f"reset:{PROTOCOL}")
def no_path(peer):
    send_block(peer, literal(":method", "POST") + literal(":scheme", "https"))
    return answered(peer)


@attack("malformed: pseudo-headers in trailers", "RFC 9113 8.1", f"reset:{PROTOCOL}")
def pseudo_trailers(peer):
    peer.send(open_call(1, STREAM))
    send_block(peer, literal(":path", "/"))
    return answered(peer)


@attack("malformed: trailers that do not end the stream", "RFC 9113 8.1",
        f"reset:{PROTOCOL}")
def open_trailers(peer):
    peer.send(open_call(1, STREAM))
    send_block(peer, literal("x", "y"), flags=END_HEADERS)
    return answered(peer)


@attack("CONNECT", "RFC 9113 8.5", "status::405")
def connect(peer):
    send_block(peer, literal(":method", "CONNECT") + literal(":authority", "10.0.0.1:22"))
    return answered(peer)


@attack("the verb GET", "gRPC PROTOCOL-HTTP2", "status::405")
def get(peer):
    send_block(peer, literal(":method", "GET") + literal(":scheme", "https")
               + literal(":authority", "gateway") + literal(":path", CHECK)
               + literal("te", "trailers")
               + literal("content-type", "application/grpc"))
    return answered(peer)


@attack("a block that does not fit its padding", "RFC 9113 6.2", f"goaway:{PROTOCOL}")
def padded_block(peer):
    send_block(peer, b"\xff" + request(CHECK)[:20], flags=WHOLE | 0x8)
    return finish(peer)


@attack("a block shorter than its priority", "RFC 9113 6.2", f"goaway:{SIZE}")
def short_priority(peer):
    send_block(peer, b"\0\0", flags=WHOLE | 0x20)
    return finish(peer)


@attack("a call after all that was malformed", "RFC 9113 8.1.1", "status:0")
def afterwards(peer):
    peer.send(call(1))
    return answered(peer)
