#ifndef SEGEL_GATEWAY_CORE_WATCH_TALLY_H
#define SEGEL_GATEWAY_CORE_WATCH_TALLY_H

#include <stdatomic.h>

#include "proto/base.h"
#include "proto/remarks.h"

/* What jobs came to by each rule since the start, by the id of the rule, over all
 * policies that were in force; the gateway's own refusals among them. The core's thread
 * counts, any thread reads. What finds no room counts as "other". */
enum { TALLY_ROWS = 256, TALLY_RULE_SIZE = 65 };

enum tally_kind {
    TALLY_REQUEST, /* it denied, for what was asked, by whom or when */
    TALLY_GATEWAY, /* it denied, for the condition of gateway, log, clock or key */
    TALLY_LIFTED,  /* accepted: it would have denied, and officers had lifted it */
    TALLY_REMARKS, /* and an enum remark: accepted, and it failed for that reason */
    TALLY_KINDS = TALLY_REMARKS + REMARKS
};

struct tally_row {
    char rule[TALLY_RULE_SIZE]; /* written once, before it is counted */
    atomic_uint_fast64_t counts[TALLY_KINDS];
};
struct tally {
    struct tally_row rows[TALLY_ROWS]; /* the last one is "other" */
    atomic_size_t count;
    atomic_uint_fast64_t accepted; /* jobs */
};

/* named: a rule; NULL counts as "": no rule has passed, and none has failed. */
void tally_count(struct tally *tally, const char *named, enum tally_kind kind);
void tally_accept(struct tally *tally);
uint64_t tally_accepted(const struct tally *tally);
/* The at-th rule; NULL behind the last one. */
const char *tally_rule(const struct tally *tally, size_t at,
                       uint64_t counts[TALLY_KINDS]);

#endif
