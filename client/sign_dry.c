#include "client/sign_dry.h"

#include <stdio.h>
#include <stdlib.h>

#include "client/channel.h"
#include "client/sentence.h"
#include "client/sign_interrupt.h"
#include "client/sign_terms.h"
#include "client/unpack.h"
#include "client/words.h"

enum { IN_FLIGHT = 32, PATIENCE_MS = 30000 };

struct dry;

/* A place for one question under way. */
struct berth {
    struct dry *dry;
    struct sign_row row;     /* owned */
    ProtobufCMessage *reply; /* owned */
    bool taken;
};

struct dry {
    struct sign_source *source;
    struct sign_plans *plans;
    struct channel *channel;
    struct sign_report *report;
    size_t under_way;
    bool over; /* no letter is left, or none is to be asked about any more */
    enum sg_status status;
    struct sg_error why;
    struct berth berths[IN_FLIGHT];
};

static void stop(struct dry *dry, enum sg_status status, const char *text)
{
    dry->over = true;
    if (dry->status == SG_OK) {
        dry->status = sg_fail(&dry->why, status, "%s", text);
    }
}

static void refuse(struct dry *dry, const struct sign_row *row, const char *code,
                   const char *text, const Segel__V1__SignResult *result)
{
    const struct sign_refusal refusal = {row->path, code, text, "", result};

    sign_report_refused(dry->report, &refusal);
}

/* --- Answers ----------------------------------------------------------------------- */

static void on_message(void *context, struct slice message)
{
    struct berth *berth = (struct berth *)context;

    if (berth->reply == NULL) {
        berth->reply = unpack(&segel__v1__explain_response__descriptor, message);
    }
}

static const char *word_of(const Segel__V1__ItemStatus *status)
{
    const Segel__V1__PolicyDenial *denial = status == NULL ? NULL : status->denial;

    return denial != NULL && denial->n_failures > 0      ? denial->failures[0]->code
           : status != NULL && status->reason[0] != '\0' ? status->reason
                                                         : "denied";
}

static void judge(const struct berth *berth)
{
    const Segel__V1__ExplainResponse *answer =
        (const Segel__V1__ExplainResponse *)(const void *)berth->reply;
    Segel__V1__SignResult result; /* what Sign would say, for the report */

    if (answer->decision == SEGEL__V1__DECISION__DECISION_ALLOW) {
        sign_report_allowed(berth->dry->report, berth->row.path);
        return;
    }
    segel__v1__sign_result__init(&result);
    result.status = answer->status;
    refuse(berth->dry, &berth->row, word_of(answer->status),
           answer->status == NULL ? "the gateway would refuse it"
                                  : answer->status->message,
           &result);
}

static void on_close(void *context, const struct call_status *status)
{
    struct berth *berth = (struct berth *)context;
    struct dry *dry = berth->dry;
    enum sg_status found = channel_status_of(status->grpc_code);

    dry->under_way--;
    berth->taken = false;
    if (status->grpc_code == 0 && berth->reply != NULL) {
        judge(berth);
    } else if (status->grpc_code == 0) {
        stop(dry, SG_INTERNAL,
             "the gateway's answer is not of the kind that was asked for");
    } else if (channel_lost(found) || found == SG_TIMEOUT) {
        stop(dry, SG_IO, status->text);
    } else {
        refuse(dry, &berth->row, "asked", status->text, NULL);
    }
    unpack_free(berth->reply);
    berth->reply = NULL;
    sign_row_fini(&berth->row);
}

/* --- Questions --------------------------------------------------------------------- */

/* A letter as it would be sent. */
struct question {
    struct sign_plan wanted;
    struct segel_plan *plan;         /* borrowed */
    struct segel_prepared *prepared; /* owned */
};

