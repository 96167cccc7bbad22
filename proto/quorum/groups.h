#ifndef SEGEL_PROTO_QUORUM_GROUPS_H
#define SEGEL_PROTO_QUORUM_GROUPS_H

#include "proto/base.h"
#include "proto/slice.h"
#include "proto/status.h"

/* k-of-n groups over names, and groups of groups (the lines "group" of a C2SP
 * tlog-policy). Pure; no allocation. The zero state is empty. */
enum {
    GROUPS_LEAVES_MAX = 64, /* persons or witnesses: a bit each */
    GROUPS_MAX = 32,
    GROUPS_MEMBERS_MAX = 32,
    GROUPS_NAME_MAX = 64,
    GROUPS_NONE = 255
};

struct group_member {
    bool is_group;
    uint8_t index; /* of the leaf, or of a group that stands above */
};
struct group {
    char name[GROUPS_NAME_MAX + 1];
    uint8_t threshold; /* 1 to count */
    uint8_t count;
    struct group_member members[GROUPS_MEMBERS_MAX];
};
struct groups {
    size_t leaf_count;
    char leaves[GROUPS_LEAVES_MAX][GROUPS_NAME_MAX + 1];
    size_t count;
    struct group list[GROUPS_MAX];
};

/* Names: 1 to 64 bytes, each once, and none of the words "all", "any", "none". why has a
 * sentence without the line's number. SG_INVALID. */
SG_MUST_USE enum sg_status groups_add_leaf(struct groups *groups, struct slice name,
                                           struct sg_error *why);
/* words: the name, then "all", "any" or a number, then the members. */
SG_MUST_USE enum sg_status groups_add(struct groups *groups, const struct slice *words,
                                      size_t count, struct sg_error *why);

/* Index, or GROUPS_NONE. */
unsigned groups_find_leaf(const struct groups *groups, struct slice name);
unsigned groups_find(const struct groups *groups, struct slice name);
/* The leaf or group of that name; false: there is none. */
bool groups_member(const struct groups *groups, struct slice name,
                   struct group_member *out);

/* Whether these leaves, a bit each, are enough for a group. */
bool groups_reached(const struct groups *groups, size_t group, uint64_t present);
/* The fewest leaves that can be enough. */
unsigned groups_fewest(const struct groups *groups, size_t group);
/* All leaves below a group. *twice: those that stand there more than once. */
uint64_t groups_leaves(const struct groups *groups, size_t group, uint64_t *twice);

#endif
