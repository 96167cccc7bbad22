#!/usr/bin/python3
"""log.prune: texts of old records go when officers say so; hashes, proofs, receipts and used
request ids stay."""
import datetime
import hashlib
import json
import os
import secrets
import sqlite3
import sys

import rig
from bundles import Key, leaf, root_of
from faulty import create, wait_for
from people import CODE, EXECUTED, PENDING, People, agree
from preload import begun
from rig import claim, contains, equal, expect

rig.claims.clear()
SCHEMA = (
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "CREATE TABLE leaf(idx INTEGER PRIMARY KEY, rec BLOB NOT NULL);"
    "CREATE TABLE tile(level INTEGER NOT NULL, n INTEGER NOT NULL, root BLOB NOT NULL,"
    " hashes BLOB NOT NULL, PRIMARY KEY(level, n));"
    "CREATE TABLE checkpoint(size INTEGER PRIMARY KEY, note BLOB NOT NULL,"
    " time INTEGER NOT NULL);"
    "CREATE TABLE claim(id INTEGER PRIMARY KEY, caller TEXT NOT NULL,"
    " request_id TEXT NOT NULL, request_hash BLOB NOT NULL, state INTEGER NOT NULL,"
    " attempt INTEGER NOT NULL, decision_id TEXT NOT NULL, intent INTEGER NOT NULL,"
    " signing_time INTEGER NOT NULL, template BLOB NOT NULL, outcome INTEGER);"
    "CREATE UNIQUE INDEX claim_name ON claim(caller, request_id);"
    "CREATE TABLE answer(outcome INTEGER PRIMARY KEY, hash BLOB NOT NULL,"
    " signature BLOB NOT NULL);"
    "CREATE INDEX claim_open ON claim(intent) WHERE state = 1;"
    "CREATE TABLE template(id BLOB PRIMARY KEY, der BLOB NOT NULL) WITHOUT ROWID;")
OLD = 1024  # records of ten years ago; those of the gateway's own life follow


def stamp(years, second):
    when = (datetime.datetime.now(datetime.timezone.utc)
            - datetime.timedelta(days=365 * years) + datetime.timedelta(seconds=second))
    return when.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def old_records(years=10, young=()):
    """young: records that were written nine days ago, as a clock that was wrong may have it."""
    day = 9 / 365
    return [json.dumps({"v": 1, "seq": n, "ts": stamp(day if n in young else years, n),
                        "node": "gw0", "type": "lane.up", "lane": f"texttogo-{n}."},
                       separators=(",", ":")).encode() for n in range(OLD)]


