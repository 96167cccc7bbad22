#!/usr/bin/python3
"""Ceremonies as people lead them: the shipped scripts, one that is interrupted and taken up
again, and minutes that are altered or incomplete."""
import hashlib
import os
import re
import sys

import rig
from faulty import create, token, unlock, wait_for
from office import with_passphrase
from rig import claim, contains, equal, expect
from stage import SCRIPT, Town, clock, read, verdict

NAMES = ("first-setup key-generation certificate-acceptance rotation destruction lockdown "
         "lockdown-end officer-change pin-change").split()


# --- Scripts -----------------------------------------------------------------------------

@claim
def every_shipped_script_is_there_and_shown_in_both_languages(town):
    listed = town.rig.tool("segel", "ceremony", "list").stdout
    equal([line.split()[0] for line in listed.splitlines()], NAMES)
    for name in NAMES:
        raw = town.rig.tool("segel", "ceremony", "show", name, "--raw")
        with open(os.path.join(rig.ROOT, "deploy/ceremonies", name + ".ceremony"),
                  encoding="utf-8") as file:
            equal(raw.stdout, file.read(), name)
        for lang, word in (("en", "Must be there"), ("id", "Hadir")):
            shown = town.rig.tool("segel", "ceremony", "show", name, "--lang", lang)
            equal(shown.returncode, 0, shown.stderr)
            contains(shown.stdout, word, "sign")


@claim
def a_script_that_is_wrong_is_refused_with_its_line(town):
    for change, words in ((("run lockdown.clear", "run rm -rf"), "line 28: there is no such action"),
                          (("ask reason text", "ask reason verse"), "line 25"),
                          (("ask reason text", "ask why text"), "line 28: it needs an answer"),
                          (("    en Where?", "  en Where?"), "line 12")):
        path = town.rig.write("wrong.ceremony", SCRIPT.replace(*change))
        result = town.rig.tool("segel", "ceremony", "show", path)
        equal(result.returncode, 2)
        contains(result.stderr, words)
    result = town.rig.tool("segel", "ceremony", "show", "lockdwn")
    equal(result.returncode, 1)
    contains(result.stderr, "did you mean 'lockdown'")


@claim
def checks_of_shipped_scripts_name_states_that_there_are(town):
    """A word that is none would be a step that never passes, or one that passes never in
    the state that is left out: a lane whose PIN is typed awaits it."""
    with open(os.path.join(rig.ROOT, "gateway/service/health/serving.c"), encoding="utf-8") as file:
        lanes = set(re.findall(r'\[LANE_\w+\] = "([a-z-]+)"', file.read()))
    with open(os.path.join(rig.ROOT, "client/call/key_words.c"), encoding="utf-8") as file:
        keys = set(re.findall(r'^    \{"([a-z]+)", \{', file.read(), re.M))
    expect("awaits-pin" in lanes and "retired" in keys, "the tables are not found")
    for name in NAMES:
        raw = town.rig.tool("segel", "ceremony", "show", name, "--raw").stdout
        for what, words in re.findall(r"^check (lane|key) (.+)$", raw, re.M):
            equal(set(words.split()) - (lanes if what == "lane" else keys), set(), name)
    equal(set(re.search(r"^check lane (.+)$", town.rig.tool(
        "segel", "ceremony", "show", "pin-change", "--raw").stdout, re.M)[1].split()), lanes)


# --- Real ones ---------------------------------------------------------------------------

@claim
def a_ceremony_is_led_signed_and_verified(town):
    out = town.out()
    with town.gateway() as gateway:
        text = town.minutes(out)
        contains(text, "world real\n", "place Ruang server\n", "token lane lane0\n",
                 "participant officer-1 officer\n", "witness reviewer reviewer\n",
                 "run lockdown.clear passed", "grant g-")
        equal(text.count("\n— "), 3)
        rig.covered(gateway)
        result = town.verify(out)
        equal(result.returncode, 0, result.stdout + result.stderr)
        expect("FAIL" not in verdict(result).values(), result.stdout)
        contains(result.stdout, "records stand where the minutes say",
                 "has the same 7 facts now", "The minutes hold.")
        equal(town.verify(out, "--lang", "id").stdout.splitlines()[-1], "Berita acara sah.")
        offline = town.verify(out, "--offline", "--quorum", town.rig.path("quorum"))
        equal(offline.returncode, 0, offline.stderr)
        expect("log" not in verdict(offline), offline.stdout)
        officer = town.verify(out, name="officer-2")  # may not read the log
        equal((officer.returncode, verdict(officer)["log"]), (1, "FAIL"))
        without = town.rig.segel("reviewer", "ceremony", "verify", out)
        equal((without.returncode, verdict(without)["script"]), (1, "FAIL"))
    expect(not os.path.exists(out + ".state"), "its state is gone")
    equal(read(out + ".quorum"), town.rig.read("quorum"))
    for passphrase in town.passphrases.values():
        expect(passphrase not in text, "a passphrase is in the minutes")


