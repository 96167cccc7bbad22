/* crowd: many connections at once, each over mutual TLS like a client's own. Most are
 * idle; the active ones sign in turn, one call at a time each, at a steady rate in all.
 *
 *   crowd --home DIR --key NAME --class NAME --approval REF --idle N --active N --rate R
 *         --seconds S
 *
 * Its line of JSON comes while all connections are still open, so that the gateway can be
 * looked at; it ends with its standard input. */
#include <openssl/rand.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "client/channel/moment.h"
#include "client/console/home.h"
#include "client/console/options.h"
#include "proto/text.h"
#include "segel/v1/signing.pb-c.h"
#include "tests/bench/figures.h"

enum { THREADS = 4, CONNECTIONS_MAX = 100000, CALL_MS = 10000, DIGEST_LEN = 32 };

struct crowd_options {
    const char *home;
    const char *key;
    const char *document_class;
    const char *approval;
    const char *idle;
    const char *active;
    const char *rate;
    const char *seconds;
};

#define AT(member) offsetof(struct crowd_options, member)
static const struct option rows[] = {
    {"home", 0, "DIR", "folder of the client", AT(home)},
    {"key", 0, "NAME", "key that signs", AT(key)},
    {"class", 0, "NAME", "document class", AT(document_class)},
    {"approval", 0, "REF", "approval number", AT(approval)},
    {"idle", 0, "N", "connections that do nothing (default: 0)", AT(idle)},
    {"active", 0, "N", "connections that sign in turn (default: 100)", AT(active)},
    {"rate", 0, "R", "signatures a second in all (default: 100)", AT(rate)},
    {"seconds", 0, "S", "how long (default: 10)", AT(seconds)},
};
static const struct option_table table = {rows, SG_COUNT(rows)};

/* A quarter of the crowd, with its thread. */
struct quarter {
    const struct crowd_options *options;
    pthread_t thread;
    pthread_barrier_t *opened;
    struct channel **channels; /* owned: the active ones first */
    size_t active;
    size_t count;
    int64_t period_us; /* between two calls */
    int64_t span_us;
    char run[17];
    struct figures figures;
    struct sg_error why;
};

static void note_error(struct quarter *quarter, const char *why)
{
    if (quarter->figures.errors++ == 0) {
        (void)snprintf(quarter->why.text, sizeof(quarter->why.text), "%s", why);
    }
}

static void open_all(struct quarter *quarter)
{
    struct sg_error why = {0};
    struct home home;

    if (home_find(quarter->options->home, &home, &why) != SG_OK) {
        note_error(quarter, why.text);
        return;
    }
    for (size_t i = 0; i < quarter->count; i++) {
        if (home_connect(&home, &quarter->channels[i], &why) != SG_OK) {
            quarter->channels[i] = NULL;
            note_error(quarter, why.text);
            return;
        }
        if (channel_turn(quarter->channels[i], 0, &why) == SG_IO) { /* its settings */
            note_error(quarter, why.text);
            return;
        }
    }
}

static void sign_once(struct quarter *quarter, uint64_t number)
{
    struct channel *channel = quarter->channels[number % quarter->active];
    uint8_t digest[DIGEST_LEN] = {0};
    char id[48];
    Segel__V1__SignTerms terms;
    Segel__V1__SignItem item;
    Segel__V1__SignRequest request;
    const struct unary unary = {.path = "/segel.v1.SigningService/Sign",
                                .timeout_ms = CALL_MS,
                                .request = &request.base,
                                .reply_type = &segel__v1__sign_response__descriptor};
    ProtobufCMessage *reply = NULL;
    struct sg_error why = {0};

    segel__v1__sign_terms__init(&terms);
    segel__v1__sign_item__init(&item);
    segel__v1__sign_request__init(&request);
    memcpy(digest, &number, sizeof(number));
    (void)snprintf(id, sizeof(id), "%s-%llu", quarter->run, (unsigned long long)number);
    terms.key = sg_unconst_text(quarter->options->key);
    terms.document_class = sg_unconst_text(quarter->options->document_class);
    terms.approval_ref = sg_unconst_text(quarter->options->approval);
    terms.profile = SEGEL__V1__SIGNATURE_PROFILE__SIGNATURE_PROFILE_PADES_B_B;
    terms.hash_algorithm = SEGEL__V1__HASH_ALGORITHM__HASH_ALGORITHM_SHA256;
    terms.notice_shown = 1;
    item.request_id = id;
    item.digest = (ProtobufCBinaryData){sizeof(digest), digest};
    request.terms = &terms;
    request.item = &item;
    int64_t start_us = moment_mono_us();
    if (channel_unary(channel, &unary, &reply, NULL, &why) != SG_OK) {
        note_error(quarter, why.text);
        return;
    }
    figures_note(&quarter->figures, (uint32_t)(moment_mono_us() - start_us));
    protobuf_c_message_free_unpacked(reply, NULL);
}

