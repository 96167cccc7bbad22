#define _GNU_SOURCE /* NOLINT: the name is the C library's; pthread_mutex_clocklock */
#include "client/segel/gateway.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "client/channel/moment.h"
#include "client/channel/unpack.h"
#include "client/pdf/guard/guard.h"
#include "client/segel/pages.h"
#include "client/segel/texts.h"
#include "segel/v1/errors.pb-c.h"

enum { CONNECT_MS = 10000, CALL_MS = 30000, RETRY_MAX_S = 60 };

/* --- The way ----------------------------------------------------------------------- */

int gateway_way_copy(struct gateway_way *way, const struct segel_options *options,
                     struct segel_error *error)
{
    struct texts texts = {.count = 0};
    struct segel_options *own = &way->options;

    *way = (struct gateway_way){.owner = getpid()};
    if (!error_take_struct(own, sizeof(*own), options)) {
        return error_set(error, SEGEL_USAGE, NULL,
                         "the options have no size: start from SEGEL_INIT");
    }
    if (own->address == NULL || own->ca == NULL || own->certificate == NULL ||
        own->private_key == NULL) {
        return error_set(error, SEGEL_USAGE, NULL,
                         "address, ca, certificate and private_key are needed");
    }
    own->connect_ms = own->connect_ms == 0 ? CONNECT_MS : own->connect_ms;
    own->call_ms = own->call_ms == 0 ? CALL_MS : own->call_ms;
    texts_add(&texts, &own->address);
    texts_add(&texts, &own->ca);
    texts_add(&texts, &own->certificate);
    texts_add(&texts, &own->private_key);
    return texts_keep(&texts, &way->block) == SG_OK ? SEGEL_OK : error_memory(error);
}

void gateway_way_fini(struct gateway_way *way)
{
    free(way->block);
    *way = (struct gateway_way){.block = NULL};
}

bool gateway_way_own(const struct gateway_way *way)
{
    return way->owner == getpid();
}

int gateway_way_check(const struct gateway_way *way, struct segel_error *error)
{
    return gateway_way_own(way)
               ? SEGEL_OK
               : error_set(error, SEGEL_USAGE, "other-process",
                           "it was opened by the process that forked this one: open "
                           "one here");
}

/* Not 0: that would be no limit. */
static uint32_t earlier_ms(uint32_t own_ms, int64_t until_us)
{
    int64_t left_us = until_us - moment_mono_us();
    int64_t left_ms = left_us < 0 ? 1 : left_us / 1000 + 1;

    return left_ms < own_ms ? (uint32_t)left_ms : own_ms;
}

int gateway_connect(const struct gateway_way *way, int64_t until_us, struct channel **out,
                    struct segel_error *error)
{
    uint32_t own_ms = way->options.connect_ms;
    const struct channel_options options = {
        .address = way->options.address,
        .ca = way->options.ca,
        .certificate = way->options.certificate,
        .private_key = way->options.private_key,
        .connect_ms = until_us == 0 ? own_ms : earlier_ms(own_ms, until_us),
        .given_up = way->given_up};
    struct sg_error why = {0};
    enum sg_status status = channel_open(&options, out, &why);

    return status == SG_OK ? SEGEL_OK : error_status(error, status, &why);
}

/* --- The handle -------------------------------------------------------------------- */

/* With the last of them go the processes that read letters. */
static atomic_uint handles;

void segel_set_letters_a_process(unsigned letters)
{
    pdf_guard_set_letters(letters);
}

int segel_open(const struct segel_options *options, struct segel **out,
               struct segel_error *error)
{
    if (out == NULL) {
        return error_null(error, "out");
    }
    return gateway_open(options, NULL, out, error);
}

int gateway_open(const struct segel_options *options, const atomic_bool *given_up,
                 struct segel **out, struct segel_error *error)
{
    struct segel *segel = (struct segel *)calloc(1, sizeof(*segel));
    *out = NULL;
    if (segel == NULL) {
        return error_memory(error);
    }
    (void)pthread_mutex_init(&segel->lock, NULL);
    offers_init(&segel->offers);
    (void)atomic_fetch_add(&handles, 1);
    int code = gateway_way_copy(&segel->way, options, error);
    segel->way.given_up = given_up;
    if (code == SEGEL_OK) {
        code = gateway_connect(&segel->way, 0, &segel->channel, error);
    }
    if (code != SEGEL_OK) {
        segel_close(segel);
        return code;
    }
    *out = segel;
    return SEGEL_OK;
}

/* In a child: whether no other thread of its parent had the handle in hand when it was
 * forked. What one had is half changed, and stays as it is. */
