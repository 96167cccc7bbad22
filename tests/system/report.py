#!/usr/bin/python3
"""segel report on bundles that were made here: each figure is held against a count by
another hand, in every format and both languages; and what must not give a report."""
import base64
import csv
import datetime
import hashlib
import html.parser
import io
import json
import os
import random
import re
import shutil
import subprocess
import sys

import bundles
from bundles import Bundle, Key, root_of
from preload import preload
from rig import BIN, BUILD, ROOT, claim, contains, equal, expect, run
from years import (FACTS, UTC, WIB, Count, Log, clock_ahead, consistency_holds, leaves, moment_of,
                   some_year, stamp, year)

SEGEL = os.path.join(BIN, "segel")
DIR = os.path.join(BUILD, "system", "report")
LOG = Key()
CHECKPOINTS = (40, 60, 61, 200, 500)
made = 0


def place(name="made"):
    global made
    made += 1
    path = os.path.join(DIR, f"{name}{made}")
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    return path


def segel(*arguments, key=None, environment=None):
    result = subprocess.run(
        [SEGEL, "--home", DIR, "report", "--log-key", (key or LOG).vkey, *arguments],
        capture_output=True, timeout=120, check=False, stdin=subprocess.DEVNULL,
        env={**os.environ, **(environment or {})})
    for text in (result.stdout, result.stderr):
        expect(b"Sanitizer" not in text and b"runtime error" not in text,
               text[-2000:].decode(errors="replace"))
    return result


def report(path, *arguments, period=("--year", "2026"), **more):
    result = segel(*period, "--bundle", path, "--format", "json", *arguments, **more)
    equal(result.returncode, 0, result.stderr.decode())
    return json.loads(result.stdout)


def refused(path, *arguments, code=1, **more):
    for form in ("json", "html"):
        result = segel("--year", "2026", "--bundle", path, "--format", form, *arguments,
                       **more)
        equal(result.returncode, code, result.stderr.decode())
        equal(result.stdout, b"", "what was told all the same")
    return result.stderr.decode()


def write(log, **more):
    records = log.lines() if isinstance(log, Log) else log
    more.setdefault("checkpoints", [c for c in CHECKPOINTS if c < len(records)])
    return Bundle(records, [LOG], **more).write(place())


class Year:
    """One log of chance, its bundle and its report, made once."""

    def __init__(self):
        shutil.rmtree(DIR, ignore_errors=True)
        os.makedirs(DIR)
        self.log = some_year()
        self.bundle = write(self.log)
        self.count = Count(self.log.records, *year(2026))
        self.found = report(self.bundle)


# --- Figures -----------------------------------------------------------------------------

@claim
def months_systems_and_classes_are_those_of_a_count_by_hand(made_year):
    use, count = made_year.found["use"], made_year.count
    equal(use["months"], count.months(), "months")
    equal(use["use"], count.use(), "use")
    equal(use["systems"], count.systems(), "systems")
    equal({row["class"]: {k: row[k] for k in ("signed", "failed", "indeterminate")}
           for row in use["classes"]}, count.classes(), "classes")
    for fate, total in count.fates(count.outcomes).items():
        equal(use[fate], total, fate)
    equal(use["denied"], len(count.denials), "denied")
    equal(use["documents"], count.documents(), "documents")
    equal(use["failures"], [{"code": "HSM", **{
        k: v for k, v in count.fates(count.outcomes).items() if k != "signed"}}], "failures")
    expect(use["signed"] > 1000 and use["failed"] > 10 and use["denied"] > 50,
           "the log of chance has become a dull one")


@claim
def the_year_begins_and_ends_in_the_zone_of_the_city(made_year):
    edges = [row for row in made_year.found["use"]["use"] if row["class"] == "tepi"]
    # at 00:00:00 and 00:00:05, and three around 07:00, on 1 January; and 5 s before the end
    equal([(e["month"], e["signed"]) for e in edges], [("2026-01", 5), ("2026-12", 1)],
          "jobs at the ends of the year in Jakarta")
    for name, hours in (("Asia/Makassar", 8), ("Asia/Jayapura", 9), ("UTC", 0), ("+07:00", 7),
                        ("-03:30", -3.5)):
        zone = datetime.timezone(datetime.timedelta(hours=hours))
        count = Count(made_year.log.records, *year(2026, zone), zone)
        found = report(made_year.bundle, "--zone", name)
        equal(found["use"]["months"], count.months(), f"months in {name}")
        contains(found["header"]["zone"], "UTC")
    span = ("--from", "2026-02-10", "--until", "2026-03-05T12:00:00+07:00")
    count = Count(made_year.log.records, datetime.datetime(2026, 2, 10, tzinfo=WIB),
                  datetime.datetime(2026, 3, 5, 12, tzinfo=WIB))
    equal(report(made_year.bundle, period=span)["use"]["months"], count.months(), "a span")


@claim
def peaks_and_the_year_before_are_counted(made_year):
    use, count = made_year.found["use"], made_year.count
    days, months = count.days(), count.months()
    equal(use["busiest_day_signed"], max(days.values()), "busiest day")
    equal(use["busiest_day"], min(d for d in days if days[d] == max(days.values())), "day")
    most = max(months, key=lambda m: m["signed"])
    least = min(months, key=lambda m: m["signed"])
    equal((use["busiest_month"], use["busiest_month_signed"]),
          (most["month"], most["signed"]), "busiest month")
    equal((use["quietest_month"], use["quietest_month_signed"]),
          (least["month"], least["signed"]), "quietest month")
    before = Count(made_year.log.records, *year(2025))
    fates = {**before.fates(before.outcomes), "denied": len(before.denials)}
    equal({r["figure"]: r["before"] for r in use["comparison"]}, fates, "the year before")
    equal(use["before_whole"], False, "the log began in November")
    equal(report(made_year.bundle, period=("--year", "2027"))["use"]["before_whole"], True,
          "the log covers all of 2026")


@claim
def refusals_and_shadows_are_those_of_a_count_by_hand(made_year):
    found, count = made_year.found, made_year.count
    equal(found["refusals"]["refusals"], count.refusals(), "refusals")
    equal(found["refusals"]["refusals_by_month"], count.refusals_by_month(), "by month")
    equal(found["overrides"]["shadow_failures"], count.shadows(), "shadows")
    kinds = {row["type"]: row["records"] for row in found["integrity"]["record_types"]}
    equal(kinds.pop("others"), sum(r["type"] == "moon.phase" for r in count.inside),
          "types that nobody knows")
    for kind, number in kinds.items():
        equal(number, sum(r["type"] == kind for r in count.inside), kind)
    equal(sum(kinds.values()) + sum(r["type"] == "moon.phase" for r in count.inside),
          len(count.inside), "all records")


