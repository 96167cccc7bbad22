"""The module crashes under load, again and again: the lane comes back, nothing that was
acknowledged is missing, and nothing is signed twice."""
import collections
import hashlib
import random
import time

from figures import Progress
from ground import UNAVAILABLE, Ground, Load, moment_of, rig, told, wait_told

WORDS = ("segv", "abort", "kill")
RESPAWN_S, BACK_S = 0.1, 10
# A lane does some work before it dies: one that dies at once again and again may be started
# more slowly.
CALLS_BETWEEN = 30, 60


class Crashes:
    def __init__(self):
        self.respawns, self.problems, self.words = [], [], collections.Counter()
        self.jobs = self.refused = self.missing = self.twice = self.wrong = 0


def crash(ground, gateway, word, dice, report):
    downs, ups = len(told(gateway, "lane.down")), len(told(gateway, "lane.up"))
    mark = ground.mark()
    ground.schedule(f"C_Sign@{dice.randint(*CALLS_BETWEEN)}={word}")
    died = ground.wait_fault(mark, BACK_S)
    wait_told(gateway, "lane.down", downs + 1, BACK_S)
    up = wait_told(gateway, "lane.up", ups + 1, BACK_S)
    report.respawns.append(moment_of(up) - died.seconds)
    report.words[word] += 1


def hold_against_log(ground, got, report):
    """got: (request id, decision, index, leaf hash) of every signature that came back."""
    leaves, decisions, signed = {}, {}, collections.Counter()
    for index, record in ground.leaves():
        leaves[index] = (hashlib.sha256(b"\0" + record).digest(), record)
    for index, record in ground.rows():
        if record["type"] == "intent":
            decisions[record["decision_id"]] = record["job"]
        elif record["type"] == "outcome" and record["outcome"] == "signed":
            signed[decisions[record["decision_id"]]] += 1
    for name, decision, index, leaf in got:
        found = leaves.get(index, (b"", b""))
        if found[0] != leaf or decision.encode() not in found[1]:
            report.missing += 1
    report.twice = len([n for n, count in signed.items() if count > 1])


def run(count, name="crashes", seed=1):
    report, dice = Crashes(), random.Random(seed)
    ground, progress = Ground(name), Progress("crashes", count)
    with ground.gateway() as gateway:
        with Load(ground, gateway) as load:
            time.sleep(0.2)
            for number in range(count):
                try:
                    crash(ground, gateway, WORDS[number % len(WORDS)], dice, report)
                except rig.Failed as failed:
                    report.problems.append(str(failed))
                    break
                progress.step()
            ground.schedule("")
    report.jobs, report.wrong = len(load.got), len(load.wrong)
    report.refused = sum(load.codes.values())
    others = [c.name for c in load.codes if c != UNAVAILABLE]
    report.problems += load.stuck + [f"answered {name}" for name in others]
    hold_against_log(ground, load.got, report)
    return report


def note(count, report, figures):
    figures.exactly("crashes under load", count, len(report.respawns))
    figures.at_most("crash: until a new lane is up", RESPAWN_S, report.respawns, "s")
    figures.note("crashes: jobs signed / refused UNAVAILABLE on the way", "-",
                 f"{report.jobs} / {report.refused}", None)
    figures.exactly("crashes: jobs not signed when asked again, or other answers", 0,
                    len(report.problems))
    figures.exactly("crashes: acknowledged, but not on the log", 0, report.missing)
    figures.exactly("crashes: ids signed twice", 0, report.twice)
    figures.exactly("crashes: wrong signatures", 0, report.wrong)
    for problem in report.problems:
        print(f"  crashes: {problem}")
