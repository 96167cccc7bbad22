#!/usr/bin/python3
"""Logged decisions judged again: by the policy of the time each comes out as recorded, by
another one as a gateway with that policy decides."""
import json
import os
import sys
import time
import urllib.request

import exposition
import rig
from rig import claim, common, contains, equal, expect, item

HEAD = """apiVersion: segel/v1
kind: CertificatePolicy
metadata: {id: %s, version: 1, effective: 2026-01-01, review_by: 2099-01-01}
profile: test
rules:
"""
RULE = '  - {id: %s, cp: "%s", level: %s, mode: %s, %srequire: {%s}, deny: %s}\n'


def rule(name, require, level="hard", mode="enforce", when="", section="4.5.1"):
    return RULE % (name, section, level, mode, when and f"when: {{{when}}}, ", require, name)


KEY = rule("KEY", "key.rsa_bits: {ge: 2048}, key.sign: true")
PII = rule("PII", "job.meta_pii: false", section="9.4")
MEDIA = rule("MEDIA", "job.content_type: {in: [application/pdf]}", "soft", "shadow")
SHADE = rule("SHADE", "status.age_s: {le: 60}", "soft", "shadow")
EXCEPTION = """exceptions:
  - {rule: NOTICE, until: 2099-01-01, reason: old forms, approved_by: [one, two], match: {job.batch: old-forms}}
"""
OLD = HEAD % "old" + KEY + PII + MEDIA + SHADE + "".join((
    rule("CLASS", "job.doc_class: {in: [surat_keterangan, surat_tugas]}"),
    rule("REF", "job.approval_ref: {exists: true}"),
    rule("NOTICE", "job.notice: true", "soft"),
    rule("PERIOD", "cert.in_period: true, clock.now: {le: policy.review_by}"),
    rule("LABELS", "job.meta_keys: {subset: [nomor]}", "advisory"),
    rule("BATCH", "job.batch: {matches: \"[a-z-]+\"}", when="job.batch: {exists: true}"),
    rule("HOURS", "clock.weekday: {exists: true}, clock.minute_of_day: {ge: 0}", "soft"),
)) + EXCEPTION
# Milder in CLASS, without REF, stricter in NOTICE and MEDIA; NUMBER is new.
NEW = HEAD % "new" + KEY + PII + "".join((
    rule("CLASS", "job.doc_class: {in: [surat_keterangan, nota_dinas]}"),
    rule("NOTICE", "job.notice: true"),
    rule("MEDIA", "job.content_type: {in: [application/pdf]}", "soft"),
    rule("NUMBER", "job.approval_ref: {matches: \"ND-[0-9/]+\"}",
         when="job.approval_ref: {exists: true}"),
))
STRANGE = HEAD % "strange" + KEY + rule("ROLES", "caller.roles: {subset: [backend]}")
SILENT = HEAD % "silent" + SHADE + MEDIA
# Ten rules in shadow that fail, one that only warns, and one that an exception lifts.
MANY = [f"TRIAL{number}" for number in range(1, 11)]
REMARKED = HEAD % "remarked" + KEY + "".join(
    rule(name, "job.batch: {exists: false}", mode="shadow") for name in MANY) + "".join((
        rule("LABELS", "job.meta_keys: {subset: [nomor]}", "advisory"),
        rule("NOTICE", "job.notice: true", "soft"))) + EXCEPTION
TEXTS = {"old": OLD, "new": NEW, "strange": STRANGE, "silent": SILENT, "remarked": REMARKED}

STATE = HEAD % "state" + KEY + "".join((
    rule("CLASS", "job.doc_class: {in: [surat_keterangan]}"),
    rule("QUOTA", "counter.key_total: {le: %d}"),
    rule("SPACE", "log.free_bytes: {ge: 1}, log.durable: true"),
    rule("FIRST", "job.repeat: {ne: other}"),
    rule("DAY", "counter.key_day: {le: 1}", "soft", "shadow", when="job.notice: true"),
))

