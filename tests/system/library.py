#!/usr/bin/python3
"""libsegel as another program finds it: installed, found by pkg-config, and used by the
examples of client/examples/c against a real gateway."""
import contextlib
import glob
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys

import rig
from rig import claim, contains, equal, expect

HEADER = os.path.join(rig.ROOT, "client/segel/segel.h")
EXAMPLES = os.path.join(rig.ROOT, "client/examples/c")
SANITIZED = rig.memory_factor() > 1


def run(*command, **more):
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120,
                          **more)


def done(*command, **more):
    result = run(*command, **more)
    equal(result.returncode, 0, f"{command[0]}: {result.stdout}{result.stderr}")
    return result.stdout


class Town:
    """An installed tree, letters, and a gateway that signs them."""

    def __init__(self, the_rig, gateway):
        self.rig, self.gateway = the_rig, gateway
        self.tree = the_rig.path("tree")
        self.installed = os.path.join(self.tree, "opt/segel")
        done(os.path.join(rig.BUILD, "tests/fixtures/letters"), "12", the_rig.path("letters"))
        self.letters = sorted(glob.glob(the_rig.path("letters", "surat_keterangan", "*.pdf")))

    def config(self, *words):
        return done("pkg-config", *words, "segel", env={
            **os.environ, "PKG_CONFIG_PATH": os.path.join(self.installed, "lib/pkgconfig"),
            "PKG_CONFIG_SYSROOT_DIR": self.tree}).split()

    def compile(self, name, *words, compiler=("gcc", "-std=c99")):
        out = self.rig.path(os.path.basename(name).split(".")[0] + "-program")
        sanitizers = ["-fsanitize=address,undefined"] if SANITIZED else []
        done(*compiler, "-Wall", "-Wextra", "-Wpedantic", "-Werror", *sanitizers,
             name, *words, "-o", out)
        return out

    def program(self, name):
        return self.compile(os.path.join(EXAMPLES, name), *self.config("--cflags", "--libs"))

    def call(self, program, *arguments):
        return run(program, self.gateway.address, self.rig.path("clients", "e-office"),
                   "seal-demo", *arguments, env={
                       **os.environ,
                       "LD_LIBRARY_PATH": os.path.join(self.installed, "lib")})

    def judge(self, *paths):
        for path in paths:
            contains(run("pdfsig", "-nocert", path).stdout, "Signature is Valid",
                     "Total document signed")
        verified = self.rig.segel("e-office", "verify", *paths)
        equal(verified.returncode, 0, verified.stdout + verified.stderr)


@claim
def an_installation_holds_library_header_and_pkg_config_file(town):
    done("make", "-s", "--no-print-directory", "install-library",
         f"BUILD={os.path.relpath(rig.BUILD, rig.ROOT)}", f"DESTDIR={town.tree}", "PREFIX=/opt/segel",
         *(["SAN=-fsanitize=address,undefined -fno-sanitize-recover=undefined"]
           if SANITIZED else []), cwd=rig.ROOT,
         env={name: value for name, value in os.environ.items() if "MAKE" not in name})
    for name in ("share/man/man3/libsegel.3", "lib/libsegel.so.0", "lib/libsegel.so", "lib/libsegel.a",
                 "include/segel.h", "lib/pkgconfig/segel.pc"):
        expect(os.path.exists(os.path.join(town.installed, name)), f"{name} is not there")
    contains(" ".join(town.config("--cflags", "--libs")), "/opt/segel/include", "-lsegel")
    header = re.search(r'"(\S+)" of the library', open(HEADER, encoding="utf-8").read())
    equal(town.config("--modversion"), [header.group(1)], "version")


def functions():
    with open(HEADER, encoding="utf-8") as file:
        text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
    return sorted(set(re.findall(r"\b(segel_\w+)\(", text)))


@claim
def only_the_functions_of_the_header_are_shown(town):
    for words, name in ((["-D"], "libsegel.so"), (["-g"], "libsegel.a")):
        path = os.path.join(town.installed, "lib", name)
        table = done("nm", *words, "--defined-only", path)
        shown = sorted(re.findall(r"^[0-9a-f]+ [^Aa] (\w+)", table, flags=re.M))
        equal(shown, functions(), name)
    contains(done("readelf", "-d", os.path.join(town.installed, "lib/libsegel.so")),
             "soname: [libsegel.so.0]")


