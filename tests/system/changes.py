#!/usr/bin/python3
"""What changes under a gateway at work: another token behind a lane's name, lanes that
leave, a machine that stands still. No job may slip through while it does."""
import contextlib
import ctypes
import os
import re
import shutil
import signal
import struct
import sys
import threading
import time

import grpc
import rig
from faulty import ask, right_once
from rig import claim, contains, equal, expect, item
from town import Town, children_of, lanes_of, sign_many, until

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
CODE = grpc.StatusCode

# Goes between segeld and the real lane1, passes on what it says at its start, and then
# sends answers to nothing as fast as it can.
FLOOD = """#!/usr/bin/python3
import os, socket, sys
program = [{program!r}, *sys.argv[1:]]
if "lane1" not in os.environ["FAULTS_LOG"]:
    os.execve(program[0], program, os.environ)
gateway = socket.socket(fileno=os.dup(3))
ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
if os.fork() == 0:
    os.dup2(its.fileno(), 3)
    os.execve(program[0], program, os.environ)
its.close()
ours.send(gateway.recv(1 << 20))
gateway.send(ours.recv(1 << 20))
while True:
    gateway.send(b"\\x1a\\x00")
"""


def make_extractable(folder):
    """The same keys in a token that would give them away: two attributes in its files."""
    changed = 0
    for root, _, names in os.walk(folder):
        for path in (os.path.join(root, n) for n in names if n.endswith(".object")):
            with open(path, "rb") as file:
                data = bytearray(file.read())
            for attribute, value in ((0x162, 1), (0x164, 0)):  # CKA_(NEVER_)EXTRACTABLE
                at = data.find(struct.pack(">QQ", attribute, 1))
                if at >= 0:
                    data[at + 16] = value
                    changed += 1
            with open(path, "wb") as file:
                file.write(data)
    expect(changed > 0, "the token's files have no such attributes")


class Change(Town):
    """A town whose lane1 can be given the other token."""

    def __init__(self, name):
        super().__init__(name)
        self.worse = self.rig.path("tokens-worse")
        shutil.copytree(self.rig.path("tokens-lane1"), self.worse)
        make_extractable(self.worse)
        self.better = self.rig.read("lane1.conf")
        self.rig.write("worse.conf", self.better.replace("tokens-lane1", "tokens-worse"))

    def with_pages(self):
        """The configuration that was made last, with local pages."""
        text = self.rig.read("town.yaml")
        return self.rig.write("town.yaml", text.replace(
            "node: gw1", "node: gw1\nadmin: {address: 127.0.0.1, port: 0}"))

    def gateway(self, config=None):
        self.rig.write("lane1.conf", self.better)
        return super().gateway(config)

    def worsen(self):
        """From its next process on lane1 has the other token."""
        self.rig.write("lane1.conf", self.rig.read("worse.conf"))


def ask_on(gateway, ended, answers):
    client = gateway.client()
    while not ended.is_set():
        try:
            client.sign(timeout=30)
            answers.append(None)
        except grpc.RpcError as error:
            answers.append(error)


@contextlib.contextmanager
def load(gateway, threads=6):
    """A steady stream of jobs: the answers, None for a signature."""
    ended, answers = threading.Event(), []
    askers = [threading.Thread(target=ask_on, args=(gateway, ended, answers))
              for _ in range(threads)]
    for asker in askers:
        asker.start()
    try:
        yield answers
    finally:
        ended.set()
        for asker in askers:
            asker.join(timeout=30)


@contextlib.contextmanager
def in_place_of(ours, theirs, *names):
    """Their files where ours are."""
    kept = {name: ours.read(name) for name in names}
    try:
        for name in names:
            ours.write(name, theirs.read(name))
        yield
    finally:
        for name, text in kept.items():
            ours.write(name, text)


def verified(change):
    checked = change.rig.segel("reviewer", "log", "verify")
    equal(checked.returncode, 0, checked.stdout + checked.stderr)
    return checked.stdout


# --- Another token --------------------------------------------------------------------------

