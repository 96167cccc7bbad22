"""A gateway of gRPC's own making, for tests of the client: it speaks the services of
proto/segel/v1 over mutual TLS and misbehaves on request.

    client_server.py --dir DIR      DIR gets certificates, keys and the generated messages

Prints one JSON line with the ports once it is ready, and ends when its input closes. What
an answer is like depends on the key that is asked for; see the functions below.
"""
import collections
import argparse
import base64
import hashlib
import json
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from concurrent import futures

import grpc

import h2_peers

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


CROWDED = (b"this caller has as many connections as it may have; calls can share one and need "
           b"no others")


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def make_issuer(where, name):
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
        "-nodes", "-keyout", f"{where}/{name}.key", "-out", f"{where}/{name}.pem",
        "-subj", f"/CN={name}", "-days", "2",
        "-addext", "basicConstraints=critical,CA:TRUE",
        "-addext", "keyUsage=critical,keyCertSign,cRLSign")


def make_leaf(where, name, issuer, names):
    with open(f"{where}/{name}.ext", "w", encoding="ascii") as file:
        file.write(f"subjectAltName={names}\n")
    run("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
        "-keyout", f"{where}/{name}.key", "-out", f"{where}/{name}.csr",
        "-subj", f"/CN={name}")
    run("openssl", "x509", "-req", "-in", f"{where}/{name}.csr", "-CA",
        f"{where}/{issuer}.pem", "-CAkey", f"{where}/{issuer}.key", "-CAcreateserial",
        "-out", f"{where}/{name}.pem", "-days", "2", "-extfile", f"{where}/{name}.ext")


def make_certificates(where):
    make_issuer(where, "ca")
    make_issuer(where, "other")
    make_leaf(where, "server", "ca", "DNS:localhost,IP:127.0.0.1")
    make_leaf(where, "misnamed", "ca", "DNS:other.example.go.id,IP:10.0.0.1")
    make_leaf(where, "client", "ca", "URI:urn:segel:caller:e-office")
    make_leaf(where, "stranger", "other", "URI:urn:segel:caller:stranger")


def make_messages(where):
    files = ["common", "errors", "log", "signing"]
    run("protoc", f"-I{ROOT}/proto", f"--python_out={where}",
        *[f"{ROOT}/proto/segel/v1/{name}.proto" for name in files])
    sys.path.insert(0, where)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def detailed(code, text, denial=None, retry_s=None):
    """Status with google.rpc.Status details, as the gateway gives it."""
    from segel.v1 import errors_pb2
    status = errors_pb2.Status(code=code.value[0], message=text)
    if denial is not None:
        status.details.add(type_url="type.googleapis.com/segel.v1.PolicyDenial",
                           value=denial.SerializeToString())
    if retry_s is not None:
        retry = errors_pb2.RetryInfo(retry_delay=errors_pb2.Span(seconds=retry_s))
        status.details.add(type_url="type.googleapis.com/google.rpc.RetryInfo",
                           value=retry.SerializeToString())
    return status.SerializeToString()


def denial():
    from segel.v1 import common_pb2
    out = common_pb2.PolicyDenial(policy_id="test", policy_sha256=b"\0" * 32, more=4)
    out.failures.add(rule="CP-6.3-01", cp_section="6.3.2", code="CERT_EXPIRED",
                     result=common_pb2.RULE_RESULT_FAIL, fact="cert.not_after",
                     found="2026-05-01", required=">= now",
                     message="the certificate has expired")
    return out


def der(tag, *parts):
    """One DER element of the given parts."""
    body = b"".join(parts)
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8 or 1, "big")
    long = bytes([0x80 | len(size)]) + size
    return bytes([tag]) + (size if len(body) < 128 else long) + body


def oid(text):
    first, second, *rest = (int(arc) for arc in text.split("."))
    out = bytes([40 * first + second])
    for arc in rest:
        septets = [arc & 127]
        while arc := arc >> 7:
            septets.append(arc & 127 | 128)
        out += bytes(reversed(septets))
    return der(0x06, out)


