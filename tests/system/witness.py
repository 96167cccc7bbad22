#!/usr/bin/python3
"""segel witness on logs that were made here: it cosigns trees that grew, and nothing else;
what it has answered it never contradicts, whatever it is sent and however it ends."""
import base64
import contextlib
import hashlib
import http.client
import json
import os
import random
import re
import resource
import shutil
import signal
import stat
import struct
import subprocess
import sys
import threading
import time

from cryptography.hazmat.primitives import serialization

import bundles
import order
import rig
from bundles import Key, leaf, node, root_of
from rig import BIN, ROOT, claim, claims, contains, equal, expect, run
from witness_rig import (DIR, NAME, ORIGIN, SEGEL, Log, Reply, Witness, answers, begin,
                         cosignature_time, cosigned, evidence, segel)

VERIFY = os.path.join(BIN, "segel-verify")
claims.clear()  # those of order.py


# --- Making one -------------------------------------------------------------------------

@claim
def a_key_is_made_once_and_is_for_its_user_alone(_):
    witness = Witness()
    equal(stat.S_IMODE(os.stat(witness.key).st_mode), 0o600, "mode of the key")
    equal(stat.S_IMODE(os.stat(witness.state).st_mode), 0o700, "mode of the state")
    expect(re.fullmatch(re.escape(NAME) + r"\+[0-9a-f]{8}\+B[A-Za-z0-9+/=]+", witness.vkey),
           f"vkey {witness.vkey}")
    equal(segel("witness", "vkey", "--key", witness.key).stdout.strip(), witness.vkey)
    with open(witness.key, "rb") as file:
        before = file.read()
    with open(witness.key, "rb") as file:
        key = serialization.load_pem_private_key(
            file.read().split(b"\n", 1)[1], password=None)
    raw = key.public_key().public_bytes(serialization.Encoding.Raw,
                                        serialization.PublicFormat.Raw)
    equal(base64.b64decode(witness.vkey.split("+", 2)[2])[1:], raw, "public key")
    for state in (witness.state, witness.path("other")):
        again = segel("witness", "init", "--name", "x", "--key", witness.key, "--state", state)
        equal(again.returncode, 1, again.stderr)
        contains(again.stderr, "already")
    with open(witness.key, "rb") as file:
        equal(file.read(), before, "the key after a second init")
    other = segel("witness", "init", "--name", "x", "--key", witness.path("k2"), "--state",
                  witness.state)
    equal(other.returncode, 1, "a state is not begun twice")
    expect(not os.path.exists(witness.path("k2")), "a key was left behind")


@claim
def what_is_wrong_with_a_start_is_one_sentence(_):
    log, witness = Log(), Witness()
    witness.keys = [log.key]
    os.chmod(witness.key, 0o640)
    witness.refuses("others than its owner")
    os.chmod(witness.key, 0o600)
    for key, words in (("a+b+c", "no verifier key"), (Key("w", 4).vkey, "no verifier key"),
                       (log.key.vkey + "," + log.key.vkey, "named twice")):
        result = segel("witness", "run", "--listen", "127.0.0.1:0", "--key", witness.key,
                       "--state", witness.state, "--log", key)
        equal(result.returncode, 2, result.stderr)
        contains(result.stderr, words)
    for listen in ("localhost:1", "127.0.0.1", "127.0.0.1:65536", "::1:80", ":1", "[::1]:x"):
        result = segel("witness", "run", "--listen", listen, "--key", witness.key,
                       "--state", witness.state, "--log", log.key.vkey)
        equal(result.returncode, 2, listen)
        contains(result.stderr, "IP address")
    with open(witness.path("conf"), "w", encoding="utf-8") as file:
        file.write("# a comment\n\nlisten 127.0.0.1:0\nkye x\n")
    result = segel("witness", "run", "--config", witness.path("conf"))
    equal(result.returncode, 2)
    contains(result.stderr, "conf line 4", "'kye' is no setting")
    for missing in ("listen", "key", "state", "log"):
        given = {"listen": "127.0.0.1:0", "key": witness.key, "state": witness.state,
                 "log": log.key.vkey}
        del given[missing]
        result = segel("witness", "run", *[w for k, v in given.items() for w in ("--" + k, v)])
        equal(result.returncode, 2)
        contains(result.stderr, f"'{missing}' is missing")
    witness.key = witness.path("none")
    witness.refuses("none cannot be read")


