"""Breaks the promises of docs/ARCHITECTURE.md on purpose, one at a time, and sees that a
test fails; `make mutants` calls it. A row of mutants.toml says what is changed and which
claim of which test has to fail.

    BUILD=build run.py [--jobs N] [--list] [--sample N --seed N] [NAME…]

Each mutant is built from a copy of the sources and of the finished build in
$BUILD/mutants/NAME, so only the changed file is compiled. First the named claims run on an
unchanged copy: they must pass there. A mutant is killed when its test ran and the named
claim failed; a build that breaks, a test that cannot start or that fails elsewhere proves
nothing and counts as a failure, like a mutant that survives.
"""
import argparse
import concurrent.futures
import contextlib
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.abspath(os.environ.get("BUILD", os.path.join(ROOT, "build")))
WORK = os.path.join(BUILD, "mutants")
PARTS = ("gen", "obj", "pic", "lib", "library", "bin", "tests/fixtures")
BUILD_S, TEST_S = 240, 180
SKIPPED = 77
running = set()  # process groups; none of them outlives this program
ANSI = re.compile(r"\x1b\[[0-9;]*m")
CRITERION = re.compile(r"Tested: (\d+) \| Passing: (\d+) \| Failing: (\d+) \| Crashing: (\d+)")
OWN_LINE = re.compile(r"^(\d+) passed, (\d+) failed\s*$", re.M)
PASSED, FAILED, SKIPPED_ALL, NOTHING = "passed", "failed", "skipped", "proved nothing"


class Broken(Exception):
    """The table or the machine is at fault, not the promise."""


# --- The table --------------------------------------------------------------------------

def load_table():
    with open(os.path.join(HERE, "mutants.toml"), "rb") as file:
        rows = tomllib.load(file)["mutant"]
    names = [row["name"] for row in rows]
    for row in rows:
        row["edits"] = [(row["find"], row["replace"])]
        if "find_too" in row:
            row["edits"].append((row["find_too"], row["replace_too"]))
        if names.count(row["name"]) > 1:
            raise Broken(f"two mutants are named {row['name']}")
    return rows


def apply(row, tree):
    path = os.path.join(tree, row["file"])
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for find, replace in row["edits"]:
        if text.count(find) != 1:
            raise Broken(f"{row['file']} holds the text {text.count(find)} times, not once: "
                         f"{find.strip()!r}")
        text = text.replace(find, replace)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


# --- Copies -----------------------------------------------------------------------------

def sources():
    out = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True,
                         capture_output=True, text=True).stdout
    return [name for name in out.split("\0") if name]


def place(source, target):
    """A copy with its time; on the same disk, so that times compare."""
    os.makedirs(os.path.dirname(target), exist_ok=True)
    shutil.copy2(source, target)


def copy_tree(tree):
    """Sources and build side by side: the copy's BUILD is always `build`."""
    shutil.rmtree(tree, ignore_errors=True)
    for name in sources():
        if os.path.exists(os.path.join(ROOT, name)):
            place(os.path.join(ROOT, name), os.path.join(tree, name))
    for part in PARTS:
        if os.path.isdir(os.path.join(BUILD, part)):
            shutil.copytree(os.path.join(BUILD, part), os.path.join(tree, "build", part))
    for folder, _, names in os.walk(os.path.join(tree, "build")):
        for name in names:
            if name.endswith(".d"):
                move_rules(os.path.join(folder, name))


