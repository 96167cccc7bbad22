"""What every gRPC client must be able to do, as cases for grpcio: those of gRPC's
interop-test-descriptions.md, and those that have gone wrong elsewhere.

A case takes a Way (ground.py) and raises when it is not met.
"""
import contextlib
import os
import subprocess
import sys
import threading
import time

import grpc

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import ground  # noqa: E402
from ground import messages as m  # noqa: E402

LARGE_ASKED, LARGE_SENT = 314159, 271828
UPLOADS = (27182, 8, 1828, 45904)
DOWNLOADS = (31415, 9, 2653, 58979)
ODD = "\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \U0001f608\t\n"
LIMIT = 4 << 20
TIMEOUT = 20
Code = grpc.StatusCode
EMPTY = b""
CASES = []


def case(function):
    CASES.append(function)
    return function


class Failed(Exception):
    pass


def equal(found, wanted, what="value"):
    if found != wanted:
        raise Failed(f"{what}: found {found!r}, wanted {wanted!r}")


# --- Calls ------------------------------------------------------------------------------

def raw(channel, kind, path):
    return getattr(channel, kind)(path)


def simple(channel, name="UnaryCall"):
    return channel.unary_unary(f"/grpc.testing.TestService/{name}",
                               m.SimpleRequest.SerializeToString, m.SimpleResponse.FromString)


def upload(channel):
    return channel.stream_unary("/grpc.testing.TestService/StreamingInputCall",
                                m.StreamingInputCallRequest.SerializeToString,
                                m.StreamingInputCallResponse.FromString)


def download(channel):
    return channel.unary_stream("/grpc.testing.TestService/StreamingOutputCall",
                                m.StreamingOutputCallRequest.SerializeToString,
                                m.StreamingOutputCallResponse.FromString)


def duplex(channel, name="FullDuplexCall"):
    return channel.stream_stream(f"/grpc.testing.TestService/{name}",
                                 m.StreamingOutputCallRequest.SerializeToString,
                                 m.StreamingOutputCallResponse.FromString)


def payload(size, random=False):
    return m.Payload(body=os.urandom(size) if random else bytes(size))


def large(**more):
    return m.SimpleRequest(response_size=LARGE_ASKED, payload=payload(LARGE_SENT), **more)


def asked(*sizes, interval_us=0, **more):
    return m.StreamingOutputCallRequest(
        response_parameters=[m.ResponseParameters(size=size, interval_us=interval_us)
                             for size in sizes], **more)


def sizes(answers):
    return [len(answer.payload.body) for answer in answers]


def outcome(function):
    """(code, text) of a call."""
    try:
        function()
    except grpc.RpcError as error:
        return error.code(), error.details()
    return Code.OK, ""


class Talk:
    """Requests of a duplex call, one at a time."""

    def __init__(self):
        self.ready = threading.Condition()
        self.waiting, self.over = [], False

    def say(self, request):
        with self.ready:
            self.waiting.append(request)
            self.ready.notify()

    def end(self):
        with self.ready:
            self.over = True
            self.ready.notify()

    def __iter__(self):
        return self

    def __next__(self):
        with self.ready:
            self.ready.wait_for(lambda: self.waiting or self.over)
            if self.waiting:
                return self.waiting.pop(0)
        raise StopIteration


# --- gRPC's own cases -------------------------------------------------------------------

@case
def empty_unary(way):
    with way.open() as channel:
        call = raw(channel, "unary_unary", "/grpc.testing.TestService/EmptyCall")
        equal(call(EMPTY, timeout=TIMEOUT), EMPTY, "answer")


@case
def cacheable_unary(way):
    """By POST: there is no cache on the way."""
    with way.open() as channel:
        answer = simple(channel, "CacheableUnaryCall")(
            m.SimpleRequest(response_size=10), timeout=TIMEOUT,
            metadata=(("x-user-ip", "1.2.3.4"),))
        equal(sizes([answer]), [10], "bytes")


@case
def large_unary(way):
    with way.open() as channel:
        equal(sizes([simple(channel)(large(), timeout=TIMEOUT)]), [LARGE_ASKED], "bytes")


