#ifndef SEGEL_GATEWAY_CORE_WATCH_CLOCK_WATCH_H
#define SEGEL_GATEWAY_CORE_WATCH_CLOCK_WATCH_H

#include "gateway/policy/facts.h"

/* Whether the machine's clock can be trusted: what the kernel says of its discipline
 * (adjtimex(2)), and whether it jumped. One thread. */

struct clock_reading {
    int64_t wall_us; /* CLOCK_REALTIME */
    int64_t boot_us; /* CLOCK_BOOTTIME: nobody can set it, and it goes on in a suspend */
    bool synchronised; /* somebody sets the clock: not STA_UNSYNC */
    int64_t offset_us; /* what the kernel still has to correct */
    int64_t error_us;  /* estimated error */
    int64_t bound_us; /* largest error; grows by 500 us a second until the clock is set */
};
/* SG_IO: the kernel does not tell. */
SG_MUST_USE enum sg_status clock_reading_take(struct clock_reading *out);

/* The zero state has seen nothing. */
struct clock_watch {
    bool seen;
    struct clock_reading last;
    int64_t
        set_boot_us; /* when it was seen that the clock had just been set; 0 = never */
    bool stepped;    /* true until whoever looks after the clock says otherwise */
    bool doubted;    /* until somebody sets the clock, or for a day: clock_watch_doubt */
    int64_t doubt_boot_us; /* since when, as boot_us of a reading */
};

/* A jump of the clock, between two readings. */
struct clock_step {
    int64_t was_due_us; /* the wall time that would have been read without it */
    int64_t wall_us;    /* the one that was */
};

/* Returns whether the clock jumped since the reading before: by more than a second (a
 * leap second is none), and more than a clock that is slewed as fast as NTP daemons do.
 * Sets stepped then. */
bool clock_watch_take(struct clock_watch *watch, const struct clock_reading *now,
                      struct clock_step *step);
/* At a start, behind the first reading: whether the clock may be ahead, as it is more
 * than a day past what was written last, and nobody has set it yet. A machine whose clock
 * nobody ever sets is doubted for its first day. */
void clock_watch_doubt(struct clock_watch *watch, int64_t written_us);
/* Whether what cannot be undone may be done by that clock's time. */
bool clock_watch_trusted(const struct clock_watch *watch);
/* clock.stepped; clock.offset_ms and clock.sync_age_s where somebody sets the clock. */
void clock_watch_facts(const struct clock_watch *watch, struct facts *facts);

#endif
