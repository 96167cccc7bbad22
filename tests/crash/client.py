"""A client under load that can be killed at any moment: asks for signatures and refusals,
asks again for what it has, or does not have, an answer to, and writes its history.

    client.py FOLDER    FOLDER: of the gateway's rig; histories go to FOLDER/history

Each line "SLOT LIFE SEED" of the input starts a client by fork, whose process number is
printed: a kill and a new start take no time. All end with the input."""
import base64
import ctypes
import hashlib
import json
import os
import random
import secrets
import signal
import sys
import threading
import time

import grpc

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[1:1] = [os.path.join(HERE, "../system"), os.path.join(HERE, "../faults")]
import history  # noqa: E402
import judge  # noqa: E402
import rig  # noqa: E402

THREADS, BATCH, KEPT = 3, 6, 256
LAWFUL, UNLAWFUL = "surat_keterangan", "kontrak"
PR_SET_PDEATHSIG = 1
CHANCE_OF_OLD, CHANCE_OF_UNLAWFUL, CHANCE_OF_CONFLICT = 0.2, 0.1, 0.02


class Place:
    """As much of a rig and a gateway as rig.Client needs."""

    def __init__(self, folder, address):
        self.folder, self.rig, self.address = folder, self, address

    def read(self, name, mode="r"):
        with open(os.path.join(self.folder, name), mode) as file:
            return file.read()


def answer_of(result):
    """What of an answer is written down: everything that is held against the log. Of a
    signature the hash of all its bytes, and the parts that are signed and that sign."""
    answer = {"id": result.request_id, "code": result.status.code,
              "decision": result.decision_id, "replayed": result.replayed,
              "attempt": result.attempt}
    if result.HasField("log"):
        answer["log"] = [result.log.index, result.log.leaf_hash.hex()]
    if result.signature:
        answer["cms"] = hashlib.sha256(result.signature).hexdigest()
        answer.update(parts_of(result.signature))
    return answer


def parts_of(cms):
    try:
        attributes, named, signature = judge.signer_of(cms)
    except (ValueError, IndexError) as error:
        return {"broken": str(error)}
    return {"attributes": base64.b64encode(attributes).decode(),
            "named": [n.hex() for n in named],
            "signature": base64.b64encode(signature).decode()}


class Client:
    def __init__(self, folder, slot, life, seed):
        self.folder, self.name = folder, f"{slot}-{life}"
        self.dice, self.lock = random.Random(f"{seed} {slot} {life}"), threading.Lock()
        self.log = history.Writer(history.file_of(os.path.join(folder, "history"), slot, life))
        self.channel = self.address = self.call = self.mandate = None
        self.answered, self.owed, self.calls = [], [], 0
        if life > 0:
            self.remember(history.file_of(os.path.join(folder, "history"), slot, life - 1))

    def remember(self, path):
        """What the process before this one had asked."""
        items, told = {}, {}
        for line in history.whole_lines(path)[0].splitlines():
            event = json.loads(line)
            for name, digest, document_class in event.get("items", []):
                items.setdefault(name, (name, bytes.fromhex(digest), document_class))
            told.update((a["id"], "cms" in a) for a in event.get("answers", []) if "log" in a)
        signed = [items[i] for i, is_signed in told.items() if is_signed and i in items]
        self.answered = signed[-KEPT:]
        self.owed = [item for i, item in items.items() if i not in told]

    # --- What to ask ------------------------------------------------------------------

    def fresh(self):
        unlawful = self.dice.random() < CHANCE_OF_UNLAWFUL
        return (f"{self.name}-{secrets.token_hex(6)}", secrets.token_bytes(32),
                UNLAWFUL if unlawful else LAWFUL)

    def one(self):
        chance = self.dice.random()
        if self.owed:
            return self.owed.pop()
        if self.answered and chance < CHANCE_OF_CONFLICT:
            return (self.dice.choice(self.answered)[0], secrets.token_bytes(32), LAWFUL)
        if self.answered and chance < CHANCE_OF_OLD:
            return self.dice.choice(self.answered)
        return self.fresh()

    def batch(self):
        """Items of one class: the terms of a call hold for all of them."""
        with self.lock:
            items = {i[0]: i for i in (self.one() for _ in range(self.dice.randint(1, BATCH)))}
            first = next(iter(items.values()))[2]
            self.owed += [i for i in items.values() if i[2] != first]
            self.calls += 1
            return self.calls, first, [i for i in items.values() if i[2] == first]

    # --- Asking -----------------------------------------------------------------------

    def connect(self):
        """A gateway that was started again has another address."""
        place = Place(self.folder, None)
        address = place.read(os.path.join("clients", "e-office", "gateway")).strip()
        with self.lock:
            if address and address != self.address:
                place.address = self.address = address
                self.channel = rig.Client(place, "e-office")
                self.mandate = place.read("mandate")
                self.call = self.channel.call("unary_unary", "SignBatch",
                                              rig.signing.SignBatchRequest,
                                              rig.signing.SignBatchResponse)
            return self.call

    def ask(self, ask, number, document_class, items):
        self.log.asks(number, items)
        try:
            reply = ask(rig.signing.SignBatchRequest(
                terms=rig.terms(document_class=document_class, mandate=self.mandate),
                items=[rig.signing.SignItem(request_id=i, digest=d) for i, d, _ in items]),
                timeout=5)
        except grpc.RpcError as error:
            self.log.lost(number, error.code().name)
            with self.lock:
                self.owed += items
            return False
        answers = [answer_of(r) for r in reply.results]
        self.log.got(number, answers)
        self.take(items, answers)
        return True

    def take(self, items, answers):
        answered = {a["id"] for a in answers if "log" in a}
        with self.lock:
            self.owed += [i for i in items if i[0] not in answered]
            self.answered += [i for i, a in zip(items, answers) if a.get("cms")]
            del self.answered[:-KEPT]

    def work(self):
        while True:
            ask = self.connect()
            done = ask is not None and self.ask(ask, *self.batch())
            time.sleep(random.uniform(0.003, 0.015) if done else 0.01)


def live(folder, slot, life, seed):
    client = Client(folder, slot, int(life), seed)
    threads = [threading.Thread(target=client.work, daemon=True) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def die_with_parent(parent):
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def main():
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    for line in sys.stdin:
        parent, child = os.getpid(), os.fork()
        if child == 0:
            die_with_parent(parent)
            live(sys.argv[1], *line.split())
            os._exit(1)
        print(child, flush=True)


if __name__ == "__main__":
    main()
