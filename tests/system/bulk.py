#!/usr/bin/python3
"""`segel sign` over thousands of letters: folders, lists and tables; runs that are killed
and go on; what becomes of each letter. The ledger counts the signatures."""
import contextlib
import csv
import glob
import json
import os
import random
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time

import rig
from rig import claim, contains, equal, expect

LETTERS, CYCLES, TRIES = 150, 12, 3
TERMS = ["--key", "seal-demo", "--approval", "ND-2026/007", "--notice-shown",
         "--class", "surat_keterangan"]
EXIT_STOPPED = 6


def command(the_rig, *arguments):
    return [os.path.join(rig.BIN, "segel"), "--home", the_rig.path("clients", "e-office"),
            "sign", *arguments]


def sign(the_rig, out, *arguments, terms=tuple(TERMS)):
    return the_rig.segel("e-office", "sign", *terms, "-o", the_rig.path(out), *arguments)


def below(folder):
    """Paths of the letters in a folder, relative to it."""
    return sorted(os.path.relpath(os.path.join(at, name), folder)
                  for at, _, names in os.walk(folder) for name in names
                  if not name.startswith("."))


def journals(the_rig, out):
    return glob.glob(the_rig.path(out, ".segel-run-*"))


def signed_jobs(the_rig):
    """(request id, digest) of every signature in the ledger."""
    base = sqlite3.connect(the_rig.path("ledger.db"), timeout=10)
    rows = base.execute("SELECT CAST(rec AS TEXT) FROM leaf WHERE CAST(rec AS TEXT) LIKE "
                        "'%\"outcome\"%' ORDER BY idx").fetchall()
    base.close()
    records = [json.loads(row[0]) for row in rows]
    return [(r["job"], r["digest"]) for r in records if r["type"] == "outcome" and r["outcome"] == "signed"]


def questions(the_rig):
    base = sqlite3.connect(the_rig.path("ledger.db"), timeout=10)
    count, = base.execute("SELECT count(*) FROM leaf WHERE CAST(rec AS TEXT) LIKE "
                          "'%\"type\":\"explain\"%'").fetchone()
    base.close()
    return count


def pile(the_rig, name, count):
    """A folder of different letters, in two folders below it."""
    source = sorted(glob.glob(the_rig.path("letters", "*", "*.pdf")))
    for i in range(count):
        folder = the_rig.path(name, "kecamatan", f"{i % 2}")
        os.makedirs(folder, exist_ok=True)
        with open(source[i % len(source)], "rb") as file:
            data = file.read()
        with open(os.path.join(folder, f"{i:04}.pdf"), "wb") as file:
            file.write(data + b"%% %d\n" % i)
    return the_rig.path(name)


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def make(the_rig):
    subprocess.run([os.path.join(rig.BUILD, "tests/fixtures/letters"), "9",
                    the_rig.path("letters")], check=True)
    pile(the_rig, "tree", 6)
    the_rig.write("tree/notes.txt", "no letter\n")
    shutil.copy(the_rig.path("tree/kecamatan/0/0000.pdf"), the_rig.path("=1+1.pdf"))


def table(the_rig, name, rows, separator=",", mark=b""):
    text = "".join(separator.join(row) + "\r\n" for row in rows)
    return the_rig.write(name, mark + text.encode())


# --- Which letters ----------------------------------------------------------------------

@claim
def a_folder_keeps_its_structure_and_nothing_else_is_followed(the_rig):
    folder = the_rig.path("tree")
    os.symlink(folder, os.path.join(folder, "kecamatan", "loop"))
    os.symlink(the_rig.path("letters"), os.path.join(folder, "elsewhere"))
    for _ in range(2):  # the second time its own results lie in it
        result = sign(the_rig, "tree/signed", folder, "--resume")
        equal(result.returncode, 0, result.stdout + result.stderr)
        found = below(the_rig.path("tree", "signed"))
        equal(found, sorted(f"kecamatan/{i % 2}/{i:04}.pdf" for i in range(6)), "results")
    equal(journals(the_rig, "tree/signed"), [], "journals of a run that ended")


@claim
def a_list_names_letters_by_line_or_by_nul(the_rig):
    names = [the_rig.path("tree", "kecamatan", "0", f"000{i}.pdf") for i in (0, 2)]
    for i, text in enumerate(("\n".join(names) + "\n\n", "\0".join(names) + "\0",
                              "\r\n".join(names) + "\r\n")):
        result = subprocess.run(command(the_rig, *TERMS, "-o", the_rig.path(f"list{i}"),
                                        "--from", "-", "-q"), input=text.encode(),
                                capture_output=True, check=False, timeout=60)
        equal(result.returncode, 0, result.stderr)
        equal(result.stdout + result.stderr, b"", "what --quiet says")
        equal(below(the_rig.path(f"list{i}")), ["0000.pdf", "0002.pdf"], "signed")


# --- Tables -----------------------------------------------------------------------------

def tabled(the_rig):
    """Three letters by a table; what the command said."""
    path = table(the_rig, "letters.csv", [
        ("file", "class", "reason", "out", "rect"),
        ("tree/kecamatan/0/0000.pdf", "surat_keterangan", '"Untuk ""Budi""; lunas"', "a/b.pdf",
         '"330,330,150,60"'),
        ("=1+1.pdf", "kontrak_pengadaan", "", "", ""),
        ("tree/kecamatan/1/0001.pdf", "", "", "", "")], ";", b"\xef\xbb\xbf")
    return sign(the_rig, "tabled", "--manifest", path, "--receipts", "--force", "--result",
                the_rig.path("r.csv"), "--result", the_rig.path("r.json"))


@claim
def a_table_gives_each_letter_its_own_terms(the_rig):
    result = tabled(the_rig)
    equal(result.returncode, 1, result.stdout + result.stderr)
    contains(result.stderr, "2 signed, 1 refused", "1 refused: ")
    equal([name for name in below(the_rig.path("tabled")) if name.endswith(".pdf")],
          ["a/b.pdf", "tree/kecamatan/1/0001.pdf"], "signed")
    with open(the_rig.path("tabled/a/b.pdf"), "rb") as file:
        expect(b'Untuk "Budi"; lunas' in file.read(), "the reason is not in the letter")


@claim
def the_result_files_say_what_became_of_every_letter(the_rig):
    if not os.path.exists(the_rig.path("r.csv")):
        tabled(the_rig)
    with open(the_rig.path("r.csv"), newline="", encoding="utf-8") as file:
        rows = {row["file"]: row for row in csv.DictReader(file, delimiter=";")}
    same = load(the_rig.path("r.json"))
    equal(len(rows), 3, "rows")
    equal(len(same), 3, "objects")
    jobs = dict(signed_jobs(the_rig))
    for row in same:
        of_csv = rows[row["file"]]
        equal({k: str(v) for k, v in row.items()},
              {k: v for k, v in of_csv.items() if v != ""}, "CSV and JSON")
        if row["outcome"] == "signed":
            expect(row["request_id"] in jobs, "a request id that the ledger does not know")
            expect(os.path.exists(row["receipt"]), "no receipt")
        else:
            expect(row["rule"] and row["cp_section"] and row["message"], f"{row}")


