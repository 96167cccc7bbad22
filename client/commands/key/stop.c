#include <stdio.h>
#include <string.h>

#include "client/call/gateway_call.h"
#include "client/channel/unpack.h"
#include "client/commands/key/order.h"
#include "client/commands/key/view.h"
#include "client/console/period.h"

/* What one person orders of a key: `segel key hold`, `key deactivate` and
 * `key compromise`. */
struct stop_options {
    struct key_order order;
    const char *since;
};

#define COMMON                                                                           \
    {"reason", 0, "TEXT", "what happened, for the log; no personal data",                \
     offsetof(struct stop_options, order.reason)},                                       \
        {"request-id", 0, "ID", "your own id, for the log",                              \
         offsetof(struct stop_options, order.request_id)},                               \
    {                                                                                    \
        "lang", 0, "id|en", "language of the answer (default: en)",                      \
            offsetof(struct stop_options, order.lang)                                    \
    }

static const struct option rows[] = {COMMON};
static const struct option rows_since[] = {
    {"since", 0, "TIME", "since when it is suspected: 2026-05-02 or 2026-05-02T01:02:03Z",
     offsetof(struct stop_options, since)},
    COMMON};

static void print_done(const Segel__V1__Key *key, const Segel__V1__LogPosition *log,
                       bool indonesian)
{
    if (key != NULL) {
        key_print_state(key, stdout, indonesian);
    }
    if (log != NULL) {
        (void)printf(indonesian ? "tercatat pada log sebagai nomor %llu\n"
                                : "the log holds it as record %llu\n",
                     (unsigned long long)log->index);
    }
}

/* --- Hold -------------------------------------------------------------------------- */

static SG_MUST_USE enum sg_status hold(const struct home *home, char *key, void *context,
                                       struct sg_error *why)
{
    const struct stop_options *options = (const struct stop_options *)context;
    Segel__V1__HoldKeyRequest request;
    ProtobufCMessage *reply = NULL;

    segel__v1__hold_key_request__init(&request);
    request.request_id = sg_unconst_text(options->order.request_id);
    request.key = key;
    request.reason = sg_unconst_text(options->order.reason);
    const struct gateway_ask ask = {"/segel.v1.KeyService/HoldKey", &request.base,
                                    &segel__v1__hold_key_response__descriptor};
    TRY(gateway_call(home, &ask, &reply, why));
    const Segel__V1__HoldKeyResponse *got =
        (const Segel__V1__HoldKeyResponse *)(const void *)reply;
    print_done(got->key, got->log, options->order.indonesian);
    unpack_free(reply);
    return SG_OK;
}

static enum exit_code run_hold(const struct home *home, struct words *words)
{
    struct stop_options options = {.order = {0}};

    return key_order_run(&command_key_hold, home, words, &options.order, hold);
}

const struct command command_key_hold = {
    .name = "key hold",
    .operands = "KEY",
    .summary = "stop a key at once, in any state that is not final",
    .examples =
        "For one officer or reviewer: stopping is easy. No job that is decided from now\n"
        "on is signed with the key; what the HSM has in hand is delivered. Its\n"
        "activation ends. Several officers must agree before it signs again ('segel key\n"
        "release'). A compromised or destroyed key is not held: it never signs again.\n\n"
        "Examples:\n"
        "  segel key hold seal-setda --reason \"a card is missing\"\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run_hold,
};

/* --- Deactivate -------------------------------------------------------------------- */

static SG_MUST_USE enum sg_status deactivate(const struct home *home, char *key,
                                             void *context, struct sg_error *why)
{
    const struct stop_options *options = (const struct stop_options *)context;
    Segel__V1__DeactivateKeyRequest request;
    ProtobufCMessage *reply = NULL;

    segel__v1__deactivate_key_request__init(&request);
    request.request_id = sg_unconst_text(options->order.request_id);
    request.key = key;
    request.reason = sg_unconst_text(options->order.reason);
    const struct gateway_ask ask = {"/segel.v1.KeyService/DeactivateKey", &request.base,
                                    &segel__v1__deactivate_key_response__descriptor};
    TRY(gateway_call(home, &ask, &reply, why));
    const Segel__V1__DeactivateKeyResponse *got =
        (const Segel__V1__DeactivateKeyResponse *)(const void *)reply;
    print_done(got->key, got->log, options->order.indonesian);
    unpack_free(reply);
    return SG_OK;
}

