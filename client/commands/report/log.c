#include "client/commands/report/log.h"

#include <inttypes.h>
#include <stdlib.h>

#include "client/call/log_begin.h"
#include "client/call/log_stream.h"
#include "client/channel/unpack.h"

enum { PATIENCE_MS = 30000, WINDOW_FIRST = 256 };

/* The checkpoint at one end of the report. */
struct known {
    struct tlog_head head;
    size_t len; /* 0: there is none */
    uint8_t note[NOTE_MAX];
};
struct source {
    struct channel *channel;    /* borrowed */
    const struct note_key *key; /* borrowed */
    struct account *account;    /* borrowed */
    struct sg_error *why;       /* borrowed */
    struct known start;
    struct known end;
    struct known newest;
    uint64_t until; /* so many records of the log are read */
    struct audit audit;
    enum sg_status status;
};

/* --- Where the period lies --------------------------------------------------------- */

static bool take_index(void *context, uint64_t index, struct slice json)
{
    (void)json;
    *(uint64_t *)context = index;
    return false;
}

/* Which record is looked for. */
struct wanted {
    uint64_t first;
    int64_t from_us;
    int64_t until_us; /* 0: no end */
};

/* The first record of a time, in the order of the log; most when there is none. */
static enum sg_status find_record(const struct source *source,
                                  const struct wanted *wanted, uint64_t most,
                                  uint64_t *out)
{
    struct log_visitor visitor = {take_index, out};
    Segel__V1__ListRecordsRequest request;
    Segel__V1__RecordFilter filter;

    segel__v1__list_records_request__init(&request);
    segel__v1__record_filter__init(&filter);
    filter.from_us = wanted->from_us;
    filter.until_us = wanted->until_us;
    request.filter = &filter;
    request.first = wanted->first;
    request.count = 1;
    *out = most;
    return log_stream(source->channel, &request, &visitor, source->why);
}

static enum sg_status first_since(const struct source *source, int64_t time_us,
                                  uint64_t most, uint64_t *out)
{
    const struct wanted wanted = {.from_us = time_us};

    return find_record(source, &wanted, most, out);
}

/* The first record after the period that none of the period follows: where a clock was in
 * the future for a while, the first of all is not the end. One question where it is. */
static enum sg_status find_behind(const struct source *source, uint64_t most,
                                  uint64_t *out)
{
    const struct report_period *period = &source->account->report.period;
    struct wanted behind = {.from_us = period->until_us};
    uint64_t high = most; /* no record of the period stands here, or behind it */

    TRY(find_record(source, &behind, most, out));
    uint64_t low = *out; /* behind the last one that is known */
    for (uint64_t at = low; at < high; at = low + (high - low) / 2) {
        const struct wanted late = {at, period->from_us, period->until_us};
        uint64_t found = high;
        TRY(find_record(source, &late, high, &found));
        if (found < high) {
            low = found + 1;
        } else {
            high = at;
        }
    }
    behind.first = low;
    return low == *out ? SG_OK : find_record(source, &behind, most, out);
}

/* --- Checkpoints ------------------------------------------------------------------- */

static enum sg_status keep(const struct source *source, struct slice note,
                           struct known *out)
{
    struct checkpoint checkpoint;

    if (note.len > sizeof(out->note) ||
        checkpoint_open(note, source->key, &checkpoint) != SG_OK) {
        return sg_fail(source->why, SG_CORRUPT,
                       "a checkpoint of the gateway is malformed, or not signed by the "
                       "key of the log");
    }
    memcpy(out->note, note.data, note.len);
    out->len = note.len;
    out->head = checkpoint.head;
    return SG_OK;
}

/* One page of the checkpoints with sizes in [from, until): keeps the first or the last.
 */
struct page {
    uint64_t from;
    uint64_t until; /* 0: no end */
    bool last;
};

static enum sg_status ask_page(const struct source *source, struct page *page,
                               struct known *out)
{
    Segel__V1__ListCheckpointsRequest request;
    ProtobufCMessage *reply = NULL;

    segel__v1__list_checkpoints_request__init(&request);
    request.from_size = page->from;
    request.until_size = page->until;
    struct unary unary = {.path = "/segel.v1.LogService/ListCheckpoints",
                          .timeout_ms = PATIENCE_MS,
                          .request = &request.base,
                          .reply_type =
                              &segel__v1__list_checkpoints_response__descriptor};
    TRY(channel_unary(source->channel, &unary, &reply, NULL, source->why));
    const Segel__V1__ListCheckpointsResponse *stated =
        (const Segel__V1__ListCheckpointsResponse *)(const void *)reply;
    enum sg_status status = SG_OK;
    if (stated->n_notes > 0) {
        const ProtobufCBinaryData *note =
            &stated->notes[page->last ? stated->n_notes - 1 : 0];
        status = keep(source, slice_of(note->data, note->len), out);
    }
    bool on = page->last && stated->next_size > page->from;
    page->from = on ? stated->next_size : 0;
    unpack_free(reply);
    return status;
}

static enum sg_status ask_pages(const struct source *source, struct page *page,
                                struct known *out)
{
    while (page->from > 0 && page->from < page->until) {
        TRY(ask_page(source, page, out));
    }
    return SG_OK;
}

/* The last one with a size of at most `most`: in a window that grows backwards, because
 * checkpoints are told in ascending order only. */
static enum sg_status find_start(const struct source *source, uint64_t most,
                                 struct known *out)
{
    uint64_t window = WINDOW_FIRST;

