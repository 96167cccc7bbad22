#!/usr/bin/python3
"""A lane that is killed while it starts must not destroy its token. SoftHSM truncates the
token's file and writes it anew at every login; killed in between, all keys are lost. Named
in read_only, the token's directory cannot be written to by the lane, with the privileges of
root and without. The first claim shows that the kill destroys a token without that."""
import contextlib
import hashlib
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time

import rig
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from rig import claim, equal, expect

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
LANE = os.path.join(rig.BIN, "segel-hsm")
DIGEST = hashlib.sha256(b"letter").digest()
READ_ONLY = 4
NOBODY = 65534
KILLS = 60


def load_lane_messages(scratch):
    subprocess.run(["protoc", "-I", os.path.join(rig.ROOT, "proto"), "--python_out", scratch,
                    "segel/lane/v1/lane.proto"], check=True)
    # The package segel was imported for the public messages, from a folder that is gone.
    sys.path.insert(0, os.path.join(scratch, "segel/lane/v1"))
    import lane_pb2
    return lane_pb2


class Token:
    """A SoftHSM token with one key, in a directory of its own."""

    def __init__(self, directory, user=0):
        shutil.rmtree(directory, ignore_errors=True)
        os.makedirs(os.path.join(directory, "tokens"), mode=0o755)
        self.dir, self.user = directory, user
        self.write("softhsm2.conf", f"directories.tokendir = {self.path('tokens')}\n"
                   "objectstore.backend = file\nlog.level = ERROR\n")
        for name in ("pin", "so-pin"):
            self.write(name, secrets.token_hex(10) + "\n", 0o600)
        common = ["--module", MODULE, "--pin-file", self.path("pin")]
        self.tool("init-token", *common, "--label", "kill", "--so-pin-file",
                  self.path("so-pin"))
        self.tool("keygen", *common, "--token", "kill", "--type", "p-256", "--name", "seal",
                  "--id", "a1")
        if user:
            for where, _, names in os.walk(directory):
                for path in [where, *(os.path.join(where, name) for name in names)]:
                    os.chown(path, user, user)

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def write(self, name, text, mode=0o644):
        with open(self.path(name), "w", encoding="ascii") as file:
            os.chmod(file.fileno(), mode)
            file.write(text)

    def environment(self):
        return {**os.environ, "SOFTHSM2_CONF": self.path("softhsm2.conf")}

    def tool(self, *arguments):
        result = subprocess.run([LANE, *arguments], env=self.environment(), check=False,
                                capture_output=True, text=True, timeout=60)
        equal(result.returncode, 0, result.stderr)

    def file(self):
        found = [os.path.join(where, "token.object") for where, _, names
                 in os.walk(self.path("tokens")) if "token.object" in names]
        equal(len(found), 1, "token files")
        return found[0]

    def size(self):
        return os.path.getsize(self.file())

    @contextlib.contextmanager
    def lane(self, messages, read_only, *wrapper):
        """A lane process that has been told what to open; SIGKILL at the end."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        become = {"user": self.user, "group": self.user, "extra_groups": []} \
            if self.user else {}
        process = subprocess.Popen(
            [*wrapper, LANE, "lane", "--fd", str(theirs.fileno())],
            pass_fds=[theirs.fileno()], env=self.environment(), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **become)
        theirs.close()
        ours.settimeout(30)
        key = messages.KeyRef(name="seal", id=bytes.fromhex("a1"))
        order = messages.Open(lane="kill", module=MODULE, token_label="kill", threads=1,
                              protocol=messages.PROTOCOL_CURRENT,
                              pin_path=self.path("pin"), keys=[key],
                              read_only=[self.path("tokens")] if read_only else [])
        try:
            ours.send(messages.ToLane(open=order).SerializeToString())
            yield process, ours
        finally:
            process.kill()
            process.wait()
            ours.close()


def hear(messages, ours):
    """The next message of the lane; None when it is gone."""
    try:
        packet = ours.recv(65536)
    except ConnectionResetError:
        packet = b""
    return messages.FromLane.FromString(packet) if packet else None


def signs(token, messages, read_only):
    """A fresh lane opens the token, signs, and the signature is good."""
    with token.lane(messages, read_only) as (_, ours):
        said = hear(messages, ours)
        expect(said is not None and said.WhichOneof("body") == "opened",
               f"the lane does not open: {said}")
        opened = said.opened
        if read_only:
            expect(opened.confinement & READ_ONLY, f"it can write: {opened.note}")
        ours.send(messages.ToLane(work=messages.Work(operations=[messages.Operation(
            id=1, key=0, mechanism=messages.MECHANISM_ECDSA, hash_bits=256,
            input=DIGEST)])).SerializeToString())
        outcome = hear(messages, ours).done.outcomes[0]
        equal(outcome.failure, messages.FAILURE_NONE, "failure")
        public = serialization.load_der_public_key(opened.keys[0].subject_public_key_info)
        public.verify(outcome.signature, DIGEST, ec.ECDSA(utils.Prehashed(hashes.SHA256())))


def kill_at_the_write(token, messages, read_only):
    """strace kills the lane as it begins to write the token's file. What the lane said."""
    with token.lane(messages, read_only, "strace", "-f", "-qq", "-o", "/dev/null", "-P",
                    token.file(), "-e", "inject=write:signal=SIGKILL:when=1") as (_, ours):
        return hear(messages, ours)


