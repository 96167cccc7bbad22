#include <string.h>

#include "gateway/ledger/ledger.h"
#include "gateway/ledger/sql.h"
#include "gateway/ledger/store.h"

static bool read_text(sqlite3_stmt *row, int column, char *out, size_t size)
{
    struct slice text = sql_bytes(row, column);

    if (text.len >= size || memchr(text.data, 0, text.len) != NULL) {
        return false;
    }
    memcpy(out, text.data, text.len);
    out[text.len] = '\0';
    return true;
}

/* NULL and a blob of the right length are both lawful. */
static bool read_bytes32(sqlite3_stmt *row, int column, uint8_t out[32])
{
    struct slice bytes = sql_bytes(row, column);

    if (bytes.len != 0 && bytes.len != 32) {
        return false;
    }
    memcpy(out, bytes.data, bytes.len);
    return true;
}

static bool read_number(sqlite3_stmt *row, int column, uint64_t max, uint64_t *out)
{
    if (sqlite3_column_type(row, column) == SQLITE_NULL) {
        *out = 0;
        return true;
    }
    return sql_uint(row, column, out) && *out <= max;
}

/* The columns stand as in FIND_CLAIM and OPEN_CLAIM. */
static bool read_claim(sqlite3_stmt *row, struct claim *out)
{
    uint64_t state = 0;
    uint64_t attempt = 0;
    struct slice signature = sql_bytes(row, 11);

    memset(out, 0, sizeof(*out));
    bool good = read_text(row, 0, out->caller, sizeof(out->caller)) &&
                read_text(row, 1, out->request_id, sizeof(out->request_id)) &&
                read_bytes32(row, 2, out->request_hash) &&
                read_number(row, 3, CLAIM_INDETERMINATE, &state) &&
                read_number(row, 4, UINT32_MAX, &attempt) &&
                read_text(row, 5, out->decision_id, sizeof(out->decision_id)) &&
                read_number(row, 6, INT64_MAX, &out->intent_index) &&
                read_bytes32(row, 8, out->template_id) &&
                read_number(row, 9, INT64_MAX, &out->outcome_index) &&
                read_bytes32(row, 10, out->outcome_hash) &&
                signature.len <= sizeof(out->signature);
    if (!good || state < CLAIM_PENDING) {
        return false;
    }
    out->state = (enum claim_state)state;
    out->attempt = (uint32_t)attempt;
    out->signing_time_us = sqlite3_column_int64(row, 7);
    out->signature_len = (uint16_t)signature.len;
    memcpy(out->signature, signature.data, signature.len);
    return true;
}

static enum sg_status fetch_claim(struct ledger *ledger, sqlite3_stmt *statement,
                                  struct claim *out)
{
    int rc = sqlite3_step(statement);

    if (rc == SQLITE_DONE) {
        return SG_NOT_FOUND;
    }
    if (rc != SQLITE_ROW) {
        return ledger_latch(ledger, "look up a request");
    }
    return read_claim(statement, out) ? SG_OK : ledger_latch_corrupt(ledger, "a request");
}

enum sg_status ledger_find(struct ledger *ledger, const char *caller,
                           const char *request_id, struct claim *out)
{
    AUTO(sql_reset) sqlite3_stmt *statement = ledger->statements[SQL_FIND_CLAIM];

    if (ledger->latched) {
        return SG_LEDGER;
    }
    if (!sql_bind_text(statement, 1, caller) ||
        !sql_bind_text(statement, 2, request_id)) {
        return ledger_latch(ledger, "look up a request");
    }
    return fetch_claim(ledger, statement, out);
}

enum sg_status ledger_next_open(struct ledger *ledger, struct claim *out)
{
    AUTO(sql_reset) sqlite3_stmt *statement = ledger->statements[SQL_OPEN_CLAIM];

    if (ledger->latched) {
        return SG_LEDGER;
    }
    return fetch_claim(ledger, statement, out);
}

