#include "proto/quorum/asking_inside.h"
#include "segel/v1/approvals.pb-c.h"

/* Guarded methods of ApprovalService. */

static enum sg_status unlock_pin(const Segel__V1__UnlockPinTask *task, struct asking *out,
                                 struct sg_error *why)
{
    out->task = TASK_PIN_UNLOCK;
    return asking_object(task->lane, "unlock_pin.lane", out, why);
}

enum sg_status asking_create(const ProtobufCMessage *from, struct asking *out,
                             struct sg_error *why)
{
    const Segel__V1__CreateRequestRequest *request =
        (const Segel__V1__CreateRequestRequest *)(const void *)from;

    out->request_id = request->request_id;
    out->reason = request->reason;
    if (request->task_case == SEGEL__V1__CREATE_REQUEST_REQUEST__TASK__NOT_SET) {
        return sg_fail(why, SG_INVALID, "the task is missing");
    }
    if (request->task_case == SEGEL__V1__CREATE_REQUEST_REQUEST__TASK_UNLOCK_PIN) {
        return unlock_pin(request->unlock_pin, out, why);
    }
    return sg_fail(why, SG_UNSUPPORTED, "this version serves the task unlock_pin only");
}

enum sg_status asking_release(const ProtobufCMessage *from, struct asking *out,
                              struct sg_error *why)
{
    const Segel__V1__ReleaseLockDownRequest *request =
        (const Segel__V1__ReleaseLockDownRequest *)(const void *)from;

    out->task = TASK_LOCKDOWN_CLEAR;
    out->request_id = request->request_id;
    out->reason = request->reason;
    return asking_object(request->id, "id", out, why);
}