static bool was_at_rest(struct segel *segel)
{
    bool rested = pthread_mutex_trylock(&segel->lock) == 0;

    if (rested) {
        (void)pthread_mutex_unlock(&segel->lock);
        rested = pthread_mutex_trylock(&segel->offers.lock) == 0;
    }
    if (rested) {
        (void)pthread_mutex_unlock(&segel->offers.lock);
    }
    return rested;
}

void segel_close(struct segel *segel)
{
    if (segel == NULL) {
        return;
    }
    if (gateway_way_own(&segel->way)) {
        channel_close(segel->channel);
    } else if (was_at_rest(segel)) {
        channel_forget(segel->channel);
    } else {
        return;
    }
    offers_fini(&segel->offers);
    gateway_way_fini(&segel->way);
    (void)pthread_mutex_destroy(&segel->lock);
    free(segel);
    if (atomic_fetch_sub(&handles, 1) == 1) {
        pdf_guard_rest();
        pages_rest();
    }
}

/* --- Asking ------------------------------------------------------------------------ */

static int say_late(struct segel_error *error)
{
    return error_set(error, SEGEL_TIMEOUT, NULL,
                     "the time was over before the gateway could be asked");
}

static bool is_late(const struct gateway_question *question)
{
    return moment_mono_us() >= question->until_us;
}

static int connect_again(struct segel *segel, struct gateway_question *question,
                         struct segel_error *error)
{
    offers_forget(&segel->offers);
    int code = gateway_connect(&segel->way, question->until_us, &segel->channel, error);
    if (code == SEGEL_OK) {
        return SEGEL_OK;
    }
    segel->channel = NULL;
    question->lost = code == SEGEL_UNREACHABLE;
    return question->lost && is_late(question) ? say_late(error) : code;
}

/* 0 where the details have none. */
static int64_t retry_of(struct slice details)
{
    ProtobufCMessage *any = unpack_detail(&segel__v1__retry_info__descriptor,
                                          "google.rpc.RetryInfo", details);
    int64_t retry_us = 0;

    if (any == NULL) {
        return 0;
    }
    const Segel__V1__Span *delay =
        ((const Segel__V1__RetryInfo *)(const void *)any)->retry_delay;
    if (delay != NULL && delay->seconds >= 0 && delay->nanos >= 0) {
        retry_us = delay->seconds < RETRY_MAX_S
                       ? delay->seconds * 1000000 + delay->nanos / 1000
                       : (int64_t)RETRY_MAX_S * 1000000;
    }
    unpack_free(any);
    return retry_us;
}

/* What is left of the time is known only now: with the lock, and connected. */
static int ask(struct segel *segel, struct gateway_question *question,
               ProtobufCMessage **reply, struct segel_error *error)
{
    struct slice details = {0};
    struct sg_error why = {0};
    int code = segel->channel == NULL ? connect_again(segel, question, error) : SEGEL_OK;

    if (code != SEGEL_OK) {
        return code;
    }
    int64_t left_us = question->until_us - moment_mono_us();
    if (left_us <= 0) {
        return say_late(error);
    }
    const struct unary unary = {.path = question->path,
                                .timeout_ms = (uint32_t)(left_us / 1000 + 1),
                                .request = question->request,
                                .reply_type = question->reply_type};
    enum sg_status status = channel_unary(segel->channel, &unary, reply, &details, &why);
    question->retry_us = retry_of(details);
    free(sg_unconst(details.data));
    if (status == SG_OK) {
        return SEGEL_OK;
    }
    /* A gateway that ended, or ended the connection, says so where nobody reads until the
     * next question, which then comes too late for it. */
    question->lost =
        status == SG_IO || (channel_lost(status) && !channel_takes_calls(segel->channel));
    if (question->lost || status == SG_TIMEOUT) { /* it may be dead, too */
        channel_close(segel->channel);
        segel->channel = NULL;
    }
    return error_status(error, status, &why);
}

int gateway_ask_once(struct segel *segel, struct gateway_question *question,
                     ProtobufCMessage **reply, struct segel_error *error)
{
    const struct timespec until = {.tv_sec = question->until_us / 1000000,
                                   .tv_nsec = question->until_us % 1000000 * 1000};

    question->lost = false;
    question->retry_us = 0;
    if (pthread_mutex_clocklock(&segel->lock, CLOCK_MONOTONIC, &until) != 0) {
        return say_late(error);
    }
    int code = ask(segel, question, reply, error);
    (void)pthread_mutex_unlock(&segel->lock);
    return code;
}

int gateway_ask(struct segel *segel, struct gateway_question *question,
                ProtobufCMessage **reply, struct segel_error *error)
{
    int code = gateway_ask_once(segel, question, reply, error);

    return question->lost ? gateway_ask_once(segel, question, reply, error) : code;
}
