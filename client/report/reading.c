#include "client/report/reading.h"

enum sg_status reading_start(struct reading *reading, const struct report_period *period)
{
    TRY(report_start(&reading->report, period));
    evidence_start(&reading->evidence, &reading->report.period);
    return SG_OK;
}

void reading_fini(struct reading *reading)
{
    report_fini(&reading->report);
}

void reading_begin(struct reading *reading, const struct audit *audit)
{
    evidence_begin(&reading->evidence, &audit->tree);
}

bool reading_record(struct reading *reading, uint64_t index, struct slice json,
                    const struct audit *audit)
{
    const struct report_record record = {
        .index = index, .json = json, .scan = &audit->last, .time_us = audit->last_us};

    reading->records++;
    if (reading->show != NULL) {
        reading->show(reading->context, reading);
    }
    if (reading->evidence.ended) {
        return true; /* behind the checkpoint that ends the report */
    }
    evidence_record(&reading->evidence, &audit->leaf, audit->last_us);
    reading->no_memory = report_take(&reading->report, &record) != SG_OK;
    return !reading->no_memory;
}

void reading_checkpoint(struct reading *reading, const struct tlog_head *head,
                        struct slice note, const struct audit *audit)
{
    evidence_checkpoint(&reading->evidence, head, note, &audit->tree);
}

enum sg_status reading_finish(struct reading *reading, struct sg_error *why)
{
    report_finish(&reading->report);
    TRY(evidence_finish(&reading->evidence, why));
    return report_balanced(&reading->report.balance)
               ? SG_OK
               : sg_fail(why, SG_CORRUPT,
                         "intents and outcomes of the period do not match: run 'segel "
                         "log verify'");
}

/* --- A bundle ---------------------------------------------------------------------- */

static void begin(void *context, const struct audit *audit)
{
    reading_begin((struct reading *)context, audit);
}

static bool record(void *context, uint64_t index, struct slice json,
                   const struct audit *audit)
{
    return reading_record((struct reading *)context, index, json, audit);
}

static bool checkpoint(void *context, const struct tlog_head *head, struct slice note,
                       const struct audit *audit)
{
    reading_checkpoint((struct reading *)context, head, note, audit);
    return true;
}

static enum sg_status read_bundle(struct reading *reading, struct bundle *bundle,
                                  const struct bundle_trust *trust,
                                  struct verdict *verdict, struct sg_error *why)
{
    const struct bundle_reader reader = {begin, record, checkpoint, reading};

    TRY(bundle_read(bundle, trust, &reader, verdict, why));
    memcpy(reading->origin, trust->log.name, sizeof(reading->origin));
    if (verdict_code(verdict) != VERDICT_SOUND) {
        return sg_fail(why, SG_CORRUPT,
                       "the bundle is not sound, so there is no report of it: "
                       "segel-verify says what is wrong");
    }
    return reading_finish(reading, why);
}

enum sg_status reading_bundle(struct reading *reading, const char *path,
                              const struct bundle_trust *trust, struct verdict *verdict,
                              struct sg_error *why)
{
    struct bundle bundle;

    enum sg_status status = bundle_open(path, &bundle, why);
    if (status == SG_OK) {
        status = read_bundle(reading, &bundle, trust, verdict, why);
    }
    bundle_close(&bundle);
    /* what is no bundle cannot be read: the command line was not wrong */
    return status == SG_INVALID ? SG_IO : status;
}
