#!/usr/bin/python3
"""Promises that only show from outside: which process knows which secret, what never
reaches the gateway at all, and what an earlier checkpoint is good for."""
import contextlib
import datetime
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time

import rig
import small_pdf
from rig import claim, contains, equal, expect, item

# --- Secrets -----------------------------------------------------------------------------


# A sanitizer's own map of the memory is larger than any disk; nothing else is so large.
LARGEST_MAP = 1 << 32


def memory_holds(pid, words):
    """Which of the words stand in the memory of a process."""
    found = set()
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps, \
            open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in maps:
            place, rights = line.split()[:2]
            if "r" not in rights or "[v" in line:
                continue
            start, end = (int(x, 16) for x in place.split("-"))
            if end - start > LARGEST_MAP:
                continue
            with contextlib.suppress(OSError, ValueError, OverflowError):
                memory.seek(start)
                data = memory.read(end - start)
                found.update(w for w in words if w in data)
    return found


def found_in_segeld(gateway, words):
    """Beside a word that must be there: else nothing was looked at. Where only root may
    look, nobody else finds anything."""
    control = b"surat_keterangan"
    try:
        found = memory_holds(gateway.process.pid, [control, *words])
    except PermissionError:
        expect(os.getuid() != 0, "root may look")
        return set()
    expect(control in found, "the memory of segeld cannot be read here")
    return found - {control}


@claim
def pin_and_module_exist_only_in_the_lane(rigged):
    with rigged.gateway() as gateway:
        gateway.client().sign()
        pin = rigged.read("pin", "rb").strip()
        equal(found_in_segeld(gateway, [pin]), set(), "the PIN in segeld")
        for name, secret in (("maps", b"softhsm"), ("cmdline", pin), ("environ", pin)):
            with contextlib.suppress(PermissionError), \
                    open(f"/proc/{gateway.process.pid}/{name}", "rb") as file:
                expect(secret not in file.read(), f"{secret} stands in {name}")
        expect(pin.decode() not in gateway.text(), "the PIN stands in the log lines")


@claim
def a_letters_content_never_reaches_the_gateway(rigged):
    words = [b"Pemerintah Kota Contoh memberitahukan", b"%PDF-1."]
    letter = rigged.write("rahasia.pdf", small_pdf.build(small_pdf.page(words[0].decode())))
    with rigged.gateway() as gateway:
        signed = rigged.segel("e-office", "sign", "--key", "seal-demo", "--profile",
                              "pades-b-b", "--class", "surat_keterangan", "--approval",
                              "ND/7/2026", "--notice-shown", "-o", rigged.path("out"), letter)
        equal(signed.returncode, 0, signed.stdout + signed.stderr)
        equal(found_in_segeld(gateway, words), set(), "content in segeld")
        for name in ("ledger.db", "ledger.db-wal"):
            data = rigged.read(name, "rb")
            for word in words:
                expect(word not in data, f"content in {name}")


# --- Policy ------------------------------------------------------------------------------

def with_rule(rigged, deny):
    """The policy with one more rule, that nothing else of the file leans on."""
    rule = f'  - {{id: X-1, cp: "9.9", level: hard, require: {{caller.entitled: true}}, {deny}}}'
    text = rigged.read("policy.yaml")
    expect("\nrules:\n" in text, "the policy has rules")
    rigged.write("one-more.yaml", text.replace("\nrules:\n", f"\nrules:\n{rule}\n", 1))
    return rigged.config((r"file: policy.yaml", "file: one-more.yaml"))


@claim
def a_policy_with_one_broken_rule_does_not_load_at_all(rigged):
    sound = with_rule(rigged, "deny: CALLER_NOT_ENTITLED")
    checked = rigged.tool("segeld", "--config", sound, "--check-config")
    equal(checked.returncode, 0, f"the rule as such loads: {checked.stderr}")
    code, said = rigged.refuses(with_rule(rigged, "denies: CALLER_NOT_ENTITLED"))
    equal(code, 1, "exit code")
    contains(said, "one-more.yaml", "denies")


