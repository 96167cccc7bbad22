#include <criterion/criterion.h>

#include "gateway/transport/fields.h"
#include "gateway/transport/metadata.h"
#include "tests/unit/transport/support/echo.h"

/* Metadata: the store, then what goes through a call. */

static struct echo echo;
static struct peer_link link_;
static uint8_t bytes[70000];

static void start(void)
{
    echo_start(&echo, NULL);
    echo_connect(&echo, &link_);
    link_.keep = true;
}

static void stop(void)
{
    peer_close(&link_);
    echo_stop(&echo);
}

Test(fields, keeps_order_and_counts_as_http_does)
{
    struct fields fields = {0};
    struct budget budget = {.cap = 10000};

    for (int i = 0; i < 20; i++) {
        const char digit = (char)('a' + i);
        cr_assert_eq(fields_add(&fields, slice_str(i % 2 == 0 ? "even" : "odd"),
                                slice_of(&digit, 1), 8192, &budget),
                     SG_OK);
    }
    cr_expect_eq(fields.cost, 10 * (4 + 1 + 32) + 10 * (3 + 1 + 32));
    cr_expect(slice_equal(fields_value(&fields, slice_str("odd"), 3), slice_str("h")));
    cr_expect_null(fields_value(&fields, slice_str("odd"), 10).data);
    cr_expect_eq(budget.used, fields.cap);
    fields_clear(&fields, &budget);
    cr_expect_eq(budget.used, 0);
    cr_expect_null(fields_value(&fields, slice_str("odd"), 0).data);
    fields_fini(&fields);
}

Test(fields, refuses_what_exceeds_limit_or_budget)
{
    struct fields fields = {0};
    struct budget budget = {.cap = 1000};
    const struct slice name = slice_str("n");

    cr_expect_eq(fields_add(&fields, name, slice_of(bytes, 67), 100, &budget), SG_OK);
    cr_expect_eq(fields_add(&fields, name, slice_of(bytes, 0), 132, &budget),
                 SG_TOO_LARGE);
    cr_expect_eq(fields_add(&fields, name, slice_of(bytes, 0), 133, &budget), SG_OK);
    cr_expect_eq(fields_add(&fields, name, slice_of(bytes, 70000 - 1), 8192, &budget),
                 SG_TOO_LARGE);
    cr_expect_eq(fields_add(&fields, name, slice_of(bytes, 2000), 8192, &budget),
                 SG_BUSY);
    cr_expect(slice_equal(fields_value(&fields, name, 0), slice_of(bytes, 67)));
    fields_clear(&fields, &budget);
    fields_fini(&fields);
}

TestSuite(added, .init = start, .fini = stop, .timeout = 30);

static const struct reply *mirror(const char *const *extra, const char *command)
{
    peer_headers(&link_, 1, "/test.Echo/Mirror", extra, false);
    peer_message(&link_, 1, echo_message(command, 0, bytes, sizeof(bytes)), true);
    return peer_wait(&link_, 1);
}

Test(added, metadata_goes_round)
{
    const char *const extra[] = {
        "x-key", "first", "x-unwanted", "no",      "x-key",       "second, and more",
        "x-bin", "AP8",   "x-trail",    "~ end ~", "x-trail-bin", "AP8=, Zg",
        NULL};
    const struct reply *reply = mirror(extra, "plain");

    cr_expect_eq(reply->grpc, 0);
    cr_expect_eq(reply->blocks, 2);
    cr_expect_str_eq(reply->added, "1 x-key=first\n1 x-key=second, and more\n"
                                   "1 x-bin=AP8\n2 x-trail=~ end ~\n"
                                   "2 x-trail-bin=AP8\n2 x-trail-bin=Zg\n");
}

Test(added, short_answer_carries_trailers_in_one_block)
{
    const char *const extra[] = {"x-trail", "t", NULL};
    const struct reply *reply = mirror(extra, "fail");

    cr_expect_eq(reply->grpc, 7);
    cr_expect_eq(reply->frames, 1);
    cr_expect_str_eq(reply->added, "1 x-trail=t\n");
}

Test(added, added_headers_make_a_short_answer_two_blocks)
{
    const char *const extra[] = {"x-key", "k", "x-trail", "t", NULL};
    const struct reply *reply = mirror(extra, "fail");

    cr_expect_eq(reply->grpc, 7);
    cr_expect_str_eq(reply->added, "1 x-key=k\n2 x-trail=t\n");
    cr_expect_eq(reply->frames, 2, "%zu", reply->frames);
}

