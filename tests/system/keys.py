#!/usr/bin/python3
"""The life of keys as officers order it: held, released, activated for so many jobs or until
a moment, followed by another key, reported as compromised; what each state refuses, and
that a restart, a kill and a clock that is set back change nothing of it."""
import contextlib
import hashlib
import json
import os
import re
import secrets
import signal
import sqlite3
import ssl
import subprocess
import sys
import threading
import time

import grpc
import rig
from faulty import SELDOM, metrics, wait_for
from people import CODE, EXECUTED, PENDING, People, approve, get, hup
from preload import begun
from rig import claim, contains, equal, expect, keys

ACCEPTED, ACTIVE, INACTIVE, HELD, RETIRED, COMPROMISED = 3, 4, 5, 6, 7, 8
ONE_TIME, COUNT, WINDOW = 1, 2, 3
KEY, NEXT, OTHER = "seal-demo", "seal-next", "seal-other"
DAY_US = 86400 * 10**6
SPANS = (4, 12)  # seconds of a window that is to end


# --- Calls ---------------------------------------------------------------------------------

def call(gateway, name, method, request, timeout=20):
    reply = getattr(keys, type(request).__name__.removesuffix("Request") + "Response")
    stub = gateway.client(name).call("unary_unary", method, type(request), reply,
                                     service="KeyService")
    return stub(request, timeout=timeout)


def an_id(request_id):
    return request_id or secrets.token_hex(8)


def hold(gateway, name="officer-1", key=KEY, reason="a laptop was lost (TEST)"):
    return call(gateway, name, "HoldKey", keys.HoldKeyRequest(
        request_id=an_id(None), key=key, reason=reason))


def deactivate(gateway, name="officer-1", key=KEY):
    return call(gateway, name, "DeactivateKey", keys.DeactivateKeyRequest(
        request_id=an_id(None), key=key, reason="the day is over (TEST)"))


def compromise(gateway, name="officer-1", key=KEY, since_us=0, timeout=20):
    return call(gateway, name, "ReportCompromise", keys.ReportCompromiseRequest(
        request_id=an_id(None), key=key, suspected_since_us=since_us,
        reason="a copy was seen (TEST)"), timeout)


def ask_release(gateway, name="officer-1", key=KEY):
    return call(gateway, name, "ReleaseKey", keys.ReleaseKeyRequest(
        request_id=an_id(None), key=key, reason="it was found (TEST)"))


def ask_activate(gateway, key=KEY, name="officer-1", request_id=None, **activation):
    return call(gateway, name, "ActivateKey", keys.ActivateKeyRequest(
        request_id=an_id(request_id), key=key, reason="letters of the day (TEST)",
        activation=keys.Activation(**activation)))


def ask_rotate(gateway, key=KEY, successor=NEXT, days=0, name="officer-1"):
    return call(gateway, name, "RotateKey", keys.RotateKeyRequest(
        request_id=an_id(None), key=key, successor=successor, overlap_days=days,
        reason="re-key of the year (TEST)"))


def agree(people, gateway, asked):
    """The signatures of two others; the request as it is then."""
    for name in ("officer-2", "officer-3"):
        asked = approve(gateway, asked.id, people.keys[name], name)
    return asked


def activate(people, gateway, key=KEY, **activation):
    done = agree(people, gateway, ask_activate(gateway, key, **activation).approval)
    equal((done.state, done.outcome.message), (EXECUTED, ""), "the activation")
    return done


def release(people, gateway, key=KEY):
    done = agree(people, gateway, ask_release(gateway, key=key).approval)
    equal((done.state, done.outcome.message), (EXECUTED, ""), "the release")


def rotate(people, gateway, days=0, key=KEY, successor=NEXT):
    done = agree(people, gateway, ask_rotate(gateway, key, successor, days).approval)
    equal((done.state, done.outcome.message), (EXECUTED, ""), "the rotation")


def look(gateway, key=KEY, name="reviewer"):
    return call(gateway, name, "GetKey", keys.GetKeyRequest(key=key))


def state(gateway, key=KEY):
    return look(gateway, key).key.state


def listed(gateway, name="reviewer", **more):
    return call(gateway, name, "ListKeys", keys.ListKeysRequest(**more))


def reason(gateway, **terms):
    refusal = rig.refused(gateway.client().sign, **terms)
    return refusal.code, refusal.info.reason


def signs(gateway, **terms):
    return len(gateway.client().sign(**terms).signature) > 0


def in_s(seconds):
    """A moment in whole seconds, in microseconds."""
    return (int(time.time()) + seconds) * 10**6


def sign_in_a_window(people, gateway, ahead_s=0):
    """One job in a window that ends soon; ahead_s: of us, by the gateway's clock. Two have to
    agree first: a machine that is too busy gets more."""
    for seconds in SPANS:
        try:
            activate(people, gateway, mode=WINDOW, until_us=in_s(ahead_s + seconds))
            expect(signs(gateway), "it signs in its window")
            return
        except (rig.Failed, grpc.RpcError):
            if seconds == SPANS[-1]:
                raise


# --- Holding -------------------------------------------------------------------------------

@claim
def a_key_of_the_configuration_is_accepted_and_known_with_all_its_facts(people):
    with people.gateway() as gateway:
        got = look(gateway)
        key = got.key
        equal((key.name, key.state, key.type, key.purpose), (KEY, ACCEPTED, 1, 1))
        expect(key.certificate.der and key.certificate.subject and len(key.spki_sha256) == 32,
               "its certificate")
        equal(len(key.tokens), 1)
        token = key.tokens[0]
        equal((token.lane, token.available, token.local, token.sensitive, token.extractable),
              ("lane0", True, True, True, False))
        expect(token.ckaid_hex and len(got.log.leaf_hash) == 32, "its place")
        page = listed(gateway)
        equal([k.name for k in page.keys], [KEY, NEXT, OTHER, "seal-slot"])
        expect(not page.keys[0].certificate.der and not page.keys[0].tokens, "the short form")
        first = listed(gateway, page_size=3)
        rest = listed(gateway, page_size=3, page_token=first.next_page_token)
        equal([k.name for k in rest.keys], ["seal-slot"])
        equal([k.name for k in listed(gateway, states=[ACCEPTED]).keys], [KEY, NEXT, OTHER])
        equal(rig.refused(look, gateway, name="e-office").code, CODE.PERMISSION_DENIED)
        equal(rig.refused(look, gateway, "seal-none").code, CODE.NOT_FOUND)
        equal(listed(gateway, name="officer-1").keys[0].name, KEY)


@claim
def a_slot_without_a_certificate_is_no_key_yet(people):
    with people.gateway() as gateway:
        equal(look(gateway, "seal-slot").key.state, 0)
        refusal = rig.refused(gateway.client().sign, key="seal-slot")
        equal(refusal.code, CODE.FAILED_PRECONDITION)
        contains(refusal.message, "no certificate yet")
        equal(rig.refused(gateway.client().signer, "seal-slot").code, CODE.FAILED_PRECONDITION)
        slot = "key 'seal-slot' is an empty slot, which 'segel key generate' fills"
        for refusal in (rig.refused(hold, gateway, key="seal-slot"),
                        rig.refused(ask_activate, gateway, "seal-slot", mode=ONE_TIME),
                        rig.refused(ask_rotate, gateway, KEY, "seal-slot")):
            equal(refusal.code, CODE.FAILED_PRECONDITION)
            contains(refusal.message, slot)
        told = people.rig.segel("officer-1", "key", "csr", "seal-slot", "--subject", "CN=x",
                                "--out", people.rig.path("slot.csr"))
        contains(told.stderr, slot)
        contains(rig.refused(ask_rotate, gateway, KEY, KEY).message, "cannot follow itself")
        equal(reason(gateway, key=OTHER)[1], "KEY_NOT_ACTIVATED", "a rule of another key")


