#include <stdio.h>
#include <string.h>

#include "client/call/approval_words.h"
#include "client/call/gateway_call.h"
#include "client/channel/unpack.h"
#include "client/commands/key/order.h"
#include "client/commands/key/view.h"
#include "client/console/period.h"

/* What several officers must agree to: `segel key release`, `key activate` and
 * `key rotate`. */
struct ask_options {
    struct key_order order;
    const char *until;
    const char *jobs;
    const char *idle;
    bool once;
    const char *successor;
    const char *overlap;
};

#define REASON                                                                           \
    {                                                                                    \
        "reason", 0, "TEXT", "why, for the approvers and the log; no personal data",     \
            offsetof(struct ask_options, order.reason)                                   \
    }
#define REQUEST_ID                                                                       \
    {                                                                                    \
        "request-id", 0, "ID", "your own id; the same one again is the same request",    \
            offsetof(struct ask_options, order.request_id)                               \
    }
#define LANG                                                                             \
    {                                                                                    \
        "lang", 0, "id|en", "language of the answer (default: en)",                      \
            offsetof(struct ask_options, order.lang)                                     \
    }

static const struct option rows_release[] = {REASON, REQUEST_ID, LANG};
static const struct option rows_activate[] = {
    {"jobs", 0, "N", "for so many jobs, 1 to 10000000",
     offsetof(struct ask_options, jobs)},
    {"until", 0, "TIME", "until a moment: 2026-05-02T17:00:00+07:00; with --jobs, too",
     offsetof(struct ask_options, until)},
    {"once", 0, NULL, "for one job", offsetof(struct ask_options, once)},
    {"idle", 0, "SECONDS", "it ends when no job came for so long (default: 1800)",
     offsetof(struct ask_options, idle)},
    REASON,
    REQUEST_ID,
    LANG};
static const struct option rows_rotate[] = {
    {"successor", 0, "KEY", "the key that takes its place",
     offsetof(struct ask_options, successor)},
    {"overlap", 0, "DAYS", "both sign for so long, 0 to 90 (default: 0)",
     offsetof(struct ask_options, overlap)},
    REASON,
    REQUEST_ID,
    LANG};

static SG_MUST_USE enum sg_status print_asked(const Segel__V1__Approval *approval,
                                              const Segel__V1__Key *key, bool indonesian,
                                              struct sg_error *why)
{
    if (approval != NULL) {
        approval_print(approval, stdout, indonesian);
    }
    if (key != NULL) {
        key_print_state(key, stdout, indonesian);
    }
    return approval_stands(approval, indonesian, why);
}

/* The bounds of the protocol, told by the option's name. An option that was not given has
 * the value of before. */
struct bounds {
    const char *option;
    uint64_t least;
    uint64_t most;
};
static const struct bounds jobs_bounds = {"jobs", 1, 10000000};
static const struct bounds idle_bounds = {"idle", 0, 86400};
static const struct bounds overlap_bounds = {"overlap", 0, 90};

static SG_MUST_USE enum sg_status number_in(const struct bounds *bounds, const char *text,
                                            uint64_t *out, struct sg_error *why)
{
    TRY(period_number(bounds->option, text, out, why));
    return text == NULL || (*out >= bounds->least && *out <= bounds->most)
               ? SG_OK
               : sg_fail(why, SG_INVALID, "--%s must be %llu to %llu", bounds->option,
                         (unsigned long long)bounds->least,
                         (unsigned long long)bounds->most);
}

static SG_MUST_USE enum sg_status small_number(const struct bounds *bounds,
                                               const char *text, uint32_t *out,
                                               struct sg_error *why)
{
    uint64_t value = *out;

    TRY(number_in(bounds, text, &value, why));
    *out = (uint32_t)value;
    return SG_OK;
}

/* --- Release ----------------------------------------------------------------------- */

static SG_MUST_USE enum sg_status release(const struct home *home, char *key,
                                          void *context, struct sg_error *why)
{
    const struct ask_options *options = (const struct ask_options *)context;
    Segel__V1__ReleaseKeyRequest request;
    ProtobufCMessage *reply = NULL;

    segel__v1__release_key_request__init(&request);
    request.request_id = sg_unconst_text(options->order.request_id);
    request.key = key;
    request.reason = sg_unconst_text(options->order.reason);
    const struct gateway_ask ask = {"/segel.v1.KeyService/ReleaseKey", &request.base,
                                    &segel__v1__release_key_response__descriptor};
    TRY(gateway_call(home, &ask, &reply, why));
    const Segel__V1__ReleaseKeyResponse *got =
        (const Segel__V1__ReleaseKeyResponse *)(const void *)reply;
    enum sg_status status =
        print_asked(got->approval, got->key, options->order.indonesian, why);
    unpack_free(reply);
    return status;
}

static enum exit_code run_release(const struct home *home, struct words *words)
{
    struct ask_options options = {.order = {0}};

    return key_order_run(&command_key_release, home, words, &options.order, release);
}

const struct command command_key_release = {
    .name = "key release",
    .operands = "KEY",
    .summary = "ask for the end of a hold, which other officers must approve",
    .examples = "For officers of the quorum file. The key returns to what it was before "
                "the hold;\n"
                "one that was active must be activated again.\n\n"
                "Examples:\n"
                "  segel key release seal-setda --reason \"the card was found\"\n",
    .options = {rows_release, SG_COUNT(rows_release)},
    .run = run_release,
};

