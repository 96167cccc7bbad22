#ifndef SEGEL_PROTO_STANDARD_H
#define SEGEL_PROTO_STANDARD_H

#include <stdbool.h>

/* First of all in main: standard input, output and error that are closed are opened on
 * /dev/null, so that reading and writing them still fails. Else the next file that is
 * opened, the ledger's perhaps, would have their number, and what is written for people
 * would land in it. False: there is no /dev/null, and the program has to end. */
bool standard_keep(void);

#endif
