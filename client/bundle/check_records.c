#include <inttypes.h>
#include <stdio.h>

#include "client/bundle/examination.h"

/* --- One record -------------------------------------------------------------------- */

/* Goes to the record's tile. A tree that breaks off is not held against the rest. */
static void hold_against_tree(struct examination *exam, uint64_t index)
{
    const struct manifest_head *head = &exam->verdict->head;

    if (!exam->tiles_sound) {
        return;
    }
    if ((index % TLOG_TILE_WIDTH == 0 || index == head->first) &&
        climb_to(&exam->climb, index) != SG_OK) {
        exam->tiles_sound = false;
        return;
    }
    if (!tlog_hash_equal(&exam->audit.leaf, climb_leaf(&exam->climb, index))) {
        verdict_find(exam->verdict, FINDING_RECORD_HASH, "%" PRIu64, index);
    }
}

static void other_entries(struct examination *exam, const struct tlog_tile *tile)
{
    char path[TLOG_TILE_PATH_SIZE];

    tlog_entries_path(tile, path);
    verdict_find(exam->verdict, FINDING_ENTRY, "%s", path);
    exam->entries.open = false;
}

/* That there are as many as there should be says nothing about which ones. */
static enum sg_status open_entries(struct examination *exam, const struct tlog_tile *tile)
{
    char path[TLOG_TILE_PATH_SIZE];

    tlog_entries_path(tile, path);
    enum sg_status status = bundle_file_open(exam->bundle, path, &exam->entries);
    if (status == SG_NOT_FOUND) {
        other_entries(exam, tile);
        return SG_OK;
    }
    return status;
}

/* A big-endian length of two bytes, then the record (C2SP tlog-tiles). */
static enum sg_status next_entry(struct examination *exam, struct slice json, bool *equal)
{
    struct slice bytes = {0};

    *equal = false;
    TRY(bundle_file_take(&exam->entries, 2, &bytes));
    if (bytes.len < 2 || (size_t)(bytes.data[0] << 8 | bytes.data[1]) != json.len) {
        return SG_OK;
    }
    TRY(bundle_file_take(&exam->entries, json.len, &bytes));
    *equal = slice_equal(bytes, json);
    return SG_OK;
}

static enum sg_status hold_against_entries(struct examination *exam, uint64_t index,
                                           struct slice json)
{
    uint64_t size = exam->verdict->head.tree_size;
    uint64_t n = index / TLOG_TILE_WIDTH;
    struct tlog_tile tile = {0, n, tlog_tile_width(0, n, size)};
    bool last = (index + 1) % TLOG_TILE_WIDTH == 0 || index + 1 == size;
    bool good = false;

    if (index % TLOG_TILE_WIDTH == 0) {
        TRY(open_entries(exam, &tile));
    }
    if (!exam->entries.open) {
        return SG_OK; /* found already */
    }
    TRY(next_entry(exam, json, &good));
    good =
        good &&
        (!last || (exam->entries.left == 0 && exam->entries.start == exam->entries.fill));
    if (!good) {
        other_entries(exam, &tile);
    }
    return SG_OK;
}

/* The last record is older than the end of the period: there has to be nothing behind it,
 * as far as the checkpoint knows. An old checkpoint can hide what came later, so it is
 * told. */
static void hold_end(struct examination *exam, uint64_t index)
{
    const struct manifest_head *head = &exam->verdict->head;

    if (head->end < head->tree_size) {
        verdict_find(exam->verdict, FINDING_PERIOD_OPEN, "%" PRIu64, index);
    } else if (exam->audit.last_us < head->from_us && index == head->first) {
        verdict_find(exam->verdict, FINDING_PERIOD_AFTER, "%" PRIu64, index);
    } else if (head->until_us != INT64_MAX) {
        verdict_find(exam->verdict, FINDING_PERIOD_TAIL, "%" PRIu64, index);
    }
}

/* The first record of the bundle stands before the period, unless the log begins in it,
 * and the next one opens the period. */
