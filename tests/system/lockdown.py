#!/usr/bin/python3
"""One person stops all signing at once, and it stays stopped, over restarts too, until
enough persons have signed for its end."""
import secrets
import sys
import threading

import rig
from faulty import metrics, wait_for
from people import (CODE, EXECUTED, PENDING, VOID, People, agree, approve, load_policy,
                    lock_down, new_version, release, roster, state)
from rig import claim, contains, equal, expect


def clear(people, gateway, lock_id, *keys, request_id=None):
    """A request for the end, and approvals until the last key."""
    asked = release(gateway, lock_id, request_id or secrets.token_hex(8)).approval
    for name in keys:
        asked = approve(gateway, asked.id, people.keys[name], name)
    return asked


def signs(gateway):
    return len(gateway.client().sign().signature) > 0


def explain(gateway):
    call = gateway.client().call("unary_unary", "Explain", rig.signing.ExplainRequest,
                                 rig.signing.ExplainResponse)
    return call(rig.signing.ExplainRequest(terms=rig.terms(), item=rig.item()), timeout=10)


class Load:
    """Callers that sign all the time; what was answered is kept."""

    def __init__(self, gateway, threads=3):
        self.gateway, self.over = gateway, threading.Event()
        self.signed, self.refused, self.others = 0, [], []
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.run, daemon=True) for _ in range(threads)]
        for thread in self.threads:
            thread.start()

    def run(self):
        client = self.gateway.client()
        while not self.over.is_set():
            results = client.batch([rig.item() for _ in range(24)])
            with self.lock:
                for result in results:
                    if result.status.code == 0:
                        self.signed += 1
                    elif "lockdown-" in result.status.message:
                        self.refused.append(result.status)
                    else:
                        self.others.append(result.status)

    def end(self):
        self.over.set()
        for thread in self.threads:
            thread.join(timeout=60)
            expect(not thread.is_alive(), "a caller hangs")


@claim
def one_person_stops_all_signing_at_once(people):
    for name in ("officer-1", "reviewer"):
        with people.gateway() as gateway:
            expect(signs(gateway), "it signs before")
            first = lock_down(gateway, name)
            expect(first.state.active and not first.already, "it is in force")
            equal((first.state.person, len(first.state.log.leaf_hash)), (name, 32))
            refusal = rig.refused(gateway.client().sign)
            equal((refusal.code, refusal.info.reason),
                  (CODE.FAILED_PRECONDITION, "LOCKED_DOWN"))
            contains(refusal.message, name, first.state.id)
            again = lock_down(gateway, "officer-2")
            expect(again.already, "it was in force")
            equal((again.state.id, again.state.person), (first.state.id, name))
            record = people.records("lockdown")
            equal([(r["subject"], r["person"]) for r in record], [(first.state.id, name)])
            asked = explain(gateway)
            equal((asked.decision, asked.status.message), (2, refusal.message), "Explain")
            rule = [r for r in asked.rules if r.rule == "CP-5.7-01"][0]
            equal((rule.result, rule.found), (2, "true"), "the rule of the policy")
            deny = people.records("deny")[-1]
            equal(people.records("explain")[-1]["fail"][0]["code"], "LOCKED_DOWN")
            equal((deny["by"], deny["fail"][0]["code"], deny["fail"][0]["cp"]),
                  ("gateway", "LOCKED_DOWN", "5.7.1"))


@claim
def no_intent_stands_behind_its_record_and_what_was_begun_is_delivered(people):
    with people.gateway() as gateway:
        load = Load(gateway)
        wait_for(lambda: load.signed > 200, "nothing is signed", 30)
        lock_down(gateway)
        wait_for(lambda: len(load.refused) > 200, "nothing is refused", 30)
        load.end()
        equal([(s.code, s.message) for s in load.others[:3]], [])
        records = people.records()
        at = next(r["seq"] for r in records if r["type"] == "lockdown")
        behind = [r for r in records if r["seq"] > at]
        equal([r["seq"] for r in behind if r["type"] == "intent"], [])
        begun = [r["seq"] for r in records if r["type"] == "intent"]
        signed = [r for r in records if r["type"] == "outcome" and r["outcome"] == "signed"]
        equal(len(signed), len(begun), "what was begun")
        equal(load.signed, len(begun), "and it was delivered")


@claim
def a_restart_and_a_kill_keep_it(people):
    with people.gateway() as gateway:
        lock_id = lock_down(gateway).state.id
        gateway.stop(rig.signal.SIGKILL)
    with people.gateway(keep=True) as gateway:
        equal(roster(gateway).lock_down.id, lock_id)
        equal(rig.refused(gateway.client().sign).info.reason, "LOCKED_DOWN")
        equal(people.records("boot")[-1]["lockdown"], lock_id)
        gateway.stop()
    with people.gateway(keep=True) as gateway:
        equal(rig.refused(gateway.client().sign).info.reason, "LOCKED_DOWN")


@claim
def health_and_numbers_say_so(people):
    with people.gateway() as gateway:
        wait_for(lambda: gateway.client().health("segel.key/seal-demo") == "SERVING", "health")
        lock_down(gateway)
        for service in ("", "segel.key/seal-demo", "segel.v1.SigningService"):
            equal(gateway.client().health(service), "NOT_SERVING", service)
        equal(gateway.client().health("segel.v1.LogService"), "SERVING")
        numbers = metrics(gateway)
        equal((numbers.value("segel_locked_down"), numbers.value("segel_signing")), (1, 0))


