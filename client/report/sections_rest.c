#include <stdio.h>

#include "client/report/sections.h"

/* Sections 4 to 10. */

/* --- 4 ----------------------------------------------------------------------------- */

static void put_refusals(const struct content *content, struct paper *paper)
{
    static const enum phrase columns[] = {PHRASE_RULE,       PHRASE_SECTION, PHRASE_CODE,
                                          PHRASE_DECIDED_BY, PHRASE_DECIDED, PHRASE_PART};
    const struct report *report = content->report;

    put_table(paper, PHRASE_REFUSALS, columns, SG_COUNT(columns));
    for (size_t i = 0; i < content->figures->refused.count; i++) {
        const struct cell *row = &content->figures->refused.rows[i];
        const struct value values[] = {
            value_name(&report->rules, row->key[0]),
            value_name(&report->sections, row->key[1]),
            value_name(&report->codes, row->key[2]),
            value_phrase(row->key[3] == 0 ? PHRASE_BY_POLICY : PHRASE_BY_GATEWAY),
            value_count(row->count[RULE_DECIDED]),
            value_count(row->count[RULE_PART])};
        put_row(paper, values);
    }
    put_table_end(paper);
}

static void put_bars(const struct content *content, struct paper *paper)
{
    struct bar_chart chart = {.title = PHRASE_CHART_REFUSALS};
    const struct figure_rows *rules = &content->figures->deciders;

    for (size_t i = 0; i < rules->count && i < CHART_BARS; i++) {
        char text[VALUE_SIZE];
        struct value value = value_name(&content->report->rules, rules->rows[i].key[0]);
        value_say(paper, &value, text);
        (void)snprintf(chart.labels[i].text, sizeof(chart.labels[i].text), "%.128s",
                       text);
        chart.counts[i] = rules->rows[i].count[RULE_DECIDED];
        chart.count++;
    }
    paper->kind->bars(paper, &chart);
}

static void put_denials(const struct content *content, struct paper *paper)
{
    static const enum phrase columns[] = {PHRASE_MONTH, PHRASE_SYSTEM, PHRASE_RULE,
                                          PHRASE_DENIED};
    const struct report *report = content->report;

    put_table(paper, PHRASE_DENIALS, columns, SG_COUNT(columns));
    for (size_t i = 0; i < content->figures->denials.count; i++) {
        const struct cell *row = &content->figures->denials.rows[i];
        const struct value values[] = {
            value_number(VALUE_MONTH, (int64_t)report->period.first_month + row->key[0]),
            value_name(&report->callers, row->key[1]),
            value_name(&report->rules, row->key[2]),
            value_count(row->count[FATE_DENIED])};
        put_row(paper, values);
    }
    put_table_end(paper);
}

/* For people a line a rule, and a column a month. */
static void put_rule_months(const struct content *content, const struct cell *rule,
                            struct paper *paper)
{
    const struct report *report = content->report;
    size_t months = report->period.months;
    struct value row[TABLE_COLUMNS] = {value_name(&report->rules, rule->key[0])};
    uint64_t counts[PERIOD_MONTHS] = {0};

    for (size_t i = 0; i < content->figures->denials.count; i++) {
        const struct cell *cell = &content->figures->denials.rows[i];
        counts[cell->key[0]] +=
            cell->key[2] == rule->key[0] ? cell->count[FATE_DENIED] : 0;
    }
    for (size_t i = 0; i < months; i++) {
        row[1 + i] = value_count(counts[i]);
    }
    row[1 + months] = value_count(rule->count[RULE_DECIDED]);
    put_row(paper, row);
}

static void put_denials_pivot(const struct content *content, struct paper *paper)
{
    const struct report_period *period = &content->report->period;
    const struct figure_rows *rules = &content->figures->deciders;
    struct value columns[TABLE_COLUMNS] = {value_phrase(PHRASE_RULE)};

    for (size_t i = 0; i < period->months; i++) {
        columns[1 + i] =
            value_number(VALUE_MONTH, (int64_t)period->first_month + (int64_t)i);
    }
    columns[1 + period->months] = value_phrase(PHRASE_TOTAL);
    paper->kind->table(paper, PHRASE_DENIALS_PIVOT, columns, 2 + period->months);
    for (size_t i = 0; i < rules->count; i++) {
        put_rule_months(content, &rules->rows[i], paper);
    }
    put_table_end(paper);
}

