#!/usr/bin/python3
"""Where clients come in, and by what TLS: Unix sockets with known users, certificates and
revocation lists that are renewed while connections are open, versions of TLS, sockets that
systemd passes."""
import concurrent.futures
import contextlib
import datetime
import fcntl
import json
import os
import socket
import subprocess
import sys
import threading
import time

import grpc
import rig
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from faulty import ask, metrics, wait_for
from preload import begun, preloaded
from rig import claim, contains, equal, expect, item
from sockets import good, tls
from trust import (issuer, issuer_until, reload, said, serial_of, short_certificate,
                   write_list, write_list_of_another)

CODE = grpc.StatusCode
DAY = 86400
ADMIN = (r"\Z", "\nadmin: {address: 127.0.0.1, port: 0}\n")


# --- What the tests need ----------------------------------------------------------------

class Local(rig.Client):
    """Stock grpcio on the Unix socket."""

    def __init__(self, path):
        self.channel = grpc.insecure_channel("unix:" + path)


def handshake(gateway, *options):
    """What openssl's client says of a handshake."""
    certificate, key = good(gateway)
    return subprocess.run(
        ["openssl", "s_client", "-connect", gateway.address, "-alpn", "h2", "-cert",
         certificate, "-key", key, *options], input="", capture_output=True, text=True,
        errors="replace", check=False, timeout=20)


# --- Unix sockets -----------------------------------------------------------------------

@contextlib.contextmanager
def with_socket(the_rig, uid, *changes):
    path = the_rig.path("segel.sock")
    config = the_rig.config(
        (r"listen: \{", f"listen: {{unix: {path}, "),
        (r"^callers:\n", "callers:\n  - {name: local, match: \"uid:" + str(uid)
         + "\", roles: [backend], keys: [seal-demo]}\n"),
        *changes)
    with the_rig.gateway(config) as gateway:
        yield gateway, Local(path)


@claim
def a_user_of_this_machine_signs_over_the_unix_socket(the_rig):
    with with_socket(the_rig, os.getuid()) as (gateway, client):
        wanted = item()
        expect(len(client.sign(wanted).signature) > 0, "it signs")
        expect(len(gateway.client().sign().signature) > 0, "and the network is served too")
        shown = the_rig.segel("reviewer", "log", "show", "--json")
        records = [json.loads(line) for line in shown.stdout.splitlines()]
        jobs = [r for r in (line.get("record", line) for line in records)
                if r.get("job") == wanted.request_id]
        expect(jobs, "the job is on the log")
        equal(jobs[0].get("caller_uid"), os.getuid(), "the user on record")
        expect("caller_cert" not in jobs[0], "there was no certificate to record")
    expect(not os.path.exists(the_rig.path("segel.sock")), "the socket is gone at the end")


@claim
def a_door_that_is_shut_is_told_so(the_rig):
    """Only users of the machine come in: there is no TLS of which anything could be said."""
    for change, open_to_the_network in (((r"\A", ""), True),
                                        ((r"address: 127\.0\.0\.1, ", 'address: "", '), False)):
        with with_socket(the_rig, os.getuid(), change,
                         (r"roles: \[backend\], keys: \[seal-demo\]\}\n  -",
                          "roles: [reviewer], keys: []}\n  -")) as (_, client):
            stub = client.call("unary_unary", "GetAssessment", rig.stands.GetAssessmentRequest,
                               rig.stands.GetAssessmentResponse, service="StatusService")
            doors = stub(rig.stands.GetAssessmentRequest(), timeout=10).doors
            equal(doors.tls, open_to_the_network)


@claim
def a_user_that_no_caller_names_is_unauthenticated(the_rig):
    with with_socket(the_rig, os.getuid() + 1) as (gateway, client):
        refusal = rig.refused(client.sign)
        equal(refusal.code, CODE.UNAUTHENTICATED)
        expect(f"uid:{os.getuid()}" in refusal.message, refusal.message)
        said(gateway, "caller.unknown")


@claim
def an_officer_is_not_known_by_a_user_id(the_rig):
    code, text = the_rig.refuses(the_rig.config(
        (r'match: "URI:urn:segel:caller:officer-1"', 'match: "uid:1000"')))
    equal(code, 1)
    expect("an officer is known by a certificate" in text, text)


# --- Revocation -------------------------------------------------------------------------

@contextlib.contextmanager
def with_list(the_rig, *revoked, **times):
    write_list(the_rig, *revoked, **times)
    config = the_rig.config((r"client_ca: clients.pem",
                             "client_ca: clients.pem, client_crl: clients.crl"), ADMIN)
    with the_rig.gateway(config) as gateway:
        yield gateway


@contextlib.contextmanager
def with_pages(the_rig):
    config = the_rig.config(ADMIN)
    with the_rig.gateway(config) as gateway:
        yield gateway


@claim
def a_revoked_client_is_refused_from_its_next_call_on(the_rig):
    with with_list(the_rig) as gateway:
        revoked, other = gateway.client("e-office"), gateway.client("reviewer")
        expect(len(revoked.sign().signature) > 0, "it signs while it may")
        equal(other.health(), "SERVING")
        write_list(the_rig, serial_of(the_rig, "e-office"))
        reload(gateway)
        refusal = rig.refused(revoked.sign)
        equal(refusal.code, CODE.UNAUTHENTICATED)
        expect("revoked" in refusal.message, refusal.message)
        said(gateway, "caller.revoked")
        again = rig.refused(gateway.client("e-office").sign, timeout=5)
        expect(again.code in (CODE.UNAVAILABLE, CODE.UNAUTHENTICATED), str(again.code))
        equal(other.health(), "SERVING")


