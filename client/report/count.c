#include <stdlib.h>

#include "client/audit/audit.h"
#include "client/report/report.h"
#include "proto/digest.h"
#include "proto/tlog/merkle.h"

static const char *const kind_names[] = {
#define RECORD_TYPE(name) name,
#include "proto/record_types.def"
#undef RECORD_TYPE
};
static_assert(SG_COUNT(kind_names) <= REPORT_KINDS, "one count a type");

const char *report_kind(size_t kind)
{
    return kind < SG_COUNT(kind_names) ? kind_names[kind] : NULL;
}

size_t report_kinds(void)
{
    return SG_COUNT(kind_names);
}

/* --- Start and end ----------------------------------------------------------------- */

static enum sg_status start_names(struct report *report)
{
    TRY(names_init(&report->callers, REPORT_CALLERS));
    TRY(names_init(&report->keys, REPORT_KEYS));
    TRY(names_init(&report->classes, REPORT_CLASSES));
    TRY(names_init(&report->serials, REPORT_SERIALS));
    TRY(names_init(&report->rules, REPORT_RULES));
    TRY(names_init(&report->sections, REPORT_CODES));
    TRY(names_init(&report->codes, REPORT_CODES));
    return names_init(&report->failures, REPORT_CODES);
}

static enum sg_status start_cells(struct report *report)
{
    TRY(cells_init(&report->use, REPORT_ROWS));
    TRY(cells_init(&report->denials, REPORT_ROWS));
    TRY(cells_init(&report->refused, REPORT_RULES));
    TRY(cells_init(&report->shadows, REPORT_RULES + 1));
    TRY(cells_init(&report->failed, REPORT_CODES + 1));
    TRY(cells_init(&report->signers, REPORT_SERIALS + 1));
    return cells_init(&report->systems, REPORT_CALLERS + 1);
}

enum sg_status report_start(struct report *report, const struct report_period *period)
{
    *report = (struct report){.period = *period};
    MUST(period->days <= REPORT_DAYS && period->months <= PERIOD_MONTHS);
    report->days = (uint64_t *)calloc(period->days, sizeof(*report->days));
    report->places =
        (struct report_place *)calloc(REPORT_PLACES, sizeof(*report->places));
    TRY(start_names(report));
    TRY(start_cells(report));
    return report->days != NULL && report->places != NULL ? SG_OK : SG_NO_MEMORY;
}

void report_fini(struct report *report)
{
    struct names *const names[] = {&report->callers, &report->keys,    &report->classes,
                                   &report->serials, &report->rules,   &report->sections,
                                   &report->codes,   &report->failures};
    struct cells *const cells[] = {&report->use,     &report->denials, &report->refused,
                                   &report->shadows, &report->failed,  &report->systems,
                                   &report->signers};

    for (size_t i = 0; i < SG_COUNT(names); i++) {
        names_fini(names[i]);
    }
    for (size_t i = 0; i < SG_COUNT(cells); i++) {
        cells_fini(cells[i]);
    }
    jobs_fini(&report->jobs);
    seen_fini(&report->documents);
    free(report->days);
    free(report->places);
    report->days = NULL;
    report->places = NULL;
}

/* --- Times ------------------------------------------------------------------------- */

bool report_holds(const struct report *report, int64_t time_us)
{
    return time_us >= report->period.from_us && time_us < report->period.until_us;
}

/* The day of a time of the period, and its month: mostly those of the record before. */
static void find_day(struct report *report, int64_t time_us)
{
    const struct report_period *period = &report->period;

    if (time_us >= report->day_from_us && time_us < report->day_until_us) {
        return;
    }
    int64_t day = zone_day(&period->zone, time_us);
    report->day_from_us = zone_day_begin(&period->zone, day);
    report->day_until_us = report->day_from_us + ZONE_DAY_US;
    report->day = (size_t)(day - period->first_day);
    report->month = (uint16_t)(zone_month(day) - period->first_month);
}

/* --- Jobs -------------------------------------------------------------------------- */

/* The digest itself is not kept: the beginning of its hash tells documents apart,
 * whatever digests somebody chooses. In capitals it is the same document. */
static struct seen_mark mark_of(const struct scan *scan)
{
    struct seen_mark mark = {{0, 0}};
    struct slice digest = scan_raw(scan, MEMBER_digest);
    struct digest parsed;

    if (digest_parse(digest, &parsed) == SG_OK) {
        digest = slice_of(parsed.bytes, sg_hash_len(parsed.hash));
    }
    if (digest.len > 0) {
        struct tlog_hash hash = tlog_sha256(digest);
        memcpy(&mark, hash.bytes, sizeof(mark));
    }
    return mark;
}

/* An id that is asked for again is the same job. */
static bool is_first(const struct scan *scan)
{
    uint64_t attempt = 1;

    (void)scan_uint(scan, MEMBER_attempt, &attempt);
    return attempt <= 1;
}

