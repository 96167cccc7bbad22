#include "client/bundle/verdict.h"

#include <stdarg.h>
#include <stdio.h>

enum { WEIGHT_WARNING = STATE_WARNING, WEIGHT_FAILED = STATE_FAILED };

static const struct {
    enum bundle_check check;
    enum check_state weight;
} findings[] = {
#define FINDING(name, check, weight, english, indonesian)                                \
    {CHECK_##check, (enum check_state)WEIGHT_##weight},
#include "client/bundle/findings.def"
#undef FINDING
};

static size_t shown_of(const struct verdict *verdict, enum bundle_check check)
{
    size_t count = 0;

    for (size_t i = 0; i < verdict->shown_count; i++) {
        count += findings[verdict->shown[i].finding].check == check ? 1 : 0;
    }
    return count;
}

void verdict_find(struct verdict *verdict, enum bundle_finding finding,
                  const char *format, ...)
{
    enum bundle_check check = findings[finding].check;
    va_list args;

    if (verdict->states[check] < findings[finding].weight) {
        verdict->states[check] = findings[finding].weight;
    }
    verdict->counts[check]++;
    if (shown_of(verdict, check) == VERDICT_SHOWN) {
        return;
    }
    va_start(args, format);
    (void)vsnprintf(verdict->shown[verdict->shown_count].about, VERDICT_ABOUT, format,
                    args);
    va_end(args);
    verdict->shown[verdict->shown_count++].finding = finding;
}

void verdict_done(struct verdict *verdict, enum bundle_check check)
{
    if (verdict->states[check] == STATE_OPEN) {
        verdict->states[check] = STATE_OK;
    }
}

enum verdict_code verdict_code(const struct verdict *verdict)
{
    for (size_t i = 0; i < CHECK_COUNT; i++) {
        if (verdict->states[i] == STATE_FAILED ||
            (verdict->states[i] == STATE_OPEN && i != CHECK_ANCHOR)) {
            return VERDICT_TAMPERED;
        }
    }
    return verdict->states[CHECK_ANCHOR] == STATE_WARNING ? VERDICT_UNANCHORED
                                                          : VERDICT_SOUND;
}