@claim
def a_file_of_settings_serves_with_its_prefix(_):
    log, witness = Log(), Witness()
    with open(witness.path("conf"), "w", encoding="utf-8") as file:
        file.write(f"listen\t127.0.0.1:0\nkey {witness.key}\n state  {witness.state} \r\n"
                   f"prefix /a/b\n# who\nlog {log.key.vkey} https://log.example.go.id/\n"
                   f"log {Key('log.example.go.id/other').vkey}")
    witness.command = lambda: [SEGEL, "witness", "run", "--config", witness.path("conf")]
    with witness.run():
        equal(witness.add(log.body(0, 3)).code, 404, "without the prefix")
        cosigned(witness, witness.call("POST", "/a/b/add-checkpoint", log.body(0, 3)), log, 3)
        equal(witness.call("GET", "/a/b/healthz").body, b"ok\n")


@claim
def the_sample_configuration_serves_once_a_log_is_named(_):
    log, witness = Log(), Witness()
    with open(os.path.join(ROOT, "deploy/witness/witness.conf"), encoding="utf-8") as file:
        text = file.read()
    for old, new in (("127.0.0.1:8080", "127.0.0.1:0"),
                     ("/etc/segel-witness/key.pem", witness.key),
                     ("/var/lib/segel-witness/state", witness.state)):
        contains(text, old)
        text = text.replace(old, new)
    with open(witness.path("conf"), "w", encoding="utf-8") as file:
        file.write(text)
    witness.command = lambda: [SEGEL, "witness", "run", "--config", witness.path("conf")]
    equal(witness.refuses("'log' is missing"), 2)
    with open(witness.path("conf"), "w", encoding="utf-8") as file:
        file.write(re.sub(r"#log .*", f"log {log.key.vkey}", text))
    with witness.run():
        cosigned(witness, witness.add(log.body(0, 3)), log, 3)


# --- Answers ----------------------------------------------------------------------------

@claim
def trees_that_grow_are_cosigned_and_others_believe_it(_):
    log = Log()
    witness, before, last = Witness(log.key), 0, 0
    with witness.run():
        answers(witness.stored(), 404)
        for size in (1, 2, 3, 4, 7, 8, 8, 9, 64, 65, 127, 128, 300, 1000):
            now = cosigned(witness, witness.add(log.body(before, size)), log, size)
            expect(abs(now - time.time()) < 30, f"time {now}")
            expect(now >= last, f"{now} comes after {last}")
            before, last = size, now
        equal(witness.end(), 0, "exit code")
    records = bundles.lines(bundles.lawful(60))
    log.leaves = [leaf(r) for r in records]
    witness = Witness(log.key)
    with witness.run():
        line = witness.add(log.body(0, 60)).body
        answers(witness.stored(), 200)
        equal(witness.stored().body, log.note(60) + line, "the note that is read back")
        equal(witness.stored().type, "text/plain; charset=utf-8")
    bundle = bundles.Bundle(records, [log.key])
    bundle.files["checkpoint"] = log.note(60) + line
    result = subprocess.run(
        [VERIFY, "--log-key", log.key.vkey, "--witness", witness.vkey, "--quorum", "1",
         bundle.write(witness.path("bundle"))], capture_output=True, text=True, check=False)
    equal(result.returncode, 0, result.stdout + result.stderr)
    contains(result.stdout, "SOUND:")


@claim
def the_empty_tree_may_be_the_first(_):
    log = Log()
    witness = Witness(log.key)
    with witness.run():
        cosigned(witness, witness.add(log.body(0, 0)), log, 0)
        cosigned(witness, witness.add(log.body(0, 0)), log, 0)
        answers(witness.add(log.body(0, 0, root=leaf(b"x"))), 422, "empty tree")
        cosigned(witness, witness.add(log.body(0, 5)), log, 5)


