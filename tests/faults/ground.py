"""The ground of the fault tests: a real gateway whose lane loads the fault module over a
real token; what it was asked, what the module saw, and what stands on the log."""
import collections
import contextlib
import datetime
import json
import os
import re
import secrets
import signal
import sqlite3
import subprocess
import sys
import threading
import time

import grpc

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../system"))
import rig  # noqa: E402  (the same gateway as in the system tests)
from judge import Judge, digest_of  # noqa: E402

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
FAULTS = os.path.join(rig.BUILD, "tests/fixtures/faults.so")
UNAVAILABLE = grpc.StatusCode.UNAVAILABLE
LANE, KEY = "lane0", "seal-demo"
SECOND_LANE, SECOND_KEY = "lane1", "seal-two"
DEADLINE_S = 5

Call = collections.namedtuple("Call", "function pid session fault seconds")


class Ground:
    def __init__(self, name, key_type="rsa-2048", real=MODULE, second=False, spare=False):
        """second: a second lane with a token and a key of its own, without faults; the
        log's key lives there, too. spare: another key of the same type on the token."""
        self.rig = rig.Rig(os.path.join("failing-hsm", name), f"{KEY}:{key_type}",
                           *([f"seal-spare:{key_type}"] if spare else []))
        self.numbers = 0
        self.judge = Judge(self.rig.read(f"{KEY}.pem", "rb"))
        variables = {"FAULTS_REAL": real, "FAULTS_FILE": self.rig.path("schedule"),
                     "FAULTS_LOG": self.rig.path("calls"),
                     "FAULTS_COUNTS": self.rig.path("counts")}
        # Checkpoints use the token too: none may meet a fault that is meant for a job.
        changes = [(r"checkpoint_s: 1,", "checkpoint_s: 86400,"),
                   (r"module: .*", f"module: {FAULTS}"),
                   (r"environment: \{(.*)\}", r"environment: {\1, " + ", ".join(
                       f'{n}: "{v}"' for n, v in variables.items()) + "}")]
        self.conf = self.rig.config(*changes, *(add_second(self.rig) if second else []))
        self.rig.write("calls", "")
        self.schedule("")

    @contextlib.contextmanager
    def gateway(self):
        self.schedule("")
        with self.rig.gateway(self.conf) as gateway:
            first = Job(self, rig.Client(gateway, "e-office"))
            first.until_signed(20)  # behind it the first checkpoint is signed, too
            yield gateway

    # --- The fault module ---------------------------------------------------------------

    def schedule(self, text):
        """What is to fail from the next call on; calls are counted anew."""
        self.numbers += 1
        self.rig.write("schedule.new", f"#{self.numbers} {text}\n")
        os.replace(self.rig.path("schedule.new"), self.rig.path("schedule"))

    def mark(self):
        return os.path.getsize(self.rig.path("calls"))

    def calls(self, mark=0):
        """What the module was called since the mark."""
        with open(self.rig.path("calls"), "rb") as file:
            file.seek(mark)
            lines = file.read().decode().split("\n")[:-1]
        for line in lines:
            function, pid, session, fault, us = line.split(" ")
            yield Call(function, int(pid), int(session), fault, int(us) / 1e6)

    def wait_fault(self, mark, seconds=5):
        """The first faulty call since the mark."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for call in self.calls(mark):
                if call.fault != "-":
                    return call
            time.sleep(0.005)
        raise rig.Failed("the fault was never met")

    def kill_lane(self):
        """The process that made the last call: the lane is confined, /proc tells little."""
        os.kill(list(self.calls())[-1].pid, signal.SIGKILL)

    # --- The log ------------------------------------------------------------------------

    def ledger(self):
        return sqlite3.connect(f"file:{self.rig.path('ledger.db')}?mode=ro", uri=True,
                               timeout=10)

    def leaves(self, since=0):
        """(index, bytes) of the ledger's records, from an index on."""
        with contextlib.closing(self.ledger()) as base:
            return base.execute("SELECT idx, rec FROM leaf WHERE idx >= ? ORDER BY idx",
                                (since,)).fetchall()

    def rows(self, since=0):
        return [(index, json.loads(text)) for index, text in self.leaves(since)]

    def size(self):
        """The index of the next record."""
        with contextlib.closing(self.ledger()) as base:
            return base.execute("SELECT coalesce(max(idx), -1) + 1 FROM leaf").fetchone()[0]


