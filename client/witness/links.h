#ifndef SEGEL_CLIENT_WITNESS_LINKS_H
#define SEGEL_CLIENT_WITNESS_LINKS_H

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>

#include "proto/base.h"

/* Bounds the connections of the server in number and time. evhttp has no limit of its own
 * and does not tell when a connection ends, so each bufferevent is kept by a reference of
 * ours and asked now and then. Full: the listener rests, and the next ones wait in the
 * kernel's queue. A connection has a time for each request, whole, from its first byte or
 * the answer before to its last one; then it is closed, however busy it looks. While an
 * answer is not taken evhttp goes on receiving, so what it may hold is bounded, too. */
enum { LINKS_MAX = 64 };

struct link {
    struct bufferevent *bufferevent; /* owned: one reference; NULL = free */
    int64_t until_ms;
};

struct links_limits {
    unsigned patience_ms; /* for one request */
    size_t held_max;      /* bytes that were received and not looked at: one request */
};

struct links {
    struct event *sweep;             /* owned */
    struct evconnlistener *listener; /* borrowed; NULL: none any more */
    bool starved;                    /* nothing could be accepted when last tried */
    struct links_limits limits;
    struct link links[LINKS_MAX];
};

/* SG_NO_MEMORY. links_end is due after evhttp_free. One in a process. */
SG_MUST_USE enum sg_status links_init(struct links *links, struct event_base *base,
                                      const struct links_limits *limits);
void links_attach(struct links *links, struct evhttp *http,
                  struct evhttp_bound_socket *bound);
/* Before the listener goes. */
void links_detach(struct links *links);
/* A request has come whole: its connection may bring another one. false: places are few,
 * and the connection should be closed after the answer. */
bool links_renew(struct links *links, const struct bufferevent *bufferevent);
void links_end(struct links *links);

#endif
