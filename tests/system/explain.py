#!/usr/bin/python3
"""Explain: how would this job be judged? It answers as Sign would, of every rule, and leaves
nothing behind but its record."""
import json
import os
import re
import resource
import signal
import sys
import time

import faulty
import grpc
import rig
from rig import claim, common, contains, equal, expect, item, signing

CODE = grpc.StatusCode
NIK = "3171 0123 4567 8901"
B_T, RAW = common.SIGNATURE_PROFILE_PADES_B_T, common.SIGNATURE_PROFILE_RAW
ALLOW, DENY = common.DECISION_ALLOW, common.DECISION_DENY

# What spoils a lawful job, and what Sign calls it.
DENIALS = {
    "class": (dict(document_class="kontrak_pengadaan"), "USE_PROHIBITED"),
    "other class": (dict(document_class="puisi"), "USE_NOT_ALLOWED"),
    "no reference": (dict(approval_ref=""), "NO_CONSENT_REF"),
    "malformed reference": (dict(approval_ref="-?-"), "NO_CONSENT_REF"),
    "no notice": (dict(notice_shown=False), "NO_ESIGN_NOTICE"),
    "personal data": (dict(labels={"nama": NIK}), "PII_IN_METADATA"),
    "no time stamp authority": (dict(profile=B_T), "UNSUPPORTED"),
    "bare digest": (dict(profile=RAW), "PROFILE_NOT_ALLOWED"),
    "two at once": (dict(document_class="tls", notice_shown=False), "USE_PROHIBITED"),
    "scheme": (dict(signature_algorithm=common.SIGNATURE_ALGORITHM_RSA_PSS), "INVALID"),
}
# What makes the whole call fail, in Explain as in Sign.
FAULTS = {
    "unknown key": dict(key="nobody"),
    "no key": dict(key=""),
    "no profile": dict(profile=0),
    "no hash": dict(hash_algorithm=0),
    "no class": dict(document_class=""),
    "long reference": dict(approval_ref="x" * 129),
    "nine labels": dict(labels={f"l{i}": "x" for i in range(9)}),
}
# Rules of every mode and kind, before those of the sample.
KINDS = """rules:
  - {id: X-OFF, cp: "1", level: hard, mode: off, require: {job.batch: batch-1}, deny: X_OFF}
  - {id: X-SHADOW, cp: "1", level: hard, mode: shadow, require: {job.batch: batch-1}, deny: X_SHADOW}
  - {id: X-ADVISORY, cp: "1", level: advisory, require: {job.batch: batch-1}, deny: X_ADVISORY}
  - {id: X-LIFTED, cp: "1", level: soft, require: {job.batch: batch-1}, deny: X_LIFTED}
"""
RELIEF = """exceptions:
  - {rule: X-LIFTED, match: {caller.name: e-office}, until: 2099-01-01, approved_by: [ND-1], reason: "trial"}
"""


def ask(client, the_item=None, timeout=10, **changes):
    call = client.call("unary_unary", "Explain", signing.ExplainRequest,
                       signing.ExplainResponse)
    request = signing.ExplainRequest(terms=rig.terms(**changes))
    if the_item is not None:
        request.item.CopyFrom(the_item)
    return call(request, timeout=timeout)


def by_id(answer):
    return {rule.rule: rule for rule in answer.rules}


def records(the_rig, *kinds):
    """Those of the log: what was answered is on it, under a checkpoint or not."""
    shown = the_rig.segel("reviewer", "log", "show", "--json")
    equal(shown.returncode, 0, shown.stderr)
    lines = [json.loads(line) for line in shown.stdout.splitlines() if line.strip()]
    lines = [line.get("record", line) for line in lines]
    return [line for line in lines if not kinds or line["type"] in kinds]


def with_policy(the_rig, text, *changes):
    """A configuration with another policy; its own tests are left away."""
    the_rig.write("changed-policy.yaml", text[:text.index("\nbases:")] + "\n")
    return the_rig.config((r"file: policy\.yaml", "file: changed-policy.yaml"),
                          rig.fresh_ledger(), *changes)


# --- As Sign would ---------------------------------------------------------------------------

