/* What the crossing from the core to a lane and back costs: processor time a job, of both
 * sides, with so many jobs in flight. The lane is a real segel-hsm whose module signs in
 * no time (tests/fixtures/instant.c); the core's side is the real
 * gateway/core/lane/lane.c. Of their time the check of the signature is taken off,
 * measured alone in the same run with the lane's own verifier. Prints one line of JSON.
 *
 *   ipc --program SEGEL_HSM --module INSTANT.SO --conf SOFTHSM2.CONF --token LABEL
 *       --pin-file FILE --id HEX --in-flight N --threads N --seconds S
 *
 * The key is an RSA key. */
#include <getopt.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "gateway/core/lane/lane.h"
#include "hsm/token/verifier.h"
#include "proto/text.h"
#include "tests/bench/figures.h"

enum {
    IN_FLIGHT_MAX = 256,
    WARM_UP = 2000,
    START_US = 10000000,
    ID_MAX = 64,
    THREADS_MAX = 64
};

struct options {
    const char *texts[128]; /* by the letter of the option */
    uint32_t in_flight;
    unsigned threads;
    double seconds;
    uint8_t id[ID_MAX];
    size_t id_len;
    char environment[512];
};

/* One run. Jobs are nothing but a place in this count. */
struct bench {
    struct lane *lane;
    uint64_t done;
    uint64_t failed;
    uint32_t free; /* jobs that may be submitted now */
    struct signature signature;
};

static const uint8_t DIGEST[32] = "not a digest, but of its length";

static _Noreturn void give_up(const char *what, const char *why)
{
    (void)fprintf(stderr, "ipc: %s%s%s\n", what, why[0] == '\0' ? "" : ": ", why);
    _exit(1);
}

/* --- The command line -------------------------------------------------------------- */

static void read_words(int argc, char **argv, const char *texts[128])
{
    static const struct option known[] = {{"program", required_argument, NULL, 'p'},
                                          {"module", required_argument, NULL, 'm'},
                                          {"conf", required_argument, NULL, 'c'},
                                          {"token", required_argument, NULL, 't'},
                                          {"pin-file", required_argument, NULL, 'f'},
                                          {"id", required_argument, NULL, 'i'},
                                          {"in-flight", required_argument, NULL, 'n'},
                                          {"threads", required_argument, NULL, 'w'},
                                          {"seconds", required_argument, NULL, 's'},
                                          {NULL, 0, NULL, 0}};
    int letter;
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): there is no other thread */
    while ((letter = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (letter == '?') {
            give_up("the command line is wrong; the file's head says what is wanted", "");
        }
        texts[letter] = optarg;
    }
    for (const struct option *need = known; need->name != NULL; need++) {
        if (texts[need->val] == NULL) {
            give_up("an option is missing", need->name);
        }
    }
}

static void read_options(int argc, char **argv, struct options *options)
{
    read_words(argc, argv, options->texts);
    options->in_flight = (uint32_t)strtoul(options->texts['n'], NULL, 10);
    options->threads = (unsigned)strtoul(options->texts['w'], NULL, 10);
    options->seconds = strtod(options->texts['s'], NULL);
    (void)snprintf(options->environment, sizeof(options->environment), "SOFTHSM2_CONF=%s",
                   options->texts['c']);
    if (options->in_flight < 1 || options->in_flight > IN_FLIGHT_MAX ||
        options->threads < 1 || options->threads > THREADS_MAX || options->seconds <= 0) {
        give_up("in-flight, threads or seconds are out of bounds", "");
    }
    if (text_unhex(slice_str(options->texts['i']), options->id, sizeof(options->id),
                   &options->id_len) != SG_OK) {
        give_up("the id is not hexadecimal", options->texts['i']);
    }
}

/* --- The lane ---------------------------------------------------------------------- */

static void on_done(void *context, void *owner, const struct lane_result *result)
{
    struct bench *bench = context;
    (void)owner;
    bench->free++;
    bench->done++;
    if (result->status != SG_OK) {
        bench->failed++;
        return;
    }
    bench->signature.len = result->signature.len;
    memcpy(bench->signature.data, result->signature.data, result->signature.len);
}

static void wait_for_lane(const struct bench *bench, int timeout_ms)
{
    struct pollfd ready = {.fd = lane_fd(bench->lane), .events = POLLIN};
    (void)poll(&ready, 1, timeout_ms);
    lane_read(bench->lane);
}

static void open_lane(struct bench *bench, const struct options *options)
{
    static struct config_lane config;
    static struct lane_key_ref key;
    struct sg_error why = {0};
    config = (struct config_lane){.name = "bench",
                                  .module = options->texts['m'],
                                  .init_args = "",
                                  .token = {options->texts['t'], "", "", ""},
                                  .pin_path = options->texts['f'],
                                  .threads = options->threads,
                                  .environment = {options->environment, NULL}};
    key = (struct lane_key_ref){.name = "bench",
                                .id = slice_of(options->id, options->id_len)};
    const struct lane_options wanted = {.config = &config,
                                        .program = options->texts['p'],
                                        .keys = &key,
                                        .key_count = 1,
                                        .window = IN_FLIGHT_MAX,
                                        .timeout_us = START_US,
                                        .start_us = START_US,
                                        .canary = LANE_NO_CANARY,
                                        .canary_us = START_US,
                                        .retry_max_us = START_US,
                                        .done = on_done,
                                        .context = bench};
    if (lane_new(&wanted, &bench->lane) != SG_OK ||
        lane_start(bench->lane, &why) != SG_OK) {
        give_up("the lane does not start", why.text);
    }
    while (lane_state(bench->lane) == LANE_STARTING) {
        wait_for_lane(bench, 1000);
    }
    if (lane_state(bench->lane) != LANE_UP) {
        give_up("the token does not open", lane_why(bench->lane));
    }
    if (!lane_key(bench->lane, 0)->usable) {
        give_up("the key is of no use", lane_key(bench->lane, 0)->why);
    }
}

