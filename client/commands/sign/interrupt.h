#ifndef SEGEL_CLIENT_COMMANDS_SIGN_INTERRUPT_H
#define SEGEL_CLIENT_COMMANDS_SIGN_INTERRUPT_H

#include <stdatomic.h>
#include <stdbool.h>

/* Ctrl-C (or SIGTERM, SIGHUP): the first time, what is under way is finished; the second
 * time it is given up; the third time the process ends as ever. */
void sign_interrupt_watch(void);
/* How often it happened so far. */
int sign_interrupt_count(void);
/* Whether it did: for what waits, and begins nothing anew. */
const atomic_bool *sign_interrupt_flag(void);

#endif
