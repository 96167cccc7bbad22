#!/usr/bin/python3
"""Several lanes: which of them takes a key's job, what becomes of one that fails there, and
how lanes come and go while the gateway runs."""
import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import sys
import threading
import time

import grpc
import rig
from faulty import late_lane, list_tokens, right_once, stand_still
from rig import claim, contains, equal, expect, item
from town import Town, lanes_of, sign_many, until

CONTENT = b"Isi surat contoh (TEST)\n"
DIGEST = hashlib.sha256(CONTENT).digest()
UNAVAILABLE = grpc.StatusCode.UNAVAILABLE


def signs(gateway, seconds=10, **changes):
    """Signs, and asks again with the same id while the HSM is away."""
    job, end = item(value=DIGEST), time.monotonic() + seconds
    while True:
        try:
            return gateway.client().sign(job, **changes)
        except grpc.RpcError as error:
            expect(error.code() == UNAVAILABLE, f"{error.code()}: {error.details()}")
            expect(time.monotonic() < end, f"still {error.details()}")
            time.sleep(0.1)


@claim
def work_is_shared_by_the_lanes_that_hold_the_key(town):
    with town.gateway() as gateway:
        results = sign_many(gateway, 200)
        expect(all(r.signature for r in results), "all are signed")
        used = [r["lane"] for r in town.records() if r["type"] == "outcome"]
        expect(used.count("lane0") > 30 and used.count("lane1") > 30,
               f"lane0 {used.count('lane0')}, lane1 {used.count('lane1')}")


@claim
def the_busier_lane_gets_less(town):
    with town.gateway() as gateway:
        town.schedule("lane0", "C_Sign@1+=slow")
        sign_many(gateway, 8)
        before = len(town.records())
        expect(all(r.signature for r in sign_many(gateway, 60)), "all are signed")
        used = [r["lane"] for r in town.records()[before:] if r["type"] == "outcome"]
        expect(used.count("lane0") < used.count("lane1"),
               f"the slow lane0 {used.count('lane0')}, lane1 {used.count('lane1')}")


@claim
def a_job_that_fails_on_one_token_is_signed_by_the_other_and_both_are_recorded(town):
    with town.gateway() as gateway:
        for lane in ("lane0", "lane1"):
            town.schedule("lane0", "")
            town.schedule("lane1", "")
            until(lambda: len(lanes_of(gateway)) == 2)
            time.sleep(0.5)
            town.schedule(lane, "C_SignInit@1+=31")
            jobs = [item() for _ in range(6)]
            results = gateway.client().batch(jobs)
            expect(all(r.signature for r in results), f"{lane} fails, the other signs")
            seen = [town.outcomes(job) for job in jobs]
            other = "lane1" if lane == "lane0" else "lane0"
            expect([("failed", lane), ("signed", other)] in seen, f"outcomes: {seen}")
            for result, outcomes in zip(results, seen):
                equal(result.attempt, len(outcomes), "attempt")


@claim
def a_wrong_signature_of_one_token_is_made_good_by_the_other(town):
    with town.gateway() as gateway:
        town.schedule("lane0", "C_Sign@1+=flip")
        for _ in range(6):
            rig.check_cms(gateway.rig, gateway.client().sign(item(value=DIGEST)).signature,
                          CONTENT)


@claim
def a_job_that_both_tokens_fail_is_refused_and_recorded_twice(town):
    with town.gateway() as gateway:
        town.schedule("lane0", "C_SignInit@1+=82")
        town.schedule("lane1", "C_SignInit@1+=82")
        job = item(value=DIGEST)
        refusal = rig.refused(gateway.client().sign, job)
        equal(refusal.code, UNAVAILABLE)
        equal([outcome for outcome, _ in town.outcomes(job)], ["failed", "failed"])
        town.schedule("lane0", "")
        town.schedule("lane1", "")
        equal(gateway.client().sign(job).attempt, 3, "attempt")


def call_of(gateway, job):
    client = gateway.client()
    call = client.call("unary_unary", "Sign", rig.signing.SignRequest, rig.signing.SignResponse)
    return call.future(rig.signing.SignRequest(terms=rig.terms(), item=job), timeout=40)


def intents_of(town, job):
    return [r for r in town.records() if r["type"] == "intent" and r["job"] == job.request_id]


