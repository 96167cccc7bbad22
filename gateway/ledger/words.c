#include "gateway/ledger/words.h"

#include <jansson.h>

#include "proto/json_in.h"
#include "proto/remarks.h"
#include "proto/text.h"

/* Members of the record whose text is a word. */
static const struct {
    enum word_kind kind;
    const char *name;
    size_t len;
} members[] = {
    {WORD_TYPE, "type", sizeof("type") - 1},
#define FILTER_TEXT(condition, member) {WORD_##condition, member, sizeof(member) - 1},
#include "gateway/ledger/filter.def"
#undef FILTER_TEXT
};

/* --- As Segel writes it ------------------------------------------------------------ */

/* Where rules stand: fail: [{rule: …}], rules: {shadow_fail: […], warn: […] …, lifted:
 * [{rule: …}]}. */
enum place { ELSEWHERE, IN_FAIL, IN_RULES, IN_REMARKS, IN_LIFTED };

/* What was seen once: of the record its members, then fail, rules and ts. */
enum { SEEN_FAIL = SG_COUNT(members), SEEN_RULES, SEEN_TIME };

enum { ROWS_MAX = 64, DIGITS_MAX = 18 };
struct row {
    enum word_kind kind;
    struct slice text;
};
struct scanner {
    struct row *rows; /* ROWS_MAX */
    size_t count;
    enum place place;
    uint32_t seen;
    bool rule_seen;             /* in this object of fail or lifted */
    bool remarks_seen[REMARKS]; /* in rules */
    bool lifted_seen;           /* likewise */
    struct slice time;
    bool odd; /* parse must read it */
};

static void keep(struct scanner *scanner, enum word_kind kind,
                 const struct json_value *value)
{
    if (value->kind != JSON_IN_TEXT || value->raw.len == 0) {
        return;
    }
    if (scanner->count == ROWS_MAX) {
        scanner->odd = true;
        return;
    }
    scanner->rows[scanner->count++] = (struct row){kind, value->raw};
}

static bool is(struct slice key, const char *name)
{
    return slice_equal(key, slice_str(name));
}

static void see(struct scanner *scanner, unsigned what)
{
    scanner->odd = scanner->odd || (scanner->seen >> what & 1) != 0;
    scanner->seen |= (uint32_t)1 << what;
}

static void see_rules(struct scanner *scanner, const struct json_value *value)
{
    if (is(value->key, "fail")) {
        see(scanner, SEEN_FAIL);
        scanner->place = value->kind == JSON_IN_ARRAY ? IN_FAIL : ELSEWHERE;
    } else if (is(value->key, "rules")) {
        see(scanner, SEEN_RULES);
        scanner->place = value->kind == JSON_IN_OBJECT ? IN_RULES : ELSEWHERE;
    } else if (is(value->key, "ts")) {
        see(scanner, SEEN_TIME);
        scanner->time = value->kind == JSON_IN_TEXT ? value->raw : slice_of("", 0);
    }
}

static void see_member(struct scanner *scanner, const struct json_value *value)
{
    scanner->place = ELSEWHERE;
    for (unsigned i = 0; i < SG_COUNT(members); i++) {
        if (slice_equal(value->key, slice_of(members[i].name, members[i].len))) {
            see(scanner, i);
            keep(scanner, members[i].kind, value);
            return;
        }
    }
    see_rules(scanner, value);
}

static void see_once(struct scanner *scanner, bool *seen)
{
    scanner->odd = scanner->odd || *seen;
    *seen = true;
}

/* A value of rules. */
static void see_list(struct scanner *scanner, const struct json_value *value)
{
    bool array = value->kind == JSON_IN_ARRAY;

    scanner->place = IN_RULES;
    for (size_t i = 0; i < REMARKS; i++) {
        if (is(value->key, remark_list((enum remark)i))) {
            see_once(scanner, &scanner->remarks_seen[i]);
            scanner->place = array ? IN_REMARKS : IN_RULES;
            return;
        }
    }
    if (is(value->key, "lifted")) {
        see_once(scanner, &scanner->lifted_seen);
        scanner->place = array ? IN_LIFTED : IN_RULES;
    }
}

