#!/usr/bin/python3
"""Starting and stopping: whatever is wrong with the installation, segeld does not come up
half. It ends with one sentence that names the file, the field or the token, and says what
to do."""
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time

import grpc
import rig
from faulty import ask, wait_for
from rig import claim, contains, equal, expect


def ends_with(the_rig, config, *words):
    code, text = the_rig.refuses(config)
    expect(code not in (0, None) and code > 0, f"exit code {code}: {text[-500:]}")
    contains(text, *words)
    expect(the_rig.read("pin").strip() not in text, "the PIN stands in the messages")
    return text


@claim
def the_printed_configuration_is_one(the_rig):
    text = the_rig.read("segeld.yaml")
    lists = text[text.index("networks:"):]
    printed = the_rig.tool("segeld", "--config", the_rig.conf, "--print-config")
    equal(printed.returncode, 0, printed.stderr)
    path = the_rig.write("printed.yaml", printed.stdout + lists)
    result = the_rig.tool("segeld", "--config", path, "--check-config")
    equal(result.returncode, 0, result.stderr)
    again = the_rig.tool("segeld", "--config", path, "--print-config")
    equal(again.stdout, printed.stdout, "printed again")
    expect("in force" not in printed.stdout.split("\n\n")[0], "a gateway may go by another")
    begin = the_rig.tool("segeld", "--print-config")
    contains(begin.stdout, "  certificate: # must be given", "  checkpoint_s: 10")
    broken = the_rig.tool("segeld", "--config", the_rig.path("none.yaml"), "--print-config")
    equal(broken.returncode, 1, "of a file that is not there")


@claim
def a_lawful_configuration_passes_its_check(the_rig):
    result = the_rig.tool("segeld", "--config", the_rig.conf, "--check-config")
    equal(result.returncode, 0, result.stderr)


@claim
def a_chain_that_leads_to_no_anchor_is_told(the_rig):
    """It is refused by nothing but a policy that asks for it."""
    words = "key 'seal-demo': its certificate leads to no anchor"
    path = the_rig.config((r"chain: issuing\.pem", "chain: server.pem"))
    result = the_rig.tool("segeld", "--config", path, "--check-config")
    equal(result.returncode, 0, result.stderr)
    contains(result.stdout, "are sound", words, "cert.chain_ok")
    expect(words not in the_rig.tool("segeld", "--config", the_rig.conf,
                                     "--check-config").stdout, "a good one is doubted")
    for config, untrusted in ((path, True), (the_rig.conf, False)):
        with the_rig.gateway(config) as gateway:
            get = gateway.client("officer-1").call(
                "unary_unary", "GetStatus", rig.stands.GetStatusRequest,
                rig.stands.GetStatusResponse, service="StatusService")
            keys = get(rig.stands.GetStatusRequest(), timeout=10).keys
            equal([k.chain_untrusted for k in keys if k.key == "seal-demo"], [untrusted])
            equal(words in gateway.text(), untrusted, "the log line of the start")


@claim
def a_caller_without_a_door_is_told(the_rig):
    words = "caller 'e-office' is known by a user id and cannot connect: listen.unix is empty"
    path = the_rig.config((r'match: "URI:urn:segel:caller:e-office"', 'match: "uid:4711"'))
    result = the_rig.tool("segeld", "--config", path, "--check-config")
    equal(result.returncode, 0, result.stderr)
    contains(result.stdout, "are sound", words)
    expect("cannot connect" not in the_rig.tool("segeld", "--config", the_rig.conf,
                                                "--check-config").stdout, "the others can")


@claim
def the_check_names_files_that_the_start_would_miss(the_rig):
    for name in ("server.pem", "server.key", "clients.pem", "seal-demo.pem"):
        path = the_rig.config((name, "absent.file"))
        result = the_rig.tool("segeld", "--config", path, "--check-config")
        equal(result.returncode, 1, f"exit code without {name}: {result.stdout}")
        contains(result.stderr, "absent.file")


