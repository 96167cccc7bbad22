#!/usr/bin/python3
"""What `segel verify` says to clerks, to systems and to scripts: words, JSON, exit codes."""
import datetime
import glob
import json
import os
import re
import subprocess
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import rig
from rig import claim, contains, equal, expect

SIGN = ["sign", "--key", "seal-demo", "--profile", "pades-b-b", "--approval", "ND-2026/007",
        "--notice-shown", "--class", "surat_keterangan"]
NOW = datetime.datetime.utcnow().replace(microsecond=0)
DAY = datetime.timedelta(days=1)


def make(the_rig):
    subprocess.run([os.path.join(rig.BUILD, "tests/fixtures/letters"), "2",
                    the_rig.path("letters")], check=True)
    the_rig.letters = sorted(glob.glob(the_rig.path("letters", "*", "*.pdf")))
    with the_rig.gateway():
        result = the_rig.segel("e-office", *SIGN, "-o", the_rig.path("signed"),
                               *the_rig.letters)
        equal(result.returncode, 0, result.stdout + result.stderr)
        result = the_rig.segel("e-office", *SIGN, "-o", the_rig.path("stamped"), "--stamp",
                               "footer", the_rig.letters[0])
    equal(result.returncode, 0, result.stdout + result.stderr)
    the_rig.stamped = glob.glob(the_rig.path("stamped", "*.pdf"))[0]
    the_rig.signed = sorted(glob.glob(the_rig.path("signed", "*.pdf")))


def verify(the_rig, *arguments):
    return the_rig.segel("e-office", "verify", *arguments)


def report(the_rig, *arguments):
    return json.loads(verify(the_rig, "--json", *arguments).stdout)


@claim
def a_pipe_among_letters_does_not_hold_the_others_up(the_rig):
    pipe = the_rig.path("pipe.pdf")
    os.mkfifo(pipe)
    for more, words in (((), "pipe.pdf cannot be read: it is no file"),
                        (("--lang", "id"), "pipe.pdf tidak dapat dibaca: itu bukan berkas")):
        result = verify(the_rig, *more, the_rig.signed[0], pipe, the_rig.signed[1])
        contains(result.stdout + result.stderr, *map(os.path.basename, the_rig.signed[:2]), words)
    for command in (("receipt", "verify", pipe), ("embed", "--job", pipe, "--cms", pipe, "-o", "x"),
                    ("ceremony", "verify", pipe, "--offline", "--quorum", pipe),
                    (*SIGN, "-o", the_rig.path("none"), "--manifest", pipe),
                    (*SIGN, "-o", the_rig.path("none"), "--from", pipe)):
        result = the_rig.segel("e-office", *command)
        equal((result.returncode, result.stdout), (3, ""), result.stderr)
        contains(result.stderr, "pipe.pdf cannot be read: it is no file")


def later(the_rig, name, entry):
    """The first signed letter with a revision in which the catalog has one entry more."""
    with open(the_rig.signed[0], "rb") as file:
        data = file.read()
    prev = int(re.findall(rb"startxref\s+(\d+)", data)[-1])
    number, catalog = re.findall(rb"\n(\d+) 0 obj\n<<((?:(?!endobj).)*?/Type /Catalog"
                                 rb"(?:(?!endobj).)*)>>\nendobj", data,
                                 re.S)[-1]
    root = int(number)
    new = b"\n%d 0 obj\n<<%s %s>>\nendobj\n" % (root, catalog, entry)
    table = len(data) + len(new)
    new += b"xref\n%d 1\n%010d 00000 n \n" % (root, len(data) + 1)
    new += b"trailer\n<< /Size 500 /Root %d 0 R /Prev %d >>\n" % (root, prev)
    new += b"startxref\n%d\n%%%%EOF\n" % table
    return the_rig.write(name, data + new)


@claim
def a_clerk_is_told_who_when_and_whether_it_is_unchanged(the_rig):
    result = verify(the_rig, "--lang", "id", the_rig.signed[0])
    equal(result.returncode, 0, result.stdout + result.stderr)
    contains(result.stdout, "SAH: ditandatangani oleh", "tidak berubah sejak itu", "instansi",
             "hanya pernyataan penanda tangan", "PAdES B-B", "jangka panjang  tidak",
             "Tidak ada keterangan apakah sertifikat pernah dicabut",
             "Untuk B-T diperlukan stempel waktu dari otoritas yang dikenal")
    result = verify(the_rig, the_rig.signed[0])
    contains(result.stdout, "VALID: signed by", "only stated by the signer",
             "B-T needs a time-stamp")
    expect(re.search(r"revocation .*: CN=.*,O=Pemerintah Kota Contoh \(TEST\),C=ID\.\n",
                     result.stdout), "the whole name")
    expect("\x1b" not in result.stdout, "colours in a pipe")


