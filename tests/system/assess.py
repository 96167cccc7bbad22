#!/usr/bin/python3
"""The sheet that an assessor asks for: what is sound passes, each fault turns its line, and
nothing that fails leaves the exit code 0."""
import ctypes
import json
import os
import re
import socket
import subprocess
import sys

import rig
from faulty import wait_for
from people import CODE, People, hup, lock_down
from rig import claim, contains, equal, expect
from trust import write_list

PASS, WARN, FAIL, NOT = "pass", "warn", "fail", "not-applicable"
ROWS = """version.gateway version.library process.privileges process.filter
process.capabilities process.user process.dumps process.memory process.watchdog
lane.confinement tls.version tls.certificate tls.revocation local control roles quorum
policy.text policy.profile policy.review policy.agreement policy.pending token.assurance
lane.state key certificate clock log.check log.checkpoint log.anchor lockdown incident disk
denial""".split()


def sheet(people, name="reviewer"):
    """The JSON; its exit code is 1 just when a line fails."""
    result = people.rig.segel(name, "assess", "--json")
    expect(result.returncode in (0, 1), result.stderr)
    got = json.loads(result.stdout)
    failed = [line["name"] for line in got["lines"] if line["verdict"] == FAIL]
    equal((result.returncode, got["passed"]), (1 if failed else 0, not failed))
    return got


def verdicts(got, name):
    found = [line["verdict"] for line in got["lines"] if line["name"] == name]
    expect(found, f"no line of {name}")
    return found


def text_of(got, name):
    return " | ".join(line["text"] for line in got["lines"] if line["name"] == name)


def expect_lines(got, **wanted):
    for name, verdict in wanted.items():
        name = name.replace("__", ".")
        equal(verdicts(got, name), verdict if isinstance(verdict, list) else [verdict],
              f"{name}: {text_of(got, name)}")


def kernel_synchronises():
    """adjtimex(2) by itself: its state is TIME_ERROR while nobody sets the clock."""
    return ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(512)) != 5


def lowest_versions():
    """Of deploy/packages: {package without its -dev: version}."""
    rows = {}
    with open(os.path.join(rig.ROOT, "deploy/packages"), encoding="utf-8") as file:
        for line in file:
            words = line.split()
            if len(words) == 3 and not line.startswith("#"):
                rows[words[1].removesuffix("-dev")] = words[2]
    return rows


class Managed:
    """A gateway as a unit would start it: a manager that listens, and no privileges."""

    def __init__(self, people):
        self.people = people
        self.name = f"segel-assess-{os.getpid()}"
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.listener.bind("\0" + self.name)

    def __enter__(self):
        people = self.people
        people.schedule("")
        config = people.rig.write("managed.yaml", re.sub(*rig.fresh_ledger(), people.text,
                                                         count=1))
        people.rig.tool("segeld", "--config", config, "--unlatch", "lane0")
        command = ["setpriv", "--no-new-privs"]
        if os.geteuid() == 0:
            command += ["--bounding-set=-all", "--inh-caps=-all"]
        self.gateway = rig.Gateway(
            people.rig, config, {"NOTIFY_SOCKET": "@" + self.name, "WATCHDOG_USEC": "60000000"},
            command + [os.path.join(rig.BIN, "segeld"), "--config", config])
        self.gateway.wait_ready()
        return self.gateway

    def __exit__(self, kind, *_):
        self.gateway.stop()
        self.listener.close()
        if kind is None:
            self.gateway.judge_end()


# --- A sound world ---------------------------------------------------------------------------

@claim
def what_is_sound_passes_and_each_row_is_there(people):
    with people.gateway() as gateway:
        gateway.client().sign()
        got = sheet(people)
        names = list(dict.fromkeys(line["name"] for line in got["lines"]))
        equal(names, ROWS, "rows in their order")
        expect_lines(got, version__gateway=PASS, process__dumps=PASS, lane__confinement=PASS,
                     tls__version=PASS, local=NOT, control=NOT, roles=PASS, quorum=PASS,
                     policy__text=PASS, policy__review=PASS, policy__agreement=PASS,
                     lane__state=PASS, key=PASS, log__checkpoint=PASS, lockdown=PASS,
                     incident=PASS, disk=PASS, denial=PASS)
        for line in got["lines"]:
            equal(set(line), {"name", "subject", "verdict", "text"})
            expect(line["text"], line["name"])
        counts = {verdict: sum(line["verdict"] == verdict for line in got["lines"])
                  for verdict in (PASS, WARN, FAIL, NOT)}
        equal(got["lines_by_verdict"], counts)
        equal({type(got[name]) for name in ("now", "node", "version")}, {str})
        contains(text_of(got, "quorum"), "pin.unlock 2/4", "lockdown.clear 3/4")
        contains(text_of(got, "policy.text"), "bsre-seal-sample version 1, sha256:")
        contains(text_of(got, "key"),
                 "the token says: sensitive, always sensitive, not extractable, "
                 "never extractable, made on it")


