#!/usr/bin/python3
"""The life of a key that officers make: generated on the token by a ceremony, backed up,
certified, accepted, used and destroyed; and what of it stands when something goes wrong in
between. Every end leaves the register, the token and the log in agreement."""
import concurrent.futures
import contextlib
import hashlib
import http.server
import json
import math
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

import chains
import grpc
import people
import rig
from cryptography import x509
from faulty import PIN_REFUSED, kill_lane, list_tokens, token, unlock, wait_for
from maker import (STATE, SUBJECT, Keymaking, accept, begin, calls, destroy, ready, signs)
from people import EXECUTED
from rig import claim, contains, equal, expect

keys = rig.keys
CODE = grpc.StatusCode


# --- A whole life ---------------------------------------------------------------------------

@claim
def a_key_lives_from_its_generation_to_its_destruction(maker):
    with maker.gateway() as gateway:
        name, certificates = maker.made(gateway)
        equal(rig.refused(gateway.client().sign, key=name).code, CODE.FAILED_PRECONDITION)
        accept(maker, gateway, name, certificates)
        found = maker.key(gateway, name).tokens[0]
        expect(found.local and found.sensitive and found.never_extractable
               and not found.extractable and not found.modifiable, "attributes of the token")
        signs(gateway, name)
        signs(gateway, "seal-demo")
        equal(STATE[destroy(maker, gateway, name).state], "destroyed")
        equal(len(maker.key(gateway, name).tokens), 0, "no token has it any more")
        equal(rig.refused(gateway.client().sign, key=name).code, CODE.FAILED_PRECONDITION)
        end = maker.steps(name, "end")[-1]
        equal((end["rite"], end["result"], end["found"], end["destroyed"]),
              ("destroy", "done", "private=0 public=0 certificate=0",
               "private=1 public=1 certificate=1"))
        equal(rig.refused(maker.call, gateway, "GenerateKey", maker.generation(name)).code,
              CODE.FAILED_PRECONDITION, "its name is never used again")


@claim
def the_log_tells_what_the_token_said(maker):
    with maker.gateway() as gateway:
        name = maker.name()
        maker.generate(gateway, name)
        begin, told, key, checks, end = maker.steps(name)
        equal([r["step"] for r in (begin, told, key, checks, end)],
              ["begin", "token", "key", "checks", "end"])
        equal((begin["requester"], begin["approvers"], begin["witness"], begin["place"],
               begin["participants"]), ("officer-1", "officer-2,officer-3", "reviewer",
                                        "server room (TEST)", "officer-2,officer-3"))
        equal(told["manufacturer"], "SoftHSM project")
        contains(key["attributes"], "local=1", "sensitive=1", "extractable=0", "decrypt=0",
                 "modifiable=0", "copyable=0")
        equal((key["mechanism"], key["allowed_mechanisms"]), ("0x1040", "0x1041"))
        equal(key["ckaid"], begin["ckaid"])
        equal(checks["check_1"], "set CKA_DECRYPT to true: CKR_ACTION_PROHIBITED, refused")
        for number in range(1, 5):
            expect(checks[f"check_{number}"].endswith(", refused"), checks)
        equal((end["rite"], end["result"]), ("generate", "done"))
        wait_for(lambda: [r for r in maker.records("key.state") if r["subject"] == name],
                 "its state is not on the log")
        state = [r for r in maker.records("key.state") if r["subject"] == name][-1]
        equal((state["state"], state["grant"]), ("generated", begin["grant"]))


@claim
def the_accepted_key_and_its_state_outlive_a_restart(maker):
    with maker.gateway() as gateway:
        name, certificates = maker.made(gateway)
        accept(maker, gateway, name, certificates)
    with maker.gateway(keep=True) as gateway:
        equal(maker.state(gateway, name), "accepted")
        signs(gateway, name)


def accepted_before(maker, gateway, span):
    """A key whose issuer's certificate ends soon: its name and that second; None: it ended
    before the key was accepted."""
    name, certificates = maker.made(gateway)
    bound = math.ceil(time.time()) + span
    chains.issuing(maker.rig, bound - 86400, bound)
    with contextlib.suppress(rig.Failed):
        accept(maker, gateway, name, [certificates[0], maker.der("short.pem")])
    return (name, bound) if time.time() + 1 < bound else None


@claim
def a_key_accepted_meanwhile_ends_with_its_chain(maker):
    """The gateway has judged all chains before, for years ahead."""
    with maker.gateway() as gateway:
        found = next(filter(None, (accepted_before(maker, gateway, n) for n in chains.SPANS[1:])))
        name, bound = found
        signs(gateway, name)
        time.sleep(max(0, bound + 0.5 - time.time()))
        refusal = rig.refused(gateway.client().sign, key=name)
        equal(refusal.code, CODE.FAILED_PRECONDITION, refusal.message)
        expect(chains.RULE in [v.rule for v in refusal.denial.failures], str(refusal.denial))
        signs(gateway, "seal-demo")


# --- By command -----------------------------------------------------------------------------

def command(maker, *words, code=0):
    result = maker.rig.segel("officer-1", "key", *words)
    equal(result.returncode, code, result.stdout + result.stderr)
    return result.stdout + result.stderr


def approve_all(maker, gateway, output):
    request = rig.json.loads(output)["approval"]
    equal(request["state"], "waiting")
    for officer in ("officer-2", "officer-3"):
        people.approve(gateway, request["id"], maker.keys[officer], officer)
    return request["id"]