@claim
def one_officer_or_reviewer_holds_a_key_at_once(people):
    for name in ("officer-1", "reviewer"):
        with people.shadow() as gateway:
            expect(signs(gateway), "it signs before")
            held = hold(gateway, name)
            equal((held.key.state, held.key.state_before_hold), (HELD, ACCEPTED))
            equal(reason(gateway), (CODE.FAILED_PRECONDITION, "KEY_HELD"))
            expect(signs(gateway, key=OTHER), "another key signs")
            record = people.records("key.hold")[-1]
            equal((record["subject"], record["person"], record["previous"]),
                  (KEY, name, "accepted"))
            equal(record["seq"], held.log.index)
            deny = people.records("deny")[-1]
            equal((deny["by"], deny["fail"][0]["code"], deny["fail"][0]["cp"]),
                  ("gateway", "KEY_HELD", "4.9.13"))
            again = hold(gateway, "officer-2", reason="another (TEST)")
            equal((again.log.index, again.key.hold_reason),
                  (held.log.index, "a laptop was lost (TEST)"), "it was held already")
            wait_for(lambda: gateway.client().health(f"segel.key/{KEY}") == "NOT_SERVING",
                     "its health")
            equal(gateway.client().health(f"segel.key/{OTHER}"), "SERVING")
            equal(gateway.client().health(), "SERVING")
            equal(metrics(gateway).value("segel_key_state", key=KEY, state="held"), 1)


@claim
def a_hold_denies_the_next_job_of_a_batch_and_what_was_begun_is_delivered(people):
    with people.shadow() as gateway:
        client, results, over = gateway.client(), [], threading.Event()

        def run():
            while not over.is_set():
                results.extend(client.batch([rig.item() for _ in range(64)]))

        threads = [threading.Thread(target=run, daemon=True) for _ in range(3)]
        for thread in threads:
            thread.start()
        wait_for(lambda: len(results) > 200, "nothing is signed", 30)
        hold(gateway)
        wait_for(lambda: sum("held" in r.status.message for r in list(results)) > 200,
                 "nothing is refused", 30)
        over.set()
        for thread in threads:
            thread.join(timeout=60)
        records = people.records()
        at = next(r["seq"] for r in records if r["type"] == "key.hold")
        equal([r["seq"] for r in records if r["type"] == "intent" and r["seq"] > at], [],
              "an INTENT behind the hold")
        begun = [r for r in records if r["type"] == "intent"]
        signed = [r for r in records if r["type"] == "outcome" and r["outcome"] == "signed"]
        equal(len(signed), len(begun), "what was begun")
        equal(sum(len(r.signature) > 0 for r in results), len(begun), "and it was delivered")


@claim
def what_was_signed_before_a_hold_can_be_had_again(people):
    with people.shadow() as gateway:
        the_item = rig.item()
        signature = gateway.client().sign(the_item).signature
        hold(gateway)
        equal(gateway.client().sign(the_item).signature, signature)
        refused = rig.item()
        equal(rig.refused(gateway.client().sign, refused).info.reason, "KEY_HELD")
        release(people, gateway)
        expect(gateway.client().sign(refused).signature, "the same id, after the release")


@claim
def a_release_needs_several_officers_and_no_reviewer(people):
    with people.shadow() as gateway:
        equal(rig.refused(ask_release, gateway).code, CODE.FAILED_PRECONDITION, "not held")
        hold(gateway, "reviewer")
        equal(rig.refused(ask_release, gateway, "reviewer").code, CODE.PERMISSION_DENIED)
        equal(rig.refused(ask_release, gateway, "e-office").code, CODE.PERMISSION_DENIED)
        asked = ask_release(gateway).approval
        equal((asked.state, asked.task, asked.object), (PENDING, "key.release", KEY))
        equal(rig.refused(approve, gateway, asked.id, people.keys["reviewer"],
                          "reviewer").code, CODE.PERMISSION_DENIED)
        approve(gateway, asked.id, people.keys["officer-2"])
        equal((state(gateway), reason(gateway)[1]), (HELD, "KEY_HELD"), "one is not enough")
        done = approve(gateway, asked.id, people.keys["officer-3"], "officer-3")
        equal(done.state, EXECUTED)
        equal(state(gateway), ACCEPTED, "it returns to what it was")
        expect(signs(gateway), "it signs again")
        record = people.records("key.release")[-1]
        equal((record["subject"], record["grant"], record["approvers"], record["state"]),
              (KEY, asked.id, "officer-2,officer-3", "accepted"))


@claim
def a_restart_and_a_kill_keep_a_hold(people):
    with people.shadow() as gateway:
        hold(gateway)
        gateway.stop(signal.SIGKILL)
    with people.shadow(keep=True) as gateway:
        equal((state(gateway), reason(gateway)[1]), (HELD, "KEY_HELD"))
        gateway.stop()
    with people.shadow(keep=True) as gateway:
        got = look(gateway)
        equal((got.key.hold_reason, got.key.state_before_hold),
              ("a laptop was lost (TEST)", ACCEPTED))


# --- Compromise ----------------------------------------------------------------------------

@claim
def a_compromise_is_final(people):
    with people.shadow() as gateway:
        signs(gateway)
        done = compromise(gateway, "reviewer", since_us=1)
        equal(done.key.state, COMPROMISED)
        equal(reason(gateway), (CODE.FAILED_PRECONDITION, "KEY_COMPROMISED"))
        record = people.records("key.state")[-1]
        equal((record["subject"], record["state"], record["person"], record["previous"]),
              (KEY, "compromised", "reviewer", "accepted"))
        equal(people.records("deny")[-1]["fail"][0]["cp"], "4.9.12")
        again = compromise(gateway)
        equal(again.log.index, done.log.index, "it was reported already")
        for refused in (hold, deactivate, ask_release):
            equal(rig.refused(refused, gateway).code, CODE.FAILED_PRECONDITION)
        equal(rig.refused(ask_activate, gateway, mode=ONE_TIME).code, CODE.FAILED_PRECONDITION)
        equal(rig.refused(ask_rotate, gateway).code, CODE.FAILED_PRECONDITION)
        equal(rig.refused(ask_rotate, gateway, NEXT, KEY).code, CODE.FAILED_PRECONDITION)
        equal(rig.refused(compromise, gateway, "e-office").code, CODE.PERMISSION_DENIED)
        gateway.stop(signal.SIGKILL)
    with people.shadow(keep=True) as gateway:
        equal((state(gateway), reason(gateway)[1]), (COMPROMISED, "KEY_COMPROMISED"))


