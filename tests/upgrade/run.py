"""`make upgrade`: a gateway of an older version signs, stops, and this version goes on with its
folder: ledger, token, configuration, policy. Nothing that was promised may be lost, and the
older version must not come near the ledger any more. docs/INSTALL.md tells the steps.

    run.py [--from COMMIT]      exit code 77: there is nothing to upgrade from
"""
import argparse
import base64
import contextlib
import glob
import hashlib
import json
import os
import re
import sqlite3
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[1:1] = [os.path.join(HERE, "../system")]
import grpc  # noqa: E402
import rig  # noqa: E402
from anchor_rig import consistent  # noqa: E402
from older import Older, Unavailable, World, rows  # noqa: E402
from rig import claim, contains, equal, expect, item  # noqa: E402

# Its ledger is of version 4: before there were a register of keys, mandates, incidents.
FROM = "7e7703b"
SKIPPED = 77
KEYS = {"seal-demo": "rsa-2048", "seal-ec": "p-256"}
SIGN = ["sign", "--key", "seal-demo", "--class", "surat_keterangan", "--approval",
        "ND-2026/007", "--notice-shown"]
LETTERS = os.path.join(rig.BUILD, "tests/fixtures/letters")
SHIPPED = os.path.join(rig.ROOT, "deploy/policies/bsre-seal.yaml")
VERSION = r"^  version: (\d+)$"
SHADOW = os.path.join(rig.ROOT, "deploy/demo/shadow.sh")


class Upgrade:
    """What the older version did, to hold against what comes after."""

    def __init__(self, older):
        self.older = older
        self.world = World(older, *(f"{n}:{t}" for n, t in KEYS.items()))
        subprocess.run([LETTERS, "6", self.world.path("letters")], check=True)
        self.answers = {}       # request id -> (key, digest, result)
        self.signers = {}       # key -> GetSignerResponse
        self.head = None        # (size, root) of its last checkpoint
        self.killed = None      # a copy of its folder after kill -9
        self.told = []          # what a client heard before that
        self.gateway = None     # this version's

    def letters(self, part):
        found = sorted(glob.glob(self.world.path("letters/surat_keterangan/*.pdf")))
        return found[::2] if part == "old" else found[1::2]

    def receipts(self):
        return sorted(glob.glob(self.world.path("signed-old/*.tlog-proof")))


# --- Helpers --------------------------------------------------------------------------------

def schema_of(world):
    database = sqlite3.connect(f"file:{world.path('ledger.db')}?mode=ro", uri=True)
    with contextlib.closing(database) as db:
        return int(db.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone()[0])


def ledger_files(world):
    """{name: hash} of the database and of what SQLite keeps beside it."""
    found = {}
    for path in glob.glob(world.path("ledger.db*")):
        with open(path, "rb") as file:
            found[os.path.basename(path)] = hashlib.sha256(file.read()).hexdigest()
    return found


def checkpoint(client, at_least=0):
    call = client.call("unary_unary", "GetCheckpoint", rig.log.GetCheckpointRequest,
                       rig.log.GetCheckpointResponse, "LogService")
    note = call(rig.log.GetCheckpointRequest(at_least=at_least), timeout=20).note.decode()
    size, root = note.split("\n")[1:3]
    return int(size), base64.b64decode(root)


def good(result, *words):
    equal(result.returncode, 0, result.stdout + result.stderr)
    contains(result.stdout + result.stderr, *words)
    return result


def sound(program, *arguments):
    """By that version's segel."""
    return good(program("reviewer", "log", "verify", *arguments), "SOUND")


# --- The older version ------------------------------------------------------------------------

def sign_much(up, client):
    for key in KEYS:
        many = [item(f"{key}-{n}") for n in range(40)]
        results = [client.sign(one, key=key) for one in many[:10]]
        results += client.batch(many[10:], key=key)
        for one, result in zip(many, results):
            expect(result.signature, f"{one.request_id} is not signed")
            up.answers[one.request_id] = (key, one.digest, result)
        up.signers[key] = list(client.signer(key).certificates)
    equal(rig.refused(client.sign, document_class="surat_lain").code,
          grpc.StatusCode.PERMISSION_DENIED, "what the policy refuses")


