#ifndef SEGEL_PROTO_BASE_H
#define SEGEL_PROTO_BASE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "proto/status.h"

/* The words that every file may use. TRY, MUST and AUTO are the only macros of the
 * project that touch control flow or lifetime. */

/* Passes a failure up to the caller. */
#define TRY(call)                                                                        \
    do {                                                                                 \
        enum sg_status try_status = (call);                                              \
        if (try_status != SG_OK) {                                                       \
            return try_status;                                                           \
        }                                                                                \
    } while (0)

/* Stops the process where a failure can only be a mistake of ours: it stays on in release
 * builds. Never used on input. */
#define MUST(claim)                                                                      \
    do {                                                                                 \
        if (!(claim)) {                                                                  \
            sg_must_failed(__FILE__, __LINE__, #claim);                                  \
        }                                                                                \
    } while (0)

/* Releases a local at the end of its scope: AUTO(free_key) EVP_PKEY *key = NULL; */
#define AUTO(fn) __attribute__((cleanup(fn)))

#define SG_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* For interfaces that take a pointer to what they only read without saying so:
 * protobuf-c's structs, exec's arguments. Nothing may be written through the result. */
static inline void *sg_unconst(const void *pointer)
{
    void *out;

    memcpy(&out, &pointer, sizeof(out));
    return out;
}

static inline char *sg_unconst_text(const char *text)
{
    return (char *)sg_unconst(text);
}

_Noreturn void sg_must_failed(const char *file, int line, const char *claim);

#endif