@claim
def each_answer_is_the_one_that_the_protocol_names(_):
    log, other, stranger = Log(), Log("log.example.go.id/other"), Key()
    false = log.note(6).replace(log.note(6).split(b" ")[-1],
                                log.note(5).split(b" ")[-1])
    witness = Witness(log.key, other.key)
    with witness.run():
        unknown = Log("log.example.go.id/unknown")
        answers(witness.add(unknown.body(0, 3)), 404, "does not know")
        answers(witness.add(log.body(0, 3, stranger)), 403, "no key that is trusted")
        answers(witness.add(other.body(0, 3, log.key)), 403, "no key that is trusted")
        answers(witness.add(b"old 0\n\n" + false), 403, "false signature")
        both = log.body(0, 5) + log.note(6).split(b"\n\n")[1]
        answers(witness.add(both), 403, "false signature")
        reply = witness.add(log.body(3, 5))
        equal((reply.code, reply.type, reply.body), (409, "text/x.tlog.size", b"0\n"))
        answers(witness.add(log.body(0, 0, root=leaf(b"x"))), 422, "empty tree")
        answers(witness.add(log.body(0, 5, proof=[leaf(b"x")])), 422, "proof")
        answers(witness.stored(), 404)
        cosigned(witness, witness.add(log.body(0, 5)), log, 5)
        for old in (0, 4, 6):
            reply = witness.add(log.body(old, 9))
            equal((reply.code, reply.type, reply.body), (409, "text/x.tlog.size", b"5\n"))
        answers(witness.add(log.body(9, 8)), 400, "larger than the checkpoint's")
        answers(witness.add(log.body(5, 4)), 400, "larger than the checkpoint's")
        answers(witness.add(log.body(5, 5, proof=[leaf(b"x")])), 422, "proof")
        good = log.proof(5, 9)
        for proof in (good[:-1], good + good[:1], good[::-1], [],
                      [*good[:-1], node(good[-1], good[-1])]):
            answers(witness.add(log.body(5, 9, proof=proof)), 422, "proof")
        cosigned(witness, witness.add(log.body(5, 9)), log, 9)
        cosigned(witness, witness.add(other.body(0, 2)), other, 2)
        answers(witness.call("GET", "/add-checkpoint"), 405)
        for path in ("/", "/x", "/add-checkpoint/", "/healthz/", "/" + "0" * 64):
            answers(witness.call("POST", path, b""), 404)
            answers(witness.call("GET", path), 404)
        answers(witness.call("GET", "/" + "0" * 64 + "/checkpoint"), 404)
        answers(witness.call("POST", "/healthz", b""), 405)
        expect(witness.call("DELETE", "/add-checkpoint").code >= 400, "DELETE")
        answers(witness.call("GET", "/healthz"), 200, "ok")
        codes = [e["code"] for e in witness.requests()]
        equal(set(codes), {200, 400, 403, 404, 409, 422}, "codes in the log lines")
        line = witness.requests()[-1]
        equal((line["origin"], line["size"], line["old"], line["answer"]),
              (other.origin, 2, 0, "COSIGNED"))


@claim
def one_connection_serves_many_requests(_):
    log = Log()
    witness = Witness(log.key)
    with witness.run():
        connection = http.client.HTTPConnection(*witness.address, timeout=10)
        for size in range(1, 20):
            connection.request("POST", "/add-checkpoint", log.body(size - 1, size))
            cosigned(witness, Reply(connection.getresponse()), log, size)
            expect(connection.sock is not None, "the connection was closed")
        connection.close()


@claim
def an_origin_may_have_two_keys_and_strangers_are_ignored(_):
    log, second = Log(), Key()
    strangers = [Key(f"s.example.go.id/{n}", 4 if n % 2 else 1) for n in range(14)]
    witness = Witness(log.key, second)
    with witness.run():
        cosigned(witness, witness.add(log.body(0, 3, second)), log, 3)
        both = witness.add(log.body(3, 5, *strangers, log.key, second))
        cosigned(witness, both, log, 5)
        equal(witness.stored().body, log.note(5, log.key, second) + both.body,
              "only verified signatures are kept")


@claim
def extension_lines_are_carried_through(_):
    log = Log()
    witness = Witness(log.key)
    text = log.note(4).decode().split("\n\n")[0] + "\nmore of it\n"
    whole = (text + "\n" + log.key.line(text)).encode()
    with witness.run():
        reply = witness.add(b"old 0\n\n" + whole)
        equal(reply.code, 200)
        cosignature_time(witness.vkey, reply.body.decode(), whole.decode())
        long = log.note(5).decode().split("\n\n")[0] + "\n" + "y" * 5000 + "\n"
        answers(witness.add(log.body(4, 5).split(b"\n\n")[0] + b"\n\n"
                            + (long + "\n" + log.key.line(long)).encode()), 400)


