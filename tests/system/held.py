"""A gateway one of whose threads can be made to stand still (tests/fixtures/held.c)."""
import contextlib
import os
import shutil
import tempfile

import rig
from faulty import wait_for


class Held:
    """thread: its name, as in top -H."""

    def __init__(self, thread):
        self.folder = tempfile.mkdtemp(prefix="held-")
        self.environment = {
            "HELD": self.folder, "HELD_THREAD": thread,
            "LD_PRELOAD": os.path.join(rig.BUILD, "tests/fixtures/held.so")}

    def close(self):
        shutil.rmtree(self.folder)

    @contextlib.contextmanager
    def preloaded(self):
        """For whatever is started meanwhile."""
        os.environ.update(self.environment)
        try:
            yield
        finally:
            for name in self.environment:
                del os.environ[name]

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
