#!/usr/bin/python3
"""A policy is replaced while the gateway works: no call fails for it, and behind the record
of a policy no decision is by another one. Which one a start takes, and who may load one."""
import contextlib
import functools
import hashlib
import json
import os
import re
import secrets
import signal
import sqlite3
import subprocess
import sys
import threading
import time

import faulty
import grpc
import rig
from rig import claim, contains, equal, expect, item
from town import children_of

SWAPS, WORKERS, BATCH = 24, 3, 64
RULE = ('\nrules:\n  - {id: X-1, cp: "9.9", level: hard, require: {job.doc_class: '
        '{ne: %s}}, deny: NO_SUCH_CLASS}\n')


class Ground:
    """A gateway whose policy file is written anew again and again."""

    def __init__(self, name):
        self.rig = rig.Rig(name)
        self.text = self.rig.read("policy.yaml")
        # How fast this machine signs is not the matter here.
        self.rig.write("segeld.yaml", self.rig.read("segeld.yaml").replace(
            "\nkeys:\n", "\nsign: {deadline_ms: 60000}\nkeys:\n", 1))
        self.version = 1

    def policy(self, refused="no_class", version=None, broken=None):
        """The sample with another version, and one more rule that refuses a class."""
        self.version = version or self.version + 1
        text = self.text.replace("  version: 1\n", f"  version: {self.version}\n", 1)
        text = text.replace("\nrules:\n", RULE % refused, 1)
        return text.replace(*broken, 1) if broken else text

    def put(self, text):
        """In one step, as an editor does."""
        self.rig.write("policy.new", text)
        os.rename(self.rig.path("policy.new"), self.rig.path("policy.yaml"))
        return hashlib.sha256(text.encode()).hexdigest()

    def add_client(self, name, role):
        home = self.rig.path("clients", name)
        os.makedirs(home)
        subprocess.run([os.path.join(rig.ROOT, "deploy/demo/pki.sh"), "client",
                        self.rig.path("pki"), name, os.path.join(home, "cert")], check=True,
                       capture_output=True)
        os.rename(os.path.join(home, "cert.key"), os.path.join(home, "key.pem"))
        self.rig.write(os.path.join("clients", name, "ca.pem"), self.rig.read("pki/tls-ca.pem"))
        self.rig.write("segeld.yaml", self.rig.read("segeld.yaml").replace(
            "callers:\n", "callers:\n  - "
            f'{{name: {name}, match: "URI:urn:segel:caller:{name}", roles: [{role}], '
            "keys: []}\n", 1))

    def records(self):
        shown = self.rig.segel("reviewer", "log", "show", "--json")
        equal(shown.returncode, 0, shown.stderr)
        lines = [json.loads(line) for line in shown.stdout.splitlines() if line.strip()]
        return [r.get("record", r) for r in lines]

    def of_type(self, name):
        return [r for r in self.records() if r["type"] == name]


def hup(gateway, event):
    """Sends SIGHUP and waits for one more event of that name."""
    before = len(gateway.find(event))
    gateway.process.send_signal(signal.SIGHUP)
    end = time.monotonic() + rig.START_S
    while len(gateway.find(event)) <= before:
        expect(time.monotonic() < end, f"no '{event}' came: {gateway.text()[-1500:]}")
        time.sleep(0.005)
    return gateway.find(event)[-1]


def one_policy_at_a_time(records):
    """Each decision is by the policy whose record stands before it; how many were seen."""
    rev, seen = None, {}
    for record in records:
        if record["type"] in ("boot", "policy.load"):
            rev = record["policy_rev"].removeprefix("sha256:")
        elif record["type"] in ("intent", "deny"):
            equal(record["policy_rev"].removeprefix("sha256:"), rev,
                  f"policy of record {record['seq']}")
            seen[rev] = seen.get(rev, 0) + 1
    return seen


