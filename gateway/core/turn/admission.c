#include "gateway/core/turn/admission.h"

#include <stdlib.h>

enum { RETRY_LEAST_US = 100000, RETRY_MOST_US = 10000000, NS_A_US = 1000 };

/* --- Making ---------------------------------------------------------------------- */

void admission_follow(struct admission *admission, const struct config *config)
{
    unsigned sum = 0;

    for (size_t i = 0; i < config->caller_count; i++) {
        const struct config_caller *caller = &config->callers[i];
        sum += (caller->roles & ROLE_BACKEND) != 0 ? (unsigned)caller->weight : 0;
    }
    atomic_store_explicit(&admission->weight_sum, sum, memory_order_relaxed);
}

static void weigh(struct admission *admission, const struct config *config)
{
    for (size_t i = 0; i < config->caller_count; i++) {
        admission->weights[i] = (uint32_t)config->callers[i].weight;
    }
    admission_follow(admission, config);
}

/* Memory for pairs of caller and key that never meet is asked for and never touched. */
enum sg_status admission_init(struct admission *admission, const struct config *config)
{
    size_t callers = config->caller_count;
    size_t keys = config->key_count;

    *admission = (struct admission){
        .limit = (unsigned)config->queue_limit,
        .caller_limit = (unsigned)config->jobs_per_caller,
        .share = (uint32_t)config->interactive_share,
        .callers = callers,
        .keys = keys,
    };
    admission->weights = (uint32_t *)calloc(callers + 1, sizeof(uint32_t));
    admission->caller_gauges =
        (struct caller_gauge *)calloc(callers + 1, sizeof(struct caller_gauge));
    admission->flows =
        (struct flow_gauge *)calloc(callers * keys + 1, sizeof(struct flow_gauge));
    admission->key_gauges =
        (struct key_gauge *)calloc(keys + 1, sizeof(struct key_gauge));
    if (admission->weights == NULL || admission->caller_gauges == NULL ||
        admission->flows == NULL || admission->key_gauges == NULL) {
        admission_fini(admission);
        return SG_NO_MEMORY;
    }
    weigh(admission, config);
    return SG_OK;
}

void admission_fini(struct admission *admission)
{
    free(admission->weights);
    free(admission->caller_gauges);
    free(admission->flows);
    free(admission->key_gauges);
    *admission = (struct admission){0};
}

/* --- What stands before a job ------------------------------------------------------ */

static unsigned get(const atomic_uint *value)
{
    return atomic_load_explicit(value, memory_order_relaxed);
}

static int64_t get_long(const atomic_int_fast64_t *value)
{
    return (int64_t)atomic_load_explicit(value, memory_order_relaxed);
}

static struct flow_gauge *flow_of(const struct admission *admission, size_t key,
                                  size_t caller)
{
    return &admission->flows[key * admission->callers + caller];
}

/* Jobs of the caller that go before one more of the class: all of its own, and of the
 * other as many as get a turn meanwhile. */
static uint64_t ahead_of(const struct admission *admission, const struct flow_gauge *flow,
                         enum job_class class)
{
    uint64_t own = get(&flow->waiting[class]);
    uint64_t other = get(&flow->waiting[1 - class]);
    uint64_t share =
        class == JOB_INTERACTIVE ? admission->share : 100U - admission->share;
    uint64_t meanwhile = own * (100 - share) / share;

    return own + (other < meanwhile ? other : meanwhile);
}

/* What a job may expect. */
struct prospect {
    int64_t each_ns; /* between two jobs of its caller; 0 = not known */
    int64_t left_us; /* its turn must come in this time */
    uint64_t ahead;  /* jobs of its caller that come first */
};

