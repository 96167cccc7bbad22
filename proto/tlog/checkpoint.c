#include "proto/tlog/checkpoint.h"

#include "proto/text.h"
#include "proto/tlog/b64.h"

/* Extension lines may not be empty. */
static bool extensions_valid(struct slice rest)
{
    struct slice line = {0};

    while (lines_next(&rest, &line)) {
        if (line.len == 0) {
            return false;
        }
    }
    return rest.len == 0;
}

enum sg_status checkpoint_parse(struct slice text, struct checkpoint *out)
{
    struct slice rest = text;
    struct slice origin = {0};
    struct slice size = {0};
    struct slice root = {0};
    struct checkpoint made = {0};

    if (!lines_next(&rest, &origin) || !lines_next(&rest, &size) ||
        !lines_next(&rest, &root)) {
        return SG_INVALID;
    }
    if (!text_plain(origin) || origin.len == 0 || origin.len > NOTE_NAME_MAX ||
        !text_utf8(rest) || !extensions_valid(rest)) {
        return SG_INVALID;
    }
    TRY(text_uint(size, INT64_MAX, &made.head.size));
    TRY(b64_decode_hash(root, &made.head.root));
    struct tlog_hash empty = tlog_sha256(slice_of("", 0));
    if (made.head.size == 0 && !tlog_hash_equal(&made.head.root, &empty)) {
        return SG_INVALID;
    }
    made.origin = origin;
    made.extensions = rest;
    *out = made;
    return SG_OK;
}

void checkpoint_write(struct lines_out *out, const struct checkpoint *checkpoint)
{
    lines_put(out, checkpoint->origin);
    lines_text(out, "\n");
    lines_uint(out, checkpoint->head.size);
    lines_text(out, "\n");
    lines_b64(out, slice_of(checkpoint->head.root.bytes, TLOG_HASH_SIZE));
    lines_text(out, "\n");
    lines_put(out, checkpoint->extensions);
}

enum sg_status checkpoint_open(struct slice bytes, const struct note_key *key,
                               struct checkpoint *out)
{
    struct note note;
    struct note_verdict verdict;
    struct checkpoint made;

    TRY(note_parse(bytes, &note));
    TRY(checkpoint_parse(note.text, &made));
    if (!slice_equal(made.origin, slice_str(key->name))) {
        return SG_NOT_FOUND;
    }
    TRY(note_verify(&note, key, &verdict));
    *out = made;
    return SG_OK;
}
