"""Ceremonies on a terminal: questions answered by their words, rehearsals, and a town with
officers and reviewers. Not a test itself."""
import os
import re
import secrets
import time

import rig
from office import Office, home, used_key, with_passphrase
from people import REVIEWERS
from preload import preloaded
from rig import contains, equal, expect
from terminal import Terminal

REHEARSAL = "latihan-latihan"
WORLD_S = 120  # a world is made first
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
    stays. seen: all that was shown; shown: what was since the last answer."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.seen = ""

    def turn(self):
        self.seen, self.shown = self.seen + self.shown, ""

    def play(self, answers, until=None, seconds=40):
        """Its exit code; None when the words of `until` have come."""
        queue = {words: list(given) if isinstance(given, tuple) else [given]
                 for words, given in answers.items()}  # the first that fits
        end = time.monotonic() + seconds
        while self.more(end):
            if until is not None and until in self.shown:
                self.turn()
                return None
            for words, given in queue.items():
                if re.search(words + r"\s*$", self.shown):
                    self.turn()
                    self.type(given.pop(0) if len(given) > 1 else given[0])
                    break
        self.turn()
        expect(time.monotonic() < end, f"it stands still: {self.seen[-600:]}")
        code = self.end()
        self.close()
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
    code = stage.play({**(answers or {}), **ASKED}, seconds=WORLD_S)
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
            used_key(path, self.passphrases[name])
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

    def sign(self, path, name, *more):
        return with_passphrase(self, self.passphrases[name], name, "ceremony", "sign", path,
                               "--yes", *more)


def verdict(result):
    """{"signatures": "pass", …}"""
    return {line[6:18].strip(): line[:6].strip() for line in result.stdout.splitlines()
            if line[:6].strip() in ("pass", "FAIL")}


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def clock(kept):
    """The kernel says this of its clock to what is started here (tests/fixtures/kept.c)."""
    return preloaded("kept", KEPT=kept)
