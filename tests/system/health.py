#!/usr/bin/python3
"""What load balancers and operators see: gRPC health by a stock client, and the local pages
for metrics and health, while a lane dies, comes back, cannot come back, and the gateway
ends."""
import concurrent.futures
import contextlib
import os
import queue
import re
import signal
import socket
import ssl
import sys
import threading
import time

import grpc
import rig
from cryptography import x509
from faulty import BROKEN_LOGIN, SELDOM, Faulty, ask, kill_lane, metrics, token, wait_for
from maker import calls
from rig import claim, contains, equal, expect
from trust import issue

SERVICES = ("", "segel.v1.SigningService", "segel.v1.LogService", "segel.key/seal-demo",
            "segel.lane/lane0")


class Watcher:
    """Reads one Watch on a thread of its own; what it was told, in order."""

    def __init__(self, client, service=""):
        self.call = client.watch(service)
        self.told, self.end = queue.Queue(), None
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        try:
            for response in self.call:
                self.told.put(rig.serving_name(response))
        except grpc.RpcError as error:
            self.end = error.code()
        self.told.put(None)

    def next(self, seconds=10):
        try:
            return self.told.get(timeout=seconds)
        except queue.Empty:
            raise rig.Failed(f"the watcher was told nothing in {seconds} s") from None

    def silent(self, seconds=1.0):
        with contextlib.suppress(queue.Empty):
            raise rig.Failed(f"the watcher was told {self.told.get(timeout=seconds)}")

    def cancel(self):
        self.call.cancel()
        self.thread.join(timeout=5)


# --- gRPC health ----------------------------------------------------------------------------

@claim
def every_service_of_a_sound_gateway_is_serving(faulty):
    with faulty.gateway() as gateway:
        for name in SERVICES:
            equal(gateway.client().health(name), "SERVING", name)


@claim
def callers_of_every_role_may_ask_and_nobody_else(faulty):
    with faulty.gateway() as gateway:
        for name in ("e-office", "reviewer", "officer-1"):
            equal(gateway.client(name).health(), "SERVING", name)
        refusal = rig.refused(rig.Client(gateway, "e-office", identity=False).health)
        equal(refusal.code, grpc.StatusCode.UNAVAILABLE, "without a certificate")


@claim
def a_name_that_is_not_known_is_not_found_but_may_be_watched(faulty):
    with faulty.gateway() as gateway:
        client = gateway.client()
        for name in ("segel.key/other", "segel.lane/", "x" * 500):
            refusal = rig.refused(client.health, name)
            equal(refusal.code, grpc.StatusCode.NOT_FOUND, name)
        watcher = Watcher(client, "segel.key/other")
        equal(watcher.next(), "SERVICE_UNKNOWN")
        watcher.silent()
        expect(watcher.thread.is_alive(), "the stream stays open")
        watcher.cancel()


@claim
def watchers_see_a_lane_die_and_come_back_and_nothing_else(faulty):
    with faulty.gateway() as gateway:
        client = gateway.client()
        watchers = {name: Watcher(client, name) for name in SERVICES}
        for name, watcher in watchers.items():
            equal(watcher.next(), "SERVING", name)
        faulty.schedule(BROKEN_LOGIN)
        kill_lane(gateway)
        log = watchers.pop("segel.v1.LogService")
        for name, watcher in watchers.items():
            equal(watcher.next(), "NOT_SERVING", name)
        equal(client.health("segel.key/seal-demo"), "NOT_SERVING")
        faulty.schedule("")
        for name, watcher in watchers.items():
            equal(watcher.next(40), "SERVING", name)
            watcher.silent(0.3)
        log.silent(0.1)
        for watcher in (log, *watchers.values()):
            watcher.cancel()


@claim
def the_end_is_told_to_watchers_before_their_calls_end(faulty):
    with faulty.gateway() as gateway:
        watchers = [Watcher(gateway.client(), name) for name in (*SERVICES, "segel.key/x")]
        for watcher in watchers:
            expect(watcher.next() in ("SERVING", "SERVICE_UNKNOWN"), "first state")
        started = time.monotonic()
        equal(gateway.stop(), 0, "exit code")
        expect(time.monotonic() - started < 15, "the end waited for the watchers")
        for watcher in watchers[:-1]:
            equal(watcher.next(), "NOT_SERVING")
        for watcher in watchers:
            equal(watcher.next(), None, "after that")
            equal(watcher.end, grpc.StatusCode.UNAVAILABLE)


