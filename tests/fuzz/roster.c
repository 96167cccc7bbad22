/* A quorum file that is accepted lets
 * every task be done by all, by nobody never, and without any one person where it takes
 * more than one. */
#include "proto/quorum/roster.h"

#include "tests/fuzz/support/fuzz.h"

static void check_task(const struct roster *roster, enum task task)
{
    uint64_t who = roster_candidates(roster, task);

    MUST(who != 0 && !roster_reached(roster, task, 0, GROUPS_NONE));
    MUST(!roster_reached(roster, task, ~who, GROUPS_NONE));
    MUST(roster_reached(roster, task, who, GROUPS_NONE));
    MUST(roster_fewest(roster, task) <= (unsigned)__builtin_popcountll(who));
    for (unsigned person = 0; person < GROUPS_LEAVES_MAX; person++) {
        MUST(roster_fewest(roster, task) == 1 ||
             roster_reached(roster, task, who, person));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct roster roster;
    struct sg_error why;

    if (roster_parse(slice_of(data, len), &roster, &why) != SG_OK) {
        return 0;
    }
    MUST(roster.groups.leaf_count <= GROUPS_LEAVES_MAX);
    for (size_t task = 0; task < TASK_COUNT; task++) {
        check_task(&roster, (enum task)task);
    }
    return 0;
}
