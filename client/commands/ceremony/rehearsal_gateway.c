#define _GNU_SOURCE /* environ */
#include "client/commands/ceremony/rehearsal_gateway.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "client/console/file.h"

enum { TRIES = 300, LOG_MAX = 4 << 20, ADDRESS_SIZE = 64, END_TRIES = 100 };

static void pause_tenth(void)
{
    const struct timespec tenth = {.tv_nsec = 100000000};

    (void)nanosleep(&tenth, NULL);
}

/* --- Starting ---------------------------------------------------------------------- */

/* In the child; only what is safe there. */
static _Noreturn void become(const char *program, const char *config, const char *log,
                             pid_t parent)
{
    char *args[] = {sg_unconst("segeld"), sg_unconst("--config"), sg_unconst(config),
                    NULL};
    int out = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    int in = open("/dev/null", O_RDONLY);

    /* a group of its own: Ctrl-C is for the ceremony */
    bool good = setpgid(0, 0) == 0 && prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 &&
                getppid() == parent && dup2(in, STDIN_FILENO) >= 0 &&
                dup2(out, STDOUT_FILENO) >= 0 && dup2(out, STDERR_FILENO) >= 0;
    if (good) {
        (void)execv(program, args);
    }
    _exit(127);
}

static enum sg_status start(struct rehearsal *world, const char *log,
                            struct sg_error *why)
{
    char program[PATH_MAX];
    char config[REHEARSAL_DIR_SIZE + 16];
    ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 8);
    pid_t parent = getpid();

    program[len > 0 ? len : 0] = '\0';
    char *slash = strrchr(program, '/');
    if (slash == NULL) {
        return sg_fail(why, SG_IO, "the folder of this program cannot be found");
    }
    memcpy(slash, "/segeld", sizeof("/segeld"));
    (void)snprintf(config, sizeof(config), "%s/segeld.yaml", world->dir);
    world->segeld = fork();
    if (world->segeld == 0) {
        become(program, config, log, parent);
    }
    return world->segeld > 0 ? SG_OK : sg_fail(why, SG_IO, "segeld cannot be started");
}

/* --- Ready ------------------------------------------------------------------------- */

/* The line of its log that says where it listens. */
static bool find_address(const char *text, char out[ADDRESS_SIZE])
{
    static const char key[] = "\"address\":";
    const char *line = strstr(text, "\"ready\"");
    const char *at = line == NULL ? NULL : strstr(line, key);

    if (at == NULL) {
        return false;
    }
    at += strlen(key);
    at += strspn(at, " \"");
    size_t len = strcspn(at, "\"\n");
    if (len == 0 || len >= ADDRESS_SIZE) {
        return false;
    }
    memcpy(out, at, len);
    out[len] = '\0';
    return true;
}

static bool look(const char *log, char address[ADDRESS_SIZE])
{
    struct file_bytes bytes = {0};
    struct sg_error why;

    if (file_read(log, LOG_MAX, &bytes, &why) != SG_OK) {
        return false;
    }
    bool found = find_address((const char *)bytes.data, address);
    file_free(&bytes);
    return found;
}

static bool has_ended(struct rehearsal *world)
{
    if (waitpid(world->segeld, NULL, WNOHANG) == 0) {
        return false;
    }
    world->segeld = -1;
    return true;
}

static enum sg_status wait_ready(struct rehearsal *world, const char *log,
                                 char address[ADDRESS_SIZE], struct sg_error *why)
{
    for (int i = 0; i < TRIES; i++) {
        if (look(log, address)) {
            return SG_OK;
        }
        if (has_ended(world)) {
            break;
        }
        pause_tenth();
    }
    return sg_fail(why, SG_NOT_FOUND,
                   "the gateway of the rehearsal does not come up: %s says why (run it "
                   "with --keep)",
                   log);
}

/* --- Who must know -------------------------------------------------------------------
 */

static void tell(const char *people, const char *name, const char *address)
{
    char path[REHEARSAL_DIR_SIZE + 400];

    (void)snprintf(path, sizeof(path), "%s/%s/gateway", people, name);
    FILE *file = name[0] == '.' ? NULL : fopen(path, "we");
    if (file != NULL) {
        (void)fprintf(file, "%s\n", address);
        (void)fclose(file);
    }
}

static enum sg_status tell_all(const struct rehearsal *world, const char *address,
                               struct sg_error *why)
{
    DIR *folder = opendir(world->people);
    const struct dirent *entry = NULL;

    if (folder == NULL) {
        return sg_fail(why, SG_IO, "the folder %s cannot be read", world->people);
    }
    while ((entry = readdir(folder)) != NULL) { /* NOLINT(concurrency-mt-unsafe) */
        tell(world->people, entry->d_name, address);
    }
    (void)closedir(folder);
    return SG_OK;
}

enum sg_status rehearsal_gateway(struct rehearsal *world, struct sg_error *why)
{
    char log[REHEARSAL_DIR_SIZE + 16];
    char address[ADDRESS_SIZE];

    (void)snprintf(log, sizeof(log), "%s/segeld.log", world->dir);
    (void)unlink(log); /* of an earlier rehearsal in this world */
    TRY(start(world, log, why));
    TRY(wait_ready(world, log, address, why));
    return tell_all(world, address, why);
}

void rehearsal_stop(struct rehearsal *world)
{
    if (world->segeld <= 0) {
        return;
    }
    (void)kill(world->segeld, SIGTERM);
    for (int i = 0; i < END_TRIES && world->segeld > 0; i++) {
        pause_tenth();
        (void)has_ended(world);
    }
    if (world->segeld > 0) {
        (void)kill(world->segeld, SIGKILL);
        (void)waitpid(world->segeld, NULL, 0);
        world->segeld = -1;
    }
}
