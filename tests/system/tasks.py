#!/usr/bin/python3
"""What a quorum can have done: each task by enough persons and by no fewer, and what comes
of it: another policy, another roster, a soft rule lifted."""
import contextlib
import csv
import datetime
import hashlib
import json
import os
import re
import secrets
import sqlite3
import sys
import threading
import time

import keys as life
import mandates
import rig
from faulty import SELDOM, create, unlock, wait_for
from people import (CODE, EXECUTED, FAILED, PENDING, VOID, Key, People, agree, approve, call,
                    expected_text, get, hup, load_policy, lock_down, new_version, refuse, release,
                    roster, state)
from preload import begun
from rig import claim, contains, equal, expect

rig.claims.clear()  # of what was imported: they are run by their own scripts


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def wanted(people, version=2, more=""):
    """The policy of the file under another version."""
    return new_version(people.rig.read("policy.yaml"), version) + more


def told(gateway, **fields):
    stub = gateway.client("reviewer").call(
        "unary_unary", "GetPolicy", rig.policies.GetPolicyRequest,
        rig.policies.GetPolicyResponse, service="PolicyService")
    return stub(rig.policies.GetPolicyRequest(**fields), timeout=20)


def in_force(gateway):
    return told(gateway).info


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
def a_request_for_a_policy_that_is_over_does_not_wait(people):
    """The same call again is answered with how its request ended."""
    path = people.rig.write("wanted.yaml", wanted(people))

    def said(*words):
        return people.rig.segel("officer-1", "policy", "load", "--yes", "--request-id",
                                "change-17", *words, path)

    with people.gateway() as gateway:
        result = said()
        equal(result.returncode, 0, result.stderr)
        contains(result.stdout, "version 2 waits for signatures of others, until 20",
                 "they say: segel request show g-")
        grant = re.search(r"g-\w+", result.stdout)[0]
        row = json.loads(said("--json").stdout.splitlines()[-1])
        equal((row["state"], row["request"], "until" in row), ("waiting", grant, True))
        refuse(gateway, grant)
        result = said()
        equal(result.returncode, 1, result.stdout)
        contains(result.stdout, f"{grant}: refused\n")
        expect("waits" not in result.stdout and "they say" not in result.stdout, result.stdout)
        contains(result.stderr, "another --request-id")
        contains(said("--lang", "id").stdout, f"{grant}: ditolak\n")
        result = said("--json")
        row = json.loads(result.stdout.splitlines()[-1])
        equal((result.returncode, row["state"], row["request"]), (1, "refused", grant))
        equal([name for name in ("until", "missing") if name in row], [], "it waits for nothing")


def moment(record):
    """The time of a record, in microseconds."""
    whole = datetime.datetime.fromisoformat(record["ts"].replace("Z", "+00:00"))
    return round(whole.timestamp() * 1e6)


@claim
def who_brought_a_policy_in_force_is_told_with_what_they_signed(people):
    text = wanted(people)
    with people.gateway() as gateway:
        first = told(gateway)
        asked = load_policy(gateway, text).approval
        last = agree(people, gateway, asked.id, "officer-2", "reviewer")
        before, record = people.records("policy.load")
        got, signed = told(gateway), get(gateway, asked.id, "reviewer")
        equal((got.info.in_force_from_us, got.info.in_force_until_us), (moment(record), 0))
        equal((got.info.source, got.info.requester, got.info.approvers, got.info.approval),
              ("officers", "officer-1", "officer-2,reviewer", asked.id), "by whom")
        equal(got.note, signed.grant_note, "what they signed")
        equal("sha256:" + hashlib.sha256(got.note).hexdigest(), record["grant_sha256"])
        equal(got.log, last.log, "where it stands")
        earlier = told(gateway, sha256=first.info.sha256)
        equal((earlier.info.in_force_from_us, earlier.info.in_force_until_us),
              (moment(before), moment(record)), "the one before")
        equal((earlier.info.source, earlier.info.requester, earlier.info.approval,
               earlier.note, earlier.log), ("start", "administrator", "", b"", first.log))
        shown = people.rig.segel("reviewer", "policy", "show").stdout
        contains(shown, "version 2", sha256(text), f"since {record['ts'][:19]}Z",
                 "by persons, through the gateway", "officer-2,reviewer", asked.id)
        note = people.rig.segel("reviewer", "policy", "show", "--note")
        equal(note.stdout.encode(), got.note, "for a file")


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


def spoiled_ledger(people):
    """The file of a ledger whose policy in force no longer loads, as after an update."""
    with people.gateway():
        pass
    path = people.rig.path(re.search(r"ledger-\w+\.db", people.ledger[1])[0])
    with contextlib.closing(sqlite3.connect(path)) as ledger, ledger:
        ledger.execute("UPDATE policy SET text = CAST('rules: none' AS BLOB)")
    return path


def schema_of(ledger):
    return ledger.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone()[0]


