#include "gateway/core/effects.h"

#include "gateway/core/core_inside.h"

/* --- A lane may try its PIN once more ---------------------------------------------- */

static enum sg_status check_unlock(struct core *core, const char *object,
                                   struct sg_error *why)
{
    const struct berth *berth = berth_find(core, object);

    if (berth == NULL) {
        return sg_fail(why, SG_NOT_FOUND,
                       "there is no lane '%s'; 'segel token list' shows those that there "
                       "are",
                       object);
    }
    if (lane_state(berth->lane) != LANE_LATCHED) {
        return sg_fail(why, SG_PRECONDITION,
                       "nothing was done for lane '%s': no PIN was refused since it was "
                       "last unlocked",
                       object);
    }
    return SG_OK;
}

static enum sg_status do_unlock(struct core *core, const char *object,
                                struct members *members, struct log_place *place)
{
    struct berth *berth = berth_find(core, object);

    MUST(berth != NULL);
    TRY(latch_clear(core, berth));
    return members_write(core, "pin.unlock", members, place);
}

static void after_unlock(struct core *core, const char *object)
{
    struct berth *berth = berth_find(core, object);

    if (berth != NULL && lane_state(berth->lane) == LANE_LATCHED) {
        log_event(LOG_INFO, "pin.unlock", "lane", object, NULL);
        lane_unlatch(berth->lane);
    }
}

/* --- A lock-down ends -------------------------------------------------------------- */

static enum sg_status check_clear(struct core *core, const char *object,
                                  struct sg_error *why)
{
    return lockdown_check(core, object, why);
}

static enum sg_status do_clear(struct core *core, const char *object,
                               struct members *members, struct log_place *place)
{
    (void)object; /* checked: it is the one in force */
    return lockdown_end(core, members, place);
}

static void after_clear(struct core *core, const char *object)
{
    log_event(LOG_WARN, "lockdown.over", "id", object, NULL);
    report_update(core, true);
}

/* --- The table --------------------------------------------------------------------- */

static const struct effect {
    enum sg_status (*check)(struct core *core, const char *object, struct sg_error *why);
    enum sg_status (*act)(struct core *core, const char *object, struct members *members,
                          struct log_place *place);
    void (*after)(struct core *core, const char *object);
} effects[TASK_COUNT] = {
    [TASK_PIN_UNLOCK] = {check_unlock, do_unlock, after_unlock},
    [TASK_LOCKDOWN_CLEAR] = {check_clear, do_clear, after_clear},
};

enum sg_status effect_check(struct core *core, enum task task, const char *object,
                            struct sg_error *why)
{
    return effects[task].check != NULL
               ? effects[task].check(core, object, why)
               : sg_fail(why, SG_UNSUPPORTED, "this version does not do the task %s",
                         task_name(task));
}

enum sg_status effect_do(struct core *core, enum task task, const char *object,
                         struct members *members, struct log_place *place)
{
    return effects[task].act(core, object, members, place);
}

void effect_after(struct core *core, enum task task, const char *object)
{
    effects[task].after(core, object);
}
