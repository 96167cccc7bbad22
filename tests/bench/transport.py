"""The transport alone: processor time of the server for one unary call over TLS 1.3, Segel's
transport (handoff.c, which gives each call to another thread and back) beside gRPC C++
(grpcpp.cc, asynchronous, one completion queue), the same service and the same load, taking
turns. `make bench` calls it; alone:

    BUILD=build transport.py [--seconds S] [--rounds N]

The load is h2load's; it looks at HTTP's status alone, so each server is asked once by a stock
client before, and its answer is read.
"""
import argparse
import json
import os
import re
import statistics
import struct
import subprocess
import sys
import tempfile

import grpc

BUILD = os.path.abspath(os.environ.get("BUILD", "build"))
PATH = "/grpc.health.v1.Health/Check"
REQUEST = b"\x0a\x20" + b"segel.v1.SigningService.is.well."  # HealthCheckRequest
SERVING = b"\x08\x01"
TICK_US = 1_000_000 / os.sysconf("SC_CLK_TCK")
LOADS = {"8 connections, 16 calls each": (8, 16), "1 connection, 1 call": (1, 1)}
SERVERS = ("handoff", "grpcpp")


def certificate(folder):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                    "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                    "-keyout", f"{folder}/server.key", "-out", f"{folder}/server.pem"],
                   check=True, capture_output=True)


class Server:
    """One of the two programs."""

    def __init__(self, program, folder):
        self.process = subprocess.Popen([os.path.join(BUILD, "tests/bench", program),
                                         "--tls", folder], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline().split()
        if not line or line[0] != "ready":
            raise SystemExit(f"{program} did not start")
        self.port = int(line[1])
        self.ask(folder)

    def ask(self, folder):
        with open(f"{folder}/server.pem", "rb") as file:
            trusted = grpc.ssl_channel_credentials(file.read())
        with grpc.secure_channel(f"localhost:{self.port}", trusted) as channel:
            answer = channel.unary_unary(PATH)(REQUEST, timeout=10)
        if answer != SERVING:
            raise SystemExit(f"a wrong answer: {answer!r}")

    def cpu_us(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return sum(map(int, fields[11:13])) * TICK_US

    def load(self, folder, seconds, connections, streams):
        """One run of h2load: server CPU a call, and calls a second."""
        before = self.cpu_us()
        shown = subprocess.run(
            ["h2load", "-D", str(seconds), "-c", str(connections), "-m", str(streams),
             "-H", "content-type: application/grpc", "-H", "te: trailers",
             "-d", f"{folder}/request", f"https://127.0.0.1:{self.port}{PATH}"],
            check=True, capture_output=True, text=True).stdout
        used = self.cpu_us() - before
        done = int(re.search(r"(\d+) succeeded", shown).group(1))
        bad = int(re.search(r"(\d+) failed", shown).group(1))
        if bad or "TLSv1.3" not in shown:
            raise SystemExit(f"the load was not clean:\n{shown}")
        return used / done, done / seconds

    def end(self):
        self.process.stdin.close()
        self.process.wait(10)


def measure(seconds, rounds):
    """(load, server) -> one pair of server CPU a call and calls a second per round."""
    figures = {}
    with tempfile.TemporaryDirectory() as folder:
        certificate(folder)
        with open(f"{folder}/request", "wb") as file:
            file.write(struct.pack(">BI", 0, len(REQUEST)) + REQUEST)
        servers = {name: Server(name, folder) for name in SERVERS}
        try:
            for number in range(rounds):
                print(f"  transport: round {number + 1} of {rounds}", file=sys.stderr)
                for load, (connections, streams) in LOADS.items():
                    for name, server in servers.items():
                        figures.setdefault((load, name), []).append(
                            server.load(folder, seconds, connections, streams))
        finally:
            for server in servers.values():
                server.end()
    return figures


def row_of(load, figures):
    def median(name, at):
        return statistics.median(pair[at] for pair in figures[load, name])
    ours, theirs = SERVERS
    return {"load": load, "segel_cpu_us": round(median(ours, 0), 2),
            "grpc_cpp_cpu_us": round(median(theirs, 0), 2),
            "times_less": round(median(theirs, 0) / median(ours, 0), 2),
            "segel_per_second": round(median(ours, 1)),
            "grpc_cpp_per_second": round(median(theirs, 1))}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    figures = measure(max(1, round(asked.seconds)), asked.rounds)
    rows = [row_of(load, figures) for load in LOADS]
    print(f"\n{'unary over TLS 1.3':30}{'Segel µs':>10}{'gRPC C++ µs':>13}"
          f"{'times less':>12}{'Segel /s':>11}{'gRPC C++ /s':>13}")
    for row in rows:
        print(f"{row['load']:30}{row['segel_cpu_us']:>10}{row['grpc_cpp_cpu_us']:>13}"
              f"{row['times_less']:>12}{row['segel_per_second']:>11}"
              f"{row['grpc_cpp_per_second']:>13}")
    with open(os.path.join(BUILD, "bench-transport.json"), "w", encoding="utf-8") as file:
        json.dump({"rows": rows}, file, indent=1)


if __name__ == "__main__":
    main()
