#!/usr/bin/python3
"""More work than the HSM can do: who gets how much of it, who is told to come back and
when, and that no time of the HSM goes to jobs whose own time is over. Each signature takes
a set time here, so that the HSM's capacity is known and this machine's speed is not."""
import collections
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time

import faulty
import grpc
import rig
from faulty import right_once
from rig import claim, contains, equal, expect, item

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../attacks"))
import frames  # noqa: E402
import table  # noqa: E402

BACKENDS = ["e-office", "backend-1", "backend-2", "backend-3", "backend-4"]
SLOW_MS, THREADS = 40, 2
SETTLE_MS = 600
CAPACITY = 1000 * THREADS // SLOW_MS
OVERLOAD = 10                   # times the capacity
HOSTILE = 0.8                   # of that, from one caller
PEAK_S, OVERLOAD_S = 2.5, 10.0  # the first second of each is not counted
TIMEOUT_S = 2.0
# A backlog of seconds is to last: with the default of five it would not on a slow machine.
PATIENT = (r"(?s)\A", "sign: {deadline_ms: 60000}\n")
BUSY = grpc.StatusCode.RESOURCE_EXHAUSTED
LATE = grpc.StatusCode.DEADLINE_EXCEEDED


class Crowd(faulty.Faulty):
    """A gateway with one slow lane and five backends that all may use the key."""

    def __init__(self, name):
        the_rig = rig.Rig(name)
        for backend in BACKENDS[1:]:
            self.add_client(the_rig, backend)
        super().__init__(the_rig)
        lines = re.search(r"^  - \{name: e-office,.*\n", self.text, flags=re.M).group()
        self.text = self.text.replace("checkpoint_s: 1,", "checkpoint_s: 86400,").replace(
            lines, "".join(lines.replace("e-office", backend) for backend in BACKENDS))

    @staticmethod
    def add_client(the_rig, name):
        home = the_rig.path("clients", name)
        os.makedirs(home)
        subprocess.run([os.path.join(rig.ROOT, "deploy/demo/pki.sh"), "client",
                        the_rig.path("pki"), name, os.path.join(home, "cert")], check=True,
                       capture_output=True)
        os.rename(os.path.join(home, "cert.key"), os.path.join(home, "key.pem"))
        with open(os.path.join(home, "ca.pem"), "w", encoding="ascii") as file:
            file.write(the_rig.read("pki/tls-ca.pem"))

    @contextlib.contextmanager
    def slow(self, *changes, ms=SLOW_MS):
        with self.gateway(*changes) as gateway:
            gateway.client().sign()
            self.schedule(f"C_Sign@1+=slow={ms}")
            # The lane is given as much as it does in a moment: it has to learn how much.
            gateway.client().batch([item() for _ in range(SETTLE_MS // ms + 2)])
            yield gateway

    def begun(self):
        """Signatures that were begun."""
        return self.rig.read("calls").count("C_Sign ")

    def records(self):
        shown = self.rig.segel("reviewer", "log", "show", "--json")
        equal(shown.returncode, 0, shown.stderr)
        lines = [json.loads(line) for line in shown.stdout.splitlines() if line.strip()]
        return [r.get("record", r) for r in lines]


def sign_call(client, timeout, the_item=None, **changes):
    call = client.call("unary_unary", "Sign", rig.signing.SignRequest,
                       rig.signing.SignResponse)
    return call.future(rig.signing.SignRequest(terms=rig.terms(**changes),
                                               item=the_item or item()), timeout=timeout)


class Flood:
    """One caller that asks at a steady rate, whatever it is answered."""

    def __init__(self, gateway, name, rate, timeout=TIMEOUT_S, **changes):
        self.client, self.rate, self.timeout = gateway.client(name), rate, timeout
        self.changes, self.over = changes, threading.Event()
        self.calls, self.signed, self.errors = [], [], []
        self.thread = threading.Thread(target=self.send, daemon=True)
        self.thread.start()

    def send(self):
        began, sent = time.monotonic(), 0
        while not self.over.is_set():
            while sent < (time.monotonic() - began) * self.rate:
                self.ask()
                sent += 1
            time.sleep(0.005)

    def ask(self):
        job, asked = item(), (time.monotonic(), time.time())
        call = sign_call(self.client, self.timeout, job, **self.changes)
        self.calls.append(call)
        call.add_done_callback(lambda c: self.keep(c, job, asked))

    def keep(self, call, job, asked):
        if call.code() == grpc.StatusCode.OK:
            self.signed.append((time.monotonic(), job.request_id, *asked))
        else:
            self.errors.append(call)

    def end(self):
        self.over.set()
        self.thread.join()
        for call in self.calls:
            call.cancel()
        for call in self.calls:
            call.code()  # comes when the call is over

    def signed_in(self, begin, end):
        return sum(begin <= done < end for done, *_ in self.signed)


def flood(gateway, seconds, rates, settle=1.0, **changes):
    """What each caller had signed a second, after the first moment, and the floods."""
    floods = {name: Flood(gateway, name, rate, **changes) for name, rate in rates.items()}
    time.sleep(settle)
    begin = time.monotonic()
    time.sleep(seconds - settle)
    end = time.monotonic()
    for each in floods.values():
        each.end()
    return {name: f.signed_in(begin, end) / (end - begin) for name, f in floods.items()}, floods


def wait_for_backlog(gateway, jobs):
    faulty.wait_for(lambda: sum(faulty.metrics(gateway).families["segel_queue_jobs"]
                                .samples.values()) >= jobs, "no backlog comes about")


# --- The figures --------------------------------------------------------------------------

def no_late_signatures(crowd, floods):
    """By the log: what was signed was signed in time. The gateway's clock for a job starts
    when the call comes, and its record is made some time after the signature: two seconds
    are given."""
    asked = {job: wall for f in floods.values() for _, job, _, wall in f.signed}
    ids, late = {}, []
    for record in crowd.records():
        if record["type"] == "intent":
            ids[record["decision_id"]] = record["job"]
        elif record["type"] == "outcome" and record["outcome"] == "signed":
            sent = asked.get(ids[record["decision_id"]])
            if sent is not None and seconds_of(record) > sent + TIMEOUT_S + 2:
                late.append(record)
    equal(late, [], "jobs that were signed after their deadline")


def outcomes_of(crowd):
    return collections.Counter(r.get("code") for r in crowd.records()
                               if r["type"] == "outcome")


def seconds_of(record):
    stamp = re.sub(r"\.\d+Z$", "", record["ts"]).rstrip("Z")
    whole = time.strptime(stamp, "%Y-%m-%dT%H:%M:%S")
    return time.mktime(whole) - time.timezone


def overload_figures(crowd, gateway, seconds, ms=SLOW_MS):
    """ms: what each signature takes."""
    capacity = 1000 * THREADS / ms
    peak, _ = flood(gateway, PEAK_S * ms / SLOW_MS, {"e-office": 2 * capacity})
    rates = {name: capacity * OVERLOAD * (1 - HOSTILE) / 4 for name in BACKENDS[1:]}
    rates["e-office"] = capacity * OVERLOAD * HOSTILE
    got, floods = flood(gateway, seconds, rates)
    return peak["e-office"], got, floods


def too_little(peak, got):
    """What of the peak is not left to whom, or nothing."""
    total, share = sum(got.values()), peak / len(BACKENDS)
    print("      peak {:.1f}/s, under {} times as much {:.1f}/s: {}".format(
        peak, OVERLOAD, total, ", ".join(f"{n} {v:.1f}" for n, v in got.items())))
    if total < 0.9 * peak:
        return f"of {peak:.1f}/s only {total:.1f}/s are left"
    return ", ".join(f"{name} gets {got[name]:.1f}/s of {share:.1f}" for name in BACKENDS[1:]
                     if got[name] < 0.9 * share)


def told_late(floods):
    """That too many were not told at once; what holds on any machine is expected here."""
    refused = [rig.Refusal(c) for f in floods.values() for c in f.errors if c.code() == BUSY]
    codes = collections.Counter(c.code().name for f in floods.values() for c in f.errors)
    print("      refusals:", dict(codes),
          dict(collections.Counter(r.info.reason for r in refused)))
    expect(len(refused) > 100, f"{len(refused)} were refused")
    expect(all(r.retry is not None and r.retry.retry_delay.seconds < 20
               and (r.retry.retry_delay.seconds or r.retry.retry_delay.nanos)
               for r in refused), "each refusal says when to come back")
    delays = {(r.retry.retry_delay.seconds, r.retry.retry_delay.nanos) for r in refused}
    expect(len(delays) > len(refused) / 2, "they do not come back all at once")
    return (codes.get("DEADLINE_EXCEEDED", 0) >= 0.1 * len(refused)
            and f"who cannot be served is told at once: {codes}")


@claim
def a_caller_that_floods_takes_nothing_from_the_others(crowd):
    def measure():
        expired = outcomes_of(crowd)["TIMEOUT"]
        peak, got, floods = overload_figures(crowd, gateway, OVERLOAD_S, slow_ms)
        few, late = too_little(peak, got), told_late(floods)
        no_late_signatures(crowd, floods)
        kinds = collections.Counter(r["type"] for r in crowd.records())
        expect(sum(kinds.values()) < 3 * kinds["intent"], f"refusals are not recorded: {kinds}")
        outcomes = outcomes_of(crowd)
        return few or late or (outcomes["TIMEOUT"] > expired
                               and f"expired jobs came to the lane: {outcomes}")

    slow_ms = 2 * SLOW_MS  # what asks and refuses takes time of this machine, too
    with crowd.slow(ms=slow_ms) as gateway:
        right_once(measure)


@claim
def weights_divide_a_key_that_all_want(crowd):
    def measure():
        got, _ = flood(gateway, 3.5, {"backend-1": 150, "backend-2": 150, "e-office": 150},
                       timeout=1.0)
        ratio = got["backend-1"] / (got["backend-2"] + got["e-office"]) * 2
        # Rather more: what would come too late is refused, and a queue of few may run empty.
        return not 2.6 < ratio < 3.8 and f"weight 3 gets {ratio:.2f} times as much: {got}"

    heavy = (r"(name: backend-1,.*)\}", r"\1, weight: 3}")
    with crowd.slow(heavy, ms=20) as gateway:
        right_once(measure)


@claim
def who_becomes_a_backend_has_its_share_of_the_places(crowd):
    """The only one may have all places; beside others it borrows no more than half."""
    def taken():
        results = bulk_job(gateway, "e-office", 8).result().results
        return sum(result.status.code != BUSY.value[0] for result in results)

    alone = [(rf"(name: {name},.*roles: )\[backend\]", r"\1[operator]")
             for name in BACKENDS[1:]]
    with crowd.slow((r"(?s)\A", "queue: {limit: 8}\n"), *alone, ms=200) as gateway:
        equal(taken(), 8, "places of the only backend")
        text = crowd.rig.read("changed.yaml")
        for name in BACKENDS[1:]:
            text = re.sub(rf"(name: {name},.*roles: )\[operator\]", r"\1[backend]", text)
        crowd.rig.write("changed.yaml", text)
        gateway.process.send_signal(signal.SIGHUP)
        gateway.wait_event("reloaded")
        equal(taken(), 4, "places of one of five")


# --- Classes ------------------------------------------------------------------------------

def bulk_job(gateway, name, count, timeout=30):
    """A batch under way, as a future."""
    call = gateway.client(name).call("unary_unary", "SignBatch", rig.signing.SignBatchRequest,
                                     rig.signing.SignBatchResponse)
    return call.future(rig.signing.SignBatchRequest(
        terms=rig.terms(), items=[item() for _ in range(count)]), timeout=timeout)


def waits(gateway, name, count=5):
    client, times = gateway.client(name), []
    client.health()  # the connection stands
    for _ in range(count):
        start = time.monotonic()
        client.sign()
        times.append(time.monotonic() - start)
    return sorted(times)[count // 2]


@claim
def an_interactive_job_does_not_wait_behind_bulk(crowd):
    def measure():
        bulk = bulk_job(gateway, "e-office", 480)  # 4.8 s of work
        wait_for_backlog(gateway, 200)
        own, other = waits(gateway, "e-office"), waits(gateway, "backend-1")
        soon = bulk.done() and "the bulk was over before them"
        expect(all(r.signature for r in bulk.result().results), "and the bulk is signed")
        lane = 0.02 * 8 / THREADS  # what the lane has in hand goes first
        return soon or " and ".join(
            f"behind {whose} bulk it waits {wait / lane:.1f} times what the lane has in hand"
            for whose, wait in (("its own", own), ("another caller's", other))
            if wait >= 5 * lane)

    with crowd.slow(PATIENT, ms=20) as gateway:
        right_once(measure)


@claim
def bulk_goes_on_under_a_flood_of_interactive_jobs(crowd):
    def measure():
        stream = Flood(gateway, "e-office", 300)
        wait_for_backlog(gateway, 30)
        begin = time.monotonic()
        bulk = bulk_job(gateway, "e-office", 25, timeout=8)
        results = bulk.result().results
        took = time.monotonic() - begin
        stream.end()
        if not all(r.signature for r in results):
            return f"{[r.status for r in results if not r.signature][:2]}"
        # A quarter of 100 signatures a second: one second, were all else as it should be.
        return took >= 3 and f"25 bulk jobs took {took:.1f} s"

    with crowd.slow(ms=20) as gateway:
        right_once(measure)


@claim
def a_class_may_be_named_and_an_unknown_one_is_refused(crowd):
    with crowd.slow(ms=5) as gateway:
        client = gateway.client()
        for job_class in (1, 2):
            expect(client.sign(job_class=job_class).signature, "signed")
        refusal = rig.refused(client.sign, job_class=3)
        equal(refusal.code, grpc.StatusCode.INVALID_ARGUMENT)
        contains(refusal.message, "job_class")


# --- Deadlines ----------------------------------------------------------------------------

@claim
def a_deadline_that_cannot_be_kept_is_refused_at_once(crowd):
    with crowd.slow(PATIENT, ms=20) as gateway:
        client, other = gateway.client(), gateway.client("backend-1")
        equal((client.health(), other.health()), ("SERVING", "SERVING"))  # they are connected
        before = crowd.begun()
        bulk = bulk_job(gateway, "e-office", 500)  # 5 s of work
        # So that the pace of the key is known.
        faulty.wait_for(lambda: crowd.begun() >= before + 80, "nothing is signed")
        refusal = rig.refused(client.sign, timeout=2, job_class=2)
        equal((refusal.code, refusal.info.reason), (BUSY, "DEADLINE_TOO_SHORT"))
        contains(refusal.message, "its deadline", "sign.deadline_ms", "same id")
        delay = refusal.retry.retry_delay
        # About 4 s less the call's own time, and up to half as long again.
        expect(0.1 <= delay.seconds + delay.nanos / 1e9 < 10, f"come back after {delay}")
        expect(other.sign(timeout=2).signature, "another caller has nothing before it")
        expect(not bulk.done(), "the bulk lasts longer")
        expect(all(r.signature for r in bulk.result().results), "the others are signed")
        expect(client.sign(timeout=2).signature, "and then there is time")
        count = faulty.metrics(gateway).value("segel_jobs_refused_total", caller="e-office",
                                              reason="DEADLINE_TOO_SHORT")
        equal(count, 1, "refusals in the metrics")


def stream_call(client, items):
    """A stream of interactive jobs, under way."""
    call = client.call("stream_stream", "SignStream", rig.signing.SignStreamRequest,
                       rig.signing.SignStreamResponse)
    return call(iter([rig.signing.SignStreamRequest(terms=rig.terms(job_class=1),
                                                    items=items)]), timeout=30)


def intents_of(crowd, jobs):
    return [r["job"] for r in crowd.records() if r["type"] == "intent"
            and r["job"] in {j.request_id for j in jobs}]


@claim
def what_expires_or_is_given_up_in_the_queue_never_reaches_a_key(crowd):
    # The gateway's own deadline, so that the call goes on after it; a stream's is ten times
    # as long. Of the first stream eight jobs are in the lane, and the others in the queue
    # for almost ten seconds: two of them leave it every 1200 ms.
    changes = (r"(?s)\A", "sign: {deadline_ms: 2500}\nhsm: {timeout_ms: 9000}\n")
    with crowd.slow(changes, ms=1200) as gateway:
        client, dead = gateway.client(), [item() for _ in range(35)]
        ahead = stream_call(client, [item() for _ in range(24)])
        wait_for_backlog(gateway, 1)
        given_up = stream_call(client, dead[3:])
        wait_for_backlog(gateway, 25)  # more than those ahead: these have come
        expired = [sign_call(client, 30, job) for job in dead[:3]]
        given_up.cancel()
        for call in expired:
            equal(call.exception().code(), LATE)
        signed = [r.signature for reply in ahead for r in reply.results]
        equal([bool(s) for s in signed], [True] * 24, "the others are signed")
        equal(intents_of(crowd, dead), [], "jobs that were begun all the same")
        gateway.stop()
    crowd.schedule("")
    with crowd.gateway():
        contains([r["detail"] for r in crowd.records() if r["type"] == "overload"][-1],
                 "expired 3", "given up 32")


# --- Limits -------------------------------------------------------------------------------

@claim
def jobs_of_a_caller_are_bounded(crowd):
    changes = (r"(?s)\A", "limits: {jobs_per_caller: 5}\nhsm: {timeout_ms: 9000}\n"
               "sign: {deadline_ms: 30000}\n")
    with crowd.slow(changes, ms=1500) as gateway:
        client = gateway.client()
        client.health()  # all calls come before the first signature
        calls = [sign_call(client, 20) for _ in range(9)]
        errors = [call.exception() for call in calls]
        refusals = [rig.Refusal(e) for e in errors if e is not None]
        equal(len(refusals), 4, "refused")
        for refusal in refusals:
            equal((refusal.code, refusal.info.reason), (BUSY, "CALLER_LIMIT"))
            expect(refusal.retry is not None, "RetryInfo is there")
        expect(gateway.client("backend-1").sign().signature, "others are not concerned")


@claim
def one_caller_cannot_take_all_places(crowd):
    with crowd.slow((r"(?s)\A", "queue: {limit: 40}\n"), ms=100) as gateway:
        results = gateway.client().batch([item() for _ in range(40)])
        signed = [r for r in results if r.signature]
        equal([bool(r.signature) for r in results], [True] * len(signed)
              + [False] * (40 - len(signed)), "the first ones are taken")
        equal(len(signed), 20, "half of all places are lent to one")
        expect(all(r.status.retry_after_us > 0 for r in results if not r.signature),
               "the others may come back")


def spoiled(count):
    """Items without a digest: refused, and never given a place."""
    return [rig.signing.SignItem(request_id=f"bad-{i}") for i in range(count)]


@claim
def a_caller_that_reads_no_answers_takes_nothing_from_the_others(crowd):
    with crowd.gateway((r"(?s)\A", "queue: {limit: 64}\n")) as gateway, \
            frames.Peer(gateway, client="backend-1", settings=table.setting(4, 0)) as deaf:
        body = frames.message(rig.signing.SignBatchRequest(
            terms=rig.terms(), items=spoiled(40)).SerializeToString())
        for stream in range(1, 41, 2):
            deaf.send(table.call(stream, "/segel.v1.SigningService/SignBatch", body=body))
            deaf.read(0.05)
        equal(deaf.answer.statuses, {}, "calls of it that have ended")
        expect(gateway.client().sign().signature, "another caller is served")


def fill(client, count, spoiled_each):
    """Batches that wait for one job each, until there is no room for one more."""
    call = client.call("unary_unary", "SignBatch", rig.signing.SignBatchRequest,
                       rig.signing.SignBatchResponse)
    batches = [call.future(rig.signing.SignBatchRequest(
        terms=rig.terms(), items=[item()] + spoiled(spoiled_each)), timeout=30)
        for _ in range(count)]
    faulty.wait_for(lambda: any(each.done() for each in batches), "it is refused nothing")
    return batches


@claim
def a_caller_whose_batches_wait_leaves_jobs_to_the_others(crowd):
    with crowd.gateway((r"(?s)\A", "queue: {limit: 64}\nhsm: {timeout_ms: 9000}\n")) as gateway:
        client = gateway.client("backend-1")
        crowd.schedule("C_Sign@1+=slow=4000")
        waiting = fill(client, 9, 19) + fill(client, 20, 0)
        answer = rig.refused(gateway.client().sign, spoiled(1)[0])
        equal(answer.code, grpc.StatusCode.INVALID_ARGUMENT, "another caller is heard")
        status = next(stream_call(client, [item()])).results[0].status
        equal((status.code, status.reason), (8, "QUEUE_FULL"), "of a stream of the crowded one")
        crowd.schedule("")
        for each in waiting:
            each.cancel()


if __name__ == "__main__":
    sys.exit(rig.run(Crowd("fairness")))
