"""bans.py [ROOT]: calls and constructs that the project does without, each with a reason."""
import re
import sys

import source

CALLS = {
    "strcpy strcat stpcpy": "it cannot see the end of its buffer; use the text builder of proto/text.h",
    "sprintf vsprintf": "it cannot see the end of its buffer; use snprintf or proto/text.h",
    "strtok strtok_r": "it changes its input; cut slices instead",
    "atoi atol atoll atof": "it cannot tell 0 from nonsense; use a strict conversion",
    "gets": "it cannot be used safely",
    "alloca": "a peer could choose how deep the stack grows; use an arena",
    "system popen": "no shell is started; use posix_spawn with fixed arguments",
    "rand srand random": "it can be guessed; use RAND_bytes",
    "localtime gmtime ctime asctime": "it shares a hidden buffer between threads; use the _r form",
}
PATTERNS = [
    (r"\bgoto\b", "no goto: AUTO releases at the end of the scope"),
    (r"\breturn\s+-\s*1\s*;", "no 'return -1': return an enum sg_status"),
    (r"\bmemcmp\s*\([^;]*\b\w*(pin|secret|passw|mac|token_key)\w*\b",
     "its time tells how much matched; use CRYPTO_memcmp"),
    (r"^\s*typedef\s+(struct|enum|union)\b[^;(]*[{;]", "no typedef of a struct, enum or union"),
]
PYTHON = re.compile(r"\b(pty\.fork|os\.forkpty|preexec_fn)\b")


def rules():
    for names, why in CALLS.items():
        for name in names.split():
            yield re.compile(rf"(?<![\w.>]){name}\s*\("), f"{name}: {why}"
    for pattern, why in PATTERNS:
        yield re.compile(pattern, re.M), why


def line_comments(text):
    return [m.start() for m in source.TOKEN.finditer(text) if m.lastgroup == "line"]


def check(path, text):
    findings = [(at, "no // comments: write /* … */") for at in line_comments(text)]
    code = source.blank(text)
    for pattern, why in rules():
        findings += [(m.start(), why) for m in pattern.finditer(code)]
    return [(path, text.count("\n", 0, at) + 1, why) for at, why in sorted(findings)]


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else "."
    findings = []
    for path in source.files(root, (".c", ".h", ".def")):
        findings += check(path, source.read(root, path))
    # gRPC's library waits in a fork for its threads, and those may wait for Python's lock.
    for path in source.files(root, (".py",), ("tests/system",)):
        text = source.read(root, path)
        findings += [(path, text.count("\n", 0, m.start()) + 1,
                      f"{m[1]}: it may wait for ever beside gRPC; see tests/system/terminal.py")
                     for m in PYTHON.finditer(text)]
    source.report(findings)


main()
