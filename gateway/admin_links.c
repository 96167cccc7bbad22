#include "gateway/admin_links.h"

#include <event2/listener.h>
#include <sys/socket.h>

#include "gateway/clock.h"
#include "gateway/log.h"

enum { SWEEP_US = 50000 };

/* What libevent says of a listener in trouble comes with evhttp's context, not ours. */
static struct admin_links *attached;

/* evhttp has freed its side: that takes the callbacks away. */
static bool is_over(struct bufferevent *bufferevent)
{
    void *owner = NULL;

    bufferevent_getcb(bufferevent, NULL, NULL, NULL, &owner);
    return owner == NULL;
}

/* evhttp sees the end of the stream, and ends its side. */
static void end(struct admin_link *link)
{
    link->ended = true;
    (void)shutdown(bufferevent_getfd(link->bufferevent), SHUT_RDWR);
}

static void look_after(struct admin_link *link, int64_t now_us)
{
    if (link->bufferevent == NULL) {
        return;
    }
    if (is_over(link->bufferevent)) {
        (void)bufferevent_decref(link->bufferevent);
        link->bufferevent = NULL;
    } else if (now_us > link->until_us) {
        end(link);
    }
}

static size_t count_used(const struct admin_links *links)
{
    size_t used = 0;

    for (size_t i = 0; i < ADMIN_LINKS_PLACES; i++) {
        used += links->links[i].bufferevent != NULL ? 1 : 0;
    }
    return used;
}

static void sweep_soon(struct admin_links *links)
{
    const struct timeval soon = {.tv_usec = SWEEP_US};

    (void)event_add(links->sweep, &soon);
}

static void on_sweep(evutil_socket_t fd, short what, void *context)
{
    struct admin_links *links = (struct admin_links *)context;
    int64_t now_us = clock_mono_us();

    (void)fd;
    (void)what;
    for (size_t i = 0; i < ADMIN_LINKS_PLACES; i++) {
        look_after(&links->links[i], now_us);
    }
    size_t used = count_used(links);
    if (used < ADMIN_LINKS_PLACES) {
        (void)evconnlistener_enable(links->listener);
    }
    if (used > 0) {
        sweep_soon(links);
    }
}

/* The listener rests while no place is free, so there is one. */
static struct admin_link *free_link(struct admin_links *links)
{
    size_t at = 0;

    while (at < ADMIN_LINKS_PLACES && links->links[at].bufferevent != NULL) {
        at++;
    }
    MUST(at < ADMIN_LINKS_PLACES);
    return &links->links[at];
}

static bool is_open(const struct admin_link *link)
{
    return link->bufferevent != NULL && !link->ended && !is_over(link->bufferevent);
}

static void make_way(struct admin_links *links)
{
    struct admin_link *oldest = NULL;
    size_t open = 0;

    for (size_t i = 0; i < ADMIN_LINKS_PLACES; i++) {
        struct admin_link *link = &links->links[i];
        if (!is_open(link)) {
            continue;
        }
        open++;
        if (oldest == NULL || link->since_us < oldest->since_us) {
            oldest = link;
        }
    }
    if (open >= ADMIN_LINKS_MAX) {
        end(oldest);
    }
}

static struct bufferevent *on_connection(struct event_base *base, void *context)
{
    struct admin_links *links = (struct admin_links *)context;
    struct admin_link *link = free_link(links);
    struct bufferevent *bufferevent =
        bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);

    if (bufferevent == NULL) {
        return NULL;
    }
    links->starved = false;
    make_way(links);
    bufferevent_incref(bufferevent);
    int64_t now_us = clock_mono_us();
    *link = (struct admin_link){.bufferevent = bufferevent,
                                .since_us = now_us,
                                .until_us = now_us + links->life_us};
    if (count_used(links) == ADMIN_LINKS_PLACES) {
        (void)evconnlistener_disable(links->listener);
    }
    sweep_soon(links);
    return bufferevent;
}

/* Who waits stays readable: without a rest this would be tried again at once, for ever.
 */
static void on_error(struct evconnlistener *listener, void *context)
{
    struct admin_links *links = attached;

    (void)context;
    (void)evconnlistener_disable(listener);
    sweep_soon(links);
    if (!links->starved) {
        links->starved = true;
        log_event(LOG_WARN, "admin.paused", "why",
                  "nothing can be accepted on the local pages, mostly because no file "
                  "descriptor is free; raise the limit of open files",
                  NULL);
    }
}

enum sg_status admin_links_init(struct admin_links *links, struct event_base *base,
                                unsigned life_ms)
{
    *links = (struct admin_links){.life_us = (int64_t)life_ms * 1000};
    links->sweep = event_new(base, -1, 0, on_sweep, links);
    return links->sweep == NULL ? SG_NO_MEMORY : SG_OK;
}

void admin_links_attach(struct admin_links *links, struct evhttp *http,
                        struct evhttp_bound_socket *bound)
{
    links->listener = evhttp_bound_socket_get_listener(bound);
    attached = links;
    evconnlistener_set_error_cb(links->listener, on_error);
    evhttp_set_bevcb(http, on_connection, links);
}

void admin_links_fini(struct admin_links *links)
{
    for (size_t i = 0; i < ADMIN_LINKS_PLACES; i++) {
        if (links->links[i].bufferevent != NULL) {
            (void)bufferevent_decref(links->links[i].bufferevent);
        }
    }
    if (links->sweep != NULL) {
        event_free(links->sweep);
    }
    attached = NULL;
    *links = (struct admin_links){.sweep = NULL};
}
