"""A program on a terminal of its own, which a test reads and types on. Not a test itself."""
import os
import select
import subprocess
import time

import rig
from rig import expect


class Terminal:
    """Started by setsid and not by a fork: gRPC's library has threads here, and waits in
    a fork for one that may wait for Python's lock. subprocess does not fork that way."""

    def __init__(self, *arguments, program="segel", environment=None):
        self.fd, theirs = os.openpty()
        try:
            self.process = subprocess.Popen(
                ["setsid", "--ctty", os.path.join(rig.BIN, program), *arguments],
                stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
        finally:
            os.close(theirs)
        self.shown = ""

    def wait(self, words, seconds=20):
        """Until the words stand there."""
        end = time.monotonic() + seconds
        while words not in self.shown:
            expect(self.more(end), f"'{words}' does not come: {self.shown}")

    def more(self, end):
        """Reads on; false: there is no more, or the time is over."""
        if not select.select([self.fd], [], [], max(0, end - time.monotonic()))[0]:
            return False
        try:
            part = os.read(self.fd, 4096)
        except OSError:  # it has ended
            return False
        self.shown += part.decode(errors="replace")
        return bool(part)

    def type(self, text, enter="\n"):
        os.write(self.fd, (text + enter).encode())

    def end(self, seconds=20):
        """Its exit code, -N for a signal; the terminal is there until close()."""
        end = time.monotonic() + seconds
        while self.more(end):
            pass
        try:
            return self.process.wait(timeout=max(1, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise rig.Failed(f"it does not end: {self.shown}") from None

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.fd)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()
