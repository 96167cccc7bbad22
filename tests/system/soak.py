#!/usr/bin/python3
"""The judge of `make soak`: it finds a leak, a lost descriptor and an error that nothing explains
in figures that were made up, and it excuses no more than its table says. No gateway is started."""
import collections
import contextlib
import io
import os
import random
import sys
import tempfile
import types

import rig
from rig import claim, contains, equal, expect

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../soak"))
import run as soak_run  # noqa: E402
import callers  # noqa: E402
import oracle  # noqa: E402
import strikes  # noqa: E402
import verdict  # noqa: E402
from verdict import Error, Window  # noqa: E402

MIB = 2**20
PIN = "abcdef0123456789"


def samples(rss, pid=lambda at: 7, hours=1.0):
    """One each ten seconds; rss: bytes at a second."""
    return [{"at": at, "processes": {"segeld": {"pid": pid(at), "rss": rss(at), "threads": 5,
                                                "descriptors": 30}}}
            for at in range(0, int(hours * 3600), 10)]


@claim
def a_leak_of_two_mib_an_hour_is_seen_through_noise():
    dice = random.Random(1)
    slope, count = verdict.rss_slope(samples(
        lambda at: 30 * MIB + 2 * MIB * at / 3600 + dice.uniform(-0.3, 0.3) * MIB), "segeld")
    expect(1.8 < slope < 2.2 and count == 270, f"{slope} MiB/h of {count} samples")
    expect(slope > verdict.SLOPE_MIB_H, "the bound lets it pass")


@claim
def what_fills_in_the_warm_up_is_no_leak():
    slope, _ = verdict.rss_slope(samples(lambda at: MIB * min(40, 20 + at / 40)), "segeld")
    expect(abs(slope) < 0.01, f"{slope} MiB/h")


@claim
def a_process_that_was_started_anew_is_followed_from_its_own_beginning():
    def rss(at):
        return MIB * (90 - at / 100 if at < 1800 else 20 + 3 * (at - 1800) / 3600)
    slope, count = verdict.rss_slope(samples(rss, lambda at: 7 + (at >= 1800)), "segeld")
    expect(2.9 < slope < 3.1 and count < 140, f"{slope} MiB/h of {count} samples")
    equal(verdict.rss_slope(samples(rss), "segel-hsm"), (None, 0), "of a process never seen")


@claim
def the_cache_of_the_index_is_no_leak_and_hides_none():
    def grown(leak):
        made = samples(lambda at: int(MIB * (30 + (1 + leak) * at / 3600)))
        return [{**s, "index": int(MIB * s["at"] / 3600)} for s in made]
    for leak in (0, 2):
        slope, _ = verdict.rss_slope(verdict.without_cache(grown(leak)), "segeld")
        expect(abs(slope - leak) < 0.1, f"{slope} MiB/h, wanted {leak}")
    full = [{**s, "index": 40 * MIB + s["at"] * 10000}
            for s in samples(lambda at: 60 * MIB + 1000 * at)]
    slope, _ = verdict.rss_slope(verdict.without_cache(full), "segeld")
    expect(3.4 < slope < 3.5, f"a full cache does not grow: {slope} MiB/h")


