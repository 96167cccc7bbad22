#!/usr/bin/python3
"""Who a client is by its certificate, what one that does not get in is told by Python's and
gRPC's own TLS, what no configuration can switch off, and all services on several loops."""
import concurrent.futures
import os
import socket
import ssl
import subprocess
import sys

import grpc
import rig
from cryptography import x509
from rig import claim, contains, equal, expect, item
from sockets import tls
from trust import issue, reload, said, serial_of, write_list

CODE = grpc.StatusCode


def files(the_rig, client):
    return tuple(the_rig.path("clients", client, name) for name in ("cert.pem", "key.pem"))


# --- Names ------------------------------------------------------------------------------

def known_by(the_rig, match):
    return the_rig.config((r'match: "URI:urn:segel:caller:e-office"', f'match: "{match}"'))


@claim
def large_and_small_letters_are_the_same_in_dns_names_only(the_rig):
    issue(the_rig, "by-dns", x509.DNSName("Office.Example"))
    issue(the_rig, "by-uri", x509.UniformResourceIdentifier("urn:Office"))
    with the_rig.gateway(known_by(the_rig, "DNS:office.example")) as gateway:
        expect(len(gateway.client("by-dns").sign().signature) > 0, "known by its DNS name")
    with the_rig.gateway(known_by(the_rig, "URI:urn:office")) as gateway:
        equal(rig.refused(gateway.client("by-uri").sign).code, CODE.UNAUTHENTICATED)


@claim
def one_name_is_not_part_of_another_nor_a_pattern(the_rig):
    for number, name in enumerate(("x.office.example", "office.example.x", "*.example",
                                   "office", "xn--office.example")):
        issue(the_rig, f"near-{number}", x509.DNSName(name),
              x509.UniformResourceIdentifier("DNS:office.example"))
    with the_rig.gateway(known_by(the_rig, "DNS:office.example")) as gateway:
        for number in range(5):
            equal(rig.refused(gateway.client(f"near-{number}").sign).code,
                  CODE.UNAUTHENTICATED, f"near-{number}")


@claim
def the_common_name_is_no_identity(the_rig):
    issue(the_rig, "DNS:office.example")
    with the_rig.gateway(known_by(the_rig, "DNS:office.example")) as gateway:
        equal(rig.refused(gateway.client("DNS:office.example").sign).code,
              CODE.UNAUTHENTICATED)


@claim
def a_name_that_no_certificate_can_have_is_refused(the_rig):
    code, text = the_rig.refuses(known_by(the_rig, "DNS:b\u00fcro.example"))
    equal(code, 1)
    contains(text, "xn--", "spoiled.yaml:")


# --- What clients are told --------------------------------------------------------------

def python_says(gateway, pair=None):
    """The alert as Python's own TLS words it; "" when it got in."""
    try:
        with tls(gateway, pair) as connection:
            return "" if connection.recv(1) else "closed without a word"
    except ssl.SSLError as error:
        return str(error)


def grpc_says(client):
    refusal = rig.refused(client.sign, timeout=5)
    equal(refusal.code, CODE.UNAVAILABLE)
    return refusal.message


@claim
def pythons_tls_is_told_why(the_rig):
    issue(the_rig, "late", hours=(-48, -1))
    issue(the_rig, "server", usage=x509.ExtendedKeyUsageOID.SERVER_AUTH)
    issue(the_rig, "revoked")
    write_list(the_rig, serial_of(the_rig, "revoked"))
    config = the_rig.config((r"client_ca: clients.pem",
                             "client_ca: clients.pem, client_crl: clients.crl"))
    with the_rig.gateway(config) as gateway:
        equal(python_says(gateway, files(the_rig, "e-office")), "")
        for pair, alert, log in (
                (None, "certificate required", "sent no certificate"),
                (files(the_rig, "late"), "certificate expired", "give the client a new one"),
                (files(the_rig, "server"), "unsupported certificate", "not made for TLS"),
                (files(the_rig, "revoked"), "certificate revoked", "certificate revoked")):
            contains(python_says(gateway, pair).replace("_", " ").lower(), alert)
            said(gateway, log)
    write_list(the_rig, hours=-1)
    with the_rig.gateway(config) as gateway:
        told = python_says(gateway, files(the_rig, "e-office")).replace("_", " ").lower()
        contains(told, "internal error")
        expect("expired" not in told, told)
        said(gateway, "no client of that issuer gets in until a current one is there")


@claim
def grpcio_is_told_why(the_rig):
    issue(the_rig, "late", hours=(-48, -1))
    with the_rig.gateway() as gateway:
        for client in (gateway.client("late"), rig.Client(gateway, "e-office", False)):
            message = grpc_says(client)
            expect("reset by peer" not in message, message)
        said(gateway, "certificate has expired")
        said(gateway, "sent no certificate")
        expect(len(gateway.client().sign().signature) > 0, "others are served")


@claim
def the_log_of_failed_handshakes_is_bounded(the_rig):
    with the_rig.gateway() as gateway:
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            told = list(pool.map(lambda _: python_says(gateway), range(120)))
        equal({"certificate required" in t.replace("_", " ").lower() for t in told}, {True})
        lines = len(gateway.find("handshake.failed"))
        expect(0 < lines < 60, f"{lines} lines of 120 handshakes")


