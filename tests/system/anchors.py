#!/usr/bin/python3
"""Anchors that are folders or time stamp authorities, and the rule over how old the newest
checkpoint may be that somebody outside holds. Witnesses: witnesses.py; the start: rollback.py."""
import os
import re
import socket
import sys
import time

import anchor_rig
import rig
from anchor_rig import with_anchors
from anchor_town import LONGEST_S, Town, metric, sign, until
from bundles import Key
from faulty import ask
from preload import begun
from rig import claim, contains, equal, expect
from stuck import Stuck

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


def failing(gateway, name, state="failing"):
    return metric(gateway, f'segel_anchor_state{{anchor="{name}",state="{state}"}}') == 1


def newest_of(folder, ending):
    return max((int(name.split(".")[0]) for name in os.listdir(folder)
                if name.endswith(ending)), default=0)


@claim
def a_folder_that_hangs_fails_and_holds_up_no_other(town):
    town.fresh()
    stuck = Stuck(town.drop)
    with town.rig.gateway(town.config("drop", "disk", "w1"), **stuck.environment()) as gateway:
        sign(gateway)
        until(lambda: os.listdir(town.drop), "nothing is dropped")
        stuck.hold()
        sign(gateway)
        until(lambda: failing(gateway, "assessor"), "a folder that hangs is well")
        contains(gateway.wait_event("anchor.failed")["why"], town.drop, "given no answer")
        sign(gateway)
        size = town.ask("SELECT count(*) FROM leaf")[0][0]
        until(lambda: town.first.size >= size, "the witness waits for it")
        until(lambda: metric(gateway, 'segel_anchor_records{anchor="disk2"}') >= size,
              "the second disk waits for it")
        expect(metric(gateway, 'segel_anchor_lag_seconds{anchor="assessor"}') > 0, "its lag")
        stuck.release()
        equal(gateway.wait_event("anchor.again")["anchor"], "assessor")
        until(lambda: newest_of(town.drop, ".checkpoint") >= size, "it is not made up for")
    expect(town.records("anchor.fail"), "no record says so")


@claim
def a_folder_that_hangs_does_not_hold_up_the_end(town):
    town.fresh()
    stuck = Stuck(town.drop)
    with town.rig.gateway(town.config("drop", "disk"), **stuck.environment()) as gateway:
        sign(gateway)
        until(lambda: os.listdir(town.drop), "nothing is dropped")
        stuck.hold()
        sign(gateway)
        until(lambda: failing(gateway, "assessor"), "a folder that hangs is well")
        began = time.monotonic()
        equal(gateway.stop(), 0, "the exit code")
        expect(time.monotonic() - began < LONGEST_S, "the end waits")
    stuck.release()
    with open(os.path.join(town.disk, "checkpoint"), "rb") as file:
        equal(file.read(), bytes(town.ask("SELECT note FROM checkpoint ORDER BY size")[-1][0]),
              "the other folder has the last one")


@claim
def a_thread_of_the_anchors_that_hangs_is_told_and_ends_nothing(town):
    """A pipe in the place of a file in "ca" hangs as one on a share whose server is away. Nobody
    reads it before the address can be reached."""
    town.fresh()
    authorities = town.rig.write("away.pem", "")
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        entry = (f"  - {{name: w1, witness: \"https://127.0.0.1:{door.getsockname()[1]}\","
                 f" vkey: \"{town.first.vkey}\", ca: {authorities}, interval_s: 1}}\n")
        with town.rig.gateway(town.configured(entry + town.entries("disk"), ())) as gateway:
            until(lambda: failing(gateway, "disk2", "ok"), "a folder waits for a witness")
            os.unlink(authorities)
            os.mkfifo(authorities)
            door.listen()
            contains(gateway.wait_event("anchors.still")["why"], "has not moved for 1")
            until(lambda: failing(gateway, "disk2"), "it counts as well")
            contains(ask(gateway, "/healthz")[2], "anchor w1 is failing: the thread that",
                     "anchor disk2 is failing: the thread that serves all anchors has not")
            equal(ask(gateway, "/livez")[::2], (200, "alive\n"), "no reason to end it")
            sign(gateway)
            with open(authorities, "w", encoding="ascii"):
                os.unlink(authorities)
            gateway.wait_event("anchors.move")
            until(lambda: failing(gateway, "disk2", "ok"), "it does not go on")


