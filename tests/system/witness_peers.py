#!/usr/bin/python3
"""segel witness and peers that break the rules: bodies of any kind, too much, too slow, never
reading. It serves the next honest one, within its memory and time."""
import base64
import contextlib
import hashlib
import json
import os
import random
import resource
import socket
import subprocess
import sys
import threading
import time

from bundles import leaf
from rig import bounded, claim, contains, equal, expect, run
from witness_rig import ORIGIN, SEGEL, Log, Witness, answers, begin, cosigned, evidence

PATIENCE_S = 10  # what one request may take, from server.c


def hostile_bodies(log):
    good = log.body(0, 3)
    head, checkpoint = good.split(b"\n\n", 1)
    yield from (b"", b"\n", b"\n\n", b"old", b"old \n", b"old 0", b"old 0\n", b"old 0\n\n",
                b"old 00\n\n" + checkpoint, b"old -1\n\n" + checkpoint, good[:-1],
                b"old +0\n\n" + checkpoint, b"old 0 \n\n" + checkpoint, good + b"\n",
                b"old 9223372036854775808\n\n" + checkpoint, b"OLD 0\n\n" + checkpoint,
                b"old 18446744073709551616\n\n" + checkpoint, b" " + good, b"\xef\xbb\xbf" + good,
                head + b"\r\n\r\n" + checkpoint, good.replace(b"\n", b"\r\n"),
                head + b"\n" + checkpoint, b"old 0\nx\n\n" + checkpoint,
                b"old 0\n" + b"A" * 44 + b"\n\n" + checkpoint,
                b"old 0\n" + base64.b64encode(b"1" * 31) + b"\n\n" + checkpoint,
                good.replace(b"\n3\n", b"\n03\n"), good.replace(b"\n3\n", b"\n-3\n"),
                good.replace(b"\n3\n", b"\n\n"), good.replace(b"\n3\n", b"\n\xff\n"),
                good.replace("\u2014".encode(), b"-"), good.replace(b"\n\n", b"\n"),
                good.replace(ORIGIN.encode(), b"", 1), b"\0" * 1000, b"\n" * 60000,
                good + "\u2014 x AAAA\n".encode(), b"old 0\n\n" + b"\xff" * 500,
                good + 40 * ("\u2014 s " + "A" * 96 + "\n").encode())
    hashes = [leaf(b"%d" % n) for n in range(64)]
    yield log.body(0, 3, proof=hashes)
    for at in range(0, len(good), 7):
        yield good[:at]
    generator = random.Random(7)
    for _ in range(200):
        spoiled = bytearray(good)
        spoiled[generator.randrange(len(good))] ^= 1 << generator.randrange(8)
        yield bytes(spoiled)


@claim
def no_body_is_cosigned_but_a_good_one_and_none_ends_it(_):
    log = Log()
    witness = Witness(log.key)
    count = 0
    with witness.run():
        for body in hostile_bodies(log):
            reply = witness.add(body)
            count += 1
            expect(reply.code in (400, 403, 404, 409, 422),
                   f"code {reply.code} for {body[:300]!r}")
        equal(len(witness.requests()), count, "log lines")
        answers(witness.stored(), 404)
        cosigned(witness, witness.add(log.body(0, 3)), log, 3)


