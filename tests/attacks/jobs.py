"""Attacks by a caller that may sign. Nothing is signed that was not asked for by a whole and
lawful request, nothing twice, and nothing is left over of what was given up."""
import itertools

import frames
from frames import DATA, END_HEADERS, END_STREAM, HEADERS, RST, WINDOW, frame, literal
from table import (CALM, CANCEL, CLOSED, PREFIX, PROTOCOL, SIGN, STREAM, answered, attack, call,
                   finish, message, open_call, u32)

MANY = 300
IDS = itertools.count()


def sign_request(identity=None):
    import rig
    name = identity or f"{PREFIX}{next(IDS)}"
    return message(rig.signing.SignRequest(
        terms=rig.terms(), item=rig.item(request_id=name)).SerializeToString())


def stream_request(count):
    import rig
    items = [rig.item(request_id=f"{PREFIX}{next(IDS)}") for _ in range(count)]
    return message(rig.signing.SignStreamRequest(
        terms=rig.terms(), items=items).SerializeToString())


def signer(gateway, held):
    """Takes all answers."""
    peer = held.enter_context(frames.Peer(gateway, client="e-office"))
    peer.send(frame(WINDOW, 0, 0, u32(1 << 28)))
    return peer


def signing(name, source, *ends, **more):
    return attack("signing: " + name, source, *ends, held=True, **more)


def many(gateway, held, after):
    """Whole requests, each followed by something."""
    peer = signer(gateway, held)
    peer.flood((call(s, SIGN, body=sign_request()) + after(s)
                for s in range(1, 2 * MANY, 2)), MANY)
    return peer


@signing("rapid reset of whole requests", "CVE-2023-44487", "served", signed=(0, MANY))
def rapid_reset(gateway, held):
    return many(gateway, held, lambda s: frame(RST, 0, s, u32(CANCEL))).read(1)


@signing("whole requests, then resets the gateway is made to send", "CVE-2025-8671",
         f"goaway:{CALM}", signed=(0, MANY))
def made_you_reset(gateway, held):
    return finish(many(gateway, held, lambda s: frame(WINDOW, 0, s, u32(0x7FFFFFFF))))


@signing("reset before the end of the request", "CVE-2023-44487", "served")
def early_reset(gateway, held):
    peer = signer(gateway, held)
    for s in range(1, 101, 2):
        peer.send(open_call(s, SIGN) + frame(DATA, 0, s, sign_request())
                  + frame(RST, 0, s, u32(CANCEL)))
    return peer.read(0.5)


@signing("window overflow before the end of the request", "CVE-2025-8671",
         "reset:3")
def early_overflow(gateway, held):
    peer = signer(gateway, held)
    for s in range(1, 101, 2):
        peer.send(open_call(s, SIGN) + frame(DATA, 0, s, sign_request())
                  + frame(WINDOW, 0, s, u32(0x7FFFFFFF)) + frame(DATA, END_STREAM, s))
    return peer.read(1)


def one(name, source, end, make, **more):
    @signing(name, source, end, **more)
    def send(gateway, held):
        peer = signer(gateway, held)
        peer.send(make())
        return answered(peer)
    return send


one("a length of content that is too small", "RFC 9113 8.1.1", f"reset:{PROTOCOL}",
    lambda: call(1, SIGN, ("content-length", "9"), body=sign_request()))
one("a length of content that is too large", "RFC 9113 8.1.1", f"reset:{PROTOCOL}",
    lambda: call(1, SIGN, ("content-length", "9000"), body=sign_request()))
one("a forbidden header", "RFC 9113 8.2.2", f"reset:{PROTOCOL}",
    lambda: call(1, SIGN, ("connection", "x"), body=sign_request()))
one("pseudo-headers in trailers", "RFC 9113 8.1", f"reset:{PROTOCOL}",
    lambda: open_call(1, SIGN) + frame(DATA, 0, 1, sign_request())
    + frame(HEADERS, END_HEADERS | END_STREAM, 1, literal(":path", SIGN)))
one("the last byte is missing", "gRPC PROTOCOL-HTTP2", "status:13",
    lambda: call(1, SIGN, body=sign_request()[:-1]))
one("a byte too many", "gRPC PROTOCOL-HTTP2", "status:12",
    lambda: call(1, SIGN, body=sign_request() + b"\0"))
one("two requests in one call", "gRPC statuscodes", "status:12",
    lambda: call(1, SIGN, body=sign_request() + sign_request()))
one("a time that is over", "gRPC PROTOCOL-HTTP2", "status:4",
    lambda: call(1, SIGN, ("grpc-timeout", "0m"), body=sign_request()))
one("GET", "gRPC PROTOCOL-HTTP2", "status::405",
    lambda: frame(HEADERS, END_HEADERS, 1, frames.request(SIGN).replace(b"POST", b"SEND"))
    + frame(DATA, END_STREAM, 1, sign_request()))
one("a request that is lawful", "control", "status:0",
    lambda: call(1, SIGN, body=sign_request()), signed=(1, 1))


@signing("more data after the end of the request", "RFC 9113 5.1", f"goaway:{CLOSED}",
         signed=(0, 1))
def after_end(gateway, held):
    peer = signer(gateway, held)
    peer.send(call(1, SIGN, body=sign_request()) + frame(DATA, END_STREAM, 1, sign_request()))
    return finish(peer)


@signing("one id on 100 calls at once", "replay", "status:0", signed=(1, 1))
def one_id(gateway, held):
    peer, body = signer(gateway, held), sign_request()
    peer.send(b"".join(call(s, SIGN, body=body) for s in range(1, 201, 2)))
    return peer.read(10, lambda a: len(a.statuses) == 100 or a.closed)


@signing("a connection torn after the request", "CWE-772", "served", signed=(0, 50))
def torn(gateway, _held):
    for _ in range(50):
        with frames.Peer(gateway, client="e-office") as peer:
            peer.send(call(1, SIGN, body=sign_request()))
            peer.tear()
    return frames.Answer()


@signing("a stream torn within its second message", "CWE-772", "served", signed=(0, 3))
def torn_stream(gateway, _held):
    with frames.Peer(gateway, client="e-office") as peer:
        peer.send(open_call(1, STREAM)
                  + frame(DATA, 0, 1, stream_request(3) + stream_request(3)[:-1]))
        peer.read(0.3)
        peer.tear()
    return frames.Answer()


@signing("by a caller that may only read", "CWE-862", "status:7")
def reader(gateway, held):
    peer = held.enter_context(frames.Peer(gateway))
    peer.send(call(1, SIGN, body=sign_request()))
    return answered(peer)
