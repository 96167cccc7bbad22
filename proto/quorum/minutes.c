#include "proto/quorum/minutes.h"

#include <stdio.h>

#include "proto/digest.h"
#include "proto/text.h"

static const char HEADER[] = "segel-minutes/v1";

static const struct {
    const char *name;
    enum minutes_form form;
    size_t fewest;
    size_t most;
} fields[MINUTES_FIELD_COUNT] = {
#define FIELD(id, name, form, fewest, most) {name, MINUTES_##form, fewest, most},
#include "proto/quorum/minutes.def"
#undef FIELD
};

const char *minutes_field_name(enum minutes_field field)
{
    MUST(field < MINUTES_FIELD_COUNT);
    return fields[field].name;
}

enum minutes_field minutes_field_find(struct slice name)
{
    unsigned field = 0;

    while (field < MINUTES_FIELD_COUNT &&
           !slice_equal(name, slice_str(fields[field].name))) {
        field++;
    }
    return (enum minutes_field)field;
}

/* --- Values ------------------------------------------------------------------------ */

struct slice minutes_first(struct slice value)
{
    const uint8_t *blank =
        value.len == 0 ? NULL : (const uint8_t *)memchr(value.data, ' ', value.len);

    return blank == NULL ? value : slice_of(value.data, (size_t)(blank - value.data));
}

struct slice minutes_rest(struct slice value)
{
    size_t skipped = minutes_first(value).len + 1;

    return skipped >= value.len ? slice_of(NULL, 0)
                                : slice_of(value.data + skipped, value.len - skipped);
}

static bool is_world(struct slice value)
{
    return slice_equal(value, slice_str("real")) ||
           slice_equal(value, slice_str("REHEARSAL"));
}

static bool is_text(struct slice value)
{
    return value.len >= 1 && value.data[0] != ' ' && value.data[value.len - 1] != ' ' &&
           text_plain(value);
}

/* One time has one text. */
static bool is_time(struct slice value)
{
    char again[TEXT_TIME_SIZE];
    int64_t unix_us = 0;

    if (text_time_parse(value, &unix_us) != SG_OK || unix_us < 0) {
        return false;
    }
    text_time_s(unix_us, again);
    return slice_equal(value, slice_str(again));
}

static bool is_hash(struct slice value)
{
    char again[DIGEST_SHA256_SIZE];
    uint8_t hash[32];

    if (digest_parse_sha256(value, hash) != SG_OK) {
        return false;
    }
    digest_sha256_text(hash, again);
    return slice_equal(value, slice_str(again));
}

static bool is_role(struct slice value)
{
    for (unsigned role = 0; role < PERSON_ROLE_COUNT; role++) {
        if (slice_equal(value, slice_str(person_role_name((enum person_role)role)))) {
            return true;
        }
    }
    return false;
}

static bool is_person(struct slice value)
{
    return text_name(minutes_first(value)) && is_role(minutes_rest(value));
}

static bool is_named_hash(struct slice value)
{
    return text_name(minutes_first(value)) && is_hash(minutes_rest(value));
}

static bool is_named_text(struct slice value)
{
    return text_name(minutes_first(value)) && is_text(minutes_rest(value));
}

static bool is_record(struct slice value)
{
    uint64_t index = 0;

    return text_uint(minutes_first(value), INT64_MAX, &index) == SG_OK &&
           is_hash(minutes_rest(value));
}

static bool has_form(enum minutes_form form, struct slice value)
{
    static bool (*const judges[])(struct slice) = {
        [MINUTES_WORLD] = is_world,
        [MINUTES_NAME] = text_name,
        [MINUTES_TEXT] = is_text,
        [MINUTES_TIME] = is_time,
        [MINUTES_HASH] = is_hash,
        [MINUTES_PERSON] = is_person,
        [MINUTES_NAMED_HASH] = is_named_hash,
        [MINUTES_NAMED_TEXT] = is_named_text,
        [MINUTES_RECORD] = is_record,
    };

    return value.len <= MINUTES_VALUE_MAX && judges[form](value);
}

/* --- Lines ------------------------------------------------------------------------- */

static size_t count_of(const struct minutes *minutes, enum minutes_field field)
{
    size_t count = 0;

    for (size_t i = 0; i < minutes->count; i++) {
        count += minutes->lines[i].field == field ? 1 : 0;
    }
    return count;
}

enum sg_status minutes_add(struct minutes *minutes, enum minutes_field field,
                           struct slice value, struct sg_error *why)
{
    MUST(field < MINUTES_FIELD_COUNT);
    if (!has_form(fields[field].form, value)) {
        return sg_fail(why, SG_INVALID, "'%s' has a value that minutes cannot hold",
                       fields[field].name);
    }
    if (minutes->count == MINUTES_LINES_MAX ||
        count_of(minutes, field) == fields[field].most) {
        return sg_fail(why, SG_TOO_LARGE, "there are more than %zu lines '%s'",
                       fields[field].most, fields[field].name);
    }
    minutes->lines[minutes->count++] = (struct minutes_line){field, value};
    return SG_OK;
}

struct slice minutes_get(const struct minutes *minutes, enum minutes_field field,
                         size_t nth)
{
    for (size_t i = 0; i < minutes->count; i++) {
        if (minutes->lines[i].field == field && nth-- == 0) {
            return minutes->lines[i].value;
        }
    }
    return slice_of(NULL, 0);
}

