#!/usr/bin/python3
"""segel-verify on bundles that were made here: of lawful logs, of logs that lie, and of
anything that a hostile hand may put into a folder or a tar file."""
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile

import bundles
from bundles import Bundle, Key, lawful, lines, moment, read_files, sealed, write_files
from rig import BIN, BUILD, claim, contains, equal, expect, run

VERIFY = os.path.join(BIN, "segel-verify")
DIR = os.path.join(BUILD, "system", "checker")
LOG = Key()
made = 0


def place():
    global made
    made += 1
    path = os.path.join(DIR, str(made))
    shutil.rmtree(path, ignore_errors=True)
    return path


def verify(path, *arguments, key=None, trusted=True):
    """(exit code, what it said): never a signal, never long."""
    keys = ["--log-key", (key or LOG).vkey] if trusted else []
    result = subprocess.run([VERIFY, "--lang", "en", *keys, *arguments, path], capture_output=True, text=True, timeout=60,
                            check=False, errors="replace")
    expect(result.returncode in (0, 1, 2, 3),
           f"segel-verify ended by {result.returncode}: {result.stderr[-300:]}")
    expect("Sanitizer" not in result.stderr and "runtime error" not in result.stderr,
           result.stderr[-2000:])
    return result.returncode, result.stdout + result.stderr


def judged(bundle, code, *words, **how):
    found, said = verify(bundle.write(place()), **how)
    contains(said, *words)
    equal(found, code, f"exit code; it said: {said[-900:]}")


def never_sound(files, what):
    code, said = verify(write(files))
    expect(code in (1, 3), f"{what}: exit code {code}: {said[-900:]}")
    expect("SOUND:" not in said, f"{what}: {said[-300:]}")


def write(files):
    path = place()
    write_files(path, files)
    return path


@claim
def trees_of_every_shape_are_sound(_):
    for size in (1, 2, 3, 255, 256, 257, 511, 512, 513, 700):
        judged(Bundle(lines(lawful(size)), [LOG]), 0, "SOUND:")


@claim
def a_tree_of_three_levels_is_sound_whole_and_in_part(_):
    records = lines(lawful(66000))
    judged(Bundle(records, [LOG], checkpoints=(1, 256, 300, 65536, 65999)), 0,
           "5 checkpoints")
    period = f"{moment(1001)} {moment(2999)}"
    part = Bundle(records, [LOG], 1000, 3000, (1000, 1500, 3000), period=period)
    expect(len(part.files) < 25, "a part does not need the whole tree")
    judged(part, 0, "3 checkpoints", "period        ok")
    end = Bundle(records, [LOG], 65535, 66000, (65536,), period=f"{moment(65536)} -")
    judged(end, 0, "1 checkpoints")


@claim
def parts_that_begin_and_end_anywhere_are_sound(_):
    records = lines(lawful(700))
    for first, end in ((0, 1), (0, 256), (1, 256), (255, 257), (256, 512), (256, 700),
                       (511, 512), (512, 513), (699, 700), (300, 301)):
        begin = moment(first + 1) if first > 0 else "-"
        until = moment(end - 1) if end < 700 else "-"
        if end - first < 3 and first > 0 and end < 700:
            until = moment(first + 2)  # an empty period between two records
            if end - first == 1:
                continue
            until = moment(end - 1) if moment(end - 1) > begin else until
            if until <= begin or end - 1 < first + 2:
                continue
        judged(Bundle(records, [LOG], first, end, period=f"{begin} {until}"), 0, "SOUND:")


@claim
def a_log_that_lies_is_told_by_its_lie(_):
    def lying(change, *words):
        records = lawful(40)
        change(records)
        judged(Bundle(lines(records), [LOG]), 1, "TAMPERED", *words)

    def renumber(records):
        records[7]["seq"] = 8

    def orphan(records):
        records[8]["intent"] = 3

    def twice(records):
        records[11]["job"] = records[7]["job"]

    def twice_by_escapes(records):
        records[11]["job"] = records[7]["job"]

    def attempt(records):
        records[8]["attempt"] = 2

    def forgotten(records):
        records[8] = {**records[8], "type": "boot"}
        for i in range(9, 40):
            records[i]["ts"] = moment(i + 600)

    def no_time(records):
        records[8]["ts"] = "yesterday"

    def unnumbered(value):
        def change(records):
            records[1]["type"], records[2]["type"] = "boot", "boot"
            records[0].update(type="intent", caller="e-office", job="r0", attempt=1)
            records[8]["intent"] = value
        return change

    def without_number(records):
        unnumbered(0)(records)
        del records[8]["intent"]

    lying(renumber, "order         FAILED", "record 7: its own number")
    for value in (None, True, -1, 7.0, [], "7"):
        lying(unnumbered(value), "pairs         FAILED", "record 8: an outcome without an open")
    lying(without_number, "pairs         FAILED", "record 8: an outcome without an open")
    lying(orphan, "pairs         FAILED", "an outcome without an open intent")
    lying(twice, "once          FAILED", "record 12: a request id")
    lying(attempt, "pairs         FAILED", "another attempt")
    lying(forgotten, "pairs         FAILED", "record 7: an intent without")
    lying(no_time, "records       FAILED", "record 8: its time")
    records = lines(lawful(40))
    records[7] = records[11].replace(b'"seq":11', b'"seq":7').replace(b"r11", b"\\u00721\\u0031")
    judged(Bundle(records, [LOG]), 1, "once          FAILED")
    records = lines(lawful(40))
    records[9] = b"[1]"
    judged(Bundle(records, [LOG]), 1, "record 9: it is not one JSON object")


