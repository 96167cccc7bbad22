#!/usr/bin/python3
"""Receipts: the log's proof of one outcome, fetched by its owner, kept beside the letter, and
judged offline by `segel receipt verify` and by a second judge of this file's own."""
import base64
import glob
import hashlib
import json
import os
import re
import sqlite3
import subprocess
import sys

import grpc
import rig
from rig import claim, contains, equal, expect, item

SIGN = ["sign", "--key", "seal-demo", "--class", "surat_keterangan", "--approval",
        "ND-2026/007", "--notice-shown"]


def letters(the_rig):
    return sorted(glob.glob(the_rig.path("letters", "surat_keterangan", "*.pdf")))


def sign(the_rig, out, *arguments):
    return the_rig.segel("e-office", *SIGN, "-o", the_rig.path(out), *arguments)


def signed(the_rig):
    """The letters, signed and with their receipts."""
    if not os.path.exists(the_rig.path("signed")):
        with the_rig.gateway():
            result = sign(the_rig, "signed", "--receipts", *letters(the_rig))
        equal(result.returncode, 0, result.stdout + result.stderr)
        contains(result.stderr, f"{len(letters(the_rig))} with a receipt")
    return sorted(glob.glob(the_rig.path("signed", "*.pdf")))


def receipt_of(the_rig, request_id, *arguments, client="e-office"):
    return the_rig.segel(client, "receipt", request_id, *arguments)


def verify(the_rig, *arguments):
    return the_rig.segel("e-office", "receipt", "verify", *arguments)


def get(gateway, request_id, caller="", client="e-office", timeout=20):
    call = gateway.client(client).call(
        "unary_unary", "GetReceipt", rig.log.GetReceiptRequest, rig.log.GetReceiptResponse,
        service="LogService")
    return call(rig.log.GetReceiptRequest(request_id=request_id, caller=caller),
                timeout=timeout)


# --- The second judge -------------------------------------------------------------------

def climb(leaf, index, size, path):
    """RFC 9162 section 2.1.3.2."""
    node, last, found = index, size - 1, leaf
    for step in path:
        expect(last > 0, "the path is too long")
        if node % 2 or node == last:
            found = hashlib.sha256(b"\1" + step + found).digest()
            while node % 2 == 0 and node:
                node, last = node >> 1, last >> 1
        else:
            found = hashlib.sha256(b"\1" + found + step).digest()
        node, last = node >> 1, last >> 1
    equal(last, 0, "the path is too short")
    return found


def judge(the_rig, text):
    """The record, or an exception: by OpenSSL and hashlib alone."""
    head, note = text.split(b"\n\n", 1)
    lines = head.split(b"\n")
    equal(lines[0], b"c2sp.org/tlog-proof@v1", "first line")
    expect(lines[1].startswith(b"extra ") and lines[2].startswith(b"index "), "lines")
    record, index = base64.b64decode(lines[1][6:]), int(lines[2][6:])
    body, signatures = note.rsplit(b"\n\n", 1)
    origin, size, root = body.split(b"\n")[:3]
    leaf = hashlib.sha256(b"\0" + record).digest()
    path = [base64.b64decode(line) for line in lines[3:]]
    equal(climb(leaf, index, int(size), path), base64.b64decode(root), "root")
    name, _, key = the_rig.read("log.vkey").strip().split("+", 2)
    equal(origin.decode(), name, "origin")
    line = next(s for s in signatures.split(b"\n") if s.split(b" ")[1] == origin)
    public = the_rig.write("log.der", bytes.fromhex("302a300506032b6570032100")
                           + base64.b64decode(key)[1:])
    signed = the_rig.write("note.txt", body + b"\n")
    value = the_rig.write("note.sig", base64.b64decode(line.split(b" ")[2])[4:])
    result = rig.openssl("pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", public,
                         "-rawin", "-in", signed, "-sigfile", value)
    equal(result.returncode, 0, result.stdout + result.stderr)
    return json.loads(record)


# --- Receipts as they should be ---------------------------------------------------------

@claim
def every_letter_gets_a_receipt_that_both_judges_accept(the_rig):
    equal(len(signed(the_rig)), len(letters(the_rig)), "signed letters")
    for path in signed(the_rig):
        with open(path + ".tlog-proof", "rb") as file:
            record = judge(the_rig, file.read())
        equal((record["type"], record["outcome"], record["caller"], record["key"]),
              ("outcome", "signed", "e-office", "seal-demo"), "the record")
        result = verify(the_rig, path + ".tlog-proof", "--letter", path)
        equal(result.returncode, 0, result.stdout + result.stderr)
        contains(result.stdout, "SOUND", record["job"])


