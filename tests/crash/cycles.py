"""Kills segeld, its lane and its clients at random moments under load, starts them again
with the same ledger, and holds what the clients saw against the log."""
import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[1:1] = [os.path.join(HERE, "../system"), os.path.join(HERE, "../faults")]
import history  # noqa: E402
import judge  # noqa: E402
import mandated  # noqa: E402
import oracle  # noqa: E402
import rig  # noqa: E402
from figures import Progress  # noqa: E402

CLIENTS = 2
# Who is killed, and how often. "start": the gateway, and once more while it starts.
VICTIMS = {"segeld": 40, "segel-hsm": 20, "client": 15, "segeld and client": 15, "start": 10}
LONGEST_LOAD_S, LONGEST_START_S, STUCK_S = 0.25, 0.06, 10
WANTED_HITS, WANTED_INTERRUPTED = 0.6, 0.1


class Report:
    def __init__(self):
        self.kills, self.hits = {name: 0 for name in VICTIMS}, 0
        self.problems, self.faults, self.cycles, self.seconds = [], [], 0, 0.0
        self.counts = self.again = None
        self.interrupted = 0  # cycles at whose kill an INTENT had no outcome yet
        self.log_bytes = 0

    def killed(self):
        return sum(self.kills.values())


class Town:
    """The gateway, and clients who ask all the time, each in a process of its own."""

    def __init__(self, name, seed=1, configure=lambda r: None):
        self.rig = rig.Rig(name, f"{oracle.KEY}:p-256")
        self.seed, self.dice = seed, random.Random(seed)
        self.histories = self.rig.path("history")
        os.mkdir(self.histories)
        self.people = None
        self.config = configure(self.rig)
        self.environment = {}
        self.ledger = self.rig.path("ledger.db")
        self.gateway = self.nursery = None
        self.starts = []  # when each gateway was started
        self.clients, self.lives = {}, [0] * CLIENTS

    def __enter__(self):
        self.nursery = subprocess.Popen(
            [sys.executable, "-B", os.path.join(HERE, "client.py"), self.rig.dir],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *_):
        self.nursery.kill()  # and all clients with it
        self.nursery.wait()
        self.nursery.stdin.close()
        self.nursery.stdout.close()
        if self.gateway is not None:
            self.gateway.stop(signal.SIGKILL)

    def start_gateway(self):
        self.starts.append(time.monotonic())
        self.gateway = rig.Gateway(self.rig, self.config or self.rig.conf, self.environment)

    def start_client(self, slot):
        self.nursery.stdin.write(f"{slot} {self.lives[slot]} {self.seed}\n")
        self.nursery.stdin.flush()
        self.clients[slot] = int(self.nursery.stdout.readline())
        self.lives[slot] += 1

    def up(self):
        self.start_gateway()
        self.gateway.wait_ready()
        granted = mandated.grant(self.people, self.gateway) if self.people else ""
        self.rig.write("mandate", granted)
        for slot in range(CLIENTS):
            self.start_client(slot)

    # --- Kills ------------------------------------------------------------------------

    def kill_gateway(self):
        """False: it was dead already, which it must not be."""
        return self.gateway.stop(signal.SIGKILL) == -signal.SIGKILL

    def kill_lane(self):
        pid = self.gateway.process.pid
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            lanes = [int(p) for p in file.read().split()]
        for lane in lanes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(lane, signal.SIGKILL)
        return bool(lanes)

    def kill_client(self):
        slot = self.dice.randrange(CLIENTS)
        try:
            os.kill(self.clients[slot], signal.SIGKILL)
        except ProcessLookupError:
            return False
        self.start_client(slot)
        return True

    def kill_start(self):
        """Again and again, at the start that follows."""
        self.start_gateway()
        time.sleep(self.dice.uniform(0, LONGEST_START_S))
        return self.kill_gateway()


class Pulse:
    """Whether the clients get answers, and what they wait for."""

    def __init__(self, folder):
        self.reader, self.asked, self.answers = history.Reader(folder), {}, 0

    def beat(self):
        for client, event in self.reader.news():
            if "ask" in event:
                self.asked[client, event["ask"]] = event["at"]
            elif "got" in event:
                self.asked.pop((client, event["got"]), None)
                self.answers += any("log" in a for a in event["answers"])
            elif "lost" in event:
                self.asked.pop((client, event["lost"]), None)

    def wait(self):
        """Until somebody has an answer that he did not have before."""
        before, end = self.answers, time.monotonic() + STUCK_S
        while self.answers == before:
            rig.expect(time.monotonic() < end, f"nobody got an answer in {STUCK_S} s")
            time.sleep(0.005)
            self.beat()


def strike(town, victim):
    """Returns what was not there to be killed; the gateway is up again afterwards."""
    missed = []
    if victim == "segel-hsm":
        missed += [] if town.kill_lane() else ["segel-hsm"]
    if "segeld" in victim or victim == "start":
        missed += [] if town.kill_gateway() else ["segeld"]
    if "client" in victim:
        missed += [] if town.kill_client() else ["client"]
    if victim == "start":
        missed += [] if town.kill_start() else ["segeld at its start"]
    if "segeld" in victim or victim == "start":
        town.start_gateway()
        town.gateway.wait_ready()
    return missed