@claim
def intents_and_outcomes_balance_over_both_ends(made_year):
    log = Log()
    log.boot(datetime.datetime(2025, 12, 1, tzinfo=WIB))
    begin, end = year(2026)
    log.job(begin - datetime.timedelta(seconds=1), later=2)
    log.job(begin + datetime.timedelta(days=3))
    log.job(end - datetime.timedelta(seconds=1), later=2)
    log.add(end + datetime.timedelta(seconds=30), "checkpoint")
    found = report(write(log))["integrity"]
    wanted = {"intents": 2, "outcomes": 2, "carried_in": 1, "carried_out": 1, "open": 0,
              "complete": True}
    equal({k: found[k] for k in wanted}, wanted, "balance")
    equal(Count(log.records, begin, end).balance(), wanted, "the count by hand")
    found = made_year.found["integrity"]
    balance = made_year.count.balance()
    equal({k: found[k] for k in balance}, balance, "balance of the log of chance")
    inside = made_year.count.inside
    equal((found["period_records"], found["first_index"], found["last_index"]),
          (len(inside), inside[0]["seq"], inside[-1]["seq"]), "records of the period")


def story():
    """What gateways, tokens, keys and officers did, at known times."""
    log = Log()

    def at(*when):
        return datetime.datetime(2026, *when, tzinfo=WIB)
    log.boot(datetime.datetime(2025, 6, 1, tzinfo=WIB))
    log.add(at(3, 1, 10), "lane.down", subject="lane0", detail="/secret/pin/path")
    log.add(at(3, 1, 11, 30), "lane.up", subject="lane0")
    log.add(at(3, 1, 12), "lane.down", subject="lane0",
            detail="a ceremony is under way on its token")
    log.add(at(3, 1, 12, 1), "lane.up", subject="lane0")
    log.add(at(3, 2, 1), "shutdown", subject="gw1")
    log.boot(at(3, 2, 2), version="0.1.1")
    log.add(at(3, 2, 3), "policy.load", subject="seal", version="2", source="officers",
            policy_rev="sha256:" + "cd" * 32, requester="budi", approver="sari",
            approver_role="reviewer", reason="private words")
    log.add(at(3, 3, 1), "pin.fail", subject="lane0", detail="/secret/pin/path")
    log.add(at(3, 3, 2), "pin.unlock", subject="lane0", officer="budi")
    log.add(at(3, 4, 1), "key.state", subject="seal-setda",
            detail="certificate revoked (crl)")
    log.add(at(3, 4, 2), "key.state", subject="seal-2027", state="none", grant="g-1",
            trouble="no token at /secret/path")
    log.add(at(3, 4, 3), "key.state", subject="seal-2027", state="accepted", detail="sha256=ab",
            backup="tape 3 of budi")
    log.add(at(3, 5, 1), "key.facts", subject="seal-setda",
            facts={**FACTS, "cert.serial": "77AA", "key.rsa_bits": 4096})
    log.add(at(3, 6, 1), "overload", subject="gw1", detail="queue full 3, no lane 4")
    log.add(at(3, 6, 2), "overload", subject="gw1", detail="queue full 2, caller limit 0, "
            "no lane 0, expired 0, given up 0, events not told 6")
    log.add(at(3, 7, 1), "clock.step", subject="gw1", detail="by +5 ms")
    log.add(at(3, 7, 2), "exception", subject="x")
    for day, size in ((1, 5), (2, 12), (3, 9)):
        log.add(at(3, 7, 2 + day), "anchor.ok", subject="bsre", kind="witness", size=str(size),
                time=f"2026-03-0{day}T00:00:00.000000Z")
    log.add(at(3, 7, 6), "anchor.fail", subject="bsre", kind="witness", size="12",
            state="away", why="/secret/path of budi")
    log.add(at(3, 7, 6), "incident.open", subject="incident-9", kind="lockdown",
            reason="words of a person")
    log.add(at(3, 7, 6), "incident.close", subject="incident-9", kind="lockdown")
    log.add(at(3, 7, 7), "disk.low", subject="gw1", detail="/secret/path")
    log.boot(at(3, 8, 2), version="0.1.1")
    return log


@claim
def certificates_policies_outages_and_starts_are_told(_):
    found = report(write(story()))
    certificates = found["certificates"]["certificates"]
    # the first one is told of again at the last start: it came back
    equal([(c["serial"], c["algorithm"], c["since"], c["replaced"]) for c in certificates],
          [(FACTS["cert.serial"], "rsa 3072", "2025-05-31T17:00:00.000000Z", None),
           ("77AA", "rsa 4096", "2026-03-04T18:00:00.000000Z",
            "2026-03-07T19:00:00.000000Z")], "certificates")
    equal(certificates[0]["days_left"], 273, "days from 1 January 2027 to 1 October 2027")
    equal([(p["version"], p["source"], p["approver_role"], p["replaced"] is None)
           for p in found["header"]["policies"]],
          [("1", "start", None, False), ("2", "officers", "reviewer", False),
           ("1", "start", None, True)], "policies")
    incidents = found["incidents"]
    equal((incidents["starts"], incidents["starts_unclean"], incidents["clock_steps"]),
          (2, 1, 1), "starts, unclean ones, jumps of the clock")
    equal(incidents["down_s"], 3600 + 19 * 3600, "seconds without a gateway")
    equal(incidents["lanes"], [{"lane": "lane0", "outages": 1, "down_s": 5400, "rests": 1,
                                "rested_s": 60}], "lanes")
    equal(found["officers"]["pins"], [{"lane": "lane0", "pin_failures": 1,
                                       "pin_lockouts": 0, "pin_unlocks": 1}], "PINs")
    equal(found["refusals"]["undecided"], [{"reason": "queue full", "count": 5},
                                           {"reason": "no lane", "count": 4}], "overload")
    equal(found["certificates"]["state_changes"],
          [{"time": "2026-03-03T18:00:00.000000Z", "key": "seal-setda",
            "detail": "certificate revoked (crl)"},
           {"time": "2026-03-03T19:00:00.000000Z", "key": "seal-2027", "detail": "none: failed"},
           {"time": "2026-03-03T20:00:00.000000Z", "key": "seal-2027",
            "detail": "accepted: sha256=ab"}], "state changes")
    equal([v["version"] for v in found["infrastructure"]["versions"]], ["0.1.0", "0.1.1"],
          "versions")
    equal(found["integrity"]["anchors"], [{
        "anchor": "bsre", "kind": "witness", "good": 3, "failed": 1, "size": 12,
        "time": "2026-03-02T00:00:00.000000Z"}], "anchors")
    equal((incidents["incidents_opened"], incidents["incidents_closed"]), (1, 1), "incidents")
    equal(incidents["untold"], 6, "events that were not told")
    equal([(e["type"], e["detail"]) for e in found["incidents"]["events"]][-5:],
          [("exception", None), ("anchor.fail", None), ("incident.open", "lockdown"),
           ("incident.close", "lockdown"), ("disk.low", None)], "events")
    equal(found["header"]["agency"], "Pemerintah Kota Contoh", "agency")


