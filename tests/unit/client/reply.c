#include "client/channel/reply.h"

#include <criterion/criterion.h>

static struct reply reply;

static void start(void)
{
    reply_start(&reply);
}

static void finish(void)
{
    reply_fini(&reply);
}

static void take(const char *name, const char *value)
{
    cr_assert_eq(reply_field(&reply, slice_str(name), slice_str(value)), SG_OK);
}

Test(reply, reads_code_and_percent_encoded_sentence, .init = start, .fini = finish)
{
    take("grpc-status", "7");
    take("grpc-message", "tidak sah %E2%9C%93 %2541 %0A%zz%");
    cr_expect_eq(reply_code(&reply, 0), 7);
    cr_expect_str_eq(reply.text, "tidak sah \xE2\x9C\x93 %41  %zz%");
}

Test(reply, drops_a_sentence_that_is_no_utf8, .init = start, .fini = finish)
{
    take("grpc-message", "%FF%FE");
    cr_expect_str_eq(reply.text, "");
}

Test(reply, reads_details_with_and_without_padding, .init = start, .fini = finish)
{
    take("grpc-status-details-bin", "AQIDBA");
    cr_assert_eq(reply.details_len, 4);
    cr_expect_arr_eq(reply.details, "\1\2\3\4", 4);
    take("grpc-status-details-bin", "AQIDBAU=");
    cr_assert_eq(reply.details_len, 5);
    take("grpc-status-details-bin", "A");
    take("grpc-status-details-bin", "!!!!");
    cr_expect_eq(reply.details_len, 5);
}

Test(reply, takes_a_nonsense_code_for_unknown, .init = start, .fini = finish)
{
    take("grpc-status", "007");
    cr_expect_eq(reply_code(&reply, 0), 2);
    take("grpc-status", "99");
    cr_expect_eq(reply_code(&reply, 0), 2);
}

/* None of them is the gateway's word, whatever gRPC's table makes of it. */
Test(reply, the_status_of_what_is_no_gateway_is_no_refusal, .init = start, .fini = finish)
{
    static const char *const statuses[] = {"400", "401", "403", "404", "429",
                                           "502", "503", "504", "200"};

    for (size_t i = 0; i < SG_COUNT(statuses); i++) {
        take(":status", statuses[i]);
        take("content-type", "text/html");
        cr_expect_eq(reply_code(&reply, 0), -1, "%s", statuses[i]);
        cr_expect_not_null(strstr(reply.text, "no Segel gateway (HTTP status"));
        cr_expect_not_null(strstr(reply.text, statuses[i]), "%s", reply.text);
    }
}

Test(reply, translates_resets_where_no_status_came, .init = start, .fini = finish)
{
    cr_expect_eq(reply_code(&reply, 0x7), 14);
    cr_expect_eq(reply_code(&reply, 0x8), 1);
    cr_expect_eq(reply_code(&reply, 0xb), 8);
    cr_expect_eq(reply_code(&reply, 0x2), 13);
    cr_expect_eq(reply_code(&reply, 0xc), -1, "it denied nothing");
    cr_expect_str_not_empty(reply.text);
}

Test(reply, an_answer_that_the_peer_ended_is_not_a_reset, .init = start, .fini = finish)
{
    take(":status", "200");
    take("content-type", "application/grpc");
    cr_expect_eq(reply_code(&reply, 0x8), 1);
    reply.ended = true;
    cr_expect_eq(reply_code(&reply, 0x8), 13);
}

Test(reply, a_page_that_breaks_off_is_a_page, .init = start, .fini = finish)
{
    take(":status", "403");
    take("content-type", "text/html");
    cr_expect_eq(reply_code(&reply, 0x2), -1);
    cr_expect_not_null(strstr(reply.text, "HTTP status 403"), "%s", reply.text);
}

Test(reply, bounds_the_header_bytes, .init = start, .fini = finish)
{
    static char value[4096];
    enum sg_status status = SG_OK;

    memset(value, 'x', sizeof(value) - 1);
    for (int i = 0; i < 17 && status == SG_OK; i++) {
        status = reply_field(&reply, slice_str("x-filler"), slice_str(value));
    }
    cr_expect_eq(status, SG_TOO_LARGE);
}
