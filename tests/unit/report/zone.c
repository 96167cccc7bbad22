#include "client/report/zone.h"

#include <criterion/criterion.h>

#include "proto/text.h"

static struct sg_error why;

static struct zone zone_of(const char *name)
{
    struct zone zone;

    cr_assert_eq(zone_parse(name, &zone, &why), SG_OK, "%s: %s", name, why.text);
    return zone;
}

static int64_t at(const char *text)
{
    int64_t time_us = 0;

    cr_assert_eq(text_time_parse(slice_str(text), &time_us), SG_OK, "%s", text);
    return time_us;
}

Test(zone, names_and_distances_are_known)
{
    static const struct {
        const char *name;
        int32_t offset_s;
    } known[] = {{"Asia/Jakarta", 25200},  {"WIB", 25200}, {"Asia/Makassar", 28800},
                 {"Asia/Jayapura", 32400}, {"UTC", 0},     {"+05:45", 20700},
                 {"-03:30", -12600}};

    for (size_t i = 0; i < SG_COUNT(known); i++) {
        cr_expect_eq(zone_of(known[i].name).offset_s, known[i].offset_s, "%s",
                     known[i].name);
    }
    cr_expect_str_eq(zone_of("WITA").name, "WITA, UTC+08:00");
}

Test(zone, anything_else_is_refused)
{
    static const char *const wrong[] = {"",       "Europe/Berlin", "+7:00",  "+0700",
                                        "+15:00", "+07:60",        "07:00",  "+07:00 ",
                                        "wib",    "+-7:00",        "+07:0a", "Asia"};
    struct zone zone;

    for (size_t i = 0; i < SG_COUNT(wrong); i++) {
        cr_expect_eq(zone_parse(wrong[i], &zone, &why), SG_INVALID, "'%s'", wrong[i]);
    }
}

Test(zone, every_day_of_four_centuries_has_its_month)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t day = 0;

    for (uint32_t month = 1970 * 12; month < 2371 * 12; month++) {
        uint32_t year = month / 12;
        bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        int length = lengths[month % 12] + (leap && month % 12 == 1 ? 1 : 0);
        cr_assert_eq(zone_month_day(month), day, "month %u", month);
        cr_assert_eq(zone_month(day), month, "first day of month %u", month);
        cr_assert_eq(zone_month(day + length - 1), month, "last day of month %u", month);
        day += length;
    }
}

Test(zone, a_day_begins_in_the_zone)
{
    struct zone zone = zone_of("Asia/Jakarta");
    int64_t first = at("2026-01-01T00:00:00+07:00");
    char text[ZONE_DAY_SIZE];

    zone_day_text(zone_day(&zone, first), text);
    cr_expect_str_eq(text, "2026-01-01");
    zone_day_text(zone_day(&zone, first - 1), text);
    cr_expect_str_eq(text, "2025-12-31");
    cr_expect_eq(zone_day_begin(&zone, zone_day(&zone, first)), first);
    zone_month_text(zone_month(zone_day(&zone, first - 1)), text);
    cr_expect_str_eq(text, "2025-12");
}

Test(zone, days_before_1970_are_days_too)
{
    struct zone zone = zone_of("UTC");
    char text[ZONE_DAY_SIZE];

    zone_day_text(zone_day(&zone, -1), text);
    cr_expect_str_eq(text, "1969-12-31");
}

Test(zone, a_time_is_written_with_its_distance)
{
    struct zone east = zone_of("WIB");
    struct zone west = zone_of("-03:30");
    char text[ZONE_TIME_SIZE];

    zone_time_text(&east, at("2026-05-01T18:03:04.999999Z"), text);
    cr_expect_str_eq(text, "2026-05-02 01:03:04 +07:00");
    zone_time_text(&west, at("2026-05-01T01:03:04Z"), text);
    cr_expect_str_eq(text, "2026-04-30 21:33:04 -03:30");
}

/* --- Periods ----------------------------------------------------------------------- */

Test(period, a_year_has_twelve_months_in_the_zone)
{
    struct report_period period = {.zone = zone_of("Asia/Jakarta")};

    cr_assert_eq(period_of_year("2028", &period, &why), SG_OK);
    cr_expect_eq(period.from_us, at("2027-12-31T17:00:00Z"));
    cr_expect_eq(period.until_us, at("2028-12-31T17:00:00Z"));
    cr_expect_eq(period.before_us, at("2026-12-31T17:00:00Z"));
    cr_expect_eq(period.months, 12);
    cr_expect_eq(period.days, 366);
    cr_expect_eq(period.first_month, 2028 * 12);
}

Test(period, a_span_has_the_months_that_it_touches)
{
    struct report_period period = {.zone = zone_of("Asia/Jakarta")};

    cr_assert_eq(period_between("2026-01-31", "2026-02-02T00:00:00+07:00", &period, &why),
                 SG_OK);
    cr_expect_eq(period.from_us, at("2026-01-30T17:00:00Z"));
    cr_expect_eq(period.months, 2);
    cr_expect_eq(period.days, 2);
    cr_expect_eq(period.before_us, at("2026-01-28T17:00:00Z"));
}

Test(period, what_is_no_period_is_refused)
{
    struct report_period period = {.zone = zone_of("Asia/Jakarta")};
    static const char *const years[] = {"", "26", "1970", "9999", "2026a", "-1"};
    static const char *const spans[][2] = {{"2026-02-01", "2026-02-01"},
                                           {"2026-02-02", "2026-02-01"},
                                           {"2026-02-30", "2026-03-01"},
                                           {"2016-01-01", "2026-02-01"},
                                           {"x", "2026-02-01"}};

    for (size_t i = 0; i < SG_COUNT(years); i++) {
        cr_expect_eq(period_of_year(years[i], &period, &why), SG_INVALID, "'%s'",
                     years[i]);
    }
    for (size_t i = 0; i < SG_COUNT(spans); i++) {
        cr_expect_eq(period_between(spans[i][0], spans[i][1], &period, &why), SG_INVALID,
                     "%s to %s", spans[i][0], spans[i][1]);
    }
}
