#define _GNU_SOURCE /* nftw's flags, environ */
#include "client/rehearsal.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "client/file.h"
#include "client/rehearsal_gateway.h"
#include "client/rehearsal_people.h"
#include "client/self_run.h"

enum { OPEN_FILES = 16, PAUSE_S = 2 };

/* --- The folder -------------------------------------------------------------------- */

static enum sg_status make_folder(struct rehearsal *world, struct sg_error *why)
{
    const char *below = getenv("TMPDIR"); /* NOLINT(concurrency-mt-unsafe): one thread */
    char dir[REHEARSAL_DIR_SIZE];
    int len = snprintf(dir, sizeof(dir), "%s/segel-rehearsal-XXXXXX",
                       below == NULL || below[0] == '\0' ? "/tmp" : below);

    if (len < 0 || (size_t)len >= sizeof(dir) || mkdtemp(dir) == NULL) {
        return sg_fail(why, SG_IO, "no temporary folder can be made: set TMPDIR");
    }
    (void)snprintf(world->dir, sizeof(world->dir), "%s", dir);
    (void)snprintf(world->people, sizeof(world->people), "%s/clients", dir);
    (void)snprintf(world->leader.dir, sizeof(world->leader.dir), "%s/clients/officer-1",
                   dir);
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

/* Its output goes into a file of the folder. */
static bool run_setup(const struct rehearsal *world, const char *setup)
{
    char log[REHEARSAL_DIR_SIZE + 16];
    char *args[] = {sg_unconst(setup), sg_unconst(world->dir), NULL};
    posix_spawn_file_actions_t actions;
    pid_t child = -1;
    int status = -1;

    (void)snprintf(log, sizeof(log), "%s/setup.log", world->dir);
    if (posix_spawn_file_actions_init(&actions) != 0) {
        return false;
    }
    bool good =
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log,
                                         O_WRONLY | O_CREAT | O_APPEND, 0600) == 0 &&
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO) == 0 &&
        posix_spawn(&child, setup, &actions, NULL, args, environ) == 0;
    (void)posix_spawn_file_actions_destroy(&actions);
    while (good && waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return good && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static enum sg_status set_up(const struct rehearsal *world, struct sg_error *why)
{
    char bin[PATH_MAX];
    char setup[PATH_MAX];

    if (!find_bin(bin) || !find_setup(bin, setup)) {
        return sg_fail(why, SG_NOT_FOUND,
                       "the set-up of rehearsals (demo/world.sh) is not installed beside "
                       "this program");
    }
    if (setenv("BIN", bin, 1) != 0) { /* NOLINT(concurrency-mt-unsafe): one thread */
        return SG_NO_MEMORY;
    }
    return run_setup(world, setup)
               ? SG_OK
               : sg_fail(why, SG_NOT_FOUND,
                         "the rehearsal could not be set up: it needs segeld, segel-hsm, "
                         "SoftHSM (softhsm2), openssl and bash; %s/setup.log says more "
                         "(run it with --keep)",
                         world->dir);
}

/* --- From begin to end ---------------------------------------------------------------
 */

enum sg_status rehearsal_begin(struct rehearsal *world, bool indonesian,
                               struct sg_error *why)
{
    TRY(make_folder(world, why));
    (void)printf("%s", indonesian ? "Menyiapkan dunia latihan…\n"
                                  : "Setting up the world of the rehearsal…\n");
    (void)fflush(stdout);
    TRY(set_up(world, why));
    TRY(rehearsal_people(world, why));
    TRY(rehearsal_gateway(world, why));
    (void)printf(indonesian ? "Orang: officer-1 (memimpin) sampai officer-4, reviewer-1, "
                              "reviewer-2.\nFrasa sandi setiap orang: %s\n\n"
                            : "Persons: officer-1 (leads) to officer-4, reviewer-1, "
                              "reviewer-2.\nEverybody's passphrase: %s\n\n",
                 REHEARSAL_PASSPHRASE);
    return SG_OK;
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
                                struct sg_error *why)
{
    const struct timespec pause = {.tv_sec = PAUSE_S};
    char home[REHEARSAL_DIR_SIZE + 64];
    int code = 0;

    (void)snprintf(home, sizeof(home), "%s/reviewer-1", world->people);
    const char *const words[] = {"--home", home,          "ceremony", "verify",
                                 minutes,  "--rehearsal", NULL};
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
    if (world->keep) {
        (void)printf("%s\n", world->dir);
        return;
    }
    (void)nftw(world->dir, remove_one, OPEN_FILES, FTW_DEPTH | FTW_PHYS);
}
