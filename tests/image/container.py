"""A container of an image that buildah has in its store, run by crun as a cluster would: by the
manifest's user, read-only root, no capabilities, no new privileges, the default filter of system
calls, tmpfs for scratch, and volumes. The network is the machine's."""
import contextlib
import json
import os
import resource
import shutil
import subprocess

import rig

HOME = os.path.join(rig.BUILD, "image")
FILTER = "/usr/share/containers/seccomp.json"
NAMESPACES = ("pid", "mount", "ipc", "uts", "cgroup")
MASKED = ("/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware")
READ_ONLY = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")


# crun knows no machine that has both kinds of control groups: it sees the newer kind alone. It is
# asked to leave all of them as they are.
BOTH_KINDS = os.path.isdir("/sys/fs/cgroup/unified")
APART = ["unshare", "-m", "sh", "-c",
         "mount -t cgroup2 none /sys/fs/cgroup && exec \"$@\"", "sh"] if BOTH_KINDS else []


def in_store(command, *arguments):
    done = subprocess.run(
        ["buildah", "--root", os.path.join(HOME, "store"), "--runroot",
         os.path.join(HOME, "run"), "--storage-driver", "vfs", command, *arguments],
        capture_output=True, text=True, check=False, timeout=600)
    if done.returncode != 0:
        raise rig.Failed(f"buildah {command}: {done.stderr.strip()[-600:]}")
    return done.stdout.strip()


def default_filter():
    """The filter that engines use, for a container without capabilities: their file, in the
    form that the runtime takes."""
    with open(FILTER, encoding="utf-8") as file:
        source = json.load(file)
    rules = []
    for rule in source["syscalls"]:
        wanted = rule.get("includes") or {}
        if wanted.get("caps") or "amd64" not in wanted.get("arches", ["amd64"]):
            continue
        if "amd64" in (rule.get("excludes") or {}).get("arches", []):
            continue
        made = {"names": rule["names"], "action": rule["action"]}
        if rule.get("errnoRet") is not None:
            made["errnoRet"] = rule["errnoRet"]
        if rule.get("args"):
            made["args"] = [{k: v for k, v in a.items() if v is not None} for a in rule["args"]]
        rules.append(made)
    return {"defaultAction": source["defaultAction"], "defaultErrnoRet": 38,
            "architectures": ["SCMP_ARCH_X86_64"], "syscalls": rules}


def mount_of(target, source, *options):
    return {"destination": target, "type": "bind", "source": source,
            "options": ["rbind", *options]}


def limit(name, most):
    """As engines set it, but no higher than this machine lets us."""
    hard = resource.getrlimit(getattr(resource, f"RLIMIT_{name}"))[1]
    value = most if hard == resource.RLIM_INFINITY else min(most, hard)
    return {"type": f"RLIMIT_{name}", "hard": value, "soft": value}


def tmpfs(target):
    return {"destination": target, "type": "tmpfs", "source": "tmpfs",
            "options": ["nosuid", "nodev", "mode=1777", "size=16m"]}


class Container:
    def __init__(self, name, image):
        self.name, self.bundle = f"segel-{name}-{os.getpid()}", os.path.join(HOME, name)
        self.image = json.loads(in_store("inspect", "--type", "image", image))
        self.working = in_store("from", "--pull=never", image)
        self.root = in_store("mount", self.working)
        shutil.rmtree(self.bundle, ignore_errors=True)
        os.makedirs(self.bundle)

    @property
    def settings(self):
        return self.image["OCIv1"]["config"]

    def describe(self, volumes, environment=(), arguments=()):
        """Writes the bundle. volumes: [(target, source, "ro" or "rw")]."""
        user, _, group = self.settings["User"].partition(":")
        process = {
            "terminal": False, "cwd": "/", "noNewPrivileges": True,
            "user": {"uid": int(user), "gid": int(group or 0)},
            "args": [*self.settings["Entrypoint"], *arguments],
            "env": [*self.settings["Env"], *environment], "capabilities": {},
            "rlimits": [limit("NOFILE", 65536), limit("MEMLOCK", 8 << 20)]}
        mounts = [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
             "options": ["nosuid", "mode=755", "size=64k"]}, tmpfs("/tmp"),
            *(mount_of(target, source, mode, "nosuid", "nodev")
              for target, source, mode in volumes)]
        config = {
            "ociVersion": "1.0.2", "process": process, "hostname": "segel",
            "root": {"path": self.root, "readonly": True}, "mounts": mounts,
            "linux": {"namespaces": [{"type": n} for n in NAMESPACES],
                      "seccomp": default_filter(), "maskedPaths": list(MASKED),
                      "readonlyPaths": list(READ_ONLY)}}
        with open(os.path.join(self.bundle, "config.json"), "w", encoding="utf-8") as file:
            json.dump(config, file, indent=1)

    def runtime(self, *arguments):
        return [*APART, "crun", "--root", os.path.join(HOME, "crun"),
                "--cgroup-manager=disabled", *arguments]

    def command(self):
        return self.runtime("run", "--bundle", self.bundle, self.name)

    def control(self, *arguments):
        return subprocess.run(self.runtime(*arguments), capture_output=True, text=True,
                              check=False, timeout=30)

    def inside(self, *arguments):
        return self.control("exec", self.name, *arguments)

    def kill(self, name="TERM"):
        return self.control("kill", self.name, name)

    def remove(self):
        self.control("delete", "--force", self.name)
        for command in ("umount", "rm"):
            with contextlib.suppress(rig.Failed):
                in_store(command, self.working)
        shutil.rmtree(self.bundle, ignore_errors=True)
