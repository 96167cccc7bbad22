#!/usr/bin/python3
"""segel report on the log of a real gateway: what was done is counted here as it is done,
and once more from the records that were shown."""
import datetime
import json
import os
import sqlite3
import sys

import grpc
from bundles import Key
from rig import Rig, claim, contains, covered, equal, expect, item, openssl, run
from years import WIB, Count

SIGNED, DENIED, REPLAYED, NO_NOTICE = 40, 7, 3, 2
# No rule asks for the notice; then one does, and an exception lifts it for old forms.
PLAIN = """apiVersion: segel/v1
kind: CertificatePolicy
metadata: {id: plain, version: 1, effective: 2026-01-01, review_by: 2099-01-01}
profile: test
rules:
  - {id: KEY, cp: "6.1.5", level: hard, require: {key.rsa_bits: {ge: 2048}}, deny: KEY}
"""
EXCEPTED = PLAIN.replace("version: 1,", "version: 2,") + """\
  - {id: CP-4.5-07, cp: "4.5.1", level: soft, require: {job.notice: true}, deny: NO_ESIGN_NOTICE}
exceptions:
  - {rule: CP-4.5-07, until: 2099-01-01, reason: old forms, approved_by: [one, two], match: {job.batch: old-forms}}
"""


def work(rig):
    """So many jobs of each kind, and nothing else."""
    client = rig.now.client()
    jobs = [item() for _ in range(SIGNED)]
    client.batch(jobs)
    client.batch(jobs[:REPLAYED])
    for _ in range(DENIED):
        try:
            client.sign(document_class="surat_cinta")
            raise OSError("a job of another class was signed")
        except grpc.RpcError:
            pass
    for _ in range(NO_NOTICE):
        try:
            client.sign(notice_shown=False)
            raise OSError("a job without the statement was signed")
        except grpc.RpcError:
            pass
    covered(rig.now)


def period():
    """This year and the next in Jakarta: the test may run at the end of a year."""
    now = datetime.datetime.now(WIB)
    return (datetime.datetime(now.year, 1, 1, tzinfo=WIB),
            datetime.datetime(now.year + 2, 1, 1, tzinfo=WIB))


def report(rig, *arguments, client="reviewer", form="json"):
    begin, end = period()
    return rig.segel(client, "report", "--from", f"{begin:%Y-%m-%d}", "--until",
                     f"{end:%Y-%m-%d}", "--format", form, "--unrecorded", *arguments)


def made(rig, *arguments):
    result = report(rig, *arguments)
    equal(result.returncode, 0, result.stderr)
    return json.loads(result.stdout)


@claim
def what_was_done_is_what_is_counted(rig):
    use = made(rig)["use"]
    equal((use["signed"], use["documents"], use["failed"], use["denied"], use["replays"]),
          (SIGNED, SIGNED, 0, DENIED + NO_NOTICE, REPLAYED), "jobs")
    equal(sum(m["signed"] for m in use["months"]), SIGNED, "by month")
    equal(use["systems"], [{"system": "e-office", "signed": SIGNED, "notice": SIGNED,
                            "denied": DENIED + NO_NOTICE}], "systems")
    equal([(c["class"], c["signed"]) for c in use["classes"]],
          [("surat_keterangan", SIGNED)], "classes")


@claim
def the_records_that_are_shown_come_to_the_same(rig):
    covered(rig.now)
    found = made(rig)
    shown = rig.segel("reviewer", "log", "show", "--json").stdout.splitlines()
    count = Count([json.loads(line) for line in shown], *period())
    equal(found["use"]["months"], count.months(), "months")
    equal(found["use"]["use"], count.use(), "use")
    equal(found["refusals"]["refusals"], count.refusals(), "refusals")
    equal(found["refusals"]["refusals_by_month"], count.refusals_by_month(), "by month")
    balance = count.balance()
    equal({k: found["integrity"][k] for k in balance}, balance, "balance")
    equal((found["integrity"]["leaves"], found["integrity"]["period_records"]),
          (len(shown), len(shown)), "records")
    rules = {r["rule"]: r["decided"] for r in found["refusals"]["refusals"]}
    equal((rules["CP-1.4-01"], rules["CP-4.5-07"]), (DENIED, NO_NOTICE), "rules")