@claim
def of_many_files_there_is_a_line_each_and_the_sum(the_rig):
    result = verify(the_rig, *the_rig.signed)
    equal(result.returncode, 0, result.stdout + result.stderr)
    contains(result.stdout, f"{len(the_rig.signed)} files: {len(the_rig.signed)} VALID")
    equal(len(result.stdout.splitlines()), len(the_rig.signed) + 3, result.stdout)
    mixed = [the_rig.signed[0], the_rig.letters[0], the_rig.write("no.pdf", "nothing")]
    result = verify(the_rig, "--lang", "id", *mixed)
    equal(result.returncode, 3, "the worst")
    contains(result.stdout, "3 berkas: 1 SAH, 1 TANPA TANDA TANGAN, 1 TIDAK TERBACA")
    contains(result.stdout.splitlines()[0], " tingkat waktu ")


@claim
def why_a_file_cannot_be_judged_is_told_in_the_language_of_the_report(the_rig):
    with open(the_rig.signed[0], "rb") as file:
        data = file.read()
    for path, english, indonesian in (
            (the_rig.path("absent.pdf"), "there is no such file", "berkas itu tidak ada"),
            (the_rig.dir, "it is a folder", "itu folder"),
            (the_rig.letters[0], "holds no signature", "tidak memuat tanda tangan"),
            (the_rig.write("no.pdf", "nothing"), "does not begin with", "tidak diawali"),
            (the_rig.write("cut.pdf", data[:-200]), "does not point to", "tidak menunjuk ke"),
            (the_rig.write("x.p7s", "x"), "name what was signed with --content",
             "sebutkan yang ditandatangani dengan --content")):
        for lang, words, others in (("en", english, indonesian), ("id", indonesian, english)):
            result = verify(the_rig, "--lang", lang, path)
            contains(result.stdout, words)
            table = verify(the_rig, "--lang", lang, path, the_rig.signed[0])
            contains(table.stdout, words)
            told = report(the_rig, "--lang", lang, path)
            contains(told["problem"], english)
            contains(told["notes"], words)
            contains(told["description"], words)
            for text in (result.stdout, result.stderr, table.stdout, told["notes"]):
                expect(others not in text, f"the other language: {text}")


@claim
def what_was_done_after_signing_is_named_and_not_valid(the_rig):
    path = later(the_rig, "script.pdf", b"/OpenAction << /S /JavaScript /JS (x) >>")
    result = verify(the_rig, "--lang", "id", path)
    equal(result.returncode, 1, result.stdout)
    contains(result.stdout, "TIDAK SAH", "bagian dokumen /OpenAction diubah")
    told = report(the_rig, path)
    equal(told["signatures"][0]["changes"][0]["code"], "document-changed")
    equal(told["signatureInformations"][0]["modified"], True)
    equal((told["summary"], told["conclusion"]), ("DOCUMENT NOT VALID !!!", "INVALID"))


@claim
def what_a_signer_has_to_expect_is_named_and_valid(the_rig):
    path = later(the_rig, "dss.pdf", b"/DSS << /Certs [] >>")
    result = verify(the_rig, path)
    equal(result.returncode, 0, result.stdout)
    contains(result.stdout, "data for later checks was added")
    equal(report(the_rig, path)["signatures"][0]["added"], True)


@claim
def systems_find_the_members_that_they_know(the_rig):
    told = report(the_rig, the_rig.signed[0])
    name = os.path.basename(the_rig.signed[0])
    equal((told["outcome"], told["valid"]), ("valid", True))
    equal((told["nama_dokumen"], told["jumlah_signature"], told["summary"]),
          (name, 1, "DOCUMENT VALID !!!"))
    detail = told["details"][0]
    equal(detail["signature_document"]["document_integrity"], True)
    equal(detail["signature_document"]["signed_using_tsa"], False)
    equal(detail["info_signer"]["cert_user_certified"], True)
    expect(detail["info_signer"]["signer_name"] in detail["info_signer"]["signer_dn"], detail)
    equal((told["documentName"], told["signatureCount"], told["conclusion"]),
          (name, 1, "VALID"))
    information = told["signatureInformations"][0]
    equal((information["integrityValid"], information["modified"],
           information["certificateTrusted"], information["signatureFormat"]),
          (True, False, True, "PAdES B-B"))
    signature = told["signatures"][0]
    equal((signature["kind"], signature["level"], signature["ltv"]),
          ("signature", "PAdES B-B", False))
    told = report(the_rig, the_rig.letters[0])
    equal((told["conclusion"], told["signatureCount"], told["signatures"]),
          ("NO_SIGNATURE", 0, []))


