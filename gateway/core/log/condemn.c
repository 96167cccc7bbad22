#include "gateway/core/log/condemn.h"

#include <stdio.h>

#include "gateway/core/core_inside.h"

void core_condemn(struct core *core, const char *finding)
{
    if (!atomic_load_explicit(&core->condemnation.given, memory_order_acquire)) {
        (void)snprintf(core->condemnation.finding.text,
                       sizeof(core->condemnation.finding.text), "%s", finding);
        atomic_store_explicit(&core->condemnation.given, true, memory_order_release);
    }
}

void condemn_heed(struct core *core)
{
    if (atomic_load_explicit(&core->condemnation.given, memory_order_acquire) &&
        !atomic_load(&core->broken)) {
        MUST(ledger_condemn(core->ledger, core->condemnation.finding.text) == SG_LEDGER);
        atomic_store(&core->broken, true);
    }
}

const char *core_why(const struct core *core)
{
    return ledger_why(core->ledger);
}
