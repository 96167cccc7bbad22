#include "client/audit/audit.h"

#include <inttypes.h>
#include <stdio.h>

#include "proto/text.h"

/* Far above the deadline of any job and the time that a lost HSM may cost one. */
enum { UNDER_WAY_US = 120000000 };

static const struct {
    enum audit_kind kind;
    const char *english;
    const char *indonesian;
} faults[] = {
#define FAULT(name, kind, english, indonesian) {AUDIT_##kind, english, indonesian},
#include "client/audit/faults.def"
#undef FAULT
};

static void fault(struct audit *audit, enum audit_fault_id id, uint64_t index)
{
    if (audit->fault_count < AUDIT_FAULTS_SHOWN) {
        audit->faults[audit->fault_count] = (struct audit_fault){id, index};
    }
    audit->fault_count++;
    audit->kind_counts[faults[id].kind]++;
}

enum audit_kind audit_fault_kind(const struct audit_fault *shown)
{
    return faults[shown->id].kind;
}

void audit_fault_text(const struct audit_fault *shown, bool english,
                      char out[AUDIT_FAULT_SIZE])
{
    (void)snprintf(out, AUDIT_FAULT_SIZE, "%s %" PRIu64 ": %s",
                   english ? "record" : "catatan", shown->index,
                   english ? faults[shown->id].english : faults[shown->id].indonesian);
}

/* --- Kinds of records -------------------------------------------------------------- */

static enum sg_status take_intent(struct audit *audit, uint64_t index)
{
    struct pending_slot slot = {.index = index,
                                .time_us = audit->last_us,
                                .named = mark_is_named(&audit->last),
                                .used = true};

    for (size_t i = 0; i < MARK_PAIRS; i++) {
        slot.marks[i] = mark_record(&audit->marking, &audit->last, (enum mark_pair)i);
    }
    audit->intents++;
    if (!slot.named) {
        fault(audit, FAULT_NO_REQUEST, index);
    }
    (void)scan_uint(&audit->last, MEMBER_attempt, &slot.attempt);
    enum sg_status added = pending_add(&audit->open, &slot);
    if (added == SG_CONFLICT) {
        fault(audit, FAULT_OTHER_PLACE, index);
        return SG_OK;
    }
    return added;
}

static void count_outcome(struct audit *audit)
{
    if (scan_is(&audit->last, MEMBER_outcome, "signed")) {
        audit->signed_count++;
    } else if (scan_is(&audit->last, MEMBER_outcome, "indeterminate")) {
        audit->indeterminate++;
    } else {
        audit->failed++;
    }
}

/* What an outcome says of its job is what its intent said. Those of older gateways say
 * nothing, or name the request only where a start wrote them for an intent that was open.
 */
static void hold_against_intent(struct audit *audit, uint64_t index,
                                const struct pending_slot *intent)
{
    static const enum audit_fault_id others[MARK_PAIRS] = {
        [MARK_REQUEST] = FAULT_OTHER_REQUEST, [MARK_WORK] = FAULT_OTHER_WORK};
    uint64_t attempt = 0;

    (void)scan_uint(&audit->last, MEMBER_attempt, &attempt);
    if (attempt != intent->attempt) {
        fault(audit, FAULT_OTHER_ATTEMPT, index);
    }
    for (size_t i = 0; i < MARK_PAIRS; i++) {
        if (!mark_fits(&audit->marking, &audit->last, (enum mark_pair)i,
                       &intent->marks[i])) {
            fault(audit, others[i], index);
        }
    }
}

/* again: the fault of the record when it is there already. */
static enum sg_status remember(struct audit *audit, struct seen *seen,
                               struct seen_mark mark, enum audit_fault_id again,
                               uint64_t index)
{
    enum sg_status added = seen_add(seen, mark);

    if (added == SG_CONFLICT) {
        fault(audit, again, index);
        return SG_OK;
    }
    return added;
}

/* The intent is not here to be asked: that it has one outcome only, and for whom that
 * is, can be seen all the same. */
static enum sg_status take_later_half(struct audit *audit, uint64_t index,
                                      uint64_t intent)
{
    struct seen_mark half = mark_number(&audit->marking, intent);
    TRY(remember(audit, &audit->earlier, half, FAULT_NO_INTENT, index));
    if (!scan_is(&audit->last, MEMBER_outcome, "signed")) {
        return SG_OK;
    }
    if (audit->last.members[MEMBER_job].kind == MEMBER_ABSENT) {
        audit->unnamed++;
        return SG_OK;
    }
    if (!mark_is_named(&audit->last)) {
        fault(audit, FAULT_NO_REQUEST, index);
        return SG_OK;
    }
    struct seen_mark mark = mark_record(&audit->marking, &audit->last, MARK_REQUEST);
    return remember(audit, &audit->seen, mark, FAULT_SIGNED_TWICE, index);
}

static enum sg_status take_outcome(struct audit *audit, uint64_t index)
{
    struct pending_slot intent;
    uint64_t at = 0;

    count_outcome(audit);
    bool numbered = scan_uint(&audit->last, MEMBER_intent, &at);
    if (numbered && at < audit->first) {
        return take_later_half(audit, index, at);
    }
    if (!numbered || !pending_remove(&audit->open, at, &intent)) {
        fault(audit, FAULT_NO_INTENT, index);
        return SG_OK;
    }
    hold_against_intent(audit, index, &intent);
    return intent.named && scan_is(&audit->last, MEMBER_outcome, "signed")
               ? remember(audit, &audit->seen, intent.marks[MARK_REQUEST],
                          FAULT_SIGNED_TWICE, index)
               : SG_OK;
}

static enum sg_status take_denial(struct audit *audit, uint64_t index)
{
    (void)index;
    audit->denials++;
    return SG_OK;
}

