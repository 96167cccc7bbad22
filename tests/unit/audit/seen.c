#include "client/audit/seen.h"

#include <criterion/criterion.h>

Test(seen, knows_each_of_thousands_and_no_other)
{
    struct seen seen = {0};

    for (uint64_t i = 1; i < 20000; i++) {
        cr_assert_eq(seen_add(&seen, (struct seen_mark){{i % 7, i}}), SG_OK);
    }
    for (uint64_t i = 1; i < 20000; i++) {
        cr_assert_eq(seen_add(&seen, (struct seen_mark){{i % 7, i}}), SG_CONFLICT);
    }
    cr_expect_eq(seen.count, 19999);
    cr_expect_eq(seen_add(&seen, (struct seen_mark){{7, 1}}), SG_OK);
    seen_fini(&seen);
}
