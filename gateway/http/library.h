#ifndef SEGEL_GATEWAY_HTTP_LIBRARY_H
#define SEGEL_GATEWAY_HTTP_LIBRARY_H

/* Version of libcurl in the running process, and of the header that it was compiled with.
 * Static texts; any thread. */
const char *http_library(void);
const char *http_library_built(void);

#endif
