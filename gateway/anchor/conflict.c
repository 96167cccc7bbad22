#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "gateway/anchor/parcel.h"
#include "proto/text.h"

/* Two checkpoints that cannot both be true. The ledger itself was found sound: so either
 * it is an older copy, or somebody made another log. Both sides are kept for whoever has
 * to find out. */

enum { HASH_BYTES = 8 };

/* What stands against what. */
struct conflict {
    struct anchor_loop *loop;
    const struct anchor *anchor;
    uint64_t size;       /* of what the anchor holds */
    struct slice theirs; /* a note, or a sentence */
    uint64_t ours;       /* records in the ledger */
    struct tlog_hash root;
};

/* Its name says what it is of and what is in it: a start that is tried again has its
 * files already, and one on another ledger adds its own. */
static bool keep(const struct conflict *conflict, const char *side, struct slice bytes)
{
    char path[PATH_MAX];
    char hex[2 * HASH_BYTES + 1];
    struct stat about;
    struct tlog_hash hash = tlog_sha256(bytes);

    text_hex(slice_of(hash.bytes, HASH_BYTES), hex);
    int len = snprintf(path, sizeof(path), "%s.conflict-%s-%llu-%s.%s",
                       conflict->anchor->of->config->ledger_file,
                       conflict->anchor->config->name, (unsigned long long)conflict->size,
                       hex, side);
    if (len < 0 || (size_t)len >= sizeof(path)) {
        return false;
    }
    if (lstat(path, &about) == 0) {
        return true; /* whole, because it is named when it is */
    }
    char *slash = strrchr(path, '/');
    if (slash == NULL) {
        return folder_keep(".", path, bytes, NULL) == SG_OK;
    }
    *slash = '\0';
    return folder_keep(slash == path ? "/" : path, slash + 1, bytes, NULL) == SG_OK;
}

/* The bytes of a checkpoint of our own. */
struct own {
    uint8_t note[HELD_MAX];
    size_t len;
};

static bool take_own(void *context, uint64_t size, struct slice note)
{
    struct own *own = (struct own *)context;

    (void)size;
    if (note.len <= sizeof(own->note)) {
        memcpy(own->note, note.data, note.len);
        own->len = note.len;
    }
    return true;
}

static void describe_own(const struct conflict *conflict, struct own *own)
{
    const struct checkpoint checkpoint = {
        .origin = slice_str(conflict->anchor->of->config->ledger_origin),
        .head = {conflict->ours, conflict->root}};
    struct lines_out lines;
    struct slice text;

    lines_start(&lines, (char *)own->note, sizeof(own->note));
    checkpoint_write(&lines, &checkpoint);
    own->len = lines_finish(&lines, &text) == SG_OK ? text.len : 0;
}

/* Of the same size, if there is one: two signed roots of one size prove it all by
 * themselves. Else the newest; without any, what the ledger comes to, unsigned. */
static void find_own(const struct conflict *conflict, struct own *own)
{
    struct checkpoint_range range = {conflict->size, conflict->size + 1, 0};
    struct ledger_reader *ledger = conflict->loop->ledger;
    uint64_t size = 0;

    own->len = 0;
    if (ledger_read_checkpoints(ledger, &range, take_own, own) == SG_OK && own->len > 0) {
        return;
    }
    if (ledger_read_checkpoint(ledger, own->note, sizeof(own->note), &own->len, &size) !=
        SG_OK) {
        describe_own(conflict, own);
    }
}

static enum sg_status tell(const struct conflict *conflict, struct sg_error *why)
{
    struct own own;
    const char *ledger = conflict->anchor->of->config->ledger_file;
    const char *name = conflict->anchor->config->name;
    unsigned long long size = conflict->size;

    find_own(conflict, &own);
    bool kept = keep(conflict, "anchor", conflict->theirs) &&
                keep(conflict, "ledger", slice_of(own.note, own.len));
    const char *where = kept ? "both checkpoints are kept beside the ledger as"
                             : "evidence could not be written to";
    if (conflict->ours < conflict->size) {
        return sg_fail(
            why, SG_CORRUPT,
            "anchor '%s' holds a checkpoint of %llu records, but the ledger has "
            "%llu: it is an older copy, or was cut; put the newest one back; %s "
            "%s.conflict-%s-%llu-*",
            name, size, (unsigned long long)conflict->ours, where, ledger, name, size);
    }
    return sg_fail(why, SG_CORRUPT,
                   "anchor '%s' holds another root for the first %llu records than the "
                   "ledger: the log was forked or rewritten; keep both; %s "
                   "%s.conflict-%s-%llu-*",
                   name, size, where, ledger, name, size);
}

/* Root of the first records of the ledger. */
static enum sg_status root_of(struct ledger_reader *ledger, uint64_t size,
                              struct tlog_hash *root)
{
    struct ledger_path path;

    *root = tlog_sha256(slice_of("", 0));
    return size == 0 ? SG_OK
                     : ledger_inclusion(ledger, size - 1, size, &path, root->bytes);
}

static enum sg_status look_at_ledger(struct conflict *conflict, uint64_t size,
                                     struct sg_error *why)
{
    struct ledger_reader *ledger = conflict->loop->ledger;

    enum sg_status status = ledger_read_size(ledger, &conflict->ours);
    if (status == SG_OK) {
        status = root_of(ledger, size < conflict->ours ? size : conflict->ours,
                         &conflict->root);
    }
    return status == SG_OK
               ? SG_OK
               : sg_fail(why, status, "the ledger cannot be held against anchor '%s': %s",
                         conflict->anchor->config->name, sg_status_text(status));
}

enum sg_status conflict_look(struct anchor_loop *loop, const struct anchor *anchor,
                             const struct held *held, struct sg_error *why)
{
    struct conflict conflict = {.loop = loop,
                                .anchor = anchor,
                                .size = held->head.size,
                                .theirs = slice_of(held->note, held->len)};

    TRY(look_at_ledger(&conflict, held->head.size, why));
    return held->head.size <= conflict.ours &&
                   tlog_hash_equal(&held->head.root, &conflict.root)
               ? SG_OK
               : tell(&conflict, why);
}

enum sg_status conflict_look_size(struct anchor_loop *loop, const struct anchor *anchor,
                                  uint64_t size, struct sg_error *why)
{
    char text[ANCHOR_PATH_MAX + 96];
    struct conflict conflict = {.loop = loop, .anchor = anchor, .size = size};

    (void)snprintf(text, sizeof(text), "409 of %s: it holds a checkpoint of size %llu\n",
                   anchor->config->place, (unsigned long long)size);
    conflict.theirs = slice_str(text);
    TRY(look_at_ledger(&conflict, size, why));
    return size <= conflict.ours ? SG_OK : tell(&conflict, why);
}