@claim
def a_lawful_job_is_allowed_and_every_rule_is_there_in_order(the_rig):
    wanted = re.findall(r"^  - id: (\S+)$", the_rig.read("policy.yaml"), re.M)
    with the_rig.gateway() as gateway:
        answer = ask(gateway.client(), item())
        equal(answer.decision, ALLOW)
        expect(not answer.HasField("status"), "nothing is refused")
        equal([rule.rule for rule in answer.rules], wanted, "rules")
        equal(answer.policy_id, "bsre-seal-sample")
        equal(len(answer.policy_sha256), 32)
        equal(len(answer.log.leaf_hash), 32)
        rule = by_id(answer)["CP-7.1-01"]
        equal((rule.cp_section, rule.code), ("7.1.3", "ALG_NOT_ALLOWED"))
        equal((rule.result, rule.raw), (common.RULE_RESULT_PASS,) * 2)
        equal((rule.level, rule.mode), (common.RULE_LEVEL_HARD, common.RULE_MODE_ENFORCE))
        counted = by_id(answer)["CP-OPS-01"]
        equal((counted.mode, counted.result, counted.lacks),
              (common.RULE_MODE_ENFORCE, common.RULE_RESULT_PASS, ""))
        pending = by_id(answer)["CP-5.2-03"]
        equal(pending.mode, common.RULE_MODE_PENDING)
        equal((pending.raw, pending.lacks), (common.RULE_RESULT_SKIP,
                                              "grant.requester_approves"))


@claim
def a_denial_is_that_of_sign_word_for_word(the_rig):
    with the_rig.gateway() as gateway:
        client = gateway.client()
        for language in ("en", "id"):
            for name, (changes, reason) in DENIALS.items():
                answer = ask(client, item(), language=language, **changes)
                refusal = rig.refused(client.sign, language=language, **changes)
                equal(answer.decision, DENY, name)
                equal(refusal.info.reason, reason, name)
                equal(answer.status.code, refusal.code.value[0], f"status of '{name}'")
                equal(answer.status.message, refusal.message, f"sentence of '{name}'")
                equal(answer.status.HasField("denial"), refusal.denial is not None, name)
                if refusal.denial is not None:
                    equal(answer.status.denial, refusal.denial, f"denial of '{name}'")
        equal(by_id(ask(client, document_class="tls"))["CP-1.4-02"].found, "tls")


@claim
def what_fails_as_a_call_fails_like_sign(the_rig):
    with the_rig.gateway() as gateway:
        client = gateway.client()
        for name, changes in FAULTS.items():
            mine = rig.refused(ask, client, item(), **changes)
            its = rig.refused(client.sign, **changes)
            equal((mine.code, mine.message), (its.code, its.message), name)
        mine = rig.refused(ask, client, item(value=b"\1" * 31))
        its = rig.refused(client.sign, item(value=b"\1" * 31))
        equal((mine.code, mine.message), (its.code, its.message), "digest")
        call = client.channel.unary_unary("/segel.v1.SigningService/Explain")
        equal(rig.refused(call, b"", timeout=10).code, CODE.INVALID_ARGUMENT)
        equal(rig.refused(call, b"\xba\x3e\x01x", timeout=10).code, CODE.INVALID_ARGUMENT,
              "an unknown field")
        for name in ("reviewer", "officer-1"):
            refusal = rig.refused(ask, gateway.client(name), item())
            equal(refusal.code, CODE.PERMISSION_DENIED, name)
            contains(refusal.message, name, "backend")


@claim
def id_and_digest_may_be_left_away(the_rig):
    with the_rig.gateway() as gateway:
        client = gateway.client()
        for one in (None, signing.SignItem(), signing.SignItem(request_id="x"),
                    signing.SignItem(digest=rig.digest())):
            equal(ask(client, one).decision, ALLOW)


@claim
def the_entitlement_of_the_configuration_counts_without_a_rule(the_rig):
    text = the_rig.read("policy.yaml")
    forgets = text.replace("    require: {caller.entitled: true}\n",
                           "    mode: off\n    require: {caller.entitled: true}\n")
    expect(forgets != text, "the sample asks who is entitled")
    config = with_policy(the_rig, forgets, (r"keys: \[seal-demo\]\}", "keys: []}"))
    with the_rig.gateway(config) as gateway:
        answer, refusal = ask(gateway.client()), rig.refused(gateway.client().sign)
        equal(answer.decision, DENY)
        equal(answer.status.message, refusal.message)
        expect(not answer.status.HasField("denial"), "no rule of the file refuses")
        equal(by_id(answer)["CP-4.5-02"].mode, common.RULE_MODE_OFF)
        last = records(the_rig, "explain")[-1]
        equal((last["decision"], last["fail"][0]["code"]), ("deny", "CALLER_NOT_ENTITLED"))


