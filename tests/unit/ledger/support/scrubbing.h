#ifndef SEGEL_TESTS_UNIT_LEDGER_SUPPORT_SCRUBBING_H
#define SEGEL_TESTS_UNIT_LEDGER_SUPPORT_SCRUBBING_H

#include "gateway/ledger/reader.h"
#include "tests/unit/ledger/support/book.h"

/* A lawful log with a complete tile of the second level and a checkpoint inside its last
 * tile, and whoever checks the whole of it. */
enum { SCRUB_EARLY = 300, SCRUB_COVERED = 65536 + 650, SCRUB_RECORDS = 65536 + 700 };
struct scrubbing {
    struct book book;
    struct ledger_reader *reader; /* of the last pass; NULL before */
    struct sg_error why;
    uint64_t records; /* that the last pass has hashed */
};

void scrubbing_make(struct scrubbing *scrubbing); /* the ledger is closed */
void scrubbing_remove(struct scrubbing *scrubbing);
/* A whole pass by a new reader: SG_NOT_FOUND when all was sound. */
enum sg_status scrubbing_pass(struct scrubbing *scrubbing);
void scrubbing_close_reader(struct scrubbing *scrubbing);

#endif
