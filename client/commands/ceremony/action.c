#include "client/commands/ceremony/action.h"
#include "client/call/gateway_call.h"

#include <stdio.h>

#include "client/call/approval_call.h"
#include "client/channel/unpack.h"

enum { GROUPS_AT_MOST = 16 };

/* --- What answers have in common -----------------------------------------------------
 */

void act_take_log(struct action_answer *out, const Segel__V1__LogPosition *log)
{
    if (log != NULL && log->leaf_hash.len == sizeof(out->leaf)) {
        out->logged = true;
        out->index = log->index;
        memcpy(out->leaf, log->leaf_hash.data, sizeof(out->leaf));
    }
}

void act_take_approval(struct action_answer *out, const Segel__V1__Approval *approval)
{
    if (approval == NULL) {
        return;
    }
    out->guarded = true;
    out->state = approval->state;
    (void)snprintf(out->id, sizeof(out->id), "%.64s", approval->id);
    (void)snprintf(out->outcome, sizeof(out->outcome), "%.255s",
                   approval->outcome == NULL ? "" : approval->outcome->message);
    act_take_log(out, approval->log);
}

char *act_answer(const struct ceremony *ceremony, const char *name)
{
    const char *text = state_answered(&ceremony->state, name);

    MUST(text != NULL);
    return sg_unconst_text(text);
}

/* --- Lock-down --------------------------------------------------------------------- */

static enum sg_status act_lockdown(struct ceremony *ceremony, struct action_answer *out,
                                   struct sg_error *why)
{
    Segel__V1__LockDownRequest request;
    ProtobufCMessage *reply = NULL;

    segel__v1__lock_down_request__init(&request);
    request.reason = act_answer(ceremony, "reason");
    const struct gateway_ask ask = {"/segel.v1.ApprovalService/LockDown", &request.base,
                                    &segel__v1__lock_down_response__descriptor};
    TRY(gateway_call(ceremony->home, &ask, &reply, why));
    const Segel__V1__LockDownState *state =
        ((const Segel__V1__LockDownResponse *)(const void *)reply)->state;
    act_take_log(out, state == NULL ? NULL : state->log);
    unpack_free(reply);
    return SG_OK;
}

/* Which lock-down is meant must be the same at each repetition. */
static enum sg_status name_lockdown(struct ceremony *ceremony, struct sg_error *why)
{
    ProtobufCMessage *reply = NULL;

    if (state_answered(&ceremony->state, "lockdown-id") != NULL) {
        return SG_OK;
    }
    TRY(approval_roster(ceremony->home, &reply, why));
    const Segel__V1__LockDownState *state =
        ((const Segel__V1__GetRosterResponse *)(const void *)reply)->lock_down;
    enum sg_status status =
        state != NULL && state->active != 0
            ? state_answer(&ceremony->state, "lockdown-id", slice_str(state->id), why)
            : sg_fail(why, SG_PRECONDITION, "there is no lock-down");
    unpack_free(reply);
    return status == SG_OK ? ceremony_keep(ceremony, why) : status;
}

static enum sg_status act_lockdown_clear(struct ceremony *ceremony,
                                         struct action_answer *out, struct sg_error *why)
{
    Segel__V1__ReleaseLockDownRequest request;
    ProtobufCMessage *reply = NULL;

    TRY(name_lockdown(ceremony, why));
    segel__v1__release_lock_down_request__init(&request);
    request.request_id = ceremony->state.request;
    request.id = act_answer(ceremony, "lockdown-id");
    request.reason = act_answer(ceremony, "reason");
    const struct gateway_ask ask = {"/segel.v1.ApprovalService/ReleaseLockDown",
                                    &request.base,
                                    &segel__v1__release_lock_down_response__descriptor};
    TRY(gateway_call(ceremony->home, &ask, &reply, why));
    act_take_approval(
        out, ((const Segel__V1__ReleaseLockDownResponse *)(const void *)reply)->approval);
    unpack_free(reply);
    return SG_OK;
}

/* --- Tasks without a method of their own -------------------------------------------- */

static enum sg_status create(struct ceremony *ceremony,
                             Segel__V1__CreateRequestRequest *request,
                             struct action_answer *out, struct sg_error *why)
{
    ProtobufCMessage *reply = NULL;

    request->request_id = ceremony->state.request;
    request->reason = act_answer(ceremony, "reason");
    const struct gateway_ask ask = {"/segel.v1.ApprovalService/CreateRequest",
                                    &request->base,
                                    &segel__v1__create_request_response__descriptor};
    TRY(gateway_call(ceremony->home, &ask, &reply, why));
    act_take_approval(
        out, ((const Segel__V1__CreateRequestResponse *)(const void *)reply)->approval);
    unpack_free(reply);
    return SG_OK;
}

