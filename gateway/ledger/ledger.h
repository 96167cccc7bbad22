#ifndef SEGEL_GATEWAY_LEDGER_LEDGER_H
#define SEGEL_GATEWAY_LEDGER_LEDGER_H

#include "gateway/ledger/memo.h"
#include "proto/algorithm.h"
#include "proto/base.h"
#include "proto/slice.h"

/* The record of every decision: leaves of a Merkle tree (RFC 6962), the answers kept for
 * idempotency, and the signed checkpoints, in one database; readers have a handle of
 * their own (reader.h). All that is said here tests/unit/ledger/contract_*.c ask of
 * whatever keeps it; so far that is SQLite, WAL, synchronous=FULL.
 *
 * A turn of the writer is
 *     TRY(ledger_begin(l)); … ledger_append / ledger_claim / ledger_settle …;
 *     TRY(ledger_commit(l));
 * and what was appended may be acted upon only after the commit returned SG_OK. Any
 * SG_LEDGER latches: every later call answers SG_LEDGER, because after a failed write or
 * fsync nobody knows what is on the disk. The process must end; the next start reads
 * what is there. A ledger whose files are removed or replaced latches likewise. The lock
 * file ("<path>.lock") keeps a second writer out, and knows that there was a ledger. */
struct ledger;
enum { LEDGER_RECORD_MAX = 8192, LEDGER_ID_MAX = 64, LEDGER_DECISION_SIZE = 27 };

struct ledger_options {
    const char *path;    /* where it is kept: a database file; made when absent */
    const char *origin;  /* C2SP origin of this log; must equal the one in the file */
    const char *log_key; /* C2SP vkey that signed the checkpoints, named like the origin;
                          * NULL or "" when not known yet: see ledger_set_log_key. */
    /* While records are hashed, which may be all of them, as often as 256 are done; and
     * for each checkpoint that ledger_set_log_key verifies beside the last. False: either
     * ends with SG_SHUTDOWN. NULL: nobody asks. */
    bool (*on_hashing)(void *context);
    void *context; /* borrowed until ledger_close */
};

/* What the start found, for the boot record and the log line. */
struct ledger_state {
    uint64_t size; /* leaves */
    uint8_t root[32];
    uint64_t checkpoint_size;      /* of the last stored checkpoint; 0 = none */
    uint64_t open_intents;         /* INTENTs without OUTCOME; see ledger_next_open */
    uint64_t schema, schema_found; /* of its tables: now; and before, 0 = just made */
};

/* Opens, migrates, and makes the tree of what is stored: the part under the last
 * checkpoint from stored roots that lead to the root which it signed, all that comes
 * after from its records (recover.c says why this is enough; the rest is the scrub's,
 * reader.h). The time grows with the records that no checkpoint covers, not with the log.
 * SG_CORRUPT: the tree does not match: nothing may be signed; why says what to do.
 * SG_SHUTDOWN, SG_LEDGER, SG_INVALID, SG_IO. The caller owns *out. */
SG_MUST_USE enum sg_status ledger_open(const struct ledger_options *options,
                                       struct ledger **out, struct ledger_state *state,
                                       struct sg_error *why);
void ledger_close(struct ledger *ledger);

/* Verifies the last checkpoint by a key that was not known at the start (its lane came up
 * later), and from now on every one that is stored; in a condemned ledger every one that
 * is there, too. SG_INVALID: not a vkey of this origin. SG_CORRUPT: a stored checkpoint
 * is not signed by it: sign nothing. SG_SHUTDOWN. */
SG_MUST_USE enum sg_status ledger_set_log_key(struct ledger *ledger, const char *vkey,
                                              struct sg_error *why);

/* The ledger was found to hold what Segel did not write (ledger_scrub_step): latches it,
 * and is remembered, so that each ledger_open reads and hashes every record before it
 * believes any, until it is acquitted. Outside a transaction. finding: one sentence.
 * Returns SG_LEDGER. */
SG_MUST_USE enum sg_status ledger_condemn(struct ledger *ledger, const char *finding);
/* To be called when the log key's own token has shown that the ledger's key is the right
 * one: as ledger_open and ledger_set_log_key found all sound, what was found is mended,
 * and becomes the memo LEDGER_ACQUITTED. SG_NOT_FOUND: nothing was found. SG_LEDGER. */
