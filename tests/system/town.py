"""A gateway with several lanes on tokens that hold the same keys and fail on command, and
what tests do with it. Not a test itself."""
import contextlib
import json
import os
import re
import shutil
import time

import rig
from rig import equal, expect, item

FAULTS = os.path.join(rig.BUILD, "tests/fixtures/faults.so")


class Town:
    """A gateway with two lanes: two tokens with the same keys, as an HSM and its twin. Each
    can be made to fail on command."""

    def __init__(self, name, *keys):
        self.rig = rig.Rig(name, *keys)
        self.add_twin("lane1")
        self.lane0 = self.block("lane0", "softhsm2.conf")
        self.base = self.rig.read("segeld.yaml").replace("checkpoint_s: 1,",
                                                         "checkpoint_s: 86400,")
        self.calm()

    def add_twin(self, name):
        """A copy of the token's directory: the same keys behind another module."""
        tokens = self.rig.path(f"tokens-{name}")
        shutil.copytree(self.rig.path("tokens"), tokens)
        self.rig.write(f"{name}.conf", self.rig.read("softhsm2.conf").replace(
            self.rig.path("tokens"), tokens))

    def block(self, name, conf, **changes):
        """A lane's entry in the configuration."""
        canary = re.search(r'canary: "(\w+)"', self.rig.read("segeld.yaml")).group(1)
        fields = {"name": name, "module": FAULTS, "token": "segel-demo", "pin_file": "pin",
                  "threads": "2", "canary": f'"{canary}"',
                  "environment": f"{{SOFTHSM2_CONF: {conf}, FAULTS_FILE: "
                                 f"{self.rig.path('faults-' + name)}, FAULTS_LOG: "
                                 f"{self.rig.path('calls-' + name)}}}", **changes}
        return "  - {" + ", ".join(f"{k}: {v}" for k, v in fields.items()) + "}\n"

    def config(self, *lanes, key_lanes=None, more=""):
        """The configuration with these lanes; keys are looked for on all of them."""
        text = re.sub(r"^lanes:\n.*?^log_key", "lanes:\n" + "".join(lanes) + "log_key",
                      self.base, flags=re.M | re.S)
        place = f"    lanes: {key_lanes}\n" if key_lanes else ""
        text = re.sub(r"^    lane: lane0\n", place, text, flags=re.M)
        return self.rig.write("town.yaml", text + more)

    def both(self, **changes):
        return self.config(self.lane0, self.block("lane1", "lane1.conf", **changes))

    def schedule(self, lane, text):
        path = self.rig.path(f"faults-{lane}")
        self.rig.write(path + ".new", text)
        os.replace(path + ".new", path)

    def calm(self):
        for lane in ("lane0", "lane1"):
            self.schedule(lane, "")

    @contextlib.contextmanager
    def gateway(self, config=None):
        self.calm()
        with self.rig.gateway(config or self.both()) as gateway:
            gateway.client().sign()
            yield gateway

    def records(self):
        shown = self.rig.segel("reviewer", "log", "show", "--json")
        equal(shown.returncode, 0, shown.stderr)
        lines = [json.loads(line) for line in shown.stdout.splitlines() if line.strip()]
        return [r.get("record", r) for r in lines]

    def outcomes(self, job):
        """(outcome, lane) of each attempt of a job, in the order of the log."""
        found = self.records()
        ids = [r["decision_id"] for r in found
               if r["type"] == "intent" and r.get("job") == job.request_id]
        return [(r["outcome"], r["lane"]) for r in found
                if r["type"] == "outcome" and r["decision_id"] in ids]


def children_of(gateway):
    """{pid: state} of all processes that segeld has to bury; Z is a dead one."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/stat", encoding="ascii") as file:
            state, parent = file.read().rsplit(")", 1)[1].split()[:2]
            if int(parent) == gateway.process.pid:
                found[int(pid)] = state
    return found


def lanes_of(gateway):
    """{lane: pid}, by what their module wrote of its calls. A lane shows its environment to
    nobody but root."""
    alive = {pid for pid, state in children_of(gateway).items() if state != "Z"}
    found = {}
    for name in os.listdir(gateway.rig.dir):
        if name.startswith("calls-"):
            pids = {int(line.split()[1]) for line in gateway.rig.read(name).splitlines()
                    if len(line.split()) > 1} & alive
            found.update({name.removeprefix("calls-"): pid for pid in pids})
    return dict(sorted(found.items()))


def sign_many(gateway, count, **changes):
    return gateway.client().batch([item() for _ in range(count)], **changes)


def until(truth, seconds=10):
    end = time.monotonic() + seconds
    while not truth():
        expect(time.monotonic() < end, "it did not come about in time")
        time.sleep(0.05)
