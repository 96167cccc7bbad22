#include "gateway/ledger/index.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/ledger/index_inside.h"
#include "gateway/ledger/sql.h"
#include "gateway/ledger/view.h"
#include "proto/tlog/merkle.h"

static const char *const index_texts[] = {
#define INDEXING(name, sql) sql,
#include "gateway/ledger/index_statements.def"
#undef INDEXING
};

enum { INDEX_VERSION = 3 };

/* A lost transaction is done again, so one sync a checkpoint of the WAL is enough. */
static const char schema[] =
    "PRAGMA journal_mode=WAL;"
    "PRAGMA synchronous=NORMAL;"
    "PRAGMA cache_size=-2048;"
    "PRAGMA journal_size_limit=16777216;"
    "PRAGMA cell_size_check=ON;"
    "BEGIN;"
    "CREATE TABLE IF NOT EXISTS block(n INTEGER PRIMARY KEY, first_us INTEGER NOT NULL,"
    " last_us INTEGER NOT NULL, leaf BLOB NOT NULL);"
    "CREATE TABLE IF NOT EXISTS posting(word INTEGER NOT NULL, block INTEGER NOT NULL,"
    " records BLOB NOT NULL, PRIMARY KEY(word, block)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS begin(id INTEGER PRIMARY KEY CHECK(id = 0),"
    " pruned INTEGER NOT NULL);"
    "PRAGMA user_version=3;"
    "COMMIT;";

/* --- The file ---------------------------------------------------------------------- */

static void close_file(struct ledger_index *index)
{
    for (size_t i = 0; i < INDEX_STATEMENTS; i++) {
        (void)sqlite3_finalize(index->statements[i]);
        index->statements[i] = NULL;
    }
    (void)sqlite3_close(index->db);
    index->db = NULL;
}

static void remove_file(const struct ledger_index *index)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    char name[PATH_MAX + 8];

    for (size_t i = 0; i < SG_COUNT(ends); i++) {
        (void)snprintf(name, sizeof(name), "%s%s", index->path, ends[i]);
        (void)unlink(name);
    }
}

/* Who asked for what is in it too: the gateway's alone, as the ledger. */
static enum sg_status make_private(const struct ledger_index *index, struct sg_error *why)
{
    int fd = open(index->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    char reason[96] = "";

    if (fd < 0) {
        (void)strerror_r(errno, reason, sizeof(reason));
        return sg_fail(why, SG_IO, "the ledger's index '%s' cannot be made: %s",
                       index->path, reason);
    }
    (void)close(fd);
    return SG_OK;
}

/* 0: a new file. Another version's is made anew. */
static enum sg_status check_version(sqlite3 *db, struct sg_error *why)
{
    sqlite3_stmt *row = NULL;
    uint64_t version = 0;

    TRY(sql_prepare(db, "PRAGMA user_version", &row, why));
    bool known = sqlite3_step(row) == SQLITE_ROW && sql_uint(row, 0, &version) &&
                 (version == 0 || version == INDEX_VERSION);
    (void)sqlite3_finalize(row);
    return known ? SG_OK
                 : sg_fail(why, SG_INVALID, "the ledger's index is of another version");
}

enum sg_status index_open_file(struct ledger_index *index, struct sg_error *why)
{
    TRY(make_private(index, why));
    TRY(sql_open(index->path, SQLITE_OPEN_READWRITE, &index->db, why));
    TRY(check_version(index->db, why));
    TRY(sql_exec(index->db, schema, why));
    for (size_t i = 0; i < INDEX_STATEMENTS; i++) {
        TRY(sql_prepare(index->db, index_texts[i], &index->statements[i], why));
    }
    return SG_OK;
}

/* --- Whose it is ------------------------------------------------------------------- */

/* The last record of the last block must be the log's own: an older copy of the ledger,
 * or another one, has another record there, or none. */
static bool same_record(const struct ledger_index *index, struct ledger_reader *reader)
{
    AUTO(sql_reset) sqlite3_stmt *last = index->statements[INDEX_LAST_BLOCK];
    AUTO(sql_reset) sqlite3_stmt *row = reader->statements[READ_LEAVES];
    struct tlog_hash kept;
    uint64_t block = 0;

    int rc = sqlite3_step(last);
    if (rc == SQLITE_DONE) {
        return true;
    }
    if (rc != SQLITE_ROW || !sql_uint(last, 0, &block) || !sql_hash(last, 1, &kept) ||
        block > INT64_MAX / INDEX_BLOCK - 1) {
        return false;
    }
    uint64_t record = (block + 1) * INDEX_BLOCK - 1;
    if (!sql_bind_uint(row, 1, record) || !sql_bind_uint(row, 2, record + 1) ||
        sqlite3_step(row) != SQLITE_ROW) {
        return false;
    }
    struct tlog_hash leaf = tlog_leaf(sql_bytes(row, 1));
    return tlog_hash_equal(&leaf, &kept);
}

/* Words of records that were pruned are nobody's any more: whatever was pruned since it
 * was begun stands in it still. */
static bool same_log(const struct ledger_index *index, struct ledger_reader *reader)
{
    AUTO(sql_reset) sqlite3_stmt *begin = index->statements[INDEX_GET_BEGIN];
    uint64_t pruned = 0;

    return sqlite3_step(begin) == SQLITE_ROW && sql_uint(begin, 0, &pruned) &&
           pruned == index->pruned && same_record(index, reader);
}

static uint64_t count_blocks(const struct ledger_index *index)
{
    AUTO(sql_reset) sqlite3_stmt *last = index->statements[INDEX_LAST_BLOCK];
    uint64_t block = 0;

    return sqlite3_step(last) == SQLITE_ROW && sql_uint(last, 0, &block) ? block + 1 : 0;
}

/* An index that is there is used if it can be; otherwise it is worth nothing. */
static void take_present(struct ledger_index *index, struct ledger_reader *reader)
{
    struct sg_error ignored;

    if (access(index->path, F_OK) != 0) {
        return;
    }
    if (index_open_file(index, &ignored) == SG_OK && same_log(index, reader)) {
        index->blocks = count_blocks(index);
        return;
    }
    close_file(index);
    remove_file(index);
}

void index_discard(struct ledger_index *index)
{
    close_file(index);
    remove_file(index);
    index_close(index);
}

enum sg_status index_open(const char *ledger_path, struct ledger_reader *reader,
                          struct ledger_index **out, struct sg_error *why)
{
    struct ledger_index *index = (struct ledger_index *)calloc(1, sizeof(*index));

    if (index == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "there is no memory for the ledger's index");
    }
    int len = snprintf(index->path, sizeof(index->path), "%s.index", ledger_path);
    if (len < 0 || (size_t)len >= sizeof(index->path)) {
        free(index);
        return sg_fail(why, SG_INVALID, "the path of the ledger is too long");
    }
    enum sg_status status = view_pruned(reader, &index->pruned);
    if (status != SG_OK) {
        free(index);
        return sg_fail(why, status, "the ledger does not say what was pruned of it");
    }
    take_present(index, reader);
    if (index->blocks == 0) { /* the first block that has a record with its text */
        index->blocks = index->pruned / INDEX_BLOCK;
    }
    *out = index;
    return SG_OK;
}

void index_close(struct ledger_index *index)
{
    if (index != NULL) {
        close_file(index);
        free(index);
    }
}

uint64_t index_size(const struct ledger_index *index)
{
    return index->blocks * INDEX_BLOCK;
}