def cycle(town, pulse, judged, reader, report, victims=None):
    victims = victims or VICTIMS
    victim = town.dice.choices(list(victims), victims.values())[0]
    pulse.wait()
    time.sleep(town.dice.uniform(0, LONGEST_LOAD_S))
    before, moment = judged.counts.interrupted, time.monotonic()
    missed = strike(town, victim)
    pulse.beat()
    events = judged.look(town.ledger, reader)
    # Under way at the kill: asked before it, and not answered before it.
    waiting = [at for at in pulse.asked.values() if at < moment] + [
        1 for _, e in events if ("got" in e or "lost" in e) and e["at"] > moment]
    report.kills[victim] += not missed
    report.hits += bool(waiting) and not missed
    report.interrupted += judged.counts.interrupted > before
    report.problems += [f"{what} had ended by itself" for what in missed]
    report.cycles += 1


def judge_all(town, report):
    """Everything once more from its beginning, and by `segel log verify`."""
    code = town.gateway.stop()
    if code != 0:
        report.problems.append(f"segeld ended with {code}")
    whole = report.again = oracle.of(town.rig, judge)
    whole.starts = town.starts
    with whole.ledger(town.ledger) as base:
        whole.read_log(base)
        whole.hold(history.Reader(town.histories).news(), base)
    whole.end(town.ledger)
    town.start_gateway()
    town.gateway.wait_ready()
    verified = town.rig.segel("reviewer", "log", "verify")
    if verified.returncode != 0:
        report.problems.append(f"segel log verify: {verified.stdout}{verified.stderr}")
    town.gateway.stop()


def stop_clients(town):
    for pid in town.clients.values():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def run(count, seed=1, name="crash", keep=False):
    """keep: the histories stay there, even when all is well."""
    report, started = Report(), time.monotonic()
    progress = Progress("kill -9", count)
    with Town(name, seed) as town:
        town.people, town.config = mandated.officers(town.rig)
        judged = oracle.of(town.rig, judge)
        judged.starts = town.starts
        reader, pulse = history.Reader(town.histories), Pulse(town.histories)
        town.up()
        for _ in range(count):
            try:
                cycle(town, pulse, judged, reader, report)
            except rig.Failed as failed:
                report.problems.append(str(failed))
                break
            progress.step(f"{len(judged.faults)} faults, {judged.tree.size} records")
            if len(judged.faults) > oracle.SHOWN:
                break
        stop_clients(town)
        report.counts, report.faults = judged.counts, judged.faults
        judged = None  # of a long run it is large
        judge_all(town, report)
        report.log_bytes = oracle.sizes_of(town.rig.dir)
        if not (keep or report.faults or report.problems or report.again.faults):
            shutil.rmtree(town.histories)
    report.seconds = time.monotonic() - started
    return report


def note(count, report, figures):
    counts = report.again.counts
    figures.exactly("kill -9: cycles", count, report.cycles)
    figures.note("of which: " + ", ".join(f"{n} {v}" for n, v in report.kills.items()), "-",
                 f"{report.seconds / max(report.cycles, 1):.2f} s each", None)
    figures.exactly("cycles that killed nothing", 0, report.cycles - report.killed())
    wanted = int(report.cycles * WANTED_HITS)
    figures.note("cycles that struck while a client waited for an answer",
                 f"at least {wanted}", str(report.hits), report.hits >= wanted)
    wanted = int(report.cycles * WANTED_INTERRUPTED)
    figures.note("cycles that struck between an INTENT and its outcome",
                 f"at least {wanted}", str(report.interrupted), report.interrupted >= wanted)
    figures.note("INTENTs closed as indeterminate by a start / by the loss of a lane", "-",
                 f"{counts.interrupted} / {counts.uncertain - counts.interrupted}", None)
    figures.note("answers held against the log: signed, refused, conflicts", "some",
                 f"{counts.answers[oracle.SIGNED]}, {counts.answers[oracle.DENIED]}, "
                 f"{counts.answers[oracle.EXISTS]}",
                 min(counts.answers[c] for c in (oracle.SIGNED, oracle.DENIED)) > 0)
    figures.note("answers given again, the same bytes / by a later gateway", "some",
                 f"{counts.kept} / {counts.kept_over}", counts.kept_over > 0)
    figures.note("records, checkpoints, bytes of the ledger", "-",
                 f"{report.again.tree.size}, {counts.checkpoints}, {report.log_bytes}", None)
    figures.exactly("violations found after the cycles", 0, len(report.faults))
    figures.exactly("violations found at the end, over everything", 0,
                    len(report.again.faults))
    figures.exactly("kill -9: other problems", 0, len(report.problems))
    for problem in (report.faults + report.again.faults)[:oracle.SHOWN] + report.problems:
        print(f"  kill -9: {problem}")
