#!/usr/bin/python3
"""What an officer looks at every morning: incidents with the time that is left for their
notices, reminders that come once, and everything else that may need a person."""
import datetime
import json
import re
import secrets
import sqlite3
import sys
import time

import chains
import rig
from faulty import ask, create, metrics, unlock, wait_for
from people import CODE, People, approve, lock_down, release
from preload import begun
from rig import claim, contains, equal, expect

REMARK, ORAL, WRITTEN = 1, 2, 3
US, DAY, HOUR = 10**6, 86400, 3600
WIB = datetime.timezone(datetime.timedelta(hours=7))
NODE = r"node: gw1\n"


# --- Calls ---------------------------------------------------------------------------------

def call(gateway, name, method, request, reply, service):
    stub = gateway.client(name).call("unary_unary", method, type(request), reply,
                                     service=service)
    return stub(request, timeout=20)


def incidents(gateway, name="officer-1", **query):
    return call(gateway, name, "ListIncidents", rig.incidents.ListIncidentsRequest(**query),
                rig.incidents.ListIncidentsResponse, "IncidentService")


def note(gateway, incident_id, kind=REMARK, name="officer-1", **fields):
    fields.setdefault("request_id", secrets.token_hex(8))
    fields.setdefault("text" if kind == REMARK else "reference", "B-113/2026 (TEST)")
    return call(gateway, name, "NoteIncident",
                rig.incidents.NoteIncidentRequest(id=incident_id, kind=kind, **fields),
                rig.incidents.NoteIncidentResponse, "IncidentService").incident


def close(gateway, incident_id, name="officer-1", **fields):
    fields.setdefault("request_id", secrets.token_hex(8))
    fields.setdefault("reason", "looked into (TEST)")
    return call(gateway, name, "CloseIncident",
                rig.incidents.CloseIncidentRequest(id=incident_id, **fields),
                rig.incidents.CloseIncidentResponse, "IncidentService").incident


def status(gateway, name="officer-1"):
    return call(gateway, name, "GetStatus", rig.stands.GetStatusRequest(),
                rig.stands.GetStatusResponse, "StatusService")


def page(people, name="officer-1", *arguments):
    return people.rig.segel(name, "status", *arguments)


def told(people, name="officer-1"):
    result = page(people, name, "--json")
    expect(result.returncode in (0, 1), result.stderr)
    return json.loads(result.stdout)


def opened(gateway, reason="a card is missing (TEST)"):
    lock_down(gateway, reason=reason)
    return incidents(gateway).incidents[0]


def alter(people, sql):
    """The ledger's tables beside the log, with the gateway stopped."""
    with sqlite3.connect(people.rig.path(people.ledger[1].removeprefix("path: "))) as db:
        db.execute(sql)
    db.close()


def workdays(start_us, count, holidays):
    """The end of the count-th working day behind the day of start, in WIB."""
    day = datetime.datetime.fromtimestamp(start_us / US, WIB).date()
    while count > 0:
        day += datetime.timedelta(days=1)
        count -= 1 if day.weekday() < 5 and day not in holidays else 0
    midnight = datetime.datetime.combine(day + datetime.timedelta(days=1),
                                         datetime.time(0), WIB)
    return int(midnight.timestamp()) * US


def holidays_of(people):
    text = re.search(r"holidays: \[(.*?)\]", people.rig.read("policy.yaml"), re.S).group(1)
    return [datetime.date.fromisoformat(day.strip()) for day in text.split(",")]


# --- Incidents -----------------------------------------------------------------------------

@claim
def a_lock_down_opens_an_incident_with_the_ends_of_its_notices(people):
    with people.gateway() as gateway:
        found = opened(gateway)
        equal((found.kind, found.person, found.why),
              ("lockdown", "officer-1", "a card is missing (TEST)"))
        equal(found.oral_due_us - found.opened_us, 48 * HOUR * US)
        equal(found.written_due_us, workdays(found.opened_us, 7, holidays_of(people)))
        record = people.records("incident.open")
        equal([(r["subject"], r["kind"], r["object"], r["person"]) for r in record],
              [(found.id, "lockdown", found.subject, "officer-1")])
        equal(record[0]["seq"], found.log.index)
        lock_down(gateway, "officer-2")
        equal(len(incidents(gateway).incidents), 1, "it was in force")
        gateway.stop(rig.signal.SIGKILL)
    with people.gateway(keep=True) as gateway:
        again = incidents(gateway).incidents
        equal([i.SerializeToString() for i in again], [found.SerializeToString()])


