#!/usr/bin/python3
"""The search for secrets that ends `make check` finds one where it must not stand, however it
is written, and does not mistake the files that it is taken from."""
import base64
import os
import secrets
import subprocess
import sys
import tempfile
import textwrap

import rig
from rig import claim, equal

sys.path.insert(1, os.path.join(rig.ROOT, "tests"))
from sweep import sweep  # noqa: E402

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
            equal(sweep(self.folder)[2], [path], f"{what}: where it is found")
            os.unlink(path)


@claim
def what_holds_secrets_by_its_purpose_is_no_find(left):
    # A PIN, of RSA d, p and q, a scalar, a seed; the log alone is searched.
    equal(sweep(left.folder), (6, 1, []), "a clean log")


@claim
def a_pin_is_found_in_every_form(left):
    left.must_be_found(forms_of_pin(left.pin))


@claim
def a_key_is_found_in_every_form(left):
    for kind, pem in left.keys.items():
        left.must_be_found((f"{kind} {form}", data) for form, data in forms_of_key(pem))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place_of_all:
        raise SystemExit(rig.run(Left(place_of_all)))
