#!/usr/bin/python3
"""The first steps of the README, as they are printed there, with a newcomer's patience: each
block has to run to its end."""
import os
import re
import subprocess
import sys

import rig
from rig import claim, contains, equal, expect

with open(os.path.join(rig.ROOT, "README.md"), encoding="utf-8") as file:
    README = file.read()


def block(begin):
    """The indented block of the README that has this line."""
    for text in re.findall(r"(?:^    .*\n|^\n(?=    ))+", README, flags=re.M):
        if begin in text:
            return re.sub(r"^    ", "", text, flags=re.M)
    raise rig.Failed(f"the README has no block with '{begin}'")


def follow(the_rig, text):
    """Runs a block where build/demo is this rig."""
    for name, place in (("build/demo", the_rig.dir), ("build/bin", rig.BIN),
                        ("-I proto", "-I " + os.path.join(rig.ROOT, "proto")),
                        (" proto/", f" {rig.ROOT}/proto/")):
        text = text.replace(name, place)
    result = subprocess.run(["bash", "-e", "-c", text], cwd=the_rig.dir, check=False,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            timeout=120)
    equal(result.returncode, 0, f"exit code of '{text}', which says '{result.stdout}'")
    return result.stdout


@claim
def the_first_steps_work_as_printed(the_rig, _):
    letters = os.path.join(rig.BUILD, "tests/fixtures/letters")
    subprocess.run([letters, "3", the_rig.path("letters")], check=True)
    text = follow(the_rig, block("$E signer seal-demo"))
    contains(text, "1 signed, 0 refused", "VALID: signed by", "SOUND: ")


@claim
def the_python_client_signs_as_printed(the_rig, gateway):
    example = re.search(r"^```python\n(.*?)^```", README, flags=re.M | re.S)
    expect(example, "the README has a client in Python")
    the_rig.write("sign.py", example.group(1))
    contains(follow(the_rig, block("sign.py build/demo")), "signed; the log holds it as",
             "CAdES Verification successful")


@claim
def every_file_that_is_linked_is_there(_, __):
    for name in re.findall(r"\]\(([^)#]+)\)", README):
        expect(name.startswith("http") or os.path.exists(os.path.join(rig.ROOT, name)), name)


if __name__ == "__main__":
    the_rig = rig.Rig("readme")
    with the_rig.gateway() as the_gateway:
        sys.exit(rig.run(the_rig, the_gateway))
