#ifndef SEGEL_TESTS_BENCH_JOBS_H
#define SEGEL_TESTS_BENCH_JOBS_H

#include <inttypes.h>
#include <stdio.h>

#include "gateway/ledger/ledger.h"
#include "gateway/ledger/record.h"

/* Synthetic jobs for measuring the ledger: the records of the size that the core writes,
 * with facts. Everything of job n follows from n, so that it can be asked for again. */

static const int64_t JOBS_FIRST_US = 1767225600000000; /* 2026-01-01; ten a second */
static const uint8_t jobs_hash[32] = {1, 2, 3};

/* splitmix64's mixer: no two n give the same, and no order is left. */
static inline uint64_t jobs_mix(uint64_t n)
{
    n += 0x9e3779b97f4a7c15;
    n = (n ^ (n >> 30)) * 0xbf58476d1ce4e5b9;
    n = (n ^ (n >> 27)) * 0x94d049bb133111eb;
    return n ^ (n >> 31);
}

/* From here on jobs have ids as backends draw them: UUIDs, so that neighbours in time are
 * none in an index. Below, ids as `segel sign` gives them: a number behind the run's
 * name. */
static const uint64_t JOBS_RANDOM = 1ULL << 40;
enum { JOBS_A_RUN = 4096 };

static inline void jobs_id(uint64_t n, char out[LEDGER_ID_MAX + 1])
{
    uint64_t mixed = jobs_mix(n < JOBS_RANDOM ? n / JOBS_A_RUN : n);

    if (n < JOBS_RANDOM) {
        (void)snprintf(out, LEDGER_ID_MAX + 1, "%016" PRIx64 "-%06" PRIu64, mixed,
                       n % JOBS_A_RUN);
        return;
    }
    (void)snprintf(out, LEDGER_ID_MAX + 1,
                   "%08" PRIx64 "-%04" PRIx64 "-4%03" PRIx64 "-8000-%012" PRIx64,
                   mixed >> 32, mixed >> 16 & 0xffff, mixed & 0xfff, n & 0xffffffffffff);
}

/* Some callers come often, some seldom. */
static inline void jobs_caller(uint64_t n, char out[LEDGER_ID_MAX + 1])
{
    uint64_t one = jobs_mix(n / JOBS_A_RUN ^ 0xca11e4) % 40;

    (void)snprintf(out, LEDGER_ID_MAX + 1, "caller-%" PRIu64, one < 37 ? one % 3 : one);
}

static inline void jobs_claim(uint64_t n, uint64_t intent_index, struct claim *out)
{
    memset(out, 0, sizeof(*out));
    jobs_caller(n, out->caller);
    jobs_id(n, out->request_id);
    memcpy(out->request_hash, jobs_hash, sizeof(jobs_hash));
    memcpy(out->template_id, jobs_hash, sizeof(jobs_hash));
    (void)snprintf(out->decision_id, sizeof(out->decision_id), "01J0000000%016" PRIX64,
                   n);
    out->state = CLAIM_PENDING;
    out->attempt = 1;
    out->intent_index = intent_index;
    out->signing_time_us = JOBS_FIRST_US + (int64_t)(n % JOBS_RANDOM) * 100000;
}

static inline struct slice jobs_intent(char *buffer, uint64_t seq,
                                       const struct claim *claim)
{
    static const char of_job[] =
        "\"job.class\":\"seal\",\"job.notice\":true,\"job.meta_pii\":false,"
        "\"caller.entitled\":true,\"caller.network\":\"server_vlan\","
        "\"key.class_allowed\":true,\"cert.remaining_s\":63071980,\"cert.in_period\":"
        "true";
    static const char of_state[] =
        "\"clock.now\":\"2026-11-26T08:09:40.519663Z\",\"clock.weekday\":\"thu\","
        "\"clock.minute_of_day\":909,\"clock.holiday\":false,\"job.repeat\":\"first\","
        "\"clock.stepped\":false,\"counter.caller_day\":401,\"counter.key_day\":401,"
        "\"counter.pin_failures\":0,\"log.durable\":true,\"log.writable\":true,"
        "\"log.free_bytes\":66042966016,\"global.lockdown\":false";
    struct record_head head = {seq, claim->signing_time_us, "gw1"};
    struct record_job job = {.decision_id = claim->decision_id,
                             .caller = claim->caller,
                             .caller_cert = jobs_hash,
                             .request_id = claim->request_id,
                             .key = "seal-demo",
                             .cert_serial = "0B31B05156D5240EBC9DDFA3BAE31C",
                             .cert_spki = jobs_hash,
                             .assurance = "hardware",
                             .profile = SG_PROFILE_PADES_B_B,
                             .document_class = "surat_keterangan",
                             .algorithm = "rsa-pkcs1-sha256",
                             .hash = SG_HASH_SHA256,
                             .digest = slice_of(jobs_hash, sizeof(jobs_hash)),
                             .to_be_signed = slice_of(jobs_hash, sizeof(jobs_hash)),
                             .approval_ref = "ND/123/2026",
                             .policy_rev = jobs_hash,
                             .attempt = 1};
    struct record_decision decision = {.passed = 35,
                                       .facts = {.known = true,
                                                 .job = slice_str(of_job),
                                                 .state = slice_str(of_state),
                                                 .bound = 4}};
    struct slice text;

    MUST(record_intent(buffer, &head, &job, &decision, &text) == SG_OK);
    return text;
}

static inline struct slice jobs_outcome(char *buffer, uint64_t seq,
                                        const struct claim *claim)
{
    struct record_head head = {seq, claim->signing_time_us, "gw1"};
    struct record_result result = {.decision_id = claim->decision_id,
                                   .caller = claim->caller,
                                   .request_id = claim->request_id,
                                   .key = "seal-demo",
                                   .hash = SG_HASH_SHA256,
                                   .digest = slice_of(jobs_hash, sizeof(jobs_hash)),
                                   .intent_index = claim->intent_index,
                                   .attempt = 1,
                                   .outcome = "signed",
                                   .signature = slice_of(jobs_hash, sizeof(jobs_hash)),
                                   .lane = "lane0",
                                   .latency_us = 4100};
    struct slice text;

    MUST(record_outcome(buffer, &head, &result, &text) == SG_OK);
    return text;
}

#endif