/* A caller whose own pace is not known yet gets its share of the key's. */
static int64_t pace_of(const struct admission *admission, const struct admission_ask *ask,
                       const struct flow_gauge *flow)
{
    const struct key_gauge *key = &admission->key_gauges[ask->key];
    int64_t own_ns = get_long(&flow->pace_ns);
    uint32_t weight = admission->weights[ask->caller];
    uint32_t weights = get(&key->weights);

    if (own_ns > 0) {
        return own_ns;
    }
    if (get(&flow->waiting[JOB_INTERACTIVE]) + get(&flow->waiting[JOB_BULK]) == 0) {
        weights += weight; /* it is not counted among those that wait */
    }
    return get_long(&key->pace_ns) * (weights > weight ? weights : weight) / weight;
}

/* A fifth of the time is not counted on: a prospect is no promise, and a signature that
 * comes too late is work for nothing. */
static struct prospect look_ahead(const struct admission *admission,
                                  const struct admission_ask *ask)
{
    enum { RESERVE = 5 };
    int64_t time_us = ask->deadline_us - ask->now_us;
    const struct flow_gauge *flow = flow_of(admission, ask->key, ask->caller);

    return (struct prospect){
        .each_ns = pace_of(admission, ask, flow),
        .left_us = time_us - time_us / RESERVE -
                   get_long(&admission->key_gauges[ask->key].hand_us),
        .ahead = ahead_of(admission, flow, ask->class),
    };
}

/* Of how many more jobs the last would be done in time. */
static size_t fit_deadline(const struct prospect *prospect, size_t count)
{
    if (prospect->each_ns == 0) {
        return count;
    }
    if (prospect->left_us <= 0) {
        return 0;
    }
    uint64_t in_time =
        1 + (uint64_t)prospect->left_us * NS_A_US / (uint64_t)prospect->each_ns;
    uint64_t fit = in_time > prospect->ahead ? in_time - prospect->ahead : 0;
    return fit < count ? (size_t)fit : count;
}

/* --- Places ------------------------------------------------------------------------ */

static unsigned limit_of(const struct admission *admission, size_t caller, unsigned load)
{
    uint64_t weight = admission->weights[caller];
    uint64_t all = get(&admission->weight_sum);
    uint64_t sum = all > weight ? all : weight;
    uint64_t share = admission->limit * weight / sum;
    unsigned half = admission->limit / 2;
    unsigned limit = share > 1 ? (unsigned)share : 1;

    if (load < half) { /* and what it holds itself stays its own */
        unsigned more = get(&admission->caller_gauges[caller].held) + half - load;
        limit = more > limit ? more : limit;
    }
    return admission->caller_limit > 0 && admission->caller_limit < limit
               ? admission->caller_limit
               : limit;
}

/* Adds up to count to a counter that must not pass its limit; what was added. */
static size_t add_within(atomic_uint *counter, unsigned limit, size_t count)
{
    unsigned before =
        atomic_fetch_add_explicit(counter, (unsigned)count, memory_order_relaxed);
    size_t room = before < limit ? limit - before : 0;
    size_t added = room < count ? room : count;

    if (added < count) {
        atomic_fetch_sub_explicit(counter, (unsigned)(count - added),
                                  memory_order_relaxed);
    }
    return added;
}

static void subtract(atomic_uint *counter, size_t count)
{
    (void)atomic_fetch_sub_explicit(counter, (unsigned)count, memory_order_relaxed);
}

/* Those of the caller first: what it is refused takes nobody's place meanwhile. */
static size_t take_places(struct admission *admission, const struct admission_ask *ask,
                          size_t count, enum refusal *why)
{
    struct caller_gauge *caller = &admission->caller_gauges[ask->caller];
    unsigned load = get(&admission->load);
    size_t own = add_within(&caller->held, limit_of(admission, ask->caller, load), count);
    size_t taken = add_within(&admission->load, admission->limit, own);

    subtract(&caller->held, own - taken);
    if (taken < count) {
        *why = taken < own || load + taken >= admission->limit ? REFUSAL_QUEUE_FULL
                                                               : REFUSAL_CALLER_LIMIT;
    }
    return taken;
}

/* --- When to come back ------------------------------------------------------------- */

