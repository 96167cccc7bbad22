#define _GNU_SOURCE  /* NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) \
                      */
#include "hsm/process/process.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* 64 KiB is what the default memory lock limit of a bare container allows; smaller heaps
 * starve OpenSSL's random generators, which live there too. */
enum { SECURE_HEAP = 65536, SECURE_MINIMUM = 16, MODULE_LOCKS = 64 << 20 };

/* Best effort: SoftHSM locks memory too, so let it have all that is allowed, and what it
 * needs when the capability to lock without limit has been given up. */
static void raise_lock_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0) {
        return;
    }
    const struct rlimit wanted = {MODULE_LOCKS, MODULE_LOCKS};
    if (limit.rlim_max >= MODULE_LOCKS || setrlimit(RLIMIT_MEMLOCK, &wanted) != 0) {
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

void process_ignore_signals(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    for (size_t i = 0; i < SG_COUNT(signals); i++) {
        MUST(sigaction(signals[i], &ignore, NULL) == 0);
    }
}

_Noreturn void process_end(int code, const char *why)
{
    if (why != NULL) {
        (void)fprintf(stderr, "segel-hsm: %s\n", why);
    }
    _exit(code);
}
