#include "proto/quorum/roster.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "proto/quorum/words.h"
#include "tests/unit/quorum/support/people.h"

static struct people people;
static struct roster roster;
static struct sg_error why;
static char text[16384];

static void set_up(void)
{
    people_make(&people);
    (void)snprintf(text, sizeof(text), "%s", people.text);
}

static void tear_down(void)
{
    people_remove(&people);
}

TestSuite(roster, .init = set_up, .fini = tear_down);

static enum sg_status parse(void)
{
    return roster_parse(slice_str(text), &roster, &why);
}

static void lawful(void)
{
    cr_assert_eq(parse(), SG_OK, "%s", why.text);
}

/* Puts other words in the place of these, which must stand there. */
static void change(const char *from, const char *to)
{
    char changed[sizeof(text)];
    char *at = strstr(text, from);

    cr_assert_not_null(at, "%s", from);
    (void)snprintf(changed, sizeof(changed), "%.*s%s%s", (int)(at - text), text, to,
                   at + strlen(from));
    memcpy(text, changed, sizeof(text));
}

static void append(const char *line)
{
    size_t len = strlen(text);

    (void)snprintf(text + len, sizeof(text) - len, "%s", line);
}

static void refused(const char *words)
{
    cr_assert_eq(parse(), SG_INVALID, "it was taken, and not refused for: %s", words);
    cr_expect_not_null(strstr(why.text, words), "'%s' does not say '%s'", why.text,
                       words);
}

static uint64_t bit(const char *name)
{
    unsigned index = groups_find_leaf(&roster.groups, slice_str(name));

    cr_assert_neq(index, GROUPS_NONE);
    return (uint64_t)1 << index;
}

static unsigned index_of(const char *name)
{
    return groups_find_leaf(&roster.groups, slice_str(name));
}

Test(roster, has_persons_with_role_and_key)
{
    lawful();
    cr_expect_eq(roster.groups.leaf_count, PEOPLE);
    cr_expect_eq(roster.persons[index_of("officer-b")].role, PERSON_OFFICER);
    cr_expect_eq(roster.persons[index_of("reviewer-y")].role, PERSON_REVIEWER);
    cr_expect_eq(roster.persons[index_of("operator-o")].role, PERSON_OPERATOR);
    cr_expect_eq(roster.persons[index_of("officer-b")].keys[0].id, people.named[1].id);
}

Test(roster, two_persons_are_two_and_the_requester_is_none)
{
    lawful();
    uint64_t a = bit("officer-a");
    uint64_t b = bit("officer-b");
    uint64_t c = bit("officer-c");

    cr_expect_not(roster_reached(&roster, TASK_KEY_ACTIVATE, b, index_of("officer-a")));
    cr_expect_not(
        roster_reached(&roster, TASK_KEY_ACTIVATE, a | b, index_of("officer-a")));
    cr_expect(roster_reached(&roster, TASK_KEY_ACTIVATE, b | c, index_of("officer-a")));
    cr_expect_not(roster_reached(&roster, TASK_KEY_ACTIVATE,
                                 b | bit("reviewer-x") | bit("operator-o"),
                                 index_of("officer-a")),
                  "other roles do not count");
    cr_expect_eq(roster_fewest(&roster, TASK_KEY_ACTIVATE), 2);
}

Test(roster, a_policy_needs_a_reviewer)
{
    lawful();
    cr_expect_not(roster_reached(&roster, TASK_POLICY_LOAD,
                                 bit("officer-a") | bit("officer-b") | bit("officer-c") |
                                     bit("officer-d"),
                                 GROUPS_NONE));
    cr_expect(roster_reached(&roster, TASK_POLICY_LOAD,
                             bit("officer-b") | bit("reviewer-x"),
                             index_of("officer-a")));
}

Test(roster, one_person_is_enough_to_stop)
{
    lawful();
    cr_expect_eq(roster_fewest(&roster, TASK_LOCKDOWN), 1);
    cr_expect(roster_reached(&roster, TASK_LOCKDOWN, bit("reviewer-y"), GROUPS_NONE));
    cr_expect_not(roster_reached(&roster, TASK_LOCKDOWN, bit("operator-o"), GROUPS_NONE));
    cr_expect_eq(roster_fewest(&roster, TASK_LOCKDOWN_CLEAR), 3);
}

Test(roster, tells_who_may_take_part)
{
    lawful();
    cr_expect_eq(roster_candidates(&roster, TASK_LOG_PRUNE),
                 bit("officer-a") | bit("officer-b") | bit("officer-c") |
                     bit("officer-d"));
}

Test(roster, a_person_may_have_several_keys)
{
    char line[512];
    struct people others;

    people_make(&others);
    people_line(&others, 0, line);
    append(line);
    lawful();
    cr_expect_eq(roster.groups.leaf_count, PEOPLE);
    cr_expect_eq(roster.persons[index_of("officer-a")].key_count, 2);
    people_remove(&others);
}

