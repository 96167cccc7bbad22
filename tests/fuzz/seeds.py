#!/usr/bin/python3
"""seeds.py [FOLDER]: writes the readable part of the fuzz corpora, one file a thought, below
FOLDER (tests/fuzz/corpus). What fuzzing adds has a hash for a name and comes by
`make fuzz MERGE=1`."""
import gzip
import os
import subprocess
import sys
import tempfile

import seeds_pdf
import seeds_pki
import seeds_stamp
import seeds_verify

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


# --- Pieces ---------------------------------------------------------------------------------

def varint(value):
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def number(field, value):
    return varint(field << 3) + varint(value & (1 << 64) - 1)


def text(field, value):
    value = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(value)) + value


def detail(kind="", value=b""):
    """segel.v1.Detail, the message of the echo service."""
    return (text(1, kind) if kind else b"") + (text(2, value) if value else b"")


def message(payload=b"", flag=0, length=None):
    return bytes([flag]) + (len(payload) if length is None else length).to_bytes(
        4, "big") + payload


DATA, HEADERS, PRIORITY, RST, SETTINGS, PING, GOAWAY, WINDOW, CONTINUATION = (
    0, 1, 2, 3, 4, 6, 7, 8, 9)
END_STREAM, END_HEADERS, PADDED, WITH_PRIORITY = 1, 4, 8, 32


def frame(kind, stream=1, payload=b"", flags=0):
    return (len(payload).to_bytes(3, "big") + bytes([kind, flags])
            + stream.to_bytes(4, "big") + payload)


def data(stream, payload, end=False):
    return frame(DATA, stream, payload, END_STREAM if end else 0)


def string(value):
    value = value.encode() if isinstance(value, str) else value
    head = bytes([len(value)]) if len(value) < 127 else b"\x7f" + varint(len(value) - 127)
    return head + value


def field(name, value):
    return b"\0" + string(name) + string(value)


def block(path="/f.F/U", *more, leave_out=(), **changes):
    """The usual request headers, each a literal without index."""
    usual = {":method": "POST", ":scheme": "http", ":path": path, ":authority": "x",
             "te": "trailers", "content-type": "application/grpc"}
    usual.update({name.replace("_", "-"): value for name, value in changes.items()})
    return b"".join(field(n, v) for n, v in usual.items() if n not in leave_out) + b"".join(
        field(n, v) for n, v in more)


def headers(stream=1, path="/f.F/U", *more, flags=END_HEADERS, **changes):
    return frame(HEADERS, stream, block(path, *more, **changes), flags)


def call(stream=1, path="/f.F/U", payload=None, **changes):
    body = message(detail("a", b"12345678")) if payload is None else payload
    return headers(stream, path, **changes) + data(stream, body, end=True)


def settings(*pairs):
    return frame(SETTINGS, 0, b"".join(k.to_bytes(2, "big") + v.to_bytes(4, "big")
                                       for k, v in pairs))


def u32(value):
    return value.to_bytes(4, "big")


# --- The session: transport's attack vectors, and honest calls --------------------------------

PLAIN, UNKNOWN, RAW, DEAF, POLITE, BYTES, THIRTEEN, LATE, DRAINED = (
    0, 1, 2, 4, 8, 16, 32, 64, 128)
HUFFMAN_POST = b"\x83"  # :method POST of the static table


