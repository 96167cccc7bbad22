#!/usr/bin/python3
"""Ceremonies as people lead them: the shipped scripts, rehearsals, one that is interrupted
and taken up again, and minutes that are altered, incomplete or of a rehearsal."""
import os
import re
import secrets
import select
import signal
import sys
import time

import rig
from office import Office, Terminal, home, with_passphrase
from people import REVIEWERS
from rig import claim, contains, equal, expect

NAMES = ("first-setup key-generation certificate-acceptance rotation destruction lockdown "
         "lockdown-end officer-change pin-change").split()
REHEARSAL = "latihan-latihan"
SCRIPT = """ceremony test
officers 2
witnesses 1
title
    id Uji
    en Test
about
    id Uji
    en Test
ask place text
    id Di mana?
    en Where?
ask lane lane
    id Jalur?
    en Lane?
check quorum
    id Kuorum
    en Quorum
check token
    id Token
    en Token
say witness
    id Lihat
    en Look
ask reason text
    id Alasan?
    en Reason?
run lockdown.clear
    id Akhiri
    en End it
check unlocked
    id Lagi
    en Again
sign
    id Tanda tangan
    en Sign
"""


class Stage(Terminal):
    """Answers questions by their words, each with the next of its answers; the last one
    stays."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.seen = ""

    def read(self, seconds):
        """False: it has ended."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return True
        try:
            part = os.read(self.fd, 4096)
        except OSError:
            return False
        self.text += part.decode(errors="replace")
        return bool(part)

    def play(self, answers, until=None, seconds=40):
        """Its exit code; None when the words of `until` have come."""
        queue = {words: list(given) if isinstance(given, tuple) else [given]
                 for words, given in answers.items()}  # the first that fits
        end = time.monotonic() + seconds
        while self.read(0.2):
            expect(time.monotonic() < end, f"it stands still: {self.text[-600:]}")
            if until is not None and until in self.text:
                self.seen, self.text = self.seen + self.text, ""
                return None
            for words, given in queue.items():
                if re.search(words + r"\s*$", self.text):
                    self.seen, self.text = self.seen + self.text, ""
                    self.type(given.pop(0) if len(given) > 1 else given[0])
                    break
        code = self.end()
        self.seen += self.text
        return code


ASKED = {
    r"leads first:": "officer-1 officer-2 officer-3",
    r"Witnesses:": "reviewer-1",
    r"Confirmed by \[[a-z0-9-]+\]:": "",
    r"Is it the same\? \[y/n\]": "y",
    r"because it is a rehearsal; 'stop':": "c",
    r"(approves here|menyetujui di sini):\r\n    > ": ("officer-2", "officer-3", "officer-4"),
    r"[a-z0-9-]+ signs\. Enter:": "",
    r"Approve this request\? \[y/n\]": "y",
    r"Sign these minutes\? \[y/n\]": "y",
    r"Passphrase of your key:": REHEARSAL,
}


OTHERS = {r"(\?|data\.)\r\n    >": "TEST-1"}


def rehearse(name, *more, answers=None):
    """With nothing of the tests' own world: no home, no gateway."""
    stage = Stage("ceremony", "run", name, "--rehearse", *more)
    code = stage.play({**(answers or {}), **ASKED})
    return code, stage.seen


