#ifndef SEGEL_CLIENT_BATCH_PLACE_H
#define SEGEL_CLIENT_BATCH_PLACE_H

#include "proto/base.h"

/* Where results go: paths below a folder, which nothing leaves. */

/* "2026/05/a.pdf": relative, and without empty parts, ".", ".." and control characters.
 */
bool place_sound(const char *below);
/* Makes the folders of `below` in `root`, which is there; none of them may be a symbolic
 * link. SG_CONFLICT: one is, or is a file. SG_IO. */
SG_MUST_USE enum sg_status place_make(const char *root, const char *below,
                                      struct sg_error *why);

#endif
