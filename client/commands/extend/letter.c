#include "client/commands/extend/letter.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <time.h>

#include "client/call/signer.h"
#include "client/channel/moment.h"
#include "client/channel/unpack.h"
#include "client/commands/extend/check.h"
#include "client/commands/extend/loss.h"
#include "client/console/file.h"
#include "client/pdf/guard/guard.h"
#include "proto/text.h"

enum {
    PATIENCE_MS = 30000,
    LETTER_MAX = 1 << 28,
    ROOM_MAX = 12288,
    PAUSE_NS = 250000000, /* before asking a gateway again that has stamped enough */
    PAUSES = 480,         /* its limit is one of a minute */
    FRESH_US = 600000000  /* ten minutes: then the data are asked for anew */
};

static const char *const level_words[EXTEND_LEVELS] = {"b-t", "b-lt", "b-lta"};

const char *extend_level_word(enum extend_level level)
{
    return level_words[level];
}

enum sg_status extend_level_read(const char *word, enum extend_level *out,
                                 struct sg_error *why)
{
    for (int i = 0; i < EXTEND_LEVELS; i++) {
        if (strcmp(word, level_words[i]) == 0) {
            *out = (enum extend_level)i;
            return SG_OK;
        }
    }
    return sg_fail(why, SG_INVALID, "'%s' is no level: write b-t, b-lt or b-lta", word);
}

/* --- What the gateway knows --------------------------------------------------------- */

static void take_parts(struct extend_run *run, enum pdf_dss_kind kind,
                       const ProtobufCBinaryData *items, size_t count)
{
    /* pdf_prepare counts all kinds together, and refuses what is too much. */
    count = count > PDF_DSS_MAX ? PDF_DSS_MAX + 1 : count;
    for (size_t i = 0; i < count; i++) {
        run->parts[kind][i] = slice_of(items[i].data, items[i].len);
    }
    run->dss.parts[kind] = (struct pdf_dss_part){run->parts[kind], count};
}

static enum sg_status ask_proofs(struct extend_run *run, struct sg_error *why)
{
    Segel__V1__GetValidationDataRequest request;
    ProtobufCMessage *reply = NULL;

    segel__v1__get_validation_data_request__init(&request);
    request.key = run->signer->key;
    request.with_tsa = 1;
    const struct unary unary = {.path = "/segel.v1.SigningService/GetValidationData",
                                .timeout_ms = PATIENCE_MS,
                                .request = &request.base,
                                .reply_type =
                                    &segel__v1__get_validation_data_response__descriptor};
    TRY(channel_unary(run->channel, &unary, &reply, NULL, why));
    run->proofs = (Segel__V1__GetValidationDataResponse *)(void *)reply;
    take_parts(run, PDF_DSS_CERTS, run->proofs->certificates,
               run->proofs->n_certificates);
    take_parts(run, PDF_DSS_CRLS, run->proofs->crls, run->proofs->n_crls);
    take_parts(run, PDF_DSS_OCSPS, run->proofs->ocsp_responses,
               run->proofs->n_ocsp_responses);
    return SG_OK;
}

/* A token is as long as the gateway reckons with in a signature. Of level B-T only the
 * certificate is asked for: nothing needs to be proved yet. */
static enum sg_status ask_signer(struct extend_run *run, struct sg_error *why)
{
    TRY(signer_get_signed(run->channel, run->key, !run->current, &run->signer, why));
    const Segel__V1__GetSignerResponse *signer = run->signer;
    uint32_t all = signer->signature_max_len;
    uint32_t plain = signer->plain_max_len;
    run->room = plain > 0 && all > plain ? all - plain : ROOM_MAX;
    run->room = run->room > ROOM_MAX ? ROOM_MAX : run->room;
    take_parts(run, PDF_DSS_CERTS, signer->certificates, signer->n_certificates);
    return SG_OK;
}