@claim
def a_scheme_is_asked_for_by_the_name_of_its_option(maker):
    for kind, scheme, words in (
            ("rsa-3072", (), "--scheme is missing: for RSA write rsa-pkcs1 or rsa-pss"),
            ("rsa-3072", ("--scheme", "ecdsa"), "--scheme ecdsa does not fit --type rsa-3072"),
            ("p-256", ("--scheme", "rsa-pss"), "--scheme rsa-pss does not fit --type p-256")):
        told = maker.rig.segel("officer-1", "key", "generate", "seal-demo", "--lane", "lane0",
                               "--type", kind, *scheme, "--place", "x", "--participants",
                               "officer-2,officer-3", "--witness", "reviewer", "--script",
                               __file__, "--reason", "x")
        equal((told.returncode, told.stdout), (2, ""), told.stderr)
        contains(told.stderr, words)


@claim
def the_commands_lead_a_key_through_its_life(maker):
    script = maker.rig.write("script.txt", "1. Stop. 2. Make. (TEST)\n")
    with maker.gateway() as gateway:
        name, path = maker.name(), maker.rig.path
        generate = ["generate", name, "--lane", "lane0", "--type", "p-256", "--place",
                    "server room (TEST)", "--participants", "officer-2,officer-3", "--witness",
                    "reviewer", "--script", script, "--reason", "a new seal (TEST)"]
        contains(command(maker, "generate", name, code=2), "--lane LANE is missing")
        contains(command(maker, "generate", name, "--type", "dsa", *generate[4:], "--lane",
                         "lane0", "--type", "dsa", code=2), "dsa")
        request = approve_all(maker, gateway, command(maker, *generate, "--json",
                                                      "--until", "2030-01-31"))
        shown = maker.rig.segel("officer-2", "request", "show", request)
        contains(shown.stdout, f"A new key is made for {name}", "lane=lane0 type=p-256",
                 "until=2030-01-31T00:00:00Z", "witness=reviewer")
        with open(script, "rb") as file:
            digest = hashlib.sha256(file.read()).hexdigest()
        equal([line[17:] for line in shown.stdout.splitlines()
               if re.match(r"  (place|participant|witness|used until|script SHA-256) ", line)],
              ["server room (TEST)", "officer-2", "officer-3", "reviewer", "2030-01-31",
               digest])
        shown = maker.rig.segel("officer-2", "request", "show", request, "--lang", "id")
        contains(shown.stdout, f"Kunci baru dibuat untuk {name}", "tempat", "peserta", "saksi")
        maker.settled(gateway, name)
        equal(maker.steps(name, "key")[0]["end_date"], "20300131")
        contains(command(maker, "csr", name, "--subject", SUBJECT, code=1), "backup")
        contains(command(maker, "backup", name, "--medium", "tape 14 (TEST)", "--lang", "id"),
                 f"kunci {name}: dibuat")
        contains(command(maker, "csr", name, "--subject", SUBJECT, "-o", path("by.csr")),
                 "the log holds it as record")
        subprocess.run([os.path.join(rig.ROOT, "deploy/demo/pki.sh"), "seal", path("pki"),
                        path("by.csr"), path("by.pem")], check=True, capture_output=True)
        contains(command(maker, "import-cert", name, path("pki", "issuing.pem"), "--reason",
                         "x", code=2), "CA's certificate")
        approve_all(maker, gateway, command(maker, "import-cert", name, path("by.pem"),
                                            path("pki", "issuing.pem"), "--reason",
                                            "from the CA (TEST)", "--json"))
        ready(maker, gateway, name)
        signs(gateway, name)
        contains(command(maker, "destroy", name, "--witnesses", "reviewer", "--reason", "old",
                         code=2), "--backups-destroyed")
        approve_all(maker, gateway, command(maker, "destroy", name, "--witnesses",
                                            "reviewer,officer-4", "--reason", "old (TEST)",
                                            "--backups-destroyed", "--json"))
        equal(STATE[maker.settled(gateway, name).state], "destroyed")
        sheet = json.loads(maker.rig.segel("reviewer", "assess", "--json").stdout)
        line = next(line for line in sheet["lines"]
                    if (line["name"], line["subject"]) == ("key", name))
        equal(line["text"], "destroyed; 0 of 0 lanes", "nothing of what the token said before")


# --- The certificate's status ---------------------------------------------------------------

class Responder:
    """Keeps what it is asked, and never knows an answer."""

    def __init__(self):
        self.bodies = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                outer.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_error(404)

            def log_message(self, *arguments):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def asked(self, number):
        """Whether somebody asked about the certificate of this serial number."""
        return any(number in body for body in self.bodies)


