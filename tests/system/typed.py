#!/usr/bin/python3
"""Ceremonies on a lane whose PIN is typed: they wait for it, bounded and to be called off, and
the PIN goes to the ceremony's process alone."""
import concurrent.futures
import contextlib
import os
import subprocess
import sys
import tempfile

import rig
from faulty import token, wait_for
from maker import STATE, Keymaking, calls, signs
from people import EXECUTED
from rig import claim, contains, equal, expect

WRONG = "0000-wrong"


class Typed(Keymaking):
    def __init__(self, the_rig):
        super().__init__(the_rig)
        self.pin = the_rig.read("pin").strip()
        self.folder = tempfile.TemporaryDirectory(prefix="segel-typed-")
        self.socket = os.path.join(self.folder.name, "control")
        self.text = self.text.replace("\nlanes:\n", f"\ncontrol: {{socket: {self.socket}}}\n"
                                      "lanes:\n", 1).replace("pin_file: pin", "pin_file: prompt")

    def enter(self, pin=None, *options, lane="lane0"):
        """`segel pin enter`, by a descriptor, as scripts do."""
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

    def typed(self, words):
        result = self.enter()
        equal(result.returncode, 0, result.stderr)
        contains(result.stdout, words)

    @contextlib.contextmanager
    def gateway(self, *changes, keep=False, up=True):
        """up: somebody types the lane's PIN first. A gateway that was never up waits for that
        with its start."""
        if not keep:
            self.ledger = rig.fresh_ledger()
        text = self.text
        for pattern, replacement in (self.ledger, *changes):
            text, count = rig.re.subn(pattern, replacement, text, count=1, flags=rig.re.M)
            expect(count == 1, f"the configuration has no {pattern}")
        self.schedule("")
        gateway = rig.Gateway(self.rig, self.rig.write("changed.yaml", text), {})
        try:
            if up:
                gateway.wait_event("pin.awaited")
                self.typed("is up")
            gateway.wait_ready()
            self.present = gateway
            yield gateway
        finally:
            gateway.stop()

    def back(self, gateway):
        """The lane has its PIN again."""
        wait_for(lambda: token(gateway).lane_state == "awaits-pin"
                 and "ceremony" not in token(gateway).why, "the lane does not ask")
        self.typed("is up")
        wait_for(lambda: token(gateway).lane_state == "up", "the lane does not come back")


def waits(gateway):
    wait_for(lambda: "a ceremony on its token awaits the PIN" in token(gateway).why,
             "the ceremony does not await the PIN")


def asked(typed, gateway):
    """A ceremony that awaits its PIN."""
    name = typed.name()
    equal(typed.approved(gateway, "GenerateKey", typed.generation(name)).state, EXECUTED)
    waits(gateway)
    return name


@claim
def a_key_is_made_accepted_and_destroyed_where_the_pin_is_typed(typed):
    with typed.gateway() as gateway:
        name = asked(typed, gateway)
        before = typed.logins()
        typed.typed("the ceremony has its PIN")
        equal(STATE[typed.settled(gateway, name).state], "generated")
        equal(typed.logins() - before, 1, "the PIN that was typed is used once")
        typed.back(gateway)
        equal(typed.logins() - before, 2, "the lane has asked for it anew")
        typed.backup(gateway, name)
        answer = in_between(typed, gateway, lambda: typed.csr(gateway, name))
        typed.back(gateway)
        certificates = typed.certificate(answer.csr)
        typed.approved(gateway, "ImportCertificate", typed.import_request(name, certificates))
        waits(gateway)
        typed.typed("the ceremony has its PIN")
        equal(STATE[typed.settled(gateway, name).state], "accepted")
        typed.back(gateway)
        wait_for(lambda: typed.key(gateway, name).tokens, "no lane has the key")
        signs(gateway, name)
        typed.approved(gateway, "DestroyKey", typed.destruction(name))
        waits(gateway)
        typed.typed("the ceremony has its PIN")
        equal(STATE[typed.settled(gateway, name).state], "destroyed")
        typed.back(gateway)
        wait_for(lambda: len([r for r in typed.records("pin.enter")
                              if ", for a ceremony" in r["detail"]]) == 4,
                 "each PIN that was typed for a ceremony is on the log")


def in_between(typed, gateway, call):
    """What the call answers once somebody has typed the PIN."""
    with concurrent.futures.ThreadPoolExecutor() as pool:
        answer = pool.submit(call)
        waits(gateway)
        typed.typed("the ceremony has its PIN")
        return answer.result(30)


@claim
def a_wrong_pin_is_tried_once_and_latches_the_token(typed):
    with typed.gateway() as gateway:
        name = asked(typed, gateway)
        before = typed.logins()
        equal(typed.enter(WRONG).returncode, 0)
        contains(typed.settled(gateway, name).trouble, "CKR_PIN_INCORRECT")
        wait_for(lambda: token(gateway).lane_state == "pin-latched", "the lane is not latched")
        equal(typed.logins() - before, 1, "logins")
        refused = typed.enter()
        equal(refused.returncode, 1)
        contains(refused.stderr, "pin-latched")
    typed.rig.tool("segeld", "--config", typed.rig.path("changed.yaml"), "--unlatch", "lane0")


def freed(typed, gateway, name, words):
    contains(typed.settled(gateway, name).trouble, words)
    equal(typed.state(gateway, name), "unspecified", "its name is free")


@claim
def a_ceremony_is_called_off_or_over_when_nobody_types(typed):
    life = (r"quorum: quorum\}", "quorum: quorum, request_life_s: 4}")
    with typed.gateway(life) as gateway:
        before = typed.logins()
        equal(typed.enter(None, "--call-off").returncode, 1, "there is none")
        name = asked(typed, gateway)
        equal(typed.enter(None, "--call-off").returncode, 0)
        freed(typed, gateway, name, f"called off on the gateway's machine, by uid {os.getuid()}")
        typed.back(gateway)
        name = asked(typed, gateway)
        freed(typed, gateway, name, "nobody typed the PIN of its lane in time")
        typed.back(gateway)
        equal(typed.logins() - before, 2, "nothing was tried but for the lane")


@claim
def a_gateway_that_ends_while_it_waits_frees_the_name(typed):
    with typed.gateway() as gateway:
        name = asked(typed, gateway)
        equal(gateway.stop(), 0)
    with typed.gateway(keep=True, up=False) as gateway:
        freed(typed, gateway, name, "the gateway ended while the PIN was awaited")


@claim
def killed_while_it_waits_the_token_is_asked_once_somebody_types(typed):
    with typed.gateway() as gateway:
        name = asked(typed, gateway)
        gateway.process.kill()
        gateway.process.wait()
    with typed.gateway(keep=True, up=False) as gateway:
        waits(gateway)
        before = calls(typed, "C_GenerateKeyPair")
        typed.typed("the ceremony has its PIN")
        freed(typed, gateway, name, "broke off before the key was made")
        equal(calls(typed, "C_GenerateKeyPair"), before)


if __name__ == "__main__":
    sys.exit(rig.run(Typed(rig.Rig("typed"))))