# --- Logs that lie ----------------------------------------------------------------------

@claim
def two_trees_of_one_size_are_refused_and_kept_as_evidence(_):
    log = Log()
    fork = Log(key=log.key, fork=2)
    witness = Witness(log.key)
    with witness.run():
        line = witness.add(log.body(0, 5)).body
        equal(segel("witness", "status", "--state", witness.state).returncode, 0)
        answers(witness.add(fork.body(5, 5)), 422, "another root")
        alarm = witness.wait("SPLIT-VIEW")
        equal((alarm["level"], alarm["origin"], alarm["size"]), ("error", ORIGIN, 5))
        contains(alarm["text"], "both notes are in the folder")
        hexes = [r.hex() for r in (log.root(5), fork.root(5))]
        names = sorted(f"{hashlib.sha256(ORIGIN.encode()).hexdigest()[:16]}-5-{h}.checkpoint"
                       for h in hexes)
        equal(evidence(witness), names, "evidence")
        kept = {witness.read("evidence/" + n) for n in names}
        equal(kept, {log.note(5) + line, fork.note(5)}, "both notes, as they were signed")
        reply = witness.add(fork.body(3, 5))
        equal(reply.code, 409, "a split view with a wrong old size")
        witness.wait("SPLIT-VIEW", 2)
        equal(len(evidence(witness)), 2, "the same proof is kept once")
        equal(witness.stored().body, log.note(5) + line, "nothing else was cosigned")
        cosigned(witness, witness.add(log.body(5, 6)), log, 6)
    result = segel("witness", "status", "--state", witness.state)
    equal(result.returncode, 1, "exit code of status")
    contains(result.stdout, "split view", ORIGIN)
    equal(json.loads(segel("witness", "status", "--json", "--state", witness.state).stdout)
          ["evidence"], 2)


@claim
def evidence_that_cannot_be_kept_is_not_told_as_kept(_):
    log = Log()
    fork = Log(key=log.key, fork=2)
    witness = Witness(log.key)
    witness.write(b"in its way", "evidence")
    with witness.run():
        cosigned(witness, witness.add(log.body(0, 5)), log, 5)
        answers(witness.add(fork.body(5, 5)), 422, "another root")
        alarm = witness.wait("SPLIT-VIEW")
        equal((alarm["level"], alarm["size"]), ("error", 5))
        contains(alarm["text"], "not both notes could be kept")
        contains(witness.requests()[-1]["why"], "evidence cannot be opened")
        os.unlink(os.path.join(witness.state, "evidence"))
        answers(witness.add(fork.body(5, 5)), 422, "another root")
        contains(witness.wait("SPLIT-VIEW", 2)["text"], "both notes are in the folder")
        equal(len(evidence(witness)), 2, "evidence")


@claim
def a_log_that_was_cut_off_or_rewritten_is_not_cosigned(_):
    log = Log()
    fork = Log(key=log.key, fork=3)
    witness = Witness(log.key)
    with witness.run():
        line = witness.add(log.body(0, 8)).body
        for old, size in ((0, 4), (4, 4), (4, 6), (3, 6), (0, 9)):
            equal(witness.add(log.body(old, size)).code, 409, f"old {old}, size {size}")
        equal(witness.add(log.body(8, 4)).code, 400)
        for size in (9, 12, 16):
            answers(witness.add(fork.body(8, size)), 422)
        equal(witness.stored().body, log.note(8) + line)


@claim
def anybody_can_check_the_evidence(_):
    log = Log()
    fork = Log(key=log.key, fork=2)
    witness = Witness(log.key)
    with witness.run():
        cosigned(witness, witness.add(log.body(0, 5)), log, 5)
        answers(witness.add(fork.body(5, 5)), 422)
    notes = [os.path.join(witness.state, "evidence", name) for name in evidence(witness)]
    strangers = witness.path("stranger")
    with open(strangers, "wb") as file:
        file.write(fork.note(5, Key()))
    grown = witness.path("grown")
    with open(grown, "wb") as file:
        file.write(log.note(6))

    def checked(*files, key=log.key, lang="en"):
        result = segel("witness", "evidence", "--lang", lang, "--log-key", key.vkey, *files)
        return result.returncode, result.stdout + result.stderr

    equal(checked(*notes), (0, f"{ORIGIN}: PROOF: the key of this log has signed two different "
                               "trees of the size 5\n"))
    contains(checked(*notes, lang="id")[1], "TERBUKTI")
    for files, words in (((notes[0], notes[0]), "the same tree"), ((notes[0], grown), "may grow"),
                         ((notes[0], strangers), "stranger is no checkpoint")):
        code, said = checked(*files)
        equal(code, 1, said)
        contains(said, words)
        expect("PROOF" not in said, said)
    equal(checked(*notes, key=Key())[0], 1, "another key")
    equal(checked(notes[0], witness.path("none"))[0], 3)
    equal(checked(notes[0])[0], 2)


