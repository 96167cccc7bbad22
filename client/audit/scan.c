#include "client/audit/scan.h"

#include "client/audit/alike.h"
#include "proto/json_in.h"
#include "proto/text.h"

enum { KEYS_MAX = 64 };

static const struct {
    const char *text;
    size_t len;
} names[] = {
#define MEMBER(name, spelling) {#name, sizeof(#name) - 1},
#include "client/audit/members.def"
#undef MEMBER
};

/* Apart from the names, which every member of every record is held against. */
enum spelling { SPELT_WORD, SPELT_ANY };
static const enum spelling spellings[] = {
#define MEMBER(name, spelling) SPELT_##spelling,
#include "client/audit/members.def"
#undef MEMBER
};

static const struct {
    const char *parent;
    const char *name;
    size_t parent_len;
    size_t len;
} inners[] = {
#define INNER(name, parent, member)                                                      \
    {parent, member, sizeof(parent) - 1, sizeof(member) - 1},
#include "client/audit/inner.def"
#undef INNER
};

static const enum member_kind kinds[] = {
    [JSON_IN_TEXT] = MEMBER_TEXT,   [JSON_IN_NUMBER] = MEMBER_NUMBER,
    [JSON_IN_WORD] = MEMBER_OTHER,  [JSON_IN_OBJECT] = MEMBER_OTHER,
    [JSON_IN_ARRAY] = MEMBER_OTHER,
};

/* Names of the record's own members, to find one that comes twice. */
struct keys {
    struct slice *rows; /* KEYS_MAX */
    size_t count;
    uint32_t inners;          /* that may stand in the last of them, as of inners_of */
    struct scan_member *list; /* of inner, in which nothing was seen yet; NULL: none */
};

static bool has_escape(struct slice text)
{
    return text.len > 0 && memchr(text.data, '\\', text.len) != NULL;
}

static bool key_is_new(struct keys *keys, struct slice key)
{
    if (keys->count == KEYS_MAX) {
        return false;
    }
    for (size_t i = 0; i < keys->count; i++) {
        if (slice_equal(keys->rows[i], key)) {
            return false;
        }
    }
    keys->rows[keys->count++] = key;
    return true;
}

static void keep_member(struct scan *out, const struct json_value *value)
{
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        if (slice_equal(slice_of(names[i].text, names[i].len), value->key)) {
            out->members[i] = (struct scan_member){kinds[value->kind], value->raw};
            return;
        }
    }
}

/* Those of inner.def that may stand in this member of the record: bit i is row i. */
static uint32_t inners_of(struct slice key)
{
    uint32_t open = 0;

    for (size_t i = 0; i < INNER_COUNT; i++) {
        struct slice parent = slice_of(inners[i].parent, inners[i].parent_len);
        open |= (uint32_t)slice_equal(parent, key) << i;
    }
    return open;
}

/* The name without its escapes; the names of inner.def are shorter than the room. */
static struct slice plain_name(struct slice key, uint8_t room[64])
{
    return has_escape(key) ? slice_of(room, scan_unescape(key, room, 64)) : key;
}

static void keep_inner(struct scan *out, struct keys *keys,
                       const struct json_value *value, bool escaped)
{
    uint8_t room[64] __attribute__((uninitialized));
    struct slice key = escaped ? plain_name(value->key, room) : value->key;

    for (size_t i = 0; i < INNER_COUNT; i++) {
        if ((keys->inners >> i & 1) != 0 &&
            slice_equal(slice_of(inners[i].name, inners[i].len), key)) {
            out->inner[i] = (struct scan_member){kinds[value->kind], value->raw};
            keys->list = value->kind == JSON_IN_ARRAY ? &out->inner[i] : NULL;
        }
    }
}

/* "sign\u0065d" is "signed" to whoever reads it without its escapes, and not here. */
static bool words_are_plain(const struct scan *scan)
{
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        if (spellings[i] == SPELT_WORD && has_escape(scan_raw(scan, (enum member)i))) {
            return false;
        }
    }
    return true;
}

static enum sg_status take_own(struct scan *out, struct keys *keys,
                               const struct json_value *value, bool escaped)
{
    /* A name spelt with escapes could hide a second member of the same name. */
    if (escaped && has_escape(value->key)) {
        return SG_CORRUPT;
    }
    if (!key_is_new(keys, value->key)) {
        return SG_INVALID;
    }
    keep_member(out, value);
    keys->inners = inners_of(value->key);
    return SG_OK;
}

static enum sg_status take_value(struct scan *out, struct keys *keys,
                                 const struct json_value *value, bool escaped)
{
    if ((escaped || value->kind == JSON_IN_NUMBER) && !reads_alike(value)) {
        return SG_INVALID;
    }
    if (value->depth == 3 && keys->list != NULL) {
        keys->list->raw = value->raw;
    }
    keys->list = NULL;
    if (value->depth == 1) {
        return take_own(out, keys, value, escaped);
    }
    if (value->depth == 2 && keys->inners != 0) {
        keep_inner(out, keys, value, escaped);
    }
    return SG_OK;
}

static void clear(struct scan *out)
{
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        out->members[i].kind = MEMBER_ABSENT;
    }
    for (size_t i = 0; i < INNER_COUNT; i++) {
        out->inner[i].kind = MEMBER_ABSENT;
    }
}

enum sg_status scan_record(struct slice json, struct scan *out)
{
    /* Clearing all of them would be much of the work here. */
    struct slice rows[KEYS_MAX] __attribute__((uninitialized));
    struct keys keys = {.rows = rows};
    struct json_in in;
    struct json_value value;

    clear(out);
    json_in_start(&in, json);
    while (json_in_next(&in, &value)) {
        TRY(take_value(out, &keys, &value, in.escaped));
    }
    TRY(json_in_finish(&in));
    return !in.escaped || words_are_plain(out) ? SG_OK : SG_CORRUPT;
}

/* --- Answers ----------------------------------------------------------------------- */

bool scan_uint(const struct scan *scan, enum member member, uint64_t *out)
{
    return scan->members[member].kind == MEMBER_NUMBER &&
           text_uint(scan->members[member].raw, INT64_MAX, out) == SG_OK;
}

struct slice scan_raw(const struct scan *scan, enum member member)
{
    return scan->members[member].kind == MEMBER_TEXT ? scan->members[member].raw
                                                     : slice_of("", 0);
}

bool scan_is(const struct scan *scan, enum member member, const char *text)
{
    return slice_equal(scan_raw(scan, member), slice_str(text));
}

bool scan_true(const struct scan *scan, enum inner inner)
{
    const struct scan_member *found = &scan->inner[inner];

    return found->kind == MEMBER_OTHER && slice_equal(found->raw, slice_str("true"));
}
