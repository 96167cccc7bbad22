#ifndef SEGEL_CLIENT_BATCH_JOURNAL_LINE_H
#define SEGEL_CLIENT_BATCH_JOURNAL_LINE_H

#include "client/batch/journal.h"
#include "proto/slice.h"

/* One line of a journal as text, in both directions. */
enum { JOURNAL_LINE_MAX = 4 * JOURNAL_TEXT_MAX + 512, JOURNAL_VERSION = 3 };
enum journal_kind { JOURNAL_HEAD, JOURNAL_LETTER, JOURNAL_OUTCOME };

struct journal_line {
    enum journal_kind kind;
    uint8_t version; /* of a head: 1 to 3 */
    char run[JOURNAL_RUN_SIZE];
    bool force;
    struct journal_letter letter; /* of an outcome: number, state and log_index */
    char path[JOURNAL_TEXT_MAX];
    char output[JOURNAL_TEXT_MAX];
};

/* With the line end. SG_TOO_LARGE: a path is too long. */
SG_MUST_USE enum sg_status journal_line_write(const struct journal_line *line,
                                              char out[JOURNAL_LINE_MAX], size_t *len);
/* text: without the line end. SG_CORRUPT: it is none. */
SG_MUST_USE enum sg_status journal_line_read(struct slice text, struct journal_line *out);
/* The first 16 bytes of the SHA-256. */
void journal_name(const char *output, uint8_t out[16]);

#endif
