#ifndef SEGEL_CLIENT_COMMANDS_CEREMONY_ANSWER_H
#define SEGEL_CLIENT_COMMANDS_CEREMONY_ANSWER_H

#include "client/commands/ceremony/ceremony.h"

/* The answer to a step of kind "ask", of the form that the script says; asked for again
 * until it has that form. What the gateway tells by itself is not asked for. */
SG_MUST_USE enum sg_status ceremony_answer(const struct ceremony *ceremony,
                                           const struct script_step *step,
                                           char out[ANSWER_MAX + 1],
                                           struct sg_error *why);
/* Whether a text has the form; why says what is wanted. Pure but for files. */
bool answer_fits(const struct script_step *step, const char *text, struct sg_error *why);

#endif
