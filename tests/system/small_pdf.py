"""Small PDFs, uncompressed: what stands in them can be looked for."""


def build(objects):
    """objects: texts; the first is the catalog."""
    out, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode()
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + (f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\n"
                  f"startxref\n{start}\n%%EOF\n").encode()


def page(text, catalog="", annots=""):
    """The first five objects: one page of A4 with one line. catalog, annots: more keys."""
    stream = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET"
    return [f"<< /Type /Catalog /Pages 2 0 R {catalog} >>",
            "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
            f"/Resources << /Font << /F1 5 0 R >> >> {annots} >>",
            f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
            "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]


def with_field(text, name, widget):
    """An empty signature field. widget: its /Rect and what else it says."""
    return build(page(text, "/AcroForm << /Fields [6 0 R] >>", "/Annots [6 0 R]") + [
        f"<< /Type /Annot /Subtype /Widget /FT /Sig /T ({name}) /P 3 0 R {widget} >>"])
