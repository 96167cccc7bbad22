#!/usr/bin/python3
"""A policy is replaced while the gateway works: no call fails for it, and behind the record
of a policy no decision is by another one. Which one a start takes, and who may load one."""
import contextlib
import hashlib
import json
import os
import re
import signal
import sys
import threading
import time

import grpc
import rig
from rig import claim, contains, equal, expect, item

SWAPS, WORKERS, BATCH = 24, 3, 64
RULE = ('\nrules:\n  - {id: X-1, cp: "9.9", level: hard, require: {job.doc_class: '
        '{ne: %s}}, deny: NO_SUCH_CLASS}\n')


class Ground:
    """A gateway whose policy file is written anew again and again."""

    def __init__(self, name):
        self.rig = rig.Rig(name)
        self.text = self.rig.read("policy.yaml")
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
        """Terms that change while jobs of the earlier ones are under way."""
        requests = [rig.signing.SignStreamRequest(
            terms=rig.terms(document_class=kind), items=[item() for _ in range(BATCH)])
            for kind in ("surat_keterangan", "surat_tugas") * 2]
        self.results(client.stream(requests))

    def end(self):
        self.over.set()
        for thread in self.threads:
            thread.join(timeout=60)


def swap_under_load(ground, lawful, refused):
    with ground.rig.gateway() as gateway:
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
    """The file of the last test has an old version still."""
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


def main():
    return rig.run(Ground("policy-load"))


if __name__ == "__main__":
    sys.exit(main())
