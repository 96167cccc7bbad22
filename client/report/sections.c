#include "client/report/sections.h"

#include <stdio.h>

#include "proto/text.h"
#include "proto/tlog/b64.h"
#include "proto/tlog/note.h"

/* --- Shorthands -------------------------------------------------------------------- */

void put_fact(struct paper *paper, enum phrase name, struct value value)
{
    paper->kind->fact(paper, name, value);
}

void put_table(struct paper *paper, enum phrase title, const enum phrase *columns,
               size_t count)
{
    struct value values[TABLE_COLUMNS];

    MUST(count <= TABLE_COLUMNS);
    for (size_t i = 0; i < count; i++) {
        values[i] = value_phrase(columns[i]);
    }
    paper->kind->table(paper, title, values, count);
}

void put_row(struct paper *paper, const struct value *values)
{
    paper->kind->row(paper, values);
}

void put_table_end(struct paper *paper)
{
    paper->kind->table_end(paper);
}

void put_kinds(const struct report *report, enum phrase title,
               bool (*wanted)(const char *type), struct paper *paper)
{
    static const enum phrase columns[] = {PHRASE_TYPE, PHRASE_RECORDS};

    put_table(paper, title, columns, SG_COUNT(columns));
    for (size_t i = 0; i <= report_kinds(); i++) {
        bool known = i < report_kinds();
        bool shown = wanted == NULL || (known && wanted(report_kind(i)));
        const struct value values[] = {known ? value_text(report_kind(i))
                                             : value_phrase(PHRASE_OTHERS),
                                       value_count(report->kinds[i])};
        if (shown && report->kinds[i] > 0) {
            put_row(paper, values);
        }
    }
    put_table_end(paper);
}

uint64_t records_of(const struct report *report, const char *type)
{
    for (size_t i = 0; i < report_kinds(); i++) {
        if (strcmp(report_kind(i), type) == 0) {
            return report->kinds[i];
        }
    }
    return 0;
}

struct value value_class(const struct report *report, uint16_t id)
{
    return id == CLASS_MERGED ? value_phrase(PHRASE_MERGED)
                              : value_name(&report->classes, id);
}

/* --- 1 ----------------------------------------------------------------------------- */

bool touches_period(const struct report_period *period, int64_t since_us,
                    int64_t until_us)
{
    return since_us < period->until_us && (until_us == 0 || until_us > period->from_us);
}

static void put_policies(const struct content *content, struct paper *paper)
{
    static const enum phrase columns[] = {
        PHRASE_POLICY,        PHRASE_VERSION, PHRASE_REVISION, PHRASE_SOURCE,
        PHRASE_APPROVER_ROLE, PHRASE_SINCE,   PHRASE_REPLACED};
    const struct report_facts *facts = &content->report->facts;
    bool some = false;

    put_table(paper, PHRASE_POLICIES, columns, SG_COUNT(columns));
    for (size_t i = 0; i < facts->policy_count; i++) {
        const struct fact_policy *policy = &facts->policies[i];
        if (!touches_period(&content->report->period, policy->since_us,
                            policy->until_us)) {
            continue;
        }
        some = true;
        const struct value row[] = {value_text(policy->id),
                                    value_text(policy->version),
                                    value_text(policy->revision),
                                    value_text(policy->source),
                                    policy->approver_role[0] == '\0'
                                        ? value_none()
                                        : value_text(policy->approver_role),
                                    value_time(policy->since_us),
                                    value_time(policy->until_us)};
        put_row(paper, row);
    }
    if (!some && paper->kind->for_people && content->report->read_from > 0) {
        const struct value row[SG_COUNT(columns)] = {value_phrase(PHRASE_NOT_IN_PART)};
        put_row(paper, row);
    }
    put_table_end(paper);
}

static const char *hash_text(const struct tlog_hash *hash, char out[B64_HASH_LEN + 1])
{
    b64_encode(slice_of(hash->bytes, TLOG_HASH_SIZE), out);
    out[B64_HASH_LEN] = '\0';
    return out;
}

/* Signatures on the note beside that of the log: of witnesses, or of keys that nobody
 * here knows. */
static uint64_t others_on(const struct evidence_note *at)
{
    struct note note;

    if (at->len == 0 || note_parse(slice_of(at->note, at->len), &note) != SG_OK) {
        return 0;
    }
    return note.count - 1;
}

static void put_checkpoint(const struct evidence_note *at, enum phrase where,
                           struct paper *paper)
{
    char root[B64_HASH_LEN + 1];
    char note[EVIDENCE_NOTE];

    name_clean(slice_of(at->note, at->len), true, note, sizeof(note));
    const struct value row[] = {value_phrase(where),
                                value_count(at->head.size),
                                value_text(hash_text(&at->head.root, root)),
                                value_number(VALUE_TRUTH, at->is_signed),
                                value_count(others_on(at)),
                                at->len == 0 ? value_none() : value_text(note)};
    put_row(paper, row);
}

