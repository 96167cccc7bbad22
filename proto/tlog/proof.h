#ifndef SEGEL_PROTO_TLOG_PROOF_H
#define SEGEL_PROTO_TLOG_PROOF_H

#include "proto/base.h"
#include "proto/slice.h"
#include "proto/tlog/checkpoint.h"
#include "proto/tlog/lines.h"
#include "proto/tlog/merkle.h"

/* The offline proof of one record (C2SP tlog-proof, ".tlog-proof"): the record itself as
 * `extra`, its index, its path, and the checkpoint note byte for byte. */
enum { PROOF_EXTRA_MAX = 65535, PROOF_MAX = 2 * 65535 + NOTE_MAX };

struct proof {
    struct slice extra; /* the record's bytes; empty: the line is left out */
    uint64_t index;
    struct tlog_path path;
    struct slice checkpoint; /* a signed note */
};

/* A path as lines, here and in what a witness is asked: takes them off *rest, up to the
 * first empty line and with it. SG_INVALID. SG_TOO_LARGE: more than 63 hashes. */
SG_MUST_USE enum sg_status proof_path_read(struct slice *rest, struct tlog_path *path);

void proof_write(struct lines_out *out, const struct proof *proof);

/* Reads the form only. extra is decoded into the buffer, the checkpoint points into text.
 * SG_INVALID, SG_TOO_LARGE. */
SG_MUST_USE enum sg_status proof_read(struct slice text, uint8_t *extra, size_t cap,
                                      struct proof *out);

/* Whether the record stands at the proof's index in the log of that key. record: the
 * bytes of the leaf, which may be proof->extra. SG_CORRUPT: the path or a signature is
 * false. Others as checkpoint_open. */
SG_MUST_USE enum sg_status proof_check(const struct proof *proof, struct slice record,
                                       const struct note_key *key,
                                       struct checkpoint *checkpoint);

#endif
