#ifndef SEGEL_CLIENT_MINUTES_SIGN_H
#define SEGEL_CLIENT_MINUTES_SIGN_H

#include "client/known_people.h"
#include "client/minutes_file.h"
#include "client/officer/key.h"

/* One person's signature under minutes in a file. */
struct minutes_signer {
    const struct known_people *known;
    const char *path;     /* of the minutes */
    const char *key_path; /* of the person's key */
};

/* The file with the signature of this key behind those that are there. SG_DENIED: who
 * owns the key takes no part, or the order of signatures does not allow it: the witness
 * is the last. SG_CONFLICT: has signed already. SG_CORRUPT: a signature that is there is
 * false. */
SG_MUST_USE enum sg_status minutes_sign(const struct minutes_signer *signer,
                                        const struct passphrase *passphrase,
                                        struct sg_error *why);
/* Whose signature is next; missing: persons who have not signed, a bit each. */
SG_MUST_USE enum sg_status minutes_missing(const struct known_people *known,
                                           const struct minutes_file *file,
                                           struct minutes_votes *votes, uint64_t *missing,
                                           struct sg_error *why);

#endif
