#!/usr/bin/python3
"""What officers, reviewers and operators see of the tokens, on the wire and by `segel token
list`; and who may order what."""
import json
import os
import pty
import re
import subprocess
import sys

import grpc
import rig
from faulty import Faulty, create, list_tokens, request, token, unlock
from rig import claim, contains, equal, expect

CODE = grpc.StatusCode


def list_table(faulty, *options, client="officer-1"):
    result = faulty.rig.segel(client, "token", "list", *options)
    equal(result.returncode, 0, result.stderr)
    return result.stdout


# --- Who sees what --------------------------------------------------------------------------

@claim
def officers_reviewers_and_operators_see_the_tokens_and_backends_do_not(faulty):
    with faulty.gateway() as gateway:
        for name in ("officer-1", "reviewer"):
            shown = list_tokens(gateway, name)
            equal([(t.lane, t.label, t.lane_state) for t in shown],
                  [("lane0", "segel-demo", "up")], name)
        refusal = rig.refused(list_tokens, gateway, "e-office")
        equal(refusal.code, CODE.PERMISSION_DENIED)
        contains(refusal.message, "officer", "reviewer", "operator")
    with faulty.gateway((r"roles: \[officer\]", "roles: [operator]")) as gateway:
        equal(len(list_tokens(gateway)), 1, "tokens that an operator sees")


@claim
def a_token_is_described_as_it_describes_itself(faulty):
    with faulty.gateway() as gateway:
        shown = token(gateway)
        contains(shown.manufacturer, "SoftHSM")
        contains(shown.model, "SoftHSM")
        expect(re.fullmatch(r"[0-9a-f]{16}", shown.serial), f"serial {shown.serial}")
        expect(re.fullmatch(r"\d+\.\d+", shown.firmware), f"firmware {shown.firmware}")
        equal((shown.assurance, shown.why), ("software", ""))
        equal((shown.pin_failures, shown.pin_locked, shown.pin_final_try), (0, False, False))


@claim
def a_lane_that_a_wrong_pin_stopped_is_shown_with_the_reason(faulty):
    with faulty.gateway() as gateway:
        faulty.latch(gateway)
        contains(token(gateway).why, "PIN")
        equal(gateway.client().health("segel.lane/lane0"), "NOT_SERVING")
        table = list_table(faulty)
        contains(table, "lane0", "pin-latched", "segel-demo")
        contains(table.splitlines()[2], "PIN")


# --- The command ----------------------------------------------------------------------------

@claim
def the_table_is_plain_in_a_pipe_and_coloured_on_a_terminal(faulty):
    with faulty.gateway():
        plain = list_table(faulty)
        expect("\x1b" not in plain, "no escape sequence in a pipe")
        equal(plain.splitlines()[0].split()[:3], ["LANE", "STATE", "SINCE"])
        ours, theirs = pty.openpty()
        command = [os.path.join(rig.BIN, "segel"), "--home",
                   faulty.rig.path("clients", "officer-1"), "token", "list"]
        environment = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
        code = subprocess.run(command, stdout=theirs, check=False, timeout=30,
                              env=environment).returncode
        coloured = os.read(ours, 65536).decode()
        os.close(ours)
        os.close(theirs)
        equal(code, 0, "exit code")
        contains(coloured, "\x1b[32m")
        equal(re.sub("\x1b\\[[0-9]+m", "", coloured).replace("\r\n", "\n"), plain,
              "the same words")


@claim
def the_json_says_what_the_wire_says(faulty):
    with faulty.gateway() as gateway:
        shown, wire = json.loads(list_table(faulty, "--json"))["tokens"], token(gateway)
        equal(len(shown), 1, "tokens")
        for ours, theirs in (("lane", "lane"), ("state", "lane_state"), ("label", "label"),
                             ("serial", "serial"), ("assurance", "assurance"),
                             ("sessions", "threads"), ("pin_failures", "pin_failures"),
                             ("pin_locked", "pin_locked")):
            equal(shown[0][ours], getattr(wire, theirs), ours)


@claim
def the_table_speaks_indonesian_when_asked(faulty):
    with faulty.gateway():
        contains(list_table(faulty, "--lang", "id"), "JALUR", "KEADAAN", "siap")
        result = faulty.rig.segel("officer-1", "token", "list", "--lang", "fr")
        equal(result.returncode, 2, "exit code")


@claim
def wrong_words_on_the_command_line_say_what_to_write(faulty):
    for words, sentence in ((("token", "unlock"), "segel token unlock LANE"),
                            (("token", "unlock", "a", "b"), "name one lane"),
                            (("token", "list", "lane0"), "options only"),
                            (("token", "lsit"), "token list"),
                            (("token", "list", "--jsn"), "--json")):
        result = faulty.rig.segel("officer-1", *words)
        equal(result.returncode, 2, f"exit code of {words}")
        contains(result.stderr, sentence)


# --- Who may order --------------------------------------------------------------------------

@claim
def only_officers_may_order(faulty):
    with faulty.gateway() as gateway:
        for name in ("e-office", "reviewer"):
            refusal = rig.refused(create, gateway, unlock(), name)
            equal(refusal.code, CODE.PERMISSION_DENIED, name)
            contains(refusal.message, "officer")
        result = faulty.rig.segel("e-office", "token", "unlock", "lane0")
        equal(result.returncode, 1, "exit code")
        contains(result.stderr, "officer")
        result = faulty.rig.segel("e-office", "token", "list")
        equal(result.returncode, 1, "exit code")


@claim
def what_needs_several_persons_is_not_done_without_a_quorum_file(faulty):
    with faulty.gateway() as gateway:
        refusal = rig.refused(create, gateway, request(
            prune_log=rig.approvals.PruneLogTask(before_index=1)))
        equal(refusal.code, CODE.FAILED_PRECONDITION)
        contains(refusal.message, "officers.quorum")


@claim
def an_order_that_is_malformed_is_refused_with_the_field(faulty):
    with faulty.gateway() as gateway:
        for message, field in ((unlock(request_id=""), "request_id"),
                               (unlock(request_id="x" * 65), "request_id"),
                               (unlock(request_id="a\nb"), "request_id"),
                               (unlock(reason=""), "reason"),
                               (unlock(reason="x" * 257), "reason"),
                               (unlock(lane=""), "unlock_pin.lane"),
                               (unlock(lane="lane 0"), "unlock_pin.lane"),
                               (unlock(lane="x" * 65), "unlock_pin.lane"),
                               (request(), "task")):
            refusal = rig.refused(create, gateway, message)
            equal(refusal.code, CODE.INVALID_ARGUMENT, field)
            contains(refusal.message, field)


if __name__ == "__main__":
    sys.exit(rig.run(Faulty(rig.Rig("tokens"))))
