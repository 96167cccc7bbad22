#include <stdatomic.h>
#include <sys/mman.h>

#include "gateway/clock.h"
#include "gateway/service/log/anchored.h"
#include "gateway/service/log/call.h"
#include "segel/v1/log.pb-c.h"

/* What LogService answers, and when it asks the reading thread once more. */
enum {
    OUTPUT_HIGH = 1 << 20,
    OUTPUT_PAUSE_US = 5000,
    FOLLOW_PAUSE_US = 20000,
    COVER_PAUSE_US = READ_LATER_US, /* between two looks for a newer checkpoint */
    COVER_SPARE_US = 200000         /* before the deadline, to say what was missing */
};

static void finish_after(struct log_call *log, const ProtobufCMessage *message)
{
    if (grpc_send(log->call, message) == SG_OK) {
        finish_plain(log->call, SG_OK, NULL);
    }
}

static void send_checkpoint(struct log_call *log)
{
    Segel__V1__GetCheckpointResponse response;

    segel__v1__get_checkpoint_response__init(&response);
    response.note = pb_bytes(slice_of(log->question.bytes, log->question.used));
    response.size = log->question.size;
    response.verifier_key = pb_text(core_log_vkey(log->services->options.core));
    finish_after(log, &response.base);
}

static void send_receipt(struct log_call *log)
{
    Segel__V1__GetReceiptResponse response;

    segel__v1__get_receipt_response__init(&response);
    response.proof = pb_bytes(slice_of(log->question.bytes, log->question.used));
    response.anchored = receipt_anchored(
        log->services->options.config, slice_of(log->question.bytes, log->question.used));
    finish_after(log, &response.base);
}

static size_t list_path(const struct ledger_path *path, ProtobufCBinaryData *out)
{
    for (size_t i = 0; i < path->count; i++) {
        out[i] = pb_bytes(slice_of(path->hash[i], sizeof(path->hash[i])));
    }
    return path->count;
}

static void send_inclusion(struct log_call *log)
{
    Segel__V1__GetInclusionProofResponse response;
    ProtobufCBinaryData path[64];

    segel__v1__get_inclusion_proof_response__init(&response);
    response.n_path = list_path(&log->question.path, path);
    response.path = path;
    response.tree_size = log->question.size;
    response.root = pb_bytes(slice_of(log->question.root, sizeof(log->question.root)));
    finish_after(log, &response.base);
}

static void send_consistency(struct log_call *log)
{
    Segel__V1__GetConsistencyProofResponse response;
    ProtobufCBinaryData path[64];

    segel__v1__get_consistency_proof_response__init(&response);
    response.n_path = list_path(&log->question.path, path);
    response.path = path;
    response.new_size = log->question.size;
    finish_after(log, &response.base);
}

/* Notes or tiles. */
static size_t list_pieces(const struct question *question, ProtobufCBinaryData *out)
{
    for (size_t i = 0; i < question->record_count; i++) {
        out[i] = pb_bytes(slice_of(question->bytes + question->records[i].offset,
                                   question->records[i].len));
    }
    return question->record_count;
}

static void send_checkpoints(struct log_call *log)
{
    Segel__V1__ListCheckpointsResponse response;
    ProtobufCBinaryData notes[READ_PAGE_RECORDS];

    segel__v1__list_checkpoints_response__init(&response);
    response.n_notes = list_pieces(&log->question, notes);
    response.notes = notes;
    response.next_size = log->question.next;
    finish_after(log, &response.base);
}

static void send_tiles(struct log_call *log)
{
    Segel__V1__GetTilesResponse response;
    ProtobufCBinaryData tiles[LOG_TILES_MAX];

    segel__v1__get_tiles_response__init(&response);
    response.n_tiles = list_pieces(&log->question, tiles);
    response.tiles = tiles;
    response.tree_size = log->question.size;
    finish_after(log, &response.base);
}

static bool send_records(struct log_call *log)
{
    const struct question *page = &log->question;
    Segel__V1__Record records[READ_PAGE_RECORDS];
    Segel__V1__Record *pointers[READ_PAGE_RECORDS];
    Segel__V1__ListRecordsResponse response;

    segel__v1__list_records_response__init(&response);
    for (size_t i = 0; i < page->record_count; i++) {
        segel__v1__record__init(&records[i]);
        records[i].index = page->records[i].index;
        records[i].json = pb_bytes(
            slice_of(page->bytes + page->records[i].offset, page->records[i].len));
        pointers[i] = &records[i];
    }
    response.n_records = page->record_count;
    response.records = pointers;
    log->left -= page->record_count;
    return page->record_count == 0 || grpc_send(log->call, &response.base) == SG_OK;
}

