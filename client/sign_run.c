#include "client/sign_run.h"

#include <stdio.h>

#include "client/segel/outcome.h"
#include "client/segel/segel.h"
#include "client/sign_letter.h"

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

static void fill_look(const struct pdf_wish *wish, struct segel_look *look)
{
    look->reason = wish->reason;
    look->location = wish->location;
    look->name = wish->name;
    look->field = wish->field;
    look->page = wish->page;
    look->x = wish->rect.x;
    look->y = wish->rect.y;
    look->width = wish->rect.width;
    look->height = wish->rect.height;
}

static int make_plan(struct run *run, struct segel_error *error)
{
    const struct sign_plan *plan = run->job->plan;
    const Segel__V1__SignTerms *from = &plan->terms;
    struct segel_look look = SEGEL_INIT(look);
    struct segel_terms terms = SEGEL_INIT(terms);

    fill_look(&plan->wish, &look);
    terms.key = from->key;
    terms.document_class = from->document_class;
    terms.approval = from->approval_ref;
    terms.mandate = from->mandate;
    terms.batch = from->batch;
    terms.language = from->language;
    terms.profile = sg_profile_name((enum sg_profile)from->profile);
    terms.hash = plan->wish.hash == SG_HASH_NONE ? NULL : sg_hash_name(plan->wish.hash);
    terms.scheme = sg_scheme_valid((int)from->signature_algorithm)
                       ? sg_scheme_name((enum sg_scheme)from->signature_algorithm)
                       : NULL;
    terms.notice_shown = from->notice_shown;
    terms.look = &look;
    return segel_plan_make(run->segel, &terms, &run->plan, error);
}

static int open_bulk(struct run *run, const struct home_way *way,
                     struct segel_error *error)
{
    struct segel_options options = SEGEL_INIT(options);

    options.address = way->address;
    options.ca = way->paths[HOME_CA];
    options.certificate = way->paths[HOME_CERT];
    options.private_key = way->paths[HOME_KEY];
    int code = segel_open(&options, &run->segel, error);
    if (code == SEGEL_OK) {
        code = make_plan(run, error);
    }
    return code == SEGEL_OK ? segel_bulk_open(run->segel, NULL, &run->bulk, error) : code;
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

static enum sg_status status_of(const struct segel_error *error, struct sg_error *why)
{
    enum sg_status status = error->code == SEGEL_USAGE         ? SG_INVALID
                            : error->code == SEGEL_MEMORY      ? SG_NO_MEMORY
                            : error->code == SEGEL_UNREACHABLE ? SG_IO
                                                               : SG_ABORTED;

    return error->code == SEGEL_OK ? SG_OK : sg_fail(why, status, "%s", error->text);
}

enum sg_status sign_run(const struct sign_job *job, struct channel *channel,
                        struct sign_report *report, struct sg_error *why)
{
    struct run run = {.job = job, .report = report};
    struct home_way way;

    channel_close(channel); /* libsegel has its own */
    TRY(home_way(job->home, &way, why));
    if (open_bulk(&run, &way, &run.end) == SEGEL_OK) {
        drive(&run);
    }
    close_all(&run);
    return status_of(&run.end, why);
}