class Signer:
    """A detached CMS over a digest, with the server's key and certificate (RFC 5652)."""

    def __init__(self):
        from cryptography import x509
        from cryptography.hazmat.primitives import serialization
        self.key = serialization.load_pem_private_key(read(f"{WHERE}/server.key"), None)
        self.certificate = ssl.PEM_cert_to_DER_cert(read(f"{WHERE}/server.pem").decode())
        parsed = x509.load_der_x509_certificate(self.certificate)
        number = parsed.serial_number
        self.issuer = der(0x30, parsed.issuer.public_bytes(), der(
            0x02, number.to_bytes(number.bit_length() // 8 + 1, "big")))

    def cms(self, digest):
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec
        sha256 = der(0x30, oid("2.16.840.1.101.3.4.2.1"))
        ecdsa = der(0x30, oid("1.2.840.10045.4.3.2"))
        data = oid("1.2.840.113549.1.7.1")
        attributes = b"".join(sorted((
            der(0x30, oid("1.2.840.113549.1.9.3"), der(0x31, data)),
            der(0x30, oid("1.2.840.113549.1.9.4"), der(0x31, der(0x04, digest))))))
        signature = self.key.sign(der(0x31, attributes), ec.ECDSA(hashes.SHA256()))
        signer = der(0x30, der(0x02, b"\1"), self.issuer, sha256, der(0xA0, attributes),
                     ecdsa, der(0x04, signature))
        signed = der(0x30, der(0x02, b"\1"), der(0x31, sha256), der(0x30, data),
                     der(0xA0, self.certificate), der(0x31, signer))
        return der(0x30, oid("1.2.840.113549.1.7.2"), der(0xA0, signed))


class Signing:
    """Keys: seal (signs), refused (policy), missing, dies, halfway, flaky, liar, mute (never
    answers), garbled (its stream's answers are no messages), stubborn (takes no terms), grudging
    (likewise, in a stream, a second after a letter came), foreign
    (answers for other requests), strangers (likewise, and breaks off), cancelling (calls each
    letter cancelled), unproven (its validation data are there once), counted-… (its certificate
    ends after as many microseconds as it was asked about; …-rotated: by the successor's name),
    known (all ids are, for other content), tight (its signatures never have room),
    late (is there from the second question on), sleepy (takes three seconds to be found, and
    leaves a file of this name), fickle (takes no more terms behind its stream's first
    message), odd and even (in a stream the letters of odd are held back until one of even comes),
    resting (is known, and no lane serves it), full (puts the first batch of an id off, by the
    call's status), crowded (likewise, for a second), reserved (has no room, and names no
    time), cramped (breaks the first stream off, and takes eight letters a
    message)."""

    def __init__(self):
        self.attempts = {}
        self.asked = collections.Counter()
        self.batches = collections.Counter()
        self.proofs = collections.Counter()
        self.digests = {}
        self.signer = Signer()

    def get_signer(self, request, context):
        from segel.v1 import signing_pb2 as s
        self.asked[request.key] += 1
        if request.key == "missing" or (request.key == "late" and self.asked["late"] == 1):
            context.set_trailing_metadata((
                ("grpc-status-details-bin",
                 detailed(grpc.StatusCode.NOT_FOUND, "there is no key 'missing'")),))
            context.abort(grpc.StatusCode.NOT_FOUND, "tidak ada 'missing' \u2713 100%\n")
        if request.key == "resting":
            context.abort(grpc.StatusCode.UNAVAILABLE, "no lane serves it")
        if request.key == "sleepy":
            with open(f"{WHERE}/sleepy", "w", encoding="ascii"):
                time.sleep(3)
        counted = request.key.startswith("counted-")
        again = self.asked[request.key] > 1
        room = {"tight": 300, "narrow": 4096 if again else 300,
                "growing": 4099 if again else 4096, "turning": 4099 if again else 4096}
        return s.GetSignerResponse(
            key="successor" if request.key.endswith("-rotated") else request.key,
            profiles=[1, 2, 3] if request.key == "unproven" else [1, 3],
            hash_algorithms=[2, 1] if request.key == "turning" and again else [1, 2],
            signature_algorithms=[1], signature_max_len=room.get(request.key, 4096),
            document_classes=["surat_keterangan"], statement="Dokumen ini sah.",
            verify_url="https://verify.example.go.id/", certificate_policy_oid="1.2.3",
            certificate_not_after_us=self.asked[request.key] if counted
            else 1800000000000000, assurance="software",
            certificates=[ssl.PEM_cert_to_DER_cert(read(f"{WHERE}/server.pem").decode())])

    def get_validation_data(self, request, context):
        from segel.v1 import signing_pb2 as s
        self.proofs[request.key] += 1
        if request.key != "unproven":
            context.abort(grpc.StatusCode.UNIMPLEMENTED, "there is no such method here")
        if self.proofs[request.key] > 1:
            context.abort(grpc.StatusCode.CANCELLED, "it was given up there")
        return s.GetValidationDataResponse()

    def sign(self, request, context):
        from segel.v1 import signing_pb2 as s
        if request.terms.key == "refused":
            context.set_trailing_metadata((
                ("grpc-status-details-bin",
                 detailed(grpc.StatusCode.PERMISSION_DENIED, "denied", denial())),))
            context.abort(grpc.StatusCode.PERMISSION_DENIED, "the policy denies this")
        return s.SignResponse(result=self.result(request.terms, request.item))

    def sign_batch(self, request, context):
        from segel.v1 import signing_pb2 as s
        if request.terms.key == "stubborn":
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "the terms are unusable")
        while request.terms.key == "mute" and context.is_active():
            time.sleep(0.1)
        if request.terms.key in ("full", "crowded"):
            self.put_off(request.terms.key, request.items[0].request_id, context)
        return s.SignBatchResponse(results=[self.result(request.terms, item)
                                            for item in request.items])

    def put_off(self, key, request_id, context):
        self.batches[request_id] += 1
        if self.batches[request_id] > 1:
            return
        if key == "crowded":
            context.set_trailing_metadata((
                ("grpc-status-details-bin",
                 detailed(grpc.StatusCode.RESOURCE_EXHAUSTED, "come back", retry_s=1)),))
        context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "too much work is waiting")

    def cramp(self, items, context):
        self.batches["cramped"] += 1
        if self.batches["cramped"] == 1:
            context.abort(grpc.StatusCode.UNAVAILABLE, "come back with all that is ready")
        if len(items) > 8:
            context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "no more than the queue holds")

    def result(self, terms, item):
        from segel.v1 import signing_pb2 as s
        out = s.SignResult(request_id=item.request_id, attempt=1,
                           decision_id=f"01J000000000000000-{terms.key}")
        seen = self.attempts.get(item.request_id, 0)
        self.attempts[item.request_id] = seen + 1
        if terms.key in ("foreign", "strangers"):
            out.request_id += "x"
        if terms.key in ("refused", "known"):
            out.status.code = 6 if terms.key == "known" else 7
            out.status.message = "the certificate has expired"
            out.status.denial.CopyFrom(denial())
        elif terms.key == "turning" and self.digests[item.request_id] != item.digest:
            out.status.code = 6
            out.status.message = "the id was used for another digest"
        elif terms.key == "exhausted":
            with open(f"{WHERE}/exhausted.ids", "a", encoding="ascii") as file:
                file.write(item.request_id + "\n")
            out.status.code = 8
            out.status.message = "the quota of the day is used up"
            out.status.denial.CopyFrom(denial())
            out.status.retry_after_us = 36000 * 10**6
        elif terms.key == "cancelling":
            out.status.code = 1
            out.status.message = "it was given up there"
        elif terms.key == "reserved":
            out.status.code = 8
            out.status.message = "the disk is nearly full"
            out.status.reason = "DISK_RESERVE"
        elif terms.key == "flaky" and seen == 0:
            out.status.code = 8
            out.status.message = "too much work is waiting"
            out.status.retry_after_us = 50000
        else:
            # A liar gives every letter the signature of the same other document.
            out.signature = self.signer.cms(
                bytes(32) if terms.key == "liar" else item.digest)
            out.log.origin = "test/log"
            out.log.index = len(self.attempts)
        return out

    def is_first(self, items):
        """What is sent for the first time has no answer, and a file tells of it."""
        new = [item for item in items if item.request_id not in self.digests]
        self.digests.update((item.request_id, item.digest) for item in new)
        if new:
            with open(f"{WHERE}/{len(self.digests)}.sent", "w", encoding="ascii"):
                pass
        return bool(new)

    def sign_stream(self, requests, context):
        from segel.v1 import signing_pb2 as s
        terms = None
        done = 0
        held = []
        for request in requests:
            if request.HasField("terms"):
                terms = request.terms
            answer = s.SignStreamResponse()
            if request.items and terms.key == "grudging":
                time.sleep(1)
            if request.items and (terms.key in ("stubborn", "grudging")
                                  or terms.key == "fickle" and done):
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, "the terms are unusable")
            if terms.key == "cramped":
                self.cramp(request.items, context)
            if terms.key == "mute":
                continue
            if terms.key == "garbled":
                yield b"\xff\xff\xff"
                continue
            if terms.key == "intruded" and request.items:
                with open(read(f"{WHERE}/intruded.path"), "w", encoding="ascii") as file:
                    file.write("a file of somebody else")
            if terms.key == "turning" and self.is_first(request.items):
                continue
            for item in request.items:
                answer.results.append(self.result(terms, item))
                done += 1
            if terms.key == "odd":
                held += answer.results
                continue
            if terms.key == "even":
                answer.results.extend(held)
                held = []
            if terms.key == "dies" and done >= 100:
                yield answer
                time.sleep(0.1)
                os._exit(9)
            if terms.key == "halfway" and done >= 100 or terms.key == "late":
                context.abort(grpc.StatusCode.UNAVAILABLE, "the ledger cannot be written")
            if answer.results:
                yield answer
            if terms.key == "strangers":
                time.sleep(0.1)
                context.abort(grpc.StatusCode.UNAVAILABLE, "the ledger cannot be written")