static enum sg_status act_unlock(struct ceremony *ceremony, struct action_answer *out,
                                 struct sg_error *why)
{
    Segel__V1__CreateRequestRequest request;
    Segel__V1__UnlockPinTask task;

    segel__v1__create_request_request__init(&request);
    segel__v1__unlock_pin_task__init(&task);
    task.lane = act_answer(ceremony, "lane");
    request.task_case = SEGEL__V1__CREATE_REQUEST_REQUEST__TASK_UNLOCK_PIN;
    request.unlock_pin = &task;
    return create(ceremony, &request, out, why);
}

static enum sg_status act_change(struct ceremony *ceremony, struct action_answer *out,
                                 struct sg_error *why)
{
    Segel__V1__CreateRequestRequest request;
    Segel__V1__ChangePinTask task;

    segel__v1__create_request_request__init(&request);
    segel__v1__change_pin_task__init(&task);
    task.lane = act_answer(ceremony, "lane");
    request.task_case = SEGEL__V1__CREATE_REQUEST_REQUEST__TASK_CHANGE_PIN;
    request.change_pin = &task;
    return create(ceremony, &request, out, why);
}

static enum sg_status ask_officer(struct ceremony *ceremony, Segel__V1__OfficerTask *task,
                                  struct action_answer *out, struct sg_error *why)
{
    Segel__V1__CreateRequestRequest request;

    segel__v1__create_request_request__init(&request);
    request.task_case = SEGEL__V1__CREATE_REQUEST_REQUEST__TASK_OFFICER;
    request.officer = task;
    return create(ceremony, &request, out, why);
}

/* Names with one blank between them, cut up where they stand; "-": none. */
static size_t split_names(char *text, char **names)
{
    size_t count = 0;

    for (char *at = text; *at != '\0' && count < GROUPS_AT_MOST;) {
        names[count++] = at;
        at += strcspn(at, " ");
        if (*at != '\0') {
            *at++ = '\0';
        }
    }
    return count == 1 && strcmp(names[0], "-") == 0 ? 0 : count;
}

static enum sg_status act_officer_add(struct ceremony *ceremony,
                                      struct action_answer *out, struct sg_error *why)
{
    Segel__V1__OfficerTask task;
    char groups[ANSWER_MAX + 1];
    char *names[GROUPS_AT_MOST];
    char *vkey = act_answer(ceremony, "vkey");

    segel__v1__officer_task__init(&task);
    (void)snprintf(groups, sizeof(groups), "%s", act_answer(ceremony, "groups"));
    task.person = act_answer(ceremony, "person");
    task.role = act_answer(ceremony, "role");
    task.n_verifier_keys = 1;
    task.verifier_keys = &vkey;
    task.n_groups = split_names(groups, names);
    task.groups = names;
    return ask_officer(ceremony, &task, out, why);
}

static enum sg_status act_officer_remove(struct ceremony *ceremony,
                                         struct action_answer *out, struct sg_error *why)
{
    Segel__V1__OfficerTask task;

    segel__v1__officer_task__init(&task);
    task.remove = 1;
    task.person = act_answer(ceremony, "leaver");
    return ask_officer(ceremony, &task, out, why);
}

/* --- The table --------------------------------------------------------------------- */

enum sg_status ceremony_act(struct ceremony *ceremony, enum action_kind action,
                            struct action_answer *out, struct sg_error *why)
{
    static action_call *const calls[ACTION_KIND_COUNT] = {
        [ACTION_LOCKDOWN] = act_lockdown,
        [ACTION_LOCKDOWN_CLEAR] = act_lockdown_clear,
        [ACTION_PIN_UNLOCK] = act_unlock,
        [ACTION_PIN_CHANGE] = act_change,
        [ACTION_OFFICER_ADD] = act_officer_add,
        [ACTION_OFFICER_REMOVE] = act_officer_remove,
        [ACTION_KEY_GENERATE] = act_generate,
        [ACTION_KEY_BACKUP] = act_backup,
        [ACTION_KEY_CSR] = act_csr,
        [ACTION_CERT_ACCEPT] = act_accept,
        [ACTION_KEY_ROTATE] = act_rotate,
        [ACTION_KEY_DESTROY] = act_destroy,
    };

    MUST(action < ACTION_KIND_COUNT);
    *out = (struct action_answer){.guarded = false};
    return calls[action](ceremony, out, why);
}
