#ifndef SEGEL_CLIENT_BUNDLE_CHECK_H
#define SEGEL_CLIENT_BUNDLE_CHECK_H

#include "client/bundle/bundle.h"
#include "client/bundle/verdict.h"
#include "proto/base.h"
#include "proto/tlog/note.h"

/* Whom the checker believes: given by whoever calls it, never taken from the bundle. */
enum { TRUST_WITNESSES = 32 };
struct bundle_trust {
    struct note_key log;
    struct note_key witnesses[TRUST_WITNESSES];
    size_t witness_count;
    unsigned quorum; /* witnesses that must have cosigned; 0: none is asked for */
};

/* Makes every check and leaves what it found in *verdict (language set, else zero). A
 * failure means that there is nothing to judge: SG_INVALID: no bundle; SG_IO,
 * SG_NO_MEMORY. Memory: about 8 MiB, and what seen.h says. Starts one
 * thread and ends it. */
SG_MUST_USE enum sg_status bundle_check(struct bundle *bundle,
                                        const struct bundle_trust *trust,
                                        struct verdict *verdict, struct sg_error *why);

#endif
