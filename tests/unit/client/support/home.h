#ifndef SEGEL_TESTS_UNIT_CLIENT_SUPPORT_HOME_H
#define SEGEL_TESTS_UNIT_CLIENT_SUPPORT_HOME_H

#include "client/console/home.h"
#include "tests/unit/client/support/link.h"

/* The home of a client, in a folder of its own: of the program's server. */
extern struct home home;

void home_move_in(void);
void home_move_out(void);
/* A path there, good until the next call. */
const char *in_home(const char *name);

#endif
