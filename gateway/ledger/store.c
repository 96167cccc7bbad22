#include "gateway/ledger/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/ledger/gather.h"
#include "gateway/ledger/schema.h"
#include "gateway/ledger/sql.h"
#include "proto/text.h"

static const char *const statement_texts[] = {
#define STATEMENT(name, sql) sql,
#include "gateway/ledger/statements.def"
#undef STATEMENT
};

/* Records stand one behind the other: pages of 8 KiB are written, and written back, half
 * as often as SQLite's 4 KiB would be. A file that is there keeps the size it was made
 * with. wal_autocheckpoint stands high because ledger_idle does that work between
 * commits; it is the brake for a gateway that is never idle: 256 MiB, of a file with
 * pages of 4 KiB half as much. */
static const char pragmas[] = "PRAGMA page_size=8192;"
                              "PRAGMA journal_mode=WAL;"
                              "PRAGMA synchronous=FULL;"
                              "PRAGMA wal_autocheckpoint=32768;"
                              "PRAGMA journal_size_limit=67108864;"
                              "PRAGMA cache_size=-32768;"
                              "PRAGMA temp_store=MEMORY;"
                              "PRAGMA cell_size_check=ON;";

/* A refusal that names the file and what the system said. */
static enum sg_status cannot_open(struct sg_error *why, const char *path, int error)
{
    char reason[96] = "";

    (void)strerror_r(error, reason, sizeof(reason));
    return sg_fail(why, SG_IO,
                   "the ledger's '%s' cannot be opened (%s): its folder must exist, and "
                   "folder and file must be owned by the gateway's user",
                   path, reason);
}

/* One writer a file: a second gateway on the same ledger would fork the log. */
static enum sg_status take_lock(struct ledger *ledger, const char *path,
                                struct sg_error *why)
{
    char name[PATH_MAX];
    int len = snprintf(name, sizeof(name), "%s.lock", path);

    if (len < 0 || (size_t)len >= sizeof(name)) {
        return sg_fail(why, SG_INVALID, "the path of the ledger is too long");
    }
    ledger->lock_fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (ledger->lock_fd < 0) {
        return cannot_open(why, name, errno);
    }
    if (flock(ledger->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        return sg_fail(why, SG_LEDGER,
                       "another process writes the ledger '%s': stop it, or give this "
                       "gateway a ledger of its own",
                       path);
    }
    return SG_OK;
}

/* What the path names may be anything: a folder would be closed to whoever needs it, and
 * the opening of a pipe would wait. */
static enum sg_status close_others_out(const char *path, struct sg_error *why)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    struct stat found;

    if (fd < 0 || fstat(fd, &found) != 0) {
        int error = errno;
        (void)(fd < 0 ? 0 : close(fd));
        return cannot_open(why, path, error);
    }
    bool file = S_ISREG(found.st_mode);
    int error = file && fchmod(fd, 0600) != 0 ? errno : 0;
    (void)close(fd);
    if (!file) {
        return sg_fail(why, SG_IO,
                       "the ledger's '%s' is no file: ledger.path names the file that is "
                       "made, in a folder that exists",
                       path);
    }
    return error == 0 ? SG_OK : cannot_open(why, path, error);
}

/* Nobody else may read who asked for what: the file, and with it the -wal and -shm that
 * SQLite makes after its likeness, are the gateway's alone. */
static enum sg_status make_private(const char *path, struct sg_error *why)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd >= 0) {
        (void)close(fd);
        return SG_OK;
    }
    if (errno != EEXIST) {
        return cannot_open(why, path, errno);
    }
    return close_others_out(path, why);
}

static enum sg_status set_pragmas(sqlite3 *db, struct sg_error *why)
{
    TRY(sql_exec(db, pragmas, why));
    if (!sql_text_is(db, "PRAGMA journal_mode", "wal") ||
        !sql_text_is(db, "PRAGMA synchronous", "2")) {
        return sg_fail(why, SG_LEDGER,
                       "the ledger's file system does not allow WAL with full "
                       "synchronisation: put the ledger on a local disk");
    }
    return SG_OK;
}

/* After a failed sync the last run's pages may stand in the kernel's memory and not on
 * the disk, and no later sync would write them: what is read from the WAL is written
 * anew, into the database, before anything is built upon it. A reader may hold some of it
 * back. */
static enum sg_status write_back(sqlite3 *db, struct sg_error *why)
{
    int rc = sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);

    return rc == SQLITE_OK || rc == SQLITE_BUSY
               ? SG_OK
               : sql_fail(db, "write its pages back", why);
}

/* SQLite syncs the folder once when it makes the WAL, and does not look at what came of
 * it: at a power cut a WAL without a durable name takes every commit along. By now it is
 * there. */
static enum sg_status sync_folder(const char *path, struct sg_error *why)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');

    int len = slash == NULL ? snprintf(folder, sizeof(folder), ".")
                            : snprintf(folder, sizeof(folder), "%.*s",
                                       (int)(slash - path) + 1, path);
    MUST(len > 0 && (size_t)len < sizeof(folder)); /* the lock's name was longer */
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = fd >= 0 && fsync(fd) == 0;
    int error = errno;
    if (fd >= 0) {
        (void)close(fd);
    }
    if (synced) {
        return SG_OK;
    }
    char reason[96] = "";
    (void)strerror_r(error, reason, sizeof(reason));
    return sg_fail(why, SG_LEDGER,
                   "the ledger's folder '%s' cannot be synced (%s): look at its disk",
                   folder, reason);
}

enum sg_status store_open(struct ledger *ledger, const char *path, struct sg_error *why)
{
    TRY(place_is_direct(path, why));
    TRY(take_lock(ledger, path, why));
    TRY(place_check(path, why));
    TRY(make_private(path, why));
    const char *vfs = gather_vfs();
    if (vfs == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "%s", sg_status_text(SG_NO_MEMORY));
    }
    TRY(sql_open_by(path, SQLITE_OPEN_READWRITE, vfs, &ledger->db, why));
    TRY(set_pragmas(ledger->db, why));
    TRY(schema_bring(ledger, why));
    TRY(write_back(ledger->db, why));
    TRY(sync_folder(path, why));
    TRY(place_take(&ledger->place, path, why));
    for (size_t i = 0; i < SQL_COUNT; i++) {
        TRY(sql_prepare(ledger->db, statement_texts[i], &ledger->statements[i], why));
    }
    return SG_OK;
}

void store_close(struct ledger *ledger)
{
    for (size_t i = 0; i < SQL_COUNT; i++) {
        (void)sqlite3_finalize(ledger->statements[i]);
    }
    if (ledger->db != NULL && ledger->latched) {
        /* After a failed write the WAL's state is unknown: leave it to the next start. */
        (void)sqlite3_db_config(ledger->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    }
    (void)sqlite3_close(ledger->db);
    if (ledger->lock_fd >= 0) {
        (void)close(ledger->lock_fd);
    }
}
