#include "client/segel/outcome.h"

#include <stdio.h>
#include <stdlib.h>

#include "client/channel/unpack.h"
#include "client/segel/error.h"
#include "client/segel/prepared.h"
#include "client/verify/known.h"

/* Load passes within seconds. What names a longer time is an answer: a quota of the day,
 * or a mandate that has not begun, says no until then. */
enum { PAUSE_MAX_US = 60000000 };

/* --- What the gateway said --------------------------------------------------------- */

static const Segel__V1__PolicyDenial *denial_of(const Segel__V1__SignResult *result)
{
    return result->status == NULL ? NULL : result->status->denial;
}

static void copy_failure(struct segel_failure *out, const Segel__V1__RuleVerdict *rule)
{
    *out = (struct segel_failure){.rule = rule->rule,
                                  .cp_section = rule->cp_section,
                                  .code = rule->code,
                                  .fact = rule->fact,
                                  .found = rule->found,
                                  .required = rule->required,
                                  .message = rule->message};
}

/* Without memory the sentence has to do. */
static void copy_failures(struct outcome *outcome)
{
    const Segel__V1__PolicyDenial *denial = denial_of(outcome->result);
    size_t count = denial == NULL ? 0 : denial->n_failures;

    if (count > 0) {
        outcome->failures =
            (struct segel_failure *)calloc(count, sizeof(struct segel_failure));
    }
    if (outcome->failures == NULL) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        copy_failure(&outcome->failures[i], denial->failures[i]);
    }
    outcome->view.failures = outcome->failures;
    outcome->view.failure_count = count;
}

static void say(struct outcome *outcome, const struct segel_error *error)
{
    outcome->error = *error;
    outcome->view.code = error->code;
    outcome->view.reason = outcome->error.reason;
    outcome->view.text = outcome->error.text;
}

/* The deciding rule's own sentence, when there is one. */
static void say_refusal(struct outcome *outcome)
{
    const Segel__V1__ItemStatus *status = outcome->result->status;
    const struct segel_failure *rule = outcome->failures;
    struct segel_error error;

    if (rule == NULL) {
        (void)error_set(&error, error_code_of_grpc(status->code), status->reason, "%s",
                        status->message);
    } else {
        /* A policy may have words about an id that was used before. */
        enum segel_code code = error_code_of_grpc(status->code);
        (void)error_set(&error, code == SEGEL_CONFLICT ? code : SEGEL_DENIED, rule->code,
                        "%s", rule->message[0] == '\0' ? status->message : rule->message);
        (void)snprintf(error.rule, sizeof(error.rule), "%s", rule->rule);
        (void)snprintf(error.cp_section, sizeof(error.cp_section), "%s",
                       rule->cp_section);
    }
    say(outcome, &error);
}

static void fill_view(struct outcome *outcome)
{
    const Segel__V1__SignResult *result = outcome->result;
    struct segel_outcome *view = &outcome->view;

    view->signature = result->signature.len == 0 ? NULL : result->signature.data;
    view->signature_len = result->signature.len;
    view->decision_id = result->decision_id;
    view->attempt = result->attempt;
    view->replayed = result->replayed != 0;
    view->downgraded = result->downgraded != 0;
    if (result->log != NULL) {
        view->log_origin = result->log->origin;
        view->log_index = result->log->index;
    }
}

struct outcome *outcome_new(void)
{
    struct outcome *outcome = (struct outcome *)calloc(1, sizeof(*outcome));

    if (outcome != NULL) {
        outcome->view = (struct segel_outcome){.size = sizeof(outcome->view),
                                               .request_id = "",
                                               .reason = "",
                                               .text = "",
                                               .decision_id = "",
                                               .log_origin = ""};
    }
    return outcome;
}

void outcome_answer(struct outcome *outcome, Segel__V1__SignResult *result)
{
    outcome->result = result;
    fill_view(outcome);
    copy_failures(outcome);
    if (result->status != NULL && result->status->code != 0) {
        say_refusal(outcome);
    }
}

void outcome_spoil(struct outcome *outcome, const struct segel_error *error)
{
    say(outcome, error);
}

int64_t outcome_pause_us(const Segel__V1__SignResult *result)
{
    int64_t pause_us = result->status == NULL || result->status->code == 0
                           ? 0
                           : result->status->retry_after_us;

    return pause_us < 0 || pause_us > PAUSE_MAX_US ? 0 : pause_us;
}

/* --- What it means for the letter -------------------------------------------------- */

void outcome_name(struct outcome *outcome, struct kept_letter *kept)
{
    outcome->view.request_id = kept->letter.request_id;
    outcome->view.path = kept->letter.path;
    outcome->view.output = kept->letter.output;
    outcome->view.user = kept->letter.user;
    outcome->keeps = kept->letter.keep != 0;
    outcome->block = kept->block;
    kept->block = NULL;
}

static int check(const struct outcome *outcome, const struct segel_prepared *prepared,
                 const struct segel_plan *plan, struct segel_error *error)
{
    struct slice cms = slice_of(outcome->view.signature, outcome->view.signature_len);
    struct slice digest = slice_of(prepared->digest, prepared->digest_len);
    struct sg_error why = {0};

    if (cms.len == 0) {
        return error_set(error, SEGEL_FAULT, NULL,
                         "the gateway's answer holds no signature");
    }
    if (plan->is_cms && verify_answer_known(plan->known, cms, digest, &why) != SG_OK) {
        return error_set(error, SEGEL_FAULT, "false-answer", "%s", why.text);
    }
    return SEGEL_OK;
}

bool outcome_begin(struct outcome *outcome, struct segel_prepared **prepared,
                   const struct segel_plan *plan, struct pdf_file *file)
{
    struct segel_outcome *view = &outcome->view;
    struct segel_error error;
    bool is_pdf = (*prepared)->job != NULL;

    int code = check(outcome, *prepared, plan, &error);
    if (code == SEGEL_OK && is_pdf) {
        code = prepared_embed(*prepared, slice_of(view->signature, view->signature_len),
                              view->output, file, &error);
        view->pdf = segel_prepared_pdf(*prepared, &view->pdf_len);
    }
    if (code != SEGEL_OK) {
        outcome_spoil(outcome, &error);
    } else if (view->pdf != NULL) {
        outcome->prepared = *prepared;
        *prepared = NULL;
    }
    bool begun = code == SEGEL_OK && is_pdf && view->output != NULL;
    if (begun && outcome->keeps) {
        file->own = file->len;
    }
    return begun;
}

void outcome_end(struct outcome *outcome, const struct pdf_file *file)
{
    struct segel_error error;

    if (prepared_written(file, &error) != SEGEL_OK) {
        outcome_spoil(outcome, &error);
    }
}

void outcome_finish(struct outcome *outcome, struct segel_prepared **prepared,
                    const struct segel_plan *plan)
{
    struct pdf_file file;

    if (outcome_begin(outcome, prepared, plan, &file)) {
        pdf_files_end(&file, 1);
        outcome_end(outcome, &file);
    }
}

void outcome_free(struct outcome *outcome)
{
    if (outcome == NULL) {
        return;
    }
    if (outcome->result != NULL) {
        unpack_free(&outcome->result->base);
    }
    segel_prepared_free(outcome->prepared);
    free(outcome->failures);
    free(outcome->block);
    free(outcome);
}

void segel_outcome_free(const struct segel_outcome *view)
{
    outcome_free((struct outcome *)sg_unconst(view));
}

const Segel__V1__SignResult *outcome_result(const struct segel_outcome *view)
{
    return ((const struct outcome *)(const void *)view)->result;
}
