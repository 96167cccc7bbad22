#!/usr/bin/python3
"""Another PIN for a token: officers agree, somebody types it, the token must let the gateway in
with it. Wherever it breaks off there is one clear state and at most one wrong login."""
import concurrent.futures
import os
import stat
import sys
import time

import people
import rig
from faulty import token, unlock, wait_for
from maker import calls
from people import EXECUTED, PENDING
from rig import claim, contains, equal, expect
from typist import Typist

CODE = rig.grpc.StatusCode


def ask(gateway, name="officer-1", lane="lane0"):
    return people.call(gateway, name, "CreateRequest", rig.approvals.CreateRequestRequest(
        request_id=f"pin-{time.time_ns()}", reason="a holder leaves (TEST)",
        change_pin=rig.approvals.ChangePinTask(lane=lane))).approval


def granted(typist, gateway):
    asked = ask(gateway)
    equal((asked.state, asked.task), (PENDING, "pin.change"))
    voted = people.approve(gateway, asked.id, typist.keys["officer-2"], "officer-2")
    equal(voted.state, PENDING, "one is not enough")
    contains(refused_set(typist), "no new PIN is awaited")
    voted = people.approve(gateway, asked.id, typist.keys["officer-3"], "officer-3")
    equal(voted.state, EXECUTED)
    return asked.id


def new_pin():
    pin = "baru-" + rig.secrets.token_hex(8)
    rig.used(pin)
    return pin


def refused_set(typist, *pins):
    result = typist.hand_over("set", pins or [new_pin()])
    equal(result.returncode, 1, result.stdout + result.stderr)
    return result.stderr


def ends(typist, request, count=1):
    def found():
        return [r for r in typist.records("pin.change")
                if r["grant"] == request and r["step"] == "end"]
    wait_for(lambda: len(found()) == count, "the end is not on the log", 30)
    return found()[-1]


def up(gateway):
    wait_for(lambda: token(gateway).lane_state == "up", "the lane does not come back")


def left(typist):
    return sorted(n for n in os.listdir(typist.rig.dir) if n.startswith("pin."))


# --- Where a file has it ---------------------------------------------------------------------

@claim
def a_pin_that_officers_let_be_changed_is_the_tokens_and_the_files(typist):
    path = typist.rig.path("pin")
    os.chmod(path, 0o440)
    with typist.gateway() as gateway:
        request, pin = granted(typist, gateway), new_pin()
        result = typist.hand_over("set", [pin])
        equal(result.returncode, 0, result.stderr)
        contains(result.stdout, "has its new PIN, and so has the PIN file")
        equal((typist.rig.read("pin"), left(typist)), (pin + "\n", []))
        equal(stat.S_IMODE(os.stat(path).st_mode), 0o440)
        up(gateway)
        gateway.client().sign()
        equal(ends(typist, request)["result"], "done")
        expect(token(gateway).pin_changed_us > 0, "the token's facts say so")
        contains(refused_set(typist), "no new PIN is awaited")  # one grant, one change
        changed = token(gateway).pin_changed_us
        for text in (gateway.raw, typist.rig.read("calls"), str(typist.records())):
            expect(pin not in str(text), "the PIN is in a log")
    with typist.gateway(keep=True) as gateway:
        up(gateway)
        equal(token(gateway).pin_changed_us, changed)


@claim
def a_generated_one_is_seen_by_nobody(typist):
    with typist.gateway() as gateway:
        request = granted(typist, gateway)
        result = typist.hand_over("set", [], "--generate", "--lang", "id")
        equal(result.returncode, 0, result.stderr)
        contains(result.stdout, "memakai PIN baru, begitu pula berkas PIN-nya")
        pin = typist.rig.read("pin").strip()
        rig.used(pin)
        equal((len(pin), pin in result.stdout + result.stderr), (20, False))
        up(gateway)
        equal(ends(typist, request)["result"], "done")


