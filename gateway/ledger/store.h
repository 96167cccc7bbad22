#ifndef SEGEL_GATEWAY_LEDGER_STORE_H
#define SEGEL_GATEWAY_LEDGER_STORE_H

#include <sqlite3.h>

#include "gateway/ledger/ledger.h"
#include "gateway/ledger/place.h"
#include "gateway/ledger/tree.h"
#include "proto/base.h"
#include "proto/tlog/note.h"

/* The writer's inside: what the files of this folder share. */

enum statement {
#define STATEMENT(name, sql) SQL_##name,
#include "gateway/ledger/statements.def"
#undef STATEMENT
    SQL_COUNT
};

/* Which row a claim was given, by the index of its INTENT: only a hint, that saves the
 * way through the index of names. */
struct claim_row {
    uint64_t intent;
    sqlite3_int64 row; /* 0 = none */
};
enum { CLAIM_ROWS = 1024 };

struct ledger {
    int lock_fd; /* owned; -1 = none. Keeps a second writer out. */
    struct place place;
    sqlite3 *db;                         /* owned */
    sqlite3_stmt *statements[SQL_COUNT]; /* owned */
    struct tree committed;
    struct tree scratch; /* what the open transaction makes of it */
    bool in_transaction;
    bool wal_grew;      /* since the last ledger_idle */
    uint64_t wal_bytes; /* of records, since then */
    bool latched;
    struct sg_error why;
    char origin[NOTE_NAME_MAX + 1];
    bool has_log_key;
    struct note_key log_key;
    bool condemned;       /* by an earlier check; since then the tree met every root */
    bool all_notes_by_it; /* the log key signed every stored checkpoint */
    bool (*on_hashing)(void *context); /* as ledger_options has them */
    void *context;                     /* borrowed */
    uint64_t checkpoint_size;
    uint64_t schema, schema_found; /* as ledger_state has them */
    bool has_offer;
    struct tlog_head offer; /* the tree of the text given out last, to be signed */
    struct claim_row rows[CLAIM_ROWS]; /* at intent % CLAIM_ROWS */
};

/* Makes the file when it is absent, migrates, sets and reads back the pragmas, prepares
 * the statements. */
SG_MUST_USE enum sg_status store_open(struct ledger *ledger, const char *path,
                                      struct sg_error *why);
/* The zero state is closed already. */
void store_close(struct ledger *ledger);

/* Name of the memo that ledger_condemn writes; empty = none. */
#define STORE_FINDING "finding"

/* Makes ledger->committed from the file and holds it against the last checkpoint; when
 * the ledger is condemned by all of its records, and against all checkpoints. */
SG_MUST_USE enum sg_status store_recover(struct ledger *ledger, struct sg_error *why);
/* Whoever waits for what takes long hears that it moves. SG_SHUTDOWN: it shall end. */
SG_MUST_USE enum sg_status store_go_on(const struct ledger *ledger, struct sg_error *why);

/* What a stored or offered note says, if it may be believed: of this origin, and signed
 * by the log key when one is known. SG_NOT_FOUND: it is not; others as note_parse. */
struct checkpoint;
SG_MUST_USE enum sg_status store_read_note(const struct ledger *ledger,
                                           struct slice bytes, struct checkpoint *out);
/* The last stored checkpoint is a note of this origin, signed by the log key if one is
 * known. Copies its size and root; size 0 and the empty root when there is none. */
SG_MUST_USE enum sg_status store_last_checkpoint(struct ledger *ledger,
                                                 struct tlog_head *head,
                                                 struct sg_error *why);
/* The log key signed every stored one. SG_CORRUPT, SG_SHUTDOWN. */
SG_MUST_USE enum sg_status store_check_notes(struct ledger *ledger, struct sg_error *why);

/* What was pruned is what the log says: the record of the last prune is there, names the
 * same index, and stands behind all that is gone. SG_CORRUPT: somebody else did it. */
struct ledger_prune;
SG_MUST_USE enum sg_status store_check_prune(struct ledger *ledger,
                                             struct ledger_prune *prune,
                                             struct sg_error *why);

/* Takes note of an error that must never be forgotten; returns SG_LEDGER. */
SG_MUST_USE enum sg_status ledger_latch(struct ledger *ledger, const char *doing);
/* The same for a file that is not where it was opened. */
SG_MUST_USE enum sg_status ledger_latch_gone(struct ledger *ledger,
                                             const struct place_gone *gone);
/* The same for stored data that cannot be. */
SG_MUST_USE enum sg_status ledger_latch_corrupt(struct ledger *ledger, const char *what);

/* Runs a statement that gives no row, and resets it. bound: whether the caller's binds
 * went well. A failure latches. */
SG_MUST_USE enum sg_status ledger_run(struct ledger *ledger, enum statement which,
                                      bool bound, const char *doing);

/* Stores the complete tile that ends at the scratch tree's size, and those above it. */
SG_MUST_USE enum sg_status tiles_store(struct ledger *ledger);

#endif
