"""`make crash`: kills, lost power, failing disks, and every point at which the gateway can
die; each figure beside what is wanted. Exit code 1 when one is missed.

    run.py [--cycles N] [--power N] [--faults] [--points] [--seed N] [--json FILE]
"""
import argparse
import os
import signal
import sys
import time

import cycles
import failing
import points
import power
from cycles import rig
from figures import Figures


def parts_of(options):
    """What was asked for, as functions of the figures."""
    if options.cycles:
        yield lambda figures: cycles.note(
            options.cycles, cycles.run(options.cycles, options.seed), figures)
    if options.power:
        yield lambda figures: power.note(
            options.power, power.run(options.power, options.seed), figures)
    if options.faults:
        yield lambda figures: failing.note(
            failing.run(options.sample, options.seed, workers=options.workers), figures)
    if options.points:
        yield lambda figures: points.note(
            points.run(options.sample, options.seed, workers=options.workers), figures)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--cycles", type=int, metavar="N",
                        help="kills under load; 20 when nothing else is asked for")
    parser.add_argument("--seed", type=int, default=1, help="of what is left to chance")
    parser.add_argument("--json", metavar="FILE", default=os.path.join(
        rig.BUILD, "crash.json"), help="where the figures go, too")
    parser.add_argument("--faults", action="store_true",
                        help="the ledger's disk fails at each call in turn")
    parser.add_argument("--points", action="store_true",
                        help="the gateway dies at each system call in turn")
    parser.add_argument("--power", type=int, metavar="N", default=0,
                        help="power cuts under load")
    parser.add_argument("--sample", type=int, default=0, metavar="N",
                        help="of --faults and --points only so many, by chance")
    parser.add_argument("--workers", type=int, default=4, metavar="N",
                        help="gateways that --faults and --points have at once")
    options = parser.parse_args()
    if options.cycles is None and not (options.faults or options.points or options.power):
        options.cycles = 20
    figures, started = Figures(), time.monotonic()
    for part in parts_of(options):
        part(figures)
    figures.show()
    figures.write(options.json)
    missed = len(figures.missed())
    print(f"{len(figures.rows)} figures, {missed} missed, in "
          f"{time.monotonic() - started:.0f} s. Written to {os.path.relpath(options.json)}.")
    return 1 if missed else 0


if __name__ == "__main__":
    # Whoever ends a long run ends its gateways, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("crash: ended before its end"))
    try:
        sys.exit(main())
    except rig.Failed as failed:
        sys.exit(f"crash: {failed}")