@claim
def a_job_that_waited_for_a_lane_is_not_signed_by_what_the_new_token_makes_unlawful(change):
    config = change.config(change.lane0, change.block("lane1", "lane1.conf"),
                           key_lanes="[lane1]")

    def after():
        kinds = [(r["type"], r.get("outcome")) for r in change.records()]
        up = ("lane.up", None)
        return kinds[kinds.index(up):] if up in kinds else []

    with change.gateway(config) as gateway, load(gateway):
        time.sleep(0.3)
        change.worsen()
        os.kill(lanes_of(gateway)["lane1"], signal.SIGKILL)
        gateway.wait_event("lane.up")
        time.sleep(0.5)
        until(lambda: ("deny", None) in after(), 20)  # the policy denies the key as it is now
        equal(after().count(("outcome", "signed")), 0, "signatures with the new token")


@claim
def a_token_with_another_log_key_signs_no_checkpoint_and_is_named(change):
    other = rig.Rig("changes-other")
    for kind, found in (("ed25519", re.search(r'^log_key:.*id: "(\w+)"', change.base, re.M)),
                        ("p-256", re.search(r'canary: "(\w+)"', change.base))):
        made = other.tool("segel-hsm", "keygen", "--module", MODULE, "--token", "segel-demo",
                          "--pin-file", other.path("pin"), "--type", kind, "--name",
                          f"twin-{kind}", "--id", found.group(1))
        equal(made.returncode, 0, made.stderr)
    config = change.config(change.lane0)
    text = change.rig.read("town.yaml").replace("checkpoint_s: 86400", "checkpoint_s: 1")
    change.rig.write("town.yaml", text)
    with change.gateway(config) as gateway:
        before = len(gateway.find("checkpoint.failed"))
        with in_place_of(change.rig, other, "softhsm2.conf", "pin"):
            os.kill(lanes_of(gateway)["lane0"], signal.SIGKILL)
            gateway.wait_event("lane.up")
            until(lambda: len(gateway.find("checkpoint.failed")) > before)
            contains(gateway.find("checkpoint.failed")[-1]["why"], "another log key")
        os.kill(lanes_of(gateway)["lane0"], signal.SIGKILL)
        until(lambda: len(gateway.find("lane.up")) == 2)
        expect(gateway.client().sign().signature, "it signs again")
        until(lambda: "under way" in verified(change) and
              "No checkpoint covers" not in verified(change))


def descriptors_of(gateway):
    try:
        return len(os.listdir(f"/proc/{gateway.process.pid}/fd"))
    except PermissionError:  # only root may look
        return 0


# --- Lanes that leave -----------------------------------------------------------------------

@claim
def a_lane_that_left_leaves_no_process_and_no_descriptor_behind(change):
    with change.gateway(change.config(change.lane0)) as gateway:
        before = descriptors_of(gateway)
        for turn in range(6):
            change.both(threads=str(1 + turn % 2))
            gateway.process.send_signal(signal.SIGHUP)
            until(lambda n=turn: len(gateway.find("lane.up")) > n)
        change.config(change.lane0)
        gateway.process.send_signal(signal.SIGHUP)
        until(lambda: len(gateway.find("lane.removed")) == 6)
        equal(len(children_of(gateway)), 1, "processes, dead ones counted")
        after = descriptors_of(gateway)
        expect(after <= before, f"descriptors: {before} before, {after} after")
        expect(not gateway.find("lane.down"), "a lane that leaves is not told as lost")


@claim
def a_lane_that_leaves_with_a_hung_job_ends_and_its_job_is_answered(change):
    with change.gateway(change.both()) as gateway:
        change.schedule("lane1", "C_Sign@1+=hang")
        with load(gateway) as answers:
            time.sleep(0.3)
            change.config(change.lane0)
            gateway.process.send_signal(signal.SIGHUP)
            gateway.wait_event("lane.removed")
            until(lambda: list(lanes_of(gateway)) == ["lane0"])
        equal(len(children_of(gateway)), 1, "processes, dead ones counted")
        lost = [e for e in answers if e]
        expect(len(lost) <= 2 and all(e.code() == CODE.UNAVAILABLE for e in lost),
               f"{len(lost)} jobs were lost with two threads: {lost[:3]}")
        equal(len(gateway.find("lane.up")), 0, "a lane that leaves is not started again")


