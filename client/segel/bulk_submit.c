#include "client/channel/moment.h"
#include "client/segel/bulk_inside.h"

/* Whether the letter may come in now; SEGEL_FULL: not yet. */
static int admit(struct segel_bulk *bulk, const struct slot *letter,
                 struct segel_error *error)
{
    const char *id = letter->kept.letter.request_id;

    if (bulk->cancelled || bulk->closing) {
        return error_set(error, SEGEL_CANCELLED, NULL, "the bulk was cancelled");
    }
    if (bulk->broken.code != SEGEL_OK) {
        return error_copy(error, &bulk->broken);
    }
    if (slot_is_open(bulk, id)) {
        return error_set(error, SEGEL_CONFLICT, "open",
                         "a letter with the request id %s is open", id);
    }
    bool room = bulk->open == 0 || (bulk->open < bulk->options.letters &&
                                    bulk->bytes <= bulk->options.bytes &&
                                    letter->cost <= bulk->options.bytes - bulk->bytes);
    return room ? SEGEL_OK
                : error_set(error, SEGEL_FULL, NULL,
                            "as many letters as may be are open: take outcomes first");
}

static void take_in(struct segel_bulk *bulk, const struct slot *letter)
{
    struct slot *slot = TAILQ_FIRST(&bulk->lists[SLOT_FREE]);

    MUST(slot != NULL);
    slot->plan = letter->plan;
    slot->kept = letter->kept;
    if (letter->kept.letter.look != NULL) {
        slot->kept.letter.look = &slot->kept.look;
    }
    slot->cost = letter->cost;
    slot->deadline_us = letter->deadline_us;
    slot->outcome = letter->outcome;
    slot->attempts = 0;
    bulk->open++;
    bulk->bytes += slot->cost;
    bulk->timed += slot->deadline_us != 0 ? 1 : 0;
    slot_move(bulk, slot, SLOT_QUEUED);
}

static int hand_in(struct segel_bulk *bulk, const struct slot *letter,
                   struct segel_error *error)
{
    (void)pthread_mutex_lock(&bulk->lock);
    int code = admit(bulk, letter, error);
    while (code == SEGEL_FULL && bulk->has_teller && !bulk_is_teller(bulk)) {
        (void)pthread_cond_wait(&bulk->done, &bulk->lock);
        code = admit(bulk, letter, error);
    }
    if (code == SEGEL_OK) {
        take_in(bulk, letter);
    }
    (void)pthread_mutex_unlock(&bulk->lock);
    return code;
}

/* Everything that needs no lock. */
static int make_letter(struct slot *letter, struct segel_plan *plan,
                       const struct segel_letter *given, struct segel_error *error)
{
    int code = kept_letter_take(&letter->kept, given, error);

    if (code == SEGEL_OK) {
        code = plan_fits(plan, &letter->kept, error);
    }
    if (code != SEGEL_OK) {
        return code;
    }
    const struct segel_letter *own = &letter->kept.letter;
    letter->cost = own->path != NULL ? input_size(own->path) : own->pdf_len;
    if (own->deadline_ms != 0) {
        letter->deadline_us = moment_mono_us() + (int64_t)own->deadline_ms * 1000;
    }
    letter->outcome = outcome_new();
    if (letter->outcome == NULL) {
        return error_memory(error);
    }
    outcome_name(letter->outcome, &letter->kept);
    return SEGEL_OK;
}

int segel_bulk_submit(struct segel_bulk *bulk, struct segel_plan *plan,
                      const struct segel_letter *letter, struct segel_error *error)
{
    struct slot made = {.plan = plan};

    if (bulk == NULL) {
        return error_null(error, "bulk");
    }
    if (plan == NULL) {
        return error_null(error, "plan");
    }
    int code = gateway_way_check(&bulk->way, error);
    if (code != SEGEL_OK) {
        return code;
    }
    code = make_letter(&made, plan, letter, error);
    if (code == SEGEL_OK) {
        made.plan = plan_share(plan);
        code = hand_in(bulk, &made, error);
        if (code == SEGEL_OK) {
            return SEGEL_OK;
        }
        segel_plan_free(made.plan);
    }
    outcome_free(made.outcome);
    kept_letter_fini(&made.kept);
    return code;
}
