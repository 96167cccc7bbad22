#!/usr/bin/python3
"""Peers that are nobody, and bytes that are no protocol. Whatever they send, the next good
client is served."""
import os
import socket
import ssl
import subprocess
import sys

import grpc
import rig
from rig import claim, equal, expect
from sockets import good, tls


def closes(connection):
    """The peer ends the connection instead of waiting for ever."""
    connection.settimeout(15)
    try:
        while connection.recv(4096):
            pass
        return True
    except (ConnectionError, ssl.SSLError):
        return True
    except TimeoutError:
        return False


@claim
def a_client_without_certificate_is_not_served(gateway):
    refusal = rig.refused(rig.Client(gateway, "e-office", identity=False).sign, timeout=5)
    expect(refusal.code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.UNAUTHENTICATED),
           str(refusal.code))


@claim
def a_certificate_of_another_issuer_is_not_served(gateway):
    other = gateway.rig.path("other-pki")
    pki = os.path.join(rig.ROOT, "deploy/demo/pki.sh")
    for arguments in (["init", other], ["client", other, "e-office", other + "/who"]):
        subprocess.run([pki, *arguments], check=True, capture_output=True)
    try:
        connection = tls(gateway, (other + "/who.pem", other + "/who.key"))
        connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0")
        expect(closes(connection), "the connection is closed")
    except (ssl.SSLError, ConnectionError):
        pass


@claim
def a_certificate_that_no_caller_matches_is_unauthenticated(gateway):
    home = gateway.rig.path("clients", "stranger")
    os.makedirs(home)
    pki = os.path.join(rig.ROOT, "deploy/demo/pki.sh")
    subprocess.run([pki, "client", gateway.rig.path("pki"), "stranger", home + "/cert"],
                   check=True, capture_output=True)
    os.rename(home + "/cert.key", home + "/key.pem")
    gateway.rig.write("clients/stranger/ca.pem", gateway.rig.read("pki/tls-ca.pem"))
    refusal = rig.refused(gateway.client("stranger").sign)
    expect(refusal.code in (grpc.StatusCode.UNAUTHENTICATED,
                            grpc.StatusCode.PERMISSION_DENIED), str(refusal.code))


@claim
def tls_1_2_is_not_spoken(gateway):
    try:
        tls(gateway, good(gateway), ssl.TLSVersion.TLSv1_2).close()
    except (ssl.SSLError, ConnectionError):
        return
    raise rig.Failed("a TLS 1.2 handshake came through")


@claim
def garbage_on_the_port_is_closed(gateway):
    host, port = gateway.address.rsplit(":", 1)
    for bytes_sent in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", os.urandom(2000), b"\x16\x03"):
        raw = socket.create_connection((host, int(port)), timeout=5)
        raw.sendall(bytes_sent)
        raw.shutdown(socket.SHUT_WR)
        expect(closes(raw), f"closed after {bytes_sent[:10]!r}")
        raw.close()


@claim
def garbage_inside_tls_is_closed(gateway):
    for bytes_sent in (b"GET / HTTP/1.1\r\n\r\n", os.urandom(4000),
                       b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 100):
        connection = tls(gateway, good(gateway))
        connection.sendall(bytes_sent)
        expect(closes(connection), f"closed after {bytes_sent[:10]!r}")
        connection.close()


@claim
def a_good_client_is_served_after_all_that(gateway):
    expect(gateway.client().sign().signature, "signed")
    equal(gateway.process.poll(), None, "exit code")


if __name__ == "__main__":
    the_rig = rig.Rig("peers")
    with the_rig.gateway() as running:
        code = rig.run(running)
    sys.exit(code)