@claim
def an_id_is_tried_three_times_though_whoever_asked_first_has_gone(town):
    """Its first attempt fails on lane0, which is started anew; lane1 stands still and is
    full. Meanwhile the one who asked first goes, and the other's attempts go on."""
    config = town.config(town.block("lane0", "softhsm2.conf", threads="1"),
                         town.block("lane1", "lane1.conf"),
                         more="hsm: {timeout_ms: 60000, start_ms: 20000}\n"
                              "sign: {deadline_ms: 60000}\nqueue: {lane_window: 1}\n")
    with town.gateway(config) as gateway:
        pids = lanes_of(gateway)
        for pid in pids.values():
            stand_still(pid)
        job, beside = item(value=DIGEST), item()
        first = call_of(gateway, job)
        until(lambda: intents_of(town, job))
        again = call_of(gateway, job)
        time.sleep(0.3)  # until it waits for the first one's answer: no lane is full yet
        other = call_of(gateway, beside)
        until(lambda: intents_of(town, beside))
        town.schedule("lane0", "C_SignInit@1=31 C_Initialize@1=slow=6000")
        os.kill(pids["lane0"], signal.SIGCONT)
        until(lambda: town.outcomes(job) == [("failed", "lane0")])
        # The canary of the fresh lane is well, and all that comes behind it fails.
        town.schedule("lane0", "C_Initialize@1=slow=2000 C_SignInit@2+=82")
        first.cancel()
        equal(again.exception(timeout=40).code(), UNAVAILABLE)
        equal(town.outcomes(job), [("failed", "lane0")] * 3, "attempts")
        os.kill(pids["lane1"], signal.SIGCONT)
        expect(other.result().result.signature, "what lane1 had is signed")


@claim
def what_a_killed_lane_had_begun_is_indeterminate_and_the_rest_goes_to_the_other(town):
    with town.gateway() as gateway:
        town.schedule("lane0", "C_Sign@1+=hang")
        jobs = [item() for _ in range(40)]
        results = gateway.client().batch(jobs, timeout=20)
        lost = [r for r in results if not r.signature]
        expect(1 <= len(lost) <= 2, f"{len(lost)} jobs are lost, the lane has two threads")
        for result in lost:
            equal(result.status.code, UNAVAILABLE.value[0])
            equal(town.outcomes(item(result.request_id)), [("indeterminate", "lane0")])
        again = [r for r in results if r.signature and r.attempt == 2]
        expect(again, "jobs that the hung lane had not begun were signed by the other")
        for result in again[:3]:
            equal(town.outcomes(item(result.request_id)),
                  [("failed", "lane0"), ("signed", "lane1")])
        town.schedule("lane0", "")
        mended = gateway.client().batch([j for j in jobs if j.request_id
                                         in {r.request_id for r in lost}])
        equal([r.attempt for r in mended], [2] * len(lost), "attempts")


@claim
def a_lane_that_hangs_does_not_slow_the_other_down(town):
    with town.gateway() as gateway:
        client = gateway.client()
        client.batch([item() for _ in range(50)])
        town.schedule("lane0", "C_Sign@1+=hang")
        before = town.rig.read("calls-lane0").count(" hang ")
        times, began = [], time.monotonic()
        while time.monotonic() < began + (3 if len(times) > 50 else 30):
            start = time.monotonic()
            with contextlib.suppress(grpc.RpcError):
                client.sign(timeout=5)
                times.append(time.monotonic() - start)
        expect(len(times) > 50, f"{len(times)} jobs were signed meanwhile")
        expect(town.rig.read("calls-lane0").count(" hang ") > before, "no job hung")
        slow = [t for t in times if t > 1.5]
        expect(len(slow) <= 2, f"{len(slow)} signed jobs waited for the hung lane")


@claim
def a_lane_whose_key_is_another_gets_no_jobs(town):
    other = rig.Rig("routes-other", "seal-demo:p-256")
    shutil.rmtree(town.rig.path("tokens-lane1"))
    shutil.copytree(other.path("tokens"), town.rig.path("tokens-lane1"))
    town.rig.write("other-pin", other.read("pin"))
    os.chmod(town.rig.path("other-pin"), 0o600)
    ours = json.loads(town.rig.read("seal-demo.json"))["id"]
    theirs = json.loads(other.read("seal-demo.json"))["id"]
    canary = re.search(r'canary: "(\w+)"', other.read("segeld.yaml")).group(1)
    twin = town.block("lane1", "lane1.conf", pin_file="other-pin", canary=f'"{canary}"')
    config = town.config(town.lane0, twin)
    text = town.rig.read("town.yaml").replace(f'id: "{ours}"', f'id: "{theirs}"')
    expect(theirs != ours and theirs in text, "the ids differ, and the other's is named")
    town.rig.write("town.yaml", text)
    town.calm()
    with town.rig.gateway(config) as gateway:
        # On lane0 there is no such id, on lane1 it is another public key.
        refusal = rig.refused(gateway.client().sign)
        equal(refusal.code, grpc.StatusCode.FAILED_PRECONDITION)
        contains(refusal.message, "certificate")
    with town.rig.gateway(town.config(town.lane0, twin)) as gateway:
        expect(all(r.signature for r in sign_many(gateway, 20)), "lane0 signs all")
        used = {r["lane"] for r in town.records()[-30:] if r["type"] == "outcome"}
        equal(used, {"lane0"}, "lanes that signed")
    shutil.rmtree(town.rig.path("tokens-lane1"))
    shutil.copytree(town.rig.path("tokens"), town.rig.path("tokens-lane1"))


