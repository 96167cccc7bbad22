#ifndef SEGEL_GATEWAY_POLICY_DAYS_H
#define SEGEL_GATEWAY_POLICY_DAYS_H

#include "proto/base.h"

/* Days as a policy counts them: in the zone of its file, by its calendar. Any thread. */
struct policy;

/* The end of the day that a time lies in, in the policy's zone: when what is counted by
 * the day begins anew. */
int64_t policy_day_end_us(const struct policy *policy, int64_t unix_us);
/* The beginning of a day "YYYYMMDD" in that zone; false: it is none. */
bool policy_date(const struct policy *policy, const char *date, int64_t *unix_us);
/* Days since 1970 in the policy's zone. */
int64_t policy_day(const struct policy *policy, int64_t unix_us);
/* The end of the so many-th working day after the day that a time lies in: Monday to
 * Friday, without the holidays of the policy's calendar, in its zone. 0 days: the end of
 * that day. */
int64_t policy_workdays_end_us(const struct policy *policy, int64_t unix_us,
                               int64_t days);

/* When the last year that has a holiday in the policy's calendar is over: nobody has said
 * which days of the next one are. 0: the calendar has none at all. */
int64_t policy_calendar_end_us(const struct policy *policy);

#endif
