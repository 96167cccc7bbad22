#include "gateway/ledger/ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/ledger/origin.h"
#include "gateway/ledger/sql.h"
#include "gateway/ledger/store.h"

static enum sg_status take_origin(struct ledger *ledger, const char *origin,
                                  struct sg_error *why)
{
    TRY(origin_check(origin, why));
    memcpy(ledger->origin, origin, strlen(origin));
    return SG_OK;
}

static enum sg_status take_key(struct ledger *ledger, const char *vkey,
                               struct sg_error *why)
{
    struct note_key key;

    if (note_vkey_parse(slice_str(vkey), &key) != SG_OK || !note_kind_of_log(key.kind)) {
        return sg_fail(why, SG_INVALID, "the log key '%.80s' is no verifier key of a log",
                       vkey);
    }
    if (strcmp(key.name, ledger->origin) != 0) {
        return sg_fail(why, SG_INVALID,
                       "the log key is named '%s' but the origin is '%s': they must be "
                       "equal",
                       key.name, ledger->origin);
    }
    ledger->log_key = key;
    ledger->has_log_key = true;
    return SG_OK;
}

static enum sg_status count_open(struct ledger *ledger, uint64_t *count,
                                 struct sg_error *why)
{
    AUTO(sql_reset) sqlite3_stmt *statement = ledger->statements[SQL_COUNT_OPEN];

    if (sqlite3_step(statement) != SQLITE_ROW || !sql_uint(statement, 0, count)) {
        return sql_fail(ledger->db, "count its open jobs", why);
    }
    return SG_OK;
}

static enum sg_status open_all(struct ledger *ledger,
                               const struct ledger_options *options,
                               struct ledger_state *state, struct sg_error *why)
{
    TRY(take_origin(ledger, options->origin, why));
    if (options->log_key != NULL && options->log_key[0] != '\0') {
        TRY(take_key(ledger, options->log_key, why));
    }
    TRY(store_open(ledger, options->path, why));
    ledger->on_hashing = options->on_hashing;
    ledger->context = options->context;
    TRY(store_recover(ledger, why));
    ledger->all_notes_by_it = ledger->condemned && ledger->has_log_key;
    if (ledger->committed.frontier.size > 0 && place_mark(ledger->lock_fd) != SG_OK) {
        return sg_fail(why, SG_LEDGER, "the ledger's '%s.lock' cannot be written",
                       options->path);
    }
    TRY(count_open(ledger, &state->open_intents, why));
    struct tlog_hash root = tlog_frontier_root(&ledger->committed.frontier);
    memcpy(state->root, root.bytes, sizeof(state->root));
    state->size = ledger->committed.frontier.size;
    state->checkpoint_size = ledger->checkpoint_size;
    state->schema = ledger->schema;
    state->schema_found = ledger->schema_found;
    return SG_OK;
}

enum sg_status ledger_open(const struct ledger_options *options, struct ledger **out,
                           struct ledger_state *state, struct sg_error *why)
{
    struct ledger_state found = {0};
    struct ledger *ledger = calloc(1, sizeof(*ledger));

    if (ledger == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "there is no memory for the ledger");
    }
    ledger->lock_fd = -1;
    enum sg_status opened = open_all(ledger, options, &found, why);
    if (opened != SG_OK) {
        ledger_close(ledger);
        return opened;
    }
    *out = ledger;
    *state = found;
    return SG_OK;
}

void ledger_close(struct ledger *ledger)
{
    if (ledger != NULL) {
        store_close(ledger);
        free(ledger);
    }
}

enum sg_status ledger_latch(struct ledger *ledger, const char *doing)
{
    if (!ledger->latched) {
        ledger->latched = true;
        /* The status may say "corrupt"; for the running gateway both mean: stop. */
        enum sg_status kind = sg_fail(
            &ledger->why, SG_LEDGER,
            "the ledger could not %s (SQLite %d: %s): nothing is signed until its disk "
            "is mended and the gateway is started again",
            doing, sqlite3_extended_errcode(ledger->db), sqlite3_errmsg(ledger->db));
        MUST(kind == SG_LEDGER);
    }
    return SG_LEDGER;
}

/* An older copy in the place of a whole ledger would lose what came after it. */
enum sg_status ledger_latch_gone(struct ledger *ledger, const struct place_gone *gone)
{
    static const char lost[] = "put it back, or its newest backup, and start the gateway "
                               "again";
    static const char whole[] =
        "no record was in it, so all are there: see that no other "
        "gateway uses this ledger, put no older copy in its "
        "place, and start the gateway again";

    if (!ledger->latched) {
        ledger->latched = true;
        enum sg_status kind = sg_fail(&ledger->why, SG_LEDGER,
                                      "the ledger's file %.300s was removed, renamed or "
                                      "replaced while the gateway wrote it: %s",
                                      gone->name, gone->records ? lost : whole);
        MUST(kind == SG_LEDGER);
    }
    return SG_LEDGER;
}

enum sg_status ledger_latch_corrupt(struct ledger *ledger, const char *what)
{
    if (!ledger->latched) {
        ledger->latched = true;
        enum sg_status kind = sg_fail(&ledger->why, SG_LEDGER,
                                      "the ledger holds %s that Segel did not write: "
                                      "keep the file as evidence and restore a copy",
                                      what);
        MUST(kind == SG_LEDGER);
    }
    return SG_LEDGER;
}

enum sg_status ledger_condemn(struct ledger *ledger, const char *finding)
{
    char memo[LEDGER_MEMO_MAX];

    if (ledger->latched) {
        return SG_LEDGER;
    }
    MUST(!ledger->in_transaction);
    (void)snprintf(memo, sizeof(memo), "%s", finding);
    TRY(ledger_remember(ledger, STORE_FINDING, memo)); /* a failure latches as well */
    ledger->latched = true;
    return sg_fail(&ledger->why, SG_LEDGER, "%s", finding);
}

