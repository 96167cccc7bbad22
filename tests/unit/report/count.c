#include <criterion/criterion.h>

#include "tests/unit/report/support/log.h"

TestSuite(count, .init = begin, .fini = end);

Test(count, only_what_was_signed_is_counted_as_signed)
{
    job("2026-05-01T00:00:00Z", "signed");
    job("2026-05-01T00:00:01Z", "failed");
    job("2026-05-01T00:00:02Z", "indeterminate");
    job("2026-05-01T00:00:03Z", "Signed");
    job("2026-05-01T00:00:04Z", "");
    const struct report *report = finished();
    cr_expect_eq(report->all.fates[FATE_SIGNED], 1);
    cr_expect_eq(report->all.fates[FATE_FAILED], 3);
    cr_expect_eq(report->all.fates[FATE_INDETERMINATE], 1);
    cr_expect_eq(report->documents.count, 1);
}

Test(count, a_month_ends_in_the_zone)
{
    job("2026-01-31T16:59:59.999999Z", "signed");
    job("2026-01-31T17:00:00.000000Z", "signed");
    job("2026-01-31T17:00:00.000001Z", "signed");
    const struct report *report = finished();
    cr_expect_eq(report->months[0].fates[FATE_SIGNED], 1);
    cr_expect_eq(report->months[1].fates[FATE_SIGNED], 2);
    cr_expect_eq(report->days[30], 1);
    cr_expect_eq(report->days[31], 2);
}

Test(count, the_period_holds_its_first_moment_and_not_its_last)
{
    job("2025-12-31T16:59:59.999999Z", "signed");
    job("2025-12-31T17:00:00.000000Z", "signed");
    job("2026-12-31T16:59:59.999999Z", "signed");
    job("2026-12-31T17:00:00.000000Z", "signed");
    const struct report *report = finished();
    cr_expect_eq(report->all.fates[FATE_SIGNED], 2);
    cr_expect_eq(report->before.fates[FATE_SIGNED], 1);
    cr_expect_eq(report->first_index, 2);
    cr_expect_eq(report->last_index, 5);
}

Test(count, a_clock_that_goes_back_moves_no_record_to_another_month)
{
    job("2026-02-01T00:00:00Z", "signed");
    job("2026-01-15T00:00:00Z", "signed");
    job("2026-02-01T00:00:01Z", "signed");
    const struct report *report = finished();
    cr_expect_eq(report->months[0].fates[FATE_SIGNED], 1);
    cr_expect_eq(report->months[1].fates[FATE_SIGNED], 2);
    cr_expect_eq(report->clock_back, 1);
}

Test(count, what_comes_behind_the_checkpoint_after_the_period_does_not_count)
{
    job("2026-05-01T00:00:00Z", "signed");
    checkpoint();
    job("2026-05-02T00:00:00Z", "signed");
    job("2027-05-02T00:00:00Z", "signed");
    checkpoint();
    uint64_t size = audit.tree.size;
    job("2027-05-03T00:00:00Z", "signed");
    const struct report *report = finished();
    cr_expect_eq(report->all.fates[FATE_SIGNED], 2);
    cr_expect_eq(report->records, size);
    cr_expect_eq(account->evidence.end.head.size, size);
    cr_expect(account->evidence.proven);
}

Test(count, a_job_that_is_settled_behind_that_checkpoint_is_carried_out)
{
    uint64_t intent = audit.tree.size;

    (void)add("2026-12-31T16:59:59Z", "\"type\":\"intent\",\"caller\":\"a\"");
    (void)add("2027-01-01T00:00:00Z", "\"type\":\"replay\"");
    checkpoint();
    (void)add("2027-01-01T00:00:01Z",
              "\"type\":\"outcome\",\"caller\":\"a\",\"intent\":%llu,"
              "\"outcome\":\"signed\"",
              (unsigned long long)intent);
    const struct report *report = finished();
    cr_expect_eq(report->balance.open, 0);
    cr_expect_eq(report->balance.carried_out, 1);
    cr_expect_eq(report->all.fates[FATE_SIGNED], 0);
    cr_expect(report_balanced(&report->balance));
}

/* May, one record of a clock that was a year ahead, June, and the end of the year. */
static void year_with_a_clock_ahead(void)
{
    job("2026-05-01T00:00:00Z", "signed");
    (void)add("2027-05-01T00:00:00Z", "\"type\":\"replay\"");
    checkpoint();
    job("2026-06-01T00:00:00Z", "signed");
    checkpoint();
    (void)add("2027-01-01T00:00:00Z", "\"type\":\"replay\"");
}

