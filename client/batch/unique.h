#ifndef SEGEL_CLIENT_BATCH_UNIQUE_H
#define SEGEL_CLIENT_BATCH_UNIQUE_H

#include "proto/base.h"

/* A set of texts, kept as the first 16 bytes of their SHA-256: some 50 bytes for each,
 * however long it is. The zero state is an empty set. */
struct unique {
    uint8_t (*rows)[16]; /* owned; zeros = free */
    size_t cap;
    size_t count;
};

/* *fresh: it was not in the set. SG_NO_MEMORY. */
SG_MUST_USE enum sg_status unique_add(struct unique *unique, const char *text,
                                      bool *fresh);
bool unique_has(const struct unique *unique, const char *text);
void unique_fini(struct unique *unique);

#endif
