#include "gateway/transport/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "gateway/transport/issuers.h"
#include "gateway/transport/revocation.h"

static const uint8_t alpn_h2[] = {2, 'h', '2'};

/* 2: keys of at least 112 bits and no SHA-1 (SSL_CTX_set_security_level(3)), whatever the
 * machine's openssl.cnf says. Issuers between a client and one of client_ca. */
enum { SECURITY_LEVEL = 2, CLIENT_CHAIN_MAX = 4 };

/* A client that offers no protocols at all is told so by an alert: OpenSSL would never
 * ask choose_protocol about it. */
static int refuse_without_alpn(SSL *ssl, int *alert, void *context)
{
    const unsigned char *bytes = NULL;
    size_t len = 0;

    (void)context;
    if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_application_layer_protocol_negotiation,
                                  &bytes, &len) == 1) {
        return SSL_CLIENT_HELLO_SUCCESS;
    }
    *alert = SSL_AD_NO_APPLICATION_PROTOCOL;
    return SSL_CLIENT_HELLO_ERROR;
}

/* A client that offers protocols must offer h2. */
/* NOLINTNEXTLINE(readability-function-size): the signature is OpenSSL's */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                           const unsigned char *in, unsigned int in_len, void *context)
{
    (void)ssl;
    (void)context;
    for (unsigned int at = 0; at < in_len; at += 1U + in[at]) {
        if (in[at] == 2 && in_len - at >= sizeof(alpn_h2) &&
            memcmp(in + at, alpn_h2, sizeof(alpn_h2)) == 0) {
            *out = in + at + 1;
            *out_len = 2;
            return SSL_TLSEXT_ERR_OK;
        }
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* An encrypted key file would make OpenSSL ask on the terminal. */
static int no_passphrase(char *buffer, int size, int writing, void *context)
{
    (void)buffer;
    (void)size;
    (void)writing;
    (void)context;
    return 0;
}

static const char *last_reason(void)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());

    return reason == NULL ? "no reason given" : reason;
}

static enum sg_status check_file(const char *path, const char *role, struct sg_error *why)
{
    if (path == NULL || access(path, R_OK) != 0) {
        return sg_fail(why, SG_NOT_FOUND,
                       "the %s file '%s' cannot be read; check the path and its rights",
                       role, path == NULL ? "" : path);
    }
    return SG_OK;
}

static enum sg_status load_identity(SSL_CTX *tls, const struct server_options *options,
                                    struct sg_error *why)
{
    TRY(check_file(options->certificate, "certificate", why));
    TRY(check_file(options->private_key, "private key", why));
    if (SSL_CTX_use_certificate_chain_file(tls, options->certificate) != 1) {
        return sg_fail(why, SG_INVALID,
                       "'%s' does not hold a certificate in PEM (%s); put the server's "
                       "certificate first, then its issuers",
                       options->certificate, last_reason());
    }
    if (SSL_CTX_use_PrivateKey_file(tls, options->private_key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(tls) != 1) {
        return sg_fail(why, SG_INVALID,
                       "'%s' is not the unencrypted PEM key of the certificate '%s' (%s)",
                       options->private_key, options->certificate, last_reason());
    }
    return SG_OK;
}

/* Without a current list of its issuer no client gets in: who set up revocation wants to
 * know rather than to hope. */
static enum sg_status load_revocations(SSL_CTX *tls, const struct server_options *options,
                                       struct sg_error *why)
{
    TRY(check_file(options->client_crl, "client revocation", why));
    return revocation_load(SSL_CTX_get_cert_store(tls), options->client_crl, why);
}

static enum sg_status load_client_issuers(SSL_CTX *tls,
                                          const struct server_options *options,
                                          struct sg_error *why)
{
    if (options->client_ca == NULL) {
        SSL_CTX_set_verify(tls, SSL_VERIFY_NONE, NULL);
        return SG_OK;
    }
    TRY(check_file(options->client_ca, "client issuers", why));
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(options->client_ca);
    if (names == NULL ||
        SSL_CTX_load_verify_locations(tls, options->client_ca, NULL) != 1) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        return sg_fail(why, SG_INVALID,
                       "'%s' does not hold certificates in PEM (%s); it must name the "
                       "issuers of the clients' certificates",
                       options->client_ca, last_reason());
    }
    SSL_CTX_set_client_CA_list(tls, names);
    if (!issuers_anchored(SSL_CTX_get_cert_store(tls))) {
        return sg_fail(why, SG_INVALID,
                       "'%s' holds no self-signed issuer, and without one no client gets "
                       "in; add the root that the issuers in it lead to",
                       options->client_ca);
    }
    return options->client_crl == NULL ? SG_OK : load_revocations(tls, options, why);
}

