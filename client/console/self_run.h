#ifndef SEGEL_CLIENT_CONSOLE_SELF_RUN_H
#define SEGEL_CLIENT_CONSOLE_SELF_RUN_H

#include "proto/base.h"

/* Runs this program again with these words (the last one is NULL) on the same terminal,
 * and waits for it: what a person does there is what the command always does. *code: its
 * exit code, -1 when a signal ended it. SG_IO: it cannot be started. */
SG_MUST_USE enum sg_status self_run(const char *const *words, int *code,
                                    struct sg_error *why);

#endif
