#!/usr/bin/python3
"""run.py [--seconds N] [--runs N] [--merge] [TARGET…]: fuzzes by libFuzzer; `make fuzz` builds
and calls it.

Each target works on two corpora: the committed one in tests/fuzz/corpus and its own below
$BUILD/fuzz/corpus, which grows. It ends after so many seconds or, with --runs, when it has
made so many executions in all its runs: how many is kept in $BUILD/fuzz/count, so a run that
was interrupted goes on. Several targets may run at the same time, one process each.

What is found stands in $BUILD/fuzz/findings/TARGET. --merge does not fuzz: it adds to the
committed corpus what covers more, within the bounds below.
"""
import argparse
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("BUILD", os.path.join(ROOT, "build"))
HOME = os.path.join(BUILD, "fuzz")
MAX_LEN = {"session": 32768, "headers": 16384, "preflight": 4097, "deframer": 20480,
           "policy": 32768, "pdf": 16384}
# A session holds whole messages; nobody else needs more memory than its input.
MEMORY_MB = 1024
INTERRUPTED = 72  # libFuzzer's exit code
MERGED_FILES, MERGED_BYTES = 60, 24000  # of a target's committed corpus


def targets():
    folder = os.path.join(HOME, "tests/fuzz")
    return sorted(n for n in os.listdir(folder)
                  if os.access(os.path.join(folder, n), os.X_OK)
                  and os.path.isfile(os.path.join(folder, n)))


class Target:
    def __init__(self, name):
        self.name = name
        self.program = os.path.join(HOME, "tests/fuzz", name)
        self.seeds = os.path.join(ROOT, "tests/fuzz/corpus", name)
        self.corpus = os.path.join(HOME, "corpus", name)
        self.findings = os.path.join(HOME, "findings", name)
        self.state = os.path.join(HOME, "count", name + ".json")
        self.log = os.path.join(HOME, "logs", name + ".log")
        for path in (self.corpus, self.findings, os.path.dirname(self.state),
                     os.path.dirname(self.log)):
            os.makedirs(path, exist_ok=True)

    def total(self):
        with contextlib.suppress(OSError, ValueError):
            with open(self.state, encoding="utf-8") as file:
                return json.load(file)
        return {"executions": 0, "seconds": 0, "edges": 0, "findings": 0}

    def keep(self, total):
        with open(self.state + ".new", "w", encoding="utf-8") as file:
            json.dump(total, file)
        os.replace(self.state + ".new", self.state)

    def found(self):
        return sorted(f for f in os.listdir(self.findings) if f != "replayed")

    def options(self):
        dictionary = os.path.join(ROOT, "tests/fuzz/dict", self.name)
        yield f"-artifact_prefix={self.findings}/"
        yield f"-max_len={MAX_LEN.get(self.name, 8192)}"
        yield f"-rss_limit_mb={MEMORY_MB}"
        yield "-timeout=30"
        yield "-print_final_stats=1"
        if os.path.exists(dictionary):
            yield f"-dict={dictionary}"

    def fuzz(self, seconds, runs):
        """libFuzzer until the time or the executions are over; its exit code."""
        limit = [f"-max_total_time={seconds}"] if seconds else []
        limit += [f"-runs={runs}"] if runs else []
        seeds = [self.seeds] if os.path.isdir(self.seeds) else []
        with open(self.log, "wb") as log:
            child = subprocess.Popen([self.program, *self.options(), *limit, self.corpus,
                                      *seeds], stdout=log, stderr=subprocess.STDOUT)
            with passing_on(child):
                return child.wait()

    def figures(self):
        """(executions, edges covered) of the log."""
        with open(self.log, encoding="utf-8", errors="replace") as file:
            text = file.read()
        made = re.findall(r"stat::number_of_executed_units:\s*(\d+)", text)
        made = made or re.findall(r"^#(\d+)\s", text, flags=re.M)
        edges = re.findall(r"\bcov: (\d+)", text)
        return int(made[-1]) if made else 0, int(edges[-1]) if edges else 0


@contextlib.contextmanager
def passing_on(child):
    """Whoever ends us ends the fuzzer, and what it did is still counted."""
    def end(*_):
        child.send_signal(signal.SIGINT)
    before = {n: signal.signal(n, end) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def one(target, seconds, runs):
    """Fuzzes one target in slices, so that little is lost when the machine goes down. True:
    nothing was found."""
    before, started, code = target.total(), time.monotonic(), 0
    old = set(target.found())
    while code == 0:
        total, spent = target.total(), time.monotonic() - started
        left = runs - total["executions"] if runs else 0
        if (runs and left <= 0) or (not runs and spent >= seconds):
            break
        code = target.fuzz(600 if runs else max(1, round(seconds - spent)), left)
        made, edges = target.figures()
        total["executions"] += made
        total["edges"] = max(edges, total.get("edges", 0))
        total["seconds"] += round(time.monotonic() - started - spent)
        target.keep(total)
    total = target.total()
    new = [f for f in target.found() if f not in old]
    total["findings"] = len(target.found())
    target.keep(total)
    print(f"{target.name:12} {total['executions'] - before['executions']:>11} executions "
          f"({total['executions']} in all)  {total.get('edges', 0):5} edges  "
          f"{len(new)} findings", flush=True)
    for finding in new:
        print(f"    {target.program} {os.path.join(target.findings, finding)}", flush=True)
    if code == INTERRUPTED:
        print("    interrupted; the same command goes on", flush=True)
    elif code != 0 and not new:
        print(f"    it ended with {code}; see {target.log}", flush=True)
    return not new and code == 0


def merge(target):
    """New inputs of all sizes, from small to large, within the bounds."""
    scratch = os.path.join(HOME, "merge", target.name)
    shutil.rmtree(scratch, ignore_errors=True)
    os.makedirs(scratch)
    for name in os.listdir(target.seeds):
        shutil.copy(os.path.join(target.seeds, name), scratch)
    subprocess.run([target.program, "-merge=1", *target.options(), scratch, target.corpus],
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    have = os.listdir(target.seeds)
    size = sum(os.path.getsize(os.path.join(target.seeds, n)) for n in have)
    new = sorted((os.path.getsize(os.path.join(scratch, n)), n)
                 for n in os.listdir(scratch) if n not in have)
    count, room = len(have), max(1, MERGED_FILES - len(have))
    step = max(1, len(new) / room)
    for length, name in (new[int(at * step)] for at in range(min(room, len(new)))):
        if count < MERGED_FILES and size + length <= MERGED_BYTES:
            shutil.copy(os.path.join(scratch, name), os.path.join(target.seeds, name[:12]))
            count, size = count + 1, size + length
    print(f"{target.name:12} {count - len(have)} of {len(new)} inputs added, {count} files, "
          f"{size} bytes")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--seconds", type=int, default=60, help="of each target")
    parser.add_argument("--runs", type=int, default=0, help="executions of each in all")
    parser.add_argument("--merge", action="store_true")
    parser.add_argument("targets", nargs="*")
    asked = parser.parse_args()
    known = targets()
    for name in asked.targets:
        if name not in known:
            sys.exit(f"there is no target {name}; there are {', '.join(known)}")
    sound = True
    for name in asked.targets or known:
        if asked.merge:
            merge(Target(name))
        else:
            sound = one(Target(name), asked.seconds, asked.runs) and sound
    return 0 if sound else 1


sys.exit(main())
