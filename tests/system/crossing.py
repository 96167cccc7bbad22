#!/usr/bin/python3
"""What persons order of a key, and what a configuration changes, while a ceremony for it is
under way or has failed: nobody's word is lost, and the gateway stands."""
import concurrent.futures
import os
import re
import sys
import time

import people
import rig
from faulty import kill_lane, list_tokens, token, wait_for
from maker import STATE, Keymaking, accept, begin, calls, destroy, hold, signs
from people import CODE, EXECUTED, hup, lock_down
from rig import claim, contains, equal, expect

keys = rig.keys


def compromise(maker, gateway, name):
    return maker.call(gateway, "ReportCompromise", keys.ReportCompromiseRequest(
        request_id=maker.id(), key=name, reason="a copy was seen (TEST)"), "officer-2")


def release(maker, gateway, name):
    return maker.approved(gateway, "ReleaseKey", keys.ReleaseKeyRequest(
        request_id=maker.id(), key=name, reason="it was found (TEST)"))


def under_way(maker, gateway, schedule="C_GenerateKeyPair@1=slow=2500"):
    """A generation that takes its time, in the module's call."""
    before = calls(maker, "C_GenerateKeyPair")
    name = begin(maker, gateway, schedule)
    wait_for(lambda: calls(maker, "C_GenerateKeyPair") > before, "no key is made")
    return name


def accepted(maker, gateway):
    name, certificates = maker.made(gateway)
    accept(maker, gateway, name, certificates)
    return name


# --- What one person orders meanwhile -------------------------------------------------------

@claim
def a_key_that_is_reported_while_it_is_made_stays_compromised(maker):
    with maker.gateway() as gateway:
        name = under_way(maker, gateway)
        compromise(maker, gateway, name)
        equal(STATE[maker.settled(gateway, name).state], "compromised")
        contains(rig.refused(maker.backup, gateway, name).message, "compromised")
        equal(STATE[destroy(maker, gateway, name).state], "destroyed")


@claim
def a_key_that_is_held_while_it_is_made_stays_held(maker):
    with maker.gateway() as gateway:
        name = under_way(maker, gateway)
        hold(maker, gateway, name)
        equal(STATE[maker.settled(gateway, name).state], "held")
        equal(release(maker, gateway, name).state, EXECUTED)
        equal(maker.state(gateway, name), "generated")


@claim
def a_lane_that_comes_to_rest_too_late_works_again(maker):
    changes = (r"\nlanes:\n", "\nhsm: {ceremony_ms: 5000, start_ms: 30000}\nlanes:\n")
    with maker.gateway(changes) as gateway:
        before = maker.logins()
        name = maker.name()
        asked = maker.call(gateway, "GenerateKey", maker.generation(name)).approval
        people.approve(gateway, asked.id, maker.keys["officer-2"], "officer-2")
        maker.schedule("C_Login@1=slow=9000")
        kill_lane(gateway)
        wait_for(lambda: maker.logins() > before, "the lane does not log in")
        people.approve(gateway, asked.id, maker.keys["officer-3"], "officer-3")
        contains(maker.settled(gateway, name).trouble, "did not come to rest")
        maker.schedule("")
        wait_for(lambda: token(gateway).lane_state == "up", "the lane does not come back", 30)
        signs(gateway, "seal-demo")
        equal(STATE[maker.generate(gateway, name).state], "generated")


# --- What is to be destroyed ----------------------------------------------------------------

@claim
def a_release_does_not_let_a_key_sign_that_is_to_be_destroyed(maker):
    with maker.gateway() as gateway:
        name, certificates = maker.made(gateway)
        accept(maker, gateway, name, certificates)
        hold(maker, gateway, name)
        maker.schedule("C_DestroyObject@1+=31")
        contains(destroy(maker, gateway, name).trouble, "not destroyed as a whole")
        maker.schedule("")
        equal(release(maker, gateway, name).state, EXECUTED)
        equal(maker.state(gateway, name), "retired")
        equal(rig.refused(gateway.client().sign, key=name).code, CODE.FAILED_PRECONDITION)


@claim
def the_name_of_a_key_that_had_a_backup_is_not_free_when_it_is_destroyed_late(maker):
    with maker.gateway() as gateway:
        name, _ = maker.made(gateway)
        maker.schedule("C_DestroyObject@1+=31")
        contains(destroy(maker, gateway, name).trouble, "not destroyed as a whole")
        maker.schedule("")
        equal(STATE[destroy(maker, gateway, name).state], "destroyed")


