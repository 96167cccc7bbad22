"""Looks, when all tests have run, whether a secret that they used stands in anything that they
left behind: PINs that were made for a token, the private numbers of every key file, and what a
test used that no file holds any more, or ever held (`used` of tests/system/rig.py).

What the tests leave behind lies below $BUILD/system, what they said in $BUILD/logs. Every file
is searched, whatever its name, but the PIN and key files themselves and token storage. A PIN or
passphrase is looked for as it is, in hexadecimal and in base64; a private number (of RSA d, p and
q, of a curve the scalar or seed) as bytes, as they also stand in DER, in hexadecimal, with colons
too, and in base64 at each of its three alignments, broken into lines or not.

    sweep.py FOLDER…    searches these instead, and ends with 0 or 1
"""
import base64
import collections
import glob
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SEEK = os.path.join(os.environ.get("BUILD", os.path.join(ROOT, "build")), "tests/fixtures/seek")
# .new and .try: of a PIN that is being changed, hsm/token/pin_file.h
PIN_FILE = re.compile(r"(^|[-_.])(pin|so-pin|passphrase)s?(\.txt|\.new|\.try)?$")
USED_FILE = "used.pin"  # lines "pin TEXT" and "key HEX"
KEY_FILE = re.compile(r"\.key$|(^|[-_.])key\.pem$")
# What may hold a secret by its purpose: token storage, in which keys lie under the PIN, and the
# files that are the secret.
EXCEPTED_FOLDER = re.compile(r"/tokens(-[\w-]+)?(/|$)")
PRIVATE = re.compile(rb"-----BEGIN (?:RSA |EC )?PRIVATE KEY-----\s+([A-Za-z0-9+/=\s]+)-----END")
# What is shorter, or made of few different characters, would be found by chance.
PIN_MIN, DIFFERENT_MIN, NUMBER_MIN = 12, 5, 28
PIECE, COLON_PIECE = 12, 7
RSA_D, RSA_Q = 3, 5  # places in RSAPrivateKey, RFC 8017 A.1.2
INTEGER, OCTETS, SEQUENCE = 0x02, 0x04, 0x30


# --- Private numbers ------------------------------------------------------------------------

def elements(der):
    """(tag, content) of what stands one behind the other; DER as these files have it."""
    at = 0
    while at + 2 <= len(der):
        tag, size, at = der[at], der[at + 1], at + 2
        if size >= 0x80:
            count = size & 0x7f
            size, at = int.from_bytes(der[at:at + count], "big"), at + count
        yield tag, der[at:at + size]
        at += size


def numbers_in(der):
    """Private numbers of a PrivateKeyInfo (RFC 5958), RSAPrivateKey or ECPrivateKey."""
    parts = [list(elements(content)) for tag, content in elements(der) if tag == SEQUENCE]
    parts = parts[0] if parts else []
    integers = [content.lstrip(b"\0") for tag, content in parts if tag == INTEGER]
    if len(integers) > RSA_Q:
        return integers[RSA_D:RSA_Q + 1]
    inner = [content for tag, content in parts if tag == OCTETS][:1]
    if not inner:
        return []
    if inner[0][:1] == bytes([SEQUENCE]):
        return numbers_in(inner[0])
    # Of Ed25519 the seed stands in an OCTET STRING of its own.
    return [content for tag, content in elements(inner[0]) if tag == OCTETS] \
        if inner[0][:1] == bytes([OCTETS]) and len(inner[0]) == inner[0][1] + 2 else inner


def private_numbers(path):
    with open(path, "rb") as file:
        keys = PRIVATE.findall(file.read())
    return {number for key in keys for number in numbers_in(base64.b64decode(key))
            if len(number) >= NUMBER_MIN}


# --- How they would look --------------------------------------------------------------------

