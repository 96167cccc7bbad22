#include <criterion/criterion.h>
#include <stdio.h>

#include "gateway/core/key/activation.h"

/* For which jobs a key is open, by its row and a moment. */
#define S INT64_C(1000000)
static const int64_t begun_us = 1000 * S;

static struct keyreg row;
static struct facts facts;

static void set_up(void)
{
    row = (struct keyreg){
        .state = KEY_ACTIVE,
        .activation = {
            .mode = ACTIVATION_COUNT, .begun_us = begun_us, .max = 3, .idle_s = 60}};
    facts = (struct facts){0};
}

TestSuite(activation, .init = set_up);

static const char *over(int64_t now_us)
{
    return activation_over(&row.activation, now_us);
}

static bool active(int64_t now_us)
{
    facts = (struct facts){0};
    activation_facts(&row, now_us, &facts);
    cr_assert(facts.value[FACT_ID_activation_active].present);
    return facts.value[FACT_ID_activation_active].number != 0;
}

Test(activation, a_count_is_used_up_and_never_exceeded)
{
    int64_t mark = 0;

    for (unsigned i = 0; i < 3; i++) {
        cr_expect_eq(activation_left(&row.activation), 3 - i);
        cr_expect(active(begun_us));
        activation_use(&row, begun_us, &mark);
        cr_expect_eq(mark, begun_us);
    }
    cr_expect_not(active(begun_us));
    cr_expect_str_eq(over(begun_us), "its jobs are used up");
    activation_use(&row, begun_us, &mark);
    cr_expect_eq(mark, 0);
    cr_expect_eq(row.activation.used, 3);
}

Test(activation, a_window_ends_at_its_moment_and_not_before)
{
    row.activation = (struct activation){
        .mode = ACTIVATION_WINDOW, .begun_us = begun_us, .until_us = begun_us + 10 * S};
    cr_expect_null(over(begun_us + 10 * S - 1));
    cr_expect_str_eq(over(begun_us + 10 * S), "its window is over");
    cr_expect_eq(activation_left(&row.activation), ACTIVATION_MAX);
    cr_expect_not(active(begun_us + 10 * S));
}

Test(activation, a_pause_is_counted_from_the_last_job_or_the_begin)
{
    int64_t mark = 0;

    cr_expect_null(over(begun_us + 60 * S));
    cr_expect_str_eq(over(begun_us + 61 * S), "no job came for too long");
    activation_use(&row, begun_us + 50 * S, &mark);
    cr_expect_null(over(begun_us + 61 * S));
    cr_expect_eq(activation_idle_s(&row.activation, begun_us + 61 * S), 11);
    cr_expect_eq(activation_idle_s(&row.activation, begun_us), 0, "a clock set back");
}

Test(activation, what_is_given_back_belongs_to_it)
{
    int64_t mark = 0;

    activation_use(&row, begun_us, &mark);
    cr_expect(activation_give_back(&row, mark));
    cr_expect_eq(row.activation.used, 0);
    cr_expect_not(activation_give_back(&row, mark), "there is nothing to give back");
    activation_use(&row, begun_us, &mark);
    row.activation.begun_us += 1; /* another one */
    row.activation.used = 2;
    cr_expect_not(activation_give_back(&row, mark));
    cr_expect_not(activation_give_back(&row, 0), "it counted in none");
    cr_expect_eq(row.activation.used, 2);
}

Test(activation, no_job_counts_where_the_key_is_not_active)
{
    int64_t mark = 7;

    row.state = KEY_INACTIVE;
    activation_use(&row, begun_us, &mark);
    cr_expect_eq(mark, 0);
    cr_expect_eq(row.activation.used, 0);
    cr_expect_not(active(begun_us));
}

Test(activation, facts_of_no_activation_are_absent)
{
    row.activation = (struct activation){.mode = ACTIVATION_NONE};
    row.state = KEY_ACCEPTED;
    cr_expect_not(active(begun_us));
    cr_expect_not(facts.value[FACT_ID_activation_mode].present);
    cr_expect_not(facts.value[FACT_ID_activation_left].present);
    cr_expect_not(facts.value[FACT_ID_activation_idle_s].present);
    cr_expect_not(facts.value[FACT_ID_key_successor_age_s].present);
}

/* Expected by state: accepted, hold, compromised. */
static const struct {
    enum key_state state;
    enum key_state before;
    bool accepted;
    bool hold;
    bool compromised;
} states[] = {
    {KEY_GENERATED, KEY_NONE, false, false, false},
    {KEY_CERTIFIED, KEY_NONE, false, false, false},
    {KEY_ACCEPTED, KEY_NONE, true, false, false},
    {KEY_ACTIVE, KEY_NONE, true, false, false},
    {KEY_INACTIVE, KEY_NONE, true, false, false},
    {KEY_HELD, KEY_ACCEPTED, true, true, false},
    {KEY_HELD, KEY_GENERATED, false, true, false},
    {KEY_RETIRED, KEY_NONE, true, false, false},
    {KEY_COMPROMISED, KEY_NONE, false, false, true},
    {KEY_DESTROYED, KEY_NONE, false, false, false},
};

Test(activation, facts_follow_the_state)
{
    for (size_t i = 0; i < SG_COUNT(states); i++) {
        row.state = states[i].state;
        row.before_hold = states[i].before;
        (void)active(begun_us);
        const struct fact_value *value = facts.value;
        cr_expect_eq(value[FACT_ID_key_accepted].number, states[i].accepted, "row %zu",
                     i);
        cr_expect_eq(value[FACT_ID_key_hold].number, states[i].hold, "row %zu", i);
        cr_expect_eq(value[FACT_ID_key_compromised].number, states[i].compromised,
                     "row %zu", i);
    }
}

Test(activation, the_age_of_a_successor_is_counted)
{
    (void)snprintf(row.successor, sizeof(row.successor), "seal-new");
    row.rotated_us = begun_us;
    (void)active(begun_us + 90 * S);
    cr_expect_eq(facts.value[FACT_ID_key_successor_age_s].number, 90);
}
