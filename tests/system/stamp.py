#!/usr/bin/python3
"""The visible stamp, from the policy's statement and logos to what other people's programs
see on the page: poppler reads and renders it, qpdf checks the file."""
import glob
import hashlib
import json
import os
import re
import struct
import subprocess
import sys
import zlib

import rig
import small_pdf
from rig import claim, contains, equal, expect

SIGN = ["sign", "--key", "seal-demo", "--class", "surat_keterangan", "--approval",
        "ND-2026/007"]
WHO = ["--title", "SEKRETARIS DAERAH (UJI)", "--name", "Dra. Uji Coba, M.Si.", "--rank",
       "Pembina Utama Muda (IV/c)", "--nip", "00000000 000000 0 000", "--location", "Kota Uji"]
STATEMENT = "Dokumen ini telah ditandatangani secara elektronik menggunakan sertifikat " \
    "elektronik yang diterbitkan oleh Balai Sertifikasi Elektronik (BSrE), BSSN."


def png(width, height, pixel):
    """RGBA, interlaced in no way."""
    rows = b"".join(b"\0" + bytes(pixel) * width for _ in range(height))

    def chunk(name, data):
        body = name + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))
    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + \
        chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


LOGO = png(120, 60, (0, 80, 160, 255))
AGENCY = png(60, 60, (10, 10, 10, 128))


def make(the_rig):
    subprocess.run([os.path.join(rig.BUILD, "tests/fixtures/letters"), "2",
                    the_rig.path("letters")], check=True)
    the_rig.write("logo.png", LOGO)
    the_rig.write("agency.png", AGENCY)
    hashes = "".join(f'  {name}: "{hashlib.sha256(data).hexdigest()}"\n' for name, data in
                     (("logo_sha256", LOGO), ("agency_logo_sha256", AGENCY)))
    policy = the_rig.read("policy.yaml")
    the_rig.write("policy.yaml", policy.replace("\nnotice:\n", f"\nnotice:\n{hashes}", 1))
    the_rig.write("segeld.yaml", the_rig.read("segeld.yaml") +
                  "\nstamp:\n  logo: logo.png\n"
                  f"  agency_logo: {the_rig.path('agency.png')}\n")


def letter(the_rig):
    return sorted(glob.glob(the_rig.path("letters", "surat_keterangan", "*.pdf")))[0]


def sign(the_rig, out, *arguments):
    return the_rig.segel("e-office", *SIGN, "-o", the_rig.path(out), *arguments,
                         letter(the_rig))


def signed(the_rig, out):
    return the_rig.path(out, os.path.basename(letter(the_rig)))


def stamped(the_rig):
    """The letter with the template of that name."""
    path = signed(the_rig, "letter")
    if not os.path.exists(path):
        result = sign(the_rig, "letter", "--stamp", "letter", *WHO)
        equal(result.returncode, 0, result.stdout + result.stderr)
    return path


def say(*words):
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def flat(text):
    return " ".join(text.split())


@claim
def a_template_is_read_from_the_page_word_for_word(the_rig):
    for name in ("block", "footer", "letter"):
        result = sign(the_rig, name, "--force", "--stamp", name, *WHO)
        equal(result.returncode, 0, result.stdout + result.stderr)
        text = flat(say("pdftotext", "-layout", signed(the_rig, name), "-"))
        contains(text, *STATEMENT.split())
        if name != "footer":
            contains(text, *WHO[1::2][:-1])
        if name != "block":
            expect(re.search(r"\d{1,2} \w+ 20\d\d \d\d\.\d\d WIB", text), f"no time: {text}")
    verified = the_rig.segel("e-office", "verify", *[signed(the_rig, name) for name in
                                                     ("block", "footer", "letter")])
    equal(verified.returncode, 0, verified.stdout + verified.stderr)


@claim
def the_statement_is_one_sentence_in_the_order_of_reading(the_rig):
    contains(flat(say("pdftotext", "-raw", stamped(the_rig), "-")), STATEMENT)


