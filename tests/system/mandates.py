#!/usr/bin/python3
"""Mandates: officers grant so many signatures to one caller, and not one more is made."""
import contextlib
import glob
import hashlib
import os
import re
import secrets
import subprocess
import sys
import threading
import time

import grpc
import rig
from faulty import SELDOM, create, kill_lane, metrics, wait_for
from held import Held
from people import (CODE, EXECUTED, FAILED, PENDING, People, agree, approve, get, hup,
                    refuse)
from preload import begun
from rig import claim, contains, equal, expect

PADES = rig.common.SIGNATURE_PROFILE_PADES_B_B
SHA256 = rig.common.HASH_ALGORITHM_SHA256
SHA512 = rig.common.HASH_ALGORITHM_SHA512
CONSENT = "ND-2026/001"
OPEN, EXHAUSTED, EXPIRED, REVOKED = 2, 3, 4, 5
SIGNED = 0
YEAR_10000 = 253402300800 * 10**6  # what is signed would say 0000


def now_us(later_s=0):
    return (int(time.time()) + later_s) * 10**6


def call(gateway, name, method, request, timeout=30):
    kind = type(request).__name__.removesuffix("Request")
    stub = gateway.client(name).call("unary_unary", method, type(request),
                                     getattr(rig.mandates, kind + "Response"),
                                     service="MandateService")
    return stub(request, timeout=timeout)


def terms(count, **changes):
    lawful = dict(key="seal-demo", caller="e-office",
                  document_classes=["surat_keterangan"], profiles=[PADES],
                  max_signatures=count, until_us=now_us(3600), approval_ref=CONSENT)
    lawful.update(changes)
    return rig.mandates.MandateTerms(**lawful)


def ask(gateway, count, name="officer-1", request_id=None, **changes):
    return call(gateway, name, "OpenMandate", rig.mandates.OpenMandateRequest(
        request_id=request_id or secrets.token_hex(8), terms=terms(count, **changes),
        reason="letters of the week (TEST)"))


def granted(people, gateway, count, **changes):
    """The id of a mandate that two other officers have approved."""
    asked = ask(gateway, count, **changes)
    equal(asked.mandate.state, rig.mandates.MANDATE_STATE_PENDING)
    for name in ("officer-2", "officer-3"):
        state = approve(gateway, asked.approval.id, people.keys[name], name).state
    equal(state, EXECUTED, get(gateway, asked.approval.id).approval.outcome.message)
    return asked.mandate.id


def look(gateway, mandate, name="officer-1", **more):
    return call(gateway, name, "GetMandate",
                rig.mandates.GetMandateRequest(id=mandate, **more)).mandate


def revoke(gateway, mandate, name="officer-1"):
    return call(gateway, name, "RevokeMandate", rig.mandates.RevokeMandateRequest(
        id=mandate, reason="a wrong letter (TEST)")).mandate


def balance(gateway, mandate):
    found = look(gateway, mandate)
    return found.used, found.reserved, found.left


def explain(gateway, mandate, the_item):
    ask = gateway.client().call("unary_unary", "Explain", rig.signing.ExplainRequest,
                                rig.signing.ExplainResponse)
    return ask(rig.signing.ExplainRequest(terms=rig.terms(mandate=mandate), item=the_item),
               timeout=10)


def denied(gateway, code, mandate, the_item=None, client="e-office", **changes):
    """By the gateway's own gate: its reason, and the record that says the same."""
    refusal = rig.refused(gateway.client(client).sign, the_item, mandate=mandate, **changes)
    equal((refusal.code, refusal.info.reason), (CODE.FAILED_PRECONDITION, code))
    return refusal


# --- Opening -------------------------------------------------------------------------------