@claim
def what_cannot_be_replaced_or_is_under_way_is_refused_before_anybody_signs(typist):
    with typist.gateway() as gateway:
        equal(rig.refused(ask, gateway, lane="lane9").code, CODE.NOT_FOUND)
        equal(rig.refused(ask, gateway, "reviewer").code, CODE.PERMISSION_DENIED)
        os.rename(typist.rig.path("pin"), typist.rig.path("elsewhere"))
        os.symlink(typist.rig.path("elsewhere"), typist.rig.path("pin"))
        refusal = rig.refused(ask, gateway)
        os.replace(typist.rig.path("elsewhere"), typist.rig.path("pin"))
        equal(refusal.code, CODE.FAILED_PRECONDITION)
        contains(refusal.message, "cannot replace", "pin_file: prompt")
        granted(typist, gateway)
        contains(rig.refused(ask, gateway).message, "is being changed")


@claim
def a_pin_that_the_token_does_not_take_changes_nothing(typist):
    with typist.gateway() as gateway:
        before = typist.rig.read("pin")
        request = granted(typist, gateway)
        contains(refused_set(typist, before.strip()), "the new PIN is the old one")
        up(gateway)
        end = ends(typist, request)
        equal((end["result"], typist.rig.read("pin"), left(typist)), ("failed", before, []))
        gateway.client().sign()


@claim
def nobody_types_and_it_is_over(typist):
    # The request has to be agreed to within that time, too.
    with typist.gateway((r"quorum: quorum\}", "quorum: quorum, request_life_s: 8}")) as gateway:
        request = granted(typist, gateway)
        contains(ends(typist, request)["why"], "nobody typed the new PIN in time")
        contains(refused_set(typist), "no new PIN is awaited")
        equal(token(gateway).lane_state, "up")
    with typist.gateway() as gateway:
        request = granted(typist, gateway)
    with typist.gateway(keep=True) as gateway:
        contains(ends(typist, request)["why"], "started anew before somebody typed")
        contains(refused_set(typist), "no new PIN is awaited")


def unlocked(typist, gateway):
    asked = people.call(gateway, "officer-1", "CreateRequest", unlock()).approval
    for officer in ("officer-2", "officer-3"):
        people.approve(gateway, asked.id, typist.keys[officer], officer)
    up(gateway)


@claim
def of_grants_that_come_at_once_one_is_used(typist):
    """Several in one turn of the core do not see what the first of them has brought yet."""
    with typist.gateway() as gateway:
        client = gateway.client("officer-3")
        stub = client.call("unary_unary", "Approve", rig.approvals.ApproveRequest,
                           rig.approvals.ApproveResponse, service="ApprovalService")
        votes = []
        for request in [ask(gateway).id for _ in range(8)]:
            people.approve(gateway, request, typist.keys["officer-2"], "officer-2")
            text = people.get(gateway, request, "officer-3").grant_text
            votes.append(rig.approvals.ApproveRequest(
                id=request, note=typist.keys["officer-3"].note(text)))
        busy = rig.threading.Thread(  # turns that take their time: the votes come together
            target=gateway.client().batch, args=([rig.item() for _ in range(300)],))
        busy.start()
        time.sleep(0.05)
        gateway.process.send_signal(rig.signal.SIGSTOP)
        sent = [stub.future(vote, timeout=20) for vote in votes]
        time.sleep(0.3)
        gateway.process.send_signal(rig.signal.SIGCONT)
        states = [one.result().approval.state for one in sent]
        busy.join()
        equal(sorted(states), [EXECUTED] + [people.FAILED] * 7)


# --- What breaks off ---------------------------------------------------------------------------

def killed(typist, function):
    """The gateway dies while the module is in this call of a change."""
    with typist.gateway() as gateway:
        request = granted(typist, gateway)
        typist.schedule(f"{function}@1=slow=20000")
        before = calls(typist, function)
        setting = rig.threading.Thread(target=typist.hand_over, args=("set", [new_pin()]))
        setting.start()
        wait_for(lambda: calls(typist, function) > before, "the module is not called")
        gateway.stop(rig.signal.SIGKILL)
        setting.join()
    return request


@claim
def killed_before_the_token_was_told_is_one_wrong_login_and_a_latched_lane(typist):
    request, before = killed(typist, "C_SetPIN"), typist.rig.read("pin")
    tried = typist.logins()
    with typist.gateway(keep=True) as gateway:
        wait_for(lambda: token(gateway).lane_state == "pin-latched", "the lane is not latched")
        time.sleep(1.5)
        equal(typist.logins() - tried, 1, "logins")
        contains(token(gateway).why, ".try", "should be right")
        unlocked(typist, gateway)
        equal((ends(typist, request)["result"], typist.rig.read("pin")), ("unknown", before))


