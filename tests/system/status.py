#!/usr/bin/python3
"""The status of certificates: a real gateway asks a small HTTP server of this test for CRLs
and OCSP answers, and gets good and bad ones."""
import contextlib
import datetime
import http.server
import json
import os
import re
import signal
import sys
import threading
import time
import urllib.error
import urllib.request

import rig
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID
from faulty import stand_still
from rig import claim, contains, equal, expect

HOLD = x509.ReasonFlags.certificate_hold
COMPROMISE = x509.ReasonFlags.key_compromise
DAY = 86400
LONGEST_S = 20


class Server:
    """Answers by path: bytes, a status code, or a function of the handler."""

    def __init__(self):
        self.answers, self.asked = {}, {}
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked[self.path] = outer.asked.get(self.path, 0) + 1
                answer = outer.answers.get(self.path, 404)
                with contextlib.suppress(OSError):
                    if callable(answer):
                        answer(self)
                    elif isinstance(answer, int):
                        self.send_error(answer)
                    else:
                        send(self, answer)

            do_POST = do_GET

            def log_message(self, *arguments):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"


def send(handler, data, announced=None):
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(data) if announced is None else announced))
    handler.end_headers()
    handler.wfile.write(data)


def now():
    return datetime.datetime.utcnow().replace(microsecond=0)


class Authority:
    """Signs CRLs and OCSP answers with the keys of the test's hierarchy."""

    def __init__(self, the_rig, server):
        self.rig, self.server = the_rig, server
        self.number = 1
        self.root, self.root_key = self.load("root")
        self.issuing, self.issuing_key = self.load("issuing")
        self.give_point()
        self.seal = x509.load_pem_x509_certificate(the_rig.read("seal-demo.pem", "rb"))
        text = the_rig.read("segeld.yaml")
        text = text.replace("lanes:\n", "status: {dir: status, refresh_s: 1, retry_max_s: 1, "
                            "timeout_ms: 15000, max_bytes: 200000, private_addresses: 1}\n"
                            "admin: {address: 127.0.0.1, port: 0}\nlanes:\n", 1)
        self.conf = the_rig.write("status.yaml", text)
        self.good()

    def load(self, name):
        certificate = x509.load_pem_x509_certificate(self.rig.read(f"pki/{name}.pem", "rb"))
        key = serialization.load_pem_private_key(self.rig.read(f"pki/{name}.key", "rb"), None)
        return certificate, key

    def give_point(self):
        """The issuing CA again, with the place of its own CRL."""
        old = self.issuing
        builder = x509.CertificateBuilder(
            old.issuer, old.subject, old.public_key(), x509.random_serial_number(),
            old.not_valid_before, old.not_valid_after)
        for extension in old.extensions:
            builder = builder.add_extension(extension.value, extension.critical)
        point = x509.DistributionPoint(
            [x509.UniformResourceIdentifier(f"{self.server.url}/root.crl")], None, None, None)
        builder = builder.add_extension(x509.CRLDistributionPoints([point]), False)
        self.issuing = builder.sign(self.root_key, hashes.SHA256())
        self.rig.write("issuing.pem", self.issuing.public_bytes(serialization.Encoding.PEM))

    def crl(self, *entries, key=None, issuer=None, digest=None, age=60, lasts=DAY, number=None,
            extension=None, padding=0):
        self.number += 1
        this = now() - datetime.timedelta(seconds=age)
        builder = x509.CertificateRevocationListBuilder(
            issuer or self.issuing.subject, this, this + datetime.timedelta(seconds=lasts))
        for serial, reason in entries:
            entry = x509.RevokedCertificateBuilder(serial, this)
            if reason is not None:
                entry = entry.add_extension(x509.CRLReason(reason), False)
            builder = builder.add_revoked_certificate(entry.build())
        builder = builder.add_extension(
            x509.CRLNumber(self.number if number is None else number), False)
        if extension is not None:
            builder = builder.add_extension(extension, True)
        if padding > 0:
            builder = builder.add_extension(x509.UnrecognizedExtension(
                x509.ObjectIdentifier("1.3.6.1.4.1.32473.9"),
                bytes([4, 0x84]) + padding.to_bytes(4, "big") + bytes(padding)), False)
        made = builder.sign(key or self.issuing_key, digest or hashes.SHA256())
        return made.public_bytes(serialization.Encoding.DER)

    def root_crl(self, *entries):
        return self.crl(*entries, key=self.root_key, issuer=self.root.subject)

    def serve(self, *entries, **how):
        self.server.answers["/seal.crl"] = self.crl(*entries, **how)

    def good(self):
        self.server.answers["/root.crl"] = self.root_crl()
        self.serve()

    def wipe(self):
        folder = self.rig.path("status")
        for name in os.listdir(folder) if os.path.isdir(folder) else ():
            os.unlink(os.path.join(folder, name))
        self.good()

    @contextlib.contextmanager
    def gateway(self, fresh=True, config=None):
        if fresh:
            self.wipe()
        with self.rig.gateway(config or self.conf) as gateway:
            yield gateway


