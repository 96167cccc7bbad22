#include <strings.h>

#include "gateway/clock.h"
#include "gateway/status/inside.h"

enum { US_PER_S = 1000000, US_PER_MS = 1000, IDLE_S = 3600 };

/* --- Whose turn it is ------------------------------------------------------------ */

/* All sources in one row: those of a link side by side. */
static struct source *source_at(struct status *status, size_t index)
{
    struct watched *link = &status->links[index / 2];

    return index % 2 == 0 ? &link->ocsp : &link->crl;
}

/* Name and port of an address, as it is written. */
static struct slice host_of(const struct source *source)
{
    const char *host = strstr(source->url, "://");

    host = host == NULL ? source->url : host + 3;
    return slice_of(host, strcspn(host, "/?#"));
}

static bool same_host(const struct source *one, const struct source *other)
{
    struct slice a = host_of(one);
    struct slice b = host_of(other);

    return a.len == b.len &&
           strncasecmp((const char *)a.data, (const char *)b.data, a.len) == 0;
}

static bool host_is_busy(struct status *status, const struct source *source)
{
    size_t count = 0;

    for (size_t i = 0; i < 2 * status->link_count; i++) {
        const struct source *other = source_at(status, i);
        count += other->asked && same_host(source, other) ? 1 : 0;
    }
    return count >= STATUS_PER_HOST_MAX;
}

struct source *watch_next(struct status *status, int64_t now_us, int64_t *due_us)
{
    struct source *next = NULL;

    *due_us = now_us + (int64_t)IDLE_S * US_PER_S;
    for (size_t i = 0; i < 2 * status->link_count; i++) {
        struct source *source = source_at(status, i);
        if (source->url[0] != '\0' && !source->asked && source->due_us < *due_us &&
            !host_is_busy(status, source)) {
            next = source;
            *due_us = source->due_us;
        }
    }
    return next != NULL && next->due_us <= now_us ? next : NULL;
}

/* --- The thread ------------------------------------------------------------------ */

static size_t count_asked(struct status *status)
{
    size_t count = 0;

    for (size_t i = 0; i < 2 * status->link_count; i++) {
        count += source_at(status, i)->asked ? 1 : 0;
    }
    return count;
}

/* Returns until when there is nothing to begin. */
static int64_t begin_due(struct status *status)
{
    int64_t now_us = clock_mono_us();
    int64_t due_us = now_us + (int64_t)IDLE_S * US_PER_S;

    while (count_asked(status) < STATUS_AT_ONCE_MAX) {
        struct source *source = watch_next(status, now_us, &due_us);
        if (source == NULL) {
            return due_us;
        }
        source_ask(status, source);
        if (!source->asked) {
            status_publish_all(status); /* it has failed already */
        }
    }
    return now_us + (int64_t)IDLE_S * US_PER_S; /* until one has ended */
}

void *watch_run(void *context)
{
    struct status *status = (struct status *)context;
    struct http_answer answer;

    while (!atomic_load(&status->stop)) {
        status_take_added(status);
        int64_t due_us = begin_due(status);
        int64_t wait_ms = (due_us - clock_mono_us()) / US_PER_MS + 1;
        if (http_wait(status->http, wait_ms, &answer)) {
            source_answered(status, (struct source *)answer.context, &answer);
            status_publish_all(status);
        }
    }
    return NULL;
}
