#!/usr/bin/python3
"""segel report against a log service that is made here, with logs of more than a year: it
finds the ends of the period, asks for no more than it needs, and believes nothing."""
import base64
import concurrent.futures
import contextlib
import datetime
import json
import shutil
import sys

import bundles
import grpc
from bundles import Bundle, Key, note, root_of
from rig import Rig, claim, contains, equal, expect, log, run
from years import (WIB, Count, clock_ahead, leaves, moment_of, some_year, stamp,
                   year)

KEY = Key()
PAGE = 64


class Service:
    """LogService over any lines; what it tells may be spoiled."""

    def __init__(self, records, checkpoints, told=None, size=None, first=0):
        self.records, self.first = records, first  # those before it were pruned
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
        begin = max(request.first, self.first)
        for index, line in enumerate(self.told[begin:], begin):
            since, until = request.filter.from_us, request.filter.until_us
            time_us = int(moment_of(json.loads(line)).timestamp() * 1e6)
            if (since and time_us < since) or (until and time_us >= until):
                continue
            found.append(log.Record(index=index, json=line))
            if len(found) == count:
                break
        self.sent += len(found)
        for at in range(0, len(found), PAGE):
            yield log.ListRecordsResponse(records=found[at:at + PAGE])

    def get_tiles(self, request, _):
        return log.GetTilesResponse(tiles=[
            b"".join(self.hashes[256 * n:256 * n + 256])
            for n in range(request.first, request.first + request.count)])


