#ifndef SEGEL_CLIENT_CALL_KEY_WORDS_H
#define SEGEL_CLIENT_CALL_KEY_WORDS_H

#include "client/console/screen.h"
#include "segel/v1/keys.pb-c.h"

/* States of keys in words. One that this program does not know, from a newer gateway, is
 * "unknown". Static texts. */

/* "active", …: for machines. */
const char *key_state_name(Segel__V1__KeyState state);
/* For people, in their language. */
const char *key_state_text(Segel__V1__KeyState state, bool indonesian);
enum screen_colour key_state_colour(Segel__V1__KeyState state);

#endif