enum sg_status ledger_run(struct ledger *ledger, enum statement which, bool bound,
                          const char *doing)
{
    sqlite3_stmt *statement = ledger->statements[which];
    bool done = bound && sqlite3_step(statement) == SQLITE_DONE;

    if (!done) {
        enum sg_status latched = ledger_latch(ledger, doing);
        (void)sqlite3_reset(statement);
        return latched;
    }
    (void)sqlite3_reset(statement);
    return SG_OK;
}

enum sg_status ledger_begin(struct ledger *ledger)
{
    if (ledger->latched) {
        return SG_LEDGER;
    }
    MUST(!ledger->in_transaction);
    TRY(ledger_run(ledger, SQL_BEGIN, true, "begin a transaction"));
    ledger->scratch = ledger->committed;
    ledger->in_transaction = true;
    return SG_OK;
}

/* After the sync: what is durable in a file that nobody finds must not be acted upon. */
static enum sg_status look_after_place(struct ledger *ledger)
{
    struct place_gone gone;

    if (!place_holds(&ledger->place, &gone)) {
        return ledger_latch_gone(ledger, &gone);
    }
    if (ledger->committed.frontier.size == 0 && ledger->scratch.frontier.size > 0 &&
        place_mark(ledger->lock_fd) != SG_OK) {
        return ledger_latch(ledger, "write its lock file");
    }
    return SG_OK;
}

enum sg_status ledger_commit(struct ledger *ledger)
{
    if (ledger->latched) {
        return SG_LEDGER;
    }
    MUST(ledger->in_transaction);
    ledger->in_transaction = false;
    TRY(ledger_run(ledger, SQL_COMMIT, true, "commit"));
    TRY(look_after_place(ledger));
    ledger->committed = ledger->scratch;
    ledger->wal_grew = true;
    return SG_OK;
}

const char *ledger_why(const struct ledger *ledger)
{
    return ledger->why.text;
}

uint64_t ledger_next_index(const struct ledger *ledger)
{
    return ledger->in_transaction ? ledger->scratch.frontier.size
                                  : ledger->committed.frontier.size;
}

enum sg_status ledger_append(struct ledger *ledger, struct slice record,
                             uint8_t leaf_hash[32])
{
    sqlite3_stmt *statement = ledger->statements[SQL_ADD_LEAF];

    if (ledger->latched) {
        return SG_LEDGER;
    }
    MUST(ledger->in_transaction);
    if (record.len == 0 || record.len > LEDGER_RECORD_MAX) {
        return SG_TOO_LARGE;
    }
    struct tlog_hash leaf = tlog_leaf(record);
    bool bound = sql_bind_uint(statement, 1, ledger->scratch.frontier.size) &&
                 sql_bind_bytes(statement, 2, record);
    TRY(ledger_run(ledger, SQL_ADD_LEAF, bound, "add a record"));
    ledger->wal_bytes += record.len;
    tree_add(&ledger->scratch, &leaf);
    if (ledger->scratch.frontier.size % TILE_WIDTH == 0) {
        TRY(tiles_store(ledger));
    }
    if (leaf_hash != NULL) {
        memcpy(leaf_hash, leaf.bytes, sizeof(leaf.bytes));
    }
    return SG_OK;
}

bool ledger_idle_due(const struct ledger *ledger)
{
    enum { DUE_BYTES = 512 * 1024 };

    return ledger->wal_bytes >= DUE_BYTES;
}

enum sg_status ledger_idle(struct ledger *ledger)
{
    struct place_gone gone;
    int left = 0;
    int moved = 0;

    if (ledger->latched) {
        return SG_LEDGER;
    }
    MUST(!ledger->in_transaction);
    if (!place_holds_all(&ledger->place, &gone)) {
        return ledger_latch_gone(ledger, &gone);
    }
    if (!ledger->wal_grew) {
        return SG_OK;
    }
    int rc = sqlite3_wal_checkpoint_v2(ledger->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &left,
                                       &moved);
    if (rc != SQLITE_OK && rc != SQLITE_BUSY) {
        return ledger_latch(ledger, "write its pages back");
    }
    ledger->wal_grew = left != moved; /* a reader held some back: once more */
    ledger->wal_bytes = 0;
    return SG_OK;
}

enum sg_status ledger_set_log_key(struct ledger *ledger, const char *vkey,
                                  struct sg_error *why)
{
    struct tlog_head head;

    if (ledger->latched) {
        return sg_fail(why, SG_LEDGER, "%s", ledger->why.text);
    }
    TRY(take_key(ledger, vkey, why));
    ledger->all_notes_by_it = false;
    TRY(store_last_checkpoint(ledger, &head, why));
    return ledger->condemned ? store_check_notes(ledger, why) : SG_OK;
}

enum sg_status ledger_acquit(struct ledger *ledger)
{
    char finding[LEDGER_MEMO_MAX];

    if (ledger->latched) {
        return SG_LEDGER;
    }
    if (!ledger->condemned) {
        return SG_NOT_FOUND;
    }
    MUST(ledger->all_notes_by_it);
    TRY(ledger_recall(ledger, STORE_FINDING, finding));
    TRY(ledger_remember(ledger, LEDGER_ACQUITTED, finding));
    TRY(ledger_remember(ledger, STORE_FINDING, ""));
    ledger->condemned = false;
    return SG_OK;
}

uint64_t ledger_size(const struct ledger *ledger)
{
    return ledger->committed.frontier.size;
}

uint64_t ledger_checkpoint_size(const struct ledger *ledger)
{
    return ledger->checkpoint_size;
}