@claim
def a_record_that_not_all_programs_can_read_is_a_fault(_):
    """Others show nothing of it, or nothing but its type."""
    for value in ("\ud800", 1 << 64, {"\0": 1}, ["\udfff"]):
        records = lawful(40)
        records[10]["detail"] = value
        judged(Bundle(lines(records), [LOG]), 1, "record 10: it is not one JSON object")
    records = lines(lawful(40))
    records[10] = records[10].replace(b'"attempt":1', b'"attempt":1,"detail":1e999')
    judged(Bundle(records, [LOG]), 1, "record 10: it is not one JSON object")


@claim
def a_caller_may_use_the_id_of_another(_):
    records = lawful(40)
    records[11].update(job=records[7]["job"], caller="sibling")
    judged(Bundle(lines(records), [LOG]), 0)
    records = lawful(40)
    records[8]["outcome"] = "indeterminate"
    records[11]["job"] = records[7]["job"]
    judged(Bundle(lines(records), [LOG]), 0)


def naming(records):
    """As newer gateways write them: an outcome names what its intent is about."""
    for record in records:
        if record["type"] == "intent":
            record.update(key="seal", digest=f"sha256:{record['seq']:064x}")
        elif record["type"] == "outcome":
            intent = records[record["intent"]]
            record.update({name: intent[name] for name in ("caller", "job", "key", "digest")})
    return records


@claim
def an_outcome_that_names_another_job_than_its_intent_is_found(_):
    judged(Bundle(lines(naming(lawful(40))), [LOG]), 0, "pairs         ok")
    request, work = "another caller or request id", "another key or digest"
    for name, word in (("caller", request), ("job", request), ("key", work), ("digest", work)):
        for value in ("other", "", None, 7, ["e-office"]):
            records = naming(lawful(40))
            records[8][name] = value
            judged(Bundle(lines(records), [LOG]), 1, "pairs         FAILED", "record 8: an "
                   f"outcome of {word}")
    long = naming(lawful(40))
    for at in (7, 8):
        long[at]["job"] = "r" * 3000 + str(at)
    judged(Bundle(lines(long), [LOG]), 1, "record 8: an outcome of " + request)
    for between in ("", "\0", "\1\0\0\0\0"):
        split = naming(lawful(40))
        split[7].update(caller=f"a{between}b", job="c")
        split[8].update(caller="a", job=f"b{between}c")
        judged(Bundle(lines(split), [LOG]), 1, "record 8: an outcome of " + request)


@claim
def what_an_outcome_does_not_name_is_no_fault(_):
    records = naming(lawful(40))
    del records[8]["key"], records[8]["digest"]  # of a start, for an intent that was open
    for name in ("caller", "job", "key", "digest"):
        del records[10][name]  # of an older gateway
    text = lines(records)
    text[12] = text[12].replace(b"e-office", b"\\u0065-office")
    judged(Bundle(text, [LOG]), 0, "pairs         ok")


def part_of(records, first=100, end=200):
    return Bundle(lines(records), [LOG], first, end, period=f"{moment(first + 1)} "
                  f"{moment(end - 1)}")


@claim
def an_earlier_intent_has_one_outcome_in_a_part_too(_):
    records = naming(lawful(300))
    records[102] = {**records[100], "seq": 102, "ts": moment(102)}
    records[101] = {**records[101], "type": "boot"}
    judged(part_of(records), 1, "pairs         FAILED", "record 102: an outcome without an open")
    records = lawful(300)
    records[101] = {**records[101], "type": "boot"}
    records[102]["intent"] = 99
    judged(part_of(records), 1, "pairs         FAILED", "record 102: an outcome without an open")


