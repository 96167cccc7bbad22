#include "gateway/transport/tls.h"

#include <criterion/criterion.h>
#include <openssl/err.h>
#include <openssl/sslerr.h>
#include <string.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "tests/unit/transport/support/doorway.h"
#include "tests/unit/transport/support/peer.h"

/* Which TLS clients get in, and what the others are told. */

TestSuite(tls, .init = doorway_make, .fini = doorway_clear, .timeout = 20);

static void serve(void)
{
    struct sg_error why = {0};

    cr_assert_eq(server_new(&door.options, &door.server, &why), SG_OK, "%s", why.text);
    cr_assert_eq(server_start(door.server, &why), SG_OK, "%s", why.text);
}

/* A client of OpenSSL with everything allowed that it can do. */
struct client {
    const char *cert; /* NULL: none */
    const char *key;
    const char *alpn;    /* wire format; NULL: none is offered */
    int version;         /* 0: any */
    const char *ciphers; /* of TLS 1.2; NULL: any */
};

static const char h2[] = "\x02h2";

static struct client friend(void)
{
    return (struct client){
        .cert = door.pki.client, .key = door.pki.client_key, .alpn = h2};
}

static struct client with_made(void)
{
    return (struct client){.cert = door.pki.made, .key = door.pki.made_key, .alpn = h2};
}

static SSL *connect_client(const struct client *client)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_client_method());

    SSL_CTX_set_security_level(tls, 0);
    cr_assert_eq(
        SSL_CTX_set_cipher_list(tls, client->ciphers == NULL ? "ALL" : client->ciphers),
        1);
    cr_assert_eq(SSL_CTX_set_min_proto_version(tls, client->version), 1);
    cr_assert_eq(SSL_CTX_set_max_proto_version(tls, client->version), 1);
    if (client->cert != NULL) {
        cr_assert_eq(SSL_CTX_use_certificate_chain_file(tls, client->cert), 1);
        cr_assert_eq(SSL_CTX_use_PrivateKey_file(tls, client->key, SSL_FILETYPE_PEM), 1);
    }
    if (client->alpn != NULL) {
        cr_assert_eq(SSL_CTX_set_alpn_protos(tls, (const unsigned char *)client->alpn,
                                             (unsigned)strlen(client->alpn)),
                     0);
    }
    SSL *ssl = SSL_new(tls);
    cr_assert_eq(SSL_set_fd(ssl, plain_connect(server_port(door.server, 0))), 1);
    SSL_CTX_free(tls);
    return ssl;
}

static void end_client(SSL *ssl)
{
    (void)close(SSL_get_fd(ssl));
    SSL_free(ssl);
}

/* 0: in, and the server's first frame came; else why not, as this client's OpenSSL says
 * it. With TLS 1.3 a client learns only after its handshake whether it is welcome. */
static int first_bytes(SSL *ssl)
{
    char byte = 0;

    ERR_clear_error();
    bool in = SSL_connect(ssl) == 1 && SSL_read(ssl, &byte, 1) == 1;
    int reason = ERR_GET_REASON(ERR_peek_error());
    return in ? 0 : (reason == 0 ? -1 : reason);
}

static int try(const struct client *client)
{
    SSL *ssl = connect_client(client);
    int reason = first_bytes(ssl);

    end_client(ssl);
    return reason;
}

/* A reason of -1, nothing to read but the end, is a client that was left in the dark. */
static void expect_told(const struct client *client, int reason)
{
    int found = try(client);

    cr_expect_eq(found, reason, "told %d %s", found,
                 found <= 0 ? ""
                            : ERR_reason_error_string(ERR_PACK(ERR_LIB_SSL, 0, found)));
    const struct client good = friend();
    cr_expect_eq(try(&good), 0, "the next good client is served");
}

Test(tls, lets_in_a_client_with_a_certificate_of_the_known_issuer)
{
    const struct client client = friend();

    serve();
    cr_expect_eq(try(&client), 0);
}

Test(tls, tells_a_client_what_is_wrong_with_its_certificate)
{
    static const struct {
        enum pki_flaw flaw;
        int told;
    } rows[] = {{PKI_EXPIRED, SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED},
                {PKI_NOT_YET, SSL_R_SSLV3_ALERT_BAD_CERTIFICATE},
                {PKI_SERVER_ONLY, SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE},
                {PKI_WEAK, SSL_R_SSLV3_ALERT_BAD_CERTIFICATE},
                {PKI_SOUND, 0}};

    serve();
    for (size_t i = 0; i < SG_COUNT(rows); i++) {
        const struct client client = with_made();
        pki_issue(&door.pki, rows[i].flaw, 0);
        expect_told(&client, rows[i].told);
    }
}