def runs_as(user):
    """Whether another user can reach the programs that were built."""
    try:
        return subprocess.run([LANE, "--version"], user=user, group=user, check=False,
                              extra_groups=[], capture_output=True).returncode == 0
    except PermissionError:
        return False


class Place:
    def __init__(self):
        self.dir = os.path.join(rig.BUILD, "system", "start_kill")
        shutil.rmtree(self.dir, ignore_errors=True)
        os.makedirs(os.path.join(self.dir, "messages"))
        self.messages = load_lane_messages(os.path.join(self.dir, "messages"))
        self.users = [0, NOBODY] if os.geteuid() == 0 and runs_as(NOBODY) else [0]

    def token(self, name, user=0):
        return Token(os.path.join(self.dir, name), user)


def may_inject():
    """strace finds the token's file among the descriptors of a lane, which shows them to
    nobody but root."""
    if os.geteuid() != 0:
        print("      not tried: a system call of a lane can be cut short by root only")
    return os.geteuid() == 0


@claim
def without_read_only_a_kill_at_the_write_destroys_the_token(place):
    if not may_inject():
        return
    token = place.token("control")
    signs(token, place.messages, read_only=False)
    expect(kill_at_the_write(token, place.messages, read_only=False) is None,
           "the lane was killed before it opened")
    equal(token.size(), 0, "size of the token's file")
    with token.lane(place.messages, False) as (_, ours):
        said = hear(place.messages, ours)
        equal(said.WhichOneof("body"), "failed", "what the next lane says")


def may_mount(user):
    become = {"user": user, "group": user, "extra_groups": []} if user else {}
    return any(subprocess.run(["unshare", way, "true"], check=False, capture_output=True,
                              **become).returncode == 0 for way in ("-m", "-Um"))


@claim
def with_read_only_there_is_no_write_to_be_killed_at(place):
    for user in place.users if may_inject() else []:
        token = place.token(f"injected-{user}", user)
        if not may_mount(user):
            print(f"      not tried as user {user}: no mount namespace is allowed here")
            continue
        before = token.size()
        for _ in range(3):
            said = kill_at_the_write(token, place.messages, read_only=True)
            expect(said is not None and said.WhichOneof("body") == "opened",
                   f"the lane of user {user} was killed: {said}")
        equal(token.size(), before, "size of the token's file")
        signs(token, place.messages, read_only=True)


@claim
def with_read_only_a_kill_at_any_moment_of_the_start_leaves_the_token_whole(place):
    for user in place.users:
        token = place.token(f"random-{user}", user)
        if not may_mount(user):
            print(f"      not tried as user {user}: no mount namespace is allowed here")
            continue
        with open(token.file(), "rb") as file:
            before = file.read()
        started = time.monotonic()
        signs(token, place.messages, read_only=True)
        usual_s, opened = time.monotonic() - started, 0
        for _ in range(KILLS):
            with token.lane(place.messages, True) as (process, ours):
                time.sleep(random.uniform(0, usual_s))
                process.send_signal(signal.SIGKILL)
                process.wait()
                opened += hear(place.messages, ours) is not None
        expect(opened < KILLS, "some were killed before they had opened")
        with open(token.file(), "rb") as file:
            equal(file.read() == before, True, "the token's file is as it was")
        signs(token, place.messages, read_only=True)


if __name__ == "__main__":
    sys.exit(rig.run(Place()))