@claim
def an_id_that_was_signed_twice_is_found_in_a_part_too(_):
    records = naming(lawful(300))
    for at in (151, 152):
        records[at]["job"] = records[99]["job"]
    judged(part_of(records), 1, "once          FAILED", "record 152: a request id")
    records[100]["outcome"] = "failed"
    judged(part_of(records), 0, "once          ok")
    records = lawful(300)
    records[151]["job"] = records[99]["job"]
    judged(part_of(records), 0, "once          note", "do not name their request (1)")


@claim
def a_signature_that_names_no_request_is_found(_):
    """Two of one id could hide behind it."""
    for value in (None, 7, True, [], "", ["r7"]):
        records, part = lawful(40), naming(lawful(300))
        for record in (records[7], records[11], part[100], part[151]):
            record["job"] = value
        del part[152]["caller"], part[152]["job"]  # it would differ from its intent
        words = "it names no request id"
        judged(Bundle(lines(records), [LOG]), 1, "once          FAILED", f"record 7: {words}",
               f"record 11: {words}")
        judged(part_of(part), 1, "once          FAILED", f"record 100: {words}",
               f"record 151: {words}")
    records = lawful(40)
    del records[7]["job"]
    judged(Bundle(lines(records), [LOG]), 1, "once          FAILED", "record 7: it names no")


@claim
def a_clock_that_goes_back_is_a_note_and_no_fault(_):
    records = lawful(40)
    records[20]["ts"] = moment(5)
    judged(Bundle(lines(records), [LOG]), 0, "times         note", "record 20", "SOUND:")


@claim
def a_clock_that_goes_back_hides_no_open_intent(_):
    records = lawful(41)
    records[8] = {**records[8], "type": "boot"}
    for i in range(9, 40):
        records[i]["ts"] = moment(i + 600)
    records[40]["ts"] = moment(7)
    judged(Bundle(lines(records), [LOG]), 1, "pairs         FAILED", "record 7: an intent without")
    records = lawful(40)
    records[37]["ts"] = records[38]["ts"] = moment(9999)  # it was ahead before the last one
    judged(Bundle(lines(records), [LOG]), 0, "pairs         ok", "times         note")


@claim
def a_rewritten_log_is_found_by_its_earlier_checkpoint(_):
    old = Bundle(lines(lawful(300)), [LOG], checkpoints=(100, 200))
    records = lawful(300)
    records[150]["job"] = records[151]["intent"] if "intent" in records[151] else "other"
    new = Bundle(lines(records), [LOG])
    new.files["checkpoints"] = old.files["checkpoints"]
    judged(new, 1, "checkpoints   FAILED", "rewritten", "size 200")


@claim
def a_damaged_record_charges_nobody_with_rewriting_and_hides_nothing(_):
    records = lines(lawful(600))
    bundle = Bundle(records, [LOG], checkpoints=(100, 256, *range(310, 340), 512))
    files = read_files(bundle.write(place()))
    path = "records/00000000.jsonl"
    files[path] = files[path].replace(b'"job":"r301"', b'"job":"r3O1"')
    code, said = verify(write(files))
    equal(code, 1, said)
    contains(said, f"{path} is not the file that the manifest names",
             "record 301 is not the one in the tree", "checkpoints   ok", "TAMPERED")
    expect("rewritten" not in said and " more" not in said, said)


@claim
def findings_of_one_check_leave_room_for_those_of_another(_):
    old = Bundle(lines(lawful(300)), [LOG], checkpoints=range(100, 140))
    records = lawful(300)
    records[50]["job"] = "other"
    new = Bundle(lines(records), [LOG])
    new.files["checkpoints"] = old.files["checkpoints"]
    files = read_files(new.write(place()))
    files["records/00000000.jsonl"] = files["records/00000000.jsonl"].replace(b"other", b"0ther")
    code, said = verify(write(files))
    equal(code, 1, said)
    contains(said, "size 115", "24 more", "record 50 is not", "is not the file")


@claim
def checkpoints_out_of_place_are_found(_):
    for sizes in ((200, 100), (100, 100), (300,)):
        judged(Bundle(lines(lawful(300)), [LOG], checkpoints=sizes), 1,
               "checkpoints   FAILED")
    spoiled = Bundle(lines(lawful(300)), [LOG], checkpoints=(100,))
    for text in (b"99999999999999999999\n", b"07\n", b"x\n", b"5\nab", b"262145\n"):
        spoiled.files["checkpoints"] = text
        judged(spoiled, 1, "checkpoints   FAILED")


