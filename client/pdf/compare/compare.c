#include "client/pdf/compare/compare.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/pdf/compare/numbers.h"
#include "client/pdf/syntax.h"

enum { QUEUE_MAX = 4 << 20 };

void compare_note(struct compare *c, enum pdf_change_kind kind, int page,
                  const char *name)
{
    struct pdf_changes *changes = c->changes;
    struct pdf_change change = {.kind = kind, .page = page};

    (void)snprintf(change.name, sizeof(change.name), "%s", name == NULL ? "" : name);
    changes->forbidden = changes->forbidden || !pdf_change_allowed(kind);
    changes->filled = changes->filled || pdf_change_fills(kind);
    for (size_t i = 0; i < changes->count; i++) {
        const struct pdf_change *at = &changes->at[i];
        if (at->kind == kind && at->page == page && strcmp(at->name, change.name) == 0) {
            return;
        }
    }
    if (changes->count < PDF_CHANGES_MAX) {
        changes->at[changes->count++] = change;
    }
}

/* Was the object's bit set? Now it is, or is not. */
static bool change_bit(uint8_t *bits, int number, bool to)
{
    uint8_t bit = (uint8_t)(1U << (number % 8));
    bool before = (bits[number / 8] & bit) != 0;
    bits[number / 8] = (uint8_t)(to ? bits[number / 8] | bit : bits[number / 8] & ~bit);
    return before;
}

/* Of another generation than 0 there are few; not found, it is added. Two generations of
 * one number are two objects. NULL: too many. */
static struct compare_other *other_of(struct compare *c, int number, int generation,
                                      bool *seen)
{
    for (size_t i = 0; i < c->other_count; i++) {
        struct compare_other *other = &c->others[i];
        if (other->number == number && other->generation == generation) {
            *seen = true;
            return other;
        }
    }
    *seen = false;
    if (c->other_count == COMPARE_OTHERS_MAX) {
        return NULL;
    }
    struct compare_other *other = &c->others[c->other_count++];
    *other = (struct compare_other){.number = number, .generation = generation};
    return other;
}

void compare_mark(struct compare *c, qpdf_oh node, bool may_change)
{
    if (!pdf_is_dict(&c->old, node) || !qpdf_oh_is_indirect(c->old.qpdf, node)) {
        return;
    }
    bool seen = false;
    int number = qpdf_oh_get_object_id(c->old.qpdf, node);
    int generation = qpdf_oh_get_generation(c->old.qpdf, node);
    struct compare_other *other =
        generation == 0 ? NULL : other_of(c, number, generation, &seen);
    if (number <= 0 || number > PDF_OBJECT_MAX || (generation != 0 && other == NULL)) {
        c->broken = true;
    } else if (other != NULL) {
        other->open = other->open || may_change;
    } else {
        (void)change_bit(c->seen, number, true);
        if (may_change) {
            (void)change_bit(c->open, number, true);
        }
    }
}

/* --- The queue --------------------------------------------------------------------- */

/* named: the reference only says which object is meant. Any other makes the object serve
 * as something else, too, and then none of its keys may change. */
static bool is_done(struct compare *c, int number, int generation, bool named)
{
    if (generation == 0) {
        bool seen = change_bit(c->seen, number, true);
        return seen && (named || !change_bit(c->open, number, false));
    }
    bool seen = false;
    struct compare_other *other = other_of(c, number, generation, &seen);
    c->broken = c->broken || other == NULL;
    if (other == NULL || (seen && (named || !other->open))) {
        return true;
    }
    other->open = false;
    return false;
}

bool compare_has_seen(const struct compare *c, int number)
{
    return (c->seen[number / 8] & (1U << (number % 8))) != 0;
}

static void push(struct compare *c, int number, int generation, bool named,
                 const struct compare_area *area)
{
    if (number == 0) {
        return; /* refers to nothing */
    }
    c->broken = c->broken || number > PDF_OBJECT_MAX;
    if (c->broken || is_done(c, number, generation, named)) {
        return;
    }
    if (c->queued == c->queue_cap) {
        size_t cap = c->queue_cap == 0 ? 1024 : 2 * c->queue_cap;
        struct compare_item *more =
            (struct compare_item *)realloc(c->queue, cap * sizeof(struct compare_item));
        if (more == NULL || cap > QUEUE_MAX) {
            c->queue = more == NULL ? c->queue : more;
            c->broken = true;
            return;
        }
        c->queue = more;
        c->queue_cap = cap;
    }
    c->queue[c->queued++] = (struct compare_item){number, generation, *area};
}

