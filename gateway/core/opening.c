#include "gateway/core/opening.h"

#include <stdio.h>

#include "gateway/core/core_inside.h"
#include "gateway/core/foresee.h"
#include "gateway/ledger/peek.h"

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

enum sg_status opening_found(struct core *core, struct ledger_state *state,
                             struct sg_error *why)
{
    const struct config *config = core->options.config;
    const struct ledger_options options = {.path = config->ledger_file,
                                           .origin = config->ledger_origin};
    AUTO(ledger_peek_fini) struct ledger_peek peek = {.exists = false};

    TRY(ledger_peek(&options, &peek, why));
    if (!peek.exists) {
        return sg_fail(why, SG_PRECONDITION,
                       "%.200s: there is no ledger, and nothing to be allowed; see "
                       "whether ledger.path is right",
                       config->ledger_file);
    }
    return opening_ledger(core, NULL, state, why);
}
