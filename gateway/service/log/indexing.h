#ifndef SEGEL_GATEWAY_SERVICE_LOG_INDEXING_H
#define SEGEL_GATEWAY_SERVICE_LOG_INDEXING_H

#include "gateway/ledger/reader.h"

/* When the index of filters is built (ledger_reader_step): on the reading thread, in
 * pieces, when nobody asks for anything and the gateway has little to sign. While many
 * wait for a signature it is put off, so long as not too many records lack in it: filters
 * look through those one by one. The zero state has everything before it. */
struct indexing_options {
    /* Any thread: there is so much to sign that it needs the processor more; NULL:
     * never. */
    bool (*busy)(void *context);
    void *context;
};
struct indexing {
    struct indexing_options options;
    int64_t due_us; /* CLOCK_MONOTONIC: when the next piece may be built */
};
/* So many records may lack for a busy gateway. A filter takes a second for them at most
 * (docs/LOG.md). */
enum { INDEXING_LACK_MAX = 65536 };

/* Builds the next piece if it is due, some 50 ms. idle: no question waits; when one
 * always does, pieces come seldom, but they come. */
void indexing_step(struct indexing *indexing, struct ledger_reader *reader, bool idle);

#endif