@claim
def two_officers_open_one_and_its_caller_draws_on_it(people):
    with people.gateway() as gateway:
        asked = ask(gateway, 2)
        equal(asked.approval.state, PENDING)
        mandate = asked.mandate.id
        equal(look(gateway, mandate).state, rig.mandates.MANDATE_STATE_PENDING)
        denied(gateway, "MANDATE_UNKNOWN", mandate)
        shown = get(gateway, asked.approval.id)
        contains(shown.grant_text.decode(), "action mandate.open\n", "object seal-demo\n",
                 "caller=e-office max=2 until=", "classes=surat_keterangan",
                 f"approval={CONSENT}\n")
        words = ask(gateway, 1, approval_ref="SK 12 / 100%").approval.id
        contains(get(gateway, words).grant_text.decode(), "approval=SK%2012%20/%20100%25\n")
        for name in ("officer-2", "officer-3"):
            approve(gateway, asked.approval.id, people.keys[name], name)
        found = look(gateway, mandate, "e-office")
        equal((found.state, found.used, found.reserved, found.left), (OPEN, 0, 0, 2))
        equal((found.terms.caller, list(found.terms.document_classes), found.requester),
              ("e-office", ["surat_keterangan"], "officer-1"))
        first = rig.item()
        signed = gateway.client().sign(first, mandate=mandate)
        equal(balance(gateway, mandate), (1, 0, 1))
        again = gateway.client().sign(first, mandate=mandate)
        equal((again.replayed, again.signature), (True, signed.signature))
        equal(balance(gateway, mandate), (1, 0, 1), "a replay takes nothing")
        gateway.client().sign(mandate=mandate)
        equal(look(gateway, mandate).state, EXHAUSTED)
        refusal = rig.refused(gateway.client().sign, mandate=mandate)
        equal((refusal.info.reason, refusal.denial.failures[0].rule),
              ("OUTSIDE_GRANT", "CP-4.5-05"), "the policy's own words")
        contains(refusal.message, "outside the mandate")
        equal(gateway.client().sign(first, mandate=mandate).replayed, True)
        gateway.client().sign()
        opened, closed = people.records("mandate.open", "mandate.close")
        equal((opened["mandate"], opened["requester"], opened["approvers"], opened["max"]),
              (mandate, "officer-1", "officer-2,officer-3", "2"))
        equal((closed["mandate"], closed["state"], closed["used"], closed["left"]),
              (mandate, "exhausted", "2", "0"))
        intents = [r for r in people.records("intent") if r.get("mandate") == mandate]
        equal(len(intents), 2)


@claim
def what_cannot_be_granted_is_refused_when_it_is_asked_for(people):
    with people.gateway() as gateway:
        for code, changes in (
                (CODE.NOT_FOUND, dict(key="no-such-key")),
                (CODE.NOT_FOUND, dict(caller="nobody")),
                (CODE.FAILED_PRECONDITION, dict(caller="reviewer")),
                (CODE.FAILED_PRECONDITION, dict(document_classes=["no_such_class"])),
                (CODE.FAILED_PRECONDITION,
                 dict(profiles=[rig.common.SIGNATURE_PROFILE_RAW])),
                (CODE.FAILED_PRECONDITION, dict(until_us=now_us(-5))),
                (CODE.FAILED_PRECONDITION, dict(until_us=now_us(32 * 86400))),
                (CODE.INVALID_ARGUMENT, dict(from_us=now_us(60), until_us=now_us(60))),
                (CODE.INVALID_ARGUMENT, dict(until_us=now_us(60) + 1)),
                (CODE.INVALID_ARGUMENT, dict(from_us=YEAR_10000, until_us=YEAR_10000 + 10**6)),
                (CODE.INVALID_ARGUMENT, dict(document_classes=[])),
                (CODE.INVALID_ARGUMENT, dict(document_classes=["a,b"])),
                (CODE.INVALID_ARGUMENT, dict(profiles=[PADES, PADES])),
                (CODE.INVALID_ARGUMENT, dict(approval_ref="")),
                (CODE.INVALID_ARGUMENT, dict(approval_ref="3374012345678901")),
                (CODE.INVALID_ARGUMENT, dict(max_signatures=0)),
                (CODE.INVALID_ARGUMENT, dict(max_signatures=10**7 + 1)),
                (CODE.INVALID_ARGUMENT, dict(digests=[rig.digest()])),
                (CODE.INVALID_ARGUMENT, dict(hash_algorithm=SHA256)),
                (CODE.INVALID_ARGUMENT, dict(hash_algorithm=SHA256, digests=[b"short"])),
                (CODE.INVALID_ARGUMENT,
                 dict(hash_algorithm=SHA256, digests=[rig.digest("a"), rig.digest("b")])),
                (CODE.INVALID_ARGUMENT, dict(hash_algorithm=SHA256, max_signatures=2,
                                             digests=[rig.digest("a"), rig.digest("a")]))):
            found = rig.refused(ask, gateway, changes.pop("max_signatures", 1), **changes)
            equal(found.code, code, changes)
        for name in ("e-office", "reviewer"):
            equal(rig.refused(ask, gateway, 1, name=name).code, CODE.PERMISSION_DENIED)
        again = secrets.token_hex(8)
        first, until = ask(gateway, 1, request_id=again), now_us(15)
        equal(rig.refused(ask, gateway, 2, request_id=again).code, CODE.ALREADY_EXISTS)
        asked = ask(gateway, 1, until_us=until)
        expect(first.mandate.id != asked.mandate.id, "two mandates")
        wait_for(lambda: time.time() * 10**6 > until, "time does not pass", 40)
        for name in ("officer-2", "officer-3"):
            state = approve(gateway, asked.approval.id, people.keys[name], name).state
        equal(state, FAILED, "what could be done when it was asked for, and not any more")
        equal(people.records("mandate.open"), [])


