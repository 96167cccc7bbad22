#!/usr/bin/python3
"""No person alone does what several must do: who counts, what their signatures are worth,
and when a request is over. A lane that a refused PIN has stopped is what they are about."""
import os
import re
import secrets
import sys
import time

import rig
from faulty import create, token, unlock, wait_for
from people import (CODE, EXECUTED, EXPIRED, FAILED, OFFICERS, PENDING, REFUSED, REVIEWERS,
                    VOID, Key, People, agree, approve, call, expected_text, get, hup,
                    load_policy, lock_down, new_version, pending, refuse, roster, state)
from preload import begun
from rig import claim, contains, equal, expect


def lane(gateway):
    return token(gateway).lane_state


def asked(people, gateway):
    """A request for a lane that is latched."""
    people.latch(gateway)
    approval = create(gateway, unlock())
    equal((approval.state, approval.requester), (PENDING, "officer-1"))
    return approval


# --- The quorum file ------------------------------------------------------------------------

@claim
def the_roster_is_shown_with_what_each_task_asks_for(people):
    sha256 = people.quorum()
    with people.gateway() as gateway:
        got = roster(gateway)
        equal(got.quorum_sha256.hex(), sha256)
        equal([e.person for e in got.entries], list(OFFICERS + REVIEWERS))
        equal(list(got.entries[1].verifier_keys),
              [people.keys["officer-2"].vkey, people.second.vkey])
        tasks = {t.task: t for t in got.tasks}
        equal((tasks["pin.unlock"].persons, tasks["lockdown.clear"].persons), (2, 3))
        equal(list(tasks["pin.unlock"].candidates), list(OFFICERS))
        expect(tasks["policy.load"].reviewer_required, "a reviewer must be among them")
        boot, loaded = people.records("boot")[0], people.records("roster.load")
        equal((boot["quorum"], loaded[0]["quorum"], len(loaded)),
              ("sha256:" + sha256, "sha256:" + sha256, 1))
        refusal = rig.refused(roster, gateway, "e-office")
        equal(refusal.code, CODE.PERMISSION_DENIED)


@claim
def a_file_that_is_not_sound_or_names_strangers_is_refused(people):
    sound = people.quorum_text()
    for text, words in ((sound.replace("task pin.unlock two\n", ""), ("pin.unlock",)),
                        (re.sub(r"reviewer-2(?=[ \n])", "reviewer-3", sound), ("reviewer-3", "callers")),
                        (sound.replace("group two 2", "group two 1"), ("officers.quorum",))):
        people.quorum(text)
        code, said = people.rig.refuses(people.rig.write("spoiled.yaml", people.text))
        equal(code, 1)
        contains(said, *words)
    people.quorum()


@claim
def a_broken_file_at_a_reload_leaves_the_old_one(people):
    sha256 = people.quorum()
    with people.gateway() as gateway:
        people.quorum(people.quorum_text().replace("task pin.unlock two\n", ""))
        contains(hup(gateway, "reload.failed")["why"], "pin.unlock")
        equal(roster(gateway).quorum_sha256.hex(), sha256)
        equal(len(people.records("roster.load")), 1)
    people.quorum()


@claim
def the_file_of_the_handbook_is_sound(people):
    """docs/OFFICERS.md, with keys in place of VKEY, and its persons as callers."""
    with open(os.path.join(rig.ROOT, "docs/OFFICERS.md"), encoding="utf-8") as file:
        lines = file.read().splitlines()
    begin = next(i for i, line in enumerate(lines) if "# The quorum file of an agency" in line)
    end = next(i for i, line in enumerate(lines) if line.strip().startswith("task pin.unlock"))
    text = "\n".join(line.strip() for line in lines[begin:end + 1]) + "\n"
    for theirs, ours in zip(("officer-a", "officer-b", "officer-c", "officer-d", "reviewer-x",
                             "reviewer-y"), OFFICERS + REVIEWERS):
        text = re.sub(rf"(\S+ +{theirs} +)VKEY", rf"\g<1>{people.keys[ours].vkey}", text)
        text = re.sub(rf"\b{theirs}\b(?!\.)", ours, text)
    people.quorum(text)
    config = people.rig.write("spoiled.yaml", people.text)
    result = people.rig.tool("segeld", "--config", config, "--check-config")
    equal(result.returncode, 0, result.stderr)
    people.quorum()


