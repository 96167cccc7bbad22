#!/usr/bin/python3
"""PINs that a person types at the gateway's machine, PINs as systemd credentials, and what
a refused PIN means for the token, whatever the lane is called that it is on."""
import array
import concurrent.futures
import contextlib
import json
import os
import re
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import termios
import threading
import time

import grpc
import rig
from faulty import (PIN_REFUSED, Faulty, ask, create, kill_lane, list_tokens, metrics, token, unlock,
                    wait_for)
from people import hup
from rig import claim, contains, covered, equal, expect
from terminal import Terminal

CODE = grpc.StatusCode
NOBODY = 65534
WRONG = "0000-wrong"


class Pins(Faulty):
    def __init__(self, the_rig):
        super().__init__(the_rig)
        self.pin = the_rig.read("pin").strip()
        # A socket's path has 107 bytes at most, whatever the build folder is called.
        self.folder = tempfile.TemporaryDirectory(prefix="segel-pins-")
        self.socket = os.path.join(self.folder.name, "control")
        self.plain = self.text
        self.text = self.text.replace("\nlanes:\n", f"\ncontrol: {{socket: {self.socket}}}\n"
                                      "lanes:\n", 1).replace("pin_file: pin", "pin_file: prompt")

    @contextlib.contextmanager
    def gateway(self, *changes, keep=False, schedule="", start=None, **environment):
        """keep: with the ledger of the last one; start: is called before it is ready."""
        if not keep:
            self.ledger = rig.fresh_ledger()
        text = self.text
        for pattern, replacement in (self.ledger, *changes):
            text, count = re.subn(pattern, replacement, text, count=1, flags=re.M)
            expect(count == 1, f"the configuration has no {pattern}")
        self.schedule(schedule)
        self.conf = self.rig.write("changed.yaml", text)
        with rig.Gateway(self.rig, self.conf, environment).until_end() as gateway:
            if start:
                start(gateway)
            gateway.wait_ready()
            yield gateway

    @contextlib.contextmanager
    def awaiting(self):
        """A gateway that served, and whose lane asks for its PIN anew."""
        with self.gateway(start=self.typed) as gateway:
            kill_lane(gateway)
            awaits(gateway)
            yield gateway

    def reload(self, gateway, pattern, replacement):
        text, count = re.subn(pattern, replacement, self.rig.read("changed.yaml"), flags=re.M)
        expect(count > 0, f"the configuration has no {pattern}")
        self.rig.write("changed.yaml", text)
        hup(gateway, "reloaded")

    def enter(self, pin=None, *options, lane="lane0"):
        """By a descriptor, as scripts do."""
        ours, theirs = os.pipe()
        os.write(theirs, (self.pin if pin is None else pin).encode() + b"\n")
        os.close(theirs)
        try:
            return subprocess.run(
                [os.path.join(rig.BIN, "segel"), "pin", "enter", lane, "--socket", self.socket,
                 "--pin-fd", str(ours), *options], pass_fds=(ours,), capture_output=True,
                text=True, check=False, timeout=60)
        finally:
            os.close(ours)

    def typed(self, gateway):
        """A gateway whose lane has its PIN."""
        gateway.wait_event("pin.awaited")
        result = self.enter()
        equal(result.returncode, 0, result.stderr)

    def records(self, *types):
        rows = self.rig.segel("reviewer", "log", "show", "--json")
        equal(rows.returncode, 0, rows.stderr)
        found = [rig.json.loads(line) for line in rows.stdout.splitlines() if line.strip()]
        found = [r.get("record", r) for r in found]
        return [r for r in found if not types or r["type"] in types]


def state(gateway):
    return token(gateway).lane_state


def awaits(gateway):
    wait_for(lambda: state(gateway) == "awaits-pin", "the lane does not await its PIN")


def lane_pids(gateway):
    children = f"/proc/{gateway.process.pid}/task/{gateway.process.pid}/children"
    with open(children, encoding="ascii") as file:
        return [int(pid) for pid in file.read().split()]


# --- Typed ----------------------------------------------------------------------------------

@claim
def the_first_start_waits_for_the_pin_and_then_serves(pins):
    terminal = []

    def start(gateway):
        gateway.wait_event("pin.awaited")
        equal(gateway.find("ready"), [], "served before the log's key was seen")
        wait_for(lambda: "waits for a PIN" in ask(gateway, "/readyz")[2], "it is not told")
        equal(ask(gateway, "/livez")[::2], (200, "alive: the gateway starts\n"))
        for page in ("/readyz", "/healthz", "/metrics"):
            status, _, text = ask(gateway, page)
            equal(status, 503, page)
            contains(text, "waits for a PIN")
        with Terminal("pin", "enter", "lane0", "--socket", pins.socket) as segel:
            segel.wait("PIN of token 'segel-demo'")
            segel.type(pins.pin)
            equal(segel.end(), 0, segel.shown)
        terminal.append(segel.shown)

    with pins.gateway(start=start) as gateway:
        contains(terminal[0], "lane lane0 is up")
        expect(pins.pin not in terminal[0], "the terminal shows the PIN")
        expect(gateway.client().sign().signature, "it signs")
        wait_for(lambda: pins.records("pin.enter"), "there is no record")
        record = pins.records("pin.enter")[0]
        equal(record["subject"], "lane0")
        contains(record["detail"], f"uid {os.getuid()}")


@claim
def a_start_that_waits_ends_when_it_is_told_to(pins):
    pins.ledger = rig.fresh_ledger()
    gateway = rig.Gateway(pins.rig, pins.rig.write("changed.yaml", re.sub(
        *pins.ledger, pins.text)), {})
    try:
        gateway.wait_event("pin.awaited")
    finally:
        code = gateway.stop()
    equal(code, 0, "exit code")
    equal((gateway.find("fatal"), len(gateway.find("ended"))), ([], 1), "how it ended")


@claim
def a_new_process_of_the_lane_awaits_its_pin_again(pins):
    with pins.awaiting() as gateway:
        shown = token(gateway)
        contains(shown.why, "segel pin enter lane0")
        equal((shown.label, shown.pin_failures), ("segel-demo", 0))
        equal(gateway.client().health("segel.lane/lane0"), "NOT_SERVING")
        if metrics_there(gateway):
            equal(metrics(gateway).value("segel_lane_state", lane="lane0", state="awaits-pin"),
                  1)
        refusal = rig.refused(gateway.client().sign)
        equal(refusal.code, CODE.UNAVAILABLE)
        contains(refusal.message, "PIN")
        logins = pins.logins()
        time.sleep(1)
        equal(pins.logins(), logins, "logins that nobody asked for")
        equal(pins.enter().returncode, 0)
        expect(gateway.client().sign().signature, "it signs again")
        equal(pins.logins() - logins, 1)
        lost = pins.records("lane.down")[-1]["detail"]
        expect("awaits" not in lost, f"a loss is told as a wait for a PIN: {lost}")


def processes(pins):
    """That have opened the token."""
    return len(set(re.findall(r"^C_OpenSession (\d+) ", pins.rig.read("calls"), re.M)))


def begins_anew(pins, schedule):
    before = processes(pins)
    pins.schedule(schedule)
    wait_for(lambda: processes(pins) > before, f"it does not begin anew: {schedule}", 60)


