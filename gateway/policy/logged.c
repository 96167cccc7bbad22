#include "gateway/policy/logged.h"

#include <stdio.h>

#include "gateway/policy/logged_inside.h"
#include "proto/digest.h"

enum sg_status reader_fail(const struct reader *reader, const char *member,
                           const char *what)
{
    return sg_fail(reader->why, SG_INVALID, "record %llu: '%.64s' %s",
                   (unsigned long long)reader->index, member, what);
}

enum sg_status reader_text(const struct reader *reader, const json_t *object,
                           const char *member, const char **out)
{
    const json_t *found = json_object_get(object, member);

    *out = "";
    if (found == NULL) {
        return SG_OK;
    }
    if (!json_is_string(found)) {
        return reader_fail(reader, member, "is not a text");
    }
    *out = json_string_value(found);
    return SG_OK;
}

/* Leaves *out as it is when the member is absent. */
static enum sg_status read_count(const struct reader *reader, const json_t *object,
                                 const char *member, uint64_t *out)
{
    const json_t *found = json_object_get(object, member);

    if (found == NULL) {
        return SG_OK;
    }
    if (!json_is_integer(found) || json_integer_value(found) < 0) {
        return reader_fail(reader, member, "is not a number");
    }
    *out = (uint64_t)json_integer_value(found);
    return SG_OK;
}

static enum sg_status read_flag(const struct reader *reader, const char *member,
                                bool *out)
{
    const json_t *found = json_object_get(reader->object, member);

    if (found != NULL && !json_is_boolean(found)) {
        return reader_fail(reader, member, "is neither true nor false");
    }
    *out = json_is_true(found);
    return SG_OK;
}

static SG_MUST_USE enum sg_status reader_sha256(const struct reader *reader,
                                                const char *member, uint8_t out[32])
{
    const char *text = "";

    TRY(reader_text(reader, reader->object, member, &text));
    return digest_parse_sha256(slice_str(text), out) == SG_OK
               ? SG_OK
               : reader_fail(reader, member,
                             "is not 'sha256:' and 64 hexadecimal digits");
}

/* What all records begin with. */
static enum sg_status check_head(const struct reader *reader)
{
    uint64_t version = 0;
    uint64_t seq = UINT64_MAX;

    TRY(read_count(reader, reader->object, "v", &version));
    if (version != 1) {
        return reader_fail(reader, "v",
                           "is not 1: read the log with a newer segel, or it is no "
                           "record of a gateway");
    }
    TRY(read_count(reader, reader->object, "seq", &seq));
    return seq == reader->index
               ? SG_OK
               : reader_fail(reader, "seq", "is not the place where it stands");
}

static enum sg_status parse(uint64_t index, struct slice record, json_t **out,
                            struct sg_error *why)
{
    json_error_t error;

    if (record.len > LOGGED_RECORD_MAX) {
        return sg_fail(why, SG_INVALID, "record %llu: longer than %d bytes",
                       (unsigned long long)index, LOGGED_RECORD_MAX);
    }
    /* No fact holds a NUL, for all are plain texts; slices would carry one. */
    *out = json_loadb((const char *)record.data, record.len,
                      JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    if (!json_is_object(*out)) {
        return sg_fail(why, SG_INVALID, "record %llu: not a JSON object: %s",
                       (unsigned long long)index,
                       *out == NULL ? error.text : "another kind of value");
    }
    return SG_OK;
}

/* --- Decisions ----------------------------------------------------------------- */

static enum sg_status read_type(const struct reader *reader, bool *allowed)
{
    const char *type = "";
    const char *decision = "";

