#ifndef SEGEL_CLIENT_BATCH_TREE_H
#define SEGEL_CLIENT_BATCH_TREE_H

#include <sys/stat.h>

#include "proto/base.h"

/* Walks through a folder and those in it, for the files whose names end in ".pdf" (or
 * ".PDF"), in the order of their names. Symbolic links inside of it are not followed, so
 * the walk stays in the folder and ends. Names that begin with '.' are left out. In
 * memory are the names of the folders on the way down, not of all files. */
enum { TREE_DEPTH_MAX = 64, TREE_PATH_SIZE = 4096 };
struct tree;

/* Without: a folder to leave out, wherever it lies (where the results go), or NULL. The
 * caller closes *out. SG_IO: why names the folder. */
SG_MUST_USE enum sg_status tree_open(const char *root, const struct stat *without,
                                     struct tree **out, struct sg_error *why);
/* *below: the file's path below the root, valid until the next call. SG_NOT_FOUND: that
 * was all. SG_IO: a folder cannot be read. SG_TOO_LARGE: too deep, or too long a path. */
SG_MUST_USE enum sg_status tree_next(struct tree *tree, const char **below,
                                     struct sg_error *why);
/* From here on every file but those whose names end in one of these, whatever their case;
 * the list, whose last one is NULL, is borrowed. */
void tree_take_all_but(struct tree *tree, const char *const *ends);
void tree_close(struct tree *tree); /* NULL is fine */

#endif
