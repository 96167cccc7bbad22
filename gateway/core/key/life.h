#ifndef SEGEL_GATEWAY_CORE_KEY_LIFE_H
#define SEGEL_GATEWAY_CORE_KEY_LIFE_H

#include "gateway/core/officers/requests.h"
#include "gateway/ledger/keyreg.h"

/* Changes in the life of a key, each with its record: what one person does at once, and
 * what ends by itself. What several persons must agree to stands in effects.c. Core
 * thread, inside of the turn's transaction unless it says otherwise. */

/* The state that counts now, without a transaction: a key whose overlap is over is
 * RETIRED, before its record is written. */
enum key_state life_state(const struct core *core, const struct key *key);

/* A state as sentences of refusals call it: key_state_name, and more of an empty slot. */
const char *life_said(enum key_state state);

/* What one officer, or a reviewer, does: of the order are read object (the key), reason,
 * moment_us (of life_compromise: since when it is suspected; 0 = not known) and who
 * calls. Its answer: already, set when it was so before. No such key, or a state that
 * does not allow it, is the order's status and no failure. */
SG_MUST_USE enum sg_status life_hold(struct core *core, struct request_order *order);
SG_MUST_USE enum sg_status life_deactivate(struct core *core,
                                           struct request_order *order);
SG_MUST_USE enum sg_status life_compromise(struct core *core,
                                           struct request_order *order);
/* After the commit. */
void life_tell(struct core *core, const struct request_order *order);

/* How far an activation came, for the record of its end; nothing where there is none. */
struct members;
void life_add_used(struct members *members, const struct activation *activation,
                   char used[24]);
/* Ends the activation of a key that is ACTIVE: the row changes, nothing is written. */
void life_close(struct core *core, struct keyreg *row);
/* The row comes into a state, now. */
void life_enter(struct core *core, struct keyreg *row, enum key_state state);
/* Other threads see who signs in the place of a retired key (key_current). After the
 * change of a row, and at the start. */
void life_publish(struct core *core, size_t index);

/* Once a tick: looks for what is over by time; life_due then says whether a turn has to
 * write it, which life_write does. */
void life_look(struct core *core);
bool life_due(const struct core *core);
SG_MUST_USE enum sg_status life_write(struct core *core);
/* After the commit: what life_write has ended is told to others. */
void life_settle(struct core *core);

#endif