Test(roster, comments_blanks_and_tabs_are_nothing)
{
    change("group two 2", "# a comment\n\n \t\n  # another\n\tgroup\t two   2");
    lawful();
    change("task key.hold anybody\n", "task key.hold anybody # why\n");
    refused("a task is its name and a group");
}

Test(roster, no_key_stands_twice)
{
    char line[512];

    people_line(&people, 0, line);
    append(line);
    refused("this key stands above already");
}

Test(roster, nobody_has_two_roles)
{
    char line[512];
    char other[600];
    struct people others;

    people_make(&others);
    people_line(&others, 0, line);
    (void)snprintf(other, sizeof(other), "reviewer %s", line + strlen("officer "));
    append(other);
    refused("'officer-a' is an officer above");
    people_remove(&others);
}

Test(roster, refuses_keys_that_are_none)
{
    change(" officer-d+", " officer-d+0");
    refused("line 4: '");
}

Test(roster, refuses_a_task_that_one_lost_person_would_stop)
{
    change("group two 2 officer-a officer-b officer-c officer-d",
           "group two 2 officer-a officer-b");
    refused("could not be done without 'officer-a'");
}

Test(roster, refuses_a_reviewer_who_is_the_only_one)
{
    change("group reviewer any reviewer-x reviewer-y", "group reviewer any reviewer-x");
    refused("task policy.load could not be done without 'reviewer-x'");
}

Test(roster, refuses_fewer_persons_than_the_task_needs)
{
    change("task key.activate two", "task key.activate one");
    refused("task key.activate needs at least 2 persons");
}

Test(roster, refuses_a_policy_by_officers_alone)
{
    change("task policy.load signers", "task policy.load two");
    refused("needs a reviewer, and officers alone would be enough");
}

Test(roster, refuses_whom_the_task_is_not_for)
{
    change("group two 2 officer-a", "group two 2 reviewer-x officer-a");
    refused("'reviewer-x' cannot take part in the task key.generate");
}

Test(roster, refuses_operators_in_any_task)
{
    change("group reviewer any reviewer-x", "group reviewer any operator-o reviewer-x");
    refused("'operator-o' cannot take part in the task");
}

Test(roster, refuses_a_person_in_two_places)
{
    change("group signers all one reviewer",
           "group again any officer-a reviewer-x\ngroup signers all again reviewer");
    refused("'reviewer-x' stands in two places of the task policy.load");
}

Test(roster, refuses_persons_and_groups_in_one)
{
    change("group signers all one reviewer", "group signers all one reviewer-x");
    refused("persons or groups as members, not both");
}

Test(roster, every_task_has_its_line)
{
    change("task pin.unlock two\n", "");
    refused("no line for the task pin.unlock");
}

Test(roster, who_may_unlock_a_pin_may_change_it_where_no_line_says_who)
{
    cr_assert_eq(parse(), SG_OK, "%s", why.text);
    cr_expect_eq(roster.quorum[TASK_PIN_CHANGE], roster.quorum[TASK_PIN_UNLOCK]);
    append("task pin.change three\n");
    cr_assert_eq(parse(), SG_OK, "%s", why.text);
    cr_expect_neq(roster.quorum[TASK_PIN_CHANGE], roster.quorum[TASK_PIN_UNLOCK]);
}

Test(roster, a_task_has_one_line)
{
    append("task pin.unlock three\n");
    refused("the task pin.unlock stands above already");
}

Test(roster, refuses_what_it_does_not_know)
{
    static const struct {
        const char *line;
        const char *words;
    } bad[] = {
        {"officer a/b x+1+y\n", "a name has 1 to 64 characters"},
        {"group a/b any officer-a\n", "a name has 1 to 64 characters"},
        {"task key.copy two\n", "no task 'key.copy'"},
        {"task pin.unlock four\n", "no group 'four'"},
        {"quorum two\n", "none of the words"},
        {"Officer x y\n", "none of the words"},
        {"officer x\n", "a role, a name and a key"},
        {"group x\n", "a group is a name"},
        {"task a\n", "a task is its name"},
        {"task a b c\n", "a task is its name"},
        {"a\x01b\n", "control character"},
        {"task pin.unlock two", "does not end with a line feed"},
    };
    size_t len = strlen(text);

    for (size_t i = 0; i < SG_COUNT(bad); i++) {
        text[len] = '\0';
        append(bad[i].line);
        refused(bad[i].words);
        cr_expect_eq(strncmp(why.text, "line 30: ", 9), 0, "%s", why.text);
    }
}

Test(roster, has_a_limit)
{
    static char large[WORDS_FILE_MAX + 2];

    memset(large, '\n', sizeof(large) - 1);
    cr_expect_eq(roster_parse(slice_of(large, sizeof(large) - 1), &roster, &why),
                 SG_TOO_LARGE);
}
