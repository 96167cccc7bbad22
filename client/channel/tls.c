#include "client/channel/internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "client/channel/address.h"
#include "client/channel/moment.h"
#include "client/channel/sentence.h"

static void free_addresses(struct addrinfo **list)
{
    if (*list != NULL) {
        freeaddrinfo(*list);
    }
}

static void free_context(SSL_CTX **context)
{
    SSL_CTX_free(*context);
}

static enum sg_status fail_given_up(struct sg_error *why)
{
    return sg_fail(why, SG_CANCELLED, "%s", sg_status_text(SG_CANCELLED));
}

/* Waits for the socket until deadline_us; SG_TIMEOUT, SG_CANCELLED. */
static SG_MUST_USE enum sg_status channel_wait(const struct channel *channel, int fd,
                                               short events, int64_t deadline_us)
{
    for (;;) {
        int64_t left_us = deadline_us - moment_mono_us();
        struct pollfd wanted = {.fd = fd, .events = events};
        if (channel_given_up(channel)) {
            return SG_CANCELLED;
        }
        if (left_us <= 0) {
            return SG_TIMEOUT;
        }
        int ready = poll(&wanted, 1, channel_look_ms(channel, left_us / 1000 + 1));
        if (ready > 0) {
            return SG_OK;
        }
        if (ready < 0 && errno != EINTR) {
            return SG_IO;
        }
    }
}

/* --- TCP --------------------------------------------------------------------------- */

/* strerror would give the same words in the user's language, but is not for threads. */
static const char no_way[] =
    "there is no way to that host: check the address and the network";

/* Of a host with several addresses each may fail in a way of its own: what says most of
 * the gateway comes first. Many machines have no way to any address of IPv6. */
static const struct {
    int error;
    const char *text;
} connect_errors[] = {
    {ECONNREFUSED, "nobody listens there: check the address and that the gateway runs"},
    {ETIMEDOUT, "no answer came: check the address and the firewall"},
    {EHOSTUNREACH, no_way},
    {ENETUNREACH, no_way},
    {0, "the connection failed: check the address and the network"}, /* all others */
};

static size_t connect_error(int error)
{
    size_t i = 0;

    while (connect_errors[i].error != 0 && connect_errors[i].error != error) {
        i++;
    }
    return i;
}