# --- Promises ---------------------------------------------------------------------------

@claim
def a_restart_forgets_nothing(_):
    log = Log()
    fork = Log(key=log.key, fork=3)
    witness = Witness(log.key)
    with witness.run():
        cosigned(witness, witness.add(log.body(0, 8)), log, 8)
        before = witness.stored().body
        equal(witness.end(), 0, "exit code")
        contains(witness.said(), '"event":"stopped"')
    with witness.run():
        equal(witness.stored().body, before)
        equal(witness.add(fork.body(0, 8)).code, 409)
        answers(witness.add(fork.body(8, 8)), 422)
        cosigned(witness, witness.add(log.body(8, 9)), log, 9)
    witness.keys = [Log("log.example.go.id/other").key]
    with witness.run():
        equal(witness.add(log.body(9, 10)).code, 404, "an origin that is not configured now")
        equal(witness.stored().code, 200)
    witness.keys = [log.key]
    with witness.run():
        equal(witness.add(log.body(0, 8)).body, b"9\n", "an origin that came back")


@claim
def one_state_has_one_witness(_):
    log = Log()
    witness = Witness(log.key)
    with witness.run():
        witness.refuses("another witness works on")
        status = segel("witness", "status", "--state", witness.state)
        equal(status.returncode, 0, status.stderr)


@claim
def a_damaged_missing_or_foreign_state_does_not_start(_):
    log = Log()
    witness = Witness(log.key)
    with witness.run():
        cosigned(witness, witness.add(log.body(0, 8)), log, 8)
    good = witness.read()
    for at in sorted({*range(0, len(good), 23), len(good) - 1, len(good) - 66}):
        witness.write(good[:at] + bytes([good[at] ^ 4]) + good[at + 1:])
        equal(witness.refuses("state"), 1, "exit code")
    for spoiled in (b"", good[:-1], good + b"\n", good[:100], good.replace(b"\n1\n", b"\n0\n"),
                    b"x" * 4000000):
        witness.write(spoiled)
        witness.refuses("damaged")
    witness.write(good.replace(b"state/v1", b"state/v2"))
    equal(witness.refuses("another version"), 1, "exit code")
    sealed = good.rsplit(b"sha256 ", 1)[0].replace(b"\n1\n", b"\n0\n", 1)
    witness.write(sealed + b"sha256 " + hashlib.sha256(sealed).hexdigest().encode() + b"\n")
    witness.refuses("damaged")
    forged = good.rsplit(b"sha256 ", 1)[0].replace(b"\n8\n", b"\n7\n", 1)
    witness.write(forged + b"sha256 " + hashlib.sha256(forged).hexdigest().encode() + b"\n")
    witness.refuses("damaged")
    other = Witness(log.key)
    witness.write(other.read())
    equal(witness.refuses("belongs to the witness"), 1, "exit code")
    os.unlink(os.path.join(witness.state, "state"))
    equal(witness.refuses("is missing"), 1, "exit code")
    equal(evidence(witness), [])
    witness.write(good)
    with witness.run():
        equal(witness.add(log.body(0, 8)).body, b"8\n")


