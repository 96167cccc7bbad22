"""`make bench`: what the gateway gives of what its token can do.

For each key: the ceiling (the token's module called in a loop), the same with each signature
verified, the same through p11-kit's remoting, and the gateway with everything it promises
(mutual TLS, policy, durable log), streamed and one call at a time; and, once a round, what
the crossing from the gateway to its lane and back costs. The paths take turns, round by
round, so that each is held against a ceiling of the same minute. Medians over the rounds go
to the terminal and to $BUILD/bench.json.

BENCH_SECONDS a measurement, BENCH_ROUNDS, BENCH_KEYS ("rsa-2048 p-256"). All of it shares
this machine: client, gateway, token.
"""
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../system"))
import rig  # noqa: E402  (the same gateway as in the system tests)

SECONDS = float(os.environ.get("BENCH_SECONDS") or 4)
ROUNDS = int(os.environ.get("BENCH_ROUNDS") or 5)
KEYS = (os.environ.get("BENCH_KEYS") or "rsa-2048 rsa-3072 p-256").split()
MODULE = "/usr/lib/softhsm/libsofthsm2.so"
REMOTE = "/usr/lib/x86_64-linux-gnu/pkcs11/p11-kit-client.so"
THREADS = (1, 2, 4, 8)
STREAM_WINDOW, UNARY_WINDOW = 512, 64
IPC_KEY, IPC_WINDOW, IPC_THREADS = "rsa-2048", 16, 2
SYNC_BYTES, SYNC_TIMES = 64 << 10, 500
REAPED_S = 0.5  # in which p11-kit's server has heard of the end of its process for one client
TICK_US = 1_000_000 / os.sysconf("SC_CLK_TCK")
COLUMNS = ("path", "per_second", "ratio", "verified", "server_cpu_us", "idle", "added_p50_ms",
           "added_p99_ms")


def program(name, arguments, environment):
    """Runs a measuring program; its last line is one JSON object."""
    command = [os.path.join(rig.BUILD, "tests/bench", name)]
    for option, value in arguments.items():
        flag = "--" + option.replace("_", "-")
        command += [flag] if value is True else [flag, str(value)]
    result = subprocess.run(command, env={**os.environ, **environment}, check=False,
                            capture_output=True, text=True, timeout=SECONDS * 10 + 120)
    if result.returncode != 0:
        raise rig.Failed(f"{' '.join(command)}: {result.stdout}{result.stderr}")
    return {"said": result.stderr.strip(),
            **json.loads(result.stdout.strip().splitlines()[-1])}


