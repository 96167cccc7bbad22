#ifndef SEGEL_CLIENT_REPORT_HANDS_H
#define SEGEL_CLIENT_REPORT_HANDS_H

#include "client/report/paper.h"
#include "proto/base.h"

/* What the agency has written for the fields of hands.def. The zero state is all empty.
 */
enum { HAND_TEXT = 16384 };
struct hands {
    char *texts[HAND_COUNTS]; /* owned; NULL: left to be filled in */
};
/* Reads a map of keys and texts, in YAML or JSON. SG_IO, SG_NO_MEMORY; SG_INVALID: why
 * says where, and for an unknown key which one was probably meant. */
SG_MUST_USE enum sg_status hands_read(const char *path, struct hands *hands,
                                      struct sg_error *why);
void hands_fini(struct hands *hands);

#endif