@claim
def each_outcome_has_its_exit_code(the_rig):
    other = the_rig.write("other.pem", make_ca("Lain")[1])
    absent = the_rig.path("absent.pem")
    for code, arguments in ((0, [the_rig.signed[0]]),
                            (1, ["--require", "b-t", the_rig.signed[0]]),
                            (0, ["--require", "b-b", the_rig.signed[0]]),
                            (5, ["--need-status", the_rig.signed[0]]),
                            (5, ["--ca", other, the_rig.signed[0]]),
                            (5, ["--at", "2061-01-01T00:00:00Z", the_rig.signed[0]]),
                            (4, [the_rig.letters[0]]),
                            (3, [the_rig.path("absent.pdf")]),
                            (3, [the_rig.write("text.pdf", "no PDF\n")]),
                            (2, ["--require", "b-x", the_rig.signed[0]]),
                            (2, ["--at", "tomorrow", the_rig.signed[0]]),
                            (2, ["--crl", other, the_rig.signed[0]]),
                            (2, ["--crl", absent, the_rig.signed[0]]),
                            (2, ["--ocsp", absent, the_rig.signed[0]]),
                            (2, ["--ca", absent, the_rig.signed[0]]),
                            (2, ["--ca", the_rig.letters[0], the_rig.signed[0]]),
                            (2, [])):
        result = verify(the_rig, *arguments)
        equal(result.returncode, code, " ".join(arguments) + result.stdout + result.stderr)
    contains(verify(the_rig, "--require", "b-t", the_rig.signed[0]).stdout,
             "LEVEL TOO LOW: a signature has not the level")
    contains(verify(the_rig, "--need-status", "--lang", "id", *the_rig.signed).stdout,
             "BELUM PASTI", "padahal diminta")


# --- What a letter shows ----------------------------------------------------------------------

WORDS = "menggunakan sertifikat elektronik yang diterbitkan oleh Balai Sertifikasi"


@claim
def whether_the_statement_is_shown_is_told_and_makes_nothing_invalid(the_rig):
    invisible = the_rig.signed[0]
    result = verify(the_rig, "--lang", "id", the_rig.stamped)
    contains(result.stdout, "tercantum dalam tampilan tanda tangan ini (halaman ")
    result = verify(the_rig, invisible)
    equal(result.returncode, 0, result.stdout)
    contains(result.stdout, "not in this signature, which is invisible",
             "neither in a stamp nor in the text of the letter")
    told = report(the_rig, the_rig.stamped)
    stamp = told["signatures"][0]["stamp"]
    equal((stamp["visible"], stamp["statement"], stamp["unclear"]), (True, True, False))
    contains(stamp["text"], WORDS)
    equal(told["statement"], {"shown": True, "where": "stamp"})
    told = report(the_rig, "--need-statement", invisible)
    equal((told["outcome"], told["valid"], told["summary"], told["conclusion"]),
          ("notice-missing", True, "DOCUMENT VALID !!!", "VALID"))
    equal((told["signatures"][0]["stamp"]["visible"], told["statement"]["where"]),
          (False, "none"))


@claim
def a_statement_that_is_demanded_and_not_shown_ends_with_one(the_rig):
    words = the_rig.write("words.txt", WORDS.upper() + "\n")
    for code, arguments in ((0, ["--need-statement", the_rig.stamped]),
                            (0, ["--statement", WORDS, the_rig.stamped]),
                            (0, ["--statement", "@" + words, the_rig.stamped]),
                            (1, ["--statement", WORDS + " lain", the_rig.stamped]),
                            (1, ["--need-statement", the_rig.signed[0]]),
                            (1, ["--need-statement", the_rig.stamped, the_rig.signed[0]]),
                            (4, ["--need-statement", the_rig.letters[0]]),
                            (5, ["--need-statement", "--at", "2061-01-01T00:00:00Z",
                                 the_rig.signed[0]]),
                            (2, ["--statement", "...", the_rig.stamped]),
                            (2, ["--statement", "@" + the_rig.path("absent"),
                                 the_rig.stamped]),
                            (2, ["--logo", words, the_rig.stamped])):
        result = verify(the_rig, *arguments)
        equal(result.returncode, code, " ".join(arguments) + result.stdout + result.stderr)
    contains(verify(the_rig, "--lang", "id", "--need-statement", the_rig.signed[0],
                    the_rig.stamped).stdout, "TAMPILAN KURANG", "tidak memuat pernyataan")


