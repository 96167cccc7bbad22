#include <inttypes.h>

#include "client/audit/scan.h"
#include "client/call/log_stream.h"
#include "client/commands/log/export.h"
#include "proto/text.h"

struct beginning {
    uint64_t first;  /* record that there is */
    int64_t time_us; /* its own */
    uint64_t end;    /* of the range */
    bool stated;     /* a record of the range says that those before were pruned */
};

static bool take_time(void *context, uint64_t index, struct slice json)
{
    struct beginning *beginning = (struct beginning *)context;
    struct scan scan;

    (void)index;
    if (scan_record(json, &scan) != SG_OK ||
        text_time_parse(scan_raw(&scan, MEMBER_ts), &beginning->time_us) != SG_OK) {
        beginning->time_us = 0; /* the checker says what is wrong with it */
    }
    return false;
}

static bool take_prune(void *context, uint64_t index, struct slice json)
{
    struct beginning *beginning = (struct beginning *)context;
    struct scan scan;
    uint64_t before = 0;

    beginning->stated =
        index < beginning->end && scan_record(json, &scan) == SG_OK &&
        text_uint(scan_raw(&scan, MEMBER_before_index), INT64_MAX, &before) == SG_OK &&
        before == beginning->first;
    return !beginning->stated && index < beginning->end;
}

static enum sg_status ask_beginning(struct export *export, struct beginning *beginning)
{
    char *type = sg_unconst_text("log.prune");
    struct log_visitor first = {take_time, beginning};
    struct log_visitor prunes = {take_prune, beginning};
    Segel__V1__ListRecordsRequest request;
    Segel__V1__RecordFilter filter;

    segel__v1__list_records_request__init(&request);
    segel__v1__record_filter__init(&filter);
    request.first = beginning->first;
    request.count = 1;
    TRY(log_stream(export->channel, &request, &first, export->why));
    filter.n_types = 1;
    filter.types = &type;
    request.filter = &filter;
    request.count = 0;
    return log_stream(export->channel, &request, &prunes, export->why);
}

/* Nothing stands before the first record of a log that was pruned: without the record of
 * the prune the bundle of an honest log would look like one that somebody has cut. */
enum sg_status export_hold_begin(struct export *export, uint64_t oldest)
{
    const struct manifest_head *range = &export->range;
    struct beginning beginning = {.first = oldest, .end = range->end};
    char time[TEXT_TIME_SIZE];

    if (oldest == 0 || range->first > oldest) {
        return SG_OK;
    }
    TRY(ask_beginning(export, &beginning));
    bool before = range->from_us != INT64_MIN && beginning.time_us < range->from_us;
    if (before || beginning.stated) {
        return SG_OK;
    }
    text_time(beginning.time_us, time);
    if (range->end == range->tree_size) {
        return sg_fail(export->why, SG_PRECONDITION,
                       "records before %" PRIu64 ", which is of %s, were pruned, and no "
                       "checkpoint covers the record that says so yet: try again soon",
                       oldest, time);
    }
    return sg_fail(export->why, SG_PRECONDITION,
                   "records before %" PRIu64 ", which is of %s, were pruned, and the "
                   "record that says so is not older than --until: give a --from later "
                   "than that time, or leave --until out",
                   oldest, time);
}
