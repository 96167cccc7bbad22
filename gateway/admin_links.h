#ifndef SEGEL_GATEWAY_ADMIN_LINKS_H
#define SEGEL_GATEWAY_ADMIN_LINKS_H

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>

#include "proto/base.h"

/* Inside of admin: bounds the connections of an evhttp server in number and life. evhttp
 * has no limit of its own and does not tell when a connection ends, so each bufferevent
 * is kept by a reference of ours and asked now and then. Full: the oldest gives way to
 * the newest, so that nobody who only holds on to his can keep a probe out. Where others
 * come faster than that is seen, the listener rests, and the next ones wait in the
 * kernel's queue. */
enum { ADMIN_LINKS_MAX = 16, ADMIN_LINKS_PLACES = 2 * ADMIN_LINKS_MAX };

struct admin_link {
    struct bufferevent *bufferevent; /* owned: one reference; NULL = free */
    int64_t since_us;
    int64_t until_us;
    bool ended; /* by us; evhttp has not freed its side yet */
};

struct admin_links {
    struct event *sweep;             /* owned */
    struct evconnlistener *listener; /* borrowed */
    bool starved;                    /* nothing could be accepted when last tried */
    int64_t life_us;
    struct admin_link links[ADMIN_LINKS_PLACES];
};

/* SG_NO_MEMORY. Then evhttp makes its connections here; admin_links_fini is due after
 * evhttp_free. One in a process. */
SG_MUST_USE enum sg_status admin_links_init(struct admin_links *links,
                                            struct event_base *base, unsigned life_ms);
void admin_links_attach(struct admin_links *links, struct evhttp *http,
                        struct evhttp_bound_socket *bound);
void admin_links_fini(struct admin_links *links);

#endif
