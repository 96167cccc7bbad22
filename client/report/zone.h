#ifndef SEGEL_CLIENT_REPORT_ZONE_H
#define SEGEL_CLIENT_REPORT_ZONE_H

#include "proto/base.h"

/* The zone that the city keeps: a fixed distance from UTC. Pure functions; neither the
 * clock nor the zone of the machine is asked. Days count from 1970-01-01; a month is its
 * year times 12, plus 0 for January to 11. */
enum { ZONE_NAME_SIZE = 40, ZONE_TIME_SIZE = 40, ZONE_DAY_SIZE = 16 };
#define ZONE_DAY_US INT64_C(86400000000)

struct zone {
    char name[ZONE_NAME_SIZE]; /* "Asia/Jakarta, UTC+07:00" */
    int32_t offset_s;          /* ahead of UTC */
};
/* A name of zones.def, or "+07:00". SG_INVALID: why lists the names. */
SG_MUST_USE enum sg_status zone_parse(const char *text, struct zone *out,
                                      struct sg_error *why);

int64_t zone_day(const struct zone *zone, int64_t unix_us);
/* The first moment of a day. */
int64_t zone_day_begin(const struct zone *zone, int64_t day);
uint32_t zone_month(int64_t day);
int64_t zone_month_day(uint32_t month); /* its first day */

/* "2026-05-02 08:00:00 +07:00", "2026-05-02", "2026-05" */
void zone_time_text(const struct zone *zone, int64_t unix_us, char out[ZONE_TIME_SIZE]);
void zone_day_text(int64_t day, char out[ZONE_DAY_SIZE]);
void zone_month_text(uint32_t month, char out[ZONE_DAY_SIZE]);

/* Records of [from_us, until_us) are reported, and held against those of
 * [before_us, from_us). */
enum { PERIOD_MONTHS = 120 };
struct report_period {
    struct zone zone;
    int64_t before_us;
    int64_t from_us;
    int64_t until_us;
    int64_t first_day;
    size_t days;
    uint32_t first_month;
    size_t months; /* that have a part in it */
};
/* SG_INVALID: not a year of four digits from 1971 on. */
SG_MUST_USE enum sg_status period_of_year(const char *year, struct report_period *period,
                                          struct sg_error *why);
/* Dates alone begin in the zone. SG_INVALID: no times, in the wrong order, or more than
 * PERIOD_MONTHS. */
SG_MUST_USE enum sg_status period_between(const char *from, const char *until,
                                          struct report_period *period,
                                          struct sg_error *why);

#endif
