#!/usr/bin/python3
"""The start looks back: a ledger that is an older copy, or another history, is found through
each kind of anchor, and what cannot be reached does not stop a gateway that is sound."""
import glob
import hashlib
import os
import signal
import socket
import sys
import time

import rig
from anchor_rig import Witness
from anchor_town import LONGEST_S, Town, lines_of, sign, until
from preload import preloaded
from rig import claim, contains, equal, expect
from stuck import Stuck

def grow_and_restore(town, *names):
    """Yesterday's copy of the data folder stands where today's was."""
    with town.gateway(*names) as gateway:
        sign(gateway, 2)
        until(lambda: town.records("anchor.ok"), "no anchor")
    town.copy(f"yesterday-{town.count}")
    with town.gateway(*names) as gateway:
        sign(gateway, 4)
        if "w1" in names:
            size = town.ask("SELECT count(*) FROM leaf")[0][0]
            until(lambda: town.first.size >= size, "the witness does not hold it")
    town.restore(f"yesterday-{town.count}")


def files_of(town, name):
    found = {}
    for path in glob.glob(town.rig.path(f"{town.ledger}.conflict-{name}-*")):
        with open(path, "rb") as file:
            found[path] = file.read()
    return found


def evidence(town, name):
    found = {}
    for path, note in files_of(town, name).items():
        found[path.rsplit(".", 1)[1]] = note
        equal(path.rsplit(".", 1)[0].rsplit("-", 1)[1],
              hashlib.sha256(found[path.rsplit(".", 1)[1]]).hexdigest()[:16], path)
    equal(sorted(found), ["anchor", "ledger"], "evidence")
    return found["anchor"], found["ledger"]


def size_of(note):
    return int(note.split(b"\n")[1])


@claim
def an_older_copy_of_the_ledger_is_found_through_each_kind_of_anchor(town):
    town.fresh()
    grow_and_restore(town, "w1", "drop", "disk")
    size = town.ask("SELECT count(*) FROM leaf")
    for kind, name in (("disk", "disk2"), ("drop", "assessor"), ("w1", "w1")):
        text = town.refused(kind)
        contains(text, f"anchor '{name}' holds a checkpoint of", "older copy", ".conflict-")
        theirs, ours = evidence(town, name)
        expect(size_of(theirs) > size_of(ours), "the anchor's is not the larger one")
        equal(lines_of(theirs)[0], town.vkey.split("+")[0], "who signed the evidence")
        equal(town.ask("SELECT count(*) FROM leaf"), size, "records after a refused start")
    with town.gateway() as gateway:
        sign(gateway)


@claim
def a_witness_that_shows_nothing_tells_its_size_all_the_same(town):
    town.fresh()
    grow_and_restore(town, "w1")
    town.first.note = None
    contains(town.refused("w1"), "anchor 'w1' holds a checkpoint of", "older copy")
    theirs, _ = evidence(town, "w1")
    contains(theirs.decode(), f"size {town.first.size}")


@claim
def a_ledger_that_is_gone_is_found_too(town):
    town.fresh()
    with town.gateway("w1", "drop", "disk") as gateway:
        sign(gateway, 2)
        until(lambda: len(town.records("anchor.ok")) == 3, "not all hold it")
    for path in glob.glob(town.rig.path(town.ledger) + "*"):
        os.unlink(path)
    for kind in ("disk", "drop", "w1"):
        contains(town.refused(kind), "older copy")


@claim
def another_history_of_the_same_length_is_found(town):
    town.fresh()
    grow_and_restore(town, "w1", "drop", "disk")
    with town.gateway() as gateway:
        sign(gateway, 30)  # more records than the anchors hold
    for kind, name in (("disk", "disk2"), ("drop", "assessor"), ("w1", "w1")):
        contains(town.refused(kind), f"anchor '{name}' holds another root", "forked")
        theirs, ours = evidence(town, name)
        expect(theirs != ours, "evidence")


@claim
def a_later_refused_start_leaves_the_evidence_of_the_first(town):
    town.fresh()
    grow_and_restore(town, "disk")
    with town.gateway() as gateway:
        sign(gateway, 30)
    contains(town.refused("disk"), "anchor 'disk2' holds another root", "are kept beside")
    first = files_of(town, "disk2")
    equal(len(first), 2, "both sides")
    contains(town.refused("disk"), "another root", "are kept beside")
    equal(files_of(town, "disk2"), first, "the same once more")
    town.restore(f"yesterday-{town.count}")
    contains(town.refused("disk"), "older copy", "are kept beside")
    later = files_of(town, "disk2")
    equal({path: later.get(path) for path in first}, first, "the first pair")
    equal(len(later), 3, "the other ledger's side is beside them")
    equal(glob.glob(town.rig.path(".checkpoint.new")), [], "what was written beside")


@claim
def anchors_that_cannot_be_reached_cost_a_line_and_not_the_start(town):
    town.fresh()
    grow_and_restore(town, "w1")
    town.first.server.http.server_close()
    town.first.server.http.shutdown()
    began = time.monotonic()
    with town.gateway("w1") as gateway:
        equal(gateway.wait_event("anchor.unreachable")["anchor"], "w1")
        sign(gateway)
    expect(time.monotonic() - began < LONGEST_S, "the start waits")
    town.first = Witness(town.vkey)


