#include "proto/tlog/merkle.h"

/* Leaves [from, until). Every range that occurs starts at a multiple of the largest power
 * of two that fits into it, so it splits into complete subtrees. */
struct range {
    uint64_t from;
    uint64_t until;
};

static unsigned log2_floor(uint64_t value)
{
    return 63U - (unsigned)__builtin_clzll(value);
}

/* The largest power of two smaller than the length; the length is at least 2. */
static uint64_t split(struct range range)
{
    return (uint64_t)1 << log2_floor(range.until - range.from - 1);
}

/* Tree hash of a range: its complete subtrees from left to right, folded from the right.
 */
static enum sg_status range_hash(const struct tlog_source *source, struct range range,
                                 struct tlog_hash *out)
{
    struct tlog_hash parts[64];
    size_t count = 0;

    MUST(range.from < range.until);
    while (range.from < range.until) {
        unsigned level = log2_floor(range.until - range.from);
        MUST(count < SG_COUNT(parts) && (range.from & (((uint64_t)1 << level) - 1)) == 0);
        TRY(source->fetch(source->context, level, range.from >> level, &parts[count]));
        count++;
        range.from += (uint64_t)1 << level;
    }
    struct tlog_hash root = parts[--count];
    while (count > 0) {
        root = tlog_node(&parts[--count], &root);
    }
    *out = root;
    return SG_OK;
}

static enum sg_status push(const struct tlog_source *source, struct range range,
                           struct tlog_path *path)
{
    MUST(path->count < TLOG_PATH_MAX);
    return range_hash(source, range, &path->hash[path->count++]);
}

/* One step down from the root: keeps the half that `left` names and adds the hash of the
 * other one to the path. */
static enum sg_status descend(const struct tlog_source *source, struct range *range,
                              bool left, struct tlog_path *path)
{
    uint64_t middle = range->from + split(*range);
    struct range other =
        left ? (struct range){middle, range->until} : (struct range){range->from, middle};

    if (left) {
        range->until = middle;
    } else {
        range->from = middle;
    }
    return push(source, other, path);
}

/* The walk goes down from the root; a proof is written upwards. */
static void reverse(struct tlog_path *path)
{
    for (size_t i = 0; i < path->count / 2; i++) {
        struct tlog_hash held = path->hash[i];
        path->hash[i] = path->hash[path->count - 1 - i];
        path->hash[path->count - 1 - i] = held;
    }
}

enum sg_status tlog_inclusion_prove(const struct tlog_source *source,
                                    struct tlog_place place, struct tlog_path *path)
{
    struct range range = {0, place.size};

    if (place.index >= place.size || place.size > INT64_MAX) {
        return SG_INVALID;
    }
    path->count = 0;
    while (range.until - range.from > 1) {
        bool left = place.index < range.from + split(range);
        TRY(descend(source, &range, left, path));
    }
    reverse(path);
    return SG_OK;
}

enum sg_status tlog_consistency_prove(const struct tlog_source *source, uint64_t old_size,
                                      uint64_t new_size, struct tlog_path *path)
{
    struct range range = {0, new_size};

    if (old_size > new_size || new_size > INT64_MAX) {
        return SG_INVALID;
    }
    path->count = 0;
    if (old_size == 0) {
        return SG_OK;
    }
    while (range.until != old_size) {
        bool left = old_size <= range.from + split(range);
        TRY(descend(source, &range, left, path));
    }
    /* What is left ends where the old tree ended. When it is the whole old tree the
     * verifier has its hash already: the old root. */
    if (range.from != 0) {
        TRY(push(source, range, path));
    }
    reverse(path);
    return SG_OK;
}

enum sg_status tlog_root(const struct tlog_source *source, uint64_t size,
                         struct tlog_hash *root)
{
    if (size > INT64_MAX) {
        return SG_INVALID;
    }
    if (size == 0) {
        *root = tlog_sha256(slice_of("", 0));
        return SG_OK;
    }
    return range_hash(source, (struct range){0, size}, root);
}