@claim
def whoever_may_use_the_key_by_the_newest_configuration_is_granted_one(people):
    with people.gateway() as gateway:
        before = people.rig.read("changed.yaml")
        waits = ask(gateway, 1).approval.id
        people.rig.write("changed.yaml", re.sub(
            r"(name: e-office, .*keys: )\[seal-demo\]", r"\1[]", before))
        hup(gateway, "reloaded")
        contains(rig.refused(ask, gateway, 1).message, "not entitled to key 'seal-demo'")
        for name in ("officer-2", "officer-3"):
            state = approve(gateway, waits, people.keys[name], name).state
        equal(state, FAILED, "when it is done, too")
        people.rig.write("changed.yaml", before)
        hup(gateway, "reloaded")
        gateway.client().sign(mandate=granted(people, gateway, 1))


# --- Bounds --------------------------------------------------------------------------------

@claim
def each_bound_holds(people):
    with people.gateway() as gateway:
        mandate = granted(people, gateway, 5)
        begins_us = now_us(600)
        later = granted(people, gateway, 5, from_us=begins_us)
        of_others = granted(people, gateway, 5, caller="mail")
        text = people.rig.read("policy.yaml")
        expect("surat_tugas" in text, "the demo has another class")
        denied(gateway, "MANDATE_OUTSIDE", mandate, document_class="surat_tugas")
        denied(gateway, "MANDATE_OUTSIDE", mandate, approval_ref="ND-2026/002")
        denied(gateway, "MANDATE_OUTSIDE", mandate,
               profile=rig.common.SIGNATURE_PROFILE_CADES_B_B)
        early = denied(gateway, "MANDATE_EARLY", later)
        expect((begins_us - now_us()) // 10**6 - 2 <= early.retry.retry_delay.seconds <= 600,
               "when it begins")
        words = denied(gateway, "MANDATE_UNKNOWN", of_others).message
        equal(words.replace(of_others, "m-1"), denied(gateway, "MANDATE_UNKNOWN",
                                                      "m-1").message)
        contains(rig.refused(gateway.client().sign, mandate="m-1", language="id").message,
                 "tidak diberikan kepada pemanggil ini")
        equal(gateway.client("mail").sign(mandate=of_others).status.code, SIGNED)
        equal(balance(gateway, mandate), (0, 0, 5), "a denial takes nothing")
        labels = {"mandate": of_others, "key": "seal-demo", "caller": "mail"}
        wait_for(lambda: metrics(gateway).value("segel_mandate_left", **labels) == 4, "left")
        equal(metrics(gateway).value("segel_mandates_open"), 3)
        records = [r["fail"][0] for r in people.records("deny")]
        equal({(r["rule"], r["cp"]) for r in records}, {("CP-4.5-05", "4.5.1")})
        answer = explain(gateway, "m-1", rig.item())
        equal(answer.decision, rig.common.DECISION_DENY)
        contains(answer.status.message, "m-1")


@contextlib.contextmanager
def any_class(people):
    """By the policy; what a mandate is for binds all the same."""
    policy = people.rig.read("policy.yaml")
    wide = re.sub(r"(?ms)^tests:\n.*", "", policy)
    people.rig.write("policy.yaml", wide.replace("- id: CP-1.4-01\n",
                                                 "- id: CP-1.4-01\n    mode: shadow\n", 1))
    try:
        with people.gateway() as gateway:
            yield gateway
    finally:
        people.rig.write("policy.yaml", policy)


@claim
def two_names_of_its_classes_are_none_of_them(people):
    two = ["surat_keterangan", "surat_tugas"]
    with any_class(people) as gateway:
        mandate = granted(people, gateway, 5, document_classes=two)
        gateway.client().sign(document_class=",".join(two))
        for name in (",".join(two), "surat", "surat_tugas,", "another"):
            denied(gateway, "MANDATE_OUTSIDE", mandate, document_class=name)
        for name in two:
            gateway.client().sign(mandate=mandate, document_class=name)


@claim
def a_document_is_signed_once_and_no_other_is(people):
    digests = [rig.digest() for _ in range(16384)]
    with people.gateway() as gateway:
        mandate = granted(people, gateway, len(digests), hash_algorithm=SHA256,
                          digests=digests)
        first = rig.item(value=digests[7])
        gateway.client().sign(first, mandate=mandate)
        equal(gateway.client().sign(first, mandate=mandate).replayed, True)
        denied(gateway, "MANDATE_TAKEN", mandate, rig.item(value=digests[7]))
        refusal = rig.refused(gateway.client().sign, rig.item(), mandate=mandate)
        equal(refusal.denial.failures[0].rule, "CP-4.5-05", "not on the list")
        equal(balance(gateway, mandate), (1, 0, len(digests) - 1))
        equal(list(look(gateway, mandate, with_digests=True).terms.digests), digests)
        found = look(gateway, mandate, "e-office")
        equal(list(found.terms.digests), [])
        equal(found.digests_sha256, hashlib.sha256(b"".join(digests)).digest())
        same = digests[9]
        answers = gateway.client().batch([rig.item(value=same) for _ in range(16)],
                                         mandate=mandate)
        equal(sum(a.status.code == SIGNED for a in answers), 1, "of one batch")


