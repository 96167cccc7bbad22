#ifndef SEGEL_GATEWAY_CONFIG_URI_H
#define SEGEL_GATEWAY_CONFIG_URI_H

#include "gateway/config/parse.h"

/* PKCS#11 URIs (RFC 7512) in the configuration, as p11tool and vendors' tools print them.
 * A URI with a pin-value is refused: a PIN does not stand in a configuration. */

/* Of a lane: token, serial, manufacturer, model, module-path and pin-source fill the
 * fields of the same meaning; what it does not say stays as it is. No uri: no change. */
SG_MUST_USE enum sg_status uri_of_lane(struct parse *p, const struct yaml_node *map,
                                       struct config_lane *lane);
/* Of a key: id, object, and the token's attributes. Without a uri the field id must be
 * there. */
SG_MUST_USE enum sg_status uri_of_key(struct parse *p, const struct yaml_node *map,
                                      struct config_key *key);

#endif
