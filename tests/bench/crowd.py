"""What ten thousand connections that do nothing cost those that work.

A gateway serves first 100 connections that sign in turn, then 200 of them beside N that are
idle, at the same rate of signatures; every connection is mutual TLS. Told are the memory of
segeld with all connections open, and the latencies.

    BUILD=build crowd.py [--connections N] [--seconds S] [--rate R]

`make bench CONNECTIONS=10000` calls it; tests/system/connections.py has a small one in check.
"""
import argparse
import json
import os
import resource
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../system"))
import rig  # noqa: E402  (the same gateway as in the system tests)

FEW, ACTIVE = 100, 200


def raise_limit(files):
    """Open files: this process's limit is inherited by gateway and crowd."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < files:
        raise rig.Failed(f"{files} connections need as many open files, and the limit is "
                         f"{hard}; raise it with ulimit -n")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def memory_mib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        for line in file:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    raise rig.Failed("segeld is gone")


def crowd(the_rig, gateway, idle, active, rate, seconds):
    """One run: its figures, and segeld's memory while all connections were open."""
    program = os.path.join(rig.BUILD, "tests/bench/crowd")
    process = subprocess.Popen(
        [program, "--home", the_rig.path("clients", "e-office"), "--key", "seal-demo",
         "--class", "surat_keterangan", "--approval", "ND-2026/001", "--idle", str(idle),
         "--active", str(active), "--rate", str(rate), "--seconds", str(seconds)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline()
        if not line.startswith("{"):
            raise rig.Failed("the crowd broke up; its message stands above")
        figures = json.loads(line)
        figures["memory_mib"] = memory_mib(gateway.process.pid)
        return figures
    finally:
        process.stdin.close()
        process.wait(60)


def compare(connections, seconds, rate):
    """Few connections, then many: two runs against one gateway."""
    raise_limit(connections + 1000)
    the_rig = rig.Rig("crowd", "seal-demo:p-256")
    many = connections + 500
    config = the_rig.config(("^log: ", f"limits: {{connections: {many}, "
                             f"connections_per_caller: {many}}}\nlog: "))
    with the_rig.gateway(config) as gateway:
        few = crowd(the_rig, gateway, 0, FEW, rate, seconds)
        many = crowd(the_rig, gateway, connections - ACTIVE, ACTIVE, rate, seconds)
    return few, many


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--connections", type=int, default=10000)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--rate", type=int, default=200)
    asked = parser.parse_args()
    few, many = compare(asked.connections, asked.seconds, asked.rate)
    print(f"{'connections':>12}{'active':>8}{'p50 ms':>9}{'p99 ms':>9}{'errors':>8}"
          f"{'segeld MiB':>12}")
    for open_now, active, row in ((FEW, FEW, few), (asked.connections, ACTIVE, many)):
        print(f"{open_now:>12}{active:>8}{row['p50_us'] / 1000:>9.2f}"
              f"{row['p99_us'] / 1000:>9.2f}{row['errors']:>8}{row['memory_mib']:>12.0f}")
    print(f"p99 of many to p99 of few: {many['p99_us'] / few['p99_us']:.2f}")
    with open(os.path.join(rig.BUILD, "bench-crowd.json"), "w", encoding="utf-8") as file:
        json.dump({"few": few, "many": many, "connections": asked.connections}, file,
                  indent=1)


if __name__ == "__main__":
    try:
        main()
    except rig.Failed as failed:
        sys.exit(f"crowd: {failed}")