@claim
def the_status_of_a_new_certificate_is_asked_for_without_a_restart(maker):
    responder = Responder()
    url = f"http://127.0.0.1:{responder.http.server_address[1]}/"
    os.makedirs(maker.rig.path("status"), exist_ok=True)
    changes = (r"\nlanes:\n", f"\nstatus: {{dir: status, private_addresses: 1, "
               f"ocsp_url: '{url}'}}\nlanes:\n")
    with contextlib.closing(responder.http.socket), maker.gateway(changes) as gateway:
        name, certificates = maker.made(gateway)
        number = x509.load_der_x509_certificate(certificates[0]).serial_number
        number = number.to_bytes((number.bit_length() + 7) // 8, "big")
        time.sleep(1)
        expect(not responder.asked(number), "it is not accepted yet")
        accept(maker, gateway, name, certificates)
        wait_for(lambda: responder.asked(number), "nobody asks for its status")
    responder.http.shutdown()


# --- Who, and when --------------------------------------------------------------------------

@claim
def what_is_asked_for_is_checked_before_anybody_signs(maker):
    wrong = [({"participants": ["officer-2"]}, "participants"),
             ({"participants": ["officer-2", "nobody"]}, "nobody"),
             ({"participants": ["officer-2", "officer-2"]}, "twice"),
             ({"witness": "officer-4"}, "reviewer"),
             ({"participants": ["officer-2", "officer-3", "reviewer"]}, "no part in the work"),
             ({"participants": ["officer-2", "reviewer-2"]}, "must be officers"),
             ({"lane": "lane9"}, "lane9"),
             ({"type": keys.KEY_TYPE_RSA_3072,
               "signature_algorithm": rig.common.SIGNATURE_ALGORITHM_RSA_PKCS1}, "ecdsa"),
             ({"type": keys.KEY_TYPE_ED25519}, "log key"),
             ({"script_sha256": b"short"}, "script_sha256"),
             ({"place": ""}, "place"), ({"reason": ""}, "reason"),
             ({"key": "nowhere"}, "nowhere"), ({"key": "seal-demo"}, "accepted already")]
    with maker.gateway() as gateway:
        for changes, word in wrong:
            refusal = rig.refused(maker.call, gateway, "GenerateKey",
                                  maker.generation(maker.SLOTS[0], **changes))
            contains(refusal.message, word)
        equal(rig.refused(maker.call, gateway, "GenerateKey",
                          maker.generation(maker.SLOTS[0]), "reviewer").code,
              CODE.PERMISSION_DENIED)
        equal(maker.steps(maker.SLOTS[0]), [])


@claim
def a_request_and_a_certificate_wait_for_the_backup(maker):
    with maker.gateway() as gateway:
        name = maker.name()
        maker.generate(gateway, name)
        contains(rig.refused(maker.csr, gateway, name).message, "backup")
        contains(rig.refused(maker.call, gateway, "ImportCertificate",
                             maker.import_request(name, [maker.der("pki/issuing.pem")])).message,
                 "backup")
        equal(rig.refused(maker.call, gateway, "ConfirmBackup", keys.ConfirmBackupRequest(
            request_id=maker.id(), key=name, medium="x"), "reviewer").code,
            CODE.PERMISSION_DENIED)
        first = maker.backup(gateway, name)
        expect(first.key.backup_confirmed, "the backup is confirmed")
        equal(maker.backup(gateway, name).log.index, first.log.index, "no news")
        equal(maker.steps(name, "backup")[0]["medium"], "safe 1 (TEST)")


@claim
def a_certificate_request_has_the_subject_and_proves_the_key(maker):
    with maker.gateway() as gateway:
        name = maker.name()
        maker.generate(gateway, name)
        maker.backup(gateway, name)
        got = maker.csr(gateway, name)
        equal(got.csr_sha256, hashlib.sha256(got.csr).digest())
        maker.rig.write("got.der", got.csr)
        shown = rig.openssl("req", "-inform", "DER", "-in", maker.rig.path("got.der"),
                            "-noout", "-verify", "-subject", "-nameopt", "oneline,-esc_msb")
        contains(shown.stdout.decode(), "O = Pemerintah Kota Contoh (TEST)", "CN = Segel Baru (TEST)")
        record = maker.steps(name, "end")[-1]
        equal((record["rite"], record["csr"], record["officer"]),
              ("csr", "sha256:" + got.csr_sha256.hex(), "officer-1"))
        equal(got.log.index, record["seq"])
        contains(rig.refused(maker.csr, gateway, name, "CN=x").message, "subject")
        wait_for(lambda: token(gateway).lane_state == "up", "the lane does not come back")


def make_nobody(maker):
    rig.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                "-nodes", "-subj", "/CN=Nobody (TEST)", "-keyout",
                maker.rig.path("nobody.key"), "-out", maker.rig.path("nobody.pem"))


@claim
def a_certificate_that_does_not_fit_is_refused_by_all_that_is_wrong(maker):
    with maker.gateway() as gateway:
        other, foreign = maker.made(gateway)
        name, good = maker.made(gateway)
        make_nobody(maker)
        for certificates, words in (
                (foreign, ["public key"]),
                (good[:1], ["anchor"]),
                ([maker.der("pki/issuing.pem")], ["public key", "CA's certificate",
                                                  "key usage"]),
                ([maker.der("nobody.pem")], ["public key", "anchor"]),
                ([b"nonsense"], ["certificate"]), ([], ["1 to 8"])):
            refusal = rig.refused(maker.call, gateway, "ImportCertificate",
                                  maker.import_request(name, certificates))
            equal(refusal.code, CODE.INVALID_ARGUMENT, refusal.message)
            contains(refusal.message, *words)
        for days, words in (("-1", ["expired"]), ("30", ["refused: rule CP-"])):
            bare = bare_certificate(maker, days)
            refusal = rig.refused(maker.call, gateway, "ImportCertificate",
                                  maker.import_request(name, [bare, good[1]]))
            equal(refusal.code, CODE.INVALID_ARGUMENT, refusal.message)
            contains(refusal.message, *words)
        equal(maker.state(gateway, name), "generated")
        equal([r for r in maker.records("grant.request") if r["object"] == name
               and r["action"] == "cert.accept"], [])
        accept(maker, gateway, name, good)


