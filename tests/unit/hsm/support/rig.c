#define _GNU_SOURCE  /* NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) \
                      */
#include "tests/unit/hsm/support/rig.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hsm/tool/tool.h"
#include "proto/text.h"

static char directory[64];

const char *rig_path(const char *name)
{
    static char paths[8][256];
    static unsigned turn;
    char *path = paths[turn++ % 8];
    (void)snprintf(path, sizeof(paths[0]), "%s/%s", directory, name);
    return path;
}

void rig_write(const char *name, const char *text)
{
    int fd = open(rig_path(name), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    cr_assert(fd >= 0);
    cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    (void)close(fd);
}

static void read_back(int fd, char out[RIG_OUTPUT])
{
    ssize_t got = pread(fd, out, RIG_OUTPUT - 1, 0);
    cr_assert(got >= 0);
    out[got] = '\0';
    (void)close(fd);
}

/* The command runs in a child: it ends its process, and a process logs in only once. */
static struct output run(int argc, char **argv)
{
    static struct output output;
    int text = memfd_create("text", MFD_CLOEXEC);
    int errors = memfd_create("errors", MFD_CLOEXEC);
    int status = 0;
    (void)fflush(stdout);
    (void)fflush(stderr);
    pid_t child = fork();
    if (child == 0) {
        (void)dup2(text, STDOUT_FILENO);
        (void)dup2(errors, STDERR_FILENO);
        _exit(tool_main(argc, argv));
    }
    cr_assert(child > 0);
    cr_assert_eq(waitpid(child, &status, 0), child);
    output.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    read_back(text, output.text);
    read_back(errors, output.errors);
    return output;
}

struct output rig_run(const char *command, ...)
{
    static char words[32][256];
    char *argv[33] = {words[0], words[1]};
    int argc = 1;
    va_list rest;
    va_start(rest, command);
    (void)snprintf(words[0], sizeof(words[0]), "segel-hsm");
    for (const char *word = command; word != NULL; word = va_arg(rest, const char *)) {
        cr_assert(argc < 32);
        (void)snprintf(words[argc], sizeof(words[0]), "%s", word);
        argv[argc] = words[argc];
        argc++;
    }
    va_end(rest);
    argv[argc] = NULL;
    return run(argc, argv);
}

static void set(const char *name, const char *value)
{
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): a test is one thread */
    cr_assert_eq(setenv(name, value, 1), 0);
}

static void make_pin(const char *name)
{
    uint64_t number = 0;
    char line[32];
    cr_assert_eq(getrandom(&number, sizeof(number), 0), (ssize_t)sizeof(number));
    (void)snprintf(line, sizeof(line), "%020" PRIu64 "\n", number);
    rig_write(name, line);
}

static void make_pins(void)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        make_pin("pin");
        make_pin("so-pin");
        _exit(0);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert_eq(status, 0);
}

const char *rig_pin(void)
{
    static char pin[32];
    int fd = open(rig_path("pin"), O_RDONLY | O_CLOEXEC);
    cr_assert_eq(read(fd, pin, sizeof(pin) - 1), 21);
    (void)close(fd);
    pin[20] = '\0';
    return pin;
}

void rig_make(void)
{
    char conf[256];
    (void)snprintf(directory, sizeof(directory), "/tmp/segel-unit-hsm-XXXXXX");
    cr_assert_not_null(mkdtemp(directory));
    (void)snprintf(conf, sizeof(conf),
                   "directories.tokendir = %s/tokens\nobjectstore.backend = file\n"
                   "log.level = ERROR\nslots.removable = false\n",
                   directory);
    rig_write("softhsm2.conf", conf);
    cr_assert_eq(mkdir(rig_path("tokens"), 0700), 0);
    set("SOFTHSM2_CONF", rig_path("softhsm2.conf"));
    make_pins();
    struct output made =
        rig_run("init-token", "--module", RIG_MODULE, "--label", RIG_LABEL,
                "--so-pin-file", rig_path("so-pin"), "--pin-file", rig_path("pin"), NULL);
    cr_assert_eq(made.code, 0, "%s", made.errors);
}

static int remove_one(const char *path, const struct stat *info, int kind,
                      struct FTW *place)
{
    (void)info;
    (void)kind;
    (void)place;
    return remove(path);
}

void rig_remove(void)
{
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): a test is one thread */
    cr_expect_eq(nftw(directory, remove_one, 16, FTW_PHYS | FTW_DEPTH), 0);
}

void rig_key(const char *type, const char *id, const char *scheme)
{
    struct output made =
        rig_run("keygen", "--module", RIG_MODULE, "--token", RIG_LABEL, "--pin-file",
                rig_path("pin"), "--type", type, "--name", id, "--id", id,
                scheme == NULL ? NULL : "--scheme", scheme, NULL);
    cr_assert_eq(made.code, 0, "%s", made.errors);
}

/* A P-256 key that keygen would never make. */
struct odd {
    uint8_t *id;
    size_t id_len;
    const char *label;
    bool distrustful;
};

