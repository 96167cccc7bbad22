#ifndef SEGEL_CLIENT_COMMANDS_SIGN_LEVEL_H
#define SEGEL_CLIENT_COMMANDS_SIGN_LEVEL_H

#include "client/commands/extend/letter.h"

/* Profiles that the gateway alone cannot give: a letter of one is signed as B-T, and then
 * extended. False: it is none of them. */
bool sign_level_read(const char *profile, enum extend_level *out);
/* "b-t": the level of a signature by that profile, B-T at most. downgraded: without the
 * time stamp that was asked for. Static. */
const char *sign_level_signed(const char *profile, bool downgraded);

#endif
