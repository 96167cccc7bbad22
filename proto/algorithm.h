#ifndef SEGEL_PROTO_ALGORITHM_H
#define SEGEL_PROTO_ALGORITHM_H

#include "proto/base.h"

/* Hashes, signature schemes and profiles as the programs name them. Values equal those of
 * the enums in segel/v1/common.proto, so that a message's value needs no translation,
 * only a range check (the _valid functions; 0 = unspecified is not valid). */
enum sg_hash {
    SG_HASH_NONE,
    SG_HASH_SHA256,
    SG_HASH_SHA384,
    SG_HASH_SHA512,
    SG_HASH_COUNT
};

enum sg_scheme {
    SG_SCHEME_NONE,
    SG_SCHEME_RSA_PKCS1,
    SG_SCHEME_RSA_PSS,
    SG_SCHEME_ECDSA,
    SG_SCHEME_COUNT
};

enum sg_profile {
    SG_PROFILE_NONE,
    SG_PROFILE_PADES_B_B,
    SG_PROFILE_PADES_B_T,
    SG_PROFILE_CADES_B_B,
    SG_PROFILE_CADES_B_T,
    SG_PROFILE_RAW,
    SG_PROFILE_COUNT
};

enum { SG_HASH_MAX = 64, SG_SIGNATURE_MAX = 1024 };

bool sg_hash_valid(int value);
bool sg_scheme_valid(int value);
bool sg_profile_valid(int value);

size_t sg_hash_len(enum sg_hash hash);             /* bytes: 32, 48, 64 */
const char *sg_hash_name(enum sg_hash hash);       /* "sha256" */
const char *sg_scheme_name(enum sg_scheme scheme); /* "rsa-pkcs1", "rsa-pss", "ecdsa" */
const char *sg_profile_name(enum sg_profile profile); /* "pades_b_b", …, "raw" */
/* Whether a time stamp belongs to it (B-T); and the profile without it, else the same. */
bool sg_profile_stamped(enum sg_profile profile);
enum sg_profile sg_profile_unstamped(enum sg_profile profile);
/* "pades-b-b" and "pades_b_b" are the same; NONE when unknown. */
enum sg_profile sg_profile_parse(const char *name);
enum sg_hash sg_hash_parse(const char *name);
enum sg_scheme sg_scheme_parse(const char *name);

#endif
