#include "client/channel/channel.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "client/channel/moment.h"
#include "client/channel/unpack.h"
#include "segel/v1/common.pb-c.h"
#include "segel/v1/signing.pb-c.h"
#include "tests/unit/client/support/link.h"

LINK_BEFORE_ALL_TESTS
LINK_AFTER_ALL_TESTS

/* --- Connecting -------------------------------------------------------------------- */

static void expect_refusal(const char *sentence_part)
{
    struct channel *none = NULL;

    cr_assert_neq(channel_open(&options, &none, &why), SG_OK);
    cr_expect_not_null(strstr(why.text, sentence_part), "%s", why.text);
}

Test(channel_open, says_that_nobody_listens, .init = find_server)
{
    server_address(&server, "nobody", address);
    expect_refusal("nobody listens there");
}

Test(channel_open, refuses_a_gateway_of_another_issuer, .init = find_server)
{
    options.ca = server_file(&server, "other.pem");
    expect_refusal("the gateway's certificate is not trusted");
}

/* The same port of the same machine by another name. */
static void rename_server(const char *host)
{
    static char name[64];

    (void)snprintf(name, sizeof(name), "%s:%s", host, strchr(address, ':') + 1);
    options.address = name;
}

Test(channel_open, refuses_a_gateway_with_another_name, .init = find_server)
{
    rename_server("127.0.0.1");
    options.ca = server_file(&server, "ca.pem");
    cr_assert_eq(channel_open(&options, &channel, &why), SG_OK, "%s", why.text);
    channel_close(channel);
    server_address(&server, "misnamed", address);
    options.address = address;
    expect_refusal("is for another name");
}

Test(channel_open, accepts_the_gateway_by_its_host_name, .init = find_server)
{
    rename_server("localhost");
    cr_assert_eq(channel_open(&options, &channel, &why), SG_OK, "%s", why.text);
    channel_close(channel);
}

Test(channel_open, says_that_the_gateway_refused_our_certificate, .init = find_server)
{
    options.certificate = server_file(&server, "stranger.pem");
    options.private_key = server_file(&server, "stranger.key");
    expect_refusal("refused");
}

Test(channel_open, says_that_the_key_belongs_to_another_certificate, .init = find_server)
{
    options.private_key = server_file(&server, "stranger.key");
    expect_refusal("does not belong to");
}

Test(channel_open, tells_a_server_without_tls, .init = find_server)
{
    server_address(&server, "plain", address);
    expect_refusal("does not speak TLS");
}

Test(channel_open, tells_a_server_without_http2, .init = find_server)
{
    server_address(&server, "web", address);
    expect_refusal("is not a gRPC server");
}

Test(channel_open, tells_a_server_that_only_claims_http2, .init = find_server)
{
    server_address(&server, "web2", address);
    expect_refusal("gRPC server");
}

Test(channel_open, waits_for_a_silent_server_no_longer_than_told, .init = find_server)
{
    server_address(&server, "silent", address);
    options.connect_ms = 300;
    expect_refusal("did not finish the TLS handshake");
}

static atomic_bool stop;

static void *stop_later(void *unused)
{
    (void)usleep(300000);
    atomic_store(&stop, true);
    return unused;
}

Test(channel_open, a_silent_server_is_waited_for_until_it_is_given_up,
     .init = find_server)
{
    struct channel *none = NULL;
    pthread_t other;
    int64_t from_us = moment_mono_us();

    server_address(&server, "silent", address);
    options.connect_ms = 20000;
    options.given_up = &stop;
    cr_assert_eq(pthread_create(&other, NULL, stop_later, NULL), 0);
    cr_expect_eq(channel_open(&options, &none, &why), SG_CANCELLED, "%s", why.text);
    cr_expect_lt(moment_mono_us() - from_us, 5000000);
    (void)pthread_join(other, NULL);
}

Test(channel_open, names_the_file_that_is_missing, .init = find_server)
{
    options.ca = "/nonexistent/ca.pem";
    expect_refusal("/nonexistent/ca.pem");
}

/* --- Unary ------------------------------------------------------------------------- */

Test(channel_unary, brings_the_answer, .init = connect_to_server, .fini = disconnect)
{
    ProtobufCMessage *reply = NULL;

    cr_assert_eq(get_signer("seal", 5000, &reply, NULL), SG_OK, "%s", why.text);
    const Segel__V1__GetSignerResponse *signer =
        (const Segel__V1__GetSignerResponse *)(const void *)reply;
    cr_expect_str_eq(signer->key, "seal");
    cr_expect_eq(signer->signature_max_len, 4096);
    cr_expect_eq(signer->n_certificates, 1);
    unpack_free(reply);
}