@claim
def each_signature_is_one_of_one_certificate(_):
    log, at = Log(), datetime.datetime(2026, 5, 1, tzinfo=WIB)

    def told(key, serial):
        log.add(at, "key.facts", subject=key,
                facts={**FACTS, "key.id": key, "cert.serial": serial})
    told("a", "01")
    told("b", "01")
    for serial, jobs in (("01", 3), ("02", 2), ("01", 4)):
        at += datetime.timedelta(days=1)
        told("a", serial)
        for _ in range(jobs):
            log.job(at, key="a", serial=serial)
    log.job(at, key="b", serial="01")
    for key, serial in (("a", "09"), ("c", "01"), ("c", "01")):
        log.job(at, key=key, serial=serial)
    found = report(write(log))
    equal([(c["key"], c["serial"], c["signed"], c["since"] is None, c["replaced"])
           for c in found["certificates"]["certificates"]],
          [("a", "01", 7, False, None), ("b", "01", 1, False, None),
           ("a", "02", 2, False, "2026-05-03T17:00:00.000000Z"),
           ("a", "09", 1, True, None), ("c", "01", 2, True, None)], "certificates")
    equal(found["use"]["signed"], 13, "signed")


@claim
def nothing_about_single_letters_or_persons_gets_out(made_year):
    out = place("out")
    equal(segel("--year", "2026", "--bundle", made_year.bundle, "--out", out).returncode, 0,
          "exit code")
    whole = b"".join(bundles.read_files(out).values()).decode()
    for record in made_year.log.records:
        for member in ("digest", "job"):
            if len(record.get(member, "")) > 4:
                expect(record[member] not in whole, f"{member} {record[member]} got out")
    text = json.dumps(report(write(story())))
    for word in ("/secret", "budi", "sari", "private words"):
        expect(word not in text, f"'{word}' got out")


@claim
def few_of_a_class_are_merged_for_the_authority(_):
    def classes(**jobs):
        log = Log()
        at = datetime.datetime(2026, 5, 1, tzinfo=WIB)
        log.boot(at)
        for name, number in jobs.items():
            for i in range(number):
                log.job(at + datetime.timedelta(minutes=len(log.records)), doc_class=name,
                        caller=("a", "b")[i % 2])
        path = write(log)
        found = report(path, "--for", "ca")
        equal(found["header"]["for"], "ca", "for")
        equal(sum(r["signed"] for r in found["use"]["use"]), sum(jobs.values()), "sum")
        equal({r["class"] for r in found["use"]["use"]},
              {r["class"] for r in found["use"]["classes"]}, "classes of both tables")
        equal({r["class"]: r["signed"] for r in report(path)["use"]["classes"]}, jobs,
              "inside of the agency all classes are shown")
        for form in ("html", "text", "csv"):
            shown = segel("--year", "2026", "--bundle", path, "--format", form, "--for", "ca")
            for name in jobs:
                equal(name.encode() in shown.stdout, jobs[name] >= 5 and name in {
                    r["class"] for r in found["use"]["classes"]}, f"{name} in {form}")
        return {r["class"]: r["signed"] for r in found["use"]["classes"]}

    equal(classes(besar=9, sedang=5, kecil=4, mungil=3), {
        "besar": 9, "sedang": 5, "fewer_than_5": 7}, "two that come to more than five")
    equal(classes(besar=9, sedang=6, mungil=1), {"besar": 9, "fewer_than_5": 7},
          "one alone is not told by being merged: the next smallest joins it")
    equal(classes(besar=9, sedang=6), {"besar": 9, "sedang": 6}, "none is small")


@claim
def a_job_that_is_tried_again_is_one_job(_):
    """Five attempts do not let one letter pass for the five that a class must have."""
    log, at = Log(), datetime.datetime(2026, 5, 1, tzinfo=WIB)
    log.boot(at)
    for minute in range(9):
        log.job(at + datetime.timedelta(minutes=minute), doc_class="besar")
    for attempt in range(1, 6):
        log.job(at + datetime.timedelta(hours=attempt), doc_class="mungil", name="one",
                document="one", outcome="signed" if attempt == 5 else "failed",
                attempt=attempt, shadow=["CP-4.9-02"], excepted=["CP-4.5-07"])
    path = write(log)
    found = report(path, "--for", "ca")
    equal([(r["class"], r["signed"], r["failed"]) for r in found["use"]["classes"]],
          [("fewer_than_5", 10, 4)], "classes for the authority")
    found = report(path)
    equal((found["use"]["signed"], found["use"]["failed"], found["use"]["documents"]),
          (10, 4, 10), "attempts")
    equal(found["overrides"]["shadow_failures"], [{"rule": "CP-4.9-02", "jobs": 1}], "shadows")
    equal(found["overrides"]["exceptions"], 1, "jobs by an exception")
    contains(segel("--year", "2026", "--bundle", path, "--format", "text").stdout.decode(),
             "attempts that failed")


@claim
def denials_are_decisions_and_are_called_so(_):
    """One letter is asked for three times before its key is open, and then signed."""
    log, at = Log(), datetime.datetime(2026, 5, 1, tzinfo=WIB)
    log.boot(at)
    for hour in range(3):
        log.deny(at + datetime.timedelta(hours=hour), [("CP-6.2-05", "6.2.8", "NOT_ACTIVATED")])
        log.records[-1]["job"] = "one"
    log.job(at + datetime.timedelta(hours=4), name="one")
    path = write(log)
    found = report(path)["use"]
    equal((found["signed"], found["denied"]), (1, 3), "signed, denials")
    for lang, words, wrong in (
            ("en", "denials (decisions, not jobs)", ("jobs that were denied",)),
            ("id", "penolakan (keputusan, bukan pekerjaan)", ("pekerjaan yang ditolak",))):
        text = segel("--year", "2026", "--bundle", path, "--format", "text", "--lang",
                     lang).stdout.decode()
        contains(text, words)
        expect(not any(w in text for w in wrong), text)


@claim
def what_an_earlier_gateway_did_not_tell_is_null(_):
    at = datetime.datetime(2026, 5, 1, tzinfo=WIB)

    def told(*more):
        log = Log()
        log.boot(at)
        for minute, changes in enumerate(({"notice": True}, {"excepted": ["R"]}, *more)):
            log.job(at + datetime.timedelta(minutes=minute), **changes)
        found = report(write(log))
        return found["overrides"]["exceptions"], found["use"]["systems"][0]["notice"]

    equal(told(), (1, 1), "all is told")
    equal(told({"excepted": None}), (None, 1), "exceptions are not told of one job")
    equal(told({"notice": None}), (1, None), "the assertion is not told of one job")


@claim
def an_answer_that_was_no_longer_kept_was_not_given_again(_):
    log, at = Log(), datetime.datetime(2026, 5, 1, tzinfo=WIB)
    log.boot(at)
    log.job(at)
    log.add(at, "replay", outcome=4)
    log.add(at, "replay", outcome=4, answer="expired")
    found = report(write(log))
    equal(found["use"]["replays"], 1, "answers given again")
    equal({r["type"]: r["records"] for r in found["integrity"]["record_types"]}["replay"], 2)


