#ifndef SEGEL_GATEWAY_SERVICE_POLICY_HINDSIGHT_H
#define SEGEL_GATEWAY_SERVICE_POLICY_HINDSIGHT_H

#include "gateway/core/officers/order.h"

/* What another policy would have made of the newest decisions of the log: those among its
 * last HINDSIGHT_RECORDS records. Reads the ledger's file by a handle of its own, in a
 * tenth of a second or so, so not on a thread that others wait for. */
enum { HINDSIGHT_RECORDS = 4096 };

/* ledger: path of its file. out->known is false when the log cannot be read: that is no
 * reason against a policy. A record that cannot be judged counts as incomplete. */
void hindsight(const char *ledger, const struct policy *policy,
               struct policy_effect *out);

#endif
