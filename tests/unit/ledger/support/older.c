#include "tests/unit/ledger/support/older.h"

#include <stdio.h>
#include <string.h>

/* What each version added to the one before. */
static const char *const versions[] = {
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "CREATE TABLE leaf(idx INTEGER PRIMARY KEY, rec BLOB NOT NULL);"
    "CREATE TABLE tile(level INTEGER NOT NULL, n INTEGER NOT NULL, root BLOB NOT NULL,"
    " hashes BLOB NOT NULL, PRIMARY KEY(level, n));"
    "CREATE TABLE checkpoint(size INTEGER PRIMARY KEY, note BLOB NOT NULL,"
    " time INTEGER NOT NULL);"
    "CREATE TABLE claim(id INTEGER PRIMARY KEY, caller TEXT NOT NULL,"
    " request_id TEXT NOT NULL, request_hash BLOB NOT NULL, state INTEGER NOT NULL,"
    " attempt INTEGER NOT NULL, decision_id TEXT NOT NULL, intent INTEGER NOT NULL,"
    " signing_time INTEGER NOT NULL, template BLOB NOT NULL, outcome INTEGER);"
    "CREATE UNIQUE INDEX claim_name ON claim(caller, request_id);"
    "CREATE TABLE answer(outcome INTEGER PRIMARY KEY, hash BLOB NOT NULL,"
    " signature BLOB NOT NULL);"
    "CREATE INDEX claim_open ON claim(intent) WHERE state = 1;"
    "CREATE TABLE template(id BLOB PRIMARY KEY, der BLOB NOT NULL) WITHOUT ROWID;",
    "CREATE TABLE policy(n INTEGER PRIMARY KEY, sha256 BLOB NOT NULL,"
    " version INTEGER NOT NULL, idx INTEGER NOT NULL, text BLOB NOT NULL);",
    "CREATE TABLE cosig(size INTEGER NOT NULL, witness TEXT NOT NULL,"
    " time INTEGER NOT NULL, line BLOB NOT NULL, PRIMARY KEY(size, witness))"
    " WITHOUT ROWID;"
    "CREATE TABLE stamp(size INTEGER NOT NULL, authority TEXT NOT NULL,"
    " time INTEGER NOT NULL, token BLOB NOT NULL, PRIMARY KEY(size, authority));",
    "CREATE TABLE request(n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,"
    " person TEXT NOT NULL, request_id TEXT NOT NULL, task TEXT NOT NULL,"
    " object TEXT NOT NULL, param TEXT NOT NULL, method TEXT NOT NULL,"
    " message BLOB NOT NULL, policy BLOB NOT NULL, quorum BLOB NOT NULL,"
    " state INTEGER NOT NULL, created INTEGER NOT NULL, not_after INTEGER NOT NULL,"
    " outcome INTEGER NOT NULL, why TEXT NOT NULL, idx INTEGER NOT NULL,"
    " hash BLOB NOT NULL);"
    "CREATE UNIQUE INDEX request_name ON request(person, request_id);"
    "CREATE INDEX request_pending ON request(n) WHERE state = 1;"
    "CREATE TABLE vote(request INTEGER NOT NULL, n INTEGER NOT NULL,"
    " person TEXT NOT NULL, role TEXT NOT NULL, key TEXT NOT NULL,"
    " time INTEGER NOT NULL, refused INTEGER NOT NULL, reason TEXT NOT NULL,"
    " line BLOB NOT NULL, PRIMARY KEY(request, n)) WITHOUT ROWID;",
    "CREATE TABLE keyreg(name TEXT PRIMARY KEY, state INTEGER NOT NULL,"
    " before_hold INTEGER NOT NULL, lane TEXT NOT NULL, type TEXT NOT NULL,"
    " backup TEXT NOT NULL, since INTEGER NOT NULL, predecessor TEXT NOT NULL,"
    " successor TEXT NOT NULL, rotated INTEGER NOT NULL, overlap_until INTEGER"
    " NOT NULL, hold_reason TEXT NOT NULL, mode INTEGER NOT NULL, begun"
    " INTEGER NOT NULL, until INTEGER NOT NULL, max INTEGER NOT NULL, used"
    " INTEGER NOT NULL, idle INTEGER NOT NULL, last_use INTEGER NOT NULL,"
    " grant_id TEXT NOT NULL, minutes TEXT NOT NULL, request TEXT NOT NULL,"
    " trouble TEXT NOT NULL, idx INTEGER NOT NULL, hash BLOB NOT NULL, ckaid"
    " BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE keyder(name TEXT PRIMARY KEY, spki BLOB NOT NULL, chain BLOB"
    " NOT NULL);",
    "CREATE TABLE mandate(n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,"
    " key TEXT NOT NULL, caller TEXT NOT NULL, classes TEXT NOT NULL,"
    " profiles INTEGER NOT NULL, max INTEGER NOT NULL, from_us INTEGER NOT NULL,"
    " until_us INTEGER NOT NULL, approval_ref TEXT NOT NULL,"
    " algorithm INTEGER NOT NULL, digests INTEGER NOT NULL, sha256 BLOB NOT NULL,"
    " state INTEGER NOT NULL, used INTEGER NOT NULL, reserved INTEGER NOT NULL,"
    " seen INTEGER NOT NULL, requester TEXT NOT NULL, grant_id TEXT NOT NULL,"
    " opened INTEGER NOT NULL, closed INTEGER NOT NULL, reason TEXT NOT NULL,"
    " idx INTEGER NOT NULL, hash BLOB NOT NULL);"
    "CREATE INDEX mandate_open ON mandate(n) WHERE state = 2;"
    "CREATE TABLE mandate_digest(mandate INTEGER NOT NULL, digest BLOB NOT NULL,"
    " taken INTEGER NOT NULL, PRIMARY KEY(mandate, digest)) WITHOUT ROWID;",
    "CREATE TABLE roster(n INTEGER PRIMARY KEY, sha256 BLOB NOT NULL,"
    " idx INTEGER NOT NULL, since INTEGER NOT NULL, text BLOB NOT NULL);"
    "CREATE TABLE override(n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,"
    " rule TEXT NOT NULL, key TEXT NOT NULL, caller TEXT NOT NULL,"
    " class TEXT NOT NULL, policy BLOB NOT NULL, until INTEGER NOT NULL,"
    " max INTEGER NOT NULL, used INTEGER NOT NULL, state INTEGER NOT NULL,"
    " since INTEGER NOT NULL, idx INTEGER NOT NULL);"
    "CREATE INDEX override_open ON override(n) WHERE state = 1;",
    "CREATE TABLE incident(n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,"
    " kind TEXT NOT NULL, subject TEXT NOT NULL, why TEXT NOT NULL,"
    " person TEXT NOT NULL, opened INTEGER NOT NULL, oral_due INTEGER NOT NULL,"
    " written_due INTEGER NOT NULL, oral_given INTEGER NOT NULL,"
    " written_given INTEGER NOT NULL, closed INTEGER NOT NULL,"
    " idx INTEGER NOT NULL, hash BLOB NOT NULL);"
    "CREATE INDEX incident_subject ON incident(kind, subject);"
    "CREATE INDEX incident_open ON incident(n) WHERE closed = 0;"
    "CREATE TABLE incident_note(incident INTEGER NOT NULL, n INTEGER NOT NULL,"
    " what INTEGER NOT NULL, person TEXT NOT NULL, role TEXT NOT NULL,"
    " request_id TEXT NOT NULL, time INTEGER NOT NULL, given INTEGER NOT NULL,"
    " reference TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY(incident, n))"
    " WITHOUT ROWID;"
    "CREATE UNIQUE INDEX incident_note_name ON incident_note(person, request_id);"
    "CREATE TABLE reminder(what TEXT NOT NULL, name TEXT NOT NULL,"
    " expires INTEGER NOT NULL, days INTEGER NOT NULL,"
    " PRIMARY KEY(what, name, expires)) WITHOUT ROWID;",
    "CREATE TABLE prune(n INTEGER PRIMARY KEY, before INTEGER NOT NULL,"
    " done INTEGER NOT NULL, newest INTEGER NOT NULL, idx INTEGER NOT NULL,"
    " hash BLOB NOT NULL);",
    "CREATE TABLE minutes(n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,"
    " ceremony TEXT NOT NULL, note BLOB NOT NULL, sha256 BLOB NOT NULL,"
    " missing INTEGER NOT NULL, since INTEGER NOT NULL, idx INTEGER NOT NULL,"
    " hash BLOB NOT NULL);",
    "CREATE TABLE token(outcome INTEGER PRIMARY KEY, token BLOB NOT NULL);",
    "ALTER TABLE request ADD COLUMN log TEXT NOT NULL DEFAULT '';",
};