@claim
def only_the_key_that_was_given_counts(_):
    records, other = lines(lawful(20)), Key()
    judged(Bundle(records, [other]), 1, "signature     FAILED")
    judged(Bundle(records, [LOG]), 1, "signature     FAILED", key=other)
    judged(Bundle(records, [other, LOG]), 0)
    false = Bundle(records, [LOG])
    text = false.files["checkpoint"].split(b"\n\n")[0].decode() + "\n"
    line = LOG.line(text.replace("20", "21"))
    false.files["checkpoint"] = (text + "\n" + line).encode()
    judged(false, 1, "false signature")


@claim
def a_quorum_of_witnesses_is_counted(_):
    records = lines(lawful(60))
    witnesses = [Key(f"witness.example.go.id/{n}", 4) for n in "ab"]
    given = [a for w in witnesses for a in ("--witness", w.vkey)]

    def code(bundle, *arguments):
        return verify(bundle.write(place()), *arguments)

    both = Bundle(records, [LOG, *witnesses])
    equal(code(both, *given, "--quorum", "2")[0], 0, "both witnesses")
    one = Bundle(records, [LOG, witnesses[0]])
    equal(code(one, *given, "--quorum", "1")[0], 0, "one of two is enough for one")
    found, said = code(one, *given, "--quorum", "2")
    equal(found, 2, "one of two")
    contains(said, "unanchored from record 0", "UNANCHORED")
    expect("SOUND:" not in said, "an unanchored log is not called sound without a but")
    twice = Bundle(records, [LOG, witnesses[0], witnesses[0]])
    equal(code(twice, *given, "--quorum", "2")[0], 2, "one witness that signs twice")
    earlier = Bundle(records, [LOG], checkpoints=(10,))
    earlier.files["checkpoints"] = b""
    for size in (10, 40):
        signers = [LOG, *(witnesses if size == 40 else [])]
        each = bundles.note(size, bundles.root_of(earlier.leaves[:size]), *signers)
        earlier.files["checkpoints"] += b"%d\n" % len(each) + each
    found, said = code(earlier, *given, "--quorum", "2", "--json")
    equal(found, 2, said)
    equal(json.loads(said)["anchored"], 40, "anchored up to the cosigned checkpoint")
    contains(said, "unanchored from record 40")
    equal(code(both, *given[:2], "--quorum", "2")[0], 3, "more asked for than named")
    equal(code(both, *given[:2], *given[:2])[0], 3, "one witness given twice")


@claim
def a_trust_policy_says_who_of_the_witnesses_is_enough(_):
    """BSrE itself, or two of three others; the log is chosen by its name."""
    records, other = lines(lawful(60)), Key("another.example.go.id/log")
    names = ["bsre", "prov", "uni", "city"]
    keys = {n: Key(f"witness.example.go.id/{n}", 4) for n in names}
    policy = "".join([f"log {other.vkey}\nlog {LOG.vkey} https://log.example.go.id/\n",
                      *(f"witness {n} {k.vkey}\n" for n, k in keys.items()),
                      "group others 2 prov uni city\ngroup enough any bsre others\n",
                      "quorum enough\n"])

    def trusting(text):
        path = place() + ".trust"
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def code(text, *signers):
        path = Bundle(records, [LOG, *(keys[n] for n in signers)]).write(place())
        return verify(path, "--trust", trusting(text), trusted=False)

    for signers, wanted in ((["bsre"], 0), (["prov", "city"], 0), (["prov"], 2), ([], 2),
                            (["uni", "uni"], 2), (names, 0)):
        found, said = code(policy, *signers)
        equal(found, wanted, f"cosigned by {signers}: {said[-600:]}")
    equal(code(policy.replace("quorum enough", "quorum none"))[0], 0, "none is asked for")
    equal(code(policy.replace(LOG.vkey, Key(LOG.name).vkey), "bsre")[0], 1, "another log")
    for before, after, words in (("quorum enough\n", "", "no quorum line"),
                                 ("2 prov", "4 prov", "line 7: how many members"),
                                 ("witness uni", "witness bsre", "line 5: the name 'bsre'")):
        found, said = code(policy.replace(before, after), "bsre")
        equal(found, 3, said)
        contains(said, words)
    path = Bundle(records, [LOG]).write(place())
    witness = ["--witness", keys["bsre"].vkey], ["--witness", Key("w.example.go.id", 4).vkey]
    for more in (["--quorum", "1"], ["--log-key", LOG.vkey], ["--trust", trusting(policy)],
                 *witness):
        trust = ["--trust", trusting(policy)]
        equal(verify(path, *trust, *more, trusted=False)[0], 3, str(more))
        equal(verify(path, *more, *trust, trusted=False)[0], 3, f"{more} before it")
    equal(verify(path, "--trust", place() + "/absent", trusted=False)[0], 3, "no file")


