#ifndef SEGEL_CLIENT_CALL_LOG_BEGIN_H
#define SEGEL_CLIENT_CALL_LOG_BEGIN_H

#include "client/audit/audit.h"
#include "client/channel/channel.h"

/* Where a log begins of which officers had old records pruned. */

/* The first record that has a text; 0 also for an empty log. */
SG_MUST_USE enum sg_status log_begin_find(struct channel *channel, uint64_t *first,
                                          struct sg_error *why);
/* Feeds the audit the hashes of those before it, from tiles of the tree of that size:
 * that they are the right ones the signed root says. After audit_mark, before any record.
 */
SG_MUST_USE enum sg_status log_begin_skip(struct channel *channel, struct audit *audit,
                                          uint64_t tree_size, struct sg_error *why);

#endif
