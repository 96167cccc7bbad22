#include <stdio.h>

#include "client/report/facts_inside.h"
#include "proto/record_details.h"
#include "proto/text.h"

/* --- Lanes ------------------------------------------------------------------------- */

static struct fact_lane *lane_of(struct report_facts *facts, const json_t *record)
{
    static struct fact_lane nobody;
    char name[FACT_TEXT] = "";

    fact_text(name, record, "subject");
    for (size_t i = 0; i < facts->lane_count; i++) {
        if (strcmp(facts->lanes[i].name, name) == 0) {
            return &facts->lanes[i];
        }
    }
    if (facts->lane_count == FACTS_LANES) {
        facts->dropped++;
        nobody = (struct fact_lane){.name = ""};
        return &nobody;
    }
    struct fact_lane *fresh = &facts->lanes[facts->lane_count++];
    *fresh = (struct fact_lane){.name = ""};
    memcpy(fresh->name, name, sizeof(name));
    return fresh;
}

static void lane_back(const struct report *report, struct fact_lane *lane,
                      int64_t time_us)
{
    int64_t *sum = lane->resting ? &lane->rested_us : &lane->down_us;

    if (lane->down_from != 0) {
        const struct fact_span span = {lane->down_from, time_us};
        span_count(&report->period, span, sum, &lane->last);
        lane->last_rested = lane->resting;
    }
    lane->down_from = 0;
}

/* Officers had it stop, or it waits for a person: that is no outage of the HSM. */
static bool is_rest(const json_t *record)
{
    static const char awaits[] = RECORD_LANE_AWAITS ":";
    char detail[FACT_TEXT] = "";

    fact_text(detail, record, "detail");
    return strcmp(detail, RECORD_LANE_RESTS) == 0 ||
           strncmp(detail, awaits, sizeof(awaits) - 1) == 0;
}

static void take_lane_down(struct report *report, const json_t *record, int64_t time_us)
{
    struct fact_lane *lane = lane_of(&report->facts, record);

    lane_back(report, lane, time_us);
    lane->down_from = time_us;
    lane->resting = is_rest(record);
    uint64_t *count = lane->resting ? &lane->rests : &lane->outages;
    *count += report_holds(report, time_us) ? 1 : 0;
}

static void take_lane_up(struct report *report, const json_t *record, int64_t time_us)
{
    lane_back(report, lane_of(&report->facts, record), time_us);
}

static void take_pin_fail(struct report *report, const json_t *record, int64_t time_us)
{
    lane_of(&report->facts, record)->pin_failures +=
        report_holds(report, time_us) ? 1 : 0;
}

static void take_pin_lockout(struct report *report, const json_t *record, int64_t time_us)
{
    lane_of(&report->facts, record)->pin_lockouts +=
        report_holds(report, time_us) ? 1 : 0;
}

static void take_pin_unlock(struct report *report, const json_t *record, int64_t time_us)
{
    lane_of(&report->facts, record)->pin_unlocks += report_holds(report, time_us) ? 1 : 0;
}

static void all_lanes_back(struct report *report, int64_t time_us)
{
    for (size_t i = 0; i < report->facts.lane_count; i++) {
        lane_back(report, &report->facts.lanes[i], time_us);
    }
}

/* --- Anchors ----------------------------------------------------------------------- */

static struct fact_anchor *anchor_of(struct report_facts *facts, const json_t *record)
{
    struct fact_anchor fresh = {.name = ""};

    fact_text(fresh.name, record, "subject");
    fact_text(fresh.kind, record, "kind");
    for (size_t i = 0; i < facts->anchor_count; i++) {
        if (strcmp(facts->anchors[i].name, fresh.name) == 0) {
            return &facts->anchors[i];
        }
    }
    if (facts->anchor_count == FACTS_ANCHORS) {
        facts->dropped++;
        return NULL;
    }
    facts->anchors[facts->anchor_count] = fresh;
    return &facts->anchors[facts->anchor_count++];
}