def with_requirement(rigged, requirement):
    """A configuration with a policy of one more rule, the first of the file."""
    text = rigged.read("policy.yaml").split("\ntests:\n", maxsplit=1)[0] + "\n"
    rule = f'  - {{id: X-1, cp: "9.9", level: hard, require: {requirement}, deny: OUTSIDE_HOURS}}'
    rigged.write("calendar.yaml", text.replace("\nrules:\n", f"\nrules:\n{rule}\n", 1))
    return rigged.config((r"file: policy.yaml", "file: calendar.yaml"),
                         rig.fresh_ledger())


@claim
def weekday_and_minute_come_from_the_clock_of_the_job(rigged):
    days = "[mon, tue, wed, thu, fri, sat, sun]"
    lawful = (f"{{clock.weekday: {{in: {days}}}, clock.minute_of_day: {{between: [0, 1439]}}, "
              "clock.holiday: {exists: true}}")
    with rigged.gateway(with_requirement(rigged, lawful)) as gateway:
        gateway.client().sign(rig.item())
    zone = datetime.timezone(datetime.timedelta(hours=7))
    before = datetime.datetime.now(zone)
    config = with_requirement(rigged, f"{{clock.weekday: {{not_in: {days}}}}}")
    with rigged.gateway(config) as gateway:
        refusal = rig.refused(gateway.client().sign)
        pending = rigged.read("policy.yaml").count("\n    mode: pending\n")
        contains(gateway.text(), f'"rules_not_judged":"{pending}"')
    expect(refusal.info is not None, f"{refusal.code} {refusal.message}")
    after = datetime.datetime.now(zone)
    contains(refusal.message, "denied by policy", "X-1")  # the rule has no message
    equal(refusal.info.reason, "OUTSIDE_HOURS", "code")
    found = refusal.denial.failures[0].found
    expect(found in {day.strftime("%a").lower() for day in (before, after)}, found)


# --- The log against an earlier checkpoint -----------------------------------------------

def verify(rigged, *arguments):
    return rigged.segel("reviewer", "log", "verify", *arguments)


def covered(rigged, records, seconds=15):
    """Waits until a checkpoint covers so many records; how many it covers then."""
    end = time.monotonic() + seconds
    while True:
        said = json.loads(verify(rigged, "--json").stdout or "{}")
        if said.get("covered", 0) >= records:
            return said["covered"]
        expect(time.monotonic() < end, f"no checkpoint of {records} records: {said}")
        time.sleep(0.2)


def sign_some(gateway, count):
    results = gateway.client().batch([item() for _ in range(count)])
    return max(result.log.index for result in results) + 1


LEDGER = ("ledger.db", "ledger.db-wal", "ledger.db-shm")


def copy_ledger(rigged, source, target):
    for name in LEDGER:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(rigged.path(target + name))
        with contextlib.suppress(FileNotFoundError):
            shutil.copy2(rigged.path(source + name), rigged.path(target + name))


def history(rigged):
    """A log, a copy of it, ten more records, and the checkpoint that a reviewer keeps."""
    with rigged.gateway() as gateway:
        sign_some(gateway, 5)
    copy_ledger(rigged, "", "old-")
    earlier = rigged.path("earlier.note")
    with contextlib.suppress(FileNotFoundError):
        os.unlink(earlier)
    with rigged.gateway() as gateway:
        covered(rigged, sign_some(gateway, 10))
        saved = verify(rigged, "--save", earlier)
        equal(saved.returncode, 0, saved.stdout + saved.stderr)
    return earlier


def expect_only_earlier_tells(rigged, earlier):
    alone = verify(rigged)
    equal(alone.returncode, 0, f"the log as such is sound: {alone.stdout}")
    held = verify(rigged, "--earlier", earlier)
    equal(held.returncode, 1, f"log verify --earlier: {held.stdout}{held.stderr}")
    contains(held.stdout, "rewritten or cut")


