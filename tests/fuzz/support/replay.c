/* Drives a target without libFuzzer: replays files, then makes some thousand inputs from
 * them, the same ones each time.
 *
 *     build/tests/fuzz/TARGET [FILE|FOLDER]…   no argument: tests/fuzz/corpus/TARGET and
 *                                              RUNS (10000) mutations of it
 *
 * An input that ends the process is left in $BUILD/fuzz/findings/TARGET/replayed, and the
 * command that shows it again is printed. */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/fuzz/support/fuzz.h"

enum {
    FILES_MAX = 4096,
    INPUT_MAX = 1 << 17,
    GROWTH_MAX = 4096,
    RUNS = 10000,
    EDITS_MAX = 6,
    SLOW_S = 60 /* one input may not take longer, on the slowest machine */
};

/* AddressSanitizer's, where it is linked.
 * NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
extern void
set_death_callback(void (*callback)(void)) __asm__("__sanitizer_set_death_callback")
    __attribute__((weak));
extern size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t cap,
                                      unsigned seed) __attribute__((weak));

static struct slice files[FILES_MAX];
static char *names[FILES_MAX];
static size_t file_count;
static uint64_t randomness = 20260101;

static const char *target;
static char finding[PATH_MAX]; /* where an input that ends us is left */
static struct slice input;     /* what is being tried */

/* --- When it ends badly ------------------------------------------------------------ */