@claim
def modes_levels_and_exceptions_are_told_apart(the_rig):
    text = the_rig.read("policy.yaml").replace("rules:\n", KINDS, 1)
    config = with_policy(the_rig, text.replace("\nbases:", f"\n{RELIEF}\nbases:", 1))
    with the_rig.gateway(config) as gateway:
        client = gateway.client()
        answer = ask(client, item(), batch="batch-2")
        equal(answer.decision, ALLOW)
        expect(client.sign(batch="batch-2").signature, "and so says Sign")
        rules = by_id(answer)
        told = {name: (common.RuleResult.Name(rules[name].raw)[12:],
                       common.RuleResult.Name(rules[name].result)[12:],
                       rules[name].excepted) for name in rules if name.startswith("X-")}
        equal(told, {"X-OFF": ("SKIP", "SKIP", False),
                     "X-SHADOW": ("FAIL", "SHADOW_FAIL", False),
                     "X-ADVISORY": ("FAIL", "WARN", False),
                     "X-LIFTED": ("FAIL", "SKIP", True)})
        equal(rules["X-SHADOW"].found, "batch-2")
        expect("batch-1" in rules["X-SHADOW"].required, rules["X-SHADOW"].required)
        told = by_id(ask(client, item(), batch="batch-1"))
        equal(told["X-LIFTED"].result, common.RULE_RESULT_PASS)
        expect(not told["X-LIFTED"].excepted, "nothing had to be lifted")


# --- Nothing is left behind ------------------------------------------------------------------

@claim
def the_id_is_free_afterwards_and_no_decision_stands_on_the_log(the_rig):
    with the_rig.gateway() as gateway:
        client, job = gateway.client(), item()
        equal(ask(client, job).decision, ALLOW)
        ask(client, item(job.request_id), document_class="tls")
        before = records(the_rig, "intent", "outcome", "replay", "deny")
        expect(all(record.get("job") != job.request_id for record in before),
               "the id stands on the log")
        result = client.sign(job)
        equal((result.replayed, result.attempt), (False, 1), "the first signature")
        equal(ask(client, job).decision, ALLOW, "also when the id was used")
        equal(ask(client, item(job.request_id)).decision, ALLOW, "and for other content")
        after = records(the_rig, "intent", "outcome", "replay", "deny")
        equal(len(after), len(before) + 2, "records of decisions")


@claim
def the_question_is_on_the_log_by_names_only(the_rig):
    with the_rig.gateway() as gateway:
        job, reference = item(), "ND-2026/SECRET"
        answer = ask(gateway.client(), job, approval_ref=reference, batch="my-batch",
                     document_class="tls", labels={"mylabel": "myvalue"})
        (record,) = [r for r in records(the_rig, "explain") if r["seq"] == answer.log.index]
        equal(record["caller"], "e-office")
        expect(record["caller_cert"].startswith("sha256:"), record["caller_cert"])
        equal((record["key"], record["doc_class"]), ("seal-demo", "tls"))
        equal(record["decision"], "deny")
        equal(record["fail"][0], {"rule": "CP-1.4-02", "cp": "1.4.2", "code": "USE_PROHIBITED"})
        equal(record["policy_rev"], "sha256:" + answer.policy_sha256.hex())
        text = json.dumps(record)
        for word in (job.request_id, job.digest.hex(), reference, "my-batch", "mylabel",
                     "myvalue"):
            expect(word not in text, f"'{word}' stands on the log")
        verified = the_rig.segel("reviewer", "log", "verify")
        equal(verified.returncode, 0, verified.stdout + verified.stderr)


# --- Load ------------------------------------------------------------------------------------

@claim
def questions_are_bounded_and_each_that_is_answered_is_recorded(the_rig):
    config = the_rig.config((r"^node: gw1$", "node: gw1\nadmin: {port: 0, address: 127.0.0.1}\n"
                             "limits: {explains_per_minute: 5}"))
    with the_rig.gateway(config) as gateway:
        before = len(records(the_rig, "explain"))
        client = gateway.client()
        for number in range(5):
            equal(ask(client, item()).decision, ALLOW, f"question {number + 1}")
        refusal = rig.refused(ask, client, item())
        equal(refusal.code, CODE.RESOURCE_EXHAUSTED)
        equal(refusal.info.reason, "CALLER_LIMIT")
        contains(refusal.message, "limits.explains_per_minute")
        expect(0 < refusal.retry.retry_delay.seconds <= 12, str(refusal.retry))
        expect(client.sign().signature, "signing goes on")
        equal(len(records(the_rig, "explain")), before + 5, "records")
        equal(faulty.metrics(gateway).value("segel_explains_refused_total",
                                            caller="e-office"), 1)