@claim
def the_longest_list_is_asked_for_shown_and_approved(people):
    """Of any hash, and to those who are to sign it before they do."""
    for hash_algorithm, size in ((SHA256, 32), (SHA512, 64)):
        digests = [secrets.token_bytes(size) for _ in range(16384)]
        with people.gateway() as gateway:
            same = dict(request_id=secrets.token_hex(8), until_us=now_us(3600))
            for _ in range(2):  # the same call again is answered, too
                asked = ask(gateway, len(digests), hash_algorithm=hash_algorithm,
                            digests=digests, **same)
            mandate = asked.mandate.id
            for state in (rig.mandates.MANDATE_STATE_PENDING, OPEN):
                found = look(gateway, mandate, "officer-2", with_digests=True)
                equal((found.state, list(found.terms.digests)), (state, digests))
                equal(list(look(gateway, mandate).terms.digests), [], "not asked for")
                if state != OPEN:
                    agree(people, gateway, asked.approval.id, "officer-2", "officer-3")


@claim
def a_question_without_a_digest_is_about_any_that_is_free(people):
    digests = [rig.digest() for _ in range(2)]
    with people.gateway() as gateway:
        mandate = granted(people, gateway, 2, hash_algorithm=SHA256, digests=digests)

        def told(**item):
            answer = explain(gateway, mandate, rig.signing.SignItem(**item))
            rule = next(r for r in answer.rules if r.rule == "CP-4.5-05")
            return answer.decision, rule.raw, answer.status.message

        passed = (rig.common.DECISION_ALLOW, 1, "")
        equal([told(), told(digest=digests[1])], [passed, passed])
        equal(told(digest=rig.digest())[0], rig.common.DECISION_DENY, "not on the list")
        gateway.client().sign(rig.item(value=digests[0]), mandate=mandate)
        equal([told(), told(digest=digests[0])[0]], [passed, rig.common.DECISION_DENY])
        gateway.client().sign(rig.item(value=digests[1]), mandate=mandate)
        decision, _, words = told()
        equal(decision, rig.common.DECISION_DENY)
        contains(words, "outside the mandate")


@claim
def it_ends_at_its_time_and_a_clock_does_not_bring_it_back(people):
    with people.gateway() as gateway:
        mandate = granted(people, gateway, 5, until_us=now_us(20))  # two have to agree first
        gateway.client().sign(mandate=mandate)
        wait_for(lambda: look(gateway, mandate).state == EXPIRED, "it does not end", 40)
        denied(gateway, "MANDATE_EXPIRED", mandate)
        closed, = people.records("mandate.close")
        equal((closed["state"], closed["used"], closed["left"]), ("expired", "1", "4"))


@claim
def a_clock_that_was_set_back_lengthens_nothing(people):
    with begun(people.gateway(), "later", LATER_S="300") as gateway:
        mandate = granted(people, gateway, 5)
        item = rig.item()
        gateway.client().sign(item, mandate=mandate)
        stopped = time.monotonic()
    with people.gateway(keep=True) as gateway:
        refusal = denied(gateway, "MANDATE_CLOCK", mandate)
        least = 298 - (time.monotonic() - stopped)
        expect(least <= refusal.retry.retry_delay.seconds <= 300, refusal.retry)
        equal(gateway.client().sign(item, mandate=mandate).replayed, True)
        gateway.client().sign(mandate=granted(people, gateway, 1))


# --- Ending --------------------------------------------------------------------------------

@claim
def one_person_ends_it_at_once(people):
    with people.gateway() as gateway:
        mandate = granted(people, gateway, 100000)
        over, found, lock = threading.Event(), [], threading.Lock()

        def run():
            client = gateway.client()
            while not over.is_set():
                answers = client.batch([rig.item() for _ in range(16)], mandate=mandate)
                with lock:
                    found.extend((a.status.code, a.status.reason) for a in answers)
        threads = [threading.Thread(target=run, daemon=True) for _ in range(3)]
        for thread in threads:
            thread.start()
        wait_for(lambda: len(found) > 60, "nothing is signed")
        ended = revoke(gateway, mandate, "reviewer")
        equal((ended.state, ended.close_reason), (REVOKED, "a wrong letter (TEST)"))
        wait_for(lambda: (9, "MANDATE_REVOKED") in found, "nobody is refused", 30)
        over.set()
        for thread in threads:
            thread.join(timeout=60)
        equal(set(found), {(SIGNED, ""), (9, "MANDATE_REVOKED")}, "answers")
        signed = found.count((SIGNED, ""))
        equal(balance(gateway, mandate), (signed, 0, 100000 - signed))
        end, = people.records("mandate.close")
        late = [r for r in people.records("intent")
                if r.get("mandate") == mandate and r["seq"] > end["seq"]]
        equal(late, [], "INTENTs behind its end")
        equal((end["state"], end["person"], end["reason"]),
              ("revoked", "reviewer", "a wrong letter (TEST)"))
        denied(gateway, "MANDATE_REVOKED", mandate)
        equal(revoke(gateway, mandate).state, REVOKED, "again is no error")
        equal(len(people.records("mandate.close")), 1)
        equal(rig.refused(revoke, gateway, "m-none").code, CODE.NOT_FOUND)
        equal(rig.refused(revoke, gateway, mandate, "e-office").code, CODE.PERMISSION_DENIED)


