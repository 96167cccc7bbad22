#ifndef SEGEL_CLIENT_REPORT_READING_H
#define SEGEL_CLIENT_REPORT_READING_H

#include "client/audit/audit.h"
#include "client/bundle/check.h"
#include "client/report/evidence.h"
#include "client/report/report.h"

/* A log on its way into a report: records are counted while they are verified, and what
 * was counted is worth nothing before the verdict. Big: it lives on the heap. */
struct reading {
    struct report report;
    struct evidence evidence;
    char origin[NOTE_NAME_MAX + 1];
    uint64_t records; /* that were read so far */
    uint64_t total;   /* that there are to read; 0: not known yet */
    void (*show)(void *context, const struct reading *reading); /* NULL: nobody looks */
    void *context;
    bool no_memory;
};

/* SG_NO_MEMORY. To be ended in any case. */
SG_MUST_USE enum sg_status reading_start(struct reading *reading,
                                         const struct report_period *period);
void reading_fini(struct reading *reading);
/* Before the first record; then each record after the audit has taken it, and each
 * checkpoint after the last record that it covers. false: no memory. */
void reading_begin(struct reading *reading, const struct audit *audit);
bool reading_record(struct reading *reading, uint64_t index, struct slice json,
                    const struct audit *audit);
void reading_checkpoint(struct reading *reading, const struct tlog_head *head,
                        struct slice note, const struct audit *audit);
/* After all of them, and after the verdict. SG_CORRUPT: the counts do not fit together,
 * or no checkpoint covers them. */
SG_MUST_USE enum sg_status reading_finish(struct reading *reading, struct sg_error *why);

/* Reads and checks a bundle, with every check of segel-verify. SG_CORRUPT: it is not
 * sound: *verdict says what was found (language set, else zero). SG_IO, SG_INVALID,
 * SG_NO_MEMORY. */
SG_MUST_USE enum sg_status reading_bundle(struct reading *reading, const char *path,
                                          const struct bundle_trust *trust,
                                          struct verdict *verdict, struct sg_error *why);

#endif
