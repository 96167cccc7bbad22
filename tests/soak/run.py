"""`make soak`: one gateway under a mixed load for so many minutes, with faults meanwhile. Does
its memory grow, does it lose descriptors, does a client see an error that nothing explains, is
each signature that was answered on the log? docs/SOAK.md tells more.

    run.py --minutes N [--seed N] [--json FILE]
"""
import argparse
import collections
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[1:1] = [os.path.join(HERE, p) for p in ("..", "../system", "../faults", "../crash")]
import callers  # noqa: E402
import exposition  # noqa: E402
import faulty  # noqa: E402
import history  # noqa: E402
import judge  # noqa: E402
import oracle  # noqa: E402
import rig  # noqa: E402
import strikes  # noqa: E402
import verdict  # noqa: E402
from figures import Figures  # noqa: E402
from sweep import lacking, sweep  # noqa: E402

KEYS = {"seal-demo": "rsa-2048", "seal-ec": "p-256"}
PERIOD_S, REST_S, CALLERS_END_S, SHOWN = 10, 3, 150, 20
FAULTS = os.path.join(rig.BUILD, "tests/fixtures/faults.so")
LETTERS = os.path.join(rig.BUILD, "tests/fixtures/letters")


# --- Samples ------------------------------------------------------------------------------

def status_of(pid):
    """What /proc tells of a process: bytes, counts; descriptors None where it may not."""
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        fields = dict(line.rstrip("\n").split(":", 1) for line in file)
    try:
        descriptors = len(os.listdir(f"/proc/{pid}/fd"))
    except PermissionError:
        descriptors = None
    return fields["Name"].strip(), {
        "pid": pid, "rss": int(fields["VmRSS"].split()[0]) * 1024,
        "threads": int(fields["Threads"]), "descriptors": descriptors}