static void see_named(struct scanner *scanner, const struct json_value *value)
{
    if (is(value->key, "rule")) {
        see_once(scanner, &scanner->rule_seen);
        keep(scanner, WORD_RULE, value);
    }
}

/* A value of fail, or of one of the lists in rules. */
static void see_item(struct scanner *scanner, const struct json_value *value)
{
    scanner->rule_seen = false;
    if (scanner->place == IN_REMARKS) {
        keep(scanner, WORD_RULE, value);
    }
}

static void see_value(struct scanner *scanner, const struct json_value *value)
{
    bool in_fail = scanner->place == IN_FAIL; /* one level less than the lists of rules */

    if (value->depth == 1) {
        see_member(scanner, value);
    } else if (value->depth == 2 && scanner->place != ELSEWHERE && !in_fail) {
        see_list(scanner, value);
    } else if (value->depth == (in_fail ? 2 : 3)) {
        see_item(scanner, value);
    } else if (value->depth == (in_fail ? 3 : 4) &&
               (in_fail || scanner->place == IN_LIFTED)) {
        see_named(scanner, value);
    }
}

/* Beyond what every reader of numbers takes, readers differ. */
static bool number_is_common(struct slice number)
{
    return number.len <= DIGITS_MAX && memchr(number.data, 'e', number.len) == NULL &&
           memchr(number.data, 'E', number.len) == NULL;
}

static bool read_all(struct scanner *scanner, struct slice record)
{
    struct json_in in;
    struct json_value value;

    json_in_start(&in, record);
    while (!scanner->odd && json_in_next(&in, &value)) {
        see_value(scanner, &value);
        scanner->odd = scanner->odd || in.escaped ||
                       (value.kind == JSON_IN_NUMBER && !number_is_common(value.raw));
    }
    return !scanner->odd && !in.escaped && json_in_finish(&in) == SG_OK;
}

static void take_time(struct words *words, struct slice text)
{
    words->timed = text_time_parse(text, &words->ts_us) == SG_OK;
}

bool words_scan(struct words *words, struct slice record)
{
    /* Clearing all of them would be much of the work here. */
    struct row rows[ROWS_MAX] __attribute__((uninitialized));
    struct scanner scanner = {.rows = rows};

    if (!read_all(&scanner, record)) {
        return false;
    }
    for (size_t i = 0; i < scanner.count; i++) {
        words->take(words->context, rows[i].kind, rows[i].text);
    }
    take_time(words, scanner.time);
    return true;
}

/* --- As anybody may write it ------------------------------------------------------- */

static void take(const struct words *words, enum word_kind kind, const json_t *text)
{
    if (json_is_string(text) && json_string_length(text) > 0) {
        words->take(words->context, kind,
                    slice_of(json_string_value(text), json_string_length(text)));
    }
}

static void take_named(const struct words *words, const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        take(words, WORD_RULE, json_object_get(json_array_get(list, i), "rule"));
    }
}

static void take_rules(const struct words *words, const json_t *json)
{
    const json_t *rules = json_object_get(json, "rules");

    take_named(words, json_object_get(json, "fail"));
    take_named(words, json_object_get(rules, "lifted"));
    for (size_t i = 0; i < REMARKS; i++) {
        const json_t *list = json_object_get(rules, remark_list((enum remark)i));
        for (size_t at = 0; at < json_array_size(list); at++) {
            take(words, WORD_RULE, json_array_get(list, at));
        }
    }
}

void words_parse(struct words *words, struct slice record)
{
    json_t *json =
        json_loadb((const char *)record.data, record.len, JSON_ALLOW_NUL, NULL);

    words->timed = false;
    if (json_is_object(json)) {
        for (size_t i = 0; i < SG_COUNT(members); i++) {
            take(words, members[i].kind, json_object_get(json, members[i].name));
        }
        take_rules(words, json);
        const char *text = json_string_value(json_object_get(json, "ts"));
        take_time(words, slice_str(text));
    }
    json_decref(json);
}

void words_of(struct words *words, struct slice record)
{
    if (!words_scan(words, record)) {
        words_parse(words, record);
    }
}
