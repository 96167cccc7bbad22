#include <errno.h>
#include <time.h>

#include "client/channel/moment.h"
#include "client/channel/unpack.h"
#include "client/segel/gateway.h"
#include "client/segel/outcome.h"
#include "client/segel/prepared.h"

/* One digest, one letter: asked for until the gateway's last word, or until the time is
 * over. A batch of one, because its answer says of the item what a stream would. */
enum { ATTEMPTS = 8, FIRST_PAUSE_US = 250000 };

struct errand {
    struct segel *segel;
    const struct segel_plan *plan;
    struct slice digest;
    const char *request_id;
    int64_t deadline_us; /* monotonic: the letter's; 0 = none */
    int64_t until_us;    /* monotonic */
    unsigned attempts;
};

static int64_t left_us(const struct errand *errand)
{
    return errand->until_us - moment_mono_us();
}

static void rest(int64_t pause_us)
{
    struct timespec left = {.tv_sec = pause_us / 1000000,
                            .tv_nsec = pause_us % 1000000 * 1000};

    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
}

/* Takes the only result out of the answer; NULL: it is none for this request. */
static Segel__V1__SignResult *take_result(ProtobufCMessage *reply, const char *request_id)
{
    Segel__V1__SignBatchResponse *response =
        (Segel__V1__SignBatchResponse *)(void *)reply;
    Segel__V1__SignResult *result = NULL;

    if (response->n_results == 1 &&
        strcmp(response->results[0]->request_id, request_id) == 0) {
        result = response->results[0];
        response->results[0] = NULL;
    }
    unpack_free(reply);
    return result;
}

/* Of a call that failed as a whole. */
static int64_t pause_after(const struct errand *errand, int code,
                           const struct gateway_question *question)
{
    bool passes = question->lost || code == SEGEL_UNAVAILABLE || code == SEGEL_BUSY;

    if (question->retry_us > 0) {
        return question->retry_us;
    }
    return passes ? (int64_t)FIRST_PAUSE_US << errand->attempts : 0;
}

/* *pause_us: after which it is worth to ask again; 0 = it is not. */
static int ask(const struct errand *errand, Segel__V1__SignResult **out,
               int64_t *pause_us, struct segel_error *error)
{
    Segel__V1__SignBatchRequest request;
    Segel__V1__SignTerms terms = errand->plan->terms;
    Segel__V1__SignItem item;
    Segel__V1__SignItem *items[1] = {&item};
    ProtobufCMessage *reply = NULL;

    segel__v1__sign_batch_request__init(&request);
    segel__v1__sign_item__init(&item);
    item.request_id = (char *)sg_unconst(errand->request_id);
    item.digest = (ProtobufCBinaryData){errand->digest.len,
                                        (uint8_t *)sg_unconst(errand->digest.data)};
    request.terms = &terms;
    request.items = items;
    request.n_items = 1;
    struct gateway_question question = {.path = "/segel.v1.SigningService/SignBatch",
                                        .request = &request.base,
                                        .reply_type =
                                            &segel__v1__sign_batch_response__descriptor,
                                        .until_us = errand->until_us};
    int code = gateway_ask_once(errand->segel, &question, &reply, error);
    if (code != SEGEL_OK) {
        *pause_us = pause_after(errand, code, &question);
        return code;
    }
    *out = take_result(reply, errand->request_id);
    *pause_us = *out == NULL ? 0 : outcome_pause_us(*out);
    return *out != NULL ? SEGEL_OK
                        : error_set(error, SEGEL_FAULT, NULL,
                                    "the gateway's answer is for another request");
}

/* Whether there is time and reason for another try; rests before it. */
static bool again(struct errand *errand, int64_t pause_us)
{
    if (pause_us == 0 || ++errand->attempts >= ATTEMPTS || pause_us >= left_us(errand)) {
        return false;
    }
    rest(pause_us);
    return true;
}

static int ask_on(struct errand *errand, Segel__V1__SignResult **out,
                  struct segel_error *error)
{
    for (;;) {
        int64_t pause_us = 0;
        unsigned tries = errand->attempts;
        int code = ask(errand, out, &pause_us, error);
        if (!again(errand, pause_us)) {
            /* Though this try did not come through, one before it may have. */
            return code == SEGEL_TIMEOUT && tries > 0 ? error_unanswered(error) : code;
        }
        if (code == SEGEL_OK) {
            unpack_free(&(*out)->base);
            *out = NULL;
        }
    }
}

static int sign(struct errand *errand, struct outcome **out, struct segel_error *error)
{
    Segel__V1__SignResult *result = NULL;

    errand->until_us =
        moment_mono_us() + (int64_t)errand->segel->way.options.call_ms * 1000;
    if (errand->deadline_us != 0 && errand->deadline_us < errand->until_us) {
        errand->until_us = errand->deadline_us;
    }
    int code = ask_on(errand, &result, error);
    if (code != SEGEL_OK) {
        return code;
    }
    *out = outcome_new();
    if (*out == NULL) {
        unpack_free(&result->base);
        return error_memory(error);
    }
    outcome_answer(*out, result);
    return SEGEL_OK;
}

/* Gives the outcome away; a refusal is the call's failure, too. */
static int hand_out(struct outcome *outcome, const struct segel_outcome **out,
                    struct segel_error *error)
{
    *out = &outcome->view;
    return outcome->view.code == SEGEL_OK ? SEGEL_OK : error_copy(error, &outcome->error);
}

static int sign_kept(struct segel *segel, const struct segel_plan *plan,
                     struct kept_letter *kept, const struct segel_outcome **out,
                     struct segel_error *error)
{
    struct segel_prepared *prepared = NULL;
    struct outcome *outcome = NULL;
    int64_t from_us = moment_mono_us();
    uint32_t deadline_ms = kept->letter.deadline_ms;

    int code = plan_fits(plan, kept, error);
    if (code == SEGEL_OK) {
        code = prepared_make(plan, kept, &prepared, error);
    }
    if (code != SEGEL_OK) {
        return code;
    }
    struct errand errand = {
        .segel = segel,
        .plan = plan,
        .digest = slice_of(prepared->digest, prepared->digest_len),
        .request_id = kept->letter.request_id,
        .deadline_us = deadline_ms == 0 ? 0 : from_us + (int64_t)deadline_ms * 1000};
    code = sign(&errand, &outcome, error);
    if (code == SEGEL_OK && outcome != NULL) {
        outcome_name(outcome, kept);
        if (outcome->view.code == SEGEL_OK) {
            outcome_finish(outcome, &prepared, plan);
        }
        code = hand_out(outcome, out, error);
    }
    segel_prepared_free(prepared);
    return code;
}

int segel_sign(struct segel *segel, const struct segel_plan *plan,
               const struct segel_letter *letter, const struct segel_outcome **out,
               struct segel_error *error)
{
    struct kept_letter kept;

    if (out == NULL) {
        return error_null(error, "out");
    }
    *out = NULL;
    if (segel == NULL) {
        return error_null(error, "segel");
    }
    if (plan == NULL) {
        return error_null(error, "plan");
    }
    int code = gateway_way_check(&segel->way, error);
    if (code != SEGEL_OK) {
        return code;
    }
    code = kept_letter_take(&kept, letter, error);
    if (code == SEGEL_OK) {
        code = sign_kept(segel, plan, &kept, out, error);
    }
    kept_letter_fini(&kept);
    return code;
}
