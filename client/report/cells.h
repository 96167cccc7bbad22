#ifndef SEGEL_CLIENT_REPORT_CELLS_H
#define SEGEL_CLIENT_REPORT_CELLS_H

#include "proto/base.h"

/* Counts by up to four numbers: of a month, of names. A hash table of bounded size: keys
 * that find no room are counted under the caller's `rest`. The zero state is valid for
 * _fini. */
enum { CELL_KEYS = 4, CELL_COUNTS = 5 };
struct cell {
    uint16_t key[CELL_KEYS];
    uint64_t count[CELL_COUNTS];
};
struct cells {
    struct cell *rows; /* owned; count of them are in use, in the order they came */
    uint32_t *slots;   /* owned: number of a row + 1, 0 = free */
    size_t mask;
    size_t count;
    size_t most;
};

/* SG_NO_MEMORY. */
SG_MUST_USE enum sg_status cells_init(struct cells *cells, size_t most);
void cells_fini(struct cells *cells);
/* The counts of a key, new ones at 0; of rest when the table has `most` rows. There are
 * at most 4096 different rests. */
uint64_t *cells_at(struct cells *cells, const uint16_t key[CELL_KEYS],
                   const uint16_t rest[CELL_KEYS]);

#endif
