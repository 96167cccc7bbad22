"""`make long`: the runs that are too long for each change, one after the other, each within a
bound of its own. At the end a table tells what became of each, and $BUILD/long.json holds it.

    run.py [--only NAME …] [--minutes N] [--seed N] [--all] [--list]

A run that cannot be made here is skipped, with its reason; one that leaves a part of it out is made
in part, and says of what. Exit code 1 when one has failed.
"""
import argparse
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("BUILD", os.path.join(ROOT, "build")))
LOGS = os.path.join(BUILD, "logs/long")
CORPUS = os.path.join(ROOT, "../shared/corpus/pdf")
GRACE_S, MINUTE, SKIP_CODE = 20, 60, 77
OK, PART, FAILED, SKIPPED, TOO_LONG = "ok", "in part", "FAILED", "skipped", "TOO LONG"
COUNT = re.compile(r"^(\d+ passed, \d+ failed|\d+ figures, .*)$", re.M)
# What make says of a recipe that ended with SKIP_CODE.
SKIP_LINE = re.compile(rf"^make(?:\[\d+\])?: \*\*\* .* Error {SKIP_CODE}$", re.M)
LEFT_OUT = re.compile(r"^(skipped: .*)$", re.M)  # of a run that did the rest
NOISE = re.compile(r"^make(\[\d+\])?: ")


# --- The runs -------------------------------------------------------------------------------

def root():
    return None if os.geteuid() == 0 else "needs root"


def corpus():
    return None if os.path.isdir(os.environ.get("DIR", CORPUS)) else \
        "there is no corpus of PDFs; DIR names its folder"


def runs(options):
    """(name, arguments of make, minutes that it may take, what it lacks here or None)."""
    seed = f"SEED={options.seed}"
    folder = [f"DIR={os.environ['DIR']}"] if "DIR" in os.environ else []
    mutants = (["mutants"], 300) if options.all else (["mutants", "SAMPLE=20", seed], 45)
    return [
        ("upgrade", ["upgrade"], 20, None),
        ("soak", ["soak", f"MINUTES={options.minutes}", seed], options.minutes + 15, None),
        ("crash", ["crash", "CYCLES=100", "POWER=20", seed], 30, None),
        ("crash-faults", ["crash", "FAULTS=1", "SAMPLE=60", seed], 30, None),
        ("faults", ["faults", seed], 30, None),
        ("overload", ["overload"], 15, None),
        ("corpus", ["corpus", *folder], 30, corpus()),
        ("interop", ["interop"], 45, None),
        ("mutants", *mutants, None),
        ("image-test", ["image-test"], 45, root()),
        ("deb-test", ["deb", "deb-test"], 45, root()),
        ("asan", ["asan"], 120, None)]


# --- One run --------------------------------------------------------------------------------

def end(process):
    """The whole group, first kindly; who does not listen is not left behind."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_S)


def last_words(text):
    """The line that counts, or else the last one that is not make's own."""
    found = COUNT.findall(text)
    if found:
        return found[-1]
    lines = [line for line in text.strip().splitlines() if line and not NOISE.match(line)]
    return lines[-1].strip() if lines else "it said nothing"


def judge(code, text):
    left_out = LEFT_OUT.findall(text)
    if code == 0 and left_out:
        return PART, f"{last_words(text)}; {'; '.join(left_out)}"
    if code == 0:
        return OK, last_words(text)
    if SKIP_LINE.search(text):
        return SKIPPED, last_words(text)
    return FAILED, last_words(text)


def carry_out(name, arguments, minutes):
    log = os.path.join(LOGS, name)
    command = [os.environ.get("MAKE", "make"), "--no-print-directory", *arguments]
    with open(log, "w", encoding="utf-8") as out:
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out,
                                   stderr=subprocess.STDOUT, start_new_session=True)
        try:
            code = process.wait(minutes * MINUTE)
        except subprocess.TimeoutExpired:
            return TOO_LONG, f"ended after {minutes} minutes"
        finally:
            end(process)
    with open(log, encoding="utf-8", errors="replace") as file:
        return judge(code, file.read())


# --- All of them ----------------------------------------------------------------------------

def show(row):
    print(f"{row['verdict']:8} {row['seconds']:6} s  {row['name']:13} {row['said'][:120]}",
          flush=True)


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", nargs="*", default=[], metavar="NAME")
    parser.add_argument("--minutes", type=int, default=5, help="of the soak")
    parser.add_argument("--seed", type=int, default=1, help="of what is left to chance")
    parser.add_argument("--all", action="store_true", help="every mutant, not a sample")
    parser.add_argument("--list", action="store_true", help="show the runs and stop")
    return parser.parse_args()


def main():
    options = parse()
    table = runs(options)
    unknown = set(options.only) - {name for name, *_ in table}
    if unknown:
        print(f"long: there is no run named {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    # As Ctrl-C does: the run under way is ended, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    os.makedirs(LOGS, exist_ok=True)
    rows = []
    for name, arguments, minutes, lack in table:
        if options.only and name not in options.only:
            continue
        if options.list:
            print(f"{name:13} make {' '.join(arguments)}; at most {minutes} minutes")
            continue
        began = time.monotonic()
        verdict, said = (SKIPPED, lack) if lack else carry_out(name, arguments, minutes)
        rows.append({"name": name, "verdict": verdict, "seconds":
                     round(time.monotonic() - began), "said": said})
        show(rows[-1])
    return 0 if options.list else finish(rows, options)


def finish(rows, options):
    path = os.path.join(BUILD, "long.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                   "seed": options.seed, "runs": rows}, file, indent=1)
    print()
    for row in rows:
        show(row)
    bad = sum(row["verdict"] in (FAILED, TOO_LONG) for row in rows)
    good = sum(row["verdict"] in (OK, PART) for row in rows)
    print(f"what each said stands in {os.path.relpath(LOGS)}, the table in "
          f"{os.path.relpath(path)}")
    print(f"{good} passed, {bad} failed")
    return 1 if bad or not good else 0


if __name__ == "__main__":
    sys.exit(main())
