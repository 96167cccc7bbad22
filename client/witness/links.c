#include "client/witness/links.h"

#include <event2/listener.h>
#include <sys/socket.h>
#include <time.h>

#include "client/witness/journal.h"

/* What libevent says of a listener in trouble comes with evhttp's context, not ours. */
static struct links *attached;

enum { SWEEP_MS = 50, CROWDED = LINKS_MAX * 3 / 4 };

static int64_t now_ms(void)
{
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* evhttp has let go of it: that takes the callbacks away. */
static bool is_over(struct bufferevent *bufferevent)
{
    void *owner = NULL;

    bufferevent_getcb(bufferevent, NULL, NULL, NULL, &owner);
    return owner == NULL;
}

static void look_after(struct link *link, int64_t now)
{
    if (link->bufferevent == NULL) {
        return;
    }
    if (is_over(link->bufferevent)) {
        (void)bufferevent_decref(link->bufferevent);
        link->bufferevent = NULL;
    } else if (now > link->until_ms) {
        /* evhttp sees the end of the stream, and ends its side. */
        (void)shutdown(bufferevent_getfd(link->bufferevent), SHUT_RDWR);
    }
}

static size_t count_used(const struct links *links)
{
    size_t used = 0;

    for (size_t i = 0; i < LINKS_MAX; i++) {
        used += links->links[i].bufferevent != NULL ? 1 : 0;
    }
    return used;
}

static void sweep_soon(struct links *links)
{
    const struct timeval soon = {.tv_usec = (suseconds_t)SWEEP_MS * 1000};

    (void)event_add(links->sweep, &soon);
}

static void on_sweep(evutil_socket_t fd, short what, void *context)
{
    struct links *links = (struct links *)context;
    int64_t now = now_ms();

    (void)fd;
    (void)what;
    for (size_t i = 0; i < LINKS_MAX; i++) {
        look_after(&links->links[i], now);
    }
    size_t used = count_used(links);
    if (used < LINKS_MAX && links->listener != NULL) {
        (void)evconnlistener_enable(links->listener);
    }
    if (used > 0) {
        sweep_soon(links);
    }
}

/* The listener rests while no place is free, so there is one. */
static struct link *free_link(struct links *links)
{
    size_t at = 0;

    while (at < LINKS_MAX && links->links[at].bufferevent != NULL) {
        at++;
    }
    MUST(at < LINKS_MAX);
    return &links->links[at];
}

static struct bufferevent *on_connection(struct event_base *base, void *context)
{
    struct links *links = (struct links *)context;
    struct link *link = free_link(links);
    struct bufferevent *bufferevent =
        bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);

    if (bufferevent == NULL) {
        return NULL;
    }
    links->starved = false;
    bufferevent_incref(bufferevent);
    bufferevent_setwatermark(bufferevent, EV_READ, 0, links->limits.held_max);
    link->bufferevent = bufferevent;
    link->until_ms = now_ms() + (int64_t)links->limits.patience_ms;
    if (count_used(links) == LINKS_MAX) {
        (void)evconnlistener_disable(links->listener);
    }
    sweep_soon(links);
    return bufferevent;
}

/* Who waits stays readable: without a rest this would be tried again at once, for ever.
 */
static void on_error(struct evconnlistener *listener, void *context)
{
    struct links *links = attached;
    struct journal line;

    (void)context;
    (void)evconnlistener_disable(listener);
    sweep_soon(links);
    if (!links->starved) {
        links->starved = true;
        journal_begin(&line, "warn", "accept.paused");
        json_str(&line.out, "why",
                 "nothing can be accepted, mostly because no file descriptor is free; "
                 "raise the limit of open files");
        journal_end(&line);
    }
}

enum sg_status links_init(struct links *links, struct event_base *base,
                          const struct links_limits *limits)
{
    *links = (struct links){.limits = *limits};
    links->sweep = event_new(base, -1, 0, on_sweep, links);
    return links->sweep == NULL ? SG_NO_MEMORY : SG_OK;
}

void links_attach(struct links *links, struct evhttp *http,
                  struct evhttp_bound_socket *bound)
{
    links->listener = evhttp_bound_socket_get_listener(bound);
    attached = links;
    evconnlistener_set_error_cb(links->listener, on_error);
    evhttp_set_bevcb(http, on_connection, links);
}

void links_detach(struct links *links)
{
    links->listener = NULL;
}

bool links_renew(struct links *links, const struct bufferevent *bufferevent)
{
    for (size_t i = 0; i < LINKS_MAX; i++) {
        if (links->links[i].bufferevent == bufferevent) {
            links->links[i].until_ms = now_ms() + (int64_t)links->limits.patience_ms;
        }
    }
    return count_used(links) < CROWDED;
}

void links_end(struct links *links)
{
    for (size_t i = 0; i < LINKS_MAX; i++) {
        if (links->links[i].bufferevent != NULL) {
            (void)bufferevent_decref(links->links[i].bufferevent);
        }
    }
    if (links->sweep != NULL) {
        event_free(links->sweep);
    }
    attached = NULL;
    *links = (struct links){.sweep = NULL};
}