enum sg_status ledger_claim(struct ledger *ledger, const struct claim *claim)
{
    sqlite3_stmt *row = ledger->statements[SQL_ADD_CLAIM];

    if (ledger->latched) {
        return SG_LEDGER;
    }
    MUST(ledger->in_transaction);
    bool bound = sql_bind_text(row, 1, claim->caller) &&
                 sql_bind_text(row, 2, claim->request_id) &&
                 sql_bind_bytes(row, 3, slice_of(claim->request_hash, 32)) &&
                 sql_bind_uint(row, 4, claim->attempt) &&
                 sql_bind_text(row, 5, claim->decision_id) &&
                 sql_bind_uint(row, 6, claim->intent_index) &&
                 sqlite3_bind_int64(row, 7, claim->signing_time_us) == SQLITE_OK &&
                 sql_bind_bytes(row, 8, slice_of(claim->template_id, 32));
    TRY(ledger_run(ledger, SQL_ADD_CLAIM, bound, "claim a request id"));
    if (sqlite3_changes(ledger->db) != 1) {
        return SG_CONFLICT;
    }
    /* Of one that took an attempt's place this is another's row, and no use. */
    ledger->rows[claim->intent_index % CLAIM_ROWS] =
        (struct claim_row){claim->intent_index, sqlite3_last_insert_rowid(ledger->db)};
    return SG_OK;
}

static enum sg_status add_answer(struct ledger *ledger, const struct claim *claim)
{
    sqlite3_stmt *row = ledger->statements[SQL_ADD_ANSWER];
    size_t len = claim->state == CLAIM_SIGNED ? claim->signature_len : 0;

    bool bound = sql_bind_uint(row, 1, claim->outcome_index) &&
                 sql_bind_bytes(row, 2, slice_of(claim->outcome_hash, 32)) &&
                 sql_bind_bytes(row, 3, slice_of(claim->signature, len));
    return ledger_run(ledger, SQL_ADD_ANSWER, bound, "keep an answer");
}

static enum sg_status settle_by(struct ledger *ledger, enum statement which,
                                const struct claim *claim, sqlite3_int64 at,
                                bool *settled)
{
    sqlite3_stmt *row = ledger->statements[which];

    bool bound = sql_bind_text(row, 1, claim->caller) &&
                 sql_bind_text(row, 2, claim->request_id) &&
                 sql_bind_uint(row, 3, (uint64_t)claim->state) &&
                 sqlite3_bind_int64(row, 4, claim->signing_time_us) == SQLITE_OK &&
                 sql_bind_bytes(row, 5, slice_of(claim->template_id, 32)) &&
                 sql_bind_uint(row, 6, claim->outcome_index) &&
                 (which != SQL_SETTLE_ROW || sqlite3_bind_int64(row, 7, at) == SQLITE_OK);
    TRY(ledger_run(ledger, which, bound, "settle a request"));
    *settled = sqlite3_changes(ledger->db) == 1;
    return SG_OK;
}

enum sg_status ledger_settle(struct ledger *ledger, const struct claim *claim)
{
    const struct claim_row *hint = &ledger->rows[claim->intent_index % CLAIM_ROWS];
    bool settled = false;

    if (ledger->latched) {
        return SG_LEDGER;
    }
    MUST(ledger->in_transaction);
    MUST(claim->state > CLAIM_PENDING && claim->state <= CLAIM_INDETERMINATE);
    MUST(claim->signature_len <= sizeof(claim->signature));
    if (hint->row != 0 && hint->intent == claim->intent_index) {
        TRY(settle_by(ledger, SQL_SETTLE_ROW, claim, hint->row, &settled));
    }
    if (!settled) {
        TRY(settle_by(ledger, SQL_SETTLE_CLAIM, claim, 0, &settled));
    }
    return settled ? add_answer(ledger, claim) : SG_NOT_FOUND;
}
