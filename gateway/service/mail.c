#include "gateway/service/mail.h"

#include "gateway/core/officers/order.h"
#include "gateway/core/turn/inquiry.h"
#include "gateway/service/approvals/officers.h"
#include "gateway/service/inside.h"
#include "gateway/service/keys/keys.h"
#include "gateway/service/keys/watch.h"
#include "gateway/service/log/call.h"
#include "gateway/service/policy/policies.h"
#include "gateway/service/sign/call.h"
#include "gateway/service/sign/explain.h"
#include "gateway/service/sign/stamping.h"

/* The marks of inside.h go on below those of the core. */
_Static_assert((int)LETTER_COUNTED < (int)LETTER_ORDER, "each mark is one letter's");

static void end_calls(struct service_loop *loop, struct letter *letter)
{
    (void)letter;
    health_drain(loop);
    key_watches_drain(loop);
    sign_drain(loop);
    reflection_drain(&loop->services->reflection, loop->index);
}

/* Jobs and stamps stand in no row: they are gathered, and answered together. */
static const struct row {
    uint32_t kind;
    void (*take)(struct service_loop *loop, struct letter *letter);
    void (*late)(struct letter *letter); /* NULL: nothing is left to do */
} rows[] = {
    {LETTER_ORDER, approvals_answer, approvals_drop},
    {LETTER_POLICY, policies_answer, policies_drop},
    {LETTER_COUNTED, keys_counted, keys_counted_late},
    {LETTER_INQUIRY, explain_answer, explain_drop},
    /* Its call only read, and ends with the process. */
    {LETTER_QUESTION, log_answer, NULL},
    /* A part of the loop. */
    {LETTER_DRAIN, end_calls, NULL},
};

static const struct row *row_of(const struct letter *letter)
{
    for (size_t i = 0; i < SG_COUNT(rows); i++) {
        if (rows[i].kind == letter->kind) {
            return &rows[i];
        }
    }
    return NULL;
}

void mail_take(void *context)
{
    struct service_loop *loop = (struct service_loop *)context;
    struct letters mail = STAILQ_HEAD_INITIALIZER(mail);
    struct letters jobs = STAILQ_HEAD_INITIALIZER(jobs);
    struct letters again = STAILQ_HEAD_INITIALIZER(again);
    struct letters stamped = STAILQ_HEAD_INITIALIZER(stamped);
    struct letter *letter;

    mbox_take(&loop->replies, &mail);
    while ((letter = STAILQ_FIRST(&mail)) != NULL) {
        const struct row *row = row_of(letter);
        STAILQ_REMOVE_HEAD(&mail, link);
        if (row != NULL) {
            row->take(loop, letter);
        } else if (letter->kind == LETTER_STAMP) {
            stamping_take(loop, letter, &stamped);
        } else {
            STAILQ_INSERT_TAIL(((struct job *)letter)->again ? &again : &jobs, letter,
                               link);
        }
    }
    sign_judge_again(loop, &again);
    stamping_divert(loop, &jobs);
    STAILQ_CONCAT(&jobs, &stamped);
    sign_answer(loop, &jobs);
}

static void drop(struct letter *letter, struct letters *jobs)
{
    const struct row *row = row_of(letter);

    if (row == NULL && letter->kind == LETTER_STAMP) {
        stamping_drop(letter, jobs);
    } else if (row == NULL) {
        STAILQ_INSERT_TAIL(jobs, letter, link);
    } else if (row->late != NULL) {
        row->late(letter);
    }
}

void mail_drop(struct service_loop *loop)
{
    struct letters mail = STAILQ_HEAD_INITIALIZER(mail);
    struct letters jobs = STAILQ_HEAD_INITIALIZER(jobs);
    struct letter *letter;

    mbox_take(&loop->replies, &mail);
    while ((letter = STAILQ_FIRST(&mail)) != NULL) {
        STAILQ_REMOVE_HEAD(&mail, link);
        drop(letter, &jobs);
    }
    sign_answer(loop, &jobs);
}