class Log:
    """Records and a checkpoint over all but the last ones; spoiled.json may spoil them."""

    def __init__(self):
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ed25519
        self.lock = threading.Lock()
        self.key = ed25519.Ed25519PrivateKey.generate()
        public = self.key.public_key().public_bytes(serialization.Encoding.Raw,
                                                    serialization.PublicFormat.Raw)
        origin = "test.example.go.id/log"
        self.origin = origin
        self.id = hashlib.sha256(origin.encode() + b"\n\x01" + public).digest()[:4]
        self.vkey = f"{origin}+{self.id.hex()}+" + base64.b64encode(b"\x01" + public).decode()

    def load(self):
        """records.txt: one record a line; size.txt: how many the checkpoint covers."""
        records = read(f"{WHERE}/records.txt").split(b"\n")[:-1]
        size = int(read(f"{WHERE}/size.txt"))
        return records, size

    def note(self):
        sealed = read(f"{WHERE}/sealed.txt").split(b"\n")[:-1]
        size = int(read(f"{WHERE}/size.txt"))
        root = tree([hashlib.sha256(b"\0" + r).digest() for r in sealed[:size]])
        return self.sign(size, root), size

    def sign(self, size, root):
        text = f"{self.origin}\n{size}\n{base64.b64encode(root).decode()}\n".encode()
        line = base64.b64encode(self.id + self.key.sign(text)).decode()
        return text + f"\n\u2014 {self.origin} {line}\n".encode()

    def get_checkpoint(self, request, context):
        from segel.v1 import log_pb2
        note, size = self.note()
        return log_pb2.GetCheckpointResponse(note=note, size=size, verifier_key=self.vkey)

    def get_receipt(self, request, context):
        """A log of one record. receipts.txt says how the gateway misbehaves, and gets a line
        for each call."""
        from segel.v1 import log_pb2
        path = f"{WHERE}/receipts.txt"
        with self.lock, open(path, "a+", encoding="ascii") as file:
            file.seek(0)
            mode, *calls = file.read().split("\n")[:-1]
            file.write("call\n")
        while mode == "pending" and context.is_active():
            time.sleep(0.1)
        if mode == "slow":
            context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, "no checkpoint covers it yet")
        if mode == "flaky" and len(calls) < 10:
            context.abort(grpc.StatusCode.UNAVAILABLE, "the gateway is shutting down")
        if mode == "nonsense":
            return log_pb2.GetReceiptResponse(proof=b"nonsense\n")
        job = "another" if mode == "mixed-up" else request.request_id
        record = json.dumps({"seq": 0, "type": "outcome", "outcome": "signed",
                             "job": job}).encode()
        note = self.sign(1, hashlib.sha256(b"\0" + record).digest())
        return log_pb2.GetReceiptResponse(
            proof=b"c2sp.org/tlog-proof@v1\nextra " + base64.b64encode(record)
            + b"\nindex 0\n\n" + note)

    def list_records(self, request, context):
        from segel.v1 import log_pb2
        records, _ = self.load()
        page = log_pb2.ListRecordsResponse()
        for index, record in enumerate(records):
            if index < request.first or not matches(record, request.filter):
                continue
            page.records.add(index=index, json=record)
            if len(page.records) == 256:
                yield page
                page = log_pb2.ListRecordsResponse()
        if page.records:
            yield page


