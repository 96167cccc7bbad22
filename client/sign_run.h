#ifndef SEGEL_CLIENT_SIGN_RUN_H
#define SEGEL_CLIENT_SIGN_RUN_H

#include "client/home.h"
#include "client/options.h"
#include "client/sign_plan.h"
#include "client/sign_receipts.h"
#include "client/sign_report.h"

/* Signs many letters with libsegel's bulk call (client/segel/segel.h). */
enum { SIGN_RUN_ID_SIZE = 17 };

struct sign_job {
    const struct home *home;
    const struct sign_plan *plan;
    const struct words *paths;
    struct sign_receipts *receipts; /* NULL: none are wanted */
    char run_id[SIGN_RUN_ID_SIZE];  /* request ids are this, '-', and a counter */
};

/* channel: open, given away. SG_OK: every letter was answered; the report says how.
 * Otherwise the gateway could not be kept; why has the sentence. */
SG_MUST_USE enum sg_status sign_run(const struct sign_job *job, struct channel *channel,
                                    struct sign_report *report, struct sg_error *why);

#endif
