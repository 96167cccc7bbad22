#ifndef SEGEL_GATEWAY_LEDGER_INDEX_INSIDE_H
#define SEGEL_GATEWAY_LEDGER_INDEX_INSIDE_H

#include <limits.h>
#include <sqlite3.h>

#include "gateway/ledger/index.h"
#include "gateway/ledger/words.h"
#include "proto/slice.h"

/* The index's inside: index.c the file, index_build.c what goes in, index_find.c what is
 * found by it. */
enum indexing {
#define INDEXING(name, sql) INDEX_##name,
#include "gateway/ledger/index_statements.def"
#undef INDEXING
    INDEX_STATEMENTS
};

struct word_set; /* index_build.c: the words of one block */

struct ledger_index {
    char path[PATH_MAX];
    sqlite3 *db;                                /* owned; NULL: no block yet */
    sqlite3_stmt *statements[INDEX_STATEMENTS]; /* owned */
    uint64_t blocks;                            /* complete ones that are in it */
    uint64_t pruned; /* records below it had no text when this one was begun */
};

/* Makes, or opens, the file and prepares the statements. */
SG_MUST_USE enum sg_status index_open_file(struct ledger_index *index,
                                           struct sg_error *why);

/* What stands in the column records of a posting: a bitmap when every record of the block
 * has its bit, else two bytes a record, the lower one first, in rising order. */
enum { INDEX_BITMAP = INDEX_BLOCK / 8 };

/* The number that a word is found by: 64 bits of its SHA-256. */
int64_t index_word(enum word_kind kind, struct slice text);

#endif
