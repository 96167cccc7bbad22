#include <string.h>

#include "gateway/config/parse.h"
#include "proto/slice.h"

/* Each object of a token has one use: what is stopped by one name must not go on under
 * another, and what signs the log or sings as a canary signs nothing else. What the file
 * says is compared: whether an id and a label mean one object only its token knows. */

static bool same_object(const struct config_object *one,
                        const struct config_object *other)
{
    bool labels = one->label[0] != '\0' && other->label[0] != '\0';

    if (labels && strcmp(one->label, other->label) != 0) {
        return false;
    }
    return one->id_len > 0 && other->id_len > 0
               ? slice_equal(slice_of(one->id, one->id_len),
                             slice_of(other->id, other->id_len))
               : labels;
}

/* A lane that is asked for both; NULL: none is. */
static const struct config_lane *common_lane(const struct config *config,
                                             const struct config_key *one,
                                             const struct config_key *other)
{
    for (size_t i = 0; i < config->lane_count; i++) {
        if (config_key_on_lane(one, &config->lanes[i]) &&
            config_key_on_lane(other, &config->lanes[i])) {
            return &config->lanes[i];
        }
    }
    return NULL;
}

static enum sg_status apart_from_keys(struct parse *p, const struct yaml_node *map,
                                      const struct config_key *key)
{
    for (size_t i = 0; i < p->config->key_count; i++) {
        const struct config_key *other = &p->config->keys[i];
        const struct config_lane *lane = common_lane(p->config, key, other);
        if (lane != NULL && same_object(&key->object, &other->object)) {
            return yaml_fail(p->doc, map, p->why,
                             "key '%s' is key '%s' on lane '%s' under another name, and "
                             "would sign on when that one is stopped: give it one name",
                             key->name, other->name, lane->name);
        }
    }
    return SG_OK;
}

static enum sg_status apart_from_canaries(struct parse *p, const struct yaml_node *map,
                                          const struct config_key *key)
{
    for (size_t i = 0; i < p->config->lane_count; i++) {
        const struct config_lane *lane = &p->config->lanes[i];
        if (config_key_on_lane(key, lane) && same_object(&key->object, &lane->canary)) {
            return yaml_fail(p->doc, map, p->why,
                             "key '%s' is the canary of lane '%s', which signs by itself "
                             "and nothing else: give the canary a key of its own",
                             key->name, lane->name);
        }
    }
    return SG_OK;
}

enum sg_status apart_key(struct parse *p, const struct yaml_node *map,
                         const struct config_key *key)
{
    const struct config *config = p->config;

    /* A caller could have it sign a checkpoint. */
    if (config_key_on_lane(key, &config->lanes[config->log_lane]) &&
        same_object(&key->object, &config->log_key)) {
        return yaml_fail(p->doc, map, p->why,
                         "key '%s' is the log_key, which signs checkpoints and nothing "
                         "else: give the log a key of its own",
                         key->name);
    }
    TRY(apart_from_canaries(p, map, key));
    return apart_from_keys(p, map, key);
}

enum sg_status apart_log_key(struct parse *p, const struct yaml_node *map)
{
    const struct config_lane *lane = &p->config->lanes[p->config->log_lane];

    return same_object(&p->config->log_key, &lane->canary)
               ? yaml_fail(
                     p->doc, map, p->why,
                     "the log_key is the canary of lane '%s', which signs by itself "
                     "and nothing else: give the canary a key of its own",
                     lane->name)
               : SG_OK;
}