@claim
def a_certificate_is_judged_by_the_anchors_of_the_start(maker):
    """As the keys that were there before, and as its status: the file is read once."""
    anchors = maker.rig.read("anchors.pem")
    make_nobody(maker)
    with maker.gateway() as gateway:
        name, certificates = maker.made(gateway)
        try:
            maker.rig.write("anchors.pem", maker.rig.read("nobody.pem"))
            gateway.process.send_signal(signal.SIGHUP)
            equal(gateway.wait_event("reloaded")["need_restart"], "policy.anchors")
            refusal = rig.refused(maker.call, gateway, "ImportCertificate",
                                  maker.import_request(name, [maker.der("nobody.pem")]))
            contains(refusal.message, "public key", "anchor")
            accept(maker, gateway, name, certificates)
            signs(gateway, name)
        finally:
            maker.rig.write("anchors.pem", anchors)


def stuffing(maker):
    """A certificate that is nobody's and has 12 KiB."""
    rig.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                "-nodes", "-subj", "/CN=Nobody (TEST)", "-addext", "nsComment=" + "x" * 12000,
                "-keyout", maker.rig.path("nobody.key"), "-out", maker.rig.path("nobody.pem"))
    return maker.der("nobody.pem")


@claim
def a_chain_that_no_signature_could_hold_is_refused(maker):
    with maker.gateway() as gateway:
        name, good = maker.made(gateway)
        refusal = rig.refused(maker.call, gateway, "ImportCertificate",
                              maker.import_request(name, good + [stuffing(maker), stuffing(maker)]))
        equal(refusal.code, CODE.INVALID_ARGUMENT, refusal.message)
        contains(refusal.message, "larger than")
        accept(maker, gateway, name, good)


def bare_certificate(maker, days):
    """Of the last request, by the demo's own CA, but without what the policy asks for."""
    with open(maker.rig.path("bare.ext"), "w", encoding="ascii") as file:
        file.write("basicConstraints = critical, CA:FALSE\n"
                   "keyUsage = critical, digitalSignature, nonRepudiation\n")
    rig.openssl("x509", "-req", "-in", maker.rig.path("new.csr"), "-CA",
                maker.rig.path("pki", "issuing.pem"), "-CAkey",
                maker.rig.path("pki", "issuing.key"), "-days", days, "-extfile",
                maker.rig.path("bare.ext"), "-out", maker.rig.path("bare.pem"))
    return maker.der("bare.pem")


# --- When the token fails -------------------------------------------------------------------

def freed(maker, gateway, name, word):
    """No key was made, the reason can be read, and the name is free."""
    found = maker.settled(gateway, name, 40)
    equal(found.state, 0, "state")
    contains(found.trouble, word)
    wait_for(lambda: token(gateway).lane_state == "up", "the lane does not come back")
    maker.schedule("")
    equal(STATE[maker.generate(gateway, name).state], "generated")
    equal(maker.key(gateway, name).trouble, "")


@claim
def a_full_token_makes_no_key_and_the_name_is_free(maker):
    with maker.gateway() as gateway:
        name = begin(maker, gateway, "C_GenerateKeyPair@1+=31")
        freed(maker, gateway, name, "CKR_DEVICE_MEMORY")
        equal(maker.steps(name, "end")[0]["result"], "failed")
        equal(maker.steps(name, "end")[0]["rv"], "0x31")


def by_hand(maker, key_id, name):
    """A key of the tools on its token; how they find it."""
    where = ["--module", "/usr/lib/softhsm/libsofthsm2.so", "--token", "segel-demo",
             "--pin-file", maker.rig.path("pin"), "--id", key_id]
    made = maker.rig.tool("segel-hsm", "keygen", *where, "--type", "rsa-2048", "--name", name)
    equal(made.returncode, 0, made.stderr)
    return where


def made_by_hand(maker, key_id, name):
    """The same with a certificate: its entry in the configuration."""
    where = by_hand(maker, key_id, name)
    asked = maker.rig.tool("segel-hsm", "csr", *where, "--subject", SUBJECT, "--out",
                           maker.rig.path(f"{name}.csr"))
    equal(asked.returncode, 0, asked.stderr)
    subprocess.run([os.path.join(rig.ROOT, "deploy/demo/pki.sh"), "seal", maker.rig.path("pki"),
                    maker.rig.path(f"{name}.csr"), maker.rig.path(f"{name}.pem")], check=True,
                   capture_output=True)
    row = maker.text[maker.text.index("  - name: seal-demo\n"):maker.text.index("callers:")]
    row = re.sub(r'id: "\w+"', f'id: "{key_id}"', row)
    return row.replace("certificate: seal-demo.pem", f"certificate: {name}.pem").replace(
        "name: seal-demo", f"name: {name}")


@claim
def a_name_that_is_free_again_stands_in_no_start_s_way(maker):
    with maker.gateway() as gateway:
        name = begin(maker, gateway, "C_GenerateKeyPair@1+=31")
        expect(maker.settled(gateway, name).trouble, "it fails")
        other = begin(maker, gateway, "C_GenerateKeyPair@1+=31")
        expect(maker.settled(gateway, other).trouble, "it fails")
        maker.schedule("")
    with maker.gateway(keep=True) as gateway:
        contains(maker.key(gateway, name).trouble, "CKR_DEVICE_MEMORY")
        equal(STATE[maker.generate(gateway, name).state], "generated")
    row = made_by_hand(maker, "f7ee", other)
    mine = (rf"\n  - \{{name: {other},.*", "\n" + row.rstrip())
    with maker.gateway(mine, keep=True) as gateway:
        equal(maker.state(gateway, other), "accepted", "the configuration has it now")
        signs(gateway, other)


@claim
def a_token_pulled_before_the_key_was_made_frees_the_name(maker):
    with maker.gateway() as gateway:
        freed(maker, gateway, begin(maker, gateway, "C_GenerateKeyPair@1+=32"),
              "CKR_DEVICE_REMOVED")


