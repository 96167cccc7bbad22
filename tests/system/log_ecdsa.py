#!/usr/bin/python3
"""A log whose token has no Ed25519: its key is on P-256, and everything that reads a
checkpoint takes it, from the gateway's own start to the offline verifier. Signatures are also
judged here, by the Python package cryptography."""
import base64
import hashlib
import os
import shutil
import sys

import rig
import witness_rig
from anchor_town import Town, ask, lines_of, receipt, sign, until
from bundles import leaf
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (decode_dss_signature,
                                                             encode_dss_signature)
from rig import claim, contains, equal, expect, item


class Vkey:
    """What witness_rig wants of a log's key."""

    def __init__(self, vkey):
        self.vkey = vkey


def public_key(vkey):
    """Name, id and key of a C2SP vkey of the kind 2."""
    name, hexed, typed = vkey.split("+", 2)
    raw = base64.b64decode(typed, validate=True)
    equal(raw[0], 2, "kind of the log key")
    equal(hashlib.sha256(raw[1:]).hexdigest()[:8], hexed, "id of the log key")
    return name, bytes.fromhex(hexed), serialization.load_der_public_key(raw[1:])


def judge(vkey, note):
    """Size that the log's key signed, or an exception."""
    name, key_id, key = public_key(vkey)
    text, signatures = note.rsplit(b"\n\n", 1)
    for line in signatures.splitlines():
        dash, by, blob = line.decode().split(" ")
        raw = base64.b64decode(blob, validate=True)
        if (dash, by, raw[:4]) == ("\u2014", name, key_id):
            key.verify(raw[4:], text + b"\n", ec.ECDSA(hashes.SHA256()))
            return int(text.split(b"\n")[1])
    raise InvalidSignature("the log has not signed it")


def checkpoints(town):
    return [bytes(row[0]) for row in town.ask("SELECT note FROM checkpoint ORDER BY size")]


def covered(town, index):
    until(lambda: town.ask(f"SELECT size FROM checkpoint WHERE size > {index}"),
          "no checkpoint covers it")


def spoiled(note):
    """One bit of the log's signature flipped, in the number s."""
    head, line = note.rsplit(b"\n\n", 1)
    dash, by, blob = line.split(b"\n", 1)[0].split(b" ")
    raw = bytearray(base64.b64decode(blob))
    raw[-1] ^= 1
    return head + b"\n\n" + b" ".join((dash, by, base64.b64encode(bytes(raw)))) + b"\n"


# --- The gateway ------------------------------------------------------------------------

@claim
def the_start_names_the_key_and_what_it_costs(town):
    town.fresh()
    with town.gateway() as gateway:
        equal(gateway.find("ready")[0]["log_key"], town.vkey, "the key as the token has it")
        told = gateway.find("log_key.ecdsa")[0]
        contains(told["why"], "ECDSA", "witnesses")


@claim
def every_checkpoint_is_by_the_key_and_over_the_tree(town):
    town.fresh()
    with town.gateway() as gateway:
        for _ in range(3):
            index = gateway.client().sign().log.index
            covered(town, index)
    notes = checkpoints(town)
    expect(len(notes) >= 3, f"{len(notes)} checkpoints")
    for note in notes:
        equal(judge(town.vkey, note), int(note.split(b"\n")[1]), "size")
        try:
            judge(town.vkey, spoiled(note))
        except InvalidSignature:
            continue
        raise rig.Failed("the judge takes a spoiled signature")


@claim
def a_restart_goes_on_under_the_key_and_not_under_another(town):
    town.fresh()
    with town.gateway() as gateway:
        covered(town, gateway.client().sign().log.index)
    with town.gateway() as gateway:
        index = gateway.client().sign().log.index
        covered(town, index)
    size = town.ask("SELECT count(*) FROM leaf")
    text = town.rig.read("segeld.yaml")
    canary = text.split('canary: "')[1].split('"')[0]
    log_id = text.split('log_key: {lane: lane0, id: "')[1].split('"')[0]
    config = town.configured("", changes=((f'canary: "{canary}"', f'canary: "{log_id}"'),
                                          (f'log_key: {{lane: lane0, id: "{log_id}"',
                                           f'log_key: {{lane: lane0, id: "{canary}"')))
    code, said = town.rig.refuses(config)
    equal(code, 1, said)
    contains(said, "is not by the log key of")
    equal(town.ask("SELECT count(*) FROM leaf"), size, "records after a refused start")


@claim
def a_log_key_of_another_kind_is_refused_with_what_helps(town):
    town.fresh()
    text = town.rig.read("segeld.yaml")
    seal = text.split('- name: seal-demo')[1].split('id: "')[1].split('"')[0]
    log_id = text.split('log_key: {lane: lane0, id: "')[1].split('"')[0]
    config = town.configured("", changes=(
        (f'log_key: {{lane: lane0, id: "{log_id}"', 'log_key: {lane: lane0, id: "other"'),
        (f'id: "{seal}"', f'id: "{log_id}"'),
        ('log_key: {lane: lane0, id: "other"', f'log_key: {{lane: lane0, id: "{seal}"')))
    code, said = town.rig.refuses(config)
    equal(code, 1, said)
    contains(said, "neither an Ed25519 nor a P-256 key", "keygen")


