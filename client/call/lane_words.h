#ifndef SEGEL_CLIENT_CALL_LANE_WORDS_H
#define SEGEL_CLIENT_CALL_LANE_WORDS_H

#include "client/console/screen.h"

/* What the gateway says of a lane and of a certificate, for people, in their language. A
 * word that is not known here, of a newer gateway, is given back as it is. Else static
 * texts. */

/* "up", "pin-latched" … */
const char *lane_state_text(const char *state, bool indonesian);
enum screen_colour lane_state_colour(const char *state);
/* "good", "revoked", "off" …: so that it stands without a heading. */
const char *certificate_status_text(const char *status, bool indonesian);

#endif