@claim
def an_older_state_is_mended_by_its_own_later_signature(_):
    log = Log()
    fork = Log(key=log.key, fork=6)
    witness = Witness(log.key)
    with witness.run():
        cosigned(witness, witness.add(log.body(0, 5)), log, 5)
        old = witness.read()
        time.sleep(1.1)
        line = witness.add(log.body(5, 9)).body
    witness.write(old)
    with witness.run():
        equal(witness.add(log.body(9, 12)).body, b"5\n", "it has forgotten")
        equal(witness.wait("state-behind")["level"], "error")
        false = line.replace(line[-20:-12], b"AAAAAAAA")
        reply = witness.add(log.body(9, 9) + false)
        equal(reply.body, b"5\n", "a false cosignature of its own is nothing")
        reply = witness.add(log.body(9, 9) + line)
        equal(reply.code, 200, "it has its own signature before it")
        witness.wait("STATE-WAS-OLDER")
        equal(witness.add(fork.body(5, 9)).body, b"9\n")
        answers(witness.add(fork.body(9, 12)), 422)
        cosigned(witness, witness.add(log.body(9, 12)), log, 12)
    with witness.run():
        equal(witness.add(log.body(0, 1)).body, b"12\n")
        reply = witness.add(log.body(9, 9) + line)
        equal(reply.body, b"12\n", "an earlier signature changes nothing")


def promise(witness, log, size, seconds):
    """The state of a witness that cosigned at another time."""
    with open(witness.key, "rb") as file:
        key = serialization.load_pem_private_key(file.read().split(b"\n", 1)[1], None)
    text = log.note(size).decode().split("\n\n")[0] + "\n"
    blob = bytes.fromhex(witness.vkey.split("+")[1]) + struct.pack(">Q", seconds) + key.sign(
        f"cosignature/v1\ntime {seconds}\n{text}".encode())
    whole = log.note(size) + f"\u2014 {NAME} {base64.b64encode(blob).decode()}\n".encode()
    above = f"segel-witness-state/v1\n{witness.vkey}\n1\n{len(whole)}\n".encode() + whole
    witness.write(above + b"sha256 " + hashlib.sha256(above).hexdigest().encode() + b"\n")


@claim
def a_clock_that_went_back_signs_nothing(_):
    log = Log()
    witness = Witness(log.key)
    promise(witness, log, 5, int(time.time()) + 3600)
    with witness.run():
        answers(witness.add(log.body(5, 6)), 503, "clock")
        answers(witness.call("GET", "/healthz"), 503, "clock")
        equal(witness.requests()[-1]["level"], "error")
        equal(witness.add(log.body(0, 6)).body, b"5\n")
    promise(witness, log, 5, int(time.time()) - 1)
    with witness.run():
        answers(witness.call("GET", "/healthz"), 200)
        cosigned(witness, witness.add(log.body(5, 6)), log, 6)


@claim
def of_submissions_at_once_each_sees_the_one_before(_):
    log = Log()
    witness = Witness(log.key)
    log.grow(400)
    with witness.run():
        size, lock, granted, codes = 0, threading.Lock(), [], []

        def submit(old, new):
            reply = witness.add(log.body(old, new))
            with lock:
                codes.append(reply.code)
                if reply.code == 200:
                    granted.append((old, new))

        for _ in range(25):
            some = [threading.Thread(target=submit, args=(size, size + n))
                    for n in (1, 2, 3, 5)]
            for each in some:
                each.start()
            for each in some:
                each.join()
            from_here = [g for g in granted if g[0] == size]
            equal(len(from_here), 1, f"grants from size {size}")
            equal(sorted(codes), [200, 409, 409, 409], "codes")
            codes.clear()
            size = from_here[0][1]
            equal(witness.add(log.body(0, size)).body, f"{size}\n".encode())


@claim
def no_kill_loses_a_promise(_):
    log = Log()
    log.grow(600)
    witness = Witness(log.key)
    answered, generator, promised = 0, random.Random(11), {}
    for round_ in range(100):
        if round_ >= 25 and answered >= 25:
            break
        with witness.run():
            stop = time.monotonic() + generator.uniform(0.01, 0.12)
            killer = threading.Timer(stop - time.monotonic(), witness.process.kill)
            stored = witness.add(log.body(599, 600))
            equal(stored.code, 409)
            base = int(stored.body)
            expect(base >= answered,
                   f"round {round_}: it holds {base}, and has answered {answered}")
            killer.start()
            with contextlib.suppress(OSError, http.client.HTTPException):
                while base < 590:
                    reply = witness.add(log.body(base, base + 1))
                    equal(reply.code, 200)
                    base += 1
                    promised[base] = cosigned(witness, reply, log, base)
                    answered = base
            killer.join()
            witness.ended()
        fork = Log(key=log.key, fork=max(0, answered - 1))
        with witness.run():
            held = int(witness.add(log.body(599, 600)).body)
            expect(base <= held <= base + 1, f"{held} after {base}")
            if held:
                contains(witness.stored().body.decode(), f"{ORIGIN}\n{held}\n")
                expect(witness.add(fork.body(held, held + 2)).code in (422,),
                       "a rewritten log was cosigned after a kill")
    expect(answered >= 25, f"only {answered} checkpoints were cosigned")
    times = [promised[s] for s in sorted(promised)]
    equal(times, sorted(times), "times of the cosignatures")