# --- Its readers ------------------------------------------------------------------------

@claim
def a_receipt_is_sound_and_a_spoiled_one_is_not(town):
    town.fresh()
    with town.gateway() as gateway:
        job = item()
        covered(town, gateway.client().sign(job).log.index)
        proof = receipt(gateway, job.request_id)
    judge(town.vkey, proof.split(b"\n\n", 1)[1])
    path = town.rig.write("one.tlog-proof", proof)
    result = town.rig.segel("e-office", "receipt", "verify", path, "--lang", "en")
    equal(result.returncode, 0, result.stdout + result.stderr)
    contains(result.stdout, "SOUND")
    head, note = proof.split(b"\n\n", 1)
    path = town.rig.write("bad.tlog-proof", head + b"\n\n" + spoiled(note))
    result = town.rig.segel("e-office", "receipt", "verify", path, "--lang", "en")
    equal(result.returncode, 1, result.stdout + result.stderr)


@claim
def the_log_verifies_against_an_earlier_checkpoint_and_not_by_another_key(town):
    town.fresh()
    earlier = town.rig.path("earlier.checkpoint")
    with town.gateway() as gateway:
        covered(town, gateway.client().sign().log.index)
        one = town.rig.segel("reviewer", "log", "verify", "--save", earlier)
        equal(one.returncode, 0, one.stdout + one.stderr)
        covered(town, gateway.client().sign().log.index)
        two = town.rig.segel("reviewer", "log", "verify", "--earlier", earlier)
        equal(two.returncode, 0, two.stdout + two.stderr)
        other = town.rig.write("other.vkey", other_vkey(town) + "\n")
        three = town.rig.segel("reviewer", "log", "verify", "--vkey", other)
        expect(three.returncode != 0, three.stdout)


def other_vkey(town):
    """Another key on the curve, under the log's name."""
    spki = ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return (f"{town.vkey.split('+')[0]}+{hashlib.sha256(spki).hexdigest()[:8]}+"
            + base64.b64encode(b"\2" + spki).decode())


@claim
def a_witness_cosigns_it_and_the_offline_verifier_counts_that(town):
    town.fresh()
    witness = witness_rig.Witness(Vkey(town.vkey))
    with witness.run():
        with town.rig.gateway(witnessed(town, witness)) as gateway:
            job = item()
            gateway.client().sign(job)
            until(lambda: ask(gateway, job.request_id).anchored, "no cosignature counts")
            equal(lines_of(receipt(gateway, job.request_id)),
                  [town.vkey.split("+")[0], witness_rig.NAME], "who signed the receipt")
            out = town.rig.path(f"bundle-{town.count}")
            until(lambda: fully_cosigned(town), "the newest checkpoint waits")
            made = town.rig.segel("reviewer", "log", "export", "--out", out)
            equal(made.returncode, 0, made.stderr)
        # After a restart the witness reads its own state, with the log's signature in it.
        witness.end()
        witness.start()
        with town.rig.gateway(witnessed(town, witness)) as gateway:
            job = item()
            gateway.client().sign(job)
            until(lambda: ask(gateway, job.request_id).anchored, "none after a restart")
    verify_bundle(town, witness.vkey, out)


def witnessed(town, witness):
    host, port = witness.address
    entry = (f"  - {{name: w1, witness: \"http://{host}:{port}\", vkey: "
             f"\"{witness.vkey}\", interval_s: 1}}\n")
    return town.configured(entry, settings=", quorum: 1")


def fully_cosigned(town):
    return town.ask("SELECT 1 FROM cosig WHERE size = (SELECT max(size) FROM checkpoint)")


def verify_bundle(town, witness, out):
    policy = town.rig.write("trust.policy", f"log {town.vkey}\nwitness w {witness}\n"
                                            "group one any w\nquorum one\n")
    cases = ((("--trust", policy), 0),
             (("--log-key", town.vkey, "--witness", witness, "--quorum", "1"), 0),
             (("--log-key", town.rig.path("log.vkey")), 0),
             (("--log-key", town.vkey, "--witness", witness_rig.Key("x", 4).vkey,
               "--quorum", "1"), 2),
             (("--log-key", other_vkey(town)), 1),
             (("--log-key", witness), 3))
    for arguments, code in cases:
        result = town.rig.tool("segel-verify", *arguments, out)
        equal(result.returncode, code, f"{arguments}: {result.stdout}{result.stderr}")
    with open(os.path.join(out, "checkpoint"), "rb") as file:
        note = file.read()
    judge(town.vkey, note)
    copy = out + "-spoiled"
    shutil.copytree(out, copy)
    with open(os.path.join(copy, "checkpoint"), "wb") as file:
        file.write(spoiled(note))
    result = town.rig.tool("segel-verify", "--log-key", town.vkey, copy)
    equal(result.returncode, 1, result.stdout + result.stderr)


