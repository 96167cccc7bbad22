"""Power cuts under load: segeld is killed, every byte that was not synced vanishes with it
(tests/fixtures/disk.c), and a new one starts from what is left."""
import filecmp
import os
import shutil

import cycles
import history
import judge
import oracle
from cycles import Progress, rig
from script import SHIM

VICTIMS = {"segeld": 80, "segeld and client": 20}


class PowerTown(cycles.Town):
    def __init__(self, name, seed):
        super().__init__(name, seed, lambda r: r.config(
            (r"path: ledger\.db", "path: live/ledger.db")))
        self.live, self.mirror = self.rig.path("live"), self.rig.path("mirror")
        self.ledger = os.path.join(self.live, "ledger.db")
        for folder in (self.live, self.mirror):
            os.mkdir(folder)
        self.environment = {"LD_PRELOAD": SHIM, "DISK_PATH": self.ledger,
                            "DISK_MIRROR": self.mirror,
                            "ASAN_OPTIONS": "verify_asan_link_order=0"}
        self.vanished = 0  # cuts that took something along

    def kill_gateway(self):
        killed = super().kill_gateway()
        self.cut()
        return killed

    def cut(self):
        """What had no name yet, or was being copied, is lost like all else."""
        for name in os.listdir(self.mirror):
            if name.endswith((".new", ".tmp")):
                os.unlink(os.path.join(self.mirror, name))
        kept = os.listdir(self.mirror)
        same, _, _ = filecmp.cmpfiles(self.live, self.mirror, kept, shallow=False)
        self.vanished += len(same) < len(kept)
        shutil.rmtree(self.live)
        shutil.copytree(self.mirror, self.live)


def run(count, seed=1, name="power"):
    report, progress = cycles.Report(), Progress("power cuts", count)
    report.kills = {n: 0 for n in VICTIMS}
    with PowerTown(name, seed) as town:
        judged = oracle.of(town.rig, judge)
        judged.starts = town.starts
        reader, pulse = history.Reader(town.histories), cycles.Pulse(town.histories)
        town.up()
        try:
            for _ in range(count):
                cycles.cycle(town, pulse, judged, reader, report, VICTIMS)
                progress.step(f"{len(judged.faults)} faults")
                if len(judged.faults) > oracle.SHOWN:
                    break
            cycles.stop_clients(town)
            cycles.judge_all(town, report)
            report.faults += report.again.faults
        except rig.Failed as failed:
            report.problems.append(str(failed))
        report.counts, report.faults = judged.counts, judged.faults + report.faults
        report.vanished = town.vanished
    return report


def note(count, report, figures):
    figures.exactly("power cuts", count, report.cycles)
    wanted = int(report.cycles * cycles.WANTED_HITS)
    figures.note("of which while a client waited for an answer", f"at least {wanted}",
                 str(report.hits), report.hits >= wanted)
    figures.note("of which took bytes along that were not synced", "some",
                 str(report.vanished), report.vanished > 0)
    figures.note("power cuts: answers held against what was left: signed", "some",
                 str(report.counts.answers[oracle.SIGNED]),
                 report.counts.answers[oracle.SIGNED] > 0)
    figures.exactly("power cuts: answers lost, and other violations", 0, len(report.faults))
    figures.exactly("power cuts: other problems", 0, len(report.problems))
    for problem in report.faults[:oracle.SHOWN] + report.problems:
        print(f"  power: {problem}")
