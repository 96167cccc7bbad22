"""Damaged copies of a folder's PDFs, the same ones from the same seed: bytes, words of the
format, pieces moved, lengths and offsets that lie, ends cut off, revisions joined."""
import os
import random
import re

LARGEST = 1 << 20  # of a file that is taken
WORDS = [b"0 R", b"<<", b">>", b"[", b"]", b"obj", b"endobj", b"stream", b"endstream", b"(", b")",
         b"%", b"null", b"true", b"-1", b"0", b"99", b"4294967296", b"9999999999999999999999",
         b"/Type", b"/Kids", b"/Parent", b"/Pages", b"/Page", b"/Annots", b"/AcroForm", b"/Fields",
         b"/V", b"/FT", b"/Sig", b"/T", b"/Prev", b"/Size", b"/Root", b"/W", b"/Index",
         b"/XRefStm", b"/Length", b"/Filter", b"/ID", b"/Rotate", b"/MediaBox", b"startxref",
         b"xref", b"trailer", b"%%EOF", b"\0", b"\n"]


def set_bytes(dice, data):
    for _ in range(dice.randint(1, 4)):
        data[dice.randrange(len(data))] = dice.randrange(256)


def overwrite(dice, data):
    word = dice.choice(WORDS)
    at = dice.randrange(len(data))
    data[at:at + len(word)] = word


def insert(dice, data):
    at = dice.randrange(len(data))
    data[at:at] = dice.choice(WORDS)


def move(dice, data):
    """One piece over another of the same length."""
    size = dice.randint(1, min(200, len(data)))
    source, to = (dice.randrange(len(data) - size + 1) for _ in range(2))
    data[to:to + size] = data[source:source + size]


def change_number(dice, data):
    """A number of the structure, near the end more often than elsewhere."""
    numbers = list(re.finditer(rb"\d+", data[-4000:] if dice.random() < 0.5 else data[:20000]))
    if not numbers:
        return
    found = dice.choice(numbers)
    start = found.start() + (max(0, len(data) - 4000) if found.string[:20] != data[:20] else 0)
    size = len(found.group())
    value = str(dice.choice([0, 1, dice.randrange(10 ** size), int(found.group()) + 1]))
    data[start:start + size] = value.zfill(size)[-size:].encode()


def rename(dice, data):
    """A key becomes another, of the same length: offsets stay true."""
    names = list(re.finditer(rb"/[A-Z][A-Za-z]*", data))
    if names:
        found = dice.choice(names)
        fit = [n.group() for n in names if len(n.group()) == len(found.group())]
        data[found.start():found.end()] = dice.choice(fit)


def cut(dice, data):
    del data[dice.randrange(len(data) // 2, len(data)):]


def repeat_end(_, data):
    data += data[max(0, len(data) - 600):]


KINDS = [set_bytes] * 6 + [overwrite] * 6 + [change_number] * 6 + [rename] * 6 + [move] * 3 + [
    insert, cut, repeat_end]


def mutant(dice, original):
    data = bytearray(original)
    for _ in range(dice.randint(1, 3)):
        if data:
            dice.choice(KINDS)(dice, data)
    return bytes(data)


def write(folder, names, count, target, seed):
    """Writes count mutants of the files below folder into target; their names say of what."""
    dice = random.Random(seed)
    fit = [n for n in names if 0 < os.path.getsize(os.path.join(folder, n)) <= LARGEST]
    os.makedirs(target, exist_ok=True)
    for number in range(count):
        name = dice.choice(fit)
        with open(os.path.join(folder, name), "rb") as file:
            data = mutant(dice, file.read())
        with open(os.path.join(target, f"{number:05}-{name.replace('/', '-')}"), "wb") as out:
            out.write(data)