class Town(Office):
    """An office whose reviewers have keys of their own, too; a lock-down to be ended."""

    def __init__(self, the_rig):
        super().__init__(the_rig)
        text = self.rig.read("quorum")
        for name in REVIEWERS:
            self.passphrases[name] = secrets.token_hex(10)
            path = os.path.join(home(self, name), "officer.pem")
            made = with_passphrase(self, self.passphrases[name], name, "officer", "key",
                                   "--person", name, "--role", "reviewer", "--name",
                                   f"{name}.example.go.id", "--out", path)
            equal(made.returncode, 0, made.stderr)
            text = re.sub(rf"reviewer {name} \S+\n", made.stdout, text)
            self.rig.write(f"clients/{name}/log.vkey", self.rig.read("log.vkey"))
        self.quorum(text)
        self.script = self.rig.write("test.ceremony", SCRIPT)
        self.count = 0

    def out(self):
        self.count += 1
        return self.rig.path(f"test-{self.count}.minutes")

    def lead(self, out, *more):
        return Stage("--home", home(self, "officer-1"), "ceremony", "run", self.script,
                     "--people", self.rig.path("clients"), "--out", out, *more)

    def answers(self):
        """Passphrases in the order of those who approve (2, 3, 4), then sign."""
        sign = ("officer-1", "officer-2", "reviewer")
        return {**ASKED, r"leads first:": "officer-1 officer-2", r"Witnesses:": "reviewer",
                r"Where\?\r\n    >": "Ruang server", r"Reason\?\r\n    >": "found (TEST)",
                r"Passphrase of your key:": tuple(
                    self.passphrases[n] for n in ("officer-2", "officer-3", "officer-4") + sign)}

    def rehearse_on(self, name, world, answers):
        """In a world that is kept; its folder, and what was seen."""
        out = self.rig.path(name + ".minutes")
        code, seen = rehearse(name, "--keep", "--out", out,
                              *(["--world", world] if world else []),
                              answers={**answers, **OTHERS})
        equal(code, 0, seen[-900:])
        contains(seen, "A whole rehearsal; it proves nothing", "everybody has signed")
        return re.search(r"^(/\S*/segel-rehearsal-\w+)\r?$", seen, re.M)[1], seen

    def lock(self):
        equal(self.rig.segel("reviewer", "lockdown", "--reason", "test").returncode, 0)

    def minutes(self, out):
        """Whole ones, of a ceremony with this gateway."""
        self.lock()
        stage = self.lead(out)
        equal(stage.play(self.answers()), 0, stage.seen[-800:])
        with open(out, encoding="utf-8") as file:
            return file.read()

    def verify(self, path, *more, name="reviewer"):
        return self.rig.segel(name, "ceremony", "verify", path, "--script", self.script, *more)

    def sign(self, path, name):
        return with_passphrase(self, self.passphrases[name], name, "ceremony", "sign", path,
                               "--yes")


def verdict(result):
    """{"signatures": "pass", …}"""
    return {line[6:18].strip(): line[:6].strip() for line in result.stdout.splitlines()
            if line[:6].strip() in ("pass", "FAIL")}


# --- Scripts -----------------------------------------------------------------------------

@claim
def every_shipped_script_is_there_and_shown_in_both_languages(town):
    listed = town.rig.tool("segel", "ceremony", "list").stdout
    equal([line.split()[0] for line in listed.splitlines()], NAMES)
    for name in NAMES:
        raw = town.rig.tool("segel", "ceremony", "show", name, "--raw")
        with open(os.path.join(rig.ROOT, "deploy/ceremonies", name + ".ceremony"),
                  encoding="utf-8") as file:
            equal(raw.stdout, file.read(), name)
        for lang, word in (("en", "Must be there"), ("id", "Hadir")):
            shown = town.rig.tool("segel", "ceremony", "show", name, "--lang", lang)
            equal(shown.returncode, 0, shown.stderr)
            contains(shown.stdout, word, "sign")


@claim
def a_script_that_is_wrong_is_refused_with_its_line(town):
    for change, words in ((("run lockdown.clear", "run rm -rf"), "line 28: there is no such action"),
                          (("ask reason text", "ask reason verse"), "line 25"),
                          (("ask reason text", "ask why text"), "line 28: it needs an answer"),
                          (("    en Where?", "  en Where?"), "line 12")):
        path = town.rig.write("wrong.ceremony", SCRIPT.replace(*change))
        result = town.rig.tool("segel", "ceremony", "show", path)
        equal(result.returncode, 2)
        contains(result.stderr, words)
    result = town.rig.tool("segel", "ceremony", "show", "lockdwn")
    equal(result.returncode, 1)
    contains(result.stderr, "did you mean 'lockdown'")


# --- Rehearsals --------------------------------------------------------------------------

