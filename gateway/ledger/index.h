#ifndef SEGEL_GATEWAY_LEDGER_INDEX_H
#define SEGEL_GATEWAY_LEDGER_INDEX_H

#include "gateway/ledger/reader.h"

/* What filters are answered by: for each word (a member of the records and its text) the
 * records that hold it, a bitmap or a short list for each block of 4,096. It stands in a
 * file of its own beside the ledger, "<path>.index", so that no signature ever waits for
 * it; it holds nothing that is not in the log, may be deleted at any time, and is then
 * built again. Only whole blocks are in it: what comes after is looked through. A record
 * that is found by it is shown only when it meets the filter itself. One thread, that of
 * its reader. */
struct ledger_index;
enum { INDEX_BLOCK = 4096 };

/* The file is made with its first block. One that is not of this log, or damaged, is
 * deleted and made anew. SG_IO, SG_LEDGER: it cannot be. The caller owns *out. */
SG_MUST_USE enum sg_status index_open(const char *ledger_path,
                                      struct ledger_reader *reader,
                                      struct ledger_index **out, struct sg_error *why);
void index_close(struct ledger_index *index);
/* The same, and its file goes: the next one is made anew. */
void index_discard(struct ledger_index *index);

/* Adds the next block, if the log has it whole and the disk has room; some 50 ms.
 * SG_NOT_FOUND: there is nothing to add now. Other failures: close it. */
SG_MUST_USE enum sg_status index_step(struct ledger_index *index,
                                      struct ledger_reader *reader);

/* Records below this one are found by the index. */
uint64_t index_size(const struct ledger_index *index);

/* Whether the filter has a condition that the index knows. */
bool index_serves(const struct record_filter *filter);

/* Calls visit for records that may meet the filter, in their order, from first on, until
 * it returns false. *next: where to go on, at most index_size. effort bounds the
 * searches. Failures: close it. */
struct index_search {
    const struct record_filter *filter;
    uint64_t first;
    uint32_t effort;
    /* false, or a failure in *status: no more. */
    bool (*visit)(void *context, uint64_t record, enum sg_status *status);
    void *context;
    uint64_t next; /* out */
};
SG_MUST_USE enum sg_status index_find(struct ledger_index *index,
                                      struct index_search *search);

#endif
