#define _GNU_SOURCE /* nftw's flags, environ */
#include "client/commands/ceremony/rehearsal.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "client/commands/ceremony/minutes_file.h"
#include "client/commands/ceremony/rehearsal_gateway.h"
#include "client/commands/ceremony/rehearsal_people.h"
#include "client/console/self_run.h"

enum { OPEN_FILES = 16, PAUSE_S = 2 };
static const char mark_text[] = "made by segel ceremony run --rehearse\n";

/* --- The folder -------------------------------------------------------------------- */

static void take_folder(struct rehearsal *world, const char *dir)
{
    (void)snprintf(world->dir, sizeof(world->dir), "%s", dir);
    (void)snprintf(world->people, sizeof(world->people), "%s/clients", dir);
    (void)snprintf(world->leader.dir, sizeof(world->leader.dir), "%s/clients/officer-1",
                   dir);
}

static void close_file(const int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
}

/* The mark as we write it, whole, in a file of the caller's own and no link to one:
 * whoever keeps worlds in a folder of that name has not made a world of what is around
 * it. */
static bool is_marked(const char *path)
{
    char text[sizeof(mark_text)] = "";
    struct stat about;
    AUTO(close_file)
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    return fd >= 0 && fstat(fd, &about) == 0 && S_ISREG(about.st_mode) &&
           about.st_uid == geteuid() &&
           read(fd, text, sizeof(text)) == (ssize_t)strlen(mark_text) &&
           strcmp(text, mark_text) == 0;
}

/* Only one that we have made is used, and removed, as one of ours. */
static enum sg_status take_earlier(struct rehearsal *world, struct sg_error *why)
{
    char path[REHEARSAL_DIR_SIZE + 32];
    int len = snprintf(path, sizeof(path), "%s/rehearsal", world->earlier);

    if (len < 0 || (size_t)len >= REHEARSAL_DIR_SIZE || !is_marked(path)) {
        return sg_fail(why, SG_INVALID,
                       "%.200s is not the folder of a rehearsal that was kept",
                       world->earlier);
    }
    take_folder(world, world->earlier);
    return SG_OK;
}

static enum sg_status make_folder(struct rehearsal *world, struct sg_error *why)
{
    const char *below = getenv("TMPDIR"); /* NOLINT(concurrency-mt-unsafe): one thread */
    char dir[REHEARSAL_DIR_SIZE];
    int len = snprintf(dir, sizeof(dir), "%s/segel-rehearsal-XXXXXX",
                       below == NULL || below[0] == '\0' ? "/tmp" : below);

    if (len < 0 || (size_t)len >= sizeof(dir) || mkdtemp(dir) == NULL) {
        return sg_fail(why, SG_IO, "no temporary folder can be made: set TMPDIR");
    }
    take_folder(world, dir);
    world->ours = true;
    return SG_OK;
}

static int remove_one(const char *path, const struct stat *about, int kind,
                      struct FTW *place)
{
    (void)about, (void)kind, (void)place;
    return remove(path);
}

/* --- The set-up -------------------------------------------------------------------- */

/* Beside the program: as installed, or as built. */
static bool find_setup(const char *bin, char out[PATH_MAX])
{
    static const char *const places[] = {
        "../share/segel/demo/world.sh",
        "../../deploy/demo/world.sh",
        "../../../deploy/demo/world.sh",
        "../../../../deploy/demo/world.sh",
    };

    for (size_t i = 0; i < SG_COUNT(places); i++) {
        int len = snprintf(out, PATH_MAX, "%s/%s", bin, places[i]);
        if (len > 0 && len < PATH_MAX && access(out, X_OK) == 0) {
            return true;
        }
    }
    return false;
}

static bool find_bin(char out[PATH_MAX])
{
    ssize_t len = readlink("/proc/self/exe", out, PATH_MAX - 1);
    char *slash = NULL;

    if (len > 0) {
        out[len] = '\0';
        slash = strrchr(out, '/');
    }
    if (slash != NULL) {
        *slash = '\0';
    }
    return slash != NULL;
}

/* This program ignores SIGPIPE; a shell that is born so cannot take that back, and what
 * it starts goes on writing to whom nobody reads. */
static bool start_plainly(const char *program, const posix_spawn_file_actions_t *actions,
                          char *const *words, pid_t *child)
{
    posix_spawnattr_t plain;
    sigset_t pipe_alone;

    if (posix_spawnattr_init(&plain) != 0) {
        return false;
    }
    (void)sigemptyset(&pipe_alone);
    (void)sigaddset(&pipe_alone, SIGPIPE);
    bool begun = posix_spawnattr_setflags(&plain, POSIX_SPAWN_SETSIGDEF) == 0 &&
                 posix_spawnattr_setsigdefault(&plain, &pipe_alone) == 0 &&
                 posix_spawn(child, program, actions, &plain, words, environ) == 0;
    (void)posix_spawnattr_destroy(&plain);
    return begun;
}

