#include "client/report/jobs.h"

#include <stdlib.h>

enum { JOBS_FIRST = 256 };

static size_t place(const struct jobs *jobs, uint64_t index)
{
    size_t at = (size_t)((index * UINT64_C(0x9E3779B97F4A7C15)) >> 20) & (jobs->cap - 1);

    while (jobs->slots[at].used && jobs->slots[at].index != index) {
        at = (at + 1) & (jobs->cap - 1);
    }
    return at;
}

static enum sg_status enlarge(struct jobs *jobs)
{
    struct jobs bigger = {.cap = jobs->cap == 0 ? JOBS_FIRST : jobs->cap * 2,
                          .count = jobs->count};

    bigger.slots = (struct job_facts *)calloc(bigger.cap, sizeof(*bigger.slots));
    if (bigger.slots == NULL) {
        return SG_NO_MEMORY;
    }
    for (size_t i = 0; i < jobs->cap; i++) {
        if (jobs->slots[i].used) {
            bigger.slots[place(&bigger, jobs->slots[i].index)] = jobs->slots[i];
        }
    }
    free(jobs->slots);
    *jobs = bigger;
    return SG_OK;
}

enum sg_status jobs_add(struct jobs *jobs, const struct job_facts *facts)
{
    if (jobs->count * 2 >= jobs->cap) {
        TRY(enlarge(jobs));
    }
    struct job_facts *slot = &jobs->slots[place(jobs, facts->index)];
    jobs->count += slot->used ? 0 : 1;
    *slot = *facts;
    slot->used = true;
    return SG_OK;
}

/* Entries behind the hole that had to step over it move up. */
static void close_hole(struct jobs *jobs, size_t hole)
{
    size_t at = hole;

    jobs->slots[hole].used = false;
    for (;;) {
        at = (at + 1) & (jobs->cap - 1);
        if (!jobs->slots[at].used) {
            return;
        }
        struct job_facts moved = jobs->slots[at];
        jobs->slots[at].used = false;
        jobs->slots[place(jobs, moved.index)] = moved;
    }
}

bool jobs_remove(struct jobs *jobs, uint64_t index, struct job_facts *out)
{
    size_t at = jobs->count == 0 ? 0 : place(jobs, index);

    if (jobs->count == 0 || !jobs->slots[at].used) {
        return false;
    }
    *out = jobs->slots[at];
    close_hole(jobs, at);
    jobs->count--;
    return true;
}

void jobs_fini(struct jobs *jobs)
{
    free(jobs->slots);
    *jobs = (struct jobs){0};
}
