#include "gateway/policy/compiled.h"

#include <stdio.h>

#include "proto/text.h"

/* The day of the agency: Indonesia's three zones have fixed offsets and no summer time.
 */

static const int64_t us_per_minute = 60000000;
enum { MINUTES_PER_DAY = 1440, DAYS_PER_WEEK = 7 };

/* Rounded down, also before 1970. */
static int64_t floor_div(int64_t value, int64_t by)
{
    int64_t quotient = value / by;

    return value % by < 0 ? quotient - 1 : quotient;
}

int64_t calendar_day(int64_t unix_us, int64_t offset_minutes)
{
    return floor_div(floor_div(unix_us, us_per_minute) + offset_minutes, MINUTES_PER_DAY);
}

static bool is_holiday(const struct policy *policy, int64_t day)
{
    for (size_t i = 0; i < policy->holiday_count; i++) {
        if (policy->holidays[i] == day) {
            return true;
        }
    }
    return false;
}

int64_t calendar_year_start(int64_t year)
{
    enum { DAYS_A_YEAR = 365, FIRST = 1970, LEAPS_BEFORE = 1969 / 4 - 1969 / 100 + 4 };
    int64_t past = year - 1; /* whole years of the calendar */
    int64_t leaps = floor_div(past, 4) - floor_div(past, 100) + floor_div(past, 400);

    return (year - FIRST) * DAYS_A_YEAR + leaps - LEAPS_BEFORE;
}

static int64_t year_of(int64_t day)
{
    enum { CYCLE_DAYS = 146097, CYCLE_YEARS = 400 };
    int64_t year = 1970 + floor_div(day * CYCLE_YEARS, CYCLE_DAYS); /* or one beside it */

    while (calendar_year_start(year) > day) {
        year--;
    }
    while (calendar_year_start(year + 1) <= day) {
        year++;
    }
    return year;
}

/* Where the file names holidays, but none of a year that it is in force in, nobody has
 * said which days of that year are some. Of the years before it, nobody has to any more.
 */
static bool is_listed(const struct policy *policy, int64_t day)
{
    int64_t year = year_of(day);
    int64_t begin = calendar_year_start(year);
    int64_t end = calendar_year_start(year + 1);
    bool listed = policy->holiday_count == 0 ||
                  (day < policy->calendar_end &&
                   end <= policy_day(policy, policy->info.effective_us));

    for (size_t i = 0; !listed && i < policy->holiday_count; i++) {
        listed = policy->holidays[i] >= begin && policy->holidays[i] < end;
    }
    return listed;
}

/* 1970-01-01 was a Thursday: 0. */
static int64_t weekday_of(int64_t day)
{
    return day - floor_div(day, DAYS_PER_WEEK) * DAYS_PER_WEEK;
}

static bool wanted(const struct facts *facts, enum fact fact)
{
    return !facts->value[fact].present;
}

void policy_clock_facts(const struct policy *policy, struct facts *facts)
{
    static const char *const weekdays[] = {"thu", "fri", "sat", "sun",
                                           "mon", "tue", "wed"};
    const struct fact_value *now = &facts->value[FACT_ID_clock_now];

    if (!now->present) {
        return;
    }
    int64_t minute = floor_div(now->number, us_per_minute) + policy->zone_minutes;
    int64_t day = floor_div(minute, MINUTES_PER_DAY);
    if (wanted(facts, FACT_ID_clock_weekday)) {
        facts_text(facts, FACT_ID_clock_weekday, slice_str(weekdays[weekday_of(day)]));
    }
    if (wanted(facts, FACT_ID_clock_minute_of_day)) {
        facts_number(facts, FACT_ID_clock_minute_of_day, minute - day * MINUTES_PER_DAY);
    }
    if (wanted(facts, FACT_ID_clock_holiday) && is_listed(policy, day)) {
        facts_bool(facts, FACT_ID_clock_holiday, is_holiday(policy, day));
    }
}

int64_t policy_day(const struct policy *policy, int64_t unix_us)
{
    return calendar_day(unix_us, policy->zone_minutes);
}

static int64_t day_end_us(const struct policy *policy, int64_t day)
{
    return ((day + 1) * MINUTES_PER_DAY - policy->zone_minutes) * us_per_minute;
}

int64_t policy_day_end_us(const struct policy *policy, int64_t unix_us)
{
    return day_end_us(policy, policy_day(policy, unix_us));
}

static bool is_workday(const struct policy *policy, int64_t day)
{
    enum { SATURDAY = 2, SUNDAY = 3 };
    int64_t weekday = weekday_of(day);

    return weekday != SATURDAY && weekday != SUNDAY && !is_holiday(policy, day);
}

int64_t policy_workdays_end_us(const struct policy *policy, int64_t unix_us, int64_t days)
{
    enum { LOOKED_AT = 4000 }; /* a calendar of holidays alone must not hold anybody up */
    int64_t first = policy_day(policy, unix_us);
    int64_t day = first;

    for (int64_t found = 0; found < days && day - first < LOOKED_AT;) {
        day++;
        found += is_workday(policy, day) ? 1 : 0;
    }
    return day_end_us(policy, day);
}

int64_t policy_calendar_end_us(const struct policy *policy)
{
    return policy->holiday_count == 0 ? 0 : day_end_us(policy, policy->calendar_end - 1);
}

bool policy_date(const struct policy *policy, const char *date, int64_t *unix_us)
{
    char text[sizeof("YYYY-MM-DDT00:00:00Z")];

    if (strlen(date) != sizeof("YYYYMMDD") - 1) {
        return false;
    }
    (void)snprintf(text, sizeof(text), "%.4s-%.2s-%.2sT00:00:00Z", date, date + 4,
                   date + 6);
    if (text_time_parse(slice_str(text), unix_us) != SG_OK) {
        return false;
    }
    *unix_us -= policy->zone_minutes * us_per_minute;
    return true;
}
