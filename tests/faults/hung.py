"""C_Sign that never comes back: how long until the lane is killed, and what another lane
feels of it."""
import json
import os
import queue
import statistics
import subprocess
import threading
import time

from figures import Progress
from ground import SECOND_KEY, Ground, Job, moment_of, rig, told, wait_told

KILL_S, GROWTH = 2.0, 0.20
WINDOW_S, RATE, WORK = 2.4, 200, 24


class Neighbour:
    """A steady load on the other lane, from a process of its own; the same program as in
    the benchmarks. Measures from its start to its end."""

    def __init__(self, ground):
        self.process = subprocess.Popen(
            [os.path.join(rig.BUILD, "tests/bench/load"), "--mode", "unary", "--home",
             ground.rig.path("clients", "e-office"), "--key", SECOND_KEY, "--class",
             "surat_keterangan", "--approval", "ND-2026/001", "--profile", "pades-b-b",
             "--hash", "sha256", "--in-flight", "16", "--rate", str(RATE), "--seconds",
             str(WINDOW_S)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def end(self):
        out, complaints = self.process.communicate(timeout=60)
        rig.expect(self.process.returncode == 0, f"load: {out}{complaints}")
        return json.loads(out.strip().splitlines()[-1])


class Hang:
    """One round: a quiet window, then one with a hung call in it."""

    def __init__(self):
        self.kill = self.respawn = None
        self.quiet = self.during = None
        self.problems = []

    def run(self, ground, gateway, client):
        for _ in range(WORK):  # a lane that never worked may be started more slowly
            Job(ground, client).until_signed(10)
        self.quiet = Neighbour(ground).end()
        downs, ups = len(told(gateway, "lane.down")), len(told(gateway, "lane.up"))
        neighbour = Neighbour(ground)
        time.sleep(0.05)
        ground.schedule("C_Sign@1=hang")
        job = Job(ground, client).send()
        down = moment_of(wait_told(gateway, "lane.down", downs + 1, 10))
        up = moment_of(wait_told(gateway, "lane.up", ups + 1, 10))
        self.kill, self.respawn = down - job.sent, up - down
        self.during = neighbour.end()
        if job.wait():
            self.problems.append("the hung job was answered with a signature")
        job.until_signed(10)
        if job.fault():
            self.problems.append(job.fault())
        errors = self.quiet["errors"] + self.during["errors"]
        if errors:
            self.problems.append(f"{errors} jobs of the other lane failed")


def live(ground, mine, todo, progress):
    with ground.gateway() as gateway:
        client = rig.Client(gateway, "e-office")
        while True:
            try:
                todo.get_nowait()
            except queue.Empty:
                return
            mine.append(Hang())
            mine[-1].run(ground, gateway, client)
            progress.step()


def work(ground, rounds, todo, progress):
    """What breaks off is a problem of the round that it comes in, of one more before the
    first: nobody would hear of a thread that died."""
    mine = []
    try:
        live(ground, mine, todo, progress)
    except Exception as error:
        mine = mine or [Hang()]
        mine[-1].problems.append(repr(error))
    rounds += mine


def run(count, name="hung"):
    """Two gateways side by side, each with two lanes."""
    todo, progress, rounds = queue.Queue(), Progress("hung calls", count), []
    for _ in range(count):
        todo.put(None)
    grounds = [Ground(f"{name}-{i}", second=True) for i in (1, 2)]
    threads = [threading.Thread(target=work, args=(g, rounds, todo, progress))
               for g in grounds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return rounds


def p99(figures):
    return statistics.median(f["p99_us"] for f in figures) / 1000


def note(count, rounds, figures):
    whole = [r for r in rounds if r.during is not None]
    figures.exactly("hung calls: rounds", count, len(whole))
    figures.at_most("hung call: from the job to the lane's kill", KILL_S,
                    [r.kill for r in whole], "s")
    figures.note("hung call: from the kill to a new lane", "-", "median %.0f ms" % (
        1000 * statistics.median(r.respawn for r in whole)) if whole else "-", None)
    figures.exactly("hung calls: rounds with a broken rule", 0,
                    len([r for r in rounds if r.problems]))
    if whole:
        before, during = p99([r.quiet for r in whole]), p99([r.during for r in whole])
        figures.note("the other lane's p99, median of windows", f"grows < {GROWTH:.0%}",
                     f"{before:.2f} ms, then {during:.2f} ms ({during / before - 1:+.0%})",
                     during < before * (1 + GROWTH))
    for each in rounds:
        for problem in each.problems:
            print(f"  hung: {problem}")