def add_second(the_rig):
    """Changes of the configuration that bring a second lane; makes its token and key."""
    hsm = os.path.join(rig.BIN, "segel-hsm")
    os.mkdir(the_rig.path("tokens-two"))
    conf = the_rig.write("two.conf", the_rig.read("softhsm2.conf").replace(
        the_rig.path("tokens"), the_rig.path("tokens-two")))
    pins = []
    for name in ("pin-two", "so-pin-two"):
        with open(os.open(the_rig.path(name), os.O_CREAT | os.O_WRONLY, 0o600), "w",
                  encoding="ascii") as file:
            file.write(secrets.token_hex(12) + "\n")
        pins.append(the_rig.path(name))

    def run(*words):
        result = subprocess.run(words, env={**os.environ, "SOFTHSM2_CONF": conf},
                                capture_output=True, text=True, check=False, timeout=60)
        rig.expect(result.returncode == 0, f"{words[:2]}: {result.stdout}{result.stderr}")
        return result.stdout

    token = ["--module", MODULE, "--token", "segel-two", "--pin-file", pins[0]]
    run(hsm, "init-token", "--module", MODULE, "--label", "segel-two", "--so-pin-file",
        pins[1], "--pin-file", pins[0])
    key_id, log_id = (json.loads(run(hsm, "keygen", *token, *words))["id"] for words in (
        ("--type", "rsa-2048", "--name", SECOND_KEY, "--scheme", "rsa-pkcs1"),
        ("--type", "ed25519", "--name", "log-two")))
    run(hsm, "csr", *token, "--id", key_id, "--subject",
        f"/C=ID/O=Pemerintah Kota Contoh (TEST)/CN={SECOND_KEY}", "--out",
        the_rig.path("two.csr"), "--scheme", "rsa-pkcs1")
    run(os.path.join(rig.ROOT, "deploy/demo/pki.sh"), "seal", the_rig.path("pki"),
        the_rig.path("two.csr"), the_rig.path(f"{SECOND_KEY}.pem"))
    lane = (f"  - {{name: {SECOND_LANE}, module: {MODULE}, token: segel-two, pin_file: "
            f"pin-two, threads: 2, environment: {{SOFTHSM2_CONF: two.conf}}}}\n")
    key = (f"  - {{name: {SECOND_KEY}, class: seal, lane: {SECOND_LANE}, id: \"{key_id}\", "
           f"certificate: {SECOND_KEY}.pem, chain: issuing.pem, scheme: rsa-pkcs1, "
           "hash: sha256, allowed_classes: [surat_keterangan]}\n")
    log = f'log_key: {{lane: {SECOND_LANE}, id: "{log_id}"}}'
    return [(r"^log_key: .*", lane + log), (r"^callers:", key + "callers:"),
            (rf"keys: \[{KEY}\]", f"keys: [{KEY}, {SECOND_KEY}]")]


# --- The gateway's words ---------------------------------------------------------------------

def told(gateway, event, lane=LANE):
    return [e for e in gateway.find(event) if e.get("lane") == lane]


def wait_told(gateway, event, count, seconds, lane=LANE):
    """The event number count of this lane."""
    end = time.monotonic() + seconds
    with gateway.changed:
        while len(told(gateway, event, lane)) < count:
            left = end - time.monotonic()
            rig.expect(left > 0, f"{event} number {count} did not come in {seconds} s")
            gateway.changed.wait(min(left, 0.2))
        return told(gateway, event, lane)[count - 1]


