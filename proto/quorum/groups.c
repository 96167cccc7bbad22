#include "proto/quorum/groups.h"

#include <string.h>

#include "proto/text.h"

static bool is_word(struct slice text, const char *word)
{
    return slice_equal(text, slice_str(word));
}

static bool is_reserved(struct slice name)
{
    return is_word(name, "all") || is_word(name, "any") || is_word(name, "none");
}

unsigned groups_find_leaf(const struct groups *groups, struct slice name)
{
    for (size_t i = 0; i < groups->leaf_count; i++) {
        if (is_word(name, groups->leaves[i])) {
            return (unsigned)i;
        }
    }
    return GROUPS_NONE;
}

unsigned groups_find(const struct groups *groups, struct slice name)
{
    for (size_t i = 0; i < groups->count; i++) {
        if (is_word(name, groups->list[i].name)) {
            return (unsigned)i;
        }
    }
    return GROUPS_NONE;
}

bool groups_member(const struct groups *groups, struct slice name,
                   struct group_member *out)
{
    unsigned leaf = groups_find_leaf(groups, name);
    unsigned group = groups_find(groups, name);

    out->is_group = leaf == GROUPS_NONE;
    out->index = (uint8_t)(out->is_group ? group : leaf);
    return out->index != GROUPS_NONE;
}

/* --- Reading ----------------------------------------------------------------------- */

static enum sg_status check_name(const struct groups *groups, struct slice name,
                                 struct sg_error *why)
{
    if (name.len == 0 || name.len > GROUPS_NAME_MAX || is_reserved(name)) {
        return sg_fail(
            why, SG_INVALID,
            "a name has 1 to %d bytes, and is none of the words all, any, none",
            GROUPS_NAME_MAX);
    }
    if (groups_find_leaf(groups, name) != GROUPS_NONE ||
        groups_find(groups, name) != GROUPS_NONE) {
        return sg_fail(why, SG_INVALID, "the name '%.*s' stands above already",
                       (int)name.len, (const char *)name.data);
    }
    return SG_OK;
}

static void keep_name(struct slice name, char out[GROUPS_NAME_MAX + 1])
{
    memcpy(out, name.data, name.len);
    out[name.len] = '\0';
}

enum sg_status groups_add_leaf(struct groups *groups, struct slice name,
                               struct sg_error *why)
{
    TRY(check_name(groups, name, why));
    if (groups->leaf_count == GROUPS_LEAVES_MAX) {
        return sg_fail(why, SG_INVALID, "there are more than %d names",
                       GROUPS_LEAVES_MAX);
    }
    keep_name(name, groups->leaves[groups->leaf_count++]);
    return SG_OK;
}

static bool has_member(const struct group *group, struct group_member member)
{
    for (size_t i = 0; i < group->count; i++) {
        if (group->members[i].is_group == member.is_group &&
            group->members[i].index == member.index) {
            return true;
        }
    }
    return false;
}

static enum sg_status add_member(const struct groups *groups, struct group *group,
                                 struct slice name, struct sg_error *why)
{
    struct group_member member;

    if (!groups_member(groups, name, &member)) {
        return sg_fail(why, SG_INVALID, "'%.*s' does not stand above", (int)name.len,
                       (const char *)name.data);
    }
    if (has_member(group, member)) {
        return sg_fail(why, SG_INVALID, "'%.*s' is a member twice", (int)name.len,
                       (const char *)name.data);
    }
    group->members[group->count++] = member;
    return SG_OK;
}

static enum sg_status read_threshold(struct slice word, size_t members, uint8_t *out,
                                     struct sg_error *why)
{
    uint64_t number = is_word(word, "any") ? 1 : members;

    if (!is_word(word, "any") && !is_word(word, "all") &&
        (text_uint(word, members, &number) != SG_OK || number == 0)) {
        return sg_fail(why, SG_INVALID,
                       "how many members are enough is 'any', 'all', or a number from 1 "
                       "to that of the members (%zu)",
                       members);
    }
    *out = (uint8_t)number;
    return SG_OK;
}

enum sg_status groups_add(struct groups *groups, const struct slice *words, size_t count,
                          struct sg_error *why)
{
    struct group group = {.count = 0};

    if (count < 3 || count - 2 > GROUPS_MEMBERS_MAX) {
        return sg_fail(why, SG_INVALID,
                       "a group is a name, how many members are enough, and 1 to %d "
                       "members",
                       GROUPS_MEMBERS_MAX);
    }
    if (groups->count == GROUPS_MAX) {
        return sg_fail(why, SG_INVALID, "there are more than %d groups", GROUPS_MAX);
    }
    TRY(check_name(groups, words[0], why));
    TRY(read_threshold(words[1], count - 2, &group.threshold, why));
    for (size_t i = 2; i < count; i++) {
        TRY(add_member(groups, &group, words[i], why));
    }
    keep_name(words[0], group.name);
    groups->list[groups->count++] = group;
    return SG_OK;
}

/* --- Counting ---------------------------------------------------------------------- */

/* A group knows only those above it: one pass from the first is enough for all. */
bool groups_reached(const struct groups *groups, size_t group, uint64_t present)
{
    bool reached[GROUPS_MAX] = {false};

    for (size_t g = 0; g <= group; g++) {
        const struct group *one = &groups->list[g];
        unsigned given = 0;
        for (size_t m = 0; m < one->count; m++) {
            size_t index = one->members[m].index;
            bool leaf = (present >> index & 1) == 1;
            given += one->members[m].is_group ? reached[index] : leaf;
        }
        reached[g] = given >= one->threshold;
    }
    return reached[group];
}

/* The sum of the smallest, as many as are enough. */
static unsigned cheapest(const struct group *group, const unsigned needs[GROUPS_MAX])
{
    bool taken[GROUPS_MEMBERS_MAX] = {false};
    unsigned sum = 0;

    for (unsigned k = 0; k < group->threshold; k++) {
        unsigned least = UINT32_MAX;
        size_t best = 0;
        for (size_t m = 0; m < group->count; m++) {
            unsigned cost =
                group->members[m].is_group ? needs[group->members[m].index] : 1;
            if (!taken[m] && cost < least) {
                least = cost;
                best = m;
            }
        }
        taken[best] = true;
        sum += least;
    }
    return sum;
}

unsigned groups_fewest(const struct groups *groups, size_t group)
{
    unsigned needs[GROUPS_MAX] = {0};

    for (size_t g = 0; g <= group; g++) {
        needs[g] = cheapest(&groups->list[g], needs);
    }
    return needs[group];
}

uint64_t groups_leaves(const struct groups *groups, size_t group, uint64_t *twice)
{
    uint64_t below[GROUPS_MAX] = {0};
    uint64_t again[GROUPS_MAX] = {0};

    for (size_t g = 0; g <= group; g++) {
        const struct group *one = &groups->list[g];
        for (size_t m = 0; m < one->count; m++) {
            size_t index = one->members[m].index;
            bool is_group = one->members[m].is_group;
            uint64_t those = is_group ? below[index] : (uint64_t)1 << index;
            again[g] |= (is_group ? again[index] : 0) | (below[g] & those);
            below[g] |= those;
        }
    }
    *twice = again[group];
    return below[group];
}
