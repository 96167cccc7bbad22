#ifndef SEGEL_CLIENT_CONSOLE_NAMES_APART_H
#define SEGEL_CLIENT_CONSOLE_NAMES_APART_H

#include "client/batch/unique.h"
#include "client/console/options.h"
#include "proto/base.h"

/* For commands whose results all go to one folder, by their names: those of two files of
 * one name would overwrite each other, or one be taken for the other's; so would one that
 * is called as another is while it is written (FILE.part). SG_INVALID: why names two such
 * files. */
SG_MUST_USE enum sg_status names_apart(const struct words *paths, struct sg_error *why);

/* Beside a result stand, for a while or to stay, files of its name with one of these
 * ends. Whether `longer` is such a name: */
bool names_beside(const char *longer, const char *name, const char *const *beside,
                  size_t count);
/* Whether one of the names is beside this one, or this one beside one of them. */
bool names_meet(const struct unique *names, const char *name, const char *const *beside,
                size_t count);

#endif