@claim
def a_sound_key_that_is_destroyed_at_the_second_try_is_destroyed(maker):
    """Not one whose generation broke off, though there is no backup."""
    with maker.gateway() as gateway:
        for held in (False, True):
            name = maker.name()
            maker.generate(gateway, name)
            if held:
                hold(maker, gateway, name)
            maker.schedule("C_DestroyObject@1+=31")
            found = destroy(maker, gateway, name)
            contains(found.trouble, "not destroyed as a whole")
            equal((STATE[found.state], STATE.get(found.state_before_hold)),
                  ("held", "retired") if held else ("retired", "unspecified"))
            maker.schedule("")
            equal(STATE[destroy(maker, gateway, name).state], "destroyed")
            equal(rig.refused(maker.call, gateway, "GenerateKey",
                              maker.generation(name)).code, CODE.FAILED_PRECONDITION)


@claim
def the_name_of_a_key_whose_generation_broke_off_is_free_also_behind_a_hold(maker):
    with maker.gateway() as gateway:
        name = begin(maker, gateway, "C_CopyObject@1=32")
        contains(maker.settled(gateway, name).trouble, "CKR_DEVICE_REMOVED")
        maker.schedule("")
        hold(maker, gateway, name)
        equal(destroy(maker, gateway, name).state, 0, "its name is free")
        equal(STATE[maker.generate(gateway, name).state], "generated")


@claim
def callers_of_a_key_that_was_followed_go_on_when_it_is_destroyed(maker):
    with maker.gateway() as gateway:
        old, new = (accepted(maker, gateway) for _ in range(2))
        maker.approved(gateway, "RotateKey", keys.RotateKeyRequest(
            request_id=maker.id(), key=old, successor=new, reason="re-key (TEST)"))
        signs(gateway, old)
        equal(STATE[destroy(maker, gateway, old).state], "destroyed")
        signs(gateway, old)
        equal(maker.records("intent")[-1]["key"], new)
        gateway.stop(rig.signal.SIGKILL)
    with maker.gateway(keep=True) as gateway:
        signs(gateway, old)
        equal(maker.records("intent")[-1]["key"], new)


# --- A request for a certificate waits ------------------------------------------------------

def waiting_csr(maker, gateway, order):
    """A key's request for a certificate is asked for during another's ceremony, and then this
    is ordered."""
    name = maker.name()
    maker.generate(gateway, name)
    maker.backup(gateway, name)
    under_way(maker, gateway)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        asked = pool.submit(rig.refused, maker.csr, gateway, name)
        order(name)
        refusal = asked.result()
    equal([r["rite"] for r in maker.steps(name, "end")], ["generate"],
          "no lane rests for what is refused")
    return refusal


@claim
def no_request_for_a_certificate_is_signed_behind_a_hold_or_a_lock_down(maker):
    with maker.gateway() as gateway:
        refusal = waiting_csr(maker, gateway, lambda name: hold(maker, gateway, name))
        equal(refusal.code, CODE.FAILED_PRECONDITION)
        contains(refusal.message, "held")
        refusal = waiting_csr(maker, gateway, lambda name: lock_down(gateway))
        equal(refusal.code, CODE.FAILED_PRECONDITION)
        contains(refusal.message, "lock-down")


PATIENT = (r"\nlanes:\n",
           "\nhsm: {timeout_ms: 9000}\nsign: {deadline_ms: 20000}\nlanes:\n")
SLOW = "C_Sign@1+=slow=4500"
LONG = "C_GenerateKeyPair@1=slow=5000"  # a reload and a second more fit in


def lane_text(maker):
    return maker.text[maker.text.index("  - name: lane0\n"):maker.text.index("log_key:")]


def signing(maker, gateway, pool):
    """The lane has a job in hand that takes its time: it does not come to rest meanwhile."""
    rig.covered(gateway)  # nothing of the log's is signed in its stead
    before = calls(maker, "C_Sign")
    maker.schedule(SLOW)
    job = pool.submit(gateway.client().sign, key="seal-demo")
    wait_for(lambda: calls(maker, "C_Sign") > before, "nothing is signed")
    return job