Test(count, one_record_of_the_future_cuts_nothing_off)
{
    year_with_a_clock_ahead();
    checkpoint();
    cr_assert_eq(account->late, audit.tree.size - 1);
    cr_expect_eq(account_finish(account, &why), SG_CORRUPT);

    audit_fini(&audit);
    audit_start(&audit);
    cr_assert_eq(account_again(account), SG_OK);
    account_begin(account, &audit);
    year_with_a_clock_ahead();
    checkpoint();
    uint64_t size = audit.tree.size;
    job("2027-02-01T00:00:00Z", "signed");
    const struct report *report = finished();
    cr_expect_eq(report->all.fates[FATE_SIGNED], 2);
    cr_expect_eq(report->months[5].fates[FATE_SIGNED], 1);
    cr_expect_eq(account->evidence.end.head.size, size);
    cr_expect(account->evidence.over && account->evidence.proven);
}

Test(count, a_record_of_the_future_is_not_the_end_of_the_year)
{
    (void)add("2027-05-01T00:00:00Z", "\"type\":\"replay\"");
    job("2026-06-01T00:00:00Z", "signed");
    (void)finished();
    cr_expect_not(account->evidence.over);
}

Test(count, without_a_checkpoint_there_is_no_report)
{
    job("2026-05-01T00:00:00Z", "signed");
    cr_expect_eq(account_finish(account, &why), SG_CORRUPT);
}

Test(count, an_intent_without_outcome_is_open)
{
    (void)add("2026-05-01T00:00:00Z", "\"type\":\"intent\",\"caller\":\"a\"");
    const struct report *report = finished();
    cr_expect_eq(report->balance.open, 1);
    cr_expect(report_balanced(&report->balance));
}

Test(count, a_lost_intent_is_no_balance)
{
    struct report_balance balance = {.intents = 5, .outcomes = 4};

    cr_expect_not(report_balanced(&balance));
    balance.open = 1;
    cr_expect(report_balanced(&balance));
    balance.carried_in = 1;
    cr_expect_not(report_balanced(&balance));
}

Test(count, types_that_nobody_knows_are_counted_apart)
{
    (void)add("2026-05-01T00:00:00Z", "\"type\":\"moon.phase\"");
    (void)add("2026-05-01T00:00:00Z", "\"type\":7");
    (void)add("2026-05-01T00:00:00Z", "\"kind\":\"boot\"");
    cr_expect_eq(finished()->kinds[report_kinds()], 3);
}

Test(count, a_denial_that_names_no_rule_is_a_denial)
{
    (void)add("2026-05-01T00:00:00Z", "\"type\":\"deny\",\"caller\":\"a\"");
    (void)add("2026-05-01T00:00:00Z", "\"type\":\"deny\",\"fail\":[]");
    (void)add("2026-05-01T00:00:00Z", "\"type\":\"deny\",\"fail\":\"no list\"");
    const struct report *report = finished();
    cr_expect_eq(report->all.fates[FATE_DENIED], 3);
    cr_expect_eq(report->refused.count, 1);
}

Test(count, the_time_of_an_outage_is_clipped_to_the_period)
{
    (void)add("2025-12-31T16:00:00Z", "\"type\":\"lane.down\",\"subject\":\"l\"");
    (void)add("2025-12-31T17:00:30Z", "\"type\":\"lane.up\",\"subject\":\"l\"");
    (void)add("2026-12-31T16:59:50Z", "\"type\":\"lane.down\",\"subject\":\"l\"");
    (void)add("2027-01-31T00:00:00Z", "\"type\":\"lane.up\",\"subject\":\"l\"");
    const struct fact_lane *lane = &finished()->facts.lanes[0];
    cr_expect_eq(lane->outages, 1);
    cr_expect_eq(lane->down_us, 40000000);
}

Test(count, a_start_without_a_stop_is_unclean_and_the_gap_is_down)
{
    (void)add("2026-05-01T00:00:00Z", "\"type\":\"boot\",\"version\":\"1\"");
    (void)add("2026-05-01T00:01:00Z", "\"type\":\"shutdown\"");
    (void)add("2026-05-01T00:01:10Z", "\"type\":\"boot\",\"version\":\"1\"");
    (void)add("2026-05-01T00:02:00Z", "\"type\":\"replay\"");
    (void)add("2026-05-01T00:02:05Z", "\"type\":\"boot\",\"version\":\"2\"");
    const struct report_facts *facts = &finished()->facts;
    cr_expect_eq(facts->starts, 3);
    cr_expect_eq(facts->starts_unclean, 1);
    cr_expect_eq(facts->down_us, 15000000);
    cr_expect_eq(facts->version_count, 2);
}

