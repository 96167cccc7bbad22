#include "tests/unit/transport/support/doorway.h"

struct doorway door;

void doorway_make(void)
{
    door = (struct doorway){.listener = {.address = "127.0.0.1"}};
    pki_make(&door.pki);
    door.options = (struct server_options){.listeners = &door.listener,
                                           .listener_count = 1,
                                           .certificate = door.pki.server,
                                           .private_key = door.pki.server_key,
                                           .client_ca = door.pki.ca,
                                           .loops = 1,
                                           .limits = SERVER_LIMITS_DEFAULT};
}

void doorway_clear(void)
{
    server_free(door.server);
    door.server = NULL;
    pki_remove(&door.pki);
}
