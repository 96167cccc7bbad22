#include "gateway/policy/replay_keys.h"

static void clear_row(struct replay_keys_row *row)
{
    replay_key_free(row->key);
    *row = (struct replay_keys_row){0};
}

void replay_keys_fini(struct replay_keys *keys)
{
    for (size_t i = 0; i < REPLAY_KEYS_MAX; i++) {
        clear_row(&keys->rows[i]);
    }
}

/* The row of the index, or one that is free. */
static struct replay_keys_row *row_of(struct replay_keys *keys, uint64_t index)
{
    struct replay_keys_row *oldest = &keys->rows[0];

    for (size_t i = 0; i < REPLAY_KEYS_MAX; i++) {
        struct replay_keys_row *row = &keys->rows[i];
        if (row->used != 0 && row->index == index) {
            return row;
        }
        oldest = row->used < oldest->used ? row : oldest;
    }
    clear_row(oldest);
    return oldest;
}

struct fetching {
    struct replay_keys *keys;
    struct replay_keys_row *row;
    bool found;
    enum sg_status status;
};

static bool take(void *context, uint64_t index, struct slice json)
{
    struct fetching *fetching = (struct fetching *)context;
    struct replay_keys_row *row = fetching->row;

    if (index == row->index) {
        fetching->found = true;
        fetching->status =
            replay_key_make(fetching->keys->policy, index, json, &row->key, &row->why);
    }
    return false;
}

static enum sg_status fetch(struct replay_keys *keys, struct replay_keys_row *row,
                            struct sg_error *why)
{
    struct fetching fetching = {.keys = keys, .row = row};

    TRY(keys->from.fetch(keys->from.source, row->index, take, &fetching, why));
    if (!fetching.found) {
        return sg_fail(&row->why, SG_INVALID, "record %llu: the log does not show it",
                       (unsigned long long)row->index);
    }
    return fetching.status;
}

enum sg_status replay_keys_get(struct replay_keys *keys, uint64_t index,
                               const struct replay_key **out, struct sg_error *why)
{
    struct replay_keys_row *row = row_of(keys, index);

    *out = NULL;
    if (row->used == 0) {
        row->index = index;
        enum sg_status status = fetch(keys, row, why);
        if (status != SG_OK && row->why.text[0] == '\0') {
            return status;
        }
    }
    row->used = ++keys->turn;
    *out = row->key;
    if (row->key == NULL) {
        *why = row->why;
    }
    return SG_OK;
}
