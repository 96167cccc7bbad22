#define _GNU_SOURCE /* timegm */
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "gateway/anchor/inside.h"

/* RFC 3161: the authority stamps the SHA-256 of the checkpoint note, byte for byte as the
 * log signed it. */

enum { QUESTION_MAX = 512, SECURITY_LEVEL = 2 };
static const char ANSWER_TYPE[] = "application/timestamp-reply";

enum sg_status stamp_trust(const struct config_anchor *config, X509_STORE **out,
                           struct sg_error *why)
{
    X509_STORE *store = X509_STORE_new();

    /* The file may end with an issuer that is not its own, or hold the authority alone.
     */
    if (store == NULL || X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN) != 1 ||
        X509_STORE_load_file(store, config->chain) != 1) {
        X509_STORE_free(store);
        return sg_fail(
            why, SG_INVALID,
            "anchor '%s': chain %s holds no certificates that can be read (PEM)",
            config->name, config->chain);
    }
    X509_VERIFY_PARAM_set_auth_level(X509_STORE_get0_param(store), SECURITY_LEVEL);
    *out = store;
    return SG_OK;
}

/* --- The question ---------------------------------------------------------------- */

static void free_imprint(TS_MSG_IMPRINT **imprint)
{
    TS_MSG_IMPRINT_free(*imprint);
}

static void free_algorithm(X509_ALGOR **algorithm)
{
    X509_ALGOR_free(*algorithm);
}

static void free_integer(ASN1_INTEGER **integer)
{
    ASN1_INTEGER_free(*integer);
}

static bool set_imprint(TS_REQ *question, struct slice note)
{
    AUTO(free_imprint) TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
    AUTO(free_algorithm) X509_ALGOR *algorithm = X509_ALGOR_new();
    struct tlog_hash hash = tlog_sha256(note);

    return imprint != NULL && algorithm != NULL &&
           X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, NULL) == 1 &&
           TS_MSG_IMPRINT_set_algo(imprint, algorithm) == 1 &&
           TS_MSG_IMPRINT_set_msg(imprint, hash.bytes, sizeof(hash.bytes)) == 1 &&
           TS_REQ_set_msg_imprint(question, imprint) == 1;
}

static bool set_nonce(TS_REQ *question)
{
    AUTO(free_integer) ASN1_INTEGER *nonce = ASN1_INTEGER_new();
    uint64_t value = 0;

    return nonce != NULL && RAND_bytes((unsigned char *)&value, sizeof(value)) == 1 &&
           ASN1_INTEGER_set_uint64(nonce, value) == 1 &&
           TS_REQ_set_nonce(question, nonce) == 1;
}

static enum sg_status make_question(struct anchor *anchor, uint8_t out[QUESTION_MAX],
                                    size_t *len)
{
    uint8_t *at = out;

    TS_REQ_free(anchor->question);
    anchor->question = TS_REQ_new();
    if (anchor->question == NULL || TS_REQ_set_version(anchor->question, 1) != 1 ||
        !set_imprint(anchor->question, slice_of(anchor->offer, anchor->offer_len)) ||
        !set_nonce(anchor->question) || TS_REQ_set_cert_req(anchor->question, 1) != 1) {
        return SG_NO_MEMORY;
    }
    int size = i2d_TS_REQ(anchor->question, NULL);
    if (size <= 0 || size > QUESTION_MAX || i2d_TS_REQ(anchor->question, &at) != size) {
        return SG_INTERNAL;
    }
    *len = (size_t)size;
    return SG_OK;
}

enum sg_status stamp_ask(struct anchor_loop *loop, struct anchor *anchor,
                         struct sg_error *why)
{
    uint8_t question[QUESTION_MAX];
    size_t len = 0;

    TRY(make_question(anchor, question, &len));
    struct http_request request = anchor_request(anchor, anchor->config->place);
    request.type = "application/timestamp-query";
    request.body = slice_of(question, len);
    return http_begin(loop->http, &request, why);
}

/* --- The answer ------------------------------------------------------------------ */

static void free_response(TS_RESP **response)
{
    TS_RESP_free(*response);
}

static void free_verification(TS_VERIFY_CTX **ctx)
{
    TS_VERIFY_CTX_free(*ctx);
}

/* Imprint, nonce, signature, and the way from its certificate to one of the entry's. */
static bool genuine(const struct anchor *anchor, TS_RESP *response)
{
    AUTO(free_verification)
    TS_VERIFY_CTX *ctx = TS_REQ_to_TS_VERIFY_CTX(anchor->question, NULL);

    if (ctx == NULL || X509_STORE_up_ref(anchor->trust) != 1) {
        return false;
    }
    (void)TS_VERIFY_CTX_add_flags(ctx, TS_VFY_SIGNATURE);
    (void)TS_VERIFY_CTX_set_store(ctx, anchor->trust); /* takes the reference */
    return TS_RESP_verify_response(ctx, response) == 1;
}

static bool time_of(TS_RESP *response, uint64_t *time_s)
{
    struct tm parts;
    const ASN1_GENERALIZEDTIME *when =
        TS_TST_INFO_get_time(TS_RESP_get_tst_info(response));

    if (when == NULL || ASN1_TIME_to_tm(when, &parts) != 1) {
        return false;
    }
    int64_t s = timegm(&parts);
    *time_s = s > 0 ? (uint64_t)s : 0;
    return s > 0;
}

static enum sg_status judge(struct anchor *anchor, TS_RESP *response,
                            struct sg_error *why)
{
    if (!genuine(anchor, response)) {
        return sg_fail(
            why, SG_INVALID,
            "the time stamp authority refuses, or its answer is not to this "
            "question, or not by a certificate of the chain that is configured");
    }
    if (!time_of(response, &anchor->result.time_s) ||
        anchor->result.time_s > anchor_latest_s()) {
        return sg_fail(why, SG_INVALID,
                       "the time stamp is of a time that has not come yet: the clock of "
                       "the authority or of this machine is wrong");
    }
    return SG_OK;
}

enum sg_status stamp_answered(struct anchor *anchor, const struct http_answer *answer,
                              struct sg_error *why)
{
    const uint8_t *at = answer->data;
    struct anchor_result *result = &anchor->result;

    if (answer->status != SG_OK) {
        return sg_fail(why, answer->status, "%s", answer->why.text);
    }
    size_t type = strcspn(answer->type, "; ");
    if (answer->code != HTTP_FINE || type != sizeof(ANSWER_TYPE) - 1 ||
        strncmp(answer->type, ANSWER_TYPE, type) != 0) {
        return sg_fail(why, SG_IO, "%s answers with HTTP %ld and type '%.63s'",
                       anchor->config->place, answer->code, answer->type);
    }
    AUTO(free_response) TS_RESP *response = d2i_TS_RESP(NULL, &at, (long)answer->len);
    if (response == NULL || at != answer->data + answer->len ||
        answer->len > sizeof(result->token)) {
        return sg_fail(why, SG_INVALID,
                       "%s answers with something else than a time stamp",
                       anchor->config->place);
    }
    TRY(judge(anchor, response, why));
    memcpy(result->token, answer->data, answer->len);
    result->token_len = answer->len;
    return SG_OK;
}