def spoiled_period(change, *words):
    bundle = Bundle(lines(lawful(100)), [LOG], 10, 60,
                    period=f"{moment(11)} {moment(59)}")
    change(bundle)
    judged(bundle, 1, "period        FAILED", *words)


@claim
def a_period_that_lacks_records_is_found(_):
    def shift(first, end):
        def change(bundle):
            bundle.__init__(bundle.records, [LOG], first, end, period=bundle.period)
        return change

    spoiled_period(shift(12, 60), "record 12")
    spoiled_period(shift(10, 59), "records end at 58")
    spoiled_period(shift(10, 61), "should not stand behind")
    whole = Bundle(lines(lawful(100)), [LOG], 10, 100)
    judged(whole, 1, "period        FAILED")
    cut = Bundle(lines(lawful(100)), [LOG], 0, 60)
    judged(cut, 1, "period        FAILED")


@claim
def a_period_that_begins_elsewhere_is_found(_):
    def begins(first, end, begin, code, *words, until="-"):
        judged(Bundle(lines(lawful(100)), [LOG], first, end, period=f"{begin} {until}"), code,
               *words)

    begins(0, 100, moment(50), 1, "period        FAILED", "record 1,")
    begins(0, 100, "2030-01-01T00:00:00.000000Z", 1, "period        FAILED", "record 1,")
    begins(10, 60, moment(20), 1, "period        FAILED", "record 11,", until=moment(59))
    begins(10, 100, moment(10), 1, "period        FAILED", "record 10,")
    begins(0, 100, moment(0), 0, "period        ok")
    begins(0, 100, moment(1), 0, "period        ok")
    late = "2030-01-01T00:00:00.000000Z"
    begins(99, 100, late, 0, "period        note", "before the period begins", "SOUND:")
    begins(98, 100, late, 1, "period        FAILED", "record 99,")
    one = Bundle(lines(lawful(1)), [LOG], period=f"{late} -")
    judged(one, 0, "period        note", "before the period begins")
    back = lawful(100)
    back[1]["ts"] = "2026-04-30T00:00:00.000000Z"  # the log's clock went back, no more
    judged(Bundle(lines(back), [LOG], period=f"{moment(0)} -"), 0, "period        ok")


@claim
def the_period_is_told(_):
    path = Bundle(lines(lawful(100)), [LOG], 10, 60,
                  period=f"{moment(11)} {moment(59)}").write(place())
    begin, until = moment(11), moment(59)
    contains(verify(path)[1], f"covers        from {begin} until {until}\n")
    contains(verify(path, "--lang", "id")[1], f"mencakup      dari {begin} sampai {until}\n")
    report = json.loads(verify(path, "--json")[1])
    equal((report["from"], report["until"]), (begin, until), "of the object")
    whole = Bundle(lines(lawful(100)), [LOG]).write(place())
    contains(verify(whole)[1],
             "covers        from the beginning of the log until its checkpoint\n")
    contains(verify(whole, "--lang", "id")[1],
             "mencakup      dari awal log sampai titik periksanya\n")
    report = json.loads(verify(whole, "--json")[1])
    equal((report["from"], report["until"]), ("-", "-"), "of the whole log")


@claim
def a_period_that_an_old_checkpoint_cuts_short_is_told(_):
    cut = Bundle(lines(lawful(100)), [LOG], 0, 60, size=60, period=f"- {moment(80)}")
    judged(cut, 0, "period        note", "the log ends at record 59", "SOUND:")


# --- Hostile hands ----------------------------------------------------------------------

def samples():
    """A whole log and a part, small enough to try everything."""
    records = lines(lawful(600))
    yield Bundle(records, [LOG], checkpoints=(1, 300, 512))
    yield Bundle(records, [LOG], 100, 400, (100, 256, 300), period=f"{moment(101)} {moment(399)}")


@claim
def every_changed_byte_is_found_even_with_a_new_manifest(_):
    for bundle in samples():
        files = read_files(bundle.write(place()))
        for path, data in files.items():
            for at in {0, len(data) // 3, len(data) // 2, len(data) - 1}:
                changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]
                never_sound({**files, path: changed}, f"{path} at {at}")
                if path != "MANIFEST":
                    never_sound(sealed({**files, path: changed}), f"{path} at {at}, sealed")


@claim
def a_record_with_other_words_is_found_by_its_tile_alone(_):
    records = lines(lawful(600))
    whole = Bundle(records, [LOG])
    part = Bundle(records, [LOG], 100, 400, period=f"{moment(101)} {moment(399)}")
    for bundle in (whole, part):
        for path in bundle.files:
            if "records/" in path or "entries/" in path:
                bundle.files[path] = bundle.files[path].replace(b'"job":"r301"', b'"job":"r3O1"')
        judged(bundle, 1, "records       FAILED", "record 301 is not the one in the tree")


