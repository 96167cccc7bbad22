#ifndef SEGEL_CLIENT_SEGEL_BULK_SHARE_H
#define SEGEL_CLIENT_SEGEL_BULK_SHARE_H

#include <stdint.h>

enum {
    BULK_FINISH_MAX = 32, /* letters that reach the disk together */
    BULK_FINISHERS = 3,   /* with full groups they leave a quarter of the usual window */
    BULK_FILES_PART = 8   /* one in so many of the files that the process may have open */
};

/* Each letter of a group has a file open: how many finishers, and letters in a group,
 * when the process may have so many files open. */
struct bulk_share {
    unsigned finishers; /* 1 to BULK_FINISHERS */
    unsigned letters;   /* 1 to BULK_FINISH_MAX */
};
struct bulk_share bulk_share_of(uint64_t files_max);

#endif
