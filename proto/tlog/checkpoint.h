#ifndef SEGEL_PROTO_TLOG_CHECKPOINT_H
#define SEGEL_PROTO_TLOG_CHECKPOINT_H

#include "proto/base.h"
#include "proto/slice.h"
#include "proto/tlog/lines.h"
#include "proto/tlog/merkle.h"
#include "proto/tlog/note.h"

/* The text of a checkpoint note (C2SP tlog-checkpoint): origin, size, root. */
enum { CHECKPOINT_TEXT_MAX = NOTE_NAME_MAX + 1 + 20 + 1 + 44 + 1 };

struct checkpoint {
    struct slice origin; /* borrowed */
    struct tlog_head head;
    struct slice extensions; /* borrowed: further lines, each with its LF; mostly empty */
};

/* SG_INVALID: malformed, also a size above 2^63 - 1, and size 0 with a root other than
 * the empty tree's. */
SG_MUST_USE enum sg_status checkpoint_parse(struct slice text, struct checkpoint *out);
void checkpoint_write(struct lines_out *out, const struct checkpoint *checkpoint);

/* A whole signed note: parses it, asks that its origin is the key's name and that the key
 * signed it. out points into bytes. SG_INVALID, SG_TOO_LARGE: no checkpoint note.
 * SG_NOT_FOUND: of another log, or not signed by the key. SG_CORRUPT: a false signature.
 */
SG_MUST_USE enum sg_status checkpoint_open(struct slice bytes, const struct note_key *key,
                                           struct checkpoint *out);

#endif
