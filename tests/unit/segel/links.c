/* The link in the QR code, by which whoever holds the letter asks about it. */
#include <criterion/criterion.h>

#include "client/segel/plan.h"
#include "tests/unit/client/support/link.h"
#include "tests/unit/segel/support/bench.h"

LINK_BEFORE_ALL_TESTS
LINK_AFTER_ALL_TESTS

TestSuite(links, .init = bench_open, .fini = bench_close, .timeout = 30);

static void expect_end(const char *id, const char *end)
{
    struct segel_plan *plan = bench_plan("seal");
    struct segel_look look = SEGEL_INIT(look);
    struct segel_letter letter = bench_letter(id);
    struct kept_letter kept;
    struct pdf_wish wish;
    char link[PLAN_LINK_SIZE];
    char wanted[PLAN_LINK_SIZE];

    look.width = look.height = 100;
    letter.look = &look;
    cr_assert_eq(kept_letter_take(&kept, &letter, &error), SEGEL_OK, "%s", error.text);
    plan_wish(plan, &kept, link, &wish);
    (void)snprintf(wanted, sizeof(wanted), "https://verify.example.go.id/%s", end);
    cr_expect_str_eq(wish.qr_text, wanted);
    kept_letter_fini(&kept);
    segel_plan_free(plan);
}

Test(links, an_id_of_any_words_comes_back_whole)
{
    char longest[65] = "";
    char encoded[3 * 64 + 1] = "";

    for (int i = 0; i < 64; i++) {
        longest[i] = ' ';
        memcpy(encoded + (ptrdiff_t)3 * i, "%20", 3);
    }
    expect_end("7f2a90b1-c3d4_e5.f6~000012", "7f2a90b1-c3d4_e5.f6~000012");
    expect_end("ND/1 #4?a=%&\xc3\xa4", "ND/1%20%234%3Fa%3D%25%26%C3%A4");
    expect_end(longest, encoded);
}