# What is spoilt, and words of the one sentence.
UNSOUND = (
    ((r"path: ledger\.db", "path: nowhere/ledger.db"), "ledger.path", "nowhere"),
    ((r"path: ledger\.db", "path: pki"), "ledger.path", "no regular file"),
    ((r"origin: \S+?([,}\n])", r'origin: ""\1'), "ledger.origin", "+"),
    ((r"origin: \S+?([,}\n])", r"origin: a+b\1"), "ledger.origin", "+"),
    ((r"origin: \S+?([,}\n])", "origin: " + "a" * 256 + r"\1"), "ledger.origin", "256 bytes"),
    ((r"module: .*", "module: /nonexistent/module.so"), "lane 'lane0': module", "/nonexistent"),
    ((r"pin_file: pin$", "pin_file: no-pin"), "lane 'lane0': pin_file", "no-pin"),
    ((r"module: .*", "module: /etc/passwd"), "lane 'lane0': module", "no shared library"),
    ((r"pin_file: pin$", "pin_file: pki"), "lane 'lane0': pin_file", "no regular file"),
    ((r"pin_file: pin$", "pin_file: empty"), "lane 'lane0': pin_file", "is empty"),
    ((r"private_key: server.key", "private_key: open.key"), "tls.private_key", "chmod o= "),
    ((r"read_only: .*", "read_only: [no-folder]"), "read_only", "no-folder"),
    ((r"^io:", "hsm: {program: no-program}\nio:"), "hsm.program", "no-program"),
    ((r"^io:", "hsm: {program: pin}\nio:"), "hsm.program", "Permission denied"),
    ((r"^io:", "status: {dir: status, crl_url: \"ftp://x/y\"}\nio:"), "status.crl_url", "http://"),
    ((r"^io:", "status: {dir: nowhere/status}\nio:"), "status.dir", "nowhere"),
    ((r"^io:", "status: {proxy: \"ftp://x\"}\nio:"), "status.proxy", "HTTP proxy"),
    ((r"^io:", "tsa: {hash: md5}\nio:"), "tsa.hash", "md5"),
    ((r"^io:", "control: {socket: /nonexistent/control}\nio:"), "control.socket", "/nonexistent"),
    ((r"^io:", "control: {socket: /etc/passwd}\nio:"), "control.socket", "not a socket"),
    ((r"listen: \{", "listen: {unix: /nonexistent/socket, "), "listen.unix", "/nonexistent"),
    ((r"^io:", "admin: {address: 0.0.0.0}\nio:"), "admin.address", "0.0.0.0"),
    ((r"client_ca: clients.pem", "client_ca: pipe"), "tls.client_ca", "no regular file"),
    ((r"client_ca: clients.pem", "client_ca: server.pem"), "server.pem", "add the root"),
    ((r"certificate: seal-demo.pem", "certificate: pipe"), "certificate", "no regular file"),
    ((r"file: policy.yaml", "file: pipe"), "/pipe", "no regular file"),
    ((r"^keys:", "keys:\n  - {name: twin, class: seal, lane: lane0, id: \"77\", "
      "certificate: seal-demo.pem, scheme: rsa-pkcs1}"),
     "key 'seal-demo'", "same key as that of key 'twin'"),
)


def modes(the_rig):
    return {entry.name: entry.stat().st_mode for entry in os.scandir(the_rig.path())
            if entry.name != "segeld.log"}


@claim
def what_the_start_refuses_the_check_refuses_by_the_same_sentence(the_rig):
    if not os.path.exists(the_rig.path("pipe")):
        os.mkfifo(the_rig.path("pipe"))
    os.chmod(the_rig.write("empty", ""), 0o600)
    os.chmod(the_rig.write("open.key", the_rig.read("server.key")), 0o604)
    for change, *words in UNSOUND:
        path = the_rig.config(change)
        before = modes(the_rig)
        checked = the_rig.tool("segeld", "--config", path, "--check-config")
        equal(checked.returncode, 1, f"exit code with {change[1]}: {checked.stdout}")
        why = checked.stderr.partition('"why":')[2] or checked.stderr
        contains(why, *words)
        contains(ends_with(the_rig, path), why)
        equal(modes(the_rig), before, f"what {change[1]} has made or changed")


@claim
def a_check_that_also_prints_is_a_check(the_rig):
    unsound = the_rig.config((r"origin: \S+?([,}\n])", r"origin: a+b\1"))
    both = "--check-config", "--print-config"
    result = the_rig.tool("segeld", "--config", unsound, *both)
    equal((result.returncode, result.stdout), (1, ""))
    result = the_rig.tool("segeld", "--config", the_rig.conf, *both)
    equal(result.returncode, 0, result.stderr)
    contains(result.stdout, "checkpoint_s:")
    equal(the_rig.tool("segeld", *both).returncode, 2, "exit code without a file")


