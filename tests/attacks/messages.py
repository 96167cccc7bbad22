"""What stands in DATA."""
import gzip

from frames import DATA, END_STREAM, PADDED, frame, message
from table import (CALM, CHECK, PROTOCOL, RECORDS, REFLECT, REQUEST, STREAM, answered,
                   attack, call, cut_into_frames, finish, open_call, setting, still_served)

GZIP = ("grpc-encoding", "gzip")


@attack("a message of 4 GiB by its prefix", "gRPC PROTOCOL-HTTP2", "status:8")
def giant(peer):
    peer.send(open_call(1) + frame(DATA, 0, 1, b"\0\xff\xff\xff\xff"))
    return answered(peer)


@attack("a message that ends too early", "gRPC PROTOCOL-HTTP2", "status:13")
def truncated(peer):
    peer.send(open_call(1) + frame(DATA, END_STREAM, 1, b"\0\0\0\0\x09ab"))
    return answered(peer)


@attack("two messages where one is due", "gRPC statuscodes", "status:12")
def two(peer):
    peer.send(open_call(1) + frame(DATA, END_STREAM, 1, REQUEST * 2))
    return answered(peer)


@attack("a flag that is neither 0 nor 1", "gRPC PROTOCOL-HTTP2", "status:13")
def flag(peer):
    peer.send(call(1, body=message(b"", 2)))
    return answered(peer)


@attack("a message marked as compressed that is not", "gRPC compression", "status:13")
def unnamed(peer):
    peer.send(call(1, body=message(b"abc", 1)))
    return answered(peer)


@attack("bytes that are no message of the service", "gRPC PROTOCOL-HTTP2", "status:3")
def nonsense(peer):
    peer.send(call(1, body=message(b"\xff" * 200)))
    return answered(peer)


@attack("groups nested 100,000 deep", "CVE-2024-7254 (class)", "status:3")
def nested(peer):
    peer.send(open_call(1) + cut_into_frames(1, message(b"\x0b" * 3000), END_STREAM))
    return answered(peer)


@attack("empty DATA without end", "CVE-2019-9518", f"goaway:{CALM}", flood=True)
def empty_data(peer):
    peer.send(open_call(1, STREAM) + frame(DATA, 0, 1) * 20000)
    return finish(peer)


@attack("DATA of padding only", "CVE-2019-9518 (class)", f"goaway:{CALM}", flood=True)
def padding(peer):
    peer.send(open_call(1, STREAM) + frame(DATA, PADDED, 1, b"\xff" + bytes(255)) * 5000)
    return finish(peer)


@attack("messages without content, without end", "CVE-2019-9518 (class)", "status:8",
        flood=True)
def empty_messages(peer):
    peer.send(open_call(1, REFLECT) + frame(DATA, 0, 1, REQUEST * 3000))
    return answered(peer)


@attack("a gzip bomb", "CWE-409", "status:8", flood=True)
def gzip_bomb(peer):
    whole = message(gzip.compress(bytes(16 << 20), 9), 1)
    peer.send(open_call(1, CHECK, GZIP) + cut_into_frames(1, whole, END_STREAM))
    return answered(peer)


BROKEN = bytearray(gzip.compress(bytes(50000)))
BROKEN[20] ^= 0xFF


@attack("gzip that is damaged", "CWE-409", "status:13")
def gzip_broken(peer):
    peer.send(call(1, CHECK, GZIP, body=message(bytes(BROKEN), 1)))
    return answered(peer)


@attack("half messages on 127 calls", "CWE-770", "served", mib=48, flood=True)
def half_messages(peer):
    part = message(bytes(1 << 20))[:60000]
    for stream in range(1, 255, 2):
        peer.send(open_call(stream, STREAM) + cut_into_frames(stream, part))
        peer.read(0)
    return still_served(peer)


@attack("answers that are asked for and not taken: window 0", "CVE-2023-43622 (class)",
        "served", settings=setting(4, 0), mib=48)
def pinned(peer):
    peer.send(b"".join(call(stream, RECORDS) for stream in range(1, 255, 2)))
    return still_served(peer)


NAME = b"segel.v1.SigningService"
WIDE = setting(4, 0x7FFFFFFF)


@attack("answers far larger than what asks for them, not taken", "CWE-405", "served",
        mib=64)
def reflection(peer):
    ask = message(b"\x22" + bytes([len(NAME)]) + NAME)
    peer.send(open_call(1, REFLECT))
    for _ in range(200):
        peer.send(frame(DATA, 0, 1, ask * 100))
    return still_served(peer)


@attack("a call that says it is smaller than it is", "RFC 9113 8.1.1", f"reset:{PROTOCOL}")
def longer(peer):
    peer.send(open_call(1, CHECK, ("content-length", "3")) + frame(DATA, END_STREAM, 1, REQUEST))
    answered(peer)
    return still_served(peer)


@attack("a call that says it is larger than it is", "RFC 9113 8.1.1", f"reset:{PROTOCOL}")
def shorter(peer):
    peer.send(call(1, CHECK, ("content-length", "6")))
    answered(peer)
    return still_served(peer)
