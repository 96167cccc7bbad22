#include "client/sign_run.h"

#include <stdio.h>
#include <stdlib.h>

#include "client/file.h"
#include "client/segel/outcome.h"
#include "client/sign_interrupt.h"
#include "client/sign_sent.h"
#include "client/sign_terms.h"

enum {
    LOOK_MS = 250, /* how long to wait without looking at connection and signals */
    GROUP = 32     /* letters for which the journal is synced at once */
};

/* A letter that is in the journal and is to be sent. */
struct waiting {
    struct sign_row row; /* owned */
    struct sign_asked asked;
};

struct run {
    const struct sign_job *job;
    struct sign_report *report; /* borrowed */
    struct segel_bulk *bulk;    /* owned */
    struct waiting *group;      /* owned; GROUP of them */
    size_t group_len;
    size_t group_next;
    bool drained; /* the source has no more */
    bool given_up;
    unsigned lost;
    enum sg_status status; /* why no more are sent */
    struct sg_error why;
};

static void stop(struct run *run, enum sg_status status, const char *text)
{
    if (run->status == SG_OK) {
        run->status = sg_fail(&run->why, status, "%s", text);
    }
}

/* --- Outcomes ---------------------------------------------------------------------- */

static void refuse(struct run *run, const char *path, const char *code, const char *text)
{
    const struct sign_refusal refusal = {path, code, text, "", NULL};

    sign_report_refused(run->report, &refusal);
}

static void settle(struct run *run, uint32_t number, enum journal_state state,
                   uint64_t log_index)
{
    struct sg_error why = {0};
    enum sg_status status =
        journal_settle(run->job->journal, number, state, log_index, &why);

    if (status != SG_OK) {
        stop(run, status, why.text);
    }
}

/* Whether this request id will never give the letter a signature. Most refusals of one
 * that may have been sent before say nothing: the policy is asked before the ledger. Not
 * so a conflict: the ledger keeps the id for other content, whatever else changes. */
static bool is_final(const struct run *run, const struct segel_outcome *outcome,
                     bool again)
{
    bool answered = outcome_result(outcome) != NULL;

    if (outcome->code == SEGEL_CONFLICT && answered) {
        return true;
    }
    if (again || (answered && run->lost > 0)) {
        return false;
    }
    return answered ? outcome->code == SEGEL_DENIED || outcome->code == SEGEL_USAGE ||
                          outcome->code == SEGEL_NOT_FOUND
                    : outcome->code == SEGEL_REFUSED || outcome->code == SEGEL_FILE;
}

/* With the same letter and terms: template, statement or program are others now. */
static const char conflict[] =
    "the gateway knows this letter as it would have looked when it was sent: its "
    "template, the policy's statement or logo, or this program changed since. What may "
    "have been signed then is in no file; the next run signs it as a new letter";

static void take_refusal(struct run *run, const struct segel_outcome *outcome,
                         const struct sign_sent *sent)
{
    bool known = outcome->code == SEGEL_CONFLICT && sent->again;
    const struct sign_refusal refusal = {sent->path, outcome->reason,
                                         known ? conflict : outcome->text,
                                         outcome->request_id, outcome_result(outcome)};

    if (is_final(run, outcome, sent->again)) {
        settle(run, sent->number, JOURNAL_REFUSED, 0);
    }
    sign_report_refused(run->report, &refusal);
}

static void take_signed(struct run *run, const struct segel_outcome *outcome,
                        const struct sign_sent *sent)
{
    struct sg_error why = {0};

    /* The letter stays open: its signature can be had again. */
    if (sign_sent_write(sent, outcome, &why) != SG_OK) {
        const struct sign_refusal refusal = {sent->path, "not-written", why.text,
                                             outcome->request_id,
                                             outcome_result(outcome)};
        sign_report_refused(run->report, &refusal);
        return;
    }
    settle(run, sent->number, JOURNAL_SIGNED, outcome->log_index);
    sign_report_signed(run->report, sent->path, sent->output, outcome_result(outcome));
    if (run->job->receipts != NULL) {
        sign_receipts_add(run->job->receipts, outcome->request_id, sent->output);
    }
}

static void take(struct run *run, const struct segel_outcome *outcome)
{
    struct sign_sent *sent = (struct sign_sent *)outcome->user;

    if (outcome->code == SEGEL_UNREACHABLE) {
        stop(run, SG_IO, outcome->text);
    } else if (outcome->code == SEGEL_OK) {
        take_signed(run, outcome, sent);
    } else if (outcome->code != SEGEL_CANCELLED) {
        take_refusal(run, outcome, sent);
    }
    free(sent);
}

static void look_around(struct run *run)
{
    struct segel_progress progress = SEGEL_INIT(progress);
    int interrupts = sign_interrupt_count();

    segel_bulk_progress(run->bulk, &progress);
    if (progress.lost > run->lost) {
        sign_report_note(run->report, "the connection is lost; connecting again");
        run->lost = progress.lost;
    }
    if (interrupts > 0 && run->status == SG_OK) {
        sign_report_note(run->report, "stopping: what is under way is finished; once "
                                      "more Ctrl-C gives that up too");
        stop(run, SG_CANCELLED, "stopped");
    }
    if (interrupts > 1 && !run->given_up) {
        run->given_up = true;
        segel_bulk_cancel(run->bulk);
    }
}

