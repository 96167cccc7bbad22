#include "gateway/tsa/inside.h"

enum { ROW = 3, DOUBLINGS_MAX = 12, FIRST_REST_US = 1000000 };

static bool may_be_asked(const struct authority *authority, int64_t now_us)
{
    bool shaken = authority->failures >= ROW;

    return now_us >= authority->rest_until_us && (!shaken || authority->asked == 0);
}

struct authority *authority_choose(struct tsa_settings *settings, uint32_t tried,
                                   int64_t now_us)
{
    for (size_t i = 0; i < settings->count; i++) {
        struct authority *authority = &settings->authorities[i];
        if ((tried & (1U << i)) == 0 && may_be_asked(authority, now_us)) {
            return authority;
        }
    }
    return NULL;
}

void authority_asked(struct authority *authority)
{
    authority->asked++;
    authority->trying = authority->failures >= ROW;
}

/* Those that were under way when the rest began say nothing new, however late they end:
 * many that wait for one stall would make its rest the longest. */
bool authority_failed(struct authority *authority, int64_t most_us, int64_t now_us)
{
    if (authority->failures >= ROW && !authority->trying) {
        return false;
    }
    authority->trying = false;
    authority->failures++;
    if (authority->failures < ROW) {
        return false;
    }
    unsigned doublings = authority->failures - ROW;
    int64_t rest_us = (int64_t)FIRST_REST_US
                      << (doublings < DOUBLINGS_MAX ? doublings : DOUBLINGS_MAX);
    authority->rest_until_us = now_us + (rest_us < most_us ? rest_us : most_us);
    return authority->failures == ROW;
}

bool authority_worked(struct authority *authority)
{
    bool again = authority->failures >= ROW;

    authority->failures = 0;
    authority->rest_until_us = 0;
    return again;
}

unsigned authorities_resting(const struct tsa_settings *settings, int64_t now_us)
{
    unsigned count = 0;

    for (size_t i = 0; i < settings->count; i++) {
        count += settings->authorities[i].rest_until_us > now_us ? 1 : 0;
    }
    return count;
}
