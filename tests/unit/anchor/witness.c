#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "gateway/anchor/inside.h"

/* What a witness answers, and what of it counts. The notes and the cosignature are the
 * published vectors of this log's formats: log key and witness key of known seeds. */

static const char log_vkey[] =
    "segel.example.go.id/policy-log+083b816d+AQOhB7/zzhC+HXDdGOdLwJln5"
    "NYwm6UNXx3chmQSVTG4";
static const char witness_vkey[] =
    "witness.example.go.id/bsre+bacf94c5+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X";
static const char offer[] =
    "segel.example.go.id/policy-log\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n\n"
    "\xE2\x80\x94 segel.example.go.id/policy-log "
    "CDuBbfmdRdE+tzCmKSPV+7YwXP6bEk3Q+IHzVb6ID9f5C/"
    "nwQ4aF89tD9f4Lbhzn9ILaZGZMGhxdsORnMABfg"
    "VmcTQ8=\n";
#define LINE                                                                             \
    "\xE2\x80\x94 witness.example.go.id/bsre "                                           \
    "us+UxQAAAABlU/EAImTarJ8UUYMLoQLfnMxpT8pz3UQlfwRtr/"                                 \
    "Qj1g9gDTDbnY8tZB7T6W2GWr4r4jb7vKtZ"                                                 \
    "mGr3bjc+7nSR3+d4CQ==\n"
#define STRANGER "\xE2\x80\x94 stranger.example AAAAAAAAAAA=\n"

static struct anchors anchors;
static struct anchor *anchor;
static const struct config_anchor config = {.name = "w",
                                            .kind = ANCHOR_WITNESS,
                                            .place = "http://w.example",
                                            .vkey = witness_vkey};
static struct http_answer answer;
static struct sg_error why;
static uint8_t body[4096];

static void make(void)
{
    anchor = (struct anchor *)calloc(1, sizeof(*anchor));
    cr_assert_not_null(anchor);
    cr_assert_eq(note_vkey_parse(slice_str(log_vkey), &anchors.log_key), SG_OK);
    cr_assert_eq(note_vkey_parse(slice_str(witness_vkey), &anchor->key), SG_OK);
    anchor->config = &config;
    anchor->of = &anchors;
    anchor->offered = 8;
    anchor->held = 3;
    anchor->offer_len = sizeof(offer) - 1;
    memcpy(anchor->offer, offer, sizeof(offer) - 1);
}

static void clear(void)
{
    free(anchor);
}

TestSuite(witness, .init = make, .fini = clear);

static enum sg_status answered(long code, const char *type, const char *text)
{
    size_t len = strlen(text);

    memcpy(body, text, len);
    answer = (struct http_answer){.code = code, .data = body, .len = len};
    (void)snprintf(answer.type, sizeof(answer.type), "%s", type);
    return witness_answered(anchor, &answer, &why);
}

Test(witness, the_published_cosignature_counts)
{
    cr_assert_eq(answered(200, "text/plain", LINE), SG_OK, "%s", why.text);
    cr_expect_eq(anchor->result.time_s, 1700000000);
    cr_expect_eq(anchor->result.line_len, sizeof(LINE) - 1);
    cr_expect_eq(memcmp(anchor->result.line, LINE, sizeof(LINE) - 1), 0);
}

Test(witness, among_lines_of_strangers_only_its_own_is_taken)
{
    cr_assert_eq(answered(200, "text/plain", STRANGER LINE STRANGER), SG_OK);
    cr_expect_eq(memcmp(anchor->result.line, LINE, sizeof(LINE) - 1), 0);
}

Test(witness, one_false_bit_is_an_alarm)
{
    char line[] = LINE;

    for (size_t at = 50; at < sizeof(line) - 8; at += 7) {
        char kept = line[at];
        line[at] = kept == 'A' ? 'B' : 'A';
        enum sg_status status = answered(200, "text/plain", line);
        cr_expect(status == SG_CORRUPT || status == SG_INVALID, "byte %zu", at);
        line[at] = kept;
    }
}

