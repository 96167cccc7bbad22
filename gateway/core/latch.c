#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/core/core_inside.h"

/* A refused PIN, beyond a restart. */

/* Kept as "latched FAILURES WHY" or "open FAILURES". Only the latch of this very lane: a
 * lane of another name has another PIN. */
static void memo_name(const struct berth *berth, char out[80])
{
    (void)snprintf(out, 80, "pin/%s", lane_name(berth->lane));
}

enum sg_status latch_recall(struct core *core, struct berth *berth)
{
    static const char latched[] = "latched ";
    char name[80];
    char text[LEDGER_MEMO_MAX];
    char *end = NULL;

    memo_name(berth, name);
    enum sg_status status = ledger_recall(core->ledger, name, text);
    if (status != SG_OK) {
        return status == SG_NOT_FOUND ? SG_OK : status;
    }
    bool is_latched = strncmp(text, latched, strlen(latched)) == 0;
    const char *rest = strchr(text, ' ');
    berth->pin_failures = rest == NULL ? 0 : (uint32_t)strtoul(rest, &end, 10);
    if (is_latched) {
        lane_latch(berth->lane,
                   end != NULL && *end == ' ' ? end + 1 : "an earlier login");
        berth->seen = LANE_LATCHED;
    }
    return SG_OK;
}

static enum sg_status write_latch(struct core *core, struct berth *berth)
{
    char name[80];
    char text[LEDGER_MEMO_MAX];
    bool latched = lane_state(berth->lane) == LANE_LATCHED;

    memo_name(berth, name);
    (void)snprintf(text, sizeof(text), "%s %u%s%.400s", latched ? "latched" : "open",
                   berth->pin_failures, latched ? " " : "",
                   latched ? lane_why(berth->lane) : "");
    TRY(ledger_remember(core->ledger, name, text));
    berth->latch_unwritten = false;
    return SG_OK;
}

static enum sg_status write_if_due(struct core *core, struct berth *berth)
{
    bool due = berth->lane != NULL && berth->latch_unwritten;

    return due ? write_latch(core, berth) : SG_OK;
}

enum sg_status latches_write(struct core *core)
{
    for (size_t i = 0; i < core->berth_count; i++) {
        TRY(write_if_due(core, &core->berths[i]));
    }
    return SG_OK;
}

enum sg_status latch_clear(struct core *core, struct berth *berth)
{
    char name[80];
    char text[32];

    memo_name(berth, name);
    (void)snprintf(text, sizeof(text), "open %u", berth->pin_failures);
    return ledger_remember(core->ledger, name, text);
}