# --- Proofs ------------------------------------------------------------------------------

@claim
def the_proof_between_the_checkpoints_holds(made_year):
    def check(path, log, start, end):
        header = report(path)["header"]
        first, last = header["checkpoints"]
        equal((first["size"], last["size"]), (start, end), "sizes")
        hashes = leaves(log.lines())
        roots = [root_of(hashes[:n]) for n in (start, end)]
        equal([base64.b64decode(c["root"]) for c in (first, last)], roots, "roots")
        proof = [base64.b64decode(h["hash"]) for h in header["consistency"]]
        expect(consistency_holds(start, roots[0], end, roots[1], proof), "the proof")
        expect(last["signed"] and last["note"].startswith(bundles.ORIGIN), "signed note")
        equal(last["note"].encode().split(b"\n\n")[0],
              bundles.note(end, roots[1], LOG).split(b"\n\n")[0], "text of the note")
        return len(proof)

    log, size = made_year.log, len(made_year.log.records)
    first = next(r["seq"] for r in log.records
                 if r["ts"] >= stamp(year(2026)[0]))
    behind = next(r["seq"] for r in log.records if r["ts"] >= stamp(year(2026)[1]))
    check(made_year.bundle, log, max(c for c in CHECKPOINTS if c <= first), size)
    for start in (first, first - 1, 64, 1, 33):
        for end in (behind + 1, behind + 2, size - 1):
            path = write(log, checkpoints=sorted({start, end}))
            check(path, log, start, end)
    path = write(log, checkpoints=[first + 1, behind])
    equal(check(path, log, 0, size), 0, "hashes from the empty tree")


@claim
def a_year_that_is_over_is_told_the_same_while_the_log_goes_on(made_year):
    records = made_year.log.lines()
    behind = next(r["seq"] for r in made_year.log.records
                  if r["ts"] >= stamp(year(2026)[1]))
    marks = [*CHECKPOINTS, behind + 1]
    shorter = write(records[:behind + 3], checkpoints=marks)
    longer = write(records, checkpoints=[*marks, behind + 5, len(records) - 1])
    for form in ("json", "html", "csv", "text"):
        one, two = (segel("--year", "2026", "--bundle", path, "--format", form).stdout
                    for path in (shorter, longer))
        expect(len(one) > 1000 and one == two, f"{form} changed when the log went on")
    equal(report(shorter)["integrity"]["period_over"], True, "over")
    open_year = write(records[:behind - 20])
    equal(report(open_year)["integrity"]["period_over"], False, "not over")
    contains(segel("--year", "2026", "--bundle", open_year).stdout.decode(),
             "The log ends before the period does")


@claim
def a_clock_that_was_ahead_cuts_nothing_off(made_year):
    log, ahead = clock_ahead(made_year.log)
    records, end = log.lines(), stamp(year(2026)[1])
    behind = next(r["seq"] for r in made_year.log.records if r["ts"] >= end)
    marks = [*(place + 1 for place in ahead), behind - 30, behind + 3]
    path = write(records, checkpoints=[*marks, behind + 9])
    found = report(path)
    equal(found["use"]["months"], Count(log.records, *year(2026)).months(), "months")
    expect(all(m["signed"] > 20 for m in found["use"]["months"]), "a month is nearly empty")
    equal(found["header"]["checkpoints"][1]["size"], behind + 3, "the end")
    equal(report(write(records[:behind + 5], checkpoints=marks)), found, "when it was over")
    equal(report(write(records[:behind - 20]))["integrity"]["period_over"], False, "not over")
    log.job(datetime.datetime(2026, 7, 1, tzinfo=WIB))
    late = report(write(log, checkpoints=marks))
    equal(late["use"]["signed"], found["use"]["signed"] + 1, "when it came much later")
    equal(late["integrity"]["period_over"], False, "nothing shows that it is over")


@claim
def same_log_and_options_give_the_same_bytes(made_year):
    folders = []
    for i, environment in enumerate(({"TZ": "America/New_York", "LANG": "C"},
                                     {"TZ": "Asia/Tokyo", "LANG": "id_ID.UTF-8",
                                      "LC_ALL": "de_DE.UTF-8"})):
        folders.append(place(f"same{i}-"))
        result = segel("--year", "2026", "--bundle", made_year.bundle, "--lang", "id",
                       "--for", "ca", "--out", folders[-1], environment=environment)
        equal(result.returncode, 0, result.stderr.decode())
    one, two = (bundles.read_files(f) for f in folders)
    expect(sorted(one) == sorted(two) and len(one) > 20, "other files")
    for name, data in one.items():
        expect(data == two[name], f"{name} differs between two runs")
    sums = subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=folders[0],
                          capture_output=True, text=True, check=False)
    equal(sums.returncode, 0, sums.stdout + sums.stderr)
    equal(len(one["SHA256SUMS"].splitlines()), len(one) - 1, "files with a sum")
    figures = one["report.json"]
    head, _, tail = figures.rpartition(b'"sha256": "')
    equal(tail[:64].decode(), hashlib.sha256(head).hexdigest(), "hash of the figures")
    for name in ("report.html", "report.txt", "csv/facts.csv"):
        contains(one[name].decode(), tail[:64].decode())


@claim
def the_language_changes_no_figure(made_year):
    same = [segel("--year", "2026", "--bundle", made_year.bundle, "--format", form, "--lang",
                  lang).stdout for form in ("json", "csv") for lang in ("id", "en")]
    equal(same[0], same[1], "JSON")
    equal(same[2], same[3], "CSV")


# --- What must not give a report ---------------------------------------------------------

@claim
def a_log_that_lacks_one_record_has_no_report(made_year):
    records = made_year.log.records
    victim = next(r["seq"] for r in records if r["type"] == "outcome" and r["seq"] > 300)
    files = bundles.read_files(made_year.bundle)
    name = "records/00000000.jsonl"
    kept = files[name].splitlines(keepends=True)
    del kept[victim]
    for spoiled in ({**files, name: b"".join(kept)},
                    bundles.sealed({**files, name: b"".join(kept)})):
        path = place()
        bundles.write_files(path, spoiled)
        contains(refused(path), "not sound")
    # signed anew by the log's own key: what is missing is told by the records alone
    cut = [bundles.lines([r])[0] for r in records if r["seq"] != victim]
    contains(refused(write(cut)), "not sound")
    # and with numbers that were mended
    mended = [{**r, "seq": i} for i, r in enumerate(r for r in records
                                                    if r["seq"] != victim)]
    for record in mended:
        if record["type"] == "outcome" and record["intent"] > victim:
            record["intent"] -= 1
    contains(refused(write(bundles.lines(mended))), "not sound")


