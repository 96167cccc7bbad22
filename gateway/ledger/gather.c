#include "gateway/ledger/gather.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static const char NAME[] = "segel-gather";

static sqlite3_vfs vfs;
static sqlite3_vfs *system_vfs; /* static of SQLite */
static bool made;

/* One WAL that is open. SQLite gives the room; the system's own file stands behind it. */
struct gathered {
    sqlite3_file head; /* first */
    uint8_t *bytes;    /* owned */
    size_t len;        /* that wait */
    sqlite3_int64 at;  /* where the first of them belongs */
    bool broken;       /* a write failed */
};

static sqlite3_file *under(struct gathered *file)
{
    return (sqlite3_file *)(void *)(file + 1);
}

static struct gathered *of(sqlite3_file *file)
{
    return (struct gathered *)(void *)file;
}

/* --- Writing ----------------------------------------------------------------------- */

static int put(struct gathered *file, const void *bytes, size_t len, sqlite3_int64 at)
{
    if (file->broken) {
        return SQLITE_IOERR_WRITE;
    }
    sqlite3_file *below = under(file);
    int rc = below->pMethods->xWrite(below, bytes, (int)len, at);
    file->broken = rc != SQLITE_OK;
    return rc;
}

static int flush(struct gathered *file)
{
    size_t len = file->len;

    file->len = 0;
    if (file->broken) {
        return SQLITE_IOERR_WRITE;
    }
    return len == 0 ? SQLITE_OK : put(file, file->bytes, len, file->at);
}

static int on_write(sqlite3_file *self, const void *bytes, int amount, sqlite3_int64 at)
{
    struct gathered *file = of(self);
    size_t len = (size_t)amount;

    bool follows = file->len == 0 || at == file->at + (sqlite3_int64)file->len;
    if (!follows || len > GATHER_BYTES - file->len) {
        int rc = flush(file);
        if (rc != SQLITE_OK) {
            return rc;
        }
    }
    if (len > GATHER_BYTES || file->broken) {
        return put(file, bytes, len, at);
    }
    if (file->len == 0) {
        file->at = at;
    }
    memcpy(file->bytes + file->len, bytes, len);
    file->len += len;
    return SQLITE_OK;
}

/* --- What asks for the file as it is ----------------------------------------------- */

static int on_close(sqlite3_file *self)
{
    struct gathered *file = of(self);
    sqlite3_file *below = under(file);
    int flushed = flush(file);
    int rc = below->pMethods->xClose(below);

    free(file->bytes);
    file->bytes = NULL;
    return rc == SQLITE_OK ? flushed : rc;
}

static int on_read(sqlite3_file *self, void *bytes, int amount, sqlite3_int64 at)
{
    sqlite3_file *below = under(of(self));
    int rc = flush(of(self));

    return rc == SQLITE_OK ? below->pMethods->xRead(below, bytes, amount, at) : rc;
}

static int on_truncate(sqlite3_file *self, sqlite3_int64 size)
{
    sqlite3_file *below = under(of(self));
    int rc = flush(of(self));

    return rc == SQLITE_OK ? below->pMethods->xTruncate(below, size) : rc;
}

static int on_sync(sqlite3_file *self, int flags)
{
    sqlite3_file *below = under(of(self));
    int rc = flush(of(self));

    return rc == SQLITE_OK ? below->pMethods->xSync(below, flags) : rc;
}

static int on_size(sqlite3_file *self, sqlite3_int64 *size)
{
    sqlite3_file *below = under(of(self));
    int rc = flush(of(self));

    return rc == SQLITE_OK ? below->pMethods->xFileSize(below, size) : rc;
}

/* --- What is the system's alone ---------------------------------------------------- */

static int on_lock(sqlite3_file *self, int lock)
{
    sqlite3_file *below = under(of(self));

    return below->pMethods->xLock(below, lock);
}

static int on_unlock(sqlite3_file *self, int lock)
{
    sqlite3_file *below = under(of(self));

    return below->pMethods->xUnlock(below, lock);
}

static int on_check_lock(sqlite3_file *self, int *reserved)
{
    sqlite3_file *below = under(of(self));

    return below->pMethods->xCheckReservedLock(below, reserved);
}

static int on_control(sqlite3_file *self, int what, void *value)
{
    sqlite3_file *below = under(of(self));

    return below->pMethods->xFileControl(below, what, value);
}

static int on_sector_size(sqlite3_file *self)
{
    sqlite3_file *below = under(of(self));

    return below->pMethods->xSectorSize(below);
}

static int on_characteristics(sqlite3_file *self)
{
    sqlite3_file *below = under(of(self));

    return below->pMethods->xDeviceCharacteristics(below);
}

static const sqlite3_io_methods methods = {
    .iVersion = 1, /* a WAL has neither shared memory nor a mapping */
    .xClose = on_close,
    .xRead = on_read,
    .xWrite = on_write,
    .xTruncate = on_truncate,
    .xSync = on_sync,
    .xFileSize = on_size,
    .xLock = on_lock,
    .xUnlock = on_unlock,
    .xCheckReservedLock = on_check_lock,
    .xFileControl = on_control,
    .xSectorSize = on_sector_size,
    .xDeviceCharacteristics = on_characteristics,
};

/* --- The VFS ----------------------------------------------------------------------- */

static int on_open(sqlite3_vfs *self, const char *name, sqlite3_file *room, int flags,
                   int *out)
{
    struct gathered *file = of(room);

    (void)self;
    if ((flags & SQLITE_OPEN_WAL) == 0) {
        return system_vfs->xOpen(system_vfs, name, room, flags, out);
    }
    memset(file, 0, sizeof(*file)); /* without methods SQLite does not close it */
    uint8_t *bytes = (uint8_t *)malloc(GATHER_BYTES);
    if (bytes == NULL) {
        return SQLITE_NOMEM;
    }
    int rc = system_vfs->xOpen(system_vfs, name, under(file), flags, out);
    if (rc != SQLITE_OK) {
        free(bytes);
        return rc;
    }
    file->bytes = bytes;
    file->head.pMethods = &methods;
    return SQLITE_OK;
}

static void make(void)
{
    /* Counting its bytes takes a lock at each piece of memory, some fifty a signature.
     * Where SQLite runs already it goes on counting. */
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    system_vfs = sqlite3_vfs_find(NULL);
    if (system_vfs == NULL) {
        return;
    }
    vfs = *system_vfs;
    vfs.pNext = NULL;
    vfs.zName = NAME;
    vfs.szOsFile = (int)sizeof(struct gathered) + system_vfs->szOsFile;
    vfs.xOpen = on_open;
    made = sqlite3_vfs_register(&vfs, 0) == SQLITE_OK;
}

const char *gather_vfs(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    MUST(pthread_once(&once, make) == 0);
    return made ? NAME : NULL;
}
