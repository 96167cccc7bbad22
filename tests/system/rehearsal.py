#!/usr/bin/python3
"""Ceremonies that are rehearsed: every shipped one, in a world that is made for it and leaves
nothing behind; and minutes that prove nothing."""
import os
import re
import signal
import sys

import rig
from rig import claim, contains, equal, expect
from stage import ASKED, OTHERS, REHEARSAL, WORLD_S, Stage, Town, rehearse, verdict


LOCKDOWN = {r"leads first:": "officer-1", r"Where are you\?\r\n    >": "Ruang",
            r"No personal data\.\r\n    >": "test"}


@claim
def a_lock_down_and_its_end_are_rehearsed(town):
    code, seen = rehearse("lockdown", answers=LOCKDOWN)
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
           r"Name of the seal\?\r\n    >": ("Kota (TEST)",
                                            "/C=ID/O=Kota (TEST)/CN=Segel (TEST)"),
           r"write its name: subject csr\r\n    Enter to look again;[^\n]*'stop':": "subject"}


@claim
def the_life_of_a_key_is_rehearsed_in_one_world(town):
    csr = town.rig.path("new.csr")
    world, seen = town.rehearse_on("key-generation", None, {
        **NEW_KEY, r"\(PKCS#10\)\?\r\n    >": csr})
    contains(seen, "FAIL\x1b[0m  key.csr: a subject begins with '/'", "ask subject: Kota (TEST)",
             "ask subject: /C=ID/O=Kota (TEST)/CN=Segel (TEST)")
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
    below, usual = town.rig.path("tmp"), os.environ["TMPDIR"]
    os.makedirs(below)
    os.environ["TMPDIR"] = below
    try:
        stage = Stage("ceremony", "run", "lockdown", "--rehearse")
        equal(stage.play({}, until="leads first:"), None)
        expect(os.listdir(below), "its folder is there")
        stage.process.send_signal(signal.SIGINT)
        equal(stage.play({}), 3)
    finally:
        os.environ["TMPDIR"] = usual
    equal(os.listdir(below), [])
    expect(not gateways_below(below), "its gateway still runs")


@claim
def a_rehearsal_takes_nothing_from_its_environment(town):
    """Another module would have other tokens, perhaps real ones."""
    foreign = {"MODULE": "/nowhere.so", "POLICY": "/nowhere", "ORIGIN": "x", "PORT": "1",
               "ACTIVATION": "x", "LOG_TYPE": "x", "THREADS": "x", "LOOPS": "x",
               "SEAL_SUBJECT": "x", "SEAL_DAYS": "x", "SEAL_EXT": "x"}
    os.environ.update(foreign)
    try:
        code, seen = rehearse("lockdown", answers=LOCKDOWN)
    finally:
        for name in foreign:
            del os.environ[name]
    equal(code, 0, seen[-800:])


@claim
def a_rehearsal_that_was_stopped_goes_on_in_its_own_world(town):
    out = town.rig.path("stopped.minutes")
    stage = Stage("ceremony", "run", "lockdown-end", "--rehearse", "--keep", "--out", out)
    equal(stage.play({r"No personal data\.\r\n    >": "stop", **OTHERS, **ASKED},
                     seconds=WORLD_S), 3, stage.seen[-800:])
    world = re.search(r"^(/\S*/segel-rehearsal-\w+)\r?$", stage.seen, re.M)[1]
    contains(stage.seen.replace("\r\n", " "),
             f"the same command with --world {world} goes on later")
    code, seen = rehearse("lockdown-end", "--out", out, answers={
        r"No personal data\.\r\n    >": "stop"})
    equal(code, 1, seen[-800:])
    contains(seen, "began in another world", "--world")
    code, seen = rehearse("lockdown-end", "--out", out, "--world", world, answers=OTHERS)
    equal(code, 0, seen[-800:])
    contains(seen, "the rehearsal is over then", "A whole rehearsal; it proves nothing")
    expect(not os.path.exists(world), "its world was to be removed")


