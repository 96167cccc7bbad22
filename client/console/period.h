#ifndef SEGEL_CLIENT_CONSOLE_PERIOD_H
#define SEGEL_CLIENT_CONSOLE_PERIOD_H

#include "proto/base.h"

/* Times and numbers on the command line. NULL text: the option was not given, and *out
 * stays as it is. SG_INVALID: why names the option and says what to write. */

/* A date alone means its first moment, in UTC as all times of the log. */
SG_MUST_USE enum sg_status period_time(const char *option, const char *text, int64_t *out,
                                       struct sg_error *why);
/* until_us: 0 = none. */
SG_MUST_USE enum sg_status period_order(int64_t from_us, int64_t until_us,
                                        struct sg_error *why);
SG_MUST_USE enum sg_status period_number(const char *option, const char *text,
                                         uint64_t *out, struct sg_error *why);

#endif
