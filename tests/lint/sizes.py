"""sizes.py [ROOT]: no function over 60 lines, no .c over 400, no .h over 150, no line over
90 columns. Tables (.def) may be wider: a fact stands in one row."""
import re
import sys

import source

# What is installed is one file, with the comments that its users have no other place for.
PUBLIC = {"client/segel/segel.h": 400}
FUNCTION_LINES, C_LINES, H_LINES, COLUMNS = 60, 400, 150, 90


def functions(lines):
    """(first line, number of lines) of each body that opens and closes in column 0."""
    start = None
    for number, line in enumerate(lines, 1):
        if line.startswith("{"):
            start = number
        elif line.startswith("}") and start is not None:
            yield start, number - start + 1
            start = None


def check(path, text):
    lines = text.splitlines()
    limit = PUBLIC.get(path, C_LINES if path.endswith(".c") else H_LINES)
    if len(lines) > limit:
        yield path, len(lines), f"{len(lines)} lines; at most {limit}: one noun a file"
    for number, line in enumerate(lines, 1):
        if len(line) > COLUMNS:
            yield path, number, f"{len(line)} columns; at most {COLUMNS}"
        if re.search(r"[ \t]$", line):
            yield path, number, "blanks at the end of the line"
    for start, size in functions(source.blank(text).splitlines()):
        if size > FUNCTION_LINES:
            yield path, start, f"function of {size} lines; at most {FUNCTION_LINES}"


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else "."
    findings = []
    for path in source.files(root, (".c", ".h")):
        findings += check(path, source.read(root, path))
    source.report(findings)


main()