@claim
def the_older_version_signs_and_keeps_receipts_and_checkpoints(up):
    world = up.world
    with world.run(up.older.bin) as gateway:
        sign_much(up, gateway.client())
        good(world.old_segel("e-office", *SIGN, "--receipts", "-o", world.path("signed-old"),
                             *up.letters("old")))
        equal(len(up.receipts()), len(up.letters("old")), "receipts")
        sound(world.old_segel, "--save", world.path("old.checkpoint"))
        good(world.old_segel("reviewer", "log", "export", "--out", world.path("old.tar")))
        up.head = checkpoint(gateway.client("reviewer"))
        equal(gateway.stop(), 0, "exit code")
    equal(schema_of(world), up.older.schema, "version of its ledger")
    expect(up.older.schema < rows(rig.ROOT), "it is not older than this version's")


@claim
def another_run_of_it_is_killed_under_load(up):
    world = up.killed = up.world.copy("killed")
    with world.run(up.older.bin) as gateway:
        call = gateway.client().call(
            "stream_stream", "SignStream", rig.signing.SignStreamRequest,
            rig.signing.SignStreamResponse)
        load = rig.signing.SignStreamRequest(
            terms=rig.terms(), items=[item(f"killed-{n}") for n in range(1000)])
        stream = call(iter([load]), timeout=30)
        up.told = list(next(iter(stream)).results)
        gateway.process.kill()
    expect(os.path.getsize(world.path("ledger.db-wal")) > 0, "it left nothing behind")


# --- This version -----------------------------------------------------------------------------

def sound_policy(world):
    """The file is taken as it is; or a sentence says which rule to write in another way, and
    the shipped rules are taken. Under a higher version: the same is refused beforehand."""
    if (checked := check(world)).returncode == 0:
        return
    contains(checked.stderr, "policy.yaml:", "write 'mode:")
    with open(SHIPPED, encoding="utf-8") as file:
        text = subprocess.run([SHADOW], stdin=file, capture_output=True, text=True,
                              check=True).stdout
    version = int(re.search(VERSION, world.read("policy.yaml"), re.M)[1])
    for added in (0, 1):
        world.write("policy.yaml", re.sub(VERSION, f"  version: {version + added}", text,
                                          count=1, flags=re.M))
        world.widen_quotas()
        if not added:
            contains(check(world).stderr, "is in force but no longer loads", "a higher version")


def check(world):
    return world.tool("segeld", "--config", world.conf, "--check-config")


@claim
def its_configuration_is_taken_and_a_check_tells_what_a_start_would_do(up):
    before = up.world.read("segeld.yaml")
    for world in (up.world, up.killed):
        files = ledger_files(world)
        sound_policy(world)
        good(check(world), "sound", f"of version {up.older.schema}: a start leads it to "
             f"{rows(rig.ROOT)}, and no older segeld opens it")
        changed = {n for n, h in ledger_files(world).items() if files.get(n) != h}
        expect(changed <= {"ledger.db-shm"}, f"the check has written {changed}")
    equal(up.world.read("segeld.yaml"), before, "the configuration")


@contextlib.contextmanager
def upgraded(up):
    """The gateway of this version, started once for all claims that need no other start."""
    if up.gateway is None:
        up.gateway = rig.Gateway(up.world, up.world.conf, {})
        up.gateway.wait_ready()
    yield up.gateway


@claim
def the_ledger_is_migrated_and_the_log_says_so(up):
    with upgraded(up) as gateway:
        equal([(e["from"], e["to"]) for e in gateway.find("ledger.migrated")],
              [(str(up.older.schema), str(rows(rig.ROOT)))], "migrations")
    equal(schema_of(up.world), rows(rig.ROOT), "version of the ledger")


@claim
def the_log_is_whole_and_goes_on_from_the_older_checkpoints(up):
    with upgraded(up) as gateway:
        for program in (up.world.segel, up.world.old_segel):
            sound(program, "--earlier", up.world.path("old.checkpoint"))
        reviewer = gateway.client("reviewer")
        size, root = checkpoint(reviewer, up.head[0] + 1)
        call = reviewer.call("unary_unary", "GetConsistencyProof",
                             rig.log.GetConsistencyProofRequest,
                             rig.log.GetConsistencyProofResponse, "LogService")
        proof = call(rig.log.GetConsistencyProofRequest(old_size=up.head[0], new_size=size),
                     timeout=20)
    expect(consistent(*up.head, size, root, list(proof.path)), "another hand finds it so")