# --- Who counts -----------------------------------------------------------------------------

@claim
def two_others_approve_and_it_is_done_once_with_its_records(people):
    with people.gateway() as gateway:
        approval = asked(people, gateway)
        tried = people.logins()
        got = get(gateway, approval.id, "reviewer")
        equal(got.grant_text, expected_text(got), "the grant's text")
        equal(got.method, "/segel.v1.ApprovalService/CreateRequest")
        equal((approval.approvals_required, approval.approvals_given), (2, 0))
        first = approve(gateway, approval.id, people.keys["officer-2"])
        equal((first.state, first.approvals_given), (PENDING, 1))
        equal(lane(gateway), "pin-latched", "one approval is not enough")
        people.schedule("")
        last = approve(gateway, approval.id, people.keys["officer-3"], "officer-3")
        equal((last.state, [v.person for v in last.votes]),
              (EXECUTED, ["officer-2", "officer-3"]))
        wait_for(lambda: lane(gateway) == "up", "the lane does not come up")
        equal(people.logins() - tried, 1, "logins")
        again = approve(gateway, approval.id, people.keys["officer-3"], "officer-3")
        equal((again.state, again.log.index), (EXECUTED, last.log.index))
        kinds = [r["type"] for r in people.records()]
        for kind, count in (("grant.request", 1), ("grant.approve", 2), ("pin.unlock", 1)):
            equal(kinds.count(kind), count, kind)
        record = people.records("pin.unlock")[0]
        equal((record["grant"], record["requester"], record["approvers"], record["subject"]),
              (approval.id, "officer-1", "officer-2,officer-3", "lane0"))
        for record, name in zip(people.records("grant.approve"), ("officer-2", "officer-3")):
            equal(record["signature"].encode() + b"\n",
                  people.keys[name].line(got.grant_text), "the signature on the log")


@claim
def two_keys_of_one_person_count_once(people):
    with people.gateway() as gateway:
        approval = asked(people, gateway)
        approve(gateway, approval.id, people.keys["officer-2"])
        again = approve(gateway, approval.id, people.second)
        equal((again.state, again.approvals_given), (PENDING, 1))
        equal(lane(gateway), "pin-latched")


@claim
def who_asked_does_not_approve(people):
    with people.gateway() as gateway:
        approval = asked(people, gateway)
        for name in ("officer-1", "officer-2"):  # whoever hands it in
            refusal = rig.refused(approve, gateway, approval.id, people.keys["officer-1"], name)
            equal(refusal.code, CODE.PERMISSION_DENIED)
            contains(refusal.message, "officer-1", "others")
        approve(gateway, approval.id, people.keys["officer-2"])
        equal(state(gateway, approval.id), PENDING)


@claim
def whoever_is_not_asked_does_not_count(people):
    with people.gateway() as gateway:
        approval = asked(people, gateway)
        refusal = rig.refused(approve, gateway, approval.id, people.keys["reviewer"], "reviewer")
        equal(refusal.code, CODE.PERMISSION_DENIED)
        refusal = rig.refused(approve, gateway, approval.id, Key("officer-9.example.go.id"))
        equal(refusal.code, CODE.PERMISSION_DENIED)
        refusal = rig.refused(approve, gateway, approval.id, people.keys["officer-2"],
                              "e-office", text=get(gateway, approval.id).grant_text)
        equal(refusal.code, CODE.PERMISSION_DENIED)
        refusal = rig.refused(create, gateway, unlock(), "reviewer")
        equal(refusal.code, CODE.PERMISSION_DENIED)
        equal(len(people.records("grant.approve")), 0)


# --- What is signed -------------------------------------------------------------------------

@claim
def an_altered_text_or_signature_is_refused(people):
    with people.gateway() as gateway:
        approval = asked(people, gateway)
        key, text = people.keys["officer-2"], get(gateway, approval.id).grant_text
        other = people.keys["officer-3"].line(text)
        false = key.note(text)[:-8] + b"AAAAAA=\n"
        for note in (key.note(text.replace(b"object lane0", b"object lane1")),
                     key.note(text + b"param all\n"), key.note(text.replace(b"\n", b"\r\n")),
                     false, key.note(text) + other, text, text + b"\n",
                     text + b"\n" + key.line(text.replace(b"lane0", b"lane1"))):
            refusal = rig.refused(approve, gateway, approval.id, key, note=note)
            equal(refusal.code, CODE.INVALID_ARGUMENT, refusal.message)
        equal(state(gateway, approval.id), PENDING)
        equal(len(people.records("grant.approve")), 0)


