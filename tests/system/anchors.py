#!/usr/bin/python3
"""Anchors: places outside of the operator's reach that hold checkpoints. A real gateway gives
them to folders, to witnesses and to a time stamp authority of this test, honest and not."""
import base64
import contextlib
import glob
import json
import os
import re
import shutil
import sqlite3
import sys
import time
import urllib.request

import anchor_rig
import rig
from anchor_rig import Answer, Witness, folder, told, with_anchors
from bundles import Key
from rig import claim, contains, equal, expect, item

LONGEST_S = 30


class Town:
    """One rig, one witness; each claim begins with a ledger and folders of its own."""

    def __init__(self):
        self.rig = rig.Rig("anchors")
        self.vkey = self.rig.read("log.vkey").strip()
        self.first, self.second = Witness(self.vkey), Witness(self.vkey, "other.example/w2")
        self.count, self.stamps = 0, None

    def stamper(self):
        if self.stamps is None:
            self.stamps = anchor_rig.Stamper(self.rig)
        return self.stamps

    def fresh(self, mode=None):
        self.count += 1
        self.first.reset(mode)
        self.second.reset()
        self.first.away = self.second.away = False
        self.ledger = f"ledger-{self.count}.db"
        self.drop = folder(self.rig, f"drop-{self.count}")
        self.disk = folder(self.rig, f"disk-{self.count}")

    def entries(self, *names):
        known = {"w1": self.first.entry(), "w2": self.second.entry("w2"),
                 "drop": f"  - {{name: assessor, drop: {self.drop}, interval_s: 1}}\n",
                 "disk": f"  - {{name: disk2, path: {self.disk}, interval_s: 1}}\n"}
        return "".join(known[name] for name in names)

    def config(self, *names, changes=(), settings=""):
        if names:
            path = with_anchors(self.rig, self.entries(*names), settings)
            with open(path, encoding="utf-8") as file:
                text = file.read()
        else:
            text = self.rig.read("segeld.yaml")
        for old, new in (("path: ledger.db", f"path: {self.ledger}"), *changes):
            expect(text.count(old) == 1, f"the configuration has no single {old!r}")
            text = text.replace(old, new)
        return self.rig.write("anchored.yaml", text)

    @contextlib.contextmanager
    def gateway(self, *names, **how):
        with self.rig.gateway(self.config(*names, **how)) as gateway:
            yield gateway

    def refused(self, *names):
        code, text = self.rig.refuses(self.config(*names))
        expect(code == 1, f"the start goes on: {code}, {text[-800:]}")
        return text

    def copy(self, name):
        """The ledger's files, as a backup of the whole folder would have them."""
        os.makedirs(self.rig.path(name), exist_ok=True)
        for path in glob.glob(self.rig.path(self.ledger) + "*"):
            shutil.copy2(path, self.rig.path(name))

    def restore(self, name):
        for path in glob.glob(self.rig.path(self.ledger) + "*"):
            if ".conflict-" not in path:
                os.unlink(path)
        for path in os.listdir(self.rig.path(name)):
            shutil.copy2(self.rig.path(name, path), self.rig.dir)

    def ask(self, sql):
        with contextlib.closing(sqlite3.connect(self.rig.path(self.ledger))) as db:
            return db.execute(sql).fetchall()

    def records(self, kind):
        found = (json.loads(row[0]) for row in self.ask("SELECT rec FROM leaf ORDER BY idx"))
        return [record for record in found if record["type"] == kind]


def until(what, sentence, seconds=LONGEST_S):
    end = time.monotonic() + seconds
    while not (found := what()):
        expect(time.monotonic() < end, f"after {seconds} s: {sentence}")
        time.sleep(0.05)
    return found


def sign(gateway, count=1):
    for _ in range(count):
        gateway.client().sign()


def receipt(gateway, request_id):
    call = gateway.client().call(
        "unary_unary", "GetReceipt", rig.log.GetReceiptRequest, rig.log.GetReceiptResponse,
        service="LogService")
    return call(rig.log.GetReceiptRequest(request_id=request_id), timeout=20).proof


def lines_of(note):
    return [line.split(b" ")[1].decode() for line in note.splitlines()
            if line.startswith("\u2014 ".encode())]


def metrics(gateway):
    address = gateway.find("ready")[0]["admin"]
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as reply:
        return reply.read().decode()


