#ifndef SEGEL_PROTO_MARKS_H
#define SEGEL_PROTO_MARKS_H

#include <assert.h>
#include <stdatomic.h>
#include <stdint.h>

/* How far a lane has come: one page of memory (a memfd) that segeld makes, hands to the
 * lane at its start beside the socket, and reads when the lane has died. The lane keeps
 * two queues, each first in first out, because an RSA signature takes ten to twenty times
 * as long as one on a curve. Operation ids grow with every operation, so the id that a
 * worker began last says of each operation behind it that its key was not used.
 *
 * Only the lane writes, before the first call of the module for the operation. A lane
 * that lies here could as well have signed, or tried a PIN: the page decides nothing but
 * whether a lost job is told as failed or as indeterminate, and what became of the login
 * of a lane that is dead. */
enum mark_queue { MARK_RSA, MARK_CURVE, MARK_QUEUES };

/* How far its login came. Both sides may be of another version than the other one: what
 * is not listed counts as the first. */
enum mark_login {
    MARK_LOGIN_UNTOLD = 0, /* it may have tried a PIN, and nobody knows what came of it */
    MARK_LOGIN_AHEAD = 1,  /* it has tried none; final when the lane is dead */
    MARK_LOGIN_WELL = 2    /* the token has taken its PIN */
};

struct marks {
    _Atomic uint64_t begun[MARK_QUEUES]; /* highest id that a worker began; 0 = none */
    _Atomic uint64_t login;              /* of enum mark_login */
};
/* Of what the other side has written. */
static inline enum mark_login mark_login(uint64_t written)
{
    return written <= MARK_LOGIN_WELL ? (enum mark_login)written : MARK_LOGIN_UNTOLD;
}

static_assert(sizeof(struct marks) <= 4096, "one page");
static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "shared between processes");

#endif
