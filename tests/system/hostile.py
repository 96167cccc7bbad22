#!/usr/bin/python3
"""Peers and an operator without mercy: the same ids from all sides at once, calls that are
given up at any moment, clients that are killed, a gateway that is ended and killed under
load. Whatever happens, an id is signed once, what was answered is on the log, and no job is
left over."""
import collections
import contextlib
import json
import os
import random
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import grpc
import rig
from faulty import lanes_of, metrics, stand_still, wait_for
from held import Held
from rig import claim, contains, equal, expect, item

QUEUE_LIMIT = 96
CANCELS, CANCELLERS = 1500, 6
TERMS, KILLS = 5, 20
HERE = os.path.dirname(os.path.abspath(__file__))
chance = random.Random(20261123)


def config(the_rig, more=""):
    text = the_rig.read("segeld.yaml")
    return the_rig.write("hostile.yaml", text + f"queue: {{limit: {QUEUE_LIMIT}}}\n" + more)


def records(the_rig):
    shown = the_rig.segel("reviewer", "log", "show", "--json")
    equal(shown.returncode, 0, shown.stderr)
    lines = [json.loads(line) for line in shown.stdout.split("\n") if line.strip()]
    return [r.get("record", r) for r in lines]


def signatures_by_id(the_rig):
    """How often the log says that each id was signed."""
    found = records(the_rig)
    jobs = {r["decision_id"]: r["job"] for r in found if r["type"] == "intent"}
    return collections.Counter(jobs[r["decision_id"]] for r in found
                               if r["type"] == "outcome" and r["outcome"] == "signed")


def sound(the_rig):
    verified = the_rig.segel("reviewer", "log", "verify")
    equal(verified.returncode, 0, verified.stdout + verified.stderr)


def no_job_is_left(gateway, seconds=10):
    """A batch as large as the whole queue is taken only when nothing else is counted."""
    end, client = time.monotonic() + seconds, gateway.client()
    while True:
        try:
            results = client.batch([item() for _ in range(QUEUE_LIMIT)])
            left = [r.status for r in results if not r.signature]
        except grpc.RpcError as error:
            left = [error.details()]
        if not left:
            return
        expect(time.monotonic() < end, f"jobs are left over: {left[:1]}")
        time.sleep(0.2)


