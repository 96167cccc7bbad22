#include "gateway/core/turn/failed.h"

#include "gateway/core/core_inside.h"
#include "gateway/core/officers/order.h"
#include "gateway/core/turn/inquiry.h"
#include "gateway/core/turn/waiting.h"

/* It was not begun. The same may have been asked before, and signed: its id is the one to
 * keep all the same. */
static const char NOT_BEGUN[] =
    "the ledger cannot be written, so nothing more is signed: ask again later with the "
    "same id, and tell the gateway's administrator";

/* Its key may have been used, or was, and the ledger may not tell it: the next start
 * holds the attempt for indeterminate. Another id would make a second signature. */
static const char NOT_KNOWN[] =
    "the ledger cannot be written; whether this was signed is not known: ask again later "
    "with the same id, and tell the gateway's administrator";

static void tell(struct core *core, struct job *job, const char *what)
{
    job->on_log = false;
    job->again = false;
    job_refuse(job, SG_LEDGER, "%s", what);
    STAILQ_INSERT_TAIL(&core->answered, job, queue);
}

/* One job, and whoever waits for its answer. */
static void tell_with_followers(struct core *core, struct job *job, const char *what)
{
    struct job *follower;

    tell(core, job, what);
    while ((follower = STAILQ_FIRST(&job->followers)) != NULL) {
        STAILQ_REMOVE_HEAD(&job->followers, queue);
        tell(core, follower, what);
    }
}

static void tell_list(struct core *core, struct job_list *list, const char *what)
{
    struct job *job;

    while ((job = STAILQ_FIRST(list)) != NULL) {
        STAILQ_REMOVE_HEAD(list, queue);
        tell_with_followers(core, job, job->uncertain ? NOT_KNOWN : what);
    }
}

/* Of them some were decided in this turn, some have their outcome in it. */
static void tell_answered(struct core *core)
{
    struct job_list answered = STAILQ_HEAD_INITIALIZER(answered);
    struct job *job;

    STAILQ_CONCAT(&answered, &core->answered);
    while ((job = STAILQ_FIRST(&answered)) != NULL) {
        STAILQ_REMOVE_HEAD(&answered, queue);
        bool used = job->tries > 0 || job->replayed || job->uncertain;
        tell_with_followers(core, job, used ? NOT_KNOWN : NOT_BEGUN);
    }
}

/* The INTENTs of those that were admitted in this turn were not written: no lane has them
 * yet. All others with an INTENT are in the hands of a lane, or came back from it. */
static void tell_under_way(struct core *core)
{
    struct job_list rest = STAILQ_HEAD_INITIALIZER(rest);
    struct job *job;

    STAILQ_FOREACH(job, &core->admitted, queue)
    {
        inflight_remove(&core->inflight, job);
    }
    tell_list(core, &core->admitted, NOT_BEGUN);
    STAILQ_INIT(&core->finished);
    core->finished_count = 0;
    inflight_take_all(&core->inflight, &rest);
    tell_list(core, &rest, NOT_KNOWN);
}

void failed_tell_all(struct core *core)
{
    struct job_list waiting = STAILQ_HEAD_INITIALIZER(waiting);

    log_event(LOG_ERROR, "ledger.failed", "why", ledger_why(core->ledger), NULL);
    tell_answered(core);
    tell_under_way(core);
    tell_list(core, &core->outdated, NOT_BEGUN);
    tell_list(core, &core->again, NOT_BEGUN);
    waiting_take_all(core, &waiting);
    tell_list(core, &waiting, NOT_BEGUN);
    hand_back(core);
    ceremony_give_up(core, SG_LEDGER);
    orders_obey(core);
    inquiries_answer(core);
    report_update(core, true);
}
