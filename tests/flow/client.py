#!/usr/bin/python3
"""The program `segel` against a gateway of gRPC's own making (client_server.py): what
people and scripts see of it when all is well, and when something is not.

Ends with "N passed, M failed"; exit code 77 when this machine has no Python with grpc.
"""
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time

from client_rig import Rig, letter

CLAIMS = []


def claim(function):
    CLAIMS.append(function)
    return function


def expect(truth, text):
    if not truth:
        raise AssertionError(text)


def equal(found, wanted, what):
    expect(found == wanted, f"{what}: {found!r} instead of {wanted!r}")


def contains(text, *parts):
    for part in parts:
        expect(part in text, f"{part!r} is not in {text!r}")


# --- Signing ------------------------------------------------------------------------------
@claim
def every_letter_is_signed_and_named_on_a_line(rig):
    result = rig.sign("seal", "all", *rig.letters())
    equal(result.returncode, 0, result.stdout + result.stderr)
    equal(len(rig.signed("all")), 40, "files")
    equal(result.stdout.count("signed "), 40, "lines")
    contains(result.stderr, "40 signed, 0 refused")
    expect("\x1b" not in result.stdout + result.stderr, "colours without a terminal")


@claim
def the_signed_file_begins_with_the_letter_and_holds_the_signature(rig):
    with open(rig.path("all", "00.pdf"), "rb") as file:
        signed = file.read()
    with open(rig.letters()[0], "rb") as file:
        expect(signed.startswith(file.read()), "the letter is not its beginning")
    contains(signed.decode("latin-1"), "/ByteRange", "ETSI.CAdES.detached")


@claim
def a_gateway_that_lies_makes_no_letter(rig):
    result = rig.sign("liar", "lies", *rig.letters()[:2])
    equal(result.returncode, 1, result.stdout + result.stderr)
    contains(result.stdout, "a signature of another document")
    equal(rig.signed("lies"), [], "files")


@claim
def an_output_that_is_there_is_kept_unless_told(rig):
    result = rig.sign("seal", "all", rig.letters()[0])
    equal(result.returncode, 1, result.stdout)
    contains(result.stdout, "is there already")
    equal(rig.sign("seal", "all", "--force", rig.letters()[0]).returncode, 0, "--force")
    result = rig.sign("seal", "all", "--resume", *rig.letters())
    equal(result.returncode, 0, result.stdout + result.stderr)
    contains(result.stderr, "0 signed, 0 refused, 40 skipped")


@claim
def an_input_is_never_overwritten(rig):
    before = open(rig.letters()[0], "rb").read()
    result = rig.sign("seal", "letters", "--force", rig.letters()[0])
    equal(result.returncode, 1, result.stdout)
    contains(result.stdout, "would overwrite the letter itself")
    equal(open(rig.letters()[0], "rb").read(), before, "the letter")


@claim
def a_denial_names_rule_and_section(rig):
    result = rig.sign("refused", "refused", rig.letters()[0])
    equal(result.returncode, 1, result.stdout)
    contains(result.stdout, "refused", "00.pdf: the certificate has expired "
             "(rule CP-6.3-01, CP section 6.3.2, and 4 more)")
    equal(rig.signed("refused"), [], "files")


@claim
def json_tells_the_same_to_machines(rig):
    result = rig.sign("refused", "refused", "--json", rig.letters()[0])
    first, last = map(json.loads, result.stdout.splitlines())
    equal(first["status"], "refused", "status")
    equal(first["failures"][0]["rule"], "CP-6.3-01", "rule")
    equal(first["failures_more"], 4, "rules that are not listed")
    equal(last["refused"], 1, "refused")
    equal(first["request_id"], last["run"] + "-000001", "request id")


@claim
def a_letter_is_sent_again_when_the_gateway_asks_for_it(rig):
    result = rig.sign("flaky", "flaky", *rig.letters(20))
    equal(result.returncode, 0, result.stdout + result.stderr)
    equal(len(rig.signed("flaky")), 20, "files")