@claim
def a_policy_that_no_longer_loads_does_not_keep_the_gateway_down(people):
    """As after an update of Segel: nobody could sign for anything while it is down."""
    policy = people.rig.read("policy.yaml")
    spoiled_ledger(people)
    try:
        people.rig.write("policy.yaml", policy + "# the same version\n")
        code, said = people.rig.refuses(people.rig.path("changed.yaml"))
        equal(code, 1)
        contains(said, "no longer loads", "higher version")
        check = ["segeld", "--config", people.rig.path("changed.yaml"), "--check-config"]
        contains(people.rig.tool(*check).stderr, "no longer loads", "higher version")
        people.rig.write("policy.yaml", wanted(people))
        contains(people.rig.tool(*check).stdout, "are sound")
        with people.gateway(keep=True) as gateway:
            equal(in_force(gateway).version, 2)
            record = people.records("policy.load")[-1]
            equal(record["source"], "start")
            contains(record["why"], "version 1", "no longer loads")
    finally:
        people.rig.write("policy.yaml", policy)


@claim
def an_older_ledger_is_led_on_only_where_the_start_goes_on(people):
    """Or neither version would serve it: the older one knows no newer tables."""
    policy = people.rig.read("policy.yaml")
    path = spoiled_ledger(people)
    with contextlib.closing(sqlite3.connect(path)) as ledger, ledger:
        ours = schema_of(ledger)
        ledger.execute("ALTER TABLE request DROP COLUMN log")  # as before the last step
        ledger.execute("UPDATE meta SET value = ? WHERE key = 'schema'", (ours - 1,))
    try:
        people.rig.write("policy.yaml", policy + "# the same version\n")
        code, said = people.rig.refuses(people.rig.path("changed.yaml"))
        equal(code, 1)
        contains(said, "no longer loads", "higher version")
        with contextlib.closing(sqlite3.connect(path)) as ledger:
            equal(schema_of(ledger), ours - 1, "the tables are as the older version left them")
        contains(people.rig.tool("segeld", "--config", people.rig.path("changed.yaml"),
                                 "--unlatch", "lane0").stderr, "no longer loads")
        people.rig.write("policy.yaml", wanted(people))
        with people.gateway(keep=True) as gateway:
            equal(in_force(gateway).version, 2)
        with contextlib.closing(sqlite3.connect(path)) as ledger:
            equal(schema_of(ledger), ours, "led on")
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
            time.sleep(delay)
            gateway.stop(rig.signal.SIGKILL)
            told = answer.exception() is None
        with people.gateway(keep=True) as gateway:
            final, version = state(gateway, asked.id), in_force(gateway).version
            expect(final == EXECUTED or not told, "what was told is so")
            expect((final, version) in ((EXECUTED, 2), (PENDING, 1)), f"{final} {version}")


# --- officer.add, officer.remove ------------------------------------------------------------

def officer_task(name, person, keys=(), role="officer", groups=(), reason="a change (TEST)"):
    task = rig.approvals.OfficerTask(person=person, remove=not keys)
    if keys:
        task = rig.approvals.OfficerTask(person=person, role=role, groups=groups,
                                         verifier_keys=[k.vkey for k in keys])
    return rig.approvals.CreateRequestRequest(
        request_id=f"{name}-{secrets.token_hex(6)}", reason=reason, officer=task)


def ask_officer(gateway, person, *arguments, name="officer-1", **more):
    return create(gateway, officer_task(name, person, *arguments, **more), name)


def names(gateway):
    return [e.person for e in roster(gateway).entries]


@claim
def a_person_comes_into_the_roster_and_counts_from_then_on(people):
    new = people.keys["officer-5"]
    with people.gateway() as gateway:
        before = roster(gateway).quorum_sha256.hex()
        asked = ask_officer(gateway, "officer-5", [new], groups=["two", "any-officer"])
        equal((asked.state, asked.task, asked.object), (PENDING, "officer.add", "officer-5"))
        got = get(gateway, asked.id)
        equal(got.grant_text, expected_text(
            got, f"role=officer keys={new.id.hex()} groups=two,any-officer"))
        expect("officer-5" not in names(gateway), "one is not enough")
        equal(agree(people, gateway, asked.id, "officer-2", "officer-3").state, EXECUTED)
        found = roster(gateway)
        entry = next(e for e in found.entries if e.person == "officer-5")
        equal((entry.role, list(entry.verifier_keys)), ("officer", [new.vkey]))
        equal(hashlib.sha256(found.quorum_text).hexdigest(), found.quorum_sha256.hex())
        contains(found.quorum_text.decode(), "group two 2 officer-1 officer-2 officer-3 officer-4 "
                 "officer-5\n")
        record = people.records("roster.load")[-1]
        equal([record[n] for n in ("subject", "action", "grant", "requester", "approvers",
                                   "quorum", "previous", "persons", "source")],
              ["officer-5", "officer.add", asked.id, "officer-1", "officer-2,officer-3",
               "sha256:" + found.quorum_sha256.hex(), f"sha256:{before}", "7", "officers"])
        # He approves, and asks.
        other = ask_officer(gateway, "officer-5", [new, people.second_5], name="officer-5")
        equal(agree(people, gateway, other.id, "officer-2").approvals_given, 1)
        third = ask_officer(gateway, "officer-4", [Key("officer-4.new.go.id")])
        expect(third.state == PENDING, "another request")
        equal(agree(people, gateway, third.id, "officer-5").approvals_given, 1)
        equal(agree(people, gateway, other.id, "officer-3").state, EXECUTED, "other keys")
        equal(state(gateway, third.id), VOID, "the roster is another one")
        entry = next(e for e in roster(gateway).entries if e.person == "officer-5")
        equal(list(entry.verifier_keys), [new.vkey, people.second_5.vkey])