@claim
def a_lock_down_of_an_older_version_has_one_from_the_start_on(people):
    with people.gateway() as gateway:
        opened(gateway)
    alter(people, "DELETE FROM incident")
    with people.gateway(keep=True) as gateway:
        found = incidents(gateway).incidents
        equal([(i.kind, i.person) for i in found], [("lockdown", "officer-1")])


@claim
def the_settings_say_how_long_and_that_none_is_asked_for(people):
    changes = (NODE, "node: gw1\nagreement: {notice_oral_h: 3, notice_written_workdays: 0}\n")
    with people.gateway(changes) as gateway:
        found = opened(gateway)
        equal((found.oral_due_us - found.opened_us, found.written_due_us), (3 * HOUR * US, 0))
        note(gateway, found.id, ORAL)
        expect(close(gateway, found.id).closed_us > 0, "one notice was enough")


@claim
def a_refused_pin_opens_one_and_a_condemned_log_too(people):
    with people.gateway() as gateway:
        people.latch(gateway)
        wait_for(lambda: incidents(gateway).incidents, "no incident came")
        found = incidents(gateway).incidents[0]
        equal((found.kind, found.subject, found.person), ("pin.lockout", "lane0", ""))
        wait_for(lambda: metrics(gateway).value("segel_incidents_open", kind="pin.lockout") == 1,
                 "numbers")
    alter(people, "INSERT OR REPLACE INTO meta VALUES('memo/finding', 'leaf 7 differs (TEST)')")
    with people.gateway(keep=True) as gateway:
        equal([i.kind for i in incidents(gateway).incidents], ["pin.lockout"],
              "the token of the log key is still away")
        asked = create(gateway, unlock())
        for name in ("officer-2", "officer-3"):
            approve(gateway, asked.id, people.keys[name], name)
        wait_for(lambda: len(incidents(gateway).incidents) == 2, "the log key was shown")
        equal([i.kind for i in incidents(gateway).incidents], ["log.condemned", "pin.lockout"])
        contains(incidents(gateway).incidents[0].why, "leaf 7 differs")
        gateway.stop()
    with people.gateway(keep=True) as gateway:
        equal(len(incidents(gateway).incidents), 2, "told once")


def of_key(gateway, method, name="officer-1", **fields):
    kind = getattr(rig.keys, method + "Request")
    return call(gateway, name, method,
                kind(request_id=secrets.token_hex(8), key="seal-demo", reason="seen (TEST)",
                     **fields), getattr(rig.keys, method + "Response"), "KeyService")


@claim
def a_compromised_key_opens_one(people):
    with people.gateway() as gateway:
        of_key(gateway, "HoldKey")
        wait_for(lambda: "key seal-demo is held" in page(people).stdout, "it is not said")
        equal(len(incidents(gateway).incidents), 0, "a hold is none")
        of_key(gateway, "ReportCompromise", "reviewer")
        of_key(gateway, "ReportCompromise")
        found = incidents(gateway).incidents
        equal([(i.kind, i.subject, i.person, i.why) for i in found],
              [("key.compromised", "seal-demo", "reviewer", "seen (TEST)")])
        wait_for(lambda: "has to be destroyed" in page(people).stdout, "it is not said")