    TRY(reader_text(reader, reader->object, "type", &type));
    TRY(reader_text(reader, reader->object, "decision", &decision));
    *allowed = strcmp(type, "intent") == 0;
    if (!*allowed && strcmp(type, "deny") != 0) {
        return reader_fail(reader, "type", "is neither intent nor deny");
    }
    return strcmp(decision, *allowed ? "allow" : "deny") == 0
               ? SG_OK
               : reader_fail(reader, "decision", "does not fit the type");
}

static enum sg_status read_failure(const struct reader *reader, const json_t *item,
                                   struct logged *out)
{
    const char *rule = "";
    const char *code = "";

    if (!json_is_object(item)) {
        return reader_fail(reader, "fail", "holds what is not an object");
    }
    TRY(reader_text(reader, item, "rule", &rule));
    TRY(reader_text(reader, item, "code", &code));
    if (out->failure_count == VERDICT_FAILURES) {
        out->failure_more++;
        return SG_OK;
    }
    out->failures[out->failure_count++] = (struct logged_failure){rule, code};
    return SG_OK;
}

static enum sg_status read_failures(const struct reader *reader, struct logged *out)
{
    const json_t *list = json_object_get(reader->object, "fail");

    if (!json_is_array(list)) {
        return reader_fail(reader, "fail", "is not a list of failures");
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        TRY(read_failure(reader, json_array_get(list, i), out));
    }
    uint64_t more = 0;
    TRY(read_count(reader, reader->object, "fail_more", &more));
    out->failure_more += more > UINT32_MAX ? UINT32_MAX : more;
    return out->failure_count + out->failure_more > 0
               ? SG_OK
               : reader_fail(reader, "fail", "does not say what denied the job");
}

static enum sg_status read_remarks(const struct reader *reader, const json_t *rules,
                                   enum remark remark, struct logged *out)
{
    const json_t *list = json_object_get(rules, remark_list(remark));
    uint64_t more = 0;

    if (list != NULL && !json_is_array(list)) {
        return reader_fail(reader, "rules", "does not say what the rules said");
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (!json_is_string(json_array_get(list, i))) {
            return reader_fail(reader, "rules", "lists a rule that is not a text");
        }
    }
    TRY(read_count(reader, rules, remark_more(remark), &more));
    out->remarks[remark].list = list;
    out->remarks[remark].more = more > UINT32_MAX ? UINT32_MAX : more;
    return SG_OK;
}

/* More than there is room for leave a failure that nothing lifts: it is seen. */
static enum sg_status read_lifts(const struct reader *reader, const json_t *lifted,
                                 struct logged *out)
{
    if (lifted != NULL && !json_is_array(lifted)) {
        return reader_fail(reader, "rules", "lifted something that is no list");
    }
    for (size_t i = 0; i < json_array_size(lifted) && i < LOGGED_LIFTS_MAX; i++) {
        const json_t *rule = json_object_get(json_array_get(lifted, i), "rule");
        if (!json_is_string(rule)) {
            return reader_fail(reader, "rules", "lifted a rule that has no name");
        }
        out->lifts[out->lift_count++] = json_string_value(rule);
    }
    return SG_OK;
}

static enum sg_status read_rules(const struct reader *reader, struct logged *out)
{
    const json_t *rules = json_object_get(reader->object, "rules");

    if (!json_is_object(rules)) {
        return reader_fail(reader, "rules", "does not say what the rules said");
    }
    TRY(read_count(reader, rules, "pass", &out->passed));
    for (size_t i = 0; i < REMARKS; i++) {
        TRY(read_remarks(reader, rules, (enum remark)i, out));
    }
    out->remarks_told = out->remarks[REMARK_EXCEPTED].list != NULL;
    return read_lifts(reader, json_object_get(rules, "lifted"), out);
}

static enum sg_status read_origin(const struct reader *reader, bool *by_gateway)
{
    const char *by = "";

    TRY(reader_text(reader, reader->object, "by", &by));
    *by_gateway = strcmp(by, "gateway") == 0;
    return *by_gateway || by[0] == '\0'
               ? SG_OK
               : reader_fail(reader, "by", "names nobody who denies");
}

/* Both or none: facts of the job are of no use without those of its key. */
static enum sg_status read_facts(const struct reader *reader, struct logged *out)
{
    bool facts = json_object_get(reader->object, "facts") != NULL;
    bool bound = json_object_get(reader->object, "bound") != NULL;

