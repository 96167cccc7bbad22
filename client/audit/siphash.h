#ifndef SEGEL_CLIENT_AUDIT_SIPHASH_H
#define SEGEL_CLIENT_AUDIT_SIPHASH_H

#include "proto/base.h"
#include "proto/slice.h"

/* SipHash-2-4 with 128 bits (Aumasson and Bernstein, 2012). Whoever does not know the key
 * cannot make two texts of one value; a key lives in one run and is told to nobody. */
struct siphash_key {
    uint64_t word[2];
};
void siphash(const struct siphash_key *key, struct slice text, uint64_t out[2]);

#endif
