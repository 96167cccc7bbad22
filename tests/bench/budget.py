"""`make budget`: where the processor time of one signature goes, in segeld and its lane, while
`SignStream` runs at full speed as in `make bench`.

perf takes samples of both processes. Each goes to the stage of the innermost function that
STAGES knows; the time itself comes from the kernel's account of the processes, not from the
number of samples. Microseconds a signature go to the terminal and to $BUILD/budget.json.

BENCH_SECONDS a measurement, BENCH_KEYS. perf must be allowed to look at the lane, which is not
dumpable: as root, or with perf_event_paranoid at -1."""
import collections
import json
import os
import re
import subprocess
import sys
import threading
import time

import bench
import rig

WARM_S, RATE_HZ = 1.0, 997
REST = {"segeld": "loops, wake-ups and the rest of segeld", "segel-hsm": "the rest of the lane"}
# Where libcrypto's assembly hides who called it: with RSA mostly the token.
HIDDEN = "one of the two, not told apart"
LANE = ("the token itself", "check of the signature", HIDDEN, REST["segel-hsm"])
# stage -> functions that it begins with
STAGES = {
    LANE[0]: "sign_raw",
    LANE[1]: "verifier_check",
    "TLS": "tls_write tls_read",
    "HTTP/2 and gRPC": "conn_flush session_produce session_feed feed read_open grpc_send "
                       "on_data_chunk",
    "request: decoding, attributes": "sign_take_items sign_on_stream",
    "policy and its facts": "judge_job judge_keep judge_new policy_judge_early "
                            "policy_judge_state",
    "is the id known?": "decide ledger_find",
    "records and leaf hashes": "record_intent record_outcome ledger_append admit write_outcome",
    "claims in the ledger": "ledger_claim ledger_settle ledger_remember",
    "commit: write and sync": "ledger_begin ledger_commit",
    "WAL written back": "ledger_idle",
    "checkpoints and tiles": "ledger_checkpoint_store put_tile tlog_fold",
    "to the lane and back": "lane_read lane_flush wire_send_with",
    "answer: CMS, message": "sign_answer",
    "index of the log, behind it": "build_index ledger_reader_step index_step words_scan "
                                   "words_parse add_word",
    "every second": "on_tick",
}
FUNCTIONS = {name: stage for stage, names in STAGES.items() for name in names.split()}
FRAME = re.compile(r"\s*[0-9a-f]+ (.*?)(?:\+0x[0-9a-f]+)? \((.*)\)$")


def stage_of(process, frames):
    """frames: (function, library), the innermost first."""
    for name, _ in frames:
        stage = FUNCTIONS.get(name.split(".")[0])
        if stage is not None:
            return stage
    if process == "segel-hsm" and frames and "libcrypto" in frames[0][1]:
        return HIDDEN
    return REST[process]


def count_stages(text, names):
    """{pid: Counter of stages} of what perf script tells, one paragraph a sample. names: of the
    processes."""
    counts = {pid: collections.Counter() for pid in names}
    for paragraph in text.split("\n\n"):
        lines = paragraph.strip("\n").split("\n")
        head = re.match(r"\s*(\d+)", lines[0])
        if head is not None:
            pid = int(head[1])
            frames = [(m[1], m[2]) for m in map(FRAME.match, lines[1:]) if m]
            counts[pid][stage_of(names[pid], frames)] += 1
    return counts


def record(pids, path):
    """Samples of so many seconds; processor microseconds of each process in the meantime."""
    command = ["perf", "record", "-q", "-e", "cpu-clock", "-F", str(RATE_HZ), "--call-graph",
               "dwarf,8192", "-o", path, "-p", ",".join(map(str, pids)), "--", "sleep",
               str(bench.SECONDS)]
    before = [bench.cpu_us([p]) for p in pids]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise rig.Failed(f"perf: {result.stderr.strip()}")
    return {p: bench.cpu_us([p]) - b for p, b in zip(pids, before)}


def read(path, names):
    """Inlined functions are not looked up, which takes perf many minutes."""
    result = subprocess.run(["perf", "script", "-i", path, "--no-inline", "-F",
                             "pid,ip,sym,dso"], capture_output=True, text=True, check=True)
    return count_stages(result.stdout, names)


def measure(key):
    """({stage: microseconds a signature}, signatures a second, samples)"""
    one, told = bench.Bench(key), {}
    one.choose_threads()
    with one.rig.gateway() as gateway:
        pid = gateway.process.pid
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            pids = [pid, *map(int, file.read().split())]
        load = threading.Thread(target=lambda: told.update(one.load(
            "stream", bench.STREAM_WINDOW, seconds=2 * WARM_S + bench.SECONDS)))
        load.start()
        time.sleep(WARM_S)
        spent = record(pids, one.rig.path("perf.data"))
        load.join()
    if not told or told.get("errors"):
        raise rig.Failed(f"the load failed: {told}")
    names = {p: "segeld" if p == pid else "segel-hsm" for p in pids}
    counts = read(one.rig.path("perf.data"), names)
    signatures = told["per_second"] * bench.SECONDS
    budget = collections.Counter()
    for each, us in spent.items():
        samples = sum(counts[each].values())
        for stage, count in counts[each].items():
            budget[stage] += us * count / samples / signatures
    return budget, told["per_second"], sum(sum(c.values()) for c in counts.values())


def show(budgets, rates):
    print(f"\n{'µs a signature':40}" + "".join(f"{key:>12}" for key in budgets))

    def row(name, values):
        print(f"{name:40}" + "".join(f"{value:12.1f}" for value in values))
    stages = [s for s in (*STAGES, *REST.values()) if s not in LANE]
    stages.sort(key=lambda s: -sum(b[s] for b in budgets.values()))
    for stage in stages:
        row(stage, [b[stage] for b in budgets.values()])
    row("segeld in all", [sum(b[s] for s in stages) for b in budgets.values()])
    for stage in LANE:
        row("lane: " + stage, [b[stage] for b in budgets.values()])
    row("signatures a second, under perf", rates.values())


def main():
    budgets, rates, samples = {}, {}, {}
    for key in bench.KEYS:
        budgets[key], rates[key], samples[key] = measure(key)
    show(budgets, rates)
    print(f"\n{bench.SECONDS:g} s each at {RATE_HZ} Hz of processor time; samples: "
          + ", ".join(f"{k} {n}" for k, n in samples.items()))
    path = os.path.join(rig.BUILD, "budget.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"us": budgets, "per_second": rates, "samples": samples}, file, indent=1)
        file.write("\n")
    print(f"Written to {os.path.relpath(path)}.")


if __name__ == "__main__":
    try:
        main()
    except rig.Failed as failed:
        sys.exit(f"budget: {failed}")
