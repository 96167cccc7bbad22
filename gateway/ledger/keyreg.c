#include "gateway/ledger/keyreg.h"

#include <string.h>

#include "gateway/ledger/sql.h"
#include "gateway/ledger/store.h"

const char *key_state_name(enum key_state state)
{
    static const char *const names[KEY_STATES] = {
        "none",     "generated", "certified", "accepted",    "active",
        "inactive", "held",      "retired",   "compromised", "destroyed"};

    return state >= KEY_NONE && state < KEY_STATES ? names[state] : "none";
}

bool key_state_over(enum key_state state)
{
    return state == KEY_RETIRED || state == KEY_COMPROMISED || state == KEY_DESTROYED;
}

bool key_state_signs(enum key_state state)
{
    return state == KEY_ACCEPTED || state == KEY_ACTIVE || state == KEY_INACTIVE;
}

const char *activation_mode_name(enum activation_mode mode)
{
    static const char *const names[ACTIVATION_MODES] = {"none", "one_time", "count",
                                                        "window"};

    return mode >= ACTIVATION_NONE && mode < ACTIVATION_MODES ? names[mode] : "none";
}

/* --- Columns ----------------------------------------------------------------------- */

enum kind {
    COLUMN_TEXT,
    COLUMN_NUMBER, /* uint64_t */
    COLUMN_TIME,   /* int64_t, not negative */
    COLUMN_SMALL,  /* uint32_t or an enum */
    COLUMN_HASH    /* 32 bytes */
};

/* In the order of the statements; ckaid stands behind them, as its length varies. */
static const struct column {
    enum kind kind;
    size_t offset;
    uint64_t max; /* TEXT: bytes with the NUL; SMALL: greatest value */
} columns[] = {
#define COLUMN(kind, field, most) {COLUMN_##kind, offsetof(struct keyreg, field), most},
#include "gateway/ledger/keyreg.def"
#undef COLUMN
};
enum { COLUMN_CKAID = SG_COUNT(columns) };

#define COLUMN(kind, field, most) COLUMN_FITS_##kind(((struct keyreg *)NULL)->field, most)
#define COLUMN_FITS_TEXT(field, most)                                                    \
    _Static_assert(sizeof(field) == (most), "the room of a text");
#define COLUMN_FITS_NUMBER(field, most) _Static_assert(sizeof(field) == 8, "a number");
#define COLUMN_FITS_TIME(field, most)   _Static_assert(sizeof(field) == 8, "a time");
#define COLUMN_FITS_SMALL(field, most)  _Static_assert(sizeof(field) == 4, "a small one");
#define COLUMN_FITS_HASH(field, most)   _Static_assert(sizeof(field) == 32, "a hash");
#include "gateway/ledger/keyreg.def"
#undef COLUMN

static uint64_t number_at(const struct column *column, const void *at)
{
    uint64_t wide = 0;
    uint32_t narrow = 0;

    if (column->kind == COLUMN_SMALL) {
        memcpy(&narrow, at, sizeof(narrow));
        return narrow;
    }
    memcpy(&wide, at, sizeof(wide));
    return wide;
}

static bool bind_column(sqlite3_stmt *statement, int place, const struct column *column,
                        const struct keyreg *key)
{
    const char *at = (const char *)key + column->offset;

    if (column->kind == COLUMN_TEXT) {
        return sql_bind_text(statement, place, at);
    }
    if (column->kind == COLUMN_HASH) {
        return sql_bind_bytes(statement, place, slice_of(at, 32));
    }
    uint64_t value = number_at(column, at);
    return value <= INT64_MAX && sql_bind_uint(statement, place, value);
}

static bool read_text(sqlite3_stmt *statement, int place, const struct column *column,
                      char *at)
{
    struct slice text = sql_bytes(statement, place);

    if (text.len >= column->max || memchr(text.data, 0, text.len) != NULL) {
        return false;
    }
    memcpy(at, text.data, text.len);
    at[text.len] = '\0';
    return true;
}

static bool read_number(sqlite3_stmt *statement, int place, const struct column *column,
                        char *at)
{
    uint64_t value = 0;
    bool sound = sql_uint(statement, place, &value);
    uint32_t narrow = (uint32_t)value;

    if (column->kind == COLUMN_SMALL) {
        memcpy(at, &narrow, sizeof(narrow));
        return sound && value <= column->max;
    }
    memcpy(at, &value, sizeof(value));
    return sound;
}

static bool read_column(sqlite3_stmt *statement, int place, const struct column *column,
                        struct keyreg *out)
{
    char *at = (char *)out + column->offset;
    struct tlog_hash hash = {{0}};

