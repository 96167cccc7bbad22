#include "client/channel.h"

#include <criterion/criterion.h>
#include <criterion/hooks.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/unpack.h"
#include "segel/v1/common.pb-c.h"
#include "segel/v1/signing.pb-c.h"
#include "support/server.h"

/* The channel against gRPC's own server: one for all tests, in the runner's process. */
static struct server shared;
static bool shared_runs;

ReportHook(PRE_ALL)(struct criterion_test_set *set)
{
    (void)set;
    shared_runs = server_start(&shared);
    if (shared_runs) {
        server_publish(&shared);
    }
}

ReportHook(POST_ALL)(struct criterion_global_stats *stats)
{
    (void)stats;
    if (shared_runs) {
        server_stop(&shared);
    }
}

static struct server server;
static char address[64];
static struct channel_options options;
static struct channel *channel;
static struct sg_error why;

static void find_server(void)
{
    if (!server_found(&server)) {
        cr_skip("no Python with grpc");
    }
    server_address(&server, "grpc", address);
    options = server_options(&server, address);
}

static void connect_to_server(void)
{
    find_server();
    cr_assert_eq(channel_open(&options, &channel, &why), SG_OK, "%s", why.text);
}

static void disconnect(void)
{
    channel_close(channel);
}

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

Test(channel_open, names_the_file_that_is_missing, .init = find_server)
{
    options.ca = "/nonexistent/ca.pem";
    expect_refusal("/nonexistent/ca.pem");
}

/* --- Unary ------------------------------------------------------------------------- */

static enum sg_status get_signer(const char *key, uint32_t timeout_ms,
                                 ProtobufCMessage **reply, struct slice *details)
{
    Segel__V1__GetSignerRequest request;
    segel__v1__get_signer_request__init(&request);
    char name[16];

    (void)snprintf(name, sizeof(name), "%s", key);
    request.key = name;
    struct unary unary = {.path = "/segel.v1.SigningService/GetSigner",
                          .timeout_ms = timeout_ms,
                          .request = &request.base,
                          .reply_type = &segel__v1__get_signer_response__descriptor};
    return channel_unary(channel, &unary, reply, details, &why);
}

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
    ProtobufCMessage *found =
        unpack_detail(&segel__v1__policy_denial__descriptor, details);
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

/* --- Streams ----------------------------------------------------------------------- */

enum { ITEMS = 2000 };

struct stream {
    struct channel_call *call;
    unsigned results;
    bool seen[ITEMS];
    unsigned repeated;
    bool closed;
    int code;
    char text[256];
};

static void take_results(void *context, struct slice message)
{
    struct stream *stream = (struct stream *)context;
    ProtobufCMessage *any = unpack(&segel__v1__sign_stream_response__descriptor, message);
    const Segel__V1__SignStreamResponse *response =
        (const Segel__V1__SignStreamResponse *)(const void *)any;

    cr_assert_not_null(any);
    for (size_t i = 0; i < response->n_results; i++) {
        unsigned long id = strtoul(response->results[i]->request_id, NULL, 10);
        cr_assert_lt(id, ITEMS);
        stream->repeated += stream->seen[id] ? 1 : 0;
        stream->seen[id] = true;
        stream->results++;
    }
    unpack_free(any);
}

static void take_close(void *context, const struct call_status *status)
{
    struct stream *stream = (struct stream *)context;

    stream->closed = true;
    stream->code = status->grpc_code;
    (void)snprintf(stream->text, sizeof(stream->text), "%s", status->text);
}

static void send_item(struct stream *stream, const char *key, unsigned id)
{
    Segel__V1__SignStreamRequest request;
    segel__v1__sign_stream_request__init(&request);
    Segel__V1__SignTerms terms;
    segel__v1__sign_terms__init(&terms);
    Segel__V1__SignItem item;
    segel__v1__sign_item__init(&item);
    Segel__V1__SignItem *items[1] = {&item};
    uint8_t digest[32] = {(uint8_t)id};
    char name[16];
    char request_id[16];

    (void)snprintf(name, sizeof(name), "%s", key);
    (void)snprintf(request_id, sizeof(request_id), "%u", id);
    terms.key = name;
    item.request_id = request_id;
    item.digest = (ProtobufCBinaryData){sizeof(digest), digest};
    request.terms = id == 0 ? &terms : NULL;
    request.n_items = 1;
    request.items = items;
    if (!stream->closed) {
        cr_assert_eq(channel_send(stream->call, &request.base), SG_OK);
    }
}

