#ifndef SEGEL_GATEWAY_SERVICE_SIGN_LOGOS_H
#define SEGEL_GATEWAY_SERVICE_SIGN_LOGOS_H

#include "gateway/config/config.h"
#include "proto/slice.h"

/* The pictures for stamps that the configuration names. The policy's SHA-256 says which
 * of them is given to clients, so that a file that was exchanged is not. */
enum { LOGO_BYTES_MAX = 65536, LOGOS_MAX = 2 };

struct logos {
    struct logo {
        uint8_t sha256[32];
        uint8_t bytes[LOGO_BYTES_MAX];
        size_t len; /* 0 = the configuration names none */
    } at[LOGOS_MAX];
};

/* Reads the files; blocks. SG_NOT_FOUND, SG_IO, SG_TOO_LARGE, SG_INVALID (no PNG): why
 * names file and setting. The caller frees *out with free, also after a failure. */
SG_MUST_USE enum sg_status logos_load(const struct config *config, struct logos **out,
                                      struct sg_error *why);
/* Only says whether they could be loaded. */
SG_MUST_USE enum sg_status logos_check(const struct config *config, struct sg_error *why);
/* The file of that SHA-256; empty when it is none of them. */
struct slice logos_find(const struct logos *logos, const uint8_t sha256[32]);

#endif
