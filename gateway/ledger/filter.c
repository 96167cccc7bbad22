#include "gateway/ledger/filter.h"

#include <jansson.h>
#include <string.h>

#include "proto/remarks.h"
#include "proto/text.h"

/* The conditions that compare one member, in the order of the record. */
struct condition {
    const char *member;
    const char *wanted; /* NULL: none */
};

static bool given(const char *wanted)
{
    return wanted != NULL && wanted[0] != '\0';
}

/* Text that the writer puts into a record just as it is: nothing in it is escaped. */
static bool verbatim(const char *text)
{
    for (; *text != '\0'; text++) {
        uint8_t c = (uint8_t)*text;
        if (c < 0x20 || c > 0x7e || c == '"' || c == '\\') {
            return false;
        }
    }
    return true;
}

static bool holds(struct slice json, const char *text)
{
    size_t len = strlen(text);

    for (size_t i = 0; i + len <= json.len; i++) {
        const uint8_t *at =
            (const uint8_t *)memchr(json.data + i, text[0], json.len - len - i + 1);
        if (at == NULL) {
            return false;
        }
        if (memcmp(at, text, len) == 0) {
            return true;
        }
        i = (size_t)(at - json.data);
    }
    return false;
}

/* Cheap and only one-sided: most records that can't match are told without parsing. */
static bool may_match(struct slice json, const char *wanted)
{
    return !given(wanted) || !verbatim(wanted) || holds(json, wanted);
}

static bool text_is(const json_t *found, const char *wanted)
{
    return json_is_string(found) &&
           slice_equal(slice_of(json_string_value(found), json_string_length(found)),
                       slice_str(wanted));
}

static bool member_is(const json_t *record, const char *name, const char *wanted)
{
    return !given(wanted) || text_is(json_object_get(record, name), wanted);
}

static bool type_is_listed(const struct record_filter *filter, const json_t *record)
{
    if (filter->type_count == 0) {
        return true;
    }
    for (size_t i = 0; i < filter->type_count; i++) {
        if (given(filter->types[i]) && member_is(record, "type", filter->types[i])) {
            return true;
        }
    }
    return false;
}

static bool time_in_range(const struct record_filter *filter, const json_t *record)
{
    const char *text = json_string_value(json_object_get(record, "ts"));
    int64_t ts = 0;

    if (filter->from_us == 0 && filter->until_us == 0) {
        return true;
    }
    if (text == NULL || text_time_parse(slice_str(text), &ts) != SG_OK) {
        return false;
    }
    return (filter->from_us == 0 || ts >= filter->from_us) &&
           (filter->until_us == 0 || ts < filter->until_us);
}

static bool list_holds(const json_t *list, const char *text)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (text_is(json_array_get(list, i), text)) {
            return true;
        }
    }
    return false;
}

static bool list_names(const json_t *list, const char *rule)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (member_is(json_array_get(list, i), "rule", rule)) {
            return true;
        }
    }
    return false;
}

/* The rule failed: among the reasons of a denial, the remarks of an allowed job, or what
 * officers had lifted. */
static bool rule_failed(const json_t *record, const char *rule)
{
    const json_t *rules = json_object_get(record, "rules");

    if (!given(rule) || list_names(json_object_get(record, "fail"), rule) ||
        list_names(json_object_get(rules, "lifted"), rule)) {
        return true;
    }
    for (size_t i = 0; i < REMARKS; i++) {
        if (list_holds(json_object_get(rules, remark_list((enum remark)i)), rule)) {
            return true;
        }
    }
    return false;
}

static void release(json_t **record)
{
    json_decref(*record);
}

bool filter_matches(const struct record_filter *filter, struct slice json)
{
    const struct condition conditions[] = {
#define FILTER_TEXT(condition, member) {member, filter->condition},
#include "gateway/ledger/filter.def"
#undef FILTER_TEXT
    };
    bool any = filter->from_us != 0 || filter->until_us != 0 || filter->type_count > 0 ||
               given(filter->rule);

    for (size_t i = 0; i < SG_COUNT(conditions); i++) {
        any = any || given(conditions[i].wanted);
        if (!may_match(json, conditions[i].wanted)) {
            return false;
        }
    }
    if (!any) {
        return true;
    }
    if (!may_match(json, filter->rule)) {
        return false;
    }
    AUTO(release)
    json_t *record = json_loadb((const char *)json.data, json.len, JSON_ALLOW_NUL, NULL);
    bool match = json_is_object(record) && type_is_listed(filter, record) &&
                 time_in_range(filter, record) && rule_failed(record, filter->rule);
    for (size_t i = 0; match && i < SG_COUNT(conditions); i++) {
        match = member_is(record, conditions[i].member, conditions[i].wanted);
    }
    return match;
}