def metric(gateway, name):
    found = re.search(rf"^{re.escape(name)} (\S+)$", metrics(gateway), re.M)
    return float(found.group(1)) if found else None


# --- Witnesses --------------------------------------------------------------------------

@claim
def a_witness_signs_what_grows_and_receipts_carry_it(town):
    town.fresh()
    with town.gateway("w1", "w2") as gateway:
        job = item()
        index = gateway.client().sign(job).log.index
        for witness in (town.first, town.second):
            until(lambda w=witness: w.cosigned and w.cosigned[-1] > index, "no cosignature")
        until(lambda: len(town.ask(f"SELECT * FROM cosig WHERE size > {index}")) >= 2,
              "cosignatures are not kept")
        names = lines_of(receipt(gateway, job.request_id))
        equal(names, [town.vkey.split("+")[0], town.second.key.name, town.first.key.name],
              "who signed the receipt's checkpoint")
    for witness in (town.first, town.second):
        for line in (row[0] for row in town.ask(
                f"SELECT line FROM cosig WHERE witness LIKE '{witness.key.name}+%'")):
            blob = base64.b64decode(line.split(b" ")[2])
            equal(blob[:4], witness.key.id, "key id")
    expect(town.first.cosigned == sorted(town.first.cosigned), "sizes go back")


@claim
def a_receipt_prefers_a_checkpoint_that_witnesses_have_signed(town):
    town.fresh()
    with town.gateway("w1") as gateway:
        job = item()
        index = gateway.client().sign(job).log.index
        until(lambda: town.ask(f"SELECT * FROM cosig WHERE size > {index}"), "no cosignature")
        town.first.away = True
        newest = max(row[0] for row in town.ask("SELECT size FROM checkpoint"))
        sign(gateway, 2)
        until(lambda: max(r[0] for r in town.ask("SELECT size FROM checkpoint")) > newest,
              "no newer checkpoint")
        expect(town.first.key.name in lines_of(receipt(gateway, job.request_id)),
               "the receipt's checkpoint has no witness though there is one that has")


@claim
def the_exported_checkpoints_satisfy_a_quorum_of_witnesses(town):
    town.fresh()
    with town.gateway("w1", "w2") as gateway:
        sign(gateway, 3)
        until(lambda: len(town.records("anchor.ok")) == 2, "no two witnesses")
        top = until(lambda: next((r[0] for r in town.ask(
            "SELECT count(*) FROM leaf") if len(town.ask(
                f"SELECT * FROM cosig WHERE size = {r[0]}")) == 2), None), "it never rests")
        out = town.rig.path(f"bundle-{town.count}")
        shown = town.rig.segel("reviewer", "log", "export", "--out", out)
        equal(shown.returncode, 0, shown.stderr)
    with open(os.path.join(out, "checkpoint"), "rb") as file:
        note = file.read()
    equal(int(note.split(b"\n")[1]), top, "size of the exported checkpoint")
    equal(len(lines_of(note)), 3, "signatures of the exported checkpoint")
    result = town.rig.tool("segel-verify", "--log-key", town.vkey, "--witness",
                           town.first.vkey, "--witness", town.second.vkey, "--quorum", "2",
                           out)
    equal(result.returncode, 0, result.stdout + result.stderr)


@claim
def the_size_is_learned_once_and_kept_over_a_restart(town):
    town.fresh()
    with town.gateway("w1") as gateway:
        sign(gateway)
        until(lambda: town.first.cosigned, "no cosignature")
    held = town.first.size
    with town.first.lock:
        town.first.asked = []
    with town.gateway("w1") as gateway:
        sign(gateway)
        until(lambda: town.first.size > held, "no cosignature after the restart")
        first, second = (body.split(b"\n")[0] for body in town.first.asked[:2])
        equal((first, second), (b"old 0", b"old %d" % held), "the start, then the delivery")
    town.first.asked, town.first.size, town.first.root = [], 0, anchor_rig.EMPTY
    # The witness has forgotten everything: it says so, and is taken at its word.
    with town.gateway("w1") as gateway:
        sign(gateway)
        until(lambda: town.first.size > 0, "no cosignature of a witness that has forgotten")