@claim
def a_result_names_no_receipt_that_nobody_fetches(the_rig):
    """Of a letter that is there already, and that no run's journal knows."""
    letter, result = the_rig.path("=1+1.pdf"), the_rig.path("unproven.json")
    equal(sign(the_rig, "unproven", letter).returncode, 0, "exit code")
    again = (letter, "--resume", "--receipts", "--result", result)
    told = sign(the_rig, "unproven", *again)
    equal(told.returncode, 0, told.stdout + told.stderr)
    contains(told.stderr, "without a receipt: 1 of the letters that were there")
    row, = load(result)
    equal((row["outcome"], row.get("receipt")), ("skipped", None), "the row")
    proof = the_rig.write("unproven/=1+1.pdf.tlog-proof", "proof\n")
    os.remove(result)
    told = sign(the_rig, "unproven", *again)
    equal(told.returncode, 0, told.stdout + told.stderr)
    expect("without a receipt" not in told.stderr, told.stderr)
    row, = load(result)
    equal(row["receipt"], proof, "the receipt that is there")


@claim
def no_cell_of_a_result_is_a_formula(the_rig):
    os.chdir(the_rig.dir)
    result = sign(the_rig, "formula", "=1+1.pdf", "--result", the_rig.path("f.csv"))
    equal(result.returncode, 0, result.stdout + result.stderr)
    with open(the_rig.path("f.csv"), newline="", encoding="utf-8") as file:
        equal(next(csv.DictReader(file))["file"], "'=1+1.pdf", "cell")


@claim
def no_table_is_overwritten_by_its_results(the_rig):
    rows = [("file",), ("tree/kecamatan/0/0000.pdf",)]
    path = table(the_rig, "kept.csv", rows)
    before = the_rig.read("kept.csv")
    for arguments in (("--manifest", path, "--result", path),
                      ("--from", path, "--result", path),
                      ("--manifest", path, "--result", the_rig.path("tree", "..", "kept.csv")),
                      ("--manifest", path, "--result", the_rig.path("two.csv"), "--result",
                       the_rig.path("two.csv"))):
        for more in ("--resume", "--force"):
            result = sign(the_rig, "kept", *arguments, more)
            equal(result.returncode, 2, result.stdout + result.stderr)
            contains(result.stderr, "--result")
            equal(the_rig.read("kept.csv"), before, "the table")
    expect(not os.path.exists(the_rig.path("kept")), "a folder was made")


@claim
def no_letter_is_overwritten_by_the_result_of_another(the_rig):
    for name in ("one.pdf", "two.pdf"):
        os.makedirs(the_rig.path("own"), exist_ok=True)
        shutil.copy(the_rig.path("=1+1.pdf"), the_rig.path("own", name))
    with open(the_rig.path("own", "two.pdf"), "rb") as file:
        original = file.read()
    before = len(signed_jobs(the_rig))
    rows = [("one.pdf", "two.pdf"), ("two.pdf", "three.pdf")]
    for order in (rows, rows[::-1]):
        path = table(the_rig, "own/t.csv", [("file", "out"), *order])
        result = sign(the_rig, "own", "--manifest", path, "--force")
        equal(result.returncode, 2, result.stdout + result.stderr)
        contains(result.stderr, "two.pdf", "would overwrite another")
        with open(the_rig.path("own", "two.pdf"), "rb") as file:
            equal(file.read() == original, True, "the original is as it was")
    equal(len(signed_jobs(the_rig)), before, "signatures")
    path = table(the_rig, "own/t.csv", [("file", "out"), ("one.pdf", "a.pdf"), ("two.pdf", "b.pdf")])
    for _ in range(2):  # results that are there may be overwritten, as --force says
        equal(sign(the_rig, "own", "--manifest", path, "--force").returncode, 0, "exit code")


@claim
def wrong_rows_are_told_with_line_and_column_before_anything_is_signed(the_rig):
    good = "tree/kecamatan/0/0000.pdf"
    before = len(signed_jobs(the_rig))
    for rows, words in (
            ([("file", "rect"), (good, '"1,2,3"'), ("absent.pdf", ""), (good[:-5] + "2.pdf", "")],
             ("wrong.csv:2:2 (rect)", "wrong.csv:3:1 (file)", "2 rows")),
            ([("class", "approval", "file"), ("surat_tugas", "ND-1", "absent.pdf")],
             ("wrong.csv:2:3 (file)", "absent.pdf is not there")),
            ([("file", "clas"), (good, "")], ("wrong.csv:1:2", "did you mean 'class'")),
            ([("file",), (good,), (good,)], ("wrong.csv:3", "line 2")),
            ([("file", "out"), (good, "../out.pdf")], ("wrong.csv:2:2 (out)",)),
            ([("file", "out"), (good, "/tmp/out.pdf")], ("wrong.csv:2:2 (out)",)),
            ([("file", "reason", "approval"), (good, "Lunas, tunai", "ND-1")],
             ("wrong.csv:2:4", "more cells", "','")),
            ([("out", "file"), ("x.pdf",)], ("wrong.csv:2:2 (file)", "the cell is empty")),
            ([("file", "reason"), (good, '"open')], ("wrong.csv:2", "never closed")),
            ([("file", "approval", "mandate"), (good, "ND-" + "9" * 126, ""),
              (good[:-5] + "2.pdf", "", "M\u0085")],
             ("wrong.csv:2:2 (approval)", "128 bytes", "wrong.csv:3:3 (mandate)")),
            ([("file", "reason"), (good, "caf\udce9")], ("wrong.csv:2", "UTF-8"))):
        text = "".join(",".join(row) + "\n" for row in rows)
        the_rig.write("wrong.csv", text.encode(errors="surrogateescape"))
        result = sign(the_rig, "wrong", "--manifest", the_rig.path("wrong.csv"))
        equal(result.returncode, 2, result.stdout + result.stderr)
        contains(result.stderr, *words)
        expect(not os.path.exists(the_rig.path("wrong")), "a folder was made")
    the_rig.write("wrong.csv", f"class,approval,file\nsurat_tugas,,{good}\n")
    for more, word in (((), "3 (file): no key"),
                       (("-k", "seal-demo"), "2 (approval): no approval")):
        result = the_rig.segel("e-office", "sign", "-o", the_rig.path("wrong"), *more,
                               "--manifest", the_rig.path("wrong.csv"))
        equal(result.returncode, 2, result.stdout + result.stderr)
        contains(result.stderr, "wrong.csv:2:" + word)
    equal(len(signed_jobs(the_rig)), before, "signatures")


