#!/usr/bin/python3
"""The first steps of the README, as they are printed there, with a newcomer's patience: each
block has to run to its end."""
import os
import re
import subprocess
import sys

import rig
from printed import README, block, follow
from rig import claim, contains, expect

@claim
def the_first_steps_work_as_printed(the_rig, _):
    letters = os.path.join(rig.BUILD, "tests/fixtures/letters")
    subprocess.run([letters, "3", the_rig.path("letters")], check=True)
    text = follow(the_rig.dir, block("$E signer seal-demo"))
    contains(text, "1 signed, 0 refused", "VALID: signed by", "SOUND: ")


@claim
def the_python_client_signs_as_printed(the_rig, gateway):
    example = re.search(r"^```python\n(.*?)^```", README, flags=re.M | re.S)
    expect(example, "the README has a client in Python")
    the_rig.write("sign.py", example.group(1))
    contains(follow(the_rig.dir, block("sign.py build/demo")), "signed; the log holds it as",
             "CAdES Verification successful")


@claim
def every_file_that_is_linked_is_there(_, __):
    for name in re.findall(r"\]\(([^)#]+)\)", README):
        expect(name.startswith("http") or os.path.exists(os.path.join(rig.ROOT, name)), name)


if __name__ == "__main__":
    the_rig = rig.Rig("readme")
    with the_rig.gateway() as the_gateway:
        sys.exit(rig.run(the_rig, the_gateway))