def matches(record, wanted):
    try:
        value = json.loads(record)
    except ValueError:
        return True
    if wanted.types and value.get("type") not in wanted.types:
        return False
    return not wanted.caller or value.get("caller") == wanted.caller


def tree(hashes):
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return hashlib.sha256(b"\1" + tree(hashes[:split]) + tree(hashes[split:])).digest()


def handlers():
    from segel.v1 import log_pb2 as l
    from segel.v1 import signing_pb2 as s
    signing = Signing()

    def unary(function, asked, answer):
        return grpc.unary_unary_rpc_method_handler(
            function, asked.FromString, answer.SerializeToString)

    out = [grpc.method_handlers_generic_handler("segel.v1.SigningService", {
        "GetSigner": unary(signing.get_signer, s.GetSignerRequest, s.GetSignerResponse),
        "GetValidationData": unary(signing.get_validation_data, s.GetValidationDataRequest,
                                   s.GetValidationDataResponse),
        "Sign": unary(signing.sign, s.SignRequest, s.SignResponse),
        "SignBatch": unary(signing.sign_batch, s.SignBatchRequest, s.SignBatchResponse),
        "SignStream": grpc.stream_stream_rpc_method_handler(
            signing.sign_stream, s.SignStreamRequest.FromString,
            lambda answer: answer if isinstance(answer, bytes) else answer.SerializeToString())})]
    log = Log()
    with open(f"{WHERE}/log.vkey", "w", encoding="ascii") as file:
        file.write(log.vkey + "\n")
    out.append(grpc.method_handlers_generic_handler("segel.v1.LogService", {
        "GetCheckpoint": unary(log.get_checkpoint, l.GetCheckpointRequest,
                               l.GetCheckpointResponse),
        "GetReceipt": unary(log.get_receipt, l.GetReceiptRequest, l.GetReceiptResponse),
        "ListRecords": grpc.unary_stream_rpc_method_handler(
            log.list_records, l.ListRecordsRequest.FromString,
            l.ListRecordsResponse.SerializeToString)}))
    return out


