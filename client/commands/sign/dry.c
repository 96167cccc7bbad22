#include "client/commands/sign/dry.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "client/channel/channel.h"
#include "client/channel/unpack.h"
#include "client/commands/sign/ask.h"
#include "client/commands/sign/beside.h"
#include "client/commands/sign/interrupt.h"
#include "client/commands/sign/ready.h"
#include "client/commands/sign/terms.h"
#include "client/console/file.h"

enum {
    PATIENCE_MS = 30000,
    ANSWERS_KEPT = 64,
    KEY_SIZE = SHA256_DIGEST_LENGTH,
    PAUSE_NS = 500000000 /* before asking a gateway again that has answered enough */
};

struct answer {
    uint8_t key[KEY_SIZE];
    ProtobufCMessage *reply; /* owned; NULL = free */
    struct sg_error refusal; /* of the question itself, instead of a reply */
    bool refused;
};
struct dry {
    struct sign_plans *plans;
    struct channel *channel;
    struct sign_report *report;
    struct sign_ready ready;
    bool has_waited;
    size_t next; /* answer to be replaced */
    struct answer answers[ANSWERS_KEPT];
};

/* A letter as it would be sent. */
struct question {
    const struct sign_row *row;
    struct sign_plan wanted;
    struct segel_plan *plan;         /* borrowed */
    struct segel_prepared *prepared; /* owned */
};

static void refuse(struct dry *dry, const struct sign_row *row, const char *code,
                   const char *text, const Segel__V1__SignResult *result)
{
    const struct sign_refusal refusal = {.path = row->path,
                                         .code = code,
                                         .text = text,
                                         .request_id = "",
                                         .result = result,
                                         .beside = sign_beside(&row->options)};

    sign_report_refused(dry->report, &refusal);
}

/* --- Answers ----------------------------------------------------------------------- */

static const char *word_of(const Segel__V1__ItemStatus *status)
{
    const Segel__V1__PolicyDenial *denial = status == NULL ? NULL : status->denial;

    if (denial != NULL && denial->n_failures > 0) {
        return denial->failures[0]->code;
    }
    return status != NULL && status->reason[0] != '\0' ? status->reason : "denied";
}

/* As libsegel words a refusal: the rule's own sentence; which rule is said by the report.
 */
static const char *sentence_of(const Segel__V1__ItemStatus *status)
{
    const Segel__V1__PolicyDenial *denial = status == NULL ? NULL : status->denial;

    if (denial != NULL && denial->n_failures > 0 &&
        denial->failures[0]->message[0] != '\0') {
        return denial->failures[0]->message;
    }
    return status == NULL ? "the gateway would refuse it" : status->message;
}

static void tell(struct dry *dry, const struct sign_row *row, const struct answer *answer)
{
    const Segel__V1__ExplainResponse *reply =
        (const Segel__V1__ExplainResponse *)(const void *)answer->reply;
    Segel__V1__SignResult result; /* what Sign would say, for the report */

    if (answer->refused) {
        refuse(dry, row, "question", answer->refusal.text, NULL);
        return;
    }
    if (reply->decision == SEGEL__V1__DECISION__DECISION_ALLOW) {
        sign_report_allowed(dry->report, row->path);
        return;
    }
    segel__v1__sign_result__init(&result);
    result.status = reply->status;
    refuse(dry, row, word_of(reply->status), sentence_of(reply->status), &result);
}

static void forget(struct answer *answer)
{
    unpack_free(answer->reply);
    *answer = (struct answer){.reply = NULL};
}

/* --- Questions --------------------------------------------------------------------- */

static enum sg_status send_question(struct dry *dry, const struct question *question,
                                    ProtobufCMessage **reply, struct sg_error *why)
{
    Segel__V1__ExplainRequest request;
    Segel__V1__SignTerms terms = question->wanted.terms;
    Segel__V1__SignItem item;
    size_t len = 0;
    const void *digest = segel_prepared_digest(question->prepared, &len);
    const char *hash = segel_plan_hash(question->plan);
    const struct unary unary = {.path = "/segel.v1.SigningService/Explain",
                                .timeout_ms = PATIENCE_MS,
                                .request = &request.base,
                                .reply_type = &segel__v1__explain_response__descriptor};

    segel__v1__explain_request__init(&request);
    segel__v1__sign_item__init(&item);
    terms.hash_algorithm = (Segel__V1__HashAlgorithm)sg_hash_parse(hash);
    item.digest =
        (ProtobufCBinaryData){.len = len, .data = (uint8_t *)sg_unconst(digest)};
    request.terms = &terms;
    request.item = &item;
    return channel_unary(dry->channel, &unary, reply, NULL, why);
}

