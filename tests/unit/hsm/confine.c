#define _GNU_SOURCE  /* NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) \
                      */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hsm/process/confine.h"
#include "tests/unit/hsm/support/peer.h"
#include "tests/unit/hsm/support/rig.h"

/* What a lane has given up when it has opened its token, as its own module finds it. */
static char report[16384];

static void start(void)
{
    rig_make();
    rig_key("p-256", "a1", NULL);
}

TestSuite(confine, .init = start, .fini = rig_remove, .timeout = 60);

/* The error that the module got; -1: it told nothing of this. */
static int told(const char *name)
{
    char line[64];
    int error = -1;
    (void)snprintf(line, sizeof(line), "\n%s ", name);
    const char *at = strstr(report, line);
    if (at != NULL) {
        (void)sscanf(at + strlen(line), "%d", &error); /* NOLINT(cert-err34-c) */
    }
    return error;
}

static void read_report(void)
{
    FILE *file = fopen(rig_path("report"), "re");
    cr_assert_not_null(file, "the module has reported nothing");
    report[0] = '\n';
    report[1 + fread(report + 1, 1, sizeof(report) - 2, file)] = '\0';
    (void)fclose(file);
}

static void signs(const struct peer *peer)
{
    struct operation operation = peer_operation(peer, 0, MECHANISM_ECDSA);
    struct outcome outcome = peer_sign(peer, &operation);
    cr_assert(peer_good(peer, &operation, &outcome), "rv 0x%lx", outcome.rv);
}

static struct peer probed(struct wish *wish)
{
    wish->module = rig_prober();
    struct peer peer = peer_opened(wish);
    cr_expect_str_eq(peer.opened->note, "");
    signs(&peer);
    read_report();
    return peer;
}

Test(confine, no_call_of_the_table_is_answered)
{
    static const struct {
        const char *name;
        int error;
    } rows[] = {
#define SYSTEM_CALL(name, error, when) {#name, error},
#include "hsm/process/system_call.def"
#undef SYSTEM_CALL
    };
    struct wish wish = peer_wish("a1");
    struct peer peer = probed(&wish);
    cr_expect((peer.opened->confinement & CONFINEMENT_SYSTEM_CALLS) != 0);
    for (size_t i = 0; i < SG_COUNT(rows); i++) {
        cr_expect_eq(told(rows[i].name), rows[i].error, "%s: %d", rows[i].name,
                     told(rows[i].name));
    }
    (void)peer_stop(&peer);
}

Test(confine, no_process_program_socket_or_trace_can_be_made)
{
    static const char *const refused[] = {"fork()",   "posix_spawn()", "execl()",
                                          "socket()", "ptrace()",      "kill(group)"};
    struct wish wish = peer_wish("a1");
    struct peer peer = probed(&wish);
    for (size_t i = 0; i < SG_COUNT(refused); i++) {
        cr_expect_eq(told(refused[i]), EPERM, "%s: %d", refused[i], told(refused[i]));
    }
    (void)peer_stop(&peer);
}

Test(confine, threads_can_still_be_started)
{
    struct wish wish = peer_wish("a1");
    struct peer peer = probed(&wish);
    cr_expect_eq(told("thread"), 0);
    (void)peer_stop(&peer);
}

Test(confine, memory_reaches_no_core_dump)
{
    char path[64];
    char line[256];
    bool none = false;
    struct wish wish = peer_wish("a1");
    struct peer peer = probed(&wish);
    cr_expect_eq(told("core-limit"), EPERM);
    cr_expect_eq(told("core-dump"), EPERM);
    (void)snprintf(path, sizeof(path), "/proc/%d/limits", (int)peer.pid);
    FILE *limits = fopen(path, "re");
    cr_assert_not_null(limits);
    while (fgets(line, sizeof(line), limits) != NULL) {
        char soft[32] = "";
        char hard[32] = "";
        if (sscanf(line, "Max core file size %31s %31s", soft, hard) == 2) {
            none = strcmp(soft, "0") == 0 && strcmp(hard, "0") == 0;
        }
    }
    cr_expect(none);
    (void)fclose(limits);
    (void)peer_stop(&peer);
}