@claim
def a_token_pulled_before_anybody_could_look_is_looked_at_later(maker):
    with maker.gateway() as gateway:
        before = calls(maker, "C_GenerateKeyPair")
        name = begin(maker, gateway, "C_GenerateKeyPair@1=slow=1000")
        wait_for(lambda: calls(maker, "C_GenerateKeyPair") > before, "no key is made")
        maker.schedule("C_FindObjectsInit@1+=32 C_OpenSession@1+=32")
        wait_for(lambda: gateway.find("ceremony.end"), "the ceremony does not end")
        expect(maker.key(gateway, name).ceremony, "it is settled though nobody could look")
        contains(rig.refused(maker.call, gateway, "GenerateKey",
                             maker.generation(name)).message, "under way")
        maker.schedule("")
        found = maker.settled(gateway, name, 40)
        equal(STATE[found.state], "generated")
        contains(found.trouble, "after the key was made")
        equal([r["result"] for r in maker.steps(name, "end")], ["unknown", "failed"])


@claim
def a_key_whose_checks_were_cut_off_can_only_be_destroyed(maker):
    with maker.gateway() as gateway:
        name = begin(maker, gateway, "C_CopyObject@1=32")
        found = maker.settled(gateway, name)
        equal(STATE[found.state], "generated")
        contains(found.trouble, "CKR_DEVICE_REMOVED")
        maker.schedule("")
        for refusal in (rig.refused(maker.backup, gateway, name),
                        rig.refused(maker.csr, gateway, name)):
            contains(refusal.message, "CKR_DEVICE_REMOVED")
        equal(destroy(maker, gateway, name).state, 0, "its name is free")
        equal(STATE[maker.generate(gateway, name).state], "generated")


@claim
def a_key_that_the_token_lets_decrypt_is_never_accepted(maker):
    with maker.gateway() as gateway:
        name = begin(maker, gateway, "C_SetAttributeValue@1=0")
        found = maker.settled(gateway, name)
        contains(found.trouble, "did not refuse to set CKA_DECRYPT")
        contains(maker.steps(name, "checks")[0]["check_1"], "NOT refused")
        contains(rig.refused(maker.backup, gateway, name).message, "did not refuse")


# As long may a token go on with what a process that has died has told it.
SOON = (r"\nlanes:\n", "\nhsm: {ceremony_ms: 7000}\nlanes:\n")


@claim
def a_process_that_dies_is_followed_by_a_look_at_the_token(maker):
    with maker.gateway(SOON) as gateway:
        freed(maker, gateway, begin(maker, gateway, "C_GenerateKeyPair@1=kill"),
              "before the key was made")
        name = begin(maker, gateway, "C_SetAttributeValue@1=kill")
        found = maker.settled(gateway, name)
        equal(STATE[found.state], "generated")
        contains(found.trouble, "after the key was made", "destroyed")
        maker.schedule("")
        equal(destroy(maker, gateway, name).state, 0, "its name is free")


@claim
def a_ceremony_that_hangs_is_ended(maker):
    with maker.gateway(SOON) as gateway:
        freed(maker, gateway, begin(maker, gateway, "C_GenerateKeyPair@1=hang"),
              "before the key was made")


@claim
def a_key_that_a_token_makes_late_is_found(maker):
    """Its process was given up before; the first look finds nothing."""
    with maker.gateway((SOON[0], SOON[1].replace("7000", "9000"))) as gateway:
        name = begin(maker, gateway, "C_GenerateKeyPair@1=hang")
        wait_for(lambda: gateway.find("ceremony.end"), "nobody looks", 30)
        contains(maker.key(gateway, name).trouble, "whether a key was made is not known yet")
        expect(maker.key(gateway, name).ceremony, "its name is not free")
        by_hand(maker, maker.steps(name, "begin")[0]["ckaid"], "late")
        found = maker.settled(gateway, name, 40)
        equal(STATE[found.state], "generated")
        contains(found.trouble, "after the key was made")
        maker.schedule("")
        equal(destroy(maker, gateway, name).state, 0, "its name is free")


@claim
def a_pin_that_is_refused_latches_the_lane_and_is_tried_once(maker):
    with maker.gateway() as gateway:
        tried = maker.logins()
        name = begin(maker, gateway, PIN_REFUSED)
        contains(maker.settled(gateway, name).trouble, "CKR_PIN_INCORRECT")
        wait_for(lambda: token(gateway).lane_state == "pin-latched", "the lane is not latched")
        time.sleep(1.5)
        equal(maker.logins() - tried, 1, "logins")
        maker.schedule("")
        contains(rig.refused(maker.call, gateway, "GenerateKey",
                             maker.generation(name)).message, "unlock")
        asked = people.call(gateway, "officer-1", "CreateRequest", unlock()).approval
        for officer in ("officer-2", "officer-3"):
            people.approve(gateway, asked.id, maker.keys[officer], officer)
        wait_for(lambda: token(gateway).lane_state == "up", "the lane does not come up")
        equal(STATE[maker.generate(gateway, name).state], "generated")


VENDORS = "C_Login@1+=80000001"  # a code that says nothing of the PIN


def may_be_requested(maker, gateway):
    """A key whose certificate can be asked for; how many logins there were."""
    name = maker.name()
    equal(STATE[maker.generate(gateway, name).state], "generated")
    maker.backup(gateway, name)
    wait_for(lambda: token(gateway).lane_state == "up", "the lane does not come back")
    return name, maker.logins()


