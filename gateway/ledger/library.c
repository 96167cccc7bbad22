#include "gateway/ledger/library.h"

#include <sqlite3.h>

const char *ledger_library(void)
{
    return sqlite3_libversion();
}

const char *ledger_library_built(void)
{
    return SQLITE_VERSION;
}