@claim
def a_mistyped_name_of_minutes_is_no_check_that_failed(town):
    quorum = ("--quorum", town.rig.path("quorum"))
    with town.gateway():
        for name, told in (("seal-2072.minutes", ()), ("seal-2072.minutes", ("--offline",)),
                           ("c-01J9ZC8K3TQ4", ("--offline",))):
            for result in (town.verify(name, *told, *quorum),
                           town.sign(name, "officer-1", *told)):
                equal((result.returncode, result.stdout), (3, ""), result.stderr)
                contains(result.stderr, name + " cannot be read: there is no such file")
        equal(town.verify("c-01J9ZC8K3TQ4").returncode, 1, "the gateway has none of that id")


def test_id(text):
    return re.search(r"^id (\S+)$", text, re.M)[1]


@claim
def what_was_signed_in_a_ceremony_is_kept_by_the_gateway(town):
    out, other = town.out(), town.out()
    with town.gateway() as gateway:
        text = town.minutes(out)
        name = test_id(text)
        listed = town.rig.segel("officer-1", "ceremony", "minutes", "--lang", "id").stdout
        contains(listed, name, "lengkap")
        equal(town.rig.segel("reviewer", "ceremony", "minutes", name, "--raw").stdout, text)
        again = town.rig.segel("officer-1", "ceremony", "keep", out)
        contains(again.stdout, "everybody has signed")
        rig.covered(gateway)
        result = town.verify(name)
        equal(result.returncode, 0, result.stdout + result.stderr)
        equal((verdict(result)["grant"], verdict(result)["signatures"]), ("pass", "pass"))
        # Others sign at the gateway what one signed in a file.
        bare = text.split("\n\n")[0].replace(f"id {name}", "id c-other") + "\n\n"
        town.rig.write(other, bare)
        contains(town.sign(other, "officer-1").stdout, "2 must still sign")
        early = town.sign("c-other", "reviewer")
        equal(early.returncode, 1)
        contains(early.stderr, "the witness signs last")
        contains(town.sign("c-other", "officer-2").stdout, "1 must still sign")
        contains(town.sign("c-other", "reviewer").stdout, "everybody has signed")
        wrong = bare.replace("c-other", "c-wrong").replace(
            re.search(r"^grant \S+ sha256:(\w{8})", text, re.M)[1], "00000000")
        town.rig.write(other, wrong)
        for who in ("officer-1", "officer-2", "reviewer"):
            equal(town.sign(other, who).returncode, 0)
        false = town.verify("c-wrong")
        equal((false.returncode, verdict(false)["grant"]), (1, "FAIL"))
        contains(false.stdout, "other signatures than the minutes say")
    late = town.rig.segel("officer-1", "ceremony", "minutes")
    equal(late.returncode, 3, "the gateway is away")


@claim
def a_real_ceremony_goes_on_only_where_the_clock_is_kept(town):
    town.script = town.rig.write("clock.ceremony", SCRIPT.replace(
        "check quorum\n", "check clock\n    id Jam\n    en Clock\ncheck quorum\n"))
    with town.gateway():
        for kept in ("no", "unsync"):
            with clock(kept):
                stage = town.lead(town.out())
                stage.play({r"to go on another day:": "stop", **town.answers()})
            contains(stage.seen, "not synchronised (maximum error 2500 us)")
            expect("Quorum\r\n" not in stage.seen, "it went on")
        with clock("yes"):
            text = town.minutes(town.out())
        contains(text, "check clock passed: the clock is synchronised, to 2500 us at most")
    town.script = town.rig.write("test.ceremony", SCRIPT)


