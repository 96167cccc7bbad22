#ifndef SEGEL_CLIENT_COMMANDS_CEREMONY_REHEARSAL_PEOPLE_H
#define SEGEL_CLIENT_COMMANDS_CEREMONY_REHEARSAL_PEOPLE_H

#include "client/commands/ceremony/rehearsal.h"

/* Known to everybody: it guards nothing. */
#define REHEARSAL_PASSPHRASE "latihan-latihan"

/* Keys of the made-up persons, named "….rehearsal.invalid", and a quorum file that has a
 * line for each task of tasks.def. */
SG_MUST_USE enum sg_status rehearsal_people(const struct rehearsal *world,
                                            struct sg_error *why);
/* Prints the key of somebody who is to come: officer-5, a caller but on no roster yet. */
SG_MUST_USE enum sg_status rehearsal_newcomer(const struct rehearsal *world,
                                              bool indonesian, struct sg_error *why);

#endif
