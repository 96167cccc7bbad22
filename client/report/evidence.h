#ifndef SEGEL_CLIENT_REPORT_EVIDENCE_H
#define SEGEL_CLIENT_REPORT_EVIDENCE_H

#include "client/audit/audit.h"
#include "client/report/growth.h"
#include "client/report/report.h"

/* Which checkpoints stand at the ends of a period, and the proof that the later one
 * extends the earlier one. Start: the last checkpoint before the first record of the
 * period, or the tree where the reading began. End: the first checkpoint behind the first
 * record after the period that no record of the period follows, or the newest one; what
 * comes after it is not counted, so that a report of a period that is over stays the same
 * while the log goes on. */
enum { EVIDENCE_NOTE = 65536 };

struct evidence_note {
    struct tlog_head head;
    bool is_signed; /* false: a tree that was computed, without a checkpoint */
    size_t len;     /* 0: no note, or one that is too long to be shown */
    char note[EVIDENCE_NOTE];
};
struct evidence {
    const struct report_period *period; /* borrowed */
    struct evidence_note start;
    struct evidence_note end;
    struct growth growth;
    struct tlog_path path;
    uint64_t least; /* so many records the end covers: the last of the period is there */
    bool read;      /* something was */
    bool began;     /* a record of the period, or a later one, was read */
    bool over;    /* a record behind the period was read, and none of the period since */
    bool ended;   /* the end is found: nothing more counts */
    bool reached; /* the end's tree is that of the records that were read */
    bool proven;  /* path holds the proof */
};

void evidence_start(struct evidence *evidence, const struct report_period *period);
/* Before the first record, with the tree of all records before it. */
void evidence_begin(struct evidence *evidence, const struct tlog_frontier *tree);
/* After each record. */
void evidence_record(struct evidence *evidence, const struct tlog_hash *leaf,
                     int64_t time_us);
/* A checkpoint that was verified, after the last record that it covers; tree: of all
 * records that were read. */
void evidence_checkpoint(struct evidence *evidence, const struct tlog_head *head,
                         struct slice note, const struct tlog_frontier *tree);
/* After the last one. SG_CORRUPT: there is no checkpoint, or the proof does not hold. */
SG_MUST_USE enum sg_status evidence_finish(struct evidence *evidence,
                                           struct sg_error *why);

#endif
