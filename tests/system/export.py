#!/usr/bin/python3
"""A real gateway's log exported, checked offline, and spoiled in every way we know."""
import os
import shutil
import subprocess
import sys

import rig as rigs
from rig import claim, contains, digest, equal, expect, item

VERIFY = os.path.join(rigs.BIN, "segel-verify")


def export(rig, out, *arguments):
    return rig.segel("reviewer", "log", "export", "--out", out, *arguments)


@claim
def try_it(rig):
    with rig.gateway() as gateway:
        client = gateway.client()
        for _ in range(5):
            client.batch([item() for _ in range(100)])
        out = rig.path("whole")
        result = export(rig, out)
        print(result.stdout, result.stderr)
        import time
        time.sleep(1)
    print(rig.segel("reviewer", "log", "show"))


if __name__ == "__main__":
    sys.exit(rigs.run(rigs.Rig("export")))