def session():
    chat = headers(1, "/f.F/B")
    zipped = message(gzip.compress(detail("z", b"z" * 300), mtime=0), flag=1)
    yield "unary", PLAIN, call()
    yield "unary-byte-by-byte", BYTES, call()
    yield "unary-polite", POLITE, call()
    yield "unary-of-a-stranger", UNKNOWN, call()
    yield "unary-drained", DRAINED | THIRTEEN | POLITE, call() + call(3)
    yield "unary-deaf", DEAF, call() + call(3) + call(5)
    yield "refusal", PLAIN, call(1, "/f.F/R", message(detail("tidak sah \N{CHECK MARK} %", b"\x08\x07")))
    yield "collect", PLAIN, (headers(1, "/f.F/C") + data(1, message(detail("1", b"x")))
                             + data(1, message(detail("2", b"yy")), end=True))
    yield "repeat", PLAIN, call(1, "/f.F/S", message(detail("20", b"x" * 100)))
    yield "repeat-window-zero-then-open", PLAIN, (
        settings((4, 0)) + call(1, "/f.F/S", message(detail("300", b"x" * 400)))
        + frame(WINDOW, 1, u32(5)) + settings((4, 1 << 20)) + frame(WINDOW, 0, u32(1 << 20)))
    yield "repeat-window-shrinks", PLAIN, (
        call(1, "/f.F/S", message(detail("500", b"x" * 500))) + settings((4, 1))
        + frame(RST, 1, u32(8)))
    yield "chat", PLAIN, chat + b"".join(
        data(1, message(detail("a", bytes([c]) * 3))) for c in b"hazape") + data(1, b"", True)
    yield "chat-paused-late", LATE, (chat + data(1, message(detail("", b"p")) * 4)
                                     + data(1, b"", end=True))
    yield "chat-many-in-a-frame", PLAIN, chat + data(1, message(detail("", b"q")) * 40, True)
    yield "chat-cut-messages", THIRTEEN, (chat + data(1, message(detail("", b"q" * 30))[:3])
                                          + data(1, message(detail("", b"q" * 30))[3:], True))
    yield "early-end", PLAIN, chat + data(1, message(detail("", b"e"))) + data(
        1, message(detail("", b"after")))
    yield "gzip", PLAIN, call(1, "/f.F/U", zipped, grpc_encoding="gzip",
                              grpc_accept_encoding="identity,gzip")
    yield "gzip-damaged", PLAIN, call(1, "/f.F/U", zipped[:-6] + b"\0" * 6,
                                      grpc_encoding="gzip")
    yield "gzip-without-encoding", PLAIN, call(1, "/f.F/U", zipped)
    large = gzip.compress(detail("", bytes(40000)), mtime=0)
    yield "gzip-large", PLAIN, call(1, "/f.F/U", message(large, flag=1), grpc_encoding="gzip",
                                    grpc_accept_encoding="gzip")
    yield "gzip-bomb", PLAIN, call(1, "/f.F/U", message(gzip.compress(
        bytes(1 << 20), mtime=0), flag=1), grpc_encoding="gzip")
    yield "metadata", PLAIN, headers(1, "/f.F/U", ("x-a", "one"), ("x-a", "two"), (
        "x-b-bin", "AAEC,/+8=")) + data(1, message(detail("m")), True)
    yield "metadata-odd", PLAIN, headers(1, "/f.F/U", ("x-a", b"\xff\xfe"), (
        "x-b-bin", "!")) + data(1, message(), True)
    yield "timeouts", PLAIN, b"".join(call(1 + 2 * i, grpc_timeout=t) for i, t in enumerate(
        ("1n", "0S", "99999999H", "1", "S", "123456789m")))
    yield "reflection", PLAIN, headers(
        1, "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo") + b"".join(
        data(1, message(m)) for m in (
            text(7, ""), text(3, "segel/v1/keys.proto"), text(4, "segel.v1.SignRequest.terms"),
            text(5, text(1, "segel.v1.SignRequest") + number(2, 7)),
            text(6, "segel.v1.SignRequest"), b"")) + data(1, b"", True)
    yield "reflection-v1alpha", LATE, headers(
        1, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo") + data(
        1, message(text(4, "grpc.health.v1.Health")) * 3, True)
    yield from lawful_frames()
    yield from attacks()


def lawful_frames():
    body = message(detail("a", b"12345678"))
    split = block()
    yield "continuation", PLAIN, (
        frame(HEADERS, 1, split[:20]) + frame(CONTINUATION, 1, split[20:50])
        + frame(CONTINUATION, 1, split[50:], END_HEADERS) + data(1, body, True))
    yield "padded", PLAIN, (
        frame(HEADERS, 1, b"\x04" + split + b"\0" * 4, END_HEADERS | PADDED)
        + frame(DATA, 1, b"\x07" + body + b"\0" * 7, PADDED | END_STREAM))
    yield "with-priority", PLAIN, (
        frame(HEADERS, 1, b"\0\0\0\0\x0f" + split, END_HEADERS | WITH_PRIORITY)
        + frame(PRIORITY, 1, b"\0\0\0\0\x10") + data(1, body, True))
    yield "request-trailers", PLAIN, (headers(1, "/f.F/B") + data(1, body) + frame(
        HEADERS, 1, field("x-end", "1"), END_HEADERS | END_STREAM))
    yield "headers-end-the-stream", PLAIN, headers(
        1, "/f.F/C", flags=END_HEADERS | END_STREAM) + headers(
        3, "/f.F/U", flags=END_HEADERS | END_STREAM)
    yield "indexed-headers", PLAIN, frame(
        HEADERS, 1, HUFFMAN_POST + b"\x86" + b"\x44" + string("/f.F/U") + b"\x40"
        + string("te") + string("trailers") + b"\x5f" + string("application/grpc"),
        END_HEADERS) + data(1, body, True) + frame(
        HEADERS, 3, HUFFMAN_POST + b"\x86\xc0\xbf\xbe", END_HEADERS) + data(3, body, True)
    yield "ping-and-settings", PLAIN, (frame(PING, 0, b"segelseg") + settings()
                                       + frame(SETTINGS, 0, b"", 1) + call())
    yield "goaway-of-the-peer", PLAIN, call() + frame(GOAWAY, 0, u32(0) + u32(0) + b"bye")


