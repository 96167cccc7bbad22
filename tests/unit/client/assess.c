#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "client/commands/assess/deb_version.h"
#include "tests/unit/client/assess_sound.h"

Test(assess, a_sound_gateway_passes_every_line)
{
    sound();
    fill();
    for (size_t i = 0; i < sheet.count; i++) {
        const struct assess_line *line = &sheet.lines[i];
        cr_expect(line->verdict == ASSESS_PASS ||
                      strcmp(assess_row_name(line->row), "control") == 0,
                  "%s: %s", assess_row_name(line->row), line->text);
    }
    cr_expect_eq(sheet.verdicts[ASSESS_FAIL] + sheet.verdicts[ASSESS_WARN], 0);
}

/* --- Each fault turns its line, and no other ---------------------------------------- */

static void expect_only(const char *name, enum assess_verdict verdict, const char *what)
{
    size_t found = 0;

    fill();
    for (size_t i = 0; i < sheet.count; i++) {
        const struct assess_line *line = &sheet.lines[i];
        bool here = strcmp(assess_row_name(line->row), name) == 0;
        found += here && line->verdict == verdict ? 1 : 0;
        cr_expect(here || line->verdict == ASSESS_PASS || line->verdict == ASSESS_NOT,
                  "%s turned %s", what, assess_row_name(line->row));
    }
    cr_expect_geq(found, 1, "%s: no line of %s is %s", what, name,
                  assess_verdict_name(verdict));
}

