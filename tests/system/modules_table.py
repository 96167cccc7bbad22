"""modules_table.py FILE: writes what tests/system/modules.py saw on each module into the
tables of docs/MODULES.md, between two comments. The row of a module that was not run this
time stays as it is."""
import glob
import json
import os
import re
import sys

BUILD = os.environ.get("BUILD", "build")
BEGIN = "<!-- seen: written by `make modules` -->"
END = "<!-- end of seen -->"
ORDER = ["softhsm", "p11-kit", "nss", "opencryptoki", "tpm2"]
HASHES = ["sha256", "sha384", "sha512"]


def package(seen):
    token = seen["token"]
    return [seen["package"], token["library"],
            f"{token['manufacturer']}, {' '.join(token['model'].split())}",
            token["firmware"], "hardware" if token["hardware"] else "software",
            seen["date"]]


def made(seen):
    left_out = sorted({word for omitted in seen["made"].values() for word in omitted.split()})
    return [", ".join(sorted(seen["made"])),
            ", ".join(sorted(seen.get("refused", {}))) or "–",
            ", ".join(f"`{word}`" for word in left_out) or "nothing"]


def signs(seen):
    """Schemes and types; the hashes only where one is missing."""
    found = {}
    for scheme, kind, name in seen["signed"]:
        found.setdefault((scheme, kind), []).append(name)
    words = []
    for (scheme, kind), names in found.items():
        some = "" if names == HASHES else f" ({', '.join(names)})"
        words.append(f"{scheme} with {kind}{some}")
    return "; ".join(words)


def told(seen):
    attributes = seen["attributes"]
    kept = attributes["always_sensitive"] and attributes["never_extractable"]
    return ["yes" if kept else "no"] + [
        {True: "yes", False: "no", None: "not told"}[attributes.get(name)]
        for name in ("local", "copyable", "destroyable")]


def pulled(seen):
    if "pulled" not in seen:
        return "no process that could be taken away"
    return (f"UNAVAILABLE after {seen['pulled']['told_s']:.2f} s; signs again "
            f"{seen['pulled']['back_s']:.2f} s after its return")


def rate(seen, name):
    found = seen.get("rates", {}).get(name)
    return "–" if found is None else f"{found['per_second']:,.0f}"


TABLES = [
    ("module", ["package", "module says it is", "token says it is", "firmware",
                "slot says it is", "run on"], package),
    ("module", ["keys made on the token", "not made", "left out of the template"], made),
    ("module", ["signed with SHA-256, 384 and 512; OpenSSL verified each"],
     lambda seen: [signs(seen)]),
    ("module", ["always sensitive, never extractable", "`local`", "`copyable`",
                "`destroyable`"], told),
    ("module", ["when the token is taken away", "RSA-2048 /s", "P-256 /s"],
     lambda seen: [pulled(seen), rate(seen, "seal-rsa"), rate(seen, "seal-p256")]),
]


def line(cells):
    return "| " + " | ".join(cells) + " |"


def old_rows(text):
    """{(number of the table, module): its line}"""
    rows, number = {}, -1
    for each in text.splitlines():
        number += each.startswith("| module |")
        match = re.match(r"\| `([a-z0-9-]+)` \|", each)
        if match:
            rows[number, match.group(1)] = each
    return rows


def render(old, seen):
    out = []
    for number, (first, heads, cells) in enumerate(TABLES):
        out += [line([first] + heads), line(["---"] * (len(heads) + 1))]
        for name in ORDER:
            if name in seen:
                out.append(line([f"`{name}`"] + cells(seen[name])))
            elif (number, name) in old:
                out.append(old[number, name])
        out.append("")
    return "\n".join(out)


def main():
    path = sys.argv[1]
    seen = {}
    for each in glob.glob(os.path.join(BUILD, "modules", "*.json")):
        with open(each, encoding="utf-8") as file:
            facts = json.load(file)
        if "signed" in facts and "rates" in facts:
            seen[facts["module"]] = facts
    with open(path, encoding="utf-8") as file:
        before, block, after = re.split(f"{re.escape(BEGIN)}|{re.escape(END)}", file.read())
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"{before}{BEGIN}\n\n{render(old_rows(block), seen)}\n{END}{after}")
    print(f"{path}: rows of {', '.join(n for n in ORDER if n in seen) or 'no module'}")


main()