@claim
def neither_a_lane_nor_a_place_in_the_queue_is_needed(the_rig):
    # A lane that stands still is not found hung meanwhile, however slow the machine is.
    config = the_rig.config((r"^node: gw1$", "node: gw1\nqueue: {limit: 1}\n"
                                             "hsm: {timeout_ms: 60000}"))
    with the_rig.gateway(config) as gateway:
        client = gateway.client()
        client.sign()
        lane = faulty.lanes_of(gateway)[0]
        faulty.stand_still(lane)
        try:
            call = client.call("unary_unary", "Sign", signing.SignRequest, signing.SignResponse)
            waits = call.future(signing.SignRequest(terms=rig.terms(), item=item()), timeout=20)
            time.sleep(1)
            equal(rig.refused(client.sign).code, CODE.RESOURCE_EXHAUSTED)
            equal(ask(client, item()).decision, ALLOW)
        finally:
            os.kill(lane, signal.SIGCONT)
        expect(waits.result().result.signature, "the job that waited is signed")


@claim
def an_oid_that_the_policy_does_not_list_is_not_named_as_accepted(the_rig):
    text = the_rig.read("policy.yaml")
    for listed, named in (("2.16.360.1.1.1.3.12", "2.16.360.1.1.1.3.12"),
                          ("2.16.360.1.1.1.3.99", "")):
        other = text.replace('cp_oids: ["2.16.360.1.1.1.3.12"]', f'cp_oids: ["{listed}"]', 1)
        with the_rig.gateway(with_policy(the_rig, other)) as gateway:
            equal(gateway.client().signer().certificate_policy_oid, named)
            equal(ask(gateway.client(), item()).decision, ALLOW if named else DENY)


@claim
def a_key_goes_on_being_explained_while_its_hsm_is_away(the_rig):
    with the_rig.gateway() as gateway:
        client, good = gateway.client(), the_rig.read("softhsm2.conf")
        client.sign()
        the_rig.write("softhsm2.conf", "nonsense\n")
        try:
            for lane in faulty.lanes_of(gateway):
                os.kill(lane, signal.SIGKILL)
            gateway.wait_event("lane.down")
            equal(rig.refused(client.sign, timeout=5).code, CODE.UNAVAILABLE)
            equal(ask(client, item()).decision, ALLOW)
            equal(ask(client, item(), document_class="tls").decision, DENY)
        finally:
            the_rig.write("softhsm2.conf", good)


@claim
def no_question_is_answered_that_cannot_be_recorded(the_rig):
    with the_rig.gateway() as gateway:
        client = gateway.client()
        client.sign()
        resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE, (4096, 4096))
        refusal = rig.refused(ask, client, item())
        equal(refusal.code, CODE.UNAVAILABLE)
        contains(refusal.message, "ledger")
        equal(gateway.wait_end(10), 1, "exit code")


# --- The command -----------------------------------------------------------------------------

LAWFUL = {"key": "seal-demo", "profile": "pades_b_b", "hash": "sha256",
          "document_class": "surat_keterangan", "approval_ref": "ND-2026/001",
          "notice": True, "content_type": "application/pdf"}


def command(the_rig, job, *options, client="e-office"):
    text = job if isinstance(job, (str, bytes)) else json.dumps(job)
    return the_rig.segel(client, "policy", "explain", "--gateway", "--job",
                         the_rig.write("job.json", text), *options)


