#include "client/audit/peaks.h"

#include <stdlib.h>

enum { PEAKS_FIRST = 64 };

static enum sg_status enlarge(struct peaks *peaks)
{
    size_t cap = peaks->cap == 0 ? PEAKS_FIRST : peaks->cap * 2;
    struct peak *rows = (struct peak *)reallocarray(peaks->rows, cap, sizeof(*rows));

    if (rows == NULL) {
        return SG_NO_MEMORY;
    }
    peaks->rows = rows;
    peaks->cap = cap;
    return SG_OK;
}

enum sg_status peaks_add(struct peaks *peaks, uint64_t index, int64_t time_us)
{
    while (peaks->count > 0 && peaks->rows[peaks->count - 1].time_us <= time_us) {
        peaks->count--;
    }
    if (peaks->count == peaks->cap) {
        TRY(enlarge(peaks));
    }
    peaks->rows[peaks->count++] = (struct peak){index, time_us};
    return SG_OK;
}

int64_t peaks_since(const struct peaks *peaks, uint64_t index)
{
    size_t low = 0;
    size_t high = peaks->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (peaks->rows[middle].index < index) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < peaks->count ? peaks->rows[low].time_us : INT64_MIN;
}

void peaks_fini(struct peaks *peaks)
{
    free(peaks->rows);
    *peaks = (struct peaks){0};
}
