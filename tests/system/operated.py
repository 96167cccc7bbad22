#!/usr/bin/python3
"""What a service manager and an operator have of a gateway: it says when it serves and when
it ends, its watchdog starves when a part of it stands still, and it leaves the rotation of
load balancers and comes back, by signal and by command, while whoever comes is served."""
import contextlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import threading
import time

import grpc
import order
import rig
from faulty import SELDOM, Faulty, ask, metrics, wait_for
from preload import preload
from rig import claim, contains, equal, expect

rig.claims.clear()  # of order.py, which runs its own
WATCHDOG_S = 2
DATA_INVALID = "21"  # CKR_DATA_LEN_RANGE: this call fails, and the lane goes on
HELD_US = 30000000  # strace lets go when it is ended


class Manager:
    """The listening end of sd_notify(3)."""

    def __init__(self):
        self.name = f"segel-test-{os.getpid()}-{time.monotonic_ns()}"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + self.name)
        self.heard = []

    def environment(self):
        return {"NOTIFY_SOCKET": "@" + self.name,
                "WATCHDOG_USEC": str(WATCHDOG_S * 1000000)}

    def listen(self, seconds, word=None):
        """Everything that comes within that time, or until that word."""
        end, fresh = time.monotonic() + seconds, []
        while word not in fresh and (left := end - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                fresh.append(self.socket.recv(512).decode())
            except TimeoutError:
                break
        self.heard += fresh
        return fresh

    def wait(self, word, seconds=30):
        end = time.monotonic() + seconds
        while word not in self.heard:
            expect(time.monotonic() < end, f"the manager was never told {word}")
            self.listen(0.2, word)

    def drop(self):
        """What has come already."""
        self.socket.settimeout(0)
        with contextlib.suppress(BlockingIOError):
            while True:
                self.socket.recv(512)

    def wait_beginning(self, words, seconds=15):
        end = time.monotonic() + seconds
        while not any(heard.startswith(words) for heard in self.heard):
            expect(time.monotonic() < end, f"the manager was never told {words}…")
            self.listen(0.2)

    def close(self):
        self.socket.close()


def managed(the_faulty):
    """A gateway that was started by a manager, and the manager."""
    manager = Manager()
    config = the_faulty.rig.config(
        (r"\Z", "admin: {address: 127.0.0.1, port: 0}\n"))
    return manager, the_faulty.rig.gateway(config, **manager.environment())


def lane_pids(gateway):
    out = subprocess.run(["pgrep", "-P", str(gateway.process.pid)], capture_output=True,
                         text=True, check=False).stdout
    return [int(pid) for pid in out.split()]


@claim
def a_start_that_hashes_the_log_is_not_given_up_by_the_manager(faulty):
    """As after a finding, when every record is read before anything else of the start."""
    ledger = rig.fresh_ledger()
    config = faulty.rig.config((r"\Z", "admin: {address: 127.0.0.1, port: 0}\n"), ledger)
    with faulty.rig.gateway(config) as running:
        client = running.client()
        while metrics(running).value("segel_log_records") < 600:
            client.sign()
    path = faulty.rig.path(ledger[1].removeprefix("path: "))
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.execute("INSERT OR REPLACE INTO meta VALUES('memo/finding', 'leaf 7 differs (TEST)')")
    manager = Manager()
    with faulty.rig.gateway(config, **manager.environment()) as running:
        manager.wait("READY=1")
        said = [word for word in manager.heard if word.split("=")[0] in
                ("STATUS", "EXTEND_TIMEOUT_USEC")]
        equal(said[:2], ["STATUS=starting: records of the log are hashed",
                         "EXTEND_TIMEOUT_USEC=30000000"], "before the lanes")
        contains(said[2], "the lanes open their tokens")
        expect(int(running.find("log.hashing")[0]["records"]) >= 600, "not all are hashed")
    manager.close()


@claim
def the_manager_is_told_when_it_serves_and_when_it_ends(faulty):
    manager, gateway = managed(faulty)
    with gateway as running:
        manager.wait("STATUS=serving")
        told = manager.listen(2 * WATCHDOG_S)
        expect(told.count("WATCHDOG=1") >= 2, f"the watchdog was not fed: {told}")
        running.process.send_signal(signal.SIGHUP)
        running.wait_event("reloaded")
        before = len(manager.heard)
        manager.listen(1)
        words = "\n".join(manager.heard[before:])
        contains(words, "RELOADING=1", "MONOTONIC_USEC=", "READY=1")
        equal(running.stop(), 0, "exit code")
        manager.listen(0.5)
        contains("\n".join(manager.heard), "STOPPING=1")
    manager.close()


@claim
def the_manager_is_told_what_is_amiss(faulty):
    manager, gateway = managed(faulty)
    with gateway as running:
        manager.wait("STATUS=serving")
        with open(f"/proc/{running.process.pid}/cmdline", encoding="utf-8") as file:
            words = file.read().split("\0")
        config = words[words.index("--config") + 1]
        with open(config, encoding="utf-8") as file:
            sound = file.read()
        with open(config, "w", encoding="utf-8") as file:
            file.write(sound + "\nnonsense: 1\n")
        running.process.send_signal(signal.SIGHUP)
        manager.wait_beginning("STATUS=serving; the last reload was refused: ")
        taken = "segel_config_last_reload_successful"
        when = "segel_config_last_reload_success_timestamp_seconds"
        page = metrics(running)
        shown = faulty.rig.segel("officer-1", "status")
        equal(shown.returncode, 1, shown.stdout)
        contains(shown.stdout, "the last reload of the configuration was refused: ", "nonsense")
        equal(page.value(taken), 0, taken)
        equal(page.value(when), page.value("segel_start_timestamp_seconds"), when)
        with open(config, "w", encoding="utf-8") as file:
            file.write(sound)
        running.process.send_signal(signal.SIGHUP)
        running.wait_event("reloaded")
        page = metrics(running)
        equal(faulty.rig.segel("officer-1", "status").returncode, 0, "all is well again")
        expect(page.value(when) > page.value("segel_start_timestamp_seconds"),
               "the page does not tell when the configuration was taken")
        end = time.monotonic() + 15
        while not any(heard.startswith("STATUS=not ready: lane lane0 is ")
                      for heard in manager.heard):
            expect(time.monotonic() < end, "the manager was never told of the lane")
            for pid in lane_pids(running):
                os.kill(pid, signal.SIGKILL)
            manager.listen(0.05)
    manager.close()


@claim
def the_manager_is_told_no_sooner_than_it_serves(faulty):
    manager = Manager()
    gateway = rig.Gateway(faulty.rig, faulty.rig.conf, manager.environment())
    with contextlib.closing(manager), gateway.until_end():
        try:
            manager.wait("READY=1")
            # It says nothing more: what it logged before may reach our reader late.
            gateway.process.send_signal(signal.SIGSTOP)
            gateway.wait_event("ready", 20)
        finally:
            gateway.process.send_signal(signal.SIGCONT)


@claim
def what_is_under_way_at_the_end_is_finished_and_the_log_is_closed(faulty):
    patient = (r"(?s)\A", "hsm: {timeout_ms: 30000}\nsign: {deadline_ms: 30000}\n")
    with faulty.gateway(SELDOM, patient) as gateway:
        client, one = gateway.client(), rig.item()
        sign = client.call("unary_unary", "Sign", rig.signing.SignRequest,
                           rig.signing.SignResponse)
        faulty.schedule("C_Sign@1+=slow=4000")
        job = sign.future(rig.signing.SignRequest(terms=rig.terms(), item=one), timeout=20)
        wait_for(lambda: metrics(gateway).value("segel_lane_in_flight", lane="lane0",
                                                kind="rsa") == 1, "the job is not under way")
        gateway.process.send_signal(signal.SIGTERM)
        gateway.wait_event("draining")
        faulty.schedule("")
        expect(job.result().result.signature, "the job was not finished")
        equal(gateway.wait_end(), 0, "exit code")
        expect(not gateway.find("fatal") and gateway.find("ended"), gateway.text()[-500:])
    records, covered = log_of(faulty)
    equal([r["type"] for r in records[-2:]], ["outcome", "shutdown"], "the last records")
    equal((records[-2]["job"], covered), (one.request_id, len(records)),
          "the last job, and what the last checkpoint covers")


@claim
def what_was_not_begun_when_the_end_is_due_is_left_to_its_owner(faulty):
    """Four a second, and more of them than the half minute of an end has room for."""
    with faulty.gateway((r"(?s)\A", "sign: {deadline_ms: 60000}\n")) as gateway:
        faulty.schedule("C_Sign@1+=slow=500")
        message = rig.signing.SignStreamRequest(terms=rig.terms(),
                                                items=[rig.item() for _ in range(250)])
        results = []
        reader = threading.Thread(
            target=lambda: results.extend(gateway.client().stream([message], timeout=90)))
        reader.start()
        wait_for(lambda: metrics(gateway).value("segel_lane_in_flight", lane="lane0",
                                                kind="rsa") >= 1, "no job is under way")
        gateway.process.send_signal(signal.SIGTERM)
        equal(gateway.wait_end(40), 0, "exit code")
        reader.join()
    equal(len(results), 250, "answers")
    refused = [result.status for result in results if not result.signature]
    expect(0 < len(refused) < len(results), f"{len(refused)} of {len(results)} were refused")
    for status in refused:
        equal(status.code, grpc.StatusCode.UNAVAILABLE.value[0], status.message)
        contains(status.message, "same id")
    records, covered = log_of(faulty)
    kinds = [record["type"] for record in records]
    equal((kinds.count("intent"), covered), (kinds.count("outcome"), len(records)),
          "intents, and what the last checkpoint covers")
    behind = kinds[::-1][:kinds[::-1].index("intent")]
    expect("shutdown" in behind, f"the end is not recorded behind the last intent: {behind}")


@claim
def the_last_checkpoint_is_tried_again(faulty):
    """One failed a moment before the end, and the next one is not due yet."""
    with faulty.gateway(("checkpoint_s: 1,", "checkpoint_s: 4,")) as gateway:
        gateway.client().sign()
        faulty.schedule(f"C_Sign@1+={DATA_INVALID}")
        gateway.wait_event("checkpoint.failed")
        faulty.schedule("")
        gateway.process.send_signal(signal.SIGTERM)
        equal(gateway.wait_end(), 0, "exit code")
    records, covered = log_of(faulty)
    equal(covered, len(records), "what the last checkpoint covers")


@claim
def a_last_checkpoint_that_cannot_be_had_holds_no_end_up(faulty):
    with faulty.gateway(("checkpoint_s: 1,", "checkpoint_s: 86400,")) as gateway:
        gateway.client().sign()
        faulty.schedule(f"C_Sign@1+={DATA_INVALID}")
        gateway.process.send_signal(signal.SIGTERM)
        equal(gateway.wait_end(10), 0, "exit code")


def log_of(faulty):
    """All records, and the size of the tree under the last checkpoint."""
    ledger = sqlite3.connect(faulty.rig.path("ledger.db"))
    with contextlib.closing(ledger):
        rows = [json.loads(r[0]) for r in ledger.execute("SELECT rec FROM leaf ORDER BY idx")]
        return rows, ledger.execute("SELECT max(size) FROM checkpoint").fetchone()[0]


@claim
def no_other_program_sees_the_manager(faulty):
    manager, gateway = managed(faulty)
    with gateway as running:
        pids = lane_pids(running)
        expect(pids, "there is no lane")
        for pid in pids:
            with open(f"/proc/{pid}/environ", "rb") as file:
                text = file.read()
            expect(b"NOTIFY_SOCKET" not in text and b"WATCHDOG" not in text, text)
    manager.close()


@claim
def an_io_loop_that_stands_still_starves_the_watchdog(faulty):
    """A thread of the gateway is held at its next wait for longer than the manager's
    patience; the core goes on meanwhile, and alone it must not say that all is well."""
    manager, gateway = managed(faulty)
    with gateway as running:
        manager.wait("WATCHDOG=1")
        tasks = [task for task in os.listdir(f"/proc/{running.process.pid}/task")
                 if int(task) != running.process.pid]
        held = order.attached(
            ["-o", os.devnull, "-e", "trace=epoll_wait",
             "-e", f"inject=epoll_wait:delay_exit={HELD_US}",
             *[word for task in tasks for word in ("-p", task)]], len(tasks))
        expect(held is not None, "strace could not attach")
        try:
            time.sleep(2 * WATCHDOG_S)  # until their next wait, and until that is noticed
            manager.drop()
            told = manager.listen(2.5 * WATCHDOG_S)
            expect("WATCHDOG=1" not in told, f"a gateway that hangs said: {told}")
        finally:
            order.detach(held)
        manager.heard.clear()
        manager.wait("WATCHDOG=1", 6 * WATCHDOG_S)
    manager.close()


@claim
def a_core_that_stands_still_alone_is_not_alive(faulty):
    """Its thread is held in the sync of a commit, as by a disk that hangs; the I/O loops and
    the local pages go on."""
    manager, gateway = managed(faulty)
    with gateway as running:
        manager.wait("WATCHDOG=1")
        equal(ask(running, "/livez")[::2], (200, "alive\n"))
        held = order.attached(
            ["-o", os.devnull, "-e", "trace=fdatasync",
             "-e", f"inject=fdatasync:delay_enter={HELD_US}", "-p", str(running.process.pid)])
        expect(held is not None, "strace could not attach")
        try:
            # Its deadline passes meanwhile.
            call = threading.Thread(
                target=lambda: rig.refused(running.client().sign, timeout=60))
            call.start()
            wait_for(lambda: ask(running, "/livez")[0] == 503, "it stays alive", 20)
            text = ask(running, "/livez")[2]
            contains(text, "the core stands still", "nobody looks after the lanes")
            expect("I/O loop" not in text, f"loops that go on: {text}")
            manager.drop()
            expect("WATCHDOG=1" not in manager.listen(1.5), "the watchdog was fed")
        finally:
            order.detach(held)
        call.join(timeout=60)
        wait_for(lambda: ask(running, "/livez")[0] == 200, "it stays dead", 20)
        manager.heard.clear()
        manager.wait("WATCHDOG=1", 6 * WATCHDOG_S)
    manager.close()


@claim
def variables_that_make_no_sense_keep_it_from_starting(faulty):
    for name, value, word in (("NOTIFY_SOCKET", "nowhere", "NOTIFY_SOCKET"),
                              ("NOTIFY_SOCKET", "/nonexistent/s", "cannot be reached")):
        gateway = rig.Gateway(faulty.rig, faulty.rig.conf, {name: value})
        equal(gateway.wait_end(), 1, value)
        contains(gateway.text(), word)


def is_out(gateway, reason):
    equal(gateway.client().health(), "NOT_SERVING", "health")
    code, _, text = ask(gateway, "/readyz")
    equal(code, 503, "/readyz")
    contains(text, "out of rotation: " + reason)
    expect("segel_out_of_rotation 1" in metrics_text(gateway), "the metric")
    gateway.client().sign()  # who comes is served


def metrics_text(gateway):
    return ask(gateway, "/metrics")[2]


def is_in(gateway):
    wait_for(lambda: gateway.client().health() == "SERVING", "it does not serve again")
    equal(ask(gateway, "/readyz")[0], 200, "/readyz")


@claim
def out_of_rotation_and_back_by_signal(faulty):
    with faulty.gateway() as gateway:
        gateway.process.send_signal(signal.SIGUSR1)
        gateway.wait_event("rotation.out")
        is_out(gateway, "SIGUSR1")
        gateway.process.send_signal(signal.SIGUSR2)
        gateway.wait_event("rotation.in")
        is_in(gateway)


@claim
def out_of_rotation_and_back_by_command(faulty):
    segel = faulty.rig.segel
    with faulty.gateway() as gateway:
        result = segel("officer-1", "admin", "out", "--reason", "kernel update (TEST)")
        equal(result.returncode, 0, result.stderr)
        contains(result.stdout, "out of rotation, by officer-1: kernel update (TEST)")
        is_out(gateway, "kernel update (TEST)")
        page = segel("officer-1", "status")
        contains(page.stdout, "taken out of rotation by officer-1")
        second = segel("officer-1", "admin", "out", "--reason", "another matter (TEST)")
        expect(second.returncode != 0, f"its reason is dropped: {second.stdout}")
        contains(second.stderr, "already, by officer-1: kernel update (TEST)")
        is_out(gateway, "kernel update (TEST)")
        again = segel("officer-1", "admin", "out", "--reason", "kernel update (TEST)")
        equal(again.returncode, 0, "the same once more")
        result = segel("officer-1", "admin", "in", "--lang", "id")
        contains(result.stdout, "berada dalam rotasi")
        is_in(gateway)


@claim
def who_may_not_or_gives_no_reason_changes_nothing(faulty):
    segel = faulty.rig.segel
    with faulty.gateway() as gateway:
        result = segel("e-office", "admin", "out", "--reason", "a try (TEST)")
        contains(result.stderr, "roles operator and officer")
        expect(result.returncode != 0, "a backend took it out of rotation")
        contains(segel("officer-1", "admin", "out").stderr, "--reason")
        contains(segel("officer-1", "admin", "out", "--reason", "x" * 161).stderr,
                 "160 bytes")
        contains(segel("officer-1", "admin", "out", "--reason", "a\nb").stderr, "one line")
        equal(gateway.client().health(), "SERVING", "health")


@claim
def where_the_time_goes_and_what_denies_is_counted(faulty):
    with faulty.gateway() as gateway:
        client, again = gateway.client(), rig.item()
        client.sign(again)
        client.sign(again)
        client.sign()
        for _ in range(3):
            rig.refused(client.sign, document_class="surat_rahasia")
        page = metrics(gateway)
    asked = {"operation": "pades_b_b", "kind": "rsa"}
    for stage in ("queue", "commit", "lane", "hsm"):
        equal(page.value("segel_stage_duration_seconds", stage=stage, result="signed", **asked),
              2, stage)
    for result, count in (("signed", 2), ("replayed", 1), ("denied", 3), ("failed", 0),
                          ("indeterminate", 0), ("dropped", 0)):
        equal(page.value("segel_job_duration_seconds", result=result, **asked), count, result)
    equal(len(page.families["segel_job_duration_seconds"].samples), 6, "series: one operation")
    denials = page.families["segel_denials_total"].samples
    equal(sum(denials.values()), 3, f"denials: {denials}")
    expect(all(("because", "request") in labels for labels in denials), f"because: {denials}")
    equal(page.value("segel_accepts_total", rule="", how="passed"), 2, "accepted")
    stages = page.families["segel_stage_duration_seconds"].series
    total = page.families["segel_job_duration_seconds"].series
    inside = sum(stages[frozenset({("stage", s), ("result", "signed"), *asked.items()})]["sum"]
                 for s in ("queue", "commit", "lane"))
    whole = total[frozenset({("result", "signed"), *asked.items()})]["sum"]
    expect(inside <= whole, f"the stages take {inside} s, all of it {whole} s")


@claim
def a_clock_that_the_kernel_hides_is_told_once(faulty):
    with faulty.rig.gateway(**preload("kept", KEPT="hidden")) as gateway:
        contains(gateway.wait_event("clock.hidden")["what_to_do"], "adjtimex")
        refusal = rig.refused(gateway.client().sign)
        contains(refusal.message, "CP-6.8")
        time.sleep(1)
        equal(len(gateway.find("clock.hidden")), 1, "lines")


@claim
def a_program_asks_the_local_pages(faulty):
    port = (r"address: 127.0.0.1, port: 0", f"address: 127.0.0.1, port: {rig.free_port()}")
    with faulty.gateway(port) as gateway:
        config = faulty.rig.path("changed.yaml")

        def probe(path):
            return faulty.rig.tool("segeld", "--config", config, "--probe", path)

        for path, word in (("/livez", "alive\n"), ("/readyz", "ready\n")):
            result = probe(path)
            equal((result.returncode, result.stdout), (0, word), path)
        gateway.process.send_signal(signal.SIGUSR1)
        gateway.wait_event("rotation.out")
        result = probe("/readyz")
        equal(result.returncode, 1, "out of rotation")
        contains(result.stdout, "out of rotation")
        equal(probe("/livez").returncode, 0, "out of rotation is alive")
        for path in ("readyz", "/metrics", "/"):
            equal(probe(path).returncode, 2, "a wrong command line")
            contains(probe(path).stderr, "--probe takes")
        # What watches a gateway that serves must not stumble over a file that it refused.
        sound = faulty.rig.read("changed.yaml")
        faulty.rig.write("changed.yaml", sound + "\nnonsense: 1\n")
        page = f"http://{gateway.find('starting')[-1]['admin']}/livez"
        result = faulty.rig.tool("segeld", "--probe", page)
        equal((result.returncode, result.stdout), (0, "alive\n"), page)
        faulty.rig.write("changed.yaml", sound)
        for page in ("http://192.0.2.1:9464/livez", "http://127.0.0.1/livez",
                     "http://127.0.0.1:9464/metrics", "https://127.0.0.1:9464/livez"):
            equal(faulty.rig.tool("segeld", "--probe", page).returncode, 2, page)
    contains(probe("/livez").stderr, "no gateway answers")
    equal(probe("/livez").returncode, 1, "without a gateway")


@claim
def a_gateway_whose_pages_take_nobody_is_not_waited_for_long(faulty):
    """One that stands still takes no connection when those before it fill its queue."""
    with contextlib.ExitStack() as open_ones:
        listener = open_ones.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            waiting = open_ones.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        port = listener.getsockname()[1]
        config = faulty.rig.config((r"\nlanes:\n",
                                    f"\nadmin: {{address: 127.0.0.1, port: {port}}}\nlanes:\n"))
        result = faulty.rig.tool("segeld", "--config", config, "--probe", "/livez")
    equal(result.returncode, 1)
    contains(result.stderr, "no gateway answers")


TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def traced(gateway, header, the_item=None, more=(), **changes):
    client, signing = gateway.client(), rig.signing
    call = client.call("unary_unary", "Sign", signing.SignRequest, signing.SignResponse)
    return call(signing.SignRequest(terms=rig.terms(**changes), item=the_item or rig.item()),
                timeout=20, metadata=[("traceparent", value) for value in (header, *more)]).result


def decisions(faulty):
    result = faulty.rig.segel("reviewer", "log", "show", "--json")
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    return {row["job"]: row for row in rows if row.get("type") in ("intent", "deny")}


@claim
def a_trace_goes_into_records_and_log_lines(faulty):
    header = f"00-{TRACE}-00f067aa0ba902b7-01"
    good, denied, bare, twice = (rig.item() for _ in range(4))
    with faulty.gateway((r"level: info", "level: debug")) as gateway:
        traced(gateway, header, good)
        again = traced(gateway, header.replace("4bf9", "0000"), good)
        rig.refused(lambda: traced(gateway, header, denied, document_class="surat_rahasia"))
        traced(gateway, header.upper(), bare)
        traced(gateway, header, twice, more=[header.replace("4bf9", "0000")])
        rows = decisions(faulty)
        lines = gateway.find("job.signed") + gateway.find("job.denied")
    expect(again.replayed, "another trace makes it another request")
    equal(rows[good.request_id]["trace_id"], TRACE)
    equal(rows[denied.request_id]["trace_id"], TRACE)
    expect("trace_id" not in rows[bare.request_id], "a bad header was recorded")
    expect("trace_id" not in rows[twice.request_id], "one of two headers was recorded")
    for the_item in (good, denied):
        line = [l for l in lines if l["request_id"] == the_item.request_id]
        equal([l["trace_id"] for l in line], [TRACE], the_item.request_id)


def traced_batch(gateway, header, items, **changes):
    client, signing = gateway.client(), rig.signing
    call = client.call("unary_unary", "SignBatch", signing.SignBatchRequest,
                       signing.SignBatchResponse)
    return call(signing.SignBatchRequest(terms=rig.terms(**changes), items=items), timeout=20,
                metadata=[("traceparent", header)]).results


def traced_stream(gateway, header, items, **changes):
    """Two messages; the terms come with the first."""
    client, signing = gateway.client(), rig.signing
    call = client.call("stream_stream", "SignStream", signing.SignStreamRequest,
                       signing.SignStreamResponse)
    asked = [signing.SignStreamRequest(terms=rig.terms(**changes), items=items[:1]),
             signing.SignStreamRequest(items=items[1:])]
    return [result for reply in call(iter(asked), timeout=20,
                                     metadata=[("traceparent", header)])
            for result in reply.results]


@claim
def a_trace_of_a_batch_or_a_stream_goes_to_each_of_its_letters(faulty):
    of_batch, of_stream = ("b" * 32, "5" * 32)
    asks = [(way, trace, changes, [rig.item() for _ in range(3)])
            for way, trace in ((traced_batch, of_batch), (traced_stream, of_stream))
            for changes in ({}, {"document_class": "surat_rahasia"})]
    untraced = [rig.item() for _ in range(2)]
    with faulty.gateway((r"level: info", "level: debug")) as gateway:
        for way, trace, changes, items in asks:
            results = way(gateway, f"00-{trace}-00f067aa0ba902b7-01", items, **changes)
            equal(len(results), len(items))
        equal(len(gateway.client().batch(untraced)), 2)
        rows = decisions(faulty)
        lines = gateway.find("job.signed") + gateway.find("job.denied")
    for way, trace, changes, items in asks:
        for one in items:
            row = rows[one.request_id]
            equal((row["type"], row.get("trace_id")), ("deny" if changes else "intent", trace),
                  way.__name__)
            equal([line["trace_id"] for line in lines if line["request_id"] == one.request_id],
                  [trace], way.__name__)
    for one in untraced:
        expect("trace_id" not in rows[one.request_id], "the trace of an earlier call")


@claim
def a_flood_of_denials_is_no_flood_of_log_lines(faulty):
    with faulty.gateway() as gateway:
        items = [rig.item() for _ in range(300)]
        gateway.client().batch(items, document_class="surat_rahasia")
        time.sleep(0.3)
        gateway.client().batch([rig.item()], document_class="surat_rahasia")
        wait_for(lambda: int(gateway.find("job.denied")[-1]["left_out"]) > 0,
                 "no line tells what was left out")
        lines = gateway.find("job.denied")
    expect(50 <= len(lines) <= 100, f"{len(lines)} lines of 301 denials")
    left_out = sum(int(line["left_out"]) for line in lines)
    equal(left_out + len(lines), 301, "lines and what they left out")


if __name__ == "__main__":
    the_rig = rig.Rig("operated")
    raise SystemExit(rig.run(Faulty(the_rig)))
