#ifndef SEGEL_CLIENT_NAMES_APART_H
#define SEGEL_CLIENT_NAMES_APART_H

#include "client/options.h"
#include "proto/base.h"

/* For commands whose results all go to one folder, by their names: those of two files of
 * one name would overwrite each other, or one be taken for the other's. SG_INVALID: why
 * names two such files. */
SG_MUST_USE enum sg_status names_apart(const struct words *paths, struct sg_error *why);

#endif
