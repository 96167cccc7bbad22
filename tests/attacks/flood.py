"""All attacks at once, for a while, from several processes, beside one client that behaves.

The attackers run at the lowest priority: what is measured is how segeld divides itself, not
how the kernel divides a small machine between segeld and those who attack it."""
import multiprocessing
import os
import statistics
import threading
import time

import ground
import table
from ground import rig

ATTACKERS, RATE = 4, 20
FLOODS = [row for row in table.rows if "flood" in row[0] or "reset" in row[0]
          or "without end" in row[0] or "bomb" in row[0] or "connections" in row[0]
          or "streams" in row[0]]


class Target:
    """What an attacking process needs of a gateway."""

    def __init__(self, the_rig, address):
        self.rig, self.address = the_rig, address


def attack_on(the_rig, address, seconds, number, counts):
    os.nice(19)
    end, at = time.monotonic() + seconds, number
    while time.monotonic() < end:
        function = FLOODS[at % len(FLOODS)][2]
        at += 1
        try:
            table.strike(Target(the_rig, address), function)
        except OSError:
            time.sleep(0.05)
        counts[number] += 1


def measure(client, seconds):
    """Latencies of one who asks at a steady rate, in seconds; and what failed."""
    latencies, failed, due = [], [], time.monotonic()
    end = due + seconds

    def ask():
        start = time.monotonic()
        try:
            client.sign(timeout=20)
            latencies.append(time.monotonic() - start)
        except rig.grpc.RpcError as error:
            failed.append(error.details())

    threads = []
    while due < end:
        time.sleep(max(0, due - time.monotonic()))
        threads.append(threading.Thread(target=ask))
        threads[-1].start()
        due += 1 / RATE
    for thread in threads:
        thread.join(30)
    return latencies, failed


def p99(latencies):
    return statistics.quantiles(latencies, n=100)[98] * 1000


def cpu_s(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


def run(the_rig, gateway, seconds):
    """Before and during: the figures."""
    client, pid = gateway.client(), gateway.process.pid
    client.sign()
    calm, failed_calm = measure(client, min(seconds, 20))
    ground.forget_peak(pid)
    rest = ground.memory_mib(pid)
    counts = multiprocessing.Array("L", ATTACKERS)
    attackers = [multiprocessing.Process(
        target=attack_on, args=(the_rig, gateway.address, seconds, number, counts))
        for number in range(ATTACKERS)]
    used = cpu_s(pid)
    for process in attackers:
        process.start()
    storm, failed_storm = measure(client, seconds)
    used = cpu_s(pid) - used
    for process in attackers:
        process.join(60)
        process.kill()
    return {"seconds": seconds, "attacks": sum(counts), "calm_p99_ms": p99(calm),
            "storm_p99_ms": p99(storm), "ratio": p99(storm) / p99(calm),
            "signed": len(storm), "failed": len(failed_calm) + len(failed_storm),
            "why": (failed_calm + failed_storm)[:1], "segeld_cpu": used / seconds,
            "grown_mib": ground.memory_mib(pid, "VmHWM") - rest}