@claim
def a_lane_that_is_replaced_while_a_job_hangs_is_told_once(change):
    def both(**changes):
        return change.config(change.lane0, change.block("lane1", "lane1.conf", **changes),
                             more="hsm: {timeout_ms: 10000}\n")

    def hangs():
        return change.rig.read("calls-lane1").count(" hang ")

    both()
    with change.gateway(change.with_pages()) as gateway:
        before = hangs()
        change.schedule("lane1", "C_Sign@1+=hang")
        with load(gateway):
            until(lambda: hangs() > before)
            both(threads="3")
            gateway.process.send_signal(signal.SIGHUP)
            gateway.wait_event("lane.added")
            time.sleep(0.2)
            _, _, text = ask(gateway, "/metrics")
            up = [line for line in text.splitlines() if line.startswith("segel_lane_up{")]
            equal(len(up), 2, f"samples of two lanes: {up}")
            equal(gateway.find("lane.removed"), [], "the old one still has its job")
            change.schedule("lane1", "")


@claim
def a_key_that_lost_a_lane_is_told_so_when_the_others_restart(change):
    change.both()
    with change.gateway(change.with_pages()) as gateway:
        change.schedule("lane1", "C_Login@1+=30")
        os.kill(lanes_of(gateway)["lane1"], signal.SIGKILL)
        gateway.wait_event("lane.down")
        os.kill(lanes_of(gateway)["lane0"], signal.SIGKILL)
        until(lambda: gateway.find("lane.up"))
        time.sleep(0.3)
        _, _, text = ask(gateway, "/metrics")
        contains(text, 'segel_key_lanes{key="seal-demo"} 2\n',
                 'segel_key_lanes_up{key="seal-demo"} 1\n')


def refused_by(client, code, word):
    try:
        client.sign()
    except grpc.RpcError as error:
        return error.code() == code and word in error.details()
    return False


@claim
def a_key_goes_on_with_the_lane_that_is_left_by_what_that_one_says(change):
    change.schedule("lane2", "")
    worse = change.block("lane1", "worse.conf")
    better = change.block("lane2", "lane1.conf")
    with change.gateway(change.config(change.lane0, worse, better,
                                      key_lanes="[lane1, lane2]")) as gateway:
        change.config(change.lane0, worse, key_lanes="[lane1]")
        gateway.process.send_signal(signal.SIGHUP)
        gateway.wait_event("lane.removed")
        until(lambda: refused_by(gateway.client(), CODE.FAILED_PRECONDITION, "CP-6.2-02"))


@claim
def a_gateway_starts_though_one_of_its_hsms_shows_no_token(change):
    os.makedirs(change.rig.path("tokens-away"))
    away = change.block("lane1", "away.conf")
    change.rig.write("away.conf", change.better.replace("tokens-lane1", "tokens-away"))
    with change.gateway(change.config(change.lane0, away)) as gateway:
        contains(gateway.find("lane.down")[0]["why"], "HSM is away", "SOFTHSM2_CONF")
        expect(gateway.client().sign().signature, "the other lane signs")
        change.rig.write("away.conf", change.better)
        gateway.wait_event("lane.up")


@claim
def a_reload_that_has_no_room_for_its_lanes_changes_nothing(change):
    with change.gateway(change.config(change.lane0, change.block("lane1", "lane1.conf"),
                                      key_lanes="[lane0, lane1]")) as gateway:
        before = lanes_of(gateway)
        many = [change.block(f"more{i}", "lane1.conf") for i in range(63)]
        change.config(change.lane0, *many, key_lanes="[lane0]")
        text = change.rig.read("town.yaml")
        change.rig.write("town.yaml", re.sub(
            r"allowed_classes: \[[^\]]*\]", "allowed_classes: [other]", text))
        gateway.process.send_signal(signal.SIGHUP)
        why = gateway.wait_event("reload.failed")["why"]
        contains(why, "65 lanes would be open at once", "nothing was reloaded")
        equal(gateway.find("lane.leaving") + gateway.find("lane.added"), [], "told")
        equal(lanes_of(gateway), before, "lanes")
        expect(gateway.client().sign().signature, "the classes are those of before")


# --- Processes that do not die --------------------------------------------------------------

PTRACE_SEIZE, WALL, CAP_SYS_PTRACE = 0x4206, 0x40000000, 19


