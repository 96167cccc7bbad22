"""A real gateway on a real software token, for the tests of this folder.

    rig = Rig("sign")              # everything below $BUILD/system/sign
    with rig.gateway() as gateway:
        client = gateway.client("e-office")
        reply = client.sign(digest=...)

A test is a function with @claim; run() runs them and ends with "N passed, M failed".
"""
import contextlib
import faulthandler
import fcntl
import hashlib
import importlib.util
import json
import os
import re
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import traceback

import grpc

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("BUILD", os.path.join(ROOT, "build")))
BIN = os.path.join(BUILD, "bin")
START_S, STOP_S = 30, 40  # jobs under way may hold up an end for 30 s


def memory_factor():
    """What a sanitizer takes besides: zones around each block, and a while before it is
    used again."""
    with open(os.path.join(BIN, "segeld"), "rb") as program:
        return 8 if b"libasan" in program.read() else 1


# --- Messages ---------------------------------------------------------------------------

def load_messages():
    """protoc's Python classes of the public contract, made once a build."""
    out = os.path.join(BUILD, "python")
    names = sorted(f"segel/v1/{n}" for n in os.listdir(os.path.join(ROOT, "proto/segel/v1"))
                   if n.endswith(".proto"))
    scratch = f"{out}.{os.getpid()}"
    os.makedirs(scratch, exist_ok=True)
    subprocess.run(["protoc", "-I", os.path.join(ROOT, "proto"), "--python_out", scratch]
                   + names, check=True, cwd=ROOT)
    sys.path.insert(0, scratch)
    from segel.v1 import common_pb2, errors_pb2, log_pb2, signing_pb2
    from segel.v1 import approvals_pb2, incidents_pb2, keys_pb2, mandates_pb2, policy_pb2
    from segel.v1 import status_pb2
    health_pb2 = load_health(scratch)
    shutil.rmtree(scratch)
    return (common_pb2, errors_pb2, log_pb2, signing_pb2, keys_pb2, approvals_pb2,
            mandates_pb2, policy_pb2, incidents_pb2, status_pb2, health_pb2)