/* Waits for one outcome; false: no letter is open. */
static bool take_one(struct run *run)
{
    const struct segel_outcome *outcome = NULL;
    int code = segel_bulk_next(run->bulk, LOOK_MS, &outcome, NULL);

    look_around(run);
    if (code == SEGEL_OK) {
        take(run, outcome);
        segel_outcome_free(outcome);
    }
    return code != SEGEL_END;
}

/* --- Sending ----------------------------------------------------------------------- */

/* The letter's own failure; what else fails ends the run. */
static bool is_of_letter(int code)
{
    return code == SEGEL_USAGE || code == SEGEL_NOT_FOUND || code == SEGEL_DENIED ||
           code == SEGEL_FILE;
}

/* False: there is no room now. */
static bool submit(struct run *run, struct waiting *waiting)
{
    struct segel_error error;
    const struct sign_way way = {run->bulk, run->job->plans, run->job->journal};
    int code = sign_send(&way, &waiting->row, &waiting->asked, &error);

    if (code == SEGEL_FULL) {
        return false;
    }
    if (is_of_letter(code)) {
        refuse(run, waiting->row.path, error.reason, error.text);
        if (!waiting->asked.again) {
            settle(run, waiting->asked.number, JOURNAL_REFUSED, 0);
        }
    } else if (code != SEGEL_OK) {
        stop(run, code == SEGEL_UNREACHABLE ? SG_IO : SG_ABORTED, error.text);
    }
    sign_row_fini(&waiting->row);
    return true;
}

static void send_group(struct run *run)
{
    while (run->status == SG_OK && run->group_next < run->group_len &&
           submit(run, &run->group[run->group_next])) {
        run->group_next++;
    }
}

/* --- The next group ---------------------------------------------------------------- */

static bool has_receipt(const char *output)
{
    char path[JOURNAL_TEXT_MAX + 16];

    (void)snprintf(path, sizeof(path), "%s.tlog-proof", output);
    return file_exists(path);
}

static void report_done(struct run *run, const struct waiting *waiting)
{
    const struct journal_letter *letter =
        journal_at(run->job->journal, waiting->asked.number - 1);
    const char *output = waiting->asked.output;
    char request_id[JOURNAL_ID_SIZE];

    journal_id(run->job->journal, letter, request_id);
    sign_report_skipped(run->report, waiting->row.path, output, request_id,
                        letter->log_index);
    if (run->job->receipts != NULL && !has_receipt(output)) {
        sign_receipts_add(run->job->receipts, request_id, output);
    }
}

/* Whether the letter waits to be sent. */
static bool sort_out(struct run *run, struct waiting *waiting)
{
    struct sign_asked *asked = &waiting->asked;
    struct sg_error why = {0};
    enum sg_status status =
        sign_ask(run->job->journal, &waiting->row, run->job->leave, asked, &why);

    if (status != SG_OK) {
        stop(run, status, why.text);
        return false;
    }
    if (asked->what == SIGN_ASK_REFUSE) {
        refuse(run, waiting->row.path, asked->reason, why.text);
    } else if (asked->what == SIGN_ASK_THERE) {
        sign_report_skipped(run->report, waiting->row.path, asked->output, "", 0);
    } else if (asked->what == SIGN_ASK_DONE) {
        report_done(run, waiting);
    }
    return asked->what == SIGN_ASK;
}

static void take_row(struct run *run)
{
    struct waiting *waiting = &run->group[run->group_len];
    struct sg_error why = {0};
    enum sg_status status = sign_source_next(run->job->source, &waiting->row, &why);

    if (status != SG_OK) {
        run->drained = true;
        if (status != SG_NOT_FOUND) {
            stop(run, status, why.text);
        }
        return;
    }
    if (sort_out(run, waiting)) {
        run->group_len++;
    } else {
        sign_row_fini(&waiting->row);
    }
}

static void fill_group(struct run *run)
{
    struct sg_error why = {0};

    run->group_len = 0;
    run->group_next = 0;
    while (run->status == SG_OK && !run->drained && run->group_len < GROUP) {
        take_row(run);
    }
    enum sg_status status = journal_sync(run->job->journal, &why);
    if (status != SG_OK) {
        stop(run, status, why.text);
    }
}

/* --- All of it --------------------------------------------------------------------- */

static void drive(struct run *run)
{
    bool open = true;

    while (open || (run->status == SG_OK &&
                    (run->group_next < run->group_len || !run->drained))) {
        if (run->status == SG_OK && run->group_next == run->group_len && !run->drained) {
            fill_group(run);
        }
        send_group(run);
        open = take_one(run);
    }
}

enum sg_status sign_run(const struct sign_job *job, struct sign_report *report,
                        struct sg_error *why)
{
    struct run run = {.job = job, .report = report};
    struct segel_error error;

    run.group = (struct waiting *)calloc(GROUP, sizeof(*run.group));
    if (run.group == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "%s", sg_status_text(SG_NO_MEMORY));
    }
    int code = segel_bulk_open(job->plans->segel, NULL, &run.bulk, &error);
    if (code == SEGEL_OK) {
        drive(&run);
    }
    segel_bulk_close(run.bulk);
    for (size_t i = 0; i < GROUP; i++) {
        sign_row_fini(&run.group[i].row);
    }
    free(run.group);
    if (code != SEGEL_OK) {
        return sign_status(code, &error, why);
    }
    return run.status == SG_OK ? SG_OK : sg_fail(why, run.status, "%s", run.why.text);
}