@claim
def the_header_stands_alone_in_c99_and_in_cpp(town):
    for compiler, name in ((("gcc", "-std=c99"), "alone.c"), (("g++", "-std=c++11"), "alone.cc")):
        if not run("which", compiler[0]).stdout:
            continue
        path = town.rig.write(name, '#include <segel.h>\nint main(void) '
                              '{ return segel_version()[0] == 0; }\n')
        done(town.compile(path, *town.config("--cflags", "--libs"), compiler=compiler),
             env={**os.environ, "LD_LIBRARY_PATH": os.path.join(town.installed, "lib")})


@claim
def all_that_an_id_is_bound_to_is_named_where_programmers_read(_):
    """What the gateway compares when an id is asked for again."""
    def text(*path):
        with open(os.path.join(rig.ROOT, *path), encoding="utf-8") as file:
            return file.read()
    compared = re.search(r"static void hash_request.*?\n}", text("gateway/service/terms.c"),
                         flags=re.S).group()
    terms = {re.sub(r"named->config->name", "key", name).removesuffix("_ref")
             for name in re.findall(r"put_text\(at, terms->([\w>-]+)\)", compared)}
    terms |= set(re.findall(r"at\+\+ = \(uint8_t\)job->(\w+)", compared)) | {"scheme"}
    equal(len(terms), compared.count("put_text(") + compared.count("*at++"), f"terms: {terms}")
    comment = re.search(r"/\*([^/]*?)\*/\s*const char \*request_id;", text(HEADER)).group(1)
    guide = re.search(r"What it has to keep:(.*?)\n## ", text("docs/LIBRARY.md"), flags=re.S).group(1)
    page = text("client/segel/libsegel.3").split(".SH NOTES")[1]
    for place in (comment, guide.replace("document class", "document_class"), page):
        contains(place, *terms)


@claim
def one_letter_is_signed_in_three_steps(town):
    out = town.rig.path("one.pdf")
    result = town.call(town.program("sign_one.c"), "surat_keterangan", "ND/1/2026",
                       town.letters[0], out, "library-one")
    equal(result.returncode, 0, result.stdout + result.stderr)
    contains(result.stdout, "log index")
    town.judge(out)
    again = town.call(town.rig.path("sign_one-program"), "surat_tugas_x", "ND/1/2026",
                      town.letters[0], out, "library-denied")
    equal(again.returncode, 1, "exit code of a denial")
    contains(again.stderr, "CP section")


@claim
def many_letters_are_signed_and_each_has_its_outcome(town):
    os.mkdir(town.rig.path("many"))
    bad = town.rig.write("nonsense.pdf", "no PDF\n")
    result = town.call(town.program("sign_many.c"), "surat_keterangan", "ND/1/2026",
                       town.rig.path("many"), "many", *town.letters, bad, "absent.pdf")
    equal(result.returncode, 1, result.stdout + result.stderr)
    contains(result.stdout, "refused  " + bad, "%PDF-", "file  absent.pdf")
    signed = sorted(glob.glob(town.rig.path("many", "*.pdf")))
    equal(len(signed), len(town.letters), "signed letters")
    equal(result.stdout.count("signed  "), len(signed), "lines")
    town.judge(*signed)


@claim
def a_program_in_python_signs_in_the_same_three_steps(town):
    out = town.rig.path("python.pdf")
    classes = town.rig.path("classes")
    os.mkdir(classes)
    done("protoc", "-I", os.path.join(rig.ROOT, "proto"), f"--python_out={classes}",
         "segel/v1/common.proto", "segel/v1/signing.proto")
    done(sys.executable, "-B", os.path.join(rig.ROOT, "client/examples/python/sign.py"),
         town.rig.path("clients", "e-office"), "seal-demo", "surat_keterangan", "ND/1/2026",
         "library-python", town.letters[0], out,
         env={**os.environ, "SEGEL": os.path.join(rig.BIN, "segel"),
              "PYTHONPATH": classes})
    town.judge(out)


def prepare(town, out, *more):
    return town.rig.segel("e-office", "prepare", "-k", "seal-demo", "--id", "library-steps",
                          "-o", out, *more, town.letters[0])


