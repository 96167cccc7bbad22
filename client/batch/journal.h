#ifndef SEGEL_CLIENT_BATCH_JOURNAL_H
#define SEGEL_CLIENT_BATCH_JOURNAL_H

#include "proto/base.h"

/* What a run of `segel sign` has sent, kept on disk before it is sent: each letter's
 * request id, and what its digest hangs on beside letter and terms: signing time, room
 * for the signature, hash. With them the gateway gives the same signature again. So a run
 * that broke off goes on, and nothing is signed twice.
 *
 * A text file that only grows. A line is cells between tabs, the last a check sum:
 *   segel-run 3 RUN FORCE
 *   + NUMBER SIGNING_TIME_US SIZE MTIME_NS INPUT TERMS PATH OUTPUT ROOM HASH
 *   = NUMBER OUTCOME LOG_INDEX
 * FORCE is `force` where the run was begun to overwrite what is there, else `keep`.
 * Journals of `segel-run 2` have no FORCE, those of 1 no ROOM and HASH either; they are
 * taken, too.
 * The request id is RUN-NUMBER. A later + for the same output replaces the earlier one.
 * The end may be torn: what was not synced was not sent. A line that is damaged further
 * in front than that, or of another run, is SG_CORRUPT.
 *
 * In memory: some 150 bytes a letter. One thread. */
enum {
    JOURNAL_RUN_SIZE = 17, /* 16 hexadecimal digits and a NUL */
    JOURNAL_ID_SIZE = 40,  /* of a request id */
    JOURNAL_TEXT_MAX = 4096,
    JOURNAL_TORN_MAX = 1 << 20, /* bytes: no more than that is ever written unsynced */
    JOURNAL_LETTERS_MAX = 4000000
};
enum journal_state {
    JOURNAL_PENDING, /* may have been sent; its outcome is not known */
    JOURNAL_SIGNED,
    JOURNAL_REFUSED /* for good: this request id is signed no more */
};

struct journal_letter {
    uint8_t name[16]; /* first bytes of the SHA-256 of its output */
    uint8_t input[32];
    uint8_t terms[16]; /* first bytes of a SHA-256 over all that it was to be signed by */
    uint64_t size;
    int64_t mtime_ns;
    int64_t signing_time_us;
    uint64_t log_index;
    uint32_t number; /* from 1 */
    uint32_t room;   /* bytes for the CMS; 0 = not kept, as is the hash then */
    uint8_t hash;    /* enum sg_hash */
    uint8_t state;   /* enum journal_state */
    bool met;        /* this run was asked for it: the caller's */
    bool open; /* it is signed, and its signature is asked for again: the caller's, until
                * it is settled */
};
struct journal;

/* Makes a new one, with a run id of its own; the name's XXXX in `path` is for the caller
 * to choose. force: the run overwrites what is there. SG_CONFLICT: the file is there.
 * SG_IO. The caller closes *out. */
SG_MUST_USE enum sg_status journal_make(const char *path, const char *run, bool force,
                                        struct journal **out, struct sg_error *why);
/* Opens one that is there, cuts off what is torn, and reads it. SG_NOT_FOUND. SG_BUSY:
 * another process has it. SG_CORRUPT: it is none, or damaged. SG_IO. */
SG_MUST_USE enum sg_status journal_open(const char *path, struct journal **out,
                                        struct sg_error *why);
/* Without syncing. NULL is fine. */
void journal_close(struct journal *journal);
/* Takes the file away: nothing of the run is open. */
void journal_remove(struct journal *journal);

const char *journal_run(const struct journal *journal);
bool journal_forces(const struct journal *journal);
const char *journal_path(const struct journal *journal);
size_t journal_count(const struct journal *journal);
struct journal_letter *journal_at(struct journal *journal, size_t i);
/* By its output; NULL: none. Valid until journal_add. */
struct journal_letter *journal_find(struct journal *journal, const char *output);
void journal_id(const struct journal *journal, const struct journal_letter *letter,
                char out[JOURNAL_ID_SIZE]);

/* Adds a letter, or a later state of one: name, number, state and log_index are filled
 * in. It may be sent once journal_sync has succeeded. SG_IO, SG_NO_MEMORY, SG_TOO_LARGE:
 * a path or the run is too long. */
SG_MUST_USE enum sg_status journal_add(struct journal *journal,
                                       struct journal_letter *letter, const char *path,
                                       const char *output, struct sg_error *why);
SG_MUST_USE enum sg_status journal_sync(struct journal *journal, struct sg_error *why);
/* What became of it. Not synced: were it lost, the letter would be asked for again. */
SG_MUST_USE enum sg_status journal_settle(struct journal *journal, uint32_t number,
                                          enum journal_state state, uint64_t log_index,
                                          struct sg_error *why);

#endif