def attacks():
    body = message(detail("a", b"A" * 32))
    yield "rapid-reset", PLAIN, b"".join(
        call(s) + frame(RST, s, u32(8)) for s in range(1, 41, 2))
    yield "made-reset-window", PLAIN, b"".join(
        call(s) + frame(WINDOW, s, u32(0x7FFFFFFF)) for s in range(1, 21, 2))
    yield "made-reset-content-length", PLAIN, headers(
        1, "/f.F/U", content_length=str(len(body))) + data(1, body) + data(1, b"\0", True)
    yield "made-reset-connection-header", PLAIN, headers(
        1, "/f.F/U", ("connection", "x")) + data(1, body, True)
    yield "hpack-bomb", PLAIN, frame(
        HEADERS, 1, block() + b"\x40\x01a" + string("z" * 3900) + b"\xbe" * 300, END_HEADERS)
    yield "hpack-table-size", PLAIN, frame(HEADERS, 1, b"\x3f\xe1\x1f" + block(), END_HEADERS)
    yield "settings-many", PLAIN, settings(*[(4, 0xFFFF)] * 40) + settings((5, 16777215))
    yield "settings-odd", PLAIN, settings((4, 0x80000000))
    yield "settings-flood", PLAIN, settings() * 120
    yield "continuation-flood", PLAIN, frame(HEADERS, 1, block()) + frame(
        CONTINUATION, 1) * 50 + frame(CONTINUATION, 1, b"", END_HEADERS)
    yield "padding-only", PLAIN, headers() + frame(
        DATA, 1, b"\xff" + b"\0" * 255, PADDED) * 20
    yield "empty-data", PLAIN, headers(1, "/f.F/B") + data(1, b"") * 110
    yield "empty-messages", PLAIN, headers(1, "/f.F/B") + data(1, message() * 120, True)
    yield "memory-pinning", PLAIN, settings((4, 0)) + b"".join(
        call(s, "/f.F/S", message(detail("900", b"x" * 900))) for s in range(1, 13, 2))
    yield "giant-length", PLAIN, headers() + data(1, b"\0\xff\xff\xff\xff")
    yield "truncated", PLAIN, headers() + data(1, message(b"ab", length=9), True)
    yield "two-messages", PLAIN, headers() + data(1, body * 2, True)
    yield "bad-flag", PLAIN, headers() + data(1, message(b"ab", flag=2), True)
    yield "nested-deep", PLAIN, call(1, "/f.F/U", message(b"\x0a\x7e" * 20))
    yield "goes-backwards", PLAIN, call(5) + call(3) + call(2)
    yield "push-promise", PLAIN, frame(5, 1, u32(2) + block(), END_HEADERS)
    yield "http1", RAW, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    yield "too-many-streams", PLAIN, b"".join(
        headers(s, "/f.F/B", leave_out=("te",)) for s in range(1, 41, 2))
    yield "http-errors", PLAIN, headers(1, "/f.F/U", **{":method": "GET"}) + headers(
        3, content_type="text/html") + headers(5, "/no/such") + headers(
        7, leave_out=("te",)) + headers(9, grpc_encoding="br")


# --- The other targets ------------------------------------------------------------------------

def descriptors():
    with tempfile.NamedTemporaryFile() as out:
        subprocess.run(["protoc", "-I", os.path.join(ROOT, "proto"), "--include_imports",
                        f"--descriptor_set_out={out.name}", "grpc/health/v1/health.proto"],
                       check=True, cwd=ROOT)
        health = out.read()
    named = lambda f, name, *more: text(f, text(1, name) + b"".join(more))  # noqa: E731
    ext = lambda f, name, n: named(f, name, text(2, ".p.M"), number(3, n))  # noqa: E731
    sample = text(1, text(1, "a.proto") + text(2, "p") + named(
        4, "M", named(2, "f"), named(3, "N", named(2, "g")), named(4, "E", named(2, "V")),
        ext(6, "inner", 100), named(8, "o")) + named(5, "E", named(2, "W")) + named(
        6, "S", named(2, "Do"), named(2, "Chat", number(5, 1), number(6, 1)))) + text(
        1, text(1, "b.proto") + text(3, "a.proto") + named(4, "Plain") + ext(7, "late", 7)
        + ext(7, "odd", -1))

    def nested(depth):
        inner = b""
        for _ in range(depth):
            inner = text(3, text(1, "M") + inner)
        return text(1, text(1, "n") + text(4, text(1, "M") + inner))
    for name, question, value in (
            ("health", "grpc.health.v1.Health.Check", health), ("message", "p.M", sample),
            ("field", "p.M.N.g", sample), ("value", "p.M.V", sample),
            ("file", "b.proto", sample), ("nothing", "p.M.x", sample),
            ("plain", "Plain", sample), ("late", "late", sample),
            ("nested", "M.M.M", nested(14)), ("nested-too-deep", "M", nested(15)),
            ("twice", "a", named(1, "a") * 2), ("itself", "a", named(1, "a", text(3, "a"))),
            ("empty", "", b"")):
        yield name, bytes([len(question)]) + question.encode() + value


def deframer():
    one = message(b"twelve bytes")
    for name, maximum, value in (
            ("one", 256, one), ("three", 256, one * 3), ("empty", 0, message() * 3),
            ("compressed", 256, message(b"abc", flag=1) + one), ("bad-flag", 256, one + b"\2" * 6),
            ("too-large", 11, one), ("just-fits", 12, one), ("cut", 256, one[:-2]),
            ("huge", 65535, message(b"x", length=0xFFFFFFFF)),
            ("large", 65535, message(b"x" * 9000) + one)):
        for seed in (1, 7):
            yield f"{name}-{seed}", maximum.to_bytes(2, "big") + bytes([seed]) + value


def inflate():
    value = detail("type", b"value " * 50)
    packed = gzip.compress(value, mtime=0)
    for name, maximum, data_ in (
            ("message", 4096, packed), ("just-fits", len(value), packed),
            ("too-large", len(value) - 1, packed), ("bomb", 4096, gzip.compress(
                bytes(1 << 20), mtime=0)), ("two-members", 4096, packed * 2),
            ("tail", 4096, packed + b"x"), ("cut", 4096, packed[:-5]),
            ("stored", 4096, gzip.compress(value, 0, mtime=0)), ("empty", 4096, gzip.compress(
                b"", mtime=0)), ("nothing", 4096, b""), ("no-gzip", 4096, value)):
        yield name, maximum.to_bytes(2, "big") + data_


