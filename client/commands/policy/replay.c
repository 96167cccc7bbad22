#include "client/commands/policy/replay.h"

#include <stdlib.h>

#include "client/call/log_begin.h"
#include "client/call/log_stream.h"
#include "client/channel/unpack.h"
#include "gateway/policy/replay_keys.h"

/* Decisions come in pages: a page is read whole before the first of it is judged, because
 * judging may have to ask for a key.facts record on the same connection. */
enum {
    PAGE_RECORDS = 1024,
    CALL_MS = 20000,
    RECORDS_PER_DECISION = 3 /* intent, outcome, and what else there is: a guess */
};

struct page {
    uint8_t *bytes; /* owned: PAGE_RECORDS * LOGGED_RECORD_MAX at most */
    size_t cap;
    size_t len;
    struct page_row {
        uint64_t index;
        size_t at;
        size_t len;
    } rows[PAGE_RECORDS];
    size_t count;
    uint64_t next; /* least index that may come */
    enum sg_status status;
};

struct run {
    const struct policy_replay *task;
    struct channel *channel;
    struct policy_replay_sums *sums;
    struct replay_keys keys;
    struct page page;
    uint64_t log_size; /* about: for the bar */
    uint64_t first;    /* index that the reading began at */
    uint64_t wanted;   /* decisions at most */
};

/* --- Reading ------------------------------------------------------------------- */

static bool make_room(struct page *page, size_t len)
{
    if (page->cap - page->len >= len) {
        return true;
    }
    size_t cap = page->cap * 2 < page->len + len ? page->len + len : page->cap * 2;
    uint8_t *bytes = realloc(page->bytes, cap);
    if (bytes == NULL) {
        return false;
    }
    page->bytes = bytes;
    page->cap = cap;
    return true;
}

/* false: the page is full, or status says what is wrong. The gateway is known by its
 * certificate, which does not make its records come in order. */
static bool take_record(void *context, uint64_t index, struct slice json)
{
    struct page *page = (struct page *)context;
    /* More cannot be a record: kept so far, it is told as unreadable. */
    size_t len = json.len > LOGGED_RECORD_MAX ? LOGGED_RECORD_MAX + 1 : json.len;

    if (index < page->next || index >= INT64_MAX) {
        page->status = SG_INTERNAL;
    } else if (page->count < PAGE_RECORDS && !make_room(page, len)) {
        page->status = SG_NO_MEMORY;
    }
    if (page->status != SG_OK || page->count == PAGE_RECORDS) {
        return false;
    }
    if (len > 0) {
        memcpy(page->bytes + page->len, json.data, len);
    }
    page->rows[page->count++] = (struct page_row){index, page->len, len};
    page->len += len;
    page->next = index + 1;
    return true;
}

static void start_page(struct page *page, uint64_t first)
{
    page->count = 0;
    page->len = 0;
    page->next = first;
    page->status = SG_OK;
}

static enum sg_status read_page(struct run *run, uint64_t first, uint64_t count,
                                struct sg_error *why)
{
    struct log_visitor visitor = {take_record, &run->page};
    Segel__V1__ListRecordsRequest request;
    Segel__V1__RecordFilter filter;
    char *types[] = {sg_unconst_text("intent"), sg_unconst_text("deny")};

    segel__v1__list_records_request__init(&request);
    segel__v1__record_filter__init(&filter);
    filter.types = types;
    filter.n_types = SG_COUNT(types);
    filter.from_us = run->task->last == 0 ? run->task->from_us : 0;
    filter.until_us = run->task->last == 0 ? run->task->until_us : 0;
    request.filter = &filter;
    request.first = first;
    request.count = count;
    start_page(&run->page, first);
    TRY(log_stream(run->channel, &request, &visitor, why));
    return run->page.status == SG_INTERNAL
               ? sg_fail(why, SG_INTERNAL,
                         "the gateway's records do not come in the order of the log")
               : run->page.status;
}

static uint64_t least(uint64_t one, uint64_t other)
{
    return one < other ? one : other;
}

/* INVALID would say that a record is no good. */
static enum sg_status fetch_one(void *source, uint64_t index,
                                bool (*take)(void *context, uint64_t index,
                                             struct slice json),
                                void *context, struct sg_error *why)
{
    struct log_visitor visitor = {take, context};
    Segel__V1__ListRecordsRequest request;

    segel__v1__list_records_request__init(&request);
    request.first = index;
    request.count = 1;
    enum sg_status status = log_stream((struct channel *)source, &request, &visitor, why);
    if (status == SG_PRUNED) {
        return SG_INVALID; /* by what it was decided is gone: this one is no good */
    }
    return status == SG_INVALID ? SG_INTERNAL : status;
}

/* --- Judging ------------------------------------------------------------------- */

static void tell_unreadable(struct run *run, const char *sentence)
{
    run->sums->unreadable++;
    if (run->task->unreadable != NULL) {
        run->task->unreadable(run->task->context, sentence);
    }
}

/* SG_INVALID: the decision cannot be judged; others are failures of the channel. */
static enum sg_status judge(struct run *run, const struct logged *decision,
                            struct sg_error *why)
{
    const struct replay_key *key = NULL;
    struct replay replay;

    if (!decision->by_gateway && decision->has_facts) {
        TRY(replay_keys_get(&run->keys, decision->bound, &key, why));
        if (key == NULL) {
            return SG_INVALID;
        }
    }
    TRY(replay_judge(key, decision, &run->task->policies, &replay, why));
    run->sums->kinds[replay.kind]++;
    if (run->task->judged != NULL) {
        run->task->judged(run->task->context, decision, &replay);
    }
    return SG_OK;
}

