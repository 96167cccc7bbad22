"""One process of callers: threads of several kinds that ask a gateway all the time, and write
what they asked, what they were answered and what went wrong to their history.

    callers.py FOLDER SLOT SEED PARENT KIND…    FOLDER: of the gateway's rig

SIGTERM ends it in order: what is under way is finished. It dies with its parent."""
import contextlib
import json
import os
import random
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time

import grpc

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[1:1] = [os.path.join(HERE, p) for p in ("../system", "../faults", "../crash")]
import client  # noqa: E402
import history  # noqa: E402
import rig  # noqa: E402

LAWFUL, UNLAWFUL = "surat_keterangan", "kontrak"
OK, DENIED, EXISTS = "OK", "PERMISSION_DENIED", "ALREADY_EXISTS"
NAMES = {code.value[0]: code.name for code in grpc.StatusCode}
KEPT, CALL_S, TOOL_S = 256, 15, 120
CHANCE_OF_OLD, CHANCE_OF_UNLAWFUL, CHANCE_OF_CONFLICT = 0.15, 0.08, 0.02


class Callers:
    def __init__(self, folder, slot, seed):
        self.folder, self.slot = folder, slot
        self.dice, self.stop = random.Random(f"{seed} {slot}"), threading.Event()
        self.log = history.Writer(history.file_of(os.path.join(folder, "history"), slot, 0))
        self.place = client.Place(folder, None)
        self.place.address = self.place.read("clients/e-office/gateway").strip()
        self.clients = {n: rig.Client(self.place, n) for n in ("e-office", "reviewer")}
        self.number, self.lock = 0, threading.Lock()

    def next(self):
        with self.lock:
            self.number += 1
            return self.number

    def note(self, kind, since, errors=(), **more):
        """errors: (code, words) of each thing that went otherwise than it should."""
        self.log.note(kind=kind, since=since, errors=list(errors), **more)


def reason_of(error):
    refusal = rig.Refusal(error)
    return f"{refusal.info.reason if refusal.info else ''} {refusal.message}"[:200].strip()


# --- Signing ------------------------------------------------------------------------------

class Signer:
    """Items of one key: new ones, unlawful ones, some asked again, some with another digest
    under an id that was signed. An item: (id, digest, class, what the answer should say)."""

    def __init__(self, callers, kind, key):
        self.callers, self.kind, self.key = callers, kind, key
        self.answered, self.owed = [], []

    def one(self):
        dice, chance = self.callers.dice, self.callers.dice.random()
        if self.owed:
            return self.owed.pop()
        if self.answered and chance < CHANCE_OF_CONFLICT:
            return (dice.choice(self.answered)[0], secrets.token_bytes(32), LAWFUL, EXISTS)
        if self.answered and chance < CHANCE_OF_OLD:
            return dice.choice(self.answered)
        unlawful = dice.random() < CHANCE_OF_UNLAWFUL
        return (f"{self.key}-{secrets.token_hex(8)}", secrets.token_bytes(32),
                UNLAWFUL if unlawful else LAWFUL, DENIED if unlawful else OK)

    def some(self, count):
        """Of one class and each id once: the terms of a call hold for all of them."""
        items = {}
        for item in (self.one() for _ in range(count)):
            items.setdefault(item[0], item)
        first = next(iter(items.values()))[2]
        self.owed += [i for i in items.values() if i[2] != first]
        return [i for i in items.values() if i[2] == first]

    def terms(self, items):
        return rig.terms(key=self.key, document_class=items[0][2])

    def ask(self, ask, items):
        """ask: takes terms and items, returns results. A broken call is noted, and its items
        are asked for again."""
        number, since = self.callers.next(), time.monotonic()
        self.callers.log.asks(number, [i[:3] for i in items])
        try:
            results = list(ask(self.terms(items), [
                rig.signing.SignItem(request_id=i[0], digest=i[1]) for i in items]))
        except grpc.RpcError as error:
            self.owed += items
            return self.callers.note(self.kind, since, [(error.code().name, reason_of(error))],
                                     lost=number)
        return self.take(number, since, {i[0]: i for i in items}, results)

    def take(self, number, since, items, results):
        errors = []
        for result in results:
            item, code = items.pop(result.request_id, None), NAMES[result.status.code]
            if item is None:
                errors.append(("STRAY", "an answer that was not asked for, or a second one"))
            elif code != item[3]:
                errors.append((code, f"wanted {item[3]}: {result.status.reason} "
                                     f"{result.status.message}"[:200]))
                self.owed.append(item)
            elif result.signature:
                self.answered.append(item)
        errors += [("MISSING", "an item without an answer")] * len(items)
        self.owed += items.values()
        del self.answered[:-KEPT]
        self.callers.note(self.kind, since, errors, got=number,
                          answers=[client.answer_of(r) for r in results])


