#!/usr/bin/python3
"""The transparency log as a reviewer sees it: every answered job is on it, it verifies, it
goes on after a restart, and a changed one is found out."""
import base64
import hashlib
import json
import os
import sqlite3
import subprocess
import sys
import time

import grpc
import rig
from preload import preload
from rig import claim, contains, equal, expect, item


def records(the_rig, *filters):
    shown = the_rig.segel("reviewer", "log", "show", "--json", *filters)
    equal(shown.returncode, 0, shown.stderr)
    return [json.loads(line) for line in shown.stdout.splitlines() if line.strip()]


def leaf(record):
    """log show gives a leaf either bare or beside its index."""
    return record.get("record", record)


def verify(the_rig, *arguments):
    return the_rig.segel("reviewer", "log", "verify", *arguments)


@claim
def a_signed_job_is_on_the_log_as_intent_and_outcome(the_rig):
    with the_rig.gateway() as gateway:
        job = item()
        result = gateway.client().sign(job)
        found = [leaf(r) for r in records(the_rig)]
        intents = [r for r in found if r["type"] == "intent"
                   and job.request_id in json.dumps(r)]
        equal(len(intents), 1, "intents of the job")
        outcomes = [r for r in found if r["type"] == "outcome"
                    and result.decision_id in json.dumps(r)]
        equal(len(outcomes), 1, "outcomes of the job")
        equal(found[result.log.index], outcomes[0], "the place that the client was told")


@claim
def a_denied_job_is_on_the_log_with_rule_and_cp_section(the_rig):
    with the_rig.gateway() as gateway:
        refusal = rig.refused(gateway.client().sign, document_class="kontrak_pengadaan")
        denials = [leaf(r) for r in records(the_rig, "--decision", "deny")]
        expect(denials, "a deny record is shown")
        text = json.dumps(denials[-1])
        contains(text, refusal.info.reason, refusal.info.metadata["cp_section"])


@claim
def a_replay_is_on_the_log_as_such(the_rig):
    with the_rig.gateway() as gateway:
        job = item()
        gateway.client().sign(job)
        gateway.client().sign(job)
        equal(leaf(records(the_rig)[-1])["type"], "replay", "last record")


@claim
def the_log_verifies_with_the_key_that_the_reviewer_holds(the_rig):
    with the_rig.gateway() as gateway:
        gateway.client().batch([item() for _ in range(100)])
        result = verify(the_rig)
        equal(result.returncode, 0, result.stdout + result.stderr)


@claim
def the_log_does_not_verify_with_another_key(the_rig):
    """A sound key of the same name that did not sign: only the signature tells."""
    name = the_rig.read("log.vkey").split("+", 1)[0]
    public = subprocess.run(
        "openssl genpkey -algorithm ed25519 | openssl pkey -pubout -outform DER",
        shell=True, check=True, capture_output=True).stdout[-32:]
    number = hashlib.sha256(name.encode() + b"\n\x01" + public).hexdigest()[:8]
    other = base64.b64encode(b"\x01" + public).decode()
    the_rig.write("other.vkey", f"{name}+{number}+{other}\n")
    with the_rig.gateway():
        result = verify(the_rig, "--vkey", the_rig.path("other.vkey"))
        equal(result.returncode, 1, result.stdout + result.stderr)


@claim
def the_log_goes_on_after_a_restart(the_rig):
    with the_rig.gateway() as gateway:
        first = gateway.client().sign()
    with the_rig.gateway() as gateway:
        second = gateway.client().sign()
        expect(second.log.index > first.log.index, "the log grows")
        equal(verify(the_rig).returncode, 0, "log verify")


@claim
def an_id_is_remembered_over_a_restart(the_rig):
    job = item()
    with the_rig.gateway() as gateway:
        first = gateway.client().sign(job)
    with the_rig.gateway() as gateway:
        second = gateway.client().sign(job)
        equal(second.replayed, True, "replayed")
        expect(second.signature == first.signature, "the bytes are the same")
        refusal = rig.refused(gateway.client().sign, item(request_id=job.request_id))
        equal(refusal.code, grpc.StatusCode.ALREADY_EXISTS)


def later(the_rig, seconds, days, *changes, kept="yes"):
    """A gateway so much later, that keeps answers for so many days; kept: whether somebody
    has set its clock."""
    config = the_rig.config(("checkpoint_s: 1,", f"checkpoint_s: 1, answers_days: {days},"),
                            *changes)
    return the_rig.gateway(config, **preload("later kept", LATER_S=str(seconds), KEPT=kept))


def until_refused(gateway, job):
    """Old answers are taken away once a second."""
    for _ in range(100):
        try:
            equal(gateway.client().sign(job).replayed, True, "replayed")
        except grpc.RpcError:
            break
        time.sleep(0.1)
    return rig.refused(gateway.client().sign, job)


