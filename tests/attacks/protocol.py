"""Frames that HTTP/2 forbids where they stand, or as they are. Most rows are a table."""
from frames import (ACK, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PADDED, PING,
                    PRIORITY, PUSH, RST, SETTINGS, WINDOW, frame, request)
from table import (CHECK, CLOSED, FLOW, PROTOCOL, REQUEST, SIZE, STREAM, WATCH, answered,
                   attack, call, chance, finish, open_call, setting, still_served, u32)

FORBIDDEN = [
    ("DATA on stream 0", "6.1", PROTOCOL, frame(DATA, 0, 0, b"x")),
    ("DATA of a call that was not begun", "5.1", PROTOCOL, frame(DATA, 0, 1, b"x")),
    ("padding larger than its frame", "6.1", PROTOCOL,
     open_call(1, STREAM) + frame(DATA, PADDED, 1, b"\xff" + bytes(10))),
    ("HEADERS on stream 0", "6.2", PROTOCOL,
     frame(HEADERS, END_HEADERS, 0, request(CHECK))),
    ("PRIORITY of 4 bytes", "6.3", SIZE, frame(PRIORITY, 0, 1, bytes(4))),
    ("RST_STREAM on stream 0", "6.4", PROTOCOL, frame(RST, 0, 0, u32(8))),
    ("RST_STREAM of a call that was not begun", "6.4", PROTOCOL, frame(RST, 0, 1, u32(8))),
    ("RST_STREAM of 3 bytes", "6.4", SIZE, open_call(1) + frame(RST, 0, 1, bytes(3))),
    ("SETTINGS on stream 1", "6.5", PROTOCOL, frame(SETTINGS, 0, 1)),
    ("SETTINGS of 5 bytes", "6.5", SIZE, frame(SETTINGS, 0, 0, bytes(5))),
    ("an acknowledgement with contents", "6.5", SIZE, frame(SETTINGS, ACK, 0, bytes(6))),
    ("an acknowledgement of nothing", "6.5", PROTOCOL, frame(SETTINGS, ACK, 0) * 5),
    ("an initial window of 2^31", "6.5.2", FLOW, frame(SETTINGS, 0, 0, setting(4, 1 << 31))),
    ("frames of at most 0 bytes", "6.5.2", PROTOCOL, frame(SETTINGS, 0, 0, setting(5, 0))),
    ("frames of at most 16 MiB", "6.5.2", PROTOCOL,
     frame(SETTINGS, 0, 0, setting(5, 1 << 24))),
    ("ENABLE_PUSH of 2", "6.5.2", PROTOCOL, frame(SETTINGS, 0, 0, setting(2, 2))),
    ("PUSH_PROMISE of a client", "8.4", PROTOCOL,
     frame(PUSH, END_HEADERS, 1, u32(2) + request(CHECK))),
    ("PING of 7 bytes", "6.7", SIZE, frame(PING, 0, 0, bytes(7))),
    ("PING on stream 1", "6.7", PROTOCOL, frame(PING, 0, 1, bytes(8))),
    ("GOAWAY on stream 1", "6.8", PROTOCOL, frame(GOAWAY, 0, 1, bytes(8))),
    ("GOAWAY of 4 bytes", "6.8", SIZE, frame(GOAWAY, 0, 0, bytes(4))),
    ("WINDOW_UPDATE of 0 on the connection", "6.9", PROTOCOL, frame(WINDOW, 0, 0, bytes(4))),
    ("WINDOW_UPDATE of 3 bytes", "6.9", SIZE, frame(WINDOW, 0, 0, bytes(3))),
    ("WINDOW_UPDATE of a call that was not begun", "5.1", PROTOCOL,
     frame(WINDOW, 0, 1, u32(1))),
    ("a frame larger than agreed", "4.2", SIZE, frame(DATA, 0, 1, bytes(20000))),
    ("a stream of even number", "5.1.1", PROTOCOL, call(2)),
    ("DATA after the end of the request", "5.1", CLOSED,
     open_call(1, WATCH) + frame(DATA, END_STREAM, 1, REQUEST) + frame(DATA, 0, 1, b"x")),
    ("HEADERS after the end of the request", "5.1", CLOSED,
     open_call(1, WATCH) + frame(DATA, END_STREAM, 1, REQUEST)
     + frame(HEADERS, END_HEADERS | END_STREAM, 1, request(CHECK))),
]


def forbidden(name, section, code, sent):
    @attack(name, f"RFC 9113 {section}", f"goaway:{code}")
    def send(peer):
        peer.send(sent)
        return finish(peer)
    return send


for _row in FORBIDDEN:
    forbidden(*_row)


# nghttp2 resets the stream, where the RFC wants the end of the connection.
@attack("windows that overflow by a new initial window", "RFC 9113 6.9.2", f"reset:{FLOW}")
def new_window(peer):
    peer.send(open_call(1, WATCH) + frame(WINDOW, 0, 1, u32(0x7FFF0000))
              + frame(SETTINGS, 0, 0, setting(4, 0x7FFFFFFF)))
    answered(peer)
    return still_served(peer)


@attack("16 MiB for a call that was refused", "RFC 9113 5.1", "status:12")
def unwanted(peer):
    peer.send(open_call(1, "/nobody/knows"))
    for _ in range(1024):
        if not peer.send(frame(DATA, 0, 1, bytes(16384))):
            break
        peer.read(0)
    return still_served(peer)


# nghttp2 takes it for a stream that it has forgotten, and passes it over.
@attack("stream numbers that go back", "RFC 9113 5.1.1", "served")
def back(peer):
    peer.send(call(9))
    answered(peer, 9)
    peer.send(call(7))
    answer = still_served(peer)
    if 7 in answer.statuses:
        answer.goaway = (0, "the call was served")
    return answer


@attack("the last stream number there is, then one more", "RFC 9113 5.1.1", "status:0")
def last_stream(peer):
    peer.send(call(0x7FFFFFFF))
    return answered(peer, 0x7FFFFFFF)


@attack("random bytes", "RFC 9113 3.4", f"goaway:{PROTOCOL}", f"goaway:{SIZE}")
def noise(peer):
    peer.send(chance.randbytes(200000))
    return finish(peer)


@attack("a second preface", "RFC 9113 3.4", f"goaway:{SIZE}")
def second_preface(peer):
    peer.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    return finish(peer)