    for (bool all = most == 0; !all && out->len == 0; window *= 8) {
        struct page page = {.from = most > window ? most - window + 1 : 1,
                            .until = most + 1,
                            .last = true};
        all = page.from == 1;
        TRY(ask_pages(source, &page, out));
    }
    return SG_OK;
}

static enum sg_status find_ends(struct source *source, const struct log_head *newest)
{
    const struct report_period *period = &source->account->report.period;
    uint64_t begins = 0;
    uint64_t behind = 0;

    TRY(first_since(source, period->from_us, newest->size, &begins));
    TRY(find_behind(source, newest->size, &behind));
    TRY(find_start(source, begins < newest->size ? begins : newest->size,
                   &source->start));
    TRY(keep(source, slice_of(newest->note, newest->note_len), &source->newest));
    if (behind < newest->size) {
        struct page page = {.from = behind + 1};
        TRY(ask_page(source, &page, &source->end));
    }
    if (source->end.len == 0 || source->end.head.size > newest->size) {
        source->end = source->newest;
    }
    return SG_OK;
}

/* --- Records ----------------------------------------------------------------------- */

static enum sg_status reach(struct source *source, const struct known *known,
                            const char *where)
{
    struct tlog_hash root;

    if (known->len == 0 || known->head.size != source->audit.tree.size) {
        return SG_OK;
    }
    root = tlog_frontier_root(&source->audit.tree);
    if (!tlog_hash_equal(&root, &known->head.root)) {
        return sg_fail(source->why, SG_CORRUPT,
                       "the records do not lead to the root that the log's key signed at "
                       "the %s: some of the first %" PRIu64
                       " were changed. There is no report of such a log",
                       where, known->head.size);
    }
    account_checkpoint(source->account, &known->head, slice_of(known->note, known->len),
                       &source->audit);
    return SG_OK;
}

static enum sg_status reach_all(struct source *source)
{
    if (source->start.head.size != source->end.head.size) {
        TRY(reach(source, &source->start, "start of the period"));
    }
    if (source->newest.head.size != source->end.head.size) {
        TRY(reach(source, &source->newest, "end of the log"));
    }
    return reach(source, &source->end, "end of the period");
}

static enum sg_status take(struct source *source, uint64_t index, struct slice json)
{
    TRY(audit_record(&source->audit, index, json));
    if (!account_record(source->account, index, json, &source->audit)) {
        return SG_NO_MEMORY;
    }
    return reach_all(source);
}

static bool visit(void *context, uint64_t index, struct slice json)
{
    struct source *source = (struct source *)context;

    source->status = take(source, index, json);
    return source->status == SG_OK && source->audit.tree.size < source->until;
}

/* All of the log is read, and no more of it counted than to the end: that no record of
 * the period comes behind it is the gateway's word until then, and the record that says
 * why a log begins late may be younger than the period. */
static enum sg_status begin(struct source *source)
{
    const struct audit *audit = &source->audit;

    TRY(log_begin_skip(source->channel, &source->audit, source->end.head.size,
                       source->why));
    source->until = source->newest.head.size;
    source->account->total = source->until - audit->first;
    account_begin(source->account, audit);
    return reach_all(source);
}

static enum sg_status read_records(struct source *source)
{
    struct log_visitor visitor = {visit, source};
    Segel__V1__ListRecordsRequest request;

    segel__v1__list_records_request__init(&request);
    TRY(begin(source));
    request.count = source->until;
    enum sg_status status = log_stream(source->channel, &request, &visitor, source->why);
    TRY(source->status);
    TRY(status);
    if (source->audit.tree.size < source->until) {
        return sg_fail(source->why, SG_CORRUPT,
                       "the checkpoint covers %" PRIu64 " records, but only %" PRIu64
                       " are there. There is no report of such a log",
                       source->until, source->audit.tree.size);
    }
    return SG_OK;
}

/* Order, form, pairs, and ids that were signed twice. */
static enum sg_status judge(struct source *source)
{
    char text[AUDIT_FAULT_SIZE];

    audit_need_begin(&source->audit);
    (void)audit_end(&source->audit);
    if (source->audit.fault_count == 0) {
        return SG_OK;
    }
    audit_fault_text(&source->audit.faults[0], true, text);
    bool unexplained = source->audit.first > 0 && !source->audit.pruned;
    return sg_fail(source->why, SG_CORRUPT,
                   "the records do not fit together (%s; %" PRIu64
                   " in all). There is no report of such a log: run 'segel log verify'%s",
                   text, source->audit.fault_count,
                   unexplained
                       ? "; where it was pruned just now, ask again when the next "
                         "checkpoint covers the record of that"
                       : "");
}

static enum sg_status read_all(struct source *source, struct log_trust *trust)
{
    struct log_head *newest = (struct log_head *)calloc(1, sizeof(*newest));
    if (newest == NULL) {
        return SG_NO_MEMORY;
    }
    enum sg_status status = log_head_fetch(source->channel, trust, newest, source->why);
    if (status == SG_OK) {
        memcpy(source->account->origin, newest->origin, sizeof(newest->origin));
        status = find_ends(source, newest);
    }
    free(newest);
    TRY(status);
    TRY(read_records(source));
    TRY(judge(source));
    return account_finish(source->account, source->why);
}

enum sg_status report_log(struct channel *channel, struct log_trust *trust,
                          struct account *account, struct sg_error *why)
{
    struct source *source = (struct source *)calloc(1, sizeof(*source));

    if (source == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "%s", sg_status_text(SG_NO_MEMORY));
    }
    source->channel = channel;
    source->key = &trust->key;
    source->account = account;
    source->why = why;
    audit_start(&source->audit);
    enum sg_status status = read_all(source, trust);
    audit_fini(&source->audit);
    free(source);
    return status;
}
