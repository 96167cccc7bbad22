#ifndef SEGEL_GATEWAY_CORE_KEY_ACTIVATION_H
#define SEGEL_GATEWAY_CORE_KEY_ACTIVATION_H

#include "gateway/ledger/keyreg.h"
#include "gateway/policy/facts.h"

/* For which jobs a key is open (RFC 3647 section 6.2.8). Whether one is needed is the
 * policy's word; how long it lasts is counted here. Times are those of register_now_us.
 */

enum {
    ACTIVATION_MAX = 10000000, /* jobs, at most; also what is left where no bound is */
    ACTIVATION_IDLE_S = 1800,  /* when the request does not say */
    ACTIVATION_IDLE_MAX_S = 86400,
    ACTIVATION_DAYS_MAX = 366 /* of a window */
};

/* Why it is over: one sentence, static; NULL: it covers the moment. */
const char *activation_over(const struct activation *activation, int64_t now_us);
/* Jobs that may still come. */
uint64_t activation_left(const struct activation *activation);
/* Since the last job, or since it began. */
int64_t activation_idle_s(const struct activation *activation, int64_t now_us);

/* The INTENT of a job is written: *mark names the activation that it counts in, 0 = none.
 * Never above its bound. */
void activation_use(struct keyreg *row, int64_t now_us, int64_t *mark);
/* That job's attempt has certainly made no signature: counts for nothing if its
 * activation is still the present one. Returns whether the row changed. */
bool activation_give_back(struct keyreg *row, int64_t mark);

/* activation.* and the key.* facts that depend on its state. */
void activation_facts(const struct keyreg *row, int64_t now_us, struct facts *facts);

#endif