static void submit_free(struct bench *bench)
{
    const struct lane_op op = {.owner = bench,
                               .key = 0,
                               .scheme = SG_SCHEME_RSA_PKCS1,
                               .hash = SG_HASH_SHA256,
                               .input = slice_of(DIGEST, sizeof(DIGEST))};
    for (; bench->free > 0; bench->free--) {
        lane_submit(bench->lane, &op);
    }
    lane_flush(bench->lane);
}

/* What the core does with its lanes in each turn: send what is to be sent, wait, take in
 * what has come. */
static void turn(struct bench *bench)
{
    submit_free(bench);
    wait_for_lane(bench, 1000);
    if (lane_state(bench->lane) != LANE_UP || bench->failed > 0) {
        give_up("the lane was lost, or failed a job", lane_why(bench->lane));
    }
}

/* --- Measuring --------------------------------------------------------------------- */

/* The lane is our only child; lane.h tells no process ids. */
static pid_t lane_pid(void)
{
    char text[64] = "";
    FILE *file = fopen("/proc/thread-self/children", "re");
    if (file == NULL || fgets(text, sizeof(text), file) == NULL) {
        give_up("the lane's process is not to be found", "");
    }
    (void)fclose(file);
    return (pid_t)strtol(text, NULL, 10);
}

/* User and system time of another process so far: the 14th and 15th field of its stat, or
 * the 12th and 13th behind the name in brackets. */
static double cpu_of(pid_t pid)
{
    char path[64];
    char text[1024] = "";
    (void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    if (file == NULL || fgets(text, sizeof(text), file) == NULL) {
        give_up("the lane is gone", path);
    }
    (void)fclose(file);
    char *at = strrchr(text, ')');
    for (unsigned field = 0; field < 12 && at != NULL; field++) {
        at = strchr(at + 1, ' ');
    }
    MUST(at != NULL);
    unsigned long ticks = strtoul(at, &at, 10);
    ticks += strtoul(at, NULL, 10);
    return (double)ticks * 1e6 / (double)sysconf(_SC_CLK_TCK);
}

/* One thread that checks the lane's signature again and again. */
struct checker {
    pthread_t thread;
    const struct bench *bench;
    int64_t until_us;
    uint64_t count;
};

static void *check(void *argument)
{
    struct checker *checker = argument;
    const struct lane_key *key = lane_key(checker->bench->lane, 0);
    const struct wanted wanted = {MECHANISM_RSA_PKCS1, SG_HASH_SHA256,
                                  slice_of(DIGEST, sizeof(DIGEST))};
    AUTO(verifier_fini) struct verifier verifier = {0};
    if (verifier_init(&verifier, slice_of(key->spki, key->spki_len)) != SG_OK) {
        give_up("the lane showed no public key", "");
    }
    for (; clock_mono_us() < checker->until_us; checker->count++) {
        if (!verifier_check(&verifier, &wanted, &checker->bench->signature)) {
            give_up("the lane gave a wrong signature", "");
        }
    }
    return NULL;
}

/* Processor time of one check, with as many threads at it as the lane has: they take each
 * other's caches and share cores as there. */
static double verify_us(const struct bench *bench, unsigned threads, double seconds)
{
    static struct checker checkers[THREADS_MAX];
    int64_t until_us = clock_mono_us() + (int64_t)(seconds * 1e6);
    double start_us = figures_cpu_us();
    uint64_t count = 0;
    for (unsigned i = 0; i < threads; i++) {
        checkers[i] = (struct checker){.bench = bench, .until_us = until_us};
        MUST(pthread_create(&checkers[i].thread, NULL, check, &checkers[i]) == 0);
    }
    for (unsigned i = 0; i < threads; i++) {
        MUST(pthread_join(checkers[i].thread, NULL) == 0);
        count += checkers[i].count;
    }
    return (figures_cpu_us() - start_us) / (double)count;
}

static void measure(struct bench *bench, const struct options *options)
{
    pid_t pid = lane_pid();
    bench->free = options->in_flight;
    while (bench->done < WARM_UP) {
        turn(bench);
    }
    uint64_t done = bench->done;
    int64_t start_us = clock_mono_us();
    int64_t until_us = start_us + (int64_t)(options->seconds * 1e6);
    double ours = figures_cpu_us();
    double theirs = cpu_of(pid);
    while (clock_mono_us() < until_us) {
        turn(bench);
    }
    double count = (double)(bench->done - done);
    double seconds = (double)(clock_mono_us() - start_us) / 1e6;
    ours = (figures_cpu_us() - ours) / count;
    theirs = (cpu_of(pid) - theirs) / count;
    double checked = verify_us(bench, options->threads, options->seconds / 2);
    printf("{\"per_second\":%.1f,\"in_flight\":%u,\"core_us\":%.2f,\"lane_us\":%.2f,"
           "\"verify_us\":%.2f,\"crossing_us\":%.2f}\n",
           count / seconds, options->in_flight, ours, theirs, checked,
           ours + theirs - checked);
}

int main(int argc, char **argv)
{
    static struct options options;
    static struct bench bench;
    read_options(argc, argv, &options);
    open_lane(&bench, &options);
    measure(&bench, &options);
    lane_free(bench.lane);
    return fflush(stdout) == 0 ? 0 : 1;
}