class Old(People):
    """A gateway whose ledger was begun ten years ago, by its first version."""

    def gateway(self, *changes, keep=False, kept="yes"):
        """kept: whether somebody has set its clock, which is ten years past the last run."""
        return begun(super().gateway(*changes, keep=keep), "kept", KEPT=kept)

    def old_ledger(self, records, used="used-1"):
        self.ledger = rig.fresh_ledger()
        path = self.rig.path(self.ledger[1].removeprefix("path: "))
        origin = rig.re.search(r"origin: (\S+?)[,}\s]", self.rig.read("segeld.yaml")).group(1)
        with sqlite3.connect(path) as db:
            db.execute("PRAGMA journal_mode=WAL")
            db.executescript(SCHEMA)
            db.executemany("INSERT INTO leaf VALUES(?, ?)", list(enumerate(records)))
            hashes = [leaf(r) for r in records]
            for n in range(len(records) // 256):
                tile = hashes[n * 256:(n + 1) * 256]
                db.execute("INSERT INTO tile VALUES(0, ?, ?, ?)",
                           (n, root_of(tile), b"".join(tile)))
            db.execute("INSERT INTO claim VALUES(1, 'e-office', ?, zeroblob(32), 2, 1,"
                       " '01J00000000000000000000000', 5, 1, zeroblob(32), 6)", (used,))
            db.execute("INSERT INTO meta VALUES('schema', 1), ('origin', ?)", (origin,))
        db.close()
        return path


def ask(gateway, before, name="officer-1"):
    return create(gateway, rig.approvals.CreateRequestRequest(
        request_id=f"prune-{secrets.token_hex(6)}", reason="room on the disk (TEST)",
        prune_log=rig.approvals.PruneLogTask(before_index=before)), name)


def covered(gateway):
    """A checkpoint covers the old records."""
    checkpoint(gateway, OLD + 1)


def checkpoint(gateway, at_least=0):
    stub = gateway.client("reviewer").call(
        "unary_unary", "GetCheckpoint", rig.log.GetCheckpointRequest,
        rig.log.GetCheckpointResponse, service="LogService")
    return stub(rig.log.GetCheckpointRequest(at_least=at_least), timeout=20)


def inclusion(gateway, index, size):
    stub = gateway.client("reviewer").call(
        "unary_unary", "GetInclusionProof", rig.log.GetInclusionProofRequest,
        rig.log.GetInclusionProofResponse, service="LogService")
    return stub(rig.log.GetInclusionProofRequest(index=index, tree_size=size), timeout=20)


def listed(gateway, first, count=4):
    stub = gateway.client("reviewer").call(
        "unary_stream", "ListRecords", rig.log.ListRecordsRequest,
        rig.log.ListRecordsResponse, service="LogService")
    return [r for page in stub(rig.log.ListRecordsRequest(first=first, count=count), timeout=20)
            for r in page.records]


def on_disk(path):
    text = b""
    for end in ("", "-wal"):
        if os.path.exists(path + end):
            with open(path + end, "rb") as file:
                text += file.read()
    return text


def gone(path, index):
    return f"texttogo-{index}.".encode() not in on_disk(path)


def rows_below(path, index):
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        return db.execute("SELECT count(*) FROM leaf WHERE idx < ?", (index,)).fetchone()[0]


@claim
def texts_go_and_everything_that_is_proved_stays(people):
    records = old_records()
    path = people.old_ledger(records)
    with people.gateway(keep=True) as gateway:
        covered(gateway)
        size = checkpoint(gateway).size
        before = inclusion(gateway, 300, size)
        asked = ask(gateway, 768)
        equal((asked.state, asked.task, asked.object, asked.approvals_required),
              (PENDING, "log.prune", "log", 2))
        for lang, words in (("en", "records below the number"), ("id", "di bawah nomor")):
            shown = people.rig.segel("officer-2", "request", "show", asked.id, "--lang", lang)
            equal(shown.returncode, 0, shown.stdout + shown.stderr)
            contains(shown.stdout, words, "768")
        equal(agree(people, gateway, asked.id, "officer-2").state, PENDING, "one is too few")
        last = agree(people, gateway, asked.id, "officer-3")
        equal(last.state, EXECUTED, last.outcome.message)
        record = people.records("log.prune")[-1]
        equal([record[n] for n in ("before_index", "count", "requester", "grant", "approvers")],
              ["768", "768", "officer-1", asked.id, "officer-2,officer-3"])
        equal((record["oldest"], record["newest"]),
              tuple(json.loads(records[n])["ts"] for n in (0, 767)), "of what time")
        expect(int(record["size"]) >= size and len(record["root"]) == 64, "the tree then")
        equal(listed(gateway, 0)[0].index, 768, "from the first that there is")
        refusal = rig.refused(listed, gateway, 5)
        equal(refusal.code, CODE.OUT_OF_RANGE)
        contains(refusal.message, "taken out of the log")
        after = inclusion(gateway, 300, size)
        equal((list(after.path), after.root), (list(before.path), before.root), "its proof")
        wait_for(lambda: rows_below(path, 768) == 0, "the texts to go")
        refusal = rig.refused(ask, gateway, 512)
        contains(refusal.message, "pruned already")
    expect(gone(path, 0) and gone(path, 767), "a text is still in the file")
    expect(not gone(path, 768), "more than was asked for")
    with people.gateway(keep=True) as gateway:  # a start, and a second prune behind the first
        equal(inclusion(gateway, 300, size).root, before.root, "after a restart")
        asked = ask(gateway, 1024)
        equal(agree(people, gateway, asked.id, "officer-2", "officer-3").state, EXECUTED)
        equal(people.records("log.prune")[-1]["count"], "256")


@claim
def of_a_policy_whose_record_was_pruned_only_its_place_is_told(people):
    records = old_records()
    path = people.old_ledger(records)
    text = people.rig.read("policy.yaml") + "# of ten years ago\n"
    name = hashlib.sha256(text.encode()).digest()
    with people.gateway(keep=True) as gateway:
        covered(gateway)
        asked = ask(gateway, 768)
        equal(agree(people, gateway, asked.id, "officer-2", "officer-3").state, EXECUTED)
        wait_for(lambda: rows_below(path, 768) == 0, "the texts to go")
    with sqlite3.connect(path) as ledger:
        ledger.execute("INSERT INTO policy VALUES(0, ?, 1, 5, ?)", (name, text.encode()))
    ledger.close()
    with people.gateway(keep=True) as gateway:
        stub = gateway.client("reviewer").call(
            "unary_unary", "GetPolicy", rig.policies.GetPolicyRequest,
            rig.policies.GetPolicyResponse, service="PolicyService")
        got = stub(rig.policies.GetPolicyRequest(sha256=name), timeout=20)
        equal((got.log.index, got.log.leaf_hash), (5, leaf(records[5])), "its place")
        equal((got.info.in_force_from_us, got.info.source, got.info.approval), (0, "", ""))
        expect(got.info.in_force_until_us > 0, "when the next one came")
        equal(gateway.find("policy.not_dated"), [], "nothing is amiss with it")
        shown = people.rig.segel("reviewer", "policy", "show", name.hex())
        contains(shown.stdout, "in force        until 20", "log record      5\n")
        row = people.rig.segel("reviewer", "policy", "list").stdout.splitlines()[-1]
        equal(row.split()[:2] + row.split()[3:], ["1", "-", "-", "-", name.hex()], "in the list")


@claim
def an_id_that_was_signed_below_it_is_never_signed_again(people):
    people.old_ledger(old_records())
    with people.gateway(keep=True) as gateway:
        covered(gateway)
        asked = ask(gateway, 768)
        equal(agree(people, gateway, asked.id, "officer-2", "officer-3").state, EXECUTED)
        signed = len(people.records("outcome"))
        refusal = rig.refused(gateway.client().sign, rig.item("used-1"))
        expect(refusal.code in (CODE.ALREADY_EXISTS, CODE.FAILED_PRECONDITION), refusal.code)
        equal(len(people.records("outcome")), signed, "a second signature")
        gateway.client().sign()


@claim
def the_command_shows_what_would_go_and_asks(people):
    records = old_records()
    people.old_ledger(records)
    with people.gateway(keep=True) as gateway:
        covered(gateway)
        shown = people.rig.segel("reviewer", "log", "prune", "--before", "1000", "--json")
        equal(shown.returncode, 0, shown.stderr)
        equal(json.loads(shown.stdout),
              {"first": 0, "before": 768, "count": 768,
               "oldest": json.loads(records[0])["ts"], "newest": json.loads(records[767])["ts"]})
        today = datetime.date.today().isoformat()
        shown = people.rig.segel("reviewer", "log", "prune", "--before", today)
        contains(shown.stdout, "1024 records, 0 to 1023")
        contains(shown.stdout, "when officers approve")
        contains(people.rig.segel("reviewer", "log", "prune", "--before", today, "--lang",
                                  "id").stdout, "bila disetujui petugas")
        asked = people.rig.segel("officer-1", "log", "prune", "--before", "768", "--request",
                                 "--reason", "kept for ten years (TEST)")
        equal(asked.returncode, 0, asked.stderr)
        name = rig.re.search(r"g-[0-9A-Z]+", asked.stdout).group(0)
        equal(agree(people, gateway, name, "officer-2", "officer-3").state, EXECUTED)
        shown = people.rig.segel("reviewer", "log", "prune", "--before", "768")
        contains(shown.stderr, "nothing would go")
        lines = people.rig.segel("reviewer", "log", "show", "--json", "--first", "5")
        expect(lines.returncode != 0 and "taken out of the log" in lines.stderr, lines.stderr)


@claim
def nothing_is_shown_that_the_gateway_never_does(people):
    for years, before, words in ((10, "99999999", "only records below 1024 can go"),
                                 (10, "1280", "only records below 1024 can go"),
                                 (1, "256", "record 0 was written"),
                                 (10, "768", "record 767 was written")):
        people.old_ledger(old_records(years, young=(767,) if before == "768" else ()))
        with people.gateway(keep=True) as gateway:
            covered(gateway)
            shown = people.rig.segel("reviewer", "log", "prune", "--before", before)
            equal((shown.returncode, shown.stdout), (1, ""), before)
            contains(shown.stderr, words)


@claim
def whoever_checks_the_log_is_told_and_finds_it_sound(people):
    people.old_ledger(old_records())
    vkey = people.rig.path("clients", "reviewer", "log.vkey")
    with people.gateway(keep=True) as gateway:
        gateway.client().sign()
        covered(gateway)
        saved = people.rig.path("before.checkpoint")
        told = people.rig.segel("reviewer", "log", "verify", "--save", saved)
        equal(told.returncode, 0, told.stdout + told.stderr)
        asked = ask(gateway, 768)
        place = agree(people, gateway, asked.id, "officer-2", "officer-3").log.index
        checkpoint(gateway, place + 1)
        told = people.rig.segel("reviewer", "log", "verify", "--earlier", saved, "--json")
        told = json.loads(told.stdout)
        equal((told["sound"], told["first"], told["fault_count"]), (True, 768, 0))
        told = people.rig.segel("reviewer", "log", "verify", "--earlier", saved)
        contains(told.stdout, "records 0 to 767", "pruned", "SOUND")
        told = people.rig.segel("reviewer", "policy", "replay", "--last", "5", "--policy",
                                people.rig.path("policy.yaml"))
        equal((told.returncode, told.stderr), (0, ""), told.stdout + told.stderr)
        told = people.rig.segel("reviewer", "report", "--year",
                                str(datetime.date.today().year), "--out",
                                people.rig.path("year"))
        equal(told.returncode, 0, told.stdout + told.stderr)
        for name, more in (("whole.tar", ()), ("part", ("--from", "2000-01-01")),
                           ("late", ("--from", datetime.date.today().isoformat()))):
            out = people.rig.path(name)
            made = people.rig.segel("reviewer", "log", "export", *more, "--out", out)
            equal(made.returncode, 0, made.stderr)
            found = people.rig.tool("segel-verify", "--log-key", vkey, out, "--json")
            equal(found.returncode, 0, found.stdout + found.stderr)
            expect(("pruned" in found.stdout) == (name != "late"), found.stdout)


@claim
def a_time_before_the_prune_is_reported_and_not_exported_alone(people):
    texts = old_records()
    records = [json.loads(text) for text in texts]
    people.old_ledger(texts)
    vkey = people.rig.path("clients", "reviewer", "log.vkey")
    late = stamp(10, 10 * OLD)
    with people.gateway(keep=True) as gateway:
        covered(gateway)
        asked = ask(gateway, 768)
        place = agree(people, gateway, asked.id, "officer-2", "officer-3").log.index
        checkpoint(gateway, place + 1)
        told = people.rig.segel("reviewer", "report", "--from", records[0]["ts"], "--until",
                                late, "--format", "json", "--unrecorded")
        equal(told.returncode, 0, told.stderr)
        found = json.loads(told.stdout)["integrity"]
        equal((found["period_begun"], found["period_over"], found["read_from"],
               found["period_records"]), (False, True, 768, OLD - 768), "what is left")
        out = people.rig.path("early")
        for since in ((), ("--from", "2000-01-01"), ("--from", records[768]["ts"])):
            made = people.rig.segel("reviewer", "log", "export", *since, "--until", late,
                                    "--out", out)
            equal(made.returncode, 1, made.stderr)
            contains(made.stderr, "records before 768", records[768]["ts"], "--from later")
            equal([p for p in (out, out + ".tmp") if os.path.exists(p)], [], "what is left")
        made = people.rig.segel("reviewer", "log", "export", "--from", records[769]["ts"],
                                "--until", late, "--out", out)
        equal(made.returncode, 0, made.stderr)
        found = people.rig.tool("segel-verify", "--log-key", vkey, out, "--json")
        equal(found.returncode, 0, found.stdout + found.stderr)


@claim
def it_goes_on_where_a_kill_has_ended_it(people):
    path = people.old_ledger(old_records())
    with people.gateway(keep=True) as gateway:
        covered(gateway)
        asked = ask(gateway, 1024)
        equal(agree(people, gateway, asked.id, "officer-2", "officer-3").state, EXECUTED)
        gateway.stop(rig.signal.SIGKILL)
    with people.gateway(keep=True) as gateway:
        equal(listed(gateway, 0)[0].index, 1024)
        wait_for(lambda: rows_below(path, 1024) == 0, "the texts to go")
        gateway.client().sign()


@claim
def by_a_clock_that_nobody_has_set_nothing_goes(people):
    path = people.old_ledger(old_records())
    with people.gateway(keep=True, kept="no") as gateway:
        gateway.wait_event("clock.doubted")
        covered(gateway)
        refusal = rig.refused(ask, gateway, 256)
        equal(refusal.code, rig.grpc.StatusCode.FAILED_PRECONDITION)
        contains(refusal.message, "nobody has set it")
        expect(not gone(path, 0), "a text is gone")


@claim
def what_is_too_young_or_not_covered_does_not_go(people):
    people.old_ledger(old_records(years=8))
    with people.gateway(keep=True) as gateway:
        covered(gateway)
        refusal = rig.refused(ask, gateway, 256)
        equal(refusal.code, CODE.FAILED_PRECONDITION)
        contains(refusal.message, "ledger.retention_days")
        equal(rig.refused(ask, gateway, 100).code, CODE.INVALID_ARGUMENT)
        equal(rig.refused(ask, gateway, 0).code, CODE.INVALID_ARGUMENT)
        refusal = rig.refused(ask, gateway, 2560)
        equal(refusal.code, CODE.FAILED_PRECONDITION)
        contains(refusal.message, "checkpoint")
        equal(people.records("log.prune"), [])
    code, text = people.rig.refuses(people.rig.config(
        (r"ledger: \{", "ledger: {retention_days: 2556, ")))
    expect(code != 0 and "2557" in text, f"seven years are the least: {text[-300:]}")
    people.old_ledger(old_records(young=(200,)))
    with people.gateway(keep=True) as gateway:
        covered(gateway)
        asked = ask(gateway, 512)
        equal(agree(people, gateway, asked.id, "officer-2", "officer-3").state, EXECUTED)
        gateway.wait_event("log.prune.kept")


@claim
def what_no_anchor_outside_holds_does_not_go(people):
    people.old_ledger(old_records())
    witness = Key("witness.example.go.id/w", kind=4)  # nobody answers there
    anchors = ('anchors:\n  - {name: w, witness: "http://127.0.0.1:9", '
               f'vkey: "{witness.vkey}"}}\nlanes:\n')
    with people.gateway((r"\nlanes:\n", "\n" + anchors), keep=True) as gateway:
        covered(gateway)
        refusal = rig.refused(ask, gateway, 256)
        equal(refusal.code, CODE.FAILED_PRECONDITION)
        contains(refusal.message, "anchoring.quorum")


@claim
def a_record_of_a_clock_that_ran_ahead_stays(people):
    path = people.old_ledger(old_records(years=-1 / 365))
    with people.gateway(keep=True) as gateway:
        covered(gateway)
        refusal = rig.refused(ask, gateway, 256)
        equal(refusal.code, CODE.FAILED_PRECONDITION)
    expect(not gone(path, 5), "it is there")


if __name__ == "__main__":
    sys.exit(rig.run(Old(rig.Rig("prune", "seal-demo:rsa-2048"))))
