#include "gateway/service/log/scrubbing.h"

#include <stdio.h>

#include "gateway/clock.h"
#include "gateway/log.h"

/* A piece takes some ms, and four times as long the thread rests: signing needs
 * processor and disk more. Twenty million records are some minutes' work. */
enum { REST = 4, RETRY_US = 60000000, LATE_US = 1000000 };
static const int64_t AGAIN_US = 24LL * 3600 * 1000000;

static int64_t say_sound(struct scrubbing *scrubbing)
{
    char records[24];

    (void)snprintf(records, sizeof(records), "%llu",
                   (unsigned long long)atomic_load(&scrubbing->records));
    atomic_store(&scrubbing->ended_us, clock_wall_us());
    log_event(LOG_INFO, "log.checked", "records", records, NULL);
    return AGAIN_US;
}

static int64_t say_failed(struct scrubbing *scrubbing, enum sg_status status,
                          const struct sg_error *why)
{
    if (status != SG_CORRUPT) {
        log_event(LOG_WARN, "log.check", "why", why->text, NULL);
        return RETRY_US;
    }
    log_event(LOG_ERROR, "log.changed", "why", why->text, NULL);
    scrubbing->options.on_finding(scrubbing->options.context, why->text);
    return AGAIN_US;
}

/* How long to wait for the next piece; so go_on. */
static int64_t begin(struct scrubbing *scrubbing, struct ledger_reader *reader)
{
    struct sg_error why = {0};
    enum sg_status status = ledger_scrub_begin(reader, scrubbing->options.log_key, &why);

    scrubbing->under_way = status == SG_OK;
    if (status == SG_OK) {
        return 0;
    }
    /* Without a checkpoint it is a new log, whose records the start has hashed. */
    return status == SG_NOT_FOUND ? RETRY_US : say_failed(scrubbing, status, &why);
}

static int64_t go_on(struct scrubbing *scrubbing, struct ledger_reader *reader)
{
    int64_t begin_us = clock_mono_us();
    struct scrub_progress progress = {0};
    struct sg_error why = {0};
    enum sg_status status = ledger_scrub_step(reader, &progress, &why);

    scrubbing->under_way = status == SG_OK;
    if (status != SG_OK && status != SG_NOT_FOUND) {
        return say_failed(scrubbing, status, &why);
    }
    atomic_store(&scrubbing->records, progress.records);
    return status == SG_OK ? (clock_mono_us() - begin_us) * REST : say_sound(scrubbing);
}

void scrubbing_step(struct scrubbing *scrubbing, struct ledger_reader *reader, bool idle)
{
    if (clock_mono_us() < scrubbing->due_us + (idle ? 0 : LATE_US)) {
        return;
    }
    int64_t pause_us =
        scrubbing->under_way ? go_on(scrubbing, reader) : begin(scrubbing, reader);
    scrubbing->due_us = clock_mono_us() + pause_us;
}

struct scrub_report scrubbing_report(const struct scrubbing *scrubbing)
{
    return (struct scrub_report){
        .records = atomic_load_explicit(&scrubbing->records, memory_order_relaxed),
        .ended_us = atomic_load_explicit(&scrubbing->ended_us, memory_order_relaxed)};
}
