"""Twenty requests, one after the other, of a gateway that something is going to happen to;
the ledger that it starts from; and what must hold afterwards."""
import contextlib
import os
import queue
import secrets
import shutil
import signal
import struct
import sys
import threading
import time

import grpc

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[1:1] = [os.path.join(HERE, "../system"), os.path.join(HERE, "../faults")]
import client as clients  # noqa: E402
import history  # noqa: E402
import judge  # noqa: E402
import oracle  # noqa: E402
import rig  # noqa: E402

SHIM = os.path.join(rig.BUILD, "tests/fixtures/disk.so")
LAWFUL, UNLAWFUL = clients.LAWFUL, clients.UNLAWFUL
# What is asked: so many new signatures in a call, a refusal, what has an answer already,
# and its id for other content.
STEPS = (1, 3, "deny", 1, "again", 2, 1, "conflict", 1, 4, "again", "deny", 1, 1, 2, "again",
         1, 1, "deny", 1)
IDLE_S = 1.2  # by then the gateway has moved its pages once
HEALTH = "NOT_SERVING"
CALLS = ("pwrite", "fdatasync", "ftruncate", "unlink")


class Watch:
    """What a watcher of the gateway's health was told last."""

    def __init__(self, client):
        self.told, self.call = queue.SimpleQueue(), client.watch("")
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        with contextlib.suppress(grpc.RpcError):
            for response in self.call:
                self.told.put(rig.serving_name(response))

    def last(self):
        """After the gateway's end."""
        self.call.cancel()
        self.thread.join(timeout=5)
        last = None
        while not self.told.empty():
            last = self.told.get()
        return last