@claim
def a_receipt_is_judged_without_any_gateway_in_both_languages(the_rig):
    path = signed(the_rig)[0]
    for arguments, words in ((["--lang", "id"], ["SAH", "titik periksa", "ditandatangani"]),
                             (["--lang", "en"], ["SOUND", "checkpoint covers", "signed"])):
        result = verify(the_rig, path + ".tlog-proof", "--letter", path, *arguments)
        equal(result.returncode, 0, result.stdout + result.stderr)
        contains(result.stdout, *words)
    result = verify(the_rig, path + ".tlog-proof", "--json", "--letter", path,
                    "--log-key", the_rig.read("log.vkey").strip())
    facts = json.loads(result.stdout)
    equal((facts["sound"], facts["code"], facts["outcome"]), (True, "sound", "signed"))


@claim
def a_backend_fetches_its_own_receipt_by_request_id(the_rig):
    with the_rig.gateway() as gateway:
        job = item()
        result = gateway.client().sign(job)
        reply = get(gateway, job.request_id)
        record = judge(the_rig, reply.proof)
        equal((record["job"], record["seq"]), (job.request_id, result.log.index), "record")
        equal(record["digest"], "sha256:" + job.digest.hex(), "digest")
        equal(reply.anchored, False, "anchored")
        path = the_rig.path("one.tlog-proof")
        fetched = receipt_of(the_rig, job.request_id, "--out", path)
        equal((fetched.returncode, fetched.stdout), (0, ""), fetched.stderr)
        equal(judge(the_rig, the_rig.read("one.tlog-proof", "rb")), record, "the same record")
        shown = receipt_of(the_rig, job.request_id)
        equal(judge(the_rig, shown.stdout.encode()), record, "on the screen")
        facts = json.loads(receipt_of(the_rig, job.request_id, "--json").stdout)
        equal(facts["log_index"], result.log.index, "index")


@claim
def letters_by_every_kind_of_key_have_receipts_that_fit(the_rig):
    kinds = rig.Rig("receipts-kinds", "seal-ec:p-384", "seal-pss:rsa-2048/pss")
    letter = letters(the_rig)[0]
    with kinds.gateway():
        for key in ("seal-ec", "seal-pss"):
            arguments = [key if word == "seal-demo" else word for word in SIGN]
            result = kinds.segel("e-office", *arguments, "--receipts", "-o", kinds.path(key),
                                 letter)
            equal(result.returncode, 0, result.stdout + result.stderr)
            path = kinds.path(key, os.path.basename(letter))
            result = kinds.segel("e-office", "receipt", "verify", path + ".tlog-proof",
                                 "--letter", path)
            equal(result.returncode, 0, key + ": " + result.stdout + result.stderr)
            contains(result.stdout, "SOUND", key)


@claim
def a_receipt_outlives_the_gateway_and_can_be_fetched_again_after_a_restart(the_rig):
    job = item()
    with the_rig.gateway() as gateway:
        gateway.client().sign(job)
        before = get(gateway, job.request_id).proof
    with the_rig.gateway() as gateway:
        gateway.client().batch([item() for _ in range(400)])
        after = get(gateway, job.request_id).proof
    equal(judge(the_rig, before), judge(the_rig, after), "the record")
    for name, text in (("before", before), ("after", after)):
        result = verify(the_rig, the_rig.write(name + ".tlog-proof", text))
        equal(result.returncode, 0, result.stdout + result.stderr)


# --- Whose, and when --------------------------------------------------------------------

@claim
def anothers_receipt_needs_the_role_reviewer(the_rig):
    with the_rig.gateway() as gateway:
        job = item()
        gateway.client().sign(job)
        refusal = rig.refused(get, gateway, job.request_id, caller="reviewer")
        equal(refusal.code, grpc.StatusCode.PERMISSION_DENIED)
        contains(refusal.message, "reviewer")
        judge(the_rig, get(gateway, job.request_id, "e-office", client="reviewer").proof)
        result = receipt_of(the_rig, job.request_id, "--caller", "e-office",
                            client="reviewer")
        judge(the_rig, result.stdout.encode())
        refusal = rig.refused(get, gateway, job.request_id, client="reviewer")
        equal(refusal.code, grpc.StatusCode.NOT_FOUND, "the reviewer's own")


