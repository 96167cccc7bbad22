"""Every stock gRPC client against our transport: `make interop` calls it.

    run.py [--only CLIENT…] [--json FILE] [--docs FILE]

One line a case, then a table; exit status 1 when a case failed. --docs writes the table into
the section "Interop" of a Markdown file.
"""
import argparse
import datetime
import hashlib
import json
import os
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import clients  # noqa: E402
import ground  # noqa: E402

WAYS = {"plain": "plain", "tls": "TLS", "mutual": "mutual TLS", "unix": "Unix socket"}
FILES = {"tls": ["ca.pem"], "mutual": ["ca.pem", "client.pem", "client.key"]}

INTRODUCTION = """
Stock clients against the transport: `make interop` runs them and writes this section.
`tests/interop/service.c` is the service that they call; the cases are those of
`doc/interop-test-descriptions.md` in github.com/grpc/grpc and some more
(`tests/interop/cases.py`). `sign_at_gateway` is a signature from segeld, verified by OpenSSL.
Whether an answer really came compressed is counted on the wire with Python's client and asked
of C++'s; the others only have to understand it. A dash: not run with this client.
"""


class Results:
    """{(client, way): {case: None or why}} in the order of coming; skipped: {client: why}."""

    def __init__(self):
        self.seen, self.skipped = {}, {}

    def note(self, client, way, case, why):
        self.seen.setdefault((client, way), {})[case] = why
        word = "ok  " if why is None else "FAIL"
        print(f"{word} {client} ({WAYS.get(way, way)}) {case}" + (f": {why}" if why else ""),
              flush=True)

    def failed(self):
        return sum(why is not None for cases in self.seen.values() for why in cases.values())

    def passed(self):
        return sum(why is None for cases in self.seen.values() for why in cases.values())

    def cell(self, client, case):
        """What is to be said of one case of one client, over all ways."""
        found = {way: cases[case] for (name, way), cases in self.seen.items()
                 if name == client and case in cases}
        if not found:
            return "skipped" if client in self.skipped else "–"
        bad = [WAYS.get(way, way) for way, why in found.items() if why is not None]
        return f"FAIL ({', '.join(bad)})" if bad else "ok"

    def ways(self, client):
        return [WAYS.get(way, way) for name, way in self.seen if name == client]

    def cases(self):
        return list(dict.fromkeys(case for cases in self.seen.values() for case in cases))


# --- Runs -------------------------------------------------------------------------------

def run_client(client, way, service, certificates, results):
    files = [f"{certificates}/{name}" for name in FILES.get(way, [])]
    for case, why in client.cases(service.target(way), files):
        results.note(client.name, way, case, why)
    if not service.alive():
        results.note(client.name, way, "service", "the service did not survive")


def known_certificates(client, where):
    """Ruby's client trusts the certificate that its package brings, and no other."""
    os.makedirs(where, exist_ok=True)
    for theirs, ours in (("ca.pem", "ca.pem"), ("server1.pem", "server.pem"),
                         ("server1.key", "server.key")):
        shutil.copy(f"{client.home}/spec/testdata/{theirs}", f"{where}/{ours}")
    return where


def certificates_for(client, where):
    shutil.rmtree(where, ignore_errors=True)
    os.makedirs(where)
    if isinstance(client, clients.Ruby):
        return known_certificates(client, f"{where}/known")
    ground.make_certificates(where)
    return where


def against_service(chosen, results):
    """A service that lets everybody in, then one that wants certificates."""
    for client in chosen:
        where = os.path.join(clients.HOME, "run", client.name)
        certificates = certificates_for(client, where)
        for ways, issuers in ((ground.OPEN, None), (("mutual",), f"{where}/ca.pem")):
            ways = [way for way in ways if way in client.ways]
            try:
                if ways:
                    with ground.service(where, certificates, issuers) as service:
                        for way in ways:
                            run_client(client, way, service, certificates, results)
            except RuntimeError as error:
                results.note(client.name, ways[0], "service",
                             " ".join(str(error).split())[-500:])


