#!/usr/bin/python3
"""Whoever breaks a run of the tests off ends all that it has started: no test goes on in a
session that no Ctrl-C reaches, and none is started any more."""
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time

import rig
from rig import claim, equal, expect

WITHIN_S = 15  # what is not ended sleeps for a thousand
SLEEPER = """#!/bin/sh
sleep 1000 &
echo $$ $! >>"$(dirname "$0")/started"
wait
"""


def sleeper(folder, name):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="ascii") as file:
        file.write(SLEEPER)
    os.chmod(path, 0o700)
    return path


def started(folder):
    with contextlib.suppress(FileNotFoundError):
        with open(os.path.join(folder, "started"), encoding="ascii") as file:
            return [line.split() for line in file if line.endswith("\n")]
    return []


def lives(pid):
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rsplit(") ", 1)[1][0] != "Z"
    return False


def wait_for(truth, sentence, seconds):
    end = time.monotonic() + seconds
    while not truth():
        expect(time.monotonic() < end, sentence)
        time.sleep(0.01)


def break_off(number, times=1):
    """One test is at work and one waits for its turn."""
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [sys.executable, "-B", os.path.join(rig.ROOT, "tests/run.py"), "--jobs", "1",
             *(sleeper(folder, name) for name in ("first", "second"))],
            env={**os.environ, "BUILD": os.path.join(folder, "build")},
            stdout=subprocess.DEVNULL)
        try:
            wait_for(lambda: started(folder), "no test was started", rig.START_S)
            for _ in range(times):
                process.send_signal(number)
            with rig.bounded(process, WITHIN_S):
                equal(process.wait(), 128 + number, "exit code")
            (pids,) = started(folder)
            wait_for(lambda: not any(map(lives, pids)), "what it started goes on", WITHIN_S)
        finally:
            process.kill()
            process.wait()
            for pid in (pid for pids in started(folder) for pid in pids if lives(pid)):
                os.kill(int(pid), signal.SIGKILL)


@claim
def an_interrupt_ends_the_tests_that_run_and_starts_no_other():
    break_off(signal.SIGINT)


@claim
def a_request_to_end_does_so_as_well():
    break_off(signal.SIGTERM)


@claim
def a_request_that_comes_again_and_again_does_so_too():
    break_off(signal.SIGTERM, times=500)  # make hands it on, and a group has it at once


if __name__ == "__main__":
    sys.exit(rig.run())
