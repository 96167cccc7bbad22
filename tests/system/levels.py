#!/usr/bin/python3
"""Signatures with time stamps: a real gateway, an authority that fails in every way that
tests/fixtures/tsa_faults.def has, and OpenSSL as the judge."""
import concurrent.futures
import glob
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request

import grpc
import rig
import status
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs7
from faulty import wait_for
from rig import claim, contains, equal, expect, item
from trust import issuer_until
from tsa_rig import Tsa

rig.claims.clear()  # of status.py and trust.py, which run their own

CONTENT = b"Isi surat contoh (TEST)\n"
DIGEST = hashlib.sha256(CONTENT).digest()
B_T = rig.common.SIGNATURE_PROFILE_PADES_B_T
CADES_T = rig.common.SIGNATURE_PROFILE_CADES_B_T
TOKEN_OID = bytes.fromhex("060b2a864886f70d010910020e")
# A failing authority is asked again at once: what rests is for one claim to see.
OVER_S = 20  # for which a CRL lives: a start takes some of it
SETTINGS = "retry_max_s: 1, timeout_ms: 10000, wait_ms: 15000"
# Where nobody answers. Elsewhere it is no matter how long an authority takes that answers.
HASTY = ((r"timeout_ms: 10000", "timeout_ms: 500"), (r"wait_ms: 15000", "wait_ms: 1500"))


class Town:
    def __init__(self, name, *keys):
        server = status.Server()
        self.rig = rig.Rig(name, *keys,
                           SEAL_EXT=f"crlDistributionPoints = URI:{server.url}/seal.crl")
        self.authority = status.Authority(self.rig, server)
        self.tsa = Tsa(self.rig.path("tsa"))
        text = self.rig.read("status.yaml")
        text = text.replace("lanes:\n", "tsa: {urls: '%s', anchors: %s, %s}\nlanes:\n" % (
            self.tsa.url, "tsa/root.pem", SETTINGS), 1)
        self.rig.write("segeld.yaml", text)
        policy = self.rig.read("policy.yaml")
        self.rig.write("lax.yaml", policy.replace(
            "lists:\n", "lists:\n  timestamp_optional: [pades_b_t]\n", 1))

    def lax(self):
        """A gateway whose policy lets a PAdES signature go without its time stamp."""
        return self.rig.gateway(self.rig.config((r"file: policy\.yaml", "file: lax.yaml"),
                                                rig.fresh_ledger()))

    def records(self, kind):
        result = self.rig.segel("reviewer", "log", "show", "--json", "--type", kind)
        equal(result.returncode, 0, result.stderr)
        return [json.loads(line) for line in result.stdout.splitlines()]


def der_at(data, start):
    """The element that begins there."""
    first = data[start + 1]
    if first < 128:
        return data[start:start + 2 + first]
    size = first & 127
    length = int.from_bytes(data[start + 2:start + 2 + size], "big")
    return data[start:start + 2 + size + length]


def token_of(cms):
    at = cms.find(TOKEN_OID)
    expect(at > 0, "the signature has no time stamp")
    values = der_at(cms, at + len(TOKEN_OID))
    return der_at(values, len(values) - len(der_at(values, 2 if values[1] < 128 else
                                                   2 + (values[1] & 127))))


def signature_of(cms):
    """The octets of the key's 2048 bits, before the unsigned attributes."""
    end = cms.find(TOKEN_OID)
    at = cms.rfind(bytes.fromhex("04820100"), 0, end if end > 0 else len(cms) - 255)
    return cms[at + 4:at + 260]


def check_token(town, token, data):
    result = rig.openssl("ts", "-verify", "-token_in", "-in", town.rig.write("t.der", token),
                         "-data", town.rig.write("t.bin", data), "-CAfile", town.tsa.anchors)
    expect(result.returncode == 0, f"openssl refuses the token: {result.stderr.decode()}")


def sign(gateway, job=None, profile=B_T, **changes):
    return gateway.client().sign(job or item(value=DIGEST), profile=profile, **changes)


@claim
def a_b_t_signature_carries_a_token_that_openssl_verifies(town):
    town.tsa.fault("none")
    with town.rig.gateway() as gateway:
        wait_for_authority(gateway)  # and for the status of the certificates
        for profile in (B_T, CADES_T):
            result = sign(gateway, profile=profile)
            rig.check_cms(town.rig, result.signature, CONTENT)
            check_token(town, token_of(result.signature), signature_of(result.signature))
            equal(result.downgraded, False)
        signer = gateway.client().signer()
        expect({B_T, CADES_T} <= set(signer.profiles), "both profiles are offered")
        expect(signer.signature_max_len >= len(result.signature), "the room is too small")
        expect(signer.plain_max_len < signer.signature_max_len - 4096, "room without a stamp")
        records = town.records("timestamp")
    last = records[-1]["record"] if "record" in records[-1] else records[-1]
    equal(last["token"], "sha256:" + hashlib.sha256(token_of(result.signature)).hexdigest())
    equal(last["decision_id"], result.decision_id)
    expect(last["serial"] and last["tsa"] == town.tsa.url and last["time"], str(last))


@claim
def the_same_id_gives_the_same_bytes_and_asks_no_authority_again(town):
    town.tsa.fault("none")
    job = item(value=DIGEST)
    with town.rig.gateway() as gateway:
        wait_for_authority(gateway)
        first = sign(gateway, job)
        town.tsa.fault("http")
        again = sign(gateway, job)
        expect(again.replayed and again.signature == first.signature, "other bytes")
    town.tsa.fault("hang")
    with town.rig.gateway(town.rig.config(*HASTY)) as gateway:
        expect(sign(gateway, job).signature == first.signature, "other bytes after a start")


@claim
def without_a_token_the_signature_waits_and_is_never_made_twice(town):
    town.tsa.fault("http")
    job = item(value=DIGEST)
    with town.rig.gateway() as gateway:
        refusal = rig.refused(sign, gateway, job)
        equal(refusal.code, grpc.StatusCode.UNAVAILABLE)
        contains(refusal.message, town.tsa.url, "HTTP 500", "same id")
        town.tsa.fault("none")
        wait_for_authority(gateway)
        result = sign(gateway, job)
        expect(result.replayed, "it was signed again")
        rig.check_cms(town.rig, result.signature, CONTENT)
        check_token(town, token_of(result.signature), signature_of(result.signature))
        outcomes = [r for r in map(inner, town.records("outcome"))
                    if r["job"] == job.request_id]
    equal(len(outcomes), 1, "signatures")


def inner(record):
    return record.get("record", record)


