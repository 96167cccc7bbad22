#ifndef SEGEL_GATEWAY_CORE_TALLY_H
#define SEGEL_GATEWAY_CORE_TALLY_H

#include <stdatomic.h>

#include "proto/base.h"

/* How many jobs each rule has denied since the start, by the id of the rule, over all
 * policies that were in force; the gateway's own refusals among them. The core's thread
 * counts, any thread reads. What finds no room counts as "other". */
enum { TALLY_ROWS = 256, TALLY_RULE_SIZE = 65 };

struct tally_row {
    char rule[TALLY_RULE_SIZE]; /* written once, before it is counted */
    atomic_uint_fast64_t denied;
};
struct tally {
    struct tally_row rows[TALLY_ROWS]; /* the last one is "other" */
    atomic_size_t count;
};

void tally_deny(struct tally *tally, const char *rule);
/* The at-th rule; NULL behind the last one. */
const char *tally_rule(const struct tally *tally, size_t at, uint64_t *denied);

#endif
