#ifndef SEGEL_PROTO_JSON_H
#define SEGEL_PROTO_JSON_H

#include "proto/base.h"
#include "proto/slice.h"

/* Writes one JSON text into a fixed buffer: records, log lines, reports. Commas and
 * escapes are its business, the order of calls is the caller's. When the buffer is full
 * it stops writing and remembers: one check at the end is enough.
 *
 *     struct json_out out;
 *     json_start(&out, buffer, sizeof(buffer));
 *     json_open_object(&out, NULL);
 *     json_str(&out, "type", "intent");
 *     json_uint(&out, "seq", 7);
 *     json_end(&out);
 *     TRY(json_finish(&out, &text));
 *
 * name is NULL inside arrays and for the outermost value; it is a word of ours, and
 * stands as it is. Strings are escaped as RFC 8259 asks; bytes that are not UTF-8 become
 * U+FFFD, so the output is always valid. */
struct json_out {
    char *data; /* borrowed */
    size_t cap;
    size_t len;
    unsigned depth;     /* at most 16 */
    uint32_t populated; /* bit d: the container at depth d has a member */
    uint32_t is_array;  /* bit d: the container at depth d is an array */
    bool overflow;
};

void json_start(struct json_out *out, char *buffer, size_t cap);
void json_open_object(struct json_out *out, const char *name);
void json_open_array(struct json_out *out, const char *name);
void json_end(struct json_out *out);
void json_str(struct json_out *out, const char *name, const char *text);
void json_slice(struct json_out *out, const char *name, struct slice text);
void json_int(struct json_out *out, const char *name, int64_t value);
void json_uint(struct json_out *out, const char *name, uint64_t value);
void json_bool(struct json_out *out, const char *name, bool value);
void json_double(struct json_out *out, const char *name, double value); /* 3 decimals */
/* "sha256:" and the bytes in hexadecimal. */
void json_sha256(struct json_out *out, const char *name, const uint8_t hash[32]);
/* RFC 3339 in UTC with microseconds. */
void json_time(struct json_out *out, const char *name, int64_t unix_us);
/* The same; nothing where it is 0, which is "not known" in the contracts. */
void json_known_time(struct json_out *out, const char *name, int64_t unix_us);

/* Members, parted by commas, that another json_out has written; empty: none. */
void json_members(struct json_out *out, struct slice members);

/* SG_TOO_LARGE: the text did not fit, or containers are still open. */
SG_MUST_USE enum sg_status json_finish(struct json_out *out, struct slice *text);

#endif