@claim
def two_errands_at_once_are_a_wrong_command_line(the_rig):
    for words in (("--check-config", "--release-lockdown"), ("--print-config", "--unlatch", "lane0"),
                  ("--unlatch", "lane0", "--release-lockdown"),
                  ("--check-config", "--check-start"), ("--check-start", "--print-config"),
                  ("--check-config", "--probe", "/livez")):
        result = the_rig.tool("segeld", "--config", the_rig.conf, *words)
        equal((result.returncode, result.stdout), (2, ""), words)
        contains(result.stderr, "one thing at a time")


@claim
def no_errand_makes_a_ledger(the_rig):
    """Who runs one may be root, and the start of another user would be refused by it."""
    path = the_rig.config((r"ledger: \{path: \S+?([,}])", r"ledger: {path: none/ledger.db\1"))
    os.mkdir(the_rig.path("none"))
    for words in (("--unlatch", "lane0"), ("--release-lockdown",)):
        result = the_rig.tool("segeld", "--config", path, *words)
        equal(result.returncode, 1, words)
        contains(result.stderr, "none/ledger.db", "there is no ledger")
        equal(os.listdir(the_rig.path("none")), [], "files that it made")


@claim
def a_check_that_nobody_could_read_is_a_failure(the_rig):
    with open("/dev/full", "w", encoding="utf-8") as full:
        result = subprocess.run([os.path.join(rig.BIN, "segeld"), "--config", the_rig.conf,
                                 "--check-config"], stdout=full, stderr=subprocess.PIPE,
                                text=True, check=False, timeout=60)
    equal(result.returncode, 1, result.stderr)


@claim
def the_check_names_addresses_that_nobody_can_listen_on(the_rig):
    spoiled = [(r"address: 127.0.0.1", "address: localhost", "localhost"),
               (r"listen: \{", f"listen: {{unix: /{'long' * 50}, ", "at most 107 bytes")]
    for before, after, words in spoiled:
        path = the_rig.config((before, after))
        result = the_rig.tool("segeld", "--config", path, "--check-config")
        equal(result.returncode, 1, f"exit code with {after}: {result.stdout}")
        contains(result.stderr, words)


@claim
def a_missing_configuration_is_named(the_rig):
    ends_with(the_rig, the_rig.path("absent.yaml"), "absent.yaml")


@claim
def an_unknown_field_is_named_with_its_line(the_rig):
    path = the_rig.config((r"^io: .*", "io: {loop: 1}"))
    line = the_rig.read("spoiled.yaml").splitlines().index("io: {loop: 1}") + 1
    ends_with(the_rig, path, "spoiled.yaml", f":{line}:", "loop")


@claim
def a_number_out_of_its_range_is_named(the_rig):
    ends_with(the_rig, the_rig.config((r"port: 0", "port: 70000")), "spoiled.yaml", "port")


@claim
def a_missing_field_is_named(the_rig):
    ends_with(the_rig, the_rig.config((r"^ledger: .*", "ledger: {origin: a/b}")),
              "spoiled.yaml", "path")


@claim
def text_that_is_no_yaml_is_named_with_its_line(the_rig):
    ends_with(the_rig, the_rig.config((r"^io: .*", "io: {loops: [")), "spoiled.yaml", ":")


@claim
def a_policy_that_does_not_load_stops_the_start(the_rig):
    the_rig.write("broken-policy.yaml", "schema: 1\nrules: nonsense\n")
    ends_with(the_rig, the_rig.config((r"file: policy.yaml", "file: broken-policy.yaml")),
              "broken-policy.yaml")


@claim
def a_missing_tls_certificate_is_named(the_rig):
    ends_with(the_rig, the_rig.config((r"certificate: server.pem", "certificate: no.pem")),
              "no.pem")


@claim
def a_missing_module_is_named(the_rig):
    ends_with(the_rig, the_rig.config((r"module: .*", "module: /nonexistent/module.so")),
              "/nonexistent/module.so")


@claim
def a_missing_token_is_named_beside_those_that_are_there(the_rig):
    ends_with(the_rig, the_rig.config((r"token: .*", "token: elsewhere")), "elsewhere",
              "segel-demo")


@claim
def a_wrong_pin_is_tried_once_and_said(the_rig):
    path = the_rig.write("wrong-pin", "000000000000\n")
    os.chmod(path, 0o600)
    changes = (r"pin_file: pin$", "pin_file: wrong-pin"), (r"ledger.db", "first.db")
    text = ends_with(the_rig, the_rig.config(*changes), "CKR_PIN_INCORRECT")
    expect("000000000000" not in text, "the wrong PIN stands in the messages")
    # The file is right now, and still nobody tries it before a person has said so.
    the_rig.write("wrong-pin", the_rig.read("pin"))
    ends_with(the_rig, the_rig.config(*changes), "CKR_PIN_INCORRECT", "--unlatch")
    the_rig.unlatch("lane0", the_rig.config(*changes))
    with the_rig.gateway(the_rig.config(*changes)) as gateway:
        expect(gateway.client().sign().signature, "signed")