# --- Signatures beside their content ----------------------------------------------------------

def make_ca(name):
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name + " (TEST)")])
    made = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject)
            .public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(NOW - DAY).not_valid_after(NOW + 9 * DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()),
                           critical=False)
            .sign(key, hashes.SHA256()))
    return key, made.public_bytes(serialization.Encoding.PEM).decode(), made


def make_leaf(the_rig, key, issuer):
    own = ec.generate_private_key(ec.SECP256R1())
    made = (x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Budi (TEST)")]))
            .issuer_name(issuer.subject).public_key(own.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - DAY).not_valid_after(NOW + 9 * DAY)
            .sign(key, hashes.SHA256()))
    the_rig.write("leaf.key", own.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption()).decode())
    the_rig.write("leaf.pem", made.public_bytes(serialization.Encoding.PEM).decode())
    return made


def make_crl(key, issuer, *revoked, made=NOW - DAY / 2, named=None):
    """named: the key that the list says it is signed with."""
    builder = (x509.CertificateRevocationListBuilder().issuer_name(issuer.subject)
               .last_update(made).next_update(NOW + DAY))
    for one in revoked:
        builder = builder.add_revoked_certificate(
            x509.RevokedCertificateBuilder().serial_number(one.serial_number)
            .revocation_date(NOW - DAY / 2).build())
    if named is not None:
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(named.public_key()),
            critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(
        serialization.Encoding.PEM).decode()


def in_der(pem):
    return x509.load_pem_x509_crl(pem.encode()).public_bytes(serialization.Encoding.DER)


def sign_beside(the_rig, out, form):
    subprocess.run(["openssl", "cms", "-sign", "-cades", "-binary", "-in",
                    the_rig.path("berita.xml"), "-signer", the_rig.path("leaf.pem"), "-inkey",
                    the_rig.path("leaf.key"), "-outform", form, "-out", out], check=True,
                   capture_output=True)


@claim
def a_signature_beside_its_content_is_judged_with_lists_that_are_given(the_rig):
    key, pem, root = make_ca("Akar")
    leaf = make_leaf(the_rig, key, root)
    anchors = the_rig.write("root.pem", pem)
    content = the_rig.write("berita.xml", "<berita/>\n")
    good = the_rig.write("good.crl", make_crl(key, root))
    bad = the_rig.write("bad.crl", make_crl(key, root, leaf))
    for form in ("DER", "PEM"):
        path = the_rig.path("berita.xml.p7s")
        sign_beside(the_rig, path, form)
        told = report(the_rig, "--ca", anchors, path)
        equal((told["outcome"], told["signatures"][0]["level"]), ("valid", "CAdES B-B"))
    for code, more in ((0, ["--need-status", "--crl", good]), (1, ["--crl", bad]),
                       (1, ["--need-statement"])):
        equal(verify(the_rig, "--ca", anchors, *more, path).returncode, code, str(more))
    the_rig.write("berita.xml", "<berita>lain</berita>\n")
    equal(verify(the_rig, "--ca", anchors, path).returncode, 1, "another content")
    os.rename(content, content + ".away")
    equal(verify(the_rig, "--ca", anchors, path).returncode, 3, "no content")
    the_rig.write("elsewhere.xml", "<berita/>\n")
    equal(verify(the_rig, "--ca", anchors, "--content", the_rig.path("elsewhere.xml"),
                 path).returncode, 0, "--content")


