#include "client/report/sections.h"

/* Sections 9 and 10: why the figures may be believed. */

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
    put_fact(paper, PHRASE_BEGUN, value_number(VALUE_TRUTH, report_begun(report)));
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
    put_kinds(report, PHRASE_KINDS, NULL, paper);
    if (report->facts.anchor_count > 0) {
        paper->kind->say(paper, PHRASE_SAY_ANCHORS);
    }
}

/* --- 10 ---------------------------------------------------------------------------- */

void section_attestation(const struct content *content, struct paper *paper)
{
    (void)content;
    paper->kind->say(paper, PHRASE_SAY_CHECK);
}