# --- Frames, as they come -------------------------------------------------------------------

DATA, HEADERS, SETTINGS, GOAWAY = 0, 1, 4, 7
END_STREAM, END_HEADERS = 1, 4


def frame(kind, flags, stream, payload=b""):
    return (len(payload).to_bytes(3, "big") + bytes([kind, flags])
            + stream.to_bytes(4, "big") + payload)


def literal(text):
    return bytes([len(text)]) + text.encode()


def call_by_hand(path, message):
    headers = {":method": "POST", ":scheme": "https", ":path": path, ":authority": "localhost",
               "te": "trailers", "content-type": "application/grpc"}
    block = b"".join(b"\0" + literal(name) + literal(value) for name, value in headers.items())
    return (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS, 0, 0)
            + frame(HEADERS, END_HEADERS, 1, block)
            + frame(DATA, END_STREAM, 1, b"\0" + len(message).to_bytes(4, "big") + message))


def raw_link(gateway, name="e-office"):
    home = gateway.rig.path("clients", name)
    context = ssl.create_default_context(cafile=os.path.join(home, "ca.pem"))
    context.load_cert_chain(os.path.join(home, "cert.pem"), os.path.join(home, "key.pem"))
    context.set_alpn_protocols(["h2"])
    host, port = gateway.address.rsplit(":", 1)
    return context.wrap_socket(socket.create_connection((host, int(port)), timeout=20),
                               server_hostname=host)


def frames_of(link):
    """(kind, stream, payload) until the other side closes."""
    stream = link.makefile("rb")
    while True:
        head = stream.read(9)
        if len(head) < 9:
            return
        yield head[3], int.from_bytes(head[5:9], "big"), stream.read(
            int.from_bytes(head[:3], "big"))


@claim
def not_serving_is_told_before_connections_are_told_to_go(faulty):
    with faulty.gateway() as gateway, raw_link(gateway) as link:
        link.sendall(call_by_hand("/grpc.health.v1.Health/Watch", b""))
        frames, seen = frames_of(link), []
        while not seen:
            kind, _, payload = next(frames)
            seen += [payload] if kind == DATA else []
        equal(seen, [b"\0\0\0\0\2\x08\x01"], "SERVING")
        gateway.process.send_signal(signal.SIGTERM)
        rest = [(kind, payload) for kind, _, payload in frames if kind in (DATA, GOAWAY)]
        expect(GOAWAY in [kind for kind, _ in rest], "the connection is told to go")
        equal(rest[0], (DATA, b"\0\0\0\0\2\x08\x02"), "NOT_SERVING comes first")


# --- Bounds ---------------------------------------------------------------------------------

@claim
def watchers_are_counted_and_a_place_is_given_back(faulty):
    with faulty.gateway() as gateway:
        client = gateway.client()
        watchers = [Watcher(client) for _ in range(64)]
        for watcher in watchers:
            equal(watcher.next(), "SERVING")
        one_more = Watcher(client)
        equal(one_more.next(), None)
        equal(one_more.end, grpc.StatusCode.RESOURCE_EXHAUSTED)
        equal(client.health(), "SERVING", "Check goes on")
        watchers.pop().cancel()

        def has_room():
            again = Watcher(client)
            told = again.next()
            again.cancel()
            return told == "SERVING"
        wait_for(has_room, "the place of a watcher that left is not given back")
        for watcher in watchers:
            watcher.cancel()


@claim
def one_caller_leaves_places_to_watchers_of_others(faulty):
    with faulty.gateway() as gateway:
        watchers = [Watcher(gateway.client()) for _ in range(65)]
        equal(sorted(watcher.next() or "" for watcher in watchers), [""] + 64 * ["SERVING"])
        other = Watcher(gateway.client("reviewer"))
        equal(other.next(), "SERVING")
        for watcher in (*watchers, other):
            watcher.cancel()


