#include "client/report/zone.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/text.h"

static const struct {
    const char *name;
    int32_t hours;
} zones[] = {
#define ZONE(name, hours) {name, hours},
#include "client/report/zones.def"
#undef ZONE
};

static void name_zone(struct zone *zone, const char *name, int32_t offset_s)
{
    int32_t minutes = abs(offset_s) / 60;

    zone->offset_s = offset_s;
    (void)snprintf(zone->name, sizeof(zone->name), "%s%sUTC%c%02d:%02d", name,
                   name[0] == '\0' ? "" : ", ", offset_s < 0 ? '-' : '+',
                   (int)(minutes / 60), (int)(minutes % 60));
}

static bool two_digits(const char *text, int32_t max, int32_t *out)
{
    *out = (text[0] - '0') * 10 + (text[1] - '0');
    return text[0] >= '0' && text[0] <= '9' && text[1] >= '0' && text[1] <= '9' &&
           *out <= max;
}

static bool offset_of(const char *text, int32_t *offset_s)
{
    int32_t hours = 0;
    int32_t minutes = 0;

    if (strlen(text) != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':' ||
        !two_digits(text + 1, 14, &hours) || !two_digits(text + 4, 59, &minutes)) {
        return false;
    }
    *offset_s = (text[0] == '-' ? -60 : 60) * (hours * 60 + minutes);
    return true;
}

enum sg_status zone_parse(const char *text, struct zone *out, struct sg_error *why)
{
    int32_t offset_s = 0;

    for (size_t i = 0; i < SG_COUNT(zones); i++) {
        if (strcmp(text, zones[i].name) == 0) {
            name_zone(out, text, zones[i].hours * 3600);
            return SG_OK;
        }
    }
    if (offset_of(text, &offset_s)) {
        name_zone(out, "", offset_s);
        return SG_OK;
    }
    return sg_fail(why, SG_INVALID,
                   "--zone '%.40s' is not known: write Asia/Jakarta (WIB), Asia/Makassar "
                   "(WITA), Asia/Jayapura (WIT), UTC, or a distance like +07:00",
                   text);
}

/* --- Days and months --------------------------------------------------------------- */

static int64_t divide_down(int64_t value, int64_t by)
{
    return value / by - (value % by < 0 ? 1 : 0);
}

int64_t zone_day(const struct zone *zone, int64_t unix_us)
{
    return divide_down(unix_us + (int64_t)zone->offset_s * 1000000, ZONE_DAY_US);
}

int64_t zone_day_begin(const struct zone *zone, int64_t day)
{
    return day * ZONE_DAY_US - (int64_t)zone->offset_s * 1000000;
}

/* The Gregorian calendar in years that begin in March: the leap day comes last, and the
 * days before each month follow one line. */
enum { DAYS_400 = 146097, DAYS_100 = 36524, DAYS_4 = 1461, DAYS_TO_1970 = 719468 };

int64_t zone_month_day(uint32_t month)
{
    int64_t year = (int64_t)(month / 12) - (month % 12 < 2 ? 1 : 0);
    int64_t since_march = (month % 12 + 10) % 12;

    return year * 365 + divide_down(year, 4) - divide_down(year, 100) +
           divide_down(year, 400) + (153 * since_march + 2) / 5 - DAYS_TO_1970;
}

uint32_t zone_month(int64_t day)
{
    int64_t shifted = day + DAYS_TO_1970;
    int64_t era = divide_down(shifted, DAYS_400);
    int64_t in_era = shifted - era * DAYS_400;
    int64_t year =
        (in_era - in_era / (DAYS_4 - 1) + in_era / DAYS_100 - in_era / (DAYS_400 - 1)) /
        365;
    int64_t in_year = in_era - (365 * year + year / 4 - year / 100);
    int64_t since_march = (5 * in_year + 2) / 153;

    return (uint32_t)((era * 400 + year) * 12 + since_march + 2);
}

