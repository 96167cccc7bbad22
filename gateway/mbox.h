#ifndef SEGEL_GATEWAY_MBOX_H
#define SEGEL_GATEWAY_MBOX_H

#include <pthread.h>
#include <sys/queue.h>

#include "proto/base.h"

/* A letter between threads: embedded as the first member of what travels. Exactly one
 * thread owns a letter at any time; whoever takes it out of a mailbox owns it. */
struct letter {
    STAILQ_ENTRY(letter) link;
    uint32_t kind; /* for a box that several kinds come to: its reader's own mark */
};
STAILQ_HEAD(letters, letter);

/* Many writers, one reader. The reader is woken by an eventfd, written only when the box
 * was empty. The lock is a leaf: nothing is locked under it. */
struct mbox {
    pthread_mutex_t lock;
    struct letters letters;
    size_t depth;
    size_t limit; /* 0 = not bounded */
    int wake_fd;  /* owned; readable while letters wait */
    bool closed;
};

SG_MUST_USE enum sg_status mbox_init(struct mbox *box, size_t limit);
/* The box must be empty or its letters belong to pools that outlive it. */
void mbox_fini(struct mbox *box);

/* Gives count letters away, all or none, in order; *batch is empty afterwards.
 * SG_BUSY: the box would exceed its limit. SG_SHUTDOWN: it is closed. On both the caller
 * still owns the letters. */
SG_MUST_USE enum sg_status mbox_put(struct mbox *box, struct letters *batch,
                                    size_t count);
/* Takes all that waits, appends it to *out, and rearms the eventfd. Reader only. */
void mbox_take(struct mbox *box, struct letters *out);
/* From now on mbox_put answers SG_SHUTDOWN. */
void mbox_close(struct mbox *box);

#endif
