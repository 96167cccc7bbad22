"""What the README prints, taken at its word. Not a test itself."""
import os
import re
import subprocess

import rig
from rig import equal

with open(os.path.join(rig.ROOT, "README.md"), encoding="utf-8") as file:
    README = file.read()


def block(begin):
    """The indented block of the README that has this line."""
    for text in re.findall(r"(?:^    .*\n|^\n(?=    ))+", README, flags=re.M):
        if begin in text:
            return re.sub(r"^    ", "", text, flags=re.M)
    raise rig.Failed(f"the README has no block with '{begin}'")


def follow(place, text):
    """Runs a block where build/demo is this folder."""
    for name, real in (("build/demo", place), ("build/bin", rig.BIN),
                        ("-I proto", "-I " + os.path.join(rig.ROOT, "proto")),
                        (" proto/", f" {rig.ROOT}/proto/")):
        text = text.replace(name, real)
    result = subprocess.run(["bash", "-e", "-c", text], cwd=place, check=False,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            timeout=120)
    equal(result.returncode, 0, f"exit code of '{text}', which says '{result.stdout}'")
    return result.stdout
