#!/usr/bin/python3
"""Ceremonies on a lane whose PIN is typed: they wait for it, bounded and to be called off, and
the PIN goes to the ceremony's process alone."""
import concurrent.futures
import os
import re
import sys

import people
import rig
from faulty import kill_lane, list_tokens, token, unlock, wait_for
from maker import STATE, calls, hold, signs
from people import EXECUTED
from rig import claim, contains, equal
from typist import Typist

WRONG = "0000-wrong"


def waits(gateway):
    wait_for(lambda: "a ceremony on its token awaits the PIN" in token(gateway).why,
             "the ceremony does not await the PIN")


def asked(typed, gateway):
    """A ceremony that awaits its PIN."""
    name = typed.name()
    equal(typed.approved(gateway, "GenerateKey", typed.generation(name)).state, EXECUTED)
    waits(gateway)
    return name


@claim
def a_key_is_made_accepted_and_destroyed_where_the_pin_is_typed(typed):
    with typed.gateway() as gateway:
        name = asked(typed, gateway)
        before = typed.logins()
        typed.typed("the ceremony has its PIN")
        equal(STATE[typed.settled(gateway, name).state], "generated")
        equal(typed.logins() - before, 1, "the PIN that was typed is used once")
        typed.back(gateway)
        equal(typed.logins() - before, 2, "the lane has asked for it anew")
        typed.backup(gateway, name)
        answer = in_between(typed, gateway, lambda: typed.csr(gateway, name))
        typed.back(gateway)
        certificates = typed.certificate(answer.csr)
        typed.approved(gateway, "ImportCertificate", typed.import_request(name, certificates))
        waits(gateway)
        typed.typed("the ceremony has its PIN")
        equal(STATE[typed.settled(gateway, name).state], "accepted")
        typed.back(gateway)
        wait_for(lambda: typed.key(gateway, name).tokens, "no lane has the key")
        signs(gateway, name)
        typed.approved(gateway, "DestroyKey", typed.destruction(name))
        waits(gateway)
        typed.typed("the ceremony has its PIN")
        equal(STATE[typed.settled(gateway, name).state], "destroyed")
        typed.back(gateway)
        wait_for(lambda: len([r for r in typed.records("pin.enter")
                              if ", for a ceremony" in r["detail"]]) == 4,
                 "each PIN that was typed for a ceremony is on the log")


def in_between(typed, gateway, call, order=None):
    """What the call answers once somebody has typed the PIN, and ordered this before."""
    with concurrent.futures.ThreadPoolExecutor() as pool:
        answer = pool.submit(call)
        waits(gateway)
        if order:
            order()
        typed.typed("the ceremony has its PIN")
        return answer.result(30)


@claim
def nothing_is_signed_or_made_behind_an_order_that_came_while_the_pin_was_awaited(typed):
    with typed.gateway() as gateway:
        name = asked(typed, gateway)
        typed.typed("the ceremony has its PIN")
        equal(STATE[typed.settled(gateway, name).state], "generated")
        typed.back(gateway)
        typed.backup(gateway, name)
        tried = typed.logins()
        refusal = in_between(typed, gateway, lambda: rig.refused(typed.csr, gateway, name),
                             lambda: hold(typed, gateway, name))
        equal(refusal.code, people.CODE.FAILED_PRECONDITION)
        contains(refusal.message, "the key is held: nothing is signed")
        typed.back(gateway)
        before = calls(typed, "C_GenerateKeyPair")
        name = asked(typed, gateway)
        people.lock_down(gateway)
        typed.typed("the ceremony has its PIN")
        freed(typed, gateway, name, "lock-down: no key is made")
        equal((calls(typed, "C_GenerateKeyPair"), typed.logins() - tried), (before, 1),
              "the token was asked for nothing but by its lane")


@claim
def a_wrong_pin_is_tried_once_and_latches_the_token(typed):
    with typed.gateway() as gateway:
        name = asked(typed, gateway)
        before = typed.logins()
        equal(typed.enter(WRONG).returncode, 0)
        contains(typed.settled(gateway, name).trouble, "CKR_PIN_INCORRECT")
        wait_for(lambda: token(gateway).lane_state == "pin-latched", "the lane is not latched")
        equal(typed.logins() - before, 1, "logins")
        refused = typed.enter()
        equal(refused.returncode, 1)
        contains(refused.stderr, "pin-latched")
    typed.rig.tool("segeld", "--config", typed.rig.path("changed.yaml"), "--unlatch", "lane0")


