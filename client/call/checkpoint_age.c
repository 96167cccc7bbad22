#include "client/call/checkpoint_age.h"

bool checkpoint_is_late(const Segel__V1__GetStatusResponse *got, int64_t *age_us)
{
    static const int64_t least_us = 900000000;
    const Segel__V1__LogStatus *log = got->log;
    int64_t interval_us = log->checkpoint_interval_us;
    int64_t limit_us = least_us;

    if (interval_us > least_us / 3) {
        limit_us = interval_us < INT64_MAX / 3 ? 3 * interval_us : INT64_MAX;
    }
    *age_us = got->now_us -
              (log->checkpoint_us > 0 ? log->checkpoint_us : got->gateway->started_us);
    bool waits = log->records > log->checkpoint_records;
    return waits && *age_us > limit_us;
}