@claim
def every_missing_longer_shorter_or_swapped_file_is_found(_):
    for bundle in samples():
        files = read_files(bundle.write(place()))
        paths = sorted(files)
        for path in paths:
            rest = {p: d for p, d in files.items() if p != path}
            never_sound(rest, f"{path} is missing")
            never_sound({**files, path: files[path] + b"\0"}, f"{path} is longer")
            if path == "MANIFEST":
                continue
            never_sound(sealed(rest), f"{path} is missing, sealed")
            never_sound(sealed({**files, path: files[path] + b"\n"}), f"{path} longer, sealed")
            never_sound(sealed({**files, path: files[path][:-1]}), f"{path} shorter, sealed")
        for one, other in zip(paths[1:], paths[2:]):
            swapped = {**files, one: files[other], other: files[one]}
            never_sound(swapped, f"{one} and {other} are swapped")
            never_sound(sealed(swapped), f"{one} and {other} are swapped, sealed")


@claim
def files_that_nobody_vouches_for_are_found(_):
    for bundle in samples():
        files = read_files(bundle.write(place()))
        for path in ("note.txt", "records/00000001.jsonl", "tile/0/009", "tile/3/000.p/1",
                     "tile/entries/009", "policies/" + "0" * 64 + ".yaml",
                     "certificates/" + "0" * 64 + ".der", "checkpoint2"):
            never_sound({**files, path: b"x"}, f"{path} is too many")
            for place_of in (write, lambda more: as_tar(canonical(more))):
                contains(verify(place_of({**files, path: b"x"}))[1],
                         f"the manifest does not name {path}\n")
            never_sound(sealed({**files, path: b"x"}), f"{path} is too many, sealed")


