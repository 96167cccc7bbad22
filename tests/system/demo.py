#!/usr/bin/python3
"""`make demo` as a newcomer runs it, with fewer letters: officers make the key and sign a mandate
under the sample policy as it is; what is left running, and where secrets are."""
import glob
import os
import re
import shutil
import stat
import subprocess
import sys

import rig
from printed import block, follow
from rig import claim, contains, equal, expect

LETTERS = 6
# Of setup.sh; another module has other tokens, perhaps real ones.
FOREIGN = {"MODULE": "/nowhere.so", "POLICY": "/nowhere", "ORIGIN": "x", "PORT": "1", "LOOPS": "x"}


# A newcomer is not root, who may see more of a gateway than others.
AS_ANYBODY = ["setpriv", "--bounding-set=-sys_ptrace"] if os.geteuid() == 0 else []


def demo(place, **more):
    """Its page."""
    result = subprocess.run(
        [*AS_ANYBODY, os.path.join(rig.ROOT, "deploy/demo/demo.sh")], cwd=rig.ROOT, check=False,
        text=True, timeout=300, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "BUILD": rig.BUILD, "DEMO": place, "LETTERS": str(LETTERS), **more})
    equal(result.returncode, 0, f"exit code of the demo, which says '{result.stdout}'")
    return result.stdout


def read(*names):
    with open(os.path.join(*names), "rb") as file:
        return file.read()


def gateway_of(place):
    """Its process id, or None when it does not run."""
    pid = int(read(place, "segeld.pid"))
    try:
        words = read("/proc", str(pid), "cmdline")
    except FileNotFoundError:
        return None
    return pid if os.path.join(place, "segeld.yaml").encode() in words else None


def segel(place, name, *words):
    return subprocess.run(
        [os.path.join(rig.BIN, "segel"), "--home", os.path.join(place, "clients", name), *words],
        check=False, text=True, capture_output=True, timeout=60)


@claim
def its_page_tells_what_officers_and_the_mandate_did(place):
    page = demo(place, KEEP="1", **FOREIGN)
    contains(page, f"{LETTERS} letters signed, {LETTERS} of {LETTERS} checked",
             f"0 of {LETTERS} signatures used, 0 reserved, {LETTERS} left",
             f"{LETTERS} of {LETTERS} signatures used, 0 reserved, 0 left",
             "rule CP-4.5-05,", "rule CP-1.4-02,", "seal-demo  active", "SOUND: ")
    expect(gateway_of(place), "KEEP=1 leaves its gateway running")
    rows = segel(place, "officer-1", "request", "list", "--all").stdout
    for task in ("key.generate", "cert.accept", "key.activate", "mandate.open"):
        expect(re.search(rf" {task} +seal-demo +officer-1 +done +2/2$", rows, re.M), rows)


@claim
def it_signs_under_the_sample_policy_as_it_is(place):
    equal(read(place, "policy.yaml"),
          read(rig.ROOT, "deploy/policies/bsre-seal.yaml"), "the demo's policy")


@claim
def its_secrets_stay_in_files_of_one_person(place):
    held = glob.glob(os.path.join(place, "clients/*/passphrase"))
    held += [os.path.join(place, name) for name in ("pin", "so-pin")]
    equal(len(held), 7, "files with secrets")
    keys = glob.glob(os.path.join(place, "clients/*/*.pem"))
    for path in held + [name for name in keys if os.path.basename(name) in
                        ("officer.pem", "key.pem")]:
        equal(stat.S_IMODE(os.stat(path).st_mode), 0o600, path)
    secrets = [read(path).strip() for path in held]
    for path in glob.glob(os.path.join(place, "*.*")):
        if os.path.isfile(path):
            expect(not any(secret in read(path) for secret in secrets), f"a secret in {path}")


@claim
def officers_open_the_key_again_as_the_readme_prints(place):
    equal(segel(place, "officer-1", "key", "deactivate", "seal-demo", "--reason",
                "a test").returncode, 0)
    letter = os.path.join(place, "one-more.pdf")
    sign = ("sign", "--key", "seal-demo", "--class", "surat_tugas", "--approval",
            "ND-2026/010", "--notice-shown", "-o", os.path.join(place, "again"), letter)
    contains(segel(place, "e-office", *sign).stdout, "CP-6.2-05")
    contains(follow(place, block("key activate seal-demo")), "waits, 1 of 2 approvals", ": done")
    equal(segel(place, "e-office", *sign).returncode, 0)


@claim
def run_again_it_ends_the_gateway_that_was_kept_and_its_own(place):
    kept = gateway_of(place)
    expect(kept, "a gateway was kept")
    page = demo(place)
    expect(not os.path.exists(f"/proc/{kept}"), "the gateway that was kept still runs")
    # By the demo, before its files go: a gateway whose ledger was removed ends, too.
    contains(page, f"segeld of an earlier demo, process {kept}, is ended",
             "tsa of an earlier demo, process ")
    expect(not gateway_of(place), "it left its gateway running")


def end(place):
    if os.path.exists(os.path.join(place, "segeld.pid")) and gateway_of(place):
        os.kill(gateway_of(place), 15)


if __name__ == "__main__":
    FOLDER = os.path.join(rig.BUILD, "system", "demo")
    shutil.rmtree(FOLDER, ignore_errors=True)
    try:
        CODE = rig.run(FOLDER)
    finally:
        end(FOLDER)
    sys.exit(CODE)
