#!/usr/bin/python3
"""The same claims on every PKCS#11 module: a gateway with two lanes, the log key on SoftHSM
in lane0, the seal keys on the module under test in lane1.

TOKENS names the modules, by default those that are small enough for every check; TOKENS=all
takes all five. What was seen is left in $BUILD/modules/NAME.json for docs/MODULES.md."""
import contextlib
import datetime
import glob
import hashlib
import json
import os
import re
import secrets
import shlex
import shutil
import signal
import subprocess
import sys
import time

import grpc
import rig
from rig import claim, common, contains, equal, expect, item

# The package that a module comes with.
PACKAGES = {"softhsm": "softhsm2", "p11-kit": "p11-kit-modules", "nss": "libnss3",
            "opencryptoki": "opencryptoki", "tpm2": "libtpm2-pkcs11-1"}
SMALL = ["softhsm", "p11-kit", "nss"]
SCRIPTS = os.path.join(rig.ROOT, "tests/fixtures/tokens")
CONTENT = b"Isi surat contoh (TEST)\n"
HASHES = {"sha256": common.HASH_ALGORITHM_SHA256, "sha384": common.HASH_ALGORITHM_SHA384,
          "sha512": common.HASH_ALGORITHM_SHA512}
# name of the key, type and scheme for keygen, scheme of the configuration
KEYS = [("seal-rsa", "rsa-2048", "rsa-pkcs1"), ("seal-pss", "rsa-2048", "rsa-pss"),
        ("seal-p256", "p-256", "ecdsa"), ("seal-p384", "p-384", "ecdsa"),
        ("seal-p521", "p-521", "ecdsa")]
# What each module is known to sign with. tpm2-pkcs11 computes RSA signatures by a decryption
# in the TPM, which a key that may only sign refuses.
SIGNS = {"softhsm": ["seal-rsa", "seal-pss", "seal-p256", "seal-p384", "seal-p521"],
         "p11-kit": ["seal-rsa", "seal-pss", "seal-p256", "seal-p384", "seal-p521"],
         "nss": ["seal-rsa", "seal-pss", "seal-p256", "seal-p384", "seal-p521"],
         "opencryptoki": ["seal-rsa", "seal-pss"],
         "tpm2": ["seal-p256", "seal-p384"]}
# Made for the table only.
OTHER_TYPES = ["rsa-3072", "rsa-4096", "ed25519"]
UNAVAILABLE = grpc.StatusCode.UNAVAILABLE


class Skipped(Exception):
    pass


# --- A token of a module ------------------------------------------------------------------

