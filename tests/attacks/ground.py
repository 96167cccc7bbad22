"""The gateway that is attacked, and what is looked at beside it."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../system"))
import rig  # noqa: E402

import table  # noqa: E402

HONEST_S = 15


def memory_mib(pid, what="VmRSS"):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        for line in file:
            if line.startswith(what + ":"):
                return int(line.split()[1]) / 1024
    raise rig.Failed("segeld is gone")


def forget_peak(pid):
    """VmHWM counts anew (proc(5), clear_refs 5). Where that is not allowed, it never falls."""
    try:
        with open(f"/proc/{pid}/clear_refs", "w", encoding="ascii") as file:
            file.write("5")
    except OSError:
        pass


def try_one(gateway, honest, row):
    """One row: None, or a sentence that says what went wrong; and the memory it took."""
    name, _, function, ends, mib = row
    pid = gateway.process.pid
    forget_peak(pid)
    before = memory_mib(pid)
    answer = table.strike(gateway, function)
    grown = memory_mib(pid, "VmHWM") - before
    start = time.monotonic()
    signed = honest.sign(timeout=HONEST_S)
    waited = time.monotonic() - start
    if gateway.process.poll() is not None:
        return f"{name}: segeld ended", grown
    if not signed.signature or waited > HONEST_S:
        return f"{name}: an honest client was not served", grown
    if not table.ended(answer, ends):
        return f"{name}: wanted {' or '.join(ends)}, and there came {answer}", grown
    if grown > mib:
        return f"{name}: segeld grew by {grown:.0f} MiB, the bound is {mib}", grown
    return None, grown
