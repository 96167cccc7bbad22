#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdio.h>
#include <string.h>

#include "client/commands/assess/deb_version.h"
#include "client/commands/assess/sheet.h"

/* One gateway about which an assessor has nothing to say; each row spoils one thing. */
static Segel__V1__GetAssessmentResponse got;
static Segel__V1__GetStatusResponse status;
static Segel__V1__GetRosterResponse roster;
static Segel__V1__GatewayStatus gateway;
static Segel__V1__LockDownState lock_down;
static Segel__V1__LogStatus log_status;
static Segel__V1__PolicyStatus policy;
static Segel__V1__DiskStatus disk;
static Segel__V1__ClockStatus clock_status;
static Segel__V1__KeyStatus key;
static Segel__V1__KeyStatus *keys[] = {&key};
static Segel__V1__TokenFacts token;
static Segel__V1__TokenFacts *tokens[] = {&token};
static Segel__V1__AnchorStatus anchor;
static Segel__V1__AnchorStatus *anchors[] = {&anchor};
static Segel__V1__Incident incident;
static Segel__V1__Incident *incidents[] = {&incident};
static Segel__V1__LibraryFacts library;
static Segel__V1__LibraryFacts *libraries[] = {&library};
static Segel__V1__ProcessFacts process;
static Segel__V1__LaneFacts lane;
static Segel__V1__LaneFacts *lanes[] = {&lane};
static Segel__V1__DoorFacts doors;
static Segel__V1__DutyFacts duties;
static Segel__V1__RosterEntry person;
static Segel__V1__RosterEntry *persons[] = {&person};
static uint8_t hash[32];
static char *names[1];
static struct sheet sheet;
static bool indonesian;

static const int64_t day_us = (int64_t)86400 * 1000000;

static char *text(const char *words)
{
    return (char *)sg_unconst(words);
}

static void sound_status(void)
{
    segel__v1__get_status_response__init(&status);
    segel__v1__gateway_status__init(&gateway);
    segel__v1__lock_down_state__init(&lock_down);
    segel__v1__log_status__init(&log_status);
    segel__v1__policy_status__init(&policy);
    segel__v1__disk_status__init(&disk);
    segel__v1__clock_status__init(&clock_status);
    segel__v1__key_status__init(&key);
    segel__v1__token_facts__init(&token);
    segel__v1__incident__init(&incident);
    segel__v1__anchor_status__init(&anchor);
    status.now_us = 20000 * day_us;
    gateway.version = text(SEGEL_VERSION);
    gateway.started_us = status.now_us - day_us;
    log_status.readable = log_status.anchored = 1;
    log_status.checked_us = status.now_us - day_us;
    anchor.state = text("ok");
    log_status.anchors = anchors;
    log_status.n_anchors = 1;
    policy.sha256 = (ProtobufCBinaryData){.len = sizeof(hash), .data = hash};
    policy.production = 1;
    policy.review_by_us = policy.agreement_until_us = status.now_us + 400 * day_us;
    disk.total_bytes = disk.free_bytes = (uint64_t)1 << 40;
    clock_status.known = clock_status.synchronised = 1;
    key.state = SEGEL__V1__KEY_STATE__KEY_STATE_ACTIVE;
    key.known = key.usable = 1;
    key.lanes = key.lanes_up = 1;
    key.certificate_until_us = policy.review_by_us;
    key.certificate_status = text("good");
    token.lane_state = text("up");
    token.assurance = text("hardware");
    status.gateway = &gateway;
    status.lock_down = &lock_down;
    status.log = &log_status;
    status.policy = &policy;
    status.disk = &disk;
    status.clock = &clock_status;
    status.keys = keys;
    status.tokens = tokens;
    status.n_keys = status.n_tokens = 1;
    status.incidents = incidents;
}

