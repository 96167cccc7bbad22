#include "gateway/service/health/beats.h"

#include <criterion/criterion.h>

enum { NOW = 100000000, PATIENCE = 10000000 };

static char text[256];

static bool fresh(const struct beats *beats)
{
    FILE *out = fmemopen(text, sizeof(text), "w");

    cr_assert_not_null(out);
    bool found = beats_fresh(beats, NOW, PATIENCE, out);
    (void)fclose(out);
    cr_expect_eq(beats_fresh(beats, NOW, PATIENCE, NULL), found);
    return found;
}

Test(beats, what_moves_is_alive)
{
    const struct beats all = {NOW, NOW - 1, NOW - PATIENCE + 1};

    cr_expect(fresh(&all));
    cr_expect_str_eq(text, "");
}

Test(beats, each_that_stands_still_is_named_and_is_enough)
{
    struct beats beats = {NOW - PATIENCE, NOW, NOW};

    cr_expect_not(fresh(&beats));
    cr_expect_str_eq(text, "the core stands still\n");
    beats = (struct beats){NOW, NOW - PATIENCE, NOW};
    cr_expect_not(fresh(&beats));
    cr_expect_str_eq(text, "nobody looks after the lanes\n");
    beats = (struct beats){NOW, NOW, NOW - PATIENCE};
    cr_expect_not(fresh(&beats));
    cr_expect_str_eq(text, "an I/O loop stands still\n");
}
