#include <stdio.h>
#include <stdlib.h>

#include "client/commands/sign/interrupt.h"
#include "client/commands/sign/level.h"
#include "client/commands/sign/run_inside.h"
#include "client/segel/outcome.h"

enum { UNWRITTEN_MAX = 3 };

void run_stop(struct run *run, enum sg_status status, const char *text)
{
    if (run->status == SG_OK) {
        run->status = sg_fail(&run->why, status, "%s", text);
    }
}

static const char stopping[] =
    "stopping: what is under way is finished; once more Ctrl-C gives that up too";
static const char stopping_cut_off[] =
    "stopping: there is no connection to the gateway, so what is under way is given up";

/* Whether letters wait for a gateway to which there is no connection. */
static bool is_cut_off(struct run *run)
{
    struct segel_progress progress = SEGEL_INIT(progress);

    segel_bulk_progress(run->bulk, &progress);
    return progress.sent > 0 && !progress.connected;
}

void run_heed_signals(struct run *run)
{
    int interrupts = sign_interrupt_count();

    if (interrupts > 0 && run->status == SG_OK) {
        bool cut_off = is_cut_off(run);
        sign_report_note(run->report, cut_off ? stopping_cut_off : stopping);
        run_stop(run, SG_CANCELLED, "stopped");
    }
    if (interrupts > 0 && !run->given_up && is_cut_off(run)) {
        segel_bulk_cancel(run->bulk);
    }
    if (interrupts > 1 && !run->given_up) {
        run->given_up = true;
        segel_bulk_cancel(run->bulk);
        if (run->extend != NULL) {
            sign_extend_cancel(run->extend);
        }
    }
}

/* --- Outcomes ---------------------------------------------------------------------- */

void run_refuse(struct run *run, const char *path, const char *code, const char *text)
{
    const struct sign_refusal refusal = {
        .path = path, .code = code, .text = text, .request_id = ""};

    sign_report_refused(run->report, &refusal);
}

void run_settle(struct run *run, uint32_t number, enum journal_state state,
                uint64_t log_index)
{
    struct sg_error why = {0};
    enum sg_status status =
        journal_settle(run->job->journal, number, state, log_index, &why);

    if (status != SG_OK) {
        run_stop(run, status, why.text);
    }
}

/* What the id gives, and goes on to give, is longer than the letter's room. */
static bool has_no_room(const struct segel_outcome *outcome)
{
    return outcome->code == SEGEL_FAULT && strcmp(outcome->reason, "no-room") == 0;
}

/* No program sends such a letter, so what the journal has of it was not sent. */
static bool cannot_be_signed(const struct segel_outcome *outcome)
{
    return outcome->code == SEGEL_REFUSED && pdf_refusal_lasts(outcome->reason);
}

/* Whether this request id will never give the letter a signature. A denial of one that
 * may have been sent before says nothing: it may be of now, and the signature of then.
 * Not so a conflict: the ledger keeps the id for other content, whatever else changes. */