@claim
def pools_that_grow_by_steps_are_no_leak_and_hide_none():
    def stepped(at):
        return 2 * (at >= 1500) + 1.5 * (at >= 2700)
    for leak in (0, 2):
        made = samples(lambda at, leak=leak: MIB * (60 + stepped(at) + leak * at / 3600))
        slope, spans = verdict.steady_slope(made, "segeld")
        expect(abs(slope - leak) < 0.1 and spans == 9, f"{slope} MiB/h of {spans} spans")
        expect(abs(verdict.rss_growth(made, "segeld") - 3.5 - leak * 0.67) < 0.1, "grown in all")
    often = samples(lambda at: MIB * (60 + at // 300))  # a megabyte every five minutes
    expect(verdict.rss_growth(often, "segeld") > verdict.STEPS_MIB, "the bound lets it pass")
    equal(verdict.steady_slope(samples(stepped), "segel-hsm"), (None, 0), "never seen")


@claim
def descriptors_that_stay_open_are_counted():
    before = {"segeld": {"descriptors": 30, "threads": 5}, "segel-hsm": {"descriptors": None}}
    after = {"segeld": {"descriptors": 37, "threads": 5}, "segel-hsm": {"descriptors": 4}}
    equal(verdict.growth(before, after, "descriptors"), {"segeld": 7}, "growth")


# --- Errors -------------------------------------------------------------------------------

def unexplained(error, *windows):
    return verdict.sort_errors([error], windows)[1]


def error(since, at, code="UNAVAILABLE", kind="unary rsa"):
    return Error(kind, since, at, code, "")


@claim
def an_error_is_explained_by_a_fault_that_was_under_way_and_by_no_other():
    window = Window("lane killed", 100.0, 103.0)
    for since, at, good in ((99, 100.5, True), (101, 101.1, True), (104.9, 105.2, True),
                            (98, 99.9, False), (105.1, 106, False)):
        equal(unexplained(error(since, at), window) == [], good, f"asked at {since}")
    equal(unexplained(error(500, 501), Window("lane killed", 100.0, None)), [],
          "a fault that is not over")
    expect(unexplained(error(1, 2)), "no fault at all")


@claim
def a_fault_explains_only_what_its_row_says():
    for fault in verdict.EXCUSES:
        window = Window(fault, 0.0, 10.0)
        for code in ("INTERNAL", "UNKNOWN", "PERMISSION_DENIED", "STRAY", "MISSING", "OK",
                     "DATA_LOSS", "BROKEN_TEST", "NO_END"):
            expect(unexplained(error(1, 2, code), window), f"{fault} excuses {code}")
    for fault in ("reload", "out of rotation"):
        expect(unexplained(error(1, 2), Window(fault, 0.0, 10.0)), f"{fault} excuses an error")


@claim
def what_needs_no_key_is_not_excused():
    for kind in verdict.UNTOUCHED:
        expect(unexplained(error(1, 2, kind=kind), Window("lane killed", 0.0, 10.0)), kind)


@claim
def errors_are_read_from_the_history_with_their_times():
    event = {"kind": "stream rsa", "since": 1.5, "at": 2.5, "errors": [["INTERNAL", "words"]]}
    equal(verdict.errors_of(event), [Error("stream rsa", 1.5, 2.5, "INTERNAL", "words")])
    equal(verdict.errors_of({"ask": 1, "at": 2.0, "items": []}), [], "of a question")


# --- What happens when --------------------------------------------------------------------

@claim
def a_seed_gives_the_same_faults_and_five_minutes_hold_all_of_them():
    for seed in range(20):
        planned = strikes.plan(seed, 300)
        equal(planned, strikes.plan(seed, 300), "the plan of a seed")
        equal({fault for _, fault in planned}, set(verdict.EXCUSES), f"faults of seed {seed}")
        late = [f for at, f in planned if at > 300 * strikes.LANES_END_UNTIL]
        expect(not set(late) & set(strikes.LANES_END), "a lane ends in the calm end")


@claim
def every_fault_can_be_struck():
    known = {*strikes.SCHEDULES, "lane killed", "reload", "out of rotation"}
    equal(known, set(verdict.EXCUSES), "faults")
    expect(set(strikes.LANES_END) < known, "faults that end lanes")


# --- What is told at the end ----------------------------------------------------------------

def made_up(folder):
    """A run of an hour in which nothing went wrong, as the notes of its end see it."""
    def use(**opened):
        return {name: {"pid": 7, "rss": MIB, "threads": 5, "descriptors": 30,
                       "open": collections.Counter(opened)} for name in ("segeld", "segel-hsm")}
    seen = [{"at": at, "index": 0, "processes": use()} for at in range(0, 3600, 10)]
    answers = {oracle.SIGNED: 9, oracle.DENIED: 2, oracle.EXISTS: 1}
    return types.SimpleNamespace(
        samples=seen, rest_before=use(socket=1), rest_after=use(socket=1), letters=[("j", 1)],
        calls=collections.Counter(k for kinds in callers.SLOTS.values() for k in kinds),
        errors=[], windows=[], problems=[], began=0.0, end_code=0,
        rig=types.SimpleNamespace(dir=folder), oracle=types.SimpleNamespace(
            faults=[], tree=types.SimpleNamespace(size=12),
            counts=types.SimpleNamespace(answers=answers, kept=3, checkpoints=1)))


def missed(spoil=lambda soak: None):
    """What is MISSED once one fact is spoiled, and what is printed besides."""
    printed = io.StringIO()
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(printed):
        # The search of the run's own folder needs something to look for, and in.
        for name, text in ((rig.USED, f"pin {PIN}\nkey {'5e' * 32}\n"), ("segeld.log", "ready\n")):
            with open(os.path.join(folder, name), "w", encoding="ascii") as file:
                file.write(text)
        soak, figures = made_up(folder), soak_run.Figures()
        spoil(soak)
        soak_run.note_all(soak, figures, True)
    return [row["what"] for row in figures.missed()], printed.getvalue()


def grow(soak, name, mib_an_hour):
    for sample in soak.samples:
        sample["processes"][name]["rss"] += int(MIB * mib_an_hour * sample["at"] / 3600)


def open_more(soak):
    soak.rest_after["segeld"].update(descriptors=40, open=collections.Counter(socket=11))


def leave_a_pin(soak):
    with open(os.path.join(soak.rig.dir, "segeld.log"), "a", encoding="ascii") as file:
        file.write(f"the PIN is {PIN}\n")


@claim
def the_notes_of_a_run_miss_what_was_spoiled_and_nothing_else():
    equal(missed(), ([], ""), "of a sound run")
    for spoil, what in (
            (lambda soak: soak.calls.pop("watch"), "kinds of callers that did nothing"),
            (lambda soak: soak.oracle.counts.answers.update({oracle.DENIED: 0}),
             "answers: signed, refused, conflicts"),
            (lambda soak: soak.letters.clear(), "letters signed with a stamp, found on the log"),
            (lambda soak: grow(soak, "segeld", 2),
             "segeld: RSS slope, less the cache of the index"),
            (lambda soak: grow(soak, "segel-hsm", 2), "segel-hsm: RSS slope"),
            (open_more, "descriptors at rest, behind the load less before it"),
            (lambda soak: soak.rest_after["segel-hsm"].update(threads=6),
             "threads at rest, behind the load less before it"),
            (lambda soak: soak.errors.append(error(1, 2)), "errors that nothing explains"),
            (lambda soak: soak.oracle.faults.append("a record is gone"),
             "violations of the log"),
            (lambda soak: soak.problems.append("log verify"), "other problems"),
            (lambda soak: setattr(soak, "end_code", -9), "segeld's exit code"),
            (leave_a_pin, "files with a PIN or private key"),
            (lambda soak: os.unlink(os.path.join(soak.rig.dir, rig.USED)),
             "files with a PIN or private key")):
        equal(missed(spoil)[0], [what])


@claim
def pools_may_take_a_few_mib_and_no_more():
    def step(soak):
        for sample in soak.samples[180:]:
            sample["processes"]["segeld"]["rss"] += 7 * MIB
    equal(missed(step)[0], ["segeld: grown in all behind the warm-up"])


@claim
def what_went_wrong_is_named():
    def spoil(soak):
        open_more(soak)
        soak.errors.append(error(1, 2))
        soak.oracle.faults.append("a record is gone")
    contains(missed(spoil)[1], "segeld has more open: 10 socket", "a record is gone",
             "unexplained: at 2.0 s (asked at 1.0 s), unary rsa: UNAVAILABLE")


if __name__ == "__main__":
    sys.exit(rig.run())