@claim
def whoever_types_a_pin_meets_a_token_that_takes_it(pins):
    """The lane has waited for a while: its session was ended, and somebody tried PINs."""
    def start(gateway):
        gateway.wait_event("pin.awaited")
        begins_anew(pins, "C_GetSessionInfo@1=b3")
        pins.typed(gateway)

    with pins.gateway(start=start) as gateway:
        kill_lane(gateway)
        awaits(gateway)
        tried = pins.logins()
        begins_anew(pins, "C_GetTokenInfo@1+=countlow")
        awaits(gateway)
        equal(pins.enter().returncode, 0)
        expect(gateway.client().sign().signature, "it signs")
        equal(pins.logins() - tried, 1, "logins")
        equal([r["type"] for r in pins.records("lane.down", "lane.up")],
              ["lane.down", "lane.up"] * 2, "a lane that waits is told once")


def metrics_there(gateway):
    return gateway.find("ready")[-1].get("admin", "off") != "off"


def reported(pins):
    """What a report has of the one lane."""
    this = time.gmtime().tm_year
    made = pins.rig.segel("reviewer", "report", "--from", f"{this - 1}-01-01", "--until",
                          f"{this + 2}-01-01", "--format", "json", "--unrecorded")
    equal(made.returncode, 0, made.stderr)
    return json.loads(made.stdout)["incidents"]["lanes"][0]


@claim
def a_later_start_serves_what_it_has_and_waits_beside(pins):
    with pins.gateway(start=pins.typed):
        pass
    with pins.gateway(keep=True) as gateway:
        awaits(gateway)
        equal(pins.enter().returncode, 0)
        expect(gateway.client().sign().signature, "it signs")
        covered(gateway)
        lane = reported(pins)
        equal((lane["outages"], lane["down_s"]), (0, 0), "the HSM was there")
        expect(lane["rests"] > 0, "that it waited is not told")


@claim
def a_token_that_is_lost_while_its_pin_is_awaited_is_told_once(pins):
    with pins.gateway(start=pins.typed):
        pass
    with pins.gateway(keep=True) as gateway:
        awaits(gateway)
        wait_for(lambda: len(gateway.find("lane.down")) == 1, "that it waits is not told")
        pins.schedule("C_GetTokenInfo@1+=e0")
        wait_for(lambda: len(gateway.find("lane.down")) == 2, "the loss is not told", 30)
        time.sleep(3)  # it tries on
        pins.schedule("")
        awaits(gateway)
        equal(pins.enter().returncode, 0)
        covered(gateway)
        down = [r["detail"] for r in pins.records("lane.down")][-2:]
        equal([e["why"] for e in gateway.find("lane.down")], down, "lines and records")
        contains(down[0], "it awaits its PIN:")
        expect("awaits" not in down[1], f"a loss is told as a wait for a PIN: {down[1]}")
        lane = reported(pins)
        expect(lane["rests"] > 0, "that it waited is not told")
        equal(lane["outages"], 1)
        expect(lane["down_s"] >= 3, f"how long: {lane}")


@claim
def a_wrong_pin_is_tried_once_and_latches_the_token(pins):
    with pins.awaiting() as gateway:
        logins = pins.logins()
        result = pins.enter(WRONG)
        equal(result.returncode, 1, result.stderr)
        contains(result.stderr, "refuses the PIN that was entered")
        equal((state(gateway), token(gateway).pin_failures), ("pin-latched", 1))
        result = pins.enter()
        equal(result.returncode, 1)
        contains(result.stderr, "awaits no PIN")
        equal(pins.logins() - logins, 1, "logins")
        create(gateway, unlock())
        awaits(gateway)
        result = pins.enter()
        equal(result.returncode, 0, result.stderr)
        contains(result.stderr, "Refused logins of this token so far: 1")
        equal((state(gateway), token(gateway).pin_failures), ("up", 0))


@claim
def what_is_no_pin_and_who_awaits_none_is_said(pins):
    with pins.gateway(start=pins.typed) as gateway:
        result = pins.enter()
        equal(result.returncode, 1)
        contains(result.stderr, "awaits no PIN now: up")
        result = pins.enter(lane="lane9")
        equal(result.returncode, 1)
        contains(result.stderr, "no lane 'lane9'")
        kill_lane(gateway)
        awaits(gateway)
        logins = pins.logins()
        for bad in ("", "x" * 256):
            result = pins.enter(bad)
            equal(result.returncode, 2, result.stderr)
            contains(result.stderr, "a PIN has 1 to 255 bytes")
        result = pins.rig.tool("segel", "pin", "enter", "lane0", pins.pin)
        equal(result.returncode, 2, "a PIN on the command line")
        result = pins.rig.tool("segel", "pin", "enter", "lane0", "--socket",
                               pins.rig.path("nowhere"))
        equal(result.returncode, 3)
        contains(result.stderr, "control.socket")
        equal(pins.logins(), logins, "logins")
        equal(pins.enter().returncode, 0)


@claim
def whoever_is_stopped_for_a_while_hears_the_answer(pins):
    """As by Ctrl-Z and fg in a shell."""
    with pins.awaiting() as gateway:
        tried = pins.logins()
        pins.schedule("C_Login@1+=slow=5000")
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            entered = pool.submit(pins.enter)
            wait_for(lambda: pins.logins() - tried == 1, "the lane does not try")
            pid, = own_children("segel")
            for number in (signal.SIGSTOP, signal.SIGCONT):
                os.kill(pid, number)
                time.sleep(0.3)
            result = entered.result(60)
        equal(result.returncode, 0, result.stderr)


def own_children(name):
    """This test's own processes of that name, whatever thread has started them."""
    found = []
    for thread in os.listdir("/proc/self/task"):
        with open(f"/proc/self/task/{thread}/children", encoding="ascii") as file:
            found += [int(pid) for pid in file.read().split()]
    return [pid for pid in found if of_process(pid, "comm").strip() == name.encode()]


def echoes(terminal):
    return termios.tcgetattr(terminal.fd)[3] & termios.ECHO


@claim
def whoever_breaks_it_off_gets_a_terminal_that_shows_what_is_typed(pins):
    with pins.awaiting() as gateway:
        logins = pins.logins()
        for key, number in (("\x03", signal.SIGINT), ("\x1c", signal.SIGQUIT)):
            with Terminal("pin", "enter", "lane0", "--socket", pins.socket) as segel:
                segel.wait("PIN of token")
                expect(not echoes(segel), "what is typed is shown")
                segel.type("12", enter="")
                segel.type("\x1a", enter="")  # it cannot be stopped while the terminal is mute
                segel.type(key, enter="")
                equal(segel.end(), -number, "ended by")
                expect(echoes(segel), "the terminal is mute")
        equal(pins.logins(), logins, "logins")
        awaits(gateway)


# --- Who may --------------------------------------------------------------------------------

