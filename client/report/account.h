#ifndef SEGEL_CLIENT_REPORT_ACCOUNT_H
#define SEGEL_CLIENT_REPORT_ACCOUNT_H

#include "client/audit/audit.h"
#include "client/bundle/check.h"
#include "client/report/evidence.h"
#include "client/report/report.h"

/* A log on its way into a report: records are counted while they are verified, and what
 * was counted is worth nothing before the verdict. Big: it lives on the heap. */
struct account {
    struct report report;
    struct evidence evidence;
    char origin[NOTE_NAME_MAX + 1];
    uint64_t records; /* that were read so far */
    uint64_t total;   /* that there are to read; 0: not known yet */
    void (*show)(void *context, const struct account *account); /* NULL: nobody looks */
    void *context;
    uint64_t late; /* so many records there are up to one of the period that stands behind
                    * the end; 0: there is none */
    bool no_memory;
    bool pruned; /* a record says that those before the first one read were pruned */
};

/* SG_NO_MEMORY. To be ended in any case. */
SG_MUST_USE enum sg_status account_start(struct account *account,
                                         const struct report_period *period);
void account_fini(struct account *account);
/* Before the first record; then each record after the audit has taken it, and each
 * checkpoint after the last record that it covers. false: no memory. */
void account_begin(struct account *account, const struct audit *audit);
bool account_record(struct account *account, uint64_t index, struct slice json,
                    const struct audit *audit);
void account_checkpoint(struct account *account, const struct tlog_head *head,
                        struct slice note, const struct audit *audit);
/* Where a record of the period stood behind the end, as a clock from the future has it:
 * from the first record once more, to an end behind that one. SG_NO_MEMORY. */
SG_MUST_USE enum sg_status account_again(struct account *account);
/* After all of them, and after the verdict. SG_CORRUPT: the counts do not fit together,
 * no checkpoint covers them, or a record of the period stands behind the end.
 * SG_PRECONDITION: the begin of the period was not read, and an earlier part of the log
 * has it; or all of the period was pruned. */
SG_MUST_USE enum sg_status account_finish(struct account *account, struct sg_error *why);

/* Reads and checks a bundle, with every check of segel-verify. SG_CORRUPT: it is not
 * sound: *verdict says what was found (language set, else zero). SG_PRECONDITION as
 * account_finish. SG_IO, SG_INVALID, SG_NO_MEMORY. */
SG_MUST_USE enum sg_status account_bundle(struct account *account, const char *path,
                                          const struct trust_policy *trust,
                                          struct verdict *verdict, struct sg_error *why);

#endif
