#include "client/report/sections.h"

/* Sections 6 to 8: persons, incidents, machines. */

/* --- 6 ----------------------------------------------------------------------------- */

static bool by_officers(const char *type)
{
    static const char *const begins[] = {
        "policy.",  "pin.",     "ceremony.", "grant.",    "roster.", "mandate.",
        "lockdown", "override", "exception", "log.prune", "admin.",  "report."};
    static const char *const whole[] = {
        "key.activate", "key.deactivate", "key.hold",      "key.release",
        "key.destroy",  "incident.note",  "incident.close"};

    for (size_t i = 0; i < SG_COUNT(begins); i++) {
        if (strncmp(type, begins[i], strlen(begins[i])) == 0) {
            return true;
        }
    }
    for (size_t i = 0; i < SG_COUNT(whole); i++) {
        if (strcmp(type, whole[i]) == 0) {
            return true;
        }
    }
    return false;
}

void section_officers(const struct content *content, struct paper *paper)
{
    static const enum phrase columns[] = {PHRASE_LANE, PHRASE_PIN_FAILURES,
                                          PHRASE_PIN_LOCKOUTS, PHRASE_PIN_UNLOCKS};
    const struct report_facts *facts = &content->report->facts;

    put_kinds(content->report, PHRASE_OFFICER_RECORDS, by_officers, paper);
    put_table(paper, PHRASE_PINS, columns, SG_COUNT(columns));
    for (size_t i = 0; i < facts->lane_count; i++) {
        const struct fact_lane *lane = &facts->lanes[i];
        const struct value values[] = {
            value_text(lane->name), value_count(lane->pin_failures),
            value_count(lane->pin_lockouts), value_count(lane->pin_unlocks)};
        if (lane->pin_failures + lane->pin_lockouts + lane->pin_unlocks > 0) {
            put_row(paper, values);
        }
    }
    put_table_end(paper);
}

/* --- 7 ----------------------------------------------------------------------------- */

static struct value seconds(int64_t us)
{
    return value_number(VALUE_SECONDS, us / 1000000);
}

static void put_lanes(const struct report_facts *facts, struct paper *paper)
{
    static const enum phrase columns[] = {PHRASE_LANE, PHRASE_OUTAGES, PHRASE_LANE_DOWN,
                                          PHRASE_RESTS, PHRASE_LANE_RESTED};

    put_table(paper, PHRASE_LANES, columns, SG_COUNT(columns));
    for (size_t i = 0; i < facts->lane_count; i++) {
        const struct fact_lane *lane = &facts->lanes[i];
        const struct value values[] = {value_text(lane->name), value_count(lane->outages),
                                       seconds(lane->down_us), value_count(lane->rests),
                                       seconds(lane->rested_us)};
        if (lane->outages + lane->rests > 0 || lane->down_us + lane->rested_us > 0) {
            put_row(paper, values);
        }
    }
    put_table_end(paper);
}

static void put_events(const struct report_facts *facts, struct paper *paper)
{
    static const enum phrase columns[] = {PHRASE_TIME, PHRASE_TYPE, PHRASE_SUBJECT,
                                          PHRASE_DETAIL};

    put_table(paper, PHRASE_EVENTS, columns, SG_COUNT(columns));
    for (size_t i = 0; i < facts->event_count; i++) {
        const struct fact_event *event = &facts->events[i];
        const struct value values[] = {
            value_time(event->time_us), value_text(event->type),
            value_text(event->subject),
            event->detail[0] == '\0' ? value_none() : value_text(event->detail)};
        put_row(paper, values);
    }
    put_table_end(paper);
}

void section_incidents(const struct content *content, struct paper *paper)
{
    const struct report *report = content->report;
    const struct report_facts *facts = &report->facts;

    put_fact(paper, PHRASE_INCIDENTS_OPENED,
             value_count(records_of(report, "incident.open")));
    put_fact(paper, PHRASE_INCIDENTS_CLOSED,
             value_count(records_of(report, "incident.close")));
    put_fact(paper, PHRASE_STARTS, value_count(facts->starts));
    put_fact(paper, PHRASE_STARTS_UNCLEAN, value_count(facts->starts_unclean));
    put_fact(paper, PHRASE_DOWN, seconds(facts->down_us));
    put_fact(paper, PHRASE_F_INDETERMINATE,
             value_count(report->all.fates[FATE_INDETERMINATE]));
    put_fact(paper, PHRASE_CLOCK_STEPS, value_count(records_of(report, "clock.step")));
    put_fact(paper, PHRASE_CLOCK_BACK, value_count(report->clock_back));
    put_fact(paper, PHRASE_UNTOLD, value_count(facts->untold));
    put_fact(paper, PHRASE_DROPPED, value_count(facts->dropped));
    paper->kind->say(paper, PHRASE_SAY_INCIDENTS);
    put_lanes(facts, paper);
    put_events(facts, paper);
}

/* --- 8 ----------------------------------------------------------------------------- */

static void put_tokens(const struct report *report, struct paper *paper)
{
    static const enum phrase columns[] = {PHRASE_MANUFACTURER, PHRASE_MODEL,
                                          PHRASE_SERIAL,       PHRASE_FIRMWARE,
                                          PHRASE_ASSURANCE,    PHRASE_LAST_SEEN};

    put_table(paper, PHRASE_TOKENS, columns, SG_COUNT(columns));
    for (size_t i = 0; i < report->facts.token_count; i++) {
        const struct fact_token *token = &report->facts.tokens[i];
        const struct value values[] = {
            value_text(token->manufacturer), value_text(token->model),
            value_text(token->serial),       value_text(token->firmware),
            value_text(token->assurance),    value_time(token->last_us)};
        put_row(paper, values);
    }
    put_table_end(paper);
}

void section_infrastructure(const struct content *content, struct paper *paper)
{
    static const enum phrase columns[] = {PHRASE_VERSION, PHRASE_FIRST_START,
                                          PHRASE_LAST_START};
    const struct report_facts *facts = &content->report->facts;

    put_tokens(content->report, paper);
    put_table(paper, PHRASE_VERSIONS, columns, SG_COUNT(columns));
    for (size_t i = 0; i < facts->version_count; i++) {
        const struct fact_version *version = &facts->versions[i];
        const struct value values[] = {value_text(version->text),
                                       value_time(version->first_us),
                                       value_time(version->last_us)};
        put_row(paper, values);
    }
    put_table_end(paper);
}