/* What a job came through without passing. An earlier gateway told of no exception. */
static void take_remarks(struct report *report, const struct report_record *record)
{
    const struct scan_member *excepted = &record->scan->inner[INNER_excepted];

    if (record->scan->inner[INNER_shadow_fail].kind == MEMBER_OTHER) {
        report_take_shadows(report, record->json);
    }
    report->excepted_untold += excepted->kind == MEMBER_OTHER ? 0 : 1;
    report->excepted += excepted->kind == MEMBER_OTHER && excepted->raw.len > 0 ? 1 : 0;
}

static enum sg_status take_intent(struct report *report,
                                  const struct report_record *record)
{
    bool in_period = report_holds(report, record->time_us);
    struct job_facts facts = {.index = record->index, .in_period = in_period};

    facts.caller = names_member(&report->callers, record->scan, MEMBER_caller);
    facts.key = names_member(&report->keys, record->scan, MEMBER_key);
    facts.doc_class = names_member(&report->classes, record->scan, MEMBER_doc_class);
    facts.serial = names_member(&report->serials, record->scan, MEMBER_cert_serial);
    facts.document = mark_of(record->scan);
    facts.notice = scan_true(record->scan, INNER_notice);
    facts.notice_told = record->scan->inner[INNER_notice].kind != MEMBER_ABSENT;
    facts.first = is_first(record->scan);
    report->balance.intents += in_period ? 1 : 0;
    if (in_period && facts.first) {
        take_remarks(report, record);
    }
    if (in_period) {
        report_take_revision(report, record->scan);
    }
    return jobs_add(&report->jobs, &facts);
}

/* An OUTCOME whose INTENT stands before what was read: it says itself what it can. */
static void take_alone(struct report *report, const struct report_record *record,
                       struct job_facts *facts)
{
    *facts = (struct job_facts){
        .caller = names_member(&report->callers, record->scan, MEMBER_caller),
        .key = names_member(&report->keys, record->scan, MEMBER_key),
        .doc_class = names_id(&report->classes, slice_of("", 0)),
        .serial = names_id(&report->serials, slice_of("", 0)),
        .document = mark_of(record->scan),
        .first = is_first(record->scan)};
}

static enum fate fate_of(const struct scan *scan)
{
    if (scan_is(scan, MEMBER_outcome, "signed")) {
        return FATE_SIGNED;
    }
    return scan_is(scan, MEMBER_outcome, "indeterminate") ? FATE_INDETERMINATE
                                                          : FATE_FAILED;
}

static enum sg_status take_document(struct report *report, struct seen_mark document)
{
    if ((document.word[0] | document.word[1]) == 0) {
        return SG_OK;
    }
    if (report->documents.count >= REPORT_DOCUMENTS) {
        report->documents_full = true;
        return SG_OK;
    }
    enum sg_status added = seen_add(&report->documents, document);
    return added == SG_CONFLICT ? SG_OK : added;
}

static enum sg_status count_signed(struct report *report, const struct job_facts *facts)
{
    static const uint16_t none[CELL_KEYS] = {REPORT_CALLERS};
    static const uint16_t nobody[CELL_KEYS] = {REPORT_KEYS, REPORT_SERIALS};
    const uint16_t key[CELL_KEYS] = {facts->caller};
    const uint16_t signer[CELL_KEYS] = {facts->key, facts->serial};
    uint64_t *system = cells_at(&report->systems, key, none);

    system[SYSTEM_SIGNED]++;
    system[SYSTEM_NOTICE] += facts->notice ? 1 : 0;
    system[SYSTEM_UNTOLD] += facts->notice_told ? 0 : 1;
    report->days[report->day]++;
    cells_at(&report->signers, signer, nobody)[FATE_SIGNED]++;
    return take_document(report, facts->document);
}

static enum sg_status count_outcome(struct report *report,
                                    const struct report_record *record,
                                    const struct job_facts *facts)
{
    enum fate fate = fate_of(record->scan);
    const uint16_t key[CELL_KEYS] = {report->month, facts->caller, facts->key,
                                     facts->doc_class};
    const uint16_t rest[CELL_KEYS] = {report->month, REPORT_CALLERS, REPORT_KEYS,
                                      REPORT_CLASSES};
    static const uint16_t none[CELL_KEYS] = {REPORT_CODES};

    uint64_t *use = cells_at(&report->use, key, rest);
    use[fate]++;
    use[USE_JOBS] += facts->first ? 1 : 0;
    report->months[report->month].fates[fate]++;
    report->all.fates[fate]++;
    if (fate == FATE_SIGNED) {
        return count_signed(report, facts);
    }
    uint16_t code[CELL_KEYS] = {
        names_member(&report->failures, record->scan, MEMBER_code)};
    cells_at(&report->failed, code, none)[fate]++;
    return SG_OK;
}