class Token:
    def __init__(self, the_rig, name):
        self.rig, self.name, self.dir = the_rig, name, the_rig.path(name)
        self.settings, self.keys, self.seen = {}, {}, {"module": name}
        self.signs = SIGNS[name]
        self.main = self.signs[0]

    def script(self, verb):
        result = subprocess.run(
            [os.path.join(SCRIPTS, self.name + ".sh"), verb, self.dir], text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, "BIN": rig.BIN}, check=False, timeout=60)
        if result.returncode == 77:
            raise Skipped(result.stderr.strip().splitlines()[-1])
        expect(result.returncode == 0, f"{self.name}.sh {verb}: {result.stderr}")
        return result.stdout

    def start(self):
        for line in self.script("start").splitlines():
            name, value = line.split("=", 1)
            self.settings[name] = "".join(shlex.split(value))
        self.environment = dict(pair.split("=", 1)
                                for pair in self.settings["ENVIRONMENT"].split())

    def arguments(self):
        found = self.settings
        return ["--module", found["MODULE"], "--token", found["TOKEN"], "--pin-file",
                found["PIN_FILE"], "--init-args", found["INIT_ARGS"]]

    def run(self, program, *arguments, **environment):
        return subprocess.run([program, *arguments, *self.arguments()], text=True,
                              capture_output=True, check=False, timeout=120,
                              env={**os.environ, **self.environment, **environment})

    def hsm(self, command, *arguments, **environment):
        return self.run(os.path.join(rig.BIN, "segel-hsm"), command, *arguments,
                        **environment)

    def keygen(self, name, kind, scheme=None):
        """The key's facts, or None when the module makes no such key."""
        result = self.hsm("keygen", "--type", kind, "--name", name,
                          *(["--scheme", scheme] if scheme in ("rsa-pkcs1", "rsa-pss")
                            else []))
        if result.returncode != 0:
            self.seen.setdefault("refused", {})[kind] = result.stderr.strip().split("\n")[-1]
            return None
        return json.loads(result.stdout)

    def request(self, name):
        """The certificate request of a key: its first signature."""
        return self.hsm("csr", "--id", self.keys[name]["id"], "--subject", "/CN=" + name,
                        "--out", os.path.join(self.dir, name + ".csr"),
                        *(["--scheme", "rsa-pss"] if name == "seal-pss" else []))

    def certify(self, name):
        """A certificate for a key of this token, as the authority makes it."""
        made = self.request(name)
        equal(made.returncode, 0, made.stderr)
        subprocess.run([os.path.join(rig.ROOT, "deploy/demo/pki.sh"), "seal",
                        self.rig.path("pki"), os.path.join(self.dir, name + ".csr"),
                        os.path.join(self.dir, name + ".pem")], check=True)

    # --- What the gateway is told ---------------------------------------------------------

    def lane(self, module=None, pin_file=None, **environment):
        found = self.settings
        settings = {**self.environment, **environment}
        return "\n".join([
            "  - name: lane1",
            f"    module: {module or found['MODULE']}",
            f"    token: {found['TOKEN']}",
            f"    pin_file: {pin_file or found['PIN_FILE']}",
            f"    init_args: {json.dumps(found['LANE_INIT_ARGS'])}",
            f"    read_only: {json.dumps(found['READ_ONLY'].split())}",
            f"    canary: \"{self.keys['canary']['id']}\"",
            f"    environment: {json.dumps(settings)}", ""])

    def key(self, name, scheme):
        return "\n".join([
            f"  - name: {name}", "    class: seal", "    lane: lane1",
            f"    id: \"{self.keys[name]['id']}\"",
            f"    certificate: {os.path.join(self.dir, name + '.pem')}",
            "    chain: issuing.pem", f"    scheme: {scheme}", "    hash: sha256",
            "    allowed_classes: [surat_keterangan]", ""])

    def seals(self):
        return [key for key in KEYS if key[0] in self.signs]

    def config(self, **lane):
        text = self.rig.read("segeld.yaml")
        for pattern, replacement in (
                (r"^log_key:", self.lane(**lane) + "log_key:"),
                (r"^keys:\n", "keys:\n" + "".join(self.key(name, scheme)
                                                  for name, _, scheme in self.seals())),
                (r"keys: \[seal-demo\]",
                 "keys: [" + ", ".join(["seal-demo"] + [s[0] for s in self.seals()]) + "]"),
                (r"path: ledger.db", f"path: {self.name}.db"),
                (r"file: policy.yaml", f"file: {self.policy()}")):
            text, count = re.subn(pattern, lambda _, r=replacement: r, text, count=1,
                                  flags=re.M)
            equal(count, 1, f"places of {pattern}")
        return self.rig.write(f"{self.name}.yaml", text)

    def policy(self):
        """The sample policy with this token allowed, and without what it does not tell."""
        text = self.rig.read("policy.yaml").split("# A lawful job")[0]
        algorithms = [f"{scheme}-{name}" for name in HASHES for scheme in
                      ("rsa-pkcs1", "rsa-pss", "ecdsa-p256", "ecdsa-p384", "ecdsa-p521")]
        makers = sorted({"SoftHSM project", self.seen["token"]["manufacturer"]})
        told = self.keys[self.main]["attributes"]
        changes = [(r"algs:\n( +- .*\n)+", f"algs: [{', '.join(algorithms)}]\n"),
                   (r"in: \[P-256, P-384\]", "in: [P-256, P-384, P-521]"),
                   (r"modules: .*", f"modules: {json.dumps(makers)}")]
        if not told["local"]:
            changes.append((r"require: \{key.local: true\}", "require: {key.sign: true}"))
        if "copyable" not in told:
            changes.append((r", key.copyable: false", ""))
        for pattern, replacement in changes:
            text, count = re.subn(pattern, replacement, text, count=1)
            equal(count, 1, f"places of {pattern}")
        return os.path.basename(self.rig.write(f"{self.name}-policy.yaml", text))

    @contextlib.contextmanager
    def gateway(self, **lane):
        with self.rig.gateway(self.config(**lane)) as gateway:
            yield gateway

    def stop(self):
        with contextlib.suppress(Skipped):
            self.script("stop")


