#!/usr/bin/python3
"""What callers are told of jobs that are under way when something fails for good: when the
ledger cannot be written any more, and when the HSM refuses a job that others wait for, too."""
import queue
import resource
import sys
import time

import faulty
import grpc
import rig
from rig import claim, contains, equal, expect, item

WAITING_S = 20
UNREAD, LATE_S = 100, 0.8
WRITTEN_BACK_S = 1  # by then the gateway has put what it wrote before into its database
# A call that takes seconds is neither a hung one nor too late.
PATIENT = (r"(?s)\A", "hsm: {timeout_ms: 20000}\nsign: {deadline_ms: 15000}\n")


class Jobs:
    """Jobs in the hands of a slow lane, and calls that ask for them again."""

    def __init__(self, the_faulty, gateway, slow):
        self.faulty, self.gateway = the_faulty, gateway
        gateway.client().sign()
        the_faulty.schedule(slow)

    def begun(self):
        return self.faulty.rig.read("calls").count("C_SignInit ")

    def ask(self, the_item):
        call = self.gateway.client().call("unary_unary", "Sign", rig.signing.SignRequest,
                                          rig.signing.SignResponse)
        return call.future(rig.signing.SignRequest(terms=rig.terms(), item=the_item),
                           timeout=WAITING_S)

    def begin(self):
        """A job that the module has in hand, and a call that has joined it."""
        the_item, before = item(), self.begun()
        first = self.ask(the_item)
        faulty.wait_for(lambda: self.begun() > before, "the job was not begun")
        taken = self.joined()
        again = self.ask(the_item)
        faulty.wait_for(lambda: self.joined() > taken, "the repeat has not come")
        return first, again

    def joined(self):
        return faulty.metrics(self.gateway).value("segel_jobs")


def fill(gateway):
    """From now on nothing more can be written into the ledger's files."""
    resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE, (4096, 4096))


def told(call):
    """The status and sentence of a call that fails."""
    error = call.exception(timeout=WAITING_S)
    expect(error is not None, "it was signed")
    return error.code(), error.details()


def expect_unknown(calls):
    for call in calls:
        code, sentence = told(call)
        equal(code, grpc.StatusCode.UNAVAILABLE, sentence)
        contains(sentence, "not known", "same id")
        expect("nothing more is signed" not in sentence, sentence)


@claim
def of_a_job_in_a_lane_nobody_is_told_that_nothing_is_signed(broken):
    with broken.gateway(faulty.SELDOM) as gateway:
        jobs = Jobs(broken, gateway, "C_Sign@1+=slow=6000")
        calls = jobs.begin()
        fill(gateway)
        code, sentence = told(jobs.ask(item()))
        equal(code, grpc.StatusCode.UNAVAILABLE, sentence)
        contains(sentence, "nothing more is signed", "same id")
        expect_unknown(calls)
        equal(gateway.wait_end(10), 1, "exit code")


@claim
def of_a_signature_without_its_outcome_nobody_is_told_so_either(broken):
    with broken.gateway(faulty.SELDOM, PATIENT) as gateway:
        jobs = Jobs(broken, gateway, "C_Sign@1+=slow=5000")
        calls = jobs.begin()
        time.sleep(WRITTEN_BACK_S)
        fill(gateway)
        expect_unknown(calls)
        equal(gateway.wait_end(10), 1, "exit code")


@claim
def who_reads_late_has_the_last_answers_too(broken):
    """More of them lie there than HTTP/2 lets a gateway send before they are read."""
    messages = queue.Queue()
    with broken.gateway(faulty.SELDOM) as gateway:
        jobs = Jobs(broken, gateway, "")
        call = gateway.client().call("stream_stream", "SignStream",
                                     rig.signing.SignStreamRequest,
                                     rig.signing.SignStreamResponse)
        replies = call(iter(messages.get, None), timeout=WAITING_S)
        messages.put(stream_of(UNREAD))
        faulty.wait_for(lambda: ended(gateway, "signed") == UNREAD + 1, "they are not signed")
        broken.schedule("C_Sign@1+=slow=9000")
        messages.put(stream_of(1))
        faulty.wait_for(lambda: jobs.joined() == 1, "no job is under way")
        fill(gateway)
        told(jobs.ask(item()))
        time.sleep(LATE_S)
        messages.put(None)
        results = [result.status for reply in replies for result in reply.results]
        equal(gateway.wait_end(10), 1, "exit code")
    equal((len(results), [status.code for status in results if status.code]),
          (UNREAD + 1, [grpc.StatusCode.UNAVAILABLE.value[0]]), "answers, and what was refused")


def stream_of(count):
    return rig.signing.SignStreamRequest(terms=rig.terms(), items=[item() for _ in range(count)])


def ended(gateway, how):
    """Jobs that ended so, of whatever profile and kind of key."""
    series = faulty.metrics(gateway).families["segel_job_duration_seconds"].series
    return sum(one["counts"][-1] for labels, one in series.items() if ("result", how) in labels)


@claim
def who_waits_for_a_job_that_the_hsm_fails_is_not_counted_as_denied(broken):
    with broken.gateway(faulty.SELDOM, PATIENT) as gateway:
        jobs = Jobs(broken, gateway, "C_SignInit@1+=slow=4000 C_Sign@1+=20")
        for call in jobs.begin():
            told(call)
        equal((ended(gateway, "failed"), ended(gateway, "denied")), (2, 0), "ends of jobs")
        equal(len(gateway.find("job.denied")), 0, "lines job.denied")


if __name__ == "__main__":
    sys.exit(rig.run(faulty.Faulty(rig.Rig("unwritten"))))
