#ifndef SEGEL_CLIENT_CEREMONY_SHIPPED_H
#define SEGEL_CLIENT_CEREMONY_SHIPPED_H

#include "proto/base.h"
#include "proto/slice.h"

/* The scripts of deploy/ceremonies, byte for byte inside of the program: its SHA-256 in
 * the minutes covers them. */

/* The nth one, from 0, and its name; empty: there are no more. */
struct slice shipped_script(size_t nth, const char **name);
/* Empty: none of that name. */
struct slice shipped_find(const char *name);

#endif