static void hold_begin(struct examination *exam, uint64_t index)
{
    const struct manifest_head *head = &exam->verdict->head;
    bool before = exam->audit.last_us < head->from_us;

    if (index == head->first) {
        exam->begins_before = before;
        if (index > 0 && !before) {
            exam->begins_inside = true;
        }
    } else if (index == head->first + 1 && exam->begins_before && before) {
        verdict_find(exam->verdict, FINDING_PERIOD_LATE, "%" PRIu64, index);
    }
}

/* Where the period begins and ends: the records beside it are in the bundle, so that
 * nothing between them can be left out. */
static void hold_against_period(struct examination *exam, uint64_t index)
{
    const struct manifest_head *head = &exam->verdict->head;
    int64_t time_us = exam->audit.last_us;

    hold_begin(exam, index);
    if (index + 1 < head->end && time_us >= head->until_us) {
        verdict_find(exam->verdict, FINDING_PERIOD_END, "%" PRIu64, index);
    }
    if (index + 1 == head->end && time_us < head->until_us) {
        hold_end(exam, index);
    }
}

static enum sg_status take_record(struct examination *exam, uint64_t index,
                                  struct slice json)
{
    TRY(audit_record(&exam->audit, index, json));
    exam->verdict->records++;
    if (exam->reader != NULL &&
        !exam->reader->record(exam->reader->context, index, json, &exam->audit)) {
        return SG_NO_MEMORY;
    }
    named_record(&exam->policies, scan_raw(&exam->audit.last, MEMBER_policy_rev));
    named_record(&exam->certificates, scan_raw(&exam->audit.last, MEMBER_cert_spki));
    hold_against_tree(exam, index);
    hold_against_period(exam, index);
    if (manifest_head_whole(&exam->verdict->head)) {
        TRY(hold_against_entries(exam, index, json));
    }
    return notes_reach(exam, index + 1);
}

/* --- The files of records ---------------------------------------------------------- */

/* SG_NOT_FOUND: it breaks off, which a finding says. */
static enum sg_status breaks_off(struct examination *exam, uint64_t index)
{
    verdict_find(exam->verdict, FINDING_RECORD_MISSING, "%" PRIu64, index);
    return SG_NOT_FOUND;
}

static enum sg_status read_part(struct examination *exam, uint64_t first, uint64_t end)
{
    char path[BUNDLE_PATH_MAX + 1];
    struct slice line = {0};

    bundle_part_path(first / BUNDLE_PART_RECORDS, path);
    enum sg_status status = bundle_file_open(exam->bundle, path, &exam->file);
    for (uint64_t i = first; status == SG_OK && i < end; i++) {
        status = bundle_file_line(&exam->file, BUNDLE_RECORD_MAX, &line);
        if (status == SG_NOT_FOUND || status == SG_INVALID) {
            return breaks_off(exam, i);
        }
        TRY(status);
        TRY(take_record(exam, i, line));
    }
    if (status == SG_NOT_FOUND) {
        return breaks_off(exam, first);
    }
    TRY(status);
    if (bundle_file_line(&exam->file, BUNDLE_RECORD_MAX, &line) != SG_NOT_FOUND) {
        verdict_find(exam->verdict, FINDING_RECORD_MORE, "%s", path);
    }
    return SG_OK;
}

static enum sg_status read_parts(struct examination *exam)
{
    const struct manifest_head *head = &exam->verdict->head;

    for (uint64_t at = head->first; at < head->end;) {
        uint64_t next = (at / BUNDLE_PART_RECORDS + 1) * BUNDLE_PART_RECORDS;
        next = next < head->end ? next : head->end;
        TRY(read_part(exam, at, next));
        at = next;
    }
    return SG_OK;
}

/* --- What the records came to ------------------------------------------------------ */

static const enum bundle_finding told_as[] = {
    [AUDIT_FORM] = FINDING_NOT_RECORDED,
    [AUDIT_ORDER] = FINDING_NOT_FITTING,
    [AUDIT_PAIRS] = FINDING_NOT_PAIRED,
    [AUDIT_TWICE] = FINDING_TWICE,
};
static const enum bundle_check counted_at[] = {
    [AUDIT_FORM] = CHECK_RECORDS,
    [AUDIT_ORDER] = CHECK_ORDER,
    [AUDIT_PAIRS] = CHECK_PAIRS,
    [AUDIT_TWICE] = CHECK_TWICE,
};

