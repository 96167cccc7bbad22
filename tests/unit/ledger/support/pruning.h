#ifndef SEGEL_TESTS_UNIT_LEDGER_SUPPORT_PRUNING_H
#define SEGEL_TESTS_UNIT_LEDGER_SUPPORT_PRUNING_H

#include "gateway/ledger/prune.h"
#include "tests/unit/ledger/support/scrubbing.h"

/* A log of which old records go: record i was written in second i of 2016, and a
 * checkpoint covers all but the last ten. One test at a time. */
enum { PRUNING_RECORDS = 1300, PRUNING_COVERED = 1290 };
extern struct scrubbing pruning_all;
extern struct book *const pruning_book;
/* 2016-01-01T01:00:00Z: after all of them. */
extern const int64_t pruning_later_us;

void pruning_set_up(void);
void pruning_tear_down(void);
struct slice pruning_text(uint64_t index, char text[160]);
void pruning_write(uint64_t count);
/* With its record; SG_PRECONDITION and so on as ledger_prune_check. */
enum sg_status pruning_begin(uint64_t before, int64_t newest_us);
/* Until nothing is left to do; how many texts are kept. */
uint64_t pruning_finish(void);
struct ledger_reader *pruning_reader(void);
/* Visits: the first index is noted, where *first is UINT64_MAX before. */
void pruning_take_first(void *first, uint64_t index, struct slice json);

#endif