@claim
def who_would_end_one_that_waits_is_told_how(people):
    with people.gateway() as gateway:
        asked = ask(gateway, 1)
        grant, mandate = asked.approval.id, asked.mandate.id
        for name in ("officer-2", "reviewer"):
            refusal = rig.refused(revoke, gateway, mandate, name)
            equal(refusal.code, CODE.FAILED_PRECONDITION, refusal.message)
            contains(refusal.message, f"'{mandate}' is not open yet", f"'segel refuse {grant}'")
        equal(look(gateway, mandate).state, rig.mandates.MANDATE_STATE_PENDING)
        refuse(gateway, grant)
        for name in (mandate, grant, "m-none"):
            equal(rig.refused(revoke, gateway, name).code, CODE.NOT_FOUND, name)


def ask_often(gateway, name, count):
    """Questions under way, or refused."""
    request = rig.mandates.ListMandatesRequest()
    stub = gateway.client(name).call("unary_unary", "ListMandates", type(request),
                                     rig.mandates.ListMandatesResponse,
                                     service="MandateService")
    return [stub.future(request, timeout=25) for _ in range(count)]


def refused_at_once(calls, places, *words):
    """All but so many."""
    wait_for(lambda: sum(call.done() for call in calls) >= len(calls) - places,
             "too many are under way")
    over = [call for call in calls if call.done()]
    equal({call.code() for call in over}, {CODE.RESOURCE_EXHAUSTED})
    contains(over[0].details(), *words)
    equal(len(over), len(calls) - places, "refused")


@claim
def who_asks_keeps_nobody_from_ending_it(people):
    """While nothing gets an answer: backends have places of their own, and an end has some
    that no other task takes."""
    core = Held("segeld")
    with contextlib.ExitStack() as stack:
        stack.callback(core.close)
        with core.preloaded():
            gateway = stack.enter_context(people.gateway())
        mandate = granted(people, gateway, 5)
        stack.callback(core.release, "wait")
        core.hold("wait")
        mine = ask_often(gateway, "e-office", 64)
        refused_at_once(mine, 4, "4 requests of backends")
        theirs = ask_often(gateway, "officer-1", 64)
        refused_at_once(theirs, 16, "16 requests")
        ended = gateway.client("reviewer").call(
            "unary_unary", "RevokeMandate", rig.mandates.RevokeMandateRequest,
            rig.mandates.RevokeMandateResponse, service="MandateService").future(
                rig.mandates.RevokeMandateRequest(id=mandate, reason="wrong (TEST)"),
                timeout=25)
        time.sleep(0.5)
        expect(not ended.done(), f"it is refused: {ended.done() and ended.details()}")
        core.release("wait")
        equal(ended.result().mandate.state, REVOKED)
        answered = [sum(call.code() == CODE.OK for call in calls) for calls in (mine, theirs)]
        equal(answered, [4, 16], "answers")


# --- Exactly so many -----------------------------------------------------------------------

class Draw:
    """Clients that draw on a mandate, whatever happens to the gateway: an id that has no
    answer is asked again until it has one, by the next gateway, too."""

    def __init__(self, mandate, count, threads=8):
        self.mandate, self.gateway, self.lock = mandate, None, threading.Lock()
        self.open = [rig.item() for _ in range(count)]
        self.answers, self.threads, self.over, self.last = {}, threads, False, False

    def take(self, client, items):
        try:
            answers = client.batch(items, timeout=20, mandate=self.mandate)
        except grpc.RpcError:
            return
        with self.lock:
            for answer in answers:
                # What is reserved may be given back: a no is the last word at the end only.
                if answer.status.code == SIGNED or (self.last and answer.status.code == 9):
                    expect(answer.request_id not in self.answers, "told twice")
                    self.answers[answer.request_id] = answer

    def worker(self, number):
        client = self.gateway.client()
        while not self.over:
            with self.lock:
                mine = [i for i in self.open[number::self.threads]
                        if i.request_id not in self.answers][:12]
            if not mine:
                return
            self.take(client, mine)

    def run(self, gateway, disturb=None):
        self.gateway, self.over = gateway, False
        threads = [threading.Thread(target=self.worker, args=(n,), daemon=True)
                   for n in range(self.threads)]
        for thread in threads:
            thread.start()
        if disturb:
            disturb()
            self.over = True
        for thread in threads:
            thread.join(timeout=90)
        expect(not any(t.is_alive() for t in threads), "clients hang")

    def signed(self):
        return sum(a.status.code == SIGNED for a in list(self.answers.values()))


