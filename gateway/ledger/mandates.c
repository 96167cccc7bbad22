#include "gateway/ledger/mandates.h"

#include <string.h>

#include "gateway/ledger/row.h"
#include "gateway/ledger/sql.h"
#include "gateway/ledger/store.h"

/* --- Writing ----------------------------------------------------------------------- */

static bool bind_terms(sqlite3_stmt *row, const struct mandate_terms *terms)
{
    return sql_bind_text(row, 2, terms->key) && sql_bind_text(row, 3, terms->caller) &&
           sql_bind_text(row, 4, terms->classes) &&
           sql_bind_uint(row, 5, terms->profiles) && sql_bind_uint(row, 6, terms->max) &&
           sql_bind_time(row, 7, terms->from_us) &&
           sql_bind_time(row, 8, terms->until_us) &&
           sql_bind_text(row, 9, terms->approval_ref) &&
           sql_bind_uint(row, 10, (uint64_t)terms->hash) &&
           sql_bind_uint(row, 11, terms->digests) &&
           sql_bind_bytes(row, 12, slice_of(terms->sha256, 32));
}

/* What a unique index refuses was said by the caller, and is no failure of the disk. */
static enum sg_status run_unique(struct ledger *ledger, enum statement which, bool bound,
                                 const char *doing)
{
    TRY(ledger_run(ledger, which, bound, doing));
    return sqlite3_changes(ledger->db) == 1 ? SG_OK : SG_CONFLICT;
}

enum sg_status ledger_add_mandate(struct ledger *ledger, struct ledger_mandate *mandate)
{
    sqlite3_stmt *row = ledger->statements[SQL_ADD_MANDATE];

    if (ledger->latched) {
        return SG_LEDGER;
    }
    MUST(ledger->in_transaction);
    bool bound = sql_bind_text(row, 1, mandate->id) && bind_terms(row, &mandate->terms) &&
                 sql_bind_time(row, 13, mandate->seen_us) &&
                 sql_bind_text(row, 14, mandate->requester) &&
                 sql_bind_text(row, 15, mandate->grant) &&
                 sql_bind_time(row, 16, mandate->opened_us) &&
                 sql_bind_uint(row, 17, mandate->log_index) &&
                 sql_bind_bytes(row, 18, slice_of(mandate->log_hash, 32));
    TRY(run_unique(ledger, SQL_ADD_MANDATE, bound, "keep a mandate"));
    mandate->number = (uint64_t)sqlite3_last_insert_rowid(ledger->db);
    return SG_OK;
}

enum sg_status ledger_add_mandate_digest(struct ledger *ledger, uint64_t mandate,
                                         struct slice digest)
{
    sqlite3_stmt *row = ledger->statements[SQL_ADD_MANDATE_DIGEST];

    if (ledger->latched) {
        return SG_LEDGER;
    }
    MUST(ledger->in_transaction);
    bool bound = sql_bind_uint(row, 1, mandate) && sql_bind_bytes(row, 2, digest);
    return run_unique(ledger, SQL_ADD_MANDATE_DIGEST, bound, "keep a mandate's document");
}

/* The balance stands in both. */
static bool bind_balance(sqlite3_stmt *row, const struct ledger_mandate *mandate)
{
    return sql_bind_uint(row, 1, mandate->number) &&
           sql_bind_uint(row, 2, mandate->used) &&
           sql_bind_uint(row, 3, mandate->reserved) &&
           sql_bind_time(row, 4, mandate->seen_us);
}

static enum sg_status run_balance(struct ledger *ledger, enum statement which, bool bound)
{
    TRY(ledger_run(ledger, which, bound, "write a mandate's balance"));
    return sqlite3_changes(ledger->db) == 1 ? SG_OK : SG_NOT_FOUND;
}

enum sg_status ledger_count_mandate(struct ledger *ledger,
                                    const struct ledger_mandate *mandate)
{
    if (ledger->latched) {
        return SG_LEDGER;
    }
    MUST(ledger->in_transaction);
    return run_balance(ledger, SQL_COUNT_MANDATE,
                       bind_balance(ledger->statements[SQL_COUNT_MANDATE], mandate));
}

