"""`make faults`: an HSM that fails in every way we know, under a gateway at work; each
figure beside what is wanted. Exit code 1 when one is missed.

    run.py [--json FILE] [--long] [--only PART]… [--seed N] [--sample N]
"""
import argparse
import os
import signal
import sys
import time

import codes
import crashes
import hung
import lies
import pulled
from figures import Figures
from ground import rig


def matrix(options, figures):
    cases = (codes.sample(options.seed, options.sample) if options.sample
             else codes.all_cases())
    codes.note(codes.run(cases), figures)


def hangs(options, figures):
    count = 500 if options.long else 20
    hung.note(count, hung.run(count), figures)


def crash(options, figures):
    count = 1000 if options.long else 50
    crashes.note(count, crashes.run(count, seed=options.seed), figures)


def wrong(options, figures):
    lies.note(lies.run(60 if options.long else 10), figures)


def pull(options, figures):
    count = 50 if options.long else 5
    pulled.note(count, pulled.run(count), figures)


PARTS = {"matrix": matrix, "hung": hangs, "crashes": crash, "lies": wrong, "pulled": pull}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--json", metavar="FILE", default=os.path.join(
        rig.BUILD, "faults.json"), help="where the figures go, too")
    parser.add_argument("--long", action="store_true",
                        help="500 hung calls, 1000 crashes, a minute of wrong signatures")
    parser.add_argument("--only", choices=PARTS, action="append",
                        help="this part; may be given several times")
    parser.add_argument("--seed", type=int, default=1, help="of what is left to chance")
    parser.add_argument("--sample", type=int, default=0, metavar="N",
                        help="of the matrix only N codes of each call and mode")
    options = parser.parse_args()
    figures, started = Figures(), time.monotonic()
    for name in options.only or PARTS:
        PARTS[name](options, figures)
    figures.show()
    figures.write(options.json)
    missed = len(figures.missed())
    print(f"{len(figures.rows)} figures, {missed} missed, in "
          f"{time.monotonic() - started:.0f} s. Written to {os.path.relpath(options.json)}.")
    return 1 if missed else 0


if __name__ == "__main__":
    # Whoever ends a long run ends its gateways, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("faults: ended before its end"))
    try:
        sys.exit(main())
    except rig.Failed as failed:
        sys.exit(f"faults: {failed}")
