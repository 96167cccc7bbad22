"""`make bench`: what a gateway with ten keys takes when nobody calls, and how long its start is.

Starts it again and again on a ledger that is in use: from exec until it says that it is ready,
with log, keys and canary checked. As root, some starts see an empty list of installed packages:
the difference is what the sheet of `segel assess` adds.
Medians go to the terminal and to $BUILD/bench-idle.json. BENCH_STARTS: of each kind.
"""
import json
import os
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../system"))
import rig  # noqa: E402

KEYS = ["rsa-2048"] * 4 + ["rsa-3072"] * 2 + ["p-256"] * 4
STARTS = int(os.environ.get("BENCH_STARTS") or 11)
SETTLE_S, SIGNED = 2, 2000
START_MS, RSS_MIB = 300, 30
LIST = "/var/lib/dpkg/status"
# Both in the same way, so that what the shell takes is no difference.
APART = {"list": f"mount --bind {LIST} {LIST} && exec \"$@\"",
         "no list": f"mount --bind /dev/null {LIST} && exec \"$@\""}


def memory_of(pid):
    """MiB resident: all, and of these what no other process has."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        fields = dict(line.split(":", 1) for line in file if ":" in line)
    mib = {name: int(fields[name].split()[0]) / 1024
           for name in ("Rss", "Private_Clean", "Private_Dirty")}
    return mib["Rss"], mib["Private_Clean"] + mib["Private_Dirty"]


def lane_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return int(file.read().split()[0])


def cpu_ms(pid):
    """Processor time of the process so far, which other programs disturb less."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as file:
            total += int(file.read().split()[0])
    return total / 1e6


def start(the_rig, apart=None):
    """(gateway, ms until it was ready)."""
    command = [os.path.join(rig.BIN, "segeld"), "--config", the_rig.conf]
    if apart in APART:
        command = ["unshare", "-m", "sh", "-c", APART[apart], "sh", *command]
    began = time.monotonic()
    gateway = rig.Gateway(the_rig, None, {}, command)
    gateway.wait_ready()
    return gateway, (time.monotonic() - began) * 1000


def idle(the_rig):
    """Memory of segeld and of its lane at rest, behind some work."""
    gateway, _ = start(the_rig)
    try:
        time.sleep(SETTLE_S)
        before = memory_of(gateway.process.pid)
        lane = memory_of(lane_of(gateway.process.pid))
        client = gateway.client()
        for _ in range(SIGNED // 500):
            client.batch([rig.item() for _ in range(500)], key="key-6")
        time.sleep(SETTLE_S)
        return {"segeld": before, "lane": lane, "segeld behind work":
                memory_of(gateway.process.pid)}
    finally:
        gateway.stop()


def starts(the_rig):
    """{kind: ms of each start}; the kinds take turns. Of the two that are compared, the
    processor time."""
    kinds = ["usual"]
    if os.geteuid() == 0 and os.path.exists(LIST):
        kinds += APART
    ms = {kind: [] for kind in kinds}
    for _ in range(STARTS):
        for kind in kinds:
            gateway, took = start(the_rig, kind)
            ms[kind].append(cpu_ms(gateway.process.pid) if kind in APART else took)
            gateway.stop()
    return ms


def main():
    the_rig = rig.Rig("bench-idle", *(f"key-{i}:{t}" for i, t in enumerate(KEYS)))
    memory, ms = idle(the_rig), starts(the_rig)
    middle = {kind: round(statistics.median(each), 1) for kind, each in ms.items()}
    found = {"keys": len(KEYS), "starts": STARTS, "start_ms": middle["usual"],
             "start_ms_worst": round(max(ms["usual"]), 1),
             "memory_mib": {n: [round(v, 1) for v in pair] for n, pair in memory.items()}}
    print(f"start to serving, {len(KEYS)} keys: {found['start_ms']} ms, worst of {STARTS} "
          f"{found['start_ms_worst']} ms (bound {START_MS})")
    if "list" in middle:
        found["list_ms"] = round(middle["list"] - middle["no list"], 1)
        found["list_kib"] = os.path.getsize(LIST) // 1024
        print(f"of it, reading the list of packages ({found['list_kib']} KiB): "
              f"{found['list_ms']} ms of processor time")
    print(f"resident, MiB (bound of segeld at rest: {RSS_MIB})")
    for name, (resident, own) in found["memory_mib"].items():
        print(f"  {name:20} {resident:6} {own:6} of it its own")
    with open(os.path.join(rig.BUILD, "bench-idle.json"), "w", encoding="ascii") as file:
        json.dump(found, file, indent=1)


if __name__ == "__main__":
    main()