/* How many of these sets of one thread are empty, as the kernel shows them. */
static unsigned empty_sets(const char *path, const char *const *sets, size_t count)
{
    char line[256];
    unsigned empty = 0;
    FILE *file = fopen(path, "re");
    cr_assert_not_null(file);
    while (fgets(line, sizeof(line), file) != NULL) {
        bool zero = strstr(line, "\t0000000000000000\n") != NULL;
        for (size_t i = 0; zero && i < count; i++) {
            empty += strncmp(line, sets[i], strlen(sets[i])) == 0;
        }
    }
    (void)fclose(file);
    return empty;
}

static void every_thread_is_empty(pid_t pid, const char *const *sets, size_t count)
{
    char path[320];
    unsigned threads = 0;
    (void)snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    DIR *tasks = opendir(path);
    cr_assert_not_null(tasks);
    const struct dirent *entry;
    while ((entry = readdir(tasks)) != NULL) { /* NOLINT(concurrency-mt-unsafe) */
        if (entry->d_name[0] != '.') {
            (void)snprintf(path, sizeof(path), "/proc/%d/task/%s/status", (int)pid,
                           entry->d_name);
            cr_expect_eq(empty_sets(path, sets, count), count, "%s", path);
            threads++;
        }
    }
    (void)closedir(tasks);
    cr_expect_eq(threads, 3, "%u threads: the reader and two workers", threads);
}

static const char *const SETS[] = {"CapInh:", "CapPrm:", "CapEff:", "CapAmb:", "CapBnd:"};

Test(confine, no_thread_keeps_a_capability)
{
    struct wish wish = peer_wish("a1");
    struct peer peer = peer_opened(&wish);
    size_t own = geteuid() == 0 ? SG_COUNT(SETS) : SG_COUNT(SETS) - 1;
    cr_expect((peer.opened->confinement & CONFINEMENT_CAPABILITIES) != 0);
    every_thread_is_empty(peer.pid, SETS, own);
    signs(&peer);
    (void)peer_stop(&peer);
}

/* --- A token that cannot be written to --------------------------------------------- */

enum { NOBODY = 65534 };

/* Whether this machine lets a process of this user make a mount of its own, and reach
 * what was built. */
static bool may_mount(uid_t user)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        bool become = user == 0 || setresuid(user, user, user) == 0;
        _exit(become && access(rig_prober(), R_OK) == 0 &&
                      (unshare(CLONE_NEWNS) == 0 ||
                       unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0)
                  ? 0
                  : 1);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void cannot_write(struct wish *wish)
{
    static char directory[256];
    (void)snprintf(directory, sizeof(directory), "%s", rig_path("tokens"));
    wish->read_only = directory;
    rig_prober_writes(rig_token_file());
    struct peer peer = probed(wish);
    cr_expect((peer.opened->confinement & CONFINEMENT_READ_ONLY) != 0);
    cr_expect_eq(told("write"), EROFS, "%d", told("write"));
    signs(&peer);
    (void)peer_stop(&peer);
}

Test(confine, a_directory_named_is_read_only_and_the_token_signs)
{
    struct wish wish = peer_wish("a1");
    if (!may_mount(geteuid())) {
        cr_skip("this machine allows no mount namespace here");
    }
    cannot_write(&wish);
}

Test(confine, without_privileges_a_user_namespace_makes_it_read_only)
{
    struct wish wish = peer_wish("a1");
    if (geteuid() != 0 || !may_mount(NOBODY)) {
        cr_skip("only root can try as another user; others have tried it above");
    }
    rig_give(NOBODY);
    wish.user = NOBODY;
    cannot_write(&wish);
}

Test(confine, without_the_setting_the_token_can_be_written_and_nothing_is_claimed)
{
    struct wish wish = peer_wish("a1");
    rig_prober_writes(rig_token_file());
    struct peer peer = probed(&wish);
    cr_expect_eq(peer.opened->confinement & CONFINEMENT_READ_ONLY, 0);
    cr_expect_eq(told("write"), 0);
    (void)peer_stop(&peer);
}

