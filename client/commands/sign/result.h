#ifndef SEGEL_CLIENT_COMMANDS_SIGN_RESULT_H
#define SEGEL_CLIENT_COMMANDS_SIGN_RESULT_H

#include <stdio.h>

#include "proto/base.h"

/* The file with what became of every letter, CSV or JSON by its name. It grows as letters
 * are answered: whenever the run ends, by whatever, what stands there is whole rows
 * (JSON: one array, closed). */
struct sign_result_row {
    const char *file;
    const char *output;  /* the signed letter; "" = there is none; likewise below */
    const char *outcome; /* "signed", "refused", "skipped", "not-done", "no-receipt" */
    const char *request_id;
    const char *decision_id;
    const char *log; /* origin */
    bool has_index;
    uint64_t log_index;
    const char *receipt;
    const char *reason; /* stable word */
    const char *message;
    const char *rule;
    const char *cp_section;
    const char *level; /* "b-t": what the letter has reached */
};
struct sign_result {
    FILE *file; /* NULL = none */
    const char *path;
    bool json;
    bool broken; /* could not be written: said once */
    char separator;
    size_t rows;
};

/* SG_INVALID: the name ends in neither .csv nor .json. SG_CONFLICT: it is there, and
 * `replace` is false. SG_IO. path: borrowed. */
SG_MUST_USE enum sg_status sign_result_open(struct sign_result *result, const char *path,
                                            char separator, bool replace,
                                            struct sg_error *why);
SG_MUST_USE enum sg_status sign_result_put(struct sign_result *result,
                                           const struct sign_result_row *row,
                                           struct sg_error *why);
/* On disk. The zero state is fine. */
SG_MUST_USE enum sg_status sign_result_close(struct sign_result *result,
                                             struct sg_error *why);

#endif