/* --- Activate ---------------------------------------------------------------------- */

static SG_MUST_USE enum sg_status read_activation(const struct ask_options *options,
                                                  Segel__V1__Activation *out,
                                                  struct sg_error *why)
{
    TRY(period_time("until", options->until, &out->until_us, why));
    TRY(number_in(&jobs_bounds, options->jobs, &out->max_jobs, why));
    TRY(small_number(&idle_bounds, options->idle, &out->idle_limit_s, why));
    if (options->once != (options->until == NULL && options->jobs == NULL)) {
        return sg_fail(why, SG_INVALID,
                       "say for how long: --once, --jobs N, or --until TIME");
    }
    if (options->once) {
        out->mode = SEGEL__V1__ACTIVATION_MODE__ACTIVATION_MODE_ONE_TIME;
    } else {
        out->mode = options->until != NULL
                        ? SEGEL__V1__ACTIVATION_MODE__ACTIVATION_MODE_WINDOW
                        : SEGEL__V1__ACTIVATION_MODE__ACTIVATION_MODE_COUNT;
    }
    return SG_OK;
}

static SG_MUST_USE enum sg_status activate(const struct home *home, char *key,
                                           void *context, struct sg_error *why)
{
    const struct ask_options *options = (const struct ask_options *)context;
    Segel__V1__ActivateKeyRequest request;
    Segel__V1__Activation activation;
    ProtobufCMessage *reply = NULL;

    segel__v1__activate_key_request__init(&request);
    segel__v1__activation__init(&activation);
    TRY(read_activation(options, &activation, why));
    request.request_id = sg_unconst_text(options->order.request_id);
    request.key = key;
    request.reason = sg_unconst_text(options->order.reason);
    request.activation = &activation;
    const struct gateway_ask ask = {"/segel.v1.KeyService/ActivateKey", &request.base,
                                    &segel__v1__activate_key_response__descriptor};
    TRY(gateway_call(home, &ask, &reply, why));
    const Segel__V1__ActivateKeyResponse *got =
        (const Segel__V1__ActivateKeyResponse *)(const void *)reply;
    enum sg_status status =
        print_asked(got->approval, got->key, options->order.indonesian, why);
    unpack_free(reply);
    return status;
}

static enum exit_code run_activate(const struct home *home, struct words *words)
{
    struct ask_options options = {.order = {0}};

    return key_order_run(&command_key_activate, home, words, &options.order, activate);
}

const struct command command_key_activate = {
    .name = "key activate",
    .operands = "KEY",
    .summary = "ask for a key to be opened for signing, which others must approve",
    .examples =
        "For officers of the quorum file. The others read the request ('segel request\n"
        "show') and sign it ('segel approve'); with the last signature the key is open.\n"
        "It closes by itself when its jobs are used up, its window is over, or it lies\n"
        "idle. Whether a key must be activated at all is the policy's rule.\n\n"
        "Examples:\n"
        "  segel key activate seal-setda --until 2026-05-02T17:00:00+07:00 --jobs 20000 "
        "\\\n"
        "      --reason \"letters of the day\"\n"
        "  segel key activate seal-setda --once --reason \"appointment of the mayor\"\n",
    .options = {rows_activate, SG_COUNT(rows_activate)},
    .run = run_activate,
};

/* --- Rotate ------------------------------------------------------------------------ */

static SG_MUST_USE enum sg_status rotate(const struct home *home, char *key,
                                         void *context, struct sg_error *why)
{
    const struct ask_options *options = (const struct ask_options *)context;
    Segel__V1__RotateKeyRequest request;
    ProtobufCMessage *reply = NULL;

    TRY(options_need(&command_key_rotate.options, options, "successor", why));
    segel__v1__rotate_key_request__init(&request);
    TRY(small_number(&overlap_bounds, options->overlap, &request.overlap_days, why));
    request.request_id = sg_unconst_text(options->order.request_id);
    request.key = key;
    request.successor = sg_unconst_text(options->successor);
    request.reason = sg_unconst_text(options->order.reason);
    const struct gateway_ask ask = {"/segel.v1.KeyService/RotateKey", &request.base,
                                    &segel__v1__rotate_key_response__descriptor};
    TRY(gateway_call(home, &ask, &reply, why));
    const Segel__V1__RotateKeyResponse *got =
        (const Segel__V1__RotateKeyResponse *)(const void *)reply;
    enum sg_status status =
        print_asked(got->approval, got->key, options->order.indonesian, why);
    unpack_free(reply);
    return status;
}

static enum exit_code run_rotate(const struct home *home, struct words *words)
{
    struct ask_options options = {.order = {0}};

    return key_order_run(&command_key_rotate, home, words, &options.order, rotate);
}

const struct command command_key_rotate = {
    .name = "key rotate",
    .operands = "KEY",
    .summary = "ask for another key to take its place, which others must approve",
    .examples =
        "For officers of the quorum file. The old key signs for the overlap at most, "
        "then it\n"
        "is retired, and jobs that name it are signed by its successor, if the caller "
        "is\n"
        "entitled to that: callers go on using the old name. Activate the successor "
        "first, where\n"
        "the policy asks for that; mandates for the old key do not hold for it.\n\n"
        "Examples:\n"
        "  segel key rotate seal-2025 --successor seal-2026 --overlap 7 \\\n"
        "      --reason \"re-key of the year\"\n",
    .options = {rows_rotate, SG_COUNT(rows_rotate)},
    .run = run_rotate,
};