static void open_stream(struct stream *stream)
{
    struct call_events events = {take_results, take_close, stream};

    cr_assert_eq(channel_call(channel, "/segel.v1.SigningService/SignStream", 0, &events,
                              &stream->call),
                 SG_OK);
}

static void run_stream(struct stream *stream, const char *key, unsigned count)
{
    open_stream(stream);
    for (unsigned id = 0; id < count && !stream->closed; id++) {
        send_item(stream, key, id);
        if (id % 50 == 49) {
            enum sg_status turned = channel_turn(channel, 0, &why);
            cr_assert(turned != SG_IO || stream->closed);
        }
    }
    if (!stream->closed) {
        channel_half_close(stream->call);
    }
    while (!stream->closed) {
        enum sg_status turned = channel_turn(channel, 10000, &why);
        cr_assert(stream->closed || turned == SG_OK, "nothing came: %s", why.text);
    }
}

Test(channel_stream, brings_every_result_once, .init = connect_to_server,
     .fini = disconnect)
{
    static struct stream stream;

    run_stream(&stream, "seal", ITEMS);
    cr_expect_eq(stream.code, 0, "%s", stream.text);
    cr_expect_eq(stream.results, ITEMS);
    cr_expect_eq(stream.repeated, 0);
}

Test(channel_stream, ends_with_the_status_of_a_gateway_that_gives_up,
     .init = connect_to_server, .fini = disconnect)
{
    static struct stream stream;
    ProtobufCMessage *reply = NULL;

    run_stream(&stream, "halfway", ITEMS);
    cr_expect_eq(stream.code, 14);
    cr_expect_str_eq(stream.text, "the ledger cannot be written");
    cr_expect_eq(get_signer("seal", 5000, &reply, NULL), SG_OK, "%s", why.text);
    unpack_free(reply);
}

Test(channel_stream, tells_its_user_when_cancelled, .init = connect_to_server,
     .fini = disconnect)
{
    static struct stream stream;

    open_stream(&stream);
    send_item(&stream, "seal", 0);
    channel_cancel(stream.call);
    while (!stream.closed) {
        cr_assert_eq(channel_turn(channel, 5000, &why), SG_OK, "%s", why.text);
    }
    cr_expect_eq(stream.code, 1);
}

Test(channel_stream, closes_its_calls_when_the_channel_closes, .init = connect_to_server)
{
    static struct stream stream;

    open_stream(&stream);
    channel_close(channel);
    cr_expect(stream.closed);
    cr_expect_eq(stream.code, -1);
}

Test(channel_stream, many_streams_at_once_do_not_mix, .init = connect_to_server,
     .fini = disconnect)
{
    enum { STREAMS = 6 };
    static struct stream streams[STREAMS];
    unsigned closed = 0;

    for (unsigned i = 0; i < STREAMS; i++) {
        open_stream(&streams[i]);
        for (unsigned id = 0; id < 20; id++) {
            send_item(&streams[i], "seal", id);
        }
        channel_half_close(streams[i].call);
    }
    while (closed < STREAMS) {
        cr_assert_eq(channel_turn(channel, 5000, &why), SG_OK, "%s", why.text);
        closed = 0;
        for (unsigned i = 0; i < STREAMS; i++) {
            closed += streams[i].closed ? 1 : 0;
        }
    }
    for (unsigned i = 0; i < STREAMS; i++) {
        cr_expect_eq(streams[i].results, 20);
        cr_expect_eq(streams[i].repeated, 0);
    }
}

Test(channel_stream, a_gateway_killed_in_mid_stream_closes_every_call)
{
    static struct stream stream;
    struct server own;

    if (!server_start(&own)) {
        cr_skip("no Python with grpc");
    }
    server_address(&own, "grpc", address);
    options = server_options(&own, address);
    cr_assert_eq(channel_open(&options, &channel, &why), SG_OK, "%s", why.text);
    run_stream(&stream, "dies", 500);
    cr_expect_eq(stream.code, -1);
    cr_expect_not_null(strstr(stream.text, "127.0.0.1"), "%s", stream.text);
    cr_expect_geq(stream.results, 100);
    struct call_events events = {take_results, take_close, &stream};
    cr_expect_eq(channel_call(channel, "/x/y", 0, &events, &stream.call), SG_IO);
    channel_close(channel);
    server_stop(&own);
}
