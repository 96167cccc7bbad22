#include "client/witness/submission.h"

#include "client/witness/key.h"
#include "proto/text.h"
#include "proto/tlog/b64.h"
#include "proto/tlog/lines.h"
#include "proto/tlog/proof.h"

static const char old[] = "old ";
enum { OLD_LEN = sizeof(old) - 1 };

static enum sg_status read_old(struct slice line, uint64_t *size)
{
    if (line.len <= OLD_LEN || memcmp(line.data, old, OLD_LEN) != 0) {
        return SG_INVALID;
    }
    return text_uint(slice_of(line.data + OLD_LEN, line.len - OLD_LEN), INT64_MAX, size);
}

/* A checkpoint of size 0 with a root of its own has an answer of its own (422), so it
 * must be told from one that is malformed: all of it has to be right but the root. */
static enum sg_status read_false_empty(struct slice text, struct submission *out)
{
    char right[WITNESS_TEXT_MAX];
    struct slice rest = text;
    struct slice line[3] = {{0}};
    struct tlog_hash root;
    struct lines_out lines;
    struct slice whole;
    struct checkpoint checkpoint;

    for (size_t i = 0; i < SG_COUNT(line); i++) {
        if (!lines_next(&rest, &line[i])) {
            return SG_INVALID;
        }
    }
    TRY(b64_decode_hash(line[2], &root));
    struct checkpoint empty = {
        .origin = line[0], .head.root = tlog_sha256(slice_of("", 0)), .extensions = rest};
    if (!slice_equal(line[1], slice_str("0"))) {
        return SG_INVALID;
    }
    lines_start(&lines, right, sizeof(right));
    checkpoint_write(&lines, &empty);
    TRY(lines_finish(&lines, &whole));
    TRY(checkpoint_parse(whole, &checkpoint));
    empty.head.root = root;
    out->checkpoint = empty;
    out->false_empty = true;
    return SG_OK;
}

enum sg_status submission_parse(struct slice body, struct submission *out)
{
    struct slice rest = body;
    struct slice line = {0};

    out->false_empty = false;
    if (body.len > SUBMISSION_MAX) {
        return SG_TOO_LARGE;
    }
    if (!lines_next(&rest, &line)) {
        return SG_INVALID;
    }
    TRY(read_old(line, &out->old_size));
    TRY(proof_path_read(&rest, &out->path));
    TRY(note_parse(rest, &out->note));
    if (out->note.text.len > WITNESS_TEXT_MAX) {
        return SG_TOO_LARGE;
    }
    if (checkpoint_parse(out->note.text, &out->checkpoint) == SG_OK) {
        return SG_OK;
    }
    return read_false_empty(out->note.text, out);
}