@claim
def an_answer_is_kept_as_long_as_configured_and_its_id_for_ever(the_rig):
    job, day = item(), 86400
    with the_rig.gateway() as gateway:
        first = gateway.client().sign(job)
    for days in (4, 0):
        with later(the_rig, 3 * day, days) as gateway:
            time.sleep(1.5)
            equal(gateway.client().sign(job).signature, first.signature, "kept")
    with later(the_rig, 3 * day, 2) as gateway:
        refusal = until_refused(gateway, job)
        equal(refusal.code, grpc.StatusCode.FAILED_PRECONDITION)
        contains(refusal.message, "was signed before")
        refusal = rig.refused(gateway.client().sign, item(request_id=job.request_id))
        equal(refusal.code, grpc.StatusCode.ALREADY_EXISTS, "other content")
        found = [leaf(r) for r in records(the_rig, "--type", "replay")]
        equal(found[-1].get("answer"), "expired", "on the log")
        equal(found[-1]["outcome"], first.log.index, "the outcome that it means")
        signed = [leaf(r) for r in records(the_rig, "--type", "intent")]
        equal([r["job"] for r in signed].count(job.request_id), 1, "intents")
        equal(verify(the_rig).returncode, 0, "log verify")


@claim
def answers_of_a_time_that_has_not_come_are_told_when_they_hold_up_all(the_rig):
    ledger = rig.fresh_ledger()
    with later(the_rig, 20 * 86400, 2, ledger) as gateway:
        for _ in range(11):
            gateway.client().batch([item() for _ in range(100)])
    with later(the_rig, 0, 2, ledger) as gateway:
        contains(gateway.wait_event("answers.kept")["why"], "ledger.answers_days")
        time.sleep(2.5)
        equal(len(gateway.find("answers.kept")), 1, "lines")


@claim
def a_clock_that_nobody_has_set_takes_no_answer_away(the_rig):
    """At the start of a machine whose clock is ahead, before a time source has set it."""
    job, day = item(), 86400
    with the_rig.gateway() as gateway:
        first = gateway.client().sign(job)
    with later(the_rig, 40 * day, 2, kept="no") as gateway:
        gateway.wait_event("clock.doubted")
        time.sleep(2.5)
        equal(gateway.client().sign(job).signature, first.signature, "kept")
    with later(the_rig, 40 * day + 60, 2) as gateway:
        expect(not gateway.find("clock.doubted"), "it is set")
        until_refused(gateway, job)


@claim
def a_backend_may_not_read_the_log(the_rig):
    with the_rig.gateway():
        result = the_rig.segel("e-office", "log", "show")
        expect(result.returncode != 0, "exit code 0")
        expect(result.stderr.strip(), "a sentence says why")


@claim
def no_more_records_come_than_were_asked_for(the_rig):
    with the_rig.gateway() as gateway:
        gateway.client().batch([item() for _ in range(300)])
        call = gateway.client("reviewer").call(
            "unary_stream", "ListRecords", rig.log.ListRecordsRequest,
            rig.log.ListRecordsResponse, service="LogService")
        for count in (1, 5, 128, 129, 300):
            pages = call(rig.log.ListRecordsRequest(first=3, count=count), timeout=20)
            found = [r.index for page in pages for r in page.records]
            equal(found, list(range(3, 3 + count)), "records")


def tamper(the_rig):
    """Changes one letter of a stored record, as somebody with the disk could."""
    base = sqlite3.connect(the_rig.path("ledger.db"))
    rows = base.execute("SELECT idx, CAST(rec AS TEXT) FROM leaf").fetchall()
    place, text = next(r for r in rows if "kontrak_pengadaan" in r[1])
    base.execute("UPDATE leaf SET rec = CAST(? AS BLOB) WHERE idx = ?",
                 (text.replace("kontrak_pengadaan", "kontrak_pengadaam"), place))
    base.commit()


@claim
def a_record_changed_on_the_disk_is_found_out(the_rig):
    with the_rig.gateway() as gateway:
        rig.refused(gateway.client().sign, document_class="kontrak_pengadaan")
    tamper(the_rig)
    gateway = rig.Gateway(the_rig, the_rig.conf, {})
    try:
        gateway.wait_ready()
        expect(verify(the_rig).returncode != 0, "the changed log verifies")
    except rig.Failed:
        expect(gateway.wait_end() != 0, "segeld starts on a changed log")
    finally:
        gateway.stop()


@claim
def nothing_is_signed_in_a_ledger_that_was_removed_and_the_next_start_asks_for_it(the_rig):
    change = rig.fresh_ledger()
    path = the_rig.path(change[1].removeprefix("path: "))
    config, done = the_rig.config(change), 0
    gateway = rig.Gateway(the_rig, config, {})
    try:
        gateway.wait_ready()
        client = gateway.client()
        client.sign()
        os.rename(path, path + ".away")
        for _ in range(20):
            try:
                client.sign(timeout=5)
                done += 1
            except grpc.RpcError as error:
                refusal = error
        equal(done, 0, "signatures after it was removed")
        equal(refusal.code(), grpc.StatusCode.UNAVAILABLE)
        expect(gateway.wait_end() != 0, "the gateway ends with a failure")
        contains(gateway.find("fatal")[-1]["why"], path, "removed, renamed or replaced")
    finally:
        gateway.stop()
    code, said = the_rig.refuses(config)
    expect(code != 0, "it starts with an empty log")
    contains(said, path, "gone or empty")
    os.rename(path + ".away", path)
    with the_rig.gateway(config) as gateway:
        gateway.client().sign()


if __name__ == "__main__":
    sys.exit(rig.run(rig.Rig("record")))