@claim
def the_last_try_that_officers_allow_is_a_persons_for_a_ceremony_too(typed):
    with typed.gateway((r"pin_file: prompt", "pin_file: pin"), up=False) as gateway:
        typed.schedule("C_GetTokenInfo@1+=finaltry")
        kill_lane(gateway)
        wait_for(lambda: token(gateway).lane_state == "pin-latched", "the lane is not latched")
        request = people.call(gateway, "officer-1", "CreateRequest", unlock()).approval
        for officer in ("officer-2", "officer-3"):
            people.approve(gateway, request.id, typed.keys[officer], officer)
        wait_for(lambda: token(gateway).lane_state == "awaits-pin", "the lane does not ask")
        before = typed.logins()
        name = asked(typed, gateway)
        contains(token(gateway).why, "--last-try")
        equal(typed.enter().returncode, 1, "a try like any other is not the last one")
        result = typed.enter(None, "--last-try")
        equal(result.returncode, 0, result.stderr)
        equal(STATE[typed.settled(gateway, name).state], "generated")
        equal(typed.logins() - before, 1, "logins")


def last_try_is_asked_for(typed, gateway, schedule):
    """A ceremony that awaits the last try, which officers have allowed."""
    typed.schedule(schedule)
    kill_lane(gateway)
    wait_for(lambda: token(gateway).lane_state == "pin-latched", "the lane is not latched")
    unlocked(typed, gateway)
    return asked(typed, gateway)


def unlocked(typed, gateway):
    """The last try is allowed, and awaited."""
    request = people.call(gateway, "officer-1", "CreateRequest", unlock()).approval
    for officer in ("officer-2", "officer-3"):
        people.approve(gateway, request.id, typed.keys[officer], officer)
    wait_for(lambda: token(gateway).lane_state == "awaits-pin", "the lane does not ask")


@claim
def a_last_try_that_a_ceremony_died_in_was_the_one_that_officers_allowed(typed):
    with typed.gateway((r"pin_file: prompt", "pin_file: pin"), up=False) as gateway:
        last_try_is_asked_for(typed, gateway, "C_GetTokenInfo@1+=finaltry C_Login@1+=kill")
        before = typed.logins()
        result = typed.enter(None, "--last-try")
        equal(result.returncode, 0, result.stderr)
        wait_for(lambda: token(gateway).lane_state == "pin-latched", "another one is asked for")
        equal(typed.logins() - before, 1, "logins")


@claim
def a_last_try_that_nobody_made_is_still_one_when_a_ceremony_dies_in_it(typed):
    """Officers have allowed it; the lane dies before its login, the ceremony in it."""
    dies = "C_GetTokenInfo@1+=finaltry C_Login@1+=kill"
    with typed.gateway((r"pin_file: prompt", "pin_file: pin"), up=False) as gateway:
        typed.schedule("C_GetTokenInfo@1+=finaltry")
        kill_lane(gateway)
        wait_for(lambda: token(gateway).lane_state == "pin-latched", "the lane is not latched")
        unlocked(typed, gateway)
        before = typed.logins()
        typed.schedule("C_GetTokenInfo@1=kill")
        result = typed.enter(None, "--last-try")
        equal(result.returncode, 3, result.stderr)
        typed.schedule(dies)
        wait_for(lambda: token(gateway).lane_state == "awaits-pin", "it is used up")
        equal(typed.logins() - before, 0, "logins of the lane")
        asked(typed, gateway)
        equal(typed.enter(None, "--last-try").returncode, 0)
        wait_for(lambda: token(gateway).lane_state == "pin-latched", "another one is asked for")
        equal(typed.logins() - before, 1, "logins")


@claim
def a_last_try_that_went_well_in_a_ceremony_latches_nothing(typed):
    with typed.gateway((r"pin_file: prompt", "pin_file: pin"), up=False) as gateway:
        name = last_try_is_asked_for(typed, gateway, "C_GetTokenInfo@1+=finaltry")
        before = calls(typed, "C_GenerateKeyPair")
        typed.schedule("C_GetTokenInfo@1=finaltry C_GenerateKeyPair@1=slow=1500")
        equal(typed.enter(None, "--last-try").returncode, 0)
        wait_for(lambda: calls(typed, "C_GenerateKeyPair") > before, "no key is made")
        typed.schedule("")
        equal(STATE[typed.settled(gateway, name).state], "generated")
        wait_for(lambda: token(gateway).lane_state == "up", "the lane does not come back")


