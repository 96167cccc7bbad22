#ifndef SEGEL_CLIENT_COMMANDS_SIGN_DRY_H
#define SEGEL_CLIENT_COMMANDS_SIGN_DRY_H

#include "client/commands/sign/plans.h"
#include "client/commands/sign/report.h"
#include "client/commands/sign/source.h"

/* What would become of the letters: each is prepared in memory, and the gateway asked
 * (Explain) how it would judge it now. No key is used, no request id is claimed, and no
 * file is written. Letters with the same terms are one question, unless a mandate, which
 * may name documents, is among them: a gateway answers only so many in a minute. */

/* Of a letter that is to be extended it is also asked whether validation data of its key
 * can be had, as a run would ask first. */

struct sign_dry {
    const struct home *home; /* borrowed, as all of it */
    struct sign_plans *plans;
    struct channel *channel; /* open */
    struct sign_report *report;
};
/* SG_CANCELLED: the user stopped it. SG_IO: the gateway was lost, or cannot give
 * validation data now. */
SG_MUST_USE enum sg_status sign_dry_run(struct sign_source *source,
                                        const struct sign_dry *with,
                                        struct sg_error *why);

#endif
