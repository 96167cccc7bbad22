#!/usr/bin/python3
"""Reading the log: filters over a real gateway's records, with the index and without, and what
`segel log show` makes of them for people, pipes, spreadsheets and those who follow."""
import csv
import fcntl
import glob
import io
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

import rig
from rig import claim, contains, equal, expect, item

BLOCK = 4096


def show(the_rig, *arguments):
    result = the_rig.segel("reviewer", "log", "show", *arguments)
    equal(result.returncode, 0, result.stderr)
    return result.stdout


def records(the_rig, *arguments):
    return [json.loads(line) for line in show(the_rig, "--json", *arguments).splitlines()]


def rules_of(record):
    return ([f["rule"] for f in record.get("fail", [])]
            + record.get("rules", {}).get("shadow_fail", []))


def wait_until(truth, sentence, seconds=30):
    end = time.monotonic() + seconds
    while not truth():
        expect(time.monotonic() < end, sentence)
        time.sleep(0.1)


def deny(gateway, count):
    for _ in range(count):
        rig.refused(gateway.client().sign, document_class="kontrak_pengadaan")


# --- A log with something of everything -------------------------------------------------

def sign_all(client, items):
    """A machine that is too busy refuses some of them, which leaves no record."""
    end = time.monotonic() + 60
    while items:
        expect(time.monotonic() < end, f"{len(items)} jobs are not signed")
        done = {r.request_id for r in client.batch(items) if r.signature}
        items = [i for i in items if i.request_id not in done]


def fill(the_rig, gateway):
    """A little more than two blocks; what is asked for later stands in several of them."""
    client, rare = gateway.client(), item()
    for number in range(11):
        sign_all(client, [item() for _ in range(400)])
        rig.refused(client.sign, document_class="kontrak_pengadaan")
        if number == 3:
            client.sign(rare, document_class="surat_tugas", batch="b-1")
    return rare.request_id


FILTERS = (
    (["--type", "deny"], lambda r: r["type"] == "deny"),
    (["--type", "boot,deny"], lambda r: r["type"] in ("boot", "deny")),
    (["--decision", "deny"], lambda r: r.get("decision") == "deny"),
    (["--caller", "e-office", "--decision", "deny"],
     lambda r: r.get("caller") == "e-office" and r.get("decision") == "deny"),
    (["--caller", "archive"], lambda r: False),
    (["--key", "seal-demo", "--class", "surat_tugas"],
     lambda r: r.get("key") == "seal-demo" and r.get("doc_class") == "surat_tugas"),
    (["--class", "kontrak_pengadaan"], lambda r: r.get("doc_class") == "kontrak_pengadaan"),
    (["--mandate", "g-1"], lambda r: r.get("mandate") == "g-1"),
)