def as_nobody(pins, group=None):
    """What a stranger is told; he is given the means to connect, but not the right."""
    script = ("import os, socket, sys\n"
              f"os.setgroups([{group if group else ''}]); os.setgid({NOBODY}); "
              f"os.setuid({NOBODY})\n"
              "s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); s.settimeout(10)\n"
              "try:\n"
              f"    s.connect({pins.socket!r}); s.send(b'\\x0a\\x05lane0')\n"
              "    sys.stdout.write(repr(s.recv(4096)))\n"
              "except PermissionError: sys.stdout.write('no permission')\n")
    return subprocess.run(["/usr/bin/python3", "-c", script], capture_output=True, text=True,
                          check=False, timeout=30).stdout


@contextlib.contextmanager
def open_way(path):
    """Everybody may come as far as the socket's folder."""
    folders, folder = [], os.path.dirname(path)
    while folder != "/":
        mode = os.stat(folder).st_mode & 0o7777
        folders.append((folder, mode))
        os.chmod(folder, mode | 0o011)
        folder = os.path.dirname(folder)
    try:
        yield
    finally:
        for folder, mode in folders:
            os.chmod(folder, mode)


@claim
def another_user_is_refused_by_the_file_and_by_the_kernels_word(pins):
    if os.getuid() != 0:
        return  # nobody else's user id can be taken
    with pins.gateway(start=pins.typed) as gateway, open_way(pins.socket):
        equal(os.stat(pins.socket).st_mode & 0o777, 0o600)
        equal(as_nobody(pins), "no permission")
        os.chmod(pins.socket, 0o666)
        contains(as_nobody(pins), "this socket is for root")
        equal(gateway.wait_event("control.denied")["uid"], str(NOBODY))
    with pins.gateway((r"control: \{", "control: {group: daemon, "), start=pins.typed), \
            open_way(pins.socket):
        about = os.stat(pins.socket)
        equal((about.st_mode & 0o777, about.st_gid), (0o660, 1))
        equal(as_nobody(pins), "no permission")
        contains(as_nobody(pins, group=1), "segel-demo")


@claim
def a_group_that_the_unit_does_not_let_it_see_is_told_as_that(pins):
    """PrivateUsers= of the unit: root, its own user, and nobody else."""
    alone = ["unshare", "--user", "--map-current-user"]
    if os.getuid() != 0 or subprocess.run([*alone, "true"], check=False).returncode != 0:
        return
    config = pins.rig.write("grouped.yaml", re.sub(*rig.fresh_ledger(), pins.text.replace(
        "control: {", "control: {group: daemon, ", 1), count=1))
    gateway = rig.Gateway(pins.rig, config, {}, command=[
        *alone, os.path.join(rig.BIN, "segeld"), "--config", config])
    expect(gateway.wait_end() != 0, "it starts")
    contains(gateway.find("fatal")[-1]["why"], "cannot be given to its group",
             "local-users.conf", "a member of it")


@claim
def peers_that_break_the_rules_cost_no_login_and_no_descriptor(pins):
    with pins.awaiting() as gateway:
        logins, held = pins.logins(), descriptors(gateway)
        ask = b"\x0a\x05lane0\x10\x01"  # lane0, enter
        ours, theirs = os.pipe()
        os.write(theirs, b"4711")
        for packet, passed in ((b"", []), (b"\xff" * 50, []), (b"x" * 5000, []), (ask, []),
                               (ask, [theirs]), (ask, [0]), (ask, [ours, ours]),
                               (b"\x0a\x7f" + b"l" * 127, [])):
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as link:
                link.settimeout(10)
                link.connect(pins.socket)
                with contextlib.suppress(OSError):
                    link.sendmsg([packet], [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                                             array.array("i", passed))] if passed else [])
                    link.recv(4096)
        # A pipe that is not closed: the lane waits for nobody.
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as link:
            link.settimeout(20)
            link.connect(pins.socket)
            link.sendmsg([ask], [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                                  array.array("i", [ours]))])
            contains(link.recv(4096).decode(errors="replace"), "did not come whole")
        os.close(ours)
        os.close(theirs)
        idle = [socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(5)]
        for link in idle:
            link.connect(pins.socket)
        awaits(gateway)
        equal(pins.logins(), logins, "logins")
        result = pins.enter()  # those who say nothing are gone after five seconds
        equal(result.returncode, 0, result.stderr)
        for link in idle:
            link.close()
        wait_for(lambda: descriptors(gateway) <= held, "descriptors are left behind")


def descriptors(gateway):
    try:
        return len(os.listdir(f"/proc/{gateway.process.pid}/fd"))
    except PermissionError:  # nobody but root may look
        return 0


# --- Where it never is ----------------------------------------------------------------------

def of_process(pid, name):
    with open(f"/proc/{pid}/{name}", "rb") as file:
        return file.read()


@claim
def the_pin_is_in_no_log_no_record_no_argument_and_no_memory_of_the_gateway(pins):
    most = resource.RLIM_INFINITY if os.getuid() == 0 else resource.getrlimit(
        resource.RLIMIT_CORE)[1]
    before = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (most, most))  # as where cores are wanted
    with contextlib.ExitStack() as stack:
        stack.callback(resource.setrlimit, resource.RLIMIT_CORE,
                       (before[0], most if os.getuid() else before[1]))
        gateway = stack.enter_context(pins.gateway(start=pins.typed))
        kill_lane(gateway)
        awaits(gateway)
        pins.enter(WRONG)
        create(gateway, unlock())
        awaits(gateway)
        pins.enter()
        expect(gateway.client().sign().signature, "it signs")
        secrets_ = [pins.pin.encode(), WRONG.encode()]
        for pid in (gateway.process.pid, *lane_pids(gateway)):
            for name in ("cmdline", "environ"):
                expect(not any(s in of_process(pid, name) for s in secrets_), f"in {name}")
            contains(of_process(pid, "limits").decode(), "Max core file size        0  ")
            if os.getuid() != 0:
                with contextlib.suppress(PermissionError):
                    of_process(pid, "environ")
                    raise rig.Failed(f"process {pid} can be looked into")
            else:
                equal(os.stat(f"/proc/{pid}/environ").st_uid, 0)
        if os.getuid() == 0:
            memory = memory_of(gateway.process.pid)
            expect(b"surat_keterangan" in memory, "the memory cannot be read here")
            for secret in secrets_:
                expect(secret not in memory, "the gateway's memory holds the PIN")
        for name in os.listdir(pins.rig.dir):
            path = pins.rig.path(name)
            if os.path.isfile(path) and name not in ("pin", rig.USED):
                data = pins.rig.read(name, "rb")
                for secret in secrets_:
                    expect(secret not in data, f"{name} holds the PIN")
        for secret in secrets_:
            expect(secret.decode() not in gateway.text(), "a log line holds the PIN")


def memory_of(pid):
    found = b""
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps, \
            open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in maps:
            place, rights = line.split()[:2]
            start, end = (int(x, 16) for x in place.split("-"))
            if "r" in rights and "[v" not in line and end - start < 1 << 28:
                with contextlib.suppress(OSError, ValueError, OverflowError):
                    memory.seek(start)
                    found += memory.read(end - start)
    return found


# --- In two halves --------------------------------------------------------------------------

HALVES = ("a half of the first", "a half of the second")