/* Its output goes into a file of the folder. */
static bool run_setup(const struct rehearsal *world, const char *const *words)
{
    const char *setup = words[0];
    char log[REHEARSAL_DIR_SIZE + 16];
    char *args[8] = {NULL};
    posix_spawn_file_actions_t actions;
    pid_t child = -1;
    int status = -1;

    for (size_t i = 0; words[i] != NULL; i++) {
        MUST(i + 1 < SG_COUNT(args));
        args[i] = sg_unconst(words[i]);
    }
    (void)snprintf(log, sizeof(log), "%s/setup.log", world->dir);
    if (posix_spawn_file_actions_init(&actions) != 0) {
        return false;
    }
    bool good =
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log,
                                         O_WRONLY | O_CREAT | O_APPEND, 0600) == 0 &&
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO) == 0 &&
        start_plainly(setup, &actions, args, &child);
    (void)posix_spawn_file_actions_destroy(&actions);
    while (good && waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return good && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static enum sg_status find_all(char setup[PATH_MAX], struct sg_error *why)
{
    char bin[PATH_MAX];

    if (!find_bin(bin) || !find_setup(bin, setup)) {
        return sg_fail(why, SG_NOT_FOUND,
                       "the set-up of rehearsals (demo/world.sh) is not installed beside "
                       "this program");
    }
    return setenv("BIN", bin, 1) == 0 /* NOLINT(concurrency-mt-unsafe): one thread */
               ? SG_OK
               : SG_NO_MEMORY;
}

static enum sg_status set_up(const struct rehearsal *world, struct sg_error *why)
{
    char setup[PATH_MAX];
    char mark[REHEARSAL_DIR_SIZE + 16];

    TRY(find_all(setup, why));
    const char *const words[] = {setup, "make", world->dir, NULL};
    if (!run_setup(world, words)) {
        return sg_fail(
            why, SG_NOT_FOUND,
            "the rehearsal could not be set up: it needs segeld, segel-hsm, "
            "SoftHSM (softhsm2), openssl and bash; %s/setup.log says more (run "
            "it with --keep)",
            world->dir);
    }
    TRY(rehearsal_people(world, why));
    (void)snprintf(mark, sizeof(mark), "%s/rehearsal", world->dir);
    return minutes_file_keep(mark, slice_str(mark_text), why);
}

enum sg_status rehearsal_after(const struct rehearsal *world, const char *csr,
                               struct sg_error *why)
{
    char setup[PATH_MAX];
    char made[PATH_MAX];

    if (csr == NULL) {
        return SG_OK;
    }
    TRY(find_all(setup, why));
    int len = snprintf(made, sizeof(made), "%s.pem", csr);
    const char *const words[] = {setup, "issue", world->dir, csr, made, NULL};
    if (len < 0 || (size_t)len >= sizeof(made) || !run_setup(world, words)) {
        return sg_fail(why, SG_INTERNAL,
                       "the issuer of the rehearsal makes no certificate: "
                       "%s/setup.log says why",
                       world->dir);
    }
    (void)printf("%s\n", made);
    return SG_OK;
}

/* --- From begin to end ---------------------------------------------------------------
 */

enum sg_status rehearsal_begin(struct rehearsal *world, bool indonesian,
                               struct sg_error *why)
{
    if (world->earlier != NULL) {
        TRY(take_earlier(world, why));
    } else {
        TRY(make_folder(world, why));
        (void)printf("%s", indonesian ? "Menyiapkan dunia latihan…\n"
                                      : "Setting up the world of the rehearsal…\n");
        (void)fflush(stdout);
        TRY(set_up(world, why));
    }
    TRY(rehearsal_gateway(world, why));
    world->ours = true;
    (void)printf(indonesian ? "Orang: officer-1 (memimpin) sampai officer-4, reviewer-1, "
                              "reviewer-2.\nFrasa sandi setiap orang: %s\n\n"
                            : "Persons: officer-1 (leads) to officer-4, reviewer-1, "
                              "reviewer-2.\nEverybody's passphrase: %s\n\n",
                 REHEARSAL_PASSPHRASE);
    return rehearsal_newcomer(world, indonesian, why);
}

enum sg_status rehearsal_prepare(const struct rehearsal *world, const char *ceremony,
                                 struct sg_error *why)
{
    int code = 0;
    const char *const lock[] = {
        "--home", world->leader.dir, "lockdown", "--reason", "prepared for the rehearsal",
        NULL};

    if (strcmp(ceremony, "lockdown-end") != 0) {
        return SG_OK;
    }
    TRY(self_run(lock, &code, why));
    return code == 0 ? SG_OK
                     : sg_fail(why, SG_INTERNAL, "the rehearsal could not be prepared");
}

enum sg_status rehearsal_verify(const struct rehearsal *world, const char *minutes,
                                const char *quorum, struct sg_error *why)
{
    const struct timespec pause = {.tv_sec = PAUSE_S};
    char home[REHEARSAL_DIR_SIZE + 64];
    int code = 0;

    (void)snprintf(home, sizeof(home), "%s/reviewer-1", world->people);
    const char *const words[] = {"--home",   home,   "ceremony",    "verify", minutes,
                                 "--quorum", quorum, "--rehearsal", NULL};
    (void)printf("\nsegel ceremony verify --rehearsal %s\n", minutes);
    (void)fflush(stdout);
    (void)nanosleep(&pause, NULL); /* a checkpoint must cover the last records */
    TRY(self_run(words, &code, why));
    return code == 0
               ? SG_OK
               : sg_fail(why, SG_CORRUPT, "the minutes of the rehearsal do not hold");
}

void rehearsal_end(struct rehearsal *world)
{
    rehearsal_stop(world);
    if (world->dir[0] == '\0') {
        return;
    }
    if (world->keep || !world->ours) {
        (void)printf("%s\n", world->dir);
        return;
    }
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
    (void)nftw(world->dir, remove_one, OPEN_FILES, FTW_DEPTH | FTW_PHYS);
}
