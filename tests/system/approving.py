#!/usr/bin/python3
"""What officers do with `segel`: a key under a passphrase, what a request is about in plain
words, approval, refusal, lock-down. Passphrases are typed, and seen nowhere."""
import hashlib
import os
import re
import secrets
import sys

import rig
from faulty import create, token, unlock, wait_for
from office import Office, home, used_key, with_passphrase
from people import (CODE, EXECUTED, PENDING, REFUSED, Key, approve, get, new_version, roster,
                    state)
from rig import claim, contains, equal, expect
from terminal import Terminal

GRANT = r"g-[0-9A-Z]{26}"


@claim
def a_key_is_typed_twice_and_its_passphrase_is_seen_nowhere(people):
    passphrase, path = secrets.token_hex(10), people.rig.path("typed.pem")
    with Terminal("--home", home(people, "officer-2"), "officer", "key",
                  "--person", "officer-2", "--out", path) as terminal:
        terminal.wait("Passphrase for the new key")
        terminal.type(passphrase)
        terminal.wait("once more")
        terminal.type(passphrase)
        equal(terminal.end(), 0)
    expect(re.search(r"^officer officer-2 officer-2\+[0-9a-f]{8}\+\S{44}\r$", terminal.shown,
                     re.M), terminal.shown)
    expect(passphrase not in terminal.shown, "it was shown")
    equal(os.stat(path).st_mode & 0o777, 0o600)
    with open(path, encoding="ascii") as file:
        contains(file.read(), "segel officer key: officer-2\n", "BEGIN ENCRYPTED PRIVATE KEY")
    used_key(path, passphrase)
    for given, code in ((passphrase, 0), ("wrong passphrase", 1)):
        result = rig.openssl("pkey", "-in", path, "-noout", "-passin", "stdin",
                             stdin=given.encode() + b"\n")
        equal(min(result.returncode, 1), code, "another program opens it")


@claim
def a_key_is_not_made_when_something_is_wrong(people):
    path = people.rig.path("no.pem")
    arguments = ("officer", "key", "--person", "officer-2", "--out")
    for passphrase, more, words in (
            ("short", (path,), "at least 12"),
            (secrets.token_hex(10), (path, "--name", "a b"), "name"),
            (secrets.token_hex(10), (path, "--role", "king"), "--role"),
            (secrets.token_hex(10), (people.rig.path("quorum"),), "never overwritten")):
        result = with_passphrase(people, passphrase, "officer-2", *arguments, *more)
        expect(result.returncode in (1, 2), result.stdout)
        contains(result.stderr, words)
        expect(not os.path.exists(path), "nothing was made")
    with Terminal("--home", home(people, "officer-2"), *arguments, path) as terminal:
        terminal.wait("Passphrase for the new key")
        terminal.type("one passphrase")
        terminal.wait("once more")
        terminal.type("another passphrase")
        equal(terminal.end(), 2)
    contains(terminal.shown, "differ")
    expect(not os.path.exists(path), "nothing was made")


@claim
def officers_unlock_a_lane_by_their_terminals(people):
    with people.gateway() as gateway:
        people.latch(gateway)
        people.schedule("")
        result = people.rig.segel("officer-1", "token", "unlock", "lane0", "--reason",
                                  "PIN file restored (TEST)")
        equal(result.returncode, 0, result.stderr)
        request = re.search(GRANT, result.stdout)[0]
        contains(result.stdout, "0 of 2 approvals")
        contains(people.rig.segel("reviewer", "request", "list").stdout, request, "pin.unlock",
                 "lane0", "officer-1", "0/2")
        shown = people.rig.segel("reviewer", "request", "show", request, "--lang", "id")
        contains(shown.stdout, "mencoba PIN sekali lagi", "PIN file restored (TEST)", "officer-1")
        text = people.rig.segel("reviewer", "request", "show", request, "--note").stdout
        until = re.search(r"^not-after (\S+Z)$", text, re.M)[1]
        contains(shown.stdout, f"  berlaku s.d.   {until}\n")
        for name, left in (("officer-2", "1 of 2"), ("officer-3", "done")):
            with Terminal("--home", home(people, name), "approve", request) as terminal:
                terminal.wait("Approve this request?")
                contains(terminal.shown, "Lane lane0 tries its PIN once more", "officer-1",
                         "PIN file restored (TEST)")
                terminal.type("y")
                terminal.wait("Passphrase of your key")
                terminal.type(people.passphrases[name])
                terminal.wait(left)
                equal(terminal.end(), 0, terminal.shown)
            expect(people.passphrases[name] not in terminal.shown, "it was shown")
        wait_for(lambda: token(gateway).lane_state == "up", "the lane does not come up")
        note = people.rig.segel("reviewer", "request", "show", request, "--note").stdout
        equal(note.count("\n— officer-"), 2, note)


