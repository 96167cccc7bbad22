#include "gateway/service/policy/ask.h"

#include <stdio.h>
#include <stdlib.h>

#include "gateway/policy/review.h"
#include "gateway/service/approvals/approvals.h"
#include "gateway/service/inside.h"
#include "gateway/service/policy/answer.h"
#include "gateway/service/policy/shelf.h"

const char policy_ask_name[] = "the policy that was sent";

void policy_ask_free(struct policy_ask *ask)
{
    if (ask->request != NULL) {
        approvals_release(ask->request);
    }
    order_fini(&ask->order);
    policy_free(ask->base);
    arena_fini(&ask->arena);
    free(ask->text);
    free(ask);
}

void policy_ask_reply(struct policy_ask *ask)
{
    struct letters one = STAILQ_HEAD_INITIALIZER(one);

    ask->order.letter.kind = LETTER_POLICY;
    STAILQ_INSERT_TAIL(&one, &ask->order.letter, link);
    MUST(mbox_put(ask->order.reply, &one, 1) == SG_OK);
}

void policy_ask_refuse(struct policy_ask *ask, enum sg_status status, const char *why)
{
    ask->status = status;
    (void)snprintf(ask->why, sizeof(ask->why), "%.511s",
                   why[0] != '\0' ? why : sg_status_text(status));
}

void policy_ask_check(struct policy_ask *ask)
{
    struct policy *policy = NULL;
    struct sg_error why = {0};
    enum sg_status status =
        policy_parse(slice_of(ask->text, ask->text_len), policy_ask_name, &policy, &why);

    if ((status != SG_OK && status != SG_INVALID) ||
        !answer_check(ask, policy, why.text)) {
        policy_ask_refuse(ask, SG_NO_MEMORY, "");
    }
    ask->order.change.policy = policy; /* the answer points into it */
    policy_ask_reply(ask);
}

void policy_ask_list(struct policy_ask *ask, const char *ledger)
{
    answer_list(ask, ledger);
    policy_ask_reply(ask);
}

void policy_ask_explain(struct policy_ask *ask)
{
    size_t rule = policy_find_rule(ask->base, ask->rule);

    if (rule == policy_rule_count(ask->base)) {
        policy_ask_refuse(ask, SG_NOT_FOUND,
                          "the policy in force has no rule of that id; GetPolicy lists "
                          "its rules");
    } else if (!answer_explain(ask, rule)) {
        policy_ask_refuse(ask, SG_NO_MEMORY, "");
    }
    policy_ask_reply(ask);
}

static void shelf_close(struct shelf *shelf)
{
    shelf_fini(shelf);
    ledger_reader_close(shelf->reader);
}

/* An earlier one takes the place of the one in force. */
static bool find_earlier(struct policy_ask *ask, const char *ledger)
{
    AUTO(shelf_close) struct shelf shelf = {.count = 0};
    struct sg_error why = {0};

    if (ledger_reader_open(ledger, &shelf.reader, &why) != SG_OK) {
        return false;
    }
    struct policy *policy = shelf_get(&shelf, ask->sha256);
    if (policy != NULL) {
        policy_free(ask->base);
        ask->base = policy_take(policy);
    }
    return policy != NULL;
}

void policy_ask_get(struct policy_ask *ask, const char *ledger)
{
    if (ask->by_hash && memcmp(ask->sha256, policy_info(ask->base)->sha256, 32) != 0 &&
        !find_earlier(ask, ledger)) {
        policy_ask_refuse(ask, SG_NOT_FOUND,
                          "no policy of that SHA-256 was in force here");
    } else if (!answer_get(ask, ledger)) {
        policy_ask_refuse(ask, SG_NO_MEMORY, "");
    }
    policy_ask_reply(ask);
}
