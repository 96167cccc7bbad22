#ifndef SEGEL_GATEWAY_CORE_TURN_REFUSAL_H
#define SEGEL_GATEWAY_CORE_TURN_REFUSAL_H

#include <stdint.h>

/* Who says no, when the job is not allowed. */
enum refuser {
    REFUSER_POLICY,
    REFUSER_ENTITLEMENT, /* the configuration: the caller may not use the key */
    REFUSER_SERVICE      /* the gateway does not make such signatures */
};

/* Why a job was refused for load. */
enum refusal {
#define REFUSAL(name, summary, text) REFUSAL_##name,
#include "gateway/core/turn/refusal.def"
#undef REFUSAL
    REFUSALS,
    REFUSAL_NONE = REFUSALS
};
/* "QUEUE_FULL", "queue full", and a sentence for the caller. */
const char *refusal_name(enum refusal refusal);
const char *refusal_summary(enum refusal refusal);
const char *refusal_text(enum refusal refusal);

/* And when it is worth to come back. */
struct job_refusal {
    enum refusal why;
    int64_t retry_us;
};

#endif
