#!/usr/bin/python3
"""What readers make of the log is on the log: each report and bundle has its record, with the
hash by which a copy that turns up later is known."""
import datetime
import glob
import hashlib
import json
import os
import sys
import tarfile

import grpc
import rig
from rig import claim, contains, equal, expect, log

A_MINUTE = 6  # limits.exports_per_minute, by default


def records(the_rig):
    """Of all exports so far, as a reviewer sees them."""
    shown = the_rig.segel("reviewer", "log", "show", "--json", "--type", "report.export")
    equal(shown.returncode, 0, shown.stderr)
    return [json.loads(line) for line in shown.stdout.splitlines()]


def year():
    now = datetime.datetime.now(datetime.timezone.utc)
    return ("--zone", "UTC", "--from", f"{now.year}-01-01", "--until", f"{now.year + 2}-01-01")


def report(the_rig, *arguments, client="reviewer"):
    return the_rig.segel(client, "report", *year(), *arguments)


def export(the_rig, out, *arguments):
    return the_rig.segel("reviewer", "log", "export", "--out", out, *arguments)


def serving(the_rig, **limits):
    """A configuration with a ledger of its own and these limits."""
    words = ", ".join(f"{name}: {value}" for name, value in limits.items())
    return the_rig.config(rig.fresh_ledger(), (r"^lanes:", f"limits: {{{words}}}\nlanes:"))


def sign_one(gateway, at_least=1):
    gateway.client().sign()
    call = gateway.client("reviewer").call(
        "unary_unary", "GetCheckpoint", log.GetCheckpointRequest, log.GetCheckpointResponse,
        "LogService")
    return call(log.GetCheckpointRequest(at_least=at_least), timeout=20).size


def tell(gateway, client="reviewer", **changes):
    good = dict(kind=log.EXPORT_KIND_REPORT, sha256=b"\7" * 32, tree_size=1)
    good.update(changes)
    call = gateway.client(client).call(
        "unary_unary", "RecordExport", log.RecordExportRequest, log.RecordExportResponse,
        "LogService")
    return call(log.RecordExportRequest(**good), timeout=10)


def own_hash(text):
    """SHA-256 of a report.json up to the line that holds it, and that line's."""
    before, line = text.rsplit('"sha256": "', 1)
    return hashlib.sha256(before.encode()).hexdigest(), line.split('"')[0]


@claim
def a_report_is_on_the_log_by_the_hash_that_it_shows(the_rig):
    with the_rig.gateway(serving(the_rig, exports_per_minute=60)) as gateway:
        size = sign_one(gateway)
        made = report(the_rig, "--format", "json")
        equal(made.returncode, 0, made.stderr)
        computed, shown = own_hash(made.stdout)
        equal(computed, shown, "the hash in the report")
        found = records(the_rig)
        equal(len(found), 1, "records of exports")
        record = found[0]
        equal((record["subject"], record["caller"], record["sha256"]),
              ("report", "reviewer", "sha256:" + shown), "the record")
        expect(int(record["size"]) >= size, "the size of the tree")
        equal((record["from"][:10], int(record["until"][:4]) - int(record["from"][:4])),
              (f"{datetime.datetime.now(datetime.timezone.utc).year}-01-01", 2), "period")
        contains(made.stderr, f"record {record['seq']}")
        der = rig.openssl("x509", "-outform", "DER", "-in",
                          the_rig.path("clients", "reviewer", "cert.pem")).stdout
        equal(record["caller_cert"], hashlib.sha256(der).hexdigest(), "certificate")
        table = the_rig.segel("reviewer", "log", "show", "--type", "report.export")
        contains(table.stdout, "report", shown[:8])


@claim
def a_report_in_a_folder_shows_the_same_hash(the_rig):
    with the_rig.gateway(serving(the_rig, exports_per_minute=60)) as gateway:
        sign_one(gateway)
        out = the_rig.path("year")
        made = report(the_rig, "--out", out)
        equal(made.returncode, 0, made.stderr)
        with open(os.path.join(out, "report.json"), encoding="utf-8") as file:
            computed, shown = own_hash(file.read())
        equal(computed, shown, "the hash in the report")
        equal([r["sha256"] for r in records(the_rig)], ["sha256:" + shown], "records")


