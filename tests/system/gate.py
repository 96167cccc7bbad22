#!/usr/bin/python3
"""The gate of a key: what a token says of it is held against the Certificate Policy before
its first job. Each key here is a real one on a real token, and lacks one good quality."""
import json
import os
import re
import subprocess
import sys

import grpc
import rig
from rig import claim, contains, equal, expect

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
# What is wrong with the key: the rule that refuses it, its section of the CP, its code.
DEFECTS = {
    "imported": ("CP-6.1-01", "6.1.1", "KEY_IMPORTED"),
    "weak": ("CP-6.1-02", "6.1.5", "KEY_TOO_WEAK"),
    "exponent": ("CP-6.1-03", "6.1.6", "KEY_PARAMS_BAD"),
    "extractable": ("CP-6.2-02", "6.2.6", "KEY_EXTRACTABLE"),
    "insensitive": ("CP-6.2-02", "6.2.6", "KEY_EXTRACTABLE"),
    "decrypt": ("CP-6.2-03", "6.2.7", "KEY_MULTI_PURPOSE"),
    "unwrap": ("CP-6.2-03", "6.2.7", "KEY_MULTI_PURPOSE"),
    "derive": ("CP-6.2-03", "6.2.7", "KEY_MULTI_PURPOSE"),
    "recover": ("CP-6.2-03", "6.2.7", "KEY_MULTI_PURPOSE"),
    "modifiable": ("CP-6.2-04", "6.2.7", "KEY_ATTRS_MUTABLE"),
    "copyable": ("CP-6.2-04", "6.2.7", "KEY_ATTRS_MUTABLE"),
    "ended": ("CP-6.3-02", "6.3.2", "KEY_PERIOD_ENDED"),
    "early": ("CP-6.3-02d", "6.3.2", "KEY_PERIOD_ENDED"),
}
# Sound keys whose token says when they may be used.
DATES = {"ended": ("--start-date", "20200101", "--end-date", "20201231"),
         "early": ("--start-date", "20900101", "--end-date", "20901231")}


class Gate:
    def __init__(self, the_rig):
        self.rig = the_rig
        entries = "".join(self.make(name, number)
                          for number, name in enumerate(DEFECTS, start=1))
        text = the_rig.read("segeld.yaml").replace("callers:\n", entries + "callers:\n")
        text = text.replace("keys: [seal-demo]", f"keys: [seal-demo, {', '.join(DEFECTS)}]")
        self.conf = the_rig.write("gate.yaml", text)

    def run(self, *command):
        result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60,
                                env={**os.environ, "SOFTHSM2_CONF":
                                     self.rig.path("softhsm2.conf")})
        expect(result.returncode == 0, f"{' '.join(command)}: {result.stderr}")

    def make(self, name, number):
        """Key, request, certificate, and the key's entry in the configuration."""
        key_id, csr = f"de{number:02x}", self.rig.path(f"{name}.csr")
        pin = self.rig.path("pin")
        if name in DATES:
            self.run(os.path.join(rig.BIN, "segel-hsm"), "keygen", "--module", MODULE,
                     "--token", "segel-demo", "--pin-file", pin, "--type", "rsa-2048",
                     "--name", name, "--id", key_id, *DATES[name])
        else:
            self.run(os.path.join(rig.BUILD, "tests/fixtures/spoiled"), MODULE, "segel-demo",
                     pin, key_id, name, name)
        self.run(os.path.join(rig.BIN, "segel-hsm"), "csr", "--module", MODULE, "--token",
                 "segel-demo", "--pin-file", pin, "--id", key_id, "--subject",
                 f"/C=ID/O=Pemerintah Kota Contoh (TEST)/CN={name}", "--out", csr)
        self.run(os.path.join(rig.ROOT, "deploy/demo/pki.sh"), "seal", self.rig.path("pki"),
                 csr, self.rig.path(f"{name}.pem"))
        return (f'  - {{name: {name}, class: seal, lane: lane0, id: "{key_id}", '
                f"certificate: {name}.pem, chain: issuing.pem, scheme: rsa-pkcs1, "
                "hash: sha256, allowed_classes: [surat_keterangan]}\n")