def may_trace():
    """Of a lane, which shows its memory to nobody: who has CAP_SYS_PTRACE."""
    with open("/proc/self/status", encoding="ascii") as file:
        mask = int(re.search(r"CapEff:\s+(\w+)", file.read()).group(1), 16)
    return bool(mask >> CAP_SYS_PTRACE & 1)


def hold(pid):
    """Whoever is traced and killed cannot be buried before its tracer has looked: as a
    process that hangs in a driver."""
    libc = ctypes.CDLL(None, use_errno=True)
    done = libc.ptrace(ctypes.c_long(PTRACE_SEIZE), ctypes.c_long(pid), None, None)
    equal(done, 0, f"ptrace: {os.strerror(ctypes.get_errno())}; result")


@claim
def jobs_of_lanes_that_cannot_be_killed_are_answered_all_the_same(change):
    if not may_trace():
        print("      not tried: it takes CAP_SYS_PTRACE", flush=True)
        return
    config = change.config(change.lane0, change.block("lane1", "lane1.conf"),
                           key_lanes="[lane1]", more="hsm: {timeout_ms: 1000}\n")

    def ups():
        """lane0 may have been slow for a second, too."""
        return sum(event["lane"] == "lane1" for event in gateway.find("lane.up"))

    with change.gateway(config) as gateway:
        held, seen = [], -1
        for turn in range(5):  # segeld starts no more than four beside such processes
            until(lambda n=seen: ups() > n)
            seen = ups()
            held.append(lanes_of(gateway)["lane1"])
            hold(held[-1])
            change.schedule("lane1", "C_Sign@1=hang")
            job = item()
            equal(rig.refused(gateway.client().sign, job, timeout=10).code,
                  CODE.UNAVAILABLE, f"job {turn}")
            equal(change.outcomes(job), [("indeterminate", "lane1")], f"job {turn}")
            change.schedule("lane1", "")
        expect("lane1" not in lanes_of(gateway), "no further one is started")
        for pid in held:
            os.waitpid(pid, WALL)
        until(lambda: ups() > seen)
        expect(gateway.client().sign().signature, "it signs again")
        equal(len(children_of(gateway)), 2, "processes, dead ones counted")


# --- What a lane must not do ----------------------------------------------------------------

@claim
def a_lane_that_floods_the_gateway_with_answers_to_nothing_is_killed_at_once(change):
    program = change.rig.write("flood", FLOOD.format(program=os.path.join(rig.BIN,
                                                                          "segel-hsm")))
    os.chmod(program, 0o700)
    config = change.config(change.lane0, change.block("lane1", "lane1.conf"),
                           more=f"hsm: {{program: {program}}}\n")
    change.calm()
    with change.rig.gateway(config) as gateway:
        contains(gateway.wait_event("lane.down")["why"], "answer to nothing")
        expect(all(r.signature for r in sign_many(gateway, 20)), "the other lane signs")


def signal_each(pids, number):
    """One after the other; the seconds from the first to the last."""
    began = time.monotonic()
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        time.sleep(0.05)
    return time.monotonic() - began


@claim
def a_machine_that_stood_still_has_no_hung_lanes(change):
    config = change.config(change.lane0, change.block("lane1", "lane1.conf"),
                           more="sign: {deadline_ms: 60000}\n")

    def measure():
        with change.gateway(config) as gateway, load(gateway) as answers:
            time.sleep(0.3)
            lanes = list(lanes_of(gateway).values())
            # The lanes have work in hand that they do not answer while the gateway is at work.
            apart = signal_each([*lanes, gateway.process.pid], signal.SIGSTOP)
            time.sleep(3)
            apart += signal_each([gateway.process.pid, *lanes], signal.SIGCONT)
            time.sleep(0.5)
            if apart > 1:
                return f"the lanes stood still for {apart:.1f} s longer than the gateway"
            equal([e["why"] for e in gateway.find("lane.down")], [], "lanes that were killed")
            equal(sorted(lanes_of(gateway).values()), sorted(lanes), "processes")
        equal([e for e in answers if e], [], "jobs that were refused")
        return None
    right_once(measure)


if __name__ == "__main__":
    sys.exit(rig.run(Change("changes")))