Test(witness, a_signature_of_another_checkpoint_is_an_alarm)
{
    anchor->offer[sizeof("segel.example.go.id/policy-log\n") - 1] = '9';
    cr_expect_eq(answered(200, "text/plain", LINE), SG_CORRUPT);
}

/* An empty line would move the end of what is signed. */
Test(witness, text_before_the_lines_is_refused)
{
    cr_expect_neq(answered(200, "text/plain", "more\n\n" LINE), SG_OK);
    cr_expect_neq(answered(200, "text/plain", "\n" LINE), SG_OK);
    cr_expect_neq(answered(200, "text/plain", LINE "\n" LINE), SG_OK);
}

Test(witness, an_answer_without_its_line_is_a_failure)
{
    static const char *const texts[] = {"", "\n", STRANGER, "ok\n", "\xE2\x80\x94 x\n"};

    for (size_t i = 0; i < SG_COUNT(texts); i++) {
        cr_expect_eq(answered(200, "text/plain", texts[i]), SG_INVALID, "%zu", i);
    }
}

Test(witness, a_size_is_taken_and_asked_again_once)
{
    cr_expect_eq(answered(409, "text/x.tlog.size", "5\n"), SG_ABORTED);
    cr_expect_eq(anchor->held, 5);
    anchor->second = true;
    cr_expect_eq(answered(409, "text/x.tlog.size", "6\n"), SG_INVALID);
}

Test(witness, the_size_that_was_asked_from_is_no_news)
{
    cr_expect_eq(answered(409, "text/x.tlog.size", "3\n"), SG_INVALID);
}

Test(witness, a_witness_may_have_this_very_size_and_may_have_forgotten_all)
{
    cr_expect_eq(answered(409, "text/x.tlog.size; charset=utf-8", "8\n"), SG_ABORTED);
    cr_expect_eq(anchor->held, 8);
    cr_expect_eq(answered(409, "text/x.tlog.size", "0\n"), SG_ABORTED);
    cr_expect_eq(anchor->held, 0);
}

Test(witness, a_size_beyond_the_log_is_an_alarm_and_not_kept)
{
    cr_expect_eq(answered(409, "text/x.tlog.size", "9\n"), SG_CORRUPT);
    cr_expect_eq(anchor->held, 3);
}

Test(witness, only_a_plain_size_is_one)
{
    static const char *const texts[] = {
        "",      "5",    "05\n", "+5\n", "5 \n", "5\n\n",
        "5\r\n", "-1\n", "x\n",  "\n",   " 5\n", "9223372036854775808\n"};

    for (size_t i = 0; i < SG_COUNT(texts); i++) {
        cr_expect_eq(answered(409, "text/x.tlog.size", texts[i]), SG_INVALID, "%zu", i);
    }
    cr_expect_eq(answered(409, "text/plain", "5\n"), SG_INVALID);
    cr_expect_eq(answered(409, "text/x.tlog.sizes", "5\n"), SG_INVALID);
    cr_expect_eq(answered(409, "", "5\n"), SG_INVALID);
}

Test(witness, what_other_answers_mean)
{
    cr_expect_eq(answered(422, "text/plain", ""), SG_CORRUPT);
    cr_expect_eq(answered(403, "text/plain", ""), SG_DENIED);
    cr_expect_eq(answered(404, "text/plain", ""), SG_DENIED);
    cr_expect_eq(answered(400, "text/plain", ""), SG_IO);
    cr_expect_eq(answered(302, "text/plain", ""), SG_IO);
    cr_expect_eq(answered(500, "text/plain", LINE), SG_IO);
}

Test(witness, what_is_beyond_the_log_is_not_asked_for)
{
    anchor->held = 9;
    cr_expect_eq(witness_ask(NULL, anchor, &why), SG_CORRUPT);
}