@claim
def certificate_token_policy_and_version_are_the_gateways(rig):
    found = made(rig)
    rows = {c["key"]: c for c in found["certificates"]["certificates"]}
    equal(rows["seal-demo"]["signed"], SIGNED, "signatures of the key")
    text = openssl("x509", "-noout", "-serial", "-in", rig.path("seal-demo.pem")).stdout
    equal(text.decode().strip(), f"serial={rows['seal-demo']['serial']}", "serial number")
    contains(json.dumps(found["infrastructure"]), "SoftHSM", '"assurance": "software"',
             '"version": "0.')
    equal(len(found["header"]["policies"]), 1, "policies")
    expect(found["header"]["agreement_until"] is not None, "the agreement's end")
    equal(found["incidents"]["starts"], 1, "starts")


@claim
def an_exported_log_gives_the_same_bytes(rig):
    covered(rig.now)
    out = rig.path("whole.tar")
    exported = rig.segel("reviewer", "log", "export", "--unrecorded", "--out", out)
    equal(exported.returncode, 0, exported.stderr)
    for form in ("json", "html", "csv", "text"):
        online = report(rig, form=form)
        offline = report(rig, "--bundle", out, "--log-key",
                         rig.path("clients", "reviewer", "log.vkey"), client="nobody",
                         form=form)
        equal(offline.returncode, 0, offline.stderr)
        expect(len(online.stdout) > 1000 and online.stdout == offline.stdout,
               f"{form}: the gateway and the bundle differ")


@claim
def only_a_reviewer_with_the_key_gets_a_report(rig):
    backend = report(rig, "--log-key", rig.path("clients", "reviewer", "log.vkey"),
                     client="e-office")
    equal((backend.returncode, backend.stdout), (1, ""), backend.stderr)
    contains(backend.stderr, "reviewer")
    result = report(rig, "--log-key", Key().vkey)
    equal((result.returncode, result.stdout), (1, ""), result.stderr)
    contains(result.stderr, "another log")
    lone = rig.path("clients", "nobody")
    os.makedirs(lone, exist_ok=True)
    result = report(rig, client="nobody")
    equal((result.returncode, result.stdout), (2, ""), result.stderr)


def spoil(rig, statement):
    base = sqlite3.connect(rig.path("ledger.db"), timeout=10)
    with base:
        changed = base.execute(statement).rowcount
    base.close()
    equal(changed, 1, "spoiled records")
    return report(rig)


@claim
def a_record_that_is_changed_or_gone_gives_no_report(rig):
    equal(report(rig).returncode, 0, "before")
    found = spoil(rig, "UPDATE leaf SET rec = CAST(replace(CAST(rec AS TEXT), 'surat_cinta',"
                  " 'surat_tugas') AS BLOB) WHERE idx = (SELECT min(idx) FROM leaf WHERE"
                  " CAST(rec AS TEXT) LIKE '%surat_cinta%')")
    equal((found.returncode, found.stdout), (1, ""), found.stderr)
    contains(found.stderr, "do not lead to the root")
    found = spoil(rig, "DELETE FROM leaf WHERE idx = (SELECT max(idx) - 20 FROM leaf)")
    equal((found.returncode, found.stdout), (1, ""), found.stderr)


@claim
def a_gateway_that_is_not_there_is_told(rig):
    rig.now.stop()
    away = report(rig)
    equal((away.returncode, away.stdout), (3, ""), away.stderr)


@claim
def notices_and_exceptions_are_counted_whatever_the_policy_asks(_):
    town = Rig("report-policy")

    def work_by(policy, *jobs):
        config = town.config((r"file: policy\.yaml", f"file: {policy}"))
        with town.gateway(config) as gateway:
            for changes in jobs:
                gateway.client().sign(**changes)
            covered(gateway)
            return made(town)

    town.write("plain.yaml", PLAIN)
    town.write("excepted.yaml", EXCEPTED)
    found = work_by("plain.yaml", {}, {}, {})
    equal([(s["signed"], s["notice"]) for s in found["use"]["systems"]], [(3, 3)],
          "asserted, though no rule asks for it")
    equal(found["overrides"]["exceptions"], 0, "no exception")
    old = {"notice_shown": False, "batch": "old-forms"}
    found = work_by("excepted.yaml", old, old)
    equal([(s["signed"], s["notice"]) for s in found["use"]["systems"]], [(5, 3)], "asserted")
    equal(found["overrides"]["exceptions"], 2, "jobs that an exception let through")


def main():
    rig = Rig("report-gateway")
    with rig.gateway() as gateway:
        rig.now = gateway
        work(rig)
        return run(rig)


if __name__ == "__main__":
    sys.exit(main())