@claim
def not_one_more_is_signed_and_none_is_lost(people):
    count, asked = 1200, 1400
    with people.gateway() as gateway:
        mandate = granted(people, gateway, count)
    draw = Draw(mandate, asked)

    def more_than(signed):
        wait_for(lambda: draw.signed() > signed, f"no more than {draw.signed()} are signed", 60)
    for _ in range(3):
        with people.gateway(keep=True) as gateway:
            start = draw.signed()

            def disturb():
                more_than(start + 24)
                kill_lane(gateway)
                wait_for(lambda: metrics(gateway).value("segel_lane_up", lane="lane0") == 1,
                         "no lane")
                more_than(draw.signed() + 24)
                gateway.stop(rig.signal.SIGKILL)
            draw.run(gateway, disturb)
    expect(draw.signed() < count, "all was taken before the end")
    with people.gateway(keep=True) as gateway:
        draw.last = True
        draw.run(gateway)
        equal(len(draw.answers), asked, "ids with an answer")
        found = look(gateway, mandate)
        equal((found.used, found.reserved, found.left, found.state),
              (count, 0, 0, EXHAUSTED), "used, reserved, left")
        equal(draw.signed(), count, "signatures handed out")
        rows = people.records("intent", "outcome")
        intents = {r["decision_id"]: r for r in rows if r["type"] == "intent"}
        made = [r for r in rows if r["type"] == "outcome" and r["outcome"] == "signed"
                and intents[r["decision_id"]].get("mandate") == mandate]
        equal((len(made), len({r["job"] for r in made})), (count, count), "on the log")
        unknown = sum(r.get("outcome") == "indeterminate" for r in rows)
        expect(unknown > 0, "no kill struck a job")


@claim
def what_may_have_been_signed_is_not_granted_anew(people):
    """The HSM hangs: nobody knows. The one that is left belongs to that id."""
    with people.gateway(SELDOM) as gateway:
        mandate = granted(people, gateway, 1)
        people.schedule("C_Sign@1=hang")
        first = rig.item()
        refusal = rig.refused(gateway.client().sign, first, 30, mandate=mandate)
        people.schedule("")
        equal(people.records("outcome")[-1]["outcome"], "indeterminate", refusal.message)
        equal(balance(gateway, mandate), (0, 1, 0))
        wait_for(lambda: metrics(gateway).value("segel_lane_up", lane="lane0") == 1, "no lane")
        refusal = rig.refused(gateway.client().sign, mandate=mandate)
        equal(refusal.denial.failures[0].rule, "CP-4.5-05", "another id")
        gateway.client().sign(first, mandate=mandate)
        equal(balance(gateway, mandate), (1, 0, 0), "its own id")


def lifted(people, gateway):
    """An override of the rule that asks for the notice, for three jobs."""
    task = rig.approvals.OverrideTask(
        rule="CP-4.5-07", key="seal-demo", caller="e-office", document_class="",
        until_us=now_us(3600), max_jobs=3)
    asked = create(gateway, rig.approvals.CreateRequestRequest(
        request_id=secrets.token_hex(8), reason="the CA is late (TEST)", override_rule=task),
        "officer-1")
    equal(agree(people, gateway, asked.id, "officer-2", "officer-3").state, EXECUTED)


def used_of_override(gateway):
    stub = gateway.client("reviewer").call(
        "unary_unary", "ListOverrides", rig.approvals.ListOverridesRequest,
        rig.approvals.ListOverridesResponse, service="ApprovalService")
    return [o.used_jobs for o in stub(rig.approvals.ListOverridesRequest(), timeout=20).overrides]


@claim
def attempts_that_certainly_made_nothing_use_up_no_override(people):
    """Behind one of which nobody knows: that one counts, and each later one for itself."""
    with people.gateway(SELDOM) as gateway:
        mandate = granted(people, gateway, 1)
        lifted(people, gateway)
        first, unlawful = rig.item(), dict(mandate=mandate, notice_shown=False)
        people.schedule("C_Sign@1=hang")
        rig.refused(gateway.client().sign, first, 30, **unlawful)
        equal(people.records("outcome")[-1]["outcome"], "indeterminate")
        equal(used_of_override(gateway), [1])
        for times in (1, 2):  # it has come back: each attempt costs the lane
            people.schedule("")
            wait_for(lambda times=times: len(gateway.find("lane.up")) >= times, "no lane")
            people.schedule("C_Sign@1+=30")
            rig.refused(gateway.client().sign, first, 30, **unlawful)
            equal([r["outcome"] for r in people.records("outcome")],
                  ["indeterminate"] + ["failed"] * times)
            equal(used_of_override(gateway), [1], "a failed attempt gave its job back")
        people.schedule("")