@claim
def an_approval_is_of_one_request_only(people):
    with people.gateway() as gateway:
        first = asked(people, gateway)
        second = create(gateway, unlock(), "officer-4")
        expect(first.id != second.id, "two requests")
        text = get(gateway, first.id).grant_text
        for key in ("officer-2", "officer-3"):
            refusal = rig.refused(approve, gateway, second.id, people.keys[key], text=text)
            equal(refusal.code, CODE.INVALID_ARGUMENT)
        equal(state(gateway, second.id), PENDING)


@claim
def the_same_request_is_kept_once_and_other_content_refused(people):
    with people.gateway() as gateway:
        people.latch(gateway)
        order = unlock()
        first = create(gateway, order)
        equal(create(gateway, order).id, first.id)
        order.reason = "another reason (TEST)"
        equal(rig.refused(create, gateway, order).code, CODE.ALREADY_EXISTS)
        other = create(gateway, order, "officer-2")
        expect(other.id != first.id, "another person's id is another's")
        listed = pending(gateway, PENDING)
        equal([a.id for a in listed.approvals], [other.id, first.id], "the newest first")
        page = pending(gateway, page_size=1)
        equal([a.id for a in page.approvals], [other.id])
        page = pending(gateway, page_size=1, page_token=page.next_page_token)
        equal([a.id for a in page.approvals], [first.id])


# --- When it is over ------------------------------------------------------------------------

@claim
def a_refusal_ends_it(people):
    with people.gateway() as gateway:
        approval = asked(people, gateway)
        approve(gateway, approval.id, people.keys["officer-2"])
        equal(refuse(gateway, approval.id, "reviewer").state, REFUSED)
        equal(refuse(gateway, approval.id, "reviewer").state, REFUSED, "the same again")
        refusal = rig.refused(approve, gateway, approval.id, people.keys["officer-3"])
        equal(refusal.code, CODE.FAILED_PRECONDITION)
        equal(rig.refused(refuse, gateway, approval.id, "officer-3").code,
              CODE.FAILED_PRECONDITION)
        record = people.records("grant.reject")[0]
        equal((record["subject"], record["person"], record["role"]),
              (approval.id, "reviewer", "reviewer"))
        equal(lane(gateway), "pin-latched")


@claim
def it_is_over_when_its_time_is(people):
    with people.gateway((r"officers: \{", "officers: {request_life_s: 15, ")) as gateway:
        approval = asked(people, gateway)
        approve(gateway, approval.id, people.keys["officer-2"])
        text = get(gateway, approval.id).grant_text
        wait_for(lambda: time.time() * 10**6 >= approval.not_after_us, "time does not pass", 30)
        refusal = rig.refused(approve, gateway, approval.id, people.keys["officer-3"],
                              text=text)
        equal(refusal.code, CODE.FAILED_PRECONDITION)
        wait_for(lambda: state(gateway, approval.id) == EXPIRED, "it does not expire", 30)
        equal([r["subject"] for r in people.records("grant.expire")], [approval.id])
        equal(lane(gateway), "pin-latched")


@claim
def another_policy_voids_it(people):
    with people.gateway() as gateway:
        approval = asked(people, gateway)
        approve(gateway, approval.id, people.keys["officer-2"])
        wanted = load_policy(gateway, new_version(people.rig.read("policy.yaml"), 2))
        equal(agree(people, gateway, wanted.approval.id, "officer-4", "reviewer").state,
              EXECUTED)
        equal(state(gateway, approval.id), VOID)
        refusal = rig.refused(approve, gateway, approval.id, people.keys["officer-3"])
        equal(refusal.code, CODE.FAILED_PRECONDITION)
        contains(refusal.message, "policy")
        equal([r["subject"] for r in people.records("grant.void")], [approval.id])