@claim
def no_two_results_are_one_file_while_they_are_written(the_rig):
    """What stands beside one (FILE.part, and with --receipts FILE.tlog-proof) is no other."""
    letters = [f"tree/kecamatan/{i}/000{i}.pdf" for i in (0, 1)]
    before = len(signed_jobs(the_rig))
    for end, more in ((".part", ()), (".part", ("--receipts",)),
                      (".tlog-proof", ("--receipts",)), (".tlog-proof.part", ("--receipts",))):
        for names in (("b/a.pdf", "b/a.pdf" + end), ("b/a.pdf" + end, "b/a.pdf")):
            path = table(the_rig, "beside.csv", [("file", "out"), *zip(letters, names)])
            result = sign(the_rig, "one-file", "--manifest", path, *more)
            equal(result.returncode, 2, result.stdout + result.stderr)
            contains(result.stderr, f"beside.csv:3: the output {names[1]} and {names[0]} of line 2")
    os.makedirs(the_rig.path("left"))
    for name in ("a.pdf", "a.pdf.part"):
        shutil.copy(the_rig.path("=1+1.pdf"), the_rig.path("left", name))
    result = sign(the_rig, "one-file", *glob.glob(the_rig.path("left", "*")))
    equal(result.returncode, 2, result.stdout + result.stderr)
    contains(result.stderr, "would be one file while they are written")
    equal(len(signed_jobs(the_rig)), before, "signatures")
    expect(not os.path.exists(the_rig.path("one-file")), "a folder was made")
    path = table(the_rig, "beside.csv", [("file", "out"), *zip(letters, ("a", "a.tlog-proof"))])
    result = sign(the_rig, "apart", "--manifest", path)
    equal(result.returncode, 0, result.stdout + result.stderr)
    equal(below(the_rig.path("apart")), ["a", "a.tlog-proof"], "results without receipts")


@claim
def nothing_is_written_through_a_link_in_the_folder_of_results(the_rig):
    os.makedirs(the_rig.path("linked"))
    os.makedirs(the_rig.path("outside"))
    os.symlink(the_rig.path("outside"), the_rig.path("linked", "kecamatan"))
    result = sign(the_rig, "linked", the_rig.path("tree", "kecamatan", ".."))
    equal(result.returncode, 1, result.stdout + result.stderr)
    contains(result.stdout, "symbolic link")
    equal(below(the_rig.path("outside")), [], "files outside")


@claim
def names_that_cannot_be_written_are_refused_before_they_are_signed(the_rig):
    """Beside its result a letter has FILE.part for a moment, and a receipt FILE.tlog-proof."""
    os.makedirs(the_rig.path("names"))
    for size in (250, 251, 255, 239):
        shutil.copy(the_rig.path("=1+1.pdf"), the_rig.path("names", "n" * (size - 4) + ".pdf"))
    before = len(signed_jobs(the_rig))
    result = sign(the_rig, "named", the_rig.path("names"))
    equal(result.returncode, 1, result.stdout + result.stderr)
    equal(result.stdout.count("too long"), 2, result.stdout)
    equal(len(signed_jobs(the_rig)) - before, 2, "signatures")
    equal(journals(the_rig, "named"), [], "journals")
    result = sign(the_rig, "proved", the_rig.path("names"), "--receipts")
    equal(result.returncode, 1, result.stdout + result.stderr)
    equal(result.stdout.count("too long"), 3, result.stdout)
    equal([os.path.exists(the_rig.path("proved", name + ".tlog-proof"))
           for name in below(the_rig.path("proved")) if name.endswith(".pdf")], [True],
          "receipts")


# --- Asking only ------------------------------------------------------------------------

@claim
def a_dry_run_asks_and_signs_nothing(the_rig):
    before = len(signed_jobs(the_rig))
    bad = the_rig.write("text.pdf", "no PDF\n")
    path = table(the_rig, "dry.csv", [("file", "class"), ("tree/kecamatan/0/0000.pdf", ""),
                                      ("=1+1.pdf", "kontrak_pengadaan"), (bad, "")])
    result = sign(the_rig, "dry", "--manifest", path, "--dry-run", "--json")
    equal(result.returncode, 1, result.stdout + result.stderr)
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    equal(sorted(row["status"] for row in rows[:-1]), ["allowed", "refused", "refused"],
          "answers")
    equal((rows[-1]["allowed"], rows[-1]["refused"]), (1, 2), "counts")
    denied, = (row for row in rows[:-1] if row["file"].endswith("=1+1.pdf"))
    expect(denied["failures"][0]["rule"], "no rule is named")
    expect(not os.path.exists(the_rig.path("dry")), "a folder was made")
    equal(len(signed_jobs(the_rig)), before, "signatures")


@claim
def a_dry_run_says_what_is_in_the_way_of_a_result(the_rig):
    letter = the_rig.path("=1+1.pdf")
    equal(sign(the_rig, "way", letter).returncode, 0, "exit code")
    before = signed_jobs(the_rig)
    for more, code, words in (((), 1, "is there already"), (("--resume",), 0, "skipped"),
                              (("--force",), 0, "allowed")):
        for dry in ("--dry-run", None):
            result = sign(the_rig, "way", letter, *more, *filter(None, [dry]))
            equal(result.returncode, code, result.stdout + result.stderr)
            if dry:
                contains(result.stdout, words)
                equal(signed_jobs(the_rig), before, "signatures")
    equal(len(signed_jobs(the_rig)), len(before) + 1, "signatures with --force")


@claim
def a_dry_run_asks_once_for_letters_with_the_same_terms(the_rig):
    """They are more than a gateway answers in a minute."""
    folder = pile(the_rig, "asked", 80)
    before = questions(the_rig)
    result = sign(the_rig, "dry", folder, "--dry-run")
    equal(result.returncode, 0, result.stdout[-400:] + result.stderr)
    contains(result.stderr, "80 would be signed, 0 would be refused")
    equal(questions(the_rig) - before, 1, "questions on the log")


# --- Runs that break off ----------------------------------------------------------------

def once_each(the_rig, out, before, count):
    """Every letter has its result, and the ledger one signature for each."""
    equal(len(below(the_rig.path(out))), count, "signed letters")
    jobs = signed_jobs(the_rig)[before:]
    equal(len(jobs), count, "signatures in the ledger")
    equal(len({digest for _, digest in jobs}), count, "different digests")


