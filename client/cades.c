#include "client/cades.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "client/cades_file.h"
#include "client/channel/unpack.h"
#include "client/file.h"
#include "client/screen.h"
#include "proto/json.h"

enum {
    PATIENCE_MS = 60000,
    ROUNDS = 8, /* of asking for one piece: what rests, or a connection that was lost */
    PAUSE_MS = 250,
    REST_MAX_MS = 10000,
    JSON_SIZE = 32768
};

struct run {
    const struct cades_job *job;
    struct channel *channel; /* owned; NULL: lost */
    struct cades_file files[CADES_PIECE];
    size_t count;
    size_t next; /* path */
    size_t totals[CADES_SKIPPED + 1];
};

bool cades_asked(const struct sign_plan *plan)
{
    enum sg_profile profile = sg_profile_unstamped((enum sg_profile)plan->terms.profile);

    return profile == SG_PROFILE_CADES_B_B;
}

/* --- What is said ---------------------------------------------------------------------
 */

static const char *const words[] = {"open", "signed", "refused", "skipped"};

static void say_json(const struct cades_file *file, const Segel__V1__SignResult *result,
                     const char *why)
{
    static char buffer[JSON_SIZE];
    struct json_out out;
    struct slice line;

    json_start(&out, buffer, sizeof(buffer));
    json_open_object(&out, NULL);
    json_str(&out, "file", file->path);
    json_str(&out, "status", words[file->state]);
    json_str(&out, "request_id", file->request_id);
    json_str(&out, why == NULL ? "output" : "message", why == NULL ? file->output : why);
    if (result != NULL) {
        json_str(&out, "decision_id", result->decision_id);
        json_bool(&out, "replayed", result->replayed != 0);
        json_bool(&out, "downgraded", result->downgraded != 0);
    }
    json_end(&out);
    if (json_finish(&out, &line) == SG_OK) {
        (void)printf("%.*s\n", (int)line.len, (const char *)line.data);
    }
}

static void say(struct run *run, struct cades_file *file, enum cades_state state,
                const Segel__V1__SignResult *result, const char *why)
{
    file->state = state;
    run->totals[state]++;
    if (run->job->json) {
        say_json(file, result, why);
        return;
    }
    (void)printf("%s ", words[state]);
    screen_text(stdout, file->path);
    if (why != NULL) {
        (void)printf(": ");
        screen_text(stdout, why);
    }
    (void)printf("%s\n", result != NULL && result->downgraded != 0
                             ? " (without a time-stamp)"
                             : "");
}

/* --- One piece ------------------------------------------------------------------------
 */

static void take_in(struct run *run)
{
    struct sg_error why = {0};

    run->count = 0;
    while (run->count < CADES_PIECE && run->next < run->job->paths->count) {
        struct cades_file *file = &run->files[run->count++];
        *file = (struct cades_file){.path = run->job->paths->at[run->next++]};
        (void)snprintf(file->request_id, sizeof(file->request_id), "%s-%06zu",
                       run->job->run_id, run->next);
        enum sg_status status = cades_prepare(file, run->job->plan, &why);
        if (status != SG_OK) {
            say(run, file, CADES_REFUSED, NULL, why.text);
        } else if (file->state == CADES_SKIPPED) {
            say(run, file, CADES_SKIPPED, NULL, NULL);
        }
    }
}

static size_t open_files(const struct run *run)
{
    size_t count = 0;

    for (size_t i = 0; i < run->count; i++) {
        count += run->files[i].state == CADES_OPEN ? 1 : 0;
    }
    return count;
}

static struct cades_file *find(struct run *run, const char *request_id)
{
    for (size_t i = 0; i < run->count; i++) {
        if (run->files[i].state == CADES_OPEN &&
            strcmp(run->files[i].request_id, request_id) == 0) {
            return &run->files[i];
        }
    }
    return NULL;
}

static void refused(struct run *run, struct cades_file *file,
                    const Segel__V1__SignResult *result)
{
    const Segel__V1__PolicyDenial *denial = result->status->denial;
    const Segel__V1__RuleVerdict *rule =
        denial == NULL || denial->n_failures == 0 ? NULL : denial->failures[0];
    char text[1024];

    if (rule == NULL) {
        say(run, file, CADES_REFUSED, result, result->status->message);
        return;
    }
    (void)snprintf(text, sizeof(text), "%s (rule %s, CP section %s)",
                   rule->message[0] == '\0' ? result->status->message : rule->message,
                   rule->rule, rule->cp_section);
    say(run, file, CADES_REFUSED, result, text);
}

/* Returns how long the gateway asks to wait for it; 0: it is dealt with. */
static int64_t take_result(struct run *run, const Segel__V1__SignResult *result)
{
    struct cades_file *file = find(run, result->request_id);
    const Segel__V1__ItemStatus *status = result->status;
    struct sg_error why = {0};

    if (file == NULL) {
        return 0;
    }
    if (status != NULL && status->code != 0) {
        if (status->retry_after_us > 0) {
            return status->retry_after_us;
        }
        refused(run, file, result);
        return 0;
    }
    struct slice cms = slice_of(result->signature.data, result->signature.len);
    if (cades_finish(file, cms, &why) != SG_OK) {
        say(run, file, CADES_REFUSED, result, why.text);
    } else {
        say(run, file, CADES_SIGNED, result, NULL);
    }
    return 0;
}

