#include <time.h>

#include "gateway/clock.h"
#include "gateway/status/inside.h"

enum { US_PER_S = 1000000, IDLE_S = 3600 };

static void fetch_if_due(struct status *status, struct watched *link,
                         struct source *source)
{
    if (source->url[0] == '\0' || atomic_load(&status->stop) ||
        clock_mono_us() < source->due_us) {
        return;
    }
    source_fetch(status, link, source);
    status_publish_all(status);
}

static void earlier(const struct source *source, int64_t *due_us)
{
    if (source->url[0] != '\0' && source->due_us < *due_us) {
        *due_us = source->due_us;
    }
}

static int64_t next_due(const struct status *status)
{
    int64_t due_us = clock_mono_us() + (int64_t)IDLE_S * US_PER_S;

    for (size_t i = 0; i < status->link_count; i++) {
        earlier(&status->links[i].crl, &due_us);
        earlier(&status->links[i].ocsp, &due_us);
    }
    return due_us;
}

static void wait_until(struct status *status, int64_t due_us)
{
    const struct timespec until = {.tv_sec = due_us / US_PER_S,
                                   .tv_nsec = due_us % US_PER_S * 1000};

    MUST(pthread_mutex_lock(&status->lock) == 0);
    if (!atomic_load(&status->stop)) {
        (void)pthread_cond_timedwait(&status->wake, &status->lock, &until);
    }
    MUST(pthread_mutex_unlock(&status->lock) == 0);
}

void *watch_run(void *context)
{
    struct status *status = (struct status *)context;

    while (!atomic_load(&status->stop)) {
        for (size_t i = 0; i < status->link_count; i++) {
            fetch_if_due(status, &status->links[i], &status->links[i].ocsp);
            fetch_if_due(status, &status->links[i], &status->links[i].crl);
        }
        wait_until(status, next_due(status));
    }
    return NULL;
}
