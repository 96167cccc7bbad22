#ifndef SEGEL_GATEWAY_CORE_KEY_KNOWN_H
#define SEGEL_GATEWAY_CORE_KEY_KNOWN_H

#include "gateway/core/key/key.h"
#include "gateway/ledger/ledger.h"

/* A key of the configuration that the ledger's register knows by its name: what a start
 * and a reload refuse, and whoever asks beforehand. On the core's thread, or with a key
 * of a ring that nobody else has. */

/* Fills a slot with what the register has. An empty ckaid: no ceremony made the key, an
 * empty chain: it has no certificate yet. SG_INVALID: the configuration says that it is
 * otherwise; why tells what to write there. Else as key_fill. */
SG_MUST_USE enum sg_status known_take(struct key *key, const struct key_filling *from,
                                      const struct config *config, struct sg_error *why);
/* What the next start would make of a ring that was just loaded: every key of it that the
 * ledger knows, and whether all of them are apart then (keyring_apart). Core thread. A
 * ledger that is latched is not asked: SG_OK. */
SG_MUST_USE enum sg_status known_take_all(struct ledger *ledger, struct keyring *ring,
                                          const struct config *config,
                                          struct sg_error *why);

#endif