# The second that is asked of a key, after CKA_ALWAYS_AUTHENTICATE: CKA_LOCAL.
LESS_TOLD = "C_GetAttributeValue@2=12"  # CKR_ATTRIBUTE_TYPE_INVALID


@claim
def a_lane_that_shows_the_key_worse_gets_no_jobs(town):
    town.calm()
    town.schedule("lane1", LESS_TOLD)
    with town.rig.gateway(town.both()) as gateway:
        contains(gateway.wait_event("key.lane_left_out")["lane"], "lane1")
        before = len(town.records())
        expect(all(r.signature for r in sign_many(gateway, 40)), "all are signed")
        used = {r["lane"] for r in town.records()[before:] if r["type"] == "outcome"}
        equal(used, {"lane0"}, "lanes that signed")
    with town.rig.gateway(town.config(town.lane0, town.block("lane1", "lane1.conf"),
                                      key_lanes="[lane1]")) as gateway:
        refusal = rig.refused(gateway.client().sign)
        equal((refusal.code, refusal.info.reason),
              (grpc.StatusCode.FAILED_PRECONDITION, "KEY_IMPORTED"))


@claim
def a_job_judged_by_what_is_no_longer_so_is_not_signed(town):
    def measure():
        with town.gateway(town.config(town.lane0)) as gateway:
            client = gateway.client()
            equal(client.health(), "SERVING")  # connected: the job comes before the lane
            # The next process takes its time, and shows the key as imported.
            town.schedule("lane0", "C_OpenSession@1=slow=300 " + LESS_TOLD)
            os.kill(lanes_of(gateway)["lane0"], signal.SIGKILL)
            gateway.wait_event("lane.down")
            # It is judged again by what the key is now.
            refusal = rig.refused(client.sign)
            late = refusal.code == UNAVAILABLE and late_lane(gateway)
            if not late:
                equal((refusal.code, refusal.info.reason),
                      (grpc.StatusCode.FAILED_PRECONDITION, "KEY_IMPORTED"))
            return late
    right_once(measure)


# The first object that is looked for is the key: it is not found.
NOT_THERE = "C_FindObjects@1=0"


def takes_away(town, gateway, lane):
    """Its token is away from now on."""
    pid = lanes_of(gateway)[lane]
    town.schedule(lane, "C_OpenSession@1+=e0")  # CKR_TOKEN_NOT_PRESENT
    os.kill(pid, signal.SIGKILL)
    until(lambda: lane not in gateway_up(gateway))


def gateway_up(gateway):
    return {t.lane for t in list_tokens(gateway) if t.lane_state == "up"}


@claim
def a_lane_that_comes_back_without_the_key_gets_no_jobs_while_the_other_is_away(town):
    with town.gateway() as gateway:
        client = gateway.client()
        takes_away(town, gateway, "lane1")
        expect(client.sign().signature, "lane0 signs")
        pid = lanes_of(gateway)["lane0"]
        town.schedule("lane0", NOT_THERE)
        os.kill(pid, signal.SIGKILL)
        left_out = gateway.wait_event("key.lane_left_out")
        equal(left_out["lane"], "lane0")
        contains(left_out["why"], "is not on the token")
        until(lambda: "lane0" in gateway_up(gateway))
        job = item(value=DIGEST)
        refusal = rig.refused(client.sign, job)
        equal(refusal.code, UNAVAILABLE, refusal.message)
        contains(refusal.message, "token 'segel-demo' opens no session")
        equal(intents_of(town, job), [], "intents for a lane that has no such key")
        equal(client.health("segel.key/seal-demo"), "NOT_SERVING")
        town.schedule("lane1", "")
        until(lambda: "lane1" in gateway_up(gateway))
        rig.check_cms(gateway.rig, client.sign(job).signature, CONTENT)
        equal(town.outcomes(job), [("signed", "lane1")])


