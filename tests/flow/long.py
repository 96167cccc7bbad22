#!/usr/bin/python3
"""The judge of `make long`, on runs that were made up: none may pass for another."""
import importlib.util
import os
import re
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FAKE = """#!/bin/sh
case $2 in
good) echo '12 passed, 0 failed';;
part) echo 'skipped: what is old'; echo '9 passed, 0 failed';;
half) echo 'skipped: what is old'; echo '8 passed, 1 failed'; exit 1;;
bad) echo '11 passed, 1 failed'; echo 'make: *** [Makefile:1: bad] Error 1' >&2; exit 2;;
lacking) echo 'there is no such thing here'
    echo 'make: *** [Makefile:1: lacking] Error 77' >&2; exit 2;;
endless) (trap '' TERM; sleep 60) & echo $! >"$PIDS"; wait;;
esac
"""


def load():
    spec = importlib.util.spec_from_file_location("long", f"{ROOT}/tests/long/run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def lives(pid):
    """Still, after the moment that the kernel takes to end it."""
    for _ in range(100):
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii") as file:
                if file.read().rsplit(")", 1)[1].split()[0] == "Z":
                    return False
        except FileNotFoundError:
            return False
        time.sleep(0.02)
    return True


def cases(long, folder):
    yield "a good run is ok", long.carry_out("good", ["good"], 1) == (
        "ok", "12 passed, 0 failed")
    yield "a bad one has failed", long.carry_out("bad", ["bad"], 1) == (
        "FAILED", "11 passed, 1 failed")
    yield "what leaves a part out does not pass for the whole", long.carry_out(
        "part", ["part"], 1) == ("in part", "9 passed, 0 failed; skipped: what is old")
    yield "nor does it hide a failure", long.carry_out("half", ["half"], 1)[0] == "FAILED"
    yield "what cannot be run is skipped, with its reason", long.carry_out(
        "lacking", ["lacking"], 1) == ("skipped", "there is no such thing here")
    began = time.monotonic()
    verdict, _ = long.carry_out("endless", ["endless"], 1 / 60)
    yield "one that takes too long has failed", verdict == "TOO LONG"
    with open(os.environ["PIDS"], encoding="ascii") as file:
        left = int(file.read())
    yield "and nothing of it is left", not lives(left)
    yield "soon", time.monotonic() - began < 30
    options = type("Options", (), {"minutes": 5, "seed": 1, "all": False, "only": []})
    targets = [arguments[0] for _, arguments, *_ in long.runs(options)]
    with open(f"{ROOT}/Makefile", encoding="utf-8") as file:
        text = file.read()
    yield "each run has a target", all(f"\n{t}:" in text for t in targets)
    rows = [{"name": "x", "verdict": v, "seconds": 1, "said": ""} for v in ("ok", "skipped")]
    long.BUILD = folder
    yield "skipped ones fail nothing", long.finish(rows, options) == 0
    yield "what was made in part fails nothing either", long.finish(
        [{**rows[0], "verdict": "in part"}], options) == 0
    yield "a failed one does", long.finish([{**rows[0], "verdict": "FAILED"}], options) == 1
    yield "and so does nothing at all", long.finish(rows[1:], options) == 1


def upgrades(long, folder):
    """Packages of a commit that the history does not hold."""
    older = os.path.join(folder, "deb-older")
    os.mkdir(older)
    with open(os.path.join(older, "commit"), "w", encoding="ascii") as file:
        file.write("of another time\n")
    result = subprocess.run([f"{ROOT}/tests/deb/older.sh", "0" * 40], capture_output=True,
                            env={**os.environ, "BUILD": folder}, text=True, check=False)
    yield "packages that the history lacks are skipped", (
        result.returncode == 77 and "no upgrade is tried" in result.stderr)
    yield "and no others are taken for them", not os.path.exists(older)
    with open(f"{ROOT}/tests/deb/run.sh", encoding="utf-8") as file:
        said = re.search(r"^\[ -e .*deb-older/commit.* \|\| echo '(.*)'$", file.read(), re.M)
    yield "and it is told so that it is seen here", said is not None and long.judge(
        0, said[1] + "\n21 passed, 0 failed\n") == (
            "in part", "21 passed, 0 failed; " + said[1])


def main():
    failed = total = 0
    with tempfile.TemporaryDirectory() as folder:
        fake = os.path.join(folder, "make")
        with open(fake, "w", encoding="ascii") as file:
            file.write(FAKE)
        os.chmod(fake, 0o755)
        os.environ |= {"MAKE": fake, "PIDS": os.path.join(folder, "pid")}
        long = load()
        long.LOGS, long.GRACE_S = folder, 1
        for claim, holds in [*cases(long, folder), *upgrades(long, folder)]:
            total += 1
            failed += not holds
            print(f"{'ok   ' if holds else 'FAIL '} {claim}", flush=True)
    print(f"{total - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
