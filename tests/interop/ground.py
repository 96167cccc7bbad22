"""The test service (service.c) for scripts: certificates, a running service, a way to call
it with grpcio, and gRPC's test messages."""
import contextlib
import importlib.util
import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading

import grpc

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("BUILD", os.path.join(ROOT, "build")))
PROTO = "/usr/share/grpc-proto"
START_S, STOP_S = 20, 20
# Ways to a service that lets everybody in.
OPEN = ("plain", "tls", "unix")
# What the service tells by reflection.
FILES = ["testing/test", "health/v1/health", "reflection/v1/reflection",
         "reflection/v1alpha/reflection"]


# --- Messages ---------------------------------------------------------------------------

def load(name, root):
    """protoc's classes of one file, by file: a generated package named grpc would hide the
    library of that name."""
    scratch = tempfile.mkdtemp(prefix="segel-interop-")
    try:
        subprocess.run(["protoc", "-I", root, "--python_out", scratch, f"{name}.proto"],
                       check=True)
        spec = importlib.util.spec_from_file_location(
            "segel_interop_" + os.path.basename(name), f"{scratch}/{name}_pb2.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        shutil.rmtree(scratch)
    return module


messages = load("grpc/testing/messages", PROTO)
health = load("grpc/health/v1/health", os.path.join(ROOT, "proto"))


# --- Certificates -----------------------------------------------------------------------

def make_certificates(where):
    """ca.pem, server.pem and server.key (localhost, 127.0.0.1), client.pem and client.key."""
    def openssl(*words):
        subprocess.run(["openssl", *words], check=True, cwd=where, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    openssl("req", "-x509", *curve, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2",
            "-subj", "/CN=interop issuer", "-addext", "basicConstraints=critical,CA:TRUE",
            "-addext", "keyUsage=critical,keyCertSign")
    for name, names in (("server", "DNS:localhost,IP:127.0.0.1"),
                        ("client", "URI:urn:segel:caller:interop")):
        with open(f"{where}/{name}.ext", "w", encoding="ascii") as file:
            file.write(f"subjectAltName={names}\n")
        openssl("req", *curve, "-keyout", f"{name}.key", "-out", f"{name}.csr",
                "-subj", f"/CN={name}")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                "-CAcreateserial", "-out", f"{name}.pem", "-days", "2",
                "-extfile", f"{name}.ext")


# --- The service ------------------------------------------------------------------------

class Service:
    """ports: {"plain": …, "tls": …}; unix: the socket's path."""

    def __init__(self, process, ports, unix):
        self.process, self.ports, self.unix = process, ports, unix

    def target(self, way):
        """Of a client: plain, tls, mutual or unix."""
        if way == "unix":
            return f"unix:{self.unix}"
        return f"127.0.0.1:{self.ports['tls' if way == 'mutual' else way]}"

    def alive(self):
        return self.process.poll() is None


@contextlib.contextmanager
def service(where, certificates=None, client_ca=None, loops=2):
    """A running service; where is a folder of its own. With client_ca it wants certificates
    of its clients, without it lets them in by all ways of OPEN. Raises when it ends badly."""
    subprocess.run(["protoc", "-I", PROTO, "--include_imports", "--descriptor_set_out",
                    f"{where}/test.binpb"] + [f"grpc/{name}.proto" for name in FILES],
                   check=True)
    # Paths of sockets are short (108 bytes), those of build folders may not be.
    with tempfile.TemporaryDirectory(prefix="segel-interop-") as short:
        unix = f"{short}/service.sock"
        command = [os.path.join(BUILD, "tests/interop/service"), "--tls", certificates or where,
                   "--loops", str(loops), "--descriptors", f"{where}/test.binpb"]
        command += ["--client-ca", client_ca] if client_ca else ["--plain", "--unix", unix]
        with open(f"{where}/service.log", "w+", encoding="utf-8", errors="replace") as errors:
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       stderr=errors)
            try:
                yield Service(process, started(process, errors), unix)
            finally:
                code = end(process)
            errors.seek(0)
            if code != 0:
                raise RuntimeError(f"the service ended with {code}: {errors.read()[-2000:]}")


def started(process, errors):
    """The ports, once the service tells them."""
    timer = threading.Timer(START_S, process.kill)
    timer.start()
    line = process.stdout.readline()
    timer.cancel()
    if not line:
        errors.seek(0)
        raise RuntimeError(f"the service did not start: {errors.read()}")
    return json.loads(line)


def end(process):
    process.stdin.close()
    try:
        return process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return "a kill, because it did not end by itself"
    finally:
        process.stdout.close()


# --- Ways to it -------------------------------------------------------------------------

def read(path):
    with open(path, "rb") as file:
        return file.read()


class Way:
    """How to reach the service: target of grpcio, and PEM files for TLS."""

    def __init__(self, target, ca=None, certificate=None, key=None):
        self.target, self.ca, self.certificate, self.key = target, ca, certificate, key

    def open(self, target=None, **options):
        """A connection of its own: grpcio shares them between channels otherwise."""
        settings = {"grpc.use_local_subchannel_pool": 1, "grpc.enable_http_proxy": 0,
                    "grpc.max_receive_message_length": -1,
                    **{f"grpc.{name}": value for name, value in options.items()}}
        target = target or self.target
        if self.ca is None:
            return grpc.insecure_channel(target, list(settings.items()))
        files = [path and read(path) for path in (self.ca, self.key, self.certificate)]
        return grpc.secure_channel(target, grpc.ssl_channel_credentials(*files),
                                   list(settings.items()))


class Relay:
    """Passes one connection on and counts what the service sent: how large an answer was
    on the wire is something that grpcio does not tell."""

    def __init__(self, way):
        self.way, self.sent = way, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.target = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.sockets = [self.listener]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            near, _ = self.listener.accept()
            if self.way.target.startswith("unix:"):
                far = socket.socket(socket.AF_UNIX)
                far.connect(self.way.target[5:])
            else:
                host, _, port = self.way.target.rpartition(":")
                far = socket.create_connection((host, int(port)))
            self.sockets += [near, far]
            threading.Thread(target=self.copy, args=(near, far, False), daemon=True).start()
            self.copy(far, near, True)

    def copy(self, source, sink, counted):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self.sent += len(data) if counted else 0
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def close(self):
        for one in self.sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


@contextlib.contextmanager
def counted(way):
    relay = Relay(way)
    try:
        with way.open(relay.target) as channel:
            yield channel, relay
    finally:
        relay.close()
