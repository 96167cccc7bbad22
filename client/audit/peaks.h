#ifndef SEGEL_CLIENT_AUDIT_PEAKS_H
#define SEGEL_CLIENT_AUDIT_PEAKS_H

#include "proto/base.h"

/* The latest time behind each place of a log, whose clock may go back: then the last time
 * is not the latest. Only what later ones do not surpass is kept: one row, as long as the
 * clock goes on. The zero state is empty. */
struct peak {
    uint64_t index;
    int64_t time_us;
};
struct peaks {
    struct peak *rows; /* owned; indexes rise, times fall */
    size_t count;
    size_t cap;
};

/* The time of the next record: indexes rise. SG_NO_MEMORY. */
SG_MUST_USE enum sg_status peaks_add(struct peaks *peaks, uint64_t index,
                                     int64_t time_us);
/* The latest time at that place or behind it; INT64_MIN when nothing stands there. */
int64_t peaks_since(const struct peaks *peaks, uint64_t index);
void peaks_fini(struct peaks *peaks);

#endif