@claim
def a_log_that_grew_still_holds_an_earlier_checkpoint(rigged):
    earlier = history(rigged)
    with rigged.gateway() as gateway:
        covered(rigged, sign_some(gateway, 10))
        held = verify(rigged, "--earlier", earlier)
        equal(held.returncode, 0, held.stdout + held.stderr)


@claim
def a_log_put_back_to_an_older_copy_is_found_out(rigged):
    earlier = history(rigged)
    copy_ledger(rigged, "old-", "")
    with rigged.gateway():
        expect_only_earlier_tells(rigged, earlier)


@claim
def a_log_that_was_cut_and_written_anew_is_found_out(rigged):
    earlier = history(rigged)
    copy_ledger(rigged, "old-", "")
    with rigged.gateway() as gateway:
        covered(rigged, sign_some(gateway, 40))
        expect_only_earlier_tells(rigged, earlier)


def bytes_of(path):
    with open(path, "rb") as file:
        return file.read()


@claim
def a_checkpoint_that_was_saved_is_replaced_by_one_that_goes_on_from_it_alone(rigged):
    saved = history(rigged)
    vkey = rigged.path("log.vkey")
    with rigged.gateway() as gateway:
        before = {path: bytes_of(path) for path in (saved, vkey)}
        covered(rigged, sign_some(gateway, 3))
        refused = verify(rigged, "--save", vkey)
        equal((refused.returncode, bytes_of(vkey)), (2, before[vkey]), refused.stderr)
        contains(refused.stderr, "log.vkey' is there and is no checkpoint", "--save")
        held = verify(rigged, "--save", saved)
        equal(held.returncode, 0, held.stdout + held.stderr)
        contains(held.stdout, "saved       ok")
        expect(bytes_of(saved) != before[saved], "the newer one is not saved")
        kept = bytes_of(saved)
    copy_ledger(rigged, "old-", "")
    with rigged.gateway():
        cut = verify(rigged, "--save", saved)
        equal((cut.returncode, bytes_of(saved)), (1, kept), cut.stdout + cut.stderr)
        contains(cut.stdout, "saved       FAILED", "rewritten or cut")
        contains(in_indonesian(rigged, "--save", saved, code=1), "tersimpan      GAGAL")
        told = json.loads(verify(rigged, "--json", "--save", saved).stdout)
        equal((told["sound"], told["saved_equal"]), (False, False))
        with_both = verify(rigged, "--json", "--save", saved, "--earlier", saved)
        equal(json.loads(with_both.stdout)["earlier_equal"], False)
    equal(bytes_of(saved), kept, "the checkpoint that was saved")


@claim
def a_full_disk_leaves_the_checkpoint_that_was_saved(rigged):
    saved, small = history(rigged), rigged.path("small")
    os.makedirs(small, exist_ok=True)
    script = f"mount -t tmpfs -o size=8k none {small} && cp {saved} {small}/note && " \
             f"head -c 4096 /dev/zero >{small}/rest && {rig.BIN}/segel --home " \
             f"{rigged.path('clients', 'reviewer')} log verify --save {small}/note >&2; " \
             f"code=$?; cat {small}/note; exit $code"
    with rigged.gateway() as gateway:
        covered(rigged, sign_some(gateway, 3))
        result = subprocess.run(["unshare", "-rm", "sh", "-c", script], capture_output=True,
                                check=False, timeout=60)
    if b"unshare" in result.stderr or b"mount" in result.stderr:
        print("skip  a small disk needs the right to mount one (user namespaces)")
        return
    equal(result.returncode, 3, result.stderr.decode())
    contains(result.stderr.decode(), "small/note")
    equal(result.stdout, bytes_of(saved), "what is there")


ENGLISH = re.compile(r"\b(the|that|record|records|intents|signed|FAILED|ok|read|SOUND|yet|given)\b")


def in_indonesian(rigged, *arguments, code=0):
    """The page in Indonesian, in which no English word is left."""
    said = verify(rigged, "--lang", "id", *arguments)
    equal(said.returncode, code, said.stdout + said.stderr)
    equal(ENGLISH.findall(said.stdout), [], said.stdout)
    return said.stdout