static enum sg_status connect_one(struct channel *channel, const struct addrinfo *to,
                                  int64_t deadline_us, int *error)
{
    int fd = socket(to->ai_family, to->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    socklen_t len = sizeof(*error);
    int on = 1;

    *error = fd < 0 ? errno : 0;
    if (fd < 0) {
        return SG_IO;
    }
    if (connect(fd, to->ai_addr, to->ai_addrlen) != 0) {
        *error = errno;
    }
    if (*error == EINPROGRESS) {
        *error = ETIMEDOUT;
        if (channel_wait(channel, fd, POLLOUT, deadline_us) == SG_OK &&
            getsockopt(fd, SOL_SOCKET, SO_ERROR, error, &len) != 0) {
            *error = errno;
        }
    }
    if (*error != 0) {
        (void)close(fd);
        return SG_IO;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    channel->fd = fd;
    return SG_OK;
}

/* One that answers nothing leaves the others behind it their share of the time. */
static int64_t share_of(const struct addrinfo *at, int64_t deadline_us)
{
    int64_t now_us = moment_mono_us();
    int64_t count = 0;

    for (const struct addrinfo *left = at; left != NULL; left = left->ai_next) {
        count++;
    }
    return now_us + (deadline_us - now_us) / count;
}

static enum sg_status tcp_open(struct channel *channel, const struct address *address,
                               int64_t deadline_us, struct sg_error *why)
{
    struct addrinfo wanted = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    AUTO(free_addresses) struct addrinfo *found = NULL;
    size_t told = SG_COUNT(connect_errors) - 1;

    int rc = getaddrinfo(address->host, address->port, &wanted, &found);
    if (rc != 0) {
        return sg_fail(why, SG_IO, "the host name '%s' cannot be resolved (%s)",
                       address->host, gai_strerror(rc));
    }
    for (const struct addrinfo *at = found; at != NULL && !channel_given_up(channel);
         at = at->ai_next) {
        int error = 0;
        if (connect_one(channel, at, share_of(at, deadline_us), &error) == SG_OK) {
            return SG_OK;
        }
        told = connect_error(error) < told ? connect_error(error) : told;
    }
    return channel_given_up(channel)
               ? fail_given_up(why)
               : sg_fail(why, SG_IO, "cannot reach the gateway at %s: %s",
                         channel->authority, connect_errors[told].text);
}

/* --- Certificates ------------------------------------------------------------------ */

/* A passphrase prompt would stop a nightly batch for ever. */
static int no_passphrase(char *buffer, int size, int writing, void *context)
{
    (void)buffer;
    (void)size;
    (void)writing;
    (void)context;
    return 0;
}

static enum sg_status load_identity(SSL_CTX *context,
                                    const struct channel_options *options,
                                    struct sg_error *why)
{
    if (SSL_CTX_use_certificate_chain_file(context, options->certificate) != 1) {
        return sg_fail(why, SG_INVALID,
                       "%s does not hold your client certificate in PEM form",
                       options->certificate);
    }
    if (SSL_CTX_use_PrivateKey_file(context, options->private_key, SSL_FILETYPE_PEM) ==
        1) {
        return SG_OK;
    }
    if (ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH) {
        return sg_fail(why, SG_INVALID, "the private key %s does not belong to %s",
                       options->private_key, options->certificate);
    }
    return sg_fail(why, SG_INVALID,
                   "%s does not hold a private key in PEM form without a passphrase",
                   options->private_key);
}

static enum sg_status make_context(const struct channel_options *options, SSL_CTX **out,
                                   struct sg_error *why)
{
    static const uint8_t protocols[] = {2, 'h', '2'};
    AUTO(free_context) SSL_CTX *context = SSL_CTX_new(TLS_client_method());

    if (context == NULL || SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1 ||
        SSL_CTX_set_alpn_protos(context, protocols, sizeof(protocols)) != 0) {
        return sg_fail(why, SG_NO_MEMORY, "TLS cannot be set up: not enough memory");
    }
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_default_passwd_cb(context, no_passphrase);
    (void)SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_TICKET);
    (void)SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
                                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    /* One read of the socket fetches several records when several are there. */
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_default_read_buffer_len(context, (size_t)4 * CHANNEL_RECORD);
    if (SSL_CTX_load_verify_file(context, options->ca) != 1) {
        return sg_fail(why, SG_INVALID,
                       "%s does not hold the certificates of the gateway's issuers in "
                       "PEM form",
                       options->ca);
    }
    TRY(load_identity(context, options, why));
    *out = context;
    context = NULL;
    return SG_OK;
}

static bool expect_peer(SSL *ssl, const struct address *address)
{
    if (address->is_ip) {
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), address->host) == 1;
    }
    return SSL_set_tlsext_host_name(ssl, address->host) == 1 &&
           SSL_set1_host(ssl, address->host) == 1;
}

/* --- Handshake --------------------------------------------------------------------- */

static const struct {
    int reason;
    const char *text;
} reasons[] = {
    {SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED,
     "the gateway wants a client certificate that it knows, and got none: check "
     "cert.pem"},
    {SSL_R_TLSV1_ALERT_UNKNOWN_CA,
     "the gateway refused your client certificate: it does not know its issuer"},
    {SSL_R_SSLV3_ALERT_BAD_CERTIFICATE,
     "the gateway refused your client certificate as unusable"},
    {SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE,
     "the gateway refused your client certificate: it is of a kind that it does not "
     "take"},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED,
     "the gateway refused your client certificate: it has expired, or is not valid yet"},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED,
     "the gateway refused your client certificate: it is revoked"},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN,
     "the gateway refused your client certificate"},
    {SSL_R_TLSV1_ALERT_ACCESS_DENIED,
     "the gateway refused your client certificate: its owner is not among the callers"},
    {SSL_R_TLSV1_ALERT_DECRYPT_ERROR,
     "the gateway refused your client certificate: its signature does not verify"},
    {SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL,
     "what listens there is not a gRPC server: it offers no HTTP/2"},
    {SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, "what listens there does not speak TLS 1.3"},
    {SSL_R_UNSUPPORTED_PROTOCOL, "what listens there does not speak TLS 1.3"},
    {SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE,
     "the gateway and this client have no TLS settings in common"},
    {SSL_R_WRONG_VERSION_NUMBER, "what listens there does not speak TLS"},
    {SSL_R_PACKET_LENGTH_TOO_LONG, "what listens there does not speak TLS"},
};

static const char *reason_text(int reason)
{
    for (size_t i = 0; i < SG_COUNT(reasons); i++) {
        if (reasons[i].reason == reason) {
            return reasons[i].text;
        }
    }
    return NULL;
}

