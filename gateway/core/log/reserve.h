#ifndef SEGEL_GATEWAY_CORE_LOG_RESERVE_H
#define SEGEL_GATEWAY_CORE_LOG_RESERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room that is kept on the ledger's file system: below it nothing new is signed, so that
 * outcomes, denials and the gateway's own records still find a place. One thread. */
struct reserve {
    int64_t percent; /* ledger.reserve_percent; 0 = none is kept */
    bool low;        /* nothing new may be signed */
    bool spent; /* of it, too, only a fifth is left: refusals are not recorded either */
    uint64_t free;  /* bytes that the gateway's user may still write */
    uint64_t total; /* bytes in use and free together; 0 = not known */
};

enum reserve_change { RESERVE_SAME, RESERVE_REACHED, RESERVE_LEFT };

/* What was seen now. It is left again when a fifth more than the reserve is free: signing
 * must not stop and go with each record; likewise spent. A total of 0 is no news. */
enum reserve_change reserve_take(struct reserve *reserve, uint64_t free_bytes,
                                 uint64_t total);
/* The file system of a path, as the gateway's user finds it. false: it cannot be asked.
 */
bool reserve_measure(const char *path, uint64_t *free_bytes, uint64_t *total);
/* One sentence about it, for the log, log lines and health. */
void reserve_print(const struct reserve *reserve, char *out, size_t cap);

#endif
