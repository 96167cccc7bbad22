"""Runs some claims of a script of tests/system: only.py SCRIPT "words of a name"…"""
import os
import runpy
import sys

script, wanted = sys.argv[1], sys.argv[2:]
sys.argv = [script]
sys.path.insert(0, os.path.dirname(os.path.abspath(script)))
import rig  # noqa: E402  (it stands beside the script)

run_all = rig.run
rig.STOP_S = 5  # a broken gateway need not be waited for


def run(*arguments):
    rig.claims[:] = [c for c in rig.claims
                     if any(words in c.__name__.replace("_", " ") for words in wanted)]
    return run_all(*arguments)


rig.run = run
runpy.run_path(script, run_name="__main__")
