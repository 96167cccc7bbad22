#ifndef SEGEL_CLIENT_COMMANDS_POLICY_INFO_VIEW_H
#define SEGEL_CLIENT_COMMANDS_POLICY_INFO_VIEW_H

#include <jansson.h>

#include "proto/text.h"
#include "segel/v1/policy.pb-c.h"

/* What a gateway says of a policy as a whole. */

/* "2026-05-02T01:02:03Z"; "" for no moment. */
const char *info_view_moment(int64_t unix_us, char out[TEXT_TIME_SIZE]);

/* With what is known of it; sha256 in hexadecimal. NULL: no memory. */
json_t *info_view_json(const Segel__V1__PolicyInfo *info, const char *sha256);

#endif