def against_gateway(chosen, results):
    """One signature from segeld for each client and way; OpenSSL judges it."""
    sys.path.insert(0, os.path.join(ground.ROOT, "tests/system"))
    import rig as system
    rig = system.Rig("interop")
    unix = rig.path("segel.sock")
    config = rig.config(
        (r"listen: \{", f"listen: {{unix: {unix}, "),
        (r"^callers:\n", f'callers:\n  - {{name: local, match: "uid:{os.getuid()}", '
                         "roles: [backend], keys: [seal-demo]}\n"))
    with rig.gateway(config) as gateway:
        home = rig.path("clients", "e-office")
        files = [os.path.join(home, name) for name in ("ca.pem", "cert.pem", "key.pem")]
        doors = {"mutual": [gateway.address, *files], "unix": [f"unix:{unix}", "-", "-", "-"]}
        for client in chosen:
            if isinstance(client, clients.Buf):
                results.note(client.name, "mutual", "gateway_by_reflection",
                             client.signer(gateway.address, files))
            command = clients.signers().get(client.name)
            for way in [way for way in doors if command and way in client.ways]:
                results.note(client.name, way, "sign_at_gateway",
                             sign_once(system, rig, [*command, *doors[way]]))


def sign_once(system, rig, command):
    content = f"letter for {command}".encode()
    out = rig.path("interop.cms")
    if os.path.exists(out):
        os.unlink(out)
    code, _, err = clients.run(
        [*command, hashlib.sha256(content).hexdigest(), out], clients.ONE_S,
        PYTHONPATH=f"{clients.HOME}/gen/python", DESCRIPTORS=f"{clients.HOME}/segel.binpb")
    if code != 0:
        return f"exit {code}: {' '.join(err.split())[-300:]}"
    try:
        system.check_cms(rig, rig.read("interop.cms", "rb"), content)
    except (system.Failed, OSError) as error:
        return str(error)
    return None


# --- Tables -----------------------------------------------------------------------------

def print_table(results, names):
    cases = results.cases()
    rows = [["case", *names]] + [[case, *(results.cell(name, case) for name in names)]
                                 for case in cases]
    widths = [max(len(row[column]) for row in rows) for column in range(len(names) + 1)]
    print()
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def markdown(results, all_clients):
    day = datetime.date.today().isoformat()
    line = lambda cells: "| " + " | ".join(cells) + " |"
    names = [client.name for client in all_clients]
    out = ["## Interop", "", *INTRODUCTION.strip().splitlines(), "",
           line(["client", "from", "over", "cases", "run on"]), line(["---"] * 5)]
    for client in all_clients:
        seen = [why for (name, _), cases in results.seen.items() if name == client.name
                for why in cases.values()]
        count = f"{sum(why is None for why in seen)} of {len(seen)}"
        out.append(line([f"`{client.name}`", client.version,
                         ", ".join(results.ways(client.name)) or "–",
                         count if seen else "not run", day if seen else "–"]))
    out += ["", line(["case", *names]), line(["---"] * (len(names) + 1))]
    out += [line([f"`{case}`", *(results.cell(name, case) for name in names)])
            for case in results.cases()]
    return "\n".join(out) + "\n"


def write_docs(path, section):
    """Replaces the section, or adds it to the end."""
    text = ""
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            text = file.read()
    before, found, rest = text.partition("## Interop\n")
    _, next_head, after = rest.partition("\n## ")
    text = f"{before.rstrip()}\n\n{section}" if before else f"# Transport\n\n{section}"
    if found and next_head:
        text += next_head + after
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def write_json(path, results, all_clients):
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"date": datetime.date.today().isoformat(), "skipped": results.skipped,
                   "clients": {client.name: client.version for client in all_clients},
                   "results": [{"client": name, "over": way, "case": case, "ok": why is None,
                                **({"why": why} if why else {})}
                               for (name, way), cases in results.seen.items()
                               for case, why in cases.items()]}, file, indent=1)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--json")
    parser.add_argument("--docs")
    options = parser.parse_args()
    of_debian, of_npm = clients.everyone()
    all_clients = of_debian + of_npm
    wanted = [c for c in all_clients if not options.only or c.name in options.only]
    results = Results()
    if any(client in of_npm for client in wanted):
        why = clients.install_node()
        if why is not None:
            print("npm's registry gave nothing, so these were skipped, not passed: "
                  f"{', '.join(c.name for c in of_npm)} ({why}).", flush=True)
            results.skipped = {client.name: why for client in of_npm}
    chosen = [client for client in wanted if client.name not in results.skipped]
    against_service(chosen, results)
    against_gateway(chosen, results)
    print_table(results, [client.name for client in wanted])
    if options.json:
        write_json(options.json, results, all_clients)
    if options.docs and not options.only:
        write_docs(options.docs, markdown(results, all_clients))
    note = f", {len(results.skipped)} skipped" if results.skipped else ""
    print(f"{results.passed()} passed, {results.failed()} failed{note}")
    sys.exit(1 if results.failed() or not results.passed() else 0)


if __name__ == "__main__":
    main()