# --- Time stamps ------------------------------------------------------------------------

def stamped(town, state, *words, mode=None, signer="authority"):
    """A gateway with a time stamp authority alone, until its state is known."""
    town.fresh()
    stamper = town.stamper()
    stamper.mode, stamper.signer, stamper.asked = mode, signer, []
    entry = (f"  - {{name: stamps, tsa: \"{stamper.url}\", chain: {stamper.chain},"
             f" keep: {town.drop}, interval_s: 1}}\n")
    # Only the first of several failures is told: none is to be that of a slow answer.
    patient = (("timeout_ms: 1000", "timeout_ms: 15000"),)
    with town.rig.gateway(town.configured(entry, patient)) as gateway:
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
def a_time_stamp_by_a_weak_key_is_not_kept(town):
    equal(stamped(town, "failing", "time stamp authority", signer="weak"), [])


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


@claim
def a_keep_folder_that_hangs_holds_up_no_witness(town):
    town.fresh()
    stuck, stamper = Stuck(town.drop), town.stamper()
    stamper.mode, stamper.signer = None, "authority"
    entries = town.entries("w1") + (
        f"  - {{name: stamps, tsa: \"{stamper.url}\", chain: {stamper.chain},"
        f" keep: {town.drop}, interval_s: 1}}\n")

    def stamps():
        return town.ask("SELECT count(*), max(size) FROM stamp")[0]
    stuck.hold()
    with town.rig.gateway(town.configured(entries), **stuck.environment()) as gateway:
        sign(gateway)
        until(lambda: failing(gateway, "stamps"), "an authority whose folder hangs is well")
        contains(gateway.wait_event("anchor.failed")["why"], town.drop, "given no answer")
        sign(gateway)
        size = town.ask("SELECT count(*) FROM leaf")[0][0]
        until(lambda: town.first.size >= size, "the witness waits for the folder")
        until(lambda: stamps()[1] >= size, "no time stamp counts")
        equal(os.listdir(town.drop), [], "the folder")
        stuck.release()
        equal(gateway.wait_event("anchor.again")["anchor"], "stamps")
        until(lambda: newest_of(town.drop, ".tsr") >= size, "none is kept")
        until(lambda: failing(gateway, "stamps", "ok"), "it stays failing")


@claim
def a_time_stamp_counts_though_its_folder_is_away(town):
    town.fresh()
    os.rename(town.drop, town.drop + ".away")
    stamper = town.stamper()
    stamper.mode, stamper.signer = None, "authority"
    entry = (f"  - {{name: stamps, tsa: \"{stamper.url}\", chain: {stamper.chain},"
             f" keep: {town.drop}, interval_s: 1}}\n")
    with town.rig.gateway(town.configured(entry)) as gateway:
        sign(gateway)
        until(lambda: failing(gateway, "stamps"), "it is well without its folder")
        contains(gateway.wait_event("anchor.failed")["why"], "cannot open the folder")
        until(lambda: metric(gateway, 'segel_anchor_records{anchor="stamps"}') > 0,
              "what it stamped does not count")
        os.rename(town.drop + ".away", town.drop)
        until(lambda: failing(gateway, "stamps", "ok"), "it stays failing")
        expect(newest_of(town.drop, ".tsr") > 0, "none is kept")


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
        until(lambda: code_of(gateway) == "ANCHOR_LAG", "a log that nobody holds signs on")
    with town.gateway("w1", changes=changes) as gateway:
        equal(code_of(gateway), "ANCHOR_LAG", "after a restart")


@claim
def the_age_counts_though_the_clock_ran_ahead(town):
    town.fresh()
    town.first.away = True
    ahead = begun(town.gateway("w1"), "later kept", KEPT="yes", LATER_S="3600")
    with ahead as gateway:
        gateway.wait_event("anchor.failed")
    with town.gateway("w1") as gateway:
        until(lambda: metric(gateway, "segel_log_anchor_age_seconds") > 1,
              "what nobody holds is of no age")
        expect(metric(gateway, 'segel_anchor_lag_seconds{anchor="w1"}') > 1, "nor the lag")