@claim
def a_stream_that_is_open_ends_with_its_clients_certificate(the_rig):
    with with_list(the_rig) as gateway:
        client, results = gateway.client("e-office"), []
        watched = gateway.client("reviewer").watch()
        equal(rig.serving_name(next(watched)), "SERVING")
        go_on = threading.Event()

        def questions():
            yield rig.signing.SignStreamRequest(terms=rig.terms(), items=[item()])
            go_on.wait(20)

        call = client.call("stream_stream", "SignStream", rig.signing.SignStreamRequest,
                           rig.signing.SignStreamResponse)(questions(), timeout=30)
        results += next(call).results
        write_list(the_rig, serial_of(the_rig, "e-office"))
        reload(gateway)
        told = time.monotonic()
        try:
            next(call)
            raise rig.Failed("the stream went on")
        except grpc.RpcError as error:
            equal(error.code(), CODE.UNAUTHENTICATED)
        finally:
            go_on.set()
        expect(time.monotonic() - told < 8, "at once: the regular look comes after ten seconds")
        equal(len(results), 1)
        expect(watched.is_active(), "another client's stream stays")
        watched.cancel()


@claim
def a_connection_does_not_outlive_its_clients_certificate(the_rig):
    home, kept = "clients/e-office/cert.pem", the_rig.read("clients/e-office/cert.pem", "rb")
    with the_rig.gateway() as gateway:
        the_rig.write(home, short_certificate(the_rig, "e-office", 6))
        try:
            client = gateway.client()
        finally:
            the_rig.write(home, kept)
        expect(len(client.sign().signature) > 0, "it signs while it may")
        end = time.monotonic() + 20
        refusal = None
        while refusal is None and time.monotonic() < end:
            time.sleep(0.5)
            try:
                client.sign(timeout=5)
            except grpc.RpcError as error:
                refusal = error
        expect(refusal is not None, "it goes on after its certificate has expired")
        equal(refusal.code(), CODE.UNAUTHENTICATED)
        expect("expired" in refusal.details(), refusal.details())


@claim
def a_connection_does_not_outlive_the_list_that_judged_it(the_rig):
    """Who was revoked meanwhile stands on no list that anybody has here."""
    with with_list(the_rig) as gateway:
        write_list(the_rig, hours=10 / 3600)
        reload(gateway)
        client = gateway.client()
        expect(len(client.sign().signature) > 0, "it signs while the list is current")
        wait_for(lambda: "ended on" in ask(gateway, "/readyz")[2], "/readyz stays well", 30)
        refusal = rig.refused(client.sign, timeout=5)
        equal(refusal.code, CODE.UNAUTHENTICATED)
        contains(refusal.message, "list of revoked client certificates is out of date")
        write_list(the_rig)
        reload(gateway)
        expect(len(client.sign().signature) > 0, "it signs again")


@claim
def an_open_stream_does_not_outlive_its_clients_certificate(the_rig):
    """Nothing is asked and nothing reloaded: the gateway itself has to look."""
    home, kept = "clients/reviewer/cert.pem", the_rig.read("clients/reviewer/cert.pem", "rb")
    config = the_rig.config((r"\Z", "\nlimits: {write_stall_ms: 1000}\n"))
    with the_rig.gateway(config) as gateway:
        other = gateway.client("officer-1").watch()
        the_rig.write(home, short_certificate(the_rig, "reviewer", 6))
        try:
            watched = gateway.client("reviewer").watch()
            equal(rig.serving_name(next(watched)), "SERVING")
        finally:
            the_rig.write(home, kept)
        equal(rig.serving_name(next(other)), "SERVING")
        late = threading.Timer(20, watched.cancel)
        late.start()
        try:
            next(watched)
            raise rig.Failed("the stream went on")
        except grpc.RpcError as error:
            equal(error.code(), CODE.UNAUTHENTICATED)
            expect("expired" in error.details(), error.details())
        finally:
            late.cancel()
        expect(other.is_active(), "another client's stream stays")
        other.cancel()


@claim
def without_a_current_list_nobody_gets_in(the_rig):
    """Who asks for the gateway's health is told, and its own word to clients is no word about
    their certificates."""
    with with_list(the_rig, hours=-1) as gateway:
        refusal = rig.refused(gateway.client().sign, timeout=5)
        equal(refusal.code, CODE.UNAVAILABLE)
        expect("expired" not in refusal.message.lower(), refusal.message)
        said(gateway, "CRL has expired")
        told_by(gateway, "the list of revoked client certificates of '", "ended on 2",
                "tls.client_crl")
        equal(gateway.find("tls.over")[0]["what"], "client_crl")
        wait_for(lambda: "client_crl" in [r["what"] for r in gateway.find("reminder")],
                 "nobody is reminded", 15)
        equal(ends(gateway, "client_crl"), 0)
        write_list(the_rig)
        reload(gateway)
        expect(len(gateway.client().sign().signature) > 0, "it signs again")
        equal(ask(gateway, "/readyz")[::2], (200, "ready\n"))
        write_list(the_rig, hours=-1)
        refused_now(the_rig, gateway, "clients.crl", "ended on 2")
        client = gateway.client()
        expect(len(client.sign().signature) > 0, "the good list stays")
        write_list(the_rig, hours=10 / 3600)
        reload(gateway)
        wait_for(lambda: "ended on" in ask(gateway, "/readyz")[2], "/readyz stays well", 30)
        refusal = rig.refused(client.sign)
        equal(refusal.code, CODE.UNAUTHENTICATED)
        expect(refusal.message.endswith("gateway's administrator has to renew it"),
               refusal.message)


