"""Frames that cost the peer nothing."""
from frames import (ACK, GOAWAY, PING, PRIORITY, RST, SETTINGS, WINDOW, frame)
from table import (CALM, CANCEL, FLOW, RECORDS, WATCH, attack, call, finish, open_call,
                   setting, still_served, u32)

MANY = 60000


@attack("PING flood, answers unread", "CVE-2019-9512", f"goaway:{CALM}", flood=True)
def pings(peer):
    peer.send(frame(PING, 0, 0, bytes(8)) * 20000)
    return finish(peer)


@attack("PING flood beside an open call", "CVE-2019-9512", f"goaway:{CALM}", flood=True)
def busy_pings(peer):
    peer.send(open_call(1, WATCH) + frame(PING, 0, 0, bytes(8)) * 20000)
    return finish(peer)


@attack("answers to PINGs that nobody sent, flood", "CVE-2019-9512 (class)",
        f"goaway:{CALM}", flood=True)
def pongs(peer):
    peer.flood((frame(PING, ACK, 0, bytes(8)) for _ in range(MANY)), MANY)
    return finish(peer)


@attack("SETTINGS flood, answers unread", "CVE-2019-9515", f"goaway:{CALM}", flood=True)
def settings(peer):
    peer.send(frame(SETTINGS, 0, 0) * 20000)
    return finish(peer)


@attack("more SETTINGS than a minute may have", "CVE-2019-9515", f"goaway:{CALM}")
def many_settings(peer):
    peer.send(frame(SETTINGS, 0, 0) * 150)
    return finish(peer)


@attack("SETTINGS of 200 entries", "CVE-2020-11080", f"goaway:{CALM}")
def large_settings(peer):
    peer.send(frame(SETTINGS, 0, 0, setting(4, 65535) * 200))
    return finish(peer)


@attack("windows of 127 open calls up and down", "CVE-2019-9511 (class)", "served")
def churn(peer):
    peer.send(b"".join(open_call(s, WATCH) for s in range(1, 255, 2)))
    for _ in range(90):
        peer.send(frame(SETTINGS, 0, 0, setting(4, 1) + setting(4, 1 << 20)))
        peer.read(0)
    peer.send(frame(RST, 0, 1, u32(CANCEL)))
    return still_served(peer)


@attack("answers pulled a byte at a time", "CVE-2019-9511", f"goaway:{CALM}", flood=True,
        settings=setting(4, 0), mib=48)
def dribble(peer):
    peer.send(b"".join(call(s, RECORDS) for s in range(1, 255, 2)))
    peer.flood((frame(WINDOW, 0, 1 + 2 * (n % 127), u32(1)) for n in range(MANY)), MANY)
    return finish(peer)


@attack("PRIORITY that depends on itself, flood", "CVE-2019-9513", f"goaway:{CALM}",
        flood=True)
def self_priority(peer):
    peer.flood((frame(PRIORITY, 0, 1, u32(1) + b"\x10") for _ in range(MANY)), MANY)
    return finish(peer)


# Priorities are not used, and so not looked at (RFC 9113 section 5.3.2).
@attack("PRIORITY on stream 0", "RFC 9113 6.3", "served")
def priority_of_all(peer):
    peer.send(frame(PRIORITY, 0, 0, bytes(5)))
    return still_served(peer)


@attack("PRIORITY shuffled among many streams", "CVE-2019-9513", f"goaway:{CALM}",
        flood=True)
def shuffle(peer):
    peer.flood((frame(PRIORITY, 0, 1 + 2 * (n % 5000), u32(1 + 2 * (n * 7 % 5000)) + b"\x10")
                for n in range(MANY)), MANY)
    return finish(peer)


@attack("unknown frames, flood", "RFC 9113 5.5", f"goaway:{CALM}", flood=True)
def unknown(peer):
    peer.flood((frame(0xBE, 0, 0, b"x") for _ in range(MANY)), MANY)
    return finish(peer)


@attack("WINDOW_UPDATE flood", "RFC 9113 10.5", f"goaway:{CALM}", flood=True)
def windows(peer):
    peer.flood((frame(WINDOW, 0, 0, u32(1)) for _ in range(MANY)), MANY)
    return finish(peer)


# Who says goodbye with no call open is left.
@attack("GOAWAY flood", "RFC 9113 10.5", "closed", flood=True)
def goaways(peer):
    peer.flood((frame(GOAWAY, 0, 0, bytes(8)) for _ in range(MANY)), MANY)
    return finish(peer)


@attack("RST_STREAM of streams long gone, flood", "CVE-2019-9514 (class)",
        f"goaway:{CALM}", flood=True)
def late_resets(peer):
    peer.send(call(2001))
    peer.read(2, lambda a: 2001 in a.statuses)
    peer.flood((frame(RST, 0, 1 + 2 * (n % 1000), u32(CANCEL)) for n in range(MANY)), MANY)
    return finish(peer)


@attack("both windows as large as can be, then one more", "RFC 9113 6.9.1",
        f"goaway:{FLOW}")
def overflow(peer):
    peer.send(frame(WINDOW, 0, 0, u32(0x7FFFFFFF - 65535)) + frame(WINDOW, 0, 0, u32(1)))
    return finish(peer)


@attack("SETTINGS that are never acknowledged", "RFC 9113 6.5.3", "served")
def never_acknowledged(peer):
    return still_served(peer)


@attack("a table of 4 GiB for the gateway's headers", "RFC 7541 4.2", "served",
        settings=setting(1, 0xFFFFFFFF))
def large_table(peer):
    for stream in range(1, 401, 2):
        peer.send(call(stream))
        peer.read(0)
    return still_served(peer)
