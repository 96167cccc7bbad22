"""Holds what clients were told against what stands on the log. Knows nothing of Segel's own
code: reads the ledger's tables, hashes the tree by RFC 6962 and verifies signatures with
python3-cryptography."""
import base64
import bisect
import collections
import contextlib
import hashlib
import json
import os
import sqlite3

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519

KEY, CALLER = "seal-demo", "e-office"
SIGNED, EXISTS, DENIED = 0, 6, 7
SHOWN = 20


def leaf_hash(record):
    return hashlib.sha256(b"\0" + record).digest()


class Tree:
    """All complete subtrees of a growing log, so that its root at any size can be told."""

    def __init__(self):
        self.levels, self.size = [[]], 0

    def add(self, leaf):
        level, node = 0, leaf
        self.levels[0].append(leaf)
        self.size += 1
        while len(self.levels[level]) % 2 == 0:
            node = hashlib.sha256(b"\1" + self.levels[level][-2] + node).digest()
            level += 1
            if level == len(self.levels):
                self.levels.append([])
            self.levels[level].append(node)

    def root(self, size):
        """Of the first leaves: the complete subtrees, folded from the right."""
        root = None
        for level, nodes in enumerate(self.levels):
            if size >> level & 1:
                node = nodes[(size >> level) - 1]
                root = node if root is None else hashlib.sha256(b"\1" + node + root).digest()
        return hashlib.sha256(b"").digest() if root is None else root


def read_note(note, vkey):
    """(size, root) of a checkpoint that the log's key has signed."""
    origin, _, key = vkey.strip().split("+", 2)
    text, _, signatures = note.decode().partition("\n\n")
    lines = text.split("\n")
    if lines[0] != origin:
        raise ValueError(f"it is of {lines[0]}")
    packed = base64.b64decode(signatures.split(" ")[2])
    public = ed25519.Ed25519PublicKey.from_public_bytes(base64.b64decode(key)[1:])
    public.verify(packed[4:], (text + "\n").encode())
    return int(lines[1]), base64.b64decode(lines[2])


class Counts:
    def __init__(self):
        self.answers = collections.Counter()  # by what they say
        self.records = collections.Counter()  # by type
        self.kept = 0         # answered again with the same bytes
        self.kept_over = 0    # of these, by a gateway that had been started since
        self.interrupted = 0  # INTENTs that a start found open
        self.uncertain = 0    # outcomes "indeterminate"
        self.checkpoints = 0


