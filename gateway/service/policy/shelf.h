#ifndef SEGEL_GATEWAY_SERVICE_POLICY_SHELF_H
#define SEGEL_GATEWAY_SERVICE_POLICY_SHELF_H

#include "gateway/ledger/reader.h"
#include "gateway/policy/policy.h"

/* Policies that were in force, read back from the ledger by their SHA-256. A few at once;
 * each is parsed once. The zero state with a reader is empty. One thread. */
enum { SHELF_MAX = 8 };
struct shelf {
    struct ledger_reader *reader; /* borrowed */
    struct shelf_row {
        uint8_t sha256[32];
        struct policy *policy; /* owned share; NULL: there is none, or it does not load */
    } rows[SHELF_MAX];
    size_t count;
};

/* Borrowed from the shelf; NULL: it was never in force, its file does not load any more,
 * the ledger cannot be read, or the shelf is full. */
struct policy *shelf_get(struct shelf *shelf, const uint8_t sha256[32]);
void shelf_fini(struct shelf *shelf);

#endif
