#ifndef SEGEL_GATEWAY_CLOCK_H
#define SEGEL_GATEWAY_CLOCK_H

#include <stdint.h>

/* Microseconds since 1970-01-01T00:00:00Z, for records and rules. May step. */
int64_t clock_wall_us(void);
/* Microseconds of CLOCK_MONOTONIC, for deadlines and durations; the same in all processes
 * of the machine. */
int64_t clock_mono_us(void);

#endif
