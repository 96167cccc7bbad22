#!/usr/bin/python3
"""What a quorum can have done: each task by enough persons and by no fewer, and what comes
of it: another policy, another roster, a soft rule lifted."""
import hashlib
import secrets
import sys

import rig
from faulty import wait_for
from people import (CODE, EXECUTED, PENDING, VOID, People, agree, approve, expected_text, get,
                    hup, load_policy, new_version, refuse, state)
from rig import claim, contains, equal, expect


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def wanted(people, version=2, more=""):
    """The policy of the file under another version."""
    return new_version(people.rig.read("policy.yaml"), version) + more


def in_force(gateway):
    stub = gateway.client("reviewer").call(
        "unary_unary", "GetPolicy", rig.policies.GetPolicyRequest,
        rig.policies.GetPolicyResponse, service="PolicyService")
    return stub(rig.policies.GetPolicyRequest(), timeout=20).info


# --- policy.load ----------------------------------------------------------------------------

@claim
def a_policy_comes_in_force_by_the_last_signature_that_was_missing(people):
    text = wanted(people)
    with people.gateway() as gateway:
        before = in_force(gateway).sha256.hex()
        gateway.client().sign()
        asked = load_policy(gateway, text)
        equal((asked.approval.state, asked.approval.task, asked.approval.object),
              (PENDING, "policy.load", sha256(text)))
        equal((asked.approval.approvals_required, asked.info.version), (2, 2))
        expect(asked.changes, "what it changes")
        got = get(gateway, asked.approval.id, "reviewer")
        equal(got.method, "/segel.v1.PolicyService/LoadPolicy")
        equal(got.grant_text, expected_text(got, f"bytes={len(text)}"), "the grant's text")
        equal(rig.policies.LoadPolicyRequest.FromString(got.request).text, text.encode())
        # Two officers are two persons, and no reviewer is among them; who asks never counts.
        agree(people, gateway, asked.approval.id, "officer-2", "officer-3")
        refusal = rig.refused(approve, gateway, asked.approval.id, people.keys["officer-1"],
                              "officer-1")
        equal(refusal.code, CODE.PERMISSION_DENIED)
        equal(in_force(gateway).sha256.hex(), before, "without a reviewer")
        last = agree(people, gateway, asked.approval.id, "reviewer")
        equal((last.state, in_force(gateway).sha256.hex()), (EXECUTED, sha256(text)))
        record = people.records("policy.load")[-1]
        equal([record[n] for n in ("policy_rev", "previous", "source", "requester", "grant",
                                   "approvers", "version", "compared", "newly_denied")],
              [f"sha256:{sha256(text)}", f"sha256:{before}", "officers", "officer-1",
               asked.approval.id, "officer-2,officer-3,reviewer", "2", "1", "0"])
        equal(last.log.index, record["seq"], "where it stands")
        gateway.client().sign()
        equal(people.records("intent")[-1]["policy_rev"], f"sha256:{sha256(text)}")
        again = load_policy(gateway, text)
        equal((again.approval.state, again.approval.requester), (EXECUTED, ""), "in force")
    with people.gateway(keep=True) as gateway:
        equal(in_force(gateway).sha256.hex(), sha256(text), "over a restart")


@claim
def a_reviewer_may_ask_and_then_another_one_must_agree(people):
    text = wanted(people)
    with people.gateway() as gateway:
        asked = load_policy(gateway, text, "reviewer").approval
        agree(people, gateway, asked.id, "officer-1")
        refusal = rig.refused(approve, gateway, asked.id, people.keys["reviewer"], "reviewer")
        equal(refusal.code, CODE.PERMISSION_DENIED, "the one who asks")
        equal(agree(people, gateway, asked.id, "reviewer-2").state, EXECUTED)
        equal(rig.refused(load_policy, gateway, wanted(people, 3), "e-office").code,
              CODE.PERMISSION_DENIED, "who is neither")


@claim
def two_persons_who_send_the_same_bytes_are_not_enough_any_more(people):
    text = wanted(people)
    with people.gateway() as gateway:
        first = load_policy(gateway, text).approval
        second = load_policy(gateway, text, "reviewer").approval
        equal((first.state, second.state), (PENDING, PENDING))
        expect(first.id != second.id, "two requests")
        equal(in_force(gateway).version, 1)
        equal(people.records("policy.ask"), [], "nobody asks the old way")


@claim
def a_version_that_came_meanwhile_voids_the_request(people):
    with people.gateway() as gateway:
        first, second = (load_policy(gateway, wanted(people, version)).approval
                         for version in (2, 3))
        agree(people, gateway, first.id, "officer-2")
        equal(agree(people, gateway, second.id, "officer-2", "reviewer").state, EXECUTED)
        equal(state(gateway, first.id), VOID)
        refusal = rig.refused(approve, gateway, first.id, people.keys["reviewer"], "reviewer")
        equal(refusal.code, CODE.FAILED_PRECONDITION)
        refusal = rig.refused(load_policy, gateway, wanted(people, 2))
        equal(refusal.code, CODE.FAILED_PRECONDITION, "an older one is not even asked for")
        equal(people.records("policy.reject")[-1]["requester"], "officer-1")