@claim
def a_disk_that_is_full_is_answered_by_500_and_ends_it(_):
    log = Log()
    witness = Witness(log.key)
    with witness.run():
        line = witness.add(log.body(0, 5)).body
        time.sleep(1.1)
        resource.prlimit(witness.process.pid, resource.RLIMIT_FSIZE, (100, 100))
        answers(witness.add(log.body(5, 8)), 500, "cannot keep")
        equal(witness.ended(), 3, "exit code")
    with witness.run():
        equal(witness.stored().body, log.note(5) + line)
        cosigned(witness, witness.add(log.body(5, 8)), log, 8)


# --- A gateway ----------------------------------------------------------------------------

def gateways_log(rigged, name):
    """What a gateway's log holds now, as one that a witness can be asked about."""
    out = rigged.path(name)
    result = rigged.segel("reviewer", "log", "export", "--unrecorded", "--out", out)
    equal(result.returncode, 0, result.stderr)
    files = bundles.read_files(out)
    leaves = [leaf(record) for path in sorted(files) if path.startswith("records/")
              for record in files[path].split(b"\n")[:-1]]
    checkpoint = files["checkpoint"]
    origin, size, root = checkpoint.decode().split("\n")[:3]
    equal((int(size), base64.b64decode(root)), (len(leaves), root_of(leaves)), "the tree")
    log = Log(origin, key=Key())
    log.leaves = leaves
    log.note = lambda *_, **__: checkpoint
    return log


@claim
def a_gateways_own_checkpoints_are_cosigned_as_its_log_grows(_):
    rigged = rig.Rig("witnessed")
    witness = Witness()
    with rigged.gateway() as gateway:
        witness.command = lambda: [
            SEGEL, "witness", "run", "--listen", "127.0.0.1:0", "--key", witness.key, "--state",
            witness.state, "--log", rigged.read("clients/reviewer/log.vkey").strip()]
        with witness.run():
            before = 0
            for number in range(3):
                for _ in range(5 * number):
                    gateway.client().sign()
                end = time.monotonic() + 20
                while len((log := gateways_log(rigged, f"export-{number}")).leaves) <= before:
                    shutil.rmtree(rigged.path(f"export-{number}"))
                    expect(time.monotonic() < end, "no newer checkpoint came")
                    time.sleep(0.2)
                size = len(log.leaves)
                cosigned(witness, witness.add(log.body(before, size)), log, size)
                before = size
            equal(witness.stored(log.origin).body.count("\u2014".encode()), 2, "signatures")


# --- Seen from the kernel ---------------------------------------------------------------

@contextlib.contextmanager
def traced(witness, *options):
    path = witness.path("trace")
    tracer = order.attach(witness.process.pid, path, *options)
    expect(tracer is not None, "strace could not attach")
    try:
        yield path
    finally:
        order.detach(tracer)


def system_calls(path):
    """S = the new state is on the disk, N = it has its name, D = so has the folder, A = an
    answer of success leaves."""
    for moment, call in order.calls(path):
        if moment == "end" and re.search(r"fsync\(\d+<[^>]*/state\.new>\) += 0", call):
            yield "S"
        elif moment == "end" and re.search(r'renameat.*"state\.new".*"state".* = 0', call):
            yield "N"
        elif moment == "end" and re.search(r"fsync\(\d+<[^>]*/state>\) += 0", call):
            yield "D"
        elif moment == "begin" and re.search(r"(?:write|writev|sendto|sendmsg)\(\d+<(?:TCP|socket).*"
                                             r"HTTP/1.1 200", call):
            yield "A"


