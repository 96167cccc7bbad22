"""A gateway of gRPC's own making (client_server.py), a client's home for it, and letters."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
SEGEL = os.path.join(ROOT, os.environ.get("BUILD", "build"), "bin/segel")


class Rig:
    """A server, a home folder for it, and letters."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="segel-client-")
        os.mkdir(self.path("server"))
        self.server = subprocess.Popen(
            [sys.executable, os.path.join(HERE, "client_server.py"), "--dir",
             self.path("server")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True)
        line = self.server.stdout.readline()
        if not line:
            raise OSError("the server did not start")
        self.ports = json.loads(line)
        self.make_home("home", "grpc")
        os.mkdir(self.path("letters"))
        for number in range(40):
            self.write(f"letters/{number:02}.pdf", letter(f"Surat {number}"))

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def write(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        return self.path(name)

    def make_home(self, name, listener):
        os.makedirs(self.path(name))
        for source, target in (("ca.pem", "ca.pem"), ("client.pem", "cert.pem"),
                               ("client.key", "key.pem")):
            shutil.copy(self.path("server", source), self.path(name, target))
        self.write(f"{name}/gateway", f"127.0.0.1:{self.ports[listener]}\n")

    def command(self, *arguments, home="home"):
        return [SEGEL, "--home", self.path(home), *arguments]

    def segel(self, *arguments, home="home"):
        environment = {**os.environ, "HOME": self.path("nowhere")}
        environment.pop("SEGEL_HOME", None)
        return subprocess.run(self.command(*arguments, home=home), capture_output=True,
                              text=True, check=False, timeout=60, env=environment)

    def terms(self, key, out, *arguments):
        return ["--key", key, "--class", "surat_keterangan", "--approval", "ND-1",
                "-o", self.path(out), *arguments]

    def sign(self, key, out, *arguments, home="home"):
        return self.segel("sign", *self.terms(key, out, *arguments), home=home)

    def letters(self, count=40):
        return [self.path("letters", f"{n:02}.pdf") for n in range(count)]

    def signed(self, out):
        """What is there, but for the journal of the run."""
        found = os.listdir(self.path(out)) if os.path.isdir(self.path(out)) else []
        return sorted(name for name in found if not name.startswith(".segel-run-"))

    def close(self):
        self.server.stdin.close()
        self.server.wait(10)
        shutil.rmtree(self.dir)


def letter(text):
    """The smallest PDF with a page of text."""
    stream = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode()
    objects = [b"<</Type/Catalog/Pages 2 0 R>>",
               b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
               b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
               b"/Resources<</Font<</F1 5 0 R>>>>>>",
               b"<</Length %d>>\nstream\n%s\nendstream" % (len(stream), stream),
               b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"]
    out, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 6\n0000000000 65535 f \n"
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"trailer\n<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % table