# What each job changes of a lawful one.
JOBS = {
    "lawful": {},
    "task": dict(document_class="surat_tugas"),
    "note": dict(document_class="nota_dinas"),
    "no-ref": dict(approval_ref=""),
    "odd-ref": dict(approval_ref="SK.17"),
    "no-notice": dict(notice_shown=False),
    "old-form": dict(notice_shown=False, batch="old-forms"),
    "batch": dict(batch="BATCH-7"),
    "image": dict(content_type="image/png"),
    "no-media": dict(content_type=""),
    "labels": dict(labels={"nomor": "17", "perihal": "uji"}),
    "person": dict(approval_ref="3171234567890001"),
    "all-wrong": dict(document_class="tls", approval_ref="", notice_shown=False,
                      labels={"nik": "3171234567890001"}, batch="BATCH"),
}
UNSERVED = dict(signature_algorithm=common.SIGNATURE_ALGORITHM_RSA_PSS)


class Town:
    def __init__(self, the_rig):
        self.rig, self.policies = the_rig, {}  # the newest version of each
        self.version, self.in_force = 1, None
        for name in TEXTS:
            self.write(name)
        self.change = None  # when the new policy came in force

    def write(self, name):
        text = TEXTS[name].replace("version: 1,", f"version: {self.version},")
        self.policies[name] = self.rig.write(f"{name}-{self.version}.yaml", text)

    def gateway(self, policy):
        """Another policy comes in force under a higher version only."""
        if self.in_force not in (None, policy):
            self.version += 1
            self.write(policy)
        self.in_force = policy
        text = self.rig.read("segeld.yaml").replace(
            "file: policy.yaml", f"file: {os.path.basename(self.policies[policy])}")
        text = text.replace("roles: [officer]", "roles: [backend]")
        certificate = 'certificate: seal-other.pem'
        expect(certificate in text, "the configuration has a second key")
        if not os.path.exists(self.rig.path("other.pem")):
            self.rig.foreign_certificate()
        text = text.replace(certificate, "certificate: other.pem")
        text += "admin: {address: 127.0.0.1, port: 0}\n"
        return self.rig.gateway(self.rig.write(f"{policy}-gateway.yaml", text))

    def two_policies(self):
        """Once: decisions of the old policy, then of the new one, on one log."""
        if self.change is not None:
            return self.change
        with self.gateway("old") as gateway:
            sign_all(gateway, "first")
            sign_by_gateway(gateway, "first")
        after = time.gmtime(time.time() + 1)
        time.sleep(1.1)
        with self.gateway("new") as gateway:
            sign_all(gateway, "second")
        self.change = time.strftime("%Y-%m-%dT%H:%M:%SZ", after)
        return self.change

    def replay(self, policy, *arguments):
        """Exit code, rows of differences, sums."""
        result = self.rig.segel("reviewer", "policy", "replay", "--json", "--policy",
                                self.policies[policy], *arguments)
        expect(result.returncode in (0, 1), result.stderr)
        lines = [json.loads(line) for line in result.stdout.splitlines()]
        return result.returncode, lines[:-1], lines[-1]

    def decisions(self, *arguments):
        shown = self.rig.segel("reviewer", "log", "show", "--json", "--type", "intent,deny",
                               *arguments)
        equal(shown.returncode, 0, shown.stderr)
        return [json.loads(line) for line in shown.stdout.splitlines()]


def sign(client, name, **changes):
    try:
        client.sign(item(name), **changes)
    except rig.grpc.RpcError as error:
        expect(error.code() not in (rig.grpc.StatusCode.UNAVAILABLE,
                                    rig.grpc.StatusCode.INTERNAL), f"{name}: {error}")


def sign_all(gateway, prefix):
    client = gateway.client()
    for name, changes in JOBS.items():
        sign(client, f"{prefix}-{name}", **changes)


def sign_by_gateway(gateway, prefix):
    """What the gateway denies although every rule allows it, and an id used twice."""
    sign(gateway.client(), f"{prefix}-unserved", **UNSERVED)
    sign(gateway.client("officer-1"), f"{prefix}-stranger")
    sign(gateway.client(), f"{prefix}-unusable", key="seal-other")
    sign(gateway.client(), f"{prefix}-twice")
    sign(gateway.client(), f"{prefix}-twice")


