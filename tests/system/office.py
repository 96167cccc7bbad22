"""Officers whose keys `segel` has made, and what they do on a terminal. Not a test itself."""
import os
import secrets
import subprocess

import rig
from cryptography.hazmat.primitives.serialization import (Encoding, NoEncryption, PrivateFormat,
                                                          load_pem_private_key)
from people import OFFICERS, People
from rig import contains, equal, expect


def home(people, name):
    return people.rig.path("clients", name)


def make_key(people, name, passphrase):
    """By a descriptor; the line for the quorum file."""
    path = os.path.join(home(people, name), "officer.pem")
    if os.path.exists(path):
        os.unlink(path)
    result = with_passphrase(people, passphrase, name, "officer", "key", "--person", name,
                             "--name", f"{name}.example.go.id", "--out", path)
    equal(result.returncode, 0, result.stderr)
    used_key(path, passphrase)
    return result.stdout


def used_key(path, passphrase):
    """An encrypted key that `segel` has made: nothing but this file may hold it, in any form."""
    with open(path, "rb") as file:
        key = load_pem_private_key(file.read(), passphrase.encode())
    rig.used(passphrase, key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()))


def with_passphrase(people, passphrase, name, *arguments):
    reader, writer = os.pipe()
    os.write(writer, passphrase.encode() + b"\n")
    os.close(writer)
    try:
        return subprocess.run(
            [os.path.join(rig.BIN, "segel"), "--home", home(people, name), *arguments,
             "--passphrase-fd", str(reader)], pass_fds=[reader], capture_output=True,
            text=True, check=False, timeout=60, stdin=subprocess.DEVNULL)
    finally:
        os.close(reader)


class Office(People):
    """People whose keys `segel` has made."""

    def __init__(self, the_rig):
        super().__init__(the_rig)
        self.passphrases = {name: secrets.token_hex(10) for name in OFFICERS}
        lines = [make_key(self, name, self.passphrases[name]) for name in OFFICERS]
        text = "".join(lines) + "".join(
            line + "\n" for line in self.quorum_text().splitlines()
            if not line.startswith("officer "))
        self.quorum(text)