@claim
def what_has_no_outcome_has_no_receipt_and_a_sentence_says_so(the_rig):
    with the_rig.gateway() as gateway:
        denied = item()
        rig.refused(gateway.client().sign, denied, document_class="kontrak_pengadaan")
        for request_id in ("never-sent", denied.request_id):
            refusal = rig.refused(get, gateway, request_id)
            equal(refusal.code, grpc.StatusCode.NOT_FOUND)
            contains(refusal.message, "no outcome", "denied")
        result = receipt_of(the_rig, "never-sent")
        equal(result.returncode, 1, result.stderr)
        contains(result.stderr, "no outcome")
        for request_id in ("", "x" * 65):
            refusal = rig.refused(get, gateway, request_id)
            equal(refusal.code, grpc.StatusCode.INVALID_ARGUMENT)


@claim
def a_receipt_waits_for_its_checkpoint_up_to_the_deadline(the_rig):
    seldom = the_rig.config((r"checkpoint_s: 1,", "checkpoint_s: 86400,"))
    job = item()
    with the_rig.gateway(seldom) as gateway:
        gateway.client().sign()
        get_checkpoint(gateway)
        gateway.client().sign(job)
        refusal = rig.refused(get, gateway, job.request_id, timeout=2)
        equal(refusal.code, grpc.StatusCode.DEADLINE_EXCEEDED)
        result = receipt_of(the_rig, job.request_id, "--wait", "1")
        equal(result.returncode, 3, result.stderr)
        contains(result.stderr, "no checkpoint covers it yet")
        size = get_checkpoint(gateway).size
        equal(rig.refused(get_checkpoint, gateway, at_least=size + 1, timeout=1).code,
              grpc.StatusCode.DEADLINE_EXCEEDED)
    with the_rig.gateway() as gateway:
        judge(the_rig, get(gateway, job.request_id).proof)
        size = get_checkpoint(gateway).size
        gateway.client().sign()
        expect(get_checkpoint(gateway, at_least=size + 1).size > size, "it waited")


def get_checkpoint(gateway, at_least=0, timeout=20):
    call = gateway.client("reviewer").call(
        "unary_unary", "GetCheckpoint", rig.log.GetCheckpointRequest,
        rig.log.GetCheckpointResponse, service="LogService")
    return call(rig.log.GetCheckpointRequest(at_least=at_least), timeout=timeout)


# --- Receipts as they should not be -----------------------------------------------------

def refuses(the_rig, code, *arguments):
    result = verify(the_rig, "--json", *arguments)
    equal(result.returncode, 1, result.stdout + result.stderr)
    facts = json.loads(result.stdout)
    equal((facts["sound"], facts["code"]), (False, code), "verdict")