@claim
def an_interrupted_ceremony_is_taken_up_again_and_asks_for_nothing_twice(town):
    out = town.out()
    with town.gateway() as gateway:
        town.lock()
        stage = town.lead(out)
        equal(stage.play({r"Confirmed by \[reviewer\]:": "stop", **town.answers()}), 3)
        contains(stage.seen, "step 5 is next: the same command goes on")
        before = read(out + ".state")
        stage = town.lead(out)
        equal(stage.play(town.answers(), until="Waits for approvals"), None)
        expect("Where?" not in stage.seen, "it asked again what was answered")
        stage.close()
        contains(read(out + ".state"), before.splitlines()[3], "request c-", "next 6")
        stage = town.lead(out)
        answers = town.answers()
        answers[r"Passphrase of your key:"] = answers[r"Passphrase of your key:"]
        equal(stage.play(answers), 0, stage.seen[-800:])
        equal(len(town.records("grant.request")), 1, "requests")
        equal(read(out).count("remark interrupted, and taken up again"), 2)
        rig.covered(gateway)
        result = town.verify(out)
        equal(result.returncode, 0, result.stdout + result.stderr)
        again = town.lead(out)
        equal(again.play({}), 1)
        contains(again.seen, "holds minutes already")


@claim
def a_ceremony_is_led_once_at_a_time(town):
    out = town.out()
    with town.gateway():
        first = town.lead(out)
        equal(first.play(town.answers(), until="Where?"), None)
        second = town.lead(out)
        equal(second.play({}), 3, second.seen)
        contains(second.seen, f"another 'segel ceremony run' leads the ceremony of {out}")
        first.type("stop")
        equal(first.play({}), 3, first.seen[-800:])
        third = town.lead(out)
        equal(third.play({r"Where\?\r\n    >": "stop"}), 3, "the same command goes on")
        other = town.lead(out)
        equal(other.play(town.answers(), until="Where?"), None)
        other.close()  # killed: its lock goes with it
        equal(town.lead(out).play({r"Where\?\r\n    >": "stop"}), 3)


@claim
def minutes_that_are_there_are_never_replaced(town):
    """As by a run that somebody has left at its last question."""
    out = town.out()
    with town.gateway():
        town.lock()
        signed = town.minutes(out)
        expect(not os.path.exists(out + ".lock"), "its lock is gone")
        os.rename(out, out + ".signed")
        town.lock()
        stage = town.lead(out)
        equal(stage.play({**town.answers(), r"Reason\?\r\n    >": "stop"}), 3)
        stage = town.lead(out)
        equal(stage.play(town.answers(), until="Reason?"), None)
        os.rename(out + ".signed", out)
        stage.type("found (TEST)")
        equal(stage.play(town.answers()), 1, stage.seen[-800:])
        contains(stage.seen, "holds minutes already")
        equal(read(out), signed)
        expect(os.path.exists(out + ".state"), "what was done is not forgotten")


@claim
def a_request_that_was_refused_does_not_make_true_minutes_false(town):
    """It stands in them as a step that failed, and its records on the log; what was done
    is what was asked for anew."""
    out = town.out()
    with town.gateway() as gateway:
        town.lock()
        stage = town.lead(out)
        equal(stage.play(town.answers(), until="Waits for approvals"), None)
        refused = town.records("grant.request")[-1]["subject"]
        result = town.rig.segel("reviewer", "refuse", refused, "--reason", "not yet (TEST)")
        equal(result.returncode, 0, result.stderr)
        equal(stage.play({**town.answers(), r"go on another day:": ""}), 0, stage.seen[-800:])
        text = read(out)
        contains(text, "run lockdown.clear FAILED", "run lockdown.clear passed", refused)
        equal(len(re.findall(r"^grant ", text, re.M)), 1, text)
        expect(f"grant {refused}" not in text, "nothing came of it")
        rig.covered(gateway)
        result = town.verify(out)
        equal(result.returncode, 0, result.stdout + result.stderr)


