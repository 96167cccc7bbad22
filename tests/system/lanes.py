#!/usr/bin/python3
"""An HSM that hangs, crashes or lies: the gateway kills and replaces the lane, says what is
known of the jobs it had in hand, and never lets a wrong signature out."""
import contextlib
import hashlib
import json
import os
import signal
import sys
import time

import grpc
import rig
from faulty import late_lane, right_once, wait_for
from rig import claim, contains, equal, expect, item

CONTENT = b"Isi surat contoh (TEST)\n"
DIGEST = hashlib.sha256(CONTENT).digest()
UNAVAILABLE = grpc.StatusCode.UNAVAILABLE


class Faulty:
    """A gateway whose lane loads a module that fails on command."""

    def __init__(self, the_rig):
        self.rig = the_rig
        # Checkpoints use the token too: none may meet a fault that is meant for a job.
        self.conf = the_rig.config(
            (r"checkpoint_s: 1,", "checkpoint_s: 86400,"),
            (r"module: .*", "module: " + os.path.join(rig.BUILD, "tests/fixtures/faults.so")),
            (r"environment: \{(.*)\}", r"environment: {\1, FAULTS_FILE: "
             + the_rig.path("faults") + ", FAULTS_LOG: " + the_rig.path("calls") + "}"))
        self.schedule("")

    def schedule(self, text):
        self.rig.write("faults.new", text)
        os.replace(self.rig.path("faults.new"), self.rig.path("faults"))

    @contextlib.contextmanager
    def gateway(self, more=""):
        """more: settings besides."""
        self.schedule("")
        text = self.rig.read(os.path.basename(self.conf)) + more
        with self.rig.gateway(self.rig.write("more.yaml", text)) as gateway:
            gateway.client().sign()  # behind it the first checkpoint is signed, too
            yield gateway

    def logins(self):
        return self.rig.read("calls").count("C_Login")

    def hangs(self):
        """Calls that were made and never end."""
        return self.rig.read("calls").count(" hang ")


def lane_pid(gateway):
    children = f"/proc/{gateway.process.pid}/task/{gateway.process.pid}/children"
    with open(children, encoding="ascii") as file:
        return file.read().split()


def retry(gateway, job, seconds=10):
    """What a sensible client does: the same id again until the HSM is back."""
    end = time.monotonic() + seconds
    while True:
        try:
            return gateway.client().sign(job)
        except grpc.RpcError as error:
            expect(error.code() == UNAVAILABLE, f"{error.code()}: {error.details()}")
            expect(time.monotonic() < end, "the HSM did not come back")
            time.sleep(0.1)


def outcomes_of(the_rig, job):
    found = records(the_rig)
    ids = [r["decision_id"] for r in found
           if r["type"] == "intent" and job.request_id in json.dumps(r)]
    return [r["outcome"] for r in found
            if r["type"] == "outcome" and r["decision_id"] in ids]


def call_of(client, job, timeout=20):
    """A call that is under way."""
    call = client.call("unary_unary", "Sign", rig.signing.SignRequest,
                       rig.signing.SignResponse)
    return call.future(rig.signing.SignRequest(terms=rig.terms(), item=job),
                       timeout=timeout)


def hung_call(faulty, client, job):
    """A call whose job is in a C_Sign that never ends."""
    before = faulty.hangs()
    faulty.schedule("C_Sign@1=hang")
    call = call_of(client, job)
    wait_for(lambda: faulty.hangs() > before, "C_Sign is not called")
    return call


@claim
def a_hung_call_costs_two_seconds_and_the_lane(faulty):
    with faulty.gateway() as gateway:
        before = lane_pid(gateway)
        faulty.schedule("C_Sign@1=hang")
        job, start = item(value=DIGEST), time.monotonic()
        refusal = rig.refused(gateway.client().sign, job, timeout=8)
        took = time.monotonic() - start
        equal(refusal.code, UNAVAILABLE)
        expect(took < 7, f"the answer took {took:.1f} s")
        faulty.schedule("")
        result = retry(gateway, job)
        rig.check_cms(gateway.rig, result.signature, CONTENT)
        equal(result.attempt, 2, "attempt")
        expect(lane_pid(gateway) != before, "another process serves the token")
        equal(outcomes_of(gateway.rig, job), ["indeterminate", "signed"])


