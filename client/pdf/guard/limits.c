#define _GNU_SOURCE  /* NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) \
                      */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <locale.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/pdf/guard/inside.h"

/* A letter takes milliseconds, the largest file seconds. */
enum { CPU_SECONDS = 30, MEMORY_MORE = 1 << 30 };

static void limit(int resource, rlim_t value)
{
    struct rlimit limits = {0};

    if (getrlimit(resource, &limits) == 0 && value < limits.rlim_cur) {
        limits.rlim_cur = value;
        limits.rlim_max = value;
        (void)setrlimit(resource, &limits);
    }
}

#ifdef __SANITIZE_ADDRESS__
/* The sanitizer's shadow of all memory would count. */
static void limit_memory(void)
{
}
#else
/* Bytes of address space that the process has; 0 = not known. */
static rlim_t memory_now(void)
{
    char text[64] = "";
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        return 0;
    }
    ssize_t len = read(fd, text, sizeof(text) - 1);
    (void)close(fd);
    return len <= 0 ? 0
                    : (rlim_t)strtoull(text, NULL, 10) * (rlim_t)sysconf(_SC_PAGESIZE);
}

static void limit_memory(void)
{
    rlim_t now = memory_now();

    if (now != 0) {
        limit(RLIMIT_AS, now + MEMORY_MORE);
    }
}
#endif

/* Another thread's child would otherwise hold our pipe open, and a letter that took the
 * process over could write to what the parent has open. */
static void close_others(int kept_fd)
{
    if (kept_fd > 0) {
        (void)close_range(0, (unsigned)kept_fd - 1, 0);
    }
    (void)close_range((unsigned)kept_fd + 1, UINT_MAX, 0);
}

/* Ctrl-C is for the program, which ends or waits for its letters as it likes. */
static void leave_signals(void)
{
    static const int numbers[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP};

    for (size_t i = 0; i < SG_COUNT(numbers); i++) {
        (void)signal(numbers[i], SIG_IGN);
    }
}

/* Letters have a decimal point, whatever the program that signs them has. "C" takes no
 * memory, and no lock that another thread may have held at the fork. */
static void leave_locale(void)
{
    (void)uselocale(newlocale(LC_ALL_MASK, "C", (locale_t)0));
}

void guard_limit(int kept_fd)
{
    leave_signals();
    leave_locale();
    limit(RLIMIT_CORE, 0); /* it would hold the letter */
    limit(RLIMIT_CPU, CPU_SECONDS);
    limit_memory();
    close_others(kept_fd);
}

/* --- System calls ------------------------------------------------------------------ */

#ifdef __SANITIZE_ADDRESS__
/* Sanitizers ask for much more. */
bool guard_confine(void)
{
    return true;
}
#else
static void release_filter(scmp_filter_ctx *filter)
{
    seccomp_release(*filter);
}

/* What malloc, the C++ library and the loop of the reader use. */
static const int allowed[] = {
    SCMP_SYS(read),          SCMP_SYS(write),          SCMP_SYS(recvfrom),
    SCMP_SYS(sendto),        SCMP_SYS(munmap),         SCMP_SYS(mremap),
    SCMP_SYS(brk),           SCMP_SYS(madvise),        SCMP_SYS(futex),
    SCMP_SYS(exit),          SCMP_SYS(exit_group),     SCMP_SYS(rt_sigreturn),
    SCMP_SYS(clock_gettime), SCMP_SYS(getrandom),      SCMP_SYS(sched_yield),
    SCMP_SYS(gettimeofday),  SCMP_SYS(rt_sigprocmask), SCMP_SYS(getpid),
};

/* Memory that can be run is not to be had. */
static const int without_code[] = {SCMP_SYS(mmap), SCMP_SYS(mprotect)};

static bool add_rules(scmp_filter_ctx filter)
{
    const struct scmp_arg_cmp no_code = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
    bool good = true;

    for (size_t i = 0; good && i < SG_COUNT(allowed); i++) {
        good = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0) == 0;
    }
    for (size_t i = 0; good && i < SG_COUNT(without_code); i++) {
        good = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, without_code[i], 1,
                                      &no_code) == 0;
    }
    return good;
}

/* The calls that are not on the list fail; a parser that is sound makes none. */
bool guard_confine(void)
{
    AUTO(release_filter) scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));

    return filter != NULL && add_rules(filter) && seccomp_load(filter) == 0;
}
#endif

/* Without a filter to look at, a kernel that has filters complains of the address. */
bool guard_can_confine(void)
{
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL, 0, 0) == 0 || errno != EINVAL;
}

/* Another part of the program may have reaped the child: then the answer, which is
 * checked anyway, has to speak for itself. */
bool guard_reap(pid_t child)
{
    int state = 0;
    pid_t reaped = 0;

    do {
        reaped = waitpid(child, &state, 0);
    } while (reaped < 0 && errno == EINTR);
    return reaped < 0 || (WIFEXITED(state) && WEXITSTATUS(state) == 0);
}