@contextlib.contextmanager
def served(rig, service):
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(2))
    kinds = {"GetCheckpoint": (service.get_checkpoint, grpc.unary_unary_rpc_method_handler),
             "GetTiles": (service.get_tiles, grpc.unary_unary_rpc_method_handler),
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


def of_bundle(made, service, lines):
    path = made.rig.path("bundle")
    shutil.rmtree(path, ignore_errors=True)
    Bundle(lines, [KEY], first=service.first,
           checkpoints=[s for s in service.sizes
                        if service.first <= s < len(lines)]).write(path)
    found = made.rig.segel("reviewer", "report", "--year", "2026", "--log-key", KEY.vkey,
                           "--format", "json", "--bundle", path)
    equal(found.returncode, 0, found.stderr)
    return found.stdout


@claim
def a_served_log_gives_what_a_bundle_gives(made):
    far = [3, 5, 40]
    near = list(range(2, made.behind + 30, 2))
    for marks in (far, near, [made.first, made.behind + 1], []):
        service = Service(made.records, marks)
        online = report(made.rig, service)
        equal(online.returncode, 0, online.stderr)
        expect(online.stdout == of_bundle(made, service, made.records),
               f"{len(marks)} checkpoints: they differ")
        found = json.loads(online.stdout)
        equal(found["use"]["months"], Count(made.log.records, *year(2026)).months(), "months")
        starts = [s for s in service.sizes if s <= made.first]
        equal([c["size"] for c in found["header"]["checkpoints"]],
              [max(starts, default=0), min(s for s in service.sizes if s > made.behind)],
              "checkpoints")


@claim
def a_clock_that_was_ahead_ends_no_report_that_is_served(made):
    log_ahead, ahead = clock_ahead(made.log)
    lines = log_ahead.lines()
    for marks in ([place + 1 for place in ahead], [made.behind + 3],
                  [*(place + 1 for place in ahead), made.behind + 1, made.behind + 4]):
        service = Service(lines, [*marks])
        online = report(made.rig, service)
        equal(online.returncode, 0, online.stderr)
        equal(online.stdout, of_bundle(made, service, lines), "a bundle of it")
        found = json.loads(online.stdout)
        equal(found["use"]["months"], Count(log_ahead.records, *year(2026)).months(), "months")
        equal(found["header"]["checkpoints"][1]["size"],
              min(s for s in service.sizes if s > made.behind), "the end")
        expect(len(service.asked) < 40, f"{len(service.asked)} calls")
    open_year = Service(lines[:made.behind - 20], [place + 1 for place in ahead])
    found = json.loads(report(made.rig, open_year).stdout)
    equal((found["integrity"]["period_over"], found["integrity"]["leaves"]),
          (False, made.behind - 20), "a year that is not over")


@claim
def a_service_that_keeps_late_records_back_gets_no_report(made):
    """All of the log is read, whether it was pruned or not."""
    log_ahead, ahead = clock_ahead(made.log)
    for day in (1, 2):
        log_ahead.add(datetime.datetime(2036, 3, day, tzinfo=WIB), "log.prune",
                      before_index="256")
    for first in (256, 0):
        service = Service(log_ahead.lines(), [place + 1 for place in ahead], first=first)
        equal(report(made.rig, service).returncode, 0, "exit code")

        def hiding(request, context, true=service.list_records):
            return iter(()) if request.filter.until_us else true(request, context)
        service.list_records = hiding
        refused(made.rig, service, "is of the period")


def pruned(made, first):
    """The log, of which officers had those before `first` pruned ten years later."""
    old = some_year(7)
    for day in range(1, 9):
        old.add(datetime.datetime(2036, 3, day, tzinfo=WIB), "log.prune" if day == 2 else
                "status.refresh", before_index=str(first))
    equal(old.lines()[:len(made.records)], made.records, "the same log")
    return old.lines()


@claim
def the_report_of_a_year_outlives_a_later_prune(made):
    lines = pruned(made, 256)
    expect(256 < made.first, "256 is a record of the year")
    end = made.behind + 2
    for marks, start, is_signed in (([3, 5, 40], 256, False), ([40, 256], 256, True),
                                    ([made.first], made.first, True)):
        service = Service(lines, [*marks, end], first=256)
        online = report(made.rig, service)
        equal(online.returncode, 0, online.stderr)
        found = json.loads(online.stdout)
        equal(found["use"]["months"], Count(made.log.records, *year(2026)).months(), "months")
        equal([(c["size"], c["signed"]) for c in found["header"]["checkpoints"]],
              [(start, is_signed), (end, True)], "checkpoints")
        equal((found["integrity"]["read_from"], found["integrity"]["period_begun"]),
              (256, True), "where it was read from")
        equal(online.stdout, of_bundle(made, service, lines), "a bundle of it")


@claim
def a_later_prune_is_proved_to_the_newest_checkpoint(made):
    lines = pruned(made, 256)
    spoiled = [*lines[:-1], lines[-1].replace(b"status.refresh", b"status.refrain")]
    refused(made.rig, Service(lines, [made.behind + 2], told=spoiled, first=256),
            "do not lead to the root", "end of the log")
    refused(made.rig, Service(lines, [made.behind + 2], first=512), "do not fit together",
            "no record under a checkpoint says that those before were pruned")


@claim
def a_prune_that_no_checkpoint_covers_yet_is_one_to_ask_again_about(made):
    lines = pruned(made, 256)
    record = next(i for i, line in enumerate(lines) if b"log.prune" in line)
    refused(made.rig, Service(lines, [made.behind + 2], size=record, first=256),
            "no record under a checkpoint says that those before were pruned",
            "pruned just now, ask again")
    online = report(made.rig, Service(lines, [made.behind + 2], size=record + 1, first=256))
    equal(online.returncode, 0, online.stderr)


def verified(rig, service, *arguments):
    """What `segel log verify` says: its exit code, its page, its object for machines."""
    vkey = rig.write("served.vkey", KEY.vkey + "\n")
    words = ("reviewer", "log", "verify", "--vkey", vkey, *arguments)
    with served(rig, service):
        page, told = rig.segel(*words), rig.segel(*words, "--json")
    equal(page.returncode, told.returncode, page.stderr + told.stderr)
    return page.returncode, page.stdout, json.loads(told.stdout)


@claim
def a_prune_that_no_checkpoint_covers_explains_nothing(made):
    for size, first in ((1100, 1024), (1024, 1024), (1100, 256)):
        lines = made.records[:size]
        earlier = made.rig.write("earlier.note", Service(lines[:600], []).note(600))
        invented = {**made.log.records[size], "type": "log.prune", "before_index": str(first)}
        told = [*lines, *bundles.lines([invented])]
        code, page, found = verified(made.rig, Service(lines, [], told=told, first=first),
                                     "--earlier", earlier)
        equal((code, found["sound"]), (1, False), page)
        equal([found[n] for n in ("first", "root_equal", "earlier_equal")], [first, True, True])
        contains(page, "no record under a checkpoint says", "ask again when the next",
                 "TAMPERED")
        expect("officers had them pruned" not in page, page)
        code, page, found = verified(made.rig, Service(told, [], first=first), "--earlier",
                                     earlier)
        equal((code, found["sound"]), (0, True), page)
        contains(page, "a record says that officers had them pruned", "SOUND")
    code, page, _ = verified(made.rig, Service(made.records, [], first=256))
    equal(code, 1, page)
    contains(page, "Of records 0 to 255 only the hashes are there.\n")


def path_to(hashes, index):
    """RFC 6962 section 2.1.1, by its own words."""
    half = 1
    while half * 2 < len(hashes):
        half *= 2
    if len(hashes) == 1:
        return []
    if index < half:
        return [*path_to(hashes[:half], index), root_of(hashes[half:])]
    return [*path_to(hashes[half:], index - half), root_of(hashes[:half])]


def receipt_of(rig, service, index):
    """What `segel receipt verify` says of that record's receipt."""
    rows = [b"extra " + base64.b64encode(service.records[index]), b"index %d" % index,
            *map(base64.b64encode, path_to(service.hashes, index))]
    path = rig.write("one.tlog-proof", b"\n".join([b"c2sp.org/tlog-proof@v1", *rows, b"",
                                                   service.note(service.size)]))
    told = rig.segel("reviewer", "receipt", "verify", "--log-key", KEY.vkey, "--json", path)
    return told.returncode, json.loads(told.stdout)


@claim
def a_fate_or_type_spelt_with_escapes_is_a_fault(made):
    """Each hides a signature from whoever compares bytes, while others read it."""
    records = made.records
    last = max(i for i, line in enumerate(records) if b'"outcome":"signed"' in line)
    first = json.loads(records[last])["intent"]
    used = json.loads(records[next(i for i, line in enumerate(records)
                                   if b'"outcome":"signed"' in line)])["job"].encode()
    own = json.loads(records[last])["job"].encode()

    def spelt(*changes):
        lines = list(records)
        for at, plain, odd in changes:
            expect(lines[at].count(plain) == 1, f"record {at} has {plain}")
            lines[at] = lines[at].replace(plain, odd)
        return lines

    again = [(at, b'"job":"%s"' % own, b'"job":"%s"' % used) for at in (first, last)]
    equal(receipt_of(made.rig, Service(records, []), last)[0], 0, "an honest one")
    for lines in (spelt(*again, (last, b'"signed"', b'"sign\\u0065d"')),
                  spelt((first, b'"intent"', b'"int\\u0065nt"'),
                        (last, b'"type":"outcome"', b'"type":"outcom\\u0065"')),
                  spelt((last, b'"outcome":"', b'"outcom\\u0065":"')),
                  spelt((last, b'"sha256:', b'"sh\\u0061256:'))):
        service, words = Service(lines, []), "is spelt with escapes"
        code, told = receipt_of(made.rig, service, last)
        equal((code, told["code"]), (1, "disguised"), told)
        expect("outcome" not in told, f"it is shown: {told}")
        code, page, found = verified(made.rig, service)
        equal((code, found["sound"], found["root_equal"]), (1, False, True), page)
        contains(page, f"record {last}: ", words)
        path = Bundle(lines, [KEY]).write(made.rig.path("spelt"))
        checked = made.rig.tool("segel-verify", "--lang", "en", "--log-key", KEY.vkey, path)
        equal(checked.returncode, 1, checked.stdout)
        contains(checked.stdout, "records       FAILED", f"record {last}: ", words)
        refused(made.rig, service, words)


@claim
def a_year_whose_begin_was_pruned_is_told_as_a_bundle_tells_it(made):
    lines = pruned(made, 512)
    expect(made.first < 512 < made.behind, "512 is no record of the year")
    service = Service(lines, [40, 600, made.behind + 2], first=512)
    online = report(made.rig, service)
    equal(online.returncode, 0, online.stderr)
    found = json.loads(online.stdout)["integrity"]
    equal((found["period_begun"], found["period_records"]), (False, made.behind - 512), "left")
    equal(online.stdout, of_bundle(made, service, lines), "a bundle of it")
    gone = report(made.rig, service, period=("--year", "2025"))
    equal((gone.returncode, gone.stdout), (1, ""), gone.stderr)
    contains(gone.stderr, "nothing is left")


@claim
def each_record_is_asked_for_once(made):
    service = Service(made.records, [made.first, made.behind + 2])
    equal(report(made.rig, service).returncode, 0, "exit code")
    # One page more shows where the log begins.
    expect(service.sent <= len(made.records) + 16,
           f"{service.sent} records were sent of {len(made.records)}")
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


@claim
def an_outcome_that_no_checkpoint_covers_ends_no_old_intent(made):
    records = [dict(r) for r in made.log.records[:600]]
    last = max(r["seq"] for r in records[:500] if r["type"] == "outcome")
    intent, outcome = records[last]["intent"], dict(records[last])
    records[last] = {**records[last - 1], "seq": last, "type": "status.refresh"}
    for name in ("intent", "job", "outcome"):
        records[last].pop(name, None)
    lines = bundles.lines(records)
    invented = bundles.lines([{**outcome, "seq": len(records), "ts": records[-1]["ts"]}])
    for told in (lines, [*lines, *invented]):
        code, page, found = verified(made.rig, Service(lines, [], told=told))
        equal((code, found["sound"], found["fault_count"]), (1, False, 1), page)
        contains(page, f"record {intent}: an intent without an outcome")
    young = made.records[:made.log.records[last]["seq"] + 1]
    for size in (last, last + 1):
        code, page, found = verified(made.rig, Service(young, [], size=size))
        equal((code, found["sound"]), (0, True), page)


if __name__ == "__main__":
    sys.exit(run(Made(Rig("report-served"))))
