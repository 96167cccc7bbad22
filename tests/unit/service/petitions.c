#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "gateway/service/policy/petitions.h"

/* Who may put a policy in force together with whom. */

static const uint8_t base[32] = {1};
static const uint8_t other_base[32] = {2};

static struct petitions all;
static struct policy *policy;
static struct policy *other;
static struct petition *petition;
static enum petition_state state;
static struct sg_error why;
static int64_t now_us;

static struct policy *policy_of(int version)
{
    struct policy *out = NULL;
    char text[512];

    int len = snprintf(
        text, sizeof(text),
        "apiVersion: segel/v1\nkind: CertificatePolicy\n"
        "metadata: {id: p, version: %d, effective: 2026-01-01, review_by: 2027-01-01}\n"
        "profile: test\n"
        "rules: [{id: R, cp: \"1\", level: hard, require: {key.class: seal}, deny: "
        "NO}]\n",
        version);
    cr_assert_eq(policy_parse(slice_of(text, (size_t)len), "p", &out, &why), SG_OK, "%s",
                 why.text);
    return out;
}

static void set_up(void)
{
    all = (struct petitions){.waiting = {NULL}};
    policy = policy_of(2);
    other = policy_of(3);
    now_us = 1;
}

static void tear_down(void)
{
    petitions_fini(&all);
    policy_free(policy);
    policy_free(other);
}

TestSuite(petitions, .init = set_up, .fini = tear_down);

/* A person that has nothing in common with those of other marks. */
static struct person person(const char *name, bool reviewer, uint8_t mark)
{
    struct person out = {.reviewer = reviewer};

    (void)snprintf(out.name, sizeof(out.name), "%s", name);
    (void)snprintf(out.identity, sizeof(out.identity), "sha256:%d", mark);
    memset(out.cert, mark, sizeof(out.cert));
    memset(out.key, mark, sizeof(out.key));
    memset(out.subject, mark, sizeof(out.subject));
    return out;
}

static enum sg_status hand_in_of(struct policy *wanted, const struct person *who,
                                 const char *request_id, const uint8_t in_force[32])
{
    const struct handed_in handed = {.policy = wanted,
                                     .base = in_force,
                                     .person = who,
                                     .request_id = request_id,
                                     .reason = "why not",
                                     .id = request_id,
                                     .wall_us = 1000,
                                     .now_us = now_us};

    return petitions_hand_in(&all, &handed, &state, &petition, &why);
}

static enum petition_state hand_in(const struct person *who)
{
    cr_assert_eq(hand_in_of(policy, who, "r1", base), SG_OK, "%s", why.text);
    return state;
}

Test(petitions, an_officer_and_a_reviewer_are_enough_in_either_order)
{
    for (int officer_first = 0; officer_first < 2; officer_first++) {
        const struct person first = person("a", officer_first == 0, 1);
        const struct person second = person("b", officer_first == 1, 2);
        cr_expect_eq(hand_in(&first), PETITION_NEW);
        cr_expect_eq(hand_in(&second), PETITION_REACHED);
        cr_expect_str_eq(petition->asker.name, "a");
        cr_expect_str_eq(petition_approver(petition)->name, "b");
        petition_free(petition);
    }
}

Test(petitions, two_reviewers_are_enough)
{
    const struct person first = person("a", true, 1);
    const struct person second = person("b", true, 2);

    cr_expect_eq(hand_in(&first), PETITION_NEW);
    cr_expect_eq(hand_in(&second), PETITION_REACHED);
    petition_free(petition);
}

Test(petitions, officers_alone_are_never_enough)
{
    const struct person reviewer = person("r", true, 99);
    char name[8];

    for (uint8_t i = 1; i <= 9; i++) {
        (void)snprintf(name, sizeof(name), "o%d", i);
        const struct person officer = person(name, false, i);
        cr_expect_neq(hand_in(&officer), PETITION_REACHED, "%s", name);
    }
    cr_expect_eq(hand_in(&reviewer), PETITION_REACHED);
    cr_expect_str_eq(petition_approver(petition)->name, "r");
    petition_free(petition);
}

