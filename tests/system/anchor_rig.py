"""A witness and a time stamp authority as small servers: honest ones, and such that do one
thing wrong. The witness is made from the text of C2SP tlog-witness, with trees and notes of
bundles.py, another hand than the gateway's."""
import base64
import contextlib
import hashlib
import http.server
import os
import ssl
import subprocess
import threading
import time

from bundles import Key, node

EMPTY = hashlib.sha256(b"").digest()


def consistent(old, old_root, new, new_root, path):
    """RFC 9162 section 2.1.4.2."""
    if old == new:
        return not path and old_root == new_root
    if old == 0:
        return not path
    if old & (old - 1) == 0:
        path = [old_root, *path]
    if not path:
        return False
    first, last = old - 1, new - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    one = two = path[0]
    for step in path[1:]:
        if last == 0:
            return False
        if first & 1 or first == last:
            one, two = node(step, one), node(step, two)
            while first & 1 == 0 and first:
                first, last = first >> 1, last >> 1
        else:
            two = node(two, step)
        first, last = first >> 1, last >> 1
    return one == old_root and two == new_root and last == 0


class Answer(Exception):
    def __init__(self, code, body=b"", kind="text/plain; charset=utf-8"):
        super().__init__(str(code))
        self.code, self.body, self.kind = code, body, kind


def told(size):
    return Answer(409, b"%d\n" % size, "text/x.tlog.size")


class Witness:
    """mode: a function of (witness, submission) instead of what is right; it may call
    judge, and raises an Answer or returns the bytes of a good one."""

    def __init__(self, log_vkey, name="witness.example.go.id/w1", tls=None):
        self.key, self.mode, self.away = Key(name, 4), None, False
        self.log_name, _, self.log_key = log_vkey.split("+", 2)
        self.log_vkey = log_vkey
        self.size, self.root, self.note = 0, EMPTY, None
        self.asked, self.cosigned, self.lock = [], [], threading.Lock()
        self.server = Served(self.answer, tls)
        self.url = self.server.url

    @property
    def vkey(self):
        return self.key.vkey

    def reset(self, mode=None):
        with self.lock:
            self.mode, self.size, self.root, self.note = mode, 0, EMPTY, None
            self.asked, self.cosigned = [], []

    def answer(self, method, path, body):
        if self.away:
            raise Answer(503)
        shown = "/" + hashlib.sha256(self.log_name.encode()).hexdigest() + "/checkpoint"
        if method == "GET":
            if path != shown or self.note is None:
                raise Answer(404)
            return Answer(200, self.note)
        if path != "/add-checkpoint":
            raise Answer(404)
        self.asked.append(body)
        if self.mode is not None:
            return Answer(200, self.mode(self, body))
        return Answer(200, self.judge(body))

    def read(self, body):
        head, note = body.split(b"\n\n", 1)
        lines = head.decode().split("\n")
        old = int(lines[0].removeprefix("old "))
        path = [base64.b64decode(line, validate=True) for line in lines[1:]]
        text, signatures = note.rsplit(b"\n\n", 1)
        origin, size, root = text.decode().split("\n")[:3]
        return old, path, origin, int(size), base64.b64decode(root), text + b"\n", signatures

    def judge(self, body, at=None):
        with self.lock:
            old, path, origin, size, root, text, signatures = self.read(body)
            if origin != self.log_name:
                raise Answer(404)
            if not any(line.split(b" ")[1] == origin.encode()
                       for line in signatures.splitlines()):
                raise Answer(403)
            if old > size:
                raise Answer(400)
            if old != self.size:
                raise told(self.size)
            if not consistent(self.size, self.root, size, root, path):
                raise Answer(422)
            line = self.key.line(text.decode(), int(time.time()) if at is None else at)
            self.size, self.root = size, root
            self.note = body.split(b"\n\n", 1)[1] + line.encode()
            self.cosigned.append(size)
            return line.encode()

    def entry(self, name="w1", interval=1, extra=""):
        return (f"  - {{name: {name}, witness: \"{self.url}\", vkey: \"{self.vkey}\","
                f" interval_s: {interval}{extra}}}\n")


