#ifndef SEGEL_GATEWAY_CONFIG_COMPARE_H
#define SEGEL_GATEWAY_CONFIG_COMPARE_H

#include "gateway/config/config.h"

/* Whether two configurations say the same of something. */
bool config_same_words(const struct config_words *one, const struct config_words *other);
bool config_same_object(const struct config_object *one,
                        const struct config_object *other);
/* All of a lane but its name. */
bool config_same_lane(const struct config_lane *one, const struct config_lane *other);
/* The whole list; the order counts for callers, of whom the first that matches is taken.
 */
bool config_same_lanes(const struct config *one, const struct config *other);
bool config_same_callers(const struct config *one, const struct config *other);
bool config_same_networks(const struct config *one, const struct config *other);
bool config_same_anchors(const struct config *one, const struct config *other);
bool config_same_log_key(const struct config *one, const struct config *other);
/* Of a key. What it is: class, certificate and algorithms. Where: lanes and object. What
 * it may sign: classes, bare digests. */
bool config_same_key(const struct config_key *one, const struct config_key *other);
bool config_same_place(const struct config_key *one, const struct config_key *other);
bool config_same_rules(const struct config_key *one, const struct config_key *other);

#endif
