#include "client/sign_run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "client/moment.h"
#include "client/sign_window.h"
#include "client/unpack.h"

enum {
    RECONNECTS = 6,         /* in a row, without an answer in between */
    FIRST_PAUSE_MS = 250,   /* doubled each time: 16 s in all */
    ATTEMPTS = 8,           /* for a letter that the gateway asks to send again */
    REST_MAX_US = 60000000, /* whatever the gateway asks for */
    LOOK_US = 1000000,      /* how long to wait without looking around */
    SILENCE_US = 60000000,  /* with letters under way: the connection is dead */
    GOODBYE_MS = 5000
};

struct run {
    const struct sign_job *job;
    struct sign_report *report; /* borrowed */
    struct channel *channel;    /* owned */
    struct channel_call *stream;
    bool terms_sent;
    int code; /* of the stream that closed last */
    char text[sizeof(struct sg_error)];
    size_t next; /* path */
    unsigned reconnects;
    int64_t heard_us;
    struct window window;
};

/* --- Results ----------------------------------------------------------------------- */

static void refuse(struct run *run, struct letter *letter, const char *code,
                   const char *text, const Segel__V1__SignResult *result)
{
    struct sign_refusal refusal = {letter->path, code, text, result};

    sign_report_refused(run->report, &refusal);
}

/* The gateway names a time when the same request is worth another try. */
static bool rest(struct letter *letter, const Segel__V1__ItemStatus *status)
{
    if (status->retry_after_us <= 0 || letter->attempts >= ATTEMPTS) {
        return false;
    }
    int64_t pause_us =
        status->retry_after_us < REST_MAX_US ? status->retry_after_us : REST_MAX_US;
    letter->state = LETTER_RESTING;
    letter->retry_us = moment_mono_us() + pause_us;
    return true;
}

static void take_signature(struct run *run, struct letter *letter,
                           const Segel__V1__SignResult *result)
{
    struct sg_error why = {0};
    struct slice cms = slice_of(result->signature.data, result->signature.len);

    if (letter_finish(letter, cms, &why) != SG_OK) {
        refuse(run, letter, "not-written", why.text, result);
    } else {
        sign_report_signed(run->report, letter->path, letter->output, result);
        if (run->job->receipts != NULL) {
            sign_receipts_add(run->job->receipts, letter->request_id, letter->output);
        }
    }
}

/* The deciding rule's own sentence, when there is one: the report names the rule. */
static void take_refusal(struct run *run, struct letter *letter,
                         const Segel__V1__SignResult *result)
{
    const Segel__V1__PolicyDenial *denial = result->status->denial;

    if (denial == NULL || denial->n_failures == 0) {
        const char *reason = result->status->reason;
        refuse(run, letter, reason[0] == '\0' ? "gateway" : reason,
               result->status->message, result);
        return;
    }
    const Segel__V1__RuleVerdict *rule = denial->failures[0];
    bool worded = rule->message[0] != '\0';
    refuse(run, letter, rule->code, worded ? rule->message : result->status->message,
           result);
}

static void take_result(struct run *run, const Segel__V1__SignResult *result)
{
    struct letter *letter = window_find(&run->window, result->request_id);
    const Segel__V1__ItemStatus *status = result->status;

    if (letter == NULL || (status != NULL && status->code != 0 && rest(letter, status))) {
        return;
    }
    if (status != NULL && status->code != 0) {
        take_refusal(run, letter, result);
    } else {
        take_signature(run, letter, result);
    }
    window_drop(&run->window, letter);
}

static void on_message(void *context, struct slice message)
{
    struct run *run = (struct run *)context;
    ProtobufCMessage *any = unpack(&segel__v1__sign_stream_response__descriptor, message);

    run->heard_us = moment_mono_us();
    run->reconnects = 0;
    if (any == NULL) {
        channel_cancel(run->stream);
        return;
    }
    const Segel__V1__SignStreamResponse *response =
        (const Segel__V1__SignStreamResponse *)(const void *)any;
    for (size_t i = 0; i < response->n_results; i++) {
        take_result(run, response->results[i]);
    }
    unpack_free(any);
}

static void on_close(void *context, const struct call_status *status)
{
    struct run *run = (struct run *)context;

    run->stream = NULL;
    run->code = status->grpc_code;
    (void)snprintf(run->text, sizeof(run->text), "%s", status->text);
}

/* --- The stream -------------------------------------------------------------------- */

static enum sg_status open_stream(struct run *run, struct sg_error *why)
{
    struct call_events events = {on_message, on_close, run};

    run->terms_sent = false;
    run->heard_us = moment_mono_us();
    window_rewind(&run->window);
    if (channel_call(run->channel, "/segel.v1.SigningService/SignStream", 0, &events,
                     &run->stream) != SG_OK) {
        return sg_fail(why, SG_IO, "the connection takes no more calls: try again");
    }
    return SG_OK;
}

static void pause_ms(int64_t pause)
{
    struct timespec left = {.tv_sec = pause / 1000, .tv_nsec = pause % 1000 * 1000000};

    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
}

/* UNAVAILABLE, a broken connection, or an end without need: what was under way may be
 * asked for again. */
static bool worth_reconnecting(const struct run *run)
{
    return (run->code == -1 || run->code == 0 || run->code == 14) &&
           run->reconnects < RECONNECTS;
}

static enum sg_status reconnect(struct run *run, struct sg_error *why)
{
    enum sg_status status = SG_IO;