@claim
def entry_bundles_that_are_missing_or_another_are_found(_):
    for size in (600, 512, 20):
        files = read_files(Bundle(lines(lawful(size)), [LOG]).write(place()))
        entries = sorted(p for p in files if p.startswith("tile/entries/"))
        equal(len(entries), (size + 255) // 256, "entry bundles")
        for path in entries:
            rest = {p: d for p, d in files.items() if p != path}
            for forged in ("tile/entries/evil", "tile/entries/009", path + ".p/1"):
                code, said = verify(write(sealed({**rest, forged: b"forged"})))
                equal(code, 1, f"{forged} for {path}: {said[-900:]}")
                contains(said, "records       FAILED", f"{path} does not hold the records")


@claim
def a_policy_that_a_boot_names_without_its_prefix_is_known(_):
    policy = b"rules: []\n"
    name = bundles.sha256(policy).hex()
    for rev in (name, f"sha256:{name}"):
        records = lawful(20)
        records[0]["policy_rev"] = rev
        bundle = Bundle(lines(records), [LOG])
        judged(bundle, 0, "named         note", "lacks policies that records name (1)")
        bundle.files[f"policies/{name}.yaml"] = policy
        judged(bundle, 0, "named         ok")
    for rev in ("sha512:" + name, name[:-1], name + "0", "x" * 64, "sha256:" + "x" * 64, ""):
        records = lawful(20)
        records[0]["policy_rev"] = rev
        judged(Bundle(lines(records), [LOG]), 0, "named         ok")


@claim
def a_policy_that_no_record_names_or_that_is_another_is_found(_):
    import hashlib
    policy = b"rules: []\n"
    name = hashlib.sha256(policy).hexdigest()
    records = lawful(20)
    records[3]["policy_rev"] = f"sha256:{name}"
    bundle = Bundle(lines(records), [LOG])
    judged(bundle, 0, "named         note", "lacks policies that records name (1)")
    bundle.files[f"policies/{name}.yaml"] = policy
    judged(bundle, 0, "named         ok")
    bundle.files[f"policies/{name}.yaml"] = policy + b" "
    judged(bundle, 1, "named         FAILED")
    other = Bundle(lines(lawful(20)), [LOG])
    other.files[f"policies/{name}.yaml"] = policy
    judged(other, 1, "named         FAILED")


@claim
def links_and_devices_are_not_followed(_):
    files = read_files(next(samples()).write(place()))
    outside = place() + ".outside"
    for path in files:
        folder = write(files)
        os.rename(os.path.join(folder, path), outside)
        os.symlink(outside, os.path.join(folder, path))
        code, said = verify(folder)
        expect(code in (1, 3), f"{path} is a link: {said}")
    folder = write(files)
    os.rename(os.path.join(folder, "tile"), outside + "2")
    os.symlink(outside + "2", os.path.join(folder, "tile"))
    equal(verify(folder)[0], 1, "a folder is a link")
    for path in ("checkpoint", "extra"):
        folder = write(files)
        if path in files:
            os.unlink(os.path.join(folder, path))
        os.mkfifo(os.path.join(folder, path))
        equal(verify(folder)[0], 1, f"{path} is a pipe")
    folder = write(files)
    deep = os.path.join(folder, *["d"] * 12)
    os.makedirs(deep)
    write_files(deep, {"x": b"x"})
    equal(verify(folder)[0], 1, "folders without end")


@claim
def manifests_of_any_kind_are_refused(_):
    files = read_files(next(samples()).write(place()))
    text = files["MANIFEST"]

    def refused(data, what):
        never_sound({**files, "MANIFEST": data}, what)

    listed = text.split(b"\n")
    for count in (b"0", b"4194304", b"4194305", b"18446744073709551615", b"-1", b"+3", b"07"):
        refused(text.replace(listed[5], b"files " + count), f"files {count}")
    for field in ("tree", "records"):
        row = next(line for line in listed if line.startswith(field.encode()))
        for value in (b"0", b"0 0", b"9223372036854775807", b"0 9223372036854775807",
                      b"9223372036854775806 9223372036854775807", b"18446744073709551615",
                      b"1 0", b"", b" ", b"0x10", b"1e9"):
            refused(text.replace(row, field.encode() + b" " + value), f"{field} {value}")
    both = text.replace(listed[2], b"tree 9223372036854775807").replace(
        listed[3], b"records 0 9223372036854775807")
    refused(both, "giant numbers that fit together")
    for period in (b"a b", b"-", b"- - -", b"2026-05-01 -"):
        refused(text.replace(b"period - -", b"period " + period), f"period {period}")
    row = next(line for line in listed if line.endswith(b" checkpoint"))
    for path in (b"../checkpoint", b"/etc/passwd", b"./checkpoint", b"a//b", b"", b"a/../b",
                 b"a" * 200, b"check\x00point", b"\xff", b"MANIFEST", b"tile/..", b"x y",
                 b"\x1b[2J"):
        refused(text.replace(row, row[:-10] + path), f"path {path}")
    refused(text.replace(row + b"\n", row + b"\n" + row + b"\n").replace(
        listed[5], b"files %d" % (int(listed[5].split()[1]) + 1)), "a name twice")
    refused(text.replace(row, row.upper()), "upper-case hash")
    for data in (b"", b"\n", b"\0" * 4096, text[:-1], text + b"\n", text[:100],
                 text.replace(b"\n", b"\r\n"), b"A" * (1 << 20), text * 2,
                 text.replace(b"bundle/v1", b"bundle/v2")):
        refused(data, f"manifest {data[:20]!r}")


@claim
def what_is_no_bundle_is_unreadable(_):
    empty = place()
    os.makedirs(empty)
    for path in (empty, "/nonexistent", "/dev/null", "/dev/zero", VERIFY):
        equal(verify(path)[0], 3, path)


def tar_of(files, names=None, change=None):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name in names or sorted(files):
            info = tarfile.TarInfo(name)
            info.size, info.mode, info.mtime = len(files[name]), 0o644, 0
            if change:
                change(info)
            tar.addfile(info, io.BytesIO(files[name]))
    return data.getvalue()


def canonical(files):
    """The header fields as docs/BUNDLE.md has them."""
    out = b""
    for name, content in sorted(files.items()):
        head = bytearray(512)
        head[:len(name)] = name.encode()
        head[100:108], head[108:116], head[116:124] = (b"0000644\0", b"0000000\0",
                                                       b"0000000\0")
        head[124:136], head[136:148] = b"%011o\0" % len(content), b"0" * 11 + b"\0"
        head[156:157], head[257:265] = b"0", b"ustar\00000"
        head[148:156] = b" " * 8
        head[148:156] = b"%06o\0 " % sum(head)
        out += bytes(head) + content + b"\0" * (-len(content) % 512)
    return out + b"\0" * 1024


def as_tar(data):
    path = place() + ".tar"
    with open(path, "wb") as file:
        file.write(data)
    return path


@claim
def a_tar_file_is_read_like_the_folder(_):
    for bundle in samples():
        files = read_files(bundle.write(place()))
        equal(verify(as_tar(canonical(files)))[0], 0, "the tar file")
        changed = {**files, "tile/0/000": files["tile/0/000"][:-1] + b"x"}
        equal(verify(as_tar(canonical(sealed(changed))))[0], 1, "a changed one")


@claim
def hostile_tar_files_are_never_sound(_):
    files = read_files(next(samples()).write(place()))
    good = canonical(files)

    def refused(data, what):
        code, said = verify(as_tar(data))
        expect(code in (1, 3) and "SOUND:" not in said, f"{what}: {code} {said[-300:]}")

    for at in range(0, 512 * 3, 7):
        refused(good[:at] + bytes([good[at] ^ 4]) + good[at + 1:], f"byte {at}")
    for end in (0, 1, 511, 512, 1024, len(good) // 2, len(good) - 512, len(good) - 1024):
        refused(good[:end], f"cut at {end}")
    refused(good + b"\0" * (1 << 20), "zeros without end")
    refused(good[:-512] + b"x" * 512, "something behind the end")
    refused(good + good, "two in one")
    refused(tar_of(files, sorted(files, reverse=True)), "names out of order")
    refused(canonical({"MANIFEST": files["MANIFEST"]}), "a manifest alone")
    for path in ("../x", "/x", "a/../../x"):
        refused(canonical({**files, path: b"x"}), path)
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE,
                 tarfile.DIRTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE,
                 tarfile.GNUTYPE_SPARSE):
        def change(info, kind=kind):
            if info.name == "checkpoint":
                info.type, info.linkname = kind, "/etc/passwd"
        refused(tar_of(files, change=change), f"a member of kind {kind}")
    bomb = bytearray(good)
    bomb[124:135] = b"7" * 11
    bomb[148:156] = b" " * 8
    bomb[148:156] = b"%06o\0 " % sum(bomb[:512])
    refused(bytes(bomb), "a size of eight GiB")


@claim
def a_file_with_a_giant_hole_costs_nothing(_):
    files = read_files(next(samples()).write(place()))
    folder = write(files)
    with open(os.path.join(folder, "checkpoint"), "r+b") as file:
        file.truncate(1 << 40)
    equal(verify(folder)[0], 1, "a checkpoint of a TiB")


# --- The program ------------------------------------------------------------------------

@claim
def it_speaks_indonesian_and_json(_):
    path = next(samples()).write(place())
    _, said = verify(path, "--lang", "id")
    contains(said, "UTUH:", "tanda tangan", "baik")
    code, said = verify(path, "--json")
    equal(code, 0, said)
    report = json.loads(said)
    equal((report["result"], report["records"], report["signed"]), ("sound", 600, 299), said)


@claim
def a_wrong_command_line_is_unreadable(_):
    path = next(samples()).write(place())
    for words in ([], [path], ["--log-key", "x", path], ["--log-key", LOG.vkey],
                  ["--log-key", LOG.vkey, path, path], ["--log-key", LOG.vkey, "--what", path],
                  ["--log-key", LOG.vkey, "--quorum", "0", path]):
        result = subprocess.run([VERIFY, *words], capture_output=True, check=False, timeout=10)
        equal(result.returncode, 3, str(words))


def in_root(root, *words):
    """Runs the words with that folder as the root; None where that needs more rights."""
    command = ["/usr/sbin/chroot", root, *words]
    if os.geteuid() != 0:
        command = ["unshare", "-r", *command]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False,
                              env={}, timeout=20)
    except subprocess.SubprocessError:
        return None