@claim
def one_stuck_thread_of_several_is_found_while_others_work(faulty):
    with faulty.gateway() as gateway:
        client, start = gateway.client(), time.monotonic()
        stuck = hung_call(faulty, client, item())
        faulty.schedule("")
        signed = 0
        while not stuck.done() and time.monotonic() - start < 10:
            with contextlib.suppress(grpc.RpcError):
                client.sign()
                signed += 1
            time.sleep(0.01)
        took = time.monotonic() - start
        expect(stuck.done() and took < 8, f"{took:.1f} s, the stuck job: {stuck.done()}")
        equal(stuck.code(), UNAVAILABLE)
        expect(signed > 10, f"{signed} others were signed meanwhile")


@claim
def a_token_that_is_slow_by_nature_gets_more_patience(faulty):
    impatient = "hsm: {timeout_ms: 1000}\nsign: {deadline_ms: 60000}\n"
    with faulty.gateway(impatient) as gateway:
        client = gateway.client()
        faulty.schedule("C_Sign@1+=slow=3000")
        equal(rig.refused(client.sign).code, UNAVAILABLE, "at first it counts as hung")
        # Its slowest hundredth is then taken as 262 ms, and its limit is 2.6 s.
        faulty.schedule("C_Sign@1+=slow=200")
        retry(gateway, item())
        client.batch([item() for _ in range(120)])  # a hundred make a hundredth
        told = len(gateway.find("lane.down"))
        faulty.schedule("C_Sign@1=slow=1300")
        expect(client.sign().signature, "slow, and still within ten times of what is usual")
        equal(len(gateway.find("lane.down")), told, "lanes that were given up")


@claim
def a_token_that_fails_most_of_its_operations_is_opened_anew(faulty):
    with faulty.gateway() as gateway:
        faulty.schedule("C_SignInit@1+=70")  # CKR_MECHANISM_INVALID: each job for itself
        for _ in range(25):
            equal(rig.refused(gateway.client().sign).code,
                  grpc.StatusCode.FAILED_PRECONDITION)
        equal(gateway.find("lane.down"), [], "a request that is refused is no broken token")
        faulty.schedule("C_SignInit@1+=82")  # CKR_OBJECT_HANDLE_INVALID, again and again
        for _ in range(25):
            equal(rig.refused(gateway.client().sign).code, UNAVAILABLE)
            if gateway.find("lane.down"):
                break
        contains(gateway.wait_event("lane.down")["why"], "most of the last 20")
        faulty.schedule("")
        retry(gateway, item())


@claim
def a_crashed_lane_is_replaced_and_its_job_is_indeterminate(faulty):
    with faulty.gateway() as gateway:
        faulty.schedule("C_Sign@1=abort")
        job = item(value=DIGEST)
        refusal = rig.refused(gateway.client().sign, job, timeout=8)
        equal(refusal.code, UNAVAILABLE)
        contains(refusal.message, "same id")
        faulty.schedule("")
        equal(retry(gateway, job).attempt, 2, "attempt")
        expect(gateway.find("lane.down") and gateway.find("lane.up"), "both are told once")


@claim
def a_wrong_signature_never_leaves(faulty):
    with faulty.gateway() as gateway:
        for word in ("flip", "short"):
            faulty.schedule(f"C_Sign@1={word}")
            job = item(value=DIGEST)
            refusal = rig.refused(gateway.client().sign, job)
            equal(refusal.code, UNAVAILABLE, word)
            if word == "flip":  # the module said CKR_OK to it
                contains(refusal.message, "a signature that does not verify")
                contains(gateway.wait_event("lane.down")["why"], "does not verify")
            faulty.schedule("")
            rig.check_cms(gateway.rig, retry(gateway, job).signature, CONTENT)


@claim
def a_lane_that_dies_in_a_stream_loses_no_item(faulty):
    with faulty.gateway() as gateway:
        faulty.schedule("C_Sign@40=abort")
        items = [item() for _ in range(200)]
        results = gateway.client().stream(
            rig.signing.SignStreamRequest(terms=rig.terms(), items=items[i:i + 20])
            for i in range(0, len(items), 20))
        equal(sorted(r.request_id for r in results), sorted(i.request_id for i in items))
        lost = [r for r in results if r.status.code != 0]
        expect(lost, "the dead lane's jobs are reported")
        expect(all(r.status.code == UNAVAILABLE.value[0] for r in lost), "as UNAVAILABLE")
        expect(len(lost) < len(items), "jobs before and after it are signed")