@claim
def a_gateway_with_a_log_comes_up_without_its_token(the_rig):
    with the_rig.gateway() as gateway:
        gateway.client().sign()
    the_rig.write("wrong-pin", "000000000000\n")
    config = the_rig.config((r"pin_file: pin$", "pin_file: wrong-pin"))
    with the_rig.gateway(config) as gateway:
        gateway.wait_event("pin.fail")
        refusal = rig.refused(gateway.client().sign)
        equal(refusal.code, grpc.StatusCode.UNAVAILABLE)
        contains(refusal.message, "PIN")
        shown = the_rig.segel("reviewer", "log", "show", "--json").stdout
        contains(shown, '"pin.fail"')
    the_rig.unlatch("lane0")
    with the_rig.gateway() as gateway:
        expect(gateway.client().sign().signature, "signed")


@claim
def a_pin_file_that_everybody_may_read_is_refused(the_rig):
    path = the_rig.write("open-pin", the_rig.read("pin"))
    os.chmod(path, 0o644)
    ends_with(the_rig, the_rig.config((r"pin_file: pin$", "pin_file: open-pin")), "open-pin")


def cannot_sign(the_rig, config, *words):
    """A key that cannot serve is said, at the start or when it is asked for."""
    with rig.Gateway(the_rig, config, {}).until_end() as gateway:
        try:
            gateway.wait_ready()
            refusal = rig.refused(gateway.client().sign)
            contains(gateway.text() + refusal.message, *words)
        except rig.Failed:
            contains(gateway.text(), *words)
            expect(gateway.wait_end() != 0, "exit code 0")


@claim
def a_key_that_is_not_on_the_token_is_named(the_rig):
    path = the_rig.config((r'(- name: seal-demo(?:\n.*){2}\n    id: ).*', r'\1"0badc0de"'))
    cannot_sign(the_rig, path, "seal-demo", "0badc0de")


@claim
def a_certificate_of_another_key_is_refused(the_rig):
    foreign = the_rig.foreign_certificate()
    path = the_rig.config((r"certificate: seal-demo.pem", f"certificate: {foreign}"))
    cannot_sign(the_rig, path, "seal-demo")


@claim
def a_key_of_callers_is_no_canary_under_another_name(the_rig):
    """By its label here and its id there: the token alone knows that they are one."""
    request, certificate = the_rig.path("canary.csr"), the_rig.path("canary.pem")
    text = the_rig.read("segeld.yaml")
    canary = re.search(r'canary: "(\w+)"', text)[1]
    made = the_rig.tool("segel-hsm", "csr", "--module",
                        re.search(r"module: (.*)", text)[1], "--token",
                        "segel-demo", "--pin-file", the_rig.path("pin"), "--id", canary,
                        "--subject", "/CN=canary (TEST)", "--out", request)
    equal(made.returncode, 0, made.stderr)
    subprocess.run([os.path.join(rig.ROOT, "deploy/demo/pki.sh"), "seal", the_rig.path("pki"),
                    request, certificate], check=True)
    path = the_rig.config(
        (r'(- name: seal-demo\n.*\n)    lane: .*\n    id: .*', r'\1    uri: "pkcs11:object=canary"'),
        (r"certificate: seal-demo.pem", "certificate: canary.pem"),
        (r"scheme: \S+", "scheme: ecdsa"))
    ends_with(the_rig, path, "'seal-demo' and 'canary' are one key of the token")


@claim
def a_port_that_is_taken_is_named(the_rig):
    with the_rig.gateway() as gateway:
        port = gateway.address.rsplit(":", 1)[1]
        path = the_rig.config((r"port: 0", f"port: {port}"),
                              (r"path: ledger.db", "path: second.db"))
        ends_with(the_rig, path, port)


@claim
def two_gateways_cannot_share_a_ledger(the_rig):
    with the_rig.gateway():
        ends_with(the_rig, the_rig.conf, "ledger.db")


@claim
def sigterm_ends_cleanly_with_exit_code_0(the_rig):
    with the_rig.gateway() as gateway:
        expect(gateway.client().sign().signature, "signed")
        equal(gateway.stop(), 0, "exit code")


