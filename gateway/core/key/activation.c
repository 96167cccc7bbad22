#include "gateway/core/key/activation.h"

enum { US_PER_S = 1000000 };

const char *activation_over(const struct activation *activation, int64_t now_us)
{
    if (activation->mode == ACTIVATION_NONE) {
        return "it was not activated";
    }
    if (activation->until_us != 0 && now_us >= activation->until_us) {
        return "its window is over";
    }
    if (activation_left(activation) == 0) {
        return "its jobs are used up";
    }
    if (activation->idle_s != 0 &&
        activation_idle_s(activation, now_us) > (int64_t)activation->idle_s) {
        return "no job came for too long";
    }
    return NULL;
}

uint64_t activation_left(const struct activation *activation)
{
    if (activation->max == 0) {
        return ACTIVATION_MAX;
    }
    return activation->used < activation->max ? activation->max - activation->used : 0;
}

int64_t activation_idle_s(const struct activation *activation, int64_t now_us)
{
    int64_t since_us = activation->last_use_us > activation->begun_us
                           ? activation->last_use_us
                           : activation->begun_us;

    return now_us > since_us ? (now_us - since_us) / US_PER_S : 0;
}

void activation_use(struct keyreg *row, int64_t now_us, int64_t *mark)
{
    struct activation *activation = &row->activation;

    *mark = 0;
    if (row->state == KEY_ACTIVE && activation_over(activation, now_us) == NULL) {
        activation->used++;
        activation->last_use_us = now_us;
        *mark = activation->begun_us;
    }
}

bool activation_give_back(struct keyreg *row, int64_t mark)
{
    struct activation *activation = &row->activation;

    if (mark == 0 || row->state != KEY_ACTIVE || activation->begun_us != mark ||
        activation->used == 0) {
        return false;
    }
    activation->used--;
    return true;
}

static bool accepted(enum key_state state)
{
    return key_state_signs(state) || state == KEY_RETIRED;
}

static void state_facts(const struct keyreg *row, int64_t now_us, struct facts *facts)
{
    bool held = row->state == KEY_HELD;

    facts_bool(facts, FACT_ID_key_accepted,
               accepted(held ? row->before_hold : row->state));
    facts_bool(facts, FACT_ID_key_hold, held);
    facts_bool(facts, FACT_ID_key_compromised, row->state == KEY_COMPROMISED);
    if (row->successor[0] != '\0') {
        int64_t us = now_us > row->rotated_us ? now_us - row->rotated_us : 0;
        facts_number(facts, FACT_ID_key_successor_age_s, us / US_PER_S);
    }
}

void activation_facts(const struct keyreg *row, int64_t now_us, struct facts *facts)
{
    const struct activation *activation = &row->activation;

    state_facts(row, now_us, facts);
    facts_bool(facts, FACT_ID_activation_active,
               row->state == KEY_ACTIVE && activation_over(activation, now_us) == NULL);
    if (activation->mode != ACTIVATION_NONE) {
        facts_text(facts, FACT_ID_activation_mode,
                   slice_str(activation_mode_name(activation->mode)));
        facts_number(facts, FACT_ID_activation_left,
                     (int64_t)activation_left(activation));
        facts_number(facts, FACT_ID_activation_idle_s,
                     activation_idle_s(activation, now_us));
    }
}
