#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gateway/core/core_inside.h"
#include "gateway/core/opening.h"
#include "gateway/ledger/record.h"

/* The way back when the gateway cannot come up without the lane: its first start with a
 * wrong PIN. Whoever may write the ledger's file may also do this; it stands on the log.
 */

static enum sg_status write_it(struct core *core, struct berth *berth, const char *lane)
{
    char buffer[LEDGER_RECORD_MAX];
    char who[64];
    struct record_head head;
    struct slice text = {0};

    (void)snprintf(who, sizeof(who), "administrator of the machine (uid %u)",
                   (unsigned)getuid());
    const char *pairs[] = {"subject", lane, "officer", who};
    record_begin(core, &head);
    TRY(record_event(buffer, &head, "pin.unlock", pairs, SG_COUNT(pairs) / 2, &text));
    TRY(ledger_append(core->ledger, text, NULL));
    return latch_clear(core, berth);
}

/* Where a quorum decides, this way is open only as long as the gateway cannot come up;
 * and nobody takes its file out of the configuration for this unseen, as in release.c. */
static enum sg_status check_quorum(struct core *core, struct sg_error *why)
{
    if (!checkpoint_has_key(core)) {
        return SG_OK;
    }
    if (core->options.config->quorum_file[0] != '\0') {
        return sg_fail(
            why, SG_PRECONDITION,
            "officers.quorum says who lets a lane try again: start the gateway, and "
            "let an officer ask for it ('segel token unlock')");
    }
    return grants_had_quorum(core)
               ? sg_fail(why, SG_PRECONDITION,
                         "a quorum file was in force when the gateway last ran: name it "
                         "in officers.quorum; or start the gateway without, which the "
                         "log will show, and stop it again")
               : SG_OK;
}

static enum sg_status clear(struct core *core, const char *lane, struct sg_error *why)
{
    const struct lane_options options = {
        .config = config_find_lane(core->options.config, lane), .window = 1};
    struct berth *berth = &core->berths[0];

    TRY(check_quorum(core, why));
    TRY(lane_new(&options, &berth->lane));
    core->berth_count = 1;
    enum sg_status status = latch_recall(core, berth);
    if (status != SG_OK && status != SG_NOT_FOUND) {
        return status;
    }
    if (status == SG_NOT_FOUND || berth->latch->state != LATCH_CLOSED) {
        return sg_fail(why, SG_PRECONDITION,
                       "lane '%s' is not latched: no PIN was refused since it was last "
                       "unlocked",
                       lane);
    }
    TRY(ledger_begin(core->ledger));
    TRY(write_it(core, berth, lane));
    return ledger_commit(core->ledger);
}

enum sg_status core_unlatch(const struct config *config, const char *lane,
                            struct sg_error *why)
{
    static struct core core; /* only its ledger and one berth are used */
    struct ledger_state state = {0};

    if (config_find_lane(config, lane) == NULL) {
        return sg_fail(why, SG_NOT_FOUND, "the configuration has no lane '%s'", lane);
    }
    core.options.config = config;
    TRY(opening_found(&core, &state, why));
    enum sg_status status = clear(&core, lane, why);
    if (status == SG_LEDGER) {
        status = sg_fail(why, status, "%s", ledger_why(core.ledger));
    }
    berths_fini(&core);
    ledger_close(core.ledger);
    return status;
}