@claim
def stored_answers_and_denials_are_given_without_the_hsm(faulty):
    with faulty.gateway() as gateway:
        job = item(value=DIGEST)
        first = gateway.client().sign(job)
        faulty.schedule("C_SignInit@1+=30 C_OpenSession@1+=e0")
        equal(rig.refused(gateway.client().sign, item()).code, UNAVAILABLE)
        time.sleep(1.5)
        equal(rig.refused(gateway.client().sign, item()).code, UNAVAILABLE)
        again = gateway.client().sign(job)
        equal((again.replayed, again.signature == first.signature), (True, True))
        denied = rig.refused(gateway.client().sign, document_class="kontrak_pengadaan")
        equal(denied.code, grpc.StatusCode.PERMISSION_DENIED)


@claim
def a_token_that_is_pulled_makes_one_record_and_comes_back(faulty):
    with faulty.gateway() as gateway:
        faulty.schedule("C_SignInit@1+=30 C_OpenSession@1+=e0")
        for _ in range(5):
            equal(rig.refused(gateway.client().sign, item()).code, UNAVAILABLE)
        faulty.schedule("")
        retry(gateway, item(), seconds=20)
        equal(len(gateway.find("lane.up")), 1, "recoveries told")
        expect(len(gateway.find("lane.down")) <= 2, "an outage is not told again and again")


@claim
def a_pin_that_was_changed_is_tried_once_and_never_again(faulty):
    with faulty.gateway() as gateway:
        faulty.schedule("C_Sign@1=abort C_Login@1+=a0")
        tried = faulty.logins()
        equal(rig.refused(gateway.client().sign, item()).code, UNAVAILABLE)
        time.sleep(2.5)
        refusal = rig.refused(gateway.client().sign, item())
        equal(refusal.code, UNAVAILABLE)
        contains(refusal.message, "PIN")
        equal(faulty.logins() - tried, 1, "logins after the crash")
    with faulty.rig.gateway(faulty.conf) as gateway:
        time.sleep(1)
        equal(faulty.logins() - tried, 1, "logins after a restart of the gateway")
        contains(rig.refused(gateway.client().sign, item()).message, "PIN")
    faulty.rig.unlatch("lane0")
    faulty.schedule("")
    with faulty.rig.gateway(faulty.conf) as gateway:
        expect(gateway.client().sign().signature, "signed after the unlatching")
        shown = faulty.rig.segel("reviewer", "log", "show", "--json").stdout
        contains(shown, '"pin.fail"', '"pin.unlock"', "administrator of the machine")


@claim
def a_pin_that_is_refused_in_mid_job_is_not_tried_again(faulty):
    with faulty.gateway() as gateway:
        tried = faulty.logins()
        faulty.schedule("C_Sign@1=a0")
        equal(rig.refused(gateway.client().sign, item()).code, UNAVAILABLE)
        faulty.schedule("")
        time.sleep(1.5)
        refusal = rig.refused(gateway.client().sign, item())
        equal(refusal.code, UNAVAILABLE)
        contains(refusal.message, "PIN")
        equal(faulty.logins() - tried, 0, "logins")
    faulty.rig.unlatch("lane0")


# --- What is answered is recorded, once -----------------------------------------------------

def records(the_rig):
    shown = the_rig.segel("reviewer", "log", "show", "--json")
    equal(shown.returncode, 0, shown.stderr)
    lines = [json.loads(line) for line in shown.stdout.splitlines() if line.strip()]
    return [r.get("record", r) for r in lines]


@claim
def every_answered_request_is_on_the_log(faulty):
    with faulty.gateway() as gateway:
        client, before = gateway.client(), len(records(gateway.rig))
        signed, denied, failed = item(), item(), item()
        client.sign(signed)
        client.sign(signed)
        rig.refused(client.sign, item(request_id=signed.request_id))
        rig.refused(client.sign, denied, document_class="kontrak_pengadaan")
        faulty.schedule("C_Sign@1=20")  # CKR_DATA_INVALID: this job fails, the lane lives
        rig.refused(client.sign, failed)
        faulty.schedule("")
        client.batch([item(), item()])
        fresh = records(gateway.rig)[before:]
        kinds = [r["outcome"] if r["type"] == "outcome" else r["type"] for r in fresh]
        equal(sorted(kinds), ["deny"] * 2 + ["failed"] + ["intent"] * 4 + ["replay"]
              + ["signed"] * 3, "fresh records")
        denials = {r["job"]: json.dumps(r) for r in fresh if r["type"] == "deny"}
        contains(denials[signed.request_id], "IDEMPOTENCY_CONFLICT", "4.5.1")
        contains(denials[denied.request_id], "kontrak_pengadaan", "cp")
        ids = {r["decision_id"] for r in fresh if r.get("job") == failed.request_id}
        expect([r for r in fresh if r.get("outcome") == "failed"][0]["decision_id"] in ids,
               "the failed outcome belongs to the failed job")


