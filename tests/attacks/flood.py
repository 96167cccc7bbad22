"""All floods at once, for a while, from several processes, beside one client that behaves.

The attackers run when nobody else wants to (SCHED_IDLE): what is measured is how segeld
divides itself, not how the kernel divides a small machine between segeld and those who attack
it. That alone costs a client milliseconds, so the flood is held against a machine that is as
busy with work that attacks nobody; the figure of an idle one, and the processor time of both
sides, are told beside it."""
import contextlib
import json
import multiprocessing
import os
import subprocess
import time

import ground
import table
from ground import rig

ATTACKERS, RATE = 4, 20
CALM_S = 20


class Target:
    """What an attacking process needs of a gateway."""

    def __init__(self, the_rig, address):
        self.rig, self.address = the_rig, address


def attack_on(target, seconds, number, counts, used):
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    rows = [row for row in table.rows if row.flood and not row.slow]
    end, at = time.monotonic() + seconds, number * len(rows) // ATTACKERS
    while time.monotonic() < end:
        with contextlib.suppress(OSError), contextlib.ExitStack() as held:
            table.strike(target, rows[at % len(rows)], held)
        at += 1
        counts[number] += 1
        used[number] = time.process_time()


def measure(the_rig, seconds):
    """One client that signs at a steady rate: its figures, and what failed."""
    result = subprocess.run(
        [os.path.join(rig.BUILD, "tests/bench/crowd"), "--home",
         the_rig.path("clients", "e-office"), "--key", "seal-demo", "--class",
         "surat_keterangan", "--approval", "ND-2026/001", "--active", "4", "--rate",
         str(RATE), "--seconds", str(seconds)], input="", capture_output=True, text=True,
        check=False, timeout=seconds + 60)
    if not result.stdout:
        raise rig.Failed(f"the client that behaves was not served: {result.stderr}")
    return json.loads(result.stdout), result.stderr


def cpu_s(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


def burn():
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    while True:
        pass


def measure_busy(the_rig, seconds):
    """Beside as many processes as attack later, which only keep the processors busy."""
    burners = [multiprocessing.Process(target=burn, daemon=True) for _ in range(ATTACKERS)]
    for process in burners:
        process.start()
    try:
        return measure(the_rig, seconds)[0]
    finally:
        for process in burners:
            process.kill()
            process.join()


def run(the_rig, gateway, seconds):
    """Before and during: the figures."""
    pid = gateway.process.pid
    calm, _ = measure(the_rig, min(seconds, CALM_S))
    busy = measure_busy(the_rig, min(seconds, CALM_S))
    ground.forget_peak(pid)
    rest = ground.memory_mib(pid)
    counts = multiprocessing.Array("L", ATTACKERS)
    used = multiprocessing.Array("d", ATTACKERS)
    attackers = [multiprocessing.Process(
        target=attack_on, args=(Target(the_rig, gateway.address), seconds, number, counts,
                                used)) for number in range(ATTACKERS)]
    before = cpu_s(pid)
    for process in attackers:
        process.start()
    storm, why = measure(the_rig, seconds)
    gateway_s = cpu_s(pid) - before
    for process in attackers:
        process.join(60)
        process.kill()
    return {"seconds": seconds, "attacks": sum(counts),
            "calm_p99_ms": calm["p99_us"] / 1000, "busy_p99_ms": busy["p99_us"] / 1000,
            "storm_p99_ms": storm["p99_us"] / 1000,
            "ratio": storm["p99_us"] / busy["p99_us"],
            "calm_ratio": storm["p99_us"] / calm["p99_us"], "signed": storm["signed"],
            "failed": storm["errors"], "why": why, "segeld_cpu": gateway_s / seconds,
            "attackers_cpu": sum(used) / seconds,
            "grown_mib": max(ground.memory_mib(pid, "VmHWM") - rest, 0)}
