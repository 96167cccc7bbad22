#ifndef SEGEL_PROTO_QUORUM_ROSTER_EDIT_H
#define SEGEL_PROTO_QUORUM_ROSTER_EDIT_H

#include "proto/quorum/roster.h"

/* A quorum file as it becomes by the tasks officer.add and officer.remove: lines that are
 * not about the person stay as they are, comments too. Pure; whether the outcome holds
 * together is for roster_parse to say. */
enum { ROSTER_TEXT_MAX = 65536, ROSTER_JOIN_MAX = 16 };

struct roster_change {
    bool remove;
    struct slice person;
    enum person_role role; /* the rest: of who is added, or gets other keys */
    size_t key_count;
    struct slice keys[ROSTER_KEYS_MAX]; /* vkeys */
    size_t group_count;
    struct slice groups[ROSTER_JOIN_MAX]; /* that he joins, besides those he is in */
};

/* SG_NOT_FOUND: who is to be removed is not in it, or a group that is to be joined.
 * SG_INVALID: text is no quorum file. SG_TOO_LARGE: the outcome would be above 64 KiB. */
SG_MUST_USE enum sg_status roster_edit(struct slice text,
                                       const struct roster_change *change,
                                       char out[ROSTER_TEXT_MAX], size_t *len,
                                       struct sg_error *why);

#endif
