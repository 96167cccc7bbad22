#include "client/commands/status/page.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdio.h>
#include <string.h>

#include "client/call/kind_words.h"
#include "tests/unit/client/status_parts.h"

/* What a gateway says is hostile to the terminal of whoever reads it. */
#define EVIL                                                                             \
    "\x1b[2J\x07\xc2\x9b"                                                                \
    "31m\r\n"
static char evil[] = EVIL;
static char well[] = "ok";

enum { NOW_S = 1777685323 };
static const int64_t second_us = 1000000;

/* One gateway that is well; each test spoils something. */
static Segel__V1__Reminder reminder;
static Segel__V1__Reminder *reminders[] = {&reminder};
static Segel__V1__Approval request;
static Segel__V1__Approval *requests[] = {&request};
static Segel__V1__GetStatusResponse got;
static struct needs needs;
static struct status_view view = {.got = &got};

static char up[] = "up";
static char good[] = "good";

static void lawful(void)
{
    parts_join(&got);
    segel__v1__reminder__init(&reminder);
    segel__v1__approval__init(&request);
    got.now_us = NOW_S * second_us;
    gateway.started_us = got.now_us - 90000 * second_us;
    gateway.signing = 1;
    log_status.readable = 1;
    log_status.checkpoint_us = got.now_us;
    key.state = SEGEL__V1__KEY_STATE__KEY_STATE_ACCEPTED;
    key.usable = 1;
    key.lanes = key.lanes_up = 1;
    key.certificate_status = good;
    token.lane_state = up;
    anchor.state = well;
    view.indonesian = false;
}

TestSuite(status_page, .init = lawful);

static void expect_need(const char *words)
{
    status_needs(&view, &needs);
    cr_assert_eq(needs.count, 1, "%s: %zu needs", words, needs.count);
    cr_expect_not_null(strstr(needs.text[0], words), "%s: %s", words, needs.text[0]);
}

Test(status_page, a_gateway_that_is_well_needs_nobody)
{
    status_needs(&view, &needs);
    cr_expect_eq(needs.count, 0, "%s", needs.text[0]);
}

Test(status_page, each_matter_needs_a_person)
{
    static char latched[] = "pin-latched";
    static char broken[] = "broken";
    static char failing[] = "failing";
    static char revoked[] = "revoked";
    static char denier[] = "CP-8-01";
    static char denied[] = "rule CP-8-01 denies every job";

    lock_down.active = 1;
    expect_need("all signing was stopped");
    lawful();
    gateway.signing = 0;
    expect_need("does not sign");
    gateway.denied_by = denier;
    gateway.denied_why = denied;
    expect_need("nothing is signed: rule CP-8-01");
    lawful();
    token.lane_state = latched;
    expect_need("PIN was refused");
    token.lane_state = broken;
    expect_need("does not work");
    lawful();
    token.pin_final_try = 1;
    expect_need("one try left");
    lawful();
    key.lanes_up = 0;
    expect_need("cannot be used");
    lawful();
    key.certificate_status = revoked;
    expect_need("revoked");
    lawful();
    key.state = SEGEL__V1__KEY_STATE__KEY_STATE_HELD;
    expect_need("is held");
    key.state = SEGEL__V1__KEY_STATE__KEY_STATE_COMPROMISED;
    expect_need("to be destroyed");
    lawful();
    anchor.state = failing;
    expect_need("anchor");
    lawful();
    disk.low = 1;
    expect_need("disk");
    lawful();
    clock_status.stepped = 1;
    expect_need("clock");
    lawful();
    clock_status.doubted = 1;
    expect_need("nobody has set it");
    lawful();
    log_status.readable = 0;
    expect_need("cannot be read");
    lawful();
    log_status.records = 7;
    log_status.checkpoint_us = got.now_us - 901 * second_us;
    expect_need("checkpoints");
}

/* One that is signed once in an hour is late after three of them. */
Test(status_page, a_checkpoint_is_late_by_how_often_one_is_made)
{
    log_status.records = 7;
    log_status.checkpoint_interval_us = 3600 * second_us;
    log_status.checkpoint_us = got.now_us - 10800 * second_us;
    status_needs(&view, &needs);
    cr_expect_eq(needs.count, 0, "%s", needs.text[0]);
    log_status.checkpoint_us -= second_us;
    expect_need("checkpoints");
}