/* --- Texts ------------------------------------------------------------------------- */

/* Past a string "(…)" or "<…>", or one byte of anything else. */
static size_t skip(struct slice text, size_t at)
{
    return text.data[at] == '(' ? syntax_skip_string(text, at) : at + 1;
}

/* One that is too large for an object stays so. */
static size_t number_at(struct slice text, size_t at, int *value)
{
    size_t from = at;

    *value = 0;
    for (; at < text.len && isdigit(text.data[at]); at++) {
        if (*value <= PDF_OBJECT_MAX) {
            *value = *value * 10 + (text.data[at] - '0');
        }
    }
    return at - from;
}

/* "N G R" at a place: its length; 0 = something else stands there. */
static size_t reference_at(struct slice text, size_t at, int *number, int *generation)
{
    size_t first = number_at(text, at, number);
    size_t second = at + first;

    if (first == 0 || second >= text.len || text.data[second] != ' ') {
        return 0;
    }
    size_t third = number_at(text, second + 1, generation) + second + 1;
    bool whole = third > second + 1 && third + 1 < text.len && text.data[third] == ' ' &&
                 text.data[third + 1] == 'R';
    return whole ? third + 2 - at : 0;
}

static bool begins_token(struct slice text, size_t at)
{
    return at == 0 || isspace(text.data[at - 1]) || text.data[at - 1] == '[';
}

/* Length of the name that begins at a place; 0 = something else stands there. */
static size_t name_at(struct slice text, size_t at)
{
    size_t from = at;

    if (text.data[at] != '/') {
        return 0;
    }
    do {
        at++;
    } while (at < text.len && !isspace(text.data[at]) &&
             strchr("/[]()<>", text.data[at]) == NULL);
    return at - from;
}

/* Does a reference under this key, or in a list (""), only name a field or the catalog?
 * What is drawn with is found under other keys: /XObject, /Font, /N. */
static bool is_naming(struct slice key)
{
    static const char *const keys[] = {"", "/Parent", "/Obj", "/T", "/Data"};

    for (size_t i = 0; i < SG_COUNT(keys); i++) {
        if (slice_equal(key, slice_str(keys[i]))) {
            return true;
        }
    }
    return false;
}

/* What the value of a key refers to is compared as well, later. The text is qpdf's own
 * writing. */
static void follow(struct compare *c, struct slice text, struct slice key,
                   const struct compare_area *area)
{
    int number = 0;
    int generation = 0;

    for (size_t at = 0; at < text.len;) {
        size_t name = name_at(text, at);
        size_t len =
            begins_token(text, at) ? reference_at(text, at, &number, &generation) : 0;
        if (len > 0) {
            push(c, number, generation, is_naming(key), area);
        }
        if (!isspace(text.data[at])) {
            key = slice_of(text.data + at, name);
        }
        at = name + len > 0 ? at + name + len : skip(text, at);
    }
}

static struct slice text_of(const struct pdf_reader *reader, qpdf_oh node, bool resolved)
{
    const char *text = resolved ? qpdf_oh_unparse_resolved(reader->qpdf, node)
                                : qpdf_oh_unparse(reader->qpdf, node);

    return slice_of(text, qpdf_get_last_string_length(reader->qpdf));
}

bool compare_equal(struct compare *c, qpdf_oh old, qpdf_oh new)
{
    return slice_equal(text_of(&c->old, old, false), text_of(&c->new, new, false));
}

/* Viewers take integers and reals in it alike. */
static bool is_rectangle(struct slice key)
{
    static const char *const keys[] = {"/MediaBox", "/CropBox", "/BleedBox",
                                       "/TrimBox",  "/ArtBox",  "/Rect"};

    for (size_t i = 0; i < SG_COUNT(keys); i++) {
        if (slice_equal(key, slice_str(keys[i]))) {
            return true;
        }
    }
    return false;
}

static void compare_under(struct compare *c, qpdf_oh old, qpdf_oh new, struct slice key,
                          const struct compare_area *area)
{
    struct slice before = text_of(&c->old, old, false);
    struct slice after = text_of(&c->new, new, false);

    /* Written in place in one revision, by reference in the other: still the same. */
    if (!slice_equal(before, after)) {
        before = text_of(&c->old, old, true);
        after = text_of(&c->new, new, true);
    }
    if (!numbers_say_the_same(before, after, is_rectangle(key))) {
        compare_note(c, area->kind, area->page, area->name);
        return;
    }
    follow(c, before, key, area);
}