    TRY(reader_fields(reader, &out->facts));
    if (!facts && !bound) {
        return SG_OK;
    }
    TRY(read_flag(reader, "facts_cut", &out->cut));
    TRY(reader_facts(reader, false, &out->facts));
    out->bound = UINT64_MAX;
    TRY(read_count(reader, reader->object, "bound", &out->bound));
    if (out->bound >= out->index) {
        return reader_fail(reader, "bound", "does not name an earlier record");
    }
    if (!out->facts.value[FACT_ID_clock_now].present && !out->cut) {
        return reader_fail(reader, "facts", "does not say clock.now");
    }
    out->has_facts = true;
    return SG_OK;
}

static enum sg_status read_decision(const struct reader *reader, struct logged *out)
{
    TRY(check_head(reader));
    TRY(read_type(reader, &out->allowed));
    TRY(reader_text(reader, reader->object, "ts", &out->time));
    TRY(reader_text(reader, reader->object, "job", &out->job));
    TRY(reader_text(reader, reader->object, "key", &out->key));
    TRY(reader_text(reader, reader->object, "caller", &out->caller));
    TRY(reader_sha256(reader, "policy_rev", out->policy_rev));
    if (!out->allowed) {
        TRY(read_origin(reader, &out->by_gateway));
        TRY(read_failures(reader, out));
    }
    TRY(read_rules(reader, out));
    return read_facts(reader, out);
}

enum sg_status logged_read(uint64_t index, struct slice record, struct logged *out,
                           struct sg_error *why)
{
    *out = (struct logged){.index = index};
    enum sg_status status = parse(index, record, &out->json, why);

    if (status == SG_OK) {
        struct reader reader = {index, out->json, &out->pool, why};
        status = read_decision(&reader, out);
    }
    if (status != SG_OK) {
        logged_fini(out);
    }
    return status;
}

void logged_fini(struct logged *logged)
{
    json_decref(logged->json);
    pool_fini(&logged->pool);
    logged->json = NULL;
}

size_t logged_remark_count(const struct logged *logged, enum remark remark)
{
    return json_array_size(logged->remarks[remark].list);
}

const char *logged_remark(const struct logged *logged, enum remark remark, size_t at)
{
    return json_string_value(json_array_get(logged->remarks[remark].list, at));
}

/* --- Facts of a key ------------------------------------------------------------ */

static enum sg_status read_key(const struct reader *reader, struct logged_key *out)
{
    const char *type = "";

    TRY(check_head(reader));
    TRY(reader_text(reader, reader->object, "type", &type));
    if (strcmp(type, "key.facts") != 0) {
        return reader_fail(reader, "type", "is not key.facts");
    }
    TRY(reader_text(reader, reader->object, "subject", &out->key));
    if (out->key[0] == '\0') {
        return reader_fail(reader, "subject", "does not name a key");
    }
    TRY(reader_sha256(reader, "policy_rev", out->policy_rev));
    TRY(read_flag(reader, "facts_cut", &out->cut));
    return reader_facts(reader, true, &out->facts);
}

enum sg_status logged_key_read(uint64_t index, struct slice record,
                               struct logged_key *out, struct sg_error *why)
{
    *out = (struct logged_key){.index = index};
    enum sg_status status = parse(index, record, &out->json, why);

    if (status == SG_OK) {
        struct reader reader = {index, out->json, &out->pool, why};
        status = read_key(&reader, out);
    }
    if (status != SG_OK) {
        logged_key_fini(out);
    }
    return status;
}

void logged_key_fini(struct logged_key *key)
{
    json_decref(key->json);
    pool_fini(&key->pool);
    key->json = NULL;
}