Test(assess, each_fault_turns_its_line_and_no_other)
{
#define FAULT(name, verdict, spoil)                                                      \
    sound();                                                                             \
    (void)(spoil);                                                                       \
    expect_only(name, verdict, #spoil);
#include "tests/unit/client/assess_faults.def"
#undef FAULT
}

Test(assess, a_checkpoint_is_late_by_how_often_one_is_made)
{
    static const int64_t hour_us = (int64_t)3600 * 1000000;

    sound();
    log_status.records = 1;
    log_status.checkpoint_interval_us = hour_us;
    log_status.checkpoint_us = status.now_us - 3 * hour_us;
    expect_only("log.checkpoint", ASSESS_PASS, "an hour's checkpoint");
    log_status.checkpoint_us--;
    expect_only("log.checkpoint", ASSESS_FAIL, "one that did not come");
}

Test(assess, a_held_key_warns_and_one_that_is_over_is_no_matter)
{
    sound();
    key.state = SEGEL__V1__KEY_STATE__KEY_STATE_HELD;
    expect_only("key", ASSESS_WARN, "held");
    sound();
    key.state = SEGEL__V1__KEY_STATE__KEY_STATE_DESTROYED;
    key.usable = 0;
    key.lanes = key.lanes_up = 0;
    expect_only("key", ASSESS_NOT, "destroyed");
    sound();
    key.state = SEGEL__V1__KEY_STATE__KEY_STATE_INACTIVE;
    key.usable = 0;
    expect_only("key", ASSESS_PASS, "inactive");
}

static size_t lines_of(const char *name, enum assess_verdict verdict)
{
    size_t found = 0;

    for (size_t i = 0; i < sheet.count; i++) {
        found += strcmp(assess_row_name(sheet.lines[i].row), name) == 0 &&
                         sheet.lines[i].verdict == verdict
                     ? 1
                     : 0;
    }
    return found;
}

Test(assess, what_the_kernel_does_not_tell_warns)
{
    static const char *const told[] = {"process.privileges", "process.filter",
                                       "process.capabilities"};

    sound();
    process.known = 0;
    fill();
    for (size_t i = 0; i < SG_COUNT(told); i++) {
        cr_expect_eq(lines_of(told[i], ASSESS_WARN), 1, "%s", told[i]);
    }
    cr_expect_eq(sheet.verdicts[ASSESS_WARN], SG_COUNT(told));
}

Test(assess, the_certificate_of_a_key_that_signs_nothing_does_not_apply)
{
    static const struct {
        Segel__V1__KeyState state;
        enum assess_verdict key;
    } over[] = {
        {SEGEL__V1__KEY_STATE__KEY_STATE_UNSPECIFIED, ASSESS_NOT},
        {SEGEL__V1__KEY_STATE__KEY_STATE_GENERATED, ASSESS_NOT},
        {SEGEL__V1__KEY_STATE__KEY_STATE_CERTIFIED, ASSESS_NOT},
        {SEGEL__V1__KEY_STATE__KEY_STATE_RETIRED, ASSESS_NOT},
        {SEGEL__V1__KEY_STATE__KEY_STATE_COMPROMISED, ASSESS_FAIL},
        {SEGEL__V1__KEY_STATE__KEY_STATE_DESTROYED, ASSESS_NOT},
    };

    for (size_t i = 0; i < SG_COUNT(over); i++) {
        sound();
        key.state = over[i].state;
        key.certificate_status = text("revoked");
        fill();
        cr_expect_eq(lines_of("key", over[i].key), 1, "state %d", (int)key.state);
        cr_expect_eq(lines_of("certificate", ASSESS_NOT), 1, "state %d", (int)key.state);
        cr_expect_eq(lines_of("certificate", ASSESS_FAIL), 0, "state %d", (int)key.state);
    }
}

/* It signs again once it is released. */
Test(assess, the_certificate_of_a_held_key_must_be_good)
{
    sound();
    key.state = SEGEL__V1__KEY_STATE__KEY_STATE_HELD;
    key.certificate_status = text("revoked");
    fill();
    cr_expect_eq(lines_of("certificate", ASSESS_FAIL), 1);
    key.certificate_status = text("unknown");
    fill();
    cr_expect_eq(lines_of("certificate", ASSESS_WARN), 1);
}

Test(assess, no_row_vanishes)
{
    static const char *const empty[] = {
        "version.library", "lane.confinement", "token.assurance", "lane.state", "key",
        "certificate",     "log.anchor"};
    size_t row = 0;

    sound();
    got.n_libraries = got.n_lanes = status.n_tokens = status.n_keys = 0;
    log_status.n_anchors = 0;
    fill();
    for (size_t i = 0; i < SG_COUNT(empty); i++) {
        cr_expect_eq(lines_of(empty[i], ASSESS_NOT), 1, "%s", empty[i]);
    }
    for (size_t i = 0; i < sheet.count; i++) {
        cr_expect(sheet.lines[i].row <= row + 1, "%s vanished", assess_row_name(row + 1));
        row = sheet.lines[i].row;
    }
}

static const char *key_text(void)
{
    fill();
    for (size_t i = 0; i < sheet.count; i++) {
        if (strcmp(assess_row_name(sheet.lines[i].row), "key") == 0) {
            return sheet.lines[i].text;
        }
    }
    return "";
}

Test(assess, what_the_token_told_of_a_sound_key_is_said)
{
    sound();
    cr_expect_str_eq(key_text(),
                     "active; 1 of 1 lanes; the token says: sensitive, always "
                     "sensitive, not extractable, never extractable, made on "
                     "it");
    key.made_on_token = 0;
    cr_expect_str_eq(key_text(),
                     "active; 1 of 1 lanes; the token says: sensitive, always "
                     "sensitive, not extractable, never extractable; it does "
                     "not say: made on it");
    key.known = 0;
    cr_expect_str_eq(key_text(), "active; 1 of 1 lanes");
}

Test(assess, a_key_that_may_be_outside_of_its_token_is_told_with_what_lets_it_sign)
{
    sound();
    key.not_extractable = 0;
    cr_expect_str_eq(key_text(),
                     "active; 1 of 1 lanes; the token says: sensitive, always "
                     "sensitive, never extractable, made on it; it does not "
                     "say: not extractable; it may be outside of the token, "
                     "and the policy lets it sign: no rule asks for these");
    key.keeping_rules = text("CP-6.2-02 (hard, shadow)");
    cr_expect_not_null(strstr(key_text(), "lets it sign: CP-6.2-02 (hard, shadow)"));
    expect_only("key", ASSESS_WARN, "an extractable key");
    key.usable = 0;
    cr_expect_null(strstr(key_text(), "outside"));
    expect_only("key", ASSESS_FAIL, "one that the policy refuses");
}

Test(assess, lines_that_find_no_place_count_all_the_same)
{
    sound();
    fill();
    for (size_t i = 0; i <= ASSESS_LINES_MAX; i++) {
        assess_add(&sheet, ASSESS_FAIL, "", "%s", "one more");
    }
    cr_expect_eq(sheet.count, ASSESS_LINES_MAX);
    cr_expect_eq(sheet.verdicts[ASSESS_FAIL], ASSESS_LINES_MAX + 1);
}

Test(assess, an_answer_that_lacks_a_part_is_none)
{
    struct sg_error why = {0};

    sound();
    got.process = NULL;
    memset(&sheet, 0, sizeof(sheet));
    sheet.got = &got;
    sheet.roster = &roster;
    cr_expect_eq(assess_fill(&sheet, &why), SG_INTERNAL);
}

/* --- Versions ----------------------------------------------------------------------- */

Test(assess, versions_are_in_debians_order)
{
    static const char *const rising[] = {
        "",       "1.0~rc1",       "1.0",           "1.0-1~deb12u1",  "1.0-1",
        "1.0-1a", "1.0-1+deb12u2", "1.0-1+deb12u9", "1.0-1+deb12u10", "1.0-2",
        "1.0a-1", "1.0+b",         "1.2",           "1.10",           "1:0.1"};

    for (size_t i = 0; i < SG_COUNT(rising); i++) {
        for (size_t j = 0; j < SG_COUNT(rising); j++) {
            int order = deb_version_compare(rising[i], rising[j]);
            cr_expect((i < j && order < 0) || (i == j && order == 0) ||
                          (i > j && order > 0),
                      "'%s' and '%s': %d", rising[i], rising[j], order);
        }
    }
    cr_expect_eq(deb_version_compare("1.07", "1.7"), 0);
    cr_expect_eq(deb_version_compare("0:1", "1"), 0);
}
