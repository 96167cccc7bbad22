#!/usr/bin/python3
"""Rules over the state of the gateway: what is counted, the ledger's room, wrong PINs, the
clock; and that each decision stands on the log with the facts that it was made by."""
import contextlib
import os
import re
import signal
import sqlite3
import sys
import threading
import time

import grpc
import rig
from rig import claim, contains, equal, expect, item
from town import Town, lanes_of, until

BUSY = grpc.StatusCode.RESOURCE_EXHAUSTED
QUOTA = 10


def policy(town, name, *changes):
    """The sample without its own tests, which are about other numbers."""
    text = town.rig.read("policy.yaml").split("\n# A lawful job")[0] + "\n"
    for pattern, replacement in changes:
        text, count = re.subn(pattern, replacement, text, count=1)
        expect(count == 1, f"the policy has no {pattern}")
    town.rig.write(name, text)
    return name


def quota(town, caller=10 ** 9, key=10 ** 9):
    return policy(town, "quota.yaml", (r"counter\.caller_day: \{le: \d+\}",
                                       f"counter.caller_day: {{le: {caller}}}"),
                  (r"counter\.key_day: \{le: \d+\}", f"counter.key_day: {{le: {key}}}"))


@contextlib.contextmanager
def gateway(town, policy_file, ledger):
    """A ledger of its own for each claim: nothing was counted before."""
    text = town.rig.read(os.path.basename(town.both()))
    text = text.replace("file: policy.yaml", f"file: {policy_file}")
    text = text.replace("path: ledger.db", f"path: {ledger}.db")
    town.calm()
    with town.rig.gateway(town.rig.write("quota-conf.yaml", text)) as started:
        yield started


