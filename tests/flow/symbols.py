#!/usr/bin/python3
"""No two libraries of one program define the same name: the linker would take the first and
say nothing, and a part of the program would run the other's code.

Ends with "N passed, M failed"."""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("BUILD", os.path.join(ROOT, "build")))
PROGRAMS = {"segeld": ["service"], "segel-hsm": ["hsm"], "segel": ["client"],
            "segel-verify": ["bundle"],
            "the fuzz targets": ["service", "bundle", "quorum", "report", "witness",
                                 "batch"]}


def needs():
    with open(os.path.join(ROOT, "Makefile"), encoding="utf-8") as makefile:
        rows = re.findall(r"^NEEDS_(\w+)\s*:= (.*)$", makefile.read(), flags=re.M)
    return {name: words.split() for name, words in rows}


def defined(library):
    """Names of functions and variables that other objects see; weak ones may be there twice."""
    told = subprocess.run(["nm", "-g", "--defined-only",
                           os.path.join(BUILD, "lib", f"lib{library}.a")],
                          capture_output=True, text=True, check=True).stdout
    return set(re.findall(r"^[0-9a-f]+ [TDBR] (\w+)$", told, flags=re.M))


def twice(libraries, names):
    owners = {}
    for library in libraries:
        for name in names[library]:
            owners.setdefault(name, []).append(library)
    return {name: where for name, where in owners.items() if len(where) > 1}


def main():
    table, failed = needs(), 0
    used = {lib for heads in PROGRAMS.values() for head in heads for lib in table[head]}
    names = {library: defined(library) for library in used}
    for program, heads in PROGRAMS.items():
        libraries = list(dict.fromkeys(lib for head in heads for lib in table[head]))
        clashes = twice(libraries, names)
        failed += bool(clashes)
        print(f"{'FAIL' if clashes else 'ok  '}  {program}: {len(libraries)} libraries, "
              f"{sum(len(names[lib]) for lib in libraries)} names {clashes or ''}")
    if not all(names[library] for library in ("service", "hsm", "client", "bundle")):
        print("FAIL  libraries without a name: nm was not understood")
        failed += 1
    print(f"{len(PROGRAMS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