def sign(gateway, key, name, job=None):
    digest = hashlib.new(name, CONTENT).digest()
    return gateway.client().sign(job or item(value=digest), key=key,
                                 hash_algorithm=HASHES[name])


def seconds_until_signed(gateway, key, seconds=30):
    """What a client does that asks again, with the same id, until the token is back."""
    start, job = time.monotonic(), item(value=hashlib.sha256(CONTENT).digest())
    while True:
        try:
            result = sign(gateway, key, "sha256", job)
            rig.check_cms(gateway.rig, result.signature, CONTENT)
            return time.monotonic() - start
        except grpc.RpcError as error:
            equal(error.code(), UNAVAILABLE, error.details())
            expect(time.monotonic() - start < seconds, "the token did not come back")
            time.sleep(0.1)


# --- The claims ---------------------------------------------------------------------------

def keys_are_made_on_the_token(token):
    for name, kind, scheme in KEYS:
        facts = token.keygen(name, kind, scheme)
        if facts is not None:
            token.keys[name] = facts
            token.seen.setdefault("made", {})[kind] = facts["omitted"]
    missing = [name for name in token.signs if name not in token.keys]
    expect(not missing, f"{missing} were not made: {token.seen.get('refused')}")
    kind = "p-256" if "seal-p256" in token.signs else "rsa-2048"
    token.keys["canary"] = token.keygen("canary", kind)
    token.seen["attributes"] = token.keys[token.main]["attributes"]


def certificate_requests_are_signed_by_the_keys(token):
    for name in token.keys:
        if name in token.signs:
            token.certify(name)
        elif name != "canary":
            result = token.request(name)
            expect(result.returncode != 0, f"{name} signs after all: say so in SIGNS")
            contains(result.stderr, "was not signed", "CKR_")


def no_key_can_leave_or_do_anything_but_sign(token):
    for name, facts in token.keys.items():
        told = facts["attributes"]
        wanted = {"sensitive": True, "always_sensitive": True, "extractable": False,
                  "never_extractable": True, "sign": True, "sign_recover": False,
                  "decrypt": False, "unwrap": False, "derive": False, "modifiable": False}
        equal({word: told.get(word) for word in wanted}, wanted, name)


def software_is_told_from_hardware(token):
    """By the slot's own claim; a TPM in software looks like a TPM."""
    equal(token.seen["token"]["hardware"], token.name == "tpm2", "hardware")


def list_shows_the_token_and_its_keys(token):
    shown = token.hsm("list", "--json")
    equal(shown.returncode, 0, shown.stderr)
    keys = {facts["id"]: facts for facts in map(json.loads, shown.stdout.splitlines())}
    for name, facts in token.keys.items():
        equal(keys[facts["id"]]["spki_sha256"], facts["spki_sha256"], name)
    tokens = subprocess.run(
        [os.path.join(rig.BIN, "segel-hsm"), "list", "--json", "--module",
         token.settings["MODULE"], "--init-args", token.settings["INIT_ARGS"]], text=True,
        capture_output=True, check=False, env={**os.environ, **token.environment})
    equal(tokens.returncode, 0, tokens.stderr)
    found = [t for t in map(json.loads, tokens.stdout.splitlines())
             if t["token"] == token.settings["TOKEN"]]
    equal(len(found), 1, "tokens of this label")
    token.seen["token"] = found[0]


def a_public_key_is_written_as_the_list_hashes_it(token):
    for name, facts in token.keys.items():
        shown = token.hsm("public", "--id", facts["id"])
        equal(shown.returncode, 0, shown.stderr)
        der = rig.openssl("pkey", "-pubin", "-outform", "DER", stdin=shown.stdout.encode())
        equal(hashlib.sha256(der.stdout).hexdigest(), facts["spki_sha256"], name)