Test(petitions, one_person_counts_once_whatever_is_changed_of_it)
{
    const struct person first = person("a", true, 1);

    cr_expect_eq(hand_in(&first), PETITION_NEW);
    cr_expect_eq(hand_in(&first), PETITION_KNOWN);
    for (int kept = 0; kept < 5; kept++) {
        struct person again = person("b", true, 2);
        if (kept == 0) {
            (void)snprintf(again.name, sizeof(again.name), "a");
        } else if (kept == 1) {
            (void)snprintf(again.identity, sizeof(again.identity), "%s", first.identity);
        }
        uint8_t *marks[] = {again.cert, again.key, again.subject};
        if (kept > 1) {
            memset(marks[kept - 2], 1, 32);
        }
        cr_expect_eq(hand_in(&again), PETITION_KNOWN, "kept mark %d", kept);
    }
}

/* Users of the machine have no certificate: what none of them has is not shared. */
Test(petitions, two_local_users_are_two_persons)
{
    struct person first = person("a", true, 0);
    struct person second = person("b", false, 0);

    (void)snprintf(first.identity, sizeof(first.identity), "uid:1");
    (void)snprintf(second.identity, sizeof(second.identity), "uid:2");
    cr_expect_eq(hand_in(&first), PETITION_NEW);
    cr_expect_eq(hand_in(&second), PETITION_REACHED);
    petition_free(petition);
}

Test(petitions, other_bytes_are_another_request)
{
    const struct person first = person("a", true, 1);
    const struct person second = person("b", true, 2);

    cr_expect_eq(hand_in(&first), PETITION_NEW);
    cr_assert_eq(hand_in_of(other, &second, "r2", base), SG_OK);
    cr_expect_eq(state, PETITION_NEW);
}

Test(petitions, an_id_names_one_file)
{
    const struct person first = person("a", true, 1);

    cr_expect_eq(hand_in(&first), PETITION_NEW);
    cr_expect_eq(hand_in_of(other, &first, "r1", base), SG_CONFLICT);
    cr_expect_eq(hand_in_of(other, &first, "r2", base), SG_OK);
}

Test(petitions, they_end_after_half_an_hour)
{
    const struct person first = person("a", true, 1);
    const struct person second = person("b", true, 2);

    cr_expect_eq(hand_in(&first), PETITION_NEW);
    now_us += PETITION_LIFE_US - 1;
    cr_expect_eq(hand_in(&first), PETITION_KNOWN);
    now_us += 1;
    cr_expect_eq(hand_in(&second), PETITION_NEW);
}

Test(petitions, they_end_with_the_policy_or_the_roster_that_they_were_asked_under)
{
    const struct person first = person("a", true, 1);
    const struct person second = person("b", true, 2);

    cr_expect_eq(hand_in(&first), PETITION_NEW);
    cr_assert_eq(hand_in_of(policy, &second, "r2", other_base), SG_OK);
    cr_expect_eq(state, PETITION_NEW);
    petitions_void(&all);
    cr_assert_eq(hand_in_of(policy, &first, "r3", other_base), SG_OK);
    cr_expect_eq(state, PETITION_NEW);
}

Test(petitions, only_so_many_wait)
{
    const struct person first = person("a", true, 1);
    struct policy *many[PETITIONS_MAX + 1];
    char id[8];

    for (int i = 0; i <= PETITIONS_MAX; i++) {
        many[i] = policy_of(10 + i);
        (void)snprintf(id, sizeof(id), "m%d", i);
        cr_expect_eq(hand_in_of(many[i], &first, id, base),
                     i < PETITIONS_MAX ? SG_OK : SG_BUSY, "%d", i);
    }
    now_us += PETITION_LIFE_US;
    cr_expect_eq(hand_in_of(many[PETITIONS_MAX], &first, "late", base), SG_OK);
    for (int i = 0; i <= PETITIONS_MAX; i++) {
        policy_free(many[i]);
    }
}
