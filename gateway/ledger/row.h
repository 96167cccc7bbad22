#ifndef SEGEL_GATEWAY_LEDGER_ROW_H
#define SEGEL_GATEWAY_LEDGER_ROW_H

#include "gateway/ledger/store.h"
#include "proto/arena.h"

/* A row of a statement on its way into an arena. Errors are kept until row_end. */
struct row {
    sqlite3_stmt *statement;
    struct arena *arena; /* borrowed; NULL: nothing is copied into one */
    bool full;           /* the arena */
    bool sound;          /* every column was what it must be; true at the begin */
};

/* Bytes with a NUL behind them; a text that holds none itself; a number; a hash. */
struct slice row_bytes(struct row *row, int column);
const char *row_text(struct row *row, int column);
uint64_t row_number(struct row *row, int column);
int64_t row_time(struct row *row, int column); /* microseconds since 1970 */
void row_hash(struct row *row, int column, uint8_t out[32]);
/* SG_NO_MEMORY: the arena is full. SG_LEDGER: a column was not; what names the row for
 * people ("a request"), and the ledger is latched. */
SG_MUST_USE enum sg_status row_end(struct ledger *ledger, const struct row *row,
                                   const char *what);

#endif