def rests(gateway, call):
    """The call, and that its ceremony has been begun by it."""
    before = len(gateway.find("ceremony.begin"))
    answer = call()
    wait_for(lambda: len(gateway.find("ceremony.begin")) > before, "no ceremony begins")
    return answer


def ordered_at_rest(maker, gateway, order):
    """What becomes of a request for a certificate, when this is ordered while its lane comes
    to rest."""
    name = maker.name()
    maker.generate(gateway, name)
    maker.backup(gateway, name)
    wait_for(lambda: token(gateway).lane_state == "up", "the lane does not come back")
    with concurrent.futures.ThreadPoolExecutor() as pool:
        job = signing(maker, gateway, pool)
        asked = rests(gateway, lambda: pool.submit(rig.refused, maker.csr, gateway, name))
        order(maker, gateway, name)
        expect(not job.done(), "the lane was at rest before that was ordered")
        expect(job.result().signature, "what was in hand is finished")
        refusal = asked.result()
    maker.schedule("")
    equal(refusal.code, CODE.FAILED_PRECONDITION)
    end = maker.steps(name, "end")[-1]
    equal((end["rite"], end["result"]), ("csr", "failed"))
    return refusal.message


@claim
def no_request_for_a_certificate_is_signed_behind_an_order_that_came_while_its_lane_rests(
        maker):
    with maker.gateway(PATIENT) as gateway:
        contains(ordered_at_rest(maker, gateway, hold), "the key is held: nothing is signed")
        contains(ordered_at_rest(maker, gateway, compromise), "compromised")
        contains(ordered_at_rest(maker, gateway, lambda *_: lock_down(gateway)), "lock-down")


@claim
def no_key_is_made_behind_a_lock_down_that_came_while_its_lane_rests(maker):
    with maker.gateway(PATIENT) as gateway, concurrent.futures.ThreadPoolExecutor() as pool:
        before = calls(maker, "C_GenerateKeyPair")
        job = signing(maker, gateway, pool)
        name = rests(gateway, lambda: begin(maker, gateway, SLOW))
        lock_down(gateway)
        expect(not job.done(), "the lane was at rest before the lock-down")
        contains(maker.settled(gateway, name).trouble, "lock-down: no key is made")
        equal((maker.key(gateway, name).state, calls(maker, "C_GenerateKeyPair")), (0, before),
              "its name is free")


@claim
def a_retired_key_signs_no_request_for_a_certificate(maker):
    with maker.gateway() as gateway:
        name, certificates = maker.made(gateway)
        accept(maker, gateway, name, certificates)
        equal(maker.approved(gateway, "RotateKey", keys.RotateKeyRequest(
            request_id=maker.id(), key=name, successor="seal-demo",
            reason="a new seal (TEST)")).state, EXECUTED)
        refusal = rig.refused(maker.csr, gateway, name)
        equal(refusal.code, CODE.FAILED_PRECONDITION)
        contains(refusal.message, "retired")


# --- Two names for one token ----------------------------------------------------------------

def also(maker, gateway):
    """A change of the configuration: one more lane, which names the same token by its serial
    number, and has its PIN from another file."""
    serial = token(gateway).serial
    lane = lane_text(maker).replace("lane0", "lane1").replace("pin_file: pin", "pin_file: other-pin")
    lane = lane.replace("token: segel-demo", f'uri: "pkcs11:token=segel-demo;serial={serial}"')
    maker.rig.write("other-pin", maker.rig.read("pin"))
    os.chmod(maker.rig.path("other-pin"), 0o400)
    return r"log_key:", lane + "log_key:"


@claim
def lanes_that_name_one_token_differently_rest_for_its_ceremony_and_are_seen(maker):
    with maker.gateway() as gateway:
        more = also(maker, gateway)
    with maker.gateway(more) as gateway:
        wait_for(lambda: {t.lane_state for t in list_tokens(gateway)} == {"up"}, "a lane is down")
        equal([t.lane for t in list_tokens(gateway)], ["lane0", "lane1"])
        name = maker.name()
        found = maker.generate(gateway, name)
        equal((STATE[found.state], found.trouble), ("generated", ""))
        wait_for(lambda: {t.lane_state for t in list_tokens(gateway)} == {"up"},
                 "a lane does not come back")
        refusal = rig.refused(people.call, gateway, "officer-1", "CreateRequest",
                              rig.approvals.CreateRequestRequest(
                                  request_id="pin-1", reason="a holder leaves (TEST)",
                                  change_pin=rig.approvals.ChangePinTask(lane="lane0")))
        equal(refusal.code, CODE.FAILED_PRECONDITION)
        contains(refusal.message, "'lane1' is on the same token", "another place")