struct slice minutes_find(const struct minutes *minutes, enum minutes_field field,
                          struct slice name)
{
    for (size_t i = 0; i < minutes->count; i++) {
        if (minutes->lines[i].field == field &&
            slice_equal(minutes_first(minutes->lines[i].value), name)) {
            return minutes_rest(minutes->lines[i].value);
        }
    }
    return slice_of(NULL, 0);
}

bool minutes_rehearsed(const struct minutes *minutes)
{
    return !slice_equal(minutes_get(minutes, MINUTES_FIELD_WORLD, 0), slice_str("real"));
}

/* --- The whole --------------------------------------------------------------------- */

static bool is_person_line(const struct minutes_line *line)
{
    return line->field == MINUTES_FIELD_PARTICIPANT ||
           line->field == MINUTES_FIELD_WITNESS;
}

static bool stands_twice(const struct minutes *minutes, size_t at)
{
    const struct minutes_line *line = &minutes->lines[at];

    for (size_t i = 0; is_person_line(line) && i < at; i++) {
        if (is_person_line(&minutes->lines[i]) &&
            slice_equal(minutes_first(minutes->lines[i].value),
                        minutes_first(line->value))) {
            return true;
        }
    }
    return false;
}

static enum sg_status check_people(const struct minutes *minutes, struct sg_error *why)
{
    for (size_t i = 0; i < minutes->count; i++) {
        if (stands_twice(minutes, i)) {
            struct slice name = minutes_first(minutes->lines[i].value);
            return sg_fail(why, SG_INVALID, "'%.*s' takes part twice", (int)name.len,
                           (const char *)name.data);
        }
    }
    return SG_OK;
}

static int64_t time_of(const struct minutes *minutes, enum minutes_field field)
{
    int64_t unix_us = 0;

    MUST(text_time_parse(minutes_get(minutes, field, 0), &unix_us) == SG_OK);
    return unix_us;
}

static enum sg_status check_whole(const struct minutes *minutes, struct sg_error *why)
{
    for (unsigned field = 0; field < MINUTES_FIELD_COUNT; field++) {
        if (count_of(minutes, (enum minutes_field)field) < fields[field].fewest) {
            return sg_fail(why, SG_INVALID, "the line '%s' is missing",
                           fields[field].name);
        }
    }
    if (time_of(minutes, MINUTES_FIELD_ENDED) < time_of(minutes, MINUTES_FIELD_BEGAN)) {
        return sg_fail(why, SG_INVALID, "it ended before it began");
    }
    return check_people(minutes, why);
}

/* --- Writing ----------------------------------------------------------------------- */

static void write_field(const struct minutes *minutes, enum minutes_field field,
                        struct lines_out *out)
{
    for (size_t i = 0; i < minutes->count; i++) {
        if (minutes->lines[i].field == field) {
            lines_text(out, fields[field].name);
            lines_text(out, " ");
            lines_put(out, minutes->lines[i].value);
            lines_text(out, "\n");
        }
    }
}

enum sg_status minutes_write(const struct minutes *minutes, char out[MINUTES_TEXT_MAX],
                             size_t *len, struct sg_error *why)
{
    struct lines_out lines;
    struct slice text;

    TRY(check_whole(minutes, why));
    lines_start(&lines, out, MINUTES_TEXT_MAX);
    lines_text(&lines, HEADER);
    lines_text(&lines, "\n");
    for (unsigned field = 0; field < MINUTES_FIELD_COUNT; field++) {
        write_field(minutes, (enum minutes_field)field, &lines);
    }
    if (lines_finish(&lines, &text) != SG_OK) {
        return sg_fail(why, SG_TOO_LARGE, "minutes have at most %d bytes",
                       MINUTES_TEXT_MAX);
    }
    *len = text.len;
    return SG_OK;
}

/* --- Reading ----------------------------------------------------------------------- */

static enum sg_status read_line(struct slice line, struct minutes *out,
                                struct sg_error *why)
{
    struct slice name = minutes_first(line);
    enum minutes_field field = minutes_field_find(name);
    bool first = out->count == 0;

    if (field == MINUTES_FIELD_COUNT) {
        return sg_fail(why, SG_INVALID, "it begins with no name of a field");
    }
    if (!first && field < out->lines[out->count - 1].field) {
        return sg_fail(why, SG_INVALID, "'%s' stands too late", fields[field].name);
    }
    return minutes_add(out, field, minutes_rest(line), why);
}

static enum sg_status read_lines(struct slice rest, struct minutes *out,
                                 struct sg_error *why)
{
    struct slice line;
    struct sg_error plain = {0};
    size_t number = 1;

    while (lines_next(&rest, &line)) {
        number++;
        enum sg_status status = read_line(line, out, &plain);
        if (status != SG_OK) {
            return sg_fail(why, status, "line %zu: %s", number, plain.text);
        }
    }
    return rest.len == 0
               ? SG_OK
               : sg_fail(why, SG_INVALID, "the last line has no line feed at its end");
}

enum sg_status minutes_read(struct slice text, struct minutes *out, struct sg_error *why)
{
    struct slice rest = text;
    struct slice line;

    out->count = 0;
    if (text.len > MINUTES_TEXT_MAX) {
        return sg_fail(why, SG_TOO_LARGE, "minutes have at most %d bytes",
                       MINUTES_TEXT_MAX);
    }
    if (!lines_next(&rest, &line) || !slice_equal(line, slice_str(HEADER))) {
        return sg_fail(why, SG_INVALID, "these are no minutes: they begin with '%s'",
                       HEADER);
    }
    TRY(read_lines(rest, out, why));
    return check_whole(out, why);
}
