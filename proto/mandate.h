#ifndef SEGEL_PROTO_MANDATE_H
#define SEGEL_PROTO_MANDATE_H

#include "proto/algorithm.h"
#include "proto/base.h"

/* What a mandate allows: plain values of MandateTerms (mandates.proto), whose form was
 * checked. Its bounds hold together. */
enum {
    MANDATE_NAME_MAX = 64,
    MANDATE_CLASSES_MAX = 16,
    MANDATE_CLASSES_TEXT = MANDATE_CLASSES_MAX * (MANDATE_NAME_MAX + 1),
    MANDATE_APPROVAL_MAX = 128,
    MANDATE_SIGNATURES_MAX = 10000000,
    MANDATE_DIGESTS_MAX = 16384,
    MANDATE_DAYS_MAX = 31
};

struct mandate_terms {
    char key[MANDATE_NAME_MAX + 1];
    char caller[MANDATE_NAME_MAX + 1];
    char classes[MANDATE_CLASSES_TEXT]; /* names, with a comma between two */
    unsigned profiles;                  /* a bit each, 1 << enum sg_profile */
    uint64_t max;                       /* signatures */
    int64_t from_us;                    /* wall clock, whole seconds; 0 = at once */
    int64_t until_us;                   /* exclusive; likewise */
    char approval_ref[MANDATE_APPROVAL_MAX + 1];
    enum sg_hash hash;  /* of the digests; NONE = any document */
    uint64_t digests;   /* how many; 0 = any document */
    uint8_t sha256[32]; /* over all of them, in the order in which they were given; zeros
                         * when there are none */
};

#endif