def killed_at(the_rig, arguments, more):
    """Kills a run when it has signed so many more letters, or a little before or after: they
    come in groups. False: it had dealt with all of them."""
    wanted = len(below(the_rig.path("killed"))) + more
    end = time.monotonic() + 60
    with subprocess.Popen(arguments, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as run:
        while len(below(the_rig.path("killed"))) < wanted and run.poll() is None:
            expect(time.monotonic() < end, "nothing is signed")
        run.kill()
        code = run.wait(60)
    expect(code in (0, -signal.SIGKILL), f"it ended with {code}")
    return code != 0


@claim
def runs_that_are_killed_go_on_and_sign_each_letter_once(the_rig):
    count = 2 * LETTERS
    folder = pile(the_rig, "many", count)
    before = len(signed_jobs(the_rig))
    dice = random.Random(7)
    arguments = command(the_rig, *TERMS, "-o", the_rig.path("killed"), folder, "-q",
                        "--result", the_rig.path("killed.json"))
    kills = 0
    while killed_at(the_rig, arguments + (["--resume"] if kills else []),
                    dice.randrange(1, LETTERS // CYCLES) if kills < CYCLES else count + 1):
        kills += 1
        expect(isinstance(load(the_rig.path("killed.json")), list), "no list")
    expect(kills > 2, f"it was killed {kills} times only")
    once_each(the_rig, "killed", before, count)
    rows = load(the_rig.path("killed.json"))
    equal(sorted(row["request_id"] for row in rows),
          sorted(job for job, _ in signed_jobs(the_rig)[before:]), "request ids")
    equal(journals(the_rig, "killed"), [], "journals")


@claim
def a_letter_is_in_the_journal_and_on_disk_before_it_is_sent(the_rig):
    """Seen by strace, where that is allowed: libsegel opens the letter after the sync."""
    trace = the_rig.path("trace")
    letter = the_rig.path("tree", "kecamatan", "0", "0000.pdf")
    result = subprocess.run(["strace", "-f", "-y", "-o", trace, "-e",
                             "trace=openat,write,fdatasync", *command(the_rig, *TERMS),
                             "-o", the_rig.path("traced"), letter],
                            capture_output=True, text=True, check=False, timeout=120)
    if result.returncode != 0 and "ptrace" in result.stderr:
        print("      strace may not trace here")
        return
    equal(result.returncode, 0, result.stdout + result.stderr)
    lines = the_rig.read("trace").splitlines()
    opened = [i for i, line in enumerate(lines) if "openat(" in line and letter in line]
    written, = (i for i, line in enumerate(lines)
                if "write(" in line and ".journal" in line and '"+\\t1\\t' in line)
    synced = [i for i, line in enumerate(lines) if i > written and "fdatasync" in line]
    equal(len(opened), 2, "opened: to be kept in the journal, and to be signed")
    expect(opened[0] < written < synced[0] < opened[1], f"{opened} {written} {synced}")


def stopped(the_rig, out, folder, *signals, more=(), begun=None):
    """A run that gets signals when some letters are signed, or when it has begun a file; its
    exit code, 0 where it was over before they came, and what it said."""
    run = subprocess.Popen(command(the_rig, *TERMS, "-o", the_rig.path(out), folder, "-q", *more),
                           stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                           start_new_session=True)
    try:
        end = time.monotonic() + 30
        while not glob.glob(begun or the_rig.path(out, "**", "*.pdf*"), recursive=True):
            expect(time.monotonic() < end, "nothing is signed")
            time.sleep(0.005)
        for number in signals:  # as a terminal sends it: to all of the group
            os.killpg(run.pid, number)
            time.sleep(0.01)
        _, told = run.communicate(timeout=60)
    finally:
        run.kill()
        run.wait()
    return run.returncode, told.decode()


def in_time(out, attempt):
    """What the attempt gives for the first folder whose run was not over before the signal
    came: a letter takes milliseconds, and this process may have had to wait."""
    for number in range(TRIES):
        found = attempt(f"{out}-{number}")
        if found is not None:
            return found
    raise rig.Failed(f"{TRIES} runs were over before their signals came")


def broken_off(the_rig, out, folder, more=()):
    """Where Ctrl-C has ended a run, and how many signatures there were before it."""
    def attempt(name):
        before = len(signed_jobs(the_rig))
        code, told = stopped(the_rig, name, folder, signal.SIGINT, more=more)
        expect(code in (0, 1, EXIT_STOPPED), f"exit code {code}: {told}")
        return (name, before) if code == EXIT_STOPPED else None
    return in_time(out, attempt)


def stopped_twice(the_rig, out, folder, signals):
    """A run and the one that goes on with it; None: one of them was over too soon."""
    before = len(signed_jobs(the_rig))
    path = the_rig.path(f"{out}.json")
    code, told = stopped(the_rig, out, folder, *signals, more=("--result", path))
    if code == 0:
        return None
    equal(code, EXIT_STOPPED, told)
    rows = load(path)
    equal(len({row["file"] for row in rows}), LETTERS, "letters with a row")
    equal(len(rows), LETTERS, "rows")
    equal({row["outcome"] for row in rows}, {"signed", "not-done"})
    equal(sum(row["outcome"] == "signed" for row in rows),
          len(below(the_rig.path(out))), "rows of signed letters")
    contains(told, "--resume")
    some = len(below(the_rig.path(out)))
    expect(0 < some < LETTERS, f"{some} letters before the end")
    if len(signals) == 1:
        equal(len(signed_jobs(the_rig)) - before, some, "what was under way is finished")
    equal(len(journals(the_rig, out)), 1, "journals")
    refused = sign(the_rig, out, folder)
    equal(refused.returncode, 1, refused.stderr)
    contains(refused.stderr, "is not finished", "--resume")
    os.remove(path)
    code, told = stopped(the_rig, out, folder, *signals,
                         more=("--resume", "--result", path), begun=path)
    if code == 0:
        return None
    equal(code, EXIT_STOPPED, told)
    rows = load(path)
    equal(len({row["file"] for row in rows}), LETTERS, "letters with a row")
    equal(len({row["request_id"] for row in rows if row["outcome"] == "signed"}),
          len(below(the_rig.path(out))), "ids of letters that either part signed")
    return before


def known_twice(the_rig, out, folder, go_on):
    """A list whose first part is stopped, and the same list from its other end, which is stopped
    at once: that one has not come to what the first part signed. None: one was over too soon."""
    names = sorted(glob.glob(os.path.join(folder, "**", "*.pdf"), recursive=True))
    lists = [the_rig.write(f"{out}.{i}.txt", "\n".join(order) + "\n")
             for i, order in enumerate((names, names[::-1]))]
    results = [the_rig.path(f"{out}.{i}.json") for i in (0, 1)]
    code, _ = stopped(the_rig, out, f"--from={lists[0]}", signal.SIGINT,
                      more=("--result", results[0]))
    if code == 0 or not go_on(out, lists[1], results[1]):
        return None
    first, second = ({row["file"]: row for row in load(path)} for path in results)
    equal((len(first), len(second)), (LETTERS, LETTERS), "letters with a row")
    done = [row for row in first.values() if row["outcome"] == "signed"]
    expect(done, "the first part signed nothing")
    for row in done:
        again = second[row["file"]]
        equal([again.get(name) for name in ("outcome", "request_id", "log_index")],
              [row[name] for name in ("outcome", "request_id", "log_index")], row["file"])
    return out


@claim
def a_part_that_stops_tells_what_the_one_before_signed(the_rig):
    folder = pile(the_rig, "forgetting", LETTERS)
    address = the_rig.read("clients/e-office/gateway")
    host, port = address.strip().rsplit(":", 1)

    def stop(out, names, result):
        code, told = stopped(the_rig, out, f"--from={names}", signal.SIGINT,
                             more=("--resume", "--result", result), begun=result)
        expect(code in (0, EXIT_STOPPED), f"exit code {code}: {told}")
        return code != 0

    def go_away(out, names, result):
        cutter = Cutter((host, int(port)), [1 << 30] + [0] * 100)  # it only tells of its keys
        the_rig.write("clients/e-office/gateway", f"{host}:{cutter.port}\n")
        told = sign(the_rig, out, f"--from={names}", "--resume", "--result", result)
        the_rig.write("clients/e-office/gateway", address)
        cutter.listener.close()
        equal(told.returncode, 3, told.stdout + told.stderr)
        return True
    for name, go_on in (("told-stopped", stop), ("told-away", go_away)):
        in_time(name, lambda out, go_on=go_on: known_twice(the_rig, out, folder, go_on))


@claim
def ctrl_c_ends_a_run_that_goes_on_later(the_rig):
    folder = pile(the_rig, "stopping", LETTERS)
    for count in (1, 2):
        done = []

        def attempt(out, signals=(signal.SIGINT,) * count, done=done):
            done.append(out)
            return stopped_twice(the_rig, out, folder, signals)
        before = in_time(f"ctrl-c-{count}", attempt)
        result = sign(the_rig, done[-1], folder, "--resume")
        equal(result.returncode, 0, result.stdout + result.stderr)
        once_each(the_rig, done[-1], before, LETTERS)


def raced(the_rig, out, folder, *words):
    """True; None: the first run was over before the others came."""
    before = len(signed_jobs(the_rig))
    run = subprocess.Popen(command(the_rig, *TERMS, "-o", the_rig.path(out), folder, "-q", *words),
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 30
        while not glob.glob(the_rig.path(out, "**", "*.pdf"), recursive=True):
            expect(time.monotonic() < end, "nothing is signed")
            time.sleep(0.005)
        os.kill(run.pid, signal.SIGSTOP)  # as slow as the clerk thinks it is
        if os.waitid(os.P_PID, run.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT).si_code \
                != os.CLD_STOPPED:
            return None
        for more in ((), ("--resume",), ("--journal", the_rig.path("own.journal"))):
            result = sign(the_rig, out, folder, *more)
            equal(result.returncode, 1, result.stdout + result.stderr)
            contains(result.stderr, "another segel sign is at work in")
        run.send_signal(signal.SIGCONT)
        equal(run.wait(timeout=60), 0, "exit code of the first run")
    finally:
        run.kill()
        run.wait()
    once_each(the_rig, out, before, LETTERS)
    return True


@claim
def two_runs_at_once_in_one_folder_sign_nothing_twice(the_rig):
    folder = pile(the_rig, "racing", LETTERS)
    in_time("raced", lambda out: raced(the_rig, out, folder))
    in_time("raced-apart", lambda out: raced(the_rig, out, folder, "--journal",
                                             the_rig.path(f"{out}.journal")))


@contextlib.contextmanager
def unwritable(the_rig, out, names):
    """Letters of these names cannot be written, as on a full disk."""
    for name in names:  # where the letter would be written first
        os.makedirs(the_rig.path(out, name + ".part", "x"))
    yield
    for name in names:
        shutil.rmtree(the_rig.path(out, name + ".part"))


@claim
def a_disk_that_takes_nothing_ends_the_run_before_all_is_signed(the_rig):
    folder = pile(the_rig, "full", 2 * LETTERS)
    before = len(signed_jobs(the_rig))
    with unwritable(the_rig, "filled", below(folder)):
        result = sign(the_rig, "filled", folder)
        equal(result.returncode, 3, result.stdout + result.stderr)
        contains(result.stderr, "--resume", "not-written", "not done")
        some = len(signed_jobs(the_rig)) - before
        expect(0 < some < 2 * LETTERS, f"{some} signatures that nobody has")
    result = sign(the_rig, "filled", folder, "--resume")
    equal(result.returncode, 0, result.stdout + result.stderr)
    once_each(the_rig, "filled", before, 2 * LETTERS)


@claim
def a_signed_letter_that_is_gone_keeps_its_journal_until_it_is_there(the_rig):
    """The clerk has moved it elsewhere, and it cannot be written again just now."""
    folder = pile(the_rig, "moving", 3)
    names = below(folder)
    before = len(signed_jobs(the_rig))
    for some, code, more in ((names, 3, ()), (names[:1], 1, ("--resume",)),
                             (names[1:2], 1, ("--resume",)), ([], 0, ("--resume",))):
        with unwritable(the_rig, "moved", some):
            for name in some:
                with contextlib.suppress(FileNotFoundError):
                    os.remove(the_rig.path("moved", name))
            result = sign(the_rig, "moved", folder, *more)
        equal(result.returncode, code, result.stdout + result.stderr)
        if code == 1:
            contains(result.stderr, "some letters may be signed, and are not there")
            equal(len(journals(the_rig, "moved")), 1, "journals")
    once_each(the_rig, "moved", before, 3)
    equal(journals(the_rig, "moved"), [], "journals of a run that ended")


@claim
def a_spreadsheets_habits_are_no_mistakes(the_rig):
    """Rows that were emptied, a first line for itself, headers with capitals."""
    shutil.copy(the_rig.path("=1+1.pdf"), the_rig.path("surat 1.pdf"))
    rows = "sep=;\r\nFile;Class;reason\r\n;;\r\nsurat 1.pdf;surat_keterangan;Rp 1.250,50\r\n;;;\r\n"
    result = sign(the_rig, "habits", "--manifest", the_rig.write("h.csv", rows))
    equal(result.returncode, 0, result.stdout + result.stderr)
    contains(result.stderr, "1 signed, 0 refused")
    for text, words in (("file\treason\nsurat 1.pdf\tx\n", "parted by tabs"),
                        (b"PK\3\4" + bytes(64), "a spreadsheet's own file"),
                        ("file\n", "names no letter"),
                        ("file\nsurat\\1.pdf\n", "parted by '/'")):
        result = sign(the_rig, "habits", "--manifest", the_rig.write("h.csv", text))
        equal(result.returncode, 2, result.stdout + result.stderr)
        contains(result.stderr, words)


@claim
def the_documented_exit_codes_are_those_of_the_command(the_rig):
    with open(os.path.join(rig.ROOT, "docs/LETTERS.md"), encoding="utf-8") as file:
        contains(file.read(), f"| {EXIT_STOPPED} | stopped: `--resume` |")


@claim
def a_named_journal_takes_no_other_file_away(the_rig):
    beside = the_rig.write("mine.journal.new", "another's\n")
    result = sign(the_rig, "mine", the_rig.path("=1+1.pdf"), "--journal",
                  the_rig.path("mine.journal"))
    equal(result.returncode, 0, result.stdout + result.stderr)
    expect(os.path.exists(beside), "the file beside the journal is gone")
    equal(glob.glob(the_rig.path("mine.journal*")), [beside], "files")


@claim
def what_changed_in_between_is_noticed(the_rig):
    folder = pile(the_rig, "changing", LETTERS)
    out, before = broken_off(the_rig, "changed", folder)
    name = below(the_rig.path(out))[0]
    with open(os.path.join(folder, name), "ab") as file:
        file.write(b"% changed\n")
    result = sign(the_rig, out, folder, "--resume")
    equal(result.returncode, 1, result.stdout + result.stderr)
    contains(result.stdout, f"{name}: the letter has changed since this run signed it")
    once_each(the_rig, out, before, LETTERS)


@claim
def what_other_runs_signed_stays_when_a_changed_letter_is_signed_anew(the_rig):
    folder = pile(the_rig, "growing", 6)
    equal(sign(the_rig, "grown", folder).returncode, 0, "the first run")
    names = [name for name in below(pile(the_rig, "growing", 9))
             if not os.path.exists(the_rig.path("grown", name))]
    with unwritable(the_rig, "grown", names):
        result = sign(the_rig, "grown", folder, "--resume")
        equal(result.returncode, 3, result.stdout + result.stderr)
    with open(os.path.join(folder, names[0]), "ab") as file:
        file.write(b"% changed\n")
    result = sign(the_rig, "grown", folder, "--resume")
    equal(result.returncode, 1, result.stdout + result.stderr)
    contains(result.stdout, f"{names[0]}: the letter has changed since this run sent it",
             "--resume with --force")
    before = len(signed_jobs(the_rig))
    result = sign(the_rig, "grown", folder, "--resume", "--force")
    equal(result.returncode, 0, result.stdout + result.stderr)
    equal(len(signed_jobs(the_rig)) - before, 1, "signatures")
    equal((len(below(the_rig.path("grown"))), journals(the_rig, "grown")), (9, []), "files")
    result = sign(the_rig, "grown", folder, "--resume", "--force")  # and there is no journal
    equal((result.returncode, len(signed_jobs(the_rig)) - before), (0, 1), "signatures")


@claim
def a_run_that_was_begun_to_overwrite_goes_on_to_do_so(the_rig):
    folder = pile(the_rig, "replacing", 2 * LETTERS)
    equal(sign(the_rig, "replaced", folder).returncode, 0, "the first run")
    before = len(signed_jobs(the_rig))
    with unwritable(the_rig, "replaced", below(folder)):
        result = sign(the_rig, "replaced", folder, "--force")
        equal(result.returncode, 3, result.stdout + result.stderr)
    some = len(signed_jobs(the_rig)) - before
    expect(0 < some < 2 * LETTERS, f"{some} of the letters before it stopped")
    result = sign(the_rig, "replaced", folder, "--force", "--resume")
    equal(result.returncode, 0, result.stdout + result.stderr)
    once_each(the_rig, "replaced", before, 2 * LETTERS)


@claim
def other_terms_are_noticed(the_rig):
    folder = pile(the_rig, "terming", LETTERS)
    out, before = broken_off(the_rig, "termed", folder)
    some = len(below(the_rig.path(out)))
    result = sign(the_rig, out, folder, "--resume", "--reason", "another")
    equal(result.returncode, 1, result.stdout + result.stderr)
    equal(result.stdout.count("the terms of the letter have changed"), some, "refusals")
    once_each(the_rig, out, before, LETTERS)


def lose_outcomes(the_rig, out):
    """As if none had come before the run broke off; how many letters were sent."""
    journal, = journals(the_rig, out)
    with open(journal, encoding="utf-8") as file:
        lines = [line for line in file if not line.startswith("=")]
    with open(journal, "w", encoding="utf-8") as file:
        file.writelines(lines)
    for name in below(the_rig.path(out)):
        os.unlink(the_rig.path(out, name))
    return len(lines) - 1


@claim
def a_letter_that_cannot_be_signed_keeps_no_run_open(the_rig):
    """It was in the journal when the run broke off, and never sent."""
    folder = pile(the_rig, "spoiled", LETTERS)
    the_rig.write("spoiled/a.pdf", "no PDF\n")
    out, before = broken_off(the_rig, "spoilt", folder)
    lose_outcomes(the_rig, out)
    result = sign(the_rig, out, folder, "--resume")
    equal(result.returncode, 1, result.stdout + result.stderr)
    contains(result.stderr, "1 refused")
    expect("may be signed" not in result.stderr, result.stderr)
    equal(journals(the_rig, out), [], "journals")
    once_each(the_rig, out, before, LETTERS)


@claim
def no_run_with_a_journal_elsewhere_begins_beside_one_that_is_open(the_rig):
    folder = pile(the_rig, "begun", LETTERS)
    other, _ = broken_off(the_rig, "begun-apart", folder)
    out, before = broken_off(the_rig, "begun-here", folder)
    lose_outcomes(the_rig, out)
    (apart,), (here,) = journals(the_rig, other), journals(the_rig, out)
    signed = len(signed_jobs(the_rig))
    for more, words in ((("--journal", the_rig.path("new.journal")), "with --resume goes on"),
                        (("--journal", apart, "--resume"), f"go on with {here} first")):
        result = sign(the_rig, out, folder, *more)
        equal(len(signed_jobs(the_rig)), signed, "signatures")
        equal(result.returncode, 1, result.stdout + result.stderr)
        contains(result.stderr, "is not finished", words)
    expect(not os.path.exists(the_rig.path("new.journal")), "a journal was made")
    result = sign(the_rig, out, folder, "--resume", "--journal", here)
    equal(result.returncode, 0, result.stdout + result.stderr)
    once_each(the_rig, out, before, LETTERS)


@claim
def signatures_beside_their_files_go_on_with_the_ids_of_before(the_rig):
    folder = pile(the_rig, "beside", LETTERS)
    cades = ["--profile", "cades-b-b"]
    out, before = broken_off(the_rig, "besides", folder, cades)
    expect(0 < lose_outcomes(the_rig, out) < LETTERS, "how many were sent")
    result = sign(the_rig, out, folder, "--resume", *cades)
    equal(result.returncode, 0, result.stdout + result.stderr)
    once_each(the_rig, out, before, LETTERS)
    equal(journals(the_rig, out), [], "journals")
    name = below(the_rig.path(out))[LETTERS // 2]
    result = the_rig.segel("e-office", "verify", "--content",
                           os.path.join(folder, name[:-4]), the_rig.path(out, name))
    equal(result.returncode, 0, result.stdout + result.stderr)
    path = table(the_rig, "besides.csv", [
        ("file", "profile", "out"), ("=1+1.pdf", "cades-b-b", ""),
        ("tree/notes.txt", "cades-b-b", "x/notes.sig"), (folder + "/" + name[:-4], "", "")])
    result = sign(the_rig, "besides2", "--manifest", path)
    equal(result.returncode, 0, result.stdout + result.stderr)
    equal(below(the_rig.path("besides2")),
          sorted(["=1+1.pdf.p7s", os.path.basename(name)[:-4], "x/notes.sig"]), "a table")
    result = sign(the_rig, "besides2", folder, *cades, "--title", "SEKRETARIS")
    equal(result.returncode, 2, result.stdout + result.stderr)
    contains(result.stderr, "leave --title out")


@claim
def what_signing_puts_into_a_folder_is_not_signed(the_rig):
    """With receipts and results beside the files, over and over again, and a file that a crash
    left there."""
    folder = the_rig.path("archive")
    os.makedirs(folder)
    cades = [folder, "--profile", "cades-b-b", "--receipts", "--result", folder + "/out.csv"]
    result = sign(the_rig, "archive", *cades)
    equal(result.returncode, 2, result.stdout + result.stderr)
    contains(result.stderr, "no file to sign", ".tlog-proof")
    expect(".pdf" not in result.stderr, "letters alone: " + result.stderr)
    for name in ("data.xml", "data.xml.p7s.part", "note.tlog-proof.part"):
        the_rig.write(os.path.join("archive", name), name)
    before = len(signed_jobs(the_rig))
    result = sign(the_rig, "archive", *cades)
    equal(result.returncode, 0, result.stdout + result.stderr)
    result = sign(the_rig, "archive", *cades, "--resume")
    equal(result.returncode, 0, result.stdout + result.stderr)
    contains(result.stderr, "1 skipped")
    equal(len(signed_jobs(the_rig)) - before, 1, "signatures")
    equal(below(folder), ["data.xml", "data.xml.p7s", "data.xml.p7s.tlog-proof",
                          "note.tlog-proof.part", "out.csv"], "what is there")
    result = sign(the_rig, "by-name", folder + "/out.csv", "--profile", "cades-b-b")
    equal((result.returncode, below(the_rig.path("by-name"))), (0, ["out.csv.p7s"]),
          "a file that is named: " + result.stdout + result.stderr)


@claim
def what_a_run_writes_is_none_of_its_documents(the_rig):
    """By '*' the same command names its own result; and a document is no result, whatever
    --force says."""
    folder = the_rig.path("results")
    os.makedirs(folder)
    the_rig.write("results/data.xml", "<a/>")
    words = ["--profile", "cades-b-b", "--result", folder + "/out.csv"]
    result = sign(the_rig, "named-out", folder + "/data.xml", *words)
    equal(result.returncode, 0, result.stdout + result.stderr)
    before = len(signed_jobs(the_rig))
    result = sign(the_rig, "named-out", folder + "/data.xml", folder + "/out.csv", *words, "--resume")
    equal(result.returncode, 0, result.stdout + result.stderr)
    equal((len(signed_jobs(the_rig)) - before, below(the_rig.path("named-out"))),
          (0, ["data.xml.p7s"]), "signed again")
    for path in ("rekap.csv", "rekap.json"):
        the_rig.write("results/" + path, "[1]\n" if path.endswith("json") else "nomor;perihal\r\n")
        kept = the_rig.read("results/" + path)
        result = sign(the_rig, "named-more", folder, "--profile", "cades-b-b", "--force",
                      "--result", f"{folder}/{path}")
        equal(result.returncode, 1, result.stdout + result.stderr)
        contains(result.stderr, "no result of an earlier run", path)
        equal(the_rig.read("results/" + path), kept, "the document")
    equal(len(signed_jobs(the_rig)) - before, 0, "signatures")


@claim
def a_letter_whose_id_is_known_otherwise_is_settled(the_rig):
    """What a stamp says changed after it was sent: no signature of that id fits it now."""
    folder = pile(the_rig, "conflicting", LETTERS)
    template = ("stamp Uji\nsize 300 60\nat 5 5\nbox statement\nsize 300 40\n"
                "box text\nat 0 42\nsize 300 18\ntext %s\n")
    the_rig.write("own.stamp", template % "SURAT")
    stamp = ["--stamp", the_rig.path("own.stamp")]
    out, _ = broken_off(the_rig, "conflicted", folder, stamp)
    sent = lose_outcomes(the_rig, out)
    the_rig.write("own.stamp", template % "BERITA ACARA")
    result = sign(the_rig, out, folder, "--resume", *stamp)
    equal(result.returncode, 1, result.stdout + result.stderr)
    known = result.stdout.count("the gateway knows this letter as it would have looked")
    equal((result.stdout.count("refused"), len(below(the_rig.path(out)))),
          (known, LETTERS - known), "refused and signed")
    expect(0 < known <= sent, f"{known} of {sent}")
    equal(journals(the_rig, out), [], "journals of what is settled")
    result = sign(the_rig, out, folder, "--resume", *stamp)
    equal(result.returncode, 0, result.stdout + result.stderr)
    contains(result.stderr, f"{known} signed")


MUTE = -1


class Cutter:
    """Between client and gateway: each connection but the last ends after some bytes of
    answers, or has none at all (MUTE)."""

    def __init__(self, target, cuts):
        self.target, self.cuts, self.muted = target, list(cuts), []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                left = self.cuts.pop(0) if self.cuts else None
                if left == MUTE:
                    self.muted.append(client)
                    continue
                server = socket.create_connection(self.target)
                for ends in ((client, server, None), (server, client, left)):
                    threading.Thread(target=self.pump, args=ends, daemon=True).start()

    @staticmethod
    def pump(source, target, left):
        with contextlib.suppress(OSError):
            while left is None or left > 0:
                data = source.recv(4096)
                if not data:
                    break
                target.sendall(data)
                left = None if left is None else left - len(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@claim
def a_connection_that_breaks_costs_nothing(the_rig):
    folder = pile(the_rig, "cutting", LETTERS)
    before = len(signed_jobs(the_rig))
    address = the_rig.read("clients/e-office/gateway")
    host, port = address.strip().rsplit(":", 1)
    # The first connection asks about the key, the second signs.
    cutter = Cutter((host, int(port)), (1 << 30, 60000, 90000))
    the_rig.write("clients/e-office/gateway", f"{host}:{cutter.port}\n")
    result = sign(the_rig, "cut", folder)
    the_rig.write("clients/e-office/gateway", address)
    cutter.listener.close()
    equal(result.returncode, 0, result.stdout + result.stderr)
    contains(result.stderr, "the connection is lost")
    equal(cutter.cuts, [], "cuts that were not made")
    once_each(the_rig, "cut", before, LETTERS)


def stopped_while_muted(the_rig, out, folder, cuts, *more):
    """What a run says that Ctrl-C ends while it waits for a connection."""
    address = the_rig.read("clients/e-office/gateway")
    host, port = address.strip().rsplit(":", 1)
    cutter = Cutter((host, int(port)), cuts)
    the_rig.write("clients/e-office/gateway", f"{host}:{cutter.port}\n")
    run = subprocess.Popen(command(the_rig, *TERMS, "-o", the_rig.path(out), folder, *more),
                           stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                           start_new_session=True)
    try:
        end = time.monotonic() + 30
        while not cutter.muted:
            expect(time.monotonic() < end and run.poll() is None, "no connection is waited for")
            time.sleep(0.01)
        time.sleep(0.5)
        started = time.monotonic()
        run.send_signal(signal.SIGINT)
        _, told = run.communicate(timeout=60)
        took = time.monotonic() - started
    finally:
        run.kill()
        run.wait()
        the_rig.write("clients/e-office/gateway", address)
        cutter.listener.close()
    equal(run.returncode, EXIT_STOPPED, told)
    expect(took < 4, f"it ended after {took:.1f} s: {told}")
    return told


@claim
def a_run_that_is_stopped_tells_of_receipts_that_are_not_there(the_rig):
    folder = pile(the_rig, "unproved", LETTERS)
    result = the_rig.path("unproved.json")

    def attempt(out):
        code, told = stopped(the_rig, out, folder, signal.SIGINT,
                             more=("--receipts", "--result", result))
        expect(code in (0, EXIT_STOPPED), f"exit code {code}: {told}")
        rows = load(result)
        os.remove(result)
        return (out, told, rows) if code else None
    out, told, rows = in_time("unproved-out", attempt)
    done = {row["output"] for row in rows if row["outcome"] == "signed"}
    contains(told, f"{len(done)} of the signed letters have no receipt yet", "--resume")
    equal({row["file"] for row in rows if row["outcome"] == "no-receipt"}, done, "rows")
    equal(glob.glob(the_rig.path(out, "**", "*.tlog-proof"), recursive=True), [], "receipts")
    told = sign(the_rig, out, folder, "--resume", "--receipts")
    equal(told.returncode, 0, told.stdout + told.stderr)
    equal(len(glob.glob(the_rig.path(out, "**", "*.tlog-proof"), recursive=True)), LETTERS,
          "receipts")


@claim
def a_gateway_that_is_started_anew_costs_no_receipts(the_rig):
    folder = pile(the_rig, "awaited", 3)
    address = the_rig.read("clients/e-office/gateway")
    host, port = address.strip().rsplit(":", 1)

    def run(out, away):
        """It is away for so many connections, from the letters to their receipts."""
        cutter = Cutter((host, int(port)), [1 << 30, 1 << 30] + [0] * away)
        the_rig.write("clients/e-office/gateway", f"{host}:{cutter.port}\n")
        result = sign(the_rig, out, folder, "--receipts")
        the_rig.write("clients/e-office/gateway", address)
        cutter.listener.close()
        return result, len(glob.glob(the_rig.path(out, "**", "*.tlog-proof"), recursive=True))
    result, count = run("awaited-out", 4)
    equal((result.returncode, count), (0, 3), result.stdout + result.stderr)
    result, count = run("unawaited", 100)
    equal((result.returncode, count), (3, 0), result.stdout + result.stderr)
    contains(result.stderr, "3 of the signed letters have no receipt yet", "--resume fetches")
    expect("not all letters" not in result.stderr, result.stderr)
    equal(len(journals(the_rig, "unawaited")), 1, "journals")
    result = sign(the_rig, "unawaited", folder, "--receipts", "--resume")
    equal(result.returncode, 0, result.stdout + result.stderr)
    equal((len(below(the_rig.path("unawaited"))), journals(the_rig, "unawaited")), (6, []),
          "letters and receipts, and journals")


@claim
def ctrl_c_ends_the_wait_for_a_connection(the_rig):
    folder = pile(the_rig, "unanswered", LETTERS)
    told = stopped_while_muted(the_rig, "unbegun", folder, [MUTE])
    contains(told, "before any letter was begun")
    expect(not os.path.exists(the_rig.path("unbegun")), "there is a folder")
    told = stopped_while_muted(the_rig, "unsent", folder, [1 << 30, MUTE])
    contains(told, "--resume")
    equal((below(the_rig.path("unsent")), journals(the_rig, "unsent")), ([], []), "files")
    before = len(signed_jobs(the_rig))
    told = stopped_while_muted(the_rig, "unheard", folder, [1 << 30, 60000] + [MUTE] * 9)
    contains(told, "there is no connection to the gateway", "--resume")
    result = sign(the_rig, "unheard", folder, "--resume")
    equal(result.returncode, 0, result.stdout + result.stderr)
    once_each(the_rig, "unheard", before, LETTERS)
    told = stopped_while_muted(the_rig, "unfetched", folder, [1 << 30, 1 << 30, MUTE],
                               "--receipts")
    contains(told, f"{LETTERS} of the signed letters have no receipt yet")
    expect("not all letters" not in told, told)
    expect("are not there" not in told, told)


@claim
def many_letters_need_little_memory(the_rig):
    """The largest of all runs so far."""
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    expect(peak < 200 * rig.memory_factor(), f"{peak:.0f} MiB")


if __name__ == "__main__":
    the_rig = rig.Rig("bulk")
    make(the_rig)
    with the_rig.gateway():
        code = rig.run(the_rig)
    sys.exit(code)
