#!/usr/bin/python3
"""Letters that are signed and extended in one go (--profile pades-b-lt, pades-b-lta): under
its name stands a letter of that level or none, whatever breaks off, and no signature is made
twice. The gateway and the authority for time stamps are those of levels.py."""
import csv
import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import grpc
import keys as life
import levels
import rig
from people import People
from rig import claim, contains, equal, expect

rig.claims.clear()  # of what was imported: they are run by their own scripts

TERMS = ["--key", "seal-demo", "--class", "surat_keterangan", "--approval", "ND-2026/007",
         "--notice-shown"]


def sign(town, out, profile, *more, code=0, paths=None):
    result = town.rig.segel("e-office", "sign", *TERMS, "-o", town.rig.path(out), "--profile",
                            profile, *more, *(paths or levels.letters(town, 3)))
    equal(result.returncode, code, result.stdout + result.stderr)
    return result.stdout + result.stderr


def made(town, out):
    return sorted(glob.glob(town.rig.path(out, "*.pdf")))


def rows(town, name):
    with open(town.rig.path(name), encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def signatures(town):
    return len(town.records("outcome"))


def nothing_else(town, out):
    left = [name for name in os.listdir(town.rig.path(out)) if not name.endswith(".pdf")]
    equal(left, [], "files beside the letters")


@claim
def a_letter_is_of_the_level_that_was_asked_for_and_signed_once(town):
    town.tsa.fault("none")
    with town.rig.gateway() as gateway:
        levels.whole_validation(gateway)
        before = signatures(town)
        contains(sign(town, "dry", "pades-b-lta", "--dry-run"), "3 would be signed")
        for profile, stamps in (("pades-b-lt", 0), ("pades_b_lta", 1)):
            sign(town, profile, profile, "--result", town.rig.path(f"{profile}.csv"))
            equal(len(made(town, profile)), 3)
            for path in made(town, profile):
                levels.check_letter(town, path, stamps)
                expect(levels.store(path)["/CRLs"], "no CRL in the store")
            equal({row["level"] for row in rows(town, f"{profile}.csv")},
                  {profile[6:].replace("_", "-")})
            nothing_else(town, profile)
        equal(signatures(town), before + 6, "signatures")
        roots = town.rig.write("roots.pem", town.rig.read("pki/root.pem") +
                               town.rig.read("tsa/root.pem"))
        verified = town.rig.segel("e-office", "verify", "--require", "b-lta", "--ca", roots,
                                  *made(town, "pades_b_lta"))
        equal(verified.returncode, 0, verified.stdout + verified.stderr)


@claim
def a_table_may_ask_for_each_letter_its_own_level(town):
    town.tsa.fault("none")
    profiles = ("pades-b-b", "pades-b-t", "pades-b-lt", "pades-b-lta")
    with open(levels.letters(town)[0], "rb") as file:
        letter = file.read()
    table = town.rig.write("table.csv", "file,out,profile\n" + "".join(
        f"{town.rig.write(f'of-{profile}.pdf', letter)},{profile[6:]}.pdf,{profile}\n"
        for profile in profiles))
    with town.rig.gateway() as gateway:
        levels.whole_validation(gateway)
        result = town.rig.segel("e-office", "sign", *TERMS, "-o", town.rig.path("table"),
                                "--manifest", table, "--result", town.rig.path("table.json"))
        equal(result.returncode, 0, result.stdout + result.stderr)
    with open(town.rig.path("table.json"), encoding="utf-8") as file:
        told = {os.path.basename(row["output"]): row["level"] for row in json.load(file)}
    equal(told, {f"{profile[6:]}.pdf": profile[6:] for profile in profiles})


@claim
def without_validation_data_nothing_is_signed(town):
    """No authority has stamped yet: its certificates are not known."""
    town.tsa.fault("http")
    with town.rig.gateway(town.rig.config(rig.fresh_ledger())):
        told = sign(town, "proofless", "pades-b-lta", "--result",
                    town.rig.path("proofless.csv"), code=3)
        contains(told, "3 not done", "time stamp authority", "--resume")
        equal((made(town, "proofless"), signatures(town)), ([], 0), "signed")
        told = sign(town, "proofless", "pades-b-lta", "--dry-run", code=3)
        contains(told, "time stamp authority")
        told = sign(town, "proofless", "pades-b-lta", "--dry-run", "--or-less")
        contains(told, "3 would be signed")
    equal([row["outcome"] for row in rows(town, "proofless.csv")], 3 * ["not-done"])
    told = town.rig.segel("e-office", "prepare", "-k", "seal-demo", "--id", "x", "--profile",
                          "pades-b-lta", "-o", town.rig.path("x.pdf"), levels.letters(town)[0])
    equal(told.returncode, 2, "a level that no signature has by itself")
    contains(told.stderr, "segel extend")


def start(town, out, *more):
    return subprocess.Popen(
        [os.path.join(rig.BIN, "segel"), "--home", town.rig.path("clients", "e-office"), "sign",
         *TERMS, "-o", town.rig.path(out), "--profile", "pades-b-lta", *more,
         *levels.letters(town, 3)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def wait_for(what, test):
    end = time.monotonic() + rig.START_S
    while not test():
        expect(time.monotonic() < end, f"never seen: {what}")
        time.sleep(0.05)


@claim
def more_time_stamps_than_a_minute_allows_are_waited_for(town):
    town.tsa.fault("none")
    conf = town.rig.config((r"^lanes:", "limits: {timestamps_per_minute: 60}\nlanes:"))
    with town.rig.gateway(conf) as gateway:
        levels.whole_validation(gateway)
        try:
            for i in range(120):
                levels.timestamp(gateway, request_id=f"burst-{i}")
        except grpc.RpcError as error:
            equal(error.code(), grpc.StatusCode.RESOURCE_EXHAUSTED)
        sign(town, "limited", "pades-b-lta")
    equal(len(made(town, "limited")), 3)


@claim
def what_is_killed_between_signing_and_extending_is_not_signed_again(town):
    """One time stamp a minute: the other letters are signed, and wait."""
    town.tsa.fault("none")
    conf = town.rig.config((r"^lanes:", "limits: {timestamps_per_minute: 1}\nlanes:"))
    with town.rig.gateway(conf) as gateway:
        levels.wait_for_authority(gateway)
        levels.whole_validation(gateway)
        before = signatures(town)
        with start(town, "killed") as run:
            wait_for("the first letter", lambda: made(town, "killed"))
            wait_for("all signatures", lambda: signatures(town) == before + 3)
            time.sleep(0.3)
            run.send_signal(signal.SIGKILL)
        equal(len(made(town, "killed")), 1, "letters under their names")
    with town.rig.gateway() as gateway:
        levels.whole_validation(gateway)
        town.tsa.fault("http")
        told = sign(town, "killed", "pades-b-lta", "--resume", code=3)
        contains(told, "not yet of the level b-lta", "--or-less")
        equal(len(made(town, "killed")), 1, "letters under their names")
        town.tsa.fault("none")
        end = time.monotonic() + 20
        while town.rig.segel("e-office", "sign", *TERMS, "-o", town.rig.path("killed"),
                             "--profile", "pades-b-lta", "--resume",
                             *levels.letters(town, 3)).returncode != 0:
            expect(time.monotonic() < end, "the authority is not asked again")
        equal(signatures(town), before + 3, "signatures")
    equal(len(made(town, "killed")), 3)
    for path in made(town, "killed"):
        levels.check_letter(town, path, 1)
    nothing_else(town, "killed")


@claim
def a_letter_that_cannot_be_extended_has_no_name_and_keeps_no_other_from_it(town):
    """One of them was signed before, by a signature that does not match it."""
    town.tsa.fault("none")
    with town.rig.gateway() as gateway:
        levels.whole_validation(gateway)
        sign(town, "earlier", "pades-b-t", paths=levels.letters(town, 3)[:1])
        with open(made(town, "earlier")[0], "rb") as file:
            data = bytearray(file.read())
        data[700] ^= 1
        spoiled = town.rig.write("spoiled.pdf", bytes(data))
        before = signatures(town)
        paths = [spoiled, *levels.letters(town, 3)[:2]]
        told = sign(town, "mixed", "pades-b-lt", "--result", town.rig.path("mixed.csv"),
                    code=1, paths=paths)
        contains(told, "does not match the letter", "--resume --or-less")
        equal(sorted(row["reason"] for row in rows(town, "mixed.csv")),
              ["", "", "not-extended"])
        equal(len(made(town, "mixed")), 2)
        sign(town, "mixed", "pades-b-lt", "--resume", "--or-less", paths=paths)
        equal((len(made(town, "mixed")), signatures(town)), (3, before + 3), "letters")


@claim
def a_disk_that_takes_nothing_is_told_as_that_and_costs_one_time_stamp_a_letter(town):
    """More letters than are extended at one time: a thread that knows the key from its last
    one must not begin anew."""
    town.tsa.fault("none")
    os.makedirs(town.rig.path("many"))
    paths = [shutil.copy(levels.letters(town)[0], town.rig.path("many", f"{i}.pdf"))
             for i in range(20)]
    parts = [os.path.join(town.rig.path("filled"), f"{i}.pdf.part") for i in range(20)]
    for part in parts:  # where the letter would be written first
        os.makedirs(os.path.join(part, "x"))
    with town.rig.gateway() as gateway:
        levels.whole_validation(gateway)
        before, stamps = signatures(town), town.tsa.asked()
        told = sign(town, "filled", "pades-b-lta", "--or-less", "--result",
                    town.rig.path("filled.csv"), code=3, paths=paths)
        contains(told, "not-written", "--resume")
        reasons = {row["reason"] for row in rows(town, "filled.csv")}
        expect("not-written" in reasons and "not-extended" not in reasons, f"{reasons}")
        spent = town.tsa.asked() - stamps
        signed = signatures(town) - before
        expect(spent <= 2 * signed, f"{spent} time stamps for {signed} signatures")
        for part in parts:
            shutil.rmtree(part)
        sign(town, "filled", "pades-b-lta", "--resume", paths=paths)
        equal(signatures(town), before + 20, "signatures")
    equal(len(made(town, "filled")), 20)


@claim
def what_the_policy_lets_go_without_a_time_stamp_is_there_and_told(town):
    town.tsa.fault("none")
    with town.lax() as gateway:
        levels.whole_validation(gateway)
        town.tsa.fault("http")
        told = sign(town, "lax", "pades-b-lta", "--result", town.rig.path("lax.csv"))
        contains(told, "without a time-stamp")
    equal({row["level"] for row in rows(town, "lax.csv")}, {"b-b"})
    for path in made(town, "lax"):
        levels.check_letter(town, path, 0)


class Officers(People):
    """The town's gateway with a quorum; it has a page for its administrator already."""

    def __init__(self, town):
        super().__init__(town.rig)
        self.text = self.text.replace("\nadmin: {address: 127.0.0.1, port: 0}", "", 1)


def unwritten(town, out):
    """Signs letters that cannot be written; gives back what lies where they would be."""
    parts = [town.rig.path(out, os.path.basename(path) + ".part")
             for path in levels.letters(town, 3)]
    for part in parts:
        os.makedirs(os.path.join(part, "x"))
    contains(sign(town, out, "pades-b-lta", code=3), "not-written", "--resume")
    equal(made(town, out), [])
    return parts


@claim
def what_lies_under_a_letters_name_is_left(town):
    """Put there after it was signed, and before it is written at its level."""
    town.tsa.fault("none")
    with town.rig.gateway() as gateway:
        levels.whole_validation(gateway)
        before = signatures(town)
        for part in unwritten(town, "taken"):
            shutil.rmtree(part)
        taken = town.rig.path("taken", os.path.basename(levels.letters(town)[0]))
        with open(taken, "w", encoding="ascii") as file:
            file.write("a file of somebody else")
        for more in ([], ["--or-less"]):
            told = sign(town, "taken", "pades-b-lta", "--resume", *more, code=1)
            contains(told, "is there already", "not-written")
            with open(taken, encoding="ascii") as file:
                equal(file.read(), "a file of somebody else")
        os.remove(taken)
        sign(town, "taken", "pades-b-lta", "--resume")
        equal((len(made(town, "taken")), signatures(town)), (3, before + 3), "letters")


@claim
def letters_last_by_the_old_name_of_a_key_that_another_has_followed(town):
    """Those of before and those of after: each with what proves the key that signed it."""
    town.tsa.fault("none")
    people = Officers(town)
    with people.gateway() as gateway:
        for key in (life.KEY, life.NEXT):
            levels.whole_validation(gateway, key=key)
        before = signatures(town)
        parts = unwritten(town, "unwritten")
        equal(signatures(town), before + 3, "signatures before the rotation")
        life.rotate(people, gateway)
        contains(sign(town, "followed", "pades-b-lta", "--dry-run"), "3 would be signed")
        sign(town, "followed", "pades-b-lta")
        equal((len(made(town, "followed")), signatures(town)), (3, before + 6), "letters")
        for part in parts:
            shutil.rmtree(part)
        sign(town, "unwritten", "pades-b-lta", "--resume")
        equal((len(made(town, "unwritten")), signatures(town)), (3, before + 6), "letters")
        old, new = (life.look(gateway, key).key.certificate.der
                    for key in (life.KEY, life.NEXT))
    for out, cert in (("unwritten", old), ("followed", new)):
        for path in made(town, out):
            levels.check_letter(town, path, 1)
            with open(path, "rb") as file:
                expect(cert.hex().encode() in file.read().lower(), f"{path}: another key")


if __name__ == "__main__":
    the_town = levels.Town("lasting", f"{life.KEY}:rsa-2048", f"{life.NEXT}:rsa-2048")
    code = rig.run(the_town)
    the_town.tsa.stop()
    sys.exit(code)