@claim
def what_officers_signed_for_outlives_restarts_until_the_file_changes(people):
    try:
        with people.gateway() as gateway:
            asked = ask_officer(gateway, "officer-5", [people.keys["officer-5"]],
                                groups=["two"])
            agree(people, gateway, asked.id, "officer-2", "officer-3")
            signed = roster(gateway).quorum_sha256.hex()
            hup(gateway, "reloaded")
            equal(roster(gateway).quorum_sha256.hex(), signed, "SIGHUP, the file as it was")
        with people.gateway(keep=True) as gateway:
            equal(roster(gateway).quorum_sha256.hex(), signed, "a restart")
            equal(people.records("boot")[-1]["quorum"], f"sha256:{signed}")
            equal(len(people.records("roster.load")), 2, "no more records")
            exported = people.rig.segel("reviewer", "officer", "export")
            equal(sha256(exported.stdout), signed, "it is what is exported")
            people.quorum(exported.stdout)
            hup(gateway, "reloaded")
            equal(len(people.records("roster.load")), 2, "the same as file is no news")
            changed = people.quorum()
            hup(gateway, "roster.loaded")
            equal(roster(gateway).quorum_sha256.hex(), changed, "another file is")
            equal(people.records("roster.load")[-1]["source"], "file")
        with people.gateway(keep=True) as gateway:
            equal(roster(gateway).quorum_sha256.hex(), changed, "and stays so")
    finally:
        people.quorum()


@claim
def another_ledger_begins_with_the_files_and_says_so(people):
    """As docs/OPERATIONS.md has it: what was in force is exported into the files before."""
    policy = people.rig.read("policy.yaml")
    try:
        with people.gateway() as gateway:
            asked = ask_officer(gateway, "officer-5", [people.keys["officer-5"]],
                                groups=["two"])
            agree(people, gateway, asked.id, "officer-2", "officer-3")
            asked = load_policy(gateway, wanted(people)).approval
            agree(people, gateway, asked.id, "reviewer")
            now = {"quorum": roster(gateway).quorum_sha256.hex(),
                   "policy": in_force(gateway).sha256.hex()}
            files = {"quorum": sha256(people.rig.read("quorum")), "policy": sha256(policy)}
            told_first = gateway.find("log.begun")[-1]
            equal(told_first["level"], "warn")
            exported = (people.rig.segel("reviewer", "officer", "export").stdout,
                        people.rig.segel("reviewer", "policy", "show", "--text").stdout)
        equal({n: told_first[n] for n in files}, {n: f"sha256:{h}" for n, h in files.items()})
        with people.gateway(keep=True) as gateway:
            equal(gateway.find("log.begun"), [], "it goes on")
        people.quorum(exported[0])
        people.rig.write("policy.yaml", exported[1])
        with people.gateway() as gateway:
            found = gateway.find("log.begun")[-1]
            equal({n: found[n] for n in now}, {n: f"sha256:{h}" for n, h in now.items()})
            equal(roster(gateway).quorum_sha256.hex(), now["quorum"])
            equal(in_force(gateway).sha256.hex(), now["policy"])
    finally:
        people.quorum()
        people.rig.write("policy.yaml", policy)


@claim
def a_person_goes_and_does_not_count_at_the_use(people):
    """Who has approved already and lost the role in between."""
    people.quorum(people.quorum_text(clear="clear"))
    try:
        with people.gateway() as gateway:
            lock_id = lock_down(gateway).state.id
            clear = release(gateway, lock_id, "clear-1").approval
            agree(people, gateway, clear.id, "officer-4", "officer-3")
            asked = ask_officer(gateway, "officer-4")
            equal(agree(people, gateway, asked.id, "officer-2", "officer-3").state, EXECUTED)
            expect("officer-4" not in names(gateway), "he is out")
            refusal = rig.refused(approve, gateway, clear.id, people.keys["officer-2"])
            equal(refusal.code, CODE.FAILED_PRECONDITION, "what he approved is over")
            equal(state(gateway, clear.id), VOID)
            clear = release(gateway, lock_id, "clear-2").approval
            refusal = rig.refused(approve, gateway, clear.id, people.keys["officer-4"],
                                  "officer-4")
            equal(refusal.code, CODE.PERMISSION_DENIED)
            agree(people, gateway, clear.id, "officer-3", "officer-2")
            equal(state(gateway, clear.id), PENDING, "two are not three")
            equal(agree(people, gateway, clear.id, "reviewer").state, EXECUTED)
            refusal = rig.refused(ask_officer, gateway, "officer-4", name="officer-4")
            equal(refusal.code, CODE.PERMISSION_DENIED, "nor does he ask")
    finally:
        people.quorum()


