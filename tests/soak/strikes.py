"""What happens to the gateway during a soak, and when: by a seed, the same each time."""
import os
import random
import re
import signal
import time

import faulty
from verdict import EXCUSES

CALM_S = 5            # before the first fault and behind the last
PAUSE_S = (6.0, 18.0)  # between two
UP_S = 30             # longest wait for a lane
REST_S = 2            # out of rotation
# From then on no lane ends, so that the memory of the last one can be followed.
LANES_END_UNTIL = 2 / 3

# fault -> a schedule of the fault module, and for how many seconds it stands. None: until a
# lane has come up anew.
SCHEDULES = {
    "C_Sign hangs": ("C_Sign@3=hang", None),
    "module dies": ("C_Sign@5=segv", None),
    "device error": ("C_Sign@4=30", None),
    "session lost": ("C_Sign%20=b3", 2.0),
    "slow token": ("C_Sign%10=slow=200", 3.0),
}
LANES_END = ("lane killed", "C_Sign hangs", "module dies", "device error", "session lost")


def plan(seed, seconds):
    """[(second, fault)]: all of them in turn, shuffled anew each round."""
    dice, at, deck, planned = random.Random(seed), float(CALM_S), [], []
    while at < seconds - CALM_S:
        late = at > seconds * LANES_END_UNTIL
        if not deck:
            deck = [name for name in EXCUSES if not (late and name in LANES_END)]
            dice.shuffle(deck)
        fault = deck.pop()
        if not (late and fault in LANES_END):
            planned.append((at, fault))
            at += dice.uniform(*PAUSE_S)
    return planned


class Striker:
    def __init__(self, the_rig, gateway):
        self.rig, self.gateway, self.number = the_rig, gateway, 0
        self.by_hand = {"lane killed": self.kill_lane, "reload": self.reload,
                        "out of rotation": self.rest}

    def strike(self, fault):
        """Returns when it is over."""
        if fault in self.by_hand:
            self.by_hand[fault]()
        else:
            self.follow(*SCHEDULES[fault])

    def schedule(self, text):
        """Calls are counted anew: a schedule that has the same text as before would not be."""
        self.number += 1
        self.rig.write("faults.new", f"#{self.number} {text}\n")
        os.replace(self.rig.path("faults.new"), self.rig.path("faults"))

    def wait_up(self, before):
        faulty.wait_for(lambda: len(self.gateway.find("lane.up")) > before,
                        "the lane did not come up again", UP_S)

    def follow(self, text, seconds):
        before = len(self.gateway.find("lane.up"))
        self.schedule(text)
        if seconds is None:
            self.wait_up(before)
        else:
            time.sleep(seconds)
        self.schedule("")

    def kill_lane(self):
        before = len(self.gateway.find("lane.up"))
        faulty.kill_lane(self.gateway)
        self.wait_up(before)

    def reload(self):
        self.signal_and_wait(signal.SIGHUP, "reloaded")

    def rest(self):
        self.signal_and_wait(signal.SIGUSR1, "rotation.out")
        time.sleep(REST_S)
        self.signal_and_wait(signal.SIGUSR2, "rotation.in")

    def signal_and_wait(self, number, event):
        before = len(self.gateway.find(event))
        self.gateway.process.send_signal(number)
        faulty.wait_for(lambda: len(self.gateway.find(event)) > before,
                        f"no event '{event}' came")


def configuration(the_rig, module):
    """Local pages, and a lane that loads the fault module."""
    variables = {"FAULTS_FILE": the_rig.path("faults"), "FAULTS_COUNTS": the_rig.path("counts")}
    the_rig.write("faults", "")
    return the_rig.config(
        (r"^node: gw1$", "node: gw1\nadmin: {address: 127.0.0.1, port: 0}"),
        (r"module: .*", lambda _: f"module: {module}"),
        (r"environment: \{(.*)\}", lambda m: "environment: {" + ", ".join(
            [re.sub(r"\s+", " ", m[1])] + [f'{n}: "{v}"' for n, v in variables.items()]) + "}"))
