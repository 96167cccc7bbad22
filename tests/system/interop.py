#!/usr/bin/python3
"""gRPC's interop cases, and those that have gone wrong elsewhere, with a stock client
(grpcio) against the transport: over HTTP/2 without TLS, TLS, mutual TLS and a Unix socket.
`make interop` does the same with every client."""
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
                                "interop"))
import cases  # noqa: E402
import ground  # noqa: E402


def attempt(way, name, results):
    for function in cases.CASES:
        why = cases.attempt(function, way)
        results.append(why is None)
        print(f"ok    {function.__name__} over {name}" if why is None else
              f"FAIL  {function.__name__} over {name}: {why}", flush=True)


def folder(name):
    where = os.path.join(ground.BUILD, "system", name)
    shutil.rmtree(where, ignore_errors=True)
    os.makedirs(where)
    ground.make_certificates(where)
    return where


NAMES = {"plain": "plain HTTP/2", "tls": "TLS", "unix": "a Unix socket"}


def everybody(results):
    where = folder("interop-open")
    with ground.service(where) as service:
        for way in ground.OPEN:
            ca = f"{where}/ca.pem" if way == "tls" else None
            attempt(ground.Way(service.target(way), ca), NAMES[way], results)


def known(results):
    where = folder("interop-mutual")
    with ground.service(where, client_ca=f"{where}/ca.pem") as service:
        attempt(ground.Way(service.target("mutual"), *(
            f"{where}/{name}" for name in ("ca.pem", "client.pem", "client.key"))),
            "mutual TLS", results)


def main():
    results = []
    for part in (everybody, known):
        try:
            part(results)
        except RuntimeError as error:  # the service did not start, or ended badly
            results.append(False)
            print(f"FAIL  the service: {error}", flush=True)
    print(f"{results.count(True)} passed, {results.count(False)} failed")
    sys.exit(1 if False in results or not results else 0)


main()
