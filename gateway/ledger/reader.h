#ifndef SEGEL_GATEWAY_LEDGER_READER_H
#define SEGEL_GATEWAY_LEDGER_READER_H

#include "proto/base.h"
#include "proto/slice.h"

/* A read-only view of the ledger for reviewers, beside the writer. One thread a reader.
 * Each call is a short transaction of its own. */
struct ledger_reader;

/* path: as of the writer, who must have made it before. The caller owns *out. SG_LEDGER,
 * SG_CORRUPT: it cannot be read. */
SG_MUST_USE enum sg_status
ledger_reader_open(const char *path, struct ledger_reader **out, struct sg_error *why);
void ledger_reader_close(struct ledger_reader *reader);

/* Filters are answered by an index from now on (index.h), as far as it is built: a file
 * beside the ledger's, which a ledger that is kept otherwise may not need. SG_IO,
 * SG_LEDGER: there is none, and filters look at every record. */
SG_MUST_USE enum sg_status ledger_reader_index(struct ledger_reader *reader,
                                               const char *path, struct sg_error *why);
/* Builds a piece of it; some 50 ms. SG_NOT_FOUND: it is up to date, or there is none.
 * Other failures: there is none any more; why says the reason. */
SG_MUST_USE enum sg_status ledger_reader_step(struct ledger_reader *reader,
                                              struct sg_error *why);
/* How many records it lacks; 0 when there is none. */
SG_MUST_USE enum sg_status ledger_reader_lack(struct ledger_reader *reader,
                                              uint64_t *records);

/* Hashing the whole log again, in pieces, while the writer works: ledger_open reads only
 * what it must, and disks forget. begin: a pass up to the newest checkpoint; log_key: the
 * vkey that must have signed all of them. step: the next piece, at most 4,096 records,
 * some ms; SG_OK: there is more, SG_NOT_FOUND: the pass is over, and all is sound. Both:
 * SG_CORRUPT: records, tiles or checkpoints are not what was signed; why says which
 * (ledger_condemn). After any failure begin again. begin: SG_NOT_FOUND: there is no
 * checkpoint yet. SG_INVALID, SG_IO, SG_NO_MEMORY. */
struct scrub_progress {
    uint64_t records; /* hashed in this pass */
    uint64_t of;
};
SG_MUST_USE enum sg_status ledger_scrub_begin(struct ledger_reader *reader,
                                              const char *log_key, struct sg_error *why);
SG_MUST_USE enum sg_status ledger_scrub_step(struct ledger_reader *reader,
                                             struct scrub_progress *progress,
                                             struct sg_error *why);

/* All members given must match; NULL or 0 = no condition. */
struct record_filter {
    int64_t from_us;
    int64_t until_us;
    const char *caller;
    const char *key;
    const char *rule;
    const char *decision; /* "allow", "deny" */
    const char *document_class;
    const char *mandate;
    const char *request_id;
    const char *const *types;
    size_t type_count;
};

/* Calls visit for up to max matching records from index first on; *next is where to go on
 * (equals the size of the log when all were seen). scan bounds the records looked at, and
 * the searches in the index: it may return early with fewer than max, or none.
 * The JSON is borrowed for the length of the visit. filter may be NULL.
 * first = 0: from the first record that there is. SG_PRUNED: another one below those that
 * were pruned, ledger_read_pruned. */
typedef void (*record_visit)(void *context, uint64_t index, struct slice json);
struct record_page {
    uint64_t first;
    uint32_t max;
    uint32_t scan;
    uint64_t next; /* out */
};
SG_MUST_USE enum sg_status ledger_read(struct ledger_reader *reader,
                                       const struct record_filter *filter,
                                       struct record_page *page, record_visit visit,
                                       void *context);

/* The newest stored checkpoint note, with the cosignatures of its witnesses so far;
 * copied into out. SG_NOT_FOUND: none yet. */
SG_MUST_USE enum sg_status ledger_read_checkpoint(struct ledger_reader *reader,
                                                  uint8_t *out, size_t cap, size_t *len,
                                                  uint64_t *size);
/* The same as the log signed it, without cosignatures. */
SG_MUST_USE enum sg_status ledger_read_note(struct ledger_reader *reader, uint8_t *out,
                                            size_t cap, size_t *len, uint64_t *size);
SG_MUST_USE enum sg_status ledger_read_size(struct ledger_reader *reader, uint64_t *size);
/* Records below it were taken out by officers (prune.h); their hashes are there. 0: none.
 */
SG_MUST_USE enum sg_status ledger_read_pruned(struct ledger_reader *reader,
                                              uint64_t *before);
/* The file of a policy that was in force, by its SHA-256; the caller frees *out.
 * SG_NOT_FOUND: it never was. SG_NO_MEMORY. */
SG_MUST_USE enum sg_status ledger_read_policy(struct ledger_reader *reader,
                                              const uint8_t sha256[32], uint8_t **out,
                                              size_t *len);

/* RFC 6962 proofs from the stored tiles and leaves, the hash nearest the leaf first.
 * SG_INVALID: an index or a size beyond the log, or old above new. SG_CORRUPT: the stored
 * record is not the one that was logged. */
struct ledger_path {
    uint8_t hash[64][32];
    size_t count;
};
SG_MUST_USE enum sg_status ledger_inclusion(struct ledger_reader *reader, uint64_t index,
                                            uint64_t tree_size, struct ledger_path *path,
                                            uint8_t root[32]);
SG_MUST_USE enum sg_status ledger_consistency(struct ledger_reader *reader,
                                              uint64_t old_size, uint64_t new_size,
                                              struct ledger_path *path);
/* Hashes of tile n of a level (C2SP tlog-tiles) in a tree of that size. SG_INVALID: the
 * tree has no such tile, or is larger than the log. */
enum { LEDGER_TILE_BYTES = 256 * 32, LEDGER_TILE_LEVELS = 8 };
struct ledger_tile {
    unsigned level;
    uint64_t n;
    uint64_t tree_size;
};
SG_MUST_USE enum sg_status ledger_tile_read(struct ledger_reader *reader,
                                            const struct ledger_tile *tile,
                                            uint8_t out[LEDGER_TILE_BYTES], size_t *len);

/* Calls visit for each stored checkpoint note of first <= size < until, ascending, until
 * it answers false; *next is the size of the one that was refused, or 0. */
typedef bool (*checkpoint_visit)(void *context, uint64_t size, struct slice note);
struct checkpoint_range {
    uint64_t first;
    uint64_t until;
    uint64_t next; /* out */
};
SG_MUST_USE enum sg_status ledger_read_checkpoints(struct ledger_reader *reader,
                                                   struct checkpoint_range *range,
                                                   checkpoint_visit visit, void *context);

/* Index of the last OUTCOME record of a job. SG_PRECONDITION: it is under way.
 * SG_NOT_FOUND: no key was ever to be used for it. */
SG_MUST_USE enum sg_status ledger_outcome_of(struct ledger_reader *reader,
                                             const char *caller, const char *request_id,
                                             uint64_t *index);

/* The C2SP tlog-proof of one record, with the record as its `extra`, under the newest
 * checkpoint; or under an older one that covers the record and that witnesses have
 * signed, for it is worth more: written into out, which holds at least PROOF_MAX bytes.
 * SG_ABORTED: no checkpoint covers it yet. SG_PRUNED: its text is gone. Others as
 * ledger_inclusion. */
SG_MUST_USE enum sg_status ledger_receipt(struct ledger_reader *reader, uint64_t index,
                                          uint8_t *out, size_t cap, size_t *len);

#endif
