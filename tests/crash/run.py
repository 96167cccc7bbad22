"""`make crash`: kills, lost power, failing disks, and every point at which the gateway can
die; each figure beside what is wanted. Exit code 1 when one is missed.

    run.py [--cycles N] [--points] [--faults] [--power N] [--seed N] [--json FILE]
"""
import argparse
import os
import signal
import sys
import time

import cycles
from cycles import rig
from figures import Figures


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--cycles", type=int, metavar="N",
                        help="kills under load; 20 when nothing else is asked for")
    parser.add_argument("--seed", type=int, default=1, help="of what is left to chance")
    parser.add_argument("--json", metavar="FILE", default=os.path.join(
        rig.BUILD, "crash.json"), help="where the figures go, too")
    options = parser.parse_args()
    figures, started = Figures(), time.monotonic()
    if options.cycles is None:
        options.cycles = 20
    if options.cycles:
        cycles.note(options.cycles, cycles.run(options.cycles, options.seed), figures)
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
