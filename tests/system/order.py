#!/usr/bin/python3
"""What is durable before what, seen by strace: a key is used after the sync of its INTENT,
an answer leaves after the sync of its outcome, and a sync that fails ends it all."""
import contextlib
import os
import re
import subprocess
import sys
import time

import grpc
import rig
from rig import claim, equal, expect, item

REQUESTS, DENIALS = 20, 6
ATTACH_S = 20
SKIPPED = 77
UNFINISHED, RESUMED = "<unfinished ...>", " resumed>"

# S = a sync of the ledger has ended, K = work goes to a lane, R = an answer goes out: when
# it begins to, because strace may tell of its end late.
SYNC = re.compile(r"fdatasync\(\d+<[^>]*ledger\.db-wal>\) += 0")
KEY_USE = re.compile(r"sendmsg\(\d+<[^>]*>, .*MSG_DONTWAIT\|MSG_NOSIGNAL")
ANSWER = re.compile(r"write\(\d+<(?:TCP|socket)[^>]*>, .*, (\d+)(?:\) +=|$)")


# --- strace ------------------------------------------------------------------------------

def attach(pid, path, *options):
    """strace on all threads of a process, once it says that it has them; None: it may not."""
    return attached(["-f", "-y", "-o", path, *options, "-p", str(pid)])


