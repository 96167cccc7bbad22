#include "proto/quorum/groups.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct groups groups;
static struct sg_error why;

static void set_up(void)
{
    static const char *const names[] = {"a", "b", "c", "d", "e"};

    memset(&groups, 0, sizeof(groups));
    for (size_t i = 0; i < SG_COUNT(names); i++) {
        cr_assert_eq(groups_add_leaf(&groups, slice_str(names[i]), &why), SG_OK);
    }
}

TestSuite(groups, .init = set_up);

/* Words apart by single spaces. */
static enum sg_status add(const char *line)
{
    struct slice words[64];
    size_t count = 0;

    for (const char *at = line; *at != '\0';) {
        size_t len = strcspn(at, " ");
        words[count++] = slice_of(at, len);
        at += len + (at[len] == ' ');
    }
    return groups_add(&groups, words, count, &why);
}

static size_t group(const char *line)
{
    cr_assert_eq(add(line), SG_OK, "%s: %s", line, why.text);
    return groups.count - 1;
}

enum { A = 1, B = 2, C = 4, D = 8, E = 16 };

Test(groups, a_number_of_members_is_enough)
{
    size_t two = group("two 2 a b c");

    cr_expect_not(groups_reached(&groups, two, 0));
    cr_expect_not(groups_reached(&groups, two, A));
    cr_expect_not(groups_reached(&groups, two, A | D | E), "others do not count");
    cr_expect(groups_reached(&groups, two, A | C));
    cr_expect(groups_reached(&groups, two, A | B | C));
    cr_expect_eq(groups_fewest(&groups, two), 2);
}

Test(groups, any_is_one_and_all_is_each)
{
    size_t any = group("one any a b");
    size_t all = group("each all a b");

    cr_expect(groups_reached(&groups, any, B));
    cr_expect_not(groups_reached(&groups, any, C));
    cr_expect_not(groups_reached(&groups, all, B));
    cr_expect(groups_reached(&groups, all, A | B));
}

Test(groups, groups_may_be_members)
{
    group("officers any a b c");
    group("reviewers any d e");
    size_t both = group("both all officers reviewers");

    cr_expect_not(groups_reached(&groups, both, A | B | C));
    cr_expect_not(groups_reached(&groups, both, D | E));
    cr_expect(groups_reached(&groups, both, C | D));
    cr_expect_eq(groups_fewest(&groups, both), 2);
}

Test(groups, the_fewest_are_those_of_the_smallest_members)
{
    group("three all a b c");
    group("one any d e");
    size_t either = group("either 1 three one");
    size_t both = group("both 2 three one");

    cr_expect_eq(groups_fewest(&groups, either), 1);
    cr_expect_eq(groups_fewest(&groups, both), 4);
}

Test(groups, who_stands_twice_below_one_group_is_told)
{
    uint64_t twice = 0;

    group("x any a b");
    group("y any b c");
    size_t both = group("both all x y");
    cr_expect_eq(groups_leaves(&groups, both, &twice), A | B | C);
    cr_expect_eq(twice, B);
    size_t above = group("above any both");
    cr_expect_eq(groups_leaves(&groups, above, &twice), A | B | C);
    cr_expect_eq(twice, B, "also from further up");
    cr_expect_eq(groups_leaves(&groups, 0, &twice), A | B);
    cr_expect_eq(twice, 0);
}

Test(groups, refuses_what_cannot_be)
{
    static const char *const bad[] = {
        "",           "g",       "g 1",      "g 0 a",    "g 3 a b", "g 01 a b",
        "g some a b", "g -1 a",  "g none a", "g 1 f",    "g 1 g",   "g 2 a a",
        "a 1 b",      "all 1 a", "any 1 a",  "none 1 a",
    };

    for (size_t i = 0; i < SG_COUNT(bad); i++) {
        cr_expect_eq(add(bad[i]), SG_INVALID, "'%s'", bad[i]);
        cr_expect_eq(groups.count, 0, "'%s' leaves nothing behind", bad[i]);
    }
    group("g 1 a");
    cr_expect_eq(add("g 1 b"), SG_INVALID, "a name that stands above");
}

Test(groups, a_group_below_cannot_be_named)
{
    cr_expect_eq(add("first 1 second"), SG_INVALID);
}

Test(groups, has_limits)
{
    char line[64];

    for (unsigned i = 0; i < GROUPS_MAX; i++) {
        (void)snprintf(line, sizeof(line), "g%u 1 a", i);
        group(line);
    }
    cr_expect_eq(add("more 1 a"), SG_INVALID);
    for (unsigned i = 5; i < GROUPS_LEAVES_MAX; i++) {
        (void)snprintf(line, sizeof(line), "n%u", i);
        cr_assert_eq(groups_add_leaf(&groups, slice_str(line), &why), SG_OK);
    }
    cr_expect_eq(groups_add_leaf(&groups, slice_str("more"), &why), SG_INVALID);
}

/* The last of all leaves has a bit, too. */
Test(groups, counts_the_last_leaf)
{
    char line[64];

    for (unsigned i = 5; i < GROUPS_LEAVES_MAX; i++) {
        (void)snprintf(line, sizeof(line), "n%u", i);
        cr_assert_eq(groups_add_leaf(&groups, slice_str(line), &why), SG_OK);
    }
    size_t last = group("last 2 n62 n63");
    cr_expect(groups_reached(&groups, last, (uint64_t)3 << 62));
    cr_expect_not(groups_reached(&groups, last, (uint64_t)1 << 63));
}
