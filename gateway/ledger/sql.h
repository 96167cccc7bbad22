#ifndef SEGEL_GATEWAY_LEDGER_SQL_H
#define SEGEL_GATEWAY_LEDGER_SQL_H

#include <sqlite3.h>

#include "proto/base.h"
#include "proto/slice.h"
#include "proto/tlog/merkle.h"

/* The few things that writer and reader both ask of SQLite. */

/* Opens with extended result codes and without trust in the file's schema: no trigger, no
 * view. The caller closes *db, also after a failure. */
SG_MUST_USE enum sg_status sql_open(const char *path, int flags, sqlite3 **db,
                                    struct sg_error *why);
/* By a VFS of that name; NULL: the system's. */
SG_MUST_USE enum sg_status sql_open_by(const char *path, int flags, const char *vfs,
                                       sqlite3 **db, struct sg_error *why);
/* Runs statements without results. */
SG_MUST_USE enum sg_status sql_exec(sqlite3 *db, const char *text, struct sg_error *why);
/* Prepares a statement that is kept. The caller finalizes it. */
SG_MUST_USE enum sg_status sql_prepare(sqlite3 *db, const char *text, sqlite3_stmt **out,
                                       struct sg_error *why);
/* One sentence from the last error. SG_CORRUPT when the file is no sound database, else
 * SG_LEDGER. */
SG_MUST_USE enum sg_status sql_fail(sqlite3 *db, const char *doing, struct sg_error *why);

/* First column of the first row of a question asked once. SG_NOT_FOUND: there is no row,
 * or no number in it. why may be NULL. */
SG_MUST_USE enum sg_status sql_ask_uint(sqlite3 *db, const char *text, uint64_t *value,
                                        struct sg_error *why);
/* The same as a text, compared with what it must be. */
bool sql_text_is(sqlite3 *db, const char *question, const char *wanted);

/* Makes a kept statement ready again when a scope ends: AUTO(sql_reset). */
void sql_reset(sqlite3_stmt **statement);

/* The bytes must live until the statement is reset. */
bool sql_bind_bytes(sqlite3_stmt *statement, int at, struct slice bytes);
bool sql_bind_text(sqlite3_stmt *statement, int at, const char *text);
bool sql_bind_uint(sqlite3_stmt *statement, int at, uint64_t value);
/* Microseconds since 1970. false: before that. */
bool sql_bind_time(sqlite3_stmt *statement, int at, int64_t us);

/* What a column holds; valid until the next step. Never NULL data with a length. */
struct slice sql_bytes(sqlite3_stmt *statement, int column);
/* A copy of it that the caller frees. SG_NO_MEMORY. */
SG_MUST_USE enum sg_status sql_copy(sqlite3_stmt *statement, int column,
                                    struct slice *out);
/* false: negative, or not a hash. */
bool sql_uint(sqlite3_stmt *statement, int column, uint64_t *value);
bool sql_hash(sqlite3_stmt *statement, int column, struct tlog_hash *out);

#endif
