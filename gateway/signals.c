#include "gateway/signals.h"

#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "proto/base.h"

static const int heard[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2};
enum { ENDS = 2 }; /* the first of them */

static int descriptor_of(size_t count)
{
    sigset_t set;

    (void)sigemptyset(&set);
    for (size_t i = 0; i < count; i++) {
        (void)sigaddset(&set, heard[i]);
    }
    MUST(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

struct signals signals_block(void)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};

    MUST(sigaction(SIGPIPE, &ignore, NULL) == 0);
    MUST(sigaction(SIGXFSZ, &ignore, NULL) == 0);
    return (struct signals){.all = descriptor_of(SG_COUNT(heard)),
                            .ends = descriptor_of(ENDS)};
}

static unsigned next_of(int fd)
{
    struct signalfd_siginfo info;
    ssize_t len = read(fd, &info, sizeof(info));

    return len == (ssize_t)sizeof(info) ? info.ssi_signo : 0;
}

unsigned signals_next(const struct signals *signals)
{
    return next_of(signals->all);
}

unsigned signals_next_end(const struct signals *signals)
{
    return next_of(signals->ends);
}
