"""Calls the echo server of the transport tests with a stock gRPC client.

usage: transport_clients.py PORT DIRECTORY-WITH-CERTIFICATES

Exit code 0: all as expected; 1: not, with a line for each; 77: this Python has no grpcio.
Started by tests/unit/transport/stock_client.c.
"""
import sys
import threading

try:
    import grpc
except ImportError:
    print("this Python has no grpcio (Debian: python3-grpcio)")
    sys.exit(77)

FAILURES = []


def expect(name, found, wanted):
    if found != wanted:
        FAILURES.append(f"{name}: found {found!r}, wanted {wanted!r}")


def detail(text, size):
    """segel.v1.Detail {type_url = 1, value = 2}, packed by hand; both below 128 or varint."""
    def varint(number):
        out = b""
        while number > 127:
            out += bytes([number & 127 | 128])
            number >>= 7
        return out + bytes([number])
    text = text.encode()
    value = b"\0" * size
    packed = (b"\x0a" + varint(len(text)) + text) if text else b""
    return packed + ((b"\x12" + varint(size) + value) if size else b"")


def read(directory, name):
    with open(f"{directory}/{name}", "rb") as file:
        return file.read()


def connect(port, directory, who):
    return grpc.secure_channel(f"127.0.0.1:{port}", grpc.ssl_channel_credentials(
        read(directory, "ca.pem"), read(directory, f"{who}.key"), read(directory, f"{who}.pem")))


def code_of(call):
    try:
        call()
    except grpc.RpcError as error:
        return error.code()
    return grpc.StatusCode.OK


def check_unary(channel):
    unary = channel.unary_unary("/test.Echo/Unary")
    for size in (0, 1, 1000, 90000):
        expect(f"echo of {size} bytes", unary(detail("a", size), timeout=3), detail("a", size))
    expect("too large", code_of(lambda: unary(detail("a", 200000), timeout=3)),
           grpc.StatusCode.RESOURCE_EXHAUSTED)
    expect("gzip", unary(detail("a", 5000), timeout=3, compression=grpc.Compression.Gzip),
           detail("a", 5000))
    expect("too large when inflated", code_of(
        lambda: unary(detail("a", 200000), timeout=3, compression=grpc.Compression.Gzip)),
        grpc.StatusCode.RESOURCE_EXHAUSTED)
    expect("deflate", code_of(lambda: unary(detail("a", 5000), timeout=3,
                                            compression=grpc.Compression.Deflate)),
           grpc.StatusCode.UNIMPLEMENTED)
    expect("metadata", unary(detail("a", 1), timeout=3,
                             metadata=(("x-key", "v"), ("x-bin", b"\0\xff"))), detail("a", 1))
    missing = channel.unary_unary("/test.Echo/Missing")
    expect("missing method", code_of(lambda: missing(b"", timeout=3)),
           grpc.StatusCode.UNIMPLEMENTED)


def check_metadata(channel):
    """Metadata goes round, in headers and trailers, and answers may be compressed."""
    mirror = channel.stream_stream("/test.Echo/Mirror")
    call = mirror(iter([detail("gzip", 5000), detail("plain", 5000)]), timeout=3,
                  metadata=(("x-key", "v"), ("x-key", "w"), ("x-trail-bin", b"\0\xff"),
                            ("x-unknown", "u")))
    expect("mirror", list(call), [detail("gzip", 5000), detail("plain", 5000)])
    added = [pair for pair in call.initial_metadata() if pair[0].startswith("x-")]
    expect("headers", added, [("x-key", "v"), ("x-key", "w")])
    added = [pair for pair in call.trailing_metadata() if pair[0].startswith("x-")]
    expect("trailers", added, [("x-trail-bin", b"\0\xff")])


def check_refusal(channel):
    try:
        channel.unary_unary("/test.Echo/Refuse")(detail("a", 1), timeout=3)
        expect("refusal", "OK", "PERMISSION_DENIED")
    except grpc.RpcError as error:
        expect("refusal", error.code(), grpc.StatusCode.PERMISSION_DENIED)
        expect("its text", error.details(), "tidak sah ✓ %41 \n")
        expect("its details", dict(error.trailing_metadata()).get("grpc-status-details-bin"),
               b"\x08\x07")


def check_streams(channel):
    repeat = channel.unary_stream("/test.Echo/Repeat")
    expect("server stream", len(list(repeat(detail("3000", 0), timeout=5))), 3000)
    collect = channel.stream_unary("/test.Echo/Collect")
    expect("client stream", collect((detail("a", 100) for _ in range(3000)), timeout=5),
           detail("3000", 0))
    chat = channel.stream_stream("/test.Echo/Chat")
    expect("chat", len(list(chat((detail("a", 100) for _ in range(3000)), timeout=5))), 3000)
    expect("empty chat", list(chat(iter(()), timeout=5)), [])


def check_ends(channel):
    hang = channel.unary_unary("/test.Echo/Hang")
    expect("deadline", code_of(lambda: hang(detail("a", 1), timeout=0.1)),
           grpc.StatusCode.DEADLINE_EXCEEDED)
    future = hang.future(detail("a", 1), timeout=5)
    future.cancel()
    expect("cancel", future.cancelled(), True)
    refused = channel.stream_unary("/test.Echo/Missing")
    expect("refused upload", code_of(
        lambda: refused((detail("a", 1000) for _ in range(2000)), timeout=5)),
        grpc.StatusCode.UNIMPLEMENTED)


def check_many(channel):
    unary = channel.unary_unary("/test.Echo/Unary")
    calls = [unary.future(detail("a", 10), timeout=10) for _ in range(2000)]
    expect("2000 calls at once", sum(call.result() == detail("a", 10) for call in calls), 2000)

    def work():
        for _ in range(100):
            unary(detail("a", 10), timeout=5)
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def check_peers(port, directory):
    with connect(port, directory, "stranger") as channel:
        unary = channel.unary_unary("/test.Echo/Unary")
        expect("stranger", code_of(lambda: unary(b"", timeout=3)),
               grpc.StatusCode.UNAUTHENTICATED)
    with connect(port, directory, "other") as channel:
        unary = channel.unary_unary("/test.Echo/Unary")
        expect("other issuer", code_of(lambda: unary(b"", timeout=3)),
               grpc.StatusCode.UNAVAILABLE)


def main():
    port, directory = sys.argv[1:]
    with connect(port, directory, "client") as channel:
        for check in (check_unary, check_metadata, check_refusal, check_streams, check_ends,
                      check_many):
            check(channel)
    check_peers(port, directory)
    print("\n".join(FAILURES))
    sys.exit(1 if FAILURES else 0)


main()
