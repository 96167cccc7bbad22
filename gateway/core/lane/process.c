#define _GNU_SOURCE /* memfd_create, strerrordesc_np */
#include "gateway/core/lane/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/lane_packet.h"

/* Where the child finds them. */
enum { CHILD_SOCKET = 3, CHILD_MARKS = 4 };

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
    *fd = -1;
}

enum sg_status process_init(struct process *process)
{
    *process = (struct process){.pid = -1, .socket = -1, .pidfd = -1, .marks_fd = -1};
    int page_fd = memfd_create("segel-marks", MFD_CLOEXEC);
    /* Beyond the child's numbers, which the copies for the child would overwrite. */
    process->marks_fd =
        page_fd < 0 ? -1 : fcntl(page_fd, F_DUPFD_CLOEXEC, CHILD_MARKS + 1);
    close_fd(&page_fd);
    if (process->marks_fd < 0 ||
        ftruncate(process->marks_fd, sizeof(struct marks)) != 0) {
        return SG_NO_MEMORY;
    }
    void *page = mmap(NULL, sizeof(struct marks), PROT_READ | PROT_WRITE, MAP_SHARED,
                      process->marks_fd, 0);
    if (page == MAP_FAILED) {
        return SG_NO_MEMORY;
    }
    process->marks = (struct marks *)page;
    return SG_OK;
}

void process_fini(struct process *process)
{
    if (process->pid > 0) {
        process_kill(process);
        (void)process_reap(process);
    }
    close_fd(&process->socket);
    close_fd(&process->pidfd);
    close_fd(&process->marks_fd);
    if (process->marks != NULL) {
        (void)munmap(process->marks, sizeof(struct marks));
    }
    process->marks = NULL;
}

static int spawn(struct process *process, const struct process_options *options,
                 int child_socket)
{
    const char *marks = options->ceremony ? NULL : "--marks";
    char *const argv[] = {(char *)sg_unconst(options->program),
                          (char *)sg_unconst(options->ceremony ? "ceremony" : "lane"),
                          (char *)sg_unconst("--fd"),
                          (char *)sg_unconst("3"),
                          (char *)sg_unconst(marks),
                          (char *)sg_unconst("4"),
                          NULL};
    char *const *environment = (char *const *)sg_unconst(options->environment);
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;

    (void)sigemptyset(&none);
    MUST(posix_spawn_file_actions_init(&actions) == 0);
    MUST(posix_spawnattr_init(&attributes) == 0);
    MUST(posix_spawn_file_actions_adddup2(&actions, child_socket, CHILD_SOCKET) == 0);
    MUST(posix_spawn_file_actions_adddup2(&actions, process->marks_fd, CHILD_MARKS) == 0);
    MUST(posix_spawnattr_setsigmask(&attributes, &none) == 0);
    MUST(posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK) == 0);
    int error = posix_spawn(&process->pid, options->program, &actions, &attributes, argv,
                            environment);
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)posix_spawnattr_destroy(&attributes);
    return error;
}

static void forget_marks(struct process *process)
{
    for (size_t i = 0; i < MARK_QUEUES; i++) {
        atomic_store(&process->marks->begun[i], 0);
    }
    atomic_store(&process->marks->login, MARK_LOGIN_UNTOLD);
}

/* For the largest packet, as far as the system lets them: others are not hindered. */
static void give_room(const int pair[2])
{
    const int room = LANE_PACKET_MAX;

    for (int i = 0; i < 2; i++) {
        (void)setsockopt(pair[i], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
    }
}

enum sg_status process_start(struct process *process,
                             const struct process_options *options, struct sg_error *why)
{
    int pair[2];

    MUST(process->pid < 0 && process->socket < 0);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        return sg_fail(why, SG_IO, "no socket pair: %s; raise the limit of open files",
                       strerrordesc_np(errno));
    }
    give_room(pair);
    forget_marks(process);
    int error = spawn(process, options, pair[1]);
    (void)close(pair[1]);
    if (error != 0) {
        (void)close(pair[0]);
        process->pid = -1;
        return sg_fail(why, SG_IO,
                       "%s cannot be started: %s; install it beside segeld or set "
                       "hsm.program",
                       options->program, strerrordesc_np(error));
    }
    process->socket = pair[0];
    process->pidfd = (int)syscall(SYS_pidfd_open, process->pid, 0);
    process->generation++;
    return SG_OK;
}

void process_kill(struct process *process)
{
    if (process->pid > 0) {
        (void)kill(process->pid, SIGKILL);
    }
    close_fd(&process->socket);
    process->generation++;
}

static bool ended(pid_t pid)
{
    pid_t found = waitpid(pid, NULL, WNOHANG);

    return found == pid || (found < 0 && errno == ECHILD);
}

bool process_reap(struct process *process)
{
    if (process->pid > 0 && !ended(process->pid)) {
        return false;
    }
    process->pid = -1;
    close_fd(&process->pidfd);
    process->generation++;
    return true;
}

bool process_abandon(struct process *process)
{
    for (size_t i = 0; i < PROCESS_UNDEAD_MAX; i++) {
        if (process->undead[i] == 0) {
            process->undead[i] = process->pid;
            process->pid = -1;
            close_fd(&process->pidfd);
            process->generation++;
            return true;
        }
    }
    return false;
}

bool process_reap_undead(struct process *process)
{
    bool none = true;

    for (size_t i = 0; i < PROCESS_UNDEAD_MAX; i++) {
        if (process->undead[i] != 0 && ended(process->undead[i])) {
            process->undead[i] = 0;
        }
        none = none && process->undead[i] == 0;
    }
    return none;
}

int process_fd(const struct process *process)
{
    return process->socket >= 0 ? process->socket : process->pidfd;
}
