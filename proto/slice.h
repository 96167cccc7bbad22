#ifndef SEGEL_PROTO_SLICE_H
#define SEGEL_PROTO_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Bytes that belong to somebody else: borrowed for the length of the call unless a
 * comment says longer. May hold any byte; is not terminated. */
struct slice {
    const uint8_t *data;
    size_t len;
};

static inline struct slice slice_of(const void *data, size_t len)
{
    return (struct slice){.data = (const uint8_t *)data, .len = len};
}

static inline struct slice slice_str(const char *text)
{
    return slice_of(text, text == NULL ? 0 : strlen(text));
}

/* Not for secrets: use CRYPTO_memcmp there. */
static inline bool slice_equal(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

#endif
