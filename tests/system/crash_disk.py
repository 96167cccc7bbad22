#!/usr/bin/python3
"""A disk under the ledger that fails, and one that forgets what was not synced: what
clients were told is durable, whatever SQLite makes of it. `make crash FAULTS=1` tries every
call, `make crash POWER=50` more power cuts."""
import os
import sys

import rig
from rig import claim, equal, expect

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../crash"))
import failing  # noqa: E402
import power  # noqa: E402

SAMPLE, CUTS, WORKERS = int(os.environ.get("CRASH_SAMPLE", "16")), 8, 2
SEED = int(os.environ.get("CRASH_SEED", "1"))


@claim
def a_disk_that_fails_stops_signing_and_loses_nothing_that_was_told():
    report = failing.run(SAMPLE, SEED, "check-failing", WORKERS)
    equal(report.faults, [], "violations")
    equal(report.untold, 0, "watchers of health who were not told before the end")
    expect(sum(report.met.values()) >= SAMPLE * 3 // 4, f"only {report.met} were met")
    expect(report.ends["stopped"] and report.ends["did not start"], f"ends: {report.ends}")


@claim
def what_a_first_start_tells_is_durable_whichever_sync_fails():
    """Of the folder, too, which SQLite syncs without a look at what came of it."""
    report = failing.run(0, SEED, "check-syncs", WORKERS, only=lambda case: case[:3] == (
        "first start", "fdatasync", "eio"))
    equal(report.faults, [], "violations")
    expect(report.files["/"] > 1 and report.files["-wal"] > 1, f"hit: {report.files}")


@claim
def power_cuts_under_load_lose_nothing_that_was_told():
    report = power.run(CUTS, SEED, "check-power")
    if report.vanished == 0:  # each second cut does, by chance
        report = power.run(3 * CUTS, SEED + 1, "check-power")
    equal(report.faults, [], "violations")
    equal(report.problems, [], "problems")
    equal(report.killed(), report.cycles, "kills")
    expect(report.cycles >= CUTS, "all cuts were made")
    expect(report.vanished > 0, "no cut took anything along")
    expect(report.hits > 0 and report.counts.answers[0] > CUTS, "nobody was at work")


if __name__ == "__main__":
    sys.exit(rig.run())
