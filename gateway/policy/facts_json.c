#include "gateway/policy/facts_json.h"

#include "proto/json.h"
#include "proto/text.h"

static void add(const bool wanted[FACT_COUNT], bool sets, struct fact_list *out)
{
    for (size_t i = 0; i < FACT_COUNT; i++) {
        if (wanted[i] && (fact_type((enum fact)i) == FACT_SET) == sets) {
            out->facts[out->count++] = (enum fact)i;
        }
    }
}

void fact_list_make(const bool wanted[FACT_COUNT], struct fact_list *out)
{
    out->count = 0;
    add(wanted, false, out);
    add(wanted, true, out);
}

static void put_set(struct json_out *out, const char *name,
                    const struct fact_value *value)
{
    json_open_array(out, name);
    for (size_t i = 0; i < value->set_count; i++) {
        json_slice(out, NULL, value->set[i]);
    }
    json_end(out);
}

static void put_number(struct json_out *out, enum fact fact, int64_t number)
{
    if (fact_type(fact) == FACT_BOOL) {
        json_bool(out, fact_name(fact), number != 0);
    } else if (fact_type(fact) == FACT_TIME) {
        json_time(out, fact_name(fact), number);
    } else {
        json_int(out, fact_name(fact), number);
    }
}

static void put_fact(struct json_out *out, enum fact fact, const struct fact_value *value)
{
    if (fact_type(fact) == FACT_SET) {
        put_set(out, fact_name(fact), value);
    } else if (fact_type_is_text(fact_type(fact))) {
        json_slice(out, fact_name(fact), value->text);
    } else {
        put_number(out, fact, value->number);
    }
}

/* The text of a record knows the years 1970 to 9999 only. */
static bool can_be_written(enum fact fact, const struct fact_value *value)
{

    return fact_type(fact) != FACT_TIME ||
           (value->number >= 0 && value->number < TEXT_TIME_END_US);
}

/* A part of a fact would be another fact: it is written whole, or the text ends as before
 * it. */
static bool put_whole(struct json_out *out, enum fact fact,
                      const struct fact_value *value)
{
    const struct json_out before = *out;

    if (!can_be_written(fact, value)) {
        return false;
    }
    put_fact(out, fact, value);
    if (out->overflow) {
        *out = before;
        return false;
    }
    return true;
}

struct fact_members facts_members(const struct facts *facts, const struct fact_list *list,
                                  char *buffer, size_t cap)
{
    enum { BRACE = 1 };
    struct fact_members out = {.cut = false};
    struct json_out json;

    MUST(cap > BRACE);
    json_start(&json, buffer, cap);
    json_open_object(&json, NULL);
    for (size_t i = 0; i < list->count; i++) {
        enum fact fact = list->facts[i];
        if (facts->value[fact].present && !put_whole(&json, fact, &facts->value[fact])) {
            out.cut = true;
        }
    }
    out.text = slice_of(buffer + BRACE, json.len - BRACE);
    return out;
}
