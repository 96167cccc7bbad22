"""Logs that were made here, and processes of `segel witness` that are asked about them; for
the scripts of this folder."""
import base64
import contextlib
import hashlib
import http.client
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import threading
import time

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

import bundles
from bundles import Key, leaf, note, root_of
from rig import BIN, BUILD, contains, equal, expect

SEGEL = os.path.join(BIN, "segel")
# Of the script that uses it: scripts run side by side.
DIR = os.path.join(BUILD, "system", os.path.splitext(os.path.basename(sys.argv[0]))[0])
NAME = "witness.example.go.id/segel"
ORIGIN = bundles.ORIGIN
made = 0


# --- Logs -------------------------------------------------------------------------------

class Log:
    """A log whose entries are the numbers; a fork has other ones from some place on."""

    def __init__(self, origin=ORIGIN, key=None, fork=None):
        self.origin, self.key, self.fork = origin, key or Key(origin), fork
        self.leaves = []

    def grow(self, size):
        for i in range(len(self.leaves), size):
            other = "x" if self.fork is not None and i >= self.fork else ""
            self.leaves.append(leaf(f"{i}{other}".encode()))
        return self.leaves[:size]

    def root(self, size):
        return root_of(self.grow(size))

    def note(self, size, *keys, root=None):
        return note(size, self.root(size) if root is None else root, *(keys or [self.key]),
                    origin=self.origin)

    def proof(self, old, size):
        """RFC 6962 section 2.1.2, by its own words."""
        def sub(m, hashes, whole):
            if m == len(hashes):
                return [] if whole else [root_of(hashes)]
            k = 1
            while k * 2 < len(hashes):
                k *= 2
            if m <= k:
                return sub(m, hashes[:k], whole) + [root_of(hashes[k:])]
            return sub(m - k, hashes[k:], False) + [root_of(hashes[:k])]
        return sub(old, self.grow(size), True) if 0 < old < size else []

    def body(self, old, size, *keys, proof=None, root=None):
        hashes = self.proof(old, size) if proof is None else proof
        return (f"old {old}\n" + "".join(base64.b64encode(h).decode() + "\n"
                                         for h in hashes)
                + "\n").encode() + self.note(size, *keys, root=root)


# --- The witness ------------------------------------------------------------------------

def place():
    global made
    made += 1
    path = os.path.join(DIR, str(made))
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(path)
    return path


def segel(*arguments):
    return subprocess.run([SEGEL, *arguments], capture_output=True, text=True, timeout=30,
                          check=False, env={"PATH": os.environ["PATH"]})


class Reply:
    def __init__(self, response):
        self.code, self.body = response.status, response.read()
        self.type = response.getheader("Content-Type")


