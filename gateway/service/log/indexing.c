#include "gateway/service/log/indexing.h"

#include "gateway/clock.h"
#include "gateway/log.h"

enum { PAUSE_US = 500000, LATE_US = 1000000 };

static bool put_off(const struct indexing *indexing, struct ledger_reader *reader)
{
    uint64_t lack = 0;

    return indexing->options.busy != NULL &&
           indexing->options.busy(indexing->options.context) &&
           ledger_reader_lack(reader, &lack) == SG_OK && lack < INDEXING_LACK_MAX;
}

void indexing_step(struct indexing *indexing, struct ledger_reader *reader, bool idle)
{
    int64_t begin_us = clock_mono_us();
    struct sg_error why;

    if (begin_us < indexing->due_us + (idle ? 0 : LATE_US)) {
        return;
    }
    enum sg_status status =
        put_off(indexing, reader) ? SG_NOT_FOUND : ledger_reader_step(reader, &why);
    int64_t end_us = clock_mono_us();
    /* It rests as long as it works, for whoever signs a little meanwhile. */
    indexing->due_us = end_us + (status == SG_OK ? end_us - begin_us : PAUSE_US);
    if (status != SG_OK && status != SG_NOT_FOUND) {
        log_event(LOG_WARN, "log.index", "why", why.text, NULL);
    }
}
