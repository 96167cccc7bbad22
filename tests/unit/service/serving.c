#include "gateway/service/health/serving.h"

#include <criterion/criterion.h>

static struct core_report report;
static struct vitals vitals;
static char text[4096];

static void add_lane(const char *name)
{
    struct lane_report *lane = &report.lanes[report.lane_count++];

    (void)snprintf(lane->name, sizeof(lane->name), "%s", name);
    lane->state = LANE_UP;
}

static void add_key(const char *name)
{
    struct key_report *key = &report.keys[report.key_count++];

    (void)snprintf(key->name, sizeof(key->name), "%s", name);
    key->life.state = KEY_ACTIVE;
    key->usable = true;
    key->serving = true;
    key->lanes = 1;
    key->lanes_up = 1;
}

/* Two lanes, two keys, all well. */
static void lawful(void)
{
    report = (struct core_report){.signing = true};
    add_lane("lane0");
    add_lane("lane1");
    add_key("seal-a");
    add_key("seal-b");
    vitals = (struct vitals){.report = &report, .log_readable = true};
}

TestSuite(serving, .init = lawful);

static bool amiss(void)
{
    FILE *out = fmemopen(text, sizeof(text), "w");

    cr_assert_not_null(out);
    bool found = serving_amiss(&vitals, out);
    (void)fclose(out);
    return found;
}

static void expect_line(const char *line)
{
    cr_expect(amiss());
    cr_expect_str_eq(text, line);
}

/* Signing has stopped for it; the sentence is the core's. */
Test(serving, a_disk_that_is_nearly_full_is_amiss)
{
    report.signing = false;
    report.disk_low = true;
    (void)snprintf(report.disk_why, sizeof(report.disk_why), "4.1 %% of it is free");
    cr_expect_eq(serving_of(&vitals, ""), SERVING_NO);
    cr_expect_eq(serving_of(&vitals, "segel.key/seal-a"), SERVING_NO);
    cr_expect_eq(serving_of(&vitals, "segel.v1.LogService"), SERVING_YES);
    expect_line("4.1 % of it is free\n");
}

/* A rule of the policy denies whatever comes. */
Test(serving, a_denial_of_all_is_amiss)
{
    report.signing = false;
    report.ban = (struct ban){.rule = "CP-8-01", .why = "rule CP-8-01 denies every job"};
    cr_expect_eq(serving_of(&vitals, ""), SERVING_NO);
    cr_expect_eq(serving_of(&vitals, "segel.key/seal-a"), SERVING_NO);
    cr_expect_eq(serving_of(&vitals, "segel.v1.LogService"), SERVING_YES);
    expect_line("nothing is signed: rule CP-8-01 denies every job\n");
}

Test(serving, all_is_well_and_nothing_is_amiss)
{
    static const char *const names[] = {"",
                                        "segel.v1.SigningService",
                                        "segel.v1.LogService",
                                        "segel.key/seal-a",
                                        "segel.key/seal-b",
                                        "segel.lane/lane0",
                                        "segel.lane/lane1"};

    for (size_t i = 0; i < SG_COUNT(names); i++) {
        cr_expect_eq(serving_of(&vitals, names[i]), SERVING_YES, "%s", names[i]);
    }
    text[0] = '\0';
    cr_expect_not(amiss());
    cr_expect_str_eq(text, "");
}

Test(serving, a_name_that_is_not_known_is_none)
{
    static const char *const names[] = {
        "segel",       "segel.key/",        "segel.key/seal",      "segel.key/seal-a ",
        "segel.lane/", "segel.lane/seal-a", "segel.v1.KeyService", "SEGEL.KEY/seal-a"};

    for (size_t i = 0; i < SG_COUNT(names); i++) {
        cr_expect_eq(serving_of(&vitals, names[i]), SERVING_NONE, "%s", names[i]);
    }
}

Test(serving, a_key_without_a_lane_stops_the_whole_but_not_the_others)
{
    report.keys[1].serving = false;
    cr_expect_eq(serving_of(&vitals, ""), SERVING_NO);
    cr_expect_eq(serving_of(&vitals, "segel.v1.SigningService"), SERVING_NO);
    cr_expect_eq(serving_of(&vitals, "segel.key/seal-b"), SERVING_NO);
    cr_expect_eq(serving_of(&vitals, "segel.key/seal-a"), SERVING_YES);
    cr_expect_eq(serving_of(&vitals, "segel.v1.LogService"), SERVING_YES);
    expect_line("key seal-b cannot sign: no lane that holds it is up\n");
}

Test(serving, a_lane_that_is_down_beside_another_is_amiss_and_yet_all_keys_serve)
{
    report.lanes[1].state = LANE_DOWN;
    (void)snprintf(report.lanes[1].why, sizeof(report.lanes[1].why), "it was\nkilled");
    cr_expect_eq(serving_of(&vitals, ""), SERVING_YES);
    cr_expect_eq(serving_of(&vitals, "segel.lane/lane1"), SERVING_NO);
    cr_expect_eq(serving_of(&vitals, "segel.lane/lane0"), SERVING_YES);
    expect_line("lane lane1 is broken: it was?killed\n");
}