static void sleep_until(int64_t until_us)
{
    struct timespec until = {.tv_sec = until_us / 1000000,
                             .tv_nsec = until_us % 1000000 * 1000};

    (void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

static void *drive(void *context)
{
    struct quarter *quarter = (struct quarter *)context;

    open_all(quarter);
    (void)pthread_barrier_wait(quarter->opened);
    int64_t next_us = moment_mono_us();
    int64_t end_us = next_us + quarter->span_us;
    for (uint64_t i = 0; quarter->figures.errors == 0 && next_us < end_us; i++) {
        sleep_until(next_us);
        sign_once(quarter, i);
        next_us += quarter->period_us;
    }
    return NULL;
}

/* --- All quarters ------------------------------------------------------------------ */

static uint64_t number_of(const char *text, uint64_t max)
{
    uint64_t number = 0;

    if (text_uint(slice_str(text), max, &number) != SG_OK) {
        (void)fprintf(stderr, "crowd: '%s' is not a number up to %llu\n", text,
                      (unsigned long long)max);
        _exit(1);
    }
    return number;
}

static void prepare(struct quarter *quarter, const struct crowd_options *options,
                    pthread_barrier_t *opened)
{
    uint8_t random[8];

    *quarter = (struct quarter){.options = options, .opened = opened};
    quarter->active = (size_t)number_of(options->active, CONNECTIONS_MAX) / THREADS;
    quarter->count =
        quarter->active + (size_t)number_of(options->idle, CONNECTIONS_MAX) / THREADS;
    quarter->span_us = (int64_t)number_of(options->seconds, 3600) * 1000000;
    quarter->period_us =
        INT64_C(1000000) * THREADS / (int64_t)number_of(options->rate, 100000);
    quarter->channels =
        (struct channel **)calloc(quarter->count, sizeof(struct channel *));
    MUST(quarter->channels != NULL && quarter->active > 0);
    MUST(RAND_bytes(random, sizeof(random)) == 1);
    text_hex(slice_of(random, sizeof(random)), quarter->run);
}

static void gather(struct figures *all, const struct quarter *quarter)
{
    for (uint64_t i = 0; i < quarter->figures.done; i++) {
        figures_note(all, quarter->figures.latencies[i]);
    }
    all->errors += quarter->figures.errors;
    if (quarter->figures.errors > 0) {
        (void)fprintf(stderr, "crowd: %s\n", quarter->why.text);
    }
}

static void run(const struct crowd_options *options)
{
    static struct quarter quarters[THREADS];
    struct figures all = {0};
    pthread_barrier_t opened;
    char rest[64];

    MUST(pthread_barrier_init(&opened, NULL, THREADS) == 0);
    double before_us = figures_cpu_us();
    for (size_t i = 0; i < THREADS; i++) {
        prepare(&quarters[i], options, &opened);
        MUST(pthread_create(&quarters[i].thread, NULL, drive, &quarters[i]) == 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        MUST(pthread_join(quarters[i].thread, NULL) == 0);
        gather(&all, &quarters[i]);
    }
    figures_print(&all, (double)quarters[0].span_us / 1e6, figures_cpu_us() - before_us);
    (void)fflush(stdout);
    while (read(STDIN_FILENO, rest, sizeof(rest)) > 0) {
    }
    _exit(all.errors > 0 ? 1 : 0); /* closing them one by one would take its time */
}

int main(int argc, char **argv)
{
    struct crowd_options options = {.key = "",
                                    .document_class = "",
                                    .approval = "",
                                    .idle = "0",
                                    .active = "100",
                                    .rate = "100",
                                    .seconds = "10"};
    struct words words = {argv + 1, argc > 0 ? (size_t)argc - 1 : 0};
    struct sg_error why = {0};

    if (options_parse(&table, &words, &options, &why) != SG_OK) {
        (void)fprintf(stderr, "crowd: %s\n", why.text);
        return 1;
    }
    run(&options);
}