def unary(callers, kind, key):
    signer = Signer(callers, kind, key)
    call = callers.clients["e-office"].call(
        "unary_unary", "SignBatch", rig.signing.SignBatchRequest, rig.signing.SignBatchResponse)

    def ask(terms, items):
        return call(rig.signing.SignBatchRequest(terms=terms, items=items),
                    timeout=CALL_S).results
    return lambda: signer.ask(ask, signer.some(1 if kind.startswith("unary")
                                               else callers.dice.randint(2, 12)))


def stream(callers, kind, key, count, pause=0.0):
    """pause: before each answer is read; a slow reader."""
    signer = Signer(callers, kind, key)
    call = callers.clients["e-office"].call(
        "stream_stream", "SignStream", rig.signing.SignStreamRequest,
        rig.signing.SignStreamResponse)

    def ask(terms, items):
        asked = [rig.signing.SignStreamRequest(terms=terms)] + [
            rig.signing.SignStreamRequest(items=items[i:i + 7])
            for i in range(0, len(items), 7)]
        for reply in call(iter(asked), timeout=2 * CALL_S):
            time.sleep(pause)
            yield from reply.results
    return lambda: signer.ask(ask, signer.some(count))


def explain(callers, kind):
    call = callers.clients["e-office"].call(
        "unary_unary", "Explain", rig.signing.ExplainRequest, rig.signing.ExplainResponse)

    def ask():
        since, errors = time.monotonic(), []
        try:
            call(rig.signing.ExplainRequest(terms=rig.terms(), item=rig.item()), timeout=CALL_S)
        except grpc.RpcError as error:
            errors.append((error.code().name, reason_of(error)))
        callers.note(kind, since, errors)
    return ask


# --- Those who come and go ----------------------------------------------------------------

def watch(callers, kind):
    """A watcher of health that leaves after a while and comes again."""
    def ask():
        since, errors, told = time.monotonic(), [], 0
        call = callers.clients["e-office"].watch("", timeout=callers.dice.uniform(2, 20))
        try:
            for _ in call:
                told += 1
                if callers.stop.is_set():
                    call.cancel()
        except grpc.RpcError as error:
            if error.code().name not in ("DEADLINE_EXCEEDED", "CANCELLED"):
                errors.append((error.code().name, reason_of(error)))
        if told == 0:
            errors.append(("SILENT", "a watcher was told nothing"))
        callers.note(kind, since, errors)
    return ask


def connect(callers, kind):
    """Connections that end at once: before TLS, behind it, or in the middle of a call."""
    home = callers.place
    host, port = home.address.rsplit(":", 1)
    context = ssl.create_default_context(
        cafile=os.path.join(home.folder, "clients/e-office/ca.pem"))
    context.load_cert_chain(os.path.join(home.folder, "clients/e-office/cert.pem"),
                            os.path.join(home.folder, "clients/e-office/key.pem"))
    context.set_alpn_protocols(["h2"])

    def ask():
        since, errors = time.monotonic(), []
        try:
            with socket.create_connection((host, int(port)), timeout=CALL_S) as plain:
                if callers.dice.random() < 0.7:
                    with context.wrap_socket(plain, server_hostname=host) as link:
                        link.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
                                     + callers.dice.choice((b"", b"\0\0\0\4\0\0\0\0\0", b"\0")))
        except OSError as error:
            errors.append(("NO_CONNECTION", str(error)))
        callers.note(kind, since, errors)
    return ask


# --- Programs -----------------------------------------------------------------------------

def tool(callers, name, *arguments, **more):
    """It ends with this process, however that ends."""
    return subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", os.path.join(rig.BIN, "segel"), "--home",
         os.path.join(callers.folder, "clients", name), *arguments],
        stdin=subprocess.DEVNULL, text=True, **more)


def run_tool(callers, kind, name, *arguments):
    """Its output; None when it failed, which is noted."""
    since = time.monotonic()
    with tool(callers, name, *arguments, stdout=subprocess.PIPE,
              stderr=subprocess.PIPE) as process:
        try:
            out, complaints = process.communicate(timeout=TOOL_S)
        except subprocess.TimeoutExpired:
            process.kill()
            callers.note(kind, since, [("NO_END", " ".join(arguments[:2]))])
            return None
    if process.returncode != 0:
        words = (complaints.strip() or out.strip())[-300:]
        callers.note(kind, since, [(f"EXIT_{process.returncode}", words)])
        return None
    return since, out


