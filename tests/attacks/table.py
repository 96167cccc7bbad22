"""The table of attacks: a row each, made by @attack in the files of the families.

A row says what is sent, whose idea it was, and how it has to end. An end is one of
  goaway:CODE  GOAWAY with this code of HTTP/2, whether or not it was read before the reset
  closed       the connection, without an answer
  status:N     grpc-status on a stream; status::N that of HTTP
  reset:CODE   RST_STREAM, and the connection stays
  served       no rule is broken: the peer costs little, and its connection stays
"""
import dataclasses
import random
import struct
import typing

import frames
from frames import (DATA, END_HEADERS, END_STREAM, HEADERS, WINDOW, frame, message,
                    request)

CHECK = "/grpc.health.v1.Health/Check"
WATCH = "/grpc.health.v1.Health/Watch"
RECORDS = "/segel.v1.LogService/ListRecords"
REFLECT = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
SIGN = "/segel.v1.SigningService/Sign"
STREAM = "/segel.v1.SigningService/SignStream"
PROTOCOL, FLOW, CLOSED, SIZE, REFUSED, CANCEL = 1, 3, 5, 6, 7, 8
COMPRESSION, CALM = 9, 11
REQUEST = message(b"")
PREFIX = "attack-"  # of the ids of jobs that attacks ask for
chance = random.Random(20261125)
rows = []


@dataclasses.dataclass
class Row:
    """mib: what segeld may grow by. held: the function is given the gateway and a stack
    for what shall stay open meanwhile, instead of a peer. slow: against a gateway whose
    times are short. flood: one of those that are sent all together. signed: how many of
    the requests that it sends may be signed, at least and at most."""
    name: str
    source: str
    ends: tuple
    function: typing.Callable
    mib: int = 16
    held: bool = False
    slow: bool = False
    flood: bool = False
    settings: bytes = b""
    signed: tuple = (0, 0)


def attack(name, source, *ends, **more):
    def keep(function):
        rows.append(Row(name, source, ends, function, **more))
        return function
    return keep


def u32(value):
    return struct.pack(">I", value)


def setting(number, value):
    return struct.pack(">HI", number, value)


def open_call(stream, path=CHECK, *more, last=False):
    return frame(HEADERS, END_HEADERS | (END_STREAM if last else 0), stream,
                 request(path, *more))


def call(stream, path=CHECK, *more, body=REQUEST):
    return open_call(stream, path, *more) + frame(DATA, END_STREAM, stream, body)


def streams():
    return range(1, 1 << 30, 2)


def cut_into_frames(stream, data, flags=0, size=16384):
    pieces = [data[at:at + size] for at in range(0, len(data), size)]
    return (b"".join(frame(DATA, 0, stream, p) for p in pieces[:-1])
            + frame(DATA, flags, stream, pieces[-1]))


def finish(peer, seconds=5):
    """For a connection that is to be cut: what it is told."""
    return peer.read(seconds, lambda a: a.goaway is not None)


def answered(peer, stream=1, seconds=5):
    return peer.read(seconds, lambda a: stream in a.statuses or stream in a.resets
                     or a.goaway is not None)


def still_served(peer, stream=9001):
    """The connection stands: a call is answered on it."""
    peer.send(frame(WINDOW, 0, 0, u32(1 << 20)) + open_call(stream)
              + frame(WINDOW, 0, stream, u32(1000)) + frame(DATA, END_STREAM, stream, REQUEST))
    return peer.read(5, lambda a: stream in a.statuses or a.goaway is not None)


def ended(answer, ends):
    """Whether the attack ended as one of its words says."""
    for end in ends:
        word, _, value = end.partition(":")
        if ((word == "goaway" and answer.goaway and answer.goaway[0] == int(value))
                or (word == "closed" and answer.closed and not answer.statuses
                    and not answer.goaway)
                or (word == "status" and value in answer.statuses.values())
                or (word == "reset" and int(value) in answer.resets.values()
                    and not answer.goaway)
                or (word == "served" and not answer.goaway and not answer.closed)):
            return True
    return False


def strike(gateway, row, held):
    """Carries one attack out. What it needs stays open until held is closed."""
    if row.held:
        return row.function(gateway, held)
    peer = held.enter_context(frames.Peer(gateway, settings=row.settings))
    return row.function(peer)