@claim
def notices_are_stated_once_with_their_record(people):
    with people.gateway() as gateway:
        found = opened(gateway)
        given = found.opened_us - HOUR * US
        request_id = secrets.token_hex(8)
        first = note(gateway, found.id, ORAL, given_us=given, request_id=request_id)
        equal((first.oral_given_us, len(first.notes)), (given, 1))
        equal((first.notes[0].person, first.notes[0].reference),
              ("officer-1", "B-113/2026 (TEST)"))
        again = note(gateway, found.id, ORAL, given_us=given, request_id=request_id)
        equal(again.SerializeToString(), first.SerializeToString())
        other = rig.refused(note, gateway, found.id, ORAL, given_us=given,
                            request_id=request_id, text="more (TEST)")
        equal(other.code, CODE.ALREADY_EXISTS)
        equal(rig.refused(note, gateway, found.id, ORAL).code, CODE.FAILED_PRECONDITION)
        note(gateway, found.id, WRITTEN, "officer-2")
        note(gateway, found.id, text="the safe is whole (TEST)")
        records = people.records("incident.note")
        equal([(r.get("notice"), r["person"]) for r in records],
              [("oral", "officer-1"), ("written", "officer-2"), (None, "officer-1")])
        equal((records[0]["subject"], records[0]["reference"]),
              (found.id, "B-113/2026 (TEST)"))
        gateway.stop(rig.signal.SIGKILL)
    with people.gateway(keep=True) as gateway:
        equal([n.kind for n in incidents(gateway, id=found.id).incidents[0].notes],
              [ORAL, WRITTEN, REMARK])


@claim
def what_breaks_a_limit_is_refused(people):
    with people.gateway() as gateway:
        found = opened(gateway)
        soon = int((time.time() + HOUR) * US)
        for fields in (dict(kind=ORAL, reference=""), dict(kind=ORAL, reference="x" * 129),
                       dict(kind=ORAL, given_us=soon), dict(kind=ORAL, given_us=-1),
                       dict(kind=ORAL, given_us=found.opened_us - 32 * DAY * US),
                       dict(kind=REMARK, text=""), dict(kind=REMARK, text="\x1b[2J"),
                       dict(kind=REMARK, reference="B-1"), dict(kind=4), dict(kind=0),
                       dict(kind=ORAL, request_id=""), dict(kind=ORAL, text="x" * 257)):
            equal(rig.refused(note, gateway, found.id, **fields).code,
                  CODE.INVALID_ARGUMENT, str(fields))
        equal(rig.refused(note, gateway, "incident-999999").code, CODE.NOT_FOUND)
        equal(rig.refused(close, gateway, "incident-999999").code, CODE.NOT_FOUND)
        equal(rig.refused(close, gateway, found.id, reason="").code, CODE.INVALID_ARGUMENT)
        equal(rig.refused(incidents, gateway, page_size=17).code, CODE.INVALID_ARGUMENT)
        equal(people.records("incident.note", "incident.close"), [])


@claim
def remarks_leave_room_for_the_notices_and_the_end(people):
    with people.gateway() as gateway:
        found = opened(gateway)
        for _ in range(29):
            note(gateway, found.id)
        refusal = rig.refused(note, gateway, found.id)
        equal(refusal.code, CODE.FAILED_PRECONDITION)
        contains(refusal.message, "has 29 notes already")
        for kind in (ORAL, WRITTEN):
            note(gateway, found.id, kind)
            equal(rig.refused(note, gateway, found.id).code, CODE.FAILED_PRECONDITION)
        equal(len(close(gateway, found.id).notes), 32)


@claim
def closing_asks_for_both_notices_or_a_reason(people):
    with people.gateway() as gateway:
        found = opened(gateway)
        contains(rig.refused(close, gateway, found.id).message, "oral and the written")
        note(gateway, found.id, ORAL)
        refusal = rig.refused(close, gateway, found.id)
        equal(refusal.code, CODE.FAILED_PRECONDITION)
        contains(refusal.message, "written notice")
        note(gateway, found.id, WRITTEN)
        request_id = secrets.token_hex(8)
        over = close(gateway, found.id, request_id=request_id)
        expect(over.closed_us > 0, "it is closed")
        equal(close(gateway, found.id, request_id=request_id).SerializeToString(),
              over.SerializeToString(), "the same call again")
        equal(rig.refused(close, gateway, found.id).code, CODE.FAILED_PRECONDITION)
        equal(rig.refused(note, gateway, found.id).code, CODE.FAILED_PRECONDITION)
        equal((len(incidents(gateway).incidents), len(incidents(gateway, all=True).incidents)),
              (0, 1))
        record = people.records("incident.close")
        equal([(r["subject"], r["person"], "oral_given" in r) for r in record],
              [(found.id, "officer-1", True)])


