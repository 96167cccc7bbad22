#ifndef SEGEL_GATEWAY_LEDGER_PLACE_H
#define SEGEL_GATEWAY_LEDGER_PLACE_H

#include <limits.h>
#include <sys/types.h>

#include "proto/base.h"

/* Where a ledger's files stand. A file that was removed, renamed or replaced is written
 * to as well as ever, and goes with the process: nobody finds again what it holds. One
 * thread. */
enum { PLACE_FILES = 4, PLACE_NAME = PATH_MAX + 8 };

struct place {
    char path[PATH_MAX];
    struct {
        dev_t device;
        ino_t inode;
    } files[PLACE_FILES]; /* database, WAL, its index, lock */
};

/* All of them are there: notes which they are. SG_LEDGER, SG_INVALID (a path that is too
 * long). */
SG_MUST_USE enum sg_status place_take(struct place *place, const char *path,
                                      struct sg_error *why);
/* The first that is not what it was. */
struct place_gone {
    char name[PLACE_NAME];
    bool records; /* that it held; else it kept a second writer out */
};
/* Whether database and WAL still are those; a stat(2) of each. And whether all are. */
bool place_holds(const struct place *place, struct place_gone *gone);
bool place_holds_all(const struct place *place, struct place_gone *gone);

/* The lock file remembers that a ledger with records was kept here: a start without that
 * ledger would begin another log in silence. Made durable. SG_LEDGER. */
SG_MUST_USE enum sg_status place_mark(int lock_fd);
/* SG_INVALID: what it names is a symbolic link; a folder on the way to it may be one. To
 * be asked before anything is opened. */
SG_MUST_USE enum sg_status place_is_direct(const char *path, struct sg_error *why);
/* SG_LEDGER: one was kept here, and now there is none, or an empty file. Opens nothing:
 * whoever holds the lock goes on holding it. */
SG_MUST_USE enum sg_status place_check(const char *path, struct sg_error *why);

#endif
