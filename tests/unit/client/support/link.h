#ifndef SEGEL_TESTS_UNIT_CLIENT_SUPPORT_LINK_H
#define SEGEL_TESTS_UNIT_CLIENT_SUPPORT_LINK_H

#include <criterion/hooks.h>

#include "tests/unit/client/support/server.h"

/* One server of gRPC's own making for all tests of a program, which run beside each
 * other: hooks start it before the first and stop it after the last. The fixtures give
 * each test what it needs. */
void link_start(void);
void link_stop(void);
/* Each on a line of its own: Criterion names its hooks by their lines. */
#define LINK_BEFORE_ALL_TESTS                                                            \
    ReportHook(PRE_ALL)(struct criterion_test_set * set)                                 \
    {                                                                                    \
        (void)set;                                                                       \
        link_start();                                                                    \
    }
#define LINK_AFTER_ALL_TESTS                                                             \
    ReportHook(POST_ALL)(struct criterion_global_stats * stats)                          \
    {                                                                                    \
        (void)stats;                                                                     \
        link_stop();                                                                     \
    }
extern struct server server;
extern char address[64];
extern struct channel_options options;
extern struct channel *channel;
extern struct sg_error why;

/* Fills server, address and options; skips the test where there is no server. */
void find_server(void);
/* Opens the channel, too. */
void connect_to_server(void);
void disconnect(void);

/* GetSigner through the open channel. */
enum sg_status get_signer(const char *key, uint32_t timeout_ms, ProtobufCMessage **reply,
                          struct slice *details);

#endif
