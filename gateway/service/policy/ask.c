#include "gateway/service/policy/ask.h"

#include <stdio.h>
#include <stdlib.h>

#include "gateway/ledger/reader.h"
#include "gateway/policy/review.h"
#include "gateway/service/approvals/approvals.h"
#include "gateway/service/inside.h"
#include "gateway/service/policy/answer.h"

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

static void close_reader(struct ledger_reader **reader)
{
    ledger_reader_close(*reader);
}

/* The file of an earlier one, and what it says. SG_NOT_FOUND: it was not in force here;
 * SG_INVALID: this version does not load it. */
static enum sg_status find_earlier(struct policy_ask *ask, const char *ledger,
                                   struct policy **out, struct sg_error *why)
{
    AUTO(close_reader) struct ledger_reader *reader = NULL;

    TRY(ledger_reader_open(ledger, &reader, why));
    TRY(ledger_read_policy(reader, ask->sha256, &ask->text, &ask->text_len));
    return policy_parse(slice_of(ask->text, ask->text_len), "its file", out, why);
}

static SG_MUST_USE enum sg_status get_earlier(struct policy_ask *ask, const char *ledger,
                                              struct sg_error *why)
{
    struct policy *policy = NULL;
    enum sg_status status = find_earlier(ask, ledger, &policy, why);

    if (status == SG_INVALID) {
        return answer_kept(ask, ledger, why->text) ? SG_OK : SG_NO_MEMORY;
    }
    if (status == SG_NOT_FOUND) {
        return sg_fail(why, status, "no policy of that SHA-256 was in force here");
    }
    TRY(status);
    policy_free(ask->base);
    ask->base = policy;
    return answer_get(ask, ledger) ? SG_OK : SG_NO_MEMORY;
}

void policy_ask_get(struct policy_ask *ask, const char *ledger)
{
    struct sg_error why = {0};
    enum sg_status status = SG_OK;

    if (ask->by_hash && memcmp(ask->sha256, policy_info(ask->base)->sha256, 32) != 0) {
        status = get_earlier(ask, ledger, &why);
    } else if (!answer_get(ask, ledger)) {
        status = SG_NO_MEMORY;
    }
    if (status != SG_OK) {
        policy_ask_refuse(ask, status, why.text);
    }
    policy_ask_reply(ask);
}
