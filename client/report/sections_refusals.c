#include <stdio.h>

#include "client/report/sections.h"

/* Sections 4 and 5: what was not signed, and what was signed all the same. */

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
    put_fact(paper, PHRASE_F_EXCEPTIONS,
             report->excepted_untold > 0 ? value_none() : value_count(report->excepted));
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
