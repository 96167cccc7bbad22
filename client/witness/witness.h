#ifndef SEGEL_CLIENT_WITNESS_WITNESS_H
#define SEGEL_CLIENT_WITNESS_WITNESS_H

#include "client/witness/judge.h"
#include "client/witness/key.h"
#include "client/witness/state.h"
#include "proto/base.h"
#include "proto/slice.h"

/* A witness of logs (C2SP tlog-witness) without its network: it cosigns a checkpoint when
 * the tree is the one it saw before, grown. One thread: a request is judged, stored and
 * answered before the next one is looked at, so nothing can come between check and store.
 */
struct witness;

/* Opens key and state, and keeps other processes out. The state is written anew at once:
 * what was read may not be on the disk yet, and a folder that cannot be written is found
 * here. SG_CORRUPT, SG_NOT_FOUND, SG_CONFLICT, SG_PRECONDITION: the state is damaged,
 * missing, another witness's, or of another version. SG_INVALID: the key is none.
 * SG_BUSY, SG_IO. why says what to do. */
struct witness_paths {
    const char *key;   /* file */
    const char *state; /* folder */
};
SG_MUST_USE enum sg_status witness_open(const struct witness_paths *paths,
                                        const struct witness_keys *keys,
                                        struct witness **out, struct sg_error *why);
/* NULL is fine. */
void witness_close(struct witness *witness);

/* The beginning of a witness: a new key, and a state without promises. SG_CONFLICT: one
 * of both is there already. On SG_OK *cosigner is what logs and verifiers have to be
 * told. */
SG_MUST_USE enum sg_status witness_init(const struct witness_paths *paths,
                                        const char *name, struct note_key *cosigner,
                                        struct sg_error *why);

/* What became of a request. */
struct witness_reply {
    enum witness_answer answer;
    char body[512]; /* a cosignature line, a size, or a sentence; ends with LF */
    const char *type;
    bool split;   /* both checkpoints are kept as evidence, as far as `why` is empty */
    bool adopted; /* the note held a later cosignature of ours than the state did */
    bool behind;  /* the client believes that we have cosigned a larger tree */
    char origin[NOTE_NAME_MAX + 1]; /* "" when it could not be read */
    uint64_t size;
    uint64_t old_size;
    struct sg_error why; /* of BROKEN, and of evidence that could not be kept */
};
/* now_s: unix seconds of the wall clock. After WITNESS_BROKEN the witness must not be
 * asked again: what stands on the disk is not known. Waits for the disk. */
void witness_add(struct witness *witness, struct slice body, uint64_t now_s,
                 struct witness_reply *out);

/* The note that was cosigned last for the origin whose SHA-256 is given in lower-case
 * hexadecimal, with that cosignature. SG_NOT_FOUND: never. Valid until the next call. */
SG_MUST_USE enum sg_status witness_latest(const struct witness *witness,
                                          struct slice origin_hex, struct slice *note);
/* Whether a cosignature could be made at that time: the clock is not behind. */
bool witness_healthy(const struct witness *witness, uint64_t now_s);

const struct note_key *witness_cosigner(const struct witness *witness);

#endif
