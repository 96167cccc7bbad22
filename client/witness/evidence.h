#ifndef SEGEL_CLIENT_WITNESS_EVIDENCE_H
#define SEGEL_CLIENT_WITNESS_EVIDENCE_H

#include "client/witness/folder.h"
#include "proto/base.h"
#include "proto/slice.h"
#include "proto/tlog/checkpoint.h"

/* Checkpoints that prove, by the log's own signatures, that a log has shown two trees of
 * one size. They lie in the folder "evidence" beside the state, as plain notes:
 * <16 hex of SHA-256 of the origin>-<size>-<64 hex of the root>.checkpoint. Two that
 * differ in the root only are a proof. At most EVIDENCE_MAX of each origin are kept, the
 * first ones. */
enum { EVIDENCE_MAX = 256, EVIDENCE_NAME_SIZE = 120 };

/* Keeps one note; the same one twice is one file. SG_BUSY: EVIDENCE_MAX of its origin are
 * there. SG_IO. */
SG_MUST_USE enum sg_status evidence_keep(const struct folder *state,
                                         const struct checkpoint *checkpoint,
                                         struct slice note, struct sg_error *why);
/* How many notes are there; 0 also when there is no such folder. */
size_t evidence_count(const char *state_path);

#endif
