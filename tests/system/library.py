#!/usr/bin/python3
"""libsegel as another program finds it: installed, found by pkg-config, and used by the
examples of client/examples/c against a real gateway."""
import glob
import os
import re
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
def an_installation_holds_program_library_header_and_pkg_config_file(town):
    done("make", "-s", "--no-print-directory", "install",
         f"BUILD={os.path.relpath(rig.BUILD, rig.ROOT)}", f"DESTDIR={town.tree}", "PREFIX=/opt/segel",
         *(["SAN=-fsanitize=address,undefined -fno-sanitize-recover=undefined"]
           if SANITIZED else []), cwd=rig.ROOT,
         env={name: value for name, value in os.environ.items() if "MAKE" not in name})
    for name in ("bin/segel", "lib/libsegel.so.0", "lib/libsegel.so", "lib/libsegel.a",
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


def main():
    the_rig = rig.Rig("library")
    with the_rig.gateway() as gateway:
        return rig.run(Town(the_rig, gateway))


if __name__ == "__main__":
    sys.exit(main())
