"""An older version of this repository, built from its own commit, and a world that its own
scripts have set up. Everything lies below $BUILD/upgrade; nothing is written into .git."""
import contextlib
import os
import re
import shutil
import subprocess

import rig


class Unavailable(Exception):
    """There is nothing to upgrade from; the sentence says why."""


def git(*arguments, **options):
    return subprocess.run(["git", "-C", rig.ROOT, *arguments], check=False,
                          capture_output=True, text=True, **options)


def commit_of(name):
    """The whole name of a commit that this clone has."""
    try:
        found = git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    except FileNotFoundError:
        raise Unavailable("there is no git here, and the older version is made from the "
                          "repository's history") from None
    if found.returncode != 0:
        raise Unavailable(
            f"this copy of the repository does not hold the commit {name}: a shallow clone "
            "or an unpacked archive has no history. Fetch it (git fetch --unshallow), or "
            "name another one: make upgrade FROM=COMMIT")
    return found.stdout.strip()


class Older:
    """dir: its tree; bin: its programs; schema: version of the ledger's tables."""

    def __init__(self, name):
        self.commit = commit_of(name)
        self.dir = os.path.join(rig.BUILD, "upgrade", self.commit[:12])
        self.bin = os.path.join(self.dir, "build/bin")
        self.built = os.path.join(self.dir, ".built")
        if not os.path.exists(self.built):
            self.unpack()
            self.make()
        self.schema = rows(self.dir)

    def unpack(self):
        shutil.rmtree(self.dir, ignore_errors=True)
        os.makedirs(self.dir)
        with subprocess.Popen(["git", "-C", rig.ROOT, "archive", self.commit],
                              stdout=subprocess.PIPE) as archive:
            subprocess.run(["tar", "-x", "-C", self.dir], stdin=archive.stdout, check=True)
        if archive.returncode != 0:
            raise Unavailable(f"git cannot give the files of {self.commit}")

    def make(self):
        print(f"building {self.commit[:12]} …", flush=True)
        own = {k: v for k, v in os.environ.items()
               if k not in ("BUILD", "MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
        done = subprocess.run(["make", "-s", f"-j{os.cpu_count()}", "all"], cwd=self.dir,
                              env=own, check=False, capture_output=True, text=True)
        if done.returncode != 0:
            raise Unavailable(f"{self.commit[:12]} does not build here: "
                              f"{(done.stdout + done.stderr).strip()[-600:]}")
        with open(self.built, "w", encoding="ascii"):
            pass


def rows(tree):
    """Version of a ledger that this tree's segeld makes."""
    with open(os.path.join(tree, "gateway/ledger/migrations.def"), encoding="ascii") as file:
        return len(re.findall(r"^MIGRATION\(", file.read(), re.M))


class World(rig.Rig):
    """Made by the older version's setup.sh; either version's segeld can be its gateway."""

    def __init__(self, older, *keys):
        self.older = older
        self.dir = os.path.join(rig.BUILD, "upgrade/world")
        shutil.rmtree(self.dir, ignore_errors=True)
        os.makedirs(self.dir)
        done = subprocess.run([os.path.join(older.dir, "deploy/demo/setup.sh"), self.dir, *keys],
                              env={**os.environ, "BIN": older.bin}, capture_output=True,
                              text=True, check=False)
        rig.expect(done.returncode == 0, f"its setup.sh failed: {done.stdout}{done.stderr}")
        self.conf = os.path.join(self.dir, "segeld.yaml")
        self.widen_quotas()
        self.write("policy-old.yaml", self.read("policy.yaml"))

    def older_conf(self):
        """The configuration with the policy that the older version had."""
        return self.write("segeld-old.yaml", self.read("segeld.yaml").replace(
            "file: policy.yaml", "file: policy-old.yaml"))

    @contextlib.contextmanager
    def run(self, folder):
        """folder: where that version's segeld lies."""
        gateway = rig.Gateway(self, self.conf, {},
                              [os.path.join(folder, "segeld"), "--config", self.conf])
        try:
            gateway.wait_ready()
            yield gateway
        finally:
            gateway.stop()

    def old_segel(self, client, *arguments):
        return subprocess.run(
            [os.path.join(self.older.bin, "segel"), "--home", self.path("clients", client),
             *arguments], capture_output=True, text=True, check=False, timeout=120)

    def copy(self, name):
        """The whole folder as it is now, beside it."""
        other = World.__new__(World)
        other.older, other.dir = self.older, f"{self.dir}-{name}"
        other.conf = os.path.join(other.dir, "segeld.yaml")
        shutil.rmtree(other.dir, ignore_errors=True)
        shutil.copytree(self.dir, other.dir)
        return other
