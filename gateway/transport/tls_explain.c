#include "gateway/transport/tls.h"

#include <openssl/err.h>
#include <openssl/sslerr.h>
#include <openssl/x509_vfy.h>

/* Why a handshake failed, for the administrator who reads the log or the person who sets
 * up a client. */
struct reason {
    int code; /* of OpenSSL */
    bool spoke_tls;
    const char *text;
};

static const struct reason reasons[] = {
    {SSL_R_HTTP_REQUEST, false,
     "the peer spoke plain HTTP on the TLS port; use https and gRPC with TLS 1.3"},
    {SSL_R_HTTPS_PROXY_REQUEST, false, "the peer took the TLS port for an HTTP proxy"},
    {SSL_R_WRONG_VERSION_NUMBER, false,
     "the peer sent bytes that are not TLS; only TLS 1.3 is spoken on this port"},
    {SSL_R_UNEXPECTED_MESSAGE, true, "the peer sent TLS messages in the wrong order"},
    {SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, true,
     "the client sent no certificate; give it one of an issuer in the client issuers "
     "file"},
    {SSL_R_UNSUPPORTED_PROTOCOL, true,
     "the client offers no version of TLS that is allowed; update its TLS library, or "
     "look at tls.min_version"},
    {SSL_R_NO_APPLICATION_PROTOCOL, true,
     "the client offers no HTTP/2 (ALPN h2); it is not a gRPC client"},
    {SSL_R_CALLBACK_FAILED, true,
     "the client offers no HTTP/2 (ALPN h2); it is not a gRPC client"},
    {SSL_R_NO_SHARED_CIPHER, true,
     "the client offers no cipher suite that is allowed (ECDHE with AEAD, or those of "
     "TLS 1.3)"},
    {SSL_R_TLSV1_ALERT_UNKNOWN_CA, true,
     "the client does not know the issuer of the gateway's certificate; give it that "
     "issuer"},
    {SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, true,
     "the client refused the gateway's certificate as bad"},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED, true,
     "the client refused the gateway's certificate as expired; renew it"},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN, true,
     "the client refused the gateway's certificate; is the host name in it?"},
};

/* What to do about a certificate, where OpenSSL's word for it does not tell. */
struct advice {
    long verified; /* X509_V_ERR_… */
    const char *text;
};

static const struct advice advices[] = {
    {X509_V_ERR_CERT_HAS_EXPIRED, "; give the client a new one"},
    {X509_V_ERR_CERT_NOT_YET_VALID, "; compare the clocks of the issuer and the gateway"},
    {X509_V_ERR_INVALID_PURPOSE, "; it is not made for TLS clients (extended key usage)"},
    {X509_V_ERR_UNABLE_TO_GET_CRL,
     "; put the list of its issuer into tls.client_crl and send SIGHUP"},
    {X509_V_ERR_CERT_CHAIN_TOO_LONG, "; too many issuers stand between"},
};

static const char *advice_on(long verified)
{
    for (size_t i = 0; i < SG_COUNT(advices); i++) {
        if (advices[i].verified == verified) {
            return advices[i].text;
        }
    }
    return "";
}

/* OpenSSL says the same of an issuer as of the client's own. */
static bool issuer_over(const SSL *ssl, long verified)
{
    const STACK_OF(X509) *chain = SSL_get0_verified_chain(ssl);

    return verified == X509_V_ERR_CERT_HAS_EXPIRED && sk_X509_num(chain) > 0 &&
           X509_cmp_current_time(X509_get0_notAfter(sk_X509_value(chain, 0))) > 0;
}

static const struct reason *find_reason(unsigned long error)
{
    for (size_t i = 0; i < SG_COUNT(reasons); i++) {
        if (ERR_GET_LIB(error) == ERR_LIB_SSL &&
            ERR_GET_REASON(error) == reasons[i].code) {
            return &reasons[i];
        }
    }
    return NULL;
}

static enum sg_status explain_error(SSL *ssl, unsigned long error, struct sg_error *why)
{
    const struct reason *reason = find_reason(error);
    const char *text = ERR_reason_error_string(error);
    long verified = SSL_get_verify_result(ssl);

    if (reason != NULL) {
        return sg_fail(why, reason->spoke_tls ? SG_DENIED : SG_INVALID, "%s",
                       reason->text);
    }
    if (verified == X509_V_ERR_STORE_LOOKUP) { /* tls.c, blame */
        return sg_fail(why, SG_DENIED,
                       "the list of the client's issuer in tls.client_crl is not current "
                       "(CRL has expired, or is of later); no client of that issuer gets "
                       "in until a current one is there and SIGHUP is sent");
    }
    if (issuer_over(ssl, verified)) {
        return sg_fail(
            why, SG_DENIED,
            "the client's certificate is refused: the certificate of an issuer "
            "of it has expired; put the issuer's new one into tls.client_ca and "
            "send SIGHUP, or give the client a certificate of another");
    }
    if (verified != X509_V_OK) {
        return sg_fail(why, SG_DENIED, "the client's certificate is refused: %s%s",
                       X509_verify_cert_error_string(verified), advice_on(verified));
    }
    return sg_fail(why, SG_INVALID, "the TLS handshake broke off: %s",
                   text == NULL ? "no reason given" : text);
}

enum sg_status tls_explain(SSL *ssl, enum tls_end end, struct sg_error *why)
{
    unsigned long error = ERR_peek_error();

    if (end == TLS_BROKEN && error != 0) {
        return explain_error(ssl, error, why);
    }
    if (end == TLS_PEER_LEFT || end == TLS_BROKEN) {
        return sg_fail(why, SG_IO, "the peer left before the TLS handshake was over");
    }
    return sg_fail(why, SG_TIMEOUT,
                   "the peer did not finish the TLS handshake in the time allowed");
}
