#include <stdio.h>
#include <stdlib.h>

#include "client/report/sections.h"

/* Section 3: what the keys were used for. */

/* --- Figures ----------------------------------------------------------------------- */

/* The months with the most and the fewest signatures, the earliest of equal ones. */
static void find_months(const struct report *report, size_t *most, size_t *fewest)
{
    *most = *fewest = 0;
    for (size_t i = 1; i < report->period.months; i++) {
        uint64_t count = report->months[i].fates[FATE_SIGNED];
        *most = count > report->months[*most].fates[FATE_SIGNED] ? i : *most;
        *fewest = count < report->months[*fewest].fates[FATE_SIGNED] ? i : *fewest;
    }
}

static size_t busiest_day(const struct report *report)
{
    size_t most = 0;

    for (size_t i = 1; i < report->period.days; i++) {
        most = report->days[i] > report->days[most] ? i : most;
    }
    return most;
}

static void put_peaks(const struct report *report, struct paper *paper)
{
    bool any = report->all.fates[FATE_SIGNED] > 0;
    size_t most = 0;
    size_t fewest = 0;
    size_t day = busiest_day(report);
    int64_t first = report->period.first_month;

    find_months(report, &most, &fewest);
    put_fact(paper, PHRASE_BUSIEST_MONTH,
             any ? value_number(VALUE_MONTH, first + (int64_t)most) : value_none());
    put_fact(paper, PHRASE_BUSIEST_MONTH_SIGNED,
             value_count(report->months[most].fates[FATE_SIGNED]));
    put_fact(paper, PHRASE_QUIETEST_MONTH,
             any ? value_number(VALUE_MONTH, first + (int64_t)fewest) : value_none());
    put_fact(paper, PHRASE_QUIETEST_MONTH_SIGNED,
             value_count(report->months[fewest].fates[FATE_SIGNED]));
    put_fact(paper, PHRASE_BUSIEST_DAY,
             any ? value_number(VALUE_DAY, report->period.first_day + (int64_t)day)
                 : value_none());
    put_fact(paper, PHRASE_BUSIEST_DAY_SIGNED, value_count(report->days[day]));
}

static void put_totals(const struct report *report, struct paper *paper)
{
    const uint64_t *fates = report->all.fates;

    put_fact(paper, PHRASE_F_SIGNED, value_count(fates[FATE_SIGNED]));
    put_fact(paper,
             report->documents_full ? PHRASE_F_DOCUMENTS_LEAST : PHRASE_F_DOCUMENTS,
             value_count(report->documents.count));
    put_fact(paper, PHRASE_F_FAILED, value_count(fates[FATE_FAILED]));
    put_fact(paper, PHRASE_F_INDETERMINATE, value_count(fates[FATE_INDETERMINATE]));
    put_fact(paper, PHRASE_F_DENIED, value_count(fates[FATE_DENIED]));
    put_fact(paper, PHRASE_F_REPLAYS, value_count(report->answers));
    put_peaks(report, paper);
}

static void put_month_row(const struct report_totals *totals, struct value month,
                          struct paper *paper)
{
    const struct value row[] = {month,
                                value_count(totals->fates[FATE_SIGNED]),
                                value_count(totals->fates[FATE_FAILED]),
                                value_count(totals->fates[FATE_INDETERMINATE]),
                                value_count(totals->fates[FATE_DENIED]),
                                value_count(totals->records)};

    put_row(paper, row);
}

static void put_months(const struct report *report, struct paper *paper)
{
    static const enum phrase columns[] = {PHRASE_MONTH,  PHRASE_SIGNED,
                                          PHRASE_FAILED, PHRASE_INDETERMINATE,
                                          PHRASE_DENIED, PHRASE_RECORDS};

    put_table(paper, PHRASE_MONTHS, columns, SG_COUNT(columns));
    for (size_t i = 0; i < report->period.months; i++) {
        put_month_row(
            &report->months[i],
            value_number(VALUE_MONTH, (int64_t)report->period.first_month + (int64_t)i),
            paper);
    }
    if (paper->kind->for_people) {
        put_month_row(&report->all, value_phrase(PHRASE_TOTAL), paper);
    }
    put_table_end(paper);
}

/* --- By month, system, key and class ----------------------------------------------- */

