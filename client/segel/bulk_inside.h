#ifndef SEGEL_CLIENT_SEGEL_BULK_INSIDE_H
#define SEGEL_CLIENT_SEGEL_BULK_INSIDE_H

#include <sys/queue.h>

#include "client/segel/bulk_share.h"
#include "client/segel/gateway.h"
#include "client/segel/outcome.h"
#include "client/segel/plan.h"
#include "client/segel/prepared.h"

/* Shared by the files of the bulk; nobody else includes it.
 *
 *   bulk.c          open, next, cancel, close: the caller's side
 *   bulk_submit.c   a letter comes in, or has to wait
 *   bulk_slot.c     where each letter stands, and who has to be woken
 *   bulk_work.c     threads that prepare letters
 *   bulk_finish.c   threads that put signatures in, and write
 *   bulk_share.c    how many files those may have open
 *   bulk_stream.c   the thread with the connection: what to send, what to give up
 *   bulk_link.c     that connection: opened, lost, opened again
 *
 * One lock over all that is said of the letters; no I/O and no work is done under it. A
 * letter being worked on is touched by its thread only; one that waits for the gateway is
 * settled by the stream's thread only. */

/* Where a letter is. In each state but FREE it is open. */
enum slot_state {
    SLOT_FREE,
    SLOT_QUEUED,    /* to be prepared */
    SLOT_PREPARING, /* by a worker: one thread of bulk_work.c */
    SLOT_READY,     /* to be sent */
    SLOT_SENT,
    SLOT_RESTING,   /* the gateway asked to send it again at retry_us */
    SLOT_ANSWERED,  /* signed; the signature is to be put in */
    SLOT_FINISHING, /* by a finisher */
    SLOT_DONE,      /* its outcome waits to be taken */
    SLOT_STATES
};

struct slot {
    TAILQ_ENTRY(slot) link; /* of its state's list */
    enum slot_state state;
    struct segel_plan *plan; /* shared */
    struct kept_letter kept;
    size_t cost;         /* bytes of the window */
    int64_t deadline_us; /* monotonic; 0 = none */
    int64_t retry_us;    /* monotonic */
    unsigned attempts;
    struct segel_prepared *prepared; /* owned */
    struct outcome *outcome;         /* owned; empty until there is one */
};
TAILQ_HEAD(slot_list, slot);

enum {
    BULK_THREADS_MAX = 64,
    BULK_LETTERS_MAX = 4096,
    BULK_SEND_MAX = 32,
    BULK_FRESH = -2
};

/* The stream thread's own. */
struct bulk_link {
    struct channel *channel;     /* owned */
    struct channel_call *stream; /* borrowed; NULL: none is open */
    struct segel_plan *terms;    /* the stream's; shared: no other comes to lie there */
    unsigned send_max;           /* letters a message */
    int code; /* of the stream that closed last; -1: lost; BULK_FRESH: none was open */
    char text[sizeof(struct sg_error)];
    bool careful; /* one plan at a time: it is not clear whose terms were refused */
    bool mixed;   /* answers to letters of several plans are owed: any of their terms */
    bool garbled; /* what came on this stream cannot be read */
    bool left;    /* it was ended here */
    unsigned messages; /* that went on this stream */
    unsigned tries;    /* to connect, without an answer in between */
    int64_t owed_us;   /* monotonic: since when answers are owed and none came, those to
                        * late letters, too; 0 = none is owed */
};

struct segel_bulk {
    struct gateway_way way;
    struct segel_bulk_options options;
    pthread_mutex_t lock;
    pthread_cond_t work;     /* for workers */
    pthread_cond_t answered; /* for finishers */
    pthread_cond_t done;     /* for callers: an outcome, or room */
    int wake_fd;             /* eventfd: for the stream's thread */
    struct slot *slots;      /* owned: options.letters of them */
    struct slot_list lists[SLOT_STATES];
    unsigned counts[SLOT_STATES];
    unsigned open;
    unsigned timed;     /* open letters with a deadline */
    unsigned finishing; /* finishers at work */
    unsigned group_max; /* letters that one of them takes */
    size_t bytes;
    bool cancelled;
    bool closing;              /* the stream's thread ends */
    bool stopped;              /* it has: workers and finishers end */
    bool telling;              /* the callback runs */
    struct segel_error broken; /* code is not 0: no letter gets through any more */
    unsigned lost;
    bool connected;
    struct bulk_link link;
    pthread_t stream_thread;
    pthread_t teller; /* calls the callback */
    pthread_t workers[BULK_THREADS_MAX];
    unsigned worker_count;
    pthread_t finishers[BULK_FINISHERS];
    unsigned finisher_count;
    bool has_stream_thread;
    bool has_teller;
};

/* Whether this is the thread that calls the callback: it cannot wait for itself. */
bool bulk_is_teller(const struct segel_bulk *bulk);

/* Slots; all with the lock held. */
void slot_move(struct segel_bulk *bulk, struct slot *slot, enum slot_state state);
/* The letter has its outcome. error NULL: as it stands there. */
void slot_settle(struct segel_bulk *bulk, struct slot *slot,
                 const struct segel_error *error);
struct slot *slot_find(struct segel_bulk *bulk, const char *request_id); /* sent */
bool slot_is_open(struct segel_bulk *bulk, const char *request_id);
/* Whether a finisher is to take those that are answered now. */
bool slots_to_finish(const struct segel_bulk *bulk);
/* All that no worker or finisher has in hand. */
void slots_settle_waiting(struct segel_bulk *bulk, const struct segel_error *error);
/* What was sent, or rests, is to be sent again: the connection was lost. */
void slots_rewind(struct segel_bulk *bulk);
/* Ends rests and gives up late letters; the time until the next of them, or max_us. */
int64_t slots_wake(struct segel_bulk *bulk, int64_t now_us, int64_t max_us);
/* Takes a free slot back whose outcome was handed out. */
void slot_release(struct segel_bulk *bulk, struct slot *slot);

/* Threads: context is the bulk. */
void *bulk_worker(void *context);
void *bulk_finisher(void *context);
void *bulk_stream(void *context);
void *bulk_teller(void *context);

/* The connection; the stream's thread, without the lock. */
void bulk_wake(struct segel_bulk *bulk);      /* from any thread */
bool bulk_link_open(struct segel_bulk *bulk); /* false: not now, or not any more */
void bulk_link_send(struct segel_bulk *bulk, struct slot *const *slots, size_t count);
void bulk_link_leave(struct segel_bulk *bulk); /* ends the stream, for another */
void bulk_link_turn(struct segel_bulk *bulk, int64_t wait_us);
void bulk_link_close(struct segel_bulk *bulk);
void bulk_pause(struct segel_bulk *bulk, int64_t pause_us); /* ends early on a wake */

#endif
