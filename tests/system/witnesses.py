#!/usr/bin/python3
"""What witnesses sign, and what of it counts: a real gateway has its checkpoints cosigned by
witnesses of this test, honest ones and such that do one thing wrong."""
import base64
import json
import os
import sys
import time

import anchor_rig
from anchor_rig import Answer, Witness, told
from anchor_town import LONGEST_S, Town, ask, lines_of, metric, receipt, sign, until
from bundles import Key
from rig import claim, contains, equal, expect, item, run

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
def a_receipt_is_anchored_when_the_quorum_has_signed(town):
    town.fresh()
    with town.gateway("w1", "w2", settings=", quorum: 2") as gateway:
        job = item()
        index = gateway.client().sign(job).log.index
        until(lambda: ask(gateway, job.request_id).anchored, "two witnesses are no quorum")
        town.second.away = True
        job = item()
        index = gateway.client().sign(job).log.index
        until(lambda: town.ask(f"SELECT * FROM cosig WHERE size > {index}"), "no cosignature")
        found = ask(gateway, job.request_id)
        equal((len(lines_of(found.proof)), found.anchored), (2, False), "one of two")


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


# Where it is no matter how long a witness takes that answers: only the first of several
# failures is told of.
PATIENT = (("timeout_ms: 1000", "timeout_ms: 15000"),)


def lying(town, mode, state, *words):
    """A gateway whose witness does one thing wrong all the time; how often it was asked, and
    how often that failed."""
    town.fresh(mode)
    late = "Timeout" in words
    with town.gateway("w1", "w2", changes=() if late else PATIENT) as gateway:
        sign(gateway)
        name = "anchor.alarm" if state == "alarm" else "anchor.failed"
        # On a slow machine the honest one may be late, too, where there is little time.
        events = until(lambda: [e for e in gateway.find(name)
                                if e["anchor"] == "w1" or not late], f"no event '{name}' came")
        equal(events[-1]["anchor"], "w1", "who is told")
        contains(events[-1]["why"], *words)
        sign(gateway, 2)
        until(lambda: len(town.second.cosigned) >= 2, "the other witness waits")
        failed = until(lambda: [r for r in town.records("anchor.fail")
                                if r["subject"] == "w1" or not late], "no record")[-1]
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
def nobody_is_followed_to_another_address(town):
    def redirect(handler):
        handler.wfile.write(b"HTTP/1.1 307 Elsewhere\r\nLocation: "
                            + town.second.url.encode() + b"/add-checkpoint\r\n"
                            b"Content-Length: 0\r\n\r\n")

    def mode(witness, body):
        raise Answer(307, redirect)
    town.fresh(mode)
    with town.gateway("w1", changes=PATIENT) as gateway:
        sign(gateway)
        contains(gateway.wait_event("anchor.failed")["why"], "HTTP 307")
    equal(town.second.asked, [], "what came to the other address")


@claim
def an_https_witness_is_known_by_its_authority_only(town):
    town.fresh()
    tls = Witness(town.vkey, "tls.example/w",
                  (town.rig.path("server.pem"), town.rig.path("server.key")))
    known = tls.entry("known", extra=f", ca: {town.rig.path('clients.pem')}")
    path = town.configured(known)
    with town.rig.gateway(path) as gateway:
        sign(gateway)
        until(lambda: tls.cosigned, "no cosignature")
    tls.reset()
    town.fresh()
    with town.rig.gateway(town.configured(tls.entry("unknown"), PATIENT)) as gateway:
        sign(gateway)
        contains(gateway.wait_event("anchor.failed")["why"], "https://127.0.0.1", "certificate")
    equal(tls.asked, [], "what a stranger was told")


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
        shown = town.rig.segel("reviewer", "incident", "list", "--json").stdout
        equal([(i["kind"], i["subject"]) for i in map(json.loads, shown.splitlines())],
              [("anchor.alarm", "w1")], "incidents")
    equal([r["state"] for r in town.records("anchor.fail")], ["alarm"], "records of it")


@claim
def a_witness_that_signed_without_an_answer_is_asked_while_the_log_rests(town):
    lost = []

    def mode(witness, body):
        witness.judge(body)  # it keeps what it signs; of a size it tells
        lost.append(witness.read(body)[0])
        raise Answer(502)
    town.fresh(mode)
    with town.gateway("w1", changes=PATIENT) as gateway:
        sign(gateway)
        contains(gateway.wait_event("anchor.failed")["why"], "HTTP 502")
        until(lambda: lost and lost[-1] == town.ask("SELECT count(*) FROM leaf")[0][0],
              "it is not asked from the size that it told")
        town.first.mode = None
        gateway.wait_event("anchor.again")
        until(lambda: town.ask(f"SELECT * FROM cosig WHERE size = {lost[-1]}"),
              "its signature never came")


def comes_to_rest(town, still_s):
    """How many records the log has when no more come for so long."""
    end, size = time.monotonic() + LONGEST_S, None
    while (now := town.ask("SELECT count(*) FROM leaf")) != size:
        expect(time.monotonic() < end, "the log goes on and on")
        size = now
        time.sleep(still_s)
    return size[0][0]


@claim
def a_quiet_log_becomes_quiet_again(town):
    town.fresh()
    with town.gateway("w1", "w2", "drop", "disk") as gateway:
        sign(gateway)
        until(lambda: len(town.records("anchor.ok")) == 4, "no records")
        size = comes_to_rest(town, 4)
        until(lambda: town.first.cosigned[-1] == size, "not all is held")


@claim
def it_does_so_though_each_delivery_is_late_enough_for_a_record(town):
    town.fresh()
    slow = (("interval_s: 1}\n  - {name: w2", "interval_s: 3}\n  - {name: w2"),)
    with town.gateway("drop", "w1", "w2", settings=", record_s: 1", changes=slow) as gateway:
        sign(gateway)
        until(lambda: len(town.records("anchor.ok")) >= 3, "no records")
        size = comes_to_rest(town, 6)
        until(lambda: town.first.cosigned[-1] == size and town.second.cosigned[-1] == size,
              "not all is held")
        sign(gateway)
        until(lambda: all(any(int(r["size"]) > size for r in town.records("anchor.ok")
                              if r["subject"] == name) for name in ("w1", "w2", "assessor")),
              "what others wrote is worth no record")
        comes_to_rest(town, 6)


@claim
def what_goes_on_is_told_once_an_interval(town):
    town.fresh()
    begin = time.monotonic()  # the first one may come with the start, the last with the end
    with town.gateway("w1", settings=", record_s: 2") as gateway:
        end = time.monotonic() + 7
        while time.monotonic() < end:
            sign(gateway)
            time.sleep(0.2)
    count, took = len(town.records("anchor.ok")), time.monotonic() - begin
    expect(2 <= count <= took / 2 + 1,
           f"{count} records in {took:.1f} s, though there may be one in 2 s")


if __name__ == "__main__":
    sys.exit(run(Town("witnesses")))
