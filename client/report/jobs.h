#ifndef SEGEL_CLIENT_REPORT_JOBS_H
#define SEGEL_CLIENT_REPORT_JOBS_H

#include "client/audit/seen.h"
#include "proto/base.h"

/* Jobs under way: what an INTENT says and its OUTCOME does not, by the INTENT's index.
 * Few are open at one time. The zero state is empty. */
struct job_facts {
    uint64_t index;
    struct seen_mark document; /* both 0: none is named */
    uint16_t caller;
    uint16_t key;
    uint16_t doc_class;
    uint16_t serial;
    bool in_period;
    bool notice; /* the caller asserts statement and logo */
    bool notice_told;
    bool first; /* attempt of its id */
    bool used;
};
struct jobs {
    struct job_facts *slots; /* owned; a power of two of them */
    size_t cap;
    size_t count;
};

/* SG_NO_MEMORY. An index that is there already is replaced. */
SG_MUST_USE enum sg_status jobs_add(struct jobs *jobs, const struct job_facts *facts);
/* false: there is none. */
bool jobs_remove(struct jobs *jobs, uint64_t index, struct job_facts *out);
void jobs_fini(struct jobs *jobs);

#endif
