"""layers.py [ROOT]: which file may include what.

The order of the modules is that of the Makefile (DIR_ and NEEDS_), so that what may be
included is what is linked; that of the rooms in one, where it has an order, is its FLOORS_.
On top of it stand the rules for headers of libraries.
"""
import os
import re
import sys

import source

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)
PRODUCT = ("proto", "gateway", "hsm", "client")

# header pattern, folders or files that may include it, why
HEADERS = [
    (r"^p11-kit/uri\.h$", r"^(gateway/config/uri\.c$|client/card/)",
     "only the configuration, and the client's card, read URIs"),
    (r"^(libp11\.h|p11-kit/(?!uri\.h).*|pkcs11.*\.h)$", r"^hsm/",
     "only hsm/ speaks PKCS#11, and client/card for one signature of a person"),
    (r"^event2?[/.]",
     r"^gateway/(transport|core|service)/|^gateway/(main|admin|admin_links|mbox)\.[ch]$|^client/channel"
     r"|^client/witness/(server|links)\.[ch]$",
     "only the event-driven parts include libevent"),
    (r"^nghttp2/", r"^gateway/transport/|^client/channel",
     "only transport and the client's channel speak HTTP/2"),
    (r"\.pb-c\.h$",
     r"^gateway/service/|^gateway/transport/(health|reflection)|^gateway/core/(lane|ceremony)/|^gateway/core/key/effects"
     r"|^hsm/|^client/(call|commands|channel|segel)/|^proto/",
     "messages stay with service, health, reflection, lane router, ceremonies, lane and channel"),
    (r"^sqlite3\.h$", r"^gateway/ledger/", "only the ledger knows its database"),
    (r"^curl/", r"^gateway/http/", "only gateway/http asks over HTTP"),
    (r"^(qpdf/|qrencode|png\.h)", r"^client/", "only the client parses documents"),
]
# Decisions must be replayable: time is passed in, and nothing here waits or listens.
PURE = r"^(gateway/policy|gateway/cms|proto/tlog|proto/quorum)/"
IMPURE = r"^(pthread|threads|sys/(socket|epoll|eventfd|time|timerfd)|netinet/.*|arpa/.*|" \
    r"poll|netdb)\.h$|^event2/|^gateway/(clock|mbox)\.h$"


def modules(makefile):
    """{folder: set of folders it may include from}, read from DIR_ and NEEDS_."""
    folder = dict(re.findall(r"^DIR_(\w+)\s*:=\s*(\S+)$", makefile, re.M))
    needs = dict(re.findall(r"^NEEDS_(\w+)\s*:=\s*([^$\n]+)$", makefile, re.M))
    return {folder[m]: {folder[n] for n in needs[m].split()} for m in folder}


def home(path, known):
    """The module folder a path lies in: the deepest one that matches."""
    inside = [f for f in known if path.startswith(f + "/")]
    return max(inside, key=len) if inside else None


def floors(makefile):
    """{folder: height} of the rooms that a module has stacked: FLOORS_ in the Makefile."""
    height = {}
    folder = dict(re.findall(r"^DIR_(\w+)\s*:=\s*(\S+)$", makefile, re.M))
    joined = makefile.replace("\\\n", " ")
    for module, rooms in re.findall(r"^FLOORS_(\w+)\s*:=\s*(.+)$", joined, re.M):
        rooms = re.sub(r"\$\(addprefix ([^,]+),([^)]*)\)",
                       lambda m: " ".join(m.group(1) + room for room in m.group(2).split()), rooms)
        height.update((f"{folder[module]}/{room}", n) for n, room in enumerate(rooms.split()))
    return height


def check_floor(path, header, height):
    own, other = home(path, height), home(header, height)
    if own is None or other is None or height[other] <= height[own]:
        return None
    return f"{own} stands below {other} (FLOORS_ in the Makefile has the order)"


def check_module(path, header, known):
    own, other = home(path, known), home(header, known)
    if own is None or other is None or other in known[own]:
        return None
    if path == "gateway/main.c" and other.startswith(("gateway", "proto")):
        return None
    return f"{own} may not include from {other} (NEEDS_ in the Makefile has the order)"


def check_headers(path, header):
    for pattern, allowed, why in HEADERS:
        if re.search(pattern, header) and not re.search(allowed, path):
            yield f"<{header}>: {why}"
    if re.search(PURE, path) and re.search(IMPURE, header):
        yield f"{header}: no clock, thread or socket here; pass the fact in"


def check_first(root, path, includes):
    own = path[:-2] + ".h"
    if path.endswith(".c") and includes and os.path.exists(os.path.join(root, own)):
        if includes[0][1] != own:
            return f'"{own}" must be the first include, so that it stands by itself'
    return None


def check_path(root, quote, header):
    if quote == '"' and not header.endswith(".pb-c.h"):
        if not os.path.exists(os.path.join(root, header)):
            return f'"{header}": write the whole path from the root of the repository'
    return None


def check_guard(path, code):
    guard = "SEGEL_" + re.sub(r"[/.-]", "_", path).upper()
    if path.endswith(".h") and f"#ifndef {guard}\n#define {guard}\n" not in code:
        return f"the include guard must be {guard}"
    return None


def check(root, path, known, height):
    text = source.read(root, path)
    code = source.blank(text, keep=("string",))
    includes = [(m.group(1), m.group(2), code.count("\n", 0, m.start()) + 1)
                for m in INCLUDE.finditer(code)]
    yield path, 1, check_guard(path, code)
    yield path, 1, check_first(root, path, includes)
    for quote, header, line in includes:
        yield path, line, check_path(root, quote, header)
        if path.startswith(PRODUCT):
            yield path, line, check_module(path, header, known)
            yield path, line, check_floor(path, header, height)
            for sentence in check_headers(path, header):
                yield path, line, sentence


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else "."
    makefile = source.read(root, "Makefile")
    known, height = modules(makefile), floors(makefile)
    findings = []
    for path in source.files(root, (".c", ".h")):
        findings += [f for f in check(root, path, known, height) if f[2]]
    source.report(findings)


main()