@claim
def a_file_that_holds_no_list_is_refused_and_the_old_one_stays(the_rig):
    with with_list(the_rig, serial_of(the_rig, "reviewer")) as gateway:
        client = gateway.client("e-office")
        expect(len(client.sign().signature) > 0, "it signs")
        the_rig.write("clients.crl", "nothing\n")
        why = reload(gateway, "reload.failed")["why"]
        expect("revocation lists in PEM" in why, why)
        write_list_of_another(the_rig)
        why = reload(gateway, "reload.failed")["why"]
        expect("holds no revocation list that" in why, why)
        expect(len(client.sign().signature) > 0, "it still does")
        refusal = rig.refused(gateway.client("reviewer").health, timeout=5)
        equal(refusal.code, CODE.UNAVAILABLE)


# --- What is not good now ---------------------------------------------------------------

def ends(gateway, what):
    """Seconds until it ends."""
    return metrics(gateway).value("segel_expiry_seconds", what=what, name="gw1")


def told_by(gateway, *words):
    for page in ("/readyz", "/healthz"):
        status, _, text = ask(gateway, page)
        equal(status, 503, page)
        for word in words:
            expect(word in text, f"{page}: {text}")


def refused_now(the_rig, gateway, file, words):
    """By a reload and by --check-config, with the same sentence, that names the file."""
    why = reload(gateway, "reload.failed")["why"]
    expect(words in why and the_rig.path(file) in why, why)
    checked = the_rig.tool("segeld", "--config", gateway.config, "--check-config")
    equal(checked.returncode, 1, checked.stdout)
    expect(why in checked.stderr, checked.stderr)
    start = the_rig.tool("segeld", "--config", gateway.config, "--check-start")
    equal(start.returncode, 0, f"a start goes on with it: {start.stderr}")
    expect(why in start.stdout, start.stdout)


def own_certificate(the_rig, begin, end):
    """The gateway's certificate once more; valid from and until, in seconds from now."""
    certificate, key = issuer(the_rig)
    old = x509.load_pem_x509_certificate(the_rig.read("server.pem", "rb"))
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (x509.CertificateBuilder().subject_name(old.subject)
            .issuer_name(certificate.subject).public_key(old.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + datetime.timedelta(seconds=begin))
            .not_valid_after(now + datetime.timedelta(seconds=end))
            .sign(key, hashes.SHA256()))
    the_rig.write("server.pem", made.public_bytes(serialization.Encoding.PEM))


@claim
def a_certificate_that_is_not_good_now_replaces_no_good_one(the_rig):
    kept = the_rig.read("server.pem", "rb")
    try:
        with with_pages(the_rig) as gateway:
            before = served_certificate(gateway)
            for begin, end, words in ((-86400, -3600, "ended on 2"),
                                      (3600, 86400, "begins only on 2")):
                own_certificate(the_rig, begin, end)
                refused_now(the_rig, gateway, "server.pem", words)
            equal(served_certificate(gateway), before, "the good one stays")
            equal(ask(gateway, "/readyz")[::2], (200, "ready\n"))
    finally:
        the_rig.write("server.pem", kept)


@claim
def a_certificate_that_ends_is_told_and_local_callers_are_served(the_rig):
    """While the gateway runs, and by a start."""
    kept = the_rig.read("server.pem", "rb")
    words = ("the gateway's TLS certificate ended on 2", "tls.certificate")
    try:
        with with_socket(the_rig, os.getuid(), ADMIN) as (gateway, client):
            own_certificate(the_rig, -60, 10)
            reload(gateway)
            equal(ask(gateway, "/readyz")[0], 200)
            wait_for(lambda: words[0] in ask(gateway, "/readyz")[2], "/readyz stays well", 30)
            told_by(gateway, *words)
            expect(len(client.sign().signature) > 0, "a local caller is served")
            equal(gateway.find("tls.over"), [])
        with with_socket(the_rig, os.getuid(), ADMIN) as (gateway, client):
            expect(words[0] in gateway.find("tls.over")[0]["why"], gateway.text())
            told_by(gateway, *words)
            expect(len(client.sign().signature) > 0, "a local caller is served")
    finally:
        the_rig.write("server.pem", kept)


@contextlib.contextmanager
def issuers(the_rig, *seconds):
    """tls.client_ca as long as it lasts: the issuer with that end, and with others."""
    kept = the_rig.read("clients.pem", "rb")
    the_rig.write("clients.pem", b"".join(issuer_until(the_rig, s) for s in seconds))
    try:
        yield
    finally:
        the_rig.write("clients.pem", kept)


ISSUER = "Segel TLS CA (TEST)"
OVER = "the last issuer of client certificates ended on 2"


def ahead(the_rig, seconds):
    """A gateway so much later, whose clock somebody has set."""
    return begun(with_pages(the_rig), "later kept", KEPT="yes", LATER_S=str(seconds))


@claim
def an_issuer_of_clients_that_ends_is_told(the_rig):
    """It ends before the certificates that it issued: those say nothing of it."""
    with issuers(the_rig, 30 * DAY):
        with ahead(the_rig, 10 * DAY) as gateway:
            wait_for(lambda: [r for r in gateway.find("reminder") if r["what"] == "client_ca"],
                     "nobody is reminded", 15)
            told = [r for r in gateway.find("reminder") if r["what"] == "client_ca"]
            equal([(r["name"], r["days"]) for r in told], [(ISSUER, "30")])
            left = metrics(gateway).value("segel_expiry_seconds", what="client_ca", name=ISSUER)
            expect(0 < left <= 20 * DAY, f"{left} seconds are left")
            equal(ask(gateway, "/readyz")[::2], (200, "ready\n"))
        with ahead(the_rig, 31 * DAY) as gateway:
            told_by(gateway, OVER, "tls.client_ca")
            equal([e["what"] for e in gateway.find("tls.over")], ["client_ca"])
            with preloaded("later kept", KEPT="yes", LATER_S=str(31 * DAY)):
                refused_now(the_rig, gateway, "clients.pem", OVER)
    with issuers(the_rig, 30 * DAY, 60 * DAY):
        with ahead(the_rig, 31 * DAY) as gateway:
            equal(ask(gateway, "/readyz")[::2], (200, "ready\n"))