@case
def client_compressed_unary(way):
    with way.open() as channel:
        call = simple(channel)
        expected, other = m.BoolValue(value=True), m.BoolValue(value=False)
        code, _ = outcome(lambda: call(large(expect_compressed=expected), timeout=TIMEOUT))
        equal(code, Code.INVALID_ARGUMENT, "the probe's status")
        answer = call(large(expect_compressed=expected), timeout=TIMEOUT,
                      compression=grpc.Compression.Gzip)
        equal(sizes([answer]), [LARGE_ASKED], "bytes to a compressed request")
        answer = call(large(expect_compressed=other), timeout=TIMEOUT)
        equal(sizes([answer]), [LARGE_ASKED], "bytes to a plain request")


@case
def server_compressed_unary(way):
    for wanted, lowest, highest in ((True, 0, 20000), (False, LARGE_ASKED, 2 * LARGE_ASKED)):
        with ground.counted(way) as (channel, relay):
            answer = simple(channel)(large(response_compressed=m.BoolValue(value=wanted)),
                                     timeout=TIMEOUT)
            equal(sizes([answer]), [LARGE_ASKED], "bytes")
            equal(lowest <= relay.sent <= highest, True,
                  f"compressed {wanted}: {relay.sent} bytes on the wire as they should")


@case
def client_streaming(way):
    with way.open() as channel:
        answer = upload(channel)((m.StreamingInputCallRequest(payload=payload(size))
                                  for size in UPLOADS), timeout=TIMEOUT)
        equal(answer.aggregated_payload_size, 74922, "sum")


@case
def client_compressed_streaming(way):
    """grpcio sends what gzip does not make smaller as it is, in the same stream."""
    def one(size, compressed):
        return m.StreamingInputCallRequest(
            payload=payload(size, random=not compressed),
            expect_compressed=m.BoolValue(value=compressed))
    with way.open() as channel:
        call = upload(channel)
        code, _ = outcome(lambda: call(iter([one(27182, True)]), timeout=TIMEOUT))
        equal(code, Code.INVALID_ARGUMENT, "the probe's status")
        answer = call(iter([one(27182, True), one(45904, False), one(9, False),
                            one(30000, True)]), timeout=TIMEOUT,
                      compression=grpc.Compression.Gzip)
        equal(answer.aggregated_payload_size, 27182 + 45904 + 9 + 30000, "sum")


@case
def server_streaming(way):
    with way.open() as channel:
        equal(sizes(download(channel)(asked(*DOWNLOADS), timeout=TIMEOUT)), list(DOWNLOADS))


@case
def server_compressed_streaming(way):
    for first in (True, False):
        request = asked(200000, 180000)
        request.response_parameters[0].compressed.value = first
        request.response_parameters[1].compressed.value = not first
        with ground.counted(way) as (channel, relay):
            equal(sizes(download(channel)(request, timeout=TIMEOUT)), [200000, 180000])
            plain = 180000 if first else 200000
            equal(plain <= relay.sent < plain + 30000, True,
                  f"first compressed {first}: {relay.sent} bytes on the wire as they should")


@case
def ping_pong(way):
    with way.open() as channel:
        talk = Talk()
        answers = duplex(channel)(talk, timeout=TIMEOUT)
        for sent, wanted in zip(UPLOADS, DOWNLOADS):
            talk.say(asked(wanted, payload=payload(sent)))
            equal(sizes([next(answers)]), [wanted])
        talk.end()
        equal(list(answers), [], "more answers")
        equal(answers.code(), Code.OK, "status")


@case
def half_duplex(way):
    with way.open() as channel:
        answers = duplex(channel, "HalfDuplexCall")(
            (asked(size, size) for size in DOWNLOADS), timeout=TIMEOUT)
        equal(sizes(answers), [size for size in DOWNLOADS for _ in range(2)])


@case
def empty_stream(way):
    with way.open() as channel:
        answers = duplex(channel)(iter(()), timeout=TIMEOUT)
        equal(list(answers), [], "answers")
        equal(answers.code(), Code.OK, "status")