size_t older_count(void)
{
    return SG_COUNT(versions);
}

/* 300 records with their tile, one claim that is open and one that is signed. In one
 * transaction: each statement by itself would wait for the disk. */
static void write_content(const struct book *book)
{
    static char sql[96 * 1024];
    struct tlog_hash hashes[256];
    struct tlog_hash root;
    size_t len = (size_t)snprintf(sql, sizeof(sql), "BEGIN;");

    for (unsigned i = 0; i < SG_COUNT(hashes); i++) {
        hashes[i] = book_leaf(i);
    }
    root = tlog_fold(hashes, SG_COUNT(hashes));
    for (unsigned i = 0; i < 300; i++) {
        len += (size_t)snprintf(sql + len, sizeof(sql) - len,
                                "INSERT INTO leaf VALUES(%u, CAST('record %u' AS BLOB));",
                                i, i);
    }
    len += (size_t)snprintf(sql + len, sizeof(sql) - len,
                            "INSERT INTO tile VALUES(0, 0, x'");
    for (size_t i = 0; i < sizeof(root.bytes); i++) {
        len += (size_t)snprintf(sql + len, sizeof(sql) - len, "%02x", root.bytes[i]);
    }
    len += (size_t)snprintf(sql + len, sizeof(sql) - len, "', x'");
    for (size_t i = 0; i < sizeof(hashes); i++) {
        len += (size_t)snprintf(sql + len, sizeof(sql) - len, "%02x",
                                ((const uint8_t *)hashes)[i]);
    }
    (void)snprintf(sql + len, sizeof(sql) - len,
                   "');"
                   "INSERT INTO claim VALUES(1, 'e-office', 'open', zeroblob(32), 1, 1,"
                   " '01J00000000000000000000000', 7, 1, zeroblob(32), NULL);"
                   "INSERT INTO claim VALUES(2, 'e-office', 'done', zeroblob(32), 2, 1,"
                   " '01J00000000000000000000000', 8, 1, zeroblob(32), 9);"
                   "INSERT INTO answer VALUES(9, zeroblob(32), x'5e6e1d');"
                   "COMMIT;");
    book_tamper(book, sql);
}

void older_write(const struct book *book, size_t version)
{
    char sql[160];

    book_tamper(book, "PRAGMA journal_mode=WAL");
    for (size_t i = 0; i < version; i++) {
        book_tamper(book, versions[i]);
    }
    (void)snprintf(sql, sizeof(sql),
                   "INSERT INTO meta VALUES('schema', %zu), ('origin', '%s')", version,
                   BOOK_ORIGIN);
    book_tamper(book, sql);
    write_content(book);
}