@claim
def two_do_not_end_it_and_three_do(people):
    with people.gateway() as gateway:
        lock_id = lock_down(gateway, "reviewer").state.id
        asked = clear(people, gateway, lock_id, "officer-2", "officer-3")
        equal((asked.state, asked.approvals_given, asked.approvals_required), (PENDING, 2, 3))
        equal(rig.refused(gateway.client().sign).info.reason, "LOCKED_DOWN")
        refusal = rig.refused(approve, gateway, asked.id, people.keys["officer-1"], "officer-1")
        equal(refusal.code, CODE.PERMISSION_DENIED, "who asked")
        refusal = rig.refused(approve, gateway, asked.id, people.keys["reviewer"], "reviewer")
        equal(refusal.code, CODE.PERMISSION_DENIED, "who is not asked")
        approve(gateway, asked.id, people.second)
        equal(state(gateway, asked.id), PENDING, "a second key of one of them")
        done = approve(gateway, asked.id, people.keys["officer-4"], "officer-4")
        equal(done.state, EXECUTED)
        expect(signs(gateway), "it signs again")
        expect(not roster(gateway).lock_down.active, "it is over")
        record = people.records("lockdown.clear")[0]
        equal((record["subject"], record["grant"], record["approvers"]),
              (lock_id, asked.id, "officer-2,officer-3,officer-4"))
        wait_for(lambda: metrics(gateway).value("segel_locked_down") == 0, "numbers")
        gateway.stop()
    with people.gateway(keep=True) as gateway:
        expect(signs(gateway), "it stays over")


@claim
def an_end_is_of_one_lock_down_only(people):
    with people.gateway() as gateway:
        equal(rig.refused(release, gateway, "lockdown-1", "r0").code, CODE.FAILED_PRECONDITION)
        first = lock_down(gateway).state.id
        one = release(gateway, first, "r1").approval
        two = release(gateway, first, "r2").approval
        for key in ("officer-2", "officer-3", "officer-4"):
            approve(gateway, one.id, people.keys[key], key)
        equal(state(gateway, one.id), EXECUTED)
        second = lock_down(gateway).state.id
        expect(second != first, "another one")
        for key in ("officer-2", "officer-3", "officer-4"):
            last = approve(gateway, two.id, people.keys[key], key)
        equal(last.outcome.code, CODE.FAILED_PRECONDITION.value[0])
        equal(rig.refused(gateway.client().sign).info.reason, "LOCKED_DOWN")
        equal(rig.refused(release, gateway, first, "r3").code, CODE.FAILED_PRECONDITION)


@claim
def what_was_signed_before_can_be_had_again(people):
    with people.gateway() as gateway:
        client, item = gateway.client(), rig.item()
        signature = client.sign(item).signature
        lock_down(gateway)
        equal(client.sign(item).signature, signature)
        equal(len(people.records("intent")), 1)


@claim
def who_may_not_is_refused(people):
    with people.gateway() as gateway:
        equal(rig.refused(lock_down, gateway, "e-office").code, CODE.PERMISSION_DENIED)
        equal(rig.refused(lock_down, gateway, reason="").code, CODE.INVALID_ARGUMENT)
        expect(signs(gateway), "nothing has happened")
        lock_id = lock_down(gateway).state.id
        equal(rig.refused(release, gateway, lock_id, "r1", "reviewer").code,
              CODE.PERMISSION_DENIED)


@claim
def a_policy_that_comes_in_between_voids_the_end(people):
    with people.gateway() as gateway:
        asked = clear(people, gateway, lock_down(gateway).state.id, "officer-2", "officer-3")
        wanted = load_policy(gateway, new_version(people.rig.read("policy.yaml"), 2))
        equal(agree(people, gateway, wanted.approval.id, "officer-4", "reviewer").state,
              EXECUTED)
        equal(state(gateway, asked.id), VOID)
        equal(rig.refused(gateway.client().sign).info.reason, "LOCKED_DOWN")


@claim
def without_a_quorum_file_the_machine_ends_it_and_with_one_it_does_not(people):
    with people.gateway() as gateway:
        lock_id = lock_down(gateway).state.id
    config = people.rig.path("changed.yaml")
    command = ("segeld", "--config", config, "--release-lockdown")
    result = people.rig.tool(*command)
    equal(result.returncode, 1)
    contains(result.stderr, "segel lockdown clear")
    without = people.rig.read("changed.yaml").replace("officers: {quorum: quorum}\n", "")
    people.rig.write("changed.yaml", without)
    result = people.rig.tool(*command)
    equal(result.returncode, 1, "taken out in silence")
    contains(result.stderr, "quorum file was in force")
    with people.gateway((r"officers: \{quorum: quorum\}\n", ""), keep=True) as gateway:
        equal(people.records("roster.load")[-1]["quorum"], "none")
        refusal = rig.refused(release, gateway, lock_id, "r1")
        equal(refusal.code, CODE.FAILED_PRECONDITION)
        contains(refusal.message, "officers.quorum")
    result = people.rig.tool(*command)
    equal(result.returncode, 0, result.stderr)
    with people.gateway((r"officers: \{quorum: quorum\}\n", ""), keep=True) as gateway:
        expect(signs(gateway), "it is over")
        contains(people.records("lockdown.clear")[0]["requester"], "administrator")
    result = people.rig.tool(*command)
    equal(result.returncode, 1, "there is none")


if __name__ == "__main__":
    sys.exit(rig.run(People(rig.Rig("lockdown"))))