@claim
def who_leaves_before_a_word_takes_no_line_from_others(the_rig):
    """A load balancer that looks, or somebody who does not want his next try to be seen."""
    with the_rig.gateway() as gateway:
        host, port = gateway.address.rsplit(":", 1)
        for _ in range(100):
            socket.create_connection((host, int(port)), timeout=5).close()
        equal(gateway.client("e-office").health(), "SERVING")  # they were seen, too
        contains(python_says(gateway).replace("_", " ").lower(), "certificate required")
        said(gateway, "sent no certificate")


# --- What no configuration can switch off -----------------------------------------------

@claim
def the_network_is_never_served_without_tls(the_rig):
    for unix in ("127.0.0.1", "::1", "unix:relative", "@abstract"):
        code, text = the_rig.refuses(
            the_rig.config((r"listen: \{", f'listen: {{unix: "{unix}", ')))
        equal(code, 1, unix)
        contains(text, "spoiled.yaml:", "absolute path")
    with the_rig.gateway() as gateway:
        host, port = gateway.address.rsplit(":", 1)
        plain = grpc.insecure_channel(gateway.address)
        client = rig.Client.__new__(rig.Client)
        client.channel = plain
        equal(rig.refused(client.sign, timeout=3).code, CODE.UNAVAILABLE)
        with socket.create_connection((host, int(port)), timeout=10) as raw:
            raw.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0")
            answer = raw.recv(4096)
            expect(answer[:1] in (b"", b"\x15"), f"HTTP/2 in clear: {answer[:20]!r}")


@claim
def client_certificates_cannot_be_left_out(the_rig):
    for change in ((r"client_ca: clients.pem", 'client_ca: ""'),
                   (r", client_ca: clients.pem", ""),
                   (r"client_ca: clients.pem", "client_ca: server.key")):
        code, text = the_rig.refuses(the_rig.config(change))
        equal(code, 1, change[1])
        expect("client_ca" in text or "client issuers" in text
               or "issuers of the clients" in text, text[-400:])


@claim
def an_old_tls_cannot_be_configured(the_rig):
    for version in ("1.1", "1.0", "", "any"):
        code, text = the_rig.refuses(the_rig.config(
            (r"client_ca: clients.pem", f'client_ca: clients.pem, min_version: "{version}"')))
        equal(code, 1, version)
        contains(text, "spoiled.yaml:4:", f"'{version}'")


@claim
def the_permissions_of_the_socket_are_those_of_the_file(the_rig):
    path = the_rig.path("modes.sock")
    for mode, found in (("0600", 0o600), ("666", 0o666)):
        config = the_rig.config((r"listen: \{", f'listen: {{unix: {path}, unix_mode: "{mode}", '))
        with the_rig.gateway(config):
            equal(os.stat(path).st_mode & 0o7777, found, mode)
    for mode in ("", "0", "0000", "0680", "4755", "77", "00660", "rw"):
        code, text = the_rig.refuses(the_rig.config(
            (r"listen: \{", f'listen: {{unix: {path}, unix_mode: "{mode}", ')))
        equal(code, 1, mode)
        contains(text, "spoiled.yaml:3:", "octal")


# --- Several loops ----------------------------------------------------------------------

def threads_of(gateway):
    return len(os.listdir(f"/proc/{gateway.process.pid}/task"))


@claim
def all_services_work_on_every_loop(the_rig):
    config = the_rig.config((r"^io: \{loops: \d+\}", "io: {loops: 4}"))
    with the_rig.gateway(the_rig.conf) as gateway:
        few = threads_of(gateway)
    with the_rig.gateway(config) as gateway:
        equal(threads_of(gateway), few + 3, "threads")
        clients = [gateway.client() for _ in range(8)]
        for client in clients:
            client.channel = own_channel(gateway)
        watches = [client.watch() for client in clients]
        equal({rig.serving_name(next(watch)) for watch in watches}, {"SERVING"})
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            signed = list(pool.map(lambda c: [c.sign().signature for _ in range(6)], clients))
            streamed = list(pool.map(
                lambda c: c.stream([rig.signing.SignStreamRequest(
                    terms=rig.terms(), items=[item() for _ in range(10)])]), clients))
        expect(all(len(s) > 0 for many in signed for s in many), "unary calls sign")
        equal([len(results) for results in streamed], [10] * 8, "streams sign")
        shown = the_rig.segel("reviewer", "log", "show", "--json")
        equal(shown.returncode, 0, shown.stderr)
        expect(shown.stdout.count("\n") >= 2 * 8 * 16, "each job has two records")
        reload(gateway)
        equal({client.health() for client in clients}, {"SERVING"})
        equal(gateway.stop(), 0, "exit code")
        for watch in watches:
            equal([rig.serving_name(more) for more in ended(watch)][-1:], ["NOT_SERVING"])


def ended(watch):
    """What a watch still says before the gateway has gone."""
    try:
        yield from watch
    except grpc.RpcError:
        return


def own_channel(gateway):
    """grpcio shares connections of channels that are made alike."""
    home = gateway.rig.path("clients", "e-office")
    parts = [open(os.path.join(home, n), "rb").read() for n in ("ca.pem", "key.pem", "cert.pem")]
    return grpc.secure_channel(gateway.address, grpc.ssl_channel_credentials(*parts),
                               options=[("grpc.use_local_subchannel_pool", 1)])


if __name__ == "__main__":
    sys.exit(rig.run(rig.Rig("strangers", "seal-demo:p-256")))
