#include "client/call/export_record.h"

#include "client/channel/unpack.h"

enum { PATIENCE_MS = 30000 };

/* The wire has 0 for an open end, and nothing before 1970. */
static int64_t wire_time(int64_t us, int64_t open_end)
{
    return us == open_end || us < 0 ? 0 : us;
}

static enum sg_status take(const ProtobufCMessage *reply, uint64_t *index,
                           struct sg_error *why)
{
    const Segel__V1__RecordExportResponse *told =
        (const Segel__V1__RecordExportResponse *)(const void *)reply;

    if (told->log == NULL) {
        return sg_fail(why, SG_INTERNAL, "the gateway does not say where it recorded it");
    }
    *index = told->log->index;
    return SG_OK;
}

static enum sg_status ask(struct channel *channel, const struct export_record *record,
                          uint64_t *index, struct sg_error *why)
{
    Segel__V1__RecordExportRequest request;
    ProtobufCMessage *reply = NULL;

    segel__v1__record_export_request__init(&request);
    request.kind = record->kind;
    request.sha256 = (ProtobufCBinaryData){
        .len = TLOG_HASH_SIZE, .data = (uint8_t *)sg_unconst(record->sha256.bytes)};
    request.tree_size = record->tree_size;
    request.from_us = wire_time(record->from_us, INT64_MIN);
    request.until_us = wire_time(record->until_us, INT64_MAX);
    struct unary unary = {.path = "/segel.v1.LogService/RecordExport",
                          .timeout_ms = PATIENCE_MS,
                          .request = &request.base,
                          .reply_type = &segel__v1__record_export_response__descriptor};
    TRY(channel_unary(channel, &unary, &reply, NULL, why));
    enum sg_status status = take(reply, index, why);
    unpack_free(reply);
    return status;
}

enum sg_status export_record(struct channel *channel, const struct export_record *record,
                             uint64_t *index, struct sg_error *why)
{
    struct sg_error inner = {.text = ""};
    enum sg_status status = ask(channel, record, index, &inner);

    return status == SG_OK ? SG_OK
                           : sg_fail(why, status,
                                     "it could not be put on the log that this was made, "
                                     "so nothing was written: %s. --unrecorded makes it "
                                     "without a record",
                                     inner.text);
}