Test(confine, what_the_lane_cannot_make_read_only_is_said)
{
    struct wish wish = peer_wish("a1");
    wish.read_only = rig_path("tokens");
    wish.no_mounts = true;
    struct peer peer = peer_opened(&wish);
    cr_expect_eq(peer.opened->confinement & CONFINEMENT_READ_ONLY, 0);
    cr_expect_not_null(strstr(peer.opened->note, "ReadOnlyPaths="), "%s",
                       peer.opened->note);
    cr_expect_not_null(strstr(peer.opened->note, rig_path("tokens")));
    signs(&peer);
    (void)peer_stop(&peer);
}

/* As under systemd's ReadOnlyPaths=: nothing is left to do, and no mount is asked for. */
Test(confine, a_directory_that_is_read_only_already_counts)
{
    struct wish wish = peer_wish("a1");
    if (geteuid() != 0) {
        cr_skip("only root can mount a directory read-only");
    }
    wish.read_only = rig_path("tokens");
    wish.no_mounts = true;
    wish.mounted_read_only = true;
    struct peer peer = peer_opened(&wish);
    cr_expect_str_eq(peer.opened->note, "");
    cr_expect((peer.opened->confinement & CONFINEMENT_READ_ONLY) != 0);
    signs(&peer);
    (void)peer_stop(&peer);
}

static void names_no_directory(const char *path, const char *why)
{
    struct wish wish = peer_wish("a1");
    wish.read_only = path;
    struct peer peer = peer_start(&wish);
    cr_assert_not_null(peer.failed);
    cr_expect_eq((enum failure)peer.failed->failure, FAILURE_CONFIG);
    cr_expect_not_null(strstr(peer.failed->why, why), "%s", peer.failed->why);
    cr_expect_eq(peer_stop(&peer), 1);
}

Test(confine, a_directory_that_is_none_is_refused)
{
    names_no_directory("/nowhere/tokens", "'/nowhere/tokens' cannot be made read-only");
    names_no_directory("tokens", "by its whole path");
    names_no_directory(rig_path("pin"), "Not a directory");
}

/* --- Its end ----------------------------------------------------------------------- */

/* Starts a lane, tells its pid, and waits for its own end. A child of it holds the socket
 * open until the test has closed its end of the second pipe. */
static _Noreturn void be_parent(const struct wish *wish, const int *told_pid,
                                const int *hold)
{
    char nothing = 0;
    struct peer peer = peer_opened(wish);
    if (fork() == 0) {
        (void)close(hold[1]);
        _exit(read(hold[0], &nothing, 1) == 0 ? 0 : 1);
    }
    if (write(told_pid[1], &peer.pid, sizeof(peer.pid)) > 0) {
        (void)pause();
    }
    _exit(1);
}

/* The socket stays open, so it is the parent's death that ends the lane. */
static void outlives_nobody(const struct wish *wish)
{
    int status = 0;
    int told_pid[2];
    int hold[2];
    pid_t lane = 0;
    cr_assert(pipe(told_pid) == 0 && pipe(hold) == 0);
    cr_assert_eq(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
    pid_t parent = fork();
    if (parent == 0) {
        be_parent(wish, told_pid, hold);
    }
    cr_assert_eq(read(told_pid[0], &lane, sizeof(lane)), (ssize_t)sizeof(lane));
    cr_assert_eq(kill(parent, SIGKILL), 0);
    cr_assert_eq(waitpid(parent, &status, 0), parent);
    cr_assert_eq(waitpid(lane, &status, 0), lane);
    cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    (void)close(hold[1]);
    cr_assert(waitpid(-1, &status, 0) > 0);
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

Test(confine, a_lane_dies_with_its_parent)
{
    struct wish wish = peer_wish("a1");
    outlives_nobody(&wish);
}

/* Credentials that change make the kernel forget what was asked for; these do not. */
Test(confine, a_lane_in_a_user_namespace_dies_with_its_parent)
{
    struct wish wish = peer_wish("a1");
    if (geteuid() != 0 || !may_mount(NOBODY)) {
        cr_skip("only root can try as another user; others have tried it above");
    }
    rig_give(NOBODY);
    wish.user = NOBODY;
    wish.read_only = rig_path("tokens");
    outlives_nobody(&wish);
}
