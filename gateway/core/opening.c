#include "gateway/core/opening.h"

#include <stdio.h>

#include "gateway/core/core_inside.h"
#include "gateway/core/foresee.h"

/* From here on an older version does not open it. */
static void tell_migration(const struct ledger_state *state)
{
    char from[24];
    char to[24];

    if (state->schema_found == 0 || state->schema_found == state->schema) {
        return;
    }
    (void)snprintf(from, sizeof(from), "%llu", (unsigned long long)state->schema_found);
    (void)snprintf(to, sizeof(to), "%llu", (unsigned long long)state->schema);
    log_event(LOG_INFO, "ledger.migrated", "from", from, "to", to, NULL);
}

enum sg_status opening_ledger(struct core *core, bool (*on_hashing)(void *),
                              struct ledger_state *state, struct sg_error *why)
{
    const struct config *config = core->options.config;
    const struct ledger_options options = {.path = config->ledger_file,
                                           .origin = config->ledger_origin,
                                           .on_hashing = on_hashing,
                                           .context = core};

    TRY(core_foresee_migration(config, why));
    TRY(ledger_open(&options, &core->ledger, state, why));
    tell_migration(state);
    return SG_OK;
}
