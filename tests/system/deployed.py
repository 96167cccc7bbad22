#!/usr/bin/python3
"""What an administrator gets: the installed tree with its units, users and manual pages, alert
rules and a dashboard that know the metrics there are, and manifests that a cluster takes."""
import glob
import json
import os
import re
import shutil
import subprocess
import time

import rig
from rig import claim, contains, equal, expect

DEPLOY = os.path.join(rig.ROOT, "deploy")
TREE = os.path.join(rig.BUILD, "system", "deployed")
# In tenths of the score: what systemd calls "OK" is below 50.
EXPOSURE = {"segeld.service": 20, "segel-witness.service": 20}


def read(*names):
    with open(os.path.join(*names), encoding="utf-8") as file:
        return file.read()


def run(*words, **more):
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=120, **more)


def need(program):
    if shutil.which(program) is None:
        raise rig.Failed(f"{program} is missing: deploy/deps.sh test")


# --- The installed tree ---------------------------------------------------------------------

def install():
    """As root of a hardened machine: whoever comes later must be able to read it."""
    shutil.rmtree(TREE, ignore_errors=True)
    result = run("make", "-s", "-C", rig.ROOT, "install", f"BUILD={rig.BUILD}",
                 f"DESTDIR={TREE}", "PREFIX=/usr", umask=0o077)
    equal(result.returncode, 0, result.stderr[-2000:])


@claim
def what_is_installed_is_open_to_all_whatever_the_umask():
    paths = glob.glob(os.path.join(TREE, "usr", "**"), recursive=True)
    names = {os.path.basename(path) for path in paths}
    expect(names >= {"segel.pc", "segeld.yaml", "segeld.service"}, "something is not there")
    for path in paths:
        want = 0o755 if os.path.isdir(path) or os.access(path, os.X_OK) else 0o644
        equal(oct(os.stat(path).st_mode & 0o7777), oct(want), path)


@claim
def units_name_programs_and_documents_that_are_installed():
    for unit in EXPOSURE:
        text = read(TREE, "usr/lib/systemd/system", unit)
        expect(not re.search(r"@[A-Z]+@", text), f"{unit}: something is not filled in")
        for path in re.findall(r"^Exec\w+=(/usr\S+)|file://(\S+)", text, flags=re.M):
            path = path[0] or path[1]
            expect(os.path.exists(TREE + path), f"{unit} names {path}, which is not installed")


@claim
def the_gateway_starts_behind_what_it_asks_at_its_start():
    """Names of users and of control.group may come of a directory, moments of a time service."""
    text = read(TREE, "usr/lib/systemd/system/segeld.service")
    behind = {name for line in re.findall(r"^After=(.*)$", text, flags=re.M) for name in line.split()}
    missing = {"network-online.target", "time-sync.target", "nss-user-lookup.target"} - behind
    expect(not missing, f"After= lacks {missing}")


@claim
def units_are_sound_and_hardened():
    need("systemd-analyze")
    for unit, most in EXPOSURE.items():
        path = os.path.join(TREE, "usr/lib/systemd/system", unit)
        result = run("systemd-analyze", "security", "--offline=true", f"--threshold={most}", path)
        equal(result.returncode, 0, result.stdout[-300:])
        result = run("systemd-analyze", "verify", path)
        flaws = [line for line in result.stderr.splitlines()
                 if unit in line and "is not executable" not in line and "'man " not in line]
        equal(flaws, [], "what systemd finds")


def exposure_with(drop_ins):
    """What systemd says of the unit with these: 1.9."""
    place = os.path.join(rig.BUILD, "system", "drop-ins")
    shutil.rmtree(place, ignore_errors=True)
    os.makedirs(os.path.join(place, "segeld.service.d"))
    unit = shutil.copy(os.path.join(TREE, "usr/lib/systemd/system/segeld.service"), place)
    for name in drop_ins:
        shutil.copy(os.path.join(TREE, "usr/share/doc/segel/systemd", name), unit + ".d")
    told = run("systemd-analyze", "security", "--offline=true", "--no-pager", unit).stdout
    return re.search(r"Overall exposure level for segeld.service: ([\d.]+)", told)[1]


