#include "gateway/transport/trust.h"

#include <criterion/criterion.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/transport/tls.h"
#include "tests/unit/transport/support/pki.h"

/* A client that is judged once more while its connection is open. */

static struct pki pki;
static struct trust trust;
static unsigned generation;
static struct trust_word word;
static SSL *server;
static SSL *client;

static void prepare(void)
{
    pki_make(&pki);
    trust_init(&trust);
}

static void clear(void)
{
    SSL_free(server);
    SSL_free(client);
    trust_fini(&trust);
    pki_remove(&pki);
}

TestSuite(trust, .init = prepare, .fini = clear, .timeout = 20);

static void renew(int security_level)
{
    const struct server_options options = {
        .certificate = pki.server, .private_key = pki.server_key, .client_ca = pki.ca};
    struct sg_error why = {0};
    SSL_CTX *tls = NULL;

    cr_assert_eq(tls_context(&options, &tls, &why), SG_OK, "%s", why.text);
    if (security_level >= 0) {
        SSL_CTX_set_security_level(tls, security_level);
    }
    trust_renew(&trust, tls);
}

static SSL *new_client(void)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_client_method());

    SSL_CTX_set_security_level(tls, 0);
    cr_assert(SSL_CTX_use_certificate_chain_file(tls, pki.made) == 1 &&
              SSL_CTX_use_PrivateKey_file(tls, pki.made_key, SSL_FILETYPE_PEM) == 1 &&
              SSL_CTX_set_alpn_protos(tls, (const unsigned char *)"\2h2", 3) == 0);
    SSL *ssl = SSL_new(tls);
    SSL_CTX_free(tls);
    return ssl;
}

/* In memory, with a server that takes anything. */
static void let_in(enum pki_flaw flaw)
{
    BIO *near = NULL;
    BIO *far = NULL;

    pki_issue(&pki, flaw, 0);
    renew(0);
    server = trust_connection(&trust, &generation);
    client = new_client();
    cr_assert(server != NULL && client != NULL);
    cr_assert_eq(BIO_new_bio_pair(&near, 0, &far, 0), 1);
    SSL_set_bio(server, near, near);
    SSL_set_bio(client, far, far);
    SSL_set_accept_state(server);
    SSL_set_connect_state(client);
    for (int i = 0; i < 20 && !SSL_is_init_finished(server); i++) {
        (void)SSL_do_handshake(client);
        (void)SSL_do_handshake(server);
    }
    cr_assert(SSL_is_init_finished(server), "the handshake did not end");
}

static void expect_refused(enum pki_flaw flaw, const char *words)
{
    struct sg_error why = {0};

    let_in(flaw);
    cr_expect_eq(trust_judge(&trust, server, &word, &why), SG_OK, "%s", why.text);
    renew(-1);
    cr_expect_eq(trust_judge(&trust, server, &word, &why), SG_UNAUTHENTICATED);
    cr_expect_not_null(strstr(why.text, words), "%s", why.text);
}

Test(trust, sound_client_stays)
{
    struct sg_error why = {0};

    let_in(PKI_SOUND);
    renew(-1);
    cr_expect_eq(trust_judge(&trust, server, &word, &why), SG_OK, "%s", why.text);
    cr_expect_eq(word.generation, trust_generation(&trust));
}

/* Its issuer may end before its own certificate does. */
Test(trust, a_client_is_judged_anew_when_its_issuer_ends)
{
    const int64_t now_us = clock_wall_us();
    struct sg_error why = {0};

    let_in(PKI_SOUND);
    pki_end(&pki, 60, true);
    renew(-1);
    cr_expect_eq(trust_judge(&trust, server, &word, &why), SG_OK, "%s", why.text);
    cr_expect(word.until_us > now_us && word.until_us < now_us + INT64_C(70000000));
    pki_end(&pki, -60, true);
    renew(-1);
    cr_expect_eq(trust_judge(&trust, server, &word, &why), SG_UNAUTHENTICATED);
    cr_expect_not_null(strstr(why.text, "issuer has expired"), "%s", why.text);
}

Test(trust, short_key_is_refused_as_in_a_handshake)
{
    expect_refused(PKI_WEAK, "too weak");
}

Test(trust, old_digest_is_refused_as_in_a_handshake)
{
    expect_refused(PKI_OLD_DIGEST, "too weak");
}