@claim
def a_key_that_no_lane_has_any_more_is_refused_when_all_have_answered(town):
    with town.gateway() as gateway:
        takes_away(town, gateway, "lane1")
        pid = lanes_of(gateway)["lane0"]
        town.schedule("lane0", NOT_THERE)
        os.kill(pid, signal.SIGKILL)
        gateway.wait_event("key.lane_left_out")
        town.schedule("lane1", NOT_THERE)
        until(lambda: len(gateway_up(gateway)) == 2)
        refusal = rig.refused(gateway.client().sign)
        equal((refusal.code, refusal.info.reason),
              (grpc.StatusCode.FAILED_PRECONDITION, "KEY_CERT_MISMATCH"))


def next_policy(town):
    """The same rules under the next version; what records will call it."""
    text = town.rig.read("policy.yaml")
    version = int(re.search(r"^  version: (\d+)$", text, flags=re.M).group(1))
    text = text.replace(f"  version: {version}\n", f"  version: {version + 1}\n", 1)
    town.rig.write("policy.yaml", text)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


@claim
def another_policy_reaches_a_key_whose_lane_is_away(town):
    with town.gateway(town.config(town.lane0)) as gateway:
        client = gateway.client()
        client.sign()
        town.schedule("lane0", "C_OpenSession@1=slow=1500")
        os.kill(lanes_of(gateway)["lane0"], signal.SIGKILL)
        gateway.wait_event("lane.down")
        rev = next_policy(town)
        gateway.process.send_signal(signal.SIGHUP)
        gateway.wait_event("policy.loaded")
        denial = rig.refused(client.sign, notice_shown=False)  # judged without a lane
        equal(denial.denial.policy_sha256.hex(), rev.removeprefix("sha256:"), "judged by")
        gateway.wait_event("lane.up")
        expect(client.sign().signature, "the lane came back")
        made = [r for r in town.records() if r["type"] in ("intent", "deny")][-2:]
        equal([(r["type"], r["policy_rev"]) for r in made], [("deny", rev), ("intent", rev)])


@claim
def a_lane_whose_canary_fails_gets_no_jobs_until_it_sings(town):
    with town.gateway() as gateway:
        town.schedule("lane1", "C_Sign@1+=flip")
        os.kill(lanes_of(gateway)["lane1"], signal.SIGKILL)
        gateway.wait_event("lane.down")
        before = len(town.records())
        expect(all(r.signature for r in sign_many(gateway, 30)), "lane0 signs all")
        used = {r["lane"] for r in town.records()[before:] if r["type"] == "outcome"}
        equal(used, {"lane0"}, "lanes that signed")
        town.schedule("lane1", "")
        gateway.wait_event("lane.up")


@claim
def a_canary_that_is_not_on_the_token_is_named(town):
    town.calm()
    code, text = town.rig.refuses(town.both(canary='"beef"'))
    expect(code == 1, f"exit code {code}")
    contains(text, "lane1", "canary", "beef")


def canaries(town):
    return town.rig.read("calls-lane1").count("C_SignInit ")


@claim
def the_canary_is_signed_again_and_again(town):
    config = town.both()
    with open(config, "a", encoding="ascii") as file:
        file.write("hsm: {canary_ms: 1000}\n")
    with town.gateway(config):
        town.rig.write("calls-lane1", "")
        begin = time.monotonic()
        until(lambda: canaries(town) >= 3)
        calls, seconds = canaries(town), time.monotonic() - begin
        expect(calls <= seconds + 1.5, f"{calls} canaries in {seconds:.1f} s")


@claim
def a_lane_is_added_and_taken_away_while_jobs_run(town):
    alone = town.config(town.lane0)
    with town.gateway(alone) as gateway:
        results, ended = [], threading.Event()

        def stream():
            while not ended.is_set():
                results.extend(sign_many(gateway, 20))
        worker = threading.Thread(target=stream)
        worker.start()
        town.both()
        gateway.process.send_signal(signal.SIGHUP)
        gateway.wait_event("lane.up")
        until(lambda: any(r.get("lane") == "lane1" for r in town.records()))
        town.config(town.lane0)
        gateway.process.send_signal(signal.SIGHUP)
        gateway.wait_event("lane.removed")
        until(lambda: list(lanes_of(gateway)) == ["lane0"])
        ended.set()
        worker.join(timeout=30)
        expect(len(results) > 50 and all(r.signature for r in results),
               f"of {len(results)} jobs {sum(not r.signature for r in results)} failed")
        kinds = [r["type"] for r in town.records()]
        contains(" ".join(kinds), "lane.added", "lane.leaving", "lane.removed")