@claim
def a_lock_down_and_its_end_are_rehearsed(town):
    code, seen = rehearse("lockdown", answers={
        r"leads first:": "officer-1", r"Where are you\?\r\n    >": "Ruang",
        r"No personal data\.\r\n    >": "test"})
    equal(code, 0, seen[-800:])
    contains(seen, "REHEARSAL", "A whole rehearsal; it proves nothing")
    out = town.rig.path("rehearsed.minutes")
    code, seen = rehearse("lockdown-end", "--out", out, answers={
        r"place\?\r\n    >": "Ruang", r"No personal data\.\r\n    >": "test"})
    equal(code, 0, seen[-800:])
    contains(seen, "the gateway signs again, at once", "world REHEARSAL",
             "there is no lock-down")
    expect(REHEARSAL not in seen.replace(f"Everybody's passphrase: {REHEARSAL}", ""),
           "the passphrase was shown when it was typed")


@claim
def a_first_set_up_and_a_pin_change_are_rehearsed(town):
    for name in ("first-setup", "pin-change"):
        code, seen = rehearse(name, answers={
            r"\?\r\n    >": "TEST-1", r"\.\r\n    >": "TEST-2"})
        equal(code, 0, seen[-800:])
        contains(seen, "The only one: lane0", "SoftHSM", "everybody has signed",
                 "has the same 7 facts now")


NEW_KEY = {r"configuration has it\?\r\n    >": "seal-new",
           r"p-256  p-384\r\n    >": "p-256", r"key be used\?\r\n    >": "2028-01-31",
           r"Name of the seal\?\r\n    >": "/C=ID/O=Kota (TEST)/CN=Segel (TEST)"}


@claim
def the_life_of_a_key_is_rehearsed_in_one_world(town):
    csr = town.rig.path("new.csr")
    world, seen = town.rehearse_on("key-generation", None, {
        **NEW_KEY, r"\(PKCS#10\)\?\r\n    >": csr})
    contains(seen, "attribute CKA_EXTRACTABLE false", "attribute CKA_LOCAL true",
             "mechanism 0x1040", "copy the private key: CKR_ACTION_PROHIBITED, refused")
    shown = rig.openssl("req", "-in", csr, "-noout", "-verify", "-subject")
    contains(shown.stdout.decode(), "Segel (TEST)")
    town.rehearse_on("certificate-acceptance", world, {
        r"Which key\?\r\n    >": "seal-new", r"issuers\)\?\r\n    >": csr + ".pem"})
    town.rehearse_on("rotation", world, {
        r"old key\?\r\n    >": "seal-demo", r"new key\?\r\n    >": "seal-new",
        r"0 to 90\)\?\r\n    >": "0"})
    _, seen = town.rehearse_on("destruction", world, {
        r"to be destroyed\?\r\n    >": "seal-demo"})
    contains(seen, "removed from the token: private=1 public=1",
             "a search found afterwards: private=0 public=0 certificate=0")
    for name in ("key-generation", "certificate-acceptance", "rotation", "destruction"):
        real = town.rig.segel("reviewer", "ceremony", "verify", town.rig.path(name + ".minutes"),
                              "--offline", "--quorum", os.path.join(world, "quorum"))
        equal((real.returncode, verdict(real)["world"]), (1, "FAIL"))
    rig.shutil.rmtree(world)


@claim
def an_officer_is_changed_in_a_rehearsal(town):
    stage = Stage("ceremony", "run", "officer-change", "--rehearse")
    equal(stage.play({}, until="leads first:"), None)
    vkey = re.search(r"officer-5, whose key is (\S+)", stage.seen)[1]
    stage.type("officer-1 officer-2 officer-4")  # the last one leaves, and signs
    code = stage.play({
        r"approves here:\r\n    >": ("officer-2", "officer-3", "officer-2", "officer-3"),
        r"callers have it\?\r\n    >": "officer-5", r"operator\r\n    >": "officer",
        r"to join\?\r\n    >": "two three an-officer",
        r"printed\?\r\n    >": vkey, r"Who leaves\?\r\n    >": "officer-4", **OTHERS, **ASKED})
    equal(code, 0, stage.seen[-900:])
    contains(stage.seen, "the quorum file has 'officer-5' as officer",
             "the quorum file has not 'officer-4'", "4 of 4 persons have signed")


