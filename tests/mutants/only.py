"""Runs some claims of a script of tests/system: only.py SCRIPT "words of a name"…"""
import os
import runpy
import signal
import sys

script, wanted = sys.argv[1], sys.argv[2:]
sys.argv = [script]
sys.path.insert(0, os.path.dirname(os.path.abspath(script)))
import rig  # noqa: E402  (it stands beside the script)

run_all = rig.run
rig.STOP_S = 5  # a broken gateway need not be waited for
judge_end = rig.Gateway.judge_end


def run(*arguments):
    rig.claims[:] = [c for c in rig.claims
                     if any(words in c.__name__.replace("_", " ") for words in wanted)]
    return run_all(*arguments)


def judge_all_but_slow(gateway, ends=(0,)):
    """One that takes longer than that has not failed: it may have been about to end."""
    if gateway.process.returncode != -signal.SIGKILL:
        judge_end(gateway, ends)


rig.run = run
rig.Gateway.judge_end = judge_all_but_slow
runpy.run_path(script, run_name="__main__")
