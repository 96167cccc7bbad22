#ifndef SEGEL_CLIENT_COMMANDS_SIGN_RUN_INSIDE_H
#define SEGEL_CLIENT_COMMANDS_SIGN_RUN_INSIDE_H

#include "client/commands/sign/extend.h"
#include "client/commands/sign/ready.h"
#include "client/commands/sign/run.h"
#include "client/commands/sign/sent.h"

/* Shared by run.c (what is sent) and run_outcome.c (what comes back); nobody
 * else includes it. */
enum {
    SIGN_LOOK_MS = 250 /* how long to wait without a look at connection and signals */
};

/* A letter that is in the journal and is to be sent. */
struct waiting {
    struct sign_row row; /* owned */
    struct sign_asked asked;
};

struct run {
    const struct sign_job *job;
    struct sign_report *report; /* borrowed */
    struct segel_bulk *bulk;    /* owned */
    struct sign_extend *extend; /* owned; NULL: no letter is to be extended so far */
    struct sign_ready ready;
    struct waiting *group; /* owned */
    size_t group_len;
    size_t group_next;
    bool drained; /* the source has no more */
    bool given_up;
    unsigned lost;
    unsigned unwritten;    /* letters since the last that was */
    enum sg_status status; /* why no more are sent */
    struct sg_error why;
};

/* Whether the user wants it to stop. */
void run_heed_signals(struct run *run);
/* No more are sent. */
void run_stop(struct run *run, enum sg_status status, const char *text);
void run_refuse(struct run *run, const char *path, const char *code, const char *text);
void run_settle(struct run *run, uint32_t number, enum journal_state state,
                uint64_t log_index);
/* Waits for an outcome, and deals with it; false: no letter is open. */
bool run_take_one(struct run *run);
/* Before a letter is signed that is then to be extended: whether that can be done. False:
 * it was refused, or the run stopped. */
bool run_can_extend(struct run *run, const struct waiting *waiting);

#endif