@claim
def a_rehearsal_leaves_nothing_behind(town):
    below = town.rig.path("tmp")
    os.makedirs(below)
    os.environ["TMPDIR"] = below
    try:
        stage = Stage("ceremony", "run", "lockdown", "--rehearse")
        equal(stage.play({}, until="leads first:"), None)
        expect(os.listdir(below), "its folder is there")
        os.kill(stage.pid, signal.SIGINT)
        equal(stage.play({}), 3)
    finally:
        del os.environ["TMPDIR"]
    equal(os.listdir(below), [])
    expect(not gateways_below(below), "its gateway still runs")


def gateways_below(folder):
    found = []
    for number in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{number}/cmdline", "rb") as file:
                if folder.encode() in file.read():
                    found.append(number)
        except OSError:
            pass
    return found


@claim
def minutes_of_a_rehearsal_never_verify_as_real(town):
    path = town.rig.path("rehearsed.minutes")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with town.gateway():
        for more in ((), ("--rehearsal",)):  # these persons do not exist here
            result = town.rig.segel("reviewer", "ceremony", "verify", path, *more)
            equal(result.returncode, 1)
            equal(verdict(result)["signatures"], "FAIL")
        real = town.rig.write("made-real.minutes",
                              text.replace("world REHEARSAL", "world real"))
        equal(town.rig.segel("reviewer", "ceremony", "verify", real).returncode, 1)
    # Even with the quorum file of the rehearsal, which is gone by then.
    quorum = rehearsed_quorum(town)
    result = town.rig.segel("reviewer", "ceremony", "verify", quorum["minutes"], "--offline",
                            "--quorum", quorum["file"], "--rehearsal")
    equal(result.returncode, 0, result.stdout + result.stderr)
    result = town.rig.segel("reviewer", "ceremony", "verify", quorum["minutes"], "--offline",
                            "--quorum", quorum["file"])
    equal((result.returncode, verdict(result)["world"]), (1, "FAIL"))
    with open(quorum["minutes"], encoding="utf-8") as file:
        real = town.rig.write("made-real.minutes",
                              file.read().replace("world REHEARSAL", "world real"))
    result = town.rig.segel("reviewer", "ceremony", "verify", real, "--offline", "--quorum",
                            quorum["file"])
    equal((result.returncode, verdict(result)["signatures"]), (1, "FAIL"))


def rehearsed_quorum(town):
    """Minutes of a rehearsal whose folder was kept, and its quorum file."""
    out = town.rig.path("kept.minutes")
    code, seen = rehearse("lockdown", "--keep", "--out", out, answers={
        r"leads first:": "officer-1", r"Where are you\?\r\n    >": "Ruang",
        r"No personal data\.\r\n    >": "test"})
    equal(code, 0, seen[-800:])
    folder = re.search(r"^(/\S*/segel-rehearsal-\S+)\r?$", seen, re.M)[1]
    with open(os.path.join(folder, "quorum"), encoding="utf-8") as file:
        quorum = town.rig.write("rehearsed-quorum", file.read())
    rig.shutil.rmtree(folder)
    return {"minutes": out, "file": quorum}


# --- Real ones ---------------------------------------------------------------------------

