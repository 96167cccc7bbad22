#include "client/sign_run.h"

#include <stdio.h>

#include "client/segel/outcome.h"
#include "client/sign_letter.h"
#include "client/sign_terms.h"

enum { LOOK_MS = 250 /* how long to wait without looking at the connection */ };

struct run {
    const struct sign_job *job;
    struct sign_report *report; /* borrowed */
    struct segel *segel;        /* owned; likewise below */
    struct segel_plan *plan;
    struct segel_bulk *bulk;
    size_t next; /* path */
    unsigned lost;
    struct segel_error end; /* why not all letters were answered; code 0: they were */
};

/* --- Opening ----------------------------------------------------------------------- */

static enum sg_status open_bulk(struct run *run, struct sg_error *why)
{
    struct segel_error error;

    TRY(sign_open(run->job->home, &run->segel, why));
    TRY(sign_terms(run->segel, run->job->plan, &run->plan, why));
    return sign_status(segel_bulk_open(run->segel, NULL, &run->bulk, &error), &error,
                       why);
}

static void close_all(struct run *run)
{
    segel_bulk_close(run->bulk);
    segel_plan_free(run->plan);
    segel_close(run->segel);
}

/* --- Outcomes ---------------------------------------------------------------------- */

static void refuse(struct run *run, const char *path, const char *code, const char *text,
                   const Segel__V1__SignResult *result)
{
    const struct sign_refusal refusal = {path, code, text, result};

    sign_report_refused(run->report, &refusal);
}

static void take(struct run *run, const struct segel_outcome *outcome)
{
    const Segel__V1__SignResult *result = outcome_result(outcome);

    if (outcome->code == SEGEL_OK) {
        sign_report_signed(run->report, outcome->path, outcome->output, result);
        if (run->job->receipts != NULL) {
            sign_receipts_add(run->job->receipts, outcome->request_id, outcome->output);
        }
    } else if (outcome->code == SEGEL_UNREACHABLE) {
        run->end.code = outcome->code;
        (void)snprintf(run->end.text, sizeof(run->end.text), "%s", outcome->text);
    } else {
        refuse(run, outcome->path, outcome->reason, outcome->text, result);
    }
}

static void look_around(struct run *run)
{
    struct segel_progress progress = SEGEL_INIT(progress);

    segel_bulk_progress(run->bulk, &progress);
    if (progress.lost > run->lost) {
        sign_report_note(run->report, "the connection is lost; connecting again");
        run->lost = progress.lost;
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

/* --- Letters ----------------------------------------------------------------------- */

/* SEGEL_FULL: not now. Any other failure that is not the letter's own ends the run. */
static int submit(struct run *run, const char *path, const char *output)
{
    struct segel_letter letter = SEGEL_INIT(letter);
    char request_id[LETTER_ID_SIZE];
    struct segel_error error;

    (void)snprintf(request_id, sizeof(request_id), "%s-%06zu", run->job->run_id,
                   run->next + 1);
    letter.request_id = request_id;
    letter.path = path;
    letter.output = output;
    int code = segel_bulk_submit(run->bulk, run->plan, &letter, &error);
    if (code == SEGEL_USAGE) {
        refuse(run, path, error.reason, error.text, NULL);
    } else if (code != SEGEL_OK && code != SEGEL_FULL) {
        run->end = error;
    }
    return code;
}

/* Takes the next letter in; false: not now, or there is none. */
static bool submit_next(struct run *run)
{
    char output[LETTER_PATH_SIZE];
    struct sg_error why = {0};
    bool skip = false;

    if (run->next == run->job->paths->count || run->end.code != SEGEL_OK) {
        return false;
    }
    const char *path = run->job->paths->at[run->next];
    enum sg_status status = letter_place(path, run->job->plan, output, &skip, &why);
    if (status != SG_OK) {
        refuse(run, path, "output", why.text, NULL);
    } else if (skip) {
        sign_report_skipped(run->report, path);
    } else if (submit(run, path, output) == SEGEL_FULL) {
        return false;
    }
    run->next++;
    return true;
}

static void drive(struct run *run)
{
    bool open = true;

    while (open) {
        while (submit_next(run)) {
        }
        open = take_one(run);
    }
}

/* --- All of it --------------------------------------------------------------------- */

enum sg_status sign_run(const struct sign_job *job, struct channel *channel,
                        struct sign_report *report, struct sg_error *why)
{
    struct run run = {.job = job, .report = report};

    channel_close(channel); /* libsegel has its own */
    enum sg_status status = open_bulk(&run, why);
    if (status == SG_OK) {
        drive(&run);
        status = sign_status(run.end.code, &run.end, why);
    }
    close_all(&run);
    return status;
}
