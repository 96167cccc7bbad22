"""The stock gRPC clients that `make interop` runs: how each is started, and its version.

A client is a program that is given the service's address and prints one line a case, "ok
CASE" or "FAIL CASE: why"; Ruby's and buf's, which are not ours, are made to look like that
here.
"""
import glob
import json
import os
import subprocess
import sys

from ground import BUILD, ROOT

HOME = os.path.join(BUILD, "interop")
HERE = os.path.join(ROOT, "tests/interop")
NODE = os.path.join(HOME, "node")
ALL_S, ONE_S = 240, 40
RUBY_CASES = """empty_unary large_unary client_compressed_unary client_streaming
    client_compressed_streaming server_streaming ping_pong timeout_on_sleeping_server
    empty_stream cancel_after_begin cancel_after_first_response unimplemented_method
    unimplemented_service status_code_and_message custom_metadata""".split()


def output(*command):
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    return result.stdout.strip()


def debian(package):
    version = output("dpkg-query", "-W", "-f=${Version}", package)
    return f"Debian {package} {version}" if version else package


def npm(package):
    with open(os.path.join(HERE, "node/package.json"), encoding="utf-8") as file:
        return f"npm {package} {json.load(file)['dependencies'][package]}"


def run(command, seconds, cwd=None, **environment):
    """(exit code, output, errors); a program that hangs is ended, what it said counts."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, errors="replace", cwd=cwd,
                               env={**os.environ, "HOME": HOME, **environment})
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        return "no end", out, err + f"\nit did not end within {seconds} s"
    return process.returncode, out, err


class Client:
    """name; version: where it comes from; ways: plain, tls, mutual, unix. command(target, *files)
    is a list of words; the files are CA, certificate and key, as many as the way needs."""

    def __init__(self, name, version, ways, command):
        self.name, self.version, self.ways, self.command = name, version, ways, command

    def cases(self, target, files):
        """Yields (case, None or why not). A program that breaks off is a failed case too."""
        code, out, err = run(self.command(target, *(files or ["-"])), ALL_S)
        lines = [line for line in out.splitlines() if line.startswith(("ok ", "FAIL "))]
        for line in lines:
            name, _, why = line.partition(" ")[2].partition(": ")
            yield name, None if line.startswith("ok ") else why or "no reason given"
        failed = any(line.startswith("FAIL ") for line in lines)
        if not lines or (code != 0 and not failed):
            yield "whole_run", f"exit {code}: {' '.join(err.split())[-300:]}"


class Ruby(Client):
    """gRPC's own interop client, with the certificates that it knows."""

    def __init__(self):
        super().__init__("ruby", debian("ruby-grpc"), ("plain", "tls"), None)
        found = sorted(glob.glob("/usr/lib/*/rubygems-integration/*/gems/grpc-*/src/ruby"))
        self.home = found[-1] if found else None

    def cases(self, target, files):
        host, _, port = target.rpartition(":")
        tls = ["--use_tls", "true", "--use_test_ca", "true",
               "--server_host_override", "foo.test.google.fr"] if files else []
        for name in RUBY_CASES:
            code, out, err = run(["ruby", f"{self.home}/pb/test/client.rb", "--server_host",
                                  host, "--server_port", port, "--test_case", name, *tls], ONE_S)
            said = " ".join((out + err).split())
            yield name, None if code == 0 and "OK" in out else f"exit {code}: {said[-300:]}"