def wait_for_authority(gateway):
    """The rest of an authority is a second at most here."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            return sign(gateway)
        except grpc.RpcError:
            time.sleep(0.1)
    raise rig.Failed("the authority is not asked again")


FAULTS = {  # fault: what the refusal says of it
    "nonce": "nonce", "imprint": "imprint", "past": "s off", "future": "off",
    "expired": "certificate verify", "stranger": "certificate verify",
    "bare": "signer certificate", "forged": "does not verify",
    "reject": "token", "garbage": "something else", "tail": "something else",
    "large": "bytes", "type": "another type", "http": "HTTP 500",
}


@claim
def no_answer_with_a_fault_is_believed(town):
    with open(os.path.join(rig.ROOT, "tests/fixtures/tsa_faults.def"), encoding="ascii") as file:
        rows = set(re.findall(r'^FAULT\([A-Z]+, "([a-z]+)"\)', file.read(), re.M))
    equal(rows - {"none", "late", "policy", "case", "hang"}, set(FAULTS),
          "faults that this claim knows")
    town.tsa.fault("none")
    with town.rig.gateway(town.rig.config(rig.fresh_ledger())) as gateway:
        for count, (fault, words) in enumerate(FAULTS.items()):
            town.tsa.fault(fault)
            refusal = rig.refused(sign, gateway)
            equal(refusal.code, grpc.StatusCode.UNAVAILABLE, fault)
            contains(refusal.message, words)
            equal(len(town.records("timestamp")), count, fault)
            town.tsa.fault("none")
            wait_for_authority(gateway)


@claim
def who_gives_no_answer_is_not_waited_for(town):
    town.tsa.fault("hang")
    with town.rig.gateway(town.rig.config(*HASTY, rig.fresh_ledger())) as gateway:
        refusal = rig.refused(sign, gateway)
        equal(refusal.code, grpc.StatusCode.UNAVAILABLE)
        contains(refusal.message, "imeout")
        equal(town.records("timestamp"), [])
        town.tsa.fault("none")
        wait_for_authority(gateway)


@claim
def a_policy_that_was_asked_for_is_the_one_in_the_token(town):
    town.tsa.fault("policy")
    conf = town.rig.config((r"wait_ms: 15000", "wait_ms: 15000, policy: 1.3.6.1.4.1.32473.1.1"))
    with town.rig.gateway(conf) as gateway:
        refusal = rig.refused(sign, gateway)
        contains(refusal.message, "policy")
        town.tsa.fault("none")
        wait_for_authority(gateway)


@claim
def a_late_answer_is_waited_for_as_long_as_the_settings_say(town):
    town.tsa.fault("late")
    with town.rig.gateway() as gateway:
        expect(token_of(sign(gateway).signature), "no token")
    with town.rig.gateway(town.rig.config(*HASTY)) as gateway:
        contains(rig.refused(sign, gateway).message, "imeout")


@claim
def the_next_authority_is_asked_and_the_failing_one_left_alone(town):
    town.tsa.fault("none")
    bad = Tsa(town.rig.path("bad"))
    bad.fault("http")
    conf = town.rig.config((r"urls: '", f"urls: '{bad.url} "),
                           (r"retry_max_s: 1, timeout_ms", "retry_max_s: 3600, timeout_ms"))

    def left_alone():
        end, before = time.monotonic() + 0.8, bad.asked()
        while time.monotonic() < end:
            sign(gateway)
        return bad.asked() == before

    with town.rig.gateway(conf) as gateway:
        results = gateway.client().batch([item(value=DIGEST) for _ in range(20)], profile=B_T)
        expect(all(token_of(r.signature) for r in results), "not all are stamped")
        gateway.wait_event("tsa.failed")
        # A rest that ends meanwhile, on a slow machine, is followed by one twice as long.
        expect(any(left_alone() for _ in range(3)), "an authority that rests is asked")
    bad.stop()


@claim
def a_burst_does_not_make_a_slow_authority_a_failing_one(town):
    """What waited behind others has little of its time left: that it is over is not the
    authority's doing."""
    town.tsa.fault("none")
    conf = town.rig.config((r"timeout_ms: 10000", "timeout_ms: 8000, at_once: 3"),
                           (r"wait_ms: 15000", "wait_ms: 8000"))
    with town.rig.gateway(conf) as gateway:
        sign(gateway)  # the gateway's own question is over, too
        town.tsa.fault("late")
        results = gateway.client().batch([item(value=DIGEST) for _ in range(48)], profile=B_T)
        expect(any(not r.signature for r in results), "all came in time: no burst")
        town.tsa.fault("none")
        equal(gateway.find("tsa.failed"), [])
        expect(token_of(sign(gateway).signature), "the next one is not asked for")


@claim
def a_policy_may_let_a_signature_go_without_and_the_log_says_so(town):
    town.tsa.fault("http")
    job = item(value=DIGEST)
    with town.lax() as gateway:
        result = sign(gateway, job)
        expect(result.downgraded and TOKEN_OID not in result.signature, "it has a token")
        rig.check_cms(town.rig, result.signature, CONTENT)
        record = inner(town.records("timestamp.downgrade")[-1])
        equal((record["decision_id"], record["job"]), (result.decision_id, job.request_id))
        contains(record["why"], town.tsa.url, "HTTP 500")
        refusal = rig.refused(sign, gateway, profile=CADES_T)
        equal(refusal.code, grpc.StatusCode.UNAVAILABLE, "a profile that is not on the list")
        town.tsa.fault("none")
        wait_for_stamp(gateway, job, result)


def wait_for_stamp(gateway, job, before):
    end = time.monotonic() + 20
    while time.monotonic() < end:
        again = sign(gateway, job)
        if not again.downgraded:
            expect(again.replayed and signature_of(again.signature) ==
                   signature_of(before.signature), "another signature")
            return token_of(again.signature)
        time.sleep(0.1)
    raise rig.Failed("the id is never stamped")


@claim
def a_stream_of_b_t_is_answered_whole_while_the_authority_comes_and_goes(town):
    town.tsa.fault("none")
    with town.lax() as gateway:
        items = [item(value=DIGEST) for _ in range(120)]
        requests = [rig.signing.SignStreamRequest(terms=rig.terms(profile=B_T))]

        def messages():
            yield requests[0]
            for i in range(0, 120, 10):
                town.tsa.fault("http" if i == 40 else "none")
                yield rig.signing.SignStreamRequest(items=items[i:i + 10])
                time.sleep(0.02)
        results = gateway.client().stream(messages())
        equal(sorted(r.request_id for r in results), sorted(i.request_id for i in items), "ids")
        expect(all(r.signature for r in results), "not all are signed")
        expect(any(not r.downgraded for r in results), "none is stamped")


@claim
def two_who_ask_for_one_id_at_once_get_the_same_bytes(town):
    town.tsa.fault("late")
    job = item(value=DIGEST)
    with town.rig.gateway(town.rig.config(rig.fresh_ledger())) as gateway:
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            results = list(pool.map(lambda _: sign(gateway, job), range(4)))
        equal(len({r.signature for r in results}), 1, "signatures under one id")
        expect(token_of(results[0].signature), "no token")
        equal(len(town.records("timestamp")), 1, "records")


