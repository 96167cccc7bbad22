#ifndef SEGEL_CLIENT_CHANNEL_MOMENT_H
#define SEGEL_CLIENT_CHANNEL_MOMENT_H

#include <stdint.h>

/* The two clocks of the client, in microseconds. The wall clock is for what people and
 * documents read; it may step. The monotonic one is for waiting and measuring. */
int64_t moment_wall_us(void);
int64_t moment_mono_us(void);

#endif
