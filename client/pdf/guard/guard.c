#define _GNU_SOURCE /* NOLINT: the name is the C library's; pipe2 */
#include "client/pdf/guard/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "client/pdf/guard/inside.h"
#include "proto/write_all.h"

#ifdef __SANITIZE_ADDRESS__
/* As for those of pool.c: a child that was born with the allocator's lock taken is given
 * up soon, and another one asked. */
enum { WALL_MS = 15000, TRIES = 3 };
#else
enum { WALL_MS = 120000, TRIES = 1 };
#endif

_Noreturn static void be_child(pdf_guard_fn work, const void *context, int fd)
{
    struct pdf_buffer answer = {0};

    guard_limit(fd);
    if (!guard_confine()) {
        _exit(1);
    }
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

/* Why a child did not end well. */
static enum sg_status explain(struct pdf_verdict *verdict)
{
    if (!guard_can_confine()) {
        return sg_fail(verdict->why, SG_UNSUPPORTED,
                       "no letter is read here: this system cannot take system calls "
                       "from a process (seccomp)");
    }
    return pdf_refuse(verdict, PDF_TOO_COMPLEX, NULL);
}

/* *whole: it answered, and ended well. */
static enum sg_status run_once(pdf_guard_fn work, const void *context,
                               struct pdf_buffer *answer, bool *whole,
                               struct sg_error *why)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0) {
        return sg_fail(why, SG_IO,
                       "no more files can be opened: sign fewer "
                       "letters at the same time");
    }
    pid_t child = fork();
    if (child == 0) {
        (void)close(ends[0]);
        be_child(work, context, ends[1]);
    }
    (void)close(ends[1]);
    *whole = child > 0 && collect(ends[0], answer);
    (void)close(ends[0]);
    if (child < 0) {
        return sg_fail(why, SG_NO_MEMORY,
                       "no process can be started to read the letter: free some memory");
    }
    if (!*whole) {
        (void)kill(child, SIGKILL);
    }
    *whole = guard_reap(child) && *whole;
    return SG_OK;
}

enum sg_status pdf_guard_run(pdf_guard_fn work, const void *context,
                             struct pdf_buffer *answer, struct pdf_verdict *verdict)
{
    size_t before = answer->len;
    bool whole = false;

    for (int i = 0; i < TRIES && !whole; i++) {
        answer->len = before;
        TRY(run_once(work, context, answer, &whole, verdict->why));
    }
    return whole ? pdf_buffer_check(answer) : explain(verdict);
}
