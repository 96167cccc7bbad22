#include "gateway/ledger/request_row.h"

#include "gateway/ledger/sql.h"

void request_row(struct row *row, struct ledger_request *out)
{
    *out = (struct ledger_request){.number = row_number(row, 0),
                                   .id = row_text(row, 1),
                                   .person = row_text(row, 2),
                                   .request_id = row_text(row, 3),
                                   .task = row_text(row, 4),
                                   .object = row_text(row, 5),
                                   .param = row_text(row, 6),
                                   .method = row_text(row, 7),
                                   .message = row_bytes(row, 8),
                                   .created_us = (int64_t)row_number(row, 12),
                                   .not_after_us = (int64_t)row_number(row, 13),
                                   .why = row_text(row, 15),
                                   .log_index = row_number(row, 16),
                                   .log = row_text(row, 18)};
    uint64_t state = row_number(row, 11);
    uint64_t outcome = row_number(row, 14);

    row_hash(row, 9, out->policy);
    row_hash(row, 10, out->quorum);
    row_hash(row, 17, out->log_hash);
    row->sound = row->sound && state >= REQUEST_PENDING && state <= REQUEST_VOID &&
                 outcome < SG_STATUS_COUNT;
    out->state = (enum request_state)state;
    out->outcome = (enum sg_status)outcome;
}

static void vote_row(struct row *row, struct ledger_vote *out)
{
    *out = (struct ledger_vote){.person = row_text(row, 0),
                                .role = row_text(row, 1),
                                .key = row_text(row, 2),
                                .time_us = (int64_t)row_number(row, 3),
                                .refused = row_number(row, 4) != 0,
                                .reason = row_text(row, 5),
                                .line = row_bytes(row, 6)};
}

bool vote_rows(struct row *row, struct ledger_request *out)
{
    int rc = SQLITE_ROW;

    out->vote_count = 0;
    out->votes = (struct ledger_vote *)arena_alloc(row->arena, sizeof(*out->votes) *
                                                                   LEDGER_VOTES_MAX);
    if (out->votes == NULL) {
        row->full = true;
        return true;
    }
    if (!sql_bind_uint(row->statement, 1, out->number)) {
        return false;
    }
    while (out->vote_count < LEDGER_VOTES_MAX &&
           (rc = sqlite3_step(row->statement)) == SQLITE_ROW) {
        vote_row(row, &out->votes[out->vote_count++]);
    }
    return rc == SQLITE_DONE || rc == SQLITE_ROW;
}
