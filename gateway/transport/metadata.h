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
/* The other way, padded or not (RFC 4648 section 4). out holds three bytes for each four
 * characters begun. False: this is not base64. */
bool metadata_from_base64(struct slice text, uint8_t *out, size_t *len);

/* Whether a comma list, as grpc-accept-encoding, has the token. */
bool metadata_lists(struct slice list, struct slice token);
/* The first item of a comma list without the blanks around it; *list goes on behind it.
 * False: there was none left. An empty list has one item, which is empty. */
bool metadata_item(struct slice *list, struct slice *item);

/* Without the blanks and tabs at both ends. */
struct slice metadata_trim(struct slice text);

/* Names whose values are bytes. */
bool metadata_is_binary(struct slice name);
/* Names that a service may use for its own metadata: 1 to 256 of 0-9 a-z _ - . that mean
 * nothing to gRPC or HTTP/2 (RFC 9113 section 8.2.2). */
bool metadata_name(struct slice name);
/* ASCII-Value: blanks and printable characters, without blanks at the ends. */
bool metadata_value(struct slice value);

#endif