@claim
def a_stream_that_breaks_off_is_taken_up_with_the_same_ids(rig):
    letters = []
    for number in range(150):
        letters.append(rig.write(f"letters/b{number:03}.pdf", letter(f"B {number}")))
    result = rig.sign("halfway", "halfway", *letters)
    equal(result.returncode, 0, result.stdout + result.stderr)
    equal(len(rig.signed("halfway")), 150, "files")
    contains(result.stderr, "the connection is lost; connecting again")


@claim
def what_is_no_pdf_is_named_and_the_others_are_signed(rig):
    bad = rig.write("bad.pdf", "no PDF\n")
    result = rig.sign("seal", "mixed", bad, rig.path("absent.pdf"), *rig.letters(2))
    equal(result.returncode, 1, result.stdout)
    equal(rig.signed("mixed"), ["00.pdf", "01.pdf"], "files")
    contains(result.stdout, "bad.pdf: ", "absent.pdf cannot be read: there is no such file")


@claim
def two_letters_of_one_name_are_not_begun(rig):
    other = rig.path("other")
    os.mkdir(other)
    shutil.copy(rig.letters()[0], other)
    result = rig.sign("seal", "twins", rig.letters()[0], os.path.join(other, "00.pdf"))
    equal(result.returncode, 2, result.stderr)
    contains(result.stderr, "have the same name")


@claim
def a_key_that_is_not_there_is_the_gateways_sentence(rig):
    result = rig.sign("missing", "missing", rig.letters()[0])
    equal(result.returncode, 1, result.stderr)
    contains(result.stderr, "tidak ada 'missing' ✓ 100%")


@claim
def what_the_key_does_not_offer_is_said_before_anything_is_sent(rig):
    result = rig.sign("seal", "bt", "--profile", "pades-b-t", rig.letters()[0])
    equal(result.returncode, 1, result.stderr)
    contains(result.stderr, "does not offer the profile", "segel signer seal")


# --- The signer ---------------------------------------------------------------------------
@claim
def signer_shows_the_key(rig):
    result = rig.segel("signer", "seal")
    equal(result.returncode, 0, result.stderr)
    contains(result.stdout, "pades_b_b cades_b_b", "4096 bytes", "Dokumen ini sah.")
    shown = json.loads(rig.segel("signer", "--json", "seal").stdout)
    equal(shown["hashes"], ["sha256", "sha384"], "hashes")


@claim
def the_home_folder_may_be_named_behind_the_command(rig):
    for words in (["--home", rig.path("home")], ["--home=" + rig.path("home")]):
        result = rig.segel("signer", "seal", *words, home="nowhere")
        equal(result.returncode, 0, result.stderr)


# --- Reaching the gateway -----------------------------------------------------------------
@claim
def every_way_not_to_reach_the_gateway_has_its_sentence(rig):
    for listener, sentence in (("nobody", "nobody listens there"),
                               ("plain", "does not speak TLS"),
                               ("web", "is not a gRPC server")):
        rig.make_home(listener, listener)
        result = rig.segel("signer", "seal", home=listener)
        equal(result.returncode, 3, listener + result.stderr)
        contains(result.stderr, sentence)
        equal(result.stderr.count("\n"), 1, "lines")


@claim
def what_a_proxy_refuses_is_not_refused_by_the_gateway(rig):
    rig.make_home("proxy", "proxy403")
    table = rig.write("letters/proxied.csv", "file,out\n00.pdf,00.pdf\n01.pdf,01.pdf\n")
    words = ["seal", "proxied", "--manifest", table]
    result = rig.sign(*words, home="proxy")
    equal(result.returncode, 3, result.stdout + result.stderr)
    contains(result.stderr, "no Segel gateway (HTTP status 403)", "0 signed, 0 refused",
             "2 not done", "--resume")
    result = rig.sign(*words, "--resume")
    equal(result.returncode, 0, result.stdout + result.stderr)
    equal(rig.signed("proxied"), ["00.pdf", "01.pdf"], "files")