@claim
def the_command_asks_the_gateway_and_prints_every_rule(the_rig):
    with the_rig.gateway() as gateway:
        answer = ask(gateway.client(), item())
        result = command(the_rig, LAWFUL)
        equal(result.returncode, 0, result.stderr)
        lines = result.stdout.splitlines()
        equal([line.split()[1] for line in lines[:-1]], [r.rule for r in answer.rules])
        equal(lines[-1], "allowed")
        contains(result.stdout, "is not yet judged: the gateway does not know "
                 "'grant.requester_approves' yet")
        expect("\x1b" not in result.stdout, "colours in a pipe")
        result = command(the_rig, LAWFUL | {"document_class": "tls"})
        equal(result.returncode, 1, "exit code of a denial")
        contains(result.stdout, "fail         CP-1.4-02    1.4.2   hard     enforce",
                 "USE_PROHIBITED: This class of document must not be signed", "\ndenied\n")
        result = command(the_rig, LAWFUL | {"document_class": "tls"}, "--lang", "id")
        contains(result.stdout, "Jenis dokumen ini dilarang", "\nditolak\n")
        told = json.loads(command(the_rig, LAWFUL | {"notice": False}, "--json").stdout)
        equal((told["decision"], told["policy"]), ("deny", "bsre-seal-sample"))
        contains(told["why"], "CP-4.5-07")
        row = next(row for row in told["rules"] if row["id"] == "CP-4.5-07")
        equal((row["result"], row["raw"], row["level"], row["mode"], row["excepted"]),
              ("fail", "fail", "soft", "enforce", False))
        last = records(the_rig, "explain")[-1]
        equal(last["seq"], told["log_index"])


@claim
def the_command_takes_all_that_a_job_can_say(the_rig):
    whole = LAWFUL | {"scheme": "rsa-pkcs1", "batch": "b-1", "request_id": "SK-1",
                      "digest": "ab" * 32, "labels": {"office": "kelurahan"},
                      "profile": "pades-b-b"}
    with the_rig.gateway():
        equal(command(the_rig, whole).returncode, 0)
        equal(command(the_rig, "# YAML\nkey: seal-demo\nprofile: cades_b_b\nhash: sha384\n"
                               "document_class: surat_tugas\nnotice: true\n"
                               "approval_ref: ND-1\n").returncode, 0)
        result = command(the_rig, whole | {"labels": {"nik": NIK}})
        equal(result.returncode, 1)
        contains(result.stdout, "PII_IN_METADATA")


@claim
def the_command_names_what_is_wrong_with_a_job_file(the_rig):
    def told(job, *words, code=2):
        result = command(the_rig, job)
        equal(result.returncode, code, f"exit code for {job}: {result.stderr}")
        contains(result.stderr, *words)
        equal(result.stdout, "", "output")
        equal(len(result.stderr.splitlines()), 1, "sentences")

    for name in ("key", "profile", "hash", "document_class"):
        told({k: v for k, v in LAWFUL.items() if k != name}, "job.json", f"'{name}' is missing")
    told(LAWFUL | {"documentclass": "x"}, "did you mean 'document_class'?", "job.json:1:")
    told(LAWFUL | {"zzzz": "x"}, "no field 'zzzz'", "--help")
    told({"clock.now": "2026-05-02T08:00:00+07:00"}, "'clock.now' is a fact", "--policy FILE")
    told(LAWFUL | {"profile": "pdf"}, "'pdf'", "pades_b_b")
    told(LAWFUL | {"hash": "md5"}, "'md5'", "sha256")
    told(LAWFUL | {"scheme": "dsa"}, "'dsa'", "rsa-pss")
    told(LAWFUL | {"digest": "xyz"}, "hexadecimal")
    told(LAWFUL | {"notice": "yes"}, "job.json:1:")
    told(LAWFUL | {"labels": ["a"]}, "labels are a map")
    told(LAWFUL | {"labels": {str(i): "x" for i in range(9)}}, "at most 8")
    told("[]", "one object")
    told("", "job.json")
    told(b"\x00\x01\x02", "job.json")
    told(b"{\"key\": \"\xff\"}", "job.json")
    told(" " * (1 << 20) + "{}", "job.json", "1 MiB")
    both = the_rig.segel("e-office", "policy", "explain", "--gateway", "--policy", "x", "--job", "y")
    equal(both.returncode, 2)
    contains(both.stderr, "exclude each other")
    neither = the_rig.segel("e-office", "policy", "explain", "--job", "y")
    equal(neither.returncode, 2)
    contains(neither.stderr, "--policy FILE, or --gateway")


@claim
def the_command_says_why_a_gateway_does_not_answer(the_rig):
    with the_rig.gateway():
        result = command(the_rig, LAWFUL | {"key": "seal-dema"})
        equal(result.returncode, 1, result.stderr)
        contains(result.stderr, "there is no key 'seal-dema'")
        result = command(the_rig, LAWFUL, client="reviewer")
        equal(result.returncode, 1, result.stderr)
        contains(result.stderr, "reviewer", "role backend")
    result = command(the_rig, LAWFUL)
    equal(result.returncode, 3, result.stderr)
    contains(result.stderr, "127.0.0.1")


if __name__ == "__main__":
    sys.exit(rig.run(rig.Rig("explain")))
