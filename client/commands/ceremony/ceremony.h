#ifndef SEGEL_CLIENT_COMMANDS_CEREMONY_CEREMONY_H
#define SEGEL_CLIENT_COMMANDS_CEREMONY_CEREMONY_H

#include <limits.h>

#include "client/call/known_people.h"
#include "client/ceremony/state.h"
#include "client/commands/ceremony/script_file.h"
#include "client/console/home.h"
#include "client/witness/folder.h"

/* One ceremony under way, as its parts share it. Large, and not to be moved. */
enum { CEREMONY_HERE_MAX = 20, CEREMONY_TEXT_SIZE = 320 };

struct ceremony {
    const struct home *home; /* of who leads it */
    const char *people;      /* folder with the home folders of others; NULL = none */
    bool indonesian;
    bool rehearsal;
    const char *world; /* folder in which a rehearsal can go on; NULL: none is kept */
    bool refused;      /* the gateway would not take what state.request names */
    struct ceremony_script found;
    struct ceremony_state state;
    struct known_people known; /* by the quorum file that was in force at the begin */
    struct known_people now;   /* as a check has read it last */
    char minutes_path[PATH_MAX];
    char state_path[PATH_MAX + sizeof(".state")];
    char quorum_path[PATH_MAX + sizeof(".quorum")]; /* that file, kept beside */
    char lock_path[PATH_MAX + sizeof(".lock")];
    struct folder lock; /* owned: from ceremony_open on no other process leads it */
};

/* What a check or an action found, for people and minutes. */
struct ceremony_finding {
    bool good;
    char text[CEREMONY_TEXT_SIZE];
};
void ceremony_found(struct ceremony_finding *out, bool good, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* step.c: from the step that is next to the end. SG_ABORTED: somebody stopped
 * it, or the terminal has gone; the state is kept. */
SG_MUST_USE enum sg_status ceremony_follow(struct ceremony *ceremony,
                                           struct sg_error *why);
/* keep.c: takes up the state that is kept at the path, or begins. *resumed. SG_BUSY: it
 * is being led already. */
SG_MUST_USE enum sg_status ceremony_open(struct ceremony *ceremony, bool *resumed,
                                         struct sg_error *why);
/* After each step; on SG_OK it is on the disk. */
SG_MUST_USE enum sg_status ceremony_keep(const struct ceremony *ceremony,
                                         struct sg_error *why);
/* The minutes, as a file that nobody has signed. SG_CONFLICT: there is one. */
SG_MUST_USE enum sg_status ceremony_close(struct ceremony *ceremony,
                                          struct sg_error *why);
/* people.c: who is here, by name. */
SG_MUST_USE enum sg_status ceremony_meet(struct ceremony *ceremony, struct sg_error *why);
/* Whether the person takes part; as a witness. */
bool ceremony_is_here(const struct ceremony *ceremony, const char *name, bool witness);
/* The first one: who leads, or the first witness. */
void ceremony_first(const struct ceremony *ceremony, bool witness,
                    char out[SCRIPT_NAME_SIZE]);
/* The home folder of a person at this machine; false: it is not here. */
bool ceremony_home_of(const struct ceremony *ceremony, const char *name,
                      char out[HOME_PATH_SIZE]);
/* check.c: looks, and puts into the minutes what was read. */
SG_MUST_USE enum sg_status ceremony_check(struct ceremony *ceremony,
                                          const struct script_step *step,
                                          struct ceremony_finding *out,
                                          struct sg_error *why);
/* task.c: has the gateway do it, with all approvals that it takes. */
SG_MUST_USE enum sg_status ceremony_run_task(struct ceremony *ceremony,
                                             const struct script_step *step,
                                             struct ceremony_finding *out,
                                             struct sg_error *why);
/* finish.c: signatures of all who are here. */
SG_MUST_USE enum sg_status ceremony_finish(struct ceremony *ceremony,
                                           struct sg_error *why);

#endif
