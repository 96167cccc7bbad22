#include "client/report/sections.h"

#include <stdio.h>

/* Section 2: what the keys signed with. */

static struct value days_left(const struct report_period *period, int64_t not_after_us)
{
    int64_t left_us = not_after_us - period->until_us;

    return not_after_us == 0
               ? value_none()
               : value_number(VALUE_COUNT, left_us / ZONE_DAY_US -
                                               (left_us % ZONE_DAY_US < 0 ? 1 : 0));
}

static const char *text_of(const struct names *names, uint16_t id)
{
    const char *text = names_text(names, id);

    return text == NULL ? phrase_key(PHRASE_OTHERS) : text;
}

/* A signature is one of the key and of its certificate: keys may share a certificate, and
 * a key may have several. */
static bool is_signer(const struct report *report, const struct cell *signer,
                      const struct fact_certificate *row)
{
    return strcmp(text_of(&report->keys, signer->key[0]), row->key) == 0 &&
           strcmp(text_of(&report->serials, signer->key[1]), row->serial) == 0;
}

static uint64_t signed_with(const struct report *report,
                            const struct fact_certificate *row)
{
    for (size_t i = 0; i < report->signers.count; i++) {
        if (is_signer(report, &report->signers.rows[i], row)) {
            return report->signers.rows[i].count[FATE_SIGNED];
        }
    }
    return 0;
}

static void put_certificate(const struct report *report,
                            const struct fact_certificate *row, struct paper *paper)
{
    const struct value values[] = {value_text(row->key),
                                   value_text(row->serial),
                                   value_text(row->subject),
                                   value_text(row->algorithm),
                                   value_time(row->not_before_us),
                                   value_time(row->not_after_us),
                                   days_left(&report->period, row->not_after_us),
                                   value_time(row->since_us),
                                   value_time(row->until_us),
                                   value_count(signed_with(report, row))};

    put_row(paper, values);
}

/* Certificates that signed, and that no record describes: of an older gateway, or in a
 * part of a log. */
static bool described(const struct report *report, const struct cell *signer)
{
    for (size_t i = 0; i < report->facts.certificate_count; i++) {
        if (is_signer(report, signer, &report->facts.certificates[i])) {
            return true;
        }
    }
    return false;
}

static void put_undescribed(const struct report *report, struct paper *paper)
{
    for (size_t i = 0; i < report->signers.count; i++) {
        const struct cell *signer = &report->signers.rows[i];
        struct fact_certificate row = {.key = ""};
        if (described(report, signer)) {
            continue;
        }
        (void)snprintf(row.key, sizeof(row.key), "%s",
                       text_of(&report->keys, signer->key[0]));
        (void)snprintf(row.serial, sizeof(row.serial), "%s",
                       text_of(&report->serials, signer->key[1]));
        put_certificate(report, &row, paper);
    }
}

static void put_certificates(const struct content *content, struct paper *paper)
{
    static const enum phrase columns[] = {
        PHRASE_KEY,        PHRASE_SERIAL,    PHRASE_SUBJECT,   PHRASE_ALGORITHM,
        PHRASE_NOT_BEFORE, PHRASE_NOT_AFTER, PHRASE_DAYS_LEFT, PHRASE_SINCE,
        PHRASE_REPLACED,   PHRASE_SIGNED};
    const struct report *report = content->report;

    put_table(paper, PHRASE_CERTIFICATES, columns, SG_COUNT(columns));
    for (size_t i = 0; i < report->facts.certificate_count; i++) {
        const struct fact_certificate *row = &report->facts.certificates[i];
        if (touches_period(&report->period, row->since_us, row->until_us)) {
            put_certificate(report, row, paper);
        }
    }
    put_undescribed(report, paper);
    put_table_end(paper);
}

static void put_profiles(const struct content *content, struct paper *paper)
{
    static const enum phrase columns[] = {
        PHRASE_KEY,       PHRASE_SERIAL, PHRASE_ISSUER, PHRASE_KEY_CLASS,
        PHRASE_ASSURANCE, PHRASE_USAGE,  PHRASE_OIDS};
    const struct report *report = content->report;

    put_table(paper, PHRASE_PROFILES, columns, SG_COUNT(columns));
    for (size_t i = 0; i < report->facts.certificate_count; i++) {
        const struct fact_certificate *row = &report->facts.certificates[i];
        if (!touches_period(&report->period, row->since_us, row->until_us)) {
            continue;
        }
        const struct value values[] = {
            value_text(row->key),       value_text(row->serial),
            value_text(row->issuer),    value_text(row->key_class),
            value_text(row->assurance), value_text(row->usage),
            value_text(row->policies)};
        put_row(paper, values);
    }
    put_table_end(paper);
}

static void put_states(const struct content *content, struct paper *paper)
{
    static const enum phrase columns[] = {PHRASE_TIME, PHRASE_KEY, PHRASE_DETAIL};
    const struct report_facts *facts = &content->report->facts;

    put_table(paper, PHRASE_STATES, columns, SG_COUNT(columns));
    for (size_t i = 0; i < facts->state_count; i++) {
        const struct fact_event *event = &facts->states[i];
        const struct value values[] = {value_time(event->time_us),
                                       value_text(event->subject),
                                       value_text(event->detail)};
        put_row(paper, values);
    }
    put_table_end(paper);
}

void section_certificates(const struct content *content, struct paper *paper)
{
    put_certificates(content, paper);
    put_profiles(content, paper);
    put_states(content, paper);
}
