#define _GNU_SOURCE  /* NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) \
                      */
#include "hsm/process/mark.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/hsm/support/peer.h"
#include "tests/unit/hsm/support/rig.h"

/* The descriptors that a lane inherits: the page of marks, the socket, and no other. */

static int memory(off_t size)
{
    int fd = memfd_create("page", MFD_CLOEXEC);
    cr_assert(fd >= 0);
    cr_assert_eq(ftruncate(fd, size), 0);
    return fd;
}

Test(mark, another_process_reads_what_is_written_when_this_one_is_dead)
{
    struct marks *marks = NULL;
    int status = 0;
    int fd = memory(4096);
    pid_t child = fork();
    if (child == 0) {
        bool good = mark_map(fd, &marks) == SG_OK && close(fd) != 0 && errno == EBADF;
        atomic_store(&marks->begun[MARK_CURVE], good ? 7 : 0);
        _exit(0);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert_eq(mark_map(fd, &marks), SG_OK);
    cr_expect_eq(marks->begun[MARK_CURVE], 7);
}

Test(mark, without_a_descriptor_a_page_of_its_own_is_used)
{
    struct marks *marks = NULL;
    cr_assert_eq(mark_map(MARK_NO_FD, &marks), SG_OK);
    atomic_store(&marks->begun[MARK_RSA], 1);
    cr_expect_eq(marks->begun[MARK_RSA], 1);
}

Test(mark, what_is_no_page_is_refused)
{
    struct marks *marks = NULL;
    int pipes[2];
    cr_assert_eq(pipe(pipes), 0);
    cr_expect_eq(mark_map(memory(sizeof(struct marks) - 1), &marks), SG_INVALID);
    cr_expect_eq(mark_map(memory(0), &marks), SG_INVALID);
    cr_expect_eq(mark_map(pipes[0], &marks), SG_INVALID);
    cr_expect_eq(mark_map(999, &marks), SG_INVALID);
    cr_expect_null(marks);
}

static bool has_open(pid_t pid, const char *target)
{
    char path[64];
    char found[128];
    for (int fd = 0; fd < 1024; fd++) {
        (void)snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, fd);
        ssize_t len = readlink(path, found, sizeof(found) - 1);
        found[len > 0 ? len : 0] = '\0';
        if (strcmp(found, target) == 0) {
            return true;
        }
    }
    return false;
}

/* Below, between and above those that it may keep. */
Test(mark, a_lane_keeps_no_descriptor_of_its_parent, .init = rig_make, .fini = rig_remove)
{
    char path[64];
    char target[128];
    int pipes[2];
    cr_assert_eq(pipe(pipes), 0);
    for (int fd = 30; fd < 300; fd += 30) {
        cr_assert_eq(dup2(pipes[0], fd), fd);
    }
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", pipes[0]);
    ssize_t len = readlink(path, target, sizeof(target) - 1);
    cr_assert(len > 0);
    target[len] = '\0';
    cr_assert(has_open(getpid(), target));

    struct wish wish = peer_wish("a1");
    wish.high_descriptors = true;
    struct peer peer = peer_opened(&wish);
    cr_expect_not(has_open(peer.pid, target));
    cr_expect_not(has_open(peer.pid, "/memfd:marks (deleted)"), "the page is mapped");
    (void)peer_stop(&peer);
}
