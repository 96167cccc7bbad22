#ifndef SEGEL_CLIENT_COMMANDS_EXTEND_STORE_H
#define SEGEL_CLIENT_COMMANDS_EXTEND_STORE_H

#include "client/verify/material.h"

/* The letter's own security store, read when it is first asked. The zero state is valid
 * for _fini. */
struct extend_store {
    bool read;
    struct verify_material material; /* owned */
};

/* Whether it holds the certificate, and its issuer's word that it was good. */
bool extend_store_proves(struct extend_store *store, struct slice pdf, X509 *certificate);
void extend_store_fini(struct extend_store *store);

#endif
