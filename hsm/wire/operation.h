#ifndef SEGEL_HSM_WIRE_OPERATION_H
#define SEGEL_HSM_WIRE_OPERATION_H

#include "hsm/token/sign.h"

/* What segeld asks a lane to do, and what became of it. */
struct operation {
    uint64_t id;
    uint32_t key; /* position in the configuration, unchecked */
    struct wanted wanted;
    int64_t deadline_us; /* CLOCK_MONOTONIC; 0: none */
    uint32_t retries;    /* 1: it was repeated already, then given back to the queue */
};

struct outcome {
    uint64_t id;
    enum failure failure; /* NONE: signature is set, and was verified */
    struct signature signature;
    CK_RV rv;
    uint32_t hsm_us;
    uint32_t retries;
};

/* Microseconds of CLOCK_MONOTONIC. */
int64_t operation_now_us(void);

#endif
