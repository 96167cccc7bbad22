#include "gateway/dumps.h"

#include <criterion/criterion.h>
#include <sys/prctl.h>
#include <sys/resource.h>

Test(dumps, nobody_of_the_same_user_can_look_in_and_no_core_is_left)
{
    struct rlimit limit = {1, 1};

    cr_assert(dumps_forbid());
    cr_expect_eq(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
    cr_assert_eq(getrlimit(RLIMIT_CORE, &limit), 0);
    cr_expect_eq(limit.rlim_cur, 0);
    cr_expect_eq(limit.rlim_max, 0);
}