@claim
def a_file_of_a_megabyte_is_kept_over_a_restart(people):
    text = wanted(people, 2, "# " + "x" * 98 + "\n")
    text += ("# " + "x" * 98 + "\n") * ((2**20 - len(text)) // 101)
    expect(2**20 - 101 < len(text) <= 2**20, f"{len(text)} bytes")
    with people.gateway() as gateway:
        asked = load_policy(gateway, text).approval
        agree(people, gateway, asked.id, "officer-2")
        refusal = rig.refused(load_policy, gateway, text + "# " + "x" * 200 + "\n")
        equal(refusal.code, CODE.INVALID_ARGUMENT, "more than that")
    with people.gateway(keep=True) as gateway:
        got = get(gateway, asked.id, "reviewer")
        equal(len(rig.policies.LoadPolicyRequest.FromString(got.request).text), len(text))
        equal(agree(people, gateway, asked.id, "reviewer").state, EXECUTED)
        equal(in_force(gateway).sha256.hex(), sha256(text))


@claim
def at_most_eight_policies_wait(people):
    with people.gateway() as gateway:
        asked = [load_policy(gateway, wanted(people, 2, f"# {i}\n")).approval
                 for i in range(8)]
        refusal = rig.refused(load_policy, gateway, wanted(people, 2, "# more\n"))
        equal(refusal.code, CODE.RESOURCE_EXHAUSTED)
        refuse(gateway, asked[0].id)
        load_policy(gateway, wanted(people, 2, "# more\n"))
        equal(agree(people, gateway, asked[1].id, "officer-2", "reviewer").state, EXECUTED)


@claim
def whoever_runs_the_machine_brings_no_policy_in_force(people):
    """Neither by SIGHUP, nor by a restart, nor by a restart without the quorum file."""
    policy = people.rig.read("policy.yaml")
    text = wanted(people)
    try:
        with people.gateway() as gateway:
            people.rig.write("policy.yaml", text)
            contains(hup(gateway, "reload.failed")["why"], "segel policy load", "policy.yaml")
            equal(in_force(gateway).version, 1)
            record = people.records("policy.reject")[-1]
            equal((record["requester"], record["policy_rev"], record["source"]),
                  ("administrator", f"sha256:{sha256(text)}", "reload"))
        with people.gateway(keep=True) as gateway:
            contains(gateway.wait_event("policy.kept")["why"], "segel policy load")
            equal(in_force(gateway).version, 1)
            record = people.records("policy.reject")[-1]
            equal((record["policy_rev"], record["source"]),
                  (f"sha256:{sha256(text)}", "start"))
            # What is signed for is in force, and the file is no news any more.
            asked = load_policy(gateway, text).approval
            equal(agree(people, gateway, asked.id, "officer-2", "reviewer").state, EXECUTED)
            hup(gateway, "reloaded")
        people.rig.write("policy.yaml", wanted(people, 3))
        without = (r"officers: \{quorum: quorum\}\n", "")
        with people.gateway(without, keep=True) as gateway:
            equal(in_force(gateway).version, 2, "the log says first that there is none")
            equal(people.records("roster.load")[-1]["quorum"], "none")
        with people.gateway(without, keep=True) as gateway:
            equal(in_force(gateway).version, 3, "and from then on the file counts")
            equal(people.records("policy.load")[-1]["source"], "start")
    finally:
        people.rig.write("policy.yaml", policy)


@claim
def a_kill_leaves_all_of_a_policy_or_nothing_of_it(people):
    text = wanted(people)
    for delay in (0, 0.002, 0.005, 0.01, 0.03):
        with people.gateway() as gateway:
            asked = load_policy(gateway, text).approval
            agree(people, gateway, asked.id, "officer-2")
            note = people.keys["reviewer"].note(get(gateway, asked.id).grant_text)
            stub = gateway.client("reviewer").call(
                "unary_unary", "Approve", rig.approvals.ApproveRequest,
                rig.approvals.ApproveResponse, service="ApprovalService")
            answer = stub.future(rig.approvals.ApproveRequest(id=asked.id, note=note),
                                 timeout=10)
            rig.time.sleep(delay)
            gateway.stop(rig.signal.SIGKILL)
            told = answer.exception() is None
        with people.gateway(keep=True) as gateway:
            final, version = state(gateway, asked.id), in_force(gateway).version
            expect(final == EXECUTED or not told, "what was told is so")
            expect((final, version) in ((EXECUTED, 2), (PENDING, 1)), f"{final} {version}")


def main():
    return rig.run(People(rig.Rig("tasks")))


if __name__ == "__main__":
    sys.exit(main())