def every_key_signs_with_every_hash(token):
    signed = []
    with token.gateway() as gateway:
        for key, kind, scheme in token.seals():
            for name in HASHES:
                rig.check_cms(gateway.rig, sign(gateway, key, name).signature, CONTENT)
                signed.append([scheme, kind, name])
        results = gateway.client().batch([item() for _ in range(16)], key=token.main)
        expect(all(r.signature for r in results), "a batch on two threads is signed")
    token.seen["signed"] = signed


def a_token_that_is_taken_away_is_told_and_comes_back(token):
    with token.gateway() as gateway:
        sign(gateway, token.main, "sha256")
        token.script("pull")
        if token.name == "opencryptoki":  # open sessions need no slot daemon, new ones do
            sign(gateway, token.main, "sha256")
            os.kill(lanes_of(gateway)[1], signal.SIGKILL)
        start = time.monotonic()
        refusal = rig.refused(sign, gateway, token.main, "sha256")
        equal(refusal.code, UNAVAILABLE, refusal.message)
        told = time.monotonic() - start
        gateway.client().sign()  # the other lane goes on
        equal(rig.refused(sign, gateway, token.main, "sha256").code, UNAVAILABLE)
        token.script("plug")
        back = seconds_until_signed(gateway, token.main)
        expect(gateway.process.poll() is None, "the gateway lives")
        token.seen["pulled"] = {"told_s": round(told, 2), "back_s": round(back, 2)}


def a_lane_that_is_killed_is_replaced(token):
    with token.gateway() as gateway:
        sign(gateway, token.main, "sha256")
        os.kill(lanes_of(gateway)[1], signal.SIGKILL)
        seconds_until_signed(gateway, token.main)


def lanes_of(gateway):
    """Process ids, in the order of their start: that of the configuration."""
    children = f"/proc/{gateway.process.pid}/task/{gateway.process.pid}/children"
    with open(children, encoding="ascii") as file:
        return list(map(int, file.read().split()))


def a_wrong_pin_is_tried_once(token):
    calls, pin = token.rig.path(token.name, "calls"), token.rig.path(token.name, "lane-pin")
    shutil.copy(token.settings["PIN_FILE"], pin)
    lane = {"module": os.path.join(rig.BUILD, "tests/fixtures/faults.so"), "pin_file": pin,
            "FAULTS_REAL": token.settings["MODULE"], "FAULTS_LOG": calls}

    def logins():
        with open(calls, encoding="ascii") as file:
            return file.read().split().count("C_Login")

    with token.gateway(**lane) as gateway:
        sign(gateway, token.main, "sha256")
        before = logins()
        with open(pin, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(3) + "\n")
        os.kill(lanes_of(gateway)[1], signal.SIGKILL)
        end, refusal = time.monotonic() + 10, None
        while refusal is None or "PIN" not in refusal.message:
            expect(time.monotonic() < end, f"no refusal names the PIN: {refusal.message}"
                   if refusal else "nothing was refused")
            refusal = rig.refused(sign, gateway, token.main, "sha256")
            equal(refusal.code, UNAVAILABLE, refusal.message)
            time.sleep(0.1)
        time.sleep(1.5)  # time enough for a second try
        equal(logins() - before, 1, "logins with the wrong PIN")
    token.rig.unlatch("lane1", token.rig.path(f"{token.name}.yaml"))
    with token.gateway() as gateway:  # one failure is forgiven by the token
        sign(gateway, token.main, "sha256")


def bare_ec_points_are_read(token):
    """NSS leaves the wrapping of a point out when it is told to."""
    key = token.keys["seal-p384"]
    shown = token.hsm("public", "--id", key["id"], NSS_USE_DECODED_CKA_EC_POINT="1")
    equal(shown.returncode, 0, shown.stderr)
    equal(shown.stdout, token.hsm("public", "--id", key["id"]).stdout, "the same key")


