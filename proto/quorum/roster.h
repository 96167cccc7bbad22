#ifndef SEGEL_PROTO_QUORUM_ROSTER_H
#define SEGEL_PROTO_QUORUM_ROSTER_H

#include "proto/quorum/groups.h"
#include "proto/tlog/note.h"

/* The quorum file: who may take part, with which keys, and how many persons each task
 * asks for. Lines of words:
 *
 *     officer  NAME VKEY          a person's role and key; again for each further key
 *     reviewer NAME VKEY
 *     operator NAME VKEY
 *     group    NAME all|any|K MEMBER…
 *     task     TASK GROUP
 *
 * Names stand above where they are used. A group has persons or groups as members, not
 * both. A person has one role, and counts once, whatever the number of keys. */
enum { ROSTER_KEYS_MAX = 4 };

enum person_role { PERSON_OFFICER, PERSON_REVIEWER, PERSON_OPERATOR, PERSON_ROLE_COUNT };

enum task {
#define TASK(id, name, persons, reviewers) TASK_##id,
#include "proto/quorum/tasks.def"
#undef TASK
    TASK_COUNT
};

struct roster_person {
    enum person_role role;
    size_t key_count;
    struct note_key keys[ROSTER_KEYS_MAX]; /* Ed25519 */
};

/* Large (some 80 KiB): not for a thread's stack. */
struct roster {
    struct groups groups; /* its leaves are the persons */
    struct roster_person persons[GROUPS_LEAVES_MAX];
    uint8_t quorum[TASK_COUNT]; /* index of the task's group */
};

/* Every task must have its line. Refused besides what groups.h refuses: a person with two
 * roles, or a key that stands twice; a person in two places of one task, or one whom
 * tasks.def does not let take part; a task for fewer persons than it says, or that
 * officers could do where a reviewer must be among them; and a task of two or more that
 * could not be done any more when one person is lost, or is the one who asks for it.
 * SG_INVALID, SG_TOO_LARGE (above 64 KiB): why names the line where there is one. out is
 * undefined then. */
SG_MUST_USE enum sg_status roster_parse(struct slice text, struct roster *out,
                                        struct sg_error *why);

const char *task_name(enum task task);
/* TASK_COUNT: there is none of that name. */
enum task task_find(struct slice name);
const char *person_role_name(enum person_role role);

/* Whether these persons, a bit each (index in roster->persons), are enough for the task.
 * requester: whose vote does not count, or GROUPS_NONE. */
bool roster_reached(const struct roster *roster, enum task task, uint64_t persons,
                    unsigned requester);
/* The fewest persons that are enough, and who may take part. */
unsigned roster_fewest(const struct roster *roster, enum task task);
uint64_t roster_candidates(const struct roster *roster, enum task task);

#endif