@claim
def a_roster_that_would_not_hold_is_refused(people):
    """By the standard file, three of four end a lock-down: nobody can be spared."""
    other = Key("somebody.example.go.id")
    with people.gateway() as gateway:
        for arguments, code, word in (
                (("officer-4",), CODE.FAILED_PRECONDITION, "lockdown.clear"),
                (("officer-9",), CODE.NOT_FOUND, "officer-9"),
                (("officer-9", [other]), CODE.FAILED_PRECONDITION, "callers"),
                (("officer-5", [other], "reviewer"), CODE.FAILED_PRECONDITION, "callers"),
                (("officer-5", [other], "officer", ["none"]), CODE.NOT_FOUND, "none"),
                (("officer-5", [other], "officer", ["any-reviewer"]),
                 CODE.FAILED_PRECONDITION, "policy.load needs a reviewer"),
                (("officer-5", [people.keys["officer-1"]]), CODE.FAILED_PRECONDITION,
                 "stands above already"),
                (("officer-5", [other], "king"), CODE.INVALID_ARGUMENT, "role")):
            refusal = rig.refused(ask_officer, gateway, *arguments)
            equal(refusal.code, code, f"{arguments}: {refusal.message}")
            contains(refusal.message, word)
        equal(people.records("grant.request"), [])
        # What was possible when it was asked for is looked at again when it is done.
        first = ask_officer(gateway, "officer-5", [people.keys["officer-5"]])
        equal(agree(people, gateway, first.id, "officer-2", "officer-3").state, EXECUTED)
        refusal = rig.refused(ask_officer, gateway, "officer-5", [people.keys["officer-5"]])
        contains(refusal.message, "says so already")


@claim
def officers_change_the_roster_by_their_commands(people):
    with people.gateway() as gateway:
        shown = people.rig.segel("reviewer", "officer", "list")
        contains(shown.stdout, "officer-1", people.second.vkey, "lockdown.clear", "3 of ",
                 "a reviewer among them")
        key = people.keys["officer-5"]
        result = people.rig.segel("officer-1", "officer", "add", "officer-5", key.vkey,
                                  "--groups", "two,three", "--reason", "a fifth (TEST)")
        equal(result.returncode, 0, result.stderr)
        request = re.search(r"g-[0-9A-Z]{26}", result.stdout)[0]
        shown = people.rig.segel("reviewer", "request", "show", request, "--lang", "id")
        contains(shown.stdout, "officer-5 ikut serta", key.vkey, "groups=two,three",
                 "a fifth (TEST)")
        agree(people, gateway, request, "officer-2", "officer-3")
        result = people.rig.segel("officer-1", "officer", "remove", "officer-5", "--reason",
                                  "not after all (TEST)")
        equal(result.returncode, 0, result.stderr)
        request = re.search(r"g-[0-9A-Z]{26}", result.stdout)[0]
        contains(people.rig.segel("reviewer", "request", "show", request).stdout,
                 "officer-5 takes no part any more")
        equal(agree(people, gateway, request, "officer-2", "officer-3").state, EXECUTED)
        exported = people.rig.segel("officer-1", "officer", "export").stdout
        equal(exported, people.quorum_text(), "there and back again, byte by byte")
        equal(people.rig.segel("officer-1", "officer", "add", "officer-5", "--reason",
                               "x").returncode, 2)
        equal(people.rig.segel("officer-1", "officer", "remove", "x").returncode, 2)


@claim
def callers_must_fit_the_roster_that_officers_signed_for(people):
    try:
        with people.gateway() as gateway:
            asked = ask_officer(gateway, "officer-5", [people.keys["officer-5"]],
                                groups=["two"])
            agree(people, gateway, asked.id, "officer-2", "officer-3")
            text = people.rig.read("changed.yaml")
            check = "segeld", "--config", people.rig.path("changed.yaml"), "--check-config"
            contains(people.rig.tool(*check).stdout, "are sound")
            spoiled = re.sub(r"(name: officer-5, .*roles: )\[officer\]", r"\1[operator]",
                                 text)
            people.rig.write("changed.yaml", spoiled)
            contains(hup(gateway, "reload.failed")["why"], "officer-5", "signed for")
            checked = people.rig.tool(*check)
        code, said = people.rig.refuses(people.rig.path("changed.yaml"))
        equal((code, checked.returncode), (1, 1), "exit codes of start and check")
        contains(said, "officer-5", "signed for", rig.json.loads(checked.stderr)["why"])
        people.quorum(people.quorum_text(clear="clear"))
        contains(people.rig.tool(*check).stdout, "are sound")  # another file counts instead
    finally:
        people.quorum()


# --- override -------------------------------------------------------------------------------

NOTICE = "CP-4.5-07"


def ask_override(gateway, rule=NOTICE, name="officer-1", **changes):
    lawful = dict(rule=rule, key="seal-demo", caller="e-office", document_class="",
                  until_us=(int(time.time()) + 3600) * 10**6, max_jobs=5)
    lawful.update(changes)
    task = rig.approvals.OverrideTask(**lawful)
    return create(gateway, rig.approvals.CreateRequestRequest(
        request_id=f"{name}-{secrets.token_hex(6)}", reason="the CA is late (TEST)",
        override_rule=task), name)


def open_override(people, gateway, *arguments, **changes):
    asked = ask_override(gateway, *arguments, **changes)
    equal(agree(people, gateway, asked.id, "officer-2", "officer-3").state, EXECUTED)
    return asked.id.replace("g-", "o-")


def overrides(gateway, name="reviewer"):
    return list(call(gateway, name, "ListOverrides",
                     rig.approvals.ListOverridesRequest()).overrides)


def explain(gateway, **changes):
    stub = gateway.client().call("unary_unary", "Explain", rig.signing.ExplainRequest,
                                 rig.signing.ExplainResponse)
    return stub(rig.signing.ExplainRequest(terms=rig.terms(**changes), item=rig.item()),
                timeout=10)


def denied(gateway, code="NO_ESIGN_NOTICE", **changes):
    refusal = rig.refused(gateway.client().sign, **changes)
    equal(refusal.info and refusal.info.reason, code, refusal.message)


