#ifndef SEGEL_CLIENT_COMMANDS_CEREMONY_MINUTES_SIGN_H
#define SEGEL_CLIENT_COMMANDS_CEREMONY_MINUTES_SIGN_H

#include "client/call/known_people.h"
#include "client/commands/ceremony/minutes_file.h"

/* Puts the signature of a note, which is over these minutes and has no other, behind
 * those that are in the file. SG_DENIED: whose it is takes no part, or the order of
 * signatures does not allow it: the witness is the last. SG_CONFLICT: has signed already.
 * SG_CORRUPT: a signature is false. SG_INVALID: over another text. */
SG_MUST_USE enum sg_status minutes_sign(const struct known_people *known,
                                        const char *path, struct slice note,
                                        struct sg_error *why);
/* Whose signature is next; missing: persons who have not signed, a bit each. */
SG_MUST_USE enum sg_status minutes_missing(const struct known_people *known,
                                           const struct minutes_file *file,
                                           struct minutes_votes *votes, uint64_t *missing,
                                           struct sg_error *why);

#endif
