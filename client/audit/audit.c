#include "client/audit/audit.h"

#include <inttypes.h>
#include <stdio.h>

#include "proto/text.h"

/* Far above the deadline of any job and the time that a lost HSM may cost one. */
enum { UNDER_WAY_US = 120000000, MARK_TEXT = 1024 };

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

/* Caller and request id, which together are signed once at most. Nothing to remember of
 * a record without an id. */
static struct seen_mark mark_of(const struct scan *scan)
{
    struct seen_mark mark = {{0, 0}};
    uint8_t text[MARK_TEXT];

    if (scan_raw(scan, MEMBER_job).len == 0) {
        return mark;
    }
    size_t len = scan_text(scan, MEMBER_caller, text, sizeof(text) / 2);
    text[len++] = 0;
    len += scan_text(scan, MEMBER_job, text + len, sizeof(text) - len);
    struct tlog_hash hash = tlog_sha256(slice_of(text, len));
    memcpy(&mark, hash.bytes, sizeof(mark));
    return mark;
}

static enum sg_status take_intent(struct audit *audit, uint64_t index)
{
    struct pending_slot slot = {.index = index,
                                .time_us = audit->last_us,
                                .mark = mark_of(&audit->last),
                                .used = true};

    audit->intents++;
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

static enum sg_status match_intent(struct audit *audit, uint64_t index,
                                   const struct pending_slot *intent)
{
    uint64_t attempt = 0;

    (void)scan_uint(&audit->last, MEMBER_attempt, &attempt);
    if (attempt != intent->attempt) {
        fault(audit, FAULT_OTHER_ATTEMPT, index);
    }
    if ((intent->mark.word[0] | intent->mark.word[1]) == 0 ||
        !scan_is(&audit->last, MEMBER_outcome, "signed")) {
        return SG_OK;
    }
    enum sg_status added = seen_add(&audit->seen, intent->mark);
    if (added == SG_CONFLICT) {
        fault(audit, FAULT_SIGNED_TWICE, index);
        return SG_OK;
    }
    return added;
}

static enum sg_status take_outcome(struct audit *audit, uint64_t index)
{
    struct pending_slot intent;
    uint64_t at = 0;

    count_outcome(audit);
    if (scan_uint(&audit->last, MEMBER_intent, &at) && at < audit->first) {
        audit->earlier++;
        return SG_OK;
    }
    if (scan_raw(&audit->last, MEMBER_intent).len > 0 ||
        !pending_remove(&audit->open, at, &intent)) {
        fault(audit, FAULT_NO_INTENT, index);
        return SG_OK;
    }
    return match_intent(audit, index, &intent);
}

static enum sg_status take_denial(struct audit *audit, uint64_t index)
{
    (void)index;
    audit->denials++;
    return SG_OK;
}

static const struct {
    const char *type;
    enum sg_status (*take)(struct audit *audit, uint64_t index);
} kinds[] = {
    {"intent", take_intent},
    {"outcome", take_outcome},
    {"deny", take_denial},
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

static void take_time(struct audit *audit, uint64_t index)
{
    int64_t time_us = 0;

    if (text_time_parse(scan_raw(&audit->last, MEMBER_ts), &time_us) != SG_OK) {
        fault(audit, FAULT_BAD_TIME, index);
        return;
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
}

static enum sg_status take_record(struct audit *audit, uint64_t index, struct slice json)
{
    uint64_t seq = 0;

    if (scan_record(json, &audit->last) != SG_OK) {
        fault(audit, FAULT_NOT_OBJECT, index);
        return SG_OK;
    }
    if (!scan_uint(&audit->last, MEMBER_seq, &seq) || seq != index) {
        fault(audit, FAULT_OTHER_NUMBER, index);
    }
    take_time(audit, index);
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
    *audit = (struct audit){0};
}

void audit_start_at(struct audit *audit, const struct tlog_frontier *tree)
{
    *audit = (struct audit){.tree = *tree, .first = tree->size};
}

void audit_mark(struct audit *audit, uint64_t size)
{
    MUST(audit->mark_count < AUDIT_MARKS && audit->tree.size == audit->first);
    audit->marks[audit->mark_count++] = (struct audit_mark){.size = size};
    reach_marks(audit);
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
    return SG_OK;
}

size_t audit_end(struct audit *audit)
{
    size_t under_way = 0;

    for (size_t i = 0; i < audit->open.cap; i++) {
        const struct pending_slot *slot = &audit->open.slots[i];
        if (!slot->used) {
            continue;
        }
        if (audit->last_us - slot->time_us > UNDER_WAY_US) {
            fault(audit, FAULT_NO_OUTCOME, slot->index);
        } else {
            under_way++;
        }
    }
    return under_way;
}

void audit_fini(struct audit *audit)
{
    pending_fini(&audit->open);
    seen_fini(&audit->seen);
}