/* A reload may have taken the role away while the call is open. Without a caller the
 * transport has ended the call. */
static bool may_go_on(const struct log_call *log)
{
    const struct caller *caller = (const struct caller *)grpc_call_caller(log->call);

    return caller == NULL || caller_has_role(caller, ROLE_REVIEWER);
}

static void send_page(struct log_call *log)
{
    struct question *page = &log->question;

    if (!may_go_on(log)) {
        finish_plain(log->call, SG_DENIED, log_for_reviewers);
        return;
    }
    if (!send_records(log)) {
        return;
    }
    bool at_end = page->next >= page->size;
    if (log->follow && atomic_load(&log->services->draining)) {
        finish_plain(log->call, SG_SHUTDOWN, NULL);
        return;
    }
    if (log->left == 0 || (at_end && !log->follow)) {
        finish_plain(log->call, SG_OK, NULL);
        return;
    }
    int64_t pause_us = at_end ? FOLLOW_PAUSE_US : 0;
    pause_us = grpc_call_queued(log->call) > OUTPUT_HIGH ? OUTPUT_PAUSE_US : pause_us;
    /* What was written of it would stay in memory for as long as nothing is news. If it
     * does not go, it stays. */
    if (at_end && page->used > 0) {
        (void)madvise(page->bytes, READ_PAGE_BYTES, MADV_DONTNEED);
    }
    page->not_before_us = clock_mono_us() + pause_us;
    page->first = page->next;
    page->max = log_page_records(log);
    /* A reader that takes nothing gets no further page until it does. */
    if (grpc_call_queued(log->call) > OUTPUT_HIGH) {
        page->max = 0;
    }
    log_ask(log);
}

static void (*const senders[])(struct log_call *) = {
    [READ_CHECKPOINT] = send_checkpoint, [READ_PAGE] = send_page,
    [READ_INCLUSION] = send_inclusion,   [READ_CONSISTENCY] = send_consistency,
    [READ_RECEIPT] = send_receipt,       [READ_CHECKPOINTS] = send_checkpoints,
    [READ_TILES] = send_tiles,
};

/* No checkpoint covers it yet: looks again until shortly before the deadline, so that the
 * answer can still say what was waited for. */
static void wait_for_cover(struct log_call *log)
{
    int64_t now_us = clock_mono_us();
    int64_t end_us = grpc_call_deadline_us(log->call);

    if (atomic_load(&log->services->draining)) {
        finish_plain(log->call, SG_SHUTDOWN, NULL);
    } else if (now_us >= end_us - COVER_SPARE_US) {
        finish_plain(
            log->call, SG_TIMEOUT,
            "no checkpoint covers it yet: ask again, with a deadline longer than "
            "the gateway's ledger.checkpoint_s");
    } else {
        log->question.not_before_us = now_us + COVER_PAUSE_US;
        log_ask(log);
    }
}

/* What people can do about it, where the status alone does not say. */
static const char *failure_of(const struct question *question)
{
    bool receipt = question->kind == READ_RECEIPT;

    if (question->status == SG_NOT_FOUND) {
        return receipt ? "the log has no outcome for this caller and request id: look at "
                         "both; a request that was denied has none"
                       : "the log has nothing there yet; ask again after a checkpoint";
    }
    return receipt && question->status == SG_PRECONDITION
               ? "the job is under way and has no outcome yet: ask again when it is "
                 "answered"
               : NULL;
}

void log_answer(struct service_loop *loop, struct letter *letter)
{
    struct question *question = (struct question *)letter;
    struct log_call *log = (struct log_call *)question->asker;

    (void)loop;
    log->asking = false;
    log->begun = true;
    if (log->call == NULL) {
        log_free_if_over(log);
    } else if (question->status != SG_OK) {
        finish_plain(log->call, question->status, failure_of(question));
    } else if (question->early) {
        wait_for_cover(log);
    } else {
        senders[question->kind](log);
    }
}
