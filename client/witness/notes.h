#ifndef SEGEL_CLIENT_WITNESS_NOTES_H
#define SEGEL_CLIENT_WITNESS_NOTES_H

#include "client/witness/judge.h"
#include "client/witness/submission.h"
#include "proto/tlog/lines.h"

/* What is kept of a note that was handed in. Pure. */

/* Writes the checkpoint's text and one signature line of each key of its origin; whatever
 * else the client has added is not kept. The signatures were verified by
 * judge_signatures. */
void notes_put_verified(struct lines_out *out, const struct submission *submission,
                        const struct witness_keys *keys);

/* The cosignature of that witness with the latest time above *time_s, which it moves;
 * NULL: there is none. A false one counts as none: whoever handed the note in may have
 * put it there. */
const struct note_signature *
notes_newest(const struct note *note, const struct note_key *cosigner, uint64_t *time_s);

#endif
