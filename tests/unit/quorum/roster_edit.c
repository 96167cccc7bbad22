#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "proto/quorum/roster_edit.h"
#include "tests/unit/quorum/support/people.h"

/* The quorum file as text, changed line by line. */
static char made[ROSTER_TEXT_MAX + 1];
static struct sg_error why;

static enum sg_status edit(const char *text, const struct roster_change *change)
{
    size_t len = 0;
    enum sg_status status = roster_edit(slice_str(text), change, made, &len, &why);

    made[status == SG_OK ? len : 0] = '\0';
    return status;
}

static struct roster_change adding(const char *person, const char *key, const char *group)
{
    return (struct roster_change){.person = slice_str(person),
                                  .role = PERSON_OFFICER,
                                  .key_count = 1,
                                  .keys = {slice_str(key)},
                                  .group_count = group == NULL ? 0 : 1,
                                  .groups = {slice_str(group == NULL ? "" : group)}};
}

static struct roster_change removing(const char *person)
{
    return (struct roster_change){.remove = true, .person = slice_str(person)};
}

static const char file[] = "# ours\nofficer a KA\n\nofficer  b KB\nreviewer x KX\n"
                           "group two 2 a  b\ngroup one any a\ntask t two\n# end\n";

Test(roster_edit, whoever_comes_stands_above_the_groups)
{
    struct roster_change change = adding("c", "KC", "two");

    cr_assert_eq(edit(file, &change), SG_OK, "%s", why.text);
    cr_expect_str_eq(made, "# ours\nofficer a KA\n\nofficer  b KB\nreviewer x KX\n"
                           "officer c KC\ngroup two 2 a  b c\ngroup one any a\n"
                           "task t two\n# end\n");
}

Test(roster_edit, other_keys_stand_where_the_first_did)
{
    struct roster_change change = adding("a", "K1", "two");

    change.key_count = 2;
    change.keys[1] = slice_str("K2");
    cr_assert_eq(
        edit("officer a KA\nofficer b KB\nofficer a KB2\ngroup two 2 a b\n", &change),
        SG_OK);
    cr_expect_str_eq(made, "officer a K1\nofficer a K2\nofficer b KB\ngroup two 2 a b\n");
}

Test(roster_edit, whoever_goes_is_named_nowhere)
{
    struct roster_change change = removing("a");

    cr_assert_eq(edit(file, &change), SG_OK);
    cr_expect_str_eq(made, "# ours\n\nofficer  b KB\nreviewer x KX\ngroup two 2 b\n"
                           "group one any\ntask t two\n# end\n");
}

Test(roster_edit, a_name_that_only_begins_so_is_another)
{
    struct roster_change change = removing("a");

    cr_assert_eq(edit("officer a KA\nofficer ab KB\ngroup a2 1 ab a\n", &change), SG_OK);
    cr_expect_str_eq(made, "officer ab KB\ngroup a2 1 ab\n");
}

Test(roster_edit, there_and_back_is_the_same_text)
{
    static char first[ROSTER_TEXT_MAX + 1];
    struct people people;
    struct roster roster;
    struct roster_change change = removing("officer-e");

    people_make(&people);
    struct roster_change add = adding("officer-e", "officer-e+00000000+AA==", "two");
    cr_assert_eq(edit(people.text, &add), SG_OK, "%s", why.text);
    (void)snprintf(first, sizeof(first), "%s", made);
    cr_assert_eq(edit(first, &change), SG_OK);
    cr_expect_str_eq(made, people.text);
    cr_expect_eq(roster_parse(slice_str(made), &roster, &why), SG_OK);
    people_remove(&people);
}

Test(roster_edit, what_is_not_there_is_told)
{
    struct roster_change change = removing("z");

    cr_expect_eq(edit(file, &change), SG_NOT_FOUND);
    cr_expect_not_null(strstr(why.text, "'z'"));
    change = adding("c", "KC", "nobody");
    cr_expect_eq(edit(file, &change), SG_NOT_FOUND);
    cr_expect_not_null(strstr(why.text, "'nobody'"));
    change = adding("c", "KC", NULL);
    cr_expect_eq(edit("officer a KA", &change), SG_INVALID, "no line feed");
    cr_expect_eq(edit("officer a \001\n", &change), SG_INVALID);
}

Test(roster_edit, what_would_be_too_long_is_refused)
{
    static char text[ROSTER_TEXT_MAX];
    struct roster_change change = adding("c", "KC", NULL);

    memset(text, '#', sizeof(text) - 2);
    text[sizeof(text) - 2] = '\n';
    cr_expect_eq(edit(text, &change), SG_TOO_LARGE);
}
