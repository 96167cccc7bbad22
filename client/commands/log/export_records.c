#include <inttypes.h>
#include <stdio.h>

#include "client/audit/scan.h"
#include "client/call/log_stream.h"
#include "client/channel/moment.h"
#include "client/commands/log/export.h"
#include "client/console/progress.h"
#include "client/console/screen.h"
#include "proto/tlog/tile.h"

/* The records as the gateway sends them, into files of BUNDLE_PART_RECORDS each, and of a
 * whole log into entry bundles beside them. */
struct writing {
    struct export *export;
    uint64_t next; /* record */
    int64_t begun_us;
    int64_t shown_us;
    enum sg_status status;
};

enum { SHOW_US = 200000 };

static void show(struct writing *writing, bool last)
{
    const struct manifest_head *range = &writing->export->range;
    int64_t now_us = moment_mono_us();
    struct progress progress = {.total = (size_t)(range->end - range->first),
                                .done = (size_t)(writing->next - range->first),
                                .elapsed_us = now_us - writing->begun_us};
    char line[PROGRESS_SIZE];

    if (writing->export->quiet || (!last && now_us - writing->shown_us < SHOW_US)) {
        return;
    }
    writing->shown_us = now_us;
    progress_line(&progress, line);
    (void)fprintf(stderr, "\r\033[K%s%s", line, last ? "\n" : "");
    (void)fflush(stderr);
}

static enum sg_status write_line(struct export *export, uint64_t index, struct slice json)
{
    bool starts = index == export->range.first || index % BUNDLE_PART_RECORDS == 0;
    bool ends = index + 1 == export->range.end || (index + 1) % BUNDLE_PART_RECORDS == 0;
    char path[BUNDLE_PATH_MAX + 1];

    if (starts) {
        bundle_part_path(index / BUNDLE_PART_RECORDS, path);
        TRY(bundle_out_open(&export->writer, path, &export->part, export->why));
    }
    TRY(bundle_out_put(&export->part, json, export->why));
    TRY(bundle_out_put(&export->part, slice_of("\n", 1), export->why));
    return ends ? bundle_out_close(&export->writer, &export->part, export->why) : SG_OK;
}

static enum sg_status write_entry(struct export *export, uint64_t index,
                                  struct slice json)
{
    uint64_t size = export->range.tree_size;
    uint64_t n = index / TLOG_TILE_WIDTH;
    struct tlog_tile tile = {0, n, tlog_tile_width(0, n, size)};
    uint8_t len[2] = {(uint8_t)(json.len >> 8), (uint8_t)json.len};
    char path[TLOG_TILE_PATH_SIZE];

    if (index % TLOG_TILE_WIDTH == 0) {
        tlog_entries_path(&tile, path);
        TRY(bundle_out_open(&export->writer, path, &export->entries, export->why));
    }
    TRY(bundle_out_put(&export->entries, slice_of(len, sizeof(len)), export->why));
    TRY(bundle_out_put(&export->entries, json, export->why));
    bool ends = index + 1 == size || (index + 1) % TLOG_TILE_WIDTH == 0;
    return ends ? bundle_out_close(&export->writer, &export->entries, export->why)
                : SG_OK;
}

static enum sg_status take(struct writing *writing, uint64_t index, struct slice json)
{
    struct export *export = writing->export;
    struct scan scan;

    if (index != writing->next || json.len > BUNDLE_RECORD_MAX ||
        scan_record(json, &scan) != SG_OK) {
        return sg_fail(export->why, SG_CORRUPT,
                       "the gateway sent record %" PRIu64 " where record %" PRIu64
                       " belongs, or no record: run 'segel log verify'",
                       index, writing->next);
    }
    named_record(&export->policies, scan_raw(&scan, MEMBER_policy_rev));
    named_record(&export->certificates, scan_raw(&scan, MEMBER_cert_spki));
    TRY(write_line(export, index, json));
    return export->whole ? write_entry(export, index, json) : SG_OK;
}

static bool visit(void *context, uint64_t index, struct slice json)
{
    struct writing *writing = (struct writing *)context;

    writing->status = take(writing, index, json);
    writing->next++;
    show(writing, false);
    return writing->status == SG_OK && writing->next < writing->export->range.end;
}

enum sg_status export_records(struct export *export)
{
    struct writing writing = {
        .export = export, .next = export->range.first, .begun_us = moment_mono_us()};
    struct log_visitor visitor = {visit, &writing};
    Segel__V1__ListRecordsRequest request;

    segel__v1__list_records_request__init(&request);
    request.first = export->range.first;
    request.count = export->range.end - export->range.first;
    enum sg_status status = log_stream(export->channel, &request, &visitor, export->why);
    if (writing.status != SG_OK) {
        return writing.status;
    }
    TRY(status);
    show(&writing, true);
    if (writing.next != export->range.end) {
        return sg_fail(export->why, SG_CORRUPT,
                       "the gateway's records end at %" PRIu64 ", but its checkpoint "
                       "covers %" PRIu64 ": run 'segel log verify'",
                       writing.next, export->range.tree_size);
    }
    return SG_OK;
}
