#ifndef SEGEL_GATEWAY_TRANSPORT_PEER_H
#define SEGEL_GATEWAY_TRANSPORT_PEER_H

#include <openssl/x509.h>
#include <sys/types.h>

#include "proto/base.h"

/* Who is at the other end, as TLS or the kernel proved it. Valid during the identify hook
 * only. */
struct peer {
    X509 *certificate;       /* borrowed; verified against client_ca. NULL: none */
    uint8_t fingerprint[32]; /* SHA-256 of its DER; zero without one */
    const char *address;     /* "127.0.0.1:51234", "unix" */
    bool local;              /* over a Unix socket: the three below are known */
    uid_t uid;               /* of the process that connected (SO_PEERCRED, unix(7)) */
    gid_t gid;
    pid_t pid;
};

#endif