@claim
def a_ceremony_is_led_signed_and_verified(town):
    out = town.out()
    with town.gateway():
        text = town.minutes(out)
        contains(text, "world real\n", "place Ruang server\n", "token lane lane0\n",
                 "participant officer-1 officer\n", "witness reviewer reviewer\n",
                 "run lockdown.clear passed", "grant g-")
        equal(text.count("\n— "), 3)
        time.sleep(2)  # a checkpoint covers the last records
        result = town.verify(out)
        equal(result.returncode, 0, result.stdout + result.stderr)
        expect("FAIL" not in verdict(result).values(), result.stdout)
        contains(result.stdout, "records stand where the minutes say",
                 "has the same 7 facts now", "The minutes hold.")
        equal(town.verify(out, "--lang", "id").stdout.splitlines()[-1], "Berita acara sah.")
        offline = town.verify(out, "--offline", "--quorum", town.rig.path("quorum"))
        equal(offline.returncode, 0, offline.stderr)
        expect("log" not in verdict(offline), offline.stdout)
        officer = town.verify(out, name="officer-2")  # may not read the log
        equal((officer.returncode, verdict(officer)["log"]), (1, "FAIL"))
        without = town.rig.segel("reviewer", "ceremony", "verify", out)
        equal((without.returncode, verdict(without)["script"]), (1, "FAIL"))
    expect(not os.path.exists(out + ".state"), "its state is gone")
    equal(read(out + ".quorum"), town.rig.read("quorum"))
    for passphrase in town.passphrases.values():
        expect(passphrase not in text, "a passphrase is in the minutes")


@claim
def an_interrupted_ceremony_is_taken_up_again_and_asks_for_nothing_twice(town):
    out = town.out()
    with town.gateway():
        town.lock()
        stage = town.lead(out)
        equal(stage.play({r"Confirmed by \[reviewer\]:": "stop", **town.answers()}), 3)
        contains(stage.seen, "step 5 is next: the same command goes on")
        before = read(out + ".state")
        stage = town.lead(out)
        equal(stage.play(town.answers(), until="Waits for approvals"), None)
        expect("Where?" not in stage.seen, "it asked again what was answered")
        os.kill(stage.pid, signal.SIGKILL)
        stage.end()
        contains(read(out + ".state"), before.splitlines()[3], "request c-", "next 6")
        stage = town.lead(out)
        answers = town.answers()
        answers[r"Passphrase of your key:"] = answers[r"Passphrase of your key:"]
        equal(stage.play(answers), 0, stage.seen[-800:])
        equal(len(town.records("grant.request")), 1, "requests")
        equal(read(out).count("remark interrupted, and taken up again"), 2)
        time.sleep(2)
        result = town.verify(out)
        equal(result.returncode, 0, result.stdout + result.stderr)
        again = town.lead(out)
        equal(again.play({}), 1)
        contains(again.seen, "holds minutes already")


@claim
def what_began_under_other_conditions_is_not_gone_on_with(town):
    out = town.out()
    with town.gateway():
        stage = town.lead(out)
        equal(stage.play({**town.answers(), r"Where\?\r\n    >": "stop"}), 3)
        state = read(out + ".state")
        for field, word in (("tool", "program"), ("script", "script"), ("quorum", "quorum file")):
            rig_write(out + ".state", re.sub(rf"minutes {field} sha256:....",
                                             f"minutes {field} sha256:0000", state))
            stage = town.lead(out)
            equal(stage.play({}), 1)
            contains(stage.seen, f"had another {word}")
        rig_write(out + ".state", state[:-7])
        equal(town.lead(out).play({}), 2, "a state that was cut")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def rig_write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


@claim
def only_who_is_on_the_roster_takes_part(town):
    with town.gateway():
        stage = town.lead(town.out())
        answers = {**town.answers(), r"leads first:": (
            "officer-1 nobody", "officer-1", "officer-1 officer-1", "officer-1 officer-2"),
            r"Witnesses:": ("officer-3", "officer-2", "", "reviewer"),
            r"Where\?\r\n    >": "stop"}
        equal(stage.play(answers), 3)
        contains(stage.seen, "nobody named 'nobody'", "at least 2 must be here",
                 "'officer-1' stands there twice", "'officer-3' is no reviewer",
                 "at least 1 must be here")
        piped = town.rig.segel("officer-1", "ceremony", "run", town.script)
        equal(piped.returncode, 2)
        contains(piped.stderr, "on a terminal")


# --- Minutes that do not hold --------------------------------------------------------------