@claim
def a_compromise_says_how_many_signatures_were_made_since(people):
    with people.shadow() as gateway:
        for _ in range(3):
            signs(gateway)
        middle = int(time.time() * 1e6)
        for _ in range(2):
            signs(gateway)
        gateway.client().sign(key=NEXT)
        unknown = compromise(gateway)  # the moment is not known: nothing is counted
        equal((unknown.signatures_since, unknown.counted), (0, False))
        for since, count in ((middle, 2), (1, 5), (int(time.time() * 1e6) + 10**6, 0)):
            done = compromise(gateway, "reviewer", since_us=since)
            equal((done.signatures_since, done.counted), (count, True), f"since {since}")
        for late in (int(time.time() * 1e6) + 3600 * 10**6, 2**63 - 1):
            refusal = rig.refused(compromise, gateway, since_us=late)
            equal(refusal.code, CODE.INVALID_ARGUMENT, f"since {late}")
            contains(refusal.message, "not come yet")
        told = people.rig.segel("officer-1", "key", "compromise", KEY, "--reason", "(TEST)",
                                "--since", "2020-01-01T00:00:00Z")
        equal(told.returncode, 0, told.stderr)
        contains(told.stdout, "5 signatures were made with it since then")


@claim
def a_compromise_is_answered_before_its_deadline_with_what_was_counted_so_far(people):
    """The log is longer than one look at it, and the officer waits less long than the count
    would have: a second look begins within the deadline alone."""
    with people.shadow() as gateway:
        client = gateway.client()
        for _ in range(34):
            client.batch([rig.item() for _ in range(256)])
        officer = gateway.client("officer-1")
        officer.health()  # connected
        report = officer.call("unary_unary", "ReportCompromise", keys.ReportCompromiseRequest,
                              keys.ReportCompromiseResponse, service="KeyService")

        def ask(seconds):
            return report(keys.ReportCompromiseRequest(
                request_id=an_id(None), key=KEY, suspected_since_us=1,
                reason="a copy was seen (TEST)"), timeout=seconds)

        took = 0.09
        for _ in range(40):
            # The count has to end 0.2 s before the deadline: in its first look, by this time.
            with contextlib.suppress(grpc.RpcError):
                answer = ask(took + 0.1)
                if not answer.counted:
                    break
            began = time.monotonic()
            expect(ask(20).counted, "with time it is counted whole")
            took = time.monotonic() - began  # by this machine, at this moment
        else:
            raise rig.Failed("no answer came in time with less than all")
        expect(answer.signatures_since > 0, "nothing was counted")
        expect(compromise(gateway, since_us=1).counted, "with time it is counted whole")


@claim
def a_key_that_is_held_can_be_reported_as_compromised(people):
    with people.shadow() as gateway:
        hold(gateway)
        equal(compromise(gateway).key.state, COMPROMISED)
        equal(reason(gateway)[1], "KEY_COMPROMISED")


# --- Activation ----------------------------------------------------------------------------

@claim
def without_an_activation_nothing_is_signed(people):
    with people.gateway() as gateway:
        refusal = rig.refused(gateway.client().sign)
        equal((refusal.code, refusal.info.reason),
              (CODE.FAILED_PRECONDITION, "KEY_NOT_ACTIVATED"))
        deny = people.records("deny")[-1]
        equal((deny["fail"][0]["rule"], deny["fail"][0]["cp"]), ("CP-6.2-05", "6.2.8"))
        equal(deny["facts"]["activation.active"], False)
        equal(deny["facts"]["key.accepted"], True)
        equal(people.records("intent"), [])


@claim
def an_activation_needs_several_and_says_what_they_sign(people):
    with people.gateway() as gateway:
        until = in_s(3600)
        asked = ask_activate(gateway, mode=WINDOW, until_us=until, max_jobs=20).approval
        equal((asked.state, asked.task, asked.object), (PENDING, "key.activate", KEY))
        words = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(until // 10**6))
        contains(get(gateway, asked.id).grant_text.decode(),
                 f"\nparam mode=window until={words} max=20\n")
        equal(reason(gateway)[1], "KEY_NOT_ACTIVATED")
        agree(people, gateway, asked)
        key = look(gateway).key
        equal((key.state, key.activation.mode, key.activation.max_jobs, key.activation.approval),
              (ACTIVE, WINDOW, 20, asked.id))
        expect(signs(gateway), "it signs")
        wait_for(lambda: look(gateway).key.activation.used_jobs == 1, "it counts")
        record = people.records("key.activate")[-1]
        equal((record["subject"], record["mode"], record["max"], record["grant"]),
              (KEY, "window", "20", asked.id))
        facts = people.records("intent")[-1]["facts"]
        equal((facts["activation.active"], facts["activation.mode"], facts["activation.left"]),
              (True, "window", 20))
        equal(rig.refused(ask_activate, gateway, mode=ONE_TIME).code, CODE.FAILED_PRECONDITION,
              "it is active")


@claim
def what_no_activation_can_be_is_refused(people):
    with people.gateway() as gateway:
        for wrong in ({}, {"mode": COUNT}, {"mode": COUNT, "max_jobs": 10**7 + 1},
                      {"mode": WINDOW}, {"mode": COUNT, "max_jobs": 5, "until_us": in_s(60)},
                      {"mode": WINDOW, "until_us": in_s(60) + 1}, {"mode": 4, "max_jobs": 1},
                      {"mode": ONE_TIME, "max_jobs": 2},
                      {"mode": ONE_TIME, "used_jobs": 1}, {"mode": ONE_TIME, "approval": "g-1"},
                      {"mode": ONE_TIME, "idle_limit_s": 86401}):
            equal(rig.refused(ask_activate, gateway, **wrong).code, CODE.INVALID_ARGUMENT,
                  str(wrong))
        for wrong in ({"mode": WINDOW, "until_us": in_s(-5)},
                      {"mode": WINDOW, "until_us": in_s(400 * 86400)}):
            equal(rig.refused(ask_activate, gateway, **wrong).code, CODE.FAILED_PRECONDITION,
                  str(wrong))
        equal(rig.refused(ask_activate, gateway, "seal-none", mode=ONE_TIME).code,
              CODE.NOT_FOUND)
        equal(rig.refused(ask_activate, gateway, name="reviewer", mode=ONE_TIME).code,
              CODE.PERMISSION_DENIED)
        equal(rig.refused(deactivate, gateway).code, CODE.FAILED_PRECONDITION, "not active")


@claim
def one_time_is_one_job_and_its_answer_can_be_had_again(people):
    with people.gateway() as gateway:
        activate(people, gateway, mode=ONE_TIME)
        the_item = rig.item()
        signature = gateway.client().sign(the_item).signature
        equal(reason(gateway)[1], "KEY_NOT_ACTIVATED")
        equal(gateway.client().sign(the_item).signature, signature)
        wait_for(lambda: state(gateway) == INACTIVE, "it is closed")
        record = people.records("key.deactivate")[-1]
        equal((record["reason"], record["used"]), ("its jobs are used up", "1"))
        activate(people, gateway, mode=ONE_TIME)
        expect(signs(gateway), "it can be activated again")


class Callers:
    """Callers that sign one after the other until they are refused for good."""

    def __init__(self, gateway, threads=8):
        self.gateway, self.signed, self.refused = gateway, 0, []
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.run, daemon=True) for _ in range(threads)]
        for thread in self.threads:
            thread.start()

    def run(self):
        client = self.gateway.client()
        while True:
            try:
                results = client.batch([rig.item() for _ in range(5)], timeout=20)
            except grpc.RpcError:
                return
            refused = [r.status for r in results if r.status.code != 0]
            with self.lock:
                self.signed += len(results) - len(refused)
                self.refused += refused
            if refused:
                return

    def join(self):
        for thread in self.threads:
            thread.join(timeout=60)
            expect(not thread.is_alive(), "a caller hangs")


