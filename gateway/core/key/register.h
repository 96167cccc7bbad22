#ifndef SEGEL_GATEWAY_CORE_KEY_REGISTER_H
#define SEGEL_GATEWAY_CORE_KEY_REGISTER_H

#include "gateway/core/key/key.h"
#include "gateway/ledger/keyreg.h"

/* Where each key stands in its life: the ledger's register in memory. Core thread only;
 * others see it by the report (report.h) and by key_current. It is changed inside of the
 * turn's transaction together with the record of the change: when that fails, the ledger
 * is latched and nothing is signed any more, so nothing is ever taken back. */
struct core;
struct log_place;

struct key_register {
    struct keyreg *rows; /* owned: one a key of the ring; NONE = an empty slot */
    bool *used;          /* owned likewise: its use is not written yet */
    bool any_used;
    bool due;        /* something ended by time: life_write has to write it */
    bool changed;    /* life_write did: others are told after the commit */
    int64_t turn_us; /* register_now_us of the turn */
    int64_t base_us; /* see register_now_us */
    int64_t base_mono_us;
    int64_t kept_us; /* the moment that the ledger holds */
};

/* The ledger is open, the ring is loaded, no lane is made: reads what the ledger says of
 * the keys, and fills the slots that it has certificates for. A key of the configuration
 * that it does not know is ACCEPTED; whose public key is another than it was is ACCEPTED
 * again where it could sign before. SG_CORRUPT, SG_INVALID: why. */
SG_MUST_USE enum sg_status register_start(struct core *core, struct sg_error *why);
void register_fini(struct key_register *keys);
/* Inside the transaction of the start: what register_start has found anew. place: of the
 * boot record. */
SG_MUST_USE enum sg_status register_write_start(struct core *core,
                                                const struct log_place *place);

/* The row of a key of the ring. It may be changed inside a transaction, with
 * register_keep behind the change's record. */
struct keyreg *register_row(struct core *core, size_t index);
const struct keyreg *register_of(const struct core *core, const struct key *key);
/* Index in the ring by name; the ring's count: there is none. */
size_t register_find(const struct core *core, const char *name);
/* The row is written, with the place of the newest record about it; NULL: the place stays
 * what it was. */
SG_MUST_USE enum sg_status register_keep(struct core *core, size_t index,
                                         const struct log_place *place);

/* The time by which activations and overlaps end: the wall clock, but never before a
 * moment that was seen while something of that kind was open, in this run or by the
 * ledger in an earlier one. A clock that is set back makes nothing longer. */
int64_t register_now_us(const struct core *core);
/* Once a tick: sees the present moment. Where nothing ends by the clock, what was seen
 * before is forgotten: a clock that was ahead once shortens nothing that is opened
 * later. */
void register_see(struct core *core);
/* At a start: whether the wall clock is behind a moment that an earlier run saw, by more
 * than a time service moves it. What was to end by the clock before cannot be told then.
 */
bool register_clock_is_back(const struct core *core);
/* A job counts in the activation of its key, or no longer: see activation.h. */
void register_use(struct core *core, const struct key *key, int64_t *mark);
void register_give_back(struct core *core, const struct key *key, int64_t mark);
/* In the transaction, behind all decisions: the use of activations, and now and then the
 * moment that was seen last. */
SG_MUST_USE enum sg_status register_write(struct core *core);
/* Whether register_write should have a turn though nobody asks for one. */
bool register_due(const struct core *core);

#endif
