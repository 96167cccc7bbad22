#include "client/bundle/named.h"

#include "proto/text.h"

static struct named_item *item_of(struct named *named, const struct tlog_hash *hash)
{
    for (size_t i = 0; i < named->count; i++) {
        if (tlog_hash_equal(&named->items[i].hash, hash)) {
            return &named->items[i];
        }
    }
    if (named->count == NAMED_MAX) {
        return NULL;
    }
    named->items[named->count] = (struct named_item){.hash = *hash};
    return &named->items[named->count++];
}

/* The digits that stand for a hash; empty when the text has another form. */
static struct slice digits_of(struct slice text)
{
    if (text.len == NAMED_TEXT && memcmp(text.data, "sha256:", NAMED_PREFIX) == 0) {
        return slice_of(text.data + NAMED_PREFIX, NAMED_DIGITS);
    }
    return text.len == NAMED_DIGITS ? text : slice_of("", 0);
}

static bool is_lower_hex(struct slice digits, struct tlog_hash *out)
{
    char again[NAMED_DIGITS + 1];
    size_t len = 0;

    if (digits.len != NAMED_DIGITS ||
        text_unhex(digits, out->bytes, sizeof(out->bytes), &len) != SG_OK) {
        return false;
    }
    text_hex(slice_of(out->bytes, len), again);
    return memcmp(again, digits.data, NAMED_DIGITS) == 0;
}

void named_record(struct named *named, struct slice text)
{
    struct slice digits = digits_of(text);
    struct tlog_hash hash;

    if (digits.len == 0 || memcmp(digits.data, named->last, NAMED_DIGITS) == 0 ||
        !is_lower_hex(digits, &hash)) {
        return;
    }
    struct named_item *item = item_of(named, &hash);
    if (item == NULL) {
        named->beyond++;
        return;
    }
    item->named = true;
    memcpy(named->last, digits.data, NAMED_DIGITS);
}

bool named_there(struct named *named, const struct tlog_hash *hash)
{
    struct named_item *item = item_of(named, hash);

    if (item != NULL) {
        item->there = true;
    }
    return item != NULL;
}

const struct named_item *named_next(const struct named *named, size_t *at, bool is_named,
                                    bool is_there)
{
    while (*at < named->count) {
        const struct named_item *item = &named->items[(*at)++];
        if (item->named == is_named && item->there == is_there) {
            return item;
        }
    }
    return NULL;
}