class Scene:
    """One gateway with its ledger in a folder of its own, again and again."""

    def __init__(self, name, configure=()):
        self.rig = rig.Rig(name, f"{oracle.KEY}:p-256")
        self.config = self.rig.config((r"path: ledger\.db", "path: live/ledger.db"),
                                      *configure)
        self.live, self.mirror = self.rig.path("live"), self.rig.path("mirror")
        self.base, self.histories = self.rig.path("base"), self.rig.path("history")
        self.ledger = os.path.join(self.live, "ledger.db")
        for folder in (self.live, self.base):
            os.mkdir(folder)
        self.base_history = b""
        self.writer = self.gateway = None
        self.numbers, self.lost, self.signed = 0, [], []
        self.reader = self.oracle = self.told = None
        self.ending = False

    # --- The ledger it starts from ----------------------------------------------------

    def prepare(self):
        """Answers, and INTENTs without an outcome, left by a gateway that was killed."""
        self.fresh(False)
        with self.run() as gateway:
            self.play(gateway, STEPS[:6])
            pid = gateway.process.pid
            with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
                os.kill(int(file.read().split()[0]), signal.SIGSTOP)
            call = self.call(gateway)
            items = [self.item() for _ in range(3)]
            self.writer.asks(self.numbers, items)
            future = call.future(self.request(items, LAWFUL), timeout=10)
            self.wait_intents(3)
            gateway.stop(signal.SIGKILL)
            future.cancel()
        shutil.rmtree(self.base)
        shutil.copytree(self.live, self.base)
        with open(self.history_file(), "rb") as file:
            self.base_history = file.read()

    def wait_intents(self, count):
        end = time.monotonic() + 10
        found = oracle.of(self.rig, judge)
        while len(found.open) < count:
            rig.expect(time.monotonic() < end, "no INTENT came")
            time.sleep(0.01)
            with found.ledger(self.ledger) as base:
                found.read_log(base)

    def history_file(self):
        return history.file_of(self.histories, 0, 0)

    def fresh(self, prepared=True):
        """Everything as at the beginning."""
        for folder in (self.live, self.mirror, self.histories):
            shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.base, self.live) if prepared else os.mkdir(self.live)
        os.makedirs(self.histories)
        shutil.copytree(self.live, self.mirror, ignore=shutil.ignore_patterns("*-shm"))
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.rig.path("state"))
        self.writer = history.Writer(self.history_file())
        if prepared:
            os.write(self.writer.file, self.base_history)
        self.lost, self.signed, self.told, self.ending = [], [], None, False
        self.reader = history.Reader(self.histories)
        self.oracle = oracle.of(self.rig, judge)

    # --- A run ------------------------------------------------------------------------

    def environment(self, fault="", mirror=True):
        return {"LD_PRELOAD": SHIM, "DISK_PATH": self.ledger, "DISK_FAULT": fault,
                "DISK_STATE": self.rig.path("state"),
                "ASAN_OPTIONS": "verify_asan_link_order=0",
                **({"DISK_MIRROR": self.mirror} if mirror else {})}

    def state(self):
        """How often each call was made, how often it failed, and on which file first."""
        with open(self.rig.path("state"), "rb") as file:
            data = file.read()
        numbers = struct.unpack("5I", data[:20])
        return dict(zip(CALLS, numbers)), numbers[4], data[20:].rstrip(b"\0").decode()

    @contextlib.contextmanager
    def run(self, environment=None, command=None):
        """A gateway that may have died before it was ready."""
        self.gateway = rig.Gateway(self.rig, self.config, environment or {}, command)
        try:
            with contextlib.suppress(rig.Failed):
                self.gateway.wait_ready()
            yield self.gateway
        finally:
            self.gateway.stop(signal.SIGKILL)

    def ready(self):
        return bool(self.gateway.find("ready"))

    def item(self, document_class=LAWFUL):
        return (secrets.token_hex(8), secrets.token_bytes(32), document_class)

    def call(self, gateway):
        return gateway.client().call("unary_unary", "SignBatch", rig.signing.SignBatchRequest,
                                     rig.signing.SignBatchResponse)

    def request(self, items, document_class):
        return rig.signing.SignBatchRequest(
            terms=rig.terms(document_class=document_class),
            items=[rig.signing.SignItem(request_id=i, digest=d) for i, d, _ in items])

    def ask(self, call, items):
        """True: all were answered by a record."""
        self.numbers += 1
        self.writer.asks(self.numbers, items)
        try:
            reply = call(self.request(items, items[0][2]), timeout=10)
        except grpc.RpcError as error:
            self.writer.lost(self.numbers, error.code().name)
            self.lost += items
            return False
        answers = [clients.answer_of(r) for r in reply.results]
        self.writer.got(self.numbers, answers)
        self.signed += [i for i, a in zip(items, answers) if "cms" in a]
        self.lost += [i for i, a in zip(items, answers) if "log" not in a]
        return all("log" in a for a in answers)

    def items_of(self, step):
        old = self.signed[-1:] or [self.item()]
        if step == "again":
            return old
        if step == "deny":
            return [self.item(UNLAWFUL)]
        if step == "conflict":
            return [(old[0][0], secrets.token_bytes(32), LAWFUL)]
        return [self.item() for _ in range(step)]

    def play(self, gateway, steps=STEPS):
        """True: everything was answered."""
        call, done = self.call(gateway), True
        for step in steps:
            if gateway.process.poll() is not None:
                return False
            done = self.ask(call, self.items_of(step)) and done
        return done

    def work(self, gateway):
        """The script, the second after it, and an orderly end; the exit code."""
        started, watch = time.monotonic(), Watch(gateway.client())
        done = self.play(gateway)
        while gateway.process.poll() is None and time.monotonic() < started + IDLE_S and done:
            time.sleep(0.01)
        if gateway.process.poll() is None and done:
            done = self.ask(self.call(gateway), [self.item()])
        code = self.end(done)
        self.told = watch.last()
        return code, done

    def end(self, orderly):
        """The exit code; ending: whatever fails from now on fails in the end itself."""
        self.ending = orderly and (not os.path.exists(self.rig.path("state"))
                                   or self.state()[1] == 0)
        return self.gateway.stop() if orderly else self.gateway.wait_end(10)

    # --- What must hold ---------------------------------------------------------------

    def mirrored(self):
        """Violations if the power had gone: the same histories, held against what was
        durable. On a copy, because reading it writes to it."""
        copy = self.rig.path("copy")
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.mirror, copy, ignore=shutil.ignore_patterns("*.new", "*.tmp"))
        found = oracle.of(self.rig, judge)
        if not os.path.exists(os.path.join(copy, "ledger.db")):
            answers = [e for _, e in history.Reader(self.histories).news() if "got" in e]
            return ["the ledger was never durable"] if answers else []
        with contextlib.suppress(Exception):  # a database of no table yet
            found.look(os.path.join(copy, "ledger.db"), history.Reader(self.histories))
            return found.faults
        answers = [e for _, e in history.Reader(self.histories).news() if "got" in e]
        return ["what is durable cannot be read"] if answers else []

    def restart(self):
        """Without help: what was not answered is answered now, and all holds."""
        lost, self.lost = {i[0]: i for i in self.lost}, []
        with self.run() as gateway:
            if not self.ready():
                return [f"it did not start again: {gateway.text()[-600:]}"]
            call = self.call(gateway)
            for item in lost.values():
                self.ask(call, [item])
            faults = [f"{i[0]} is not answered after the restart" for i in self.lost]
            code = gateway.stop()
        if code != 0:
            faults.append(f"after the restart it ended with {code}")
        self.oracle.look(self.ledger, self.reader)
        self.oracle.end(self.ledger)
        return faults + self.oracle.faults
