#include "tests/unit/ledger/support/backend.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "proto/base.h"

/* --- SQLite: a file in a folder of its own -------------------------------------------
 */

static void sqlite_make(char folder[BACKEND_FOLDER_MAX], char where[BACKEND_WHERE_MAX])
{
    const char *parent = getenv("TMPDIR"); /* NOLINT(concurrency-mt-unsafe) */

    (void)snprintf(folder, BACKEND_FOLDER_MAX, "%s/segel-ledger-XXXXXX",
                   parent == NULL ? "/tmp" : parent);
    cr_assert_not_null(mkdtemp(folder));
    (void)snprintf(where, BACKEND_WHERE_MAX, "%s/ledger.db", folder);
}

static void sqlite_remove(const char *folder, const char *where)
{
    static const char *const ends[] = {"",       "-wal",       "-shm",      ".lock",
                                       ".index", ".index-wal", ".index-shm"};
    char name[BACKEND_WHERE_MAX + 16];

    for (size_t i = 0; i < SG_COUNT(ends); i++) {
        (void)snprintf(name, sizeof(name), "%s%s", where, ends[i]);
        (void)unlink(name);
    }
    /* The test is over: Criterion would count no expectation that fails here. */
    MUST(rmdir(folder) == 0);
}

/* --- The table -----------------------------------------------------------------------
 */

const struct backend backends[] = {
    {"sqlite", sqlite_make, sqlite_remove},
};
const size_t backend_count = SG_COUNT(backends);

static const struct backend *used = &backends[0];

void backend_use(const struct backend *backend)
{
    used = backend;
}

const struct backend *backend_used(void)
{
    return used;
}
