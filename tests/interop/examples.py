#!/usr/bin/python3
"""The examples of client/examples in other languages against a real gateway: each signs one
letter in the three steps, and the letter is verified. `make interop` calls it.

    examples.py [LANGUAGE…]       python, php, node; all without one

Ends with "N passed, M failed".
"""
import glob
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
                                "system"))
import rig  # noqa: E402
from rig import contains, equal, expect  # noqa: E402

EXAMPLES = os.path.join(rig.ROOT, "client/examples")
NODE = os.path.join(rig.BUILD, "interop/node")


def generated(the_rig, language):
    """protoc's classes; where they are."""
    out = the_rig.path(f"generated-{language}")
    os.makedirs(out)
    subprocess.run(["protoc", "-I", os.path.join(rig.ROOT, "proto"), f"--{language}_out={out}",
                    "segel/v1/common.proto", "segel/v1/signing.proto"], check=True)
    return out


def python(the_rig):
    return ([sys.executable, "-B", f"{EXAMPLES}/python/sign.py"],
            {"PYTHONPATH": generated(the_rig, "python")})


def php(the_rig):
    return ["php", f"{EXAMPLES}/php/sign.php"], {"GEN": generated(the_rig, "php")}


def node(_):
    """Beside the packages that it imports."""
    shutil.copy(f"{EXAMPLES}/node/sign.mjs", NODE)
    return (["node", "--no-deprecation", f"{NODE}/sign.mjs"],
            {"PROTO": os.path.join(rig.ROOT, "proto")})


LANGUAGES = {"python": python, "php": php, "node": node}


def run(the_rig, language, kind, out):
    command, environment = language
    letter = the_rig.path("letters", "surat_keterangan", "0001.pdf")
    return subprocess.run(
        [*command, the_rig.path("clients", "e-office"), "seal-demo", kind, "ND/1/2026",
         os.path.basename(out), letter, out], capture_output=True, text=True, check=False,
        timeout=60, env={**os.environ, "SEGEL": os.path.join(rig.BIN, "segel"), **environment})


def signs(the_rig, name, language):
    out = the_rig.path(f"{name}.pdf")
    result = run(the_rig, language, "surat_keterangan", out)
    equal(result.returncode, 0, result.stdout + result.stderr)
    contains(result.stdout, "log index")
    verified = the_rig.segel("e-office", "verify", out)
    equal(verified.returncode, 0, verified.stdout + verified.stderr)
    equal(glob.glob(out + ".*"), [], "files that are left")


def is_refused(the_rig, name, language):
    """The gateway's sentence is shown, and no letter is written. The job is left: the same call
    would go on with it."""
    out = the_rig.path(f"{name}-refused.pdf")
    result = run(the_rig, language, "surat_cuti", out)
    equal(result.returncode, 1, result.stdout + result.stderr)
    contains(result.stderr, "CP section")
    expect(not os.path.exists(out), "a letter is there")
    expect(os.path.exists(out + ".job.json"), "the job is gone")


def attempt(the_rig, name, language, results):
    for test in (signs, is_refused):
        what = f"the {name} example {test.__name__.replace('_', ' ')}"
        try:
            test(the_rig, name, language)
            print(f"ok    {what}", flush=True)
            results.append(True)
        except (rig.Failed, OSError, subprocess.SubprocessError) as error:
            print(f"FAIL  {what}: {error}", flush=True)
            results.append(False)


def missing(name):
    """Why this language cannot be tried, or None."""
    if name == "node" and not os.path.isdir(os.path.join(NODE, "node_modules")):
        return "its packages of npm are not there"
    return None if name != "php" or shutil.which("php") else "there is no php"


def main(names):
    results = []
    the_rig = rig.Rig("examples")
    subprocess.run([os.path.join(rig.BUILD, "tests/fixtures/letters"), "3",
                    the_rig.path("letters")], check=True)
    with the_rig.gateway():
        for name in names or LANGUAGES:
            why = missing(name)
            if why:
                print(f"skip  the {name} example: {why}", flush=True)
            else:
                attempt(the_rig, name, LANGUAGES[name](the_rig), results)
    print(f"{results.count(True)} passed, {results.count(False)} failed")
    return 1 if False in results or not results else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