@claim
def another_roster_voids_it_and_a_lost_role_does_not_count(people):
    before = people.quorum()
    with people.gateway() as gateway:
        approval = asked(people, gateway)
        approve(gateway, approval.id, people.keys["officer-2"])
        after = people.quorum(people.quorum_text(
            [name for name in OFFICERS if name != "officer-4"], clear="clear"))
        hup(gateway, "roster.loaded")
        wait_for(lambda: state(gateway, approval.id) == VOID, "it is not void")
        record = people.records("roster.load")[-1]
        equal((record["previous"], record["quorum"]), ("sha256:" + before, "sha256:" + after))
        new = create(gateway, unlock())
        refusal = rig.refused(approve, gateway, new.id, people.keys["officer-4"], "officer-4")
        equal(refusal.code, CODE.PERMISSION_DENIED)
        equal(rig.refused(create, gateway, unlock(), "officer-4").code, CODE.PERMISSION_DENIED)
    people.quorum()


@claim
def callers_and_quorum_file_change_together_or_not_at_all(people):
    """A role that was lost in one of them only would leave a person in office."""
    with people.gateway() as gateway:
        text = people.rig.read("changed.yaml")
        people.rig.write("changed.yaml", re.sub(r"(name: officer-4, .*roles: )\[officer\]",
                                                r"\1[operator]", text))
        contains(hup(gateway, "reload.failed")["why"], "officer-4", "callers")
        equal(len(roster(gateway, "officer-4").entries), 6, "it is an officer as before")
        approval = asked(people, gateway)
        equal(approve(gateway, approval.id, people.keys["officer-4"]).state, PENDING)


@claim
def what_became_impossible_in_between_fails_and_is_used_up(people):
    with people.gateway() as gateway:
        first = asked(people, gateway)
        second = create(gateway, unlock(), "officer-4")
        people.schedule("")
        for request, final in ((first, EXECUTED), (second, FAILED)):
            approve(gateway, request.id, people.keys["officer-2"])
            last = approve(gateway, request.id, people.keys["officer-3"], "officer-3")
            equal(last.state, final)
            wait_for(lambda: lane(gateway) == "up", "the lane does not come up")
        equal(last.outcome.code, CODE.FAILED_PRECONDITION.value[0])
        equal([r["subject"] for r in people.records("grant.fail")], [second.id])
        equal(len(people.records("pin.unlock")), 1)


# --- Restarts and kills ---------------------------------------------------------------------

@claim
def a_restart_keeps_request_and_approvals(people):
    with people.gateway() as gateway:
        approval = asked(people, gateway)
        approve(gateway, approval.id, people.keys["officer-2"])
    with people.gateway(keep=True) as gateway:
        equal((lane(gateway), state(gateway, approval.id)), ("pin-latched", PENDING))
        last = approve(gateway, approval.id, people.keys["officer-3"], "officer-3")
        equal(last.state, EXECUTED)
        wait_for(lambda: lane(gateway) == "up", "the lane does not come up")


@claim
def a_quorum_file_that_changed_while_it_was_down_voids_too(people):
    with people.gateway() as gateway:
        approval = asked(people, gateway)
    people.quorum(people.quorum_text() + "# another year\n")
    with people.gateway(keep=True) as gateway:
        equal(state(gateway, approval.id), VOID)
        equal(len(people.records("roster.load")), 2)
    people.quorum()


@claim
def a_kill_leaves_all_of_the_use_or_nothing_of_it(people):
    """The lane may try once if, and only if, the request was executed. A kill in that one
    login uses it up; the last round waits for its end."""
    for delay in (0, 0.001, 0.002, 0.004, 0.008, 0.02, None):
        with people.gateway() as gateway:
            approval = asked(people, gateway)
            approve(gateway, approval.id, people.keys["officer-2"])
            note = people.keys["officer-3"].note(get(gateway, approval.id).grant_text)
            stub = gateway.client("officer-3").call(
                "unary_unary", "Approve", rig.approvals.ApproveRequest,
                rig.approvals.ApproveResponse, service="ApprovalService")
            people.schedule("")  # the lane of a gateway that lives long enough comes up
            answer = stub.future(rig.approvals.ApproveRequest(id=approval.id, note=note),
                                 timeout=10)
            if delay is None:
                wait_for(lambda: lane(gateway) == "up", "the lane does not come up")
            else:
                time.sleep(delay)
            gateway.stop(rig.signal.SIGKILL)
            told = answer.exception() is None
        with people.gateway(keep=True) as gateway:
            final = state(gateway, approval.id)
            expect(final == EXECUTED or not told, "what was told is so")
            expect(final in (PENDING, EXECUTED), f"state {final}")
            equal(len(people.records("pin.unlock")), 1 if final == EXECUTED else 0)
            allowed = ["up"] if delay is None else ["up", "pin-latched"]
            expect(lane(gateway) in (allowed if final == EXECUTED else ["pin-latched"]),
                   f"{lane(gateway)} in state {final}, {delay}")


