#include "client/audit.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>

#include "proto/text.h"

/* Far above the deadline of any job and the time that a lost HSM may cost one. */
enum { UNDER_WAY_US = 120000000 };

static void fault(struct audit *audit, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void fault(struct audit *audit, const char *format, ...)
{
    va_list args;

    if (audit->fault_count < AUDIT_FAULTS_SHOWN) {
        va_start(args, format);
        (void)vsnprintf(audit->faults[audit->fault_count], AUDIT_FAULT_SIZE, format,
                        args);
        va_end(args);
    }
    audit->fault_count++;
}

/* --- Members of a record ----------------------------------------------------------- */

static bool number(const json_t *record, const char *name, uint64_t *out)
{
    const json_t *value = json_object_get(record, name);

    if (!json_is_integer(value) || json_integer_value(value) < 0) {
        return false;
    }
    *out = (uint64_t)json_integer_value(value);
    return true;
}

static const char *text(const json_t *record, const char *name)
{
    const char *value = json_string_value(json_object_get(record, name));

    return value == NULL ? "" : value;
}

/* --- Kinds of records -------------------------------------------------------------- */

static enum sg_status take_intent(struct audit *audit, uint64_t index,
                                  const json_t *record)
{
    (void)record;
    audit->intents++;
    return pending_add(&audit->open, index, audit->last_us);
}

static enum sg_status take_outcome(struct audit *audit, uint64_t index,
                                   const json_t *record)
{
    const char *outcome = text(record, "outcome");
    uint64_t intent = 0;

    if (!number(record, "intent", &intent) || !pending_remove(&audit->open, intent)) {
        fault(audit, "record %" PRIu64 ": an outcome without an open intent", index);
    }
    if (strcmp(outcome, "signed") == 0) {
        audit->signed_count++;
    } else if (strcmp(outcome, "indeterminate") == 0) {
        audit->indeterminate++;
    } else {
        audit->failed++;
    }
    return SG_OK;
}

static enum sg_status take_denial(struct audit *audit, uint64_t index,
                                  const json_t *record)
{
    (void)index;
    (void)record;
    audit->denials++;
    return SG_OK;
}

static const struct {
    const char *type;
    enum sg_status (*take)(struct audit *audit, uint64_t index, const json_t *record);
} kinds[] = {
    {"intent", take_intent},
    {"outcome", take_outcome},
    {"deny", take_denial},
};

static enum sg_status take_kind(struct audit *audit, uint64_t index, const json_t *record)
{
    const char *type = text(record, "type");

    for (size_t i = 0; i < SG_COUNT(kinds); i++) {
        if (strcmp(kinds[i].type, type) == 0) {
            return kinds[i].take(audit, index, record);
        }
    }
    audit->others++;
    return SG_OK;
}

static void take_time(struct audit *audit, uint64_t index, const json_t *record)
{
    int64_t time_us = 0;

    if (text_time_parse(slice_str(text(record, "ts")), &time_us) != SG_OK) {
        fault(audit, "record %" PRIu64 ": its time is missing or malformed", index);
        return;
    }
    audit->first_us = audit->first_us == 0 ? time_us : audit->first_us;
    audit->last_us = time_us;
}

static enum sg_status take_record(struct audit *audit, uint64_t index, struct slice json)
{
    json_error_t error;
    uint64_t seq = 0;
    json_t *record =
        json_loadb((const char *)json.data, json.len, JSON_REJECT_DUPLICATES, &error);

    if (!json_is_object(record)) {
        fault(audit, "record %" PRIu64 ": it is not one JSON object", index);
        json_decref(record);
        return SG_OK;
    }
    if (!number(record, "seq", &seq) || seq != index) {
        fault(audit, "record %" PRIu64 ": its own number (seq) is another", index);
    }
    take_time(audit, index, record);
    enum sg_status status = take_kind(audit, index, record);
    json_decref(record);
    return status;
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

void audit_mark(struct audit *audit, uint64_t size)
{
    MUST(audit->mark_count < AUDIT_MARKS && audit->tree.size == 0);
    audit->marks[audit->mark_count++] = (struct audit_mark){.size = size};
    reach_marks(audit);
}

enum sg_status audit_record(struct audit *audit, uint64_t index, struct slice json)
{
    struct tlog_hash leaf = tlog_leaf(json);

    if (index != audit->tree.size) {
        fault(audit,
              "record %" PRIu64 " came where record %" PRIu64
              " belongs: records are missing or out of order",
              index, audit->tree.size);
    }
    TRY(take_record(audit, index, json));
    tlog_frontier_add(&audit->tree, &leaf);
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
            fault(audit, "record %" PRIu64 ": an intent without an outcome", slot->index);
        } else {
            under_way++;
        }
    }
    return under_way;
}

void audit_fini(struct audit *audit)
{
    pending_fini(&audit->open);
}
