#ifndef SEGEL_CLIENT_SIGN_LETTER_H
#define SEGEL_CLIENT_SIGN_LETTER_H

#include "client/sign_plan.h"

/* Where the signed letter of `path` goes, and whether it may go there. */
enum { LETTER_ID_SIZE = 40, LETTER_PATH_SIZE = 4096 };

/* SG_CONFLICT: it would overwrite the input, or a file that is there without --force.
 * SG_OK with *skip: --resume, and it is there. */
SG_MUST_USE enum sg_status letter_place(const char *path, const struct sign_plan *plan,
                                        char output[LETTER_PATH_SIZE], bool *skip,
                                        struct sg_error *why);

#endif