@claim
def older_receipts_letters_and_bundles_are_sound(up):
    world = up.world
    for path in up.receipts():
        letter = path.removesuffix(".tlog-proof")
        good(world.segel("e-office", "receipt", "verify", path, "--letter", letter), "SOUND")
        good(world.segel("e-office", "verify", letter))
    good(world.tool("segel-verify", "--log-key", world.path("log.vkey"), world.path("old.tar")))


@claim
def older_requests_are_answered_with_the_stored_bytes(up):
    with upgraded(up) as gateway:
        client = gateway.client()
        for request_id, (key, digest, result) in up.answers.items():
            again = client.sign(item(request_id, digest), key=key)
            expect(again.replayed, f"{request_id} was signed anew")
            equal(again.signature, result.signature, f"the bytes of {request_id}")
            equal(again.decision_id, result.decision_id, f"the decision on {request_id}")
        equal(rig.refused(client.sign, item(request_id)).code,
              grpc.StatusCode.ALREADY_EXISTS, "an older id with another digest")


@claim
def all_keys_are_there_and_sign(up):
    with upgraded(up) as gateway:
        client = gateway.client()
        for key, certificates in up.signers.items():
            equal(list(client.signer(key).certificates), certificates, f"chain of {key}")
            result = client.sign(key=key)
            expect(result.signature and not result.replayed, f"{key} signs")
        shown = json.loads(up.world.segel("officer-1", "status", "--json").stdout)
        equal(sorted(k["key"] for k in shown["keys"]), sorted(KEYS), "keys")
        for key in shown["keys"]:
            # By the older version; the page may not know yet of the one just now.
            expect(key["used_today"] >= 40, f"the day's count goes on: {key}")


@claim
def both_versions_of_the_client_sign_letters_at_it(up):
    world = up.world
    with upgraded(up):
        for number, program in enumerate((world.segel, world.old_segel)):
            out = world.path(f"signed-{number}")
            good(program("e-office", *SIGN, "--receipts", "-o", out, *up.letters("new")))
            for path in glob.glob(out + "/*.pdf"):
                good(world.segel("e-office", "verify", path))
                good(world.old_segel("e-office", "verify", path))
                good(world.segel("e-office", "receipt", "verify", path + ".tlog-proof"))


@claim
def it_stops_and_another_start_migrates_nothing(up):
    with upgraded(up) as gateway:
        equal(gateway.stop(), 0, "exit code")
    with up.world.run(rig.BIN) as gateway:
        equal(gateway.find("ledger.migrated"), [], "migrations")
        sound(up.world.segel, "--earlier", up.world.path("old.checkpoint"))


@claim
def the_older_version_refuses_the_newer_ledger_and_changes_nothing(up):
    world, before = up.world, ledger_files(up.world)
    gateway = rig.Gateway(world, world.older_conf(), {},
                          [os.path.join(up.older.bin, "segeld"), "--config",
                           world.older_conf()])
    equal(gateway.wait_end(), 1, "exit code")
    contains(gateway.text(), "was written by a newer Segel", "install that version")
    equal(ledger_files(world), before, "the ledger")
    with world.run(rig.BIN) as gateway:
        expect(gateway.client().sign().signature, "this version signs on")


@claim
def what_was_killed_is_led_on_too(up):
    world = up.killed
    with world.run(rig.BIN) as gateway:
        equal(len(gateway.find("ledger.migrated")), 1, "migrations")
        sound(world.segel, "--earlier", world.path("old.checkpoint"))
        client = gateway.client()
        for result in up.told:
            row = rig.log.GetReceiptRequest(request_id=result.request_id)
            call = client.call("unary_unary", "GetReceipt", rig.log.GetReceiptRequest,
                               rig.log.GetReceiptResponse, "LogService")
            expect(call(row, timeout=20).ByteSize() > 0, f"{result.request_id} is lost")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--from", dest="commit", default=FROM)
    options = parser.parse_args()
    try:
        up = Upgrade(Older(options.commit))
    except Unavailable as why:
        print(f"upgrade: {why}")
        return SKIPPED
    print(f"from {up.older.commit[:12]}, ledger of version {up.older.schema}, to version "
          f"{rows(rig.ROOT)}")
    try:
        return rig.run(up)
    finally:
        if up.gateway is not None:
            up.gateway.stop()


if __name__ == "__main__":
    sys.exit(main())
