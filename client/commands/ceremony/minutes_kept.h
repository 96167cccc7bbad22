#ifndef SEGEL_CLIENT_COMMANDS_CEREMONY_MINUTES_KEPT_H
#define SEGEL_CLIENT_COMMANDS_CEREMONY_MINUTES_KEPT_H

#include "client/commands/ceremony/minutes_file.h"
#include "client/console/home.h"

/* Minutes that a gateway keeps (keys.proto, SignMinutes). */

/* Whether the word names such minutes, and no file here: "c-01J9…". Any other word is a
 * file's, perhaps mistyped. */
bool minutes_kept_named(const char *word);
/* As minutes_file_load. SG_NOT_FOUND: the gateway has none of that id. Others as
 * channel_unary. */
SG_MUST_USE enum sg_status minutes_kept_fetch(const struct home *home, const char *id,
                                              struct minutes_file *out,
                                              struct sg_error *why);
/* Hands in one signature. missing: how many persons have not signed then. */
SG_MUST_USE enum sg_status minutes_kept_sign(const struct home *home, const char *id,
                                             struct slice note, size_t *missing,
                                             struct sg_error *why);
/* All signatures of a file, one after the other; those that are there already change
 * nothing. SG_INVALID: there is none. SG_DENIED: of one that was refused, the first;
 * those behind it were handed in all the same. */
SG_MUST_USE enum sg_status minutes_kept_hand_in(const struct home *home,
                                                const struct minutes_file *file,
                                                size_t *missing, struct sg_error *why);
/* As `segel ceremony sign` and `keep` say what came of it. */
void minutes_kept_tell(size_t missing, bool indonesian);

#endif
