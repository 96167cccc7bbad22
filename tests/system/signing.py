#!/usr/bin/python3
"""A stock gRPC client signs: one by one, in batches, in a stream; and what it is told when
it may not. Nothing of Segel runs on the client's side."""
import hashlib
import sys

import grpc
import rig
from rig import claim, equal, expect, item

CONTENT = b"Isi surat contoh (TEST)\n"
DIGEST = hashlib.sha256(CONTENT).digest()


@claim
def get_signer_tells_certificates_and_what_the_policy_allows(gateway):
    signer = gateway.client().signer()
    equal(signer.key, "seal-demo")
    expect(len(signer.certificates) == 2, "the seal's certificate and its issuer come")
    expect(signer.signature_max_len > 2000, "room for a CMS is named")
    expect(rig.common.SIGNATURE_PROFILE_PADES_B_B in signer.profiles, "PAdES-B-B is offered")
    expect("surat_keterangan" in signer.document_classes, "classes are named")
    equal(signer.assurance, "software")


@claim
def a_unary_call_gives_a_cms_that_openssl_verifies(gateway):
    result = gateway.client().sign(item(value=DIGEST))
    rig.check_cms(gateway.rig, result.signature, CONTENT)
    expect(len(result.decision_id) == 26, "the decision has its id")
    equal((result.replayed, result.attempt), (False, 1))
    expect(len(result.log.leaf_hash) == 32, "the place on the log is named")


@claim
def a_cades_profile_gives_a_cms_that_openssl_verifies(gateway):
    result = gateway.client().sign(item(value=DIGEST), content_type="application/xml",
                                   profile=rig.common.SIGNATURE_PROFILE_CADES_B_B)
    rig.check_cms(gateway.rig, result.signature, CONTENT)


@claim
def a_batch_answers_every_item_in_its_order(gateway):
    items = [item(value=DIGEST) for _ in range(64)]
    results = gateway.client().batch(items)
    equal([r.request_id for r in results], [i.request_id for i in items], "order")
    expect(all(r.signature and not r.HasField("status") for r in results), "all are signed")
    rig.check_cms(gateway.rig, results[63].signature, CONTENT)


@claim
def one_bad_item_of_a_batch_does_not_spoil_the_others(gateway):
    items = [item(), item(value=b"\x01" * 31), item()]
    results = gateway.client().batch(items)
    equal([bool(r.signature) for r in results], [True, False, True], "signed")
    equal(results[1].status.code, grpc.StatusCode.INVALID_ARGUMENT.value[0], "status")
    expect("32" in results[1].status.message, "the right length is named")


@claim
def a_stream_answers_all_items_before_it_ends(gateway):
    items = [item(value=DIGEST) for _ in range(300)]
    requests = [rig.signing.SignStreamRequest(terms=rig.terms())]
    requests += [rig.signing.SignStreamRequest(items=items[i:i + 7])
                 for i in range(0, 300, 7)]
    results = gateway.client().stream(requests)
    equal(sorted(r.request_id for r in results), sorted(i.request_id for i in items), "ids")
    expect(all(r.signature for r in results), "all are signed")
    rig.check_cms(gateway.rig, results[-1].signature, CONTENT)


@claim
def a_stream_without_terms_in_its_first_message_is_refused(gateway):
    requests = [rig.signing.SignStreamRequest(items=[item()])]
    refusal = rig.refused(gateway.client().stream, requests)
    equal(refusal.code, grpc.StatusCode.INVALID_ARGUMENT)


@claim
def the_same_id_with_the_same_content_gives_the_stored_bytes(gateway):
    client, job = gateway.client(), item(value=DIGEST)
    first, second = client.sign(job), client.sign(job)
    equal(second.replayed, True, "replayed")
    expect(first.signature == second.signature, "the bytes are the same")
    equal(second.decision_id, first.decision_id, "decision")
    equal(second.log.index, first.log.index, "place on the log")


@claim
def the_same_id_with_another_digest_is_a_conflict(gateway):
    client, job = gateway.client(), item()
    client.sign(job)
    refusal = rig.refused(client.sign, item(request_id=job.request_id))
    equal(refusal.code, grpc.StatusCode.ALREADY_EXISTS)


@claim
def the_same_id_with_another_document_class_is_a_conflict(gateway):
    client, job = gateway.client(), item()
    client.sign(job)
    refusal = rig.refused(client.sign, job, document_class="surat_tugas")
    equal(refusal.code, grpc.StatusCode.ALREADY_EXISTS)


@claim
def a_denied_class_comes_with_rule_and_cp_section(gateway):
    refusal = rig.refused(gateway.client().sign, document_class="kontrak_pengadaan")
    expect(refusal.info is not None, "the status carries ErrorInfo")
    equal(refusal.info.domain, "segel", "domain")
    expect(refusal.info.reason.isupper(), f"reason is a stable code: {refusal.info.reason}")
    expect(refusal.info.metadata["cp_section"], "the CP section is named")
    expect(refusal.denial is not None and refusal.denial.failures, "PolicyDenial is there")
    equal(refusal.denial.failures[0].code, refusal.info.reason, "the deciding rule is first")
    equal(refusal.denial.failures[0].found, "kontrak_pengadaan", "what was found")
    equal(len(refusal.denial.policy_sha256), 32, "the policy is named by its hash")
    expect(refusal.message, "there is a sentence for people")