def moment_of(event):
    """When the gateway wrote this line, on our monotonic clock."""
    text = re.sub(r"Z$", "+00:00", event["ts"])
    wall = datetime.datetime.fromisoformat(text).timestamp()
    return wall - (time.time() - time.monotonic())


# --- Jobs -----------------------------------------------------------------------------------

class Job:
    """One document, asked for under one id as often as it takes."""

    def __init__(self, ground, client, key=KEY):
        self.ground, self.key = ground, key
        self.content = secrets.token_bytes(32)
        self.item = rig.item(value=digest_of(self.content))
        self.ask = client.call("unary_unary", "Sign", rig.signing.SignRequest,
                               rig.signing.SignResponse)
        self.codes, self.result, self.future = [], None, None
        self.sent = self.ended = None

    def request(self):
        return rig.signing.SignRequest(terms=rig.terms(key=self.key), item=self.item)

    def send(self):
        self.sent = time.monotonic()
        self.future = self.ask.future(self.request(), timeout=DEADLINE_S)
        self.future.add_done_callback(self.note_end)
        return self

    def note_end(self, _):
        self.ended = time.monotonic()

    def wait(self):
        """True: signed."""
        error = self.future.exception()
        while self.ended is None:
            time.sleep(0.0005)
        if error is None:
            self.result = self.future.result().result
        else:
            self.codes.append(error.code())
        return self.result is not None

    def until_signed(self, seconds, pause=0.01):
        """Asks again with the same id, as a sensible client does."""
        end = time.monotonic() + seconds
        while not self.send().wait():
            if time.monotonic() > end:
                raise rig.Failed(f"not signed after {seconds} s: "
                                 f"{self.future.details()}")
            time.sleep(pause)
        return self

    def fault(self, judge=None):
        """What is wrong with the signature that came back; "" = nothing."""
        if self.result is None or not self.result.signature:
            return "there is no signature"
        return (judge or self.ground.judge).fault_of(self.result.signature,
                                                     self.item.digest)


    def fault_by_openssl(self):
        """The same by openssl cms, up to the test root: slower, so for a few."""
        try:
            rig.check_cms(self.ground.rig, self.result.signature, self.content)
        except rig.Failed as failed:
            return str(failed)
        return ""


class Stream:
    """Jobs at a steady pace from one thread, answered whenever it may be."""

    def __init__(self, ground, gateway, pause=0.025):
        self.ground, self.pause, self.jobs = ground, pause, []
        self.client = rig.Client(gateway, "e-office")
        self.stop_it = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        while not self.stop_it.wait(self.pause):
            self.jobs.append(Job(self.ground, self.client).send())

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop_it.set()
        self.thread.join()
        for job in self.jobs:
            job.wait()
        self.client.channel.close()


class Load:
    """Several clients, each with one job after the other, each until it is signed. What
    they got is kept in a form that the log can be held against."""

    def __init__(self, ground, gateway, workers=8, pause=0.01):
        self.ground, self.pause = ground, pause
        self.client = rig.Client(gateway, "e-office")
        self.lock, self.stop_it = threading.Lock(), threading.Event()
        self.got, self.wrong, self.codes, self.stuck = [], [], collections.Counter(), []
        self.threads = [threading.Thread(target=self.run, daemon=True)
                        for _ in range(workers)]

    def run(self):
        while not self.stop_it.wait(self.pause):
            job = Job(self.ground, self.client)
            try:
                job.until_signed(30)
            except Exception as error:  # nobody would hear of a thread that died
                self.stuck.append(repr(error))
            fault = job.fault()
            with self.lock:
                self.codes.update(job.codes)
                if fault and job.result is not None:
                    self.wrong.append(f"{job.item.request_id}: {fault}")
                elif not fault:
                    self.got.append((job.item.request_id, job.result.decision_id,
                                     job.result.log.index, job.result.log.leaf_hash))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop_it.set()
        for thread in self.threads:
            thread.join()
        self.client.channel.close()
