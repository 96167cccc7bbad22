#ifndef SEGEL_GATEWAY_LEDGER_GATHER_H
#define SEGEL_GATEWAY_LEDGER_GATHER_H

#include <sqlite3.h>

#include "proto/base.h"

/* How the writer's WAL is written. SQLite writes each frame by two system calls, some 300
 * frames a full commit; here what follows on each other is gathered and written at once,
 * before the sync that makes it durable, and before anything else is asked of the file.
 *
 * That is sound for a connection with synchronous=FULL only: it syncs the WAL at each
 * commit before it shows the frames to readers, which have the file open by themselves. A
 * write that failed is never made again: from then on the file takes nothing and no sync
 * says that it is well. */
enum {
    GATHER_BYTES = 120 << 10
}; /* SQLite's own files write less than 128 KiB at once */

/* Name of the VFS, for sqlite3_open_v2: that of the system but for WAL files. NULL: there
 * is no memory. Any thread. */
const char *gather_vfs(void);

#endif