@claim
def altered_minutes_do_not_verify(town):
    out = town.out()
    with town.gateway():
        text = town.minutes(out)
        for change in (("Ruang server", "Ruang lain"), ("found (TEST)", "lost (TEST)"),
                       ("participant officer-2 officer\n", ""),
                       ("witness reviewer reviewer\n", "")):
            path = town.rig.write("altered.minutes", text.replace(*change))
            result = town.verify(path)
            equal(result.returncode, 1, change[0])
            equal(verdict(result)["signatures"], "FAIL")
        path = town.rig.write("altered.minutes", text.replace("place ", "colour "))
        equal(town.verify(path).returncode, 2, "a line that minutes do not have")


def halves(text):
    body, signatures = text.split("\n\n")
    return body + "\n\n", signatures.splitlines(keepends=True)


@claim
def every_participant_must_have_signed_and_the_witness_last(town):
    out = town.out()
    with town.gateway():
        body, lines = halves(town.minutes(out))
        for name, kept in (("officer-1", lines[1:]), ("officer-2", [lines[0], lines[2]]),
                           ("reviewer", lines[:2])):
            path = town.rig.write("missing.minutes", body + "".join(kept))
            result = town.verify(path)
            equal((result.returncode, verdict(result)["signatures"]), (1, "FAIL"))
            contains(result.stdout, f"missing: {name}")
        path = town.rig.write("early.minutes", body + lines[0] + lines[2] + lines[1])
        result = town.verify(path)
        equal((result.returncode, verdict(result)["witness"]), (1, "FAIL"))
        equal(verdict(result)["signatures"], "pass")
        path = town.rig.write("open.minutes", body)
        equal(verdict(town.verify(path))["signatures"], "FAIL")
        early = town.sign(path, "reviewer")
        equal(early.returncode, 1)
        contains(early.stderr, "officer-1, officer-2 must sign before 'reviewer'")
        other = town.sign(path, "officer-3")
        equal(other.returncode, 1)
        contains(other.stderr, "'officer-3' takes no part")
        for name in ("officer-2", "officer-1", "reviewer"):
            equal(town.sign(path, name).returncode, 0)
            twice = town.sign(path, name)
            contains(twice.stderr, "has signed these minutes already")
        time.sleep(2)
        equal(town.verify(path).returncode, 0, "carried from one to the next")
        late = town.rig.write("late.minutes", body + lines[2])
        contains(town.sign(late, "officer-1").stderr, "a witness has signed already")


def forge(town, text, change):
    """Minutes that were signed by all, but say something else than what happened."""
    path = town.rig.write("forged.minutes", halves(re.sub(*change, text, count=1,
                                                          flags=re.M))[0])
    for name in ("officer-1", "officer-2", "reviewer"):
        signed = town.sign(path, name)
        equal(signed.returncode, 0, signed.stderr)
    return path


@claim
def what_all_signed_must_still_be_on_the_log_and_the_token(town):
    out = town.out()
    with town.gateway():
        text = town.minutes(out)
        time.sleep(2)
        for change, line in (
                ((r"^log (\d+) (\S+)", r"log 0 \2"), "log"),
                ((r"^log (\d+) sha256:....", r"log \1 sha256:0000"), "log"),
                ((r"^log (\d+) ", r"log 99999 "), "log"),
                ((r"^token serial \S+", "token serial 0000"), "token"),
                ((r"^quorum sha256:....", "quorum sha256:0000"), "quorum file"),
                ((r"^script sha256:....", "script sha256:0000"), "script"),
                ((r"^world real", "world REHEARSAL"), "world"),
                ((r"^step 7 (\S+) run lockdown.clear passed", r"step 7 \1 run lockdown.clear FAILED"),
                 "steps"),
                ((r"^step 5 .*\n", ""), "steps")):
            result = town.verify(forge(town, text, change))
            failed = [name for name, word in verdict(result).items() if word == "FAIL"]
            equal((result.returncode, failed), (1, [line]), str(change))


if __name__ == "__main__":
    sys.exit(rig.run(Town(rig.Rig("ceremony"))))
