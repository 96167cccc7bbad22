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

void named_record(struct named *named, struct slice text)
{
    struct tlog_hash hash;
    size_t len = 0;

    if (text.len != NAMED_TEXT || memcmp(text.data, named->last, NAMED_TEXT) == 0 ||
        memcmp(text.data, "sha256:", 7) != 0 ||
        text_unhex(slice_of(text.data + 7, 64), hash.bytes, sizeof(hash.bytes), &len) !=
            SG_OK) {
        return;
    }
    struct named_item *item = item_of(named, &hash);
    if (item == NULL) {
        named->beyond++;
        return;
    }
    item->named = true;
    memcpy(named->last, text.data, NAMED_TEXT);
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
