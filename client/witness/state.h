#ifndef SEGEL_CLIENT_WITNESS_STATE_H
#define SEGEL_CLIENT_WITNESS_STATE_H

#include "client/witness/folder.h"
#include "proto/base.h"
#include "proto/slice.h"
#include "proto/tlog/merkle.h"
#include "proto/tlog/note.h"

/* What a witness has promised: for each origin the last checkpoint that it cosigned. All
 * of it is one file, so that no part of it can be older than another, and each entry is a
 * note that carries the witness's own signature:
 *
 *     segel-witness-state/v1
 *     <the witness's vkey>
 *     <number of entries>
 *     <length in bytes>        before each note
 *     <note>
 *     sha256 <hex of all that stands above>
 */
enum {
    WITNESS_ORIGINS_MAX = 64,
    WITNESS_NOTE_MAX = 20480 /* text, signatures of the origin's keys, our cosignature */
};

struct witness_entry {
    char origin[NOTE_NAME_MAX + 1];
    struct tlog_head head;
    uint64_t time_s; /* of the cosignature, unix seconds */
    size_t note_len;
    char note[WITNESS_NOTE_MAX];
};

struct witness_state {
    struct note_key cosigner; /* whose promises they are */
    size_t count;
    struct witness_entry entries[WITNESS_ORIGINS_MAX];
};

/* A checkpoint note that the cosigner signed. SG_INVALID, SG_TOO_LARGE: no such note;
 * SG_NOT_FOUND: not cosigned; SG_CORRUPT: by a false cosignature. */
SG_MUST_USE enum sg_status witness_entry_read(struct slice note,
                                              const struct note_key *cosigner,
                                              struct witness_entry *out);

/* NULL: nothing of this origin was ever cosigned. Valid until the next store. */
const struct witness_entry *witness_state_find(const struct witness_state *state,
                                               struct slice origin);

/* SG_NOT_FOUND: the folder has no state. SG_CORRUPT: damaged. SG_PRECONDITION: of another
 * version. why says what to do. */
SG_MUST_USE enum sg_status witness_state_load(const struct folder *folder,
                                              struct witness_state *out,
                                              struct sg_error *why);
/* Puts one entry in the place of its origin's, or only writes the state anew when it is
 * NULL. On SG_OK it is on the disk; otherwise the state in memory is what it was.
 * SG_BUSY: there is no room for another origin. SG_IO, SG_NO_MEMORY. */
SG_MUST_USE enum sg_status witness_state_store(const struct folder *folder,
                                               struct witness_state *state,
                                               const struct witness_entry *entry,
                                               struct sg_error *why);

#endif
