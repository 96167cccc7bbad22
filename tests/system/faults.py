#!/usr/bin/python3
"""What breaks under a gateway at work: the gateway itself is killed, its lane is killed or
hangs, the disk is full. What was answered stays true, and signing goes on, or stops, as
promised."""
import hashlib
import os
import queue
import resource
import signal
import sqlite3
import sys
import threading
import time

import grpc
import rig
from faulty import late_lane, right_once, stand_still
from rig import claim, equal, expect, item

WAITING = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)


def lost(the_rig, results):
    """Which of these answers the log does not hold at the place, and with the leaf hash,
    that the answer named."""
    base = sqlite3.connect(the_rig.path("ledger.db"))
    leaves = dict(base.execute("SELECT idx, rec FROM leaf"))
    base.close()

    def stands(result):
        record = leaves.get(result.log.index, b"")
        return (hashlib.sha256(b"\0" + record).digest() == result.log.leaf_hash
                and result.decision_id.encode() in record and b'"signed"' in record)
    return [r.request_id for r in results if not stands(r)]


def stream_until_broken(gateway, results, sent):
    """Items without end; what comes back is kept until the stream breaks."""
    feed = queue.Queue()

    def requests():
        yield rig.signing.SignStreamRequest(terms=rig.terms())
        while True:
            items = [item() for _ in range(16)]
            sent.extend(items)
            yield rig.signing.SignStreamRequest(items=items)
            if feed.qsize():
                return
            time.sleep(0.002)

    call = gateway.client().call("stream_stream", "SignStream",
                                 rig.signing.SignStreamRequest,
                                 rig.signing.SignStreamResponse)
    try:
        for reply in call(requests(), timeout=30):
            results.extend(reply.results)
    except grpc.RpcError:
        pass
    feed.put("end")


@claim
def what_was_answered_before_a_kill_is_on_the_log(the_rig):
    results, sent = [], []
    with the_rig.gateway() as gateway:
        worker = threading.Thread(target=stream_until_broken, args=(gateway, results, sent))
        worker.start()
        end = time.monotonic() + 20
        while len(results) < 200 and time.monotonic() < end:
            time.sleep(0.01)
        gateway.stop(signal.SIGKILL)
        worker.join(timeout=40)
    signed = [r for r in results if r.signature]
    expect(len(signed) >= 200, f"{len(signed)} signatures came before the kill")
    the_rig.answered, the_rig.sent = signed, {i.request_id: i for i in sent}
    equal(lost(the_rig, signed), [], "answered, but not on the log")


@claim
def after_the_kill_the_same_ids_give_the_same_bytes(the_rig):
    with the_rig.gateway() as gateway:
        asked = the_rig.answered[-100:]
        again = gateway.client().batch([the_rig.sent[r.request_id] for r in asked])
        for before, after in zip(asked, again):
            equal(after.replayed, True, f"{before.request_id} replayed")
            expect(after.signature == before.signature, "the bytes are the same")


@claim
def a_job_that_the_kill_interrupted_is_signed_at_most_once_more(the_rig):
    answered = {r.request_id for r in the_rig.answered}
    open_ones = [i for name, i in the_rig.sent.items() if name not in answered][:64]
    expect(open_ones, "some jobs were under way")
    with the_rig.gateway() as gateway:
        first = gateway.client().batch(open_ones)
        second = gateway.client().batch(open_ones)
        for one, two in zip(first, second):
            expect(one.attempt <= 2, f"attempt {one.attempt}")
            if one.signature:
                expect(two.signature == one.signature and two.replayed, "then it is kept")


@claim
def the_log_is_sound_after_the_kill(the_rig):
    with the_rig.gateway():
        time.sleep(1.5)
        result = the_rig.segel("reviewer", "log", "verify")
        equal(result.returncode, 0, result.stdout + result.stderr)


def lane_of(gateway):
    pid = gateway.process.pid
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(p) for p in file.read().split()]


def signs_again(gateway, seconds=15):
    end = time.monotonic() + seconds
    while True:
        try:
            return gateway.client().sign().signature
        except grpc.RpcError as error:
            expect(error.code() in WAITING, f"{error.code()}: {error.details()}")
            expect(time.monotonic() < end, f"still {error.details()}")
            time.sleep(0.1)


@claim
def a_killed_lane_is_replaced_without_a_restart(the_rig):
    with the_rig.gateway() as gateway:
        gateway.client().sign()
        lanes = lane_of(gateway)
        os.kill(lanes[0], signal.SIGKILL)
        expect(signs_again(gateway), "signed")
        expect(lane_of(gateway) not in ([], lanes), "another lane runs")
        equal(gateway.process.poll(), None, "exit code of segeld")


@claim
def a_lane_that_stands_still_costs_two_seconds_and_no_job(the_rig):
    def measure():
        lanes = lane_of(gateway)
        stand_still(lanes[0])
        started = time.monotonic()
        try:
            result = client.sign(timeout=20)
        except grpc.RpcError as error:
            if error.code() == grpc.StatusCode.UNAVAILABLE and (late := late_lane(gateway)):
                return late
            raise
        took = time.monotonic() - started
        expect(result.signature, "a job that the lane had not begun is signed by the next")
        equal(result.attempt, 2, "attempt")
        expect(took < 7, f"the answer took {took:.1f} s")
        expect(lanes[0] not in lane_of(gateway), "the hung lane is gone")
        return None

    with the_rig.gateway() as gateway:
        client = gateway.client()  # connected: the lane must not be replaced before the job comes
        client.sign()
        right_once(measure)


@claim
def a_full_disk_stops_signing_and_loses_nothing(the_rig):
    with the_rig.gateway() as gateway:
        client = gateway.client()
        kept = client.sign()
        resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE, (4096, 4096))
        codes = set()
        for _ in range(5):
            try:
                client.sign(timeout=10)
                codes.add("OK")
            except grpc.RpcError as error:
                codes.add(error.code())
        expect("OK" not in codes, "a job was signed that could not be written down")
        expect(codes <= set(WAITING), f"statuses: {codes}")
        equal(gateway.wait_end(10), 1, "exit code")
        rig.contains(gateway.find("ledger.failed")[0]["why"], "SQLite", "nothing is signed")
    with the_rig.gateway() as gateway:
        equal(lost(the_rig, [kept]), [], "answered, but not on the log")
        expect(gateway.client().sign().signature, "signing goes on after a restart")


if __name__ == "__main__":
    sys.exit(rig.run(rig.Rig("faults")))