static enum sg_status take_outcome(struct report *report,
                                   const struct report_record *record)
{
    bool in_period = report_holds(report, record->time_us);
    struct job_facts facts;
    uint64_t at = UINT64_MAX;
    bool paired = scan_uint(record->scan, MEMBER_intent, &at) &&
                  jobs_remove(&report->jobs, at, &facts);

    if (!paired) {
        take_alone(report, record, &facts);
    }
    if (!in_period) {
        report->balance.carried_out += facts.in_period ? 1 : 0;
        return SG_OK;
    }
    report->balance.outcomes++;
    report->balance.carried_in += facts.in_period ? 0 : 1;
    return count_outcome(report, record, &facts);
}

static enum sg_status take_denial(struct report *report,
                                  const struct report_record *record)
{
    if (report_holds(report, record->time_us)) {
        static const uint16_t none[CELL_KEYS] = {REPORT_CALLERS};
        const uint16_t key[CELL_KEYS] = {
            names_member(&report->callers, record->scan, MEMBER_caller)};
        cells_at(&report->systems, key, none)[SYSTEM_DENIED]++;
        report->months[report->month].fates[FATE_DENIED]++;
        report->all.fates[FATE_DENIED]++;
        report_take_denial(report, record, key[0]);
    }
    return SG_OK;
}

/* Nothing was given where the answer was no longer kept. */
static enum sg_status take_replay(struct report *report,
                                  const struct report_record *record)
{
    bool given = !scan_is(record->scan, MEMBER_answer, "expired");

    report->answers += given && report_holds(report, record->time_us) ? 1 : 0;
    facts_take(report, record);
    return SG_OK;
}

/* --- Records ----------------------------------------------------------------------- */

static size_t kind_of(const struct scan *scan)
{
    size_t kind = 0;

    while (kind < SG_COUNT(kind_names) && !scan_is(scan, MEMBER_type, kind_names[kind])) {
        kind++;
    }
    return kind;
}

static const struct {
    const char *type;
    enum sg_status (*take)(struct report *report, const struct report_record *record);
} jobs[] = {
    {"intent", take_intent},
    {"outcome", take_outcome},
    {"deny", take_denial},
    {"replay", take_replay},
};

static enum sg_status take_kind(struct report *report, const struct report_record *record)
{
    for (size_t i = 0; i < SG_COUNT(jobs); i++) {
        if (scan_is(record->scan, MEMBER_type, jobs[i].type)) {
            return jobs[i].take(report, record);
        }
    }
    facts_take(report, record);
    return SG_OK;
}

static void count_record(struct report *report, const struct report_record *record)
{
    if (report->all.records == 0) {
        report->first_index = record->index;
    }
    report->last_index = record->index;
    report->all.records++;
    report->kinds[kind_of(record->scan)]++;
    report->clock_back += report->log_ends_us - record->time_us > AUDIT_BACK_US ? 1 : 0;
    find_day(report, record->time_us);
    report->months[report->month].records++;
}

/* The period before is counted in sums only. */
static void count_before(struct report *report, const struct report_record *record)
{
    report->before.records++;
    if (scan_is(record->scan, MEMBER_type, "outcome")) {
        report->before.fates[fate_of(record->scan)]++;
    } else if (scan_is(record->scan, MEMBER_type, "deny")) {
        report->before.fates[FATE_DENIED]++;
    }
}

enum sg_status report_take(struct report *report, const struct report_record *record)
{
    if (report->records == 0) {
        report->log_begins_us = record->time_us;
        report->read_from = record->index;
        report->log_ends_us = record->time_us;
    }
    if (report_holds(report, record->time_us)) {
        count_record(report, record);
    } else if (record->time_us >= report->period.before_us &&
               record->time_us < report->period.from_us) {
        count_before(report, record);
    }
    if (record->time_us < report->log_ends_us) {
        facts_cut(report, record->time_us);
    }
    span_place(report, record->index);
    enum sg_status status = take_kind(report, record);
    report->records++;
    report->log_ends_us = record->time_us;
    if (record->time_us < report->period.until_us && record->time_us > report->seen_us) {
        report->seen_us = record->time_us;
    }
    return status;
}

bool report_begun(const struct report *report)
{
    return report->read_from == 0 || report->log_begins_us < report->period.from_us;
}

void report_finish(struct report *report)
{
    for (size_t i = 0; i < report->jobs.cap; i++) {
        const struct job_facts *job = &report->jobs.slots[i];
        report->balance.open += job->used && job->in_period ? 1 : 0;
    }
    facts_finish(report);
}

bool report_balanced(const struct report_balance *balance)
{
    return balance->intents + balance->carried_in ==
           balance->outcomes + balance->carried_out + balance->open;
}
