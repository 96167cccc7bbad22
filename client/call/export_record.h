#ifndef SEGEL_CLIENT_CALL_EXPORT_RECORD_H
#define SEGEL_CLIENT_CALL_EXPORT_RECORD_H

#include "client/channel/channel.h"
#include "proto/tlog/merkle.h"
#include "segel/v1/log.pb-c.h"

/* What was made of a gateway's log is put on that log (LogService/RecordExport), before
 * it gets its name: what is not on it is not handed out by accident. */
struct export_record {
    Segel__V1__ExportKind kind;
    struct tlog_hash sha256;
    uint64_t tree_size;
    int64_t from_us;  /* INT64_MIN: from the beginning */
    int64_t until_us; /* INT64_MAX: to the end */
};

/* The option that every command with such a record has, and what it says. */
#define UNRECORDED_HELP                                                                  \
    "do not put on the log that it was made (report.export); for tests and drafts"

/* *index: of the record. As channel_unary; why says how to go on without. */
SG_MUST_USE enum sg_status export_record(struct channel *channel,
                                         const struct export_record *record,
                                         uint64_t *index, struct sg_error *why);

#endif