def lawful_signer():
    from segel.v1 import signing_pb2 as s
    return Signing().get_signer(s.GetSignerRequest(key="seal"), None).SerializeToString()


def serve_grpc():
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8), handlers=handlers())
    credentials = grpc.ssl_server_credentials(
        [(read(f"{WHERE}/server.key"), read(f"{WHERE}/server.pem"))],
        root_certificates=read(f"{WHERE}/ca.pem"), require_client_auth=True)
    port = server.add_secure_port("127.0.0.1:0", credentials)
    server.start()
    return server, port


def serve_sockets(answer, listener=None):
    """A listener that is no gateway: answer(socket) is all that a client gets."""
    listener = listener or socket.create_server(("127.0.0.1", 0))

    def loop():
        while True:
            peer, _ = listener.accept()
            threading.Thread(target=answer, args=(peer,), daemon=True).start()

    threading.Thread(target=loop, daemon=True).start()
    return listener.getsockname()[1]


def plain(peer):
    peer.recv(100)
    peer.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    peer.close()


def web(protocols, name="server"):
    """TLS without gRPC behind it."""
    def answer(peer):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{WHERE}/{name}.pem", f"{WHERE}/{name}.key")
        if protocols:
            context.set_alpn_protocols(protocols)
        try:
            with context.wrap_socket(peer, server_side=True) as tls:
                tls.recv(1000)
                tls.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
                tls.recv(1000)
        except OSError:
            pass
    return answer


def silent(peer):
    time.sleep(60)
    peer.close()


def main():
    global WHERE
    parser = argparse.ArgumentParser()
    parser.add_argument("--dir", required=True)
    WHERE = parser.parse_args().dir
    make_certificates(WHERE)
    make_messages(WHERE)
    server, port = serve_grpc()
    ports = {"grpc": port, "plain": serve_sockets(plain), "web": serve_sockets(web([])),
             "web2": serve_sockets(web(["h2"])),
             "misnamed": serve_sockets(web(["h2"], "misnamed")), "silent": serve_sockets(silent),
             "proxy503": serve_sockets(h2_peers.proxy(WHERE, b"503", b"<h1>503</h1>" * 100)),
             "proxy403": serve_sockets(h2_peers.proxy(WHERE, b"403", b"<h1>403</h1>")),
             "proxy404": serve_sockets(h2_peers.proxy(WHERE, b"404", b"")),
             "parting": serve_sockets(h2_peers.parting(WHERE, lawful_signer())),
             "full": serve_sockets(h2_peers.still(WHERE, h2_peers.calls(0))),
             "thaw": serve_sockets(h2_peers.still(WHERE, h2_peers.calls(0), h2_peers.calls(9))),
             "half": serve_sockets(h2_peers.half(WHERE)),
             "crowded": serve_sockets(h2_peers.leaving(WHERE, 11, CROWDED)),
             "aged": serve_sockets(h2_peers.leaving(WHERE, 0, b"its calls do not end")),
             "rude": serve_sockets(h2_peers.leaving(WHERE, 1, b"x" * 200)),
             "still": serve_sockets(h2_peers.still(WHERE)),
             "deaf": serve_sockets(h2_peers.deaf(WHERE), h2_peers.small_listener())}
    nobody = socket.socket()  # it holds its port, and does not listen
    nobody.bind(("127.0.0.1", 0))
    ports["nobody"] = nobody.getsockname()[1]
    print(json.dumps(ports), flush=True)
    sys.stdin.read()
    nobody.close()
    server.stop(0)


main()