@claim
def a_ceremony_waits_behind_logins_without_an_answer_as_lanes_do(maker):
    with maker.gateway() as gateway:
        name, tried = may_be_requested(maker, gateway)
        maker.schedule(VENDORS)
        kill_lane(gateway)
        gateway.wait_event("lane.pauses")
        equal(maker.logins() - tried, 3, "logins of the lane")
        refusal = rig.refused(maker.csr, gateway, name)
        contains(refusal.message, "may have been a wrong PIN: the next one in 1 min")
        other = begin(maker, gateway, VENDORS)
        time.sleep(2)
        expect(maker.key(gateway, other).ceremony, "it does not wait")
        equal(maker.logins() - tried, 3, "logins")


@claim
def a_login_of_a_ceremony_without_an_answer_counts_as_one_of_a_lane(maker):
    for schedule, why in ((VENDORS, "0x80000001"), ("C_Login@1+=kill", "without an answer")):
        with maker.gateway() as gateway:
            name, tried = may_be_requested(maker, gateway)
            maker.schedule(schedule)
            contains(rig.refused(maker.csr, gateway, name).message, why)
            contains(gateway.wait_event("lane.pauses")["why"], "3 logins in a row")
            time.sleep(1)
            equal(maker.logins() - tried, 3, "one of the ceremony, two of the lane")


@claim
def a_token_that_counts_a_login_of_a_ceremony_is_latched(maker):
    with maker.gateway() as gateway:
        name, tried = may_be_requested(maker, gateway)
        maker.schedule("C_Login@1=slow=8000")
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            answer = pool.submit(rig.refused, maker.csr, gateway, name)
            wait_for(lambda: maker.logins() - tried == 1, "it does not log in")
            maker.schedule("C_GetTokenInfo@1+=countlow")
            kill_lane(gateway)  # its lane rests: it is the ceremony's process
            contains(answer.result(30).message, "without an answer")
        wait_for(lambda: token(gateway).lane_state == "pin-latched", "the lane is not latched")
        contains(token(gateway).why, "says that a wrong PIN was tried")
        equal(maker.logins() - tried, 1, "logins")


@claim
def a_pin_that_was_refused_before_the_start_is_not_tried_by_a_ceremony(maker):
    """The lane has not found its token since, and pauses, when that is there again."""
    with maker.gateway() as gateway:
        maker.latch(gateway)
    maker.rig.write("away", "C_GetTokenInfo@1+=e0")
    changes = ((r"FAULTS_FILE: [^,]*", "FAULTS_FILE: " + maker.rig.path("away")),
               (r"\nlanes:\n", "\nhsm: {retry_max_ms: 60000}\nlanes:\n"))
    with maker.gateway(*changes, keep=True) as gateway:
        tried, name = maker.logins(), maker.name()
        asked = maker.call(gateway, "GenerateKey", maker.generation(name)).approval
        people.approve(gateway, asked.id, maker.keys["officer-2"], "officer-2")
        time.sleep(8)  # pauses double
        maker.rig.write("back", "")
        os.replace(maker.rig.path("back"), maker.rig.path("away"))
        people.approve(gateway, asked.id, maker.keys["officer-3"], "officer-3")
        contains(maker.settled(gateway, name, 40).trouble, "PIN was refused")
        equal(maker.logins() - tried, 0, "logins")


@claim
def a_token_that_lets_nobody_log_in_has_refused_no_pin(maker):
    with maker.gateway() as gateway:
        tried = maker.logins()
        name = begin(maker, gateway, "C_GetTokenInfo@1+=finaltry")
        found = maker.settled(gateway, name)
        contains(found.trouble, "no login was tried")
        equal(found.state, 0, "its name is free")
        wait_for(lambda: token(gateway).lane_state == "pin-latched", "the lane is not latched")
        equal((token(gateway).pin_failures, maker.logins() - tried), (0, 0))
        maker.schedule("")
        asked = people.call(gateway, "officer-1", "CreateRequest", unlock()).approval
        for officer in ("officer-2", "officer-3"):
            people.approve(gateway, asked.id, maker.keys[officer], officer)
        wait_for(lambda: token(gateway).lane_state == "up", "the lane does not come up")
        rig.covered(gateway)
        equal([r["type"] for r in maker.records("pin.fail", "pin.lockout", "incident.open")],
              ["pin.lockout"])


@claim
def a_destruction_that_stops_halfway_can_be_asked_for_again(maker):
    with maker.gateway() as gateway:
        name, certificates = maker.made(gateway)
        accept(maker, gateway, name, certificates)
        maker.schedule("C_DestroyObject@2=32")
        found = destroy(maker, gateway, name)
        equal(STATE[found.state], "retired", "it signs nothing any more")
        contains(found.trouble, "not destroyed as a whole")
        maker.schedule("")
        equal(STATE[destroy(maker, gateway, name).state], "destroyed")


def copy_token(maker, folder):
    """The token as it is now, keys and PIN, as another one of the same label."""
    serial = token(maker.present).serial.encode()
    shutil.rmtree(maker.rig.path(folder), ignore_errors=True)
    shutil.copytree(maker.rig.path("tokens"), maker.rig.path(folder))
    for folder, _, names in os.walk(maker.rig.path(folder)):
        if "token.object" in names:
            with open(os.path.join(folder, "token.object"), "rb+") as file:
                data = file.read()
                equal(data.count(serial), 1, "its serial number")
                file.seek(0)
                file.write(data.replace(serial, serial[::-1]))


