#ifndef SEGEL_GATEWAY_CONFIG_LEFT_H
#define SEGEL_GATEWAY_CONFIG_LEFT_H

#include "gateway/config.h"

/* What a reload leaves as it was: names of the settings and lists that `now` has
 * otherwise than `begun`, the configuration of the start, and that are read at the start
 * only, with
 * ", " between. Cut with "…" where out is too small. False: there is none, out is "". */
bool config_left(const struct config *begun, const struct config *now, char *out,
                 size_t size);

#endif