/* Without one nothing is signed, and there is nobody else who would say so. */
Test(status_page, a_gateway_without_a_key_that_may_sign_needs_a_person)
{
    static const Segel__V1__KeyState none[] = {
        SEGEL__V1__KEY_STATE__KEY_STATE_UNSPECIFIED,
        SEGEL__V1__KEY_STATE__KEY_STATE_GENERATED,
        SEGEL__V1__KEY_STATE__KEY_STATE_CERTIFIED,
        SEGEL__V1__KEY_STATE__KEY_STATE_RETIRED,
        SEGEL__V1__KEY_STATE__KEY_STATE_DESTROYED};

    for (size_t i = 0; i < SG_COUNT(none); i++) {
        key.usable = 0;
        key.state = none[i];
        expect_need("there is no key that may sign");
        cr_expect_not(status_signs(&got));
    }
    lawful();
    got.n_keys = 0;
    expect_need("there is no key that may sign");
    lawful();
    cr_expect(status_signs(&got));
}

Test(status_page, a_long_refusal_is_said_whole)
{
    static char why[512];

    memset(why, 'x', sizeof(why) - 5);
    memcpy(why + sizeof(why) - 5, "end.", 5);
    gateway.reload_refused = why;
    expect_need("end.");
}

/* What is there and does not do what it should. */
Test(status_page, what_fails_beneath_needs_a_person)
{
    static char why[] = "CKR";

    key.failures_in_row = 4;
    status_needs(&view, &needs);
    cr_expect_eq(needs.count, 0, "%s", needs.text[0]);
    key.failures_in_row = 5;
    key.failed_why = why;
    expect_need("its last 5 operations failed: CKR");
    lawful();
    gateway.reload_refused = why;
    expect_need("was refused: CKR");
    lawful();
    gateway.need_restart = why;
    expect_need("from the next start of the gateway: CKR");
}

Test(status_page, a_key_that_is_not_in_use_needs_nobody)
{
    static const Segel__V1__KeyState states[] = {
        SEGEL__V1__KEY_STATE__KEY_STATE_UNSPECIFIED,
        SEGEL__V1__KEY_STATE__KEY_STATE_GENERATED,
        SEGEL__V1__KEY_STATE__KEY_STATE_RETIRED,
        SEGEL__V1__KEY_STATE__KEY_STATE_DESTROYED};
    static char unknown[] = "unknown";
    Segel__V1__KeyStatus other = key;
    Segel__V1__KeyStatus *both[] = {&other, &key}; /* the first one signs */

    got.keys = both;
    got.n_keys = SG_COUNT(both);
    key.usable = 0;
    key.lanes_up = 0;
    key.certificate_status = unknown;
    for (size_t i = 0; i < SG_COUNT(states); i++) {
        key.state = states[i];
        status_needs(&view, &needs);
        cr_expect_eq(needs.count, 0, "%s", needs.text[0]);
    }
}

Test(status_page, an_open_incident_needs_a_person_and_a_late_notice_says_so)
{
    got.incidents = incidents;
    got.n_incidents = 1;
    incident.oral_due_us = got.now_us + second_us;
    expect_need("is open");
    incident.oral_due_us = got.now_us;
    expect_need("LATE");
    incident.oral_given_us = got.now_us;
    expect_need("is open");
}

Test(status_page, a_reminder_needs_a_person_when_it_is_urgent)
{
    got.reminders = reminders;
    got.n_reminders = 1;
    reminder.until_us = got.now_us + second_us;
    status_needs(&view, &needs);
    cr_expect_eq(needs.count, 0);
    reminder.urgent = 1;
    expect_need("ends in");
    reminder.until_us = got.now_us;
    expect_need("over since");
}