@claim
def killed_after_the_token_was_told_the_new_pin_counts(typist):
    before = typist.rig.read("pin")
    request = killed(typist, "C_Logout")
    with typist.gateway(keep=True) as gateway:
        up(gateway)
        equal((ends(typist, request)["result"], left(typist)), ("done", []))
        expect(typist.rig.read("pin") != before, "the file was replaced")
        equal(token(gateway).pin_failures, 0)


@claim
def killed_after_the_file_was_replaced_the_new_pin_counts(typist):
    before = typist.rig.read("pin")
    with typist.gateway() as gateway:
        request = granted(typist, gateway)
        typist.schedule("C_Logout@1=slow=1500")
        seen = calls(typist, "C_Logout")
        setting = rig.threading.Thread(target=typist.hand_over, args=("set", [new_pin()]))
        setting.start()
        wait_for(lambda: calls(typist, "C_Logout") > seen, "the module is not called")
        gateway.process.send_signal(rig.signal.SIGSTOP)  # it does not hear how that ends
        wait_for(lambda: typist.rig.read("pin") != before, "the file is not replaced")
        gateway.stop(rig.signal.SIGKILL)
        setting.join()
    with typist.gateway(keep=True) as gateway:
        up(gateway)
        equal((ends(typist, request)["result"], left(typist)), ("done", []))
        equal(token(gateway).pin_failures, 0)
        expect(token(gateway).pin_changed_us > 0, "the token's facts do not say so")


@claim
def a_process_that_dies_is_followed_by_one_that_looks(typist):
    with typist.gateway() as gateway:
        request, pin = granted(typist, gateway), new_pin()
        typist.schedule("C_Logout@1=kill")
        result = typist.hand_over("set", [pin])
        equal(result.returncode, 0, result.stderr)
        up(gateway)
        equal((ends(typist, request)["result"], typist.rig.read("pin").strip()), ("done", pin))


@claim
def when_the_look_dies_too_nobody_tries_again(typist):
    with typist.gateway((r"\nlanes:\n", "\nhsm: {ceremony_ms: 10000}\nlanes:\n")) as gateway:
        request = granted(typist, gateway)
        typist.schedule("C_SetPIN@1=slow=20000")
        before = calls(typist, "C_SetPIN")
        with concurrent.futures.ThreadPoolExecutor() as pool:
            told = pool.submit(refused_set, typist)
            wait_for(lambda: calls(typist, "C_SetPIN") > before, "the module is not called")
            typist.schedule("C_Login@1=kill")
            contains(told.result(60), "broke off", "its process ended", ".try")
        wait_for(lambda: token(gateway).lane_state == "pin-latched", "the lane is not latched")
        tried = typist.logins()
        time.sleep(1.5)
        equal(typist.logins() - tried, 0, "logins")
        typist.schedule("")
    with typist.gateway(keep=True) as gateway:
        wait_for(lambda: token(gateway).lane_state == "pin-latched", "that is not remembered")
        unlocked(typist, gateway)
        equal(ends(typist, request)["result"], "unknown")


@claim
def a_look_before_which_the_token_allows_no_login_is_no_refusal(typist):
    with typist.gateway((r"\nlanes:\n", "\nhsm: {ceremony_ms: 10000}\nlanes:\n")) as gateway:
        request = granted(typist, gateway)
        typist.schedule("C_SetPIN@1=slow=20000")
        before, tried = calls(typist, "C_SetPIN"), typist.logins()
        with concurrent.futures.ThreadPoolExecutor() as pool:
            told = pool.submit(refused_set, typist)
            wait_for(lambda: calls(typist, "C_SetPIN") > before, "the module is not called")
            typist.schedule("C_GetTokenInfo@1+=finaltry")
            contains(told.result(60), "a change of the PIN broke off (", "one more wrong PIN",
                     "put the right one into the pin_file")
        wait_for(lambda: token(gateway).lane_state == "pin-latched", "the lane is not latched")
        equal(typist.logins() - tried, 1, "only the change has logged in")
        typist.schedule("")
        unlocked(typist, gateway)
        equal(ends(typist, request)["result"], "unknown")


if __name__ == "__main__":
    sys.exit(rig.run(Typist(rig.Rig("pin_change"), prompt=False)))