@claim
def the_policy_of_the_time_decides_as_recorded(town):
    with town.gateway("old") as gateway:
        sign_all(gateway, "old")
        sign_by_gateway(gateway, "old")
        found = [r for r in town.decisions() if r["job"].startswith("old-")]
        code, rows, sums = town.replay("old", "--from", found[0]["ts"])
    denied = [r for r in found if r["decision"] == "deny"]
    by_gateway = {r["fail"][0]["code"] for r in denied if r.get("by") == "gateway"}
    equal(by_gateway, {"NOT_SERVED", "CALLER_NOT_ENTITLED", "KEY_NOT_USABLE",
                       "IDEMPOTENCY_CONFLICT"}, "denials of the gateway itself")
    rules = {f["rule"] for r in denied for f in r["fail"] if r.get("by") != "gateway"}
    equal(rules, {"CLASS", "REF", "NOTICE", "BATCH", "PII"}, "rules that denied")
    shadows = {s for r in found for s in r["rules"].get("shadow_fail", [])}
    equal(shadows, {"MEDIA", "SHADE"}, "shadows that failed or erred")
    equal((code, rows), (0, []), "exit code and differences")
    equal((sums["decisions"], sums["by_gateway"], sums["incomplete"], sums["unreadable"]),
          (len(found), 4, 0, 0), "sums")
    equal(sums["same"], len(found) - 4, "decided the same")


@claim
def nothing_differs_after_a_restart_either(town):
    bound = []
    for start in ("one", "two"):
        with town.gateway("old") as gateway:
            sign_all(gateway, start)
            code, rows, sums = town.replay("old", "--last", str(2 * len(JOBS)))
            bound += [r["bound"] for r in town.decisions("--request", f"{start}-lawful")]
    equal((code, rows, sums["differences"], sums["incomplete"]), (0, [], 0, 0), "replay")
    expect(bound[0] < bound[1], "decisions name the facts of their own start")


@claim
def another_policy_decides_as_a_gateway_with_it(town):
    """The new policy's word on old decisions, then a gateway that has it in force."""
    with town.gateway("old") as gateway:
        sign_all(gateway, "before")
        _, rows, sums = town.replay("new", "--last", str(len(JOBS)), town.policies["old"])
        before = {r["job"].removeprefix("before-"): r["decision"] for r in town.decisions()
                  if r["job"].startswith("before-")}
    equal((sums["decisions"], sums["incomplete"]), (len(JOBS), 0), "sums")
    with town.gateway("new") as gateway:
        sign_all(gateway, "after")
        after = {r["job"].removeprefix("after-"): r for r in town.decisions()
                 if r["job"].startswith("after-")}
    predicted = before | {r["job"].removeprefix("before-"): r["after"] for r in rows}
    equal(predicted, {name: r["decision"] for name, r in after.items()}, "decisions")
    for row in rows:
        real = after[row["job"].removeprefix("before-")]
        if row["kind"] == "newly_denied":
            equal([d["rule"] for d in row["denies"]], [f["rule"] for f in real["fail"]],
                  f"rules that deny {row['job']}")
            equal([(d["found"], d["required"]) for d in row["denies"]],
                  [(f.get("got", ""), f.get("want", "")) for f in real["fail"]], "why")
    kinds = {r["kind"] for r in rows}
    equal(kinds, {"newly_denied", "newly_allowed", "other_rules"}, "kinds of differences")


@claim
def a_period_is_judged_alone(town):
    change = town.two_policies()
    with town.gateway("new"):
        code, rows, sums = town.replay("new", "--from", change, "--until", "2099-01-01")
        equal((code, rows), (0, []), "from then on")
        expect(sums["decisions"] >= len(JOBS), "all are judged")
        first = [r["ts"] for r in town.decisions() if r["job"].startswith("first-")]
        code, rows, sums = town.replay("old", "--from", min(first), "--until", change)
        equal((code, rows, sums["decisions"]), (0, [], len(first)), "before")
        code, rows, sums = town.replay("new", "--from", "2020-01-01", "--until",
                                       "2020-01-02")
        equal((code, sums["decisions"]), (1, 0), "nothing was judged, so nothing is certain")


@claim
def the_last_are_found_behind_other_records(town):
    with town.gateway("old") as gateway:
        client, again = gateway.client(), item("last-2")
        sign(client, "last-1", approval_ref="SK.17")
        client.sign(again, approval_ref="SK.17")
        sign(client, "last-2")  # other content: denied by the gateway
        for _ in range(40):  # the stored answer given again: records, but no decisions
            client.sign(again, approval_ref="SK.17")
        _, rows, sums = town.replay("new", "--last", "3", town.policies["old"])
        every = len(town.decisions())
        _, _, most = town.replay("old", "--last", str(every + 5))
    equal([r["job"] for r in rows], ["last-1", "last-2"], "the last that differ")
    equal((sums["decisions"], sums["by_gateway"]), (3, 1), "sums")
    equal(most["decisions"], every, "no more than there are")