static enum sg_status take_prune(struct audit *audit, uint64_t index)
{
    uint64_t before = 0;

    (void)index;
    audit->others++;
    /* Its place is where it was hashed, whatever number it came with. */
    if (audit->tree.size < audit->covered &&
        text_uint(scan_raw(&audit->last, MEMBER_before_index), INT64_MAX, &before) ==
            SG_OK) {
        audit->pruned = audit->pruned || before == audit->first;
    }
    return SG_OK;
}

static const struct {
    const char *type;
    enum sg_status (*take)(struct audit *audit, uint64_t index);
} kinds[] = {
    {"intent", take_intent},
    {"outcome", take_outcome},
    {"deny", take_denial},
    {"log.prune", take_prune},
};

static enum sg_status take_kind(struct audit *audit, uint64_t index)
{
    for (size_t i = 0; i < SG_COUNT(kinds); i++) {
        if (scan_is(&audit->last, MEMBER_type, kinds[i].type)) {
            return kinds[i].take(audit, index);
        }
    }
    audit->others++;
    return SG_OK;
}

static enum sg_status take_time(struct audit *audit, uint64_t index)
{
    int64_t time_us = 0;

    if (text_time_parse(scan_raw(&audit->last, MEMBER_ts), &time_us) != SG_OK) {
        fault(audit, FAULT_BAD_TIME, index);
        return SG_OK;
    }
    int64_t back_us = audit->last_us - time_us;
    if (back_us > AUDIT_BACK_US) {
        audit->back_count++;
    }
    if (back_us > AUDIT_BACK_US && back_us > audit->back_most_us) {
        audit->back_most_us = back_us;
        audit->back_index = index;
    }
    audit->first_us = audit->first_us == 0 ? time_us : audit->first_us;
    audit->last_us = time_us;
    return peaks_add(&audit->peaks, audit->tree.size, time_us);
}

static enum sg_status take_record(struct audit *audit, uint64_t index, struct slice json)
{
    uint64_t seq = 0;

    if (json.len > MARK_RECORD_MAX) {
        audit->last = (struct scan){0};
        fault(audit, FAULT_TOO_LONG, index);
        return SG_OK;
    }
    enum sg_status form = scan_record(json, &audit->last);
    if (form != SG_OK) {
        fault(audit, form == SG_CORRUPT ? FAULT_DISGUISED : FAULT_NOT_OBJECT, index);
        return SG_OK;
    }
    if (!scan_uint(&audit->last, MEMBER_seq, &seq) || seq != index) {
        fault(audit, FAULT_OTHER_NUMBER, index);
    }
    TRY(take_time(audit, index));
    return take_kind(audit, index);
}

/* --- The whole --------------------------------------------------------------------- */

static void reach_marks(struct audit *audit)
{
    for (size_t i = 0; i < audit->mark_count; i++) {
        if (audit->marks[i].size == audit->tree.size) {
            audit->marks[i].root = tlog_frontier_root(&audit->tree);
            audit->marks[i].reached = true;
        }
    }
}

void audit_start(struct audit *audit)
{
    *audit = (struct audit){.covered = UINT64_MAX};
    marking_start(&audit->marking);
}

void audit_start_at(struct audit *audit, const struct tlog_frontier *tree)
{
    *audit = (struct audit){.tree = *tree, .first = tree->size, .covered = UINT64_MAX};
    marking_start(&audit->marking);
}

void audit_mark(struct audit *audit, uint64_t size)
{
    MUST(audit->mark_count < AUDIT_MARKS && audit->tree.size == audit->first);
    audit->marks[audit->mark_count++] = (struct audit_mark){.size = size};
    reach_marks(audit);
}

void audit_cover(struct audit *audit, uint64_t size)
{
    audit->covered = size;
}

void audit_skip(struct audit *audit, const struct tlog_hash *leaf)
{
    MUST(audit->tree.size == audit->first);
    tlog_frontier_add(&audit->tree, leaf);
    audit->first = audit->tree.size;
    reach_marks(audit);
}

void audit_need_begin(struct audit *audit)
{
    if (audit->first > 0 && !audit->pruned) {
        fault(audit, FAULT_NOT_PRUNED, audit->first);
    }
}

/* INTENTs that have been open for too long become faults, once; how many have not. The
 * last time alone does not tell: the clock may have been set back since. */
static size_t judge_open(struct audit *audit)
{
    size_t under_way = 0;

    for (size_t i = 0; i < audit->open.cap; i++) {
        struct pending_slot *slot = &audit->open.slots[i];
        if (!slot->used || slot->told) {
            continue;
        }
        int64_t latest_us = peaks_since(&audit->peaks, slot->index);
        slot->told = latest_us > slot->time_us + UNDER_WAY_US;
        if (slot->told) {
            fault(audit, FAULT_NO_OUTCOME, slot->index);
        } else {
            under_way++;
        }
    }
    return under_way;
}

enum sg_status audit_record(struct audit *audit, uint64_t index, struct slice json)
{
    audit->leaf = tlog_leaf(json);
    if (index != audit->tree.size) {
        fault(audit, FAULT_OTHER_PLACE, index);
    }
    TRY(take_record(audit, index, json));
    tlog_frontier_add(&audit->tree, &audit->leaf);
    reach_marks(audit);
    if (audit->tree.size == audit->covered) {
        (void)judge_open(audit); /* what comes behind it ends nothing that is so old */
    }
    return SG_OK;
}

size_t audit_end(struct audit *audit)
{
    return judge_open(audit);
}

void audit_fini(struct audit *audit)
{
    peaks_fini(&audit->peaks);
    pending_fini(&audit->open);
    seen_fini(&audit->seen);
    seen_fini(&audit->earlier);
}
