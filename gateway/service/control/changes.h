#ifndef SEGEL_GATEWAY_SERVICE_CONTROL_CHANGES_H
#define SEGEL_GATEWAY_SERVICE_CONTROL_CHANGES_H

#include "gateway/core/key/key.h"

/* What a configuration that is read anew says otherwise, by name: "log.level",
 * "callers", "keys.seal-demo". */
enum { CHANGES_SIZE = 1024 };
struct changes {
    char taken[CHANGES_SIZE];   /* counts from this reload on; "" = nothing */
    char restart[CHANGES_SIZE]; /* counts from the next start on; "" = nothing */
};

/* start: what the gateway was started with; newest: what was taken last; config: what is
 * read now. keys, fresh: the certificates in use, and those that config names. */
struct changes_of {
    const struct config *start;
    const struct config *newest;
    const struct config *config;
    const struct keyring *keys;
    const struct keyring *fresh;
};
void changes_find(const struct changes_of *of, struct changes *out);

#endif
