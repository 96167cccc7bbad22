#include "gateway/service/approvals/approvals.h"

#include <stdio.h>
#include <string.h>

#include "gateway/core/officers/request_grant.h"

/* Answers of ApprovalService, in the order's arena: NULL when it is full. */

void *approvals_room(struct asked *asked, size_t size)
{
    return arena_alloc(&asked->order.arena, size);
}

/* An empty message. */
void *approvals_make(struct asked *asked, const ProtobufCMessageDescriptor *kind)
{
    ProtobufCMessage *out =
        (ProtobufCMessage *)approvals_room(asked, kind->sizeof_message);

    if (out != NULL) {
        protobuf_c_message_init(kind, out);
    }
    return out;
}

static uint8_t *copy(struct asked *asked, const void *bytes, size_t len)
{
    uint8_t *out = (uint8_t *)approvals_room(asked, len + 1);

    if (out != NULL) {
        memcpy(out, bytes, len);
        out[len] = '\0';
    }
    return out;
}

/* --- One request ------------------------------------------------------------------- */

Segel__V1__LogPosition *approvals_position(struct asked *asked, uint64_t index,
                                           const uint8_t hash[32])
{
    Segel__V1__LogPosition *out = (Segel__V1__LogPosition *)approvals_make(
        asked, &segel__v1__log_position__descriptor);

    if (out == NULL) {
        return NULL;
    }
    out->origin = pb_text(asked->services->options.config->ledger_origin);
    out->index = index;
    out->leaf_hash = pb_bytes(slice_of(hash, 32));
    return out;
}

static Segel__V1__ApprovalVote *vote(struct asked *asked, const struct ledger_vote *from)
{
    Segel__V1__ApprovalVote *out = (Segel__V1__ApprovalVote *)approvals_make(
        asked, &segel__v1__approval_vote__descriptor);

    if (out == NULL) {
        return NULL;
    }
    out->person = pb_text(from->person);
    out->role = pb_text(from->role);
    out->key_name = pb_text(from->key);
    out->time_us = from->time_us;
    out->refused = from->refused;
    out->reason = pb_text(from->reason);
    return out;
}

static bool add_votes(struct asked *asked, const struct ledger_request *request,
                      Segel__V1__Approval *out)
{
    out->votes = (Segel__V1__ApprovalVote **)approvals_room(
        asked, sizeof(void *) * (request->vote_count + 1));
    if (out->votes == NULL) {
        return false;
    }
    for (size_t i = 0; i < request->vote_count; i++) {
        out->votes[i] = vote(asked, &request->votes[i]);
        if (out->votes[i] == NULL) {
            return false;
        }
        out->approvals_given += request->votes[i].refused ? 0 : 1;
        out->n_votes++;
    }
    return true;
}

static Segel__V1__ItemStatus *outcome(struct asked *asked,
                                      const struct ledger_request *request)
{
    Segel__V1__ItemStatus *out = (Segel__V1__ItemStatus *)approvals_make(
        asked, &segel__v1__item_status__descriptor);

    if (out == NULL) {
        return NULL;
    }
    out->code = sg_status_grpc(request->outcome);
    out->message = pb_text(request->why);
    return out;
}

Segel__V1__Approval *approvals_of(struct asked *asked,
                                  const struct ledger_request *request)
{
    enum task task = task_find(slice_str(request->task));
    Segel__V1__Approval *out =
        (Segel__V1__Approval *)approvals_make(asked, &segel__v1__approval__descriptor);

    if (out == NULL) {
        return NULL;
    }
    out->id = pb_text(request->id);
    out->task = pb_text(request->task);
    out->object = pb_text(request->object);
    out->state = (Segel__V1__ApprovalState)request->state;
    out->requester = pb_text(request->person);
    out->created_us = request->created_us;
    out->not_after_us = request->not_after_us;
    out->approvals_required = task == TASK_COUNT ? 0 : asked->order.fewest[task];
    out->log = approvals_position(asked, request->log_index, request->log_hash);
    if (request->state == REQUEST_FAILED) {
        out->outcome = outcome(asked, request);
    }
    return add_votes(asked, request, out) ? out : NULL;
}

/* Done by one officer: the record is the only thing that is kept of it. */
static Segel__V1__Approval *done_alone(struct asked *asked)
{
    const struct order *order = &asked->order.order;
    char *id = (char *)approvals_room(asked, 64);
    Segel__V1__Approval *out =
        (Segel__V1__Approval *)approvals_make(asked, &segel__v1__approval__descriptor);

    if (id == NULL || out == NULL) {
        return NULL;
    }
    /* One record each, so its place is unique for ever. */
    (void)snprintf(id, 64, "pin.unlock-%llu", (unsigned long long)order->log_index);
    out->id = id;
    out->task = pb_text("pin.unlock");
    out->object = pb_text(asked->order.object);
    out->state = SEGEL__V1__APPROVAL_STATE__APPROVAL_STATE_EXECUTED;
    out->requester = pb_text(order->officer);
    out->created_us = asked->created_us;
    out->log = order->on_log
                   ? approvals_position(asked, order->log_index, order->log_hash)
                   : NULL;
    return out;
}

Segel__V1__Approval *approvals_approval(struct asked *asked)
{
    return asked->order.alone ? done_alone(asked)
                              : approvals_of(asked, asked->order.page.items);
}