Test(serving, a_key_that_was_never_usable_does_not_stop_the_whole)
{
    report.keys[1].usable = false;
    report.keys[1].serving = false;
    cr_expect_eq(serving_of(&vitals, ""), SERVING_YES);
    cr_expect_eq(serving_of(&vitals, "segel.key/seal-b"), SERVING_NO);
    expect_line("key seal-b cannot sign: no lane that was open offers it\n");
}

Test(serving, a_key_that_is_stopped_is_told_as_that)
{
    report.keys[1].usable = false;
    report.keys[1].serving = false;
    report.keys[1].life.state = KEY_HELD;
    expect_line("key seal-b cannot sign: it is held, until officers release it\n");
    report.keys[1].life.state = KEY_COMPROMISED;
    expect_line("key seal-b cannot sign: it is compromised, and never signs again\n");
    report.keys[1].life.state = KEY_ACTIVE;
    (void)snprintf(report.keys[1].why, sizeof(report.keys[1].why), "not with\nthis");
    expect_line("key seal-b cannot sign: not with?this\n");
}

/* Behind a rotation all is well again. */
Test(serving, a_key_of_which_nobody_expects_a_signature_is_not_amiss)
{
    static const enum key_state states[] = {KEY_NONE, KEY_GENERATED, KEY_CERTIFIED,
                                            KEY_RETIRED, KEY_DESTROYED};

    report.keys[1].usable = false;
    report.keys[1].serving = false;
    for (size_t i = 0; i < SG_COUNT(states); i++) {
        report.keys[1].life.state = states[i];
        cr_expect_not(amiss(), "%s", key_state_name(states[i]));
    }
    report.keys[0] = report.keys[1];
    expect_line(
        "nothing can be signed: every key is an empty slot, retired or destroyed\n");
}

/* /readyz tells what the health service denies. */
Test(serving, what_does_not_serve_has_a_reason)
{
    for (unsigned bits = 0; bits < (unsigned)KEY_STATES << 4; bits++) {
        lawful();
        report.signing = (bits & 1) == 0;
        vitals.draining = (bits & 2) != 0;
        for (size_t i = 0; i < report.key_count; i++) {
            enum key_state state = (enum key_state)(bits >> 4);
            bool signs =
                state == KEY_ACCEPTED || state == KEY_ACTIVE || state == KEY_INACTIVE;
            report.keys[i].life.state = state;
            report.keys[i].usable = signs && (bits & 4) == 0;
            report.keys[i].serving = report.keys[i].usable && (bits & 8) == 0;
        }
        cr_expect(serving_of(&vitals, "") == SERVING_YES || amiss(), "%x", bits);
    }
}

Test(serving, without_any_usable_key_nothing_is_signed)
{
    for (size_t i = 0; i < report.key_count; i++) {
        report.keys[i].usable = false;
        report.keys[i].serving = false;
    }
    cr_expect_eq(serving_of(&vitals, ""), SERVING_NO);
}

Test(serving, a_ledger_that_failed_stops_signing)
{
    report.signing = false;
    cr_expect_eq(serving_of(&vitals, ""), SERVING_NO);
    cr_expect_eq(serving_of(&vitals, "segel.key/seal-a"), SERVING_NO);
    cr_expect_eq(serving_of(&vitals, "segel.v1.LogService"), SERVING_YES);
    expect_line("nothing is signed: the ledger has failed, or the gateway ends\n");
}

Test(serving, a_ledger_that_cannot_be_read_stops_the_log_only)
{
    vitals.log_readable = false;
    cr_expect_eq(serving_of(&vitals, "segel.v1.LogService"), SERVING_NO);
    cr_expect_eq(serving_of(&vitals, ""), SERVING_YES);
    expect_line("the ledger cannot be read\n");
}

Test(serving, while_the_gateway_ends_nothing_serves_but_names_stay_known)
{
    vitals.draining = true;
    cr_expect_eq(serving_of(&vitals, ""), SERVING_NO);
    cr_expect_eq(serving_of(&vitals, "segel.v1.LogService"), SERVING_NO);
    cr_expect_eq(serving_of(&vitals, "segel.lane/lane0"), SERVING_NO);
    cr_expect_eq(serving_of(&vitals, "segel.key/other"), SERVING_NONE);
    expect_line("the gateway is shutting down\n");
}

Test(serving, every_state_of_a_lane_has_its_own_word)
{
    cr_expect_str_eq(serving_lane_state(LANE_UP), "up");
    cr_expect_str_eq(serving_lane_state(LANE_STARTING), "starting");
    cr_expect_str_eq(serving_lane_state(LANE_DOWN), "broken");
    cr_expect_str_eq(serving_lane_state(LANE_LATCHED), "pin-latched");
    cr_expect_str_eq(serving_lane_state((enum lane_state)77), "broken");
}

/* Load balancers are to send callers elsewhere; nothing else is amiss. */
Test(serving, out_of_rotation_serves_nobody_and_says_why)
{
    vitals.resting = true;
    vitals.resting_why = "kernel update";
    cr_expect(serving_of(&vitals, "") == SERVING_NO);
    cr_expect(serving_of(&vitals, "segel.key/seal-a") == SERVING_NO);
    cr_expect(serving_of(&vitals, "segel.key/none") == SERVING_NONE);
    expect_line("the gateway is out of rotation: kernel update\n");
}

Test(serving, a_gateway_that_ends_says_that_only)
{
    vitals.resting = true;
    vitals.resting_why = "kernel update";
    vitals.draining = true;
    expect_line("the gateway is shutting down\n");
}