/* HTTP/2 forbids most suites of TLS 1.2 (RFC 9113 section 9.2.2). */
static bool set_versions(SSL_CTX *tls, bool tls12)
{
    return SSL_CTX_set_min_proto_version(tls, tls12 ? TLS1_2_VERSION : TLS1_3_VERSION) ==
               1 &&
           SSL_CTX_set_cipher_list(tls, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1;
}

/* OpenSSL would tell the client that its own certificate has expired: it is the gateway
 * that cannot judge it, and the alert is internal_error. */
static int blame(int good, X509_STORE_CTX *judge)
{
    if (good == 0 && revocation_is_over(X509_STORE_CTX_get_error(judge))) {
        X509_STORE_CTX_set_error(judge, X509_V_ERR_STORE_LOOKUP);
    }
    return good;
}

/* No resumption: a resumed session would skip the check of the client's chain. */
static bool harden(SSL_CTX *tls, bool tls12)
{
    static const unsigned char id[] = "segel";

    SSL_CTX_set_options(tls, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
                                 SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                              SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(tls, 1);
    (void)SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_security_level(tls, SECURITY_LEVEL);
    SSL_CTX_set_verify(tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, blame);
    SSL_CTX_set_verify_depth(tls, CLIENT_CHAIN_MAX);
    SSL_CTX_set_client_hello_cb(tls, refuse_without_alpn, NULL);
    SSL_CTX_set_alpn_select_cb(tls, choose_protocol, NULL);
    SSL_CTX_set_default_passwd_cb(tls, no_passphrase);
    return set_versions(tls, tls12) && SSL_CTX_set_num_tickets(tls, 0) == 1 &&
           SSL_CTX_set_session_id_context(tls, id, sizeof(id) - 1) == 1;
}

enum sg_status tls_context(const struct server_options *options, SSL_CTX **out,
                           struct sg_error *why)
{
    ERR_clear_error();
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
    if (tls == NULL || !harden(tls, options->tls12)) {
        SSL_CTX_free(tls);
        return sg_fail(why, SG_INTERNAL, "OpenSSL cannot set up TLS 1.3 (%s)",
                       last_reason());
    }
    enum sg_status status = load_identity(tls, options, why);
    if (status == SG_OK) {
        status = load_client_issuers(tls, options, why);
    }
    if (status != SG_OK) {
        SSL_CTX_free(tls);
        return status;
    }
    *out = tls;
    return SG_OK;
}

static bool asks_for_lists(const SSL_CTX *tls)
{
    const X509_VERIFY_PARAM *param = X509_STORE_get0_param(SSL_CTX_get_cert_store(tls));

    return (X509_VERIFY_PARAM_get_flags(param) & X509_V_FLAG_CRL_CHECK) != 0;
}

void tls_validity(SSL_CTX *tls, struct validity *out)
{
    const X509 *own = tls == NULL ? NULL : SSL_CTX_get0_certificate(tls);
    STACK_OF(X509) *issuers = NULL;

    validity_init(out);
    if (own != NULL) {
        out->parts[VALIDITY_CERTIFICATE].from_us =
            validity_time_us(X509_get0_notBefore(own), INT64_MIN);
        out->parts[VALIDITY_CERTIFICATE].until_us =
            validity_time_us(X509_get0_notAfter(own), INT64_MAX);
        (void)SSL_CTX_get0_chain_certs(tls, &issuers);
        out->served_until_us = validity_chain_end_us(issuers);
        issuers_validity(SSL_CTX_get_cert_store(tls), out);
        revocation_validity(SSL_CTX_get_cert_store(tls), out);
        out->tls12 = SSL_CTX_get_min_proto_version(tls) < TLS1_3_VERSION;
        out->lists = asks_for_lists(tls);
    }
}

enum sg_status tls_check_dates(const struct server_options *options, SSL_CTX *tls,
                               struct sg_error *why)
{
    const char *const files[VALIDITY_PARTS] = {[VALIDITY_CERTIFICATE] =
                                                   options->certificate,
                                               [VALIDITY_ISSUERS] = options->client_ca,
                                               [VALIDITY_LISTS] = options->client_crl};
    struct validity validity;
    struct sg_error told = {0};

    tls_validity(tls, &validity);
    for (enum validity_part i = VALIDITY_CERTIFICATE; i < VALIDITY_PARTS; i++) {
        if (validity_check(&validity, i, clock_wall_us(), &told) != SG_OK) {
            return sg_fail(why, SG_INVALID, "'%.200s': %s", files[i], told.text);
        }
    }
    return SG_OK;
}

static enum tls_end end_of(SSL *ssl, int result)
{
    switch (SSL_get_error(ssl, result)) {
    case SSL_ERROR_NONE:
        return TLS_DONE;
    case SSL_ERROR_WANT_READ:
        return TLS_WANTS_READ;
    case SSL_ERROR_WANT_WRITE:
        return TLS_WANTS_WRITE;
    case SSL_ERROR_ZERO_RETURN:
        return TLS_PEER_LEFT;
    case SSL_ERROR_SYSCALL:
        return ERR_peek_error() == 0 ? TLS_PEER_LEFT : TLS_BROKEN;
    default:
        return TLS_BROKEN;
    }
}

/* SSL_get_error looks at the thread's queue of errors: it must be empty before. */
enum tls_end tls_handshake(SSL *ssl)
{
    ERR_clear_error();
    return end_of(ssl, SSL_accept(ssl));
}

enum tls_end tls_read(SSL *ssl, uint8_t *out, size_t cap, size_t *len)
{
    ERR_clear_error();
    return end_of(ssl, SSL_read_ex(ssl, out, cap, len));
}

enum tls_end tls_write(SSL *ssl, struct slice bytes, size_t *len)
{
    ERR_clear_error();
    return end_of(ssl, SSL_write_ex(ssl, bytes.data, bytes.len, len));
}

bool tls_speaks_h2(SSL *ssl)
{
    const unsigned char *name = NULL;
    unsigned int len = 0;

    SSL_get0_alpn_selected(ssl, &name, &len);
    return slice_equal(slice_of(name, len), slice_str("h2"));
}