static enum exit_code run_deactivate(const struct home *home, struct words *words)
{
    struct stop_options options = {.order = {0}};

    return key_order_run(&command_key_deactivate, home, words, &options.order,
                         deactivate);
}

const struct command command_key_deactivate = {
    .name = "key deactivate",
    .operands = "KEY",
    .summary = "close a key before its activation ends",
    .examples = "For one officer. It signs again when it is activated anew ('segel key\n"
                "activate').\n\n"
                "Examples:\n"
                "  segel key deactivate seal-setda --reason \"the letters are out\"\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run_deactivate,
};

/* --- Compromise -------------------------------------------------------------------- */

/* Nothing where the moment is unknown: the log was not looked through. */
static void print_count(const Segel__V1__ReportCompromiseResponse *got, bool indonesian)
{
    if (got->counted) {
        (void)printf(indonesian ? "%llu tanda tangan dibuat dengannya sejak saat itu\n"
                                : "%llu signatures were made with it since then\n",
                     (unsigned long long)got->signatures_since);
    } else if (got->signatures_since > 0) {
        (void)printf(indonesian
                         ? "sedikitnya %llu tanda tangan dibuat dengannya sejak "
                           "saat itu; log belum dibaca seluruhnya\n"
                         : "at least %llu signatures were made with it since then; "
                           "not all of the log was looked through\n",
                     (unsigned long long)got->signatures_since);
    }
}

static SG_MUST_USE enum sg_status compromise(const struct home *home, char *key,
                                             void *context, struct sg_error *why)
{
    const struct stop_options *options = (const struct stop_options *)context;
    Segel__V1__ReportCompromiseRequest request;
    ProtobufCMessage *reply = NULL;
    int64_t since_us = 0;

    TRY(period_time("since", options->since, &since_us, why));
    segel__v1__report_compromise_request__init(&request);
    request.request_id = sg_unconst_text(options->order.request_id);
    request.key = key;
    request.reason = sg_unconst_text(options->order.reason);
    request.suspected_since_us = since_us;
    const struct gateway_ask ask = {"/segel.v1.KeyService/ReportCompromise",
                                    &request.base,
                                    &segel__v1__report_compromise_response__descriptor};
    TRY(gateway_call(home, &ask, &reply, why));
    const Segel__V1__ReportCompromiseResponse *got =
        (const Segel__V1__ReportCompromiseResponse *)(const void *)reply;
    print_done(got->key, got->log, options->order.indonesian);
    print_count(got, options->order.indonesian);
    unpack_free(reply);
    return SG_OK;
}

static enum exit_code run_compromise(const struct home *home, struct words *words)
{
    struct stop_options options = {.order = {0}};

    return key_order_run(&command_key_compromise, home, words, &options.order,
                         compromise);
}

const struct command command_key_compromise = {
    .name = "key compromise",
    .operands = "KEY",
    .summary = "report that others may know or hold a key: it never signs again",
    .examples =
        "For one officer or reviewer. It is final: nothing but the destruction of the\n"
        "key follows. Where it is only suspected, hold the key ('segel key hold'). Tell\n"
        "the certification authority at once; 'segel log show --key KEY' lists what was\n"
        "signed with it.\n\n"
        "Examples:\n"
        "  segel key compromise seal-setda --since 2026-05-02 --reason \"a copy was "
        "seen\"\n",
    .options = {rows_since, SG_COUNT(rows_since)},
    .run = run_compromise,
};