@claim
def who_says_no_or_a_wrong_passphrase_signs_nothing(people):
    with people.gateway() as gateway:
        people.latch(gateway)
        request = create(gateway, unlock()).id
        with Terminal("--home", home(people, "officer-2"), "approve", request) as terminal:
            terminal.wait("Approve this request?")
            terminal.type("n")
            equal(terminal.end(), 1)
        result = with_passphrase(people, "another one", "officer-2", "approve", request, "--yes")
        equal(result.returncode, 1)
        contains(result.stderr, "passphrase is wrong")
        result = with_passphrase(people, people.passphrases["officer-2"], "officer-2",
                                 "approve", request)
        equal(result.returncode, 2, "nobody can be asked")
        contains(result.stderr, "--yes")
        equal(people.records("grant.approve"), [])
        result = with_passphrase(people, people.passphrases["officer-1"], "officer-1",
                                 "approve", request, "--yes")
        equal(result.returncode, 1)
        contains(result.stderr, "others must approve")
        path = os.path.join(home(people, "officer-2"), "officer.pem")
        os.chmod(path, 0o640)
        result = with_passphrase(people, people.passphrases["officer-2"], "officer-2",
                                 "approve", request, "--yes")
        os.chmod(path, 0o600)
        equal(result.returncode, 2)
        contains(result.stderr, "chmod 600")
        result = people.rig.segel("reviewer", "refuse", request, "--reason", "not today (TEST)")
        equal((result.returncode, state(gateway, request)), (0, REFUSED), result.stderr)


@claim
def what_is_signed_for_one_gateway_counts_at_no_other(people):
    """By the origin of its log, which a home folder may know."""
    path = os.path.join(home(people, "officer-2"), "log.vkey")
    vkey = people.rig.read("log.vkey")
    origin = vkey.split("+")[0]

    def approves(request):
        result = with_passphrase(people, people.passphrases["officer-2"], "officer-2",
                                 "approve", request, "--yes")
        contains(result.stdout, f"  log            {origin}\n")
        return result
    with people.gateway() as gateway:
        people.latch(gateway)
        asked = create(gateway, unlock())
        text = get(gateway, asked.id).grant_text
        contains(text.decode(), f"segel-grant/v2\nlog {origin}\nid {asked.id}\n")
        key = Key("officer-2.example.go.id")
        for other in (text.replace(origin.encode(), b"other.example/log"),
                      text.replace(f"v2\nlog {origin}".encode(), b"v1")):
            refusal = rig.refused(approve, gateway, asked.id, key, text=other)
            equal(refusal.code, CODE.INVALID_ARGUMENT)
            contains(refusal.message, "not the text of request")
        with open(path, "w", encoding="ascii") as file:
            file.write(Key("other.example/log").vkey + "\n")
        result = approves(asked.id)
        equal(result.returncode, 1, result.stdout)
        contains(result.stderr, "another one than you know", origin, "other.example/log")
        equal(people.records("grant.approve"), [])
        equal(people.records("grant.request")[0]["log"], origin)
        with open(path, "w", encoding="ascii") as file:
            file.write(vkey)
        result = approves(asked.id)
        equal(result.returncode, 0, result.stderr)
        expect("compare" not in result.stdout, "it was compared")
        os.unlink(path)
        asked = create(gateway, unlock())
        contains(approves(asked.id).stdout, f"compare the name of the log yourself, '{origin}'")