@claim
def an_older_copy_of_the_ledger_is_found_through_folders(town):
    town.fresh()
    with town.gateway("drop", "disk") as gateway:
        sign(gateway, 2)
        until(lambda: len(town.records("anchor.ok")) == 2, "no anchors")
    town.copy(f"yesterday-{town.count}")
    with town.gateway("drop", "disk") as gateway:
        covered(town, gateway.client().sign().log.index)
        size = town.ask("SELECT max(size) FROM checkpoint")[0][0]
        until(lambda: any(name[0] != "." and int(name.split(".")[0]) >= size
                          for name in os.listdir(town.drop)),
              "nothing more is dropped")
    for name in os.listdir(town.drop):
        with open(os.path.join(town.drop, name), "rb") as file:
            equal(judge(town.vkey, file.read()), int(name.split(".")[0]), name)
    town.restore(f"yesterday-{town.count}")
    for kind, name in (("disk", "disk2"), ("drop", "assessor")):
        contains(town.refused(kind), f"anchor '{name}' holds a checkpoint of", "older copy")


# An idle gateway signs the same tree again, and ECDSA makes another signature each time: the
# first one stays, and another one that somebody holds is no fork.
@claim
def a_tree_that_is_signed_twice_is_one_tree(town):
    town.fresh()
    with town.gateway("drop", "disk") as gateway:
        covered(town, gateway.client().sign().log.index)
        until(lambda: len(town.records("anchor.ok")) == 2, "no anchors")
        until(signed_again(town), "no size was signed twice")
        equal(gateway.find("anchor.failed"), [], "anchors")
    notes = [os.path.join(folder, name) for folder in (town.drop, town.disk)
             for name in os.listdir(folder)]
    stored = checkpoints(town)
    for path in notes:
        with open(path, "rb") as file:
            note = file.read()
        expect(note in stored, f"{path} is another note than the ledger's")
        with open(path, "wb") as file:
            file.write(twin(note))
        equal(judge(town.vkey, twin(note)), judge(town.vkey, note), "size")
    with town.gateway("drop", "disk") as gateway:
        sign(gateway)
        until(lambda: len(os.listdir(town.drop)) > len(notes) - 1, "nothing more is dropped")
        equal(gateway.find("anchor.failed"), [], "anchors")


def twin(note):
    """Another signature of the same text that holds as well: s is the curve's order less s."""
    order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551
    head, line = note.rsplit(b"\n\n", 1)
    dash, by, blob = line.split(b"\n", 1)[0].split(b" ")
    raw = base64.b64decode(blob)
    r, s = decode_dss_signature(raw[4:])
    other = base64.b64encode(raw[:4] + encode_dss_signature(r, order - s))
    return head + b"\n\n" + b" ".join((dash, by, other)) + b"\n"


def signed_again(town):
    """Of a log at rest, whether its newest size was signed once more since the first look."""
    newest = "SELECT size, time FROM checkpoint ORDER BY size DESC LIMIT 1"
    seen = {}

    def again():
        size, time = town.ask(newest)[0]
        return seen.setdefault(size, time) != time
    return again


# What a time stamp is over must be there to hold it against.
@claim
def a_time_stamp_is_over_a_note_that_the_ledger_still_has(town):
    town.fresh()
    stamper = town.stamper()
    entry = (f"  - {{name: stamps, tsa: \"{stamper.url}\", chain: {stamper.chain},"
             " interval_s: 1}\n")
    stamped = "SELECT 1 FROM stamp WHERE size = (SELECT max(size) FROM checkpoint)"
    with town.rig.gateway(town.configured(entry)) as gateway:
        covered(town, gateway.client().sign().log.index)
        until(lambda: town.records("anchor.ok") and town.ask(stamped), "no stamp of the newest")
        until(signed_again(town), "no size was signed twice")
    kept = town.ask("SELECT size, token, note FROM stamp JOIN checkpoint USING (size)")
    equal(len(kept), town.ask("SELECT count(*) FROM stamp")[0][0], "stamps with their notes")
    for size, token, note in kept:
        judge(town.vkey, bytes(note))
        result = rig.openssl("ts", "-verify", "-in", town.rig.write("kept.tsr", bytes(token)),
                             "-data", town.rig.write("kept.note", bytes(note)), "-CAfile",
                             stamper.chain)
        equal(result.returncode, 0, f"stamp of {size}: {result.stderr.decode()}")


@claim
def the_records_are_the_leaves_of_what_was_signed(town):
    """Against a tree of this file's own: the last checkpoint's root from the records."""
    town.fresh()
    with town.gateway() as gateway:
        covered(town, gateway.client().sign().log.index)
    note = checkpoints(town)[-1]
    size = judge(town.vkey, note)
    rows = town.ask(f"SELECT rec FROM leaf WHERE idx < {size} ORDER BY idx")
    root = witness_rig.root_of([leaf(bytes(row[0])) for row in rows])
    equal(base64.b64decode(note.split(b"\n")[2]), root, "root")


if __name__ == "__main__":
    sys.exit(rig.run(Town("log-ecdsa", LOG_TYPE="p-256")))