def cpu_us(pids, children=False):
    """User and system time of processes so far; of their ended children on request."""
    ticks = 0
    for pid in pids:
        with contextlib.suppress(FileNotFoundError), \
                open(f"/proc/{pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
            ticks += sum(map(int, fields[11:15] if children else fields[11:13]))
    return ticks * TICK_US


def idle_us():
    """Processor time that nobody has used since the machine started."""
    with open("/proc/stat", encoding="ascii") as file:
        fields = file.readline().split()
    return sum(map(int, fields[4:6])) * TICK_US  # idle, and waiting for the disk


def sync_ms(folder):
    """p50 and p99 of writing what a small commit writes into blocks that are there, and syncing
    it: a signature waits for two of them."""
    took, block = [], os.urandom(SYNC_BYTES)
    path = os.path.join(folder, "sync")
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        os.pwrite(fd, bytes(SYNC_BYTES * 64), 0)
        os.fsync(fd)
        for number in range(SYNC_TIMES):
            began = time.monotonic()
            os.pwrite(fd, block, number % 64 * SYNC_BYTES)
            os.fdatasync(fd)
            took.append((time.monotonic() - began) * 1000)
    finally:
        os.close(fd)
        os.unlink(path)
    took.sort()
    return took[SYNC_TIMES // 2], took[SYNC_TIMES * 99 // 100]


class Bench:
    """One key: its token, its gateway, and the figures so far."""

    def __init__(self, key):
        self.key = key
        self.rig = rig.Rig(os.path.join("bench", key), f"seal-demo:{key}")
        self.threads = {}  # path -> at how many threads it is fastest
        self.syncs = []  # (p50, p99) of the disk by itself, in ms; one a round
        self.values = {}  # path -> name -> list over the rounds
        # Two processes that log in to one SoftHSM token spoil it: the ceiling has a copy.
        shutil.copytree(self.rig.path("tokens"), self.rig.path("tokens-ceiling"))
        conf = self.rig.read("softhsm2.conf").replace(self.rig.path("tokens"),
                                                      self.rig.path("tokens-ceiling"))
        self.conf = {"SOFTHSM2_CONF": self.rig.write("ceiling.conf", conf)}
        self.id = json.loads(self.rig.read("seal-demo.json"))["id"]

    def ceiling(self, threads, module=MODULE, environment=None, **more):
        return program("ceiling", {
            "module": module, "token": "segel-demo", "pin_file": self.rig.path("pin"),
            "id": self.id, "type": self.key, "threads": threads, "seconds": SECONDS,
            **more}, {**self.conf, **(environment or {})})

    def load(self, mode, window, **more):
        return program("load", {
            "mode": mode, "home": self.rig.path("clients", "e-office"), "key": "seal-demo",
            "class": "surat_keterangan", "approval": "ND-2026/001",
            "profile": "pades-b-b", "hash": "sha256", "in_flight": window,
            "seconds": SECONDS, **more}, {})

    def note(self, path, **values):
        for name, value in values.items():
            self.values.setdefault(path, {}).setdefault(name, []).append(value)

    @staticmethod
    def rate(per_second, tops):
        """tops: of the token alone, without and with the check of each signature."""
        return {"per_second": per_second, "ratio": per_second / tops[0],
                "verified": per_second / tops[1]}

    def choose_threads(self):
        """Each loop runs at the number of threads at which it is fastest. The lane checks what
        it signs, so it gets as many as the token with that check."""
        with self.remote() as (_, where):
            for path, more in (("ceiling", {}), ("ceiling-verify", {"verify": True}),
                               ("p11-kit", {"module": REMOTE, "environment": where})):
                rates = {n: self.ceiling(n, **more)["per_second"] for n in THREADS}
                self.threads[path] = max(rates, key=rates.get)
        lane = self.threads["ceiling-verify"]
        conf = self.rig.read("segeld.yaml").replace("threads: 2", f"threads: {lane}")
        self.rig.write("segeld.yaml", conf)

    @contextlib.contextmanager
    def remote(self):
        """p11-kit's server on a socket, as the usual way to another process's token."""
        socket = self.rig.path("p11-kit.sock")
        server = subprocess.Popen(
            ["p11-kit", "server", "-f", "--provider", MODULE, "-n", socket,
             "pkcs11:token=segel-demo"], env={**os.environ, **self.conf},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            for _ in range(100):
                if os.path.exists(socket):
                    break
                time.sleep(0.05)
            yield server.pid, {"P11_KIT_SERVER_ADDRESS": f"unix:path={socket}"}
        finally:
            server.terminate()
            server.wait()

    def measure_token(self, single):
        """The three paths without gateway. single: microseconds of one call alone."""
        top = self.ceiling(self.threads["ceiling"])
        checked = self.ceiling(self.threads["ceiling-verify"], verify=True)
        tops = (top["per_second"], checked["per_second"])
        self.note("ceiling", **self.rate(top["per_second"], tops),
                  server_cpu_us=top["cpu_us"], added_p50_ms=0.0, added_p99_ms=0.0)
        alone = 1e6 / self.ceiling(1, verify=True)["per_second"]
        self.note("ceiling-verify", **self.rate(checked["per_second"], tops),
                  server_cpu_us=checked["cpu_us"], added_p50_ms=(alone - single) / 1000)
        with self.remote() as (pid, where):
            before = cpu_us([pid], children=True)
            far = self.ceiling(self.threads["p11-kit"], module=REMOTE, environment=where)
            time.sleep(REAPED_S)
            spent = cpu_us([pid], children=True) - before
            alone = 1e6 / self.ceiling(1, module=REMOTE, environment=where)["per_second"]
        self.note("p11-kit", **self.rate(far["per_second"], tops),
                  server_cpu_us=far["cpu_us"] + spent / (far["per_second"] * SECONDS),
                  added_p50_ms=(alone - single) / 1000)
        return tops

    def measure_gateway(self, pids, path, window, tops, single):
        before, rested, began = cpu_us(pids), idle_us(), time.monotonic()
        full = self.load(path, window)
        spent, rested = cpu_us(pids) - before, idle_us() - rested
        took_us = (time.monotonic() - began) * 1e6
        if full.get("errors"):
            raise rig.Failed(f"{path}: {full['errors']} calls failed: {full['said']}")
        half = self.load(path, window, rate=max(1, int(full["per_second"] / 2)))
        self.note(path, **self.rate(full["per_second"], tops),
                  server_cpu_us=spent / full["signed"],
                  idle=rested / (took_us * os.cpu_count()),
                  added_p50_ms=(half["p50_us"] - single) / 1000,
                  added_p99_ms=(half["p99_us"] - single) / 1000)

    def measure_crossing(self):
        """To a lane and back, without the token's work and the check of the signature."""
        crossing = program("ipc", {
            "program": os.path.join(rig.BIN, "segel-hsm"), "id": self.id,
            "module": os.path.join(rig.BUILD, "tests/fixtures/instant.so"),
            "conf": self.conf["SOFTHSM2_CONF"], "token": "segel-demo",
            "pin_file": self.rig.path("pin"), "in_flight": IPC_WINDOW,
            "threads": IPC_THREADS, "seconds": SECONDS}, {})
        self.note("lane IPC", per_second=crossing["per_second"],
                  server_cpu_us=crossing["crossing_us"])

    def measure(self):
        self.choose_threads()
        with self.rig.gateway() as gateway:
            pid = gateway.process.pid
            with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
                pids = [pid, *map(int, file.read().split())]
            for number in range(ROUNDS):
                print(f"  {self.key}: round {number + 1} of {ROUNDS}", flush=True)
                single = 1e6 / self.ceiling(1)["per_second"]
                self.syncs.append(sync_ms(self.rig.dir))
                tops = self.measure_token(single)
                self.measure_gateway(pids, "stream", STREAM_WINDOW, tops, single)
                self.measure_gateway(pids, "unary", UNARY_WINDOW, tops, single)
                if self.key == IPC_KEY:
                    self.measure_crossing()

    def rows(self):
        """What was not measured is null: a loop knows its mean, not its slowest calls."""
        for path, values in self.values.items():
            row = {"key": self.key, "path": path}
            for name in COLUMNS[1:]:
                row[name] = (round(statistics.median(values[name]), 4)
                             if name in values else None)
            yield row


def cell(value, width, places, unit=""):
    """What was not measured is a dash."""
    text = "–" if value is None else f"{value:.{places}f}{unit}"
    return f"{text:>{width}}"


def show(rows, threads, syncs):
    print(f"\n{'key':10}{'path':16}{'a second':>10}{'ratio':>8}{'verified':>10}{'CPU µs':>9}"
          f"{'idle':>7}{'added p50':>12}{'added p99':>12}")
    for row in rows:
        cpu_us_each, idle = row["server_cpu_us"], row["idle"]
        print("".join([
            f"{row['key']:10}{row['path']:16}{row['per_second']:10.0f}",
            cell(row["ratio"], 8, 3), cell(row["verified"], 10, 3),
            cell(cpu_us_each, 9, 0 if cpu_us_each >= 20 else 1),
            cell(idle if idle is None else idle * 100, 7, 0, " %"),
            *(cell(row[n], 12, 2, " ms") for n in COLUMNS[6:])]))
    print(f"""
{ROUNDS} rounds of {SECONDS:g} s a measurement; medians. Threads, each path's best: """
          + "; ".join(f"{key} " + ", ".join(f"{n} ({path})" for path, n in counts.items())
                      for key, counts in threads.items()) + f""".
ratio: to the ceiling of the same round; verified: to ceiling-verify. CPU: of the token's
process, for stream and unary of segeld and its lane, a signature; for lane IPC of both, for
the crossing alone ({IPC_WINDOW} jobs in flight, {IPC_THREADS} threads). idle: of all
processors meanwhile. added: latency at half the load, less one call to the token alone; two
syncs are in it, for each of which the disk by itself took {syncs[0]:.2f} ms (p50) and
{syncs[1]:.2f} ms (p99). Client, gateway and token share this machine's {os.cpu_count()} cores.""")


def main():
    rows, threads, syncs = [], {}, []
    for key in KEYS:
        bench = Bench(key)
        bench.measure()
        rows += bench.rows()
        threads[key] = bench.threads
        syncs += bench.syncs
    sync = [round(statistics.median(column), 3) for column in zip(*syncs)]
    show(rows, threads, sync)
    path = os.path.join(rig.BUILD, "bench.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"rows": rows, "sync_ms": {"p50": sync[0], "p99": sync[1]}}, file, indent=1)
        file.write("\n")
    print(f"Written to {os.path.relpath(path)}.")


if __name__ == "__main__":
    try:
        main()
    except rig.Failed as failed:
        sys.exit(f"bench: {failed}")