def together(functions):
    """Runs all at once; the first failure of one is the failure of all."""
    failures = []

    def guarded(function):
        try:
            function()
        except Exception as error:  # it is raised again below
            failures.append(error)
    threads = [threading.Thread(target=guarded, args=(f,)) for f in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


# --- The same ids from all sides ---------------------------------------------------------

@claim
def an_id_asked_for_from_all_sides_is_signed_once(the_rig):
    jobs = [item() for _ in range(24)]
    answers = collections.defaultdict(set)
    kept = threading.Lock()

    def keep(results):
        with kept:
            for result in results:
                if result.signature:
                    answers[result.request_id].add((result.signature, result.decision_id))

    def side(client, number):
        mine = jobs * 2
        random.Random(number).shuffle(mine)
        twisted = [item(request_id=j.request_id) for j in jobs[:4]]
        if number % 3 == 0:
            keep(client.batch(mine + jobs[:8]))
        elif number % 3 == 1:
            keep(client.stream(
                rig.signing.SignStreamRequest(terms=rig.terms(), items=mine[i:i + 5])
                for i in range(0, len(mine), 5)))
        else:
            for each in client.batch(mine[:12] + twisted)[12:]:
                equal(each.status.code, grpc.StatusCode.ALREADY_EXISTS.value[0], "conflict")
            keep(client.batch(jobs))

    with the_rig.gateway() as gateway:
        gateway.client().batch(jobs[:4])  # so that the twisted ones are always second
        together([lambda c=gateway.client(), n=n: side(c, n) for n in range(9)])
        equal(sorted(answers), sorted(j.request_id for j in jobs), "ids with a signature")
        expect(all(len(a) == 1 for a in answers.values()), "one id, two answers")
        counts = signatures_by_id(the_rig)
        equal({counts[j.request_id] for j in jobs}, {1}, "signatures an id on the log")
        sound(the_rig)


@claim
def a_stream_that_sends_too_much_is_told_item_by_item(the_rig):
    with the_rig.gateway(config(the_rig)) as gateway:
        jobs = [item() for _ in range(4000)]
        results = gateway.client().stream(
            [rig.signing.SignStreamRequest(terms=rig.terms())]
            + [rig.signing.SignStreamRequest(items=jobs[i:i + 80])
               for i in range(0, len(jobs), 80)])
        equal(sorted(r.request_id for r in results), sorted(j.request_id for j in jobs))
        later = [r for r in results if not r.signature]
        expect(0 < len(later) < len(jobs), f"{len(later)} of {len(jobs)} were refused")
        expect(all(r.status.code == grpc.StatusCode.RESOURCE_EXHAUSTED.value[0]
                   and r.status.retry_after_us > 0 for r in later), "all may come back")
        no_job_is_left(gateway)


WORDS = ['"' * 64, "\\" * 64, "\U0001f58b" * 16, "\uffff" * 21, "\ufeff" * 21, "%s%n%x" * 10,
         "';--" * 16, "../" * 21, "\U0010ffff" * 16]
# They would write on the screen of who reads the log.
MOVING = ["\u009b31m", "\u0085", "\u2028", "\u202e", "\u2066", "\x1b[2J"]


@claim
def no_words_of_a_caller_stop_the_gateway(the_rig):
    def answered(function, *arguments, **changes):
        try:
            return bool(function(*arguments, **changes))
        except grpc.RpcError as error:
            known = (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.PERMISSION_DENIED,
                     grpc.StatusCode.FAILED_PRECONDITION)
            expect(error.code() in known, f"{error.code()}: {error.details()}")
            return True

    with the_rig.gateway() as gateway:
        client = gateway.client()
        for word in WORDS:
            expect(client.sign(item(request_id=word)).signature, f"the id {word!r}")
            for batch in (client.batch, lambda i, **c: client.sign(i[0], **c)):
                # Every rule that a caller can break, with the longest words it may send.
                answered(batch, [item(request_id=word[:-1])], document_class=word,
                         approval_ref=word * 2 if len(word.encode()) <= 64 else word,
                         batch=word, mandate=word, content_type=word, notice_shown=False,
                         labels={f"{n}{word[:15]}": word[:15] for n in range(8)},
                         profile=rig.common.SIGNATURE_PROFILE_RAW,
                         hash_algorithm=rig.common.HASH_ALGORITHM_SHA256)
        for word in MOVING:
            for change in ({"document_class": word}, {"approval_ref": word}):
                equal(rig.refused(client.sign, **change).code,
                      grpc.StatusCode.INVALID_ARGUMENT, repr(word))
            equal(rig.refused(client.sign, item(request_id=word)).code,
                  grpc.StatusCode.INVALID_ARGUMENT, f"the id {word!r}")
        expect(client.sign().signature, "signing goes on")
        counts = signatures_by_id(the_rig)
        equal([counts[w] for w in WORDS], [1] * len(WORDS), "ids as they were sent")
        sound(the_rig)


# --- Calls that are given up -------------------------------------------------------------

def cancel_some(gateway, seed):
    dice, client = random.Random(seed), gateway.client()
    unary = client.call("unary_unary", "Sign", rig.signing.SignRequest,
                        rig.signing.SignResponse)
    batch = client.call("unary_unary", "SignBatch", rig.signing.SignBatchRequest,
                        rig.signing.SignBatchResponse)
    stream = client.call("stream_stream", "SignStream", rig.signing.SignStreamRequest,
                         rig.signing.SignStreamResponse)
    waiting = collections.deque()
    for _ in range(CANCELS // CANCELLERS):
        kind, the_terms = dice.random(), rig.terms()
        if kind < 0.7:
            call = unary.future(rig.signing.SignRequest(terms=the_terms, item=item()),
                                timeout=10)
        elif kind < 0.85:
            call = batch.future(rig.signing.SignBatchRequest(
                terms=the_terms, items=[item() for _ in range(dice.randrange(1, 40))]),
                timeout=10)
        else:
            call = stream(iter([rig.signing.SignStreamRequest(
                terms=the_terms, items=[item() for _ in range(8)]) for _ in range(3)]),
                timeout=dice.choice([0.001, 0.01, 0.1, 5]))
        waiting.append(call)
        if len(waiting) > dice.randrange(1, 30):
            waiting.popleft().cancel()
        time.sleep(dice.choice([0, 0, 0.001, 0.004]))
    for call in waiting:
        call.cancel()
    client.channel.close()


@claim
def calls_given_up_at_any_moment_leave_no_job_behind(the_rig):
    with the_rig.gateway(config(the_rig)) as gateway:
        together([lambda s=seed: cancel_some(gateway, s) for seed in range(CANCELLERS)])
        no_job_is_left(gateway)
        equal(gateway.process.poll(), None, "exit code")
        sound(the_rig)
        equal(gateway.stop(), 0, "exit code")


# --- Clients that are killed -------------------------------------------------------------

VICTIM = """
import sys, itertools
sys.path[:0] = [sys.argv[1]]
import rig
class Gateway:
    address = sys.argv[3]
    class rig:
        @staticmethod
        def read(name, mode):
            with open(sys.argv[2] + "/" + name, mode) as file:
                return file.read()
client = rig.Client(Gateway, "e-office")
requests = (rig.signing.SignStreamRequest(terms=rig.terms(), items=[rig.item() for _ in
            range(16)]) for _ in itertools.count())
call = client.call("stream_stream", "SignStream", rig.signing.SignStreamRequest,
                   rig.signing.SignStreamResponse)
for number, reply in enumerate(call(requests)):
    print(number, flush=True)
"""


@claim
def clients_killed_in_mid_stream_leave_no_job_behind(the_rig):
    with the_rig.gateway(config(the_rig)) as gateway:
        victims = [subprocess.Popen([sys.executable, "-B", "-c", VICTIM, HERE,
                                     the_rig.dir, gateway.address], stdout=subprocess.PIPE)
                   for _ in range(3)]
        for victim in victims:
            with rig.bounded(victim):
                expect(victim.stdout.readline(), "the victim gets no answers")
            time.sleep(chance.random() / 5)
            victim.kill()
            victim.wait()
            victim.stdout.close()
        no_job_is_left(gateway)
        equal(gateway.stop(), 0, "exit code")


# --- A gateway that ends under load ------------------------------------------------------

class Load:
    """Clients that stream and call until they are broken; keeps what was answered."""

    def __init__(self, gateway, sent):
        self.sent, self.signed, self.over = sent, [], threading.Event()
        self.threads = [threading.Thread(target=work, args=(gateway.client(),))
                        for work in (self.stream, self.calls)]
        for thread in self.threads:
            thread.start()

    def new(self, count):
        fresh = [item() for _ in range(count)]
        self.sent.update((i.request_id, i) for i in fresh)
        return fresh

    def requests(self):
        while not self.over.is_set():
            yield rig.signing.SignStreamRequest(terms=rig.terms(), items=self.new(8))
            time.sleep(0.004)

    def stream(self, client):
        call = client.call("stream_stream", "SignStream", rig.signing.SignStreamRequest,
                           rig.signing.SignStreamResponse)
        try:
            for reply in call(self.requests(), timeout=40):
                self.signed += [r for r in reply.results if r.signature]
        except grpc.RpcError:
            self.over.set()

    def calls(self, client):
        while not self.over.is_set():
            try:
                self.signed.append(client.sign(self.new(1)[0], timeout=10))
            except grpc.RpcError:
                time.sleep(0.01)

    def under_way(self, count):
        """When so many have been signed, however slow the machine is."""
        end = time.monotonic() + 20
        while len(self.signed) < count:
            if time.monotonic() > end:
                self.end()
                raise rig.Failed(f"{len(self.signed)} were signed in 20 s")
            time.sleep(0.01)

    def wait(self):
        for thread in self.threads:
            thread.join(timeout=60)

    def end(self):
        self.over.set()
        self.wait()


def all_kept(the_rig, signed):
    """Every signature that somebody holds is the one that the log tells of."""
    kept = {r["decision_id"] for r in records(the_rig)
            if r["type"] == "outcome" and r["outcome"] == "signed"}
    equal([r.request_id for r in signed if r.decision_id not in kept], [],
          "answered, but not on the log")


@claim
def an_end_under_load_is_clean_and_loses_nothing(the_rig):
    signed, sent = [], {}
    for _ in range(TERMS):
        with the_rig.gateway() as gateway:
            load = Load(gateway, sent)
            load.under_way(11)
            time.sleep(0.2 + chance.random() / 2)
            gateway.process.send_signal(signal.SIGTERM)
            time.sleep(0.2)
            load.end()
            equal(gateway.wait_end(20), 0, "exit code")
            equal(len(gateway.find("fatal")), 0, "fatal")
            signed += load.signed
    expect(len(signed) > 50, f"{len(signed)} were signed")
    with the_rig.gateway():
        all_kept(the_rig, signed)
        equal(max(signatures_by_id(the_rig).values()), 1, "signatures an id")
        sound(the_rig)


@claim
def who_follows_the_log_does_not_hold_up_the_end(the_rig):
    with the_rig.gateway() as gateway:
        call = gateway.client("reviewer").call(
            "unary_stream", "ListRecords", rig.log.ListRecordsRequest,
            rig.log.ListRecordsResponse, service="LogService")

        def follow():
            with contextlib.suppress(grpc.RpcError):
                for _ in call(rig.log.ListRecordsRequest(follow=True), timeout=40):
                    came.release()

        came = threading.Semaphore(0)
        followers = [threading.Thread(target=follow) for _ in range(3)]
        for follower in followers:
            follower.start()
            expect(came.acquire(timeout=10), "records come")
        started = time.monotonic()
        equal(gateway.stop(), 0, "exit code")
        expect(time.monotonic() - started < 5, "the end waited for them")
        for follower in followers:
            follower.join()


@claim
def who_follows_the_log_is_not_sent_away_for_what_others_ask(the_rig):
    """More questions wait than the thread that reads takes: who comes then is refused, and who
    was there before goes on."""
    asked, wait_for_them, reader = 1200, 1024, Held("segeld-reading")
    path = the_rig.write("hostile.yaml", the_rig.read("segeld.yaml")
                         + "limits: {concurrent_streams: 4000}\n")
    with contextlib.ExitStack() as stack:
        stack.callback(reader.close)
        with reader.preloaded():
            gateway = stack.enter_context(the_rig.gateway(path))
        stack.callback(reader.release, "wait")
        stack.callback(reader.release, "tell")
        follower = gateway.client("reviewer").call(
            "unary_stream", "ListRecords", rig.log.ListRecordsRequest,
            rig.log.ListRecordsResponse, service="LogService")(
                rig.log.ListRecordsRequest(follow=True), timeout=60)
        expect(next(follower).records, "records come")
        reader.hold("tell")  # its answer is there, and its next question still to come
        reader.hold("wait", at_once=False)
        stub = gateway.client("reviewer").call(
            "unary_unary", "GetCheckpoint", rig.log.GetCheckpointRequest,
            rig.log.GetCheckpointResponse, service="LogService")
        calls = [stub.future(rig.log.GetCheckpointRequest(), timeout=25)
                 for _ in range(asked)]
        wait_for(lambda: sum(call.done() for call in calls) >= asked - wait_for_them,
                 "all of them wait")
        equal({call.code() for call in calls if call.done()},
              {grpc.StatusCode.RESOURCE_EXHAUSTED})
        reader.release("tell")
        time.sleep(1)
        expect(follower.is_active(), "who follows is sent away")
        reader.release("wait")
        wanted = item()
        gateway.client().sign(wanted)
        wait_for(lambda: wanted.request_id.encode() in b"".join(
            record.json for record in next(follower).records), "no record comes any more")
        follower.cancel()
        equal(sum(call.code() == grpc.StatusCode.OK for call in calls), wait_for_them)


@claim
def a_stream_that_is_ended_by_its_client_gets_all_and_is_well_though_the_gateway_ends(the_rig):
    """It is told that the client has sent all, also where the gateway reads no more of it."""
    with the_rig.gateway(config(the_rig, "hsm: {timeout_ms: 60000}\n")) as gateway:
        client, go_on, answers = gateway.client(), threading.Event(), []
        client.sign()
        lane, = lanes_of(gateway)

        def questions():
            yield rig.signing.SignStreamRequest(terms=rig.terms(),
                                                items=[item() for _ in range(40)])
            go_on.wait(20)

        def take():
            call = client.call("stream_stream", "SignStream", rig.signing.SignStreamRequest,
                               rig.signing.SignStreamResponse)(questions(), timeout=40)
            try:
                for reply in call:
                    answers.extend(reply.results)
            finally:
                answers.append(call.code())

        stand_still(lane)
        try:
            taker = threading.Thread(target=take, daemon=True)
            taker.start()
            time.sleep(1)
            gateway.process.send_signal(signal.SIGTERM)
            gateway.wait_event("draining")
            go_on.set()
            time.sleep(0.5)
        finally:
            os.kill(lane, signal.SIGCONT)
        taker.join(timeout=30)
        equal(answers[-1], grpc.StatusCode.OK)
        equal(sum(1 for answer in answers[:-1] if answer.signature), 40)
        equal(gateway.wait_end(20), 0, "exit code")


class Follower:
    """Follows the log from a record on and takes all that comes, until it is cancelled."""

    def __init__(self, client, first):
        self.call = client.call("unary_stream", "ListRecords", rig.log.ListRecordsRequest,
                                rig.log.ListRecordsResponse, service="LogService")(
                                    rig.log.ListRecordsRequest(first=first, follow=True), timeout=60)
        self.refusal = None
        self.began = threading.Event()
        threading.Thread(target=self.take, daemon=True).start()
        expect(self.began.wait(20), "neither records nor a refusal")

    def take(self):
        try:
            for _ in self.call:
                self.began.set()
        except grpc.RpcError as end:
            self.refusal = end
            self.began.set()


def resident(gateway):
    pages = int(Path(f"/proc/{gateway.process.pid}/statm").read_text("ascii").split()[1])
    return pages * resource.getpagesize()


@claim
def who_follows_the_log_takes_neither_all_places_nor_all_memory(the_rig):
    path = the_rig.write("hostile.yaml", the_rig.read("segeld.yaml")
                         + "admin: {address: 127.0.0.1, port: 0}\n")
    with the_rig.gateway(path) as gateway:
        gateway.client().batch([item() for _ in range(80)])
        reader = gateway.client("reviewer")
        first = len(records(the_rig)) - 128
        followers = [Follower(reader, first)]
        time.sleep(0.5)
        before = resident(gateway)
        followers += [Follower(reader, first) for _ in range(64)]
        refusals = [at.refusal for at in followers if at.refusal is not None]
        equal([refusal.code() for refusal in refusals],
              [grpc.StatusCode.RESOURCE_EXHAUSTED], "the last is refused")
        contains(refusals[0].details(), "64 calls of this caller read the log already")
        equal(metrics(gateway).value("segel_log_readers"), 64)
        time.sleep(1)  # all have come to the end, and wait
        grown = resident(gateway) - before
        expect(grown < 8 << 20, f"{len(followers)} that wait keep {grown >> 10} KiB")
        for follower in followers:
            follower.call.cancel()
        wait_for(lambda: Follower(reader, first).refusal is None, "no place is given back")


def full_pipe():
    """A pipe that takes nothing more, because nobody reads it."""
    out, into = os.pipe()
    os.set_blocking(into, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(into, b"x" * 4096)
    os.set_blocking(into, True)
    return out, into


class Unheard:
    """A gateway whose log lines nobody reads; what a Client has to know of it."""

    def __init__(self, the_rig):
        port = rig.free_port()
        self.rig, self.address = the_rig, f"127.0.0.1:{port}"
        self.pipe = full_pipe()
        self.process = subprocess.Popen(
            [os.path.join(rig.BIN, "segeld"), "--config",
             the_rig.config(("port: 0", f"port: {port}"))], stderr=self.pipe[1])

    def first_signature(self, seconds=15):
        end = time.monotonic() + seconds
        while True:
            try:
                return rig.Client(self, "e-office").sign(timeout=3).signature
            except grpc.RpcError as error:
                expect(time.monotonic() < end, f"{error.code()}: {error.details()}")
                time.sleep(0.2)

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()
        finally:
            for side in self.pipe:
                os.close(side)


@claim
def log_lines_that_nobody_reads_do_not_stop_signing(the_rig):
    gateway = Unheard(the_rig)
    try:
        expect(gateway.first_signature(), "signed")
    finally:
        code = gateway.end()
    equal(code, 0, "exit code")


@claim
def kills_under_load_sign_no_id_twice_and_lose_nothing(the_rig):
    signed, sent = [], {}
    for _ in range(KILLS):
        with the_rig.gateway() as gateway:
            load = Load(gateway, sent)
            load.under_way(6)
            time.sleep(0.1 + chance.random() / 3)
            gateway.stop(signal.SIGKILL)
            load.end()
            signed += load.signed
    expect(len(signed) > 100, f"{len(signed)} were signed")
    with the_rig.gateway() as gateway:
        all_kept(the_rig, signed)
        asked, names = gateway.client(), sorted(sent)
        held = {r.request_id: r.signature for r in signed}
        for start in range(0, len(names), 256):
            for result in asked.batch([sent[n] for n in names[start:start + 256]]):
                expect(result.signature, f"{result.request_id}: {result.status}")
                before = held.get(result.request_id, result.signature)
                expect(before == result.signature, "one id, two signatures")
        equal(max(signatures_by_id(the_rig).values()), 1, "signatures an id")
        sound(the_rig)


if __name__ == "__main__":
    sys.exit(rig.run(rig.Rig("hostile")))