@claim
def each_drop_in_costs_what_the_documents_say():
    need("systemd-analyze")
    text = read(rig.ROOT, "docs/INSTALL.md")
    rows = dict(re.findall(r"^\| `([\w-]+\.conf)` \|[^|]*\| ([^|]*) \|$", text, flags=re.M))
    equal(sorted(rows), sorted(os.listdir(os.path.join(DEPLOY, "systemd/drop-ins"))), "drop-ins")
    for name, told in rows.items():
        alone, _, better = told.partition("; with `network.conf` ")
        equal(exposure_with([name]), alone, name)
        expect(float(better or alone) <= 2.0, f"{name}: above 2.0")
        if better:
            equal(exposure_with([name, "network.conf"]), better, name + " and network.conf")


@claim
def the_users_and_folders_of_the_units_are_declared():
    declared = "".join(read(path) for path in glob.glob(TREE + "/usr/lib/sysusers.d/*.conf"))
    for unit in EXPOSURE:
        text = read(TREE, "usr/lib/systemd/system", unit)
        user = re.search(r"^User=([\w-]+)$", text, flags=re.M).group(1)
        contains(declared, f"\nu {user} ")
    contains(read(TREE, "usr/lib/tmpfiles.d/segel.conf"), "/etc/segel 0750 root segel",
             "/var/lib/segel 0700 segel segel")