Test(tls, tells_a_client_that_its_issuer_is_unknown_or_the_certificate_missing)
{
    struct client client = friend();

    serve();
    client.cert = door.pki.other;
    client.key = door.pki.other_key;
    expect_told(&client, SSL_R_TLSV1_ALERT_UNKNOWN_CA);
    client.cert = NULL;
    expect_told(&client, SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED);
}

Test(tls, allows_four_issuers_between)
{
    const struct client client = with_made();

    serve();
    pki_issue(&door.pki, PKI_SOUND, 4);
    expect_told(&client, 0);
    pki_issue(&door.pki, PKI_SOUND, 5);
    cr_expect_neq(try(&client), 0);
}

Test(tls, tells_a_client_that_http_2_is_missing)
{
    struct client client = friend();

    serve();
    client.alpn = "\x08http/1.1";
    expect_told(&client, SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL);
    client.alpn = NULL;
    expect_told(&client, SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL);
    client.alpn = "\x08http/1.1\x02h2";
    expect_told(&client, 0);
}

Test(tls, speaks_1_3_only_unless_1_2_is_allowed)
{
    struct client client = friend();

    serve();
    client.version = TLS1_2_VERSION;
    expect_told(&client, SSL_R_TLSV1_ALERT_PROTOCOL_VERSION);
    client.version = TLS1_1_VERSION;
    expect_told(&client, SSL_R_TLSV1_ALERT_PROTOCOL_VERSION);
}

Test(tls, speaks_1_2_with_ecdhe_and_aead_only)
{
    static const char *const refused[] = {"ECDHE+AES:!AESGCM:!AESCCM", "AESCCM",
                                          "ECDHE+AESCCM", "kRSA", "kDHE"};
    struct client client = friend();

    door.options.tls12 = true;
    serve();
    expect_told(&client, 0);
    client.version = TLS1_1_VERSION;
    expect_told(&client, SSL_R_TLSV1_ALERT_PROTOCOL_VERSION);
    client.version = TLS1_2_VERSION;
    expect_told(&client, 0);
    client.ciphers = "ECDHE+CHACHA20";
    expect_told(&client, 0);
    for (size_t i = 0; i < SG_COUNT(refused); i++) {
        client.ciphers = refused[i];
        expect_told(&client, SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE);
    }
}

Test(tls, does_not_renegotiate)
{
    struct client client = friend();
    char byte = 0;

    door.options.tls12 = true;
    serve();
    client.version = TLS1_2_VERSION;
    SSL *ssl = connect_client(&client);
    cr_assert_eq(first_bytes(ssl), 0);
    while (SSL_pending(ssl) > 0) { /* a client that waits for a handshake takes no data */
        cr_assert_eq(SSL_read(ssl, &byte, 1), 1);
    }
    cr_assert_eq(SSL_renegotiate(ssl), 1);
    ERR_clear_error();
    bool again = SSL_do_handshake(ssl) == 1 && SSL_read(ssl, &byte, 1) == 1 &&
                 SSL_renegotiate_pending(ssl) == 0;
    cr_expect_not(again);
    cr_expect_eq(ERR_GET_REASON(ERR_peek_error()), SSL_R_NO_RENEGOTIATION, "%s",
                 ERR_reason_error_string(ERR_peek_error()));
    end_client(ssl);
}

Test(tls, resumes_no_session)
{
    struct client client = friend();

    door.options.tls12 = true;
    serve();
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        client.version = version;
        SSL *ssl = connect_client(&client);
        cr_assert_eq(first_bytes(ssl), 0);
        SSL_SESSION *session = SSL_get1_session(ssl);
        SSL *second = connect_client(&client);
        cr_assert_eq(SSL_set_session(second, session), 1);
        cr_expect_eq(first_bytes(second), 0);
        cr_expect_not(SSL_session_reused(second));
        SSL_SESSION_free(session);
        end_client(ssl);
        end_client(second);
    }
}

Test(tls, asks_for_a_current_list_of_the_issuer)
{
    const struct client client = with_made();

    pki_issue(&door.pki, PKI_SOUND, 0);
    door.options.client_crl = door.pki.crl;
    pki_revoke(&door.pki, true, false);
    serve();
    expect_told(&client, 0);
    pki_revoke(&door.pki, true, true);
    cr_assert_eq(server_reload(door.server, &door.options, NULL), SG_OK);
    expect_told(&client, SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED);
}

/* It is not the client's certificate that has expired. A start goes on with such a list,
 * and says so; nobody gives a good one up for it. */
