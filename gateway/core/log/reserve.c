#include "gateway/core/log/reserve.h"

#include <stdio.h>
#include <sys/statvfs.h>

enum { FIFTH = 5, PER_CENT = 100 };

static uint64_t wanted(const struct reserve *reserve)
{
    return reserve->total / PER_CENT * (uint64_t)reserve->percent;
}

/* With a fifth more of the limit than what is too little. */
static bool below(uint64_t free_bytes, uint64_t limit, bool before)
{
    return free_bytes < (before ? limit + limit / FIFTH : limit);
}

enum reserve_change reserve_take(struct reserve *reserve, uint64_t free_bytes,
                                 uint64_t total)
{
    bool before = reserve->low;

    if (total == 0) {
        return RESERVE_SAME;
    }
    reserve->free = free_bytes;
    reserve->total = total;
    uint64_t limit = wanted(reserve);
    reserve->low = below(free_bytes, limit, before);
    reserve->spent = below(free_bytes, limit / FIFTH, reserve->spent);
    if (reserve->low == before) {
        return RESERVE_SAME;
    }
    return reserve->low ? RESERVE_REACHED : RESERVE_LEFT;
}

/* What only root may write is not room for us, and no part of the whole. */
bool reserve_measure(const char *path, uint64_t *free_bytes, uint64_t *total)
{
    struct statvfs found;

    if (statvfs(path, &found) != 0) {
        return false;
    }
    *free_bytes = found.f_bavail * found.f_frsize;
    *total = (found.f_blocks - found.f_bfree + found.f_bavail) * found.f_frsize;
    return true;
}

void reserve_print(const struct reserve *reserve, char *out, size_t cap)
{
    enum { BYTES_PER_MIB = 1 << 20, TENTHS = 1000 };
    uint64_t tenths =
        reserve->total < TENTHS ? 0 : reserve->free / (reserve->total / TENTHS);

    (void)snprintf(
        out, cap,
        "%llu.%llu %% (%llu MiB) of the ledger's file system is free, and "
        "ledger.reserve_percent keeps %lld %%: %s",
        (unsigned long long)tenths / 10, (unsigned long long)tenths % 10,
        (unsigned long long)reserve->free / BYTES_PER_MIB, (long long)reserve->percent,
        reserve->low ? "nothing new is signed until there is room" : "signing goes on");
}
