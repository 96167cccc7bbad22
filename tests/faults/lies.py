"""A module that gives wrong signatures, now and then, under load: none gets out."""
import collections
import threading
import time

from figures import Progress
from ground import UNAVAILABLE, Ground, Job, Load, rig

WORDS = {"flip": "C_Sign", "short": "C_Sign", "long": "C_Sign", "garbage": "C_Sign",
         "wrongkey": "C_SignInit"}
PER_CENT = 4


class Lies:
    def __init__(self):
        self.met, self.codes = collections.Counter(), collections.Counter()
        self.released, self.wrong, self.problems = 0, [], []


def one_by_one(ground, client, report, progress):
    """Each word once, so that none is left out by chance; each must be found out."""
    for word, call in WORDS.items():
        mark = ground.mark()
        ground.schedule(f"{call}@1={word}")
        job = Job(ground, client).until_signed(10)
        ground.wait_fault(mark)
        ground.schedule("")
        report.released += 1
        report.wrong += [f for f in [job.fault()] if f]
        if UNAVAILABLE not in job.codes:
            report.problems.append(f"{word} made no wrong signature, or nobody noticed")
        progress.step(word)


def by_chance(ground, gateway, seconds, report):
    ground.schedule(" ".join(f"{c}%{PER_CENT}={w}" for w, c in WORDS.items()))
    with Load(ground, gateway, pause=0.002) as load:
        time.sleep(seconds)
        ground.schedule("")
    report.released += len(load.got)
    report.wrong += load.wrong
    report.codes += load.codes
    report.problems += load.stuck


def work(ground, seconds, report, lock, progress):
    mine = Lies()
    try:
        mark = ground.mark()
        with ground.gateway() as gateway:
            one_by_one(ground, rig.Client(gateway, "e-office"), mine, progress)
            by_chance(ground, gateway, seconds, mine)
            progress.step("by chance")
        mine.met.update(c.fault for c in ground.calls(mark) if c.fault != "-")
    except Exception as error:  # nobody would hear of a thread that died
        mine.problems.append(repr(error))
    with lock:
        report.met += mine.met
        report.codes += mine.codes
        report.released += mine.released
        report.wrong += mine.wrong
        report.problems += mine.problems


def run(seconds, name="lies"):
    """With an RSA key, where a broken signature gives the key away, and with one on a
    curve. Beside each the token has another key of its type, to be taken by mistake."""
    report, lock = Lies(), threading.Lock()
    grounds = [Ground(f"{name}-{kind}", kind, spare=True) for kind in ("rsa-2048", "p-256")]
    progress = Progress("lies", len(grounds) * (len(WORDS) + 1))
    threads = [threading.Thread(target=work, args=(g, seconds, report, lock, progress))
               for g in grounds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return report


def note(report, figures):
    met = ", ".join(f"{report.met[w]} {w}" for w in WORDS)
    figures.note("wrong signatures made by the module", "each kind", met,
                 all(report.met[w] for w in WORDS))
    figures.exactly(f"wrong signatures released, of {report.released}", 0,
                    len(report.wrong))
    figures.exactly("lies: jobs never signed, or broken off", 0, len(report.problems))
    for problem in report.wrong + report.problems:
        print(f"  lies: {problem}")
