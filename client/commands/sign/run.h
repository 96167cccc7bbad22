#ifndef SEGEL_CLIENT_COMMANDS_SIGN_RUN_H
#define SEGEL_CLIENT_COMMANDS_SIGN_RUN_H

#include "client/batch/journal.h"
#include "client/commands/sign/plans.h"
#include "client/commands/sign/receipts.h"
#include "client/commands/sign/report.h"
#include "client/commands/sign/source.h"

/* Signs many letters with libsegel's bulk call (client/segel/segel.h). A letter is in the
 * journal, on disk, before it is sent. */
struct sign_job {
    const struct home *home;
    struct sign_source *source;
    struct sign_plans *plans;
    struct journal *journal;
    struct sign_receipts *receipts; /* NULL: none are wanted */
    bool leave;                     /* outputs that are there: --resume */
};

/* SG_OK: every letter was answered; the report says how. SG_CANCELLED: the user stopped
 * it. Otherwise the gateway could not be kept, or the journal not be written; why has the
 * sentence. */
SG_MUST_USE enum sg_status sign_run(const struct sign_job *job,
                                    struct sign_report *report, struct sg_error *why);

#endif