def load_health(scratch):
    """By file: a generated package named grpc would hide the library of that name."""
    name = "grpc/health/v1/health"
    subprocess.run(["protoc", "-I", os.path.join(ROOT, "proto"), "--python_out", scratch,
                    f"{name}.proto"], check=True, cwd=ROOT)
    spec = importlib.util.spec_from_file_location(
        "segel_health_pb2", os.path.join(scratch, f"{name}_pb2.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


(common, errors, log, signing, keys, approvals, mandates, policies, incidents, stands,
 health) = load_messages()


# --- Tests ------------------------------------------------------------------------------

claims = []


def claim(function):
    claims.append(function)
    return function


class Failed(Exception):
    pass


def expect(truth, sentence):
    if not truth:
        raise Failed(sentence)


def equal(found, wanted, what="value"):
    expect(found == wanted, f"{what}: found {found!r}, wanted {wanted!r}")


def contains(text, *words):
    for word in words:
        expect(word in text, f"'{word}' does not stand in: {text.strip()[-600:]}")


def run(*arguments):
    """Runs all claims in the order they stand in the file."""
    # run.py ends a test that does not answer by SIGTERM: then its log says where it stood.
    faulthandler.register(signal.SIGTERM, all_threads=True, chain=True)
    # A shell starts what it puts in the background without it, and that is inherited.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    failed = 0
    for function in claims:
        name = function.__name__.replace("_", " ")
        try:
            function(*arguments)
            print(f"ok    {name}", flush=True)
        except Exception as error:  # a broken test is a failed test, the others go on
            failed += 1
            print(f"FAIL  {name}: {error}", flush=True)
            if not isinstance(error, (Failed, OSError, grpc.RpcError)):
                traceback.print_exc(file=sys.stdout)
    print(f"{len(claims) - failed} passed, {failed} failed")
    return 1 if failed or not claims else 0


# --- Secrets ----------------------------------------------------------------------------

USED = "used.pin"  # as tests/sweep.py knows it
SECRET_MIN = 12    # what is shorter would be found by chance
told, folders = [], []


def used(*secrets_):
    """Lets tests/sweep.py look for secrets that no file holds: a PIN or passphrase is text, the
    number of a private key is bytes. Before there is a rig they wait for it."""
    lines = []
    for secret in secrets_:
        expect(len(secret) >= SECRET_MIN and "\n" not in str(secret), "no secret to look for")
        lines.append(f"key {secret.hex()}\n" if isinstance(secret, bytes) else f"pin {secret}\n")
    told.extend(lines)
    if folders:
        append_used(folders[-1], lines)


def append_used(folder, lines):
    descriptor = os.open(os.path.join(folder, USED), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.writelines(lines)


# --- The rig ----------------------------------------------------------------------------

locks = {}


def alone(name):
    """Two tests in one folder spoil each other's gateways. Until this process ends."""
    if name in locks:
        return
    folder = os.path.join(BUILD, "system.locks")
    os.makedirs(folder, exist_ok=True)
    lock = open(os.path.join(folder, name.replace("/", "-")), "w", encoding="ascii")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise Failed(f"another test that runs has the folder '{name}'") from None
    locks[name] = lock


class Rig:
    def __init__(self, name, *keys, **environment):
        """keys: "NAME:TYPE" as in deploy/demo/setup.sh."""
        self.dir = os.path.join(BUILD, "system", name)
        alone(name)
        shutil.rmtree(self.dir, ignore_errors=True)
        os.makedirs(self.dir)
        result = subprocess.run(
            [os.path.join(ROOT, "deploy/demo/setup.sh"), self.dir, *keys],
            env={**os.environ, "BIN": BIN, **environment}, capture_output=True, text=True,
            check=False)
        if result.returncode != 0:
            raise Failed(f"setup.sh failed: {result.stdout}{result.stderr}")
        self.conf = os.path.join(self.dir, "segeld.yaml")
        self.widen_quotas()
        folders.append(self.dir)
        append_used(self.dir, told)
        used(self.read("pin").strip())  # its file may get another one

    def widen_quotas(self):
        """The sample's quotas are a town's for a day; tests and benches sign more."""
        text = re.sub(r"(counter\.(?:caller|key)_day: (?:\{le: )?\d+)", r"\g<1>00000",
                      self.read("policy.yaml"))
        self.write("policy.yaml", text)

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def read(self, name, mode="r"):
        with open(self.path(name), mode) as file:
            return file.read()

    def write(self, name, data):
        with open(self.path(name), "wb" if isinstance(data, bytes) else "w") as file:
            file.write(data)
        return self.path(name)

    def config(self, *changes):
        """A spoiled copy of the configuration: each change is (pattern, replacement)."""
        text = self.read("segeld.yaml")
        for pattern, replacement in changes:
            text, count = re.subn(pattern, replacement, text, count=1, flags=re.M)
            expect(count == 1, f"the configuration has no {pattern}")
        return self.write("spoiled.yaml", text)

    @contextlib.contextmanager
    def gateway(self, config=None, ends=(0,), **environment):
        """ends: the exit codes that it may end with."""
        with Gateway(self, config or self.conf, environment).until_end(ends) as gateway:
            gateway.wait_ready()
            yield gateway

    def refuses(self, config=None):
        """Starts segeld where it must not come up; its exit code and what it said."""
        gateway = Gateway(self, config or self.conf, {})
        code = gateway.wait_end()
        return code, gateway.text()

    def foreign_certificate(self):
        """The issuing CA's certificate of a key that is on no token; its name here."""
        key, csr = self.path("other.key"), self.path("other.csr")
        openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", csr,
                "-subj", "/CN=other (TEST)")
        subprocess.run([os.path.join(ROOT, "deploy/demo/pki.sh"), "seal", self.path("pki"),
                        csr, self.path("other.pem")], check=True)
        return "other.pem"

    def unlatch(self, lane, config=None):
        """Allows a lane one more login, with the gateway stopped."""
        result = self.tool("segeld", "--config", config or self.conf, "--unlatch", lane)
        equal(result.returncode, 0, result.stderr)

    def tool(self, program, *arguments, stdin=None):
        """Runs one of the programs to its end."""
        return subprocess.run([os.path.join(BIN, program), *arguments], input=stdin,
                              capture_output=True, text=True, check=False, timeout=120,
                              env={**os.environ, "SOFTHSM2_CONF": self.path("softhsm2.conf")})

    def segel(self, client, *arguments):
        return self.tool("segel", "--home", self.path("clients", client), *arguments)


class Gateway:
    def __init__(self, rig, config, environment, command=None):
        """command: how it is started, where that is not the usual way."""
        self.rig, self.events, self.raw, self.address = rig, [], [], None
        self.config = config
        self.end_is_ours = False  # how it ended is what the test wanted, or looked at
        self.changed = threading.Condition()
        self.process = subprocess.Popen(
            command or [os.path.join(BIN, "segeld"), "--config", config],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True, errors="replace", env={**os.environ, **environment})
        self.reader = threading.Thread(target=self.read_log, daemon=True)
        self.reader.start()

    def read_log(self):
        with open(self.rig.path("segeld.log"), "a", encoding="utf-8") as copy:
            for line in self.process.stderr:
                copy.write(line)
                copy.flush()
                with self.changed:
                    self.raw.append(line)
                    with contextlib.suppress(ValueError):
                        self.events.append(json.loads(line))
                    self.changed.notify_all()
        with self.changed:
            self.changed.notify_all()

    def text(self):
        return "".join(self.raw)

    def find(self, name):
        return [e for e in self.events if isinstance(e, dict) and e.get("event") == name]

    def wait_event(self, name, seconds=START_S):
        end = time.monotonic() + seconds
        with self.changed:
            while not self.find(name):
                left = end - time.monotonic()
                if left <= 0 or (self.process.poll() is not None
                                 and not self.reader.is_alive()):
                    raise Failed(f"no event '{name}' came; segeld said: {self.text()[-2000:]}")
                self.changed.wait(min(left, 0.2))
            return self.find(name)[-1]

    def wait_ready(self):
        self.address = self.wait_event("ready")["address"]
        clients = self.rig.path("clients")
        for name in os.listdir(clients):
            self.rig.write(os.path.join("clients", name, "gateway"), self.address + "\n")

    @contextlib.contextmanager
    def until_end(self, ends=(0,)):
        """Stops it behind the body. Where that went well, the end has to go well, too."""
        try:
            yield self
        finally:
            self.stop()
        self.judge_end(ends)

    def judge_end(self, ends=(0,)):
        """No crash, no hang, no report of a sanitizer."""
        code = self.process.returncode
        how = f"{code}, not {ends}" if code != -signal.SIGKILL else "SIGKILL"
        expect(self.end_is_ours or code in ends,
               f"segeld ended with {how}; it said: {self.text()[-2000:]}")

    def wait_end(self, seconds=START_S):
        self.end_is_ours = True
        try:
            code = self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.stop()
            raise Failed(f"segeld did not end; it said: {self.text()[-2000:]}") from None
        self.reader.join(timeout=5)
        return code

    def stop(self, number=signal.SIGTERM):
        """Exit code after the signal; SIGKILL for one that does not listen."""
        if self.process.poll() is None:
            self.end_is_ours |= number == signal.SIGKILL
            self.process.send_signal(number)
        try:
            code = self.process.wait(timeout=STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            code = None
        self.reader.join(timeout=5)
        return code

    def client(self, name="e-office"):
        return Client(self, name)


def covered(gateway, seconds=20):
    """Waits until a checkpoint covers all records; their number."""
    with open(gateway.config, encoding="utf-8") as file:
        path = re.search(r"^ledger: \{path: ([^,}]+)", file.read(), re.M)[1]
    call = gateway.client("reviewer").call("unary_unary", "GetCheckpoint",
                                           log.GetCheckpointRequest, log.GetCheckpointResponse,
                                           "LogService")
    end = time.monotonic() + seconds

    def size():
        try:
            return call(log.GetCheckpointRequest(), timeout=10).size
        except grpc.RpcError as error:
            if error.code() != grpc.StatusCode.NOT_FOUND:  # a new log has none yet
                raise
            return 0

    with contextlib.closing(sqlite3.connect(gateway.rig.path(path), timeout=10)) as ledger:
        count, = ledger.execute("SELECT count(*) FROM leaf").fetchone()
    while size() < count:
        expect(time.monotonic() < end, f"no checkpoint over {count} records came")
        time.sleep(0.1)
    return count


@contextlib.contextmanager
def bounded(process, seconds=60):
    """Who waits for the words of a process waits no longer than that: it is killed then."""
    over = threading.Event()

    def end():
        over.set()
        process.kill()

    timer = threading.Timer(seconds, end)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
    expect(not over.is_set(), f"{process.args[0]} was waited for {seconds} s in vain")


def free_port():
    """Below those that the system gives to whoever asks for any: nobody gets it in between."""
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
        end = int(file.read().split()[0])
    begin = max(end // 2, 1024)
    for _ in range(1000):
        with contextlib.suppress(OSError), socket.socket() as trial:
            trial.bind(("127.0.0.1", secrets.choice(range(begin, end)) if begin < end else 0))
            return trial.getsockname()[1]
    raise Failed("no port is free")


def fresh_ledger():
    """(pattern, replacement) for a gateway with other rules under the same version: its own
    ledger, which knows of no policy that is in force already."""
    return r"path: ledger\.db", f"path: ledger-{secrets.token_hex(4)}.db"


def digest(seed=None):
    return hashlib.sha256(seed.encode()).digest() if seed else secrets.token_bytes(32)


def terms(**changes):
    """A lawful job; each test spoils one fact of it."""
    lawful = dict(key="seal-demo", profile=common.SIGNATURE_PROFILE_PADES_B_B,
                  hash_algorithm=common.HASH_ALGORITHM_SHA256,
                  document_class="surat_keterangan", approval_ref="ND-2026/001",
                  notice_shown=True, content_type="application/pdf", language="en")
    lawful.update(changes)
    return signing.SignTerms(**lawful)


def item(request_id=None, value=None):
    return signing.SignItem(request_id=request_id or secrets.token_hex(8),
                            digest=digest() if value is None else value)


class Client:
    """Stock grpcio with a client certificate."""

    def __init__(self, gateway, name, identity=True):
        rig, home = gateway.rig, os.path.join("clients", name)
        credentials = grpc.ssl_channel_credentials(
            rig.read(os.path.join(home, "ca.pem"), "rb"),
            *([rig.read(os.path.join(home, "key.pem"), "rb"),
               rig.read(os.path.join(home, "cert.pem"), "rb")] if identity else []))
        self.channel = grpc.secure_channel(gateway.address, credentials, options=[
            ("grpc.max_receive_message_length", 64 << 20),
            ("grpc.max_send_message_length", 64 << 20)])

    def call(self, kind, method, request, reply, service="SigningService"):
        return getattr(self.channel, kind)(
            f"/segel.v1.{service}/{method}", request_serializer=request.SerializeToString,
            response_deserializer=reply.FromString)

    def sign(self, the_item=None, timeout=20, **changes):
        call = self.call("unary_unary", "Sign", signing.SignRequest, signing.SignResponse)
        return call(signing.SignRequest(terms=terms(**changes), item=the_item or item()),
                    timeout=timeout).result

    def batch(self, items, timeout=60, **changes):
        call = self.call("unary_unary", "SignBatch", signing.SignBatchRequest,
                         signing.SignBatchResponse)
        return list(call(signing.SignBatchRequest(terms=terms(**changes), items=items),
                         timeout=timeout).results)

    def stream(self, requests, timeout=60):
        call = self.call("stream_stream", "SignStream", signing.SignStreamRequest,
                         signing.SignStreamResponse)
        return [r for reply in call(iter(requests), timeout=timeout) for r in reply.results]

    def health(self, service="", timeout=10):
        """"SERVING", "NOT_SERVING", …"""
        call = self.channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            request_serializer=health.HealthCheckRequest.SerializeToString,
            response_deserializer=health.HealthCheckResponse.FromString)
        return serving_name(call(health.HealthCheckRequest(service=service),
                                 timeout=timeout))

    def watch(self, service="", timeout=60):
        """The call: iterate over it, or cancel it."""
        call = self.channel.unary_stream(
            "/grpc.health.v1.Health/Watch",
            request_serializer=health.HealthCheckRequest.SerializeToString,
            response_deserializer=health.HealthCheckResponse.FromString)
        return call(health.HealthCheckRequest(service=service), timeout=timeout)

    def signer(self, key="seal-demo", **more):
        call = self.call("unary_unary", "GetSigner", signing.GetSignerRequest,
                         signing.GetSignerResponse)
        return call(signing.GetSignerRequest(key=key, **more), timeout=10)


def serving_name(response):
    return health.HealthCheckResponse.ServingStatus.Name(response.status)


class Refusal:
    """What a gRPC error says, with its details decoded."""

    def __init__(self, error):
        self.code, self.message = error.code(), error.details() or ""
        self.info = self.denial = self.retry = None
        packed = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin")
        for detail in errors.Status.FromString(packed or b"").details:
            kind = detail.type_url.rsplit("/", 1)[-1]
            if kind == "google.rpc.ErrorInfo":
                self.info = errors.ErrorInfo.FromString(detail.value)
            elif kind == "google.rpc.RetryInfo":
                self.retry = errors.RetryInfo.FromString(detail.value)
            elif kind == "segel.v1.PolicyDenial":
                self.denial = common.PolicyDenial.FromString(detail.value)


def refused(function, *arguments, **changes):
    try:
        function(*arguments, **changes)
    except grpc.RpcError as error:
        return Refusal(error)
    raise Failed("the call was answered with OK")


# --- Independent judges -----------------------------------------------------------------

def check_cms(rig, signature, content):
    """OpenSSL verifies the detached CMS over the content up to the test root."""
    result = openssl("cms", "-verify", "-inform", "DER", "-binary", "-cades", "-purpose",
                     "any", "-in", rig.write("check.cms", signature), "-content",
                     rig.write("check.bin", content), "-CAfile", rig.path("anchors.pem"),
                     "-out", "/dev/null")
    expect(result.returncode == 0, f"openssl refuses the CMS: {result.stderr.decode()}")
    contains(result.stderr.decode(), "CAdES Verification successful")


def openssl(*arguments, stdin=None):
    return subprocess.run(["openssl", *arguments], input=stdin, capture_output=True,
                          check=False)
