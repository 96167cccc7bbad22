"""An HTTP/2 peer that makes its frames by hand, over mutual TLS, and obeys nothing.

Only what comes back is read by the rules (hpack is Debian's), so that a test can say what the
gateway answered: frames, statuses, GOAWAY."""
import os
import socket
import ssl
import struct
import time

import hpack

DATA, HEADERS, PRIORITY, RST, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION = range(10)
ACK = END_STREAM = 0x1
END_HEADERS, PADDED = 0x4, 0x8
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
BATCH = 64 << 10


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags,
                                                            stream) + payload


def number(value, bits, first=0):
    """An integer of HPACK (RFC 7541 section 5.1)."""
    top = (1 << bits) - 1
    if value < top:
        return bytes([first | value])
    out, value = [first | top], value - top
    while value >= 128:
        out.append(value % 128 + 128)
        value //= 128
    return bytes(out + [value])


def literal(name, value, first=0x00):
    """A field that enters no table, or the dynamic one (0x40)."""
    return (bytes([first]) + number(len(name), 7) + name.encode()
            + number(len(value), 7) + value.encode())


def request(path, *more):
    fields = [(":method", "POST"), (":scheme", "https"), (":path", path),
              (":authority", "gateway"), ("content-type", "application/grpc"),
              ("te", "trailers"), *more]
    return b"".join(literal(name, value) for name, value in fields)


def message(payload, flag=0):
    return struct.pack(">BI", flag, len(payload)) + payload


class Answer:
    """All that came back."""

    def __init__(self):
        self.closed = False
        self.goaway = None  # (code, text) of the last one
        self.resets = {}  # stream -> code
        self.statuses = {}  # stream -> grpc-status or ":NNN" of HTTP
        self.data = 0
        self.frames = 0

    def __str__(self):
        parts = [f"{self.frames} frames", f"{self.data} bytes of DATA",
                 f"{len(self.resets)} resets", f"statuses {sorted(set(self.statuses.values()))}"]
        if self.goaway:
            parts.append(f"GOAWAY {self.goaway[0]} '{self.goaway[1]}'")
        return ", ".join(parts) + (", closed" if self.closed else "")


class Reader:
    """Takes bytes of HTTP/2 apart."""

    def __init__(self):
        self.left, self.answer = b"", Answer()
        self.decoder = hpack.Decoder()

    def take(self, data):
        self.left += data
        while len(self.left) >= 9:
            length = int.from_bytes(self.left[:3], "big")
            if len(self.left) < 9 + length:
                return
            kind, flags, stream = struct.unpack(">BBI", self.left[3:9])
            payload, self.left = self.left[9:9 + length], self.left[9 + length:]
            self.note(kind, flags, stream, payload)

    def note(self, kind, flags, stream, payload):
        answer = self.answer
        answer.frames += 1
        if kind == GOAWAY:
            code = struct.unpack(">I", payload[4:8])[0]
            answer.goaway = (code, payload[8:].decode("utf-8", "replace"))
        elif kind == RST:
            answer.resets[stream] = struct.unpack(">I", payload)[0]
        elif kind == DATA:
            answer.data += len(payload)
        elif kind == HEADERS and flags & END_HEADERS:
            fields = dict(self.decoder.decode(payload))
            status = fields.get("grpc-status", ":" + fields.get(":status", ""))
            if status != ":200":
                answer.statuses[stream] = status


class Peer(Reader):
    def __init__(self, gateway, client="reviewer", preface=True, settings=b"", raw=False,
                 receive_bytes=0):
        super().__init__()
        host, port = gateway.address.rsplit(":", 1)
        self.socket = socket.socket()
        if receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.settimeout(5)
        self.socket.connect((host, int(port)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not raw:
            self.socket = self.context(gateway, client).wrap_socket(
                self.socket, server_hostname="127.0.0.1")
        if preface:
            self.send(PREFACE + frame(SETTINGS, 0, 0, settings))

    @staticmethod
    def context(gateway, client, alpn=("h2",)):
        """client: whose certificate, or None."""
        home = gateway.rig.path("clients", client or "reviewer")
        context = ssl.create_default_context(cafile=os.path.join(home, "ca.pem"))
        if alpn:
            context.set_alpn_protocols(list(alpn))
        if client:
            context.load_cert_chain(os.path.join(home, "cert.pem"),
                                    os.path.join(home, "key.pem"))
        return context

    def wrap(self, context):
        """A handshake later on; one that fails is an end."""
        try:
            self.socket = context.wrap_socket(self.socket, server_hostname="127.0.0.1")
        except OSError:
            self.answer.closed = True

    def tear(self):
        """No goodbye of TLS, and a reset of TCP."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        socket.socket(fileno=self.socket.detach()).close()

    def send(self, data):
        """False: the gateway takes no more."""
        try:
            self.socket.settimeout(5)
            for at in range(0, len(data), BATCH):
                self.socket.sendall(data[at:at + BATCH])
            return True
        except (OSError, ssl.SSLError):
            return False

    def flood(self, frames, most):
        """Sends frames until most are out or the gateway has had enough."""
        batch, count = [], 0
        for one in frames:
            batch.append(one)
            count += 1
            if len(batch) == 256 or count == most:
                if not self.send(b"".join(batch)):
                    break
                self.read(0)
                batch = []
            if count == most or self.answer.goaway or self.answer.closed:
                break
        return count

    def read(self, seconds=1.0, until=lambda answer: False):
        """Reads for so long, or until something has come, or the end."""
        end = time.monotonic() + seconds
        while not self.answer.closed and not until(self.answer):
            left = end - time.monotonic()
            self.socket.settimeout(max(left, 0.001))
            try:
                data = self.socket.recv(1 << 18)
            except (TimeoutError, ssl.SSLWantReadError):
                if left <= 0:
                    break
                continue
            except (OSError, ssl.SSLError):
                data = b""
            if not data:
                self.answer.closed = True
            self.take(data)
        return self.answer

    def close(self):
        try:
            self.socket.close()
        except OSError:
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
