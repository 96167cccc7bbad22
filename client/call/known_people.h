#ifndef SEGEL_CLIENT_CALL_KNOWN_PEOPLE_H
#define SEGEL_CLIENT_CALL_KNOWN_PEOPLE_H

#include "client/console/home.h"
#include "proto/quorum/roster.h"

/* Who is on the roster, and by which quorum file. Large: not for a thread's stack. */
enum { KNOWN_TEXT_MAX = 65536 }; /* as a quorum file may have */

struct known_people {
    struct roster roster;
    uint8_t sha256[32]; /* of the quorum file */
    size_t text_len;
    char text[KNOWN_TEXT_MAX]; /* the file itself */
};

/* SG_IO. SG_INVALID: why names the line. */
SG_MUST_USE enum sg_status known_from_file(const char *path, struct known_people *out,
                                           struct sg_error *why);
/* As the gateway's quorum file in force has them. SG_PRECONDITION: it has none.
 * SG_CORRUPT: its answer makes no sense. Others as channel_unary. */
SG_MUST_USE enum sg_status known_from_gateway(const struct home *home,
                                              struct known_people *out,
                                              struct sg_error *why);
/* Who has signed a note of one signature; GROUPS_NONE: nobody of the roster. */
unsigned known_signer(const struct known_people *known, const struct note *note);
/* The names of these persons, a bit each, with ", " between them. */
void known_names(const struct known_people *known, uint64_t persons, char *out,
                 size_t cap);

#endif
