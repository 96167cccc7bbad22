#include "tests/unit/ledger/support/faulty.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <sqlite3.h>

static sqlite3_vfs *real_vfs;
static sqlite3_vfs faulty_vfs;
/* SQLite has other methods for the database than for the WAL beside it. */
struct methods {
    const sqlite3_io_methods *real;
    sqlite3_io_methods faulty;
};
static struct methods database;
static struct methods beside;
static enum fault now;
static unsigned until_kill; /* 0 = never */

static const sqlite3_io_methods *real_of(const sqlite3_file *file)
{
    return file->pMethods == &database.faulty ? database.real : beside.real;
}

static void count_down(void)
{
    if (until_kill > 0 && --until_kill == 0) {
        (void)raise(SIGKILL);
    }
}

static int faulty_write(sqlite3_file *file, const void *data, int len, sqlite3_int64 at)
{
    count_down();
    if (now == FAULT_WRITE_FULL) {
        return SQLITE_FULL;
    }
    if (now == FAULT_WRITE_EIO) {
        return SQLITE_IOERR_WRITE;
    }
    return real_of(file)->xWrite(file, data, len, at);
}

static int faulty_sync(sqlite3_file *file, int flags)
{
    count_down();
    return now == FAULT_SYNC_EIO ? SQLITE_IOERR_FSYNC : real_of(file)->xSync(file, flags);
}

static int faulty_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file,
                       int flags, int *out_flags)
{
    (void)vfs;
    int rc = real_vfs->xOpen(real_vfs, name, file, flags, out_flags);

    if (rc == SQLITE_OK) {
        struct methods *set = (flags & SQLITE_OPEN_MAIN_DB) != 0 ? &database : &beside;
        set->real = file->pMethods;
        set->faulty = *set->real;
        set->faulty.xWrite = faulty_write;
        set->faulty.xSync = faulty_sync;
        file->pMethods = &set->faulty;
    }
    return rc;
}

void faulty_install(void)
{
    real_vfs = sqlite3_vfs_find(NULL);
    cr_assert_not_null(real_vfs);
    faulty_vfs = *real_vfs;
    faulty_vfs.zName = "faulty";
    faulty_vfs.xOpen = faulty_open;
    faulty_vfs.pNext = NULL;
    cr_assert_eq(sqlite3_vfs_register(&faulty_vfs, 1), SQLITE_OK);
}

void faulty_set(enum fault fault)
{
    now = fault;
}

void faulty_kill_at(unsigned n)
{
    until_kill = n;
}
