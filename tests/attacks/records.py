"""TLS itself. Python's ssl has no word for what is sent here, so this is OpenSSL, called
directly."""
import ctypes
import os
import socket
import struct

import frames
from frames import DATA, END_STREAM, PREFACE, SETTINGS, frame
from table import CALM, CHECK, REQUEST, attack, open_call

LIB = ctypes.CDLL("libssl.so.3")
for _name in ("TLS_client_method", "SSL_CTX_new", "SSL_new"):
    getattr(LIB, _name).restype = ctypes.c_void_p
KEEP, ASK = 0, 1  # SSL_KEY_UPDATE_NOT_REQUESTED, _REQUESTED


class Link:
    """A client that reads nothing until it is told to."""

    def __init__(self, gateway, client="reviewer"):
        home = gateway.rig.path("clients", client)
        self.tls = ctypes.c_void_p(LIB.SSL_CTX_new(ctypes.c_void_p(LIB.TLS_client_method())))
        pem = 1  # SSL_FILETYPE_PEM
        LIB.SSL_CTX_use_certificate_chain_file(self.tls,
                                               os.path.join(home, "cert.pem").encode())
        LIB.SSL_CTX_use_PrivateKey_file(self.tls, os.path.join(home, "key.pem").encode(), pem)
        LIB.SSL_CTX_set_alpn_protos(self.tls, b"\x02h2", 3)
        host, port = gateway.address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=10)
        self.socket.setblocking(True)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            self.socket.setsockopt(socket.SOL_SOCKET, option, struct.pack("@ll", 3, 0))
        self.ssl = ctypes.c_void_p(LIB.SSL_new(self.tls))
        LIB.SSL_set_fd(self.ssl, self.socket.fileno())
        if LIB.SSL_connect(self.ssl) != 1:
            raise OSError("no handshake")
        self.send(PREFACE + frame(SETTINGS, 0, 0))

    def send(self, data):
        return LIB.SSL_write(self.ssl, data, len(data)) == len(data)

    def update(self, kind):
        return (LIB.SSL_key_update(self.ssl, kind) == 1
                and LIB.SSL_do_handshake(self.ssl) == 1)

    def answer(self):
        """What has come until nothing more does, or the end."""
        reader = frames.Reader()
        buffer = ctypes.create_string_buffer(1 << 16)
        while not reader.answer.statuses and not reader.answer.goaway:
            count = LIB.SSL_read(self.ssl, buffer, len(buffer))
            if count <= 0:
                reader.answer.closed = True
                break
            reader.take(buffer.raw[:count])
        return reader.answer

    def __enter__(self):
        return self

    def __exit__(self, *_):
        LIB.SSL_free(self.ssl)
        LIB.SSL_CTX_free(self.tls)
        self.socket.close()


def updates(gateway, held, kind, count):
    """A link that has sent so many, or as many as were taken."""
    link = held.enter_context(Link(gateway))
    for _ in range(count):
        if not link.update(kind):
            break
    return link


@attack("new keys of TLS, flood", "RFC 8446 4.6.3", f"goaway:{CALM}", "closed", held=True,
        flood=True)
def new_keys(gateway, held):
    link = updates(gateway, held, KEEP, 20000)
    return link.answer()


@attack("new keys of TLS that want an answer, unread, flood", "RFC 8446 4.6.3",
        f"goaway:{CALM}", "closed", held=True, flood=True)
def answered_keys(gateway, held):
    link = updates(gateway, held, ASK, 20000)
    return link.answer()


@attack("thirty new keys of TLS", "RFC 8446 4.6.3", "status:0", held=True)
def few_keys(gateway, held):
    link = updates(gateway, held, ASK, 30)
    link.send(open_call(1) + frame(DATA, END_STREAM, 1, REQUEST))
    return link.answer()


@attack("a call in records of one byte", "CWE-400", "status:0", held=True, flood=True)
def tiny_records(gateway, held):
    link = held.enter_context(Link(gateway))
    for byte in open_call(1, CHECK, ("x", "y" * 4000)) + frame(DATA, END_STREAM, 1, REQUEST):
        if not link.send(bytes([byte])):
            break
    return link.answer()
