#!/usr/bin/python3
"""The ledger's disk gets full: signing stops before it is, and goes on by itself when there
is room. What is told of the disk is decided by tests/fixtures/disk.c, and once it is a real
one."""
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading

import grpc
import rig
from faulty import ask, metrics, stand_still, wait_for
from preload import preload
from rig import claim, contains, equal, expect, item

TOTAL = 1 << 40
EXHAUSTED = grpc.StatusCode.RESOURCE_EXHAUSTED


class Disk:
    """A rig whose gateway is told that so much of its disk is free."""

    def __init__(self, the_rig):
        self.rig = the_rig
        self.conf = the_rig.config(
            (r"^node: gw1$", "node: gw1\nadmin: {address: 127.0.0.1, port: 0}"))

    def room(self, per_cent):
        self.tell(TOTAL // 1000 * int(per_cent * 10), TOTAL)

    def tell(self, free, total):
        self.rig.write("room.new", f"{free} {total}\n")
        os.replace(self.rig.path("room.new"), self.rig.path("room"))

    def gateway(self, per_cent, config=None):
        self.room(per_cent)
        return self.rig.gateway(
            config or self.conf, **preload("disk", DISK_FREE=self.rig.path("room"),
                                           DISK_PATH=self.rig.path("ledger.db")))

    def records(self):
        base = sqlite3.connect(self.rig.path("ledger.db"))
        rows = [json.loads(r) for (r,) in base.execute("SELECT rec FROM leaf ORDER BY idx")]
        base.close()
        return rows

    def of_jobs(self):
        return len([r for r in self.records()
                    if r["type"] in ("intent", "outcome", "deny", "replay")])

    def wait_records(self, kind, count):
        wait_for(lambda: [r["type"] for r in self.records()].count(kind) == count,
                 f"{kind} is not on the log")


def until_health(client, wanted):
    wait_for(lambda: client.health() == wanted, f"health is not {wanted}")


@claim
def below_the_reserve_nothing_new_is_signed_and_nothing_is_recorded_of_it(disk):
    with disk.gateway(50) as gateway:
        client = gateway.client()
        client.sign()
        disk.room(4.9)
        until_health(client, "NOT_SERVING")
        disk.wait_records("disk.low", 1)
        before = [r["type"] for r in disk.records()].count("intent")
        refusal = rig.refused(client.sign)
        equal((refusal.code, refusal.info.reason), (EXHAUSTED, "DISK_RESERVE"))
        expect(refusal.retry.retry_delay.seconds >= 1, "it says when to come back")
        results = client.batch([item() for _ in range(20)])
        equal({(r.status.code, r.HasField("log")) for r in results},
              {(EXHAUSTED.value[0], False)}, "items of a batch")
        equal([r["type"] for r in disk.records()].count("intent"), before, "INTENTs")


@claim
def it_is_told_by_a_record_a_log_line_health_and_metrics(disk):
    with disk.gateway(50) as gateway:
        client, lows = gateway.client(), len([r for r in disk.records()
                                              if r["type"] == "disk.low"])
        equal(metrics(gateway).value("segel_ledger_disk_low"), 0)
        disk.room(4)
        until_health(client, "NOT_SERVING")
        equal(client.health("segel.key/seal-demo"), "NOT_SERVING")
        equal(client.health("segel.v1.LogService"), "SERVING")
        disk.wait_records("disk.low", lows + 1)
        sentence = [r for r in disk.records() if r["type"] == "disk.low"][-1]["detail"]
        contains(sentence, "4.0 %", "ledger.reserve_percent keeps 5 %")
        equal(gateway.find("disk.low")[-1]["why"], sentence)
        status, _, text = ask(gateway, "/readyz")
        equal(status, 503)
        contains(ask(gateway, "/healthz")[2], sentence)
        del text
        rig.refused(client.sign)
        seen = metrics(gateway)
        equal(seen.value("segel_ledger_disk_low"), 1)
        equal(seen.value("segel_signing"), 0)
        equal(seen.value("segel_ledger_disk_free_bytes"), TOTAL // 1000 * 40)
        equal(seen.value("segel_jobs_refused_total", caller="e-office",
                         reason="DISK_RESERVE"), 1)


@claim
def refusals_stored_answers_questions_and_reading_go_on(disk):
    job = item()
    with disk.gateway(50) as gateway:
        client = gateway.client()
        first = client.sign(job)
        disk.room(1.5)
        until_health(client, "NOT_SERVING")
        again = client.sign(job)
        equal((again.replayed, again.signature), (True, first.signature), "stored answer")
        refusal = rig.refused(client.sign, document_class="kontrak")
        equal(refusal.code, grpc.StatusCode.PERMISSION_DENIED)
        explain = client.call("unary_unary", "Explain", rig.signing.ExplainRequest,
                              rig.signing.ExplainResponse)
        expect(explain(rig.signing.ExplainRequest(terms=rig.terms()), timeout=10)
               .HasField("log"), "a question is answered")
        equal([r["type"] for r in disk.records()][-3:], ["replay", "deny", "explain"])
        verified = disk.rig.segel("reviewer", "log", "verify")
        equal(verified.returncode, 0, verified.stdout + verified.stderr)


@claim
def refusals_do_not_fill_what_is_left_of_the_reserve(disk):
    """A caller whose jobs are refused, or asks for stored answers, makes a record of each."""
    job = item()
    with disk.gateway(50) as gateway:
        client = gateway.client()
        client.sign(job)
        disk.room(0.9)
        until_health(client, "NOT_SERVING")
        size = disk.of_jobs()
        for change in ({"document_class": "kontrak"}, {"the_item": job}, {}):
            refusal = rig.refused(client.sign, **change)
            equal((refusal.code, refusal.info.reason), (EXHAUSTED, "DISK_RESERVE"), str(change))
        equal(disk.of_jobs(), size, "records")
        disk.room(1.1)
        wait_for(lambda: metrics(gateway).value("segel_ledger_disk_free_bytes")
                 == TOTAL // 1000 * 11, "it did not look")
        rig.refused(client.sign, document_class="kontrak")
        equal(disk.of_jobs(), size, "records with a little more room")
        disk.room(1.3)
        wait_for(lambda: metrics(gateway).value("segel_ledger_disk_free_bytes")
                 == TOTAL // 1000 * 13, "it did not look")
        refusal = rig.refused(client.sign, document_class="kontrak")
        equal(refusal.code, grpc.StatusCode.PERMISSION_DENIED, "as always again")
        expect(client.sign(job).replayed, "stored answers, too")


@claim
def signing_goes_on_by_itself_when_a_fifth_more_is_free(disk):
    with disk.gateway(50) as gateway:
        client, lows = gateway.client(), len([r for r in disk.records()
                                              if r["type"] == "disk.ok"])
        disk.room(4)
        until_health(client, "NOT_SERVING")
        disk.room(5.5)
        wait_for(lambda: metrics(gateway).value("segel_ledger_disk_free_bytes")
                 == TOTAL // 1000 * 55, "it did not look")
        equal(client.health(), "NOT_SERVING", "with a little more than the reserve")
        disk.room(6.5)
        until_health(client, "SERVING")
        expect(client.sign().signature, "signed")
        disk.wait_records("disk.ok", lows + 1)
        contains(gateway.find("disk.ok")[-1]["why"], "signing goes on")


@claim
def what_was_begun_is_finished(disk):
    """The lane has the jobs in hand when the disk gets full, and is not taken for a hung one."""
    text = disk.rig.read(os.path.basename(disk.conf))
    config = disk.rig.write("patient.yaml", text + "hsm: {timeout_ms: 60000}\n"
                            "sign: {deadline_ms: 30000}\n")
    with disk.gateway(50, config) as gateway:
        client, job = gateway.client(), item()
        pid = gateway.process.pid
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            lane = int(file.read().split()[0])
        stand_still(lane)
        answers = []
        worker = threading.Thread(target=lambda: answers.append(client.sign(job, timeout=40)))
        worker.start()
        wait_for(lambda: any(r["type"] == "intent" and r["job"] == job.request_id
                             for r in disk.records()), "no INTENT came")
        disk.room(1.5)
        until_health(gateway.client(), "NOT_SERVING")
        os.kill(lane, signal.SIGCONT)
        worker.join(timeout=40)
        equal([a.attempt for a in answers if a.signature], [1], "signed")


@claim
def a_gateway_that_starts_below_the_reserve_waits_for_room(disk):
    with disk.gateway(2) as gateway:
        client = gateway.client()
        equal(client.health(), "NOT_SERVING")
        equal(rig.refused(client.sign).info.reason, "DISK_RESERVE")
        disk.room(50)
        until_health(client, "SERVING")
        expect(client.sign().signature, "signed")


@claim
def a_reserve_of_nothing_stops_nothing(disk):
    config = disk.rig.config((r"^node: gw1$", "node: gw1\nadmin: {address: 127.0.0.1, port: 0}"),
                             (r"checkpoint_s: 1,", "reserve_percent: 0, checkpoint_s: 1,"))
    with disk.gateway(0.1, config) as gateway:
        equal(gateway.client().health(), "SERVING")
        expect(gateway.client().sign().signature, "signed")


# --- A disk of its own ----------------------------------------------------------------------

MIB = 1 << 20


def may_mount():
    try:
        return subprocess.run(["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"],
                              check=False, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


def banned(disk, gateway, rule, *words):
    """What the machine, a load balancer, an operator and an assessor are told of a rule that
    denies every job."""
    client = gateway.client()
    until_health(client, "NOT_SERVING")
    equal(client.health("segel.v1.LogService"), "SERVING")
    status, _, text = ask(gateway, "/readyz")
    equal(status, 503)
    contains(text, "nothing is signed", rule, *words)
    contains(gateway.find("denial.all")[-1]["why"], rule, *words)
    seen = metrics(gateway)
    equal((seen.value("segel_denied_all"), seen.value("segel_signing")), (1, 0))
    equal(rig.refused(client.sign).info.metadata["rule"], rule)
    shown = disk.rig.segel("officer-1", "status")
    contains(shown.stdout, rule)
    expect("All is well" not in shown.stdout and shown.returncode != 0, "status says so")
    found = disk.rig.segel("officer-1", "assess", "--json")
    rows = {r["name"]: r["verdict"] for r in json.loads(found.stdout)["lines"]}
    equal((rows["denial"], found.returncode != 0), ("fail", True))


@claim
def what_the_policy_asks_of_all_jobs_is_told_before_one_is_refused(disk):
    """Half of it is free, but less than the 100 MiB of rule CP-5.4-02."""
    with disk.gateway(50) as gateway:
        client = gateway.client()
        client.sign()
        equal(metrics(gateway).value("segel_denied_all"), 0)
        disk.tell(90 * MIB, 180 * MIB)
        banned(disk, gateway, "CP-5.4-02", "log.free_bytes", str(90 * MIB))
        disk.room(50)
        until_health(client, "SERVING")
        client.sign()
        equal(len(gateway.find("denial.over")), 1)
    overdue = disk.rig.write("overdue.yaml", re.sub(
        "review_by: .*", "review_by: 2026-11-01", disk.rig.read("policy.yaml"), count=1))
    with open(disk.conf, encoding="utf-8") as file:
        text = file.read().replace("file: policy.yaml", f"file: {overdue}")
    text = re.sub(*rig.fresh_ledger(), text)
    with disk.gateway(50, disk.rig.write("overdue-conf.yaml", text)) as gateway:
        banned(disk, gateway, "CP-8-01", "clock.now")


class OwnDisk:
    """segeld in a mount namespace of its own, with its ledger on a tmpfs of 160 MiB; seen
    from outside through /proc."""

    def __init__(self, the_rig):
        os.makedirs(the_rig.path("disk"), exist_ok=True)
        program = the_rig.write("segeld-on-a-disk", (
            "#!/bin/sh\n"
            f"mount -t tmpfs -o size=160m none '{the_rig.path('disk')}' || exit 99\n"
            f"exec '{os.path.join(rig.BIN, 'segeld')}' \"$@\"\n"))
        os.chmod(program, 0o700)
        conf = the_rig.config((r"path: ledger\.db", "path: disk/ledger.db"))
        self.rig, self.gateway = the_rig, None
        self.process = ["unshare", "-rm", program, "--config", conf]

    def __enter__(self):
        self.gateway = rig.Gateway(self.rig, None, {}, self.process)
        self.gateway.wait_ready()
        return self.gateway

    def __exit__(self, kind, *_):
        self.gateway.stop()
        if kind is None:
            self.gateway.judge_end()

    def fill(self, leave):
        folder = f"/proc/{self.gateway.process.pid}/root{self.rig.path('disk')}"
        room = os.statvfs(folder)
        with open(os.path.join(folder, "ballast"), "wb") as file:
            os.posix_fallocate(file.fileno(), 0, room.f_bavail * room.f_frsize - leave)
        return os.path.join(folder, "ballast")


@claim
def the_check_tells_that_a_start_would_sign_nothing(disk):
    if not may_mount():
        print("      not tried: no mount namespace is allowed here")
        return
    folder = disk.rig.path("checked")
    os.makedirs(folder, exist_ok=True)
    conf = disk.rig.config((r"path: ledger\.db", "path: checked/ledger.db"))

    def check(ballast):
        said = subprocess.run(
            ["unshare", "-rm", "sh", "-c", f"mount -t tmpfs -o size=8m none '{folder}' && "
             f"head -c {ballast} /dev/zero >'{folder}/ballast' && "
             f"exec '{rig.BIN}/segeld' --config '{conf}' --check-config"],
            capture_output=True, text=True, check=False, timeout=60)
        equal(said.returncode, 0, said.stderr)
        return said.stdout

    contains(check(7900 << 10), "of the ledger's file system is free", "nothing new is signed")
    expect("file system" not in check(MIB), "it is told of a disk with room")


@claim
def a_real_disk_that_gets_full_stops_signing_in_time(disk):
    if not may_mount():
        print("      not tried: no mount namespace is allowed here")
        return
    own = OwnDisk(disk.rig)
    with own as gateway:
        client = gateway.client()
        client.sign()
        ballast = own.fill(3 * MIB)
        until_health(client, "NOT_SERVING")
        equal(rig.refused(client.sign).info.reason, "DISK_RESERVE")
        equal(rig.refused(client.sign, document_class="kontrak").code,
              grpc.StatusCode.PERMISSION_DENIED)
        os.unlink(ballast)
        until_health(client, "SERVING")
        expect(client.sign().signature, "signed")
        equal(gateway.process.poll(), None, "exit code of segeld")


if __name__ == "__main__":
    sys.exit(rig.run(Disk(rig.Rig("disk"))))
