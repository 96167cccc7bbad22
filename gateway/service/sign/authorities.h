#ifndef SEGEL_GATEWAY_SERVICE_SIGN_AUTHORITIES_H
#define SEGEL_GATEWAY_SERVICE_SIGN_AUTHORITIES_H

#include "gateway/tsa/tsa.h"
#include "proto/status.h"

struct service_loop;
struct services;

/* The watch over the certificates of time stamp authorities, which are known from their
 * tokens only: each chain under a name of its own that no key has ("*tsa7"). What is
 * counted does not change any more: loop 0 adds, any loop looks. */
struct authorities;
enum {
    AUTHORITIES_MAX = TSA_CHAINS_MAX,         /* one changes its key once a year */
    AUTHORITY_UNWATCHED = AUTHORITIES_MAX + 1 /* the last token's chain is none of them */
};

/* Sets services->authorities, behind services->tsa; it is to be freed on failure, too. */
SG_MUST_USE enum sg_status authorities_new(struct services *services,
                                           struct sg_error *why);
/* After the thread that fetches status has ended; NULL is allowed. */
void authorities_free(struct authorities *authorities);
/* Now and then, on each loop: new certificates are watched, too. */
void authorities_tick(struct service_loop *loop);

/* Any loop. The last token's place and 1; 0: there was no token yet. */
unsigned authorities_newest(const struct authorities *all);
unsigned authorities_count(const struct authorities *all);
/* By its place, from 0: the name for status_prove; whether it is revoked or on hold. */
const char *authority_name(const struct authorities *all, unsigned place);
bool authority_is_bad(const struct authorities *all, unsigned place);

#endif