void zone_day_text(int64_t day, char out[ZONE_DAY_SIZE])
{
    uint32_t month = zone_month(day);

    (void)snprintf(out, ZONE_DAY_SIZE, "%04u-%02u-%02u", month / 12 % 10000,
                   month % 12 + 1, (unsigned)(day - zone_month_day(month) + 1) % 100);
}

void zone_month_text(uint32_t month, char out[ZONE_DAY_SIZE])
{
    (void)snprintf(out, ZONE_DAY_SIZE, "%04u-%02u", month / 12 % 10000, month % 12 + 1);
}

void zone_time_text(const struct zone *zone, int64_t unix_us, char out[ZONE_TIME_SIZE])
{
    char date[ZONE_DAY_SIZE];
    int64_t day = zone_day(zone, unix_us);
    unsigned second =
        (unsigned)((unix_us - zone_day_begin(zone, day)) / 1000000) % 86400u;
    int32_t minutes = abs(zone->offset_s) / 60 % 1000;

    zone_day_text(day, date);
    (void)snprintf(out, ZONE_TIME_SIZE, "%s %02u:%02u:%02u %c%02d:%02d", date,
                   second / 3600, second / 60 % 60, second % 60,
                   zone->offset_s < 0 ? '-' : '+', (int)(minutes / 60),
                   (int)(minutes % 60));
}

/* --- Periods ----------------------------------------------------------------------- */

static enum sg_status measure(struct report_period *period, struct sg_error *why)
{
    int64_t last_day = zone_day(&period->zone, period->until_us - 1);

    period->first_day = zone_day(&period->zone, period->from_us);
    period->first_month = zone_month(period->first_day);
    period->days = (size_t)(last_day - period->first_day + 1);
    period->months = zone_month(last_day) - period->first_month + 1;
    return period->months <= PERIOD_MONTHS
               ? SG_OK
               : sg_fail(why, SG_INVALID, "a report covers at most %d months",
                         PERIOD_MONTHS);
}

static int64_t month_begin(const struct zone *zone, uint32_t month)
{
    return zone_day_begin(zone, zone_month_day(month));
}

enum sg_status period_of_year(const char *year, struct report_period *period,
                              struct sg_error *why)
{
    uint64_t number = 0;

    if (text_uint(slice_str(year), 9998, &number) != SG_OK || number < 1971) {
        return sg_fail(why, SG_INVALID, "--year '%.20s' is not a year: write 2026", year);
    }
    period->before_us = month_begin(&period->zone, (uint32_t)(number - 1) * 12);
    period->from_us = month_begin(&period->zone, (uint32_t)number * 12);
    period->until_us = month_begin(&period->zone, (uint32_t)(number + 1) * 12);
    return measure(period, why);
}

static enum sg_status read_time(const struct zone *zone, const char *option,
                                const char *text, int64_t *out, struct sg_error *why)
{
    char full[64];

    if (strlen(text) == 10) {
        (void)snprintf(full, sizeof(full), "%sT00:00:00Z", text);
        if (text_time_parse(slice_str(full), out) == SG_OK) {
            *out -= (int64_t)zone->offset_s * 1000000;
            return SG_OK;
        }
    } else if (text_time_parse(slice_str(text), out) == SG_OK) {
        return SG_OK;
    }
    return sg_fail(why, SG_INVALID,
                   "--%s '%.60s' is not a time: write 2026-05-02 or "
                   "2026-05-02T08:00:00+07:00",
                   option, text);
}

enum sg_status period_between(const char *from, const char *until,
                              struct report_period *period, struct sg_error *why)
{
    TRY(read_time(&period->zone, "from", from, &period->from_us, why));
    TRY(read_time(&period->zone, "until", until, &period->until_us, why));
    if (period->from_us >= period->until_us) {
        return sg_fail(why, SG_INVALID, "--until must be later than --from");
    }
    period->before_us = period->from_us - (period->until_us - period->from_us);
    return measure(period, why);
}