@claim
def an_issuer_of_the_gateway_that_ends_before_its_certificate_is_told(the_rig):
    """Clients that know a newer one still get in."""
    kept = the_rig.read("server.pem", "rb")
    the_rig.write("server.pem", kept + issuer_until(the_rig, 30 * DAY))
    try:
        for later, days in ((10 * DAY, "30"), (31 * DAY, "0")):
            with ahead(the_rig, later) as gateway:
                wait_for(lambda: gateway.find("reminder"), "nobody is reminded", 25)
                equal([(r["what"], r["name"], r["days"]) for r in gateway.find("reminder")],
                      [("tls.issuer", "gw1", days)])
                equal(ask(gateway, "/readyz")[::2], (200, "ready\n"))
    finally:
        the_rig.write("server.pem", kept)


@claim
def a_connection_does_not_outlive_the_issuer_of_its_client(the_rig):
    with with_pages(the_rig) as gateway:
        with issuers(the_rig, 10):
            reload(gateway)
            client = gateway.client()
            expect(len(client.sign().signature) > 0, "it signs while the issuer is good")
            wait_for(lambda: OVER in ask(gateway, "/readyz")[2], "/readyz stays well", 30)
            refusal = rig.refused(client.sign, timeout=5)
            equal(refusal.code, CODE.UNAUTHENTICATED)
            contains(refusal.message, "the certificate of its issuer has expired")
            equal(rig.refused(gateway.client().sign, timeout=5).code, CODE.UNAVAILABLE)
            said(gateway, "the certificate of an issuer of it has expired; put the issuer's new")
        reload(gateway)
        expect(len(client.sign().signature) > 0, "it signs again")
        with issuers(the_rig, -60):
            refused_now(the_rig, gateway, "clients.pem", OVER)
        expect(len(gateway.client().sign().signature) > 0, "the good one stays")


# --- The gateway's own certificate, versions, sentences ---------------------------------

def served_certificate(gateway):
    with tls(gateway, good(gateway)) as connection:
        return connection.getpeercert(True)


@claim
def a_new_certificate_is_served_without_dropping_connections(the_rig):
    with the_rig.gateway() as gateway:
        client, before = gateway.client(), served_certificate(gateway)
        expect(len(client.sign().signature) > 0, "it signs")
        kept = {n: the_rig.read(n, "rb") for n in ("server.pem", "server.key")}
        subprocess.run([os.path.join(rig.ROOT, "deploy/demo/pki.sh"), "server",
                        the_rig.path("pki"), the_rig.path("new")], check=True,
                       capture_output=True)
        for name in kept:
            the_rig.write(name, the_rig.read(name.replace("server", "new"), "rb"))
        reload(gateway)
        expect(served_certificate(gateway) != before, "new connections see the new one")
        expect(len(client.sign().signature) > 0, "the old connection lives")
        equal(len(gateway.find("connection.cut")), 0, "connections cut")
        the_rig.write("server.key", "no key\n")
        reload(gateway, "reload.failed")
        expect(len(gateway.client().sign().signature) > 0, "a bad key changes nothing")
        for name, data in kept.items():
            the_rig.write(name, data)


@claim
def tls_1_2_only_where_it_is_allowed_and_without_cbc(the_rig):
    with the_rig.gateway() as gateway:
        expect("protocol version" in handshake(gateway, "-tls1_2").stderr, "not by default")
    config = the_rig.config((r"client_ca: clients.pem",
                             'client_ca: clients.pem, min_version: "1.2"'))
    with the_rig.gateway(config) as gateway:
        old = handshake(gateway, "-tls1_2")
        expect("ALPN protocol: h2" in old.stdout and "GCM" in old.stdout, old.stdout[-800:])
        block = handshake(gateway, "-tls1_2", "-cipher", "ECDHE+AES:!AESGCM:!AESCCM")
        expect("handshake failure" in block.stderr, block.stderr)
        expect("TLSv1.3" in handshake(gateway).stdout, "the best one is taken")
        expect(len(gateway.client().sign().signature) > 0, "and stock clients sign")


@claim
def a_client_is_told_why_its_handshake_failed(the_rig):
    with the_rig.gateway() as gateway:
        bare = subprocess.run(["openssl", "s_client", "-connect", gateway.address, "-alpn",
                               "h2", "-ign_eof"], input="", capture_output=True, text=True,
                              errors="replace", check=False, timeout=20)
        expect("certificate required" in bare.stderr, bare.stderr)
        said(gateway, "the client sent no certificate")
        other = the_rig.path("other")
        pki = os.path.join(rig.ROOT, "deploy/demo/pki.sh")
        for arguments in (["init", other], ["client", other, "e-office", other + "/who"]):
            subprocess.run([pki, *arguments], check=True, capture_output=True)
        foreign = subprocess.run(
            ["openssl", "s_client", "-connect", gateway.address, "-alpn", "h2", "-ign_eof",
             "-cert", other + "/who.pem", "-key", other + "/who.key"], input="",
            capture_output=True, text=True, errors="replace", check=False, timeout=20)
        expect("alert unknown ca" in foreign.stderr, foreign.stderr)
        said(gateway, "the client's certificate is refused")
        equal(gateway.client().health(), "SERVING")


