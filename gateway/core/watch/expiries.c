#include "gateway/core/watch/expiries.h"

enum ladder { LADDER_DAYS, LADDER_LAST, LADDER_NOTICE, LADDER_SOON, LADDER_NONE };

static const struct {
    const char *name;
    enum ladder ladder;
} kinds[] = {
#define EXPIRY(id, name, ladder, indonesian, english)                                    \
    [EXPIRY_##id] = {name, LADDER_##ladder},
#include "proto/expiry_kinds.def"
#undef EXPIRY
};

const char *expiry_name(enum expiry_kind kind)
{
    return kinds[kind].name;
}

static struct expiry_days ladder_of(enum expiry_kind kind, const struct expiry_days *days)
{
    static const int64_t day_before[] = {1};

    switch (kinds[kind].ladder) {
    case LADDER_DAYS:
        return *days;
    case LADDER_NOTICE:
    case LADDER_SOON:
        return (struct expiry_days){.days = day_before, .count = SG_COUNT(day_before)};
    case LADDER_LAST:
    case LADDER_NONE:
        break;
    }
    return (struct expiry_days){.count = 0};
}

/* Whether somebody should have seen to it before it was over. */
static bool is_trouble(enum expiry_kind kind)
{
    return kinds[kind].ladder != LADDER_SOON && kinds[kind].ladder != LADDER_NONE;
}

int64_t expiry_passed(enum expiry_kind kind, const struct expiry_days *days,
                      int64_t left_us)
{
    static const int64_t day_us = INT64_C(86400) * 1000000;
    struct expiry_days ladder = ladder_of(kind, days);
    int64_t passed = EXPIRY_FAR;

    if (left_us <= 0) {
        return is_trouble(kind) ? 0 : EXPIRY_FAR;
    }
    for (size_t i = 0; i < ladder.count && left_us <= ladder.days[i] * day_us; i++) {
        passed = ladder.days[i];
    }
    return passed;
}

bool expiry_urgent(enum expiry_kind kind, const struct expiry_days *days, int64_t passed)
{
    struct expiry_days ladder = ladder_of(kind, days);

    return is_trouble(kind) &&
           (passed == 0 || (ladder.count > 0 && passed == ladder.days[ladder.count - 1]));
}