@claim
def that_the_log_goes_back_further_is_told(town):
    with town.gateway("old") as gateway:
        for number in range(3):
            sign(gateway.client(), f"further-{number}")
        every = len(town.decisions())
        for last, older in ((1, True), (every - 1, True), (every, False), (every + 1, False)):
            _, _, sums = town.replay("old", "--last", str(last))
            equal((sums["decisions"], sums["older_not_judged"]), (min(last, every), older),
                  f"the last {last} of {every}")
            shown = town.rig.segel("reviewer", "policy", "replay", "--policy",
                                   town.policies["old"], "--last", str(last)).stdout
            equal("decisions before these were not judged" in shown, older, shown)
        equal(town.replay("old")[2]["older_not_judged"], False, "the whole log")


@claim
def what_was_not_recorded_is_incomplete_and_not_guessed(town):
    with town.gateway("new") as gateway:
        for number in range(3):
            sign(gateway.client(), f"strange-{number}")
        code, rows, sums = town.replay("strange", "--last", "3")
    equal(code, 1, "exit code")
    equal((sums["incomplete"], sums["differences"]), (3, 0), "sums")
    equal({(r["kind"], r["missing"]) for r in rows}, {("incomplete", "caller.roles")}, "rows")
    expect(all("after" not in r for r in rows), "no outcome is claimed")


@claim
def absent_facts_count_only_with_the_policy_that_looked_for_them(town):
    with town.gateway("old") as gateway:
        sign(gateway.client(), "absent", content_type="")
        alone = town.replay("new", "--last", "1")
        known = town.replay("new", "--last", "1", town.policies["old"])
    equal([r["kind"] for r in alone[1]], ["incomplete"], "without the policy of the time")
    equal([r["kind"] for r in known[1]], ["newly_denied"], "with it")


@claim
def denials_because_no_rule_passed_come_out_as_recorded(town):
    with town.gateway("silent") as gateway:
        sign(gateway.client(), "silent-1")
        record = town.decisions("--request", "silent-1")[0]
        equal(record["fail"][0]["code"], "DEFAULT_DENY", "code")
        code, rows, _ = town.replay("silent", "--last", "1")
        equal((code, rows), (0, []), "by the same policy")
        _, rows, _ = town.replay("new", "--last", "1", town.policies["silent"])
        equal([r["kind"] for r in rows], ["incomplete"], "by another one")


@claim
def facts_of_the_gateways_state_are_judged_again(town):
    """The quota ends in the middle: the counters of each decision are its own. Not of a
    day, which might end meanwhile."""
    with town.gateway("old") as gateway:
        before = sum(r["decision"] == "allow" for r in town.decisions("--caller", "e-office"))
    for policy, more in (("state", 3), ("wider", 5)):
        TEXTS[policy] = STATE % (before + more)
        town.write(policy)
    with town.gateway("state") as gateway:
        for number in range(7):
            sign(gateway.client(), f"state-{number}")
        sign(gateway.client(), "state-0")  # other content under the same id
        sign(gateway.client(), "state-tls", document_class="tls")
        found = [r for r in town.decisions() if r["job"].startswith("state-")]
        equal([r["decision"] for r in found], 3 * ["allow"] + 6 * ["deny"], "decisions")
        last = ("--last", str(len(found)))
        same = town.replay("state", *last)
        other = town.replay("wider", *last, town.policies["state"])
    equal(same[:2], (0, []), "by the same policy")
    equal(same[2]["by_gateway"], 0, "denials without a rule")
    equal([r["kind"] for r in other[1]], 4 * ["newly_allowed"] + 2 * ["other_rules"],
          "by one with a wider quota")
    equal(other[1][-1]["denied"], [{"rule": "QUOTA", "code": "QUOTA"}], "what no longer denies")


@claim
def people_get_a_table_and_the_sums(town):
    change = town.two_policies()
    with town.gateway("old"):
        result = town.rig.segel("reviewer", "policy", "replay", "--policy",
                                town.policies["new"], town.policies["old"])
        equal(result.returncode, 1, result.stderr)
        contains(result.stdout, "TIME", "first-task", "+CLASS job.doc_class: surat_tugas; "
                 "required one of [surat_keterangan, nota_dinas]", "-REF",
                 "decisions judged by new version ", "newly denied", " differences, ")
        result = town.rig.segel("reviewer", "policy", "replay", "--lang", "id", "--policy",
                                town.policies["new"], "--from", "2019-01-01", "--until", "2020-01-01")
        equal(result.returncode, 1, result.stderr)
        contains(result.stdout, "0 keputusan dinilai oleh new versi ",
                 "0 perbedaan, 0 tidak lengkap")


