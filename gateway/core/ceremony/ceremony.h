#ifndef SEGEL_GATEWAY_CORE_CEREMONY_CEREMONY_H
#define SEGEL_GATEWAY_CORE_CEREMONY_CEREMONY_H

#include <event2/event.h>

#include "gateway/core/ceremony/pin_change.h"
#include "gateway/core/ceremony/wire.h"
#include "gateway/core/lane/latch.h"
#include "gateway/core/lane/process.h"
#include "gateway/core/turn/job.h"
#include "gateway/ledger/keyreg.h"

/* Ceremonies: officers have decided that a token changes, and one process changes it.
 * Core thread only; no call blocks.
 *
 * What is to be done stands in the register: a row whose request is set, by the
 * transaction that used the grant up (effects.c). One after the other is carried
 * out: the lanes of the token come to rest, the process runs, bounded in time; what it
 * answers is written down together with the row's new state; the lanes wake. A row that
 * an earlier run has left is settled in the same way: for a key that was to be made the
 * token is asked what is there under the CKA_ID chosen beforehand. */
struct berth;
struct core;
struct request_order;

enum ceremony_phase {
    CEREMONY_IDLE,
    CEREMONY_RESTING,  /* the lanes of the token finish what they have in hand */
    CEREMONY_AWAITING, /* somebody must type the PIN of its lane */
    CEREMONY_RUNNING,
    CEREMONY_ENDING, /* it has answered, or is given up; it is not dead yet */
    CEREMONY_DONE,   /* to be written by the next turn */
    CEREMONY_WRITTEN
};

/* One thing to do; its texts live here and in the arena. */
struct ceremony_work {
    size_t key;   /* index in the ring; of no meaning where a PIN is changed */
    size_t berth; /* of the lane that it goes by */
    struct rite_order order;
    char request[65];          /* whose grant is carried out; "" = of a CSR */
    struct request_order *csr; /* owned: who waits for it; NULL = nobody */
    uint8_t id[KEYREG_ID_MAX];
    char kind[17];
    char start_date[9];
    char end_date[9];
    char subject[513];
    char begun_on[LATCH_TOKEN]; /* DESTROY: see destruction.c; "" = on none */
    const char *dead; /* why nothing is asked of the token; NULL = something is */
};

/* What was typed for it. */
struct ceremony_pin {
    int pipe; /* owned; -1 = nothing yet */
    bool last_try;
    char called_off[64]; /* by whom; "" = it is not */
};

/* One that waits for the administrator is told of at once, and then at doubled distances.
 */
struct ceremony_wait {
    int64_t next_us;
    int64_t gap_us;
};
bool ceremony_wait_due(struct ceremony_wait *wait, int64_t now_us);

struct ceremony {
    enum ceremony_phase phase;
    struct ceremony_work work;
    struct ceremony_pin pin;
    struct pin_change change;
    struct rite_outcome outcome;
    uint64_t resting; /* bits of berths */
    struct process process;
    bool has_process; /* process_init was called */
    bool has_pipes;   /* -1 is in each that is not open */
    struct event *readable;
    int64_t until_us;      /* of the phase */
    struct arena arena;    /* owned: of work */
    struct arena answer;   /* owned: of the process's packet */
    struct letters parked; /* orders that wait for a CSR */
    bool *fresh;      /* owned, one a key of the ring: approved in this run, not begun */
    unsigned *broken; /* owned likewise: how often its process died */
    struct ceremony_wait *waits; /* owned likewise */
    int64_t *none_us; /* owned likewise: until when no look finds out that there is no
                       * key, where one may still be made; 0 = nobody has looked */
    size_t last;      /* the key whose row was taken last */
    bool look;        /* some row may wait; otherwise none is looked at */
    int64_t again_us; /* rows wait until then */
};

SG_MUST_USE enum sg_status ceremony_start(struct core *core);
void ceremony_fini(struct core *core);

/* With each round of the core's loop. */
void ceremony_tick(struct core *core);
/* Whether a turn has something to write for it. */
bool ceremony_due(const struct core *core);
/* Inside a transaction: what came of it. */
SG_MUST_USE enum sg_status ceremony_write(struct core *core);
/* Whether it goes by the lane of this berth, or has told it to rest: it cannot go now. */
bool ceremony_holds(const struct core *core, size_t berth);
/* Whether one is under way: the end of the gateway waits for that. */
bool ceremony_busy(const struct core *core);
/* Orders that wait go back unanswered: the gateway ends, or its ledger is broken. */
void ceremony_give_up(struct core *core, enum sg_status status);

/* pin.c: the PIN of a lane where a person types it. Until then nothing is asked
 * of the token. The phase begins; looks on, and goes on or gives up; ends. */
bool ceremony_needs_pin(const struct core *core);
void ceremony_await_pin(struct core *core);
void ceremony_wait_for_pin(struct core *core);
void ceremony_forget_pin(struct core *core);
/* Whether it awaits the PIN of the berth's lane. */
bool ceremony_awaits(const struct core *core, const struct berth *berth);
/* Its lanes, which rest, say so. */
void ceremony_say_awaited(struct core *core);

/* rest.c: the lanes of its token. The phase in which they come to rest. */
void ceremony_wait_for_rest(struct core *core);
void ceremony_rest(struct core *core);
bool ceremony_at_rest(const struct core *core);
/* Lanes were added: those of its token rest from the first moment on. */
void ceremony_rest_new(struct core *core);
/* The berth's lane has found the token that the ceremony has to itself. */
bool ceremony_keeps_out(const struct core *core, const struct berth *berth);
/* Inside of the phases: as ceremony.c has them. */
void ceremony_enter(struct core *core, enum ceremony_phase phase, int64_t limit_us);
void ceremony_run(struct core *core);
void ceremony_untouched(struct core *core, const char *why);

/* work.c: the next thing to do; false: there is none. */
bool ceremony_pick(struct core *core);
/* settle.c: the row and the records, inside a transaction. *again: the same
 * work goes on with another rite. */
SG_MUST_USE enum sg_status ceremony_settle(struct core *core, bool *again);

/* orders.c: what one officer may do; inside a transaction. */
SG_MUST_USE enum sg_status ceremony_on_backup(struct core *core,
                                              struct request_order *order);
/* The order is parked, unless it was refused. */
SG_MUST_USE enum sg_status ceremony_on_csr(struct core *core,
                                           struct request_order *order);

#endif