@claim
def a_rehearsal_is_closed_with_its_reason(people):
    with people.gateway() as gateway:
        found = opened(gateway)
        close(gateway, found.id, no_notice_because="a rehearsal, announced (TEST)")
        contains(people.records("incident.close")[0]["no_notice_because"], "rehearsal")


@claim
def every_lock_down_has_its_own(people):
    with people.gateway() as gateway:
        first = opened(gateway)
        asked = release(gateway, first.subject, "r1").approval
        for key in ("officer-2", "officer-3", "officer-4"):
            approve(gateway, asked.id, people.keys[key], key)
        equal([i.id for i in incidents(gateway).incidents], [first.id], "its end closes none")
        second = opened(gateway)
        equal([i.id for i in incidents(gateway).incidents], [second.id, first.id])
        two = incidents(gateway, page_size=1)
        rest = incidents(gateway, page_size=1, page_token=two.next_page_token)
        equal([two.incidents[0].id, rest.incidents[0].id], [second.id, first.id])


@claim
def a_late_notice_is_a_number_and_a_reminder_that_comes_once(people):
    with people.gateway() as gateway:
        found = opened(gateway)
        equal(status(gateway).notices_overdue, 0)
    alter(people, "UPDATE incident SET oral_due = opened + 1")
    for _ in range(2):
        with people.gateway(keep=True) as gateway:
            wait_for(lambda: metrics(gateway).value("segel_incident_notices_overdue",
                                                    notice="oral") == 1, "numbers")
            equal(metrics(gateway).value("segel_incident_notices_overdue", notice="written"), 0)
            got = status(gateway)
            equal((got.notices_overdue, got.incidents[0].id), (1, found.id))
            expect(any(r.what == "notice.oral" and r.days == 0 and r.urgent
                       for r in got.reminders), "it is reminded of")
            wait_for(lambda: people.records("reminder"), "no reminder came")
            contains(page(people).stdout, "LATE by")
            contains(page(people, "officer-1", "--lang", "id").stdout, "TERLAMBAT")
            gateway.stop()
    with people.gateway(keep=True) as gateway:
        equal([(r["what"], r["subject"], r["days"]) for r in people.records("reminder")],
              [("notice.oral", found.id, "0")])
        note(gateway, found.id, ORAL)
        wait_for(lambda: metrics(gateway).value("segel_incident_notices_overdue",
                                                notice="oral") == 0, "it was given")


@claim
def a_notice_that_is_late_for_years_is_reminded_of_once(people):
    with people.gateway() as gateway:
        found = opened(gateway)
    alter(people, "UPDATE incident SET oral_due = 1")
    for _ in range(3):  # each start looks
        with people.gateway(keep=True) as gateway:
            wait_for(lambda: metrics(gateway).value("segel_incident_notices_overdue",
                                                    notice="oral") == 1, "numbers")
            note(gateway, found.id)  # a turn of the core: a reminder would be on the log
            equal([(r["what"], r["subject"]) for r in people.records("reminder")],
                  [("notice.oral", found.id)])
            gateway.stop()


# --- Reminders -----------------------------------------------------------------------------

def days(text):
    return (NODE, f'node: gw1\nreminders: {{days: "{text}"}}\n')


@claim
def each_threshold_is_told_once_over_restarts(people):
    with people.gateway(days("3000 10")) as gateway:
        wait_for(lambda: len(people.records("reminder")) >= 4, "no reminders came")
        gateway.stop()
    with people.gateway(days("3000 10"), keep=True) as gateway:
        wait_for(lambda: any(r.what == "client" for r in status(gateway).reminders), "clients")
        time.sleep(1)
        seen = [(r["what"], r["subject"], r["until"], r["days"])
                for r in people.records("reminder")]
        equal(len(seen), len(set(seen)), "twice")
        kinds = {what for what, _, _, _ in seen}
        for what in ("certificate", "tls", "client", "agreement", "policy.review",
                     "policy.calendar"):
            expect(what in kinds, f"no reminder of {what}")
        gateway.stop()
    with people.gateway(days("3000 2000"), keep=True) as gateway:
        wait_for(lambda: [r for r in people.records("reminder") if r["days"] == "2000"],
                 "the next threshold was not told")


