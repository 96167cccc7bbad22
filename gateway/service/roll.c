#include "gateway/service/roll.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/config/compare.h"
#include "gateway/service/inside.h"

const struct config_caller *roll_find(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->caller_count; i++) {
        if (strcmp(config->callers[i].name, name) == 0) {
            return &config->callers[i];
        }
    }
    return NULL;
}

bool roll_same(const struct config *one, const struct config *other)
{
    return config_same_callers(one, other) && config_same_networks(one, other);
}

enum sg_status roll_check(const struct config *config, const struct config *start,
                          struct sg_error *why)
{
    for (size_t i = 0; i < config->caller_count; i++) {
        const struct config_caller *caller = &config->callers[i];
        const struct config_caller *known = roll_find(start, caller->name);
        if (known == NULL) {
            return sg_fail(why, SG_PRECONDITION,
                           "caller '%s' is new and cannot be added while the gateway "
                           "runs; restart it; nothing was reloaded",
                           caller->name);
        }
        if (known->weight != caller->weight) {
            return sg_fail(why, SG_PRECONDITION,
                           "the weight of caller '%s' cannot change from %lld to %lld "
                           "while the gateway runs; restart it; nothing was reloaded",
                           caller->name, (long long)known->weight,
                           (long long)caller->weight);
        }
    }
    return SG_OK;
}

static void free_callers(struct roll *roll)
{
    for (size_t i = 0; i < ROLL_SHELVES; i++) {
        struct caller *caller;
        while ((caller = roll->shelves[i]) != NULL) {
            roll->shelves[i] = caller->next;
            caller_free(caller);
        }
    }
}

void roll_free(struct roll *roll)
{
    while (roll != NULL) {
        struct roll *older = roll->older;
        free_callers(roll);
        config_free(roll->owned);
        free(roll);
        roll = older;
    }
}
