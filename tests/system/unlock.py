#!/usr/bin/python3
"""After a wrong PIN nobody tries again before an officer says so, and then once; what the
officer ordered stands on the log. And what the numbers of a lane say after it was hurt."""
import json
import sys
import time

import grpc
import rig
from faulty import (BROKEN_LOGIN, SELDOM, Faulty, create, kill_lane, metrics, token, unlock,
                    wait_for)
from rig import claim, contains, equal, expect

CODE = grpc.StatusCode


def records(faulty):
    shown = faulty.rig.segel("reviewer", "log", "show", "--json")
    equal(shown.returncode, 0, shown.stderr)
    return [json.loads(line) for line in shown.stdout.splitlines() if line.strip()]


def state(gateway):
    return token(gateway).lane_state


# --- One more try ---------------------------------------------------------------------------

@claim
def an_officer_lets_a_latched_lane_try_once_and_it_serves_again(faulty):
    with faulty.gateway() as gateway:
        faulty.latch(gateway)
        tried = faulty.logins()
        time.sleep(1.5)
        equal(faulty.logins() - tried, 0, "logins without an order")
        faulty.schedule("")
        approval = create(gateway, unlock())
        equal((approval.task, approval.object, approval.requester),
              ("pin.unlock", "lane0", "officer-1"))
        equal(approval.state, rig.approvals.APPROVAL_STATE_EXECUTED)
        wait_for(lambda: state(gateway) == "up", "the lane does not come up")
        equal(faulty.logins() - tried, 1, "logins after the order")
        equal(token(gateway).pin_failures, 0)
        expect(gateway.client().sign().signature, "it signs")


@claim
def a_pin_that_is_still_wrong_costs_one_try_and_latches_again(faulty):
    with faulty.gateway() as gateway:
        faulty.latch(gateway)
        tried = faulty.logins()
        create(gateway, unlock())
        wait_for(lambda: faulty.logins() > tried, "the lane does not try")
        wait_for(lambda: state(gateway) == "pin-latched", "the lane is not latched again")
        time.sleep(2)
        equal(faulty.logins() - tried, 1, "logins")
        equal(token(gateway).pin_failures, 2, "refused logins in all")


@claim
def the_same_request_is_executed_once(faulty):
    with faulty.gateway() as gateway:
        faulty.latch(gateway)
        tried, order = faulty.logins(), unlock()
        first = create(gateway, order)
        wait_for(lambda: faulty.logins() > tried, "the lane does not try")
        wait_for(lambda: state(gateway) == "pin-latched", "the lane is not latched again")
        try:
            equal(create(gateway, order).log.index, first.log.index, "the stored answer")
        except grpc.RpcError as error:
            expect(error.code() in (CODE.ALREADY_EXISTS, CODE.FAILED_PRECONDITION),
                   f"{error.code()}: {error.details()}")
        time.sleep(1.5)
        equal(faulty.logins() - tried, 1, "logins")


@claim
def the_order_is_on_the_log_with_who_and_which_lane(faulty):
    with faulty.gateway() as gateway:
        faulty.latch(gateway)
        faulty.schedule("")
        order = unlock()
        approval = create(gateway, order)
        equal(approval.log.origin, "segel.example.go.id/log")
        equal(len(approval.log.leaf_hash), 32)
        wait_for(lambda: len(records(faulty)) > approval.log.index, "the record is not there")
        found = [r for r in records(faulty) if order.request_id in json.dumps(r)]
        equal(len(found), 1, "records of the order")
        contains(json.dumps(found[0]), "lane0", "officer-1")


@claim
def a_lane_that_is_not_there_or_not_latched_is_refused(faulty):
    with faulty.gateway() as gateway:
        equal(rig.refused(create, gateway, unlock("lane9")).code, CODE.NOT_FOUND)
        refusal = rig.refused(create, gateway, unlock())
        equal(refusal.code, CODE.FAILED_PRECONDITION)
        equal(state(gateway), "up", "the lane is left alone")
        faulty.schedule(BROKEN_LOGIN)
        kill_lane(gateway)
        wait_for(lambda: state(gateway) != "up", "the lane is not down")
        equal(rig.refused(create, gateway, unlock()).code, CODE.FAILED_PRECONDITION)


@claim
def the_command_unlocks_and_says_where_it_is_recorded(faulty):
    with faulty.gateway() as gateway:
        faulty.latch(gateway)
        faulty.schedule("")
        result = faulty.rig.segel("officer-1", "token", "unlock", "lane0", "--request-id",
                                  "unlock-by-command")
        equal(result.returncode, 0, result.stderr)
        contains(result.stdout, "lane lane0 may try its PIN once more", "record ")
        wait_for(lambda: state(gateway) == "up", "the lane does not come up")
        result = faulty.rig.segel("officer-1", "token", "unlock", "lane0")
        equal(result.returncode, 1, "a lane that is up is refused")
        result = faulty.rig.segel("officer-1", "token", "unlock", "lane9")
        equal(result.returncode, 1, "a lane that is not there is refused")


# --- The numbers of a lane ------------------------------------------------------------------

@claim
def the_numbers_of_a_lane_tell_what_happened(faulty):
    with faulty.gateway(SELDOM) as gateway:
        client, started = gateway.client(), time.time()
        before = metrics(gateway)
        for _ in range(5):
            client.sign()
        wait_for(lambda: signed(gateway) - before.value(
            "segel_lane_signatures_total", lane="lane0") >= 5, "signatures are not counted")
        faulty.schedule("C_Sign@1=abort")
        rig.refused(client.sign)
        faulty.schedule("")
        lost = before.value("segel_lane_processes_lost_total", lane="lane0")
        wait_for(lambda: metrics(gateway).value("segel_lane_processes_lost_total",
                                                lane="lane0") > lost, "its loss is not counted")
        wait_for(lambda: metrics(gateway).value("segel_lane_up", lane="lane0") == 1,
                 "the lane does not come back")
        after = metrics(gateway)
        for name, grown in (("segel_lane_processes_lost_total", 1),
                            ("segel_lane_failures_total", 1), ("segel_lane_hung_total", 0)):
            equal(after.value(name, lane="lane0") - before.value(name, lane="lane0"), grown,
                  name)
        for name in ("segel_lane_last_success_timestamp_seconds",
                     "segel_lane_last_failure_timestamp_seconds",
                     "segel_lane_state_since_timestamp_seconds"):
            expect(started - 5 < after.value(name, lane="lane0") < time.time() + 5, name)
        expect(0 < after.value("segel_lane_hsm_mean_seconds", lane="lane0", kind="rsa") < 2,
               "mean time of an RSA signature")
        expect(after.value("segel_lane_threads", lane="lane0") >= 1, "sessions")


def signed(gateway):
    return metrics(gateway).value("segel_lane_signatures_total", lane="lane0")


if __name__ == "__main__":
    sys.exit(rig.run(Faulty(rig.Rig("unlock"))))