static enum sg_status ask(struct run *run, int64_t *rest_us, struct sg_error *why)
{
    Segel__V1__SignBatchRequest request;
    Segel__V1__SignItem items[CADES_PIECE];
    Segel__V1__SignItem *list[CADES_PIECE];
    ProtobufCMessage *reply = NULL;
    size_t count = 0;

    segel__v1__sign_batch_request__init(&request);
    for (size_t i = 0; i < run->count; i++) {
        struct cades_file *file = &run->files[i];
        if (file->state == CADES_OPEN) {
            segel__v1__sign_item__init(&items[count]);
            items[count].request_id = file->request_id;
            items[count].digest = (ProtobufCBinaryData){file->digest_len, file->digest};
            list[count] = &items[count];
            count++;
        }
    }
    request.terms = &run->job->plan->terms;
    request.items = list;
    request.n_items = count;
    const struct unary unary = {.path = "/segel.v1.SigningService/SignBatch",
                                .timeout_ms = PATIENCE_MS,
                                .request = &request.base,
                                .reply_type =
                                    &segel__v1__sign_batch_response__descriptor};
    TRY(channel_unary(run->channel, &unary, &reply, NULL, why));
    const Segel__V1__SignBatchResponse *response =
        (const Segel__V1__SignBatchResponse *)(const void *)reply;
    for (size_t i = 0; i < response->n_results; i++) {
        int64_t us = take_result(run, response->results[i]);
        *rest_us = us > *rest_us ? us : *rest_us;
    }
    unpack_free(reply);
    return SG_OK;
}

static void pause_ms(int64_t ms)
{
    struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
}

/* One question; a connection that was lost is opened again before it. */
static enum sg_status round_of(struct run *run, int64_t *pause, struct sg_error *why)
{
    int64_t rest_us = 0;

    if (run->channel == NULL) {
        TRY(home_connect(run->job->home, &run->channel, why));
    }
    enum sg_status status = ask(run, &rest_us, why);
    if (status != SG_OK && channel_lost(status)) {
        channel_close(run->channel);
        run->channel = NULL;
    }
    int64_t rest_ms = rest_us / 1000 + 1;
    *pause = rest_us == 0 ? *pause : rest_ms < REST_MAX_MS ? rest_ms : REST_MAX_MS;
    return status;
}

static enum sg_status sign_piece(struct run *run, struct sg_error *why)
{
    enum sg_status status = SG_OK;

    for (unsigned i = 0; i < ROUNDS && open_files(run) > 0; i++) {
        int64_t pause = (int64_t)PAUSE_MS << i;
        status = round_of(run, &pause, why);
        if (status != SG_OK && !channel_lost(status)) {
            return status;
        }
        if (open_files(run) > 0) {
            pause_ms(pause);
        }
    }
    return open_files(run) == 0 ? SG_OK
           : status != SG_OK    ? status
                                : sg_fail(why, SG_BUSY,
                                          "the gateway has too much to do; "
                                             "the same command with --resume "
                                             "goes on later");
}

/* --- The run --------------------------------------------------------------------------
 */

static enum sg_status begin(struct run *run, struct sg_error *why)
{
    AUTO(signer_free) Segel__V1__GetSignerResponse *signer = NULL;

    TRY(file_make_dir(run->job->plan->out_dir, why));
    TRY(home_connect(run->job->home, &run->channel, why));
    TRY(signer_get(run->channel, run->job->plan->terms.key, "id", &signer, why));
    return sign_plan_fit(run->job->plan, signer, why);
}

static enum sg_status sign_all(struct run *run, struct sg_error *why)
{
    TRY(begin(run, why));
    while (run->next < run->job->paths->count) {
        take_in(run);
        TRY(sign_piece(run, why));
    }
    return SG_OK;
}

static enum exit_code end(struct run *run, enum sg_status status,
                          const struct sg_error *why)
{
    if (!run->job->json) {
        (void)fflush(stdout);
        (void)fprintf(stderr, "%zu signed, %zu refused\n", run->totals[CADES_SIGNED],
                      run->totals[CADES_REFUSED]);
    }
    channel_close(run->channel);
    if (status != SG_OK) {
        return command_failed(status, why);
    }
    return run->totals[CADES_REFUSED] > 0 ? EXIT_REFUSED : EXIT_WELL;
}

enum exit_code cades_sign(const struct cades_job *job)
{
    struct sg_error why = {0};
    struct run *run = (struct run *)calloc(1, sizeof(*run));

    if (run == NULL) {
        return command_failed(SG_NO_MEMORY, &why);
    }
    run->job = job;
    enum sg_status status = sign_all(run, &why);
    enum exit_code code = end(run, status, &why);
    free(run);
    return code;
}
