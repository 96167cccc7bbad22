"""Letters for the target `pdf`: small ones of each kind that the writer has to know. The byte
in front says what is wished (1 visible, 2 on the last page, 4 in the field letter.head)."""
import re
import zlib

VISIBLE, LAST, EXISTING = 1, 2, 4
CATALOG = b"<< /Type /Catalog /Pages 2 0 R %s>>"
PAGES = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 300] /Contents 4 0 R %s>>"
CONTENT = b"<< /Length 4 >>\nstream\nq Q \nendstream"
FORM = b"/AcroForm << /Fields [5 0 R] >> "
FIELD = b"<< /T (letter) /Kids [6 0 R] %s>>"
WIDGET = (b"<< /T (head) /Parent 5 0 R /FT /Sig /Type /Annot /Subtype /Widget "
          b"/Rect [20 20 220 80] /P 3 0 R %s>>")
SIGNED = b"/V 7 0 R "
CERTIFIED = b"/Perms << /DocMDP 7 0 R >> "


def plain(page=b"", catalog=b"", pages=PAGES):
    return [CATALOG % catalog, pages, PAGE % page, CONTENT]


def with_form(widget=b"", field=b"", more=(), catalog=b""):
    return [*plain(b"/Annots [6 0 R] ", FORM + catalog), FIELD % field, WIDGET % widget, *more]


def signature(reference=b""):
    return (b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached "
            b"/ByteRange [0 10 30 10] /Contents <3003020105000000> %s>>" % reference)


def reference(method, params):
    return (b"/Reference [<< /TransformMethod /%s /TransformParams << %s >> >>] "
            % (method, params))


def bodies(objects, start):
    """The objects' text from this offset on, and where each begins."""
    text, offsets = b"", []
    for number, body in objects:
        offsets.append((number, start + len(text)))
        text += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    return text, offsets


def table(offsets, trailer, start, first=False):
    lines = b"xref\n" + (b"0 1\n0000000000 65535 f \n" if first else b"")
    for number, offset in offsets:
        lines += b"%d 1\n%010d 00000 n \n" % (number, offset)
    return lines + b"trailer\n<< %s >>\nstartxref\n%010d\n%%%%EOF\n" % (trailer, start)


def letter(objects, header=b"%PDF-1.7\n", trailer=b""):
    text, offsets = bodies(enumerate(objects, 1), len(header))
    text = header + text
    return text + table(offsets, b"/Size %d /Root 1 0 R %s" % (len(objects) + 1, trailer),
                        len(text), True)


def updated(base, objects, size, more=b""):
    """A later revision, in a table."""
    text, offsets = bodies(objects, len(base))
    whole = base + text
    before = int(base.rsplit(b"startxref\n", 1)[1].split()[0])
    return whole + table(offsets, b"/Size %d /Root 1 0 R /Prev %d %s" % (size, before, more),
                         len(whole))


def stream_of(keys, data, packed=False):
    if packed:
        data, keys = zlib.compress(data, 9), keys + b"/Filter /FlateDecode "
    return b"<< %s/Length %d >>\nstream\n%s\nendstream" % (keys, len(data), data)


def entry(widths, *values):
    return b"".join((v % 256 ** w).to_bytes(w, "big") for v, w in zip(values, widths))


def compressed(objects, widths=(1, 2, 1), packed=False, keys=b"", index=None):
    """All objects but the content in an object stream, and a cross-reference stream."""
    inside = [(n, o) for n, o in enumerate(objects, 1) if b"stream" not in o]
    outside = [(n, o) for n, o in enumerate(objects, 1) if b"stream" in o]
    holder, xref = len(objects) + 1, len(objects) + 2
    head, data = b"", b""
    for number, body in inside:
        head, data = head + b"%d %d " % (number, len(data)), data + body + b" "
    text = b"%PDF-1.5\n"
    outside.append((holder, stream_of(b"/Type /ObjStm /N %d /First %d "
                                      % (len(inside), len(head)), head + data, packed)))
    more, offsets = bodies(outside, len(text))
    text += more
    places = dict(offsets) | {xref: len(text)}
    order = [n for n, _ in inside]
    rows = entry(widths, 0, 0, 255)
    for number in range(1, xref + 1):
        rows += (entry(widths, 1, places[number], 0) if number in places
                 else entry(widths, 2, holder, order.index(number)))
    keys += b"/Type /XRef /Size %d /Root 1 0 R /W [%d %d %d] " % (xref + 1, *widths)
    if index:
        keys += b"/Index [%s] " % index
    return (text + b"%d 0 obj\n%s\nendobj\n" % (xref, stream_of(keys, rows, packed))
            + b"startxref\n%010d\n%%%%EOF\n" % len(text))