@claim
def a_key_that_lacks_one_quality_is_refused_with_rule_section_and_code(gate):
    with gate.rig.gateway(gate.conf) as gateway:
        expect(gateway.client().sign().signature, "a key that lacks none signs")
        for name, (rule, section, code) in DEFECTS.items():
            refusal = rig.refused(gateway.client().sign, key=name)
            equal(refusal.code, grpc.StatusCode.FAILED_PRECONDITION, f"status of {name}")
            expect((rule, section, code) in [(v.rule, v.cp_section, v.code)
                                             for v in refusal.denial.failures],
                   f"{name} is refused for other reasons: {refusal.denial.failures}")


@claim
def every_refusal_of_the_gate_is_on_the_log(gate):
    with gate.rig.gateway(gate.conf):
        shown = gate.rig.segel("reviewer", "log", "show", "--json", "--decision", "deny").stdout
        for name, (rule, section, code) in DEFECTS.items():
            found = [line for line in shown.splitlines()
                     if f'"{name}"' in line and f'"{code}"' in line]
            expect(found, f"no denial of {name} on the log")
            contains(found[0], rule, section)


@claim
def software_is_refused_in_production_whatever_the_configuration_calls_it(gate):
    policy = gate.rig.read("policy.yaml")
    changed, count = re.subn(r"^profile: test", "profile: production", policy, flags=re.M)
    equal(count, 1, "the sample policy is for tests")
    # In production no hard rule is in shadow; this one speaks before those of an activation.
    changed, count = re.subn(r"^(  - id: CP-6\.\S+\n)    mode: shadow\n", r"\1", changed,
                             flags=re.M)
    equal(count, 3, "rules about an activation")
    # Its own tests are about a key in software, which is what is refused here.
    changed = changed[:changed.index("\nbases:")] + "\n"
    gate.rig.write("production.yaml", changed)
    text = gate.rig.read("gate.yaml").replace("policy.yaml", "production.yaml")
    text = re.sub(*rig.fresh_ledger(), text)
    text, count = re.subn(r"^    threads: 2$", "    threads: 2\n    assurance: hardware", text,
                          flags=re.M)
    equal(count, 1, "the lane is called hardware")
    config = gate.rig.write("hardware.yaml", text)
    with gate.rig.gateway(config) as gateway:
        equal(gateway.client().signer().assurance, "software")
        refusal = rig.refused(gateway.client().sign)
        equal(refusal.code, grpc.StatusCode.FAILED_PRECONDITION)
        equal(refusal.info.reason, "MODULE_NOT_ALLOWED")


@claim
def a_key_that_can_be_taken_out_and_signs_is_told_to_assessors(gate):
    head = gate.rig.read("policy.yaml").split("\nrules:\n")[0]
    rules = '''
rules:
  - {id: X-1, cp: "6.2.6", level: hard, mode: shadow, require: {key.extractable: false}, deny: X_1}
  - {id: X-2, cp: "6.2.6", level: advisory, require: {key.sensitive: true}, deny: X_2}
  - {id: X-3, cp: "6.1.5", level: hard, require: {key.rsa_bits: {ge: 1024}}, deny: X_3}
'''
    gate.rig.write("open.yaml", head + rules)
    text = re.sub(*rig.fresh_ledger(), gate.rig.read("gate.yaml"))
    config = gate.rig.write("let.yaml", text.replace("policy.yaml", "open.yaml"))
    with gate.rig.gateway(config) as gateway:
        expect(gateway.client().sign(key="extractable").signature, "the policy lets it sign")
        shown = gate.rig.segel("reviewer", "assess", "--json")
        lines = {line["subject"]: (line["verdict"], line["text"])
                 for line in json.loads(shown.stdout)["lines"] if line["name"] == "key"}
        equal([lines[name][0] for name in ("seal-demo", "extractable", "insensitive")],
              ["pass", "warn", "warn"], str(lines))
        contains(lines["extractable"][1], "it does not say: not extractable",
                 "the policy lets it sign: X-1 (hard, shadow)")
        contains(lines["insensitive"][1], "it does not say: sensitive",
                 "the policy lets it sign: X-2 (advisory, enforce)")


@claim
def each_record_of_a_job_is_stamped_with_the_assurance(gate):
    with gate.rig.gateway(gate.conf) as gateway:
        gateway.client().sign()
        shown = gate.rig.segel("reviewer", "log", "show", "--json", "--type", "intent").stdout
        contains(shown.splitlines()[-1], '"assurance":"software"')


if __name__ == "__main__":
    sys.exit(rig.run(Gate(rig.Rig("gate"))))
