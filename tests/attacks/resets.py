"""Calls that are begun and given up, by the peer or because it makes the gateway do so."""
from frames import ACK, DATA, END_STREAM, RST, SETTINGS, WINDOW, frame
from table import (CALM, CANCEL, CHECK, PROTOCOL, REQUEST, WATCH, attack, call, finish,
                   open_call, streams, u32)

MOST = 3000


@attack("rapid reset", "CVE-2023-44487", f"goaway:{CALM}", flood=True)
def rapid_reset(peer):
    peer.flood((call(s) + frame(RST, 0, s, u32(CANCEL)) for s in streams()), 2 * MOST)
    return finish(peer)


@attack("reset before the request is whole", "CVE-2023-44487 (class)", f"goaway:{CALM}",
        flood=True)
def early_reset(peer):
    peer.flood((open_call(s) + frame(RST, 0, s, u32(CANCEL)) for s in streams()), 2 * MOST)
    return finish(peer)


@attack("resets the gateway is made to send: window of a stream overflows",
        "CVE-2025-8671", f"goaway:{CALM}", flood=True)
def window_overflow(peer):
    peer.flood((call(s) + frame(WINDOW, 0, s, u32(0x7FFFFFFF)) for s in streams()), MOST)
    return finish(peer)


@attack("resets the gateway is made to send: WINDOW_UPDATE of 0 on a stream",
        "CVE-2025-8671", f"goaway:{PROTOCOL}", flood=True)
def window_zero(peer):
    peer.flood((open_call(s, WATCH) + frame(WINDOW, 0, s, bytes(4)) for s in streams()), MOST)
    return finish(peer)


@attack("resets the gateway is made to send: content-length", "CVE-2025-8671",
        f"goaway:{CALM}", flood=True)
def content_length(peer):
    peer.flood((open_call(s, CHECK, ("content-length", "5")) + frame(DATA, 0, s, REQUEST)
                + frame(DATA, END_STREAM, s, b"x") for s in streams()), MOST)
    return finish(peer)


@attack("resets the gateway is made to send: forbidden header", "CVE-2025-8671",
        f"goaway:{CALM}", flood=True)
def forbidden_header(peer):
    peer.flood((call(s, CHECK, ("connection", "x")) for s in streams()), MOST)
    return finish(peer)


@attack("more calls at once than allowed, by who has agreed to the limit",
        "RFC 9113 5.1.2", f"goaway:{PROTOCOL}")
def agreed_and_more(peer):
    peer.read(0.2)
    peer.send(frame(SETTINGS, ACK, 0))
    peer.flood((open_call(s, WATCH) for s in streams()), MOST)
    return finish(peer)


@attack("more calls at once than allowed, without end", "RFC 9113 5.1.2",
        f"goaway:{CALM}", flood=True)
def too_many_streams(peer):
    peer.flood((open_call(s, WATCH) for s in streams()), MOST)
    return finish(peer)