/* Until the gateway takes questions again. */
static enum sg_status wait_a_little(struct dry *dry, const struct sg_error *said)
{
    const struct timespec pause = {.tv_nsec = PAUSE_NS};

    if (!dry->has_waited) {
        sign_report_note(dry->report, said->text);
        dry->has_waited = true;
    }
    (void)nanosleep(&pause, NULL);
    return sign_interrupt_count() > 0 ? SG_CANCELLED : SG_OK;
}

static bool is_stopped(enum sg_status status)
{
    return status == SG_CANCELLED && sign_interrupt_count() > 0;
}

/* Fills the answer. A failure ends the run. */
static enum sg_status ask(struct dry *dry, const struct question *question,
                          struct answer *answer, struct sg_error *why)
{
    enum sg_status status = send_question(dry, question, &answer->reply, why);

    while (status == SG_BUSY) {
        enum sg_status waited = wait_a_little(dry, why);
        if (waited != SG_OK) {
            return sg_fail(why, waited, "stopped");
        }
        status = send_question(dry, question, &answer->reply, why);
    }
    if (status == SG_OK || channel_lost(status) || is_stopped(status)) {
        return status;
    }
    if (status == SG_TIMEOUT) {
        return SG_IO;
    }
    answer->refused = true;
    answer->refusal = *why;
    return SG_OK;
}

/* All that the gateway judges by. The look is not: it is told whether the statement
 * shows. */
static void key_of(const struct question *question, uint8_t out[KEY_SIZE])
{
    const struct sign_options *options = &question->row->options;
    struct sign_options judged = {.key = options->key,
                                  .profile = options->profile,
                                  .document_class = options->document_class,
                                  .approval = options->approval,
                                  .mandate = options->mandate,
                                  .batch = options->batch,
                                  .hash = options->hash,
                                  .scheme = options->scheme,
                                  .notice = question->wanted.terms.notice_shown != 0};
    uint8_t text[SIGN_TERMS_SIZE + SG_HASH_MAX] = {0};
    size_t len = 0;
    const void *digest = segel_prepared_digest(question->prepared, &len);

    sign_terms_hash(&judged, text);
    if (options->mandate != NULL && options->mandate[0] != '\0') {
        memcpy(text + SIGN_TERMS_SIZE, digest, len < SG_HASH_MAX ? len : SG_HASH_MAX);
    }
    (void)SHA256(text, sizeof(text), out);
}

static bool is_kept(const struct answer *answer)
{
    return answer->reply != NULL || answer->refused;
}

static enum sg_status find_answer(struct dry *dry, const struct question *question,
                                  const struct answer **out, struct sg_error *why)
{
    uint8_t key[KEY_SIZE];

    key_of(question, key);
    for (size_t i = 0; i < ANSWERS_KEPT; i++) {
        if (is_kept(&dry->answers[i]) &&
            memcmp(dry->answers[i].key, key, KEY_SIZE) == 0) {
            *out = &dry->answers[i];
            return SG_OK;
        }
    }
    struct answer *answer = &dry->answers[dry->next];
    dry->next = (dry->next + 1) % ANSWERS_KEPT;
    forget(answer);
    memcpy(answer->key, key, KEY_SIZE);
    *out = answer;
    return ask(dry, question, answer, why);
}

/* --- Validation data --------------------------------------------------------------- */

/* *refused: it is told. What else fails ends the run, as it would end that which signs.
 */
static enum sg_status ask_validation(struct dry *dry, const struct question *question,
                                     bool *refused, struct sg_error *why)
{
    const struct sign_row *row = question->row;
    bool lost = false;

    if (!question->wanted.raises || row->options.or_less) {
        return SG_OK;
    }
    enum sg_status status = sign_ready_ask(&dry->ready, row->options.key, &lost, why);
    if (status == SG_OK || is_stopped(status)) {
        return status;
    }
    if (lost) {
        return SG_IO;
    }
    refuse(dry, row, "validation-data", why->text, NULL);
    *refused = true;
    return SG_OK;
}

/* --- Letters ----------------------------------------------------------------------- */

