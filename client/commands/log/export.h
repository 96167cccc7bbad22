#ifndef SEGEL_CLIENT_COMMANDS_LOG_EXPORT_H
#define SEGEL_CLIENT_COMMANDS_LOG_EXPORT_H

#include "client/bundle/named.h"
#include "client/bundle/writer.h"
#include "client/call/log_head.h"
#include "client/channel/channel.h"

/* One export under way: what the parts of `segel log export` share. */
struct export
{
    struct channel *channel; /* borrowed */
    struct log_trust trust;
    struct log_head head; /* the checkpoint that everything is proved by */
    struct manifest_head range;
    bool whole;
    bool quiet; /* no progress line */
    struct bundle_writer writer;
    struct bundle_out part;    /* the file of records that is being written */
    struct bundle_out entries; /* its entry bundle, of a whole log */
    struct bundle_out scratch; /* any other */
    struct named policies;
    struct named certificates;
    struct tlog_hash sha256; /* of the manifest, once it is sealed */
    uint64_t record;         /* index of its record on the log */
    struct sg_error *why;    /* borrowed */
};

/* export_begin.c: oldest is the first record that there is. SG_PRECONDITION: those
 * before it were pruned, and no record of the range would say so. */
SG_MUST_USE enum sg_status export_hold_begin(struct export *export, uint64_t oldest);
/* export_records.c: the records, and what they name. */
SG_MUST_USE enum sg_status export_records(struct export *export);
/* export_proof.c: checkpoints and tiles. */
SG_MUST_USE enum sg_status export_checkpoints(struct export *export);
SG_MUST_USE enum sg_status export_tiles(struct export *export);
/* export_named.c: a file that was given: a policy, or a certificate (PEM or DER),
 * goes in when a record names it. */
enum export_use { EXPORT_TAKEN, EXPORT_AGAIN, EXPORT_UNNAMED };
SG_MUST_USE enum sg_status export_file(struct export *export, const char *path,
                                       enum export_use *use);
/* Asks the gateway for the policies that records name and that are not there yet;
 * *absent: those that it does not have. */
SG_MUST_USE enum sg_status export_policies(struct export *export, size_t *absent);

#endif