def lying(town, mode, state, *words):
    """A gateway whose witness does one thing wrong all the time; how often it was asked, and
    how often that failed."""
    town.fresh(mode)
    with town.gateway("w1", "w2") as gateway:
        sign(gateway)
        name = "anchor.alarm" if state == "alarm" else "anchor.failed"
        told_event = gateway.wait_event(name)
        equal(told_event["anchor"], "w1", "who is told")
        contains(told_event["why"], *words)
        sign(gateway, 2)
        until(lambda: len(town.second.cosigned) >= 2, "the other witness waits")
        failed = until(lambda: town.records("anchor.fail"), "no record")[-1]
        equal((failed["subject"], failed["kind"], failed["state"]), ("w1", "witness", state))
        until(lambda: metric(
            gateway, f'segel_anchor_state{{anchor="w1",state="{state}"}}') == 1, "the metric")
        asked = len(town.first.asked)
        failures = metric(gateway, 'segel_anchor_failures_total{anchor="w1"}')
        expect(failures >= 1, "failures")
    equal(town.ask(f"SELECT * FROM cosig WHERE witness LIKE '{town.first.key.name}+%'"), [],
          "cosignatures that count")
    return asked, failures


@claim
def a_false_signature_does_not_count(town):
    stranger = Key(town.first.key.name, 4)
    stranger.id = town.first.key.id

    def mode(witness, body):
        text = witness.read(body)[5].decode()
        return stranger.line(text, int(time.time())).encode()
    lying(town, mode, "alarm", "signature is false")


@claim
def a_signature_of_another_checkpoint_does_not_count(town):
    def mode(witness, body):
        return witness.key.line("other.example/log\n1\n" + "A" * 43 + "=\n",
                                int(time.time())).encode()
    lying(town, mode, "alarm", "signature is false")


@claim
def a_time_that_has_not_come_does_not_count(town):
    def mode(witness, body):
        return witness.judge(body, at=4070908800)  # 2099
    lying(town, mode, "failing", "has not come yet")


@claim
def an_answer_without_the_known_key_does_not_count(town):
    stranger = Key("stranger.example/w", 4)

    def mode(witness, body):
        return stranger.line(witness.read(body)[5].decode(), int(time.time())).encode()
    lying(town, mode, "failing", "without a signature by the key")


@claim
def a_huge_answer_is_cut_short(town):
    def mode(witness, body):
        return b"x" * (8 << 20)
    lying(town, mode, "failing", "more than 65536 bytes")


@claim
def an_answer_that_is_no_note_is_refused(town):
    def mode(witness, body):
        return b"<html>welcome</html>\n"
    lying(town, mode, "failing", "something else than lines")


@claim
def a_witness_that_hangs_holds_up_nobody(town):
    def hang(handler):
        time.sleep(8)

    def mode(witness, body):
        raise Answer(200, hang)
    lying(town, mode, "failing", "Timeout")


