#ifndef SEGEL_TESTS_UNIT_LEDGER_SUPPORT_OLDER_H
#define SEGEL_TESTS_UNIT_LEDGER_SUPPORT_OLDER_H

#include <stddef.h>

#include "tests/unit/ledger/support/book.h"

/* Ledgers of older versions, made by SQL that never changes: what those versions wrote. A
 * new row in migrations.def needs a new row in versions[] of older.c. */

/* Versions that there have been. */
size_t older_count(void);
/* A ledger as that version, from 1 on, left it: 300 records with their tile, one claim
 * that is open and one that is signed. */
void older_write(const struct book *book, size_t version);

#endif