static void put_undecided(const struct report_facts *facts, struct paper *paper)
{
    static const enum phrase columns[] = {PHRASE_REASON, PHRASE_COUNT};

    put_table(paper, PHRASE_UNDECIDED, columns, SG_COUNT(columns));
    for (size_t i = 0; i < facts->sum_count; i++) {
        const struct value values[] = {value_text(facts->sums[i].label),
                                       value_count(facts->sums[i].count)};
        put_row(paper, values);
    }
    put_table_end(paper);
}

void section_refusals(const struct content *content, struct paper *paper)
{
    put_fact(paper, PHRASE_F_DENIED,
             value_count(content->report->all.fates[FATE_DENIED]));
    paper->kind->say(paper, PHRASE_SAY_REFUSALS);
    put_bars(content, paper);
    put_refusals(content, paper);
    if (!paper->kind->for_people) {
        put_denials(content, paper);
    } else if (content->report->period.months <= PIVOT_MONTHS) {
        put_denials_pivot(content, paper);
    }
    put_undecided(&content->report->facts, paper);
}

/* --- 5 ----------------------------------------------------------------------------- */

void section_overrides(const struct content *content, struct paper *paper)
{
    static const enum phrase columns[] = {PHRASE_RULE, PHRASE_FAILED_JOBS};
    const struct report *report = content->report;

    put_fact(paper, PHRASE_F_OVERRIDES, value_count(records_of(report, "override")));
    put_fact(paper, PHRASE_F_EXCEPTIONS, value_count(records_of(report, "exception")));
    put_fact(paper, PHRASE_F_EXPLAINED, value_count(records_of(report, "explain")));
    put_table(paper, PHRASE_SHADOWS, columns, SG_COUNT(columns));
    for (size_t i = 0; i < content->figures->shadows.count; i++) {
        const struct cell *row = &content->figures->shadows.rows[i];
        const struct value values[] = {value_name(&report->rules, row->key[0]),
                                       value_count(row->count[RULE_SHADOW])};
        put_row(paper, values);
    }
    put_table_end(paper);
}

/* --- 6 ----------------------------------------------------------------------------- */

