#ifndef SEGEL_CLIENT_AUDIT_AUDIT_H
#define SEGEL_CLIENT_AUDIT_AUDIT_H

#include "client/audit/peaks.h"
#include "client/audit/pending.h"
#include "client/audit/scan.h"
#include "client/audit/seen.h"
#include "proto/base.h"
#include "proto/slice.h"
#include "proto/tlog/merkle.h"

/* Reads a log or a part of it, record by record, and finds what does not fit together.
 * Knows nothing of networks, keys or files: `segel log verify` feeds it from a gateway,
 * segel-verify from a bundle. Memory does not grow with the log, but for seen.h. */
enum { AUDIT_MARKS = 3, AUDIT_FAULTS_SHOWN = 8, AUDIT_FAULT_SIZE = 192 };

/* A clock that goes back by more than this between two records is worth a warning; less
 * is what a time server corrects. */
enum { AUDIT_BACK_US = 1000000 };

enum audit_kind { AUDIT_FORM, AUDIT_ORDER, AUDIT_PAIRS, AUDIT_TWICE, AUDIT_KINDS };
enum audit_fault_id {
#define FAULT(name, kind, english, indonesian) FAULT_##name,
#include "client/audit/faults.def"
#undef FAULT
    FAULT_COUNT
};
struct audit_fault {
    enum audit_fault_id id;
    uint64_t index; /* of the record */
};

/* A signed tree size: the root over so many records, as it comes out of the records. */
struct audit_mark {
    uint64_t size;
    struct tlog_hash root; /* valid when reached */
    bool reached;
};

struct audit {
    struct tlog_frontier tree;
    struct tlog_hash leaf; /* of the last record */
    struct scan last;      /* its members; they point into it: valid until it goes away */
    uint64_t first;        /* index of the first record that was read */
    uint64_t covered;      /* records from this place on explain nothing */
    bool pruned;           /* a record says that those before `first` were pruned */
    struct audit_mark marks[AUDIT_MARKS]; /* set the sizes before the first record */
    size_t mark_count;
    struct pending open; /* INTENTs without OUTCOME so far */
    struct peaks peaks;
    struct seen seen;    /* requests that were signed */
    struct seen earlier; /* INTENTs before `first` that have had their OUTCOME */
    struct marking marking;
    int64_t first_us;
    int64_t last_us;
    uint64_t intents;
    uint64_t signed_count;
    uint64_t failed;
    uint64_t indeterminate;
    uint64_t denials;
    uint64_t others;
    uint64_t unnamed; /* signatures whose INTENT stands before `first`, and which do not
                         name their request: written by older gateways */
    uint64_t back_count;  /* times that went back by more than AUDIT_BACK_US */
    uint64_t back_index;  /* the record of the widest such step */
    int64_t back_most_us; /* its width */
    uint64_t fault_count;
    uint64_t kind_counts[AUDIT_KINDS];
    struct audit_fault faults[AUDIT_FAULTS_SHOWN]; /* the first ones */
};

/* The whole log, from its first record. */
void audit_start(struct audit *audit);
/* A part of it: tree is that of all records before. */
void audit_start_at(struct audit *audit, const struct tlog_frontier *tree);
/* Adds the size of a checkpoint; to be called before the first record. */
void audit_mark(struct audit *audit, uint64_t size);
/* The size of the newest checkpoint, for whoever reads on behind it: nobody signed what
 * stands there, so it cannot explain why records are missing, and ends no INTENT that was
 * open for too long by then. To be called before the first record; without it all that
 * is read counts as covered. */
void audit_cover(struct audit *audit, uint64_t size);
/* One more record before the first one that is read: only its hash is there. */
void audit_skip(struct audit *audit, const struct tlog_hash *leaf);
/* After the last record of a whole log: a fault unless it begins with record 0, or a
 * covered record says that those before its first one were pruned. */
void audit_need_begin(struct audit *audit);
/* index: as the gateway numbers the record. SG_NO_MEMORY. Everything else that is wrong
 * is a fault and counted. */
SG_MUST_USE enum sg_status audit_record(struct audit *audit, uint64_t index,
                                        struct slice json);
/* After the last record: INTENTs that got no OUTCOME for longer than any job can take
 * become faults. The others are under way: their number. */
size_t audit_end(struct audit *audit);
void audit_fini(struct audit *audit);

enum audit_kind audit_fault_kind(const struct audit_fault *fault);
/* "record 7: an intent without an outcome" */
void audit_fault_text(const struct audit_fault *fault, bool english,
                      char out[AUDIT_FAULT_SIZE]);

#endif
