#ifndef SEGEL_CLIENT_BUNDLE_CHECK_H
#define SEGEL_CLIENT_BUNDLE_CHECK_H

#include "client/audit/audit.h"
#include "client/bundle/bundle.h"
#include "client/bundle/verdict.h"
#include "proto/base.h"
#include "proto/quorum/trust.h"

/* Whoever wants to see what is checked, in the order of the log: the records, and each
 * checkpoint behind the last record that it covers. Nothing of it may be believed before
 * the verdict is there. false ends the reading as SG_NO_MEMORY. */
struct bundle_reader {
    /* Before the first record: audit->tree is that of all records before. */
    void (*begin)(void *context, const struct audit *audit);
    bool (*record)(void *context, uint64_t index, struct slice json,
                   const struct audit *audit);
    bool (*checkpoint)(void *context, const struct tlog_head *head, struct slice note,
                       const struct audit *audit);
    void *context;
};

/* trust: whom the checker believes, at least one log; given by whoever calls it, never
 * taken from the bundle.
 * Makes every check and leaves what it found in *verdict (language set, else zero). A
 * failure means that there is nothing to judge: SG_INVALID: no bundle; SG_IO,
 * SG_NO_MEMORY. Memory: about 8 MiB, and what seen.h says. Starts one
 * thread and ends it. */
SG_MUST_USE enum sg_status bundle_check(struct bundle *bundle,
                                        const struct trust_policy *trust,
                                        struct verdict *verdict, struct sg_error *why);
/* The same, and reader sees the records; NULL: nobody does. */
SG_MUST_USE enum sg_status bundle_read(struct bundle *bundle,
                                       const struct trust_policy *trust,
                                       const struct bundle_reader *reader,
                                       struct verdict *verdict, struct sg_error *why);

#endif
