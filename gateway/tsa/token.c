#define _GNU_SOURCE /* timegm */
#include "gateway/tsa/token.h"

#include <openssl/err.h>
#include <stdio.h>
#include <time.h>

enum { US_PER_S = 1000000, US_PER_MS = 1000 };

static void free_response(TS_RESP **response)
{
    TS_RESP_free(*response);
}

static void free_verification(TS_VERIFY_CTX **ctx)
{
    TS_VERIFY_CTX_free(*ctx);
}

static void free_pkcs7(PKCS7 **token)
{
    PKCS7_free(*token);
}

static void free_number(BIGNUM **number)
{
    BN_free(*number);
}

static void free_text(char **text)
{
    OPENSSL_free(*text);
}

/* --- Whether it is genuine -------------------------------------------------------- */

/* The words of the authority come from outside: OpenSSL's own reason is enough. */
static enum sg_status refuse(struct sg_error *why)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    enum sg_status status = sg_fail(why, SG_INVALID, "its answer does not verify (%s)",
                                    reason == NULL ? "it grants no token" : reason);

    ERR_clear_error();
    return status;
}

static enum sg_status check_genuine(const struct tsa_trust *trust, TS_REQ *question,
                                    TS_RESP *response, struct sg_error *why)
{
    AUTO(free_verification) TS_VERIFY_CTX *ctx = TS_REQ_to_TS_VERIFY_CTX(question, NULL);

    ERR_clear_error();
    if (ctx == NULL || X509_STORE_up_ref(trust->anchors) != 1) {
        return SG_NO_MEMORY;
    }
    (void)TS_VERIFY_CTX_add_flags(ctx, TS_VFY_SIGNATURE);
    (void)TS_VERIFY_CTX_set_store(ctx, trust->anchors); /* takes the reference */
    return TS_RESP_verify_response(ctx, response) == 1 ? SG_OK : refuse(why);
}

/* RFC 5816 and ETSI TS 119 312: SHA-1 and MD5 prove nothing any more. */
static enum sg_status check_hash(PKCS7 *token, struct sg_error *why)
{
    STACK_OF(PKCS7_SIGNER_INFO) *signers = PKCS7_get_signer_info(token);
    const PKCS7_SIGNER_INFO *signer = sk_PKCS7_SIGNER_INFO_num(signers) == 1
                                          ? sk_PKCS7_SIGNER_INFO_value(signers, 0)
                                          : NULL;
    int nid = signer == NULL ? NID_undef : OBJ_obj2nid(signer->digest_alg->algorithm);

    if (nid != NID_sha256 && nid != NID_sha384 && nid != NID_sha512) {
        return sg_fail(why, SG_INVALID, "its token is signed by the hash %s",
                       nid == NID_undef ? "of nobody" : OBJ_nid2sn(nid));
    }
    return SG_OK;
}

/* --- When ------------------------------------------------------------------------- */

static bool time_of(const TS_TST_INFO *info, int64_t *time_us)
{
    struct tm parts;
    const ASN1_GENERALIZEDTIME *when = TS_TST_INFO_get_time(info);

    if (when == NULL || ASN1_TIME_to_tm(when, &parts) != 1) {
        return false;
    }
    int64_t s = timegm(&parts);
    *time_us = s * US_PER_S;
    return s > 0;
}

/* A part that is absent counts nothing; one that is beyond reason counts much. */
static int64_t part_of(const ASN1_INTEGER *number, int64_t unit_us)
{
    enum { MOST = 1 << 20 };
    int64_t value = 0;

    if (number == NULL) {
        return 0;
    }
    if (ASN1_INTEGER_get_int64(&value, number) != 1 || value < 0 || value > MOST) {
        value = MOST;
    }
    return value * unit_us;
}

static int64_t accuracy_of(TS_TST_INFO *info)
{
    TS_ACCURACY *accuracy = TS_TST_INFO_get_accuracy(info);

    if (accuracy == NULL) {
        return 0;
    }
    return part_of(TS_ACCURACY_get_seconds(accuracy), US_PER_S) +
           part_of(TS_ACCURACY_get_millis(accuracy), US_PER_MS) +
           part_of(TS_ACCURACY_get_micros(accuracy), 1);
}

