#ifndef SEGEL_GATEWAY_CORE_KEY_KNOWN_H
#define SEGEL_GATEWAY_CORE_KEY_KNOWN_H

#include "gateway/core/key/key.h"

/* A key of the configuration that the ledger's register knows by its name: what a start
 * and a reload refuse, and whoever asks beforehand. On the core's thread, or with a key
 * of a ring that nobody else has. */

/* made: by a ceremony. SG_INVALID: the configuration says that it is otherwise; why tells
 * what to write there. */
SG_MUST_USE enum sg_status known_check(const struct config_key *key, bool made,
                                       struct sg_error *why);
/* The same, and a slot is filled with what the register has; an empty ckaid: no ceremony
 * made the key, an empty chain: it has no certificate yet. As key_fill. */
SG_MUST_USE enum sg_status known_take(struct key *key, const struct key_filling *from,
                                      const struct config *config, struct sg_error *why);

#endif
