#!/usr/bin/python3
"""`segel sign` before a gateway that answers as segeld never would (tests/flow/client_server.py),
and letters and lists that go away: what was not done is not told as done."""
import contextlib
import os
import shutil
import subprocess
import sys
import time

import rig
from rig import claim, contains, equal, expect

sys.path.append(os.path.join(rig.ROOT, "tests/flow"))
import client_rig  # noqa: E402  (it stands in that folder)

PLENTY = 300  # more letters than are under way at once


@claim
def what_the_gateway_calls_cancelled_is_no_stop_of_the_users(the_rig):
    for key, profile in (("cancelling", "pades-b-b"), ("unproven", "pades-b-lt")):
        result = the_rig.sign(key, key, "--profile", profile, *the_rig.letters()[:2])
        equal(result.returncode, 1, result.stdout + result.stderr)
        contains(result.stdout, "refused", "it was given up there")
        contains(result.stderr, "0 signed, 2 refused", "--resume")
        equal(the_rig.signed(key), [], "files")


@claim
def a_run_that_left_a_letter_out_does_not_end_well(the_rig):
    """It was there when they were counted, and is gone before its turn."""
    os.mkdir(the_rig.path("going"))
    for number in range(2):
        the_rig.write(f"going/{number}.pdf", client_rig.letter(f"Surat {number}"))
    for dry in (["--dry-run"], []):
        shutil.copy(the_rig.path("going", "0.pdf"), the_rig.path("going", "2.pdf"))
        with contextlib.suppress(FileNotFoundError):
            os.remove(the_rig.path("server", "sleepy"))
        with subprocess.Popen(
                [client_rig.SEGEL, "--home", the_rig.path("home"), "sign", "-k", "sleepy", "-c",
                 "surat_keterangan", "-a", "ND-1", "-o", the_rig.path("went"),
                 the_rig.path("going"), *dry],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
            end = time.monotonic() + 30
            while not os.path.exists(the_rig.path("server", "sleepy")):
                expect(time.monotonic() < end, "nobody asked about the key")
                time.sleep(0.01)
            os.remove(the_rig.path("going", "2.pdf"))
            out, told = run.communicate(timeout=60)
        equal(run.returncode, 3, out + told)
        contains(told, "1 not done", "1 of 3 letters were not dealt with")
    result = the_rig.sign("sleepy", "went", "--resume", the_rig.path("going"))
    equal(result.returncode, 0, result.stdout + result.stderr)
    equal(the_rig.signed("went"), ["0.pdf", "1.pdf"], "files")


@claim
def what_was_sent_is_asked_for_with_the_room_and_the_hash_of_then(the_rig):
    """The gateway asks for three bytes more when it is asked about the key again, and its
    first hash is another: by those the letters would have other digests."""
    words = ["turning", "turned", *the_rig.letters(3)]
    run = subprocess.Popen(the_rig.command("sign", *the_rig.terms(*words)), text=True,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        end = time.monotonic() + 30
        while not os.path.exists(the_rig.path("server", "3.sent")):
            expect(time.monotonic() < end, "the letters do not come")
            time.sleep(0.01)
    finally:
        run.kill()
        run.communicate()
    result = the_rig.sign(words[0], words[1], "--resume", *words[2:])
    equal(result.returncode, 0, result.stdout + result.stderr)
    equal(len(the_rig.signed("turned")), 3, "files")


@claim
def a_signature_without_room_is_no_letter_and_the_next_run_gives_it_more(the_rig):
    result = the_rig.sign("narrow", "narrow", *the_rig.letters(2))
    equal((result.returncode, the_rig.signed("narrow")), (1, []), result.stdout + result.stderr)
    contains(result.stdout, "does not fit the room of 300", "the next run signs it as a new")
    expect("are not there" not in result.stderr, result.stderr)
    result = the_rig.sign("narrow", "narrow", *the_rig.letters(2))
    equal(result.returncode, 0, result.stdout + result.stderr)


@claim
def a_run_whose_signatures_find_no_room_stops_soon(the_rig):
    """Each of them is counted on key and mandate, and in no file."""
    os.mkdir(the_rig.path("plenty"))
    for number in range(PLENTY):
        the_rig.write(f"plenty/{number:03}.pdf", client_rig.letter(f"Surat {number}"))
    result = the_rig.sign("tight", "tight", the_rig.path("plenty"))
    equal(result.returncode, 3, result.stdout + result.stderr)
    contains(result.stderr, "not done", "--resume")


@claim
def a_denial_until_midnight_is_an_answer_and_no_letter_is_asked_for_again(the_rig):
    result = the_rig.sign("exhausted", "exhausted", *the_rig.letters(3))
    equal(result.returncode, 1, result.stdout + result.stderr)
    contains(result.stderr, "0 signed, 3 refused")
    with open(the_rig.path("server", "exhausted.ids"), encoding="ascii") as file:
        asked = file.read().split()
    equal((len(asked), len(set(asked))), (3, 3), "asked, and letters")


@claim
def what_appears_under_a_letters_name_is_left_and_told(the_rig):
    """After it was asked for, and before it is written."""
    letter = the_rig.letters(1)[0]
    for profile, end in (("pades-b-b", ""), ("cades-b-b", ".p7s")):
        out = f"intruded-{profile}"
        there = the_rig.path(out, os.path.basename(letter) + end)
        the_rig.write("server/intruded.path", there)
        words = ["--profile", profile, "--notice-shown", letter]
        result = the_rig.sign("intruded", out, *words)
        equal(result.returncode, 1, result.stdout + result.stderr)
        contains(result.stdout + result.stderr, "refused", "is there already", "--resume")
        with open(there, encoding="ascii") as file:
            equal(file.read(), "a file of somebody else")
        os.remove(there)
        # The same letter is no stranger: it may have got its name just before a kill.
        the_rig.write("server/intruded.path", the_rig.path("elsewhere"))
        result = the_rig.sign("intruded", out, "--resume", *words)
        equal(result.returncode, 0, result.stdout + result.stderr)
        expect(os.path.getsize(there) > 500, "the signed file")


@claim
def a_list_that_cannot_be_read_is_not_at_its_end(the_rig):
    for word in ("--from", "--manifest"):
        result = the_rig.sign("seal", "unread", word, the_rig.path("letters"))
        equal(result.returncode, 3, result.stdout + result.stderr)
        contains(result.stderr, "letters cannot be read")
        equal(the_rig.signed("unread"), [], "files")


@claim
def a_run_outlives_the_reader_of_its_lines(the_rig):
    reader, out = os.pipe()
    os.close(reader)
    words = ["seal", "told-nobody", "--json", *the_rig.letters()]
    with os.fdopen(out, "w") as nobody:
        run = subprocess.run(the_rig.command("sign", *the_rig.terms(*words)), stdout=nobody,
                             stderr=subprocess.PIPE, text=True, check=False, timeout=60)
    equal((run.returncode, len(the_rig.signed("told-nobody"))), (3, 40), run.stderr)
    left = [name for name in os.listdir(the_rig.path("told-nobody"))
            if name.startswith(".segel-run-")]
    equal(left, [], "journals")


def bare(*words, **environment):
    """Exit code and complaint of a call with nothing of ours in its environment."""
    run = subprocess.run([client_rig.SEGEL, *words], capture_output=True, text=True, check=False,
                         timeout=60, env=environment)
    return run.returncode, run.stderr


@claim
def a_home_that_is_named_by_an_unset_variable_is_no_other_one(the_rig):
    os.mkdir(the_rig.path("user"))
    os.mkdir(the_rig.path("user", ".config"))
    shutil.copytree(the_rig.path("home"), the_rig.path("user", ".config", "segel"))
    user = the_rig.path("user")
    equal(bare("signer", "seal", HOME=user)[0], 0, "exit code, of the user's own")
    for words in (["--home", ""], ["--home="], ["--home"]):
        code, told = bare("signer", "seal", *words, HOME=user)
        equal(code, 2, f"{words}: {told}")
        contains(told, "--home needs a value: DIR")


@claim
def what_needs_no_home_does_not_ask_for_one(the_rig):
    letter, *_ = the_rig.letters(1)
    anchors = the_rig.path("server", "ca.pem")
    equal(bare("verify", "--anchors", anchors, letter), (4, ""), "a letter without signature")
    for words in (["signer", "seal"], ["status"], ["receipt", "verify", letter]):
        code, told = bare(*words)
        equal(code, 2, f"{words}: {told}")
        contains(told, "--home DIR or set SEGEL_HOME")


@claim
def a_list_through_a_pipe_is_kept_where_its_user_says(the_rig):
    letter, *_ = the_rig.letters(1)
    for below, code in (("letters", 0), ("no-such-folder", 3)):
        words = ["seal", f"listed-{code}", "--from", "-"]
        run = subprocess.run(the_rig.command("sign", *the_rig.terms(*words)), input=letter + "\n",
                             capture_output=True, text=True, check=False, timeout=60,
                             env={**os.environ, "TMPDIR": the_rig.path(below)})
        equal(run.returncode, code, run.stdout + run.stderr)
    contains(run.stderr, "cannot be kept in $TMPDIR")
    equal([name for name in os.listdir(the_rig.path("letters")) if name.startswith("segel-")], [],
          "what is left")


if __name__ == "__main__":
    the_rig = client_rig.Rig()
    try:
        code = rig.run(the_rig)
    finally:
        the_rig.close()
    sys.exit(code)
