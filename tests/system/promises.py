#!/usr/bin/python3
"""Promises that only show from outside the process: what is durable before what, which
process knows which secret, and what never reaches the gateway at all."""
import contextlib
import os
import re
import subprocess
import sys
import time

import grpc
import rig
from rig import claim, equal, expect, item

REQUESTS = 20


# --- Order -------------------------------------------------------------------------------

@contextlib.contextmanager
def traced(gateway, *options):
    """strace on all threads of the gateway; the lane is another process and not traced."""
    path = gateway.rig.path("trace")
    tracer = subprocess.Popen(["strace", "-f", "-qq", "-y", "-o", path, *options,
                               "-p", str(gateway.process.pid)],
                              stderr=subprocess.PIPE, text=True)
    time.sleep(1)
    expect(tracer.poll() is None, "strace cannot attach")
    try:
        yield path
    finally:
        tracer.terminate()
        tracer.wait(timeout=10)


def events(path):
    """S = a sync of the ledger has ended, K = work goes to a lane, R = an answer goes out."""
    kinds = ((re.compile(r"fdatasync\(\d+<[^>]*ledger\.db-wal>\) += 0"), "S"),
             (re.compile(r"sendto\(\d+<[^>]*>, .*MSG_DONTWAIT\|MSG_NOSIGNAL"), "K"),
             (re.compile(r"write\(\d+<(?:TCP|socket)[^>]*>, .*, (\d+)\)? "), "R"))
    unfinished = {}
    with open(path, encoding="utf-8", errors="replace") as trace:
        for line in trace:
            thread, _, call = line.rstrip().partition(" ")
            call = call.strip()
            if call.endswith("<unfinished ...>"):
                unfinished[thread] = call[:-len("<unfinished ...>")].rstrip()
                # What goes out is counted when it begins, a sync when it has ended.
                if not call.startswith("fdatasync"):
                    call = unfinished[thread] + " "
                else:
                    continue
            elif call.startswith("<... "):
                if not call.startswith("<... fdatasync"):
                    continue
                call = unfinished.pop(thread, "") + call[call.index("resumed>") + 8:]
            for pattern, kind in kinds:
                found = pattern.search(call)
                # Answers carry a CMS; acknowledgements and window updates are small.
                if found and (kind != "R" or int(found.group(1)) > 1000):
                    yield kind


def order_of(gateway):
    client = gateway.client()
    client.sign()
    with traced(gateway, "-e", "trace=fdatasync,sendto,write") as path:
        for _ in range(REQUESTS):
            client.sign()
    return "".join(events(path))


@claim
def no_key_is_used_before_its_intent_is_durable(rigged):
    with rigged.gateway(rigged.quiet) as gateway:
        order = order_of(gateway)
        equal(order.count("K"), REQUESTS, f"key uses in {order}")
        early = re.findall(r"(?:^|R)(?=K)", order)
        expect(not early, f"a key was used before a sync: {order}")


@claim
def no_signature_leaves_before_its_outcome_is_durable(rigged):
    with rigged.gateway(rigged.quiet) as gateway:
        order = order_of(gateway)
        equal(order.count("R"), REQUESTS, f"answers in {order}")
        expect("KR" not in order, f"an answer left before a sync: {order}")


@claim
def a_denial_is_durable_before_it_is_told(rigged):
    with rigged.gateway(rigged.quiet) as gateway:
        client = gateway.client()
        before = os.path.getsize(rigged.path("ledger.db-wal"))
        rig.refused(client.sign, document_class="kontrak_pengadaan")
        expect(os.path.getsize(rigged.path("ledger.db-wal")) > before
               or b"kontrak_pengadaan" in rigged.read("ledger.db-wal", "rb"),
               "the denial is in the ledger when the caller hears of it")


@claim
def a_failed_sync_stops_signing_at_once(rigged):
    job = item()
    with rigged.gateway(rigged.quiet) as gateway:
        client = gateway.client()
        client.sign()
        with traced(gateway, "-e", "trace=fdatasync",
                    "-e", "inject=fdatasync:error=EIO:when=1"):
            refusal = rig.refused(client.sign, job)
            equal(refusal.code, grpc.StatusCode.UNAVAILABLE)
            equal(gateway.wait_end(10), 1, "exit code")
        rig.contains(gateway.text(), "ledger")
    with rigged.gateway(rigged.quiet) as gateway:
        result = gateway.client().sign(job)
        expect(len(result.signature) > 1000, "after a restart the same id is signed")
        verified = rigged.segel("reviewer", "log", "verify")
        equal(verified.returncode, 0, verified.stdout + verified.stderr)


# --- Secrets -----------------------------------------------------------------------------

def memory_holds(pid, words):
    """Which of the words stand in the memory of a process."""
    found = set()
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps, \
            open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in maps:
            place, rights = line.split()[:2]
            if "r" not in rights or "[v" in line:
                continue
            start, end = (int(x, 16) for x in place.split("-"))
            with contextlib.suppress(OSError, ValueError, OverflowError):
                memory.seek(start)
                data = memory.read(end - start)
                found.update(w for w in words if w in data)
    return found


@claim
def pin_and_module_exist_only_in_the_lane(rigged):
    with rigged.gateway() as gateway:
        gateway.client().sign()
        pin = rigged.read("pin", "rb").strip()
        equal(memory_holds(gateway.process.pid, [pin]), set(), "the PIN in segeld")
        with open(f"/proc/{gateway.process.pid}/maps", encoding="utf-8") as maps:
            expect("softhsm" not in maps.read(), "segeld has loaded the module")
        for name in ("cmdline", "environ"):
            with open(f"/proc/{gateway.process.pid}/{name}", "rb") as file:
                expect(pin not in file.read(), f"the PIN stands in {name}")
        expect(pin.decode() not in gateway.text(), "the PIN stands in the log lines")


@claim
def a_letters_content_never_reaches_the_gateway(rigged):
    words = [b"Pemerintah Kota Contoh memberitahukan", b"%PDF-1."]
    letter = rigged.write("rahasia.pdf", minimal_pdf(words[0].decode()))
    with rigged.gateway() as gateway:
        signed = rigged.segel("e-office", "sign", "--key", "seal-demo", "--profile",
                              "pades-b-b", "--class", "surat_keterangan", "--approval",
                              "ND/7/2026", "--notice-shown", "-o", rigged.path("out"), letter)
        equal(signed.returncode, 0, signed.stdout + signed.stderr)
        equal(memory_holds(gateway.process.pid, words), set(), "content in segeld")
        for name in ("ledger.db", "ledger.db-wal"):
            expect(words[0] not in rigged.read(name, "rb"), f"content in {name}")


def minimal_pdf(text):
    """One page with one line, uncompressed, so that the words can be looked for."""
    stream = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET"
    objects = ["<< /Type /Catalog /Pages 2 0 R >>",
               "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
               "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
               "/Resources << /Font << /F1 5 0 R >> >> >>",
               f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
               "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    out, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode()
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + (f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\n"
                  f"startxref\n{start}\n%%EOF\n").encode()


if __name__ == "__main__":
    the_rig = rig.Rig("promises")
    # Checkpoints sync too: none may come in between.
    text = the_rig.read("segeld.yaml").replace("checkpoint_s: 1,", "checkpoint_s: 86400,")
    the_rig.quiet = the_rig.write("quiet.yaml", text)
    sys.exit(rig.run(the_rig))