Test(tls, a_list_that_is_over_is_no_fault_of_the_client)
{
    const struct client client = friend();
    struct validity validity;
    struct sg_error why = {0};

    door.options.client_crl = door.pki.crl;
    pki_revoke(&door.pki, false, false);
    cr_expect_eq(server_check(&door.options, &why), SG_OK, "%s", why.text);
    cr_expect_eq(server_check_dates(&door.options, &why), SG_INVALID);
    cr_expect_not_null(strstr(why.text, "of '/CN=test issuer' ended on 2"), "%s",
                       why.text);
    serve();
    cr_expect_eq(try(&client), SSL_R_TLSV1_ALERT_INTERNAL_ERROR);
    server_validity(door.server, &validity);
    cr_expect_eq(validity_check(&validity, VALIDITY_LISTS, clock_wall_us(), NULL),
                 SG_INVALID);
    cr_expect_eq(validity_check(&validity, VALIDITY_CERTIFICATE, clock_wall_us(), NULL),
                 SG_OK);
    pki_revoke(&door.pki, true, false);
    cr_assert_eq(server_reload(door.server, &door.options, &why), SG_OK, "%s", why.text);
    expect_told(&client, 0);
    server_validity(door.server, &validity);
    cr_expect_gt(validity_end_us(&validity, VALIDITY_LISTS), clock_wall_us());
    pki_revoke(&door.pki, false, false);
    cr_expect_eq(server_reload(door.server, &door.options, &why), SG_INVALID);
    expect_told(&client, 0);
}

Test(tls, a_certificate_of_ours_that_is_not_good_now_replaces_no_good_one)
{
    static const struct {
        enum pki_flaw flaw;
        const char *words;
    } rows[] = {{PKI_EXPIRED, "certificate ended on 2"},
                {PKI_NOT_YET, "certificate begins only on 2"}};
    const struct client client = friend();
    struct server_options bad;
    struct sg_error why = {0};

    serve();
    bad = door.options;
    bad.certificate = door.pki.made;
    bad.private_key = door.pki.made_key;
    for (size_t i = 0; i < SG_COUNT(rows); i++) {
        pki_issue(&door.pki, rows[i].flaw, 0);
        cr_expect_eq(server_check(&bad, &why), SG_OK, "a start goes on");
        cr_expect_eq(server_check_dates(&bad, &why), SG_INVALID);
        cr_expect_eq(server_reload(door.server, &bad, &why), SG_INVALID);
        cr_expect_not_null(strstr(why.text, rows[i].words), "%s", why.text);
        cr_expect_not_null(strstr(why.text, door.pki.made), "%s", why.text);
        expect_told(&client, 0);
    }
}

Test(tls, lets_nobody_in_whose_issuer_has_no_list)
{
    const struct client client = with_made();

    pki_issue(&door.pki, PKI_SOUND, 1);
    door.options.client_crl = door.pki.crl;
    pki_revoke(&door.pki, true, false);
    serve();
    expect_told(&client, SSL_R_TLSV1_ALERT_UNKNOWN_CA);
}

/* Each would shut every client out, or let those in that were revoked. */
Test(tls, refuses_lists_that_protect_nobody)
{
    static const char *const words[] = {
        [PKI_LIST_OF_ANOTHER_NAME] = "no revocation list that '/CN=test issuer'",
        [PKI_LIST_OF_ANOTHER_KEY] = "no revocation list that '/CN=test issuer'",
        [PKI_LIST_DELTA] = "delta list of '/CN=test issuer'"};
    struct sg_error why = {0};

    door.options.client_crl = door.pki.crl;
    for (size_t i = 0; i < SG_COUNT(words); i++) {
        pki_write_list(&door.pki, (enum pki_list)i);
        cr_expect_eq(server_new(&door.options, &door.server, &why), SG_INVALID);
        cr_expect_not_null(strstr(why.text, words[i]), "%s", why.text);
    }
    pki_revoke(&door.pki, true, false);
    serve();
}

Test(tls, reload_is_all_or_nothing)
{
    struct server_options bad;
    struct sg_error why = {0};

    serve();
    bad = door.options;
    bad.private_key = door.pki.client_key;
    cr_expect_eq(server_reload(door.server, &bad, &why), SG_INVALID);
    bad = door.options;
    bad.client_crl = door.pki.ca;
    cr_expect_eq(server_reload(door.server, &bad, &why), SG_INVALID);
    bad = door.options;
    bad.client_ca = "/nowhere";
    cr_expect_eq(server_reload(door.server, &bad, &why), SG_NOT_FOUND);
    const struct client client = friend();
    expect_told(&client, 0);
}

Test(tls, asks_for_no_certificate_without_issuers)
{
    struct client client = friend();

    door.options.client_ca = NULL;
    serve();
    client.cert = NULL;
    cr_expect_eq(try(&client), 0);
}
