"""Letters that are PDF/A, made at test time: one page, a line of text in Liberation Sans, no
colour but by a calibrated space, so that nothing of them helps what a stamp brings along."""
import struct
import zlib

FONT = "/usr/share/fonts/truetype/liberation2/LiberationSans-Regular.ttf"
TEXT = "Surat keterangan (UJI): isi surat contoh."
XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">
<pdfaid:part>%s</pdfaid:part>%s</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""


class Font:
    """What a PDF's dictionary has to say of a TrueType font."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.data = file.read()
        count = struct.unpack_from(">H", self.data, 4)[0]
        self.tables = {}
        for i in range(count):
            tag, _, offset, length = struct.unpack_from(">4sIII", self.data, 12 + 16 * i)
            self.tables[tag] = (offset, length)
        self.units = struct.unpack_from(">H", self.data, self.at("head") + 18)[0]
        self.box = struct.unpack_from(">4h", self.data, self.at("head") + 36)
        self.long = struct.unpack_from(">H", self.data, self.at("hhea") + 34)[0]
        self.ascent, self.descent = struct.unpack_from(">2h", self.data, self.at("hhea") + 4)

    def at(self, tag):
        return self.tables[tag.encode()][0]

    def scaled(self, value):
        return round(value * 1000 / self.units)

    def glyph(self, code):
        """By the table of Windows' Unicode, format 4."""
        cmap = self.at("cmap")
        for i in range(struct.unpack_from(">H", self.data, cmap + 2)[0]):
            platform, kind, offset = struct.unpack_from(">HHI", self.data, cmap + 4 + 8 * i)
            if (platform, kind) == (3, 1):
                return self.glyph_by(cmap + offset, code)
        raise ValueError("no table of characters")

    def glyph_by(self, at, code):
        double = struct.unpack_from(">H", self.data, at + 6)[0]
        for i in range(0, double, 2):
            end = struct.unpack_from(">H", self.data, at + 14 + i)[0]
            if code <= end:
                start = struct.unpack_from(">H", self.data, at + 16 + double + i)[0]
                delta = struct.unpack_from(">H", self.data, at + 16 + 2 * double + i)[0]
                place = at + 16 + 3 * double + i
                jump = struct.unpack_from(">H", self.data, place)[0]
                if code < start:
                    return 0
                if jump == 0:
                    return (code + delta) & 0xFFFF
                found = struct.unpack_from(">H", self.data, place + jump + 2 * (code - start))[0]
                return (found + delta) & 0xFFFF if found else 0
        return 0

    def width(self, code):
        nth = min(self.glyph(code), self.long - 1)
        return self.scaled(struct.unpack_from(">H", self.data, self.at("hmtx") + 4 * nth)[0])


def stream(dictionary, data):
    return (f"<< {dictionary} /Length {len(data)} >>\nstream\n".encode() + data +
            b"\nendstream")


def objects(part, conformance, encoding):
    font = Font(FONT)
    packed = zlib.compress(font.data)
    widths = " ".join(str(font.width(code)) for code in range(32, 127))
    more = f"<pdfaid:conformance>{conformance}</pdfaid:conformance>" if conformance else \
        "<pdfaid:rev>2020</pdfaid:rev>"
    metadata = (XMP % (part, more)).encode(encoding)
    content = f"/G cs 0 sc\nBT /F1 12 Tf 72 720 Td ({TEXT}) Tj ET\n".encode()
    content = content.replace(b"(UJI)", b"\\(UJI\\)")
    box = " ".join(str(font.scaled(value)) for value in font.box)
    return [
        b"<< /Type /Catalog /Pages 2 0 R /Metadata 5 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << "
        b"/Font << /F1 6 0 R >> /ColorSpace << /G [/CalGray << /WhitePoint [0.9505 1 1.089] >>] "
        b">> >> >>",
        stream("", content),
        stream("/Type /Metadata /Subtype /XML", metadata),
        f"<< /Type /Font /Subtype /TrueType /BaseFont /LiberationSans /Encoding /WinAnsiEncoding "
        f"/FirstChar 32 /LastChar 126 /Widths [{widths}] /FontDescriptor 7 0 R >>".encode(),
        f"<< /Type /FontDescriptor /FontName /LiberationSans /Flags 32 /FontBBox [{box}] "
        f"/ItalicAngle 0 /Ascent {font.scaled(font.ascent)} /Descent "
        f"{font.scaled(font.descent)} /CapHeight 729 /StemV 80 /FontFile2 8 0 R >>".encode(),
        stream(f"/Filter /FlateDecode /Length1 {len(font.data)}", packed),
    ]


def letter(version, part, conformance, encoding="utf-8"):
    out = f"%PDF-{version}\n%".encode() + b"\xe2\xe3\xcf\xd3\n"
    places = []
    for number, body in enumerate(objects(part, conformance, encoding), 1):
        places.append(len(out))
        out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    table = len(out)
    out += f"xref\n0 {len(places) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{place:010d} 00000 n \n".encode() for place in places)
    out += (f"trailer\n<< /Size {len(places) + 1} /Root 1 0 R /ID [<{'00' * 16}> <{'00' * 16}>] "
            f">>\nstartxref\n{table}\n%%EOF\n").encode()
    return out


LETTERS = {  # name: flavour that the validator has to find, and the letter
    "1b.pdf": ("1b", ("1.4", 1, "B")),
    "1b-wide.pdf": ("1b", ("1.4", 1, "B", "utf-16")),
    "2b.pdf": ("2b", ("1.7", 2, "B")),
    "3b.pdf": ("3b", ("1.7", 3, "B")),
    "4.pdf": ("4", ("2.0", 4, "")),
}