@claim
def large_requests_are_refused_unread(_):
    log = Log()
    witness = Witness(log.key)

    def raw(*pieces):
        with socket.create_connection(witness.address, timeout=20) as peer:
            with contextlib.suppress(OSError):
                for piece in pieces:
                    peer.sendall(piece)
            with contextlib.suppress(OSError):
                return peer.recv(4096)
        return b""

    with witness.run():
        head = b"POST /add-checkpoint HTTP/1.1\r\nHost: x\r\n"
        for length in (131073, 10 ** 9, 2 ** 63, 2 ** 64, -1):
            got = raw(head + b"Content-Length: %d\r\n\r\n" % length, b"x" * 200000)
            expect(not got or got.split()[1][:1] == b"4", f"{length}: {got[:60]!r}")
        chunk = b"%x\r\n" % 65536 + b"x" * 65536 + b"\r\n"
        got = raw(head + b"Transfer-Encoding: chunked\r\n\r\n", *[chunk] * 40)
        expect(not got or got.split()[1][:1] == b"4", f"chunks: {got[:60]!r}")
        got = raw(head + b"X: " + b"y" * 20000 + b"\r\n\r\n")
        expect(not got or got.split()[1][:1] == b"4", f"headers: {got[:60]!r}")
        equal(witness.requests(), [], "what the witness was given to read")
        raw(b"\x16\x03\x01" + os.urandom(500))
        raw(b"GET " + b"/" * 9000 + b" HTTP/1.1\r\n\r\n")
        expect(witness.peak() < 64 * 1024, f"{witness.peak()} KiB of memory")
        cosigned(witness, witness.add(log.body(0, 3)), log, 3)


def with_sanitizer():
    with open(SEGEL, "rb") as file:
        return b"libasan" in file.read()


@claim
def a_peer_that_asks_and_never_reads_costs_little(_):
    log = Log()
    witness = Witness(log.key)
    with witness.run(), contextlib.ExitStack() as stack:
        cosigned(witness, witness.add(log.body(0, 3)), log, 3)
        origin = hashlib.sha256(ORIGIN.encode()).hexdigest()
        request = f"GET /{origin}/checkpoint HTTP/1.1\r\nHost: x\r\n\r\n".encode() * 1000
        before, peers = witness.peak(), []
        for _ in range(8):
            peer = socket.create_connection(witness.address, timeout=20)
            stack.callback(peer.close)
            peer.setblocking(False)
            peers.append(peer)
        end, sent = time.monotonic() + 5, 0
        while time.monotonic() < end and sent < 256 << 20:
            some = 0
            for peer in peers:
                with contextlib.suppress(OSError):
                    some += peer.send(request)
            sent += some
            if some == 0:
                time.sleep(0.01)
        grown = witness.peak() - before
        if with_sanitizer():
            print("skip  a sanitizer keeps what was freed, and its memory tells nothing")
            return
        expect(grown < 16 * 1024, f"{grown} KiB more memory for {sent >> 10} KiB of requests")
        cosigned(witness, witness.add(log.body(3, 4)), log, 4)


def seconds_of_processor(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@claim
def without_a_descriptor_it_rests_and_comes_back(_):
    log = Log()
    witness = Witness(log.key)
    with witness.run(), contextlib.ExitStack() as stack:
        answers(witness.stored(), 404)
        pid = witness.process.pid
        whole = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, whole[1]))
        peer = stack.enter_context(socket.create_connection(witness.address, timeout=20))
        peer.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        paused = witness.wait("accept.paused")
        begun = seconds_of_processor(pid)
        time.sleep(1)
        expect(seconds_of_processor(pid) - begun < 0.2, "it tries again and again")
        contains(paused["why"], "no file descriptor is free")
        equal(len(witness.events("accept.paused")), 1, "lines")
        resource.prlimit(pid, resource.RLIMIT_NOFILE, whole)
        contains(peer.recv(100).decode(), "HTTP/1.1 ")
        answers(witness.stored(), 404)