class Served:
    """Any function of (method, path, body) behind a port of its own; tls: certificate and
    key, as files."""

    def __init__(self, answer, tls=None):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                try:
                    found = answer(self.command, self.path, body)
                except Answer as other:
                    found = other
                with contextlib.suppress(OSError):
                    if callable(found.body):
                        found.body(self)
                        return
                    self.send_response(found.code)
                    self.send_header("Content-Type", found.kind)
                    self.send_header("Content-Length", str(len(found.body)))
                    self.end_headers()
                    self.wfile.write(found.body)

            do_GET = do_POST

            def log_message(self, *arguments):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        if tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self.http.socket = context.wrap_socket(self.http.socket, server_side=True)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        scheme = "http" if tls is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self.http.server_address[1]}"


def with_anchors(the_rig, entries, settings="", name="anchored.yaml"):
    """The configuration with anchors: entries as lines of the list."""
    text = the_rig.read("segeld.yaml")
    return the_rig.write(name, text.replace(
        "lanes:\n", "anchoring: {retry_max_s: 1, timeout_ms: 1000, start_ms: 2000"
        f"{settings}}}\nanchors:\n{entries}"
        "admin: {address: 127.0.0.1, port: 0}\nlanes:\n", 1))


def folder(the_rig, name):
    path = the_rig.path(name)
    os.makedirs(path, exist_ok=True)
    return path


class Stamper:
    """RFC 3161 by `openssl ts -reply`. mode: a function of the reply's bytes, or an Answer."""

    def __init__(self, the_rig):
        self.rig, self.mode, self.asked = the_rig, None, []
        self.chain = self.make("authority")
        self.strange = self.make("stranger")
        self.make("weak", bits=1024, root="authority")
        self.signer = "authority"
        self.server = Served(self.answer)
        self.url = self.server.url + "/tsa"

    def make(self, name, bits=2048, root=None):
        """A root and an authority under it, or one under the root of another; the root's path."""
        place = folder(self.rig, f"tsa-{name}")
        above = place if root is None else folder(self.rig, f"tsa-{root}")
        run = self.openssl
        for what, subject in (("root", "Test Root"), ("tsa", "Test Time Stamps")):
            run("req", "-new", "-newkey", f"rsa:{bits}", "-nodes", "-keyout",
                f"{place}/{what}.key", "-out", f"{place}/{what}.csr", "-subj",
                f"/CN={subject} {name}")
        self.rig.write(f"tsa-{name}/root.ext", "basicConstraints=critical,CA:TRUE\n")
        self.rig.write(f"tsa-{name}/tsa.ext",
                       "extendedKeyUsage=critical,timeStamping\nkeyUsage=digitalSignature\n")
        if root is None:
            run("x509", "-req", "-in", f"{place}/root.csr", "-signkey", f"{place}/root.key",
                "-days", "30", "-extfile", f"{place}/root.ext", "-out", f"{place}/root.pem")
        run("x509", "-req", "-in", f"{place}/tsa.csr", "-CA", f"{above}/root.pem", "-CAkey",
            f"{above}/root.key", "-CAcreateserial", "-days", "30", "-extfile",
            f"{place}/tsa.ext", "-out", f"{place}/tsa.pem")
        self.rig.write(f"tsa-{name}/serial", "01\n")
        self.rig.write(f"tsa-{name}/ts.cnf", f"""
[tsa]
default_tsa = t
[t]
serial = {place}/serial
signer_cert = {place}/tsa.pem
signer_key = {place}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256
accuracy = secs:1
""")
        return f"{above}/root.pem"

    def openssl(self, *arguments):
        result = subprocess.run(["openssl", *arguments], capture_output=True, check=False)
        if result.returncode != 0:
            raise OSError(result.stderr.decode())
        return result.stdout

    def answer(self, method, path, body):
        self.asked.append(body)
        query = self.rig.write("query.tsq", body)
        reply = self.rig.path("reply.tsr")
        self.openssl("ts", "-reply", "-config", self.rig.path(f"tsa-{self.signer}", "ts.cnf"),
                     "-section", "t", "-queryfile", query, "-out", reply)
        with open(reply, "rb") as file:
            data = file.read()
        return Answer(200, data if self.mode is None else self.mode(data),
                      "application/timestamp-reply")