static enum sg_status make_id(struct extend_run *run, struct sg_error *why)
{
    uint8_t bytes[12];

    if (RAND_bytes(bytes, sizeof(bytes)) != 1) {
        return sg_fail(why, SG_INTERNAL, "the system gives no random numbers");
    }
    text_hex(slice_of(bytes, sizeof(bytes)), run->id);
    return SG_OK;
}

enum sg_status extend_begin(struct extend_run *run, struct sg_error *why)
{
    int64_t asked_us = moment_mono_us();

    TRY(make_id(run, why));
    TRY(home_connect_heeding(run->home, run->given_up, &run->channel, why));
    TRY(ask_signer(run, why));
    enum sg_status status = run->level == EXTEND_B_T ? SG_OK : ask_proofs(run, why);
    run->dss.serial = pdf_guard_serial();
    run->asked_us = status == SG_OK ? asked_us : 0;
    return status;
}

void extend_end(struct extend_run *run)
{
    channel_close(run->channel);
    if (run->proofs != NULL) {
        unpack_free(&run->proofs->base);
    }
    signer_free(&run->signer);
    run->channel = NULL;
    run->proofs = NULL;
    run->signer = NULL;
    run->dss = (struct pdf_dss){.serial = 0};
    run->asked_us = 0;
}

bool extend_fresh(const struct extend_run *run)
{
    return run->asked_us != 0 && moment_mono_us() - run->asked_us < FRESH_US;
}

/* --- One letter --------------------------------------------------------------------- */

static enum sg_status judge(struct extend_run *run, struct slice pdf,
                            struct sg_error *why)
{
    struct extend_facts facts = {.signatures = 0};

    TRY(extend_check(pdf, &run->dss, &facts, why));
    run->by_other = !facts.by_key;
    if (run->by_other) {
        return sg_fail(why, SG_INVALID,
                       "no signature of the letter is by the certificate of key '%s'",
                       run->signer->key);
    }
    /* One time stamp cannot prove both that the signature was made in time and that what
     * proves it is as old. */
    if (run->level != EXTEND_B_T && !facts.stamped) {
        return sg_fail(
            why, SG_INVALID,
            "a signature of the key has no time stamp: use --level b-t first, which adds "
            "one over the letter");
    }
    if (run->level != EXTEND_B_T && facts.stamped && !facts.stamp_known) {
        return sg_fail(
            why, SG_INVALID,
            "the time stamp is of an authority whose certificates neither the gateway "
            "knows nor the letter's store proves; use --level b-t first, which adds one "
            "that it does");
    }
    if (facts.doubted && extend_loses(pdf, &run->dss, 0)) {
        return sg_fail(
            why, SG_INVALID,
            "an authority that stamped the letter is revoked or on hold by now, and with "
            "the CRL that says so its time would be proven no more: --level b-t adds "
            "another time stamp, and leaves the CRL away");
    }
    return SG_OK;
}

/* The gateway stamps so many a minute for a caller: what comes after them waits. */
static enum sg_status ask_in_turn(struct extend_run *run, const struct unary *unary,
                                  ProtobufCMessage **reply, struct sg_error *why)
{
    enum sg_status status = channel_unary(run->channel, unary, reply, NULL, why);

    for (int i = 0; i < PAUSES && status == SG_BUSY; i++) {
        const struct timespec pause = {.tv_nsec = PAUSE_NS};
        if (run->given_up != NULL && atomic_load(run->given_up)) {
            return SG_CANCELLED;
        }
        (void)nanosleep(&pause, NULL);
        status = channel_unary(run->channel, unary, reply, NULL, why);
    }
    return status;
}

