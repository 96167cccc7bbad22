"""`make image-test`: the image of deploy/containers, run as its manifest asks, with a software
token in an image made FROM it. It signs, is probed, is looked at, and ends when it is asked to.

    run.py --image NAME      as root; exit code 77: containers cannot be run here
"""
import argparse
import contextlib
import glob
import json
import os
import re
import shutil
import socket
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[1:1] = [os.path.join(HERE, "../system")]
import rig  # noqa: E402
import yaml  # noqa: E402
from container import HOME, Container, in_store  # noqa: E402
from rig import claim, contains, equal, expect  # noqa: E402

SKIPPED, USER = 77, 10001
DERIVED = "segel-softhsm:test"
DERIVE = """FROM {image}
USER 0
RUN apt-get update && apt-get install -y --no-install-recommends softhsm2
USER 10001:10001
"""
MANIFESTS = os.path.join(rig.ROOT, "deploy/containers/kubernetes.yaml")
LIBRARIES = ("libssl3", "libnghttp2-14", "libevent-2.1-7", "libsqlite3-0", "libcurl4", "zlib1g",
             "libprotobuf-c1", "libyaml-0-2", "libjansson4")


def derive(image):
    folder = os.path.join(HOME, "derived")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "Containerfile"), "w", encoding="ascii") as file:
        file.write(DERIVE.format(image=image))
    in_store("build", "-q", "--isolation", "chroot", "--pull=never", "-t", DERIVED, folder)
    shutil.rmtree(folder)


def manifest(kind):
    with open(MANIFESTS, encoding="utf-8") as file:
        return next(d for d in yaml.safe_load_all(file) if d["kind"] == kind)


# --- A world as volumes ---------------------------------------------------------------------

def as_secret(folder, files):
    """As a cluster mounts one: links into a folder that is replaced as a whole, all of it
    root's, and readable for the group of the pod."""
    data = os.path.join(folder, "..2026_01_01")
    os.makedirs(data)
    for name, text in files.items():
        path = os.path.join(data, name)
        with open(path, "wb") as file:
            file.write(text)
        os.chown(path, 0, USER)
        os.chmod(path, 0o440)
        os.symlink(f"..data/{name}", os.path.join(folder, name))
    os.symlink("..2026_01_01", os.path.join(folder, "..data"))
    os.chmod(folder, 0o755)
    os.chmod(data, 0o755)
    return folder


class Town(rig.Rig):
    def __init__(self):
        super().__init__("image", "seal-demo:rsa-2048")
        text = self.read("segeld.yaml")
        for old, new in (("path: ledger.db", "path: /var/lib/segel/ledger.db"),
                         ("pin_file: pin", "pin_file: /run/credentials/segel/pin"),
                         ("[tokens]", "[/var/lib/softhsm/tokens]"),
                         ("softhsm2.conf", "/etc/segel/softhsm2.conf")):
            expect(old in text, f"the configuration has no {old}")
            text = text.replace(old, new)
        self.admin_port = free_port()  # the machine's own; a pod has one for itself
        text += f"admin: {{address: 127.0.0.1, port: {self.admin_port}}}\n"
        tokens = "directories.tokendir = /var/lib/softhsm/tokens\nobjectstore.backend = file\n" \
                 "log.level = ERROR\nslots.removable = false\n"
        names = [n for n in os.listdir(self.dir) if n.endswith((".pem", ".key"))]
        files = {n: self.read(n, "rb") for n in [*names, "policy.yaml"]}
        files |= {"segeld.yaml": text.encode(), "softhsm2.conf": tokens.encode()}
        self.volumes = [
            ("/etc/segel", as_secret(self.path("etc"), files), "ro"),
            ("/run/credentials/segel",
             as_secret(self.path("secret"), {"pin": self.read("pin", "rb")}), "ro"),
            ("/var/lib/segel", self.owned("state"), "rw"),
            ("/var/lib/softhsm", self.owned("softhsm"), "ro")]
        shutil.copytree(self.path("tokens"), self.path("softhsm/tokens"))
        for place, folders, found in os.walk(self.path("softhsm")):
            for name in [*folders, *found]:
                os.chown(os.path.join(place, name), USER, USER)

    def owned(self, name):
        os.makedirs(self.path(name))
        os.chown(self.path(name), USER, USER)
        os.chmod(self.path(name), 0o700)
        return self.path(name)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Running(rig.Gateway):
    """The gateway in its container; process is the runtime in the foreground."""

    def __init__(self, town, container):
        container.describe(town.volumes)
        self.container = container
        super().__init__(town, None, {}, container.command())

    def stop(self, number=None):
        if self.process.poll() is None:
            self.container.kill("TERM" if number is None else number)
        return super().stop(0)


# --- Claims ---------------------------------------------------------------------------------

def running(test):
    expect(test.gateway is not None and test.gateway.address, "it does not run")
    return test.gateway


@claim
def user_and_group_are_those_of_the_manifest(test):
    pod = manifest("StatefulSet")["spec"]["template"]["spec"]["securityContext"]
    settings = test.container.settings
    equal(settings["User"], f"{pod['runAsUser']}:{pod['runAsGroup']}", "user of the image")
    equal(settings["StopSignal"], "SIGTERM", "what ends it")
    found = os.stat(os.path.join(test.container.root, "var/lib/segel"))
    equal((found.st_uid, found.st_gid, found.st_mode & 0o777),
          (pod["runAsUser"], pod["runAsGroup"], 0o700), "the ledger's folder")


