/* What the token alone can do: C_SignInit and C_Sign in a loop, one session a thread,
 * with the calls and the check of the lane and nothing else of it. Prints one line of
 * JSON.
 *
 *   ceiling --module FILE --token LABEL --pin-file FILE --id HEX --type TYPE
 *           --threads N --seconds S [--verify] [--init-args TEXT] */
#include <getopt.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "hsm/process/process.h"
#include "hsm/token/verifier.h"
#include "hsm/wire/operation.h"
#include "proto/text.h"

struct options {
    const char *module;
    const char *init_args; /* NULL: none */
    const char *token;
    const char *pin_file;
    const char *id;
    const char *type;
    unsigned threads;
    double seconds;
    bool verify;
};

struct runner {
    pthread_t thread;
    struct reach reach;
    const struct key *key;
    struct wanted wanted;
    bool verify;
    uint64_t count;
    CK_RV rv; /* of the call that failed; CKR_GENERAL_ERROR: a signature was wrong */
};

enum { THREADS_MAX = 64 };

static struct runner runners[THREADS_MAX];
static atomic_bool stop;

static _Noreturn void give_up(const char *why)
{
    (void)fprintf(stderr, "ceiling: %s\n", why);
    _exit(1);
}

static CK_RV sign_one(struct runner *runner, struct verifier *verifier)
{
    struct signature raw;
    struct signature out;
    CK_RV rv = sign_raw(runner->reach, runner->key->handle, &runner->wanted, &raw);
    if (rv != CKR_OK || !runner->verify) {
        return rv;
    }
    bool good = sign_encode(runner->key, &raw, &out) &&
                verifier_check(verifier, &runner->wanted, &out);
    return good ? CKR_OK : CKR_GENERAL_ERROR;
}

static void *run(void *argument)
{
    struct runner *runner = argument;
    AUTO(verifier_fini) struct verifier verifier = {0};
    if (verifier_init(&verifier, slice_of(runner->key->spki, runner->key->spki_len)) !=
        SG_OK) {
        runner->rv = CKR_GENERAL_ERROR;
        return NULL;
    }
    while (runner->rv == CKR_OK && !atomic_load_explicit(&stop, memory_order_relaxed)) {
        runner->rv = sign_one(runner, &verifier);
        runner->count++;
    }
    return NULL;
}

static void read_options(int argc, char **argv, struct options *options)
{
    static const struct option known[] = {{"module", required_argument, NULL, 'm'},
                                          {"token", required_argument, NULL, 't'},
                                          {"pin-file", required_argument, NULL, 'p'},
                                          {"id", required_argument, NULL, 'i'},
                                          {"type", required_argument, NULL, 'k'},
                                          {"threads", required_argument, NULL, 'n'},
                                          {"seconds", required_argument, NULL, 's'},
                                          {"init-args", required_argument, NULL, 'a'},
                                          {"verify", no_argument, NULL, 'v'},
                                          {NULL, 0, NULL, 0}};
    const char *texts[128] = {0};
    int letter;
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): there is no other thread yet */
    while ((letter = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (letter == '?') {
            give_up("the command line is wrong; the file's head says what is wanted");
        }
        texts[letter] = letter == 'v' ? "yes" : optarg;
    }
    for (const char *need = "mtpikns"; *need != '\0'; need++) {
        if (texts[(int)*need] == NULL) {
            give_up("an option is missing; the file's head says what is wanted");
        }
    }
    *options = (struct options){.module = texts['m'],
                                .init_args = texts['a'],
                                .token = texts['t'],
                                .pin_file = texts['p'],
                                .id = texts['i'],
                                .type = texts['k'],
                                .threads = (unsigned)strtoul(texts['n'], NULL, 10),
                                .seconds = strtod(texts['s'], NULL),
                                .verify = texts['v'] != NULL};
    if (options->threads < 1 || options->threads > THREADS_MAX || options->seconds <= 0) {
        give_up("threads or seconds are out of bounds");
    }
}