@claim
def what_is_not_as_it_should_be_turns_its_line(people):
    with people.gateway() as gateway:
        got = sheet(people)
        expect_lines(got, policy__profile=FAIL, token__assurance=FAIL, log__anchor=FAIL,
                     tls__revocation=WARN, process__watchdog=WARN, process__privileges=FAIL,
                     clock=PASS if kernel_synchronises() else FAIL,
                     process__user=FAIL if os.geteuid() == 0 else PASS,
                     certificate=[PASS, WARN])
        people.latch(gateway)
        lock_down(gateway)
        # An incident is open for each; the log tells of it a moment later.
        wait_for(lambda: verdicts(sheet(people), "incident") == [WARN, WARN], "incidents")
        got = sheet(people)
        expect_lines(got, lane__state=FAIL, lane__confinement=NOT, key=FAIL, lockdown=WARN)
        contains(text_of(got, "lane.state"), "pin-latched")
        wait_for(lambda: verdicts(sheet(people), "tls.certificate") == [PASS],
                 "the end of the gateway's certificate is not told")


@claim
def what_is_told_of_tls_is_what_a_reload_has_made_of_it(people):
    write_list(people.rig)
    strict = (r"client_ca: clients.pem", "client_ca: clients.pem, client_crl: clients.crl")
    with people.gateway(strict) as gateway:
        sound = people.rig.read("changed.yaml")
        expect_lines(sheet(people), tls__version=PASS, tls__revocation=PASS)
        people.rig.write("changed.yaml", sound.replace("client_crl: clients.crl",
                                                       'min_version: "1.2"'))
        hup(gateway, "reloaded")
        got = sheet(people)
        expect_lines(got, tls__version=WARN, tls__revocation=WARN)
        contains(text_of(got, "tls.version"), "1.2")
        people.rig.write("changed.yaml", sound)
        hup(gateway, "reloaded")
        expect_lines(sheet(people), tls__version=PASS, tls__revocation=PASS)


@claim
def the_door_for_users_of_the_machine_is_told_and_who_comes_by_it(people):
    path = people.rig.path("assess.sock")
    caller = '  - {name: user-%d, match: "uid:%d", roles: [backend], keys: [seal-demo]}\n'
    users = "\ncallers:\n" + caller % (4711, 4711) + caller % (4712, 4712)
    socket_of_it = f'listen: {{unix: {path}, unix_mode: "0600", '
    with people.gateway((r"listen: \{", socket_of_it), (r"\ncallers:\n", users)) as gateway:
        got = sheet(people)
        expect_lines(got, local=PASS)
        equal(text_of(got, "local"), f"{path}, mode 0600; 2 callers are users of this machine")
        people.rig.write("changed.yaml", people.rig.read("changed.yaml").replace(
            '"uid:4712"', '"URI:urn:segel:caller:user-4712"'))
        hup(gateway, "reloaded")
        contains(text_of(sheet(people), "local"), "1 callers are users of this machine")


@claim
def a_gateway_that_gave_up_its_privileges_is_seen_to(people):
    with Managed(people):
        got = sheet(people)
        expect_lines(got, process__privileges=PASS, process__capabilities=PASS,
                     process__watchdog=PASS)
        contains(text_of(got, "process.watchdog"), "60 s")


@claim
def without_a_quorum_file_one_officer_is_too_few(people):
    with people.gateway((r"\nofficers: \{quorum: quorum\}\n", "\n"),
                        (r"(name: officer-4, .*?)roles: \[officer\], keys: \[\]",
                         r"\1roles: [officer, operator], keys: [seal-demo]")):
        got = sheet(people, "officer-1")
        expect_lines(got, quorum=FAIL)
        found = [(line["subject"], line["verdict"]) for line in got["lines"]
                 if line["name"] == "roles"]
        equal(found, [("officer-4", FAIL)] * 2, "several roles, and a key")


# --- Versions --------------------------------------------------------------------------------

def library_rows():
    """Of gateway/service/library.def: {name: (package, lowest)}."""
    with open(os.path.join(rig.ROOT, "gateway/service/library.def"), encoding="utf-8") as file:
        rows = re.findall(r'^LIBRARY\("([^"]*)", "([^"]*)", "([^"]*)"', file.read(), re.M)
    return {name: (package, lowest) for name, package, lowest in rows}


@claim
def lowest_versions_are_those_of_the_packages(_):
    rows, wanted = library_rows(), lowest_versions()
    named = {"OpenSSL": "libssl", "libevent": "libevent", "nghttp2": "libnghttp2",
             "SQLite": "libsqlite3", "libcurl": "libcurl4-openssl",
             "protobuf-c": "libprotobuf-c", "zlib": "zlib1g", "libyaml": "libyaml",
             "Jansson": "libjansson"}
    equal({name: lowest for name, (_, lowest) in rows.items()},
          {name: wanted.get(package, "") for name, package in named.items()})
    equal(set(wanted) - set(named.values()), set(), "a lowest version that the sheet lacks")
    # Who installs the package has them from the start.
    with open(os.path.join(rig.ROOT, "deploy/debian/control"), encoding="utf-8") as file:
        gateway = re.search(r"^Package: segel-gateway\n.*?^Recommends:", file.read(), re.M | re.S)
    equal(dict(re.findall(r"([\w.+-]+) \(>= ([^)]+)\)", gateway.group())),
          {package: lowest for package, lowest in rows.values() if lowest})


