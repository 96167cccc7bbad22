#!/usr/bin/python3
"""The chain of a key's certificate while the gateway runs: an issuer that ends takes the key
along, at that second; one that begins brings it."""
import contextlib
import json
import math
import sys
import time

import grpc
import rig
from chains import RULE, SPANS, issuing
from faulty import wait_for
from rig import claim, common, contains, equal, expect, item, signing

CODE = grpc.StatusCode
@contextlib.contextmanager
def running_before(the_rig, bound_to_times):
    """A gateway that is up before the bound: (gateway, bound)."""
    for span in SPANS:
        bound = math.ceil(time.time()) + span
        with the_rig.gateway(issuing(the_rig, *bound_to_times(bound))) as gateway:
            gateway.client().channel.close()
            if time.time() + 1 < bound:
                yield gateway, bound
                return
    raise rig.Failed(f"the gateway did not start within {SPANS[-1]} s")


def ask(client):
    call = client.call("unary_unary", "Explain", signing.ExplainRequest,
                       signing.ExplainResponse)
    return call(signing.ExplainRequest(terms=rig.terms()), timeout=10)


def attempt(client):
    """When it was sent, when it was answered, and None or the refusal."""
    sent = time.time()
    try:
        client.sign(item())
        refusal = None
    except grpc.RpcError as error:
        refusal = rig.Refusal(error)
    return sent, time.time(), refusal


def attempts_around(client, bound):
    done = []
    while not done or done[-1][0] < bound + 1:
        done.append(attempt(client))
        time.sleep(0.02)
    return done


def events(the_rig):
    shown = the_rig.segel("reviewer", "log", "show", "--json")
    lines = [json.loads(line) for line in shown.stdout.splitlines() if line.strip()]
    lines = [line.get("record", line) for line in lines]
    return [r["detail"] for r in lines if r["type"] == "key.state"]


def expect_last_event(the_rig, words):
    """What the gateway finds by itself is on the log a moment later."""
    wait_for(lambda: any(words in detail for detail in events(the_rig)[-1:]),
             f"the last event is not '{words}'")


@claim
def an_issuer_that_ends_takes_the_key_along_at_that_second(the_rig):
    day = 86400
    with running_before(the_rig, lambda bound: (bound - day, bound)) as (gateway, bound):
        client = gateway.client()
        done = attempts_around(client, bound)
        before = [refusal for _, answered, refusal in done if answered < bound]
        after = [refusal for sent, _, refusal in done if sent >= bound]
        expect(len(before) > 3 and len(after) > 3, f"{len(before)} before, {len(after)} after")
        equal([r.message for r in before if r is not None], [], "refused too early")
        expect(all(r is not None for r in after), "the key was used behind its chain")
        # Judged a moment before the key was bound anew: it is to be asked again.
        while after[0].code == CODE.UNAVAILABLE:
            contains(after.pop(0).message, "ask again with the same id")
        equal({r.code for r in after}, {CODE.FAILED_PRECONDITION})
        expect(all(RULE in [v.rule for v in r.denial.failures] for r in after), str(after[0].denial))
        equal(ask(client).decision, common.DECISION_DENY)
        expect_last_event(the_rig, "certificate path does not verify")
        contains(gateway.find("key.path")[-1]["why"], "out of its validity")


@claim
def an_issuer_that_begins_brings_the_key(the_rig):
    day = 86400
    with running_before(the_rig, lambda bound: (bound, bound + day)) as (gateway, bound):
        client = gateway.client()
        equal(ask(client).decision, common.DECISION_DENY)
        done = attempts_around(client, bound)
        early = [sent for sent, answered, r in done if r is None and answered < bound]
        equal(early, [], "signatures before the chain was valid")
        expect(done[-1][2] is None, "the key stays refused")
        equal(ask(client).decision, common.DECISION_ALLOW)
        expect_last_event(the_rig, "certificate path verifies")


if __name__ == "__main__":
    sys.exit(rig.run(rig.Rig("paths")))
