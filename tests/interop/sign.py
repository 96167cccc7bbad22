"""Signs one digest with grpcio: sign.py TARGET CA CERT KEY DIGEST-HEX OUT

CA, CERT and KEY are PEM files of mutual TLS; "-" for all three on a Unix socket. PYTHONPATH
has the classes that protoc makes of proto/segel/v1.
"""
import secrets
import sys

import grpc
from segel.v1 import common_pb2, signing_pb2


def connect(target, *files):
    if files[0] == "-":
        return grpc.insecure_channel(target)
    ca, certificate, key = (open(path, "rb").read() for path in files)
    return grpc.secure_channel(target, grpc.ssl_channel_credentials(ca, key, certificate))


def main():
    target, ca, certificate, key, digest, out = sys.argv[1:]
    request = signing_pb2.SignRequest(
        terms=signing_pb2.SignTerms(
            key="seal-demo", profile=common_pb2.SIGNATURE_PROFILE_PADES_B_B,
            hash_algorithm=common_pb2.HASH_ALGORITHM_SHA256,
            document_class="surat_keterangan", approval_ref="ND-2026/001",
            notice_shown=True, content_type="application/pdf", language="en"),
        item=signing_pb2.SignItem(request_id=secrets.token_hex(8),
                                  digest=bytes.fromhex(digest)))
    with connect(target, ca, certificate, key) as channel:
        sign = channel.unary_unary("/segel.v1.SigningService/Sign",
                                   signing_pb2.SignRequest.SerializeToString,
                                   signing_pb2.SignResponse.FromString)
        result = sign(request, timeout=20).result
    if not result.signature:
        sys.exit(result.status.message)
    with open(out, "wb") as file:
        file.write(result.signature)


main()
