#ifndef SEGEL_CLIENT_WITNESS_KEY_H
#define SEGEL_CLIENT_WITNESS_KEY_H

#include <openssl/evp.h>

#include "proto/base.h"
#include "proto/slice.h"
#include "proto/tlog/note.h"

/* The witness's own key: Ed25519 in a file that only its user may read. The file is
 * PKCS#8 in PEM form below one line with the witness's name, which every reader of PEM
 * skips: name and key belong together, because the cosigned message does not hold the
 * name. */
struct witness_key {
    EVP_PKEY *pair;           /* owned */
    struct note_key cosigner; /* kind NOTE_COSIGNATURE */
};

enum { WITNESS_COSIGNATURE_SIZE = 8 + NOTE_ED25519_SIZE };

/* SG_INVALID: the name is not one of a key. SG_CONFLICT: the file is there already; it is
 * never overwritten. SG_IO. On SG_OK the file is on the disk. */
SG_MUST_USE enum sg_status witness_key_make(const char *name, const char *path,
                                            struct witness_key *out,
                                            struct sg_error *why);
/* SG_IO, SG_INVALID: also when others may read the file. */
SG_MUST_USE enum sg_status witness_key_load(const char *path, struct witness_key *out,
                                            struct sg_error *why);
void witness_key_fini(struct witness_key *key);

/* The blob of a cosignature: time and signature, which is verified before it is given
 * out. text: of the checkpoint, at most WITNESS_TEXT_MAX bytes. SG_INTERNAL: OpenSSL
 * failed. */
enum { WITNESS_TEXT_MAX = 4096 };
SG_MUST_USE enum sg_status witness_key_cosign(const struct witness_key *key,
                                              struct slice text, uint64_t time_s,
                                              uint8_t blob[WITNESS_COSIGNATURE_SIZE]);

#endif
