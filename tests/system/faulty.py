"""A gateway whose lane loads a module that fails on command (tests/fixtures/faults.c), with
its local pages, and what tests do to such a lane. Not a test itself."""
import contextlib
import datetime
import http.client
import os
import re
import secrets
import signal
import time

import exposition
import rig
from rig import equal, expect

BROKEN_LOGIN = "C_Login@1+=30"  # CKR_DEVICE_ERROR: the lane cannot start
PIN_REFUSED = "C_Login@1+=a0"   # CKR_PIN_INCORRECT: it may not start
# No signature but those asked for: a checkpoint would meet the fault that is meant for a job.
SELDOM = (r"checkpoint_s: 1,", "checkpoint_s: 86400,")
JOBS_WAIT_S = 1  # for a lane that is started anew, as in gateway/core/lane/choose.c


class Faulty:
    def __init__(self, the_rig):
        self.rig = the_rig
        self.conf = the_rig.config(
            (r"^node: gw1$", "node: gw1\nadmin: {address: 127.0.0.1, port: 0}"),
            (r"module: .*", "module: " + os.path.join(rig.BUILD, "tests/fixtures/faults.so")),
            (r"environment: \{(.*)\}", r"environment: {\1, FAULTS_FILE: "
             + the_rig.path("faults") + ", FAULTS_LOG: " + the_rig.path("calls") + "}"))
        self.text = the_rig.read(os.path.basename(self.conf))
        self.schedule("")

    def schedule(self, text):
        self.rig.write("faults.new", text)
        os.replace(self.rig.path("faults.new"), self.rig.path("faults"))

    @contextlib.contextmanager
    def gateway(self, *changes):
        self.schedule("")
        text = self.text
        for pattern, replacement in changes:
            text, count = re.subn(pattern, replacement, text, count=1)
            expect(count == 1, f"the configuration has no {pattern}")
        config = self.rig.write("changed.yaml", text)
        # A latch of an earlier gateway is none of this one's; mostly there is none.
        self.rig.tool("segeld", "--config", config, "--unlatch", "lane0")
        with self.rig.gateway(config) as gateway:
            yield gateway

    def logins(self):
        return self.rig.read("calls").count("C_Login")

    def latch(self, gateway):
        """The token refuses the PIN of a lane that has just died."""
        self.schedule(PIN_REFUSED)
        kill_lane(gateway)
        wait_for(lambda: token(gateway).lane_state == "pin-latched", "the lane is not latched")


def lanes_of(gateway):
    children = f"/proc/{gateway.process.pid}/task/{gateway.process.pid}/children"
    with open(children, encoding="ascii") as file:
        return [int(pid) for pid in file.read().split()]


def kill_lane(gateway):
    lane, = lanes_of(gateway)
    os.kill(lane, signal.SIGKILL)


def stand_still(pid):
    """Until SIGCONT. A thread that has not met the signal yet would do a job that comes now."""
    def states():
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/stat", encoding="ascii") as file:
                yield file.read().rsplit(") ", 1)[1][0]

    os.kill(pid, signal.SIGSTOP)
    wait_for(lambda: set(states()) == {"T"}, f"process {pid} does not stop")


def wait_for(truth, sentence, seconds=15):
    end = time.monotonic() + seconds
    while not truth():
        expect(time.monotonic() < end, sentence)
        time.sleep(0.05)


def right_once(measure, times=3):
    """measure: what is wrong with its figures, or nothing. Figures of a few seconds are wrong
    where this machine stood still; those of a gateway that is unfair are wrong each time."""
    wrong = [measure()]
    while wrong[-1] and len(wrong) < times:
        print(f"      once more: {wrong[-1]}")
        wrong.append(measure())
    expect(not wrong[-1], "; then ".join(map(str, wrong)))


def late_lane(gateway):
    """That the only lane was away for almost as long as jobs wait for it, or nothing."""
    wait_for(lambda: len(gateway.find("lane.up")) >= len(gateway.find("lane.down")) > 0,
             "the lane does not come back", rig.START_S)
    down, up = (datetime.datetime.fromisoformat(gateway.find(name)[-1]["ts"]).timestamp()
                for name in ("lane.down", "lane.up"))
    return up - down > JOBS_WAIT_S - 0.2 and f"the lane was away for {up - down:.1f} s"


# --- Local pages ----------------------------------------------------------------------------

def ask(gateway, path, method="GET"):
    """Status, content type, text."""
    link = http.client.HTTPConnection(gateway.find("starting")[-1]["admin"], timeout=10)
    link.request(method, path)
    response = link.getresponse()
    with contextlib.closing(link):
        return response.status, response.getheader("Content-Type"), response.read().decode()


def metrics(gateway):
    status, kind, text = ask(gateway, "/metrics")
    equal((status, kind), (200, "text/plain; version=0.0.4; charset=utf-8"))
    return exposition.parse(text)


# --- What officers see and order ------------------------------------------------------------

def list_tokens(gateway, name="officer-1"):
    call = gateway.client(name).call("unary_unary", "ListTokens", rig.keys.ListTokensRequest,
                                     rig.keys.ListTokensResponse, service="KeyService")
    return call(rig.keys.ListTokensRequest(), timeout=10).tokens


def token(gateway):
    tokens = list_tokens(gateway)
    equal(len(tokens), 1, "tokens")
    return tokens[0]


def request(**task):
    return rig.approvals.CreateRequestRequest(
        request_id=secrets.token_hex(8), reason="PIN file restored (TEST)", **task)


def unlock(lane="lane0", **changes):
    message = request(unlock_pin=rig.approvals.UnlockPinTask(lane=lane))
    for field, value in changes.items():
        setattr(message, field, value)
    return message


def create(gateway, message, name="officer-1", timeout=10):
    call = gateway.client(name).call(
        "unary_unary", "CreateRequest", rig.approvals.CreateRequestRequest,
        rig.approvals.CreateRequestResponse, service="ApprovalService")
    return call(message, timeout=timeout).approval
