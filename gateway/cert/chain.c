#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include "gateway/cert/inside.h"

/* 112 bits: refuses SHA-1 signatures and RSA keys below 2048 bits anywhere in a chain. */
enum { SECURITY_LEVEL = 2, US_PER_S = 1000000 };

static void free_store(X509_STORE **store)
{
    X509_STORE_free(*store);
}

static void free_context(X509_STORE_CTX **context)
{
    X509_STORE_CTX_free(*context);
}

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

enum sg_status chain_judge(struct cert *cert, STACK_OF(X509) * candidates,
                           STACK_OF(X509) * anchors, int64_t now_us)
{
    AUTO(free_store) X509_STORE *store = X509_STORE_new();
    AUTO(free_context) X509_STORE_CTX *context = X509_STORE_CTX_new();

    if (store == NULL || context == NULL || !fill_store(store, anchors) ||
        X509_STORE_CTX_init(context, store, cert->chain[0], candidates) != 1) {
        return SG_NO_MEMORY;
    }
    prepare(context, now_us);
    bool good = X509_verify_cert(context) == 1;
    STACK_OF(X509) *verified = X509_STORE_CTX_get0_chain(context);
    facts_bool(&cert->facts, FACT_ID_cert_chain_ok, good);
    if (good) {
        X509 *anchor = sk_X509_value(verified, sk_X509_num(verified) - 1);
        fact_name_text(cert, FACT_ID_cert_anchor, X509_get_subject_name(anchor));
        keep_issuers(cert, verified, 1, anchors);
    } else {
        keep_issuers(cert, candidates, 0, anchors);
    }
    ERR_clear_error();
    return SG_OK;
}