@claim
def what_began_under_other_conditions_is_not_gone_on_with(town):
    out = town.out()
    with town.gateway():
        stage = town.lead(out)
        equal(stage.play({**town.answers(), r"Where\?\r\n    >": "stop"}), 3)
        state = read(out + ".state")
        for field, word in (("tool", "program"), ("script", "script"), ("quorum", "quorum file")):
            rig_write(out + ".state", re.sub(rf"minutes {field} sha256:....",
                                             f"minutes {field} sha256:0000", state))
            stage = town.lead(out)
            equal(stage.play({}), 1)
            contains(stage.seen, f"had another {word}")
        rig_write(out + ".state", state[:-7])
        equal(town.lead(out).play({}), 2, "a state that was cut")


@claim
def other_officers_than_it_began_with_are_not_gone_on_with(town):
    out, before = town.out(), town.rig.read("quorum")
    with town.gateway():
        stage = town.lead(out)
        equal(stage.play({**town.answers(), r"Where\?\r\n    >": "stop"}), 3)
    try:
        town.quorum(before + "# another year\n")
        with town.gateway(keep=True):
            stage = town.lead(out)
            equal(stage.play({}), 1)
            contains(stage.seen, "had another quorum file in the gateway")
    finally:
        town.quorum(before)
    with town.gateway(keep=True):
        stage = town.lead(out)
        equal(stage.play({r"Where\?\r\n    >": "stop"}), 3, "by the same as before")


@claim
def who_does_not_sign_is_asked_three_times_and_then_named(town):
    out = town.out()
    passphrases = [town.passphrases[f"officer-{n}"] for n in (2, 3, 4, 1)]
    with town.gateway():
        town.lock()
        stage = town.lead(out)
        equal(stage.play({**town.answers(), r"Passphrase of your key:": tuple(passphrases),
                          r"Sign these minutes\? \[y/n\]": ("y", "n")}), 0, stage.seen[-800:])
        equal([stage.seen.count(f"{name} signs. Enter:")
               for name in ("officer-1", "officer-2", "reviewer")], [1, 3, 0])
        contains(stage.seen, "Must still sign: officer-2.")
        for name in ("officer-2", "reviewer"):
            equal(town.sign(out, name).returncode, 0)
        contains(town.verify(out, "--offline", "--quorum", out + ".quorum").stdout,
                 "3 of 3 persons have signed")


@claim
def who_stops_at_the_signing_is_told_how_it_is_signed(town):
    out = town.out()
    with town.gateway():
        town.lock()
        stage = town.lead(out)
        equal(stage.play({r"officer-1 signs\. Enter:": "stop", **town.answers()}), 3)
        contains(stage.seen, "Must still sign: officer-1, officer-2.")
        expect("goes on\r\n" not in stage.seen, "there is nothing left to go on with")
        for name in ("officer-1", "officer-2", "reviewer"):
            equal(town.sign(out, name).returncode, 0)


LOCKED = SCRIPT.split("ask lane")[0] + """check locked
    id Terhenti
    en Stopped
sign
    id Tanda tangan
    en Sign
"""


@claim
def however_often_one_looks_or_is_interrupted_it_can_be_signed(town):
    """A key that is held down, and a terminal that goes again and again."""
    out = town.out()
    script, town.script = town.script, town.rig.write("locked.ceremony", LOCKED)
    sign = tuple(town.passphrases[n] for n in ("officer-1", "officer-2", "reviewer"))
    answers = {**town.answers(), r"Passphrase of your key:": sign}
    with town.gateway() as gateway:
        stage = town.lead(out)
        equal(stage.play({**answers, r"go on another day:": ("",) * 140 + ("stop",)},
                         seconds=120), 3, stage.seen[-300:])
        for _ in range(34):
            stage = town.lead(out)
            equal(stage.play({r"go on another day:": "stop"}), 3, stage.seen[-300:])
        town.lock()
        stage = town.lead(out)
        equal(stage.play(answers), 0, stage.seen[-800:])
        rig.covered(gateway)
        result = town.verify(out)
        equal(result.returncode, 0, result.stdout + result.stderr)
        text = read(out)
        expect(20 < text.count("check locked FAILED") < 30, "failures are told of, and bounded")
        equal(text.count("remark interrupted"), 16)
    town.script = script


def rig_write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


