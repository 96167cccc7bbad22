"""Programs that find another world: a shared object of tests/fixtures stands before the C
library (LD_PRELOAD), and its variables say what it plays."""
import contextlib
import os

import rig


def preload(names, **values):
    """The environment of such a program; several names have blanks between them."""
    paths = [os.path.join(rig.BUILD, "tests/fixtures", name + ".so") for name in names.split()]
    for path in paths:
        rig.expect(os.path.exists(path), f"{path} is not built: make tests")
    # A sanitizer wants to come first and refuses to start otherwise.
    return {"LD_PRELOAD": ":".join(paths), "ASAN_OPTIONS": "verify_asan_link_order=0", **values}


@contextlib.contextmanager
def preloaded(name, **values):
    """For whatever is started meanwhile."""
    environment = preload(name, **values)
    os.environ.update(environment)
    try:
        yield
    finally:
        for key in environment:
            del os.environ[key]


@contextlib.contextmanager
def begun(starting, name, **values):
    """starting: a gateway's context. What its test starts meanwhile finds the usual world."""
    with contextlib.ExitStack() as stack:
        with preloaded(name, **values):
            gateway = stack.enter_context(starting)
        yield gateway
