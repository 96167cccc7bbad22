"""Looks, when all tests have run, whether a secret that they used stands in a log line, a
ledger, a report or a test's own output: PINs that were made for a token, and private keys.

What the tests leave behind lies below $BUILD/system, what they said in $BUILD/logs. A file
that holds a secret by its purpose is where the secrets are taken from; logs, ledgers and
reports are searched.
"""
import os
import re
import subprocess
import tempfile

PIN_FILE = re.compile(r"(^|[-_.])(pin|so-pin)s?(\.txt)?$")
PRIVATE = re.compile(rb"-----BEGIN (?:\w+ )*PRIVATE KEY-----\s+([A-Za-z0-9+/=]{40,64})")
SHOWN = re.compile(r"\.(log|txt|json|jsonl|csv|db|db-wal|html|minutes|tlog-proof)$|^calls$")
SIZE_MAX = 64 << 20
# What is shorter, or made of few different characters, would be found by chance.
PIN_MIN, DIFFERENT_MIN = 12, 5


def files_below(since, *folders):
    for folder in folders:
        for place, names, files in os.walk(folder):
            names[:] = [n for n in names if n != "tokens"]
            for name in files:
                path = os.path.join(place, name)
                if os.path.islink(path) or not os.path.isfile(path):
                    continue
                found = os.stat(path)
                if found.st_mtime >= since and found.st_size <= SIZE_MAX:
                    yield path, name


def secrets_in(path, name):
    with open(path, "rb") as file:
        data = file.read()
    if PIN_FILE.search(name):
        return {word for word in data.split()
                if len(word) >= PIN_MIN and len(set(word)) >= DIFFERENT_MIN}
    return set(PRIVATE.findall(data))


def holders(secrets, paths):
    """The files in which one of the secrets stands."""
    with tempfile.NamedTemporaryFile() as patterns:
        patterns.write(b"\n".join(sorted(secrets)) + b"\n")
        patterns.flush()
        found = subprocess.run(
            ["xargs", "-0", "-r", "grep", "-laF", "-f", patterns.name, "--"],
            input=b"\0".join(os.fsencode(p) for p in paths), capture_output=True,
            check=False).stdout
    return found.decode(errors="replace").splitlines()


def sweep(build, since=0):
    """(number of secrets, number of files searched, names of those that hold one); of files
    that were written since then."""
    system, logs = os.path.join(build, "system"), os.path.join(build, "logs")
    secrets, shown = set(), []
    for path, name in files_below(since, system, logs):
        if SHOWN.search(name) and not PIN_FILE.search(name):
            shown.append(path)
        else:
            secrets |= secrets_in(path, name)
    return len(secrets), len(shown), holders(secrets, shown) if secrets else []
