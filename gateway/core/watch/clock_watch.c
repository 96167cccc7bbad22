#include "gateway/core/watch/clock_watch.h"

#include <sys/timex.h>
#include <time.h>

enum { US_PER_S = 1000000, US_PER_MS = 1000, NS_PER_US = 1000 };
static const int64_t DAY_US = INT64_C(86400) * US_PER_S;
/* chronyd slews by 83333 ppm at most unless it is told otherwise; ntpd and timesyncd by
 * 500. */
enum { SLEW_DIVISOR = 10, LEAST_STEP_US = US_PER_S };
/* The kernel adds 500 ppm to its bound as long as nobody sets the clock. */
enum { BOUND_GROWS_US = 500 };

static int64_t read_us(clockid_t which)
{
    struct timespec now;

    MUST(clock_gettime(which, &now) == 0);
    return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / NS_PER_US;
}

enum sg_status clock_reading_take(struct clock_reading *out)
{
    struct timex kernel = {.modes = 0};

    if (adjtimex(&kernel) < 0) {
        return SG_IO;
    }
    bool nano = (kernel.status & STA_NANO) != 0;
    *out = (struct clock_reading){
        .wall_us = read_us(CLOCK_REALTIME),
        .boot_us = read_us(CLOCK_BOOTTIME),
        .synchronised = (kernel.status & STA_UNSYNC) == 0,
        .offset_us = nano ? kernel.offset / NS_PER_US : kernel.offset,
        .error_us = kernel.esterror,
        .bound_us = kernel.maxerror,
    };
    return SG_OK;
}

static int64_t distance(int64_t value)
{
    return value < 0 ? -value : value;
}

static bool has_stepped(const struct clock_reading *last, const struct clock_reading *now,
                        struct clock_step *step)
{
    int64_t passed_us = now->boot_us - last->boot_us;

    *step = (struct clock_step){.was_due_us = last->wall_us + passed_us,
                                .wall_us = now->wall_us};
    return distance(step->wall_us - step->was_due_us) >
           LEAST_STEP_US + passed_us / SLEW_DIVISOR;
}

bool clock_watch_take(struct clock_watch *watch, const struct clock_reading *now,
                      struct clock_step *step)
{
    bool stepped = watch->seen && has_stepped(&watch->last, now, step);
    bool set = watch->seen && now->bound_us < watch->last.bound_us;

    if (set && now->synchronised) {
        watch->set_boot_us = now->boot_us;
    }
    watch->stepped = watch->stepped || stepped;
    watch->doubted = watch->doubted && !now->synchronised &&
                     now->boot_us - watch->doubt_boot_us < DAY_US;
    watch->last = *now;
    watch->seen = true;
    return stepped;
}

void clock_watch_doubt(struct clock_watch *watch, int64_t written_us)
{
    const struct clock_reading *last = &watch->last;

    watch->doubted =
        watch->seen && !last->synchronised && last->wall_us - DAY_US > written_us;
    watch->doubt_boot_us = last->boot_us;
}

bool clock_watch_trusted(const struct clock_watch *watch)
{
    return !watch->stepped && !watch->doubted;
}

/* Whoever sets the clock sets the bound, too: so far it has grown since then, at most. */
static int64_t sync_age_s(const struct clock_watch *watch)
{
    int64_t grown_s = watch->last.bound_us / BOUND_GROWS_US;
    int64_t seen_s = (watch->last.boot_us - watch->set_boot_us) / US_PER_S;

    return watch->set_boot_us != 0 && seen_s < grown_s ? seen_s : grown_s;
}

void clock_watch_facts(const struct clock_watch *watch, struct facts *facts)
{
    const struct clock_reading *last = &watch->last;
    int64_t off_us = distance(last->offset_us) + last->error_us;

    if (!watch->seen) {
        return;
    }
    facts_bool(facts, FACT_ID_clock_stepped, watch->stepped);
    if (last->synchronised) {
        facts_number(facts, FACT_ID_clock_offset_ms,
                     (off_us + US_PER_MS - 1) / US_PER_MS);
        facts_number(facts, FACT_ID_clock_sync_age_s, sync_age_s(watch));
    }
}