# --- Callers ----------------------------------------------------------------------------

BACKEND = (r'(match: "URI:urn:segel:caller:e-office", roles: \[)backend(\], '
           r'keys: \[)seal-demo(\])')


def change_callers(the_rig, gateway, *changes, event="reloaded"):
    the_rig.config(*changes)
    return reload(gateway, event)


def open_stream(client):
    """A stream that has signed once and waits for more; the call and what lets it end."""
    go_on = threading.Event()

    def questions():
        yield rig.signing.SignStreamRequest(terms=rig.terms(), items=[item()])
        go_on.wait(20)

    call = client.call("stream_stream", "SignStream", rig.signing.SignStreamRequest,
                       rig.signing.SignStreamResponse)(questions(), timeout=30)
    equal(len(next(call).results), 1)
    return call, go_on


@claim
def a_caller_that_is_taken_out_is_refused_from_its_next_call_on(the_rig):
    with the_rig.gateway(the_rig.config()) as gateway:
        client, other = gateway.client("e-office"), gateway.client("reviewer")
        expect(len(client.sign().signature) > 0, "it signs while it may")
        call, go_on = open_stream(client)
        change_callers(the_rig, gateway, (r"^ +- \{name: e-office,.*\n", ""))
        try:
            next(call)
            raise rig.Failed("the stream went on")
        except grpc.RpcError as error:
            equal(error.code(), CODE.UNAUTHENTICATED)
        finally:
            go_on.set()
        refusal = rig.refused(client.sign)
        equal(refusal.code, CODE.UNAUTHENTICATED)
        expect("no caller is configured" in refusal.message, refusal.message)
        equal(other.health(), "SERVING")
        change_callers(the_rig, gateway)
        expect(len(client.sign().signature) > 0, "the same client may again")
        equal(len(gateway.find("connection.cut")), 0, "connections cut")


@claim
def roles_and_keys_of_an_open_connection_are_those_of_the_file(the_rig):
    with the_rig.gateway(the_rig.config()) as gateway:
        client = gateway.client()
        expect(len(client.sign().signature) > 0, "it signs while it may")
        change_callers(the_rig, gateway, (BACKEND, r"\1reviewer\2seal-demo\3"))
        equal(rig.refused(client.sign).code, CODE.PERMISSION_DENIED)
        change_callers(the_rig, gateway, (BACKEND, r"\1backend\2\3"))
        equal(rig.refused(client.sign).code, CODE.PERMISSION_DENIED)
        change_callers(the_rig, gateway)
        expect(len(client.sign().signature) > 0, "and may again")
        equal(len(gateway.find("caller.revoked")), 0, "nobody was sent away")


@claim
def roles_and_keys_of_an_open_stream_are_those_of_the_file(the_rig):
    """From its next message on, also when its certificate is another caller's by then."""
    other = ((r'match: "URI:urn:segel:caller:e-office"', 'match: "DNS:nobody.example.go.id"'),
             (r'match: "URI:urn:segel:caller:reviewer", roles: \[reviewer\], keys: \[\]',
              'match: "URI:urn:segel:caller:e-office", roles: [backend], keys: [seal-demo]'))
    cases = (([(BACKEND, r"\1backend\2\3")], None),
             ([(BACKEND, r"\1reviewer\2seal-demo\3")], CODE.PERMISSION_DENIED),
             (other, CODE.UNAUTHENTICATED))
    for changes, code in cases:
        with the_rig.gateway(the_rig.config()) as gateway:
            go_on = threading.Semaphore(0)

            def questions(go_on=go_on):
                yield rig.signing.SignStreamRequest(terms=rig.terms(), items=[item()])
                while go_on.acquire(timeout=20):
                    yield rig.signing.SignStreamRequest(items=[item()])

            call = gateway.client().call(
                "stream_stream", "SignStream", rig.signing.SignStreamRequest,
                rig.signing.SignStreamResponse)(questions(), timeout=30)
            expect(next(call).results[0].signature, "it signs while it may")
            change_callers(the_rig, gateway)
            go_on.release()
            expect(next(call).results[0].signature, "and behind a reload that changes nothing")
            change_callers(the_rig, gateway, *changes)
            go_on.release()
            if code is None:
                answer, = next(call).results
                equal((answer.signature, answer.status.code), (b"", 7), "not entitled")
                change_callers(the_rig, gateway)
                go_on.release()
                expect(next(call).results[0].signature, "and may again")
                call.cancel()
            else:
                equal(rig.refused(next, call).code, code)


@claim
def roles_and_keys_of_a_stream_that_has_said_nothing_yet_are_those_of_the_file(the_rig):
    """It was opened before a reload, and sends its first message behind it."""
    for change, code in ((r"\1reviewer\2seal-demo\3", CODE.PERMISSION_DENIED),
                         (r"\1backend\2\3", None)):
        with the_rig.gateway(the_rig.config(ADMIN)) as gateway:
            go_on = threading.Semaphore(0)

            def questions(go_on=go_on):
                go_on.acquire(timeout=20)
                yield rig.signing.SignStreamRequest(terms=rig.terms(), items=[item()])

            call = gateway.client().call(
                "stream_stream", "SignStream", rig.signing.SignStreamRequest,
                rig.signing.SignStreamResponse)(questions(), timeout=30)
            wait_for(lambda: metrics(gateway).value("segel_calls") == 1, "it is not open")
            change_callers(the_rig, gateway, ADMIN, (BACKEND, change))
            go_on.release()
            if code is None:
                answer, = next(call).results
                equal((answer.signature, answer.status.code), (b"", 7), "not entitled")
            else:
                refusal = rig.refused(next, call)
                equal(refusal.code, code)
                contains(refusal.message, "does not have the role backend")


