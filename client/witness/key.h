#ifndef SEGEL_CLIENT_WITNESS_KEY_H
#define SEGEL_CLIENT_WITNESS_KEY_H

#include "client/keys/named_key.h"

/* The witness's own key: of kind NOTE_COSIGNATURE, and under no passphrase, because a
 * service has no terminal. */

/* As named_key_make. */
SG_MUST_USE enum sg_status witness_key_make(const char *name, const char *path,
                                            struct named_key *out, struct sg_error *why);
/* As named_key_load. SG_INVALID, too: it holds no such key. */
SG_MUST_USE enum sg_status witness_key_load(const char *path, struct named_key *out,
                                            struct sg_error *why);

/* The blob of a cosignature: time and signature. text: of the checkpoint, at most
 * WITNESS_TEXT_MAX bytes. SG_INTERNAL: OpenSSL failed. */
enum { WITNESS_COSIGNATURE_SIZE = 8 + NOTE_ED25519_SIZE, WITNESS_TEXT_MAX = 4096 };
SG_MUST_USE enum sg_status witness_key_cosign(const struct named_key *key,
                                              struct slice text, uint64_t time_s,
                                              uint8_t blob[WITNESS_COSIGNATURE_SIZE]);

#endif