class Oracle:
    """judge: of signatures by KEY; see tests/faults/judge.py. `judges` takes more keys."""

    def __init__(self, judge, vkey):
        self.judges, self.vkey = {KEY: judge}, vkey
        self.tree, self.counts, self.faults = Tree(), Counts(), []
        self.asked = {}      # id -> digests that were asked for under it, in hex
        self.bytes = {}      # id -> hash of the signature's bytes, and when it was told
        self.starts = []     # when a gateway was started, by the clock of the histories
        self.signed = collections.Counter()  # (caller, id) -> outcomes "signed"
        self.open = {}       # decision -> index of its INTENT
        self.intents = {}    # of those: decision -> caller, id, key, digest
        self.granted = {}    # mandate -> how many
        self.drawn = collections.Counter()  # mandate -> outcomes "signed"
        self.kept = collections.defaultdict(set)  # mandate -> ids that may have been signed
        self.under = {}      # of open INTENTs: decision -> mandate, id
        self.checkpoint = -1
        self.last = None     # the record read last

    def fault(self, sentence):
        self.faults.append(sentence)

    # --- The log ----------------------------------------------------------------------

    @contextlib.contextmanager
    def ledger(self, path):
        """One state of it, while others write."""
        base = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
        with contextlib.closing(base):
            base.execute("BEGIN")
            yield base

    def read_log(self, base):
        """Follows what was appended since the last time."""
        if self.last is not None:
            found = base.execute("SELECT rec FROM leaf WHERE idx = ?",
                                 (self.tree.size - 1,)).fetchone()
            if found is None or found[0] != self.last:
                self.fault(f"record {self.tree.size - 1} was there and is there no more")
        for index, record in base.execute("SELECT idx, rec FROM leaf WHERE idx >= ?"
                                          " ORDER BY idx", (self.tree.size,)):
            if index != self.tree.size:
                self.fault(f"there is no record {self.tree.size}")
                return
            self.tree.add(leaf_hash(record))
            self.last = record
            self.follow(index, json.loads(record))
        self.read_checkpoints(base)
        self.hold_mandates(base)

    def follow(self, index, record):
        self.counts.records[record["type"]] += 1
        if record["seq"] != index:
            self.fault(f"record {index} says that it is {record['seq']}")
        if record["type"] == "intent":
            self.open[record["decision_id"]] = index
            self.intents[record["decision_id"]] = [
                record[name] for name in ("caller", "job", "key", "digest")]
            if "mandate" in record:
                self.under[record["decision_id"]] = record["mandate"], record["job"]
        elif record["type"] == "mandate.open":
            self.granted[record["mandate"]] = int(record["max"])
        elif record["type"] == "outcome":
            self.follow_outcome(index, record)
        elif record["type"] == "boot":
            self.counts.interrupted += int(record["open_intents"])
            if self.open:
                self.fault(f"the start at {index} left INTENTs open: "
                           f"{sorted(self.open.values())[:SHOWN]}")

    def follow_outcome(self, index, record):
        decision = record["decision_id"]
        if self.open.pop(decision, None) != record["intent"]:
            self.fault(f"outcome {index} ends no open INTENT")
        intent = self.intents.pop(decision, None)
        self.counts.uncertain += record["outcome"] == "indeterminate"
        self.draw(self.under.pop(decision, None), record["outcome"])
        if record["outcome"] != "signed":
            return
        if [record[n] for n in ("caller", "job", "key", "digest")] != intent:
            self.fault(f"outcome {index} is about another job than its INTENT")
        name = (record["caller"], record["job"])
        self.signed[name] += 1
        if self.signed[name] > 1:
            self.fault(f"{name[1]} was signed twice, the second time at {index}")

    # --- What officers have granted ---------------------------------------------------

    def draw(self, under, outcome):
        if under is None:
            return
        mandate, job = under
        if outcome == "signed":
            self.drawn[mandate] += 1
            self.kept[mandate].discard(job)
        elif outcome == "indeterminate":
            self.kept[mandate].add(job)

    def hold_mandates(self, base):
        """Their balance is that of the records, in every state of the ledger."""
        for mandate, count in self.granted.items():
            used, reserved = base.execute("SELECT used, reserved FROM mandate WHERE id = ?",
                                          (mandate,)).fetchone()
            begun = {job for name, job in self.under.values() if name == mandate}
            if used != self.drawn[mandate] or reserved != len(begun | self.kept[mandate]):
                self.fault(f"of {mandate} {used} are used and {reserved} reserved, but "
                           f"{self.drawn[mandate]} signed and {len(begun)} begun, "
                           f"{len(self.kept[mandate])} may have been")
            if used + reserved > count:
                self.fault(f"{mandate} is overdrawn: {used} and {reserved} of {count}")

    def read_checkpoints(self, base):
        for size, note in base.execute("SELECT size, note FROM checkpoint WHERE size > ?"
                                       " ORDER BY size", (self.checkpoint,)):
            self.checkpoint = size
            self.counts.checkpoints += 1
            try:
                told, root = read_note(note, self.vkey)
            except (ValueError, IndexError, InvalidSignature) as error:
                self.fault(f"checkpoint {size} is none: {error!r}")
                continue
            if told != size or size > self.tree.size or root != self.tree.root(size):
                self.fault(f"checkpoint {size} is of another tree")

    # --- What clients saw -------------------------------------------------------------

    def hold(self, events, base):
        """Each of (client, event) against the log."""
        for client, event in events:
            for name, digest, _ in event.get("items", []):
                self.asked.setdefault(name, set()).add(digest)
            for answer in event.get("answers", []):
                for sentence in self.faults_of(answer, base, event["at"]):
                    self.fault(f"{client}, {answer['id']}: {sentence}")

    def faults_of(self, answer, base, at):
        self.counts.answers[answer["code"] if "log" in answer else "not recorded"] += 1
        if "log" not in answer:
            if answer["code"] in (SIGNED, DENIED, EXISTS):
                yield f"an answer of code {answer['code']} names no record"
            return
        index, leaf = answer["log"]
        row = base.execute("SELECT rec FROM leaf WHERE idx = ?", (index,)).fetchone()
        if row is None:
            yield f"record {index}, which the answer names, is not on the log"
        elif leaf_hash(row[0]).hex() != leaf:
            yield f"record {index} has another leaf hash than the answer named"
        else:
            yield from self.faults_of_record(answer, json.loads(row[0]))
        if "cms" in answer:
            yield from self.faults_of_bytes(answer, at)

    def faults_of_record(self, answer, record):
        if [record.get(n) for n in ("decision_id", "caller", "job")] != [
                answer["decision"], CALLER, answer["id"]]:
            yield "the record is about another job"
        if answer["code"] == SIGNED:
            yield from self.faults_of_signature(answer, record)
        elif answer["code"] in (DENIED, EXISTS) and record["type"] != "deny":
            yield f"refused, but the record is of type {record['type']}"
        elif record.get("outcome") == "signed":
            yield f"signed, but answered with code {answer['code']}"

    def faults_of_signature(self, answer, record):
        if record.get("outcome") != "signed" or record["key"] not in self.judges:
            yield "the record tells of no signature by this key"
            return
        if "broken" in answer:
            yield f"no CMS: {answer['broken']}"
            return
        digest = record.get("digest", "").removeprefix("sha256:")
        signature = base64.b64decode(answer["signature"])
        if digest not in self.asked.get(answer["id"], ()) or answer["named"] != [digest]:
            yield "the signature, or the record, is of another digest than was asked for"
        if record.get("sig") != "sha256:" + hashlib.sha256(signature).hexdigest():
            yield "the record is of another signature"
        try:
            self.judges[record["key"]].verify(signature, base64.b64decode(answer["attributes"]))
        except InvalidSignature:
            yield "the signature does not verify"

    def faults_of_bytes(self, answer, at):
        first, since = self.bytes.setdefault(answer["id"], (answer["cms"], at))
        if answer["replayed"] and since < at:
            self.counts.kept += 1
            self.counts.kept_over += (bisect.bisect(self.starts, since)
                                      < bisect.bisect(self.starts, at))
        if first != answer["cms"]:
            yield "asked again, it got other bytes"

    # --- Both -------------------------------------------------------------------------

    def look(self, path, reader):
        """The histories first: what was told by then must be on the log that is read next."""
        events = list(reader.news())
        with self.ledger(path) as base:
            self.read_log(base)
            self.hold(events, base)
        return events

    def end(self, path):
        """After an orderly end nothing is open."""
        with self.ledger(path) as base:
            if self.open or base.execute("SELECT count(*) FROM claim WHERE state = 1"
                                         ).fetchone()[0]:
                self.fault("jobs are still open after the end")


def of(the_rig, judge):
    return Oracle(judge.Judge(the_rig.read(f"{KEY}.pem", "rb")), the_rig.read("log.vkey"))


def sizes_of(folder, name="ledger.db"):
    """Bytes of the ledger's files, for the figures."""
    return sum(os.path.getsize(os.path.join(folder, n)) for n in os.listdir(folder)
               if n.startswith(name))
