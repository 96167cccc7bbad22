#include "proto/tlog/proof.h"

#include "proto/text.h"
#include "proto/tlog/b64.h"

static const char header[] = "c2sp.org/tlog-proof@v1";
enum { LINES_MAX = 63 };

void proof_write(struct lines_out *out, const struct proof *proof)
{
    lines_text(out, header);
    lines_text(out, "\n");
    if (proof->extra.len > 0) {
        lines_text(out, "extra ");
        lines_b64(out, proof->extra);
        lines_text(out, "\n");
    }
    lines_text(out, "index ");
    lines_uint(out, proof->index);
    lines_text(out, "\n");
    for (size_t i = 0; i < proof->path.count; i++) {
        lines_b64(out, slice_of(proof->path.hash[i].bytes, TLOG_HASH_SIZE));
        lines_text(out, "\n");
    }
    lines_text(out, "\n");
    lines_put(out, proof->checkpoint);
}

/* "word value": false when the line begins otherwise. */
static bool keyword(struct slice line, const char *word, struct slice *value)
{
    size_t len = strlen(word);

    if (line.len <= len || memcmp(line.data, word, len) != 0 || line.data[len] != ' ') {
        return false;
    }
    *value = slice_of(line.data + len + 1, line.len - len - 1);
    return true;
}

enum sg_status proof_path_read(struct slice *rest, struct tlog_path *path)
{
    struct slice line = {0};

    path->count = 0;
    while (lines_next(rest, &line)) {
        if (line.len == 0) {
            return SG_OK;
        }
        if (path->count == LINES_MAX) {
            return SG_TOO_LARGE;
        }
        TRY(b64_decode_hash(line, &path->hash[path->count]));
        path->count++;
    }
    return SG_INVALID;
}

enum sg_status proof_read(struct slice text, uint8_t *extra, size_t cap,
                          struct proof *out)
{
    struct slice rest = text;
    struct slice line = {0};
    struct slice value = {0};
    struct proof made = {0};

    if (text.len > PROOF_MAX) {
        return SG_TOO_LARGE;
    }
    if (!lines_next(&rest, &line) || !slice_equal(line, slice_str(header)) ||
        !lines_next(&rest, &line)) {
        return SG_INVALID;
    }
    if (keyword(line, "extra", &value)) {
        size_t len = 0;
        TRY(b64_decode(value, extra, cap, &len));
        if (len == 0) {
            return SG_INVALID; /* left out when empty: one proof has one text */
        }
        made.extra = slice_of(extra, len);
        if (!lines_next(&rest, &line)) {
            return SG_INVALID;
        }
    }
    if (!keyword(line, "index", &value)) {
        return SG_INVALID;
    }
    TRY(text_uint(value, INT64_MAX, &made.index));
    TRY(proof_path_read(&rest, &made.path));
    if (rest.len == 0) {
        return SG_INVALID;
    }
    made.checkpoint = rest;
    *out = made;
    return SG_OK;
}

enum sg_status proof_check(const struct proof *proof, struct slice record,
                           const struct note_key *key, struct checkpoint *checkpoint)
{
    struct checkpoint made;
    struct tlog_hash leaf = tlog_leaf(record);

    TRY(checkpoint_open(proof->checkpoint, key, &made));
    struct tlog_place place = {proof->index, made.head.size};
    TRY(tlog_inclusion_check(place, &leaf, &proof->path, &made.head.root));
    *checkpoint = made;
    return SG_OK;
}