def processes_of(pid):
    """{name: what it uses} of the gateway and of its lane, if that is there."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        children = [int(p) for p in file.read().split()]
    found = {}
    for each in [pid, *children]:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError, KeyError):
            name, used = status_of(each)
            found[name] = used
    return found


def size_of(path):
    """0: there is no such file, or not yet."""
    try:
        return os.path.getsize(path)
    except FileNotFoundError:
        return 0


def open_of(pid):
    """The file of each descriptor, or its kind."""
    with contextlib.suppress(PermissionError):
        for number in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(FileNotFoundError):
                yield os.path.basename(os.readlink(f"/proc/{pid}/fd/{number}")).split(":")[0]


class Soak:
    def __init__(self, seconds, seed):
        self.seconds, self.seed = seconds, seed
        self.rig = rig.Rig("soak", *(f"{n}:{t}" for n, t in KEYS.items()))
        os.mkdir(self.rig.path("history"))
        subprocess.run([LETTERS, "12", self.rig.path("letters")], check=True)
        self.config = strikes.configuration(self.rig, FAULTS)
        self.ledger, self.gateway, self.began = self.rig.path("ledger.db"), None, None
        self.reader = history.Reader(self.rig.path("history"))
        self.oracle = oracle.of(self.rig, judge)
        self.oracle.judges = {n: judge.Judge(self.rig.read(f"{n}.pem", "rb")) for n in KEYS}
        self.samples, self.windows, self.problems = [], [], []
        self.errors, self.calls, self.letters = [], collections.Counter(), []
        self.rest_before = self.rest_after = self.end_code = None
        self.processes, self.over = {}, threading.Event()

    # --- The load -------------------------------------------------------------------------

    def start_callers(self):
        for slot in callers.SLOTS:
            self.processes[slot] = subprocess.Popen(
                [sys.executable, "-B", os.path.join(HERE, "callers.py"), self.rig.dir, slot,
                 str(self.seed), str(os.getpid())], stdin=subprocess.DEVNULL)

    def end_callers(self):
        for process in self.processes.values():
            process.terminate()
        end = time.monotonic() + CALLERS_END_S
        for slot, process in self.processes.items():
            try:
                code = process.wait(max(0.1, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                code = process.wait()
            if code != 0:
                self.problems.append(f"the callers '{slot}' ended with {code}")

    def kill_callers(self):
        for process in self.processes.values():
            if process.poll() is None:
                process.kill()
                process.wait()

    # --- What happens meanwhile -----------------------------------------------------------

    def strike_all(self):
        """On a thread of its own."""
        striker = strikes.Striker(self.rig, self.gateway)
        for at, fault in strikes.plan(self.seed, self.seconds):
            if self.over.wait(max(0, self.began + at - time.monotonic())):
                return
            self.windows.append(verdict.Window(fault, time.monotonic(), None))
            try:
                striker.strike(fault)
            except (rig.Failed, OSError) as failed:
                self.problems.append(f"{fault}: {failed}")
                return
            self.windows[-1] = self.windows[-1]._replace(until=time.monotonic())

    def sample(self):
        try:
            page = faulty.metrics(self.gateway)
        except (rig.Failed, OSError) as failed:
            self.problems.append(f"/metrics: {failed}")
            page = exposition.Page({})
        self.samples.append({
            "at": time.monotonic(), "processes": processes_of(self.gateway.process.pid),
            "ledger": oracle.sizes_of(self.rig.dir),
            "index": size_of(self.ledger + ".index"),
            "metrics": len(page.families),
            "answers": sum(self.oracle.counts.answers.values())})

    def look(self):
        """What was told by now is on the log."""
        for _, event in self.oracle.look(self.ledger, self.reader):
            if "kind" in event:
                self.calls[event["kind"]] += 1
                self.errors += verdict.errors_of(event)
                self.letters += event.get("letters", [])

    def show(self):
        left = int(max(0, self.began + self.seconds - time.monotonic()))
        last = self.samples[-1]["processes"]
        memory = ", ".join(f"{n} {p['rss'] / 2**20:.1f} MiB" for n, p in sorted(last.items()))
        line = (f"soak: {left // 60}:{left % 60:02} left, {self.oracle.tree.size} records, "
                f"{len(self.windows)} faults, {len(self.errors)} errors, {memory}")
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\033[K{line}")
            sys.stderr.flush()
        elif len(self.samples) % 6 == 1:
            print(line, file=sys.stderr, flush=True)

    # --- From beginning to end ------------------------------------------------------------

    def rest(self):
        """Besides what the samples hold: what the descriptors are of."""
        time.sleep(REST_S)
        found = processes_of(self.gateway.process.pid)
        for used in found.values():
            used["open"] = collections.Counter(open_of(used["pid"]))
        return found

    def run(self):
        with self.rig.gateway(self.config) as self.gateway:
            try:
                self.load()
                self.rest_after = self.rest()
                self.look()
                verified = self.rig.segel("reviewer", "log", "verify")
                if verified.returncode != 0:
                    self.problems.append(f"log verify: {verified.stdout}{verified.stderr}")
                self.end_code = self.gateway.stop()
            finally:
                self.kill_callers()
        self.look()
        self.oracle.end(self.ledger)
        self.hold_letters()

    def load(self):
        self.rig.segel("reviewer", "log", "verify")  # what a first reader opens stays open
        self.rest_before = self.rest()
        self.began = time.monotonic()
        self.start_callers()
        striker = threading.Thread(target=self.strike_all, daemon=True)
        striker.start()
        number, period = 0, min(PERIOD_S, self.seconds / 12)
        while number * period < self.seconds:
            number += 1
            time.sleep(max(0, self.began + number * period - time.monotonic()))
            self.look()
            self.sample()
            self.show()
            if self.gateway.process.poll() is not None:
                raise rig.Failed(f"segeld ended: {self.gateway.text()[-1500:]}")
        if sys.stderr.isatty():
            sys.stderr.write("\n")
        self.over.set()
        striker.join(strikes.UP_S + 10)
        self.end_callers()

    def hold_letters(self):
        """Each letter that `segel sign` called signed has its outcome at the place it named."""
        with self.oracle.ledger(self.ledger) as base:
            for job, index in self.letters:
                row = base.execute("SELECT rec FROM leaf WHERE idx = ?", (index,)).fetchone()
                record = json.loads(row[0]) if row else {}
                if (record.get("job"), record.get("outcome")) != (job, "signed"):
                    self.oracle.fault(f"letter {job}: record {index} is no outcome of it")


# --- What came of it ----------------------------------------------------------------------

def note_slope(figures, what, samples, name, bounded):
    slope, count = verdict.steady_slope(samples, name)
    figures.note(what, f"at most {verdict.SLOPE_MIB_H:g} MiB/h" if bounded else "-",
                 "-" if slope is None else
                 f"{slope:+.2f} MiB/h, the median of {count} spans of {verdict.SPAN_S} s",
                 (slope is not None and slope <= verdict.SLOPE_MIB_H) if bounded else None)


def note_growth(figures, samples, bounded):
    slope, count = verdict.rss_slope(samples, "segeld")
    figures.note("segeld: slope of all of it, steps included", "-",
                 "-" if slope is None else f"{slope:+.2f} MiB/h over {count} samples", None)
    grown = verdict.rss_growth(samples, "segeld")
    figures.note("segeld: grown in all behind the warm-up",
                 f"at most {verdict.STEPS_MIB:g} MiB" if bounded else "-",
                 "-" if grown is None else f"{grown:+.1f} MiB",
                 (grown is not None and grown <= verdict.STEPS_MIB) if bounded else None)


def note_use(soak, figures, bounded):
    for name in ("segeld", "segel-hsm"):
        top = max((s["processes"][name]["rss"] for s in soak.samples
                   if name in s["processes"]), default=0)
        figures.note(f"{name}: most RSS", "-", f"{top / 2**20:.1f} MiB", None)
    less = verdict.without_cache(soak.samples)
    note_slope(figures, "segeld: RSS slope, less the cache of the index", less, "segeld", bounded)
    note_growth(figures, less, bounded)
    note_slope(figures, "segel-hsm: RSS slope", soak.samples, "segel-hsm", bounded)
    for what, spare in (("descriptors", verdict.SPARE_DESCRIPTORS),
                        ("threads", verdict.SPARE_THREADS)):
        more = verdict.growth(soak.rest_before, soak.rest_after, what)
        figures.note(f"{what} at rest, behind the load less before it", f"at most {spare:+}",
                     ", ".join(f"{n} {v:+}" for n, v in sorted(more.items())),
                     "segeld" in more and all(v <= spare for v in more.values()))


def name_growth(soak):
    """Of what there are more descriptors at rest behind the load."""
    for name, before in soak.rest_before.items():
        more = soak.rest_after.get(name, before)["open"] - before["open"]
        if more:
            print(f"  {name} has more open: "
                  + ", ".join(f"{n} {what}" for what, n in sorted(more.items())))


def note_answers(soak, figures):
    answers, counts = soak.oracle.counts.answers, soak.oracle.counts
    figures.note("answers: signed, refused, conflicts", "some of each",
                 f"{answers[oracle.SIGNED]}, {answers[oracle.DENIED]}, {answers[oracle.EXISTS]}",
                 all(answers[c] for c in (oracle.SIGNED, oracle.DENIED, oracle.EXISTS)))
    figures.note("answers given again, the same bytes", "some", str(counts.kept),
                 counts.kept > 0)
    figures.note("letters signed with a stamp, found on the log", "some",
                 str(len(soak.letters)), len(soak.letters) > 0)
    silent = [k for kinds in callers.SLOTS.values() for k in kinds if not soak.calls[k]]
    figures.note("kinds of callers that did nothing", "none", ", ".join(silent) or "none",
                 not silent)
    figures.note("records, checkpoints, bytes of the ledger", "-",
                 f"{soak.oracle.tree.size}, {counts.checkpoints}, "
                 f"{oracle.sizes_of(soak.rig.dir)}", None)


def note_errors(soak, figures):
    explained, unexplained = verdict.sort_errors(soak.errors, soak.windows)
    struck = collections.Counter(w.fault for w in soak.windows)
    for fault in verdict.EXCUSES:
        told = collections.Counter()
        for (name, _, code), count in explained.items():
            told[code] += count if name == fault else 0
        figures.note(f"fault: {fault}", ", ".join(sorted(verdict.EXCUSES[fault])) or "no error",
                     f"{struck[fault]} times; " + (", ".join(
                         f"{c} {n}" for c, n in sorted((+told).items())) or "no error"), None)
    figures.exactly("errors that nothing explains", 0, len(unexplained))
    figures.exactly("violations of the log", 0, len(soak.oracle.faults))
    figures.exactly("other problems", 0, len(soak.problems))
    figures.exactly("segeld's exit code", 0, soak.end_code)
    found = sweep(None, 0, [soak.rig.dir])
    figures.note("files with a PIN or private key", "0 of some",
                 f"{len(found.holders)} of {found.files}", not found.holders and not lacking(found))
    name_growth(soak)
    for error in unexplained[:SHOWN]:
        print(f"  unexplained: at {error.at - soak.began:.1f} s (asked at "
              f"{error.since - soak.began:.1f} s), {error.kind}: {error.code}, {error.words}")
    for problem in (soak.oracle.faults + soak.problems)[:SHOWN]:
        print(f"  {problem}")
    return unexplained


def note_all(soak, figures, bounded):
    """Errors that nothing explains."""
    note_answers(soak, figures)
    note_use(soak, figures, bounded)
    return note_errors(soak, figures)


def write(path, options, soak, figures, unexplained):
    with open(path, "w", encoding="utf-8") as file:
        json.dump({
            "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "minutes": options.minutes, "seed": options.seed, "figures": figures.rows,
            "calls": soak.calls,
            "samples": [{**s, "at": round(s["at"] - soak.began, 1)} for s in soak.samples],
            "faults": [[w.fault, round(w.since - soak.began, 1),
                        w.until and round(w.until - soak.began, 1)] for w in soak.windows],
            "rest": {"before": soak.rest_before, "after": soak.rest_after},
            "unexplained": [e._asdict() for e in unexplained],
            "violations": soak.oracle.faults, "problems": soak.problems}, file, indent=1)
        file.write("\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--minutes", type=float, default=5, metavar="N")
    parser.add_argument("--seed", type=int, default=1, help="of what is left to chance")
    parser.add_argument("--json", metavar="FILE", default=os.path.join(rig.BUILD, "soak.json"),
                        help="where samples and figures go, too")
    options = parser.parse_args()
    if not 0.2 <= options.minutes <= 24 * 60:
        parser.error("--minutes: from 0.2 to 1440")
    soak, figures = Soak(options.minutes * 60, options.seed), Figures()
    soak.run()
    unexplained = note_all(soak, figures, options.minutes >= verdict.BOUND_FROM_MIN)
    figures.show()
    write(options.json, options, soak, figures, unexplained)
    missed = len(figures.missed())
    print(f"{len(figures.rows)} figures, {missed} missed. Written to "
          f"{os.path.relpath(options.json)}; the rig is {os.path.relpath(soak.rig.dir)}.")
    return 1 if missed else 0


if __name__ == "__main__":
    # Whoever ends a long run ends its gateway and callers, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("soak: ended before its end"))
    try:
        sys.exit(main())
    except rig.Failed as failed:
        sys.exit(f"soak: {failed}")
    except KeyboardInterrupt:
        sys.exit("soak: ended before its end")
