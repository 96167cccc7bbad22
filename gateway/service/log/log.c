#include <stdlib.h>
#include <string.h>

#include "gateway/service/log/call.h"
#include "segel/v1/log.pb-c.h"

/* What LogService is asked. */

/* --- Life ------------------------------------------------------------------------ */

void log_free_if_over(struct log_call *log)
{
    if (log->call == NULL && !log->asking) {
        if (log->placed) {
            places_leave(&log->place);
        }
        free(log->question.bytes);
        free(log->texts);
        free(log);
    }
}

static bool is_reviewer(struct grpc_call *call)
{
    return caller_has_role((const struct caller *)grpc_call_caller(call), ROLE_REVIEWER);
}

static struct log_call *open_call(struct grpc_call *call, struct services *services,
                                  enum reading_kind kind)
{
    struct log_call *log = (struct log_call *)calloc(1, sizeof(*log));
    uint8_t *bytes = (uint8_t *)aligned_alloc(READ_PAGE_ALIGN, READ_PAGE_BYTES);
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

const char log_for_reviewers[] = "reading the log needs the role reviewer";

static struct log_call *open_review(struct grpc_call *call, struct services *services,
                                    enum reading_kind kind)
{
    if (!is_reviewer(call)) {
        finish_plain(call, SG_DENIED, log_for_reviewers);
        return NULL;
    }
    return open_call(call, services, kind);
}

void log_ask(struct log_call *log)
{
    log->asking = true;
    enum sg_status status = reading_ask(log->services->reading, &log->question);
    if (status == SG_OK) {
        return;
    }
    log->asking = false;
    if (status == SG_BUSY && log->begun) {
        log->put_off = true;
        LIST_INSERT_HEAD(&loop_of(log->services, log->call)->put_off, log, link);
        return;
    }
    finish_plain(log->call, status, NULL);
}

static void take_back(struct log_call *log)
{
    if (log->put_off) {
        LIST_REMOVE(log, link);
        log->put_off = false;
    }
}

/* Asked for one after the other until the box is full again: that one is the first of the
 * list then. */
void log_tick(struct service_loop *loop)
{
    struct log_call *last = NULL;
    struct log_call *log;

    while ((log = LIST_FIRST(&loop->put_off)) != last && log != NULL) {
        take_back(log);
        log_ask(log);
        last = log;
    }
}

void log_on_close(struct grpc_call *call, void *context)
{
    struct log_call *log = (struct log_call *)grpc_call_state(call);

    (void)context;
    if (log != NULL) {
        take_back(log);
        log->call = NULL;
        log_free_if_over(log);
    }
}

/* --- Questions ------------------------------------------------------------------- */

void log_on_checkpoint(struct grpc_call *call, const ProtobufCMessage *message,
                       void *context)
{
    const Segel__V1__GetCheckpointRequest *request =
        (const Segel__V1__GetCheckpointRequest *)(const void *)message;
    struct log_call *log = open_review(call, (struct services *)context, READ_CHECKPOINT);

    if (log != NULL) {
        log->question.first = request->at_least;
        log_ask(log);
    }
}

void log_on_inclusion(struct grpc_call *call, const ProtobufCMessage *message,
                      void *context)
{
    const Segel__V1__GetInclusionProofRequest *request =
        (const Segel__V1__GetInclusionProofRequest *)(const void *)message;
    struct log_call *log = open_review(call, (struct services *)context, READ_INCLUSION);

    if (log != NULL) {
        log->question.first = request->index;
        log->question.second = request->tree_size;
        log_ask(log);
    }
}

void log_on_consistency(struct grpc_call *call, const ProtobufCMessage *message,
                        void *context)
{
    const Segel__V1__GetConsistencyProofRequest *request =
        (const Segel__V1__GetConsistencyProofRequest *)(const void *)message;
    struct log_call *log =
        open_review(call, (struct services *)context, READ_CONSISTENCY);

    if (log != NULL) {
        log->question.first = request->old_size;
        log->question.second = request->new_size;
        log_ask(log);
    }
}

void log_on_checkpoints(struct grpc_call *call, const ProtobufCMessage *message,
                        void *context)
{
    const Segel__V1__ListCheckpointsRequest *request =
        (const Segel__V1__ListCheckpointsRequest *)(const void *)message;
    struct log_call *log =
        open_review(call, (struct services *)context, READ_CHECKPOINTS);

    if (log != NULL) {
        log->question.first = request->from_size;
        log->question.second = request->until_size == 0 ? INT64_MAX : request->until_size;
        log_ask(log);
    }
}

void log_on_tiles(struct grpc_call *call, const ProtobufCMessage *message, void *context)
{
    const Segel__V1__GetTilesRequest *request =
        (const Segel__V1__GetTilesRequest *)(const void *)message;
    struct log_call *log = open_review(call, (struct services *)context, READ_TILES);

    if (log == NULL) {
        return;
    }
    if (request->count == 0 || request->count > LOG_TILES_MAX) {
        finish_plain(call, SG_INVALID, "count: 1 to 32 tiles at a time");
        return;
    }
    log->question.level = request->level;
    log->question.first = request->first;
    log->question.second = request->tree_size;
    log->question.max = request->count;
    log_ask(log);
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

static bool request_id_valid(const char *text)
{
    size_t len = strlen(text);

    return len > 0 && len <= LEDGER_ID_MAX;
}

/* A backend may ask for what is its own, a reviewer for anybody's. */
void log_on_receipt(struct grpc_call *call, const ProtobufCMessage *message,
                    void *context)
{
    const Segel__V1__GetReceiptRequest *request =
        (const Segel__V1__GetReceiptRequest *)(const void *)message;
    const struct caller *caller = (const struct caller *)grpc_call_caller(call);
    const char *own = caller->config->name;
    const char *whose = request->caller[0] == '\0' ? own : request->caller;

    if (strcmp(whose, own) != 0 && !is_reviewer(call)) {
        finish_plain(call, SG_DENIED,
                     "a receipt of another caller's job needs the role reviewer");
        return;
    }
    if (!request_id_valid(request->request_id) || strlen(whose) > LEDGER_ID_MAX) {
        finish_plain(call, SG_INVALID,
                     "request_id and caller are 1 to 64 characters long");
        return;
    }
    struct log_call *log = open_call(call, (struct services *)context, READ_RECEIPT);
    if (log == NULL) {
        return;
    }
    log->texts = (char *)malloc(strlen(whose) + strlen(request->request_id) + 2);
    if (log->texts == NULL) {
        finish_plain(call, SG_NO_MEMORY, NULL);
        return;
    }
    char *at = log->texts;
    log->question.filter.caller = keep(&at, whose);
    log->question.filter.request_id = keep(&at, request->request_id);
    log_ask(log);
}

/* The message goes away when the callback returns; the question stays. */
static bool keep_filter(struct log_call *log, const Segel__V1__RecordFilter *from)
{
    struct record_filter *to = &log->question.filter;
    size_t room = 8 + strlen(from->caller) + strlen(from->key) + strlen(from->rule) +
                  strlen(from->decision) + strlen(from->document_class) +
                  strlen(from->mandate) + strlen(from->request_id);

    for (size_t i = 0; i < from->n_types && i < LOG_TYPES_MAX; i++) {
        room += strlen(from->types[i]) + 1;
    }
    log->texts = (char *)malloc(room);
    if (log->texts == NULL || from->n_types > LOG_TYPES_MAX) {
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

uint32_t log_page_records(const struct log_call *log)
{
    return log->left < READ_PAGE_RECORDS ? (uint32_t)log->left : READ_PAGE_RECORDS;
}

/* Each holds a page while it is read, and asks again and again. */
static struct log_call *open_placed(struct grpc_call *call, struct services *services)
{
    struct log_call *log = open_review(call, services, READ_PAGE);
    struct held_place place;

    /* Refused, it may be gone already. */
    if (log == NULL ||
        !places_take(&services->log_places, call, "read the log", &place)) {
        return NULL;
    }
    log->place = place;
    log->placed = true;
    return log;
}

void log_on_list(struct grpc_call *call, const ProtobufCMessage *message, void *context)
{
    const Segel__V1__ListRecordsRequest *request =
        (const Segel__V1__ListRecordsRequest *)(const void *)message;
    struct log_call *log = open_placed(call, (struct services *)context);

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
    log->question.max = log_page_records(log);
    log_ask(log);
}
