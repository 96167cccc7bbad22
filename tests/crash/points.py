"""The gateway dies at each system call in turn: strace kills it as it enters the Nth of a
kind, counted for each thread by itself, for every N until there is none. Afterwards a
restart needs no help, and the log holds what was told."""
import collections
import contextlib
import os
import random
import signal
import subprocess
import threading
import time

from script import Scene, rig
from figures import Progress  # script has said where it is

CALLS = ("pwrite64", "fdatasync", "ftruncate", "unlink", "rename", "renameat2", "sendto",
         "sendmsg", "write")
WORKERS = 4
WANTED_DEATHS = 0.9  # calls differ a little from run to run
ATTACH_S = 20
# "start" begins with the ledger that a killed gateway left, "first start" with none.
PHASES = ("first start", "start", "work")
START_THREAD = 0  # the only one that there is then
TRACED = {"ASAN_OPTIONS": "detect_leaks=0"}  # it cannot under strace


class Report:
    def __init__(self):
        self.killed, self.tried, self.expected = collections.Counter(), 0, 0
        self.faults, self.lock = [], threading.Lock()


# --- strace ------------------------------------------------------------------------------

def options_of(call, number):
    return ["-e", f"trace={call}", "-e", f"inject={call}:signal=SIGKILL:when={number}"]


def attach(thread, *options, out="/dev/null"):
    """strace on one thread, once it says that it has it."""
    tracer = subprocess.Popen(["strace", "-o", out, *options, "-p", str(thread)],
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE)
    os.set_blocking(tracer.stderr.fileno(), False)
    said, end = b"", time.monotonic() + ATTACH_S
    while b" attached" not in said:
        if time.monotonic() > end or tracer.poll() is not None:
            detach(tracer)
            raise rig.Failed(f"strace could not attach: {said.decode()}")
        time.sleep(0.005)
        said += tracer.stderr.read() or b""
    return tracer


def detach(tracer):
    with contextlib.suppress(ProcessLookupError):
        tracer.terminate()
    try:
        tracer.wait(timeout=10)
    except subprocess.TimeoutExpired:
        tracer.kill()
        tracer.wait()
    tracer.stderr.close()


def threads_of(gateway):
    """In the order in which they were made: the first is the core's."""
    return sorted(int(t) for t in os.listdir(f"/proc/{gateway.process.pid}/task"))


# --- One point -----------------------------------------------------------------------------

def die_at_work(scene, thread, call, number):
    scene.fresh()
    with scene.run(TRACED) as gateway:
        rig.expect(scene.ready(), f"it does not start: {gateway.text()[-400:]}")
        tracer = attach(threads_of(gateway)[thread], *options_of(call, number))
        try:
            code, _ = scene.work(gateway)
        finally:
            detach(tracer)
    return code


def die_at_start(scene, phase, call, number):
    """-D: strace is no parent in between. Without -f no lane is traced."""
    scene.fresh(phase == "start")
    program = [os.path.join(rig.BIN, "segeld"), "--config", scene.config]
    command = ["strace", "-D", "-qq", "-o", "/dev/null", *options_of(call, number), *program]
    with scene.run(TRACED, command) as gateway:
        return gateway.stop(signal.SIGTERM) if scene.ready() else gateway.wait_end(20)


def try_point(scene, point, report):
    """False: it was not killed, so there is no such call."""
    phase, thread, call, number = point
    code = (die_at_work(scene, thread, call, number) if phase == "work"
            else die_at_start(scene, phase, call, number))
    with report.lock:
        report.tried += 1
    if code == 0:
        return False
    faults = scene.restart() if code == -signal.SIGKILL else [f"it ended with {code}"]
    with report.lock:
        report.killed[phase, call] += 1
        report.faults += [f"{phase}, thread {thread}, {call} {number}: {f}"
                          for f in faults[:3]]
    return True


# --- All points ----------------------------------------------------------------------------