def with_roles(roles):
    """A change that gives the reviewer these roles, and no other right."""
    return (r'(match: "URI:urn:segel:caller:reviewer", roles: \[)reviewer(\])',
            r"\1" + roles + r"\2")


def until_refused(call, gateway, client):
    """What a stream ends with whose caller has lost its role, while there is news for it."""
    late = threading.Timer(20, call.cancel)
    late.start()
    try:
        client.sign()
        refusal = rig.refused(lambda: list(call))
    finally:
        late.cancel()
    equal(len(gateway.find("caller.revoked")), 0, "nobody was sent away")
    return refusal


@claim
def who_follows_the_log_needs_the_role_all_the_time(the_rig):
    with the_rig.gateway(the_rig.config()) as gateway:
        client = gateway.client()
        call = gateway.client("reviewer").call(
            "unary_stream", "ListRecords", rig.log.ListRecordsRequest,
            rig.log.ListRecordsResponse, service="LogService")(
                rig.log.ListRecordsRequest(follow=True), timeout=60)
        expect(next(call).records, "records come")
        change_callers(the_rig, gateway, with_roles("reviewer, backend"))
        wanted = item()
        client.sign(wanted)
        wait_for(lambda: wanted.request_id.encode() in b"".join(
            record.json for record in next(call).records),
                 "no record comes behind a reload that leaves the role")
        change_callers(the_rig, gateway, with_roles("backend"))
        refusal = until_refused(call, gateway, client)
        equal(refusal.code, CODE.PERMISSION_DENIED)
        contains(refusal.message, "role reviewer")


@claim
def who_watches_the_keys_needs_a_role_all_the_time(the_rig):
    with the_rig.gateway(the_rig.config()) as gateway:
        client = gateway.client()
        call = gateway.client("reviewer").call(
            "unary_stream", "WatchKeys", rig.keys.WatchKeysRequest,
            rig.keys.WatchKeysResponse, service="KeyService")(
                rig.keys.WatchKeysRequest(), timeout=60)
        equal(next(call).key.name, "seal-demo")
        change_callers(the_rig, gateway, with_roles("operator"))
        time.sleep(1)
        expect(call.is_active(), "an operator watches, too")
        change_callers(the_rig, gateway, with_roles("backend"))
        refusal = until_refused(call, gateway, client)
        equal(refusal.code, CODE.PERMISSION_DENIED)
        contains(refusal.message, "reviewer")


@claim
def a_user_of_this_machine_is_judged_anew_too(the_rig):
    with with_socket(the_rig, os.getuid()) as (gateway, client):
        expect(len(client.sign().signature) > 0, "it signs while it may")
        text = the_rig.read("spoiled.yaml")
        the_rig.write("spoiled.yaml", text.replace(f'"uid:{os.getuid()}"', '"uid:4000000000"'))
        reload(gateway)
        refusal = rig.refused(client.sign)
        equal(refusal.code, CODE.UNAUTHENTICATED)
        the_rig.write("spoiled.yaml", text)
        reload(gateway)
        expect(len(client.sign().signature) > 0, "and may again")


@claim
def a_reload_that_fails_anywhere_changes_nothing(the_rig):
    gone = (r"^ +- \{name: e-office,.*\n", "")
    with the_rig.gateway(the_rig.config()) as gateway:
        client = gateway.client()
        for change, words in (
                ((r"client_ca: clients.pem", "client_ca: nowhere.pem"), "cannot be read"),
                ((r"^callers:\n", 'callers:\n  - {name: newcomer, match: "DNS:a", '
                  'roles: [backend], keys: [seal-demo]}\n'), "'newcomer' is new"),
                ((r"\{name: reviewer, ", "{name: reviewer, weight: 7, "),
                 "weight of caller 'reviewer' cannot change from 1 to 7"),
                ((r"pin_file: \S+?([,}\n])", r"pin_file: so-pin\1"), "log key")):
            why = change_callers(the_rig, gateway, gone, change, event="reload.failed")["why"]
            expect(words in why, why)
            expect(len(client.sign().signature) > 0, "it still signs")
            expect(len(gateway.client().sign().signature) > 0, "so does a new one")


@claim
def a_reload_is_refused_where_a_restart_is_the_cure_and_says_so(the_rig):
    for change in ((r"^callers:\n", 'callers:\n  - {name: newcomer, match: "DNS:a", '
                    'roles: [backend], keys: [seal-demo]}\n'),
                   (r"\{name: reviewer, ", "{name: reviewer, weight: 7, "),
                   (r"pin_file: (\S+?)([,}\n])", r"pin_file: ./\1\2")):
        with the_rig.gateway(the_rig.config(ADMIN)) as gateway:
            path = the_rig.config(ADMIN, change)
            contains(reload(gateway, "reload.failed")["why"], "; restart it; nothing was reloaded")
            checked = the_rig.tool("segeld", "--config", path, "--check-config")
            equal(checked.returncode, 0, checked.stderr)
            told = metrics(gateway).families["segel_config_last_reload_successful"]
            equal(list(told.samples.values()), [0])
            expect("start would" not in told.help, f"no start would be refused: {told.help}")
        with the_rig.gateway(path) as gateway:
            expect(gateway.client().sign().signature, "the restart brings it")