def request_headers():
    usual = (":method:POST\n:scheme:http\n:path:/f.F/U\n:authority:x\nte:trailers\n"
             "content-type:application/grpc\n")
    for name, lines in (
            ("usual", usual), ("gzip", usual + "grpc-encoding:gzip\ngrpc-accept-encoding:gzip,"
                               "identity\n"),
            ("timeout", usual + "grpc-timeout:100m\n"), ("deflate", usual + "grpc-encoding:deflate\n"),
            ("metadata", usual + "x-a:one\nx-a:two\nx-b-bin:AAEC,/+8=\nx-other:z\n"),
            ("get", usual.replace("POST", "GET")), ("json", usual.replace("grpc", "grpc+json")),
            ("unknown-method", usual.replace("/U", "/X")), ("no-te", usual.replace("te:t", "t:t")),
            ("many", usual + "".join(f"x-{i}:{i}\n" for i in range(110))),
            ("large", usual + "x-a:" + "y" * 3000 + "\nx-a:" + "z" * 3000 + "\nx-a:" + "z" * 3000)):
        yield f"request-{name}", b"2" + lines.encode()
    yield "request-of-a-stranger", b"3" + usual.encode()
    for which, name, values in (
            (0, "timeout", ("1n", "99999999H", "0S", "123456789S", "S", "5x")),
            (2, "percent", ("plain", "tidak sah \N{CHECK MARK} %41 \n", "\N{SMILING FACE WITH HORNS}" * 60)),
            (4, "base64", ("", "f", "fo", "foo", "foob")),
            (6, "from-base64", ("", "Zg", "Zg==", "Zm8=", "Zm9v", "!", "Z", "Zh==")),
            (8, "list", ("gzip", " identity , gzip ", ",,", "")),
            (10, "word", ("application/grpc+proto", "x-trace-bin", "te", "grpc-x", "a b "))):
        for i, value in enumerate(values):
            yield f"{name}-{i}", bytes([which]) + value.encode()


def preflight():
    terms = text(1, "seal-demo") + number(2, 1) + number(3, 1) + text(5, "surat")
    item = text(1, "request-1") + text(2, bytes(32))
    for row, name, value in (
            (0, "sign", text(1, terms) + text(2, item)),
            (1, "batch", text(1, terms) + text(2, item) * 3),
            (2, "stream", text(1, terms) + text(2, item)), (3, "signer", text(1, "seal-demo")),
            (5, "records", number(1, 7) + number(2, 100)), (6, "proof", number(1, 5) + number(2, 9)),
            (10, "health", text(1, "segel.v1.LogService")),
            (11, "reflection", text(1, "host") + text(5, text(1, "p.M") + number(2, 7))),
            (12, "packed", text(3, b"\1\2\3")), (14, "map", text(1, "R") + text(
                3, text(1, "key") + text(2, "value")) * 2),
            (0, "nul", text(1, text(1, b"ab\0cd"))), (0, "bad-utf8", text(1, text(1, b"\xff"))),
            (0, "unknown", number(2047, 1)), (3, "unknown-allowed", number(2047, 1) * 3),
            (0, "sub-message-twice", text(1, terms) * 2), (3, "long-tag", b"\x8a\0\1x"),
            (3, "long-length", b"\x0a\x81\0x"), (3, "group", b"\x0b\x0c"),
            (3, "field-zero", b"\2\1x"), (3, "field-huge", b"\xf8\xff\xff\xff\x7f\1"),
            (2, "deep", text(1, text(1, text(1, text(1, text(1, text(1, b""))))))),
            (1, "amplified", b"\x12\0" * 500), (3, "empty", b"")):
        yield name, bytes([row]) + value


def notes():
    """Signed notes need no true signature here: nothing may verify."""
    import base64
    root = base64.b64encode(bytes(range(32))).decode()
    signature = base64.b64encode(bytes(68)).decode()
    body = f"segel.example.go.id/log\n17\n{root}\n"
    line = f"\n\N{EM DASH} segel.example.go.id/log {signature}\n"
    cosigned = base64.b64encode(bytes(76)).decode()
    yield "note", "signed", (body + line).encode()
    yield "note", "cosigned", (body + line + f"\N{EM DASH} witness.example {cosigned}\n").encode()
    yield "note", "unsigned", body.encode()
    yield "note", "vkey", b"segel.example.go.id/log+00000000+" + base64.b64encode(
        b"\1" + bytes(range(32)))
    yield from ecdsa_notes(body)
    yield "checkpoint", "plain", body.encode()
    yield "checkpoint", "no-origin", b"\n" + body.split("\n", 1)[1].encode()
    yield "checkpoint", "extended", (body + "more\n").encode()
    yield "checkpoint", "empty-tree", (
        "segel.example.go.id/log\n0\n"
        "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n").encode()
    proof = f"c2sp.org/tlog-proof@v1\nindex 3\n{root}\n{root}\n\n{body}{line}"
    yield "proof", "plain", proof.encode()
    yield "proof", "extra", proof.replace("index", f"extra {root}\nindex").encode()


