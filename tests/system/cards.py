#!/usr/bin/python3
"""An officer's key on a card: its line for the quorum file, and approvals by it. The card is a
software token of its own."""
import os
import re
import secrets
import subprocess
import sys

import rig
from faulty import create, token, unlock, wait_for
from people import EXECUTED, PENDING, People, approve, get, state
from rig import claim, contains, equal, expect
from terminal import Terminal

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
FAULTS = os.path.join(rig.BUILD, "tests/fixtures/faults.so")
NAME = "officer-2.card.example.go.id"


class Card:
    """Keys "approvals" (Ed25519), "paper" (P-256) and "other" (Ed25519, hidden until made)."""

    def __init__(self, the_rig):
        self.rig, self.dir = the_rig, the_rig.path("card")
        os.makedirs(self.path("tokens"))
        self.write("softhsm2.conf", f"directories.tokendir = {self.path('tokens')}\n"
                   "objectstore.backend = file\nlog.level = ERROR\n")
        for name in ("pin", "so-pin"):
            self.write(name, secrets.token_hex(6) + "\n")
        with open(self.path("pin"), encoding="ascii") as file:
            self.pin = file.read().strip()
        self.hsm("init-token", "--label", "card", "--so-pin-file", self.path("so-pin"))
        self.keygen("ed25519", "approvals", "a1")
        self.keygen("p-256", "paper", "b1")

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="ascii") as file:
            os.chmod(file.fileno(), 0o600)
            file.write(text)

    def environment(self, **more):
        """A sanitizer must not count what SoftHSM never frees of an Ed25519 key, and finds the
        module on the stack only where it looks at all of that."""
        self.write("leaks", "leak:libsofthsm2\n")
        return {**os.environ, "SOFTHSM2_CONF": self.path("softhsm2.conf"),
                "ASAN_OPTIONS": "fast_unwind_on_malloc=0",
                "LSAN_OPTIONS": f"suppressions={self.path('leaks')}:print_suppressions=0", **more}

    def hsm(self, *arguments):
        result = subprocess.run(
            [os.path.join(rig.BIN, "segel-hsm"), *arguments, "--module", MODULE, "--pin-file",
             self.path("pin")], env=self.environment(), check=False, capture_output=True,
            text=True, timeout=60)
        equal(result.returncode, 0, result.stderr)

    def keygen(self, kind, name, key_id):
        self.hsm("keygen", "--token", "card", "--type", kind, "--name", name, "--id", key_id)

    def uri(self, path="token=card;object=approvals", module=MODULE):
        return f"pkcs11:{path}?module-path={module}"

    def segel(self, *arguments, pin=None, schedule=""):
        """By a descriptor. schedule: of the module that fails on command."""
        ours, theirs = os.pipe()
        os.write(theirs, (self.pin if pin is None else pin).encode() + b"\n")
        os.close(theirs)
        self.write("faults", schedule)
        words = [w.replace("PIN_FD", str(ours)) for w in arguments]
        try:
            return subprocess.run(
                [os.path.join(rig.BIN, "segel"), *words], pass_fds=(ours,),
                env=self.environment(FAULTS_FILE=self.path("faults"),
                                     FAULTS_LOG=self.path("calls")),
                capture_output=True, text=True, check=False, timeout=60)
        finally:
            os.close(ours)

    def line(self, *more, uri=None):
        return self.segel("officer", "key", "--uri", uri or self.uri(), "--person",
                          "officer-2", *more)

    def logins(self):
        try:
            with open(self.path("calls"), encoding="ascii") as file:
                return file.read().count("C_Login")
        except FileNotFoundError:
            return 0


class Carded(People):
    """Officer 2 has a second key, and it is on a card."""

    def __init__(self, the_rig):
        self.card = Card(the_rig)
        shown = self.card.line("--name", NAME)
        equal(shown.returncode, 0, shown.stderr)
        self.vkey = shown.stdout.split()[-1]
        super().__init__(the_rig)

    def quorum_text(self, *arguments, **changes):
        return super().quorum_text(*arguments, **changes).replace(self.second.vkey, self.vkey)

    def approve(self, request, *more, uri=None, pin=None, schedule=""):
        return self.card.segel("--home", self.rig.path("clients", "officer-2"), "approve",
                               request, "--yes", "--key", uri or self.card.uri(),
                               "--name", NAME, "--pin-fd", "PIN_FD", *more, pin=pin,
                               schedule=schedule)


def asked(people, gateway):
    people.latch(gateway)
    return create(gateway, unlock()).id


# --- The line -------------------------------------------------------------------------------

@claim
def the_line_names_the_key_that_is_on_the_card(people):
    card = people.card
    result = card.line("--name", NAME)
    expect(re.fullmatch(rf"officer officer-2 {NAME}\+[0-9a-f]{{8}}\+[A-Za-z0-9+/=]+\n",
                        result.stdout), result.stdout)
    expect(card.line().stdout.startswith("officer officer-2 approvals+"), "by its label")
    equal(card.line("--name", NAME, uri=card.uri("token=card;id=%A1")).stdout, result.stdout)
    equal(card.line("--role", "reviewer").stdout.split()[0], "reviewer")
    equal(card.line("--name", NAME, uri=card.uri(module=FAULTS)).stdout, result.stdout)
    equal(card.logins(), 0, "nothing of it needs a PIN")


