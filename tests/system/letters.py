#!/usr/bin/python3
"""Whole letters through `segel sign`, judged by `segel verify` and by poppler's pdfsig."""
import glob
import json
import os
import subprocess
import sys

import rig
from rig import claim, contains, equal, expect

SIGN = ["sign", "--key", "seal-demo", "--profile", "pades-b-b", "--approval", "ND-2026/007",
        "--notice-shown"]
CLASS = ["--class", "surat_keterangan"]


def sign(the_rig, out, *arguments, kind=CLASS):
    return the_rig.segel("e-office", *SIGN, *kind, "-o", the_rig.path(out), *arguments)


def letters(the_rig):
    return sorted(glob.glob(the_rig.path("letters", "surat_keterangan", "*.pdf")))


def pdfsig(the_rig, path):
    return subprocess.run(["pdfsig", "-nssdir", "sql:" + the_rig.path("nss"), path],
                          capture_output=True, text=True, check=False).stdout


def make(the_rig):
    subprocess.run([os.path.join(rig.BUILD, "tests/fixtures/letters"), "9",
                    the_rig.path("letters")], check=True)
    os.mkdir(the_rig.path("nss"))
    nss = ["certutil", "-d", "sql:" + the_rig.path("nss")]
    subprocess.run([*nss, "-N", "--empty-password"], check=True)
    subprocess.run([*nss, "-A", "-n", "root", "-t", "CT,C,C", "-i",
                    the_rig.path("anchors.pem")], check=True)


@claim
def every_letter_of_a_batch_is_signed_and_both_judges_agree(the_rig):
    result = sign(the_rig, "signed", *letters(the_rig))
    equal(result.returncode, 0, result.stdout + result.stderr)
    signed = sorted(glob.glob(the_rig.path("signed", "*.pdf")))
    equal(len(signed), len(letters(the_rig)), "signed letters")
    for path in signed:
        text = pdfsig(the_rig, path)
        contains(text, "Signature is Valid", "Certificate is Trusted",
                 "Total document signed", "ETSI.CAdES.detached")
    verified = the_rig.segel("e-office", "verify", *signed)
    equal(verified.returncode, 0, verified.stdout + verified.stderr)


@claim
def the_letter_as_it_was_is_the_beginning_of_the_signed_one(the_rig):
    path = letters(the_rig)[0]
    with open(path, "rb") as before:
        with open(the_rig.path("signed", os.path.basename(path)), "rb") as after:
            text = before.read()
            expect(after.read(len(text)) == text, "the signature is appended")


@claim
def a_letter_that_was_changed_afterwards_does_not_verify(the_rig):
    with open(the_rig.path("signed", os.path.basename(letters(the_rig)[0])), "rb") as file:
        data = bytearray(file.read())
    data[1000] ^= 1
    path = the_rig.write("changed.pdf", bytes(data))
    expect(the_rig.segel("e-office", "verify", path).returncode != 0, "exit code 0")


@claim
def a_file_without_a_signature_is_told_from_one_that_is_no_pdf(the_rig):
    for path, code, reason, alasan in (
            (letters(the_rig)[0], 4, "the PDF holds no signature",
             "PDF ini tidak memuat tanda tangan"),
            (the_rig.write("text.pdf", "no PDF\n"), 3, "%PDF-", "%PDF-")):
        for more, words in (([], reason), (["--json"], reason), (["--lang", "id"], alasan)):
            result = the_rig.segel("e-office", "verify", *more, path)
            equal(result.returncode, code, "exit code")
            contains(result.stdout, words)


@claim
def a_visible_signature_is_placed_on_the_last_page(the_rig):
    path = letters(the_rig)[0]
    result = sign(the_rig, "visible", "--page", "last", "--rect", "330,330,150,60", path)
    equal(result.returncode, 0, result.stderr)
    contains(pdfsig(the_rig, the_rig.path("visible", os.path.basename(path))),
             "Signature is Valid")


@claim
def a_denied_class_leaves_no_file_and_names_the_cp_section(the_rig):
    result = sign(the_rig, "denied", letters(the_rig)[0],
                  kind=["--class", "kontrak_pengadaan"])
    expect(result.returncode != 0, "exit code 0")
    contains(result.stdout + result.stderr, "CP")
    equal(glob.glob(the_rig.path("denied", "*.pdf")), [], "files")


@claim
def a_file_that_is_no_pdf_is_named_and_the_others_are_signed(the_rig):
    bad = the_rig.write("nonsense.pdf", "this is no PDF\n")
    result = sign(the_rig, "mixed", bad, letters(the_rig)[0])
    expect(result.returncode != 0, "exit code 0")
    contains(result.stdout + result.stderr, "nonsense.pdf")
    equal(len(glob.glob(the_rig.path("mixed", "*.pdf"))), 1, "signed letters")


@claim
def an_encrypted_letter_is_refused_with_its_reason(the_rig):
    path = the_rig.path("encrypted.pdf")
    subprocess.run(["qpdf", "--encrypt", "", "owner", "256", "--", letters(the_rig)[0],
                    path], check=True)
    result = sign(the_rig, "encrypted", path)
    expect(result.returncode != 0, "exit code 0")
    contains((result.stdout + result.stderr).lower(), "encrypted")


@claim
def an_absent_file_is_named(the_rig):
    result = sign(the_rig, "absent", the_rig.path("absent.pdf"))
    expect(result.returncode != 0, "exit code 0")
    contains(result.stdout + result.stderr, "absent.pdf")


@claim
def a_gateway_that_is_not_there_is_named(the_rig):
    address = the_rig.read("clients/e-office/gateway")
    the_rig.write("clients/e-office/gateway", "127.0.0.1:1\n")
    result = sign(the_rig, "nobody", letters(the_rig)[0])
    the_rig.write("clients/e-office/gateway", address)
    expect(result.returncode != 0, "exit code 0")
    contains(result.stdout + result.stderr, "127.0.0.1:1")


@claim
def the_summary_counts_letters_and_time(the_rig):
    result = sign(the_rig, "counted", "--json", *letters(the_rig))
    equal(result.returncode, 0, result.stderr)
    lines = [json.loads(line) for line in result.stdout.splitlines() if line.strip()]
    equal(lines[-1].get("signed"), len(letters(the_rig)), "signed")


if __name__ == "__main__":
    the_rig = rig.Rig("letters")
    make(the_rig)
    with the_rig.gateway():
        code = rig.run(the_rig)
    sys.exit(code)