def ecdsa_notes(body):
    """A log key on P-256: SubjectPublicKeyInfo and signature in DER."""
    import base64
    import hashlib
    name = "segel.example.go.id/log"
    spki = bytes.fromhex(
        "3059301306072a8648ce3d020106082a8648ce3d03010703420004"
        "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
        "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")
    key_id = hashlib.sha256(spki).digest()[:4]
    vkey = f"{name}+{key_id.hex()}+".encode() + base64.b64encode(b"\2" + spki)
    yield "note", "vkey-ecdsa", vkey
    yield "note", "vkey-ecdsa-off-the-curve", vkey[:-3] + b"Q=="
    number = b"\2\x20" + b"\x11" * 32
    for form, signature in (("plain", b"\x30\x44" + number * 2), ("empty", b"\x30\0"),
                            ("long", b"\x30\x81\x44" + number * 2),
                            ("sides", b"\x11" * 64), ("cut", b"\x30\x44" + number)):
        line = base64.b64encode(key_id + signature).decode()
        yield "note", f"ecdsa-{form}", f"{body}\n\N{EM DASH} {name} {line}\n".encode()


def submissions():
    """What a log hands to a witness (0), and the witness's settings (1)."""
    import base64
    import hashlib
    root = base64.b64encode(bytes(range(32))).decode()
    signature = base64.b64encode(bytes(68)).decode()
    note = (f"segel.example.go.id/log\n17\n{root}\n\n"
            f"\N{EM DASH} segel.example.go.id/log {signature}\n")
    for name, text in (
            ("plain", f"old 9\n{root}\n{root}\n\n{note}"), ("first", f"old 0\n\n{note}"),
            ("no-old", f"\n{note}"), ("old-zeroes", f"old 00\n\n{note}"),
            ("old-huge", f"old 9223372036854775808\n\n{note}"),
            ("hashes-63", "old 9\n" + (root + "\n") * 63 + f"\n{note}"),
            ("hashes-64", "old 9\n" + (root + "\n") * 64 + f"\n{note}"),
            ("false-empty", f"old 0\n\n{note.replace('17', '0', 1)}"),
            ("extended", "old 0\n\n" + note.replace("\n\n", "\nmore\n\n", 1)),
            ("crlf", f"old 9\r\n\r\n{note}"), ("no-note", "old 9\n\n")):
        yield name, b"\0" + text.encode()
    name, public = b"log.example.go.id/a", b"\1" + bytes(range(32))
    vkey = b"%s+%s+%s" % (name, hashlib.sha256(name + b"\n" + public).hexdigest()[:8].encode(),
                          base64.b64encode(public))
    yield "settings", (b"\1# who\nlisten [::1]:8080\nkey /k\nstate  /s \r\nprefix /p\n"
                       b"log " + vkey + b"\thttps://log.example.go.id/\n")
    yield "settings-twice", b"\1log " + vkey + b"\nlog " + vkey
    yield "settings-address", b"\1listen 1.2.3.4:99999\n"
    yield "settings-word", b"\1kye x\n"


def record(kind, index, **members):
    return {"v": 1, "seq": index, "ts": "2026-05-02T01:00:00.000000Z", "node": "n",
            "type": kind, **{k: v for k, v in members.items() if v is not None}}


def decision(kind="intent", **changes):
    more = changes.pop("facts", {})
    facts = None if more is None else {
        "clock.now": "2026-05-02T01:00:00.000000Z", "job.notice": True,
        "job.meta_keys": ["a"], "status.age_s": 60, **more}
    members = dict(
        caller="office", caller_cert="sha256:" + "ab" * 32, job="r-1", key="seal",
        profile="pades_b_b", doc_class="letter", alg="rsa-pss-sha256",
        digest="sha256:" + "00" * 32, approval_ref="ND/1", policy_rev="sha256:" + "cd" * 32,
        decision="allow" if kind == "intent" else "deny", rules={"pass": 6},
        fail=None if kind == "intent" else [{"rule": "A", "cp": "1", "code": "NO"}],
        facts=facts, bound=3)
    return record(kind, 7, **{**members, **changes})


def replay():
    """A key's facts and a decision, with the byte of tests/fuzz/replay.c before them."""
    import json
    key = record("key.facts", 3, subject="seal", policy_rev="sha256:" + "cd" * 32, facts={
        "key.id": "seal", "key.rsa_bits": 3072, "key.allowed_classes": ["letter"],
        "key.prohibited_classes": [], "cert.not_before": "2026-01-01T00:00:00.000000Z",
        "cert.not_after": "2027-01-01T00:00:00.000000Z"})
    weak = {**key, "facts": {**key["facts"], "key.rsa_bits": 1024}}
    for name, choice, owner, value in (
            ("allowed", 1, key, decision()), ("denied", 1, weak, decision("deny")),
            ("newly-denied", 1, weak, decision()), ("newly-allowed", 1, key, decision("deny")),
            ("other-policy", 0, key, decision()), ("other-known", 2, key, decision()),
            ("other-rules", 1, weak, decision("deny", fail=[{"rule": "C", "code": "NO"}])),
            ("not-as-recorded", 1, key, decision(rules={"pass": 1, "shadow_fail": ["E"]})),
            ("no-facts", 1, key, decision(facts=None, bound=None)),
            ("cut", 1, key, decision(facts_cut=True)),
            ("by-gateway", 1, key, decision("deny", by="gateway")),
            ("default-deny", 1, key, decision("deny", fail=[{"code": "DEFAULT_DENY"}])),
            ("many-failures", 1, weak, decision("deny", fail_more=9, fail=[
                {"rule": f"R{i}", "code": "NO"} for i in range(20)])),
            ("later-bound", 1, key, decision(bound=7)),
            ("other-key", 1, {**key, "subject": "else"}, decision()),
            ("key-fact-of-job", 1, key, decision(facts={"key.rsa_bits": 1})),
            ("twice", 1, key, decision(facts={"job.batch": "b"}, batch="b")),
            ("wrong-type", 1, key, decision(facts={"status.age_s": "60"})),
            ("big-number", 1, key, decision(facts={"status.age_s": 2 ** 63 - 1})),
            ("unknown-fact", 1, key, decision(facts={"job.moon": [1, {}]})),
            ("sunday", 1, key, decision(facts={"clock.now": "2026-05-03T01:00:00Z"}))):
        yield name, bytes([choice]) + json.dumps(owner).encode() + b"\n" + json.dumps(
            value).encode()
    yield "nested", b"\1" + json.dumps(key).encode() + b"\n" + b'{"v":' + b"[" * 3000
    yield "empty", b""


