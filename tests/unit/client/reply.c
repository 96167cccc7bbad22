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

Test(reply, tells_a_web_server_from_a_gateway, .init = start, .fini = finish)
{
    take(":status", "404");
    take("content-type", "text/html");
    cr_expect_eq(reply_code(&reply, 0), 12);
    cr_expect_not_null(strstr(reply.text, "not a gRPC server (HTTP status 404)"));
}

Test(reply, translates_resets_where_no_status_came, .init = start, .fini = finish)
{
    cr_expect_eq(reply_code(&reply, 0x7), 14);
    cr_expect_eq(reply_code(&reply, 0x8), 1);
    cr_expect_eq(reply_code(&reply, 0xb), 8);
    cr_expect_eq(reply_code(&reply, 0x2), 13);
    cr_expect_str_not_empty(reply.text);
}

Test(reply, an_answer_that_the_peer_ended_is_not_a_reset, .init = start, .fini = finish)
{
    take(":status", "503");
    cr_expect_eq(reply_code(&reply, 0x8), 1);
    reply.ended = true;
    cr_expect_eq(reply_code(&reply, 0x8), 14);
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
