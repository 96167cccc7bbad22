#ifndef SEGEL_CLIENT_COMMANDS_LOCKDOWN_LOCKDOWN_H
#define SEGEL_CLIENT_COMMANDS_LOCKDOWN_LOCKDOWN_H

#include <stdbool.h>

#include "segel/v1/approvals.pb-c.h"

/* One or two lines: whether a lock-down is in force, by whom and why. NULL: none. */
void lockdown_print(const Segel__V1__LockDownState *state, bool indonesian);

#endif