def bundle_forms():
    """Manifest, tar header, record: the first byte chooses."""
    manifest = ("segel-bundle/v1\norigin segel.example.go.id/log\ntree 300\nrecords 10 60\n"
                "period 2026-05-02T00:00:00.000000Z -\nfiles 2\n"
                + "0" * 64 + " 193 checkpoint\n" + "a" * 64 + " 8192 tile/0/000\n").encode()
    head = bytearray(512)
    for at, field in ((0, b"tile/0/000"), (100, b"0000644\0"), (108, b"0000000\0" * 2),
                      (124, b"00000020000\0"), (136, b"0" * 11 + b"\0"), (148, b" " * 8),
                      (156, b"0"), (257, b"ustar\00000")):
        head[at:at + len(field)] = field
    head[148:156] = b"%06o\0 " % sum(head)
    record = (b'{"v":1,"seq":0,"ts":"2026-05-02T01:02:03.000000Z","type":"intent",'
              b'"caller":"a","job":"\\u00e9\\ud83d\\ude00\\n","attempt":1,'
              b'"rules":{"pass":3,"shadow_fail":["CP-1"]},"x":[true,null,-1.5e+3,{}]}')
    yield "bundle", "manifest", b"\0" + manifest
    yield "bundle", "manifest-up", b"\0" + manifest.replace(b"tile/0/000", b"tile/../x")
    yield "bundle", "tar", b"\1" + bytes(head)
    yield "bundle", "tar-link", b"\1" + bytes(head).replace(b" 0", b" 2")
    yield "bundle", "record", b"\2" + record
    yield "bundle", "outcome", (b'\2{"seq":1,"ts":"2026-05-02T01:02:03Z","type":"outcome",'
                                b'"intent":0,"outcome":"signed"}')
    yield "bundle", "record-twice", b"\2" + record.replace(b'"v":1', b'"v":1,"v":2')
    yield "bundle", "deep", b"\2{" + b'"a":[' * 3 + b'"a"' + b"]" * 3 + b"}"


def bundle_tiles():
    """What takes the place of one file of the lawful bundle in tests/fuzz/tiles.c."""
    import hashlib
    lines = [b'{"v":1,"seq":0,"ts":"2026-05-02T01:02:03.000000Z","type":"boot"}',
             b'{"v":1,"seq":1,"ts":"2026-05-02T01:02:04.000000Z","type":"intent",'
             b'"caller":"a","job":"1","attempt":1}',
             b'{"v":1,"seq":2,"ts":"2026-05-02T01:02:05.000000Z","type":"outcome",'
             b'"intent":1,"attempt":1,"outcome":"signed"}']
    records = b"".join(line + b"\n" for line in lines)
    tile = b"".join(hashlib.sha256(b"\0" + line).digest() for line in lines)
    entries = b"".join(len(line).to_bytes(2, "big") + line for line in lines)
    yield "tiles", "records", b"\3" + records
    yield "tiles", "records-more", b"\3" + records + lines[2] + b"\n"
    yield "tiles", "records-less", b"\3" + lines[0] + b"\n"
    yield "tiles", "tile", b"\4" + tile
    yield "tiles", "tile-less", b"\4" + tile[:64]
    yield "tiles", "entries", b"\5" + entries
    yield "tiles", "entries-more", b"\5" + entries + b"\0\0"
    yield "tiles", "checkpoints-none", b"\2"
    yield "tiles", "checkpoints-cut", b"\x02193\nsegel.example.go.id/log\n1\n"
    yield "tiles", "manifest", b"\0" + (
        "segel-bundle/v1\norigin segel.example.go.id/log\ntree 3\nrecords 0 3\n"
        "period - -\nfiles 0\n").encode()


def vkey_of_witness(name, byte):
    return vkey(name, byte, b"\4")


def vkey(name, byte, kind=b"\1"):
    """A verifier key that nobody has the private part of."""
    import base64
    import hashlib
    key = kind + bytes([byte]) * 32
    number = hashlib.sha256(name.encode() + b"\n" + key).hexdigest()[:8]
    return f"{name}+{number}+{base64.b64encode(key).decode()}"


PERSONS = [("officer", "a", 1), ("officer", "b", 2), ("officer", "c", 3), ("officer", "d", 4),
           ("reviewer", "x", 5), ("reviewer", "y", 6), ("operator", "o", 7)]
TWO = ["key.generate", "cert.accept", "key.activate", "mandate.open", "key.release",
       "key.rotate", "key.destroy", "override", "log.prune", "officer.add", "officer.remove",
       "pin.unlock"]


