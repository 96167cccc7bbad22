#include "gateway/service/roll.h"

#include <stdlib.h>
#include <string.h>

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

static bool same_keys(const struct config_words *one, const struct config_words *other)
{
    bool same = one->count == other->count;

    for (size_t i = 0; same && i < one->count; i++) {
        same = strcmp(one->items[i], other->items[i]) == 0;
    }
    return same;
}

static bool same_network(const struct config_network *one,
                         const struct config_network *other)
{
    return strcmp(one->name, other->name) == 0 &&
           one->prefix_count == other->prefix_count &&
           memcmp(one->prefixes, other->prefixes,
                  one->prefix_count * sizeof(*one->prefixes)) == 0;
}

static bool same_networks(const struct config *one, const struct config *other)
{
    bool same = one->network_count == other->network_count;

    for (size_t i = 0; same && i < one->network_count; i++) {
        same = same_network(&one->networks[i], &other->networks[i]);
    }
    return same;
}

/* The order counts: the first one that matches is taken. */
bool roll_same(const struct config *one, const struct config *other)
{
    bool same = one->caller_count == other->caller_count && same_networks(one, other);

    for (size_t i = 0; same && i < one->caller_count; i++) {
        const struct config_caller *a = &one->callers[i];
        const struct config_caller *b = &other->callers[i];
        same = strcmp(a->name, b->name) == 0 && strcmp(a->match, b->match) == 0 &&
               a->roles == b->roles && same_keys(&a->keys, &b->keys);
    }
    return same;
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
    struct caller *caller;

    while ((caller = roll->callers) != NULL) {
        roll->callers = caller->next;
        free(caller->keys);
        free(caller);
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
