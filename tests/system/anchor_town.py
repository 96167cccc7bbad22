"""A gateway whose log has anchors, for tests of this folder."""
import contextlib
import glob
import json
import os
import re
import shutil
import sqlite3
import time
import urllib.request

import anchor_rig
import rig
from anchor_rig import Witness, folder, with_anchors
from rig import expect

LONGEST_S = 30


class Town:
    """One rig, one witness; each claim begins with a ledger and folders of its own."""

    def __init__(self, name, **environment):
        self.rig = rig.Rig(name, **environment)
        self.vkey = self.rig.read("log.vkey").strip()
        self.first, self.second = Witness(self.vkey), Witness(self.vkey, "other.example/w2")
        self.count, self.stamps = 0, None

    def stamper(self):
        if self.stamps is None:
            self.stamps = anchor_rig.Stamper(self.rig)
        return self.stamps

    def fresh(self, mode=None):
        self.count += 1
        self.first.reset(mode)
        self.second.reset()
        self.first.away = self.second.away = False
        self.ledger = f"ledger-{self.count}.db"
        self.drop = folder(self.rig, f"drop-{self.count}")
        self.disk = folder(self.rig, f"disk-{self.count}")

    def entries(self, *names):
        known = {"w1": self.first.entry(), "w2": self.second.entry("w2"),
                 "drop": f"  - {{name: assessor, drop: {self.drop}, interval_s: 1}}\n",
                 "disk": f"  - {{name: disk2, path: {self.disk}, interval_s: 1}}\n"}
        return "".join(known[name] for name in names)

    def config(self, *names, changes=(), settings=""):
        return self.configured(self.entries(*names), changes, settings)

    def configured(self, entries, changes=(), settings=""):
        if entries:
            path = with_anchors(self.rig, entries, settings)
            with open(path, encoding="utf-8") as file:
                text = file.read()
        else:
            text = self.rig.read("segeld.yaml")
        for old, new in (("path: ledger.db", f"path: {self.ledger}"), *changes):
            expect(text.count(old) == 1, f"the configuration has no single {old!r}")
            text = text.replace(old, new)
        return self.rig.write("anchored.yaml", text)

    @contextlib.contextmanager
    def gateway(self, *names, **how):
        with self.rig.gateway(self.config(*names, **how)) as gateway:
            yield gateway

    def refused(self, *names):
        """Whoever it asks has the time that a slow machine takes."""
        patient = (("timeout_ms: 1000", "timeout_ms: 15000"),
                   ("start_ms: 2000", "start_ms: 20000"))
        code, text = self.rig.refuses(self.config(*names, changes=patient))
        expect(code == 1, f"the start goes on: {code}, {text[-800:]}")
        return text

    def copy(self, name):
        """The ledger's files, as a backup of the whole folder would have them."""
        os.makedirs(self.rig.path(name), exist_ok=True)
        for path in glob.glob(self.rig.path(self.ledger) + "*"):
            shutil.copy2(path, self.rig.path(name))

    def restore(self, name):
        for path in glob.glob(self.rig.path(self.ledger) + "*"):
            if ".conflict-" not in path:
                os.unlink(path)
        for path in os.listdir(self.rig.path(name)):
            shutil.copy2(self.rig.path(name, path), self.rig.dir)

    def ask(self, sql):
        with contextlib.closing(sqlite3.connect(self.rig.path(self.ledger))) as db:
            return db.execute(sql).fetchall()

    def records(self, kind):
        found = (json.loads(row[0]) for row in self.ask("SELECT rec FROM leaf ORDER BY idx"))
        return [record for record in found if record["type"] == kind]


def until(what, sentence, seconds=LONGEST_S):
    end = time.monotonic() + seconds
    while not (found := what()):
        expect(time.monotonic() < end, f"after {seconds} s: {sentence}")
        time.sleep(0.05)
    return found


def sign(gateway, count=1):
    for _ in range(count):
        gateway.client().sign()


def receipt(gateway, request_id):
    return ask(gateway, request_id).proof


def ask(gateway, request_id):
    call = gateway.client().call(
        "unary_unary", "GetReceipt", rig.log.GetReceiptRequest, rig.log.GetReceiptResponse,
        service="LogService")
    return call(rig.log.GetReceiptRequest(request_id=request_id), timeout=20)


def lines_of(note):
    return [line.split(b" ")[1].decode() for line in note.splitlines()
            if line.startswith("\u2014 ".encode())]


def metrics(gateway):
    address = gateway.find("ready")[0]["admin"]
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as reply:
        return reply.read().decode()


def metric(gateway, name):
    found = re.search(rf"^{re.escape(name)} (\S+)$", metrics(gateway), re.M)
    return float(found.group(1)) if found else None
