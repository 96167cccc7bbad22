"""A folder that can be made to hang, as one on a share whose server is away
(tests/fixtures/stuck.c)."""
import contextlib
import os

from preload import preload


class Stuck:
    """folder: whoever opens it, lists it or looks at it stands still while it is held."""

    def __init__(self, folder):
        self.folder, self.mark = folder, folder + ".stuck"

    def environment(self):
        return preload("stuck", STUCK=self.folder)

    def hold(self):
        with open(self.mark, "w", encoding="ascii"):
            pass

    def release(self):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.mark)