@claim
def an_issuer_that_ends_before_the_certificate_of_a_key_is_told(people):
    now = time.time()
    chains.issuing(people.rig, now - DAY, now + 20 * DAY)
    short = (r"chain: issuing\.pem", "chain: short.pem")
    for later, days_passed, urgent in ((0, 30, False), (21 * DAY, 0, True)):
        with begun(people.gateway(short), "later", LATER_S=str(later)) as gateway:
            wait_for(lambda: people.records("reminder"), "nobody is told")
            found = [r for r in status(gateway).reminders if r.what == "certificate.issuer"]
            equal([(r.name, r.days, r.urgent) for r in found],
                  [("seal-demo", days_passed, urgent)])
            left = metrics(gateway).value("segel_expiry_seconds", what="certificate.issuer",
                                          name="seal-demo")
            expect(0 < left <= 20 * DAY if later == 0 else left == 0, f"{left} seconds")
            expect("certificate" not in [r.what for r in status(gateway).reminders],
                   "the certificate itself is good for long")


@claim
def what_ends_is_a_number(people):
    with people.gateway() as gateway:
        status(gateway)
        wait_for(lambda: metrics(gateway).value("segel_expiry_seconds", what="certificate",
                                                name="seal-demo") is not None, "numbers")
        numbers = metrics(gateway)
        left = numbers.value("segel_expiry_seconds", what="certificate", name="seal-demo")
        expect(729 * DAY < left <= 730 * DAY, f"{left} seconds")
        expect(numbers.value("segel_expiry_seconds", what="agreement",
                             name="SAMPLE/PKS/2026") > 0, "the agreement")
        expect("certificate.issuer" not in str(numbers.families["segel_expiry_seconds"].samples),
               "no issuer ends before")
        equal(people.records("reminder"), [], "nothing is near")


@claim
def days_that_are_none_are_refused(people):
    for text in ("", "0", "7 30", "30 30", "90 x", "9999", "9 8 7 6 5 4 3 2 1"):
        config = people.rig.write("spoiled.yaml", re.sub(*days(text), people.text, count=1))
        code, said = people.rig.refuses(config)
        equal(code, 1, text)
        contains(said, "days to be reminded at")


# --- The page ------------------------------------------------------------------------------