@case
def custom_metadata(way):
    sent = (("x-grpc-test-echo-initial", "test_initial_metadata_value"),
            ("x-grpc-test-echo-trailing-bin", b"\xab\xab\xab"))
    with way.open() as channel:
        answer, call = simple(channel).with_call(large(), timeout=TIMEOUT, metadata=sent)
        equal(sizes([answer]), [LARGE_ASKED])
        check_echo(call, sent)
        answers = duplex(channel)(iter([asked(10)]), timeout=TIMEOUT, metadata=sent)
        equal(sizes(answers), [10])
        check_echo(answers, sent)


def check_echo(call, sent):
    (first, first_value), (last, last_value) = sent
    equal(dict(call.initial_metadata()).get(first), first_value, first)
    equal(dict(call.trailing_metadata()).get(last), last_value, last)


@case
def status_code_and_message(way):
    status = m.EchoStatus(code=2, message="test status message")
    with way.open() as channel:
        check_status(channel, status)


@case
def special_status_message(way):
    with way.open() as channel:
        check_status(channel, m.EchoStatus(code=2, message=ODD))
        check_status(channel, m.EchoStatus(code=9, message="tidak sah \u2713 %41 100%\n"))


def check_status(channel, status):
    code = next(one for one in Code if one.value[0] == status.code)
    wanted = (code, status.message)
    equal(outcome(lambda: simple(channel)(m.SimpleRequest(response_status=status),
                                          timeout=TIMEOUT)), wanted, "unary")
    equal(outcome(lambda: list(duplex(channel)(iter([asked(response_status=status)]),
                                               timeout=TIMEOUT))), wanted, "duplex")


@case
def unimplemented_method(way):
    with way.open() as channel:
        call = raw(channel, "unary_unary", "/grpc.testing.TestService/UnimplementedCall")
        equal(outcome(lambda: call(EMPTY, timeout=TIMEOUT))[0], Code.UNIMPLEMENTED)


@case
def unimplemented_service(way):
    with way.open() as channel:
        call = raw(channel, "unary_unary",
                   "/grpc.testing.UnimplementedService/UnimplementedCall")
        equal(outcome(lambda: call(EMPTY, timeout=TIMEOUT))[0], Code.UNIMPLEMENTED)


@case
def cancel_after_begin(way):
    with way.open() as channel:
        talk = Talk()
        future = upload(channel).future(talk, timeout=TIMEOUT)
        future.cancel()
        talk.end()
        equal(future.code(), Code.CANCELLED, "status")


@case
def cancel_after_first_response(way):
    with way.open() as channel:
        talk = Talk()
        answers = duplex(channel)(talk, timeout=TIMEOUT)
        talk.say(asked(DOWNLOADS[0], payload=payload(UPLOADS[0])))
        equal(sizes([next(answers)]), [DOWNLOADS[0]])
        answers.cancel()
        equal(outcome(lambda: next(answers))[0], Code.CANCELLED, "status")
        talk.end()


@case
def timeout_on_sleeping_server(way):
    with way.open() as channel:
        simple(channel)(m.SimpleRequest(), timeout=TIMEOUT)
        talk = Talk()
        answers = duplex(channel)(talk, timeout=0.001)
        talk.say(asked(31415, interval_us=5000000, payload=payload(27182)))
        equal(outcome(lambda: next(answers))[0], Code.DEADLINE_EXCEEDED, "status")
        talk.end()


@case
def rpc_soak(way):
    with way.open() as channel:
        call = simple(channel)
        for _ in range(200):
            equal(sizes([call(m.SimpleRequest(response_size=314, payload=payload(271)),
                              timeout=TIMEOUT)]), [314])


@case
def channel_soak(way):
    for _ in range(20):
        with way.open() as channel:
            equal(sizes([simple(channel)(large(), timeout=TIMEOUT)]), [LARGE_ASKED])


# --- What has gone wrong elsewhere ------------------------------------------------------