@claim
def what_the_check_of_the_log_found_is_told_in_indonesian_too(rigged):
    earlier = history(rigged)
    with rigged.gateway() as gateway:
        covered(rigged, sign_some(gateway, 3))
        contains(in_indonesian(rigged, "--earlier", earlier),
                 "titik periksa  baik   ditandatangani kunci yang ",
                 "sebelumnya     baik   log masih diawali ",
                 "adalah yang ditandatangani kunci log", " niat: ", "\nUTUH: ",
                 "catatan pertama lengkap dan seperti saat ditandatangani.")
        refused = verify(rigged, "--lang", "jv")
        equal((refused.returncode, refused.stdout), (2, ""), "a language that it does not have")
    copy_ledger(rigged, "old-", "")
    with rigged.gateway():
        contains(in_indonesian(rigged, "--earlier", earlier, code=1),
                 "sebelumnya     GAGAL  log tidak lagi diawali ",
                 "DIUBAH ATAU TIDAK LENGKAP: jangan andalkan log ini")


@claim
def a_record_changed_under_a_running_gateway_is_found_out(rigged):
    with rigged.gateway() as gateway:
        covered(rigged, sign_some(gateway, 3))
        equal(verify(rigged).returncode, 0, "log verify before the change")
        base = sqlite3.connect(rigged.path("ledger.db"), timeout=10)
        with base:
            changed = base.execute(
                "UPDATE leaf SET rec = CAST(replace(CAST(rec AS TEXT), 'ND-2026/001',"
                " 'ND-2026/002') AS BLOB) WHERE idx = (SELECT min(idx) FROM leaf WHERE"
                " CAST(rec AS TEXT) LIKE '%ND-2026/001%')").rowcount
        base.close()
        equal(changed, 1, "changed records")
        found = verify(rigged)
        equal(found.returncode, 1, f"log verify: {found.stdout}{found.stderr}")
        contains(found.stdout, "do not lead to the signed root")
        contains(in_indonesian(rigged, code=1), "pohon          GAGAL  catatan tidak menghasilkan akar "
                 "yang ditandatangani", "ada yang diubah")


# --- A log that was changed where a start does not look ----------------------------------

def with_ledger(rigged, sql):
    """In the closed file."""
    base = sqlite3.connect(rigged.path("ledger.db"), timeout=10)
    with base:
        changed = base.execute(sql).rowcount
    base.close()
    equal(changed, 1, "changed records")


@claim
def an_old_record_that_was_changed_stops_the_gateway_for_good(rigged):
    """Below the last tile: every start would have to read the whole log to see it."""
    swap = ("UPDATE leaf SET rec = CAST(replace(CAST(rec AS TEXT), '{}', '{}') AS BLOB) WHERE "
            "idx = (SELECT min(idx) FROM leaf WHERE CAST(rec AS TEXT) LIKE '%{}%')")
    true, false = "ND-2026/001", "ND-2026/002"
    for name in (*LEDGER, "ledger.db.lock"):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(rigged.path(name))  # another claim has changed this one
    with rigged.gateway() as gateway:
        for _ in range(2):
            last = sign_some(gateway, 200)
        covered(rigged, last)
    with rigged.gateway() as gateway:
        gateway.wait_event("log.checked")
    with_ledger(rigged, swap.format(true, false, true))
    with rigged.gateway() as gateway:
        contains(gateway.wait_event("log.changed")["why"], "record and leaf hash differ")
        equal(gateway.wait_end(10), 1, "exit code")
        contains(gateway.find("fatal")[-1]["why"], "changed behind Segel's back")
    for _ in range(2):
        code, said = rigged.refuses()
        equal(code, 1, "exit code")
        contains(said, "log.hashing", "changed behind Segel's back", "another record stands at")
    with_ledger(rigged, swap.format(false, true, false))
    with rigged.gateway() as gateway:
        sign_some(gateway, 1)
        equal(gateway.wait_event("log.checked")["event"], "log.checked")


if __name__ == "__main__":
    sys.exit(rig.run(rig.Rig("promises")))
