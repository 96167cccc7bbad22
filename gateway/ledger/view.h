#ifndef SEGEL_GATEWAY_LEDGER_VIEW_H
#define SEGEL_GATEWAY_LEDGER_VIEW_H

#include <sqlite3.h>

#include "gateway/ledger/reader.h"
#include "gateway/ledger/tree.h"
#include "proto/tlog/merkle.h"

/* The reader's inside: what reader.c and proofs.c share. */

enum reading {
#define READING(name, sql) READ_##name,
#include "gateway/ledger/reader_statements.def"
#undef READING
    READ_COUNT
};

/* A complete tile, which never changes; a proof asks for one many times. */
struct held_tile {
    bool known;
    uint64_t n;
    struct tlog_hash hashes[TILE_WIDTH];
};

struct ledger_reader {
    sqlite3 *db;                          /* owned */
    sqlite3_stmt *statements[READ_COUNT]; /* owned */
    struct held_tile tiles[TILE_LEVELS];  /* the last one of each level */
    struct ledger_index *index;           /* owned; NULL: every record is looked at */
    bool index_lost;     /* it could not be read; told by the next step */
    struct scrub *scrub; /* owned; NULL: none was ever begun */
};

/* One short transaction, so that a call sees one state of the log. */
SG_MUST_USE enum sg_status view_begin(struct ledger_reader *reader);
/* For AUTO: ends what view_begin began. */
void view_end(struct ledger_reader **reader);
/* Committed leaves, inside a transaction. */
SG_MUST_USE enum sg_status view_size(struct ledger_reader *reader, uint64_t *size);
/* Records below it were pruned, whether or not their texts are gone by now: 0 = none. */
SG_MUST_USE enum sg_status view_pruned(struct ledger_reader *reader, uint64_t *before);
/* proofs.c: the leaf hash of a record in a complete tile, inside a transaction. */
SG_MUST_USE enum sg_status view_leaf(struct ledger_reader *reader, uint64_t index,
                                     struct tlog_hash *out);
/* proofs.c: the path of a record in the tree of the first size records, inside a
 * transaction. Statuses as ledger_inclusion. */
SG_MUST_USE enum sg_status view_inclusion(struct ledger_reader *reader, uint64_t index,
                                          uint64_t size, struct tlog_path *path);

#endif
