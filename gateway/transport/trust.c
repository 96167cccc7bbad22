#include "gateway/transport/trust.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include "gateway/clock.h"
#include "gateway/transport/revocation.h"
#include "gateway/transport/tls.h"

void trust_init(struct trust *trust)
{
    MUST(pthread_mutex_init(&trust->lock, NULL) == 0);
    trust->tls = NULL;
    validity_init(&trust->validity);
    atomic_init(&trust->generation, 0);
}

void trust_fini(struct trust *trust)
{
    SSL_CTX_free(trust->tls);
    trust->tls = NULL;
    (void)pthread_mutex_destroy(&trust->lock);
}

void trust_renew(struct trust *trust, SSL_CTX *tls)
{
    struct validity validity;

    tls_validity(tls, &validity);
    MUST(pthread_mutex_lock(&trust->lock) == 0);
    SSL_CTX *old = trust->tls;
    trust->tls = tls;
    trust->validity = validity;
    (void)atomic_fetch_add_explicit(&trust->generation, 1, memory_order_release);
    MUST(pthread_mutex_unlock(&trust->lock) == 0);
    SSL_CTX_free(old);
}

void trust_validity(struct trust *trust, struct validity *out)
{
    MUST(pthread_mutex_lock(&trust->lock) == 0);
    *out = trust->validity;
    MUST(pthread_mutex_unlock(&trust->lock) == 0);
}

/* The context as it is now, and its generation. */
static SSL_CTX *current(struct trust *trust, unsigned *generation)
{
    MUST(pthread_mutex_lock(&trust->lock) == 0);
    SSL_CTX *tls = trust->tls;
    bool held = tls != NULL && SSL_CTX_up_ref(tls) == 1;
    *generation = trust_generation(trust);
    MUST(pthread_mutex_unlock(&trust->lock) == 0);
    return held ? tls : NULL;
}

SSL *trust_connection(struct trust *trust, unsigned *generation)
{
    SSL_CTX *tls = current(trust, generation);
    SSL *ssl = tls == NULL ? NULL : SSL_new(tls);

    SSL_CTX_free(tls);
    return ssl;
}

/* The same settings as OpenSSL takes for a handshake: that the certificate has to be a
 * client's, those of the context, and the context's security level, which is not among
 * them. The time is the gateway's: time(2), by which OpenSSL goes, is some milliseconds
 * behind it, and would find good what /readyz says is over. */
static bool set_up(X509_STORE_CTX *judge, SSL_CTX *tls)
{
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(judge);

    if (X509_STORE_CTX_set_default(judge, "ssl_client") != 1 ||
        X509_VERIFY_PARAM_set1(param, SSL_CTX_get0_param(tls)) != 1) {
        return false;
    }
    X509_VERIFY_PARAM_set_auth_level(param, SSL_CTX_get_security_level(tls));
    X509_VERIFY_PARAM_set_time(param, (time_t)(clock_wall_us() / 1000000));
    return true;
}

/* No other certificate of the client would help. */
static const char lists_over[] =
    "the gateway's list of revoked client certificates is out of date, and the gateway's "
    "administrator has to renew it";

static const char *reason_of(const X509_STORE_CTX *judge)
{
    int error = X509_STORE_CTX_get_error(judge);
    bool issuer = X509_STORE_CTX_get_error_depth(judge) > 0;

    if (revocation_is_over(error)) {
        return lists_over;
    }
    return issuer && error == X509_V_ERR_CERT_HAS_EXPIRED
               ? "the certificate of its issuer has expired"
               : X509_verify_cert_error_string(error);
}

struct judgement {
    const char *why;  /* static; where it is not good */
    int64_t until_us; /* the first end in the chain, where it is */
};

static bool verify(SSL_CTX *tls, SSL *ssl, X509 *certificate, struct judgement *out)
{
    X509_STORE_CTX *judge = X509_STORE_CTX_new();
    bool good = judge != NULL &&
                X509_STORE_CTX_init(judge, SSL_CTX_get_cert_store(tls), certificate,
                                    SSL_get_peer_cert_chain(ssl)) == 1 &&
                set_up(judge, tls) && X509_verify_cert(judge) == 1;

    if (judge != NULL) {
        out->why = reason_of(judge);
        out->until_us = validity_chain_end_us(X509_STORE_CTX_get0_chain(judge));
    }
    X509_STORE_CTX_free(judge);
    ERR_clear_error();
    return good;
}

enum sg_status trust_judge(struct trust *trust, SSL *ssl, struct trust_word *out,
                           struct sg_error *why)
{
    X509 *certificate = SSL_get0_peer_certificate(ssl);
    struct judgement judgement = {.why = "no memory", .until_us = INT64_MAX};
    SSL_CTX *tls = current(trust, &out->generation);

    if (certificate == NULL && tls != NULL &&
        SSL_CTX_get_verify_mode(tls) == SSL_VERIFY_NONE) {
        SSL_CTX_free(tls);
        out->until_us = INT64_MAX;
        return SG_OK;
    }
    bool good =
        tls != NULL && certificate != NULL && verify(tls, ssl, certificate, &judgement);
    SSL_CTX_free(tls);
    out->until_us = judgement.until_us;
    return good
               ? SG_OK
               : sg_fail(why, SG_UNAUTHENTICATED,
                         "the client's certificate is no longer accepted: %s%s",
                         judgement.why,
                         judgement.why == lists_over ? "" : "; connect with a valid one");
}
