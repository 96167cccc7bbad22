#include "gateway/ledger/requests.h"

#include <string.h>

#include "gateway/ledger/request_row.h"
#include "gateway/ledger/sql.h"

/* --- Writing ----------------------------------------------------------------------- */

static bool bind_names(sqlite3_stmt *statement, const struct ledger_request *request)
{
    const char *const texts[] = {
        request->id,     request->person, request->request_id, request->task,
        request->object, request->param,  request->method,     NULL};
    bool bound = true;

    for (int i = 0; texts[i] != NULL; i++) {
        bound = bound && sql_bind_text(statement, i + 1, texts[i]);
    }
    return bound;
}

enum sg_status ledger_add_request(struct ledger *ledger,
                                  const struct ledger_request *request)
{
    sqlite3_stmt *statement = ledger->statements[SQL_ADD_REQUEST];

    if (ledger->latched) {
        return SG_LEDGER;
    }
    bool bound = bind_names(statement, request) &&
                 sql_bind_bytes(statement, 8, request->message) &&
                 sql_bind_bytes(statement, 9, slice_of(request->policy, 32)) &&
                 sql_bind_bytes(statement, 10, slice_of(request->quorum, 32)) &&
                 sql_bind_time(statement, 11, request->created_us) &&
                 sql_bind_time(statement, 12, request->not_after_us) &&
                 sql_bind_uint(statement, 13, request->log_index) &&
                 sql_bind_bytes(statement, 14, slice_of(request->log_hash, 32)) &&
                 sql_bind_text(statement, 15, request->log);
    return ledger_run(ledger, SQL_ADD_REQUEST, bound, "keep a request");
}

enum sg_status ledger_settle_request(struct ledger *ledger,
                                     const struct ledger_request *request)
{
    sqlite3_stmt *statement = ledger->statements[SQL_SETTLE_REQUEST];

    if (ledger->latched) {
        return SG_LEDGER;
    }
    bool bound = sql_bind_uint(statement, 1, request->number) &&
                 sql_bind_uint(statement, 2, (uint64_t)request->state) &&
                 sql_bind_uint(statement, 3, (uint64_t)request->outcome) &&
                 sql_bind_text(statement, 4, request->why) &&
                 sql_bind_uint(statement, 5, request->log_index) &&
                 sql_bind_bytes(statement, 6, slice_of(request->log_hash, 32));
    TRY(ledger_run(ledger, SQL_SETTLE_REQUEST, bound, "settle a request"));
    return sqlite3_changes(ledger->db) == 1 ? SG_OK : SG_NOT_FOUND;
}

bool ledger_has_voted(const struct ledger_request *request, const char *person)
{
    for (size_t i = 0; i < request->vote_count; i++) {
        if (strcmp(request->votes[i].person, person) == 0) {
            return true;
        }
    }
    return false;
}

enum sg_status ledger_add_vote(struct ledger *ledger, uint64_t request,
                               const struct ledger_vote *vote)
{
    sqlite3_stmt *statement = ledger->statements[SQL_ADD_VOTE];

    if (ledger->latched) {
        return SG_LEDGER;
    }
    bool bound = sql_bind_uint(statement, 1, request) &&
                 sql_bind_text(statement, 2, vote->person) &&
                 sql_bind_text(statement, 3, vote->role) &&
                 sql_bind_text(statement, 4, vote->key) &&
                 sql_bind_time(statement, 5, vote->time_us) &&
                 sql_bind_uint(statement, 6, vote->refused ? 1 : 0) &&
                 sql_bind_text(statement, 7, vote->reason) &&
                 sql_bind_bytes(statement, 8, vote->line);
    return ledger_run(ledger, SQL_ADD_VOTE, bound, "keep an approval");
}

/* --- Reading ----------------------------------------------------------------------- */

static enum sg_status read_votes(struct ledger *ledger, struct arena *arena,
                                 struct ledger_request *out)
{
    AUTO(sql_reset) sqlite3_stmt *statement = ledger->statements[SQL_VOTES];
    struct row row = {.statement = statement, .arena = arena, .sound = true};

    return vote_rows(&row, out) ? row_end(ledger, &row, "a request")
                                : ledger_latch(ledger, "look up approvals");
}

static enum sg_status take_row(struct ledger *ledger, sqlite3_stmt *statement,
                               struct arena *arena, struct ledger_request *out)
{
    struct row row = {.statement = statement, .arena = arena, .sound = true};

    request_row(&row, out);
    TRY(row_end(ledger, &row, "a request"));
    return read_votes(ledger, arena, out);
}

static enum sg_status take_first(struct ledger *ledger, sqlite3_stmt *statement,
                                 struct arena *arena, struct ledger_request *out)
{
    int rc = sqlite3_step(statement);

    if (rc == SQLITE_DONE) {
        return SG_NOT_FOUND;
    }
    return rc == SQLITE_ROW ? take_row(ledger, statement, arena, out)
                            : ledger_latch(ledger, "look up a request");
}

enum sg_status ledger_find_request(struct ledger *ledger, const char *id,
                                   struct arena *arena, struct ledger_request *out)
{
    AUTO(sql_reset) sqlite3_stmt *statement = ledger->statements[SQL_FIND_REQUEST];