@claim
def another_id_of_a_key_needs_a_restart_and_names_the_key(the_rig):
    other = (r'(- name: seal-demo\n(?:    .*\n)*?    id: )"\w+"', r'\1"0badc0de"')
    with the_rig.gateway(the_rig.config()) as gateway:
        path = the_rig.config(other)
        equal(reload(gateway, "reload.failed")["why"], "id and uri of key 'seal-demo' cannot be "
              "changed while the gateway runs; restart it; nothing was reloaded")
        expect(gateway.client().sign().signature, "it signs as before")
    with the_rig.gateway(path) as gateway:
        contains(rig.refused(gateway.client().sign).message, "The key in the HSM is not")


# --- What a reload takes ----------------------------------------------------------------

def changed(gateway, event="reloaded"):
    told = reload(gateway, event)
    return told["taken"], told["need_restart"]


LEFT_ASIDE = {
    "node": (r"^node: .*", "node: elsewhere"),
    "listen.port": (r"port: 0", "port: 7443"),
    "io.loops": (r"^io: .*", "io: {loops: 2}"),
    "ledger.checkpoint_s": (r"checkpoint_s: \d+", "checkpoint_s: 77"),
    "limits.connections": (r"^io:", "limits: {connections: 77}\nio:"),
    "queue.limit": (r"^io:", "queue: {limit: 77}\nio:"),
    "log_key": (r'^(log_key: .*id: ).*?\}', r'\1"0badc0de"}'),
    "keys.another": (r"^callers:\n", "  - {name: another, class: seal, scheme: rsa-pkcs1}\n"
                     "callers:\n"),
}


@claim
def a_reload_names_what_it_took_and_what_needs_a_restart(the_rig):
    with the_rig.gateway(the_rig.config((r"level: \w+", "level: info"))) as gateway:
        the_rig.config((r"level: \w+", "level: info"))
        equal(changed(gateway), ("", ""), "nothing has changed")
        the_rig.config((r"level: \w+", "level: debug"))
        equal(changed(gateway), ("log.level", ""))
        gateway.client().sign()
        gateway.wait_event("job.signed")  # of level debug
        the_rig.config((r"level: \w+", "level: debug"), *LEFT_ASIDE.values())
        taken, left = changed(gateway)
        equal((taken, sorted(left.split(", "))), ("", sorted(LEFT_ASIDE)))
        equal(gateway.find("reloaded")[-1]["level"], "warn")
        equal(sorted(changed(gateway)[1].split(", ")), sorted(LEFT_ASIDE), "said once more")
        the_rig.config((r"level: \w+", "level: debug"))
        equal(changed(gateway), ("", ""), "as it was at the start")


@claim
def a_reload_names_files_that_hold_something_else(the_rig):
    files = {name: the_rig.read(name) for name in ("clients.pem", "anchors.pem")}
    with the_rig.gateway(the_rig.config()) as gateway:
        for name, text in files.items():
            the_rig.write(name, text + "\n")
        equal(changed(gateway), ("tls.client_ca", "policy.anchors"))
        equal(changed(gateway), ("", "policy.anchors"), "taken, and left aside")
        for name, text in files.items():
            the_rig.write(name, text)
        equal(changed(gateway), ("tls.client_ca", ""), "as it was at the start")


RULES = r"(- name: seal-demo\n(?:    .*\n)*?    allowed_classes: ).*"


@claim
def what_a_key_may_sign_is_taken_by_a_reload(the_rig):
    with the_rig.gateway(the_rig.config()) as gateway:
        client = gateway.client()
        expect(client.sign().signature, "it signs while it may")
        the_rig.config((RULES, r"\1[surat_tugas]"))
        equal(changed(gateway), ("keys.seal-demo", ""))
        refusal = rig.refused(client.sign)
        equal(refusal.code, CODE.PERMISSION_DENIED)
        expect(client.sign(document_class="surat_tugas").signature, "the other class")
        shown = the_rig.segel("reviewer", "log", "show", "--json").stdout
        rows = [json.loads(line) for line in shown.splitlines()]
        facts = [row for row in rows if row.get("type") == "key.facts"][-1]
        denial = [row for row in rows if row.get("type") == "deny"][-1]
        expect("surat_keterangan" not in json.dumps(facts), f"what the log says: {facts}")
        expect(rows.index(facts) < rows.index(denial), "it was judged before it was said")
        the_rig.config()
        equal(changed(gateway), ("keys.seal-demo", ""))
        expect(client.sign().signature, "and may again")


@claim
def what_the_check_refuses_the_reload_refuses_whole(the_rig):
    os.mkfifo(the_rig.path("pipe"))
    the_rig.write("noise.pem", "no certificate\n")
    unsound = ((r"certificate: seal-demo.pem", "certificate: noise.pem"),
               (r"certificate: seal-demo.pem", "certificate: pipe"),
               (r"^io:", "tsa: {hash: md5}\nio:"), (r"^io:", "hsm: {program: pipe}\nio:"))
    with the_rig.gateway(the_rig.config()) as gateway:
        for change in unsound:
            path = the_rig.config(change, (r"level: \w+", "level: error"),
                                  (RULES, r"\1[surat_tugas]"))
            checked = the_rig.tool("segeld", "--config", path, "--check-config")
            equal(checked.returncode, 1, checked.stdout)
            why = reload(gateway, "reload.failed")["why"]
            expect(why in checked.stderr, f"{why} and {checked.stderr}")
            expect(gateway.client().sign().signature, "nothing has changed")
        os.rename(the_rig.path("pipe"), the_rig.path("spoiled.yaml"))
        why = reload(gateway, "reload.failed")["why"]
        expect("no regular file" in why, why)
        expect(gateway.client().sign().signature, "a pipe held it up")
        os.unlink(the_rig.path("spoiled.yaml"))