@claim
def sigint_ends_cleanly_as_well(the_rig):
    with the_rig.gateway() as gateway:
        equal(gateway.stop(signal.SIGINT), 0, "exit code")


@claim
def a_gateway_that_crashes_or_hangs_is_a_failure_of_its_test(the_rig):
    """Whatever its test looked at before."""
    config, usual = the_rig.config(rig.fresh_ledger()), rig.STOP_S
    for number, words in ((signal.SIGABRT, "ended with -6"), (signal.SIGSTOP, "with SIGKILL")):
        rig.STOP_S, said = 1, ""
        try:
            with the_rig.gateway(config) as gateway:
                gateway.process.send_signal(number)
        except rig.Failed as failed:
            said = str(failed)
        finally:
            rig.STOP_S = usual
        contains(said, words, "it said: ", '"event":"ready"')
    with the_rig.gateway(config, ends=(-signal.SIGABRT,)) as gateway:
        gateway.process.send_signal(signal.SIGABRT)
        gateway.process.wait()


@claim
def an_open_stream_does_not_hold_up_the_end(the_rig):
    with the_rig.gateway() as gateway:
        hold = threading.Event()

        def requests():
            yield rig.signing.SignStreamRequest(terms=rig.terms(), items=[rig.item()])
            hold.wait(30)

        call = gateway.client().call(
            "stream_stream", "SignStream", rig.signing.SignStreamRequest,
            rig.signing.SignStreamResponse)(requests(), timeout=40)
        expect(next(call).results[0].signature, "the item is signed")
        started = time.monotonic()
        equal(gateway.stop(), 0, "exit code")
        expect(time.monotonic() - started < 5, "the end waited for the stream")
        try:
            next(call)
            raise rig.Failed("the stream goes on")
        except grpc.RpcError as error:
            equal(error.code(), grpc.StatusCode.UNAVAILABLE)
        finally:
            hold.set()


@claim
def who_is_not_entitled_may_not_sign_even_if_the_policy_forgets_it(the_rig):
    policy = the_rig.read("policy.yaml")
    policy = re.sub(r"(?s)  - id: CP-4\.5-02\n.*?(?=  - id: )", "", policy)
    policy = policy[:policy.index("\ntests:")] + "\n"
    the_rig.write("forgetful.yaml", policy)
    config = the_rig.config((r"file: policy\.yaml", "file: forgetful.yaml"), rig.fresh_ledger(),
                            (r"roles: \[backend\], keys: \[seal-demo\]",
                             "roles: [backend], keys: []"))
    with the_rig.gateway(config) as gateway:
        refusal = rig.refused(gateway.client().sign)
        equal(refusal.code, grpc.StatusCode.PERMISSION_DENIED)
        contains(refusal.message, "seal-demo")


@claim
def no_line_for_people_lands_in_a_file_of_the_gateway(the_rig):
    """With standard input, output and error closed, another file would get their numbers."""
    config = the_rig.config(rig.fresh_ledger())
    ledger = re.search(r"path: (ledger-\w+\.db)", the_rig.read("spoiled.yaml"))[1]
    command = ["bash", "-c", 'exec "$@" 0<&- 1>&- 2>&-', "bash",
               os.path.join(rig.BIN, "segeld"), "--config", config]
    with rig.Gateway(the_rig, config, {}, command).until_end() as gateway:
        until(lambda: os.path.exists(the_rig.path(f"{ledger}-wal"))
              and children(gateway.process.pid), "it does not start")
        for pid in [gateway.process.pid, *children(gateway.process.pid)]:
            equal({os.readlink(f"/proc/{pid}/fd/{n}") for n in range(3)}, {"/dev/null"}, pid)
    expect(the_rig.read(f"{ledger}.lock") in (
        "", "a ledger with records is kept beside this file\n"), "lines in the file of the lock")


