#include "client/audit/peaks.h"

#include <criterion/criterion.h>

static struct peaks peaks;

static void clean(void)
{
    peaks_fini(&peaks);
}

Test(peaks, one_row_is_enough_while_the_clock_goes_on, .fini = clean)
{
    for (uint64_t i = 0; i < 1000; i++) {
        cr_assert_eq(peaks_add(&peaks, i, (int64_t)(i / 2)), SG_OK);
        cr_expect_eq(peaks.count, 1);
    }
    cr_expect_eq(peaks_since(&peaks, 0), 499);
    cr_expect_eq(peaks_since(&peaks, 999), 499);
    cr_expect_eq(peaks_since(&peaks, 1000), INT64_MIN);
}

Test(peaks, the_latest_time_is_known_wherever_the_clock_went, .fini = clean)
{
    enum { TIMES = 500 };
    int64_t times[TIMES];
    uint32_t state = 7;

    for (size_t i = 0; i < TIMES; i++) {
        state = state * 1664525 + 1013904223;
        times[i] = (int64_t)(state >> 20) - (int64_t)i * 8; /* goes back, on the whole */
        cr_assert_eq(peaks_add(&peaks, 10 + 2 * i, times[i]), SG_OK);
    }
    int64_t latest = INT64_MIN;
    for (size_t i = TIMES; i-- > 0;) {
        latest = times[i] > latest ? times[i] : latest;
        cr_expect_eq(peaks_since(&peaks, 10 + 2 * i), latest);
        cr_expect_eq(peaks_since(&peaks, 9 + 2 * i), latest);
    }
    cr_expect_eq(peaks_since(&peaks, 0), latest);
    cr_expect(peaks.count > 1 && peaks.count < TIMES);
}