def compare(the_rig, everything, request_id):
    rule = next(rules_of(r)[0] for r in everything if r["type"] == "deny")
    middle = everything[len(everything) // 2]["ts"][:19]
    more = (
        (["--request", request_id], lambda r: r.get("job") == request_id),
        (["--rule", rule], lambda r: rule in rules_of(r)),
        (["--rule", rule, "--decision", "allow"],
         lambda r: rule in rules_of(r) and r.get("decision") == "allow"),
        (["--until", middle + "Z", "--type", "deny"],
         lambda r: r["ts"][:19] < middle and r["type"] == "deny"),
        (["--from", middle + "Z", "--type", "deny"],
         lambda r: r["ts"][:19] >= middle and r["type"] == "deny"))
    for arguments, wanted in FILTERS + more:
        found = [r["seq"] for r in records(the_rig, *arguments)]
        equal(found, [r["seq"] for r in everything if wanted(r)], " ".join(arguments))
    tail = [r["seq"] for r in records(the_rig, "--type", "deny", "--first", "5000", "--count",
                                      "3")]
    equal(tail, [r["seq"] for r in everything if r["type"] == "deny" and r["seq"] >= 5000][:3],
          "--first and --count")


@claim
def every_filter_finds_what_is_there_with_the_index_and_without(the_rig):
    index = the_rig.path("ledger.db.index")
    with the_rig.gateway() as gateway:
        request_id = fill(the_rig, gateway)
        everything = records(the_rig)
        expect(len(everything) > 2 * BLOCK, "too few records")
        equal([r["seq"] for r in everything], list(range(len(everything))), "all of them")
        wait_until(lambda: os.path.exists(index), "no index is built")
        time.sleep(1.5)
        compare(the_rig, everything, request_id)
        equal(os.stat(index).st_mode & 0o777, 0o600, "who may read the index")
        outcome = records(the_rig, "--request", request_id, "--type", "outcome")
        equal([r["outcome"] for r in outcome], ["signed"], "the job's outcome")
    # One that was written over, and none at all: built anew, and meanwhile nothing is lost.
    for spoil in (lambda: the_rig.write("ledger.db.index", b"nonsense" * 1024),
                  lambda: os.unlink(index)):
        spoil()
        with the_rig.gateway():
            everything = records(the_rig)
            compare(the_rig, everything, request_id)
            wait_until(lambda: os.path.exists(index)
                       and the_rig.read("ledger.db.index", "rb")[:6] == b"SQLite",
                       "it is not built anew")


# --- What people are told ---------------------------------------------------------------

@claim
def a_mistyped_type_is_refused_with_the_one_that_was_meant(the_rig):
    for wrong, meant in (("dney", "deny"), ("outcom", "outcome"), ("key.laod", "key.load")):
        result = the_rig.segel("reviewer", "log", "show", "--type", "boot," + wrong)
        equal(result.returncode, 2, result.stdout)
        contains(result.stderr, wrong, f"did you mean {meant}?")
    result = the_rig.segel("reviewer", "log", "show", "--type", "xyzzy")
    equal(result.returncode, 2, result.stdout)
    contains(result.stderr, "intent, deny, outcome")
    for wrong in (["--decision", "maybe"], ["--from", "yesterday"], ["--count", "-1"],
                  ["--json", "--csv"], ["--mandat", "g-1"]):
        equal(the_rig.segel("reviewer", "log", "show", *wrong).returncode, 2, wrong[0])


@claim
def each_type_that_the_gateway_writes_is_known_to_the_client(the_rig):
    with open(os.path.join(rig.ROOT, "proto/record_types.def"), encoding="utf-8") as file:
        known = set(re.findall(r'^RECORD_TYPE\("([a-z.]+)"\)$', file.read(), re.M))
    written = set()
    for folder in ("core", "ledger", "service", "status"):
        for path in glob.glob(os.path.join(rig.ROOT, "gateway", folder, "**", "*.[ch]"),
                              recursive=True):
            with open(path, encoding="utf-8") as file:
                text = file.read()
            written |= set(re.findall(
                r'(?:notes_add\(|record_event\(|start\(&json,|members_write\()[^;"]*"([a-z.]+)"',
                text))
    expect(len(written) > 8, f"the search finds only {written}")
    equal(written - known, set(), "types that the client refuses")


@claim
def a_pipe_gets_plain_lines(the_rig):
    with the_rig.gateway() as gateway:
        deny(gateway, 2)
        text = show(the_rig, "--decision", "deny", "--first", "0", "--count", "2")
    expect("\x1b" not in text and "INDEX" not in text, "colours or a head in a pipe")
    lines = text.splitlines()
    equal([len(line.split("\t")) for line in lines], [9, 9], "fields")
    contains(lines[0], "\tdeny\t", "\tkontrak_pengadaan\t", "\te-office\t")


def csv_of(the_rig, *arguments):
    """With the line ends as they are."""
    result = subprocess.run(
        [os.path.join(rig.BIN, "segel"), "--home", the_rig.path("clients", "reviewer"), "log",
         "show", "--csv", *arguments], capture_output=True, check=False, timeout=60)
    equal(result.returncode, 0, result.stderr)
    return result.stdout.decode()


@claim
def csv_is_read_by_a_stock_reader_and_holds_what_json_holds(the_rig):
    with the_rig.gateway() as gateway:
        deny(gateway, 1)
        text = csv_of(the_rig, "--type", "deny,boot,key.load")
        wanted = records(the_rig, "--type", "deny,boot,key.load")
        nothing = csv_of(the_rig, "--caller", "nobody")
    expect(text.count("\r\n") == text.count("\n"), "lines end with CRLF")
    rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    equal(len(rows), len(wanted), "rows")
    for row, record in zip(rows, wanted):
        equal((int(row["index"]), row["time"], row["type"]),
              (record["seq"], record["ts"], record["type"]), "row")
        equal(row["request_id"], record.get("job", ""), "request id")
        equal(row["rule"], (rules_of(record) or [""])[0], "rule")
        expect(row["detail"].lstrip("'") == record.get("detail", ""), "detail")
    equal(nothing.count("\r\n"), 1, "a head without rows")


def on_terminal(the_rig, columns, *arguments, **environment):
    """What the command writes to a terminal that is so wide."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(
        [os.path.join(rig.BIN, "segel"), "--home", the_rig.path("clients", "reviewer"), "log",
         "show", *arguments], stdin=slave, stdout=slave, stderr=slave,
        env={**os.environ, **environment})
    os.close(slave)
    out, end = b"", time.monotonic() + 20
    try:
        while time.monotonic() < end:
            if select.select([master], [], [], 0.2)[0]:
                out += os.read(master, 65536)
    except OSError:  # the other end is closed
        pass
    finally:
        os.close(master)
        process.kill()
        process.wait()
    return out.decode()


@claim
def a_terminal_gets_a_table_that_fits_it(the_rig):
    the_filter = ["--decision", "deny", "--count", "5"]
    with the_rig.gateway() as gateway:
        deny(gateway, 5)
        for columns in (60, 80, 120, 200):
            text = on_terminal(the_rig, columns, *the_filter)
            expect("\x1b[31m" in text, f"no red denial at {columns}")
            lines = re.sub(r"\x1b\[[0-9;]*m", "", text).replace("\r", "").splitlines()
            equal(len(lines), 7, f"lines at {columns}: {lines}")
            contains(lines[6], "segel policy explain --gateway RULE")
            contains(lines[0], "INDEX", "TIME", "TYPE", "DECISION")
            longest = max(len(line.rstrip()) for line in lines)
            expect(longest <= columns, f"{longest} characters on {columns} columns")
        contains(lines[0], "CLASS", "REQUEST OR EVENT")
        expect("\x1b" not in on_terminal(the_rig, 80, *the_filter, NO_COLOR="1"), "NO_COLOR")


@claim
def a_pager_that_waits_for_its_reader_gets_every_record_once(the_rig):
    """The gateway ends the connection of a client that takes nothing; what was under way by
    then is far less than the whole."""
    config = the_rig.config(rig.fresh_ledger(), (r"\Z", "\nlimits: {write_stall_ms: 1000}\n"))
    with the_rig.gateway(config) as gateway:
        for _ in range(8):
            sign_all(gateway.client(), [item() for _ in range(400)])
        whole = show(the_rig, "--json").encode()
        expect(len(whole) > 3 << 20, f"{len(whole)} bytes")
        with subprocess.Popen(
                [os.path.join(rig.BIN, "segel"), "--home", the_rig.path("clients", "reviewer"),
                 "log", "show", "--json"], stdout=subprocess.PIPE,
                stderr=subprocess.PIPE) as pager:
            begun = pager.stdout.read(BLOCK)
            time.sleep(3)
            found, said = pager.communicate(timeout=60)
        equal((pager.returncode, said), (0, b""), "exit code, and what it complained of")
        contains(gateway.text(), "the peer does not read its answers")
        expect((begun + found)[:len(whole)] == whole, "each record once, in order")


# --- Following --------------------------------------------------------------------------

class Follower:
    def __init__(self, the_rig, *arguments):
        self.process = subprocess.Popen(
            [os.path.join(rig.BIN, "segel"), "--home", the_rig.path("clients", "reviewer"),
             "log", "show", "--follow", "--json", *arguments], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        os.set_blocking(self.process.stdout.fileno(), False)
        self.text = b""

    def records(self):
        self.text += self.process.stdout.read() or b""
        return [json.loads(line) for line in self.text.split(b"\n")[:-1]]

    def wait_for(self, count):
        wait_until(lambda: len(self.records()) >= count,
                   f"{len(self.records())} of {count} records came")

    def end(self):
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.communicate(timeout=10)
        finally:
            self.process.kill()


@claim
def who_follows_gets_each_record_once_over_a_restart(the_rig):
    with the_rig.gateway() as gateway:
        first = len(records(the_rig))
        gateway.client().sign()
        follower = Follower(the_rig, "--first", str(first), "--type", "intent,outcome")
        follower.wait_for(2)
        gateway.client().sign()
        follower.wait_for(4)
    try:
        with the_rig.gateway() as gateway:
            gateway.client().batch([item() for _ in range(100)])
            follower.wait_for(204)
            gateway.client().sign()
            follower.wait_for(206)
            time.sleep(0.5)
            found = [r["seq"] for r in follower.records()]
            wanted = [r["seq"] for r in records(the_rig, "--first", str(first), "--type",
                                                "intent,outcome")]
            equal(found, wanted, "records in their order")
    finally:
        follower.end()


@claim
def who_follows_for_what_never_came_goes_on_over_a_restart_too(the_rig):
    """Who watches for denials has seen none when the gateway restarts."""
    with the_rig.gateway():
        first = len(records(the_rig))
        follower = Follower(the_rig, "--first", str(first), "--type", "deny")
        time.sleep(1)
    try:
        with the_rig.gateway() as gateway:
            rig.refused(gateway.client().sign, document_class="tls")
            follower.wait_for(1)
    finally:
        follower.end()


@claim
def a_condition_that_says_nothing_is_refused(the_rig):
    with the_rig.gateway():
        for words in (("--request", ""), ("--decision", ""), ("--caller="), ("--count", "0"),
                      ("--from", "2026-06-01", "--until", "2026-05-01")):
            words = (words,) if isinstance(words, str) else words
            result = the_rig.segel("reviewer", "log", "show", *words)
            equal((result.returncode, result.stdout), (2, ""), f"{words}: {result.stderr}")
            contains(result.stderr, "--" + words[0].strip("-="))


if __name__ == "__main__":
    sys.exit(rig.run(rig.Rig("reading")))
