#ifndef SEGEL_GATEWAY_CORE_OFFICERS_LIFT_H
#define SEGEL_GATEWAY_CORE_OFFICERS_LIFT_H

#include "proto/base.h"

/* A soft rule that an override lifts: overrides.h. */
enum { JOB_LIFTS_MAX = 4 };
struct job_lift {
    uint64_t override; /* its number */
    uint16_t rule;     /* index in the job's policy */
    bool of_state;     /* whether it fails is seen in the core's turn */
    bool used;         /* it fails, and an INTENT is written */
};

#endif