@claim
def a_wrong_ca_and_a_strange_certificate_are_told_apart(rig):
    rig.make_home("wrong-ca", "grpc")
    shutil.copy(rig.path("server", "other.pem"), rig.path("wrong-ca", "ca.pem"))
    result = rig.segel("signer", "seal", home="wrong-ca")
    equal(result.returncode, 3, result.stderr)
    contains(result.stderr, "the gateway's certificate is not trusted")
    rig.make_home("stranger", "grpc")
    shutil.copy(rig.path("server", "stranger.pem"), rig.path("stranger", "cert.pem"))
    shutil.copy(rig.path("server", "stranger.key"), rig.path("stranger", "key.pem"))
    result = rig.segel("signer", "seal", home="stranger")
    equal(result.returncode, 3, result.stderr)
    contains(result.stderr, "refused your client certificate")


@claim
def a_missing_file_of_the_home_folder_is_named_with_what_belongs_there(rig):
    result = rig.segel("signer", "seal", home="nowhere")
    equal(result.returncode, 2, result.stderr)
    contains(result.stderr, "nowhere/gateway is missing", "for example")


# --- The command line ---------------------------------------------------------------------
@claim
def help_has_examples_and_exit_codes(rig):
    result = rig.segel("--help")
    equal(result.returncode, 0, result.stderr)
    contains(result.stdout, "Exit codes", "log verify")
    for command in (["sign"], ["signer"], ["verify"], ["log", "show"], ["log", "verify"]):
        result = rig.segel(*command, "--help")
        equal(result.returncode, 0, result.stderr)
        contains(result.stdout, "Examples:", "segel " + " ".join(command))


@claim
def mistyped_words_are_answered_with_what_was_meant(rig):
    for words, meant in ((["sgin"], "segel sign"), (["log", "verfy"], "log verify"),
                         (["sign", "--prfile", "x"], "--profile")):
        result = rig.segel(*words)
        equal(result.returncode, 2, result.stderr)
        contains(result.stderr, "did you mean", meant)


@claim
def what_is_missing_is_asked_for(rig):
    for words, what in (([], "--out DIR"), (["-o", rig.path("nothing")], "--class NAME")):
        result = rig.segel("sign", "--key", "seal", *words, rig.letters()[0])
        equal(result.returncode, 2, result.stderr)
        contains(result.stderr, f"{what} is missing")


# --- The log ------------------------------------------------------------------------------
def record(index, kind, **members):
    return json.dumps({"v": 1, "seq": index,
                       "ts": f"2026-05-02T01:{index // 60:02}:{index % 60:02}.000000Z",
                       "node": "gw1", "type": kind, **members}, separators=(",", ":"))


def lawful_log():
    """600 records: jobs of two records each, every tenth denied."""
    out = [record(0, "boot")]
    while len(out) < 600:
        at = len(out)
        if at % 20 == 1:
            out.append(record(at, "deny", caller="e-office", job=f"j{at}", key="seal",
                              decision="deny", fail=[{"rule": "CP-6.3-01"}]))
            continue
        out.append(record(at, "intent", caller="e-office", job=f"j{at}", key="seal",
                          decision="allow"))
        out.append(record(at + 1, "outcome", intent=at, outcome="signed"))
    return out


def put_log(rig, records, size, sealed=None):
    rig.write("server/records.txt", "".join(r + "\n" for r in records))
    rig.write("server/sealed.txt", "".join(r + "\n" for r in sealed or records))
    rig.write("server/size.txt", str(size))


def verify(rig, *arguments):
    return rig.segel("log", "verify", "--vkey", rig.path("server", "log.vkey"), *arguments)


@claim
def a_sound_log_is_called_sound_and_its_tail_is_not(rig):
    put_log(rig, lawful_log(), 550)
    result = verify(rig, "--save", rig.path("earlier"))
    equal(result.returncode, 0, result.stdout + result.stderr)
    lines = result.stdout.splitlines()
    contains(lines[-1], "SOUND: the first 550 records")
    contains(result.stdout, "nothing is proven about them", "signed by the key that you gave")
    expect("verified" not in result.stdout.lower(), "the word for the tail")


@claim
def without_a_key_it_says_that_less_is_proven(rig):
    result = rig.segel("log", "verify")
    equal(result.returncode, 0, result.stdout + result.stderr)
    contains(result.stdout, "agrees with itself")