static void take_anchor_ok(struct report *report, const json_t *record, int64_t time_us)
{
    const char *text = json_string_value(json_object_get(record, "size"));
    uint64_t size = 0;

    if (!report_holds(report, time_us)) {
        return;
    }
    struct fact_anchor *anchor = anchor_of(&report->facts, record);
    if (anchor == NULL) {
        return;
    }
    anchor->good++;
    anchor->failing = false;
    if (text != NULL && text_uint(slice_str(text), INT64_MAX, &size) == SG_OK &&
        size >= anchor->size) {
        anchor->size = size;
        anchor->time_us = fact_time(record, "time");
    }
}

static void take_anchor_fail(struct report *report, const json_t *record, int64_t time_us)
{
    struct fact_anchor *anchor =
        report_holds(report, time_us) ? anchor_of(&report->facts, record) : NULL;

    if (anchor == NULL) {
        return;
    }
    char state[FACT_TEXT] = "";
    fact_text(state, record, "state");
    report->facts.again = anchor->failing && strcmp(anchor->state, state) == 0;
    anchor->failing = true;
    memcpy(anchor->state, state, sizeof(state));
    anchor->failed++;
}

/* --- Starts ------------------------------------------------------------------------ */

static void take_version(struct report_facts *facts, const json_t *record,
                         int64_t time_us)
{
    char text[FACT_TEXT] = "";

    fact_text(text, record, "version");
    for (size_t i = 0; i < facts->version_count; i++) {
        if (strcmp(facts->versions[i].text, text) == 0) {
            facts->versions[i].last_us = time_us;
            return;
        }
    }
    if (facts->version_count == FACTS_VERSIONS) {
        facts->dropped++;
        return;
    }
    struct fact_version *fresh = &facts->versions[facts->version_count++];
    memcpy(fresh->text, text, sizeof(text));
    fresh->first_us = fresh->last_us = time_us;
}

/* Between the last record of the run before and this one the gateway was not there, as
 * far as the log knows. */
static void take_boot(struct report *report, const json_t *record, int64_t time_us)
{
    struct report_facts *facts = &report->facts;
    bool first = report->records == 0;

    if (time_us < report->period.until_us) {
        take_version(facts, record, time_us);
        facts_unseen(facts, time_us);
    }
    if (!first) {
        int64_t last_us = span_seen(report, record, time_us);
        all_lanes_back(report, last_us);
        const struct fact_span gap = {last_us, time_us};
        span_count(&report->period, gap, &facts->down_us, &facts->gap);
    }
    if (report_holds(report, time_us)) {
        facts->starts++;
        facts->starts_unclean += !first && !facts->stopped ? 1 : 0;
    }
    facts->stopped = false;
    facts->started = true;
}

static void take_shutdown(struct report *report, const json_t *record, int64_t time_us)
{
    (void)record;
    (void)time_us;
    report->facts.stopped = true;
}

/* --- Events ------------------------------------------------------------------------ */

static void take_nothing(struct report *report, const json_t *record, int64_t time_us)
{
    (void)report;
    (void)record;
    (void)time_us;
}

enum listing { LISTED_NOT, LISTED, LISTED_WITH_STATE, LISTED_WITH_KIND };

