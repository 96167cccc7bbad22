#include "gateway/status/cell.h"

#include <criterion/criterion.h>

static struct status_cell cell;
static const struct status_view good = {.source = STATUS_CRL,
                                        .authentic = true,
                                        .this_update_us = 10000000,
                                        .next_update_us = 90000000};

Test(status_cell, the_statement_about_the_signer_comes_with_the_view)
{
    struct status_view view = {.source = STATUS_CRL, .told_us = 77};
    struct status_view seen;

    for (unsigned i = 0; i < STATUS_NUMBER_MAX; i++) {
        view.number[i] = (uint8_t)(i + 1);
    }
    status_publish(&cell, &view);
    (void)status_look(&cell, &seen);
    cr_expect_eq(seen.told_us, 77);
    cr_expect_arr_eq(seen.number, view.number, sizeof(view.number));
}

static struct facts facts_of(const struct status_view *view)
{
    struct facts facts = {0};

    status_facts(view, 30000000, &facts);
    return facts;
}

Test(cell, what_was_published_is_what_is_seen)
{
    struct status_view view = good;
    struct status_view seen;

    view.fetched_us = 4;
    view.fetch_failed = true;
    view.suspended = true;
    status_publish(&cell, &view);
    (void)status_look(&cell, &seen);
    cr_expect_eq(seen.source, STATUS_CRL);
    cr_expect(seen.authentic && seen.suspended && !seen.revoked && seen.fetch_failed);
    cr_expect_eq(seen.this_update_us, 10000000);
    cr_expect_eq(seen.next_update_us, 90000000);
    cr_expect_eq(seen.fetched_us, 4);
}

Test(cell, each_change_of_state_is_a_new_generation_and_time_is_none)
{
    struct status_view view = good;
    struct status_view seen;

    status_publish(&cell, &view);
    uint64_t before = status_generation(&cell);
    view.this_update_us++;
    view.fetch_failed = true;
    status_publish(&cell, &view);
    cr_expect_eq(status_generation(&cell), before);
    view.revoked = true;
    status_publish(&cell, &view);
    cr_expect_eq(status_generation(&cell), before + 1);
    view.suspended = true;
    status_publish(&cell, &view);
    cr_expect_eq(status_look(&cell, &seen), before + 2);
    view.authentic = false;
    status_publish(&cell, &view);
    cr_expect_eq(status_generation(&cell), before + 3);
}

Test(cell, a_key_whose_status_is_not_asked_for_has_no_such_facts)
{
    const struct status_view off = {0};
    struct facts facts = facts_of(&off);

    for (size_t i = 0; i < FACT_COUNT; i++) {
        cr_expect_not(facts.value[i].present, "%s", fact_name((enum fact)i));
    }
}

Test(cell, what_nobody_proved_stays_absent)
{
    const struct status_view none = {.source = STATUS_NONE};
    struct facts facts = facts_of(&none);

    cr_expect(facts.value[FACT_ID_status_source].present);
    cr_expect_eq(facts.value[FACT_ID_status_authentic].number, 0);
    cr_expect_not(facts.value[FACT_ID_status_revoked].present);
    cr_expect_not(facts.value[FACT_ID_status_suspended].present);
    cr_expect_not(facts.value[FACT_ID_status_age_s].present);
    cr_expect_not(facts.value[FACT_ID_status_next_update_s].present);
}

Test(cell, a_proved_revocation_holds_without_the_rest_of_the_chain)
{
    const struct status_view view = {.source = STATUS_CRL, .revoked = true};
    struct facts facts = facts_of(&view);

    cr_expect_eq(facts.value[FACT_ID_status_revoked].number, 1);
    cr_expect_not(facts.value[FACT_ID_status_age_s].present);
}

Test(cell, age_and_next_update_are_seconds_from_the_time_of_the_job)
{
    struct facts facts = facts_of(&good);

    cr_expect_eq(facts.value[FACT_ID_status_age_s].number, 20);
    cr_expect_eq(facts.value[FACT_ID_status_next_update_s].number, 60);
}