@claim
def watchers_of_all_callers_are_bounded(faulty):
    names = [issue(faulty.rig, f"more-{i}", x509.DNSName(f"more-{i}.example"))
             for i in range(4)]
    more = "".join(f'  - {{name: {name}, match: "DNS:{name}.example", roles: [reviewer], '
                   'keys: []}\n' for name in names)
    with faulty.gateway((r"(?m)^callers:\n", "callers:\n" + more)) as gateway:
        clients = [gateway.client(name) for name in names]
        watchers = [Watcher(client) for client in clients for _ in range(64)]
        for watcher in watchers:
            equal(watcher.next(), "SERVING")
        one_more = Watcher(gateway.client("reviewer"))
        equal(one_more.next(), None)
        equal(one_more.end, grpc.StatusCode.RESOURCE_EXHAUSTED)
        for watcher in watchers:
            watcher.cancel()


def keys_watch(client):
    return client.call("unary_stream", "WatchKeys", rig.keys.WatchKeysRequest,
                       rig.keys.WatchKeysResponse, service="KeyService")(
                           rig.keys.WatchKeysRequest(), timeout=60)


def watch_keys(client):
    """A call that watches the keys, and None, or why it may not."""
    call = keys_watch(client)
    try:
        equal(next(call).key.name, "seal-demo")
    except grpc.RpcError as error:
        return call, rig.Refusal(error)
    return call, None


@claim
def one_caller_leaves_places_to_watchers_of_the_keys(faulty):
    with faulty.gateway() as gateway:
        opened = [watch_keys(gateway.client("reviewer")) for _ in range(65)]
        equal([refusal.code for _, refusal in opened if refusal is not None],
              [grpc.StatusCode.RESOURCE_EXHAUSTED], "the last is refused")
        contains(opened[-1][1].message, "64 calls of this caller watch the keys already")
        equal(metrics(gateway).value("segel_key_watchers"), 64)
        other, refusal = watch_keys(gateway.client("officer-1"))
        expect(refusal is None, "another caller watches beside them")
        for call in (other, *(call for call, _ in opened)):
            call.cancel()
        wait_for(lambda: metrics(gateway).value("segel_key_watchers") == 0,
                 "places are not given back")


@claim
def who_watches_again_at_once_does_not_hold_up_the_end(faulty):
    with faulty.gateway() as gateway:
        begun = [threading.Event() for _ in range(2)]

        def again(open_one, started):
            while gateway.process.poll() is None:
                with contextlib.suppress(grpc.RpcError):
                    for _ in open_one():
                        started.set()
        reviewer, other = gateway.client("reviewer"), gateway.client()
        threads = [threading.Thread(target=again, args=args, daemon=True)
                   for args in ((lambda: keys_watch(reviewer), begun[0]),
                                (other.watch, begun[1]))]
        for thread in threads:
            thread.start()
        expect(all(started.wait(10) for started in begun), "both watch")
        started = time.monotonic()
        equal(gateway.stop(), 0, "exit code")
        took = time.monotonic() - started
        expect(took < 15, f"the end waited for the watchers: {took:.1f} s")
        for thread in threads:
            thread.join(timeout=10)


# --- Local pages ----------------------------------------------------------------------------

@claim
def a_sound_gateway_is_well_and_ready(faulty):
    with faulty.gateway() as gateway:
        equal(ask(gateway, "/healthz")[::2], (200, "ok\n"))
        equal(ask(gateway, "/readyz")[::2], (200, "ready\n"))
        equal(ask(gateway, "/metrics", "HEAD")[::2], (200, ""))
        equal(ask(gateway, "/")[0], 404)
        expect(ask(gateway, "/metrics", "POST")[0] >= 400, "POST is refused")


@claim
def metrics_are_those_of_the_documentation(faulty):
    with open(os.path.join(rig.ROOT, "docs/METRICS.md"), encoding="utf-8") as file:
        rows = re.findall(r"^\| `(segel_\w+)` \| (\w+) \| ([\w,]*) \| (.*) \|$", file.read(),
                          flags=re.M)
    os.makedirs(faulty.rig.path("drop"), exist_ok=True)
    anchors = "anchors: [{name: drop, drop: drop}]\nlanes:\n"
    with faulty.gateway((r"(?m)^lanes:\n", anchors)) as gateway:
        gateway.client().sign()
        rig.refused(gateway.client().sign, document_class="surat_rahasia")
        shown = [(name, f.kind, ",".join(f.label_names), f.help)
                 for name, f in metrics(gateway).families.items()]
    # Without a mandate nothing is left of one, and of time stamps nothing is said without an
    # authority: tests/system/mandates.py sees the first, tests/unit/service/monitor.c the second.
    equal(sorted(shown), sorted(r for r in rows if r[0] != "segel_mandate_left"
                                and not r[0].startswith("segel_tsa_")), "metrics")


