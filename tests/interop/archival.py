#!/usr/bin/python3
"""Letters for the archive, judged by other programs: veraPDF says whether a PDF/A letter is
one still, once it is signed, stamped and extended; pyHanko whether a letter of level B-LTA
passes the long-term validation of EN 319 102-1. `make archival` calls it.

    archival.py [FOLDER]       also the PDF/A letters of that folder

Ends with "N passed, M failed". What is not installed is skipped, and said.
"""
import glob
import json
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), "system"), os.path.join(HERE, "archival")]
import levels  # noqa: E402
import pdfa  # noqa: E402
import rig  # noqa: E402
import stamp  # noqa: E402
from rig import Failed, equal, expect  # noqa: E402

TOOLS = os.path.join(rig.BUILD, "interop/archival")
JARS = os.path.join(TOOLS, "jars")
PYTHON = os.path.join(TOOLS, "venv/bin/python")
THERE = os.path.join(TOOLS, "venv/there")
INVISIBLE = ["--notice-shown"]
STAMP = ["--stamp", "letter", *stamp.WHO]
RECT = ["--rect", "40,40,240,60", "--reason", "Uji"]

# Name of the variant, what it is made from (or None), and how.
VARIANTS = [
    ("invisible", None, ["pades-b-t", *INVISIBLE]),
    ("stamped", None, ["pades-b-t", *STAMP]),
    ("plain", None, ["pades-b-b", *RECT]),
    ("one-go-lt", None, ["pades-b-lt", *STAMP]),
    ("one-go", None, ["pades-b-lta", *INVISIBLE]),
    ("invisible-lt", "invisible", "b-lt"),
    ("invisible-lta", "invisible", "b-lta"),
    ("stamped-lta", "stamped", "b-lta"),
    ("renewed", "stamped-lta", "b-lta"),
    ("plain-t", "plain", "b-t"),
    ("plain-lta", "plain-t", "b-lta"),
]
LASTING = ("one-go", "invisible-lta", "stamped-lta", "renewed")


class Town(levels.Town):
    """A gateway with an authority for time stamps, CRLs and logos."""

    def __init__(self, folder):
        super().__init__("archival")
        stamp.make(self.rig)
        self.kinds = {}
        self.make()
        if folder:
            self.take(folder)

    def make(self):
        for folder in ("pdfa", "out"):
            os.makedirs(self.rig.path(folder))
        for name, (kind, facts) in pdfa.LETTERS.items():
            self.rig.write(f"pdfa/{name}", pdfa.letter(*facts))
            self.kinds[name] = kind
        subprocess.run(["qpdf", "--object-streams=generate", "--newline-before-endstream",
                        self.rig.path("pdfa/2b.pdf"), self.rig.path("pdfa/2b-streams.pdf")],
                       check=True)
        self.kinds["2b-streams.pdf"] = "2b"

    def take(self, folder):
        """Of a folder what is PDF/A before anything is done to it."""
        for (path, kind), _ in validate([folder]).items():
            name = f"own-{os.path.basename(path)}"
            if kind[0].isdigit() and name not in self.kinds:
                shutil.copy(path, self.rig.path("pdfa", name))
                self.kinds[name] = kind

    def letters(self):
        return [self.rig.path("pdfa", name) for name in sorted(self.kinds)]

    def sign(self, out, profile, *more):
        result = self.rig.segel(
            "e-office", "sign", "--key", "seal-demo", "--class", "surat_keterangan",
            "--approval", "ND-2026/007", "-o", self.rig.path("out", out), "--profile", profile,
            *more, *self.letters())
        expect(result.returncode in (0, 1), result.stdout + result.stderr)
        expect("own-" in result.stdout or result.returncode == 0, result.stdout)

    def extend(self, out, source, level):
        levels.extend(self, level, f"out/{out}", *self.made(source))

    def made(self, variant):
        return sorted(glob.glob(self.rig.path("out", variant, "*.pdf")))


