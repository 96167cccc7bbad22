#ifndef SEGEL_CLIENT_BUNDLE_NAMED_H
#define SEGEL_CLIENT_BUNDLE_NAMED_H

#include "proto/base.h"
#include "proto/slice.h"
#include "proto/tlog/merkle.h"

/* What records name by a hash ("sha256:…"), and what of it is in the bundle: policies by
 * the SHA-256 of the file, certificates by that of their public key. A log names few of
 * them; what goes above the limit is only counted. */
enum {
    NAMED_MAX = 1024,
    NAMED_PREFIX = 7,
    NAMED_DIGITS = 64,
    NAMED_TEXT = NAMED_PREFIX + NAMED_DIGITS
};
struct named_item {
    struct tlog_hash hash;
    bool named; /* by a record */
    bool there; /* in the bundle */
};
struct named {
    struct named_item items[NAMED_MAX];
    size_t count;
    uint64_t beyond;         /* names for which there was no room */
    char last[NAMED_DIGITS]; /* what a record named last: mostly it is named again */
};

/* text: of a record's member: "sha256:" and 64 lower-case digits, or the digits alone, as
 * older gateways write them when they start. Anything else is left alone. */
void named_record(struct named *named, struct slice text);
/* false: no room. */
bool named_there(struct named *named, const struct tlog_hash *hash);
/* The first item from *at on that has these marks; *at moves behind it. */
const struct named_item *named_next(const struct named *named, size_t *at, bool is_named,
                                    bool is_there);

#endif