@claim
def a_lock_down_by_one_and_its_end_by_three(people):
    with people.gateway() as gateway:
        shown = people.rig.segel("reviewer", "lockdown", "status")
        contains(shown.stdout, "there is no lock-down")
        equal(people.rig.segel("reviewer", "lockdown").returncode, 2, "a reason is asked for")
        wrong = people.rig.segel("reviewer", "lockdown", "cler", "--reason", "x")
        equal((wrong.returncode, roster(gateway).lock_down.active), (2, False))
        result = people.rig.segel("reviewer", "lockdown", "--reason", "a card is lost (TEST)")
        equal(result.returncode, 0, result.stderr)
        contains(people.rig.segel("officer-1", "lockdown", "status").stdout, "reviewer",
                 "a card is lost (TEST)")
        equal(rig.refused(gateway.client().sign).info.reason, "LOCKED_DOWN")
        result = people.rig.segel("officer-1", "lockdown", "clear", "--reason", "found (TEST)",
                                  "--request-id", "end-1")
        request = re.search(GRANT, result.stdout)[0]
        contains(result.stdout, "0 of 3 approvals", "all signing is stopped")
        for name, wanted in (("officer-2", PENDING), ("officer-3", PENDING),
                             ("officer-4", EXECUTED)):
            result = with_passphrase(people, people.passphrases[name], name, "approve", request,
                                     "--yes")
            equal((result.returncode, state(gateway, request)), (0, wanted), result.stderr)
            contains(result.stdout, "the gateway signs again, at once")
        result = people.rig.segel("officer-1", "lockdown", "clear", "--reason", "found (TEST)",
                                  "--request-id", "end-1", "--id", "lockdown-1")
        expect(gateway.client().sign().signature, "it signs again")


@claim
def a_policy_is_shown_before_it_is_signed_for(people):
    """Version and differences to all, and to reviewers what it would have decided."""
    text = new_version(people.rig.read("policy.yaml"), 2).replace(
        "\nrules:\n", '\nrules:\n  - {id: X-1, cp: "9.9", level: hard, require: '
        '{job.doc_class: {ne: surat_keterangan}}, deny: NO_SUCH_CLASS}\n', 1)
    # Its own tests say what it lets through.
    text = re.sub(r"(?ms)^tests:\n.*", "", text)
    path = people.rig.write("wanted.yaml", text)
    with people.gateway() as gateway:
        gateway.client().sign()
        result = people.rig.segel("officer-1", "policy", "load", "--yes", path)
        equal(result.returncode, 0, result.stderr)
        request = re.search(GRANT, result.stdout)[0]
        contains(result.stdout, "waits for signatures of others", f"segel approve {request} (2)")
        shown = people.rig.segel("reviewer", "request", "show", request)
        equal(shown.returncode, 0, shown.stderr)
        contains(shown.stdout, f"The policy with SHA-256 {hashlib.sha256(text.encode()).hexdigest()}",
                 " 1 -> ", " 2\n", "+ X-1", "newly denied")
        result = with_passphrase(people, people.passphrases["officer-2"], "officer-2",
                                 "approve", request, "--yes", "--lang", "id")
        equal(result.returncode, 0, result.stderr)
        contains(result.stdout, "langsung berlaku", "+ X-1", "1 dari 2")
        approve(gateway, request, people.keys["reviewer"], "reviewer")
        result = people.rig.segel("officer-1", "policy", "load", "--yes", path)
        contains(result.stdout, "is in force")


@claim
def no_passphrase_is_in_a_log_or_a_process(people):
    log = people.rig.read("segeld.log") + people.rig.read("calls")
    for passphrase in people.passphrases.values():
        expect(passphrase not in log, "in a log")


if __name__ == "__main__":
    sys.exit(rig.run(Office(rig.Rig("approving"))))