@claim
def a_kill_while_a_signature_waits_for_its_stamp_loses_nothing(town):
    town.tsa.fault("hang")
    job = item(value=DIGEST)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        with town.rig.gateway() as gateway:
            waiting = pool.submit(rig.refused, sign, gateway, job)
            end = time.monotonic() + rig.START_S
            while not signed_under(town, job):
                expect(time.monotonic() < end, "the signature is never on the log")
                time.sleep(0.05)
            gateway.stop(signal.SIGKILL)
        equal(waiting.result().code, grpc.StatusCode.UNAVAILABLE)
    town.tsa.fault("none")
    with town.rig.gateway() as gateway:
        result = sign(gateway, job)
        expect(result.replayed and token_of(result.signature), "signed again, or not stamped")
        equal(len(signed_under(town, job)), 1, "signatures")


def signed_under(town, job):
    return [r for r in map(inner, town.records("outcome"))
            if r["job"] == job.request_id and r["outcome"] == "signed"]


@claim
def what_waits_for_stamps_is_bounded(town):
    town.tsa.fault("hang")
    conf = town.rig.config(*HASTY, (r"wait_ms: 1500", "wait_ms: 1500, at_once: 1, queue_limit: 2"))
    with town.rig.gateway(conf) as gateway:
        results = gateway.client().batch([item() for _ in range(40)], profile=B_T)
        said = [r.status.message for r in results]
        expect(all(said), "one is answered with a signature")
        expect(any("queue_limit" in text for text in said), f"none is refused: {set(said)}")
        town.tsa.fault("none")
        wait_for_authority(gateway)


@claim
def what_comes_one_by_one_to_wait_for_stamps_is_bounded_too(town):
    town.tsa.fault("none")
    conf = town.rig.config((r"timeout_ms: 10000", "timeout_ms: 60000, at_once: 1, queue_limit: 2"),
                           (r"wait_ms: 15000", "wait_ms: 60000"))
    with town.rig.gateway(conf) as gateway:
        wait_for_authority(gateway)
        town.tsa.fault("hang")
        call = gateway.client().call("unary_unary", "Sign", rig.signing.SignRequest,
                                     rig.signing.SignResponse)
        calls = []
        for _ in range(40):
            calls.append(call.future(rig.signing.SignRequest(
                terms=rig.terms(profile=B_T), item=item(value=DIGEST)), timeout=50))
            time.sleep(0.01)
        end = time.monotonic() + 20
        while sum(not c.done() for c in calls) > 3 and time.monotonic() < end:
            time.sleep(0.05)
        refused = [str(c.exception()) for c in calls if c.done()]
        for c in calls:
            c.cancel()  # the end would wait for them
        equal(len(calls) - len(refused), 3, "one is asked about, and two wait")
        for said in refused:
            contains(said, "queue_limit")


@claim
def the_letters_of_an_answers_type_may_be_small_or_large(town):
    town.tsa.fault("case")
    with town.rig.gateway() as gateway:
        wait_for_authority(gateway)


@claim
def a_batch_with_time_stamps_is_half_as_long_at_most(town):
    with town.rig.gateway() as gateway:
        refusal = rig.refused(gateway.client().batch, [item() for _ in range(257)], profile=B_T)
        equal(refusal.code, grpc.StatusCode.INVALID_ARGUMENT)
        contains(refusal.message, "256")


def timestamp(gateway, name="e-office", **changes):
    client = gateway.client(name)
    fields = dict(request_id="ts-1", hash_algorithm=rig.common.HASH_ALGORITHM_SHA256,
                  digest=DIGEST)
    fields.update(changes)
    call = client.call("unary_unary", "Timestamp", rig.signing.TimestampRequest,
                       rig.signing.TimestampResponse)
    return call(rig.signing.TimestampRequest(**fields), timeout=20)


@claim
def a_document_is_stamped_recorded_and_counted(town):
    town.tsa.fault("none")
    conf = town.rig.config((r"^lanes:", "limits: {timestamps_per_minute: 3}\nlanes:"),
                           rig.fresh_ledger())
    with town.rig.gateway(conf) as gateway:
        answer = timestamp(gateway)
        check_token(town, answer.token, CONTENT)
        record = inner(town.records("timestamp")[-1])
        equal((record["caller"], record["job"]), ("e-office", "ts-1"))
        equal(record["digest"], "sha256:" + DIGEST.hex())
        equal(record["token"], "sha256:" + hashlib.sha256(answer.token).hexdigest())
        for wrong in (dict(request_id=""), dict(digest=b"short"), dict(hash_algorithm=0)):
            equal(rig.refused(timestamp, gateway, **wrong).code,
                  grpc.StatusCode.INVALID_ARGUMENT, str(wrong))
        raw = gateway.client().channel.unary_unary("/segel.v1.SigningService/Timestamp")
        more = rig.signing.TimestampRequest(
            request_id="ts-1", hash_algorithm=rig.common.HASH_ALGORITHM_SHA256,
            digest=DIGEST).SerializeToString() + b"\xba\x3e\x01x"
        equal(rig.refused(raw, more, timeout=20).code, grpc.StatusCode.INVALID_ARGUMENT,
              "a field that the gateway does not know")
        equal(rig.refused(timestamp, gateway, "reviewer").code,
              grpc.StatusCode.PERMISSION_DENIED)
        timestamp(gateway), timestamp(gateway)
        refusal = rig.refused(timestamp, gateway)
        equal(refusal.code, grpc.StatusCode.RESOURCE_EXHAUSTED)
        expect(refusal.retry is not None, "no time to come back")
        equal(len(town.records("timestamp")), 3)


@claim
def a_document_gets_no_token_that_is_not_on_the_log(town):
    town.tsa.fault("stranger")
    with town.rig.gateway(town.rig.config(rig.fresh_ledger())) as gateway:
        refusal = rig.refused(timestamp, gateway)
        equal(refusal.code, grpc.StatusCode.UNAVAILABLE)
        equal(town.records("timestamp"), [])


def validation(gateway, name="e-office", **changes):
    client = gateway.client(name)
    call = client.call("unary_unary", "GetValidationData", rig.signing.GetValidationDataRequest,
                       rig.signing.GetValidationDataResponse)
    fields = {"key": "seal-demo", "with_tsa": True, **changes}
    return call(rig.signing.GetValidationDataRequest(**fields), timeout=20)


def whole_validation(gateway, **changes):
    """Fetches take a moment after the start."""
    end = time.monotonic() + rig.START_S
    while True:
        try:
            return validation(gateway, **changes)
        except grpc.RpcError as error:
            if error.code() != grpc.StatusCode.UNAVAILABLE or time.monotonic() > end:
                raise
            time.sleep(0.1)


@claim
def validation_data_is_what_was_received_of_both_chains(town):
    town.tsa.fault("none")
    with town.rig.gateway() as gateway:
        found = whole_validation(gateway)
        answers = town.authority.server.answers
        for path in ("/seal.crl", "/root.crl"):
            expect(answers[path] in found.crls, f"{path} is not there as it was sent")
        issuers = {x509.load_der_x509_crl(crl).issuer.rfc4514_string() for crl in found.crls}
        expect("CN=Segel TSA Root (TEST)" in issuers, f"no CRL of the time stamps: {issuers}")
        names = [x509.load_der_x509_certificate(c).subject.rfc4514_string()
                 for c in found.certificates]
        equal(len(names), len(set(found.certificates)), "certificates, each once")
        for part in ("Segel Elektronik", "Contoh CA DS", "Root CA", "Segel Time Stamps",
                     "Segel TSA Root"):
            expect(any(part in name for name in names), f"{part} is not in {names}")
        end = time.monotonic() + rig.START_S  # what an earlier gateway kept is older
        while abs(whole_validation(gateway).fetched_us / 1e6 - time.time()) >= 600:
            expect(time.monotonic() < end, "when it was fetched")
            time.sleep(0.1)
        alone = validation(gateway, with_tsa=False)
        equal(len(alone.crls), 2, "CRLs of the key alone")