def letters(callers, kind):
    """`segel sign` with a stamp, then `segel verify`. What was signed is noted with its place on
    the log."""
    source = os.path.join(callers.folder, "letters", LAWFUL)
    out = os.path.join(callers.folder, f"signed-{callers.slot}")

    def ask():
        shutil.rmtree(out, ignore_errors=True)
        done = run_tool(callers, kind, "e-office", "sign", "--key", "seal-demo", "--approval",
                        "ND-2026/007", "--class", LAWFUL, "--notice-shown", "--rect",
                        "330,330,150,60", "--json", "-o", out, source)
        if done is None:
            return
        lines = [json.loads(line) for line in done[1].splitlines() if line.strip()]
        places = [[line["request_id"], line["log_index"]] for line in lines
                  if line.get("status") == "signed"]
        paths = [os.path.join(at, n) for at, _, names in os.walk(out) for n in names
                 if n.endswith(".pdf")]
        errors = [] if len(paths) == len(places) > 0 else [
            ("LETTERS", f"{len(places)} signed, {len(paths)} files")]
        callers.note(kind, done[0], errors, letters=places)
        done = run_tool(callers, "verify letters", "e-office", "verify", *paths)
        if done is not None:
            callers.note("verify letters", done[0])
    return ask


def reviewer(callers, kind, *arguments):
    def ask():
        done = run_tool(callers, kind, "reviewer", *arguments)
        if done is not None:
            callers.note(kind, done[0])
    return ask


def export(callers, kind):
    path = os.path.join(callers.folder, f"export-{callers.slot}.tar")
    show = reviewer(callers, kind, "log", "export", "--out", path)

    def ask():
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        show()
    return ask


def slow_show(callers, kind):
    """Reads the log so slowly that the gateway has to wait, and leaves in the middle."""
    def ask():
        since, end = time.monotonic(), time.monotonic() + callers.dice.uniform(1, 6)
        with tool(callers, "reviewer", "log", "show", "--json", stdout=subprocess.PIPE,
                  stderr=subprocess.DEVNULL) as process:
            while time.monotonic() < end and process.stdout.read(2048):
                time.sleep(0.02)
            process.kill()
        callers.note(kind, since)
    return ask


# kind -> (what makes its question, seconds between two of them). About 100 signatures a second
# in all: far below what the token can do, so that a refusal for load tells of a fault.
KINDS = {
    "unary rsa": (lambda c, k: unary(c, k, "seal-demo"), 0.1),
    "unary p-256": (lambda c, k: unary(c, k, "seal-ec"), 0.1),
    "batch rsa": (lambda c, k: unary(c, k, "seal-demo"), 0.5),
    "batch p-256": (lambda c, k: unary(c, k, "seal-ec"), 0.5),
    "stream rsa": (lambda c, k: stream(c, k, "seal-demo", 50), 2),
    "stream p-256": (lambda c, k: stream(c, k, "seal-ec", 50), 2),
    "slow stream": (lambda c, k: stream(c, k, "seal-ec", 120, 0.05), 3),
    "explain": (explain, 3),
    "watch": (watch, 0.1),
    "connect": (connect, 0.5),
    "letters": (letters, 4),
    "log show": (lambda c, k: reviewer(c, k, "log", "show", "--type", "deny", "--count", "50",
                                       "--json"), 7),
    "log verify": (lambda c, k: reviewer(c, k, "log", "verify", "--json"), 60),
    "log export": (export, 60),
    "slow log show": (slow_show, 3),
}
SLOTS = {
    "signers": ("unary rsa", "unary p-256", "batch rsa", "batch p-256", "stream rsa",
                "stream p-256"),
    "others": ("slow stream", "explain", "watch", "watch", "connect", "letters", "log show",
               "log verify", "log export", "slow log show"),
}


def work(callers, kind):
    make, pause = KINDS[kind]
    ask = make(callers, kind)
    while not callers.stop.is_set():
        try:
            ask()
        except Exception as error:  # its own mistake, which must not pass for silence
            callers.note(kind, time.monotonic(), [("BROKEN_TEST", repr(error)[:300])])
            raise
        callers.stop.wait(pause * callers.dice.uniform(0.5, 1.5))


def main():
    folder, slot, seed, parent = sys.argv[1:5]
    client.die_with_parent(int(parent))
    callers = Callers(folder, slot, seed)
    signal.signal(signal.SIGTERM, lambda *_: callers.stop.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's; the parent decides
    threads = [threading.Thread(target=work, args=(callers, k), daemon=True)
               for k in SLOTS[slot]]
    for thread in threads:
        thread.start()
    while not callers.stop.wait(1):
        pass
    for thread in threads:
        thread.join(TOOL_S)
    return 1 if any(thread.is_alive() for thread in threads) else 0


if __name__ == "__main__":
    sys.exit(main())
