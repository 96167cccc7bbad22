#ifndef SEGEL_CLIENT_COMMANDS_CEREMONY_REHEARSAL_H
#define SEGEL_CLIENT_COMMANDS_CEREMONY_REHEARSAL_H

#include <sys/types.h>

#include "client/console/home.h"

/* A world to practise in: a software token, test certificates, made-up persons and a
 * gateway on the loopback interface, all in one temporary folder. */
enum { REHEARSAL_DIR_SIZE = 512 };

struct rehearsal {
    bool keep;           /* leave the folder */
    const char *earlier; /* folder that an earlier one has left; NULL: a new one */
    pid_t segeld;        /* -1: not started */
    bool ours;           /* made by this run, or its gateway came up in it */
    char dir[REHEARSAL_DIR_SIZE]; /* "": not made */
    char people[REHEARSAL_DIR_SIZE + 16];
    struct home leader;
};

/* Takes some seconds. SG_NOT_FOUND: something is not installed; why says what. SG_IO,
 * SG_INTERNAL: why names the log to look at. rehearsal_end is due in any case. */
SG_MUST_USE enum sg_status rehearsal_begin(struct rehearsal *world, bool indonesian,
                                           struct sg_error *why);
/* What happens outside of the gateway when a ceremony has ended: the made-up issuer makes
 * a certificate for the request of a new key. csr: NULL, or its file. */
SG_MUST_USE enum sg_status rehearsal_after(const struct rehearsal *world, const char *csr,
                                           struct sg_error *why);
/* Brings the world to where a shipped ceremony begins: its end of a lock-down needs one.
 */
SG_MUST_USE enum sg_status rehearsal_prepare(const struct rehearsal *world,
                                             const char *ceremony, struct sg_error *why);
/* Shows what `segel ceremony verify` says of the minutes, as those of a
 * rehearsal. */
SG_MUST_USE enum sg_status rehearsal_verify(const struct rehearsal *world,
                                            const char *minutes, const char *quorum,
                                            struct sg_error *why);
/* Stops the gateway, and removes the folder if it is ours and not to be kept. For AUTO.
 */
void rehearsal_end(struct rehearsal *world);

#endif
