"""secrets.py [ROOT]: no private key, no password of a service and no path of one person's
machine stands in a file of the repository."""
import os
import re
import subprocess
import sys

import source

PATTERNS = [
    (r"-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/]{16}",
     "a private key: make test keys when the test runs"),
    (r"\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b|\bxox[abps]-[0-9A-Za-z-]{10,}",
     "an access token of a service"),
    (r"(?<![\w/.])/(home|Users)/[A-Za-z0-9_-]+/|(?<![\w/.])/roo[t]/",
     "a path of one machine: write it relative to the repository"),
]
BINARY = (".png", ".pdf", ".der", ".gz", ".zip")
ANY_BYTES = "tests/fuzz/corpus/"  # looked through all the same, byte by byte


def tracked(root):
    """Files that git knows; outside of a repository all files."""
    git = subprocess.run(["git", "-C", root, "ls-files", "-z", "--cached"],
                         capture_output=True, check=False)
    top = subprocess.run(["git", "-C", root, "rev-parse", "--show-prefix"],
                         capture_output=True, check=False)
    if git.returncode == 0 and top.stdout.strip() == b"":
        return [n for n in git.stdout.decode().split("\0") if n]
    return [os.path.relpath(os.path.join(where, n), root)
            for where, _, names in os.walk(root) for n in names]


def machine_paths(root):
    """Where this checkout and its owner live, as far as that is more than '/'."""
    top = os.path.dirname(os.path.realpath(root))
    return [re.escape(p) + "/" for p in {top, os.environ.get("HOME", "/")}
            if p.count("/") >= 1 and len(p) > 4 and not p.startswith("/tmp")]


def read(root, path):
    if not path.startswith(ANY_BYTES):
        return source.read(root, path)
    with open(os.path.join(root, path), encoding="latin-1", newline="") as file:
        return file.read()


def check(root, path):
    if path.endswith(BINARY) or not os.path.isfile(os.path.join(root, path)):
        return
    try:
        text = read(root, path)
    except UnicodeDecodeError:
        yield path, 1, "neither UTF-8 text nor a known kind of binary file"
        return
    rules = PATTERNS + [(p, "a path of this machine") for p in machine_paths(root)]
    for pattern, why in rules:
        for match in re.finditer(pattern, text):
            yield path, text.count("\n", 0, match.start()) + 1, why


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else "."
    findings = []
    for path in tracked(root):
        findings += check(root, path)
    source.report(findings)


main()