static void put_use(const struct content *content, struct paper *paper)
{
    static const enum phrase columns[] = {
        PHRASE_MONTH,  PHRASE_SYSTEM, PHRASE_KEY,          PHRASE_DOC_CLASS,
        PHRASE_SIGNED, PHRASE_FAILED, PHRASE_INDETERMINATE};
    const struct report *report = content->report;

    put_table(paper, PHRASE_USE, columns, SG_COUNT(columns));
    for (size_t i = 0; i < content->figures->use.count; i++) {
        const struct cell *row = &content->figures->use.rows[i];
        const struct value values[] = {
            value_number(VALUE_MONTH, (int64_t)report->period.first_month + row->key[0]),
            value_name(&report->callers, row->key[1]),
            value_name(&report->keys, row->key[2]),
            value_class(report, row->key[3]),
            value_count(row->count[FATE_SIGNED]),
            value_count(row->count[FATE_FAILED]),
            value_count(row->count[FATE_INDETERMINATE])};
        put_row(paper, values);
    }
    put_table_end(paper);
}

static bool same_line(const struct cell *a, const struct cell *b)
{
    return a->key[1] == b->key[1] && a->key[2] == b->key[2] && a->key[3] == b->key[3];
}

static void put_pivot_row(const struct content *content, const struct cell *line,
                          struct paper *paper)
{
    const struct report *report = content->report;
    size_t months = report->period.months;
    struct value row[TABLE_COLUMNS] = {value_name(&report->callers, line->key[1]),
                                       value_name(&report->keys, line->key[2]),
                                       value_class(report, line->key[3])};

    for (size_t i = 0; i < months; i++) {
        row[3 + i] = value_count(0);
    }
    for (size_t i = 0; i < content->figures->use.count; i++) {
        const struct cell *cell = &content->figures->use.rows[i];
        if (same_line(cell, line)) {
            row[3 + cell->key[0]] = value_count(cell->count[FATE_SIGNED]);
        }
    }
    row[3 + months] = value_count(line->count[FATE_SIGNED]);
    put_row(paper, row);
}

static void put_pivot_total(const struct report *report, struct paper *paper)
{
    size_t months = report->period.months;
    struct value row[TABLE_COLUMNS] = {value_phrase(PHRASE_TOTAL), value_none(),
                                       value_none()};

    for (size_t i = 0; i < months; i++) {
        row[3 + i] = value_count(report->months[i].fates[FATE_SIGNED]);
    }
    row[3 + months] = value_count(report->all.fates[FATE_SIGNED]);
    put_row(paper, row);
}

/* For people a line a system, key and class, and a column a month. */
static void put_pivot(const struct content *content, struct paper *paper)
{
    const struct report_period *period = &content->report->period;
    struct value columns[TABLE_COLUMNS] = {value_phrase(PHRASE_SYSTEM),
                                           value_phrase(PHRASE_KEY),
                                           value_phrase(PHRASE_DOC_CLASS)};

    for (size_t i = 0; i < period->months; i++) {
        columns[3 + i] =
            value_number(VALUE_MONTH, (int64_t)period->first_month + (int64_t)i);
    }
    columns[3 + period->months] = value_phrase(PHRASE_TOTAL);
    paper->kind->table(paper, PHRASE_USE, columns, 4 + period->months);
    for (size_t i = 0; i < content->figures->lines.count; i++) {
        put_pivot_row(content, &content->figures->lines.rows[i], paper);
    }
    put_pivot_total(content->report, paper);
    put_table_end(paper);
}

/* --- The picture ------------------------------------------------------------------- */

static void put_label(const struct paper *paper, const struct report *report,
                      const struct cell *row, struct chart_label *label)
{
    char system[VALUE_SIZE];
    char doc_class[VALUE_SIZE];
    struct value caller = value_name(&report->callers, row->key[1]);
    struct value class_value = value_class(report, row->key[3]);

    value_say(paper, &caller, system);
    value_say(paper, &class_value, doc_class);
    (void)snprintf(label->text, sizeof(label->text), "%.128s: %.128s", system, doc_class);
}

/* The largest ones have a colour of their own; the last one is for all others. */
static size_t series_of(const struct figure_rows *series, const struct cell *row)
{
    for (size_t i = 0; i < series->count && i < CHART_SERIES - 1; i++) {
        if (series->rows[i].key[1] == row->key[1] &&
            series->rows[i].key[3] == row->key[3]) {
            return i;
        }
    }
    return CHART_SERIES - 1;
}

static void put_picture(const struct content *content, struct paper *paper)
{
    const struct figure_rows *series = &content->figures->series;
    struct stack_chart *chart = (struct stack_chart *)calloc(1, sizeof(*chart));

    if (chart == NULL) {
        return;
    }
    chart->title = PHRASE_CHART_USE;
    chart->first_month = content->report->period.first_month;
    chart->months = content->report->period.months;
    chart->series_count = series->count < CHART_SERIES ? series->count : CHART_SERIES;
    for (size_t i = 0; i < chart->series_count; i++) {
        put_label(paper, content->report, &series->rows[i], &chart->labels[i]);
    }
    if (series->count >= CHART_SERIES) {
        (void)snprintf(chart->labels[CHART_SERIES - 1].text, NAME_BYTES, "%s",
                       phrase_text(paper, PHRASE_OTHERS));
    }
    for (size_t i = 0; i < content->figures->use.count; i++) {
        const struct cell *row = &content->figures->use.rows[i];
        chart->counts[series_of(series, row)][row->key[0]] += row->count[FATE_SIGNED];
    }
    paper->kind->stack(paper, chart);
    free(chart);
}