@claim
def a_count_is_never_exceeded_by_many_callers_at_once(people):
    with people.gateway() as gateway:
        activate(people, gateway, mode=COUNT, max_jobs=157)
        callers = Callers(gateway)
        callers.join()
        equal(callers.signed, 157)
        equal(len(people.records("intent")), 157)
        wait_for(lambda: state(gateway) == INACTIVE, "it is closed")
        equal(people.records("key.deactivate")[-1]["used"], "157")


@claim
def a_kill_gives_nothing_of_it_back(people):
    with people.gateway() as gateway:
        activate(people, gateway, mode=COUNT, max_jobs=300)
        callers = Callers(gateway)
        wait_for(lambda: callers.signed > 60, "nothing is signed", 30)
        gateway.stop(signal.SIGKILL)
        callers.join()
    with people.gateway(keep=True) as gateway:
        begun = len(people.records("intent"))
        equal((state(gateway), look(gateway).key.activation.used_jobs), (ACTIVE, begun))
        callers = Callers(gateway)
        callers.join()
        records = people.records("intent", "outcome")
        equal(sum(r["type"] == "intent" for r in records), 300, "jobs in all")
        signed = sum(r["type"] == "outcome" and r["outcome"] == "signed" for r in records)
        lost = sum(r["type"] == "outcome" and r["outcome"] == "indeterminate" for r in records)
        equal(signed + lost, 300)
        wait_for(lambda: state(gateway) == INACTIVE, "it is closed")


@claim
def what_certainly_made_no_signature_is_given_back(people):
    with people.gateway(SELDOM) as gateway:
        activate(people, gateway, mode=COUNT, max_jobs=3)
        people.schedule("C_Sign@1+=30")  # CKR_DEVICE_ERROR
        rig.refused(gateway.client().sign, timeout=20)
        people.schedule("")
        wait_for(lambda: gateway.client().health(f"segel.key/{KEY}") == "SERVING",
                 "the lane comes again", 30)
        failed = [r for r in people.records("outcome") if r["outcome"] == "failed"]
        expect(failed, "an attempt has failed")
        used = sum(r["outcome"] != "failed" for r in people.records("outcome"))
        wait_for(lambda: look(gateway).key.activation.used_jobs == used, "it is given back")
        for _ in range(3 - used):
            expect(signs(gateway), "what was given back")
        equal(reason(gateway)[1], "KEY_NOT_ACTIVATED")


@claim
def a_window_ends_and_one_officer_closes_it_earlier(people):
    with people.gateway() as gateway:
        sign_in_a_window(people, gateway)
        wait_for(lambda: state(gateway) == INACTIVE, "it ends", 30)
        equal(reason(gateway)[1], "KEY_NOT_ACTIVATED")
        equal(people.records("key.deactivate")[-1]["reason"], "its window is over")
        late = [r for r in people.records("intent")]
        equal(len(late), 1)
        activate(people, gateway, mode=WINDOW, until_us=in_s(600))
        equal(rig.refused(deactivate, gateway, "reviewer").code, CODE.PERMISSION_DENIED)
        closed = deactivate(gateway, "officer-2")
        equal(closed.key.state, INACTIVE)
        equal(reason(gateway)[1], "KEY_NOT_ACTIVATED")
        record = people.records("key.deactivate")[-1]
        equal((record["person"], record["used"], record["seq"]),
              ("officer-2", "0", closed.log.index))
        again = deactivate(gateway, "officer-3")
        equal(again.log.index, closed.log.index, "it was closed already")


