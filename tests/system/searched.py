#!/usr/bin/python3
"""The search for secrets that ends `make check` finds one where it must not stand, however it
is written, and does not mistake the files that it is taken from."""
import base64
import contextlib
import io
import os
import secrets
import shutil
import stat
import subprocess
import sys
import tempfile
import textwrap

import people
import rig
from office import used_key
from rig import claim, contains, equal, expect

sys.path.insert(1, os.path.join(rig.ROOT, "tests"))
from run import look_for_secrets  # noqa: E402
from sweep import lacking, sweep  # noqa: E402

KINDS = {"rsa": ("rsa", "-pkeyopt", "rsa_keygen_bits:2048"),
         "curve": ("ec", "-pkeyopt", "ec_paramgen_curve:P-256"), "edwards": ("ed25519",)}


def write(folder, name, data):
    path = os.path.join(folder, "system/one", name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)
    return path


def openssl(*words, **more):
    return subprocess.run(["openssl", *words], check=True, capture_output=True, **more).stdout


def forms_of_key(pem):
    """How a private key could stand in something else."""
    der = openssl("pkey", "-outform", "DER", input=pem)
    yield "as it is", pem
    yield "as DER", b"\0\1 " + der
    yield "in hexadecimal", der.hex().encode()
    yield "in capitals", der.hex().upper().encode()
    yield "as OpenSSL prints it", openssl("pkey", "-text", "-noout", input=pem)
    for shift in range(3):
        text = base64.b64encode(bytes(shift) + der).decode()
        yield f"in base64 at {shift}", f"why={text}".encode()
        yield f"in lines of base64 at {shift}", "\n".join(textwrap.wrap(text, 76)).encode()
    yield "in base64url", base64.urlsafe_b64encode(b"{" + der)


def forms_of_pin(pin):
    yield "as it is", b"\0\1binary " + pin + b"!"
    yield "in hexadecimal", pin.hex().encode()
    yield "in capitals", pin.hex().upper().encode()
    for shift in range(3):
        yield f"in base64 at {shift}", base64.b64encode(bytes(shift) + pin + b"\n")


class Left:
    """What tests leave behind: secrets where they belong, and one log."""

    def __init__(self, folder):
        self.folder, self.pin = folder, secrets.token_hex(12).encode()
        self.keys = {kind: openssl("genpkey", "-algorithm", *words)
                     for kind, words in KINDS.items()}
        write(folder, "pin", self.pin + b"\n")
        write(folder, "wrong-pin", b"0000000000000000\n")
        write(folder, "tokens/a/token.object", b"sealed " + self.pin)
        for kind, pem in self.keys.items():
            write(folder, f"clients/{kind}/key.pem", pem)
        write(folder, "pki/root.key", self.keys["curve"])
        write(folder, "segeld.log", b"event 0000000000000000\n")

    def must_be_found(self, said):
        for place, (what, data) in enumerate(said):
            path = write(self.folder, ("a.log", "no-suffix", "a.pdf")[place % 3], data)
            equal(sweep(self.folder).holders, [path], f"{what}: where it is found")
            os.unlink(path)