@claim
def another_certificate_in_the_file_needs_a_restart(the_rig):
    with the_rig.gateway(the_rig.config()) as gateway:
        before = the_rig.read("seal-demo.pem")
        subprocess.run([os.path.join(rig.ROOT, "deploy/demo/pki.sh"), "seal",
                        the_rig.path("pki"), the_rig.path("seal-demo.csr"),
                        the_rig.path("renewed.pem")], check=True)
        the_rig.write("seal-demo.pem", the_rig.read("renewed.pem"))
        equal(changed(gateway), ("", "keys.seal-demo"))
        the_rig.write("seal-demo.pem", before)


# --- Sockets that systemd passes --------------------------------------------------------

class Passed(rig.Gateway):
    """segeld as systemd starts it: the listening sockets are descriptors from 3 on."""

    def __init__(self, the_rig, config, *listeners, names="grpc"):
        script = ('next=3; while [ "$1" != -- ]; do eval "exec $next<&$1 $1<&-"; shift; '
                  'next=$((next + 1)); done; shift; export LISTEN_PID=$$ '
                  f'LISTEN_FDS=$((next - 3)) LISTEN_FDNAMES={names}; exec "$@"')
        numbers = [listener.fileno() for listener in listeners]
        expect(all(n >= 3 + len(numbers) for n in numbers), "numbers do not overlap")
        self.shell = ["bash", "-c", script, "bash", *map(str, numbers), "--"]
        self.numbers = numbers
        self.start_with(the_rig, config)

    def start_with(self, the_rig, config):
        real = subprocess.Popen

        def start(command, **options):
            return real(self.shell + command, pass_fds=self.numbers, **options)

        subprocess.Popen = start
        try:
            super().__init__(the_rig, config, {})
        finally:
            subprocess.Popen = real
        self.wait_ready()


def listening():
    """On a number high enough to be moved to 3 and beyond."""
    made = socket.socket()
    made.bind(("127.0.0.1", 0))
    made.listen(512)
    listener = socket.socket(fileno=fcntl.fcntl(made.fileno(), fcntl.F_DUPFD, 20))
    made.close()
    return listener


def of_process(pid, what):
    with open(f"/proc/{pid}/{what}", encoding="utf-8", errors="replace") as file:
        return file.read()


def descriptors(pid):
    """What the descriptors of a process are; one that is closed meanwhile is none."""
    found = {}
    for number in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):
            found[number] = os.readlink(f"/proc/{pid}/fd/{number}")
    return found


@claim
def passed_sockets_are_taken_whole_and_go_to_no_lane(the_rig):
    config = the_rig.config((r"address: 127.0.0.1, port: 0", "address: \"fd:grpc\""))
    with contextlib.ExitStack() as stack:
        listeners = [stack.enter_context(listening()) for _ in range(4)]
        gateway = Passed(the_rig, config, *listeners, names="a:grpc:other:b")
        stack.callback(gateway.stop)
        nodes = [f"socket:[{os.fstat(one.fileno()).st_ino}]" for one in listeners]
        held = descriptors(gateway.process.pid).values()
        equal([node in held for node in nodes], [False, True, False, False], "held")
        equal(sorted(e["name"] for e in gateway.find("listener.unused")),
              ["a", "b", "other"], "what nobody asked for is named")
        lanes = of_process(gateway.process.pid,
                           f"task/{gateway.process.pid}/children").split()
        expect(lanes, "there is a lane")
        for lane in lanes:
            equal(set(nodes) & set(descriptors(lane).values()), set(), "of the lane")
            expect("LISTEN_" not in of_process(lane, "environ"), "variables of the lane")
        gateway.address = f"127.0.0.1:{listeners[1].getsockname()[1]}"
        expect(len(gateway.client().sign().signature) > 0, "and it signs")


@claim
def a_restart_behind_a_passed_socket_fails_no_call(the_rig):
    calls, threads = int(os.environ.get("RESTART_CALLS", "600")), 8
    config = the_rig.config((r"address: 127.0.0.1, port: 0", "address: \"fd:grpc\""))
    with listening() as listener:
        gateway = Passed(the_rig, config, listener)
        port = listener.getsockname()[1]
        gateway.address = f"127.0.0.1:{port}"
        done, over = [], threading.Event()

        def work():
            client = rig.Client(gateway, "e-office")
            while not over.is_set():
                client.sign(timeout=30)
                done.append(1)

        with concurrent.futures.ThreadPoolExecutor(threads) as pool:
            workers = [pool.submit(work) for _ in range(threads)]
            restarts = 0
            while len(done) < calls and not any(w.done() for w in workers):
                time.sleep(0.5)
                equal(gateway.stop(), 0, "exit code")
                gateway = Passed(the_rig, config, listener)
                restarts += 1
            over.set()
            failed = [w.exception() for w in workers if w.exception()]
        gateway.stop()
    expect(not failed, f"{len(failed)} of {len(done)} calls failed: {failed[:1]}")
    expect(restarts > 0 and len(done) >= calls, f"{restarts} restarts, {len(done)} calls")
    print(f"      {len(done)} calls over {restarts} restarts, none failed")


@claim
def a_socket_that_was_not_passed_is_named(the_rig):
    code, text = the_rig.refuses(the_rig.config(
        (r"address: 127.0.0.1, port: 0", "address: \"fd:grpc\"")))
    equal(code, 1)
    expect("systemd passed no listening TCP socket named 'grpc'" in text, text)


if __name__ == "__main__":
    sys.exit(rig.run(rig.Rig("doors", "seal-demo:p-256")))
