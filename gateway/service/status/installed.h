#ifndef SEGEL_GATEWAY_SERVICE_STATUS_INSTALLED_H
#define SEGEL_GATEWAY_SERVICE_STATUS_INSTALLED_H

#include "proto/base.h"

/* Which version of a package is installed, by dpkg's list (dpkg(1), deb-control(5)). A
 * distribution brings fixes to an old version, so a library's own number does not tell
 * whether it has them; the package's does. */
enum { INSTALLED_VERSION_SIZE = 64, INSTALLED_MAX = 16 };
#define INSTALLED_LIST "/var/lib/dpkg/status"

struct installed {
    const char *package;                  /* wanted; borrowed */
    char version[INSTALLED_VERSION_SIZE]; /* empty: not installed, or not known */
};

/* Fills in what the file says; a few milliseconds. A file that is not there, or over
 * 64 MiB, leaves all versions empty. */
void installed_look(const char *path, struct installed *wanted, size_t count);

#endif
