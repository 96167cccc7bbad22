#include "gateway/log_gate.h"

enum { TOKEN_US = 1000000 / LOG_GATE_PER_SECOND };

bool log_gate_passes(struct log_gate *gate, int64_t now_us, uint64_t *skipped)
{
    int64_t from_us = gate->full_us > now_us ? gate->full_us : now_us;

    if (from_us - now_us > (int64_t)(LOG_GATE_BURST - 1) * TOKEN_US) {
        gate->skipped++;
        return false;
    }
    gate->full_us = from_us + TOKEN_US;
    *skipped = gate->skipped;
    gate->skipped = 0;
    return true;
}