@claim
def a_reload_that_would_change_the_log_keys_lane_does_nothing(town):
    with town.gateway() as gateway:
        town.config(town.block("lane1", "lane1.conf"), town.lane0.replace("threads: 2",
                                                                          "threads: 3"))
        gateway.process.send_signal(signal.SIGHUP)
        contains(gateway.wait_event("reload.failed")["why"], "lane0", "log key")
        town.rig.write("town.yaml", "lanes: nonsense\n")
        gateway.process.send_signal(signal.SIGHUP)
        until(lambda: len(gateway.find("reload.failed")) == 2)
        equal(sorted(lanes_of(gateway)), ["lane0", "lane1"])
        expect(gateway.client().sign().signature, "signed")


@claim
def a_lane_that_is_down_at_the_start_comes_later(town):
    town.calm()
    town.schedule("lane1", "C_OpenSession@1+=e0")
    with town.rig.gateway(town.both()) as gateway:
        expect(gateway.client().sign().signature, "lane0 serves meanwhile")
        town.schedule("lane1", "")
        gateway.wait_event("lane.up")
        before = len(town.records())
        expect(all(r.signature for r in sign_many(gateway, 60)), "all are signed")
        used = {r["lane"] for r in town.records()[before:] if r["type"] == "outcome"}
        equal(used, {"lane0", "lane1"}, "lanes that signed")


@claim
def keys_and_lanes_may_be_named_by_uri(town):
    pin = town.rig.path("pin")
    key = json.loads(town.rig.read("seal-demo.json"))["id"]
    canary = re.search(r'canary: "(\w+)"', town.base).group(1)
    by_uri = (f'  - {{name: lane0, threads: 2, canary: "{canary}", '
              "environment: {SOFTHSM2_CONF: softhsm2.conf}, "
              f'uri: "pkcs11:token=segel-demo;manufacturer=SoftHSM%20project'
              f'?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:{pin}"}}\n')
    config = town.config(by_uri)
    percent = "".join(f"%{key[i:i + 2]}" for i in range(0, len(key), 2))
    text = town.rig.read("town.yaml").replace(
        f'id: "{key}"', f'uri: "pkcs11:token=segel-demo;id={percent};object=seal-demo"')
    town.rig.write("town.yaml", text)
    with town.rig.gateway(config) as gateway:
        rig.check_cms(town.rig, gateway.client().sign(item(value=DIGEST)).signature, CONTENT)


@claim
def one_slow_kind_of_key_does_not_hold_up_the_other(the_town):
    town = Town("routes-kinds", "seal-demo:rsa-2048", "quick:p-256")
    patient = "hsm: {timeout_ms: 9000}\nsign: {deadline_ms: 60000}\n"
    config = town.config(town.lane0.replace("threads: 2", "threads: 1"), more=patient)
    with town.rig.gateway(config) as gateway:
        client = gateway.client()
        client.sign(key="quick", hash_algorithm=rig.common.HASH_ALGORITHM_SHA256)

        def begun():
            return town.rig.read("calls-lane0").count("C_Sign ")
        before = begun()
        town.schedule("lane0", "C_Sign@1+=slow=200")
        call = client.call("unary_unary", "SignBatch", rig.signing.SignBatchRequest,
                           rig.signing.SignBatchResponse)
        bulk = call.future(rig.signing.SignBatchRequest(
            terms=rig.terms(), items=[item() for _ in range(100)]), timeout=60)
        # Before the first figure 50 RSA jobs are given to the lane at once.
        until(lambda: begun() > before + 1)
        before = begun()
        for _ in range(5):
            client.sign(key="quick")
        meanwhile = begun() - before - 5
        expect(not bulk.done(), "the RSA jobs are not signed yet")
        # They take turns: behind all that wait it would be more than 40. This machine's speed
        # counts only as far as the lane goes on between one P-256 job and the next.
        expect(meanwhile < 25, f"{meanwhile} RSA jobs go before 5 P-256 jobs")
        town.schedule("lane0", "")
        bulk.cancel()


if __name__ == "__main__":
    sys.exit(rig.run(Town("routes")))
