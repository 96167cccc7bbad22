"""Bundles of logs that never were, from docs/BUNDLE.md alone: another hand than the one
that wrote the exporter. Every part can be spoiled before it is written."""
import base64
import hashlib
import json
import os
import struct

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PART = 1 << 18
ORIGIN = "log.example.go.id/made"


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def leaf(record):
    return sha256(b"\0", record)


def node(left, right):
    return sha256(b"\1", left, right)


def root_of(hashes):
    """RFC 6962 section 2.1, by its own words."""
    if len(hashes) == 0:
        return sha256()
    if len(hashes) == 1:
        return hashes[0]
    half = 1
    while half * 2 < len(hashes):
        half *= 2
    return node(root_of(hashes[:half]), root_of(hashes[half:]))


class Key:
    """A key that signs notes: of a log (kind 1) or of a witness (kind 4)."""

    def __init__(self, name=ORIGIN, kind=1):
        self.name, self.kind, self.key = name, kind, Ed25519PrivateKey.generate()
        self.public = bytes([kind]) + self.key.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        self.id = sha256(name.encode(), b"\n", self.public)[:4]
        self.vkey = f"{name}+{self.id.hex()}+{base64.b64encode(self.public).decode()}"

    def line(self, text, time=1700000000):
        if self.kind == 1:
            blob = self.key.sign(text.encode())
        else:
            blob = struct.pack(">Q", time) + self.key.sign(
                f"cosignature/v1\ntime {time}\n{text}".encode())
        return f"\u2014 {self.name} {base64.b64encode(self.id + blob).decode()}\n"


def note(size, root, *keys, origin=ORIGIN):
    text = f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"
    return (text + "\n" + "".join(k.line(text) for k in keys)).encode()


def number(n):
    groups = [f"{n % 1000:03d}"]
    while n >= 1000:
        n //= 1000
        groups.insert(0, f"x{n % 1000:03d}")
    return "/".join(groups)


def tile_path(level, n, width):
    return f"tile/{level}/{number(n)}" + ("" if width == 256 else f".p/{width}")


def levels_of(leaves):
    """Hashes of each level: those of complete subtrees of 256^level leaves."""
    levels = [leaves]
    while len(levels[-1]) >= 256:
        below = levels[-1]
        levels.append([root_of(below[i:i + 256])
                       for i in range(0, len(below) // 256 * 256, 256)])
    return levels


def moment(second):
    return f"2026-05-{1 + second // 86400:02d}T{second // 3600 % 24:02d}:" \
           f"{second // 60 % 60:02d}:{second % 60:02d}.000000Z"


def lawful(count):
    """A boot, then jobs: an intent and its outcome; one record a second."""
    records = []
    for i in range(count):
        head = {"v": 1, "seq": i, "ts": moment(i), "node": "gw1"}
        if i == 0:
            body = {"type": "boot"}
        elif i % 2 == 1:
            body = {"type": "intent", "caller": "e-office", "job": f"r{i}", "attempt": 1}
        else:
            body = {"type": "outcome", "intent": i - 1, "attempt": 1, "outcome": "signed"}
        records.append({**head, **body})
    return records


def lines(records):
    return [json.dumps(r, separators=(",", ":")).encode() for r in records]


class Bundle:
    """files: path to bytes. first, end and size as in MANIFEST."""

    def __init__(self, records, keys, first=0, end=None, checkpoints=(), size=None,
                 period="- -"):
        self.records, self.keys, self.first = records, keys, first
        self.size = len(records) if size is None else size
        self.end = self.size if end is None else end
        self.period, self.files = period, {}
        self.leaves = [leaf(r) for r in records[:self.size]]
        self.files["checkpoint"] = note(self.size, root_of(self.leaves), *keys)
        self.files["checkpoints"] = b"".join(
            b"%d\n" % len(n) + n for n in
            (note(s, root_of(self.leaves[:s]), *keys) for s in checkpoints))
        self.add_tiles()
        self.add_records()

    def add_records(self):
        for at in range(self.first // PART * PART, self.end, PART):
            part = self.records[max(at, self.first):min(at + PART, self.end)]
            self.files[f"records/{at // PART:08d}.jsonl"] = b"".join(
                r + b"\n" for r in part)
        if self.first == 0 and self.end == self.size:
            for n in range((self.size + 255) // 256):
                some = self.records[256 * n:min(256 * n + 256, self.size)]
                self.files[tile_path("entries", n, len(some))] = b"".join(
                    struct.pack(">H", len(r)) + r for r in some)

    def add_tiles(self):
        for level, hashes in enumerate(levels_of(self.leaves)):
            wanted = set(range((self.first >> 8 * level) // 256,
                               (self.end - 1 >> 8 * level) // 256 + 1))
            if len(hashes) % 256:
                wanted.add(len(hashes) // 256)
            for n in wanted:
                some = hashes[256 * n:256 * n + 256]
                if some:
                    self.files[tile_path(level, n, len(some))] = b"".join(some)

    def manifest(self):
        lines_of = [f"{hashlib.sha256(data).hexdigest()} {len(data)} {path}\n"
                    for path, data in sorted(self.files.items())]
        return (f"segel-bundle/v1\norigin {ORIGIN}\ntree {self.size}\n"
                f"records {self.first} {self.end}\nperiod {self.period}\n"
                f"files {len(lines_of)}\n" + "".join(lines_of)).encode()

    def write(self, folder):
        write_files(folder, {**self.files, "MANIFEST": self.manifest()})
        return folder


def write_files(folder, files):
    for path, data in files.items():
        whole = os.path.join(folder, path)
        os.makedirs(os.path.dirname(whole), exist_ok=True)
        with open(whole, "wb") as file:
            file.write(data)


def read_files(folder):
    found = {}
    for place, _, names in os.walk(folder):
        for name in names:
            whole = os.path.join(place, name)
            with open(whole, "rb") as file:
                found[os.path.relpath(whole, folder)] = file.read()
    return found


def sealed(files):
    """The same files with a manifest that names what they have become."""
    head = files["MANIFEST"].split(b"files ")[0]
    rest = {p: d for p, d in files.items() if p != "MANIFEST"}
    listed = b"".join(b"%s %d %s\n" % (hashlib.sha256(d).hexdigest().encode(), len(d),
                                       p.encode()) for p, d in sorted(rest.items()))
    return {**rest, "MANIFEST": head + b"files %d\n" % len(rest) + listed}