/* --- By one name ------------------------------------------------------------------- */

static void put_classes(const struct content *content, struct paper *paper)
{
    static const enum phrase columns[] = {PHRASE_DOC_CLASS, PHRASE_SIGNED, PHRASE_FAILED,
                                          PHRASE_INDETERMINATE};

    put_table(paper, PHRASE_CLASSES, columns, SG_COUNT(columns));
    for (size_t i = 0; i < content->figures->classes.count; i++) {
        const struct cell *row = &content->figures->classes.rows[i];
        const struct value values[] = {value_class(content->report, row->key[3]),
                                       value_count(row->count[FATE_SIGNED]),
                                       value_count(row->count[FATE_FAILED]),
                                       value_count(row->count[FATE_INDETERMINATE])};
        put_row(paper, values);
    }
    put_table_end(paper);
}

static void put_systems(const struct content *content, struct paper *paper)
{
    static const enum phrase columns[] = {PHRASE_SYSTEM, PHRASE_SIGNED, PHRASE_NOTICE,
                                          PHRASE_DENIED};

    put_table(paper, PHRASE_SYSTEMS, columns, SG_COUNT(columns));
    for (size_t i = 0; i < content->figures->systems.count; i++) {
        const struct cell *row = &content->figures->systems.rows[i];
        const struct value values[] = {value_name(&content->report->callers, row->key[0]),
                                       value_count(row->count[SYSTEM_SIGNED]),
                                       row->count[SYSTEM_UNTOLD] > 0
                                           ? value_none()
                                           : value_count(row->count[SYSTEM_NOTICE]),
                                       value_count(row->count[SYSTEM_DENIED])};
        put_row(paper, values);
    }
    put_table_end(paper);
}

static void put_failures(const struct content *content, struct paper *paper)
{
    static const enum phrase columns[] = {PHRASE_CODE, PHRASE_FAILED,
                                          PHRASE_INDETERMINATE};

    put_table(paper, PHRASE_FAILURES, columns, SG_COUNT(columns));
    for (size_t i = 0; i < content->figures->failed.count; i++) {
        const struct cell *row = &content->figures->failed.rows[i];
        const struct value values[] = {
            value_name(&content->report->failures, row->key[0]),
            value_count(row->count[FATE_FAILED]),
            value_count(row->count[FATE_INDETERMINATE])};
        put_row(paper, values);
    }
    put_table_end(paper);
}

/* --- The period before ------------------------------------------------------------- */

static void put_comparison(const struct report *report, struct paper *paper)
{
    static const enum phrase columns[] = {PHRASE_FIGURE, PHRASE_NOW, PHRASE_BEFORE};
    static const enum phrase names[FATES] = {[FATE_SIGNED] = PHRASE_SIGNED,
                                             [FATE_FAILED] = PHRASE_FAILED,
                                             [FATE_INDETERMINATE] = PHRASE_INDETERMINATE,
                                             [FATE_DENIED] = PHRASE_DENIED};
    bool some = report->before.records > 0;
    bool whole = report->records > 0 && report->log_begins_us < report->period.before_us;

    put_fact(paper, PHRASE_BEFORE_FROM,
             value_number(VALUE_TIME, report->period.before_us));
    put_fact(paper, PHRASE_BEFORE_WHOLE, value_number(VALUE_TRUTH, whole));
    put_table(paper, PHRASE_COMPARISON, columns, SG_COUNT(columns));
    for (size_t i = 0; i < FATES; i++) {
        const struct value values[] = {
            value_phrase(names[i]), value_count(report->all.fates[i]),
            some || whole ? value_count(report->before.fates[i]) : value_none()};
        put_row(paper, values);
    }
    put_table_end(paper);
}

void section_use(const struct content *content, struct paper *paper)
{
    const struct report *report = content->report;

    put_totals(report, paper);
    put_picture(content, paper);
    put_months(report, paper);
    if (!paper->kind->for_people) {
        put_use(content, paper);
    } else if (report->period.months <= PIVOT_MONTHS) {
        put_pivot(content, paper);
    }
    put_classes(content, paper);
    put_systems(content, paper);
    paper->kind->say(paper, PHRASE_SAY_NOTICE);
    put_failures(content, paper);
    put_comparison(report, paper);
}