static enum sg_status check_time(const struct tsa_trust *trust, TS_TST_INFO *info,
                                 int64_t now_us, int64_t *time_us, struct sg_error *why)
{
    if (!time_of(info, time_us)) {
        return sg_fail(why, SG_INVALID, "its token has no time that can be read");
    }
    int64_t off_us = *time_us > now_us ? *time_us - now_us : now_us - *time_us;
    if (off_us + accuracy_of(info) > trust->skew_us) {
        return sg_fail(
            why, SG_INVALID,
            "its time is %lld s off this machine's, or too vague (accuracy %lld "
            "s): one of the clocks is wrong, or tsa.skew_s too small",
            (long long)(off_us / US_PER_S), (long long)(accuracy_of(info) / US_PER_S));
    }
    return SG_OK;
}

/* --- The token -------------------------------------------------------------------- */

static enum sg_status take_serial(const TS_TST_INFO *info, struct tsa_token *out,
                                  struct sg_error *why)
{
    AUTO(free_number)
    BIGNUM *number = ASN1_INTEGER_to_BN(TS_TST_INFO_get_serial(info), NULL);
    AUTO(free_text) char *text = number == NULL ? NULL : BN_bn2hex(number);

    if (text == NULL || strlen(text) >= sizeof(out->serial)) {
        return sg_fail(why, SG_INVALID,
                       "its token has no serial number, or a too long one");
    }
    memcpy(out->serial, text, strlen(text) + 1);
    return SG_OK;
}

static enum sg_status take_der(PKCS7 *token, struct tsa_token *out, struct sg_error *why)
{
    uint8_t *at = out->der;
    int len = i2d_PKCS7(token, NULL);

    if (len <= 0 || len > TSA_TOKEN_MAX) {
        return sg_fail(why, SG_INVALID, "its token has more than %d bytes",
                       TSA_TOKEN_MAX);
    }
    out->len = (size_t)i2d_PKCS7(token, &at);
    return out->len == (size_t)len ? SG_OK : SG_INTERNAL;
}

enum sg_status token_judge(const struct tsa_trust *trust, const struct tsa_answer *answer,
                           struct tsa_token *out, struct sg_error *why)
{
    const struct slice bytes = answer->bytes;
    const uint8_t *at = bytes.data;

    AUTO(free_response) TS_RESP *response = d2i_TS_RESP(NULL, &at, (long)bytes.len);
    if (response == NULL || at != bytes.data + bytes.len) {
        ERR_clear_error();
        return sg_fail(why, SG_INVALID,
                       "it answers with something else than a time stamp");
    }
    TRY(check_genuine(trust, answer->question, response, why));
    PKCS7 *token = TS_RESP_get_token(response);
    TS_TST_INFO *info = TS_RESP_get_tst_info(response);
    TRY(check_hash(token, why));
    TRY(check_time(trust, info, answer->now_us, &out->time_us, why));
    TRY(take_serial(info, out, why));
    return take_der(token, out, why);
}

/* --- Its certificates -------------------------------------------------------------- */

static void free_context(X509_STORE_CTX **ctx)
{
    X509_STORE_CTX_free(*ctx);
}

static void free_signers(STACK_OF(X509) * *signers)
{
    sk_X509_free(*signers);
}

static enum sg_status write_chain(STACK_OF(X509) * chain, uint8_t out[TSA_CHAIN_MAX],
                                  size_t *len)
{
    uint8_t *at = out;

    for (int i = 0; i < sk_X509_num(chain); i++) {
        int size = i2d_X509(sk_X509_value(chain, i), NULL);
        if (size <= 0 || size > TSA_CHAIN_MAX - (at - out)) {
            return SG_TOO_LARGE;
        }
        (void)i2d_X509(sk_X509_value(chain, i), &at);
    }
    *len = (size_t)(at - out);
    return SG_OK;
}

enum sg_status token_chain(const struct tsa_trust *trust, struct slice token,
                           uint8_t out[TSA_CHAIN_MAX], size_t *len)
{
    const uint8_t *at = token.data;

    AUTO(free_pkcs7) PKCS7 *parsed = d2i_PKCS7(NULL, &at, (long)token.len);
    if (parsed == NULL || PKCS7_type_is_signed(parsed) == 0) {
        return SG_INVALID;
    }
    AUTO(free_signers) STACK_OF(X509) *signers = PKCS7_get0_signers(parsed, NULL, 0);
    AUTO(free_context) X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    if (ctx == NULL || sk_X509_num(signers) != 1 ||
        X509_STORE_CTX_init(ctx, trust->anchors, sk_X509_value(signers, 0),
                            parsed->d.sign->cert) != 1 ||
        X509_STORE_CTX_set_purpose(ctx, X509_PURPOSE_TIMESTAMP_SIGN) != 1 ||
        X509_verify_cert(ctx) != 1) {
        ERR_clear_error();
        return SG_INVALID;
    }
    return write_chain(X509_STORE_CTX_get0_chain(ctx), out, len);
}
