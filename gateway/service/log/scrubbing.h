#ifndef SEGEL_GATEWAY_SERVICE_LOG_SCRUBBING_H
#define SEGEL_GATEWAY_SERVICE_LOG_SCRUBBING_H

#include <stdatomic.h>

#include "gateway/ledger/reader.h"

/* When the whole log is hashed again (ledger_scrub_begin): after each start, because that
 * reads only what it must, and then once a day, because disks forget. On the reading
 * thread, in pieces, when nobody asks for anything. The zero state has everything before
 * it. */
struct scrubbing_options {
    const char *log_key; /* vkey; borrowed */
    /* On the thread, once: the log is not what was signed; finding says what. */
    void (*on_finding)(void *context, const char *finding);
    void *context;
};
struct scrub_report {
    uint64_t records; /* of the pass that runs, or of the last one */
    int64_t ended_us; /* wall clock: when the last whole one ended; 0 = none yet */
};
struct scrubbing {
    struct scrubbing_options options;
    int64_t due_us; /* CLOCK_MONOTONIC: when the next piece may be done */
    bool under_way;
    atomic_uint_fast64_t records;
    atomic_int_fast64_t ended_us;
};

/* Does the next piece if it is due, some ms. idle: no question waits; when one always
 * does, pieces come seldom, but they come. */
void scrubbing_step(struct scrubbing *scrubbing, struct ledger_reader *reader, bool idle);
/* Any thread. */
struct scrub_report scrubbing_report(const struct scrubbing *scrubbing);

#endif
