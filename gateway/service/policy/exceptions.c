#include <stdlib.h>
#include <string.h>

#include "gateway/policy/review.h"
#include "gateway/service/pb.h"
#include "gateway/service/policy/answer.h"

/* The standing reliefs of a policy, for GetPolicy. Texts of the policy are borrowed, as
 * in answer_policy.c. */

/* NULL: the arena is full, or there is no memory. */
static char *match_of(struct policy_ask *ask, size_t index)
{
    char *text = policy_exception_match(ask->base, index);
    size_t size = text == NULL ? 0 : strlen(text) + 1;
    char *out = size == 0 ? NULL : (char *)arena_alloc(&ask->arena, size);

    if (out != NULL) {
        memcpy(out, text, size);
    }
    free(text);
    return out;
}

static bool add_approvers(struct policy_ask *ask, size_t index,
                          Segel__V1__PolicyException *out)
{
    size_t count = 0;

    while (policy_exception_approver(ask->base, index, count) != NULL) {
        count++;
    }
    out->approved_by =
        (char **)arena_alloc(&ask->arena, (count + 1) * sizeof(*out->approved_by));
    if (out->approved_by == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        out->approved_by[i] = pb_text(policy_exception_approver(ask->base, index, i));
    }
    out->n_approved_by = count;
    return true;
}

static Segel__V1__PolicyException *exception_of(struct policy_ask *ask, size_t index)
{
    const struct exception_info info = policy_exception(ask->base, index);
    Segel__V1__PolicyException *out =
        (Segel__V1__PolicyException *)arena_alloc(&ask->arena, sizeof(*out));

    if (out == NULL) {
        return NULL;
    }
    segel__v1__policy_exception__init(out);
    out->rule = pb_text(info.rule);
    out->until_us = info.until_us;
    out->reason = pb_text(info.reason);
    out->match = match_of(ask, index);
    return out->match != NULL && add_approvers(ask, index, out) ? out : NULL;
}

bool answer_exceptions(struct policy_ask *ask, Segel__V1__GetPolicyResponse *out)
{
    size_t count = policy_exception_count(ask->base);

    out->exceptions = (Segel__V1__PolicyException **)arena_alloc(
        &ask->arena, (count + 1) * sizeof(void *));
    for (size_t i = 0; out->exceptions != NULL && i < count; i++) {
        out->exceptions[i] = exception_of(ask, i);
        if (out->exceptions[i] == NULL) {
            return false;
        }
        out->n_exceptions++;
    }
    return out->exceptions != NULL;
}