def quorum():
    persons = [f"{role} {name} {vkey(name, byte)}" for role, name, byte in PERSONS]
    groups = ["group two 2 a b c d", "group three 3 a b c d", "group one any a b c d",
              "group reviewer any x y", "group both all one reviewer",
              "group either any one reviewer"]
    tasks = [f"task {name} two" for name in TWO] + [
        "task key.hold either", "task lockdown either", "task lockdown.clear three",
        "task policy.load both"]
    yield "roster", "lawful", "\n".join([*persons, *groups, *tasks, ""]).encode()
    yield "roster", "commented", "\n".join(["# who", "", *persons, " \t", *groups, *tasks,
                                            ""]).encode()
    yield "roster", "persons", "\n".join([*persons, ""]).encode()
    yield "trust", "lawful", "\n".join([
        "log " + vkey("a.log", 1), "witness a " + vkey_of_witness("w.a", 8),
        "witness b " + vkey_of_witness("w.b", 9) + " https://w.example/", "group one any a b",
        "quorum one", ""]).encode()
    yield "trust", "none", ("log " + vkey("a.log", 1) + "\n# nobody\nquorum none\n").encode()
    grant = "\n".join([
        "segel-grant/v1", "id g-88", "action key.activate", "object seal-setda",
        "param mode=count max=20000", "request sha256:" + "00" * 32,
        "policy sha256:" + "00" * 32, "requester officer-a", "not-after 2026-05-02T01:12:03Z",
        "", ""])

    def line(name, byte):
        import base64
        number = bytes.fromhex(vkey(name, byte).split("+")[1])
        return f"\N{EM DASH} {name} {base64.b64encode(number + bytes(64)).decode()}\n"
    yield "grant", "of-a-stranger", (grant + line("x", 9)).encode()
    second = grant.replace("v1\n", "v2\nlog a.log/b\n")
    yield "grant", "of-a-log", (second + line("x", 9)).encode()
    yield "grant", "of-another-log", (second.replace("log/b", "log/c") + line("x", 9)).encode()
    yield "grant", "false", (grant + line("a", 1)).encode()
    yield "grant", "of-another-text", (grant.replace("20000", "20001") + line("x", 9)).encode()
    zero = "sha256:" + "00" * 32
    minutes = "\n".join([
        "segel-minutes/v1", "world real", "ceremony key-generation", "id c-88", "place P",
        "began 2026-05-02T01:00:03Z", "ended 2026-05-02T01:40:59Z", f"script {zero}",
        f"tool {zero}", f"quorum {zero}", f"policy {zero}", "participant a officer",
        "participant b officer", "witness x reviewer", f"grant g-88 {zero}",
        "token lane0.serial 1", "mechanism CKM_EC_KEY_PAIR_GEN", "attribute CKA_SIGN true",
        "refusal C_CopyObject CKR_ATTRIBUTE_READ_ONLY", f"spki {zero}", f"csr {zero}",
        "step 1 confirmed by a", f"log 17 {zero}", "remark r", ""])
    yield "minutes", "text", minutes.encode()
    yield "minutes", "rehearsed", minutes.replace("real", "REHEARSAL").encode()
    yield "minutes", "of-a-stranger", (minutes + "\n" + line("c", 3)).encode()
    yield "minutes", "false", (minutes + "\n" + line("a", 1)).encode()
    yield "minutes", "no-such-person", minutes.replace("a officer", "z officer").encode()


def mandates():
    """Requests of officers, and what is not quite one."""
    def request(terms, reason="the week's letters"):
        return text(1, "r-1") + text(2, terms) + text(3, reason)
    names = text(1, "seal") + text(2, "e-office") + text(3, "letter") + text(3, "permit")
    time = number(6, 1777600800000000) + number(7, 1777687200000000)
    plain = names + text(4, b"\1\3") + number(5, 500) + time + text(8, "SK 12/2026, 100%")
    documents = number(9, 1) + text(10, b"\1" * 32) + text(10, b"\2" * 32)
    yield "plain", request(plain)
    yield "listed", request(plain.replace(number(5, 500), number(5, 2)) + documents)
    yield "twice", request(plain.replace(number(5, 500), number(5, 2)) + number(9, 1)
                           + text(10, b"\1" * 32) * 2)
    yield "no-reason", request(plain, "")
    yield "no-end", request(plain.replace(number(7, 1777687200000000), b""))
    yield "two-profiles-the-same", request(plain.replace(b"\1\3", b"\1\1"))
    yield "a-short-document", request(plain + number(9, 1) + text(10, b"\1" * 31))


