#!/usr/bin/python3
"""Minutes of ceremonies that the gateway keeps: each signature is checked when it is handed in,
is on the log, and the text that the first one brought does not change."""
import base64
import contextlib
import hashlib
import sys
import time

import rig
from faulty import wait_for
from maker import Keymaking
from people import EXECUTED, Key, get, load_policy, new_version
from rig import claim, contains, equal, expect

keys = rig.keys
CODE = rig.grpc.StatusCode
ZERO = "sha256:" + "0" * 64


def text_of(name, *grants, world="real", remark="said (TEST)", quorum="0" * 64,
            persons=("participant officer-1 officer", "participant officer-2 officer",
                     "witness reviewer reviewer")):
    lines = ["segel-minutes/v1", f"world {world}", "ceremony test", f"id {name}",
             "place server room (TEST)", "began 2026-11-26T12:00:00Z",
             "ended 2026-11-26T13:00:00Z", f"script {ZERO}", f"tool {ZERO}",
             f"quorum sha256:{quorum}",
             *persons, *[f"grant {grant if ' ' in grant else grant + ' ' + ZERO}" for grant in grants], f"remark {remark}"]
    return ("\n".join(lines) + "\n").encode()


class Kept(Keymaking):
    count = 0

    def id(self):
        self.count += 1
        return f"c-{self.count}-{time.time_ns()}"

    def sign(self, gateway, name, text, who, caller="officer-1"):
        key = self.keys[who] if isinstance(who, str) else who
        return self.call(gateway, "SignMinutes", keys.SignMinutesRequest(
            id=name, note=key.note(text)), name=caller)

    def sign_all(self, gateway, name, text, people=("officer-1", "officer-2", "reviewer")):
        for who in people:
            self.sign(gateway, name, text, who)

    def refused(self, gateway, code, words, *arguments, **more):
        refusal = rig.refused(self.sign, gateway, *arguments, **more)
        equal(refusal.code, code, refusal.message)
        contains(refusal.message, words)

    def get(self, gateway, name, caller="officer-1"):
        return self.call(gateway, "GetMinutes", keys.GetMinutesRequest(id=name), name=caller)

    def all(self, gateway, **page):
        return self.call(gateway, "ListMinutes", keys.ListMinutesRequest(**page))


@claim
def minutes_are_signed_at_the_gateway_by_all_and_the_witness_last(kept):
    with kept.gateway() as gateway:
        name = kept.id()
        text = text_of(name)
        equal(rig.refused(kept.get, gateway, name).code, CODE.NOT_FOUND)
        kept.refused(gateway, CODE.PERMISSION_DENIED, "the witness signs last", name, text,
                     "reviewer")
        equal(list(kept.sign(gateway, name, text, "officer-2").missing),
              ["officer-1", "reviewer"])
        kept.refused(gateway, CODE.PERMISSION_DENIED, "the witness signs last", name, text,
                     "reviewer", caller="reviewer")
        equal(list(kept.sign(gateway, name, text, "officer-1").missing), ["reviewer"])
        equal(list(kept.sign(gateway, name, text, "reviewer", caller="reviewer").missing), [])
        got = kept.get(gateway, name, "reviewer")
        equal(got.note, text + b"\n" + b"".join(kept.keys[who].line(text) for who in (
            "officer-2", "officer-1", "reviewer")))
        wait_for(lambda: len(kept.records("ceremony.sign")) == 3, "they are not on the log")
        first = kept.records("ceremony.minutes")
        equal([(r["subject"], r["ceremony"], r["text"]) for r in first],
              [(name, "test", "sha256:" + hashlib.sha256(text).hexdigest())])
        signed = kept.records("ceremony.sign")
        equal([(r["person"], r["role"]) for r in signed],
              [("officer-2", "officer"), ("officer-1", "officer"), ("reviewer", "reviewer")])
        equal(signed[-1]["signature"] + "\n", kept.keys["reviewer"].line(text).decode())
        before = kept.get(gateway, name)
        kept.sign(gateway, name, text, "officer-2")  # once more: nothing changes
        equal(kept.get(gateway, name), before)
        equal(len(kept.records("ceremony.sign")), 3)
    with kept.gateway(keep=True) as gateway:
        equal(kept.get(gateway, name).note, before.note)