Test(channel_unary, brings_code_and_decoded_sentence, .init = connect_to_server,
     .fini = disconnect)
{
    ProtobufCMessage *reply = NULL;

    cr_assert_eq(get_signer("missing", 5000, &reply, NULL), SG_NOT_FOUND);
    cr_expect_str_eq(why.text, "tidak ada 'missing' \xE2\x9C\x93 100% ");
    cr_expect_null(reply);
}

Test(channel_unary, ends_at_its_deadline, .init = connect_to_server, .fini = disconnect)
{
    ProtobufCMessage *reply = NULL;

    cr_assert_eq(get_signer("sleepy", 200, &reply, NULL), SG_TIMEOUT, "%s", why.text);
    cr_expect_eq(get_signer("seal", 5000, &reply, NULL), SG_OK, "%s", why.text);
    unpack_free(reply);
}

Test(channel_unary, says_that_a_method_is_unknown, .init = connect_to_server,
     .fini = disconnect)
{
    Segel__V1__GetSignerRequest request;
    segel__v1__get_signer_request__init(&request);
    ProtobufCMessage *reply = NULL;
    struct unary unary = {.path = "/segel.v1.SigningService/Nonsense",
                          .request = &request.base,
                          .reply_type = &segel__v1__get_signer_response__descriptor};

    cr_expect_eq(channel_unary(channel, &unary, &reply, NULL, &why), SG_UNSUPPORTED);
}

Test(channel_unary, brings_the_details_of_a_denial, .init = connect_to_server,
     .fini = disconnect)
{
    Segel__V1__SignRequest request;
    segel__v1__sign_request__init(&request);
    Segel__V1__SignTerms terms;
    segel__v1__sign_terms__init(&terms);
    ProtobufCMessage *reply = NULL;
    struct slice details = {0};
    char key[] = "refused";
    terms.key = key;
    request.terms = &terms;
    struct unary unary = {.path = "/segel.v1.SigningService/Sign",
                          .request = &request.base,
                          .reply_type = &segel__v1__sign_response__descriptor};

    cr_assert_eq(channel_unary(channel, &unary, &reply, &details, &why), SG_DENIED);
    ProtobufCMessage *found = unpack_detail(&segel__v1__policy_denial__descriptor,
                                            "segel.v1.PolicyDenial", details);
    cr_assert_not_null(found);
    const Segel__V1__PolicyDenial *denial =
        (const Segel__V1__PolicyDenial *)(const void *)found;
    cr_expect_str_eq(denial->failures[0]->rule, "CP-6.3-01");
    unpack_free(found);
    union {
        const uint8_t *borrowed;
        void *owned;
    } given = {.borrowed = details.data};
    free(given.owned);
}

/* --- Peers that are no gateway ----------------------------------------------------- */

static void connect_to_with(const char *listener)
{
    server_address(&server, listener, address);
    cr_assert_eq(channel_open(&options, &channel, &why), SG_OK, "%s", why.text);
}

static void connect_to(const char *listener)
{
    find_server();
    connect_to_with(listener);
}

Test(channel_unary, a_proxys_page_is_no_message, .fini = disconnect)
{
    ProtobufCMessage *reply = NULL;

    connect_to("proxy503");
    enum sg_status status = get_signer("seal", 5000, &reply, NULL);
    cr_expect_eq(status, SG_IO, "%s", why.text);
    cr_expect_not_null(strstr(why.text, "HTTP status 503"), "%s", why.text);
}

/* More than the sockets between the two hold. */
enum { MUCH = 12 << 20 };

static enum sg_status send_much(uint32_t timeout_ms)
{
    Segel__V1__GetSignerRequest request;
    ProtobufCMessage *reply = NULL;
    char *key = (char *)malloc(MUCH);

    cr_assert_not_null(key);
    memset(key, 'k', MUCH - 1);
    key[MUCH - 1] = '\0';
    segel__v1__get_signer_request__init(&request);
    request.key = key;
    struct unary unary = {.path = "/segel.v1.SigningService/GetSigner",
                          .timeout_ms = timeout_ms,
                          .request = &request.base,
                          .reply_type = &segel__v1__get_signer_response__descriptor};
    enum sg_status status = channel_unary(channel, &unary, &reply, NULL, &why);
    free(key);
    return status;
}

