#define _GNU_SOURCE  /* NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) \
                      */
#include "hsm/process.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* 64 KiB is what the default memory lock limit of a bare container allows; smaller heaps
 * starve OpenSSL's random generators, which live there too. */
enum { SECURE_HEAP = 65536, SECURE_MINIMUM = 16 };

/* Best effort: SoftHSM locks memory too, so let it have all that is allowed. */
static void raise_lock_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_MEMLOCK, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_MEMLOCK, &limit);
    }
}

enum sg_status process_protect(struct trouble *trouble)
{
    const struct rlimit none = {0, 0};
    if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return trouble_config(trouble, "the kernel refuses to forbid core dumps: %s",
                              trouble_system(errno));
    }
    raise_lock_limit();
    /* 2 means that the heap works but may be swapped out. */
    if (CRYPTO_secure_malloc_init(SECURE_HEAP, SECURE_MINIMUM) != 1) {
        return trouble_config(trouble,
                              "%d KiB of memory cannot be locked for the PIN; raise the "
                              "limit (ulimit -l, LimitMEMLOCK=) to at least that",
                              SECURE_HEAP / 1024);
    }
    return SG_OK;
}

static void close_between(int after, int before)
{
    if (before - after > 1) {
        (void)close_range((unsigned)after + 1, (unsigned)before - 1, 0);
    }
}

enum sg_status process_bind_to_parent(int socket_fd, int marks_fd)
{
    pid_t parent = getppid();
    int low = socket_fd < marks_fd ? socket_fd : marks_fd;
    int high = socket_fd < marks_fd ? marks_fd : socket_fd;
    low = low < 3 ? STDERR_FILENO : low;
    close_between(STDERR_FILENO, low);
    close_between(low, high);
    (void)close_range((unsigned)high + 1, ~0U, 0);
    /* A parent that ended before this line is noticed by the end of its socket. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || getppid() != parent) {
        return SG_SHUTDOWN;
    }
    return SG_OK;
}

static const int FORBIDDEN[] = {
    SCMP_SYS(execve),
    SCMP_SYS(execveat),
    SCMP_SYS(fork),
    SCMP_SYS(vfork),
    SCMP_SYS(socket),
    SCMP_SYS(ptrace),
    SCMP_SYS(bpf),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(mount),
    SCMP_SYS(pidfd_getfd),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(unshare),
    SCMP_SYS(setns),
    SCMP_SYS(userfaultfd),
};

static void release_filter(scmp_filter_ctx *filter)
{
    seccomp_release(*filter);
}

enum sg_status process_confine(void)
{
    AUTO(release_filter) scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (filter == NULL) {
        return SG_UNSUPPORTED;
    }
    bool good = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1) == 0;
    for (size_t i = 0; good && i < SG_COUNT(FORBIDDEN); i++) {
        good = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), FORBIDDEN[i], 0) == 0;
    }
    return good && seccomp_load(filter) == 0 ? SG_OK : SG_UNSUPPORTED;
}