Test(count, a_start_with_an_old_clock_makes_no_months_without_a_gateway)
{
    (void)add("2026-05-01T00:00:00Z", "\"type\":\"boot\",\"version\":\"1\"");
    (void)add("2026-05-01T00:00:10Z", "\"type\":\"lane.down\",\"subject\":\"l\"");
    (void)add("2026-05-01T00:01:00Z", "\"type\":\"replay\"");
    (void)add("2020-01-01T00:00:00Z", "\"type\":\"boot\",\"version\":\"1\"");
    (void)add("2020-01-01T00:00:07Z", "\"type\":\"shutdown\"");
    (void)add("2026-05-01T00:01:30Z", "\"type\":\"boot\",\"version\":\"1\"");
    const struct report_facts *facts = &finished()->facts;
    cr_expect_eq(facts->down_us, 30000000);
    cr_expect_eq(facts->starts, 2);
}

Test(count, a_clock_that_was_ahead_hides_no_gap)
{
    (void)add("2026-11-01T00:00:00Z", "\"type\":\"boot\",\"version\":\"1\"");
    (void)add("2026-05-01T00:01:00Z", "\"type\":\"boot\",\"version\":\"1\"");
    (void)add("2026-05-01T00:01:10Z", "\"type\":\"shutdown\"");
    (void)add("2026-05-01T00:01:30Z", "\"type\":\"boot\",\"version\":\"1\"");
    cr_expect_eq(finished()->facts.down_us, 20000000);
}

static void expect_half_a_minute_down(const char *ahead)
{
    (void)add("2026-05-01T00:00:00Z", "\"type\":\"boot\",\"version\":\"1\"");
    (void)add("2026-05-01T00:01:00Z", "\"type\":\"replay\"");
    (void)add(ahead, "\"type\":\"boot\",\"version\":\"1\"");
    (void)add(ahead, "\"type\":\"shutdown\"");
    (void)add("2026-05-01T00:01:30Z", "\"type\":\"boot\",\"version\":\"1\"");
    (void)add("2026-05-01T00:02:30Z", "\"type\":\"replay\"");
    cr_expect_eq(finished()->facts.down_us, 30000000);
}

Test(count, a_start_with_a_clock_that_is_ahead_makes_no_months_without_a_gateway)
{
    expect_half_a_minute_down("2026-11-01T00:00:00Z");
}

Test(count, nor_does_one_with_a_clock_of_the_next_year)
{
    expect_half_a_minute_down("2027-03-01T00:00:00Z");
}

Test(count, a_clock_that_leaps_ahead_makes_no_months_without_a_lane)
{
    (void)add("2026-05-01T00:00:00Z", "\"type\":\"boot\",\"version\":\"1\"");
    (void)add("2026-05-01T00:00:10Z", "\"type\":\"lane.down\",\"subject\":\"l\"");
    (void)add("2026-11-01T00:00:00Z", "\"type\":\"lane.up\",\"subject\":\"l\"");
    (void)add("2026-05-01T00:00:15Z", "\"type\":\"clock.step\"");
    (void)add("2026-05-01T00:00:12Z", "\"type\":\"clock.step\"");
    const struct report_facts *facts = &finished()->facts;
    cr_expect_eq(facts->lanes[0].down_us, 2000000);
    cr_expect_eq(facts->down_us, 0);
}

Test(count, a_clock_that_is_set_back_later_takes_no_outage_away)
{
    (void)add("2026-05-01T00:00:00Z", "\"type\":\"boot\",\"version\":\"1\"");
    (void)add("2026-05-01T10:00:00Z", "\"type\":\"lane.down\",\"subject\":\"l\"");
    (void)add("2026-05-01T14:00:00Z", "\"type\":\"lane.up\",\"subject\":\"l\"");
    (void)add("2026-06-02T00:00:00Z", "\"type\":\"replay\"");
    (void)add("2026-05-01T11:00:00Z", "\"type\":\"clock.step\"");
    (void)add("2026-06-03T00:00:00Z", "\"type\":\"replay\"");
    cr_expect_eq(finished()->facts.lanes[0].down_us, INT64_C(4) * 3600 * 1000000);
}

static void tell_key(const char *time, const char *key)
{
    (void)add(time,
              "\"type\":\"key.facts\",\"subject\":\"%s\",\"facts\":{\"key.id\":\"%s\","
              "\"cert.serial\":\"0A\"}",
              key, key);
}

