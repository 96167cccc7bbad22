#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gateway/core/core_inside.h"
#include "gateway/core/log/members.h"
#include "gateway/core/opening.h"

/* The end of a lock-down without a running gateway, and without a quorum: where no file
 * says who the officers are, whoever runs the machine answers for it, on the log. */

static enum sg_status write_end(struct core *core)
{
    struct members members = {.count = 0};
    struct log_place place;
    char who[64];

    (void)snprintf(who, sizeof(who), "administrator of the machine (uid %u)",
                   (unsigned)getuid());
    members_add(&members, "subject", core->lockdown.id);
    members_add(&members, "requester", who);
    return lockdown_end(core, &members, &place);
}

/* Nobody takes the quorum file out of the configuration for this unseen: the log says
 * first that there is none any more. */
static enum sg_status check_quorum(struct core *core, struct sg_error *why)
{
    if (grants_had_quorum(core)) {
        return sg_fail(why, SG_PRECONDITION,
                       "a quorum file was in force when the gateway last ran: name it in "
                       "officers.quorum; or start the gateway without, which the log "
                       "will show, and stop it again");
    }
    return SG_OK;
}

static enum sg_status release(struct core *core, struct sg_error *why)
{
    TRY(check_quorum(core, why));
    TRY(lockdown_start(core, why));
    TRY(lockdown_check(core, core->lockdown.id, why));
    TRY(ledger_begin(core->ledger));
    TRY(write_end(core));
    return ledger_commit(core->ledger);
}

enum sg_status core_release_lockdown(const struct config *config, struct sg_error *why)
{
    static struct core core; /* only its ledger and its lock-down are used */
    struct ledger_state state = {0};

    if (config->quorum_file[0] != '\0') {
        return sg_fail(
            why, SG_PRECONDITION,
            "officers.quorum says who ends a lock-down: start the gateway, and "
            "let an officer ask for it ('segel lockdown clear')");
    }
    core.options.config = config;
    TRY(opening_found(&core, &state, why));
    enum sg_status status = release(&core, why);
    if (status == SG_LEDGER) {
        status = sg_fail(why, status, "%s", ledger_why(core.ledger));
    }
    ledger_close(core.ledger);
    return status;
}