@claim
def a_witness_that_answers_byte_by_byte_ends_by_the_clock(town):
    def drip(handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n")
        for _ in range(80):
            handler.wfile.write(b"x")
            time.sleep(0.1)

    def mode(witness, body):
        raise Answer(200, drip)
    lying(town, mode, "failing", "Timeout")


@claim
def the_gateway_ends_though_a_witness_hangs(town):
    def hang(handler):
        time.sleep(25)

    def mode(witness, body):
        raise Answer(200, hang)
    town.fresh()
    changes = (("timeout_ms: 1000", "timeout_ms: 60000"),)
    with town.gateway("w1", changes=changes) as gateway:
        until(lambda: town.first.cosigned, "no cosignature")
        town.first.mode, town.first.asked = mode, []
        sign(gateway)
        until(lambda: town.first.asked, "it is not asked")
        equal(gateway.stop(), 0, "exit code")


@claim
def a_refused_proof_is_an_alarm(town):
    def mode(witness, body):
        raise Answer(422)
    lying(town, mode, "alarm", "does not go on from")


@claim
def a_size_beyond_the_log_is_an_alarm(town):
    def mode(witness, body):
        raise told(1 << 40)
    lying(town, mode, "alarm", "1099511627776", "rolled back")


@claim
def a_409_that_says_nothing_new_is_no_way_to_go_round_for_ever(town):
    def mode(witness, body):
        raise told(int(body.split(b"\n")[0].split(b" ")[1]))
    asked, failures = lying(town, mode, "failing", "409")
    expect(asked <= 2 * (failures + 2), f"asked {asked} times for {failures} failures")


@claim
def a_409_is_followed_once(town):
    sizes = iter(range(1, 10 ** 9))

    def mode(witness, body):
        old, _, _, size, *_ = witness.read(body)
        raise told(next(n for n in sizes if n != old) % size + 1)
    asked, failures = lying(town, mode, "failing", "409")
    expect(asked <= 2 * (failures + 2), f"asked {asked} times for {failures} failures")


@claim
def a_409_without_its_size_is_a_failure(town):
    def mode(witness, body):
        raise Answer(409, b"7\n")
    lying(town, mode, "failing", "without the size")


@claim
def a_witness_that_does_not_know_the_log_is_told_of(town):
    def mode(witness, body):
        raise Answer(403)
    lying(town, mode, "failing", "does not know the log's key")


@claim
def an_alarm_stays_one_until_the_witness_signs_again(town):
    def mode(witness, body):
        raise Answer(422)
    town.fresh(mode)
    with town.gateway("w1") as gateway:
        sign(gateway)
        gateway.wait_event("anchor.alarm")
        town.first.away = True
        before = metric(gateway, 'segel_anchor_failures_total{anchor="w1"}')
        until(lambda: metric(gateway, 'segel_anchor_failures_total{anchor="w1"}') > before + 1,
              "it is not asked again")
        equal(metric(gateway, 'segel_anchor_state{anchor="w1",state="alarm"}'), 1)
        town.first.mode, town.first.away = None, False
        gateway.wait_event("anchor.again")
        until(lambda: metric(gateway, 'segel_anchor_state{anchor="w1",state="ok"}') == 1,
              "it is not well again")
    equal([r["state"] for r in town.records("anchor.fail")], ["alarm"], "records of it")


@claim
def a_quiet_log_becomes_quiet_again(town):
    town.fresh()
    with town.gateway("w1", "w2", "drop", "disk") as gateway:
        sign(gateway)
        until(lambda: len(town.records("anchor.ok")) == 4, "no records")
        time.sleep(3)
        size = town.ask("SELECT count(*) FROM leaf")
        time.sleep(4)
        equal(town.ask("SELECT count(*) FROM leaf"), size, "records of a log that rests")
        until(lambda: town.first.cosigned[-1] == size[0][0], "not all is held")


@claim
def what_goes_on_is_told_once_an_interval(town):
    town.fresh()
    with town.gateway("w1", settings=", record_s: 2") as gateway:
        end = time.monotonic() + 7
        while time.monotonic() < end:
            sign(gateway)
            time.sleep(0.2)
    count = len(town.records("anchor.ok"))
    expect(2 <= count <= 4, f"{count} records in 7 s, though there may be one in 2 s")


# --- Folders ----------------------------------------------------------------------------

@claim
def a_drop_folder_has_each_checkpoint_and_a_second_disk_the_newest(town):
    town.fresh()
    with town.gateway("drop", "disk") as gateway:
        for _ in range(3):
            sign(gateway)
            time.sleep(1.2)
    stored = {size: note for size, note in town.ask("SELECT size, note FROM checkpoint")}
    dropped = {}
    for name in os.listdir(town.drop):
        with open(os.path.join(town.drop, name), "rb") as file:
            dropped[int(re.fullmatch(r"(\d+)\.checkpoint", name).group(1))] = file.read()
    expect(len(dropped) >= 3, f"{sorted(dropped)}")
    for size, note in dropped.items():
        equal(note, bytes(stored[size]), f"checkpoint {size}")
    equal(max(dropped), max(stored), "the last one, after the end")
    equal(os.listdir(town.disk), ["checkpoint"], "the second disk")
    with open(os.path.join(town.disk, "checkpoint"), "rb") as file:
        equal(file.read(), bytes(stored[max(stored)]), "the newest")


@claim
def what_was_dropped_is_not_replaced(town):
    town.fresh()
    with town.gateway("drop") as gateway:
        sign(gateway)
        until(lambda: os.listdir(town.drop), "nothing is dropped")
    before = {}
    for name in os.listdir(town.drop):
        with open(os.path.join(town.drop, name), "rb") as file:
            before[name] = file.read()
    with town.gateway("drop") as gateway:
        sign(gateway)
        until(lambda: len(os.listdir(town.drop)) > len(before), "nothing more is dropped")
    for name, note in before.items():
        with open(os.path.join(town.drop, name), "rb") as file:
            equal(file.read(), note, name)


@claim
def a_folder_that_is_away_fails_and_comes_back(town):
    town.fresh()
    os.rename(town.disk, town.disk + ".away")
    with town.gateway("disk", "drop") as gateway:
        sign(gateway)
        equal(gateway.wait_event("anchor.failed")["anchor"], "disk2")
        equal(gateway.wait_event("anchor.unreachable")["anchor"], "disk2")
        until(lambda: os.listdir(town.drop), "the other folder waits")
        os.rename(town.disk + ".away", town.disk)
        gateway.wait_event("anchor.again")
        expect(os.path.exists(os.path.join(town.disk, "checkpoint")), "nothing is there")


# --- Time stamps ------------------------------------------------------------------------

def stamped(town, state, *words, mode=None, signer="authority"):
    """A gateway with a time stamp authority alone, until its state is known."""
    town.fresh()
    stamper = town.stamper()
    stamper.mode, stamper.signer, stamper.asked = mode, signer, []
    entry = (f"  - {{name: stamps, tsa: \"{stamper.url}\", chain: {stamper.chain},"
             f" keep: {town.drop}, interval_s: 1}}\n")
    path = with_anchors(town.rig, entry)
    text = town.rig.read(os.path.basename(path)).replace("ledger.db", town.ledger)
    with town.rig.gateway(town.rig.write("anchored.yaml", text)) as gateway:
        sign(gateway)
        until(lambda: metric(
            gateway, f'segel_anchor_state{{anchor="stamps",state="{state}"}}') == 1,
            f"it is not {state}: {gateway.text()[-600:]}")
        if words:
            contains(gateway.wait_event("anchor.failed")["why"], *words)
        sign(gateway)
    return town.ask("SELECT size, authority, token FROM stamp")


@claim
def a_time_stamp_is_over_the_note_as_the_log_signed_it(town):
    kept = stamped(town, "ok")
    expect(kept, "no time stamp is kept")
    for size, authority, token in kept:
        equal(authority, "stamps")
        note = town.ask(f"SELECT note FROM checkpoint WHERE size = {size}")[0][0]
        result = rig.openssl("ts", "-verify", "-in", town.rig.write("kept.tsr", bytes(token)),
                             "-data", town.rig.write("kept.note", bytes(note)), "-CAfile",
                             town.stamper().chain)
        equal(result.returncode, 0, result.stderr.decode())
        with open(os.path.join(town.drop, f"{size}.tsr"), "rb") as file:
            equal(file.read(), token, "the answer in its folder")
        with open(os.path.join(town.drop, f"{size}.checkpoint"), "rb") as file:
            equal(file.read(), bytes(note), "what it is over")
    ok = town.records("anchor.ok")[0]
    equal((ok["subject"], ok["kind"]), ("stamps", "tsa"), "record")
    expect("log.anchor_age_s" in town.records("intent")[-1]["facts"], "it does not count")


@claim
def a_time_stamp_by_another_authority_is_not_kept(town):
    equal(stamped(town, "failing", "time stamp authority", signer="stranger"), [])


@claim
def the_time_stamp_of_another_question_is_not_kept(town):
    first = []

    def replay(data):
        first.append(data)
        return first[0]
    town.fresh()
    kept = stamped(town, "failing", "not to this question", mode=replay)
    equal(len(kept), 1, "time stamps")  # the one that was true


@claim
def a_changed_time_stamp_is_not_kept(town):
    def turn(data):
        return data[:-20] + bytes([data[-20] ^ 1]) + data[-19:]
    equal(stamped(town, "failing", "time stamp authority", mode=turn), [])
    equal(stamped(town, "failing", "something else", mode=lambda data: data + b"x"), [])
    equal(stamped(town, "failing", "something else", mode=lambda data: b""), [])
    equal(stamped(town, "failing", "more than 65536 bytes",
                  mode=lambda data: b"x" * 100000), [])


# --- The rule ---------------------------------------------------------------------------

def code_of(gateway):
    """"" when a letter is sealed, else why not."""
    try:
        gateway.client().sign()
        return ""
    except rig.grpc.RpcError as error:
        refusal = rig.Refusal(error)
        return refusal.info.reason if refusal.info else str(error)


def short_rule(town):
    text = town.rig.read("policy.yaml")
    for old, new in (("log.anchor_age_s: {le: 86400}", "log.anchor_age_s: {le: 3}"),
                     ("log.anchor_age_s: 86400", "log.anchor_age_s: 3"),
                     ("log.anchor_age_s: 86401", "log.anchor_age_s: 4")):
        expect(old in text, f"the policy has no {old}")
        text = text.replace(old, new)
    town.rig.write("short.yaml", text)
    return (("file: policy.yaml", "file: short.yaml"),)


@claim
def a_log_that_nobody_outside_holds_for_too_long_signs_nothing(town):
    town.fresh()
    changes = short_rule(town)
    with town.gateway("w1", "disk", changes=changes) as gateway:
        until(lambda: town.first.cosigned, "no cosignature")
        until(lambda: code_of(gateway) == "", "a log that is held does not sign")
        town.first.away = True
        until(lambda: code_of(gateway) == "ANCHOR_LAG", "a log that nobody holds signs on")
        expect(metric(gateway, "segel_log_anchor_age_seconds") > 3, "age")
        town.first.away = False
        until(lambda: code_of(gateway) == "", "it signs nothing though it is held again")
    denied = [r for r in town.records("deny")][-1]
    equal((denied["fail"][0]["rule"], denied["fail"][0]["code"]),
          ("CP-5.4-03", "ANCHOR_LAG"), "the record")
    expect(denied["facts"]["log.anchor_age_s"] > 3, "the fact on the record")


@claim
def the_age_goes_on_over_a_restart(town):
    town.fresh()
    changes = short_rule(town)
    with town.gateway("w1", changes=changes) as gateway:
        until(lambda: town.first.cosigned, "no cosignature")
        until(lambda: code_of(gateway) == "", "a log that is held does not sign")
        town.first.away = True
        sign(gateway)
        until(lambda: code_of(gateway) == "ANCHOR_LAG", "a log that nobody holds signs on")
    with town.gateway("w1", changes=changes) as gateway:
        equal(code_of(gateway), "ANCHOR_LAG", "after a restart")


@claim
def a_second_disk_is_no_witness(town):
    town.fresh()
    changes = short_rule(town)
    with town.gateway("disk", changes=changes) as gateway:
        sign(gateway)
        expect("log.anchor_age_s" not in town.records("intent")[-1]["facts"],
               "a second disk of this machine counts")
    town.fresh()
    with town.gateway("disk", "drop", changes=changes) as gateway:
        until(lambda: os.listdir(town.drop), "nothing is dropped")
        until(lambda: code_of(gateway) == "", "a drop folder does not count")
        expect("log.anchor_age_s" in town.records("intent")[-1]["facts"], "no such fact")


# --- Rollback ---------------------------------------------------------------------------

def grow_and_restore(town, *names):
    """Yesterday's copy of the data folder stands where today's was."""
    with town.gateway(*names) as gateway:
        sign(gateway, 2)
        until(lambda: town.records("anchor.ok"), "no anchor")
    town.copy(f"yesterday-{town.count}")
    with town.gateway(*names) as gateway:
        sign(gateway, 4)
        if "w1" in names:
            size = town.ask("SELECT count(*) FROM leaf")[0][0]
            until(lambda: town.first.size >= size, "the witness does not hold it")
    town.restore(f"yesterday-{town.count}")


def evidence(town, name):
    found = {}
    for path in glob.glob(town.rig.path(f"{town.ledger}.conflict-{name}-*")):
        with open(path, "rb") as file:
            found[path.rsplit(".", 1)[1]] = file.read()
    equal(sorted(found), ["anchor", "ledger"], "evidence")
    return found["anchor"], found["ledger"]


def size_of(note):
    return int(note.split(b"\n")[1])


@claim
def an_older_copy_of_the_ledger_is_found_through_each_kind_of_anchor(town):
    town.fresh()
    grow_and_restore(town, "w1", "drop", "disk")
    size = town.ask("SELECT count(*) FROM leaf")
    for kind, name in (("disk", "disk2"), ("drop", "assessor"), ("w1", "w1")):
        text = town.refused(kind)
        contains(text, f"anchor '{name}' holds a checkpoint of", "older copy", ".conflict-")
        theirs, ours = evidence(town, name)
        expect(size_of(theirs) > size_of(ours), "the anchor's is not the larger one")
        equal(lines_of(theirs)[0], town.vkey.split("+")[0], "who signed the evidence")
        equal(town.ask("SELECT count(*) FROM leaf"), size, "records after a refused start")
    with town.gateway() as gateway:
        sign(gateway)


@claim
def a_witness_that_shows_nothing_tells_its_size_all_the_same(town):
    town.fresh()
    grow_and_restore(town, "w1")
    town.first.note = None
    contains(town.refused("w1"), "anchor 'w1' holds a checkpoint of", "older copy")
    theirs, _ = evidence(town, "w1")
    contains(theirs.decode(), f"size {town.first.size}")


@claim
def a_ledger_that_is_gone_is_found_too(town):
    town.fresh()
    with town.gateway("w1", "drop", "disk") as gateway:
        sign(gateway, 2)
        until(lambda: len(town.records("anchor.ok")) == 3, "not all hold it")
    for path in glob.glob(town.rig.path(town.ledger) + "*"):
        os.unlink(path)
    for kind in ("disk", "drop", "w1"):
        contains(town.refused(kind), "older copy")


@claim
def another_history_of_the_same_length_is_found(town):
    town.fresh()
    grow_and_restore(town, "w1", "drop", "disk")
    with town.gateway() as gateway:
        sign(gateway, 30)  # more records than the anchors hold
    for kind, name in (("disk", "disk2"), ("drop", "assessor"), ("w1", "w1")):
        contains(town.refused(kind), f"anchor '{name}' holds another root", "forked")
        theirs, ours = evidence(town, name)
        expect(theirs != ours, "evidence")


@claim
def anchors_that_cannot_be_reached_cost_a_line_and_not_the_start(town):
    town.fresh()
    grow_and_restore(town, "w1")
    town.first.server.http.server_close()
    town.first.server.http.shutdown()
    began = time.monotonic()
    with town.gateway("w1") as gateway:
        equal(gateway.wait_event("anchor.unreachable")["anchor"], "w1")
        sign(gateway)
    expect(time.monotonic() - began < LONGEST_S, "the start waits")
    town.first = Witness(town.vkey)


@claim
def garbage_in_a_folder_is_told_and_does_not_count(town):
    town.fresh()
    for place, name in ((town.disk, "checkpoint"), (town.drop, "999999.checkpoint"),
                        (town.drop, "99999999999999999999999.checkpoint")):
        with open(os.path.join(place, name), "wb") as file:
            file.write(b"log.example\n999999\nAAAA\n\n\xe2\x80\x94 log.example AAAA\n")
    os.symlink("/dev/zero", os.path.join(town.drop, "888888.checkpoint"))
    os.mkfifo(os.path.join(town.drop, "777777.checkpoint"))
    with town.gateway("disk", "drop") as gateway:
        sign(gateway)
        until(lambda: len(town.records("anchor.ok")) == 2, "not both hold it")
        expect(len(gateway.find("anchor.ignored")) >= 3, gateway.text()[-800:])


# --- Configuration ----------------------------------------------------------------------

@claim
def an_entry_that_cannot_work_is_refused_in_one_sentence(town):
    town.fresh()
    twice = Key("third.example/w", 4)
    for entries, words in (
            ("  - {name: w, witness: \"http://127.0.0.1:9\", vkey: \"w+00000000+AA\"}\n",
             ["anchor 'w'", "vkey"]),
            (f"  - {{name: w, witness: \"http://127.0.0.1:9\", vkey: \"{town.vkey}\"}}\n",
             ["anchor 'w'", "vkey"]),
            (f"  - {{name: a, witness: \"http://127.0.0.1:9\", vkey: \"{twice.vkey}\"}}\n"
             f"  - {{name: b, witness: \"http://127.0.0.1:8\", vkey: \"{twice.vkey}\"}}\n",
             ["'a'", "'b'", "one key"]),
            ("  - {name: t, tsa: \"http://127.0.0.1:9\", chain: nowhere.pem}\n",
             ["anchor 't'", "chain", "nowhere.pem"])):
        path = with_anchors(town.rig, entries)
        result = town.rig.tool("segeld", "--config", path, "--check-config")
        equal(result.returncode, 1, result.stdout + result.stderr)
        contains(result.stderr, *words)


@claim
def the_sample_of_anchors_is_sound(town):
    with open(os.path.join(rig.ROOT, "deploy/anchors.yaml"), encoding="utf-8") as file:
        sample = file.read().replace("tsa-chain.pem", "anchors.pem")
    path = town.rig.write("sample.yaml", town.rig.read("segeld.yaml") + sample)
    result = town.rig.tool("segeld", "--config", path, "--check-config")
    equal(result.returncode, 0, result.stderr)


if __name__ == "__main__":
    sys.exit(rig.run(Town()))