@claim
def a_field_that_nobody_sees_is_no_notice(the_rig):
    """The log would say that the statement was shown."""
    for number, (widget, seen) in enumerate((
            ("/Rect [50 50 300 120] /F 4", True), ("/Rect [50 50 300 120] /F 2", False),
            ("/Rect [0 0 0 0]", False))):
        path = the_rig.path(f"field{number}.pdf")
        with open(path, "wb") as file:
            file.write(small_pdf.with_field("Uji", "ttd", widget))
        ask = (*SIGN, "--field", "ttd", "-o", the_rig.path("fields"), path)
        result = the_rig.segel("e-office", *ask)
        equal(result.returncode, 0 if seen else 1, f"{widget}: {result.stderr}")
        if not seen:
            contains(result.stdout + result.stderr, "nobody would see the statement")
            equal(the_rig.segel("e-office", *ask, "--notice-shown").returncode, 0, widget)


@claim
def the_first_of_three_steps_makes_the_stamp_too(the_rig):
    out = the_rig.path("prepared.pdf")
    result = the_rig.segel("e-office", "prepare", "-k", "seal-demo", "--id", "steps-stamp",
                           "--stamp", "block", *WHO, "-o", out, letter(the_rig))
    equal(result.returncode, 0, result.stderr)
    equal(json.loads(result.stdout)["notice_shown"], True, "the notice")
    contains(flat(say("pdftotext", "-layout", out, "-")), *STATEMENT.split(), *WHO[1::2][:-1])


def appendix(the_rig):
    with open(letter(the_rig), "rb") as before, open(stamped(the_rig), "rb") as after:
        text = before.read()
        return after.read()[len(text):]


@claim
def a_letter_that_is_pdf_a_stays_one(the_rig):
    """Every font embedded, with its set of glyphs and its characters; no colour but by a
    profile; no transparency, which PDF/A-1 forbids."""
    added = appendix(the_rig)
    fonts = added.count(b"/Type0")
    expect(fonts == 2, f"{fonts} fonts")
    for word in (b"/FontFile2 ", b"/CIDSet ", b"/ToUnicode ", b"/CIDToGIDMap /Identity"):
        equal(added.count(word), fonts, word.decode())
    for word in (b"/SMask", b"/Mask", b"/DeviceRGB", b"/DeviceGray", b"/DeviceCMYK", b"/ca ",
                 b"/CA ", b"/BM", b"/Group", b"/Interpolate", b"/Helvetica", b"/JavaScript"):
        expect(word not in added, f"{word} in the stamp")
    content = re.search(rb"/Subtype /Form.*?stream\n(.*?)\nendstream", added, re.S).group(1)
    for operator in (b" g\n", b" rg\n", b" G\n", b" RG\n", b" k\n", b" gs\n", b" sh\n"):
        expect(operator not in content, f"{operator} paints without a profile")
    expect(content.startswith(b"q\n/G cs 0 sc /G CS 0 SC\n"), content[:40])
    rows = say("pdffonts", stamped(the_rig)).splitlines()[2:]
    stamps = [row for row in rows if "LiberationSans" in row]
    equal(len(stamps), 2, "fonts that poppler sees")
    for row in stamps:
        expect(re.search(r"CID TrueType\s+Identity-H\s+yes yes yes", row), row)
    checked = subprocess.run(["qpdf", "--check", stamped(the_rig)],
                             capture_output=True, text=True, check=False)
    expect(checked.returncode in (0, 3), checked.stdout + checked.stderr)


@claim
def widths_of_the_font_are_those_that_the_dictionary_says(the_rig):
    """PDF/A asks for it; read from the embedded file itself."""
    added = appendix(the_rig)
    files = re.findall(rb"/Length1 (\d+) /Length \d+ >>\nstream\n(.*?)\nendstream", added, re.S)
    widths = re.findall(rb"/W \[0 \[([\d ]+)\]\]", added)
    equal(len(files), len(widths), "fonts")
    for (plain_len, packed), row in zip(files, widths):
        font = zlib.decompress(packed)
        equal(len(font), int(plain_len), "length")
        tables = {font[12 + 16 * i:16 + 16 * i]: struct.unpack(
            ">II", font[20 + 16 * i:28 + 16 * i]) for i in range(6)}
        metrics = tables[b"hmtx"][0]
        for nth, width in enumerate(map(int, row.split())):
            advance = struct.unpack_from(">H", font, metrics + 4 * nth)[0]
            expect(abs(advance * 1000 / 2048 - width) <= 0.5, f"glyph {nth}")
        total = sum(struct.unpack(f">{len(font) // 4}I", font)) & 0xFFFFFFFF
        equal(total, 0xB1B0AFBA, "sum over the font")


