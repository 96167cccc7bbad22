#!/usr/bin/python3
"""What reviewers do with a policy file and no gateway: `segel policy …`, the tables of
docs/POLICY.md and docs/ERRORS.md, and a part of the policy mutants. With --write the tables are
written."""
import json
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SEGEL = os.path.join(os.path.abspath(os.environ.get("BUILD", "build")), "bin", "segel")
SAMPLE = os.path.join(ROOT, "deploy/policies/bsre-seal.yaml")
DOC = os.path.join(ROOT, "docs/POLICY.md")
ERRORS = os.path.join(ROOT, "docs/ERRORS.md")
FACT = re.compile(r'^FACT\(\w+,\s*"([^"]+)",\s*(\w+),\s*(\w+),\s*(\w+),\s*"([^"]*)"\)', re.M)
sys.path.insert(0, os.path.join(ROOT, "tests/mutants"))
GRPC = {"3": "INVALID_ARGUMENT", "6": "ALREADY_EXISTS", "7": "PERMISSION_DENIED",
        "8": "RESOURCE_EXHAUSTED", "9": "FAILED_PRECONDITION", "14": "UNAVAILABLE"}
MUTANT_STEP = 23  # every so manieth in check; `make policy-mutants` takes all


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def segel(*words, code=0):
    done = subprocess.run([SEGEL, "policy", *words], capture_output=True, text=True,
                          timeout=61, check=False)
    assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
    return done.stdout if code == 0 or done.stdout else done.stderr


def facts_table():
    rows = FACT.findall(read(os.path.join(ROOT, "gateway/policy/facts.def")))
    lines = ["| Fact | Type | Phase | Made | Meaning |", "| --- | --- | --- | --- | --- |"]
    for name, kind, phase, source, meaning in rows:
        made = "yes" if source == "MADE" else "not yet"
        lines.append(f"| `{name}` | {kind.lower()} | {phase.lower()} | {made} | {meaning} |")
    return "\n".join(lines) + "\n"


def statuses_table():
    """The deny codes of each gRPC status, those of deny.def that need no row of their own last."""
    status = re.compile(r"^SG_STATUS\((\w+),\s*(\d+),", re.M)
    numbers = dict(status.findall(read(os.path.join(ROOT, "proto/status.def"))))
    codes = {}
    for code, name in re.findall(r"^DENY\((\w+),\s*(\w+)\)", read(os.path.join(
            ROOT, "gateway/policy/deny.def")), re.M):
        codes.setdefault(GRPC[numbers[name]], []).append(f"`{code}`")
    default = ", ".join(codes.pop(GRPC["9"]))
    return "\n".join(["| status | deny codes |", "| --- | --- |",
                      *(f"| `{name}` | {', '.join(found)} |" for name, found in codes.items()),
                      f"| `{GRPC['9']}` | {default}, and every code of your own |"]) + "\n"


def between(text, name):
    begin, end = f"<!-- {name} begins -->\n", f"<!-- {name} ends -->"
    return text.index(begin) + len(begin), text.index(end)


def tables():
    return ((DOC, "facts", facts_table()), (DOC, "matrix", segel("matrix", SAMPLE)),
            (ERRORS, "statuses", statuses_table()))


def write():
    for page, name, table in tables():
        text = read(page)
        start, end = between(text, name)
        with open(page, "w", encoding="utf-8") as file:
            file.write(text[:start] + table + text[end:])


def the_tables_are_those_of_the_code(_):
    for page, name, table in tables():
        text = read(page)
        start, end = between(text, name)
        assert text[start:end] == table, f"table {name}: tests/system/policy.py --write"


