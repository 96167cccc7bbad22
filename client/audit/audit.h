#ifndef SEGEL_CLIENT_AUDIT_H
#define SEGEL_CLIENT_AUDIT_H

#include "client/pending.h"
#include "proto/base.h"
#include "proto/slice.h"
#include "proto/tlog/merkle.h"

/* Reads a whole log, record by record, and finds what does not fit together. Knows
 * nothing of networks, keys or files. */
enum { AUDIT_MARKS = 2, AUDIT_FAULTS_SHOWN = 8, AUDIT_FAULT_SIZE = 192 };

/* A signed tree size: the root over so many records, as it comes out of the records. */
struct audit_mark {
    uint64_t size;
    struct tlog_hash root; /* valid when reached */
    bool reached;
};

struct audit {
    struct tlog_frontier tree;
    struct audit_mark marks[AUDIT_MARKS]; /* set the sizes before the first record */
    size_t mark_count;
    struct pending open; /* INTENTs without OUTCOME so far */
    int64_t first_us;
    int64_t last_us;
    uint64_t intents;
    uint64_t signed_count;
    uint64_t failed;
    uint64_t indeterminate;
    uint64_t denials;
    uint64_t others;
    uint64_t fault_count;
    char faults[AUDIT_FAULTS_SHOWN][AUDIT_FAULT_SIZE];
};

void audit_start(struct audit *audit);
/* Adds the size of a checkpoint; to be called before the first record. */
void audit_mark(struct audit *audit, uint64_t size);
/* index: as the gateway numbers the record. SG_NO_MEMORY. Everything else that is wrong
 * is a fault and counted. */
SG_MUST_USE enum sg_status audit_record(struct audit *audit, uint64_t index,
                                        struct slice json);
/* After the last record: INTENTs that got no OUTCOME for longer than any job can take
 * become faults. The others are under way: their number. */
size_t audit_end(struct audit *audit);
void audit_fini(struct audit *audit);

#endif
