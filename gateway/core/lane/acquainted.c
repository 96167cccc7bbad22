#include "gateway/core/lane/acquainted.h"

#include <stdio.h>
#include <string.h>

#include "gateway/core/core_inside.h"

enum { MEMO_NAME = 80 };

/* One that is cut is compared as it is cut. */
static void describe(const struct config_lane *lane, char name[MEMO_NAME],
                     char text[LEDGER_MEMO_MAX])
{
    const struct config_token *token = &lane->token;
    enum { PART = 64 };

    (void)snprintf(name, MEMO_NAME, "token/%.64s", lane->name);
    (void)snprintf(text, LEDGER_MEMO_MAX, "%.*s\n%.*s\n%.*s\n%.*s\n%.160s", PART,
                   token->label, PART, token->serial, PART, token->manufacturer, PART,
                   token->model, lane->module);
}

bool acquainted(struct core *core, size_t berth)
{
    char name[MEMO_NAME];
    char text[LEDGER_MEMO_MAX];
    char known[LEDGER_MEMO_MAX];

    describe(lane_config(core->berths[berth].lane), name, text);
    return ledger_recall(core->ledger, name, known) == SG_OK && strcmp(text, known) == 0;
}

static enum sg_status write_one(struct core *core, struct berth *berth)
{
    char name[MEMO_NAME];
    char text[LEDGER_MEMO_MAX];

    if (berth->acquainted || berth->lane == NULL || lane_state(berth->lane) != LANE_UP) {
        return SG_OK;
    }
    berth->acquainted = true;
    describe(lane_config(berth->lane), name, text);
    return ledger_remember(core->ledger, name, text);
}

enum sg_status acquainted_write(struct core *core)
{
    for (size_t i = 0; i < core->berth_count; i++) {
        TRY(write_one(core, &core->berths[i]));
    }
    return SG_OK;
}