@claim
def a_last_try_that_went_well_in_a_ceremony_that_failed_latches_nothing(typed):
    with typed.gateway((r"pin_file: prompt", "pin_file: pin"), up=False) as gateway:
        name = last_try_is_asked_for(typed, gateway, "C_GetTokenInfo@1+=finaltry")
        before = calls(typed, "C_FindObjectsInit")
        typed.schedule("C_GetTokenInfo@1=finaltry C_FindObjectsInit@1=slow=1500")
        equal(typed.enter(None, "--last-try").returncode, 0)
        wait_for(lambda: calls(typed, "C_FindObjectsInit") > before, "it does not log in")
        typed.schedule("C_GenerateKeyPair@1=31")  # CKR_DEVICE_MEMORY
        freed(typed, gateway, name, "CKR_DEVICE_MEMORY")
        wait_for(lambda: token(gateway).lane_state == "up", "the lane does not come back")


def freed(typed, gateway, name, words):
    contains(typed.settled(gateway, name, 30).trouble, words)
    equal(typed.state(gateway, name), "unspecified", "its name is free")


@claim
def a_ceremony_is_called_off_or_over_when_nobody_types(typed):
    with typed.gateway() as gateway:
        before = typed.logins()
        equal(typed.enter(None, "--call-off").returncode, 1, "there is none")
        name = asked(typed, gateway)
        equal(typed.enter(None, "--call-off").returncode, 0)
        freed(typed, gateway, name, f"called off on the gateway's machine, by uid {os.getuid()}")
        typed.back(gateway)
        equal(typed.logins() - before, 1, "nothing was tried but for the lane")
    # The request has to be agreed to within that time, too.
    life = (r"quorum: quorum\}", "quorum: quorum, request_life_s: 8}")
    with typed.gateway(life) as gateway:
        before = typed.logins()
        name = asked(typed, gateway)
        freed(typed, gateway, name, "nobody typed the PIN of its lane in time")
        typed.back(gateway)
        equal(typed.logins() - before, 1, "nothing was tried but for the lane")


@claim
def a_gateway_that_ends_while_it_waits_frees_the_name(typed):
    with typed.gateway() as gateway:
        name = asked(typed, gateway)
        equal(gateway.stop(), 0)
    with typed.gateway(keep=True, up=False) as gateway:
        freed(typed, gateway, name, "the gateway ended while the PIN was awaited")


@claim
def killed_while_it_waits_the_token_is_asked_once_somebody_types(typed):
    with typed.gateway() as gateway:
        name = asked(typed, gateway)
        gateway.stop(rig.signal.SIGKILL)
    soon = (r"\nlanes:\n", "\nhsm: {ceremony_ms: 4000}\nlanes:\n")
    with typed.gateway(soon, keep=True, up=False) as gateway:
        waits(gateway)
        before = calls(typed, "C_GenerateKeyPair")
        typed.typed("the ceremony has its PIN")
        wait_for(lambda: len(gateway.find("ceremony.begin")) == 2, "nobody looks again", 30)
        waits(gateway)  # the token may have been told before, and answer late
        typed.typed("the ceremony has its PIN")
        freed(typed, gateway, name, "broke off before the key was made")
        equal(calls(typed, "C_GenerateKeyPair"), before)


