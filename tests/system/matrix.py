#!/usr/bin/python3
"""A sample of the fault matrix: return codes of the HSM at four of its calls, once and for
as long as it lasts, under a gateway at work. `make faults` runs all 200 cases."""
import os
import queue
import subprocess
import sys
import threading

import rig
from rig import claim, equal, expect

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../faults"))
import codes  # noqa: E402
import hung  # noqa: E402
import lies  # noqa: E402

SEED = int(os.environ.get("FAULTS_SAMPLE") or 1)
EACH = 3


def broken(cases, kind):
    return [f"{c}: {sentence}" for c in cases for sentence in c.broken(kind)]


@claim
def every_fault_of_the_sample_was_met_and_the_gateway_worked_on(cases):
    equal(broken(cases, "answer"), [], "not as they should")
    equal([str(c) for c in cases if not c.ran()], [], "not run")
    expect(sum(c.released for c in cases) > 10 * len(cases), "hardly a job was signed")


@claim
def no_wrong_signature_is_released(cases):
    equal(broken(cases, "signature"), [])


@claim
def a_pin_that_is_refused_is_tried_once(cases):
    equal(broken(cases, "pin"), [])


@claim
def no_session_is_used_again_after_an_error(cases):
    equal(broken(cases, "session"), [])


@claim
def an_outage_makes_one_record_of_its_beginning_and_one_of_its_end(cases):
    equal(broken(cases, "record"), [])


@claim
def a_lane_comes_back_by_itself_when_the_fault_is_over(cases):
    equal(broken(cases, "recovery"), [])


@claim
def a_latched_lane_waits_for_an_officer(cases):
    expect(any(c.latched for c in cases), "no case of the sample latches")
    equal(broken(cases, "latch"), [])


class Nowhere:
    """A ground whose gateway does not start."""

    def __init__(self):
        self.rig, self.conf = self, None

    def tool(self, *_):
        return subprocess.CompletedProcess([], 0, "")

    def gateway(self):
        raise RuntimeError("it does not start")

    def mark(self):
        return 0

    def calls(self, _):
        return []


@claim
def a_gateway_that_does_not_start_is_a_problem_and_takes_no_case_along(_):
    spoiled = codes.sample(SEED, 1)
    codes.work(Nowhere(), codes.Todo(spoiled))
    equal([len(case.problems) for case in spoiled], [1] * len(spoiled), "of the matrix")
    rounds, report = [], lies.Lies()
    hung.work(Nowhere(), rounds, queue.Queue(), hung.Progress("hung", 1))
    equal([len(each.problems) for each in rounds], [1], "of the hung calls")
    lies.work(Nowhere(), 1, report, threading.Lock(), lies.Progress("lies", 1))
    equal(len(report.problems), 1, "of the lies")


if __name__ == "__main__":
    sys.exit(rig.run(codes.run(codes.sample(SEED, EACH), "check-codes")))
