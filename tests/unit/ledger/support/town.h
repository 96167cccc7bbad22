#ifndef SEGEL_TESTS_UNIT_LEDGER_SUPPORT_TOWN_H
#define SEGEL_TESTS_UNIT_LEDGER_SUPPORT_TOWN_H

#include "tests/unit/ledger/support/book.h"

/* A log as a town's gateway may write it: jobs allowed and denied, events, a clock that
 * is set back once, and a record that is no JSON now and then. Of each list of names the
 * last is rare: one record in a thousand has it. The same in each run of a program. */
enum { TOWN_CALLERS = 4, TOWN_NAMES = 3 };
extern const char *const town_callers[TOWN_CALLERS];
extern const char *const town_keys[TOWN_NAMES];
extern const char *const town_classes[TOWN_NAMES];
extern const char *const town_mandates[TOWN_NAMES]; /* the first is none: NULL */
extern const char *const town_rules[TOWN_NAMES];

/* Of record i; a second lies between two. Request ids are "req-N", N = i / 3. */
int64_t town_time_us(uint64_t index);
/* Adds records in one transaction. node: tells one town's log from another's. */
void town_fill(struct book *book, const char *node, uint64_t count);
/* A number below the limit. */
uint32_t town_draw(uint32_t limit);

#endif
