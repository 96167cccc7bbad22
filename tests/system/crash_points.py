#!/usr/bin/python3
"""The gateway dies exactly at a system call, at some of all: at each kind of call of each
thread, at a first start, at a start after a kill, and at work. `make crash POINTS=1` tries
them all."""
import os
import subprocess
import sys

import rig
from rig import claim, equal, expect

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../crash"))
import points  # noqa: E402

SAMPLE, WORKERS, SKIPPED = int(os.environ.get("CRASH_SAMPLE", "24")), 2, 77
SEED = int(os.environ.get("CRASH_SEED", "1"))


def may_trace():
    """On a child of our own, as the claim does."""
    with subprocess.Popen(["sleep", "60"]) as child:
        try:
            points.detach(points.attach(child.pid, *points.options_of("write", 1)))
            return True
        except (FileNotFoundError, rig.Failed):
            return False
        finally:
            child.kill()


@claim
def wherever_the_gateway_dies_what_was_told_holds_and_it_starts_again():
    report = points.run(SAMPLE, SEED, "check-points", WORKERS)
    equal(report.faults, [], "violations")
    expect(sum(report.killed.values()) >= SAMPLE * 3 // 4, f"only {report.killed} died")
    equal({phase for phase, _ in report.killed}, set(points.PHASES), "phases")


if __name__ == "__main__":
    if not may_trace():
        print("strace is not installed or may not trace here (kernel.yama.ptrace_scope, a "
              "container without CAP_SYS_PTRACE): nothing was checked")
        sys.exit(SKIPPED)
    sys.exit(rig.run())