@claim
def a_crl_file_that_is_read_in_part_is_refused(the_rig):
    """The list that is passed over may be the one that revokes."""
    key, pem, root = make_ca("Akar")
    leaf = make_leaf(the_rig, key, root)
    anchors = the_rig.write("root.pem", pem)
    the_rig.write("berita.xml", "<berita/>\n")
    path = the_rig.path("berita.xml.p7s")
    sign_beside(the_rig, path, "DER")
    good = make_crl(key, root, made=NOW - DAY * 2 / 3)
    bad = make_crl(key, root, leaf)
    middle = len(bad) // 2
    torn = {"a letter of it": bad[:middle] + "!" + bad[middle + 1:],
            "its first line": bad.replace("-----BEGIN", "----BEGIN"),
            "the end of its first line": bad.replace("CRL-----\n", "CRL----\n", 1),
            "the end": bad[:middle],
            "the first line's end": bad[:middle].split("CRL")[0],
            "a blank before it": " " + bad,
            "its name": bad.replace("X509 CRL", "CRL")}
    for what, second in torn.items():
        lists = the_rig.write("all.crl", good + second)
        equal(verify(the_rig, "--ca", anchors, "--crl", lists, path).returncode, 2, what)
    for what, lists in (("two in DER", in_der(good) + in_der(bad)),
                        ("DER behind PEM", good.encode() + in_der(bad)),
                        ("PEM behind DER", in_der(good) + bad.encode()),
                        ("a damaged one in DER before PEM",
                         in_der(bad)[:-9] + good.encode())):
        result = verify(the_rig, "--ca", anchors, "--crl", the_rig.write("all.crl", lists), path)
        equal(result.returncode, 2, what)
        contains(result.stderr, "all.crl", "fetch it anew")
    result = verify(the_rig, "--ca", anchors, "--crl",
                    the_rig.write("all.crl", 512 * good + bad), path)
    equal(result.returncode, 2, "one too many")
    contains(result.stderr, "more than 512")
    told = "Terbitan lain, di muka -- dan seterusnya:\r\n"
    for code, lists in ((1, good + told + bad), (1, 511 * good + bad), (0, told + good + pem),
                        (0, in_der(good)), (1, in_der(bad))):
        lists = the_rig.write("all.crl", lists)
        equal(verify(the_rig, "--ca", anchors, "--crl", lists, path).returncode, code,
              "what is whole")


@claim
def a_list_that_its_issuer_did_not_sign_is_told(the_rig):
    """Whoever gave it would think that nobody is on it."""
    key, pem, root = make_ca("Akar")
    other, leaf = ec.generate_private_key(ec.SECP256R1()), make_leaf(the_rig, key, root)
    anchors = the_rig.write("root.pem", pem)
    the_rig.write("berita.xml", "<berita/>\n")
    path = the_rig.path("berita.xml.p7s")
    sign_beside(the_rig, path, "DER")

    def told(lists, *more):
        return report(the_rig, "--ca", anchors, "--crl", the_rig.write("all.crl", lists), *more,
                      path)

    def checks(found):
        return {c["name"]: c["result"] for c in found["signatures"][0]["checks"]}

    good, bad = make_crl(key, root), make_crl(key, root, leaf)
    torn = in_der(bad)[:-1] + bytes([in_der(bad)[-1] ^ 1])
    for what, lists, revocation in (("by another", make_crl(other, root, leaf), "note"),
                                    ("changed", torn, "note"),
                                    ("named", make_crl(other, root, named=key), "note"),
                                    ("beside a good one", good + make_crl(other, root), "pass")):
        found = told(lists)
        equal((found["outcome"], found["conclusion"]), ("cannot-tell", "INDETERMINATE"), what)
        equal((checks(found)["revocation"], checks(found)["statements"]),
              (revocation, "unknown"), what)
        contains(found["notes"], "not used", "Budi")
        equal(found["signatures"][0]["status_known"], revocation == "pass", what)
    for lang, words in (("en", "not used"), ("id", "tidak dipakai")):
        result = verify(the_rig, "--lang", lang, "--ca", anchors, "--crl",
                        the_rig.path("all.crl"), path)
        equal(result.returncode, 5, result.stdout)
        contains(result.stdout, words)
    equal(told(bad + make_crl(other, root))["outcome"], "not-valid", "it is revoked")
    stranger = make_ca("Lain")
    for what, lists in (("of another authority", make_crl(stranger[0], stranger[2])),
                        ("by another key of the authority", make_crl(other, root, named=other)),
                        ("a good one", make_crl(key, root, named=key))):
        found = told(lists)
        equal(found["outcome"], "valid", what)
        expect("statements" not in checks(found), what)


if __name__ == "__main__":
    the_rig = rig.Rig("verify")
    make(the_rig)
    sys.exit(rig.run(the_rig))