class Buf(Client):
    """buf curl: what people use who would use grpcurl."""

    def __init__(self):
        super().__init__("buf-curl", npm("@bufbuild/buf"), ("plain", "tls", "mutual", "unix"), None)

    def call(self, target, files, method, data, *more, schema=True):
        """(exit code, answers, errors)"""
        host = "localhost" if target.startswith("unix:") else target
        command = [f"{NODE}/node_modules/.bin/buf", "curl", "--protocol", "grpc", "-d", data]
        command += ["--schema", f"{HOME}/test.binpb"] if schema else []
        command += ["--unix-socket", target[5:]] if target.startswith("unix:") else []
        for option, path in zip(("--cacert", "--cert", "--key"), files):
            command += [option, path]
        command += [] if files else ["--http2-prior-knowledge"]
        code, out, err = run([*command, *more, f"{'https' if files else 'http'}://{host}/{method}"],
                             ONE_S)
        return code, out, " ".join(err.split())

    def cases(self, target, files):
        service = "grpc.testing.TestService"
        talk = '{"response_parameters":[{"size":3}]}' * 3
        rows = [
            ("empty_unary", "EmptyCall", "{}", (), 0, "{}", 1),
            ("small_unary", "UnaryCall", '{"response_size":3}', (), 0, '"AAAA"', 1),
            ("server_streaming", "StreamingOutputCall", '{"response_parameters":[{"size":3},'
             '{"size":3}]}', (), 0, '"AAAA"', 2),
            ("client_streaming", "StreamingInputCall", '{"payload":{"body":"AAAA"}}' * 3, (),
             0, '"aggregatedPayloadSize": 9', 1),
            ("ping_pong", "FullDuplexCall", talk, (), 0, '"AAAA"', 3),
            ("custom_metadata", "UnaryCall", '{"response_size":3}',
             ("-v", "-H", "x-grpc-test-echo-initial: here"), 0,
             "< (#1) X-Grpc-Test-Echo-Initial: here", 1),
            ("status_code_and_message", "UnaryCall", '{"response_status":{"code":9,'
             '"message":"tidak \u2713 %41"}}', (), 9 * 8, "tidak \u2713 %41", 1),
            ("unimplemented_method", "UnimplementedCall", "{}", (), 12 * 8,
             '"code": "unimplemented"', 1),
        ]
        for name, method, data, more, wanted, text, count in rows:
            code, out, err = self.call(target, files, f"{service}/{method}", data, *more)
            found = (out + err).lower().count(text.lower())
            yield name, None if code == wanted and found == count else \
                f"exit {code}, {found} times '{text}': {' '.join(out.split())[-200:]} {err[-300:]}"
        code, out, err = self.call(target, files, f"{service}/UnaryCall",
                                   '{"response_size":3}', schema=False)
        yield "reflection", None if code == 0 and "AAAA" in out else f"exit {code}: {err[-300:]}"

    def signer(self, target, files):
        """What a gateway says of a key, with nothing known but its address."""
        code, out, err = self.call(target, files, "segel.v1.SigningService/GetSigner",
                                   '{"key":"seal-demo"}', schema=False)
        return None if code == 0 and "certificatePolicyOid" in out else \
            f"exit {code}: {' '.join(out.split())[-200:]} {err[-300:]}"


def java(program):
    jars = [jar for pattern in ("grpc-*", "netty-*", "guava", "failureaccess", "perfmark-api",
                                "protobuf")
            for jar in glob.glob(f"/usr/share/java/{pattern}.jar")]
    return ["java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
            f"-Djava.library.path={HOME}/java/lib", "-cp",
            ":".join([f"{HOME}/java/classes", *jars]), program]


def everyone():
    """Those of Debian, then those of npm."""
    everywhere = ("plain", "tls", "mutual", "unix")
    return [
        Ruby(),
        Client("python", debian("python3-grpcio"), everywhere,
               lambda *words: [sys.executable, "-B", f"{HERE}/cases.py", *words]),
        Client("c++", debian("libgrpc++1.51"), everywhere,
               lambda *words: [f"{HOME}/cpp/client", *words]),
        Client("go", debian("golang-google-grpc-dev"), everywhere,
               lambda *words: [f"{HOME}/go/client", *words]),
        Client("java", debian("libgrpc-java"), ("plain", "tls", "mutual"),
               lambda *words: [*java("Client"), *words]),
    ], [
        Client("grpc-js", npm("@grpc/grpc-js"), everywhere, lambda *words: [
            "node", f"{NODE}/grpc_js.mjs", f"{HOME}/test.binpb", *words]),
        Client("connect-node", npm("@connectrpc/connect-node"), everywhere, lambda *words: [
            "node", f"{NODE}/connect.mjs", f"{HOME}/test.binpb", *words]),
        Buf(),
    ]


def signers():
    """{client: command} of the programs that sign one digest at a gateway."""
    return {
        "python": [sys.executable, "-B", f"{HERE}/sign.py"],
        "c++": [f"{HOME}/cpp/sign"],
        "go": [f"{HOME}/go/sign"],
        "java": java("Sign"),
        "grpc-js": ["node", f"{NODE}/sign_grpc_js.mjs"],
        "connect-node": ["node", f"{NODE}/sign_connect.mjs"],
    }


def install_node():
    """None, or why the clients of npm cannot be had. What stands in package-lock.json is
    what is installed; nothing of it is run meanwhile."""
    os.makedirs(NODE, exist_ok=True)
    for path in glob.glob(f"{HERE}/node/*") + [f"{HERE}/node/.npmrc"]:
        with open(path, "rb") as source, open(f"{NODE}/{os.path.basename(path)}", "wb") as copy:
            copy.write(source.read())
    try:
        code, _, err = run(["npm", "ci", "--loglevel=error"], 300, cwd=NODE,
                           npm_config_userconfig=os.path.expanduser("~/.npmrc"))
    except OSError as error:
        return str(error)
    return None if code == 0 else f"npm ci: exit {code}: {' '.join(err.split())[:160]}"
