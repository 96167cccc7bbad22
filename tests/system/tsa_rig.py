"""The test authority of tests/fixtures/tsa.c for the tests of this folder."""
import os
import subprocess
import time

import rig
from rig import Failed


class Tsa:
    """Ends when this process does: its standard input is a pipe of ours."""

    def __init__(self, folder):
        self.dir = folder
        os.makedirs(folder, exist_ok=True)
        self.process = subprocess.Popen(
            [os.path.join(rig.BUILD, "tests/fixtures/tsa"), folder], stdin=subprocess.PIPE)
        end = time.monotonic() + rig.START_S
        while not os.path.exists(self.path("url")):
            if time.monotonic() > end or self.process.poll() is not None:
                raise Failed("the test authority did not come up")
            time.sleep(0.02)
        with open(self.path("url"), encoding="ascii") as file:
            self.url = file.read().strip()
        self.anchors = self.path("root.pem")

    def path(self, name):
        return os.path.join(self.dir, name)

    def fault(self, name):
        """What goes wrong from now on: a row of tsa_faults.def."""
        self.write("fault", name)

    def state(self, name):
        """What its CRL says of it from now on: good, revoked or hold."""
        self.write("state", name)

    def write(self, file_name, word):
        part = self.path(file_name + ".part")
        with open(part, "w", encoding="ascii") as file:
            file.write(word + "\n")
        os.rename(part, self.path(file_name))

    def asked(self):
        try:
            with open(self.path("asked"), encoding="ascii") as file:
                return int(file.read())
        except FileNotFoundError:
            return 0

    def stop(self):
        self.process.stdin.close()
        self.process.wait(timeout=10)