@claim
def a_clock_that_was_set_back_while_it_was_down_voids(people):
    """Nobody knows any more how long it has waited."""
    with begun(people.gateway(), "later", LATER_S="300") as gateway:
        approval = asked(people, gateway)
        approve(gateway, approval.id, people.keys["officer-2"])
    with people.gateway(keep=True) as gateway:
        equal(state(gateway, approval.id), VOID)
        contains(people.records("grant.void")[0]["why"], "clock")
        equal(lane(gateway), "pin-latched")


@claim
def what_was_asked_for_after_now_is_void_however_little(people):
    """By less than the clock may go back without being called set."""
    for _ in range(5):
        with begun(people.gateway(), "later", LATER_S="5") as gateway:
            approval, since = asked(people, gateway), time.monotonic()
        with people.gateway(keep=True) as gateway:
            quick = time.monotonic() - since < 4  # else its time came meanwhile
            found = state(gateway, approval.id)
        if quick:
            return equal(found, VOID)
    raise rig.Failed("no restart within four seconds")


# --- Other ways in --------------------------------------------------------------------------

@claim
def there_is_no_way_around_the_quorum(people):
    with people.gateway() as gateway:
        asked(people, gateway)
    config = people.rig.path("changed.yaml")
    result = people.rig.tool("segeld", "--config", config, "--unlatch", "lane0")
    equal(result.returncode, 1, "the machine's administrator")
    contains(result.stderr, "officers.quorum says who")
    line = "officers: {quorum: quorum}\n"
    bare = people.rig.read("changed.yaml")
    expect(line in bare, "the configuration names the file")
    bare = people.rig.write("bare.yaml", bare.replace(line, ""))
    result = people.rig.tool("segeld", "--config", bare, "--unlatch", "lane0")
    equal(result.returncode, 1, "the line is cut out for a moment")
    contains(result.stderr, "a quorum file was in force")
    with people.gateway(keep=True) as gateway:
        equal(lane(gateway), "pin-latched")
    with people.gateway((re.escape(line), ""), keep=True) as gateway:
        equal(people.records("roster.load")[-1]["quorum"], "none", "the log says so first")
    result = people.rig.tool("segeld", "--config", bare, "--unlatch", "lane0")
    equal(result.returncode, 0, result.stderr)


@claim
def without_a_quorum_file_one_officer_is_enough_as_before(people):
    with people.gateway((r"officers: \{quorum: quorum\}\n", "")) as gateway:
        people.latch(gateway)
        people.schedule("")
        approval = create(gateway, unlock())
        equal((approval.state, approval.task), (EXECUTED, "pin.unlock"))
        wait_for(lambda: lane(gateway) == "up", "the lane does not come up")
        equal(len(roster(gateway).entries), 0)
        equal(len(people.records("roster.load")), 0)


@claim
def at_most_256_wait_and_64_of_one_person(people):
    with people.gateway() as gateway:
        people.latch(gateway)
        for name in people.keys:
            if name.startswith("officer-"):
                client = gateway.client(name)
                stub = client.call("unary_unary", "CreateRequest",
                                   rig.approvals.CreateRequestRequest,
                                   rig.approvals.CreateRequestResponse,
                                   service="ApprovalService")
                for _ in range(64):
                    last = stub(unlock(), timeout=20).approval
                refusal = rig.refused(create, gateway, unlock(), name)
                equal(refusal.code, CODE.RESOURCE_EXHAUSTED)
                contains(refusal.message, f"64 requests of '{name}'" if name != "officer-4"
                         else "256 requests wait")
        seen, page_token = 0, ""
        while True:
            page = pending(gateway, PENDING, page_size=100, page_token=page_token)
            seen, page_token = seen + len(page.approvals), page.next_page_token
            if not page_token:
                break
        equal(seen, 256)
        refuse(gateway, last.id)
        create(gateway, unlock(), "officer-4")