/* Only what a signal handler may do. */
static void leave_input(void)
{
    static const char words[] =
        "\nthe input that did it, and the program to give it to:\n";
    int fd = open(finding, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    if (fd >= 0 && input.data != NULL) {
        (void)!write(fd, input.data, input.len);
        (void)close(fd);
    }
    (void)!write(STDERR_FILENO, words, sizeof(words) - 1);
    (void)!write(STDERR_FILENO, finding, strlen(finding));
    (void)!write(STDERR_FILENO, "\n", 1);
    (void)!write(STDERR_FILENO, target, strlen(target));
    (void)!write(STDERR_FILENO, "\n", 1);
}

static void on_signal(int number)
{
    leave_input();
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

static void make_folder(const char *path)
{
    char part[PATH_MAX];

    for (size_t i = 1; path[i] != '\0' && i < sizeof(part); i++) {
        if (path[i] == '/') {
            memcpy(part, path, i);
            part[i] = '\0';
            (void)mkdir(part, 0755);
        }
    }
}

static void prepare(const char *name)
{
    static const int deadly[] = {SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGALRM};
    const char *build = getenv("BUILD");

    (void)snprintf(finding, sizeof(finding), "%s/fuzz/findings/%s/replayed",
                   build == NULL ? "build" : build, name);
    make_folder(finding);
    if (set_death_callback != NULL) {
        set_death_callback(leave_input);
        (void)signal(SIGALRM, on_signal);
        (void)signal(SIGABRT, on_signal);
        return;
    }
    for (size_t i = 0; i < SG_COUNT(deadly); i++) {
        (void)signal(deadly[i], on_signal);
    }
}

/* --- Inputs ------------------------------------------------------------------------ */

static void try_one(struct slice bytes)
{
    uint8_t *copy = fuzz_copy(bytes); /* libFuzzer also gives exactly this much */

    input = slice_of(copy, bytes.len);
    (void)alarm(SLOW_S);
    (void)LLVMFuzzerTestOneInput(copy, bytes.len);
    input = slice_of(NULL, 0);
    free(copy);
}

static void load_file(const char *path)
{
    static uint8_t bytes[INPUT_MAX];
    FILE *file = fopen(path, "rbe");

    if (file == NULL || file_count >= FILES_MAX) {
        (void)fprintf(stderr, "%s cannot be read\n", path);
        exit(1);
    }
    size_t len = fread(bytes, 1, sizeof(bytes), file);
    (void)fclose(file);
    names[file_count] = strdup(path);
    files[file_count++] = slice_of(fuzz_copy(slice_of(bytes, len)), len);
}

static int not_hidden(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* In the order of the names, so that every run makes the same inputs. */
static void load(const char *path)
{
    struct dirent **entries = NULL;
    char name[PATH_MAX];
    struct stat info;

    if (stat(path, &info) == 0 && S_ISREG(info.st_mode)) {
        load_file(path);
        return;
    }
    int count = scandir(path, &entries, not_hidden, alphasort);
    for (int i = 0; i < count; i++) {
        (void)snprintf(name, sizeof(name), "%s/%s", path, entries[i]->d_name);
        load_file(name);
        free(entries[i]);
    }
    free(entries);
}

static size_t pick(size_t below)
{
    return (size_t)(fuzz_random(&randomness) >> 16) % below;
}

/* --- Mutations --------------------------------------------------------------------- */

static size_t set_byte(uint8_t *data, size_t len, size_t cap)
{
    static const uint8_t telling[] = {0, 1, 2, 4, 8, 10, 32, 127, 128, 254, 255};

    (void)cap;
    if (len > 0) {
        data[pick(len)] =
            pick(2) == 0 ? telling[pick(sizeof(telling))] : (uint8_t)pick(256);
    }
    return len;
}

static size_t flip_bit(uint8_t *data, size_t len, size_t cap)
{
    (void)cap;
    if (len > 0) {
        data[pick(len)] ^= (uint8_t)(1U << pick(8));
    }
    return len;
}

static size_t cut_out(uint8_t *data, size_t len, size_t cap)
{
    (void)cap;
    if (len < 2) {
        return len;
    }
    size_t at = pick(len);
    size_t count = 1 + pick(len - at < 16 ? len - at : 16);
    count = count > len - at ? len - at : count;
    memmove(data + at, data + at + count, len - at - count);
    return len - count;
}

static size_t put_in(uint8_t *data, size_t len, size_t cap)
{
    size_t count = 1 + pick(8);
    size_t at = pick(len + 1);

    if (count > cap - len) {
        return len;
    }
    memmove(data + at + count, data + at, len - at);
    for (size_t i = 0; i < count; i++) {
        data[at + i] = (uint8_t)pick(256);
    }
    return len + count;
}

/* A piece of another file of the corpus over, or into, this one. */
static size_t splice(uint8_t *data, size_t len, size_t cap)
{
    const struct slice other = files[pick(file_count)];
    size_t at = pick(len + 1);

    if (other.len == 0) {
        return len;
    }
    size_t from = pick(other.len);
    size_t count = 1 + pick(other.len - from);
    count = count > cap - at ? cap - at : count;
    if (pick(2) == 0 && count <= cap - len) {
        memmove(data + at + count, data + at, len - at);
        len += count;
    }
    memcpy(data + at, other.data + from, count);
    return at + count > len ? at + count : len;
}

static size_t (*const mutations[])(uint8_t *data, size_t len, size_t cap) = {
    set_byte, flip_bit, set_byte, flip_bit, cut_out, put_in, splice};

size_t LLVMFuzzerMutate(uint8_t *data, size_t len, size_t cap)
{
    for (size_t i = pick(EDITS_MAX) + 1; i > 0; i--) {
        len = mutations[pick(SG_COUNT(mutations))](data, len, cap);
    }
    return len;
}

static void try_mutated(void)
{
    static uint8_t data[INPUT_MAX + GROWTH_MAX];
    const struct slice from = files[pick(file_count)];
    size_t cap = from.len + GROWTH_MAX;
    size_t len = from.len;

    memcpy(data, from.data, from.len);
    if (LLVMFuzzerCustomMutator != NULL && pick(8) != 0) {
        len = LLVMFuzzerCustomMutator(data, len, cap, (unsigned)pick(UINT32_MAX));
    } else {
        len = LLVMFuzzerMutate(data, len, cap);
    }
    try_one(slice_of(data, len));
}

int main(int argc, char **argv)
{
    const char *slash = strrchr(argv[0], '/');
    const char *name = slash == NULL ? argv[0] : slash + 1;
    const char *asked = getenv("RUNS");
    char corpus[PATH_MAX];
    unsigned long runs = argc > 1 ? 0 : RUNS;

    target = argv[0];
    runs = asked == NULL ? runs : strtoul(asked, NULL, 10);
    prepare(name);
    (void)snprintf(corpus, sizeof(corpus), "tests/fuzz/corpus/%s", name);
    for (int i = 1; i < argc; i++) {
        load(argv[i]);
    }
    if (argc == 1) {
        load(corpus);
    }
    if (file_count == 0) {
        (void)fprintf(stderr, "there is no corpus in %s\n", corpus);
        return 1;
    }
    for (size_t i = 0; i < file_count; i++) {
        try_one(files[i]);
    }
    for (unsigned long i = 0; i < runs; i++) {
        try_mutated();
    }
    (void)alarm(0);
    for (size_t i = 0; i < file_count; i++) {
        free((void *)(uintptr_t)files[i].data);
        free(names[i]);
    }
    (void)printf("%zu files and %lu mutations of them\n1 passed, 0 failed\n", file_count,
                 runs);
    return 0;
}
