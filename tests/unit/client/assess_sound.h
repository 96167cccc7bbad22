#ifndef SEGEL_TESTS_UNIT_CLIENT_ASSESS_SOUND_H
#define SEGEL_TESTS_UNIT_CLIENT_ASSESS_SOUND_H

#include <criterion/criterion.h>
#include <string.h>

#include "client/commands/assess/sheet.h"
#include "tests/unit/client/status_parts.h"

/* One gateway about which an assessor has nothing to say; each row spoils one thing. */
static Segel__V1__GetAssessmentResponse got;
static Segel__V1__GetStatusResponse status;
static Segel__V1__GetRosterResponse roster;
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
    parts_join(&status);
    status.now_us = 20000 * day_us;
    gateway.version = text(SEGEL_VERSION);
    gateway.started_us = status.now_us - day_us;
    log_status.readable = log_status.anchored = 1;
    log_status.checked_us = status.now_us - day_us;
    anchor.state = text("ok");
    policy.sha256 = (ProtobufCBinaryData){.len = sizeof(hash), .data = hash};
    policy.production = 1;
    policy.review_by_us = policy.agreement_until_us = status.now_us + 400 * day_us;
    disk.total_bytes = disk.free_bytes = (uint64_t)1 << 40;
    clock_status.known = clock_status.synchronised = 1;
    key.state = SEGEL__V1__KEY_STATE__KEY_STATE_ACTIVE;
    key.known = key.usable = 1;
    key.sensitive = key.always_sensitive = key.made_on_token = 1;
    key.not_extractable = key.never_extractable = 1;
    key.keeping_rules = text("");
    key.lanes = key.lanes_up = 1;
    key.certificate_until_us = policy.review_by_us;
    key.certificate_status = text("good");
    token.lane_state = text("up");
    token.assurance = text("hardware");
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

#endif
