#ifndef SEGEL_GATEWAY_CORE_LANE_TOLD_H
#define SEGEL_GATEWAY_CORE_LANE_TOLD_H

#include "proto/base.h"
#include "proto/slice.h"

/* What a lane is asked for, what its token told, and what it counted. */

/* A key to be found on the token, by id, label or both. spki empty = take what is there.
 */
struct lane_key_ref {
    const char *name;
    struct slice id;
    const char *label; /* NULL or "" = any */
    struct slice spki;
};

/* What the token said of a key. Bits of attributes, known and mechanisms as in
 * lane.proto. */
struct lane_key {
    bool usable;
    char code[32];
    char why[256];
    char type[16];
    char curve[16];
    uint32_t bits;
    uint64_t rsa_e;
    uint32_t attributes;
    uint32_t known;
    uint32_t mechanisms;
    size_t spki_len;
    uint8_t spki[1200];
    char start_date[9]; /* "YYYYMMDD"; empty = none; anything else: not to be read */
    char end_date[9];
};

/* Bits of lane_token.flags (CK_TOKEN_INFO, PKCS#11 2.40 section 4.3). */
enum {
    TOKEN_PIN_COUNT_LOW = 0x00010000,
    TOKEN_PIN_FINAL_TRY = 0x00020000,
    TOKEN_PIN_LOCKED = 0x00040000,
    TOKEN_PIN_TO_BE_CHANGED = 0x00080000
};

struct lane_token {
    char label[33];
    char manufacturer[33];
    char model[17];
    char serial[17];
    char firmware[24];
    uint32_t flags; /* as they were before the login, or after a refused one */
};

/* Counts since the lane was made, and when things last happened (wall clock; 0 = never).
 */
struct lane_counts {
    uint64_t signed_count;
    uint64_t failed_count;
    uint64_t lost_count;
    uint64_t hung_count;
    uint64_t canary_count;
    int64_t succeeded_us;
    int64_t failed_us;
    int64_t since_us; /* of the present state */
    uint32_t threads;
    uint32_t confinement;
};

#endif
