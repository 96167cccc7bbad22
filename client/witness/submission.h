#ifndef SEGEL_CLIENT_WITNESS_SUBMISSION_H
#define SEGEL_CLIENT_WITNESS_SUBMISSION_H

#include "proto/base.h"
#include "proto/slice.h"
#include "proto/tlog/checkpoint.h"
#include "proto/tlog/merkle.h"
#include "proto/tlog/note.h"

/* The body of an add-checkpoint request (C2SP tlog-witness), taken apart. Pure. */
enum { SUBMISSION_MAX = 131072 };

struct submission {
    uint64_t old_size;
    struct tlog_path path;
    struct note note;             /* points into the body */
    struct checkpoint checkpoint; /* likewise; says nothing about who signed it */
    bool false_empty;             /* size 0, and not the root of the empty tree */
};

/* SG_INVALID, SG_TOO_LARGE: not of this form; also a checkpoint's text of more than
 * WITNESS_TEXT_MAX bytes. */
SG_MUST_USE enum sg_status submission_parse(struct slice body, struct submission *out);

#endif