def with_halves(halves, *arguments):
    ours, theirs = os.pipe()
    os.write(theirs, "".join(half + "\n" for half in halves).encode())
    os.close(theirs)
    try:
        return subprocess.run([os.path.join(rig.BIN, "segel"), "pin", *arguments, str(ours)],
                              pass_fds=(ours,), capture_output=True, text=True, check=False,
                              timeout=60)
    finally:
        os.close(ours)


@claim
def two_officers_type_a_half_each_and_neither_knows_the_pin(pins):
    made = pins.rig.path("joined")
    result = with_halves(HALVES, "join", "--token", "split", "--out", made, "--halves-fd")
    equal(result.returncode, 0, result.stderr)
    equal(os.stat(made).st_mode & 0o777, 0o600)
    joined = pins.rig.read("joined")
    rig.used(joined, *HALVES)
    expect(re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{16}", joined), joined)
    result = with_halves(HALVES, "join", "--token", "split", "--out", made, "--halves-fd")
    equal(result.returncode, 1, "an old file is not overwritten")
    result = with_halves(("short", HALVES[1]), "join", "--token", "split", "--out",
                         pins.rig.path("none"), "--halves-fd")
    contains(result.stderr, "at least 12")
    made = pins.rig.path("none")
    with Terminal("pin", "join", "--token", "split", "--out", made) as segel:
        for half in (HALVES[0], HALVES[1]):
            segel.wait("half" if half == HALVES[0] else "once more")
            segel.type(half)
        equal(segel.end(), 2)
        contains(segel.shown, "the half differs from what was typed once more")
    alone = subprocess.run([os.path.join(rig.BIN, "segel"), "pin", "join", "--token", "split",
                            "--out", made], capture_output=True, text=True, check=False,
                           timeout=60, start_new_session=True)
    equal((alone.returncode, os.path.exists(made)), (2, False))
    contains(alone.stderr, "no terminal to ask for the half on", "give --halves-fd")
    made = pins.rig.path("joined")
    made_token = pins.rig.tool("segel-hsm", "init-token", "--module",
                               "/usr/lib/softhsm/libsofthsm2.so", "--label", "split",
                               "--so-pin-file", pins.rig.path("so-pin"), "--pin-file", made)
    equal(made_token.returncode, 0, made_token.stderr)
    os.unlink(made)
    pattern, text = second_lane(pins)
    lane = (pattern, text.replace("token: segel-demo", "token: split").replace(
        "pin_file: pin", "pin_file: prompt"))
    with pins.gateway(FILE, lane) as gateway:
        wait_for(lambda: states(gateway)["lane1"] == "awaits-pin", "it does not await it")
        wrong = with_halves((HALVES[1], HALVES[0]), "enter", "lane1", "--socket", pins.socket,
                            "--split", "--pin-fd")
        equal(wrong.returncode, 1, "the order counts")
        create(gateway, unlock("lane1"))
        wait_for(lambda: states(gateway)["lane1"] == "awaits-pin", "it does not await it")
        with Terminal("pin", "enter", "lane1", "--socket", pins.socket, "--split") as segel:
            segel.wait("First officer's half")
            segel.type(HALVES[0])
            segel.wait("Second officer's half")
            segel.type(HALVES[1])
            equal(segel.end(), 0, segel.shown)
        equal(states(gateway)["lane1"], "up")
        for secret in (*HALVES, joined):
            expect(secret not in segel.shown, "the terminal shows it")
            expect(secret not in gateway.text(), "a log line holds it")


# --- From a credential ----------------------------------------------------------------------

@claim
def a_credential_is_read_by_the_lane_alone(pins):
    folder = credential(pins, pins.pin)
    config = pins.rig.write("changed.yaml", re.sub(*rig.fresh_ledger(), pins.text.replace(
        "pin_file: prompt", "pin_file: credential:hsm.pin")))
    with pins.rig.gateway(config, CREDENTIALS_DIRECTORY=folder) as gateway:
        expect(gateway.client().sign().signature, "it signs")
    code, said = pins.rig.refuses(config)
    equal(code, 1)
    contains(said, "LoadCredential")
    for errand in (["--check-config"], ["--print-config"], ["--unlatch", "lane0"],
                   ["--release-lockdown"]):
        result = pins.rig.tool("segeld", "--config", config, *errand)
        expect("credentials are passed" not in result.stderr, f"{errand}: {result.stderr}")
        if errand == ["--check-config"]:
            equal(result.returncode, 0, result.stderr)
            contains(result.stdout, "are sound")
            contains(result.stdout, "the credential 'hsm.pin' was not looked at")
    for name in ("a/b", "..", "."):
        bad = pins.rig.write("spoiled.yaml", pins.text.replace(
            "pin_file: prompt", f"pin_file: \"credential:{name}\""))
        gateway = rig.Gateway(pins.rig, bad, {"CREDENTIALS_DIRECTORY": folder})
        equal(gateway.wait_end(), 1)
        contains(gateway.text(), "a credential is known by a name")
    bad = pins.rig.write("spoiled.yaml", pins.text.replace(
        f"control: {{socket: {pins.socket}}}\n", ""))
    code, said = pins.rig.refuses(bad)
    equal(code, 1)
    contains(said, "control.socket")


def credential(pins, pin):
    """Its folder, as systemd makes it when the service starts."""
    folder = pins.rig.path("credentials")
    os.makedirs(folder, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(os.path.join(folder, "hsm.pin"))
    with open(os.path.join(folder, "hsm.pin"), "w", encoding="ascii") as file:
        os.chmod(file.fileno(), 0o400)
        file.write(pin)
    return folder


CREDENTIAL = (r"pin_file: prompt", "pin_file: credential:hsm.pin")


@claim
def who_has_a_refused_credential_is_told_that_it_takes_a_restart(pins):
    folder = credential(pins, pins.pin)
    with pins.gateway(CREDENTIAL, CREDENTIALS_DIRECTORY=folder):
        pass
    tried = pins.logins()
    credential(pins, WRONG)
    with pins.gateway(CREDENTIAL, keep=True, CREDENTIALS_DIRECTORY=folder) as gateway:
        said = gateway.wait_event("pin.fail")
        contains(said["what_to_do"], "make the credential anew and restart the gateway",
                 "segel token unlock")
        equal(pins.logins() - tried, 1, "logins")
    credential(pins, pins.pin)
    with pins.gateway(CREDENTIAL, keep=True, CREDENTIALS_DIRECTORY=folder) as gateway:
        wait_for(lambda: state(gateway) == "pin-latched", "the restart forgot the latch")
        equal(pins.logins() - tried, 1, "logins after the restart")
        create(gateway, unlock())
        wait_for(lambda: state(gateway) == "up", "it does not come up")
        equal(pins.logins() - tried, 2, "logins in all")


@claim
def a_reload_does_not_take_a_credential_that_the_process_was_not_given(pins):
    with pins.gateway(FILE) as gateway:
        text = pins.rig.read("changed.yaml")
        pins.rig.write("changed.yaml", re.sub(
            r"^log_key:", second_lane(pins)[1].replace("pin_file: pin", "pin_credential: new"),
            text, flags=re.M))
        why = hup(gateway, "reload.failed")["why"]
        contains(why, "lane 'lane1'", "'new'", "LoadCredential", "restart")
        equal((gateway.find("lane.added"), state(gateway)), ([], "up"))
        expect(gateway.client().sign().signature, "it signs")


# --- The latch is the token's ---------------------------------------------------------------

FILE = (r"pin_file: prompt", "pin_file: pin")


@claim
def a_renamed_lane_does_not_try_a_refused_pin_again(pins):
    with pins.gateway(FILE) as gateway:
        pins.latch(gateway)
        contains(pins.enter().stderr, "awaits no PIN now: pin-latched, ",
                 "correct the file, then an officer allows one more login: the module ",
                 "CKR_PIN_INCORRECT (0xa0)\n")
        tried = pins.logins()
    rename = [(r"name: lane0", "name: other"), (r"^log_key: \{lane: lane0", "log_key: {lane: other"),
              (r"^    lane: lane0", "    lane: other")]
    with pins.gateway(FILE, *rename, keep=True, schedule=PIN_REFUSED) as gateway:
        wait_for(lambda: state(gateway) == "pin-latched", "the lane is not latched")
        shown = token(gateway)
        equal((shown.lane, shown.pin_failures), ("other", 1))
        contains(shown.why, "refuses the PIN")
        time.sleep(1)
        equal(pins.logins() - tried, 0, "logins of the renamed lane")
        equal(len(pins.records("pin.fail")), 1, "the failure is recorded once")
        pins.schedule("")
        create(gateway, unlock("other"))
        wait_for(lambda: state(gateway) == "up", "the lane does not come up")
        equal(pins.logins() - tried, 1)


SECOND = (r"^log_key:", "  - name: lane1\n    module: MODULE\n    token: segel-demo\n"
          "    pin_file: pin\n    threads: 1\n    environment: {ENVIRONMENT}\nlog_key:")


def second_lane(pins):
    """The same token once more, by another lane."""
    environment = re.search(r"environment: \{(.*)\}", pins.text).group(1)
    module = re.search(r"module: (.*)", pins.text).group(1)
    text = SECOND[1].replace("MODULE", module).replace("ENVIRONMENT", environment)
    return (SECOND[0], text)


def hanging_lane(pins):
    """A lane that keeps the start waiting: its module never comes back."""
    pattern, text = second_lane(pins)
    return pattern, re.sub(r"FAULTS_FILE: [^,}]*", "FAULTS: C_GetTokenInfo@1+=hang", text)


def states(gateway):
    return {t.lane: t.lane_state for t in list_tokens(gateway)}


@claim
def lanes_with_one_token_try_a_wrong_pin_once_between_them(pins):
    with pins.gateway(FILE):
        pass
    tried = pins.logins()
    with pins.gateway(FILE, second_lane(pins), keep=True, schedule=PIN_REFUSED) as gateway:
        wait_for(lambda: set(states(gateway).values()) == {"pin-latched"}, "not both latched")
        equal(pins.logins() - tried, 1, "logins")
        equal(len(pins.records("pin.fail")), 1, "records")
        pins.schedule("")
        create(gateway, unlock("lane1"))
        wait_for(lambda: set(states(gateway).values()) == {"up"}, "not both up")
        equal(pins.logins() - tried, 3, "logins")


@claim
def persons_who_type_at_once_try_one_pin_between_them(pins):
    """Both lanes await the PIN of one token, and two persons have the same wrong one."""
    with pins.gateway(FILE):
        pass
    pattern, lane1 = second_lane(pins)
    typed = lane1.replace("pin_file: pin", "pin_file: prompt")
    with pins.gateway(FILE, (pattern, typed), (pattern, typed.replace("lane1", "lane2")),
                      keep=True) as gateway:
        wait_for(lambda: [states(gateway).get(n) for n in ("lane1", "lane2")]
                 == ["awaits-pin"] * 2, "they do not await it")
        tried = pins.logins()
        pins.schedule("C_Login@1+=slow=6000")
        results = []
        first = threading.Thread(target=lambda: results.append(pins.enter(WRONG, lane="lane1")))
        first.start()
        wait_for(lambda: pins.logins() - tried == 1, "the first does not try")
        result = pins.enter(WRONG, lane="lane2")
        first.join()
        equal((results[0].returncode, result.returncode), (1, 1))
        contains(results[0].stderr, "it was tried once")
        contains(result.stderr, "another lane is logging in to its token", "was not used")
        equal(pins.logins() - tried, 1, "logins")
        equal([r["subject"] for r in pins.records("pin.enter")], ["lane1"])
        wait_for(lambda: states(gateway)["lane2"] == "pin-latched", "the other awaits it")


def dies_in_its_login(pins, gateway, enter):
    """Officers allow one login, which never comes back; what comes of it nobody knows."""
    tried = pins.logins()
    pins.schedule("C_Login@1+=slow=8000")
    create(gateway, unlock())
    enter()
    wait_for(lambda: pins.logins() - tried == 1, "the lane does not try")
    kill_lane(gateway)
    pins.schedule("")
    wait_for(lambda: state(gateway) == "pin-latched", "it tries again by itself")
    contains(token(gateway).why, "what came of the login that officers allowed is not known")
    equal(pins.logins() - tried, 1, "logins")


@claim
def a_login_that_officers_allowed_is_one_whatever_becomes_of_it(pins):
    with pins.gateway(FILE) as gateway:
        pins.latch(gateway)
        dies_in_its_login(pins, gateway, lambda: None)
        contains(pins.records("pin.lockout")[-1]["detail"], "is not known")
        tried = pins.logins()
        pins.schedule("C_Login@1+=slow=8000")
        create(gateway, unlock())
        wait_for(lambda: pins.logins() - tried == 1, "the lane does not try")
        gateway.stop(signal.SIGKILL)
    pins.schedule("")
    with pins.gateway(FILE, keep=True) as gateway:
        wait_for(lambda: state(gateway) == "pin-latched", "a kill gives one login more")
        equal(pins.logins() - tried, 1, "logins")
        create(gateway, unlock())
        wait_for(lambda: state(gateway) == "up", "it does not come up")
        expect(gateway.client().sign().signature, "it signs")
        equal(token(gateway).pin_failures, 0)


@claim
def a_login_that_went_well_is_no_lost_one_to_another_lane(pins):
    """The gateway dies with the permission unused; both lanes of the next one want it, and
    the one that waits asks while the other has logged in and is being tried."""
    with pins.gateway(FILE) as gateway:
        pins.latch(gateway)
        pins.schedule("C_GetTokenInfo@1+=slow=5000")  # it does not come as far as its login
        create(gateway, unlock())
        gateway.stop(signal.SIGKILL)
    tried = pins.logins()
    pattern, text = second_lane(pins)
    for canary in ("", "C_Sign@1=slow=700"):
        with pins.gateway(FILE, (pattern, text), keep=True,
                          schedule="C_Login@1=slow=500 " + canary) as gateway:
            wait_for(lambda: set(states(gateway).values()) == {"up"}, "not both are up")
    equal(pins.logins() - tried, 4, "logins")


@claim
def a_typed_pin_that_officers_allowed_is_one_too(pins):
    with pins.awaiting() as gateway:
        pins.enter(WRONG)
        wait_for(lambda: state(gateway) == "pin-latched", "it is not latched")
        typing = []

        def enter():
            awaits(gateway)
            typing.append(threading.Thread(target=pins.enter))
            typing[0].start()
        dies_in_its_login(pins, gateway, enter)
        typing[0].join()


# --- Logins that were allowed and not tried -------------------------------------------------

OWN = (r"pin_file: prompt", "pin_file: own-pin")


def own_pin(pins, pin, mode=0o600):
    os.chmod(pins.rig.write("own-pin", pin), mode)


def spoilt_file(pins, gateway, pin, mode, what):
    """Latched, unlocked, and the PIN file is of no use; how many logins there were."""
    pins.latch(gateway)
    pins.schedule("")
    tried = pins.logins()
    own_pin(pins, pin, mode)
    create(gateway, unlock())
    wait_for(lambda: what in token(gateway).why, "it is not told")
    return tried


@claim
def a_login_that_officers_allowed_and_nobody_tried_is_allowed_still(pins):
    own_pin(pins, pins.pin)
    with pins.gateway(OWN) as gateway:
        tried = spoilt_file(pins, gateway, pins.pin, 0o644, "open to everybody")
        wait_for(lambda: "open to everybody" in gateway.find("lane.down")[-1]["why"],
                 "it is not on the log")
        lines = len(gateway.find("lane.down"))
        time.sleep(1.5)
        contains(token(gateway).why, "open to everybody")
        equal(state(gateway) == "pin-latched", False, "it is latched")
        equal((pins.logins() - tried, pins.records("pin.lockout")), (0, []))
        equal(len(gateway.find("lane.down")), lines, "lines of the log")
        os.chmod(pins.rig.path("own-pin"), 0o400)
        wait_for(lambda: state(gateway) == "up", "it does not come up")
        equal(pins.logins() - tried, 1, "logins")


@claim
def a_login_that_nobody_tried_is_allowed_over_restarts_and_starts_that_fail(pins):
    own_pin(pins, pins.pin)
    with pins.gateway(OWN) as gateway:
        tried = spoilt_file(pins, gateway, "7" * 256, 0o600, "must hold 1 to 255 characters")
    code, text = pins.rig.refuses(pins.conf)
    equal(code, 1)
    contains(text, "must hold 1 to 255 characters")
    own_pin(pins, pins.pin)
    with pins.gateway(OWN, keep=True) as gateway:
        wait_for(lambda: state(gateway) == "up", "it does not come up")
        equal(pins.logins() - tried, 1, "logins")


@claim
def a_typed_pin_that_did_not_come_whole_uses_up_no_login(pins):
    with pins.awaiting() as gateway:
        pins.enter(WRONG)
        wait_for(lambda: state(gateway) == "pin-latched", "it is not latched")
        create(gateway, unlock())
        awaits(gateway)
        tried = pins.logins()
        ours, theirs = os.pipe()
        os.write(theirs, b"4711")
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as link:
            link.settimeout(20)
            link.connect(pins.socket)
            link.sendmsg([b"\x0a\x05lane0\x10\x01"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                                                       array.array("i", [ours]))])
            contains(link.recv(4096).decode(errors="replace"), "did not come whole")
        os.close(ours)
        os.close(theirs)
        awaits(gateway)
        result = pins.enter()
        equal(result.returncode, 0, result.stderr)
        equal((state(gateway), pins.logins() - tried), ("up", 1))


# --- Logins that went well ------------------------------------------------------------------

def unlocked_with_a_fault(pins, gateway, schedule, sentence):
    """The PIN is right; what comes behind the login fails, and then no longer."""
    pins.latch(gateway)
    pins.schedule(schedule)
    tried = pins.logins()
    create(gateway, unlock())
    wait_for(lambda: pins.logins() - tried > 2, "it is not tried on")
    shown = token(gateway)
    contains(shown.why, sentence)
    equal((shown.lane_state != "pin-latched", shown.pin_failures), (True, 0))
    pins.schedule("")
    wait_for(lambda: state(gateway) == "up", "it does not come up")
    equal((len(pins.records("pin.unlock")), pins.records("pin.lockout")), (1, []))


@claim
def a_login_that_went_well_is_no_lost_one_when_what_follows_fails(pins):
    with pins.gateway(FILE) as gateway:
        unlocked_with_a_fault(pins, gateway, "C_FindObjectsInit@1=30",  # CKR_DEVICE_ERROR
                              "cannot be searched")


@claim
def a_login_that_went_well_is_no_lost_one_without_a_canary(pins):
    """Objects are looked for in this order: the key, the log's key, two each; the canary."""
    with pins.gateway(FILE) as gateway:
        unlocked_with_a_fault(pins, gateway, "C_FindObjects@5=0", "the canary cannot be used")


@claim
def what_fails_behind_a_login_that_went_well_is_tried_on_and_heals_by_itself(pins):
    for schedule in ("C_FindObjectsInit@1+=80000001", "C_FindObjectsInit@1+=kill"):
        with pins.gateway(FILE) as gateway:
            tried = pins.logins()
            pins.schedule(schedule)
            kill_lane(gateway)
            wait_for(lambda n=tried: pins.logins() - n > 4, "it is not tried on")
            pins.schedule("")
            wait_for(lambda g=gateway: state(g) == "up", "it does not come back")
            equal(gateway.find("lane.pauses"), [], "pauses")


@claim
def a_reload_of_a_lane_in_its_login_is_one_login_after_the_other(pins):
    """Each login takes a second and a half: the second begins when the first is over."""
    with pins.gateway(FILE) as gateway:
        tried = pins.logins()
        pins.schedule("C_Login@1=slow=1500")
        pins.reload(gateway, r"^log_key:", second_lane(pins)[1])
        wait_for(lambda: pins.logins() - tried == 1, "the lane does not try")
        pins.reload(gateway, r"threads: 1\n    environment", "threads: 3\n    environment")
        wait_for(lambda: pins.logins() - tried == 2, "the new lane does not try")
        wait_for(lambda: states(gateway).get("lane1") == "up", "the new lane is not up")
        equal(len(gateway.find("lane.removed")), 1, "lanes that left")
        equal(pins.logins() - tried, 2, "logins")
        times = [int(line.split()[-1]) for line in pins.rig.read("calls").splitlines()
                 if line.startswith("C_Login ")][-2:]
        expect(times[1] - times[0] >= 1500000, f"the logins overlap: {times}")


@claim
def a_lane_that_is_latched_and_changed_by_a_reload_stays_latched(pins):
    with pins.gateway(FILE) as gateway:
        pins.schedule(PIN_REFUSED)
        tried = pins.logins()
        pins.reload(gateway, r"^log_key:", second_lane(pins)[1])
        wait_for(lambda: states(gateway).get("lane1") == "pin-latched", "it is not latched")
        for turn in range(3):
            pins.reload(gateway, r"threads: \d\n    environment",
                        f"threads: {2 + turn}\n    environment")
            wait_for(lambda n=turn: len(gateway.find("lane.removed")) == n + 1, "it stays")
            wait_for(lambda: states(gateway).get("lane1") == "pin-latched",
                     "the new one is not latched")
        equal(pins.logins() - tried, 1, "logins")
        equal(len(pins.records("pin.fail")), 1)
        equal(states(gateway)["lane0"], "up", "what is logged in goes on")


def kept_latches(pins):
    """In the ledger's file, which another start would read."""
    path = pins.rig.path(pins.ledger[1].removeprefix("path: "))
    with contextlib.closing(sqlite3.connect(path)) as ledger:
        return ledger.execute("SELECT count(*) FROM meta WHERE key LIKE 'memo/pin/%'"
                              " AND value LIKE 'latched %'").fetchone()[0]


@claim
def a_refusal_while_others_start_outlives_a_kill(pins):
    """The gateway dies between the refusal and the end of its start."""
    with pins.gateway(FILE):
        pass
    tried = pins.logins()
    pins.schedule("C_Login@1+=a0")
    text = pins.text
    for change in (pins.ledger, FILE, hanging_lane(pins)):
        text = re.sub(*change, text, count=1, flags=re.M)
    gateway = rig.Gateway(pins.rig, pins.rig.write("changed.yaml", text), {})
    gateway.wait_event("pin.fail")
    wait_for(lambda: kept_latches(pins) == 1, "the latch is not kept", 8)
    time.sleep(1)  # the start, which lasts ten seconds, is not at its end
    expect(not gateway.find("ready"), "the start is over")
    gateway.stop(signal.SIGKILL)
    equal(pins.logins() - tried, 1, "logins before the kill")
    with pins.gateway(FILE, keep=True) as again:
        wait_for(lambda: state(again) == "pin-latched", "the latch is forgotten")
        equal(pins.logins() - tried, 1, "logins")


@claim
def a_token_with_few_tries_left_is_tried_and_warned_of(pins):
    with pins.gateway(start=pins.typed) as gateway:
        pins.schedule("C_GetTokenInfo@1+=countlow")
        kill_lane(gateway)
        awaits(gateway)
        expect(token(gateway).pin_count_low, "the flag is shown")
        gateway.wait_event("pin.low")
        result = pins.enter()
        equal(result.returncode, 0, result.stderr)
        contains(result.stderr, "few tries are left")
        contains(pins.rig.segel("officer-1", "token", "list").stdout, "few tries left")


@claim
def the_flags_after_a_refused_login_are_the_ones_that_are_shown(pins):
    """Call 1 is the search for the token; what the token says after the refusal counts."""
    with pins.gateway(FILE) as gateway:
        pins.schedule("C_Login@1+=a0 C_GetTokenInfo@2+=countlow")
        kill_lane(gateway)
        wait_for(lambda: state(gateway) == "pin-latched", "the lane is not latched")
        expect(token(gateway).pin_count_low, "the flag is shown")


# --- Logins without an answer ---------------------------------------------------------------

def unclear(pins, gateway, schedule):
    """Logins that end so, in the first seconds of a trouble."""
    tried = pins.logins()
    pins.schedule(schedule)
    kill_lane(gateway)
    wait_for(lambda: pins.logins() - tried == 3, "the lane does not try")
    event = gateway.wait_event("lane.pauses")
    contains(event["why"], "3 logins in a row ended without an answer", "in 1 min")
    time.sleep(2.5)
    equal(pins.logins() - tried, 3, "logins")
    contains(token(gateway).why, "may have been a wrong PIN")


@claim
def logins_whose_answer_says_nothing_of_the_pin_are_soon_far_between(pins):
    """A code of the vendor's own, or a process that dies in the call: it may be a wrong PIN
    that is counted, and it may be over in a while."""
    for schedule in ("C_Login@1+=kill", "C_Login@1+=80000001"):
        with pins.gateway(FILE) as gateway:
            unclear(pins, gateway, schedule)
            expect(not pins.records("pin.fail"), "nobody said that a PIN was refused")


@claim
def a_device_that_is_away_at_its_logins_is_tried_on_and_heals_by_itself(pins):
    with pins.gateway(FILE) as gateway:
        tried = pins.logins()
        pins.schedule("C_Login@1+=30")
        kill_lane(gateway)
        wait_for(lambda: pins.logins() - tried > 4, "it is not tried on")
        pins.schedule("")
        wait_for(lambda: state(gateway) == "up", "it does not come back")
        equal(gateway.find("lane.pauses"), [], "pauses")


@claim
def a_token_that_counts_a_login_without_an_answer_is_latched(pins):
    with pins.gateway(FILE) as gateway:
        tried = pins.logins()
        pins.schedule("C_Login@1+=slow=8000")
        kill_lane(gateway)
        wait_for(lambda: pins.logins() - tried == 1, "the lane does not try")
        pins.schedule("C_GetTokenInfo@1+=countlow")
        kill_lane(gateway)
        wait_for(lambda: state(gateway) == "pin-latched", "the lane is not latched")
        contains(token(gateway).why, "says that a wrong PIN was tried")
        equal((pins.logins() - tried, token(gateway).pin_failures), (1, 1))
        wait_for(lambda: pins.records("pin.fail"), "there is no record")
        create(gateway, unlock())
        wait_for(lambda: state(gateway) == "up", "it does not come up")


def another_lane(pins, gateway, name="lane1"):
    """By a reload; its process."""
    others = lane_pids(gateway)
    pins.reload(gateway, r"^log_key:", second_lane(pins)[1].replace("lane1", name))
    wait_for(lambda: len(lane_pids(gateway)) > len(others), "it is not started")
    return next(pid for pid in lane_pids(gateway) if pid not in others)


def count_a_wrong_pin(pins, pid):
    """The lane dies in its login, and the token says from now on that a PIN was wrong."""
    pins.schedule("C_GetTokenInfo@1+=countlow")
    os.kill(pid, signal.SIGKILL)


def latched_by_one_login(pins, gateway, tried, *lanes):
    wait_for(lambda: [states(gateway).get(n) for n in lanes] == ["pin-latched"] * len(lanes),
             "not all are latched")
    contains(next(t.why for t in list_tokens(gateway) if t.lane == lanes[-1]),
             "says that a wrong PIN was tried")
    equal(pins.logins() - tried, 1, "logins")
    equal(len(pins.records("pin.fail")), 1, "records")
    equal(states(gateway)["lane0"], "up", "what is logged in goes on")


@claim
def who_waited_while_a_wrong_pin_was_counted_does_not_try_it_again(pins):
    with pins.gateway(FILE) as gateway:
        tried = pins.logins()
        pins.schedule("C_Login@1+=slow=5000")
        pid = another_lane(pins, gateway)
        wait_for(lambda: pins.logins() - tried == 1, "the lane does not try")
        another_lane(pins, gateway, "lane2")
        time.sleep(0.5)  # it has found its token
        count_a_wrong_pin(pins, pid)
        latched_by_one_login(pins, gateway, tried, "lane1", "lane2")


@claim
def a_reload_of_a_lane_does_not_forget_a_login_that_nobody_answered(pins):
    with pins.gateway(FILE) as gateway:
        tried = pins.logins()
        pins.schedule("C_Login@1+=slow=5000")
        pid = another_lane(pins, gateway)
        wait_for(lambda: pins.logins() - tried == 1, "the lane does not try")
        pins.reload(gateway, r"threads: 1\n    environment", "threads: 3\n    environment")
        count_a_wrong_pin(pins, pid)
        latched_by_one_login(pins, gateway, tried, "lane1")
        equal(len(gateway.find("lane.removed")), 1, "lanes that left")


@claim
def a_reload_of_a_lane_does_not_end_the_pause_behind_its_logins(pins):
    with pins.gateway(FILE) as gateway:
        tried = pins.logins()
        pins.schedule("C_Login@1+=kill")
        pins.reload(gateway, r"^log_key:", second_lane(pins)[1])
        gateway.wait_event("lane.pauses")
        pins.schedule("")
        pins.reload(gateway, r"threads: 1\n    environment", "threads: 3\n    environment")
        gateway.wait_event("lane.removed")
        time.sleep(2.5)
        equal(pins.logins() - tried, 3, "logins")
        contains(next(t.why for t in list_tokens(gateway) if t.lane == "lane1"),
                 "ended without an answer")


@claim
def who_waited_at_the_start_for_a_login_without_an_answer_comes_up_all_the_same(pins):
    """A new ledger needs the log's key, which is on the lane that waits."""
    pattern, text = second_lane(pins)
    dying = re.sub(r"FAULTS_FILE: [^,}]*", "FAULTS: C_Login@1+=kill", text)
    with pins.gateway(FILE, (pattern, dying), schedule="C_GetTokenInfo@1=slow=700") as gateway:
        equal(states(gateway)["lane0"], "up")
        expect(gateway.client().sign().signature, "it signs")


# --- The last try ---------------------------------------------------------------------------

FINAL = "C_GetTokenInfo@1+=finaltry"


@claim
def the_last_try_is_made_by_a_person_after_officers_allow_it(pins):
    with pins.gateway(FILE) as gateway:
        tried = pins.logins()
        pins.schedule(FINAL)
        kill_lane(gateway)
        wait_for(lambda: state(gateway) == "pin-latched", "the lane is not latched")
        shown = token(gateway)
        equal((shown.pin_final_try, shown.pin_failures), (True, 0))
        contains(shown.why, "one more wrong PIN locks it")
        contains(pins.rig.segel("officer-1", "token", "list").stdout, "ONE TRY LEFT")
        result = pins.enter(None, "--last-try")
        equal(result.returncode, 1, "before officers allow it")
        create(gateway, unlock())
        awaits(gateway)
        contains(token(gateway).why, "--last-try")
        result = pins.enter()
        equal(result.returncode, 1, result.stderr)
        contains(result.stderr, "ONE TRY IS LEFT", "--last-try")
        equal(pins.logins() - tried, 0, "logins so far")
        result = pins.enter(None, "--last-try")
        equal(result.returncode, 0, result.stderr)
        equal((state(gateway), pins.logins() - tried), ("up", 1))
        equal([r["subject"] for r in pins.records("pin.lockout")], ["lane0"])
        equal(len(pins.records("pin.fail")), 0, "no login was refused")
        contains(pins.records("pin.enter")[0]["detail"], "last try")


@claim
def a_last_try_that_went_well_is_no_lost_one_to_the_next_start(pins):
    """No login was refused, so there is no failure to be forgiven; the permission is used."""
    with pins.gateway(FILE) as gateway:
        pins.schedule(FINAL)
        kill_lane(gateway)
        wait_for(lambda: state(gateway) == "pin-latched", "the lane is not latched")
        create(gateway, unlock())
        awaits(gateway)
        result = pins.enter(None, "--last-try")
        equal(result.returncode, 0, result.stderr)
        pins.schedule("")
        tried = pins.logins()
        kill_lane(gateway)
        wait_for(lambda: pins.logins() - tried == 1, "the lane does not try")
        wait_for(lambda: state(gateway) == "up", "the next process is latched")
    with pins.gateway(FILE, keep=True) as gateway:
        wait_for(lambda: state(gateway) == "up", "the next start is latched")
        equal(pins.logins() - tried, 2, "logins")


@claim
def the_gateway_itself_refuses_a_last_try_that_was_not_said(pins):
    """Whatever the command on the other side does."""
    with pins.gateway(FILE) as gateway:
        tried = pins.logins()
        pins.schedule(FINAL)
        kill_lane(gateway)
        wait_for(lambda: state(gateway) == "pin-latched", "the lane is not latched")
        create(gateway, unlock())
        awaits(gateway)
        ours, theirs = os.pipe()
        os.write(theirs, pins.pin.encode())
        os.close(theirs)
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as link:
            link.settimeout(20)
            link.connect(pins.socket)
            link.sendmsg([b"\x0a\x05lane0\x10\x01"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                                                       array.array("i", [ours]))])
            contains(link.recv(4096).decode(errors="replace"), "locks the token")
        os.close(ours)
        equal(pins.logins() - tried, 0, "logins")
        equal(state(gateway), "awaits-pin")