@claim
def metrics_count_calls_connections_and_watchers(faulty):
    with faulty.gateway() as gateway:
        before, client = metrics(gateway), gateway.client()
        for _ in range(5):
            client.sign()
        rig.refused(client.call("unary_unary", "Nothing", rig.signing.SignRequest,
                                rig.signing.SignResponse),
                    rig.signing.SignRequest(), timeout=10)
        watcher = Watcher(client)
        watcher.next()
        after = metrics(gateway)
        for name, grown in (("segel_calls_started_total", 6), ("segel_calls_refused_total", 1),
                            ("segel_connections_opened_total", 1),
                            ("segel_handshakes_failed_total", 0)):
            equal(after.value(name) - before.value(name), grown, name)
        equal(after.value("segel_health_watchers"), 1)
        equal(after.value("segel_jobs"), 0)
        watcher.cancel()


@claim
def a_lane_that_dies_without_work_has_failed_all_the_same(faulty):
    with faulty.gateway() as gateway:
        before = metrics(gateway)
        equal(before.value("segel_lane_last_failure_timestamp_seconds", lane="lane0"), 0)
        kill_lane(gateway)
        wait_for(lambda: metrics(gateway).value("segel_lane_processes_lost_total", lane="lane0") == 1,
                 "the loss is not counted")
        failed = metrics(gateway).value("segel_lane_last_failure_timestamp_seconds",
                                        lane="lane0")
        expect(abs(time.time() - failed) < 60, f"the last failure was at {failed}")


@claim
def a_lane_that_cannot_start_is_told_with_its_reason(faulty):
    with faulty.gateway() as gateway:
        faulty.schedule(BROKEN_LOGIN)
        kill_lane(gateway)
        wait_for(lambda: ask(gateway, "/healthz")[0] == 503, "/healthz stays well")
        wait_for(lambda: "CKR_DEVICE_ERROR" in ask(gateway, "/healthz")[2],
                 "/healthz does not say what fails")
        status, _, text = ask(gateway, "/healthz")
        equal((status, len(text.splitlines())), (503, 2), text)
        contains(text, "lane lane0 is ", "key seal-demo cannot sign: no lane")
        equal(ask(gateway, "/readyz")[0], 503)
        page = metrics(gateway)
        equal(page.value("segel_lane_up", lane="lane0"), 0)
        equal(sum(page.families["segel_lane_state"].samples.values()), 1, "states at once")
        equal(page.value("segel_lane_state", lane="lane0", state="up"), 0)
        equal(page.value("segel_key_serving", key="seal-demo"), 0)
        equal(page.value("segel_signing"), 1, "the ledger is well")
        faulty.schedule("")
        wait_for(lambda: ask(gateway, "/healthz")[0] == 200, "the lane does not come back", 40)
        page = metrics(gateway)
        equal(page.value("segel_lane_up", lane="lane0"), 1)
        equal(page.value("segel_key_serving", key="seal-demo"), 1)
        equal(ask(gateway, "/readyz")[0], 200)


@claim
def an_address_that_others_reach_is_refused_at_the_start(faulty):
    path = faulty.rig.config((r"^node: gw1$", "node: gw1\nadmin: {address: 0.0.0.0}"))
    code, text = faulty.rig.refuses(path)
    equal(code, 1, "exit code")
    contains(text, "admin.address", "0.0.0.0", "127.0.0.1")
    checked = faulty.rig.tool("segeld", "--config", path, "--check-config")
    equal(checked.returncode, 1, "exit code of --check-config")
    contains(checked.stderr, "admin.address")


@claim
def without_an_address_there_are_no_pages(faulty):
    with faulty.rig.gateway() as gateway:
        equal(gateway.find("ready")[-1]["admin"], "off")