static enum sg_status make_odd(const struct odd *odd, struct trouble *trouble)
{
    static uint8_t p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
    static CK_BBOOL yes = CK_TRUE;
    const struct tool tool = {
        .module = RIG_MODULE, .token = RIG_LABEL, .pin_file = rig_path("pin")};
    struct token token;
    CK_OBJECT_HANDLE handles[2];
    CK_MECHANISM mechanism = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    TRY(tool_login(&tool, true, &token, trouble));
    CK_ATTRIBUTE both[] = {{CKA_TOKEN, &yes, sizeof(yes)},
                           {CKA_ID, odd->id, odd->id_len},
                           {CKA_LABEL, sg_unconst(odd->label), strlen(odd->label)},
                           {CKA_EC_PARAMS, p256, sizeof(p256)}};
    CK_ATTRIBUTE private[] = {both[0],
                              both[1],
                              both[2],
                              {CKA_PRIVATE, &yes, sizeof(yes)},
                              {CKA_ALWAYS_AUTHENTICATE, &yes, sizeof(yes)}};
    CK_RV rv =
        token.fn->C_GenerateKeyPair(token.anchor, &mechanism, both, 4, private,
                                    odd->distrustful ? 5 : 3, &handles[0], &handles[1]);
    return rv == CKR_OK ? SG_OK : trouble_rv(trouble, rv, "no such key was made");
}

static void make_apart(const struct odd *odd)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        struct trouble trouble = {0};
        _exit(make_odd(odd, &trouble) == SG_OK ? 0 : 1);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert_eq(status, 0);
}

static void make_twin(const char *text, bool distrustful)
{
    uint8_t id[KEY_ID_MAX];
    struct odd odd = {.id = id, .label = "", .distrustful = distrustful};
    cr_assert_eq(text_unhex(slice_str(text), id, sizeof(id), &odd.id_len), SG_OK);
    make_apart(&odd);
}

void rig_twin(const char *id)
{
    make_twin(id, false);
}

void rig_distrustful_key(const char *id)
{
    make_twin(id, true);
}

void rig_key_named(size_t id_len, const char *label)
{
    uint8_t id[2 * KEY_ID_MAX];
    cr_assert_leq(id_len, sizeof(id));
    memset(id, 'i', sizeof(id));
    make_apart(&(struct odd){.id = id, .id_len = id_len, .label = label});
}

static uid_t new_owner;

static int give_one(const char *path, const struct stat *info, int kind,
                    struct FTW *place)
{
    (void)info;
    (void)kind;
    (void)place;
    return chown(path, new_owner, new_owner);
}

void rig_give(uid_t user)
{
    new_owner = user;
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): a test is one thread */
    cr_assert_eq(nftw(directory, give_one, 16, FTW_PHYS), 0);
}

static char token_file[256];

static int find_token(const char *path, const struct stat *info, int kind,
                      struct FTW *place)
{
    (void)info;
    if (kind == FTW_F && strcmp(path + place->base, "token.object") == 0) {
        (void)snprintf(token_file, sizeof(token_file), "%s", path);
    }
    return 0;
}

const char *rig_token_file(void)
{
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): a test is one thread */
    cr_assert_eq(nftw(rig_path("tokens"), find_token, 16, FTW_PHYS), 0);
    cr_assert(token_file[0] != '\0');
    return token_file;
}

/* The build puts them beside the unit tests. */
static const char *fixture(const char *name)
{
    static char path[512];
    char self[400];
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
    cr_assert(len > 0);
    self[len] = '\0';
    *strrchr(self, '/') = '\0';
    (void)snprintf(path, sizeof(path), "%s/../../fixtures/%s", self, name);
    cr_assert_eq(access(path, R_OK), 0, "%s is missing: make tests", path);
    return path;
}

const char *rig_prober(void)
{
    set("PROBER_REPORT", rig_path("report"));
    return fixture("prober.so");
}

void rig_prober_writes(const char *path)
{
    set("PROBER_WRITE", path);
}

static const char *faulty_module(const char *real)
{
    set("FAULTS_REAL", real);
    set("FAULTS_FILE", rig_path("faults"));
    set("FAULTS_LOG", rig_path("calls"));
    return fixture("faults.so");
}

const char *rig_faulty_module(void)
{
    return faulty_module(RIG_MODULE);
}

const char *rig_quick_faulty_module(void)
{
    return faulty_module(fixture("instant.so"));
}

/* Renamed into place: the module must never read half a schedule. */
void rig_faults(const char *schedule)
{
    rig_write("faults.new", schedule);
    cr_assert_eq(rename(rig_path("faults.new"), rig_path("faults")), 0);
}

unsigned rig_calls(const char *function)
{
    char line[160];
    unsigned count = 0;
    FILE *file = fopen(rig_path("calls"), "re");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        line[strcspn(line, " \n")] = '\0';
        count += strcmp(line, function) == 0 ? 1 : 0;
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return count;
}