SLOW_LOGIN = "C_Login@1+=slow=2500"


def end_in_login(pins, gateway, tried):
    wait_for(lambda: pins.logins() - tried == 1, "the lane does not try")
    gateway.stop()


def tried_by_nobody_again(pins, tried, records=0):
    own_pin(pins, pins.pin)
    with pins.gateway(OWN, keep=True) as gateway:
        wait_for(lambda: state(gateway) == "pin-latched", "the lane is not latched")
        equal(pins.logins() - tried, 1, "logins")
        equal(len(pins.records("pin.fail")), records, "records")
        create(gateway, unlock())
        wait_for(lambda: state(gateway) == "up", "the lane does not come up")


@claim
def who_ends_a_start_in_a_login_learns_what_came_of_it(pins):
    own_pin(pins, pins.pin)
    with pins.gateway(OWN):
        tried = pins.logins()
    own_pin(pins, WRONG)
    with contextlib.suppress(rig.Failed):  # it is never ready
        with pins.gateway(OWN, keep=True, schedule=SLOW_LOGIN,
                          start=lambda gateway: end_in_login(pins, gateway, tried)):
            pass
    tried_by_nobody_again(pins, tried)


@claim
def who_ends_a_gateway_in_a_login_learns_what_came_of_it(pins):
    own_pin(pins, pins.pin)
    with pins.gateway(OWN) as gateway:
        own_pin(pins, WRONG)
        tried = pins.logins()
        pins.schedule(SLOW_LOGIN)
        kill_lane(gateway)
        end_in_login(pins, gateway, tried)
    tried_by_nobody_again(pins, tried, records=1)


@claim
def a_locked_token_is_recorded_as_locked_out(pins):
    with pins.gateway(FILE) as gateway:
        pins.schedule("C_Login@1+=a4")
        kill_lane(gateway)
        wait_for(lambda: state(gateway) == "pin-latched", "the lane is not latched")
        wait_for(lambda: pins.records("pin.lockout"), "no record")
        equal([r["type"] for r in pins.records("pin.fail", "pin.lockout")],
              ["pin.fail", "pin.lockout"])


if __name__ == "__main__":
    all_pins = Pins(rig.Rig("pins"))
    with all_pins.folder:
        if sys.argv[1:]:
            rig.claims[:] = [c for c in rig.claims if sys.argv[1] in c.__name__]
        code = rig.run(all_pins)
    sys.exit(code)
