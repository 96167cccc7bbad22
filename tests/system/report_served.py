#!/usr/bin/python3
"""segel report against a log service that is made here, with logs of more than a year: it
finds the ends of the period, asks for no more than it needs, and believes nothing."""
import concurrent.futures
import contextlib
import json
import shutil
import sys

import grpc
from bundles import Bundle, Key, note, root_of
from rig import Rig, claim, contains, equal, expect, log, run
from years import Count, leaves, moment_of, some_year, stamp, year

KEY = Key()
PAGE = 64


class Service:
    """LogService over any lines; what it tells may be spoiled."""

    def __init__(self, records, checkpoints, told=None, size=None):
        self.records = records
        self.told = records if told is None else told
        self.size = len(records) if size is None else size
        self.hashes = leaves(records)
        self.sizes = sorted({*checkpoints, self.size})
        self.asked, self.sent = [], 0

    def note(self, size):
        return note(size, root_of(self.hashes[:size]), KEY)

    def get_checkpoint(self, request, _):
        self.asked.append(("checkpoint", request))
        return log.GetCheckpointResponse(note=self.note(self.size), size=self.size,
                                         verifier_key=KEY.vkey)

    def list_checkpoints(self, request, _):
        self.asked.append(("checkpoints", request))
        most = request.until_size or 1 << 62
        sizes = [s for s in self.sizes if request.from_size <= s < most]
        return log.ListCheckpointsResponse(
            notes=[self.note(s) for s in sizes[:3]],
            next_size=sizes[3] if len(sizes) > 3 else 0)

    def list_records(self, request, _):
        self.asked.append(("records", request))
        count = request.count or 1 << 62
        found = []
        for index, line in enumerate(self.told[request.first:], request.first):
            since = request.filter.from_us
            if since and int(moment_of(json.loads(line)).timestamp() * 1e6) < since:
                continue
            found.append(log.Record(index=index, json=line))
            if len(found) == count:
                break
        self.sent += len(found)
        for at in range(0, len(found), PAGE):
            yield log.ListRecordsResponse(records=found[at:at + PAGE])


@contextlib.contextmanager
def served(rig, service):
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(2))
    kinds = {"GetCheckpoint": (service.get_checkpoint, grpc.unary_unary_rpc_method_handler),
             "ListCheckpoints": (service.list_checkpoints, grpc.unary_unary_rpc_method_handler),
             "ListRecords": (service.list_records, grpc.unary_stream_rpc_method_handler)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(
        "segel.v1.LogService", {name: make(
            method, request_deserializer=getattr(log, f"{name}Request").FromString,
            response_serializer=getattr(log, f"{name}Response").SerializeToString)
            for name, (method, make) in kinds.items()}),))
    port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials(
        [(rig.read("server.key", "rb"), rig.read("server.pem", "rb"))],
        rig.read("clients.pem", "rb"), True))
    rig.write("clients/reviewer/gateway", f"127.0.0.1:{port}\n")
    server.start()
    try:
        yield
    finally:
        server.stop(0).wait()


def report(rig, service, *arguments, period=("--year", "2026")):
    with served(rig, service):
        return rig.segel("reviewer", "report", *period, "--log-key", KEY.vkey, "--format",
                         "json", "--unrecorded", *arguments)


def refused(rig, service, *words):
    result = report(rig, service)
    equal((result.returncode, result.stdout), (1, ""), result.stderr)
    contains(result.stderr, *words)


class Made:
    def __init__(self, rig):
        self.rig = rig
        self.log = some_year(7)
        self.records = self.log.lines()
        begin, end = (stamp(m) for m in year(2026))
        self.first = next(r["seq"] for r in self.log.records if r["ts"] >= begin)
        self.behind = next(r["seq"] for r in self.log.records if r["ts"] >= end)


@claim
def a_served_log_gives_what_a_bundle_gives(made):
    far = [3, 5, 40]
    near = list(range(2, made.behind + 30, 2))
    for marks in (far, near, [made.first, made.behind + 1], []):
        service = Service(made.records, marks)
        online = report(made.rig, service)
        equal(online.returncode, 0, online.stderr)
        path = made.rig.path("bundle")
        shutil.rmtree(path, ignore_errors=True)
        Bundle(made.records, [KEY], checkpoints=[s for s in service.sizes
                                                 if s < len(made.records)]).write(path)
        offline = made.rig.segel("reviewer", "report", "--year", "2026", "--log-key",
                                 KEY.vkey, "--format", "json", "--bundle", path)
        expect(online.stdout == offline.stdout, f"{len(marks)} checkpoints: they differ")
        found = json.loads(online.stdout)
        equal(found["use"]["months"], Count(made.log.records, *year(2026)).months(), "months")
        starts = [s for s in service.sizes if s <= made.first]
        equal([c["size"] for c in found["header"]["checkpoints"]],
              [max(starts, default=0), min(s for s in service.sizes if s > made.behind)],
              "checkpoints")


@claim
def what_comes_behind_the_year_is_not_asked_for(made):
    service = Service(made.records, [made.first, made.behind + 2])
    equal(report(made.rig, service).returncode, 0, "exit code")
    # One page more shows where the log begins.
    expect(service.sent <= made.behind + 16,
           f"{service.sent} records were sent, the year ends at {made.behind}")
    expect(len(service.asked) < 12, f"{len(service.asked)} calls")


@claim
def a_checkpoint_long_before_the_year_is_found(made):
    service = Service(made.records, [1])
    found = json.loads(report(made.rig, service).stdout)
    equal(found["header"]["checkpoints"][0]["size"], 1, "the only one before the year")


@claim
def a_gap_that_the_key_signed_is_no_report(made):
    victim = made.first + 50
    cut = made.records[:victim] + made.records[victim + 1:]
    refused(made.rig, Service(cut, [made.first]), "do not fit together")


@claim
def a_service_that_lies_is_found_out(made):
    records, size = made.records, len(made.records)
    spoiled = list(records)
    at = next(i for i, line in enumerate(records) if b'"outcome":"failed"' in line)
    spoiled[at] = spoiled[at].replace(b'"outcome":"failed"', b'"outcome":"signed"')
    refused(made.rig, Service(records, [], told=spoiled), "do not lead to the root")
    refused(made.rig, Service(records, [], told=records[:size - 5]), "only")
    swapped = list(records)
    swapped[9], swapped[10] = swapped[10], swapped[9]
    refused(made.rig, Service(records, [], told=swapped), "root")
    other = Service(records, [])
    other.note = lambda n: note(n, root_of(other.hashes[:n]), Key())
    refused(made.rig, other)
    old = Service(records, [made.behind + 1])
    true = old.note
    old.note = lambda n: true(n) if n == size else note(n, root_of(old.hashes[:n - 1]), KEY)
    refused(made.rig, old, "do not lead to the root")


@claim
def an_intent_that_never_ended_is_no_report(made):
    last = max(i for i, line in enumerate(made.records[:-400])
               if b'"type":"intent"' in line)
    kept = [json.loads(line) for i, line in enumerate(made.records) if i != last + 1]
    shift = {}
    for place, record in enumerate(kept):
        shift[record["seq"]] = place
    for place, record in enumerate(kept):
        record["seq"] = place
        if record["type"] == "outcome":
            record["intent"] = shift[record["intent"]]
    lines = [json.dumps(r, separators=(",", ":")).encode() for r in kept]
    refused(made.rig, Service(lines, []), "an intent without an outcome")


if __name__ == "__main__":
    sys.exit(run(Made(Rig("report-served"))))