def changed(folder, *pairs):
    text = read(SAMPLE)
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new, 1)
    path = os.path.join(folder, "changed.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def the_whole_catalogue_is_in_the_sample(_):
    wanted = re.findall(r'^CATALOGUE\("([^"]+)"',
                        read(os.path.join(ROOT, "gateway/policy/catalogue.def")), re.M)
    rows = [json.loads(line) for line in segel("matrix", "--json", SAMPLE).splitlines()]
    assert len(wanted) == 53
    assert set(wanted) <= {row["rule"] for row in rows}
    assert all(row["allowing"] > 0 and row["denying"] > 0 for row in rows), rows


def check_names_what_is_not_judged(_):
    told = json.loads(segel("check", "--json", SAMPLE))
    lines = segel("check", SAMPLE).splitlines()
    assert told["rules"] == told["enforced"] + told["shadow"] + len(told["not_yet_judged"])
    for row in told["not_yet_judged"]:
        sentence = f"{row['rule']} is not yet judged: the gateway does not know '{row['fact']}'"
        assert any(line.startswith(sentence) for line in lines), row
    assert "belum dinilai" in segel("check", "--lang", "id", SAMPLE)


def a_pending_rule_cannot_be_enforced(folder):
    path = changed(folder, ("    mode: pending\n    require: {grant.requester_approves",
                            "    mode: enforce\n    require: {grant.requester_approves"))
    told = segel("check", path, code=1)
    assert re.search(r"changed\.yaml:\d+:\d+: CP-5\.2-03 reads 'grant\.requester_approves'",
                     told), told
    assert "write 'mode: pending'" in told


def a_rule_without_a_denying_test_fails_coverage(folder):
    path = changed(folder, ("\ntests:\n", "\ntests:\n"), (
        "rules:\n", "rules:\n  - {id: X-1, cp: \"1\", level: hard, require: {cert.chain_ok: "
        "{exists: true}}, deny: NO}\n"))
    segel("test", path)
    told = segel("test", "--coverage", path, code=1)
    assert "X-1: no denying test" in told, told


def diff_names_what_changed(folder):
    path = changed(folder, ("cert.remaining_s: {ge: 604800}", "cert.remaining_s: {ge: 1}"),
                   ("  - id: CP-6.1-05\n", "  - id: CP-X\n"),
                   ("cp: \"8.1\"\n    level: soft\n", "cp: \"8.1\"\n    level: hard\n"),
                   ("level: soft\n    mode: shadow\n", "level: soft\n    mode: off\n"),
                   ("\ntests:\n" + read(SAMPLE).split("\ntests:\n")[1], "\n"))
    rows = [json.loads(line) for line in segel("diff", "--json", SAMPLE, path).splitlines()]
    told = {(row["rule"], row["what"]) for row in rows}
    assert told == {("CP-6.3-01", "demands"), ("CP-8-01", "level"), ("CP-OPS-02", "mode"),
                    ("CP-6.1-05", "removed"), ("CP-X", "added"),
                    ("-", "tests")}, told
    assert segel("diff", SAMPLE, SAMPLE) == "no difference\n"


def diff_shows_lists_messages_and_metadata(folder):
    path = changed(folder, ("  hashes: [sha256, sha384, sha512]", "  hashes: [sha384, sha256, sha512]"),
                   ("  version: 1\n", "  version: 2\n"),
                   ("The calling system is not", "The caller is not"))
    told = segel("diff", SAMPLE, path).splitlines()
    assert "- list: hashes sha256, sha384, sha512" in told, told
    assert "+ list: hashes sha384, sha256, sha512" in told, told
    assert any(line.startswith("+ policy: bsre-seal-sample version 2 ") for line in told), told
    assert ("~ CP-4.5-02 message en: The calling system is not entitled to this key. -> "
            "The caller is not entitled to this key.") in told, told
    assert "pesan en" in segel("diff", "--lang", "id", SAMPLE, path)
    path = changed(folder, ("2028-01-01]", "2028-01-02]"), ("sha256: \"0000", "sha256: \"1000"))
    told = segel("diff", SAMPLE, path)
    assert re.search(r"^\+ calendar: UTC\+420 minutes; holidays .*, 2028-01-02$", told, re.M), told
    assert "+ cp_document: SAMPLE" in told, told


def diff_hides_no_change_behind_commas_or_order(folder):
    """One item that reads as two, and the same rules with another one first."""
    bare = read(SAMPLE).split("\ntests:\n")[0] + "\n"
    old, new = (os.path.join(folder, name) for name in ("old.yaml", "new.yaml"))
    first, second = re.findall(r"  - id: CP-1[.]4-0[12]\n(?:    .*\n)+\n*", bare)[:2]
    names = " -> ".join(part.split()[2] for part in (first, second))
    for find, text, wanted in (
            ("  hashes: [sha256, sha384, sha512]", "  hashes: [\"sha256, sha384\", sha512]",
             '+ list: hashes "sha256, sha384", sha512'),
            (first + second, second + first, f"~ order: {names}")):
        assert find in bare, find
        for path, content in ((old, bare), (new, bare.replace(find, text, 1))):
            with open(path, "w", encoding="utf-8") as file:
                file.write(content)
        told = segel("diff", old, new).splitlines()
        assert wanted in told, told


def a_job_file_that_is_not_there_denies_nothing(folder):
    missing = os.path.join(folder, "missing.json")
    for words in (("--policy", SAMPLE), ("--gateway",)):
        done = subprocess.run([SEGEL, "policy", "explain", *words, "--job", missing],
                              capture_output=True, text=True, timeout=61, check=False)
        assert done.returncode == 3, (words, done.returncode, done.stderr)
        assert "missing.json" in done.stderr, done.stderr


def what_is_lost_on_its_way_out_is_told(folder):
    for words in (("matrix", SAMPLE), ("check", "--json", SAMPLE), ("test", SAMPLE),
                  ("explain", "--policy", SAMPLE, "--job", job(folder))):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([SEGEL, "policy", *words], stdout=full, timeout=61,
                                  stderr=subprocess.PIPE, text=True, check=False)
        assert done.returncode == 3, (words, done.returncode)
        assert "could not be written" in done.stderr, done.stderr


def half_a_command_is_completed(_):
    done = subprocess.run([SEGEL, "policy"], capture_output=True, text=True, timeout=61,
                          check=False)
    assert done.returncode == 2
    for word in ("check", "test", "explain", "diff", "matrix"):
        assert f"'segel policy {word}'" in done.stderr, done.stderr


def files_that_are_none_are_named(folder):
    def made(name, data):
        path = os.path.join(folder, name)
        with open(path, "wb") as file:
            file.write(data)
        return path

    whole = read(SAMPLE).encode()
    for path, words, code in (
            (os.path.join(folder, "nowhere"), "No such file", 3), (folder, "no regular file", 3),
            (made("empty", b""), "no content", 1), (made("binary", b"\0\xff" * 99), "UTF-8", 1),
            (made("large", whole + b"#" * (1 << 20)), "larger than 1 MiB", 1),
            (made("windows", whole.replace(b"\n", b"\r\n")), "carriage return", 1),
            (made("marked", b"\xef\xbb\xbf" + whole), "byte order mark", 1)):
        told = segel("check", path, code=code)
        assert words in told and os.path.basename(path) in told, told
        assert len(told.splitlines()) == 1, told


def job(folder, **changes):
    base = read(SAMPLE).split("  rsa_seal:\n")[1].split("\ntests:")[0]
    values = {}
    for name, value in re.findall(r"^    ([\w.]+): (.*)$", base, re.M):
        plain = re.fullmatch(r"-?\d+|true|false|\[.*\]|\".*\"", value)
        values[name] = value if plain else f'"{value}"'
        if value.startswith("[") and '"' not in value:
            values[name] = json.dumps(value[1:-1].split(", "))
    values["clock.now"] = '"2026-05-04T08:00:00+07:00"'
    values |= changes
    path = os.path.join(folder, "job.json")
    with open(path, "w", encoding="utf-8") as file:
        file.write("{" + ", ".join(f'"{n}": {v}' for n, v in values.items()) + "}")
    json.loads(read(path))
    return path


def explain_says_of_each_rule_why(folder):
    words = ("explain", "--policy", SAMPLE, "--json", "--job")
    told = json.loads(segel(*words, job(folder)))
    results = {row["id"]: row["result"] for row in told["rules"]}
    assert told["decision"] == "allow" and len(results) == 64
    assert results["CP-6.1-02"] == "pass" and results["CP-OPS-02"] == "shadow_pass"
    assert results["CP-5.2-03"] == "skip"  # pending, whatever the job says
    told = json.loads(segel(*words, job(folder, **{
        "key.rsa_bits": "1024", "clock.now": '"2026-05-03T08:00:00+07:00"',
        "grant.requester_approves": "true"}), code=1))
    rows = {row["id"]: row for row in told["rules"]}
    assert told["decision"] == "deny"
    assert rows["CP-6.1-02"]["result"] == "fail" and rows["CP-6.1-02"]["found"] == "1024"
    assert rows["CP-6.1-02"]["fact"] == "key.rsa_bits" and rows["CP-6.1-02"]["required"]
    assert rows["CP-OPS-02"]["result"] == "shadow_fail"
    assert rows["CP-5.2-03"]["result"] == "skip"
    assert rows["CP-5.2-03"]["lacks"] == "grant.requester_approves"


def explain_refuses_what_is_no_fact(folder):
    words = ("explain", "--policy", SAMPLE, "--job")
    assert "did you mean" in segel(*words, job(folder, **{"key.rsa_bit": "1"}), code=2)
    path = job(folder)
    text = re.sub(r'"clock.now": "[^"]*"', '"job.batch": "b"', read(path))
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    assert "clock.now" in segel(*words, path, code=2)


def what_a_rule_says_is_told_without_a_job(_):
    words = ("explain", "--policy", SAMPLE)
    told = segel(*words, "CP-1.4-02", "--lang", "id")
    for text in ("USE_PROHIBITED", "penggunaan yang dilarang", "dilarang ditandatangani",
                 "job.doc_class none of prohibited_classes"):
        assert text in told, told
    told = json.loads(segel(*words, "CP-4.5-02", "--json"))
    assert (told["title"], told["law"]) == ("caller entitled to key", "PP 71/2019 Ps 59(3)")
    assert "segel policy matrix" in segel(*words, "CP-9", code=2)
    assert told["facts"][0]["name"] == "caller.entitled", told
    assert told["tests_passed"] > 0 and told["tests_failed"] == 1, told
    assert "not both" in segel(*words, "CP-4.5-02", "--job", "x", code=2)


def the_matrix_is_in_the_language_that_was_asked_for(_):
    english = [row.split(" | ") for row in segel("matrix", SAMPLE).splitlines()[2:]]
    other = [row.split(" | ") for row in segel("matrix", "--lang", "id", SAMPLE).splitlines()[2:]]
    assert [row[:2] for row in english] == [row[:2] for row in other]
    same = [row[2] for row, there in zip(english, other) if row[2] and row[2] == there[2]]
    assert not same, same


def a_part_of_the_mutants_is_killed(folder):
    import policy_flips as mutants  # pylint: disable=import-outside-toplevel
    lines = list(mutants.mutants(read(SAMPLE)))
    assert len(lines) > 300
    for number, line, text in lines[::MUTANT_STEP]:
        assert mutants.refused(SEGEL, folder, text), f"survives: line {number}: {line}"


CLAIMS = (the_tables_are_those_of_the_code, the_whole_catalogue_is_in_the_sample,
          check_names_what_is_not_judged, a_pending_rule_cannot_be_enforced,
          a_rule_without_a_denying_test_fails_coverage, diff_names_what_changed,
          diff_shows_lists_messages_and_metadata,
          diff_hides_no_change_behind_commas_or_order,
          a_job_file_that_is_not_there_denies_nothing, what_is_lost_on_its_way_out_is_told,
          half_a_command_is_completed, files_that_are_none_are_named,
          explain_says_of_each_rule_why, explain_refuses_what_is_no_fact,
          what_a_rule_says_is_told_without_a_job,
          the_matrix_is_in_the_language_that_was_asked_for,
          a_part_of_the_mutants_is_killed)


def main():
    if sys.argv[1:] == ["--write"]:
        write()
        return 0
    failed = 0
    for claim in CLAIMS:
        with tempfile.TemporaryDirectory() as folder:
            try:
                claim(folder)
                print(f"ok    {claim.__name__}")
            except AssertionError as why:
                failed += 1
                print(f"FAIL  {claim.__name__}: {why}")
    print(f"{len(CLAIMS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