/* Up to half as long again, or all that were refused together come back together. */
static int64_t spread(struct admission *admission, int64_t us)
{
    uint64_t x = atomic_fetch_add_explicit(&admission->dice, 0x9E3779B97F4A7C15U,
                                           memory_order_relaxed);

    /* Its steps are even; mixed they no longer are (SplitMix64). */
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
    x ^= x >> 31;
    us = us > RETRY_LEAST_US ? us : RETRY_LEAST_US;
    us = us < RETRY_MOST_US ? us : RETRY_MOST_US;
    return us + ((us / 2 * (int64_t)(x >> 44)) >> 20);
}

/* When the wait would fit; or half of what the caller has waiting is done. */
static int64_t retry_us(const struct prospect *prospect, enum refusal why)
{
    int64_t ahead = prospect->ahead < INT32_MAX ? (int64_t)prospect->ahead : INT32_MAX;
    int64_t each_us = prospect->each_ns / NS_A_US;
    each_us = each_us < RETRY_MOST_US ? each_us : RETRY_MOST_US;

    if (why == REFUSAL_DEADLINE_TOO_SHORT) {
        return ahead * each_us - prospect->left_us;
    }
    return ahead * each_us / 2;
}

size_t admission_take(struct admission *admission, const struct admission_ask *ask,
                      struct job_refusal *refusal)
{
    struct prospect prospect = look_ahead(admission, ask);
    enum refusal why = REFUSAL_DEADLINE_TOO_SHORT;
    size_t fit = fit_deadline(&prospect, ask->count);
    size_t taken = take_places(admission, ask, fit, &why);

    (void)atomic_fetch_add_explicit(
        &flow_of(admission, ask->key, ask->caller)->waiting[ask->class], (unsigned)taken,
        memory_order_relaxed);
    if (taken < ask->count) {
        (void)atomic_fetch_add_explicit(
            &admission->caller_gauges[ask->caller].refused[why], ask->count - taken,
            memory_order_relaxed);
        *refusal = (struct job_refusal){
            .why = why, .retry_us = spread(admission, retry_us(&prospect, why))};
    }
    return taken;
}

void admission_return(struct admission *admission, const struct admission_ask *ask,
                      size_t count)
{
    subtract(&flow_of(admission, ask->key, ask->caller)->waiting[ask->class], count);
    subtract(&admission->caller_gauges[ask->caller].held, count);
    subtract(&admission->load, count);
}

bool admission_crowded(const struct admission *admission, size_t caller)
{
    unsigned load = get(&admission->load);
    unsigned held = get(&admission->caller_gauges[caller].held);

    return load > admission->limit / 4 * 3 ||
           held > limit_of(admission, caller, load) / 4 * 3;
}

uint64_t admission_refused(const struct admission *admission, enum refusal why)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < admission->callers; i++) {
        sum += atomic_load_explicit(&admission->caller_gauges[i].refused[why],
                                    memory_order_relaxed);
    }
    return sum;
}

/* --- The core's side -----------------------------------------------------------------
 */

void admission_left(struct admission *admission, size_t key, const struct job *job)
{
    subtract(&flow_of(admission, key, job->caller_index)->waiting[job->class], 1);
}

void admission_came_back(struct admission *admission, size_t key, const struct job *job)
{
    (void)atomic_fetch_add_explicit(
        &flow_of(admission, key, job->caller_index)->waiting[job->class], 1,
        memory_order_relaxed);
}

void admission_over(struct admission *admission, const struct job *job)
{
    subtract(&admission->caller_gauges[job->caller_index].held, 1);
}

struct job_refusal admission_refuse(struct admission *admission, const struct job *job,
                                    enum refusal why, int64_t retry_us)
{
    (void)atomic_fetch_add_explicit(
        &admission->caller_gauges[job->caller_index].refused[why], 1,
        memory_order_relaxed);
    return (struct job_refusal){.why = why, .retry_us = spread(admission, retry_us)};
}
