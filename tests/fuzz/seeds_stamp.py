"""Seeds for what a stamp is made of: templates, logos of every kind, a font of four glyphs."""
import glob
import os
import struct
import zlib

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
IMAGE, FONT = b"\0", b"\1"
HEAD = "stamp X\nsize 200 60\npage last\nat 9 9\n"
BOX = "box statement\nat 0 0\nsize 150 60\nfont 7\n"


def templates():
    for path in sorted(glob.glob(os.path.join(ROOT, "deploy/stamps/*.stamp"))):
        with open(path, "rb") as file:
            yield os.path.basename(path), file.read()
    for name, text in (
            ("small", HEAD + BOX), ("values", HEAD + BOX + "box text\nat 150 0\nsize 50 60\n"
                                    "font 9 bold\nshrink 4\nalign right bottom\nborder 0.5\n"
                                    "text {name} {title}\ntext {time} {date}\ntext {nip}\n"),
            ("rewords", HEAD + BOX + "box text\nat 150 0\nsize 50 60\ntext oleh BSrE\n"),
            ("over", HEAD + BOX + "box qr\nat 100 0\nsize 60 60\n"),
            ("tiny", "stamp X\nsize 0.1 0.1\n" + "box statement\nsize 0.1 0.1\n"),
            ("large", "stamp X\nsize 14400 14400\nbox qr\nsize 14400 14400\n" + BOX),
            ("empty", "")):
        yield name, text.encode()


def chunk(name, data):
    body = name + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


# Columns and rows of the seven passes of an interlaced picture: begin and step.
PASSES = ((0, 8, 0, 8), (4, 8, 0, 8), (0, 4, 4, 8), (2, 4, 0, 4), (0, 2, 2, 4), (1, 2, 0, 2),
          (0, 1, 1, 2))


def png(colour, depth, channels, side=5, interlaced=0, more=b""):
    out = b""
    for x, dx, y, dy in PASSES if interlaced else ((0, 1, 0, 1),):
        width, height = len(range(x, side, dx)), len(range(y, side, dy))
        row = bytes((width * channels * depth + 7) // 8)
        out += (b"\1" + row) * height if width else b""
    head = struct.pack(">IIBBBBB", side, side, depth, colour, 0, 0, interlaced)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + more + chunk(
        b"IDAT", zlib.compress(out)) + chunk(b"IEND", b"")


def logos():
    palette = chunk(b"PLTE", bytes(range(12))) + chunk(b"tRNS", b"\0\x80\xff")
    yield "grey", png(0, 8, 1)
    yield "bits", png(0, 1, 1)
    yield "deep", png(2, 16, 3)
    yield "rgb-interlaced", png(2, 8, 3, side=9, interlaced=1)
    yield "palette", png(3, 2, 1, more=palette)
    yield "grey-alpha", png(4, 8, 2)
    yield "rgba", png(6, 16, 4, more=chunk(b"gAMA", struct.pack(">I", 45455)))
    yield "no-pixels", png(6, 8, 4)[:40]
    yield "huge", b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(
        ">IIBBBBB", 2000, 2000, 16, 6, 0, 0, 0))


def font():
    """A blank, a triangle, and one that is made of it."""
    triangle = struct.pack(">hhhhhHH", 1, 0, 0, 100, 100, 2, 2) + b"\xb0\1" + bytes(
        [1, 1, 1]) + struct.pack(">hhhhhh", 0, 100, -50, 0, 0, 100)
    triangle += bytes(-len(triangle) % 4)
    composed = struct.pack(">hhhhhHHbbHHbbH", -1, 0, 0, 100, 100, 0x0122, 1, 0, 0, 0x0108, 1,
                           5, 5, 0x4000) + b"\0\1\xb0\0"
    composed += bytes(-len(composed) % 4)
    offsets = [0, 0, len(triangle), len(triangle) + len(composed)]
    cmap = struct.pack(">HHHHI", 0, 1, 3, 1, 12) + struct.pack(
        ">HHHHHHHHHHHHHHHH", 4, 32, 0, 4, 4, 1, 0, 66, 0xFFFF, 0, 65, 0xFFFF,
        (1 - 65) & 0xFFFF, 1, 0, 0)
    tables = {
        b"cmap": cmap, b"glyf": triangle + composed,
        b"head": struct.pack(">IIIIHH", 0x10000, 0, 0, 0x5F0F3CF5, 0, 1000) + bytes(
            16) + struct.pack(">hhhhHHhhh", 0, 0, 100, 100, 0, 8, 2, 1, 0),
        b"hhea": struct.pack(">Ihhh", 0x10000, 800, -200, 0) + bytes(24) + b"\0\3",
        b"hmtx": struct.pack(">HhHhHh", 500, 0, 600, 1, 700, 2),
        b"loca": struct.pack(">IIII", *offsets), b"maxp": struct.pack(">IH", 0x10000, 3) +
        bytes(26)}
    out, body = struct.pack(">IHHHH", 0x10000, len(tables), 64, 2, 48), b""
    for tag, data in tables.items():
        out += tag + struct.pack(">III", 0, 12 + 16 * len(tables) + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    return out + body


def seeds():
    for name, value in templates():
        yield "template", name, value
    for name, value in logos():
        yield "logo", name, IMAGE + value
    yield "logo", "font", FONT + font()
    yield "logo", "font-cut", FONT + font()[:300]