@claim
def a_start_that_a_token_holds_up_can_be_ended(faulty):
    """A token may take minutes (hsm.start_ms); whoever ends the start does not wait for it."""
    config = faulty.rig.write("slow.yaml", faulty.text + "hsm: {start_ms: 600000}\n")
    for signum in (signal.SIGTERM, signal.SIGINT):
        faulty.schedule("C_Login@1+=hang")
        faulty.rig.write("calls", "")
        gateway = rig.Gateway(faulty.rig, config, {})
        try:
            gateway.wait_event("starting")
            wait_for(lambda: faulty.logins() > 0, "no lane logs in")
            gateway.process.send_signal(signum)
            equal(gateway.wait_end(), 0, "exit code")
            equal(gateway.find("fatal"), [], "an end that was asked for")
        finally:
            faulty.schedule("")
            gateway.stop()


@claim
def of_a_caller_that_is_no_more_nobody_is_reminded(faulty):
    def ends(gateway):
        return re.findall(r'segel_expiry_seconds\{what="client",name="([^"]+)"\}',
                          ask(gateway, "/metrics")[2])

    with faulty.gateway() as gateway:
        gateway.client("e-office").sign()
        gateway.client("reviewer").health()
        wait_for(lambda: {"e-office", "reviewer"} <= set(ends(gateway)), "ends of clients")
        text = faulty.rig.read("changed.yaml")
        faulty.rig.write("changed.yaml", re.sub(r" +- \{name: e-office,.*\n", "", text))
        gateway.process.send_signal(signal.SIGHUP)
        gateway.wait_event("reloaded")
        wait_for(lambda: "e-office" not in ends(gateway), "it is reminded of for ever")
        expect("reviewer" in ends(gateway), "the others' are")


@claim
def a_key_that_its_token_fails_each_time_is_told(faulty):
    """The lane is up and the token answers: nothing else would show it."""
    name = 'segel_key_failures_in_row{key="seal-demo"}'
    with faulty.gateway((r" +canary: .*\n", "")) as gateway:
        expect(gateway.client().sign().signature, "it signs")
        faulty.schedule("C_SignInit@1+=70")  # CKR_MECHANISM_INVALID
        for _ in range(5):
            equal(rig.refused(gateway.client().sign).code,
                  grpc.StatusCode.FAILED_PRECONDITION)
        wait_for(lambda: f"{name} 5" in ask(gateway, "/metrics")[2], "the metric does not tell")
        status, _, text = ask(gateway, "/healthz")
        equal(status, 503, text)
        contains(text, "key seal-demo: its last 5 operations failed: ", "0x70")
        equal(ask(gateway, "/readyz")[0], 200, "callers come, or nobody would see its end")
        expect(metrics(gateway).value("segel_lane_failures_total", lane="lane0") >= 5,
               "the lane's failures")
        shown = faulty.rig.segel("officer-1", "status")
        equal(shown.returncode, 1, shown.stdout)
        contains(shown.stdout, "key seal-demo: its last 5 operations failed: ")
        faulty.schedule("")
        expect(gateway.client().sign().signature, "it signs again")
        wait_for(lambda: ask(gateway, "/healthz")[0] == 200, "it is told for ever")


@claim
def what_a_lane_takes_along_is_no_failure_of_its_key(faulty):
    """Nobody signs behind it: it would be told until somebody does."""
    jobs = 8
    with faulty.gateway((r"threads: 2", f"threads: {jobs}"),
                        (r" +canary: .*\n", ""), SELDOM) as gateway:
        expect(gateway.client().sign().signature, "it signs")
        before = calls(faulty, "C_Sign")
        faulty.schedule("C_Sign@1+=slow=9000")
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            batch = pool.submit(gateway.client().batch, [rig.item() for _ in range(jobs)])
            wait_for(lambda: calls(faulty, "C_Sign") - before >= jobs, "they are not under way")
            faulty.schedule("")
            kill_lane(gateway)
            expect(not any(r.signature for r in batch.result(60)), "their lane is gone")
        wait_for(lambda: token(gateway).lane_state == "up", "no lane comes")
        equal(metrics(gateway).value("segel_key_failures_in_row", key="seal-demo"), 0)
        wait_for(lambda: ask(gateway, "/healthz")[0] == 200, "it is told for ever")


if __name__ == "__main__":
    sys.exit(rig.run(Faulty(rig.Rig("health"))))