@claim
def a_changed_record_or_another_key_has_no_report(made_year):
    files = bundles.read_files(made_year.bundle)
    name = "records/00000000.jsonl"
    path = place()
    changed = files[name].replace(b'"outcome":"failed"', b'"outcome":"signed"', 1)
    expect(changed != files[name], "nothing was changed")
    bundles.write_files(path, bundles.sealed({**files, name: changed}))
    refused(path)
    refused(made_year.bundle, key=Key())


@claim
def what_is_no_bundle_cannot_be_read(made_year):
    expect("cannot be opened" in refused(place(), code=3), "a folder that is not there")
    os.makedirs(os.path.join(DIR, "nothing"))
    refused(os.path.join(DIR, "nothing"), code=3)
    refused("/dev/null", code=3)


@claim
def a_wrong_command_line_says_what_to_write(made_year):
    good = ["--bundle", made_year.bundle]
    for arguments, words in (
            (good, "--year 2026"), (["--year", "26", *good], "write 2026"),
            (["--year", "2026", "--from", "2026-01-01", *good], "--year stands alone"),
            (["--from", "2026-01-01", *good], "--until"),
            (["--from", "2026-02-01", "--until", "2026-01-01", *good], "later"),
            (["--from", "2001-01-01", "--until", "2026-01-01", *good], "120 months"),
            (["--year", "2026", "--zone", "Mars", *good], "Asia/Jakarta"),
            (["--year", "2026", "--zone", "+7:00", *good], "+07:00"),
            (["--year", "2026", "--lang", "fr", *good], "--lang"),
            (["--year", "2026", "--format", "pdf", *good], "--format"),
            (["--year", "2026", "--format", "csv", "--out", place(), *good], "--format"),
            (["--year", "2026", "--for", "all", *good], "--for"),
            (["--year", "2026", "extra", *good], "options only")):
        result = segel(*arguments)
        equal(result.returncode, 2, f"{arguments}: {result.stderr.decode()}")
        contains(result.stderr.decode(), words)
        equal(result.stdout, b"", "output")
    bare = subprocess.run([SEGEL, "--home", place(), "report", "--year", "2026", *good],
                          capture_output=True, text=True, check=False)
    equal(bare.returncode, 2, bare.stderr)
    contains(bare.stderr, "log.vkey")


@claim
def a_folder_that_is_there_is_left_alone(made_year):
    out = place("taken")
    os.makedirs(out)
    bundles.write_files(out, {"letter": b"do not lose me"})
    result = segel("--year", "2026", "--bundle", made_year.bundle, "--out", out)
    equal(result.returncode, 1, result.stderr.decode())
    contains(result.stderr.decode(), "there already")
    equal(bundles.read_files(out), {"letter": b"do not lose me"}, "what was there")
    expect(not os.path.exists(out + ".tmp"), "something is left")
    full = subprocess.run(["bash", "-c", '"$@" >/dev/full', "-", SEGEL, "--home", DIR,
                           "report", "--log-key", LOG.vkey, "--year", "2026", "--bundle",
                           made_year.bundle, "--format", "html"], capture_output=True,
                          text=True, check=False)
    equal(full.returncode, 3, full.stderr)


@claim
def a_folder_grows_on_a_share_that_renames_without_flags(made_year):
    share = preload("share")
    out, plain = place(), place()
    good = ("--year", "2026", "--bundle", made_year.bundle, "--for", "ca", "--out")
    equal(segel(*good, plain).returncode, 0, "exit code")
    result = segel(*good, out, environment=share)
    equal(result.returncode, 0, result.stderr.decode())
    equal(bundles.read_files(out), bundles.read_files(plain), "the folder")
    expect(not os.path.exists(out + ".tmp"), "something is left")


@claim
def a_full_disk_is_one_sentence_and_leaves_nothing(made_year):
    small = place("small")
    os.makedirs(small)
    for size in ("8k", "40k", "96k"):
        script = f"mount -t tmpfs -o size={size} none {small} && {SEGEL} --home {DIR} report " \
                 f"--log-key '{LOG.vkey}' --year 2026 --bundle {made_year.bundle} --out " \
                 f"{small}/report; code=$?; ls -A {small}; exit $code"
        result = subprocess.run(["unshare", "-rm", "sh", "-c", script], capture_output=True,
                                text=True, check=False, timeout=60)
        if "unshare" in result.stderr or "mount" in result.stderr:
            print("skip  a small disk needs the right to mount one (user namespaces)")
            return
        equal((result.returncode, result.stdout), (3, ""), f"{size}: {result.stderr}")
        equal(len(result.stderr.strip().splitlines()), 1, "lines of complaint")


# --- What stands in records may be anything ----------------------------------------------

HOSTILE = ["<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "=cmd|'/C calc'!A0",
           "+1", "-1", "@SUM(A1)", "a,b\"c\r\nd", "\u202egnp.exe", "\x1b[31mred", "\x9b31m",
           "nul\0nul", "&lt;b&gt;", "]]></style><script>", "x" * 1000, "", " ", "null", "\\", "'",
           "{{7*7}}", "\u2028", "sha256\": \"00", "\n\"sha256\": \"00\"", "\ttab", "é" * 200]


def bare(name):
    """Without what has to be escaped: in words that decide, escapes are a fault."""
    return "".join(c for c in name if " " <= c <= "~" and c not in "\"\\")


def hostile_log():
    log = Log()
    at = datetime.datetime(2026, 5, 1, tzinfo=WIB)
    log.boot(at)
    minute = datetime.timedelta(minutes=1)
    for i, name in enumerate(HOSTILE):
        at += 5 * minute
        log.job(at, caller=name, doc_class=name, shadow=[name])
        log.job(at, caller=f"plain{i}", doc_class=name, outcome=bare(name) or "failed")
        log.deny(at, [(name, name, name)], caller=name, doc_class=name)
        log.add(at, "boot", version=name)
        log.add(at, "lane.down", subject=name, detail=name)
        log.add(at, "overload", subject=name, detail=f"{name} {i}, {name}")
        log.add(at, "key.state", subject=name, detail=name)
        log.add(at, "policy.load", subject=name, version=name, policy_rev=bare(name),
                source=name)
        log.add(at, "key.facts", subject=name,
                facts={**{k: name for k in FACTS}, "key.id": f"k{i}"})
        log.add(at, bare(name))
    for value in (None, 7, [], {}, [name], {"a": name}, True, 1e99):
        at += minute
        for kind in ("deny", "boot", "lane.down", "overload", "key.state", "policy.load",
                     "key.facts", "pin.fail", "exception"):
            log.add(at, kind, **{m: value for m in (
                "caller", "key", "doc_class", "fail", "rules", "facts", "subject", "detail",
                "version", "by", "policy_rev")})
        log.add(at, "deny")
        log.add(at, "deny", fail=[value, [value], {"rule": value, "cp": value}])
        number = log.add(at, "intent", caller=value, job="odd", key=value, doc_class=value, digest=value,
                         cert_serial=value, rules={"shadow_fail": [value, 1, {}]})
        log.add(at, "outcome", intent=number, outcome=value, code=value)
    return log


