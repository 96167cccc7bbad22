#include "gateway/core/turn/inflight.h"

#include <string.h>

/* FNV-1a over both names. The ids are the callers' own; a caller that makes them collide
 * slows down its own look-ups in a table that its in-flight limit bounds. */
static size_t bucket_of(const struct job *job)
{
    uint32_t hash = 2166136261U;

    for (const char *c = job->caller->name; *c != '\0'; c++) {
        hash = (hash ^ (uint8_t)*c) * 16777619U;
    }
    for (const char *c = job->request_id; *c != '\0'; c++) {
        hash = (hash ^ (uint8_t)*c) * 16777619U;
    }
    return hash % INFLIGHT_BUCKETS;
}

void inflight_add(struct inflight *table, struct job *job)
{
    struct job **bucket = &table->buckets[bucket_of(job)];

    job->next_in_bucket = *bucket;
    *bucket = job;
}

void inflight_remove(struct inflight *table, struct job *job)
{
    struct job **at = &table->buckets[bucket_of(job)];

    while (*at != job) {
        MUST(*at != NULL);
        at = &(*at)->next_in_bucket;
    }
    *at = job->next_in_bucket;
}

void inflight_take_all(struct inflight *table, struct job_list *out)
{
    for (size_t i = 0; i < INFLIGHT_BUCKETS; i++) {
        for (struct job *job = table->buckets[i]; job != NULL;
             job = job->next_in_bucket) {
            STAILQ_INSERT_TAIL(out, job, queue);
        }
        table->buckets[i] = NULL;
    }
}

struct job *inflight_find(const struct inflight *table, const struct job *job)
{
    struct job *at = table->buckets[bucket_of(job)];

    while (at != NULL && (strcmp(at->request_id, job->request_id) != 0 ||
                          strcmp(at->caller->name, job->caller->name) != 0)) {
        at = at->next_in_bucket;
    }
    return at;
}