def installed(package):
    shown = subprocess.run(["dpkg-query", "-W", "-f", "${db:Status-Status} ${Version}", package],
                           capture_output=True, text=True, check=False).stdout.split()
    return shown[1] if shown[:1] == ["installed"] else ""


def by_dpkg(package, lowest):
    """What dpkg itself says of an installed package."""
    version = installed(package)
    if not version:
        return WARN
    older = lowest and subprocess.run(["dpkg", "--compare-versions", version, "lt", lowest],
                                      check=False).returncode == 0
    return FAIL if older else PASS


@claim
def libraries_are_judged_by_their_packages_as_dpkg_does(people):
    rows = library_rows()
    with people.gateway():
        got = {line["subject"]: line for line in sheet(people)["lines"]
               if line["name"] == "version.library"}
    equal({name: line["verdict"] for name, line in got.items()},
          {name: by_dpkg(*row) for name, row in rows.items()})
    for name, (package, _) in rows.items():
        text = got[name]["text"]
        contains(text, package, installed(package))
        expect(re.match(r"\d+\.\d+", text), f"{name} names no version: {text}")


@claim
def tests_and_lines_that_the_threat_model_names_are_there(_):
    with open(os.path.join(rig.ROOT, "docs/SECURITY.md"), encoding="utf-8") as file:
        text = file.read()
    named = set(re.findall(r"`((?:system|unit|fuzz)/[\w/]+)`", text))
    expect(len(named) > 30, "the model names its tests")
    for name in named:
        where = os.path.join(rig.ROOT, "tests", name)
        expect(any(os.path.exists(where + end) for end in (".py", ".c")), f"no test {name}")
    rows = re.findall(r"^\| ((?:`[a-z.]+`(?:, )?)+) \|", text, re.M)
    equal([name for row in rows for name in re.findall(r"`([a-z.]+)`", row)], ROWS)


def claims_of(name):
    """What a test program claims, in words."""
    where = os.path.join(rig.ROOT, "tests", name)
    if os.path.exists(where + ".py"):
        with open(where + ".py", encoding="utf-8") as file:
            found = re.findall(r"^@claim\ndef (\w+)\(", file.read(), re.M)
    else:
        with open(where + ".c", encoding="utf-8") as file:
            found = re.findall(r"^Test\(\w+,\s+(\w+)", file.read(), re.M)
    return [words.replace("_", " ") for words in found]


@claim
def claims_that_the_threat_model_names_are_made_there(_):
    with open(os.path.join(rig.ROOT, "docs/SECURITY.md"), encoding="utf-8") as file:
        rows = re.findall(r"`((?:system|unit)/[\w/]+)` \((\w[^)]*)\)", file.read())
    expect(len(rows) >= 8, f"the model names claims: {rows}")
    for name, words in rows:
        made = claims_of(name)
        for one in words.split("; "):
            expect(one in made, f"{name} does not claim: {one}")


# --- Who may, and what people read -----------------------------------------------------------

@claim
def the_sheet_is_for_officers_reviewers_and_operators(people):
    people.add_client("operator", "operator")
    with people.gateway() as gateway:
        stub = gateway.client("e-office").call(
            "unary_unary", "GetAssessment", rig.stands.GetAssessmentRequest,
            rig.stands.GetAssessmentResponse, service="StatusService")
        equal(rig.refused(stub, rig.stands.GetAssessmentRequest(), timeout=10).code,
              CODE.PERMISSION_DENIED)
        refused = people.rig.segel("e-office", "assess")
        equal((refused.returncode, refused.stdout), (1, ""), "as a line that fails")
        contains(refused.stderr, "officer, reviewer and operator")
        equal(verdicts(sheet(people, "operator"), "version.gateway"), [PASS])
        result = people.rig.segel("officer-1", "assess")
        equal((result.returncode, result.stderr), (1, ""))
        contains(result.stdout, "FAIL", "not production", "gw1", "not applicable")
        expect("\x1b" not in result.stdout, "colours in a pipe")
        contains(people.rig.segel("reviewer", "assess", "--lang", "id").stdout,
                 "gagal", "Lembar penilaian", "bukan production")
        equal(people.rig.segel("reviewer", "assess", "--lang", "xx").returncode, 2)
        equal(people.rig.segel("reviewer", "assess", "more").returncode, 2)
    equal(people.rig.segel("reviewer", "assess").returncode, 3, "it cannot be reached")


if __name__ == "__main__":
    sys.exit(rig.run(People(rig.Rig("assess"))))
