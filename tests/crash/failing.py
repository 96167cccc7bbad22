"""A disk that fails at each call of the ledger in turn, in each way there is: nothing that
was told is lost, signing stops at once, and a restart needs no help."""
import collections
import random
import threading

from script import CALLS, HEALTH, Scene, rig
from figures import Progress  # script has said where it is

# A fault at each number of these calls. "torn": half is written, then there is no room for
# anything any more.
WAYS = {"pwrite": ("enospc", "eio", "short", "torn"), "fdatasync": ("eio", "enospc"),
        "ftruncate": ("eio",), "unlink": ("eio",)}
# What SQLite may go on after: it writes the rest of what was written half, and a file that
# stays longer than it must be, or stays, or serves as memory only, holds nothing wrong.
# SQLite does not look at the sync of the folder ("/"); Segel syncs it again.
HARMLESS_WAYS, HARMLESS_CALLS = ("short",), ("ftruncate", "unlink")
HARMLESS_FILES = ("-shm", "/")
PHASES = ("first start", "work")
WORKERS = 4
WANTED_HITS = 0.9  # calls differ a little from run to run


class Report:
    def __init__(self):
        self.met, self.ends = collections.Counter(), collections.Counter()
        self.files, self.faults = collections.Counter(), []
        self.untold = 0  # watchers who did not hear of it before the end
        self.expected = 0
        self.lock = threading.Lock()


def must_stop(call, way, where):
    return not (way in HARMLESS_WAYS or call in HARMLESS_CALLS or where in HARMLESS_FILES)


def sentences(gateway, ready):
    """What is wrong with what it said of the failure."""
    fatal = [e["why"] for e in gateway.find("fatal")]
    failed = [e["why"] for e in gateway.find("ledger.failed")]
    if len(fatal) != 1 or "ledger" not in fatal[0]:
        yield f"it ended with the words {fatal}"
    if ready and (len(failed) != 1 or "SQLite" not in failed[0]):
        yield f"of the ledger it said {failed}"


def judge_end(scene, gateway, case, code, done, report):
    """The gateway has ended, in one of the ways that it may."""
    (phase, call, way, _), (_, met, where) = case, scene.state()
    ready = scene.ready()
    if not met:
        return
    report.files[where] += 1
    stopped = code == 1
    if stopped:
        report.ends["stopped" if ready else "did not start"] += 1
        yield from sentences(gateway, ready)
        report.untold += ready and phase == "work" and scene.told != HEALTH
    elif code == 0 and done:
        ended = bool(gateway.find("ended"))
        report.ends["went on"] += 1
        if must_stop(call, way, where) and not scene.ending:
            yield f"it went on after {way} on {where}"
        if not ended:
            yield "it did not end in order"
    else:
        yield f"it ended with {code}: {gateway.text()[-400:]}"


def try_case(scene, case, report):
    """False: there is no such call any more."""
    phase, call, way, number = case
    scene.fresh(phase == "work")
    code, done = None, True
    with scene.run(scene.environment(f"{call}@{number}={way}")) as gateway:
        if not scene.ready():
            code = gateway.wait_end(10)
        elif phase == "work":
            code, done = scene.work(gateway)
        else:
            done = scene.play(gateway, (1, "deny"))
            code = scene.end(done)
        faults = list(judge_end(scene, gateway, case, code, done, report))
    if not scene.state()[1]:
        return False
    faults += [f"after a power cut: {f}" for f in scene.mirrored()] + scene.restart()
    with report.lock:
        report.met[call, way] += 1
        report.faults += [f"{phase}, {call} {number} {way}: {f}" for f in faults[:3]]
    return True


def count_calls(scene, phase):
    """How often each call is made when nothing fails."""
    scene.fresh(phase == "work")
    with scene.run(scene.environment()) as gateway:
        rig.expect(scene.ready(), "it does not start")
        if phase == "work":
            scene.work(gateway)
        else:
            scene.play(gateway, (1, "deny"))
            gateway.stop()
    return scene.state()[0]


def all_cases(scene):
    """Some more than there were: what is met is known afterwards."""
    for phase in PHASES:
        counts = count_calls(scene, phase)
        for call in CALLS:
            for way in WAYS[call]:
                for number in range(1, counts[call] + 1):
                    yield phase, call, way, number


def work(scene, cases, report, progress):
    while True:
        with report.lock:
            if not cases:
                return
            case = cases.pop()
        try:
            try_case(scene, case, report)
        except Exception as error:  # nobody would hear of a thread that died
            with report.lock:
                report.faults.append(f"{case}: {error!r}")
        with report.lock:
            progress.step(f"{len(report.faults)} faults")


def run(sample=0, seed=1, name="failing-disk", workers=WORKERS, only=lambda case: True):
    """sample: so many of the cases, at least one of each way; 0: all. only: which ones."""
    report, scenes = Report(), [Scene(f"{name}-{i}") for i in range(workers)]
    for scene in scenes:
        scene.prepare()
    cases = [c for c in all_cases(scenes[0]) if only(c)]
    random.Random(seed).shuffle(cases)
    if sample:
        firsts = {(c[0], c[1], c[2]): c for c in cases}
        cases = (list(firsts.values()) + cases)[:max(sample, len(firsts))]
    report.expected = len(cases)
    progress = Progress("failing disk", len(cases))
    threads = [threading.Thread(target=work, args=(s, cases, report, progress))
               for s in scenes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return report


def note(report, figures):
    for (call, way), count in sorted(report.met.items()):
        figures.note(f"disk: {call} fails, {way}: calls hit", "some", str(count), count > 0)
    hits, wanted = sum(report.met.values()), int(report.expected * WANTED_HITS)
    figures.note("disk: calls hit, of those counted beforehand", f"at least {wanted}",
                 f"{hits} of {report.expected}", hits >= wanted > 0)
    figures.note("disk: the gateway stopped / did not start / went on", "-", " / ".join(
        str(report.ends[e]) for e in ("stopped", "did not start", "went on")), None)
    figures.note("disk: files hit", "-", ", ".join(
        f"{n} {c}" for n, c in sorted(report.files.items())), None)
    figures.exactly("disk: watchers of health that were not told before the end", 0,
                    report.untold)
    figures.exactly("disk: violations", 0, len(report.faults))
    for fault in report.faults[:20]:
        print(f"  disk: {fault}")