def sign_at_once(started, count, **changes):
    """Each in a call of its own, all at the same time; (signed, refusals)."""
    client, signed, refusals = started.client(), [], []
    start = threading.Barrier(count)

    def one():
        start.wait()
        try:
            signed.append(client.sign(item(), **changes))
        except grpc.RpcError as error:
            refusals.append(rig.Refusal(error))

    threads = [threading.Thread(target=one) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return signed, refusals


def by_type(town, kind):
    return [r for r in town.records() if r["type"] == kind]


def expect_quota(refusals):
    for refusal in refusals:
        equal((refusal.code, refusal.info.reason), (BUSY, "QUOTA"), refusal.message)


# --- Counting -----------------------------------------------------------------------------

@claim
def of_jobs_that_come_at_once_exactly_the_quota_is_signed(town):
    with gateway(town, quota(town, caller=QUOTA), "once") as started:
        signed, refusals = sign_at_once(started, 64)
        equal((len(signed), len(refusals)), (QUOTA, 64 - QUOTA), "signed, refused")
        expect_quota(refusals)
        results = started.client().batch([item() for _ in range(64)])
        expect(not any(r.signature for r in results), "nothing is left of it")
        equal({r.status.code for r in results}, {BUSY.value[0]}, "status of items")


@claim
def the_quota_of_a_key_counts_all_its_jobs(town):
    with gateway(town, quota(town, key=QUOTA), "key") as started:
        results = started.client().batch([item() for _ in range(64)])
        equal(sum(bool(r.signature) for r in results), QUOTA, "signed")


@claim
def a_refusal_tells_when_the_day_ends_and_what_was_found(town):
    with gateway(town, quota(town, caller=1), "told") as started:
        client = started.client()
        client.sign()
        refusal = rig.refused(client.sign)
        expect_quota([refusal])
        left = refusal.retry.retry_delay.seconds
        now = time.time() + 7 * 3600  # WIB
        expect(abs(left - (86400 - now % 86400)) < 60, f"{left} s until the day ends")
        equal((refusal.info.metadata["fact"], refusal.info.metadata["found"],
               refusal.info.metadata["required"]), ("counter.caller_day", "2", "<= 1"))
        contains(refusal.message, "The quota of signatures for this day is used up.",
                 "rule CP-OPS-01")
        contains(rig.refused(client.sign, language="id").message,
                 "Kuota penandatanganan hari ini habis.")
        denied = by_type(town, "deny")[-1]
        equal(denied["fail"], [{"rule": "CP-OPS-01", "cp": "1.4.1", "code": "QUOTA",
                                "got": "2", "want": "<= 1"}])
        equal(denied["facts"]["counter.caller_day"], 2)


@claim
def a_quota_that_no_waiting_mends_names_no_time(town):
    file = policy(town, "total.yaml", (r"counter\.key_day: \{le: \d+\}",
                                       "counter.key_total: {le: 1}"))
    with gateway(town, file, "total") as started:
        client = started.client()
        client.sign()
        refusal = rig.refused(client.sign)
        expect_quota([refusal])
        equal((refusal.info.metadata["fact"], refusal.retry), ("counter.key_total", None))
        [result] = client.batch([item()])
        equal((result.status.code, result.status.retry_after_us), (BUSY.value[0], 0))


@claim
def what_was_counted_survives_a_kill_and_a_restart(town):
    file = quota(town, caller=QUOTA)
    with gateway(town, file, "kill") as started:
        signed, _ = sign_at_once(started, 4)
        equal(len(signed), 4)
        started.stop(signal.SIGKILL)
    with gateway(town, file, "kill") as started:
        started.client().batch([item() for _ in range(3)])
    with gateway(town, file, "kill") as started:
        signed, refusals = sign_at_once(started, 64)
        equal((len(signed), len(refusals)), (QUOTA - 7, 64 - QUOTA + 7), "signed, refused")
        expect_quota(refusals)


@claim
def the_same_id_again_does_not_count(town):
    with gateway(town, quota(town, caller=2), "same") as started:
        client, job = started.client(), item()
        for _ in range(5):
            expect(client.sign(job).signature, "the stored answer comes")
        expect(client.sign().signature, "the second one is signed")
        expect_quota([rig.refused(client.sign)])
        expect(client.sign(job).replayed, "an answer is given again when all is used up")


@claim
def a_signature_that_certainly_was_not_made_does_not_count(town):
    with gateway(town, quota(town, caller=2), "failed") as started:
        client = started.client()
        for lane in ("lane0", "lane1"):
            town.schedule(lane, "C_SignInit@1+=31")
        for _ in range(4):
            refusal = rig.refused(client.sign)
            expect(refusal.info.reason != "QUOTA", "a failure was counted")
        town.calm()
        until(lambda: signs(client))
        expect(client.sign().signature, "the second of two")
        expect_quota([rig.refused(client.sign)])
        expect(any(r["outcome"] == "failed" for r in by_type(town, "outcome")), "one failed")


def signs(client):
    try:
        return client.sign().signature
    except grpc.RpcError as error:
        expect(rig.Refusal(error).info.reason != "QUOTA", "a failure was counted")
        return False


@claim
def what_may_have_been_signed_counts(town):
    """The gateway is killed while the key is in use: nobody knows what came of it."""
    file = quota(town, caller=1)
    with gateway(town, file, "unsure") as started:
        for lane in ("lane0", "lane1"):
            town.schedule(lane, "C_Sign@1+=slow=1500")
        threading.Thread(target=swallow, args=(started.client().sign,), daemon=True).start()
        until(lambda: b'"type":"intent"' in ledger_bytes(town, "unsure"))
        started.stop(signal.SIGKILL)
    with gateway(town, file, "unsure") as started:
        expect_quota([rig.refused(started.client().sign)])
        equal([r["outcome"] for r in by_type(town, "outcome")], ["indeterminate"])


@claim
def what_a_dead_lane_may_have_signed_counts(town):
    with gateway(town, quota(town, caller=1), "dead") as started:
        for lane in ("lane0", "lane1"):
            town.schedule(lane, "C_Sign@1+=kill")
        refusal = rig.refused(started.client().sign)
        equal(refusal.info.reason, "INDETERMINATE", refusal.message)
        town.calm()
        until(lambda: rig.refused(started.client().sign).code == BUSY)
        expect_quota([rig.refused(started.client().sign)])


def swallow(function):
    with contextlib.suppress(grpc.RpcError):
        function()


def ledger_bytes(town, name):
    found = b""
    for suffix in (".db", ".db-wal"):
        with contextlib.suppress(OSError):
            found += town.rig.read(name + suffix, "rb")
    return found


# --- Ledger, PIN, clock, network -----------------------------------------------------------

@claim
def too_little_room_for_the_ledger_refuses(town):
    file = policy(town, "room.yaml", (r"log\.free_bytes: \{ge: \d+\}",
                                      f"log.free_bytes: {{ge: {2 ** 60}}}"))
    with gateway(town, file, "room") as started:
        refusal = rig.refused(started.client().sign)
        equal(refusal.info.reason, "LOG_UNAVAILABLE")
        denied = by_type(town, "deny")[-1]
        free = denied["facts"]["log.free_bytes"]
        expect(0 < free < 2 ** 60, f"{free} bytes are free")
        equal(denied["fail"][0]["got"], str(free))


@claim
def wrong_pins_of_one_token_are_a_fact_of_the_key(town):
    file = policy(town, "pins.yaml", (r"counter\.pin_failures: \{le: \d+\}",
                                      "counter.pin_failures: {le: 0}"))
    with gateway(town, file, "pins") as started:
        client = started.client()
        expect(client.sign().signature, "no PIN was wrong")
        town.schedule("lane0", "C_Login@1+=a0")
        os.kill(lanes_of(started)["lane0"], signal.SIGKILL)
        started.wait_event("pin.fail")
        refusal = rig.refused(client.sign)
        equal(refusal.info.reason, "PIN_LOCKED_OUT", refusal.message)
        equal(by_type(town, "deny")[-1]["facts"]["counter.pin_failures"], 1)


@claim
def a_jump_of_the_clock_is_remembered_until_the_gateway_is_ended_in_order(town):
    """The jump itself is judged in unit tests: nobody may set this machine's clock."""
    with gateway(town, "policy.yaml", "clock") as started:
        equal(by_type(town, "intent"), [])
        started.client().sign()
        equal(by_type(town, "intent")[-1]["facts"]["clock.stepped"], False)
    with contextlib.closing(sqlite3.connect(town.rig.path("clock.db"))) as ledger:
        ledger.execute("INSERT INTO meta VALUES ('memo/clock/stepped', 'yes')")
        ledger.commit()
    for number in (signal.SIGKILL, signal.SIGTERM):
        with gateway(town, "policy.yaml", "clock") as started:
            refusal = rig.refused(started.client().sign)
            equal(refusal.info.reason, "CLOCK_UNTRUSTED")
            started.stop(number)
    with gateway(town, "policy.yaml", "clock") as started:
        expect(started.client().sign().signature, "the next start begins anew")


@claim
def a_caller_from_another_network_is_refused(town):
    base = town.base
    town.base = base.replace("addresses: [127.0.0.0/8, \"::1\"]", "addresses: [192.0.2.0/24]")
    expect(town.base != base, "the demo names its network")
    with gateway(town, "policy.yaml", "net") as started:
        refusal = rig.refused(started.client().sign)
        equal(refusal.info.reason, "SOURCE_NOT_ALLOWED")
        expect("caller.network" not in by_type(town, "deny")[-1]["facts"], "no network")
    town.base = base.replace("server_vlan, addresses: [", "wifi, addresses: [127.0.0.1]}\n"
                             "  - {name: server_vlan, addresses: [")
    with gateway(town, "policy.yaml", "net") as started:
        rig.refused(started.client().sign)
        equal(by_type(town, "deny")[-1]["facts"]["caller.network"], "wifi")
    town.base = base


@claim
def other_content_under_a_known_id_is_denied_by_the_rule(town):
    with gateway(town, "policy.yaml", "other") as started:
        client, job = started.client(), item()
        client.sign(job)
        refusal = rig.refused(client.sign, item(request_id=job.request_id), language="id")
        equal((refusal.code, refusal.info.reason),
              (grpc.StatusCode.ALREADY_EXISTS, "IDEMPOTENCY_CONFLICT"))
        contains(refusal.message, "Nomor pekerjaan ini sudah dipakai untuk dokumen lain.",
                 "CP-4.5-06")
        denied = by_type(town, "deny")[-1]
        equal((denied["facts"]["job.repeat"], denied.get("by")), ("other", None))


@claim
def an_id_is_signed_at_most_once_without_a_rule_too(town):
    file = policy(town, "norule.yaml", (r"(require: \{job\.repeat)", r"mode: shadow\n    \1"))
    with gateway(town, file, "norule") as started:
        client, job = started.client(), item()
        client.sign(job)
        refusal = rig.refused(client.sign, item(request_id=job.request_id))
        equal(refusal.code, grpc.StatusCode.ALREADY_EXISTS)
        equal(by_type(town, "deny")[-1]["by"], "gateway")


@claim
def a_refusal_by_the_gateway_does_not_speak_of_rules(town):
    """The policy would refuse the class, and has no word for the id."""
    file = policy(town, "norepeat.yaml",
                  (r"(require: \{job\.repeat)", r"mode: off\n    \1"))
    with gateway(town, file, "norepeat") as started:
        client, job = started.client(), item()
        client.sign(job)
        refusal = rig.refused(client.sign, item(request_id=job.request_id),
                              document_class="kontrak_pengadaan")
        equal((refusal.code, refusal.info.reason, refusal.denial),
              (grpc.StatusCode.ALREADY_EXISTS, "IDEMPOTENCY_CONFLICT", None))
        equal([f["code"] for f in by_type(town, "deny")[-1]["fail"]],
              ["IDEMPOTENCY_CONFLICT"], "the record")
        [result] = client.batch([item(request_id=job.request_id)])
        equal((result.status.code, result.status.reason),
              (grpc.StatusCode.ALREADY_EXISTS.value[0], "IDEMPOTENCY_CONFLICT"), "of a batch")


# --- What stands on the log ------------------------------------------------------------------

# Of the sample: what its enforced and shadow rules read of request and state.
READ = {"job.class", "job.notice", "job.meta_pii", "caller.entitled", "caller.network",
        "key.class_allowed", "cert.remaining_s", "cert.in_period", "clock.now",
        "clock.weekday", "clock.minute_of_day", "clock.holiday", "job.repeat",
        "clock.stepped", "counter.caller_day", "counter.key_day", "counter.pin_failures",
        "log.durable", "log.writable", "log.free_bytes", "caller.auth", "key.accepted",
        "key.hold", "key.compromised", "activation.active", "global.lockdown",
        "mandate.present"}
# Only where a clock is set by somebody.
MAY_BE = {"clock.offset_ms", "clock.sync_age_s"}


@claim
def decisions_hold_what_they_were_judged_by_and_name_the_facts_of_the_key(town):
    with gateway(town, "policy.yaml", "facts") as started:
        client = started.client()
        client.sign()
        rig.refused(client.sign, document_class="kontrak_pengadaan")
        found = town.records()
        decisions = [r for r in found if r["type"] in ("intent", "deny")]
        equal([r["type"] for r in decisions], ["intent", "deny"])
        for record in decisions:
            equal(set(record["facts"]) - MAY_BE, READ, "facts")
            expect("facts_cut" not in record, "nothing was left out")
            bound = found[record["bound"]]
            equal((bound["type"], bound["subject"], bound["policy_rev"]),
                  ("key.facts", "seal-demo", record["policy_rev"]))
            facts = bound["facts"]
            expect(len(facts) >= 44, f"{len(facts)} facts of the key")
            equal((facts["key.id"], facts["key.type"], facts["key.rsa_bits"],
                   facts["key.extractable"], facts["cert.serial"], facts["cert.chain_ok"]),
                  ("seal-demo", "rsa", 2048, False, record["cert_serial"], True))
            expect("key.destroyable" in facts, "CKA_DESTROYABLE is told")
        equal(decisions[0]["facts"]["counter.caller_day"], 1, "the first of the day")


@claim
def the_facts_of_a_key_are_written_at_each_start_and_no_more(town):
    for starts in (1, 2):
        with gateway(town, "policy.yaml", "starts") as started:
            for _ in range(3):
                started.client().sign()
            keys, intents = by_type(town, "key.facts"), by_type(town, "intent")
            equal(len(keys), starts, "key.facts")
            equal(intents[-1]["bound"], keys[-1]["seq"])
            expect(keys[-1]["seq"] < intents[-1]["seq"], "before the decision")


@claim
def a_denial_for_want_of_any_passing_rule_is_told_as_such(town):
    head = town.rig.read("policy.yaml").split("\nrules:\n")[0]
    town.rig.write("shadow.yaml", head + "\nrules:\n  - {id: S, cp: \"1\", level: soft, mode: "
                   "shadow, require: {job.notice: true}, deny: NO}\n")
    with gateway(town, "shadow.yaml", "nothing") as started:
        equal(rig.refused(started.client().sign).code, grpc.StatusCode.PERMISSION_DENIED)
        denied = by_type(town, "deny")[-1]
        equal([f["code"] for f in denied["fail"]], ["DEFAULT_DENY"])
        expect("by" not in denied, "it was the policy")


@claim
def a_denial_by_more_rules_than_it_lists_says_how_many(town):
    head = town.rig.read("policy.yaml").split("\nrules:\n")[0]
    rules = "".join(f"  - {{id: R{i}, cp: \"1\", level: hard, require: {{key.rsa_bits: "
                    f"{{ge: {9000 + i}}}}}, deny: NO}}\n" for i in range(21))
    town.rig.write("many.yaml", f"{head}\nrules:\n{rules}")
    with gateway(town, "many.yaml", "many") as started:
        client = started.client()
        refusal = rig.refused(client.sign)
        equal((len(refusal.denial.failures), refusal.denial.more), (16, 5))
        [result] = client.batch([item()])
        equal(result.status.denial.more, 5, "of a batch")
        for denied in by_type(town, "deny"):
            equal((len(denied["fail"]), denied["fail_more"]), (16, 5))
        counted = town.rig.segel("reviewer", "policy", "matrix", "--from", "2020-01-01",
                                 town.rig.path("many.yaml"))
        contains(counted.stdout, "2 denials by more rules than their records have room for")


NIK = "3374012345678901"


@claim
def what_is_refused_for_personal_data_does_not_reach_the_log(town):
    file = policy(town, "nik.yaml", (r"require: \{job\.notice: true\}",
                                     "require: {job.notice: true, job.meta_keys: {subset: "
                                     "[a]}, job.content_type: {exists: true}}"),
                  (r'matches: "\[A-Za-z0-9\]\[', 'matches: "[A-Z][A-Z]['))
    with gateway(town, file, "nik") as started:
        client = started.client()
        for change in (dict(approval_ref=NIK), dict(batch="b-" + NIK),
                       dict(content_type="x/" + NIK), dict(document_class=NIK),
                       dict(labels={NIK: "x"}), dict(labels={"a": NIK}),
                       dict(approval_ref="33.74.01-234567 8901"), dict(mandate=NIK)):
            refusal = rig.refused(client.sign, **change)
            expect("CP-9.4-01" in [f.rule for f in refusal.denial.failures], str(change))
        digits = re.sub(rb"[^0-9]", b"", ledger_bytes(town, "nik"))
        expect(NIK.encode() not in digits, "the number stands in the ledger's file")
        masked = by_type(town, "deny")[0]
        equal(masked["approval_ref"], "0" * 16)
        equal(by_type(town, "deny")[4]["facts"]["job.meta_keys"], ["0" * 16])


@claim
def what_is_refused_for_another_reason_puts_no_personal_data_on_the_log(town):
    """The rule about it only watches; the quota, known to the core alone, refuses."""
    file = policy(town, "nikquota.yaml",
                  (r"(require: \{job\.meta_pii: false)", r"mode: shadow\n    \1"),
                  (r"counter\.caller_day: \{le: \d+\}",
                   'job.content_type: {matches: "a.*"}, counter.caller_day: {le: 1}, '
                   "job.meta_keys: {exists: true}"))
    passed = NIK[:-1] + "9"
    with gateway(town, file, "nikquota") as started:
        client = started.client()
        client.sign(content_type="a/b", labels={"n": "x"}, approval_ref=passed)
        intent = by_type(town, "intent")[-1]
        equal(intent["approval_ref"], passed, "by this policy it is no personal data")
        expect("CP-9.4-01" in intent["rules"]["shadow_fail"], "it watches")
        refusal = rig.refused(client.sign, content_type="x/" + NIK, batch="b-" + NIK,
                              approval_ref=NIK, labels={NIK: "x", 'a"],b': "x"})
        equal(refusal.info.reason, "QUOTA")
        denied = by_type(town, "deny")[-1]
        zeros = "0" * 16
        equal((denied["approval_ref"], denied["batch"], denied["fail"][0]["got"]),
              (zeros, "b-" + zeros, "x/" + zeros))
        equal((denied["facts"]["job.content_type"], sorted(denied["facts"]["job.meta_keys"])),
              ("x/" + zeros, [zeros, 'a"],b']))
        expect(denied["facts"]["caller.network"], "facts behind it are whole")
        digits = re.sub(rb"[^0-9]", b"", ledger_bytes(town, "nikquota"))
        expect(NIK.encode() not in digits, "the number stands in the ledger's file")


def main():
    return rig.run(Town("quotas"))


if __name__ == "__main__":
    sys.exit(main())
