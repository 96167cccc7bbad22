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

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
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


def checks_in(folder):
    pin = secrets.token_hex(12).encode()
    keys = {kind: openssl("genpkey", "-algorithm", *words) for kind, words in KINDS.items()}
    write(folder, "pin", pin + b"\n")
    write(folder, "wrong-pin", b"0000000000000000\n")
    write(folder, "tokens/a/token.object", b"sealed " + pin)
    for kind, pem in keys.items():
        write(folder, f"clients/{kind}/key.pem", pem)
    write(folder, "pki/root.key", keys["curve"])
    write(folder, "segeld.log", b"event 0000000000000000\n")
    # A PIN, of RSA d, p and q, a scalar, a seed; the log alone is searched.
    yield "a clean log is clean", sweep(folder) == (6, 1, [])
    said = [("a PIN", form, data) for form, data in forms_of_pin(pin)]
    said += [(f"a key, {kind},", form, data) for kind, pem in keys.items()
             for form, data in forms_of_key(pem)]
    for place, (what, form, data) in enumerate(said):
        path = write(folder, ("segeld.log", "no-suffix", "a.pdf")[place % 3], data)
        yield f"{what} {form} is found", sweep(folder)[2] == [path]
        os.unlink(path)


def main():
    with tempfile.TemporaryDirectory() as folder:
        checks = list(checks_in(folder))
    failed = [name for name, well in checks if not well]
    for name, well in checks:
        print(("ok    " if well else "FAIL  ") + name)
    print(f"{len(checks) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