@claim
def a_receipt_that_was_changed_or_cut_is_refused(the_rig):
    path = signed(the_rig)[0] + ".tlog-proof"
    with open(path, "rb") as file:
        text = file.read()
    for at in range(0, len(text), max(1, len(text) // 60)):
        changed = text[:at] + bytes([text[at] ^ 1]) + text[at + 1:]
        result = verify(the_rig, the_rig.write("changed.tlog-proof", changed))
        equal(result.returncode, 1, f"byte {at}: {result.stdout}{result.stderr}")
        contains(result.stdout, "NOT SOUND")
    for length in (0, 1, len(text) // 2, len(text) - 1):
        result = verify(the_rig, the_rig.write("cut.tlog-proof", text[:length]))
        equal(result.returncode, 1, f"{length} bytes: {result.stdout}")
    refuses(the_rig, "too-large", the_rig.write("giant.tlog-proof", text + b"x" * 2000000))


@claim
def a_receipt_of_another_log_is_refused(the_rig):
    other = rig.Rig("receipts-other", ORIGIN="segel.example.go.id/other")
    job = item()
    with other.gateway() as gateway:
        gateway.client().sign(job)
        path = the_rig.write("other.tlog-proof", get(gateway, job.request_id).proof)
    refuses(the_rig, "other-log", path)
    result = verify(the_rig, path, "--log-key", other.path("log.vkey"))
    equal(result.returncode, 0, "with the key of its own log")
    twin = rig.Rig("receipts-twin")  # the same name, another key
    with twin.gateway() as gateway:
        gateway.client().sign(job)
        path = the_rig.write("twin.tlog-proof", get(gateway, job.request_id).proof)
    refuses(the_rig, "other-log", path)


@claim
def a_receipt_proves_its_own_letter_and_no_other(the_rig):
    first, second = signed(the_rig)[:2]
    proof = first + ".tlog-proof"
    refuses(the_rig, "other-signature", proof, "--letter", second)
    refuses(the_rig, "other-signature", proof, "--letter", letters(the_rig)[0])
    with open(first, "rb") as file:
        data = file.read()
    changed = bytearray(data)
    changed[1000] ^= 1
    refuses(the_rig, "other-digest", proof, "--letter",
            the_rig.write("changed.pdf", bytes(changed)))
    refuses(the_rig, "letter-changed", proof, "--letter",
            the_rig.write("longer.pdf", data + b"\n% more\n"))
    refuses(the_rig, "no-letter", proof, "--letter", the_rig.write("no.pdf", "nonsense"))


@claim
def a_receipt_is_written_over_a_receipt_and_over_nothing_else(the_rig):
    job = item()
    with the_rig.gateway() as gateway:
        gateway.client().sign(job)
        path = the_rig.path("own.tlog-proof")
        for _ in range(2):
            result = receipt_of(the_rig, job.request_id, "--out", path)
            equal(result.returncode, 0, result.stderr)
        letter = the_rig.write("kept.pdf", the_rig.read(letters(the_rig)[0], "rb"))
        result = receipt_of(the_rig, job.request_id, "--out", letter)
        equal(result.returncode, 2, result.stderr)
        contains(result.stderr, "is no receipt", "--out")
    equal(the_rig.read("kept.pdf", "rb"), the_rig.read(letters(the_rig)[0], "rb"), "the letter")


@claim
def what_was_added_under_a_later_signature_is_not_what_the_receipt_proves(the_rig):
    """Anybody can sign after it: the receipt knows of no issuer."""
    first = signed(the_rig)[0]
    with the_rig.gateway():
        result = sign(the_rig, "twice", first)
    equal(result.returncode, 0, result.stdout + result.stderr)
    twice = the_rig.path("twice", os.path.basename(first))
    refuses(the_rig, "letter-added", first + ".tlog-proof", "--letter", twice)
    result = the_rig.segel("e-office", "verify", "--anchors", the_rig.path("anchors.pem"),
                           twice)
    equal(result.returncode, 0, result.stdout + result.stderr)
    contains(result.stdout, "what was added later", "not changed since")


@claim
def a_proof_of_another_kind_of_record_is_no_receipt(the_rig):
    """The claim's row is bent, as somebody with the disk could: the proof is true, and yet."""
    job = item()
    with the_rig.gateway() as gateway:
        gateway.client().sign(job)
        get(gateway, job.request_id)
    base = sqlite3.connect(the_rig.path("ledger.db"))
    base.execute("UPDATE claim SET outcome = 0 WHERE request_id = ?", (job.request_id,))
    base.commit()
    base.close()
    with the_rig.gateway() as gateway:
        path = the_rig.write("boot.tlog-proof", get(gateway, job.request_id).proof)
    refuses(the_rig, "other-record", path)


@claim
def the_codes_of_faults_are_those_of_the_documentation(_):
    def read(path):
        with open(os.path.join(rig.ROOT, path), encoding="utf-8") as file:
            return file.read()
    rows = read("docs/LOG.md").split("| code | what is wrong |\n| --- | --- |\n")[1]
    told = re.findall(r"`([a-z-]+)`", "".join(
        row.split("|")[1] for row in rows.split("\n\n")[0].splitlines()))
    equal(told, re.findall(r'^RECEIPT_FAULT\(\w+, "([a-z-]+)"',
                           read("client/commands/receipt/faults.def"), re.M), "codes")


@claim
def a_key_that_is_none_and_files_that_are_not_there_are_named(the_rig):
    path = signed(the_rig)[0] + ".tlog-proof"
    result = verify(the_rig, path, "--log-key", the_rig.write("no.vkey", "nonsense\n"))
    equal(result.returncode, 2, result.stderr)
    contains(result.stderr, "verifier key")
    result = verify(the_rig, the_rig.path("absent"))
    equal(result.returncode, 3, result.stderr)
    contains(result.stderr, "absent")
    for wrong in (["receipt"], ["receipt", "verify"], ["receipt", "a", "b"],
                  ["receipt", "a", "--wait", "0"]):
        equal(the_rig.segel("e-office", *wrong).returncode, 2, " ".join(wrong))


if __name__ == "__main__":
    the_rig = rig.Rig("receipts")
    subprocess.run([os.path.join(rig.BUILD, "tests/fixtures/letters"), "70",
                    the_rig.path("letters")], check=True)
    sys.exit(rig.run(the_rig))
