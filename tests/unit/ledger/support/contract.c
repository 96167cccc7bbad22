#include "tests/unit/ledger/support/contract.h"

void contract_run(void (*set_up)(void), void (*claim)(void), void (*tear_down)(void))
{
    for (size_t i = 0; i < backend_count; i++) {
        backend_use(&backends[i]);
        set_up();
        claim();
        tear_down();
    }
    backend_use(&backends[0]);
}
