#ifndef SEGEL_GATEWAY_CORE_LANE_PROCESS_H
#define SEGEL_GATEWAY_CORE_LANE_PROCESS_H

#include <sys/types.h>

#include "proto/base.h"
#include "proto/marks.h"

/* The child process of a lane, or of a ceremony: its socket, its page of marks, its
 * death. No call blocks: a process that hangs in a driver cannot even be killed at once,
 * so killing and burying are two steps. Core thread only; posix_spawn, because threads
 * exist at a restart. */

/* Killed but not yet dead, of earlier lives. */
enum { PROCESS_UNDEAD_MAX = 4 };

struct process {
    pid_t pid;  /* -1 = none */
    int socket; /* owned; -1 = none or closed */
    int pidfd;  /* owned; readable when the process has ended; -1 = not available */
    struct marks *marks; /* owned mapping, the same for all lives */
    int marks_fd;        /* owned */
    pid_t undead[PROCESS_UNDEAD_MAX];
    uint32_t generation; /* grows when process_fd changes */
};

struct process_options {
    const char *program;            /* path of segel-hsm */
    bool ceremony;                  /* no lane, and no marks: "segel-hsm ceremony" */
    const char *const *environment; /* ends with NULL; nothing else is passed on */
};

SG_MUST_USE enum sg_status process_init(struct process *process);
/* Kills what runs, without waiting for it. */
void process_fini(struct process *process);

/* The child gets its socket, the page, standard error, an empty signal mask and the
 * environment, nothing else. SG_IO: why is one sentence. */
SG_MUST_USE enum sg_status process_start(struct process *process,
                                         const struct process_options *options,
                                         struct sg_error *why);
/* SIGKILL, and the socket is closed: nothing that it may still send is heard. */
void process_kill(struct process *process);
/* Whether it has ended; reaps it. */
bool process_reap(struct process *process);
/* It does not die: it is watched aside, and another may be started. False: too many are
 * watched already. */
bool process_abandon(struct process *process);
/* Reaps those that died late; true when none is left. */
bool process_reap_undead(struct process *process);
/* What to wait for: the socket, or after process_kill the end. -1 = nothing. */
int process_fd(const struct process *process);

#endif
