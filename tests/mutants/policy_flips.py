#!/usr/bin/python3
"""policy_flips.py [FILE]: flips every operator, bound, flag, level and mode of a policy file, one at
a time; each such file must be refused, by one of its own tests or by the loader. Prints
killed/all and every survivor. BUILD names the folder with bin/segel.

What no decision shows is left out: hard and soft refuse alike as long as no exception
lives; the stored dump (tests/unit/policy/sample.c) holds these."""
import os
import re
import subprocess
import sys
import tempfile

FLIPS = {"ge": ["le"], "le": ["ge"], "in": ["not_in"], "not_in": ["in"]}
OPERATOR = re.compile(r"\b(ge|le|in|not_in): (?=[\[\w-])")
BETWEEN = re.compile(r"between: \[([^,\]]+), ([^\]]+)\]")
BOUND = re.compile(r"\b(ge|le): (-?\d+)")
FLAG = re.compile(r": (true|false)\b")
EQUAL = re.compile(r"([a-z]+\.[a-z_0-9]+: )(\"[^\"]*\"|[A-Za-z][\w-]*)(?=[,}\n]| +#)")
PATTERN = re.compile(r'matches: "([^"]+)"')
SUBSET = re.compile(r"subset: (\w+|\[[^\]]*\])")


def put(line, start, end, word):
    return line[:start] + word + line[end:]


def between_mutants(line):
    for found in BETWEEN.finditer(line):
        low, high = found.group(1), found.group(2)
        if re.fullmatch(r"-?\d+", low):
            pairs = [(int(low) + d, int(high) + e) for d, e in
                     ((-1, 0), (1, 0), (0, -1), (0, 1))]
            for pair in pairs:
                yield put(line, *found.span(), f"between: [{pair[0]}, {pair[1]}]")
        else:
            yield put(line, *found.span(), f"le: {high}")
            yield put(line, *found.span(), f"ge: {low}")


def line_mutants(line):
    for found in OPERATOR.finditer(line):
        for other in FLIPS[found.group(1)]:
            yield put(line, *found.span(1), other)
    for found in BOUND.finditer(line):
        for step in (-1, 1):
            yield put(line, *found.span(2), str(int(found.group(2)) + step))
    for found in FLAG.finditer(line):
        yield put(line, *found.span(1), "false" if found.group(1) == "true" else "true")
    for found in EQUAL.finditer(line):
        if found.group(2) not in ("true", "false"):
            yield put(line, *found.span(2), f"{{ne: {found.group(2)}}}")
    for found in PATTERN.finditer(line):
        yield put(line, *found.span(1), ".*")
    for found in SUBSET.finditer(line):
        yield put(line, *found.span(), "exists: true")
    yield from between_mutants(line)


def word_mutants(line, next_line):
    """Level and mode."""
    level = re.match(r"( +)level: (\w+)$", line)
    mode = re.match(r"( +)mode: (\w+)$", line)
    if level:
        yield f"{level.group(1)}level: advisory"
        if not re.match(r" +mode:", next_line):
            for word in ("shadow", "off"):
                yield f"{line}\n{level.group(1)}mode: {word}"
    elif mode:
        for word in ("enforce", "shadow", "off", "pending"):
            if word != mode.group(2):
                yield f"{mode.group(1)}mode: {word}"


def mutants(text):
    """(line number, what the line becomes, whole text)."""
    lines = text.split("\n")
    first, last = lines.index("rules:"), lines.index("bases:")
    for number in range(first + 1, last):
        line = lines[number]
        if line.lstrip().startswith(("#", "- id:", "id:", "en:", "cp:", "deny:", "message:")):
            continue
        body = line.split("   #")[0]
        made = list(word_mutants(line, lines[number + 1]))
        made += list(line_mutants(body + "\n")) if not made and body.strip() else []
        for new in made:
            new = new.rstrip("\n")
            yield number + 1, new.strip(), "\n".join(
                lines[:number] + [new] + lines[number + 1:])


def refused(segel, folder, text):
    path = os.path.join(folder, "policy.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    done = subprocess.run([segel, "policy", "test", path], capture_output=True, timeout=60,
                          check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(f"segel policy test ended with {done.returncode}: {done.stderr}")
    return done.returncode == 1


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else "deploy/policies/bsre-seal.yaml"
    segel = os.path.join(os.environ.get("BUILD", "build"), "bin", "segel")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    killed = total = 0
    with tempfile.TemporaryDirectory() as folder:
        if refused(segel, folder, text):
            raise SystemExit(f"{path} fails as it is: segel policy test says why")
        for number, line, changed in mutants(text):
            total += 1
            if refused(segel, folder, changed):
                killed += 1
            else:
                print(f"survives: {path}:{number}: {line}")
    print(f"policy mutants: {killed}/{total} killed")
    return 0 if killed == total and total > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