/* The kernel takes a little more now and then: so again, until it does no more. */
static void expect_end(uint32_t timeout_ms, enum sg_status wanted)
{
    enum sg_status status = wanted;

    for (int i = 0; i < 20 && status == wanted; i++) {
        status = send_much(timeout_ms);
    }
    cr_expect_eq(status, SG_IO, "%s", why.text);
    cr_expect_not_null(strstr(why.text, "takes nothing any more"), "%s", why.text);
}

Test(channel_unary, a_deadline_holds_where_the_peer_reads_nothing, .fini = disconnect,
     .timeout = 30)
{
    connect_to("deaf");
    expect_end(300, SG_TIMEOUT);
}

Test(channel_unary, what_is_given_up_ends_where_the_peer_reads_nothing,
     .fini = disconnect, .timeout = 30)
{
    static atomic_bool given_up;

    find_server();
    options.given_up = &given_up;
    connect_to_with("deaf");
    atomic_store(&given_up, true);
    expect_end(0, SG_CANCELLED);
}

/* --- Calls that never begin -------------------------------------------------------- */

static void expect_deadlines(const char *listener)
{
    ProtobufCMessage *reply = NULL;

    connect_to(listener);
    for (int i = 0; i < 3; i++) {
        cr_expect_eq(get_signer("seal", 400, &reply, NULL), SG_TIMEOUT, "%s", why.text);
        cr_expect_not_null(strstr(why.text, "no answer came in time"), "%s", why.text);
    }
}

Test(channel_unary, a_deadline_holds_where_the_peer_allows_no_calls, .fini = disconnect,
     .timeout = 30)
{
    expect_deadlines("full");
}

/* What is left of the first call then goes by while the second, in its place, is open. */
Test(channel_unary, a_deadline_holds_where_the_peer_allows_calls_later,
     .fini = disconnect, .timeout = 30)
{
    expect_deadlines("thaw");
}

Test(channel_unary, what_is_given_up_ends_where_the_peer_allows_no_calls,
     .fini = disconnect, .timeout = 30)
{
    static atomic_bool given_up;
    ProtobufCMessage *reply = NULL;

    find_server();
    options.given_up = &given_up;
    connect_to_with("full");
    atomic_store(&given_up, true);
    cr_expect_eq(get_signer("seal", 0, &reply, NULL), SG_CANCELLED, "%s", why.text);
}

/* --- Connections that the gateway ends --------------------------------------------- */

static void expect_farewell(const char *listener, const char *words)
{
    ProtobufCMessage *reply = NULL;
    char wanted[256];

    connect_to(listener);
    (void)snprintf(wanted, sizeof(wanted), "%s: the gateway closes the connection%s",
                   address, words);
    cr_expect(channel_lost(get_signer("seal", 5000, &reply, NULL)));
    cr_expect_str_eq(why.text, wanted);
    cr_expect_eq(get_signer("seal", 5000, &reply, NULL), SG_IO);
    cr_expect_str_eq(why.text, wanted);
}

Test(channel_unary, what_the_gateway_finds_fault_with_is_told_whole, .fini = disconnect)
{
    expect_farewell("crowded", " (this caller has as many connections as it may have; "
                               "calls can share one and need no others)");
}

Test(channel_unary, a_fault_in_no_words_is_told_by_its_number, .fini = disconnect)
{
    expect_farewell("rude", " (HTTP/2 error 1)");
}

Test(channel_unary, who_is_asked_to_connect_again_is_told_why, .fini = disconnect)
{
    expect_farewell("aged", " (its calls do not end): connect again");
}

/* --- Half a record ----------------------------------------------------------------- */

static int64_t processor_us(void)
{
    struct timespec used;

    cr_assert_eq(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used), 0);
    return (int64_t)used.tv_sec * 1000000 + used.tv_nsec / 1000;
}

Test(channel_turn, a_record_that_is_not_whole_is_waited_for_at_rest, .fini = disconnect)
{
    connect_to("half");
    (void)usleep(200000); /* until it is there */
    int64_t until_us = moment_mono_us() + 1000000;
    int64_t before_us = processor_us();
    unsigned turns = 0;

    while (moment_mono_us() < until_us) {
        cr_assert_eq(channel_turn(channel, 300, &why), SG_TIMEOUT, "%s", why.text);
        turns++;
    }
    cr_expect_lt(processor_us() - before_us, 200000);
    cr_expect_lt(turns, 10);
}
