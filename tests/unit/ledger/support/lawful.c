#include "tests/unit/ledger/support/lawful.h"

static const uint8_t hash[32] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
                                 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
                                 22, 23, 24, 25, 26, 27, 28, 29, 30, 31};

struct record_head lawful_head(void)
{
    return (struct record_head){.seq = 184467, .ts_us = 1777683723456789, .node = "gw1"};
}

struct record_job lawful_job(void)
{
    return (struct record_job){.decision_id = "01J00000000000000000000000",
                               .caller = "e-office",
                               .caller_cert = hash,
                               .request_id = "req-1",
                               .batch = "batch-7",
                               .key = "seal-demo",
                               .cert_serial = "12AB",
                               .cert_spki = hash,
                               .assurance = "hardware",
                               .profile = SG_PROFILE_PADES_B_B,
                               .document_class = "surat_tugas",
                               .algorithm = "rsa-pkcs1-sha256",
                               .hash = SG_HASH_SHA256,
                               .digest = slice_of(hash, sizeof(hash)),
                               .to_be_signed = slice_of(hash, sizeof(hash)),
                               .approval_ref = "ND/123/2026",
                               .mandate = "g-88",
                               .policy_rev = hash,
                               .attempt = 1};
}

struct record_decision lawful_decision(void)
{
    static const char *const shadows[] = {"CP-4.9-02"};

    return (struct record_decision){
        .passed = 31, .remarked = true, .remarks = {[REMARK_SHADOW] = {shadows, 1}}};
}
