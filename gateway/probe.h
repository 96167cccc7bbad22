#ifndef SEGEL_GATEWAY_PROBE_H
#define SEGEL_GATEWAY_PROBE_H

#include <stdio.h>

#include "proto/base.h"

/* `segeld --probe PATH`: asks the local pages of a gateway that runs on this machine, for
 * orchestrators that look into a container by a program. */

enum { PROBE_ADDRESS_SIZE = 48 };
struct probe_page {
    char address[PROBE_ADDRESS_SIZE]; /* of the local pages; "" = there are none */
    uint16_t port;
    const char *path;
};

/* "http://127.0.0.1:9464/livez", "http://[::1]:…": whoever asks by it needs no
 * configuration, which may be unsound while the gateway runs by an older one. False: it
 * is no such address of this machine. path points into text. */
bool probe_url(const char *text, struct probe_page *out);

/* Whether whoever gives the path may ask for it: /readyz, /livez, /healthz. */
bool probe_is_page(const char *path);
/* One GET to a loopback address; what the page says goes to out, cut at 4 KiB. *fine:
 * whether it was answered with 200. SG_IO: nobody answers within 3 s; why says what to
 * look at. SG_INVALID: the configuration has no local pages. path: probe_is_page. */
SG_MUST_USE enum sg_status probe(const struct probe_page *page, FILE *out, bool *fine,
                                 struct sg_error *why);

#endif