def move_rules(path):
    """The compiler's dependency files name the build folder that they were made in."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for old in {BUILD, os.path.relpath(BUILD, ROOT)}:
        text = re.sub(rf"(?<![^\s:]){re.escape(old)}/", "build/", text)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


# --- Building and running ---------------------------------------------------------------

def run_group(command, tree, seconds, log, **environment):
    """Exit code and output; None after the time is over. Nothing of it outlives this."""
    with open(log, "w+b") as out:
        child = subprocess.Popen(command, cwd=tree, stdin=subprocess.DEVNULL, stdout=out,
                                 stderr=subprocess.STDOUT, start_new_session=True,
                                 env={**os.environ, **environment})
        running.add(child.pid)
        try:
            code = child.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            end_group(child)
        out.seek(0)
        return code, ANSI.sub("", out.read().decode(errors="replace"))


def end_group(child):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    running.discard(child.pid)


def end_all(number, _):
    for group in list(running):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)
    os._exit(128 + number)


def is_script(test):
    return test.endswith(".py")


def build(test, tree, log):
    targets = ["all", *(f"build/tests/fixtures/{n}.so" for n in ("faults", "disk"))]
    if not is_script(test):
        targets.append(f"build/tests/{test}")
    environment = {"MAKEFLAGS": "", "MAKELEVEL": "0"}
    code, text = run_group(["make", "BUILD=build", *targets], tree, BUILD_S, log,
                           **environment)
    if code != 0:
        raise Broken(f"the build broke: {last_line(text)}")


def last_line(text):
    lines = [line for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower()]
    return (errors or lines or ["no output"])[-1 if not errors else 0].strip()


def command_of(test, claims, tree):
    if is_script(test):
        return [sys.executable, "-B", os.path.join(tree, "tests/mutants/only.py"),
                os.path.join(tree, "tests", test), *claims]
    return [os.path.join(tree, "build/tests", test), "--filter", *claims, "--verbose"]


def judge(test, claim, code, text):
    """What the test program says of the claim."""
    if code == SKIPPED:
        return SKIPPED_ALL, last_line(text)
    if code is None:
        return NOTHING, f"no answer in {TEST_S} s"
    if is_script(test):
        passed = re.findall(r"^ok +(.*)$", text, re.M)
        failed = re.findall(r"^FAIL +(.*)$", text, re.M)
        if not OWN_LINE.search(text):
            return NOTHING, f"it did not run to its end: {last_line(text)}"
    else:
        passed = re.findall(r"^\[PASS\] (\S+)", text, re.M)
        failed = re.findall(r"^\[FAIL\] (\S+)", text, re.M)
        if not CRITERION.search(text):
            return NOTHING, f"it did not run to its end: {last_line(text)}"
    wanted = claim if is_script(test) else claim.replace("/", "::")
    if any(wanted in name for name in failed):
        return FAILED, next(name for name in failed if wanted in name)
    if any(wanted in name for name in passed):
        return PASSED, ""
    return NOTHING, "the claim was not judged"


def try_test(test, claims, tree, log):
    """The verdict on each claim; a program of Criterion takes one claim at a time."""
    code, text = run_group(command_of(test, claims, tree), tree, TEST_S, log,
                           BUILD=os.path.join(tree, "build"),
                           PYTHONDONTWRITEBYTECODE="1")
    return {(test, claim): judge(test, claim, code, text) for claim in claims}


# --- The two rounds ---------------------------------------------------------------------

def say(word, started, name, note=""):
    print(f"{word:9} {time.monotonic() - started:6.1f} s  {name}{'  ' + note if note else ''}",
          flush=True)


def groups_of(rows):
    """Claims that run together: those of a script, one of a program of Criterion."""
    groups = {}
    for row in rows:
        test, claim = row["test"], row["claim"]
        groups.setdefault((test,) if is_script(test) else (test, claim), set()).add(claim)
    return groups


def unbroken(pool, rows):
    """Runs each claim on unchanged sources; those that passed."""
    tree, started = os.path.join(WORK, "unbroken"), time.monotonic()
    copy_tree(tree)
    for test in sorted({row["test"] for row in rows}):
        build(test, tree, os.path.join(WORK, "logs", "unbroken.build"))
    def run_together(pair):
        group, claims = pair
        name = ".".join(("unbroken", *group)).replace("/", "-")
        return try_test(group[0], sorted(claims), tree, os.path.join(WORK, "logs", name))

    verdicts = {}
    for found in pool.map(run_together, groups_of(rows).items()):
        verdicts.update(found)
    shutil.rmtree(tree, ignore_errors=True)
    good = sum(verdict == PASSED for verdict, _ in verdicts.values())
    say("unbroken", started, f"{good} of {len(verdicts)} claims pass")
    for (test, claim), (verdict, note) in verdicts.items():
        if verdict != PASSED:
            say(verdict, started, f"{test}: {claim}", note)
    return verdicts


def try_mutant(row):
    tree, started = os.path.join(WORK, row["name"]), time.monotonic()
    log = os.path.join(WORK, "logs", row["name"])
    try:
        copy_tree(tree)
        apply(row, tree)
        build(row["test"], tree, log + ".build")
        found = try_test(row["test"], [row["claim"]], tree, log)
        verdict, note = found[row["test"], row["claim"]]
    except (Broken, OSError) as error:
        verdict, note = NOTHING, str(error)
    shutil.rmtree(tree, ignore_errors=True)
    word = {FAILED: "killed", PASSED: "SURVIVED", SKIPPED_ALL: "skipped"}.get(verdict, "BROKEN")
    note = f"by {row['test']}: {row['claim']}" if word == "killed" else note
    say(word, started, f"{row['promise']:>2} {row['name']}", note)
    return word


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--list", action="store_true", help="show the table and stop")
    parser.add_argument("--sample", type=int, default=0, metavar="N",
                        help="only so many of them, by chance")
    parser.add_argument("--seed", type=int, default=1, help="of the sample")
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these mutants")
    args = parser.parse_args()
    rows = [r for r in load_table() if not args.names or r["name"] in args.names]
    if 0 < args.sample < len(rows):
        rows = random.Random(args.seed).sample(rows, args.sample)
    if args.list:
        for row in rows:
            print(f"{row['promise']:>2}  {row['name']:36} {row['test']}: {row['claim']}")
        return 0
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end_all)
    os.makedirs(os.path.join(WORK, "logs"), exist_ok=True)
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        verdicts = unbroken(pool, rows)
        sound = {pair for pair, (verdict, _) in verdicts.items() if verdict == PASSED}
        skipped = {pair for pair, (verdict, _) in verdicts.items() if verdict == SKIPPED_ALL}
        ready = [r for r in rows if (r["test"], r["claim"]) in sound]
        words = list(pool.map(try_mutant, ready))
    passed = words.count("killed")
    left_out = sum((r["test"], r["claim"]) in skipped for r in rows)
    if left_out:
        print(f"{left_out} mutants were left out: their tests are skipped on this machine")
    print(f"{passed} passed, {len(rows) - left_out - passed} failed")
    return 0 if rows and passed == len(rows) - left_out and passed else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Broken as broken:
        print(f"mutants: {broken}", file=sys.stderr)
        sys.exit(2)