Test(count, a_certificate_that_is_not_told_of_after_a_start_has_gone)
{
    (void)add("2026-05-01T00:00:00Z", "\"type\":\"boot\"");
    tell_key("2026-05-01T00:00:00Z", "stays");
    tell_key("2026-05-01T00:00:00Z", "goes");
    (void)add("2026-06-01T00:00:00Z", "\"type\":\"boot\"");
    tell_key("2026-06-01T00:00:00Z", "stays");
    const struct report_facts *facts = &finished()->facts;
    cr_assert_eq(facts->certificate_count, 2);
    cr_expect_eq(facts->certificates[0].until_us, 0);
    cr_expect_eq(facts->certificates[1].until_us, INT64_C(1780272000000000));
}

static void tell_serial(const char *time, const char *serial)
{
    (void)add(time,
              "\"type\":\"key.facts\",\"subject\":\"k\",\"facts\":{\"key.id\":\"k\","
              "\"cert.serial\":\"%s\"}",
              serial);
}

Test(count, a_certificate_that_comes_back_has_one_row)
{
    tell_serial("2026-05-01T00:00:00Z", "0A");
    tell_serial("2026-06-01T00:00:00Z", "0B");
    tell_serial("2026-07-01T00:00:00Z", "0A");
    const struct report_facts *facts = &finished()->facts;
    cr_assert_eq(facts->certificate_count, 2);
    cr_expect_eq(facts->certificates[0].until_us, 0);
    cr_expect_eq(facts->certificates[0].since_us, INT64_C(1777593600000000));
    cr_expect_eq(facts->certificates[1].until_us, INT64_C(1782864000000000));
}

Test(count, lists_are_bounded_and_say_so)
{
    for (int i = 0; i < FACTS_EVENTS + 20; i++) {
        (void)add("2026-05-01T00:00:00Z", "\"type\":\"exception\",\"subject\":\"x\"");
    }
    for (int i = 0; i < FACTS_LANES + 5; i++) {
        (void)add("2026-05-01T00:00:00Z", "\"type\":\"lane.up\",\"subject\":\"l%d\"", i);
    }
    const struct report_facts *facts = &finished()->facts;
    cr_expect_eq(facts->event_count, FACTS_EVENTS);
    cr_expect_eq(facts->lane_count, FACTS_LANES);
    cr_expect_eq(facts->dropped, 25);
}

Test(count, changes_of_a_key_s_state_keep_their_places)
{
    for (int i = 0; i < FACTS_EVENTS + 20; i++) {
        (void)add("2026-05-01T00:00:00Z", "\"type\":\"exception\",\"subject\":\"x\"");
    }
    (void)add("2026-05-02T00:00:00Z",
              "\"type\":\"key.state\",\"subject\":\"seal\",\"state\":\"destroyed\"");
    (void)add("2026-05-02T00:00:00Z",
              "\"type\":\"key.state\",\"subject\":\"seal\",\"state\":\"accepted\","
              "\"detail\":\"sha256=ab\"");
    (void)add("2026-05-02T00:00:00Z",
              "\"type\":\"key.state\",\"subject\":\"seal\",\"state\":\"generated\","
              "\"trouble\":\"/a/path\"");
    const struct report_facts *facts = &finished()->facts;
    cr_assert_eq(facts->state_count, 3);
    cr_expect_str_eq(facts->states[0].detail, "destroyed");
    cr_expect_str_eq(facts->states[1].detail, "accepted: sha256=ab");
    cr_expect_str_eq(facts->states[2].detail, "generated: failed");
    cr_expect_eq(facts->dropped, 23);
}

static void anchor(const char *outcome, const char *name, const char *state)
{
    (void)add("2026-05-01T00:00:00Z",
              "\"type\":\"anchor.%s\",\"subject\":\"%s\",\"state\":\"%s\"", outcome, name,
              state);
}

Test(count, an_anchor_that_goes_on_failing_is_one_event)
{
    for (int i = 0; i < FACTS_EVENTS; i++) {
        anchor("fail", "a", "away");
    }
    anchor("fail", "b", "away");
    anchor("fail", "a", "alarm");
    anchor("ok", "a", "good");
    anchor("fail", "a", "alarm");
    const struct report_facts *facts = &finished()->facts;
    cr_assert_eq(facts->event_count, 4);
    cr_expect_eq(facts->anchors[0].failed, FACTS_EVENTS + 2);
    cr_expect_eq(facts->dropped, 0);
}