Test(status_page, needs_beyond_its_room_are_counted)
{
    static Segel__V1__Approval *many[NEEDS_MAX + 5];

    for (size_t i = 0; i < SG_COUNT(many); i++) {
        many[i] = &request;
    }
    got.requests = many;
    got.n_requests = SG_COUNT(many);
    status_needs(&view, &needs);
    cr_expect_eq(needs.count, NEEDS_MAX);
    cr_expect_eq(needs.more, 5);
}

/* --- Hostile ----------------------------------------------------------------------- */

/* Every text of the answer. */
static void spoil(void)
{
    gateway.version = gateway.node = evil;
    lock_down.active = 1;
    lock_down.id = lock_down.person = lock_down.reason = evil;
    key.key = key.certificate_status = evil;
    key.state = (Segel__V1__KeyState)INT32_MAX;
    key.activation_until_us = INT64_MIN;
    key.activation_left = UINT64_MAX;
    token.lane = token.lane_state = token.label = token.why = evil;
    incident.id = incident.kind = incident.subject = incident.why = evil;
    incident.person = evil;
    reminder.what = reminder.name = evil;
    reminder.urgent = 1;
    request.id = request.task = request.object = request.requester = evil;
    anchor.name = anchor.state = anchor.why = evil;
    log_status.origin = policy.id = policy.agreement_no = disk.why = evil;
    disk.low = 1;
    got.incidents = incidents;
    got.reminders = reminders;
    got.requests = requests;
    got.n_incidents = got.n_reminders = got.n_requests = 1;
    key.certificate_until_us = INT64_MAX;
    incident.oral_due_us = INT64_MAX;
    incident.opened_us = INT64_MIN;
    reminder.until_us = INT64_MIN;
    policy.review_by_us = INT64_MAX;
    policy.zone_minutes = INT32_MAX;
    got.now_us = 0;
}

static void expect_harmless(FILE *file)
{
    int byte;

    while ((byte = fgetc(file)) != EOF) {
        cr_assert(byte == '\n' || (byte >= 0x20 && byte < 0x7F), "byte %d", byte);
    }
}

Test(status_page, no_text_of_the_gateway_drives_the_terminal, .init = cr_redirect_stdout)
{
    lawful();
    spoil();
    for (int lang = 0; lang < 2; lang++) {
        view.indonesian = lang == 1;
        status_needs(&view, &needs);
        status_print(&view, &needs);
    }
    (void)fflush(stdout);
    FILE *file = cr_get_redirected_stdout();
    expect_harmless(file);
}

Test(status_page, an_answer_that_lacks_a_part_is_refused)
{
    struct sg_error why;

    cr_expect_eq(status_check(&got, &why), SG_OK);
    got.clock = NULL;
    cr_expect_eq(status_check(&got, &why), SG_INTERNAL);
}

/* --- Words ------------------------------------------------------------------------- */

Test(kind_words, spans_have_their_two_largest_units)
{
    static const struct {
        int64_t seconds;
        const char *text;
        const char *indonesian;
    } cases[] = {{0, "0 s", "0 dtk"},
                 {59, "59 s", "59 dtk"},
                 {61, "1 min", "1 mnt"},
                 {3600, "1 h", "1 jam"},
                 {3660, "1 h 1 min", "1 jam 1 mnt"},
                 {90000, "1 d 1 h", "1 hari 1 jam"},
                 {-90001, "1 d 1 h", "1 hari 1 jam"}};
    char text[SPAN_SIZE];

    for (size_t i = 0; i < SG_COUNT(cases); i++) {
        span_text(cases[i].seconds * second_us, false, text);
        cr_expect_str_eq(text, cases[i].text);
        span_text(cases[i].seconds * second_us, true, text);
        cr_expect_str_eq(text, cases[i].indonesian);
    }
    span_text(INT64_MIN, false, text);
    span_text(INT64_MAX, false, text);
}

Test(kind_words, what_is_not_known_is_given_back)
{
    cr_expect_str_eq(incident_words("of.tomorrow", true), "of.tomorrow");
    cr_expect_str_eq(expiry_words("of.tomorrow", false), "of.tomorrow");
    cr_expect_str_neq(incident_words("lockdown", true),
                      incident_words("lockdown", false));
}