def decides_as_recorded(people):
    policy = people.rig.path("policy.yaml")
    replayed = people.rig.segel("reviewer", "policy", "replay", "--policy", policy, policy)
    equal(replayed.returncode, 0, replayed.stdout + replayed.stderr)


def shown_by_rule(people, rule):
    """A reviewer finds what came through a rule that officers had lifted by that rule."""
    words = ("log", "show", "--rule", rule, "--type", "intent")
    found = people.rig.segel("reviewer", *words, "--json").stdout.splitlines()
    equal([json.loads(line)["job"] for line in found],
          [r["job"] for r in people.records("intent") if "lifted" in r["rules"]],
          "jobs that came through")
    rows = list(csv.DictReader(people.rig.segel("reviewer", *words, "--csv").stdout.splitlines()))
    equal([row["rule"] for row in rows], [rule] * len(found), "column rule")


@claim
def a_soft_rule_is_lifted_for_one_case_and_so_many_jobs(people):
    unlawful = dict(notice_shown=False)
    with people.gateway() as gateway:
        denied(gateway, **unlawful)
        for other in (dict(key="seal-other"), dict(caller="reviewer")):
            open_override(people, gateway, **other)
            denied(gateway, **unlawful)
        asked = ask_override(gateway, document_class="surat_keterangan", max_jobs=2)
        equal((asked.task, asked.object), ("override", NOTICE))
        got = get(gateway, asked.id)
        contains(got.grant_text.decode(), "param key=seal-demo caller=e-office "
                 "document_class=surat_keterangan until=20", "Z max=2\n")
        agree(people, gateway, asked.id, "officer-2")
        denied(gateway, **unlawful)
        equal(agree(people, gateway, asked.id, "officer-3").state, EXECUTED)
        name = asked.id.replace("g-", "o-")
        record = people.records("override")[-1]
        equal([record[n] for n in ("subject", "override", "grant", "key", "caller", "doc_class",
                                   "max", "approvers")],
              [NOTICE, name, asked.id, "seal-demo", "e-office", "surat_keterangan", "2",
               "officer-2,officer-3"])
        denied(gateway, document_class="surat_tugas", **unlawful)
        gateway.client().sign()
        equal([o.used_jobs for o in overrides(gateway)], [0, 0, 0], "a lawful job needs none")
        asked = explain(gateway, **unlawful)
        rule = next(r for r in asked.rules if r.rule == NOTICE)
        equal((asked.decision, rule.raw, rule.excepted), (1, 2, True), "Explain")
        equal([o.used_jobs for o in overrides(gateway)], [0, 0, 0], "nor does a question")
        for _ in range(2):
            expect(gateway.client().sign(**unlawful).signature, "it is signed")
            equal(people.records("intent")[-1]["rules"]["lifted"],
                  [{"rule": NOTICE, "override": name}])
        shown_by_rule(people, NOTICE)
        denied(gateway, **unlawful)
        wait_for(lambda: [o.key for o in overrides(gateway)] == ["seal-other", "seal-demo"],
                 "it does not end")
        record = people.records("override.end")[-1]
        equal([record[n] for n in ("subject", "override", "used", "why")],
              [NOTICE, name, "2", "its jobs are used up"])
        decides_as_recorded(people)


@claim
def what_is_not_soft_is_not_lifted(people):
    with people.gateway() as gateway:
        for arguments, code, word in (
                (dict(rule="CP-6.1-02"), CODE.FAILED_PRECONDITION, "hard"),
                (dict(rule="CP-OPS-02"), CODE.FAILED_PRECONDITION, "refuses nothing"),
                (dict(rule="CP-0-00"), CODE.NOT_FOUND, "CP-0-00"),
                (dict(key="seal-none"), CODE.NOT_FOUND, "seal-none"),
                (dict(caller="nobody"), CODE.NOT_FOUND, "nobody"),
                (dict(key=""), CODE.INVALID_ARGUMENT, "key"),
                (dict(caller=""), CODE.INVALID_ARGUMENT, "caller"),
                (dict(max_jobs=0), CODE.INVALID_ARGUMENT, "max_jobs"),
                (dict(max_jobs=100001), CODE.INVALID_ARGUMENT, "max_jobs"),
                (dict(until_us=int(time.time()) * 10**6 + 1), CODE.INVALID_ARGUMENT, "until"),
                (dict(until_us=(int(time.time()) - 1) * 10**6), CODE.FAILED_PRECONDITION,
                 "24 hours"),
                (dict(until_us=(int(time.time()) + 86460) * 10**6), CODE.FAILED_PRECONDITION,
                 "24 hours")):
            refusal = rig.refused(ask_override, gateway, **arguments)
            equal(refusal.code, code, f"{arguments}: {refusal.message}")
            contains(refusal.message, word)
        open_override(people, gateway)
        denied(gateway, "USE_PROHIBITED", document_class="kontrak_pengadaan",
               notice_shown=False)
        equal([o.used_jobs for o in overrides(gateway)], [0], "another rule denied it")
        decides_as_recorded(people)


