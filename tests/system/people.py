"""Officers and reviewers with their keys, a quorum file that names them, and what they ask
and sign. Not a test itself."""
import base64
import hashlib
import os
import re
import secrets
import signal
import subprocess
import time

import grpc
import rig
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (Encoding, NoEncryption, PrivateFormat,
                                                          PublicFormat)
from faulty import Faulty, wait_for

OFFICERS = ("officer-1", "officer-2", "officer-3", "officer-4")
REVIEWERS = ("reviewer", "reviewer-2")
TWO = ("cert.accept key.activate key.destroy key.generate key.release key.rotate log.prune "
       "mandate.open officer.add officer.remove override pin.unlock pin.change").split()
PENDING, EXECUTED, FAILED, REFUSED, EXPIRED, VOID = range(1, 7)


class Key:
    """A verifier key of the C2SP signed-note kind, and who can sign with it."""

    def __init__(self, name):
        self.name, self.private = name, Ed25519PrivateKey.generate()
        rig.used(self.private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()))
        self.raw = b"\x01" + self.private.public_key().public_bytes(Encoding.Raw,
                                                                    PublicFormat.Raw)
        self.id = hashlib.sha256(name.encode() + b"\n" + self.raw).digest()[:4]
        self.vkey = f"{name}+{self.id.hex()}+{base64.b64encode(self.raw).decode()}"

    def line(self, text):
        signature = base64.b64encode(self.id + self.private.sign(text)).decode()
        return f"— {self.name} {signature}\n".encode()

    def note(self, text):
        return text + b"\n" + self.line(text)


class People(Faulty):
    """A gateway with a quorum file. Each gateway has a ledger of its own unless it is told
    to keep the last one."""

    def __init__(self, the_rig):
        super().__init__(the_rig)
        self.keys = {name: Key(f"{name}.example.go.id") for name in OFFICERS + REVIEWERS}
        self.second = Key("officer-2.card.example.go.id")
        for name in OFFICERS[1:] + REVIEWERS[1:]:
            self.add_client(name, "reviewer" if name in REVIEWERS else "officer")
        self.text = self.text.replace("\nlanes:\n",
                                      "\nofficers: {quorum: quorum}\nlanes:\n", 1)
        self.quorum()

    def add_client(self, name, role):
        home = self.rig.path("clients", name)
        os.makedirs(home)
        subprocess.run([os.path.join(rig.ROOT, "deploy/demo/pki.sh"), "client",
                        self.rig.path("pki"), name, os.path.join(home, "cert")], check=True,
                       capture_output=True)
        os.rename(os.path.join(home, "cert.key"), os.path.join(home, "key.pem"))
        self.rig.write(os.path.join("clients", name, "ca.pem"), self.rig.read("pki/tls-ca.pem"))
        self.text = self.text.replace(
            "callers:\n", "callers:\n  - "
            f'{{name: {name}, match: "URI:urn:segel:caller:{name}", roles: [{role}], '
            "keys: []}\n", 1)

    def quorum_text(self, officers=OFFICERS, clear="three"):
        roles = [("officer", name) for name in officers]
        roles += [("reviewer", name) for name in REVIEWERS]
        lines = [f"{role} {name} {self.keys[name].vkey}" for role, name in roles]
        lines.append(f"officer officer-2 {self.second.vkey}")
        all_officers, all_reviewers = " ".join(officers), " ".join(REVIEWERS)
        lines += [f"group two 2 {all_officers}", f"group three 3 {all_officers}",
                  f"group any-officer any {all_officers}",
                  f"group any-reviewer any {all_reviewers}",
                  "group anybody any any-officer any-reviewer",
                  f"group clear 3 {all_officers} {all_reviewers}",
                  "group policy all any-officer any-reviewer",
                  "task key.hold anybody", "task lockdown anybody", "task policy.load policy",
                  f"task lockdown.clear {clear}"]
        return "\n".join(lines + [f"task {task} two" for task in TWO]) + "\n"

    def quorum(self, text=None):
        text = text or self.quorum_text()
        self.rig.write("quorum", text)
        return hashlib.sha256(text.encode()).hexdigest()

    def gateway(self, *changes, keep=False):
        if not keep:
            self.ledger = rig.fresh_ledger()
        return super().gateway(self.ledger, *changes)

    def records(self, *types):
        rows = self.rig.segel("reviewer", "log", "show", "--json")
        rig.equal(rows.returncode, 0, rows.stderr)
        found = [rig.json.loads(line) for line in rows.stdout.splitlines() if line.strip()]
        found = [r.get("record", r) for r in found]
        return [r for r in found if not types or r["type"] in types]


