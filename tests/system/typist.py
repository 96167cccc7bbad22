"""What several tests need who type PINs. Not a test itself."""
import contextlib
import os
import subprocess
import tempfile

import rig
from faulty import token, wait_for
from maker import Keymaking
from rig import contains, equal, expect


class Typist(Keymaking):
    """A gateway with a control socket. prompt: a person types the PIN of its lane."""

    def __init__(self, the_rig, prompt=True):
        super().__init__(the_rig)
        self.prompt = prompt
        self.pin = the_rig.read("pin").strip()
        self.folder = tempfile.TemporaryDirectory(prefix="segel-typed-")
        self.socket = os.path.join(self.folder.name, "control")
        self.text = self.text.replace("\nlanes:\n", f"\ncontrol: {{socket: {self.socket}}}\n"
                                      "lanes:\n", 1)
        if prompt:
            self.text = self.text.replace("pin_file: pin", "pin_file: prompt")

    def enter(self, pin=None, *options, lane="lane0"):
        return self.hand_over("enter", [self.pin if pin is None else pin], *options, lane=lane)

    def hand_over(self, command, pins, *options, lane="lane0"):
        """`segel pin enter` or `set`, by a descriptor, as scripts do."""
        ours, theirs = os.pipe()
        os.write(theirs, "".join(pin + "\n" for pin in pins).encode())
        os.close(theirs)
        try:
            return subprocess.run(
                [os.path.join(rig.BIN, "segel"), "pin", command, lane, "--socket", self.socket,
                 "--pin-fd", str(ours), *options], pass_fds=(ours,), capture_output=True,
                text=True, check=False, timeout=60)
        finally:
            os.close(ours)

    def typed(self, words):
        result = self.enter()
        equal(result.returncode, 0, result.stderr)
        contains(result.stdout, words)

    @contextlib.contextmanager
    def gateway(self, *changes, keep=False, up=True, **environment):
        """up: somebody types the lane's PIN first. A gateway that was never up waits for that
        with its start."""
        if not keep:
            self.ledger = rig.fresh_ledger()
        text = self.text
        for pattern, replacement in (self.ledger, *changes):
            text, count = rig.re.subn(pattern, replacement, text, count=1, flags=rig.re.M)
            expect(count == 1, f"the configuration has no {pattern}")
        self.schedule("")
        config = self.rig.write("changed.yaml", text)
        with rig.Gateway(self.rig, config, environment).until_end() as gateway:
            if up and self.prompt:
                gateway.wait_event("pin.awaited")
                self.typed("is up")
            gateway.wait_ready()
            self.present = gateway
            yield gateway

    def back(self, gateway):
        """The lane has its PIN again."""
        wait_for(lambda: token(gateway).lane_state == "awaits-pin"
                 and "ceremony" not in token(gateway).why, "the lane does not ask")
        self.typed("is up")
        wait_for(lambda: token(gateway).lane_state == "up", "the lane does not come back")
