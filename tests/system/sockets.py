"""Connections to a gateway below gRPC, by Python's own TLS."""
import os
import socket
import ssl


def tls(gateway, certificate=None, minimum=None):
    """A TLS connection by Python's own library; certificate: path without .pem/.key."""
    host, port = gateway.address.rsplit(":", 1)
    context = ssl.create_default_context(
        cafile=gateway.rig.path("clients", "e-office", "ca.pem"))
    context.set_alpn_protocols(["h2"])
    if minimum:
        context.maximum_version = minimum
    if certificate:
        context.load_cert_chain(*certificate)
    raw = socket.create_connection((host, int(port)), timeout=5)
    return context.wrap_socket(raw, server_hostname="127.0.0.1")


def good(gateway):
    home = gateway.rig.path("clients", "e-office")
    return os.path.join(home, "cert.pem"), os.path.join(home, "key.pem")
