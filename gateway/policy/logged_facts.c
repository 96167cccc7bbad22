#include <stdio.h>

#include "gateway/policy/logged_inside.h"
#include "proto/digest.h"
#include "proto/text.h"

/* The facts of a record, by the type that the table of facts gives them. */

static enum sg_status wrong(const struct reader *reader, const char *fact,
                            enum fact_type type)
{
    char what[64];

    (void)snprintf(what, sizeof(what), "is not a %s", fact_type_name(type));
    return reader_fail(reader, fact, what);
}

static struct slice text_of(const json_t *value)
{
    return slice_of(json_string_value(value), json_string_length(value));
}

static bool is_hash(struct slice text)
{
    uint8_t hash[32];

    return digest_parse_sha256(text, hash) == SG_OK;
}

static bool read_number(enum fact_type type, const json_t *value, int64_t *out)
{
    if (type == FACT_TIME) {
        return json_is_string(value) && text_time_parse(text_of(value), out) == SG_OK;
    }
    if (type == FACT_BOOL) {
        *out = json_is_true(value) ? 1 : 0;
        return json_is_boolean(value);
    }
    *out = json_integer_value(value);
    return json_is_integer(value);
}

static enum sg_status read_set(const struct reader *reader, const char *name,
                               const json_t *value, struct fact_value *out)
{
    size_t count = json_array_size(value);

    if (!json_is_array(value)) {
        return wrong(reader, name, FACT_SET);
    }
    struct slice *items = pool_take(reader->pool, count + 1, sizeof(*items));
    if (items == NULL) {
        return SG_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(value, i);
        if (!json_is_string(item)) {
            return reader_fail(reader, name, "is a set with what is not a text");
        }
        items[i] = text_of(item);
    }
    out->set = items;
    out->set_count = count;
    return SG_OK;
}

static enum sg_status read_value(const struct reader *reader, enum fact fact,
                                 const json_t *value, struct fact_value *out)
{
    enum fact_type type = fact_type(fact);

    *out = (struct fact_value){.present = true};
    if (type == FACT_SET) {
        return read_set(reader, fact_name(fact), value, out);
    }
    if (fact_type_is_text(type)) {
        out->text = text_of(value);
        bool sound = json_is_string(value) && (type != FACT_HASH || is_hash(out->text));
        return sound ? SG_OK : wrong(reader, fact_name(fact), type);
    }
    return read_number(type, value, &out->number) ? SG_OK
                                                  : wrong(reader, fact_name(fact), type);
}

static bool belongs(enum fact fact, bool of_key)
{
    enum fact_phase phase = fact_phase(fact);

    return of_key ? phase == FACT_PHASE_KEY
                  : phase == FACT_PHASE_JOB || phase == FACT_PHASE_STATE;
}

enum sg_status reader_facts(const struct reader *reader, bool of_key, struct facts *facts)
{
    json_t *all = json_object_get(reader->object, "facts");
    const char *name;
    json_t *value;

    if (!json_is_object(all)) {
        return reader_fail(reader, "facts", "is not an object");
    }
    json_object_foreach(all, name, value)
    {
        enum fact fact = fact_find(name);
        if (fact == FACT_COUNT) {
            continue;
        }
        if (!belongs(fact, of_key)) {
            return reader_fail(reader, name, "is not a fact for this type of record");
        }
        if (facts->value[fact].present) {
            return reader_fail(reader, name, "is a fact that the record says twice");
        }
        TRY(read_value(reader, fact, value, &facts->value[fact]));
    }
    return SG_OK;
}

/* --- Fields that are facts ----------------------------------------------------- */

static enum sg_status read_digest(const struct reader *reader, struct facts *facts)
{
    struct digest digest;
    const char *text = "";

    TRY(reader_text(reader, reader->object, "digest", &text));
    if (text[0] == '\0') {
        return SG_OK;
    }
    if (digest_parse(slice_str(text), &digest) != SG_OK) {
        return reader_fail(reader, "digest", "is not a hash and its digits");
    }
    facts_text(facts, FACT_ID_job_hash_alg, slice_str(sg_hash_name(digest.hash)));
    facts_number(facts, FACT_ID_job_digest_len, (int64_t)sg_hash_len(digest.hash));
    return SG_OK;
}

static const struct {
    const char *member;
    enum fact fact;
} fields[] = {
#define FIELD(fact, member) {member, FACT_ID_##fact},
#define FIELD_OF_DIGEST(fact)
#include "gateway/policy/fields.def"
#undef FIELD
#undef FIELD_OF_DIGEST
};

static enum sg_status read_field(const struct reader *reader, size_t field,
                                 struct facts *facts)
{
    const json_t *value = json_object_get(reader->object, fields[field].member);
    enum fact fact = fields[field].fact;

    return value == NULL ? SG_OK : read_value(reader, fact, value, &facts->value[fact]);
}

enum sg_status reader_fields(const struct reader *reader, struct facts *facts)
{
    for (size_t i = 0; i < SG_COUNT(fields); i++) {
        TRY(read_field(reader, i, facts));
    }
    return read_digest(reader, facts);
}