/* The first faults in words; the others are counted, and none of them is lost on the
 * state of its check. */
static void tell_faults(struct examination *exam)
{
    const struct audit *audit = &exam->audit;
    uint64_t told[AUDIT_KINDS] = {0};

    for (uint64_t i = 0; i < audit->fault_count && i < AUDIT_FAULTS_SHOWN; i++) {
        char text[AUDIT_FAULT_SIZE];
        enum audit_kind kind = audit_fault_kind(&audit->faults[i]);
        audit_fault_text(&audit->faults[i], exam->verdict->language == VERDICT_ENGLISH,
                         text);
        verdict_find(exam->verdict, told_as[kind], "%s", text);
        told[kind]++;
    }
    for (size_t kind = 0; kind < AUDIT_KINDS; kind++) {
        if (audit->kind_counts[kind] > told[kind]) {
            exam->verdict->states[counted_at[kind]] = STATE_FAILED;
            exam->verdict->counts[counted_at[kind]] +=
                audit->kind_counts[kind] - told[kind];
        }
    }
    if (audit->unnamed > 0) {
        verdict_find(exam->verdict, FINDING_UNNAMED, "%" PRIu64, audit->unnamed);
    }
    if (audit->back_count > 0) {
        verdict_find(exam->verdict, FINDING_CLOCK_BACK, "%" PRIu64, audit->back_index);
    }
}

static void take_counts(struct examination *exam)
{
    struct verdict *verdict = exam->verdict;
    const struct audit *audit = &exam->audit;

    verdict->signed_count = audit->signed_count;
    verdict->failed = audit->failed;
    verdict->indeterminate = audit->indeterminate;
    verdict->denials = audit->denials;
    verdict->first_us = audit->first_us;
    verdict->last_us = audit->last_us;
}

/* Nothing stands before the first record: then a record has to say that officers had it
 * pruned. */
static void judge_begin(struct examination *exam)
{
    uint64_t first = exam->verdict->head.first;

    if (exam->begins_inside) {
        verdict_find(exam->verdict,
                     exam->audit.pruned ? FINDING_PRUNED : FINDING_PERIOD_BEGIN,
                     "%" PRIu64, first);
    }
}

static void finish(struct examination *exam)
{
    static const enum bundle_check made[] = {CHECK_ORDER, CHECK_PERIOD, CHECK_PAIRS,
                                             CHECK_TWICE, CHECK_TIMES};

    for (size_t i = 0; i < SG_COUNT(made); i++) {
        verdict_done(exam->verdict, made[i]);
    }
    if (exam->tiles_sound) {
        verdict_done(exam->verdict, CHECK_TREE);
        verdict_done(exam->verdict, CHECK_RECORDS);
    }
}

/* The tree before the first record, by the tiles; without them there is only a size. */
static void start_audit(struct examination *exam)
{
    const struct manifest_head *head = &exam->verdict->head;
    struct tlog_frontier before = {.size = head->first};

    exam->tiles_sound = exam->tiles_sound && climb_to(&exam->climb, head->first) == SG_OK;
    if (exam->tiles_sound) {
        climb_before(&exam->climb, head->first, &before);
    }
    exam->tree_known = exam->tiles_sound || head->first == 0;
    audit_start_at(&exam->audit, &before);
    if (exam->reader != NULL) {
        exam->reader->begin(exam->reader->context, &exam->audit);
    }
}

enum sg_status examine_records(struct examination *exam)
{
    const struct manifest_head *head = &exam->verdict->head;

    start_audit(exam);
    TRY(notes_start(exam));
    TRY(notes_reach(exam, head->first));
    enum sg_status status = read_parts(exam);
    if (status != SG_OK && status != SG_NOT_FOUND) {
        return status;
    }
    /* Records behind the bundle may end what is open here. */
    exam->verdict->under_way =
        head->end < head->tree_size ? exam->audit.open.count : audit_end(&exam->audit);
    judge_begin(exam);
    take_counts(exam);
    tell_faults(exam);
    if (status == SG_OK) {
        finish(exam);
    }
    notes_end(exam);
    return SG_OK;
}
