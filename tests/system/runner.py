#!/usr/bin/python3
"""How `make check` runs its programs: what took longest the last time starts first."""
import json
import os
import subprocess
import sys
import tempfile

import rig
from rig import claim, equal


def started(folder, *names):
    """In the order in which they began."""
    order = os.path.join(folder, "order")
    with open(order, "w", encoding="ascii"):
        pass
    subprocess.run(
        [sys.executable, "-B", os.path.join(rig.ROOT, "tests/run.py"), "--jobs", "1",
         *(os.path.join(folder, "tests", name) for name in names)], check=True, text=True,
        capture_output=True, env={**os.environ, "BUILD": folder})
    with open(order, encoding="ascii") as file:
        return file.read().split()


@claim
def what_takes_longest_starts_first():
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(os.path.join(folder, "tests"))
        for name, words in (("a.py", 1), ("b.py", 2), ("c.py", 3), ("d", 9), ("new", 1)):
            path = os.path.join(folder, "tests", name)
            with open(path, "w", encoding="ascii") as file:
                file.write(f"#!/bin/sh\necho {name} >>{folder}/order\n{': words;' * words}\n")
            os.chmod(path, 0o755)
        equal(started(folder, "a.py", "b.py", "c.py", "d"), ["c.py", "b.py", "a.py", "d"],
              "scripts of a fresh clone come first, by their size")
        kept = os.path.join(folder, "logs/seconds.json")
        with open(kept, encoding="utf-8") as file:
            equal(sorted(json.load(file)), ["a.py", "b.py", "c.py", "d"], "what is kept")
        with open(kept, "w", encoding="utf-8") as file:
            json.dump({"a.py": 5, "b.py": 80.5, "c.py": 20, "d": 30}, file)
        equal(started(folder, "new", "c.py", "d"), ["new", "d", "c.py"], "what is new, before all")
        equal(started(folder, "c.py", "b.py"), ["b.py", "c.py"],
              "by their time, of one that did not run in between, too")


if __name__ == "__main__":
    raise SystemExit(rig.run())