static enum sg_status ask_stamp(struct extend_run *run, struct slice digest,
                                Segel__V1__TimestampResponse **out, struct sg_error *why)
{
    Segel__V1__TimestampRequest request;
    ProtobufCMessage *reply = NULL;
    uint8_t bytes[SG_HASH_MAX];
    char id[64];

    MUST(digest.len <= sizeof(bytes));
    memcpy(bytes, digest.data, digest.len);
    (void)snprintf(id, sizeof(id), "%s-%06u", run->id, ++run->stamps);
    segel__v1__timestamp_request__init(&request);
    request.request_id = id;
    request.hash_algorithm = SEGEL__V1__HASH_ALGORITHM__HASH_ALGORITHM_SHA256;
    request.digest = (ProtobufCBinaryData){digest.len, bytes};
    const struct unary unary = {.path = "/segel.v1.SigningService/Timestamp",
                                .timeout_ms = PATIENCE_MS,
                                .request = &request.base,
                                .reply_type = &segel__v1__timestamp_response__descriptor};
    enum sg_status status = ask_in_turn(run, &unary, &reply, why);
    run->lost = channel_lost(status);
    TRY(status);
    *out = (Segel__V1__TimestampResponse *)(void *)reply;
    run->stamped = true;
    return SG_OK;
}

static void free_stamp(Segel__V1__TimestampResponse **stamp)
{
    if (*stamp != NULL) {
        unpack_free(&(*stamp)->base);
    }
}

static enum sg_status embed(struct pdf_job *job, struct slice token,
                            struct slice *appendix, struct sg_error *why)
{
    return pdf_embed(job, token, appendix) == SG_OK
               ? SG_OK
               : sg_fail(why, SG_TOO_LARGE,
                         "the time stamp of %zu bytes does not fit the room that the "
                         "gateway reckons with",
                         token.len);
}

static enum sg_status fill(struct extend_run *run, struct pdf_job *job,
                           struct slice *appendix, struct sg_error *why)
{
    AUTO(free_stamp) Segel__V1__TimestampResponse *stamp = NULL;

    if (run->level == EXTEND_B_LT) {
        return embed(job, slice_of(NULL, 0), appendix, why);
    }
    TRY(ask_stamp(run, pdf_job_digest(job), &stamp, why));
    struct slice token = slice_of(stamp->token.data, stamp->token.len);
    TRY(extend_token_fits(token, pdf_job_digest(job), why));
    return embed(job, token, appendix, why);
}

static void free_job(struct pdf_job **job)
{
    pdf_job_free(*job);
}

enum sg_status extend_bytes(struct extend_run *run, struct slice pdf, const char *output,
                            struct sg_error *why)
{
    AUTO(free_job) struct pdf_job *job = NULL;
    enum pdf_refusal refusal = PDF_ACCEPTED;
    struct slice appendix = slice_of(NULL, 0);
    bool store = run->level == EXTEND_B_LT;
    const struct pdf_wish wish = {
        .adds = store ? PDF_ADDS_STORE : PDF_ADDS_STAMP,
        .dss = run->level == EXTEND_B_T ? NULL : &run->dss,
        .hash = SG_HASH_SHA256,
        .reserve = store ? 0 : run->room,
    };

    run->by_other = false;
    run->stamped = false;
    run->unwritten = false;
    TRY(judge(run, pdf, why));
    TRY(pdf_prepare(pdf, &wish, &job, &refusal, why));
    TRY(fill(run, job, &appendix, why));
    enum sg_status status = run->keeps ? pdf_write_new(output, pdf, appendix, why)
                                       : pdf_write(output, pdf, appendix, why);
    run->unwritten = status != SG_OK;
    return status;
}

enum sg_status extend_letter(struct extend_run *run, const char *path, const char *output,
                             struct sg_error *why)
{
    AUTO(file_free) struct file_bytes bytes = {.data = NULL};

    TRY(file_read(path, LETTER_MAX, &bytes, why));
    if (!extend_fresh(run)) {
        extend_end(run);
        enum sg_status status = extend_begin(run, why);
        run->lost = channel_lost(status);
        TRY(status);
    }
    return extend_bytes(run, slice_of(bytes.data, bytes.len), output, why);
}
