"""The gateway that is attacked, and what is looked at beside it."""
import collections
import contextlib
import importlib
import json
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../system"))
import rig  # noqa: E402

sys.path.insert(0, HERE)  # before the folder of rig, which has files of such names too
import frames  # noqa: E402
import table  # noqa: E402

# Each of them fills the table.
FAMILIES = {"resets": "Calls begun and given up",
            "control": "Frames that cost the peer nothing", "headers": "Headers",
            "messages": "Messages", "protocol": "Frames that HTTP/2 forbids",
            "connections": "Connections", "records": "TLS",
            "slow": "Peers that take their time", "jobs": "What gets signed"}
for _name in FAMILIES:
    importlib.import_module(_name)
if {row.function.__module__ for row in table.rows} != set(FAMILIES):
    raise ImportError("a family of attacks has no rows")

HONEST_S = 15
SLOW = ("handshake_ms: 1500, idle_ms: 2500, write_stall_ms: 1500, deadline_max_ms: 2000, "
        "keepalive_ms: 3600000")


def memory_mib(pid, what="VmRSS"):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        for line in file:
            if line.startswith(what + ":"):
                return int(line.split()[1]) / 1024
    raise rig.Failed("segeld is gone")


def forget_peak(pid):
    """VmHWM counts anew (proc(5), clear_refs 5). Where that is not allowed, it never falls."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/clear_refs", "w",
                                            encoding="ascii") as file:
        file.write("5")


@contextlib.contextmanager
def gateways(name):
    """Two, with the usual limits and with short times (True), and an honest client each."""
    with contextlib.ExitStack() as stack:
        pairs = {}
        for is_slow in (False, True):
            the_rig = rig.Rig(name + ("-slow" if is_slow else ""), "seal-demo:p-256")
            config = the_rig.config(
                ("^node: gw1$", f"node: gw1\nlimits: {{{SLOW}}}")) if is_slow else None
            gateway = stack.enter_context(the_rig.gateway(config))
            honest = gateway.client()
            honest.sign()
            pairs[is_slow] = (gateway, honest)
        yield pairs


def signed(the_rig):
    """How often each id was signed, of those that attacks sent."""
    shown = the_rig.segel("reviewer", "log", "show", "--json")
    rig.equal(shown.returncode, 0, shown.stderr)
    found = [json.loads(line) for line in shown.stdout.split("\n") if line.strip()]
    found = [r.get("record", r) for r in found]
    ids = {r["decision_id"]: r["job"] for r in found if r["type"] == "intent"}
    return collections.Counter(
        ids[r["decision_id"]] for r in found
        if r["type"] == "outcome" and r["outcome"] == "signed"
        and ids.get(r["decision_id"], "").startswith(table.PREFIX))


def settled(the_rig):
    """The same, when nothing is under way any more."""
    before, end = None, time.monotonic() + 60
    while (now := signed(the_rig)) != before:
        rig.expect(time.monotonic() < end, "what attacks sent is signed without end")
        before = now
        time.sleep(0.2)
    return now


def check_signed(the_rig, row, seen=collections.Counter()):
    """seen: what the rows before have done."""
    after = settled(the_rig)
    if after and max(after.values()) > 1:
        raise rig.Failed("an id was signed twice")
    count = (after - seen).total()
    seen.update(after - seen)
    low, high = row.signed
    if not low <= count <= high:
        raise rig.Failed(f"{count} of its requests were signed, not {low} to {high}")


def serve(gateway, honest):
    """Who behaves is served: on an old connection and on a new one, while the attacker's
    are open."""
    start = time.monotonic()
    if not honest.sign(timeout=HONEST_S).signature:
        raise rig.Failed("an honest client got no signature")
    with frames.Peer(gateway, client="e-office") as peer:
        peer.send(table.call(1))
        answer = table.answered(peer, seconds=HONEST_S)
    if answer.statuses.get(1) != "0":
        raise rig.Failed(f"an honest client on a new connection got {answer}")
    return time.monotonic() - start


def try_one(pairs, row):
    """None, or a sentence that says what went wrong; the memory it took; and how long an
    honest client waited."""
    gateway, honest = pairs[row.slow]
    pid, signs = gateway.process.pid, row.name.startswith("signing")
    forget_peak(pid)
    rest, waited, wrong = memory_mib(pid), 0, None
    with contextlib.ExitStack() as held:
        answer = table.strike(gateway, row, held)
        try:
            waited = serve(gateway, honest)
        except Exception as error:  # the row has failed, the others go on
            wrong = str(error)
    if gateway.process.poll() is not None:
        return "segeld ended", 0, waited
    grown = max(memory_mib(pid, "VmHWM") - rest, 0)
    if wrong is None and signs:
        try:
            check_signed(gateway.rig, row)
        except rig.Failed as error:
            wrong = str(error)
    if wrong is None and not table.ended(answer, row.ends):
        wrong = f"wanted {' or '.join(row.ends)}, and there came: {answer}"
    if wrong is None and grown > row.mib * rig.memory_factor():
        wrong = f"segeld grew by {grown:.0f} MiB, the bound is {row.mib}"
    return wrong, grown, waited
