#include "gateway/core/officers/effects.h"

#include "gateway/core/core_inside.h"

static const struct effect *const effects[TASK_COUNT] = {
#define EFFECT(task, name) [TASK_##task] = &effect_##name,
#include "gateway/core/officers/effects.def"
#undef EFFECT
};

/* NULL: this version does not do the task. */
static const struct effect *find(const struct ledger_request *request)
{
    enum task task = task_find(slice_str(request->task));

    return task == TASK_COUNT ? NULL : effects[task];
}

enum sg_status effect_check(struct core *core, const struct ledger_request *request,
                            struct sg_error *why)
{
    const struct effect *effect = find(request);

    return effect != NULL
               ? effect->check(core, request, why)
               : sg_fail(why, SG_UNSUPPORTED, "this version does not do the task %s",
                         request->task);
}

enum sg_status effect_do(struct core *core, const struct ledger_request *request,
                         struct members *members, struct log_place *place)
{
    const struct effect *effect = find(request);

    MUST(effect != NULL); /* it was checked */
    return effect->act(core, request, members, place);
}

void effect_after(struct core *core, const struct ledger_request *request)
{
    const struct effect *effect = find(request);

    if (effect != NULL && effect->after != NULL) {
        effect->after(core, request);
    }
}
