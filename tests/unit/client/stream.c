#include "client/channel/channel.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/channel/unpack.h"
#include "segel/v1/signing.pb-c.h"
#include "tests/unit/client/support/link.h"

LINK_BEFORE_ALL_TESTS
LINK_AFTER_ALL_TESTS

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

/* A proxy ends the call while we still send. */
static void expect_http(const char *listener, const char *words)
{
    static struct stream stream;

    find_server();
    server_address(&server, listener, address);
    cr_assert_eq(channel_open(&options, &channel, &why), SG_OK, "%s", why.text);
    open_stream(&stream);
    send_item(&stream, "seal", 0);
    while (!stream.closed) {
        cr_assert_eq(channel_turn(channel, 5000, &why), SG_OK, "%s", why.text);
    }
    cr_expect_eq(stream.code, -1, "%d: %s", stream.code, stream.text);
    cr_expect_not_null(strstr(stream.text, words), "%s", stream.text);
    channel_close(channel);
}

Test(channel_stream, a_proxys_page_is_no_message)
{
    expect_http("proxy503", "HTTP status 503");
}

Test(channel_stream, a_proxys_answer_without_a_page_says_what_it_is)
{
    expect_http("proxy404", "HTTP status 404");
}