@claim
def a_folder_that_hangs_costs_a_line_and_not_the_start(town):
    for name, anchor in (("drop", "assessor"), ("disk", "disk2")):
        town.fresh()
        with town.gateway(name) as gateway:
            sign(gateway)
        stuck = Stuck({"drop": town.drop, "disk": town.disk}[name])
        stuck.hold()
        began = time.monotonic()
        with town.rig.gateway(town.config(name), **stuck.environment()) as gateway:
            expect(time.monotonic() - began < LONGEST_S, "the start waits")
            told = gateway.wait_event("anchor.unreachable")
            equal(told["anchor"], anchor)
            contains(told["why"], stuck.folder, "given no answer")
            sign(gateway)
            equal(gateway.wait_event("anchor.failed")["anchor"], anchor)
            stuck.release()
            equal(gateway.wait_event("anchor.again")["anchor"], anchor)


@claim
def a_check_of_the_configuration_ends_though_folders_hang(town):
    town.fresh()
    path, stuck = town.config("drop", "disk"), Stuck(town.drop)
    os.rmdir(town.disk)
    stuck.hold()
    began = time.monotonic()
    with preloaded("stuck", STUCK=town.drop):
        result = town.rig.tool("segeld", "--config", path, "--check-config")
    expect(time.monotonic() - began < LONGEST_S, "it waits")
    equal(result.returncode, 0, result.stderr)
    contains(result.stdout, "are sound", f"drop: {town.drop} gives no answer",
             f"path: {town.disk} cannot be used")


class Manager:
    """systemd's socket: what a start says, as long as it is looked for."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.name = f"segel-rollback-{os.getpid()}-{time.monotonic_ns()}"
        self.socket.bind("\0" + self.name)
        self.socket.settimeout(LONGEST_S)

    def hears(self, word):
        while word not in (said := self.socket.recv(4096).decode()):
            pass
        return said


@claim
def a_start_that_anchors_hold_up_asks_for_time_and_can_be_ended(town):
    mute = socket.create_server(("127.0.0.1", 0))  # takes connections and says nothing
    url = f"http://127.0.0.1:{mute.getsockname()[1]}"
    for name in ("drop", "w1"):
        town.fresh()
        with town.gateway(name) as gateway:
            sign(gateway)
            rig.covered(gateway)
        stuck, manager = Stuck(town.drop), Manager()
        stuck.hold()
        config = town.config(name, changes=(("start_ms: 2000", "start_ms: 60000"),
                                            ("timeout_ms: 1000", "timeout_ms: 20000"),
                                            *(((town.first.url, url),) if name == "w1" else ())))
        gateway = rig.Gateway(town.rig, config, {"NOTIFY_SOCKET": "@" + manager.name,
                                                 **stuck.environment()})
        try:
            manager.hears("anchors are asked")
            manager.hears("EXTEND_TIMEOUT_USEC")
            began = time.monotonic()
            gateway.process.send_signal(signal.SIGTERM)
            equal(gateway.wait_end(), 0, f"exit code, {name}")
            expect(time.monotonic() - began < 8, f"the end waits, {name}")
            equal(gateway.find("fatal"), [], "an end that was asked for")
        finally:
            stuck.release()
            gateway.stop()
            manager.socket.close()
    mute.close()


@claim
def what_a_folder_that_hung_at_the_start_holds_is_looked_at_when_it_answers(town):
    town.fresh()
    grow_and_restore(town, "drop")
    stuck = Stuck(town.drop)
    stuck.hold()
    with town.rig.gateway(town.config("drop"), **stuck.environment()) as gateway:
        equal(gateway.wait_event("anchor.unreachable")["anchor"], "assessor")
        sign(gateway)
        equal(gateway.find("anchor.alarm"), [])
        stuck.release()
        contains(gateway.wait_event("anchor.alarm")["why"], "anchor 'assessor' holds")
    evidence(town, "assessor")


@claim
def a_folder_that_was_away_at_the_start_is_looked_at_before_anything_is_put_there(town):
    town.fresh()
    grow_and_restore(town, "drop")
    before = sorted(os.listdir(town.drop))
    os.rename(town.drop, town.drop + ".away")
    with town.gateway("drop") as gateway:
        equal(gateway.wait_event("anchor.unreachable")["anchor"], "assessor")
        equal(gateway.wait_event("anchor.failed")["anchor"], "assessor")
        sign(gateway)
        os.rename(town.drop + ".away", town.drop)
        contains(gateway.wait_event("anchor.alarm")["why"], "anchor 'assessor' holds",
                 "older copy")
        time.sleep(2)
        equal(gateway.find("anchor.again"), [], "it is well")
    equal(sorted(os.listdir(town.drop)), before, "the folder")
    evidence(town, "assessor")


@claim
def junk_with_larger_names_does_not_hide_what_a_folder_holds(town):
    town.fresh()
    grow_and_restore(town, "drop")
    for size in range(100000, 100009):
        with open(os.path.join(town.drop, f"{size}.checkpoint"), "wb") as file:
            file.write(b"junk\n")
    text = town.refused("drop")
    contains(text, "anchor 'assessor' holds a checkpoint of", "older copy")
    equal(text.count("anchor.ignored"), 8, "lines of what is ignored")


@claim
def garbage_in_a_folder_is_told_and_does_not_count(town):
    town.fresh()
    for place, name in ((town.disk, "checkpoint"), (town.drop, "999999.checkpoint"),
                        (town.drop, "99999999999999999999999.checkpoint")):
        with open(os.path.join(place, name), "wb") as file:
            file.write(b"log.example\n999999\nAAAA\n\n\xe2\x80\x94 log.example AAAA\n")
    os.symlink("/dev/zero", os.path.join(town.drop, "888888.checkpoint"))
    os.mkfifo(os.path.join(town.drop, "777777.checkpoint"))
    with town.gateway("disk", "drop") as gateway:
        sign(gateway)
        until(lambda: len(town.records("anchor.ok")) == 2, "not both hold it")
        expect(len(gateway.find("anchor.ignored")) >= 3, gateway.text()[-800:])


if __name__ == "__main__":
    sys.exit(rig.run(Town("rollback")))