@claim
def a_failed_attempt_gives_it_back(people):
    digest = rig.digest()
    with people.gateway(SELDOM) as gateway:
        mandate = granted(people, gateway, 1, hash_algorithm=SHA256, digests=[digest])
        people.schedule("C_Sign@1+=30")
        rig.refused(gateway.client().sign, rig.item(value=digest), 30, mandate=mandate)
        people.schedule("")
        equal(people.records("outcome")[-1]["outcome"], "failed")
        equal(balance(gateway, mandate), (0, 0, 1))
        wait_for(lambda: metrics(gateway).value("segel_lane_up", lane="lane0") == 1, "no lane")
        gateway.client().sign(rig.item(value=digest), mandate=mandate)
        equal(balance(gateway, mandate), (1, 0, 0))


# --- Seeing --------------------------------------------------------------------------------

@claim
def a_caller_sees_its_own_and_officers_see_all(people):
    with people.gateway() as gateway:
        one = granted(people, gateway, 1)
        other = granted(people, gateway, 1, caller="mail")
        revoke(gateway, one)

        def ids(name, **more):
            return [m.id for m in call(gateway, name, "ListMandates",
                                       rig.mandates.ListMandatesRequest(**more)).mandates]
        equal(ids("officer-1"), [other, one])
        equal(ids("reviewer", states=[OPEN]), [other])
        equal(ids("reviewer", caller="e-office"), [one])
        equal(ids("e-office"), [one])
        equal(ids("e-office", caller="mail"), [one], "its own, whatever it asks for")
        equal(ids("mail", key="another"), [])
        page = call(gateway, "officer-1", "ListMandates",
                    rig.mandates.ListMandatesRequest(page_size=1))
        equal(ids("officer-1", page_token=page.next_page_token), [one])
        equal(rig.refused(look, gateway, other, "e-office").code, CODE.NOT_FOUND)
        equal(rig.refused(look, gateway, "m-none", "officer-1").code, CODE.NOT_FOUND)
        equal(rig.refused(ids, "officer-1", page_token="x").code, CODE.INVALID_ARGUMENT)


@claim
def decisions_under_it_can_be_judged_again(people):
    """Its facts stand on the record where a rule reads them."""
    rules = people.rig.read("policy.yaml").split("\ntests:")[0] + "\n"
    with people.gateway() as gateway:
        mandate = granted(people, gateway, 2)
        signed = [gateway.client().sign(mandate=mandate) for _ in range(2)]
        rig.refused(gateway.client().sign, mandate=mandate)
        gateway.client().sign()
        facts = [r["facts"] for r in people.records("intent", "deny")]
        equal([(f["mandate.present"], f.get("mandate.left")) for f in facts],
              [(True, 2), (True, 1), (True, 0), (False, None)])
        stricter = rules.replace("mandate.left: {ge: 1}", "mandate.left: {ge: 2}")
        for text, differences in ((rules, 0), (stricter, 1)):
            file = people.rig.write("replayed.yaml", text)
            result = people.rig.segel("reviewer", "policy", "replay", "--json", "--policy", file,
                                       people.rig.path("policy.yaml"))
            expect(result.stdout, result.stderr)
            rows = [rig.json.loads(line) for line in result.stdout.splitlines()]
            equal((rows[-1]["differences"], rows[-1]["incomplete"]), (differences, 0),
                  "by another policy")
        expect(all(s.signature for s in signed), "both")


