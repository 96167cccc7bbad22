#include "gateway/service/approvals/approvals.h"
#include "gateway/service/policy/ask.h"

/* LoadPolicy where a quorum file is in force: a request like any other, but the clerk
 * reads the policy first. Two things travel then, one inside of the other: to the clerk
 * an ask that holds the request, to the core the request that holds the ask, and with it
 * the half of the answer that is made already. */

bool policy_request_open(struct policy_ask *ask, struct grpc_call *call,
                         const ProtobufCMessage *message)
{
    static const struct guarded guarded = {
        .method = "/segel.v1.PolicyService/LoadPolicy",
        .refusal = "loading a policy needs the role officer or reviewer",
        .roles = ROLE_REVIEWER,
        .answer = approvals_load_answer};

    ask->request = approvals_prepare(call, ask->services, &guarded, message);
    return ask->request != NULL;
}

void policy_request_send(struct core *core, struct policy_ask *ask)
{
    struct asked *asked = ask->request;
    struct policy_change *change = &asked->order.order.change;

    change->policy = policy_take(ask->order.change.policy);
    change->effect = ask->order.change.effect;
    asked->loading = ask;
    ask->request = NULL;
    enum sg_status status = core_order(core, &asked->order.order);
    if (status != SG_OK) { /* both are ours still */
        asked->loading = NULL;
        ask->request = asked;
        policy_ask_refuse(ask, status, "");
        policy_ask_reply(ask);
    }
}

ProtobufCMessage *approvals_load_answer(struct asked *asked)
{
    Segel__V1__LoadPolicyResponse *out = asked->loading->loading;

    out->approval = approvals_approval(asked);
    return out->approval == NULL ? NULL : &out->base;
}