/* The mechanism that the lane would use; a key bound to PSS says so itself. */
static struct wanted wanted_of(const struct key *key)
{
    static const uint8_t digest[32] = "not a digest, but of its length";
    bool pss = key->allowed_count == 1 && key->allowed[0] == CKM_RSA_PKCS_PSS;
    struct wanted wanted = {MECHANISM_ECDSA, SG_HASH_SHA256, slice_of(digest, 32)};
    if (key->type == KEY_RSA) {
        wanted.mechanism = pss ? MECHANISM_RSA_PSS : MECHANISM_RSA_PKCS1;
    } else if (key->type == KEY_ED25519) {
        wanted.mechanism = MECHANISM_EDDSA;
        wanted.hash = SG_HASH_NONE;
    }
    return wanted;
}

static enum sg_status prepare(const struct options *options, struct token *token,
                              struct key *key, struct trouble *trouble)
{
    struct module module;
    struct key_ref ref = {0};
    char kind[16];
    TRY(process_protect(trouble));
    TRY(module_load(options->module, options->init_args, &module, trouble));
    TRY(token_find(&module, options->token, "", token, trouble));
    TRY(token_open(token, false, trouble));
    TRY(token_login(token, options->pin_file, trouble));
    if (text_unhex(slice_str(options->id), ref.id, sizeof(ref.id), &ref.id_len) !=
        SG_OK) {
        return trouble_config(trouble, "the id is not hexadecimal");
    }
    TRY(key_load((struct reach){token->fn, token->anchor}, &ref, key, trouble));
    key_kind(key, kind);
    if (!key->usable || strcmp(kind, options->type) != 0) {
        return trouble_config(trouble, "the key is not a usable %s: %s %s", options->type,
                              kind, key->why.text);
    }
    return SG_OK;
}

static int64_t cpu_us(void)
{
    struct rusage use;
    MUST(getrusage(RUSAGE_SELF, &use) == 0);
    return (int64_t)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1000000 +
           use.ru_utime.tv_usec + use.ru_stime.tv_usec;
}

static uint64_t finish(const struct options *options)
{
    uint64_t count = 0;
    atomic_store(&stop, true);
    for (unsigned i = 0; i < options->threads; i++) {
        MUST(pthread_join(runners[i].thread, NULL) == 0);
        if (runners[i].rv != CKR_OK) {
            give_up(rv_name(runners[i].rv));
        }
        count += runners[i].count;
    }
    return count;
}

static void measure(const struct options *options, const struct token *token,
                    const struct key *key)
{
    for (unsigned i = 0; i < options->threads; i++) {
        runners[i] = (struct runner){.reach = {.fn = token->fn},
                                     .key = key,
                                     .wanted = wanted_of(key),
                                     .verify = options->verify};
        if (token_session(token, &runners[i].reach.session) != CKR_OK) {
            give_up("the token opens no more sessions");
        }
    }
    int64_t cpu = cpu_us();
    int64_t start = operation_now_us();
    for (unsigned i = 0; i < options->threads; i++) {
        MUST(pthread_create(&runners[i].thread, NULL, run, &runners[i]) == 0);
    }
    (void)usleep((useconds_t)(options->seconds * 1e6));
    uint64_t count = finish(options);
    double seconds = (double)(operation_now_us() - start) / 1e6;
    printf("{\"per_second\":%.1f,\"threads\":%u,\"verify\":%s,\"cpu_us\":%.1f}\n",
           (double)count / seconds, options->threads, options->verify ? "true" : "false",
           (double)(cpu_us() - cpu) / (double)count);
}

int main(int argc, char **argv)
{
    static struct options options;
    static struct token token;
    static struct key key;
    struct trouble trouble = {0};
    read_options(argc, argv, &options);
    if (prepare(&options, &token, &key, &trouble) != SG_OK) {
        give_up(trouble.why.text);
    }
    measure(&options, &token, &key);
    _exit(fflush(stdout) == 0 ? 0 : 1);
}
