#include "gateway/ledger/schema.h"

#include "gateway/ledger/sql.h"

static const char *const steps[] = {
#define MIGRATION(from, sql) [from] = (sql),
#include "gateway/ledger/migrations.def"
#undef MIGRATION
};

static enum sg_status version_of(sqlite3 *db, uint64_t *version, struct sg_error *why)
{
    uint64_t tables = 0;

    *version = 0;
    TRY(sql_ask_uint(db, "SELECT count(*) FROM sqlite_schema", &tables, why));
    if (tables == 0) {
        return SG_OK;
    }
    if (sql_ask_uint(db, "SELECT value FROM meta WHERE key = 'schema'", version, NULL) !=
            SG_OK ||
        *version == 0) {
        return sg_fail(why, SG_INVALID,
                       "the ledger's file is the database of another program: name "
                       "another file");
    }
    return SG_OK;
}

static enum sg_status put_meta(sqlite3 *db, const char *key, const char *text,
                               uint64_t number)
{
    sqlite3_stmt *statement = NULL;
    struct sg_error why;

    TRY(sql_prepare(db, "INSERT OR REPLACE INTO meta(key, value) VALUES (?1, ?2)",
                    &statement, &why));
    bool bound = sql_bind_text(statement, 1, key) &&
                 (text != NULL ? sql_bind_text(statement, 2, text)
                               : sql_bind_uint(statement, 2, number));
    bool done = bound && sqlite3_step(statement) == SQLITE_DONE;
    (void)sqlite3_finalize(statement);
    return done ? SG_OK : SG_LEDGER;
}

static enum sg_status make_step(struct ledger *ledger, uint64_t from,
                                struct sg_error *why)
{
    MUST(steps[from] != NULL);
    TRY(sql_exec(ledger->db, "BEGIN IMMEDIATE", why));
    TRY(sql_exec(ledger->db, steps[from], why));
    if (put_meta(ledger->db, "schema", NULL, from + 1) != SG_OK ||
        (from == 0 && put_meta(ledger->db, "origin", ledger->origin, 0) != SG_OK)) {
        return sql_fail(ledger->db, "be migrated", why);
    }
    return sql_exec(ledger->db, "COMMIT", why);
}

static enum sg_status need_origin(sqlite3 *db, const char *origin, struct sg_error *why)
{
    if (!sql_text_is(db, "SELECT value FROM meta WHERE key = 'origin'", origin)) {
        return sg_fail(why, SG_INVALID,
                       "the ledger belongs to another origin than '%s': restore the "
                       "configured origin, or name a new ledger file",
                       origin);
    }
    return SG_OK;
}

enum sg_status schema_look(sqlite3 *db, const char *origin, uint64_t *version,
                           struct sg_error *why)
{
    TRY(version_of(db, version, why));
    if (*version > SG_COUNT(steps)) {
        return sg_fail(why, SG_INVALID,
                       "the ledger was written by a newer Segel (schema %llu, this one "
                       "knows %zu): install that version",
                       (unsigned long long)*version, SG_COUNT(steps));
    }
    /* Another's ledger stays as it is. */
    return *version > 0 ? need_origin(db, origin, why) : SG_OK;
}

uint64_t schema_ours(void)
{
    return SG_COUNT(steps);
}

enum sg_status schema_bring(struct ledger *ledger, struct sg_error *why)
{
    uint64_t version = 0;

    TRY(schema_look(ledger->db, ledger->origin, &version, why));
    for (uint64_t i = version; i < SG_COUNT(steps); i++) {
        TRY(make_step(ledger, i, why));
    }
    ledger->schema_found = version;
    ledger->schema = SG_COUNT(steps);
    return SG_OK;
}