def validate(paths):
    """What veraPDF passes: (path, flavour)."""
    result = subprocess.run(
        ["java", "-cp", f"{JARS}/*", "org.verapdf.apps.GreenfieldCliWrapper", "--format",
         "text", "--recurse", *paths], capture_output=True, text=True, check=False, timeout=600)
    rows = [line[5:].rsplit(" ", 1) + [line[:4]] for line in result.stdout.splitlines()
            if line[:5] in ("PASS ", "FAIL ")]
    expect(rows, f"veraPDF says nothing: {result.stdout}{result.stderr}")
    return {(os.path.realpath(path), kind): True for path, kind, word in rows if word == "PASS"}


def stays(town, variant, passed):
    made = town.made(variant)
    expect(len(made) >= len(pdfa.LETTERS) + 1, f"{len(made)} letters of {variant}")
    lost = [path for path in made
            if (os.path.realpath(path), town.kinds[os.path.basename(path)]) not in passed]
    equal(lost, [], "letters that are no PDF/A any more")


def judgements(town):
    roots = [town.rig.path("pki/root.pem"), town.tsa.anchors]
    paths = [path for variant in (*LASTING, "plain-lta") for path in town.made(variant)]
    result = subprocess.run([PYTHON, os.path.join(HERE, "archival/judge.py"), *roots, "--",
                             *paths], capture_output=True, text=True, check=False, timeout=600)
    expect(result.returncode == 0, result.stderr[-2000:])
    return {row["file"]: row for row in map(json.loads, result.stdout.splitlines())}


def lasts(town, variant, judged):
    for path in town.made(variant):
        row = judged[path]
        expect(row["passed"], f"{path}: {row['verdict']}")
        # A field of PDF/A-1 has an appearance, which pyHanko takes for a form filled in.
        if town.kinds[os.path.basename(path)][0] != "1":
            equal(row["changes"], "LTA_UPDATES", path)


def asks_for_a_signature_time_stamp(town, _, judged):
    """EN 319 142-1 table 1 lets a document time stamp stand for it; this program does not:
    docs/LEVELS.md."""
    equal({judged[path]["verdict"] for path in town.made("plain-lta")},
          {"SIG_CONSTRAINTS_FAILURE"}, "verdicts")


def attempt(what, results, test, *facts):
    try:
        test(*facts)
        print(f"ok    {what}", flush=True)
        results.append(True)
    except (Failed, OSError, subprocess.SubprocessError, KeyError) as error:
        print(f"FAIL  {what}: {error}", flush=True)
        results.append(False)


def make_all(town):
    town.tsa.fault("none")
    with town.rig.gateway() as gateway:
        levels.wait_for_authority(gateway)
        levels.whole_validation(gateway)
        for name, source, how in VARIANTS:
            if source is None:
                town.sign(name, *how)
            else:
                town.extend(name, source, how)


def compare(town, results):
    if os.path.isdir(JARS):
        passed = validate([town.rig.path("pdfa"), town.rig.path("out")])
        for name in sorted(town.kinds):
            expect((os.path.realpath(town.rig.path("pdfa", name)), town.kinds[name]) in passed,
                   f"{name} is no PDF/A before it is signed")
        for variant, *_ in VARIANTS:
            attempt(f"PDF/A stays PDF/A: {variant}", results, stays, town, variant, passed)
    else:
        print("skip  PDF/A stays PDF/A: veraPDF is not there (Maven and Java bring it)")
    if os.path.exists(THERE):
        judged = judgements(town)
        for variant in LASTING:
            attempt(f"pyHanko's long-term validation: {variant}", results, lasts, town, variant,
                    judged)
        attempt("pyHanko asks for a signature time stamp: plain-lta", results,
                asks_for_a_signature_time_stamp, town, None, judged)
    else:
        print("skip  pyHanko's long-term validation: it is not there (pip brings it)")


def main(words):
    results = []
    if not os.path.isdir(JARS) and not os.path.exists(THERE):
        print("skip  letters for the archive: neither veraPDF nor pyHanko is there")
        return 0
    town = Town(words[0] if words and os.path.isdir(JARS) else None)
    try:
        make_all(town)
        compare(town, results)
    finally:
        town.tsa.stop()
    print(f"{results.count(True)} passed, {results.count(False)} failed")
    return 1 if False in results or not results else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