@case
def intervals(way):
    """Answers come one by one, not all at the end."""
    with way.open() as channel:
        seen = []
        for _ in download(channel)(asked(1, 1, 1, interval_us=100000), timeout=TIMEOUT):
            seen.append(time.monotonic())
        equal(len(seen), 3, "answers")
        equal(seen[-1] - seen[0] >= 0.15, True, f"{seen[-1] - seen[0]} s apart as asked")


@case
def slow_reader(way):
    """40 answers of a MB; another call passes while they wait."""
    with way.open() as channel:
        answers = download(channel)(asked(*[1 << 20] * 40), timeout=TIMEOUT)
        found = sizes([next(answers)])
        time.sleep(0.3)
        simple(channel)(m.SimpleRequest(response_size=10), timeout=TIMEOUT)
        for answer in answers:
            found += sizes([answer])
            time.sleep(0.005)
        equal(found, [1 << 20] * 40)


@case
def early_error(way):
    """The service answers while the client still has 2000 messages to send."""
    requests = (m.StreamingInputCallRequest(payload=payload(1000),
                                            expect_compressed=m.BoolValue(value=i == 1))
                for i in range(2000))
    with way.open() as channel:
        code, text = outcome(lambda: upload(channel)(requests, timeout=TIMEOUT))
        equal((code, "compressed" in text), (Code.INVALID_ARGUMENT, True), "outcome")
        missing = raw(channel, "stream_unary", "/grpc.testing.TestService/Missing")
        code, _ = outcome(lambda: missing((bytes(1000) for _ in range(2000)),
                                          timeout=TIMEOUT))
        equal(code, Code.UNIMPLEMENTED, "status")
        simple(channel)(m.SimpleRequest(), timeout=TIMEOUT)


@case
def too_large_request(way):
    with way.open() as channel:
        for size in (LIMIT + 1, 5 << 20):
            code, _ = outcome(lambda: simple(channel)(m.SimpleRequest(payload=payload(size)),
                                                      timeout=TIMEOUT))
            equal(code, Code.RESOURCE_EXHAUSTED, f"{size} bytes")
        largest = m.SimpleRequest(payload=payload(LIMIT - 16))
        equal(outcome(lambda: simple(channel)(largest, timeout=TIMEOUT))[0], Code.OK,
              f"{len(largest.SerializeToString())} bytes")
        code, _ = outcome(lambda: simple(channel)(m.SimpleRequest(payload=payload(5 << 20)),
                                                  timeout=TIMEOUT,
                                                  compression=grpc.Compression.Gzip))
        equal(code, Code.RESOURCE_EXHAUSTED, "5 MB that came as a few kB")


@case
def deflate_refused(way):
    with way.open() as channel:
        code, _ = outcome(lambda: simple(channel)(large(), timeout=TIMEOUT,
                                                  compression=grpc.Compression.Deflate))
        equal(code, Code.UNIMPLEMENTED)


@case
def deadline_on_duplex(way):
    with way.open() as channel:
        talk = Talk()
        started = time.monotonic()
        answers = duplex(channel)(talk, timeout=0.3)
        talk.say(asked(10, interval_us=5000000))
        equal(outcome(lambda: next(answers))[0], Code.DEADLINE_EXCEEDED, "status")
        equal(time.monotonic() - started < 4, True, "ended before the answer came")
        talk.end()


@case
def deadline_after_an_answer(way):
    """The service's clock may be the first: still this is no cancellation."""
    with way.open() as channel:
        for _ in range(20):
            request = asked(10)
            request.response_parameters.add(size=10, interval_us=5000000)
            answers = download(channel)(request, timeout=0.05)
            equal(outcome(lambda: list(answers))[0], Code.DEADLINE_EXCEEDED, "status")


@case
def many_at_once(way):
    """2000 calls on one connection."""
    with way.open() as channel:
        call = simple(channel)
        futures = [call.future(m.SimpleRequest(response_size=size, payload=payload(size)),
                               timeout=60) for size in range(2000)]
        equal(sizes(future.result() for future in futures), list(range(2000)))