static bool is_final(const struct run *run, const struct segel_outcome *outcome,
                     bool again)
{
    bool answered = outcome_result(outcome) != NULL;

    if ((outcome->code == SEGEL_CONFLICT && answered) || has_no_room(outcome) ||
        (!answered && cannot_be_signed(outcome))) {
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
    "template, the policy's statement or logo, the signer's name, this program or, in "
    "a journal that does not keep it, the room for the signature changed since. What may "
    "have been signed then is in no file; the next run signs it as a new letter";
static const char no_room[] = "%s. It is signed, and in no file; the next run signs it "
                              "as a new letter";

/* A disk that is full would be found full by every letter that is signed after this one,
 * and a key's signatures be too long for the room of each. */
static void count_unwritten(struct run *run, const char *reason, const char *text)
{
    run->unwritten +=
        strcmp(reason, "not-written") == 0 || strcmp(reason, "no-room") == 0 ? 1 : 0;
    if (run->unwritten >= UNWRITTEN_MAX) {
        run_stop(run, SG_IO, text);
    }
}

static void take_refusal(struct run *run, const struct segel_outcome *outcome,
                         const struct sign_sent *sent)
{
    bool known = outcome->code == SEGEL_CONFLICT && sent->again;
    char text[sizeof(struct segel_error) + sizeof(no_room)];
    const struct sign_refusal refusal = {.path = sent->path,
                                         .code = outcome->reason,
                                         .text = text,
                                         .request_id = outcome->request_id,
                                         .result = outcome_result(outcome),
                                         .beside = sent->beside};

    (void)snprintf(text, sizeof(text), has_no_room(outcome) ? no_room : "%s",
                   known ? conflict : outcome->text);

    if (is_final(run, outcome, sent->again)) {
        run_settle(run, sent->number, JOURNAL_REFUSED, 0);
    }
    sign_report_refused(run->report, &refusal);
    count_unwritten(run, outcome->reason, outcome->text);
}

/* --- Letters that are there -------------------------------------------------------- */

static void report_signed(struct run *run, const struct segel_outcome *outcome,
                          const struct sign_sent *sent)
{
    const struct sign_extension *extension = &sent->extension;
    bool raised = sent->raises && !extension->as_is;
    const struct sign_success success = {
        .path = sent->path,
        .output = sent->output,
        .level = raised ? extend_level_word(extension->reached)
                        : sign_level_signed(sent->profile, outcome->downgraded != 0),
        .less =
            raised && extension->reached != extension->level ? extension->why.text : NULL,
        .result = outcome_result(outcome)};

    run->unwritten = 0;
    run_settle(run, sent->number, JOURNAL_SIGNED, outcome->log_index);
    sign_report_signed(run->report, &success);
    if (run->job->receipts != NULL) {
        sign_receipts_add(run->job->receipts, outcome->request_id, sent->output);
    }
}

/* The letter stays open: its signature can be had again. */
static void report_unwritten(struct run *run, const struct segel_outcome *outcome,
                             const struct sign_sent *sent, const char *code,
                             const char *text)
{
    const struct sign_refusal refusal = {.path = sent->path,
                                         .code = code,
                                         .text = text,
                                         .request_id = outcome->request_id,
                                         .result = outcome_result(outcome),
                                         .beside = sent->beside};

    sign_report_refused(run->report, &refusal);
    count_unwritten(run, code, text);
}

/* --- Extending --------------------------------------------------------------------- */

/* One that was signed and cannot be extended has no name: that would promise a level that
 * it does not have. */
static void take_unextended(struct run *run, const struct sign_sent *sent)
{
    const struct sign_extension *extension = &sent->extension;
    char text[sizeof(struct sg_error) + 256];

    if (extension->status == SG_CANCELLED && sign_interrupt_count() > 0) {
        sign_report_left(run->report, sent->path, sent->outcome->request_id, "stopped");
        return;
    }
    if (extension->unwritten) {
        report_unwritten(run, sent->outcome, sent, "not-written", extension->why.text);
        return;
    }
    (void)snprintf(text, sizeof(text),
                   "it is signed, and not yet of the level %s: %s. Nothing was written; "
                   "with --resume it is tried again, with --resume --or-less it is kept "
                   "at the level that it has",
                   extend_level_word(extension->level), extension->why.text);
    if (extension->lost) {
        run_stop(run, SG_IO, text);
        sign_report_left(run->report, sent->path, sent->outcome->request_id, text);
    } else {
        report_unwritten(run, sent->outcome, sent, "not-extended", text);
    }
}

static void take_extended(struct run *run, struct sign_sent *sent)
{
    if (sent->extension.status == SG_OK) {
        report_signed(run, sent->outcome, sent);
    } else {
        take_unextended(run, sent);
    }
    segel_outcome_free(sent->outcome);
    free(sent);
}

static void put_extension(struct run *run, const struct segel_outcome *outcome,
                          struct sign_sent *sent)
{
    struct sign_extension *extension = &sent->extension;

    sent->outcome = outcome;
    extension->user = sent;
    extension->output = sent->output;
    extension->pdf = slice_of(outcome->pdf, outcome->pdf_len);
    extension->as_is = outcome->downgraded != 0;
    sign_extend_put(run->extend, extension);
}

static void take_extensions(struct run *run, unsigned wait_ms)
{
    struct sign_extension *extension = NULL;

    while (run->extend != NULL &&
           (extension = sign_extend_take(run->extend, wait_ms)) != NULL) {
        take_extended(run, (struct sign_sent *)extension->user);
        wait_ms = 0;
    }
}

static bool asks_to_extend(const struct waiting *waiting, enum extend_level *level)
{
    return sign_level_read(waiting->row.options.profile, level);
}

bool run_can_extend(struct run *run, const struct waiting *waiting)
{
    struct sg_error why = {0};
    enum extend_level level;
    bool lost = false;

    if (!asks_to_extend(waiting, &level)) {
        return true;
    }
    if (run->extend == NULL &&
        sign_extend_open(run->job->home, &run->extend, &why) != SG_OK) {
        run_stop(run, SG_NO_MEMORY, why.text);
        return false;
    }
    enum sg_status status =
        waiting->row.options.or_less
            ? SG_OK
            : sign_ready_ask(&run->ready, waiting->row.options.key, &lost, &why);
    if (status == SG_OK) {
        return true;
    }
    if (status == SG_CANCELLED && sign_interrupt_count() > 0) {
        run_heed_signals(run);
    } else if (lost) {
        run_stop(run, SG_IO, why.text);
    } else {
        run_refuse(run, waiting->row.path, "validation-data", why.text);
    }
    return false;
}

/* --- Taking ------------------------------------------------------------------------ */

static void take_signed(struct run *run, const struct segel_outcome *outcome,
                        const struct sign_sent *sent)
{
    struct sg_error why = {0};

    if (sign_sent_write(sent, outcome, &why) != SG_OK) {
        report_unwritten(run, outcome, sent, "not-written", why.text);
        return;
    }
    report_signed(run, outcome, sent);
}

/* The gateway may call a letter cancelled, too: that is its answer, and no stop. */
static bool is_left(const struct segel_outcome *outcome)
{
    return outcome->code == SEGEL_UNREACHABLE ||
           (outcome->code == SEGEL_CANCELLED && sign_interrupt_count() > 0);
}

static void take(struct run *run, const struct segel_outcome *outcome)
{
    struct sign_sent *sent = (struct sign_sent *)outcome->user;

    if (outcome->code == SEGEL_OK && sent->raises) {
        put_extension(run, outcome, sent);
        return;
    }
    if (outcome->code == SEGEL_UNREACHABLE) {
        run_stop(run, SG_IO, outcome->text);
    }
    if (is_left(outcome)) {
        sign_report_left(run->report, sent->path, outcome->request_id, outcome->text);
    } else if (outcome->code == SEGEL_OK) {
        take_signed(run, outcome, sent);
    } else {
        take_refusal(run, outcome, sent);
    }
    segel_outcome_free(outcome);
    free(sent);
}

static void look_around(struct run *run)
{
    struct segel_progress progress = SEGEL_INIT(progress);

    segel_bulk_progress(run->bulk, &progress);
    if (progress.lost > run->lost) {
        sign_report_note(run->report, "the connection is lost; connecting again");
        run->lost = progress.lost;
    }
    run_heed_signals(run);
}

/* Letters that are being extended are in memory: no more than so many of them. */
bool run_take_one(struct run *run)
{
    const struct segel_outcome *outcome = NULL;
    bool full = run->extend != NULL && sign_extend_full(run->extend);
    int code =
        full ? SEGEL_TIMEOUT : segel_bulk_next(run->bulk, SIGN_LOOK_MS, &outcome, NULL);

    look_around(run);
    if (code == SEGEL_OK) {
        take(run, outcome);
    }
    take_extensions(run, full || code == SEGEL_END ? SIGN_LOOK_MS : 0);
    return code != SEGEL_END ||
           (run->extend != NULL && sign_extend_open_count(run->extend) > 0);
}