@claim
def an_authority_that_was_away_at_the_start_is_asked_again(town):
    """Nobody has asked for a stamp: who has letters to extend may ask for proofs alone."""
    town.tsa.fault("hang")
    before = town.tsa.asked()
    with town.rig.gateway(town.rig.config(*HASTY)) as gateway:
        wait_for(lambda: town.tsa.asked() > before, "it is not asked at the start")
        refusal = rig.refused(whole_key, gateway)
        equal(refusal.code, grpc.StatusCode.UNAVAILABLE)
        contains(refusal.message, "no time stamp authority has answered", "tsa.failed")
        town.tsa.fault("none")
        whole_validation(gateway)


def whole_key(gateway):
    """The key is proved, so that what is refused is the stamps' part."""
    whole_validation(gateway, with_tsa=False)
    return validation(gateway)


@claim
def authorities_that_take_turns_are_all_proved(town):
    second = Tsa(town.rig.path("second"))
    with open(town.tsa.anchors, encoding="ascii") as one:
        with open(second.anchors, encoding="ascii") as other:
            town.rig.write("both.pem", one.read() + other.read())
    conf = town.rig.config((r"urls: '", f"urls: '{second.url} "),
                           (r"anchors: tsa/root\.pem", "anchors: both.pem"))
    with town.rig.gateway(conf) as gateway:
        whole_validation(gateway)
        for fault in ("http", "none", "http", "none"):
            second.fault(fault)
            wait_for_authority(gateway)
            time.sleep(0.3)
        end = time.monotonic() + rig.START_S
        while len(whole_validation(gateway).crls) < 4:
            expect(time.monotonic() < end, "the CRLs of both authorities never come")
            time.sleep(0.1)
    second.stop()


def two_authorities(town, name, *more):
    """Of their own, as what is revoked stays so, and a gateway that asks them in turn."""
    first, second = (Tsa(town.rig.path(f"{name}-{i}")) for i in (1, 2))
    with open(first.anchors, encoding="ascii") as one:
        with open(second.anchors, encoding="ascii") as other:
            town.rig.write(f"{name}.pem", one.read() + other.read())
    return first, second, town.rig.config(
        (r"urls: '[^']*'", f"urls: '{first.url} {second.url}'"),
        (r"anchors: tsa/root\.pem", f"anchors: {name}.pem"), *more)


def stamped_by(town, gateway):
    sign(gateway)
    return inner(town.records("timestamp")[-1])["tsa"]


def wait_events(gateway, name, count):
    end = time.monotonic() + rig.START_S
    while len(found := gateway.find(name)) < count:
        expect(time.monotonic() < end, f"{name} came {len(found)} times, wanted {count}")
        time.sleep(0.1)
    return found[-1]


@claim
def an_authority_that_is_revoked_stamps_no_more_and_its_administrator_is_told(town):
    first, second, conf = two_authorities(town, "revoked")
    with town.rig.gateway(conf) as gateway:
        whole_validation(gateway)
        equal(stamped_by(town, gateway), first.url)
        first.state("hold")
        told = gateway.wait_event("tsa.revoked")
        equal((told["level"], told["state"]), ("error", "suspended"))
        contains(told["subject"], "Segel Time Stamps")
        contains(told["why"], "tsa.urls")
        whole_validation(gateway)  # though no letter has asked for a stamp since
        equal(stamped_by(town, gateway), second.url, "who stamps in its place")
        second.state("revoked")
        expect(wait_events(gateway, "tsa.revoked", 2)["state"] == "revoked", "how it is told")
        refusal = rig.refused(sign, gateway)
        equal(refusal.code, grpc.StatusCode.UNAVAILABLE)
        refusal = rig.refused(validation, gateway)
        equal(refusal.code, grpc.StatusCode.UNAVAILABLE)
        contains(refusal.message, "revoked or on hold", "tsa.urls")
        first.state("good")
        equal(gateway.wait_event("tsa.good")["serial"], told["serial"])
        whole_validation(gateway)
        wait_for_authority(gateway)
        equal(stamped_by(town, gateway), first.url, "who stamps when its hold is over")
        equal(len(gateway.find("tsa.revoked")), 2, "times that it is told")
    first.stop(), second.stop()


