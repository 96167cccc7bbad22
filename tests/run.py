"""Runs test programs and adds their results up; `make check` calls it.

A program passes with exit code 0, is skipped with 77 and fails with any other. What it says
itself counts for more: Criterion's synthesis line, or a line "N passed, M failed". Its
output is kept in $BUILD/logs; the end of it is shown when it fails, and each claim that failed
again at the end. The last line of all is exactly "N passed, M failed". Those that took longest
the last time start first.
"""
import argparse
import concurrent.futures
import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time

import longest
from sweep import lacking, sweep, token_made

BUILD = os.environ.get("BUILD", "build")
SECONDS = os.path.join(BUILD, "logs", "seconds.json")
CRITERION = re.compile(
    r"Tested: (\d+) \| Passing: (\d+) \| Failing: (\d+) \| Crashing: (\d+)")
OWN_LINE = re.compile(r"^(\d+) passed, (\d+) failed\s*$", re.M)
ANSI = re.compile(r"\x1b\[[0-9;]*m")
FAILED_CLAIM = re.compile(r"(FAIL |\[(FAIL|----)\])")  # of the rig, of Criterion
SKIPPED = 77
TAIL_LINES = 30
CLAIMS_MAX = 10
running = set()  # process groups; none of them outlives this program
starting = threading.Lock()  # held from a start until its group stands there


class Outcome:
    def __init__(self, name, passed, failed, note="", log=""):
        self.name, self.passed, self.failed = name, passed, failed
        self.note, self.log, self.seconds = note, log, 0.0

    def line(self):
        word = "FAIL" if self.failed else ("skip" if self.passed == 0 else "ok")
        count = f"{self.passed} passed" + (f", {self.failed} failed" if self.failed else "")
        note = f"  ({self.note})" if self.note else ""
        return f"{word:4}  {self.seconds:6.1f} s  {self.name:40} {count}{note}"


def count(name, text, code):
    """What the output says, held against the exit code."""
    criterion, own = CRITERION.findall(text), OWN_LINE.findall(text)
    if code == SKIPPED:
        lines = text.strip().splitlines()
        return Outcome(name, 0, 0, "skipped: " + (lines[-1] if lines else "no reason given"))
    if criterion:
        tested, passed, failing, crashing = map(int, criterion[-1])
        failed = tested - passed
        if tested == 0 and code == 0:
            return Outcome(name, 0, 0, "skipped: it finds nothing to test here")
    elif own:
        passed, failed = map(int, own[-1])
    else:
        passed, failed = (1, 0) if code == 0 else (0, 1)
    if code != 0 and failed == 0:
        return Outcome(name, passed, 1, f"exit code {code}")
    return Outcome(name, passed, failed)


def name_of(path):
    name = os.path.relpath(path, BUILD) if path.startswith(BUILD + "/") else path
    return re.sub(r"^tests/", "", name)


def run(path, seconds):
    name = name_of(path)
    log = os.path.join(BUILD, "logs", name + ".log")
    os.makedirs(os.path.dirname(log), exist_ok=True)
    if not os.path.exists(path):
        return Outcome(name, 0, 1, "it could not be built")
    started = time.monotonic()
    with open(log, "wb") as out:
        child = start(path, out)
        try:
            code = child.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            end_group(child)
    with open(log, encoding="utf-8", errors="replace") as file:
        text = ANSI.sub("", file.read())
    outcome = (Outcome(name, 0, 1, f"ended after {seconds} s without an answer")
               if code is None else count(name, text, code))
    outcome.log, outcome.seconds = log, time.monotonic() - started
    return outcome


def start(path, out):
    with starting:
        child = subprocess.Popen([os.path.abspath(path)], stdin=subprocess.DEVNULL,
                                 stdout=out, stderr=subprocess.STDOUT,
                                 start_new_session=True)
        running.add(child.pid)
        return child


def end_all(number, _):
    """Each test has a session of its own, which Ctrl-C does not reach."""
    for again in (signal.SIGINT, signal.SIGTERM):
        signal.signal(again, signal.SIG_IGN)  # it would wait for this one's lock
    with starting:  # no thread starts another one
        for group in list(running):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)
        os._exit(128 + number)


def end_group(child):
    """Nothing that a test started outlives it."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(child.pid, number)
        except ProcessLookupError:
            break
        if child.poll() is not None:
            time.sleep(0.05)
        else:
            try:
                child.wait(timeout=2)
            except subprocess.TimeoutExpired:
                pass
    child.wait()
    running.discard(child.pid)


def lines_of(outcome):
    if not outcome.log:
        return []
    with open(outcome.log, encoding="utf-8", errors="replace") as file:
        return ANSI.sub("", file.read()).splitlines()


def show_failure(outcome):
    print(f"---- the end of {outcome.log}")
    print("\n".join("    " + line for line in lines_of(outcome)[-TAIL_LINES:]))


def show_claims(outcome):
    """What failed, in a line or two each: of a long run often the end alone is kept."""
    claims = [line for line in lines_of(outcome) if FAILED_CLAIM.match(line)]
    for line in claims[:CLAIMS_MAX]:
        print(f"      {outcome.name}  {line[:600]}")


def look_for_secrets(build, since):
    """Whether what the tests left behind is free of the PINs and keys that they used. Where one
    of them had a token and there is nothing to look for, or in, the search itself is broken."""
    found = sweep(build, since)
    wrong = [f"{path} holds a PIN or private key of the tests" for path in found.holders]
    if token_made(build, since):
        wrong += [f"a token was made, but there is no {what}" for what in lacking(found)]
    proven = not wrong and not lacking(found)
    outcome = Outcome("no secret in any log, ledger or report", int(proven), len(wrong),
                      f"{found.pins} PINs, {found.numbers} private numbers, {found.files} files")
    print(outcome.line(), flush=True)
    for sentence in wrong:
        print(f"      {sentence}")
    return outcome


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--timeout", type=int, default=600, help="seconds a program")
    parser.add_argument("programs", nargs="*")
    args = parser.parse_args()
    os.environ["BUILD"] = os.path.abspath(BUILD)
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    outcomes, since = [], time.time()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end_all)
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        programs = [(name_of(path), path) for path in args.programs]
        jobs = [pool.submit(run, path, args.timeout)
                for _, path in longest.first(programs, longest.read(SECONDS))]
        for job in concurrent.futures.as_completed(jobs):
            outcome = job.result()
            outcomes.append(outcome)
            print(outcome.line(), flush=True)
            if outcome.failed and outcome.log:
                show_failure(outcome)
    if os.path.isdir(os.path.join(BUILD, "system")):
        outcomes.append(look_for_secrets(BUILD, since))
    longest.keep(SECONDS, {o.name: round(o.seconds, 1) for o in outcomes if o.log})
    failed = [o.name for o in outcomes if o.failed]
    if failed:
        print("failed: " + " ".join(sorted(failed)))
    for outcome in outcomes:
        if outcome.failed:
            show_claims(outcome)
    total_failed = sum(o.failed for o in outcomes)
    print(f"{sum(o.passed for o in outcomes)} passed, {total_failed} failed")
    sys.exit(1 if total_failed or not outcomes else 0)


if __name__ == "__main__":
    main()