def copied(maker):
    """A change that gives a copy of the token a lane of its own."""
    copy_token(maker, "tokens-copy")
    maker.rig.write("copy.conf", re.sub(r"(tokendir *= *).*", r"\1" + maker.rig.path(
        "tokens-copy"), maker.rig.read("softhsm2.conf")))
    maker.rig.write("copy-faults", "")
    lane = maker.text[maker.text.index("  - name: lane0\n"):maker.text.index("log_key:")]
    for old, new in (("lane0", "lane1"), ("[tokens]", "[tokens-copy]"),
                     ("softhsm2.conf", "copy.conf"), (maker.rig.path("faults") + ",",
                                                      maker.rig.path("copy-faults") + ",")):
        expect(old in lane, f"the lane has no {old}")
        lane = lane.replace(old, new)
    return r"log_key:", lane + "log_key:"


@claim
def a_key_that_is_on_another_token_too_is_not_recorded_as_destroyed(maker):
    with maker.gateway() as gateway:
        name, certificates = maker.made(gateway)
        accept(maker, gateway, name, certificates)
        more = copied(maker)
    with maker.gateway(more, keep=True) as gateway:
        wait_for(lambda: len(maker.key(gateway, name).tokens) == 2, "it is not on both tokens")
        refusal = rig.refused(maker.call, gateway, "DestroyKey", maker.destruction(name))
        equal(refusal.code, CODE.FAILED_PRECONDITION)
        contains(refusal.message, "lane 'lane1' has key", "take the other lane out")
        maker.rig.write("copy-faults.new", "C_GetTokenInfo@1+=30")
        os.replace(maker.rig.path("copy-faults.new"), maker.rig.path("copy-faults"))
        children = f"/proc/{gateway.process.pid}/task/{gateway.process.pid}/children"
        with open(children, encoding="ascii") as file:
            for pid in file.read().split():
                os.kill(int(pid), signal.SIGKILL)
        wait_for(lambda: [t.lane_state for t in list_tokens(gateway)] == ["up", "broken"],
                 "the other token is not away")
        refusal = rig.refused(maker.call, gateway, "DestroyKey", maker.destruction(name))
        contains(refusal.message, "lane 'lane1' has key")
        changed = maker.rig.read("changed.yaml")
        maker.rig.write("changed.yaml", changed.replace(
            f"{{name: {name},", f"{{name: {name}, lanes: [lane0],"))
        people.hup(gateway, "reloaded")
        wait_for(lambda: gateway.find("lane.removed"), "the other lane still has the key")
        equal(STATE[destroy(maker, gateway, name).state], "destroyed")


@contextlib.contextmanager
def exchanged(maker):
    """The gateway's token is the other one, meanwhile."""
    path = maker.rig.path
    os.rename(path("tokens"), path("tokens-away"))
    os.rename(path("tokens-other"), path("tokens"))
    try:
        yield
    finally:
        os.rename(path("tokens"), path("tokens-other"))
        os.rename(path("tokens-away"), path("tokens"))


def accepted_behind_a_copy(maker, gateway):
    """A key that the other token, made just before, does not have."""
    copy_token(maker, "tokens-other")
    name, certificates = maker.made(gateway)
    accept(maker, gateway, name, certificates)
    return name


def not_destroyed(maker, gateway, name, found, words):
    equal(STATE[found.state], "retired", "it is on the token that was taken away")
    contains(found.trouble, *words)
    equal(maker.steps(name, "end")[-1]["result"], "failed")


@claim
def a_key_is_not_destroyed_by_a_token_that_took_the_place_of_its_own(maker):
    with maker.gateway() as gateway:
        name = accepted_behind_a_copy(maker, gateway)
        key_id = maker.steps(name, "key")[0]["ckaid"]
    with exchanged(maker):
        with maker.gateway(keep=True) as gateway:
            wait_for(lambda: token(gateway).lane_state == "up", "the lane does not come up")
            serial = token(gateway).serial
            not_destroyed(maker, gateway, name, destroy(maker, gateway, name),
                          [f"(serial {serial}) has no private key under this CKA_ID"])
        by_hand(maker, key_id, "strange")
        with maker.gateway(keep=True) as gateway:
            not_destroyed(maker, gateway, name, destroy(maker, gateway, name),
                          [f"(serial {serial}) has another key under CKA_ID {key_id}"])
            equal(maker.steps(name, "end")[-1]["found"], "private=1 public=1 certificate=0")
    with maker.gateway(keep=True) as gateway:
        wait_for(lambda: token(gateway).lane_state == "up", "the lane does not come up")
        equal(STATE[destroy(maker, gateway, name).state], "destroyed")


@claim
def a_destruction_that_broke_off_is_not_finished_by_another_token(maker):
    with maker.gateway() as gateway:
        name = accepted_behind_a_copy(maker, gateway)
        before = calls(maker, "C_DestroyObject")
        maker.schedule("C_DestroyObject@2=slow=20000")
        maker.approved(gateway, "DestroyKey", maker.destruction(name))
        wait_for(lambda: calls(maker, "C_DestroyObject") >= before + 2,
                 "nothing is destroyed")
        gateway.stop(signal.SIGKILL)
    with exchanged(maker), maker.gateway(keep=True) as gateway:
        not_destroyed(maker, gateway, name, maker.settled(gateway, name, 40),
                      ["has no private key under this CKA_ID: none was destroyed"])
    with maker.gateway(keep=True) as gateway:
        wait_for(lambda: token(gateway).lane_state == "up", "the lane does not come up")
        equal(STATE[destroy(maker, gateway, name).state], "destroyed")
        equal(maker.steps(name, "end")[-1]["destroyed"],
              "private=0 public=1 certificate=1")


# --- Other things at the same time ----------------------------------------------------------