@claim
def embed_takes_no_other_letter_job_or_signature(town):
    other, out = town.rig.path("other.cms"), town.rig.path("never.pdf")
    prepared = town.rig.path("prepared.pdf")
    first = prepare(town, prepared)
    equal(first.returncode, 0, first.stderr)
    found = json.loads(first.stdout)
    moved = json.dumps({**found, "contents": found["contents"] - 2})
    with open(other, "wb") as file:
        file.write(town.gateway.client().sign().signature)
    for name, text, words in (
            ("job.json", first.stdout, "a signature of another document"),
            ("moved.json", moved, "no empty room"),
            ("short.json", "{}", "is not what 'segel prepare' prints")):
        job = town.rig.write(name, text)
        result = town.rig.segel("e-office", "embed", "--job", job, "--cms", other, "-o", out)
        expect(result.returncode != 0, f"{name}: exit code 0")
        contains(result.stderr, words)
    expect(not os.path.exists(out), "a letter is there")
    equal(prepare(town, town.letters[0]).returncode, 2, "the letter is not written over")


@claim
def the_archive_serves_a_program_that_wants_no_shared_library(town):
    libs = [w for w in town.config("--static", "--libs") if not w.startswith("-L")]
    libs[libs.index("-lsegel")] = os.path.join(town.installed, "lib/libsegel.a")
    program = town.compile(os.path.join(EXAMPLES, "sign_one.c"),
                           *town.config("--cflags"), *libs)
    expect("libsegel" not in done("ldd", program), "it needs the shared library")
    out = town.rig.path("static.pdf")
    result = town.call(program, "surat_keterangan", "ND/1/2026", town.letters[0], out,
                       "library-static")
    equal(result.returncode, 0, result.stdout + result.stderr)
    town.judge(out)


def signed_jobs(the_rig):
    """The request id of each signature in the ledger."""
    with contextlib.closing(sqlite3.connect(the_rig.path("ledger.db"), timeout=10)) as base:
        rows = base.execute("SELECT CAST(rec AS TEXT) FROM leaf").fetchall()
    records = [json.loads(row[0]) for row in rows]
    return [r["job"] for r in records if r["type"] == "outcome" and r["outcome"] == "signed"]


@claim
def a_gateway_that_is_killed_under_way_costs_no_letter_and_signs_none_twice(town):
    count, folder, out = 120, town.rig.path("pile"), town.rig.path("killed")
    os.mkdir(folder)
    os.mkdir(out)
    for number in range(count):
        os.symlink(town.letters[number % len(town.letters)], f"{folder}/{number:03}.pdf")
    config = town.rig.config((r"port: 0", "port: " + town.gateway.address.rpartition(":")[2]))
    process = subprocess.Popen(
        ["stdbuf", "-oL", town.rig.path("sign_many-program"), town.gateway.address,
         town.rig.path("clients", "e-office"), "seal-demo", "surat_keterangan", "ND/1/2026", out,
         "killed", *sorted(glob.glob(f"{folder}/*.pdf"))], stdout=subprocess.PIPE, text=True,
        # stdbuf preloads an object, where a sanitizer would want to come first.
        env={**os.environ, "LD_LIBRARY_PATH": os.path.join(town.installed, "lib"),
             "ASAN_OPTIONS": "verify_asan_link_order=0"})
    try:
        with rig.bounded(process):
            lines = [process.stdout.readline() for _ in range(10)]
        town.gateway.stop(signal.SIGKILL)
        with town.rig.gateway(config):
            # What readline has read ahead of it, communicate would lose.
            with rig.bounded(process):
                lines += process.stdout.read().splitlines()
            equal(process.wait(timeout=100), 0, lines[-1])
    finally:
        process.kill()
        process.wait()
    equal(len([line for line in lines if line.startswith("signed ")]), count, "signed letters")
    equal(len(glob.glob(f"{out}/*.pdf")), count, "files")
    jobs = [job for job in signed_jobs(town.rig) if job.startswith("killed-")]
    equal(len(jobs), count, "signatures")
    equal(len(set(jobs)), count, "jobs with a signature")


def main():
    the_rig = rig.Rig("library")
    with the_rig.gateway() as gateway:
        return rig.run(Town(the_rig, gateway))


if __name__ == "__main__":
    sys.exit(main())
