#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/service/inside.h"
#include "segel/v1/log.pb-c.h"

/* LogService: questions go to the reading thread and come back to the call that asked.
 * One question of a call is under way at a time. */
enum {
    OUTPUT_HIGH = 1 << 20,
    OUTPUT_PAUSE_US = 5000,
    FOLLOW_PAUSE_US = 20000,
    TYPES_MAX = 32
};

struct log_call {
    struct services *services; /* borrowed */
    struct grpc_call *call;    /* NULL once it has closed */
    bool asking;
    bool follow;
    uint64_t left; /* records still to be sent */
    char *texts;   /* owned: the filter's words */
    const char *types[TYPES_MAX];
    struct question question;
};

/* --- Life ------------------------------------------------------------------------ */

static void free_if_over(struct log_call *log)
{
    if (log->call == NULL && !log->asking) {
        free(log->question.bytes);
        free(log->texts);
        free(log);
    }
}

static struct log_call *open_call(struct grpc_call *call, struct services *services,
                                  enum reading_kind kind)
{
    const struct caller *caller = (const struct caller *)grpc_call_caller(call);

    if (!caller_has_role(caller, ROLE_REVIEWER)) {
        finish_plain(call, SG_DENIED, "reading the log needs the role reviewer");
        return NULL;
    }
    struct log_call *log = (struct log_call *)calloc(1, sizeof(*log));
    uint8_t *bytes = (uint8_t *)malloc(READ_PAGE_BYTES);
    if (log == NULL || bytes == NULL) {
        free(log);
        free(bytes);
        finish_plain(call, SG_NO_MEMORY, NULL);
        return NULL;
    }
    log->services = services;
    log->call = call;
    log->question.bytes = bytes;
    log->question.kind = kind;
    log->question.asker = log;
    log->question.reply = &loop_of(services, call)->replies;
    log->question.letter.kind = LETTER_QUESTION;
    grpc_call_set_state(call, log);
    return log;
}

static void ask(struct log_call *log)
{
    log->asking = true;
    enum sg_status status = reading_ask(log->services->reading, &log->question);
    if (status != SG_OK) {
        log->asking = false;
        finish_plain(log->call, status, NULL);
    }
}

void log_on_close(struct grpc_call *call, void *context)
{
    struct log_call *log = (struct log_call *)grpc_call_state(call);

    (void)context;
    if (log != NULL) {
        log->call = NULL;
        free_if_over(log);
    }
}

/* --- Questions ------------------------------------------------------------------- */

void log_on_checkpoint(struct grpc_call *call, const ProtobufCMessage *message,
                       void *context)
{
    struct log_call *log = open_call(call, (struct services *)context, READ_CHECKPOINT);

    (void)message;
    if (log != NULL) {
        ask(log);
    }
}

void log_on_inclusion(struct grpc_call *call, const ProtobufCMessage *message,
                      void *context)
{
    const Segel__V1__GetInclusionProofRequest *request =
        (const Segel__V1__GetInclusionProofRequest *)(const void *)message;
    struct log_call *log = open_call(call, (struct services *)context, READ_INCLUSION);

    if (log != NULL) {
        log->question.first = request->index;
        log->question.second = request->tree_size;
        ask(log);
    }
}

void log_on_consistency(struct grpc_call *call, const ProtobufCMessage *message,
                        void *context)
{
    const Segel__V1__GetConsistencyProofRequest *request =
        (const Segel__V1__GetConsistencyProofRequest *)(const void *)message;
    struct log_call *log = open_call(call, (struct services *)context, READ_CONSISTENCY);

    if (log != NULL) {
        log->question.first = request->old_size;
        log->question.second = request->new_size;
        ask(log);
    }
}

/* Appends a copy of text to the call's own memory; NULL for an empty one. */
static const char *keep(char **at, const char *text)
{
    char *start = *at;
    size_t size = strlen(text) + 1;

    memcpy(start, text, size);
    *at += size;
    return size == 1 ? NULL : start;
}

/* The message goes away when the callback returns; the question stays. */
static bool keep_filter(struct log_call *log, const Segel__V1__RecordFilter *from)
{
    struct record_filter *to = &log->question.filter;
    size_t room = 8 + strlen(from->caller) + strlen(from->key) + strlen(from->rule) +
                  strlen(from->decision) + strlen(from->document_class) +
                  strlen(from->mandate) + strlen(from->request_id);

    for (size_t i = 0; i < from->n_types && i < TYPES_MAX; i++) {
        room += strlen(from->types[i]) + 1;
    }
    log->texts = (char *)malloc(room);
    if (log->texts == NULL || from->n_types > TYPES_MAX) {
        return false;
    }
    char *at = log->texts;
    to->from_us = from->from_us;
    to->until_us = from->until_us;
    to->caller = keep(&at, from->caller);
    to->key = keep(&at, from->key);
    to->rule = keep(&at, from->rule);
    to->decision = keep(&at, from->decision);
    to->document_class = keep(&at, from->document_class);
    to->mandate = keep(&at, from->mandate);
    to->request_id = keep(&at, from->request_id);
    for (size_t i = 0; i < from->n_types; i++) {
        log->types[i] = keep(&at, from->types[i]);
    }
    to->types = log->types;
    to->type_count = from->n_types;
    return true;
}

static uint32_t page_records(const struct log_call *log)
{
    return log->left < READ_PAGE_RECORDS ? (uint32_t)log->left : READ_PAGE_RECORDS;
}

void log_on_list(struct grpc_call *call, const ProtobufCMessage *message, void *context)
{
    const Segel__V1__ListRecordsRequest *request =
        (const Segel__V1__ListRecordsRequest *)(const void *)message;
    struct log_call *log = open_call(call, (struct services *)context, READ_PAGE);

    if (log == NULL) {
        return;
    }
    if (request->filter != NULL && !keep_filter(log, request->filter)) {
        finish_plain(call, SG_INVALID, "a filter names at most 32 types");
        return;
    }
    log->left = request->count == 0 ? UINT64_MAX : request->count;
    log->follow = request->follow != 0;
    log->question.first = request->first;
    log->question.max = page_records(log);
    ask(log);
}

/* --- Answers --------------------------------------------------------------------- */

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

static void send_page(struct log_call *log)
{
    struct question *page = &log->question;

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
    page->not_before_us = clock_mono_us() + pause_us;
    page->first = page->next;
    page->max = page_records(log);
    /* A reader that takes nothing gets no further page until it does. */
    if (grpc_call_queued(log->call) > OUTPUT_HIGH) {
        page->max = 0;
    }
    ask(log);
}

static void (*const senders[])(struct log_call *) = {
    [READ_CHECKPOINT] = send_checkpoint,
    [READ_PAGE] = send_page,
    [READ_INCLUSION] = send_inclusion,
    [READ_CONSISTENCY] = send_consistency,
};

void log_answer(struct service_loop *loop, struct letter *letter)
{
    struct question *question = (struct question *)letter;
    struct log_call *log = (struct log_call *)question->asker;

    (void)loop;
    log->asking = false;
    if (log->call == NULL) {
        free_if_over(log);
    } else if (question->status != SG_OK) {
        finish_plain(log->call, question->status,
                     question->status == SG_NOT_FOUND
                         ? "the log has nothing there yet; ask again after a checkpoint"
                         : NULL);
    } else {
        senders[question->kind](log);
    }
}
