#!/usr/bin/python3
"""A lane that is lost under load, in each way there is: a call that hangs, a module that
crashes or gives wrong signatures, a token that is pulled. `make faults` does the same more
often and holds the times against what is wanted."""
import os
import sys

import rig
from rig import claim, equal, expect

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../faults"))
import crashes  # noqa: E402
import hung  # noqa: E402
import lies  # noqa: E402
import pulled  # noqa: E402

HUNG, CRASHES, LIES_S, PULLED = 6, 50, 3, 2


@claim
def a_hung_call_is_ended_and_the_other_lane_loses_no_job():
    rounds = hung.run(HUNG, "check-hung")
    equal([p for r in rounds for p in r.problems], [], "broken")
    equal(len(rounds), HUNG, "rounds")
    slowest = max(r.kill for r in rounds)
    expect(slowest < 7, f"{slowest:.1f} s from a job to the kill of its lane")


@claim
def crashes_under_load_lose_nothing_and_sign_nothing_twice():
    report = crashes.run(CRASHES, "check-crashes")
    equal((report.missing, report.twice, report.wrong), (0, 0, 0),
          "missing on the log, signed twice, wrong")
    equal(report.problems, [], "broken")
    equal(len(report.respawns), CRASHES, "new lanes")
    expect(report.jobs > CRASHES, f"only {report.jobs} jobs were signed")


@claim
def no_wrong_signature_of_the_module_gets_out():
    report = lies.run(LIES_S, "check-lies")
    equal(report.wrong, [], "released")
    equal(report.problems, [], "broken")
    equal([w for w in lies.WORDS if not report.met[w]], [], "never made")


@claim
def a_token_that_is_pulled_and_put_back_is_used_again():
    report = pulled.run(PULLED, "check-pulled")
    equal(report.problems, [], "broken")
    equal(len(report.back), PULLED, "returns")
    expect(report.refused > 0, "nobody noticed that it was away")


if __name__ == "__main__":
    sys.exit(rig.run())