def attached(options, count=1):
    """strace, once it says that it has what it was told by so many -p; None: it may not."""
    try:
        tracer = subprocess.Popen(["strace", *options], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    except FileNotFoundError:
        return None
    os.set_blocking(tracer.stderr.fileno(), False)
    said, end = b"", time.monotonic() + ATTACH_S
    while time.monotonic() < end and tracer.poll() is None:
        said += tracer.stderr.read() or b""
        if said.count(b" attached") >= count:
            return tracer
        time.sleep(0.02)
    detach(tracer)
    return None


def detach(tracer):
    with contextlib.suppress(ProcessLookupError):
        tracer.terminate()
    try:
        tracer.wait(timeout=10)
    except subprocess.TimeoutExpired:
        tracer.kill()
        tracer.wait()


def may_trace(folder):
    """On a child of our own, with the options that the claims need."""
    with subprocess.Popen(["sleep", "60"]) as child:
        try:
            tracer = attach(child.pid, os.path.join(folder, "trace"), "-e",
                            "trace=fdatasync", "-e", "inject=fdatasync:error=EIO:when=1")
            if tracer is not None:
                detach(tracer)
            return tracer is not None
        finally:
            child.kill()


@contextlib.contextmanager
def traced(gateway, *options):
    """The lanes are processes of their own and not traced."""
    path = gateway.rig.path("trace")
    tracer = attach(gateway.process.pid, path, *options)
    expect(tracer is not None, "strace could not attach")
    try:
        yield path
    finally:
        detach(tracer)


def calls(path):
    """("begin", text) and ("end", text) of each call; a line of its own holds both, a call
    that strace tells in two lines has what comes of other threads in between."""
    begun = {}
    with open(path, encoding="utf-8", errors="replace") as trace:
        for line in trace:
            thread, _, call = line.strip().partition(" ")
            call = call.strip()
            if call.endswith(UNFINISHED):
                begun[thread] = call[:-len(UNFINISHED)].rstrip()
                yield "begin", begun[thread]
            elif call.startswith("<... ") and RESUMED in call:
                yield "end", begun.pop(thread, "") + call.split(RESUMED, 1)[1]
            else:
                yield "begin", call
                yield "end", call


def events(path, smallest):
    """The letters above in their order; an answer has at least so many bytes, other things
    that go to a client (acknowledgements, windows) are smaller."""
    for moment, call in calls(path):
        answer = ANSWER.search(call)
        if moment == "end" and SYNC.search(call):
            yield "S"
        elif moment == "begin" and KEY_USE.search(call):
            yield "K"
        elif moment == "begin" and answer and int(answer.group(1)) >= smallest:
            yield "R"


def begun(gateway, path, smallest):
    """Signs until both threads are seen to be traced; how many events that made."""
    client, end = gateway.client(), time.monotonic() + ATTACH_S
    while not {"S", "R"} <= set(events(path, 1000)):
        expect(time.monotonic() < end, "strace tells of no signature")
        client.sign()
        time.sleep(0.05)
    return len(list(events(path, smallest)))


def settled(path):
    """Until strace has written down the last call, which may be known to a client before."""
    before, end = -1, time.monotonic() + ATTACH_S
    while os.path.getsize(path) != before and time.monotonic() < end:
        before = os.path.getsize(path)
        time.sleep(0.3)


def order_of(gateway, count, ask, smallest):
    with traced(gateway, "-e", "trace=fdatasync,sendmsg,write") as path:
        skip = begun(gateway, path, smallest)
        for number in range(count):
            ask(number)
        settled(path)
    return "".join(events(path, smallest))[skip:]


def signing_order(gateway):
    client = gateway.client()
    client.sign()
    return order_of(gateway, REQUESTS, lambda _: client.sign(), 1000)


# --- Claims ------------------------------------------------------------------------------

@claim
def no_key_is_used_before_its_intent_is_durable(rigged):
    with rigged.gateway(rigged.quiet) as gateway:
        order = signing_order(gateway)
        equal(order.count("K"), REQUESTS, f"key uses in {order}")
        early = re.findall(r"(?:^|R)(?=K)", order)
        expect(not early, f"a key was used before a sync: {order}")


@claim
def no_signature_leaves_before_its_outcome_is_durable(rigged):
    with rigged.gateway(rigged.quiet) as gateway:
        order = signing_order(gateway)
        equal(order.count("R"), REQUESTS, f"answers in {order}")
        expect("KR" not in order, f"an answer left before a sync: {order}")


@claim
def a_denial_is_durable_before_it_is_told(rigged):
    with rigged.gateway(rigged.quiet) as gateway:
        client = gateway.client()
        client.sign()
        # Another class each time: HTTP/2 would send equal words as one byte.
        order = order_of(gateway, DENIALS, lambda n: rig.refused(
            client.sign, document_class=f"kontrak_{'abcdef'[n] * 20}"), 150)
        equal(order.count("R"), DENIALS, f"answers in {order}")
        expect(re.fullmatch(r"(S+R)+S*", order), f"a denial left before a sync: {order}")


@claim
def a_question_is_durable_before_it_is_answered(rigged):
    with rigged.gateway(rigged.quiet) as gateway:
        client = gateway.client()
        explain = client.call("unary_unary", "Explain", rig.signing.ExplainRequest,
                              rig.signing.ExplainResponse)
        client.sign()
        order = order_of(gateway, REQUESTS, lambda _: explain(
            rig.signing.ExplainRequest(terms=rig.terms()), timeout=10), 1000)
        equal(order.count("K"), 0, f"key uses in {order}")
        expect(order.count("S") >= REQUESTS and re.fullmatch(r"(S+R+)+S*", order),
               f"an answer left before a sync: {order}")


@claim
def a_failed_sync_stops_signing_at_once(rigged):
    job = item()
    with rigged.gateway(rigged.quiet) as gateway:
        client = gateway.client()
        client.sign()
        with traced(gateway, "-e", "trace=fdatasync,sendmsg",
                    "-e", "inject=fdatasync:error=EIO:when=1") as path:
            refusal = rig.refused(client.sign, job)
            equal(refusal.code, grpc.StatusCode.UNAVAILABLE)
            equal(gateway.wait_end(10), 1, "exit code")
        expect("K" not in events(path, 1000), "the key was used without its record")
        rig.contains(gateway.text(), "ledger")
    with rigged.gateway(rigged.quiet) as gateway:
        result = gateway.client().sign(job)
        expect(len(result.signature) > 1000, "after a restart the same id is signed")
        verified = rigged.segel("reviewer", "log", "verify")
        equal(verified.returncode, 0, verified.stdout + verified.stderr)


@claim
def a_disk_that_stalls_is_not_taken_for_an_hsm_that_hangs(rigged):
    with rigged.gateway(rigged.quiet) as gateway:
        client = gateway.client()
        client.sign()
        # The second sync is that of the first outcomes: the lane has the others in hand.
        with traced(gateway, "-e", "trace=fdatasync",
                    "-e", "inject=fdatasync:delay_enter=2600000:when=2"):
            results = client.batch([item() for _ in range(200)], timeout=30)
        equal([r.status.message for r in results if not r.signature], [], "not signed")
        equal(gateway.find("lane.down"), [], "lanes lost")


if __name__ == "__main__":
    the_rig = rig.Rig("order")
    if not may_trace(the_rig.dir):
        print("strace is not installed or may not trace here (kernel.yama.ptrace_scope, a "
              "container without CAP_SYS_PTRACE): nothing was checked")
        sys.exit(SKIPPED)
    # Checkpoints sync too: none may come in between.
    the_rig.quiet = the_rig.config((r"checkpoint_s: 1,", "checkpoint_s: 86400,"))
    sys.exit(rig.run(the_rig))
