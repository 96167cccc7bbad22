#include "client/ceremony/state.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static struct ceremony_state state;
static struct ceremony_state again;
static struct sg_error why;
static char text[STATE_MAX];

static void fill(void)
{
    memset(&state, 0, sizeof(state));
    memset(&again, 0, sizeof(again));
    state.next = 5;
    (void)snprintf(state.request, sizeof(state.request), "4f00");
    cr_assert_eq(state_answer(&state, "lane", slice_str("lane0"), &why), SG_OK);
    cr_assert_eq(state_answer(&state, "reason", slice_str("two  blanks"), &why), SG_OK);
    cr_assert_eq(state_note(&state, &why, MINUTES_FIELD_STEP, "%d %s", 2, "done"), SG_OK);
    cr_assert_eq(state_note(&state, &why, MINUTES_FIELD_PLACE, "Room 2"), SG_OK);
}

Test(state, is_the_same_after_it_was_kept)
{
    size_t len = 0;

    fill();
    cr_assert_eq(state_write(&state, text, &len), SG_OK);
    cr_assert_eq(state_read(slice_of(text, len), &again, &why), SG_OK, "%s", why.text);
    cr_expect_eq(again.next, 5);
    cr_expect_str_eq(again.request, "4f00");
    cr_expect_str_eq(state_answered(&again, "reason"), "two  blanks");
    cr_expect_null(state_answered(&again, "key"));
    cr_expect(slice_equal(minutes_get(&again.minutes, MINUTES_FIELD_PLACE, 0),
                          slice_str("Room 2")));
    cr_expect(slice_equal(minutes_get(&again.minutes, MINUTES_FIELD_STEP, 0),
                          slice_str("2 done")));
}

Test(state, takes_an_answer_anew_only_where_one_was_given)
{
    fill();
    cr_expect_eq(state_answer_anew(&state, "lane", slice_str("lane1"), &why), SG_OK);
    cr_expect_str_eq(state_answered(&state, "lane"), "lane1");
    cr_expect_str_eq(state_answered(&state, "reason"), "two  blanks");
    cr_expect_eq(state_answer_anew(&state, "lane", slice_str("a\nb"), &why), SG_INVALID);
    cr_expect_eq(state_answer_anew(&state, "key", slice_str("x"), &why), SG_INVALID);
    cr_expect_str_eq(state_answered(&state, "lane"), "lane1");
    cr_expect_eq(state.answer_count, 2);
}

Test(state, that_was_cut_anywhere_inside_a_line_is_refused)
{
    size_t len = 0;

    fill();
    cr_assert_eq(state_write(&state, text, &len), SG_OK);
    for (size_t cut = 1; cut < len; cut++) {
        memset(&again, 0, sizeof(again));
        enum sg_status status = state_read(slice_of(text, cut), &again, &why);
        cr_expect_eq(status == SG_OK, text[cut - 1] == '\n', "%zu", cut);
    }
}

Test(state, that_was_not_written_by_us_is_refused)
{
    static const char *const rows[] = {
        "",
        "segel-ceremony/v2\nnext 1\n",
        "segel-ceremony/v1\nnext 1000\n",
        "segel-ceremony/v1\nrequest a b\n",
        "segel-ceremony/v1\nrequest a\nrequest a\n",
        "segel-ceremony/v1\nanswer lane\n",
        "segel-ceremony/v1\nanswer lane a\nanswer lane b\n",
        "segel-ceremony/v1\nminutes moon full\n",
        "segel-ceremony/v1\nminutes world Real\n",
        "segel-ceremony/v1\nelse\n",
    };

    for (size_t i = 0; i < SG_COUNT(rows); i++) {
        memset(&again, 0, sizeof(again));
        cr_expect_neq(state_read(slice_str(rows[i]), &again, &why), SG_OK, "%s", rows[i]);
    }
}