enum sg_status ledger_close_mandate(struct ledger *ledger,
                                    const struct ledger_mandate *mandate)
{
    sqlite3_stmt *row = ledger->statements[SQL_CLOSE_MANDATE];

    if (ledger->latched) {
        return SG_LEDGER;
    }
    MUST(ledger->in_transaction);
    MUST(mandate->state > MANDATE_OPEN && mandate->state <= MANDATE_REVOKED);
    bool bound = bind_balance(row, mandate) &&
                 sql_bind_uint(row, 5, (uint64_t)mandate->state) &&
                 sql_bind_time(row, 6, mandate->closed_us) &&
                 sql_bind_text(row, 7, mandate->reason) &&
                 sql_bind_uint(row, 8, mandate->log_index) &&
                 sql_bind_bytes(row, 9, slice_of(mandate->log_hash, 32));
    return run_balance(ledger, SQL_CLOSE_MANDATE, bound);
}

/* --- Reading ----------------------------------------------------------------------- */

static void text_of(struct row *row, int column, char *out, size_t size)
{
    struct slice text = sql_bytes(row->statement, column);
    size_t len = text.len < size ? text.len : 0;

    row->sound = row->sound && text.len < size && memchr(text.data, 0, text.len) == NULL;
    memcpy(out, text.data, len);
    out[len] = '\0';
}

static uint64_t number_of(struct row *row, int column, uint64_t max)
{
    uint64_t value = 0;

    row->sound = sql_uint(row->statement, column, &value) && value <= max && row->sound;
    return value;
}

static void read_terms(struct row *row, struct mandate_terms *out)
{
    text_of(row, 2, out->key, sizeof(out->key));
    text_of(row, 3, out->caller, sizeof(out->caller));
    text_of(row, 4, out->classes, sizeof(out->classes));
    out->profiles = (unsigned)number_of(row, 5, UINT16_MAX);
    out->max = number_of(row, 6, INT64_MAX);
    out->from_us = (int64_t)number_of(row, 7, INT64_MAX);
    out->until_us = (int64_t)number_of(row, 8, INT64_MAX);
    text_of(row, 9, out->approval_ref, sizeof(out->approval_ref));
    out->hash = (enum sg_hash)number_of(row, 10, SG_HASH_COUNT - 1);
    out->digests = number_of(row, 11, INT64_MAX);
    row_hash(row, 12, out->sha256);
}

/* A balance that cannot be would be had twice. */
static bool is_possible(const struct ledger_mandate *mandate)
{
    return mandate->state >= MANDATE_OPEN && mandate->used <= mandate->terms.max &&
           mandate->reserved <= mandate->terms.max - mandate->used;
}

/* The columns stand as in FIND_MANDATE and its like. */
static enum sg_status read_row(struct ledger *ledger, sqlite3_stmt *statement,
                               struct ledger_mandate *out)
{
    struct row row = {.statement = statement, .sound = true};

    *out = (struct ledger_mandate){.number = number_of(&row, 0, INT64_MAX)};
    text_of(&row, 1, out->id, sizeof(out->id));
    read_terms(&row, &out->terms);
    out->state = (enum mandate_state)number_of(&row, 13, MANDATE_REVOKED);
    out->used = number_of(&row, 14, INT64_MAX);
    out->reserved = number_of(&row, 15, INT64_MAX);
    out->seen_us = (int64_t)number_of(&row, 16, INT64_MAX);
    text_of(&row, 17, out->requester, sizeof(out->requester));
    text_of(&row, 18, out->grant, sizeof(out->grant));
    out->opened_us = (int64_t)number_of(&row, 19, INT64_MAX);
    out->closed_us = (int64_t)number_of(&row, 20, INT64_MAX);
    text_of(&row, 21, out->reason, sizeof(out->reason));
    out->log_index = number_of(&row, 22, INT64_MAX);
    row_hash(&row, 23, out->log_hash);
    return row.sound && is_possible(out) ? SG_OK
                                         : ledger_latch_corrupt(ledger, "a mandate");
}

static enum sg_status take_first(struct ledger *ledger, sqlite3_stmt *statement,
                                 bool bound, struct ledger_mandate *out)
{
    int rc = bound ? sqlite3_step(statement) : SQLITE_ERROR;

    if (rc == SQLITE_DONE) {
        return SG_NOT_FOUND;
    }
    return rc == SQLITE_ROW ? read_row(ledger, statement, out)
                            : ledger_latch(ledger, "look up a mandate");
}

enum sg_status ledger_find_mandate(struct ledger *ledger, const char *id,
                                   struct ledger_mandate *out)
{
    AUTO(sql_reset) sqlite3_stmt *statement = ledger->statements[SQL_FIND_MANDATE];

    if (ledger->latched) {
        return SG_LEDGER;
    }
    return take_first(ledger, statement, sql_bind_text(statement, 1, id), out);
}

