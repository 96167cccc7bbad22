#include "gateway/core/turn/stop.h"

#include "gateway/core/core_inside.h"
#include "gateway/core/key/life.h"

static const struct record_failure of_state[KEY_STATES] = {
#define STOP(state, rule_id, section, word, is, must)                                    \
    [KEY_##state] = {.rule = (rule_id),                                                  \
                     .cp_section = (section),                                            \
                     .code = (word),                                                     \
                     .found = (is),                                                      \
                     .required = (must)},
#include "gateway/core/turn/stop.def"
#undef STOP
};

const struct record_failure *stop_of(const struct core *core, const struct key *key)
{
    if (core->lockdown.active) {
        return &lockdown_failure;
    }
    const struct record_failure *failure = &of_state[life_state(core, key)];
    return failure->code == NULL ? NULL : failure;
}

/* What its caller can do. */
static void word(const struct keyreg *row, enum key_state state, struct job *job)
{
    if (state == KEY_HELD) {
        job_refuse(job, SG_PRECONDITION,
                   "key '%s' is held by officers; nothing was signed; come back with the "
                   "same id when they have released it",
                   row->name);
    } else if (state == KEY_RETIRED && row->successor[0] != '\0') {
        job_refuse(job, SG_PRECONDITION,
                   "key '%s' is retired and signs no more; ask again with the same id: "
                   "'%s' has taken its place",
                   row->name, row->successor);
    } else {
        job_refuse(job, SG_PRECONDITION,
                   "key '%s' is %s; nothing was signed; ask its officers which key to "
                   "use",
                   row->name, key_state_name(state));
    }
}

void stop_refuse(const struct core *core, struct job *job)
{
    if (core->lockdown.active) {
        lockdown_refuse(&core->lockdown, job);
        return;
    }
    enum key_state state = life_state(core, job->key);
    job->reason = of_state[state].code;
    if (job->denial != NULL) { /* what the policy says is not asked */
        job->denial->count = 0;
    }
    word(register_of(core, job->key), state, job);
}
