#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include "gateway/cert/inside.h"

/* 112 bits: refuses SHA-1 signatures and RSA keys below 2048 bits anywhere in a chain. */
enum { SECURITY_LEVEL = 2, US_PER_S = 1000000 };

static bool fill_store(X509_STORE *store, STACK_OF(X509) * anchors)
{
    for (int i = 0; i < sk_X509_num(anchors); i++) {
        if (X509_STORE_add_cert(store, sk_X509_value(anchors, i)) != 1) {
            return false;
        }
    }
    return true;
}

static bool is_anchor(X509 *certificate, STACK_OF(X509) * anchors)
{
    for (int i = 0; i < sk_X509_num(anchors); i++) {
        if (X509_cmp(certificate, sk_X509_value(anchors, i)) == 0) {
            return true;
        }
    }
    return false;
}

static void append(struct cert *cert, X509 *certificate)
{
    if (cert->chain_count < CERT_CHAIN_MAX && X509_up_ref(certificate) == 1) {
        cert->chain[cert->chain_count++] = certificate;
    }
}

/* Behind the signer's: what was verified, or else what the file says. */
static void keep_issuers(struct cert *cert, STACK_OF(X509) * issuers, int from,
                         STACK_OF(X509) * anchors)
{
    for (int i = from; i < sk_X509_num(issuers); i++) {
        if (!is_anchor(sk_X509_value(issuers, i), anchors)) {
            append(cert, sk_X509_value(issuers, i));
        }
    }
}

static void prepare(X509_STORE_CTX *context, int64_t now_us)
{
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(context);

    X509_VERIFY_PARAM_set_time(param, (time_t)(now_us / US_PER_S));
    X509_VERIFY_PARAM_set_auth_level(param, SECURITY_LEVEL);
    X509_VERIFY_PARAM_set_depth(param, CERT_CHAIN_MAX);
}

/* One verification by OpenSSL, and the chain that it found. */
struct verified {
    X509_STORE *store;       /* owned */
    X509_STORE_CTX *context; /* owned */
    STACK_OF(X509) * chain;  /* borrowed from the context */
    bool good;
};

static void verified_fini(struct verified *verified)
{
    X509_STORE_CTX_free(verified->context);
    X509_STORE_free(verified->store);
}

static enum sg_status verify(const struct cert *cert, int64_t now_us,
                             struct verified *out)
{
    out->store = X509_STORE_new();
    out->context = X509_STORE_CTX_new();
    if (out->store == NULL || out->context == NULL ||
        !fill_store(out->store, cert->anchors) ||
        X509_STORE_CTX_init(out->context, out->store, cert->chain[0], cert->issuers) !=
            1) {
        return SG_NO_MEMORY;
    }
    prepare(out->context, now_us);
    out->good = X509_verify_cert(out->context) == 1;
    out->chain = X509_STORE_CTX_get0_chain(out->context);
    ERR_clear_error();
    return SG_OK;
}

static const X509_NAME *anchor_of(const struct verified *verified)
{
    return X509_get_subject_name(
        sk_X509_value(verified->chain, sk_X509_num(verified->chain) - 1));
}

enum sg_status chain_judge(struct cert *cert, int64_t now_us)
{
    AUTO(verified_fini) struct verified verified = {0};

    TRY(verify(cert, now_us, &verified));
    facts_bool(&cert->facts, FACT_ID_cert_chain_ok, verified.good);
    if (verified.good) {
        fact_name_text(cert, FACT_ID_cert_anchor, anchor_of(&verified));
        keep_issuers(cert, verified.chain, 1, cert->anchors);
    } else {
        keep_issuers(cert, cert->issuers, 0, cert->anchors);
    }
    return SG_OK;
}

/* --- At another time --------------------------------------------------------------- */

static void bound(const ASN1_TIME *time, int64_t now_us, struct cert_path *path)
{
    int64_t at_us = 0;

    if (!time_us(time, &at_us)) {
        return;
    }
    if (at_us <= now_us && at_us > path->from_us) {
        path->from_us = at_us;
    }
    if (at_us > now_us && at_us < path->until_us) {
        path->until_us = at_us;
    }
}

static void bound_by(X509 *certificate, int64_t now_us, struct cert_path *path)
{
    bound(X509_get0_notBefore(certificate), now_us, path);
    bound(X509_get0_notAfter(certificate), now_us, path);
}

static void bound_by_all(STACK_OF(X509) * certificates, int64_t now_us,
                         struct cert_path *path)
{
    for (int i = 0; i < sk_X509_num(certificates); i++) {
        bound_by(sk_X509_value(certificates, i), now_us, path);
    }
}

/* An end that lies behind it is still the chain's: OpenSSL finds the chain before it
 * looks at its dates. */
static int64_t first_end_us(const struct verified *verified)
{
    int64_t first_us = INT64_MAX;

    for (int i = 0; i < sk_X509_num(verified->chain); i++) {
        const X509 *one = sk_X509_value(verified->chain, i);
        int64_t end_us = INT64_MAX;
        if (time_us(X509_get0_notAfter(one), &end_us) && end_us < first_us) {
            first_us = end_us;
        }
    }
    return first_us;
}

/* OpenSSL counts in seconds, and at notAfter itself a certificate is over: what it says
 * changes at these bounds and nowhere else. */
enum sg_status cert_judge_path(const struct cert *cert, int64_t now_us,
                               struct cert_path *out)
{
    AUTO(verified_fini) struct verified verified = {0};
    struct cert_path path = {.from_us = INT64_MIN, .until_us = INT64_MAX};

    TRY(verify(cert, now_us, &verified));
    path.good = verified.good;
    path.why = X509_verify_cert_error_string(X509_STORE_CTX_get_error(verified.context));
    if (path.good && !name_text(anchor_of(&verified), path.anchor)) {
        path.anchor[0] = '\0';
    }
    path.first_end_us = first_end_us(&verified);
    bound_by(cert->chain[0], now_us, &path);
    bound_by_all(cert->issuers, now_us, &path);
    bound_by_all(cert->anchors, now_us, &path);
    *out = path;
    return SG_OK;
}

bool cert_path_holds(const struct cert_path *path, int64_t now_us)
{
    return path->from_us <= now_us && now_us < path->until_us;
}

void cert_path_facts(const struct cert_path *path, struct facts *facts)
{
    facts_bool(facts, FACT_ID_cert_chain_ok, path->good);
    facts->value[FACT_ID_cert_anchor] = (struct fact_value){0};
    if (path->anchor[0] != '\0') {
        facts_text(facts, FACT_ID_cert_anchor, slice_str(path->anchor));
    }
}