class Work:
    """Callers that sign all the time by all three methods; what went wrong is kept."""

    def __init__(self, gateway, lawful):
        self.gateway, self.lawful = gateway, lawful
        self.over, self.failed, self.signed, self.denied = threading.Event(), [], 0, 0
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.run, args=(kind,), daemon=True)
                        for kind in (self.batches, self.single, self.streams) * WORKERS]
        for thread in self.threads:
            thread.start()

    def run(self, kind):
        client = self.gateway.client()
        while not self.over.is_set():
            try:
                kind(client)
            except grpc.RpcError as error:
                self.count(error.code(), error.details())

    def count(self, code, text):
        with self.lock:
            if code in (grpc.StatusCode.OK, 0):
                self.signed += 1
            elif "X-1" in (text or "") and not self.lawful:
                self.denied += 1
            else:
                self.failed.append((code, text))

    def results(self, results):
        for result in results:
            self.count(result.status.code, result.status.message)

    def batches(self, client):
        self.results(client.batch([item() for _ in range(BATCH)],
                                  document_class="surat_tugas"))

    def single(self, client):
        client.sign(document_class="surat_tugas")
        self.count(0, "")

    def streams(self, client):
        """Terms that change while jobs of the earlier ones are under way: every second
        message says that nobody was shown the notice, which no policy here lets pass."""
        requests = [rig.signing.SignStreamRequest(
            terms=rig.terms(notice_shown=shown), items=[item() for _ in range(BATCH)])
            for shown in (True, False) * 2]
        lawful = {i.request_id for r in requests[::2] for i in r.items}
        for result in client.stream(requests):
            if (result.request_id in lawful) != (result.status.code == 0):
                self.failed.append((result.status.code, result.status.message))
            elif result.status.code == 0:
                self.count(0, "")

    def end(self):
        self.over.set()
        for thread in self.threads:
            thread.join(timeout=60)