SG_MUST_USE enum sg_status ledger_acquit(struct ledger *ledger);

SG_MUST_USE enum sg_status ledger_begin(struct ledger *ledger);
SG_MUST_USE enum sg_status ledger_commit(struct ledger *ledger);
/* One sentence about the error that latched the ledger; "" while it is well. */
const char *ledger_why(const struct ledger *ledger);

/* Index that the next appended record will have. Needed inside the record. */
uint64_t ledger_next_index(const struct ledger *ledger);
/* Appends one record; leaf_hash may be NULL. SG_TOO_LARGE: empty or above the limit;
 * nothing was appended. */
SG_MUST_USE enum sg_status ledger_append(struct ledger *ledger, struct slice record,
                                         uint8_t leaf_hash[32]);

/* What is kept of one (caller, request_id). */
enum claim_state { CLAIM_PENDING = 1, CLAIM_SIGNED, CLAIM_FAILED, CLAIM_INDETERMINATE };
struct claim {
    char caller[LEDGER_ID_MAX + 1];
    char request_id[LEDGER_ID_MAX + 1];
    uint8_t request_hash[32]; /* over all that was asked; another one is a conflict */
    enum claim_state state;
    uint32_t attempt; /* from 1 */
    char decision_id[LEDGER_DECISION_SIZE];
    uint64_t intent_index;
    int64_t signing_time_us;
    uint8_t template_id[32]; /* cms_template_id of the answer */
    /* From here on only when SIGNED (index and hash also when FAILED). */
    uint64_t outcome_index;
    uint8_t outcome_hash[32];
    uint16_t signature_len;
    uint8_t signature[SG_SIGNATURE_MAX];
};

/* SG_NOT_FOUND: never claimed. */
SG_MUST_USE enum sg_status ledger_find(struct ledger *ledger, const char *caller,
                                       const char *request_id, struct claim *out);
/* Writes the row at INTENT, as PENDING whatever claim->state says; replaces an
 * indeterminate or failed attempt. SG_CONFLICT: the id is pending or signed already;
 * nothing was changed. */
SG_MUST_USE enum sg_status ledger_claim(struct ledger *ledger, const struct claim *claim);
/* Completes the row at OUTCOME, with outcome_index in every case (one record settles one
 * claim); the signature is kept only when SIGNED. SG_NOT_FOUND: the
 * id is not pending; nothing was changed. */
SG_MUST_USE enum sg_status ledger_settle(struct ledger *ledger,
                                         const struct claim *claim);
/* The oldest claim that is still PENDING; the same one until it is settled. At start each
 * gets an OUTCOME "indeterminate". SG_NOT_FOUND: none is left. */
SG_MUST_USE enum sg_status ledger_next_open(struct ledger *ledger, struct claim *out);

/* CMS templates by id, kept so that stored answers can be given again. Keeping one twice
 * is harmless. find copies into out; SG_NOT_FOUND, SG_TOO_LARGE. */
SG_MUST_USE enum sg_status
ledger_keep_template(struct ledger *ledger, const uint8_t id[32], struct slice packed);
SG_MUST_USE enum sg_status ledger_find_template(struct ledger *ledger,
                                                const uint8_t id[32], uint8_t *out,
                                                size_t cap, size_t *len);

/* Checkpoints, outside a transaction. text: the C2SP note text of the committed tree
 * ("origin\nsize\nroot\n"), to be signed. store: the whole signed note of the text given
 * out last; records may have been committed since. On SG_OK it, or the first of its size,
 * is durable. SG_INVALID: another text, not by the log key, or smaller than the last. */
SG_MUST_USE enum sg_status ledger_checkpoint_text(struct ledger *ledger, char *out,
                                                  size_t cap, size_t *len);
SG_MUST_USE enum sg_status ledger_checkpoint_store(struct ledger *ledger,
                                                   struct slice note);
/* Moves pages from the WAL into the database, outside a transaction: once a second, and
 * in an idle moment when it is due (for a millisecond). Blocks. SG_LEDGER latches. */
SG_MUST_USE enum sg_status ledger_idle(struct ledger *ledger);
bool ledger_idle_due(const struct ledger *ledger);

/* Committed leaves, and leaves of the last stored checkpoint. */
uint64_t ledger_size(const struct ledger *ledger);
uint64_t ledger_checkpoint_size(const struct ledger *ledger);

#endif