def count_start(scene, phase):
    scene.fresh(phase == "start")
    trace = scene.rig.path("trace")
    program = [os.path.join(rig.BIN, "segeld"), "--config", scene.config]
    command = ["strace", "-D", "-qq", "-o", trace, "-e", f"trace={','.join(CALLS)}", *program]
    with scene.run(TRACED, command) as gateway:
        rig.expect(scene.ready(), f"it does not start: {gateway.text()[-400:]}")
        gateway.stop()
    return {START_THREAD: count_lines(trace)}


def count_work(scene):
    scene.fresh()
    with scene.run(TRACED) as gateway:
        rig.expect(scene.ready(), "it does not start")
        threads, tracers = threads_of(gateway), []
        files = [scene.rig.path(f"trace-{i}") for i in range(len(threads))]
        try:
            for thread, file in zip(threads, files):
                tracers.append(attach(thread, "-e", f"trace={','.join(CALLS)}", out=file))
            code, done = scene.work(gateway)
        finally:
            for tracer in tracers:
                detach(tracer)
        rig.expect(code == 0 and done, f"the script does not work when traced: {code}")
    return {i: count_lines(file) for i, file in enumerate(files)}


def count_lines(trace):
    with open(trace, encoding="utf-8", errors="replace") as file:
        return collections.Counter(line.split("(")[0] for line in file)


class Points:
    """Hands out every point; a sequence ends when one of it killed nobody. Calls differ a
    little from run to run: what was counted is where the sampling ends, not the sweep."""

    def __init__(self, scene, sample, seed):
        self.counts = {(phase, thread, call): found[call] for phase in PHASES
                       for thread, found in (count_work(scene) if phase == "work" else
                                             count_start(scene, phase)).items()
                       for call in CALLS}
        self.total = sum(self.counts.values())
        self.next, self.ended = collections.Counter(), set()
        self.chosen = self.choose(sample, seed) if sample else None

    def choose(self, sample, seed):
        """One of each sequence, and others by chance."""
        dice = random.Random(seed)
        points = [(*key, n) for key, count in self.counts.items() for n in range(1, count + 1)]
        dice.shuffle(points)
        firsts = {p[:3]: p for p in points}
        chosen = list(firsts.values()) + [p for p in points if p not in firsts.values()]
        return chosen[:max(sample, 0)]

    def take(self):
        if self.chosen is not None:
            return self.chosen.pop() if self.chosen else None
        for key in self.counts:
            if key not in self.ended:
                self.next[key] += 1
                return (*key, self.next[key])
        return None

    def end(self, point):
        """Nobody was killed by it. Below what was counted that may be chance."""
        if point[3] >= self.counts[point[:3]]:
            self.ended.add(point[:3])


def work(scene, points, report, progress):
    while True:
        with report.lock:
            point = points.take()
        if point is None:
            return
        try:
            if not try_point(scene, point, report):
                with report.lock:
                    points.end(point)
        except Exception as error:  # nobody would hear of a thread that died
            with report.lock:
                report.faults.append(f"{point}: {error!r}")
            if len(report.faults) > 100:
                return
        with report.lock:
            progress.step(f"{len(report.faults)} faults")


def run(sample=0, seed=1, name="points", workers=WORKERS):
    report, scenes = Report(), [Scene(f"{name}-{i}") for i in range(workers)]
    for scene in scenes:
        scene.prepare()
    points = Points(scenes[0], sample, seed)
    progress = Progress("crash points", sample or points.total)
    threads = [threading.Thread(target=work, args=(s, points, report, progress))
               for s in scenes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    report.expected = sample or points.total
    return report


def note(report, figures):
    for (phase, call), count in sorted(report.killed.items()):
        figures.note(f"points: died in {phase} at {call}", "-", str(count), None)
    killed, wanted = sum(report.killed.values()), int(report.expected * WANTED_DEATHS)
    figures.note("points: died, of those counted beforehand", f"at least {wanted}",
                 f"{killed} of {report.expected}, in {report.tried} runs",
                 killed >= wanted > 0)
    figures.exactly("points: violations", 0, len(report.faults))
    for fault in report.faults[:20]:
        print(f"  points: {fault}")
