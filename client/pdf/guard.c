#include "client/pdf/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "proto/write_all.h"

/* A letter takes milliseconds, the largest file seconds. */
enum { CPU_SECONDS = 30, WALL_MS = 120000, MEMORY_MORE = 1 << 30 };

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

/* No core: it would hold the letter. */
static void limit_all(void)
{
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_CPU, CPU_SECONDS);
    limit_memory();
}

_Noreturn static void be_child(pdf_guard_fn work, const void *context, int fd)
{
    struct pdf_buffer answer = {0};

    limit_all();
    work(context, &answer);
    bool good = !answer.failed && write_all(fd, pdf_buffer_slice(&answer));
    _exit(good ? 0 : 1);
}

static int64_t now_ms(void)
{
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Until the child closes its end; false = too long, or an error. */
static bool collect(int fd, struct pdf_buffer *answer)
{
    uint8_t part[16384];
    int64_t deadline = now_ms() + WALL_MS;

    for (int64_t left = WALL_MS; left > 0; left = deadline - now_ms()) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        if (poll(&ready, 1, (int)left) <= 0) {
            continue;
        }
        ssize_t got = read(fd, part, sizeof(part));
        if (got == 0) {
            return true;
        }
        if (got > 0) {
            pdf_buffer_put(answer, part, (size_t)got);
        } else if (errno != EINTR) {
            return false;
        }
    }
    return false;
}

/* Another part of the program may have reaped the child: then the answer, which is
 * checked anyway, has to speak for itself. */
static bool reap(pid_t child)
{
    int state = 0;
    pid_t reaped = 0;

    do {
        reaped = waitpid(child, &state, 0);
    } while (reaped < 0 && errno == EINTR);
    return reaped < 0 || (WIFEXITED(state) && WEXITSTATUS(state) == 0);
}

enum sg_status pdf_guard_run(pdf_guard_fn work, const void *context,
                             struct pdf_buffer *answer, struct pdf_verdict *verdict)
{
    int ends[2];

    if (pipe(ends) != 0) {
        return sg_fail(verdict->why, SG_IO,
                       "no more files can be opened: sign fewer "
                       "letters at the same time");
    }
    pid_t child = fork();
    if (child == 0) {
        (void)close(ends[0]);
        be_child(work, context, ends[1]);
    }
    (void)close(ends[1]);
    bool whole = child > 0 && collect(ends[0], answer);
    (void)close(ends[0]);
    if (child < 0) {
        return sg_fail(verdict->why, SG_NO_MEMORY,
                       "no process can be started to read the letter: free some memory");
    }
    if (!whole) {
        (void)kill(child, SIGKILL);
    }
    if (!reap(child) || !whole) {
        return pdf_refuse(verdict, PDF_TOO_COMPLEX, NULL);
    }
    return pdf_buffer_check(answer);
}