@claim
def what_the_uri_does_not_find_is_said_in_one_sentence(people):
    card = people.card
    for uri, words in ((card.uri("token=card;object=paper"), ("no Ed25519 key",)),
                       (card.uri("token=card;object=nothing"), ("no key that the URI names",)),
                       (card.uri("token=elsewhere"), ("no card that the URI names",)),
                       ("pkcs11:token=card;object=approvals", ("module-path",)),
                       (card.uri(module="/nowhere.so"), ("/nowhere.so",)),
                       (card.uri(module="/bin/true"), ("/bin/true",)),
                       (card.uri() + "&pin-value=1234", ("asked for",)),
                       (card.uri() + "&pin-source=file:/p", ("asked for",)),
                       ("pkcs11:nonsense", ("RFC 7512",)), ("/a/file", ("pkcs11:",))):
        result = card.line(uri=uri)
        expect(result.returncode in (1, 2, 3), f"{uri}: {result.returncode}")
        contains(result.stderr, *words)
        equal(len(result.stderr.splitlines()), 1, result.stderr)
        expect("1234" not in result.stderr, "the PIN is shown")
    card.keygen("ed25519", "other", "c1")
    contains(card.line(uri=card.uri("token=card")).stderr, "several such keys", "id=%")


# --- Approvals ------------------------------------------------------------------------------

@claim
def a_card_approves_and_its_signature_counts_for_its_person(people):
    with people.gateway() as gateway:
        request = asked(people, gateway)
        result = people.approve(request)
        equal(result.returncode, 0, result.stderr)
        equal(state(gateway, request), PENDING)
        approve(gateway, request, people.keys["officer-2"])
        equal(state(gateway, request), PENDING, "the person's other key counts no second time")
        people.schedule("")
        approve(gateway, request, people.keys["officer-3"], "officer-3")
        equal(state(gateway, request), EXECUTED)
        wait_for(lambda: token(gateway).lane_state == "up", "the lane does not come up")
        first = people.records("grant.approve")[0]
        contains(first["signature"], NAME)
        expect(people.card.pin not in rig.json.dumps(people.records()), "the PIN is on the log")


@claim
def the_pin_is_typed_and_not_shown(people):
    with people.gateway() as gateway:
        request = asked(people, gateway)
        with Terminal("--home", people.rig.path("clients", "officer-2"), "approve", request,
                      "--yes", "--key", people.card.uri(), "--name", NAME, "--lang", "id",
                      environment=people.card.environment()) as segel:
            segel.wait("PIN token 'card'")
            segel.type(people.card.pin)
            equal(segel.end(), 0, segel.shown)
        expect(people.card.pin not in segel.shown, f"the PIN is shown: {segel.shown}")


@claim
def a_wrong_pin_is_tried_once_and_nothing_is_signed(people):
    with people.gateway() as gateway:
        request = asked(people, gateway)
        before = people.card.logins()
        result = people.approve(request, uri=people.card.uri(module=FAULTS), pin="0000")
        equal(result.returncode, 1, result.stderr)
        contains(result.stderr, "refuses the PIN; it was tried once")
        equal(people.card.logins() - before, 1, "logins")
        equal(get(gateway, request).approval.approvals_given, 0)
        result = people.approve(request)
        equal(result.returncode, 0, result.stderr)


@claim
def no_pin_is_tried_where_the_next_wrong_one_locks_the_card(people):
    with people.gateway() as gateway:
        request = asked(people, gateway)
        before = people.card.logins()
        result = people.approve(request, uri=people.card.uri(module=FAULTS),
                                schedule="C_GetTokenInfo@1+=finaltry")
        equal(result.returncode, 1, result.stderr)
        contains(result.stderr, "one more wrong PIN locks it", "no PIN was tried")
        equal(people.card.logins() - before, 0, "logins")
        result = people.approve(request, uri=people.card.uri(module=FAULTS),
                                schedule="C_GetTokenInfo@1+=countlow")
        equal(result.returncode, 0, result.stderr)
        contains(result.stderr, "few tries are left")


@claim
def a_signature_that_does_not_verify_is_not_handed_in(people):
    with people.gateway() as gateway:
        request = asked(people, gateway)
        for what in ("flip", "short", "30"):
            result = people.approve(request, uri=people.card.uri(module=FAULTS),
                                    schedule=f"C_Sign@1+={what}")
            equal(result.returncode, 3, f"{what}: {result.stderr}")
        equal(get(gateway, request).approval.approvals_given, 0)


if __name__ == "__main__":
    sys.exit(rig.run(Carded(rig.Rig("cards"))))