@claim
def programs_find_the_library_that_was_just_installed():
    folder = os.path.join(rig.BUILD, "system", "loader")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    words = ("make", "-s", "-C", rig.ROOT, "install-library", f"BUILD={rig.BUILD}")
    for destination, prefix, asked in (("", folder, True), (folder, "/usr", False)):
        for code in (0, 1):
            stub(folder, "ldconfig", f"echo the loader is told; exit {code}\n")
            result = run(*words, f"DESTDIR={destination}", f"PREFIX={prefix}",
                         env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"})
            equal(result.returncode, 0, result.stderr)
            equal("the loader is told" in result.stdout, asked, f"DESTDIR={destination}")
            equal(f"{prefix}/lib once root" in result.stdout, asked and code != 0, "its advice")


def packaged(lines):
    """(where it is installed, where the package puts it) of each file of a package's list."""
    for line in lines.split("\n"):
        source, _, folder = line.partition(" ")
        names = glob.glob(os.path.join(TREE, source)) if source.startswith("usr/") else []
        for name in names:
            whole = [os.path.join(at, one) for at, _, found in os.walk(name) for one in found]
            for path in whole or [name]:
                yield path, folder or os.path.dirname(os.path.relpath(path, TREE))


@claim
def pages_that_a_program_names_are_in_its_package():
    for path in glob.glob(os.path.join(DEPLOY, "debian/*.install")):
        package = os.path.basename(path).removesuffix(".install")
        own, named = set(), set()
        for source, folder in packaged(read(path)):
            if folder == f"usr/share/doc/{package}":
                own.add(os.path.basename(source))
            else:
                with open(source, "rb") as file:
                    named |= set(re.findall(rb"\bdocs/([A-Z]+\.md)", file.read()))
        missing = {name.decode() for name in named} - own
        equal(missing, set(), f"pages that {package} names and does not have")
        expect(named or package == "libsegel0", f"{package} names no page at all")


def stub(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="ascii") as file:
        file.write("#!/bin/sh\n" + text)
    os.chmod(path, 0o755)


@claim
def an_upgrade_asks_with_the_groups_that_drop_ins_give_the_unit():
    script = read(DEPLOY, "debian/segel-gateway.postinst")
    function = re.search(r"^would_start\(\) \{\n.*?^\}\n", script, flags=re.M | re.S)[0]
    folder = os.path.join(rig.BUILD, "system", "upgrade")
    os.makedirs(folder, exist_ok=True)
    stub(folder, "id", 'echo "994 27"\n')
    stub(folder, "setpriv", 'echo "$@" >&2\n')
    for given, groups in (("softhsm hsm", "994,27,softhsm,hsm"), ("", "994,27")):
        stub(folder, "systemctl", f'echo "{given}"\n')
        result = run("/bin/sh", "-ec", f"config=/dev/null\n{function}would_start",
                     env={"PATH": f"{folder}:/usr/bin:/bin"})
        equal(result.returncode, 0, result.stderr)
        contains(result.stderr, f"--reuid segel --regid segel --groups {groups} /usr/bin/segeld",
                 "--check-start")  # an end that is past is no reason to hold it back


@claim
def an_upgrade_that_is_held_back_says_why():
    """The whole script, on a machine whose gateway runs and must go on."""
    folder = os.path.join(rig.BUILD, "system", "upgrade-held")
    os.makedirs(folder, exist_ok=True)
    script = read(DEPLOY, "debian/segel-gateway.postinst").replace("#DEBHELPER#", "").replace(
        "config=/etc/segel/segeld.yaml", "config=/dev/null").replace(
        "-d /run/systemd/system", "-d /")
    stub(folder, "id", 'echo "994"\n')
    stub(folder, "systemctl", 'case "$*" in *is-active*) echo active ;; esac\n')
    stub(folder, "deb-systemd-invoke", 'echo "$@" >&2\n')
    for code, words in ((0, "restart segeld.service"), (1, "would not start, so the one that runs"),
                        (124, "not done with looking at its files after 60 s, so the one that")):
        stub(folder, "timeout", f"exit {code}\n")
        result = run("/bin/sh", "-c", script, "postinst", "configure", "0.0.9",
                     env={"PATH": f"{folder}:/usr/bin:/bin"})
        equal(result.returncode, 0, result.stderr)
        contains(result.stderr, words)
        equal("restart segeld.service" in result.stderr, code == 0, "whether it was restarted")


@claim
def an_upgrade_does_not_wait_for_a_check_that_hangs():
    script = read(DEPLOY, "debian/segel-gateway.postinst")
    function = re.search(r"^would_start\(\) \{\n.*?^\}\n", script, flags=re.M | re.S)[0]
    folder = os.path.join(rig.BUILD, "system", "upgrade-hangs")
    os.makedirs(folder, exist_ok=True)
    stub(folder, "id", 'echo "994"\n')
    stub(folder, "systemctl", "echo\n")
    stub(folder, "setpriv", "exec sleep 30\n")
    stub(folder, "timeout", 'echo "$@" >&2\nshift 3\nexec /usr/bin/timeout -k 1 1 "$@"\n')
    began = time.monotonic()
    result = run("/bin/sh", "-c", f"config=/dev/null\n{function}would_start",
                 env={"PATH": f"{folder}:/usr/bin:/bin"})
    equal(result.returncode, 124, result.stderr)
    contains(result.stderr, "-k 5 60 setpriv --reuid segel")
    expect(time.monotonic() - began < 20, "it waits")


@claim
def a_package_that_is_removed_stops_what_would_start_the_gateway_anew():
    folder = os.path.join(rig.BUILD, "system", "removal")
    os.makedirs(folder, exist_ok=True)
    script = read(DEPLOY, "debian/segel-gateway.prerm").replace("#DEBHELPER#", "").replace(
        "-d /run/systemd/system", "-d /")
    stub(folder, "deb-systemd-invoke", 'echo "$@" >&2\n')
    for answer, act, told in (("echo segeld.socket", "remove",
                               "stop segeld.socket segeld.service\n"),
                              ("echo", "remove", "stop segeld.service\n"),
                              ("exit 1", "remove", "stop segeld.service\n"),
                              ("echo segeld.socket", "upgrade", "")):
        stub(folder, "systemctl", f'[ "$*" = "show -p TriggeredBy --value segeld.service" ] '
                                  f"&& {answer}\n")
        result = run("/bin/sh", "-c", script, "prerm", act,
                     env={"PATH": f"{folder}:/usr/bin:/bin"})
        equal((result.returncode, result.stderr), (0, told), answer)


@claim
def a_ledger_that_a_copy_took_the_place_of_is_never_written_over():
    """By the block of OPERATIONS.md, followed twice on two days."""
    block = re.search(r"^    (old=.*\n)    (install -d .*\n)    (mv .*\n)    (install .*COPY .*\n)",
                      read(rig.ROOT, "docs/OPERATIONS.md"), flags=re.M)
    place = os.path.join(rig.BUILD, "system", "put-back")
    shutil.rmtree(place, ignore_errors=True)
    os.makedirs(place)
    for name in ("ledger.db", "ledger.db-wal", "first", "second"):
        with open(os.path.join(place, name), "w", encoding="utf-8") as file:
            file.write(name)
    for number, copy in ((1, "first"), (2, "second")):
        text = "".join(block.groups()).replace("/var/lib/segel", place)
        text = text.replace("-o segel -g segel", "").replace("COPY", os.path.join(place, copy))
        dated = f"date() {{ command date -d '2027-01-0{number}' \"$@\"; }}\n"
        result = run("bash", "-e", "-c", dated + text)
        equal(result.returncode, 0, result.stderr)
    kept = sorted(glob.glob(os.path.join(place, "before-*", "*")))
    equal([read(path) for path in kept], ["ledger.db", "ledger.db-wal", "first"])
    equal(read(place, "ledger.db"), "second")


@claim
def who_may_not_install_packages_is_told_which_are_missing():
    folder = os.path.join(rig.BUILD, "system", "no-root")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    for name in ("awk", "bash", "cat", "dirname", "grep"):
        os.symlink(shutil.which(name), os.path.join(folder, name))
    stub(folder, "id", "echo 1000\n")
    stub(folder, "dpkg-query", "exit 0\n")
    result = run(os.path.join(folder, "bash"), os.path.join(DEPLOY, "deps.sh"), "lint",
                 env={"PATH": folder})
    equal(result.returncode, 1, result.stderr)
    wanted = [line.split()[1] for line in read(DEPLOY, "packages").splitlines()
              if re.match(r"\S*\blint\b", line)]
    expect(wanted, "the group has no packages")
    contains(result.stderr, "needs root and there is no sudo", " ".join(wanted))
    equal(result.stdout, "", "what it says that it does")


@claim
def every_command_has_its_manual_page():
    pages = {os.path.basename(p) for p in glob.glob(TREE + "/usr/share/man/man[18]/*")}
    expect({"segel.1", "segel-verify.1", "segeld.8", "segel-hsm.8"} <= pages, f"pages: {pages}")
    with open(os.path.join(rig.ROOT, "client/console/commands.def"), encoding="utf-8") as file:
        names = re.findall(r"^COMMAND\((\w+)\)", file.read(), flags=re.M)
    result = run(os.path.join(rig.BIN, "segel"), "--help")
    shown = len(re.findall(r"^  [a-z]", result.stdout.split("Options:")[0], flags=re.M))
    equal(shown, len(names), "commands that the help lists")
    equal(len([p for p in pages if p.startswith("segel-") and p.endswith(".1")]) - 1,
          len(names), "pages of commands")


def plain(page, section):
    """What a manual page says there, without what only troff reads."""
    text = re.search(rf"^\.SH {section}\n(.*?)^\.SH ", page, flags=re.M | re.S)[1]
    text = re.sub(r"^\.(B|EE|EX|PP|TP) ?", "", text, flags=re.M)
    return " ".join(re.sub(r"\\(?=-)|\\&", "", text).split())


@claim
def a_manual_page_shows_every_way_to_call_its_program():
    for program, page in (("segeld", "man8/segeld.8"), ("segel-verify", "man1/segel-verify.1"),
                          ("segel", "man1/segel.1")):
        shown = plain(read(TREE, "usr/share/man", page), "SYNOPSIS")
        told = run(os.path.join(rig.BIN, program), "--help").stdout
        ways = re.search(r"^Usage: (.*?)\n\n", told, flags=re.M | re.S)[1]
        contains(shown, *(re.sub(r"\s+", " ", way) for way in ways.split("\n  or:  ")))


@claim
def a_group_of_commands_has_a_help_of_its_own_and_output_that_is_lost_is_told():
    told = run(os.path.join(rig.BIN, "segel"), "admin", "--help").stdout
    contains(told, "  admin out ", "  admin in ", "segel admin COMMAND --help")
    expect("log show" not in told, "what is no command of the group is listed")
    for words in (("segel", "--help"), ("segel", "admin", "--help"), ("segel", "--version"),
                  ("segel", "sign", "--help"), ("segeld", "--help"), ("segeld", "--version")):
        with open("/dev/full", "w", encoding="utf-8") as full:
            code = subprocess.run([os.path.join(rig.BIN, words[0]), *words[1:]], stdout=full,
                                  stderr=subprocess.DEVNULL, check=False).returncode
        expect(code != 0, f"{' '.join(words)} ends with 0 though nothing was written")


@claim
def examples_stand_in_a_manual_page_as_they_are_typed():
    for words, page in ((("segeld",), "man8/segeld.8"), (("segel", "sign"), "man1/segel-sign.1"),
                        (("segel", "log", "show"), "man1/segel-log-show.1")):
        told = run(os.path.join(rig.BIN, words[0]), *words[1:], "--help").stdout
        lines = [line[2:] for line in told.split("\nExamples:\n")[1].split("\n\n")[0].split("\n")
                 if line]
        expect(lines, f"{words} has no example")
        text = read(TREE, "usr/share/man", page)
        text = text.replace("\\-", "-").replace("\\e", "\\")
        for line in lines:
            expect(f"\n{line}\n" in text, f"{page} has not, by itself: {line}")


@claim
def the_example_configuration_is_whole():
    text = read(TREE, "usr/share/doc/segel/segeld.yaml")
    with open(os.path.join(rig.ROOT, "docs/CONFIGURATION.md"), encoding="utf-8") as file:
        names = re.findall(r"^\| `([a-z]\w*)\.(\w+)` \|", file.read(), flags=re.M)
    expect(names, "no setting is documented")
    for section, name in names:
        part = text.split(f"\n{section}:", 1)
        expect(len(part) == 2 and f"\n  {name}:" in part[1], f"{section}.{name} is not there")


# --- Monitoring -----------------------------------------------------------------------------

def known_metrics():
    with open(os.path.join(rig.ROOT, "gateway/metrics.def"), encoding="utf-8") as file:
        rows = re.findall(r'^METRIC\(\w+, "(\w+)", "(\w+)"', file.read(), flags=re.M)
    names = {name for name, _ in rows}
    for name, kind in rows:
        if kind == "histogram":
            names |= {name + suffix for suffix in ("_bucket", "_sum", "_count")}
    return names


def metrics_in(text):
    return set(re.findall(r"\bsegel_\w+", text))


# What whoever is on duty asks, and the rows that answer it, with their labels.
ASKED = {
    "how long a stage takes": [("segel_stage_duration_seconds", "stage,operation,kind,result"),
                               ("segel_job_duration_seconds", "result,operation,kind")],
    "what is under way": [("segel_jobs", ""), ("segel_lane_in_flight", "lane,kind")],
    "how long the queue is, and how old": [("segel_queue_jobs", "class"),
                                           ("segel_queue_oldest_seconds", "class")],
    "sessions": [("segel_lane_threads", "lane")],
    "the breaker of each lane": [("segel_lane_state", "lane,state")],
    "its last success and failure": [("segel_lane_last_success_timestamp_seconds", "lane"),
                                     ("segel_lane_last_failure_timestamp_seconds", "lane")],
    "which rule decides": [("segel_denials_total", "rule,because"),
                           ("segel_accepts_total", "rule,how"), ("segel_denied_all", "")],
    "what the clock is worth": [("segel_clock_synchronised", ""),
                                ("segel_clock_offset_seconds", ""), ("segel_clock_stepped", ""),
                                ("segel_clock_doubted", "")],
    "what is left of a mandate": [("segel_mandate_left", "mandate,key,caller")],
    "what ends, and when": [("segel_expiry_seconds", "what,name")],
    "how far the checkpoint is behind": [("segel_log_records", ""),
                                         ("segel_log_checkpoint_records", ""),
                                         ("segel_log_checkpoint_timestamp_seconds", "")],
    "room for the log": [("segel_ledger_disk_free_bytes", "")],
    "who is connected": [("segel_connections", "")],
    "which limit refuses": [("segel_limit_refusals_total", "limit"),
                            ("segel_jobs_refused_total", "caller,reason")]}


@claim
def what_the_one_on_duty_asks_has_its_number():
    with open(os.path.join(rig.ROOT, "gateway/metrics.def"), encoding="utf-8") as file:
        rows = set(re.findall(r'^METRIC\(\w+, "(\w+)", "\w+", "([\w,]*)"', file.read(),
                              flags=re.M))
    for question, wanted in ASKED.items():
        equal(set(wanted) - rows, set(), question)


@claim
def alerts_are_sound_and_fire_when_they_should():
    need("promtool")
    folder = os.path.join(DEPLOY, "monitoring")
    for words in (("check", "rules", "alerts.yaml"), ("test", "rules", "alerts_test.yaml")):
        result = run("promtool", *words, cwd=folder)
        equal(result.returncode, 0, result.stdout + result.stderr)
    used = metrics_in(read(folder, "alerts.yaml"))
    equal(used - known_metrics(), set(), "metrics of the alerts that there are none of")


def cases_of_alerts():
    """(alert, whether it fires, metrics that are there) of each case."""
    import yaml
    for group in yaml.safe_load(read(DEPLOY, "monitoring/alerts_test.yaml"))["tests"]:
        there = {re.match(r"\w+", series["series"])[0] for series in group["input_series"]}
        for case in group["alert_rule_test"]:
            yield case["alertname"], bool(case["exp_alerts"]), there


@claim
def every_alert_has_a_case_in_which_it_fires_and_one_in_which_it_does_not():
    import yaml
    groups = yaml.safe_load(read(DEPLOY, "monitoring/alerts.yaml"))["groups"]
    rules = {rule["alert"]: rule["expr"] for group in groups for rule in group["rules"]}
    cases = list(cases_of_alerts())
    equal({case[0] for case in cases} - set(rules), set(), "alerts that there are not")
    for name, expr in rules.items():
        reads = metrics_in(expr) or {"up"}
        for fires, word in ((True, "fires"), (False, "does not fire")):
            # Without its metrics an alert is silent whatever it says.
            expect(any(reads <= there for case, fired, there in cases
                       if case == name and fired == fires), f"{name}: no case in which it {word}")


@claim
def the_alert_for_room_comes_before_the_policy_denies():
    alert = re.search(r"segel_ledger_disk_free_bytes < (\d+)",
                      read(DEPLOY, "monitoring/alerts.yaml"))
    limit = re.search(r"log\.free_bytes: \{ge: (\d+)\}", read(DEPLOY, "policies/bsre-seal.yaml"))
    equal(int(alert[1]), 2 * int(limit[1]), "the alert's bytes")


def long_enough(span):
    """Whether a rate over it has values of a gateway that is asked once a minute."""
    told = re.fullmatch(r"(\d+)([mhd])", span)
    return span == "$__rate_interval" or (
        told is not None and int(told[1]) * {"m": 1, "h": 60, "d": 1440}[told[2]] >= 4)


@claim
def the_dashboard_shows_metrics_that_there_are():
    board = json.loads(read(DEPLOY, "monitoring/dashboard.json"))
    panels = [p for p in board["panels"] if p["type"] != "row"]
    expect(len(panels) > 15, f"{len(panels)} panels")
    for panel in panels:
        for target in panel["targets"]:
            used = metrics_in(target["expr"])
            expect(used, f"{panel['title']}: nothing of ours")
            equal(used - known_metrics(), set(), panel["title"])
            spans = re.findall(r"\[([^\]]+)\]", target["expr"])
            equal([s for s in spans if not long_enough(s)], [], f"ranges of {panel['title']}")
    equal(len({p["id"] for p in board["panels"]}), len(board["panels"]), "ids")
    spots = [(p["gridPos"]["x"], p["gridPos"]["y"]) for p in panels]
    equal(len(set(spots)), len(spots), "places of panels")


# --- Containers -----------------------------------------------------------------------------

def schema():
    return json.loads(read(rig.ROOT, "tests/fixtures/kubernetes.json"))


@claim
def the_manifests_are_as_the_cluster_asks():
    import jsonschema
    import yaml
    kinds = {}
    for document in yaml.safe_load_all(read(DEPLOY, "containers/kubernetes.yaml")):
        kind = document["kind"]
        expect(kind not in kinds, f"two of kind {kind}")
        kinds[kind] = document
        jsonschema.validate(document, schema()[kind])
    equal(sorted(kinds), sorted(schema()), "kinds")
    pod = kinds["StatefulSet"]["spec"]["template"]
    labels = pod["metadata"]["labels"].items()
    for selector in (kinds["Service"]["spec"]["selector"],
                     kinds["StatefulSet"]["spec"]["selector"]["matchLabels"],
                     kinds["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"],
                     kinds["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"]):
        expect(selector.items() <= labels, f"{selector} selects nothing")
    container = pod["spec"]["containers"][0]
    volumes = {v["name"] for v in pod["spec"]["volumes"]}
    volumes |= {c["metadata"]["name"] for c in kinds["StatefulSet"]["spec"]["volumeClaimTemplates"]}
    equal({m["name"] for m in container["volumeMounts"]}, volumes, "volumes and mounts")
    # The service manager's limit for the same drain.
    drain = re.search(r"^TimeoutStopSec=(\d+)$", read(DEPLOY, "systemd/segeld.service.in"), re.M)
    before = re.search(r"sleep (\d+)", container["lifecycle"]["preStop"]["exec"]["command"][-1])
    expect(pod["spec"]["terminationGracePeriodSeconds"] >= int(drain[1]) + int(before[1]),
           "preStop and drain do not fit into the grace period")
    started = container["startupProbe"]
    expect(started["periodSeconds"] * started["failureThreshold"] >= 120,
           "a start may take longer than the unit gives it")
    ports = {p["name"] for p in container["ports"]}
    expect(kinds["Service"]["spec"]["ports"][0]["targetPort"] in ports, "the service's port")


# Where nginx writes before it serves; its image for other users has moved all of it to /tmp.
NGINX_WRITES = {True: {"/tmp"}, False: {"/var/cache/nginx", "/run"}}


def pod_with_its_proxy():
    """The manifest's pod with what stands there as a comment."""
    import jsonschema
    import yaml
    text = read(DEPLOY, "containers/kubernetes.yaml")
    text = re.sub(r"^( *)# (?=- |  )", r"\1", text, flags=re.M)
    pod = {one["kind"]: one for one in yaml.safe_load_all(text)}["StatefulSet"]["spec"]["template"]
    asked = schema()["StatefulSet"]["properties"]["spec"]["properties"]["template"]
    asked["properties"]["spec"]["properties"]["containers"]["items"]["required"] = [
        "name", "image", "securityContext", "resources", "volumeMounts", "ports"]
    jsonschema.validate(pod, asked)
    return pod["spec"]


@claim
def the_proxy_for_metrics_starts_as_the_user_of_the_pod():
    pod = pod_with_its_proxy()
    expect(pod["securityContext"]["runAsUser"] > 0, "the pod's user is root")
    gateway, proxy = pod["containers"]
    equal(proxy["securityContext"], gateway["securityContext"], "what the proxy may do")
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    writable = {mount["mountPath"] for mount in proxy["volumeMounts"]
                if "emptyDir" in volumes[mount["name"]] and not mount.get("readOnly")}
    needs = NGINX_WRITES["nginx-unprivileged" in proxy["image"]]
    expect(needs <= writable, f"{proxy['image']} cannot write to {needs - writable}")
    shared = {m["name"] for m in gateway["volumeMounts"]} & {m["name"] for m in
                                                             proxy["volumeMounts"]}
    equal(shared, set(), "volumes of the gateway that the proxy has")
    equal(proxy["ports"][0]["containerPort"],
          int(re.search(r"listen (\d+);", read(rig.ROOT, "docs/METRICS.md"))[1]), "its port")


@claim
def probes_ask_what_segeld_answers():
    text = read(DEPLOY, "containers/kubernetes.yaml") + read(DEPLOY, "containers/Containerfile")
    pages = set(re.findall(r'\{"(/\w+)", "', read(rig.ROOT, "gateway/service/health/pages.c")))
    asked = set(re.findall(r'--probe, "http://127.0.0.1:9464(/\w+)"', text))
    equal(len(re.findall("--probe", text)), 3, "probes of the manifest")
    expect(asked and asked <= pages, f"{asked} of {pages}")
    result = run(os.path.join(rig.BIN, "segeld"), "--help")
    contains(result.stdout, "--probe PATH")


if __name__ == "__main__":
    install()
    raise SystemExit(rig.run())
