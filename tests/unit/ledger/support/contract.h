#ifndef SEGEL_TESTS_UNIT_LEDGER_SUPPORT_CONTRACT_H
#define SEGEL_TESTS_UNIT_LEDGER_SUPPORT_CONTRACT_H

#include <criterion/criterion.h>

#include "tests/unit/ledger/support/backend.h"

/* What ledger.h and reader.h promise, whatever keeps the ledger: the files contract_*.c.
 * Each claim runs once for each row of the backends, between the file's own set_up and
 * tear_down; a book (book.h) is then made in the backend's way. They see the public
 * headers only: no SQL, no files. */
void contract_run(void (*set_up)(void), void (*claim)(void), void (*tear_down)(void));

#define CONTRACT(suite, name)                                                            \
    static void suite##_##name(void);                                                    \
    Test(suite, name)                                                                    \
    {                                                                                    \
        contract_run(set_up, suite##_##name, tear_down);                                 \
    }                                                                                    \
    static void suite##_##name(void)

#endif