@claim
def bad_input_is_refused_with_a_sentence(people):
    with people.gateway() as gateway:
        equal(rig.refused(get, gateway, "g-none").code, CODE.NOT_FOUND)
        for bad in ("", "a b", "x" * 65, "ä"):
            equal(rig.refused(get, gateway, bad).code, CODE.INVALID_ARGUMENT)
        for bad in ({"page_token": "x"}, {"page_token": "0"}, {"page_size": 257},
                    {"task": "no.task"}):
            equal(rig.refused(pending, gateway, **bad).code, CODE.INVALID_ARGUMENT)
        equal(rig.refused(pending, gateway, 99).code, CODE.INVALID_ARGUMENT)
        note = rig.approvals.ApproveRequest(id="g-none", note=secrets.token_bytes(5000))
        equal(rig.refused(call, gateway, "officer-2", "Approve", note).code,
              CODE.INVALID_ARGUMENT)
        equal(rig.refused(create, gateway, unlock("lane9")).code, CODE.NOT_FOUND)
        refusal = rig.refused(create, gateway, unlock())
        equal(refusal.code, CODE.FAILED_PRECONDITION)
        equal(len(people.records("grant.request")), 0)


# --- Numbers of persons ---------------------------------------------------------------------

NIK = "33.74.01-234567 8901"
STATED = "the letter of 3374012345678901 (TEST)"


def ask(gateway, service, method, messages, **fields):
    """A call of an officer, of another service than that of approvals."""
    stub = gateway.client("officer-1").call(
        "unary_unary", method, getattr(messages, method + "Request"),
        getattr(messages, method + "Response"), service=service)
    return stub(getattr(messages, method + "Request")(request_id=secrets.token_hex(8), **fields),
                timeout=20)


@claim
def what_officers_write_puts_no_number_of_a_person_on_the_log(people):
    with people.gateway() as gateway:
        approval = asked(people, gateway)
        incident = dict(id="incident-1", kind=1)
        for what, field, refused in (
                ("a request", "reason", (create, gateway, unlock(reason=STATED))),
                ("a refusal", "reason", (refuse, gateway, approval.id, "officer-2", NIK)),
                ("a policy", "reason", (ask, gateway, "PolicyService", "LoadPolicy", rig.policies,
                                        dict(text=b"x", reason=STATED))),
                ("a remark", "text", (ask, gateway, "IncidentService", "NoteIncident",
                                      rig.incidents, incident | dict(text=STATED))),
                ("an end", "reason", (ask, gateway, "IncidentService", "CloseIncident",
                                      rig.incidents, dict(id="incident-1", reason=NIK))),
                ("no notice", "no_notice_because",
                 (ask, gateway, "IncidentService", "CloseIncident", rig.incidents,
                  dict(id="incident-1", reason="seen (TEST)", no_notice_because=NIK)))):
            more = refused[-1] if isinstance(refused[-1], dict) else {}
            refusal = rig.refused(*(refused[:-1] if more else refused), **more)
            equal(refusal.code, CODE.INVALID_ARGUMENT, what)
            contains(refusal.message, field + " looks like it holds a personal number (NIK)",
                     "Leave it out")
        equal(state(gateway, approval.id), PENDING, "nothing was done")
        expect(create(gateway, unlock(reason="from 2026-05-02 10:30 to 2026-05-02 11:45")), "times")


@claim
def no_word_holds_up_what_stops_something(people):
    """Its digits are recorded as zeros."""
    with people.gateway() as gateway:
        ask(gateway, "KeyService", "HoldKey", rig.keys, key="seal-demo", reason=STATED)
        locked = lock_down(gateway, reason="card of " + NIK).state
        equal([r["reason"] for r in people.records("key.hold", "lockdown")],
              ["the letter of 0000000000000000 (TEST)", "card of 00.00.00-000000 0000"])
        equal(locked.reason, "card of 00.00.00-000000 0000")


if __name__ == "__main__":
    sys.exit(rig.run(People(rig.Rig("officers"))))