    if (column->kind == COLUMN_TEXT) {
        return read_text(statement, place, column, at);
    }
    if (column->kind != COLUMN_HASH) {
        return read_number(statement, place, column, at);
    }
    bool sound = sql_hash(statement, place, &hash);
    memcpy(at, hash.bytes, sizeof(hash.bytes));
    return sound;
}

static bool read_row(sqlite3_stmt *statement, struct keyreg *out)
{
    struct slice id = sql_bytes(statement, COLUMN_CKAID);
    bool sound = id.len <= sizeof(out->ckaid);

    *out = (struct keyreg){.state = KEY_NONE};
    for (int i = 0; sound && i < COLUMN_CKAID; i++) {
        sound = read_column(statement, i, &columns[i], out);
    }
    if (sound) {
        memcpy(out->ckaid, id.data, id.len);
        out->ckaid_len = id.len;
    }
    return sound;
}

/* --- Rows -------------------------------------------------------------------------- */

enum sg_status ledger_put_key(struct ledger *ledger, const struct keyreg *key)
{
    sqlite3_stmt *statement = ledger->statements[SQL_PUT_KEY];
    bool bound =
        key->ckaid_len <= sizeof(key->ckaid) &&
        sql_bind_bytes(statement, COLUMN_CKAID + 1, slice_of(key->ckaid, key->ckaid_len));

    if (ledger->latched) {
        return SG_LEDGER;
    }
    for (int i = 0; bound && i < COLUMN_CKAID; i++) {
        bound = bind_column(statement, i + 1, &columns[i], key);
    }
    return ledger_run(ledger, SQL_PUT_KEY, bound, "keep a key");
}

enum sg_status ledger_use_key(struct ledger *ledger, const struct keyreg *key)
{
    sqlite3_stmt *statement = ledger->statements[SQL_USE_KEY];

    if (ledger->latched) {
        return SG_LEDGER;
    }
    bool bound = sql_bind_text(statement, 1, key->name) &&
                 sql_bind_uint(statement, 2, key->activation.used) &&
                 sql_bind_time(statement, 3, key->activation.last_use_us);
    return ledger_run(ledger, SQL_USE_KEY, bound, "count the use of a key");
}

enum sg_status ledger_find_key(struct ledger *ledger, const char *name,
                               struct keyreg *out)
{
    AUTO(sql_reset) sqlite3_stmt *statement = ledger->statements[SQL_FIND_KEY];

    if (ledger->latched) {
        return SG_LEDGER;
    }
    int rc = sql_bind_text(statement, 1, name) ? sqlite3_step(statement) : SQLITE_ERROR;
    if (rc == SQLITE_DONE) {
        return SG_NOT_FOUND;
    }
    if (rc != SQLITE_ROW) {
        return ledger_latch(ledger, "look up a key");
    }
    return read_row(statement, out) ? SG_OK : ledger_latch_corrupt(ledger, "a key");
}

/* --- What is large ----------------------------------------------------------------- */

enum sg_status ledger_put_key_der(struct ledger *ledger, const char *name,
                                  const struct keyreg_der *der)
{
    sqlite3_stmt *statement = ledger->statements[SQL_PUT_KEY_DER];

    if (ledger->latched) {
        return SG_LEDGER;
    }
    MUST(der->spki.len <= KEYREG_SPKI_MAX && der->chain.len <= KEYREG_CHAIN_MAX);
    bool bound = sql_bind_text(statement, 1, name) &&
                 sql_bind_bytes(statement, 2, der->spki) &&
                 sql_bind_bytes(statement, 3, der->chain);
    return ledger_run(ledger, SQL_PUT_KEY_DER, bound, "keep a certificate");
}

static bool copy(sqlite3_stmt *statement, int column, struct arena *arena,
                 struct slice *out)
{
    struct slice found = sql_bytes(statement, column);
    uint8_t *bytes = (uint8_t *)arena_alloc(arena, found.len + 1);

    if (bytes == NULL) {
        return false;
    }
    memcpy(bytes, found.data, found.len);
    *out = slice_of(bytes, found.len);
    return true;
}

enum sg_status ledger_find_key_der(struct ledger *ledger, const char *name,
                                   struct arena *arena, struct keyreg_der *out)
{
    AUTO(sql_reset) sqlite3_stmt *statement = ledger->statements[SQL_FIND_KEY_DER];

    if (ledger->latched) {
        return SG_LEDGER;
    }
    int rc = sql_bind_text(statement, 1, name) ? sqlite3_step(statement) : SQLITE_ERROR;
    if (rc == SQLITE_DONE) {
        return SG_NOT_FOUND;
    }
    if (rc != SQLITE_ROW) {
        return ledger_latch(ledger, "look up a certificate");
    }
    return copy(statement, 0, arena, &out->spki) && copy(statement, 1, arena, &out->chain)
               ? SG_OK
               : SG_NO_MEMORY;
}