@claim
def a_bundle_is_on_the_log_by_its_manifest_as_folder_and_as_tar(the_rig):
    with the_rig.gateway(serving(the_rig, exports_per_minute=60)) as gateway:
        sign_one(gateway)
        folder, tar = the_rig.path("bundle"), the_rig.path("bundle.tar")
        for out in (folder, tar):
            made = export(the_rig, out)
            equal(made.returncode, 0, made.stderr)
            contains(made.stdout, f"record {records(the_rig)[-1]['seq']}",
                     records(the_rig)[-1]["sha256"].split(":")[1])
        with open(os.path.join(folder, "MANIFEST"), "rb") as file:
            hashes = [hashlib.sha256(file.read()).hexdigest()]
        with tarfile.open(tar) as archive:
            manifest = archive.extractfile("MANIFEST").read()
        hashes.append(hashlib.sha256(manifest).hexdigest())
        found = records(the_rig)
        equal([(r["subject"], r["sha256"]) for r in found],
              [("bundle", "sha256:" + value) for value in hashes], "records")
        expect(all("from" not in r and "until" not in r for r in found), "a whole log's period")
        sizes = [int(line.split()[1]) for line in manifest.decode().splitlines()
                 if line.startswith("size ") or line.startswith("tree ")]
        expect(not sizes or sizes[0] == int(found[1]["size"]), "the size of the tree")


@claim
def what_is_made_unrecorded_or_of_a_bundle_leaves_no_record(the_rig):
    with the_rig.gateway(serving(the_rig, exports_per_minute=60)) as gateway:
        sign_one(gateway)
        out = the_rig.path("quiet.tar")
        equal(export(the_rig, out, "--unrecorded").returncode, 0, "export")
        equal(report(the_rig, "--unrecorded").returncode, 0, "report")
        equal(records(the_rig), [], "records")
    offline = report(the_rig, "--bundle", out)
    equal(offline.returncode, 0, offline.stderr)


@claim
def what_the_log_does_not_take_is_not_made(the_rig):
    with the_rig.gateway(serving(the_rig, exports_per_minute=1)) as gateway:
        sign_one(gateway)
        equal(report(the_rig).returncode, 0, "the first one")
        out = the_rig.path("late")
        second = export(the_rig, out)
        expect(second.returncode != 0, second.stdout)
        contains(second.stderr, "nothing was written", "exports_per_minute", "--unrecorded")
        equal(glob.glob(out + "*"), [], "what is left of it")
        folder = the_rig.path("late-report")
        third = report(the_rig, "--out", folder)
        expect(third.returncode != 0, third.stdout)
        equal(glob.glob(folder + "*"), [], "what is left of the report")
        fourth = report(the_rig, "--format", "json")
        equal((fourth.returncode != 0, fourth.stdout), (True, ""), "a report on the screen")
        equal(len(records(the_rig)), 1, "records")


@claim
def a_caller_has_so_many_a_minute(the_rig):
    with the_rig.gateway(the_rig.config(rig.fresh_ledger())) as gateway:
        sign_one(gateway)
        for _ in range(A_MINUTE):
            tell(gateway)
        again = rig.refused(tell, gateway)
        equal(again.code, grpc.StatusCode.RESOURCE_EXHAUSTED)
        contains(again.message, "exports_per_minute")
        equal(len(records(the_rig)), A_MINUTE, "records")


@claim
def only_a_reviewer_tells_and_only_what_can_be(the_rig):
    codes = grpc.StatusCode
    with the_rig.gateway(serving(the_rig, exports_per_minute=60)) as gateway:
        size = sign_one(gateway)
        for client in ("e-office", "officer-1"):
            equal(rig.refused(tell, gateway, client=client).code, codes.PERMISSION_DENIED)
        for wrong in (dict(kind=0), dict(kind=7), dict(sha256=b""), dict(sha256=b"1" * 31),
                      dict(sha256=b"1" * 33), dict(tree_size=0), dict(tree_size=1 << 63),
                      dict(tree_size=size + 1000), dict(from_us=-1), dict(until_us=-1),
                      dict(from_us=2, until_us=2), dict(from_us=3, until_us=2),
                      dict(until_us=(1 << 63) - 1)):
            equal(rig.refused(tell, gateway, **wrong).code, codes.INVALID_ARGUMENT, str(wrong))
        equal(records(the_rig), [], "records of what was refused")
        told = tell(gateway, kind=log.EXPORT_KIND_BUNDLE, from_us=1, tree_size=size).log
        (record,) = records(the_rig)
        equal((record["seq"], record["subject"], record["from"]),
              (told.index, "bundle", "1970-01-01T00:00:00.000001Z"), "the record")


# The record is durable before the caller hears of it, as all others.
@claim
def a_record_that_was_answered_is_there_after_a_kill(the_rig):
    config = serving(the_rig, exports_per_minute=60)
    with the_rig.gateway(config) as gateway:
        sign_one(gateway)
        told = tell(gateway).log
        gateway.stop(9)
    with the_rig.gateway(config):
        equal([r["seq"] for r in records(the_rig)], [told.index], "records after the kill")


if __name__ == "__main__":
    sys.exit(rig.run(rig.Rig("exports")))
