#!/usr/bin/python3
"""One letter in three steps from Python: segel prepare, the gateway's Sign, segel embed.

    mkdir -p gen
    protoc -I PROTO --python_out=gen segel/v1/common.proto segel/v1/signing.proto
    PYTHONPATH=gen python3 sign.py HOME KEY CLASS APPROVAL ID LETTER.pdf SIGNED.pdf

PROTO is the folder of the .proto files: /usr/share/segel/proto of the package libsegel-dev,
/usr/local/share/segel/proto after `make install`.
HOME is the client's folder: gateway, ca.pem, cert.pem, key.pem. ID is the request id: after a
crash, run the same again with the job file that is there, and nothing is signed twice.
Packages: python3-grpcio, python3-protobuf. SEGEL names the program, if it is not in PATH.
"""
import json
import os
import subprocess
import sys

import grpc
from segel.v1 import common_pb2, signing_pb2

SEGEL = os.environ.get("SEGEL", "segel")


def read(*names):
    with open(os.path.join(*names), "rb") as file:
        return file.read()


def prepare(home, key, request_id, letter, signed):
    """The job: from its file, if the first step was done before."""
    path = signed + ".job.json"
    if not os.path.exists(path):
        job = subprocess.run(
            [SEGEL, "--home", home, "prepare", "--key", key, "--id", request_id,
             "--rect", "40,30,260,60", "-o", signed + ".prepared", letter],
            check=True, stdout=subprocess.PIPE).stdout
        with open(path + ".part", "wb") as file:
            file.write(job)
        os.replace(path + ".part", path)
    return path, json.loads(read(path))


def sign(home, job, document_class, approval):
    terms = signing_pb2.SignTerms(
        key=job["key"], document_class=document_class, approval_ref=approval,
        profile=common_pb2.SignatureProfile.Value(
            "SIGNATURE_PROFILE_" + job["profile"].upper()),
        hash_algorithm=common_pb2.HashAlgorithm.Value("HASH_ALGORITHM_" + job["hash"].upper()),
        notice_shown=job["notice_shown"], content_type="application/pdf", language="en")
    request = signing_pb2.SignRequest(terms=terms, item=signing_pb2.SignItem(
        request_id=job["request_id"], digest=bytes.fromhex(job["digest"])))
    credentials = grpc.ssl_channel_credentials(
        read(home, "ca.pem"), read(home, "key.pem"), read(home, "cert.pem"))
    with grpc.secure_channel(read(home, "gateway").decode().strip(), credentials) as channel:
        call = channel.unary_unary("/segel.v1.SigningService/Sign",
                                   signing_pb2.SignRequest.SerializeToString,
                                   signing_pb2.SignResponse.FromString)
        return call(request, timeout=30).result


def main():
    home, key, document_class, approval, request_id, letter, signed = sys.argv[1:]
    path, job = prepare(home, key, request_id, letter, signed)
    try:
        result = sign(home, job, document_class, approval)
    except grpc.RpcError as error:
        sys.exit(f"{error.code().name}: {error.details()}")
    with open(signed + ".p7s", "wb") as file:
        file.write(result.signature)
    subprocess.run([SEGEL, "embed", "--job", path, "--cms", signed + ".p7s", "-o", signed],
                   check=True)
    print(f"{signed}: decision {result.decision_id}, log index {result.log.index}")
    for name in (path, signed + ".prepared", signed + ".p7s"):
        os.unlink(name)


main()