@case
def duplex_in_volume(way):
    """1000 messages each way at once: neither side may wait for the other."""
    with way.open() as channel:
        answers = duplex(channel)((asked(3000, payload=payload(3000)) for _ in range(1000)),
                                  timeout=60)
        equal(sizes(answers), [3000] * 1000)


@case
def metadata_in_volume(way):
    """Binary values of every length, with bytes that base64 pads in each way."""
    with way.open() as channel:
        for size in (0, 1, 2, 3, 255, 2000):
            value = bytes(i & 255 for i in range(size))
            _, call = simple(channel).with_call(m.SimpleRequest(), timeout=TIMEOUT, metadata=(
                ("x-grpc-test-echo-trailing-bin", value), ("x-other", "a, b , c")))
            equal(dict(call.trailing_metadata()).get("x-grpc-test-echo-trailing-bin"), value)


@case
def health(way):
    path = "/grpc.health.v1.Health/"
    h = ground.health
    with way.open() as channel:
        check = channel.unary_unary(path + "Check", h.HealthCheckRequest.SerializeToString,
                                    h.HealthCheckResponse.FromString)
        equal(check(h.HealthCheckRequest(), timeout=TIMEOUT).status, 1, "the whole server")
        equal(outcome(lambda: check(h.HealthCheckRequest(service="x"), timeout=TIMEOUT))[0],
              Code.NOT_FOUND, "an unknown service")
        watch = channel.unary_stream(path + "Watch", h.HealthCheckRequest.SerializeToString,
                                     h.HealthCheckResponse.FromString)
        answers = watch(h.HealthCheckRequest(service="x"), timeout=TIMEOUT)
        equal(next(answers).status, 3, "a watched unknown service")
        answers.cancel()


VICTIMS = {"slow_reader": "download(channel)(asked(*[1 << 20] * 40))",
           "upload": "upload(channel)(m.StreamingInputCallRequest(payload=payload(100000)) "
                     "for _ in iter(int, 1))",
           "duplex": "duplex(channel)(asked(100000, interval_us=50000) for _ in iter(int, 1))",
           "many": "[simple(channel).future(large()) for _ in range(500)]"}


@case
def client_killed(way):
    """In the middle of each kind of call; the service goes on, with nothing left over."""
    code = ("import sys, time; sys.path.insert(0, sys.argv[1]); from cases import *\n"
            "way = ground.Way(*[word or None for word in sys.argv[2:6]])\n"
            "channel = way.open()\nsimple(channel)(m.SimpleRequest(), timeout=20)\n"
            "import threading\n"
            "threading.Timer(0.2, lambda: print('under way', flush=True)).start()\n"
            "calls = {}\ntry:\n    calls = calls_made()\nexcept Exception: pass\n"
            "time.sleep(20)\n")
    victims = []
    for expression in VICTIMS.values():
        text = code.replace("calls_made()", expression)
        victims.append(subprocess.Popen(
            [sys.executable, "-B", "-c", text, os.path.dirname(os.path.abspath(__file__)),
             way.target, way.ca or "", way.certificate or "", way.key or ""],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True))
    for victim in victims:
        equal(victim.stdout.readline(), b"under way\n", "the client")
        victim.kill()
        victim.wait()
        victim.stdout.close()
    with way.open() as channel:
        equal(sizes([simple(channel)(large(), timeout=TIMEOUT)]), [LARGE_ASKED])


# --- As a program -----------------------------------------------------------------------

def attempt(function, way):
    """None, or why it failed, in one line."""
    try:
        function(way)
    except grpc.RpcError as error:
        return f"{error.code()}: {error.details()}".replace("\n", " ")
    except Exception as error:  # a broken case is a failed case, the others go on
        return f"{type(error).__name__}: {error}".replace("\n", " ")
    return None


def main():
    """cases.py TARGET CA|- [CERT KEY]: one line a case, "ok CASE" or "FAIL CASE: why"."""
    target, *files = sys.argv[1:]
    way = ground.Way(target, *[None if path == "-" else path for path in files])
    failed = 0
    for function in CASES:
        why = attempt(function, way)
        failed += why is not None
        print(f"ok {function.__name__}" if why is None else
              f"FAIL {function.__name__}: {why}", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