void compare_value(struct compare *c, qpdf_oh old, qpdf_oh new,
                   const struct compare_area *area)
{
    compare_under(c, old, new, slice_str(""), area);
}

void compare_key(struct compare *c, qpdf_oh old, qpdf_oh new, const char *key,
                 const struct compare_area *area)
{
    qpdf_oh before = pdf_get(&c->old, old, key);
    qpdf_oh after = pdf_get(&c->new, new, key);

    compare_under(c, before, after, slice_str(key), area);
    qpdf_oh_release(c->old.qpdf, before);
    qpdf_oh_release(c->new.qpdf, after);
}

/* --- Objects ----------------------------------------------------------------------- */

static bool read_stream(const struct pdf_reader *reader, qpdf_oh node,
                        struct slice *bytes)
{
    unsigned char *data = NULL;
    size_t len = 0;
    QPDF_ERROR_CODE code =
        qpdf_oh_get_stream_data(reader->qpdf, node, qpdf_dl_none, NULL, &data, &len);

    *bytes = slice_of(data, len);
    return (code & QPDF_ERRORS) == 0 && (data != NULL || len == 0);
}

static bool same_stream(struct compare *c, qpdf_oh old, qpdf_oh new)
{
    struct slice before = slice_of(NULL, 0);
    struct slice after = slice_of(NULL, 0);
    bool read = read_stream(&c->old, old, &before) && read_stream(&c->new, new, &after);
    bool same = read && slice_equal(before, after);

    free((void *)(uintptr_t)before.data);
    free((void *)(uintptr_t)after.data);
    return same;
}

static void compare_streams(struct compare *c, qpdf_oh old, qpdf_oh new,
                            const struct compare_area *area)
{
    qpdf_oh before = qpdf_oh_get_dict(c->old.qpdf, old);
    qpdf_oh after = qpdf_oh_get_dict(c->new.qpdf, new);

    compare_value(c, before, after, area);
    if (!same_stream(c, old, new)) {
        compare_note(c, area->kind, area->page, area->name);
    }
    qpdf_oh_release(c->old.qpdf, before);
    qpdf_oh_release(c->new.qpdf, after);
}

static void compare_object(struct compare *c, const struct compare_item *item)
{
    qpdf_oh old = qpdf_get_object_by_id(c->old.qpdf, item->number, item->generation);
    qpdf_oh new = qpdf_get_object_by_id(c->new.qpdf, item->number, item->generation);
    bool stream = qpdf_oh_is_stream(c->old.qpdf, old) != 0;

    bool alike = stream == (qpdf_oh_is_stream(c->new.qpdf, new) != 0);
    bool same =
        alike && (stream || numbers_say_the_same(text_of(&c->old, old, true),
                                                 text_of(&c->new, new, true), false));

    if (!same) {
        compare_note(c, item->area.kind, item->area.page, item->area.name);
    } else if (stream) {
        compare_streams(c, old, new, &item->area);
    } else {
        follow(c, text_of(&c->old, old, true), slice_str(""), &item->area);
    }
    qpdf_oh_release(c->old.qpdf, old);
    qpdf_oh_release(c->new.qpdf, new);
}

void compare_drain(struct compare *c)
{
    while (c->queued > 0 && !c->broken) {
        struct compare_item item = c->queue[--c->queued];
        compare_object(c, &item);
    }
}

static void list_keys(const struct pdf_reader *reader, qpdf_oh dict,
                      struct pdf_buffer *out)
{
    if (!pdf_is_dict(reader, dict)) {
        return;
    }
    qpdf_oh_begin_dict_key_iter(reader->qpdf, dict);
    while (qpdf_oh_dict_more_keys(reader->qpdf)) {
        const char *key = qpdf_oh_dict_next_key(reader->qpdf);
        pdf_buffer_put(out, key, strlen(key) + 1);
    }
}

void compare_keys(struct compare *c, qpdf_oh old, qpdf_oh new, struct pdf_buffer *out)
{
    list_keys(&c->old, old, out);
    list_keys(&c->new, new, out);
    c->broken = c->broken || out->failed;
}