class Pool:
    """Authorities behind one address; whose turn it is, a claim says."""

    def __init__(self, town, name, count):
        self.units = [Tsa(town.rig.path(f"{name}-{i}")) for i in range(count)]
        self.turn = self.units[0]
        anchors = [town.rig.read(f"{name}-{i}/root.pem") for i in range(count)]
        self.roots = [x509.load_pem_x509_certificate(pem.encode()).public_bytes(
            serialization.Encoding.DER) for pem in anchors]
        self.anchors = town.rig.write(f"{name}.pem", "".join(anchors))
        server = town.authority.server
        server.answers[f"/{name}"] = self.forward
        self.conf = town.rig.config(
            (r"urls: '[^']*'", f"urls: '{server.url}/{name}'"),
            (r"anchors: tsa/root\.pem", f"anchors: {name}.pem"))

    def forward(self, handler):
        question = handler.rfile.read(int(handler.headers["Content-Length"]))
        request = urllib.request.Request(self.turn.url, question, {
            "Content-Type": "application/timestamp-query"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            reply = answer.read()
        handler.send_response(200)
        handler.send_header("Content-Type", "application/timestamp-reply")
        handler.send_header("Content-Length", str(len(reply)))
        handler.end_headers()
        handler.wfile.write(reply)

    def stamps(self, gateway, number):
        self.turn = self.units[number]
        wait_for_authority(gateway)

    def proves(self, gateway, number):
        end = time.monotonic() + rig.START_S
        while self.roots[number] not in whole_validation(gateway).certificates:
            expect(time.monotonic() < end, f"authority {number} is never proved")
            time.sleep(0.1)

    def stop(self):
        for unit in self.units:
            unit.stop()


@claim
def an_authority_that_finds_no_place_to_be_watched_is_told(town):
    pool = Pool(town, "pool", 17)
    with town.rig.gateway(pool.conf) as gateway:
        for number in range(16):
            pool.stamps(gateway, number)
            pool.proves(gateway, number)
        equal(gateway.find("tsa.unwatched"), [])
        pool.stamps(gateway, 16)
        contains(gateway.wait_event("tsa.unwatched")["why"], "16 chains", "restart")
        refusal = rig.refused(validation, gateway)
        equal(refusal.code, grpc.StatusCode.UNAVAILABLE)
        contains(refusal.message, "not watched", "tsa.unwatched")
        pool.stamps(gateway, 3)
        pool.proves(gateway, 3)
        pool.stamps(gateway, 16)
        time.sleep(2)
        equal(len(gateway.find("tsa.unwatched")), 1, "lines")
    pool.stop()


@claim
def anchors_of_authorities_are_those_of_the_start(town):
    """A share that they lie on may hang: nobody goes there while others wait."""
    pool = Pool(town, "again", 2)
    with town.rig.gateway(pool.conf) as gateway:
        pool.stamps(gateway, 0)
        pool.proves(gateway, 0)
        os.unlink(pool.anchors)
        pool.stamps(gateway, 1)
        pool.proves(gateway, 1)
        equal(gateway.find("tsa.unwatched"), [])
    pool.stop()


@claim
def an_anchor_of_authorities_that_ends_is_told(town):
    """In tsa.anchors, and in the chain of one that stamps checkpoints. Beside the root of the
    test authority, of thirty days, stands one that ends before, or has ended."""
    for seconds in (20 * 86400, -60):
        town.rig.write("ending.pem", town.rig.read("tsa/root.pem", "rb") +
                       issuer_until(town.rig, seconds))
        for change in ((r"anchors: tsa/root\.pem", "anchors: ending.pem"),
                       (r"^lanes:\n", 'anchors:\n  - {name: stamps, tsa: "http://127.0.0.1:9", '
                        'chain: ending.pem}\nlanes:\n')):
            with town.rig.gateway(town.rig.config(change, rig.fresh_ledger())) as gateway:
                wait_events(gateway, "reminder", 2)
                equal({(r["what"], r["name"], r["days"]) for r in gateway.find("reminder")},
                      {("tsa.anchor", "Segel TSA Root (TEST)", "30"),
                       ("tsa.anchor", "Segel TLS CA (TEST)", "30" if seconds > 0 else "0")})


@claim
def validation_data_is_whole_or_refused(town):
    town.authority.server.answers["/root.crl"] = 404
    town.authority.server.answers["/seal.crl"] = 404
    conf = town.rig.config((r"dir: status,", "dir: status-empty,"))
    with town.rig.gateway(conf) as gateway:
        refusal = rig.refused(validation, gateway)
        equal(refusal.code, grpc.StatusCode.UNAVAILABLE)
        contains(refusal.message, "seal-demo", "status.failed")
        equal(rig.refused(validation, gateway, key="nobody").code, grpc.StatusCode.NOT_FOUND)
        equal(rig.refused(validation, gateway, name="reviewer").code,
              grpc.StatusCode.PERMISSION_DENIED)
    town.authority.good()
    with town.rig.gateway(town.rig.config((r"^status: .*\n", ""))) as gateway:
        equal(rig.refused(validation, gateway).code, grpc.StatusCode.UNIMPLEMENTED)


@claim
def what_is_past_its_next_update_proves_nothing(town):
    town.authority.serve(age=1, lasts=OVER_S)
    served = time.monotonic()
    config = town.rig.config((r"dir: status,", "dir: status-over,"))
    with town.rig.gateway(config) as gateway:
        whole_validation(gateway, with_tsa=False)
        town.authority.server.answers["/seal.crl"] = 404
        time.sleep(max(0, served + OVER_S - time.monotonic()))
        refusal = rig.refused(validation, gateway, with_tsa=False)
        equal(refusal.code, grpc.StatusCode.UNAVAILABLE)
        contains(refusal.message, "seal-demo", "past its next update", "status.failed")
    with town.rig.gateway(config) as gateway:  # which has kept it
        refusal = rig.refused(validation, gateway, with_tsa=False)
        equal(refusal.code, grpc.StatusCode.UNAVAILABLE, refusal.message)
    town.authority.serve(age=0)  # not older than the one before
    with town.rig.gateway(config) as gateway:
        whole_validation(gateway, with_tsa=False)
    town.authority.good()


@claim
def a_certificate_of_which_nobody_tells_is_named(town):
    """To ask again would not help, and nothing fails that the log could tell."""
    path = town.rig.path("issuing.pem")
    with open(path, "rb") as file:
        pointed = file.read()
    town.rig.write("issuing.pem", town.rig.read("pki/issuing.pem", "rb"))
    try:
        with town.rig.gateway(town.rig.config((r"dir: status,", "dir: status-silent,"),
                                              rig.fresh_ledger())) as gateway:
            status.asked_again(town.authority)
            refusal = rig.refused(validation, gateway)
            equal(refusal.code, grpc.StatusCode.FAILED_PRECONDITION, refusal.message)
            contains(refusal.message, "seal-demo", "Contoh CA DS", "no http address")
            told = gateway.find("status.unwatched")
            equal([(t["key"], t["level"]) for t in told], [("seal-demo", "warn")])
            contains(told[0]["subject"], "Contoh CA DS")
    finally:
        town.rig.write("issuing.pem", pointed)


@claim
def of_an_authority_that_is_an_anchor_itself_nothing_is_asked(town):
    town.tsa.fault("none")
    with town.rig.gateway(town.rig.config(rig.fresh_ledger())) as gateway:
        wait_for_authority(gateway)
        held = pkcs7.load_der_pkcs7_certificates(timestamp(gateway).token)
    own = [c for c in held if "Segel Time Stamps" in c.subject.rfc4514_string()][0]
    town.rig.write("alone.pem", own.public_bytes(serialization.Encoding.PEM))
    conf = town.rig.config((r"anchors: tsa/root\.pem", "anchors: alone.pem"), rig.fresh_ledger())
    with town.rig.gateway(conf) as gateway:
        wait_for_authority(gateway)
        found = whole_validation(gateway)
        expect(own.public_bytes(serialization.Encoding.DER) in found.certificates, "its own")
        equal(len(found.crls), 2, "CRLs of the key alone")
        extend(town, "b-lta", "alone", *sign_letters(town, "b-t", "pades-b-t"))


ANSWER_MAX = 3 << 20  # of validation data
ROOM = (r"max_bytes: 200000", "max_bytes: 8000000")


@claim
def a_crl_that_is_too_long_stays_away_where_ocsp_says_the_same(town):
    """Of that certificate alone; and a short one comes along."""
    server = town.authority.server
    server.answers["/ocsp"] = status.answer_of(town.authority)

    def config(name, more=""):
        return town.rig.config(ROOM, rig.fresh_ledger(),
                               (r"dir: status,", f"dir: status-{name}, {more}"))

    by_both = f'ocsp_url: "{server.url}/ocsp",'
    with town.rig.gateway(config("short", by_both)) as gateway:
        status.asked_again(town.authority)
        found = whole_validation(gateway)
        equal((len(found.crls), len(found.ocsp_responses)), (3, 1), "CRLs and answers")
    town.authority.serve(padding=ANSWER_MAX)
    with town.rig.gateway(config("long")) as gateway:
        status.asked_again(town.authority)
        refusal = rig.refused(validation, gateway, with_tsa=False)
        equal(refusal.code, grpc.StatusCode.FAILED_PRECONDITION, refusal.message)
        contains(refusal.message, "seal-demo", "3 MiB", "OCSP")
    with town.rig.gateway(config("spare", by_both)) as gateway:
        status.asked_again(town.authority)
        found = whole_validation(gateway)
        equal((len(found.crls), len(found.ocsp_responses)), (2, 1), "CRLs and answers")
        expect(server.answers["/seal.crl"] not in found.crls, "the long one is there")
        extend(town, "b-lt", "long", *sign_letters(town, "b-t", "pades-b-t"))
    held = (town.authority.seal.serial_number, status.HOLD)
    town.authority.serve(held, padding=ANSWER_MAX)
    with town.rig.gateway(config("held", by_both)) as gateway:
        status.asked_again(town.authority)
        refusal = rig.refused(validation, gateway, with_tsa=False)
        equal(refusal.code, grpc.StatusCode.FAILED_PRECONDITION, "what one of both calls good")
    town.authority.good()


@claim
def an_earlier_authority_for_which_there_is_no_room_is_left_out(town):
    first, second, conf = two_authorities(town, "room", ROOM,
                                          (r"dir: status,", "dir: status-room,"))
    with town.rig.gateway(conf) as gateway:
        whole_validation(gateway)
        first.fault("http")
        equal(stamped_by(town, gateway), second.url)
        end = time.monotonic() + rig.START_S
        while len((found := whole_validation(gateway)).crls) < 4:
            expect(time.monotonic() < end, "the CRLs of both authorities never come")
            time.sleep(0.1)
        parts = [*found.certificates, *found.crls]
        town.authority.serve(padding=ANSWER_MAX - sum(map(len, parts)) + 300)
        status.asked_again(town.authority)
        found = validation(gateway)
        expect(town.authority.server.answers["/seal.crl"] in found.crls, "the key's is not there")
        equal(len(found.crls), 3, "CRLs of the key and of who stamps now")
    town.authority.good()
    first.stop(), second.stop()


def letters(town, count=3):
    if not os.path.isdir(town.rig.path("letters")):
        subprocess.run([os.path.join(rig.BUILD, "tests/fixtures/letters"), str(count),
                        town.rig.path("letters")], check=True)
    return sorted(glob.glob(town.rig.path("letters", "*", "*.pdf")))[:count]


def sign_letters(town, out, profile, *more, paths=None):
    result = town.rig.segel(
        "e-office", "sign", "--key", "seal-demo", "--profile", profile, "--class",
        "surat_keterangan", "--approval", "ND-2026/007", "--notice-shown", "-o",
        town.rig.path(out), "--force", *more, *(paths or letters(town)))
    equal(result.returncode, 0, result.stdout + result.stderr)
    return sorted(glob.glob(town.rig.path(out, "*.pdf")))


def extend(town, level, out, *paths, code=0):
    result = town.rig.segel("e-office", "extend", "--key", "seal-demo", "--level", level, "-o",
                            town.rig.path(out), "--force", *paths)
    equal(result.returncode, code, result.stdout + result.stderr)
    return result.stdout + result.stderr


def parts_of(path):
    """The signatures of a letter: sub filter, bytes signed, value."""
    with open(path, "rb") as file:
        data = file.read()
    found = []
    for match in re.finditer(rb"/SubFilter /(\S+)", data):
        ranges = re.compile(rb"/ByteRange \[(\d+) (\d+) (\d+) (\d+)\]").search(
            data, match.start())
        a, b, c, d = map(int, ranges.groups())
        value = bytes.fromhex(data[a + b + 1:c - 1].decode())
        found.append((match.group(1).decode(), data[a:a + b] + data[c:c + d],
                      der_at(value, 0), c + d))
    return found, len(data)


def check_letter(town, path, stamps):
    """Structure by qpdf, each signature and time stamp by OpenSSL."""
    check = subprocess.run(["qpdf", "--check", path], capture_output=True, text=True, check=False)
    equal(check.returncode, 0, check.stdout + check.stderr)
    found, size = parts_of(path)
    equal([kind for kind, *_ in found],
          ["ETSI.CAdES.detached"] + ["ETSI.RFC3161"] * stamps, path)
    rig.check_cms(town.rig, found[0][2], found[0][1])
    for _, data, token, _ in found[1:]:
        check_token(town, token, data)
    return found, size


@claim
def a_letter_without_a_time_stamp_leaves_no_room_for_one(town):
    town.tsa.fault("none")
    with town.rig.gateway() as gateway:
        wait_for_authority(gateway)
        signer = gateway.client().signer()
        for profile, room in (("pades-b-b", signer.plain_max_len),
                              ("pades-b-t", signer.signature_max_len)):
            paths = sign_letters(town, f"room-{profile}", profile)
            expect(paths, "nothing was signed")
            for path in paths:
                with open(path, "rb") as file:
                    hole = re.search(rb"/Contents <([0-9a-fA-F]+)>", file.read())
                equal(len(hole.group(1)), 2 * room, profile)


@claim
def letters_are_signed_with_a_time_stamp(town):
    town.tsa.fault("none")
    with town.rig.gateway():
        for path in sign_letters(town, "b-t", "pades-b-t"):
            found, size = check_letter(town, path, 0)
            check_token(town, token_of(found[0][2]), signature_of(found[0][2]))
            equal(found[0][3], size, "the end of what is signed")


def qpdf_json(path):
    text = subprocess.run(["qpdf", "--json", "--json-key=qpdf", path], capture_output=True,
                          check=True).stdout
    return json.loads(text)["qpdf"][1]


def catalog(path):
    objects = qpdf_json(path)
    root = objects["trailer"]["value"]["/Root"]
    return objects, objects[f"obj:{root}"]["value"]


def store(path):
    """The security store as lists of numbers of its streams."""
    objects, root = catalog(path)
    equal(root["/Extensions"]["/ESIC"], {"/BaseVersion": "/1.7", "/ExtensionLevel": 1})
    value = objects["obj:" + root["/DSS"]]["value"]
    return {key: value.get(key, []) for key in ("/Certs", "/CRLs", "/OCSPs")}


@claim
def b_lt_adds_the_store_and_leaves_the_signed_bytes_alone(town):
    town.tsa.fault("none")
    with town.rig.gateway() as gateway:
        proofs = whole_validation(gateway)
        signed = sign_letters(town, "b-t", "pades-b-t")
        extend(town, "b-lt", "b-lt", *signed)
    for path in signed:
        made = town.rig.path("b-lt", os.path.basename(path))
        check_letter(town, made, 0)
        with open(path, "rb") as before, open(made, "rb") as after:
            text, whole = before.read(), after.read()
        expect(whole.startswith(text), "the letter is not the beginning of the extended one")
        for der in [*proofs.certificates, *proofs.crls]:
            equal(whole.count(der), 1, "times that a certificate or CRL stands there")
        lists = store(made)
        equal((len(lists["/Certs"]), len(lists["/CRLs"])),
              (len(proofs.certificates), len(proofs.crls)))
    with town.rig.gateway() as gateway:
        whole_validation(gateway)
        name = os.path.basename(signed[0])
        made = town.rig.path("b-lt", name)
        for level, stamps in (("b-lta", 1), ("b-lt", 1), ("b-lta", 2)):
            extend(town, level, f"then-{level}-{stamps}", made)
            made = town.rig.path(f"then-{level}-{stamps}", name)
            check_letter(town, made, stamps)


@claim
def b_lta_stamps_the_whole_letter_and_again(town):
    town.tsa.fault("none")
    with town.rig.gateway() as gateway:
        whole_validation(gateway)
        signed = sign_letters(town, "b-t", "pades-b-t")
        extend(town, "b-lta", "b-lta", *signed)
        made = sorted(glob.glob(town.rig.path("b-lta", "*.pdf")))
        equal(len(made), len(signed))
        extend(town, "b-lta", "again", *made)
        before = len(town.records("timestamp"))
        extend(town, "b-t", "stamped", made[0])
        equal(len(town.records("timestamp")), before + 1, "records of one more")
    for path in made:
        found, size = check_letter(town, path, 1)
        equal(found[1][3], size, "the end of what is stamped")
        again = town.rig.path("again", os.path.basename(path))
        found, size = check_letter(town, again, 2)
        equal(found[2][3], size, "the end of what is stamped again")
        equal(store(again), store(path), "a store that grows without need")
    check_letter(town, town.rig.path("stamped", os.path.basename(made[0])), 2)


@claim
def what_is_not_signed_changed_or_of_another_key_is_not_extended(town):
    town.tsa.fault("none")
    with town.rig.gateway() as gateway:
        whole_validation(gateway)
        plain = sign_letters(town, "b-b", "pades-b-b")
        good = sign_letters(town, "b-t", "pades-b-t")
        expect(os.path.getsize(plain[0]) < os.path.getsize(good[0]) - 8000,
               "a letter without a time stamp has room for one")
        with open(good[0], "rb") as file:
            data = bytearray(file.read())
        changed = bytearray(data)
        changed[700] ^= 1
        cases = {
            "changed.pdf": (bytes(changed), "match"),
            "longer.pdf": (bytes(data) + b"% more\n", "behind"),
            "unsigned.pdf": (open(letters(town)[0], "rb").read(), "no signature"),
            "text.pdf": (b"no PDF\n", "PDF"),
        }
        for name, (content, words) in cases.items():
            path = town.rig.write(name, content)
            contains(extend(town, "b-lta", "refused", path, code=1), words)
        for level in ("b-lt", "b-lta"):
            contains(extend(town, level, "refused", plain[0], code=1), "no time stamp")
        equal(glob.glob(town.rig.path("refused", "*")), [], "files")
        mixed = sign_letters(town, "mixed", "pades-b-b", paths=good[:1])
        contains(extend(town, "b-lta", "refused", mixed[0], code=1),
                 "a signature of the key has no time stamp")
        extend(town, "b-t", "mixed-b-t", mixed[0])
        extend(town, "b-lta", "mixed-b-lta",
               town.rig.path("mixed-b-t", os.path.basename(mixed[0])))
        extend(town, "b-t", "from-b-b", plain[0])
        stamped = town.rig.path("from-b-b", os.path.basename(plain[0]))
        check_letter(town, stamped, 1)
        extend(town, "b-lta", "twice", stamped)
        check_letter(town, town.rig.path("twice", os.path.basename(plain[0])), 2)
        town.tsa.fault("http")
        contains(extend(town, "b-lta", "refused", good[0], code=3), "HTTP 500")
        equal(glob.glob(town.rig.path("refused", "*")), [], "files")


def flipped(town, name, path, end, back):
    """The file with one hexadecimal digit changed, so many before `end`."""
    with open(path, "rb") as file:
        data = bytearray(file.read())
    at = end - back
    data[at] = ord("0") if data[at] != ord("0") else ord("1")
    return town.rig.write(name, bytes(data))


@claim
def a_letter_whose_time_stamp_is_not_true_is_not_extended(town):
    """The last byte of a token is one of its signature."""
    town.tsa.fault("none")
    with town.rig.gateway() as gateway:
        whole_validation(gateway)
        good = sign_letters(town, "b-t", "pades-b-t")[0]
        extend(town, "b-lta", "b-lta", good)
        lasting = town.rig.path("b-lta", os.path.basename(good))
        for path, number in ((good, 0), (lasting, 1)):
            with open(path, "rb") as file:
                data = file.read()
            der = parts_of(path)[0][number][2]
            end = data.index(der.hex().encode() if der.hex().encode() in data
                             else der.hex().upper().encode()) + 2 * len(der)
            false = flipped(town, "false.pdf", path, end, 20)
            for level in ("b-t", "b-lta"):
                told = extend(town, level, "refused", false, code=1)
                contains(told, "does not match the letter")
        equal(glob.glob(town.rig.path("refused", "*")), [], "files")


def verified(town, roots, *paths):
    """By whoever trusts these, and asks for B-LTA."""
    with open(town.rig.path("pki/root.pem"), encoding="ascii") as one:
        with open(roots, encoding="ascii") as more:
            trusted = town.rig.write("trusted.pem", one.read() + more.read())
    result = town.rig.segel("e-office", "verify", "--require", "b-lta", "--ca", trusted, *paths)
    equal(result.returncode, 0, result.stdout + result.stderr)


@claim
def a_stamp_over_a_letter_that_nothing_proves_is_not_extended_over(town):
    """The gateway's authority is another since. Of a letter that was B-LTA the store proves
    the former one, so that it can be renewed."""
    town.tsa.fault("none")
    former = Tsa(town.rig.path("former"))
    roots = town.rig.write("all.pem", town.rig.read("former/root.pem") +
                           town.rig.read("tsa/root.pem"))
    conf = town.rig.config((r"urls: '[^']*'", f"urls: '{former.url}'"),
                           (r"anchors: tsa/root\.pem", "anchors: former/root.pem"))
    with town.rig.gateway(conf) as gateway:
        wait_for_authority(gateway)
        whole_validation(gateway)
        plain = sign_letters(town, "former-b-b", "pades-b-b")[0]
        extend(town, "b-t", "former-b-t", plain)
        extend(town, "b-lta", "former-b-lta", *sign_letters(town, "former-b-t-own", "pades-b-t"))
    former.stop()
    stamped = town.rig.path("former-b-t", os.path.basename(plain))
    with town.rig.gateway() as gateway:
        wait_for_authority(gateway)
        whole_validation(gateway)
        for level in ("b-lt", "b-lta"):
            contains(extend(town, level, "refused", stamped, code=1), "use --level b-t first")
        equal(glob.glob(town.rig.path("refused", "*")), [], "files")
        extend(town, "b-t", "both", stamped)
        extend(town, "b-lta", "both-b-lta", town.rig.path("both", os.path.basename(plain)))
        verified(town, roots, town.rig.path("both-b-lta", os.path.basename(plain)))
        extend(town, "b-lta", "renewed", *glob.glob(town.rig.path("former-b-lta", "*.pdf")))
        equal(len(glob.glob(town.rig.path("renewed", "*.pdf"))), 3, "renewed letters")


@claim
def a_letter_loses_nothing_by_an_authority_that_ends(town):
    first, second, conf = two_authorities(town, "ended")
    roots = town.rig.path("ended.pem")
    with town.rig.gateway(conf) as gateway:
        wait_for_authority(gateway)
        whole_validation(gateway)
        signed = sign_letters(town, "ended-b-t", "pades-b-t")[0]
        extend(town, "b-lta", "ended", signed)
        lasting = town.rig.path("ended", os.path.basename(signed))
        verified(town, roots, lasting)
        time.sleep(1.1)  # both dates are of whole seconds
        first.state("hold")
        gateway.wait_event("tsa.revoked")
        equal(stamped_by(town, gateway), second.url, "who stamps in its place")
        whole_validation(gateway)
        told = extend(town, "b-lta", "refused", lasting, code=1)
        contains(told, "revoked or on hold by now", "--level b-t adds")
        equal(glob.glob(town.rig.path("refused", "*")), [], "files")
        first.state("revoked")  # as superseded
        equal(wait_events(gateway, "tsa.revoked", 2)["state"], "revoked")
        extend(town, "b-lta", "ended-renewed", lasting)
        verified(town, roots, town.rig.path("ended-renewed", os.path.basename(signed)))
    first.stop(), second.stop()


@claim
def a_letter_that_cannot_be_extended_keeps_no_other_one_from_it(town):
    town.tsa.fault("none")
    absent = town.rig.path("absent.pdf")
    with town.rig.gateway() as gateway:
        whole_validation(gateway)
        signed = sign_letters(town, "b-t", "pades-b-t")
        told = extend(town, "b-lt", "most", signed[0], absent, signed[1], code=1)
        contains(told, "absent.pdf cannot be read")
        expect("cannot be reached" not in told, told)
        equal(len(glob.glob(town.rig.path("most", "*.pdf"))), 2, "letters that are there")
        other = town.rig.path("b-lt", os.path.basename(signed[0]))
        for choice in ("--force", "--resume"):  # either would lose one of the two
            result = town.rig.segel("e-office", "extend", "--key", "seal-demo", "-o",
                                    town.rig.path("same"), choice, signed[0], other)
            equal(result.returncode, 2, result.stdout + result.stderr)
            contains(result.stderr, "have the same name")


@claim
def a_time_stamp_alone_needs_no_proof(town):
    """While a CRL cannot be had, a letter gets at least its time."""
    town.tsa.fault("none")
    with town.rig.gateway():
        plain = sign_letters(town, "b-b", "pades-b-b")[0]
    for path in ("/root.crl", "/seal.crl"):
        town.authority.server.answers[path] = 404
    try:
        with town.rig.gateway(town.rig.config((r"dir: status,", "dir: status-none,"))):
            extend(town, "b-lt", "unproved", plain, code=3)
            extend(town, "b-t", "unproved", plain)
    finally:
        town.authority.good()
    check_letter(town, town.rig.path("unproved", os.path.basename(plain)), 1)


@claim
def any_file_is_signed_beside_it(town):
    town.tsa.fault("none")
    paths = [town.rig.write(f"data-{i}.bin", os.urandom(1500000 if i == 0 else i))
             for i in range(70)]
    common = ["sign", "--key", "seal-demo", "--class", "surat_keterangan", "--approval",
              "ND-2026/007", "--notice-shown", "-o", town.rig.path("cades")]
    with town.rig.gateway():
        result = town.rig.segel("e-office", *common, "--profile", "cades-b-t", *paths)
        equal(result.returncode, 0, result.stdout + result.stderr)
        for path in (paths[0], paths[1], paths[69]):
            with open(path, "rb") as data:
                content = data.read()
            with open(town.rig.path("cades", os.path.basename(path) + ".p7s"), "rb") as file:
                cms = file.read()
            rig.check_cms(town.rig, cms, content)
            check_token(town, token_of(cms), signature_of(cms))
        equal(len(glob.glob(town.rig.path("cades", "*.p7s"))), 70)
        common.remove("--notice-shown")
        result = town.rig.segel("e-office", *common, "--profile", "cades-b-b", "--force",
                                paths[0])
        equal(result.returncode, 1, "nothing says that it carries the statement")
        contains(result.stdout, "say that the file carries the statement (--notice-shown)")
        expect("--rect" not in result.stdout, "nothing can be shown beside a file")
        common.insert(-2, "--notice-shown")
        result = town.rig.segel("e-office", *common, "--profile", "cades-b-b", *paths[:2])
        equal(result.returncode, 1, "files that are there")
        contains(result.stdout, "--force", "--resume")
        result = town.rig.segel("e-office", *common, "--profile", "cades-b-b", "--resume",
                                *paths[:2], town.rig.path("absent.bin"))
        equal(result.returncode, 1)
        contains(result.stdout, "skipped", "absent.bin cannot be read")
        signed = len(town.records("outcome"))
        result = town.rig.segel("e-office", *common, "--profile", "cades-b-b",
                                town.rig.write("n" * 247, "a name too long with .p7s.part"))
        equal(result.returncode, 1, result.stdout + result.stderr)
        contains(result.stdout, "the name of the output is too long")
        equal(len(town.records("outcome")), signed, "signatures for what cannot be written")
        result = town.rig.segel("e-office", *common, "--profile", "cades-b-b", "--rect",
                                "1,1,9,9", paths[0])
        equal(result.returncode, 2)
        contains(result.stderr, "cades-b-b", "leave --rect out")


@claim
def a_gateway_without_an_authority_offers_no_b_t(town):
    conf = town.rig.config((r"^tsa: .*\n", ""))
    with town.rig.gateway(conf) as gateway:
        signer = gateway.client().signer()
        expect(B_T not in signer.profiles, "B-T is offered")
        equal(signer.signature_max_len, signer.plain_max_len)
        equal(rig.refused(sign, gateway).code, grpc.StatusCode.UNIMPLEMENTED)
        equal(rig.refused(timestamp, gateway).code, grpc.StatusCode.UNIMPLEMENTED)


@claim
def a_wrong_setting_is_named_before_anything_starts(town):
    for change, word in (((r"urls: '[^']*'", "urls: 'ftp://x'"), "tsa.urls"),
                         ((r"urls: '[^']*'", "urls: 'http://a:b@host/'"), "tsa.urls"),
                         ((r"anchors: [^ ]*root\.pem", "anchors: absent.pem"), "tsa.anchors"),
                         ((r"timeout_ms: 10000", "hash: md5"), "tsa.hash"),
                         ((r"timeout_ms: 10000", "policy: none"), "tsa.policy")):
        result = town.rig.tool("segeld", "--check-config", "--config", town.rig.config(change))
        expect(result.returncode != 0, f"{change} passes")
        contains(result.stderr, word)


if __name__ == "__main__":
    the_town = Town("levels")
    code = rig.run(the_town)
    the_town.tsa.stop()
    sys.exit(code)