@claim
def the_other_programs_give_no_file_the_number_of_one_that_is_closed(the_rig):
    """Both wait here for somebody who says nothing."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs, socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        the_rig.write("clients/reviewer/gateway",
                      f"127.0.0.1:{listener.getsockname()[1]}\n")
        for command in (["segel-hsm", "lane", "--fd", str(theirs.fileno())],
                        ["segel", "--home", the_rig.path("clients", "reviewer"), "status"]):
            command[0] = os.path.join(rig.BIN, command[0])
            process = subprocess.Popen(
                ["bash", "-c", 'exec "$@" 0<&- 1>&- 2>&-', "bash", *command],
                pass_fds=[theirs.fileno()])
            try:
                until(lambda pid=process.pid: standard_of(pid) == {"/dev/null"},
                      f"{command[0]} leaves them closed")
            finally:
                process.kill()
                process.wait()


def standard_of(pid):
    try:
        return {os.readlink(f"/proc/{pid}/fd/{n}") for n in range(3)}
    except OSError:
        return set()


@claim
def no_lane_outlives_its_gateway(the_rig):
    with the_rig.gateway() as gateway:
        lanes = children(gateway.process.pid)
        expect(lanes, "a lane runs")
        gateway.stop(signal.SIGKILL)
    for pid in lanes:
        for _ in range(50):
            if not os.path.exists(f"/proc/{pid}") or state(pid) == "Z":
                break
            rig.time.sleep(0.1)
        else:
            raise rig.Failed(f"lane {pid} still runs")


@claim
def the_threads_of_the_gateway_have_names(the_rig):
    config = the_rig.config((r"^node: gw1$", "node: gw1\nadmin: {address: 127.0.0.1, port: 0}"))
    with the_rig.gateway(config) as gateway:
        tasks, names = f"/proc/{gateway.process.pid}/task", set()
        for number in os.listdir(tasks):
            with open(f"{tasks}/{number}/comm", encoding="ascii") as file:
                names.add(file.read().strip())
    equal(names, {"segeld", "segeld-loop", "segeld-reading", "segeld-clerk", "segeld-pages"})


def until(truth, sentence, seconds=20):
    end = time.monotonic() + seconds
    while not truth():
        expect(time.monotonic() < end, sentence)
        time.sleep(0.05)


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return file.read().split()


def state(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        return file.read().rsplit(")", 1)[1].split()[0]


@claim
def the_pin_is_in_no_argument_and_no_environment(the_rig):
    pin = the_rig.read("pin").strip().encode()
    with the_rig.gateway() as gateway:
        for pid in [str(gateway.process.pid), *children(gateway.process.pid)]:
            for name in ("cmdline", "environ"):
                try:
                    with open(f"/proc/{pid}/{name}", "rb") as file:
                        expect(pin not in file.read(), f"the PIN stands in {name}")
                except PermissionError:
                    pass
        expect(pin.decode() not in gateway.text(), "the PIN stands in the log lines")


def beside_each_other(the_rig, label):
    """A configuration of two lanes over one module, the second for the token of this label,
    and a ledger of their own."""
    text = the_rig.read("segeld.yaml")
    lane = re.search(r"  - name: lane0\n(?:    .*\n)+", text).group(0)
    second = re.sub(r"    canary: .*\n", "", lane.replace("lane0", "lane1"))
    second = second.replace("token: segel-demo", f"token: {label}")
    text = text.replace(lane, lane + second).replace("path: ledger.db", "path: beside.db")
    return the_rig.write("beside.yaml", text + "admin: {address: 127.0.0.1, port: 0}\n")


@claim
def a_token_that_is_away_beside_another_does_not_keep_the_gateway_from_starting(the_rig):
    tokens, away = the_rig.path("tokens"), the_rig.path("away")
    before = set(os.listdir(tokens))
    module = re.search(r"module: (.*)", the_rig.read("segeld.yaml")).group(1)
    made = the_rig.tool("segel-hsm", "init-token", "--module", module, "--label", "second",
                        "--pin-file", the_rig.path("pin"), "--so-pin-file",
                        the_rig.path("so-pin"))
    equal(made.returncode, 0, made.stderr)
    folder = (set(os.listdir(tokens)) - before).pop()
    config = beside_each_other(the_rig, "second")
    with the_rig.gateway(config) as gateway:
        gateway.client().sign()
        wait_for(lambda: "lane1" not in ask(gateway, "/healthz")[2], "lane1 is not up")
    os.rename(os.path.join(tokens, folder), away)
    with the_rig.gateway(config) as gateway:
        gateway.client().sign()
        text = ask(gateway, "/healthz")[2]
        contains(text, "lane lane1 is", "there is no token 'second'")
        os.rename(away, os.path.join(tokens, folder))
        wait_for(lambda: "lane1" not in ask(gateway, "/healthz")[2], "it does not come", 20)
    ends_with(the_rig, beside_each_other(the_rig, "misspelt"), "lane 'lane1'",
              "there is no token 'misspelt'; the module shows")


if __name__ == "__main__":
    sys.exit(rig.run(rig.Rig("start")))