@claim
def the_manifest_names_the_image_that_is_built(test):
    pod = manifest("StatefulSet")["spec"]["template"]["spec"]
    equal([f"localhost/{c['image']}" for c in pod["containers"]], [test.image], "image")


@claim
def the_image_holds_what_runs_and_nothing_to_build_with(test):
    root = test.container.root
    for name in ("segeld", "segel-hsm"):
        expect(os.access(os.path.join(root, "usr/bin", name), os.X_OK), f"no {name}")
    for name in ("src", "usr/bin/gcc", "usr/bin/make", "usr/include/openssl"):
        expect(not os.path.exists(os.path.join(root, name)), f"{name} is in the image")


@claim
def it_starts_from_volumes_of_a_cluster_and_serves(test):
    test.gateway = Running(test.town, test.container)
    test.gateway.wait_ready()
    equal(test.gateway.find("fatal"), [], "what it complained of")


@claim
def the_probes_of_the_manifest_answer(test):
    pod = manifest("StatefulSet")["spec"]["template"]["spec"]["containers"][0]
    running(test)
    for kind in ("readinessProbe", "livenessProbe"):
        command = [word.replace(":9464/", f":{test.town.admin_port}/")
                   for word in pod[kind]["exec"]["command"]]
        expect(str(test.town.admin_port) in command[-1], f"{command} asks another port")
        result = test.container.inside(*command)
        equal(result.returncode, 0, f"{command}: {result.stdout}{result.stderr}")


@claim
def letters_are_signed_from_outside(test):
    expect(running(test).client().sign().signature, "a signature")
    result = test.town.segel("reviewer", "log", "verify")
    equal(result.returncode, 0, result.stdout + result.stderr)
    contains(result.stdout, "SOUND")


@claim
def every_process_is_confined(test):
    running(test)
    shown = test.container.inside("/bin/sh", "-c", "cat /proc/[0-9]*/status")
    processes = [p for p in re.split(r"(?=^Name:)", shown.stdout, flags=re.M)
                 if re.match(r"Name:\tsegel", p)]
    equal(len(processes), 2, "segeld and its lane")
    for process in processes:
        for field, value in (("Uid", str(USER)), ("Gid", str(USER)), ("NoNewPrivs", "1"),
                             ("Seccomp", "2"), ("CapEff", "0000000000000000"),
                             ("CapBnd", "0000000000000000")):
            contains(re.search(rf"^{field}:\s+(.*)$", process, re.M)[1], value)


@claim
def its_root_cannot_be_written_and_the_ledger_is_private(test):
    running(test)
    result = test.container.inside("/bin/sh", "-c", "echo >/usr/bin/x")
    contains(result.stderr, "Read-only file system")
    for name in ("ledger.db", "ledger.db.lock"):
        found = os.stat(test.town.path("state", name))
        equal((found.st_uid, found.st_mode & 0o777), (USER, 0o600), name)


@claim
def the_sheet_knows_the_packages_of_the_image(test):
    running(test)
    result = test.town.segel("reviewer", "assess", "--json")
    lines = [line for line in json.loads(result.stdout)["lines"]
             if line["name"] == "version.library"]
    equal({line["subject"]: line["verdict"] for line in lines},
          {line["subject"]: "pass" for line in lines}, f"{lines}")
    for library in LIBRARIES:
        named = re.compile(rf" {re.escape(library)} \d")
        expect(any(named.search(line["text"]) for line in lines), f"{library}: {lines}")


@claim
def sigterm_ends_it_in_order(test):
    equal(running(test).stop(), 0, "exit code of the container")
    names = [e.get("event") for e in test.gateway.events if isinstance(e, dict)]
    expect(names.index("draining") < names.index("ended"), f"{names}")
    equal(names[-1], "ended", "the last line")


@claim
def the_next_one_goes_on_with_the_ledger(test):
    test.container.control("delete", "--force", test.container.name)
    with contextlib.ExitStack() as stack:
        gateway = Running(test.town, test.container)
        stack.callback(gateway.stop)
        gateway.wait_ready()
        expect(gateway.client().sign().signature, "a signature")
        contains(test.town.segel("reviewer", "log", "verify").stdout, "SOUND")


class Test:
    def __init__(self, image):
        derive(image)
        self.image = image
        self.gateway, self.town, self.container = None, Town(), Container("test", DERIVED)

    def end(self):
        if self.gateway is not None:
            self.gateway.stop()
        self.container.remove()
        with contextlib.suppress(rig.Failed):
            in_store("rmi", DERIVED)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--image", required=True)
    options = parser.parse_args()
    if os.geteuid() != 0 or not glob.glob(os.path.join(HOME, "store/vfs-images")):
        print("image-test: as root, and 'make image' comes first")
        return SKIPPED
    test = Test(options.image)
    try:
        return rig.run(test)
    finally:
        test.end()


if __name__ == "__main__":
    sys.exit(main())