@claim
def what_is_no_signature_under_sound_minutes_is_refused(kept):
    with kept.gateway() as gateway:
        name = kept.id()
        text = text_of(name)
        kept.refused(gateway, CODE.INVALID_ARGUMENT, "rehearsal", name,
                     text_of(name, world="REHEARSAL"), "officer-1")
        kept.refused(gateway, CODE.INVALID_ARGUMENT, "another id", kept.id(), text, "officer-1")
        kept.refused(gateway, CODE.PERMISSION_DENIED, "belongs to nobody", name, text,
                     Key("stranger.example.go.id"))
        kept.refused(gateway, CODE.PERMISSION_DENIED, "takes part in these minutes",
                     name, text, "officer-3")
        forged = bytearray(kept.keys["officer-1"].note(text))
        at = forged.rindex(b" ") + 12
        forged[at] = ord("A") if forged[at] != ord("A") else ord("B")
        refusal = rig.refused(kept.call, gateway, "SignMinutes",
                              keys.SignMinutesRequest(id=name, note=bytes(forged)))
        equal(refusal.code, CODE.INVALID_ARGUMENT)
        two = text + b"\n" + b"".join(kept.keys[who].line(text) for who in ("officer-1",
                                                                            "officer-2"))
        equal(rig.refused(kept.call, gateway, "SignMinutes", keys.SignMinutesRequest(
            id=name, note=two)).code, CODE.INVALID_ARGUMENT)
        kept.refused(gateway, CODE.INVALID_ARGUMENT, "officer-9", name, text_of(
            name, persons=("participant officer-9 officer", "participant officer-1 officer")),
            "officer-1")
        equal(list(kept.all(gateway).minutes), [])
        kept.sign(gateway, name, text, "officer-1")
        kept.refused(gateway, CODE.ALREADY_EXISTS, "other minutes of the id", name,
                     text_of(name, remark="nothing was said"), "officer-2")
        equal(rig.refused(gateway.client().call(
            "unary_unary", "GetMinutes", keys.GetMinutesRequest, keys.GetMinutesResponse,
            service="KeyService"), keys.GetMinutesRequest(id=name)).code,
            CODE.PERMISSION_DENIED)
        equal(kept.records("ceremony.minutes")[0]["subject"], name)


def grant_of(gateway, request):
    """As minutes name it: with the hash of the note that all of its approvers signed."""
    return f"{request} sha256:{hashlib.sha256(get(gateway, request).grant_note).hexdigest()}"


@claim
def a_key_names_the_minutes_of_its_ceremony(kept):
    with kept.gateway() as gateway:
        key, name = kept.name(), kept.id()
        voted = kept.approved(gateway, "GenerateKey", kept.generation(key))
        equal(voted.state, EXECUTED)
        equal(kept.settled(gateway, key).minutes, "")
        text = text_of(name, grant_of(gateway, voted.id), "g-unknown")
        kept.sign_all(gateway, name, text, ("officer-1", "officer-2"))
        equal(kept.key(gateway, key).minutes, "", "not all have signed")
        kept.sign(gateway, name, text, "reviewer")
        equal(kept.key(gateway, key).minutes, name)
        contains(kept.rig.segel("officer-1", "key", "show", key).stdout, name)
    with kept.gateway(keep=True) as gateway:
        equal(kept.key(gateway, key).minutes, name)


@claim
def nobody_puts_other_minutes_in_the_place_of_those_that_a_key_names(kept):
    with kept.gateway() as gateway:
        key, name, alone = kept.name(), kept.id(), ("participant officer-4 officer",)
        voted = kept.approved(gateway, "GenerateKey", kept.generation(key))
        kept.settled(gateway, key)
        grant = grant_of(gateway, voted.id)
        # Who did not ask for it; who names it and does not have its approvals.
        for persons, signers, named in (
                (alone, ("officer-4",), grant),
                (("participant officer-1 officer",), ("officer-1",), voted.id)):
            other = kept.id()
            kept.sign_all(gateway, other, text_of(other, named, persons=persons), signers)
            equal((list(kept.get(gateway, other).missing), kept.key(gateway, key).minutes),
                  ([], ""))
        kept.sign_all(gateway, name, text_of(name, grant))
        equal(kept.key(gateway, key).minutes, name)
        other = kept.id()
        kept.sign_all(gateway, other, text_of(other, grant, persons=(
            "participant officer-1 officer",)), ("officer-1",))
        equal(kept.key(gateway, key).minutes, name, "the first whole ones stand")
        end = kept.approved(gateway, "DestroyKey", keys.DestroyKeyRequest(
            request_id=kept.id(), key=key, reason="its end (TEST)", backups_destroyed=True,
            witnesses=["reviewer"]))
        kept.settled(gateway, key)
        last = kept.id()
        kept.sign_all(gateway, last, text_of(last, grant_of(gateway, end.id)))
        equal(kept.key(gateway, key).minutes, last, "a later ceremony has its own")
        late = kept.id()
        kept.sign_all(gateway, late, text_of(late, grant))
        equal(kept.key(gateway, key).minutes, last, "nor do those of an earlier one")


