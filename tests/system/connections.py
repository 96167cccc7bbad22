#!/usr/bin/python3
"""A thousand connections that do nothing are held, cost little, and hinder nobody.
tests/bench/crowd.py is the same with ten thousand, and tells the latencies."""
import os
import sys

import rig
from rig import claim, equal, expect

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../bench"))
import crowd  # noqa: E402

CONNECTIONS, SECONDS, RATE = 1000, 3, 100
KIB_EACH = 100


@claim
def a_thousand_idle_connections_are_held_while_others_sign():
    few, many = crowd.compare(CONNECTIONS, SECONDS, RATE)
    equal(few["errors"] + many["errors"], 0, "failed calls")
    expect(many["signed"] > 0, "signatures were made among them")
    each = (many["memory_mib"] - few["memory_mib"]) * 1024 / (CONNECTIONS - crowd.FEW)
    bound = KIB_EACH * rig.memory_factor()
    expect(each < bound, f"a connection costs segeld {each:.0f} KiB, the bound is {bound}")


if __name__ == "__main__":
    sys.exit(rig.run())
