"""`make corpus`: every PDF of a folder through the real `segel sign` and a real gateway, and
what independent judges say of it: pdfsig (poppler), qpdf and `segel verify`.

    run.py DIR [--visible] [--json FILE] [--mutants N [--seed N]]

DIR/expected.tsv (file, verdict, note) says what should become of each file: sign, refuse,
either, or broken-input (sign; qpdf complains of the input already). Without it the run only
reports. With --mutants not the files but so many damaged copies of them are tried: signed or
refused, never anything else. Exit code 1: a file differs from the list, a signature is not valid, an earlier one
went bad, or the reader did not end as it should."""
import argparse
import collections
import concurrent.futures
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "system"))
import rig  # noqa: E402
import mutate  # noqa: E402

SIGN = ["sign", "--json", "--key", "seal-demo", "--class", "surat_keterangan", "--approval",
        "ND-2026/008", "--notice-shown", "--force"]
VISIBLE = ["--page", "last", "--rect", "1,1,150,60"]
PLACELESS = ("rectangle-off-page", "page-unusual")  # no fault of a letter that stays as it is
VALID, COVERS, BAD = ("Signature is Valid.", "Total document signed", "Digest Mismatch")


def files_below(folder):
    found = []
    for at, folders, names in os.walk(folder):
        folders.sort()
        found += [os.path.relpath(os.path.join(at, name), folder) for name in sorted(names)
                  if name.lower().endswith(".pdf")]
    return found


def expected(folder):
    """file → verdict; None: there is no list."""
    path = os.path.join(folder, "expected.tsv")
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file if not line.startswith("#")]
    return {row[0]: row[1] for row in rows if len(row) > 1}


def output(*command):
    """Exit code and text; 124: it did not end."""
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=120)
    except subprocess.TimeoutExpired:
        return 124, ""
    return done.returncode, (done.stdout + done.stderr).decode(errors="replace")


def signatures(text):
    """Of pdfsig, those that are whole."""
    return text.count(VALID)


class Outcome:
    def __init__(self, name, row):
        self.name, self.status = name, row.get("status", "lost")
        self.code, self.why = row.get("code", ""), row.get("message", "")
        self.faults = []

    def judge(self, source, signed, verdict):
        """What others say of a signed letter."""
        code, before = output("pdfsig", "-nocert", source)
        code, after = output("pdfsig", "-nocert", signed)
        if code not in (0, 1) or COVERS not in after or VALID not in after:
            self.faults.append("pdfsig finds no valid signature over the whole file")
        if after.count(BAD) > before.count(BAD) or signatures(after) <= signatures(before):
            self.faults.append("an earlier signature went bad")
        code, _ = output("qpdf", "--check", signed)
        if code == 2 and verdict != "broken-input" and output("qpdf", "--check", source)[0] != 2:
            self.faults.append("qpdf finds errors that the input had not")
        with open(source, "rb") as one, open(signed, "rb") as other:
            text = one.read()
            if other.read(len(text)) != text:
                self.faults.append("the letter's own bytes were changed")

    def compare(self, verdict):
        wanted = {"sign": "signed", "broken-input": "signed", "refuse": "refused"}.get(verdict)
        if wanted not in (None, self.status) and self.code not in PLACELESS:
            self.faults.append(f"{verdict} expected")
        if self.status not in ("signed", "refused"):
            self.faults.append(f"it ended as '{self.status}'")


class Run:
    def __init__(self, folder, visible):
        self.folder, self.visible = os.path.abspath(folder), visible
        self.rig = rig.Rig("corpus")
        self.verdicts = expected(self.folder)

    def damage(self, names, count, seed):
        """Damaged copies take the place of the files."""
        target = self.rig.path("mutants")
        mutate.write(self.folder, names, count, target, seed)
        self.folder, self.verdicts = target, None
        return files_below(target)

    def out(self, index):
        folder = self.rig.path("signed", str(index))
        os.makedirs(folder, exist_ok=True)
        return folder

    def sign(self, index, name):
        """Into a folder of its own number, because names repeat."""
        result = self.rig.segel("e-office", *SIGN, *(VISIBLE if self.visible else []), "-o",
                                self.out(index), os.path.join(self.folder, name))
        rows = [json.loads(line) for line in result.stdout.splitlines()
                if line.startswith("{")]
        if result.returncode not in (0, 1) or not rows:
            return {"status": f"exit {result.returncode}", "message": result.stderr.strip()}
        return rows[0]

    def judge(self, index, name, row):
        outcome = Outcome(name, row)
        verdict = (self.verdicts or {}).get(name)
        if outcome.status == "signed":
            outcome.judge(os.path.join(self.folder, name),
                          os.path.join(self.out(index), os.path.basename(name)), verdict)
        outcome.compare(verdict)
        return outcome

    def one(self, numbered):
        index, name = numbered
        return self.judge(index, name, self.sign(index, name))

    def all(self, names, workers):
        with self.rig.gateway() as gateway, \
                concurrent.futures.ThreadPoolExecutor(workers) as pool:
            gateway.client("e-office")  # writes where the gateway listens
            done = []
            for outcome in pool.map(self.one, enumerate(names)):
                done.append(outcome)
                progress(len(done), len(names))
            return done


def progress(done, total):
    if sys.stderr.isatty():
        sys.stderr.write(f"\r  {done} of {total}" + ("\n" if done == total else ""))
    elif done % 100 == 0 or done == total:
        sys.stderr.write(f"  corpus: {done} of {total}\n")


def report(run, outcomes):
    for outcome in outcomes:
        for fault in outcome.faults:
            print(f"{outcome.name}: {fault}: {outcome.status}"
                  + (f", {outcome.why}" if outcome.why else ""))
    counts = collections.Counter(outcome.status for outcome in outcomes)
    reasons = collections.Counter(outcome.code for outcome in outcomes if outcome.code)
    print(f"{len(outcomes)} files: " + ", ".join(f"{n} {what}" for what, n in
                                                 counts.most_common()))
    for reason, count in reasons.most_common():
        print(f"  {count:4}  {reason}")
    listed = "" if run.verdicts is not None else "; there is no expected.tsv to compare with"
    print(f"{sum(1 for o in outcomes if o.faults)} with faults{listed}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("folder", metavar="DIR")
    parser.add_argument("--visible", action="store_true", help="with a stamp and a QR code")
    parser.add_argument("--json", metavar="FILE", default=os.path.join(
        rig.BUILD, "corpus.json"), help="where each file's outcome goes, too")
    parser.add_argument("--mutants", type=int, default=0, metavar="N")
    parser.add_argument("--seed", type=int, default=20260502, metavar="N")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    names = files_below(options.folder)
    if not names:
        sys.exit(f"corpus: there is no PDF below '{options.folder}'; name a folder with "
                 "DIR=folder")
    run = Run(options.folder, options.visible)
    if options.mutants:
        names = run.damage(names, options.mutants, options.seed)
    outcomes = run.all(names, options.workers)
    report(run, outcomes)
    with open(options.json, "w", encoding="utf-8") as file:
        json.dump([vars(outcome) for outcome in outcomes], file, indent=1)
    sys.exit(1 if any(outcome.faults for outcome in outcomes) else 0)


if __name__ == "__main__":
    main()