@claim
def what_is_left_of_an_activation_stands_in_the_metrics(people):
    with people.gateway() as gateway:
        def tells(left, until_us=0):
            def told():
                page = metrics(gateway)
                return [page.value(f"segel_key_activation_{what}", key=KEY)
                        for what in ("left", "until_timestamp_seconds")]
            wanted = [left, until_us // 10**6]
            wait_for(lambda: told() == wanted, f"wanted {wanted}: {told()}")
        tells(0)
        activate(people, gateway, mode=COUNT, max_jobs=5)
        tells(5)
        expect(signs(gateway) and signs(gateway), "it signs")
        tells(3)
        deactivate(gateway)
        tells(0)
        until = in_s(600)
        activate(people, gateway, mode=WINDOW, until_us=until)
        expect(signs(gateway), "it signs")
        tells(10000000, until)
        deactivate(gateway)
        tells(0)


@claim
def an_activation_ends_when_no_job_comes(people):
    with people.gateway() as gateway:
        activate(people, gateway, mode=COUNT, max_jobs=9, idle_limit_s=5)
        for _ in range(7):  # the last of them comes more than five seconds after the first
            expect(signs(gateway), "each job begins the pause anew")
            time.sleep(1)
        wait_for(lambda: state(gateway) == INACTIVE, "it ends", 30)
        equal(reason(gateway)[1], "KEY_NOT_ACTIVATED")
        record = people.records("key.deactivate")[-1]
        equal((record["reason"], record["used"]), ("no job came for too long", "7"))


@claim
def a_clock_that_is_set_back_makes_no_window_longer(people):
    with begun(people.gateway(), "later", LATER_S="3600") as gateway:
        sign_in_a_window(people, gateway, 3600)
        gateway.stop(signal.SIGKILL)
    with people.gateway(keep=True) as gateway:  # an hour earlier by the clock
        wait_for(lambda: state(gateway) == INACTIVE, "the window is an hour longer", 20)
        equal(reason(gateway)[1], "KEY_NOT_ACTIVATED")
        equal(people.records("key.deactivate")[-1]["reason"], "its window is over")


def set_clock(people, ahead_s):
    """Of a gateway that runs, so many seconds before ours; until its ticks have seen it."""
    before = len(people.records("clock.step"))
    people.rig.write("ahead.new", str(ahead_s))
    os.replace(people.rig.path("ahead.new"), people.rig.path("ahead"))
    wait_for(lambda: len(people.records("clock.step")) > before, "nobody saw the clock set")


@claim
def a_clock_that_is_set_back_during_a_run_makes_no_window_longer(people):
    path = people.rig.write("ahead", "0")
    with begun(people.gateway(), "later", LATER_FILE=path) as gateway:
        activate(people, gateway, mode=WINDOW, until_us=in_s(7200 + SPANS[-1]),
                 idle_limit_s=36000)
        set_clock(people, 7200)
        set_clock(people, 3600)
        wait_for(lambda: state(gateway) == INACTIVE, "the window is an hour longer",
                 SPANS[-1] + 10)
        equal(people.records("key.deactivate")[-1]["reason"], "its window is over")
        set_clock(people, 0)  # nothing is open: what was seen before is forgotten
        activate(people, gateway, mode=WINDOW, until_us=in_s(600))
        time.sleep(1)
        equal(state(gateway), ACTIVE)
    with people.gateway(keep=True) as gateway:
        time.sleep(2)
        equal(state(gateway), ACTIVE, "what was seen before is forgotten by a restart, too")


@claim
def a_clock_that_was_ahead_is_forgotten_by_the_next_start_where_nothing_is_open(people):
    with begun(people.gateway(), "later", LATER_S="36000") as gateway:
        activate(people, gateway, mode=COUNT, max_jobs=9)
        expect(signs(gateway), "it signs")
        deactivate(gateway)
    with people.gateway(keep=True) as gateway:  # ten hours earlier by the clock
        activate(people, gateway, mode=WINDOW, until_us=in_s(3600))
        expect(signs(gateway), "it signs in its window")
    with people.gateway(keep=True) as gateway:
        time.sleep(2)
        equal(state(gateway), ACTIVE, "what was opened since is not ended by it")


@claim
def a_restart_keeps_an_activation_and_a_hold_ends_it(people):
    with people.gateway() as gateway:
        activate(people, gateway, mode=COUNT, max_jobs=5)
        expect(signs(gateway) and signs(gateway), "two of five")
        gateway.stop()
    with people.gateway(keep=True) as gateway:
        key = look(gateway).key
        equal((key.state, key.activation.used_jobs), (ACTIVE, 2))
        expect(signs(gateway), "it goes on")
        held = hold(gateway)
        equal((held.key.state, held.key.state_before_hold, held.key.HasField("activation")),
              (HELD, INACTIVE, False))
        release(people, gateway)
        equal((state(gateway), reason(gateway)[1]), (INACTIVE, "KEY_NOT_ACTIVATED"))


@claim
def whatever_ends_an_activation_says_how_many_jobs_it_was(people):
    def opened(key):
        done = activate(people, gateway, key=key, mode=COUNT, max_jobs=5)
        expect(signs(gateway, key=key) and signs(gateway, key=key), "two of five")
        return done.id

    def said(kind, key):
        wait_for(lambda: [r for r in people.records(kind) if r["subject"] == key],
                 "it has no record")
        last = [r for r in people.records(kind) if r["subject"] == key][-1]
        return last.get("grant"), last.get("used")
    with people.shadow() as gateway:
        grants = {key: opened(key) for key in (KEY, NEXT, OTHER)}
        hold(gateway)
        equal(said("key.hold", KEY), (grants[KEY], "2"))
        compromise(gateway, key=OTHER)
        equal(said("key.state", OTHER), (grants[OTHER], "2"))
    with people.shadow() as gateway:
        grant = opened(KEY)
        hold(gateway, key=OTHER)
        equal(said("key.hold", OTHER), (None, None), "none was open")
        rotate(people, gateway, days=1)
        gateway.stop()
    with begun(people.shadow(keep=True), "later", LATER_S="90000") as gateway:
        wait_for(lambda: people.records("key.state")[-1]["state"] == "retired",
                 "the overlap is not over")
        equal(said("key.state", KEY), (grant, "2"))
    with people.shadow() as gateway:
        opened(KEY)
        rotate(people, gateway)
        equal(said("key.state", KEY)[1], "2")


# --- Rotation ------------------------------------------------------------------------------

@claim
def a_key_that_is_followed_at_once_signs_no_more_and_its_callers_go_on(people):
    with people.shadow() as gateway:
        the_item = rig.item()
        signature = gateway.client().sign(the_item).signature
        rotate(people, gateway)
        old, new = look(gateway).key, look(gateway, NEXT).key
        equal((old.state, old.successor, new.state, new.predecessor),
              (RETIRED, NEXT, ACCEPTED, KEY))
        expect(signs(gateway), "the old name is good for its callers")
        intent = people.records("intent")[-1]
        equal(intent["key"], NEXT, "the record names the key that signs")
        equal(gateway.client().signer().certificates[0], new.certificate.der or
              look(gateway, NEXT).key.certificate.der, "GetSigner")
        equal(gateway.client().sign(the_item).signature, signature, "what was signed before")
        other = rig.item(the_item.request_id)
        equal(rig.refused(gateway.client().sign, other).code, CODE.ALREADY_EXISTS)
        equal(rig.refused(ask_rotate, gateway).code, CODE.FAILED_PRECONDITION, "retired")
        equal(rig.refused(ask_rotate, gateway, NEXT, KEY).code, CODE.FAILED_PRECONDITION)
        equal(rig.refused(ask_activate, gateway, mode=ONE_TIME).code, CODE.FAILED_PRECONDITION)
        record = people.records("key.state")[-1]
        equal((record["subject"], record["successor"], record["state"]),
              (KEY, NEXT, "retired"))
        hold(gateway, key=NEXT)
        equal(reason(gateway)[1], "KEY_HELD", "the successor is held")
        gateway.stop(signal.SIGKILL)
    with people.shadow(keep=True) as gateway:
        equal((state(gateway), reason(gateway)[1]), (RETIRED, "KEY_HELD"))
        release(people, gateway, NEXT)
        expect(signs(gateway), "after a restart, too")


def mandate_of(people, gateway, key):
    """The id of a mandate for letters of e-office with that key."""
    ask = gateway.client("officer-1").call(
        "unary_unary", "OpenMandate", rig.mandates.OpenMandateRequest,
        rig.mandates.OpenMandateResponse, service="MandateService")
    asked = ask(rig.mandates.OpenMandateRequest(
        request_id=an_id(None), reason="letters of the week (TEST)",
        terms=rig.mandates.MandateTerms(
            key=key, caller="e-office", document_classes=["surat_keterangan"],
            profiles=[rig.common.SIGNATURE_PROFILE_PADES_B_B], max_signatures=9,
            approval_ref="ND-2026/001",
            until_us=int(time.time() + 3600) * 10**6)), timeout=20)
    equal(agree(people, gateway, asked.approval).state, EXECUTED, "the mandate")
    return asked.mandate.id


@claim
def a_mandate_of_a_key_that_was_followed_says_so(people):
    with people.shadow() as gateway:
        old, other, new = (mandate_of(people, gateway, key) for key in (KEY, OTHER, NEXT))
        rotate(people, gateway)
        refusal = rig.refused(gateway.client().sign, mandate=old)
        equal(refusal.info.reason, "MANDATE_ROTATED", refusal.message)
        contains(refusal.message, old, "followed by another")
        contains(rig.refused(gateway.client().sign, mandate=old, language="id").message,
                 "sudah diganti kunci lain")
        equal(rig.refused(gateway.client().sign, mandate=other).info.reason, "MANDATE_OUTSIDE")
        expect(gateway.client().sign(mandate=new).signature, "one for the successor holds")


def mandate_states(people, *words):
    shown = people.rig.segel("officer-1", "mandate", *words)
    equal(shown.returncode, 0, shown.stderr)
    return shown.stdout


@claim
def a_list_shows_that_the_key_of_a_mandate_was_followed(people):
    with people.shadow() as gateway:
        old, other, new = (mandate_of(people, gateway, key) for key in (KEY, OTHER, NEXT))
        rows = [json.loads(line) for line in
                mandate_states(people, "list", "--json").splitlines()]
        equal({row["state"] for row in rows}, {"open"}, "before")
        rotate(people, gateway)
        rows = {row["id"]: row for row in map(
            json.loads, mandate_states(people, "list", "--json").splitlines())}
        equal([(rows[one]["state"], rows[one].get("followed_by")) for one in (old, other, new)],
              [("rotated", NEXT), ("open", None), ("open", None)], "after")
        table = {line.split()[0]: line for line in mandate_states(people, "list").splitlines()}
        contains(table[old], " rotated ")
        contains(table[new], " open ")
        table = mandate_states(people, "list", "--lang", "id")
        contains([line for line in table.splitlines() if old in line][0], " kunci diganti ")
        contains(" ".join(mandate_states(people, "show", old).split()),
                 f"state rotated new key {NEXT}")
        contains(" ".join(mandate_states(people, "show", old, "--lang", "id").split()),
                 f"keadaan kunci diganti kunci baru {NEXT}")
        ended = people.rig.segel("officer-1", "mandate", "revoke", old, "--reason", "followed")
        equal(ended.returncode, 0, ended.stderr)
        equal(json.loads(mandate_states(people, "show", old, "--json"))["state"], "revoked")


@claim
def who_asks_again_over_a_rotation_gets_the_answer_of_the_key_that_signs(people):
    """The first one is with the HSM when its key is followed by another."""
    with people.shadow(SELDOM) as gateway:
        asked = ask_rotate(gateway).approval
        approve(gateway, asked.id, people.keys["officer-2"], "officer-2")
        the_item, answers = rig.item(), {}
        people.schedule("C_Sign@1=slow=1500")
        asks = {"first": lambda: gateway.client().sign(the_item),
                "again": lambda: gateway.client().sign(the_item),
                "batch": lambda: gateway.client().batch([the_item])[0]}
        threads = [threading.Thread(target=lambda n=name: answers.update({n: asks[n]()}))
                   for name in asks]
        before = people.rig.read("calls").count("C_Sign ")
        threads[0].start()
        wait_for(lambda: people.rig.read("calls").count("C_Sign ") > before,
                 "the HSM is not asked")
        done = approve(gateway, asked.id, people.keys["officer-3"], "officer-3")
        equal((done.state, state(gateway)), (EXECUTED, RETIRED), "the rotation")
        for thread in threads[1:]:
            thread.start()
        for thread in threads:
            thread.join(timeout=30)
        equal(sorted(answers), sorted(asks), "answers")
        equal({a.signature for a in answers.values()}, {answers["first"].signature})
        equal([r["key"] for r in people.records("intent")], [KEY])


@claim
def no_intent_of_a_retired_key_stands_behind_the_record_of_its_rotation(people):
    with people.shadow() as gateway:
        asked = ask_rotate(gateway).approval
        client, results, over = gateway.client(), [], threading.Event()

        def run():
            while not over.is_set():
                results.extend(client.batch([rig.item() for _ in range(96)]))

        threads = [threading.Thread(target=run, daemon=True) for _ in range(4)]
        for thread in threads:
            thread.start()
        wait_for(lambda: len(results) > 300, "nothing is signed", 30)
        agree(people, gateway, asked)
        before = len(results)
        wait_for(lambda: len(results) > before + 500, "nothing is signed any more", 30)
        over.set()
        for thread in threads:
            thread.join(timeout=60)
        records = people.records()
        at = next(r["seq"] for r in records if r["type"] == "key.state")
        behind = [r["key"] for r in records if r["type"] == "intent" and r["seq"] > at]
        expect(behind and set(behind) == {NEXT}, f"signed behind it: {set(behind)}")
        # A slow machine refuses some for load, too.
        others = {r.status.message for r in results if r.status.code != 0}
        equal([m for m in others if "retired" not in m and "deadline" not in m][:3], [])


@claim
def a_caller_who_may_not_use_the_successor_gains_nothing(people):
    with people.shadow((r"(name: e-office.*keys: \[seal-demo), seal-next", r"\1")) as gateway:
        rotate(people, gateway)
        equal(rig.refused(gateway.client().sign).code, CODE.PERMISSION_DENIED)
        equal(rig.refused(gateway.client().signer).code, CODE.PERMISSION_DENIED)
        own = gateway.client().signer(as_named=True)
        equal((own.key, own.certificates[0]), (KEY, look(gateway).key.certificate.der),
              "what the old key has signed can still be looked after")


@claim
def with_an_overlap_both_sign_until_it_is_over(people):
    with people.shadow() as gateway:
        rotate(people, gateway, days=1)
        old = look(gateway).key
        equal((old.state, old.successor), (ACCEPTED, NEXT))
        expect(abs(old.overlap_until_us - time.time() * 10**6 - DAY_US) < 60 * 10**6, "its end")
        expect(signs(gateway) and signs(gateway, key=NEXT), "both sign")
        used = [r["key"] for r in people.records("intent")]
        equal(used, [KEY, NEXT])
        facts = people.records("intent")
        expect("key.successor_age_s" in facts[0]["facts"], "the rule about it can be judged")
        gateway.stop()
    with begun(people.shadow(keep=True), "later", LATER_S="90000") as gateway:
        wait_for(lambda: state(gateway) == RETIRED, "the overlap is over")
        expect(signs(gateway), "its callers go on")
        equal(people.records("intent")[-1]["key"], NEXT)
        wait_for(lambda: [(r["subject"], r["state"]) for r in
                          people.records("key.state")][1:] == [(KEY, "retired")],
                 "its record")


@claim
def the_end_of_an_overlap_retires_no_key_that_is_compromised(people):
    with people.shadow() as gateway:
        rotate(people, gateway, days=1)
        compromise(gateway)
        hold(gateway, key=OTHER)
        gateway.stop()
    with begun(people.shadow(keep=True), "later", LATER_S="90000") as gateway:
        wait_for(lambda: look(gateway).key.overlap_until_us == 0, "the overlap ends")
        hold(gateway, key=NEXT)  # what is on the log before it is seen with it
        wait_for(lambda: people.records("key.hold")[1:], "the turn's record")
        equal([r["state"] for r in people.records("key.state") if r["subject"] == KEY][1:],
              ["compromised"])
        equal(state(gateway), COMPROMISED)


@claim
def what_cannot_follow_is_refused(people):
    with people.shadow() as gateway:
        for wrong, code in (({"successor": KEY}, CODE.FAILED_PRECONDITION),
                            ({"successor": "seal-none"}, CODE.NOT_FOUND),
                            ({"successor": "seal-slot"}, CODE.FAILED_PRECONDITION),
                            ({"days": 91}, CODE.INVALID_ARGUMENT),
                            ({"successor": ""}, CODE.INVALID_ARGUMENT),
                            ({"name": "reviewer"}, CODE.PERMISSION_DENIED)):
            equal(rig.refused(ask_rotate, gateway, **wrong).code, code, str(wrong))
        rotate(people, gateway, days=5)
        equal(rig.refused(ask_rotate, gateway, OTHER, NEXT).code, CODE.FAILED_PRECONDITION,
              "it follows another one")
        equal(rig.refused(ask_rotate, gateway, NEXT, KEY).code, CODE.FAILED_PRECONDITION,
              "in a circle")
        rotate(people, gateway, key=NEXT, successor=OTHER)
        expect(signs(gateway), "it signs in its overlap")


# --- Watching, and without a quorum file -----------------------------------------------------

@claim
def who_watches_is_told_of_each_change(people):
    with people.gateway() as gateway:
        stub = gateway.client("officer-1").call("unary_stream", "WatchKeys",
                                                keys.WatchKeysRequest, keys.WatchKeysResponse,
                                                service="KeyService")
        refusal = rig.refused(lambda: list(gateway.client().call(
            "unary_stream", "WatchKeys", keys.WatchKeysRequest, keys.WatchKeysResponse,
            service="KeyService")(keys.WatchKeysRequest(), timeout=20)))
        equal(refusal.code, CODE.PERMISSION_DENIED)
        equal(rig.refused(lambda: list(stub(keys.WatchKeysRequest(keys=["seal-none"]),
                                            timeout=20))).code, CODE.NOT_FOUND)
        watch = stub(keys.WatchKeysRequest(keys=[KEY]), timeout=60)
        first = next(watch)
        equal((first.key.name, first.key.state, first.HasField("log")),
              (KEY, ACCEPTED, False))
        held = hold(gateway)
        told = next(watch)
        while told.key.state != HELD:  # a lane may have come up meanwhile
            told = next(watch)
        equal(told.log.index, held.log.index)
        watch.cancel()


@claim
def without_a_quorum_file_stopping_works_and_starting_does_not(people):
    with people.shadow((r"officers: \{quorum: quorum\}\n", "")) as gateway:
        refusal = rig.refused(ask_activate, gateway, mode=ONE_TIME)
        equal(refusal.code, CODE.FAILED_PRECONDITION)
        contains(refusal.message, "officers.quorum")
        equal(rig.refused(ask_rotate, gateway).code, CODE.FAILED_PRECONDITION)
        equal(hold(gateway).key.state, HELD)
        equal(rig.refused(ask_release, gateway).code, CODE.FAILED_PRECONDITION)
        equal(compromise(gateway, key=OTHER).key.state, COMPROMISED)


# --- Slots that a ceremony has filled ------------------------------------------------------

# seal-other without its place and certificate: what the configuration then says of it.
AS_SLOT = (r"(- name: seal-other\n    class: seal\n    lane: lane0\n)    id: .*\n"
           r"    certificate: .*\n    chain: .*\n", r"\1")


def der(people, *names):
    pem = "".join(people.rig.read(name) for name in names)
    return [ssl.PEM_cert_to_DER_cert(part + END) for part in pem.split(END)[:-1]]


END = "-----END CERTIFICATE-----\n"


def fill_slot(people, state, chain):
    """What a ceremony leaves in the ledger, on the key that the token has."""
    text = people.rig.read("segeld.yaml")
    ckaid = bytes.fromhex(re.search(r"name: seal-other\n.*\n.*\n    id: \"(\w+)\"", text)[1])
    path = people.rig.path(re.search(r"ledger-\w+\.db", people.ledger[1])[0])
    row = dict.fromkeys("lane type backup predecessor successor hold_reason grant_id minutes "
                        "request trouble".split(), "")
    row |= dict.fromkeys("before_hold rotated overlap_until mode begun until max used idle "
                         "last_use idx".split(), 0)
    row |= {"name": OTHER, "state": state, "since": 1, "hash": bytes(32), "ckaid": ckaid}
    with contextlib.closing(sqlite3.connect(path)) as ledger:
        ledger.execute("DELETE FROM keyreg WHERE name = ?", (OTHER,))
        ledger.execute("DELETE FROM keyder WHERE name = ?", (OTHER,))
        ledger.execute(f"INSERT INTO keyreg({', '.join(row)}) VALUES "
                       f"({', '.join('?' * len(row))})", list(row.values()))
        ledger.execute("INSERT INTO keyder VALUES (?, ?, ?)", (OTHER, b"", b"".join(chain)))
        ledger.commit()


@claim
def a_slot_that_the_register_fills_signs_after_the_start(people):
    chain = der(people, "seal-other.pem", "issuing.pem")
    with people.shadow(AS_SLOT) as gateway:
        equal((look(gateway, OTHER).key.state, rig.refused(
            gateway.client().sign, key=OTHER).code), (0, CODE.FAILED_PRECONDITION))
        gateway.stop()
    fill_slot(people, ACCEPTED, chain)
    with people.shadow(AS_SLOT, keep=True) as gateway:
        got = look(gateway, OTHER).key
        equal((got.state, got.certificate.der), (ACCEPTED, chain[0]))
        equal([t.available for t in got.tokens], [True])
        content = secrets.token_bytes(64)
        signed = gateway.client().sign(rig.item(value=hashlib.sha256(content).digest()),
                                       key=OTHER, profile=rig.common.SIGNATURE_PROFILE_CADES_B_B)
        rig.check_cms(people.rig, signed.signature, content)
        equal(gateway.client().signer(OTHER).certificates[0], chain[0])
        hold(gateway, key=OTHER)
        gateway.stop(signal.SIGKILL)
    with people.shadow(AS_SLOT, keep=True) as gateway:
        equal(reason(gateway, key=OTHER)[1], "KEY_HELD")


@claim
def a_generated_key_is_no_key_for_callers_yet(people):
    with people.shadow(AS_SLOT) as gateway:
        gateway.stop()
    fill_slot(people, 1, [])
    with people.shadow(AS_SLOT, keep=True) as gateway:
        equal(look(gateway, OTHER).key.state, 1)
        equal(rig.refused(gateway.client().sign, key=OTHER).code, CODE.FAILED_PRECONDITION)
        equal(hold(gateway, key=OTHER).key.state_before_hold, 1)
        release(people, gateway, OTHER)
        equal(look(gateway, OTHER).key.state, 1)
        equal(rig.refused(ask_activate, gateway, OTHER, mode=ONE_TIME).code,
              CODE.FAILED_PRECONDITION)


def stays_away(people, *words):
    """A start is refused, and the check says so beforehand: the sentence of both."""
    config = people.rig.path("changed.yaml")
    checked = people.rig.tool("segeld", "--config", config, "--check-config")
    equal(checked.returncode, 1, f"exit code of --check-config; {checked.stdout}")
    sentence = rig.json.loads(checked.stderr)["why"]
    contains(sentence, *words)
    code, said = people.rig.refuses(config)
    expect(code != 0, "it starts")
    contains(said, sentence)
    return sentence


@claim
def a_name_of_the_register_is_not_used_for_another_key(people):
    with people.shadow(AS_SLOT) as gateway:
        gateway.stop()
    fill_slot(people, ACCEPTED, der(people, "seal-other.pem", "issuing.pem"))
    text = people.rig.read("segeld.yaml")
    entry = re.search(r"(    id: .*\n    certificate: seal-other.*\n    chain: .*\n)", text)[1]
    changed = people.rig.read("changed.yaml").replace(
        "- name: seal-other\n    class: seal\n    lane: lane0\n",
        "- name: seal-other\n    class: seal\n    lane: lane0\n" + entry)
    people.rig.write("changed.yaml", changed)
    sentence = stays_away(people, "was made by a ceremony", "take id, uri, certificate")
    with people.shadow(AS_SLOT, keep=True) as gateway:
        people.rig.write("changed.yaml", changed)
        said = hup(gateway, "reload.failed")["why"]
        contains(said, sentence, "; nothing was reloaded")
        expect("restart it" not in said, f"a restart is advised: {said}")


@claim
def a_key_of_the_configuration_does_not_become_a_slot(people):
    with people.shadow() as gateway:
        before = people.rig.read("changed.yaml")
        changed = re.sub(*AS_SLOT, before)
        expect(changed != before, "nothing was changed")
        people.rig.write("changed.yaml", changed)
        said = hup(gateway, "reload.failed")["why"]
        contains(said, "is no slot", "nothing was reloaded")
        expect("restart it" not in said, f"a restart is advised: {said}")
    contains(said, stays_away(people, OTHER, "is no slot"))


def add_key(people, name, entry):
    """Behind seal-other, in the configuration that the last gateway was started with."""
    before = people.rig.read("changed.yaml")
    changed = before.replace("  - {name: seal-slot,", f"  - name: {name}\n{entry}"
                             "  - {name: seal-slot,", 1)
    expect(changed != before, "nothing was added")
    people.rig.write("changed.yaml", changed)
    return changed


@claim
def a_key_of_a_ceremony_gets_no_second_name_in_the_configuration(people):
    with people.shadow(AS_SLOT) as gateway:
        gateway.stop()
    fill_slot(people, ACCEPTED, der(people, "seal-other.pem", "issuing.pem"))
    entry = re.search(r"- name: seal-other\n((?:    .*\n)+)", people.rig.read("segeld.yaml"))[1]
    with people.shadow(AS_SLOT, keep=True) as gateway:
        add_key(people, "seal-alt", entry)
        said = hup(gateway, "reload.failed")["why"]
        contains(said, "of the same key as that of key", "seal-alt", OTHER,
                 "; nothing was reloaded")
        expect(signs(gateway, key=OTHER), "it signs on")
    contains(said, stays_away(people, "give a key one name"))


@claim
def a_name_that_comes_again_as_another_kind_of_key_is_refused_by_a_reload(people):
    with people.shadow() as gateway:
        gateway.stop()
    without = (r"  - name: seal-other\n(?:    .*\n)+", "")
    with people.shadow(without, (", seal-other", ""), keep=True) as gateway:
        add_key(people, OTHER, "    class: seal\n    lane: lane0\n    scheme: ecdsa\n")
        said = hup(gateway, "reload.failed")["why"]
        contains(said, f"key '{OTHER}'", "is no slot", "; nothing was reloaded")
    contains(said, stays_away(people, OTHER, "is no slot"))


@claim
def a_register_that_cannot_be_read_stops_the_start(people):
    with people.shadow(AS_SLOT) as gateway:
        gateway.stop()
    fill_slot(people, ACCEPTED, [b"no certificate"])
    stays_away(people, OTHER, "no X.509 in DER")


# --- The commands --------------------------------------------------------------------------

def segel(people, client, *arguments, code=0):
    result = people.rig.segel(client, "key", *arguments)
    equal(result.returncode, code, result.stdout + result.stderr)
    return result.stdout if code == 0 else result.stderr


@claim
def the_commands_order_and_show_it_all(people):
    with people.gateway() as gateway:
        table = segel(people, "reviewer", "list")
        contains(table, "STATE", KEY, "accepted", "rsa-2048", "seal-slot", "empty slot")
        contains(segel(people, "reviewer", "list", "--lang", "id"), "KEADAAN", "diterima")
        rows = [rig.json.loads(line) for line in
                segel(people, "officer-1", "list", "--json").splitlines()]
        equal([(r["key"], r["state"]) for r in rows[:2]], [(KEY, "accepted"), (NEXT, "accepted")])
        shown = segel(people, "officer-1", "show", KEY)
        contains(shown, f"{KEY}: accepted", "SENSITIVE=1", "EXTRACTABLE=0", "SPKI SHA-256")
        one = rig.json.loads(segel(people, "officer-1", "show", KEY, "--json"))
        equal(one["tokens"][0]["lane"], "lane0")
        asked = segel(people, "officer-1", "activate", KEY, "--until", moment(3600), "--jobs",
                      "20", "--reason", "letters (TEST)")
        request = asked.split(":")[0]
        contains(asked, "waits, 0 of 2 approvals")
        view = people.rig.segel("officer-2", "request", "show", request)
        equal(view.returncode, 0, view.stderr)
        contains(view.stdout, f"The key {KEY} is opened", "mode=window", "max=20")
        for name in ("officer-2", "officer-3"):
            approve(gateway, request, people.keys[name], name)
        wait_for(lambda: "0 of 20 signed" in segel(people, "reviewer", "list"), "it is open")
        one = rig.json.loads(segel(people, "officer-1", "show", KEY, "--json"))
        equal((one["state"], one["activation"]["mode"]), ("active", "window"))
        contains(segel(people, "officer-1", "deactivate", KEY, "--reason", "done (TEST)"),
                 f"key {KEY}: inactive", "the log holds it as record")
        contains(segel(people, "reviewer", "hold", KEY, "--reason", "lost (TEST)", "--lang",
                       "id"), "DITAHAN", "lost (TEST)")
        contains(segel(people, "officer-1", "release", KEY, "--reason", "found (TEST)"), "waits")
        contains(segel(people, "officer-1", "rotate", NEXT, "--successor", OTHER, "--overlap",
                       "7", "--reason", "yearly (TEST)"), "waits")
        contains(segel(people, "officer-1", "compromise", KEY, "--since", "2026-05-02",
                       "--reason", "seen (TEST)"), "COMPROMISED")
        since = people.records("key.state")[-1]["since"]
        contains(since, "2026-05-02T00:00:00")


def moment(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


@claim
def a_command_that_is_wrong_says_what_to_write(people):
    with people.gateway():
        for words, told in ((("show",), "name one key"), (("hold", KEY), "--reason TEXT is missing"),
                            (("activate", KEY, "--reason", "r"), "say for how long"),
                            (("activate", KEY, "--reason", "r", "--once", "--jobs", "3"),
                             "say for how long"),
                            (("rotate", KEY, "--reason", "r"), "--successor KEY is missing"),
                            (("list", KEY), "options only"),
                            (("activate", KEY, "--reason", "r", "--until", "besok"),
                             "segel: --until 'besok' is not a time"),
                            (("compromise", KEY, "--reason", "r", "--since", "kemarin"),
                             "segel: --since 'kemarin' is not a time"),
                            (("activate", KEY, "--reason", "r", "--jobs", "0"),
                             "--jobs must be 1 to 10000000"),
                            (("activate", KEY, "--reason", "r", "--once", "--idle", "86401"),
                             "--idle must be 0 to 86400"),
                            (("rotate", KEY, "--reason", "r", "--successor", NEXT, "--overlap",
                              "x"), "segel: --overlap 'x' is not a number"),
                            (("rotate", KEY, "--reason", "r", "--successor", NEXT, "--overlap",
                              "91"), "--overlap must be 0 to 90"),
                            (("hold", KEY, "--reason", "r", "--lang", "fr"), "--lang")):
            contains(segel(people, "officer-1", *words, code=2), told)
        contains(segel(people, "officer-1", "show", "seal-none", code=1), "no key of that name")
        contains(segel(people, "reviewer", "activate", KEY, "--once", "--reason", "r (TEST)",
                       code=1), "needs the role officer")
        for word in ("list", "show", "hold", "release", "activate", "deactivate", "rotate",
                     "compromise"):
            contains(segel(people, "officer-1", word, "--help"), "Examples:")


class Keys(People):
    """With rules that ask for activations; or those in shadow, and none about keys that are
    held or worse: then the gateway alone refuses them."""

    def __init__(self, the_rig):
        super().__init__(the_rig)
        self.text = self.text.replace(
            "\ncallers:\n", "\n  - {name: seal-slot, class: seal, lane: lane0, scheme: "
            "rsa-pkcs1}\ncallers:\n", 1)
        self.text = self.text.replace("seal-other]", "seal-other, seal-slot]", 1)
        shadow = subprocess.run([os.path.join(rig.ROOT, "deploy/demo/shadow.sh")], check=True,
                                input=the_rig.read("policy.yaml"), text=True,
                                stdout=subprocess.PIPE).stdout.split("\n# A lawful job")[0]
        for rule in ("CP-4.9-04", "CP-4.9-05"):
            shadow = shadow.replace(f"- id: {rule}\n", f"- id: {rule}\n    mode: off\n", 1)
        the_rig.write("shadow.yaml", shadow + "\n")

    def shadow(self, *changes, keep=False):
        return self.gateway((r"file: policy.yaml", "file: shadow.yaml"), *changes, keep=keep)


if __name__ == "__main__":
    sys.exit(rig.run(Keys(rig.Rig("keys", f"{KEY}:rsa-2048", f"{NEXT}:p-256",
                                  f"{OTHER}:p-256", ACTIVATION="enforce"))))
