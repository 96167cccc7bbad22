#ifndef SEGEL_GATEWAY_TRANSPORT_LIBRARY_H
#define SEGEL_GATEWAY_TRANSPORT_LIBRARY_H

/* Version of nghttp2 in the running process, and of the header that it was compiled with.
 * Static texts; any thread. */
const char *transport_library(void);
const char *transport_library_built(void);

#endif