@claim
def a_ceremony_gets_its_pin_also_when_a_reload_has_put_another_lane_in_its_place(typed):
    lane = typed.text[typed.text.index("  - name: lane0\n"):typed.text.index("log_key:")]
    more = (r"log_key:", lane.replace("lane0", "lane1") + "log_key:")

    def says(words):
        return lambda: [words in t.why for t in list_tokens(gateway) if t.lane == "lane1"] == [
            True]
    with typed.gateway(more) as gateway:
        name = typed.name()
        typed.approved(gateway, "GenerateKey", typed.generation(name, lane="lane1"))
        wait_for(says("a ceremony on its token awaits the PIN"), "it does not await it")
        before = typed.logins()
        changed = typed.rig.read("changed.yaml")
        at = changed.index("  - name: lane1\n")
        typed.rig.write("changed.yaml", changed[:at] + re.sub(
            r"threads: \d", "threads: 3", changed[at:], count=1))
        people.hup(gateway, "reloaded")
        wait_for(says("a ceremony on its token awaits the PIN"), "the new lane hides it")
        result = typed.hand_over("enter", [typed.pin], lane="lane1")
        equal(result.returncode, 0, result.stderr)
        contains(result.stdout, "the ceremony has its PIN")
        equal(STATE[typed.settled(gateway, name).state], "generated")
        equal(typed.logins() - before, 1, "logins")
        wait_for(lambda: gateway.find("lane.removed"), "the old lane does not go")


# --- Another PIN -----------------------------------------------------------------------------

def change(typed, gateway, lane="lane0"):
    """The officers agree, and somebody types the old PIN and a new one."""
    asked = people.call(gateway, "officer-1", "CreateRequest",
                        rig.approvals.CreateRequestRequest(
                            request_id=typed.id(), reason="a holder leaves (TEST)",
                            change_pin=rig.approvals.ChangePinTask(lane=lane))).approval
    for officer in ("officer-2", "officer-3"):
        people.approve(gateway, asked.id, typed.keys[officer], officer)
    new = "baru-" + rig.secrets.token_hex(8)
    rig.used(new)
    result = typed.hand_over("set", [typed.pin, new], lane=lane)
    equal(result.returncode, 0, result.stderr)
    contains(result.stdout, "the lane asks for it")
    typed.pin = new


@claim
def a_typed_pin_is_changed_by_the_old_one_and_the_new(typed):
    with typed.gateway() as gateway:
        change(typed, gateway)
        typed.back(gateway)
        signs(gateway, "seal-demo")
        wait_for(lambda: [r["result"] for r in typed.records("pin.change")
                          if r["step"] == "end"] == ["done"], "the change is not on the log")


def states(gateway):
    return {one.lane: one.lane_state for one in list_tokens(gateway)}


def enter(typed, gateway, lane):
    wait_for(lambda: states(gateway).get(lane) == "awaits-pin", f"{lane} does not ask")
    equal(typed.enter(lane=lane).returncode, 0)
    wait_for(lambda: states(gateway).get(lane) == "up", f"{lane} does not come up")


def hand_over_credential(typed):
    """As systemd does when the service starts."""
    folder = typed.rig.path("credentials")
    os.makedirs(folder, exist_ok=True)
    typed.rig.write("credentials/new", typed.pin)
    os.chmod(os.path.join(folder, "new"), 0o400)
    os.replace(os.path.join(folder, "new"), os.path.join(folder, "hsm.pin"))
    return folder


@claim
def a_reload_does_not_log_in_by_a_credential_older_than_the_change_of_its_pin(typed):
    lane = rig.re.search(r"^lanes:\n((?:  .*\n)+)", typed.text, rig.re.M).group(1)
    second = (r"^log_key:", lane.replace("lane0", "lane1") + "log_key:")
    folder = hand_over_credential(typed)
    with typed.gateway(second, CREDENTIALS_DIRECTORY=folder) as gateway:
        enter(typed, gateway, "lane1")
        change(typed, gateway, "lane1")
        for one in ("lane0", "lane1"):
            enter(typed, gateway, one)
        tried = typed.logins()
        head, tail = typed.rig.read("changed.yaml").rsplit("pin_file: prompt", 1)
        typed.rig.write("changed.yaml", head + "pin_file: credential:hsm.pin" + tail)
        why = people.hup(gateway, "reload.failed")["why"]
        contains(why, "lane 'lane1'", "make the credential anew and restart")
        equal((typed.logins(), states(gateway)["lane1"]), (tried, "up"))
        hand_over_credential(typed)  # where the folder follows, as that of a pod does
        people.hup(gateway, "reloaded")
        wait_for(lambda: gateway.find("lane.removed"), "the lane stays")
        wait_for(lambda: states(gateway) == {"lane0": "up", "lane1": "up"}, "it is not up")


if __name__ == "__main__":
    sys.exit(rig.run(Typist(rig.Rig("typed"))))
