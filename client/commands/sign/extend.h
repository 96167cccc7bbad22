#ifndef SEGEL_CLIENT_COMMANDS_SIGN_EXTEND_H
#define SEGEL_CLIENT_COMMANDS_SIGN_EXTEND_H

#include <sys/queue.h>

#include "client/commands/extend/letter.h"

/* Letters that are signed as B-T and get their name at a higher level. Threads do it,
 * each with a connection of its own, because a time stamp is waited for. One thread puts
 * in and takes out. */
struct sign_extension {
    TAILQ_ENTRY(sign_extension) link; /* the pool's */
    /* What is asked for; borrowed until it is taken: */
    const char *key;
    const char *output;
    struct slice pdf;
    enum extend_level level; /* B-LT or B-LTA */
    bool keeps;              /* what is there, unless it is the same letter */
    bool or_less;            /* at the level that it has, where it cannot be raised */
    bool as_is; /* the policy let it go without a time stamp: nothing can be added */
    void *user; /* the caller's */
    /* What became of it. Unless it is SG_OK, nothing was written: */
    enum sg_status status;
    enum extend_level reached;
    bool lost;     /* gateway or authority cannot serve now: not the letter's own fault */
    bool by_other; /* nor that another key has signed it */
    bool unwritten;      /* nor is it that its file could not be written */
    struct sg_error why; /* also of SG_OK, where less was reached */
};
struct sign_extend;

/* SG_NO_MEMORY. home: borrowed. The caller closes *out. */
SG_MUST_USE enum sg_status
sign_extend_open(const struct home *home, struct sign_extend **out, struct sg_error *why);
bool sign_extend_full(struct sign_extend *extend); /* takes no more now */
void sign_extend_put(struct sign_extend *extend, struct sign_extension *extension);
/* Waits for one that is done, up to wait_ms; NULL: none is. */
struct sign_extension *sign_extend_take(struct sign_extend *extend, unsigned wait_ms);
size_t sign_extend_open_count(struct sign_extend *extend); /* put in, not taken yet */
/* All that is not done ends soon, with SG_CANCELLED where it must. */
void sign_extend_cancel(struct sign_extend *extend);
/* Nothing is open any more. NULL is fine. */
void sign_extend_close(struct sign_extend *extend);

#endif
