#include <criterion/criterion.h>

#include "gateway/core/ceremony/ceremony.h"

/* How often the gateway's log is told of a ceremony that cannot go on. */

enum { SECOND = 1000000 };

Test(ceremony_wait, is_told_at_once_then_at_doubled_distances_and_each_hour_at_last)
{
    struct ceremony_wait wait = {0};
    int64_t last = 0;
    unsigned told = 0;

    for (int64_t now = 0; now < 86400LL * SECOND; now += 10LL * SECOND) {
        if (!ceremony_wait_due(&wait, now)) {
            continue;
        }
        int64_t gap = now - last;
        cr_assert(gap <= 3600LL * SECOND);
        cr_assert(told < 2 || told > 8 || gap == (10LL << (told - 1)) * SECOND,
                  "line %u came after %ld s", told, (long)(gap / SECOND));
        last = now;
        told++;
    }
    cr_assert_leq(told, 34u, "%u lines in a day", told);
    cr_assert_geq(told, 30u);
}