    (void)snprintf(why->text, sizeof(why->text), "%s", run->text);
    while (status != SG_OK) {
        if (!worth_reconnecting(run)) {
            return run->code > 0 && run->code != 14 ? SG_ABORTED : SG_IO;
        }
        if (run->reconnects == 0) {
            sign_report_note(run->report, "the connection is lost; connecting again");
        }
        pause_ms((int64_t)FIRST_PAUSE_MS << run->reconnects++);
        channel_close(run->channel);
        run->channel = NULL;
        status = home_connect(run->job->home, &run->channel, why);
        if (status == SG_OK) {
            status = open_stream(run, why);
        }
    }
    return SG_OK;
}

static void send_letter(struct run *run, struct letter *letter)
{
    Segel__V1__SignStreamRequest request;
    Segel__V1__SignTerms terms = run->job->plan->terms;
    Segel__V1__SignItem item;
    Segel__V1__SignItem *items[1] = {&item};
    struct slice digest = pdf_job_digest(letter->job);
    uint8_t bytes[SG_HASH_MAX];

    MUST(digest.len <= sizeof(bytes));
    memcpy(bytes, digest.data, digest.len);
    segel__v1__sign_stream_request__init(&request);
    segel__v1__sign_item__init(&item);
    item.request_id = letter->request_id;
    item.digest = (ProtobufCBinaryData){digest.len, bytes};
    request.items = items;
    request.n_items = 1;
    request.terms = run->terms_sent ? NULL : &terms;
    if (channel_send(run->stream, &request.base) == SG_OK) {
        run->terms_sent = true;
        letter->state = LETTER_SENT;
        letter->attempts++;
    }
}

static void send_ready(struct run *run)
{
    struct letter *letter;

    while (run->stream != NULL && (letter = window_ready(&run->window)) != NULL) {
        send_letter(run, letter);
        if (letter->state == LETTER_READY) {
            return; /* no memory now: the next turn tries again */
        }
    }
}

/* --- Preparing --------------------------------------------------------------------- */

/* Takes the next letter in, if there is one and room for it. */
static bool prepare_next(struct run *run)
{
    struct letter *letter = window_place(&run->window);
    struct sg_error why = {0};
    const char *code = "output";
    bool skip = false;

    if (letter == NULL || run->next == run->job->paths->count) {
        return false;
    }
    letter->path = run->job->paths->at[run->next++];
    (void)snprintf(letter->request_id, sizeof(letter->request_id), "%s-%06zu",
                   run->job->run_id, run->next);
    enum sg_status status = letter_place(letter, run->job->plan, &skip, &why);
    if (status == SG_OK && !skip) {
        status = letter_prepare(letter, run->job->plan, &code, &why);
    }
    if (status == SG_OK && !skip) {
        window_add(&run->window, letter);
        return true;
    }
    if (skip) {
        sign_report_skipped(run->report, letter->path);
    } else {
        refuse(run, letter, code, why.text, NULL);
    }
    letter_clear(letter);
    return true;
}

/* --- The loop ---------------------------------------------------------------------- */

static void give_up_silence(struct run *run)
{
    bool silent = moment_mono_us() - run->heard_us > SILENCE_US;

    if (silent && run->stream != NULL && run->window.count > 0) {
        run->code = -1;
        channel_close(run->channel); /* closes the stream */
        run->channel = NULL;
        (void)snprintf(run->text, sizeof(run->text),
                       "the gateway has not answered for a minute");
    }
}

static void take_turn(struct run *run, bool busy)
{
    struct sg_error why;
    int64_t wait_us = window_wake(&run->window, moment_mono_us(), LOOK_US);

    send_ready(run);
    if (run->window.count == 0) {
        return;
    }
    if (channel_turn(run->channel, busy ? 0 : (int)(wait_us / 1000 + 1), &why) ==
        SG_TIMEOUT) {
        give_up_silence(run);
    }
}

static enum sg_status drive(struct run *run, struct sg_error *why)
{
    enum sg_status status = open_stream(run, why);

    while (status == SG_OK &&
           (run->next < run->job->paths->count || run->window.count > 0)) {
        if (run->stream == NULL) {
            status = reconnect(run, why);
            continue;
        }
        take_turn(run, prepare_next(run));
    }
    return status;
}

/* A half-close lets the gateway end the call in order; nothing is lost if it does not. */
static void say_goodbye(struct run *run)
{
    int64_t until_us = moment_mono_us() + (int64_t)GOODBYE_MS * 1000;
    struct sg_error why;

    if (run->stream == NULL) {
        return;
    }
    channel_half_close(run->stream);
    while (run->stream != NULL && moment_mono_us() < until_us) {
        if (channel_turn(run->channel, GOODBYE_MS, &why) != SG_OK) {
            return;
        }
    }
}

enum sg_status sign_run(const struct sign_job *job, struct channel *channel,
                        struct sign_report *report, struct sg_error *why)
{
    struct run *run = (struct run *)calloc(1, sizeof(*run));

    if (run == NULL) {
        channel_close(channel);
        return sg_fail(why, SG_NO_MEMORY, "%s", sg_status_text(SG_NO_MEMORY));
    }
    run->job = job;
    run->report = report;
    run->channel = channel;
    enum sg_status status = drive(run, why);
    say_goodbye(run);
    channel_close(run->channel);
    window_clear(&run->window);
    free(run);
    return status;
}