def reason(gateway):
    """"" when a letter is sealed, else why not."""
    try:
        gateway.client().sign()
        return ""
    except rig.grpc.RpcError as error:
        info = rig.Refusal(error).info
        return info.reason if info else str(error)


def until(gateway, wanted):
    end = time.monotonic() + LONGEST_S
    while (found := reason(gateway)) != wanted:
        expect(time.monotonic() < end, f"after {LONGEST_S} s: {found!r}, wanted {wanted!r}")
        time.sleep(0.1)


def asked_again(authority, path="/seal.crl", times=3):
    """So often since now: whatever the gateway wants to do with the answer, it has done."""
    wanted = authority.server.asked.get(path, 0) + times
    end = time.monotonic() + LONGEST_S
    while authority.server.asked.get(path, 0) < wanted:
        expect(time.monotonic() < end, f"{path} is not asked for again")
        time.sleep(0.05)


def states(authority):
    shown = authority.rig.segel("reviewer", "log", "show", "--json").stdout
    return [line for line in shown.splitlines() if "key.state" in line]


def octets(number):
    """In pairs of digits, as the gateway writes serial numbers."""
    return number.to_bytes((number.bit_length() + 7) // 8, "big").hex().upper()


def incidents(authority):
    """Those that are open."""
    shown = authority.rig.segel("reviewer", "incident", "list", "--json")
    equal(shown.returncode, 0, shown.stderr)
    return [json.loads(line) for line in shown.stdout.splitlines()]


def wait_states(authority, count):
    """The records of states, when there are so many: they come a moment after the fact."""
    end = time.monotonic() + LONGEST_S
    while len(found := states(authority)) < count and time.monotonic() < end:
        time.sleep(0.1)
    return found


@claim
def a_certificate_that_nobody_revoked_signs(authority):
    with authority.gateway() as gateway:
        until(gateway, "")
        equal(states(authority), [], "records of a state that never changed")


def last_decision(authority):
    shown = authority.rig.segel("reviewer", "log", "show", "--json").stdout.splitlines()
    found = [json.loads(line) for line in shown if '"decision":' in line]
    return found[-1].get("record", found[-1])


def instant(text):
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ")


@claim
def a_decision_names_the_crl_that_was_used(authority):
    authority.wipe()
    authority.serve(number=0xABC, age=300)
    with authority.gateway(fresh=False) as gateway:
        until(gateway, "")
        record = last_decision(authority)
        equal((list(record["status"]), record["status"]["crl"]["number"]), (["crl"], "0abc"))
        age = now() - instant(record["status"]["crl"]["this"])
        expect(295 < age.total_seconds() < 330, f"thisUpdate is {age} ago")
        equal(record["facts"]["status.source"], "crl")
        expect(295 < record["facts"]["status.age_s"] < 330, "its age is a fact")
    authority.number = 0xABC


@claim
def a_revoked_certificate_stops_its_key_and_is_one_record(authority):
    with authority.gateway() as gateway:
        until(gateway, "")
        authority.serve((authority.seal.serial_number, COMPROMISE))
        until(gateway, "CERT_REVOKED")
        asked_again(authority)
        equal(reason(gateway), "CERT_REVOKED")
        found = wait_states(authority, 1)
        equal(len(found), 1, "records of the revocation")
        contains(found[0], "seal-demo", "revoked")
        opened = incidents(authority)
        equal([(i["kind"], i["subject"]) for i in opened],
              [("certificate.revoked", f"seal-demo/{octets(authority.seal.serial_number)}")])
        closed = authority.rig.segel("officer-1", "incident", "close", opened[0]["id"],
                                     "--reason", "a new key (TEST)", "--no-notice-because",
                                     "the CA revoked it itself (TEST)")
        equal(closed.returncode, 0, closed.stderr)
        gateway.stop()
    with authority.gateway(fresh=False) as gateway:
        until(gateway, "CERT_REVOKED")
        wait_states(authority, 2)
        equal(incidents(authority), [], "one certificate, one incident, over a restart too")


@contextlib.contextmanager
def stopped_lane(gateway):
    """The HSM does nothing meanwhile: one job is with it, all others wait."""
    children = f"/proc/{gateway.process.pid}/task/{gateway.process.pid}/children"
    with open(children, encoding="ascii") as file:
        lanes = [int(pid) for pid in file.read().split()]
    equal(len(lanes), 1, "lanes")
    stand_still(lanes[0])
    try:
        yield
    finally:
        os.kill(lanes[0], signal.SIGCONT)


def seen(gateway, path, words):
    end = time.monotonic() + LONGEST_S
    while words not in (page := local_page(gateway, path)):
        expect(time.monotonic() < end, f"{path} does not say '{words}': {page}")
        time.sleep(0.05)


def outcome(call):
    """The signature, or the code and the sentence of the refusal."""
    try:
        return call.result().result.signature, None, ""
    except rig.grpc.RpcError as error:
        return b"", error.code(), error.details()


@claim
def what_waits_while_its_certificate_is_revoked_is_not_signed(authority):
    text = authority.rig.read("status.yaml").replace(
        "status: {", "queue: {lane_window: 1}\nhsm: {timeout_ms: 60000}\nstatus: {", 1)
    with authority.gateway(config=authority.rig.write("waiting.yaml", text)) as gateway:
        until(gateway, "")
        client, jobs = gateway.client(), [rig.item() for _ in range(8)]
        call = client.call("unary_unary", "Sign", rig.signing.SignRequest,
                           rig.signing.SignResponse)
        with stopped_lane(gateway):
            calls = [call.future(rig.signing.SignRequest(terms=rig.terms(), item=job),
                                 timeout=30) for job in jobs]
            seen(gateway, "/metrics", 'segel_queue_jobs{class="interactive"} 7\n')
            authority.serve((authority.seal.serial_number, COMPROMISE))
            seen(gateway, "/metrics",
                 'segel_key_certificate_status{key="seal-demo",state="revoked"} 1\n')
        found = [outcome(call) for call in calls]
        equal(sum(bool(signature) for signature, _, _ in found), 1, "signed")
        refused = [(code, why) for signature, code, why in found if not signature]
        # Judged again, by what is known now.
        equal({code for code, _ in refused}, {rig.grpc.StatusCode.FAILED_PRECONDITION})
        equal([w for _, w in refused if "CP-4.9" not in w], [], "other sentences")
        for job, (signature, _, _) in zip(jobs, found):
            if not signature:
                equal(rig.refused(client.sign, job).info.reason, "CERT_REVOKED", "again")


@claim
def a_revoked_issuer_stops_the_key(authority):
    with authority.gateway() as gateway:
        until(gateway, "")
        authority.server.answers["/root.crl"] = authority.root_crl(
            (authority.issuing.serial_number, None))
        until(gateway, "CERT_REVOKED")


@claim
def a_certificate_on_hold_stops_its_key_until_it_is_released(authority):
    with authority.gateway() as gateway:
        until(gateway, "")
        before = len(states(authority))
        authority.serve((authority.seal.serial_number, HOLD))
        until(gateway, "CERT_REVOKED")
        authority.serve()
        until(gateway, "")
        found = wait_states(authority, before + 2)[before:]
        equal(len(found), 2, "records of hold and release")
        contains(found[0], "suspended")
        contains(found[1], "good")


@claim
def an_old_statement_is_refused_by_the_rule_of_its_age(authority):
    with authority.gateway() as gateway:
        until(gateway, "")
    authority.wipe()
    authority.serve(age=90000, lasts=5 * DAY)
    with authority.gateway(fresh=False) as gateway:
        until(gateway, "STATUS_STALE")


@claim
def the_policy_may_give_grace_to_an_old_statement(authority):
    policy = authority.rig.read("policy.yaml")
    changed, count = re.subn(r"(id: CP-4\.9-02\n    cp: \"4\.9\.10\"\n    level: soft\n)",
                             r"\1    mode: shadow\n", policy)
    equal(count, 1, "the rule of the age")
    changed = changed[:changed.index("\nbases:")] + "\n"
    authority.rig.write("grace.yaml", changed)
    text = authority.rig.read("status.yaml").replace("policy.yaml", "grace.yaml")
    text = re.sub(*rig.fresh_ledger(), text)
    authority.wipe()
    authority.serve(age=90000, lasts=5 * DAY)
    with authority.gateway(False, authority.rig.write("grace-conf.yaml", text)) as gateway:
        until(gateway, "")


@claim
def what_was_fetched_is_kept_as_received_and_known_after_a_start_without_network(authority):
    with authority.gateway() as gateway:
        authority.serve((authority.seal.serial_number, COMPROMISE))
        until(gateway, "CERT_REVOKED")
    served = authority.server.answers["/seal.crl"]
    kept = [authority.rig.read(f"status/{name}", "rb")
            for name in os.listdir(authority.rig.path("status"))]
    expect(served in kept, "the CRL is kept byte for byte")
    authority.server.answers.clear()
    with authority.gateway(fresh=False) as gateway:
        equal(reason(gateway), "CERT_REVOKED", "the first job after the start")
    authority.wipe()
    with authority.gateway() as gateway:
        until(gateway, "")
    authority.server.answers.clear()
    with authority.gateway(fresh=False) as gateway:
        equal(reason(gateway), "", "a kept good statement serves the first job")


@claim
def a_kept_file_that_was_changed_is_ignored_with_a_sentence(authority):
    with authority.gateway() as gateway:
        authority.serve((authority.seal.serial_number, COMPROMISE))
        until(gateway, "CERT_REVOKED")
    names = [n for n in os.listdir(authority.rig.path("status"))
             if authority.rig.read(f"status/{n}", "rb") == authority.server.answers["/seal.crl"]]
    data = bytearray(authority.rig.read(f"status/{names[0]}", "rb"))
    data[-1] ^= 1
    authority.rig.write(f"status/{names[0]}", bytes(data))
    authority.server.answers.clear()
    with authority.gateway(fresh=False) as gateway:
        contains(gateway.wait_event("status.ignored")["why"], "does not verify")
        equal(reason(gateway), "STATUS_NOT_AUTHENTIC")


def bad_answers(authority):
    """What the server says, and a word of the sentence that must be on the log line."""
    other = serialization.load_pem_private_key(
        authority.rig.read("pki/tls-ca.key", "rb"), None)
    indirect = x509.IssuingDistributionPoint(None, None, False, False, None, True, False)
    reasons = x509.IssuingDistributionPoint(None, None, False, False,
                                            frozenset([COMPROMISE]), False, False)

    def slow(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        for _ in range(100):
            handler.wfile.write(b"0")
            time.sleep(0.1)

    def redirect(handler):
        handler.send_response(302)
        handler.send_header("Location", f"{authority.server.url}/good.crl")
        handler.end_headers()

    authority.server.answers["/good.crl"] = authority.crl()
    huge = b"0" * 300000
    return {
        "an error of the server": (500, "HTTP 500"),
        "not there": (404, "HTTP 404"),
        "a redirect": (redirect, "HTTP 302"),
        "too slow": (slow, "imeout"),
        "never an answer": (lambda handler: time.sleep(3), "imeout"),
        "too long": (huge, "more than 200000"),
        "too long, announced as short": (lambda h: send(h, huge, 10), "not a CRL"),
        "cut short": (lambda h: send(h, authority.crl()[:-9]), "not a CRL"),
        "cut off": (lambda h: send(h, authority.crl()[:-9], 5000), "http://"),
        "no CRL": (b"<html>", "not a CRL"),
        "nothing": (b"", "not a CRL"),
        "something behind it": (authority.crl() + b"0", "not a CRL"),
        "another signature": (authority.crl(key=other), "does not verify"),
        "another issuer": (authority.root_crl(), "does not verify"),
        "SHA-1": (authority.crl(digest=hashes.SHA1()), "proves nothing"),
        "of tomorrow": (authority.crl(age=-DAY), "future"),
        "a delta": (authority.crl(extension=x509.DeltaCRLIndicator(1)), "delta CRL"),
        "indirect": (authority.crl(extension=indirect), "does not verify"),
        "for some reasons": (authority.crl(extension=reasons), "does not verify"),
        "an unknown extension": (authority.crl(extension=x509.UnrecognizedExtension(
            x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")), "does not verify"),
    }


@claim
def no_bad_answer_counts_and_each_is_explained(authority):
    # Only the first of several failures is told of: it must not be that an answer is late.
    late = authority.rig.write("late.yaml", authority.rig.read("status.yaml").replace(
        "timeout_ms: 15000", "timeout_ms: 1000"))
    for name, (answer, word) in bad_answers(authority).items():
        authority.wipe()
        authority.server.answers["/seal.crl"] = answer
        with authority.gateway(False, late if word == "imeout" else None) as gateway:
            end = time.monotonic() + LONGEST_S
            while not (found := [e["why"] for e in gateway.find("status.failed")
                                 if e["url"].endswith("/seal.crl")]):
                expect(time.monotonic() < end, f"{name}: no failure is told of")
                time.sleep(0.05)
            expect(word in found[-1], f"{name}: '{word}' does not stand in: {found[-1]}")
            equal(reason(gateway), "STATUS_NOT_AUTHENTIC", name)


@claim
def an_address_that_never_answers_does_not_hold_up_another(authority):
    asked, over = threading.Event(), threading.Event()

    def silence(_):
        asked.set()
        over.wait(120)

    text = authority.rig.read("status.yaml").replace("timeout_ms: 15000", "timeout_ms: 300000")
    with authority.gateway(config=authority.rig.write("patient.yaml", text)) as gateway:
        until(gateway, "")
        authority.server.answers["/root.crl"] = silence
        expect(asked.wait(LONGEST_S), "the silent address is asked")
        try:
            asked_again(authority)
            authority.serve((authority.seal.serial_number, COMPROMISE))
            until(gateway, "CERT_REVOKED")
            equal(gateway.stop(), 0, "exit code, with a question under way")
        finally:
            over.set()


@claim
def a_crl_whose_number_goes_back_is_refused(authority):
    with authority.gateway() as gateway:
        authority.serve((authority.seal.serial_number, COMPROMISE), number=5000)
        until(gateway, "CERT_REVOKED")
        authority.serve(number=4999)
        contains(gateway.wait_event("status.failed")["why"], "older than the one")
        asked_again(authority)
        equal(reason(gateway), "CERT_REVOKED")


@claim
def a_private_address_is_not_asked_unless_the_configuration_allows_it(authority):
    authority.wipe()
    text = authority.rig.read("status.yaml").replace("private_addresses: 1",
                                                     "private_addresses: 0")
    config = authority.rig.write("public.yaml", text)
    asked = dict(authority.server.asked)
    with authority.gateway(False, config) as gateway:
        contains(gateway.wait_event("status.failed")["why"],
                 "private network; set status.private_addresses to 1 if that is meant")
        equal(authority.server.asked, asked, "what the server was asked")
        equal(reason(gateway), "STATUS_NOT_AUTHENTIC")


def answer_of(authority, state=ocsp.OCSPCertStatus.GOOD, reason_flag=None, serial=None,
              key=None, responder=None, nonce=True, age=60, lasts=DAY):
    """A responder: reads the question, answers about its certificate."""
    def answer(handler):
        length = int(handler.headers["Content-Length"])
        question = ocsp.load_der_ocsp_request(handler.rfile.read(length))
        about = authority.seal if serial is None else serial
        this = now() - datetime.timedelta(seconds=age)
        builder = ocsp.OCSPResponseBuilder().add_response(
            about, authority.issuing, hashes.SHA1(), state, this,
            None if lasts is None else this + datetime.timedelta(seconds=lasts),
            this if state == ocsp.OCSPCertStatus.REVOKED else None, reason_flag)
        builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH,
                                       responder or authority.issuing)
        if responder is not None:
            builder = builder.certificates([responder])
        asked = question.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
        if nonce is not None:
            builder = builder.add_extension(
                x509.OCSPNonce(asked if nonce else b"0123456789abcdef"), False)
        made = builder.sign(key or authority.issuing_key, hashes.SHA256())
        send(handler, made.public_bytes(serialization.Encoding.DER))
    return answer


def responder(authority, usage=True, impostor=False, unquestioned=False):
    """A certificate that the issuing CA gave to a responder, or somebody in its name."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = x509.CertificateBuilder(
        authority.issuing.subject,
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "OCSP (TEST)")]),
        key.public_key(), x509.random_serial_number(), now() - datetime.timedelta(days=1),
        now() + datetime.timedelta(days=1))
    if usage:
        builder = builder.add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), False)
    if unquestioned:
        builder = builder.add_extension(x509.OCSPNoCheck(), False)
    signer = key if impostor else authority.issuing_key
    return builder.sign(signer, hashes.SHA256()), key


@contextlib.contextmanager
def by_ocsp(authority, answer):
    """Only OCSP tells of the seal here."""
    authority.wipe()
    authority.server.answers["/seal.crl"] = 404
    authority.server.answers["/ocsp"] = answer
    text = authority.rig.read("status.yaml").replace(
        "status: {", f'status: {{ocsp_url: "{authority.server.url}/ocsp", ')
    with authority.gateway(False, authority.rig.write("ocsp.yaml", text)) as gateway:
        yield gateway


@claim
def ocsp_tells_of_good_hold_and_revoked(authority):
    with by_ocsp(authority, answer_of(authority)) as gateway:
        until(gateway, "")
        equal({k: list(v) for k, v in last_decision(authority)["status"].items()},
              {"ocsp": ["this"]}, "the answer that was used")
        before = len(states(authority))
        for flag in (HOLD, COMPROMISE):
            authority.server.answers["/ocsp"] = answer_of(
                authority, ocsp.OCSPCertStatus.REVOKED, flag, age=30)
            until(gateway, "CERT_REVOKED")
            authority.server.answers["/ocsp"] = answer_of(authority, age=20)
            if flag == HOLD:
                until(gateway, "")
        asked_again(authority, "/ocsp")
        equal(reason(gateway), "CERT_REVOKED", "a revocation is for ever")
        contains("".join(wait_states(authority, before + 3)[before:]), "suspended", "good", "revoked", "ocsp")


@claim
def an_answer_that_has_run_out_takes_nothing_from_a_crl_that_is_good(authority):
    with by_ocsp(authority, answer_of(authority, age=60, lasts=30)) as gateway:
        until(gateway, "STATUS_STALE")
        authority.serve(age=3600)
        until(gateway, "")
        record = last_decision(authority)
        equal((list(record["status"]), record["facts"]["status.source"]), (["ocsp"], "ocsp"),
              "the newer word")
        expect(record["facts"]["status.age_s"] < 3600, "its age counts")
        expect(record["facts"]["status.next_update_s"] > DAY - 3660, "and the end of the CRL")
        authority.serve(age=3500, lasts=3000)
        until(gateway, "STATUS_STALE")


@claim
def a_responder_that_the_issuer_named_may_answer(authority):
    certificate, key = responder(authority)
    answer = answer_of(authority, key=key, responder=certificate)
    with by_ocsp(authority, answer) as gateway:
        until(gateway, "")


@claim
def a_responder_that_the_crl_revokes_lifts_no_hold(authority):
    for unquestioned in (False, True):
        certificate, key = responder(authority, unquestioned=unquestioned)
        with by_ocsp(authority, answer_of(authority, key=key, responder=certificate)) as gateway:
            until(gateway, "")
            authority.serve((authority.seal.serial_number, HOLD),
                            (certificate.serial_number, COMPROMISE), age=30)
            until(gateway, "CERT_REVOKED")
            authority.server.answers["/ocsp"] = answer_of(authority, key=key, age=10,
                                                          responder=certificate)
            asked_again(authority, "/ocsp")
            told = any("responder that the issuer's CRL revokes" in event["why"]
                       for event in gateway.find("status.failed"))
            equal(told, not unquestioned, "that it is refused is told")
            until(gateway, "" if unquestioned else "CERT_REVOKED")


@claim
def nor_does_one_whose_answer_came_before_the_crl(authority):
    for unquestioned in (False, True):
        certificate, key = responder(authority, unquestioned=unquestioned)
        good = answer_of(authority, key=key, responder=certificate, age=10)
        with by_ocsp(authority, good) as gateway:
            until(gateway, "")
            authority.serve((authority.seal.serial_number, HOLD),
                            (certificate.serial_number, COMPROMISE), age=30)
            asked_again(authority)
            until(gateway, "" if unquestioned else "CERT_REVOKED")
            equal(["which came after it" in event["why"]
                   for event in gateway.find("status.ignored")],
                  [] if unquestioned else [True], "that it counts no more is told")


@claim
def what_a_responder_said_against_a_certificate_stays_though_the_crl_revokes_it(authority):
    for flag in (HOLD, COMPROMISE):
        certificate, key = responder(authority)
        bad = answer_of(authority, ocsp.OCSPCertStatus.REVOKED, flag, key=key,
                        responder=certificate, age=10)
        with by_ocsp(authority, bad) as gateway:
            until(gateway, "CERT_REVOKED")
            authority.serve((certificate.serial_number, COMPROMISE), age=30)
            asked_again(authority)
            equal((reason(gateway), gateway.find("status.ignored")), ("CERT_REVOKED", []), flag)


@claim
def no_bad_ocsp_answer_counts_and_each_is_explained(authority):
    certificate, key = responder(authority, usage=False)
    false, false_key = responder(authority, impostor=True)
    revoked = ocsp.OCSPCertStatus
    answers = {
        "a responder without the right": (answer_of(authority, key=key,
                                                    responder=certificate), "not signed"),
        "an impostor": (answer_of(authority, key=false_key, responder=false), "not signed"),
        "another nonce": (answer_of(authority, nonce=False), "another question"),
        "another certificate": (answer_of(authority, serial=certificate),
                                "another certificate"),
        "unknown": (answer_of(authority, revoked.UNKNOWN), "does not know"),
        "no next update": (answer_of(authority, lasts=None), "lacks"),
        "of tomorrow": (answer_of(authority, age=-DAY), "future"),
        "try later": (ocsp.OCSPResponseBuilder.build_unsuccessful(
            ocsp.OCSPResponseStatus.TRY_LATER).public_bytes(
                serialization.Encoding.DER), "says"),
        "no answer": (b"0", "not an OCSP answer"),
    }
    for name, (answer, word) in answers.items():
        with by_ocsp(authority, answer) as gateway:
            gateway.wait_event("status.failed")
            end = time.monotonic() + LONGEST_S
            while not any(word in e["why"] for e in gateway.find("status.failed")):
                expect(time.monotonic() < end,
                       f"{name}: '{word}' is not said: {gateway.find('status.failed')}")
                time.sleep(0.05)
            equal(reason(gateway), "STATUS_NOT_AUTHENTIC", name)


@claim
def health_and_metrics_show_what_is_known(authority):
    with authority.gateway() as gateway:
        until(gateway, "")
        page = local_page(gateway, "/metrics")
        contains(page, 'segel_key_certificate_status{key="seal-demo",state="good"} 1\n',
                 'segel_key_certificate_status_fetch_failed{key="seal-demo"} 0\n')
        age = re.search(r'status_age_seconds\{key="seal-demo"\} ([0-9.]+)', page)
        expect(age and 60 <= float(age.group(1)) < 120, f"the age: {age and age.group(1)}")
        fetched = re.search(r'status_fetched_timestamp_seconds\{key="seal-demo"\} ([0-9.]+)', page)
        since = time.time() - float(fetched.group(1)) if fetched else None
        expect(fetched and 0 <= since < 60, f"fetched before {since} s")
        equal(local_page(gateway, "/healthz"), "ok\n")
        authority.serve((authority.seal.serial_number, COMPROMISE))
        until(gateway, "CERT_REVOKED")
        contains(local_page(gateway, "/metrics"),
                 'segel_key_certificate_status{key="seal-demo",state="revoked"} 1\n')
        contains(local_page(gateway, "/healthz"), "status of its certificates: revoked")


@claim
def the_certificate_of_a_key_that_never_signs_again_is_amiss_no_more(authority):
    words = "status of its certificates"
    text = authority.rig.read(os.path.basename(authority.conf))
    own = authority.rig.write("own.yaml", text.replace("path: ledger.db", "path: own.db"))
    with authority.gateway(config=own) as gateway:
        until(gateway, "")
        authority.serve((authority.seal.serial_number, COMPROMISE))
        until(gateway, "CERT_REVOKED")
        contains(local_page(gateway, "/healthz"), words)
        report = gateway.client("officer-1").call(
            "unary_unary", "ReportCompromise", rig.keys.ReportCompromiseRequest,
            rig.keys.ReportCompromiseResponse, service="KeyService")
        report(rig.keys.ReportCompromiseRequest(request_id=rig.item().request_id,
                                                key="seal-demo", reason="a copy (TEST)"),
               timeout=20)
        end = time.monotonic() + LONGEST_S
        while words in local_page(gateway, "/healthz"):
            expect(time.monotonic() < end, local_page(gateway, "/healthz"))
            time.sleep(0.05)
        expect("segel_key_certificate_status{" not in local_page(gateway, "/metrics"),
               "an alert about it would never end")


def local_page(gateway, path):
    address = gateway.wait_event("ready")["admin"]
    try:
        with urllib.request.urlopen(f"http://{address}{path}", timeout=10) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.read().decode()


@claim
def an_answer_without_the_nonce_is_one_that_was_signed_ahead(authority):
    with by_ocsp(authority, answer_of(authority, nonce=None)) as gateway:
        until(gateway, "")


if __name__ == "__main__":
    the_server = Server()
    point = f"crlDistributionPoints = URI:{the_server.url}/seal.crl"
    the_rig = rig.Rig("status", SEAL_EXT=point)
    sys.exit(rig.run(Authority(the_rig, the_server)))
