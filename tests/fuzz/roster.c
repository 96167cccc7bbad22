/* A quorum file that is accepted lets
 * every task be done by all, by nobody never, and without any one person where it takes
 * more than one. One person taken out of it leaves all others. */
#include "proto/quorum/roster_edit.h"

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

/* Whoever is taken out is in no roster that still holds, and nobody else is. */
static void check_removal(const struct roster *roster, struct slice text)
{
    static char made[ROSTER_TEXT_MAX];
    static struct roster after;
    struct roster_change change = {.remove = true};
    struct sg_error why;
    size_t len = 0;

    change.person = slice_str(roster->groups.leaves[0]);
    MUST(roster_edit(text, &change, made, &len, &why) == SG_OK && len < text.len);
    if (roster_parse(slice_of(made, len), &after, &why) == SG_OK) {
        MUST(after.groups.leaf_count == roster->groups.leaf_count - 1);
        MUST(groups_find_leaf(&after.groups, change.person) == GROUPS_NONE);
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
    check_removal(&roster, slice_of(data, len));
    return 0;
}
