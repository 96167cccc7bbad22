#ifndef SEGEL_GATEWAY_CORE_REFUSAL_H
#define SEGEL_GATEWAY_CORE_REFUSAL_H

#include <stdint.h>

/* Why a job was refused for load. */
enum refusal {
#define REFUSAL(name, summary, text) REFUSAL_##name,
#include "gateway/core/refusal.def"
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
