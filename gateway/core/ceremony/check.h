#ifndef SEGEL_GATEWAY_CORE_CEREMONY_CHECK_H
#define SEGEL_GATEWAY_CORE_CEREMONY_CHECK_H

#include "gateway/core/ceremony/task.h"
#include "gateway/core/log/members.h"

/* Inside of the ceremonies: whether what is asked for can be done now. SG_OK, or why. */

/* The index in the ring of a key that no ceremony is under way for. */
SG_MUST_USE enum sg_status ceremony_find(const struct core *core, const char *name,
                                         size_t *index, struct sg_error *why);
/* Persons of the roster; fewest of them, and one a reviewer where that is asked. */
struct ceremony_persons {
    char *const *names;
    size_t count;
    size_t fewest;
    const char *what; /* "participants" */
};
SG_MUST_USE enum sg_status ceremony_check_persons(const struct core *core,
                                                  const struct ceremony_persons *persons,
                                                  struct sg_error *why);
SG_MUST_USE enum sg_status
ceremony_check_reviewer(const struct core *core, const char *name, struct sg_error *why);
/* Of the making of a key: two officers do the work, and the reviewer who sees to it has
 * no part in it. */
SG_MUST_USE enum sg_status ceremony_check_makers(const struct core *core,
                                                 const struct ceremony_persons *makers,
                                                 const char *witness,
                                                 struct sg_error *why);
/* The lane's token can be changed now. */
SG_MUST_USE enum sg_status ceremony_check_lane(struct core *core, const char *lane,
                                               struct sg_error *why);
/* Logins to its token with the PIN of its file are not far between just now. */
struct berth;
SG_MUST_USE enum sg_status ceremony_check_pause(const struct berth *berth,
                                                struct sg_error *why);
/* The key may sign a request for a certificate now. */
SG_MUST_USE enum sg_status ceremony_check_csr(struct core *core,
                                              const struct request_order *order,
                                              struct sg_error *why);
/* A key may be made now, as far as persons have ordered otherwise for all. */
SG_MUST_USE enum sg_status ceremony_check_making(const struct core *core,
                                                 struct sg_error *why);
/* What was picked may still be had: while it waited for its token and its PIN, somebody
 * may have ordered that nothing is signed. */
SG_MUST_USE enum sg_status ceremony_check_still(struct core *core, struct sg_error *why);

SG_MUST_USE enum sg_status ceremony_unreadable(struct sg_error *why);

/* What the effects share, inside a transaction: the row has the request from here on, and
 * the next tick takes it up (work.c); and after the commit. */
SG_MUST_USE enum sg_status ceremony_keep(struct core *core, size_t index,
                                         const struct ledger_request *request,
                                         struct log_place *place);
void ceremony_after(struct core *core, const struct ledger_request *request);

#endif