ProtobufCMessage *approvals_create_answer(struct asked *asked)
{
    Segel__V1__CreateRequestResponse *out =
        (Segel__V1__CreateRequestResponse *)approvals_make(
            asked, &segel__v1__create_request_response__descriptor);

    if (out == NULL) {
        return NULL;
    }
    out->approval = approvals_approval(asked);
    return out->approval == NULL ? NULL : &out->base;
}

ProtobufCMessage *approvals_approve_answer(struct asked *asked)
{
    Segel__V1__ApproveResponse *out = (Segel__V1__ApproveResponse *)approvals_make(
        asked, &segel__v1__approve_response__descriptor);

    if (out == NULL) {
        return NULL;
    }
    out->approval = approvals_approval(asked);
    return out->approval == NULL ? NULL : &out->base;
}

ProtobufCMessage *approvals_refuse_answer(struct asked *asked)
{
    Segel__V1__RefuseResponse *out = (Segel__V1__RefuseResponse *)approvals_make(
        asked, &segel__v1__refuse_response__descriptor);

    if (out == NULL) {
        return NULL;
    }
    out->approval = approvals_approval(asked);
    return out->approval == NULL ? NULL : &out->base;
}

/* --- Looking ----------------------------------------------------------------------- */

ProtobufCMessage *approvals_list_answer(struct asked *asked)
{
    const struct request_page *page = &asked->order.page;
    char *token = (char *)approvals_room(asked, 24);
    Segel__V1__ListRequestsResponse *out =
        (Segel__V1__ListRequestsResponse *)approvals_make(
            asked, &segel__v1__list_requests_response__descriptor);

    if (out == NULL) {
        return NULL;
    }
    out->approvals =
        (Segel__V1__Approval **)approvals_room(asked, sizeof(void *) * (page->count + 1));
    if (token == NULL || out->approvals == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < page->count; i++) {
        out->approvals[i] = approvals_of(asked, &page->items[i]);
        if (out->approvals[i] == NULL) {
            return NULL;
        }
        out->n_approvals++;
    }
    token[0] = '\0';
    if (page->next != 0) {
        (void)snprintf(token, 24, "%llu", (unsigned long long)page->next);
    }
    out->next_page_token = token;
    return &out->base;
}

/* The grant as it is, for a program that builds it itself and compares. */
static bool add_grant(struct asked *asked, const struct ledger_request *request,
                      Segel__V1__GetRequestResponse *out)
{
    char *note = (char *)approvals_room(asked, GRANT_NOTE_MAX);
    char *text = (char *)approvals_room(asked, GRANT_TEXT_MAX);
    struct grant grant;
    size_t note_len = 0;
    size_t text_len = 0;

    if (note == NULL || text == NULL || request_grant(request, &grant) != SG_OK ||
        grant_write(&grant, text, &text_len) != SG_OK ||
        request_note(request, slice_of(NULL, 0), note, &note_len) != SG_OK) {
        return false;
    }
    out->grant_text = pb_bytes(slice_of(text, text_len));
    out->grant_note = pb_bytes(slice_of(note, note_len));
    out->request_sha256.data = copy(asked, grant.request, 32);
    out->request_sha256.len = out->request_sha256.data == NULL ? 0 : 32;
    return out->request_sha256.len == 32;
}

ProtobufCMessage *approvals_get_answer(struct asked *asked)
{
    const struct ledger_request *request = asked->order.page.items;
    Segel__V1__GetRequestResponse *out = (Segel__V1__GetRequestResponse *)approvals_make(
        asked, &segel__v1__get_request_response__descriptor);

    if (out == NULL) {
        return NULL;
    }
    out->approval = approvals_of(asked, request);
    out->method = pb_text(request->method);
    out->log_origin = pb_text(request->log);
    out->request = pb_bytes(request->message);
    out->policy_sha256 = pb_bytes(slice_of(request->policy, 32));
    return out->approval != NULL && add_grant(asked, request, out) ? &out->base : NULL;
}

/* --- Lock-down --------------------------------------------------------------------- */

Segel__V1__LockDownState *approvals_lock_down(struct asked *asked)
{
    const struct lockdown *now = &asked->order.lockdown;
    Segel__V1__LockDownState *out = (Segel__V1__LockDownState *)approvals_make(
        asked, &segel__v1__lock_down_state__descriptor);

    if (out == NULL) {
        return NULL;
    }
    out->active = now->active;
    if (now->id[0] == '\0') { /* there never was one */
        return out;
    }
    out->log = approvals_position(asked, now->log_index, now->log_hash);
    if (now->active) {
        out->id = pb_text(now->id);
        out->person = pb_text(now->person);
        out->reason = pb_text(now->reason);
        out->since_us = now->since_us;
    }
    return out;
}

ProtobufCMessage *approvals_lock_down_answer(struct asked *asked)
{
    Segel__V1__LockDownResponse *out = (Segel__V1__LockDownResponse *)approvals_make(
        asked, &segel__v1__lock_down_response__descriptor);

    if (out == NULL) {
        return NULL;
    }
    out->state = approvals_lock_down(asked);
    out->already = asked->order.already;
    return out->state == NULL ? NULL : &out->base;
}

ProtobufCMessage *approvals_release_answer(struct asked *asked)
{
    Segel__V1__ReleaseLockDownResponse *out =
        (Segel__V1__ReleaseLockDownResponse *)approvals_make(
            asked, &segel__v1__release_lock_down_response__descriptor);

    if (out == NULL) {
        return NULL;
    }
    out->approval = approvals_approval(asked);
    out->state = approvals_lock_down(asked);
    return out->approval == NULL || out->state == NULL ? NULL : &out->base;
}
