"""What the lint rules share: reading C source without its comments and strings."""
import os
import re
import sys

TOKEN = re.compile(r"""
    (?P<line>//[^\n]*) | (?P<block>/\*.*?\*/) |
    (?P<string>"(?:\\.|[^"\\\n])*") | (?P<char>'(?:\\.|[^'\\\n])+')""", re.X | re.S)
FOLDERS = ("proto", "gateway", "hsm", "client", "tests")


def blank(text, keep=()):
    """The same text, same lines, with comments and the insides of literals as blanks."""
    def hide(match):
        if match.lastgroup in keep:
            return match.group(0)
        whole = match.group(0)
        if match.lastgroup in ("string", "char"):
            return whole[0] + " " * (len(whole) - 2) + whole[-1]
        return re.sub(r"[^\n]", " ", whole)
    return TOKEN.sub(hide, text)


def files(root, suffixes, folders=FOLDERS):
    """Paths below root, in order, relative to it."""
    found = []
    for folder in folders:
        for where, _, names in os.walk(os.path.join(root, folder)):
            found += [os.path.relpath(os.path.join(where, n), root)
                      for n in names if n.endswith(suffixes)]
    return sorted(found)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()


def report(findings):
    """Prints "PATH:LINE: sentence" each and ends the program."""
    for path, line, sentence in findings:
        print(f"{path}:{line}: {sentence}")
    sys.exit(1 if findings else 0)