# --- Another configuration ------------------------------------------------------------------

@claim
def a_lane_that_is_taken_away_during_its_ceremony_goes_when_that_has_ended(maker):
    lane = lane_text(maker)
    more = (r"log_key:", lane.replace("lane0", "lane1") + "log_key:")
    with maker.gateway(more) as gateway:
        before = calls(maker, "C_GenerateKeyPair")
        name = begin(maker, gateway, "C_GenerateKeyPair@1=slow=2500", lane="lane1")
        wait_for(lambda: calls(maker, "C_GenerateKeyPair") > before, "no key is made")
        changed = maker.rig.read("changed.yaml")
        maker.rig.write("changed.yaml", changed.replace(lane.replace("lane0", "lane1"), ""))
        hup(gateway, "reloaded")
        equal(STATE[maker.settled(gateway, name).state], "generated")
        equal(maker.steps(name, "token")[0]["lane"], "lane1")
        wait_for(lambda: gateway.find("lane.removed"), "the lane does not go")
        wait_for(lambda: token(gateway).lane_state == "up", "the lane does not come back")
        signs(gateway, "seal-demo")


def unlocked(maker):
    """The lane with a token that has no directory of its own: no lock keeps others out."""
    return re.sub(r"    read_only: .*\n", "", lane_text(maker))


@claim
def a_lane_that_a_reload_adds_to_the_token_of_a_ceremony_does_not_open_it(maker):
    both = (re.escape(lane_text(maker)),
            unlocked(maker) + unlocked(maker).replace("lane0", "lane1"))
    with maker.gateway(both) as gateway:
        before = calls(maker, "C_GenerateKeyPair")
        name = begin(maker, gateway, LONG, lane="lane1")
        wait_for(lambda: calls(maker, "C_GenerateKeyPair") > before, "no key is made")
        opened = calls(maker, "C_Initialize")
        changed = maker.rig.read("changed.yaml")
        at = changed.index("  - name: lane1\n")
        maker.rig.write("changed.yaml", changed[:at] + re.sub(
            r"threads: \d", "threads: 3", changed[at:], count=1))
        hup(gateway, "reloaded")
        equal(len(gateway.find("lane.added")), 1, "lanes that came")
        time.sleep(1)
        equal(gateway.find("ceremony.end"), [], "it was over too soon")
        equal(calls(maker, "C_Initialize") - opened, 0, "processes beside the ceremony's")
        equal(STATE[maker.settled(gateway, name).state], "generated")
        wait_for(lambda: gateway.find("lane.removed"), "the old lane does not go")
        wait_for(lambda: [t.lane_state for t in list_tokens(gateway)] == ["up", "up"],
                 "the lanes do not come back")
        signs(gateway, "seal-demo")


@claim
def a_lane_that_names_the_token_of_a_ceremony_otherwise_does_not_log_in_to_it(maker):
    """What token it has shows when it has found it."""
    with maker.gateway((re.escape(lane_text(maker)), unlocked(maker))) as gateway:
        pattern, more = also(maker, gateway)
        before = calls(maker, "C_GenerateKeyPair")
        name = begin(maker, gateway, LONG)
        wait_for(lambda: calls(maker, "C_GenerateKeyPair") > before, "no key is made")
        tried, opened = maker.logins(), calls(maker, "C_Initialize")
        maker.rig.write("changed.yaml", maker.rig.read("changed.yaml").replace(
            pattern, re.sub(r"    read_only: .*\n", "", more)))
        hup(gateway, "reloaded")
        wait_for(lambda: calls(maker, "C_Initialize") > opened, "it does not look for it")
        time.sleep(1)
        equal(gateway.find("ceremony.end"), [], "it was over too soon")
        equal(maker.logins() - tried, 0, "logins during the ceremony")
        equal(STATE[maker.settled(gateway, name).state], "generated")
        wait_for(lambda: [t.lane_state for t in list_tokens(gateway)] == ["up", "up"],
                 "the lanes do not come back")


if __name__ == "__main__":
    sys.exit(rig.run(Keymaking(rig.Rig("crossing"))))
