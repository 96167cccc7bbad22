#include "gateway/config/compare.h"

#include <string.h>

#include "proto/slice.h"

/* --- Parts ----------------------------------------------------------------------- */

bool config_same_words(const struct config_words *one, const struct config_words *other)
{
    bool same = one->count == other->count;

    for (size_t i = 0; same && i < one->count; i++) {
        same = strcmp(one->items[i], other->items[i]) == 0;
    }
    return same;
}

bool config_same_object(const struct config_object *one,
                        const struct config_object *other)
{
    return slice_equal(slice_of(one->id, one->id_len),
                       slice_of(other->id, other->id_len)) &&
           strcmp(one->label, other->label) == 0;
}

static bool same_token(const struct config_token *one, const struct config_token *other)
{
    return strcmp(one->label, other->label) == 0 &&
           strcmp(one->serial, other->serial) == 0 &&
           strcmp(one->manufacturer, other->manufacturer) == 0 &&
           strcmp(one->model, other->model) == 0;
}

static bool same_environment(const struct config_lane *one,
                             const struct config_lane *other)
{
    size_t i = 0;

    while (one->environment[i] != NULL && other->environment[i] != NULL) {
        if (strcmp(one->environment[i], other->environment[i]) != 0) {
            return false;
        }
        i++;
    }
    return one->environment[i] == NULL && other->environment[i] == NULL;
}

bool config_same_lane(const struct config_lane *one, const struct config_lane *other)
{
    return strcmp(one->module, other->module) == 0 &&
           strcmp(one->init_args, other->init_args) == 0 &&
           strcmp(one->pin_path, other->pin_path) == 0 &&
           one->pin_prompt == other->pin_prompt && one->threads == other->threads &&
           one->hardware == other->hardware && same_token(&one->token, &other->token) &&
           config_same_object(&one->canary, &other->canary) &&
           config_same_words(&one->read_only, &other->read_only) &&
           same_environment(one, other);
}

/* --- Lists ----------------------------------------------------------------------- */

bool config_same_lanes(const struct config *one, const struct config *other)
{
    bool same = one->lane_count == other->lane_count;

    for (size_t i = 0; same && i < one->lane_count; i++) {
        const struct config_lane *found = config_find_lane(other, one->lanes[i].name);
        same = found != NULL && config_same_lane(&one->lanes[i], found);
    }
    return same;
}

bool config_same_callers(const struct config *one, const struct config *other)
{
    bool same = one->caller_count == other->caller_count;

    for (size_t i = 0; same && i < one->caller_count; i++) {
        const struct config_caller *a = &one->callers[i];
        const struct config_caller *b = &other->callers[i];
        same = strcmp(a->name, b->name) == 0 && strcmp(a->match, b->match) == 0 &&
               a->roles == b->roles && config_same_words(&a->keys, &b->keys);
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

bool config_same_networks(const struct config *one, const struct config *other)
{
    bool same = one->network_count == other->network_count;

    for (size_t i = 0; same && i < one->network_count; i++) {
        same = same_network(&one->networks[i], &other->networks[i]);
    }
    return same;
}

static bool same_anchor(const struct config_anchor *one,
                        const struct config_anchor *other)
{
    return strcmp(one->name, other->name) == 0 && one->kind == other->kind &&
           strcmp(one->place, other->place) == 0 &&
           strcmp(one->monitor, other->monitor) == 0 &&
           strcmp(one->vkey, other->vkey) == 0 && strcmp(one->chain, other->chain) == 0 &&
           strcmp(one->keep, other->keep) == 0 && strcmp(one->ca, other->ca) == 0 &&
           one->interval_s == other->interval_s;
}

bool config_same_anchors(const struct config *one, const struct config *other)
{
    bool same = one->anchor_count == other->anchor_count;

    for (size_t i = 0; same && i < one->anchor_count; i++) {
        same = same_anchor(&one->anchors[i], &other->anchors[i]);
    }
    return same;
}

bool config_same_log_key(const struct config *one, const struct config *other)
{
    return strcmp(one->lanes[one->log_lane].name, other->lanes[other->log_lane].name) ==
               0 &&
           config_same_object(&one->log_key, &other->log_key);
}

/* --- Keys ------------------------------------------------------------------------ */

static bool same_maybe(const char *one, const char *other)
{
    return one == NULL || other == NULL ? one == other : strcmp(one, other) == 0;
}

bool config_same_key(const struct config_key *one, const struct config_key *other)
{
    return strcmp(one->class, other->class) == 0 &&
           same_maybe(one->certificate, other->certificate) &&
           same_maybe(one->chain, other->chain) && one->scheme == other->scheme &&
           one->hash == other->hash;
}

bool config_same_place(const struct config_key *one, const struct config_key *other)
{
    return config_same_words(&one->lanes, &other->lanes) &&
           same_token(&one->token, &other->token) &&
           config_same_object(&one->object, &other->object);
}

bool config_same_rules(const struct config_key *one, const struct config_key *other)
{
    return config_same_words(&one->allowed_classes, &other->allowed_classes) &&
           config_same_words(&one->prohibited_classes, &other->prohibited_classes) &&
           one->raw_allowed == other->raw_allowed;
}