static bool send_question(struct berth *berth, const struct question *question)
{
    const struct call_events events = {on_message, on_close, berth};
    Segel__V1__ExplainRequest request;
    Segel__V1__SignTerms terms = question->wanted.terms;
    Segel__V1__SignItem item;
    struct channel_call *call = NULL;
    size_t len = 0;
    const void *digest = segel_prepared_digest(question->prepared, &len);
    const char *hash = segel_plan_hash(question->plan);

    segel__v1__explain_request__init(&request);
    segel__v1__sign_item__init(&item);
    terms.hash_algorithm = (Segel__V1__HashAlgorithm)sg_hash_parse(hash);
    item.digest =
        (ProtobufCBinaryData){.len = len, .data = (uint8_t *)sg_unconst(digest)};
    request.terms = &terms;
    request.item = &item;
    if (channel_call(berth->dry->channel, "/segel.v1.SigningService/Explain", PATIENCE_MS,
                     &events, &call) != SG_OK) {
        return false;
    }
    berth->taken = true;
    berth->dry->under_way++;
    if (channel_send(call, &request.base) != SG_OK) {
        channel_cancel(call); /* on_close tells */
    }
    channel_half_close(call);
    return true;
}

static int prepare(const struct berth *berth, struct question *out,
                   struct segel_error *error)
{
    struct segel_letter letter = SEGEL_INIT(letter);
    struct segel_look look = SEGEL_INIT(look);
    struct sg_error why = {0};

    if (sign_plan_read(&berth->row.options, &out->wanted, &why) != SG_OK) {
        *error = (struct segel_error){.code = SEGEL_USAGE, .reason = "terms"};
        (void)snprintf(error->text, sizeof(error->text), "%s", why.text);
        return SEGEL_USAGE;
    }
    int code = sign_plans_get(berth->dry->plans, &out->wanted, &out->plan, error);
    if (code != SEGEL_OK) {
        return code;
    }
    sign_look(&out->wanted, &look);
    letter.request_id = "dry-run";
    letter.path = berth->row.path;
    letter.look = &look;
    return segel_prepare(out->plan, &letter, &out->prepared, error);
}

/* Takes the row over where a question is under way for it. */
static void ask(struct berth *berth)
{
    struct dry *dry = berth->dry;
    struct question question = {.plan = NULL};
    struct segel_error error;
    int code = prepare(berth, &question, &error);

    if (code == SEGEL_OK && !send_question(berth, &question)) {
        stop(dry, SG_IO, "the connection to the gateway is lost");
    } else if (code == SEGEL_UNREACHABLE) {
        stop(dry, SG_IO, error.text);
    } else if (code != SEGEL_OK) {
        refuse(dry, &berth->row, error.reason, error.text, NULL);
    }
    segel_prepared_free(question.prepared);
    if (!berth->taken) {
        sign_row_fini(&berth->row);
    }
}

static struct berth *free_berth(struct dry *dry)
{
    for (size_t i = 0; i < IN_FLIGHT; i++) {
        if (!dry->berths[i].taken) {
            return &dry->berths[i];
        }
    }
    return NULL;
}

static void ask_more(struct dry *dry)
{
    struct berth *berth = free_berth(dry);
    struct sg_error why = {0};

    while (!dry->over && berth != NULL) {
        enum sg_status status = sign_source_next(dry->source, &berth->row, &why);
        if (status == SG_NOT_FOUND) {
            dry->over = true;
        } else if (status != SG_OK) {
            stop(dry, status, why.text);
        } else {
            ask(berth);
        }
        if (sign_interrupt_count() > 0) {
            stop(dry, SG_CANCELLED, "stopped");
        }
        berth = free_berth(dry);
    }
}

enum sg_status sign_dry_run(struct sign_source *source, struct sign_plans *plans,
                            struct channel *channel, struct sign_report *report,
                            struct sg_error *why)
{
    struct dry *dry = (struct dry *)calloc(1, sizeof(*dry));
    struct sg_error ignored;

    if (dry == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "%s", sg_status_text(SG_NO_MEMORY));
    }
    dry->source = source;
    dry->plans = plans;
    dry->channel = channel;
    dry->report = report;
    for (size_t i = 0; i < IN_FLIGHT; i++) {
        dry->berths[i].dry = dry;
    }
    ask_more(dry);
    while (dry->under_way > 0) {
        /* SG_IO has closed all calls. */
        enum sg_status turned = channel_turn(channel, -1, &ignored);
        MUST(dry->under_way == 0 || turned != SG_IO);
        ask_more(dry);
    }
    enum sg_status status = dry->status;
    if (status != SG_OK) {
        status = sg_fail(why, status, "%s", dry->why.text);
    }
    free(dry);
    return status;
}