def report_records():
    """Lines of records, and the choice of who receives the report."""
    import json
    def lines(*bodies, choice=0):
        return bytes([choice]) + b"".join(json.dumps(
            {"v": 1, "seq": i, "ts": f"2026-05-02T01:{i:02d}:03.000000Z", **body}).encode()
            + b"\n" for i, body in enumerate(bodies))
    facts = {"key.id": "seal", "key.type": "rsa", "key.rsa_bits": 3072, "cert.serial": "0A",
             "cert.not_after": "2027-05-02T00:00:00Z", "cert.subject_o": "Kota",
             "cert.key_usage": ["digitalSignature"], "token.model": "X",
             "agreement.from": "2025-05-02T00:00:00Z"}
    job = {"type": "intent", "caller": "a", "key": "seal", "doc_class": "c", "job": "1",
           "digest": "sha256:00", "cert_serial": "0A", "attempt": 1,
           "rules": {"pass": 1, "shadow_fail": ["CP-1"]}, "facts": {"job.notice": True}}
    end = {"type": "outcome", "intent": 0, "attempt": 1, "outcome": "signed"}
    deny = {"type": "deny", "caller": "a", "by": "gateway",
            "fail": [{"rule": "CP-1", "cp": "1", "code": "X"}, {"rule": "CP-2"}]}
    evil = "<script>\"'&=+-@\u202e\x1b\n,\ud800"
    yield "job", lines(job, end, choice=3)
    yield "denied", lines(deny, deny, choice=4)
    yield "life", lines({"type": "boot", "version": "1"}, {"type": "key.facts", "facts": facts},
                        {"type": "policy.load", "subject": "p", "policy_rev": "sha256:00"},
                        {"type": "lane.down", "subject": "l"}, {"type": "shutdown"},
                        {"type": "boot", "version": "2"}, {"type": "lane.up", "subject": "l"},
                        {"type": "overload", "detail": "queue full 3, no lane 2"},
                        {"type": "key.state", "subject": "seal", "detail": "revoked"},
                        {"type": "moon.phase"})
    for choice, name in enumerate(("text", "html", "csv", "json")):
        yield f"hostile-{name}", lines(
            {**job, "caller": evil, "doc_class": evil, "key": evil},
            {**end, "outcome": evil, "code": evil},
            {**deny, "fail": [{"rule": evil, "cp": evil, "code": evil}]},
            {"type": evil}, {"type": "boot", "version": evil},
            {"type": "key.state", "subject": evil, "detail": evil},
            {"type": "overload", "detail": evil + " 5"},
            {"type": "key.facts", "facts": {k: evil for k in facts}}, choice=2 * choice)
    yield "years", bytes([1]) + b"".join(json.dumps(
        {**end, "seq": i, "ts": f"{2025 + i // 2}-12-31T{16 + i % 2}:59:59.999999Z"}).encode()
        + b"\n" for i in range(5))
    yield "empty", b""


def write(folder, target, name, value):
    os.makedirs(os.path.join(folder, target), exist_ok=True)
    with open(os.path.join(folder, target, name), "wb") as out:
        out.write(value)


def words():
    """Records of the log, as the gateway writes them and otherwise."""
    import json
    head = {"v": 1, "seq": 184467, "ts": "2026-05-02T01:02:03.456789Z", "node": "gw1"}
    job = {"caller": "e-office", "job": "req-1", "key": "seal", "doc_class": "letter",
           "mandate": "g-88"}
    facts = {"job.notice": True, "job.meta_keys": ["a", "b"], "clock.hour": 9, "status.age_s": -1}
    shadows = {"pass": 31, "shadow_fail": ["CP-1", "CP-2"], "lifted": [{"rule": "L"}]}
    failures = [{"rule": "CP-3", "cp": "3", "code": "NO"}, {"rule": "CP-4"}, {"code": "NO"}]
    for name, body in (
            ("intent", {**job, "decision": "allow", "rules": shadows, "facts": facts}),
            ("deny", {**job, "decision": "deny", "fail": failures, "rules": {"pass": 0}}),
            ("outcome", {**job, "outcome": "signed", "lat_us": 4100}),
            ("escaped", {**job, "caller": "a \"b\" \u0000c"}),
            ("kinds", {"caller": 1, "fail": {"rule": "R"}, "rules": ["shadow_fail"], "job": []}),
            ("lists", {"fail": ["rule", ["rule"], {"rule": ["R"]}, {"rule": {"rule": "R"}}],
                       "rules": {"shadow_fail": ["A", ["B"], {"rule": "C"}, ""]}}),
            ("numbers", {"a": -0.5e-10, "b": 2 ** 63, "c": 1e300, "d": 0}),
            ("many", {"fail": [{"rule": f"R{i}"} for i in range(70)]})):
        yield name, json.dumps({**head, "type": name, **body},
                               separators=(",", ":")).encode()
    yield "utf8", json.dumps({**head, "caller": "d\u00e9sa"}, ensure_ascii=False).encode()
    yield "twice", (b'{"type":"a","type":"b","fail":[{"rule":"A","rule":"B"}],"fail":[],'
                    b'"rules":{"shadow_fail":["A"],"shadow_fail":[]},"rules":1,"ts":"","ts":1}')
    yield "disguised", b'{"type":"a","\\u0074ype":"b","no":"\xff"}'
    yield "deep", b'{"fail":' + b"[" * 40 + b"]" * 40 + b"}"
    yield "no-object", b'["type","caller"]'


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "tests/fuzz/corpus")
    for name, choice, value in session():
        write(folder, "session", name, bytes([choice]) + value)
    for target, seeds in (("descriptors", descriptors), ("deframer", deframer),
                          ("inflate", inflate), ("headers", request_headers),
                          ("preflight", preflight), ("replay", replay),
                          ("submission", submissions), ("report", report_records),
                          ("mandate", mandates), ("words", words)):
        for name, value in seeds():
            write(folder, target, name, value)
    for target, name, value in (*notes(), *bundle_forms(), *bundle_tiles(), *quorum()):
        write(folder, target, name, value)
    for target, name, value in (*seeds_pki.seeds(), *seeds_pdf.seeds(), *seeds_stamp.seeds(),
                                *seeds_verify.seeds()):
        write(folder, target, name, value)


main()
