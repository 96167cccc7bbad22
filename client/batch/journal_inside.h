#ifndef SEGEL_CLIENT_BATCH_JOURNAL_INSIDE_H
#define SEGEL_CLIENT_BATCH_JOURNAL_INSIDE_H

#include <stdio.h>

#include "client/batch/journal.h"

/* Shared by the files of the journal; nobody else includes it. */
struct journal {
    int fd;
    FILE *file; /* over fd: buffers until a sync, or what was written would be seen */
    char *path; /* owned */
    char run[JOURNAL_RUN_SIZE];
    bool force;
    struct journal_letter *letters; /* in the order of their numbers; likewise owned */
    size_t count;
    size_t cap;
    uint32_t *table; /* by name: index + 1; 0 = free */
    size_t table_cap;
    size_t unsynced;
};

/* Room for more letters. SG_NO_MEMORY. */
SG_MUST_USE enum sg_status journal_grow(struct journal *journal);
SG_MUST_USE enum sg_status journal_remember(struct journal *journal,
                                            const struct journal_letter *letter);
/* Reads the file that is open, and cuts off what is torn. */
SG_MUST_USE enum sg_status journal_load(struct journal *journal, struct sg_error *why);

#endif