Test(added, headers_can_go_before_the_first_message)
{
    const char *const extra[] = {"x-key", "k", NULL};

    peer_headers(&link_, 1, "/test.Echo/Mirror", extra, false);
    peer_message(&link_, 1, echo_message("headers", 0, bytes, sizeof(bytes)), false);
    (void)peer_send(&link_);
    struct reply *reply = peer_reply(&link_, 1);
    while (reply->blocks == 0 && peer_read(&link_)) {
        continue;
    }
    cr_expect_eq(reply->blocks, 1);
    cr_expect_eq(reply->http, 200);
    cr_expect_str_eq(reply->added, "1 x-key=k\n");
    cr_expect_not(reply->ended);
    peer_message(&link_, 1, echo_message("late", 0, bytes, sizeof(bytes)), true);
    reply = peer_wait(&link_, 1);
    cr_expect_eq(reply->grpc, 0);
    cr_expect(memcmp(reply->body + 7, sg_status_text(SG_CANCELLED),
                     strlen(sg_status_text(SG_CANCELLED))) == 0);
}

Test(added, odd_but_lawful_values_fail_nothing)
{
    const char *const extra[] = {"x-key", "caf\xC3\xA9", "x-key",   "tab\tin it",
                                 "x-key", " blank\t",    "x-other", "",
                                 "x-key", "good",        NULL};
    const struct reply *reply = mirror(extra, "plain");

    cr_expect_eq(reply->grpc, 0);
    cr_expect_str_eq(reply->added, "1 x-key=blank\n1 x-key=good\n"
                                   "1 x-other=\n");
}

Test(added, bytes_that_are_not_base64_are_an_error_only_where_wanted)
{
    static const char *const bad[] = {"A", "AP8==", "A P8", "AP_-", "AP8=x", "AP8,!"};
    const char *const unwanted[] = {"x-unwanted-bin", "!", NULL};

    for (uint32_t i = 0; i < SG_COUNT(bad); i++) {
        const char *const extra[] = {"x-bin", bad[i], NULL};
        peer_headers(&link_, 3 + 2 * i, "/test.Echo/Mirror", extra, true);
        cr_expect_eq(peer_wait(&link_, 3 + 2 * i)->grpc, 13, "%s", bad[i]);
    }
    peer_headers(&link_, 101, "/test.Echo/Mirror", unwanted, true);
    cr_expect_eq(peer_wait(&link_, 101)->grpc, 0);
    cr_expect_eq(atomic_load(&echo.opened), 1);
}

Test(added, wanted_metadata_is_bounded)
{
    static char value[2700];
    const char *const extra[] = {"x-key", value, "x-key", value, "x-key", value, NULL};
    uint8_t block[16384];
    size_t len = 0;

    memset(value, 'v', sizeof(value) - 1); /* 3 x (5 + 2699 + 32) = 8208 */
    static const char *const usual[][2] = {
        {":method", "POST"}, {":scheme", "https"}, {":path", "/test.Echo/Mirror"},
        {":authority", "x"}, {"te", "trailers"},   {"content-type", "application/grpc"}};
    for (size_t i = 0; i < SG_COUNT(usual); i++) {
        peer_header_block(slice_str(usual[i][0]), slice_str(usual[i][1]), block, &len);
    }
    for (size_t i = 0; extra[i] != NULL; i += 2) {
        peer_header_block(slice_str(extra[i]), slice_str(extra[i + 1]), block, &len);
    }
    peer_frame(&link_, NGHTTP2_HEADERS,
               NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, 1,
               slice_of(block, len));
    cr_expect_eq(peer_wait(&link_, 1)->grpc, 8);
    value[2683] = '\0'; /* 3 x (5 + 2683 + 32) = 8160 */
    len = 0;
    for (size_t i = 0; i < SG_COUNT(usual); i++) {
        peer_header_block(slice_str(usual[i][0]), slice_str(usual[i][1]), block, &len);
    }
    for (size_t i = 0; extra[i] != NULL; i += 2) {
        peer_header_block(slice_str(extra[i]), slice_str(extra[i + 1]), block, &len);
    }
    peer_frame(&link_, NGHTTP2_HEADERS,
               NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, 3,
               slice_of(block, len));
    cr_expect_eq(peer_wait(&link_, 3)->grpc, 0);
}

Test(added, added_metadata_is_bounded)
{
    const struct reply *reply = mirror(NULL, "flood");

    cr_expect_eq(reply->grpc, 0);
    /* 8192 / (7 + 200 + 32) */
    cr_expect(memcmp(reply->body + 5,
                     "\x0a\x02"
                     "34",
                     4) == 0,
              "%s", reply->body + 7);
}