@claim
def the_logos_are_those_of_the_policy(the_rig):
    path = the_rig.write("two.stamp", "stamp Uji\nsize 300 60\npage first\nat 40 40\n"
                         "box statement\nat 0 0\nsize 150 60\nbox logo\nat 160 0\nsize 60 60\n"
                         "box agency-logo\nat 230 0\nsize 60 60\n")
    result = sign(the_rig, "two", "--stamp", path)
    equal(result.returncode, 0, result.stdout + result.stderr)
    rows = [row.split() for row in say("pdfimages", "-list", signed(the_rig, "two"))
            .splitlines()[2:]]
    equal([(row[2], row[3], row[4], row[5]) for row in rows],
          [("image", "120", "60", "icc"), ("image", "60", "60", "icc")], "pictures")
    picture = the_rig.path("page")
    subprocess.run(["pdftoppm", "-r", "72", "-l", "1", "-singlefile", signed(the_rig, "two"),
                    picture], check=True)
    head, size, _, pixels = the_rig.read("page.ppm", "rb").split(b"\n", 3)
    equal(head, b"P6", "format")
    width, height = map(int, size.split())

    def at(x, y):
        place = (int(height - y) * width + int(x)) * 3
        return tuple(pixels[place:place + 3])
    blue, grey, white = at(40 + 190, 40 + 40), at(40 + 260, 40 + 30), at(40 + 225, 40 + 30)
    expect(blue[2] > 140 and blue[0] < 40, f"the logo's colour is {blue}")
    expect(180 < grey[0] < 195 and max(grey) - min(grey) < 3,
           f"the transparent one's is {grey}")
    equal(white, (255, 255, 255), "paper")


@claim
def a_check_knows_statement_and_logos_again(the_rig):
    path = stamped(the_rig)
    other = the_rig.write("other.png", png(120, 60, (0, 80, 161, 255)))
    for code, more in ((0, ["--need-statement", "--logo", the_rig.path("logo.png")]),
                       (0, ["--logo", the_rig.path("logo.png"), "--statement", STATEMENT]),
                       (1, ["--logo", other])):
        result = the_rig.segel("e-office", "verify", *more, path)
        equal(result.returncode, code, result.stdout + result.stderr)
    contains(result.stdout, "stands in the stamp of this signature",
             "no stamp of the letter has the logo that was demanded")


@claim
def nobody_stamps_another_statement_than_the_policy_has(the_rig):
    begin = "stamp Uji\nsize 300 90\npage last\nat 40 40\n"
    whole = begin + "box statement\nat 0 0\nsize 150 60\nbox logo\nat 160 0\nsize 60 60\n"
    cases = (
        (begin + "box logo\nat 160 0\nsize 60 60\n", "leaves out the statement"),
        (begin + "box statement\nat 0 0\nsize 150 60\n", "leaves out the logo"),
        (whole + "box text\nat 0 65\nsize 300 20\ntext Diterbitkan oleh BSrE\n",
         ":11: the template words a statement of its own"),
        (whole + "box qr\nat 140 40\nsize 50 50\n", "the box lies over the statement"),
        (begin + "box statement\nat 0 0\nsize 150 60\ntext Sah\n", "leave 'text' out"),
    )
    for text, sentence in cases:
        result = sign(the_rig, "never", "--stamp", the_rig.write("bad.stamp", text))
        expect(result.returncode in (1, 2), f"{sentence}: exit code {result.returncode}")
        contains(result.stderr, sentence)
    result = sign(the_rig, "never", "--stamp", "block", "--reason",
                  "Dokumen ini telah ditandatangani oleh saya")
    equal(result.returncode, 1, result.stdout)
    contains(result.stdout + result.stderr, "only as the gateway's policy words it", "reason")
    result = sign(the_rig, "never", "--stamp", the_rig.write(
        "apart.stamp", whole + "box text\nat 0 65\nsize 300 20\ntext {title}\ntext {unit}\n"),
        "--title", "Dokumen ini telah", "--unit", "ditandatangani secara elektronik")
    equal(result.returncode, 1, result.stdout)
    contains(result.stdout + result.stderr, "lines of the stamp, read as one")
    equal(glob.glob(the_rig.path("never", "*")), [], "files")


