#ifndef SEGEL_GATEWAY_SERVICE_KEYS_WATCH_H
#define SEGEL_GATEWAY_SERVICE_KEYS_WATCH_H

struct service_loop;

/* On the loop's thread: a few times a second, and once when the gateway ends: each
 * watcher is told, then its call ends. */
void key_watches_tick(struct service_loop *loop);
void key_watches_drain(struct service_loop *loop);

#endif