@claim
def nothing_is_answered_before_it_is_on_the_disk(_):
    if not order.may_trace(DIR):
        print("skip  strace may not trace here")
        return
    log = Log()
    witness = Witness(log.key)
    with witness.run():
        with traced(witness, "-s", "200", "-e",
                    "trace=fsync,rename,renameat,renameat2,write,writev,sendto,sendmsg") as path:
            for size in range(1, 11):
                cosigned(witness, witness.add(log.body(size - 1, size)), log, size)
        equal("".join(system_calls(path)), "SNDA" * 10, "order of the system calls")


@claim
def a_kill_between_any_two_steps_of_the_disk_loses_nothing(_):
    if not order.may_trace(DIR):
        print("skip  strace may not trace here")
        return
    log = Log()
    fork = Log(key=log.key, fork=3)
    for call, when in (("unlinkat", 1), ("write", 1), ("fsync", 1), ("renameat", 1),
                       ("fsync", 2)):
        witness = Witness(log.key)
        with witness.run():
            line = witness.add(log.body(0, 5)).body
            time.sleep(1.1)
            with traced(witness, "-e", f"trace={call}", "-e",
                        f"inject={call}:signal=SIGKILL:when={when}"):
                with contextlib.suppress(OSError, http.client.HTTPException):
                    reply = witness.add(log.body(5, 8))
                    expect(False, f"{call} {when}: answered by {reply.code}")
                equal(witness.ended(), -signal.SIGKILL, f"end after {call} {when}")
        with witness.run():
            held = int(witness.add(log.body(0, 1)).body)
            expect(held in (5, 8), f"size {held} after {call} {when}")
            if held == 5:
                equal(witness.stored().body, log.note(5) + line)
            equal(witness.add(fork.body(held, 9)).code, 422)
            cosigned(witness, witness.add(log.body(held, 9)), log, 9)


@claim
def a_sync_that_fails_is_answered_by_500_and_ends_it(_):
    if not order.may_trace(DIR):
        print("skip  strace may not trace here")
        return
    log = Log()
    fork = Log(key=log.key, fork=3)
    for when in (1, 2):  # the file, its folder
        witness = Witness(log.key)
        with witness.run():
            line = witness.add(log.body(0, 5)).body
            time.sleep(1.1)
            with traced(witness, "-e", "trace=fsync", "-e",
                        f"inject=fsync:error=EIO:when={when}"):
                answers(witness.add(log.body(5, 8)), 500, "cannot keep")
                code = witness.ended()
            # The sanitizer's search for leaks refuses to work while strace is attached.
            expect(code == 3 or "LeakSanitizer" in witness.said(), f"exit code {code}")
            contains(witness.said(), "the disk", "segel: ")
        with witness.run():
            held = int(witness.add(log.body(0, 1)).body)
            expect(held in (5, 8), f"size {held}")
            equal(witness.add(fork.body(held, 9)).code, 422)
            if held == 5:
                equal(witness.stored().body, log.note(5) + line)
            cosigned(witness, witness.add(log.body(held, 9)), log, 9)


# --- Looking at it ----------------------------------------------------------------------

@claim
def status_shows_each_log_in_both_languages(_):
    logs = [Log(f"log.example.go.id/{n}") for n in "ab"]
    witness = Witness(*[log.key for log in logs])
    contains(segel("witness", "status", "--state", witness.state).stdout, "nothing was cosigned")
    with witness.run():
        for size, log in zip((70, 3), logs):
            cosigned(witness, witness.add(log.body(0, size)), log, size)
        table = segel("witness", "status", "--state", witness.state)
        equal(table.returncode, 0)
        contains(table.stdout, "ORIGIN", witness.vkey, logs[0].origin, " 70 ", logs[1].origin)
        contains(segel("witness", "status", "--lang", "id", "--state", witness.state).stdout,
                 "ASAL LOG", "UKURAN")
        found = json.loads(segel("witness", "status", "--json", "--state",
                                 witness.state).stdout)
        equal([(o["origin"], o["size"], o["root"]) for o in found["origins"]],
              [(log.origin, size, base64.b64encode(log.root(size)).decode())
               for size, log in zip((70, 3), logs)])
        equal(found["vkey"], witness.vkey)
    equal(segel("witness", "status", "--state", witness.path("none")).returncode, 3)
    witness.write(b"x")
    equal(segel("witness", "status", "--state", witness.state).returncode, 1)


if __name__ == "__main__":
    begin()
    sys.exit(run(None))