@claim
def no_rule_is_lifted_to_no_effect_behind_four_of_one_case(people):
    """A job comes through four at most, and rules over state take a place also where they
    would have passed."""
    passing, fifth = ["CP-5.4-03", "CP-6.8-01b", "CP-OPS-01"], "CP-5.6-01"
    with people.gateway() as gateway:
        open_override(people, gateway, passing[0], document_class="surat_keterangan")
        for rule in passing[1:]:
            open_override(people, gateway, rule)
        waits = ask_override(gateway, fifth).id
        open_override(people, gateway)
        gateway.client().sign(notice_shown=False)
        for name in ("", "surat_keterangan"):
            refusal = rig.refused(ask_override, gateway, fifth, document_class=name)
            equal(refusal.code, CODE.FAILED_PRECONDITION, refusal.message)
            contains(refusal.message, "4 other rules are lifted for this key, caller and class")
        equal(agree(people, gateway, waits, "officer-2", "officer-3").state, FAILED)
        for other in (dict(document_class="surat_tugas"), dict(key="seal-other"),
                      dict(caller="reviewer")):
            open_override(people, gateway, fifth, **other)
        open_override(people, gateway)  # the same rule takes no other place, of any class
        gateway.client().sign(notice_shown=False)


@claim
def jobs_that_come_at_once_are_no_more_than_were_signed_for(people):
    """Twice: with a rule of the request, and with one over counters."""
    with people.gateway() as gateway:
        open_override(people, gateway, max_jobs=40)
        results = []
        threads = [threading.Thread(target=lambda: results.extend(gateway.client().batch(
            [rig.item() for _ in range(32)], notice_shown=False))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        codes = [r.status.code for r in results]
        equal((len(codes), codes.count(0)), (128, 40), "signed")
        intents = [r for r in people.records("intent") if "lifted" in r["rules"]]
        equal(len(intents), 40, "on the log")


@contextlib.contextmanager
def two_jobs_a_day(people):
    policy = people.rig.read("policy.yaml")
    narrow = re.sub(r"(counter\.caller_day: \{le: )\d+", r"\g<1>2", policy, count=1)
    narrow = re.sub(r"(?ms)^tests:\n.*", "", narrow)
    people.rig.write("policy.yaml", narrow)
    try:
        with people.gateway() as gateway:
            yield gateway
    finally:
        people.rig.write("policy.yaml", policy)


@claim
def a_rule_over_counters_is_lifted_in_the_turn_that_counts(people):
    with two_jobs_a_day(people) as gateway:
        open_override(people, gateway, "CP-OPS-01", max_jobs=1)
        for used in (0, 0, 1):
            gateway.client().sign()
            found = overrides(gateway)
            equal([o.used_jobs for o in found], [used] if used == 0 else [],
                  "only what would have been refused counts")
        denied(gateway, "QUOTA")
        equal(["lifted" in r["rules"] for r in people.records("intent")],
              [False, False, True])


@claim
def a_job_that_another_rule_denies_names_what_was_lifted_from_it(people):
    unlawful = dict(document_class="kontrak_pengadaan", notice_shown=False)
    with two_jobs_a_day(people) as gateway:
        opened = [{"rule": rule, "override": open_override(people, gateway, rule)}
                  for rule in (NOTICE, "CP-OPS-01")]
        denied(gateway, "USE_PROHIBITED", **unlawful)
        for _ in range(2):
            gateway.client().sign()
        denied(gateway, "USE_PROHIBITED", **unlawful)
        equal([r["rules"].get("lifted") for r in people.records("deny")],
              [opened[:1], opened], "what it would have needed")
        equal([o.used_jobs for o in overrides(gateway)], [0, 0], "nothing was signed")
        decides_as_recorded(people)


@claim
def it_ends_with_its_time_and_with_its_policy(people):
    unlawful = dict(notice_shown=False)
    with people.gateway() as gateway:
        # Two have to agree in it, too.
        open_override(people, gateway, until_us=(int(time.time()) + 20) * 10**6)
        gateway.client().sign(**unlawful)
        wait_for(lambda: not overrides(gateway), "its time does not end", 40)
        denied(gateway, **unlawful)
        equal(people.records("override.end")[-1]["why"], "its time is over")
        open_override(people, gateway)
        gateway.client().sign(**unlawful)
        wanted_one = load_policy(gateway, wanted(people))
        agree(people, gateway, wanted_one.approval.id, "officer-2", "reviewer")
        denied(gateway, **unlawful)
        equal(overrides(gateway), [])
        equal(people.records("override.end")[-1]["why"], "another policy came in force")


@claim
def a_restart_and_a_kill_keep_what_was_used(people):
    unlawful = dict(notice_shown=False)
    with people.gateway() as gateway:
        open_override(people, gateway, max_jobs=3)
        gateway.client().sign(**unlawful)
        gateway.stop(rig.signal.SIGKILL)
    with people.gateway(keep=True) as gateway:
        equal([o.used_jobs for o in overrides(gateway)], [1])
        gateway.client().sign(**unlawful)
    with people.gateway(keep=True) as gateway:
        gateway.client().sign(**unlawful)
        denied(gateway, **unlawful)


def later(people, seconds):
    """The last gateway again, with another wall clock."""
    return begun(people.gateway(keep=True), "later", LATER_S=str(seconds))


@claim
def a_clock_that_is_set_back_between_two_runs_ends_it_and_what_waits(people):
    with people.gateway() as gateway:
        open_override(people, gateway, until_us=(int(time.time()) + 7200) * 10**6)
        waits = ask_override(gateway).id
        agree(people, gateway, waits, "officer-2")
    with later(people, 240) as gateway:
        gateway.client().sign(notice_shown=False)
        equal(state(gateway, waits), PENDING, "a clock that went on ends nothing")
    with people.gateway(keep=True) as gateway:
        denied(gateway, notice_shown=False)
        equal(people.records("override.end")[-1]["why"], "the clock was set")
        refusal = rig.refused(agree, people, gateway, waits, "officer-3")
        contains(refusal.message, "the clock was set")
        equal(state(gateway, waits), VOID)
        time.sleep(2)  # several ticks in which nothing is open: that moment is forgotten
        open_override(people, gateway)  # anew, by this clock
        gateway.client().sign(notice_shown=False)
    with people.gateway(keep=True) as gateway:
        equal(len(overrides(gateway)), 1, "behind a restart, too")


@claim
def personal_data_do_not_reach_the_log_by_it(people):
    with people.gateway() as gateway:
        open_override(people, gateway, "CP-9.4-01")
        gateway.client().sign(approval_ref="ND-3276010101900001")
        equal(people.records("intent")[-1]["approval_ref"], "ND-" + 16 * "0")


@claim
def an_attempt_that_failed_gives_its_job_back(people):
    with people.gateway(SELDOM) as gateway:
        open_override(people, gateway, max_jobs=1)
        people.schedule("C_Sign@1+=30")  # CKR_DEVICE_ERROR
        rig.refused(gateway.client().sign, notice_shown=False)
        people.schedule("")
        wait_for(lambda: [o.used_jobs for o in overrides(gateway)] == [0], "it is not given back")
        equal([r["outcome"] for r in people.records("outcome")], ["failed"])


@claim
def officers_lift_a_rule_by_their_commands(people):
    with people.gateway() as gateway:
        contains(people.rig.segel("reviewer", "override", "list").stdout, "no rule is lifted")
        result = people.rig.segel("officer-1", "override", "open", "--rule", NOTICE, "--key",
                                  "seal-demo", "--caller", "e-office", "--max", "7", "--hours",
                                  "2", "--reason", "the template lacks it (TEST)")
        equal(result.returncode, 0, result.stderr)
        request = re.search(r"g-[0-9A-Z]{26}", result.stdout)[0]
        shown = people.rig.segel("officer-2", "request", "show", request, "--lang", "id")
        contains(shown.stdout, f"Aturan {NOTICE} dikesampingkan", "max=7", "caller=e-office")
        agree(people, gateway, request, "officer-2", "officer-3")
        contains(people.rig.segel("reviewer", "override", "list").stdout, NOTICE, "seal-demo",
                 "e-office", "0 of 7")
        equal(people.rig.segel("officer-1", "override", "open", "--rule", NOTICE).returncode, 2)
        result = people.rig.segel("officer-1", "override", "open", "--rule", NOTICE, "--key",
                                  "seal-demo", "--caller", "e-office", "--max", "7", "--hours",
                                  "2", "--reason", "x (TEST)", "--request-id", "mine-1")
        equal(result.returncode, 2, result.stdout)
        contains(result.stderr, "--until")


@claim
def the_commands_say_that_a_request_is_over(people):
    """The same id again is the same request; who asks in a script goes by the exit code."""
    until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    commands = {
        "override": ("override", "open", "--rule", NOTICE, "--key", "seal-demo", "--caller",
                     "e-office", "--max", "1", "--until", until),
        "key": ("key", "activate", "seal-demo", "--once"),
        "mandate": ("mandate", "open", "--key", "seal-demo", "--caller", "e-office", "--class",
                    "surat_keterangan", "--max", "1", "--until", until, "--approval", "ND-1")}
    with people.gateway() as gateway:
        for name, words in commands.items():
            once = (*words, "--reason", "once (TEST)", "--request-id", f"over-{name}")
            result = people.rig.segel("officer-1", *once)
            equal((name, result.returncode), (name, 0), result.stderr)
            request = re.search(r"g-[0-9A-Z]{26}", result.stdout)[0]
            equal(people.rig.segel("officer-1", *once).returncode, 0, "it waits")
            refuse(gateway, request)
            for lang, state, sentence in (("en", "refused", "another --request-id"),
                                          ("id", "ditolak", "--request-id lain")):
                result = people.rig.segel("officer-1", *once, "--lang", lang)
                equal((name, result.returncode), (name, 1), result.stdout)
                contains(result.stdout, f"{request}: {state}")
                contains(result.stderr, sentence)


# --- Every row of the task matrix -----------------------------------------------------------

def rows():
    """(name, fewest persons, reviewers) of each task that there is."""
    with open(os.path.join(rig.ROOT, "proto/quorum/tasks.def"), encoding="utf-8") as file:
        found = re.findall(r'^TASK\(\w+, +"([a-z.]+)", +(\d), (NEVER|MAY|MUST)\)$', file.read(),
                           re.M)
    expect(len(found) > 12, f"rows: {found}")
    return [(name, int(persons), reviewers) for name, persons, reviewers in found]


def latched(people, gateway):
    people.latch(gateway)
    people.schedule("")
    return create(gateway, unlock())


def held(_, gateway):
    life.hold(gateway)
    return life.ask_release(gateway).approval


# How it is asked for by officer-1, so that the last approval does it.
ASKED = {
    "key.activate": lambda people, gateway: life.ask_activate(
        gateway, mode=rig.keys.ACTIVATION_MODE_COUNT, max_jobs=3).approval,
    "key.release": held,
    "key.rotate": lambda people, gateway: life.ask_rotate(
        gateway, successor="seal-other").approval,
    "mandate.open": lambda people, gateway: mandates.ask(gateway, 3).approval,
    "policy.load": lambda people, gateway: load_policy(gateway, wanted(people)).approval,
    "override": lambda people, gateway: ask_override(gateway),
    "lockdown.clear": lambda people, gateway: release(
        gateway, lock_down(gateway).state.id, "clear-1").approval,
    "officer.add": lambda people, gateway: ask_officer(gateway, "officer-5",
                                                       [people.keys["officer-5"]]),
    "officer.remove": lambda people, gateway: ask_officer(gateway, "officer-4"),
    "pin.unlock": latched,
    "pin.change": lambda people, gateway: create(gateway, rig.approvals.CreateRequestRequest(
        request_id="pin-change-1", reason="a holder leaves (TEST)",
        change_pin=rig.approvals.ChangePinTask(lane="lane0"))),
}
ALONE = {
    "lockdown": lambda people, gateway, name: lock_down(gateway, name).state.active,
    "key.hold": lambda people, gateway, name: life.hold(gateway, name).key.state
                == rig.keys.KEY_STATE_HELD,
}
# On a token: keymaking.py. With records that are old enough: prune.py.
ELSEWHERE = {"key.generate", "cert.accept", "key.destroy", "log.prune"}


@claim
def every_task_is_done_by_enough_persons_and_by_no_fewer(people):
    people.quorum(people.quorum_text(clear="clear"))  # one officer can be spared
    names_of = [name for name, _, _ in rows()]
    equal(sorted(names_of), sorted([*ASKED, *ALONE, *ELSEWHERE]), "tasks")
    try:
        for name, persons, reviewers in rows():
            if name in ASKED:
                with people.gateway() as gateway:
                    one_task(people, gateway, name, persons, reviewers)
            for who in ("officer-1", "reviewer") if name in ALONE else ():
                with people.gateway() as gateway:
                    expect(ALONE[name](people, gateway, who), f"{name} by {who} alone")
    finally:
        people.quorum()


def one_task(people, gateway, name, persons, reviewers):
    asked = ASKED[name](people, gateway)
    equal((asked.state, asked.task, asked.requester, asked.approvals_required),
          (PENDING, name, "officer-1", persons), name)
    refusal = rig.refused(agree, people, gateway, asked.id, "officer-1")
    equal(refusal.code, CODE.PERMISSION_DENIED, f"{name}: the one who asks")
    if reviewers == "NEVER":
        refusal = rig.refused(agree, people, gateway, asked.id, "reviewer")
        equal(refusal.code, CODE.PERMISSION_DENIED, f"{name}: a reviewer")
    enough = ["officer-2", "officer-3", "reviewer"]
    if reviewers == "NEVER":
        enough = ["officer-2", "officer-3"]
    elif reviewers == "MUST":  # however many officers there are
        equal(agree(people, gateway, asked.id, "officer-2", "officer-3").state, PENDING, name)
        enough = ["reviewer"]
    for who in enough[:-1]:
        equal(agree(people, gateway, asked.id, who).state, PENDING, f"{name}: too few")
        equal(agree(people, gateway, asked.id, who).state, PENDING, f"{name}: {who} twice")
    before = len(people.records())
    last = agree(people, gateway, asked.id, enough[-1])
    equal(last.state, EXECUTED, f"{name}: {last.outcome.message}")
    behind = [r for r in people.records()[before:] if r.get("grant") == asked.id]
    equal(len(behind), 1, f"{name}: records of what it did")
    equal(behind[0]["requester"], "officer-1", name)
    again = agree(people, gateway, asked.id, enough[-1])
    equal((again.state, again.log.index), (EXECUTED, last.log.index), f"{name}: once")


@claim
def without_a_quorum_file_none_of_them_is_done(people):
    for name, persons, _ in rows():
        if name in ASKED and name not in ("policy.load", "pin.unlock") and persons > 1:
            with people.gateway((r"officers: \{quorum: quorum\}\n", "")) as gateway:
                refusal = rig.refused(ASKED[name], people, gateway)
                equal(refusal.code, CODE.FAILED_PRECONDITION, name)
                contains(refusal.message, "officers.quorum")


@claim
def what_cannot_go_from_the_log_is_told_when_it_is_asked_for(people):
    with people.gateway() as gateway:
        for before, code, words in ((5, CODE.INVALID_ARGUMENT, "multiple of 256"),
                                    (256, CODE.FAILED_PRECONDITION, "checkpoint")):
            refusal = rig.refused(create, gateway, rig.approvals.CreateRequestRequest(
                request_id=f"prune-{before}", reason="room (TEST)",
                prune_log=rig.approvals.PruneLogTask(before_index=before)))
            equal(refusal.code, code)
            contains(refusal.message, words)
        equal(people.records("grant.request"), [])


def main():
    if sys.argv[1:]:
        rig.claims[:] = [c for c in rig.claims if sys.argv[1] in c.__name__]
    people = People(rig.Rig("tasks", "seal-demo:rsa-2048", "seal-other:p-256"))
    people.add_client("officer-5", "officer")
    people.keys["officer-5"] = Key("officer-5.example.go.id")
    people.second_5 = Key("officer-5.card.example.go.id")
    return rig.run(people)


if __name__ == "__main__":
    sys.exit(main())