@claim
def a_denied_item_of_a_batch_carries_its_denial(gateway):
    results = gateway.client().batch([item()], document_class="kontrak_pengadaan")
    expect(results[0].status.denial.failures, "the verdict names the rules")
    expect(not results[0].signature, "nothing was signed")


@claim
def a_denied_job_may_not_be_repeated_into_a_signature(gateway):
    client, job = gateway.client(), item()
    first = rig.refused(client.sign, job, document_class="kontrak_pengadaan")
    again = rig.refused(client.sign, job, document_class="kontrak_pengadaan")
    equal(again.code, first.code)


@claim
def no_approval_reference_no_signature(gateway):
    refusal = rig.refused(gateway.client().sign, approval_ref="")
    expect(refusal.code in (grpc.StatusCode.INVALID_ARGUMENT,
                            grpc.StatusCode.FAILED_PRECONDITION,
                            grpc.StatusCode.PERMISSION_DENIED), str(refusal.code))


@claim
def a_personal_number_in_any_free_field_is_refused(gateway):
    wide = "".join(chr(0xFF10 + int(digit)) for digit in "3276010101900001")
    for change in ({"labels": {"nomor": "3276010101900001"}},
                   {"labels": {"nomor": "3276 0101.0190-0001"}},
                   {"labels": {"nomor": wide}}, {"batch": "a3276010101900001"},
                   {"approval_ref": "ND-3276010101900001"}):
        refusal = rig.refused(gateway.client().sign, **change)
        equal(refusal.info and refusal.info.reason, "PII_IN_METADATA", str(change))
    gateway.client().sign(labels={"nomor": "327601010190001"})


@claim
def the_bare_signature_profile_is_refused_for_this_key(gateway):
    refusal = rig.refused(gateway.client().sign,
                          profile=rig.common.SIGNATURE_PROFILE_RAW)
    equal(refusal.info.reason, "PROFILE_NOT_ALLOWED", "reason")


@claim
def a_digest_of_the_wrong_length_is_named_so(gateway):
    for size in (0, 20, 31, 33, 48, 64):
        refusal = rig.refused(gateway.client().sign, item(value=b"\x07" * size))
        equal(refusal.code, grpc.StatusCode.INVALID_ARGUMENT, f"{size} bytes")
        rig.contains(refusal.message, "32")


@claim
def an_unknown_key_is_named(gateway):
    refusal = rig.refused(gateway.client().sign, key="seal-other")
    expect(refusal.code in (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.PERMISSION_DENIED),
           str(refusal.code))
    rig.contains(refusal.message, "seal-other")


@claim
def key_profile_and_hash_must_be_given(gateway):
    for change in ({"profile": 0}, {"hash_algorithm": 0}, {"key": ""}):
        refusal = rig.refused(gateway.client().sign, **change)
        equal(refusal.code, grpc.StatusCode.INVALID_ARGUMENT, str(change))


@claim
def a_request_id_is_needed_and_bounded(gateway):
    for job in (rig.signing.SignItem(digest=DIGEST), item(request_id="x" * 65)):
        refusal = rig.refused(gateway.client().sign, job)
        equal(refusal.code, grpc.StatusCode.INVALID_ARGUMENT, "request_id")


@claim
def a_class_must_be_given(gateway):
    refusal = rig.refused(gateway.client().sign, document_class="")
    expect(refusal.code in (grpc.StatusCode.INVALID_ARGUMENT,
                            grpc.StatusCode.PERMISSION_DENIED), str(refusal.code))


@claim
def a_text_with_a_control_character_is_refused(gateway):
    refusal = rig.refused(gateway.client().sign, approval_ref="ND\n2026")
    equal(refusal.code, grpc.StatusCode.INVALID_ARGUMENT)


@claim
def a_field_that_the_gateway_does_not_know_is_refused(gateway):
    request = rig.signing.SignRequest(terms=rig.terms(), item=item())
    call = gateway.client().channel.unary_unary(
        "/segel.v1.SigningService/Sign",
        request_serializer=lambda r: r.SerializeToString() + b"\xf8\x7f\x01")
    refusal = rig.refused(call, request, timeout=10)
    equal(refusal.code, grpc.StatusCode.INVALID_ARGUMENT)


@claim
def bytes_that_are_no_message_are_refused(gateway):
    call = gateway.client().channel.unary_unary("/segel.v1.SigningService/Sign")
    refusal = rig.refused(call, b"\xff" * 40, timeout=10)
    expect(refusal.code == grpc.StatusCode.INVALID_ARGUMENT,
           str(refusal.code))
    rig.contains(refusal.message, "segel.v1.SignRequest")


@claim
def a_message_over_the_limit_is_refused(gateway):
    call = gateway.client().channel.unary_unary("/segel.v1.SigningService/SignBatch")
    refusal = rig.refused(call, b"\x12" * (6 << 20), timeout=20)
    equal(refusal.code, grpc.StatusCode.RESOURCE_EXHAUSTED)


@claim
def a_method_that_does_not_exist_is_unimplemented(gateway):
    call = gateway.client().channel.unary_unary("/segel.v1.SigningService/Burn")
    equal(rig.refused(call, b"", timeout=10).code, grpc.StatusCode.UNIMPLEMENTED)


@claim
def a_reviewer_may_not_sign(gateway):
    refusal = rig.refused(gateway.client("reviewer").sign)
    equal(refusal.code, grpc.StatusCode.PERMISSION_DENIED)


if __name__ == "__main__":
    the_rig = rig.Rig("signing")
    with the_rig.gateway() as running:
        code = rig.run(running)
    sys.exit(code)