@claim
def it_runs_where_nothing_else_is_installed(_):
    if any(s in open(VERIFY, "rb").read() for s in (b"libasan", b"libtsan")):
        print("skip  a sanitizer's program is not linked statically")
        return
    folder = next(samples()).write(os.path.join(place(), "bundle"))
    root = os.path.dirname(folder)
    shutil.copy(VERIFY, os.path.join(root, "segel-verify"))
    result = in_root(root, "/segel-verify", "--log-key", LOG.vkey, "/bundle")
    if result is None or "unshare" in result.stderr:
        print("skip  an empty root needs the right to have one (root, or user namespaces)")
        return
    equal(result.returncode, 0, result.stdout + result.stderr)
    equal(sorted(os.listdir(root)), ["bundle", "segel-verify"], "what the root holds")


@claim
def a_log_that_was_pruned_begins_where_a_record_says_so(_):
    def pruned(before, first=256):
        records = lawful(601)
        for n in (256, 600):  # a boot where an outcome would be, so that jobs are whole
            records[n] = {k: v for k, v in records[n].items() if k in ("v", "seq", "ts", "node")}
        records[255]["type"] = records[599]["type"] = records[256]["type"] = "boot"
        records[600].update(type="log.prune", before_index=before)
        return Bundle(lines(records), [LOG], first=first)
    judged(pruned("256"), 0, "records before 256 were pruned")
    judged(pruned("512"), 1, "record 256, which should stand before the period")
    judged(pruned("0"), 1, "record 256, which should stand before the period")
    judged(pruned("256", first=300), 1, "record 300, which should stand before the period")



if __name__ == "__main__":
    shutil.rmtree(DIR, ignore_errors=True)
    sys.exit(run(None))
