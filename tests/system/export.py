#!/usr/bin/python3
"""The log of a real gateway, exported whole and in part, and checked offline. The roots
and tiles are also computed here, by another hand than the product's."""
import base64
import contextlib
import filecmp
import hashlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

import bundles
from rig import BIN, Rig, claim, contains, equal, expect, item, log, refused, run

VERIFY = os.path.join(BIN, "segel-verify")
JOBS = 700
LATE = (25, 25)  # jobs under the second and the third policy


def export(rig, name, *arguments, client="reviewer"):
    out = rig.path(name)
    return rig.segel(client, "log", "export", "--unrecorded", "--out", out, *arguments), out


def exported(rig, name, *arguments):
    result, out = export(rig, name, *arguments)
    equal(result.returncode, 0, result.stderr)
    return out


def verify(rig, path, *arguments):
    key = rig.path("clients", "reviewer", "log.vkey")
    return subprocess.run([VERIFY, "--lang", "en", "--log-key", key, *arguments, path],
                          capture_output=True, text=True, check=False, timeout=120)


def sound(rig, path, *arguments):
    result = verify(rig, path, "--json", *arguments)
    equal(result.returncode, 0, result.stdout + result.stderr)
    return json.loads(result.stdout)


def checkpoint(client):
    call = client.call("unary_unary", "GetCheckpoint", log.GetCheckpointRequest,
                       log.GetCheckpointResponse, "LogService")
    return call(log.GetCheckpointRequest(), timeout=10)


def settle(client, at_least):
    """Waits for a checkpoint over so many records."""
    end = time.monotonic() + 20
    while checkpoint(client).size < at_least:
        expect(time.monotonic() < end, f"no checkpoint over {at_least} records came")
        time.sleep(0.1)


def sign_some(gateway, jobs):
    client, reviewer = gateway.client(), gateway.client("reviewer")
    before = checkpoint(reviewer).size if jobs < JOBS else 0
    for at in range(0, jobs, 100):
        client.batch([item() for _ in range(min(100, jobs - at))])
    settle(reviewer, before + 2 * jobs)


def read(path, mode="rb"):
    with open(path, mode) as file:
        return file.read()


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def records_of(folder):
    parts = sorted(os.listdir(os.path.join(folder, "records")))
    return b"".join(read(os.path.join(folder, "records", p)) for p in parts).splitlines()


@claim
def a_whole_log_is_exported_and_found_sound(rig):
    out = exported(rig, "whole")
    report = sound(rig, out)
    records = records_of(out)
    equal(report["signed"], JOBS + sum(LATE), "signatures")
    equal((report["first"], report["end"], report["records"]),
          (0, report["tree_size"], len(records)), "records")
    expect(report["checkpoints"] >= 1, "no earlier checkpoint is in the bundle")