@claim
def officers_and_clerks_do_all_of_it_by_their_terminals(people):
    segel, path = people.rig.segel, people.rig.path("digests")
    subprocess.run([os.path.join(rig.BUILD, "tests/fixtures/letters"), "1",
                    people.rig.path("letters")], check=True, capture_output=True)
    with people.gateway() as gateway:
        until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
        terms_of = ("--key", "seal-demo", "--caller", "e-office", "--until", until,
                    "--class", "surat_keterangan,surat_tugas", "--approval",
                    CONSENT, "--reason", "letters of the week (TEST)")
        asked = segel("officer-1", "mandate", "open", *terms_of, "--max", "2")
        equal(asked.returncode, 0, asked.stderr)
        grant, mandate = re.search(r"g-\w+", asked.stdout)[0], re.search(r"m-\w+", asked.stdout)[0]
        contains(asked.stdout, "0 of 2 approvals", "when it is approved, the mandate is")
        shown = segel("officer-2", "request", "show", grant)
        contains(shown.stdout, "Key seal-demo signs for one system", "max=2",
                 f"approval={CONSENT}", "letters of the week (TEST)")
        contains(segel("officer-2", "request", "show", grant, "--lang", "id").stdout,
                 "Kunci seal-demo menandatangani untuk satu sistem")
        contains(segel("reviewer", "mandate", "show", mandate).stdout, "waits")
        for name in ("officer-2", "officer-3"):
            approve(gateway, grant, people.keys[name], name)
        listed = segel("reviewer", "mandate", "list")
        contains(listed.stdout, mandate, "seal-demo", "e-office", "open", until)
        sign = ("sign", "--key", "seal-demo", "--class", "surat_keterangan", "--approval",
                CONSENT, "--notice-shown", "--mandate", mandate, "--force", "--out")
        subprocess.run([os.path.join(rig.BUILD, "tests/fixtures/letters"), "1",
                        people.rig.path("letters")], check=True, capture_output=True)
        letter, = glob.glob(people.rig.path("letters", "surat_keterangan", "*.pdf"))
        signed = segel("e-office", *sign, people.rig.path("signed"), letter)
        equal(signed.returncode, 0, signed.stdout + signed.stderr)
        shown = segel("e-office", "mandate", "show", mandate)
        contains(shown.stdout, "used           1", "left           1", CONSENT,
                 f"  until          {until}\n")
        expect(rig.re.search(r"opened +20\S+T\d\d:\d\d:\d\dZ\n", shown.stdout), shown.stdout)
        row = rig.json.loads(segel("reviewer", "mandate", "list", "--json").stdout)
        equal((row["used"], row["left"], row["state"], row["classes"]),
              (1, 1, "open", ["surat_keterangan", "surat_tugas"]))
        ended = segel("reviewer", "mandate", "revoke", mandate, "--reason", "enough (TEST)",
                      "--lang", "id")
        contains(ended.stdout, "dicabut", "enough (TEST)")
        refused = segel("e-office", *sign, people.rig.path("again"), "--json", letter)
        equal(refused.returncode, 1, refused.stdout)
        contains(refused.stdout, "was revoked", '"code":"MANDATE_REVOKED"')
        contains(segel("reviewer", "log", "show", "--mandate", mandate).stdout,
                 "mandate.open", "mandate.close")
        lines = [rig.digest().hex() for _ in range(16384)]
        people.rig.write("digests", "# a list\n" + "\r\n".join(lines) + "\n")
        asked = segel("officer-1", "mandate", "open", *terms_of, "--digests", path)
        equal(asked.returncode, 0, asked.stderr)
        mandate = re.search(r"m-\w+", asked.stdout)[0]
        grant = re.search(r"g-\w+", asked.stdout)[0]
        shown = segel("officer-2", "request", "show", grant)
        contains(shown.stdout, "max=16384", "documents=sha256 list=")
        for name in ("officer-2", "officer-3"):
            approve(gateway, grant, people.keys[name], name)
        shown = segel("reviewer", "mandate", "show", mandate, "--digests").stdout
        equal(shown.split()[-len(lines):], lines)
        once = (*terms_of, "--max", "2", "--request-id", "ND-7")
        asked = segel("officer-1", "mandate", "open", *once)
        contains(asked.stdout, "when it is approved, the mandate is m-")
        grant = re.search(r"g-\w+", asked.stdout)[0]
        refuse(gateway, grant)
        asked = segel("officer-1", "mandate", "open", *once)
        contains(asked.stdout, f"{grant}: refused\n")
        expect("when it is approved" not in asked.stdout, asked.stdout)
        equal(asked.returncode, 1, asked.stderr)
        early = segel("officer-1", "mandate", "open", *terms_of, "--from", "2999-01-01T00:00:00Z",
                      "--max", "1")
        equal(early.returncode, 2, early.stdout)
        contains(early.stderr, "--from must be earlier than --until")
        for bad, words in ((lines[0][:-2], "line 1"), ("", "names no document")):
            people.rig.write("digests", bad + "\n")
            asked = segel("officer-1", "mandate", "open", *terms_of, "--digests", path)
            equal(asked.returncode, 2, asked.stderr)
            contains(asked.stderr, words)


if __name__ == "__main__":
    PEOPLE = People(rig.Rig("mandates"))
    PEOPLE.add_client("mail", "backend")
    PEOPLE.text = PEOPLE.text.replace('caller:mail", roles: [backend], keys: []}',
                                      'caller:mail", roles: [backend], keys: [seal-demo]}')
    if sys.argv[1:]:
        rig.claims[:] = [c for c in rig.claims if sys.argv[1] in c.__name__]
    sys.exit(rig.run(PEOPLE))