/* Of a file that is no letter the digest is all that is needed. */
static int prepare_beside(struct question *question, struct segel_error *error)
{
    struct segel_letter letter = SEGEL_INIT(letter);
    uint8_t digest[SG_HASH_MAX];
    struct sg_error why = {0};

    if (sign_beside_digest(question->row->path, question->plan, digest,
                           &letter.digest_len, &why) != SG_OK) {
        *error = (struct segel_error){.code = SEGEL_FILE, .reason = "unreadable"};
        (void)snprintf(error->text, sizeof(error->text), "%s", why.text);
        return SEGEL_FILE;
    }
    letter.request_id = "dry-run";
    letter.digest = digest;
    return segel_prepare(question->plan, &letter, &question->prepared, error);
}

static int prepare(struct dry *dry, struct question *question, struct segel_error *error)
{
    struct segel_letter letter = SEGEL_INIT(letter);
    struct segel_look look = SEGEL_INIT(look);
    struct sg_error why = {0};

    if (sign_plan_read(&question->row->options, &question->wanted, &why) != SG_OK) {
        *error = (struct segel_error){.code = SEGEL_USAGE, .reason = "terms"};
        (void)snprintf(error->text, sizeof(error->text), "%s", why.text);
        return SEGEL_USAGE;
    }
    int code = sign_plans_get(dry->plans, &question->wanted, &question->plan, error);
    if (code != SEGEL_OK) {
        return code;
    }
    if (sign_beside(&question->row->options)) {
        return prepare_beside(question, error);
    }
    sign_look(&question->wanted, &look);
    letter.request_id = "dry-run";
    letter.path = question->row->path;
    letter.look = &look;
    return segel_prepare(question->plan, &letter, &question->prepared, error);
}

static enum sg_status judge(struct dry *dry, const struct sign_row *row,
                            struct sg_error *why)
{
    struct question question = {.row = row};
    const struct answer *answer = NULL;
    struct segel_error error;
    bool refused = false;
    int code = prepare(dry, &question, &error);
    enum sg_status status = SG_OK;

    if (code == SEGEL_UNREACHABLE) {
        status = sg_fail(why, SG_IO, "%s", error.text);
    } else if (code != SEGEL_OK) {
        refuse(dry, row, error.reason, error.text, NULL);
    } else {
        status = ask_validation(dry, &question, &refused, why);
    }
    if (status == SG_OK && code == SEGEL_OK && !refused) {
        status = find_answer(dry, &question, &answer, why);
    }
    if (status == SG_OK && answer != NULL) {
        tell(dry, row, answer);
    }
    segel_prepared_free(question.prepared);
    return status;
}

/* What the run itself would meet, where -o is known. True: nothing is to be asked. */
static bool is_told(struct dry *dry, const struct sign_row *row)
{
    char output[JOURNAL_TEXT_MAX];
    struct sg_error why = {0};

    if (row->options.out == NULL) {
        return false;
    }
    enum sg_status status = sign_place(row, output, &why);
    bool forces = row->options.force && !row->options.resume;
    bool is_there = status == SG_OK && file_exists(output) && !forces;
    if (is_there && row->options.resume) {
        sign_report_skipped(dry->report, row->path, output, "", 0);
        return true;
    }
    if (is_there) {
        status = sign_in_the_way(output, &why);
    }
    if (status != SG_OK) {
        refuse(dry, row, "output", why.text, NULL);
    }
    return status != SG_OK;
}

static enum sg_status judge_all(struct dry *dry, struct sign_source *source,
                                struct sg_error *why)
{
    struct sign_row row = {.block = NULL};
    enum sg_status status = sign_source_next(source, &row, why);

    while (status == SG_OK) {
        status = is_told(dry, &row) ? SG_OK : judge(dry, &row, why);
        sign_row_fini(&row);
        if (status == SG_OK && sign_interrupt_count() > 0) {
            status = sg_fail(why, SG_CANCELLED, "stopped");
        }
        if (status == SG_OK) {
            status = sign_source_next(source, &row, why);
        }
    }
    return status == SG_NOT_FOUND ? SG_OK : status;
}

enum sg_status sign_dry_run(struct sign_source *source, const struct sign_dry *with,
                            struct sg_error *why)
{
    struct dry *dry = (struct dry *)calloc(1, sizeof(*dry));

    if (dry == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "%s", sg_status_text(SG_NO_MEMORY));
    }
    dry->plans = with->plans;
    dry->channel = with->channel;
    dry->report = with->report;
    dry->ready.home = with->home;
    enum sg_status status = judge_all(dry, source, why);
    for (size_t i = 0; i < ANSWERS_KEPT; i++) {
        forget(&dry->answers[i]);
    }
    free(dry);
    return status;
}