@claim
def only_who_is_on_the_roster_takes_part(town):
    with town.gateway():
        stage = town.lead(town.out())
        answers = {**town.answers(), r"leads first:": (
            "officer-1 nobody", "officer-1", "officer-1 officer-1", "officer-1 reviewer-2",
            "officer-1 officer-2 reviewer-2"),
            r"Witnesses:": ("officer-3", "officer-2", "", "reviewer"),
            r"Where\?\r\n    >": "stop"}
        equal(stage.play(answers), 3)
        contains(stage.seen, "nobody named 'nobody'", "at least 2 of the officers must be here",
                 "'officer-1' stands there twice", "'officer-3' is no reviewer",
                 "at least 1 of the reviewers must be here")
        equal(stage.seen.count("at least 2 of the officers"), 2, "a reviewer is no officer")
        piped = town.rig.segel("officer-1", "ceremony", "run", town.script)
        equal(piped.returncode, 2)
        contains(piped.stderr, "on a terminal")


# --- Minutes that do not hold --------------------------------------------------------------

@claim
def altered_minutes_do_not_verify(town):
    out = town.out()
    with town.gateway():
        text = town.minutes(out)
        for change in (("Ruang server", "Ruang lain"), ("found (TEST)", "lost (TEST)"),
                       ("participant officer-2 officer\n", ""),
                       ("witness reviewer reviewer\n", "")):
            path = town.rig.write("altered.minutes", text.replace(*change))
            result = town.verify(path)
            equal(result.returncode, 1, change[0])
            equal(verdict(result)["signatures"], "FAIL")
        path = town.rig.write("altered.minutes", text.replace("place ", "colour "))
        equal(town.verify(path).returncode, 2, "a line that minutes do not have")


def halves(text):
    body, signatures = text.split("\n\n")
    return body + "\n\n", signatures.splitlines(keepends=True)


@claim
def every_participant_must_have_signed_and_the_witness_last(town):
    out = town.out()
    with town.gateway() as gateway:
        body, lines = halves(town.minutes(out))
        for name, kept in (("officer-1", lines[1:]), ("officer-2", [lines[0], lines[2]]),
                           ("reviewer", lines[:2])):
            path = town.rig.write("missing.minutes", body + "".join(kept))
            result = town.verify(path)
            equal((result.returncode, verdict(result)["signatures"]), (1, "FAIL"))
            contains(result.stdout, f"missing: {name}")
        path = town.rig.write("early.minutes", body + lines[0] + lines[2] + lines[1])
        result = town.verify(path)
        equal((result.returncode, verdict(result)["witness"]), (1, "FAIL"))
        equal(verdict(result)["signatures"], "pass")
        path = town.rig.write("open.minutes", body)
        equal(verdict(town.verify(path))["signatures"], "FAIL")
        early = town.sign(path, "reviewer")
        equal(early.returncode, 1)
        contains(early.stderr, "officer-1, officer-2 must sign before 'reviewer'")
        other = town.sign(path, "officer-3")
        equal(other.returncode, 1)
        contains(other.stderr, "'officer-3' takes no part")
        for name in ("officer-2", "officer-1", "reviewer"):
            equal(town.sign(path, name).returncode, 0)
            twice = town.sign(path, name)
            contains(twice.stderr, "has signed these minutes already")
        rig.covered(gateway)
        equal(town.verify(path).returncode, 0, "carried from one to the next")
        late = town.rig.write("late.minutes", body + lines[2])
        contains(town.sign(late, "officer-1").stderr, "a witness has signed already")


def forge(town, text, change, signers=("officer-1", "officer-2", "reviewer"), every=False):
    """Minutes that were signed by all, but say something else than what happened."""
    path = town.rig.write("forged.minutes", halves(re.sub(*change, text, count=0 if every else 1,
                                                          flags=re.M))[0])
    for name in signers:
        signed = town.sign(path, name)
        equal(signed.returncode, 0, signed.stderr)
    return path


def another(town, gateway):
    """A request of another task that was done: its line in minutes."""
    town.latch(gateway)
    town.schedule("")
    request = create(gateway, unlock()).id
    for name in ("officer-2", "officer-3"):
        signed = with_passphrase(town, town.passphrases[name], name, "approve", request, "--yes")
        equal(signed.returncode, 0, signed.stderr)
    wait_for(lambda: token(gateway).lane_state == "up", "the lane does not come up")
    note = town.rig.segel("reviewer", "request", "show", request, "--note").stdout
    return f"grant {request} sha256:{hashlib.sha256(note.encode()).hexdigest()}"


