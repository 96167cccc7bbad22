"""Seeds for what `segel verify` reads: later revisions of the letter in changes.c, and
signatures, tokens and statements by OpenSSL's own commands."""
import os
import re
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def letter():
    """The letter as it stands in changes.c."""
    with open(os.path.join(HERE, "changes.c"), encoding="utf-8") as file:
        text = re.search(r"letter\[\] =\n(.*?);\n\n", file.read(), re.S).group(1)
    return b"".join(part.encode().decode("unicode_escape").encode("latin-1")
                    for part in re.findall(r'"(.*?)"\n?', text))


def revision(*objects, base=None):
    whole = base or letter()
    prev = int(re.findall(rb"startxref\s+(\d+)", whole)[-1])
    out, table = b"", b"xref\n"
    for number, body in objects:
        table += b"%d 1\n%010d 00000 n \n" % (number, len(whole) + len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    at = len(whole) + len(out)
    return out + table + (b"trailer\n<</Size 40/Root 1 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n"
                          % (prev, at))


PAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R/Annots[6 0 R 7 0 R 8 0 R%s]>>"
SIGNED = b"<</Type/Sig/ByteRange[0 9 19 %d]/Contents<30>>>" % (len(letter()) + 50)


def revisions():
    yield "nothing", b""
    yield "same", revision((3, PAGE % b""))
    yield "page", revision((3, PAGE.replace(b"9 9", b"5 5") % b""))
    yield "content", revision((4, b"<</Length 4>>\nstream\nQ q \nendstream"))
    yield "annotation", revision((3, PAGE % b" 20 0 R"),
                                 (20, b"<</Subtype/FreeText/Rect[0 0 9 9]>>"))
    yield "signed-field", revision(
        (7, b"<</FT/Sig/T(c)/V 20 0 R/Subtype/Widget/Rect[0 0 1 1]>>"), (20, SIGNED))
    yield "new-signature", revision(
        (3, PAGE % b" 20 0 R"), (5, b"<</Fields[6 0 R 7 0 R 8 0 R 20 0 R]/SigFlags 3>>"),
        (20, b"<</FT/Sig/T(e)/V 21 0 R/Subtype/Widget/Rect[0 0 0 0]>>"), (21, SIGNED))
    yield "store", revision(
        (1, b"<</Type/Catalog/Pages 2 0 R/AcroForm 5 0 R/DSS<</Certs[20 0 R]>>>>"),
        (20, b"<</Length 1>>\nstream\n0\nendstream"))
    yield "certified", revision(
        (1, b"<</Type/Catalog/Pages 2 0 R/AcroForm 5 0 R/Perms<</DocMDP 20 0 R>>>>"),
        (20, b"<</Reference[<</TransformParams<</P 2>>>>]>>"))
    yield "filled", revision((6, b"<</FT/Tx/T(a)/V(x)/Subtype/Widget/Rect[0 0 1 1]>>"))
    yield "pages", revision((2, b"<</Type/Pages/Kids[3 0 R 2 0 R]/Count 2>>"))
    yield "blank", b"\n\n"
    yield "noise", b"4 0 obj\n<<>>\nendobj\nstartxref\n9\n%%EOF\n"


def stamps():
    """Content of a stamp and, behind a line, the map of its fonts."""
    words = (b"Dokumen ini telah ditandatangani secara elektronik menggunakan sertifikat "
             b"elektronik yang diterbitkan oleh BSrE.")
    wide = b"".join(b"%04x" % byte for byte in words)
    marked = b"\n%map\n"
    yield "plain", b"BT /A 8 Tf (" + words + b") Tj ET"
    yield "lines", (b"q BT /A 8 Tf 3 3 Td [(ditanda) -20 (tangani) -300 (secara)] TJ T* "
                    b"(elektro\\\nnik \\050sertifikat\\051) ' 1 2 <656c656b74726f6e696b> \" ET Q")
    yield "wide", (b"BT /B 8 Tf <" + wide + b"> Tj ET" + marked +
                   b"/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange "
                   b"<0000> <FFFF> endcodespacerange 1 beginbfrange <0000> <00FF> <0000> "
                   b"endbfrange endcmap")
    yield "listed", (b"BT /B 8 Tf <00010002> Tj /A 9 Tf <0102> Tj ET" + marked +
                     b"1 beginbfchar <0001> <00660066D83DDCDC> endbfchar 1 beginbfrange "
                     b"<02> <03> [<0041> <D83D>] endbfrange")
    yield "hidden", b"BT 3 Tr /A 8 Tf (" + words + b") Tj ET /S <</T (" + words + b")>> BDC"
    yield "itself", b"q /X Do Q /X Do BT /A 1 Tf (x) Tj ET"
    yield "picture", b"BI /W 1 /H 1 ID \x00(EI\x01 EI BT /A 1 Tf (x) Tj ET % (y) Tj"
    yield "torn", b"BT /A 8 Tf (a\\(b) Tj <4" + marked + b"1 beginbfrange <00> <FF"


def openssl(folder, *words):
    subprocess.run(["openssl", *words], check=True, capture_output=True, cwd=folder)


def read(folder, name):
    with open(os.path.join(folder, name), "rb") as file:
        return file.read()


def signatures():
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "content"), "wb") as file:
            file.write(b"<berita/>\n")
        for name, more in (("a", []), ("tsa", ["-addext",
                                               "extendedKeyUsage=critical,timeStamping"])):
            openssl(folder, "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-keyout", name + ".key", "-out",
                    name + ".pem", "-days", "3650", "-subj", f"/CN={name} TEST", *more)
        for out, form, more in (("der", "DER", ["-cades"]), ("pem", "PEM", ["-cades"]),
                                ("plain", "DER", []), ("inside", "DER", ["-nodetach"])):
            openssl(folder, "cms", "-sign", "-binary", "-in", "content", "-signer", "a.pem",
                    "-inkey", "a.key", "-outform", form, "-out", out, *more)
            yield "cms-" + out, bytes([4]) + read(folder, out)
        yield "cms-pades", bytes([5]) + read(folder, "der")
        openssl(folder, "x509", "-in", "a.pem", "-outform", "DER", "-out", "a.der")
        yield "certificate", bytes([2]) + read(folder, "a.der")
        openssl(folder, "ts", "-query", "-data", "content", "-sha256", "-cert", "-out", "q")
        with open(os.path.join(folder, "ts.cnf"), "w", encoding="ascii") as file:
            file.write("[t]\nserial=serial\ncrypto_device=builtin\nsigner_digest=sha256\n"
                       "default_policy=1.2.3\ndigests=sha256\ness_cert_id_alg=sha256\n")
        openssl(folder, "ts", "-reply", "-config", "ts.cnf", "-section", "t", "-queryfile",
                "q", "-signer", "tsa.pem", "-inkey", "tsa.key", "-token_out", "-out", "token")
        yield "token", bytes([4]) + read(folder, "token")


def seeds():
    for name, value in revisions():
        yield "changes", name, value
    for name, value in stamps():
        yield "shown", name, value
    for name, value in signatures():
        yield "verify", name, value