static void put_checkpoints(const struct content *content, struct paper *paper)
{
    static const enum phrase columns[] = {PHRASE_PLACE,        PHRASE_TREE_SIZE,
                                          PHRASE_ROOT,         PHRASE_SIGNED_NOTE,
                                          PHRASE_COSIGNATURES, PHRASE_NOTE};

    /* people cannot check a note by looking at it: it is left to the other formats */
    put_table(paper, PHRASE_CHECKPOINTS, columns,
              SG_COUNT(columns) - (paper->kind->for_people ? 1 : 0));
    put_checkpoint(&content->evidence->start, PHRASE_AT_START, paper);
    put_checkpoint(&content->evidence->end, PHRASE_AT_END, paper);
    put_table_end(paper);
}

static void put_proof(const struct content *content, struct paper *paper)
{
    static const enum phrase columns[] = {PHRASE_PROOF_HASH};
    const struct evidence *evidence = content->evidence;
    char text[B64_HASH_LEN + 1];

    if (!evidence->proven) {
        paper->kind->say(paper, PHRASE_SAY_PROOF_TILES);
    } else if (evidence->path.count == 0) {
        paper->kind->say(paper, PHRASE_SAY_PROOF_NONE);
    }
    if (paper->kind->for_people && evidence->path.count == 0) {
        return;
    }
    put_table(paper, PHRASE_CONSISTENCY, columns, SG_COUNT(columns));
    for (size_t i = 0; evidence->proven && i < evidence->path.count; i++) {
        const struct value row[] = {value_text(hash_text(&evidence->path.hash[i], text))};
        put_row(paper, row);
    }
    put_table_end(paper);
}

static const char *agency(const struct report *report)
{
    for (size_t i = 0; i < report->facts.certificate_count; i++) {
        const struct fact_certificate *row = &report->facts.certificates[i];
        if (row->organisation[0] != '\0' &&
            touches_period(&report->period, row->since_us, row->until_us)) {
            return row->organisation;
        }
    }
    return "";
}

static void section_header(const struct content *content, struct paper *paper)
{
    const struct report *report = content->report;
    const struct report_period *period = &report->period;

    put_fact(paper, PHRASE_AGENCY, value_text(agency(report)));
    put_fact(paper, PHRASE_AGREEMENT_FROM, value_time(report->facts.agreement_from_us));
    put_fact(paper, PHRASE_AGREEMENT_UNTIL, value_time(report->facts.agreement_until_us));
    put_fact(paper, PHRASE_FROM, value_number(VALUE_TIME, period->from_us));
    put_fact(paper, PHRASE_UNTIL, value_number(VALUE_TIME, period->until_us));
    put_fact(paper, PHRASE_ZONE, value_text(period->zone.name));
    put_fact(paper, PHRASE_FOR,
             value_phrase(content->for_ca ? PHRASE_FOR_CA : PHRASE_FOR_AGENCY));
    put_fact(paper, PHRASE_LOG, value_text(content->origin));
    if (!report_begun(report)) {
        paper->kind->say(paper, PHRASE_SAY_NOT_BEGUN);
    }
    if (!content->evidence->over) {
        paper->kind->say(paper, PHRASE_SAY_NOT_OVER);
    }
    put_policies(content, paper);
    put_checkpoints(content, paper);
    put_proof(content, paper);
}

/* --- All --------------------------------------------------------------------------- */

static const struct {
    enum phrase title;
    void (*write)(const struct content *content, struct paper *paper);
} sections[] = {
    {PHRASE_S_HEADER, section_header},
    {PHRASE_S_CERTIFICATES, section_certificates},
    {PHRASE_S_USE, section_use},
    {PHRASE_S_REFUSALS, section_refusals},
    {PHRASE_S_OVERRIDES, section_overrides},
    {PHRASE_S_OFFICERS, section_officers},
    {PHRASE_S_INCIDENTS, section_incidents},
    {PHRASE_S_INFRASTRUCTURE, section_infrastructure},
    {PHRASE_S_INTEGRITY, section_integrity},
    {PHRASE_S_ATTESTATION, section_attestation},
};

static void put_hands(const struct content *content, unsigned section,
                      struct paper *paper)
{
    for (size_t i = 0; i < HAND_COUNTS; i++) {
        if (hand_section((enum hand)i) == section) {
            paper->kind->hand(paper, (enum hand)i, content->hands->texts[i]);
        }
    }
}

void sections_write(const struct content *content, struct paper *paper)
{
    const struct report_period *period = &content->report->period;
    char title[VALUE_SIZE];
    char from[ZONE_DAY_SIZE];
    char until[ZONE_DAY_SIZE];

    zone_day_text(period->first_day, from);
    zone_day_text(period->first_day + (int64_t)period->days - 1, until);
    (void)snprintf(title, sizeof(title), "%s, %s – %s", agency(content->report), from,
                   until);
    paper->kind->begin(paper, value_text(title));
    for (size_t i = 0; i < SG_COUNT(sections); i++) {
        paper->kind->section(paper, (unsigned)i + 1, sections[i].title);
        sections[i].write(content, paper);
        put_hands(content, (unsigned)i + 1, paper);
        paper->kind->section_end(paper);
    }
    paper->kind->end(paper);
}
