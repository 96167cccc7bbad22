#include "gateway/service/log/exports.h"

#include <string.h>

#include "gateway/clock.h"
#include "gateway/service/approvals/approvals.h"
#include "gateway/service/sign/explain.h"
#include "proto/text.h"
#include "segel/v1/log.pb-c.h"

/* 9999-12-31: a record's times have four digits of a year. */
static const int64_t last_us = TEXT_TIME_END_US - INT64_C(86400) * 1000000;

static const char *what_of(Segel__V1__ExportKind kind)
{
    static const char *const words[] = {
        [SEGEL__V1__EXPORT_KIND__EXPORT_KIND_REPORT] = "report",
        [SEGEL__V1__EXPORT_KIND__EXPORT_KIND_BUNDLE] = "bundle"};

    return (unsigned)kind < SG_COUNT(words) ? words[kind] : NULL;
}

/* NULL: it is well formed. */
static const char *fault_of(const Segel__V1__RecordExportRequest *request)
{
    if (what_of(request->kind) == NULL) {
        return "kind must be EXPORT_KIND_REPORT or EXPORT_KIND_BUNDLE";
    }
    if (request->sha256.len != sizeof(((struct export_made *)NULL)->sha256)) {
        return "sha256 must have 32 bytes";
    }
    if (request->tree_size == 0 || request->tree_size > INT64_MAX) {
        return "tree_size must be that of the checkpoint that it was made of";
    }
    bool ordered = request->until_us == 0 || request->from_us < request->until_us;
    return request->from_us >= 0 && request->from_us <= last_us &&
                   request->until_us >= 0 && request->until_us <= last_us && ordered
               ? NULL
               : "from_us and until_us must be times from 1970 on, from_us the earlier; "
                 "0 "
                 "= none";
}

/* Each is a record of the log. */
static bool may_tell(struct grpc_call *call, struct services *services)
{
    const struct caller *caller = (const struct caller *)grpc_call_caller(call);
    const struct config *config = services->options.config;
    struct explain_gauge *gauge = &services->exports[caller->config - config->callers];

    if (explain_draw(gauge, config->exports_per_minute, clock_mono_us()) > 0) {
        finish_plain(call, SG_BUSY,
                     "the caller has put limits.exports_per_minute exports on the log in "
                     "a minute; come back later");
        return false;
    }
    return true;
}

static ProtobufCMessage *answer(struct asked *asked)
{
    const struct order *order = &asked->order.order;
    Segel__V1__RecordExportResponse *out =
        (Segel__V1__RecordExportResponse *)approvals_make(
            asked, &segel__v1__record_export_response__descriptor);
    Segel__V1__LogPosition *log = (Segel__V1__LogPosition *)approvals_make(
        asked, &segel__v1__log_position__descriptor);

    if (out == NULL || log == NULL) {
        return NULL;
    }
    log->origin = pb_text(asked->services->options.config->ledger_origin);
    log->index = order->log_index;
    log->leaf_hash = pb_bytes(slice_of(order->log_hash, sizeof(order->log_hash)));
    out->log = log;
    return &out->base;
}

void exports_on_record(struct grpc_call *call, const ProtobufCMessage *message,
                       void *context)
{
    const Segel__V1__RecordExportRequest *request =
        (const Segel__V1__RecordExportRequest *)(const void *)message;
    struct services *services = (struct services *)context;
    const char *fault = fault_of(request);

    if (!approvals_may(call, ROLE_REVIEWER,
                       "exports of the log are made by the role reviewer")) {
        return;
    }
    if (fault != NULL) {
        finish_plain(call, SG_INVALID, fault);
        return;
    }
    if (!may_tell(call, services)) {
        return;
    }
    struct asked *asked = approvals_open(call, services, ORDER_EXPORT);
    if (asked != NULL) {
        struct export_made *made = &asked->order.made;
        asked->answer = answer;
        *made = (struct export_made){.what = what_of(request->kind),
                                     .tree_size = request->tree_size,
                                     .from_us = request->from_us,
                                     .until_us = request->until_us};
        memcpy(made->sha256, request->sha256.data, sizeof(made->sha256));
        approvals_submit(call, asked);
    }
}
