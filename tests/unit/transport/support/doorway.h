#ifndef SEGEL_TESTS_UNIT_TRANSPORT_SUPPORT_DOORWAY_H
#define SEGEL_TESTS_UNIT_TRANSPORT_SUPPORT_DOORWAY_H

#include "gateway/transport/server.h"
#include "tests/unit/transport/support/pki.h"

/* What a suite about who gets in begins each test with, as its init and fini: new
 * certificates, and what a lawful server by them would be told; without revocation lists.
 */
struct doorway {
    struct pki pki;
    struct server_listener listener;
    struct server_options options;
    struct server *server; /* owned; NULL until the test makes it */
};
extern struct doorway door;

void doorway_make(void);
void doorway_clear(void);

#endif
