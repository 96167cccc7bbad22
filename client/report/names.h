#ifndef SEGEL_CLIENT_REPORT_NAMES_H
#define SEGEL_CLIENT_REPORT_NAMES_H

#include "client/audit/scan.h"
#include "proto/base.h"
#include "proto/slice.h"

/* Names that records hold, each once, with a number. What stands in a record may be
 * hostile: a name is cut to NAME_BYTES - 1 bytes, and what does something to a screen
 * becomes U+FFFD, so that it can be printed anywhere. There are at most `most` of them;
 * all that come later share the number `most`: the others. */
enum { NAME_BYTES = 128 };
struct names {
    char (*text)[NAME_BYTES]; /* owned */
    uint16_t *slots;          /* owned: number + 1, 0 = free */
    uint32_t mask;
    uint16_t count;
    uint16_t most;
    uint16_t last; /* the number that was asked for last: mostly it comes again */
};

/* most: up to 4096. SG_NO_MEMORY. */
SG_MUST_USE enum sg_status names_init(struct names *names, uint16_t most);
void names_fini(struct names *names);
uint16_t names_id(struct names *names, struct slice text);
/* Of a member of a record; "" when it is absent or no text. */
uint16_t names_member(struct names *names, const struct scan *scan, enum member member);
/* NULL for the others. */
const char *names_text(const struct names *names, uint16_t id);

/* The same cleaning for texts that are kept elsewhere. newlines: they may stay. */
void name_clean(struct slice text, bool newlines, char *out, size_t cap);

#endif