static bool by_officers(const char *type)
{
    static const char *const begins[] = {
        "policy.",  "pin.",      "ceremony.", "grant.", "mandate.", "lockdown",
        "override", "exception", "log.prune", "admin.", "report."};
    static const char *const whole[] = {"key.activate", "key.deactivate", "key.hold",
                                        "key.release", "key.destroy"};

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

static void put_kinds(const struct report *report, bool officers, struct paper *paper)
{
    static const enum phrase columns[] = {PHRASE_TYPE, PHRASE_RECORDS};

    put_table(paper, officers ? PHRASE_OFFICER_RECORDS : PHRASE_KINDS, columns,
              SG_COUNT(columns));
    for (size_t i = 0; i <= report_kinds(); i++) {
        bool known = i < report_kinds();
        bool shown = !officers || (known && by_officers(report_kind(i)));
        const struct value values[] = {known ? value_text(report_kind(i))
                                             : value_phrase(PHRASE_OTHERS),
                                       value_count(report->kinds[i])};
        if (shown && report->kinds[i] > 0) {
            put_row(paper, values);
        }
    }
    put_table_end(paper);
}

void section_officers(const struct content *content, struct paper *paper)
{
    static const enum phrase columns[] = {PHRASE_LANE, PHRASE_PIN_FAILURES,
                                          PHRASE_PIN_LOCKOUTS, PHRASE_PIN_UNLOCKS};
    const struct report_facts *facts = &content->report->facts;

    put_kinds(content->report, true, paper);
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
    static const enum phrase columns[] = {PHRASE_LANE, PHRASE_OUTAGES, PHRASE_LANE_DOWN};

    put_table(paper, PHRASE_LANES, columns, SG_COUNT(columns));
    for (size_t i = 0; i < facts->lane_count; i++) {
        const struct fact_lane *lane = &facts->lanes[i];
        const struct value values[] = {value_text(lane->name), value_count(lane->outages),
                                       seconds(lane->down_us)};
        if (lane->outages > 0 || lane->down_us > 0) {
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

    put_fact(paper, PHRASE_STARTS, value_count(facts->starts));
    put_fact(paper, PHRASE_STARTS_UNCLEAN, value_count(facts->starts_unclean));
    put_fact(paper, PHRASE_DOWN, seconds(facts->down_us));
    put_fact(paper, PHRASE_F_INDETERMINATE,
             value_count(report->all.fates[FATE_INDETERMINATE]));
    put_fact(paper, PHRASE_CLOCK_STEPS, value_count(records_of(report, "clock.step")));
    put_fact(paper, PHRASE_CLOCK_BACK, value_count(report->clock_back));
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

/* --- 9 ----------------------------------------------------------------------------- */

static void put_balance(const struct report_balance *balance, struct paper *paper)
{
    put_fact(paper, PHRASE_INTENTS, value_count(balance->intents));
    put_fact(paper, PHRASE_OUTCOMES, value_count(balance->outcomes));
    put_fact(paper, PHRASE_CARRIED_IN, value_count(balance->carried_in));
    put_fact(paper, PHRASE_CARRIED_OUT, value_count(balance->carried_out));
    put_fact(paper, PHRASE_OPEN, value_count(balance->open));
    put_fact(paper, PHRASE_BALANCED, value_number(VALUE_TRUTH, report_balanced(balance)));
}

static void put_anchors(const struct report_facts *facts, struct paper *paper)
{
    static const enum phrase columns[] = {PHRASE_ANCHOR,      PHRASE_ANCHOR_KIND,
                                          PHRASE_ANCHOR_OK,   PHRASE_FAILED,
                                          PHRASE_ANCHOR_SIZE, PHRASE_ANCHOR_TIME};

    put_table(paper, PHRASE_ANCHORS, columns, SG_COUNT(columns));
    for (size_t i = 0; i < facts->anchor_count; i++) {
        const struct fact_anchor *anchor = &facts->anchors[i];
        const struct value values[] = {
            value_text(anchor->name),  value_text(anchor->kind),
            value_count(anchor->good), value_count(anchor->failed),
            value_count(anchor->size), value_time(anchor->time_us)};
        put_row(paper, values);
    }
    put_table_end(paper);
}

void section_integrity(const struct content *content, struct paper *paper)
{
    const struct report *report = content->report;
    bool some = report->all.records > 0;

    /* A log of which this could not be said has no report. */
    put_fact(paper, PHRASE_VERIFIED, value_number(VALUE_TRUTH, true));
    put_fact(paper, PHRASE_GAPLESS, value_number(VALUE_TRUTH, true));
    put_fact(paper, PHRASE_LEAVES, value_count(content->evidence->end.head.size));
    put_fact(paper, PHRASE_READ_FROM, value_count(report->read_from));
    put_fact(paper, PHRASE_LOG_BEGINS, value_time(report->log_begins_us));
    put_fact(paper, PHRASE_LOG_ENDS, value_time(report->log_ends_us));
    put_fact(paper, PHRASE_OVER, value_number(VALUE_TRUTH, content->evidence->over));
    put_fact(paper, PHRASE_PERIOD_RECORDS, value_count(report->all.records));
    put_fact(paper, PHRASE_FIRST_INDEX,
             some ? value_count(report->first_index) : value_none());
    put_fact(paper, PHRASE_LAST_INDEX,
             some ? value_count(report->last_index) : value_none());
    put_balance(&report->balance, paper);
    put_fact(paper, PHRASE_ANCHORS_OK, value_count(records_of(report, "anchor.ok")));
    put_fact(paper, PHRASE_ANCHORS_FAILED,
             value_count(records_of(report, "anchor.fail")));
    put_anchors(&report->facts, paper);
    put_kinds(report, false, paper);
}

/* --- 10 ---------------------------------------------------------------------------- */

void section_attestation(const struct content *content, struct paper *paper)
{
    (void)content;
    paper->kind->say(paper, PHRASE_SAY_CHECK);
}