    if (ledger->latched) {
        return SG_LEDGER;
    }
    return sql_bind_text(statement, 1, id) ? take_first(ledger, statement, arena, out)
                                           : ledger_latch(ledger, "look up a request");
}

enum sg_status ledger_find_request_of(struct ledger *ledger, const char *person,
                                      const char *request_id, struct arena *arena,
                                      struct ledger_request *out)
{
    AUTO(sql_reset) sqlite3_stmt *statement = ledger->statements[SQL_FIND_REQUEST_OF];

    if (ledger->latched) {
        return SG_LEDGER;
    }
    return sql_bind_text(statement, 1, person) && sql_bind_text(statement, 2, request_id)
               ? take_first(ledger, statement, arena, out)
               : ledger_latch(ledger, "look up a request");
}

enum sg_status ledger_next_request(struct ledger *ledger, uint64_t above,
                                   struct arena *arena, struct ledger_request *out)
{
    AUTO(sql_reset) sqlite3_stmt *statement = ledger->statements[SQL_PENDING_REQUESTS];

    if (ledger->latched) {
        return SG_LEDGER;
    }
    return sql_bind_uint(statement, 1, above) ? take_first(ledger, statement, arena, out)
                                              : ledger_latch(ledger, "look up requests");
}

/* --- Lists ------------------------------------------------------------------------- */

/* By the columns alone: most rows are passed over. */
static bool is_wanted(sqlite3_stmt *statement, const struct request_query *query)
{
    enum { TASK = 4, STATE = 11 };
    uint64_t state = 0;
    bool of_state = query->states == 0 || (sql_uint(statement, STATE, &state) &&
                                           state < 32 && query->states >> state & 1);

    return of_state && (query->task[0] == '\0' ||
                        slice_equal(sql_bytes(statement, TASK), slice_str(query->task)));
}

/* SG_NO_MEMORY: the page is full. */
static enum sg_status add_row(struct ledger *ledger, sqlite3_stmt *statement,
                              const struct request_query *query, struct arena *arena,
                              struct request_page *page)
{
    if (!is_wanted(statement, query)) {
        return SG_OK;
    }
    if (page->count == query->limit) {
        return SG_NO_MEMORY;
    }
    TRY(take_row(ledger, statement, arena, &page->items[page->count]));
    page->count++;
    return SG_OK;
}

/* The row that finds no room is the next page's first. */
static enum sg_status walk(struct ledger *ledger, sqlite3_stmt *statement,
                           const struct request_query *query, struct arena *arena,
                           struct request_page *page)
{
    uint64_t number = query->below;

    for (int looked = 0; looked < REQUESTS_LOOKED_AT; looked++) {
        int rc = sqlite3_step(statement);
        if (rc == SQLITE_DONE) {
            return SG_OK;
        }
        if (rc != SQLITE_ROW) {
            return ledger_latch(ledger, "list requests");
        }
        enum sg_status status = add_row(ledger, statement, query, arena, page);
        if (status != SG_OK) {
            page->next = number;
            return status == SG_NO_MEMORY && page->count > 0 ? SG_OK : status;
        }
        (void)sql_uint(statement, 0, &number);
    }
    page->next = number;
    return SG_OK;
}

enum sg_status ledger_list_requests(struct ledger *ledger,
                                    const struct request_query *query,
                                    struct arena *arena, struct request_page *out)
{
    AUTO(sql_reset) sqlite3_stmt *statement = ledger->statements[SQL_REQUESTS];

    *out = (struct request_page){.count = 0};
    out->items =
        (struct ledger_request *)arena_alloc(arena, sizeof(*out->items) * query->limit);
    if (out->items == NULL) {
        return SG_NO_MEMORY;
    }
    if (ledger->latched) {
        return SG_LEDGER;
    }
    return sql_bind_uint(statement, 1, query->below)
               ? walk(ledger, statement, query, arena, out)
               : ledger_latch(ledger, "list requests");
}

enum sg_status ledger_pending_requests(struct ledger *ledger, uint64_t *count,
                                       int64_t *earliest_us)
{
    AUTO(sql_reset) sqlite3_stmt *statement = ledger->statements[SQL_COUNT_REQUESTS];
    uint64_t earliest = 0;

    if (ledger->latched) {
        return SG_LEDGER;
    }
    if (sqlite3_step(statement) != SQLITE_ROW || !sql_uint(statement, 0, count) ||
        !sql_uint(statement, 1, &earliest)) {
        return ledger_latch(ledger, "count requests");
    }
    *earliest_us = (int64_t)earliest;
    return SG_OK;
}

static enum sg_status count_of(struct ledger *ledger, enum statement which,
                               const char *text, uint64_t *count)
{
    AUTO(sql_reset) sqlite3_stmt *statement = ledger->statements[which];

    if (ledger->latched) {
        return SG_LEDGER;
    }
    return sql_bind_text(statement, 1, text) && sqlite3_step(statement) == SQLITE_ROW &&
                   sql_uint(statement, 0, count)
               ? SG_OK
               : ledger_latch(ledger, "count requests");
}

enum sg_status ledger_pending_of(struct ledger *ledger, const char *task, uint64_t *count)
{
    return count_of(ledger, SQL_PENDING_OF, task, count);
}

enum sg_status ledger_pending_by(struct ledger *ledger, const char *person,
                                 uint64_t *count)
{
    return count_of(ledger, SQL_PENDING_BY, person, count);
}
