#ifndef SEGEL_GATEWAY_LEDGER_LIBRARY_H
#define SEGEL_GATEWAY_LEDGER_LIBRARY_H

/* Version of SQLite in the running process, and of the header that it was compiled with.
 * Static texts; any thread. */
const char *ledger_library(void);
const char *ledger_library_built(void);

#endif