class Witness:
    """A key and a state; run() starts a process on them."""

    def __init__(self, *keys, name=NAME):
        self.dir = place()
        self.key, self.state = self.path("key.pem"), self.path("state")
        result = segel("witness", "init", "--name", name, "--key", self.key, "--state",
                       self.state)
        equal(result.returncode, 0, result.stderr)
        self.vkey, self.name, self.keys = result.stdout.strip(), name, list(keys)
        self.process = self.address = None
        self.lines, self.marks = [], 0

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def read(self, name="state"):
        with open(os.path.join(self.state, name), "rb") as file:
            return file.read()

    def write(self, data, name="state"):
        with open(os.path.join(self.state, name), "wb") as file:
            file.write(data)

    def command(self):
        return [SEGEL, "witness", "run", "--listen", "127.0.0.1:0", "--key", self.key,
                "--state", self.state, "--log", ",".join(k.vkey for k in self.keys)]

    def start(self):
        self.lines, self.address = [], None
        self.process = subprocess.Popen(
            self.command(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True, env={"PATH": os.environ["PATH"]})
        self.reader = threading.Thread(target=self.collect, daemon=True)
        self.reader.start()
        ready = self.wait("ready")
        host, port = ready["address"].rsplit(":", 1)
        self.address = (host, int(port))

    def collect(self):
        for line in self.process.stderr:
            self.lines.append(line)

    def said(self):
        return "".join(self.lines)

    def events(self, name):
        return [e for e in map(parse, list(self.lines)) if e.get("event") == name]

    def wait(self, name, count=1, seconds=20):
        end = time.monotonic() + seconds
        while len(self.events(name)) < count:
            expect(time.monotonic() < end and self.process.poll() is None,
                   f"no line '{name}' came; it said: {self.said()[-1500:]}")
            time.sleep(0.01)
        return self.events(name)[-1]

    def requests(self, seconds=20):
        """The lines of all requests so far, once they have been read: a request of an unknown
        origin marks their end."""
        self.marks += 1
        mark = Log(f"mark.example.go.id/{self.marks}")
        equal(self.add(mark.body(0, 1)).code, 404)
        end = time.monotonic() + seconds
        while not any(e.get("origin") == mark.origin for e in self.events("add-checkpoint")):
            expect(time.monotonic() < end, "the line of a request did not come")
            time.sleep(0.01)
        return [e for e in self.events("add-checkpoint")
                if not e.get("origin", "").startswith("mark.")]

    def peak(self):
        """The most memory that it has had, in KiB."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmHWM:\s+(\d+)", file.read()).group(1))

    def end(self, number=signal.SIGTERM):
        """Exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.ended()

    def ended(self, seconds=10):
        try:
            code = self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            self.reader.join(timeout=5)
            self.process.stderr.close()
        return code

    @contextlib.contextmanager
    def run(self):
        self.start()
        try:
            yield self
        finally:
            if self.process.poll() is None:
                self.process.kill()
            self.ended()

    def call(self, method, path, body=None, timeout=20):
        connection = http.client.HTTPConnection(*self.address, timeout=timeout)
        try:
            connection.request(method, path, body)
            return Reply(connection.getresponse())
        finally:
            connection.close()

    def add(self, body):
        return self.call("POST", "/add-checkpoint", body)

    def stored(self, origin=ORIGIN):
        return self.call("GET", f"/{hashlib.sha256(origin.encode()).hexdigest()}/checkpoint")

    def refuses(self, *words):
        """Started where it must not come up: its sentence."""
        result = subprocess.run(self.command(), capture_output=True, text=True, timeout=20,
                                check=False, env={})
        expect(result.returncode in (1, 2, 3), f"exit code {result.returncode}")
        contains(result.stderr, *words)
        equal(result.stderr.count("\n"), 1, f"sentences in {result.stderr}")
        return result.returncode


def parse(line):
    with contextlib.suppress(ValueError):
        found = json.loads(line)
        return found if isinstance(found, dict) else {}
    return {}


def cosigned(witness, reply, log, size):
    """The time of a good cosignature of that tree; anything else fails."""
    equal(reply.code, 200, f"code for size {size}: {reply.body!r}")
    return cosignature_time(witness.vkey, reply.body.decode(), log.note(size).decode())


def cosignature_time(vkey, line, checkpoint):
    name, key_id, public = vkey.split("+", 2)
    public = base64.b64decode(public)
    equal(public[0], 4, "kind of the witness's key")
    found = re.fullmatch(r"\u2014 (\S+) (\S+)\n", line)
    expect(found, f"not one signature line: {line!r}")
    blob = base64.b64decode(found.group(2))
    equal((found.group(1), blob[:4].hex(), len(blob)), (name, key_id, 76), "name, id, size")
    seconds = struct.unpack(">Q", blob[4:12])[0]
    text = checkpoint.split("\n\n")[0] + "\n"
    try:
        Ed25519PublicKey.from_public_bytes(public[1:]).verify(
            blob[12:], f"cosignature/v1\ntime {seconds}\n{text}".encode())
    except InvalidSignature:
        expect(False, f"a false cosignature on {text!r}")
    return seconds


def answers(reply, code, *words):
    equal(reply.code, code, f"code; it said {reply.body[:200]!r}")
    contains(reply.body.decode(), *words)


def evidence(witness):
    folder = os.path.join(witness.state, "evidence")
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


def begin():
    shutil.rmtree(DIR, ignore_errors=True)
    os.makedirs(DIR)