class Page(html.parser.HTMLParser):
    """Tags in balance, and what tables and lists of facts hold."""

    VOID = {"meta", "br", "line"}

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.words = [], set(), []
        self.tables, self.facts, self.attributes, self.problems = {}, {}, [], []
        self.title = self.row = self.term = None
        self.feed(text)
        self.close()
        expect(not self.open and not self.problems,
               f"tags out of balance: {self.open} {self.problems[:3]}")

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += [(tag, *a) for a in attrs]
        if tag not in self.VOID:
            self.open.append(tag)
        if tag in ("h3", "dt", "dd", "td", "th"):
            self.words = []
        if tag == "tr":
            self.row = []

    def handle_startendtag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += [(tag, *a) for a in attrs]

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.problems.append(tag)
        text = "".join(self.words)
        if tag == "h3":
            self.title = text
        elif tag in ("td", "th"):
            self.row.append(text)
        elif tag == "tr":
            self.tables.setdefault(self.title, []).append(self.row)
        elif tag == "dt":
            self.term = text
        elif tag == "dd":
            self.facts.setdefault(self.term, []).append(text)

    def handle_data(self, data):
        self.words.append(data)


def page(path, *arguments, lang="en"):
    result = segel("--year", "2026", "--bundle", path, "--format", "html", "--lang", lang,
                   *arguments)
    equal(result.returncode, 0, result.stderr.decode())
    return Page(result.stdout.decode()), result.stdout.decode()


@claim
def hostile_names_are_only_names(_):
    path = write(hostile_log())
    found = report(path)
    shown, text = page(path)
    expect(not shown.tags & {"script", "img", "a", "iframe", "link", "object"},
           f"tags: {shown.tags}")
    for _, name, value in shown.attributes:
        expect(not name.startswith("on") and name not in ("src", "href"), f"{name}={value}")
    for word in ("\u202e", "\x1b", "\x9b", "\u2028", "<script", "<img"):
        expect(word not in text, f"{word!r} stands in the page")
    plain = segel("--year", "2026", "--bundle", path).stdout.decode()
    for word in ("\u202e", "\x1b", "\x9b", "\u2028", "\t", "\r"):
        expect(word not in plain, f"{word!r} stands in the text")
    equal(found["use"]["signed"], len(HOSTILE), "signed")
    names = {r["class"] for r in found["use"]["classes"]}
    expect("<script>alert(1)</script>" in names and "\ufffdgnp.exe" in names
           and "\ufffd[31mred" in names, f"names: {sorted(names)[:5]}")
    expect(max(len(n.encode()) for n in names) < 128, "a name was not cut")
    expect("nul\ufffdnul" in {r["rule"] for r in found["refusals"]["refusals"]},
           "NUL hides a rule")
    expect(any("<script>alert(1)</script>" in row for row in
               shown.tables["By class of document"]), "the name does not stand in the page")


@claim
def spreadsheets_see_no_formulas(_):
    path, out = write(hostile_log()), place("csv")
    equal(segel("--year", "2026", "--bundle", path, "--out", out).returncode, 0, "exit code")
    files = {n: d for n, d in bundles.read_files(out).items() if n.startswith("csv/")}
    texts = [*files.values(), segel("--year", "2026", "--bundle", path, "--format",
                                    "csv").stdout]
    for text in texts:
        rows = list(csv.reader(io.StringIO(text.decode(), newline=""), strict=True))
        equal(len({len(r) for r in rows}), 1, "columns of all rows")
        for cell in (c for row in rows for c in row):
            expect(not cell or cell[0] not in "=+-@\t\r" or re.fullmatch(r"-\d+", cell),
                   f"a formula: {cell!r}")
        expect(text.endswith(b"\r\n") and b"\r\n" in text, "line ends")


@claim
def more_names_than_a_report_lists_are_others(_):
    log = Log()
    at = datetime.datetime(2026, 5, 1, tzinfo=WIB)
    log.boot(at)
    for i in range(300):
        at += datetime.timedelta(minutes=1)
        log.job(at, caller=f"system{i}")
        log.deny(at, [(f"rule{i % 7}", "1", "X")], doc_class=f"invented{i}")
    found = report(write(log))
    systems = {r["system"]: r["signed"] for r in found["use"]["systems"]}
    equal((len(systems), systems["others"], found["use"]["signed"]), (257, 45, 300),
          "names, others, all")
    equal([r["class"] for r in found["use"]["classes"]], ["surat_tugas"],
          "classes that only denied jobs named")


# --- Formats -----------------------------------------------------------------------------

def plain(value):
    return {True: "true", False: "false", None: ""}.get(value, value) \
        if isinstance(value, (bool, type(None))) else str(value)


@claim
def csv_holds_what_json_holds(made_year):
    out = place("tables")
    equal(segel("--year", "2026", "--bundle", made_year.bundle, "--out", out).returncode, 0,
          "exit code")
    files = bundles.read_files(out)
    tables = {n[4:-4]: list(csv.DictReader(io.StringIO(d.decode(), newline="")))
              for n, d in files.items() if n.startswith("csv/")}
    facts = {(r["section"], r["name"]): r["value"] for r in tables.pop("facts")}
    hands = {(r["section"], r["name"]): r["text"] for r in tables.pop("manual")}
    stream = list(csv.DictReader(io.StringIO(
        segel("--year", "2026", "--bundle", made_year.bundle, "--format",
              "csv").stdout.decode(), newline="")))
    for section, members in made_year.found.items():
        if not isinstance(members, dict):
            continue
        for name, value in members.items():
            if isinstance(value, list):
                rows = [{k: plain(v) for k, v in row.items()} for row in value]
                equal(tables.pop(name), rows, name)
                equal([r["value"] for r in stream if r["table"] == name],
                      [v for row in rows for v in row.values()], f"{name} in one stream")
            elif name == "manual":
                for key in value:
                    equal(hands.pop((section, key)), "", f"{key}, to be filled in")
            else:
                equal(facts.pop((section, name)), plain(value), name)
    equal((list(tables), list(hands), list(facts)),
          ([], [], [("integrity", "sha256")]), "what JSON does not hold")


@claim
def every_key_is_in_the_documentation(made_year):
    with open(os.path.join(ROOT, "docs/REPORT.md"), encoding="utf-8") as file:
        rows = {m[1]: m[0] for m in re.findall(
            r"^(\| `(\w+)` \|.*)$", file.read().split("## Keys")[1], re.M)}
    for section, members in made_year.found.items():
        if not isinstance(members, dict):
            continue
        told = re.findall(r"`(\w+)`", rows[section])
        for name, value in members.items():
            keys = [name] if name != "manual" else []
            keys += [k for row in value[:1] for k in row] if isinstance(value, list) else []
            for key in keys:
                expect(key in told, f"docs/REPORT.md lacks {key} of {section}")
    with open(os.path.join(ROOT, "docs/REPORT.md"), encoding="utf-8") as file:
        text = file.read().split("## Notes")[1]
    for members in made_year.found.values():
        for key in members.get("manual", {}) if isinstance(members, dict) else {}:
            contains(text, f"`{key}`")


