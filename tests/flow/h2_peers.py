"""Peers of a client that speak HTTP/2, frame by frame (RFC 9113), and are no gateway."""
import socket
import ssl
import struct
import time

DATA, HEADERS, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 4, 6, 7, 8
END_STREAM, END_HEADERS = 1, 4
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
WINDOW_MAX = (1 << 31) - 1


def frame(kind, flags, stream, body=b""):
    return struct.pack(">I", len(body))[1:] + struct.pack(">BBI", kind, flags, stream) + body


def field(name, value):
    """A literal of RFC 7541 section 6.2.2, without Huffman's code."""
    return b"".join([b"\0"] + [bytes([len(text)]) + text for text in (name, value)])


def tls_of(where):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{where}/server.pem", f"{where}/server.key")
    context.set_alpn_protocols(["h2"])
    return context


def accept(where, peer):
    return tls_of(where).wrap_socket(peer, server_side=True)


def frames(tls):
    """(kind, stream) of what the client sends."""
    file = tls.makefile("rb")
    file.read(len(PREFACE))
    while len(head := file.read(9)) == 9:
        file.read(int.from_bytes(head[:3], "big"))
        yield head[3], int.from_bytes(head[5:], "big")


def proxy(where, status, page):
    """Answers each call as a proxy does that has no gateway behind it."""
    def answer(peer):
        head = field(b":status", status) + field(b"content-type", b"text/html")
        try:
            with accept(where, peer) as tls:
                tls.sendall(frame(SETTINGS, 0, 0))
                for kind, stream in frames(tls):
                    if kind != HEADERS:
                        continue
                    tls.sendall(frame(HEADERS, END_HEADERS | (0 if page else END_STREAM),
                                      stream, head))
                    if page:
                        tls.sendall(frame(DATA, END_STREAM, stream, page))
        except OSError:
            pass
    return answer


def parting(where, message):
    """Answers the first call of each connection with this message, and ends the connection as
    a gateway does that ends itself."""
    def answer(peer):
        head = field(b":status", b"200") + field(b"content-type", b"application/grpc")
        try:
            with accept(where, peer) as tls:
                tls.sendall(frame(SETTINGS, 0, 0))
                told = frames(tls)
                while next(told) != (HEADERS, 1):
                    pass
                tls.sendall(frame(HEADERS, END_HEADERS, 1, head)
                            + frame(DATA, 0, 1, struct.pack(">BI", 0, len(message)) + message)
                            + frame(HEADERS, END_HEADERS | END_STREAM, 1,
                                    field(b"grpc-status", b"0")))
                time.sleep(0.05)  # the client has its answer, and reads no more
                tls.sendall(frame(GOAWAY, 0, 0, struct.pack(">II", 1, 0)))
                tls.shutdown(socket.SHUT_WR)
                while tls.recv(4096):
                    pass
        except (OSError, StopIteration):
            pass
    return answer


def leaving(where, code, text):
    """Ends the connection at its first call, as a gateway that finds fault with the client."""
    def answer(peer):
        try:
            with accept(where, peer) as tls:
                tls.sendall(frame(SETTINGS, 0, 0))
                told = frames(tls)
                while next(told)[0] != HEADERS:
                    pass
                tls.sendall(frame(GOAWAY, 0, 0, struct.pack(">II", 0, code) + text))
                for _ in told:
                    pass
        except (OSError, StopIteration):
            pass
    return answer


def deaf(where):
    """Allows all that HTTP/2 can, and reads nothing. Its listener's sockets hold little."""
    def answer(peer):
        try:
            with accept(where, peer) as tls:
                tls.sendall(frame(SETTINGS, 0, 0, struct.pack(">HI", 4, WINDOW_MAX))
                            + frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", WINDOW_MAX - 65535)))
                time.sleep(60)
        except OSError:
            pass
    return answer


def calls(count):
    """SETTINGS_MAX_CONCURRENT_STREAMS"""
    return struct.pack(">HI", 3, count)


def still(where, settings=b"", later=None):
    """Reads all, and answers nothing, no PING either. Has other settings half a second later."""
    def answer(peer):
        try:
            with accept(where, peer) as tls:
                tls.sendall(frame(SETTINGS, 0, 0, settings))
                if later is not None:
                    time.sleep(0.5)
                    tls.sendall(frame(SETTINGS, 0, 0, later))
                for _ in frames(tls):
                    pass
        except OSError:
            pass
    return answer


def half(where):
    """Says what it allows, and sends nothing further but the first half of a record."""
    def answer(peer):
        came, goes = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = tls_of(where).wrap_bio(came, goes, server_side=True)
        try:
            while not shaken(tls):
                peer.sendall(goes.read())
                came.write(peer.recv(1 << 16) or b"the client has gone")
            tls.write(frame(SETTINGS, 0, 0))
            peer.sendall(goes.read())
            tls.write(frame(PING, 0, 0, bytes(8)))
            record = goes.read()
            peer.sendall(record[:len(record) // 2])
            time.sleep(60)
        except OSError:
            pass
    return answer


def shaken(tls):
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        return False
    return True


def small_listener():
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    return listener
