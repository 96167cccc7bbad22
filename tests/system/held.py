"""A gateway one of whose threads can be made to stand still (tests/fixtures/held.c)."""
import contextlib
import os
import shutil
import tempfile

from faulty import wait_for
from preload import preloaded


class Held:
    """thread: its name, as in top -H."""

    def __init__(self, thread):
        self.thread, self.folder = thread, tempfile.mkdtemp(prefix="held-")

    def close(self):
        shutil.rmtree(self.folder)

    def preloaded(self):
        """For whatever is started meanwhile."""
        return preloaded("held", HELD=self.folder, HELD_THREAD=self.thread)

    def hold(self, why, at_once=True):
        """Until it stands: each looks whether there is something to do, some times a second."""
        path = os.path.join(self.folder, why)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path + ".held")
        with open(path, "w", encoding="ascii"):
            pass
        if at_once:
            wait_for(lambda: os.path.exists(path + ".held"),
                     f"the thread does not stand: {why}")

    def release(self, why):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(self.folder, why))