def swap_under_load(ground, lawful, refused):
    """In a log of its own: what it writes is much, and each later claim shows all of its log."""
    with ground.rig.gateway(ground.rig.config(rig.fresh_ledger())) as gateway:
        work = Work(gateway, lawful)
        revs = set()
        for number in range(SWAPS):
            revs.add(ground.put(ground.policy(refused[number % 2])))
            hup(gateway, "policy.loaded")
            time.sleep(0.05)
        work.end()
        seen = one_policy_at_a_time(ground.records())
    equal(work.failed[:3], [], f"of {work.signed} signed, {work.denied} denied, failed")
    expect(len(set(seen) & revs) > SWAPS // 2, f"most policies decided something: {seen}")
    return work


# --- The file ------------------------------------------------------------------------------

@claim
def no_call_fails_while_allowing_policies_take_turns(ground):
    work = swap_under_load(ground, True, ("no_class", "another_class"))
    expect(work.signed > SWAPS * BATCH, f"only {work.signed} were signed")


@claim
def a_call_is_signed_or_denied_and_nothing_else_while_rules_change(ground):
    work = swap_under_load(ground, False, ("surat_tugas", "no_class"))
    expect(work.signed > 0 and work.denied > 0, f"{work.signed} {work.denied}")


def no_number_is_refused(text):
    """The policy without its rule about personal data, and without that rule's test."""
    text, rules = re.subn(r"(?m)^(  - id: CP-9\.4-01\n)", "\\1    mode: off\n", text)
    text, tests = re.subn(r"(?m)^  - name: .*\n    base: .*\n    now: .*\n"
                          r"    input: \{job\.meta_pii: true\}\n    expect: .*\n", "", text)
    equal((rules, tests), (1, 1), "places that were changed")
    return text


def ask(client, **changes):
    """A call under way, and its item."""
    call = client.call("unary_unary", "Sign", rig.signing.SignRequest,
                       rig.signing.SignResponse)
    asked = item()
    return asked, call.future(rig.signing.SignRequest(terms=rig.terms(**changes), item=asked),
                              timeout=20)


def wait_for_backlog(gateway, jobs):
    faulty.wait_for(lambda: sum(faulty.metrics(gateway).families["segel_queue_jobs"]
                                .samples.values()) >= jobs, "no backlog comes about")


@claim
def a_job_that_waits_is_judged_again_as_it_was_asked(ground):
    """The lane stands still and has one job; the second keeps the third waiting, which the
    first policy refuses."""
    config = ground.rig.config(
        (r"^node: gw1$", "node: gw1\nadmin: {address: 127.0.0.1, port: 0}"),
        (r"\nkeys:\n", "\nqueue: {lane_window: 1}\nhsm: {timeout_ms: 9000}\nkeys:\n"))
    with ground.rig.gateway(config) as gateway:
        client = gateway.client()
        [lane] = children_of(gateway)
        faulty.stand_still(lane)
        ahead = [ask(client) for _ in range(2)]
        wait_for_backlog(gateway, 1)
        job, call = ask(client, approval_ref="ND-3276010101900001")
        wait_for_backlog(gateway, 2)
        ground.put(no_number_is_refused(ground.policy()))
        hup(gateway, "policy.loaded")
        os.kill(lane, signal.SIGCONT)
        expect(all(one.result().result.signature for _, one in [*ahead, (job, call)]),
               "all are signed")
        [record] = [r for r in ground.of_type("intent") if r["job"] == job.request_id]
        equal(record["approval_ref"], "ND-3276010101900001", "consent on record")


@claim
def the_same_bytes_are_no_event(ground):
    with ground.rig.gateway() as gateway:
        before = len(ground.of_type("policy.load"))
        hup(gateway, "reloaded")
        hup(gateway, "reloaded")
        gateway.client().sign()
        equal(len(ground.of_type("policy.load")), before, "records of policies")
        equal(gateway.find("policy.loaded"), [], "events")


@claim
def a_file_that_does_not_load_leaves_the_policy_and_is_recorded(ground):
    broken = ("expect: {decision: deny", "expect: {decision: allow")
    with ground.rig.gateway() as gateway:
        rev = ground.put(ground.policy("surat_tugas", broken=broken))
        refused = len(ground.of_type("policy.reject"))
        contains(hup(gateway, "reload.failed")["why"], "policy.yaml")
        contains(gateway.wait_event("policy.rejected")["why"], "policy.yaml")
        gateway.client().sign(document_class="surat_tugas")
        records = ground.of_type("policy.reject")
        equal(len(records), refused + 1, "records of refusals")
        equal(records[-1]["policy_rev"], f"sha256:{rev}", "what was tried")
        equal(records[-1]["requester"], "administrator", "who")
        contains(records[-1]["why"], "policy.yaml")
        hup(gateway, "reload.failed")  # still refused, however often it is read
        expect(f"sha256:{rev}" not in {r["policy_rev"] for r in ground.of_type("policy.load")},
               "it never came in force")
    ground.put(ground.policy())


@claim
def other_rules_need_a_higher_version(ground):
    with ground.rig.gateway() as gateway:
        good = ground.put(ground.policy("no_class"))
        hup(gateway, "policy.loaded")
        for version in (ground.version, ground.version - 1):
            kept = ground.version
            ground.put(ground.policy("surat_tugas", version=version))
            ground.version = kept
            why = hup(gateway, "reload.failed")["why"]
            contains(why, f"has version {version}", f"version {kept} is in force")
        result = gateway.client().sign(document_class="surat_tugas")
        expect(result.signature, "the policy in force still allows")
        expect(one_policy_at_a_time(ground.records())[good] > 0, "it decided")


# --- The start -----------------------------------------------------------------------------

@claim
def an_older_file_does_not_return_at_a_start(ground):
    with ground.rig.gateway() as gateway:
        ground.put(ground.policy("no_class"))
        hup(gateway, "policy.loaded")
    ground.put(ground.policy("no_class", version=ground.version - 1))
    ground.version += 1
    with ground.rig.gateway() as gateway:
        kept = gateway.wait_event("policy.kept")
        equal(kept["version"], str(ground.version), "version in force")
        contains(kept["why"], "policy.yaml", f"version {ground.version - 1}")
        equal(gateway.wait_event("ready")["policy_version"], str(ground.version), "ready")
        gateway.client().sign()
        loads = len(ground.of_type("policy.load"))
        hup(gateway, "reloaded")  # it has not changed since the start: no event
        equal(len(ground.of_type("policy.load")), loads, "records of policies")
    with ground.rig.gateway() as gateway:
        rev = ground.put(ground.policy("no_class"))
        hup(gateway, "policy.loaded")
        equal(ground.of_type("policy.load")[-1]["policy_rev"], f"sha256:{rev}", "loaded")


@claim
def a_file_with_a_higher_version_wins_at_a_start(ground):
    loads = len(loaded_at_start(ground))
    rev = ground.put(ground.policy("no_class"))
    for _ in range(2):
        with ground.rig.gateway() as gateway:
            gateway.client().sign()
            equal(gateway.find("policy.kept"), [], "events")
            record = ground.of_type("policy.load")[-1]
            equal((record["policy_rev"], record["source"]), (f"sha256:{rev}", "start"),
                  "the record of the start")
    equal(len(loaded_at_start(ground)), loads + 1, "one record for two starts")


def loaded_at_start(ground):
    with ground.rig.gateway():
        return [r for r in ground.of_type("policy.load") if r["source"] == "start"]


@claim
def what_came_of_policies_stands_in_the_metrics(ground):
    config = ground.rig.config((r"^node: gw1$",
                                "node: gw1\nadmin: {address: 127.0.0.1, port: 0}"))

    def told(gateway):
        page = faulty.metrics(gateway)
        info = [dict(labels) for labels in page.families["segel_policy_info"].samples]
        return (page.value("segel_policy_loads_total"), page.value("segel_policy_rejects_total"),
                [(one["version"], one["sha256"]) for one in info])

    def tells(gateway, loads, rejects, rev):
        wanted = (loads, rejects, [(str(ground.version), rev)])
        faulty.wait_for(lambda: told(gateway) == wanted, f"wanted {wanted}: {told(gateway)}")

    rev = ground.put(ground.policy("no_class"))
    with ground.rig.gateway(config) as gateway:
        tells(gateway, 1, 0, rev)  # that of the start, which is new to the log
        rev = ground.put(ground.policy("no_class"))
        hup(gateway, "policy.loaded")
        tells(gateway, 2, 0, rev)
        kept = ground.version
        for lower in (1, 2):
            ground.put(ground.policy("surat_tugas", version=kept - lower))
            ground.version = kept
            hup(gateway, "reload.failed")
            tells(gateway, 2, lower, rev)
    rev = ground.put(ground.policy("no_class"))
    with ground.rig.gateway(config) as gateway:
        tells(gateway, 1, 0, rev)
    with ground.rig.gateway(config) as gateway:
        tells(gateway, 0, 0, rev)  # it is in force already


# --- Two persons ---------------------------------------------------------------------------

PENDING, EXECUTED = 1, 2


def load(gateway, who, text, request_id=None):
    client = gateway.client(who)
    call = client.call("unary_unary", "LoadPolicy", rig.policies.LoadPolicyRequest,
                       rig.policies.LoadPolicyResponse, service="PolicyService")
    return call(rig.policies.LoadPolicyRequest(
        request_id=request_id or f"{who}-{secrets.token_hex(4)}", text=text.encode(),
        reason="a rule for another class"), timeout=20)


def check(gateway, who, text, language="en"):
    call = gateway.client(who).call(
        "unary_unary", "CheckPolicy", rig.policies.CheckPolicyRequest,
        rig.policies.CheckPolicyResponse, service="PolicyService")
    return call(rig.policies.CheckPolicyRequest(text=text.encode(), language=language),
                timeout=20)


def get(gateway, who, **fields):
    call = gateway.client(who).call(
        "unary_unary", "GetPolicy", rig.policies.GetPolicyRequest,
        rig.policies.GetPolicyResponse, service="PolicyService")
    return call(rig.policies.GetPolicyRequest(**fields), timeout=20)


def list_page(gateway, who, **fields):
    call = gateway.client(who).call(
        "unary_unary", "ListPolicies", rig.policies.ListPoliciesRequest,
        rig.policies.ListPoliciesResponse, service="PolicyService")
    return call(rig.policies.ListPoliciesRequest(**fields), timeout=20)


def explain(gateway, who, rule):
    call = gateway.client(who).call(
        "unary_unary", "ExplainRule", rig.policies.ExplainRuleRequest,
        rig.policies.ExplainRuleResponse, service="PolicyService")
    return call(rig.policies.ExplainRuleRequest(rule=rule, language="en"), timeout=20)


def said(ground, who, *words, code=0):
    """What `segel policy WORDS` prints."""
    done = ground.rig.segel(who, "policy", *words)
    equal(done.returncode, code, f"{words}: {done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def in_force(gateway):
    return get(gateway, "reviewer").info.sha256.hex()


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


@claim
def one_person_is_not_enough_and_two_persons_are(ground):
    text = ground.policy("no_class")
    with ground.rig.gateway() as gateway:
        before = in_force(gateway)
        first = load(gateway, "officer-1", text).approval
        equal((first.state, first.task, first.requester), (PENDING, "policy.load", "officer-1"))
        equal((first.approvals_required, first.approvals_given), (1, 0), "persons")
        equal((first.not_after_us - first.created_us) // 60000000, 30, "minutes")
        again = load(gateway, "officer-1", text).approval
        equal((again.id, again.state, again.approvals_given), (first.id, PENDING, 0), "again")
        equal(in_force(gateway), before, "in force after one person")
        other = load(gateway, "officer-2", text).approval
        equal((other.id, other.state, other.approvals_given), (first.id, PENDING, 1), "officers")
        equal(in_force(gateway), before, "in force after two officers")
        done = load(gateway, "reviewer", text)
        equal((done.approval.id, done.approval.state), (first.id, EXECUTED), "with a reviewer")
        equal([(v.person, v.role) for v in done.approval.votes],
              [("officer-1", "officer"), ("officer-2", "officer"), ("reviewer", "reviewer")])
        equal(in_force(gateway), sha(text), "in force")
        gateway.client().sign()
        record = ground.of_type("policy.load")[-1]
        equal([record[n] for n in ("policy_rev", "source", "requester", "requester_role",
                                   "approver", "approver_role", "approval", "version")],
              [f"sha256:{sha(text)}", "officers", "officer-1", "officer", "reviewer",
               "reviewer", first.id, str(ground.version)], "the record")
        equal(done.approval.log.index, record["seq"], "where it stands")
        equal(len(ground.of_type("policy.ask")), 2, "who asked is on the log, too")
        equal(load(gateway, "officer-1", text).approval.state, EXECUTED, "asked once more")
        expect(one_policy_at_a_time(ground.records())[sha(text)] > 0, "it decided")
    with ground.rig.gateway() as gateway:  # the file is older: what two persons want stays
        contains(gateway.wait_event("policy.kept")["why"], "policy.yaml")
        equal(in_force(gateway), sha(text), "after a restart")
        gateway.client().sign()


@claim
def the_command_shows_since_when_and_by_whom_a_policy_is_in_force(ground):
    shown = functools.partial(said, ground, "reviewer", "show")
    by_file, by_two = ground.policy("no_class"), ground.policy("another_class")
    ground.put(by_file)
    with ground.rig.gateway(ground.rig.config(rig.fresh_ledger())) as gateway:
        contains(shown(), "from the gateway's file, at a start", "administrator")
        contains(shown("--note", code=1), "nobody signed anything for it")
        load(gateway, "officer-1", by_two)
        done = load(gateway, "reviewer", by_two).approval
        first, record = ground.of_type("policy.load")
        now = json.loads(shown("--json"))
        equal([now[name] for name in ("version", "sha256", "in_force_from", "source",
                                      "requester", "approvers", "approval", "log_index")],
              [ground.version, sha(by_two), record["ts"], "officers", "officer-1", "reviewer",
               done.id, record["seq"]], "in force")
        expect("in_force_until" not in now, now)
        equal(shown("--text"), by_two, "the file itself")
        then = json.loads(shown("--json", f"sha256:{sha(by_file)}"))
        equal([then[name] for name in ("in_force_from", "in_force_until", "source")],
              [first["ts"], record["ts"], "start"], "the one before")
        expect("approvers" not in then and "approval" not in then, then)
        contains(shown("--lang", "id", sha(by_file)), f"versi {ground.version - 1}",
                 f"{first['ts'][:19]}Z sampai {record['ts'][:19]}Z",
                 "dari berkas gateway, saat mulai")
        contains(shown("--lang", "id"), "berlaku         sejak", "disetujui oleh  reviewer")
        contains(shown(64 * "0", code=1), "no policy of that SHA-256")
        contains(shown("0abc", code=2), "64 hexadecimal digits")


@claim
def the_file_of_a_policy_that_no_longer_loads_can_still_be_had(ground):
    """It decided, before an update of Segel."""
    shown = functools.partial(said, ground, "reviewer", "show")
    ledger = rig.fresh_ledger()
    text = "rules: as they were once\n"
    with ground.rig.gateway(ground.rig.config(ledger)):
        record = ground.of_type("policy.load")[-1]
    path = ground.rig.path(re.search(r"ledger-\w+\.db", ledger[1])[0])
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute("INSERT INTO policy VALUES(0, ?, 1, ?, ?)",
                         (bytes.fromhex(sha(text)), record["seq"], text.encode()))
    with ground.rig.gateway(ground.rig.config(ledger)) as gateway:
        expect(in_force(gateway) != sha(text), "another one is in force")
        contains(shown(sha(text)), f"{record['subject']} version {record['version']}\n",
                 "does not load", f"log record      {record['seq']}\n")
        equal(shown("--text", sha(text)), text, "the file")
        found = json.loads(shown("--json", sha(text)))
        equal((found["sha256"], found["in_force_from"], "rules" in found),
              (sha(text), record["ts"], False))
        contains(found["not_loaded"], "its file:1")


@claim
def each_time_that_a_policy_came_in_force_is_listed(ground):
    listed = functools.partial(said, ground, "operator", "list")
    texts = [ground.policy(name) for name in ("no_class", "another_class", "a_third_class")]
    ground.put(texts[0])
    with ground.rig.gateway(ground.rig.config(rig.fresh_ledger())) as gateway:
        for text in texts[1:]:
            load(gateway, "officer-1", text)
            load(gateway, "reviewer", text)
        records = ground.of_type("policy.load")
        rows = [json.loads(line) for line in listed("--json").splitlines()]
        equal([row["sha256"] for row in rows], [sha(text) for text in reversed(texts)], "order")
        equal([row.get("in_force_from") for row in rows],
              [record["ts"] for record in reversed(records)], "since")
        equal([row.get("in_force_until") for row in rows],
              [None, records[2]["ts"], records[1]["ts"]], "until")
        equal([[row.get(name) for name in ("id", "version", "source", "requester", "approvers")]
               for row in rows],
              [[records[0]["subject"], ground.version, "officers", "officer-1", "reviewer"],
               [records[0]["subject"], ground.version - 1, "officers", "officer-1", "reviewer"],
               [records[0]["subject"], ground.version - 2, "start", "administrator", None]],
              "what is told")
        table = listed("--lang", "id").splitlines()
        equal(len(table), 4, "a head and a line each")
        contains(table[1], "masih berlaku", "officer-1, reviewer", sha(texts[2]))
        expect("masih berlaku" not in table[2] + table[3], table)
        first = list_page(gateway, "officer-1", page_size=2)
        rest = list_page(gateway, "reviewer", page_size=2, page_token=first.next_page_token)
        equal([[info.sha256.hex() for info in page.policies] for page in (first, rest)],
              [[sha(texts[2]), sha(texts[1])], [sha(texts[0])]], "pages")
        equal((rest.next_page_token, list_page(gateway, "reviewer", page_size=3).next_page_token),
              ("", ""), "no more pages")
        for fields in ({"page_size": 257}, {"page_token": "x"}, {"page_token": "0"}):
            equal(rig.refused(list_page, gateway, "reviewer", **fields).code,
                  grpc.StatusCode.INVALID_ARGUMENT, fields)
        equal(rig.refused(list_page, gateway, "e-office").code,
              grpc.StatusCode.PERMISSION_DENIED)


@claim
def a_gateway_says_of_a_rule_what_its_file_says(ground):
    told = functools.partial(said, ground, "reviewer", "explain")
    ground.put(ground.policy("no_class"))
    with ground.rig.gateway(ground.rig.config(rig.fresh_ledger())) as gateway:
        for rule in ("X-1", "CP-1.4-02", "CP-4.5-02", "CP-6.1-02"):
            for more in ((), ("--lang", "id"), ("--json",)):
                equal(told("--gateway", rule, *more),
                      told("--policy", ground.rig.path("policy.yaml"), rule, *more), rule)
        answer = explain(gateway, "operator", "X-1")
        equal((answer.rule.code, answer.rule.require, answer.policy.sha256.hex(),
               [(fact.name, fact.type) for fact in answer.facts]),
              ("NO_SUCH_CLASS", "job.doc_class not no_class", in_force(gateway),
               [("job.doc_class", "str")]))
        contains(told("--gateway", "CP-0", code=1), "no rule of that id")
        equal(rig.refused(explain, gateway, "reviewer", "").code,
              grpc.StatusCode.INVALID_ARGUMENT)
        equal(rig.refused(explain, gateway, "reviewer", 65 * "x").code,
              grpc.StatusCode.INVALID_ARGUMENT)
        equal(rig.refused(explain, gateway, "e-office", "X-1").code,
              grpc.StatusCode.PERMISSION_DENIED)


@claim
def who_is_neither_officer_nor_reviewer_may_not(ground):
    text = ground.policy("no_class")
    with ground.rig.gateway() as gateway:
        for who in ("e-office", "operator"):
            refusal = rig.refused(load, gateway, who, text)
            equal(refusal.code, grpc.StatusCode.PERMISSION_DENIED, who)
        equal(rig.refused(check, gateway, "e-office", text).code,
              grpc.StatusCode.PERMISSION_DENIED, "check")
        equal(rig.refused(get, gateway, "e-office").code, grpc.StatusCode.PERMISSION_DENIED)
        expect(check(gateway, "operator", text).loads, "an operator may check")
        # Nobody of these was the first person.
        equal(load(gateway, "reviewer", text).approval.requester, "reviewer")


@claim
def what_cannot_come_in_force_is_refused_and_recorded(ground):
    with ground.rig.gateway() as gateway:
        before = in_force(gateway)
        broken = ground.policy(broken=("expect: {decision: deny", "expect: {decision: allow"))
        old = ground.policy("surat_tugas", version=1)
        ground.version = int(get(gateway, "reviewer").info.version)
        for text, code, word in ((broken, grpc.StatusCode.INVALID_ARGUMENT, "test '"),
                                 (old, grpc.StatusCode.FAILED_PRECONDITION, "version 1")):
            for who in ("officer-1", "reviewer"):
                refusal = rig.refused(load, gateway, who, text)
                equal(refusal.code, code, word)
                contains(refusal.message, word)
                record = ground.of_type("policy.reject")[-1]
                equal((record["requester"], record["policy_rev"], record["source"]),
                      (who, f"sha256:{sha(text)}", "officers"), "the record")
                contains(record["why"], word)
        equal(in_force(gateway), before, "in force")


@claim
def a_request_ends_when_another_policy_comes_in_force(ground):
    with ground.rig.gateway() as gateway:
        wanted = ground.policy("no_class", version=ground.version + 2)
        first = load(gateway, "officer-1", wanted, "mine").approval
        equal(rig.refused(load, gateway, "officer-1", wanted + "# more\n", "mine").code,
              grpc.StatusCode.ALREADY_EXISTS, "one id, two files")
        ground.put(ground.policy("another_class", version=ground.version - 1))
        hup(gateway, "policy.loaded")
        second = load(gateway, "reviewer", wanted).approval
        expect(second.id != first.id and second.state == PENDING, "a new request")
        equal(load(gateway, "officer-2", wanted).approval.state, EXECUTED, "two persons")
        ground.version += 1


EFFECT = ("compared", "newly_denied", "newly_allowed", "incomplete")


def effect_of(found):
    return tuple(int(found[name]) for name in EFFECT)


@claim
def what_it_changes_in_decisions_of_the_log_is_on_its_record(ground):
    """Both ways: five of nine would be denied, then two of eleven allowed."""
    before = ground.rig.read("policy.yaml")
    ground.put(ground.policy("no_class"))
    with ground.rig.gateway(ground.rig.config(rig.fresh_ledger())) as gateway:
        client = gateway.client()
        expect(EFFECT[0] not in ground.of_type("policy.load")[-1], "nothing to compare yet")
        for kind in 5 * ["surat_tugas"] + 3 * ["surat_keterangan"]:
            client.sign(document_class=kind)
        rig.refused(client.sign, document_class="tls")
        first = ground.of_type("policy.load")[-1]["policy_rev"].removeprefix("sha256:")
        ground.put(ground.policy("surat_tugas"))
        equal(effect_of(hup(gateway, "policy.loaded")), (9, 5, 0, 0), "by SIGHUP, told")
        equal(effect_of(ground.of_type("policy.load")[-1]), (9, 5, 0, 0), "and on the log")
        for _ in range(2):
            rig.refused(client.sign, document_class="surat_tugas")
        text = ground.policy("no_class")
        load(gateway, "officer-1", text)
        equal(load(gateway, "reviewer", text).approval.state, EXECUTED, "by two persons")
        equal(effect_of(ground.of_type("policy.load")[-1]), (11, 0, 2, 0), "on the log")
        earlier = get(gateway, "operator", sha256=bytes.fromhex(first), with_text=True)
        equal(hashlib.sha256(earlier.text).hexdigest(), first, "an earlier one by its hash")
        equal(rig.refused(get, gateway, "operator", sha256=bytes(32)).code,
              grpc.StatusCode.NOT_FOUND, "one that never was")
    ground.put(before)


@claim
def check_and_get_say_what_would_change(ground):
    ground.put(ground.policy())
    text = ground.policy("surat_tugas").replace('cp: "8.1"', 'cp: "8.2"', 1)
    with ground.rig.gateway() as gateway:
        rig.covered(gateway)
        before = len(ground.of_type("policy.reject"))
        shown = get(gateway, "operator", with_text=True, language="en")
        equal(hashlib.sha256(shown.text).digest(), shown.info.sha256, "text and hash")
        rules = {rule.id: rule for rule in shown.rules}
        written = len(re.findall(r"^  - \{?id: ", shown.text.decode(), re.M))
        equal((len(rules), shown.info.rules), (written, written), "rules")
        equal(rules["CP-6.1-02"].cp_section, "6.1.5")
        contains(rules["CP-6.1-02"].require, "key.rsa_bits")
        equal(get(gateway, "operator", sha256=shown.info.sha256).text, b"", "without text")
        equal(rig.refused(get, gateway, "operator", sha256=b"x" * 32).code,
              grpc.StatusCode.NOT_FOUND)
        told = check(gateway, "reviewer", text)
        expect(told.loads and told.tests_passed > 100, f"it loads: {told.findings}")
        changes = {(c.subject, c.kind): c for c in told.changes}
        expect({("X-1", "bound"), ("CP-8-01", "value")} <= set(changes), str(set(changes)))
        told = check(gateway, "reviewer", text.replace("require: {key.rsa", "requires: {key.rsa", 1))
        expect(not told.loads and told.findings[0].line > 0, "what is wrong, and where")
        gateway.client().sign()  # the core has come to all that it was told before
        rig.covered(gateway)
        equal(len(ground.of_type("policy.reject")) - before, 0, "records of a check")


@claim
def exceptions_and_what_is_not_judged_yet_are_told_as_the_file_has_them(ground):
    before = ground.rig.read("policy.yaml")
    ground.put(ground.policy(broken=("\ntests:\n", """
exceptions:
  - {rule: CP-6.7-01, match: {caller.name: e-office, job.doc_class: {in: [a, b]}},
     until: 2026-06-01T00:00:00Z, approved_by: [g-1, g-2], reason: it moves}
  - {rule: CP-4.5-07, match: {caller.name: nobody}, until: 2026-06-01, approved_by: [g-3],
     reason: a trial}

tests:
""")))
    with ground.rig.gateway() as gateway:
        told = get(gateway, "reviewer")
    ground.put(before)
    first, second = told.exceptions
    equal((first.rule, first.until_us, list(first.approved_by), first.reason),
          ("CP-6.7-01", 1780272000000000, ["g-1", "g-2"], "it moves"), "the first")
    equal(first.match, "caller.name = e-office, job.doc_class one of [a, b]", "what it matches")
    equal((second.rule, second.match), ("CP-4.5-07", "caller.name = nobody"), "the second")
    modes = {rule.id: rule.mode for rule in told.rules}
    equal((modes["CP-5.2-01"], modes["CP-6.7-01"]),
          (rig.common.RULE_MODE_PENDING, rig.common.RULE_MODE_ENFORCE), "modes")


@claim
def what_changes_beyond_a_thousand_is_counted(ground):
    ground.put(ground.policy())
    many = "".join(f"  more_{i}: [a]\n" for i in range(980))
    with ground.rig.gateway() as gateway:
        rig.covered(gateway)
        few = check(gateway, "reviewer", ground.policy("surat_tugas"))
        expect(few.loads and 0 < len(few.changes) < 10, f"few changes: {few}")
        equal(few.more_changes, 0, "all are listed")
        text = re.sub(r'\bcp: "[0-9.]+"', 'cp: "9.8"', ground.policy())
        text = text.replace("\nlists:\n", "\nlists:\n" + many, 1)
        told = check(gateway, "reviewer", text)
        expect(told.loads, f"it loads: {told.findings}")
        equal(len(told.changes), 1000)
        paths = ground.rig.path("policy.yaml"), ground.rig.write("many.yaml", text)
        lines = ground.rig.segel("reviewer", "policy", "diff", "--json",
                                 *paths).stdout.splitlines()
        equal(told.more_changes, len(lines) - 1000, "those that are not listed")


@claim
def until_when_a_policy_waits_is_told_with_day_and_zone(ground):
    moment = r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ"
    path = ground.rig.path("wanted.yaml")
    with ground.rig.gateway():
        ground.rig.write("wanted.yaml", ground.policy("surat_tugas"))
        told = said(ground, "officer-1", "load", "--yes", "--reason", "no more of these", path)
        expect(re.search(rf"until {moment}\n", told), told)
        told = said(ground, "officer-1", "load", "--yes", "--json", path)
        expect(re.search(rf'"state": ?"waiting".*"until": ?"{moment}"', told), told)


@claim
def the_command_shows_what_changes_and_says_what_is_missing(ground):
    path = ground.rig.path("wanted.yaml")
    with ground.rig.gateway() as gateway:
        gateway.client().sign(document_class="surat_tugas")
        text = ground.policy("surat_tugas")
        ground.rig.write("wanted.yaml", text)
        contains(said(ground, "officer-1", "load", path, code=2), "--yes")
        told = said(ground, "officer-1", "load", "--yes", "--reason", "no more of these", path)
        contains(told, "~ X-1", f"version {ground.version} waits for a second person, a "
                 "reviewer, until ", "the log holds it as record ",
                 "decisions of the log are compared for reviewers only")
        told = said(ground, "reviewer", "load", "--yes", "--json", path).splitlines()
        state = json.loads(told[-1])
        equal((state["state"], state["version"], state["sha256"]),
              ("in_force", ground.version, sha(text)), "what came of it")
        expect(json.loads(told[0])["rule"] == "X-1", "the differences come first")
        again = [json.loads(line) for line in told[:-1]]
        expect(any(row.get("kind") == "newly_denied" for row in again),
               "what it would have made of the last decisions")
        equal(in_force(gateway), sha(text), "in force")
        contains(said(ground, "reviewer", "load", "--yes", path), "no difference", "is in force")
        ground.rig.write("wanted.yaml", ground.policy("no_class"))
        contains(said(ground, "reviewer", "load", "--yes", path),
                 "a second person, an officer or reviewer")
        contains(said(ground, "reviewer", "load", "--yes", "--lang", "id", path),
                 "menunggu orang kedua")
        contains(said(ground, "operator", "load", "--yes", path, code=1), "officer or reviewer")
        ground.rig.write("wanted.yaml", text.replace("rules:", "rule:", 1))
        contains(said(ground, "reviewer", "load", "--yes", path, code=1), "wanted.yaml:")
        equal(ground.of_type("policy.load")[-1]["reason"], "no more of these", "the reason")


@claim
def a_sentence_that_is_cut_is_still_text(ground):
    """Else no reader of protobuf takes the answer of the whole batch."""
    known = ("The document is not declared to show the electronic signature statement and the "
             "BSrE logo.")
    before = ground.rig.read("policy.yaml")
    try:
        for pad in ("", "x"):
            ground.put(ground.policy(broken=(known, pad + "–" * 100)))
            with ground.rig.gateway(ground.rig.config(rig.fresh_ledger())) as gateway:
                answer, = gateway.client().batch([item()], notice_shown=False)
                expect(answer.status.message.startswith(pad + "–" * 60), answer.status.message)
    finally:
        ground.put(before)


def main():
    ground = Ground("policy-load")
    for name, role in (("officer-2", "officer"), ("operator", "operator")):
        ground.add_client(name, role)
    return rig.run(ground)


if __name__ == "__main__":
    sys.exit(main())