@claim
def a_quorum_asks_for_as_many(town):
    town.fresh()
    changes = short_rule(town)
    with town.gateway("w1", "w2", changes=changes, settings=", quorum: 2") as gateway:
        until(lambda: town.first.cosigned and town.second.cosigned, "no cosignature")
        until(lambda: code_of(gateway) == "", "a log that two hold does not sign")
        town.second.away = True
        until(lambda: code_of(gateway) == "ANCHOR_LAG", "one of two is enough")
    expect(town.first.size > town.second.size, "the other witness has stopped, too")


@claim
def a_second_disk_is_no_witness(town):
    town.fresh()
    changes = short_rule(town)
    with town.gateway("disk", changes=changes) as gateway:
        sign(gateway)
        expect("log.anchor_age_s" not in town.records("intent")[-1]["facts"],
               "a second disk of this machine counts")
        until(lambda: metric(gateway, 'segel_anchor_records{anchor="disk2"}') > 0,
              "the disk holds nothing")
        equal(metric(gateway, "segel_log_anchor_age_seconds"), None, "held by nobody outside")
    town.fresh()
    with town.gateway("disk", "drop", changes=changes) as gateway:
        until(lambda: os.listdir(town.drop), "nothing is dropped")
        until(lambda: code_of(gateway) == "", "a drop folder does not count")
        expect("log.anchor_age_s" in town.records("intent")[-1]["facts"], "no such fact")
        expect(metric(gateway, "segel_log_anchor_age_seconds") is not None, "no age")


# --- Configuration ----------------------------------------------------------------------

@claim
def an_entry_that_cannot_work_is_refused_in_one_sentence(town):
    town.fresh()
    twice = Key("third.example/w", 4)
    kept = ("  - {{name: {0}, tsa: \"http://127.0.0.1:9/{0}\", chain: anchors.pem,"
            " keep: {1}}}\n")
    for entries, words in (
            ("  - {name: w, witness: \"http://127.0.0.1:9\", vkey: \"w+00000000+AA\"}\n",
             ["anchor 'w'", "vkey"]),
            (f"  - {{name: w, witness: \"http://127.0.0.1:9\", vkey: \"{town.vkey}\"}}\n",
             ["anchor 'w'", "vkey"]),
            (f"  - {{name: a, witness: \"http://127.0.0.1:9\", vkey: \"{twice.vkey}\"}}\n"
             f"  - {{name: b, witness: \"http://127.0.0.1:8\", vkey: \"{twice.vkey}\"}}\n",
             ["'a'", "'b'", "one key"]),
            ("  - {name: t, tsa: \"http://127.0.0.1:9\", chain: nowhere.pem}\n",
             ["anchor 't'", "chain", "nowhere.pem"]),
            (kept.format("t", "stamps") + "  - {name: d, drop: stamps}\n",
             ["stamps' is the place of anchor 't' already"]),
            ("  - {name: d, drop: stamps}\n" + kept.format("t", "stamps"),
             ["stamps' is the place of anchor 'd' already"]),
            ("  - {name: d, path: stamps}\n" + kept.format("t", "stamps"),
             ["stamps' is the place of anchor 'd' already"]),
            (kept.format("t", "stamps") + kept.format("u", "stamps"),
             ["stamps' is the place of anchor 't' already"])):
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
    contains(result.stdout, "are sound", "anchor 'disk2': path: /mnt/disk2/segel cannot be used",
             "anchor 'assessor': drop: /srv/assessor/segel cannot be used", "ReadWritePaths")
    for folder in ("disk2", "assessor"):
        os.makedirs(town.rig.path(folder), exist_ok=True)
    path = town.rig.write("sample.yaml", town.rig.read("segeld.yaml") + sample.replace(
        "/mnt/disk2/segel", "disk2").replace("/srv/assessor/segel", "assessor"))
    result = town.rig.tool("segeld", "--config", path, "--check-config")
    equal(result.returncode, 0, result.stderr)
    expect("ReadWritePaths" not in result.stdout, result.stdout)


if __name__ == "__main__":
    sys.exit(rig.run(Town("anchors")))