@claim
def a_job_that_is_under_way_has_no_receipt_yet(faulty):
    with faulty.gateway("hsm: {timeout_ms: 9000}\n") as gateway:
        client, job = gateway.client(), item()
        fetch = client.call("unary_unary", "GetReceipt", rig.log.GetReceiptRequest,
                            rig.log.GetReceiptResponse, service="LogService")
        wanted = rig.log.GetReceiptRequest(request_id=job.request_id)
        under_way = hung_call(faulty, client, job)
        refusal = rig.refused(fetch, wanted, timeout=5)
        expect(not under_way.done(), "the job was answered too soon")
        equal(refusal.code, grpc.StatusCode.FAILED_PRECONDITION)
        contains(refusal.message, "no outcome yet")
        expect(under_way.exception() is not None, "the hung call was signed")


@claim
def an_id_that_is_under_way_is_not_signed_twice(faulty):
    with faulty.gateway() as gateway:
        client, job = gateway.client(), item(value=DIGEST)
        faulty.schedule("C_Sign@1+=slow")
        signs = faulty.rig.read("calls").split().count("C_Sign")
        calls = [call_of(client, job) for _ in range(3)]
        time.sleep(0.2)
        refusal = rig.refused(client.sign, item(request_id=job.request_id))
        equal(refusal.code, grpc.StatusCode.ALREADY_EXISTS, "the same id with other content")
        results = [call.result().result for call in calls]
        equal(len({r.signature for r in results}), 1, "signatures")
        equal(sorted(r.replayed for r in results), [False, True, True], "replayed")
        equal(faulty.rig.read("calls").split().count("C_Sign") - signs, 1, "key uses")


@contextlib.contextmanager
def repeated(faulty, seconds):
    """A job that waits in the lane behind slow ones, by a call with so much time, and the
    call that asks for it again. Gives gateway, job and both calls."""
    with faulty.gateway("hsm: {timeout_ms: 9000}\nsign: {deadline_ms: 20000}\n") as gateway:
        client, job = gateway.client(), item(value=DIGEST)
        before = faulty.rig.read("calls").count(" slow")
        faulty.schedule("C_Sign@1+=slow=4000")
        slow = [call_of(client, item()) for _ in range(2)]  # one a thread
        wait_for(lambda: faulty.rig.read("calls").count(" slow") == before + 2,
                 "C_Sign is not called")
        faulty.schedule("")
        first = call_of(client, job, seconds)
        wait_for(lambda: any(r["type"] == "intent" and r["job"] == job.request_id
                             for r in records(faulty.rig)), "there is no intent")
        again = call_of(client, job)
        yield gateway, job, first, again
        for call in slow:
            call.exception()


@claim
def whoever_asks_again_does_not_fail_by_the_time_of_the_first(faulty):
    with repeated(faulty, 2) as (gateway, job, first, again):
        equal(first.exception().code(), grpc.StatusCode.DEADLINE_EXCEEDED)
        result = again.result().result
        rig.check_cms(gateway.rig, result.signature, CONTENT)
        equal((result.attempt, result.replayed), (2, False), "attempt, replayed")
        equal(outcomes_of(gateway.rig, job), ["failed", "signed"])


@claim
def whoever_asks_again_does_not_fail_because_the_first_has_gone(faulty):
    def measure():
        with repeated(faulty, 20) as (gateway, job, first, again):
            first.cancel()
            time.sleep(0.2)  # until the gateway knows both
            for pid in lane_pid(gateway):
                os.kill(int(pid), signal.SIGKILL)
            if again.code() == UNAVAILABLE and (late := late_lane(gateway)):
                return late
            result = again.result().result
            rig.check_cms(gateway.rig, result.signature, CONTENT)
            equal((result.attempt, result.replayed), (2, False), "attempt, replayed")
            equal(outcomes_of(gateway.rig, job), ["failed", "signed"])
        return None
    right_once(measure)


