#ifndef SEGEL_GATEWAY_CORE_FORESEE_H
#define SEGEL_GATEWAY_CORE_FORESEE_H

#include "gateway/config/config.h"

/* Whether a start would go on with the ledger that is there, its policy, its roster and
 * its register of keys: asked before an upgrade, beside the older version that still
 * serves. said: a sentence on what a start would change for good; "" when nothing. Fails
 * with what such a start would say.
 */
SG_MUST_USE enum sg_status core_foresee(const struct config *config, char *said,
                                        size_t size, struct sg_error *why);
/* Before the tables of an older ledger are led on: whether a start would go on behind
 * that. The same errors; SG_OK where nothing is to be led on. */
SG_MUST_USE enum sg_status core_foresee_migration(const struct config *config,
                                                  struct sg_error *why);

#endif