def what_a_token_does_not_tell_is_refused_by_the_policy(token):
    """The sample policy wants CKA_LOCAL and CKA_COPYABLE; who drops that does so knowingly."""
    told = token.keys[token.main]["attributes"]
    wanted = "KEY_ATTRS_MUTABLE" if told["local"] else "KEY_IMPORTED"
    strict = token.rig.read(f"{token.name}-policy.yaml")
    strict = strict.replace("require: {key.sign: true}", "require: {key.local: true}")
    strict = strict.replace("key.modifiable: false}",
                            "key.modifiable: false, key.copyable: false}")
    token.rig.write("strict-policy.yaml", strict)
    text = token.rig.read(f"{token.name}.yaml")
    text = text.replace(f"{token.name}-policy.yaml", "strict-policy.yaml")
    # Its own ledger: other rules under the same version do not come in force.
    config = token.rig.write("strict.yaml", text.replace(f"path: {token.name}.db",
                                                         f"path: {token.name}-strict.db"))
    with token.rig.gateway(config) as gateway:
        refusal = rig.refused(sign, gateway, token.main, "sha256")
        equal(refusal.info and refusal.info.reason, wanted, "reason")


# Each with the modules that it is about.
CLAIMS = [
    (keys_are_made_on_the_token, PACKAGES),
    (no_key_can_leave_or_do_anything_but_sign, PACKAGES),
    (certificate_requests_are_signed_by_the_keys, PACKAGES),
    (list_shows_the_token_and_its_keys, PACKAGES),
    (software_is_told_from_hardware, PACKAGES),
    (a_public_key_is_written_as_the_list_hashes_it, PACKAGES),
    (bare_ec_points_are_read, ["nss"]),
    (every_key_signs_with_every_hash, PACKAGES),
    (what_a_token_does_not_tell_is_refused_by_the_policy, ["nss", "opencryptoki"]),
    (a_lane_that_is_killed_is_replaced, PACKAGES),
    (a_token_that_is_taken_away_is_told_and_comes_back, ["p11-kit", "opencryptoki", "tpm2"]),
    (a_wrong_pin_is_tried_once, PACKAGES),
]


# --- What is kept for the table -----------------------------------------------------------

def version_of(package):
    found = subprocess.run(["dpkg-query", "-W", "-f=${Version}", package], text=True,
                           capture_output=True, check=False)
    return found.stdout if found.returncode == 0 else "unknown"


def rate_of(token, name):
    """Signatures a second of one thread, with the lane's own calls."""
    kind = {"seal-rsa": "rsa-2048", "seal-p256": "p-256"}[name]
    result = token.run(os.path.join(rig.BUILD, "tests/bench/ceiling"), "--id",
                       token.keys[name]["id"], "--type", kind, "--threads", "1",
                       "--seconds", "2")
    return json.loads(result.stdout) if result.returncode == 0 else None


def see_more(token):
    """For the table: other types of keys, and how fast the token is."""
    for kind in OTHER_TYPES:
        facts = token.keygen("table-" + kind, kind)
        if facts is not None:
            token.seen["made"][kind] = facts["omitted"]
    token.seen["rates"] = {name: rate_of(token, name) for name in ("seal-rsa", "seal-p256")
                           if name in token.signs}


def keep(token):
    token.seen["package"] = version_of(PACKAGES[token.name])
    token.seen["date"] = datetime.date.today().isoformat()
    folder = os.path.join(rig.BUILD, "modules")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, token.name + ".json"), "w", encoding="utf-8") as file:
        json.dump(token.seen, file, indent=1, sort_keys=True)


# --- All of them --------------------------------------------------------------------------

def claim_for(token, function):
    def run(_):
        function(token)
    run.__name__ = f"{token.name}: {function.__name__}"
    return claim(run)


def prepare(the_rig, names):
    tokens = []
    for name in names:
        token = Token(the_rig, name)
        try:
            token.start()
        except Skipped as reason:
            print(f"skip  {name}: {reason}")
            continue
        tokens.append(token)
        for function, names_of in CLAIMS:
            if name in names_of:
                claim_for(token, function)
    return tokens


def main():
    wanted = os.environ.get("TOKENS", " ".join(SMALL))
    everything = wanted == "all"
    names = list(PACKAGES) if everything else wanted.split()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the daemons end with the test
    for old in glob.glob(os.path.join(rig.BUILD, "modules", "*.json")):
        os.remove(old)
    the_rig = rig.Rig("modules", "seal-demo:p-256")
    tokens = prepare(the_rig, names)
    try:
        code = rig.run(the_rig)
        for token in tokens:
            if everything and "signed" in token.seen:
                see_more(token)
            keep(token)
    finally:
        for token in tokens:
            token.stop()
    return code


if __name__ == "__main__":
    sys.exit(main())