static void sound(void)
{
    sound_status();
    segel__v1__get_assessment_response__init(&got);
    segel__v1__get_roster_response__init(&roster);
    segel__v1__library_facts__init(&library);
    segel__v1__process_facts__init(&process);
    segel__v1__lane_facts__init(&lane);
    segel__v1__door_facts__init(&doors);
    segel__v1__duty_facts__init(&duties);
    segel__v1__roster_entry__init(&person);
    library.version = library.built_with = text("1.52.0");
    library.package_version = text("1.52.0-1+deb12u3");
    library.lowest = text("1.52.0-1+deb12u3");
    process.known = process.no_new_privileges = process.system_call_filter = 1;
    process.user = 990;
    process.dumps_forbidden = process.managed = 1;
    process.watchdog_us = 30000000;
    lane.known = lane.system_calls = lane.capabilities = 1;
    doors.tls = doors.client_crl = doors.local = 1;
    doors.tls_min_version = text("1.3");
    doors.certificate_until_us = policy.review_by_us;
    duties.officers = 4;
    duties.reviewers = 2;
    duties.several_roles = duties.officers_with_keys = names;
    names[0] = text("officer-1");
    got.status = &status;
    got.libraries = libraries;
    got.n_libraries = 1;
    got.process = &process;
    got.lanes = lanes;
    got.n_lanes = 1;
    got.doors = &doors;
    got.duties = &duties;
    roster.entries = persons;
    roster.n_entries = 1;
}

static void fill(void)
{
    struct sg_error why = {0};

    memset(&sheet, 0, sizeof(sheet));
    sheet.got = &got;
    sheet.roster = &roster;
    sheet.indonesian = indonesian;
    cr_assert_eq(assess_fill(&sheet, &why), SG_OK, "%s", why.text);
}

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
    key.sensitive = key.not_extractable = key.made_on_token = 1;
    cr_expect_str_eq(key_text(), "active; 1 of 1 lanes; the token says: sensitive, "
                                 "not extractable, made on it");
    key.made_on_token = 0;
    cr_expect_str_eq(key_text(), "active; 1 of 1 lanes; the token says: sensitive, not "
                                 "extractable; it does not say: made on it");
    key.known = 0;
    cr_expect_str_eq(key_text(), "active; 1 of 1 lanes");
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

/* --- What comes from outside ---------------------------------------------------------
 */

/* The end of a colour, a bell, the C1 form of the first in UTF-8, and a new line. */
#define EVIL                                                                             \
    "\x1b[2J\x07\xc2\x9b"                                                                \
    "31m\r\n"
static char evil[] = EVIL;

/* Every text of the answers that the sheet shows. */
static void spoil(void)
{
    gateway.node = gateway.version = gateway.denied_by = gateway.denied_why = evil;
    library.name = library.version = library.built_with = evil;
    library.package = library.package_version = library.lowest = evil;
    lane.lane = doors.tls_min_version = doors.control_socket = doors.control_group = evil;
    names[0] = evil;
    duties.n_several_roles = duties.n_officers_with_keys = 1;
    policy.id = policy.agreement_no = evil;
    token.lane = token.lane_state = token.label = token.why = token.assurance = evil;
    key.key = key.certificate_status = key.why = evil;
    key.usable = 0;
    incident.id = incident.kind = incident.subject = incident.why = evil;
    status.n_incidents = 1;
    lock_down.active = 1;
    lock_down.id = lock_down.person = lock_down.reason = evil;
    log_status.origin = disk.why = evil;
    disk.low = 1;
    person.person = person.role = evil;
}

Test(assess, no_text_of_the_gateway_drives_the_terminal, .init = cr_redirect_stdout)
{
    int byte;

    for (int lang = 0; lang < 2; lang++) {
        indonesian = lang == 1;
        sound();
        spoil();
        fill();
        assess_print(&sheet);
    }
    (void)fflush(stdout);
    FILE *file = cr_get_redirected_stdout();
    while ((byte = fgetc(file)) != EOF) {
        cr_assert(byte == '\n' || (byte >= 0x20 && byte < 0x7F), "byte %d", byte);
    }
}

Test(assess, no_text_of_the_gateway_leaves_its_place_in_the_json,
     .init = cr_redirect_stdout)
{
    size_t lines = 0;
    int byte;

    sound();
    spoil();
    fill();
    cr_assert_eq(assess_print_json(&sheet), SG_OK);
    (void)fflush(stdout);
    FILE *file = cr_get_redirected_stdout();
    while ((byte = fgetc(file)) != EOF) {
        lines += byte == '\n' ? 1 : 0;
        cr_assert(byte == '\n' || byte >= 0x20, "byte %d", byte);
    }
    cr_expect_eq(lines, 1);
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