def number(text):
    return int(re.sub(r"[.,]", "", text))


@claim
def the_page_holds_the_same_figures_in_both_languages(made_year):
    count = made_year.count
    for lang, words in (("en", ("By month", "By system", "signatures", "May 2026",
                                "Signatures by month, system, key and class")),
                        ("id", ("Per bulan", "Per sistem", "tanda tangan", "Mei 2026",
                                "Tanda tangan per bulan, sistem, kunci, dan jenis dokumen"))):
        shown, text = page(made_year.bundle, lang=lang)
        contains(text, f'<html lang="{lang}">', words[3])
        months = shown.tables[words[0]][1:]
        equal([[number(c) for c in row[1:]] for row in months[:-1]],
              [list(m.values())[1:] for m in count.months()], f"months ({lang})")
        equal(number(months[-1][1]), made_year.found["use"]["signed"], "total")
        equal([[row[0], *map(number, row[1:])] for row in shown.tables[words[1]][1:]],
              [list(s.values()) for s in count.systems()], f"systems ({lang})")
        equal(number(shown.facts[words[2]][0]), made_year.found["use"]["signed"], words[2])
        lines = shown.tables[words[4]]
        for at, month in enumerate(m["month"] for m in count.months()):
            for row in lines[1:-1]:
                wanted = sum(u["signed"] for u in count.use() if u["month"] == month
                             and [u["system"], u["key"], u["class"]] == row[:3])
                equal(number(row[3 + at]), wanted, f"{row[:3]} in {month}")
        equal(number(lines[-1][-1]), made_year.found["use"]["signed"], "sum of all lines")


def long_log(count):
    """A signature of each of so many classes, and a second one of the last."""
    log, at = Log(), datetime.datetime(2026, 5, 1, tzinfo=WIB)
    log.boot(at)
    for i in (*range(count), count - 1):
        at += datetime.timedelta(minutes=1)
        log.job(at, doc_class=f"kelas{i:03}")
    return write(log, checkpoints=())


@claim
def a_table_that_is_cut_off_keeps_its_total(_):
    title = "Signatures by month, system, key and class"
    for count, shown in ((60, 60), (61, 60)):
        text = segel("--year", "2026", "--bundle", long_log(count)).stdout.decode()
        rows = text.split(f"\n{title}\n")[1].split("\n\n")[0].splitlines()[1:]
        equal(len([row for row in rows if "kelas" in row]), shown, f"{count} rows as text")
        equal([row.split()[-1] for row in rows if row.split()[0] == "total"], [str(count + 1)],
              "the total in the text")
        equal([row.split(":")[0].strip() for row in rows if "more rows" in row],
              [f"+ {count - shown}"] if count > shown else [], "rows left out of the text")
    for count, shown in ((500, 500), (503, 500)):
        made_page, text = page(long_log(count))
        rows = made_page.tables[title][1:]
        equal((len(rows), rows[-1][0], number(rows[-1][-1])), (shown + 1, "total", count + 1),
              f"{count} rows on the page")
        told = text.split(f"<h3>{title}</h3>")[1].split("<h3>")[0]
        equal(re.findall(r"<p>\+ (\d+): ", told), [str(count - shown)] if count > shown else [],
              "rows left out of the page")


@claim
def the_page_needs_nothing_from_elsewhere(made_year):
    for lang in ("en", "id"):
        shown, text = page(made_year.bundle, lang=lang)
        expect(not shown.tags & {"script", "link", "img", "iframe", "object", "base"},
               f"tags: {shown.tags}")
        expect("http:" not in text and "https:" not in text and "url(" not in text
               and "@import" not in text, "a link to elsewhere")
        contains(text, "<svg role=\"img\"", "aria-label", "@page{size:A4", "scope=\"col\"",
                 "default-src 'none'")
        equal(len(re.findall(r"<h1>", text)), 1, "one heading")
        equal(re.findall(r"<h2>(\d+)\. ", text), [str(i) for i in range(1, 11)], "sections")


@claim
def the_pictures_show_the_figures(made_year):
    _, text = page(made_year.bundle)
    titles = re.findall(r"<title>([^<]*): ([\d,]+)</title></rect>", text)
    equal(sum(number(n) for _, n in titles), made_year.found["use"]["signed"],
          "sum of all pieces")
    bars = re.findall(r'height="16" fill="[^"]*"/><text [^>]*>([\d,]+)</text>', text)
    decided = {}
    for row in made_year.found["refusals"]["refusals"]:
        decided[row["rule"]] = decided.get(row["rule"], 0) + row["decided"]
    equal(sorted(map(number, bars)), sorted(v for v in decided.values() if v), "bars")


def phrases():
    for name in ("phrases.def", "hands.def"):
        with open(os.path.join(ROOT, "client/report", name), encoding="utf-8") as file:
            for line in file:
                found = re.findall(r'"((?:[^"\\]|\\.)*)"', line)
                if re.match(r"(PHRASE|HAND)\(", line):
                    yield found[-2], found[-1]


@claim
def every_word_is_there_in_both_languages(made_year):
    shown, text = page(made_year.bundle, lang="id")
    # "start" is also a word of the log: who has loaded a policy
    english = {e for e, i in phrases() if e != i} - {"start"}
    equal([row[0] for row in shown.tables["Titik periksa"][1:]], ["awal", "akhir"], "places")
    equal([e for e, i in phrases() if not e or not i], [], "phrases that lack a language")
    for cells in (*shown.tables.values(), list(shown.facts)):
        for cell in (c for row in cells for c in ([row] if isinstance(row, str) else row)):
            expect(cell not in english, f"'{cell}' is English on an Indonesian page")
    for title in shown.tables:
        expect(title not in english, f"'{title}' is English")
    contains(text, "Laporan pemanfaatan sertifikat elektronik")


