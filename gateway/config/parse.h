#ifndef SEGEL_GATEWAY_CONFIG_PARSE_H
#define SEGEL_GATEWAY_CONFIG_PARSE_H

#include <stdatomic.h>

#include "gateway/config/config.h"
#include "gateway/config/yaml.h"

/* Inside of config.c: the state of one reading, the fields (parse.c), the lists (lists.c,
 * lanes.c, networks.c, anchors.c) and what listens (listen.c). */
struct parse_memory {
    struct yaml *doc;
    void **blocks; /* owned, each too */
    size_t count;
    atomic_uint more; /* shares of the config beside the first */
};

struct parse {
    const char *file;
    struct yaml *doc;
    struct config *config;
    struct parse_memory *memory;
    struct sg_error *why;
};

/* The node of "a.b", or NULL when it is not given. */
const struct yaml_node *parse_find(const struct parse *p, const char *path);
/* Cleared memory that lives as long as the config; NULL when there is none. */
void *parse_alloc(struct parse *p, size_t count, size_t size);
/* The path made absolute against the folder of the file; NULL when memory is short. */
const char *parse_path(struct parse *p, const char *path);
/* Each key of the map is one of the words; else an error with the nearest word. */
SG_MUST_USE enum sg_status parse_known(struct parse *p, const struct yaml_node *map,
                                       const char *const *words);
/* Each key of the map is a field of that list (fields.def). */
SG_MUST_USE enum sg_status parse_known_of(struct parse *p, const struct yaml_node *map,
                                          const char *list);
/* Index of value in words; the error stands at node, or at the root. */
SG_MUST_USE enum sg_status parse_choice(struct parse *p, const struct yaml_node *node,
                                        const char *value, const char *const *words,
                                        size_t *index);

/* Fields of list items. get, text, name, path and lane must be there; maybe_text and
 * words may be absent; list is a top-level list of at least min entries. */
SG_MUST_USE enum sg_status field_get(struct parse *p, const struct yaml_node *map,
                                     const char *name, const struct yaml_node **out);
SG_MUST_USE enum sg_status field_text(struct parse *p, const struct yaml_node *map,
                                      const char *name, const char **out);
SG_MUST_USE enum sg_status field_name(struct parse *p, const struct yaml_node *map,
                                      const char **out);
SG_MUST_USE enum sg_status field_path(struct parse *p, const struct yaml_node *map,
                                      const char *name, const char **out);
SG_MUST_USE enum sg_status field_maybe_text(struct parse *p, const struct yaml_node *map,
                                            const char *name, const char **out);
/* node: the value of the field called name. */
SG_MUST_USE enum sg_status field_object_id(struct parse *p, const struct yaml_node *node,
                                           const char *name,
                                           struct config_object *object);
SG_MUST_USE enum sg_status field_lane(struct parse *p, const struct yaml_node *map,
                                      size_t *lane);
SG_MUST_USE enum sg_status field_words(struct parse *p, const struct yaml_node *map,
                                       const char *name, struct config_words *out);
SG_MUST_USE enum sg_status field_list(struct parse *p, const char *name, size_t min,
                                      const struct yaml_node **out);
SG_MUST_USE enum sg_status field_unique(struct parse *p, const struct yaml_node *list);

/* apart.c: the entry of the map is no object that has another use. The lanes and
 * the log key, and of keys those that were read before it, are there. */
SG_MUST_USE enum sg_status apart_key(struct parse *p, const struct yaml_node *map,
                                     const struct config_key *key);
SG_MUST_USE enum sg_status apart_log_key(struct parse *p, const struct yaml_node *map);

SG_MUST_USE enum sg_status parse_listen(struct parse *p);
SG_MUST_USE enum sg_status parse_lanes(struct parse *p);
SG_MUST_USE enum sg_status parse_log_key(struct parse *p);
SG_MUST_USE enum sg_status parse_keys(struct parse *p);
SG_MUST_USE enum sg_status parse_callers(struct parse *p);
SG_MUST_USE enum sg_status parse_networks(struct parse *p);
SG_MUST_USE enum sg_status parse_anchors(struct parse *p);

#endif