@claim
def every_kind_of_tampering_is_found(rig):
    good = lawful_log()
    changed = good[:300] + [good[300].replace("gw1", "gw2")] + good[301:]
    renumbered = [r for n, r in enumerate(good) if n != 300]
    spoiled = {"a changed record": (changed, 550), "a missing record": (renumbered, 550),
               "a cut log": (good[:500], 550)}
    for name, (records, size) in spoiled.items():
        put_log(rig, records, size, sealed=good)
        result = verify(rig)
        equal(result.returncode, 1, name + ": " + result.stdout + result.stderr)
        contains(result.stdout.splitlines()[-1], "TAMPERED WITH OR INCOMPLETE")


@claim
def a_rewritten_log_does_not_contain_the_earlier_checkpoint(rig):
    good = lawful_log()
    put_log(rig, good, 600)
    result = verify(rig, "--earlier", rig.path("earlier"))
    equal(result.returncode, 0, result.stdout + result.stderr)
    contains(result.stdout, "still begins with the 550 records")
    changed = [good[0].replace("gw1", "gw2")] + good[1:]
    put_log(rig, changed, 600)
    equal(verify(rig).returncode, 0, "alone it is consistent")
    result = verify(rig, "--earlier", rig.path("earlier"))
    equal(result.returncode, 1, result.stdout)
    contains(result.stdout, "it was rewritten or cut")


@claim
def pairs_that_do_not_fit_are_found_though_the_tree_is_sound(rig):
    bad = lawful_log()
    bad[2] = record(2, "note")
    bad[3] = record(3, "outcome", intent=100, outcome="signed")
    put_log(rig, bad, 600)
    result = verify(rig, "--json")
    equal(result.returncode, 1, result.stdout)
    verdict = json.loads(result.stdout)
    equal(verdict["root_equal"], True, "root")
    expect(verdict["fault_count"] >= 1, "no fault")


@claim
def a_checkpoint_of_another_key_is_refused(rig):
    put_log(rig, lawful_log(), 550)
    with open(rig.path("server", "log.vkey"), encoding="ascii") as file:
        name, _, key = file.read().strip().split("+", 2)
    import base64
    raw = b"\x01" + bytes(32)
    number = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4].hex()
    path = rig.write("other.vkey", f"{name}+{number}+{base64.b64encode(raw).decode()}\n")
    result = rig.segel("log", "verify", "--vkey", path)
    equal(result.returncode, 1, result.stdout + result.stderr)
    contains(result.stderr, "is not signed by the key")
    path = rig.write("no.vkey", "nonsense\n")
    equal(rig.segel("log", "verify", "--vkey", path).returncode, 2, "no key")


@claim
def records_are_shown_as_lines_and_byte_for_byte(rig):
    good = lawful_log()
    put_log(rig, good, 550)
    result = rig.segel("log", "show", "--type", "deny")
    equal(result.returncode, 0, result.stderr)
    fields = result.stdout.splitlines()[0].split("\t")
    equal(len(fields), 9, "fields of a line in a pipe")
    contains(" ".join(fields), "2026-05-02T01:00:01Z", "deny", "e-office", "seal",
             "CP-6.3-01", "j1")
    equal(rig.segel("log", "show", "--json").stdout, "".join(r + "\n" for r in good), "json")
    equal(rig.segel("log", "show", "--from", "yesterday").returncode, 2, "--from")


# --- Receipts -----------------------------------------------------------------------------

def receipts(rig, mode, out, *arguments, count=40, home="home"):
    path = rig.write(os.path.join("server", "receipts.txt"), mode + "\n")
    result = rig.sign("seal", out, "--receipts", *arguments, *rig.letters(count), home=home)
    with open(path, encoding="ascii") as file:
        return result, len(file.read().split("\n")) - 2


def proofs(rig, out):
    return sorted(n for n in os.listdir(rig.path(out)) if n.endswith(".tlog-proof"))