@claim
def a_change_of_officers_that_was_stopped_goes_on_in_its_own_world(town):
    out = town.rig.path("changed.minutes")
    stage = Stage("ceremony", "run", "officer-change", "--rehearse", "--keep", "--out", out)
    equal(stage.play({}, until="leads first:", seconds=WORLD_S), None)
    vkey = re.search(r"officer-5, whose key is (\S+)", stage.seen)[1]
    stage.type("officer-1 officer-2 officer-4")
    answers = {r"callers have it\?\r\n    >": "officer-5", r"operator\r\n    >": "officer",
               r"to join\?\r\n    >": "two three an-officer",
               r"printed\?\r\n    >": vkey, r"Who leaves\?\r\n    >": "officer-4",
               **OTHERS, **ASKED}
    equal(stage.play({r"approves here:\r\n    >": ("officer-2", "officer-3", "stop"),
                      **answers}, seconds=WORLD_S), 3, stage.seen[-800:])
    world = re.search(r"^(/\S*/segel-rehearsal-\w+)\r?$", stage.seen, re.M)[1]
    contains(stage.seen, "the quorum file has 'officer-5' as officer")
    code, seen = rehearse("officer-change", "--out", out, "--world", world, answers={
        r"approves here:\r\n    >": ("officer-2", "officer-3"), **answers})
    equal(code, 0, seen[-800:])
    contains(seen, "the quorum file has not 'officer-4'", "everybody has signed")


MARK = "made by segel ceremony run --rehearse\n"


@claim
def a_folder_that_no_rehearsal_has_left_is_neither_used_nor_removed(town):
    town.rig.write("mark", MARK)
    for name, make in (
            ("none", lambda path: None),
            ("folder", os.mkdir),
            ("link", lambda path: os.symlink(town.rig.path("mark"), path)),
            ("other", lambda path: write(path, "my own\n")),
            ("as-long", lambda path: write(path, MARK.swapcase())),
            ("longer", lambda path: write(path, MARK + MARK)),
            ("of-another", lambda path: (write(path, MARK), os.chown(path, 65534, -1)))):
        if name == "of-another" and os.geteuid() != 0:
            continue
        world, kept = foreign_world(town, name)
        make(os.path.join(world, "rehearsal"))
        code, seen = rehearse("lockdown", "--world", world)
        equal(code, 2, f"{name}: {seen}")
        contains(seen, "is not the folder of a rehearsal that was kept")
        equal(os.path.exists(kept), True, name)


@claim
def a_kept_world_whose_gateway_does_not_come_up_is_not_removed(town):
    world, kept = foreign_world(town, "spoiled")
    write(os.path.join(world, "rehearsal"), MARK)
    code, seen = rehearse("lockdown", "--world", world)
    expect(code != 0, seen)
    contains(seen, "does not come up")
    expect(os.path.exists(kept), "it was removed")


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def foreign_world(town, name):
    """A folder, and a file of somebody's in it."""
    world = town.rig.path("world-" + name)
    os.makedirs(world)
    write(os.path.join(world, "letters"), "of years\n")
    return world, os.path.join(world, "letters")


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
    quorum = rehearsed_quorum(town)
    path = quorum["minutes"]
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
    code, seen = rehearse("lockdown", "--keep", "--out", out, answers=LOCKDOWN)
    equal(code, 0, seen[-800:])
    folder = re.search(r"^(/\S*/segel-rehearsal-\S+)\r?$", seen, re.M)[1]
    with open(os.path.join(folder, "quorum"), encoding="utf-8") as file:
        quorum = town.rig.write("rehearsed-quorum", file.read())
    rig.shutil.rmtree(folder)
    return {"minutes": out, "file": quorum}


def in_a_world_of_its_own():
    """What a claim that fails leaves of its worlds is swept, and goes with the next run."""
    town = Town(rig.Rig("rehearsal"))
    os.environ["TMPDIR"] = town.rig.path("w")
    os.mkdir(os.environ["TMPDIR"])
    return town


if __name__ == "__main__":
    sys.exit(rig.run(in_a_world_of_its_own()))