@claim
def jobs_wait_for_the_end_of_a_ceremony(maker):
    with maker.gateway() as gateway:
        name = begin(maker, gateway, "C_GenerateKeyPair@1=slow=2500")
        wait_for(lambda: gateway.find("lane.down"), "the lane does not rest")
        equal(maker.key(gateway, name).ceremony[:2], "g-")
        signs(gateway, "seal-demo")
        expect(gateway.find("ceremony.end"), "it was signed after the ceremony")
        equal(STATE[maker.settled(gateway, name).state], "generated")


@claim
def two_ceremonies_are_held_one_after_the_other(maker):
    with maker.gateway() as gateway:
        one = begin(maker, gateway, "C_GenerateKeyPair@1=slow=500")
        two = begin(maker, gateway, "C_GenerateKeyPair@1=slow=500")
        refusal = rig.refused(maker.call, gateway, "GenerateKey", maker.generation(two))
        equal(refusal.code, CODE.FAILED_PRECONDITION)
        contains(refusal.message, "is under way")
        for name in (one, two):
            equal(STATE[maker.settled(gateway, name).state], "generated")
        order = [e["event"] for e in gateway.events if isinstance(e, dict)
                 and str(e.get("event")).startswith("ceremony.")]
        equal(order, ["ceremony.begin", "ceremony.end"] * 2)


@claim
def a_look_at_a_token_that_is_away_keeps_no_other_key_waiting(maker):
    with maker.gateway():
        more = copied(maker)
    with maker.gateway(more) as gateway:
        wait_for(lambda: [t.lane_state for t in list_tokens(gateway)] == ["up", "up"],
                 "its lanes do not come up")
        before = calls(maker, "C_GenerateKeyPair")
        name = begin(maker, gateway, "C_GenerateKeyPair@1=slow=1000")
        wait_for(lambda: calls(maker, "C_GenerateKeyPair") > before, "no key is made")
        maker.schedule("C_FindObjectsInit@1+=32 C_OpenSession@1+=32")
        wait_for(lambda: len(gateway.find("ceremony.end")) > 1, "nobody looks again", 40)
        other = maker.name()
        maker.approved(gateway, "GenerateKey", maker.generation(other, lane="lane1"))
        equal(STATE[maker.settled(gateway, other).state], "generated")
        expect(maker.key(gateway, name).ceremony, "its token is still away")
        maker.schedule("")
        equal(STATE[maker.settled(gateway, name, 40).state], "generated")


# --- kill -9 --------------------------------------------------------------------------------

def killed(maker, schedule, prepare, order):
    """The gateway dies while the module is in a call; a new one starts on its ledger. Returns
    the name and what the new gateway found, in a generator's frame."""
    with maker.gateway() as gateway:
        name = prepare(gateway)
        before = calls(maker, schedule.split("@")[0])
        maker.schedule(schedule)
        order(gateway, name)
        wait_for(lambda: calls(maker, schedule.split("@")[0]) > before,
                 "the module is not called")
        gateway.stop(signal.SIGKILL)
    return name


def approve_generation(maker):
    def order(gateway, name):
        maker.approved(gateway, "GenerateKey", maker.generation(name))
    return order


@claim
def killed_before_the_key_is_made_the_name_is_free(maker):
    name = killed(maker, "C_GenerateKeyPair@1=slow=20000", lambda gateway: maker.name(),
                  approve_generation(maker))
    with maker.gateway(SOON, keep=True) as gateway:
        freed(maker, gateway, name, "before the key was made")
        equal([r["rite"] for r in maker.steps(name, "end")], ["find", "generate"])


@claim
def killed_after_the_key_was_made_it_can_only_be_destroyed(maker):
    name = killed(maker, "C_SetAttributeValue@1=slow=20000", lambda gateway: maker.name(),
                  approve_generation(maker))
    with maker.gateway(keep=True) as gateway:
        found = maker.settled(gateway, name)
        equal(STATE[found.state], "generated")
        contains(found.trouble, "after the key was made")
        equal(destroy(maker, gateway, name).state, 0, "its name is free")


@claim
def killed_while_the_certificate_is_put_on_the_token_the_key_is_accepted(maker):
    with maker.gateway() as gateway:
        name, certificates = maker.made(gateway)
        maker.schedule("C_CreateObject@1=slow=20000")
        before = calls(maker, "C_CreateObject")
        maker.approved(gateway, "ImportCertificate",
                       maker.import_request(name, certificates))
        wait_for(lambda: calls(maker, "C_CreateObject") > before, "no certificate is put")
        gateway.stop(signal.SIGKILL)
    with maker.gateway(keep=True) as gateway:
        ready(maker, gateway, name)
        signs(gateway, name)


@claim
def killed_during_a_destruction_it_is_finished_by_the_next_start(maker):
    with maker.gateway() as gateway:
        name, certificates = maker.made(gateway)
        accept(maker, gateway, name, certificates)
        maker.schedule("C_DestroyObject@2=slow=20000")
        before = calls(maker, "C_DestroyObject")
        maker.approved(gateway, "DestroyKey", maker.destruction(name))
        wait_for(lambda: calls(maker, "C_DestroyObject") >= before + 2,
                 "nothing is destroyed")
        gateway.stop(signal.SIGKILL)
    with maker.gateway(keep=True) as gateway:
        equal(STATE[maker.settled(gateway, name).state], "destroyed")
        end = maker.steps(name, "end")[-1]
        equal((end["found"], end["destroyed"]), ("private=0 public=0 certificate=0",
                                                 "private=0 public=1 certificate=1"))


if __name__ == "__main__":
    sys.exit(rig.run(Keymaking(rig.Rig("keymaking"))))