@claim
def root_and_tiles_are_those_of_another_hand(rig):
    out = rig.path("whole")
    leaves = [bundles.leaf(r) for r in records_of(out)]
    note = read(os.path.join(out, "checkpoint")).split(b"\n")
    equal(int(note[1]), len(leaves), "size")
    equal(base64.b64decode(note[2]), bundles.root_of(leaves), "root")
    for level, hashes in enumerate(bundles.levels_of(leaves)):
        for n in range((len(hashes) + 255) // 256):
            some = hashes[256 * n:256 * n + 256]
            equal(read(os.path.join(out, bundles.tile_path(level, n, len(some)))),
                  b"".join(some), f"tile {level}/{n}")


@claim
def the_records_are_the_bytes_of_the_log(rig):
    shown = rig.segel("reviewer", "log", "show", "--json").stdout.encode().splitlines()
    equal(records_of(rig.path("whole")), shown[:len(records_of(rig.path("whole")))], "bytes")


@claim
def the_same_log_makes_the_same_bytes(rig):
    one, two = exported(rig, "one.tar"), exported(rig, "two.tar")
    equal(hashlib.sha256(read(one)).digest(), hashlib.sha256(read(two)).digest(), "tar")
    again = exported(rig, "again")
    difference = filecmp.dircmp(rig.path("whole"), again)
    expect(not difference.left_only and not difference.right_only
           and not difference.diff_files, "the folders differ")
    equal(read(os.path.join(again, "MANIFEST")), read(os.path.join(rig.path("whole"),
                                                                  "MANIFEST")), "manifest")
    sound(rig, one)
    files = subprocess.run(["tar", "tvf", one], capture_output=True, text=True, check=True)
    contains(files.stdout, "1970-01-01", "MANIFEST", "tile/0/000")


@claim
def a_period_holds_its_records_and_one_on_either_side(rig):
    moment = rig.moment
    late, early = exported(rig, "late", "--from", moment), exported(rig, "early.tar",
                                                                    "--until", moment)
    report, before = sound(rig, late), sound(rig, early)
    times = [json.loads(r)["ts"] for r in records_of(late)]
    expect(times[0] < moment <= times[1], f"the period begins at {moment}: {times[:2]}")
    equal(report["end"], report["tree_size"], "end")
    equal(report["first"] + 2, before["end"], "both halves meet in two records")
    signed = sum(json.loads(r).get("outcome") == "signed" for r in records_of(late))
    late_jobs = sum(LATE)
    expect(late_jobs <= signed <= late_jobs + 1,
           f"the second burst and perhaps the record before: {signed}")
    equal(report["signed"], signed, "signatures")
    expect(not os.path.exists(os.path.join(late, "tile", "entries")),
           "entry bundles would show records from outside of the period")
    empty = exported(rig, "empty", "--from", "2001-01-01", "--until", "2001-01-02")
    equal(sound(rig, empty)["records"], 1, "an empty period shows the record behind it")


@claim
def a_changed_byte_of_a_real_bundle_is_found(rig):
    out = rig.path("late")
    files = bundles.read_files(out)
    for path, data in files.items():
        changed = data[:-2] + bytes([data[-2] ^ 1]) + data[-1:]
        for what in ({**files, path: changed},
                     bundles.sealed({**files, path: changed}) if path != "MANIFEST" else {}):
            if not what or not data:
                continue
            shutil.rmtree(rig.path("spoiled"), ignore_errors=True)
            bundles.write_files(rig.path("spoiled"), what)
            code = verify(rig, rig.path("spoiled")).returncode
            expect(code in (1, 3), f"{path} was changed: exit code {code}")


@claim
def policies_and_certificates_that_records_name_go_in(rig):
    result, out = export(rig, "named", rig.path("policy1.yaml"), rig.path("seal-demo.pem"))
    equal((result.returncode, result.stderr), (0, ""), "nothing to say")
    report = sound(rig, out)
    equal(report["checks"]["named"], "ok", str(report["findings"]))
    equal(policies_in(out), {sha256(text) for text in rig.policies}, "policies")
    equal(len(os.listdir(os.path.join(out, "certificates"))), 1, "certificates")
    result, out = export(rig, "stranger", rig.path("pki", "tls-ca.pem"))
    equal(result.returncode, 0, result.stderr)
    contains(result.stderr, "no record of the period names it")
    equal(sound(rig, out)["checks"]["named"], "warning", "policies are lacking")


def policies_in(folder):
    """Their SHA-256 by what they hold; the names have to say the same."""
    names = os.listdir(os.path.join(folder, "policies"))
    found = {sha256(read(os.path.join(folder, "policies", name))) for name in names}
    equal(found, {name.removesuffix(".yaml") for name in names}, "names of policies")
    return found


@claim
def policies_come_from_the_gateway_without_being_named(rig):
    first, *later = (sha256(text) for text in rig.policies)
    result, out = export(rig, "of-two", "--from", rig.moment)
    equal((result.returncode, result.stderr), (0, ""), "nothing to say")
    equal(policies_in(out), set(later), "policies of the period")
    findings = " ".join(f["text"] for f in sound(rig, out)["findings"])
    expect("policies" not in findings, findings)
    result, out = export(rig, "of-three")
    equal(result.returncode, 0, result.stderr)
    contains(result.stderr, "does not have all policies that records name (1 are lacking)")
    equal(len(result.stderr.splitlines()), 1, "it is said once")
    equal(policies_in(out), set(later), "the gateway does not have the first one")
    contains(str(sound(rig, out)["findings"]), "lacks policies that records name (1)")
    named = {json.loads(r).get("policy_rev") for r in records_of(out)} - {None}
    equal(named, {f"sha256:{name}" for name in (first, *later)}, "what records name")


@claim
def a_file_that_is_given_twice_goes_in_once(rig):
    files = [rig.path("seal-demo.pem"), rig.path("policy1.yaml")]
    result, out = export(rig, "twice", *files, *files)
    equal(result.returncode, 0, result.stderr)
    equal(result.stderr.splitlines(), [f"{f}: it is in the bundle already" for f in files],
          "what is said")
    equal(sound(rig, out)["checks"]["named"], "ok", "names")


@claim
def a_period_that_a_manifest_cannot_say_is_refused(rig):
    for words in (("--from", "1969-01-01"), ("--until", "1969-12-31T23:59:59Z"),
                  ("--from", "1969-12-31T23:59:59Z", "--until", "2027-01-01")):
        result, out = export(rig, "before", *words)
        expect(result.returncode != 0, f"{words} was exported")
        contains(result.stderr, "before 1970")
        equal(len(result.stderr.splitlines()), 1, "lines of complaint")
        expect(not os.path.exists(out) and not os.path.exists(out + ".tmp"), "it left something")
    report = sound(rig, exported(rig, "since", "--from", "1970-01-01"))
    equal((report["from"], report["first"]), ("1970-01-01T00:00:00.000000Z", 0), "the begin")


@claim
def a_period_that_has_not_come_holds_the_last_record(rig):
    report = sound(rig, exported(rig, "future", "--from", "2222-01-01"))
    equal((report["records"], report["end"]), (1, report["tree_size"]), "records")
    equal(report["checks"]["period"], "warning", str(report["findings"]))
    contains(str(report["findings"]), "before the period begins")


@claim
def only_a_reviewer_exports(rig):
    result, out = export(rig, "forbidden", client="e-office")
    expect(result.returncode != 0, "a backend exported the log")
    contains(result.stderr, "reviewer")
    expect(not os.path.exists(out) and not os.path.exists(out + ".tmp"), "something is left")


@claim
def a_name_that_is_taken_is_left_alone(rig):
    result, out = export(rig, "whole")
    expect(result.returncode != 0, "it was overwritten")
    contains(result.stderr, "there already")
    sound(rig, out)
    os.makedirs(rig.path("mine.tmp"))
    rig.write("mine.tmp/letter", "do not lose me")
    result, out = export(rig, "mine")
    contains(result.stderr, "in the way")
    equal(rig.read("mine.tmp/letter"), "do not lose me", "what was there")


@claim
def what_a_killed_export_left_is_cleared_by_the_next(rig):
    os.makedirs(rig.path("killed.tmp", "records"))
    rig.write("killed.tmp/UNFINISHED", "")
    rig.write("killed.tmp/records/00000000.jsonl", "half a rec")
    sound(rig, exported(rig, "killed"))
    expect(not os.path.exists(rig.path("killed.tmp")), "the rest is still there")
    expect(not os.path.exists(rig.path("killed", "UNFINISHED")), "the mark is in the bundle")


def kill_early(rig, out):
    """Exit code of an export that is killed as soon as anything of it is there."""
    process = subprocess.Popen([os.path.join(BIN, "segel"), "--home",
                                rig.path("clients", "reviewer"), "log", "export", "--unrecorded",
                                "--out", out],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 30
    try:
        while not os.path.exists(out + ".tmp") and not os.path.exists(out) \
                and process.poll() is None:
            expect(time.monotonic() < end, "nothing of the export is there")
    finally:
        process.send_signal(signal.SIGKILL)
        code = process.wait()
    return code


@claim
def an_export_that_is_killed_has_no_name(rig):
    for i in range(20):
        out = rig.path(f"sudden{i}")
        if kill_early(rig, out) != 0:
            expect(not os.path.exists(out), "a killed export left a bundle with a name")
            sound(rig, exported(rig, f"sudden{i}"))
            return
    raise OSError("the export was always faster than the kill")


@claim
def a_full_disk_is_one_sentence_and_leaves_nothing(rig):
    small = rig.path("small")
    os.makedirs(small)
    script = f"mount -t tmpfs -o size=128k none {small} && " \
             f"{BIN}/segel --home {rig.path('clients', 'reviewer')} log export " \
             f"--unrecorded --out {small}/bundle; code=$?; ls -A {small}; exit $code"
    result = subprocess.run(["unshare", "-rm", "sh", "-c", script], capture_output=True,
                            text=True, check=False, timeout=60)
    if "unshare" in result.stderr or "mount" in result.stderr:
        print("skip  a small disk needs the right to mount one (user namespaces)")
        return
    equal(result.returncode, 3, result.stderr)
    contains(result.stderr, "the disk is full")
    equal(len(result.stderr.strip().splitlines()), 1, "lines of complaint")
    equal(result.stdout, "", "what is left")


@claim
def tiles_and_checkpoints_are_for_reviewers_and_bounded(rig):
    reviewer, backend = rig.now.client("reviewer"), rig.now.client()

    def tiles(client, **asked):
        call = client.call("unary_unary", "GetTiles", log.GetTilesRequest,
                           log.GetTilesResponse, "LogService")
        return call(log.GetTilesRequest(**asked), timeout=10)

    def notes(client, **asked):
        call = client.call("unary_unary", "ListCheckpoints", log.ListCheckpointsRequest,
                           log.ListCheckpointsResponse, "LogService")
        return call(log.ListCheckpointsRequest(**asked), timeout=10)

    for asked in ({"count": 0}, {"count": 33}, {"count": 1, "level": 8},
                  {"count": 1, "first": 1 << 60}, {"count": 1, "level": 1 << 31},
                  {"count": 1, "tree_size": 1 << 62}, {"count": 1, "tree_size": (1 << 64) - 1}):
        equal(refused(tiles, reviewer, **asked).code.name, "INVALID_ARGUMENT", str(asked))
    equal(refused(tiles, backend, count=1).code.name, "PERMISSION_DENIED", "a backend")
    equal(refused(notes, backend).code.name, "PERMISSION_DENIED", "a backend")
    equal([len(t) for t in tiles(reviewer, count=32, tree_size=300).tiles],
          [8192, 44 * 32], "widths")
    sizes = [int(n.split(b"\n")[1]) for n in notes(reviewer).notes]
    equal(sizes, sorted(set(sizes)), "order")
    equal(notes(reviewer, from_size=10, until_size=10).notes[:], [], "none")


def put_policy(rig, version):
    """The same rules by another name; what it was stays beside it."""
    text = rig.read("policy.yaml", "rb")
    if version > 1:
        text = text.replace(b"  version: %d\n" % (version - 1), b"  version: %d\n" % version, 1)
    rig.policies.append(text)
    rig.write(f"policy{version}.yaml", text)
    rig.write("policy.new", text)
    os.rename(rig.path("policy.new"), rig.path("policy.yaml"))


def forget_policies(rig):
    """As a gateway left its ledger that did not keep them yet."""
    with contextlib.closing(sqlite3.connect(rig.path("ledger.db"))) as ledger:
        count = ledger.execute("DELETE FROM policy").rowcount
        ledger.commit()
    equal(count, 1, "policies that were kept")


def replace_policy(rig, gateway):
    put_policy(rig, 3)
    gateway.process.send_signal(signal.SIGHUP)
    gateway.wait_event("policy.loaded")


def main():
    rig = Rig("export")
    rig.policies = []
    put_policy(rig, 1)
    with rig.gateway() as gateway:
        sign_some(gateway, JOBS)
    forget_policies(rig)
    put_policy(rig, 2)
    with rig.gateway() as gateway:
        rig.now = gateway
        time.sleep(1.2)
        rig.moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        time.sleep(1.2)
        sign_some(gateway, LATE[0])
        replace_policy(rig, gateway)
        sign_some(gateway, LATE[1])
        return run(rig)


if __name__ == "__main__":
    sys.exit(main())