@claim
def a_period_is_counted_by_rule_and_section(town):
    change = town.two_policies()
    with town.gateway("old"):
        found = town.decisions("--until", change)
        result = town.rig.segel("reviewer", "policy", "matrix", "--json", "--until",
                                change, town.policies["old"])
    equal(result.returncode, 0, result.stderr)
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    told = {r["rule"]: (r["cp"], r["denied"], r["decided"], r["shadow"]) for r in rows[:-1]}
    lists = [[f["rule"] for f in r["fail"]] for r in found
             if r["decision"] == "deny" and r.get("by") != "gateway"]
    for name, (section, denied, decided, shadow) in told.items():
        if name in OLD:
            equal((denied, decided), (sum(name in l for l in lists),
                                      sum(l[0] == name for l in lists)), name)
            equal(shadow, sum(name in r["rules"].get("shadow_fail", []) for r in found), name)
            equal(section, "9.4" if name == "PII" else "4.5.1", name)
    equal(told["the gateway itself"][1], sum(r.get("by") == "gateway" for r in found),
          "denials of the gateway itself")
    equal(rows[-1]["allowed"] + rows[-1]["denied"], len(found), "decisions in all")


def metrics(gateway):
    address = gateway.find("ready")[0]["admin"]
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as reply:
        return exposition.parse(reply.read().decode())


@claim
def what_a_job_came_through_without_passing_is_told_of_every_rule(town):
    """In its INTENT, the metrics, the matrix and whoever looks for the rule."""
    with town.gateway("remarked") as gateway:
        sign(gateway.client(), "remarked-1", batch="old-forms", notice_shown=False,
             labels={"nomor": "17", "perihal": "uji"})
        intent = town.decisions("--request", "remarked-1")[0]
        page = metrics(gateway)
        found = {name: [r["job"] for r in town.decisions("--rule", name)]
                 for name in ("TRIAL10", "LABELS", "NOTICE")}
        code, rows, _ = town.replay("remarked", "--last", "1")
        matrix = town.rig.segel("reviewer", "policy", "matrix", "--json", "--from",
                                intent["ts"], town.policies["remarked"])
    equal(intent["decision"], "allow")
    equal({k: v for k, v in intent["rules"].items() if k != "pass"},
          {"shadow_fail": MANY, "warn": ["LABELS"], "excepted": ["NOTICE"]}, "remarks")
    for name, how in [*((name, "shadow") for name in MANY), ("LABELS", "warned"),
                      ("NOTICE", "excepted")]:
        equal(page.value("segel_accepts_total", rule=name, how=how), 1, name)
    expect(all("remarked-1" in jobs for jobs in found.values()), f"found by rule: {found}")
    equal((code, rows), (0, []), "the same policy says the same again")
    told = {r["rule"]: (r["shadow"], r["warned"], r["excepted"])
            for r in map(json.loads, matrix.stdout.splitlines()[:-1])}
    equal((told["TRIAL10"], told["LABELS"], told["NOTICE"]),
          ((1, 0, 0), (0, 1, 0), (0, 0, 1)), "matrix")


@claim
def who_may_not_read_the_log_may_not_judge_it(town):
    with town.gateway("old"):
        result = town.rig.segel("e-office", "policy", "replay", "--policy",
                                town.policies["old"])
        equal(result.returncode, 1, result.stderr)
        contains(result.stderr, "needs the role reviewer")


@claim
def without_a_gateway_the_exit_code_says_so(town):
    result = town.rig.segel("reviewer", "policy", "replay", "--policy", town.policies["old"])
    equal(result.returncode, 3, result.stderr)
    for words in (("--last", "0"), ("--last", "1", "--from", "2026-01-01"), ("--from", "x")):
        result = town.rig.segel("reviewer", "policy", "replay", "--policy",
                                town.policies["old"], *words)
        equal(result.returncode, 2, result.stderr)


if __name__ == "__main__":
    sys.exit(rig.run(Town(rig.Rig("replay", "seal-demo:rsa-2048", "seal-other:rsa-2048"))))