def in_base64(data):
    """What is the same in base64 wherever the bytes stand, in both alphabets."""
    for shift in range(3):
        text = base64.b64encode(bytes(shift) + data)
        first, last = -(-shift * 8 // 6), (shift + len(data)) * 8 // 6
        yield text[first:last]
        yield text[first:last].translate(bytes.maketrans(b"+/", b"-_"))


def in_hex(data):
    yield data.hex().encode()
    yield data.hex().upper().encode()


def pieces(number, size, count):
    """Parts of it, one behind the other: a line's end breaks one of them at most, or two of
    three short ones."""
    for at in range(0, min(len(number) - size + 1, count * size), size):
        yield number[at:at + size]


def looks_of_number(number):
    for piece in pieces(number, PIECE, 2):
        yield piece
        yield from in_hex(piece)
        yield from in_base64(piece)
    for piece in pieces(number, COLON_PIECE, 3):
        yield piece.hex(":").encode()
        yield piece.hex(":").upper().encode()


def looks_of_pin(pin):
    yield pin
    yield from in_hex(pin)
    yield from in_base64(pin)


# --- The search -----------------------------------------------------------------------------

def files_below(since, folders):
    for folder in folders:
        for place, _, files in os.walk(folder):
            for name in files:
                path = os.path.join(place, name)
                if os.path.islink(path) or not os.path.isfile(path):
                    continue
                found = os.stat(path)
                # A file of holes is larger than what is in it.
                if found.st_mtime >= since and found.st_size <= 2 * 512 * found.st_blocks + 4096:
                    yield path


def pins_in(path):
    with open(path, "rb") as file:
        return {word for word in file.read().split()
                if len(word) >= PIN_MIN and len(set(word)) >= DIFFERENT_MIN}


def used_in(path):
    """(PINs and passphrases, private numbers) of which a test has told."""
    with open(path, "rb") as file:
        rows = [line.split(b" ", 1) for line in file.read().splitlines()]
    return ({secret for kind, secret in rows if kind == b"pin"},
            {bytes.fromhex(secret.decode()) for kind, secret in rows if kind == b"key"})


def holders(patterns, paths):
    """The files in which one of the patterns stands."""
    with tempfile.NamedTemporaryFile("w", encoding="ascii") as file:
        file.writelines(pattern.hex() + "\n" for pattern in sorted(patterns))
        file.flush()
        found = subprocess.run([SEEK, file.name], input=b"\0".join(map(os.fsencode, paths)),
                               capture_output=True, check=True).stdout
    return found.decode(errors="replace").splitlines()


Found = collections.namedtuple("Found", "pins numbers files holders")


def lacking(found):
    """What there was none of, in words: without one of these a search proves nothing."""
    counts = (("PIN", found.pins), ("number of a private key", found.numbers),
              ("file to search", found.files))
    return [what for what, count in counts if count == 0]


def token_made(build, since):
    """Some test had a token, and with it a PIN and keys."""
    return any(os.path.getmtime(path) >= since
               for path in glob.glob(os.path.join(build, "system/**/tokens"), recursive=True))


def sweep(build, since=0, folders=None):
    """How many PINs, private numbers and files, and the names of those files that hold one; of
    files that were written since then."""
    folders = folders or [os.path.join(build, name) for name in ("system", "logs")]
    pins, numbers, searched = set(), set(), []
    for path in files_below(since, folders):
        name = os.path.basename(path)
        if name == USED_FILE:
            told = used_in(path)
            pins, numbers = pins | told[0], numbers | told[1]
        elif PIN_FILE.search(name):
            pins |= pins_in(path)
        elif KEY_FILE.search(name):
            numbers |= private_numbers(path)
        elif not EXCEPTED_FOLDER.search(os.path.dirname(path)):
            searched.append(path)
    patterns = {look for number in numbers for look in looks_of_number(number)}
    patterns |= {look for pin in pins for look in looks_of_pin(pin)}
    return Found(len(pins), len(numbers), len(searched),
                 holders(patterns, searched) if patterns else [])


def main():
    found = sweep(None, 0, sys.argv[1:])
    print(f"{found.pins} PINs, {found.numbers} private numbers, {found.files} files searched")
    for what in lacking(found):
        print(f"there is no {what}")
    for path in found.holders:
        print(f"{path} holds one of them")
    return 1 if found.holders or lacking(found) else 0


if __name__ == "__main__":
    sys.exit(main())
