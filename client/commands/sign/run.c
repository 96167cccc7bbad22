#include "client/commands/sign/run.h"

#include <stdlib.h>

#include "client/commands/sign/run_inside.h"
#include "client/commands/sign/terms.h"
#include "client/console/file.h"

enum { GROUP = 32 /* letters for which the journal is synced at once */ };

/* --- Sending ----------------------------------------------------------------------- */

/* The letter's own failure; what else fails ends the run. */
static bool is_of_letter(int code)
{
    return code == SEGEL_USAGE || code == SEGEL_NOT_FOUND || code == SEGEL_DENIED ||
           code == SEGEL_FILE;
}

static void give_up_row(struct run *run, struct waiting *waiting)
{
    if (!waiting->asked.again) {
        run_settle(run, waiting->asked.number, JOURNAL_REFUSED, 0);
    }
    sign_row_fini(&waiting->row);
}

/* False: it is not the letter's own failure, and the run has stopped. */
static bool take_failure(struct run *run, const struct waiting *waiting, int code,
                         const struct segel_error *error)
{
    const char *path = waiting->row.path;

    if (is_of_letter(code)) {
        run_refuse(run, path, error->reason, error->text);
        return true;
    }
    if (code == SEGEL_CANCELLED) {
        run_heed_signals(run); /* while the key was asked about */
    }
    run_stop(run, code == SEGEL_UNREACHABLE ? SG_IO : SG_ABORTED, error->text);
    sign_report_left(run->report, path, "", error->text);
    return false;
}

static struct sign_way way_of(const struct run *run)
{
    return (struct sign_way){run->bulk, run->job->plans, run->job->journal};
}

/* False: there is no place for it now. */
static bool submit(struct run *run, struct waiting *waiting)
{
    struct segel_error error;
    const struct sign_way way = way_of(run);

    if (!run_can_extend(run, waiting)) {
        if (run->status != SG_OK) {
            sign_report_left(run->report, waiting->row.path, "", run->why.text);
        }
        give_up_row(run, waiting);
        return true;
    }
    int code = sign_send(&way, &waiting->row, &waiting->asked, &error);

    if (code == SEGEL_FULL) {
        return false;
    }
    if (code != SEGEL_OK && take_failure(run, waiting, code, &error)) {
        give_up_row(run, waiting);
        return true;
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

static void report_done(struct run *run, const struct journal_letter *letter,
                        const struct sign_row *row, const char *output)
{
    char request_id[JOURNAL_ID_SIZE];

    journal_id(run->job->journal, letter, request_id);
    sign_report_skipped(run->report, row->path, output, request_id, letter->log_index);
    if (run->job->receipts != NULL && !has_receipt(output)) {
        sign_receipts_add(run->job->receipts, request_id, output);
    }
}

static void stop_at(struct run *run, const struct waiting *waiting, enum sg_status status,
                    const struct sg_error *why)
{
    run_stop(run, status, why->text);
    sign_report_left(run->report, waiting->row.path, "", why->text);
}

/* Before the journal has a new letter its plan is asked for: what the gateway asks for
 * later may be more, or less, and make another digest of the same letter. */
static bool keep(struct run *run, struct waiting *waiting)
{
    const struct sign_way way = way_of(run);
    struct sign_wanted wanted;
    struct segel_error error;
    struct sg_error why = {0};

    int code = sign_plan_get(&way, &waiting->row, &waiting->asked, &wanted, &error);
    if (code != SEGEL_OK) {
        (void)take_failure(run, waiting, code, &error);
        return false;
    }
    enum sg_status status =
        sign_ask_keep(way.journal, &waiting->row, wanted.terms, &waiting->asked, &why);
    if (status != SG_OK) {
        stop_at(run, waiting, status, &why);
    }
    return status == SG_OK;
}

/* Whether the letter waits to be sent. */
static bool sort_out(struct run *run, struct waiting *waiting)
{
    struct sign_asked *asked = &waiting->asked;
    struct sg_error why = {0};
    enum sg_status status =
        sign_ask(run->job->journal, &waiting->row, run->job->leave, asked, &why);

    if (status != SG_OK) {
        stop_at(run, waiting, status, &why);
        return false;
    }
    if (asked->what == SIGN_ASK_REFUSE) {
        run_refuse(run, waiting->row.path, asked->reason, why.text);
    } else if (asked->what == SIGN_ASK_THERE) {
        sign_report_skipped(run->report, waiting->row.path, asked->output, "", 0);
    } else if (asked->what == SIGN_ASK_DONE) {
        report_done(run, journal_at(run->job->journal, asked->number - 1), &waiting->row,
                    asked->output);
    }
    return asked->what == SIGN_ASK && (asked->again || keep(run, waiting));
}

static void take_row(struct run *run)
{
    struct waiting *waiting = &run->group[run->group_len];
    struct sg_error why = {0};
    enum sg_status status = sign_source_next(run->job->source, &waiting->row, &why);

    if (status != SG_OK) {
        run->drained = true;
        if (status != SG_NOT_FOUND) {
            run_stop(run, status, why.text);
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
        run_stop(run, status, why.text);
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
        open = run_take_one(run);
    }
}

/* One that the journal knows may have been signed by an earlier part of the run. output:
 * with the folder; "": it has no place there. */
static void leave(struct run *run, const struct sign_row *row, const char *output)
{
    struct journal_letter *letter = journal_find(run->job->journal, row->output);
    char request_id[JOURNAL_ID_SIZE] = "";

    if (letter != NULL && letter->state == JOURNAL_SIGNED && file_exists(output)) {
        report_done(run, letter, row, output);
        return;
    }
    if (letter != NULL) {
        journal_id(run->job->journal, letter, request_id);
    }
    sign_report_left(run->report, row->path, request_id, run->why.text);
}

/* Every letter has its row, also where nothing was asked for any more. */
static void leave_rest(struct run *run)
{
    struct sign_row row;
    struct sg_error why = {0};

    for (size_t i = run->group_next; i < run->group_len; i++) {
        leave(run, &run->group[i].row, run->group[i].asked.output);
    }
    while (!run->drained && sign_source_next(run->job->source, &row, &why) == SG_OK) {
        char output[JOURNAL_TEXT_MAX] = "";
        bool placed = sign_place(&row, output, &why) == SG_OK;
        leave(run, &row, placed ? output : "");
        sign_row_fini(&row);
    }
}

enum sg_status sign_run(const struct sign_job *job, struct sign_report *report,
                        struct sg_error *why)
{
    struct run run = {.job = job, .report = report, .ready.home = job->home};
    struct segel_error error;

    run.group = (struct waiting *)calloc(GROUP, sizeof(*run.group));
    if (run.group == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "%s", sg_status_text(SG_NO_MEMORY));
    }
    int code = segel_bulk_open(job->plans->segel, NULL, &run.bulk, &error);
    if (code == SEGEL_OK) {
        drive(&run);
    } else {
        run_stop(&run, sign_status(code, &error, why),
                 code == SEGEL_CANCELLED ? "stopped" : error.text);
    }
    if (run.status != SG_OK) {
        leave_rest(&run);
    }
    sign_extend_close(run.extend);
    segel_bulk_close(run.bulk);
    for (size_t i = 0; i < GROUP; i++) {
        sign_row_fini(&run.group[i].row);
    }
    free(run.group);
    return run.status == SG_OK ? SG_OK : sg_fail(why, run.status, "%s", run.why.text);
}