def kinds():
    """The ways to say where the objects are."""
    yield "plain", 0, letter(plain())
    yield "no-newline-at-the-end", 0, letter(plain())[:-1]
    yield "two-revisions", VISIBLE, updated(letter(plain()), [(3, PAGE % b"/Rotate 90 ")], 5)
    yield "compressed", VISIBLE, compressed(plain())
    yield "compressed-form", EXISTING, compressed(with_form(), packed=True)
    yield "wide-entries", 0, compressed(plain(), widths=(2, 8, 3))
    yield "entries-of-nothing", 0, compressed(plain(), widths=(0, 0, 0))
    yield "index-that-lies", 0, compressed(plain(), index=b"0 5000000")
    yield "version-2", 0, letter(plain(), b"%PDF-2.0\n")
    hidden = letter(plain())
    place = len(hidden)
    row = stream_of(b"/Type /XRef /Size 6 /Root 1 0 R /W [1 2 1] /Index [5 1] ",
                    entry((1, 2, 1), 1, place, 0))
    hidden += b"5 0 obj\n%s\nendobj\n" % row
    yield "hybrid", 0, updated(hidden, [(3, PAGE % b"")], 6, b"/XRefStm %d " % place)
    again = updated(letter(plain()), [(3, PAGE % b"")], 5)
    own = again.rsplit(b"startxref\n", 1)[1].split()[0]
    yield "previous-of-itself", 0, re.sub(rb"/Prev \d+", b"/Prev " + own, again)
    yield "size-beyond-all", 0, letter(plain()).replace(b"/Size 5", b"/Size 99999999")
    yield "offset-beyond-4-gib", 0, letter(plain()).replace(b"0000000009", b"9999999999")


def pages():
    for name, keys in (("turned", b"/Rotate -90 "), ("cropped", b"/CropBox [50 40 350 280] "),
                       ("unit", b"/UserUnit 2 "), ("annotated", b"/Annots [<< >> 9 0 R] "),
                       ("annotations-elsewhere", b"/Annots 2 0 R ")):
        yield "page-" + name, VISIBLE, letter(plain(keys))
    yield "page-inherits", VISIBLE | LAST, letter(plain(
        pages=PAGES[:-2] + b"/Rotate 180 /CropBox [-9 -9 300 200] >>"))
    yield "page-of-itself", VISIBLE, letter(plain(pages=PAGES.replace(b"3 0 R", b"2 0 R")))
    yield "page-twice", VISIBLE, letter(plain(pages=PAGES.replace(b"3 0 R", b"3 0 R 3 0 R")))


def forms():
    yield "field", EXISTING, letter(with_form())
    yield "field-beside-a-new-one", VISIBLE, letter(with_form())
    yield "field-with-a-key-twice", EXISTING, letter(with_form(field=b"/Kids [5 0 R] "))
    apart = with_form()
    apart[4:] = [b"<< /T (letter.head) /FT /Sig /Kids [6 0 R] >>",
                 WIDGET.replace(b"/T (head) ", b"").replace(b"/FT /Sig ", b"") % b""]
    yield "field-apart-from-its-widget", EXISTING, letter(apart)
    yield "field-seed", EXISTING, letter(with_form(
        b"/SV << /Ff 67 /Filter /Adobe.PPKLite /SubFilter [/ETSI.CAdES.detached] "
        b"/DigestMethod [(SHA256)] >> "))
    yield "field-lock", EXISTING, letter(with_form(b"/Lock << /Action /All >> "))
    yield "field-xfa", 0, letter(plain(catalog=b"/AcroForm << /XFA [] >> "))
    yield "field-redrawn", 0, letter(plain(
        catalog=b"/AcroForm << /Fields [] /NeedAppearances true >> "))
    yield "field-lists", VISIBLE, letter(
        [CATALOG % b"/AcroForm 5 0 R ", PAGES, PAGE % b"/Annots 6 0 R ", CONTENT,
         b"<< /Fields 6 0 R /SigFlags 3 >>", b"[7 0 R]",
         b"<< /T (Signature41) /FT /Sig /Subtype /Widget /Rect [0 0 9 9] >>"])
    yield "signed", VISIBLE, letter(with_form(SIGNED, more=[signature()]))
    for name, method, params in (
            ("all", b"FieldMDP", b"/Action /All"), ("level-1", b"DocMDP", b"/P 1"),
            ("level-2", b"DocMDP", b"/P 2"),
            ("include", b"FieldMDP", b"/Action /Include /Fields [(letter)]"),
            ("exclude", b"FieldMDP", b"/Action /Exclude /Fields [(letter)]")):
        yield "signed-" + name, 0, letter(with_form(
            SIGNED, more=[signature(reference(method, params))]))
    yield "certified", EXISTING, letter(with_form(
        more=[signature(reference(b"DocMDP", b"/P 2"))], catalog=CERTIFIED))


def seeds():
    for name, choice, value in (*kinds(), *pages(), *forms()):
        yield "pdf", name, bytes([choice]) + value
