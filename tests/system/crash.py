#!/usr/bin/python3
"""Kills, lost power and failing disks under load: what clients were told stands on the log.
`make crash` does the same more often."""
import contextlib
import os
import shutil
import sqlite3
import sys

import rig
from rig import claim, equal, expect

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../crash"))
import cycles  # noqa: E402
import history  # noqa: E402
import judge  # noqa: E402
import oracle  # noqa: E402

CYCLES = 24
SEED = int(os.environ.get("CRASH_SEED", "1"))


# --- Kills ----------------------------------------------------------------------------------

@claim
def kills_at_random_moments_under_load_lose_nothing_that_was_told(place):
    report = cycles.run(CYCLES, SEED, "crash", keep=True)
    equal(report.faults + report.again.faults, [], "violations")
    equal(report.problems, [], "problems")
    equal((report.cycles, report.killed()), (CYCLES, CYCLES), "cycles, kills")
    expect(report.hits >= CYCLES * cycles.WANTED_HITS and report.interrupted > 0,
           f"only {report.hits} kills struck a job, {report.interrupted} an open INTENT")
    expect(report.counts.kept_over > 0, "nothing was asked again of a later gateway")
    place.town = rig.BUILD + "/system/crash"


# --- What the judge is worth ----------------------------------------------------------------

def held(place, change, spoil=lambda event: None):
    """What the oracle finds when the log that the first claim left was changed."""
    histories = os.path.join(place.town, "history")
    spoiled = os.path.join(place.town, "spoiled.db")
    shutil.copy(os.path.join(place.town, "ledger.db"), spoiled)
    told = max(a["log"][0] for _, e in history.Reader(histories).news()
               for a in e.get("answers", []) if a["code"] == oracle.SIGNED)
    base = sqlite3.connect(spoiled)
    with contextlib.closing(base), base:
        change(base, told)
    found = oracle.of(place, judge)
    with found.ledger(spoiled) as base:
        found.read_log(base)
        events = list(history.Reader(histories).news())
        for _, event in events:
            spoil(event)
        found.hold(events, base)
    return found.faults


def last(base, words):
    return base.execute("SELECT idx, rec FROM leaf WHERE CAST(rec AS TEXT) LIKE ?"
                        " ORDER BY idx DESC", (f"%{words}%",)).fetchone()


def cut_off(base, told):
    """The log as a gateway would leave it that told of an outcome before its commit."""
    base.execute("DELETE FROM leaf WHERE idx >= ?", (told,))
    base.execute("DELETE FROM checkpoint WHERE size > ?", (told,))


def change_a_byte(base, told):
    record, = base.execute("SELECT rec FROM leaf WHERE idx = ?", (told,)).fetchone()
    base.execute("UPDATE leaf SET rec = ? WHERE idx = ?",
                 (record.replace(b'"outcome"', b'"Outcome"', 1), told))


def leave_an_intent_open(base, _):
    """The outcome of a job, with all behind it but a start."""
    boot = last(base, '"type":"boot"')
    index, _ = last(base, '"outcome":"signed"')
    base.execute("DELETE FROM leaf WHERE idx >= ?", (index,))
    base.execute("INSERT INTO leaf(idx, rec) VALUES (?, ?)",
                 (index, boot[1].replace(b'"seq":%d,' % boot[0], b'"seq":%d,' % index)))
    base.execute("DELETE FROM checkpoint WHERE size > ?", (index,))


def sign_twice(base, _):
    """INTENT and outcome of one job once more at the end."""
    size = base.execute("SELECT max(idx) + 1 FROM leaf").fetchone()[0]
    index, outcome = last(base, '"outcome":"signed"')
    decision = outcome.split(b'"decision_id":"')[1][:26].decode()
    old, intent = last(base, f'"type":"intent","decision_id":"{decision}')
    intent = intent.replace(b'"seq":%d,' % old, b'"seq":%d,' % size)
    outcome = outcome.replace(b'"seq":%d,' % index, b'"seq":%d,' % (size + 1)).replace(
        b'"intent":%d,' % old, b'"intent":%d,' % size)
    base.executemany("INSERT INTO leaf(idx, rec) VALUES (?, ?)",
                     ((size, intent), (size + 1, outcome)))


def take_one_more(base, _):
    base.execute("UPDATE mandate SET used = used + 1")


@claim
def the_judge_finds_what_is_spoiled(place):
    equal(held(place, lambda *_: None), [], "as it is")
    for change, words in ((cut_off, "is not on the log"),
                          (change_a_byte, "is of another tree"),
                          (change_a_byte, "has another leaf hash"),
                          (leave_an_intent_open, "left INTENTs open"),
                          (sign_twice, "was signed twice"),
                          (take_one_more, "are used and")):
        faults = held(place, change)
        expect(any(words in f for f in faults), f"{change.__name__} was not found: {faults}")


def of_signed(member, value):
    def spoil(event):
        for answer in event.get("answers", []):
            if answer["code"] == oracle.SIGNED:
                answer[member] = value
    return spoil


@claim
def the_judge_finds_signatures_that_are_other_than_asked_for(place):
    for member, value, words in (
            ("signature", "AAAA", "does not verify"),
            ("signature", "AAAA", "is of another signature"),
            ("named", ["00" * 32], "of another digest"),
            ("decision", "0" * 26, "is about another job")):
        faults = held(place, lambda *_: None, of_signed(member, value))
        expect(any(words in f for f in faults), f"another {member} was not found")
    seen = []

    def renew(event):
        for answer in event.get("answers", []):
            if "cms" in answer:
                seen.append(answer)
                answer["cms"] = str(len(seen))
    faults = held(place, lambda *_: None, renew)
    expect(any("other bytes" in f for f in faults), "other bytes were not found")


class Place:
    """What the first claim has left."""
    town = None

    def read(self, name, mode="r"):
        with open(os.path.join(self.town, name), mode) as file:
            return file.read()


if __name__ == "__main__":
    sys.exit(rig.run(Place()))