@claim
def a_job_that_a_kill_left_open_is_closed_at_the_next_start(faulty):
    job = item(value=DIGEST)
    with faulty.gateway("hsm: {timeout_ms: 9000}\n") as gateway:
        under_way = hung_call(faulty, gateway.client(), job)
        gateway.stop(signal.SIGKILL)
        expect(under_way.exception() is not None, "the kill came too late")
    with faulty.gateway() as gateway:
        equal(outcomes_of(gateway.rig, job), ["indeterminate"], "outcomes after the start")
        found = records(gateway.rig)
        intent, outcome = (next(r for r in found if r["type"] == kind and
                                r.get("job") == job.request_id)
                           for kind in ("intent", "outcome"))
        for name in ("caller", "job", "key", "digest"):
            equal(outcome[name], intent[name], f"{name} of the OUTCOME")
        boot = [r for r in found if r["type"] == "boot"][-1]
        equal(boot["last_size"], str(outcome["seq"]), "records that the start found")
        equal(gateway.rig.segel("reviewer", "log", "verify").returncode, 0, "log verify")
        result = gateway.client().sign(job)
        equal((result.attempt, result.replayed), (2, False), "attempt, replayed")
        equal(outcomes_of(gateway.rig, job), ["indeterminate", "signed"], "outcomes")


# --- The queue is bounded -------------------------------------------------------------------

@claim
def a_full_queue_refuses_at_once_and_says_when_to_come_back(faulty):
    limited = "queue: {limit: 4}\nhsm: {timeout_ms: 9000}\nsign: {deadline_ms: 20000}\n"
    with faulty.gateway(limited) as gateway:
        client, ended = gateway.client(), []
        client.health()  # all calls come before the first signature
        faulty.schedule("C_Sign@1+=slow=2500")
        calls = [call_of(client, item()) for _ in range(8)]
        for call in calls:
            call.add_done_callback(lambda c: ended.append(c.code()))
        outcomes = [call.exception() for call in calls]
        refusals = [rig.Refusal(error) for error in outcomes if error is not None]
        expect(2 <= len(refusals) <= 4, f"{len(refusals)} of 8 were refused, 4 find room")
        for refusal in refusals:
            equal(refusal.code, grpc.StatusCode.RESOURCE_EXHAUSTED)
            expect(refusal.retry is not None, "RetryInfo says when to come back")
        wait_for(lambda: len(ended) == 8, "the calls do not end")
        equal(ended[:len(refusals)], [grpc.StatusCode.RESOURCE_EXHAUSTED] * len(refusals),
              "nobody waits for a place until another is signed: the first ends")
        faulty.schedule("")
        expect(client.sign().signature, "afterwards there is room again")
    with faulty.gateway() as gateway:
        shown = gateway.rig.segel("reviewer", "log", "show", "--json", "--type", "overload")
        contains(shown.stdout, f"queue full {len(refusals)},")


def batch_of(client, job):
    call = client.call("unary_unary", "SignBatch", rig.signing.SignBatchRequest,
                       rig.signing.SignBatchResponse)
    return call(rig.signing.SignBatchRequest(terms=rig.terms(), items=[job]), timeout=20)


def stream_of(client, job):
    call = client.call("stream_stream", "SignStream", rig.signing.SignStreamRequest,
                       rig.signing.SignStreamResponse)
    return next(call(iter([rig.signing.SignStreamRequest(terms=rig.terms(), items=[job])]),
                     timeout=20))


@claim
def a_full_queue_has_the_same_name_in_batches_and_streams(faulty):
    limited = "queue: {limit: 4}\nhsm: {timeout_ms: 9000}\nsign: {deadline_ms: 20000}\n"
    with faulty.gateway(limited) as gateway:
        client = gateway.client()
        faulty.schedule("C_Sign@1+=slow=4000")
        calls = [call_of(client, item()) for _ in range(8)]
        wait_for(lambda: any(call.done() for call in calls), "nobody is refused")
        for ask in (batch_of, stream_of):
            status = ask(client, item()).results[0].status
            equal((status.code, status.reason), (8, "QUEUE_FULL"), ask.__name__)
            expect(status.retry_after_us > 0, "it says when to come back")
        faulty.schedule("")
        for call in calls:
            call.cancel()


if __name__ == "__main__":
    sys.exit(rig.run(Faulty(rig.Rig("lanes"))))
