#ifndef SEGEL_GATEWAY_SERVICE_READING_H
#define SEGEL_GATEWAY_SERVICE_READING_H

#include "gateway/ledger/reader.h"
#include "gateway/mbox.h"
#include "gateway/service/log/indexing.h"
#include "gateway/service/log/scrubbing.h"

/* The reading thread: ledger queries of reviewers, one after the other, so that no I/O
 * loop ever waits for a disk. A question travels to it and comes back answered. */
enum reading_kind {
    READ_CHECKPOINT,
    READ_PAGE,
    READ_INCLUSION,
    READ_CONSISTENCY,
    READ_RECEIPT,
    READ_CHECKPOINTS,
    READ_TILES,
    READ_COUNT
};

/* How far ahead not_before_us may lie: what waits here stays its asker's memory. */
enum { READ_LATER_US = 50000 };
enum { READ_PAGE_RECORDS = 256, READ_PAGE_SCAN = 8192, READ_PAGE_BYTES = 1 << 20 };

struct reading_record {
    uint64_t index;
    size_t offset; /* in bytes */
    size_t len;
};

struct question {
    struct letter letter; /* first */
    struct mbox *reply;   /* borrowed */
    void *asker;          /* borrowed; the thread only carries it */
    enum reading_kind kind;
    int64_t
        not_before_us; /* CLOCK_MONOTONIC: at most a moment ahead, see READ_LATER_US */
    /* asked */
    uint64_t first;              /* page; leaf index; old size; first tile; size that the
                                  * checkpoint must have at least */
    uint64_t second;             /* page: end, exclusive; tree size. A count: where it
                                  * ends; 0 = where the log ends now */
    uint32_t max;                /* records of a page; tiles */
    uint32_t level;              /* of the tiles */
    struct record_filter filter; /* texts live as long as the asker. A receipt: of this
                                  * caller and request_id */
    /* answered */
    enum sg_status status;
    bool early; /* no checkpoint covers it yet: ask again when there may be one */
    uint64_t next;
    uint64_t size;
    struct ledger_path path;
    uint8_t root[32];
    size_t record_count; /* also notes, or tiles; a count: of signatures */
    struct reading_record records[READ_PAGE_RECORDS];
    uint8_t *bytes; /* owned: READ_PAGE_BYTES */
    size_t used;
};

/* Beside questions the thread builds the index of filters, and hashes the log again. */
struct reading_options {
    const char *ledger_path; /* borrowed for the call */
    struct indexing_options indexing;
    struct scrubbing_options scrubbing;
};

struct reading;
SG_MUST_USE enum sg_status reading_start(const struct reading_options *options,
                                         struct reading **out, struct sg_error *why);
/* Gives the question away; it comes back by question->reply. SG_SHUTDOWN. */
SG_MUST_USE enum sg_status reading_ask(struct reading *reading,
                                       struct question *question);
/* Any thread: the ledger could be read when it was last tried, which is at most a few
 * seconds ago. */
bool reading_sound(const struct reading *reading);
/* Any thread: how far the log has been hashed again. */
struct scrub_report reading_scrubbed(const struct reading *reading);
/* Ends the thread; questions that wait are dropped, their askers are gone by then. */
void reading_join(struct reading *reading);

#endif
