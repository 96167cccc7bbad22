#ifndef SEGEL_GATEWAY_TRANSPORT_METADATA_H
#define SEGEL_GATEWAY_TRANSPORT_METADATA_H

#include "proto/base.h"
#include "proto/slice.h"

/* The request headers of gRPC and the encodings of its trailers
 * (doc/PROTOCOL-HTTP2.md). Pure functions. */

/* grpc-timeout in microseconds, rounded up. False: not 1 to 8 digits and a unit. */
bool metadata_timeout(struct slice value, int64_t *us);

/* "application/grpc", alone or followed by "+proto" or parameters. Other encodings of
 * messages ("+json") are not ours. */
bool metadata_content_type(struct slice value);

/* Percent-encoding of grpc-message. Writes what fits into cap, never half a character,
 * and returns the length. */
size_t metadata_percent(struct slice text, char *out, size_t cap);

/* Base64 without padding, for names that end with -bin: out holds METADATA_BASE64(len).
 */
#define METADATA_BASE64(len) (((len) + 2) / 3 * 4 + 1)
size_t metadata_base64(struct slice bytes, char *out);

#endif