def shape(value):
    """Names of all members; of a list, those of its first entry."""
    if isinstance(value, dict):
        return {name: shape(member) for name, member in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__


SHAPE = {
    "now": "str", "well": "bool", "needs": ["str"],
    "gateway": {"version": "str", "node": "str", "started": "str", "uptime_s": "int",
                "signing": "bool", "denied_by": "str", "denied_why": "str",
                "reload_refused": "str", "need_restart": "str",
                "draining": "bool", "out_of_rotation": "bool",
                "jobs": "int"},
    "lock_down": {"active": "bool", "id": "str", "person": "str", "reason": "str",
                  "since": "str"},
    "incidents_open": "int", "notices_overdue": "int",
    "incidents": [{"id": "str", "kind": "str", "subject": "str", "why": "str",
                   "opened": "str", "oral_due": "str", "written_due": "str"}],
    "lanes": [{"lane": "str", "state": "str", "why": "str", "token": "str",
               "pin_failures": "int", "pin_count_low": "bool", "pin_final_try": "bool",
               "pin_locked": "bool"}],
    "keys": [{"key": "str", "state": "str", "usable": "bool", "lanes": "int",
              "lanes_up": "int", "certificate_until": "str", "certificate_status": "str",
              "used_today": "int", "used": "int", "activation_left": "int",
              "failures_in_row": "int", "failed_why": "str"}],
    "requests_pending": "int",
    "requests": [{"id": "str", "task": "str", "object": "str", "requester": "str",
                  "not_after": "str", "approvals": "int", "required": "int"}],
    "reminders_more": "int",
    "reminders": [{"what": "str", "name": "str", "until": "str", "days": "int",
                   "urgent": "bool"}],
    "log": {"origin": "str", "records": "int", "checkpoint_records": "int",
            "checkpoint": "str", "checkpoint_interval_s": "int", "readable": "bool", "anchored": "bool",
            "anchor_age_s": "int", "anchors": []},
    "policy": {"id": "str", "version": "int", "sha256": "str", "review_by": "str",
               "agreement_until": "str", "agreement_no": "str", "production": "bool",
               "rules_pending": "int", "zone_minutes": "int"},
    "disk": {"free_bytes": "int", "total_bytes": "int", "reserve_percent": "int",
             "low": "bool", "why": "str"},
    "clock": {"known": "bool", "synchronised": "bool", "offset_us": "int",
              "stepped": "bool", "doubted": "bool"},
}


@claim
def a_clock_that_is_ahead_and_that_nobody_has_set_is_told(people):
    with people.gateway():
        pass
    for kept, doubted in (("no", True), ("yes", False)):
        with begun(people.gateway(keep=True), "later kept", LATER_S=str(40 * DAY),
                   KEPT=kept) as gateway:
            equal(told(people)["clock"]["doubted"], doubted)
            equal(metrics(gateway).value("segel_clock_doubted"), 1 if doubted else 0)
            for lang, word, sentence in (("en", "DOUBTED", "nobody has set it"),
                                         ("id", "DIRAGUKAN", "dan belum disetel")):
                text = page(people, "officer-1", "--lang", lang).stdout
                equal((word in text, sentence in text), (doubted, doubted), text)


@claim
def the_page_says_how_often_the_log_is_signed(people):
    """What is late goes by it, here and in the alert."""
    with people.gateway((r"checkpoint_s: \d+", "checkpoint_s: 1800")) as gateway:
        equal(told(people)["log"]["checkpoint_interval_s"], 1800)
        equal(metrics(gateway).value("segel_log_checkpoint_interval_seconds"), 1800)


@claim
def all_is_well_says_zero(people):
    with people.gateway() as gateway:
        gateway.client().sign()
        wait_for(lambda: told(people)["keys"][0]["used_today"] == 1, "it was not counted")
        result = page(people)
        equal((result.returncode, result.stderr), (0, ""), result.stdout)
        contains(result.stdout, "All is well.", "seal-demo", "1 today", "gw1", "lane0",
                 "review by 2028-01-31", "agreement until 2030-01-01")
        expect("\x1b" not in result.stdout, "colours in a pipe")
        contains(page(people, "reviewer", "--lang", "id").stdout, "Semua baik.")
        got = told(people)
        equal((got["well"], got["needs"], got["keys"][0]["used_today"]), (True, [], 1))
    result = page(people)
    equal(result.returncode, 3, "it cannot be reached")


@claim
def the_json_has_the_members_that_it_always_had(people):
    with people.gateway(days("3000 10")) as gateway:
        wait_for(lambda: "checkpoint" in told(people)["log"], "no checkpoint")
        people.latch(gateway)
        create(gateway, unlock())
        lock_down(gateway)
        wait_for(lambda: told(people, "officer-2")["reminders"], "no reminders")
        got = told(people, "officer-2")
        got["log"].pop("checked", None)  # not before the whole log was hashed
        found = shape(got)
        for name, wanted in SHAPE.items():
            equal(found.pop(name), wanted, name)
        equal(found, {}, "new members: add them above")


@claim
def what_needs_a_person_is_said_and_exits_with_one(people):
    with people.gateway() as gateway:
        people.latch(gateway)
        result = page(people)
        equal(result.returncode, 1)
        contains(result.stdout, "Needs a person:", "lane lane0", "PIN was refused",
                 "key seal-demo cannot be used")
        lock_down(gateway, reason="a card is missing (TEST)")
        contains(page(people).stdout, "all signing was stopped by officer-1: a card is missing")
        contains(page(people, "reviewer", "--lang", "id").stdout, "Perlu ditangani:",
                 "PIN token ditolak", "penandatanganan dihentikan")


@claim
def an_activation_is_shown_with_its_end(people):
    with people.gateway() as gateway:
        window = rig.keys.Activation(mode=3, until_us=int(time.time() + HOUR) * US,
                                     max_jobs=5)
        asked = of_key(gateway, "ActivateKey", activation=window).approval
        for name in ("officer-2", "officer-3"):
            approve(gateway, asked.id, people.keys[name], name)
        wait_for(lambda: status(gateway).keys[0].state == 4, "it is not active")
        key = status(gateway).keys[0]
        equal((key.activation_until_us, key.activation_left), (window.until_us, 5))
        contains(page(people).stdout, "active", "open for 59 min", "5 left")
        contains(page(people, "officer-1", "--lang", "id").stdout, "aktif", "terbuka")
        for lang, lane, row in (
                ("en", "up", r"active +\d+ days left +status not asked +\d+ today"),
                ("id", "siap", r"aktif +sisa \d+ hari +status tak ditanya +\d+ hari ini")):
            text = page(people, "officer-1", "--lang", lang).stdout
            expect(rig.re.search(rf"^  lane0 +{lane} ", text, rig.re.M)
                   and rig.re.search(rf"^  seal-demo +{row}", text, rig.re.M), text)
        wait_for(lambda: 'what="activation"' in ask(gateway, "/metrics")[2], "no number of it")
        expect(metrics(gateway).value("segel_expiry_seconds", what="activation",
                                      name="seal-demo") < HOUR, "its end")


@claim
def a_request_waits_for_those_who_may_approve_it(people):
    with people.gateway() as gateway:
        people.latch(gateway)
        asked = create(gateway, unlock())
        for name, waits in (("officer-1", False), ("officer-2", True), ("reviewer", False)):
            got = status(gateway, name)
            equal(([r.id for r in got.requests], got.requests_pending),
                  ([asked.id] if waits else [], 1), name)
        contains(page(people, "officer-2").stdout, asked.id)
        approve(gateway, asked.id, people.keys["officer-2"])
        equal(list(status(gateway, "officer-2").requests), [], "already approved")
        expect(len(status(gateway, "officer-3").requests) == 1, "not by this one")


@claim
def who_may_not_is_refused(people):
    with people.gateway() as gateway:
        found = opened(gateway)
        equal(rig.refused(status, gateway, "e-office").code, CODE.PERMISSION_DENIED)
        for name in ("e-office",):
            equal(rig.refused(incidents, gateway, name).code, CODE.PERMISSION_DENIED)
        for name in ("e-office", "reviewer"):
            for function in (note, close):
                refusal = rig.refused(function, gateway, found.id, name=name)
                equal(refusal.code, CODE.PERMISSION_DENIED, name)
        equal(len(incidents(gateway, "reviewer").incidents), 1, "a reviewer reads")
        equal(page(people, "e-office").returncode, 1)


@claim
def the_commands_do_what_the_calls_do(people):
    with people.gateway() as gateway:
        found = opened(gateway)
        segel = lambda *words, name="officer-1": people.rig.segel(name, "incident", *words)
        result = segel("list", name="reviewer")
        contains(result.stdout, found.id, "all signing was stopped", "1 d 23 h left")
        result = segel("close", found.id, "--reason", "looked into (TEST)")
        equal(result.returncode, 1)
        contains(result.stderr, "oral and the written")
        result = segel("note", found.id, "--oral", "--reference", "hotline, ticket 7718 (TEST)")
        equal(result.returncode, 0, result.stderr)
        result = segel("note", found.id, "--written", "--reference", "B-114/2026 (TEST)",
                       "--given", "2026-01-02T09:00:00+07:00")
        contains(result.stderr, "month")
        result = segel("note", found.id, "--written", "--reference", "B-114/2026 (TEST)")
        equal(result.returncode, 0, result.stderr)
        result = segel("close", found.id, "--reason", "card found (TEST)", "--lang", "id")
        equal(result.returncode, 0, result.stderr)
        contains(result.stdout, "ditutup", "hotline, ticket 7718", "card found")
        shown = json.loads(segel("show", found.id, "--json").stdout)
        equal([n["kind"] for n in shown["notes"]],
              ["oral notice given", "written notice given", "closed"])
        equal(segel("list").stdout, "")
        contains(segel("list", "--all").stdout, found.id, "closed")
        for words in (("note", found.id), ("note", found.id, "--oral", "--written"),
                      ("note",), ("show",), ("close", found.id),
                      ("note", found.id, "--oral", "--given", "yesterday")):
            equal(segel(*words).returncode, 2, " ".join(words))


if __name__ == "__main__":
    if sys.argv[1:]:
        rig.claims[:] = [c for c in rig.claims if sys.argv[1] in c.__name__]
    sys.exit(rig.run(People(rig.Rig("status_page"))))