enum sg_status ledger_next_mandate(struct ledger *ledger, uint64_t above,
                                   struct ledger_mandate *out)
{
    AUTO(sql_reset) sqlite3_stmt *statement = ledger->statements[SQL_OPEN_MANDATES];

    if (ledger->latched) {
        return SG_LEDGER;
    }
    return take_first(ledger, statement, sql_bind_uint(statement, 1, above), out);
}

/* --- Lists ------------------------------------------------------------------------- */

static bool same_if_named(sqlite3_stmt *statement, int column, const char *wanted)
{
    return wanted[0] == '\0' ||
           slice_equal(sql_bytes(statement, column), slice_str(wanted));
}

/* By the columns alone: most rows are passed over. */
static bool is_wanted(sqlite3_stmt *statement, const struct mandate_query *query)
{
    enum { KEY = 2, CALLER = 3, STATE = 13 };
    uint64_t state = 0;
    bool of_state = query->states == 0 || (sql_uint(statement, STATE, &state) &&
                                           state < 32 && query->states >> state & 1);

    return of_state && same_if_named(statement, KEY, query->key) &&
           same_if_named(statement, CALLER, query->caller);
}

/* SG_NO_MEMORY: the page is full. */
static enum sg_status add_row(struct ledger *ledger, sqlite3_stmt *statement,
                              const struct mandate_query *query,
                              struct mandate_page *page)
{
    if (!is_wanted(statement, query)) {
        return SG_OK;
    }
    return page->count == query->limit
               ? SG_NO_MEMORY
               : read_row(ledger, statement, &page->items[page->count++]);
}

/* The row that finds no room is the next page's first. */
static enum sg_status walk(struct ledger *ledger, sqlite3_stmt *statement,
                           const struct mandate_query *query, struct mandate_page *page)
{
    uint64_t number = query->below;

    for (int looked = 0; looked < MANDATES_LOOKED_AT; looked++) {
        int rc = sqlite3_step(statement);
        if (rc == SQLITE_DONE) {
            return SG_OK;
        }
        if (rc != SQLITE_ROW) {
            return ledger_latch(ledger, "list mandates");
        }
        enum sg_status status = add_row(ledger, statement, query, page);
        if (status != SG_OK) {
            page->next = number;
            return status == SG_NO_MEMORY ? SG_OK : status;
        }
        (void)sql_uint(statement, 0, &number);
    }
    page->next = number;
    return SG_OK;
}

enum sg_status ledger_list_mandates(struct ledger *ledger,
                                    const struct mandate_query *query,
                                    struct mandate_page *page)
{
    AUTO(sql_reset) sqlite3_stmt *statement = ledger->statements[SQL_MANDATES];

    page->count = 0;
    page->next = 0;
    if (ledger->latched) {
        return SG_LEDGER;
    }
    return sql_bind_uint(statement, 1, query->below)
               ? walk(ledger, statement, query, page)
               : ledger_latch(ledger, "list mandates");
}

/* --- Documents --------------------------------------------------------------------- */

enum sg_status ledger_find_mandate_digest(struct ledger *ledger, uint64_t mandate,
                                          struct slice digest, bool *taken)
{
    AUTO(sql_reset) sqlite3_stmt *row = ledger->statements[SQL_FIND_MANDATE_DIGEST];
    uint64_t value = 0;

    *taken = true;
    if (ledger->latched) {
        return SG_LEDGER;
    }
    bool bound = sql_bind_uint(row, 1, mandate) && sql_bind_bytes(row, 2, digest);
    int rc = bound ? sqlite3_step(row) : SQLITE_ERROR;
    if (rc == SQLITE_DONE) {
        return SG_NOT_FOUND;
    }
    if (rc != SQLITE_ROW || !sql_uint(row, 0, &value)) {
        return ledger_latch(ledger, "look up a mandate's document");
    }
    *taken = value != 0;
    return SG_OK;
}

enum sg_status ledger_take_mandate_digest(struct ledger *ledger, uint64_t mandate,
                                          struct slice digest, bool taken)
{
    sqlite3_stmt *row = ledger->statements[SQL_TAKE_MANDATE_DIGEST];

    if (ledger->latched) {
        return SG_LEDGER;
    }
    MUST(ledger->in_transaction);
    bool bound = sql_bind_uint(row, 1, mandate) && sql_bind_bytes(row, 2, digest) &&
                 sql_bind_uint(row, 3, taken ? 1 : 0);
    return run_unique(ledger, SQL_TAKE_MANDATE_DIGEST, bound,
                      "take a mandate's document");
}