@claim
def what_all_signed_must_still_be_on_the_log_and_the_token(town):
    out = town.out()
    with town.gateway() as gateway:
        other = another(town, gateway)
        text = town.minutes(out)
        rig.covered(gateway)
        # What the gateway did is on its log, and was signed for: minutes name both.
        result = town.verify(forge(town, text, (r"^(log|grant) .*\n", ""), every=True))
        found = verdict(result)
        equal((result.returncode, found["log"], found["grant"]), (1, "FAIL", "FAIL"))
        for change, line in (
                ((r"^grant .*\n", ""), "grant"),
                ((r"^grant .*", other), "grant"),
                ((r"^log (\d+) (\S+)", r"log 0 \2"), "log"),
                ((r"^log (\d+) sha256:....", r"log \1 sha256:0000"), "log"),
                ((r"^log (\d+) ", r"log 99999 "), "log"),
                ((r"^token serial \S+", "token serial 0000"), "token"),
                ((r"^quorum sha256:....", "quorum sha256:0000"), "quorum file"),
                ((r"^script sha256:....", "script sha256:0000"), "script"),
                ((r"^world real", "world REHEARSAL"), "world"),
                ((r"^step 7 (\S+) run lockdown.clear passed", r"step 7 \1 run lockdown.clear FAILED"),
                 "steps"),
                ((r"^step 5 .*\n", ""), "steps")):
            result = town.verify(forge(town, text, change))
            failed = [name for name, word in verdict(result).items() if word == "FAIL"]
            equal((result.returncode, failed), (1, [line]), str(change))


@claim
def a_request_must_be_about_what_the_minutes_answer(town):
    without = {"token": "Token", "unlocked": "Again"}
    script = SCRIPT.replace("run lockdown.clear", "run pin.unlock")
    for name, words in without.items():
        script = re.sub(rf"check {name}\n.*\n    en {words}\n", "", script)
    town.script = town.rig.write("unlock.ceremony", script)
    out = town.out()
    answers = {**town.answers(), r"Passphrase of your key:": tuple(
        town.passphrases[n] for n in ("officer-2", "officer-3", "officer-1", "officer-2",
                                      "reviewer"))}
    with town.gateway() as gateway:
        town.latch(gateway)
        town.schedule("")
        stage = town.lead(out)
        equal(stage.play(answers), 0, stage.seen[-800:])
        rig.covered(gateway)
        result = town.verify(out)
        equal((result.returncode, verdict(result)["grant"]), (0, "pass"), result.stdout)
        result = town.verify(forge(town, read(out), (r"^(step 2 .*)lane0", r"\1lane1")))
        failed = [name for name, word in verdict(result).items() if word == "FAIL"]
        equal((result.returncode, failed), (1, ["grant"]), result.stdout)
    town.script = town.rig.write("test.ceremony", SCRIPT)


@claim
def a_gateway_that_is_away_does_not_make_minutes_false(town):
    out = town.out()
    with town.gateway():
        town.minutes(out)
        shown = town.rig.segel("reviewer", "log", "show", "--type", "roster.load,boot")
        quorum = re.search(r"^quorum (\S+)$", read(out), re.M)[1]
        equal(shown.stdout.count(quorum), 2, "the hash that people compare is shown")
    for more in ((), ("--quorum", out + ".quorum")):
        result = town.verify(out, *more)
        equal((result.returncode, verdict(result)), (3, {}), result.stderr)
        contains(result.stderr, "cannot reach the gateway")


@claim
def a_reviewer_is_no_officer_and_an_officer_no_witness(town):
    out = town.out()
    with town.gateway() as gateway:
        text = town.minutes(out)
        rig.covered(gateway)
        for change, signers in (
                ((r"^participant officer-2 officer", "participant reviewer-2 reviewer"),
                 ("officer-1", "reviewer-2", "reviewer")),
                ((r"^witness reviewer reviewer", "witness officer-3 officer"),
                 ("officer-1", "officer-2", "officer-3"))):
            result = town.verify(forge(town, text, change, signers))
            failed = [name for name, word in verdict(result).items() if word == "FAIL"]
            equal((result.returncode, failed), (1, ["people"]), str(change))


if __name__ == "__main__":
    sys.exit(rig.run(Town(rig.Rig("ceremony"))))
