#!/usr/bin/python3
"""Ceremonies that people lead with a key of the gateway's: shipped scripts, before a token that
fails."""
import hashlib
import re
import sys
import threading

import people
import rig
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from faulty import wait_for
from maker import Keymaking, accept, hold
from office import home, with_passphrase
from rig import claim, contains, equal
from stage import ASKED, OTHERS, SCRIPT, Stage, Town, clock, read


class Led(Town, Keymaking):
    """A town with slots for keys. Officers sign by their commands."""

    def agree(self, request, *officers):
        for officer in officers:
            done = with_passphrase(self, self.passphrases[officer], officer, "approve", request,
                                   "--yes")
            equal(done.returncode, 0, done.stderr)

    def approved(self, gateway, method, request):
        asked = self.call(gateway, method, request).approval
        self.agree(asked.id, "officer-2", "officer-3")
        return people.get(gateway, asked.id).approval

    def broken(self, gateway):
        """A key whose generation broke off after it was made."""
        name = self.name()
        asked = self.call(gateway, "GenerateKey", self.generation(name)).approval
        self.schedule("C_CopyObject@1=32")
        self.agree(asked.id, "officer-2", "officer-3")
        contains(self.settled(gateway, name).trouble, "CKR_DEVICE_REMOVED")
        self.schedule("")
        return name

    def destroyed(self, name, out):
        """By the shipped script."""
        who = ("officer-2", "officer-3", "officer-1", "officer-2", "officer-3", "reviewer")
        stage = Stage("--home", home(self, "officer-1"), "ceremony", "run", "destruction",
                      "--people", self.rig.path("clients"), "--out", out)
        code = stage.play({
            r"to be destroyed\?\r\n    >": name, **OTHERS, **ASKED,
            r"Witnesses:": "reviewer", r"sentence\?\r\n    >": "its time is over (TEST)",
            r"(approves here|menyetujui di sini):\r\n    > ": ("officer-2", "officer-3"),
            r"go on another day:": "stop",
            r"Passphrase of your key:": tuple(self.passphrases[name] for name in who)},
            seconds=60)
        return stage, code


@claim
def a_key_whose_generation_broke_off_is_destroyed_to_the_end(led):
    out = led.out()
    with led.gateway() as gateway, clock("yes"):
        name = led.broken(gateway)
        stage, code = led.destroyed(name, out)
        equal(code, 0, stage.seen[-900:])
        contains(read(out), "run key.destroy passed", "check key passed",
                 f"the key '{name}' is destroyed")
        equal(led.key(gateway, name).state, 0, "its name is free")


@claim
def minutes_tell_what_a_destruction_removed_at_its_second_try(led):
    out = led.out()
    with led.gateway() as gateway, clock("yes"):
        name = led.name()
        led.generate(gateway, name)
        led.schedule("C_DestroyObject@1=kill")

        def mend():
            wait_for(lambda: len(gateway.find("ceremony.end")) > 1, "no process dies", 60)
            led.schedule("")

        mender = threading.Thread(target=mend)
        mender.start()
        stage, code = led.destroyed(name, out)
        mender.join()
        equal(code, 0, stage.seen[-900:])
        equal([r["result"] for r in led.steps(name, "end")], ["done", "unknown", "done"])
        contains(read(out),
                 f"remark objects of '{name}' removed from the token: private=1 public=1",
                 f"remark objects of '{name}' that a search found afterwards: private=0")


SLOT = SCRIPT.split("ask lane")[0] + """ask key key
    id Kunci?
    en Key?
check key destroyed
    id Musnah
    en Gone
sign
    id Tanda tangan
    en Sign
"""


@claim
def an_empty_slot_is_no_key_that_was_destroyed(led):
    led.script = led.rig.write("slot.ceremony", SLOT)
    with led.gateway():
        name = led.name()
        stage = led.lead(led.out())
        equal(stage.play({r"Key\?\r\n    >": name, r"go on another day:": "stop",
                          **led.answers()}), 3, stage.seen[-900:])
        contains(stage.seen, f"the key '{name}' is empty")


HELD = SLOT.replace("check key destroyed", "check key held")


@claim
def minutes_have_the_public_key_of_their_own_key_alone(led):
    """Not that of a key whose name was mistyped before."""
    led.script, out = led.rig.write("held.ceremony", HELD), led.out()
    with led.gateway() as gateway:
        name, certificates = led.made(gateway)
        accept(led, gateway, name, certificates)
        hold(led, gateway, name)
        sign = tuple(led.passphrases[who] for who in ("officer-1", "officer-2", "reviewer"))
        stage = led.lead(out)
        code = stage.play({**led.answers(), r"Key\?\r\n    >": ("seal-demo", name),
                           r"go on another day:": "key", r"Passphrase of your key:": sign})
        equal(code, 0, stage.seen[-900:])
    contains(read(out), "the key 'seal-demo' is accepted", f"the key '{name}' is held")
    key = x509.load_der_x509_certificate(certificates[0]).public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    equal(re.findall(r"^spki (\S+)$", read(out), re.M),
          ["sha256:" + hashlib.sha256(key).hexdigest()])


if __name__ == "__main__":
    sys.exit(rig.run(Led(rig.Rig("led"))))