# --- Calls ---------------------------------------------------------------------------------

def call(gateway, name, method, request, timeout=20):
    kind = type(request).__name__.removesuffix("Request")
    reply = getattr(rig.approvals, kind + "Response")
    stub = gateway.client(name).call("unary_unary", method, type(request), reply,
                                     service="ApprovalService")
    return stub(request, timeout=timeout)


def get(gateway, request_id, name="officer-1"):
    return call(gateway, name, "GetRequest", rig.approvals.GetRequestRequest(id=request_id))


def state(gateway, request_id):
    return get(gateway, request_id).approval.state


def approve(gateway, request_id, key, name="officer-2", text=None, note=None):
    text = text or get(gateway, request_id, name).grant_text
    return call(gateway, name, "Approve", rig.approvals.ApproveRequest(
        id=request_id, note=note or key.note(text))).approval


def refuse(gateway, request_id, name="officer-2", reason="not now (TEST)"):
    return call(gateway, name, "Refuse",
                rig.approvals.RefuseRequest(id=request_id, reason=reason)).approval


def pending(gateway, *states, **more):
    return call(gateway, "reviewer", "ListRequests",
                rig.approvals.ListRequestsRequest(states=states, **more))


def roster(gateway, name="reviewer"):
    return call(gateway, name, "GetRoster", rig.approvals.GetRosterRequest())


def lock_down(gateway, name="officer-1", reason="a key may be known (TEST)"):
    return call(gateway, name, "LockDown", rig.approvals.LockDownRequest(reason=reason))


def release(gateway, lock_down_id, request_id, name="officer-1"):
    return call(gateway, name, "ReleaseLockDown", rig.approvals.ReleaseLockDownRequest(
        request_id=request_id, id=lock_down_id, reason="looked into (TEST)"))


def load_policy(gateway, text, name="officer-1", request_id=None):
    stub = gateway.client(name).call(
        "unary_unary", "LoadPolicy", rig.policies.LoadPolicyRequest,
        rig.policies.LoadPolicyResponse, service="PolicyService")
    return stub(rig.policies.LoadPolicyRequest(
        request_id=request_id or f"{name}-{secrets.token_hex(4)}",
        text=text if isinstance(text, bytes) else text.encode(),
        reason="a new version (TEST)"), timeout=20)


def expected_text(got, param="-"):
    """The grant as an approver's program builds it from the request alone."""
    approval = got.approval
    until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(approval.not_after_us // 10**6))
    return (f"segel-grant/v2\nlog {got.log_origin}\n"
            f"id {approval.id}\naction {approval.task}\nobject {approval.object}\nparam {param}\n"
            f"request sha256:{hashlib.sha256(got.request).hexdigest()}\n"
            f"policy sha256:{got.policy_sha256.hex()}\nrequester {approval.requester}\n"
            f"not-after {until}\n").encode()


def agree(people, gateway, request_id, *names):
    """Their approvals; how it stands after the last."""
    for name in names:
        last = approve(gateway, request_id, people.keys[name], name)
    return last


def new_version(text, version):
    return re.sub(r"^  version: \d+$", f"  version: {version}", text, count=1, flags=re.M)


def hup(gateway, event):
    """Sends SIGHUP and waits for one more event of that name."""
    before = len(gateway.find(event))
    gateway.process.send_signal(signal.SIGHUP)
    wait_for(lambda: len(gateway.find(event)) > before, f"no event '{event}' came")
    return gateway.find(event)[-1]


CODE = grpc.StatusCode
