#include "client/report/account.h"

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

void account_begin(struct account *account, const struct audit *audit)
{
    evidence_begin(&account->evidence, &audit->tree);
}

bool account_record(struct account *account, uint64_t index, struct slice json,
                    const struct audit *audit)
{
    const struct report_record record = {
        .index = index, .json = json, .scan = &audit->last, .time_us = audit->last_us};

    account->records++;
    if (account->show != NULL) {
        account->show(account->context, account);
    }
    if (account->evidence.ended) {
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

enum sg_status account_finish(struct account *account, struct sg_error *why)
{
    report_finish(&account->report);
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