@claim
def who_has_left_since_signs_by_the_quorum_file_that_the_minutes_name(kept):
    before = kept.quorum()
    persons = ("participant officer-1 officer", "participant officer-4 officer",
               "witness reviewer reviewer")
    with kept.gateway() as gateway:
        name, strange = kept.id(), kept.id()
        text = text_of(name, quorum=before, persons=persons)
    kept.quorum(kept.quorum_text(("officer-1", "officer-2", "officer-3"), clear="clear"))
    try:
        with kept.gateway(keep=True) as gateway:
            equal(list(kept.sign(gateway, name, text, "officer-4").missing),
                  ["officer-1", "reviewer"])
            equal(list(kept.sign(gateway, name, text, "officer-1").missing), ["reviewer"])
            equal(list(kept.get(gateway, name).missing), ["reviewer"])
            kept.sign(gateway, name, text, "reviewer", caller="reviewer")
            equal(list(kept.get(gateway, name).missing), [])
            wait_for(lambda: kept.records("ceremony.minutes"), "it is not on the log")
            equal(kept.records("ceremony.minutes")[0]["quorum"], "sha256:" + before)
            kept.refused(gateway, CODE.INVALID_ARGUMENT, "officer-4", strange,
                         text_of(strange, persons=persons), "officer-4")
    finally:
        kept.quorum()


@contextlib.contextmanager
def another_card(kept, who):
    """Whose key is replaced in the quorum file; the earlier one."""
    earlier, kept.keys[who] = kept.keys[who], Key(kept.keys[who].name)
    kept.quorum()
    try:
        yield earlier
    finally:
        kept.keys[who] = earlier
        kept.quorum()


@claim
def what_was_signed_with_a_key_that_was_replaced_since_stays_signed(kept):
    before = kept.quorum()
    with kept.gateway() as gateway:
        first, second, strange = kept.id(), kept.id(), kept.id()
        text = text_of(first, quorum=before)
        kept.sign(gateway, first, text, "officer-1")
    with another_card(kept, "officer-1") as earlier, kept.gateway(keep=True) as gateway:
        equal(list(kept.get(gateway, first).missing), ["officer-2", "reviewer"])
        kept.sign(gateway, first, text, "officer-1")  # with the new one: nothing changes
        equal(kept.get(gateway, first).note.count(b"\n\xe2\x80\x94 "), 1)
        equal(list(kept.sign(gateway, first, text, "officer-2").missing), ["reviewer"])
        kept.sign(gateway, first, text, "reviewer", caller="reviewer")
        equal(list(kept.get(gateway, first).missing), [])
        # What was signed by all on that day, and is handed in later.
        text = text_of(second, quorum=before)
        path = kept.rig.write("signed.minutes", (text + b"\n" + b"".join(
            key.line(text) for key in (earlier, kept.keys["officer-2"],
                                       kept.keys["reviewer"]))).decode())
        told = kept.rig.segel("reviewer", "ceremony", "keep", path)
        equal(told.returncode, 0, told.stderr)
        contains(told.stdout, "everybody has signed")
        kept.refused(gateway, CODE.PERMISSION_DENIED, "belongs to nobody", strange,
                     text_of(strange), earlier)


@claim
def one_signature_that_is_refused_keeps_no_other_from_being_handed_in(kept):
    with kept.gateway() as gateway:
        name = kept.id()
        text = text_of(name)
        path = kept.rig.write("stranger.minutes", (text + b"\n" + b"".join(
            key.line(text) for key in (Key("stranger.example.go.id"), kept.keys["officer-1"],
                                       kept.keys["officer-2"]))).decode())
        told = kept.rig.segel("officer-1", "ceremony", "keep", path)
        equal(told.returncode, 1)
        contains(told.stderr, "belongs to nobody in the quorum file")
        equal(list(kept.get(gateway, name).missing), ["reviewer"])


@claim
def minutes_that_name_large_requests_stop_no_gateway(kept):
    """A request for a policy may have a megabyte, and a line that names it stand often."""
    with kept.gateway() as gateway:
        name = kept.id()
        text = new_version(kept.rig.read("policy.yaml"), 9) + "# (TEST)\n" * 100000
        asked = load_policy(gateway, text).approval
        kept.sign_all(gateway, name, text_of(name, *[asked.id] * 8))
        equal(kept.all(gateway).minutes[0].id, name)
        gateway.client().sign()


@claim
def minutes_are_listed_page_by_page(kept):
    with kept.gateway() as gateway:
        names = [kept.id() for _ in range(5)]
        for name in names:
            kept.sign(gateway, name, text_of(name), "officer-1")
        kept.sign(gateway, names[0], text_of(names[0]), "officer-2")
        seen, token = [], ""
        while True:
            page = kept.all(gateway, page_size=2, page_token=token)
            seen += [(m.id, m.missing) for m in page.minutes]
            token = page.next_page_token
            if not token:
                break
        equal(seen, [(name, 1 if name == names[0] else 2) for name in reversed(names)])
        equal(rig.refused(kept.all, gateway, page_size=65).code, CODE.INVALID_ARGUMENT)
        listed = kept.rig.segel("officer-1", "ceremony", "minutes")
        equal(listed.returncode, 0, listed.stderr)
        contains(listed.stdout, names[0], "1 must still sign")
        listed = kept.rig.segel("reviewer", "ceremony", "minutes", "--json")
        equal([rig.json.loads(line)["id"] for line in listed.stdout.splitlines()],
              names[::-1])


if __name__ == "__main__":
    sys.exit(rig.run(Kept(rig.Rig("kept"))))
