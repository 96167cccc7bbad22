"""Keys that officers make by ceremonies, for the tests of that. Not a test itself."""
import contextlib
import hashlib
import os
import subprocess
import time

import people
import rig
from faulty import token, wait_for
from people import EXECUTED, People
from rig import equal, expect

keys = rig.keys
SUBJECT = "/C=ID/O=Pemerintah Kota Contoh (TEST)/CN=Segel Baru (TEST)"
STATE = {value: name.removeprefix("KEY_STATE_").lower() for name, value in
         keys.KeyState.items()}


class Keymaking(People):
    """Slots for keys, whose names no two claims share."""
    SLOTS = [f"new-{number}" for number in range(48)]

    def __init__(self, the_rig):
        super().__init__(the_rig)
        rows = "".join(f"\n  - {{name: {name}, class: seal, scheme: ecdsa, hash: sha256}}"
                       for name in self.SLOTS)
        self.text = self.text.replace("\nkeys:\n", f"\nkeys:{rows}\n", 1)
        self.text = self.text.replace("keys: [seal-demo", "keys: [seal-demo, "
                                      + ", ".join(self.SLOTS), 1)
        self.free = iter(self.SLOTS)
        self.count = 0

    def name(self):
        return next(self.free)

    def id(self):
        self.count += 1
        return f"request-{self.count}-{time.time_ns()}"

    # --- Calls -----------------------------------------------------------------------------

    def call(self, gateway, method, request, name="officer-1", timeout=30):
        kind = type(request).__name__.removesuffix("Request")
        stub = gateway.client(name).call("unary_unary", method, type(request),
                                         getattr(keys, kind + "Response"), service="KeyService")
        return stub(request, timeout=timeout)

    def key(self, gateway, name):
        return self.call(gateway, "GetKey", keys.GetKeyRequest(key=name)).key

    def state(self, gateway, name):
        return STATE[self.key(gateway, name).state]

    def approved(self, gateway, method, request):
        """Asked for by officer-1, signed by two others: it is executed."""
        asked = self.call(gateway, method, request).approval
        for officer in ("officer-2", "officer-3"):
            voted = people.approve(gateway, asked.id, self.keys[officer], officer)
        return voted

    def generation(self, name, **changes):
        fields = dict(request_id=self.id(), key=name, purpose=keys.KEY_PURPOSE_SEAL,
                      type=keys.KEY_TYPE_P256, lane="lane0", place="server room (TEST)",
                      participants=["officer-2", "officer-3"], witness="reviewer",
                      script_sha256=hashlib.sha256(b"script").digest(),
                      reason="a new seal (TEST)")
        return keys.GenerateKeyRequest(**{**fields, **changes})

    def settled(self, gateway, name, seconds=20):
        """The key when no ceremony is under way for it any more."""
        wait_for(lambda: not self.key(gateway, name).ceremony, "the ceremony does not end",
                 seconds)
        return self.key(gateway, name)

    def generate(self, gateway, name, **changes):
        voted = self.approved(gateway, "GenerateKey", self.generation(name, **changes))
        equal(voted.state, EXECUTED)
        return self.settled(gateway, name)

    def backup(self, gateway, name, medium="safe 1 (TEST)"):
        return self.call(gateway, "ConfirmBackup", keys.ConfirmBackupRequest(
            request_id=self.id(), key=name, medium=medium))

    def csr(self, gateway, name, subject=SUBJECT):
        return self.call(gateway, "CreateCertificateRequest",
                         keys.CreateCertificateRequestRequest(
                             request_id=self.id(), key=name, subject=subject))

    def certificate(self, csr, **environment):
        """DER of the seal's certificate that the CA of the demo makes, and of its issuer."""
        self.rig.write("new.der", csr)
        rig.openssl("req", "-inform", "DER", "-in", self.rig.path("new.der"), "-out",
                    self.rig.path("new.csr"))
        subprocess.run([os.path.join(rig.ROOT, "deploy/demo/pki.sh"), "seal",
                        self.rig.path("pki"), self.rig.path("new.csr"),
                        self.rig.path("new.pem")], check=True, capture_output=True,
                       env={**os.environ, **environment})
        return [self.der("new.pem"), self.der("pki/issuing.pem")]

    def der(self, pem):
        rig.openssl("x509", "-in", self.rig.path(*pem.split("/")), "-outform", "DER", "-out",
                    self.rig.path("one.der"))
        return self.rig.read("one.der", "rb")

    def import_request(self, name, certificates):
        return keys.ImportCertificateRequest(request_id=self.id(), key=name,
                                             certificates=certificates,
                                             reason="from the CA (TEST)")

    def destruction(self, name, **changes):
        fields = dict(request_id=self.id(), key=name, reason="its time is over (TEST)",
                      witnesses=["reviewer", "officer-4"], backups_destroyed=True)
        return keys.DestroyKeyRequest(**{**fields, **changes})

    def made(self, gateway):
        """A key that was generated, backed up and has a certificate."""
        name = self.name()
        equal(STATE[self.generate(gateway, name).state], "generated")
        self.backup(gateway, name)
        return name, self.certificate(self.csr(gateway, name).csr)

    @contextlib.contextmanager
    def gateway(self, *changes, keep=False):
        with super().gateway(*changes, keep=keep) as gateway:
            self.present = gateway
            yield gateway

    def steps(self, name, *which):
        """The key's records; while a lane rests the log has no newer checkpoint, and shows
        no newer records."""
        last = self.call(self.present, "GetKey", keys.GetKeyRequest(key=name)).log.index
        wait_for(lambda: self.records()[-1]["seq"] >= last, "the log does not show the end")
        found = [r for r in self.records("ceremony.step") if r["subject"] == name]
        return [r for r in found if not which or r["step"] in which]


def ready(maker, gateway, name, state="accepted"):
    """The lane is back after the key's ceremony, and serves it."""
    equal(STATE[maker.settled(gateway, name).state], state)
    wait_for(lambda: token(gateway).lane_state == "up", "the lane does not come back")


def accept(maker, gateway, name, certificates):
    equal(maker.approved(gateway, "ImportCertificate",
                         maker.import_request(name, certificates)).state, EXECUTED)
    ready(maker, gateway, name)
    wait_for(lambda: maker.key(gateway, name).tokens, "no lane has the key")


def destroy(maker, gateway, name):
    equal(maker.approved(gateway, "DestroyKey", maker.destruction(name)).state, EXECUTED)
    return maker.settled(gateway, name)


def hold(maker, gateway, name, officer="officer-2"):
    return maker.call(gateway, "HoldKey", keys.HoldKeyRequest(
        request_id=maker.id(), key=name, reason="a laptop was lost (TEST)"), officer)


def signs(gateway, name):
    expect(gateway.client().sign(key=name).signature, "it signs")


def begin(maker, gateway, schedule, **changes):
    """A generation is approved while the module does this."""
    name = maker.name()
    asked = maker.call(gateway, "GenerateKey", maker.generation(name, **changes)).approval
    people.approve(gateway, asked.id, maker.keys["officer-2"], "officer-2")
    maker.schedule(schedule)
    people.approve(gateway, asked.id, maker.keys["officer-3"], "officer-3")
    return name


def calls(maker, function):
    return maker.rig.read("calls").count(function + " ")
