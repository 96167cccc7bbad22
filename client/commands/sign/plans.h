#ifndef SEGEL_CLIENT_COMMANDS_SIGN_PLANS_H
#define SEGEL_CLIENT_COMMANDS_SIGN_PLANS_H

#include "client/commands/sign/plan.h"
#include "client/console/home.h"
#include "client/segel/segel.h"

/* Plans of libsegel, one for each set of terms that the letters of a run have. Those that
 * were used last are kept, so a manifest may have as many sets as it likes; what the
 * gateway said of their keys is asked again after a minute. */
enum { SIGN_PLANS_KEPT = 32, SIGN_TERMS_SIZE = 16 };
struct sign_plans {
    struct segel *segel; /* owned */
    uint64_t clock;
    struct sign_plans_row {
        uint8_t terms[SIGN_TERMS_SIZE];
        struct segel_plan *plan; /* owned; NULL = free */
        uint64_t used;
        int64_t again_us; /* monotonic: the gateway is not asked before; 0 = at once */
    } rows[SIGN_PLANS_KEPT];
};

/* Connects to the gateway of the home folder. */
SG_MUST_USE enum sg_status sign_plans_open(struct sign_plans *plans,
                                           const struct home *home, struct sg_error *why);
void sign_plans_close(struct sign_plans *plans);
/* *out is borrowed until the next call: a letter that is submitted keeps its own share.
 * It stays as it was where the gateway cannot be asked again just now. A code of
 * libsegel. */
int sign_plans_get(struct sign_plans *plans, const struct sign_plan *plan,
                   struct segel_plan **out, struct segel_error *error);
/* First bytes of a SHA-256 over all that decides what is signed, and how. */
void sign_terms_hash(const struct sign_options *options, uint8_t out[SIGN_TERMS_SIZE]);

#endif