static enum sg_status judge_row(struct run *run, const struct page_row *row,
                                struct sg_error *why)
{
    struct logged decision;
    enum sg_status status = logged_read(
        row->index, slice_of(run->page.bytes + row->at, row->len), &decision, why);

    run->sums->decisions++;
    if (status == SG_OK) {
        status = judge(run, &decision, why);
        logged_fini(&decision);
    }
    if (status == SG_INVALID) {
        tell_unreadable(run, why->text);
        return SG_OK;
    }
    return status;
}

static void tell_progress(const struct run *run, uint64_t index)
{
    const struct policy_replay *task = run->task;

    if (task->progress == NULL) {
        return;
    }
    if (task->last != 0) {
        task->progress(task->context, run->sums->decisions, run->wanted);
    } else {
        uint64_t end = index + 1 > run->log_size ? index + 1 : run->log_size;
        task->progress(task->context, index + 1, end);
    }
}

static enum sg_status judge_page(struct run *run, struct sg_error *why)
{
    for (size_t i = 0; i < run->page.count; i++) {
        TRY(judge_row(run, &run->page.rows[i], why));
        tell_progress(run, run->page.rows[i].index);
    }
    return SG_OK;
}

/* To the end of what was asked for: a page that is not full is the last. */
static enum sg_status judge_all(struct run *run, struct sg_error *why)
{
    uint64_t first = run->first;

    while (run->sums->decisions < run->wanted) {
        uint64_t count = least(PAGE_RECORDS, run->wanted - run->sums->decisions);
        TRY(read_page(run, first, count, why));
        TRY(judge_page(run, why));
        if (run->page.count < count) {
            return SG_OK;
        }
        first = run->page.next;
    }
    return SG_OK;
}

/* --- Where the last N begin ---------------------------------------------------- */

static enum sg_status ask_size(struct run *run, struct sg_error *why)
{
    Segel__V1__GetCheckpointRequest request;
    const struct unary unary = {"/segel.v1.LogService/GetCheckpoint", CALL_MS,
                                &request.base,
                                &segel__v1__get_checkpoint_response__descriptor};
    ProtobufCMessage *reply = NULL;

    segel__v1__get_checkpoint_request__init(&request);
    enum sg_status status = channel_unary(run->channel, &unary, &reply, NULL, why);

    if (status == SG_NOT_FOUND) { /* a log so young that it has no checkpoint */
        return SG_OK;
    }
    if (status == SG_OK) {
        run->log_size =
            ((const Segel__V1__GetCheckpointResponse *)(const void *)reply)->size;
        protobuf_c_message_free_unpacked(reply, NULL);
    }
    return status;
}

/* The indices of decisions that were met last: a ring. */
struct tail {
    uint64_t *indices; /* owned */
    uint64_t cap;
    uint64_t met;
};

static enum sg_status read_tail(struct run *run, uint64_t first, struct tail *tail,
                                struct sg_error *why)
{
    tail->met = 0;
    do {
        TRY(read_page(run, first, PAGE_RECORDS, why));
        for (size_t i = 0; i < run->page.count; i++) {
            tail->indices[tail->met++ % tail->cap] = run->page.rows[i].index;
        }
        first = run->page.next;
    } while (run->page.count == PAGE_RECORDS);
    return SG_OK;
}

/* Goes back from the end, twice as far each time, until enough are met. */
static enum sg_status find_first(struct run *run, struct tail *tail, struct sg_error *why)
{
    uint64_t back = tail->cap * RECORDS_PER_DECISION;
    uint64_t oldest = 0;
    uint64_t first;

    TRY(log_begin_find(run->channel, &oldest, why));

    do {
        first = oldest < run->log_size && back < run->log_size - oldest
                    ? run->log_size - back
                    : 0;
        TRY(read_tail(run, first, tail, why));
        back *= 2;
    } while (tail->met < tail->cap && first > 0);
    run->wanted = least(tail->met, tail->cap);
    run->sums->older = tail->met > tail->cap || first > 0;
    if (run->wanted > 0) {
        uint64_t begin = tail->met < tail->cap ? 0 : tail->met % tail->cap;
        run->first = tail->indices[begin];
    }
    return SG_OK;
}

static enum sg_status find_last(struct run *run, struct sg_error *why)
{
    struct tail tail = {.cap = run->task->last};

    tail.indices = calloc(tail.cap, sizeof(*tail.indices));
    if (tail.indices == NULL) {
        return SG_NO_MEMORY;
    }
    enum sg_status status = find_first(run, &tail, why);
    free(tail.indices);
    return status;
}

/* --- Running ------------------------------------------------------------------- */

static enum sg_status replay_log(struct run *run, struct sg_error *why)
{
    TRY(ask_size(run, why));
    run->wanted = UINT64_MAX;
    if (run->task->last != 0) {
        TRY(find_last(run, why));
    }
    return judge_all(run, why);
}

enum sg_status policy_replay(struct channel *channel, const struct policy_replay *task,
                             struct policy_replay_sums *sums, struct sg_error *why)
{
    struct run *run = calloc(1, sizeof(*run));

    *sums = (struct policy_replay_sums){0};
    if (run == NULL) {
        return SG_NO_MEMORY;
    }
    run->task = task;
    run->channel = channel;
    run->sums = sums;
    run->keys.policy = task->policy;
    run->keys.from = (struct replay_source){fetch_one, channel};
    enum sg_status status = replay_log(run, why);
    replay_keys_fini(&run->keys);
    free(run->page.bytes);
    free(run);
    return status;
}

bool policy_replay_agrees(const struct policy_replay_sums *sums)
{
    return sums->decisions > 0 &&
           sums->decisions == sums->kinds[REPLAY_SAME] + sums->kinds[REPLAY_BY_GATEWAY];
}