static const struct {
    const char *type;
    void (*take)(struct report *report, const json_t *record, int64_t time_us);
    enum listing listing;
} kinds[] = {
    {"boot", take_boot, LISTED_NOT},
    {"shutdown", take_shutdown, LISTED_NOT},
    {"key.facts", take_key_facts, LISTED_NOT},
    {"policy.load", take_policy, LISTED_NOT},
    {"lane.up", take_lane_up, LISTED_NOT},
    {"lane.removed", take_lane_up, LISTED_NOT},
    {"overload", take_overload, LISTED_NOT},
    {"lane.down", take_lane_down, LISTED},
    {"pin.fail", take_pin_fail, LISTED},
    {"pin.lockout", take_pin_lockout, LISTED},
    {"pin.unlock", take_pin_unlock, LISTED},
    {"key.refuse", take_nothing, LISTED},
    {"key.hold", take_nothing, LISTED},
    {"key.release", take_nothing, LISTED},
    {"key.destroy", take_nothing, LISTED},
    {"policy.reject", take_nothing, LISTED},
    {"clock.step", take_nothing, LISTED},
    {"lockdown", take_nothing, LISTED},
    {"lockdown.clear", take_nothing, LISTED},
    {"roster.load", take_nothing, LISTED},
    {"anchor.fail", take_anchor_fail, LISTED},
    {"anchor.ok", take_anchor_ok, LISTED_NOT},
    {"disk.low", take_nothing, LISTED},
    {"disk.ok", take_nothing, LISTED},
    {"recover", take_nothing, LISTED},
    {"log.prune", take_nothing, LISTED},
    {"override", take_nothing, LISTED},
    {"override.end", take_nothing, LISTED_NOT},
    {"exception", take_nothing, LISTED},
    {"ceremony.step", take_nothing, LISTED},
    {"ceremony.minutes", take_nothing, LISTED},
    {"pin.change", take_nothing, LISTED},
    {"key.state", take_nothing, LISTED_WITH_STATE},
    {"incident.open", take_nothing, LISTED_WITH_KIND},
    {"incident.close", take_nothing, LISTED_WITH_KIND},
};

/* "accepted: sha256=…"; what troubled a ceremony may hold words that are nobody else's.
 */
static void tell_state(struct fact_event *event, const json_t *record)
{
    char state[FACT_TEXT] = "";
    char detail[FACT_TEXT] = "";
    char trouble[FACT_TEXT] = "";

    fact_text(state, record, "state");
    fact_text(detail, record, "detail");
    fact_text(trouble, record, "trouble");
    if (detail[0] == '\0' && trouble[0] != '\0') {
        (void)snprintf(detail, sizeof(detail), "failed");
    }
    bool both = state[0] != '\0' && detail[0] != '\0';
    char both_texts[2 * FACT_TEXT + 2];
    (void)snprintf(both_texts, sizeof(both_texts), "%s%s%s", state, both ? ": " : "",
                   detail);
    name_clean(slice_str(both_texts), false, event->detail, sizeof(event->detail));
}

static void add_event(struct report_facts *facts, const struct fact_event *event)
{
    if (facts->event_count < FACTS_EVENTS) {
        facts->events[facts->event_count++] = *event;
    } else {
        facts->dropped++;
    }
}

static void add_state(struct report_facts *facts, const struct fact_event *event)
{
    if (facts->state_count < FACTS_STATES) {
        facts->states[facts->state_count++] = *event;
    } else {
        facts->dropped++;
    }
}

static void list_event(struct report *report, size_t kind, const json_t *record,
                       int64_t time_us)
{
    enum listing listing = kinds[kind].listing;
    struct fact_event event = {.time_us = time_us};

    if (listing == LISTED_NOT || report->facts.again || !report_holds(report, time_us)) {
        return;
    }
    (void)snprintf(event.type, sizeof(event.type), "%s", kinds[kind].type);
    fact_text(event.subject, record, "subject");
    if (listing == LISTED_WITH_KIND) {
        fact_text(event.detail, record, "kind");
    }
    if (listing == LISTED_WITH_STATE) {
        tell_state(&event, record);
        add_state(&report->facts, &event);
    }
    add_event(&report->facts, &event);
}

void facts_take(struct report *report, const struct report_record *record)
{
    for (size_t i = 0; i < SG_COUNT(kinds); i++) {
        if (!scan_is(record->scan, MEMBER_type, kinds[i].type)) {
            continue;
        }
        json_t *members = json_loadb((const char *)record->json.data, record->json.len,
                                     JSON_ALLOW_NUL, NULL);
        report->facts.again = false;
        kinds[i].take(report, members, record->time_us);
        list_event(report, i, members, record->time_us);
        json_decref(members);
        return;
    }
}

void facts_finish(struct report *report)
{
    for (size_t i = 0; i < report->facts.certificate_count; i++) {
        struct fact_certificate *row = &report->facts.certificates[i];
        row->until_us = row->until_us == 0 ? row->unseen_us : row->until_us;
    }
    all_lanes_back(report, report->log_ends_us);
}
