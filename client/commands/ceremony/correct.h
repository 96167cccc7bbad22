#ifndef SEGEL_CLIENT_COMMANDS_CEREMONY_CORRECT_H
#define SEGEL_CLIENT_COMMANDS_CEREMONY_CORRECT_H

#include "client/commands/ceremony/ceremony.h"

/* A step that fails because of an answer that was given before it: the answer is given
 * anew, and both stand in the minutes. Only what that step needs, and on which nothing
 * was done or found yet: no check and no action between its question and the step needs
 * it. */
enum { CORRECT_NAMES_SIZE = 512 };

/* The names of all such answers, with blanks between them; "": there is none. None, too,
 * while the gateway may still do what was asked with the old ones. */
void ceremony_correctable(const struct ceremony *ceremony, char out[CORRECT_NAMES_SIZE]);
/* Asks for the answer of that name and keeps it. *done is false if it is none of them. */
SG_MUST_USE enum sg_status ceremony_correct(struct ceremony *ceremony, const char *name,
                                            bool *done, struct sg_error *why);

#endif
