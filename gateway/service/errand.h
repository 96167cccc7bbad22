#ifndef SEGEL_GATEWAY_SERVICE_ERRAND_H
#define SEGEL_GATEWAY_SERVICE_ERRAND_H

#include "gateway/arguments.h"
#include "gateway/config/config.h"

/* What segeld does by its options instead of serving: it says what came of it, and ends.
 */

/* Whether the options ask for one. */
bool errand_asked(const struct arguments *arguments);
/* config is that of the options' file. Failures are those of what was asked; why has the
 * sentence. */
SG_MUST_USE enum sg_status errand_run(const struct arguments *arguments,
                                      const struct config *config, struct sg_error *why);
/* --print-config alone: the configuration of the file, or without one (NULL) that of the
 * defaults, onto standard output. SG_IO: it takes no more; others are config_load's. */
SG_MUST_USE enum sg_status errand_print(const char *path, struct sg_error *why);
/* --probe URL: prints what the page says. SG_PRECONDITION: it is not so; SG_IO: nobody
 * answers. */
SG_MUST_USE enum sg_status errand_probe(const char *url, struct sg_error *why);

#endif
