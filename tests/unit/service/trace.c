#include "gateway/service/trace.h"

#include <criterion/criterion.h>

#include "proto/base.h"

#define ID     "4bf92f3577b34da6a3ce929d0e0e4736"
#define PARENT "00f067aa0ba902b7"

static const char *read(const char *header)
{
    static char out[TRACE_ID_SIZE];

    trace_read(slice_str(header), out);
    return out;
}

Test(trace, the_id_of_a_sound_header_is_taken)
{
    cr_expect_str_eq(read("00-" ID "-" PARENT "-01"), ID);
    cr_expect_str_eq(read("00-" ID "-" PARENT "-00"), ID);
}

/* Section 3.2.4: a later version is read as far as this one goes. */
Test(trace, a_later_version_may_be_longer_and_this_one_not)
{
    cr_expect_str_eq(read("cc-" ID "-" PARENT "-01-what-comes"), ID);
    cr_expect_str_eq(read("cc-" ID "-" PARENT "-01"), ID);
    cr_expect_str_eq(read("cc-" ID "-" PARENT "-01.what"), "");
    cr_expect_str_eq(read("00-" ID "-" PARENT "-01-what"), "");
}

Test(trace, what_is_not_as_it_should_counts_as_none)
{
    static const char *const bad[] = {
        "",
        "00",
        "00-" ID,
        "ff-" ID "-" PARENT "-01",
        "0g-" ID "-" PARENT "-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-" PARENT "-01",
        "00-00000000000000000000000000000000-" PARENT "-01",
        "00-" ID "-0000000000000000-01",
        "00_" ID "-" PARENT "-01",
        "00-" ID "_" PARENT "-01",
        "00-" ID "-" PARENT "_01",
        "00-" ID "-" PARENT "-0x",
        "00-4bf92f3577b34da6a3ce929d0e0e473\"-" PARENT "-01",
    };

    for (size_t i = 0; i < SG_COUNT(bad); i++) {
        cr_expect_str_eq(read(bad[i]), "", "%s", bad[i]);
    }
}