def judged(folder):
    """(passed, failed, what was said) of the search that ends `make check`."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        outcome = look_for_secrets(folder, 0)
    return outcome.passed, outcome.failed, said.getvalue()


@claim
def what_holds_secrets_by_its_purpose_is_no_find(left):
    # A PIN, of RSA d, p and q, a scalar, a seed; the log alone is searched.
    equal(sweep(left.folder), (1, 5, 1, []), "a clean log")
    equal(judged(left.folder)[:2], (1, 0))


@claim
def a_pin_is_found_in_every_form(left):
    left.must_be_found(forms_of_pin(left.pin))


@claim
def a_key_is_found_in_every_form(left):
    for kind, pem in left.keys.items():
        left.must_be_found((f"{kind} {form}", data) for form, data in forms_of_key(pem))


@claim
def what_a_test_used_and_no_file_holds_is_found_in_every_form(left):
    half, private = "a half of a PIN " + secrets.token_hex(4), secrets.token_bytes(32)
    rig.used(half)  # before there is a rig
    folder = os.path.join(left.folder, "system/one")
    rig.append_used(folder, rig.told)
    rig.folders.append(folder)
    try:
        rig.used(private)
        for short in ("12345678901", "two\nlines of text"):
            try:
                rig.used(short)
            except rig.Failed:
                continue
            raise rig.Failed(f"'{short}' is taken for a secret to look for")
    finally:
        rig.folders.remove(folder)
    path = os.path.join(folder, rig.USED)
    equal(stat.S_IMODE(os.stat(path).st_mode), 0o600)
    equal(sweep(left.folder), (2, 6, 1, []), "its own file is no find")
    left.must_be_found(forms_of_pin(half.encode()))
    left.must_be_found((("as bytes", private), ("in hexadecimal", private.hex().encode()),
                        ("in base64", base64.b64encode(b"\1" + private))))
    os.unlink(path)


@claim
def a_pin_that_is_being_changed_is_looked_for(left):
    for end in (".new", ".try"):
        pin = secrets.token_hex(10).encode()
        path = write(left.folder, "pin" + end, pin + b"\n")
        equal(sweep(left.folder), (2, 5, 1, []))
        left.must_be_found(forms_of_pin(pin))
        os.unlink(path)


@claim
def a_passphrase_beside_its_key_is_looked_for(left):
    passphrase = secrets.token_hex(16).encode()
    path = write(left.folder, "clients/one/passphrase", passphrase + b"\n")
    equal(sweep(left.folder), (2, 5, 1, []))
    left.must_be_found(forms_of_pin(passphrase))
    os.unlink(path)


@claim
def a_search_with_nothing_to_look_for_or_in_has_failed(left):
    for what, gone in (("no PIN", ("pin",)),
                       ("no number of a private key", ("clients", "pki")),
                       ("no file to search", ("segeld.log",))):
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(left.folder, folder, dirs_exist_ok=True)
            for name in gone:
                path = os.path.join(folder, "system/one", name)
                (shutil.rmtree if os.path.isdir(path) else os.unlink)(path)
            equal(len(lacking(sweep(folder))), 1, what)
            passed, failed, said = judged(folder)
            equal((passed, failed), (0, 1), what)
            contains(said, "a token was made, but there is " + what)
            shutil.rmtree(os.path.join(folder, "system/one/tokens"))
            equal(judged(folder)[:2], (0, 0), "without a token there is nothing to prove")


@claim
def a_search_that_is_named_folders_says_what_it_lacks(left):
    program = [sys.executable, "-B", os.path.join(rig.ROOT, "tests/sweep.py")]
    place = os.path.join(left.folder, "system")
    result = subprocess.run([*program, place], capture_output=True, text=True, check=False)
    equal((result.returncode, result.stdout),
          (0, "1 PINs, 5 private numbers, 1 files searched\n"), result.stderr)
    with tempfile.TemporaryDirectory() as empty:
        result = subprocess.run([*program, empty], capture_output=True, text=True, check=False)
    equal(result.returncode, 1, result.stderr)
    contains(result.stdout, "there is no PIN", "no number of a private key", "no file to search")


@claim
def a_rig_tells_of_its_pin_before_another_takes_its_place(_):
    made = rig.Rig("searched")
    pin = made.read("pin").strip()
    made.write("pin", "another-" + secrets.token_hex(8) + "\n")
    contains(made.read(rig.USED), f"pin {pin}\n")
    before = sweep(None, 0, [made.dir])
    expect(before.pins >= 3 and not before.holders, f"{before}")
    path = made.write("letter.txt", f"it was {pin}\n")
    equal(sweep(None, 0, [made.dir]).holders, [path])
    os.unlink(path)  # the search behind all tests would find it


@claim
def keys_of_officers_are_told_of_though_no_file_holds_them(left):
    key, passphrase = people.Key("officer-1.example.go.id"), secrets.token_hex(10)
    sealed = openssl("pkcs8", "-topk8", "-passout", f"pass:{passphrase}",
                     input=left.keys["edwards"])
    used_key(write(left.folder, "officer.pem", sealed), passphrase)
    seed = openssl("pkey", "-outform", "DER", input=left.keys["edwards"])[-32:]
    equal(rig.told[-2:], [f"pin {passphrase}\n", f"key {seed.hex()}\n"], "of a file")
    told = bytes.fromhex(rig.told[-3].split()[1])
    restored = people.Ed25519PrivateKey.from_private_bytes(told)
    equal(restored.sign(b"text"), key.private.sign(b"text"), "of none")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place_of_all:
        raise SystemExit(rig.run(Left(place_of_all)))
