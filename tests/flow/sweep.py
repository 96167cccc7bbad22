#!/usr/bin/python3
"""The search for secrets that ends `make check` finds one where it must not stand, and does
not mistake the files that it is taken from."""
import os
import secrets
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from sweep import sweep  # noqa: E402


def write(folder, name, text):
    path = os.path.join(folder, "system/one", name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    return path


def main():
    checks = []
    with tempfile.TemporaryDirectory() as folder:
        pin = secrets.token_hex(12)
        key = subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519"], check=True,
                             capture_output=True, text=True).stdout
        write(folder, "pin", pin + "\n")
        write(folder, "wrong-pin", "0000000000000000\n")
        write(folder, "clients/a/key.pem", key)
        log = write(folder, "segeld.log", "event 0000000000000000\n")
        checks.append(("a clean log is clean", sweep(folder) == (2, 1, [])))
        for what, secret in (("a PIN", pin), ("a private key", key.splitlines()[1])):
            write(folder, "segeld.log", f"event why={secret}!\n")
            checks.append((f"{what} in a log is found", sweep(folder)[2] == [log]))
        write(folder, "segeld.log", "\0\1binary " + pin)
        checks.append(("binary files are searched, too", sweep(folder)[2] == [log]))
    failed = [name for name, well in checks if not well]
    for name, well in checks:
        print(("ok    " if well else "FAIL  ") + name)
    print(f"{len(checks) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
