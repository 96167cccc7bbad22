#include "client/report/account.h"

#include <inttypes.h>

#include "proto/text.h"

enum sg_status account_start(struct account *account, const struct report_period *period)
{
    TRY(report_start(&account->report, period));
    evidence_start(&account->evidence, &account->report.period);
    return SG_OK;
}

void account_fini(struct account *account)
{
    report_fini(&account->report);
}

enum sg_status account_again(struct account *account)
{
    const struct report_period period = account->report.period;
    uint64_t least = account->late;

    report_fini(&account->report);
    account->records = 0;
    account->late = 0;
    TRY(account_start(account, &period));
    account->evidence.least = least;
    return SG_OK;
}

void account_begin(struct account *account, const struct audit *audit)
{
    evidence_begin(&account->evidence, &audit->tree);
}

/* Behind the checkpoint that ends the report nothing counts any more, but a job of the
 * period that is settled there is not left open. */
static void settle(struct report *report, const struct report_record *record)
{
    struct job_facts job;
    uint64_t intent = UINT64_MAX;

    if (scan_is(record->scan, MEMBER_type, "outcome") &&
        scan_uint(record->scan, MEMBER_intent, &intent) &&
        jobs_remove(&report->jobs, intent, &job)) {
        report->balance.carried_out += job.in_period ? 1 : 0;
    }
}

bool account_record(struct account *account, uint64_t index, struct slice json,
                    const struct audit *audit)
{
    const struct report_record record = {
        .index = index, .json = json, .scan = &audit->last, .time_us = audit->last_us};

    account->records++;
    account->pruned = audit->pruned;
    if (account->show != NULL) {
        account->show(account->context, account);
    }
    if (account->evidence.ended) {
        if (report_holds(&account->report, audit->last_us)) {
            account->late = index + 1;
        }
        settle(&account->report, &record);
        return true; /* behind the checkpoint that ends the report */
    }
    evidence_record(&account->evidence, &audit->leaf, audit->last_us);
    account->no_memory = report_take(&account->report, &record) != SG_OK;
    return !account->no_memory;
}

void account_checkpoint(struct account *account, const struct tlog_head *head,
                        struct slice note, const struct audit *audit)
{
    evidence_checkpoint(&account->evidence, head, note, &audit->tree);
}

/* Figures of a part of the period would look like those of all of it. What was pruned
 * nobody can bring back: then there is a report, which says what it lacks. */
static enum sg_status hold_begin(const struct account *account, struct sg_error *why)
{
    const struct report *report = &account->report;
    const struct report_period *period = &report->period;
    char begins[ZONE_TIME_SIZE];
    char wanted[ZONE_TIME_SIZE];
    char from[TEXT_TIME_SIZE];

    if (report_begun(report) || (account->pruned && report->all.records > 0)) {
        return SG_OK;
    }
    zone_time_text(&period->zone, report->log_begins_us, begins);
    zone_time_text(&period->zone, account->pruned ? period->until_us : period->from_us,
                   wanted);
    if (account->pruned) {
        return sg_fail(why, SG_PRECONDITION,
                       "records before %" PRIu64 ", which is of %s, were pruned: "
                       "nothing is left of a period that ends at %s, so there is no "
                       "report of it",
                       report->read_from, begins, wanted);
    }
    text_time_s(period->from_us, from);
    return sg_fail(why, SG_PRECONDITION,
                   "the bundle begins with record %" PRIu64 ", which is of %s, but the "
                   "period begins at %s: what lies between would not be counted. Export "
                   "it with --from %s, or an earlier time",
                   report->read_from, begins, wanted, from);
}

enum sg_status account_finish(struct account *account, struct sg_error *why)
{
    report_finish(&account->report);
    if (account->late > 0) {
        return sg_fail(why, SG_CORRUPT,
                       "record %" PRIu64 " is of the period, and the list that was asked "
                       "where the period ends does not have it",
                       account->late - 1);
    }
    TRY(hold_begin(account, why));
    TRY(evidence_finish(&account->evidence, why));
    return report_balanced(&account->report.balance)
               ? SG_OK
               : sg_fail(why, SG_CORRUPT,
                         "intents and outcomes of the period do not match: run 'segel "
                         "log verify'");
}

/* --- A bundle ---------------------------------------------------------------------- */

static void begin(void *context, const struct audit *audit)
{
    account_begin((struct account *)context, audit);
}

static bool record(void *context, uint64_t index, struct slice json,
                   const struct audit *audit)
{
    return account_record((struct account *)context, index, json, audit);
}

static bool checkpoint(void *context, const struct tlog_head *head, struct slice note,
                       const struct audit *audit)
{
    account_checkpoint((struct account *)context, head, note, audit);
    return true;
}

static enum sg_status read_bundle(struct account *account, struct bundle *bundle,
                                  const struct trust_policy *trust,
                                  struct verdict *verdict, struct sg_error *why)
{
    const struct bundle_reader reader = {begin, record, checkpoint, account};

    TRY(bundle_read(bundle, trust, &reader, verdict, why));
    if (account->late > 0 && verdict_code(verdict) == VERDICT_SOUND) {
        *verdict = (struct verdict){.language = verdict->language};
        TRY(account_again(account));
        TRY(bundle_read(bundle, trust, &reader, verdict, why));
    }
    memcpy(account->origin, trust->logs[0].name, sizeof(account->origin));
    if (verdict_code(verdict) != VERDICT_SOUND) {
        return sg_fail(why, SG_CORRUPT,
                       "the bundle is not sound, so there is no report of it: "
                       "segel-verify says what is wrong");
    }
    return account_finish(account, why);
}

enum sg_status account_bundle(struct account *account, const char *path,
                              const struct trust_policy *trust, struct verdict *verdict,
                              struct sg_error *why)
{
    struct bundle bundle;

    enum sg_status status = bundle_open(path, &bundle, why);
    if (status == SG_OK) {
        status = read_bundle(account, &bundle, trust, verdict, why);
    }
    bundle_close(&bundle);
    /* what is no bundle cannot be read: the command line was not wrong */
    return status == SG_INVALID ? SG_IO : status;
}