@claim
def each_signed_letter_gets_its_receipt(rig):
    result, calls = receipts(rig, "lawful", "receipts")
    equal(result.returncode, 0, result.stdout + result.stderr)
    equal((len(proofs(rig, "receipts")), calls), (40, 40), "receipts and calls")
    contains(result.stderr, "40 signed", "40 with a receipt")
    result, _ = receipts(rig, "lawful", "receipts-json", "--json", count=2)
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    equal([line["status"] for line in lines if "status" in line].count("receipt"), 2, "lines")
    equal((lines[-1]["receipts"], lines[-1]["without_receipt"]), (2, 0), "summary")


@claim
def a_letter_without_its_receipt_is_signed_all_the_same(rig):
    result, calls = receipts(rig, "slow", "receiptless")
    equal(result.returncode, 0, result.stdout + result.stderr)
    equal((len(rig.signed("receiptless")), proofs(rig, "receiptless")), (40, []), "files")
    expect(calls <= 32, f"{calls} calls: each would have waited for the deadline")
    equal(result.stdout.count("no checkpoint covers it yet; it is signed: get the receipt "
                              "later with 'segel receipt "), 40, "sentences")


@claim
def receipts_are_fetched_over_a_lost_connection(rig):
    result, _ = receipts(rig, "flaky", "receipts-flaky")
    equal(result.returncode, 0, result.stdout + result.stderr)
    equal(len(proofs(rig, "receipts-flaky")), 40, "receipts")


@claim
def ctrl_c_ends_the_wait_for_receipts_and_resume_fetches_them(rig):
    asked = rig.write(os.path.join("server", "receipts.txt"), "pending\n")
    words = ["seal", "receipts-stopped", "--receipts", *rig.letters(4)]
    run = subprocess.Popen(rig.command("sign", *rig.terms(*words), "--json"), text=True,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        end = time.monotonic() + 30
        while os.path.getsize(asked) < len("pending\n") + 4 * len("call\n"):
            expect(time.monotonic() < end, "no receipt is asked for")
            time.sleep(0.01)
        started = time.monotonic()
        run.send_signal(signal.SIGINT)
        told, complaint = run.communicate(timeout=90)
    finally:
        run.kill()
        run.wait()
    equal(run.returncode, 6, told + complaint)
    expect(time.monotonic() - started < 10, "it went on waiting")
    contains(complaint, "4 of the signed letters have no receipt yet", "--resume fetches them")
    expect("not all letters" not in complaint, complaint)
    expect("are not there" not in complaint, complaint)
    lines = [json.loads(line) for line in told.splitlines()]
    equal([line["status"] for line in lines[:-1]], ["signed"] * 4 + ["no-receipt"] * 4, "lines")
    result, calls = receipts(rig, "lawful", "receipts-stopped", "--resume", count=4)
    equal((result.returncode, calls), (0, 4), result.stdout + result.stderr)
    equal(len(proofs(rig, "receipts-stopped")), 4, "receipts")


@claim
def what_is_no_receipt_of_the_letter_is_not_kept_as_one(rig):
    for mode, words in (("nonsense", "not a receipt"), ):
        result, _ = receipts(rig, mode, "receipts-" + mode, count=2)
        equal((result.returncode, proofs(rig, "receipts-" + mode)), (0, []), mode)
        contains(result.stdout, words)
    rig.make_home("knowing", "grpc")
    shutil.copy(rig.path("server", "log.vkey"), rig.path("knowing", "log.vkey"))
    result, _ = receipts(rig, "mixed-up", "receipts-mixed", count=2, home="knowing")
    equal((result.returncode, proofs(rig, "receipts-mixed")), (0, []), "mixed-up")
    contains(result.stdout, "the receipt of another job")
    result, _ = receipts(rig, "lawful", "receipts-known", count=2, home="knowing")
    equal(len(proofs(rig, "receipts-known")), 2, "receipts")


def main():
    try:
        import grpc  # noqa: F401  (the server needs it)
        import cryptography  # noqa: F401
    except ImportError:
        print("no Python with grpc and cryptography")
        return 77
    rig, failed = Rig(), 0
    try:
        for function in CLAIMS:
            try:
                function(rig)
            except (AssertionError, OSError, subprocess.TimeoutExpired, ValueError) as why:
                failed += 1
                print(f"FAIL  {function.__name__}: {why}")
    finally:
        rig.close()
    print(f"{len(CLAIMS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