void channel_tls_reason(const struct channel *channel, struct sg_error *why)
{
    unsigned long code = ERR_peek_last_error();
    const char *text =
        ERR_GET_LIB(code) == ERR_LIB_SSL ? reason_text(ERR_GET_REASON(code)) : NULL;
    const char *library = ERR_reason_error_string(code);

    if (text == NULL && code == 0) {
        text = "the connection was closed from the other side";
    }
    sentence(why, "%s: %s%s", channel->authority,
             text != NULL ? text : "the TLS connection broke: ",
             text != NULL || library == NULL ? "" : library);
}

/* The chain was judged by OpenSSL; say what is wrong in words that name the mend. */
static enum sg_status untrusted(const struct channel *channel,
                                const struct channel_options *options, long verdict,
                                struct sg_error *why)
{
    if (verdict == X509_V_ERR_HOSTNAME_MISMATCH ||
        verdict == X509_V_ERR_IP_ADDRESS_MISMATCH) {
        return sg_fail(why, SG_UNAUTHENTICATED,
                       "%s: the gateway's certificate is for another name: use the name "
                       "that stands in it",
                       channel->authority);
    }
    if (verdict == X509_V_ERR_CERT_HAS_EXPIRED ||
        verdict == X509_V_ERR_CERT_NOT_YET_VALID) {
        return sg_fail(why, SG_UNAUTHENTICATED,
                       "%s: the gateway's certificate, or one of its issuers', is not "
                       "good at this machine's time (%s): tell who runs the gateway, set "
                       "the clock, or renew %s where the issuer in it is the one",
                       channel->authority, X509_verify_cert_error_string(verdict),
                       options->ca);
    }
    return sg_fail(why, SG_UNAUTHENTICATED,
                   "%s: the gateway's certificate is not trusted (%s): check that %s is "
                   "of its issuers",
                   channel->authority, X509_verify_cert_error_string(verdict),
                   options->ca);
}

static enum sg_status handshake_failed(const struct channel *channel,
                                       const struct channel_options *options,
                                       struct sg_error *why)
{
    long verdict = SSL_get_verify_result(channel->ssl);

    if (verdict != X509_V_OK) {
        return untrusted(channel, options, verdict, why);
    }
    channel_tls_reason(channel, why);
    return SG_IO;
}

static enum sg_status shake_hands(struct channel *channel,
                                  const struct channel_options *options,
                                  int64_t deadline_us, struct sg_error *why)
{
    for (;;) {
        ERR_clear_error();
        int rc = SSL_connect(channel->ssl);
        if (rc == 1) {
            return SG_OK;
        }
        int error = SSL_get_error(channel->ssl, rc);
        if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
            return handshake_failed(channel, options, why);
        }
        short wanted = error == SSL_ERROR_WANT_WRITE ? POLLOUT : POLLIN;
        enum sg_status status = channel_wait(channel, channel->fd, wanted, deadline_us);
        if (status == SG_CANCELLED) {
            return fail_given_up(why);
        }
        if (status != SG_OK) {
            return sg_fail(why, SG_IO,
                           "%s: what listens there did not finish the TLS handshake in "
                           "time",
                           channel->authority);
        }
    }
}

static enum sg_status check_protocol(const struct channel *channel, struct sg_error *why)
{
    const uint8_t *name = NULL;
    unsigned len = 0;

    SSL_get0_alpn_selected(channel->ssl, &name, &len);
    if (slice_equal(slice_of(name, len), slice_str("h2"))) {
        return SG_OK;
    }
    return sg_fail(why, SG_IO, "%s: %s", channel->authority,
                   reason_text(SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL));
}

enum sg_status channel_tls_open(const struct channel_options *options,
                                int64_t deadline_us, struct channel *channel,
                                struct sg_error *why)
{
    struct address address;
    AUTO(free_context) SSL_CTX *context = NULL;

    TRY(address_parse(options->address, &address, why));
    (void)snprintf(channel->authority, sizeof(channel->authority), "%s",
                   options->address);
    TRY(make_context(options, &context, why));
    TRY(tcp_open(channel, &address, deadline_us, why));
    channel->ssl = SSL_new(context);
    BIO *bio = channel->ssl == NULL ? NULL : channel_socket_bio(channel->fd);
    if (bio != NULL) {
        SSL_set_bio(channel->ssl, bio, bio); /* gives it away */
    }
    if (bio == NULL || !expect_peer(channel->ssl, &address)) {
        return sg_fail(why, SG_NO_MEMORY, "TLS cannot be set up for %s",
                       channel->authority);
    }
    TRY(shake_hands(channel, options, deadline_us, why));
    return check_protocol(channel, why);
}