@claim
def a_name_that_is_not_given_is_the_certificates(the_rig):
    result = sign(the_rig, "unnamed", "--stamp", "block")
    equal(result.returncode, 0, result.stdout + result.stderr)
    subject = json.loads(the_rig.segel("e-office", "signer", "--json", "seal-demo").stdout)
    name = re.search(r"CN=([^,]+)", subject["signer"]).group(1)
    contains(flat(say("pdftotext", "-raw", signed(the_rig, "unnamed"), "-")), name)


@claim
def a_character_that_the_font_lacks_is_named(the_rig):
    result = sign(the_rig, "never", "--stamp", "block", "--title", "\u5317")
    equal(result.returncode, 1, result.stdout)
    contains(result.stdout + result.stderr, "U+5317", "Latin letters")
    equal(glob.glob(the_rig.path("never", "*")), [], "files")


@claim
def a_rectangle_without_a_template_has_statement_and_logo_too(the_rig):
    result = sign(the_rig, "plain", "--rect", "300,40,260,60")
    equal(result.returncode, 0, result.stdout + result.stderr)
    contains(flat(say("pdftotext", "-raw", signed(the_rig, "plain"), "-")), STATEMENT)
    equal(len(say("pdfimages", "-list", signed(the_rig, "plain")).splitlines()), 3, "rows")


@claim
def a_preview_shows_it_and_says_that_nothing_is_signed(the_rig):
    pdf, picture = the_rig.path("preview.pdf"), the_rig.path("preview.png")
    for arguments in ([], ["--key", "seal-demo", "--stamp", "letter", *WHO]):
        result = the_rig.segel("e-office", "stamp", "preview", *arguments, "-o", pdf)
        equal(result.returncode, 0, result.stderr)
        contains(flat(say("pdftotext", pdf, "-")), "nothing is signed")
        subprocess.run(["qpdf", "--check", pdf], check=True, capture_output=True)
    contains(flat(say("pdftotext", "-raw", pdf, "-")), STATEMENT)
    result = the_rig.segel("e-office", "stamp", "preview", "-o", picture)
    equal(result.returncode, 0, result.stderr)
    expect(the_rig.read("preview.png", "rb").startswith(b"\x89PNG"), "no PNG")
    result = the_rig.segel("e-office", "stamp", "preview", "-o", the_rig.path("x.gif"))
    equal(result.returncode, 2, "exit code")
    contains(result.stderr, ".pdf or .png")


@claim
def templates_are_listed_and_checked(the_rig):
    listed = the_rig.segel("e-office", "stamp", "list")
    equal(listed.returncode, 0, listed.stderr)
    contains(listed.stdout, "block", "footer", "letter", "{nip}", "agency-logo")
    for name in ("block", "footer", "letter"):
        result = the_rig.segel("e-office", "stamp", "check", "--key", "seal-demo", name)
        equal(result.returncode, 0, result.stderr)
    result = the_rig.segel("e-office", "stamp", "check",
                           the_rig.write("bad.stamp", "stamp Uji\nsize 9\n"))
    equal(result.returncode, 1, result.stderr)
    contains(result.stderr, "bad.stamp:2: write size WIDTH HEIGHT")
    result = the_rig.segel("e-office", "stamp", "check", "blok")
    contains(result.stderr, "there is no stamp 'blok'")


def a_file_that_the_policy_does_not_name_is_not_given(the_rig):
    """The gateway was started with another file."""
    result = sign(the_rig, "never", "--stamp", "block")
    equal(result.returncode, 1, result.stdout)
    contains(result.stderr, "does not have the file that it names", "stamp.logo")
    equal(glob.glob(the_rig.path("never", "*")), [], "files")


def an_unusable_logo_keeps_the_gateway_down(the_rig):
    for data, sentence in ((b"GIF89a", "is not a PNG file"),
                           (LOGO + bytes(65536), "larger than 65536 bytes")):
        the_rig.write("logo.png", data)
        code, text = the_rig.refuses()
        expect(code != 0, "the gateway came up")
        contains(text, "stamp.logo", sentence)


if __name__ == "__main__":
    the_rig = rig.Rig("stamp")
    make(the_rig)
    with the_rig.gateway():
        code = rig.run(the_rig)
    rig.claims[:] = [a_file_that_the_policy_does_not_name_is_not_given]
    the_rig.write("logo.png", png(120, 60, (0, 80, 161, 255)))
    with the_rig.gateway():
        code = rig.run(the_rig) or code
    rig.claims[:] = [an_unusable_logo_keeps_the_gateway_down]
    sys.exit(rig.run(the_rig) or code)