@claim
def slow_and_silent_peers_are_sent_away(_):
    log = Log()
    witness = Witness(log.key)
    body = log.body(0, 3)
    head = b"POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)
    with witness.run(), contextlib.ExitStack() as stack:
        begin = time.monotonic()
        crowd = []
        for number in range(80):
            peer = socket.create_connection(witness.address, timeout=20)
            stack.callback(peer.close)
            crowd.append(peer)
            peer.sendall([b"", b"P", head[:-2], head + body[:20]][number % 4])

        def drip():
            for at in range(len(body)):
                for peer in crowd[3:60:4]:
                    with contextlib.suppress(OSError):
                        peer.sendall(body[at:at + 1])
                if stop.wait(0.3):
                    return

        stop = threading.Event()
        dripping = threading.Thread(target=drip)
        dripping.start()
        try:
            cosigned(witness, witness.call("POST", "/add-checkpoint", body, 4 * PATIENCE_S),
                     log, 3)
            took = time.monotonic() - begin
            expect(took < 3.5 * PATIENCE_S, f"an honest client waited {took:.0f} s")
            for peer in crowd[:60]:
                peer.settimeout(4 * PATIENCE_S)
                with contextlib.suppress(ConnectionError):
                    while peer.recv(4096):
                        pass
        finally:
            stop.set()
            dripping.join()
        equal(len([e for e in witness.requests() if e["code"] == 200]), 1,
              "requests that came whole")


@claim
def a_request_of_the_largest_size_is_served_whole_or_in_pieces(_):
    log = Log()
    witness = Witness(log.key)

    def filled(body, size):
        """With signatures of strangers up to that size, which end in any length."""
        blob = base64.b64encode(bytes(4500)).decode()
        while size - len(body) > 2 * len(blob):
            body += f"\u2014 s {blob}\n".encode()
        rest = size - len(body) - len("\u2014  \n".encode())
        name = rest % 4 + 4
        blob = base64.b64encode(bytes((rest - name) // 4 * 3)).decode()
        return body + f"\u2014 {'s' * name} {blob}\n".encode()

    with witness.run():
        equal(len(filled(log.body(0, 3), 131072)), 131072)
        cosigned(witness, witness.add(filled(log.body(0, 3), 131072)), log, 3)
        body = filled(log.body(3, 4), 131071)
        cosigned(witness, witness.add(body[i:i + 1000] for i in range(0, len(body), 1000)),
                 log, 4)
        reply = witness.add(filled(log.body(4, 5), 131073))
        equal(reply.code, 413)
        cosigned(witness, witness.add(log.body(4, 5)), log, 5)


@claim
def evidence_is_bounded_and_does_not_stop_the_witness(_):
    log = Log()
    witness = Witness(log.key)
    with witness.run():
        cosigned(witness, witness.add(log.body(0, 5)), log, 5)
        for number in range(270):
            answers(witness.add(log.body(5, 5, root=leaf(b"%d" % number))), 422)
        equal(len(evidence(witness)), 256, "notes that are kept")
        line = witness.requests()[-1]
        contains(line["why"], "no more are kept")
        cosigned(witness, witness.add(log.body(5, 6)), log, 6)


@claim
def sigterm_ends_it_at_once_whatever_peers_do(_):
    log = Log()
    witness = Witness(log.key)
    with witness.run(), contextlib.ExitStack() as stack:
        for text in (b"", b"POST /add", b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"):
            peer = socket.create_connection(witness.address, timeout=20)
            stack.callback(peer.close)
            peer.sendall(text)
        cosigned(witness, witness.add(log.body(0, 3)), log, 3)
        begin = time.monotonic()
        equal(witness.end(), 0, "exit code")
        expect(time.monotonic() - begin < 5, "it ended late")


@claim
def nobody_who_does_not_read_its_lines_holds_it_up(_):
    log = Log()
    witness = Witness(log.key)
    process = subprocess.Popen(witness.command(), stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        with bounded(process):
            first = process.stderr.readline()
        ready = json.loads(first)
        witness.address = ("127.0.0.1", int(ready["address"].rsplit(":", 1)[1]))
        for _ in range(400):  # more lines than a pipe holds
            equal(witness.add(log.body(3, 5)).code, 409)
        cosigned(witness, witness.add(log.body(0, 3)), log, 3)
        process.terminate()
        equal(process.wait(timeout=10), 0, "exit code")
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


if __name__ == "__main__":
    begin()
    sys.exit(run(None))