@claim
def what_the_log_cannot_know_is_left_to_people(made_year):
    empty = made_year.found["attestation"]["manual"]
    equal(set(empty.values()), {None}, "fields that nobody has filled in")
    notes = place("notes")
    with open(notes, "w", encoding="utf-8") as file:
        file.write("complaints: |\n  Dua pengaduan.\n  <script>alert(1)</script>\n"
                   "agreement_number: PKS/012/2025\n")
    found = report(made_year.bundle, "--notes", notes)
    equal(found["attestation"]["manual"]["complaints"],
          "Dua pengaduan.\n<script>alert(1)</script>\n", "complaints")
    equal(found["header"]["manual"]["agreement_number"], "PKS/012/2025", "agreement")
    _, text = page(made_year.bundle, "--notes", notes, lang="id")
    contains(text, "Dua pengaduan.", "&lt;script&gt;", "diisi oleh instansi, bukan dari log",
             "diisi dengan tangan")
    with open(notes, "w", encoding="utf-8") as file:
        json.dump({"complaints": "none"}, file)
    equal(report(made_year.bundle, "--notes", notes)["attestation"]["manual"]["complaints"],
          "none", "JSON")
    for text, words in (("complants: x\n", "did you mean 'complaints'"), ("- x\n", "map"),
                        ("complaints: [1]\n", notes), ("plans: " + "x" * 6000, "longer")):
        with open(notes, "w", encoding="utf-8") as file:
            file.write(text)
        result = segel("--year", "2026", "--bundle", made_year.bundle, "--notes", notes)
        equal(result.returncode, 2, result.stderr.decode())
        contains(result.stderr.decode(), words)
    for size, code in ((5461, 0), (5462, 2)):
        with open(notes, "w", encoding="utf-8") as file:
            json.dump({"plans": "x" * size}, file)
        result = segel("--year", "2026", "--bundle", made_year.bundle, "--notes", notes)
        equal(result.returncode, code, f"{size} bytes: {result.stderr.decode()}")
    equal(segel("--year", "2026", "--bundle", made_year.bundle, "--notes",
                place()).returncode, 3, "notes that are not there")


# --- Parts of a log ----------------------------------------------------------------------

@claim
def a_bundle_of_the_year_alone_is_counted_too(made_year):
    records = made_year.log.records
    begin, end = (stamp(m) for m in year(2026))
    first = next(r["seq"] for r in records if r["ts"] >= begin) - 1
    last = next(r["seq"] for r in records if r["ts"] >= end) + 1
    part = write(made_year.log, first=first, end=last, size=len(records), checkpoints=(),
                 period=f"{begin} {end}")
    found, count = report(part), made_year.count
    equal(found["use"]["months"], count.months(), "months")
    equal(found["use"]["use"], count.use(), "use")
    equal(found["integrity"]["read_from"], first, "read from")
    equal(found["header"]["checkpoints"][0]["signed"], False, "the start is computed")
    equal(found["header"]["checkpoints"][0]["size"], first, "size at the start")
    equal(base64.b64decode(found["header"]["checkpoints"][0]["root"]),
          root_of(leaves(made_year.log.lines()[:first])), "root at the start")
    equal(found["header"]["consistency"], [], "no list of hashes")
    contains(segel("--year", "2026", "--bundle", part).stdout.decode(),
             "its tiles prove each record")


def part_from(made_year, since):
    """A bundle as `log export --from` makes it: with the record before it in front."""
    records = made_year.log.records
    first = next(r["seq"] for r in records if r["ts"] >= since) - 1
    return write(made_year.log, first=first, checkpoints=(), period=f"{since} -")


@claim
def a_bundle_that_begins_inside_of_the_year_has_no_report(made_year):
    utc = part_from(made_year, "2026-01-01T00:00:00.000000Z")
    contains(refused(utc), "begins with record", "is of 2026-01-01 06:59:", "+07:00",
             "period begins at 2026-01-01 00:00:00 +07:00", "--from 2025-12-31T17:00:00Z")
    contains(refused(part_from(made_year, "2026-07-01T00:00:00.000000Z")),
             "is of 2026-0", "period begins at 2026-01-01 00:00:00 +07:00")
    count = Count(made_year.log.records, *year(2026, UTC), UTC)
    found = report(utc, "--zone", "UTC")
    equal(found["use"]["months"], count.months(), "the year that it holds")
    equal(found["integrity"]["period_begun"], True, "begun")
    found = report(part_from(made_year, "2025-12-31T17:00:00.000000Z"))
    equal(found["use"]["months"], made_year.count.months(), "as the sentence says")


@claim
def a_part_without_the_load_of_its_policy_names_it_by_its_jobs(_):
    """The policy came in force in 2026; in 2028 nobody asked for anything."""
    log = Log()
    log.boot(datetime.datetime(2026, 11, 1, tzinfo=WIB))
    for number in (2026, 2027):
        for day in (10, 11):
            log.job(datetime.datetime(number, 12, day, tzinfo=WIB))
    for day in (1, 2):
        log.add(datetime.datetime(2028, 3, day, tzinfo=WIB), "status.refresh")

    def year_of(number, form):
        since = stamp(year(number)[0])
        first = next(r["seq"] for r in log.records if r["ts"] >= since) - 1
        part = write(log, first=first, checkpoints=(), period=f"{since} -")
        return segel("--year", str(number), "--bundle", part, "--format", form).stdout.decode()

    found = json.loads(year_of(2027, "json"))["header"]["policies"]
    equal([(p["revision"], p["policy"], p["since"]) for p in found],
          [("sha256:" + "ab" * 32, "", None)], "the policy of the jobs")
    equal(json.loads(year_of(2028, "json"))["header"]["policies"], [], "no job names one")
    contains(year_of(2028, "text"), "not in this part of the log")


@claim
def a_year_whose_begin_was_pruned_is_told(made_year):
    log = some_year()
    log.add(datetime.datetime(2036, 3, 1, tzinfo=WIB), "log.prune", before_index="512")
    begin, end = year(2026)
    expect(begin < moment_of(log.records[512]) < end, "512 is not a record of the year")
    path = write(log, first=512, checkpoints=())
    found = report(path)
    equal(made_year.found["integrity"]["period_begun"], True, "begun")
    equal(found["integrity"]["period_begun"], False, "begun, in a log that was pruned")
    equal(found["integrity"]["read_from"], 512, "read from")
    equal(found["use"]["months"], Count(log.records[512:], begin, end).months(), "months")
    for lang, words in (("en", "officers had those before it pruned"),
                        ("id", "petugas meminta catatan sebelumnya dihapus")):
        for bundle, told in ((path, True), (made_year.bundle, False)):
            shown = segel("--year", "2026", "--bundle", bundle, "--lang", lang)
            equal(words in " ".join(shown.stdout.decode().split()), told, words)
    gone = segel("--year", "2025", "--bundle", path)
    equal((gone.returncode, gone.stdout), (1, b""), gone.stderr.decode())
    contains(gone.stderr.decode(), "records before 512", "nothing is left",
             "ends at 2026-01-01 00:00:00 +07:00")


@claim
def a_log_without_records_of_the_year_is_told(_):
    log = Log()
    log.boot(datetime.datetime(2025, 5, 1, tzinfo=WIB))
    found = report(write(log))
    equal((found["use"]["signed"], found["integrity"]["period_records"]), (0, 0), "figures")
    equal(found["integrity"]["first_index"], None, "first record")
    equal(len(found["use"]["months"]), 12, "months")
    page(write(log))


if __name__ == "__main__":
    random.seed(1)
    assert UTC
    sys.exit(run(Year()))
